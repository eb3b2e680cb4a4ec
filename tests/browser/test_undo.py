"""What was changed can be taken back for a while; what cannot be is asked before (38-7)."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo import Demo, connect
from tests.visiting import go, in_one_demo, sign_in

pytestmark = in_one_demo


def _company(http: Any, name: str | None = None) -> str:
    if name is not None:
        assert http.post("/save_settings", json={"company": {"name": name, "lines": []}}).status_code == 200
    return str(http.get("/get_settings").json()["settings"]["company"]["name"])


def _save(page: Page, name: str) -> None:
    page.get_by_label("Компания", exact=True).fill(name)
    page.get_by_role("button", name="Сохранить", exact=True).click()
    expect(page.locator("#toasts .toast")).to_contain_text("Настройки изменены.")


@pytest.mark.refusals(409)
def test_38_7_what_was_changed_is_put_back(chromium: Browser, demo: Demo) -> None:
    """Settings by a key, an endpoint that was switched off, a calculator's draft and version; never over somebody
    else's change. A toast takes no focus, and does not go while somebody stands on it."""
    headers = connect(demo)
    context = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    context.clock.install()
    page = context.new_page()
    toast = page.locator("#toasts .toast")
    undo = toast.get_by_role("button", name="Отменить", exact=True)
    with demo.http(headers) as http:
        before = _company(http, "До всего")
        sign_in(page, demo)
        go(page, "settings", "glass")
        _save(page, "Не то")
        expect(page.locator("#toasts")).to_have_attribute("role", "status")
        assert not toast.evaluate("one => one.contains(document.activeElement)")
        assert _company(http) == "Не то"
        undo.focus()
        context.clock.fast_forward(120_000)
        expect(undo).to_be_focused()
        page.keyboard.press("Control+z")
        expect(toast).to_contain_text("Вернули как было.")
        assert _company(http) == before
        context.clock.fast_forward(10_000)
        expect(toast).to_have_count(0)
        # Somebody else has been here since.
        _save(page, "Снова не то")
        _company(http, "Чужое")
        undo.click()
        expect(toast.get_by_role("alert")).to_contain_text("изменил")
        assert _company(http) == "Чужое"

        made = http.post("/save_endpoint", json={"name": "Дальний склад", "url": "https://example.org/a"}).json()
        go(page, "events")
        row = page.locator("#endpoints > li").filter(has_text="Дальний склад")
        row.get_by_role("button", name="Изменить").click()
        page.locator("form.card .check input").first.uncheck()
        page.locator("form.card").get_by_role("button", name="Сохранить").click()
        expect(toast).to_contain_text("«Дальний склад»: изменено.")
        (one,) = [each for each in http.get("/get_endpoints").json()["endpoints"] if each["id"] == made["id"]]
        assert not one["is_on"]
        undo.click()
        expect(toast).to_contain_text("Вернули как было.")
        (one,) = [each for each in http.get("/get_endpoints").json()["endpoints"] if each["id"] == made["id"]]
        assert one["is_on"]
        http.post("/remove_endpoint", json={"id": made["id"]})
    context.close()


@pytest.mark.long
def test_38_7_a_calculator_goes_back(chromium: Browser, demo: Demo) -> None:
    """Its draft that was thrown away, and the version before the one that was published; the latter by no key."""
    headers = connect(demo, widget_type="countertop")
    context = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    toast = page.locator("#toasts .toast")
    undo = toast.get_by_role("button", name="Отменить", exact=True)
    with demo.http(headers) as http:

        def now() -> Any:
            return http.get("/get_calculator_draft").json()

        document = now()["usual"]["countertop"]
        saved = http.post("/save_calculator_draft", json={"level": "connection", "document": document}).json()
        sign_in(page, demo)
        go(page, "calculator", "countertop")
        page.get_by_role("button", name="Удалить черновик").click()
        expect(toast).to_contain_text("Черновик удалён.")
        assert now()["draft"] is None
        undo.click()
        expect(toast).to_contain_text("Вернули как было.")
        assert now()["draft"]["document"] == document
        assert now()["draft"]["revision"] != saved["revision"]
        publish = page.get_by_role("button", name="Опубликовать", exact=True)
        publish.click()
        expect(toast).to_contain_text("опубликована")
        assert not now()["versions"][0]["is_inherited"]
        # What deal cards show by now is taken back by the button, not by a key that was meant for something else.
        expect(undo).not_to_have_attribute("aria-keyshortcuts", "Control+Z")
        page.locator("#view").press("Control+z")
        page.wait_for_timeout(300)
        assert not now()["versions"][0]["is_inherited"]
        undo.click()
        expect(toast).to_contain_text("Вернули как было.")
        found = now()
        assert found["versions"][0]["is_inherited"]  # there was none before: the level above holds again
        assert found["draft"]["document"] == document
        publish.click()
        expect(toast).to_contain_text("опубликована")
        number = now()["versions"][0]["version"]
        second = document | {"title": {"ru": "Другой"}}
        assert http.post("/save_calculator_draft", json={"level": "connection", "document": second}).status_code == 200
        go(page, "log")
        go(page, "calculator")
        expect(publish).to_be_enabled()
        publish.click()
        expect(toast).to_contain_text(f"Версия {number + 1} опубликована")
        undo.click()
        expect(toast).to_contain_text("Вернули как было.")
        found = now()
        assert found["in_force"][0]["document"] == document
        assert found["versions"][0]["note"].startswith("Возврат к версии")
        assert found["draft"]["document"]["title"]["ru"] == "Другой"
    context.close()
    demo.sql("DELETE FROM amocrm_calculators WHERE widget_type = 'countertop'")
