"""Structured logs: one JSON object a line on standard output, where all three clouds collect it."""

import json
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def info(event: str, **fields: object) -> None:
    _write("INFO", event, fields)


def warning(event: str, **fields: object) -> None:
    _write("WARNING", event, fields)


def error(event: str, **fields: object) -> None:
    _write("ERROR", event, fields)


def _write(severity: str, event: str, fields: dict[str, object]) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"severity": severity, "time": at, "event": event, "request_id": request_id.get()} | fields
    known = {name: value for name, value in line.items() if value is not None}
    sys.stdout.write(json.dumps(known, default=str, ensure_ascii=False) + "\n")
    sys.stdout.flush()
