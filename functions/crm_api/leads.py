"""Deals and contacts as our callers see them: amoCRM's own names, without what only its interface needs."""

from typing import Any, TypedDict

from shared.amocrm import budgets
from shared.amocrm.leads import AccountApi

View = dict[str, Any]


class Deal(TypedDict):
    """A deal; moments are Unix seconds, custom fields as amoCRM has them, the price in the account's currency and with
    cents where it has them."""

    id: int
    name: str | None
    price: int | float | None
    responsible_user_id: int | None
    pipeline_id: int | None
    status_id: int | None
    created_at: int | None
    updated_at: int | None
    closed_at: int | None
    tags: list[str]
    custom_fields_values: list[dict[str, Any]]


class ContactValue(TypedDict):
    """A phone or an e-mail, as it was typed."""

    value: str
    type: str | None


class Person(TypedDict):
    """A contact of a deal."""

    id: int
    name: str
    first_name: str
    last_name: str
    is_main: bool
    phones: list[ContactValue]
    emails: list[ContactValue]


_LEAD_FIELDS = (
    "id",
    "name",
    "price",
    "responsible_user_id",
    "pipeline_id",
    "status_id",
    "created_at",
    "updated_at",
    "closed_at",
)
# One request names so many contacts; amoCRM answers at most 250, and long filters reach its limit of a URL's length.
_TOGETHER = 100


def lead_view(lead: View) -> View:
    embedded = lead.get("_embedded") or {}
    view = {name: lead.get(name) for name in _LEAD_FIELDS} | {"price": budgets.read(lead)}
    view["tags"] = [tag.get("name") for tag in embedded.get("tags") or []]
    view["custom_fields_values"] = lead.get("custom_fields_values") or []
    return view


def contact_ids(lead: View) -> dict[int, bool]:
    """The ids of the deal's contacts and whether each is the main one, which comes first."""
    contacts = (lead.get("_embedded") or {}).get("contacts") or []
    ids = {int(contact["id"]): bool(contact.get("is_main")) for contact in contacts}
    return dict(sorted(ids.items(), key=lambda item: not item[1]))


def contacts_of(api: AccountApi, ids: list[int]) -> dict[int, View]:
    """The contacts by id, without those that are deleted; one call where they are as few as everywhere."""
    parts = (ids[start : start + _TOGETHER] for start in range(0, len(ids), _TOGETHER))
    return {contact["id"]: contact for part in parts for contact in api.contacts(part)}


def contact_view(contact: View, is_main: bool) -> View:
    return {
        "id": contact["id"],
        "name": contact.get("name") or "",
        "first_name": contact.get("first_name") or "",
        "last_name": contact.get("last_name") or "",
        "is_main": is_main,
        "phones": _values(contact, "PHONE"),
        "emails": _values(contact, "EMAIL"),
    }


def _values(contact: View, code: str) -> list[View]:
    """The values of a multitext field: `[{"value": "+7 …", "type": "WORK"}]`, as they were typed."""
    return [
        {"value": str(value.get("value", "")), "type": value.get("enum_code")}
        for field in contact.get("custom_fields_values") or []
        if field.get("field_code") == code
        for value in field.get("values") or []
    ]
