"""Around every HTTP handler: errors become problem documents here and nowhere else; headers and a log line follow."""

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from shared.platform import logs
from shared.platform.http import Pairs, Request, Response
from shared.platform.messages import say
from shared.platform.problems import Problem, null_character, problem_from

Instance = TypeVar("Instance")

# A Lambda request carries at most 6 MB.
MAX_BODY_BYTES = 6_000_000

_WORTH_COMPRESSING = 1024  # bytes; a packet or two travel as quickly as one

_SECURITY_HEADERS: Pairs = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("X-Content-Type-Options", "nosniff"),
)


def serve(
    handler: Callable[[Instance, Request], Response],
    runtime: Instance,
    request: Request,
    *,
    most_bytes: int = MAX_BODY_BYTES,
) -> Response:
    """The handler's answer, or the problem document of what it raised. Never raises. `most_bytes`: of a body."""
    started = time.monotonic()
    mark = logs.request_id.set(request.id)
    calls: list[dict[str, object]] = []
    marks = logs.upstream.set(calls), logs.integration_id.set(None), logs.problem_code.set(None)
    try:
        try:
            if len(request.body) > most_bytes:
                raise Problem(
                    413, "body_too_large", say("The body may have at most {most} bytes.", most=f"{most_bytes:,}")
                )
            if request.has_null_in_head:
                raise null_character()
            response = handler(runtime, request)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the one place that turns any error, and a panic, into an answer
            response = _failure(error, request)
        response = _compressed(response, request).with_headers((*_SECURITY_HEADERS, ("X-Request-Id", request.id)))
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        figures = {"requests": 1, "errors": int(response.status >= 500), "request_ms": milliseconds}
        logs.measured(
            "request",
            figures,
            method=request.method,
            path=request.path,
            action=_action(request),
            status=response.status,
            code=logs.problem_code.get() if response.status >= 400 else None,
            integration_id=logs.integration_id.get(),
            upstream=calls or None,
        )
        return response
    finally:
        logs.request_id.reset(mark)
        logs.upstream.reset(marks[0])
        logs.integration_id.reset(marks[1])
        logs.problem_code.reset(marks[2])


def _compressed(response: Response, request: Request) -> Response:
    """JSON as gzip for who takes it.

    No page of a stranger can compare sizes (BREACH): what these answers hold is given for a proof in a header, which a
    browser adds by itself to nothing.
    """
    names = {name.lower(): value for name, value in response.headers}
    is_json = names.get("content-type", "") in ("application/json", "application/problem+json")
    if not (is_json and request.takes_gzip) or "content-encoding" in names or len(response.body) < _WORTH_COMPRESSING:
        return response
    import gzip  # not for the functions that nobody waits for

    vary = ", ".join(filter(None, (names.get("vary"), "Accept-Encoding")))
    kept = tuple(one for one in response.headers if one[0].lower() != "vary")
    headers = (*kept, ("Content-Encoding", "gzip"), ("Vary", vary))
    return Response(response.status, gzip.compress(response.body, 5, mtime=0), headers)


def _action(request: Request) -> str | None:
    """The rest of the query is not logged: it may hold a code or a state."""
    action = request.parameter("action") or ""
    return action if re.fullmatch("[a-z_]{1,40}", action) else None


def json_response(document: Any, status: int = 200, headers: Pairs = ()) -> Response:
    return Response(status, msgspec.json.encode(document), (("Content-Type", "application/json"), *headers))


def problem_response(problem: Problem, request: Request) -> Response:
    """The problem document, in the language of whoever asked (`Accept-Language`; English where there is none)."""
    logs.problem_code.set(problem.code)
    language = request.language
    headers: Pairs = (("Content-Type", "application/problem+json"), ("Content-Language", language), *problem.headers)
    if problem.retry_after is not None:
        headers += (("Retry-After", str(problem.retry_after)),)
    return Response(problem.status, msgspec.json.encode(problem.as_dict(request.id, language)), headers)


def _failure(error: BaseException, request: Request) -> Response:
    problem = problem_from(error) if isinstance(error, Exception) else None  # a library's in Rust is none
    if problem is None:
        logs.failed("unforeseen", error)
        problem = Problem(
            500, "internal_error", say("Something failed that nobody foresaw. Tell the operator the request id.")
        )
    elif problem.status >= 500:
        logs.warning("problem", code=problem.code, cause=type(error).__name__)
    return problem_response(problem, request)
