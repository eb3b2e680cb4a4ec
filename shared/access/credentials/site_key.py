"""A site key: it stands in a public page, so it is no secret. It submits forms and orders, asks where an order stands,
and books appointments; only from pages of its origins, and only so often for each key and each visitor's address.

A key of a server's kind is for what has no origin, such as a site builder's own server. It is a secret. Where the
builder signs what it sends, the key may be given the builder's secret, too: then nothing else is taken.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from msgspec import Struct

from shared.access import throttle
from shared.access.permissions import Caller
from shared.connections.integrations import Integration
from shared.platform.http import Request
from shared.platform.messages import say
from shared.platform.problems import forbidden, unauthenticated
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.database import Database
from shared.storage.encryption import Keyring

PREFIX: Final = "site_"
SERVER_PREFIX: Final = "srv_"
PER_KEY: Final = 300  # submissions a minute
PER_ADDRESS: Final = 20
# The same for forms of pages that hide their origin, which anybody's page can do.
PER_KEY_HIDDEN: Final = 60
PER_ADDRESS_HIDDEN: Final = 5
# Pages that ask where an order stands ask often; it does not keep anybody from ordering.
PER_KEY_READS: Final = 1200
PER_ADDRESS_READS: Final = 30
# A form of many thousand words is dozens of notes, each a call or two: it counts once more for each so many bytes.
LARGE: Final = 100_000
_HIDDEN: Final = "null"
_SECRET: Final = "site_key_secret"  # noqa: S105 - what it is bound to
_TOLD_AGAIN: Final = timedelta(days=1)

_CREATE = """
INSERT INTO amocrm_site_keys (id, integration_id, key_hash, name, origins, accepts_hidden_origin, is_server)
VALUES (%(id)s, %(integration_id)s, %(key_hash)s, %(name)s, %(origins)s, %(accepts_hidden_origin)s, %(is_server)s)
ON CONFLICT (id) DO NOTHING
"""

_LIST = """
SELECT id, name, origins, accepts_hidden_origin, is_server, secret IS NOT NULL AS is_signed, created_at, revoked_at
FROM amocrm_site_keys
WHERE integration_id = %(integration_id)s ORDER BY revoked_at IS NOT NULL, created_at DESC LIMIT 200
"""

_REVOKE = """
UPDATE amocrm_site_keys SET revoked_at = coalesce(revoked_at, amocrm_now())
WHERE id = %(id)s AND integration_id = %(integration_id)s
"""

_SIGN = """
UPDATE amocrm_site_keys SET secret = %(secret)s
WHERE id = %(id)s AND integration_id = %(integration_id)s AND is_server AND revoked_at IS NULL
"""

_ACCEPT_WITHOUT_PERSON = """
UPDATE amocrm_site_keys SET accepts_without_person = %(is_so)s, without_person = without_person AND NOT %(is_so)s
WHERE id = %(id)s AND integration_id = %(integration_id)s AND is_server
"""

_FIND = """
SELECT c.*, k.id AS key_id, k.origins, k.accepts_hidden_origin, k.is_server, k.secret AS key_secret
FROM amocrm_site_keys k JOIN amocrm_connections c ON c.id = k.integration_id
WHERE k.key_hash = %(key_hash)s AND k.revoked_at IS NULL
"""


_BY_ID = """
SELECT c.*, k.id AS key_id, k.origins, k.accepts_hidden_origin, k.is_server
FROM amocrm_site_keys k JOIN amocrm_connections c ON c.id = k.integration_id WHERE k.id = %(id)s
"""


class SiteKey(Struct, frozen=True):
    """What is kept of a key; the key itself is shown once, when it is made."""

    id: UUID
    name: str
    origins: list[str]
    accepts_hidden_origin: bool
    is_server: bool
    is_signed: bool
    created_at: datetime
    revoked_at: datetime | None


class _Found(Integration, frozen=True, kw_only=True):
    HIDDEN = (*Integration.HIDDEN, "key_secret")

    key_id: UUID | None = None
    origins: tuple[str, ...] = ()
    accepts_hidden_origin: bool = False
    is_server: bool = False
    key_secret: bytes | None = None  # encrypted


def create(
    database: Database,
    integration: Integration,
    name: str,
    origins: list[str],
    accepts_hidden_origin: bool = False,
    is_server: bool = False,
) -> tuple[UUID, str]:
    """A new key's id, and the key."""
    key_id, key = uuid4(), (SERVER_PREFIX if is_server else PREFIX) + secrets.token_urlsafe(24)
    parameters = {"id": key_id, "integration_id": integration.id, "key_hash": _hash(key)}
    facts = {"name": name, "origins": origins, "accepts_hidden_origin": accepts_hidden_origin, "is_server": is_server}
    database.execute(_CREATE, parameters | facts)
    return key_id, key


def of_integration(database: Database, integration: Integration) -> list[SiteKey]:
    return database.all(SiteKey, _LIST, {"integration_id": integration.id})


def revoke(database: Database, integration: Integration, key_id: UUID) -> bool:
    """False for a key that this integration does not have. Revoking twice is no error."""
    return database.execute(_REVOKE, {"id": key_id, "integration_id": integration.id}) > 0


def sign(database: Database, keyring: Keyring, integration: Integration, key_id: UUID, secret: str | None) -> bool:
    """From now on what is sent with this key must be signed with the secret that its sender has; None: it need not.
    False for what is no key of a server's of this integration, or is revoked."""
    stored = None if secret is None else keyring.encrypt(secret, key_id, _SECRET)
    parameters = {"id": key_id, "integration_id": integration.id, "secret": stored}
    return database.execute(_SIGN, parameters) > 0


def accept_without_person(database: Database, integration: Integration, key_id: UUID, is_so: bool) -> bool:
    """Whether it is right that what comes with this key has neither a phone nor an e-mail. False for what is no key of
    a server's of this integration."""
    parameters = {"id": key_id, "integration_id": integration.id, "is_so": is_so}
    return database.execute(_ACCEPT_WITHOUT_PERSON, parameters) > 0


def identify(runtime: Runtime, request: Request, key: str) -> Caller:
    """The page. Raises 401 for an unknown or revoked key, 403 for another origin, 429 when it comes too often."""
    found = runtime.database.one(_Found, _FIND, {"key_hash": _hash(key)})
    if found is None:
        raise unauthenticated(say("This site key is not known, or was revoked."))
    bucket, per_key, per_address = f"site:{found.key_id}", PER_KEY, PER_ADDRESS
    if found.is_server:
        if request.headers.get("Origin") is not None:
            raise forbidden(
                say("This key is for servers. It does not belong into a page: revoke it, and make another.")
            )
        throttle.pass_or_refuse(runtime.database, bucket, per_key)  # all its visitors come from one address
        if found.key_secret is not None:
            _require_signature(runtime, found, request)
        return Caller("server", found)
    if request.headers.get("Origin") not in _pages(found) and not _is_our_page(runtime, request):
        _require_hidden_origin(found, request)
        bucket, per_key, per_address = f"{bucket}:hidden", PER_KEY_HIDDEN, PER_ADDRESS_HIDDEN
    elif request.method == "GET":
        bucket, per_key, per_address = f"{bucket}:reads", PER_KEY_READS, PER_ADDRESS_READS
    # In this order: what a visitor is refused does not count for the key, so that nobody uses up what all others have.
    uses = min(1 + len(request.body) // LARGE, per_address)  # one a minute is taken, however large
    throttle.pass_or_refuse(runtime.database, f"{bucket}:{request.network}", per_address, uses)
    throttle.pass_or_refuse(runtime.database, bucket, per_key, uses)
    return Caller("site", found)


def caller_of(database: Database, key_id: UUID) -> Caller | None:
    """Whoever has sent something with this key before, for what is done with that later; also where it is revoked."""
    found = database.one(_Found, _BY_ID, {"id": key_id})
    return None if found is None else Caller("server" if found.is_server else "site", found)


def _require_signature(runtime: Runtime, found: _Found, request: Request) -> None:
    from shared.access.credentials import signatures  # for keys with a secret only

    secret = _secret_of(runtime, found)
    if signatures.is_signed(request, secret) or signatures.is_trial(request):
        return
    told = say(
        "What was sent to a key of a site builder's server is not signed with the secret that this key was given, and "
        "was refused. Either somebody else knows the address, or the builder has another secret: enter it anew."
    )
    event_log.add_rarely(
        runtime.database, "submission.not_signed", told, level="warning", integration_id=found.id, every=_TOLD_AGAIN
    )
    raise unauthenticated(say("The signature is missing, or was made with another secret."))


def _is_our_page(runtime: Runtime, request: Request) -> bool:
    """The booking page, which we serve ourselves. Browsers send no Origin with a read of the page's own host, and say
    that it is one in a header that no script can set; Safari before 16.4 does not. But what a script of another host's
    page sends with a header of its own, such as the key's, has an Origin in every browser."""
    url = urlsplit(runtime.settings.crm_api_url)
    origin, whose = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    is_scripts_read = whose is None and request.method == "GET" and request.headers.get("Authorization") is not None
    return origin == f"{url.scheme}://{url.netloc}" or (origin is None and (whose == "same-origin" or is_scripts_read))


# vendor: browsers.hidden_origin (page) Browsers send "Origin: null" with a form to another host from a page with
# Referrer-Policy: same-origin, which is some frameworks' default, or no-referrer.
# source: the Fetch standard, "Append a request Origin header"; seen in Chromium
def _require_hidden_origin(found: _Found, request: Request) -> None:
    """A plain form of a page that hides its origin, where the key accepts such; a script has an origin to show."""
    if request.headers.get("Origin") != _HIDDEN or not request.is_html_form:
        raise forbidden(say("This site key is not for pages of this origin."))
    if not found.accepts_hidden_origin:
        raise forbidden(
            say(
                "The page hides its address (Referrer-Policy: same-origin or no-referrer), and this site key does not "
                "accept such forms. Make a key that does, or let the page send Referrer-Policy: strict-origin."
            )
        )


def origins_of(caller: Caller) -> list[str]:
    """The pages that a site key is for; none for other callers."""
    return _pages(caller.integration) if isinstance(caller.integration, _Found) else []


def _pages(found: _Found) -> list[str]:
    return [one for origin in found.origins for one in both_names(origin)]


def both_names(origin: str) -> list[str]:
    """Without `www.` and with it: many a site answers at both, and whoever names one of them means the site."""
    scheme, _, host = origin.partition("://")
    bare = host.removeprefix("www.")
    return [f"{scheme}://{bare}", f"{scheme}://www.{bare}"]


def id_of(caller: Caller) -> UUID | None:
    """Which site key the caller has shown; None for other callers."""
    return caller.integration.key_id if isinstance(caller.integration, _Found) else None


def is_signed(caller: Caller) -> bool:
    """Whether the key was given its sender's secret."""
    return isinstance(caller.integration, _Found) and caller.integration.key_secret is not None


def secret_of(runtime: Runtime, caller: Caller) -> str | None:
    """With which the sender signs, where the key of a server's has it."""
    found = caller.integration
    return _secret_of(runtime, found) if isinstance(found, _Found) and is_signed(caller) else None


def _secret_of(runtime: Runtime, found: _Found) -> str:
    assert found.key_id is not None
    assert found.key_secret is not None
    return runtime.keyring.decrypt(found.key_secret, found.key_id, _SECRET)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
