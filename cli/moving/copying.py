"""A connection's rows from one database to another: as they are, but for the numbers that a database gives."""

from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from cli.moving import tables

# Texts of the same value are the same in both, wherever the session comes from.
_SESSION: Final[LiteralString] = (
    "SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true), "
    "set_config('IntervalStyle', 'postgres', true)"
)
# What is taken of a doctor or a room stands in one range of numbers, the resource's own number in the high half (V11).
_TIMES: Final[LiteralString] = """
INSERT INTO amocrm_booking_times (booking_id, busy)
SELECT t.booking_id, int8range(lower(t.busy) + moved.by, upper(t.busy) + moved.by)
FROM moving_booking_times t JOIN (
    SELECT old.number AS before, (own.number - old.number) << 32 AS by
    FROM moving_numbers old JOIN amocrm_booking_resources own ON own.integration_id = %(id)s AND own.key = old.key
) AS moved ON moved.before = lower(t.busy) >> 32
"""
_ENDED_NUMBERS: Final[LiteralString] = """
DELETE FROM amocrm_booking_resources
WHERE integration_id = %(id)s AND key NOT IN (SELECT key FROM moving_numbers)
"""
_SENDS: Final[LiteralString] = """
UPDATE moving_sends s SET position = c.position FROM amocrm_changes c WHERE c.id = s.change_id
"""
_LOG: Final[LiteralString] = """
SELECT id FROM amocrm_events WHERE integration_id = %(id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""
_LOG_BATCH: Final = 5000
_RESTORES: Final[LiteralString] = """
SELECT id, restored_at, lost_since, looks_until, keys_kept FROM amocrm_restores WHERE looks_until > amocrm_now()
"""
_RESTORED: Final[LiteralString] = """
INSERT INTO amocrm_restores (id, restored_at, lost_since, looks_until, keys_kept) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""


def copy(source: psycopg.Connection, target: psycopg.Connection, integration_id: UUID) -> dict[str, int]:
    """Copies all rows within the target's transaction, and returns how many of each table there are.

    What the target had of the connection goes first: an earlier try, or what had stayed when it left from there.
    """
    found: dict[str, int] = {}
    for connection in (source, target):
        connection.execute(_SESSION)
    forget(target, integration_id, keep=tables.KEPT_ROWS.keys())
    _numbers(source, target, integration_id)
    for table in tables.in_order(target):
        found[table] = _table(source, target, table, integration_id)
    return found


def copy_restores(source: psycopg.Connection, target: psycopg.Connection) -> None:
    """What was accepted before the source was restored from a backup is looked for wherever the account lives."""
    with target.cursor() as cursor:
        cursor.executemany(_RESTORED, source.execute(_RESTORES).fetchall())


def differences(source: psycopg.Connection, target: psycopg.Connection, integration_id: UUID) -> list[str]:
    """Tables whose rows are not the same on both sides, but for the numbers."""
    for connection in (source, target):
        connection.execute(_SESSION)
    told = []
    for table in tables.in_order(target):
        here, there = (_sum(connection, table, integration_id) for connection in (source, target))
        if here != there:
            told.append(f"{table}: {here[0]} rows, and {there[0]} copies")
    return told


def forget(connection: psycopg.Connection, integration_id: UUID, keep: Any = ()) -> None:
    """Removes the connection's rows, but for those tables."""
    for table in reversed(tables.in_order(connection)):
        if table not in keep:
            statement = sql.SQL("DELETE FROM {} WHERE ").format(sql.Identifier(table)) + sql.SQL(tables.rows_of(table))
            connection.execute(statement, {"id": integration_id})


def copy_log(source: psycopg.Connection, target: psycopg.Connection, integration_id: UUID, after: int) -> int | None:
    """The next lines of the log after that number; the last one's, or None where there is none."""
    asked = {"id": integration_id, "after": after, "limit": _LOG_BATCH}
    numbers = [number for (number,) in source.execute(_LOG, asked).fetchall()]
    if not numbers:
        return None
    names = _listed([name for name in tables.columns(target, "amocrm_events") if name != "id"])
    chosen = sql.SQL("COPY (SELECT {} FROM amocrm_events WHERE id = ANY(%(ids)s) ORDER BY id) TO STDOUT").format(names)
    _pipe(source, target, chosen, {"ids": numbers}, sql.SQL("COPY amocrm_events ({}) FROM STDIN").format(names))
    return int(numbers[-1])


def _table(source: psycopg.Connection, target: psycopg.Connection, table: str, integration_id: UUID) -> int:
    beside = _beside(target, table)
    names = _listed(tables.columns(target, table))
    order = tables.ORDERED_BY.get(table)
    chosen = sql.SQL("COPY (SELECT {} FROM {} WHERE ").format(names, sql.Identifier(table))
    chosen += sql.SQL(tables.rows_of(table))
    chosen += sql.SQL(" ORDER BY {}").format(sql.Identifier(order)) if order else sql.SQL("")
    taken = sql.SQL("COPY {} ({}) FROM STDIN").format(beside, names)
    _pipe(source, target, chosen + sql.SQL(") TO STDOUT"), {"id": integration_id}, taken)
    if table == "amocrm_booking_times":
        return target.execute(_TIMES, {"id": integration_id}).rowcount
    if table == "amocrm_sends":
        target.execute(_SENDS)
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(sql.Identifier(table), names, names, beside)
    statement += sql.SQL(" ORDER BY arrived")
    if (key := tables.KEPT_ROWS.get(table)) is not None:
        others = [name for name in tables.columns(target, table) if name not in key]
        sets = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in others)
        statement += sql.SQL(" ON CONFLICT ({}) DO UPDATE SET {}").format(_listed(key), sets)
    return target.execute(statement).rowcount


def _beside(target: psycopg.Connection, table: str) -> sql.Composed:
    """A table beside it for what arrives, in the order in which it does."""
    name = sql.SQL("{}").format(sql.Identifier(table.replace("amocrm_", "moving_", 1)))
    like = sql.SQL("CREATE TEMP TABLE {} (LIKE {}) ON COMMIT DROP").format(name, sql.Identifier(table))
    target.execute(like)
    target.execute(sql.SQL("ALTER TABLE {} ADD COLUMN arrived bigint GENERATED ALWAYS AS IDENTITY").format(name))
    for given in _numbered(target, table):  # they are not copied, and may not be empty
        target.execute(sql.SQL("ALTER TABLE {} DROP COLUMN {}").format(name, sql.Identifier(given)))
    return name


def _numbers(source: psycopg.Connection, target: psycopg.Connection, integration_id: UUID) -> None:
    """The numbers that the old database has given to doctors and rooms."""
    target.execute("CREATE TEMP TABLE moving_numbers (key text, number bigint) ON COMMIT DROP")
    chosen = sql.SQL("COPY (SELECT key, number FROM amocrm_booking_resources WHERE integration_id = %(id)s) TO STDOUT")
    _pipe(source, target, chosen, {"id": integration_id}, sql.SQL("COPY moving_numbers FROM STDIN"))
    target.execute(_ENDED_NUMBERS, {"id": integration_id})


def _numbered(connection: psycopg.Connection, table: str) -> list[str]:
    asked = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attidentity <> ''"
    return [name for (name,) in connection.execute(asked, (table,)).fetchall()]


def _sum(connection: psycopg.Connection, table: str, integration_id: UUID) -> tuple[int, int]:
    """How many rows there are, and what stands for their content, in any order."""
    numbers = {"amocrm_booking_times": "busy", "amocrm_sends": "position"}
    names = [name for name in tables.columns(connection, table) if name != numbers.get(table)]
    row = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(ROW({})::text, 0)), 0) FROM {} WHERE ")
    statement = row.format(_listed(names), sql.Identifier(table)) + sql.SQL(tables.rows_of(table))
    found = connection.execute(statement, {"id": integration_id}).fetchone()
    assert found is not None
    return int(found[0]), int(found[1])


def _pipe(
    source: psycopg.Connection,
    target: psycopg.Connection,
    chosen: sql.Composed | sql.SQL,
    parameters: dict[str, object],
    taken: sql.Composed | sql.SQL,
) -> None:
    with (
        source.cursor() as reading,
        target.cursor() as writing,
        reading.copy(chosen, parameters) as out,
        writing.copy(taken) as into,
    ):
        for data in out:
            into.write(data)


def _listed(names: Any) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
