"""A search over everything by one key (38-7): with a keyboard alone, in two languages."""

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo import ROOT, Demo, connect
from tests.longer import others_long
from tests.looking import looked_at
from tests.visiting import in_one_demo

pytestmark = in_one_demo

_PLACE = "#/steklodom.amocrm.ru/glass"


def _signed_in(page: Page, demo: Demo, address: str) -> None:
    page.goto(f"{demo.panel}{address}")
    page.locator("#token").fill(demo.token)
    page.locator("#sign-in-form button").click()
    expect(page.locator("#view h1")).to_be_visible()


@pytest.mark.long
@pytest.mark.parametrize("locale", others_long(["pt-BR", "ru-RU"]))
def test_38_7_everything_is_found_by_one_key(chromium: Browser, demo: Demo, locale: str) -> None:
    headers = connect(demo)
    words = json.loads((ROOT / "web" / "i18n" / f"{locale[:2]}.json").read_text("utf-8"))
    with demo.http(headers) as http:
        contact = {"name": f"Олег Панин {locale}", "phone": "+7 (903) 111-22-33"}
        answer = http.post("/submit_form", json={"contact": contact, "comment": locale})
        assert answer.status_code in (200, 202), answer.text
        sent = answer.json()["delivery_id"]
    context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    _signed_in(page, demo, f"{_PLACE}/deliveries")
    page.get_by_label(words["deliveries.lead"]).press("/")  # somebody types: it is only a sign
    expect(page.locator("dialog.search")).to_have_count(0)
    page.locator("#view").focus()
    page.keyboard.press("/")
    field = page.locator("#search-all")
    expect(field).to_be_focused()
    field.fill("8 903 111 22 33")
    expect(page.locator("#found")).to_contain_text("Олег Панин")
    looked_at(page, f"panel-search-{locale[:2]}")
    field.fill("Щ" * 200)
    expect(page.get_by_text(words["log.nothing_found"])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    field.fill(f"ref:{sent.replace('-', '')[:26]}")
    field.press("Enter")  # before the pause after which it is looked for anyway
    expect(page.locator("#found a").first).to_contain_text(sent)
    expect(page.locator("#found a").first).to_be_focused()
    page.wait_for_timeout(700)
    expect(page.locator("#found a").first).to_be_focused(timeout=1000)
    field.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{_PLACE}/deliveries/{sent}"))
    expect(page.locator("#deliveries > li")).to_have_count(1)
    expect(page.locator("dialog.search")).to_have_count(0)
    page.locator("#find").click()
    page.get_by_label(words["search.by_key"]).uncheck()
    page.keyboard.press("Escape")
    page.locator("#view").focus()
    page.keyboard.press("/")
    expect(page.locator("dialog.search")).to_have_count(0)
    context.close()
