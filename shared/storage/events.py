"""The event log: what happened, for people. A line never holds a secret or a customer's data.

A transition's event is written by the statement of the transition itself (see :mod:`shared.tokens`); this module is
for events that stand alone, and for reading.
"""

import re
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from shared.storage.database import Database

_ADD = """
INSERT INTO amocrm_events (integration_id, delivery_id, kind, level, message, request_id)
VALUES (%(integration_id)s, %(delivery_id)s, %(kind)s, %(level)s, left(%(message)s, 2000), %(request_id)s)
"""

_PAGE = """
SELECT e.id, e.at, e.integration_id, e.delivery_id, e.kind, e.level, e.message, e.request_id,
       i.account_domain, i.widget_type
FROM amocrm_events e LEFT JOIN amocrm_integrations i ON i.id = e.integration_id
WHERE (%(integration_id)s::uuid IS NULL OR e.integration_id = %(integration_id)s)
  AND (%(delivery_id)s::uuid IS NULL OR e.delivery_id = %(delivery_id)s)
  AND (%(level)s::text IS NULL OR e.level = %(level)s)
  AND (%(search)s::text IS NULL
       OR concat_ws(' ', e.kind, e.message, e.request_id, i.account_domain, i.widget_type) ILIKE %(search)s)
  AND (%(before)s::bigint IS NULL OR e.id < %(before)s)
ORDER BY e.id DESC LIMIT %(limit)s
"""


class Event(Struct, frozen=True):
    """A line of the log that people read; `level` is info, warning or error."""

    id: int
    at: datetime
    integration_id: UUID | None
    delivery_id: UUID | None
    kind: str
    level: str
    message: str
    request_id: str | None
    account_domain: str | None
    widget_type: str | None


def add(
    database: Database,
    kind: str,
    message: str,
    *,
    level: str = "info",
    integration_id: UUID | None = None,
    delivery_id: UUID | None = None,
    request_id: str | None = None,
) -> None:
    """Writes a line that no other statement writes together with its change."""
    database.execute(
        _ADD,
        {
            "integration_id": integration_id,
            "delivery_id": delivery_id,
            "kind": kind,
            "level": level,
            "message": message,
            "request_id": request_id,
        },
    )


def page(
    database: Database,
    *,
    integration_id: UUID | None,
    level: str | None,
    before: int | None,
    limit: int,
    delivery_id: UUID | None = None,
    search: str | None = None,
) -> list[Event]:
    """Events, the newest first; `before` is the id of the last event of the page already read.

    `search` is looked for in the words, the kind, the request's id, and the account's address.
    """
    pattern = None if search is None else "%" + re.sub(r"([%_\\])", r"\\\1", search) + "%"
    return database.all(
        Event,
        _PAGE,
        {
            "integration_id": integration_id,
            "delivery_id": delivery_id,
            "level": level,
            "before": before,
            "limit": limit,
            "search": pattern,
        },
    )
