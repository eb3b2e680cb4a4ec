"""Row H3: where an order stands, in the shop's own words."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.changes.conftest import Feed
from tests.story import Story, json_of
from tests.submitting import PERSON, order, submit


def _statuses(story: Story) -> tuple[int, list[int]]:
    shown = story.simulator.control("show", domain=story.domain)
    pipeline = next(one for one in shown["pipelines"].values() if one["is_main"])
    return int(pipeline["id"]), [int(one["id"]) for one in pipeline["_embedded"]["statuses"]]


def _named(feed: Feed) -> tuple[list[int], list[dict[str, Any]]]:
    pipeline, statuses = _statuses(feed.story)
    words = [(statuses[1], "received"), (statuses[2], "cut"), (142, "done")]
    return statuses, [{"pipeline_id": pipeline, "status_id": one, "status": word} for one, word in words]


def _site_key(story: Story) -> dict[str, str]:
    made = story.crm("create_site_key", story.admin(), {"name": "Shop", "origins": ["https://shop.example"]})
    return {"Authorization": f"Bearer {json_of(made)['site_key']}", "Origin": "https://shop.example"}


def _asked(story: Story, headers: dict[str, str], *, contact: str = "", **query: str) -> Any:
    """The contact stands in no address, which proxies and access logs keep (30)."""
    return story.crm("get_order", headers | ({"X-Order-Contact": quote(contact)} if contact else {}), query=query)


@pytest.fixture
def shop(feed: Feed) -> Feed:
    _, words = _named(feed)
    assert feed.settings(order_statuses=words).status == 200
    return feed


def test_a_moved_order_is_told_in_the_shops_words(shop: Feed) -> None:
    story, (_, statuses) = shop.story, _statuses(shop.story)
    lead_id = submit(story, order(), "submit_order")["lead"]["lead_id"]
    shop.run()
    shop.run()
    assert shop.told() == []
    for status in (statuses[2], statuses[3], 142):
        shop.person(id=lead_id, fields={"status_id": status})
        shop.run()
    told = [one["data"]["order"] for one in shop.told() if one["type"] == "order.status_changed"]
    assert told == [
        {"number": "1042", "status": "cut", "status_before": "received"},
        {"number": "1042", "status": "done", "status_before": None},
    ]


def test_who_knows_the_number_and_the_phone_may_ask(shop: Feed) -> None:
    story, (_, statuses) = shop.story, _statuses(shop.story)
    headers = _site_key(story)
    lead_id = submit(story, order(), "submit_order")["lead"]["lead_id"]
    assert json_of(_asked(story, story.application(), number="1042"))["status"] == "received"
    for contact in (PERSON["phone"], "+7 916 555 44 33", PERSON["email"].upper()):
        answer = _asked(story, headers, number="1042", contact=contact)
        assert (answer.status, json_of(answer)["status"]) == (200, "received")
    for query in (
        {"number": "1042"},
        {"number": "1042", "contact": "+79161111111"},
        {"number": "1043", "contact": PERSON["phone"]},
        {"number": "1042", "contact": "@"},
    ):
        assert _asked(story, headers, **query).status == 404
    assert _asked(story, headers, number="").status == 422
    shop.person(id=lead_id, fields={"status_id": statuses[2]})
    shop.run()
    assert json_of(_asked(story, headers, number="1042", contact=PERSON["phone"]))["status"] == "cut"
    shop.person(id=lead_id, fields={"status_id": statuses[3]})
    shop.run()
    assert json_of(_asked(story, headers, number="1042", contact=PERSON["phone"]))["status"] is None


def test_asking_often_keeps_nobody_from_ordering(shop: Feed) -> None:
    story, headers = shop.story, _site_key(shop.story)
    story.clock.begin_minute()
    asked = [_asked(story, headers, number="1042", contact="1").status for _ in range(40)]
    assert (asked[0], asked[-1]) == (404, 429)
    assert story.crm("submit_order", headers, order()).status == 200


def test_proofs_of_an_order_are_nobodys_to_see(shop: Feed) -> None:
    submit(shop.story, order(), "submit_order")
    listed = shop.story.crm("get_deliveries", shop.story.admin()).body.decode()
    assert '"order":"1042"' in listed
    assert "proof" not in listed


def test_words_for_places_that_are_not_there_are_refused(feed: Feed) -> None:
    _, words = _named(feed)
    wrong = feed.settings(order_statuses=[*words, {"pipeline_id": 5, "status_id": 6, "status": "x"}, words[0]])
    assert [one["path"] for one in json_of(wrong)["errors"]] == [
        "changes.order_statuses[3]",
        "changes.order_statuses[4]",
    ]


def test_an_order_whose_deal_is_not_made_yet_has_no_word(shop: Feed) -> None:
    shop.story.simulator.fault("status", status=503, times=100)
    answer = shop.story.crm("submit_order", shop.story.application(), order())
    assert answer.status == 202
    shop.story.simulator.control("no-faults")
    assert json_of(_asked(shop.story, shop.story.application(), number="1042"))["status"] is None
