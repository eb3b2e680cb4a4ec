"""Which web pages may read our answers: those of connected accounts, those of site keys, and configured ones. Which may
ask: those of any account, too, as one that was renamed has pages at an address that only its one-time token can prove.

Never `*`, never with credentials: a proof of identity travels in a header that the page itself sets.
"""

from msgspec import Struct

from shared.access.credentials import site_key
from shared.amocrm.hosts import UntrustedHostError, require_account_host
from shared.connections.integrations import Integration
from shared.platform.http import Pairs, Request, Response
from shared.platform.messages import say
from shared.platform.problems import forbidden
from shared.runtime import Runtime

_IS_KNOWN = """
SELECT EXISTS (SELECT FROM amocrm_integrations WHERE account_domain = %(host)s AND status <> 'disconnected')
    OR EXISTS (SELECT FROM amocrm_site_keys WHERE origins && %(origins)s::text[] AND revoked_at IS NULL) AS known
"""


class _Known(Struct, frozen=True):
    known: bool


def preflight(runtime: Runtime, request: Request) -> Response:
    """The browser's question before a call with headers of ours. 403 for a page that may not call."""
    origin = request.headers.get("Origin")
    if origin is None or not (_account_host(origin) or _is_allowed(runtime, origin, None)):
        raise forbidden(
            say("Pages of this origin may not call here. Connect the account, or add it to ALLOWED_ORIGINS.")
        )
    return Response(
        204,
        headers=(
            *_headers(origin),
            ("Access-Control-Allow-Methods", "GET, POST"),
            (
                "Access-Control-Allow-Headers",
                "Authorization, Content-Type, Idempotency-Key, "
                "X-Account-Domain, X-Auth-Token, X-Lead-Id, X-Order-Contact, X-Widget-Type",
            ),
            ("Access-Control-Max-Age", "600"),
        ),
    )


def allow(runtime: Runtime, request: Request, response: Response, integration: Integration | None) -> Response:
    """Adds the headers that let the asking page read the answer, if it may."""
    origin = request.headers.get("Origin")
    if origin is None or not _is_allowed(runtime, origin, integration):
        return response.with_headers((("Vary", "Origin"),))
    return response.with_headers(_headers(origin))


def _headers(origin: str) -> Pairs:
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", "Retry-After, X-Request-Id"),
        ("Vary", "Origin"),
    )


def _is_allowed(runtime: Runtime, origin: str, integration: Integration | None) -> bool:
    if origin in runtime.settings.allowed_origins:
        return True
    if integration is not None and origin == f"https://{integration.account_domain}":
        return True
    host = _account_host(origin)
    if integration is not None and host is not None:
        return False  # an account's page with the proof of another account
    origins = site_key.both_names(origin.replace("\0", ""))
    found = runtime.database.one(_Known, _IS_KNOWN, {"host": host, "origins": origins})
    return found is not None and found.known


def _account_host(origin: str) -> str | None:
    try:
        return require_account_host(origin.removeprefix("https://")) if origin.startswith("https://") else None
    except UntrustedHostError:
        return None
