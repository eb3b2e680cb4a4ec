"""Who a person is: phones and e-mails in one form, the locks that stand for them, and their contact."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from shared.storage.encryption import Keyring
from shared.submissions.model import Contact

Entity = dict[str, Any]


class Phone(Struct, frozen=True):
    """`written`: as it is stored in amoCRM. `digits`: what amoCRM searches by. Equal phones have the same `written`."""

    written: str
    digits: str


def phone(text: str, country: str) -> Phone | None:
    """The number in international form where it is one, else its digits; None for what has no digits."""
    import phonenumbers  # 20 ms that only forms and orders need

    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return Phone(written, str(number.national_number)[-10:])
    digits = re.sub(r"\D", "", text)
    return Phone(text.strip()[:100], digits[-10:]) if digits else None


def phones(texts: Sequence[str], country: str) -> list[Phone]:
    """Without repetitions."""
    found = [made for made in (phone(text, country) for text in texts) if made is not None]
    return list({made.written: made for made in found}.values())


def emails(texts: Sequence[str]) -> list[str]:
    """In lower case, without repetitions and without what is no address."""
    found = [text.strip().lower() for text in texts]
    return list(dict.fromkeys(text for text in found if re.fullmatch(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+", text)))


def lock_names(keyring: Keyring, owner: UUID, contact: Contact, country: str) -> list[bytes]:
    """Everybody who works on this person takes one of these."""
    marks = [f"phone:{one.written}" for one in phones(contact.phones, country)]
    marks += [f"email:{one}" for one in emails(contact.emails)]
    return [name for mark in marks for name in keyring.fingerprints(mark, owner)]


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
        wanted = {one.written for one in phones(contact.phones, country)}
        own = [one for one in found if wanted & {made.written for made in phones(values(one, code), country)}]
    else:
        given = set(emails(contact.emails))
        own = [one for one in found if given & set(emails(values(one, code)))]
    living = [one for one in own if not one.get("is_deleted")]
    return sorted(
        living, key=lambda one: (bool((one.get("_embedded") or {}).get("leads")), int(one["id"])), reverse=True
    )
