"""A dead delivery that is sent once more by its caller is taken up again, and is told of as it is."""

from typing import Any

import pytest

from functions.run_deliveries.run import run as run_deliveries
from shared.deliveries import rows as deliveries
from shared.deliveries import statements
from shared.platform.http import Response
from shared.storage.database import Database
from tests.story import Story, calculation, json_of
from tests.submitting import account, form, lead_of, set_up

NOTES = ".*/notes"


def _save(story: Story) -> Response:
    return story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)}, calculation())


@pytest.fixture
def dead(connected: Story) -> Story:
    connected.simulator.fault("status", status=400, path=NOTES)
    assert _save(connected).status == 422
    return connected


def test_30_k_a_second_click_on_what_is_taken_up_again_hears_that_it_is_under_way(
    dead: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30-K: both had read it as dead. The second one was told that amoCRM refuses it, while it was being delivered."""
    revive = deliveries.revive

    def late(*of: Any, **more: Any) -> deliveries.Delivery | None:
        revive(*of, **more)  # the first click's
        return revive(*of, **more)

    monkeypatch.setattr(deliveries, "revive", late)
    answer = _save(dead)
    assert (answer.status, json_of(answer).get("state")) == (202, "accepted"), answer.body
    dead.clock.advance(minutes=2)
    assert run_deliveries(dead.runtime, 30)["delivered"] == 1
    assert len(dead.notes()) == 1


def test_30_k_to_take_up_again_may_be_repeated(dead: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-K: PostgreSQL has done it, its answer was lost, and the statement is sent again."""
    one = Database.one

    def repeated(self: Database, model: Any, statement: Any, *more: Any) -> Any:
        if statement is statements.REVIVE:
            one(self, model, statement, *more)
        return one(self, model, statement, *more)

    monkeypatch.setattr(Database, "one", repeated)
    answer = _save(dead)
    assert (answer.status, json_of(answer).get("state")) == (202, "accepted"), answer.body


@pytest.mark.vendor("writes.gone")
@pytest.mark.parametrize(("queue", "status"), [(False, 404), (True, 404), (False, 400)])
def test_30_k_a_form_whose_deal_is_gone_makes_another_one_when_it_is_sent_again(
    connected: Story, queue: bool, status: int
) -> None:
    """30-K: as where a person takes it up. It was refused as often as it was sent: the deal was deleted meanwhile."""
    connected.simulator.control("change-account", domain=connected.domain, missing_write_status=status)
    set_up(connected, forms={"mode": "lead"}, queue=queue)
    key = connected.application() | {"Idempotency-Key": "form-1"}
    connected.simulator.fault("status", path=NOTES, method="POST", status=500)
    delivery_id = json_of(connected.crm("submit_form", key, form(comment="Важно")))["delivery_id"]
    if queue:
        run_deliveries(connected.runtime, 30)
    made = connected.delivery(delivery_id)["results"]["lead"]
    connected.simulator.control("delete", domain=connected.domain, kind="leads", id=made["lead_id"])
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"dead": 1}
    again = connected.crm("submit_form", key, form(comment="Важно"))
    assert again.status == (202 if queue else 200), again.body
    if queue:
        run_deliveries(connected.runtime, 30)
    told = connected.delivery(delivery_id)
    assert told["state"] == "delivered"
    assert lead_of(connected, told["results"])["id"] != made["lead_id"]
    assert "Важно" in str(account(connected)["notes"][f"leads/{told['results']['lead']['lead_id']}"])
