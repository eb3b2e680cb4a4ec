"""What a name of a field says, by the words of :mod:`features.submissions.field_vocabulary`.

Whole names mean what they say whatever is written there; words within a name only where the value looks like it.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Final, TypeVar

from features.submissions import field_vocabulary as vocabulary
from features.submissions.field_vocabulary import Meaning, plain

T = TypeVar("T")


def _stems(words: str, *, within: bool = False) -> re.Pattern[str]:
    """Of words that are joined by blanks; a short stem is a whole word. `within`: also in the middle of one."""
    stems = list(map(plain, words.split()))
    if within:
        return re.compile("|".join(stems))
    return re.compile(f"(?:^| )(?:{'|'.join(one if len(one) > 3 else f'{one}(?: |$)' for one in stems)})")


_WORDS: Final = r"[^\W\d_]+(?:ʼ[^\W\d_]+)*"
_CLAUSES: Final = re.compile(r"[,;:.!?]\s|[()—–]|\s-\s|\s(?:и|та|y|e|and|va|және)\s", re.IGNORECASE)
_OF_ENGLISH: Final = re.compile(r"(?<=[a-z])ʼs\b")  # whose it is: "Friend's phone"
_LOOKED_AT: Final = 300  # letters of a name
_MOST_WORDS: Final = 4  # of a name of a header of mail, as programs write it
# Of a name for somebody's name, what does not say whose it is.
_OF_NOBODY: Final = frozenset.union(
    *(vocabulary.NAME_WORDS, vocabulary.FIRST_WORDS, vocabulary.LAST_WORDS, vocabulary.OF_FIRST, vocabulary.OF_LAST),
    *(vocabulary.FOR, vocabulary.ARTICLES, vocabulary.YOUR, vocabulary.BETWEEN, frozenset({vocabulary.OF_MIDDLE})),
)
_IS_PHONE: Final = _stems(vocabulary.PHONE, within=True)
_IS_EMAIL: Final = _stems(vocabulary.EMAIL, within=True)
_IS_NO_NAME: Final = _stems(vocabulary.NOT_A_NAME)
_IS_CHILD: Final = _stems(vocabulary.CHILD)
_IS_PARENT: Final = _stems(vocabulary.PARENT)
_IS_ANOTHER: Final = _stems(vocabulary.OTHER_NUMBER)
_IS_FIGURES: Final = _stems(vocabulary.FIGURES)
_IS_ASKED_FOR: Final = _stems(vocabulary.ASKED_FOR)
_IS_REACHED: Final = _stems(vocabulary.REACHED)
_IS_STAFF: Final = _stems(vocabulary.STAFF)
_IS_TO_YOU: Final = _stems(vocabulary.TO_YOU)


def _remembered(tell: Callable[[str], T]) -> Callable[[str], T]:
    """By the part of the name that is looked at: strangers choose names, and a megabyte each would fill the memory."""
    known = lru_cache(maxsize=2048)(tell)

    @wraps(tell)
    def told(name: str) -> T:
        return known(name[:_LOOKED_AT])

    return told


def _split(name: str) -> str:
    """`clientPhone1` as "client Phone1"."""
    return re.sub(r"(?<=[a-zа-яёіїєґ])(?=[A-ZА-ЯЁІЇЄҐ])", " ", name)


@_remembered
def words(name: str) -> tuple[str, ...]:
    """In small letters, without accents and figures: `clientPhone1` is client, phone."""
    split = _split(name)
    written = plain(split)
    if split != name:  # WhatsApp is one word as well
        written += f" {plain(name)}"
    return tuple(re.findall(_WORDS, _OF_ENGLISH.sub("", written)))


@_remembered
def whole(name: str) -> Meaning | None:
    """What a name as a whole says."""
    return vocabulary.MEANING.get(plain(name[:100]))


@_remembered
def says_phone(name: str) -> bool:
    """A number that says it is something else, as "Buyurtma raqami", needs the word itself."""
    found = words(name)
    says = _IS_PHONE.search(" ".join(found)) is not None or (
        not vocabulary.PHONE_WORDS.isdisjoint(found) and not says_another_number(name)
    )
    return says and vocabulary.NOT_A_PHONE.isdisjoint(found)


@_remembered
def says_email(name: str) -> bool:
    return _IS_EMAIL.search(" ".join(words(name))) is not None


@_remembered
def says_another_number(name: str) -> bool:
    return (
        _IS_ANOTHER.search(" ".join(word for word in words(name) if not word.startswith(vocabulary.CUSTOMER)))
        is not None
    )


@_remembered
def says_figures(name: str) -> bool:
    """What looks like a phone there is none. Whoever asks for a booking or a sum is reached by one: "Контакт для
    бронирования", "Номер для брони", "Ваш номер (бронь)", `booking › client › number`."""
    if says_another_number(name) or _IS_FIGURES.search(" ".join(words(name))):
        return True
    *around, last = name.split(" › ")
    persons = [place for place, one in enumerate(around) if is_of_person(one)]
    found = words(last)
    place = next((place for place, word in enumerate(found) if _IS_ASKED_FOR.search(word)), len(found))
    within = around[persons[-1] :] if persons else around
    if place == len(found) and not _IS_ASKED_FOR.search(" ".join(words(" ".join(within)))):
        return False
    if _IS_REACHED.search(" ".join(found)) or not vocabulary.POSTPOSED.isdisjoint(found[place:]):
        return False
    if place < len(found) and any(map(_asks_for_a_number, map(words, _CLAUSES.split(last)))):
        return False
    number = next((one for one, word in enumerate(found[:place]) if word in vocabulary.WEAK_PHONE), place)
    between = found[number:place]
    is_told = any(word in vocabulary.YOU or _IS_TO_YOU.search(word) for word in between)
    return not is_told and vocabulary.PURPOSE.isdisjoint(between)


def _asks_for_a_number(clause: Sequence[str]) -> bool:
    """And for no other's than the visitor's: "оставьте номер", "tu número"; a bare "номер" may be of what is beside."""
    is_of_figures = _IS_ASKED_FOR.search(" ".join(clause)) is not None
    return len(clause) > 1 and not vocabulary.WEAK_PHONE.isdisjoint(clause) and not is_of_figures


@_remembered
def may_be_phone(name: str) -> bool:
    """Where nothing else is one: "Номер для связи"."""
    return not vocabulary.WEAK_PHONE.isdisjoint(words(name))


@_remembered
def says_name(name: str) -> Meaning | None:
    """The person's name, or a part of it."""
    found = frozenset(words(name))
    has_name, is_first, is_last = (
        bool(found & one) for one in (vocabulary.NAME_WORDS, vocabulary.FIRST_WORDS, vocabulary.LAST_WORDS)
    )
    if plain(name) in vocabulary.CONTACT_PERSONS:
        return "name"
    if not (has_name or is_first or is_last):
        return None
    said = " ".join(words(name))
    if _IS_NO_NAME.search(said) or (_IS_CHILD.search(said) and not _IS_PARENT.search(said)):
        return None
    if says_another_number(name) or _is_of_place(name):
        return None
    is_first = is_first or (has_name and bool(found & vocabulary.OF_FIRST))
    is_named_last = has_name and bool(found & vocabulary.OF_LAST)
    if vocabulary.OF_MIDDLE in found and not (is_first or is_last or is_named_last):
        return None
    if is_first or is_named_last:
        return "name" if is_first and (is_last or is_named_last) else "first_name" if is_first else "last_name"
    if is_last and not has_name:
        return "last_name"
    return "name" if has_name else None  # "Имя и фамилия" is all of it


@_remembered
def told_by(name: str) -> frozenset[str]:
    """Its words and figures."""
    return frozenset(re.findall(rf"{_WORDS}|\d+", plain(_split(name))))


@_remembered
def whose(name: str) -> frozenset[str]:
    """Of a name for somebody's name, what says whose it is: "Имя участника 2" is of "участника", "2". Figures alone
    count fields, and no persons; "Preferred name" is the visitor's, as is "Preferred phone"."""
    found = told_by(name) - _OF_NOBODY
    return frozenset() if found <= vocabulary.OF_VISITOR or all(map(str.isdigit, found)) else found


@_remembered
def is_of_parent(name: str) -> bool:
    return _IS_PARENT.search(" ".join(words(name))) is not None


@_remembered
def is_of_person(name: str) -> bool:
    """Whether a container, such as `client`, holds a person's values."""
    return not vocabulary.PERSON_WORDS.isdisjoint(words(name))


@_remembered
def is_of_another(name: str) -> bool:
    """Whether it is somebody's beside the visitor, where the visitor is named, too: "Телефон друга", `organizer`. What
    names the company's own line and asks the visitor may be either: "Which line did you call?"."""
    own = name.rpartition(" › ")[2]
    if " " not in own and not vocabulary.ORGANIZATIONS.isdisjoint(words(own)):
        return True
    return any(
        word in vocabulary.BESIDE or word in vocabulary.LINES or word.startswith(vocabulary.RECIPIENT)
        for word in words(name)
    )


@_remembered
def is_of_user(name: str) -> bool:
    """Whose a line of a site's form is, where it says so itself: `user_phone`."""
    return not vocabulary.USERS.isdisjoint(words(name))


@_remembered
def is_of_recipient(name: str) -> bool:
    found = words(name)
    return not vocabulary.RECIPIENTS.isdisjoint(found) or any(one.startswith(vocabulary.RECIPIENT) for one in found)


@_remembered
def is_of_parcel(name: str) -> bool:
    return "shipping" in words(name)


@_remembered
def is_of_guest(name: str) -> bool:
    return not vocabulary.GUESTS.isdisjoint(words(name))


@_remembered
def is_of_line(name: str) -> bool:
    """Whether it is the company's own, where the visitor can be reached: `channel_phone`, "Виртуальный номер"; not what
    the visitor is asked for it: "Phone number so our team can call you", "Телефон для сайта", and, as Facebook names
    its questions, "whatsapp_para_falar_com_um_especialista"."""
    parts = name.split(" › ")
    if plain(parts[-1]) in vocabulary.HANDLERS or not vocabulary.MADE_BY.isdisjoint(map(plain, parts)):
        return True
    as_programs = [part for part in parts if " " not in part]
    if any(not vocabulary.AS_PROGRAMS_SAY.isdisjoint(words(part)) for part in as_programs):
        return True
    if _is_ours(words(name), vocabulary.LINES) or any(
        _is_ours(words(part), vocabulary.PROVIDERS) for part in as_programs
    ):
        return True
    own = name.rpartition(" › ")[2]
    return " " not in own and _is_of_place(own)


def _is_of_place(name: str) -> bool:
    """Not of who comes there: `hotel_guest_phone`."""
    return _is_ours(words(name), vocabulary.PLACES) and not is_of_person(name)


def _is_ours(found: Sequence[str], ours: frozenset[str]) -> bool:
    place = next((place for place, word in enumerate(found) if word in ours), None)
    return place is not None and not any(map(_is_to_visitor, found)) and vocabulary.FOR.isdisjoint(found[:place])


@_remembered
def is_of_company(name: str) -> bool:
    """Whether a container, such as `location`, holds the company's own phone and e-mail."""
    return not vocabulary.COMPANYS.isdisjoint(words(name))


@_remembered
def is_thing(name: str) -> bool:
    """Whether a container, such as `tour`, holds what is known of a thing that is asked for."""
    return plain(name) in vocabulary.THINGS


@_remembered
def is_mail_header(name: str) -> bool:
    """To whom something is sent; also as programs name it: `toEmail`, `ToFull`, `form_email_to`. What people read may
    begin so as well (also in one word, as Facebook makes names of questions), and who is replied to is somebody else.
    """
    if plain(name) in vocabulary.MAIL_HEADERS:
        return True
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", vocabulary.APOSTROPHES.sub("ʼ", name.strip()))
    parts = re.findall(r"[^\W\d_]+|\s", split.lower())
    if " " in parts or len(parts) > _MOST_WORDS or parts[:2] == ["to", "liq"]:  # Uzbek's to'liq is one word
        return False
    return parts[:1] == ["to"] or (parts[-1:] == ["to"] and parts[-2:-1] != ["reply"])


@_remembered
def is_sender(name: str) -> bool:
    return plain(name) in vocabulary.SENDERS


@_remembered
def is_of_staff(name: str) -> bool:
    """Whether it speaks of somebody of the company: `manager_phone`, "Телефон оператора"; not to the visitor."""
    if _IS_STAFF.search(" ".join(words(name))) is None and vocabulary.STAFF_WORDS.isdisjoint(words(name)):
        return False
    found = [word for word in words(name) if word not in vocabulary.ARTICLES]
    before = ["", *found]
    staff = {place for place, word in enumerate(found) if word in vocabulary.STAFF_WORDS or _IS_STAFF.search(word)}
    if any(before[place] in vocabulary.FOR for place in staff):
        return False
    others = [(place, word) for place, word in enumerate(found) if place not in staff]
    return not any(_is_to_visitor(word) and not (_is_your(word) and place + 1 in staff) for place, word in others)


def _is_to_visitor(word: str) -> bool:
    return word in vocabulary.YOU or _is_your(word) or _IS_TO_YOU.search(word) is not None


def _is_your(word: str) -> bool:
    return word in vocabulary.YOUR or word.endswith(vocabulary.YOUR_UZBEK)
