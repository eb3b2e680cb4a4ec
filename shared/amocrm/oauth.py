"""amoCRM's OAuth 2.0: consent, the token endpoint, what an access token says, and finding a renamed account.

Sources: amoCRM's documentation, "OAuth 2.0, step by step" and "Integrations, disabling"; the vendor's PHP client for
the look-up of a renamed account.
"""

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from shared.amocrm import errors
from shared.amocrm.hosts import UntrustedHostError, require_account_host, require_amocrm_host
from shared.amocrm.oauth_errors import Meaning, meaning_of
from shared.amocrm.transport import Transport
from shared.platform.messages import say
from shared.platform.secret import Guarded

_USUAL_SECONDS: Final = 86_400


class ClientCredentials(Guarded, frozen=True):
    """What the token endpoint asks of an integration; the redirect URI is that of the consent."""

    HIDDEN = ("client_secret",)

    client_id: str
    client_secret: str
    redirect_uri: str  # equal to the registered one, trailing slash included, in the exchange and in every refresh


class TokenPair(Guarded, frozen=True):
    """As the token endpoint gives it. The refresh token works once, and for three months."""

    HIDDEN = ("access_token", "refresh_token")

    access_token: str
    refresh_token: str
    expires_in: int  # seconds


class AccessTokenHints(Struct, frozen=True):
    """Claims of an access token. Its signature is not ours to check: trust it only as far as its way to us."""

    account_id: int | None
    api_domain: str | None  # a checked amoCRM host
    expires_at: datetime | None = None
    scopes: frozenset[str] | None = None


class TokenRefusedError(Exception):
    """The token endpoint said no; nothing was used up. `meaning` says what is to be done, `words` are amoCRM's own."""

    def __init__(self, meaning: Meaning, words: str) -> None:
        super().__init__(f"{meaning}: {words}")
        self.meaning = meaning
        self.words = words

    @property
    def is_grant_dead(self) -> bool:
        return self.meaning is Meaning.GRANT_DEAD


def install_url(
    gateway: str | None,
    *,
    kommo: bool,
    name: str,
    description: str,
    redirect_uri: str,
    logo: str,
    origin: str,
    state: str,
    mode: str,
) -> str:
    """Where amoCRM's button leads that makes an integration. The secret is delivered to the redirect URI too, by POST.

    `mode`: with `post_message` the consent's own window goes to the redirect URI; with `popup` amoCRM posts
    `{"url"}` to the window that opened it, which must go there.
    """
    # vendor: button.query (code) The button opens /oauth/ with state, mode, origin (the page that has the button), then
    # name, description, redirect_uri, secrets_uri, logo, and scopes[] once for each scope; all but logo are needed.
    # source: button.js of Kommo, of which amoCRM's is the twin
    query = {
        "state": state,
        "mode": mode,
        "origin": origin,
        "name": name,
        "description": description,
        "redirect_uri": redirect_uri,
        "secrets_uri": redirect_uri,
        "logo": logo,
        "scopes[]": ["crm", "files"],
    }
    host = "https://www.kommo.com" if kommo else "https://www.amocrm.ru"
    return f"{gateway or host}/oauth/?{urlencode(query, doseq=True)}"


def consent_url(gateway: str | None, account_domain: str, client_id: str, state: str) -> str:
    """Where an administrator of the account allows access; `gateway` is an origin in amoCRM's place."""
    query = urlencode({"client_id": client_id, "state": state, "mode": "post_message"})
    return f"{gateway or f'https://{account_domain}'}/oauth?{query}"


def exchange_code(transport: Transport, host: str, credentials: ClientCredentials, code: str) -> TokenPair:
    """The first pair of a consent. Raises :class:`TokenRefusedError` and the errors of :mod:`shared.amocrm.errors`."""
    # vendor: oauth.code (page) A code works once, and for 20 minutes; the redirect URI must equal that of its consent,
    # slash included.
    # source: amoCRM's documentation, "OAuth 2.0, step by step"
    return _token_call(transport, host, credentials, {"grant_type": "authorization_code", "code": code})


def refresh(transport: Transport, host: str, credentials: ClientCredentials, refresh_token: str) -> TokenPair:
    """A new pair; the given refresh token is dead once amoCRM has processed this.

    Raises :class:`TokenRefusedError` or an error of :mod:`shared.amocrm.errors`.
    """
    # vendor: oauth.refresh_token (page) A refresh token works once and lives for three months, its access token for a
    # day; a refresh gives a new pair.
    # source: amoCRM's documentation, "OAuth 2.0, step by step"; amocrm-api-php issues 123, 246, 269, 315, 575
    return _token_call(transport, host, credentials, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def current_account_host(transport: Transport, api_domain: str, refresh_token: str) -> str:
    """Where the account of this refresh token lives now; amoCRM's owner may have renamed it.

    Raises :class:`~shared.amocrm.hosts.UntrustedHostError` when the answer names a host that is not amoCRM's.
    """
    # vendor: oauth.rename (code) An account that was renamed is found by its refresh token:
    # /oauth2/account/current/subdomain at the access token's api_domain, after a 401 or 404 of the token endpoint.
    # source: amocrm-api-php, pull request 572
    return _named_host(transport, api_domain, "/oauth2/account/current/subdomain", {"X-Refresh-Token": refresh_token})


def account_host_of(transport: Transport, account_domain: str, access_token: str) -> str:
    """Where the account that this living access token opens has its address now. Raises as above.

    `account_domain`: an address that the account had; the vendor's own host of that domain is asked.
    """
    # vendor: oauth.rename_by_access_token (code) The vendor's own host (www) tells the account's present address for an
    # access token, a long-lived one too: GET /oauth2/account/subdomain, a bearer; the answer has `subdomain`, `domain`.
    # source: amocrm-api-php, getAccountDomain; integrations in production that are given a long-lived token alone
    zone = account_domain.partition(".")[2].replace("amocrm.com", "kommo.com")  # vendor: hosts.redirect
    headers = {"Authorization": f"Bearer {access_token}"}
    return _named_host(transport, f"www.{zone}", "/oauth2/account/subdomain", headers)


def access_token_hints(access_token: str) -> AccessTokenHints:
    """What an access token says of itself; all None for one that is not a JWT we can read."""
    try:
        # vendor: oauth.token_claims (code) An access token is a JWT that tells account_id, api_domain (in newer ones),
        # scopes and exp.
        # source: amocrm-api-php, which reads them; claims of real tokens in public reports
        payload = access_token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        account_id, api_domain, expires = claims.get("account_id"), claims.get("api_domain"), claims.get("exp")
        scopes = claims.get("scopes")
    except (IndexError, ValueError, AttributeError, RecursionError):
        return AccessTokenHints(None, None)
    try:
        host = require_amocrm_host(api_domain) if isinstance(api_domain, str) else None
    except UntrustedHostError:
        host = None
    return AccessTokenHints(
        account_id if isinstance(account_id, int) and account_id > 0 else None,
        host,
        datetime.fromtimestamp(expires, UTC) if isinstance(expires, int) and 0 < expires < 2**34 else None,
        frozenset(map(str, scopes)) if isinstance(scopes, list) else None,
    )


def is_genuine_switch_off(client_secret: str, client_id: str, account_id: str, signature: str) -> bool:
    """Whether the switched-off hook was signed with the integration's secret."""
    # vendor: oauth.switch_off (page) The hook of a switched-off integration is signed: HMAC-SHA256, hexadecimal, of
    # "client_uuid|account_id" with the secret.
    # source: amoCRM's documentation, "Integrations, disabling"
    signed = hmac.new(client_secret.encode(), f"{client_id}|{account_id}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signed.encode(), signature.lower().encode())


def _named_host(transport: Transport, host: str, path: str, headers: dict[str, str]) -> str:
    answer = transport.send("GET", host, path, headers=headers)
    domain = answer.get("domain") if isinstance(answer, dict) else None
    return require_account_host(str(domain).lower())


def _token_call(transport: Transport, host: str, credentials: ClientCredentials, grant: dict[str, str]) -> TokenPair:
    body = {
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "redirect_uri": credentials.redirect_uri,
        **grant,
    }
    # vendor: oauth.form (code) The token endpoint takes JSON, and forms as well; JSON is what is documented.
    # source: the vendor's OAuth documentation; league/oauth2-client, on which its PHP client rests, sends forms
    try:
        answer = transport.send("POST", host, "/oauth2/access_token", json=body)
    except (errors.BadRequestError, errors.UnauthorizedError) as error:
        raise _refusal(error) from None
    except errors.UnexpectedAnswerError as error:
        # Something stands before amoCRM; what amoCRM did with the grant is not known.
        raise errors.UnknownOutcomeError(error.message, error.request_id) from None
    match answer:
        case {"access_token": str(access), "refresh_token": str(new_refresh), **more}:
            return TokenPair(access, new_refresh, _seconds(more.get("expires_in")))
    # amoCRM said yes, so the grant is probably used up, but what it gave is unreadable.
    raise errors.UnknownOutcomeError(say("amoCRM's answer is not readable"))


def _seconds(said: object) -> int:
    """A pair is given once, and kept whatever is said of its lifetime; what is none is taken for the usual one."""
    # Source: RFC 6749, 5.1, where `expires_in` is recommended. A token that ends before is refused, and then refreshed.
    text = str(said)
    return int(text) if re.fullmatch("0*[1-9][0-9]{0,8}", text) else _USUAL_SECONDS


def _refusal(error: errors.AnsweredError) -> Exception:
    """A 400 or 401 in amoCRM's words; a 401 that is not the token endpoint's stays what it is."""
    words = error.hint or str(error)
    meaning = meaning_of(error.hint, str(error))
    if meaning is Meaning.UNKNOWN and not error.hint and isinstance(error, errors.UnauthorizedError):
        # vendor: oauth.words (report) Hints are the library's English; title and detail are in another language (at
        # amocrm.ru "Авторизация клиента не прошла"). A 401 of the type OAuthProblemJson without a hint is about the
        # client: its id, secret or redirect URI; an account that is not paid was refused so, too. A 401 of another type
        # is not the token endpoint's.
        # source: amocrm-api-php issues 105, 150, 235; ufee/amoapi issue 26; Krukov/amocrm_api issue 41 (not paid)
        if error.hint is None:
            return error
        meaning = Meaning.CLIENT
    return TokenRefusedError(meaning, words)
