"""Calendars that doctors keep elsewhere: their addresses, and what was busy there when they were last read.

An address may open a person's whole calendar (Google's private one does): it is encrypted, and shown to nobody again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from msgspec import Struct
from psycopg.types.json import Jsonb

from features.bookings.hours import Span
from features.bookings.settings import Resource
from shared.platform.messages import Message
from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import DecryptionError, Keyring

EVERY: Final = timedelta(hours=1)
AGAIN: Final = timedelta(minutes=15)  # after a failure
_COLUMN: Final = "calendar_url"

# Another address is another calendar: what was busy in the one before says nothing any more.
_SAVE: Final = """
INSERT INTO amocrm_booking_calendars (id, integration_id, resource, resource_name, url, host)
VALUES (%(id)s, %(integration_id)s, %(resource)s, %(name)s, %(url)s, %(host)s)
ON CONFLICT (integration_id, resource) DO UPDATE SET
    id = EXCLUDED.id, resource_name = EXCLUDED.resource_name, url = EXCLUDED.url, host = EXCLUDED.host, etag = NULL,
    last_modified = NULL, busy = '{}', left_out = '[]', reckoned_at = NULL, read_at = NULL, failing_since = NULL,
    problem = NULL, due_at = amocrm_now()
"""
_END: Final = """
DELETE FROM amocrm_booking_calendars WHERE integration_id = %(integration_id)s AND resource = %(resource)s
"""
# Those of whoever is not there any more, or has another name now.
_END_OTHERS: Final = """
DELETE FROM amocrm_booking_calendars WHERE integration_id = %(integration_id)s AND NOT EXISTS (
    SELECT FROM unnest(%(keys)s::text[], %(names)s::text[]) AS known (key, name)
    WHERE known.key = resource AND known.name = resource_name)
RETURNING resource_name
"""
_END_WITH_CONNECTIONS: Final = """
DELETE FROM amocrm_booking_calendars c USING amocrm_integrations i
WHERE i.id = c.integration_id AND i.status = 'disconnected'
  AND (SELECT m.state FROM amocrm_moves m
       WHERE m.integration_id = i.id AND m.state NOT IN ('closing', 'arrived')) IS NULL
"""
_OF: Final = """
SELECT *, (SELECT count(*) FROM unnest(busy)) AS times FROM amocrm_booking_calendars
WHERE integration_id = %(integration_id)s ORDER BY resource
"""
_OF_RESOURCE: Final = """
SELECT * FROM amocrm_booking_calendars
WHERE integration_id = %(integration_id)s AND resource = %(resource)s AND resource_name = %(name)s
"""
_ONE: Final = """
SELECT *, (SELECT count(*) FROM unnest(busy)) AS times FROM amocrm_booking_calendars WHERE id = %(id)s
"""
# The next turn is set at once: who dies over it has left it out, no more. What is on its way to another cell is not
# chosen: the statement would be refused (V15), and nobody's be read.
_CLAIM: Final = """
WITH chosen AS MATERIALIZED (
    SELECT id FROM amocrm_booking_calendars c
    WHERE due_at <= amocrm_now()
      AND (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = c.integration_id AND m.state NOT IN ('closing', 'arrived')) IS NULL
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE amocrm_booking_calendars SET due_at = amocrm_now() + %(every)s WHERE id IN (SELECT id FROM chosen)
RETURNING *
"""
_IS_DUE: Final = """
SELECT (EXISTS (
    SELECT FROM amocrm_booking_calendars c WHERE due_at <= amocrm_now()
      AND (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = c.integration_id AND m.state NOT IN ('closing', 'arrived')) IS NULL))::int
"""
_READ: Final = """
UPDATE amocrm_booking_calendars SET busy = %(busy)s::int8multirange, left_out = %(left_out)s, etag = %(etag)s,
    last_modified = %(last_modified)s, reckoned_at = amocrm_now(), read_at = amocrm_now(), failing_since = NULL,
    problem = NULL, due_at = amocrm_now() + %(every)s
WHERE id = %(id)s
"""
# What has no zone of its own, and whole days, are elsewhere in another zone of the company, also in a calendar that has
# not changed.
_READ_ANEW: Final = """
UPDATE amocrm_booking_calendars SET reckoned_at = NULL, due_at = amocrm_now()
WHERE integration_id = %(integration_id)s
"""
_UNCHANGED: Final = """
UPDATE amocrm_booking_calendars SET read_at = amocrm_now(), failing_since = NULL, problem = NULL,
    due_at = amocrm_now() + %(every)s
WHERE id = %(id)s
"""
# What was busy when it was last read stays so.
_FAILED: Final = """
UPDATE amocrm_booking_calendars SET failing_since = coalesce(failing_since, amocrm_now()), problem = %(problem)s,
    due_at = amocrm_now() + %(again)s
WHERE id = %(id)s
RETURNING amocrm_now() - failing_since AS failing
"""


class Subscription(Guarded, frozen=True):
    """A row of `amocrm_booking_calendars`, without what is busy."""

    HIDDEN = ("url",)

    id: UUID
    integration_id: UUID
    resource: str
    resource_name: str
    url: bytes
    host: str
    etag: str | None
    last_modified: str | None
    left_out: list[dict[str, Any]]
    reckoned_at: datetime | None
    read_at: datetime | None
    failing_since: datetime | None
    problem: Message | None
    times: int = 0  # how many times are busy

    def address(self, keyring: Keyring) -> str:
        return keyring.decrypt(self.url, self.id, _COLUMN)


class _Ended(Struct, frozen=True):
    resource_name: str


class _Failing(Struct, frozen=True):
    failing: timedelta


def save(database: Database, keyring: Keyring, integration_id: UUID, resource: Resource, url: str) -> UUID:
    """Its address from now on; what it is called in readings to come. The same one once more keeps what was busy, which
    may be all that is known of it while it does not answer."""
    own_id = uuid4()
    facts = {"id": own_id, "integration_id": integration_id, "resource": resource.id, "name": resource.name}
    known = database.one(Subscription, _OF_RESOURCE, facts)
    if known is not None and _is_at(known, keyring, url):
        return known.id
    encrypted = keyring.encrypt(url, own_id, _COLUMN)
    database.execute(_SAVE, facts | {"url": encrypted, "host": urlsplit(url).hostname or ""})
    return own_id


def _is_at(known: Subscription, keyring: Keyring, url: str) -> bool:
    try:
        return known.address(keyring) == url
    except DecryptionError:
        return False


def end(database: Database, integration_id: UUID, resource: str) -> None:
    database.execute(_END, {"integration_id": integration_id, "resource": resource})


def end_others(database: Database, integration_id: UUID, resources: Sequence[Resource]) -> list[str]:
    """Ends those that are none of these resources', and says whose they were."""
    keys, names = [one.id for one in resources], [one.name for one in resources]
    found = database.all(_Ended, _END_OTHERS, {"integration_id": integration_id, "keys": keys, "names": names})
    return [one.resource_name for one in found]


def read_anew(database: Database, integration_id: UUID) -> None:
    """All of them, with the next run."""
    database.execute(_READ_ANEW, {"integration_id": integration_id})


def end_with_connections(database: Database) -> None:
    database.execute(_END_WITH_CONNECTIONS, {})


def of(database: Database, integration_id: UUID) -> list[Subscription]:
    return database.all(Subscription, _OF, {"integration_id": integration_id})


def by_id(database: Database, own_id: UUID) -> Subscription | None:
    return database.one(Subscription, _ONE, {"id": own_id})


def claim(database: Database) -> Subscription | None:
    """One that is to be read now."""
    return database.one(Subscription, _CLAIM, {"every": EVERY})


def is_due(database: Database) -> bool:
    """Whether there is one that is to be read now."""
    return database.number(_IS_DUE) > 0


def store(
    database: Database,
    own_id: UUID,
    busy: Sequence[Span],
    left_out: list[dict[str, Any]],
    etag: str | None,
    last_modified: str | None,
) -> None:
    """What it has answered. Of an address that was exchanged meanwhile, nothing."""
    spans = "{" + ",".join(f"[{start},{end_})" for start, end_ in busy) + "}"
    facts = {"id": own_id, "busy": spans, "left_out": Jsonb(left_out), "etag": etag, "last_modified": last_modified}
    database.execute(_READ, facts | {"every": EVERY})


def unchanged(database: Database, own_id: UUID) -> None:
    database.execute(_UNCHANGED, {"id": own_id, "every": EVERY})


def failed(database: Database, own_id: UUID, problem: Message) -> timedelta:
    """For how long it has failed by now."""
    found = database.one(_Failing, _FAILED, {"id": own_id, "problem": problem, "again": AGAIN})
    return timedelta(0) if found is None else found.failing
