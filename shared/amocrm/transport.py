"""The one place from which requests leave for amoCRM.

Hosts are checked here, redirects are not followed, answers are limited in size and time, and every failure becomes an
error of :mod:`shared.amocrm.errors` that says whether the request may have been carried out.
"""

import re
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Struct

from shared.amocrm import errors
from shared.amocrm.hosts import require_amocrm_host
from shared.platform import logs, tls, upstream_metrics
from shared.platform.messages import said, say

USER_AGENT = "amocrm-functions/1.0"
_HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}


class Limits(Struct, frozen=True):
    """Seconds and bytes. A call ends after `total` plus, at worst, one `read`."""

    connect: float = 3.0
    read: float = 10.0
    total: float = 15.0
    answer_bytes: int = 8 * 1024 * 1024

    @property
    def longest_call(self) -> float:
        return self.total + self.read


LIMITS: Final = Limits()
_MOST_CONNECTIONS: Final = 100
# For each call httpcore looks through all connections, and asks the system about each that is idle: with a hundred of
# them, as a run leaves that refreshes the tokens of a thousand accounts, a call costs four times as much.
_KEPT: Final = 20
_DEFAULT_RETRY_AFTER = 1  # the limit is per second

# What a refusal that names no value is about, by its words.
# vendor: http.own_failure (production) A failure of amoCRM's own may be a 400, whose detail tells of an error of the
# system, or of the search (219), and asks for the same once more: it is as a 500.
# source: a client in PHP that tries it again since its users met it in July 2026; amoCRM's documentation, "Errors", for
# the number; other languages than Russian are ours
# vendor: http.right_by_number (report) A right that the user lacks, or a tariff that has ended, may be a 400 with the
# number of the older API: 244 of deals, 202 of contacts, 288.
# source: amocrm-api-php issue 33; amoCRM's documentation, "Errors"
# vendor: http.unpaid_writes (production) An account whose time has run out may show all that is there, and take notes:
# a new deal is then 402, and a new contact 400 with the number 205 (it "was not made"; 212, it "was not changed").
# source: an integration with amoCRM that tried it in a live account in August 2026; amoCRM's documentation, "Errors"
# vendor: http.switched_off (production) Of what an account has not switched on, as customers, the API says 400 with the
# number 425 or 426, or 422 "Customers disabled"; of what the account's tariff has not, 402 as of an unpaid account.
# source: two integrations in production that ask accounts without customers; amoCRM's documentation, "Errors" (of
# customers 402, 425 and 426), "Customers" (402: the tariff does not include them)
# vendor: http.gone_by_number (production) Of a task that was deleted the API may say 400 or 404 with the number 282.
# source: a client in PHP, and the tests of another, that take it for a task that is gone
_NUMBER: Final = r"(?:код ошибки|error(?: code)?) "
_BY_WORDS: Final[tuple[tuple[str, type[errors.AnsweredError]], ...]] = (
    ("системная ошибка|повторите попытку|system error|error del? sistema|erro d[eo] sistema", errors.ServerError),
    (rf"{_NUMBER}219\b", errors.ServerError),
    (rf"{_NUMBER}(?:202|205|212|244|288)\b", errors.ForbiddenError),
    (rf"{_NUMBER}(?:425|426)\b|\bdisabled$", errors.SwitchedOffError),
    # vendor: writes.gone
    (rf'"code":226\b|{_NUMBER}282\b|"(?:lead|contact|company|customer) not found"', errors.NotFoundError),
)


# vendor: http.escaped (production) The API shows texts (names, tags, values of fields, notes, users) with entities of
# HTML in the place of &, <, > and quotation marks; what is written is written plainly.
# source: two integrations with Kommo in production and one with amoCRM, which undo it, and one that writes around it
_WRITTEN: Final = {b"&amp;": b"&", b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'\\"'} | dict.fromkeys(
    (b"&#039;", b"&#39;", b"&#x27;"), b"'"
)
_ENTITIES: Final = re.compile(b"|".join(map(re.escape, _WRITTEN)))


class _NoCookies(httpx.Cookies):
    # vendor: http.cookies (production) amoCRM sets a session's cookie. Who keeps cookies would bring one integration's
    # to the next one's call of the same account; only the token says who is calling.
    # source: clients of the API's older versions, which signed in once and kept the session in a cookie file
    def extract_cookies(self, response: object) -> None:
        """Takes nothing of an answer, and does not even look: that would be a tenth of the call."""


class _Client(httpx.Client):
    @property
    def cookies(self) -> httpx.Cookies:
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise AttributeError


_NO_COOKIES: Final = _NoCookies()


class Transport:
    """Sends JSON to amoCRM's hosts. Keeps connections; one per warm instance, shared by threads."""

    def __init__(self, gateway: str | None = None, limits: Limits = LIMITS) -> None:
        """`gateway`: an origin that receives everything in amoCRM's place, with the meant host in `Host`."""
        self._date = ""  # the header of the latest answer
        self._gateway = gateway
        self._limits = limits
        # Here with the authorities, which take long, and not in somebody's first call; so they are in a snapshot, too.
        self._client = _Client(
            verify=tls.authorities(),
            timeout=httpx.Timeout(limits.read, connect=limits.connect),
            follow_redirects=False,
            trust_env=gateway is None,
            limits=httpx.Limits(max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_KEPT),
        )

    @property
    def server_time(self) -> datetime | None:
        """amoCRM's clock at its latest answer, by the header Date."""
        try:
            return parsedate_to_datetime(self._date)
        except ValueError:
            return None

    def close(self) -> None:
        self._client.close()

    def send(
        self,
        method: str,
        host: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: "Mapping[str, Any] | list[tuple[str, Any]] | None" = None,
        json: object = None,
        content: bytes | None = None,
    ) -> Any:
        """The decoded JSON answer, or None for 204. Raises the errors of :mod:`shared.amocrm.errors`."""
        require_amocrm_host(host)
        url = f"{self._gateway or f'https://{host}'}{path}"
        if params:
            url += ("&" if "?" in path else "?") + urlencode(params, doseq=True)
        # Made here and not by the client, which would take the address apart three times to add what it has of its own.
        request = httpx.Request(
            method,
            url,
            content=content if json is None else msgspec.json.encode(json),
            headers={
                "Host": host,
                **_HEADERS,
                **({"Content-Type": "application/json"} if json is not None else {}),
                **(headers or {}),
            },
        )
        began, status, answer_headers = time.monotonic(), None, dict[str, str]()
        try:
            status, answer_headers, body = self._exchange(request)
        finally:
            seconds, upstream_id = time.monotonic() - began, answer_headers.get("x-request-id")
            logs.called(method, path.partition("?")[0], status, seconds, upstream_id)
            upstream_metrics.count(status, seconds)
        return _decoded(status, answer_headers, body)

    def _exchange(self, request: httpx.Request) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by their names in small letters, body."""
        deadline = time.monotonic() + self._limits.total
        try:
            response = self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise errors.NotSentError(say("amoCRM cannot be reached ({kind})", kind=type(error).__name__)) from None
        except httpx.TransportError as error:
            raise errors.UnknownOutcomeError(say("amoCRM did not answer ({kind})", kind=type(error).__name__)) from None
        try:
            chunks = bytearray()
            for chunk in response.iter_bytes():
                chunks += chunk
                if len(chunks) > self._limits.answer_bytes:
                    raise errors.UnexpectedAnswerError(say("amoCRM's answer is too large"), response.status_code)
                if time.monotonic() > deadline:
                    raise errors.UnknownOutcomeError(say("amoCRM's answer took too long"))
            raw = response.headers.raw  # httpx goes through all of them for each that is asked for
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
            self._date = headers.get("date", "")
            return response.status_code, headers, bytes(chunks)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise errors.UnknownOutcomeError(
                say("amoCRM's answer broke off ({kind})", kind=type(error).__name__)
            ) from None
        finally:
            response.close()


def _decoded(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    request_id = headers.get("x-request-id")
    if status == 204:
        return None
    is_done = 200 <= status < 300
    # An answer that is said to be no JSON may be a page of something else; of what was done it is the only word, and a
    # pair of tokens is given once. Source: league/oauth2-client, on which the vendor's own client rests, reads it so.
    document = _json(body) if is_done or "json" in headers.get("content-type", "") else None
    if is_done:
        if document is None:
            raise errors.UnexpectedAnswerError(say("amoCRM's answer is not JSON"), status, request_id)
        return document
    raise _error(status, headers, document if isinstance(document, dict) else None, request_id)


def _json(body: bytes) -> object:
    try:
        return msgspec.json.decode(_ENTITIES.sub(lambda found: _WRITTEN[found[0]], body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _error(
    status: int, headers: Mapping[str, str], document: dict[str, Any] | None, request_id: str | None
) -> errors.AmocrmError:
    problem = document or {}
    # vendor: http.unprocessable (page) 422 with JSON says that the API has understood the request and cannot process
    # it: a definite no, as 400 is.
    # source: Kommo's documentation, "HTTP status codes"; amoCRM's, "Custom fields"
    is_no = status == 400 or (status == 422 and document is not None)
    words = problem.get("detail") or problem.get("title")
    if is_no and problem.get("errors"):  # what amoCRM says of each, without a path: of a deal, say, by its id
        words = f"{words}: {msgspec.json.encode(problem['errors']).decode()}"
    message = said(str(words)[:500]) if words else say("status {status}", status=status)
    is_of_oauth = str(problem.get("type")).endswith("OAuthProblemJson")
    hint = str(problem.get("hint") or "")[:500] if is_of_oauth or problem.get("hint") else None
    if status == 429:
        return errors.RateLimitedError(message, request_id, _retry_after(headers, problem))
    # A proxy gave up on amoCRM while amoCRM went on.
    # vendor: http.gateway (report) 502 and 504 come from what stands before amoCRM, which may have carried the request
    # out.
    # source: reports of notes and deals that were there after a 504
    if status in (502, 504):
        return errors.UnknownOutcomeError(
            say("a gateway before amoCRM gave up (status {status})", status=status), request_id
        )
    if status >= 500:
        return errors.ServerError(message, status, request_id)
    if status == 403 and document is None:
        # vendor: http.blocked_address (report) A 403 without JSON, from the API or the token endpoint, means that the
        # address of the server is blocked, by country or after ignored 429s.
        # source: amocrm-api-php issues 434, 563; Krukov/amocrm_api issue 82
        return errors.AddressBlockedError(say("amoCRM refuses our server's address"), status, request_id)
    # vendor: http.validation (page) Values that are refused answer 400 with `validation-errors`: code, path and detail
    # of each, by request_id; nothing of the batch is made.
    # source: amoCRM's documentation, "Errors"
    refused = problem.get("validation-errors")
    if is_no and isinstance(refused, list | dict):
        return errors.ValidationError(message, status, request_id, tuple(_validation_items(refused)))
    for pattern, meant in _BY_WORDS:
        if is_no and re.search(pattern, str(words), re.IGNORECASE):
            return meant(message, status, request_id)
    simple = {
        400: errors.BadRequestError,
        401: errors.UnauthorizedPageError if document is None else errors.UnauthorizedError,
        # vendor: http.payment (page) 402: the account is not paid for; its API is closed until it is.
        # source: amoCRM's documentation, "Errors"
        402: errors.PaymentRequiredError,
        403: errors.ForbiddenError,
        # vendor: http.not_found (production) An address without an account answers 404 with a page; an entity that is
        # not there, 404 with JSON, or 204.
        # source: amocrm-api-php, which asks for a renamed account after a 404; integrations in production
        404: errors.AccountNotFoundError if document is None else errors.NotFoundError,
        # vendor: hosts.redirect (page) The addresses at amocrm.com redirect to those at kommo.com, where tokens go on.
        # source: Kommo's documentation, "Rebranding requirements"; of its API it says that this is to come
        **dict.fromkeys((301, 302, 303, 307, 308), errors.RedirectedError),
    }
    return simple.get(400 if is_no else status, errors.UnexpectedAnswerError)(message, status, request_id, hint)


def _validation_items(groups: object) -> "list[errors.ValidationItem]":
    return [
        errors.ValidationItem(str(item.get("code", "")), str(item.get("path", "")), str(item.get("detail", ""))[:500])
        for group in _listed(groups)
        if isinstance(group, dict)
        for item in _listed(group.get("errors"))
        if isinstance(item, dict)
    ]


def _listed(value: object) -> list[Any]:
    """A list with gaps is an object in PHP."""
    found = list(value.values()) if isinstance(value, dict) else value
    return found if isinstance(found, list) else []


def _retry_after(headers: Mapping[str, str], problem: Mapping[str, Any]) -> int:
    # vendor: http.retry_after (page) A 429 may say in its JSON how many seconds nobody is to call (`retry_after`, 300);
    # who calls too often all the same is blocked (403).
    # source: Kommo's documentation, "HTTP status codes"
    text = headers.get("retry-after") or str(problem.get("retry_after"))
    return min(max(int(text), 1), 3600) if text.isdecimal() else _DEFAULT_RETRY_AFTER
