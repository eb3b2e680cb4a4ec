"""What most browser stories begin with: somebody signs in to the panel of a demo."""

import time

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.demo import Demo, connect

# Stories of tests/browser/ follow each other in one demo: one process runs them.
in_one_demo = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("demo of pages")]

# Other stories connect other widget types in the same account, whose calculators stand in the same card.
GLASS = 'iframe[title="Калькулятор стекла"]'


_AT = """([view, account]) => {
  let last = account;
  try { last ??= JSON.parse(sessionStorage.getItem("connection")); } catch { /* blocked */ }
  const isPlace = /^(overview|connections|people)/.test(view);
  location.hash = isPlace ? `#/${view}` : `#/${(last ?? ["steklodom.amocrm.ru", "glass"]).join("/")}/${view}`;
}"""


def go(page: Page, view: str, widget_type: str | None = None, account: str = "steklodom.amocrm.ru") -> None:
    """Opens a view: of a connection, else of the one whose place was open last; or another place of the panel."""
    page.evaluate(_AT, [view, [account, widget_type] if widget_type else None])


def sign_in(page: Page, demo: Demo) -> None:
    page.goto(demo.panel)
    page.get_by_label("Токен администратора").fill(demo.token)
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("heading", name="Обзор", exact=True)).to_be_visible()
    page.get_by_role("link", name="Подключения", exact=True).click()
    expect(page.get_by_role("heading", name="Подключения", exact=True)).to_be_visible()


def connected_panel(context: BrowserContext, demo: Demo) -> Page:
    """The panel of a demo whose account is connected, in which every question is answered with yes."""
    connect(demo)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, demo)
    return page


def expect_soon(demo: Demo, wanted: Locator) -> None:
    """What comes with the demo's next timers."""
    ends = time.monotonic() + 60
    while not wanted.is_visible() and time.monotonic() < ends:
        demo.press_timer()
        wanted.page.wait_for_timeout(300)
    expect(wanted).to_be_visible()


def choose(page: Page, widget_type: str = "glass") -> None:
    """The demo's connection whose views :func:`go` opens from now on: other stories may have made more of them."""
    page.evaluate(
        "one => sessionStorage.setItem('connection', JSON.stringify(['steklodom.amocrm.ru', one]))", widget_type
    )
