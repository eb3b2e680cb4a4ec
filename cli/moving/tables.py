"""What belongs to a connection, as the schema says, and what is decided about each of its tables."""

from enum import Enum
from typing import Final, LiteralString

import psycopg


class Decision(Enum):
    """Also in the table of docs/scale.md."""

    AS_IT_IS = "as it is"
    NUMBERED = "without the numbers that a database gives by itself"
    LOG = "afterwards, without the lines' numbers"
    NOT_AT_ALL = "not at all: it is the last second's"


# Where a table is missing here, nobody has thought of what becomes of it: then no move begins.
DECISIONS: Final[dict[str, Decision]] = {
    "amocrm_integrations": Decision.AS_IT_IS,
    "amocrm_remembered": Decision.AS_IT_IS,
    "amocrm_site_keys": Decision.AS_IT_IS,
    "amocrm_automations": Decision.AS_IT_IS,
    "amocrm_deliveries": Decision.AS_IT_IS,
    "amocrm_incoming": Decision.AS_IT_IS,
    "amocrm_locks": Decision.AS_IT_IS,
    "amocrm_feeds": Decision.AS_IT_IS,
    "amocrm_endpoints": Decision.AS_IT_IS,
    "amocrm_entities": Decision.AS_IT_IS,
    "amocrm_hints": Decision.AS_IT_IS,
    "amocrm_own_writes": Decision.AS_IT_IS,
    "amocrm_bookings": Decision.AS_IT_IS,
    "amocrm_booking_watches": Decision.AS_IT_IS,
    "amocrm_booking_calendars": Decision.AS_IT_IS,
    "amocrm_sessions": Decision.AS_IT_IS,
    "amocrm_used_tokens": Decision.AS_IT_IS,
    "amocrm_oauth_states": Decision.AS_IT_IS,
    "amocrm_authorization_codes": Decision.AS_IT_IS,
    "amocrm_calculators": Decision.NUMBERED,
    "amocrm_booking_resources": Decision.NUMBERED,
    "amocrm_booking_times": Decision.NUMBERED,
    "amocrm_changes": Decision.NUMBERED,
    "amocrm_sends": Decision.NUMBERED,
    "amocrm_events": Decision.LOG,
    "amocrm_rate": Decision.NOT_AT_ALL,
}
# They say who asks. In the old cell they stay, so that whoever still comes there is told to come again, and not that
# nobody knows them.
DOORS: Final = frozenset(
    {
        "amocrm_integrations",
        "amocrm_automations",
        "amocrm_booking_resources",
        "amocrm_oauth_states",
        "amocrm_sessions",
        "amocrm_site_keys",
    }
)
# Whoever comes back finds these rows as they are: others refer to the first, and warm instances know the numbers of the
# second.
KEPT_ROWS: Final = {
    "amocrm_integrations": ("id",),
    "amocrm_booking_resources": ("integration_id", "key"),
}
# The order in which a database gives its numbers.
ORDERED_BY: Final = {"amocrm_changes": "position", "amocrm_calculators": "id"}

# By a column with the connection's id, or by referring to what has one.
_OF_CONNECTION: Final[LiteralString] = """
WITH RECURSIVE found AS (
    SELECT 'amocrm_integrations'::regclass::oid AS named
    UNION SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE a.attname = 'integration_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relnamespace = current_schema()::regnamespace AND c.oid <> 'amocrm_moves'::regclass
    UNION SELECT f.conrelid FROM found JOIN pg_constraint f ON f.contype = 'f' AND f.confrelid = found.named
)
SELECT named::regclass::text, ARRAY(
    SELECT f.confrelid::regclass::text FROM pg_constraint f
    WHERE f.conrelid = named AND f.contype = 'f' AND f.confrelid <> named)
FROM found ORDER BY 1
"""
_COLUMNS: Final[LiteralString] = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''
ORDER BY attnum
"""


def of_connection(connection: psycopg.Connection) -> dict[str, list[str]]:
    """The tables that belong to a connection, each with the tables that it refers to."""
    return dict(connection.execute(_OF_CONNECTION).fetchall())


def undecided(connection: psycopg.Connection) -> list[str]:
    """Tables about which nobody has said what becomes of them."""
    return sorted(of_connection(connection).keys() - DECISIONS.keys())


def in_order(connection: psycopg.Connection) -> list[str]:
    """The tables whose rows are copied, each after those that it refers to."""
    refers = of_connection(connection)
    wanted = [name for name in DECISIONS if DECISIONS[name] in (Decision.AS_IT_IS, Decision.NUMBERED)]
    done: list[str] = []
    while len(done) < len(wanted):
        free = [name for name in wanted if name not in done and not set(refers[name]) & set(wanted) - set(done)]
        assert free, "tables that refer to each other in a circle"
        done += free
    return done


def columns(connection: psycopg.Connection, table: str) -> list[str]:
    """Those that are copied: not what the database numbers by itself."""
    return [name for (name,) in connection.execute(_COLUMNS, (table,)).fetchall()]


def rows_of(table: str) -> LiteralString:
    """The condition that finds a connection's rows; its id is the parameter `id`."""
    if table == "amocrm_integrations":
        return "id = %(id)s"
    if table == "amocrm_sends":
        return "endpoint_id IN (SELECT e.id FROM amocrm_endpoints e WHERE e.integration_id = %(id)s)"
    if table == "amocrm_booking_times":
        return "booking_id IN (SELECT b.id FROM amocrm_bookings b WHERE b.integration_id = %(id)s)"
    return "integration_id = %(id)s"
