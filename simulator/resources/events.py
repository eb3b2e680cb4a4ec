"""What happened in the account. Source: amoCRM's "Events"."""

from simulator.answers import Answer, document, not_found
from simulator.call import Call
from simulator.rights import sees
from simulator.state import Entity

_TYPES = (
    "lead_added",
    "lead_deleted",
    "lead_status_changed",
    "lead_restored",
    "entity_responsible_changed",
    "entity_tag_added",
    "entity_tag_deleted",
    "entity_linked",
    "entity_unlinked",
    "name_field_changed",
    "sale_field_changed",
    "contact_added",
    "contact_deleted",
    "contact_restored",
    "company_added",
    "task_added",
    "common_note_added",
    "attachment_note_added",
    "geo_note_added",
    "service_note_added",
    "incoming_call",
    "outgoing_call",
    "incoming_sms",
    "outgoing_sms",
)


def page(call: Call) -> Answer:
    """The newest first. `filter[type]` is a list, parted by commas or repeated."""
    kinds = {one for value in call.parameters(r"filter\[type\](\[\d*\])?") for one in value.split(",")}
    singles = set(call.parameters(r"filter\[entity\](\[\d*\])?"))
    entities = set(call.parameters(r"filter\[entity_id\](\[\d*\])?"))
    since = call.parameters(r"filter\[created_at\]\[from\]")
    found = [
        event
        for event in reversed(call.account.events)
        if (not kinds or event["type"] in kinds)
        and (not singles or event["entity_type"] in singles)
        and (not entities or str(event["entity_id"]) in entities)
        and (not since or event["created_at"] >= int(since[0]))
        and _may_be_seen(call, event)
    ]
    return call.page("events", found, lambda event: _view(call, event))


def _may_be_seen(call: Call, event: Entity) -> bool:
    """As its deal, contact or company; what is gone was somebody's, and nobody asks any more whose."""
    owner = {"lead": "leads", "contact": "contacts", "company": "companies"}.get(event["entity_type"])
    there = call.account.entities(owner).get(event["entity_id"]) if owner else None
    return owner is None or there is None or sees(call, owner, there)


def read(call: Call, event_id: str) -> Answer:
    event = next((one for one in call.account.events if one["id"] == event_id), None)
    if event is None:
        raise not_found()
    return document(_view(call, event))


def types(call: Call) -> Answer:
    shown = [{"key": name, "type": 1, "lang": name} for name in _TYPES]
    return document({"_total_items": len(shown), "_embedded": {"events_types": shown}})


def _view(call: Call, event: Entity) -> Entity:
    owner = {"lead": "leads", "contact": "contacts", "company": "companies", "task": "tasks"}[event["entity_type"]]
    entity = {"id": event["entity_id"], "_links": {"self": call.link(f"/{owner}/{event['entity_id']}")}}
    links = {"self": call.link(f"/events/{event['id']}")}
    return event | {"_links": links, "_embedded": {"entity": entity}}
