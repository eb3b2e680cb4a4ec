"""Working through rows that are due: claimed in small batches, some at once, ending before the platform's limit.

Used by the scheduled functions. Rows are claimed only when a worker is free for them, so that no lease is held in vain;
several instances share the work because a claim skips what others have claimed.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from shared.platform import logs
from shared.platform.clock import Clock
from shared.storage.database import DatabaseUnavailableError

Row = TypeVar("Row")


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

    def run(self, seconds: float) -> Figures:
        """Until nothing is due or the time is over; what has begun is finished."""
        started = self.clock.monotonic()
        figures = Figures()
        running: set[Future[str]] = set()
        nothing_due = False
        with ThreadPoolExecutor(self.concurrency) as pool:
            while True:
                in_time = self.clock.monotonic() - started < seconds
                free = self.concurrency - len(running)
                if in_time and not nothing_due and free:
                    rows = self._claimed(free, figures)
                    nothing_due = not rows
                    figures.claimed += len(rows)
                    running |= {pool.submit(self.work, row) for row in rows}
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                figures.outcomes.update(future.result() for future in done)
        figures.is_done = nothing_due and "database_unavailable" not in figures.outcomes
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
