"""Budgets with cents in what endpoints are told, and whose they are (33-3)."""

from typing import Any

import pytest

from features.changes import diff
from tests.changes.conftest import Feed
from tests.story import calculation

UPDATE = {"options": {"note": False, "update_price": True}}


@pytest.fixture
def shop(feed: Feed) -> Feed:
    """In an account with cents, whose deal is known."""
    feed.story.simulator.control("change-account", domain=feed.story.domain, cents="kept")
    feed.person(fields={"price": 2699.8})
    feed.run()
    assert [one["data"]["lead"]["price"] for one in feed.told()] == [2699.8]
    return feed


def _save(feed: Feed) -> None:
    body = calculation() | UPDATE
    headers = feed.story.widget() | {"X-Lead-Id": str(feed.story.lead_id)}
    assert feed.story.crm("save_calculation", headers, body).status == 200


def test_33_3_a_change_of_cents_alone_is_news(shop: Feed) -> None:
    shop.person(fields={"price": 2699.9})
    shop.run()
    (told,) = shop.told()
    assert (told["data"]["changed"], told["data"]["before"]) == (["price"], {"price": 2699.8})
    assert told["data"]["lead"]["price"] == 2699.9


@pytest.mark.parametrize("cents", ["kept", "refused"])
def test_33_3_our_own_budget_is_no_news_with_its_cents_or_rounded(feed: Feed, cents: str) -> None:
    feed.story.simulator.control("change-account", domain=feed.story.domain, cents=cents)
    feed.person(fields={"price": 1})
    feed.run()
    assert len(feed.told()) == 1
    _save(feed)
    feed.run()
    assert feed.told() == []
    feed.person(fields={"price": 17999})  # whole: the same to whoever reads `price` alone
    feed.run()
    assert len(feed.told()) == 1


def test_33_3_a_budget_that_was_left_out_is_a_persons_when_it_comes(feed: Feed) -> None:
    """The calculation was in another currency; the number is in the deal because a person has typed it."""
    feed.story.simulator.control("change-account", domain=feed.story.domain, currency="USD", cents="kept")
    feed.person(fields={"price": 1})
    feed.run()
    assert len(feed.told()) == 1
    _save(feed)
    feed.person(fields={"price": 17999.99})
    feed.run()
    assert [one["data"]["lead"]["price"] for one in feed.told()] == [17999.99]


def test_33_3_what_was_kept_before_there_were_cents_makes_no_news() -> None:
    lead: dict[str, Any] = {"id": 1, "price": 2699, "price_with_minor_units": 2699.8}
    before = diff.state_of("lead", {"id": 1, "price": 2699}, str)
    assert diff.changed("lead", before, lead, str) == []
    known = diff.state_of("lead", lead, str)
    assert diff.changed("lead", known, lead | {"price_with_minor_units": 2699.5}, str) == ["price"]
