"""amoCRM's limit of requests, kept by all instances together through one row per integration.

Source: amoCRM's documentation, "API limits": 7 requests a second for an integration in an account; going on after
a 429 gets the address blocked. What counts is when a call arrives: each reserves a slot, a span in which it leaves
(`amocrm_spans`, in the migrations), and waits for it.
"""

import math
import threading
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Final
from uuid import UUID

from msgspec import Struct

from shared.amocrm.errors import HeldBackError
from shared.platform.clock import Clock
from shared.platform.messages import say
from shared.storage.database import Database

# vendor: http.limit (page) 7 requests a second for an integration in an account, 50 for an account; more are answered
# with 429.
# source: amoCRM's documentation, "API limits"
# What an invocation can afford to wait for its slots, in seconds; else a read is 429 and a write is 202.
LONGEST_WAIT: Final = 4.0
_MOST_REFUSALS: Final = 3  # answers of 429 that one piece of work waits out

_HOLD = """
INSERT INTO amocrm_rate (integration_id, next_free_at)
VALUES (%(integration_id)s, amocrm_now() + %(seconds)s * interval '1 second')
ON CONFLICT (integration_id) DO UPDATE SET next_free_at = greatest(amocrm_rate.next_free_at, EXCLUDED.next_free_at)
"""

_RESERVE = "SELECT amocrm_spans(%(integration_id)s, %(calls)s, %(longest)s, %(way)s) AS spans"

# A piece of work that has begun waits longer for what it still needs: its first calls would have been in vain.
_LONGEST_WAIT_WITHIN: Final = 2 * LONGEST_WAIT
# Calls that follow each other have long spans, which keep later ones waiting: worth it for a read of two or three.
_MOST_TOGETHER: Final = 3
_MOST_IN_VAIN: Final = 10  # slots that one call takes and cannot use: then the way is too long for any
_LONGEST_WAY: Final = 1.0  # a span that is longer keeps everybody else waiting
# Seconds that a reservation really takes there and back, with the wait for others' statements: a span must be longer,
# or it is over before it is known. The shorter of this process's latest two: one that was kept from running tells
# nothing.
way = latest_way = 0.0


class Reservation(Struct, frozen=True):
    """Slots as `amocrm_spans` returned them, and when they were asked for, by the monotonic clock."""

    spans: Sequence[float] = ()
    asked_at: float = 0.0


class _Row(Struct, frozen=True):
    spans: list[float]


_NONE: Final = Reservation()


class _Slot(Struct, frozen=True):
    """A span of the monotonic clock in which one call may leave."""

    opens: float
    ends: float


def spent(database: Database, integration_id: UUID, calls: int) -> None:
    """Counts calls that were made without a slot: the row was not known yet."""
    database.execute(_RESERVE, {"integration_id": integration_id, "calls": calls, "longest": LONGEST_WAIT, "way": 0})


class Pace:
    """The slots of one piece of work. Threads may share it.

    `given`: slots that were reserved when the integration was read. `calls`: how many will follow; slots for a few are
    reserved together where that keeps nobody waiting, else each when it is needed.
    """

    def __init__(
        self, database: Database, clock: Clock, integration_id: UUID, given: Reservation = _NONE, calls: int = 1
    ) -> None:
        self._database = database
        self._clock = clock
        self._integration_id = integration_id
        self._slots: deque[_Slot] = deque()
        self._together = calls if calls <= _MOST_TOGETHER else 1
        self._longest = LONGEST_WAIT
        self._refusals = 0
        self._lock = threading.Lock()
        if given.spans and given.spans[0] <= LONGEST_WAIT:
            self._take(given.spans, given.asked_at)

    def refused(self, seconds: float) -> bool:
        """After a 429: nobody calls amoCRM for this integration before the time is over, and our slots are void.

        False when this piece of work has waited often enough, or would have to wait too long.
        """
        self._database.execute(_HOLD, {"integration_id": self._integration_id, "seconds": seconds})
        with self._lock:
            self._slots.clear()
            self._refusals += 1
            return self._refusals <= _MOST_REFUSALS and seconds <= LONGEST_WAIT

    def __call__(self) -> None:
        """Waits for the next slot; to be called right before each call to amoCRM. Raises HeldBackError."""
        for _ in range(_MOST_IN_VAIN):
            slot = self._next()
            left = slot.opens - self._clock.monotonic()
            if left > 0:
                self._clock.sleep(left)
            if self._clock.monotonic() <= slot.ends:
                return
            # This thread was kept from running, or a token had to be refreshed: its second belongs to others by now.
        raise HeldBackError(say("all calls of the next seconds are taken"), None, 1)

    def _next(self) -> _Slot:
        with self._lock:
            now = self._clock.monotonic()
            while self._slots and self._slots[0].ends < now:
                self._slots.popleft()
            if not self._slots:
                self._reserve(now)
            self._together -= 1
            self._longest = _LONGEST_WAIT_WITHIN
            return self._slots.popleft()

    def _reserve(self, now: float) -> None:
        global way, latest_way
        parameters = {"integration_id": self._integration_id, "calls": max(1, self._together), "longest": self._longest}
        asked_at = monotonic()
        (reserved,) = self._database.all(_Row, _RESERVE, parameters | {"way": way})
        way, latest_way = min(took := monotonic() - asked_at, latest_way, _LONGEST_WAY), took
        if reserved.spans[0] > self._longest:
            raise HeldBackError(say("all calls of the next seconds are taken"), None, math.ceil(reserved.spans[0]))
        self._take(reserved.spans, now)

    def _take(self, spans: Sequence[float], asked_at: float) -> None:
        """PostgreSQL's now was between asking and its answer: a slot opens no sooner, and ends no later."""
        answered_at = self._clock.monotonic()
        for opens, ends in zip(spans[::2], spans[1::2], strict=True):
            self._slots.append(_Slot(answered_at + opens, asked_at + ends))
