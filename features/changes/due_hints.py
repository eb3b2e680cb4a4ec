"""Hints whose time has come, each with what was known of its entity."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from features.changes.feeds import Feed
from features.changes.subjects import ONCE
from shared.storage.database import Database

# What was known when events were turned on again is not known any more; but a note is news once. What is found is read
# `now` or a little later: by the clock that all instances share.
_DUE = """
SELECT h.entity_type, h.entity_id, h.kinds, h.facts, h.version, h.attempts, e.read_at,
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
    entity_type: str
    entity_id: int
    kinds: list[str]
    facts: dict[str, Any]
    version: int
    attempts: int
    state: dict[str, Any] | None
    revision: int
    read_at: datetime | None
    now: datetime


def read(database: Database, feed: Feed, limit: int) -> list[Due]:
    """The longest due first."""
    parameters = {"integration_id": feed.integration_id, "begun_at": feed.begun_at, "once": list(ONCE), "limit": limit}
    return database.all(Due, _DUE, parameters)


def put_off(database: Database, integration_id: UUID, due: Due, wait: timedelta) -> None:
    """Nothing for one that a newer hint has replaced meanwhile."""
    asked = {"integration_id": integration_id, "entity_type": due.entity_type, "entity_id": due.entity_id}
    asked |= {"version": due.version, "attempts": due.attempts, "wait": wait}
    database.execute(_LATER, asked)
