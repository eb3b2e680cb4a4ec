"""The walk: each picture is a name, a width, and how somebody comes to what it shows."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.pictures.stage import Stage

WIDE: Final = 1200
PHONE: Final = 390
_PATIENCE: Final = 120_000  # milliseconds, for a busy machine
_DAY: Final = "{clinic}/appointments?from={day}"
_SIZES: Final[dict[int, ViewportSize]] = {WIDE: {"width": WIDE, "height": 760}, PHONE: {"width": PHONE, "height": 844}}


@dataclass(frozen=True, slots=True)
class Shot:
    """`tallest`: where a longer page is cut, in pixels."""

    name: str
    come: Callable[[Page, Stage], None]
    width: int = WIDE
    tallest: int = 1300


def walk(browser: Browser, stage: Stage, only: Collection[str] = ()) -> Iterator[tuple[Shot, Page]]:
    """Each shot with its page as it is to be taken; `only` these, else all."""
    for width in (WIDE, PHONE):
        context = _visitor(browser, stage, width)
        for shot in SHOTS:
            if shot.width == width and (not only or shot.name in only):
                page = context.new_page()
                shot.come(page, stage)
                expect(page.locator(".skeleton, progress")).to_have_count(0)
                page.evaluate("() => document.fonts.ready")
                yield shot, page
                page.close()
        context.close()


def _visitor(browser: Browser, stage: Stage, width: int) -> BrowserContext:
    scene = stage.scene
    context = browser.new_context(
        locale=scene.locale, timezone_id=scene.zone, viewport=_SIZES[width], reduced_motion="reduce"
    )
    context.set_default_timeout(_PATIENCE)
    # Whoever manages the installation is signed in, in every page.
    context.add_init_script(
        "try { sessionStorage.setItem('administrator-token', "
        f"{json.dumps(stage.demo.token)}); }} catch {{ /* somebody else's page */ }}"
    )
    return context


def _view(address: str, ready: str = "#view h1") -> Callable[[Page, Stage], None]:
    """A view of the panel; `{shop}`, `{clinic}`, `{day}` and so on are the scene's."""

    def come(page: Page, stage: Stage) -> None:
        facts = {"shop": f"{stage.scene.shop}/glass", "clinic": f"{stage.scene.clinic}/clinic", "day": stage.day}
        at = address.format(**facts, order=stage.order, key=stage.server_key["id"])
        page.goto(f"{stage.demo.panel}#/{at}")
        expect(page.locator(ready).first).to_be_visible()
        page.wait_for_load_state("networkidle")

    return come


def _sign_in(page: Page, stage: Stage) -> None:
    page.add_init_script("sessionStorage.clear()")
    page.goto(stage.demo.panel)
    expect(page.locator("#token")).to_be_visible()


def _incoming(page: Page, stage: Stage) -> None:
    _view("{shop}/incoming?key={key}", "#incoming > li")(page, stage)
    row = page.locator("#incoming > li").first
    row.locator("summary").first.click()
    expect(row.get_by_role("table").first).to_be_visible()
    fields = row.locator("select")
    fields.nth(0).select_option("name")
    fields.nth(1).select_option("phone")


def _search(page: Page, stage: Stage) -> None:
    _view("{shop}/deliveries", "#deliveries > li")(page, stage)
    page.keyboard.press("/")
    page.locator("dialog input[type=search]").fill(str(stage.leads[stage.scene.deals[0]]))
    page.keyboard.press("Enter")
    expect(page.locator("dialog li").first).to_be_visible()


def _visit(page: Page, stage: Stage) -> None:
    _view(_DAY, ".visit")(page, stage)
    page.locator(".visit").nth(2).click()
    expect(page.locator("dialog")).to_be_visible()


def _deal(page: Page, stage: Stage, domain: str, part: str, widget: str) -> None:
    page.goto(f"{stage.amocrm(domain)}?lang={stage.scene.language}")
    page.get_by_role("link", name=re.compile(part)).first.click()
    expect(page.frame_locator("iframe").locator(widget).first).to_be_visible()
    page.wait_for_load_state("networkidle")


def _card(page: Page, stage: Stage) -> None:
    _deal(page, stage, stage.scene.shop, stage.scene.deals[0], "output")


def _card_of_clinic(page: Page, stage: Stage) -> None:
    _deal(page, stage, stage.scene.clinic, stage.scene.visitors[0].split()[-1], "button")


def _booking(page: Page, stage: Stage) -> None:
    page.goto(f"{stage.demo.api}/booking/?key={stage.booking_key}&lang={stage.scene.language}")
    page.locator(".days label:not(.off)").nth(1).click()  # late in the day the first one has few times left
    page.locator(".times label").nth(3).click()
    expect(page.locator("input[autocomplete=name]")).to_be_enabled()
    page.locator("input[autocomplete=name]").fill(stage.scene.visitors[1])
    page.locator("input[autocomplete=tel]").fill(f"{stage.scene.phone}51")


def _app(page: Page, stage: Stage) -> None:
    page.goto(stage.app())
    expect(page.locator(".leads li").first).to_be_visible()


def _consent(answer: str) -> Callable[[Page, Stage], None]:
    """What amoCRM's window shows after somebody's answer."""

    def come(page: Page, stage: Stage) -> None:
        page.goto(stage.consent())
        accounts = page.locator("select[name=domain]")
        if accounts.count():
            accounts.select_option(stage.scene.shop)
        page.locator(f"button[value={answer}]").click()
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_url(re.compile("code=|error="))

    return come


SHOTS: Final = (
    Shot("sign-in", _sign_in, tallest=520),
    Shot("overview", _view("overview"), tallest=1750),
    Shot("connections", _view("connections", "#connections > li")),
    Shot("summary", _view("{shop}", "#account")),
    Shot("calculator", _view("{shop}/calculator", ".preview-card output"), tallest=1100),
    Shot("appointments-day", _view(_DAY, ".visit"), tallest=1120),
    Shot("appointments-week", _view(f"{_DAY}&show=week&whose=doctor-0", ".visit"), tallest=1120),
    Shot("appointments-visit", _visit, tallest=1120),
    Shot("site", _view("{shop}/site")),
    Shot("incoming", _incoming),
    Shot("events", _view("{shop}/events", "#endpoints")),
    Shot("automations", _view("{shop}/automations", "#automations > li")),
    Shot("deliveries", _view("{shop}/deliveries", "#deliveries > li")),
    Shot("delivery", _view("{shop}/deliveries/{order}", "#deliveries table")),
    Shot("log", _view("{shop}/log", "#events > li")),
    Shot("settings", _view("{shop}/settings", "#view textarea")),
    Shot("people", _view("people", "#people > li")),
    Shot("search", _search, tallest=760),
    Shot("card", _card),
    Shot("card-appointments", _card_of_clinic),
    Shot("callback-success", _consent("allow"), tallest=520),
    Shot("callback-denied", _consent("deny"), tallest=520),
    Shot("overview-phone", _view("overview"), PHONE),
    Shot("card-phone", _card, PHONE, tallest=2500),
    Shot("booking", _booking, PHONE),
    Shot("app", _app, PHONE),
)
