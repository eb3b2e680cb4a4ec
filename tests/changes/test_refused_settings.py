"""36-4, 36-5: amoCRM does not know some settings of webhooks; more incoming leads wait than one look sees."""

from collections.abc import Sequence
from uuid import uuid4

import pytest

from features.changes import incoming_list
from shared.amocrm import filtered_reads
from shared.amocrm.events import FeedApi
from tests.changes.conftest import Feed
from tests.story import json_of


def _unknown(feed: Feed, *names: str) -> None:
    feed.story.simulator.control("change-account", domain=feed.story.domain, unknown_settings=list(names))


def _settings(feed: Feed) -> set[str]:
    ((_, hook),) = feed.hooks().items()
    return set(hook["settings"])


@pytest.fixture
def kommo(quiet: Feed) -> Feed:
    """Kommo knows no `update_task`."""
    _unknown(quiet, "update_task", "add_customer")
    quiet.listen(kinds=["task.*", "customer.added"])
    quiet.run()
    assert _settings(quiet) >= {"add_task", "update_customer"}
    assert not _settings(quiet) & {"update_task", "add_customer"}
    return quiet


@pytest.mark.vendor("webhooks.settings_kommo")
def test_36_4_what_webhooks_do_not_tell_of_is_asked_for_every_minute(kommo: Feed) -> None:
    due = int(kommo.story.clock.now().timestamp()) + 3600
    task = int(kommo.person(kind="tasks", id=None, fields={"text": "Call", "complete_till": due})["id"])
    kommo.run(60)
    kommo.run()
    kommo.person(kind="tasks", id=task, fields={"is_completed": True})
    kommo.run(60)
    kommo.run()
    assert kommo.kinds() == ["task.added", "task.completed"]


def test_36_4_where_webhooks_tell_of_all_it_is_asked_for_every_ten_minutes(quiet: Feed) -> None:
    quiet.listen(kinds=["task.*"])
    quiet.run(600)
    quiet.run()
    before = len(quiet.story.simulator.requests())
    for _ in range(9):
        quiet.run(60)
    assert len(quiet.story.simulator.requests()) == before


@pytest.mark.long
def test_36_5_refused_settings_are_asked_for_again_after_a_day(kommo: Feed) -> None:
    for _ in range(22):
        kommo.run(3600)
    assert "feed.subscribed" in kommo.story.events()
    told = kommo.story.events().count("feed.subscribed")
    _unknown(kommo, "add_customer")
    kommo.run(3600)
    assert "update_task" not in _settings(kommo)
    for _ in range(2):
        kommo.run(3600)
    assert "update_task" in _settings(kommo)
    assert "add_customer" not in _settings(kommo)
    assert kommo.story.events().count("feed.subscribed") == told + 1
    for _ in range(26):  # and what is refused again is no news
        kommo.run(3600)
    assert kommo.story.events().count("feed.subscribed") == told + 1


def test_36_5_what_was_known_stays_subscribed_while_the_rest_is_tried(kommo: Feed) -> None:
    """A subscription is replaced by each call: none of them asks for less than there is."""
    there = _settings(kommo)
    kommo.settings()
    before = len(kommo.story.simulator.effects("webhook.subscribed"))
    kommo.run()
    assert _settings(kommo) == there
    assert all(set(one["settings"]) >= there for one in kommo.story.simulator.effects("webhook.subscribed")[before:])


@pytest.mark.parametrize("how", ["saved", "connected"])
def test_36_5_refused_settings_are_asked_for_when_a_person_saves_or_connects(kommo: Feed, how: str) -> None:
    _unknown(kommo)
    if how == "saved":
        kommo.settings()
    else:
        kommo.story.clock.advance(seconds=60)
        kommo.story.sql("UPDATE amocrm_integrations SET connected_at = amocrm_now()")
    kommo.run(60)
    assert _settings(kommo) >= {"update_task", "add_customer"}


def test_36_5_webhooks_are_asked_for_when_an_administrator_connects(quiet: Feed) -> None:
    quiet.story.simulator.control("change-account", domain=quiet.story.domain, may_use_webhooks=False)
    quiet.listen()
    quiet.run()
    assert quiet.hooks() == {}
    quiet.story.simulator.control("change-account", domain=quiet.story.domain, may_use_webhooks=True)
    quiet.run(60)
    assert quiet.hooks() == {}
    quiet.story.clock.advance(seconds=60)
    quiet.story.sql("UPDATE amocrm_integrations SET connected_at = amocrm_now()")
    quiet.run(60)
    assert _settings(quiet) >= {"add_lead"}


def test_what_is_wanted_while_amocrm_is_asked_is_asked_for_next(quiet: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Talks are told by webhooks only: what came within the hour until the next look would be lost."""
    subscribe = FeedApi.subscribe

    def wanted_meanwhile(api: FeedApi, destination: str, settings: Sequence[str]) -> None:
        monkeypatch.setattr(FeedApi, "subscribe", subscribe)
        quiet.listen(kinds=["talk.*"])
        subscribe(api, destination, settings)

    monkeypatch.setattr(FeedApi, "subscribe", wanted_meanwhile)
    quiet.run()
    quiet.run(60)
    assert "add_talk" in _settings(quiet)


def test_another_setting_of_what_is_told_already_is_asked_for_at_once(quiet: Feed) -> None:
    """Texts of messages come with webhooks only."""
    quiet.listen(kinds=["message.received"])
    quiet.run()
    assert "add_outgoing_message" not in _settings(quiet)
    body = {"id": quiet.endpoint_id, "name": "Shop", "url": quiet.consumer.url, "kinds": ["message.*"]}
    assert quiet.story.crm("save_endpoint", quiet.story.admin(), body).status == 200
    quiet.run(60)
    assert "add_outgoing_message" in _settings(quiet)


# --- more incoming leads than one look sees -------------------------------------------------------------------------


def _waiting(feed: Feed, count: int) -> list[str]:
    for number in range(count):
        name = f"Visitor {number} {uuid4()}"
        feed.story.simulator.control("visitor", domain=feed.story.domain, text="Hello", name=name)
        feed.story.clock.advance(seconds=1)
    return [one["uid"] for one in feed.story.simulator.effects("incoming.created")[-count:]]


@pytest.mark.parametrize("may_use_webhooks", [True, False])
def test_incoming_leads_that_waited_before_anybody_wanted_to_know_are_not_told(
    quiet: Feed, may_use_webhooks: bool
) -> None:
    """Events were on for deals: what is wanted later begins then, and is not months old."""
    quiet.story.simulator.control("change-account", domain=quiet.story.domain, may_use_webhooks=may_use_webhooks)
    quiet.listen(kinds=["lead.*"])
    quiet.run()
    _waiting(quiet, 1)
    quiet.run(3600)
    quiet.listen(kinds=["incoming_lead.*"])
    new = _waiting(quiet, 1)
    for _ in range(3):
        quiet.run(600)
        quiet.run()
    assert [one["data"]["incoming_lead"]["uid"] for one in quiet.told() if "incoming" in one["type"]] == new


@pytest.fixture
def crowded(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> Feed:
    """Hooks are lost, a page holds two, and a look goes through one page of what was there before."""
    monkeypatch.setattr(filtered_reads, "PAGE_LIMIT", 2)
    monkeypatch.setattr(incoming_list, "MOST_PAGES", 1)
    monkeypatch.setattr(incoming_list, "BATCH", 2)
    feed.story.simulator.control("webhooks", lost=1)
    return feed


@pytest.mark.long
@pytest.mark.vendor("unsorted.list")
@pytest.mark.parametrize("has_filters", [True, False])
def test_36_4_of_more_incoming_leads_than_one_look_sees_all_are_told(crowded: Feed, has_filters: bool) -> None:
    story = crowded.story
    story.simulator.control("change-account", domain=story.domain, has_filters=has_filters)
    uids = _waiting(crowded, 7)
    for _ in range(3):
        crowded.run(600)
        crowded.run()
    added = [one["data"]["incoming_lead"] for one in crowded.told() if one["type"] == "incoming_lead.added"]
    assert sorted(one["uid"] for one in added) == sorted(uids)
    for number, uid in enumerate(uids[:4]):
        crowded.person(kind="unsorted", id=uid, accept=number % 2 == 0)
    for _ in range(5):
        crowded.run(600)
        crowded.run()
    fates = {one["data"]["incoming_lead"]["uid"]: one["type"] for one in crowded.told() if "incoming" in one["type"]}
    accepted, declined = "incoming_lead.accepted", "incoming_lead.declined"
    assert fates == dict(zip(uids[:4], [accepted, declined] * 2, strict=True))


@pytest.mark.long
def test_36_4_that_some_are_told_later_stands_at_the_endpoint(crowded: Feed) -> None:
    def late() -> list[str]:
        (endpoint,) = json_of(crowded.story.crm("get_endpoints", crowded.story.admin()))["endpoints"]
        found: list[str] = endpoint["late"]
        return found

    assert late() == []
    uids = _waiting(crowded, 7)
    for _ in range(3):
        crowded.run(600)
        crowded.run()
    assert late() == ["incoming_lead.accepted", "incoming_lead.declined"]
    for uid in uids[:6]:
        crowded.person(kind="unsorted", id=uid, accept=True)
    for _ in range(2):
        crowded.run(600)
        crowded.run()
    assert late() == []
