"""The bodies of webhooks: forms with nested keys, several entities in one, in the words that they have there.

Sources: amoCRM's documentation, "Webhooks"; bodies in the tests of integrations in production. Conversations have
theirs in :mod:`simulator.talk_bodies`.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from simulator import money, talk_bodies
from simulator.state import Account, Entity


class News(NamedTuple):
    """One entity in a body: `head[action][n]`, or `action[n]` where the head is empty, and what is shown of it."""

    head: str
    action: str
    shown: Entity


# vendor: webhooks.heads (production) Companies come as `contacts` with `type` company, tasks as `task`. What is deleted
# is no more than its id.
# source: bodies that integrations in production read; the notes of one of them
_HEADS = {"companies": "contacts", "tasks": "task", "elements": "catalogs"}
_NUMBERS = {"contacts": 1, "leads": 2, "companies": 3, "customers": 12}
_TYPES = {"contacts": {"type": "contact"}, "companies": {"type": "company"}}
# Of notes, as they were called before the API had names for them.
_NOTES = {"common": 4, "attachment": 5, "call_in": 10, "call_out": 11, "sms_in": 102, "sms_out": 103}
_SYSTEM_NOTE = 25
_MEMBERS = (
    "id",
    "name",
    "catalog_id",
    "status_id",
    "pipeline_id",
    "next_price",
    "next_date",
    "responsible_user_id",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
)
_PLACE = ("status_id", "pipeline_id", "catalog_id")


def news(account: Account, entity_type: str, action: str, entity: Entity, before: Any) -> News:
    """`before`: where a deal was, or whose something was, as its event tells it."""
    if entity_type in talk_bodies.TELLS:
        head, shown = talk_bodies.told(account, entity_type, action, entity)
        return News(head, action, shown)
    head = _HEADS.get(entity_type, entity_type)
    if action == "note":
        return _note(entity_type, head, entity)
    if action == "delete":
        place = {name: entity[name] for name in _PLACE if entity_type != "tasks" and name in entity}
        return News(head, action, {"id": entity["id"]} | place | _TYPES.get(entity_type, {}))
    shown = _task(entity) if entity_type == "tasks" else _entity(account, entity_type, entity)
    if action == "status" and before:
        shown["old_status_id"] = before["lead_status"]["id"]
        shown["old_pipeline_id"] = before["lead_status"]["pipeline_id"]
    if action == "responsible" and before:
        shown["old_responsible_user_id"] = before["responsible_user"]["id"]
    return News(head, action, shown)


def form(account: Account, told: Iterable[News]) -> str:
    """One body of all of these."""
    pairs: list[tuple[str, str]] = []
    numbers: dict[tuple[str, str], int] = {}
    for one in told:
        number = numbers.setdefault((one.head, one.action), 0)
        numbers[one.head, one.action] += 1
        place = f"{one.head}[{one.action}]" if one.head else one.action
        pairs += _flat(f"{place}[{number}]", one.shown)
    links = {"self": f"https://{account.domain}"}
    own = list(_flat("account", {"id": account.id, "subdomain": account.subdomain, "_links": links}))
    # vendor: webhooks.account (production) The account stands first in bodies of messages and of incoming leads that
    # were seen, and last in others.
    # source: bodies that integrations in production have written down
    is_first = any(head in ("", *talk_bodies.HEADS) for head, _ in numbers)
    return urlencode([*own, *pairs] if is_first else [*pairs, *own])


def _entity(account: Account, entity_type: str, entity: Entity) -> Entity:
    shown = {name: entity[name] for name in _MEMBERS if entity.get(name) is not None} | _TYPES.get(entity_type, {})
    if entity_type == "leads":
        shown |= money.members(account, entity["price"])
    shown["custom_fields"] = [
        {"id": one["field_id"], "name": one["field_name"]}
        | ({"code": one["field_code"]} if one["field_code"] else {})
        | {"values": one["values"]}
        for one in entity.get("custom_fields_values") or []
    ]
    if entity.get("_tags"):
        shown["tags"] = entity["_tags"]
    return shown


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
    # vendor: webhooks.tasks (page) `task[add|update|responsible][0]` has id, element_id, element_type (1 contact, 2
    # deal, 3 company, 12 customer), task_type, text, status, responsible_user_id, complete_till. There is no hook of a
    # task that is completed: it is one of a change, with status 1.
    # source: amoCRM's documentation, "Webhooks"; bodies that integrations in production read
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
    # vendor: webhooks.task_closed
    closing = {"action_close": 1} if task.get("_is_closed") else {}
    return shown | closing | {"account_id": task["account_id"]}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """`{"a": [{"b": 1}]}` → `prefix[a][0][b]=1`; yes and no are 1 and 0, and nothing is an empty text."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(f"{prefix}[{key}]", inner)
    else:
        yield prefix, "" if value is None else str(int(value) if isinstance(value, bool) else value)
