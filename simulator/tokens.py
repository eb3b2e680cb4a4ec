"""Codes and tokens by amoCRM's rules: a code works once and for 20 minutes, a refresh token once and for 3 months."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.state import Account, Client, World
from simulator.truth import Truth

CODE_SECONDS = 20 * 60
ACCESS_SECONDS = 24 * 3600
REFRESH_SECONDS = 90 * 24 * 3600
ONE_TIME_SECONDS = 30 * 60


# vendor: oauth.words
INVALID_REQUEST = "В запросе отсутствует ряд параметров или параметры невалидны"
_INVALID_CLIENT = "Авторизация клиента не прошла"


class GrantError(Exception):
    """A refusal as of league/oauth2-server; `hint`, in its own words, says what is wrong with a grant or parameter."""

    def __init__(self, detail: str, hint: str | None = None, status: int = 401) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.status = status


def _invalid_request(parameter: str, hint: str | None = None) -> GrantError:
    return GrantError(INVALID_REQUEST, hint or f"Check the `{parameter}` parameter", 400)


def _invalid_refresh_token(hint: str) -> GrantError:
    return GrantError(INVALID_REQUEST, hint)


@dataclass
class Grant:
    """A code or token: whose it is, until when, and whether it was used."""

    client_id: str
    account_id: int
    user_id: int
    expires_at: float
    is_dead: bool = False
    scopes: tuple[str, ...] = ()
    redirect_uri: str = ""  # of a code: where its consent went
    access_token: str = ""  # of a refresh token: the access token that dies with it


class Tokens:
    def __init__(self, world: World, truth: Truth) -> None:
        self._world = world
        self._truth = truth
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes: dict[str, Grant] = {}
        self.access: dict[str, Grant] = {}
        self.refresh: dict[str, Grant] = {}
        self.access_seconds = ACCESS_SECONDS
        # vendor: oauth.refresh_kills_access
        self.kills_access = True  # a refresh ends the access token before it, as the real endpoint does
        # vendor: oauth.checks_host
        self.checks_host = True

    def make_code(self, client: Client, account: Account, user_id: int) -> str:
        code = "def502" + secrets.token_hex(300)
        self.codes[code] = Grant(
            client.id,
            account.id,
            user_id,
            self._world.clock.now() + CODE_SECONDS,
            scopes=tuple(client.scopes),
            redirect_uri=client.redirect_uri,
        )
        return code

    def exchange(self, at: Account | None, body: dict[str, object]) -> dict[str, object]:
        """The token endpoint: one grant for a new pair. Raises :class:`GrantError`.

        `at`: whose host was asked; None for the vendor's own, which knows the account by the grant.

        Checks and revokes in the order of league/oauth2-server: client, grant, scopes; a code is revoked last, at a
        refresh the old access token first.
        """
        kind = body.get("grant_type")
        if kind not in ("authorization_code", "refresh_token"):
            detail = "The authorization grant type is not supported by the authorization server."
            raise GrantError(detail, "Check that all required parameters have been provided", 400)
        client = self._client(body)
        name = "code" if kind == "authorization_code" else "refresh_token"
        text = body.get(name)
        if not isinstance(text, str) or not text:
            raise _invalid_request(name)
        known = (self.codes if kind == "authorization_code" else self.refresh).get(text)
        account = at or (self._world.account_by_id(known.account_id) if known else None)
        if account is None:
            raise GrantError("The resource owner or authorization server denied the request.")
        try:
            if kind == "authorization_code":
                grant = self._checked_code(text, client, account, body.get("redirect_uri"))
                pair = self._pair(grant, account)
                grant.is_dead = True
            else:
                grant = self._checked_refresh_token(text, client, account)
                if self.kills_access:
                    self.access[grant.access_token].is_dead = True
                grant.is_dead = True
                pair = self._pair(grant, account)
        except GrantError as refusal:
            facts = {"client_id": client.id, "old": _short(text), "hint": refusal.hint}
            self._truth.effect(self._world.clock.now(), "grant.refused", account.id, **facts)
            raise
        self._truth.effect(
            self._world.clock.now(),
            "token.issued" if kind == "authorization_code" else "token.refreshed",
            account.id,
            client_id=client.id,
            old=_short(text),
            new=_short(pair["refresh_token"]),
        )
        return pair

    def holder(self, access_token: str, account: Account) -> Grant | None:
        """Whose living access token this is."""
        grant = self.access.get(access_token)
        if grant is None or grant.is_dead or grant.account_id != account.id:
            return None
        return grant if grant.expires_at > self._world.clock.now() else None

    def account_of_access_token(self, access_token: str) -> Account | None:
        grant = self.access.get(access_token)
        account = self._world.account_by_id(grant.account_id) if grant else None
        return account if account is not None and self.holder(access_token, account) else None

    def is_installed(self, client: Client, account: Account) -> bool:
        """Somebody has allowed it, and nobody has switched it off."""
        owned = (*self.codes.values(), *self.access.values(), *self.refresh.values())
        return any((one.client_id, one.account_id) == (client.id, account.id) and not one.is_dead for one in owned)

    def account_of_refresh_token(self, refresh_token: str) -> Account | None:
        grant = self.refresh.get(refresh_token)
        if grant is None or grant.is_dead or grant.expires_at <= self._world.clock.now():
            return None
        return self._world.account_by_id(grant.account_id)

    def switch_off(self, client: Client, account: Account) -> str:
        """Kills the tokens of the integration in the account. Returns the query of the hook."""
        for grant in (*self.codes.values(), *self.access.values(), *self.refresh.values()):
            if (grant.client_id, grant.account_id) == (client.id, account.id):
                grant.is_dead = True
        self._truth.effect(self._world.clock.now(), "integration.switched_off", account.id, client_id=client.id)
        signed = f"{client.id}|{account.id}".encode()
        signature = hmac.new(client.secret.encode(), signed, hashlib.sha256).hexdigest()
        return f"account_id={account.id}&client_uuid={client.id}&signature={signature}"

    def long_lived(self, client: Client, account: Account, user_id: int, days: int) -> str:
        """An access token that an administrator makes by hand; no refresh token belongs to it."""
        ends = self._world.clock.now() + days * 86400
        grant = Grant(client.id, account.id, user_id, ends, scopes=tuple(client.scopes))
        token = self._access_token(grant, account)
        self.access[token] = grant
        return token

    def pair_for(self, client: Client, account: Account, user_id: int) -> dict[str, object]:
        """A pair as after a consent, for filling a database."""
        return self._pair(Grant(client.id, account.id, user_id, 0, scopes=tuple(client.scopes)), account)

    def one_time_token(self, client: Client, account: Account, user_id: int) -> str:
        """What `$authorizedAjax` puts into `X-Auth-Token`."""
        is_admin = bool(account.users.get(user_id, {}).get("rights", {}).get("is_admin"))
        claims = _claims(client, account, self._world.now()) | {"user_id": user_id, "is_admin": is_admin}
        return jwt.encode(claims, client.secret, algorithm="HS256")

    def bot_token(self, client: Client, account: Account, bot_id: int, lead_id: int) -> str:
        """What a bot brings when it comes to a widget's step."""
        # vendor: salesbot.token
        about = {"entity_id": lead_id, "entity_type": "2", "bot_id": bot_id, "bot_type": "salesbot"}
        claims = _claims(client, account, self._world.clock.now()) | about
        return jwt.encode(claims, client.secret, algorithm="HS512")

    def _client(self, body: dict[str, object]) -> Client:
        """Unknown, a wrong secret, or a redirect URI that is not registered: all one refusal, without a hint."""
        if not body.get("client_id"):
            raise _invalid_request("client_id")
        client = self._world.clients.get(str(body.get("client_id")))
        if client is None or client.secret != body.get("client_secret"):
            raise GrantError(_INVALID_CLIENT)
        if body.get("redirect_uri") not in (None, client.redirect_uri, *client.other_redirect_uris):
            raise GrantError(_INVALID_CLIENT)
        return client

    def _checked_code(self, text: str, client: Client, account: Account, redirect_uri: object) -> Grant:
        grant = self.codes.get(text)
        if grant is None:
            raise _invalid_request("code", "Cannot decrypt the authorization code")
        if grant.expires_at <= self._world.clock.now():
            raise _invalid_request("code", "Authorization code has expired")
        if grant.is_dead or (self.checks_host and grant.account_id != account.id):
            raise _invalid_request("code", "Authorization code has been revoked")
        if grant.client_id != client.id:
            raise _invalid_request("code", "Authorization code was not issued to this client")
        if redirect_uri is None:
            raise _invalid_request("redirect_uri")
        if grant.redirect_uri != redirect_uri:
            raise _invalid_request("redirect_uri", "Invalid redirect URI")
        return grant

    def _checked_refresh_token(self, text: str, client: Client, account: Account) -> Grant:
        grant = self.refresh.get(text)
        if grant is None:
            raise _invalid_refresh_token("Cannot decrypt the refresh token")
        if grant.client_id != client.id:
            raise _invalid_refresh_token("Token is not linked to client")
        if grant.expires_at <= self._world.clock.now():
            raise _invalid_refresh_token("Token has expired")
        if grant.is_dead or (self.checks_host and grant.account_id != account.id):
            raise _invalid_refresh_token("Token has been revoked")
        lost = next((scope for scope in grant.scopes if scope not in client.scopes), None)
        if lost is not None:
            raise GrantError("The requested scope is invalid, unknown, or malformed", f"Check the `{lost}` scope", 400)
        return grant

    def _pair(self, grant: Grant, account: Account) -> dict[str, object]:
        who = (grant.client_id, grant.account_id, grant.user_id)
        now = self._world.clock.now()
        access = Grant(*who, now + self.access_seconds, scopes=grant.scopes)
        access_token = self._access_token(access, account)
        refresh_token = "def502" + secrets.token_hex(400)
        self.access[access_token] = access
        self.refresh[refresh_token] = Grant(*who, now + REFRESH_SECONDS, scopes=grant.scopes, access_token=access_token)
        return {
            "token_type": "Bearer",
            "expires_in": self.access_seconds,
            "server_time": self._world.now(),
            "access_token": access_token,
            "refresh_token": refresh_token,
        }

    def _access_token(self, grant: Grant, account: Account) -> str:
        now = self._world.now()
        claims = {
            "aud": grant.client_id,
            "jti": secrets.token_hex(40),
            "iat": now,
            "nbf": now,
            "exp": int(grant.expires_at),
            "sub": str(grant.user_id),
            "grant_type": "",
            "account_id": grant.account_id,
            "base_domain": account.top_level_domain,
            "version": 2,
            "scopes": list(grant.scopes),
            "hash_uuid": str(uuid4()),
            "api_domain": f"api-b.{account.top_level_domain}",
        }
        return jwt.encode(claims, self._key, algorithm="RS256")


def _claims(client: Client, account: Account, now: float) -> dict[str, object]:
    """What every token for a widget tells."""
    redirect = urlsplit(client.redirect_uri)
    return {
        "iss": f"https://{account.domain}",
        "aud": f"{redirect.scheme}://{redirect.hostname}",  # without the port, as the vendor's own client expects
        "jti": str(uuid4()),
        "iat": now,
        "nbf": now,
        "exp": now + ONE_TIME_SECONDS,
        "account_id": account.id,
        "subdomain": account.subdomain,
        "client_uuid": client.id,
    }


def _short(token: object) -> str:
    """Enough of a token to tell it from others."""
    return hashlib.sha256(str(token).encode()).hexdigest()[:16]
