"""What consumers see of each thing: stable names, whatever the vendor adds."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared.amocrm import budgets

Entity = dict[str, Any]

_SINGLES: Final = {"leads": "lead", "contacts": "contact", "companies": "company", "customers": "customer"}


def shown(entity_type: str, entity: Entity) -> dict[str, Any]:
    """An entity as amoCRM's API answers it, by the types of `shapes.py`."""
    return _SHOWN[entity_type](entity)


def gone(entity_id: int) -> dict[str, Any]:
    """What is left of one that was deleted."""
    return {"id": entity_id}


def _common(entity: Entity) -> dict[str, Any]:
    embedded = entity.get("_embedded") or {}
    return {
        "id": int(entity["id"]),
        "name": entity.get("name") or "",
        "responsible_user_id": entity.get("responsible_user_id"),
        "created_at": entity.get("created_at"),
        "updated_at": entity.get("updated_at"),
        "tags": [tag.get("name") for tag in embedded.get("tags") or []],
        "fields": [_field(one) for one in entity.get("custom_fields_values") or []],
    }


def _linked(entity: Entity, plural: str) -> list[int]:
    return [one["id"] for one in (entity.get("_embedded") or {}).get(plural) or []]


def _lead(entity: Entity) -> dict[str, Any]:
    return _common(entity) | {
        "price": budgets.read(entity),
        "pipeline_id": entity.get("pipeline_id"),
        "status_id": entity.get("status_id"),
        "closed_at": entity.get("closed_at"),
        "contact_ids": _linked(entity, "contacts"),
    }


def _contact(entity: Entity) -> dict[str, Any]:
    return _common(entity) | {"lead_ids": _linked(entity, "leads")}


def _company(entity: Entity) -> dict[str, Any]:
    return _contact(entity) | {"contact_ids": _linked(entity, "contacts")}


def _task(entity: Entity) -> dict[str, Any]:
    # vendor: tasks.result (page) A task's `result` is `{text}`, or an empty list before there is one.
    # source: amoCRM's documentation, "Tasks", the answer of one task
    result, plain = entity.get("result"), ("task_type_id", "complete_till", "duration", "responsible_user_id")
    return {
        "id": int(entity["id"]),
        "text": entity.get("text") or "",
        "is_completed": bool(entity.get("is_completed")),
        "result": result.get("text") if isinstance(result, Mapping) else None,
        "entity_type": _SINGLES.get(str(entity.get("entity_type"))),
        "entity_id": entity.get("entity_id") or None,
    } | {name: entity.get(name) for name in (*plain, "created_by", "created_at", "updated_at")}


def _customer(entity: Entity) -> dict[str, Any]:
    common = _common(entity)
    return common | {name: entity.get(name) for name in ("status_id", "next_price", "next_date")}


def _element(entity: Entity) -> dict[str, Any]:
    common = _common(entity)
    wanted = ("id", "name", "created_at", "updated_at", "fields")
    return {name: common[name] for name in wanted} | {"catalog_id": entity.get("catalog_id")}


def _talk(entity: Entity) -> dict[str, Any]:
    kind = entity.get("entity_type")
    return {
        "id": int(entity["id"]),
        "entity_type": _SINGLES.get(str(kind), kind) or None,
        "is_in_work": bool(entity.get("is_in_work")),
        "is_read": bool(entity.get("is_read")),
    } | {
        name: entity.get(name) or None
        for name in ("chat_id", "contact_id", "entity_id", "origin", "rate", "created_at", "updated_at")
    }


def incoming_lead(one: Entity) -> dict[str, Any]:
    """As the list of incoming leads has it; or what is left of one: `{uid, lead_id}`."""
    embedded = one.get("_embedded") or {}
    first = {name: (embedded.get(name) or [{}])[0].get("id") for name in ("leads", "contacts")}
    return {name: one.get(name) for name in ("uid", "category", "source_name", "pipeline_id", "created_at")} | {
        "lead_id": first["leads"] or one.get("lead_id"),
        "contact_id": first["contacts"],
    }


def message(facts: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """By the words of the hook alone. `texts`: what the settings of the connection allow of it."""
    is_of_deal = facts.get("entity_type") in ("lead", "leads") or facts.get("element_type") == 2
    names = ("id", "talk_id", "chat_id", "contact_id", "origin", "author_type", "author_id", "user_id", "created_at")
    found = {name: facts.get(name) for name in names}
    found["lead_id"] = (facts.get("entity_id") or facts.get("element_id")) if is_of_deal else None
    found |= {name: texts[name] for name in ("text", "author_name") if texts.get(name)}
    if any(texts.get(f"attachment_{name}") for name in ("type", "link", "file_name")):
        found["attachments"] = [{name: texts.get(f"attachment_{name}") for name in ("type", "link", "file_name")}]
    return found


def _field(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": one.get("field_id"),
        "name": one.get("field_name"),
        "code": one.get("field_code"),
        "values": [value.get("value") for value in one.get("values") or []],
    }


_SHOWN: Final[Mapping[str, Callable[[Entity], dict[str, Any]]]] = {
    "lead": _lead,
    "contact": _contact,
    "company": _company,
    "task": _task,
    "customer": _customer,
    "catalog_element": _element,
    "talk": _talk,
}
