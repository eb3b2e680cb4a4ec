"""The newcomer's three minutes, in a real Chromium, against the demo as `make demo` starts it."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.demo import Demo, free_port

# Where to put a picture of each page, for looking at: `SCREENSHOTS=folder make test`.
PICTURES = os.environ.get("SCREENSHOTS")

_ORIGINS = re.compile(r"http://(localhost|127\.0\.0\.1):\d+/|data:|about:")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path is not None, "Chromium is not installed"
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory(prefix="amodemo", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        running = Demo(Path(folder) / "data", free_port())
        yield running
        running.stop()


@pytest.fixture
def context(chromium: Browser, demo: Demo, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A new visitor. No page of his may log an error or call a foreign origin.

    A browser logs a refused request as an error: a story that expects some says so with `@pytest.mark.refusals`.
    """
    marker = request.node.get_closest_marker("refusals")
    expected = [f"status of {status} " for status in marker.args] if marker else []
    made = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("weberror", lambda error: complaints.append(str(error.error)))
    made.on("request", lambda sent: None if _ORIGINS.match(sent.url) else complaints.append(sent.url))
    yield made
    made.close()
    assert [complaint for complaint in complaints if not any(words in complaint for words in expected)] == []


def _picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def _sign_in(page: Page, demo: Demo) -> None:
    page.goto(demo.panel)
    page.get_by_label("Токен администратора").fill(demo.token)
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("heading", name="Подключения", exact=True)).to_be_visible()


def _save_connection(page: Page, demo: Demo) -> None:
    page.get_by_label("Адрес аккаунта").fill("https://SteklоDom.amocrm.ru/".replace("о", "o"))
    page.get_by_label("ID интеграции").fill(demo.client_id)
    page.get_by_label("Секретный ключ").fill(demo.secret)
    page.get_by_role("button", name="Сохранить").click()


def test_from_an_empty_panel_to_a_note_in_the_deal(context: BrowserContext, demo: Demo) -> None:
    panel = context.new_page()
    _sign_in(panel, demo)
    expect(panel.get_by_text("Пока ни одного")).to_be_visible()
    expect(panel.get_by_text("Событий пока нет")).to_be_visible()
    _picture(panel, "panel-empty")
    _save_connection(panel, demo)
    expect(panel.get_by_text("ждёт авторизации")).to_be_visible()

    with context.expect_page() as opened:
        panel.get_by_role("button", name="Авторизовать в amoCRM").click()
    consent = opened.value
    consent.wait_for_load_state()
    expect(consent.get_by_role("heading", name="Разрешить доступ?")).to_be_visible()
    _picture(consent, "consent")
    with consent.expect_event("close"):
        consent.get_by_role("button", name="Разрешить").click()
    expect(panel.locator(".status.connected")).to_be_visible()
    expect(panel.get_by_text("Аккаунт подключён.")).to_be_visible()
    _picture(panel, "panel-connected")

    deal = context.new_page()
    deal.goto(demo.amocrm)
    _picture(deal, "deals")
    deal.get_by_role("link", name=re.compile("Душевая перегородка")).click()
    expect(deal.locator(".client")).to_contain_text("Мария Лебедева")
    expect(deal.locator(".client")).to_contain_text("+7 (912) 345-67-89")
    deal.get_by_label("Ширина, мм").fill("1250")
    deal.get_by_label("Монтаж").check()
    deal.get_by_label("Записать сумму в бюджет сделки").check()
    expect(deal.locator("output")).to_have_text(re.compile(r"25\s000,00"))
    deal.get_by_role("button", name="Сохранить в сделку").click()
    expect(deal.get_by_text("Расчёт сохранён в сделке.")).to_be_visible()
    expect(deal.locator("#feed li")).to_have_count(2)
    expect(deal.locator("#feed")).to_contain_text("Размер: 1250 × 2000 мм")
    expect(deal.locator("#goods li")).to_have_text(["Стекло закалённое 8 мм — 2,5", "Монтаж — 1"])
    quotation = deal.request.get(deal.get_by_role("link", name=re.compile(r"\.pdf")).evaluate("link => link.href"))
    assert quotation.body().startswith(b"%PDF-")
    expect(deal.locator("#price")).to_have_text(re.compile(r"25\s000"))
    _picture(deal, "deal")
    deal.set_viewport_size({"width": 390, "height": 844})
    _picture(deal, "deal-phone")


@pytest.mark.refusals(403)
def test_denial_is_explained_and_leads_back(context: BrowserContext, demo: Demo) -> None:
    panel = context.new_page()
    _sign_in(panel, demo)
    panel.get_by_label("Вид виджета").select_option("clinic")
    _save_connection(panel, demo)
    row = panel.get_by_role("listitem").filter(has_text="Запись в клинику").filter(has_text="ждёт")
    with context.expect_page() as opened:
        row.get_by_role("button", name="Авторизовать в amoCRM").click()
    popup = opened.value
    popup.get_by_role("button", name="Отказать").click()
    expect(popup.get_by_role("heading", name="Доступ не разрешён")).to_be_visible()
    _picture(popup, "denied")
    popup.get_by_role("link", name="Авторизовать ещё раз").click()
    expect(popup.get_by_role("heading", name="Разрешить доступ?")).to_be_visible()
    popup.close()
    expect(panel.get_by_text("В amoCRM отказали в доступе.")).to_be_visible()


@pytest.mark.refusals(401, 422)
def test_mistakes_in_the_panel_are_told_in_place(context: BrowserContext, demo: Demo) -> None:
    page = context.new_page()
    _sign_in(page, demo)
    page.get_by_label("Вид виджета").select_option("countertop")
    page.get_by_label("Адрес аккаунта").fill("example.com")
    page.get_by_label("ID интеграции").fill("12345678")
    page.get_by_label("Секретный ключ").fill("12345678")
    with page.expect_response(re.compile("save_connection")) as answered:
        page.get_by_role("button", name="Сохранить").click()
    assert answered.value.status == 422
    expect(page.locator("#form-error")).to_contain_text("account_domain: must be an amoCRM address")
    _picture(page, "panel-mistake")
    page.get_by_role("button", name="Выйти").click()
    page.get_by_label("Токен администратора").fill("wrong")
    with page.expect_response(re.compile("connection_status")):
        page.get_by_role("button", name="Войти").click()
    expect(page.locator("#sign-in-error")).to_contain_text("administrator token")
    expect(page.get_by_role("heading", name="Подключения", exact=True)).to_be_hidden()


def test_a_form_and_an_order_of_a_site_reach_amocrm(context: BrowserContext, demo: Demo) -> None:
    """After the story above: the account is connected."""
    origin = demo.amocrm.split("/at/")[0]
    headers = {
        "Authorization": f"Bearer {demo.token}",
        "X-Account-Domain": "steklodom.amocrm.ru",
        "X-Widget-Type": "glass",
    }
    made = context.request.post(
        f"{demo.api}/?action=create_site_key", headers=headers, data={"name": "Сайт", "origins": [origin]}
    )
    page = context.new_page()
    page.goto(f"{origin}/site/?api={demo.api}")
    expect(page.get_by_role("heading", name="Подключите пример")).to_be_visible()
    page.get_by_label("Ключ сайта").fill(made.json()["site_key"])
    page.get_by_role("button", name="Подключить").click()
    _picture(page, "site")
    cart = page.locator("#order")
    cart.get_by_label("Имя").fill("Пётр Сайтов")
    cart.get_by_label("Телефон").fill("8 916 100-20-30")
    cart.get_by_role("button", name="Заказать").click()
    expect(page.get_by_text("Спасибо! Заказ")).to_be_visible()
    form = page.locator("#callback")
    form.get_by_label("Имя").fill("Пётр Сайтов")
    form.get_by_label("Телефон").fill("+7 (916) 100 20 30")
    form.get_by_label("Город").fill("Самара")
    page.wait_for_timeout(2100)  # people take their time, and robots are recognised by that they do not
    form.get_by_role("button", name="Отправить").click()
    expect(page.get_by_role("heading", name="Спасибо!")).to_be_visible()
    _picture(page, "site-thanks")
    page.goto(demo.amocrm)
    for name in ("Заказ: № W-", "Заявка с сайта: Вызов замерщика"):
        expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text("Пётр Сайтов")
    page.get_by_role("link", name=re.compile("Вызов замерщика")).click()
    expect(page.locator("#feed")).to_contain_text("Город: Самара")
    _picture(page, "deal-of-a-form")
