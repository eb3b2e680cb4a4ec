"""Google Cloud Functions, and any machine, through functions-framework: a Flask request in, a Flask response out."""

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.platform import deadline
from shared.platform.http import Headers, Request, Response, parse_query

if TYPE_CHECKING:
    import flask


def http_function(respond: Callable[[Request], Response]) -> "Callable[[flask.Request], flask.Response]":
    def function(request: "flask.Request") -> "flask.Response":
        with deadline.limited(timeout_seconds()):
            return _to_flask(respond(_from_flask(request)))

    return function


def timeout_seconds() -> float:
    """Of this function, as it was deployed; infinite where nobody says.

    Source: functions-framework, `_http/gunicorn.py`, which ends requests by it.
    """
    return float(os.environ.get("CLOUD_RUN_TIMEOUT_SECONDS") or math.inf)


def _from_flask(request: "flask.Request") -> Request:
    return Request(
        method=request.method.upper(),
        path=request.path or "/",
        query=parse_query(request.query_string.decode("utf-8", "replace")),
        headers=Headers(request.headers.items()),
        body=request.get_data(cache=False),
        address=_address(request),
    )


def _address(request: "flask.Request") -> str:
    """On Google's platform its proxy appends the address that it saw; what stands before it anybody can invent."""
    if "K_SERVICE" in os.environ:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return request.remote_addr or ""


def _to_flask(response: Response) -> "flask.Response":
    import flask  # functions-framework has loaded it already

    return flask.Response(response.body, status=response.status, headers=list(response.headers))
