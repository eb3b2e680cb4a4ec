"""The bodies of webhooks: forms with nested keys, several entities in one, in the words that they have there.

Sources: amoCRM's documentation, "Webhooks"; bodies in the tests of integrations in production.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from simulator import money
from simulator.state import Account, Entity


class News(NamedTuple):
    """One entity in a body: `head[action][n]`, and what is shown of it."""

    head: str
    action: str
    shown: Entity


# vendor: webhooks.heads (production) Companies come as `contacts` with `type` company, tasks as `task`. What is deleted
# is no more than its id.
# source: bodies that integrations in production read; the notes of one of them
_HEADS = {"companies": "contacts", "tasks": "task"}
_NUMBERS = {"contacts": 1, "leads": 2, "companies": 3}
# Of notes, as they were called before the API had names for them.
_NOTES = {"common": 4, "attachment": 5, "call_in": 10, "call_out": 11, "sms_in": 102, "sms_out": 103}
_SYSTEM_NOTE = 25
_MEMBERS = (
    "id",
    "name",
    "status_id",
    "pipeline_id",
    "responsible_user_id",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
)


def news(account: Account, entity_type: str, action: str, entity: Entity, before: Any) -> News:
    """`before`: where a deal was, as its event tells it."""
    head = _HEADS.get(entity_type, entity_type)
    if action == "note":
        return _note(entity_type, head, entity)
    if entity_type == "unsorted":
        return News(head, action, _incoming(entity, action))
    if entity_type == "tasks":
        return News(head, action, _task(entity))
    kind = {} if entity_type == "leads" else {"type": "company" if entity_type == "companies" else "contact"}
    if action == "delete":
        place = {name: entity[name] for name in ("status_id", "pipeline_id") if name in entity}
        return News(head, action, {"id": entity["id"]} | place | kind)
    shown = {name: entity[name] for name in _MEMBERS if entity.get(name) is not None} | kind
    if entity_type == "leads":
        shown |= money.members(account, entity["price"])
    shown["custom_fields"] = [
        {"id": one["field_id"], "name": one["field_name"], "values": one["values"]}
        for one in entity.get("custom_fields_values") or []
    ]
    if entity.get("_tags"):
        shown["tags"] = entity["_tags"]
    if action == "status" and before:
        shown["old_status_id"] = before["lead_status"]["id"]
        shown["old_pipeline_id"] = before["lead_status"]["pipeline_id"]
    return News(head, action, shown)


def form(account: Account, told: Iterable[News]) -> str:
    """One body of all of these."""
    pairs: list[tuple[str, str]] = []
    numbers: dict[tuple[str, str], int] = {}
    for one in told:
        number = numbers.setdefault((one.head, one.action), 0)
        numbers[one.head, one.action] += 1
        pairs += _flat(f"{one.head}[{one.action}][{number}]", one.shown)
    return urlencode([*pairs, *_flat("account", {"id": account.id, "subdomain": account.subdomain})])


def _note(entity_type: str, head: str, note: Entity) -> News:
    text = note["params"].get("text")
    shown = {
        "id": note["id"],
        "note_type": _NOTES.get(note["note_type"], _SYSTEM_NOTE),
        "element_id": note["entity_id"],
        "element_type": _NUMBERS[entity_type],
        "text": json.dumps(note["params"]) if text is None else text,
        "created_by": note["created_by"],
        "date_create": note["created_at"],
    }
    # vendor: webhooks.notes (production) A note comes as `leads[note][0][note]` or as `note_lead[add][0]`, and nobody
    # knows which (guess: either, in turn).
    # source: bodies in the tests of integrations in production, some of the one kind and some of the other
    if note["id"] % 2:
        return News(f"note_{'company' if entity_type == 'companies' else entity_type[:-1]}", "add", shown)
    return News(head, "note", {"note": shown})


def _task(task: Entity) -> Entity:
    shown = {
        "id": task["id"],
        "element_id": task["entity_id"] or 0,
        "element_type": _NUMBERS.get(task["entity_type"] or "", 0),
        "task_type": task["task_type_id"],
        "text": task["text"],
        "status": int(task["is_completed"]),
        "created_user_id": task["created_by"],
        "responsible_user_id": task["responsible_user_id"],
        "date_create": task["created_at"],
        "complete_till": task["complete_till"],
    }
    return shown | {"account_id": task["account_id"]}


def _incoming(one: Entity, action: str) -> Entity:
    """`add` says what waits, `delete` what has become of it."""
    # vendor: webhooks.unsorted (page) `unsorted[add][0]` has uid, category, source_uid, source_data, pipeline_id,
    # lead_id and `data[leads|contacts][0][id]`; `unsorted[delete][0]` says action (accept, decline) and
    # `[accept_result][leads][0]` or `[decline_result][leads][0]`.
    # source: amoCRM's documentation, "Webhooks"; bodies that integrations in production read
    shown = {name: one[name] for name in ("uid", "category", "source_uid", "pipeline_id", "created_at")}
    leads, contacts = one["_embedded"]["leads"], one["_embedded"]["contacts"]
    if action == "delete":
        result = f"{one['action']}_result"
        return shown | {"action": one["action"], result: {"leads": [lead["id"] for lead in leads]}}
    source = {"source": one["source_name"], "data": one["metadata"]}
    first = {"lead_id": leads[0]["id"]} if leads else {}
    return shown | first | {"source_data": source, "data": {"leads": leads, "contacts": contacts}}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """`{"a": [{"b": 1}]}` → `prefix[a][0][b]=1`."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(f"{prefix}[{key}]", inner)
    else:
        yield prefix, str(value)
