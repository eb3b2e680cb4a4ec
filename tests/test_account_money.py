"""Budgets with cents, and amounts in another currency than the account's (33-3, row L7)."""

from decimal import Decimal
from typing import Any

import pytest

from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm import budgets
from shared.amocrm.transport import Transport
from shared.deliveries.account_money import ROUNDED
from shared.platform.messages import english
from shared.storage import cache
from tests.story import Story, calculation, json_of

_ROUNDED = english(ROUNDED)

PRICE = {"options": {"note": False, "update_price": True}}


def _account(story: Story, **changed: Any) -> None:
    """It is another one now, and nobody has heard of it."""
    story.simulator.control("change-account", domain=story.domain, **changed)
    story.sql("DELETE FROM amocrm_remembered")
    cache._memory.clear()


def _save(story: Story, total: str = "17999.99", **changed: Any) -> Any:
    """A calculation with this total becomes the budget; the answer."""
    item = {"name": "x", "quantity": 1, "unit": "шт", "unit_price": total}
    body = calculation(items=[item], discount=None, delivery=None, total=total, number=total, **changed) | PRICE
    return json_of(story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)}, body))


def _lead(story: Story) -> dict[str, Any]:
    def read(api: Any) -> Any:
        return api.send("GET", f"/leads/{story.lead_id}")

    lead: dict[str, Any] = story.runtime.connections.call(story.row(), read)
    return lead


def _patched(story: Story) -> list[Any]:
    return [one["changed"] for one in story.simulator.effects("leads.updated")]


# --- cents --------------------------------------------------------------------------------------------------------


@pytest.mark.vendor("leads.cents")
@pytest.mark.parametrize("total", ["2699.80", "0.01", "999999999999.99", "2700"])
def test_33_3_an_account_with_cents_gets_the_exact_total(story: Story, total: str) -> None:
    _account(story, cents="kept")
    answer = _save(story, total)
    assert (answer["state"], answer["results"]["deal"]) == ("delivered", {"price": float(total)})
    lead = _lead(story)
    assert (lead["price"], lead["price_with_minor_units"]) == (int(float(total)), float(total))
    assert len(_patched(story)) == 1


@pytest.mark.vendor("leads.no_cents")
@pytest.mark.parametrize("cents", ["refused", "cut"])
def test_33_3_an_account_without_cents_gets_the_rounded_number_at_once_and_it_is_told(story: Story, cents: str) -> None:
    _account(story, cents=cents)
    answer = _save(story, "2699.80")
    assert answer["results"]["deal"] == {"price": 2700, "told": _ROUNDED}
    assert [one["price"] for one in _patched(story)] == [2700]
    assert not [one for one in story.simulator.requests() if one["status"] == 400]
    told = [one for one in story.delivery(answer["delivery_id"])["story"] if one.get("step") == "deal"]
    assert told[0]["detail"] == _ROUNDED
    story.simulator.control("forget")
    _save(story, "3000.50")
    assert [one["method"] for one in story.simulator.requests()] == ["PATCH"]  # remembered


@pytest.mark.vendor("leads.no_cents")
@pytest.mark.parametrize(("cents", "written"), [("refused", [2700]), ("cut", [2699, 2700])])
def test_33_3_an_account_that_has_no_cents_any_more_gets_the_rounded_number(
    story: Story, cents: str, written: list[int]
) -> None:
    _account(story, cents="kept")
    _save(story, "1.50")
    story.simulator.control("change-account", domain=story.domain, cents=cents)
    story.simulator.control("forget")
    assert _save(story, "2699.80")["results"]["deal"] == {"price": 2700, "told": _ROUNDED}
    assert [one["price"] for one in _patched(story)] == written
    story.simulator.control("forget")
    _save(story, "3000.50")
    assert [one["method"] for one in story.simulator.requests()] == ["PATCH"]


def test_33_3_another_instance_knows_what_was_found_out(story: Story) -> None:
    _account(story, cents="kept")
    _save(story, "1.50")
    cache._memory.clear()
    story.simulator.control("forget")
    _save(story, "2.50")
    assert [one["method"] for one in story.simulator.requests()] == ["PATCH", "GET"]  # the write, and what it has made


@pytest.mark.parametrize("cents", ["kept", "refused", "cut"])
def test_33_3_a_lost_answer_is_looked_for_with_its_cents(story: Story, cents: str) -> None:
    _account(story, cents=cents)
    story.simulator.fault("reset_after", path="/api/v4/leads/[0-9]+", method="PATCH")
    answer = _save(story, "2699.80")
    assert answer["state"] == "accepted"
    story.clock.advance(minutes=2)
    assert run_deliveries(story.runtime, 30)["delivered"] == 1
    result = story.delivery(answer["delivery_id"])["results"]["deal"]
    assert result == ({"price": 2699.8} if cents == "kept" else {"price": 2700, "told": _ROUNDED})
    assert len(_patched(story)) == 1


def test_33_3_a_newer_calculation_that_differs_in_cents_has_the_last_word(story: Story) -> None:
    _account(story, cents="kept")
    story.simulator.fault("reset_after", path="/api/v4/leads/[0-9]+", method="PATCH")
    older = _save(story, "2699.80")
    story.clock.advance(seconds=1)
    assert _save(story, "2699.90")["state"] == "delivered"
    story.clock.advance(minutes=2)
    assert run_deliveries(story.runtime, 30)["delivered"] == 1
    assert story.delivery(older["delivery_id"])["results"]["deal"] == {"superseded": True}
    assert _lead(story)["price_with_minor_units"] == 2699.9


@pytest.mark.parametrize(
    ("lead", "amount"),
    [
        ({"price": 2699, "price_with_minor_units": 2699.8}, "2699.8"),
        ({"price": 2699, "price_with_minor_units": "2699.80"}, "2699.80"),
        ({"price": 10**12, "price_with_minor_units": 1000000000000.99}, "1000000000000.99"),
        ({"price": -2699, "price_with_minor_units": -2699.8}, "-2699.8"),
        ({"price": 2699, "price_with_minor_units": 269980}, "2699"),
        ({"price": 2699, "price_with_minor_units": None}, "2699"),
        ({"price": 2699, "price_with_minor_units": "NaN"}, "2699"),
        ({"price": 2699, "price_with_minor_units": "2 699,80"}, "2699"),
        ({"price": "", "price_with_minor_units": "2699.80"}, "2699.80"),
        ({"price": 2699, "price_with_minor_units": 2700}, "2699"),
        ({"price": None, "price_with_minor_units": None}, None),
        ({"price": 0, "price_with_minor_units": True}, "0"),
        ({}, None),
    ],
)
def test_33_3_a_budget_is_read_by_both_members(lead: dict[str, Any], amount: str | None) -> None:
    assert budgets.of(lead) == (None if amount is None else Decimal(amount))


# --- currencies ---------------------------------------------------------------------------------------------------


@pytest.mark.vendor("account.currency")
def test_33_3_another_currencys_total_is_no_budget_and_the_delivery_says_so(story: Story) -> None:
    _account(story, currency="BRL")
    answer = _save(story, "20660")
    assert answer["state"] == "delivered"
    assert answer["results"]["deal"] == {
        "skipped": "The amounts are in RUB, those of the account in BRL: the budget was not written."
    }
    assert _patched(story) == []
    german = story.crm("get_delivery", story.admin() | {"Accept-Language": "ru"}, query={"id": answer["delivery_id"]})
    assert "в RUB" in json_of(german)["results"]["deal"]["skipped"]


def test_33_3_whatever_else_a_calculation_in_another_currency_asks_for_is_done(story: Story) -> None:
    _account(story, currency="BRL")
    manager = _lead(story)["responsible_user_id"]
    options = {"update_price": True, "products": True, "pdf": "render", "responsible_user_id": manager}
    body = calculation() | {"options": options}
    answer = json_of(story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)}, body))
    results = answer["results"]
    assert results["deal"]["responsible_user_id"] == manager
    assert "price" not in results["deal"]
    assert "BRL" in results["deal"]["told"]
    assert (results["goods_link"], "BRL" in results["goods"]["told"]) == ({"linked": 2}, True)
    elements = story.simulator.control("show", domain=story.domain)["elements"]
    (hinge,) = [one for of in elements.values() for one in of.values() if one["name"] == "Петля"]
    codes = [one["field_code"] for one in hinge["custom_fields_values"] or []]
    assert codes == ["UNIT"]  # the price of a new good is not what it costs in another currency
    assert any("₽" in one["params"].get("text", "") for one in story.notes())


def test_33_3_an_account_that_changes_its_currency_is_asked_before_anything_is_left_out(story: Story) -> None:
    _account(story, currency="BRL")
    assert "skipped" in _save(story, "1")["results"]["deal"]
    story.simulator.control("change-account", domain=story.domain, currency="RUB")
    assert _save(story, "2")["results"]["deal"] == {"price": 2}
    story.simulator.control("change-account", domain=story.domain, currency="USD")
    story.clock.advance(minutes=11)
    cache._memory.clear()  # ten minutes, by the clock of the process
    assert "USD" in _save(story, "3")["results"]["deal"]["skipped"]


def test_33_3_a_newer_calculation_in_another_currency_does_not_take_the_budgets_place(story: Story) -> None:
    _account(story)
    story.simulator.fault("status", status=500, path="/api/v4/leads/[0-9]+", method="PATCH")
    older = _save(story, "100")
    story.clock.advance(seconds=1)
    assert "skipped" in _save(story, "200", currency="USD")["results"]["deal"]
    story.clock.advance(minutes=2)
    assert run_deliveries(story.runtime, 30)["delivered"] == 1
    assert story.delivery(older["delivery_id"])["results"]["deal"] == {"price": 100}
    assert _lead(story)["price"] == 100


# --- read ---------------------------------------------------------------------------------------------------------


@pytest.mark.vendor("leads.cents")
@pytest.mark.parametrize(("cents", "price"), [("kept", 2699.8), ("cut", 2699)])
def test_33_3_deals_are_told_with_their_cents(story: Story, cents: str, price: float) -> None:
    _account(story, cents=cents, search_lag=0)
    story.simulator.control(
        "person", domain=story.domain, kind="leads", id=story.lead_id, fields={"price": 2699.8, "name": "Ширма"}
    )
    headers = story.application() | {"X-Lead-Id": str(story.lead_id)}
    assert json_of(story.crm("get_lead", headers))["lead"]["price"] == price
    (found,) = json_of(story.crm("get_leads", story.application(), query={"query": "Ширма"}))["leads"]
    assert (found["id"], found["price"]) == (story.lead_id, price)


def test_34_a_budget_that_somebody_changes_at_that_moment_is_theirs_and_the_account_keeps_its_cents(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the write and the look at it: their whole number said that the account cuts cents, which all other
    deliveries then believed for an hour, and was overwritten."""
    _account(story, cents="kept")
    send = Transport.send

    def interleaved(self: Transport, method: str, *given: Any, **more: Any) -> Any:
        answer = send(self, method, *given, **more)
        if method == "PATCH":
            monkeypatch.setattr(Transport, "send", send)
            who = {"domain": story.domain, "kind": "leads", "id": story.lead_id}
            story.simulator.control("person", fields={"price": 2699}, **who)
        return answer

    monkeypatch.setattr(Transport, "send", interleaved)
    assert _save(story, "2699.80")["state"] == "delivered"
    assert _lead(story)["price"] == 2699
    assert [one["price"] for one in _patched(story)][:1] == [2699.8]
    assert _save(story, "3000.50")["results"]["deal"] == {"price": 3000.5}
