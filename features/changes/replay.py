"""Sending again what an endpoint was told, and for the first time what it was not: it was off, or asked for less."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from features.changes import changes
from features.changes.endpoints import Endpoint
from features.changes.kinds import is_chosen, line
from shared.storage.database import Database
from shared.storage.encryption import DecryptionError, Keyring

_BATCH: Final = 500

# Delivered ones, too: the consumer knows a repetition by its id. What was told since keeps its place behind them.
_AGAIN: Final = """
WITH again AS (
    UPDATE amocrm_sends s SET state = 'waiting', attempts = 0, due_at = amocrm_now(), asked_at = amocrm_now(),
        answer = NULL, refused_since = NULL
    FROM amocrm_changes c, amocrm_endpoints e
    WHERE s.endpoint_id = %(id)s AND c.id = s.change_id AND e.id = s.endpoint_id
      AND e.integration_id = %(integration_id)s AND e.removed_at IS NULL AND s.state <> 'waiting'
      AND (%(ids)s::uuid[] IS NULL OR c.id = ANY(%(ids)s))
      AND (%(since)s::timestamptz IS NULL OR c.created_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR c.created_at < %(until)s)
    RETURNING 1
), woken AS (
    UPDATE amocrm_endpoints SET due_at = amocrm_now(), wakes = wakes + 1
    WHERE id = %(id)s AND EXISTS (SELECT FROM again)
)
SELECT count(*) FROM again
"""
_MISSED: Final = """
SELECT c.id, c.position, c.kind, c.entity_type, c.entity_id, c.document FROM amocrm_changes c
WHERE c.integration_id = %(integration_id)s AND c.position > %(after)s
  AND (%(ids)s::uuid[] IS NULL OR c.id = ANY(%(ids)s))
  AND (%(since)s::timestamptz IS NULL OR c.created_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR c.created_at < %(until)s)
  AND NOT EXISTS (SELECT FROM amocrm_sends s WHERE s.endpoint_id = %(id)s AND s.change_id = c.id)
ORDER BY c.position LIMIT %(batch)s
"""
_SEND: Final = """
WITH new AS (
    INSERT INTO amocrm_sends (endpoint_id, change_id, position, entity)
    SELECT %(id)s, c.id, c.position, wanted.entity
    FROM jsonb_to_recordset(%(changes)s) AS wanted (id uuid, entity text) JOIN amocrm_changes c USING (id)
    WHERE EXISTS (SELECT FROM amocrm_endpoints WHERE id = %(id)s AND removed_at IS NULL)
    ON CONFLICT (endpoint_id, change_id) DO NOTHING
    RETURNING 1
), woken AS (
    UPDATE amocrm_endpoints SET due_at = amocrm_now(), wakes = wakes + 1
    WHERE id = %(id)s AND EXISTS (SELECT FROM new)
)
SELECT count(*) FROM new
"""


class _Missed(Struct, frozen=True):
    id: UUID
    position: int
    kind: str
    entity_type: str
    entity_id: int
    document: bytes


def replay(
    database: Database,
    keyring: Keyring,
    endpoint: Endpoint,
    *,
    ids: Sequence[UUID] | None,
    since: datetime | None,
    until: datetime | None,
) -> int:
    """Sends what was delivered, given up, or not told, as far as the endpoint asks for it now; how many. Those that
    wait are not touched."""
    parameters: dict[str, Any] = {
        "id": endpoint.id,
        "integration_id": endpoint.integration_id,
        "ids": None if ids is None else list(ids),
        "since": since,
        "until": until,
    }
    number, after = database.number(_AGAIN, parameters), 0
    while missed := database.all(_Missed, _MISSED, parameters | {"after": after, "batch": _BATCH}):
        after = missed[-1].position
        wanted = [one for change in missed if (one := _wanted(database, keyring, endpoint, change)) is not None]
        if wanted:
            number += database.number(_SEND, {"id": endpoint.id, "changes": Jsonb(wanted)})
    return number


def _wanted(database: Database, keyring: Keyring, endpoint: Endpoint, change: _Missed) -> dict[str, str] | None:
    """The change, and whose order it keeps: a note's deal or contact is in its document. None also for one that cannot
    be read, which a person is told: it keeps no other from being sent."""
    if not is_chosen(change.kind, endpoint.kinds):
        return None
    try:
        document = msgspec.json.decode(keyring.decrypt(change.document, change.id, "change"))
    except DecryptionError as error:
        changes.unreadable(database, endpoint.integration_id, change.id, error)
        return None
    if not endpoint.asks_for(change.kind, document):
        return None
    return {"id": str(change.id), "entity": line(change.entity_type, change.entity_id, document)}
