"""The second place for a pair of tokens: when the database stays away, the encrypted pair goes to the log.

`python -m cli restore-spill` takes it from there. The values are encrypted and bound to their row like those in the
database: a log that leaks opens nothing.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from shared.connections.token_journal import Position
from shared.platform import logs

EVENT: Final = "token.spilled"
_ENTRY: Final = re.compile(r'\{"severity"')  # how a line of ours begins
_DECODER: Final = json.JSONDecoder()


class SpilledTokens(Struct, frozen=True):
    """The successor of a row's version, as it was written to the log."""

    integration_id: UUID
    version: int
    consent: int | None  # as a position has it; None: a version of before has written the line
    expires_at: datetime
    access_token: bytes
    refresh_token: bytes
    api_domain: str | None

    def parameters(self, now: datetime) -> dict[str, object]:
        """For the statement that stores a pair."""
        left = max(self.expires_at - now, timedelta())
        return {
            "id": self.integration_id,
            "version": self.version,
            "consent": self.consent,
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "api_domain": self.api_domain,
            "lifetime": left,
            "due_in": left / 2,
            "journaled": False,  # whether it was is not known here; `refresh_tokens` looks
        }


def write(integration_id: UUID, position: Position, expires_in: int, now: datetime, columns: dict[str, Any]) -> None:
    """`position`: of the version that the pair follows."""
    logs.error(
        EVENT,
        integration_id=integration_id,
        version=position.version,
        consent=position.consent,
        expires_at=(now + timedelta(seconds=expires_in)).isoformat(),
        access_token=base64.b64encode(columns["access_token"]).decode(),
        refresh_token=base64.b64encode(columns["refresh_token"]).decode(),
        api_domain=columns["api_domain"],
        action="python -m cli restore-spill",
    )


def read(log: str, unreadable: Callable[[str], object] = lambda place: None) -> Iterator[SpilledTokens]:
    """Every spilled pair in a log, whatever else is in it: lines, with whatever a cloud has put around them, or the
    JSON document that a cloud's tool has made of them. `unreadable` is told where a pair is that cannot be read."""
    try:
        document = json.loads(log)
    except ValueError:
        yield from _in_lines(log, unreadable)
    else:
        yield from _in_document(document, unreadable)


def _in_lines(log: str, unreadable: Callable[[str], object]) -> Iterator[SpilledTokens]:
    for number, line in enumerate(log.split("\n"), start=1):
        if EVENT not in line:
            continue
        found = [_pair(entry) for start in _ENTRY.finditer(line) if _is_spilled(entry := _entry(line, start.start()))]
        if not found or None in found:
            unreadable(f"line {number}")
        yield from (pair for pair in found if pair is not None)


def _in_document(value: Any, unreadable: Callable[[str], object]) -> Iterator[SpilledTokens]:
    if _is_spilled(value):
        pair = _pair(value)
        if pair is None:
            unreadable("an entry")
        else:
            yield pair
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _in_document(one, unreadable)
    elif isinstance(value, str) and EVENT in value:
        yield from _in_lines(value, unreadable)


def _entry(line: str, start: int) -> Any:
    try:
        return _DECODER.raw_decode(line, start)[0]
    except ValueError:
        return None


def _is_spilled(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("event") == EVENT


def _pair(entry: dict[str, Any]) -> SpilledTokens | None:
    """None for one that is not whole."""
    try:
        return SpilledTokens(
            UUID(entry["integration_id"]),
            int(entry["version"]),
            None if entry.get("consent") is None else int(entry["consent"]),
            datetime.fromisoformat(entry["expires_at"]).astimezone(UTC),
            base64.b64decode(entry["access_token"], validate=True),
            base64.b64decode(entry["refresh_token"], validate=True),
            entry.get("api_domain"),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
