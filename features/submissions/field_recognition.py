"""Named values as a submission: what is whose, and why each was taken for what it is.

The connection's own settings go first, then what a form declares (a type such as `tel`), then words in names, then,
for a phone or an e-mail where there is no other, its shape. What is left is a field, with its name: for the mapping,
and for the note.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import asdict, replace

from features.submissions import field_vocabulary, person_identity
from features.submissions.field_vocabulary import Meaning
from features.submissions.flattening import NamedValue
from features.submissions.form_assembler import MEMBERS, ONCE, FormAssembler
from features.submissions.mapping import TRACKING_CODES
from features.submissions.model import LONGEST_LINE, Decision, Reason, SubmitForm, full_name
from features.submissions.settings import Submissions

# What names the submission itself. An event may also be one that people register for, and is shown.
IDS: Final = ("tranid", "submissionid", "entryid", "responseid", "token", "eventid")
# That, what names its form, and the builder's own state: it is no answer of anybody's.
_FURNITURE: Final = frozenset({*IDS, "formid", "cookies", "useragent", "remoteip", "pretty", "slug"} - {"eventid"})
_TRIALS: Final = ({"test": "test"}, {"action": "submit_form"})
_SEVERAL: Final = frozenset({"phone", "email"})
_NAMES: Final = frozenset({"name", "first_name", "last_name"})
_PERSON: Final = _NAMES | _SEVERAL
_VISIT: Final = frozenset({*TRACKING_CODES, "gclid", "yclid", "fbclid", "roistat", "openstat", "from"} - {"referrer"})
_OF_UTM: Final = frozenset({"source", "medium", "campaign", "content", "term"})
_TYPES: Final[dict[str, Meaning]] = {
    **dict.fromkeys(("tel", "phone", "phone_number", "phonenumber", "mobile"), "phone"),
    **dict.fromkeys(("email", "e-mail", "email_address"), "email"),
    **dict.fromkeys(("name", "fullname", "full_name"), "name"),
}
_FORMS: Final = frozenset({"form", "quiz", "definition", "survey", "форма", "квиз"})
# Whose phone or name it is, where it is not the visitor's.
_OTHERS: Final = frozenset({"shop", "store", "site", "owner", "company"})
_EMAIL: Final = re.compile(r"[^@\s,;<>:]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_PHONE: Final = re.compile(r"\+?[\d\s()./\u00a0\-\u2010-\u2015]{7,30}")
_OF_BUILDER: Final = re.compile(r"_(?!_)")
_LONGEST_NAME: Final = 150
_LONGEST_ID_NAME: Final = 40
_OF_ANOTHER: Final = 5  # the rank of what may be somebody else's; it is the visitor's where there is nothing surer
# No form that people fill in has so many values, and a megabyte of them would cost seconds: those beyond are fields.
_MOST_LOOKED_AT: Final = 3000


class RecognizedForm(Struct, frozen=True):
    body: SubmitForm
    decisions: list[Decision]


class _Value(Struct, gc=False):
    """A value on its way; `rank`: the smaller, the surer."""

    named: NamedValue
    meaning: Meaning
    reason: Reason
    rank: int = 9
    mapped: str | None = None  # the source of a rule that wants it


def understood(values: Sequence[NamedValue], settings: Submissions) -> RecognizedForm:
    """The submission, and a decision for each value, in their order."""
    sources = _sources(settings)
    found = [_decided(one, settings, sources, place < _MOST_LOOKED_AT) for place, one in enumerate(values)]
    _of_lists(found)
    _settle(found)
    _by_shape(found, settings.phone_country)
    assembling = FormAssembler()
    for one in found:
        name = own = one.mapped or one.named.shown
        if one.meaning == "visit":
            name = visit_name(one.named) or one.named.name.lower()
        # A guess: what it is called may say more. And what a rule wants elsewhere is there, too.
        is_field_too = one.meaning not in ("field", "nothing") and (one.reason == "shape" or one.mapped is not None)
        asked = _question(one)
        for text in one.named.values:
            for part in _parted(text) if one.meaning == "phone" else [text]:
                assembling.add(one.meaning, name, f"{asked}: {part}" if asked and part.strip() else part)
            if is_field_too:
                assembling.add("field", own, text)
    return RecognizedForm(assembling.body(), [Decision(one.named.shown, one.meaning, one.reason) for one in found])


def _question(value: _Value) -> str:
    """What a comment answers, where its label says more than that it is one."""
    label = value.named.label
    return label if value.meaning == "comment" and label and field_vocabulary.whole(label) != "comment" else ""


def _parted(text: str) -> list[str]:
    """Several whole phones in one value; an extension belongs to its phone."""
    parts = [part.strip() for part in re.split("[,;\n]", text) if part.strip()]
    return parts if len(parts) > 1 and all(sum(sign.isdigit() for sign in part) >= 7 for part in parts) else [text]


def with_person(body: SubmitForm, settings: Submissions) -> SubmitForm:
    """A form that a page has taken apart by itself, and whose person is among its fields (`Телефон`, `Ваше имя`): the
    same words are understood. Where it names a phone or an e-mail as such, its fields are fields."""
    if body.contact.phones or body.contact.emails or not body.fields:
        return body
    told = {name: value if isinstance(value, list) else [value] for name, value in body.fields.items()}
    texts = {name: tuple(one for one in value if isinstance(one, str)) for name, value in told.items()}
    named = [NamedValue(name, "", "", (name,), texts[name], name) for name in told if texts[name] == tuple(told[name])]
    found = [_decided(one, settings, _sources(settings)) for one in named[:_MOST_LOOKED_AT] if one.values]
    _settle(found)
    persons = [one for one in found if one.meaning in _PERSON and one.named.name not in MEMBERS]
    if full_name(body.contact):
        persons = [one for one in persons if one.meaning in _SEVERAL]
    assembling = FormAssembler()
    for one in persons:
        for text in one.named.values:
            assembling.add(one.meaning, one.named.name, text)
    made = assembling.body()
    given = {name: value for name, value in asdict(made.contact).items() if value}
    taken = {one.named.name for one in persons}
    fields = {name: value for name, value in body.fields.items() if name not in taken}
    return replace(body, contact=replace(body.contact, **given), fields=fields | made.fields)


def _spelled(value: NamedValue, sources: Iterable[str]) -> str | None:
    """The source of the settings that names this value."""
    if not sources:
        return None
    spellings = value.spellings
    return next((one for one in sources if one in spellings), None)


def _decided(value: NamedValue, settings: Submissions, sources: Sequence[str], is_looked_at: bool = True) -> _Value:
    """`sources`: of the mapping. What is not looked at is what the settings say, else a field."""
    source = _spelled(value, settings.meanings)
    if source is not None:
        return _Value(value, settings.meanings[source], "mapping", 0, _spelled(value, sources))
    found = _by_itself(value) if is_looked_at else _Value(value, "field", "note")
    found.mapped = _spelled(value, sources)
    wanted = [str(rule.field).lower() for rule in settings.mapping if rule.source == found.mapped]
    meaning = next((one for one in ("phone", "email") if one in wanted), None)
    if meaning is not None and found.meaning in ("field", meaning):  # a rule for the contact's own field
        return _Value(value, cast("Meaning", meaning), "mapping", 0)
    return _Value(value, "field", "mapping", 0, found.mapped) if found.mapped and found.meaning == "nothing" else found


def _sources(settings: Submissions) -> list[str]:
    """Of the mapping, those that name no member of ours: `phone` is the person's, however it was called."""
    return [rule.source for rule in settings.mapping if rule.source not in MEMBERS and rule.source != "external_id"]


def _by_itself(value: NamedValue) -> _Value:
    if visit_name(value) is not None:
        return _Value(value, "visit", "visit")
    if _is_furniture(value):
        return _Value(value, "nothing", "furniture")
    is_of_another = field_vocabulary.is_of_another(value.shown)
    declared = _TYPES.get(value.type)
    is_of_staff = any(map(field_vocabulary.is_of_staff, (value.label, value.name)))
    if declared is not None and not is_of_staff and _fits(declared, value, surely=True):
        return _Value(value, declared, "type", _OF_ANOTHER if is_of_another else 1)
    for name in filter(None, (value.label, value.name)):
        meaning, rank = _said(name, value)
        if meaning is not None:
            return _Value(value, meaning, "word", _OF_ANOTHER if is_of_another and meaning in _PERSON else rank)
    return _Value(value, "field", "note")


def _said(name: str, value: NamedValue) -> tuple[Meaning | None, int]:
    around = [str(one) for one in value.path[:-1] if isinstance(one, str) and one]
    is_at_home = not _inner(value) or (bool(around) and field_vocabulary.is_of_person(around[-1]))
    if any(map(field_vocabulary.is_of_staff, (name, *around))):
        return None, 9
    whole = field_vocabulary.whole(name)
    # HubSpot's contact: other people's `properties` may be anything's, and only these words are a person's for sure.
    is_at_home = is_at_home or (around[-1:] == ["properties"] and whole in ("first_name", "last_name"))
    if name.lower() in ("name", "title") and around and around[-1].lower() in _FORMS:
        return "form", 3
    if whole in ("phone", "email"):
        return (whole, 2) if is_at_home or (_fits(whole, value) and not _is_others(around)) else (None, 9)
    if whole is not None and (is_at_home or whole in ("form", "page", "referrer")):
        return whole, 2
    if _is_others(around):
        return None, 9
    says_phone, says_email = field_vocabulary.says_phone(name), field_vocabulary.says_email(name)
    if says_email and _fits("email", value):
        return "email", 3
    if says_phone and _fits("phone", value, least=10 if field_vocabulary.says_another_number(name) else 5):
        return "phone", 3
    part = field_vocabulary.says_name(name)
    if part is not None and _fits("name", value) and (is_at_home or field_vocabulary.is_of_person(name)):
        return part, 3
    return None, 9


def _inner(value: NamedValue) -> bool:
    """Within something that is named: `payment › delivery › name` is nobody's name."""
    return " › " in value.shown


def _is_others(around: list[str]) -> bool:
    return any(not _OTHERS.isdisjoint(field_vocabulary.words(one)) for one in around)


def _fits(meaning: Meaning, value: NamedValue, *, surely: bool = False, least: int = 5) -> bool:
    """Whether it looks like that; `surely`: it is said to be that, and only an empty list is not. `least`: digits."""
    texts = [text for text in value.values if text.strip()]
    if surely or not texts:
        return surely
    if meaning == "email":  # looking for one in a megabyte that has none takes half an hour
        return all(len(text) <= LONGEST_LINE and _EMAIL.search(text) for text in texts)
    if meaning == "phone":
        return all(_has_digits(text, least) for text in texts)
    return len(texts) == 1 and len(texts[0]) <= _LONGEST_NAME and _is_name(texts[0])


def _has_digits(text: str, least: int) -> bool:
    digits, letters = sum(sign.isdigit() for sign in text[:200]), sum(sign.isalpha() for sign in text[:200])
    return digits >= max(least, letters) and len(text) <= 100


def _is_name(text: str) -> bool:
    letters = sum(sign.isalpha() for sign in text)
    return letters > 0 and 2 * letters >= len(text.strip()) and "@" not in text and "://" not in text


def _of_lists(found: list[_Value]) -> None:
    """Of persons in a list (guests, companions) none is the visitor where somebody stands beside it, else the first."""
    lists: dict[tuple[str | int, ...], dict[int, set[str]]] = {}
    for one in found[:_MOST_LOOKED_AT]:
        kind = _kind(one)
        for place, step in enumerate(one.named.path) if kind else ():
            if isinstance(step, int):
                lists.setdefault(one.named.path[:place], {}).setdefault(step, set()).add(kind)
    persons = {
        path: min(there)
        for path, there in lists.items()
        if sum(kinds == {"name", "line"} for kinds in there.values()) > 1
    }
    if not persons:
        return
    listed = {
        id(one): one.named.path[:place]
        for one in found
        for place in range(len(one.named.path))
        if one.named.path[:place] in persons
    }
    is_beside = any(_is_reached(one) for one in found if id(one) not in listed)
    for one in found:
        if id(one) not in listed or one.reason == "mapping":
            continue
        path = listed[id(one)]
        if is_beside or one.named.path[len(path)] != persons[path]:
            if one.meaning in _PERSON:
                one.meaning, one.reason = "field", "word"
        elif one.meaning == "field" and _kind(one) == "name":
            one.meaning, one.reason, one.rank = "name", "word", 3


def _kind(value: _Value) -> str:
    """Whether it is somebody's name, or a line by which somebody is reached, wherever it stands."""
    if value.meaning in _SEVERAL:
        return "line"
    names = (value.named.label, value.named.name)
    says = any(field_vocabulary.whole(one) in _NAMES or field_vocabulary.says_name(one) for one in names if one)
    return "name" if value.meaning in _NAMES or says else ""


def _is_reached(value: _Value) -> bool:
    return value.meaning in _SEVERAL and value.rank < _OF_ANOTHER and any(text.strip() for text in value.named.values)


def _settle(found: list[_Value]) -> None:
    """Of what may be there once, the surest; the first of those. Others of the same words are fields, and so are
    phones and e-mails of somebody else, where the visitor's are there: a friend's in the contact of who has named them
    would bring the friend's own forms there."""
    best: dict[str, _Value] = {}
    told = [one for one in found if one.meaning in ONCE and any(text.strip() for text in one.named.values)]
    for one in told:
        if one.meaning not in best or one.rank < best[one.meaning].rank:
            best[one.meaning] = one
    is_named = any(one.meaning in _NAMES and one.rank < _OF_ANOTHER for one in told)
    for one in told:
        is_of_another = is_named and one.meaning in _NAMES and one.rank == _OF_ANOTHER
        if is_of_another or one.named.values != best[one.meaning].named.values:
            one.meaning, one.reason = "field", "note"
    lines = [one for one in found if one.meaning in _SEVERAL and any(text.strip() for text in one.named.values)]
    surely = {one.meaning for one in lines if one.rank < _OF_ANOTHER}
    for one in lines:
        if one.rank == _OF_ANOTHER and one.meaning in surely:
            one.meaning, one.reason = "field", "note"


def _by_shape(found: list[_Value], country: str) -> None:
    left = [one for one in found[:_MOST_LOOKED_AT] if one.meaning == "field" and one.reason == "note"]
    has_phone = any(one.meaning == "phone" and any(one.named.values) for one in found)
    if not any(one.meaning == "email" and any(one.named.values) for one in found):
        for one in left:
            if field_vocabulary.is_of_staff(one.named.shown) or _may_be_owners(one.named, has_phone):
                continue
            if _is_email(one.named):
                one.meaning, one.reason = "email", "shape"
                break
    if has_phone:
        return
    shaped = [one for one in left if one.meaning == "field" and _is_shaped(one.named, country)]
    # The line that was called is nobody's where the caller is named, too.
    own = [one for one in shaped if not field_vocabulary.is_of_another(one.named.shown)] or shaped
    chosen = next((one for one in own if field_vocabulary.may_be_phone(one.named.shown)), next(iter(own), None))
    if chosen is not None:
        chosen.meaning, chosen.reason = "phone", "shape"


def _may_be_owners(value: NamedValue, has_phone: bool) -> bool:
    """Of `_replyto` and `_to`, with which sites let forms be mailed: the first is the visitor's, where there is nothing
    else of theirs. An address of the site's own would make one person of all visitors."""
    return _is_underscored(value) and (has_phone or not value.name.lower().startswith("_reply"))


def _is_shaped(value: NamedValue, country: str) -> bool:
    if len(value.values) != 1 or not _PHONE.fullmatch(value.values[0].strip()):
        return False
    if field_vocabulary.says_another_number(value.shown) or field_vocabulary.is_of_staff(value.shown):
        return False
    made = person_identity.phone(value.values[0], country)
    return made is not None and made.identity is not None


def visit_name(value: NamedValue) -> str | None:
    """Under which name amoCRM knows what a page tells of a visit: `utm_source`, also as `utm: {source}`."""
    name = value.name.lower()
    if name.startswith("utm_") or (name in _VISIT and not value.label):
        return name
    around = [one for one in value.path[:-1] if isinstance(one, str)]
    if not around or value.label:
        return None
    if around[-1].lower() == "utm" or (around[-1].lower().startswith("utm") and name in _OF_UTM):
        return f"utm_{'campaign' if name == 'name' else name}"
    return None


def plain_id(name: str) -> str:
    """Of a name that may be one of IDS, or of the builder's furniture; empty for what is too long for that."""
    return _plain_id(name) if len(name) <= _LONGEST_ID_NAME else ""


@lru_cache(maxsize=2048)
def _plain_id(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()


def _is_furniture(value: NamedValue) -> bool:
    if value.label:
        return False
    around = [one.lower() for one in value.path[:-1] if isinstance(one, str)]
    plain = plain_id(value.name)
    if plain == "token":
        return "form_response" in around
    if plain in _FURNITURE or {value.name.lower(): value.values[0]} in _TRIALS:
        return True
    if plain == "id" and around and around[-1] in _FORMS:
        return True
    # What else begins with an underscore is the builder's own, such as _wpcf7_version, but an address or a phone.
    is_phone = field_vocabulary.says_phone(value.name) and _fits("phone", value)
    return _is_underscored(value) and not (is_phone or _is_email(value))


def _is_underscored(value: NamedValue) -> bool:
    return _OF_BUILDER.match(str(value.path[0])) is not None


def _is_email(value: NamedValue) -> bool:
    return len(value.values) == 1 and _EMAIL.fullmatch(value.values[0].strip()) is not None
