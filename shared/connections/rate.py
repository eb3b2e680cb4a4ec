"""amoCRM's limit of requests, kept by all instances together through one row per integration.

Source: amoCRM's documentation, "API limits": 7 requests a second for an integration in an account; going on after
a 429 gets the address blocked. Each call reserves a slot (`amocrm_reserve`, in the migrations) and waits for it.
"""

import math
import threading
from collections import deque
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from shared.amocrm.errors import HeldBackError
from shared.platform.clock import Clock
from shared.storage.database import Database

# vendor: http.limit (page) 7 requests a second for an integration in an account, 50 for an account; more are answered
# with 429.
# source: amoCRM's documentation, "API limits"
# What an invocation can afford to wait for its slots, in seconds; else a read is 429 and a write is 202.
LONGEST_WAIT: Final = 4.0
# A slot that could not be used in time (a token had to be refreshed first) lies in a second that others use by now.
_STALE_SECONDS: Final = 0.5
_MOST_REFUSALS: Final = 3  # answers of 429 that one piece of work waits out

_HOLD = """
INSERT INTO amocrm_rate (integration_id, next_free_at)
VALUES (%(integration_id)s, amocrm_now() + %(seconds)s * interval '1 second')
ON CONFLICT (integration_id) DO UPDATE SET next_free_at = greatest(amocrm_rate.next_free_at, EXCLUDED.next_free_at)
"""

_RESERVE = "SELECT amocrm_reserve(%(integration_id)s, %(calls)s, %(longest)s) AS waits"


class _Reserved(Struct, frozen=True):
    waits: list[float]


def spent(database: Database, integration_id: UUID, calls: int) -> None:
    """Counts calls that were made without a slot: the row was not known yet."""
    database.execute(_RESERVE, {"integration_id": integration_id, "calls": calls, "longest": LONGEST_WAIT})


class Pace:
    """The slots of one piece of work. Threads may share it.

    `waits`: seconds until slots that were reserved when the integration was read. The rest of `calls` is reserved at
    once when it is needed; what goes beyond, one by one.
    """

    def __init__(
        self, database: Database, clock: Clock, integration_id: UUID, waits: Sequence[float] = (), calls: int = 1
    ) -> None:
        self._database = database
        self._clock = clock
        self._integration_id = integration_id
        self._slots: deque[float] = deque()  # moments of the monotonic clock
        self._refusals = 0
        self._lock = threading.Lock()
        self._first = max(1, calls - len(waits) if self._take(waits) else calls)

    def reserve(self, calls: int) -> None:
        """Reserves slots for so many calls at once. Raises HeldBackError when they are too far away."""
        parameters = {"integration_id": self._integration_id, "calls": calls, "longest": LONGEST_WAIT}
        reserved = self._database.one(_Reserved, _RESERVE, parameters)
        assert reserved is not None
        if not self._take(reserved.waits):
            raise HeldBackError("all calls of the next seconds are taken", None, math.ceil(reserved.waits[-1]))

    def refused(self, seconds: float) -> bool:
        """After a 429: nobody calls amoCRM for this integration before the time is over, and our slots are void.

        False when this piece of work has waited often enough, or would have to wait too long.
        """
        self._database.execute(_HOLD, {"integration_id": self._integration_id, "seconds": seconds})
        with self._lock:
            self._slots.clear()
            self._refusals += 1
            return self._refusals <= _MOST_REFUSALS and seconds <= LONGEST_WAIT

    def _take(self, waits: Sequence[float]) -> bool:
        """False for waits that are too long: those were not reserved."""
        if waits and waits[-1] > LONGEST_WAIT:
            return False
        now = self._clock.monotonic()
        self._slots.extend(now + wait for wait in waits)
        return True

    def __call__(self) -> None:
        """Waits for the next slot; to be called before each call to amoCRM. Raises HeldBackError."""
        with self._lock:
            while self._slots and self._slots[0] < self._clock.monotonic() - _STALE_SECONDS:
                self._slots.popleft()
            if not self._slots:
                self.reserve(self._first)
                self._first = 1
            slot = self._slots.popleft()
        left = slot - self._clock.monotonic()
        if left > 0:
            self._clock.sleep(left)
