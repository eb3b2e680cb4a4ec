"""Requests a second: 7 for an integration in an account, 50 for an account. Source: amoCRM's "API limits".

Who goes on after many answers of 429 is blocked for a while. amoCRM blocks the address; here, where everybody has the
same one, it is the integration in the account.
"""

from collections import defaultdict, deque

_SECONDS = 10.0  # within which refusals count


# vendor: http.limit
class Limits:
    def __init__(self) -> None:
        self.per_integration = 7
        self.per_account = 50
        self.block_after = 100  # refusals
        self.block_seconds = 60.0
        self._seen: dict[tuple[object, ...], deque[float]] = defaultdict(deque)
        self._refused: dict[tuple[object, ...], deque[float]] = defaultdict(deque)
        self._blocked: dict[tuple[object, ...], float] = {}  # until when

    def is_blocked(self, now: float, account_id: int, client_id: str) -> bool:
        return 0 < self._blocked.get((account_id, client_id), 0) - now <= self.block_seconds

    def admits(self, now: float, account_id: int, client_id: str) -> bool:
        """Counts the request; False when it is one too many within the last second."""
        integration = _within(self._seen[account_id, client_id], now - 1, now)
        account = _within(self._seen[(account_id,)], now - 1, now)
        if len(integration) >= self.per_integration or len(account) >= self.per_account:
            refused = _within(self._refused[account_id, client_id], now - _SECONDS, now)
            refused.append(now)
            if len(refused) >= self.block_after:
                self._blocked[account_id, client_id] = now + self.block_seconds
            return False
        integration.append(now)
        account.append(now)
        return True


def _within(window: deque[float], since: float, now: float) -> deque[float]:
    """Without what is too old, and what lies ahead because the clock was set back."""
    while window and window[0] <= since:
        window.popleft()
    while window and window[-1] > now:
        window.pop()
    return window
