"""Automations of a connection: the rows of `amocrm_automations`."""

import hashlib
import secrets
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from features.automations.effects import Work
from shared.deliveries.webhooks import new_secret
from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import Keyring

MOST: Final = 50  # of one connection
PREFIX: Final = "auto_"

_OF = "SELECT * FROM amocrm_automations WHERE integration_id = %(integration_id)s ORDER BY created_at, id"
# The ceiling is a part of the statement; what a repetition of it finds is the row that the first one has made.
_ADD = """
INSERT INTO amocrm_automations (id, integration_id, name, work, url, host, secret, key_hash, is_on, revision)
SELECT %(id)s, %(integration_id)s, %(name)s, %(work)s, %(url)s, %(host)s, %(secret)s, %(key_hash)s, %(is_on)s, %(next)s
WHERE %(most)s > (SELECT count(*) FROM amocrm_automations WHERE integration_id = %(integration_id)s AND id <> %(id)s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name
"""
# Over the revision that its author has seen; the same save may come twice.
_CHANGE = """
UPDATE amocrm_automations SET name = %(name)s, work = %(work)s, url = %(url)s, host = %(host)s, secret = %(secret)s,
    is_on = %(is_on)s, revision = %(next)s
WHERE id = %(id)s AND integration_id = %(integration_id)s
  AND (%(seen)s::uuid IS NULL OR revision IN (%(seen)s, %(next)s))
"""
_REMOVE = "DELETE FROM amocrm_automations WHERE id = %(id)s AND integration_id = %(integration_id)s"
_RENEW = """
UPDATE amocrm_automations SET key_hash = %(key_hash)s WHERE id = %(id)s AND integration_id = %(integration_id)s
"""
_ASKED = "UPDATE amocrm_automations SET last_asked_at = amocrm_now() WHERE key_hash = %(key_hash)s RETURNING *"


class Automation(Guarded, frozen=True):
    """A row; `url` and `secret` are encrypted, and there for a call only."""

    HIDDEN = ("url", "secret")

    id: UUID
    integration_id: UUID
    name: str
    work: dict[str, Any]
    url: bytes | None
    host: str | None
    secret: bytes | None
    is_on: bool
    created_at: datetime
    last_asked_at: datetime | None
    revision: UUID  # of what a person has set


class AutomationFields(Struct, frozen=True):
    """What a person sets; `url` for a call only."""

    name: str
    work: Work
    url: str | None = None
    is_on: bool = True


class Saved(Guarded, frozen=True):
    """What is known of an automation once it is saved; `key` and `secret` where they are new."""

    HIDDEN = ("key", "secret")

    id: UUID
    revision: UUID
    key: str | None = None
    secret: str | None = None


def of(database: Database, integration_id: UUID) -> list[Automation]:
    """Those of a connection, the oldest first."""
    return database.all(Automation, _OF, {"integration_id": integration_id})


def add(database: Database, keyring: Keyring, integration_id: UUID, wanted: AutomationFields) -> Saved | None:
    """With its key, and the secret that signs a call. None: there are too many."""
    key = PREFIX + secrets.token_urlsafe(24)
    made = Saved(uuid4(), uuid4(), key, new_secret() if wanted.url is not None else None)
    parameters = _columns(keyring, made.id, integration_id, wanted, made.secret)
    parameters |= {"next": made.revision, "key_hash": _hash(key), "most": MOST}
    return made if database.execute(_ADD, parameters) else None


def change(
    database: Database, keyring: Keyring, known: Automation, wanted: AutomationFields, seen: UUID | None = None
) -> Saved | None:
    """With the secret of what has become a call. None where it has changed since `seen`, or is gone; a `seen` of None
    saves in any case."""
    kept = keyring.decrypt(known.secret, known.id, "automation_secret") if known.secret is not None else None
    made = Saved(known.id, uuid4(), secret=new_secret() if wanted.url is not None and kept is None else None)
    secret = None if wanted.url is None else made.secret or kept
    parameters = _columns(keyring, known.id, known.integration_id, wanted, secret)
    return made if database.execute(_CHANGE, parameters | {"seen": seen, "next": made.revision}) else None


def remove(database: Database, integration_id: UUID, automation_id: UUID) -> bool:
    return database.execute(_REMOVE, {"id": automation_id, "integration_id": integration_id}) > 0


def replace_key(database: Database, integration_id: UUID, automation_id: UUID) -> str | None:
    """A new key; the one before works no more. None for one that this connection does not have."""
    key = PREFIX + secrets.token_urlsafe(24)
    parameters = {"id": automation_id, "integration_id": integration_id, "key_hash": _hash(key)}
    return key if database.execute(_RENEW, parameters) else None


def asked(database: Database, key: str) -> Automation | None:
    """The one whose key it is; it was asked just now."""
    return database.one(Automation, _ASKED, {"key_hash": _hash(key)})


def address(keyring: Keyring, automation: Automation) -> tuple[str, str] | None:
    """The address and the secret of a call."""
    if automation.url is None or automation.secret is None:
        return None
    url = keyring.decrypt(automation.url, automation.id, "automation_url")
    return url, keyring.decrypt(automation.secret, automation.id, "automation_secret")


def _columns(
    keyring: Keyring, automation_id: UUID, integration_id: UUID, wanted: AutomationFields, secret: str | None
) -> dict[str, object]:
    def sealed(value: str | None, column: str) -> bytes | None:
        return None if value is None else keyring.encrypt(value, automation_id, column)

    return {
        "id": automation_id,
        "integration_id": integration_id,
        "name": wanted.name,
        "work": Jsonb(msgspec.to_builtins(wanted.work)),
        "url": sealed(wanted.url, "automation_url"),
        "host": None if wanted.url is None else urlsplit(wanted.url).netloc,
        "secret": sealed(secret, "automation_secret"),
        "is_on": wanted.is_on,
    }


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
