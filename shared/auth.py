"""Who is asking: proofs become a :class:`Caller`. What a caller may do is the table `RIGHTS`.

`X-Account-Domain` and `X-Widget-Type` are only a wish. The account comes from the proof; for the administrator, who may
act for every account, they choose it.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import jwt

from shared import integrations
from shared.amocrm.hosts import UntrustedHostError, clean_account_domain
from shared.database import Database
from shared.http import Request
from shared.integrations import Integration
from shared.problems import Problem, forbidden, invalid_input, unauthenticated
from shared.runtime import Runtime


class Right(StrEnum):
    READ_DEALS = "read_deals"
    WRITE_DEALS = "write_deals"
    SEE_CONNECTION = "see_connection"
    CONNECT = "connect"  # begin a consent, hand in a code, disconnect
    MANAGE = "manage"  # save client ids and secrets, read the event log


# Which proof gives which rights. A reviewer should need nothing else.
RIGHTS: dict[str, frozenset[Right]] = {
    "widget": frozenset({Right.READ_DEALS, Right.WRITE_DEALS, Right.SEE_CONNECTION}),
    "application": frozenset({Right.READ_DEALS, Right.WRITE_DEALS, Right.SEE_CONNECTION, Right.CONNECT}),
    "administrator": frozenset(Right),
}

_LEEWAY = timedelta(seconds=30)

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


@dataclass(frozen=True, slots=True)
class Caller:
    kind: str  # a key of RIGHTS
    integration: Integration | None  # None only for an administrator: he named no account, or one that is not here
    named_account: bool = True
    user_id: int | None = None  # the amoCRM user at the widget
    jti: str | None = None  # of a one-time token

    def require(self, right: Right) -> None:
        if right not in RIGHTS[self.kind]:
            raise forbidden(f"This proof of identity ({self.kind}) does not give the right {right}.")

    def require_integration(self) -> Integration:
        if self.integration is not None:
            return self.integration
        if self.named_account:
            raise Problem(404, "unknown_connection", "There is no connection for this account and widget type.")
        raise invalid_input("name the account and the widget type in these headers", "X-Account-Domain, X-Widget-Type")

    def spend(self, database: Database, request_id: str) -> None:
        """A one-time token pays for one write. Raises 401 when it has paid before."""
        if self.jti is None or self.integration is None:
            return
        parameters = {"integration_id": self.integration.id, "jti": self.jti, "request_id": request_id}
        if database.one(_Id, _SPEND, parameters) is None:
            raise unauthenticated("This one-time token was used before. Ask amoCRM for a new one.")


def authenticate(runtime: Runtime, request: Request) -> Caller:
    """Raises 401 for a missing or wrong proof, 403 for headers that disagree with it."""
    one_time_token = request.headers.get("X-Auth-Token")
    scheme, _, credential = (request.headers.get("Authorization") or "").partition(" ")
    if one_time_token:
        caller = _widget(runtime, one_time_token)
    elif scheme.lower() == "bearer" and credential.count(".") == 2:
        caller = _application(runtime, credential)
    elif scheme.lower() == "bearer" and credential:
        return _administrator(runtime, request, credential)
    else:
        raise unauthenticated("Send X-Auth-Token (amoCRM's one-time token) or Authorization: Bearer.")
    _refuse_other_account(request, caller)
    return caller


def _widget(runtime: Runtime, token: str) -> Caller:
    """amoCRM's one-time token. Source: amoCRM's documentation, "One-time tokens of integrations"."""
    claimed = _unverified(token)
    client_id, account_id = claimed.get("client_uuid"), claimed.get("account_id")
    if not isinstance(client_id, str) or not isinstance(account_id, int) or not 0 < account_id < 2**63:
        raise unauthenticated("The one-time token names no client and account.")
    integration = integrations.by_client(runtime.database, client_id[:128], account_id)
    if integration is None:
        raise unauthenticated("The one-time token is not from an integration that is connected here.")
    redirect = urlsplit(integration.redirect_uri)
    claims = _verified(
        runtime, token, integration.secret(runtime.keyring), audience=f"{redirect.scheme}://{redirect.netloc}"
    )
    jti, user_id = claims.get("jti"), claims.get("user_id")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 200:
        raise unauthenticated("The one-time token has no identifier.")
    issuer = str(claims.get("iss"))
    if issuer != f"https://{integration.account_domain}":
        # The account was perhaps renamed since we last heard of it; amoCRM itself is asked, not the token.
        integration = runtime.rotation.follow_rename(integration)
    if issuer != f"https://{integration.account_domain}":
        raise unauthenticated("The one-time token was issued for another account.")
    return Caller("widget", integration, user_id=user_id if isinstance(user_id, int) else None, jti=jti)


def _application(runtime: Runtime, token: str) -> Caller:
    """A JWT of the operator's own application: `account_domain` and `widget_type` say for whom it acts."""
    secret = runtime.settings.app_jwt_secret
    if secret is None:
        raise unauthenticated("Applications are not switched on here (APP_JWT_SECRET).")
    claims = _verified(runtime, token, secret.reveal(), audience=runtime.settings.app_jwt_audience)
    domain, widget_type = claims.get("account_domain"), claims.get("widget_type")
    if not isinstance(domain, str) or not isinstance(widget_type, str):
        raise unauthenticated("The token must have the claims account_domain and widget_type.")
    integration = integrations.by_domain(runtime.database, domain, widget_type)
    if integration is None:
        raise Problem(404, "unknown_connection", "There is no connection for this account and widget type.")
    return Caller("application", integration)


def _administrator(runtime: Runtime, request: Request, credential: str) -> Caller:
    given = hashlib.sha256(credential.encode()).digest()
    known = [hashlib.sha256(token.reveal().encode()).digest() for token in runtime.settings.admin_tokens]
    if not sum(hmac.compare_digest(given, digest) for digest in known):  # a sum: every one is compared
        raise unauthenticated("The administrator token is not right.")
    domain, widget_type = _wished_account(request)
    if domain is None or widget_type is None:
        return Caller("administrator", None, named_account=False)
    return Caller("administrator", integrations.by_domain(runtime.database, domain, widget_type))


def _wished_account(request: Request) -> tuple[str | None, str | None]:
    domain = request.headers.get("X-Account-Domain")
    try:
        return clean_account_domain(domain) if domain else None, request.headers.get("X-Widget-Type") or None
    except UntrustedHostError as error:
        raise invalid_input(str(error), "X-Account-Domain") from None


def _refuse_other_account(request: Request, caller: Caller) -> None:
    integration = caller.require_integration()
    domain, widget_type = _wished_account(request)
    if domain not in (None, integration.account_domain):
        raise forbidden("X-Account-Domain names another account than the proof of identity.")
    if widget_type not in (None, integration.widget_type):
        raise forbidden("X-Widget-Type names another widget type than the proof of identity.")


def _unverified(token: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise unauthenticated("The token is not a JWT.") from None
    return claims


def _verified(runtime: Runtime, token: str, key: str, audience: str) -> dict[str, Any]:
    """The claims of an HS256 token for us. Times are checked by our own clock, so that tests can move it."""
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iat", "aud"]}
    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=["HS256"], audience=audience, options=options)
    except jwt.InvalidTokenError as error:
        raise unauthenticated(f"The token is not valid ({type(error).__name__}).") from None
    now = runtime.clock.now().timestamp()
    leeway = _LEEWAY.total_seconds()
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if not all(isinstance(value, int | float) for value in times.values()):
        raise unauthenticated("The token's times are not numbers.")
    if times["exp"] <= now - leeway:
        raise unauthenticated("The token has expired.")
    if max(times.get("nbf", 0), times["iat"]) > now + leeway:
        raise unauthenticated("The token is not valid yet: check the clocks.")
    return claims
