"""What is news: an entity as it is now against what was told of it last. Nothing here talks to anybody."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from shared.amocrm import budgets
from shared.amocrm.entity_fields import texts
from shared.amocrm.events import tells_note

Entity = dict[str, Any]
State = dict[str, Any]
# Stands for a value without telling it.
Fingerprint = Callable[[str], str]

ENTITIES: Final = {"lead": "leads", "contact": "contacts"}  # by the name of one: their path in the API
# Members whose earlier value is told, because it says nothing about a person.
_PLAIN: Final = {
    "lead": ("status_id", "pipeline_id", "price", "responsible_user_id"),
    "contact": ("responsible_user_id",),
}
_PLACE: Final = ("status_id", "pipeline_id")
MAY_CHANGE: Final = re.compile(r"price|name|tags|field:[0-9]{1,19}")  # what `changed` of an update may name
# What a member's event ends with.
_EVENTS: Final = {
    "name": "name_field_changed",
    "price": "sale_field_changed",
    "responsible_user_id": "_responsible_changed",
    "status_id": "_status_changed",
}


class News(Struct, frozen=True):
    """One thing to tell. `before`: earlier values of `_PLAIN`; `changed`: names of members, None where nobody knows."""

    kind: str
    before: dict[str, Any] | None = None
    changed: list[str] | None = None


def state_of(entity_type: str, entity: Entity, fingerprint: Fingerprint) -> State:
    """What is kept of an entity: `{plain members, prints: {member: fingerprint}}`; `exact`: a budget with its cents,
    where the account has them."""
    plain = {name: entity.get(name) for name in _PLAIN[entity_type]}
    if budgets.shows_cents(entity):
        plain["exact"] = budgets.read(entity)
    return plain | {"prints": {name: fingerprint(text) for name, text in texts(entity)}}


def changed(entity_type: str, before: State, entity: Entity, fingerprint: Fingerprint) -> list[str]:
    """Names of the members that are not as they were: `price`, `name`, `tags`, `field:123`."""
    found = [name for name in _PLAIN[entity_type] if before.get(name) != entity.get(name)]
    # Where the account has shown none until now, nothing is known of them.
    if budgets.shows_cents(entity) and before.get("exact", budgets.read(entity)) != budgets.read(entity):
        found.append("price")
    prints, now = before.get("prints", {}), dict(texts(entity))
    found += [name for name, text in now.items() if prints.get(name) != fingerprint(text)]
    return sorted({*found, *(name for name in prints if name not in now)})


def news(
    entity_type: str, before: State | None, entity: Entity, differing: Collection[str], hints: Collection[str]
) -> Iterator[News]:
    """What there is to tell. `before` None: it was never told of. `differing`: what has changed, without our own
    writes. `hints`: what amoCRM says has happened to it."""
    if before is None:
        if "add" in hints:
            yield News(f"{entity_type}.added")
        elif "restore" in hints:
            yield News(f"{entity_type}.restored")
        elif "status" in hints and entity_type == "lead":
            yield News("lead.status_changed")
        elif hints:
            yield News(f"{entity_type}.updated")
        return
    if before.get("is_deleted"):
        yield News(f"{entity_type}.restored")
        return
    if entity_type == "lead" and any(name in differing for name in _PLACE):
        yield News("lead.status_changed", before=place_before(before, {}, entity))
    if "responsible_user_id" in differing:
        earlier = {"responsible_user_id": before.get("responsible_user_id")}
        yield News(f"{entity_type}.responsible_changed", before=earlier)
    rest = sorted(set(differing) - {*_PLACE, "responsible_user_id"})
    if rest:
        plain = {name: _earlier(before, name) for name in rest if name in _PLAIN[entity_type]}
        yield News(f"{entity_type}.updated", before=plain, changed=rest)


def _earlier(before: State, name: str) -> Any:
    return before.get("exact", before.get(name)) if name == "price" else before.get(name)


def place_before(before: State | None, facts: Mapping[str, int], lead: Entity) -> State | None:
    """Where a deal was: as we know it, else by the word of the hint (`facts`); None where nobody knows."""
    if before is not None:
        return {name: before.get(name) for name in _PLACE}
    if "old_status_id" not in facts:
        return None
    return {"status_id": facts["old_status_id"], "pipeline_id": facts.get("old_pipeline_id", lead.get("pipeline_id"))}


def is_news(event: str, ours: Collection[str]) -> bool:
    """Whether an event of amoCRM's is more than our own writing of these members. Notes and links are told by
    themselves, or not at all."""
    if tells_note(event) or event.endswith(("_linked", "_unlinked")):
        return False
    if event in ("entity_tag_added", "entity_tag_deleted"):
        return "tags" not in ours
    if field := re.match(r"custom_field_(\d*)", event):
        return not any(name == f"field:{field[1]}" if field[1] else name.startswith("field:") for name in ours)
    return not any(event.endswith(_EVENTS[name]) for name in ours if name in _EVENTS)


def shown(entity_type: str, entity: Entity) -> dict[str, Any]:
    """The entity as consumers see it: stable names, whatever the vendor adds."""
    embedded = entity.get("_embedded") or {}
    common = {
        "id": int(entity["id"]),
        "name": entity.get("name") or "",
        "responsible_user_id": entity.get("responsible_user_id"),
        "created_at": entity.get("created_at"),
        "updated_at": entity.get("updated_at"),
        "tags": [tag.get("name") for tag in embedded.get("tags") or []],
        "fields": [_field(one) for one in entity.get("custom_fields_values") or []],
    }
    if entity_type == "contact":
        return common | {"lead_ids": [one["id"] for one in embedded.get("leads") or []]}
    return common | {
        "price": budgets.read(entity),
        "pipeline_id": entity.get("pipeline_id"),
        "status_id": entity.get("status_id"),
        "closed_at": entity.get("closed_at"),
        "contact_ids": [one["id"] for one in embedded.get("contacts") or []],
    }


def _field(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": one.get("field_id"),
        "name": one.get("field_name"),
        "code": one.get("field_code"),
        "values": [value.get("value") for value in one.get("values") or []],
    }
