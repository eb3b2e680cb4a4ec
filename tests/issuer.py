"""An identity provider on this machine: published keys, and OpenID Connect's authorization code flow."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.access import openid
from shared.access.credentials import jwks
from tests import servers

CLIENT_ID = "panel"
CLIENT_SECRET = "a secret with +, & and %"


@cache
def _key() -> rsa.RSAPrivateKey:
    """Making one takes half a second, and nobody minds whose it was before."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Whoever comes to `/authorize` is `person`, and is sent back at once. The secret is taken in the one way that is
    described: in the header, where none is (OpenID Connect Discovery 1.0, section 3).

    `claims` changes what the next ID tokens say; `described` what the discovery document says; `body` replaces every
    GET's answer; `userinfo` is what is told to whoever has the access token, None where there is no such address.
    """

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"k1": _key()}
        self.signing: Any = None  # another key than the published one
        self.asked = 0
        self.body: bytes | None = None
        self.person = {"sub": "user-1", "email": "Anna@Example.org", "email_verified": True}
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] | None = None
        self.described: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self.now: Callable[[], float] = time.time
        self._codes: dict[str, dict[str, str]] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", issuer.allow(dict(parse_qsl(parts.query))))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if parts.path == "/userinfo":
                    is_known = self.headers.get("Authorization") == "Bearer an access token"
                    self._send(200 if is_known else 401, json.dumps(issuer.userinfo if is_known else {}).encode())
                    return
                document = issuer.description() if parts.path.startswith("/.well-known/") else issuer.document()
                self._send(200, document if issuer.body is None else issuer.body)

            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                answer = issuer.exchange(form, self.headers.get("Authorization"))
                self._send(200 if "id_token" in answer else 400, json.dumps(answer).encode())

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.jwks_url = f"{self.url}/jwks.json"
        servers.answering(self._server)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        jwks._published.clear()
        openid._metadata.clear()

    def document(self) -> bytes:
        """Its keys."""
        published = []
        for key_id, key in self.keys.items():
            algorithm = jwt.algorithms.RSAAlgorithm
            document = json.loads(algorithm.to_jwk(key.public_key()))
            published.append(document | {"kid": key_id, "use": "sig", "alg": "RS256"})
        return json.dumps({"keys": published}).encode()

    def description(self) -> bytes:
        described = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": self.jwks_url,
        }
        if self.userinfo is not None:
            described["userinfo_endpoint"] = f"{self.url}/userinfo"
        return json.dumps(described | self.described).encode()

    def allow(self, query: dict[str, str], **changed: str) -> str:
        """Where the browser is sent that came with this query."""
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert {"openid", "email"} <= set(query["scope"].split())
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = query
        separator = "&" if "?" in query["redirect_uri"] else "?"
        back = {"code": code, "state": query["state"], "iss": self.url} | changed
        return query["redirect_uri"] + separator + urlencode(back)

    def exchange(self, form: dict[str, str], authorization: str | None) -> dict[str, Any]:
        query = self._codes.pop(form.get("code", ""), None)
        user_and_password = "panel:a+secret+with+%2B%2C+%26+and+%25"
        basic = f"Basic {base64.b64encode(user_and_password.encode()).decode()}"
        by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        used = {"client_secret_post": by_form, "client_secret_basic": authorization == basic}
        ways = self.described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if [way for way, is_used in used.items() if is_used] not in [[way] for way in ways]:
            return {"error": "invalid_client"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if query is None or form["redirect_uri"] != query["redirect_uri"]:
            return {"error": "invalid_grant"}
        if challenge.rstrip("=") != query["code_challenge"]:
            return {"error": "invalid_grant"}
        now = int(self.now())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": query["nonce"]}
        headers = {"kid": "k1"} | self.headers
        algorithm = headers.pop("alg", "RS256")
        token = jwt.encode(
            claims | self.person | self.claims, self.signing or self.keys["k1"], algorithm=algorithm, headers=headers
        )
        return {"access_token": "an access token", "token_type": "Bearer", "id_token": token}
