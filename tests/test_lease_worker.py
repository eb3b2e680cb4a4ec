"""Working through due rows: what is claimed, when, and what happens to what was claimed in vain."""

import threading
from datetime import UTC, datetime

import pytest

from shared.storage.database import DatabaseUnavailableError
from shared.storage.lease_worker import Worker


def _nothing(_: int, __: object) -> None:
    """No row of these fails."""


class StandingClock:
    """Stands still until it is moved."""

    seconds = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Rows:
    def __init__(self, count: int) -> None:
        self.left, self.asked = list(range(count)), list[int]()

    def claim(self, limit: int) -> list[int]:
        self.asked.append(limit)
        claimed, self.left = self.left[:limit], self.left[limit:]
        return claimed


@pytest.mark.parametrize(("ahead", "first_claim"), [(0, 4), (4, 8)])
def test_rows_are_claimed_for_free_workers_and_so_many_ahead(ahead: int, first_claim: int) -> None:
    rows, done = Rows(50), list[int]()

    def work(row: int) -> str:
        done.append(row)
        return "done"

    figures = Worker(rows.claim, work, _nothing, 4, StandingClock(), ahead).run(60)
    assert rows.asked[0] == first_claim
    assert max(rows.asked) == first_claim
    assert sorted(done) == list(range(50))
    assert (figures.claimed, figures.outcomes["done"], figures.is_done) == (50, 50, True)


@pytest.mark.parametrize("time", [10, 100])
def test_what_waited_too_long_for_a_worker_is_given_back(time: float) -> None:
    """What was claimed ahead is not begun when the time is over, nor when much of its lease is gone."""
    clock, rows, lock, begun, returned = StandingClock(), Rows(4), threading.Lock(), list[int](), list[int]()

    def work(row: int) -> str:
        with lock:
            begun.append(row)
            clock.seconds += 20
        return "done"

    figures = Worker(rows.claim, work, _nothing, 1, clock, ahead=3, give_back=returned.extend).run(time)
    assert (begun, returned) == ([0], [1, 2, 3])
    assert (figures.claimed, figures.outcomes) == (1, {"done": 1})
    assert not figures.is_done


def test_after_the_time_nothing_more_is_claimed() -> None:
    clock, rows = StandingClock(), Rows(10)

    def work(_: int) -> str:
        clock.seconds += 6
        return "done"

    figures = Worker(rows.claim, work, _nothing, 1, clock).run(10)
    assert (figures.claimed, figures.is_done) == (2, False)


def test_a_database_that_is_away_ends_the_run() -> None:
    def claim(_: int) -> list[int]:
        raise DatabaseUnavailableError

    figures = Worker(claim, lambda _: "done", _nothing, 4, StandingClock(), ahead=4).run(10)
    assert (figures.outcomes, figures.is_done) == ({"database_unavailable": 1}, False)
