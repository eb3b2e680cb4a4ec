"""Appointments in the panel: as many visits as there are, and services that keep to whom they name."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.demo import ROOT, Demo, connect
from tests.longer import others_long
from tests.visiting import choose, connected_panel, go, in_one_demo

pytestmark = in_one_demo

_DOCTORS = [{"id": "ivanova", "name": "Иванова"}, {"id": "petrov", "name": "Петров"}]
_MASSAGE = {"id": "massage", "name": "Массаж", "resources": ["petrov"], "rooms": ["room-1"]}
_ROOM = {"id": "room-1", "name": "Кабинет 1", "is_room": True}


def _set_up(demo: Demo) -> dict[str, str]:
    offer = {"is_on": True, "resources": [*_DOCTORS, _ROOM], "services": [_MASSAGE]}
    headers = connect(demo, widget_type="clinic")
    with demo.http(headers) as http:
        answer = http.post("/save_settings", json={"bookings": offer})
        assert answer.status_code == 200, answer.text
    return headers


# Visits of one doctor, one after the other, as if they had been booked.
_MANY = """
INSERT INTO amocrm_bookings (id, integration_id, service, resource, starts_at, ends_at, state, brought, facts)
SELECT gen_random_uuid(), i.id, 'massage', 'petrov', t, t + interval '5 minutes', 'booked', 1,
    jsonb_build_object('service', 'Массаж ' || n, 'resource', 'Петров', 'currency', 'RUB')
FROM amocrm_integrations i, generate_series(1, 203) AS n,
    LATERAL (SELECT date_trunc('day', amocrm_now()) + interval '1 day' + n * interval '6 minutes' AS t) AS times
WHERE i.widget_type = 'clinic'
"""


@pytest.mark.long
def test_30_k_a_week_has_more_visits_than_a_page(context: BrowserContext, demo: Demo) -> None:
    """What does not fit is said to be there, and shown on demand, to the last one."""
    _set_up(demo)
    demo.sql(_MANY)
    page = connected_panel(context, demo)
    choose(page, "clinic")
    go(page, "appointments?show=list")
    visits = page.locator("#visits > li")
    expect(visits).to_have_count(200)
    more = page.get_by_role("button", name="Показать ещё")
    more.click()
    expect(visits).to_have_count(203)
    expect(visits.last).to_contain_text("Массаж 203")
    expect(more).to_be_hidden()
    page.get_by_label("Неделя с").fill("2020-01-01")
    expect(visits).to_have_count(1)
    expect(more).to_be_hidden()


@pytest.mark.long
@pytest.mark.refusals(422)
def test_30_k_a_service_of_a_removed_doctor_is_not_offered_by_everybody(context: BrowserContext, demo: Demo) -> None:
    """Nobody ticked means every doctor: whoever is gone stays ticked until somebody unticks them."""
    headers = _set_up(demo)
    page = connected_panel(context, demo)
    choose(page, "clinic")
    go(page, "appointments")
    people, services = page.locator("form.builder > details").nth(0), page.locator("form.builder > details").nth(1)
    people.locator("summary").first.click()
    for number in (2, 1):  # the room, and Petrov
        people.locator(f"fieldset >> nth={number}").get_by_role("button", name="Убрать", exact=True).last.click()
    services.locator("summary").first.click()
    services.get_by_text("Кто оказывает и где").click()
    gone = services.get_by_label("нет в списке: petrov")
    expect(gone).to_be_checked()
    expect(services.get_by_label("нет в списке: room-1")).to_be_checked()
    page.get_by_role("button", name="Сохранить", exact=True).click()
    expect(page.get_by_text("такого специалиста или кабинета нет").first).to_be_visible()
    gone.uncheck()
    services.get_by_label("нет в списке: room-1").uncheck()
    services.get_by_label("Иванова").check()
    with page.expect_response(re.compile("action=save_settings")) as saved:
        page.get_by_role("button", name="Сохранить", exact=True).click()
    assert saved.value.status == 200
    with demo.http(headers) as http:
        (service,) = _bookings(http)["services"]
    assert (service["resources"], service["rooms"]) == (["ivanova"], [])


def _bookings(http: Any) -> Any:
    return http.get("/get_settings").json()["settings"]["bookings"]


@pytest.mark.parametrize("locale", others_long(["es-MX", "ru-RU"]))
@pytest.mark.refusals(422)
def test_33_4_a_doctors_own_calendar_in_the_panel(chromium: Browser, demo: Demo, locale: str) -> None:
    """Its address is gone from the page as soon as it is sent; the page says how reading it fares."""
    _set_up(demo)
    words = json.loads((ROOT / "web" / "i18n" / f"{locale[:2]}.json").read_text("utf-8"))
    context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())  # its address cannot be had again (38-7)
    page.goto(demo.panel)
    page.locator("#token").fill(demo.token)
    page.locator("#sign-in-form button").click()
    choose(page, "clinic")
    go(page, "appointments")
    people = page.locator("form.builder > details").nth(0)
    people.locator("summary").first.click()
    people.get_by_text(words["bookings.subscription"]).first.click()
    address = people.get_by_label(words["bookings.subscription_url"])
    begin, end = (people.get_by_role("button", name=words[f"bookings.{one}"]) for one in ("subscribe", "unsubscribe"))
    expect(address).to_be_visible()
    expect(end).to_be_hidden()
    address.fill("http://calendar.invalid/private.ics")
    begin.click()
    expect(people.get_by_role("alert").filter(has_text="https://")).to_be_visible()
    address.fill("webcal://calendar.invalid/private-0123456789.ics")
    begin.click()
    status = people.get_by_role("status")
    expect(status).to_contain_text("calendar.invalid")
    expect(status).to_contain_text(words["bookings.subscription_fails"].split("{problem} ")[1])
    expect(address).to_have_value("")
    assert "private-0123456789" not in page.content()
    demo.sql(_WAS_READ)
    page.reload()
    go(page, "appointments")
    people.locator("summary").first.click()
    people.get_by_text(words["bookings.subscription"]).first.click()
    expect(status).to_contain_text(words["bookings.subscribed"].split("; ")[1].format(times=2))
    expect(status).to_contain_text("17, 21")
    end.click()
    expect(status).to_be_empty()
    expect(end).to_be_hidden()
    assert demo.sql("SELECT count(*) FROM amocrm_booking_calendars") == [(0,)]
    context.close()


_WAS_READ = """
UPDATE amocrm_booking_calendars SET read_at = amocrm_now(), reckoned_at = amocrm_now(), problem = NULL,
    failing_since = NULL, busy = '{[1,2),[5,6)}',
    left_out = '[{"reason": "an hour is no day off", "count": 2, "lines": [17, 21]}]'
"""
