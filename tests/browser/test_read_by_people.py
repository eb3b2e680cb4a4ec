"""What was sent, received and understood is read by people: a calculation as its note, an order as its cart (38-3)."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.demo import Demo, connect, port_of
from tests.longer import others_long
from tests.looking import looked_at
from tests.visiting import go, in_one_demo

pytestmark = in_one_demo

_LONG = "Стеклопакет" + "о" * 189
_HEBREW = "\u05d6\u05db\u05d5\u05db\u05d9\u05ea \u202e\u05de\u05d7\u05d5\u05e1\u05de\u05ea"
_ITEM = {"quantity": "2.5", "unit": "м²", "unit_price": "6399.996"}
_CALCULATION = {
    "title": f"Душевая {_HEBREW}",
    "number": "К-17",
    "currency": "RUB",
    "items": [{"name": _LONG, **_ITEM}, {"name": "Петля", "quantity": 2, "unit": "шт", "unit_price": "750.1"}],
    "discount": "500.20",
    "total": "16999.99",
    "parameters": [{"name": "Ширина", "value": "1 200 мм"}],
    "valid_until": "2027-01-31",
    "comment": "Позвонить заранее",
}
_ORDER = {
    "order": {
        "number": "1042",
        "total": "1450.02",
        "currency": "RUB",
        "items": [
            {"name": "Чай", "sku": "T-1", "quantity": "2.00004", "unit_price": "500", "category": ["Еда", "Напитки"]}
        ],
        "delivery": {"method": "Курьер", "cost": "450"},
        "payment": "картой",
        "address": {"city": "Казань", "street": "Баумана", "building": "5"},
        "comment": "До обеда",
    },
    "contact": {"name": _HEBREW, "phone": ["+7 916 555-44-33", "+7 916 555-44-34"]},
    "fields": {"Как нашли": "на выставке"},
    "tracking": {"utm_source": "yandex"},
}


_REFUSED: dict[str, Any] = {"kind": "status", "status": 500, "path": "/api/v4/leads/.*/notes", "method": "POST"}


def _sent(demo: Demo, headers: dict[str, str], action: str, body: Any) -> str:
    with demo.http(headers) as http:
        answer = http.post(f"/{action}", json=body, headers={"Idempotency-Key": f"38-3-{action}-{uuid4()}"})
        assert answer.status_code in (200, 202), answer.text
        return str(answer.json()["delivery_id"])


def _now(demo: Demo) -> datetime:
    """By the database's clock, which other tests in this demo move on."""
    [[now]] = demo.sql("SELECT amocrm_now()")
    assert isinstance(now, datetime)
    return now


def _signed_in(page: Page, demo: Demo, address: str) -> None:
    page.goto(f"{demo.panel}#/steklodom.amocrm.ru/glass/{address}")
    page.locator("#token").fill(demo.token)
    page.locator("#sign-in-form button").click()


@pytest.mark.long
def test_the_story_names_what_amocrm_does_not_take(context: BrowserContext, demo: Demo) -> None:
    """All that was told of it was that amoCRM is not available, while everything else arrived."""
    headers = connect(demo)
    with demo.http(headers) as http:
        lead = str(http.get("/get_leads").json()["leads"][0]["id"])
    httpx.post(f"http://127.0.0.1:{port_of(demo.amocrm)}/_control/fault", json=_REFUSED).raise_for_status()
    body = {"calculation": _CALCULATION | {"number": "К-18"}}
    refused = _sent(demo, headers | {"X-Lead-Id": lead}, "save_calculation", body)
    page = context.new_page()
    _signed_in(page, demo, f"deliveries/{refused}")
    expect(page.get_by_text("Примечание в ленте: amoCRM сейчас недоступна").first).to_be_visible()


@pytest.mark.long
@pytest.mark.parametrize(
    ("locale", "total", "words"),
    others_long(
        [
            ("ru-RU", "16\u00a0999,99\u00a0₽", ("Кол-во", "Итого", "Человек", "Как JSON", "31 января 2027")),
            ("es-MX", "16.999,99\u00a0RUB", ("Cantidad", "Total", "Persona", "Como JSON", "31 de enero de 2027")),
        ]
    ),
)
def test_38_3_a_calculation_reads_like_its_note_and_an_order_like_its_cart(
    chromium: Browser, demo: Demo, locale: str, total: str, words: tuple[str, ...]
) -> None:
    headers = connect(demo)
    with demo.http(headers) as http:
        lead = str(http.get("/get_leads").json()["leads"][0]["id"])
    calculation = _sent(demo, headers | {"X-Lead-Id": lead}, "save_calculation", {"calculation": _CALCULATION})
    order = _sent(demo, headers, "submit_order", _ORDER)
    quantity, sum_, person, as_json, until = words
    context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 900}, timezone_id="Europe/Moscow")
    context.clock.set_fixed_time(_now(demo))
    page = context.new_page()
    _signed_in(page, demo, f"deliveries/{calculation}")
    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader", name=quantity)).to_be_visible()
    expect(table.get_by_role("row").filter(has_text=_LONG)).to_contain_text(re.compile("6\u00a0?399,996"))
    expect(table.get_by_role("row", name=sum_)).to_contain_text(total)
    expect(page.locator("#deliveries")).to_contain_text(until)
    expect(page.locator("#deliveries")).not_to_contain_text("unit_price")
    expect(page.locator("#deliveries time.ago").first).to_have_text(re.compile("назад|сейчас|hace|ahora"))
    looked_at(page, f"panel-delivery-calculation-{locale[:2]}")
    page.get_by_role("button", name=as_json).click()
    expect(page.locator("pre.raw")).to_contain_text('"unit_price": "6399.996"')
    go(page, f"deliveries/{order}")
    expect(page.get_by_role("heading", name=person)).to_be_visible()
    for text in ("1042", "Чай", "T-1 · Еда › Напитки", "2,00004", _HEBREW, "на выставке", "yandex", "+7 916 555-44-34"):
        expect(page.locator("#deliveries")).to_contain_text(text)
    looked_at(page, f"panel-delivery-order-{locale[:2]}")
    context.close()


_OFFER: Any = {
    "is_on": True,
    "time_zone": "Asia/Yekaterinburg",
    "hours": {
        day: ["09:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    },
    "resources": [{"id": "ivanova", "name": "Иванова"}],
    "services": [{"id": "consult", "name": "Консультация", "minutes": 30}],
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("locale", "said"), others_long([("en-GB", "10:00 (Asia/"), ("ru-RU", "10:00 (Asia/Yekaterinburg)")])
)
def test_38_7_a_visit_is_told_by_the_companys_clock(chromium: Browser, demo: Demo, locale: str, said: str) -> None:
    """Somebody looks from Mexico: the time is the one on the clinic's wall, and it is said whose clock that is."""
    headers = connect(demo, widget_type="clinic")
    there = ZoneInfo("Asia/Yekaterinburg")
    at = (_now(demo).astimezone(there) + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    with demo.http(headers) as http:
        before = http.get("/get_settings").json()["settings"]["bookings"]
        assert http.post("/save_settings", json={"bookings": _OFFER}).status_code == 200
        visitor = {"name": "Нина", "phone": "+7 916 555-44-33"}
        body = {"service": "consult", "resource": "ivanova", "starts_at": at.isoformat(), "visitor": visitor}
        assert http.post("/book", json=body).status_code in (200, 202)
        [one] = http.get("/get_deliveries", params={"write": "bring_booking", "limit": "1"}).json()["deliveries"]
    context = chromium.new_context(
        locale=locale, viewport={"width": 1280, "height": 900}, timezone_id="America/Mexico_City"
    )
    page = context.new_page()
    page.goto(f"{demo.panel}#/steklodom.amocrm.ru/clinic/deliveries/{one['delivery_id']}")
    page.locator("#token").fill(demo.token)
    page.locator("#sign-in-form button").click()
    expect(page.locator(".content")).to_contain_text(said)
    context.close()
    demo.sql("DELETE FROM amocrm_bookings")
    with demo.http(headers) as http:
        assert http.post("/save_settings", json={"bookings": before}).status_code == 200
