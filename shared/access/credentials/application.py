"""A JWT of the operator's own application, such as a mobile app's backend.

Signed with a shared secret (HS256), or by an issuer whose keys are read from its JWKS address (RS256 or ES256, as
configured). `account_domain` and `widget_type` say for which connection it acts; `account_id`, where it is there, that
this is still the account it was: who renames theirs gives the address to whoever wants it.
"""

from typing import Any

from shared.access.credentials import jwks, jwts
from shared.access.permissions import Caller
from shared.connections import integrations
from shared.platform.config import Settings
from shared.platform.messages import say
from shared.platform.problems import Problem, unauthenticated
from shared.runtime import Runtime


def identify(runtime: Runtime, token: str, calls: int) -> Caller:
    """Raises 401 for a token that the company's application, or its issuer, has not signed."""
    claims = _claims(runtime, token)
    domain, widget_type = claims.get("account_domain"), claims.get("widget_type")
    if not isinstance(domain, str) or not isinstance(widget_type, str) or "\0" in domain + widget_type:
        raise unauthenticated(say("The token must have the claims account_domain and widget_type."))
    now = runtime.clock.monotonic()
    integration = integrations.by_domain(runtime.database, domain, widget_type, calls, now)
    meant = claims.get("account_id")
    if integration is None or (meant is not None and str(meant) != str(integration.account_id)):
        raise Problem(404, "unknown_connection", say("There is no connection for this account and widget type."))
    return Caller("application", integration)


def _claims(runtime: Runtime, token: str) -> dict[str, Any]:
    """Each algorithm has its own key, so that no token can make one pass for the other."""
    settings: Settings = runtime.settings
    header = jwts.header_of(token)
    algorithm, now = header.get("alg"), runtime.clock.now()
    if algorithm == "HS256" and settings.app_jwt_secret is not None:
        key = settings.app_jwt_secret.reveal()
        return jwts.verified(token, key, algorithm="HS256", audience=settings.app_jwt_audience, now=now)
    if settings.app_jwt_issuer is not None and algorithm == settings.app_jwt_algorithm:
        assert settings.app_jwt_jwks_url is not None  # checked with the issuer
        found = jwks.key(settings.app_jwt_jwks_url, str(header.get("kid")), runtime.clock)
        if found is None:
            raise unauthenticated(say("The token was signed with a key that its issuer does not publish."))
        audience, issuer = settings.app_jwt_audience, settings.app_jwt_issuer
        return jwts.verified(token, found, algorithm=algorithm, audience=audience, now=now, issuer=issuer)
    raise unauthenticated(say("Tokens of this kind are not accepted here (APP_JWT_SECRET, APP_JWT_ISSUER)."))
