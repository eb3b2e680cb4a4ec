"""Writes what passed between a client and the API of an account, a line of JSON each, to hold it to a description."""

import json
from pathlib import Path
from typing import IO, Any


class Recorder:
    def __init__(self, file: Path) -> None:
        self._file: IO[str] = file.open("a", encoding="utf-8", buffering=1)

    def record(self, method: str, path: str, body: bytes, status: int, answer: bytes) -> None:
        """Only JSON of the API; everything else is not described anywhere."""
        if path.startswith("/api/v4/"):
            exchange = {
                "method": method,
                "path": path,
                "status": status,
                "sent": _json(body),
                "answered": _json(answer),
            }
            self._file.write(json.dumps(exchange, ensure_ascii=False) + "\n")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
