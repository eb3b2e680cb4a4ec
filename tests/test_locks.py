"""Locks that all instances keep together: how the work under one ends says when the next may begin (32-8)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from shared.amocrm.errors import UnknownOutcomeError
from shared.deliveries import locks as statements
from shared.deliveries.locks import LEASE, LockedError, Locks, name_of
from shared.deliveries.rows import LeaseLostError
from shared.platform.messages import say
from tests.story import Story

NAMES = [name_of("fields:contacts")]


@pytest.fixture
def locks(connected: Story) -> Locks:
    return Locks(connected.runtime.database, connected.clock)


def _known(locks: Locks, story: Story) -> list[int]:
    with locks.holding(story.row().id, NAMES, uuid4()) as held:
        return held.known


def test_what_is_found_out_under_a_lock_is_known_to_the_next(locks: Locks, connected: Story) -> None:
    with locks.holding(connected.row().id, NAMES, uuid4()) as held:
        assert held.known == []
        held.remember = 7
    assert _known(locks, connected) == [7]
    assert _known(locks, connected) == [7]  # who found nothing out takes nothing away


def test_nobody_waits_for_work_that_has_failed_and_nothing_is_remembered_of_it(locks: Locks, connected: Story) -> None:
    def work() -> None:
        with locks.holding(connected.row().id, NAMES, uuid4()) as held:
            held.remember = 7
            raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        work()
    assert _known(locks, connected) == []


def test_who_holds_it_keeps_others_out_for_as_long_as_they_can_wait(locks: Locks, connected: Story) -> None:
    owner = uuid4()
    with locks.holding(connected.row().id, NAMES, owner):
        with pytest.raises(LockedError), locks.holding(connected.row().id, [*NAMES, name_of("another")], uuid4()):
            pass
        with locks.holding(connected.row().id, [name_of("another")], uuid4()):
            pass  # whoever could not have both holds neither
        with locks.holding(connected.row().id, NAMES, owner):
            pass  # the same lock
    assert _known(locks, connected) == []


@pytest.mark.parametrize(
    ("error", "seconds"), [(UnknownOutcomeError(say("No answer came.")), 30), (LeaseLostError(), 90)]
)
def test_what_may_still_be_carried_out_is_waited_for(
    locks: Locks, connected: Story, error: Exception, seconds: int
) -> None:
    """An answer that did not come: half a minute. Work that is somebody else's now: until its lease has ended."""
    with pytest.raises(type(error)), locks.holding(connected.row().id, NAMES, uuid4()):
        raise error
    connected.clock.advance(seconds=seconds - 10)
    with pytest.raises(LockedError):
        _known(locks, connected)
    connected.clock.advance(seconds=11)
    assert _known(locks, connected) == []


@pytest.mark.parametrize("settle", [None, LEASE])
def test_who_gives_two_back_and_who_asks_for_both_do_not_wait_in_a_circle(
    connected: Story, settle: timedelta | None
) -> None:
    """Of the same person, or of two who share a phone: rows lie in any order, and each takes them by their names."""
    low, high = b"\x00" * 32, b"\xff" * 32
    common = {"integration_id": connected.row().id, "lease": LEASE, "kept": timedelta()}
    holds = common | {"names": [low, high], "owner": uuid4(), "remembered": 7, "settle": settle}
    asks = common | {"owner": uuid4()}
    url = connected.runtime.settings.database_url.reveal()
    with (
        psycopg.connect(url) as asking,
        psycopg.connect(url, autocommit=True) as holding,
        ThreadPoolExecutor(1) as pool,
    ):
        for name in (high, low):
            holding.execute(statements._TAKE, holds | {"names": [name]})
        holding.execute("SET enable_indexscan = off")  # as PostgreSQL chooses by itself for some hundreds of rows
        assert asking.execute(statements._TAKE, asks | {"names": [low]}).rowcount == 0
        given_back = pool.submit(lambda: holding.execute(statements._RELEASE, holds).rowcount)
        while not connected.sql(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid = %s", holding.info.backend_pid
        ):
            assert not given_back.done()
        assert asking.execute(statements._TAKE, asks | {"names": [high]}).rowcount == 0
        asking.commit()
        assert given_back.result() == 2
