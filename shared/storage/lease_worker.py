"""Working through rows that are due: claimed in small batches, some at once, ending before the platform's limit.

Used by the scheduled functions. Each row is guarded: whatever one of them fails with, it is put off, and the others are
done. Rows are claimed when workers are free for them, or some ahead, where that pays;
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
from shared.platform.problems import Problem, problem_of
from shared.storage.database import DatabaseUnavailableError

Row = TypeVar("Row")
T = TypeVar("T")

# A row that was claimed ahead and has waited longer than this is not begun: its lease must last for the work.
PATIENCE_SECONDS: Final = 15.0


class Figures(Struct):
    """`is_done`: nothing that is due was left when the time ended; `is_broken`: nobody knows what is due."""

    claimed: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    is_done: bool = False
    is_broken: bool = False
    seconds: float = 0.0

    def as_dict(self, good: str) -> dict[str, Any]:
        """`{due, <good>, failed: {reason: number}, seconds}`"""
        failed = {reason: number for reason, number in sorted(self.outcomes.items()) if reason != good}
        seconds = round(self.seconds, 2)
        return {"due": self.claimed, good: self.outcomes[good], "failed": failed, "seconds": seconds}


class Worker(Struct, Generic[Row], frozen=True):
    claim: Callable[[int], list[Row]]  # leases on at most so many rows
    work: Callable[[Row], str]  # does one row and names the outcome
    # A row whose work has raised, while it is ours: it waits longer each time, or ends, and somebody is told. What is
    # due for ever would come first again in each run.
    put_off: Callable[[Row, Problem], object]
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
            return self._guarded(row)

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
        is_away = figures.is_broken or "database_unavailable" in figures.outcomes
        figures.is_done = nothing_due and not not_begun and not is_away
        figures.seconds = self.clock.monotonic() - started
        return figures

    def _guarded(self, row: Row) -> str:
        """The outcome, or the code of the problem that has ended the work."""
        try:
            return self.work(row)
        except DatabaseUnavailableError as error:
            # Nothing can be written down now: the lease runs out, and the row is taken up again.
            logs.failed("row.left", error)
            return error.kind.code
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a panic of a library in Rust is no Exception
            logs.failed("row.failed", error, row=getattr(row, "id", None))
            problem = problem_of(error)
            guarded("row.not_put_off", lambda: self.put_off(row, problem))  # else the lease runs out
            return problem.code

    def _claimed(self, free: int, figures: Figures) -> list[Row]:
        try:
            return self.claim(free)
        except Exception as error:  # noqa: BLE001 - what runs is finished; what is due waits for the next run
            logs.failed("due.claim_failed", error)
            figures.outcomes[problem_of(error).code] += 1
            figures.is_broken = True
            return []


def guarded(event: str, work: Callable[[], T], **fields: object) -> T | None:
    """What the work returns; None where it fails, which the log says: what comes after it is done all the same."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - it must not keep others from theirs
        logs.failed(event, error, **fields)
        return None


def _all_of(done: "SimpleQueue[Future[str]]") -> "list[Future[str]]":
    """What has ended, as soon as something has."""
    ended = [done.get()]
    while True:
        try:
            ended.append(done.get_nowait())
        except Empty:
            return ended
