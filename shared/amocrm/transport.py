"""The one place from which requests leave for amoCRM.

Hosts are checked here, redirects are not followed, answers are limited in size and time, and every failure becomes an
error of :mod:`shared.amocrm.errors` that says whether the request may have been carried out.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from shared.amocrm import errors
from shared.amocrm.hosts import require_amocrm_host
from shared.platform import http_client, logs, tls, upstream_metrics
from shared.platform.http_client import HttpClient, Limits
from shared.platform.messages import said, say

USER_AGENT = "amocrm-functions/1.0"


LIMITS: Final = Limits()
_DEFAULT_RETRY_AFTER = 1  # the limit is per second

# Answers of a proxy that gave up on amoCRM while amoCRM went on: the request may have been carried out.
# vendor: http.gateway (report) 502 and 504 come from what stands before amoCRM, which may have carried the request out.
# source: reports of notes and deals that were there after a 504
_GATEWAY_GAVE_UP = frozenset({502, 504})


class Transport:
    """Sends JSON to amoCRM's hosts. Keeps connections; one per warm instance, shared by threads."""

    def __init__(self, gateway: str | None = None, limits: Limits = LIMITS) -> None:
        """`gateway`: an origin that receives everything in amoCRM's place, with the meant host in `Host`."""
        self.server_time: datetime | None = None  # amoCRM's clock at its latest answer, by the header Date
        self._gateway = gateway
        # vendor: http.cookies (production) amoCRM sets a session's cookie. Who keeps cookies would bring one
        # integration's to the next one's call of the same account; only the token says who is calling.
        # source: clients of the API's older versions, which signed in once and kept the session in a cookie file
        self._http = HttpClient(limits, {"User-Agent": USER_AGENT}, by_proxy=gateway is None)
        tls.authorities()  # while the process starts, and into a snapshot: not in somebody's first call

    def close(self) -> None:
        self._http.close()

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
        sent = {"Host": host, **({"Content-Type": "application/json"} if json is not None else {}), **(headers or {})}
        began, answer = time.monotonic(), None
        try:
            answer = self._answer(method, url, sent, content if json is None else msgspec.json.encode(json))
        finally:
            seconds, status = time.monotonic() - began, None if answer is None else answer.status
            upstream_id = None if answer is None else answer.headers.get("x-request-id")
            logs.called(method, path.partition("?")[0], status, seconds, upstream_id)
            upstream_metrics.count(status, seconds)
        return _decoded(answer.status, answer.headers, answer.body)

    def _answer(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> http_client.Answer:
        try:
            answer = self._http.call(method, url, headers, content)
        except http_client.NotSentError as error:
            raise errors.NotSentError(say("amoCRM cannot be reached ({kind})", kind=str(error))) from None
        except http_client.TooLargeError as error:
            raise errors.UnexpectedAnswerError(say("amoCRM's answer is too large"), error.status) from None
        except http_client.TooSlowError:
            raise errors.UnknownOutcomeError(say("amoCRM's answer took too long")) from None
        except http_client.BrokenOffError as error:
            raise errors.UnknownOutcomeError(say("amoCRM's answer broke off ({kind})", kind=str(error))) from None
        except http_client.CallError as error:
            raise errors.UnknownOutcomeError(say("amoCRM did not answer ({kind})", kind=str(error))) from None
        self.server_time = _date(answer.headers)
        return answer


def _decoded(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    request_id = headers.get("x-request-id")
    if status == 204:
        return None
    document = _json(headers, body)
    if 200 <= status < 300:
        if document is None:
            raise errors.UnexpectedAnswerError(say("amoCRM's answer is not JSON"), status, request_id)
        return document
    raise _error(status, headers, document if isinstance(document, dict) else None, request_id)


def _json(headers: Mapping[str, str], body: bytes) -> object:
    if "json" not in headers.get("content-type", ""):
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _error(
    status: int, headers: Mapping[str, str], document: dict[str, Any] | None, request_id: str | None
) -> errors.AmocrmError:
    problem = document or {}
    words = problem.get("detail") or problem.get("title")
    message = said(str(words)[:500]) if words else say("status {status}", status=status)
    hint = str(problem["hint"])[:500] if problem.get("hint") else None
    if status == 429:
        return errors.RateLimitedError(message, request_id, _retry_after(headers))
    if status in _GATEWAY_GAVE_UP:
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
    if status == 404:
        # vendor: http.not_found (production) An address without an account answers 404 with a page; an entity that is
        # not there, 404 with JSON, or 204.
        # source: amocrm-api-php, which asks for a renamed account after a 404; integrations in production
        kind = errors.NotFoundError if document is not None else errors.AccountNotFoundError
        return kind(message, status, request_id)
    if status == 401 and document is None:
        return errors.UnauthorizedPageError(message, status, request_id)
    # vendor: http.validation (page) Values that are refused answer 400 with `validation-errors`: code, path and detail
    # of each, by request_id; nothing of the batch is made.
    # source: amoCRM's documentation, "Errors"
    refused = problem.get("validation-errors")
    if status == 400 and isinstance(refused, list | dict):
        return errors.ValidationError(message, status, request_id, tuple(_validation_items(refused)))
    simple = {
        400: errors.BadRequestError,
        401: errors.UnauthorizedError,
        # vendor: http.payment (page) 402: the account is not paid for; its API is closed until it is.
        # source: amoCRM's documentation, "Errors"
        402: errors.PaymentRequiredError,
        403: errors.ForbiddenError,
    }
    return simple.get(status, errors.UnexpectedAnswerError)(message, status, request_id, hint)


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


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None


def _retry_after(headers: Mapping[str, str]) -> int:
    text = headers.get("retry-after", "")
    return min(int(text), 3600) if text.isdigit() else _DEFAULT_RETRY_AFTER
