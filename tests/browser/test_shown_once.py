"""Secrets, keys and links that the panel shows once."""

import json
import re

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.demo import Demo
from tests.visiting import choose, connected_panel, go, in_one_demo

pytestmark = in_one_demo


@pytest.mark.long
@pytest.mark.refusals(502)
def test_what_is_shown_once_is_shown_though_the_list_around_it_cannot_be_read(
    context: BrowserContext, demo: Demo
) -> None:
    """32-7: a secret, a key and a link were made, and nobody would ever have seen them."""
    origin = demo.amocrm.split("/at/")[0]
    page = connected_panel(context, demo)
    choose(page)
    lists = re.compile("action=(get_endpoints|get_automations|get_administrators)")

    def silent() -> None:
        refused = json.dumps({"title": "No", "status": 502, "code": "unknown", "detail": "Сейчас не выходит."})
        page.route(
            lists, lambda route: route.fulfill(status=502, content_type="application/problem+json", body=refused)
        )

    go(page, "events")
    page.get_by_role("button", name="Добавить получателя").click()
    page.get_by_label("Название", exact=True).fill("Касса")
    page.get_by_label("Адрес", exact=True).fill(f"{origin}/receiver")
    silent()
    page.locator("form.card").get_by_role("button", name="Сохранить").click()
    expect(page.locator("#endpoint-secret")).to_have_text(re.compile("^whsec_"))
    expect(page.locator("#view form.card")).to_have_count(0)  # one more press would make another one
    page.unroute(lists)

    go(page, "automations")
    page.get_by_role("button", name="Добавить автоматизацию").click()
    page.get_by_label("Название").fill("Записка кассе")
    page.get_by_label("Текст").fill("Готово")
    silent()
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator("#automation-key")).to_have_text(re.compile("^auto_"))
    expect(page.locator("#panel-error")).to_have_text("Сейчас не выходит.")
    page.unroute(lists)

    with demo.http({"Authorization": f"Bearer {demo.token}"}) as http:
        http.post("/create_administrator", json={"name": "Кассир", "rights": "see"}).raise_for_status()
    go(page, "people")
    row = page.locator("#view li", has_text="Кассир")
    expect(row).to_be_visible()
    silent()
    row.get_by_role("button", name="Новая ссылка").click()
    expect(page.locator("#view [role=status] code")).to_contain_text("http")
