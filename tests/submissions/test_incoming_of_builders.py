"""Rows L2, L5: what builders and shops really send, in Incoming: shown whole; read again, nothing is made of it."""

import pytest

from functions.run_deliveries.run import run as run_deliveries
from tests.longer import others_long
from tests.story import Story
from tests.submissions.recorded import NAMES, body_of, record, send, server_key
from tests.submissions.test_carts import _paid_at_tilda
from tests.submissions.test_incoming import listed
from tests.submissions.test_read_again import again, counts, entry
from tests.submitting import account, save, set_up


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


@pytest.mark.parametrize("name", others_long(NAMES))
def test_35_5_each_builders_body_is_shown_and_read_again_makes_nothing(site: Story, name: str) -> None:
    one = record(name)
    _, key = server_key(site)
    assert send(site, key, one).status == 200
    run_deliveries(site.runtime, 20)
    (kept,) = listed(site)["incoming"]
    assert (kept["outcome"], kept["has_person"]) == ("accepted", True)
    shown = entry(site, kept["id"], content="1")
    assert shown["reading"] == ("order" if "price" in one["becomes"] else "form")
    assert ("order" in shown["understood"]) == (shown["reading"] == "order")  # 38-3: it is shown as its cart
    assert shown["raw"].encode() == body_of(one) or "1251" in name
    before, links = counts(site), account(site)["links"]
    for forgets in ("nothing", "what was stored of it"):
        if forgets != "nothing":  # as after KEEP_PAYLOADS_DAYS: its notes still say it
            site.sql("UPDATE amocrm_deliveries SET request = NULL WHERE state = 'delivered'")
        made = again(site, kept["id"])
        assert (made["outcome"], made["filled"]) == ("nothing_new", {"lead": [], "contact": []}), made
        assert (counts(site), account(site)["links"]) == (before, links)
        site.clock.advance(minutes=11)


def test_35_5_an_order_that_is_paid_later_is_read_again_as_the_one_order(site: Story) -> None:
    _, key = server_key(site)
    assert send(site, key, record("tilda_cart")).status == 200
    run_deliveries(site.runtime, 20)
    site.clock.advance(hours=1)
    assert send(site, key, _paid_at_tilda()).status == 200
    run_deliveries(site.runtime, 20)
    paid, placed = listed(site)["incoming"]
    assert paid["delivery_id"] == placed["delivery_id"]
    before = counts(site)
    for one in (paid, placed, paid):
        assert again(site, one["id"])["outcome"] == "nothing_new"
    assert counts(site) == before


def test_35_5_a_shops_order_that_was_refused_is_made_once_the_rules_take_it(site: Story) -> None:
    _, key = server_key(site)
    assert save(site, orders={"required": ["Этаж"]}).status == 200
    assert send(site, key, record("tilda_cart")).status == 422
    assert save(site).status == 200
    (kept,) = listed(site)["incoming"]
    deals = counts(site)[0]
    assert again(site, kept["id"])["outcome"] in ("made", "later")
    run_deliveries(site.runtime, 20)
    assert send(site, key, record("tilda_cart")).status == 200
    run_deliveries(site.runtime, 20)
    assert again(site, kept["id"])["outcome"] == "nothing_new"
    assert counts(site)[0] == deals + 1
    assert [one["outcome"] for one in listed(site)["incoming"]] == ["accepted"]
