"""What happened in an account: its events (`/events`), and the webhooks that tell others.

Sources: amoCRM's documentation, "Events", "Webhooks".
"""

import contextlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from simulator import automation, hook_bodies
from simulator.posting import Posting
from simulator.state import Account, Entity, World

_PLURALS = {"leads": "lead", "contacts": "contact", "companies": "company", "tasks": "task", "unsorted": "unsorted"}
_EVENTS = {"add": "added", "delete": "deleted", "restore": "restored", "status": "status_changed"}
# vendor: events.notes
_NOTES = {
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
        single = _PLURALS[entity_type]
        name = self._event_of(single, action, entity)
        if action == "note":
            after = {"note": {"id": entity["id"]}}
        if name is not None:
            values = [[one] if one else [] for one in (before, after)]
            account.events.append(self._event(account, name, single, entity, user_id, *values))
        if entity_type == "leads" and action == "status":
            automation.entered(self._world, account, entity)
            self.posting.hasten(account)
        for hook in account.hooks.values():
            if f"{action}_{single}" in hook.entry["settings"] and not hook.entry["disabled"]:
                self.posting.bring(hook, hook_bodies.news(account, entity_type, action, entity, before))

    def _event_of(self, single: str, action: str, entity: Entity) -> str | None:
        if action == "responsible":
            return "entity_responsible_changed"
        if action == "note":
            return _NOTES[entity["note_type"]]
        return f"{single}_{_EVENTS[action]}" if action in _EVENTS and single != "unsorted" else None

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
        before: list[Entity],
        after: list[Entity],
    ) -> None:
        """An event that no webhook tells of."""
        if self.is_unheard:
            return
        account.events.append(self._event(account, name, _PLURALS[entity_type], entity, user_id, before, after))

    def _event(
        self,
        account: Account,
        name: str,
        single: str,
        entity: Entity,
        user_id: int,
        before: list[Any],
        after: list[Any],
    ) -> Entity:
        return {
            "id": uuid4().hex[:26],
            "type": name,
            "entity_id": entity["entity_id"] if "note_type" in entity else entity["id"],
            "entity_type": single,
            "created_by": user_id,
            "created_at": self._world.now(),
            "value_after": after,
            "value_before": before,
            "account_id": account.id,
        }
