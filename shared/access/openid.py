"""Signing in by an OpenID Connect issuer: the authorization code flow with PKCE, for a client that keeps a secret.

Nothing is stored on the way: the state is sealed by our keyring and bound to the browser by a cookie. What comes of it
is whom the issuer vouches for; whether they may in is not decided here.
"""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from shared.access import email_verification, issuer_client
from shared.access.credentials import jwks, jwts
from shared.platform.config import public_url
from shared.platform.problems import Problem
from shared.platform.ttl_cache import Expiring
from shared.runtime import Runtime

LIFETIME: Final = timedelta(minutes=10)  # from the button to the issuer's answer
_PURPOSE: Final = "openid_state"
# Signatures that only the issuer can make; what the token names is believed as far as this list goes.
_ALGORITHMS: Final = ("RS256", "ES256")


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """`reason`: denied, expired, issuer, or one of :mod:`.email_verification`; the panel has a sentence for each."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(detail or reason)


class AuthorizationRequest(Struct, frozen=True):
    location: str  # where the browser goes
    browser: str  # what its cookie holds


class Identity(Struct, frozen=True):
    email: str
    subject: str  # the issuer and its own id of the person


class _Tokens(Struct, frozen=True):
    id_token: str
    access_token: str | None


class _Metadata(Struct, frozen=True):
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    by_form: bool  # the secret goes in the form, not in the header
    is_entra: bool


_metadata: Final[Expiring[str, _Metadata]] = Expiring(seconds=3600)


def redirect_uri(runtime: Runtime) -> str:
    """To be registered at the issuer."""
    return f"{runtime.settings.crm_api_url}/finish_sign_in"


def begin(runtime: Runtime) -> AuthorizationRequest:
    """Raises :class:`Refusal` where the issuer cannot be asked."""
    metadata = _discovered(runtime)
    nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(3))
    expires = int((runtime.clock.now() + LIFETIME).timestamp())
    facts = json.dumps([nonce, verifier, _digest(browser), expires])
    query = {
        "response_type": "code",
        "client_id": runtime.settings.oidc_client_id,
        "redirect_uri": redirect_uri(runtime),
        "scope": "openid email",
        "state": runtime.keyring.sealed(facts, _PURPOSE),
        "nonce": nonce,
        "code_challenge": _digest(verifier),
        "code_challenge_method": "S256",
    }
    separator = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
    return AuthorizationRequest(f"{metadata.authorization_endpoint}{separator}{urlencode(query)}", browser)


def finish(runtime: Runtime, answer: dict[str, str], browser: str | None) -> Identity:
    """`answer`: the query with which the browser comes back. Raises :class:`Refusal`."""
    nonce, verifier = _opened(runtime, answer.get("state", ""), browser)
    if "error" in answer:
        raise Refusal("denied" if answer["error"] == "access_denied" else "issuer", answer["error"])
    issuer = runtime.settings.oidc_issuer
    if answer.get("iss", issuer) != issuer:  # RFC 9207
        raise Refusal("issuer", "the answer names another issuer")
    metadata = _discovered(runtime)
    tokens = _exchanged(runtime, metadata, answer.get("code", ""), verifier)
    claims = _claims(runtime, metadata, tokens.id_token)
    if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        raise Refusal("issuer", "the nonce is another")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise Refusal("issuer", "the token names nobody")
    vouched_by = runtime.settings.oidc_email_vouched_by
    if not email_verification.is_complete(claims, vouched_by):
        claims = email_verification.joined(claims, _userinfo(metadata, tokens, subject))
    refusal = email_verification.refusal(claims, vouched_by)
    if refusal is not None:
        raise Refusal(*refusal)
    return Identity(claims["email"], f"{issuer} {subject}")


def _userinfo(metadata: _Metadata, tokens: _Tokens, subject: str) -> dict[str, Any]:
    """What the issuer says of the same person beside the ID token, which is thin where an access token comes along (so
    OpenID Connect Core 1.0, section 5.4, has it, and Okta does it); empty where that is nothing, or somebody else."""
    if metadata.userinfo_endpoint is None or tokens.access_token is None:
        return {}
    answer = issuer_client.ask(metadata.userinfo_endpoint, bearer=tokens.access_token)
    if answer is None or answer.status != 200 or answer.document.get("sub") != subject:
        return {}
    return {name: answer.document[name] for name in email_verification.STATED if name in answer.document}


def has_no_email_verified(runtime: Runtime) -> bool:
    """Whether the issuer is Entra ID, whose description names its cloud. Raises :class:`Refusal`."""
    return _discovered(runtime).is_entra


def _opened(runtime: Runtime, state: str, browser: str | None) -> tuple[str, str]:
    """The nonce and the verifier of a state that this browser was given."""
    facts = runtime.keyring.opened(state, _PURPOSE)
    if facts is None:
        raise Refusal("expired", "the state is not ours")
    nonce, verifier, bound_to, expires = json.loads(facts)
    if browser is None or not hmac.compare_digest(_digest(browser), bound_to):
        raise Refusal("expired", "another browser began")
    if expires <= runtime.clock.now().timestamp():
        raise Refusal("expired")
    return nonce, verifier


def _discovered(runtime: Runtime) -> _Metadata:
    """What the issuer publishes of itself (OpenID Connect Discovery 1.0); remembered for an hour."""
    issuer = runtime.settings.oidc_issuer
    assert issuer is not None
    known = _metadata.get(issuer)
    if known is None:
        answer = issuer_client.ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if answer is None or answer.status != 200 or answer.document.get("issuer") != issuer:
            raise Refusal("issuer", "there is no description of this issuer")
        try:
            known = _read(answer.document)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Refusal("issuer", "the issuer's description is not usable") from None
        _metadata.put(issuer, known)
    return known


def _read(document: dict[str, Any]) -> _Metadata:
    authorization, token, keys = (document[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
    userinfo = document.get("userinfo_endpoint")
    for place in (authorization, token, keys, *([] if userinfo is None else [userinfo])):
        public_url(place.partition("?")[0])
    ways = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    by_form = "client_secret_basic" not in ways
    return _Metadata(authorization, token, keys, userinfo, by_form, is_entra="cloud_instance_name" in document)


def _exchanged(runtime: Runtime, metadata: _Metadata, code: str, verifier: str) -> _Tokens:
    client_id, secret = runtime.settings.oidc_client_id, runtime.settings.oidc_client_secret
    assert client_id is not None
    assert secret is not None
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(runtime),
        "code_verifier": verifier,
    }
    if metadata.by_form:
        answer = issuer_client.ask(
            metadata.token_endpoint, form | {"client_id": client_id, "client_secret": secret.reveal()}
        )
    else:
        # RFC 6749, section 2.3.1: both are form-encoded first.
        user, password = (urlencode({"": one})[1:] for one in (client_id, secret.reveal()))
        answer = issuer_client.ask(metadata.token_endpoint, form, basic=(user, password))
    if answer is not None and answer.document.get("error") == "invalid_grant":
        raise Refusal("expired", "the code is not good")
    token = None if answer is None or answer.status != 200 else answer.document.get("id_token")
    if not isinstance(token, str):
        told = None if answer is None else answer.document.get("error")
        raise Refusal("issuer", f"the code was not exchanged ({str(told)[:60]})")
    access = None if answer is None else answer.document.get("access_token")
    return _Tokens(token, access if isinstance(access, str) else None)


def _claims(runtime: Runtime, metadata: _Metadata, token: str) -> dict[str, Any]:
    settings = runtime.settings
    client_id = settings.oidc_client_id
    assert client_id is not None
    try:
        header = jwts.header_of(token)
        key = jwks.key(metadata.jwks_uri, str(header.get("kid")), runtime.clock)
        if header.get("alg") not in _ALGORITHMS or key is None:
            raise Refusal("issuer", "the token's key or algorithm is not known")
        claims = jwts.verified(
            token,
            key,
            algorithm=header["alg"],
            audience=client_id,
            now=runtime.clock.now(),
            issuer=settings.oidc_issuer,
        )
    except Problem as problem:
        raise Refusal("issuer", problem.code) from None
    if claims.get("azp", client_id) != client_id:
        raise Refusal("issuer", "the token is for another client")
    return claims


def _digest(text: str) -> str:
    """SHA-256 in base64url without padding: what PKCE calls S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
