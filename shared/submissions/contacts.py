"""The contact of a submission: what a new one gets, and what changes in one that is there."""

import re
from collections.abc import Sequence
from typing import Any

from shared.amocrm.directory import Field
from shared.platform.messages import say
from shared.submissions import people
from shared.submissions.mapping import DAYS, Placed, Unplaced, is_same_day, place
from shared.submissions.model import Contact, full_name
from shared.submissions.settings import FieldRule, Submissions

Entity = dict[str, Any]


def given(values: dict[str, list[str]], contact: Contact, country: str) -> tuple[dict[str, list[str]], list[Unplaced]]:
    """The sources with phones and e-mails in one form; and what of them is neither, or says more than the number."""
    made = [(text, people.phone(text, country)) for text in contact.phones]
    wrong = [text for text, one in made if one is None]
    # Words beside a number, such as whose it is; what is stored as it was typed holds them.
    said = [text for text, one in made if one is not None and one.written != text and re.search(r"[^\W\d_]", text)]
    no_mail = [text for text in contact.emails if not people.emails([text])]
    unplaced = [Unplaced("phone", tuple(wrong), say("not a phone number"))] if wrong else []
    unplaced += [Unplaced("phone", tuple(said), say("there are words beside the number"))] if said else []
    unplaced += [Unplaced("email", tuple(no_mail), say("not an e-mail address"))] if no_mail else []
    phones = [one.written for one in people.phones(contact.phones, country)]
    return values | {"phone": phones, "email": people.emails(contact.emails)}, unplaced


def rules(settings: Submissions) -> list[FieldRule]:
    """The mapping of contacts; phone and e-mail go to their own fields unless it says otherwise."""
    own = [rule for rule in settings.mapping if rule.entity == "contacts"]
    mapped = {rule.source for rule in own}
    usual = [
        FieldRule("phone", "contacts", field="PHONE", enum=settings.phone_enum),
        FieldRule("email", "contacts", field="EMAIL", enum=settings.email_enum),
    ]
    return [rule for rule in usual if rule.source not in mapped] + own


def placed(settings: Submissions, values: dict[str, list[str]], fields: Sequence[Field]) -> Placed:
    return place(rules(settings), values, fields, skip_empty=settings.skip_empty)


def new(contact: Contact, fields: Placed, responsible_user_id: int | None) -> Entity:
    """A contact as amoCRM takes it."""
    filled = [value for value in fields.fields if value["values"]]
    written = full_name(contact) or next((text for text in (*contact.phones, *contact.emails)), "—")
    body: Entity = {"name": written[:250]} | ({"custom_fields_values": filled} if filled else {})
    names = {"first_name": contact.first_name.strip(), "last_name": contact.last_name.strip()}
    body |= {name: value[:250] for name, value in names.items() if value}
    return body | ({"responsible_user_id": responsible_user_id} if responsible_user_id else {})


def bare(contact: Contact, country: str) -> Entity:
    """Only what every account has: for an account that refuses the rest."""
    values = {
        "PHONE": [one.written for one in people.phones(contact.phones, country)],
        "EMAIL": people.emails(contact.emails),
    }
    fields = [
        {"field_code": code, "values": [{"value": text, "enum_code": "WORK"} for text in texts]}
        for code, texts in values.items()
        if texts
    ]
    return new(contact, Placed(fields, ()), None)


def changes(
    known: Entity, contact: Contact, wanted: Placed, settings: Submissions, fields: Sequence[Field], renames: bool
) -> Entity:
    """What to change in a contact that is there; empty for nothing.

    Phones, e-mails and other lists are added to. Read-only fields stay. `renames`: a profile knows the person's name
    better than a form that they have filled in.
    """
    read_only = {name.casefold() for name in settings.read_only}
    by_id = {field.id: field for field in fields}
    changed = []
    for value in wanted.fields:
        field = by_id[value["field_id"]]
        before = _values(known, field.id)
        if before and read_only & {str(field.id), (field.code or "").casefold(), field.name.casefold()}:
            continue
        after = _merged(field, before, value["values"], settings.phone_country)
        if after != before:
            changed.append({"field_id": field.id, "values": after})
    body: Entity = {"custom_fields_values": changed} if changed else {}
    name, kept = full_name(contact), str(known.get("name") or "").strip()
    if name and name != kept and (not kept or (renames and "name" not in read_only)):
        parts = {"first_name": contact.first_name.strip(), "last_name": contact.last_name.strip()}
        body |= {"name": name[:250]} | {key: part[:250] for key, part in parts.items() if part}
    return body


def _merged(field: Field, before: list[Entity], wanted: list[Entity] | None, country: str) -> list[Entity] | None:
    if wanted is None:
        # vendor: fields.clear (code) `values: null` clears a field.
        # source: amocrm-api-php, NullCustomFieldValueCollection and the readme's words on it
        return None if before and field.type != "multitext" else before
    if field.type == "multitext":
        known = {_same(field, str(value.get("value")), country) for value in before}
        return [*before, *(one for one in wanted if _same(field, str(one["value"]), country) not in known)]
    if field.type == "multiselect":
        chosen = {value.get("enum_id") for value in before}
        return [*before, *(one for one in wanted if one.get("enum_id") not in chosen)]
    if field.type in DAYS and len(before) == len(wanted) == 1:
        return before if is_same_day(before[0].get("value"), wanted[0]["value"]) else wanted
    return before if _plain(before) == _plain(wanted) else wanted


def _values(contact: Entity, field_id: int) -> list[Entity]:
    for field in contact.get("custom_fields_values") or []:
        if field.get("field_id") == field_id:
            kept = ("value", "enum_id", "enum_code")
            return [
                {name: one[name] for name in kept if one.get(name) is not None} for one in field.get("values") or []
            ]
    return []


def _plain(values: list[Entity]) -> list[Any]:
    return [one.get("enum_id", one.get("value")) for one in values]


def _same(field: Field, text: str, country: str) -> str:
    if field.code == "PHONE":
        made = people.phone(text, country)
        return (made.identity or made.written) if made else text
    return text.strip().casefold()
