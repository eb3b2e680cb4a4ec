"""What webhooks show of conversations: incoming leads, talks, and messages.

Sources: amoCRM's documentation, "Webhooks"; bodies that integrations in production read or have written down.
"""

from typing import Final

from simulator.state import Account, Entity

HEADS: Final = ("unsorted", "talk", "message", "outgoing_message")
TELLS: Final = ("unsorted", "talks", "messages")
_LEAD: Final = 2
_TALK: Final = (
    *("talk_id", "created_at", "updated_at", "rate", "contact_id", "chat_id"),
    *("entity_id", "entity_type", "is_in_work", "is_read", "origin"),
)


def told(account: Account, entity_type: str, action: str, entity: Entity) -> tuple[str, Entity]:
    """The head, and what stands below it."""
    if entity_type == "unsorted":
        return "unsorted", _incoming(entity, action)
    if entity_type == "talks":
        # vendor: webhooks.talks (production) `talk[add|update][0]` has talk_id and no id; one that is closed is a
        # change with is_in_work 0.
        # source: amoCRM's documentation, "Webhooks"; an integration in production that counts closed talks by it
        return "talk", {name: entity[name] for name in _TALK}
    return _message(account, entity)


def _message(account: Account, message: Entity) -> tuple[str, Entity]:
    # vendor: webhooks.messages (production) A visitor's message is `message[add][0]` (with some accounts the bare
    # `add[0]`), one to a visitor `outgoing_message[add][0]`. Its id is a UUID; element_id, element_type, entity_id and
    # entity_type are there only where its talk belongs to a deal. The author of a visitor's is `external`.
    # source: amoCRM's documentation, "Webhooks"; bodies that integrations in production have written down
    shown = {name: value for name, value in message.items() if not name.startswith("_") and value is not None}
    if message.get("entity_id") is not None:
        shown |= {"element_id": message["entity_id"], "element_type": _LEAD}
    if message["type"] == "outgoing":
        return "outgoing_message", shown
    return "" if account.bare_messages else "message", shown


def _incoming(one: Entity, action: str) -> Entity:
    """`add` and `update` say what waits, `delete` what has become of it."""
    # vendor: webhooks.unsorted (page) `unsorted[add][0]` has uid, category, source_uid, source_data, pipeline_id,
    # lead_id and `data[leads|contacts][0][id]`; `unsorted[delete][0]` says action (accept, decline) and
    # `[accept_result][leads][0]` or `[decline_result][leads][0]`. Of a conversation source_data has `client[id|name]`,
    # `origin[chat_id]` and the messages, `data[0][id|text|date|manager]`; each further one is `unsorted[update][0]`.
    # source: amoCRM's documentation, "Webhooks"; bodies that integrations in production read
    shown = {name: one[name] for name in ("uid", "category", "source_uid", "pipeline_id", "created_at")}
    leads, contacts = one["_embedded"]["leads"], one["_embedded"]["contacts"]
    if action == "delete":
        result = f"{one['action']}_result"
        return shown | {"action": one["action"], result: {"leads": [lead["id"] for lead in leads]}}
    source = one.get("_source_data") or {"source": one["source_name"], "data": one["metadata"]}
    first = {"lead_id": leads[0]["id"]} if leads else {}
    return shown | first | {"source_data": source, "data": {"leads": leads, "contacts": contacts}}
