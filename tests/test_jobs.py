"""What no error tells: whether scheduled jobs run, and how far behind they are."""

import re
from typing import Any

import pytest

from cli import doctor
from features import registry
from functions.crm_api import health
from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries import run as delivering
from functions.run_deliveries.run import run as run_deliveries
from shared.storage import jobs
from tests.story import Story, calculation, json_of


def _ages(story: Story) -> dict[str, int | None]:
    return {one["name"]: one["seconds"] for one in _overview(story)["jobs"]}


def _late(story: Story) -> set[str]:
    return {one["name"] for one in _overview(story)["jobs"] if one["is_late"]}


def _overview(story: Story) -> Any:
    return json_of(story.crm("get_overview", story.admin()))


def _metrics(story: Story) -> str:
    return story.crm("get_metrics", story.admin()).body.decode()


def _health(story: Story) -> Any:
    health._answers.clear()
    return json_of(health.answer(story.runtime))


def test_a_new_installation_owes_nothing_before_its_first_account(tale: Story) -> None:
    assert set(_ages(tale).values()) == {None}
    assert (_late(tale), _health(tale)["status"]) == (set(), "ok")
    assert "amocrm_job_last_good_seconds{" not in _metrics(tale)


def test_a_schedule_that_was_forgotten_is_told(connected: Story) -> None:
    assert _late(connected) == set()
    connected.clock.advance(hours=1)
    everything = set(registry.jobs())
    assert {"refresh_tokens", "run_deliveries", "bookings", "changes"} == everything
    assert (_late(connected), _health(connected)["status"]) == (everything, "late")
    assert {"code": "late_jobs", "count": 4} in _overview(connected)["todo"]


def test_what_ran_is_told_everywhere_with_its_age(connected: Story, environment: dict[str, str]) -> None:
    refresh_tokens(connected.runtime, 10)
    run_deliveries(connected.runtime, 10)
    connected.clock.advance(minutes=12)
    assert _ages(connected) == {name: pytest.approx(720, abs=5) for name in registry.jobs()}
    assert _late(connected) == {"run_deliveries"}  # others have had no turn of their own yet
    told = re.search(r'amocrm_job_last_good_seconds\{job="refresh_tokens"\} (\d+)', _metrics(connected))
    assert told is not None
    assert int(told[1]) == pytest.approx(720, abs=5)
    found = {one.subject: one for one in doctor.examine(environment, live=False)}
    assert (found["run_deliveries"].level, found["refresh_tokens"].level) == ("error", "ok")
    assert "12 min ago" in found["run_deliveries"].text


def test_a_scheduled_task_that_fails_is_late_and_the_others_are_not(
    connected: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, Any]:
        raise RuntimeError("planted")

    whole = registry.scheduled_tasks() | {"changes": broken}
    monkeypatch.setattr(delivering, "scheduled_tasks", lambda: whole)
    run_deliveries(connected.runtime, 10)
    connected.clock.advance(minutes=9)
    run_deliveries(connected.runtime, 10)
    connected.clock.advance(minutes=9)
    assert _late(connected) == {"changes"}


def test_a_run_that_cannot_see_what_is_due_is_no_good_one(connected: Story, owner: Any) -> None:
    connected.sql("ALTER TABLE amocrm_deliveries RENAME COLUMN lease_until TO elsewhere")
    try:
        run_deliveries(connected.runtime, 10)
    finally:
        connected.sql("ALTER TABLE amocrm_deliveries RENAME COLUMN elsewhere TO lease_until")
    assert _ages(connected)["run_deliveries"] is None
    assert _ages(connected)["bookings"] is not None


def test_many_wake_ups_write_the_row_now_and_then(connected: Story) -> None:
    jobs.good(connected.runtime.database, ["run_deliveries"])
    before = connected.sql("SELECT xmin::text FROM amocrm_jobs")
    connected.clock.advance(seconds=5)
    jobs.good(connected.runtime.database, ["run_deliveries"])
    assert connected.sql("SELECT xmin::text FROM amocrm_jobs") == before
    connected.clock.advance(seconds=20)
    jobs.good(connected.runtime.database, ["run_deliveries"])
    assert connected.sql("SELECT xmin::text FROM amocrm_jobs") != before


def test_every_queue_of_a_feature_is_told_and_nothing_waits_at_first(connected: Story) -> None:
    changes, bookings = ("hints", "feeds", "sends"), ("visits", "comparing", "calendars")
    queues = [f"bookings.{one}" for one in bookings] + [f"changes.{one}" for one in changes]
    assert _overview(connected)["backlog"] == [{"name": name, "seconds": 0} for name in queues]
    assert 'amocrm_backlog_oldest_seconds{queue="changes.feeds"} 0' in _metrics(connected)


def test_a_delivery_is_no_job(connected: Story) -> None:
    """What one row fails with is that row's matter."""
    connected.simulator.fault("status", status=404, path="/api/v4/leads/.*", times=10)
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    connected.crm("save_calculation", headers, calculation())
    connected.clock.advance(minutes=5)
    run_deliveries(connected.runtime, 10)
    assert _ages(connected)["run_deliveries"] == pytest.approx(0, abs=5)
