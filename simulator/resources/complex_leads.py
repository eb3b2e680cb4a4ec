"""Deals with their contact and company in one call. Source: amoCRM's "Complex adding of deals"."""

import re
from typing import Any

from simulator import rights
from simulator.answers import Answer, document, invalid
from simulator.call import Call
from simulator.checks import Told, checked
from simulator.resources import writing
from simulator.resources.entities import add
from simulator.state import Entity

_MOST = 50
_MOST_VALUES = 40
_INNER = ("contacts", "companies")  # one of each at most


def create(call: Call) -> Answer:
    items = call.items()
    if len(items) > _MOST:
        raise invalid("", "TooMany", f"This collection should contain {_MOST} elements or less.")
    rights.require(call, "leads", "add")
    checked(items, lambda told, item: _check(call, told, item))
    return document([_made(call, item, index) for index, item in enumerate(items)])


def _check(call: Call, told: Told, item: Entity) -> None:
    writing.check(call, "leads", told, item)
    _check_values(told, item)
    for kind in _INNER:
        given = (item.get("_embedded") or {}).get(kind) or []
        if len(given) > 1:
            told.wrong(f"_embedded.{kind}", "TooMany", "This collection should contain 1 element or less.")
        for position, one in enumerate(given):
            check_inner(call, told.inside(f"_embedded.{kind}.{position}"), kind, one)
            _check_values(told.inside(f"_embedded.{kind}.{position}"), one)


def _check_values(told: Told, one: Any) -> None:
    # vendor: leads.complex_values
    given = one.get("custom_fields_values") if isinstance(one, dict) else None
    fields = [field for field in given if isinstance(field, dict)] if isinstance(given, list) else []
    if sum(len(field.get("values") or ()) for field in fields) > _MOST_VALUES:
        detail = f"This collection should contain {_MOST_VALUES} elements or less."
        told.wrong("custom_fields_values", "TooMany", detail)


def check_inner(call: Call, told: Told, kind: str, one: Any) -> None:
    """A contact or company that is there, by its id; else a new one."""
    if isinstance(one, dict) and one.get("id") is None:
        writing.check(call, kind, told, one)
    else:
        writing.check_known(call, told, kind, one)


def _made(call: Call, item: Entity, index: int) -> Entity:
    embedded = item.get("_embedded") or {}
    told = {"request_id": [str(item.get("request_id", index))]}
    known_lead = _open_deal_of(call, embedded) if call.account.controls_duplicates else None
    if known_lead is not None:
        return known_lead | told | {"merged": True}
    links: dict[str, list[Entity]] = {}
    for kind in _INNER:
        for one in embedded.get(kind) or []:
            inner = add(call, kind, one) if one.get("id") is None else one
            links[kind] = [{"id": inner["id"], "is_main": True}]
    inside = links | {"tags": embedded.get("tags")}
    lead = add(call, "leads", item | {"_embedded": inside})
    ids = {kind: links[kind][0]["id"] if kind in links else None for kind in _INNER}
    made = {"id": lead["id"], "contact_id": ids["contacts"], "company_id": ids["companies"]}
    return made | told | {"merged": False}


def _open_deal_of(call: Call, embedded: dict[str, Any]) -> Entity | None:
    """Duplicate control: the open deal of a contact that has one of these phones or e-mails."""
    wanted = {
        re.sub(r"\D", "", str(value.get("value")))[-10:] or value.get("value")
        for contact in embedded.get("contacts", [])
        for given in contact.get("custom_fields_values") or []
        for value in given["values"]
    }
    for lead_id, links in call.account.links.items():
        lead = call.account.leads.get(lead_id)
        for link in links:
            contact = call.account.contacts.get(link["to_entity_id"] if link["to_entity_type"] == "contacts" else 0)
            if lead is None or contact is None or lead["status_id"] in writing.CLOSED or lead.get("_incoming"):
                continue
            own = [value for one in contact["custom_fields_values"] or [] for value in one["values"]]
            if wanted & {re.sub(r"\D", "", str(value["value"]))[-10:] or value["value"] for value in own}:
                return {"id": lead_id, "contact_id": contact["id"], "company_id": None}
    return None
