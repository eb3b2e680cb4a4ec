"""30-C4: one row that fails with what nobody foresaw is put off, or ends, and is told; all others are done."""

from typing import Any
from uuid import UUID

import pytest

from features.calculations import plan
from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries import run as deliveries_run
from functions.run_deliveries.run import run as run_deliveries
from shared.actions.feature import Planner
from shared.deliveries import rows as deliveries
from shared.deliveries.runner import MAX_ATTEMPTS
from shared.platform.http import Request, Response
from shared.platform.middleware import serve
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError
from shared.storage.lease_worker import Worker
from tests.story import Story, calculation, json_of
from tests.test_lease_worker import Rows, StandingClock

NOTES_PATH = "/api/v4/leads/.*/notes"


def _waiting(story: Story, count: int) -> list[str]:
    """So many calculations that amoCRM did not take; the oldest first."""
    story.simulator.fault("status", status=500, path=NOTES_PATH, times=count)
    proof = {"X-Lead-Id": str(story.lead_id)}
    saved = [
        json_of(story.crm("save_calculation", story.widget() | proof, calculation(number=str(number))))
        for number in range(count)
    ]
    story.clock.advance(minutes=2)
    return [one["delivery_id"] for one in saved]


def _poisoned(story: Story, delivery_id: str, request: str = "{}") -> None:
    """Its request is not what its reader reads: as if another version of the code had stored it."""
    stored = story.runtime.keyring.encrypt(request, UUID(delivery_id), "request")
    story.sql("UPDATE amocrm_deliveries SET request = %s WHERE id = %s", stored, delivery_id)


def test_a_poisoned_delivery_waits_longer_each_time_and_the_others_are_delivered(connected: Story) -> None:
    poisoned, *others = _waiting(connected, 4)
    _poisoned(connected, poisoned)
    figures = run_deliveries(connected.runtime, 30)
    assert (figures["delivered"], figures["failed"], figures["is_done"]) == (3, {"internal_error": 1}, True)
    assert run_deliveries(connected.runtime, 30)["due"] == 0
    shown = connected.delivery(poisoned)
    assert (shown["state"], shown["problem"]["code"]) == ("accepted", "internal_error")
    assert "ValidationError" in shown["problem"]["detail"]
    waits = []
    for _ in range(3):
        connected.clock.advance(hours=2)
        assert run_deliveries(connected.runtime, 30)["failed"] == {"internal_error": 1}
        waits.append(connected.sql("SELECT due_at - updated_at FROM amocrm_deliveries WHERE id = %s", poisoned)[0][0])
    assert waits == sorted(waits)
    told = "SELECT count(*) FROM amocrm_events WHERE delivery_id = %s AND message::text LIKE %s"
    assert connected.sql(told, poisoned, "%nobody foresaw%") == [(1,)]
    assert {connected.delivery(one)["state"] for one in others} == {"delivered"}


def test_a_poisoned_delivery_is_dead_after_its_attempts_and_can_be_taken_up_again(connected: Story) -> None:
    (poisoned,) = _waiting(connected, 1)
    before = connected.sql("SELECT request FROM amocrm_deliveries")[0][0]
    _poisoned(connected, poisoned)
    connected.sql("UPDATE amocrm_deliveries SET attempts = %s", MAX_ATTEMPTS - 1)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"internal_error": 1}
    assert connected.delivery(poisoned)["state"] == "dead"
    assert connected.events()[-1] == "delivery.dead"
    connected.sql("UPDATE amocrm_deliveries SET request = %s", before)
    assert connected.crm("retry_delivery", connected.admin(), {"id": poisoned}).status == 202
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1


def _killed(story: Story, *ids: str) -> None:
    """As the rows are where the process was ended in the middle of them."""
    for one in deliveries.claim_due(story.runtime.database, 10):
        assert str(one.id) in ids


def test_30_k_a_delivery_that_ends_its_process_comes_again_later_each_time(connected: Story) -> None:
    """30-K: nobody is left to put it off. It came again after each lease, and ended what ran beside it, for ever."""
    (deadly,) = _waiting(connected, 1)
    for _ in range(60):
        _killed(connected, deadly)
        connected.clock.advance(minutes=2)
    assert connected.delivery(deadly)["attempts"] < 12  # within two hours; it was 61
    assert connected.delivery(deadly)["state"] == "accepted"


def test_30_k_a_delivery_that_ends_its_process_is_dead_after_its_attempts(connected: Story) -> None:
    """30-K: and says so, without being begun once more."""
    (deadly,) = _waiting(connected, 1)
    connected.sql("UPDATE amocrm_deliveries SET attempts = %s", MAX_ATTEMPTS - 1)
    _killed(connected, deadly)
    connected.clock.advance(hours=2)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"dead": 1}
    shown = connected.delivery(deadly)
    assert (shown["state"], shown["problem"]["code"]) == ("dead", "internal_error")
    assert "stopped in the middle" in shown["problem"]["detail"]
    assert connected.notes() == []
    assert connected.crm("retry_delivery", connected.admin(), {"id": deadly}).status == 202
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1


def test_a_request_that_cannot_be_decrypted_waits_as_well(connected: Story) -> None:
    poisoned, other = _waiting(connected, 2)
    connected.sql("UPDATE amocrm_deliveries SET request = 'broken' WHERE id = %s", poisoned)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"decryption_failed": 1}
    assert connected.delivery(other)["state"] == "delivered"
    connected.clock.advance(seconds=91)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"decryption_failed": 1}
    assert connected.events().count("delivery.deferred") == 3  # of each delivery's first trouble, and of this


class PanicException(BaseException):
    """What a library in Rust (PyO3) raises where it meets what its authors took for impossible."""


@pytest.mark.parametrize("error", [KeyError, PanicException])
def test_what_fails_after_it_was_accepted_is_accepted_and_goes_on(
    connected: Story, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """The caller hears what has become of the write, and not that nobody knows."""

    def forgotten(*_: Any) -> Any:
        raise error("forgotten")

    proof = {"X-Lead-Id": str(connected.lead_id)}
    with monkeypatch.context() as broken:
        broken.setattr(plan, "PLANNER", Planner(plan.PLANNER.action, plan.PLANNER.read, forgotten))
        answer = connected.crm("save_calculation", connected.widget() | proof, calculation())
    assert (answer.status, json_of(answer)["problem"]["code"]) == (202, "internal_error")
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert len(connected.notes()) == 1


def test_scheduled_tasks_guard_each_other_and_figures_are_kept(
    connected: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    def first(_: Runtime, __: float) -> dict[str, Any]:
        raise ZeroDivisionError

    def second(_: Runtime, __: float) -> dict[str, Any]:
        done.append("second")
        return {}

    (poisoned,) = _waiting(connected, 1)
    _poisoned(connected, poisoned)
    monkeypatch.setattr(deliveries_run, "scheduled_tasks", lambda: {"first": first, "second": second})
    assert run_deliveries(connected.runtime, 30)["due"] == 1
    assert done == ["second"]
    assert connected.sql("SELECT count(*) > 0 FROM amocrm_counters WHERE name LIKE 'amocrm.%%'") == [(True,)]


def test_every_scheduled_task_has_its_time(connected: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long deliveries take, and although the task before it would always have more to do."""
    given = []

    def endless(runtime: Runtime, seconds: float) -> dict[str, Any]:
        given.append(round(seconds))
        runtime.clock.sleep(seconds)
        return {}

    monkeypatch.setattr(deliveries_run, "scheduled_tasks", lambda: dict.fromkeys("abc", endless))
    run_deliveries(connected.runtime, 60)
    assert given == [20, 20, 20]
    given.clear()
    run_deliveries(connected.runtime, 0)
    assert given == [2, 2, 2]


def test_a_poisoned_connection_is_put_off_and_the_others_are_refreshed(connected: Story) -> None:
    made = connected.simulator.control("accounts", count=3, client_id=connected.client_id)["accounts"]
    for account in made:
        query = f"code={account['code']}&referer={account['domain']}&client_id={connected.client_id}"
        assert connected.callback(query).status == 200
    connected.clock.advance(hours=19)
    poisoned = "UPDATE amocrm_integrations SET refresh_token = 'broken' WHERE account_domain = %s RETURNING id"
    ((poisoned_id,),) = connected.sql(poisoned, made[0]["domain"])
    figures = refresh_tokens(connected.runtime, 30)
    assert (figures["refreshed"], figures["failed"]) == (3, {"decryption_failed": 1})
    assert (figures["left"], figures["skipped"]) == (0, 1)
    row = "SELECT problem_code, refresh_failures, lease_id FROM amocrm_integrations WHERE id = %s"
    assert connected.sql(row, poisoned_id) == [("decryption_failed", 1, None)]
    connected.clock.advance(seconds=100)  # not before the lease would have ended
    assert refresh_tokens(connected.runtime, 30)["due"] == 0
    connected.clock.advance(seconds=40)
    assert refresh_tokens(connected.runtime, 30)["failed"] == {"decryption_failed": 1}


# --- the worker itself ------------------------------------------------------------------------------------------


class _Panic(BaseException):
    """As a library in Rust raises it."""


@pytest.mark.parametrize("error", [KeyError("x"), _Panic(), DatabaseUnavailableError()])
def test_whatever_a_row_raises_the_others_are_done(error: BaseException) -> None:
    rows, done, put_off = Rows(20), list[int](), list[int]()

    def work(row: int) -> str:
        if row % 5 == 0:
            raise error
        done.append(row)
        return "done"

    figures = Worker(rows.claim, work, lambda row, _: put_off.append(row), 4, StandingClock()).run(60)
    assert sorted(done) == [row for row in range(20) if row % 5]
    is_away = isinstance(error, DatabaseUnavailableError)  # then nothing can be written down
    assert sorted(put_off) == ([] if is_away else [0, 5, 10, 15])
    assert figures.is_done is not is_away


def test_a_row_that_cannot_even_be_put_off_keeps_nobody(connected: Story) -> None:
    rows, done = Rows(3), list[int]()

    def work(row: int) -> str:
        if row == 0:
            raise KeyError(row)
        done.append(row)
        return "done"

    def fail(_: int, __: object) -> None:
        raise ValueError

    assert Worker(rows.claim, work, fail, 1, StandingClock()).run(60).outcomes == {"internal_error": 1, "done": 2}
    assert done == [1, 2]


def test_a_claim_that_fails_ends_the_run_and_not_the_process() -> None:
    def claim(_: int) -> list[int]:
        raise LookupError

    figures = Worker(claim, lambda _: "done", lambda _, __: None, 4, StandingClock()).run(10)
    assert (figures.outcomes, figures.is_done) == ({"internal_error": 1}, False)


def test_30_k_a_panic_of_a_library_is_answered_like_every_error() -> None:
    """It is no Exception; whoever asked is told the request's id all the same."""

    def panics(_: None, __: Request) -> Response:
        raise PanicException

    answer = serve(panics, None, Request("GET", "/"))
    assert (answer.status, json_of(answer)["code"]) == (500, "internal_error")
    assert json_of(answer)["request_id"] == dict(answer.headers)["X-Request-Id"]
