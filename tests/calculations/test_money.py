"""One rounding from the check to the deal, and numbers of any size."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from features.calculations import note, quotation
from features.calculations.model import Calculation
from features.calculations.template import template
from features.submissions import note as submitted
from features.submissions.model import Order, OrderItem
from shared.deliveries.items import Item
from shared.platform.http import Response
from shared.platform.money import budget, line_amount, money, rounded
from tests.story import Story, calculation, json_of

WORDS = template("glass", {}, "en")


def _save(story: Story, **changed: Any) -> Response:
    body = calculation(**({"discount": None, "delivery": None} | changed))
    body["options"] = {"update_price": True, "products": True}
    return story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)}, body)


def _item(quantity: Any, price: Any, **more: Any) -> dict[str, Any]:
    return {"name": "Bead", "quantity": quantity, "unit": "pcs", "unit_price": price, **more}


def _note(story: Story) -> str:
    (text,) = [one["params"]["text"] for one in story.notes()]
    return str(text)


@pytest.mark.parametrize(
    ("price", "total", "shown", "whole"),
    [
        ("10.005", "10.005", "10,01", 10),
        ("10.495", "10.495", "10,50", 11),
        ("2.5", "2.5", "2,50", 3),
        ("0.994999", "0.99", "0,99", 1),
    ],
)
def test_30_e2_what_is_checked_is_shown_and_written(
    connected: Story, price: str, total: str, shown: str, whole: int
) -> None:
    saved = json_of(_save(connected, items=[_item(1, price)], total=total))
    assert saved["state"] == "delivered"
    text = _note(connected)
    assert f"= {shown}\u00a0₽" in text
    assert f"Итого: {shown}\u00a0₽" in text
    assert saved["results"]["deal"]["price"] == whole
    lead = connected.simulator.control("show", domain=connected.domain)["leads"][str(connected.lead_id)]
    assert lead["price"] == whole
    ((summary,),) = connected.sql("SELECT summary FROM amocrm_deliveries")
    assert money(Decimal(summary["total"]), "ru") == shown


def test_30_e2_a_price_below_a_cent_is_shown_as_it_is(connected: Story) -> None:
    assert _save(connected, items=[_item(1000, "0.004", discount="0.125")], total="3.88").status == 200
    assert "1000 pcs × 0,004 = 3,88\u00a0₽ (скидка 0,125\u00a0₽)" in _note(connected)


def test_30_e2_the_quotation_says_what_the_note_says() -> None:
    made = Calculation("T", "EUR", (Item("Bead", Decimal(1), "pcs", Decimal("10.005")),), Decimal("10.005"))
    text = note.text(made, WORDS, "en")
    facts = quotation._facts(made, "en", datetime(2026, 1, 2))
    assert "× 10.005 = 10.01\u00a0€" in text
    assert "Total: 10.01\u00a0€" in text
    assert (facts["items"][0]["price"], facts["items"][0]["amount"]) == ("10.005\u00a0€", "10.01\u00a0€")
    assert facts["total"] == "10.01\u00a0€"


def test_30_e2_an_orders_note_adds_up_for_whoever_reads_it() -> None:
    items = [OrderItem("Bead", Decimal("1.50"), Decimal("10.005"), "m", discount=Decimal("0.5"))]
    order = Order("17", items, Decimal("14.5075"), "RUB")
    assert order.expected_total == order.rounded_total == Decimal("14.51")
    text = submitted.text("order", "17", {}, order, (), (), "ru")
    assert text is not None
    assert "1. Bead — 1,5 m × 10,005\u00a0₽ = 14,51\u00a0₽ (скидка 0,50\u00a0₽)" in text
    assert "Итого: 14,51\u00a0₽" in text


def test_30_e2_an_orders_budget_is_rounded_like_a_calculations() -> None:
    assert [budget(Decimal(one)) for one in ("2.5", "3.5", "10.495", "10.49", "0")] == [3, 4, 11, 10, 0]


def test_money_is_written_with_the_digits_that_it_has() -> None:
    shown = [money(Decimal(one), "en") for one in ("1234", "1234.00", "1234.5", "0.004", "1E+12", "10.100000")]
    assert shown == ["1,234", "1,234", "1,234.50", "0.004", "1,000,000,000,000", "10.10"]


@pytest.mark.parametrize(
    ("items", "path"),
    [
        ([_item("1e12", "1e12")] * 100, "calculation.items[0]"),
        ([_item("1000001", "1000000")], "calculation.items[0]"),
        ([_item("1e3000000", "1")], "calculation.items[0].quantity"),
        ([_item("1", "NaN")], "calculation.items[0].unit_price"),
        ([_item("1", "sNaN")], "calculation.items[0].unit_price"),
        ([_item("1", "-Infinity")], "calculation.items[0].unit_price"),
        ([_item("0", "1")], "calculation.items[0].quantity"),
        ([_item("1", "1", discount="-0.01")], "calculation.items[0].discount"),
        ([_item("1e12", "1")] * 2, "calculation.total"),
    ],
)
def test_30_e3_large_and_strange_numbers_are_told(connected: Story, items: Any, path: str) -> None:
    refused = _save(connected, items=items, total="1e12")
    assert refused.status == 422
    assert path in [one["path"] for one in json_of(refused)["errors"]]


def test_30_e3_the_largest_amounts_are_exact() -> None:
    assert line_amount(Decimal("999999.999999"), Decimal("999999.999999"), None) == Decimal("999999999998.00")
    assert line_amount(Decimal("1.000001"), Decimal("123456789012.499999"), None) == Decimal("123456912469.29")
    assert rounded(Decimal("0E+1000000")) == 0
