"""Five tasks of people who work in the panel: how many clicks and keys each takes, and how long the pages take.

Somebody who knows the way does each by clicks and typing alone, from the panel's first page on, already signed in, with
three connections there. A choice in a list is two clicks. Seconds are the pages' own, in Chromium, without the time in
which a person looks and thinks. With `--checkout` the same is done in another checkout of this repository, by the ways
that its panel has: those of one page with tabs (before connections had places of their own) are known as well.
"""

import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect

from tests import chromium
from tests.demo import ROOT, Demo, free_port
from tests.pictures.scenes import SCENES
from tests.pictures.stage import Stage

_SIZE: Final = {"width": 1280, "height": 900}
_SCENE: Final = SCENES["ru"]
_WIDGETS: Final = {"glass": "Стекло", "clinic": "Запись в клинику"}
_CALCULATOR: Final = 'iframe[title="Калькулятор столешниц"]'


class Person:
    """Who does a task; what they have done is counted."""

    def __init__(self, context: BrowserContext, demo: Demo, texts: dict[str, Any], *, has_tabs: bool) -> None:
        self.context, self.demo, self.texts, self.has_tabs = context, demo, texts, has_tabs
        self.clicks = self.keys = 0
        self.page = context.new_page()
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.goto(demo.panel)
        expect(self.page.locator(".verdict h2")).to_be_visible()
        self.begun = time.monotonic()

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def type(self, what: Locator, text: str) -> None:
        """Into a field, which is clicked first."""
        self.click(what)
        self.keys += len(text)
        what.fill(text)

    def choose(self, what: Locator, option: str) -> None:
        """In a list, by its value or what stands there."""
        self.clicks += 2
        what.select_option(option)

    def window(self, what: Locator) -> Page:
        """The window that a click opens."""
        with self.context.expect_page() as opened:
            self.click(what)
        return opened.value

    def press(self, key: str, within: Page | Locator | FrameLocator | None = None) -> None:
        """A button or link by its text, which is a key of the catalogue."""
        self.click((within or self.page).get_by_role("button", name=self.texts[key], exact=True).first)

    def to_connections(self) -> None:
        self.click(self.page.locator("#tab-crm" if self.has_tabs else "#to-connections"))

    def to_view(self, widget_type: str, domain: str, view: str) -> None:
        """A view of a connection, from anywhere."""
        if self.has_tabs:
            self.click(self.page.locator(f"#tab-{'bookings' if view == 'appointments' else view}"))
            self.pick_connection(widget_type, domain)
            return
        self.to_connections()
        self.click(self.page.locator(f"#connections a[href='#/{domain}/{widget_type}']"))
        self.click(self.page.locator(f"#view-{view}"))

    def pick_connection(self, widget_type: str, domain: str) -> None:
        """Where each tab asks which one is meant, and shows another one."""
        pick, name = self.page.locator("select#connection"), f"{domain} · {_WIDGETS[widget_type]}"
        expect(pick).to_be_visible()
        if pick.locator("option:checked").inner_text() != name:
            self.choose(pick, name)

    def done(self) -> dict[str, float]:
        return {
            "clicks": self.clicks,
            "keys": self.keys,
            "seconds": round(time.monotonic() - self.begun, 1),
        }


def connect_and_save(me: Person, _stage: None) -> None:
    """Connect an account without typing keys, and save the first calculation from a deal."""
    me.to_connections()
    card = me.page.locator("section.card").filter(has=me.page.get_by_role("heading", name=me.texts["crm.button_title"]))
    me.choose(card.locator(".toolbar select").first, "countertop")
    consent = me.window(card.get_by_role("button", name=me.texts["crm.button"]))
    with consent.expect_event("close"):
        me.click(consent.locator("button[value=allow]"))
    expect(me.page.locator("#connections .status.connected")).to_be_visible()
    deal = me.context.new_page()
    deal.goto(me.demo.amocrm)
    me.click(deal.get_by_role("link", name=re.compile("Фартук для кухни")))
    widget = deal.frame_locator(_CALCULATOR)
    me.type(widget.get_by_label("Длина, мм"), "3000")
    me.click(widget.get_by_role("button", name="Сохранить в сделку"))
    expect(widget.get_by_text("Расчёт сохранён в сделке.")).to_be_visible()


def find_failed(me: Person, stage: Stage) -> None:
    """Find the delivery that failed, and its deal in amoCRM."""
    me.click(me.page.locator(".verdict a[href*=dead]"))
    row = me.page.locator("#deliveries > li")
    expect(row).to_have_count(1)
    deal = me.window(row.locator("a[href*='/leads/']").first)
    expect(deal.get_by_text(re.compile(stage.scene.deals[1])).first).to_be_visible()


def change_price(me: Person, stage: Stage) -> None:
    """Change what a square metre of glass costs, and publish it."""
    me.to_view("glass", stage.scene.shop, "calculator")
    price = me.page.locator("[data-path='fields[0].options[0].price']")
    expect(me.page.locator("[data-entry='fields[0]']")).to_be_visible()
    for entry in ("fields[0]", "fields[0].options[0]"):
        if not price.is_visible():
            me.click(me.page.locator(f"[data-entry='{entry}'] > summary"))
    me.type(price, "7000")
    expect(me.page.get_by_text(me.texts["calculators.saved"])).to_be_visible()
    me.press("calculators.publish")
    expect(me.page.get_by_text("Действует: свой у подключения, версия 1.")).to_be_visible()


def see_day(me: Person, stage: Stage) -> None:
    """See whom a doctor has on a day of the week after next."""
    me.to_view("clinic", stage.scene.clinic, "appointments")
    me.type(me.page.locator("input[type=date]").first, str(stage.day))
    doctor = me.page.locator("label").filter(has_text=me.texts["booking.with"]).locator("select").first
    me.choose(doctor, stage.scene.doctors[0])
    visits = me.page.locator("#visits > li" if me.has_tabs else ".visit")
    for hour in ("09:00", "10:00", "14:00"):
        expect(visits.filter(has_text=hour).first).to_be_visible()


def why_no_contact(me: Person, stage: Stage) -> None:
    """Find out why a form made no contact: which value is the phone that nobody recognised."""
    me.click(me.page.locator(".verdict a:is([href*=incoming], [href*=keys_without_person])"))
    if me.has_tabs:
        me.pick_connection("glass", stage.scene.shop)
    row = me.page.locator("#incoming > li").first
    expect(row).to_be_visible()
    me.click(row.locator("summary").first)
    expect(row.get_by_role("row", name=list(stage.scene.unknown)[1])).to_contain_text(me.texts["incoming.reason_note"])


_TASKS: Final[tuple[Callable[[Person, Stage], None], ...]] = (find_failed, change_price, see_day, why_no_contact)


def measure(root: Path) -> dict[str, dict[str, float]]:
    """By task. `root`: the checkout whose panel it is."""
    texts = json.loads((root / "web" / "i18n" / "ru.json").read_text(encoding="utf-8"))
    has_tabs = not (root / "web" / "admin" / "places.js").exists()
    folders = tempfile.TemporaryDirectory(prefix="amotasks", ignore_cleanup_errors=True)
    with folders as folder, chromium.launched() as browser:
        Path(folder).chmod(0o755)
        demo = Demo(Path(folder) / "data", free_port(), root=root)
        try:
            found = {"connect_and_save": _done(browser, demo, texts, None, connect_and_save, has_tabs=has_tabs)}
            stage = Stage(demo, _SCENE)
            for task in _TASKS:
                found[task.__name__] = _done(browser, demo, texts, stage, task, has_tabs=has_tabs)
            return found
        finally:
            demo.stop()


def _done(
    browser: Browser,
    demo: Demo,
    texts: dict[str, Any],
    stage: Any,
    task: Callable[[Person, Any], None],
    *,
    has_tabs: bool,
) -> dict[str, float]:
    context = browser.new_context(locale="ru-RU", timezone_id="Europe/Moscow", viewport=_SIZE)  # type: ignore[arg-type]
    context.add_init_script(
        "try { sessionStorage.setItem('administrator-token', "
        f"{json.dumps(demo.token)}); }} catch {{ /* another site's frame */ }}"
    )
    me = Person(context, demo, texts, has_tabs=has_tabs)
    task(me, stage)
    told = me.done()
    context.close()
    return told


@click.command()
@click.option("--checkout", type=click.Path(exists=True, file_okay=False, path_type=Path), default=ROOT)
def main(checkout: Path) -> None:
    """Prints JSON."""
    click.echo(json.dumps(measure(checkout.resolve()), indent=2))


if __name__ == "__main__":
    main()
