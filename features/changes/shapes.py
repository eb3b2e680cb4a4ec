"""What consumers see of each thing, as types. Times are Unix seconds; null is what amoCRM does not say."""

from typing import Any

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


class Company(Struct, forbid_unknown_fields=True, frozen=True):
    id: int
    name: str
    responsible_user_id: int | None
    created_at: int | None
    updated_at: int | None
    tags: list[str]
    fields: list[Field]
    lead_ids: list[int]
    contact_ids: list[int]


class Task(Struct, forbid_unknown_fields=True, frozen=True):
    """`entity_type`: lead, contact, company, customer, or null where it belongs to nothing. `duration`: seconds.
    `result`: what was written when it was completed."""

    id: int
    text: str
    task_type_id: int | None
    complete_till: int | None
    duration: int | None
    is_completed: bool
    result: str | None
    entity_type: str | None
    entity_id: int | None
    responsible_user_id: int | None
    created_by: int | None
    created_at: int | None
    updated_at: int | None


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


class TaskBefore(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Earlier values of what has changed; of everything else `changed` has the name only."""

    complete_till: int | None = None
    is_completed: bool | None = None
    task_type_id: int | None = None


class Customer(Struct, forbid_unknown_fields=True, frozen=True):
    id: int
    name: str
    responsible_user_id: int | None
    status_id: int | None
    next_price: int | float | None
    next_date: int | None
    created_at: int | None
    updated_at: int | None
    tags: list[str]
    fields: list[Field]


class CustomerBefore(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Earlier values of what has changed; of everything else `changed` has the name only."""

    status_id: int | None = None
    next_price: int | float | None = None
    next_date: int | None = None


class CatalogElement(Struct, forbid_unknown_fields=True, frozen=True):
    """An element of a list, such as goods or invoices."""

    id: int
    catalog_id: int | None
    name: str
    created_at: int | None
    updated_at: int | None
    fields: list[Field]


class ElementBefore(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    catalog_id: int | None = None


class IncomingLead(Struct, forbid_unknown_fields=True, frozen=True):
    """`category`: forms, chats, mail, sip. Of one that was accepted or declined only its ids are known for sure."""

    uid: str
    category: str | None
    source_name: str | None
    pipeline_id: int | None
    created_at: int | None
    lead_id: int | None
    contact_id: int | None


class Talk(Struct, forbid_unknown_fields=True, frozen=True):
    """`entity_type`: lead, customer, or null."""

    id: int
    chat_id: str | None
    contact_id: int | None
    entity_type: str | None
    entity_id: int | None
    origin: str | None
    is_in_work: bool
    is_read: bool
    rate: int | None
    created_at: int | None
    updated_at: int | None


class TalkBefore(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    is_in_work: bool | None = None
    is_read: bool | None = None
    rate: int | None = None
    contact_id: int | None = None
    entity_id: int | None = None


class Attachment(Struct, forbid_unknown_fields=True, frozen=True):
    type: str | None
    link: str | None
    file_name: str | None


class ChatMessage(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """`author_type`: external (a visitor), internal (a user, whose id is `user_id`, or a bot). `text`, `author_name`
    and `attachments` are there only where the settings of the connection say so."""

    id: str
    talk_id: int | None
    chat_id: str | None
    contact_id: int | None
    lead_id: int | None
    origin: str | None
    author_type: str | None
    author_id: str | None
    user_id: int | None
    created_at: int | None
    text: str | None = None
    author_name: str | None = None
    attachments: list[Attachment] = []
