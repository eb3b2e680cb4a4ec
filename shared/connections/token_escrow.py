"""The second place for a pair of tokens: when the database stays away, the encrypted pair goes to the log.

`python -m cli restore-spill` takes it from there. The values are encrypted and bound to their row like those in the
database: a log that leaks opens nothing.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from shared.platform import logs

EVENT: Final = "token.spilled"


class Spilled(Struct, frozen=True):
    """The successor of a row's version, as it was written to the log."""

    integration_id: UUID
    version: int
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
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "api_domain": self.api_domain,
            "lifetime": left,
            "due_in": left / 2,
        }


def write(integration_id: UUID, version: int, expires_in: int, now: datetime, columns: dict[str, Any]) -> None:
    logs.error(
        EVENT,
        integration_id=integration_id,
        version=version,
        expires_at=(now + timedelta(seconds=expires_in)).isoformat(),
        access_token=base64.b64encode(columns["access_token"]).decode(),
        refresh_token=base64.b64encode(columns["refresh_token"]).decode(),
        api_domain=columns["api_domain"],
        action="python -m cli restore-spill",
    )


def read(lines: Iterable[str]) -> Iterator[Spilled]:
    """Every spilled pair in a log, whatever else is in it, also where a cloud has put something before each line."""
    for line in lines:
        start = line.find('{"severity"')
        if start < 0 or EVENT not in line:
            continue
        try:
            entry = json.loads(line[start:])
            yield Spilled(
                UUID(entry["integration_id"]),
                int(entry["version"]),
                datetime.fromisoformat(entry["expires_at"]).astimezone(UTC),
                base64.b64decode(entry["access_token"], validate=True),
                base64.b64decode(entry["refresh_token"], validate=True),
                entry.get("api_domain"),
            )
        except (KeyError, TypeError, ValueError):
            continue  # cut off, or not ours
