"""Several httpx clients that do the work of one.

httpcore's pool looks through all of its connections when a call begins and when it ends, and asks the system about each
that is idle. With sixteen connections that is a tenth of what a call costs, with a hundred more than twice the
call; and whoever asks the system lets other threads go first. So each of these pools has few connections.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

CLIENTS: Final = 8


class HttpClients:
    """Threads may share it. Each client is made when it is needed first: the environment is read for it."""

    def __init__(self, made: "Callable[[], httpx.Client]") -> None:
        self._made = made
        self._clients: dict[int, httpx.Client] = {}

    def of(self, name: str) -> "httpx.Client":
        """Always the same one for a name, so that what has that name in common has its connections, too."""
        place = hash(name) % CLIENTS
        client = self._clients.get(place)
        # Where two threads make one at once the first counts; the other has no connections.
        return client or self._clients.setdefault(place, self._made())

    def close(self) -> None:
        """Ends all connections; whoever calls afterwards has new ones."""
        while self._clients:
            self._clients.popitem()[1].close()
