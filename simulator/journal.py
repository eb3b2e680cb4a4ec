"""What happened in an account: its events (`/events`), and the webhooks that tell others.

A webhook's body is a form with nested keys, unsigned. Webhooks of one address are sent in order; a failing one is
repeated, and is switched off after many failures. Sources: amoCRM's documentation, "Events", "Webhooks".
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp

from simulator import automation, money
from simulator.state import Account, Entity, World

# vendor: webhooks.form (page) A webhook is a form with nested keys, not signed, that must be answered within 2 seconds.
# source: amoCRM's documentation, "Webhooks"
TIMEOUT_SECONDS = 2.0
# vendor: webhooks.repeat (guess) A failing webhook is repeated in order, and is switched off after 20 failures in a
# row.
# source: the documentation says that hooks which keep failing are switched off; the number is ours
MOST_FAILURES = 20  # in a row; then the webhook is switched off
_RETRY_SECONDS = 0.5
_PLURALS = {"leads": "lead", "contacts": "contact", "companies": "company", "tasks": "task", "unsorted": "unsorted"}


@dataclass
class Hook:
    """A subscription, and what is yet to be sent to it."""

    entry: Entity
    waiting: deque[str] = field(default_factory=deque)
    failures: int = 0


@dataclass
class Weather:
    """How hooks fare on their way: the share of them that is lost, comes twice, or before an earlier one."""

    lost: float = 0.0
    doubled: float = 0.0
    overtaking: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def bring(self, waiting: deque[str], body: str) -> None:
        if self._random.random() < self.lost:
            return
        for _ in range(2 if self._random.random() < self.doubled else 1):
            if waiting and self._random.random() < self.overtaking:
                waiting.insert(self._random.randrange(len(waiting) + 1), body)
            else:
                waiting.append(body)


class Journal:
    def __init__(self, world: World) -> None:
        self._world = world
        self.weather = Weather()
        self._arrived = asyncio.Event()
        self.is_unheard = False
        self.sent = 0
        self.once: deque[tuple[str, int | None, str]] = deque(maxlen=500)  # what was sent once, and the answers

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
        """`action`: add, update, delete, status, responsible, note. `before` and `after` are the event's values."""
        kind = {"add": "added", "delete": "deleted", "status": "status_changed"}
        if self.is_unheard:
            return
        single = _PLURALS[entity_type]
        name = f"{single}_{kind[action]}" if action in kind and single != "unsorted" else None
        if action == "responsible":
            name = "entity_responsible_changed"
        if action == "note":
            name, after = f"{entity['note_type']}_note_added", {"note": {"id": entity["id"]}}
        if name is not None:
            values = [[one] if one else [] for one in (before, after)]
            account.events.append(self._event(account, name, single, entity, user_id, *values))
        body = urlencode([*_flat(f"{entity_type}[{action}][0]", _hooked(account, entity_type, action, entity, before)),
                          *_flat("account", {"id": account.id, "subdomain": account.subdomain})])  # fmt: skip
        if entity_type == "leads" and action == "status":
            automation.entered(self._world, account, entity)
            self.hasten(account)
        for hook in account.hooks.values():
            if _setting(single, action) in hook.entry["settings"] and not hook.entry["disabled"]:
                self.weather.bring(hook.waiting, body)
                self._arrived.set()

    @contextlib.contextmanager
    def unheard(self) -> Iterator[None]:
        """What happens inside is told nowhere."""
        self.is_unheard = True
        try:
            yield
        finally:
            self.is_unheard = False

    def hasten(self, account: Account) -> None:
        """What an account sends once is to be sent now."""
        if account.outbox:
            self._arrived.set()

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

    async def send_all(self) -> None:
        """Sends what is waiting, until it is cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)) as session:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                await asyncio.gather(*(self._send_once(session, one) for one in self._world.accounts.values()))
                hooks = [hook for account in self._world.accounts.values() for hook in account.hooks.values()]
                results = await asyncio.gather(*(self._send(session, hook) for hook in hooks if hook.waiting))
                if not all(results):
                    await asyncio.sleep(_RETRY_SECONDS)
                    self._arrived.set()

    async def _send_once(self, session: aiohttp.ClientSession, account: Account) -> None:
        """Whatever becomes of it, it is not repeated."""
        while account.outbox:
            url, kind, body = account.outbox.popleft()
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(url, data=body, headers={"Content-Type": kind}) as answer:
                    self.once.append((url, answer.status, body))
                    continue
            self.once.append((url, None, body))

    async def _send(self, session: aiohttp.ClientSession, hook: Hook) -> bool:
        """Everything that waits for this address, in order, up to the first failure."""
        while hook.waiting and not hook.entry["disabled"]:
            is_taken = False
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                async with session.post(hook.entry["destination"], data=hook.waiting[0], headers=headers) as answer:
                    is_taken = 200 <= answer.status < 300
            if not is_taken:
                hook.failures += 1
                hook.entry["disabled"] = hook.failures >= MOST_FAILURES
                return False
            hook.failures = 0
            hook.waiting.popleft()
            self.sent += 1
        return True


def _setting(single: str, action: str) -> str:
    return f"{action}_{single}"


def _hooked(account: Account, entity_type: str, action: str, entity: Entity, before: Any) -> Entity:
    """The entity as a webhook shows it."""
    if action == "note":
        note = {"id": entity["id"], "note_type": entity["note_type"], "element_id": entity["entity_id"]}
        return {"note": note | {"text": entity["params"].get("text", ""), "created_at": entity["created_at"]}}
    if entity_type == "unsorted":
        return _incoming(entity, action)
    shown = {name: entity[name] for name in _MEMBERS if entity.get(name) is not None}
    if entity_type == "leads":
        shown |= money.members(account, entity["price"])
    shown["custom_fields"] = [
        {"id": one["field_id"], "name": one["field_name"], "values": one["values"]}
        for one in entity.get("custom_fields_values") or []
    ]
    if action == "status" and before:
        shown["old_status_id"] = before["lead_status"]["id"]
        shown["old_pipeline_id"] = before["lead_status"]["pipeline_id"]
    return shown


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


_MEMBERS = (
    "id",
    "name",
    "status_id",
    "pipeline_id",
    "price",
    "responsible_user_id",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
    "text",
    "complete_till",
    "entity_id",
    "entity_type",
)


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """`{"a": [{"b": 1}]}` → `prefix[a][0][b]=1`."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(f"{prefix}[{key}]", inner)
    else:
        yield prefix, str(value)
