"""Changes: what has happened, each stored together with who is told of it and what is known from now on."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from features.changes.diff import State
from features.changes.endpoints import MOST_FAILURES, NEWS_WAITS
from features.changes.kinds import line
from shared.platform import logs
from shared.platform.messages import say
from shared.platform.secret import Guarded
from shared.storage import event_log
from shared.storage.database import Database
from shared.storage.encryption import DecryptionError, Keyring

# All of it or nothing, once: who comes second, or again, finds another revision and changes nothing. An endpoint may be
# due in hours, when one message that it refuses is tried again: that is no reason for this one to wait.
_STORE = """
WITH known AS (
    INSERT INTO amocrm_entities AS old (integration_id, entity_type, entity_id, state, read_at)
    SELECT %(integration_id)s, %(entity_type)s, %(entity_id)s, %(state)s, %(read_at)s
    WHERE %(revision)s = 0 OR EXISTS (SELECT FROM amocrm_entities WHERE integration_id = %(integration_id)s
        AND entity_type = %(entity_type)s AND entity_id = %(entity_id)s AND revision = %(revision)s)
    ON CONFLICT (integration_id, entity_type, entity_id) DO UPDATE
        SET state = excluded.state, read_at = excluded.read_at, revision = old.revision + 1
        WHERE old.revision = %(revision)s
    RETURNING revision
), gone AS (
    DELETE FROM amocrm_hints WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s
        AND entity_id = %(entity_id)s AND version = %(version)s AND EXISTS (SELECT FROM known)
), told AS (
    INSERT INTO amocrm_changes (id, integration_id, kind, entity_type, entity_id, document)
    SELECT id, %(integration_id)s, kind, %(entity_type)s, %(entity_id)s, decode(document, 'hex')
    FROM jsonb_to_recordset(%(changes)s) AS one (n integer, id uuid, kind text, document text), known
    ORDER BY n
    RETURNING id, position
), sent AS (
    INSERT INTO amocrm_sends (endpoint_id, change_id, position, entity)
    SELECT wanted.endpoint_id, told.id, told.position, %(entity)s
    FROM told JOIN jsonb_to_recordset(%(sends)s) AS wanted (change_id uuid, endpoint_id uuid) ON change_id = told.id
    RETURNING endpoint_id
), woken AS (
    UPDATE amocrm_endpoints SET wakes = wakes + 1,
        due_at = least(coalesce(due_at, amocrm_now()), amocrm_now() +
            CASE WHEN failures > %(most_failures)s THEN %(news_waits)s ELSE interval '0' END)
    WHERE id IN (SELECT endpoint_id FROM sent)
)
SELECT count(*) FROM known
"""
_DROP = """
DELETE FROM amocrm_hints WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s
    AND entity_id = %(entity_id)s AND version = %(version)s
"""
_PAGE = """
SELECT c.id, c.position, c.kind, c.entity_type, c.entity_id, c.created_at,
    coalesce((SELECT jsonb_agg(jsonb_build_object('endpoint_id', s.endpoint_id, 'state', s.state,
        'attempts', s.attempts, 'answered_at', s.answered_at, 'answer', s.answer) ORDER BY s.endpoint_id)
     FROM amocrm_sends s WHERE s.change_id = c.id), '[]') AS sends
FROM amocrm_changes c WHERE c.integration_id = %(integration_id)s
    AND (%(before)s::bigint IS NULL OR c.position < %(before)s)
    AND (%(only)s::uuid IS NULL OR c.id = %(only)s)
ORDER BY c.position DESC LIMIT %(limit)s
"""
_DOCUMENT = "SELECT document FROM amocrm_changes WHERE id = %(id)s AND integration_id = %(integration_id)s"


class Change(Struct, frozen=True):
    """One thing to tell: `document` is what consumers get, without its envelope."""

    kind: str
    document: dict[str, Any]
    endpoints: Collection[UUID]


class ListedChange(Struct, frozen=True):
    """A change as people see it: what has happened to what, and whom it has reached."""

    id: UUID
    position: int
    kind: str
    entity_type: str
    entity_id: int
    created_at: datetime
    sends: list[dict[str, Any]]


class _Document(Guarded, frozen=True):
    HIDDEN = ("document",)

    document: bytes


class Place(Struct, frozen=True):
    """What a hint is about, and what was known of it when it was read. `revision` 0: nothing was known."""

    integration_id: UUID
    entity_type: str
    entity_id: int
    version: int
    revision: int


def store(
    database: Database, keyring: Keyring, place: Place, state: State, read_at: datetime, found: Sequence[Change]
) -> None:
    """Stores what is news, who is told, and what is known from now on, and takes the hint away, in one statement.

    A hint that was given again since it was read stays. Ids follow from the place and its revision, so that whatever is
    repeated is the same change.
    """
    changes, sends = [], []
    for number, change in enumerate(found):
        name = f"{place.entity_type}:{place.entity_id}:{place.revision}:{number}:{read_at.isoformat()}"
        change_id = uuid5(place.integration_id, name)
        document = msgspec.json.encode(change.document).decode()
        sealed = keyring.encrypt(document, change_id, "change").hex()
        changes.append({"n": number, "id": str(change_id), "kind": change.kind, "document": sealed})
        sends += [{"change_id": str(change_id), "endpoint_id": str(one)} for one in change.endpoints]
    parameters = msgspec.structs.asdict(place) | {
        "state": Jsonb(state),
        "read_at": read_at,
        "entity": line(place.entity_type, place.entity_id, found[0].document) if found else "",
        "changes": Jsonb(changes),
        "sends": Jsonb(sends),
        "most_failures": MOST_FAILURES,
        "news_waits": NEWS_WAITS,
    }
    database.number(_STORE, parameters)


def drop(database: Database, place: Place) -> None:
    """The hint leads nowhere."""
    database.execute(_DROP, msgspec.structs.asdict(place))


def page(
    database: Database, integration_id: UUID, before: int | None, limit: int, only: UUID | None = None
) -> list[ListedChange]:
    """Changes, the newest first; `before` is the position of the last one already read; `only` the one of this id."""
    asked = {"integration_id": integration_id, "before": before, "limit": limit, "only": only}
    return database.all(ListedChange, _PAGE, asked)


def document(database: Database, integration_id: UUID, change_id: UUID) -> bytes | None:
    """What consumers get of it, encrypted."""
    found = database.one(_Document, _DOCUMENT, {"id": change_id, "integration_id": integration_id})
    return None if found is None else found.document


def unreadable(database: Database, integration_id: UUID, change_id: UUID, error: DecryptionError) -> None:
    """Nobody can be told of what is stored there: the log says so, once a day."""
    logs.error("change.unreadable", change_id=change_id, error=str(error))
    detail = say("What has changed is stored, and cannot be read. The operator must check ENCRYPTION_KEYS.")
    event_log.failing(database, "change.unreadable", detail, integration_id)
