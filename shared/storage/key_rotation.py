"""Changing the encryption key while everything runs: every value that another key wrote is written anew.

Values are exchanged one by one, each only if it is still the one that was read: a token that is refreshed meanwhile is
written with the new key anyway. Can be stopped at any time and run again.
"""

from collections.abc import Iterator
from typing import Final, LiteralString
from uuid import UUID

from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import Keyring

_BATCH: Final = 200
_START: Final = UUID(int=0)

_COUNT = """
SELECT (SELECT count(*) FROM amocrm_integrations) + (SELECT count(*) FROM amocrm_deliveries WHERE request IS NOT NULL)
"""

_INTEGRATIONS = """
SELECT id, client_secret, access_token, refresh_token FROM amocrm_integrations
WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
"""

_DELIVERIES = """
SELECT id, request FROM amocrm_deliveries WHERE id > %(after)s AND request IS NOT NULL ORDER BY id LIMIT %(batch)s
"""

_EXCHANGE_CLIENT = """
UPDATE amocrm_integrations SET client_secret = %(new)s WHERE id = %(id)s AND client_secret = %(old)s
"""
_EXCHANGE_ACCESS = """
UPDATE amocrm_integrations SET access_token = %(new)s WHERE id = %(id)s AND access_token = %(old)s
"""
_EXCHANGE_REFRESH = """
UPDATE amocrm_integrations SET refresh_token = %(new)s WHERE id = %(id)s AND refresh_token = %(old)s
"""
_EXCHANGE_REQUEST = """
UPDATE amocrm_deliveries SET request = %(new)s WHERE id = %(id)s AND request = %(old)s
"""

_STATEMENTS: dict[str, LiteralString] = {
    "client_secret": _EXCHANGE_CLIENT,
    "access_token": _EXCHANGE_ACCESS,
    "refresh_token": _EXCHANGE_REFRESH,
    "request": _EXCHANGE_REQUEST,
}


class _Row(Guarded, frozen=True):
    HIDDEN = ("client_secret", "access_token", "refresh_token", "request")

    id: UUID
    client_secret: bytes | None = None
    access_token: bytes | None = None
    refresh_token: bytes | None = None
    request: bytes | None = None


def rows(database: Database) -> int:
    """How many rows :func:`rotate` will look at."""
    return database.number(_COUNT)


def rotate(database: Database, keyring: Keyring) -> Iterator[int]:
    """Goes through all rows; yields for each how many of its values were written anew."""
    for statement in (_INTEGRATIONS, _DELIVERIES):
        after = _START
        while batch := database.all(_Row, statement, {"after": after, "batch": _BATCH}):
            after = batch[-1].id
            for row in batch:
                yield sum(_exchanged(database, keyring, row, column) for column in _STATEMENTS)


def _exchanged(database: Database, keyring: Keyring, row: _Row, column: str) -> int:
    old: bytes | None = getattr(row, column)
    if old is None or keyring.is_current(old):
        return 0
    new = keyring.encrypt(keyring.decrypt(old, row.id, column), row.id, column)
    return database.execute(_STATEMENTS[column], {"id": row.id, "old": old, "new": new})
