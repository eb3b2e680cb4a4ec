"""A contact that is there, and what a submission changes in it: it is added to, and rarely overwritten."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from features.submissions import new_contact, person_identity
from features.submissions.mapping import DAYS, Zone, field_of, is_same_day, place
from features.submissions.model import Contact, full_name
from features.submissions.new_contact import Omitted
from features.submissions.settings import Submissions
from shared.amocrm.directory import Field

Entity = dict[str, Any]


class Update(Struct, frozen=True):
    """What a submission brings to a contact of amoCRM's.

    Phones, e-mails and other lists are added to. Read-only fields stay. `renames`: a profile knows the person's name
    better than a form that they have filled in. Without `overwrites` only what is empty is filled in: something newer
    has been written meanwhile.
    """

    known: Entity
    contact: Contact
    values: dict[str, list[str]]
    settings: Submissions
    fields: Sequence[Field]
    zone: Zone
    renames: bool = False
    overwrites: bool = True
    left: Omitted = Omitted.NOTHING

    def body(self) -> Entity:
        """The change as amoCRM takes it; empty for nothing."""
        by_id = {field.id: field for field in self.fields}
        changed = []
        for value in new_contact.placed(self.settings, self.values, self.fields, self.zone, self.left).fields:
            field = by_id[value["field_id"]]
            after = self._after(field, value["values"])
            if not self._stays(field) and after != _values(self.known, field.id):
                changed.append({"field_id": field.id, "values": after})
        body: Entity = {"custom_fields_values": changed} if changed else {}
        name = full_name(self.contact)
        if name and name != self._name and (self._is_nameless() or (self.renames and not self._is_read_only("name"))):
            body |= new_contact.named(self.contact)
        return body

    def kept(self) -> list[str]:
        """The sources of what the contact does not take, since it has something else and keeps it."""
        return list(dict.fromkeys(self._kept()))

    def _kept(self) -> Iterator[str]:
        said = full_name(self.contact).casefold().split()
        if "name" not in self.body() and not set(said) <= set(self._name.casefold().split()):
            yield "name"
        for rule in new_contact.rules(self.settings):
            field = field_of(rule, self.fields)
            if field is None or not self.values.get(rule.source) or not self._stays(field):
                continue
            country = self.settings.phone_country
            placed = place([rule], self.values, self.fields, skip_empty=True, zone=self.zone, country=country).fields
            if placed and self._after(field, placed[0]["values"]) != _values(self.known, field.id):
                yield rule.source

    @property
    def _name(self) -> str:
        return str(self.known.get("name") or "").strip()

    def _is_nameless(self) -> bool:
        """Whether the contact is named by nothing, or by its phone or e-mail, until somebody tells a name."""
        name, country = self._name, self.settings.phone_country
        by_phone = person_identity.identities([name], country) & person_identity.identities(
            person_identity.values(self.known, "PHONE"), country
        )
        by_email = name.casefold() in person_identity.emails(person_identity.values(self.known, "EMAIL"))
        return bool(by_phone or by_email) or not any(sign.isalpha() for sign in name)

    def _is_read_only(self, *names: str) -> bool:
        return bool({name.casefold() for name in self.settings.read_only} & {name.casefold() for name in names})

    def _stays(self, field: Field) -> bool:
        """Whether the field has a value that is not for us to change."""
        if not _values(self.known, field.id):
            return False
        is_list = field.type in ("multitext", "multiselect")
        return self._is_read_only(str(field.id), field.code or "", field.name) or not (self.overwrites or is_list)

    def _after(self, field: Field, wanted: list[Entity] | None) -> list[Entity] | None:
        return _merged(field, _values(self.known, field.id), wanted, self.settings.phone_country)


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
        made = person_identity.phone(text, country)
        return made.dialled if made else text
    return text.strip().casefold()
