"""Who hears in a campaign, badly: the ingress that amoCRM's webhooks come to, and a consumer of our messages."""

import json
import random
import threading
from typing import Any

from tests.listener import Ingress, Listener


class _Breaking(Listener):
    """Now and then breaks off: before it has done anything, or before it answers."""

    breaks_off = 0.0

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        super().__init__()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        if self.rng.random() < self.breaks_off / 2:
            return None
        status = super().answer(path, headers, body)
        return None if self.rng.random() < self.breaks_off / 2 else status


class Doorway(_Breaking, Ingress):
    """Where amoCRM's webhooks come to."""


class _Memory(Listener):
    """Takes messages in; a repetition by its id is left out, as the specification asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.repeated = 0
        self.taken: dict[str, dict[str, Any]] = {}
        super().__init__()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        with self._lock:
            id_ = headers["webhook-id"]
            self.repeated += id_ in self.taken
            self.taken.setdefault(id_, json.loads(body))
        return 200


class Consumer(_Breaking, _Memory):
    """Fails as well."""

    fails = 0.0

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        if self.rng.random() < self.fails:
            return self.rng.choice([500, 503, 429, 404])
        return super().answer(path, headers, body)
