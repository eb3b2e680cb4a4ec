"""Connecting without typing (row X5): amoCRM's own button makes the integration, and delivers its secret to us.

Source: amoCRM's documentation, "Button on a site". The state, 256 random bits, is what makes the delivery genuine.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from shared import integrations
from shared.database import Database
from shared.encryption import Keyring
from shared.integrations import Integration

LIFETIME: Final = timedelta(minutes=15)

_BEGIN = """
INSERT INTO amocrm_installations (state_hash, id, widget_type, language, expires_at)
VALUES (%(state_hash)s, %(id)s, %(widget_type)s, %(language)s, amocrm_now() + %(lifetime)s)
ON CONFLICT DO NOTHING
"""

# The first delivery counts; amoCRM may repeat it.
_RECEIVE = """
UPDATE amocrm_installations SET client_id = %(client_id)s, client_secret = %(client_secret)s
WHERE state_hash = %(state_hash)s AND expires_at > amocrm_now() AND (client_id IS NULL OR client_id = %(client_id)s)
"""

_FIND = "SELECT * FROM amocrm_installations WHERE state_hash = %(state_hash)s AND expires_at > amocrm_now()"


@dataclass(frozen=True, slots=True)
class Installation:
    id: UUID
    widget_type: str
    language: str
    client_id: str | None
    client_secret: bytes | None = field(repr=False)


def begin(database: Database, widget_type: str, language: str) -> str:
    """A state for an installation that starts now; stored as a hash only."""
    state = secrets.token_urlsafe(32)
    parameters = {"state_hash": _hash(state), "id": uuid4(), "widget_type": widget_type, "language": language}
    database.execute(_BEGIN, parameters | {"lifetime": LIFETIME})
    return state


def find(database: Database, state: str) -> Installation | None:
    """None for a state that is unknown or older than its 15 minutes."""
    return database.one(Installation, _FIND, {"state_hash": _hash(state)})


def receive(database: Database, keyring: Keyring, state: str, client_id: str, client_secret: str) -> bool:
    """amoCRM's delivery of the secret. False for a state that is not waiting for this one."""
    found = find(database, state)
    if found is None:
        return False
    sealed = keyring.encrypt(client_secret, found.id, "client_secret")
    parameters = {"state_hash": _hash(state), "client_id": client_id, "client_secret": sealed}
    return database.execute(_RECEIVE, parameters) > 0


def integration_of(
    database: Database, keyring: Keyring, found: Installation, host: str, redirect_uri: str, request_id: str
) -> Integration | None:
    """The row of the account that the person chose, with the new client. None while the secret has not arrived."""
    if found.client_id is None or found.client_secret is None:
        return None
    secret = keyring.decrypt(found.client_secret, found.id, "client_secret")
    client = {"client_id": found.client_id, "client_secret": secret, "redirect_uri": redirect_uri}
    known = integrations.by_domain(database, host, found.widget_type)
    if known is None:
        place = {"widget_type": found.widget_type, "account_domain": host}
        integrations.create(database, keyring, found.id, **place, **client, request_id=request_id)
    elif known.client_id != found.client_id:
        integrations.change_client(database, keyring, known.id, **client, request_id=request_id)
    return integrations.by_domain(database, host, found.widget_type)


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
