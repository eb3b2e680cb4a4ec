"""All that belongs to a connection, as the schema says (`cli/moving/tables.py`), counted or erased."""

from typing import Final, LiteralString
from uuid import UUID

import psycopg

from cli.moving import tables
from shared.connections.token_journal import installation_of
from shared.runtime import Runtime

# It says where the connection has gone, or come from; its row refers to nothing.
_MOVES: Final[LiteralString] = "DELETE FROM amocrm_moves WHERE integration_id = %(id)s"
# A refresh that begins meanwhile would store a pair in what is being erased.
_IS_CONNECTED: Final[LiteralString] = """
SELECT status = 'connected' FROM amocrm_integrations WHERE id = %(id)s FOR UPDATE
"""


class UndecidedError(Exception):
    """A table that nobody has decided about; a connection that is connected again, or not in this database."""


def count(connection: psycopg.Connection, integration_id: UUID) -> dict[str, int]:
    """Rows of each table. Raises UndecidedError."""
    return {name: _rows(connection, name, integration_id) for name in _names(connection)}


def erase(connection: psycopg.Connection, integration_id: UUID) -> dict[str, int]:
    """All or nothing, in one transaction; rows of each table. Raises UndecidedError."""
    names = _names(connection)
    with connection.transaction():
        found = connection.execute(_IS_CONNECTED, {"id": integration_id}).fetchone()
        if found is None:
            raise UndecidedError("the database of --database-url has no such connection")
        if found[0]:
            raise UndecidedError("the account was connected again meanwhile")
        counted = {}
        for name in names:
            statement = f"DELETE FROM {name} WHERE {tables.rows_of(name)}"  # noqa: S608 - a table of ours
            counted[name] = connection.execute(statement.encode(), {"id": integration_id}).rowcount
        connection.execute(_MOVES, {"id": integration_id})
    return counted


def forget_journal(runtime: Runtime, ids: list[UUID], apply_: bool) -> int:
    """Objects of these connections in the token journal; 0 where there is none."""
    journal = runtime.rotation.token_journal
    if journal is None:
        return 0
    found = [one for one in journal.places(installation_of(runtime.database)) if one.integration_id in ids]
    for one in found if apply_ else []:
        journal.store.remove(one.key)
    return len(found)


def _names(connection: psycopg.Connection) -> list[str]:
    """Each before those that it refers to."""
    if undecided := tables.undecided(connection):
        raise UndecidedError(f"nobody has said to whom these tables belong: {', '.join(undecided)}")
    ordered = tables.in_order(connection)
    others = [name for name in tables.DECISIONS if name not in ordered]
    return [*others, *reversed(ordered)]


def _rows(connection: psycopg.Connection, name: str, integration_id: UUID) -> int:
    statement = f"SELECT count(*) FROM {name} WHERE {tables.rows_of(name)}"  # noqa: S608 - a table of ours
    found = connection.execute(statement.encode(), {"id": integration_id}).fetchone()
    return int(found[0]) if found is not None else 0
