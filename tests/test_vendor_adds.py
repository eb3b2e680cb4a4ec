"""What amoCRM adds in the course of time (members, types, statuses, entities of new kinds) breaks nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.run_deliveries.run import run as run_deliveries
from shared.platform.config import load
from shared.runtime import Runtime
from tests.clocks import MovableClock
from tests.control import Simulator
from tests.other_vendor import add_more, before
from tests.story import Story, calculation, json_of
from tests.submitting import account, form, note_of, order, set_up, submit

MODES = [
    ("submit_form", "lead"),
    ("submit_form", "incoming_lead"),
    ("submit_form", "contact"),
    ("submit_order", "lead"),
]


@pytest.fixture
def gateway(simulator: Simulator) -> Iterator[str]:
    with before(simulator.url, [add_more], 0) as url:
        yield url


@pytest.fixture
def runtime(environment: dict[str, str], gateway: str, clock: MovableClock) -> Iterator[Runtime]:
    """As every test's, behind an amoCRM of next year."""
    made = Runtime.build(load(environment | {"AMOCRM_GATEWAY": gateway}), clock)
    yield made
    made.close()


def test_an_account_is_connected_read_and_offered_for_choice(story: Story) -> None:
    lead = story.crm("get_lead", story.widget() | {"X-Lead-Id": str(story.lead_id)})
    assert (lead.status, json_of(lead)["lead"]["id"]) == (200, story.lead_id)
    assert story.crm("get_leads", story.application()).status == 200
    for action in ("get_pipelines", "get_users", "get_catalogs"):
        answer = story.crm(action, story.admin())
        assert answer.status == 200, answer.body.decode()
    fields = json_of(story.crm("get_custom_fields", story.admin(), query={"entity": "leads"}))["fields"]
    assert "Голограмма" in [one["name"] for one in fields]
    story.clock.advance(hours=25)
    assert story.crm("get_leads", story.application()).status == 200  # refreshed on the way


@pytest.mark.parametrize("lost", [None, ".*/notes", ".*/elements", ".*/link", "/v1.0/sessions/upload.*", ".*/files"])
def test_a_calculation_gets_into_its_deal_once(story: Story, lost: str | None) -> None:
    if lost:
        story.simulator.fault("reset_after", path=lost, method="POST|PUT")
    body = calculation() | {"options": {"pdf": "render", "products": True, "update_price": True}}
    answer = story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)}, body)
    assert answer.status == (202 if lost else 200), answer.body.decode()
    _finish(story)
    shown = account(story)
    assert sorted(note["note_type"] for note in story.notes()) == ["attachment", "common"]
    assert len(shown["files"]) == 1
    kinds = [link["to_entity_type"] for link in shown["links"][str(story.lead_id)]]
    assert kinds.count("catalog_elements") == 2


@pytest.mark.long
@pytest.mark.parametrize(("action", "mode"), MODES)
@pytest.mark.parametrize("lost", [None, "/api/v4/leads/.*", "/api/v4/.*/notes", "/api/v4/contacts"])
def test_a_submission_arrives_once(story: Story, action: str, mode: str, lost: str | None) -> None:
    where = {"forms" if action == "submit_form" else "orders": {"mode": mode}}
    mapping = [
        {"source": "city", "entity": "contacts", "field": "Голограмма"},
        {"source": "size", "entity": "leads", "field": "Голограмма"},
    ]
    set_up(story, mapping=mapping, **({} if mode == "lead" and action == "submit_order" else where))
    submit(story, form() if action == "submit_form" else order(), action)  # the next one is of somebody known
    contacts = len(account(story)["contacts"])
    if lost:
        story.simulator.fault("reset_after", path=lost, method="POST|PATCH")
    fields: dict[str, Any] = {"fields": {"city": "Тверь", "size": "7"}, "tracking": {"utm_source": "ads"}}
    body = form(**fields, comment="Второй") if action == "submit_form" else order(number="1043") | fields
    answer = story.crm(action, story.application(), body)
    assert answer.status in (200, 202), answer.body.decode()
    results = _finish(story) or json_of(answer)["results"]
    text = note_of(story, results, "contacts" if mode == "contact" else "leads")
    assert "Тверь" in text  # no field can take it, so it is in the note
    assert len(account(story)["contacts"]) == contacts


def _finish(story: Story) -> Any:
    """What became of the latest delivery that was not finished at once; None where all were."""
    waiting = story.sql("SELECT id FROM amocrm_deliveries WHERE state NOT IN ('delivered', 'failed')")
    for _ in range(3):
        story.clock.advance(minutes=3)
        run_deliveries(story.runtime, 30)
    states = {state for (state,) in story.sql("SELECT state FROM amocrm_deliveries")}
    assert states == {"delivered"}, states
    return story.delivery(str(waiting[0][0]))["results"] if waiting else None
