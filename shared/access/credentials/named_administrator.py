"""Administrators with a name: see, operate or manage; a token that is kept as a hash, ends, and can be revoked.

Somebody is invited by a link, which works once, for a day, and makes the token in the browser that opens it. Who has an
e-mail address also signs in by the OpenID Connect issuer, in any number of browsers, for some hours each.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from shared.access.credentials.administrator import acting
from shared.access.permissions import Caller
from shared.platform.http import Request
from shared.platform.messages import say
from shared.platform.problems import unauthenticated
from shared.runtime import Runtime
from shared.storage.database import Database

PREFIX: Final = "adm_"
LINK_PREFIX: Final = "inv_"
LINK_LIFETIME: Final = timedelta(hours=24)
CODE_LIFETIME: Final = timedelta(minutes=2)  # from the issuer's answer to the panel's first request
SIGN_IN_LIFETIME: Final = timedelta(hours=12)  # by the issuer; it knows who has left the company, we do not
KINDS: Final = {"see": "viewer", "operate": "operator", "manage": "administrator"}

# Nothing is made where another administrator has the e-mail address.
_INVITE = """
WITH made AS (
    INSERT INTO amocrm_administrators (id, name, rights, email, created_by, expires_at, link_hash, link_expires_at)
    VALUES (%(id)s, %(name)s, %(rights)s, %(email)s, %(by)s, amocrm_now() + %(lifetime)s, %(link_hash)s,
            amocrm_now() + %(link_lifetime)s)
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT id FROM made UNION SELECT id FROM amocrm_administrators WHERE id = %(id)s
"""

# Another link for the same person, who has lost theirs; the present token goes on until the link is used.
_INVITE_AGAIN = """
UPDATE amocrm_administrators SET link_hash = %(link_hash)s, link_expires_at = amocrm_now() + %(link_lifetime)s
WHERE id = %(id)s AND revoked_at IS NULL
"""

_LIST = """
SELECT id, name, rights, email, rights || ' ' || coalesce(email, '') AS revision, created_at, created_by, expires_at,
       revoked_at, last_used_at, link_expires_at > amocrm_now() AS is_invited
FROM amocrm_administrators ORDER BY revoked_at IS NOT NULL, created_at DESC LIMIT 500
"""

# Over the revision that its author has seen; the same save may come twice. Another address is bound anew, at its first
# sign-in; what was begun by the one before ends with it.
_CHANGE = """
WITH changed AS (
    UPDATE amocrm_administrators SET
        rights = %(rights)s, email = %(email)s,
        issuer_subject = CASE WHEN email = %(email)s THEN issuer_subject END
    WHERE id = %(id)s AND revoked_at IS NULL
      AND (%(seen)s::text IS NULL OR rights || ' ' || coalesce(email, '') = %(seen)s
           OR (rights = %(rights)s AND email IS NOT DISTINCT FROM %(email)s))
      AND NOT EXISTS (SELECT FROM amocrm_administrators other
                      WHERE other.email = %(email)s AND other.id <> %(id)s AND other.revoked_at IS NULL)
    RETURNING id
), ended AS (
    DELETE FROM amocrm_sign_ins
    WHERE administrator_id = (SELECT them.id FROM amocrm_administrators them JOIN changed USING (id)
                              WHERE them.email IS DISTINCT FROM %(email)s)
)
SELECT id FROM changed
"""

_REVOKE = """
WITH ended AS (DELETE FROM amocrm_sign_ins WHERE administrator_id = %(id)s)
UPDATE amocrm_administrators SET revoked_at = amocrm_now(), token_hash = NULL, link_hash = NULL, link_expires_at = NULL
WHERE id = %(id)s AND revoked_at IS NULL
"""

# The moment of the last use is written at most once a minute.
_FIND = """
WITH found AS (
    SELECT id, name, rights, last_used_at FROM amocrm_administrators
    WHERE (token_hash = %(hash)s OR id = (SELECT administrator_id FROM amocrm_sign_ins
                                          WHERE token_hash = %(hash)s AND expires_at > amocrm_now()))
      AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > amocrm_now())
), used AS (
    UPDATE amocrm_administrators SET last_used_at = amocrm_now()
    WHERE id = (SELECT id FROM found
                WHERE last_used_at IS NULL OR last_used_at < amocrm_now() - interval '1 minute')
)
SELECT id, name, rights FROM found
"""

_INVITED = """
SELECT id, name, rights FROM amocrm_administrators
WHERE (link_hash = %(hash)s AND link_expires_at > amocrm_now()
       OR id = (SELECT administrator_id FROM amocrm_sign_ins
                WHERE code_hash = %(hash)s AND code_expires_at > amocrm_now()))
  AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > amocrm_now())
"""

_SIGN_IN_BY_LINK = """
UPDATE amocrm_administrators SET
    token_hash = %(token_hash)s, link_hash = NULL, link_expires_at = NULL, last_used_at = amocrm_now()
WHERE (link_hash = %(hash)s AND link_expires_at > amocrm_now() OR token_hash = %(token_hash)s) AND revoked_at IS NULL
RETURNING id, name, rights
"""

_SIGN_IN_BY_CODE = """
UPDATE amocrm_sign_ins made SET token_hash = %(token_hash)s, code_hash = NULL, code_expires_at = NULL
FROM amocrm_administrators them
WHERE them.id = made.administrator_id AND them.revoked_at IS NULL
  AND (made.code_hash = %(hash)s AND made.code_expires_at > amocrm_now() OR made.token_hash = %(token_hash)s)
RETURNING them.id, them.name, them.rights
"""

# The person is bound to the address by the first sign-in; those that are over are cleared on the way.
_VOUCHED = """
WITH cleared AS (
    DELETE FROM amocrm_sign_ins WHERE expires_at <= amocrm_now()
), them AS (
    UPDATE amocrm_administrators SET issuer_subject = %(subject)s
    WHERE email = %(email)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > amocrm_now())
      AND coalesce(issuer_subject, %(subject)s) = %(subject)s
    RETURNING id
)
INSERT INTO amocrm_sign_ins (id, administrator_id, code_hash, code_expires_at, expires_at)
SELECT %(id)s, id, %(hash)s, amocrm_now() + %(code_lifetime)s, amocrm_now() + %(lifetime)s FROM them
ON CONFLICT (id) DO UPDATE SET code_hash = excluded.code_hash
"""


class Administrator(Struct, frozen=True):
    """What is kept of somebody; `is_invited`: a link of theirs waits to be used."""

    id: UUID
    name: str
    rights: str  # see, operate, manage
    email: str | None  # by which the issuer knows them
    revision: str  # of both
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    is_invited: bool | None


class VerifiedAdministrator(Struct, frozen=True):
    id: UUID
    name: str
    rights: str


class _Made(Struct, frozen=True):
    id: UUID


def invite(
    database: Database, name: str, rights: str, by: str, lifetime: timedelta | None, email: str | None = None
) -> tuple[UUID, str] | None:
    """The new administrator's id, and the code of their link; it is shown this once. None: the address is taken."""
    new_id, code = uuid4(), LINK_PREFIX + secrets.token_urlsafe(32)
    facts = {"id": new_id, "name": name, "rights": rights, "email": _address(email), "by": by, "lifetime": lifetime}
    made = database.one(_Made, _INVITE, facts | {"link_hash": _hash(code), "link_lifetime": LINK_LIFETIME})
    return None if made is None else (new_id, code)


def change(database: Database, administrator_id: UUID, rights: str, email: str | None, seen: str | None) -> bool:
    """False for one who is not there or was revoked, for an address that another has, and for one who has changed since
    the revision `seen`; None saves in any case."""
    given = {"id": administrator_id, "rights": rights, "email": _address(email), "seen": seen}
    return database.one(_Made, _CHANGE, given) is not None


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
    found = runtime.database.one(VerifiedAdministrator, _FIND, {"hash": _hash(token)})
    if found is None:
        raise unauthenticated(say("This sign-in has ended or was revoked. Ask an administrator for a new link."))
    return acting(runtime, request, calls, KINDS[found.rights], found.name)


def identify_invited(runtime: Runtime, code: str) -> Caller:
    """Who has a link that was not used. Raises 401."""
    found = runtime.database.one(VerifiedAdministrator, _INVITED, {"hash": _hash(code)})
    if found is None:
        raise unauthenticated(say("This sign-in link was used, or is older than a day. Ask for a new one."))
    return Caller("invited", None, named_account=False, actor=found.name)


def sign_in(database: Database, code: str) -> tuple[VerifiedAdministrator, str] | None:
    """The link's token, or that of a code of :func:`vouched_for`, which is used up. None where it was already."""
    token = PREFIX + secrets.token_urlsafe(32)
    hashes = {"hash": _hash(code), "token_hash": _hash(token)}
    found = database.one(VerifiedAdministrator, _SIGN_IN_BY_LINK, hashes) or database.one(
        VerifiedAdministrator, _SIGN_IN_BY_CODE, hashes
    )
    return None if found is None else (found, token)


def vouched_for(database: Database, email: str, subject: str) -> str | None:
    """A code for whom the issuer vouches; `subject`: its own id of the person. None: they are not an administrator, or
    the address was somebody else's when it first came."""
    code = LINK_PREFIX + secrets.token_urlsafe(32)
    facts: dict[str, object] = {"id": uuid4(), "email": _address(email), "subject": _hash(subject), "hash": _hash(code)}
    lifetimes = {"code_lifetime": CODE_LIFETIME, "lifetime": SIGN_IN_LIFETIME}
    return code if database.execute(_VOUCHED, facts | lifetimes) else None


def _address(email: str | None) -> str | None:
    """As addresses are compared: small, where all of it is ASCII. (Small, a Kelvin sign is the letter k.)"""
    return (email.lower() if email.isascii() else email) if email else None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
