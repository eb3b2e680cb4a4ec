"""What happened in an account: its events (`/events`), and the webhooks that tell others.

Sources: amoCRM's documentation, "Events", "Webhooks".
"""

import contextlib
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from simulator import automation, hook_bodies
from simulator.posting import Posting
from simulator.state import Account, Entity, World

# What one of them is called, in events and in the settings of a subscription.
_SINGLE: Final = {
    "leads": "lead",
    "contacts": "contact",
    "companies": "company",
    "customers": "customer",
    "tasks": "task",
    "elements": "catalog",
    "unsorted": "unsorted",
    "talks": "talk",
    "messages": "message",
}
_EVENTS: Final = {"add": "added", "delete": "deleted", "restore": "restored", "status": "status_changed"}
# vendor: events.none (guess) Of incoming leads and of elements of lists there are no events, only hooks and lists.
# Conversations have theirs, of the deal or contact whose they are (see events.talks).
# source: amoCRM's documentation, "Types of events", which names none
_SILENT: Final = ("unsorted", "elements", "talks", "messages")
# vendor: events.notes
_NOTES: Final = {
    "common": "common_note_added",
    "service_message": "service_note_added",
    "extended_service_message": "service_note_added",
    "attachment": "attachment_note_added",
    "geolocation": "geo_note_added",
    "call_in": "incoming_call",
    "call_out": "outgoing_call",
    "sms_in": "incoming_sms",
    "sms_out": "outgoing_sms",
    "invoice_paid": "invoice_paid_note_added",
}


class Journal:
    def __init__(self, world: World) -> None:
        self._world = world
        self.posting = Posting(world)
        self.is_unheard = False

    def tell(
        self,
        account: Account,
        entity_type: str,
        action: str,
        entity: Entity,
        *,
        user_id: int,
        before: Any = None,
        after: Any = None,
    ) -> None:
        """`action`: add, update, delete, restore, status, responsible, note. `before` and `after` are the event's
        values."""
        if self.is_unheard:
            return
        name = self._event_of(entity_type, action, entity)
        if action == "note":
            after = {"note": {"id": entity["id"]}}
        if name is not None:
            values = [[one] if one else [] for one in (before, after)]
            self.record(account, entity_type, name, entity, user_id, *values)
        if entity_type == "leads" and action == "status":
            automation.entered(self._world, account, entity)
            self.posting.hasten(account)
        wanted = f"{action}_{_SINGLE[entity_type]}"
        if entity_type == "messages" and entity["type"] == "outgoing":
            wanted = "add_outgoing_message"
        for hook in account.hooks.values():
            if wanted in hook.entry["settings"] and not hook.entry["disabled"]:
                self.posting.bring(hook, hook_bodies.news(account, entity_type, action, entity, before))

    def _event_of(self, entity_type: str, action: str, entity: Entity) -> str | None:
        if entity_type in _SILENT:
            return None
        if action == "responsible":
            return "entity_responsible_changed"
        if action == "note":
            return _NOTES[entity["note_type"]]
        return f"{_SINGLE[entity_type]}_{_EVENTS[action]}" if action in _EVENTS else None

    @contextlib.contextmanager
    def unheard(self) -> Iterator[None]:
        """What happens inside is told nowhere."""
        self.is_unheard = True
        try:
            yield
        finally:
            self.is_unheard = False

    def record(
        self,
        account: Account,
        entity_type: str,
        name: str,
        entity: Entity,
        user_id: int,
        before: list[Any],
        after: list[Any],
        **more: Any,
    ) -> None:
        """An event, of which no webhook tells by itself."""
        if self.is_unheard:
            return
        event = {
            "id": uuid4().hex[:26],
            "type": name,
            "entity_id": entity["entity_id"] if "note_type" in entity else entity["id"],
            "entity_type": _SINGLE[entity_type],
            "created_by": user_id,
            "created_at": self._world.now(),
            "value_after": after,
            "value_before": before,
            "account_id": account.id,
        }
        account.events.append(event | more)
