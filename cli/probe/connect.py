"""The facts of OAuth, tried while the probe connects itself: nothing is stored, and the tokens end with the process."""

import http.server
import secrets
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from msgspec.structs import replace

from cli.probe.fact import Fact, Result
from cli.probe.lab import why
from shared.amocrm import oauth
from shared.amocrm.errors import AmocrmError, UnauthorizedError
from shared.amocrm.leads import AccountApi
from shared.amocrm.oauth import ClientCredentials, TokenPair, TokenRefusedError
from shared.amocrm.oauth_errors import Meaning
from shared.amocrm.transport import Transport

_SECONDS: Final = 600.0  # for a person to allow it


class NotConnectedError(Exception):
    """Why there is no access; fit for people."""


class _Server(http.server.HTTPServer):
    timeout = _SECONDS
    came: dict[str, str]

    def handle_timeout(self) -> None:
        raise NotConnectedError("nobody allowed the access within ten minutes")


def wait_for_code(redirect_uri: str, link: Callable[[str], str], tell: Callable[[str], None]) -> str:
    """Opens the consent and hears the redirect. `link`: from a state to the address of the consent."""
    wanted, state = urlsplit(redirect_uri), secrets.token_urlsafe(16)
    if wanted.scheme != "http" or wanted.hostname not in ("localhost", "127.0.0.1"):
        raise NotConnectedError("the redirect URI must be http://localhost:PORT/…, so that the probe can hear it")

    class Hearing(http.server.BaseHTTPRequestHandler):
        server: _Server

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            is_ours = parts.path == (wanted.path or "/") and query.get("state") == state
            if is_ours:
                self.server.came = query
            self.send_response(200 if is_ours else 404)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"The probe goes on in its terminal." if is_ours else b"This is not for the probe.")

        def log_message(self, *_: object) -> None:
            pass

    with _Server(("127.0.0.1", wanted.port or 80), Hearing) as server:
        server.came = {}
        address = link(state)
        tell(f"Allow the access here: {address}")
        webbrowser.open(address)
        while not server.came:
            server.handle_request()
    if "code" not in server.came:
        raise NotConnectedError(f"the access was not given ({server.came.get('error', 'no code came')})")
    return server.came["code"]


@dataclass
class Connecting:
    """From a code to an access token, with the facts on the way. Each is tried once, in this order."""

    transport: Transport
    host: str
    credentials: ClientCredentials
    results: list[Result]

    def access_token(self, code: str, with_form: bool) -> str:
        """Raises NotConnectedError."""
        wrong = replace(self.credentials, client_secret=secrets.token_hex(32))
        self._fact(
            "oauth.refusals",
            "Is a wrong secret refused as that, and the code left alone?",
            str(Meaning.CLIENT),
            self._refusal(lambda: oauth.exchange_code(self.transport, self.host, wrong, code)),
        )
        try:
            first = oauth.exchange_code(self.transport, self.host, self.credentials, code)
        except (AmocrmError, TokenRefusedError) as error:
            raise NotConnectedError(f"the code was not exchanged: {_told(error)}") from None
        self._fact(
            "oauth.code",
            "Does a code work once?",
            str(Meaning.GRANT_DEAD),
            self._refusal(lambda: oauth.exchange_code(self.transport, self.host, self.credentials, code)),
        )
        pair = self._refreshed(first)
        self._fact(
            "oauth.refresh_kills_access",
            "Is the old access token dead after a refresh?",
            "at once",
            "no" if self._opens(first) else "at once",
        )
        self._fact(
            "oauth.refresh_token",
            "Does a refresh token work once?",
            str(Meaning.GRANT_DEAD),
            self._refusal(lambda: oauth.refresh(self.transport, self.host, self.credentials, first.refresh_token)),
        )
        if not self._opens(pair):
            raise NotConnectedError("using a refresh token twice has ended the whole access")
        self._found(pair)
        if with_form:
            pair = self._by_form(pair)
        return pair.access_token

    def _refreshed(self, pair: TokenPair) -> TokenPair:
        try:
            return oauth.refresh(self.transport, self.host, self.credentials, pair.refresh_token)
        except (AmocrmError, TokenRefusedError) as error:
            raise NotConnectedError(f"the token was not refreshed: {_told(error)}") from None

    def _found(self, pair: TokenPair) -> None:
        """Where the account lives, as after it was renamed."""
        api_domain = oauth.access_token_hints(pair.access_token).api_domain
        question, expected = "Is an account found by its refresh token?", "this account"
        if api_domain is None:
            self._fact("oauth.rename", question, expected, None, "the token has no api_domain")
            return
        try:
            found = oauth.current_account_host(self.transport, api_domain, pair.refresh_token)
        except (AmocrmError, ValueError) as error:
            self._fact("oauth.rename", question, expected, _told(error))
        else:
            self._fact("oauth.rename", question, expected, expected if found == self.host else "another address")

    def _by_form(self, pair: TokenPair) -> TokenPair:
        form = {
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
            "redirect_uri": self.credentials.redirect_uri,
            "grant_type": "refresh_token",
            "refresh_token": pair.refresh_token,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        seen, after = "yes", pair
        try:
            answer = self.transport.send(
                "POST", self.host, "/oauth2/access_token", headers=headers, content=urlencode(form).encode()
            )
            after = TokenPair(answer["access_token"], answer["refresh_token"], answer["expires_in"])
        except (AmocrmError, KeyError, TypeError) as error:
            seen = _told(error)
        self._fact("oauth.form", "Does the token endpoint take a form?", "yes", seen)
        return after

    def _opens(self, pair: TokenPair) -> bool:
        try:
            AccountApi(self.transport, self.host, pair.access_token).account()
        except UnauthorizedError:
            return False
        return True

    def _refusal(self, call: Callable[[], Any]) -> str:
        try:
            call()
        except (AmocrmError, TokenRefusedError) as error:
            return _told(error)
        return "it was taken"

    def _fact(self, rule: str, question: str, expected: str, seen: str | None, note: str = "") -> None:
        self.results.append(Result(Fact(rule, question, (expected,), lambda _: ""), seen, note))


def _told(error: Exception) -> str:
    if isinstance(error, TokenRefusedError):
        return str(error.meaning)
    return why(error) if isinstance(error, AmocrmError) else type(error).__name__
