"""Administrators with a name: see, operate or manage; a token that is kept as a hash, ends, and can be revoked.

Somebody is invited by a link, which works once, for a day, and makes the token in the browser that opens it.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from shared.access.proofs.administrator import acting
from shared.access.rights import Caller
from shared.platform.http import Request
from shared.platform.messages import say
from shared.platform.problems import unauthenticated
from shared.runtime import Runtime
from shared.storage.database import Database

PREFIX: Final = "adm_"
LINK_PREFIX: Final = "inv_"
LINK_LIFETIME: Final = timedelta(hours=24)
KINDS: Final = {"see": "viewer", "operate": "operator", "manage": "administrator"}

_INVITE = """
INSERT INTO amocrm_administrators (id, name, rights, created_by, expires_at, link_hash, link_expires_at)
VALUES (%(id)s, %(name)s, %(rights)s, %(by)s, amocrm_now() + %(lifetime)s, %(link_hash)s,
        amocrm_now() + %(link_lifetime)s)
"""

# Another link for the same person, who has lost theirs; the present token goes on until the link is used.
_INVITE_AGAIN = """
UPDATE amocrm_administrators SET link_hash = %(link_hash)s, link_expires_at = amocrm_now() + %(link_lifetime)s
WHERE id = %(id)s AND revoked_at IS NULL
"""

_LIST = """
SELECT id, name, rights, created_at, created_by, expires_at, revoked_at, last_used_at,
       link_expires_at > amocrm_now() AS is_invited
FROM amocrm_administrators ORDER BY revoked_at IS NOT NULL, created_at DESC LIMIT 500
"""

_REVOKE = """
UPDATE amocrm_administrators SET revoked_at = amocrm_now(), token_hash = NULL, link_hash = NULL, link_expires_at = NULL
WHERE id = %(id)s AND revoked_at IS NULL
"""

# The moment of the last use is written at most once a minute.
_FIND = """
WITH found AS (
    SELECT id, name, rights, last_used_at FROM amocrm_administrators
    WHERE token_hash = %(hash)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > amocrm_now())
), used AS (
    UPDATE amocrm_administrators SET last_used_at = amocrm_now()
    WHERE id = (SELECT id FROM found
                WHERE last_used_at IS NULL OR last_used_at < amocrm_now() - interval '1 minute')
)
SELECT id, name, rights FROM found
"""

_INVITED = """
SELECT id, name, rights FROM amocrm_administrators
WHERE link_hash = %(hash)s AND link_expires_at > amocrm_now() AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > amocrm_now())
"""

_SIGN_IN = """
UPDATE amocrm_administrators SET
    token_hash = %(token_hash)s, link_hash = NULL, link_expires_at = NULL, last_used_at = amocrm_now()
WHERE link_hash = %(hash)s AND link_expires_at > amocrm_now() AND revoked_at IS NULL
RETURNING id, name, rights
"""


class Administrator(Struct, frozen=True):
    """What is kept of somebody; `is_invited`: a link of theirs waits to be used."""

    id: UUID
    name: str
    rights: str  # see, operate, manage
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    is_invited: bool | None


class Known(Struct, frozen=True):
    id: UUID
    name: str
    rights: str


def invite(database: Database, name: str, rights: str, by: str, lifetime: timedelta | None) -> tuple[UUID, str]:
    """The new administrator's id, and the code of their link; it is shown this once."""
    new_id, code = uuid4(), LINK_PREFIX + secrets.token_urlsafe(32)
    facts = {"id": new_id, "name": name, "rights": rights, "by": by, "lifetime": lifetime}
    database.execute(_INVITE, facts | {"link_hash": _hash(code), "link_lifetime": LINK_LIFETIME})
    return new_id, code


def invite_again(database: Database, administrator_id: UUID) -> str | None:
    """The code of another link; None for one who is not there, or was revoked."""
    code = LINK_PREFIX + secrets.token_urlsafe(32)
    facts = {"id": administrator_id, "link_hash": _hash(code), "link_lifetime": LINK_LIFETIME}
    return code if database.execute(_INVITE_AGAIN, facts) else None


def listed(database: Database) -> list[Administrator]:
    """At most 500, those who are revoked last."""
    return database.all(Administrator, _LIST)


def revoke(database: Database, administrator_id: UUID) -> bool:
    """False for one who is not there, or was revoked before."""
    return database.execute(_REVOKE, {"id": administrator_id}) > 0


def identify(runtime: Runtime, request: Request, token: str, calls: int) -> Caller:
    """The administrator, acting for the account that the headers name, if they name one. Raises 401."""
    found = runtime.database.one(Known, _FIND, {"hash": _hash(token)})
    if found is None:
        raise unauthenticated(say("This sign-in has ended or was revoked. Ask an administrator for a new link."))
    return acting(runtime, request, calls, KINDS[found.rights], found.name)


def identify_invited(runtime: Runtime, code: str) -> Caller:
    """Who has a link that was not used. Raises 401."""
    found = runtime.database.one(Known, _INVITED, {"hash": _hash(code)})
    if found is None:
        raise unauthenticated(say("This sign-in link was used, or is older than a day. Ask for a new one."))
    return Caller("invited", None, named_account=False, actor=found.name)


def sign_in(database: Database, code: str) -> tuple[Known, str] | None:
    """The link's token; the link is used up. None where it was already."""
    token = PREFIX + secrets.token_urlsafe(32)
    found = database.one(Known, _SIGN_IN, {"hash": _hash(code), "token_hash": _hash(token)})
    return None if found is None else (found, token)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
