"""Row H5: what a chain of our own writes has made of an entity is ours, whichever answer was lost on the way (31)."""

from typing import Any

import httpx
import pytest

from functions.run_deliveries.run import run as run_deliveries
from tests.changes.conftest import Feed
from tests.story import calculation, json_of
from tests.submitting import form, found_at_once, submit


def _mapped(feed: Feed, mode: str = "lead") -> None:
    """A city of deals and people; forms have tags."""
    story = feed.story
    for owner in ("leads", "contacts"):
        story.simulator.control("add", domain=story.domain, field={"owner": owner, "name": "City", "kind": "text"})
    rules = [{"source": "city", "entity": one, "field": "City"} for one in ("leads", "contacts")]
    forms = {"mode": mode, "tags": ["site", "new"]}
    settings = {"changes": {"is_on": True}, "submissions": {"mapping": rules, "forms": forms}}
    assert story.crm("save_settings", story.admin(), settings).status == 200
    found_at_once(story)
    feed.run()
    feed.told()


def _form(city: str, **contact: str) -> dict[str, Any]:
    person = {"name": "Visitor 29", "phone": "+79165550029", "email": "29@example.org"} | contact
    return form(contact=person, fields={"city": city}, price=100)


_MAKING = {
    "lead": "/api/v4/leads/complex",
    "incoming_lead": "/api/v4/leads/unsorted/forms",
    "contact": "/api/v4/contacts",
}


def _lost(feed: Feed, mode: str, city: str) -> None:
    """A form whose answer does not come: it was made all the same."""
    feed.story.simulator.fault("reset_after", path=_MAKING[mode], method="POST", times=1)
    answer = feed.story.crm("submit_form", feed.story.application(), _form(city))
    assert answer.status == 202, answer.body


@pytest.mark.parametrize("mode", ["lead", "contact"])
@pytest.mark.parametrize("more", [{}, {"email": "other@example.org"}])
def test_31_a_second_form_of_a_person_whose_making_was_not_answered_is_no_news(
    feed: Feed, mode: str, more: dict[str, str]
) -> None:
    """Found by the campaign (seed 4222102086): it gave the contact another city before anybody had looked."""
    _mapped(feed, mode)
    _lost(feed, mode, "City 1")
    feed.story.clock.advance(minutes=2)  # the person is nobody's any more, and the retry has not come yet
    submit(feed.story, _form("City 2", **more))
    for _ in range(3):
        feed.run(5)
    assert feed.kinds() == []
    feed.story.clock.advance(minutes=2)
    run_deliveries(feed.story.runtime, 10)
    for _ in range(3):
        feed.run(300)
    assert feed.kinds() == []


def _city(feed: Feed) -> int:
    fields = feed.story.simulator.control("show", domain=feed.story.domain)["custom_fields"]["contacts"]
    return next(int(one["id"]) for one in fields if one["name"] == "City")


@pytest.mark.vendor("events.field_values")
@pytest.mark.parametrize("is_ours", [True, False])
def test_31_3_a_person_who_is_changed_before_we_know_of_them_is_not_new(feed: Feed, is_ours: bool) -> None:
    """The answer to their making was lost, and somebody has set another city before anybody had looked: that is told,
    and not that we have made them. Whom somebody has made, with a city that we never wrote, is new all the same."""
    _mapped(feed)
    _lost(feed, "lead", "City 1")
    shown = feed.story.simulator.control("show", domain=feed.story.domain)["contacts"].values()
    made = next(one for one in shown if one["name"] == "Visitor 29")
    if not is_ours:
        feed.person(kind="contacts", id=made["id"], delete=True)
        values = [one for one in made["custom_fields_values"] if one["field_id"] != _city(feed)]
        values.append({"field_id": _city(feed), "values": [{"value": "City 3"}]})
        fields = {"name": made["name"], "custom_fields_values": values}
        made = feed.person(kind="contacts", id=None, fields=fields)
    else:
        other = {"custom_fields_values": [{"field_id": _city(feed), "values": [{"value": "City 3"}]}]}
        feed.person(kind="contacts", id=made["id"], fields=other)
    for _ in range(3):
        feed.run(5)
    told = [one for one in feed.told() if one["data"].get("contact", {}).get("id") == made["id"]]
    assert [one["type"] for one in told] == ["contact.updated" if is_ours else "contact.added"]


@pytest.mark.parametrize("is_answered", [True, False])
@pytest.mark.parametrize("is_changed", [True, False])
def test_31_3_what_a_person_changes_before_we_look_is_told_though_its_hook_comes_afterwards(
    feed: Feed, is_answered: bool, is_changed: bool
) -> None:
    """Only the hook of the making is there when it is read, with another city already: that was kept as what we had
    made, and the hook that came afterwards told of nothing new."""
    _mapped(feed)
    feed.story.simulator.control("webhooks", lost=1)
    if is_answered:
        submit(feed.story, _form("City 1"))
    else:
        _lost(feed, "lead", "City 1")
    shown = feed.story.simulator.control("show", domain=feed.story.domain)["contacts"].values()
    made = next(one for one in shown if one["name"] == "Visitor 29")
    if is_changed:
        other = {"custom_fields_values": [{"field_id": _city(feed), "values": [{"value": "City 3"}]}]}
        feed.person(kind="contacts", id=made["id"], fields=other)
    (address,) = feed.hooks()
    for verb in ("add", "update"):
        said = {f"contacts[{verb}][0][id]": str(made["id"]), "account[id]": str(feed.story.account_id)}
        assert httpx.post(address, data=said, trust_env=False).status_code == 200
        feed.run(5)
    assert feed.kinds() == (["contact.updated"] if is_changed else [])


@pytest.mark.parametrize("minutes", [2, 70])
def test_31_a_change_whose_answer_was_lost_is_ours_however_late_it_is_read(feed: Feed, minutes: int) -> None:
    """Found by the campaign (seed 4222102086): it counted as ours for an hour, and nobody had looked by then."""
    _mapped(feed)
    submit(feed.story, _form("City 1"))
    for _ in range(3):
        feed.run(5)
    assert feed.kinds() == []
    feed.story.simulator.fault("reset_after", path="/api/v4/contacts/.*", method="PATCH", times=1)
    assert feed.story.crm("submit_form", feed.story.application(), _form("City 2")).status == 202
    feed.hooks_are_through()
    feed.story.clock.advance(minutes=minutes)
    run_deliveries(feed.story.runtime, 10)
    for _ in range(3):
        feed.run(5)
    assert feed.kinds() == []


def _goods(feed: Feed) -> None:
    """A calculation whose goods are new, and whose answer is lost as they are made."""
    feed.story.simulator.fault("reset_after", path="/api/v4/catalogs/.*/elements", method="POST", times=1)
    lead = {"X-Lead-Id": str(feed.story.lead_id)}
    body = calculation() | {"options": {"products": True, "note": False}}
    answer = feed.story.crm("save_calculation", feed.story.widget() | lead, body)
    assert answer.status == 202, answer.body


def _elements(feed: Feed) -> list[Any]:
    shown = feed.story.simulator.control("show", domain=feed.story.domain)["elements"]
    return [one for of_list in shown.values() for one in of_list.values()]


def test_31_goods_of_ours_whose_making_was_not_answered_are_no_news(feed: Feed) -> None:
    """They were noted once they had been made; a process that ended in between told them as somebody's."""
    before = {one["id"] for one in _elements(feed)}
    _goods(feed)
    made = [one for one in _elements(feed) if one["id"] not in before]
    assert made
    feed.run()
    assert feed.kinds() == []
    feed.story.clock.advance(minutes=2)
    run_deliveries(feed.story.runtime, 10)
    feed.run(300)
    assert feed.kinds() == []
    # Each of them is one; somebody who makes the same by hand is heard.
    again = {name: made[0][name] for name in ("name", "catalog_id", "custom_fields_values")}
    values = [{"field_id": one["field_id"], "values": one["values"]} for one in again["custom_fields_values"] or []]
    feed.person(kind="elements", id=None, fields=again | {"custom_fields_values": values})
    feed.run()
    assert feed.kinds() == ["catalog_element.added"]


@pytest.mark.parametrize("is_answered", [True, False])
def test_31_a_task_that_a_stage_has_us_make_is_no_news(feed: Feed, is_answered: bool) -> None:
    """Nobody noted what an automation makes; and a person who goes on with it is heard."""
    story = feed.story
    work = {"kind": "task", "text": "Call: {contact.name}", "due_minutes": 90}
    saved = story.crm("save_automation", story.admin(), {"name": "To call", "work": work})
    assert saved.status == 201, saved.body
    key = {"widget": {"settings": {"key": json_of(saved)["key"]}}}
    lead = {"id": str(story.lead_id), "element_type": "2", "status_id": "7", "pipeline_id": "8"}
    account = {"subdomain": story.domain.partition(".")[0], "account_id": str(story.account_id)}
    hook = {"event": {"type": "14", "data": lead, "time": "1795760000"}, "action": {"settings": key}} | account
    assert story.crm("run_automation", {}, hook).status == 200
    if not is_answered:
        story.simulator.fault("reset_after", path="/api/v4/tasks", method="POST", times=1)
    run_deliveries(story.runtime, 10)
    feed.run()
    (task,) = story.simulator.control("show", domain=story.domain)["tasks"].values()
    assert feed.kinds() == []
    story.clock.advance(minutes=2)
    run_deliveries(story.runtime, 10)
    feed.run(300)
    assert feed.kinds() == []
    feed.person(kind="tasks", id=task["id"], fields={"text": "Called"})
    feed.run()
    assert feed.kinds() == ["task.changed"]


def _deals(feed: Feed) -> dict[int, Any]:
    shown = feed.story.simulator.control("show", domain=feed.story.domain)["leads"]
    return {int(id_): one for id_, one in shown.items()}


@pytest.mark.parametrize("fields", [{}, {"name": "Not a customer"}])
def test_31_an_incoming_lead_that_is_declined_before_our_retry_is_made_once(feed: Feed, fields: dict[str, str]) -> None:
    """Its answer was lost, and a person was faster: it is found as the closed deal that it is, by whatever name."""
    lead_id, _ = _turned_away(feed, fields)
    (told,) = [one for one in feed.told() if one["type"].startswith("incoming_lead.")]
    assert (told["type"], told["data"]["incoming_lead"]["lead_id"]) == ("incoming_lead.declined", lead_id)
    run_deliveries(feed.story.runtime, 10)
    assert max(_deals(feed)) == lead_id
    for _ in range(3):
        feed.run(300)
    assert set(feed.kinds()) <= {"lead.updated", "lead.status_changed"}  # that it is closed now


def test_31_one_that_is_deleted_before_our_retry_is_made_once_more(feed: Feed) -> None:
    """Of what is gone amoCRM tells no more than its id: nobody can know that it was ours, and a form is not lost."""
    lead_id, before = _turned_away(feed, {})
    feed.person(id=lead_id, delete=True)
    for _ in range(3):  # a search still finds it for a while
        run_deliveries(feed.story.runtime, 10)
        feed.story.clock.advance(minutes=10)
    (again,) = set(_deals(feed)) - before
    assert again > lead_id


def _turned_away(feed: Feed, fields: dict[str, str]) -> tuple[int, set[int]]:
    """The deal of an incoming lead whose answer was lost and that a person has declined; deals from before."""
    _mapped(feed, "incoming_lead")
    before = set(_deals(feed))
    _lost(feed, "incoming_lead", "City 1")
    (lead_id,) = set(_deals(feed)) - before
    feed.person(id=lead_id, accept=False, fields=fields)
    for _ in range(3):
        feed.run(5)
    feed.story.clock.advance(minutes=2)
    return lead_id, before
