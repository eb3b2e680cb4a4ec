"""Writes what passed between a client and the API of an account, a line of JSON each, to hold it to a description."""

import json
from pathlib import Path
from typing import Any


class Recorder:
    """Several simulators may write to one file: each line is one write at its end."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab", buffering=0)

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
            # In ASCII: some characters of texts end a line in the eyes of `splitlines`.
            self._file.write(f"{json.dumps(exchange)}\n".encode())

    def close(self) -> None:
        self._file.close()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
