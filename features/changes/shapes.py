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
