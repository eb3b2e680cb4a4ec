"""Structured logs: one JSON object a line on standard output, where all three clouds collect it."""

import json
import os
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

from shared.platform.messages import Message, english

# Where lines go. A command whose own output is read by programs sends them to stderr.
stream = "stdout"

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
# Of the request that is being answered: whose it is, the calls to amoCRM that it has made, and why it is refused.
integration_id: ContextVar[str | None] = ContextVar("integration_id", default=None)
problem_code: ContextVar[str | None] = ContextVar("problem_code", default=None)
upstream: ContextVar[list[dict[str, object]] | None] = ContextVar("upstream", default=None)

_MOST_UPSTREAM = 40  # in one line


def called(method: str, path: str, status: int | None, seconds: float, upstream_id: str | None) -> None:
    """Notes a call to amoCRM for the line of the request it was made for. `status` None: no answer came."""
    calls = upstream.get()
    if calls is not None and len(calls) < _MOST_UPSTREAM:
        known = {"call": f"{method} {path}", "status": status, "ms": round(seconds * 1000, 1), "id": upstream_id}
        calls.append({name: value for name, value in known.items() if value is not None})


def info(event: str, **fields: object) -> None:
    _write("INFO", event, fields)


def warning(event: str, **fields: object) -> None:
    _write("WARNING", event, fields)


def error(event: str, **fields: object) -> None:
    _write("ERROR", event, fields)


def failed(event: str, failure: BaseException, **fields: object) -> None:
    """An error that nobody foresaw. The class and the place say enough; the message could hold anything."""
    _write("ERROR", event, {"error": type(failure).__name__, "at": _place(failure)} | fields)


def measured(event: str, metrics: Mapping[str, float], **fields: object) -> None:
    """A line whose figures are metrics too: with `METRICS_NAMESPACE` set, CloudWatch reads them from it.

    Source: CloudWatch user guide, "Embedded metric format specification". Elsewhere they are members of the line.
    """
    namespace = os.environ.get("METRICS_NAMESPACE")
    if namespace:
        names = [{"Name": name, "Unit": "Milliseconds" if name.endswith("_ms") else "Count"} for name in metrics]
        directive = {"Namespace": namespace, "Dimensions": [[]], "Metrics": names}
        fields = {"_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}} | fields
    _write("INFO", event, fields | dict(metrics))


def _place(failure: BaseException) -> str:
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}"


def _text(value: object) -> str:
    return english(value) if isinstance(value, Message) else str(value)


_JSON: Final = json.JSONEncoder(default=_text, ensure_ascii=False)


def _write(severity: str, event: str, fields: dict[str, object]) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"severity": severity, "time": at, "event": event, "request_id": request_id.get()} | fields
    known = {name: value for name, value in line.items() if value is not None}
    target = sys.stderr if stream == "stderr" else sys.stdout
    target.write(_JSON.encode(known) + "\n")
    target.flush()
