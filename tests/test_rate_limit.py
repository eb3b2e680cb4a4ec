"""Row X3: seven calls a second for an integration in an account, over all instances together."""

import json
import random
import subprocess
import sys
from collections.abc import Iterable
from itertools import chain, repeat
from typing import Any

import pytest

from shared.amocrm.errors import HeldBackError
from shared.connections import integrations, rate_limit
from tests.chaos import hammer
from tests.demo import ROOT
from tests.story import Story, json_of

Span = tuple[float, float]


def _spans(story: Story, calls: int, longest: float = 100) -> list[Span]:
    """When the spans open and end that one statement reserves, in seconds from now."""
    ((given,),) = story.sql("SELECT amocrm_spans(%s, %s, %s, 0)", story.row().id, calls, longest)
    return [(round(opens, 2), round(ends, 2)) for opens, ends in zip(given[::2], given[1::2], strict=True)]


def _spans_by_the_clock(story: Story, calls: Iterable[int], way: float = 0) -> list[tuple[float, list[Span]]]:
    """For each number of calls: when they were asked for, and their spans, all in seconds of one clock."""
    ask = "SELECT extract(epoch FROM amocrm_now())::float8, amocrm_spans(%s, %s, 100, %s)"
    found = []
    for number in calls:
        ((now, given),) = story.sql(ask, story.row().id, number, way)
        found.append((now, [(now + one, now + other) for one, other in zip(given[::2], given[1::2], strict=True)]))
    return found


def _busy(story: Story, calls: int) -> None:
    """So many calls of others, as close together as may be: in one statement, which has one time."""
    story.sql("SELECT amocrm_spans(%s, 1, 100, 0) FROM generate_series(1, %s)", story.row().id, calls)


def test_calls_that_follow_each_other_have_time_while_there_is_little_to_do(connected: Story) -> None:
    connected.clock.advance(seconds=2)  # connecting has made a call
    assert _spans(connected, 3) == [(0, 0.3), (0, 0.8), (0, 1.3)]
    assert _spans(connected, 2) == [(0, 0.3), (0, 0.8)]


def test_when_there_is_much_to_do_one_short_span_is_given_at_a_time(connected: Story) -> None:
    connected.clock.advance(seconds=2)
    found = _spans_by_the_clock(connected, [8] * 15)  # eight follow each other: never little
    assert [len(spans) for _, spans in found] == [1] * 15
    for number, (now, ((opens, ends),)) in enumerate(found):
        seventh_before = found[number - 7][1][0][1] if number >= 7 else 0
        assert opens == pytest.approx(max(now, seventh_before + 1.03), abs=0.001)
        assert ends == pytest.approx(opens + 0.08, abs=0.001)
    assert found[14][1][0][0] > found[0][0] + 2.2
    connected.clock.advance(seconds=10)
    assert _spans(connected, 7)[-1] == (0, 3.3)


@pytest.mark.parametrize("seed", range(6))
def test_no_second_holds_more_than_seven_whenever_calls_leave_in_their_spans(connected: Story, seed: int) -> None:
    rng, left = random.Random(seed), []
    for _ in range(150):
        ((_, spans),) = _spans_by_the_clock(connected, [rng.choice([1, 1, 2, 2, 3, 8])], rng.choice([0, 0.01, 0.4]))
        for opens, ends in spans:
            left.append(rng.choice([opens, ends, rng.uniform(opens, ends)]))
        if rng.random() < 0.6:
            connected.clock.advance(seconds=rng.choice([rng.uniform(0, 0.3), rng.uniform(0, 3)]))
    left.sort()
    assert all(later - first > 1 for first, later in zip(left, left[7:], strict=False))


@pytest.mark.parametrize("way", [0.12, 0.6])
def test_a_database_that_is_far_away_keeps_nobody_from_calling(
    connected: Story, monkeypatch: pytest.MonkeyPatch, way: float
) -> None:
    """A span of 0.08 seconds was over before the answer was there that told of it: whoever called took one after the
    other for nothing, without an end, and no other call of the account had its turn."""
    database, asked = connected.runtime.database, list[float]()

    class FarAway:
        def all(self, *arguments: Any) -> Any:
            asked.append(connected.clock.monotonic())
            assert len(asked) <= 12
            connected.clock.advance(seconds=way / 2)
            found = database.all(*arguments)
            connected.clock.advance(seconds=way / 2)
            _busy(connected, 1)  # others call as well
            return found

    monkeypatch.setattr(rate_limit, "way", 0.0)
    monkeypatch.setattr(rate_limit, "latest_way", 0.0)
    monkeypatch.setattr(rate_limit, "monotonic", connected.clock.monotonic)
    connected.clock.advance(seconds=2)
    _busy(connected, 7)
    far_away: Any = FarAway()
    for _ in range(8):
        rate_limit.Pace(far_away, connected.clock, connected.row().id)()
    assert len(asked) <= 10  # the first two tell how long the way is


def test_a_way_that_was_long_once_keeps_nobody_waiting(connected: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that was kept from running for a second made the next span that long, for all of the account."""
    database, took, asked = connected.runtime.database, chain([0.0, 0.9], repeat(0.0)), list[Any]()

    class KeptOnce:
        def all(self, *arguments: Any) -> Any:
            asked.append(arguments[2]["way"])
            connected.clock.advance(seconds=next(took))
            return database.all(*arguments)

    monkeypatch.setattr(rate_limit, "way", 0.0)
    monkeypatch.setattr(rate_limit, "latest_way", 0.0)
    monkeypatch.setattr(rate_limit, "monotonic", connected.clock.monotonic)
    kept_once: Any = KeptOnce()
    for _ in range(3):
        rate_limit.Pace(kept_once, connected.clock, connected.row().id)()
    assert max(asked) < 0.5


def test_a_way_that_is_too_long_for_any_span_has_an_end(connected: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    database = connected.runtime.database

    class FarAway:
        def all(self, *arguments: Any) -> Any:
            found = database.all(*arguments)
            connected.clock.advance(seconds=9)
            return found

    monkeypatch.setattr(rate_limit, "way", 0.0)
    monkeypatch.setattr(rate_limit, "latest_way", 0.0)
    monkeypatch.setattr(rate_limit, "monotonic", connected.clock.monotonic)
    far_away: Any = FarAway()
    with pytest.raises(HeldBackError) as raised:
        rate_limit.Pace(far_away, connected.clock, connected.row().id)()
    assert raised.value.retry_after >= 1  # nobody comes again at once, and finds the same
    assert rate_limit.way == 1  # a longer span would keep everybody else of the account waiting


def test_slots_too_far_away_are_not_taken(connected: Story) -> None:
    integration = connected.row()
    connected.clock.advance(seconds=2)
    _busy(connected, 35)  # five seconds' worth
    pace = rate_limit.Pace(connected.runtime.database, connected.clock, integration.id)
    with pytest.raises(HeldBackError) as raised:
        pace()
    assert raised.value.retry_after >= 5
    assert _spans(connected, 1)[0][0] < 6


def test_what_has_begun_waits_longer_for_what_it_still_needs(connected: Story) -> None:
    connected.clock.advance(seconds=2)
    pace = rate_limit.Pace(connected.runtime.database, connected.clock, connected.row().id)
    pace()
    connected.clock.advance(seconds=3)
    _busy(connected, 35)
    before = connected.clock.monotonic()
    pace()
    assert connected.clock.monotonic() - before > rate_limit.LONGEST_WAIT


def test_one_piece_of_work_waits_out_three_refusals(connected: Story) -> None:
    pace = rate_limit.Pace(connected.runtime.database, connected.clock, connected.row().id)
    assert [pace.refused(1) for _ in range(4)] == [True, True, True, False]


def test_a_read_that_cannot_wait_is_429_and_a_write_is_202(connected: Story) -> None:
    _busy(connected, 60)
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


@pytest.mark.vendor("http.retry_after")
def test_nobody_calls_for_as_long_as_amocrm_says(connected: Story) -> None:
    """Who goes on is blocked, with everybody else of this address."""
    told = {"title": "Too Many Requests", "type": "https://httpstatus.es/429", "status": 429, "retry_after": 300}
    connected.simulator.fault("status", status=429, path="/api/v4/leads/.*", body=json.dumps(told))
    lead = {"X-Lead-Id": str(connected.lead_id)}
    refused = connected.crm("get_lead", connected.widget() | lead)
    assert (refused.status, dict(refused.headers)["Retry-After"]) == (429, "300")
    connected.simulator.control("forget")
    connected.clock.advance(seconds=250)
    assert connected.crm("get_lead", connected.widget() | lead).status == 429
    assert not connected.simulator.requests()
    connected.clock.advance(seconds=51)
    assert connected.crm("get_lead", connected.widget() | lead).status == 200


@pytest.mark.vendor("http.limit")
@pytest.mark.long
@pytest.mark.parametrize("latency", ["0.02", "0.4"])
def test_instances_with_threads_keep_to_seven_a_second(latency: str) -> None:
    """Rows G1 and G2: the short version of `make hammer`."""
    command = [sys.executable, "-m", "tests.chaos.hammer", "--seconds", "9", "--threads", "4", "--latency", latency]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    (run,) = json.loads(ended.stdout[ended.stdout.find("{\n") :])["runs"]
    assert not run["violations"], run
    assert run["per_second"] >= 3.0, run  # 6 and more where the machine has nothing else to do
    assert {answer.split()[1] for answer in run["answers"]} == {"200"}, run
    if not hammer.is_judged(run):
        pytest.skip(f"the machine was too busy to judge when most calls arrived: {run}")


def test_a_slot_that_came_to_nothing_in_time_is_not_used_later(connected: Story) -> None:
    integration = connected.row()
    given = rate_limit.Reservation([0.0, 0.3], connected.clock.monotonic())
    pace = rate_limit.Pace(connected.runtime.database, connected.clock, integration.id, given)
    connected.clock.advance(seconds=3)  # a token was refreshed first
    _busy(connected, 7)  # others use this second
    before = connected.clock.monotonic()
    pace()
    assert connected.clock.monotonic() - before >= 1.0


def test_a_slot_counts_from_when_it_was_asked_for(connected: Story) -> None:
    """However long a busy machine needs from PostgreSQL's answer to the call."""
    before = connected.clock.monotonic()
    integration = integrations.by_domain(connected.runtime.database, connected.domain, "glass", 1, before)
    assert integration is not None
    assert integration.asked_at == before
    connected.clock.advance(seconds=0.4)  # the span of 0.3 seconds is over
    _busy(connected, 7)
    pace = connected.runtime.connections.pace(integration)
    pace()
    assert connected.clock.monotonic() - before >= 1.4


def test_a_sessions_slots_count_from_when_they_were_asked_for(connected: Story) -> None:
    """30-K: else each call in a deal's card takes two slots of the account, one of which nobody uses."""
    opened = json_of(connected.crm("open_session", connected.widget(), {"lead_id": connected.lead_id}))
    headers = {"Authorization": f"Bearer {opened['session_token']}", "X-Lead-Id": str(connected.lead_id)}

    def waits_after(ask: dict[str, str]) -> float:
        """When the next slot opens, after two calls that were read with the proof."""
        connected.clock.advance(seconds=10)
        _busy(connected, 3)
        assert connected.crm("get_lead", ask).status == 200
        return _spans(connected, 8)[0][0]

    by_application = waits_after(connected.application() | {"X-Lead-Id": str(connected.lead_id)})
    assert waits_after(headers) == pytest.approx(by_application, abs=0.3)
