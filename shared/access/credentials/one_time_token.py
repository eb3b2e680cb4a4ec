"""amoCRM's one-time token, which its page adds to a widget's request. Source: amoCRM's "One-time tokens"."""

from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from shared.access.credentials import jwts
from shared.access.permissions import Caller
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.platform.messages import say
from shared.platform.problems import unauthenticated
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage.database import Database, RowId

# Kept for longer than a token lives, which is 30 minutes.
_SPEND = """
INSERT INTO amocrm_used_tokens AS u (integration_id, jti, request_id, expires_at)
VALUES (%(integration_id)s, %(jti)s, %(request_id)s, amocrm_now() + interval '1 hour')
ON CONFLICT (integration_id, jti) DO UPDATE SET request_id = EXCLUDED.request_id
WHERE u.request_id = EXCLUDED.request_id
RETURNING integration_id AS id
"""


# Secrets that this warm instance has seen to be right. Only a hint: the row's own secret decides.
_known: dict[tuple[str, int], Secret] = {}
_MOST_KNOWN: Final = 1000


def identify(runtime: Runtime, token: str, calls: int) -> Caller:
    """The user of the widget. The token names its integration, whose secret must have signed it.

    Calls are reserved with the read only for a token that fits the secret which this instance knows from before:
    nobody without a good token can use up an account's calls.
    """
    claimed = jwts.unverified(token)
    client_id, account_id = _client_of(claimed), _number(claimed.get("account_id"))
    if client_id is None or account_id is None:
        raise unauthenticated(say("The one-time token names no client and account."))
    is_trusted = _signed_before(client_id, account_id, token)
    now = runtime.clock.monotonic()
    integration = integrations.by_client(runtime.database, client_id, account_id, calls if is_trusted else 0, now)
    if integration is None:
        raise unauthenticated(say("The one-time token is not from an integration that is connected here."))
    secret = integration.secret(runtime.keyring)
    audience = _audience(integration)
    # vendor: one_time_token.claims (page) A one-time token is a JWT, HS256 with the integration's secret, for 30
    # minutes; it tells iss (the account), jti, account_id, client_uuid, user_id, is_admin.
    # source: amoCRM's documentation, "One-time tokens"; amocrm-api-php's model of it
    claims = jwts.verified(token, secret, algorithm="HS256", audience=audience, now=runtime.clock.now())
    jti, user_id = claims.get("jti"), claims.get("user_id")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 200 or "\0" in jti:
        raise unauthenticated(say("The one-time token has no identifier."))
    _remember(client_id, account_id, secret)
    integration = _issued_for(runtime, integration, str(claims.get("iss")))
    return Caller(
        "widget_administrator" if claims.get("is_admin") is True else "widget",
        integration,
        user_id=user_id if isinstance(user_id, int) else None,
        jti=jti,
    )


class Bot(Struct, frozen=True):
    """A bot that asks, in the name of an integration, about what it is talking about."""

    integration: Integration
    jti: str
    entity: str  # leads or contacts
    entity_id: int


def of_bot(runtime: Runtime, token: str) -> Bot:
    """The bot. Raises 401 for a token that its integration's secret has not signed."""
    # vendor: salesbot.token (page) A bot's token is a JWT, HS512 with the integration's secret; beside the claims of a
    # one-time token it tells entity_type (1 a contact, 2 a deal), entity_id, bot_id and bot_type. Times may have a
    # fraction.
    # source: Kommo's documentation, "Salesbot"; notes of an integration in production
    claimed = jwts.unverified(token)
    client_id, account_id = _client_of(claimed), _number(claimed.get("account_id"))
    entity = _ENTITIES.get(str(claimed.get("entity_type")))
    entity_id = _number(claimed.get("entity_id"))
    if client_id is None or account_id is None or entity is None or entity_id is None:
        raise unauthenticated(say("The token names no client, account and entity."))
    integration = integrations.by_client(runtime.database, client_id, account_id)
    if integration is None:
        raise unauthenticated(say("The one-time token is not from an integration that is connected here."))
    secret = integration.secret(runtime.keyring)
    own = urlsplit(runtime.settings.crm_api_url)
    audience = (*_audience(integration), f"{own.scheme}://{own.hostname}", f"{own.scheme}://{own.netloc}")
    claims = jwts.verified(token, secret, algorithm="HS512", audience=audience, now=runtime.clock.now())
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 200:
        raise unauthenticated(say("The one-time token has no identifier."))
    return Bot(_issued_for(runtime, integration, str(claims.get("iss"))), jti, entity, entity_id)


_ENTITIES: Final = {"1": "contacts", "2": "leads"}


def _client_of(claimed: dict[str, Any]) -> str | None:
    """As nobody has signed it yet: without what PostgreSQL cannot hold, a NUL or half a pair of surrogates."""
    named = claimed.get("client_uuid")
    return named[:128].replace("\0", "").encode(errors="replace").decode() if isinstance(named, str) else None


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < 2**63 else None


def _audience(integration: Integration) -> tuple[str, str]:
    redirect = urlsplit(integration.redirect_uri)
    # vendor: one_time_token.audience (code) The audience is scheme and host of the redirect URI, without the port.
    # source: amocrm-api-php, AmoCRMOAuth::parseDisposableToken; with a port it is accepted too, as in older write-ups
    return f"{redirect.scheme}://{redirect.hostname}", f"{redirect.scheme}://{redirect.netloc}"


def _signed_before(client_id: str, account_id: int, token: str) -> bool:
    known = _known.get((client_id, account_id))
    return known is not None and jwts.is_signed_by(token, known.reveal(), "HS256")


def _remember(client_id: str, account_id: int, secret: str) -> None:
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[client_id, account_id] = Secret(secret)


def spend(database: Database, caller: Caller, request_id: str) -> None:
    """Uses the token up for a write. Raises 401 when it was used before."""
    parameters = {"integration_id": caller.require_integration().id, "jti": caller.jti, "request_id": request_id}
    if database.one(RowId, _SPEND, parameters) is None:
        raise unauthenticated(say("This one-time token was used before. Ask amoCRM for a new one."))


def _issued_for(runtime: Runtime, integration: Integration, issuer: str) -> Integration:
    if issuer != f"https://{integration.account_domain}":
        # The account was perhaps renamed since we last heard of it; amoCRM itself is asked, not the token.
        integration = runtime.rotation.follow_rename(integration)
    if issuer != f"https://{integration.account_domain}":
        raise unauthenticated(say("The one-time token was issued for another account."))
    return integration
