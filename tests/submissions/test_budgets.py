"""What becomes of a form's price and an order's total: with cents, rounded, or left out (33-3, row L7)."""

from typing import Any

import pytest
from msgspec.structs import replace

from features.submissions import site_builders
from features.submissions.model import SubmitOrder
from functions.run_deliveries.run import run as run_deliveries
from shared.deliveries.account_money import ROUNDED
from shared.platform.decoding import convert
from shared.platform.messages import english
from shared.storage import cache
from tests.story import Story, json_of
from tests.submissions.test_read_again import again, come, newest
from tests.submitting import account, form, lead_of, order, save, submit

_ROUNDED = english(ROUNDED)

ITEM = {"name": "Ручка", "quantity": 1, "unit_price": "2699.80"}


def _account(story: Story, **changed: Any) -> None:
    story.simulator.control("change-account", domain=story.domain, **changed)
    story.sql("DELETE FROM amocrm_remembered")
    cache._memory.clear()


def _note(story: Story, results: Any) -> str:
    notes = account(story)["notes"][f"leads/{(results.get('lead') or results['incoming_lead'])['lead_id']}"]
    return "\n".join(str(one["params"].get("text")) for one in notes)


def _order(**changed: Any) -> dict[str, Any]:
    return order(items=[ITEM], delivery={}, total="2699.80", **changed)


@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
@pytest.mark.parametrize(
    ("cents", "there", "told"),
    [
        ("kept", 2699.8, {"price": 2699.8}),
        ("refused", 2700, {"price": 2700, "told": _ROUNDED}),
        ("cut", 2700, {"price": 2700, "told": _ROUNDED}),
    ],
)
def test_33_3_a_price_and_a_total_keep_their_cents_where_the_account_has_them(
    story: Story, mode: str, cents: str, there: float, told: Any
) -> None:
    _account(story, cents=cents)
    assert save(story, forms={"mode": mode}, orders={"mode": "lead"}).status == 200
    for action, body in (("submit_form", form(price=2699.8)), ("submit_order", _order())):
        results = submit(story, body, action)
        assert (lead_of(story, results)["price"], results["budget"]) == (there, told)
    assert not [one for one in story.simulator.requests() if one["status"] == 400]


@pytest.mark.parametrize("cents", ["refused", "cut"])
def test_33_3_a_new_deal_in_an_account_that_has_no_cents_any_more(story: Story, cents: str) -> None:
    _account(story, cents="kept")
    submit(story, form(price=1.5))
    story.simulator.control("change-account", domain=story.domain, cents=cents)
    results = submit(story, form(price=2699.8, comment="again"))
    assert results["budget"] == {"price": 2700, "told": _ROUNDED}
    assert lead_of(story, results)["price"] == 2700
    assert results["lead"]["bare"] == 0  # nothing but the cents was left out


def test_33_3_the_first_deal_of_an_account_is_tried_with_cents(story: Story) -> None:
    for lead_id in account(story)["leads"]:
        story.simulator.control("delete", domain=story.domain, kind="leads", id=int(lead_id))
    _account(story, cents="kept")
    assert submit(story, form(price=2699.8))["budget"] == {"price": 2699.8}
    for lead_id in account(story)["leads"]:
        story.simulator.control("delete", domain=story.domain, kind="leads", id=int(lead_id))
    _account(story, cents="cut")
    assert submit(story, form(price=2699.8, comment="2"))["budget"] == {"price": 2700, "told": _ROUNDED}


@pytest.mark.vendor("account.currency")
def test_33_3_another_currencys_order_has_its_note_and_no_budget(story: Story) -> None:
    _account(story, currency="BRL")
    results = submit(story, _order(currency="USD"), "submit_order")
    assert lead_of(story, results)["price"] == 0
    assert results["budget"] == {
        "skipped": "The amounts are in USD, those of the account in BRL: the budget was not written."
    }
    assert "told" in results["goods"]
    assert "Итого: 2\u202f699,80\u00a0$" in _note(story, results)
    elements = account(story)["elements"].values()
    (made,) = [one for of in elements for one in of.values() if one["name"] == "Ручка"]
    assert [one["field_code"] for one in made["custom_fields_values"]] == ["UNIT"]


def test_33_3_another_currencys_price_of_a_form_is_in_the_note(story: Story) -> None:
    _account(story, currency="BRL")
    results = submit(story, form(price=2699.8, currency="USD"))
    assert lead_of(story, results)["price"] == 0
    assert "price: 2699.8 USD" in _note(story, results)
    assert "USD" in results["budget"]["skipped"]


def test_33_3_a_currency_beside_no_price_is_no_line_of_the_note(story: Story) -> None:
    _account(story, currency="BRL")
    results = submit(story, form(currency="USD", comment="?"))
    assert "price" not in _note(story, results)
    assert "submission.value_in_note" not in story.events()


def test_33_3_a_price_and_tags_that_come_with_a_contact_only_are_in_its_note(story: Story) -> None:
    """They were nowhere: a contact has neither."""
    assert save(story, forms={"mode": "contact"}, orders={"mode": "contact"}).status == 200
    for action, body, told in (
        ("submit_form", form(price=2699.8, currency="USD", tags=["Акция"]), ["tags: Акция", "price: 2699.8 USD"]),
        ("submit_form", form(price=2700, comment="2"), ["price: 2700\n"]),
        ("submit_order", order() | {"tags": ["Опт"]}, ["tags: Опт"]),
    ):
        contact_id = submit(story, body, action)["contact"]["contact_id"]
        (*_, note) = account(story)["notes"][f"contacts/{contact_id}"]
        assert [one for one in told if one not in note["params"]["text"]] == []


def test_33_3_a_price_without_a_currency_is_the_accounts_own(story: Story) -> None:
    _account(story, currency="BRL")
    assert lead_of(story, submit(story, form(price=2700)))["price"] == 2700
    results = submit(story, order(), "submit_order")
    assert lead_of(story, results)["price"] == 39700
    assert "Итого: 39\u202f700\u00a0R$" in _note(story, results)


def test_33_3_an_order_that_came_before_without_a_currency_is_the_same_with_roubles(story: Story) -> None:
    """It meant them once; a shop that sends it again after an upgrade hears no conflict."""
    first = json_of(story.crm("submit_order", story.application(), order()))
    again = json_of(story.crm("submit_order", story.application(), order(currency="RUB")))
    assert again["delivery_id"] == first["delivery_id"]


@pytest.mark.parametrize(
    "body",
    [form(price=-1), form(price=-0.01), form(price=1e12 + 1), form(price=1, currency="usd")],
)
def test_33_3_what_is_no_price_is_told(story: Story, body: Any) -> None:
    answer = story.crm("submit_form", story.application(), body)
    assert answer.status == 422
    assert json_of(answer)["errors"][0]["path"] in ("price", "currency")


def test_what_a_program_makes_of_fractions_refuses_no_form_and_no_order(story: Story) -> None:
    """19.9 three times is 59.699999999999996 where numbers are binary, and a third of a hundred has no end: the visitor
    was refused, and who had asked was told nobody."""
    _account(story, cents="kept")
    assert lead_of(story, submit(story, form(price=19.9 * 3)))["price"] == 59.7
    items = [{"name": f"Door for {one}", "quantity": 3, "unit_price": one} for one in (100 / 3, 19.9)]
    noisy = order(items=items, delivery={}, total=100 + 19.9 * 3, discount=0.1 + 0.2 - 0.3)
    results = json_of(story.crm("submit_order", story.application(), noisy))["results"]
    assert results["budget"]["price"] == 159.7


@pytest.mark.parametrize("cents", ["kept", "refused"])
def test_33_3_the_largest_price_is_exact(story: Story, cents: str) -> None:
    _account(story, cents=cents)
    results = submit(story, form(price=999999999999.99))
    assert lead_of(story, results)["price"] == (999999999999.99 if cents == "kept" else 10**12)


def test_33_3_a_lost_answer_makes_one_deal_with_its_cents(story: Story) -> None:
    _account(story, cents="kept")
    submit(story, form(price=1.5))
    story.simulator.control("forget")
    story.simulator.fault("reset_after", path="/api/v4/leads.*", method="POST")
    answer = json_of(story.crm("submit_form", story.application(), form(price=2699.8, comment="2")))
    assert answer["state"] == "accepted"
    story.clock.advance(minutes=2)
    assert run_deliveries(story.runtime, 30)["delivered"] == 1
    results = story.delivery(answer["delivery_id"])["results"]
    assert (results["budget"], lead_of(story, results)["price"]) == ({"price": 2699.8}, 2699.8)
    assert len(story.simulator.effects("leads.created")) == 1


@pytest.mark.parametrize(
    ("account_is", "there"),
    [
        ({"cents": "kept"}, 39700.5),
        ({"cents": "refused"}, 39701),
        ({"cents": "cut"}, 39701),
        ({"cents": "kept", "currency": "BRL"}, 0),
    ],
)
def test_33_3_a_budget_that_is_filled_in_when_a_body_is_read_again(
    story: Story, monkeypatch: pytest.MonkeyPatch, account_is: dict[str, Any], there: float
) -> None:
    _account(story, **account_is)
    id_ = come(story, {"Ваше имя": "Нина", "Телефон": "+79165554433", "cart": "Столешница - 2x15000"})
    read = site_builders.sent
    body = order(currency="RUB", delivery={"cost": "700.50"}, total="39700.50")
    cart = convert({"order": body["order"]}, SubmitOrder)

    def as_order(*given: Any) -> site_builders.ReceivedForm:
        found = read(*given)
        return replace(found, body=replace(cart, contact=found.body.contact))

    monkeypatch.setattr(site_builders, "sent", as_order)
    made = again(story, id_)
    assert made["filled"]["lead"] == (["price"] if there else [])
    assert newest(story)[0]["price"] == there
    (row,) = story.sql("SELECT id FROM amocrm_deliveries WHERE action = 'read_again'")
    result = story.delivery(str(row[0]))["results"]["lead"]
    assert ("told" in result) == (there != 39700.5)


def test_33_3_a_budget_of_cents_alone_is_one(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """`price` says nought."""
    _account(story, cents="kept")
    id_ = come(story, {"Ваше имя": "Нина", "Телефон": "+79165554433", "cart": "Столешница - 2x15000"})
    lead_id = int(newest(story)[0]["id"])
    story.simulator.control("person", domain=story.domain, kind="leads", id=lead_id, fields={"price": 0.5})
    read, cart = site_builders.sent, convert({"order": order()["order"]}, SubmitOrder)

    def as_order(*given: Any) -> site_builders.ReceivedForm:
        found = read(*given)
        return replace(found, body=replace(cart, contact=found.body.contact))

    monkeypatch.setattr(site_builders, "sent", as_order)
    assert again(story, id_)["filled"]["lead"] == []
    assert account(story)["leads"][str(lead_id)]["price"] == 0.5
