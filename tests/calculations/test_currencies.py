"""What a card and the panel know of the account's currency before anything is written (33-3)."""

from typing import Any

import pytest

from shared.storage import cache
from tests.calculations.test_calculators import _asked, _document, _draft, _publish, _sent, _write
from tests.story import Story, calculation, json_of


@pytest.fixture
def brazil(story: Story) -> Story:
    story.simulator.control("change-account", domain=story.domain, currency="BRL")
    return story


def _note(story: Story) -> str:
    return "\n".join(str(one["params"].get("text")) for one in story.notes())


def _in(currency: str, body: Any) -> Any:
    return body | {"calculation": body["calculation"] | {"currency": currency}} | {"options": {"update_price": True}}


def test_33_3_an_example_is_in_the_accounts_currency_and_becomes_its_budget(brazil: Story) -> None:
    asked = _asked(brazil)
    assert (asked["calculator"]["currency"], asked["account_currency"]) == ("BRL", "BRL")
    saved = json_of(_write(brazil, _in("BRL", _sent(brazil))))
    assert saved["results"]["deal"] == {"price": 25124}
    refused = _write(brazil, _in("RUB", _sent(brazil)))
    assert (json_of(refused)["code"], json_of(refused)["differs"]) == ("sum_differs", ["currency"])


def test_33_3_a_page_that_was_opened_before_the_account_had_another_currency_is_told(story: Story) -> None:
    sent = _in("RUB", _sent(story))
    story.simulator.control("change-account", domain=story.domain, currency="BRL")
    story.sql("DELETE FROM amocrm_remembered")
    cache._memory.clear()
    assert json_of(_write(story, sent))["code"] == "calculator_changed"


def test_33_3_a_published_calculator_keeps_its_currency_and_the_card_can_tell_that_it_is_not_the_accounts(
    brazil: Story,
) -> None:
    _publish(brazil, _document())
    asked = _asked(brazil)
    assert (asked["calculator"]["currency"], asked["account_currency"]) == ("RUB", "BRL")
    assert "skipped" in json_of(_write(brazil, _in("RUB", _sent(brazil))))["results"]["deal"]


def test_33_3_a_calculation_without_a_currency_is_in_the_accounts_own(brazil: Story) -> None:
    body = calculation(currency="") | {"options": {"update_price": True, "products": True}}
    saved = json_of(_write(brazil, body))
    assert (saved["results"]["deal"]["price"], "told" in saved["results"]["goods"]) == (18000, False)
    assert "17\u202f999,99\u00a0R$" in _note(brazil)
    assert brazil.delivery(saved["delivery_id"])["summary"]["currency"] == "BRL"
    assert json_of(_write(brazil, body))["delivery_id"] == saved["delivery_id"]


def test_33_3_without_a_currency_it_is_saved_also_where_nobody_can_say_which_it_is(brazil: Story) -> None:
    brazil.simulator.fault("status", status=500, path="/api/v4/account", times=1)
    body = calculation(currency="") | {"options": {"update_price": True}}
    saved = json_of(_write(brazil, body))
    assert saved["results"]["deal"]["price"] == 18000
    assert json_of(_write(brazil, body))["delivery_id"] == saved["delivery_id"]  # whatever is known by now


def test_33_3_the_panel_begins_with_the_accounts_currency(brazil: Story) -> None:
    draft = _draft(brazil)
    assert draft["account_currency"] == "BRL"
    assert {one["currency"] for one in draft["usual"].values()} == {"BRL"}
    assert draft["in_force"][0]["document"]["currency"] == "BRL"
    _publish(brazil, _document())
    assert [one["document"]["currency"] for one in _draft(brazil)["in_force"]] == ["RUB", "BRL"]


def test_38_the_preview_of_notes_counts_in_the_accounts_currency(brazil: Story) -> None:
    note = json_of(brazil.crm("preview", brazil.admin(), {}))["note"]
    assert ("R$" in note, "₽" in note) == (True, False)


def test_38_a_preview_of_an_account_that_nobody_can_ask_has_no_sign(story: Story) -> None:
    story.simulator.fault("status", status=500, path="/api/v4/account", times=9)
    note = json_of(story.crm("preview", story.admin(), {}))["note"]
    assert ("24\u202f624" in note, "₽" in note) == (True, False)


def test_33_3_an_account_that_nobody_can_ask_stops_no_card(story: Story) -> None:
    story.simulator.fault("status", status=500, path="/api/v4/account", times=9)
    asked = _asked(story)
    assert (asked["calculator"]["currency"], asked["account_currency"]) == ("RUB", None)
    assert _draft(story)["account_currency"] is None


def test_33_3_an_account_that_is_not_connected_has_no_currency_yet(tale: Story) -> None:
    assert tale.save_connection().status == 201
    asked = json_of(tale.crm("get_calculator_draft", tale.admin(), query={"level": "connection"}))
    assert (asked["account_currency"], asked["usual"]["glass"]["currency"]) == (None, "RUB")


def test_33_3_the_accounts_currency_can_be_asked_for(brazil: Story) -> None:
    assert json_of(brazil.crm("get_account", brazil.admin())) == {"currency": "BRL"}
    brazil.simulator.control("change-account", domain=brazil.domain, currency="USD")
    assert json_of(brazil.crm("get_account", brazil.admin())) == {"currency": "BRL"}  # remembered
    assert json_of(brazil.crm("get_account", brazil.admin(), query={"refresh": "1"})) == {"currency": "USD"}


def _unreachable(story: Story) -> None:
    """For longer than the currency is known without asking."""
    story.clock.advance(minutes=30)
    cache._memory.clear()
    story.simulator.fault("status", status=500, path="/api/v4/.*", times=99)


def test_33_3_an_example_that_is_open_is_saved_while_nobody_can_ask_for_the_currency(brazil: Story) -> None:
    """What was known last still counts: an outage of amoCRM's makes no other calculator of it."""
    sent = _in("BRL", _sent(brazil))
    _unreachable(brazil)
    saved = _write(brazil, sent)
    assert (saved.status, json_of(saved).get("code")) == (202, None)
    asked = _asked(brazil)
    assert (asked["calculator"]["currency"], asked["account_currency"]) == ("BRL", "BRL")
