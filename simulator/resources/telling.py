"""What an account's events and webhooks tell of a deal, contact, company or customer that was made, changed or linked.

An event says which one thing has happened; a hook shows the whole entity, as it is when it is made.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from simulator.call import Call
from simulator.state import Entity

# A member's event, and what its value is called there.
_BY_NAME = {
    "name": ("name_field_changed", "name_field_value", "name"),
    "price": ("sale_field_changed", "sale_field_value", "sale"),
    "next_price": ("sale_field_changed", "sale_field_value", "sale"),
}


def made(call: Call, entity_type: str, entity: Entity) -> None:
    """It is there, with all that it was made with."""
    call.tell(entity_type, "add", entity)
    # vendor: events.at_making (guess) A deal or contact that is made with values, tags or links is told of with these
    # as well: an event for each, and a hook that says that it has changed, beside the one that it was made.
    # source: none found; the harder case is taken
    is_more = _values(call, entity_type, {"custom_fields_values": None}, entity)
    is_more = _tags(call, entity_type, {}, entity) or is_more
    if is_more:
        call.tell(entity_type, "update", entity)
    for link in call.account.links[entity["id"]] if entity_type == "leads" else ():
        linked(call, entity, link)


def changed(call: Call, entity_type: str, before: Entity, after: Entity) -> None:
    places = [_place(entity_type, one) for one in (before, after)]
    if places[0] != places[1]:
        call.tell(entity_type, "status", after, before=places[0], after=places[1])
    users = [{"responsible_user": {"id": one["responsible_user_id"]}} for one in (before, after)]
    if users[0] != users[1]:
        call.tell(entity_type, "responsible", after, before=users[0], after=users[1])
    for name in _BY_NAME:
        member(call, entity_type, name, before, after)
    _values(call, entity_type, before, after)
    _tags(call, entity_type, before, after)
    call.tell(entity_type, "update", after)


def _place(entity_type: str, entity: Entity) -> Entity:
    # vendor: events.customers (page) customer_added, customer_deleted, customer_status_changed with
    # `customer_status.id`; no hook tells of a customer's status by itself.
    # source: amoCRM's documentation, "Types of events"
    if entity_type == "customers":
        return {"customer_status": {"id": entity.get("status_id")}}
    return {"lead_status": {"id": entity.get("status_id"), "pipeline_id": entity.get("pipeline_id")}}


def member(call: Call, entity_type: str, name: str, before: Entity, after: Entity) -> None:
    """Its name or its budget; no hook says which of them it was."""
    # vendor: events.name (production) Another name is an event `name_field_changed`, whose `value_before` and
    # `value_after` hold the names: [{"name_field_value": {"name": ...}}]. A budget's is `sale_field_value`, `sale`.
    # source: integrations in production in PHP, Python and Go that read them; amoCRM's documentation, "Types of events"
    kind, value, inner = _BY_NAME[name]
    if before.get(name) != after.get(name):
        told = [[{value: {inner: one.get(name)}}] for one in (before, after)]
        call.record(entity_type, kind, after, before=told[0], after=told[1])


def linked(call: Call, lead: Entity, link: Entity) -> None:
    _of_link(call, "entity_linked", lead, link)


def unlinked(call: Call, lead: Entity, link: Entity) -> None:
    _of_link(call, "entity_unlinked", lead, link)


def _values(call: Call, entity_type: str, before: Entity, after: Entity) -> bool:
    # vendor: events.field_values (production) Its `value_before` and `value_after` hold the values:
    # [{"custom_field_value": {"field_id": 1, "enum_id": null, "text": "..."}}], and nothing where there was none.
    # source: three integrations in production, in PHP, JavaScript and PowerShell, that read field_id, enum_id and text
    # vendor: events.fields (page) Each changed field is an event `custom_field_ID_value_changed`.
    # source: amoCRM's documentation, "Types of events"; integrations in production that count them by the field's id
    fields = [{one["field_id"]: one for one in e["custom_fields_values"] or []} for e in (before, after)]
    ids = [id_ for id_ in fields[0] | fields[1] if _inside(fields[0].get(id_)) != _inside(fields[1].get(id_))]
    for id_ in ids:
        told = [[_said(id_, one) for one in _inside(of_one.get(id_))] for of_one in fields]
        call.record(entity_type, f"custom_field_{id_}_value_changed", after, before=told[0], after=told[1])
    return bool(ids)


def _said(field_id: int, value: Entity) -> Entity:
    text = None if value.get("value") is None else str(value["value"])
    return {"custom_field_value": {"field_id": field_id, "enum_id": value.get("enum_id"), "text": text}}


def _inside(field: Entity | None) -> list[Entity]:
    return [] if field is None else list(field["values"])


def _tags(call: Call, entity_type: str, before: Entity, after: Entity) -> bool:
    # vendor: events.tags (production) Tags that are put on or taken off are events `entity_tag_added` and
    # `entity_tag_deleted`, each with its name.
    # source: integrations in production that read `value_after[0].tag.name`
    names = [[tag["name"] for tag in one.get("_tags", [])] for one in (before, after)]
    added, deleted = ([name for name in names[one] if name not in names[1 - one]] for one in (1, 0))
    for name in added:
        call.record(entity_type, "entity_tag_added", after, after=[{"tag": {"name": name}}])
    for name in deleted:
        call.record(entity_type, "entity_tag_deleted", after, before=[{"tag": {"name": name}}])
    return bool(added or deleted)


def _of_link(call: Call, kind: str, lead: Entity, link: Entity) -> None:
    """Both ends hear of it; a list's element has no events of its own."""
    # vendor: events.links (page) A link is an event `entity_linked` or `entity_unlinked` (guess: of both ends, each of
    # which is told in a hook as changed, and has changed by its own time).
    # source: amoCRM's documentation, "Types of events"; the hooks of both ends are ours
    for entity_type, entity, other in _ends(call, lead, link):
        if call.journal.is_unheard:
            continue
        entity["updated_at"] = call.world.now()
        told = [{"link": {"entity": other}}]
        call.record(entity_type, kind, entity, **{"after" if kind == "entity_linked" else "before": told})
        call.tell(entity_type, "update", entity)


def _ends(call: Call, lead: Entity, link: Entity) -> Iterator[tuple[str, Entity, dict[str, Any]]]:
    other, single = link["to_entity_id"], {"contacts": "contact", "companies": "company"}.get(link["to_entity_type"])
    yield "leads", lead, {"type": single or "catalog_element", "id": other}
    if single is not None and other in call.account.entities(link["to_entity_type"]):
        there = call.account.entities(link["to_entity_type"])[other]
        yield link["to_entity_type"], there, {"type": "lead", "id": lead["id"]}


def of_links(before: Iterable[Entity], after: Iterable[Entity]) -> tuple[list[Entity], list[Entity]]:
    """Those that are new, or have another quantity; and those that are gone."""
    old, new = list(before), list(after)

    def place(one: Entity) -> tuple[str, int]:
        return one["to_entity_type"], one["to_entity_id"]

    places = {place(one) for one in new}
    return [one for one in new if one not in old], [one for one in old if place(one) not in places]
