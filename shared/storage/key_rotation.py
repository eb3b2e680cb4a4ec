"""Changing the encryption key while everything runs: every value that another key wrote is written anew.

Values are exchanged one by one, each only if it is still the one that was read: a token that is refreshed meanwhile is
written with the new key anyway. Can be stopped at any time and run again.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, LiteralString
from uuid import UUID

from shared.platform.secret import Guarded
from shared.storage.database import AccountMovedError, AccountMovingError, Database
from shared.storage.encryption import DecryptionError, Keyring
from shared.storage.large_rows import bounded

_BATCH: Final = 200
_START: Final = UUID(int=0)
_ON_ITS_WAY: Final = "the account is on its way to another cell; run it again when it has arrived"

_COUNT = """
SELECT (SELECT count(*) FROM amocrm_integrations) + (SELECT count(*) FROM amocrm_deliveries WHERE request IS NOT NULL)
    + (SELECT count(*) FROM amocrm_feeds) + (SELECT count(*) FROM amocrm_endpoints)
    + (SELECT count(*) FROM amocrm_automations) + (SELECT count(*) FROM amocrm_changes)
    + (SELECT count(*) FROM amocrm_bookings WHERE visitor IS NOT NULL) + (SELECT count(*) FROM amocrm_incoming)
    + (SELECT count(*) FROM amocrm_site_keys WHERE secret IS NOT NULL)
    + (SELECT count(*) FROM amocrm_booking_calendars) + (SELECT count(*) FROM amocrm_hints WHERE facts ? 'sealed')
"""

_INTEGRATIONS = """
SELECT id, client_secret, access_token, refresh_token FROM amocrm_integrations
WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
"""

_DELIVERIES = bounded(
    """
SELECT id, request FROM amocrm_deliveries WHERE id > %(after)s AND request IS NOT NULL ORDER BY id LIMIT %(batch)s
""",
    "request",
)

_FEEDS = """
SELECT integration_id AS id, key AS feed_key, salt AS feed_salt, subscribed AS feed_address FROM amocrm_feeds
WHERE integration_id > %(after)s ORDER BY integration_id LIMIT %(batch)s
"""

_ENDPOINTS = """
SELECT id, url AS endpoint_url, secret AS endpoint_secret, old_secret AS old_endpoint_secret FROM amocrm_endpoints
WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
"""

_AUTOMATIONS = """
SELECT id, url AS automation_url, secret AS automation_secret FROM amocrm_automations
WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
"""

_CHANGES = bounded(
    """
SELECT id, document AS change FROM amocrm_changes WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
""",
    "change",
)

_BOOKINGS = """
SELECT id, visitor FROM amocrm_bookings WHERE id > %(after)s AND visitor IS NOT NULL ORDER BY id LIMIT %(batch)s
"""

_INCOMING = bounded(
    """
SELECT id, body AS incoming FROM amocrm_incoming WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
""",
    "incoming",
)

_SITE_KEYS = """
SELECT id, secret AS site_key_secret FROM amocrm_site_keys
WHERE id > %(after)s AND secret IS NOT NULL ORDER BY id LIMIT %(batch)s
"""

_CALENDARS = """
SELECT id, url AS calendar_url FROM amocrm_booking_calendars WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
"""

# Texts of messages that wait to be told: in the facts of a hint, in hexadecimal, which has no id of ours.
_TEXTS = """
SELECT integration_id, entity_type, entity_id, facts ->> 'sealed' AS sealed FROM amocrm_hints
WHERE facts ? 'sealed'
  AND (integration_id, entity_type, entity_id) > (%(integration_id)s, %(entity_type)s, %(entity_id)s)
ORDER BY integration_id, entity_type, entity_id LIMIT %(batch)s
"""
_EXCHANGE_TEXT = """
UPDATE amocrm_hints SET facts = jsonb_set(facts, '{sealed}', to_jsonb(%(new)s::text))
WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s AND entity_id = %(entity_id)s
  AND facts ->> 'sealed' = %(old)s
"""

# What is left of an account that lives in another cell says who still asks for it here. Nothing else writes there, so
# the move's own name lets this in (V15).
_LEFT: Final[LiteralString] = """
FROM (SELECT set_config('amocrm.move', id::text, true) FROM amocrm_moves
      WHERE state = 'left' AND integration_id = {whose}) AS mover
"""
_DOORS: Final[Mapping[str, LiteralString]] = {
    "client_secret": "%(id)s",
    "automation_url": "(SELECT integration_id FROM amocrm_automations WHERE id = %(id)s)",
    "automation_secret": "(SELECT integration_id FROM amocrm_automations WHERE id = %(id)s)",
    "site_key_secret": "(SELECT integration_id FROM amocrm_site_keys WHERE id = %(id)s)",
}


def _exchange(table: LiteralString, column: LiteralString, key: LiteralString = "id") -> LiteralString:
    return f"UPDATE {table} SET {column} = %(new)s WHERE {key} = %(id)s AND {column} = %(old)s"  # noqa: S608


_STATEMENTS: dict[str, LiteralString] = {
    "client_secret": _exchange("amocrm_integrations", "client_secret"),
    "access_token": _exchange("amocrm_integrations", "access_token"),
    "refresh_token": _exchange("amocrm_integrations", "refresh_token"),
    "request": _exchange("amocrm_deliveries", "request"),
    "feed_key": _exchange("amocrm_feeds", "key", "integration_id"),
    "feed_salt": _exchange("amocrm_feeds", "salt", "integration_id"),
    "feed_address": _exchange("amocrm_feeds", "subscribed", "integration_id"),
    "endpoint_url": _exchange("amocrm_endpoints", "url"),
    "endpoint_secret": _exchange("amocrm_endpoints", "secret"),
    "old_endpoint_secret": _exchange("amocrm_endpoints", "old_secret"),
    "automation_url": _exchange("amocrm_automations", "url"),
    "automation_secret": _exchange("amocrm_automations", "secret"),
    "change": _exchange("amocrm_changes", "document"),
    "visitor": _exchange("amocrm_bookings", "visitor"),
    "incoming": _exchange("amocrm_incoming", "body"),
    "site_key_secret": _exchange("amocrm_site_keys", "secret"),
    "calendar_url": _exchange("amocrm_booking_calendars", "url"),
}
_TABLES: Final = (
    _INTEGRATIONS,
    _DELIVERIES,
    _FEEDS,
    _ENDPOINTS,
    _AUTOMATIONS,
    _CHANGES,
    _BOOKINGS,
    _INCOMING,
    _SITE_KEYS,
    _CALENDARS,
)
# A value that has moved within its row is bound to the place where it was written.
_BOUND_AS: Final = {"old_endpoint_secret": "endpoint_secret"}


class _Row(Guarded, frozen=True):
    HIDDEN = tuple(_STATEMENTS)

    id: UUID
    client_secret: bytes | None = None
    access_token: bytes | None = None
    refresh_token: bytes | None = None
    request: bytes | None = None
    feed_key: bytes | None = None
    feed_salt: bytes | None = None
    feed_address: bytes | None = None
    endpoint_url: bytes | None = None
    endpoint_secret: bytes | None = None
    old_endpoint_secret: bytes | None = None
    automation_url: bytes | None = None
    automation_secret: bytes | None = None
    change: bytes | None = None
    visitor: bytes | None = None
    incoming: bytes | None = None
    site_key_secret: bytes | None = None
    calendar_url: bytes | None = None


class _Text(Guarded, frozen=True):
    HIDDEN = ("sealed",)

    integration_id: UUID
    entity_type: str
    entity_id: int
    sealed: str

    @property
    def place(self) -> dict[str, object]:
        return {"integration_id": self.integration_id, "entity_type": self.entity_type, "entity_id": self.entity_id}


def rows(database: Database) -> int:
    """How many rows :func:`rotate` will look at."""
    return database.number(_COUNT)


def rotate(database: Database, keyring: Keyring, skipped: Callable[[str], object]) -> Iterator[int]:
    """Goes through all rows; yields for each how many of its values were written anew.

    A value that cannot be read is left as it is, and `skipped` is told which: one row does not hold up the others. So
    is one of an account that is on its way to another cell; what is left here of one that has arrived there is written.
    """
    for statement in _TABLES:
        after = _START
        while batch := database.all(_Row, statement, {"after": after, "batch": _BATCH}):
            after = batch[-1].id
            for row in batch:
                yield sum(_exchanged(database, keyring, row, column, skipped) for column in _STATEMENTS)
    last = _Text(_START, "", 0, "")
    while texts := database.all(_Text, _TEXTS, last.place | {"batch": _BATCH}):
        last = texts[-1]
        for text in texts:
            yield _text_exchanged(database, keyring, text, skipped)


def _text_exchanged(database: Database, keyring: Keyring, text: _Text, skipped: Callable[[str], object]) -> int:
    if keyring.is_current(old := bytes.fromhex(text.sealed)):
        return 0
    try:
        opened = keyring.decrypt(old, text.integration_id, "message_text")
        new = keyring.encrypt(opened, text.integration_id, "message_text").hex()
        return database.execute(_EXCHANGE_TEXT, text.place | {"old": text.sealed, "new": new})
    except DecryptionError as error:
        skipped(str(error))
    except AccountMovingError:
        skipped(f"message_text of {text.integration_id}: {_ON_ITS_WAY}")
    return 0


def _exchanged(database: Database, keyring: Keyring, row: _Row, column: str, skipped: Callable[[str], object]) -> int:
    old: bytes | None = getattr(row, column)
    if old is None or keyring.is_current(old):
        return 0
    place = _BOUND_AS.get(column, column)
    try:
        new = keyring.encrypt(keyring.decrypt(old, row.id, place), row.id, place)
    except DecryptionError as error:
        skipped(str(error))
        return 0
    values = {"id": row.id, "old": old, "new": new}
    try:
        return database.execute(_STATEMENTS[column], values)
    except AccountMovingError as error:
        if isinstance(error, AccountMovedError) and column in _DOORS:
            before, where, after = _STATEMENTS[column].partition("WHERE")
            return database.execute(before + _LEFT.replace("{whose}", _DOORS[column]) + where + after, values)
        skipped(f"{column} of {row.id}: {_ON_ITS_WAY}")
        return 0
