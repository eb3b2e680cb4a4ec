"""Rows M1-M3: all that amoCRM tells of reaches endpoints, each by its own name, once, where somebody wants it."""

import json
from typing import Any

import pytest

from features.changes import kinds
from tests.changes.conftest import Feed
from tests.changes.test_ingress import _post
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


@pytest.mark.vendor("webhooks.talks", "webhooks.messages", "events.messages")
@pytest.mark.parametrize("way", ["hook", "ask"])
def test_36_2_a_message_is_told_of_once_without_its_text(feed: Feed, way: str) -> None:
    if way == "ask":
        feed.story.simulator.control("webhooks", lost=1)
    domain = feed.story.domain
    feed.story.simulator.control("visitor", domain=domain, text="A secret wish", lead=feed.story.lead_id)
    for _ in range(3):
        feed.run(600)
        feed.run()
    told = feed.told()
    (message,) = [one["data"]["message"] for one in told if one["type"] == "message.received"]
    assert (message["lead_id"], "text" in message) == (feed.story.lead_id, False)
    assert "A secret wish" not in json.dumps(told)
    assert (way == "ask") or "talk.opened" in [one["type"] for one in told]


def test_36_2_its_text_is_told_where_the_settings_say_so_and_lies_encrypted_until_then(feed: Feed) -> None:
    assert feed.settings(message_texts=True).status == 200
    feed.story.simulator.control("visitor", domain=feed.story.domain, text="A secret wish", lead=feed.story.lead_id)
    feed.hooks_are_through()
    rows = feed.story.sql("SELECT facts::text FROM amocrm_hints WHERE entity_type = 'message'")
    assert rows
    assert not any("secret wish" in row[0] for row in rows)
    feed.run()
    (message,) = [one["data"]["message"] for one in feed.told() if one["type"] == "message.received"]
    assert message["text"] == "A secret wish"
    assert "secret wish" not in str(feed.story.sql("SELECT message FROM amocrm_events"))


@pytest.mark.parametrize("text", ["a\0b", "\u0449" * 100_000, "%", "&=[]"])
def test_36_bad_texts_of_messages_are_taken(feed: Feed, text: str) -> None:
    assert feed.settings(message_texts=True).status == 200
    body = {
        "message[add][0][id]": "5ae67371-6c7a-44d4-8c0a-8df2d1a7e4a3",
        "message[add][0][talk_id]": "7",
        "message[add][0][text]": text,
        "account[id]": feed.story.account_id,
    }
    assert _post(feed, body).status == 200
    feed.run()
    (told,) = feed.told()
    assert told["data"]["message"]["text"] == text.replace("\0", "")


@pytest.mark.vendor("webhooks.bare_messages")
def test_36_a_message_without_a_head_and_an_answer(feed: Feed) -> None:
    """Nor does it name the account: the key of the address says whose it is."""
    bare = {"add[0][id]": "m-1", "add[0][talk_id]": "7", "add[0][text]": "Hi"}
    answer = {"outgoing_message[add][0][id]": "m-2", "outgoing_message[add][0][talk_id]": "7"}
    assert _post(feed, bare | answer).status == 200
    feed.run()
    assert sorted(feed.kinds()) == ["message.received", "message.sent"]


@pytest.mark.long
@pytest.mark.vendor("webhooks.unsorted", "unsorted.declined")
@pytest.mark.parametrize("way", ["hook", "ask"])
@pytest.mark.parametrize(("accept", "trash"), [(True, False), (False, False), (False, True)])
def test_36_1_an_incoming_lead_is_told_of_and_what_becomes_of_it(
    feed: Feed, way: str, accept: bool, trash: bool
) -> None:
    feed.story.simulator.control("change-account", domain=feed.story.domain, declined_to_trash=trash)
    if way == "ask":
        feed.story.simulator.control("webhooks", lost=1)
    feed.story.simulator.control("visitor", domain=feed.story.domain, text="Hello", name="Ann")
    for _ in range(3):
        feed.run(600)
        feed.run()
    kinds_now = feed.kinds()
    assert kinds_now.count("incoming_lead.added") == 1, kinds_now
    ((uid,),) = feed.story.sql("SELECT state ->> 'uid' FROM amocrm_entities WHERE entity_type = 'incoming_lead'")
    feed.person(kind="unsorted", id=uid, accept=accept)
    for _ in range(3):
        feed.run(600)
        feed.run()
    assert [one for one in feed.kinds() if one.startswith("incoming")] == [
        "incoming_lead.accepted" if accept else "incoming_lead.declined"
    ]


def test_36_1_customers_and_elements_of_lists_are_told_of(feed: Feed) -> None:
    customer = _made(feed, "customers", name="Regular")
    feed.run()
    feed.person(kind="customers", id=customer, fields={"name": "Very regular"})
    feed.run()
    assert feed.kinds() == ["customer.added", "customer.updated"]


@pytest.mark.vendor("webhooks.settings_kommo", "webhooks.catalogs")
def test_36_5_settings_that_an_account_does_not_know_keep_the_others_from_nothing(quiet: Feed) -> None:
    refused = json.dumps({"title": "Bad Request", "status": 400, "detail": "no"})
    quiet.story.simulator.fault("status", path="/api/v4/webhooks", method="POST", status=400, times=1, body=refused)
    quiet.listen(kinds=["lead.*", "customer.*"])
    quiet.run()
    ((_, hook),) = quiet.hooks().items()
    assert set(hook["settings"]) >= {"add_lead", "add_customer"}
    assert json_of(quiet.story.crm("get_endpoints", quiet.story.admin()))["feed"]["way"] == "hook"


def test_36_what_nothing_is_made_of_is_logged_once_a_day(feed: Feed) -> None:
    body = {"chat_template_reviews[add][0][id]": "1", "account[id]": feed.story.account_id}
    for _ in range(3):
        assert _post(feed, body).status == 200
    assert feed.story.events().count("hook.unknown.chat_template_reviews.add") == 1


def test_30_what_one_setting_brings_is_not_missing_because_another_one_was_refused() -> None:
    """Kommo's list has no `update_talk`: that a talk is opened is told all the same."""
    talks = ["talk.opened", "talk.changed", "talk.closed"]
    assert kinds.missing(talks, "hook", ["update_talk"]) == ["talk.changed", "talk.closed"]
    assert kinds.missing(talks, "hook", ["add_talk", "update_talk"]) == sorted(talks)
    assert kinds.missing(talks, "ask", []) == sorted(talks)


@pytest.mark.vendor("webhooks.settings_kommo")
def test_36_4_what_cannot_be_had_without_hooks_is_said_of_each_endpoint(quiet: Feed) -> None:
    quiet.story.simulator.control("change-account", domain=quiet.story.domain, may_use_webhooks=False)
    quiet.listen(kinds=["talk.*", "task.*", "message.received", "catalog_element.added"])
    quiet.run()
    (endpoint,) = json_of(quiet.story.crm("get_endpoints", quiet.story.admin()))["endpoints"]
    assert endpoint["missing"] == ["catalog_element.added", "talk.changed", "talk.closed", "talk.opened"]
