"""A visit's price becomes the budget of its deal in the account's own currency only (33-3)."""

from tests.bookings.conftest import Clinic
from tests.story import json_of

GOODS = {"id": "consult", "name": "Консультация", "minutes": 30, "price": "2500.50", "sku": "C-1"}


def test_33_3_a_visits_price_in_another_currency_is_no_budget(clinic: Clinic) -> None:
    clinic.story.simulator.control("change-account", domain=clinic.story.domain, currency="BRL")
    clinic.set_up(services=[GOODS], goods=True)
    clinic.booked()
    (row,) = clinic.story.sql("SELECT id FROM amocrm_deliveries WHERE action = 'bring_booking'")
    results = clinic.story.delivery(str(row[0]))["results"]
    assert clinic.account()["leads"][str(results["lead"]["lead_id"])]["price"] == 0
    assert results["budget"]["skipped"].startswith("The amounts are in RUB, those of the account in BRL")
    assert "told" in results["goods"]
    assert any("2\u202f500,50\u00a0₽" in one for one in clinic.notes(results["lead"]["lead_id"]))


def test_30_4_the_account_s_currency_is_told_to_the_card_and_not_to_visitors(clinic: Clinic) -> None:
    """Whoever books in a deal's card sees that a price in another one becomes no budget."""
    clinic.story.simulator.control("change-account", domain=clinic.story.domain, currency="BRL")
    clinic.set_up(services=[GOODS])
    told = json_of(clinic.story.crm("get_services", clinic.card()))
    assert (told["account_currency"], told["services"][0]["currency"]) == ("BRL", "RUB")
    assert json_of(clinic.story.crm("get_services", clinic.site()))["account_currency"] is None


def test_33_3_a_visits_price_keeps_its_cents(clinic: Clinic) -> None:
    clinic.story.simulator.control("change-account", domain=clinic.story.domain, cents="kept")
    clinic.set_up(services=[GOODS])
    clinic.booked()
    (row,) = clinic.story.sql("SELECT id FROM amocrm_deliveries WHERE action = 'bring_booking'")
    results = clinic.story.delivery(str(row[0]))["results"]
    assert results["budget"] == {"price": 2500.5}
    assert clinic.account()["leads"][str(results["lead"]["lead_id"])]["price"] == 2500.5
