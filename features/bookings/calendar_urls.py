"""The secret addresses of calendars. Each is one doctor's or room's, and ends with them, and with the connection."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from features.bookings.settings import Resource
from shared.storage.database import Database

PREFIX: Final = "cal_"

# A new secret; the one before opens nothing any more. Whose it is stands beside it: a successor may have the same key.
_OPEN: Final = """
INSERT INTO amocrm_booking_resources (integration_id, key, calendar_hash, calendar_of)
VALUES (%(integration_id)s, %(key)s, %(calendar_hash)s, %(name)s)
ON CONFLICT (integration_id, key) DO UPDATE SET
    calendar_hash = EXCLUDED.calendar_hash, calendar_of = EXCLUDED.calendar_of
"""
_CLOSE: Final = """
UPDATE amocrm_booking_resources SET calendar_hash = NULL, calendar_of = NULL
WHERE integration_id = %(integration_id)s AND key = %(key)s
"""
# Those of whoever is not there any more, or has another name now.
_CLOSE_OTHERS: Final = """
WITH ended AS (
    SELECT key, calendar_of AS name FROM amocrm_booking_resources
    WHERE integration_id = %(integration_id)s AND calendar_hash IS NOT NULL AND NOT EXISTS (
        SELECT FROM unnest(%(keys)s::text[], %(names)s::text[]) AS known (key, name)
        WHERE known.key = amocrm_booking_resources.key AND known.name = calendar_of)
    FOR UPDATE
), closed AS (
    UPDATE amocrm_booking_resources SET calendar_hash = NULL, calendar_of = NULL
    WHERE integration_id = %(integration_id)s AND key IN (SELECT key FROM ended) RETURNING 1
)
SELECT ended.key, ended.name, (SELECT count(*) FROM closed) AS closed FROM ended
"""
_OF: Final = """
SELECT integration_id, key, calendar_of AS name FROM amocrm_booking_resources WHERE calendar_hash = %(calendar_hash)s
"""


class Address(Struct, frozen=True):
    integration_id: UUID
    key: str
    name: str | None  # of whoever it was opened for

    def is_of(self, resource: Resource | None) -> bool:
        return resource is not None and resource.id == self.key and resource.name == self.name


class _Ended(Struct, frozen=True):
    key: str
    name: str | None


def opened(database: Database, integration_id: UUID, resource: Resource) -> str:
    """The secret of a new address of this resource's calendar."""
    secret = PREFIX + secrets.token_urlsafe(24)
    parameters = {"integration_id": integration_id, "key": resource.id, "name": resource.name}
    database.execute(_OPEN, parameters | {"calendar_hash": _hash(secret)})
    return secret


def close(database: Database, integration_id: UUID, key: str) -> None:
    database.execute(_CLOSE, {"integration_id": integration_id, "key": key})


def close_others(database: Database, integration_id: UUID, resources: Sequence[Resource]) -> list[str]:
    """Closes those that are none of these resources', and says whose they were."""
    keys, names = [one.id for one in resources], [one.name for one in resources]
    parameters = {"integration_id": integration_id, "keys": keys, "names": names}
    return [one.name or one.key for one in database.all(_Ended, _CLOSE_OTHERS, parameters)]


def of(database: Database, secret: str) -> Address | None:
    if not secret.startswith(PREFIX):
        return None
    return database.one(Address, _OF, {"calendar_hash": _hash(secret)})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
