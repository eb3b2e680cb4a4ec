"""Ground truth: what really happened, whatever the caller was told. Tests compare the product's claims with this."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Truth:
    """`effects` are changes of state, `requests` every arrival at an account's host. Times are the real clock's."""

    effects: list[dict[str, Any]] = field(default_factory=list)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=200_000))

    def effect(self, at: float, kind: str, account_id: int | None, **facts: Any) -> None:
        self.effects.append({"seq": len(self.effects) + 1, "at": at, "kind": kind, "account_id": account_id, **facts})

    def request(
        self, at: float, host: str, method: str, path: str, status: int, client_id: str | None, has_cookie: bool
    ) -> None:
        facts = {"at": at, "host": host, "method": method, "path": path, "status": status, "client_id": client_id}
        self.requests.append(facts | {"has_cookie": has_cookie})

    def lost(self, at: float, path: str, before: int) -> None:
        """The answer that would have told of the effects since then does not arrive."""
        self.effect(at, "answer.lost", None, path=path, effects=[one["seq"] for one in self.effects[before:]])

    def clear(self) -> None:
        self.effects.clear()
        self.requests.clear()
