"""Hints whose time has come, each with what was known of its entity."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from features.changes.diff import Entity
from features.changes.feeds import Feed
from features.changes.subjects import ENTITIES, ONCE, SUBJECTS
from shared.amocrm.events import updated_at
from shared.storage.database import Database

_HOOK_LATENCY_SECONDS: Final = 60

# What was known when events were turned on again is not known any more; but a note is news once. What is found is read
# `now` or a little later: by the clock that all instances share.
_DUE = """
SELECT h.entity_type, h.entity_id, h.kinds, h.facts, h.version, h.attempts, h.seen_at, e.read_at,
    CASE WHEN e.read_at >= to_timestamp(%(begun_at)s) OR h.entity_type = ANY(%(once)s) THEN e.state END AS state,
    coalesce(e.revision, 0) AS revision, amocrm_now() AS now
FROM amocrm_hints h LEFT JOIN amocrm_entities e USING (integration_id, entity_type, entity_id)
WHERE h.integration_id = %(integration_id)s AND h.due_at <= amocrm_now()
ORDER BY h.due_at, h.seen_at LIMIT %(limit)s
"""
_LATER = """
UPDATE amocrm_hints SET attempts = attempts + 1, due_at = amocrm_now() + %(wait)s
WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s AND entity_id = %(entity_id)s
    AND version = %(version)s AND attempts = %(attempts)s
"""


class Due(Struct, frozen=True):
    """A hint, and what is known: `state` of `read_at`, None where nothing is. `seen_at`: when it was given first."""

    entity_type: str
    entity_id: int
    kinds: list[str]
    facts: dict[str, Any]
    version: int
    attempts: int
    state: dict[str, Any] | None
    revision: int
    seen_at: datetime
    read_at: datetime | None
    now: datetime

    @property
    def path(self) -> str | None:
        """Of the list that it is in; None where nobody knows which."""
        try:
            return ENTITIES[self.entity_type].format_map({**(self.state or {}), **self.facts})
        except KeyError:
            return None

    def may_be_behind(self, listed: Entity) -> bool:
        """Whether the list may show it as it was before it changed; see lists.behind. Deals and contacts that changed
        are found by asking, too; of what only hooks tell, this is the one time that it is looked at."""
        if SUBJECTS[self.entity_type].asked is not None:
            return False
        told_at = self.seen_at.timestamp() - _HOOK_LATENCY_SECONDS
        return updated_at(listed) < max(told_at, self.read_at.timestamp() if self.read_at else 0)


def read(database: Database, feed: Feed, limit: int) -> list[Due]:
    """The longest due first."""
    parameters = {"integration_id": feed.integration_id, "begun_at": feed.begun_at, "once": list(ONCE), "limit": limit}
    return database.all(Due, _DUE, parameters)


def by_list(due: Iterable[Due]) -> dict[str, list[int]]:
    """Path of a list -> the ids of these in it; without those that were tried before in vain, and spoil a list."""
    ids: dict[str, list[int]] = {}
    for one in due:
        if one.attempts == 0 and (path := one.path) is not None:
            ids.setdefault(path, []).append(one.entity_id)
    return ids


def put_off(database: Database, integration_id: UUID, due: Due, wait: timedelta) -> None:
    """Nothing for one that a newer hint has replaced meanwhile."""
    asked = {"integration_id": integration_id, "entity_type": due.entity_type, "entity_id": due.entity_id}
    asked |= {"version": due.version, "attempts": due.attempts, "wait": wait}
    database.execute(_LATER, asked)
