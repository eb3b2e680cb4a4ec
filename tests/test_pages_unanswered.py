"""Our own pages where a part of them does not come, the browser does not know the reader's language, or the reader's
day is not the server's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from cli import new_widget
from tests.listener import Ingress
from tests.longer import others_long
from tests.story import Story, json_of

pytestmark = pytest.mark.needs("chromium")

OFFER = {
    "is_on": True,
    "ahead_days": 3,
    "notice_minutes": 0,
    "resources": [{"id": "one", "name": "Dr. One"}],
    "services": [{"id": "visit", "name": "Visit", "minutes": 60}],
}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="ru-RU", timezone_id="Pacific/Kiritimati")
    yield context.new_page()
    context.close()


@pytest.fixture
def booking(story: Story, ingress: Ingress) -> str:
    """The address of the booking page of a company that takes visits three days ahead."""
    assert story.crm("save_settings", story.admin(), {"bookings": OFFER}).status == 200
    origins = [f"http://{ingress.host}"]
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "Clinic", "origins": origins}))
    return f"{ingress.url}/booking/?key={made['site_key']}"


@pytest.mark.long
def test_words_that_did_not_come_at_first_are_asked_for_again(page: Page, booking: str) -> None:
    """38-2"""
    page.route(re.compile(r"/i18n/ru\.json"), lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"), times=1)
    page.goto(booking)
    expect(page.get_by_role("heading", name="Запись на приём")).to_be_visible()


def test_a_page_without_its_words_says_so(page: Page, booking: str) -> None:
    """38-2: it stayed empty, without a word."""
    words = re.compile(r"/i18n/")
    page.route(words, lambda route: route.abort("failed"))
    page.goto(booking)
    expect(page.get_by_role("alert")).to_have_text("Сервер не отвечает. Проверьте связь и повторите.")
    page.unroute(words)
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_role("heading", name="Запись на приём")).to_be_visible()


@pytest.mark.parametrize("kind", others_long(["own", "react"]))
def test_a_widgets_own_page_without_its_script_says_so(
    page: Page, ingress: Ingress, tmp_path: Path, kind: Literal["own", "react"]
) -> None:
    """It showed its form, and the button that saves loaded the page again, as if it had been saved."""
    new_widget.make("fence", kind, "Fences", "#1f6feb", tmp_path)
    own = re.compile(r"/widgets/fence/")
    html = (tmp_path / "fence" / "page" / "index.html").read_text()

    def answer(route: Route) -> None:
        is_page = "?lang=" in route.request.url
        route.fulfill(body=html, content_type="text/html") if is_page else route.abort("failed")

    page.route(own, answer)
    page.goto(f"{ingress.url}/widgets/fence/?lang=ru")
    expect(page.get_by_role("alert")).to_have_text("Сервер не отвечает. Проверьте связь и повторите.")
    expect(page.locator("form")).to_have_count(0)


@pytest.mark.parametrize("language", others_long(["uk", "en", "ru", "uz", "es", "pt"]))
def test_what_a_page_without_its_words_says_is_what_others_say(page: Page, booking: str, language: str) -> None:
    page.goto(booking)
    words: Any = page.evaluate("name => fetch(`../i18n/${name}.json`).then((answer) => answer.json())", language)
    page.route(re.compile(r"/i18n/"), lambda route: route.abort("failed"))
    page.goto(f"{booking}&lang={language}")
    expect(page.get_by_role("alert")).to_have_text(words["server.silent"])
    expect(page.get_by_role("button")).to_have_text(words["again"])
    assert (
        page.evaluate("name => import('../ui/unanswered.js').then((one) => one.said[name][2])", language)
        == (words["browser.old"])
    )


_WRITTEN = """async () => {
  const i18n = await import("../ui/i18n.js"), now = Date.parse("2026-11-30T10:53:00Z"), at = "2026-11-30T10:53:00Z";
  const before = (seconds) => i18n.ago(at, now + seconds * 1000);
  return [
    i18n.moment(at), i18n.momentThere(at, "Asia/Tashkent"), i18n.timeThere(at, "Asia/Tashkent"), i18n.day("2026-05-01"),
    i18n.dayAs("2026-12-01", { weekday: "short", day: "numeric", month: "short" }),
    i18n.dayAs("2024-01-01", { weekday: "long" }),
    before(300), before(-7200), before(100_000), before(0), i18n.duration(90), i18n.money("1500000.5", "UZS"),
    i18n.money(15624, "RUB"), i18n.amount(12500), i18n.number(2.52), i18n.money(1500, "USD", "uz"),
    i18n.moment(undefined),
  ].map((text) => text.replaceAll("\u00a0", " "));
}"""


def test_uzbek_is_uzbek_in_chromium_which_does_not_know_it(page: Page, booking: str) -> None:
    """It was "2026 M11 30, Mon" and "UZS 1,500,000.50" on every page, where a comma begins a fraction for people."""
    page.goto(f"{booking}&lang=uz")
    expect(page.locator("body")).to_contain_text(re.compile("Dush|Sesh|Chor|Pay|Jum|Shan|Yak"))
    assert page.evaluate(_WRITTEN) == [
        "1-dek, 2026, 00:53",
        "dushanba, 30-noyabr, 2026, 15:53",
        "15:53",
        "1-may, 2026",
        "Sesh, 1-dek",
        "dushanba",
        "5 daqiqa oldin",
        "2 soatdan keyin",
        "kecha",
        "hozir",
        "1 daq.",
        "1 500 000,50 soʻm",
        "15 624 ₽",
        "12 500",
        "2,52",
        "1 500 $",
        "Invalid Date",
    ]
    expect(page.locator("body")).not_to_contain_text(re.compile(r"M\d\d|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"))


@pytest.mark.long
def test_a_page_to_which_nothing_comes_has_a_way_to_ask_again(page: Page, booking: str) -> None:
    nothing = re.compile(r"/i18n/|unanswered")
    page.route(nothing, lambda route: route.abort("failed"))
    page.goto(booking)
    page.get_by_role("button", name="↻").wait_for()
    page.unroute(nothing)
    page.get_by_role("button", name="↻").click()
    expect(page.get_by_role("heading", name="Запись на приём")).to_be_visible()


def test_a_page_of_which_a_script_did_not_come_says_so(page: Page, booking: str) -> None:
    """On a phone one of ten files is easily lost: the page stayed empty, without a word."""
    page.route(re.compile(r"/ui/slots\.js"), lambda route: route.abort("failed"))
    page.goto(booking)
    expect(page.get_by_role("alert")).to_have_text("Сервер не отвечает. Проверьте связь и повторите.")
    page.unroute(re.compile(r"/ui/slots\.js"))
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_role("heading", name="Запись на приём")).to_be_visible()


_KEPT_OUT = """new Promise((kept) => document.head.append(Object.assign(document.createElement('script'),
    { src: 'https://tool.example/a.js', onerror: () => kept() })))"""
_BROKEN = "new Promise((kept) => setTimeout(() => { setTimeout(kept); JSON.parse(undefined); }))"


@pytest.mark.long
@pytest.mark.parametrize("script", [_KEPT_OUT, _BROKEN])
def test_a_script_of_an_extension_or_an_app_takes_nothing_away(page: Page, booking: str, script: str) -> None:
    """While the words were on their way the page was said to be without an answer, or too new for its browser, and
    stayed so. Browsers within apps put scripts into each page, which go wrong by themselves."""
    waiting: list[Route] = []
    page.route(re.compile(r"/i18n/"), lambda route: waiting.append(route))
    with page.expect_request(re.compile(r"/i18n/")):
        page.goto(booking, wait_until="commit")
    page.evaluate(script)
    page.wait_for_timeout(300)
    for route in waiting:
        route.continue_()
    expect(page.get_by_role("heading", name="Запись на приём")).to_be_visible()


@pytest.mark.parametrize("place", others_long(["booking/", "admin/", "app/", "widget/"]))
def test_a_browser_that_is_too_old_for_a_page_is_told_so(page: Page, booking: str, place: str) -> None:
    """Safari 14 knows no `await` outside of functions: the page stayed empty."""
    page.route(re.compile(r"/ui/dom\.js"), lambda route: route.fulfill(content_type="text/javascript", body="let = ;"))
    page.goto(booking.replace("booking/", place) + "&lang=pt")
    expect(page.get_by_role("alert")).to_contain_text("Este navegador é antigo demais")


@pytest.mark.long
def test_what_goes_wrong_in_a_page_that_is_there_takes_nothing_away(page: Page, booking: str) -> None:
    page.goto(booking)
    expect(page.get_by_role("heading", name="Запись на приём")).to_be_visible()
    page.evaluate("setTimeout(() => JSON.parse('{'))")
    page.evaluate("document.head.append(Object.assign(document.createElement('script'), { src: '/nothing.js' }))")
    page.wait_for_timeout(300)
    expect(page.get_by_role("heading", name="Запись на приём")).to_be_visible()


@pytest.mark.long
def test_times_that_did_not_come_are_asked_for_again(page: Page, booking: str) -> None:
    """38-4: where a company takes visits less than a week ahead, no button was left to press."""
    times = re.compile("action=get_slots")
    page.route(times, lambda route: route.fulfill(status=400, json={"detail": "Молчит.", "status": 400}))
    page.goto(booking)
    expect(page.get_by_role("alert").filter(has_text="Молчит.")).to_be_visible()
    page.unroute(times)
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_role("group", name="День").get_by_role("radio").first).to_be_attached()
    expect(page.get_by_text("Молчит.")).to_have_count(0)
    expect(page.get_by_role("button", name="Повторить")).to_be_hidden()


def test_a_date_begins_with_the_readers_tomorrow(page: Page, booking: str) -> None:
    """38-4: it was the day after today in UTC, which is today's where days begin fourteen hours before."""
    page.clock.set_fixed_time("2026-03-05T12:00:00Z")
    page.goto(booking)
    made = page.evaluate(
        """() => import("../widget/form.js").then(({ form }) => form({
          title: { ru: "x" }, currency: "RUB", items: [],
          fields: [{ id: "when", kind: "date", label: { ru: "Когда" } }],
        }).values().when)"""
    )
    assert made == "2026-03-07"
