"""The rows that may speak of a person: where they are, how they are read, and how they forget.

What tables hold in the clear names nobody; docs/security.md lists it, and a test holds it to that.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import DecryptionError, Keyring
from shared.storage.large_rows import bounded

_BATCH: Final = 200
_START: Final = UUID(int=0)

_PAGE: Final[dict[str, LiteralString]] = {
    "delivery": """
SELECT id, action AS what, state, created_at, request AS sealed FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND request IS NOT NULL AND id > %(after)s ORDER BY id LIMIT %(batch)s
""",
    "incoming": """
SELECT id, action AS what, outcome AS state, created_at, body AS sealed FROM amocrm_incoming
WHERE integration_id = %(integration_id)s AND id > %(after)s ORDER BY id LIMIT %(batch)s
""",
    "booking": """
SELECT id, service AS what,
       CASE WHEN state <> 'cancelled' AND ends_at > amocrm_now() THEN 'to come' ELSE state END AS state,
       starts_at AS created_at, visitor AS sealed FROM amocrm_bookings
WHERE integration_id = %(integration_id)s AND visitor IS NOT NULL AND id > %(after)s ORDER BY id LIMIT %(batch)s
""",
    "event": """
SELECT id, kind AS what, 'kept' AS state, created_at, document AS sealed FROM amocrm_changes
WHERE integration_id = %(integration_id)s AND id > %(after)s ORDER BY id LIMIT %(batch)s
""",
}

# Each says once more in which state it may forget: what is under way needs what it holds.
_FORGET: Final[dict[str, LiteralString]] = {
    "delivery": """
UPDATE amocrm_deliveries SET request = NULL, summary = summary - 'person' WHERE id = %(id)s AND state <> 'accepted'
""",
    "incoming": "DELETE FROM amocrm_incoming WHERE id = %(id)s",
    "booking": """
UPDATE amocrm_bookings SET visitor = NULL, phone_mark = NULL, link_hash = NULL
WHERE id = %(id)s AND (state = 'cancelled' OR ends_at <= amocrm_now()) AND brought >= version
""",
    "event": "DELETE FROM amocrm_changes WHERE id = %(id)s",
}
# Remembered contacts; nobody works on the person. Whoever asks names no id of a messenger's: that goes with the
# contacts of what was found.
FORGET_LOCKS: Final[LiteralString] = """
WITH contacts AS (
    SELECT (coalesce(steps -> 'contact', steps -> 'lead', steps -> 'incoming_lead') -> 'result' ->> 'contact_id'
        )::bigint AS id
    FROM amocrm_deliveries WHERE integration_id = %(integration_id)s
      AND (id = ANY(%(entries)s::uuid[]) OR (summary ->> 'incoming')::uuid = ANY(%(entries)s::uuid[]))
    UNION SELECT remembered FROM amocrm_locks
    WHERE integration_id = %(integration_id)s AND name = ANY(%(names)s::bytea[])
)
DELETE FROM amocrm_locks WHERE integration_id = %(integration_id)s
  AND (name = ANY(%(names)s::bytea[]) OR remembered IN (SELECT id FROM contacts))
  AND (lease_until IS NULL OR lease_until < amocrm_now())
"""


class _Row(Guarded, frozen=True):
    HIDDEN = ("sealed",)

    id: UUID
    what: str
    state: str
    created_at: datetime
    sealed: bytes


class Entry(Struct, frozen=True):
    """One row, opened."""

    place: str
    id: UUID
    what: str  # the action, the kind or the service
    state: str
    at: datetime
    content: str


def _incoming(keyring: Keyring, row: _Row) -> str:
    from features.submissions import kept_bodies  # a feature, which may have been removed

    request = kept_bodies.opened(keyring, row.id, row.sealed, row.what)
    return "\n".join((*(f"{name}={value}" for name, value in request.query), request.body.decode("utf-8", "replace")))


def _by_column(column: str) -> Callable[[Keyring, _Row], str]:
    return lambda keyring, row: keyring.decrypt(row.sealed, row.id, column)


_OPEN: Final[dict[str, Callable[[Keyring, _Row], str]]] = {
    "delivery": _by_column("request"),
    "incoming": _incoming,
    "booking": _by_column("visitor"),
    "event": _by_column("change"),
}


def entries(
    database: Database, keyring: Keyring, integration_id: UUID, skipped: Callable[[str], object]
) -> Iterator[Entry]:
    """All that is kept of a connection in the words of customers. What cannot be read holds up nothing else, and
    `skipped` is told of it."""
    for place, statement in _PAGE.items():
        after = _START
        while rows := database.all(
            _Row, bounded(statement, "sealed"), {"integration_id": integration_id, "after": after, "batch": _BATCH}
        ):
            for row in rows:
                try:
                    content = _OPEN[place](keyring, row)
                except (DecryptionError, msgspec.DecodeError) as error:
                    skipped(f"{place} {row.id} ({row.what}, {row.created_at:%Y-%m-%d}): {error}")
                    continue
                yield Entry(place, row.id, row.what, row.state, row.created_at, content)
            after = rows[-1].id


def forget(database: Database, entry: Entry) -> bool:
    """False where it is still needed: under way, or a visit to come."""
    return database.execute(_FORGET[entry.place], {"id": entry.id}) > 0


def as_document(entry: Entry) -> dict[str, Any]:
    return {"kept_as": entry.place, "id": str(entry.id), "what": entry.what, "state": entry.state,
            "at": entry.at.isoformat(), "content": entry.content}  # fmt: skip
