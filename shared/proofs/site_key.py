"""A site key: it stands in a public page, so it is no secret. It may only submit forms and orders, only from pages
of its origins, and only so often for each key and each visitor's address."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from shared import throttle
from shared.database import Database
from shared.http import Request
from shared.integrations import Integration
from shared.problems import forbidden, unauthenticated
from shared.rights import Caller
from shared.runtime import Runtime

PREFIX: Final = "site_"
PER_KEY: Final = 300  # submissions a minute
PER_ADDRESS: Final = 20

_CREATE = """
INSERT INTO amocrm_site_keys (id, integration_id, key_hash, name, origins)
VALUES (%(id)s, %(integration_id)s, %(key_hash)s, %(name)s, %(origins)s)
ON CONFLICT (id) DO NOTHING
"""

_LIST = """
SELECT id, name, origins, created_at, revoked_at FROM amocrm_site_keys
WHERE integration_id = %(integration_id)s ORDER BY created_at DESC LIMIT 200
"""

_REVOKE = """
UPDATE amocrm_site_keys SET revoked_at = coalesce(revoked_at, amocrm_now())
WHERE id = %(id)s AND integration_id = %(integration_id)s
"""

_FIND = """
SELECT c.*, k.id AS key_id, k.origins
FROM amocrm_site_keys k JOIN amocrm_connections c ON c.id = k.integration_id
WHERE k.key_hash = %(key_hash)s AND k.revoked_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class SiteKey:
    """What is kept of a key; the key itself is shown once, when it is made."""

    id: UUID
    name: str
    origins: list[str]
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Found(Integration):
    key_id: UUID | None = None
    origins: tuple[str, ...] = ()


def create(database: Database, integration: Integration, name: str, origins: list[str]) -> tuple[UUID, str]:
    """A new key's id, and the key."""
    key_id, key = uuid4(), PREFIX + secrets.token_urlsafe(24)
    parameters = {"id": key_id, "integration_id": integration.id, "key_hash": _hash(key)}
    database.execute(_CREATE, parameters | {"name": name, "origins": origins})
    return key_id, key


def of_integration(database: Database, integration: Integration) -> list[SiteKey]:
    return database.all(SiteKey, _LIST, {"integration_id": integration.id})


def revoke(database: Database, integration: Integration, key_id: UUID) -> bool:
    """False for a key that this integration does not have. Revoking twice is no error."""
    return database.execute(_REVOKE, {"id": key_id, "integration_id": integration.id}) > 0


def identify(runtime: Runtime, request: Request, key: str) -> Caller:
    """The page. Raises 401 for an unknown or revoked key, 403 for another origin, 429 when it comes too often."""
    found = runtime.database.one(_Found, _FIND, {"key_hash": _hash(key)})
    if found is None:
        raise unauthenticated("This site key is not known, or was revoked.")
    if request.headers.get("Origin") not in found.origins:
        raise forbidden("This site key is not for pages of this origin.")
    throttle.pass_or_refuse(runtime.database, f"site:{found.key_id}", PER_KEY)
    throttle.pass_or_refuse(runtime.database, f"site:{found.key_id}:{request.address}", PER_ADDRESS)
    return Caller("site", found)


def origins_of(caller: Caller) -> tuple[str, ...]:
    """The pages that a site key is for; none for other callers."""
    return tuple(caller.integration.origins) if isinstance(caller.integration, _Found) else ()


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
