"""What happened in the account. Source: amoCRM's "Events"."""

from simulator.answers import Answer, document, not_found
from simulator.call import Call
from simulator.rights import sees
from simulator.state import Entity

_MOST_ON_A_PAGE = 100
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
    "company_deleted",
    "company_restored",
    "customer_added",
    "customer_deleted",
    "customer_status_changed",
    "task_added",
    "task_completed",
    "task_deadline_changed",
    "task_deleted",
    "task_result_added",
    "task_text_changed",
    "task_type_changed",
    "talk_created",
    "talk_closed",
    "incoming_chat_message",
    "outgoing_chat_message",
    "invoice_paid_note_added",
    "common_note_added",
    "attachment_note_added",
    "geo_note_added",
    "service_note_added",
    "incoming_call",
    "outgoing_call",
    "incoming_sms",
    "outgoing_sms",
)
_OWNERS = {"lead": "leads", "contact": "contacts", "company": "companies", "customer": "customers"}


def page(call: Call) -> Answer:
    """The newest first. `filter[type]` is a list, parted by commas or repeated."""
    kinds = {one for value in call.parameters(r"filter\[type\](\[\d*\])?") for one in value.split(",")}
    singles = set(call.parameters(r"filter\[entity\](\[\d*\])?"))
    found = [
        event
        for event in reversed(call.account.events)
        if (not kinds or event["type"] in kinds)
        and (not singles or event["entity_type"] in singles)
        and call.is_chosen(event, "entity_id", "created_by")
        and call.is_between(event, "created_at")
        and _may_be_seen(call, event)
    ]
    # vendor: events.page - more are not refused (guess), but not shown either
    return call.page("events", found, lambda event: _view(call, event), most=_MOST_ON_A_PAGE)


def _may_be_seen(call: Call, event: Entity) -> bool:
    """As its deal, contact or company; what is gone was somebody's, and nobody asks any more whose."""
    owner = _OWNERS.get(event["entity_type"])
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
    owner = (_OWNERS | {"task": "tasks"})[event["entity_type"]]
    entity = {"id": event["entity_id"], "_links": {"self": call.link(f"/{owner}/{event['entity_id']}")}}
    # vendor: events.talks (production) Conversations are talk_created, talk_closed, incoming_chat_message and
    # outgoing_chat_message, of a deal or, where there is none, of a contact: `value_after[0].message` has the id that
    # the hook has, origin and talk_id, and never the text; `_embedded.entity.linked_talk_contact_id` says whose it is.
    # source: integrations in production that read both, one of them by the same id
    if "_contact" in event:
        entity["linked_talk_contact_id"] = event["_contact"]
    links = {"self": call.link(f"/events/{event['id']}")}
    shown = {name: value for name, value in event.items() if not name.startswith("_")}
    return shown | {"_links": links, "_embedded": {"entity": entity}}
