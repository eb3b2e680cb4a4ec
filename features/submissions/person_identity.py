"""Who a person is: phones and e-mails in one form, the locks that stand for them, and their contact."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from msgspec import Struct

from features.submissions.model import Contact
from shared.storage.encryption import Keyring

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

Entity = dict[str, Any]

# After somebody's last message their id is known for half a year: a day as any lock, and these.
IDS_KEPT: Final = timedelta(days=179)

_LONGEST: Final = 100
_MEXICO, _ARGENTINA, _BRAZIL = "52", "54", "55"
_LONGEST_LOCAL: Final = 11  # digits of a number without its country's code


class Phone(Struct, frozen=True):
    """A phone as it is going to be stored, and who has it."""

    written: str  # international form; what was typed where that is no whole number, or has an extension
    identity: str | None = None  # equal for one line; None: it stands for nobody, such as "123" or a local number
    code: str = ""  # of the country
    spellings: tuple[str, ...] = ()  # inside the country: as it was typed, and as it is written elsewhere

    @property
    def searches(self) -> list[str]:
        """The digits by which amoCRM finds it, in one spelling or another."""
        # vendor: contacts.few_digits (guess) A search by fewer than ten digits, as numbers of Uzbekistan or Portugal
        # have without their country's code, finds a phone that ends with them. Where it does not, the last ten of all
        # do.
        # source: a client of Kommo's in Portugal asks for the last nine, one of amoCRM's in Uzbekistan for the whole
        # number
        asked = [digits[-10:] for one in self.spellings for digits in (one, self.code + one)]
        return list(dict.fromkeys(asked))

    @property
    def dialled(self) -> str:
        """Equal for what is one phone in a contact: two spellings of a line are two, since one may reach it where the
        other does not."""
        return self.identity if self.identity is not None and ";" in self.identity else self.written


def phone(text: str, country: str) -> Phone | None:
    """What the text says; None where it has no digits, or is too long for a phone.

    A number whose country has to be guessed must be a valid one there; with its country's code, a possible one. Where
    the country is unknown (empty), nothing is guessed. Behind a switchboard each extension is another person.
    """
    typed = text.strip()
    if not any(sign.isdigit() for sign in typed) or len(typed) > _LONGEST:
        return None
    number = _number(typed, country)
    if number is None:
        return Phone(typed)
    import phonenumbers

    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    code, national = str(number.country_code), written[len(f"+{number.country_code}") :]
    line, other = _spellings(code, national)
    spellings = tuple(dict.fromkeys((national, line, other)))
    if number.extension:
        return Phone(typed, f"{written};ext={number.extension}", code, spellings)
    return Phone(written, f"+{code}{line}", code, spellings)


# source: the plans of numbers of ENACOM and Anatel; `wa_id` in bodies of WhatsApp's that public receivers keep; those
# that send to WhatsApp leave out the 9 before a 7, too, since the radio phones that had such numbers are gone (2018)
def _spellings(code: str, national: str) -> tuple[str, str]:
    """The line as its number is today, and as it is written elsewhere. Argentina's mobile has a 9 behind the country's
    code from abroad, and in WhatsApp, that nobody writes at home; Brazil's has one before its eight digits, which
    WhatsApp's older accounts lack."""
    if code == _ARGENTINA and len(national) == 11 and national[0] == "9":
        return national[1:], national
    if code == _BRAZIL and len(national) == 10 and national[2] in "6789":
        return f"{national[:2]}9{national[2:]}", national
    if code == _BRAZIL and len(national) == 11 and national[2] == "9" and national[3] in "6789":
        return national, national[:2] + national[3:]
    return national, national


# source: IFT's plan of numbers since August 2019; WhatsApp still calls a Mexican by it
def _without_old_prefix(number: "PhoneNumber") -> "PhoneNumber":
    """Without the 1 that Mexico's mobiles had behind the country's code."""
    from phonenumbers import CountryCodeSource

    national = str(number.national_number)
    is_abroad = number.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY
    if str(number.country_code) == _MEXICO and is_abroad and len(national) == 11 and national[0] == "1":
        number.national_number = int(national[1:])
    return number


def _number(text: str, country: str) -> "PhoneNumber | None":
    """The whole number that the text is; None where it is none. The plus before a country's code may be left out."""
    import phonenumbers  # 20 ms that only forms and orders need
    from phonenumbers import CountryCodeSource, PhoneMetadata, PhoneNumberType, ValidationResult

    def parsed(one: str) -> "PhoneNumber | None":
        try:
            return _without_old_prefix(phonenumbers.parse(one, country, keep_raw_input=True))
        except phonenumbers.NumberParseException:
            return None

    def is_valid(one: "PhoneNumber | None") -> bool:
        """As it is written, or as its line is today: the plan has no Brazilian mobile of eight digits any more."""
        if one is None or phonenumbers.is_valid_number(one):
            return one is not None
        code, national = str(one.country_code), str(one.national_number)
        line, _ = _spellings(code, national)
        return line != national and phonenumbers.is_valid_number(phonenumbers.parse(f"+{code}{line}"))

    number = parsed(text)
    if number is not None and number.country_code_source == CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN:
        # Toll-free numbers and the like may be as short as a local one.
        kind = PhoneNumberType.FIXED_LINE_OR_MOBILE
        is_whole = phonenumbers.is_possible_number_for_type_with_reason(number, kind) == ValidationResult.IS_POSSIBLE
        return number if is_whole else None
    if is_valid(number):
        return number
    digits, metadata = re.sub(r"\D", "", text), PhoneMetadata.metadata_for_region(country, None)
    if not country and len(digits.removeprefix("00")) <= _LONGEST_LOCAL and not digits.startswith("00"):
        return None
    before = metadata.national_prefix if metadata else None
    if re.search(r"[^\W\d_]", text) or (before and digits.startswith(before) and not digits.startswith("00")):
        return None  # words may hold digits of their own; behind its prefix stands a number of the country
    number = parsed(f"+{digits.removeprefix('00')}")
    return number if is_valid(number) else None


def phones(texts: Sequence[str], country: str) -> list[Phone]:
    """Without repetitions."""
    found = [made for made in (phone(text, country) for text in texts) if made is not None]
    return list({made.dialled: made for made in found}.values())


def identities(texts: Sequence[str], country: str) -> set[str]:
    """The persons that the phones stand for."""
    return {one.identity for one in phones(texts, country) if one.identity is not None}


def emails(texts: Sequence[str]) -> list[str]:
    """In lower case, without repetitions and without what is no address."""
    found = [text.strip().lower() for text in texts]
    return list(dict.fromkeys(text for text in found if re.fullmatch(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+", text)))


def stands_for_somebody(contact: Contact, country: str) -> bool:
    """Whether the person can be found again."""
    return bool(identities(contact.phones, country) or emails(contact.emails))


def lock_names(keyring: Keyring, owner: UUID, contact: Contact, country: str) -> list[bytes]:
    """Everybody who works on this person takes one of these."""
    marks = [f"phone:{one}" for one in sorted(identities(contact.phones, country))]
    marks += [f"email:{one}" for one in emails(contact.emails)]
    return [name for mark in marks for name in keyring.fingerprints(mark, owner)]


def id_names(keyring: Keyring, owner: UUID, writer_id: str) -> list[bytes]:
    """The same of whoever is known by their messenger's id. `writer_id`: of :class:`.model.Accepted`."""
    return keyring.fingerprints(f"writer:{writer_id}", owner) if writer_id else []


def marks(keyring: Keyring, owner: UUID, contact: Contact, country: str) -> list[str]:
    """What stands for the person in a delivery's summary, and tells nothing: also their id at the site."""
    own = contact.external_id.strip()
    names = lock_names(keyring, owner, contact, country)
    names += keyring.fingerprints(f"external:{own}", owner) if own else []
    return [name.hex()[:24] for name in names]


def values(contact: Entity, code: str) -> list[str]:
    """The phones or e-mails that a contact of amoCRM has, as they were typed."""
    return [
        str(value.get("value", ""))
        for field in contact.get("custom_fields_values") or []
        # vendor: contacts.codes (page) Phones and e-mails are fields with the codes PHONE and EMAIL, of several values
        # with an enum_code each.
        # source: amoCRM's documentation, "Contacts"
        if field.get("field_code") == code
        for value in field.get("values") or []
    ]


def matching(found: Sequence[Entity], contact: Contact, country: str, code: str) -> list[Entity]:
    """Of the contacts that amoCRM's search brought, those that truly have the phone or e-mail; the best first.

    The best is one that has deals, and of those the newest.
    """
    if code == "PHONE":
        wanted = identities(contact.phones, country)
        own = [one for one in found if wanted & identities(values(one, code), country)]
    else:
        given = set(emails(contact.emails))
        own = [one for one in found if given & set(emails(values(one, code)))]
    living = [one for one in own if not one.get("is_deleted")]
    return sorted(
        living, key=lambda one: (bool((one.get("_embedded") or {}).get("leads")), int(one["id"])), reverse=True
    )
