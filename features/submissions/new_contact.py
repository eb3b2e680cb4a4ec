"""The contact of a submission, as it is made; for one that is there see :mod:`.existing_contact`."""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final

from msgspec.structs import replace

from features.submissions import person_identity
from features.submissions.mapping import MappedFields, Unplaced, Zone, place
from features.submissions.model import Contact, full_name
from features.submissions.settings import FieldRule, Submissions
from shared.amocrm.directory import Field
from shared.platform.messages import say

Entity = dict[str, Any]

# vendor: entities.name_length (guess) A name of a deal, contact or element takes 255 letters; more are refused.
# source: none found; columns of that length are usual
_LONGEST_NAME: Final = 250


class Omitted(IntEnum):
    """What had to be left out for amoCRM to take the rest. What is left out is in a note."""

    NOTHING = 0
    ALL_BUT_THE_PERSON = 1  # name, phones and e-mails are written
    ALL_BUT_THE_NAME = 2


def given(values: dict[str, list[str]], contact: Contact, country: str) -> tuple[dict[str, list[str]], list[Unplaced]]:
    """The sources with phones and e-mails in one form; and what of them is neither, or says more than the number."""
    made = [(text, person_identity.phone(text, country)) for text in contact.phones]
    wrong = [text for text, one in made if one is None]
    # Words beside a number, such as whose it is; what is stored as it was typed holds them.
    said = [text for text, one in made if one is not None and one.written != text and re.search(r"[^\W\d_]", text)]
    cut = [text for text, one in made if one is not None and text not in said and _is_cut(text, one.written)]
    no_mail = [text for text in contact.emails if not person_identity.emails([text])]
    unplaced = [Unplaced("phone", tuple(wrong), say("not a phone number"))] if wrong else []
    unplaced += [Unplaced("phone", tuple(said), say("there are words beside the number"))] if said else []
    no_prefix = say("its first digit was left out, as one by which a call within the country begins")
    unplaced += [Unplaced("phone", tuple(cut), no_prefix)] if cut else []
    unplaced += [Unplaced("email", tuple(no_mail), say("not an e-mail address"))] if no_mail else []
    name = full_name(contact)
    too_long = say("longer than the {most} characters of {name}", most=_LONGEST_NAME, name="name")
    unplaced += [Unplaced("name", (name,), too_long)] if len(name) > _LONGEST_NAME else []
    phones = [one.written for one in person_identity.phones(contact.phones, country)]
    return values | {"phone": phones, "email": person_identity.emails(contact.emails)}, unplaced


def _is_cut(text: str, written: str) -> bool:
    """Whether a digit of its first group is missing in what is stored: `(84) 93456-7890` is parted as no number of
    Russia's is, where a call begins with 8, and may be Brazil's. A nought is such a digit nearly everywhere."""
    typed, first = re.sub(r"\D", "", text), re.search(r"\d+", text)
    missing = next(place for place in range(len(typed) + 1) if written.endswith(typed[place:]))
    return first is not None and 0 < missing < len(first[0]) <= 3 and not typed.startswith("0")


def rules(settings: Submissions) -> list[FieldRule]:
    """The mapping of contacts; phone and e-mail go to their own fields unless it says otherwise."""
    own = [rule for rule in settings.mapping if rule.entity == "contacts"]
    mapped = {rule.source for rule in own}
    usual = [
        FieldRule("phone", "contacts", field="PHONE", enum=settings.phone_enum),
        FieldRule("email", "contacts", field="EMAIL", enum=settings.email_enum),
    ]
    return [rule for rule in usual if rule.source not in mapped] + own


def placed(
    settings: Submissions,
    values: dict[str, list[str]],
    fields: Sequence[Field],
    zone: Zone,
    left: Omitted = Omitted.NOTHING,
) -> MappedFields:
    if left is Omitted.ALL_BUT_THE_NAME:
        return MappedFields([], ())
    if left is Omitted.ALL_BUT_THE_PERSON:  # of the kinds that every account has
        settings = replace(settings, mapping=[], phone_enum="WORK", email_enum="WORK")
    country = settings.phone_country
    return place(rules(settings), values, fields, skip_empty=settings.skip_empty, zone=zone, country=country)


def named(contact: Contact) -> Entity:
    """The members of a contact that hold its name; none where nobody told one."""
    names = {"name": full_name(contact), "first_name": contact.first_name, "last_name": contact.last_name}
    return {name: value.strip()[:_LONGEST_NAME] for name, value in names.items() if value.strip()}


def name_of(contact: Contact) -> str:
    """Of a new one."""
    otherwise = next(iter((*contact.phones, *contact.emails)), "—")
    return (full_name(contact) or otherwise)[:_LONGEST_NAME]


def new(contact: Contact, fields: MappedFields, responsible_user_id: int | None) -> Entity:
    """A contact as amoCRM takes it."""
    filled = [value for value in fields.fields if value["values"]]
    body: Entity = {"name": name_of(contact)} | ({"custom_fields_values": filled} if filled else {})
    return body | named(contact) | ({"responsible_user_id": responsible_user_id} if responsible_user_id else {})
