"""The simulator's control API, as tests use it."""

from typing import Any

import httpx


class Simulator:
    """A running simulator. Every method is one control of `simulator/control.py`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def control(self, control: str, /, **body: Any) -> Any:
        answer = self._client.post(f"/_control/{control}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def effects(self, kind: str) -> list[dict[str, Any]]:
        """What really happened, in order."""
        found: list[dict[str, Any]] = self.control("truth", kind=kind)["effects"]
        return found

    def requests(self, path_part: str = "") -> list[dict[str, Any]]:
        """Every request that reached an account's host and was answered by its rules."""
        found: list[dict[str, Any]] = self.control("requests")["requests"]
        return [request for request in found if path_part in request["path"]]

    def fault(self, kind: str, **facts: Any) -> None:
        self.control("fault", kind=kind, **facts)

    def close(self) -> None:
        self._client.close()
