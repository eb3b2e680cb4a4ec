"""Codes and tokens by amoCRM's rules: a code works once and for 20 minutes, a refresh token once and for 3 months."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.state import Account, Client, World
from simulator.truth import Truth

CODE_SECONDS = 20 * 60
ACCESS_SECONDS = 24 * 3600
REFRESH_SECONDS = 90 * 24 * 3600
ONE_TIME_SECONDS = 30 * 60


class GrantError(Exception):
    """`hint` is amoCRM's word for what is wrong with a grant; None for a wrong client."""

    def __init__(self, detail: str, hint: str | None = None, status: int = 401) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.status = status


@dataclass
class Grant:
    """A code or refresh token: whose it is, until when, and whether it was used."""

    client_id: str
    account_id: int
    user_id: int
    expires_at: float
    is_dead: bool = False


class Tokens:
    def __init__(self, world: World, truth: Truth) -> None:
        self._world = world
        self._truth = truth
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes: dict[str, Grant] = {}
        self.access: dict[str, Grant] = {}
        self.refresh: dict[str, Grant] = {}
        self.access_seconds = ACCESS_SECONDS

    def make_code(self, client: Client, account: Account, user_id: int) -> str:
        code = "def502" + secrets.token_hex(300)
        self.codes[code] = Grant(client.id, account.id, user_id, self._world.clock.now() + CODE_SECONDS)
        return code

    def exchange(self, account: Account, body: dict[str, object]) -> dict[str, object]:
        """The token endpoint: one grant for a new pair. Raises :class:`GrantError`."""
        client = self._client(body)
        match body.get("grant_type"):
            case "authorization_code":
                grant = self._used_up(self.codes, body.get("code"), client, account, "Authorization code")
                kind = "token.issued"
            case "refresh_token":
                grant = self._used_up(self.refresh, body.get("refresh_token"), client, account, "Token")
                kind = "token.refreshed"
            case _:
                raise GrantError("The authorization grant type is not supported", status=400)
        pair = self._pair(grant, account)
        self._truth.effect(
            self._world.clock.now(),
            kind,
            account.id,
            client_id=client.id,
            old=_short(body.get("refresh_token") or body.get("code")),
            new=_short(pair["refresh_token"]),
        )
        return pair

    def holder(self, access_token: str, account: Account) -> Grant | None:
        """Whose living access token this is."""
        grant = self.access.get(access_token)
        if grant is None or grant.is_dead or grant.account_id != account.id:
            return None
        return grant if grant.expires_at > self._world.clock.now() else None

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
        grant = Grant(client.id, account.id, user_id, self._world.clock.now() + days * 86400)
        token = self._access_token(grant, account)
        self.access[token] = grant
        return token

    def pair_for(self, client: Client, account: Account, user_id: int) -> dict[str, object]:
        """A pair as after a consent, for filling a database."""
        return self._pair(Grant(client.id, account.id, user_id, 0), account)

    def one_time_token(self, client: Client, account: Account, user_id: int) -> str:
        """What `$authorizedAjax` puts into `X-Auth-Token`."""
        now = self._world.now()
        scheme, _, rest = client.redirect_uri.partition("://")
        claims = {
            "iss": f"https://{account.domain}",
            "aud": f"{scheme}://{rest.split('/')[0]}",
            "jti": str(uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + ONE_TIME_SECONDS,
            "account_id": account.id,
            "subdomain": account.subdomain,
            "client_uuid": client.id,
            "user_id": user_id,
            "is_admin": bool(account.users.get(user_id, {}).get("rights", {}).get("is_admin")),
        }
        return jwt.encode(claims, client.secret, algorithm="HS256")

    def _client(self, body: dict[str, object]) -> Client:
        client = self._world.clients.get(str(body.get("client_id")))
        if client is None or client.secret != body.get("client_secret"):
            raise GrantError("Client authentication failed")
        if client.redirect_uri != body.get("redirect_uri"):
            raise GrantError("Client authentication failed: the redirect URI is not the registered one", status=400)
        return client

    def _used_up(self, grants: dict[str, Grant], text: object, client: Client, account: Account, name: str) -> Grant:
        grant = grants.get(str(text))
        hint = None
        if grant is None or grant.client_id != client.id or grant.account_id != account.id or grant.is_dead:
            hint = f"{name} has been revoked"
        elif grant.expires_at <= self._world.clock.now():
            hint = f"{name} has expired"
        if grant is None or hint is not None:
            self._truth.effect(
                self._world.clock.now(), "grant.refused", account.id, client_id=client.id, old=_short(text), hint=hint
            )
            raise GrantError("The provided grant is invalid", hint, 400 if name != "Token" else 401)
        grant.is_dead = True
        return grant

    def _pair(self, grant: Grant, account: Account) -> dict[str, object]:
        who = (grant.client_id, grant.account_id, grant.user_id)
        access = Grant(*who, self._world.clock.now() + self.access_seconds)
        access_token = self._access_token(access, account)
        refresh_token = "def502" + secrets.token_hex(400)
        self.access[access_token] = access
        self.refresh[refresh_token] = Grant(*who, self._world.clock.now() + REFRESH_SECONDS)
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
            "account_id": account.id,
            "base_domain": account.top_level_domain,
            "version": 2,
            "scopes": ["crm", "files", "files_delete", "notifications", "push_notifications"],
            "hash_uuid": str(uuid4()),
            "api_domain": f"api-b.{account.top_level_domain}",
        }
        return jwt.encode(claims, self._key, algorithm="RS256")


def _short(token: object) -> str:
    """Enough of a token to tell it from others."""
    return hashlib.sha256(str(token).encode()).hexdigest()[:16]
