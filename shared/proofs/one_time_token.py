"""amoCRM's one-time token, which its page adds to a widget's request. Source: amoCRM's "One-time tokens"."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from shared import integrations
from shared.database import Database
from shared.integrations import Integration
from shared.problems import unauthenticated
from shared.proofs import jwts
from shared.rights import Caller
from shared.runtime import Runtime

# Kept for longer than a token lives, which is 30 minutes.
_SPEND = """
INSERT INTO amocrm_used_tokens AS u (integration_id, jti, request_id, expires_at)
VALUES (%(integration_id)s, %(jti)s, %(request_id)s, amocrm_now() + interval '1 hour')
ON CONFLICT (integration_id, jti) DO UPDATE SET request_id = EXCLUDED.request_id
WHERE u.request_id = EXCLUDED.request_id
RETURNING integration_id AS id
"""


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


def identify(runtime: Runtime, token: str) -> Caller:
    """The user of the widget. The token names its integration, whose secret must have signed it."""
    claimed = jwts.unverified(token)
    client_id, account_id = claimed.get("client_uuid"), claimed.get("account_id")
    if not isinstance(client_id, str) or not isinstance(account_id, int) or not 0 < account_id < 2**63:
        raise unauthenticated("The one-time token names no client and account.")
    integration = integrations.by_client(runtime.database, client_id[:128].replace("\0", ""), account_id)
    if integration is None:
        raise unauthenticated("The one-time token is not from an integration that is connected here.")
    redirect = urlsplit(integration.redirect_uri)
    claims = jwts.verified(
        token,
        integration.secret(runtime.keyring),
        algorithm="HS256",
        audience=f"{redirect.scheme}://{redirect.netloc}",
        now=runtime.clock.now(),
    )
    jti, user_id = claims.get("jti"), claims.get("user_id")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 200 or "\0" in jti:
        raise unauthenticated("The one-time token has no identifier.")
    integration = _issued_for(runtime, integration, str(claims.get("iss")))
    return Caller(
        "widget_administrator" if claims.get("is_admin") is True else "widget",
        integration,
        user_id=user_id if isinstance(user_id, int) else None,
        jti=jti,
    )


def spend(database: Database, caller: Caller, request_id: str) -> None:
    """Uses the token up for a write. Raises 401 when it was used before."""
    parameters = {"integration_id": caller.require_integration().id, "jti": caller.jti, "request_id": request_id}
    if database.one(_Id, _SPEND, parameters) is None:
        raise unauthenticated("This one-time token was used before. Ask amoCRM for a new one.")


def _issued_for(runtime: Runtime, integration: Integration, issuer: str) -> Integration:
    if issuer != f"https://{integration.account_domain}":
        # The account was perhaps renamed since we last heard of it; amoCRM itself is asked, not the token.
        integration = runtime.rotation.follow_rename(integration)
    if issuer != f"https://{integration.account_domain}":
        raise unauthenticated("The one-time token was issued for another account.")
    return integration
