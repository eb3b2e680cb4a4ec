"""Requests a second: 7 for an integration in an account, 50 for an account. Source: amoCRM's "API limits"."""

from collections import defaultdict, deque


class Limits:
    def __init__(self) -> None:
        self.per_integration = 7
        self.per_account = 50
        self._seen: dict[tuple[object, ...], deque[float]] = defaultdict(deque)

    def admits(self, now: float, account_id: int, client_id: str) -> bool:
        """Counts the request; False when it is one too many within the last second."""
        integration = self._window((account_id, client_id), now)
        account = self._window((account_id,), now)
        if len(integration) >= self.per_integration or len(account) >= self.per_account:
            return False
        integration.append(now)
        account.append(now)
        return True

    def _window(self, key: tuple[object, ...], now: float) -> deque[float]:
        window = self._seen[key]
        while window and window[0] <= now - 1:
            window.popleft()
        return window
