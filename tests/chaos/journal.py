"""What a process knew before it died: one line for each thing, so that the driver can tell what had reached it."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.amocrm import oauth
from shared.connections.integrations import Integration
from shared.connections.rotation import Rotation
from shared.storage.database import DatabaseUnavailableError


class Journal:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, what: str, **facts: Any) -> None:
        os.write(self._file, (json.dumps({"what": what, "pid": os.getpid(), **facts}) + "\n").encode())


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def token_hash(token: str) -> str:
    """As the simulator's ground truth names a token."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def _nothing(_point: str) -> None:
    pass


class JournaledRotation(Rotation, frozen=True, kw_only=True):
    """Writes down: `sending` an old token; a new one `received`; `journaled`, where the token journal has it; then what
    became of it: `stored` (the row that came back holds it), `superseded` (another one is in its place), `gave_up` (the
    database was away for too long)."""

    journal: Journal
    reached: Callable[[str], None] = _nothing  # a point at which the process may be ended

    def run(self, claimed: Integration) -> Integration:
        self.reached("after_claim")
        assert claimed.refresh_token is not None
        old = self.keyring.decrypt(claimed.refresh_token, claimed.id, "refresh_token")
        self.journal.write("sending", old=token_hash(old))
        return super().run(claimed)

    def persist(self, claimed: Integration, pair: oauth.TokenPair) -> Integration:
        new = token_hash(pair.refresh_token)
        self.journal.write("received", new=new)
        self.reached("after_answer")
        try:
            row = super().persist(claimed, pair)
        except DatabaseUnavailableError:
            self.journal.write("gave_up", new=new)
            raise
        except BaseException:
            self.journal.write("superseded", new=new)
            raise
        is_ours = (
            row.refresh_token is not None
            and token_hash(self.keyring.decrypt(row.refresh_token, row.id, "refresh_token")) == new
        )
        self.journal.write("stored" if is_ours else "superseded", new=new)
        self.reached("after_persist")
        return row

    def _journaled(self, claimed: Integration, pair: oauth.TokenPair) -> bool:
        is_there = super()._journaled(claimed, pair)
        if is_there:
            self.journal.write("journaled", new=token_hash(pair.refresh_token))
            self.reached("after_journaled")
        return is_there
