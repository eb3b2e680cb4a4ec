"""Buttons on a company's own pages: whoever presses one connects an amoCRM account of their own.

The key stands in a public page, so it is no secret: it allows to begin an installation, which only an administrator of
that amoCRM account can finish. It serves our own link (`…?install=KEY`), and as the `data-state` of amoCRM's button.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from shared.storage.database import Database

PREFIX: Final = "install_"

_CREATE = """
INSERT INTO amocrm_install_links (id, key_hash, widget_type, platform, name, language)
VALUES (%(id)s, %(key_hash)s, %(widget_type)s, %(platform)s, %(name)s, %(language)s)
ON CONFLICT (id) DO NOTHING
"""

_LIST = """
SELECT id, widget_type, platform, name, language, created_at, revoked_at
FROM amocrm_install_links ORDER BY revoked_at IS NOT NULL, created_at DESC LIMIT 200
"""

_REVOKE = """
UPDATE amocrm_install_links SET revoked_at = coalesce(revoked_at, amocrm_now()) WHERE id = %(id)s
"""

_FIND = """
SELECT id, widget_type, platform, name, language, created_at, revoked_at
FROM amocrm_install_links WHERE key_hash = %(key_hash)s AND revoked_at IS NULL
"""


class InstallLink(Struct, frozen=True):
    """What is kept of a link; its key is shown once, when it is made."""

    id: UUID
    widget_type: str
    platform: str  # amocrm, kommo
    name: str  # of the integration that amoCRM makes, as people see it there
    language: str
    created_at: datetime
    revoked_at: datetime | None


def create(database: Database, *, widget_type: str, platform: str, name: str, language: str) -> tuple[UUID, str]:
    """A new link's id, and its key."""
    link_id, key = uuid4(), PREFIX + secrets.token_urlsafe(24)
    facts = {"widget_type": widget_type, "platform": platform, "name": name, "language": language}
    database.execute(_CREATE, facts | {"id": link_id, "key_hash": _hash(key)})
    return link_id, key


def every(database: Database) -> list[InstallLink]:
    """The newest first, those that are revoked last; at most 200."""
    return database.all(InstallLink, _LIST)


def revoke(database: Database, link_id: UUID) -> bool:
    """False for a link that is not there. Accounts that were connected through it stay connected."""
    return database.execute(_REVOKE, {"id": link_id}) > 0


def find(database: Database, key: str) -> InstallLink | None:
    """None for a key that is unknown or revoked."""
    return database.one(InstallLink, _FIND, {"key_hash": _hash(key)}) if key.startswith(PREFIX) else None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
