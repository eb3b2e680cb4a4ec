"""Row I1: counters that miss nothing and scan nothing, the overview, and metrics."""

import re
import threading
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from shared.platform import upstream_metrics
from shared.storage import counters, retention
from shared.storage.database import DatabaseUnavailableError
from tests.story import Story, calculation, json_of


def _overview(story: Story, period: str = "hour") -> Any:
    counters.keep(story.runtime.database, at_once=True)
    return json_of(story.crm("get_overview", story.admin(), query={"period": period}))


def _save(story: Story, number: str = "1") -> Any:
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    return json_of(story.crm("save_calculation", headers, calculation(number=number)))


def test_what_happens_is_counted_where_it_happens(story: Story) -> None:
    _save(story)
    story.clock.advance(hours=25)
    refresh_tokens(story.runtime, 10)
    run_deliveries(story.runtime, 10)
    day = _overview(story, "day")
    assert day["connections"]["connected"] == 1
    assert (sum(day["series"]["refreshes"]["done"]), sum(day["series"]["refreshes"]["failed"])) == (1, 0)
    assert sum(day["series"]["deliveries"]["delivered"]) == 0  # that was yesterday
    month = _overview(story, "month")
    told = {name: sum(counts) for name, counts in month["series"]["deliveries"].items()}
    assert told == {"accepted": 1, "delivered": 1, "dead": 0}
    assert sum(month["series"]["answers"]["ok"]) >= 3
    assert max(took for took in month["series"]["latency"]["p95"] if took is not None) in upstream_metrics.BOUNDS
    assert month["todo"] == []
    lengths = {len(day["series"]["starts"]), len(day["series"]["latency"]["p50"])}
    assert (lengths, day["series"]["span"], len(month["series"]["starts"])) == ({96}, 900, 120)


def test_what_waits_for_a_person_is_told_the_most_urgent_first(story: Story) -> None:
    story.simulator.fault("status", status=404, path="/api/v4/leads/.*", times=10)
    _save(story)
    story.simulator.control("no-faults")
    story.simulator.control("kill-tokens", access=True, refresh=True)
    _save(story, "2")
    found = _overview(story)
    assert found["todo"][0]["code"] == "reauth_required"
    assert found["connections"]["reauth_required"] == 1
    assert found["deliveries"]["accepted"] + found["deliveries"]["dead"] == 2
    story.clock.advance(hours=1)
    _save(story, "3")
    todo = {one["code"]: one["count"] for one in _overview(story)["todo"]}
    assert todo["stale_deliveries"] == 1  # 30-K: and not the one that has just been accepted


def test_a_refresh_that_is_late_and_one_that_fails(story: Story) -> None:
    story.clock.advance(hours=26)
    assert {"code": "overdue_refreshes", "count": 1} in _overview(story)["todo"]
    story.simulator.fault("status", status=500, path="/oauth2/access_token", times=1)
    refresh_tokens(story.runtime, 10)
    assert sum(_overview(story)["series"]["refreshes"]["failed"]) == 1
    assert sum(_overview(story)["series"]["answers"]["failed"]) == 1


def test_those_who_count_at_once_lose_nothing_and_do_not_lock_each_other_out(story: Story, migrated_url: str) -> None:
    def count() -> None:
        with psycopg.connect(migrated_url, autocommit=True) as connection:
            for _ in range(25):
                connection.execute("SELECT amocrm_count(ARRAY['test.b', 'test.a'], ARRAY[2, 1]::bigint[])")
                connection.execute("SELECT amocrm_count(ARRAY['test.a', 'test.b'], ARRAY[1, 2]::bigint[])")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = counters.totals(story.runtime.database)
    assert (totals["test.a"], totals["test.b"]) == (400, 800)


def test_what_cannot_be_kept_is_kept_later(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> int:
        raise DatabaseUnavailableError

    upstream_metrics.taken()
    upstream_metrics.count(200, 0.03)
    with monkeypatch.context() as patched:
        patched.setattr(type(story.runtime.database), "execute", away)
        counters.keep(story.runtime.database, at_once=True)
    upstream_metrics.count(429, 0.3)
    counters.keep(story.runtime.database, at_once=True)
    totals = counters.totals(story.runtime.database)
    assert (totals["amocrm.ok"], totals["amocrm.limited"]) == (1, 1)
    assert (totals["amocrm.ms_50"], totals["amocrm.ms_400"], totals["amocrm.ms_sum"]) == (1, 1, 330)


def test_answers_are_kept_now_and_then(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a read still costs one round trip."""
    monkeypatch.setattr(counters, "_kept_at", float("-inf"))
    upstream_metrics.taken()
    upstream_metrics.count(200, 0.1)
    counters.keep(story.runtime.database)
    upstream_metrics.count(200, 0.1)
    counters.keep(story.runtime.database)
    assert counters.totals(story.runtime.database)["amocrm.ok"] == 1


def test_counters_are_bounded(story: Story) -> None:
    _save(story)
    story.clock.advance(days=3)
    removed = retention.run(story.runtime.database, story.runtime.settings, story.runtime.clock)
    assert removed["counters"] > 0
    assert story.sql("SELECT DISTINCT step FROM amocrm_counters ORDER BY 1") == [(0,), (60,)]
    story.clock.advance(days=40)
    retention.run(story.runtime.database, story.runtime.settings, story.runtime.clock)
    assert story.sql("SELECT DISTINCT step FROM amocrm_counters") == [(0,)]


@pytest.mark.parametrize(("counts", "share", "expected"), [
    ({}, 0.5, None),
    ({"amocrm.ms_50": 9, "amocrm.ms_800": 1}, 0.5, 50),
    ({"amocrm.ms_50": 9, "amocrm.ms_800": 1}, 0.95, 800),
    ({"amocrm.ms_more": 1}, 0.5, 12_800),
])  # fmt: skip
def test_percentiles_are_as_exact_as_the_bounds(counts: dict[str, int], share: float, expected: int | None) -> None:
    assert counters.percentile(counts, share) == expected


def test_spans_begin_where_those_of_the_database_begin() -> None:
    starts = counters.starts_of(counters.PERIODS["day"], datetime(2026, 11, 26, 12, 7, tzinfo=UTC))
    assert datetime.fromtimestamp(starts[-1], UTC) == datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    assert datetime.fromtimestamp(starts[0], UTC) == datetime(2026, 11, 25, 12, 15, tzinfo=UTC)


def test_metrics_are_in_prometheus_words(story: Story) -> None:
    _save(story)
    run_deliveries(story.runtime, 5)
    counters.keep(story.runtime.database, at_once=True)
    answer = story.crm("get_metrics", story.admin())
    assert dict(answer.headers)["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9.e+]+')
    assert all(line.startswith("#") or sample.fullmatch(line) for line in lines)
    assert 'amocrm_connections{status="connected"} 1' in lines
    assert 'amocrm_deliveries_total{state="delivered"} 1' in lines
    buckets = [float(line.split()[1]) for line in lines if line.startswith("amocrm_answer_seconds_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] > 0
    (total,) = (float(line.split()[1]) for line in lines if line.startswith("amocrm_answer_seconds_sum"))
    assert total > 0


def test_only_an_administrator_sees_how_everything_stands(story: Story) -> None:
    for action in ("get_overview", "get_metrics"):
        assert story.crm(action, story.application()).status == 403
        assert story.crm(action, {}).status == 401
    wrong = story.crm("get_overview", story.admin(), query={"period": "year"})
    assert json_of(wrong)["errors"] == [{"path": "period", "detail": "must be one of hour, day, month"}]


def test_the_first_steps_say_what_is_still_missing(connected: Story) -> None:
    """Row I5."""

    def missing() -> set[str]:
        return {name for name, is_done in _overview(connected)["first_steps"].items() if not is_done}

    assert missing() == {"seen_in_card", "first_save", "company", "site_key"}
    connected.crm("open_session", connected.widget(), {"lead_id": connected.lead_id})
    assert missing() == {"first_save", "company", "site_key"}
    _save(connected)
    connected.crm("save_settings", connected.admin(), {"company": {"name": "Glasshouse"}})
    connected.crm("create_site_key", connected.admin(), {"name": "Shop", "origins": ["https://shop.example"]})
    assert missing() == set()
