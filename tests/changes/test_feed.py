"""Rows H1, H5: what happens in amoCRM reaches a company's server once, in order, signed; what we write does not."""

from collections import Counter
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Receiver

from features import registry
from features.changes import feeds, polling
from shared.amocrm import events as feed_api
from shared.amocrm import filtered_reads
from shared.connections import rate_limit
from shared.deliveries import webhooks
from shared.storage import jobs
from tests.changes.conftest import Feed
from tests.story import calculation, json_of
from tests.submitting import form, submit


def _pipeline(feed: Feed) -> Any:
    shown = feed.story.simulator.control("show", domain=feed.story.domain)
    return next(one for one in shown["pipelines"].values() if one["is_main"])


def _status(feed: Feed, number: int) -> int:
    return int(_pipeline(feed)["_embedded"]["statuses"][number]["id"])


def test_a_moved_deal_is_told_with_where_it_was(feed: Feed) -> None:
    """By the hook's word where nothing was known of the deal, and by our own knowledge from then on."""
    before = _status(feed, 1)
    feed.person(fields={"status_id": before})
    feed.run()
    feed.told()
    feed.person(fields={"status_id": 142})
    feed.run()
    (headers, body), = feed.consumer.taken[feed.seen :]  # fmt: skip
    told = Receiver(feed.secret).verify(body, headers)
    assert told["type"] == "lead.status_changed"
    data, pipeline = told["data"], _pipeline(feed)["id"]
    assert data["account"] == {"id": feed.story.account_id, "domain": feed.story.domain}
    assert data["before"] == {"status_id": before, "pipeline_id": pipeline}
    assert (data["lead"]["id"], data["lead"]["status_id"]) == (feed.story.lead_id, 142)
    assert set(data["lead"]) >= {"name", "price", "fields", "tags", "contact_ids", "responsible_user_id", "updated_at"}


def test_how_long_the_oldest_change_waits_is_seen_until_it_is_told(feed: Feed) -> None:
    def waiting() -> dict[str, float]:
        found = jobs.backlog(feed.story.runtime.database, registry.backlog())
        return {one.name: one.seconds for one in found if one.seconds > 1}

    feed.run()
    assert waiting() == {}
    feed.person(fields={"price": 1})
    feed.hooks_are_through()
    feed.story.clock.advance(hours=2)  # and nobody reads
    assert waiting() == {name: pytest.approx(7200, abs=60) for name in ("changes.hints", "changes.feeds")}
    feed.run()
    assert waiting() == {}


def test_what_waits_for_a_person_to_connect_does_not_hide_how_long_others_wait(feed: Feed) -> None:
    feed.run()
    feed.person(fields={"price": 1})
    feed.hooks_are_through()
    feed.story.sql("UPDATE amocrm_integrations SET status = 'reauth_required'")
    feed.story.clock.advance(hours=2)
    found = jobs.backlog(feed.story.runtime.database, registry.backlog())
    assert {one.name for one in found if one.seconds > 1} == set()


def test_several_changes_are_one_read_and_say_what_has_changed(feed: Feed) -> None:
    feed.person(fields={"price": 1})
    feed.run()
    feed.told()
    feed.story.simulator.control("forget")
    for price in (10, 20, 30):
        feed.person(fields={"price": price})
    feed.person(fields={"name": "Renamed", "status_id": 142})
    feed.run()
    status, updated = feed.told()
    assert [status["type"], updated["type"]] == ["lead.status_changed", "lead.updated"]
    assert updated["data"]["changed"] == ["name", "price"]
    assert updated["data"]["before"] == {"price": 1}
    assert updated["data"]["lead"]["price"] == 30
    assert len(feed.story.simulator.requests("/api/v4/leads")) == 1


def test_new_deals_contacts_notes_and_what_is_deleted(feed: Feed) -> None:
    made = feed.person(id=None, fields={"name": "New"}, note="Call them back")
    feed.run()
    kinds = Counter(one["type"] for one in feed.told())
    assert kinds == {"lead.added": 1, "lead.note_added": 1}
    person = feed.person(kind="contacts", id=None, fields={"name": "Ann"})
    feed.run()
    (added,) = feed.told()
    assert (added["type"], added["data"]["contact"]["name"]) == ("contact.added", "Ann")
    feed.person(kind="contacts", id=person["id"], fields={"name": "Anna"})
    feed.person(id=made["id"], delete=True)
    feed.run()
    told = {one["type"]: one["data"] for one in feed.told()}
    assert told["contact.updated"]["changed"] == ["name"]
    assert told["lead.deleted"]["lead"] == {"id": made["id"]}


def test_what_comes_twice_late_or_out_of_order_is_told_once(feed: Feed) -> None:
    feed.story.simulator.control("webhooks", doubled=1.0, overtaking=0.5, seed=5)
    for price in (100, 200, 300):
        feed.person(fields={"price": price})
        feed.run()
    assert [one["data"]["lead"]["price"] for one in feed.told()] == [100, 200, 300]
    feed.run(300)
    assert feed.told() == []


# --- our own writes (row H5) ----------------------------------------------------------------------------------------


def test_a_calculation_of_ours_is_no_news_and_a_persons_change_after_it_is(feed: Feed) -> None:
    story = feed.story
    feed.person(fields={"price": 1})
    feed.run()
    feed.told()
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    body = calculation() | {"options": {"update_price": True, "pdf": "render", "products": True}}
    assert story.crm("save_calculation", headers, body).status == 200
    feed.run()
    assert feed.told() == []
    feed.person(fields={"price": 5})
    feed.run()
    (told,) = feed.told()
    assert (told["data"]["before"], told["data"]["lead"]["price"]) == ({"price": 18000}, 5)
    feed.person(fields={"price": 18000})  # as we had it: a person has done it, so it is news
    feed.run()
    assert feed.kinds() == ["lead.updated"]


def test_38_a_price_of_ours_is_a_persons_again_while_the_rest_of_the_calculation_waits(feed: Feed) -> None:
    """The quotation is refused for hours, so the write is under way as long; its price was set at once. The shop was
    told of the person's other price, and never of the one that they went back to."""
    story = feed.story
    feed.person(fields={"price": 1})
    feed.run()
    feed.told()
    story.simulator.fault("status", path=".*/v1.0/sessions", status=503, times=10_000)
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    body = calculation() | {"options": {"update_price": True, "pdf": "render"}}
    assert story.crm("save_calculation", headers, body).status == 202
    feed.run()
    assert feed.told() == []
    for price in (5, 18000):
        feed.person(fields={"price": price})
        feed.run()
        assert [one["data"]["lead"]["price"] for one in feed.told()] == [price]


def test_a_calculation_in_a_deal_that_was_never_told_of_is_no_news(feed: Feed) -> None:
    story = feed.story
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    body = calculation() | {"options": {"update_price": True}}
    assert story.crm("save_calculation", headers, body).status == 200
    feed.run()
    assert feed.told() == []


def test_what_a_person_did_beside_our_calculation_is_news(feed: Feed) -> None:
    """Also where nothing was known of the deal: amoCRM's events tell of more than our price."""
    story = feed.story
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    body = calculation() | {"options": {"update_price": True}}
    assert story.crm("save_calculation", headers, body).status == 200
    feed.person(fields={"name": "By a person"})
    feed.run()
    (told,) = feed.told()
    assert (told["type"], told["data"]["lead"]["name"]) == ("lead.updated", "By a person")


def test_an_earlier_price_of_ours_does_not_hide_a_persons(feed: Feed) -> None:
    """Two deals are read together, one of which was not read for long."""
    story = feed.story
    other = feed.person(id=None, fields={"name": "Old"})["id"]
    feed.run()
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    assert story.crm("save_calculation", headers, calculation() | {"options": {"update_price": True}}).status == 200
    for price in (5, 18000):
        feed.run(60)
        feed.told()
        feed.person(fields={"price": price})
    feed.person(id=other, fields={"name": "Older"})
    feed.run(60)
    assert sorted(one["data"]["lead"]["id"] for one in feed.told()) == sorted([story.lead_id, other])


def test_a_form_of_ours_makes_no_news_and_what_a_person_makes_of_it_does(feed: Feed) -> None:
    story = feed.story
    submit(story, form(contact={"name": "Ann", "phone": "+79161234567"}))
    feed.run()
    feed.run()
    assert feed.told() == []
    known = {"name": "Ann", "phone": "+79161234567", "email": "ann@example.org"}
    submit(story, form(contact=known))  # the contact is there, and gets an e-mail
    feed.run()
    feed.run()
    assert feed.told() == []
    shown = story.simulator.control("show", domain=story.domain)
    contact = next(one for one in shown["contacts"].values() if one["name"] == "Ann")
    feed.person(kind="contacts", id=contact["id"], fields={"name": "Anne"})
    feed.run()
    assert feed.kinds() == ["contact.updated"]


def test_what_a_person_makes_of_a_form_at_once_is_news(feed: Feed) -> None:
    """The deal is read for the first time when it stands elsewhere already."""
    lead_id = submit(feed.story, form())["lead"]["lead_id"]
    feed.person(id=lead_id, fields={"status_id": 142})
    feed.run()
    (told,) = feed.told()
    assert (told["type"], told["data"]["lead"]["status_id"]) == ("lead.status_changed", 142)
    assert told["data"]["before"]["status_id"] not in (142, None)


# --- consumers ------------------------------------------------------------------------------------------------------


def test_a_consumer_that_fails_gets_each_entitys_changes_in_order(feed: Feed) -> None:
    other = feed.person(id=None, fields={"name": "Other"})["id"]
    feed.run()
    feed.told()
    feed.consumer.statuses = [500] * 4
    feed.person(fields={"price": 1})
    feed.run()
    feed.person(fields={"price": 2})
    feed.person(id=other, fields={"price": 7})
    for _ in range(12):
        feed.run(60)
    told = feed.told()
    mine = [one["data"]["lead"]["price"] for one in told if one["data"]["lead"]["id"] == feed.story.lead_id]
    assert (mine, len(told)) == ([1, 2], 3)


def test_a_consumer_that_answers_410_is_turned_off(feed: Feed) -> None:
    (seen,) = json_of(feed.story.crm("get_endpoints", feed.story.admin()))["endpoints"]
    feed.consumer.statuses = [410]
    feed.person(fields={"price": 1})
    feed.run()
    feed.person(fields={"price": 2})
    feed.run(3600)
    assert feed.consumer.asked == 1
    (shown,) = json_of(feed.story.crm("get_endpoints", feed.story.admin()))["endpoints"]
    assert (shown["is_on"], shown["off_reason"], shown["last_status"]) == (False, "gone", "410")
    assert shown["revision"] != seen["revision"]  # who has it open as still on is told before they turn it on (38)
    assert "endpoint.turned_off" in feed.story.events()
    overview = json_of(feed.story.crm("get_overview", feed.story.admin()))
    assert {"code": "endpoints_off", "count": 1} in overview["todo"]


@pytest.mark.long
def test_a_consumer_that_is_away_for_three_days_is_turned_off_and_gets_all_of_it_afterwards(feed: Feed) -> None:
    feed.consumer.statuses = [500] * 10_000
    feed.person(fields={"price": 1})
    for _ in range(40):
        feed.run(3 * 3600)
    feed.person(fields={"price": 2})
    feed.run(3600)
    (shown,) = json_of(feed.story.crm("get_endpoints", feed.story.admin()))["endpoints"]
    assert (shown["off_reason"], shown["waiting"]) == ("failing", 2)
    asked = feed.consumer.asked
    assert asked < 60
    feed.consumer.statuses = []
    body = {"id": feed.endpoint_id, "name": "Shop", "is_on": True}
    assert feed.story.crm("save_endpoint", feed.story.admin(), body).status == 200
    feed.run()
    assert [one["data"]["lead"]["price"] for one in feed.told()] == [1, 2]


def test_an_endpoint_is_told_of_what_it_asked_for(quiet: Feed) -> None:
    quiet.listen(kinds=["lead.status_changed"], statuses=[142])
    quiet.run()
    for fields in ({"price": 3}, {"status_id": _status(quiet, 3)}, {"status_id": 142}, {"status_id": 143}):
        quiet.person(fields=fields)
        quiet.run()
    assert [one["data"]["lead"]["status_id"] for one in quiet.told()] == [142]
    quiet.listen(kinds=["lead.updated"], fields=["name"], name="Names")
    quiet.person(fields={"price": 4})
    quiet.run()
    quiet.person(fields={"name": "Another"})
    quiet.run()
    assert quiet.kinds() == ["lead.updated"]


def test_46_won_in_one_pipeline_is_not_won_in_another(quiet: Feed) -> None:
    """Won and lost have one number in all pipelines: "glass: fourth, rents: won" also told of glass that was sold."""
    added = {"name": "Аренда", "statuses": ["Заявка", "В аренде"]}
    rents = quiet.story.simulator.control("add", domain=quiet.story.domain, pipeline=added)["pipeline"]["id"]
    glass, fourth = _pipeline(quiet)["id"], _status(quiet, 3)
    stages = [{"pipeline_id": glass, "status_id": fourth}, {"pipeline_id": rents, "status_id": 142}]
    quiet.listen(kinds=["lead.status_changed"], stages=stages)
    (shown,) = json_of(quiet.story.crm("get_endpoints", quiet.story.admin()))["endpoints"]
    assert shown["stages"] == stages
    quiet.run()
    for pipeline_id, status_id in ((glass, fourth), (glass, 142), (rents, 143), (rents, 142)):
        quiet.person(fields={"pipeline_id": pipeline_id, "status_id": status_id})
        quiet.run()
    leads = [one["data"]["lead"] for one in quiet.told()]
    assert [{name: lead[name] for name in ("pipeline_id", "status_id")} for lead in leads] == stages
    quiet.listen(kinds=["lead.status_changed"], stages=[{"pipeline_id": glass}], name="All of glass")
    quiet.person(fields={"pipeline_id": glass, "status_id": 143})
    quiet.run()
    assert quiet.kinds() == ["lead.status_changed"]


def test_replay_sends_the_same_ids_again(feed: Feed) -> None:
    story = feed.story
    for price in (1, 2, 3):
        feed.person(fields={"price": price})
        feed.run()
    first = feed.told()
    listed = json_of(story.crm("get_changes", story.admin(), query={"limit": "2"}))
    assert [one["id"] for one in listed["changes"]] == [first[2]["id"], first[1]["id"]]
    assert listed["changes"][0]["sends"][0]["state"] == "delivered"
    (one,) = json_of(story.crm("get_changes", story.admin(), query={"id": listed["changes"][1]["id"]}))["changes"]
    assert one == listed["changes"][1]  # 38-2: a link to it opens just that
    asked = {"id": one["id"], "content": "1"}
    (whole,) = json_of(story.crm("get_changes", story.admin(), query=asked))["changes"]
    assert whole == one | {"content": first[1]["data"]}  # 38-3: what was told is read by those who may manage
    assert story.crm("get_changes", story.admin(), query={"id": "x"}).status == 422
    older = story.crm("get_changes", story.admin(), query={"before": str(listed["next_before"])})
    assert [one["id"] for one in json_of(older)["changes"]] == [first[0]["id"]]
    body = {"endpoint_id": feed.endpoint_id, "since": "2020-01-01T00:00:00Z"}
    assert json_of(story.crm("replay_changes", story.admin(), body)) == {"replayed": 3}
    feed.run()
    assert [one["id"] for one in feed.told()] == [one["id"] for one in first]
    one = {"endpoint_id": feed.endpoint_id, "ids": [first[1]["id"]]}
    assert json_of(story.crm("replay_changes", story.admin(), one)) == {"replayed": 1}
    feed.run()
    assert [one["id"] for one in feed.told()] == [first[1]["id"]]


def test_a_secret_is_replaced_with_both_good_for_a_day(feed: Feed) -> None:
    old = feed.secret
    answer = feed.story.crm("replace_endpoint_secret", feed.story.admin(), {"id": feed.endpoint_id})
    new = json_of(answer)["secret"]
    for price, good in ((1, [old, new]), (2, [new])):
        feed.person(fields={"price": price})
        feed.run()
        headers, body = feed.consumer.taken[-1]
        at = int(headers["webhook-timestamp"])
        expected = [webhooks.signed([webhooks.key_of(one)], headers["webhook-id"], at, body) for one in good]
        found = set(headers["webhook-signature"].split(" "))
        assert found == {one["webhook-signature"] for one in expected}
        feed.story.clock.advance(days=1, seconds=1)


def test_a_person_tries_an_endpoint(feed: Feed) -> None:
    answer = json_of(feed.story.crm("test_endpoint", feed.story.admin(), {"id": feed.endpoint_id}))
    assert (answer["answer"], answer["is_taken"]) == ("204", True)
    assert feed.kinds() == ["test"]
    feed.consumer.statuses = [503]
    answer = json_of(feed.story.crm("test_endpoint", feed.story.admin(), {"id": feed.endpoint_id}))
    assert (answer["answer"], answer["is_taken"]) == ("503", False)


# --- amoCRM's side --------------------------------------------------------------------------------------------------


def test_while_amocrm_is_away_nothing_is_lost(feed: Feed) -> None:
    feed.person(fields={"price": 77})
    feed.hooks_are_through()
    feed.story.simulator.fault("status", status=504, times=100)
    figures = feed.run()
    assert figures["feeds"]["failed"]
    shown = json_of(feed.story.crm("get_endpoints", feed.story.admin()))["feed"]
    assert shown["problem"]["code"].startswith("amocrm_")
    feed.story.simulator.control("no-faults")
    feed.run(120)
    assert [one["data"]["lead"]["price"] for one in feed.told()] == [77]


def test_what_hooks_have_lost_is_found_by_asking(feed: Feed) -> None:
    feed.story.simulator.control("webhooks", lost=1.0)
    feed.person(fields={"price": 123}, note="Nobody hears this")
    gone = feed.person(id=None, fields={"name": "Soon gone"})["id"]
    feed.run()
    assert feed.told() == []
    feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    feed.run()
    kinds = Counter(one["type"] for one in feed.told())
    assert kinds == {"lead.updated": 1, "lead.note_added": 1, "lead.added": 1}
    feed.person(id=gone, delete=True)
    feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    feed.run()
    assert feed.kinds() == ["lead.deleted"]
    feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    feed.run()
    assert feed.told() == []


@pytest.mark.long
def test_a_flood_waits_for_asking_and_harms_nobody(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST_WAITING", 3)
    monkeypatch.setattr(filtered_reads, "PAGE_LIMIT", 2)
    monkeypatch.setattr(feed_api, "_EVENTS_PAGE", 2)
    monkeypatch.setattr(polling, "_MOST_PAGES", 1)
    leads = [feed.person(id=None, fields={"name": f"Deal {number}"})["id"] for number in range(8)]
    feed.hooks_are_through()
    assert set(feed.ingress.answers) == {200}
    for _ in range(20):
        feed.run(60)
    assert sorted(one["data"]["lead"]["id"] for one in feed.told()) == sorted(leads)


@pytest.mark.long
@pytest.mark.usefixtures("feed")
def test_the_rate_is_kept_while_many_deals_are_read(feed: Feed) -> None:
    story = feed.story
    story.simulator.control("limits", per_integration=7, per_account=50)
    for number in range(30):
        feed.person(id=None, fields={"name": f"Deal {number}"}, note="one call for each note")
    story.simulator.control("forget")
    for _ in range(20):
        feed.run(rate_limit.LONGEST_WAIT)
    assert len(feed.told()) == 60
    assert not [one for one in story.simulator.requests() if one.get("status") == 429]
