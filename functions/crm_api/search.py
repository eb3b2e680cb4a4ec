"""What stands behind an id or a deal's number that somebody has read somewhere, in whichever connection it is.

Nothing personal is looked for here: it is encrypted, and no index of it is kept. See `docs/security.md`.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from shared.storage.database import Database

MOST: Final = 20

# A mark in a note or a task is the first 26 digits of an id: `first` and `last` are those that begin so.
_BY_ID = """
SELECT found.kind, found.id::text AS id, i.account_domain, i.widget_type, found.created_at FROM (
    SELECT 'delivery' AS kind, id, integration_id, created_at FROM amocrm_deliveries
        WHERE id BETWEEN %(first)s AND %(last)s
    UNION ALL SELECT 'incoming', id, integration_id, created_at FROM amocrm_incoming
        WHERE id BETWEEN %(first)s AND %(last)s
    UNION ALL SELECT 'change', id, integration_id, created_at FROM amocrm_changes
        WHERE id BETWEEN %(first)s AND %(last)s
    UNION ALL SELECT 'booking', id, integration_id, starts_at FROM amocrm_bookings
        WHERE id BETWEEN %(first)s AND %(last)s
) AS found JOIN amocrm_integrations i ON i.id = found.integration_id
ORDER BY found.created_at DESC LIMIT %(most)s
"""
# Each connection is asked by its own indexes; the newest that was to change the deal, made it, or came to it counts.
_BY_NUMBER = """
SELECT 'deal' AS kind, %(number)s::text AS id, i.account_domain, i.widget_type, d.created_at
FROM amocrm_integrations i CROSS JOIN LATERAL (
    (SELECT created_at FROM amocrm_deliveries WHERE integration_id = i.id AND lead_id = %(number)s
     ORDER BY created_at DESC LIMIT 1)
    UNION ALL
    SELECT created_at FROM amocrm_deliveries WHERE integration_id = i.id AND lead_id IS NULL
      AND coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id' = to_jsonb(%(number)s::bigint)
    ORDER BY created_at DESC LIMIT 1
) AS d
UNION ALL
SELECT 'event', e.id::text, i.account_domain, i.widget_type, e.at
FROM amocrm_events e LEFT JOIN amocrm_integrations i ON i.id = e.integration_id WHERE e.id = %(number)s
LIMIT %(most)s
"""


class SearchResult(Struct, frozen=True):
    """`kind`: delivery, incoming, change, booking, deal, event. A line of the log may belong to no connection."""

    kind: str
    id: str
    account_domain: str | None
    widget_type: str | None
    created_at: datetime


def by_id(database: Database, first: UUID, last: UUID) -> list[SearchResult]:
    """What has an id from the one to the other."""
    return database.all(SearchResult, _BY_ID, {"first": first, "last": last, "most": MOST})


def by_number(database: Database, number: int) -> list[SearchResult]:
    """Deals that something was written into, and the log's line, with this number."""
    return database.all(SearchResult, _BY_NUMBER, {"number": number, "most": MOST})
