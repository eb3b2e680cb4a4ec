"""Rows M1-M3: all that amoCRM tells of reaches endpoints, each by its own name, once, where somebody wants it."""

from typing import Any

import pytest

from features.changes import kinds
from tests.changes.conftest import Feed
from tests.story import json_of


def _made(feed: Feed, kind: str, **fields: Any) -> int:
    return int(feed.person(kind=kind, id=None, fields=fields)["id"])


@pytest.mark.parametrize("way", ["hook", "ask"])
def test_36_1_a_company_is_told_of(feed: Feed, way: str) -> None:
    if way == "ask":
        feed.story.simulator.control("webhooks", lost=1)
    company = _made(feed, "companies", name="Oak")
    feed.run(600)
    feed.run()
    feed.person(kind="companies", id=company, fields={"name": "Oak and sons"})
    feed.run(600)
    feed.run()
    feed.person(kind="companies", id=company, note="Called")
    feed.run(600)
    feed.run()
    told = feed.told()
    assert [one["type"] for one in told] == ["company.added", "company.updated", "company.note_added"]
    assert told[1]["data"]["changed"] == ["name"]
    assert (told[2]["data"]["company"]["id"], told[2]["data"]["note"]["text"]) == (company, "Called")


@pytest.mark.vendor("webhooks.task_closed", "tasks.result")
@pytest.mark.parametrize("way", ["hook", "ask"])
def test_36_1_a_task_is_told_of_from_its_making_to_its_end(feed: Feed, way: str) -> None:
    if way == "ask":
        feed.story.simulator.control("webhooks", lost=1)
    due = int(feed.story.clock.now().timestamp()) + 3600
    place = {"entity_id": feed.story.lead_id, "entity_type": "leads"}
    task = _made(feed, "tasks", text="Call", complete_till=due, **place)
    feed.run(600)
    feed.run()
    feed.person(kind="tasks", id=task, fields={"complete_till": due + 60})
    feed.run(600)
    feed.run()
    feed.person(kind="tasks", id=task, fields={"is_completed": True, "result": {"text": "Done"}})
    feed.run(600)
    feed.run()
    feed.person(kind="tasks", id=task, delete=True)
    feed.run(600)
    feed.run()
    told = [one for one in feed.told() if one["type"].startswith("task.")]
    assert [one["type"] for one in told] == ["task.added", "task.changed", "task.completed", "task.deleted"]
    assert (told[0]["data"]["task"]["entity_type"], told[0]["data"]["task"]["text"]) == ("lead", "Call")
    assert told[1]["data"]["before"] == {"complete_till": due}
    assert (told[2]["data"]["task"]["is_completed"], told[2]["data"]["task"]["result"]) == (True, "Done")


def test_36_3_endpoints_choose_by_pattern(quiet: Feed) -> None:
    quiet.listen(kinds=["task.*", "company.added"])
    quiet.run()
    due = int(quiet.story.clock.now().timestamp()) + 3600
    _made(quiet, "tasks", text="Call", complete_till=due)
    company = _made(quiet, "companies", name="Oak")
    quiet.run()
    quiet.person(kind="companies", id=company, fields={"name": "Ash"})
    quiet.person(fields={"price": 7})
    quiet.run()
    assert sorted(quiet.kinds()) == ["company.added", "task.added"]


@pytest.mark.parametrize("kind", ["tasks.*", "", "task.nothing", "lead added", "(.*)", "x" * 130])
def test_36_3_what_names_no_event_is_refused(quiet: Feed, kind: str) -> None:
    body = {"name": "Shop", "url": quiet.consumer.url, "kinds": [kind]}
    assert quiet.story.crm("save_endpoint", quiet.story.admin(), body).status in (400, 422)


def test_36_5_only_what_somebody_wants_is_subscribed_to_and_followed(quiet: Feed) -> None:
    quiet.listen(kinds=["task.completed"])
    quiet.run()
    ((_, hook),) = quiet.hooks().items()
    assert set(hook["settings"]) == set(kinds.settings_for(["task.completed"]))
    quiet.person(fields={"price": 7})
    quiet.run(600)
    quiet.run()
    assert quiet.story.sql("SELECT DISTINCT entity_type FROM amocrm_entities") == []
    body = {"id": quiet.endpoint_id, "name": "Shop", "kinds": ["company.*"]}
    assert quiet.story.crm("save_endpoint", quiet.story.admin(), body).status == 200
    quiet.run()
    ((_, hook),) = quiet.hooks().items()
    assert set(hook["settings"]) == set(kinds.settings_for(kinds.chosen(["company.*"])))
    assert json_of(quiet.story.crm("get_endpoints", quiet.story.admin()))["endpoints"][0]["kinds"] == ["company.*"]


@pytest.mark.vendor("webhooks.administrator")
def test_36_5_a_token_that_is_no_administrators_is_told_of(quiet: Feed) -> None:
    quiet.listen()
    quiet.story.simulator.fault("status", path="/api/v4/webhooks", status=403, times=9)
    quiet.story.simulator.fault("status", path="/api/v4/users", status=403, times=9)
    quiet.run()
    (told,) = quiet.story.sql("SELECT message FROM amocrm_events WHERE kind = 'feed.refused'")
    assert "administrator" in told[0]
    assert json_of(quiet.story.crm("get_endpoints", quiet.story.admin()))["feed"]["way"] == "ask"
