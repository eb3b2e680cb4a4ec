"""The clinic's day and week: columns by doctor, a visit moved by pointer and by keys, undone, printed (38-5, 38-7)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo import Demo, connect
from tests.longer import others_long
from tests.looking import OLD_BROWSER, looked_at, picture
from tests.visiting import in_one_demo

pytestmark = in_one_demo

_PLACE: Final = "#/steklodom.amocrm.ru/clinic/appointments"
_LONG: Final = "Иванова-" + "Щ" * 110
_HEBREW: Final = "\u05d3\u05d5\u05e8 \u202e\u05dc\u05d5\u05d9"
_DOCTORS: Final = [{"id": "ivanova", "name": _LONG}, {"id": "petrov", "name": "Петров"}]
_WEEK: Final = {
    day: ["09:00-13:00", "14:00-18:00"]
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}
_DAY: Final = (datetime.now(UTC) + timedelta(days=3)).date()


@pytest.fixture(autouse=True)
def _no_visits(demo: Demo) -> Iterator[None]:
    """Other stories of the demo count theirs."""
    yield
    demo.sql("DELETE FROM amocrm_bookings")


def _booked(demo: Demo) -> tuple[dict[str, str], Any]:
    headers = connect(demo, widget_type="clinic")
    offer = {
        "is_on": True,
        "hours": _WEEK,
        "resources": _DOCTORS,
        "services": [{"id": "consult", "name": "Консультация", "minutes": 30}],
        "step_minutes": 30,
    }
    demo.sql("DELETE FROM amocrm_bookings")
    with demo.http(headers) as http:
        assert http.post("/save_settings", json={"bookings": offer}).status_code == 200
        made = []
        for hour, doctor, name in (
            (10, "ivanova", _HEBREW),
            (11, "petrov", "Нина " + "о" * 190),
            (15, "petrov", "Олег"),
        ):
            visitor = {"name": name, "phone": f"+7 916 555-44-{hour}"}
            body = {"service": "consult", "resource": doctor, "starts_at": _at(hour), "visitor": visitor}
            answer = http.post("/book", json=body)
            assert answer.status_code in (200, 202), answer.text
            made.append(answer.json()["booking"])
    return headers, made


def _at(hour: int, minute: int = 0) -> str:
    return f"{_DAY}T{hour:02}:{minute:02}:00+03:00"


def _signed_in(page: Page, demo: Demo, address: str) -> None:
    page.goto(f"{demo.panel}{address}")
    page.locator("#token").fill(demo.token)
    page.locator("#sign-in-form button").click()


def _now(demo: Demo, headers: dict[str, str], booking: Any) -> tuple[str, str]:
    with demo.http(headers) as http:
        listed = http.get("/get_bookings", params={"from": str(_DAY), "to": str(_DAY)}).json()["bookings"]
        (one,) = [one for one in listed if one["id"] == booking["id"]]
        return one["starts_at"], one["resource"]["id"]


@pytest.mark.long
def test_hours_are_shown_as_the_server_has_them_also_where_the_zone_is_not_known(chromium: Browser, demo: Demo) -> None:
    """Who has the day off has it on a special day of the company, too; who has hours of their own works within both. A
    browser whose zones are of 2021 shows the calendar all the same."""
    headers, _ = _booked(demo)
    demo.sql("DELETE FROM amocrm_bookings")
    own = {day: ["12:00-16:00"] for day in _WEEK}
    offer = {
        "is_on": True,
        "time_zone": "Europe/Kyiv",
        "hours": _WEEK,
        "special_days": [{"day": str(_DAY), "hours": ["10:00-14:00"]}],
        "resources": [
            {"id": "ivanova", "name": "Иванова", "days_off": [{"first": str(_DAY), "last": str(_DAY)}]},
            {"id": "petrov", "name": "Петров", "hours": own},
            {"id": "sidorova", "name": "Сидорова"},
        ],
    }
    with demo.http(headers) as http:
        assert http.post("/save_settings", json={"bookings": offer}).status_code == 200
    context = chromium.new_context(locale="ru-RU", timezone_id="Europe/Helsinki")
    context.add_init_script(OLD_BROWSER)
    page = context.new_page()
    _signed_in(page, demo, f"{_PLACE}?from={_DAY}")
    columns = page.locator(".column")
    expect(columns).to_have_count(3)
    heights = [
        [one.evaluate("one => one.style.height") for one in columns.nth(n).locator(".open").all()] for n in range(3)
    ]
    assert heights == [[], ["150px"], ["300px"]]  # none, two hours, four
    page.locator(".toolbar button").nth(1).click()
    expect(page.locator(".column.today")).to_have_count(3)
    context.close()


@pytest.mark.long
def test_who_begins_with_appointments_begins_with_their_own_zone(chromium: Browser, demo: Demo) -> None:
    """Else a clinic in Tashkent was open by the clock of Moscow, two hours late, until somebody saw it."""
    headers = connect(demo, widget_type="clinic")
    with demo.http(headers) as http:
        assert http.post("/save_settings", json={"bookings": {}}).status_code == 200
        context = chromium.new_context(locale="ru-RU", timezone_id="Asia/Tashkent")
        page = context.new_page()
        _signed_in(page, demo, _PLACE)
        expect(page.get_by_label("Часовой пояс")).to_have_value("Asia/Tashkent")
        page.get_by_role("button", name="Начать с примера").click()
        page.get_by_role("button", name="Сохранить", exact=True).click()
        expect(page.get_by_text("Сохранено.")).to_be_visible()
        assert http.get("/get_settings").json()["settings"]["bookings"]["time_zone"] == "Asia/Tashkent"
        assert http.post("/save_settings", json={"bookings": {"time_zone": "Asia/Almaty"}}).status_code == 200
        page.reload()
        expect(page.get_by_label("Часовой пояс")).to_have_value("Asia/Almaty")  # somebody has chosen it
        context.close()


@pytest.mark.parametrize("locale", others_long(["ru-RU", "es-MX"]))
@pytest.mark.refusals(409)
def test_38_5_a_day_by_doctor_in_which_a_visit_is_moved(chromium: Browser, demo: Demo, locale: str) -> None:
    """By a pointer, by keys, undone; somebody else who was faster is told."""
    headers, (first, _, third) = _booked(demo)
    context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    _signed_in(page, demo, f"{_PLACE}?from={_DAY}")
    columns = page.locator(".column")
    expect(columns).to_have_count(2)
    expect(columns.nth(0).locator(".visit")).to_have_count(1)
    expect(columns.nth(1).locator(".visit")).to_have_count(2)
    looked_at(page, f"panel-calendar-{locale[:2]}")

    # Carried by a pointer, to another doctor and another time.
    visit = columns.nth(0).locator(".visit")
    target = columns.nth(1).locator(".visit").nth(1)  # at 15:00: an hour above it is 14:00
    at, to = visit.bounding_box(), target.bounding_box()
    assert at
    assert to
    page.mouse.move(at["x"] + 20, at["y"] + 8)
    page.mouse.down()
    page.mouse.move(at["x"] + 30, at["y"] + 30, steps=3)
    expect(page.locator(".slot").first).to_be_visible()
    picture(page, f"panel-calendar-moving-{locale[:2]}")
    page.mouse.move(to["x"] + 40, to["y"] + 8 - 75, steps=5)
    page.mouse.up()
    expect(columns.nth(1).locator(".visit")).to_have_count(3)
    assert _now(demo, headers, first) == (_at(14), "petrov")
    page.locator("#toasts button").first.click()
    expect(columns.nth(0).locator(".visit")).to_have_count(1)
    assert _now(demo, headers, first) == (_at(10), "ivanova")

    # By keys alone.
    visit.focus()
    page.keyboard.press("ArrowRight")
    expect(columns.nth(1).locator(".visit").first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("dialog.visit-opened")).to_contain_text(_HEBREW)
    looked_at(page, f"panel-calendar-visit-{locale[:2]}")
    page.locator("dialog button").first.press("Enter")
    expect(page.locator(".slot.near")).to_be_focused()
    looked_at(page, f"panel-calendar-free-{locale[:2]}")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".slot")).to_have_count(0)
    assert _now(demo, headers, first)[0] > _at(10)
    expect(page.locator(f'.visit[data-id="{first["id"]}"]')).to_be_focused()

    # Somebody else was faster, while the visit was looked at: what is open is not drawn anew.
    page.locator(f'.visit[data-id="{third["id"]}"]').click()
    expect(page.locator("dialog.visit-opened")).to_be_visible()
    with demo.http(headers) as http:
        asked = {"id": third["id"], "starts_at": _at(17), "version": third["version"]}
        assert http.post("/move_booking", json=asked).status_code in (200, 202)
    page.locator("dialog button").first.click()
    page.locator(".slot").first.click()
    expect(page.locator(".card.calendar > .error")).not_to_be_empty()
    expect(page.locator(f'.visit[data-id="{third["id"]}"]')).to_contain_text(re.compile("17:00|5:00"))
    assert _now(demo, headers, third)[0] == _at(17)
    context.close()


@pytest.mark.long
@pytest.mark.refusals(503)
def test_38_5_a_week_an_empty_day_a_silent_server_and_paper(chromium: Browser, demo: Demo) -> None:
    """At 200 % zoom too: the page is 640 px wide then."""
    _booked(demo)
    context = chromium.new_context(locale="ru-RU", viewport={"width": 640, "height": 500})
    page = context.new_page()
    _signed_in(page, demo, f"{_PLACE}?show=week&from={_DAY}&whose=petrov")
    expect(page.locator(".column")).to_have_count(7)
    expect(page.locator(".visit")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    looked_at(page, "panel-calendar-week")
    page.emulate_media(media="print")
    expect(page.locator(".toolbar").first).to_be_hidden()
    expect(page.locator(".visit").first).to_be_visible()
    picture(page, "panel-calendar-paper")
    page.emulate_media(media="screen")
    page.get_by_role("link", name="День", exact=True).click()
    expect(page.locator(".column")).to_have_count(1)
    page.get_by_label("Дата").fill("2020-01-01")
    expect(page.get_by_text("Приёмов нет.")).to_be_visible()
    expect(page).to_have_url(re.compile("from=2020-01-01"))
    page.route(re.compile("action=get_bookings"), lambda route: route.fulfill(status=503, json={"detail": "Молчит."}))
    page.reload()
    expect(page.get_by_text("Молчит.")).to_be_visible()
    looked_at(page, "panel-calendar-silent")
    page.unroute(re.compile("action=get_bookings"))
    page.get_by_role("button", name="Повторить").first.click()
    expect(page.get_by_text("Приёмов нет.")).to_be_visible()
    context.close()


@pytest.mark.long
@pytest.mark.refusals(409)
def test_38_5_a_day_is_the_company_s_and_what_is_looked_at_is_kept(chromium: Browser, demo: Demo) -> None:
    """In Vladivostok a morning is yesterday for a server: the search leads to its day all the same. The other modes
    lead to the day that is looked at. Also in the list, who changes what somebody else has changed is told."""
    headers, _ = _booked(demo)
    demo.sql("DELETE FROM amocrm_bookings")
    next_day, later = _DAY + timedelta(days=1), f"{_DAY}T11:00:00+10:00"
    with demo.http(headers) as http:
        offer = http.get("/get_settings").json()["settings"]["bookings"]
        assert http.post("/save_settings", json={"bookings": offer | {"time_zone": "Asia/Vladivostok"}}).is_success
        visitor = {"name": "Зоя", "phone": "+7 916 555-44-99"}
        wanted = {"service": "consult", "resource": "petrov", "starts_at": f"{_DAY}T09:00:00+10:00"}
        booking = http.post("/book", json=wanted | {"visitor": visitor}).json()["booking"]
    context = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    _signed_in(page, demo, _PLACE)
    expect(page.locator(".column").first).to_be_visible()
    page.locator("#find").click()
    page.locator("#search-all").fill(booking["id"])
    page.locator("#found a").first.click()
    expect(page.get_by_label("Дата")).to_have_value(str(_DAY))
    visit = page.locator(".visit")
    expect(visit).to_contain_text("Зоя")

    page.get_by_label("Дата").fill(str(next_day))
    expect(visit).to_have_count(0)
    page.get_by_role("link", name="Список", exact=True).click()
    expect(page.get_by_label("Неделя с")).to_have_value(str(next_day))
    page.get_by_label("Неделя с").fill(str(_DAY))
    row = page.locator("#visits > li")
    expect(row).to_contain_text("Зоя")
    with demo.http(headers) as http:
        assert http.post("/move_booking", json={"id": booking["id"], "starts_at": later}).is_success
    row.get_by_role("button").first.click()
    expect(row).to_contain_text("11:00")
    expect(page.locator("#view .card > .error").first).not_to_be_empty()
    with demo.http(headers) as http:
        listed = http.get("/get_bookings", params={"from": str(_DAY), "to": str(_DAY)}).json()["bookings"]
    assert [(one["state"], one["starts_at"]) for one in listed] == [("booked", later)]
    page.get_by_role("link", name="Неделя", exact=True).click()
    expect(visit).to_contain_text("Зоя")

    # A pen begins to carry it, and the browser scrolls instead: that is no letting go.
    page.get_by_role("link", name="День", exact=True).click()
    expect(page.locator(".column")).to_have_count(2)
    at = visit.bounding_box()
    assert at
    page.mouse.move(at["x"] + 20, at["y"] + 8)
    page.mouse.down()
    page.mouse.move(at["x"] + 25, at["y"] + 30, steps=3)
    expect(page.locator(".slot").first).to_be_visible()
    page.mouse.move(at["x"] + 25, at["y"] + 8 + 75, steps=3)
    visit.dispatch_event("pointercancel")
    page.mouse.up()
    expect(page.locator("#toasts .toast")).to_be_visible()
    with demo.http(headers) as http:
        listed = http.get("/get_bookings", params={"from": str(_DAY), "to": str(_DAY)}).json()["bookings"]
    assert [one["starts_at"] for one in listed] == [later]
    context.close()


@pytest.mark.long
@pytest.mark.parametrize(("locale", "zone"), others_long([("pt-BR", "America/Sao_Paulo"), ("ru-RU", "Europe/Moscow")]))
def test_30_5_a_visit_over_midnight_stands_on_both_days(chromium: Browser, demo: Demo, locale: str, zone: str) -> None:
    """As in other calendars: what goes on after midnight is seen by whoever looks at either day, and a visit after
    midnight stands on its own date, where the hours of the shift of the evening before are shown open."""
    headers = connect(demo, widget_type="clinic")
    night = {day: ["20:00-02:00"] for day in _WEEK}
    offer = {
        "is_on": True,
        "hours": night,
        "time_zone": "Europe/Moscow",
        "resources": [{"id": "petrov", "name": "Петров"}],
        "services": [{"id": "consult", "name": "Консультация", "minutes": 60}],
        "step_minutes": 30,
    }
    demo.sql("DELETE FROM amocrm_bookings")
    next_day = _DAY + timedelta(days=1)
    with demo.http(headers) as http:
        assert http.post("/save_settings", json={"bookings": offer}).status_code == 200
        for starts_at, name in ((_at(23, 30), "Нина"), (f"{next_day}T01:00:00+03:00", "Олег")):
            body = {
                "service": "consult",
                "resource": "petrov",
                "starts_at": starts_at,
                "visitor": {"name": name, "phone": "+7 916 555-44-33"},
            }
            answer = http.post("/book", json=body)
            assert answer.status_code in (200, 202), answer.text
    context = chromium.new_context(locale=locale, timezone_id=zone, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    _signed_in(page, demo, f"{_PLACE}?from={_DAY}")
    visits = page.locator(".column .visit")
    expect(visits).to_have_count(1)
    expect(visits).to_contain_text("Нина")
    page.goto(f"{demo.panel}{_PLACE}?from={next_day}")
    expect(visits).to_have_count(2)
    expect(visits.nth(0)).to_contain_text("Нина")
    expect(visits.nth(1)).to_contain_text("Олег")
    tops = [one.evaluate("(made) => made.offsetTop") for one in visits.all()]
    assert tops[0] == 0 < tops[1]
    assert page.locator(".column .open").first.evaluate("(made) => made.offsetTop") == 0
    looked_at(page, f"panel-calendar-night-{locale[:2]}")
    context.close()
