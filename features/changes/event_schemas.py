"""What endpoints are told, as types: the `data` of each kind of message. `openapi.yaml` describes them from here."""

from typing import Any, Final

from msgspec import Struct


class Account(Struct, forbid_unknown_fields=True, frozen=True):
    id: int | None
    domain: str  # such as example.amocrm.ru


class Field(Struct, forbid_unknown_fields=True, frozen=True):
    """A custom field that has a value."""

    id: int | None
    name: str | None
    code: str | None
    values: list[Any]


class Lead(Struct, forbid_unknown_fields=True, frozen=True):
    """A deal as it is now; times are Unix seconds, the price is in the account's currency, with cents where it has
    them."""

    id: int
    name: str
    price: int | float | None
    pipeline_id: int | None
    status_id: int | None
    responsible_user_id: int | None
    created_at: int | None
    updated_at: int | None
    closed_at: int | None
    tags: list[str]
    fields: list[Field]
    contact_ids: list[int]


class Contact(Struct, forbid_unknown_fields=True, frozen=True):
    id: int
    name: str
    responsible_user_id: int | None
    created_at: int | None
    updated_at: int | None
    tags: list[str]
    fields: list[Field]
    lead_ids: list[int]


class Named(Struct, forbid_unknown_fields=True, frozen=True):
    id: int


class Place(Struct, forbid_unknown_fields=True, frozen=True):
    status_id: int | None
    pipeline_id: int | None


class Responsible(Struct, forbid_unknown_fields=True, frozen=True):
    responsible_user_id: int | None


class Earlier(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Earlier values of what may be told; of everything else `changed` has the name only."""

    price: int | float | None = None


class Note(Struct, forbid_unknown_fields=True, frozen=True):
    id: int
    type: str | None
    text: str | None
    created_at: int | None
    created_by: int | None


class Order(Struct, forbid_unknown_fields=True, frozen=True):
    """By the shop's own words."""

    number: str
    status: str
    status_before: str | None


class _Told(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    account: Account


class LeadMessage(_Told, frozen=True, kw_only=True):
    lead: Lead


class ContactMessage(_Told, frozen=True, kw_only=True):
    contact: Contact


class LeadStatusChanged(LeadMessage, frozen=True, kw_only=True):
    before: Place | None = None  # left out where nobody knows


class LeadResponsibleChanged(LeadMessage, frozen=True, kw_only=True):
    before: Responsible


class LeadUpdated(LeadMessage, frozen=True, kw_only=True):
    changed: list[str] | None  # price, name, tags, field:123; null where nothing was known of it
    before: Earlier | None = None


class LeadDeleted(_Told, frozen=True, kw_only=True):
    lead: Named


class LeadNoteAdded(_Told, frozen=True, kw_only=True):
    lead: Named
    note: Note


class ContactResponsibleChanged(ContactMessage, frozen=True, kw_only=True):
    before: Responsible


class ContactUpdated(ContactMessage, frozen=True, kw_only=True):
    changed: list[str] | None
    before: Earlier | None = None


class ContactDeleted(_Told, frozen=True, kw_only=True):
    contact: Named


class ContactNoteAdded(_Told, frozen=True, kw_only=True):
    contact: Named
    note: Note


class OrderStatusChanged(_Told, frozen=True, kw_only=True):
    order: Order
    lead: Named


class TestMessage(_Told, frozen=True, kw_only=True):
    """Somebody tries the endpoint."""


MESSAGES: Final[dict[str, type[Struct]]] = {
    "contact.added": ContactMessage,
    "contact.deleted": ContactDeleted,
    "contact.note_added": ContactNoteAdded,
    "contact.responsible_changed": ContactResponsibleChanged,
    "contact.restored": ContactMessage,
    "contact.updated": ContactUpdated,
    "lead.added": LeadMessage,
    "lead.deleted": LeadDeleted,
    "lead.note_added": LeadNoteAdded,
    "lead.responsible_changed": LeadResponsibleChanged,
    "lead.restored": LeadMessage,
    "lead.status_changed": LeadStatusChanged,
    "lead.updated": LeadUpdated,
    "order.status_changed": OrderStatusChanged,
    "test": TestMessage,
}
# What an endpoint may ask for.
KINDS: Final = tuple(kind for kind in MESSAGES if kind != "test")
