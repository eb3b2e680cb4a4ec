"""Working through rows that are due: claimed in small batches, some at once, ending before the platform's limit.

Used by the scheduled functions. Rows are claimed when workers are free for them, or some ahead, where that pays;
several instances share the work because a claim skips what others have claimed.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct, field

from shared.platform import logs
from shared.platform.clock import Clock
from shared.storage.database import DatabaseUnavailableError

Row = TypeVar("Row")

# A row that was claimed ahead and has waited longer than this is not begun: its lease must last for the work.
PATIENCE_SECONDS: Final = 15.0


class Figures(Struct):
    """`is_done`: nothing that is due was left when the time ended."""

    claimed: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    is_done: bool = False
    seconds: float = 0.0

    def as_dict(self, good: str) -> dict[str, Any]:
        """`{due, <good>, failed: {reason: number}, seconds}`"""
        failed = {reason: number for reason, number in sorted(self.outcomes.items()) if reason != good}
        seconds = round(self.seconds, 2)
        return {"due": self.claimed, good: self.outcomes[good], "failed": failed, "seconds": seconds}


class Worker(Struct, Generic[Row], frozen=True):
    claim: Callable[[int], list[Row]]  # leases on at most so many rows
    work: Callable[[Row], str]  # does one row and names the outcome; must not raise
    concurrency: int
    clock: Clock
    # Rows that wait for a worker already, so that none is idle while others are claimed: for short and equal work.
    # What could not be begun is given back.
    ahead: int = 0
    give_back: Callable[[list[Row]], object] = list

    def run(self, seconds: float) -> Figures:
        """Until nothing is due or the time is over; what has begun is finished."""
        started = self.clock.monotonic()
        figures, running, nothing_due = Figures(), 0, False
        done: SimpleQueue[Future[str]] = SimpleQueue()
        not_begun: list[Row] = []

        def begin(row: Row, claimed_at: float) -> str:
            now = self.clock.monotonic()
            if self.ahead and (now - started >= seconds or now - claimed_at >= PATIENCE_SECONDS):
                not_begun.append(row)
                return ""
            return self.work(row)

        with ThreadPoolExecutor(self.concurrency) as pool:
            while True:
                in_time = self.clock.monotonic() - started < seconds
                room = self.concurrency + self.ahead - running
                if in_time and not nothing_due and room > self.ahead // 2:
                    claimed_at = self.clock.monotonic()
                    rows = self._claimed(room, figures)
                    nothing_due = not rows
                    running += len(rows)
                    figures.claimed += len(rows)
                    for row in rows:
                        # What is said of this call (its time that is left, its id) is said of its threads.
                        context = copy_context()
                        pool.submit(context.run, begin, row, claimed_at).add_done_callback(done.put)
                if not running:
                    break
                ended = _all_of(done)
                running -= len(ended)
                figures.outcomes.update(outcome for future in ended if (outcome := future.result()))
        if not_begun:
            self.give_back(not_begun)
        figures.claimed -= len(not_begun)
        figures.is_done = nothing_due and not not_begun and "database_unavailable" not in figures.outcomes
        figures.seconds = self.clock.monotonic() - started
        return figures

    def _claimed(self, free: int, figures: Figures) -> list[Row]:
        try:
            return self.claim(free)
        except DatabaseUnavailableError as error:
            # What runs is finished; what is due waits for the next run.
            logs.error("due.claim_failed", error=str(error))
            figures.outcomes["database_unavailable"] += 1
            return []


def _all_of(done: "SimpleQueue[Future[str]]") -> "list[Future[str]]":
    """What has ended, as soon as something has."""
    ended = [done.get()]
    while True:
        try:
            ended.append(done.get_nowait())
        except Empty:
            return ended
