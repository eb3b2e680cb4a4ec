"""What the panel says of an account that cannot be read, of a connection that is gone, and in a tab left open for long
(38-7)."""

import json
import re
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from tests.demo import Demo, connect
from tests.visiting import go, in_one_demo, sign_in

pytestmark = in_one_demo

_WEEK: Final = 7 * 24 * 3_600_000  # milliseconds


@pytest.mark.long
@pytest.mark.refusals(503)
def test_38_7_why_there_is_nothing_to_choose_from(context: BrowserContext, demo: Demo) -> None:
    """The account is connected, but cannot be read now: each view that lets choose from its lists says so."""
    with demo.http(connect(demo)) as http:
        key = http.post("/create_site_key", json={"name": "Лендинг", "is_server": True}).json()["site_key"]
        with demo.http() as builder:
            assert builder.post(f"/?action=submit_form&site_key={key}", json={"Имя": "Нина"}).status_code == 200
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())  # what is typed goes

    def refuse(route: Route) -> None:
        problem = {"title": "No", "status": 503, "code": "busy", "detail": "amoCRM молчит."}
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))

    page.route(re.compile("action=get_(pipelines|users|bots|account|custom_fields)"), refuse)
    sign_in(page, demo)
    told = page.get_by_text("Списки аккаунта сейчас недоступны: amoCRM молчит.")
    go(page, "events", "glass")
    page.get_by_text("Статусы заказов словами магазина").click()
    expect(told).to_be_visible()
    expect(page.get_by_text("аккаунт не подключён")).to_have_count(0)
    page.get_by_role("button", name="Добавить получателя").click()
    page.get_by_text("Не обо всём, а только…").click()
    expect(told).to_have_count(2)
    go(page, "automations")
    page.get_by_role("button", name="Добавить автоматизацию").click()
    for kind, count in {"task": 1, "bot": 1, "note": 0}.items():
        page.get_by_label("Что делает").select_option(kind)
        expect(told).to_have_count(count)
    go(page, "appointments")
    expect(told).to_be_visible()
    go(page, "settings")
    expect(told).to_be_visible()
    go(page, "incoming")
    page.get_by_text("Что понято").first.click()
    expect(told).to_be_visible()


@pytest.mark.long
@pytest.mark.refusals(404)
def test_38_7_a_connection_that_somebody_else_has_removed(context: BrowserContext, demo: Demo) -> None:
    """What is open tells it; so does every other view of it."""
    demo.sql(
        "INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri)"
        " SELECT gen_random_uuid(), 'site', account_domain, client_id, client_secret, redirect_uri"
        " FROM amocrm_integrations WHERE widget_type = 'glass' ON CONFLICT DO NOTHING"
    )
    page = context.new_page()
    sign_in(page, demo)
    go(page, "deliveries", "site")
    expect(page.get_by_text("Доставок пока нет.")).to_be_visible()
    demo.sql("DELETE FROM amocrm_integrations WHERE widget_type = 'site'")
    page.get_by_role("button", name="Обновить").click()
    expect(page.locator("#panel-error")).to_contain_text("подключения")
    go(page, "events", "site")
    expect(page.get_by_text("Подключения steklodom.amocrm.ru · Сайт здесь нет.")).to_be_visible()


@pytest.mark.long
def test_38_7_a_tab_that_was_left_open_for_a_week(chromium: Browser, demo: Demo) -> None:
    """It asks anew; where something is typed in it, it says how old it is, and loses nothing."""
    headers = connect(demo)
    context = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    context.clock.install()
    page = context.new_page()
    sign_in(page, demo)
    go(page, "site", "glass")
    expect(page.get_by_role("heading", level=1, name="Сайт")).to_be_visible()
    page.get_by_label("Название").fill("Не сохранено")
    with demo.http(headers) as http:
        http.post("/create_site_key", json={"name": "Пока вас не было", "origins": ["https://example.org"]})
    context.clock.fast_forward(_WEEK)
    expect(page.get_by_text("Пока вас не было")).to_be_visible()
    expect(page.get_by_label("Название")).to_have_value("Не сохранено")
    page.on("dialog", lambda dialog: dialog.accept())  # what is typed may go: asked here, and by the button below
    go(page, "settings", "glass")
    page.get_by_label("Компания", exact=True).fill("Не сохранено")
    context.clock.fast_forward(_WEEK)
    expect(page.locator("#kept")).to_contain_text("не сохранено")
    expect(page.get_by_label("Компания", exact=True)).to_have_value("Не сохранено")
    page.locator("#kept button").click()
    expect(page.get_by_label("Компания", exact=True)).not_to_have_value("Не сохранено")
    expect(page.locator("#kept")).to_be_empty()
    context.close()
    demo.sql("DELETE FROM amocrm_site_keys WHERE name = %s", "Пока вас не было")
