"""What each view shows while it loads, where nothing is, when its request fails, and when the session ends (38-7).

One page walks through all of them, a language at a time; long names and names from right to left lie in every list.
"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, ViewportSize, expect

from tests.demo import ROOT, Demo, connect
from tests.longer import others_long
from tests.looking import picture
from tests.visiting import in_one_demo

pytestmark = in_one_demo

_TYPE: Final = "countertop"
_PLACE: Final = f"#/steklodom.amocrm.ru/{_TYPE}"
_QUESTION: Final = re.compile(r"action=(?!get_administrator(&|$)|get_sign_in)")
_VIEWS: Final = (
    "#/overview",
    "#/overview/deliveries",
    "#/overview/log",
    "#/connections",
    "#/people",
    _PLACE,
    *(
        f"{_PLACE}/{one}"
        for one in (
            "calculator",
            "appointments",
            "appointments?show=week",
            "appointments?show=list",
            "site",
            "incoming",
            "events",
            "automations",
            "deliveries",
            "log",
            "settings",
        )
    ),
)
# Views that may be empty, and where their next step stands.
_EMPTY: Final = {
    "#/overview/deliveries": "within",
    "#/overview/log": "within",
    "#/connections": "within",
    "#/people": "within",
    f"{_PLACE}/site": "within",
    f"{_PLACE}/incoming": "within",
    f"{_PLACE}/events": "below",
    f"{_PLACE}/automations": "below",
    f"{_PLACE}/deliveries": "within",
}
_REFUSED: Final = "Сервер не может."
_PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
_DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
_MOST_SHIFT: Final = 0.1  # what Google calls good
_HEBREW: Final = "\u05d3\u05d5\u05e8 \u202e\u05dc\u05d5\u05d9"


def _long(most: int) -> str:
    return f"{_HEBREW} {'Щ' * 200}"[:most]


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def named(demo: Demo) -> Iterator[None]:
    """Something of a bad name in every list."""
    headers = connect(demo, widget_type=_TYPE)
    offer: dict[str, Any] = {
        "is_on": True,
        "resources": [{"id": "one", "name": _long(120)}, {"id": "room", "name": _long(120), "is_room": True}],
        "services": [{"id": "consult", "name": _long(120), "minutes": 30, "price": "2500"}],
        "places": [{"id": "here", "name": _long(120), "address": _long(250)}],
        "hours": {
            day: ["00:00-24:00"]
            for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        },
        "notice_minutes": 0,
        "step_minutes": 30,
    }
    with demo.http(headers) as http:

        def post(action: str, **body: Any) -> Any:
            answer = http.post(f"/{action}", json=body)
            assert answer.status_code in (200, 201, 202), answer.text
            return answer.json()

        before = http.get("/get_settings").json()["settings"]
        company = {"name": _long(120), "lines": [_long(120)], "logo": None}
        post("save_settings", bookings=offer, company=company, changes=before["changes"] | {"is_on": True})
        post("create_site_key", name=_long(100), origins=["https://example.org"])
        post("create_site_key", name=_long(100), is_server=True)
        post("save_endpoint", name=_long(100), url="https://example.org/amocrm")
        post("save_automation", name=_long(100), work={"kind": "note", "text": _long(200)})
        post("create_administrator", name=_long(80), rights="see")
        slots = http.get("/get_slots", params={"service": "consult", **_days(demo)}).json()["days"]
        (slot, *_) = [slot for day in slots for slot in day["slots"]]
        visitor = {"name": _long(100), "phone": "+7 916 555-44-33"}
        post("book", service="consult", resource="one", starts_at=slot["starts_at"], visitor=visitor)
    yield
    whose = f"(SELECT id FROM amocrm_integrations WHERE widget_type = '{_TYPE}')"
    for table in ("bookings", "endpoints", "automations", "site_keys"):
        demo.sql(f"DELETE FROM amocrm_{table} WHERE integration_id IN {whose}")
    demo.sql("DELETE FROM amocrm_administrators WHERE name = %s", _long(80))
    demo.sql(f"UPDATE amocrm_integrations SET settings = '{{}}' WHERE id IN {whose}")


def _days(demo: Demo) -> dict[str, str]:
    [[first, last]] = demo.sql("SELECT (amocrm_now())::date::text, (amocrm_now() + interval '3 days')::date::text")
    return {"from": first, "to": last}


# --- what is held against each of them --------------------------------------------------------------------------------

_SHIFTS: Final = """() => {
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
  }).observe({ type: "layout-shift" });
}"""
_TOO_SMALL: Final = """() => {
  const all = "button, .button, input, select, textarea, summary, nav a, label.check, .rows b a, .log li > a";
  const exempt = ".visit, .slot, input[type=checkbox], input[type=radio]";  // a visit is as tall as it is long
  return [...document.querySelectorAll(all)].filter((one) => one.checkVisibility() && !one.matches(exempt))
    .filter((one) => one.getBoundingClientRect().height < 43.5)
    .map((one) => `${Math.round(one.getBoundingClientRect().height)} px: ${one.outerHTML.slice(0, 160)}`);
}"""
# Text of two directions that stands by itself nowhere.
_TURNING: Final = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let one; (one = walker.nextNode());) {
    if (!/[\\u0590-\\u05ff\\u202e]/.test(one.data) || one.data.includes("\\u2068")) continue;
    const around = one.parentElement;
    if (!around.closest("bdi, [dir=auto], option, textarea, pre")) found.push(around.outerHTML.slice(0, 160));
  }
  for (const one of document.querySelectorAll("input[type=text], textarea")) {
    if (/[\\u0590-\\u05ff]/.test(one.value) && one.dir !== "auto") found.push(one.outerHTML.slice(0, 160));
  }
  return found;
}"""
_WIDE: Final = """() => {
  const most = document.documentElement.clientWidth, over = document.documentElement.scrollWidth - most;
  if (over <= 0) return [];
  const wide = (one) => one.getBoundingClientRect().right > most + 1;
  const found = [...document.querySelectorAll("#panel *")].filter(wide).slice(0, 3);
  return [`${over} px`, ...found.map((one) => one.outerHTML.slice(0, 160))];
}"""


class _Walk:
    """A page of the panel, whose server does as `mode` says, and what was found to be wrong."""

    def __init__(self, page: Page, demo: Demo, language: str) -> None:
        self.page, self.demo, self.language = page, demo, language
        self.words: dict[str, Any] = json.loads((ROOT / "web" / "i18n" / f"{language}.json").read_text("utf-8"))
        self.mode, self.wrong = "works", list[str]()
        self.held: list[Route] = []
        self.view = ""
        page.route(_QUESTION, self._answer)
        page.goto(f"{demo.panel}?lang={language}#/overview")
        self.sign_in()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.evaluate(_SHIFTS)
        page.evaluate(Axe().axe_script)

    def _answer(self, route: Route) -> None:
        if self.mode == "loads":
            self.held.append(route)
        elif self.mode == "is slow":
            time.sleep(0.15)
            route.continue_()
        elif self.mode in ("fails", "ended"):
            status = 500 if self.mode == "fails" else 401
            problem = {"title": "No", "status": status, "code": "unknown", "detail": _REFUSED}
            route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(problem))
        elif self.mode == "is empty":
            answer = route.fetch(max_retries=2)
            route.fulfill(status=answer.status, json=_emptied(answer.json()))
        else:
            route.continue_()

    def works(self) -> None:
        self.mode = "works"
        held, self.held = self.held, []
        for route in held:
            route.continue_()

    def sign_in(self) -> None:
        self.page.locator("#token").fill(self.demo.token)
        self.page.locator("#sign-in-form button").first.click()

    def begin(self, view: str, mode: str) -> None:
        """From where nothing is asked for, so that the view begins anew."""
        self.works()
        self.page.evaluate("() => { location.hash = '#/nowhere.amocrm.ru/x/nothing'; }")
        expect(self.page.locator("#view h1")).to_have_text(self.words["panel.not_here"])
        self.view, self.mode = view, mode
        self.page.evaluate("hash => { window.shifts = 0; location.hash = hash; }", view)

    def look(self) -> None:
        here = f"{self.language} {self.view} {self.mode}"
        for rule in (_WIDE, _TOO_SMALL, _TURNING):
            self.wrong += [f"{here}: {one}" for one in self.page.evaluate(rule)]
        if self.language == "ru":  # what axe finds is in no words
            found = self.page.evaluate("axe.run({ resultTypes: ['violations'], preload: false })")["violations"]
            self.wrong += [
                f"{here}: {one['id']} {one['nodes'][0]['html'][:160]}"
                for one in found
                if one["impact"] in ("serious", "critical")
            ]

    def is_there(self) -> None:
        expect(self.page.locator("#view h1")).to_be_visible()
        expect(self.page.locator(".skeleton, progress")).to_have_count(0)

    def has_not_moved(self) -> None:
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shifts = self.page.evaluate("window.shifts")
        self.wrong += [f"{self.language} {self.view} moves: {shifts}"] if shifts > _MOST_SHIFT else []

    def zoomed(self) -> None:
        """A window of 1,280 px at 200 %."""
        self.page.set_viewport_size({"width": 640, "height": 450})
        self.wrong += [f"{self.language} {self.view} at 200 %: {one}" for one in self.page.evaluate(_WIDE)]
        self.page.set_viewport_size(_PHONE)


def _emptied(answer: Any) -> Any:
    """The same with no list in it that has something."""
    return {name: [] if isinstance(one, list) else None if name == "next" else one for name, one in answer.items()}


@pytest.mark.long
@pytest.mark.refusals(500, 401, 404)
@pytest.mark.parametrize("language", ["ru", "es"])
@pytest.mark.usefixtures("named")
def test_38_7_every_view_in_every_state(context: BrowserContext, demo: Demo, language: str) -> None:
    page = context.new_page()
    page.set_viewport_size(_PHONE)
    walk = _Walk(page, demo, language)
    for number, view in enumerate(_VIEWS):
        title = _loads(walk, view)
        picture(page, f"state-{number}-{language}")
        _fails(walk, view, title)
        _is_empty(walk, view)
        _ended(walk, view, title)
    assert walk.wrong == []


def _loads(walk: _Walk, view: str) -> str:
    """Its title, which stands there before anything else does; what comes moves nothing."""
    page, heading = walk.page, walk.page.locator("#view h1")
    walk.begin(view, "loads")
    expect(page.locator("#view .skeleton")).to_be_visible()
    title = heading.inner_text()
    walk.look()
    walk.works()
    walk.is_there()
    expect(heading).to_have_text(title)
    walk.has_not_moved()
    walk.look()
    walk.zoomed()
    return title


def _fails(walk: _Walk, view: str, title: str) -> None:
    """It says why, once, and begins again when it is told to."""
    again = walk.page.locator("#view").get_by_role("button", name=walk.words["again"])
    walk.begin(view, "fails")
    expect(again.first).to_be_visible()
    expect(walk.page.locator("#view h1")).to_have_text(title)
    expect(walk.page.locator("#panel").get_by_text(_REFUSED)).to_have_count(1)
    walk.look()
    walk.works()
    again.first.click()
    walk.is_there()
    expect(again).to_have_count(0)


def _is_empty(walk: _Walk, view: str) -> None:
    walk.begin(view, "is empty")
    walk.is_there()
    walk.look()


def _ended(walk: _Walk, view: str, title: str) -> None:
    """Whoever signs in again is where they were."""
    walk.begin(view, "ended")
    expect(walk.page.locator("#token")).to_be_visible()
    walk.look()
    walk.works()
    walk.sign_in()
    walk.is_there()
    expect(walk.page.locator("#view h1")).to_have_text(title)


@pytest.mark.long
@pytest.mark.refusals(404)
@pytest.mark.usefixtures("named")
def test_38_7_nothing_jumps_on_a_wide_window_however_slowly_it_comes(context: BrowserContext, demo: Demo) -> None:
    """The board of appointments pushed away what stood below it: by 0.217 at 1,280 px."""
    page = context.new_page()
    page.set_viewport_size(_DESK)
    walk = _Walk(page, demo, "ru")
    for view in _VIEWS:
        walk.begin(view, "is slow")
        walk.is_there()
        page.wait_for_load_state("networkidle")
        walk.is_there()
        walk.has_not_moved()
    assert walk.wrong == []


@pytest.mark.long
@pytest.mark.refusals(404)
@pytest.mark.parametrize("language", others_long(["ru", "es"]))
def test_38_7_where_nothing_is_the_next_step_stands(context: BrowserContext, demo: Demo, language: str) -> None:
    """What the thing is for, in a sentence or two, and a link or a button to what comes next."""
    connect(demo, widget_type=_TYPE)
    page = context.new_page()
    page.set_viewport_size(_PHONE)
    walk = _Walk(page, demo, language)
    for name, steps in _EMPTY.items():
        walk.begin(name, "is empty")
        walk.is_there()
        nothing = page.locator("#view .nothing")
        expect(nothing).to_have_count(1)
        said = nothing.locator("p").first.inner_text()
        if len(said) < 60:
            walk.wrong.append(f"{language} {name} does not say what it is for: {said}")
        places = nothing.locator("a, button") if steps == "within" else page.locator("#view .nothing ~ div button")
        expect(places.first).to_be_visible()
        picture(page, f"empty-{name.rsplit('/', 1)[-1]}-{language}")
        page.set_viewport_size(_DESK)
        picture(page, f"empty-{name.rsplit('/', 1)[-1]}-{language}-desk")
        page.set_viewport_size(_PHONE)
        if steps == "within" and places.first.get_attribute("href") is None:
            places.first.click()
            if name != "#/connections":
                expect(page.locator("#view form input").first).to_be_focused()
    assert walk.wrong == []
