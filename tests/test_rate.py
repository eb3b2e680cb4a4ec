"""Row X3: seven calls a second for an integration in an account, over all instances together."""

import json
import subprocess
import sys
from typing import Any

import pytest

from shared.amocrm.errors import HeldBackError
from shared.connections import rate
from tests.demo import ROOT
from tests.story import Story, json_of


def _waits(story: Story, calls: int) -> list[float]:
    ((waits,),) = story.sql("SELECT amocrm_reserve(%s, %s, 100)", story.row().id, calls)
    return [round(wait, 2) for wait in waits]


def test_seven_leave_at_once_and_the_next_ones_a_second_later(connected: Story) -> None:
    connected.clock.advance(seconds=2)  # connecting has made a call
    assert _waits(connected, 5) == [0] * 5
    assert _waits(connected, 5) == [0, 0] + [pytest.approx(1.03, abs=0.05)] * 3
    connected.clock.advance(seconds=10)
    assert _waits(connected, 15)[6:15:8] == [0, pytest.approx(2.06, abs=0.05)]


def test_slots_too_far_away_are_not_taken(connected: Story) -> None:
    integration = connected.row()
    connected.clock.advance(seconds=2)
    pace = rate.Pace(connected.runtime.database, connected.clock, integration.id)
    pace.reserve(28)  # four seconds' worth
    with pytest.raises(HeldBackError) as raised:
        pace.reserve(7)
    assert raised.value.retry_after == 5
    assert _waits(connected, 1)[0] < 4.3


def test_a_read_that_cannot_wait_is_429_and_a_write_is_202(connected: Story) -> None:
    _waits(connected, 60)
    connected.simulator.control("forget")
    lead = {"X-Lead-Id": str(connected.lead_id)}
    for _ in range(2):
        read = connected.crm("get_lead", connected.widget() | lead)
        assert (read.status, json_of(read)["code"]) == (429, "rate_limited")
        assert int(dict(read.headers)["Retry-After"]) >= 8
    from tests.story import calculation

    saved = connected.crm("save_calculation", connected.widget() | lead, calculation())
    assert (saved.status, json_of(saved)["problem"]["code"]) == (202, "rate_limited")
    assert not connected.simulator.requests()


def test_requests_of_one_instance_wait_for_each_other(connected: Story) -> None:
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    before = connected.clock.monotonic()
    assert [connected.crm("get_lead", headers).status for _ in range(8)] == [200] * 8
    assert connected.clock.monotonic() - before >= 2.05  # 16 calls


@pytest.mark.vendor("http.limit")
def test_sixteen_instances_keep_to_seven_a_second() -> None:
    """The short version of `make hammer`."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.chaos.hammer", "--seconds", "8"], cwd=ROOT, capture_output=True, text=True
    )
    summary: dict[str, Any] = json.loads(ended.stdout[ended.stdout.find("{\n") :])
    assert summary["most_in_any_second"] <= 7, summary
    assert summary["per_second"] >= 3.0, summary
    assert summary["answered_429"] == 0, summary


def test_a_slot_that_came_to_nothing_in_time_is_not_used_later(connected: Story) -> None:
    integration = connected.row()
    pace = rate.Pace(connected.runtime.database, connected.clock, integration.id, waits=[0.0], calls=1)
    connected.clock.advance(seconds=3)  # a token was refreshed first
    _waits(connected, 7)  # others use this second
    before = connected.clock.monotonic()
    pace()
    assert connected.clock.monotonic() - before >= 1.0
