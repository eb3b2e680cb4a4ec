"""Rows P1, P2: a connection is chosen once, and every view, filter and opened entry has an address (38-1, 38-2)."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.demo import Demo, connect
from tests.longer import others_long
from tests.looking import looked_at
from tests.visiting import go, in_one_demo, sign_in

pytestmark = in_one_demo

_GLASS = "#/steklodom.amocrm.ru/glass"
# Dead deliveries of the demo's connection, as many as somebody would have to look through.
_MANY = """
INSERT INTO amocrm_deliveries (id, integration_id, lead_id, action, idempotency_key, request_hash, request, state,
    attempts, finished_at, problem_code, problem_detail)
SELECT gen_random_uuid(), i.id, 4711, 'save_calculation', 'many-' || n, decode(repeat('00', 32), 'hex'), NULL, 'dead',
    1, amocrm_now(), 'refused', NULL
FROM amocrm_integrations i, generate_series(1, 10000) AS n
WHERE i.widget_type = 'glass' AND i.account_domain = 'steklodom.amocrm.ru'
RETURNING id::text
"""


def _signed_in(page: Page, demo: Demo, address: str) -> None:
    page.goto(f"{demo.panel}{address}")
    page.get_by_label("Токен администратора").fill(demo.token)
    page.get_by_role("button", name="Войти").click()


def _heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()


@pytest.mark.long
def test_38_1_a_connection_is_chosen_once(context: BrowserContext, demo: Demo) -> None:
    connect(demo)
    page = context.new_page()
    sign_in(page, demo)
    expect(page.locator("#places a")).to_have_text(["Обзор", "Подключения", "Люди"])
    page.get_by_role("link", name="steklodom.amocrm.ru · Стекло").click()
    _heading(page, "Сводка")
    expect(page.get_by_role("heading", name="Что можно сделать дальше")).to_be_visible()
    looked_at(page, "panel-summary")
    for view, heading in (("Доставки", "Доставки"), ("События", "События"), ("Настройки", "Настройки")):
        page.locator("#views").get_by_role("link", name=view, exact=True).click()
        _heading(page, heading)
        expect(page.locator("#whose")).to_contain_text("steklodom.amocrm.ru · Стекло")
        expect(page.locator("#connection")).to_have_count(0)  # nobody is asked again which one
    # A widget type without a calculator has no such view, and its address says so.
    demo.sql(
        "INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri)"
        " SELECT gen_random_uuid(), 'site', account_domain, client_id, client_secret, redirect_uri"
        " FROM amocrm_integrations WHERE widget_type = 'glass' ON CONFLICT DO NOTHING"
    )
    go(page, "calculator", "site")
    expect(page.get_by_text("У этого вида виджета такой страницы нет.")).to_be_visible()
    expect(page.locator("#view-calculator")).to_have_count(0)
    expect(page.locator("#view-deliveries")).to_have_count(1)
    demo.sql("DELETE FROM amocrm_integrations WHERE widget_type = 'site'")


@pytest.mark.long
@pytest.mark.refusals(404)
def test_38_2_old_addresses_lead_to_the_new_ones(context: BrowserContext, demo: Demo) -> None:
    connect(demo)
    page = context.new_page()
    _signed_in(page, demo, "#crm")
    _heading(page, "Подключения")
    page.get_by_role("link", name="steklodom.amocrm.ru · Стекло").click()
    _heading(page, "Сводка")
    some = "00000000-0000-4000-8000-000000000000"
    for old, new in {
        "#overview": "#/overview",
        "#people": "#/people",
        "#settings": f"{_GLASS}/settings",
        "#bookings": f"{_GLASS}/appointments",
        "#form": f"{_GLASS}/site",
        "#deliveries/dead": "#/overview/deliveries?state=dead",
        f"#deliveries/{some}": f"{_GLASS}/deliveries/{some}",
        f"#incoming/{some}/steklodom.amocrm.ru/glass": f"{_GLASS}/incoming/{some}",
        "#log": f"{_GLASS}/log",
    }.items():
        page.evaluate("hash => { location.hash = hash; }", old)
        expect(page).to_have_url(f"{demo.panel}{new}")
    page.evaluate("() => { location.hash = '#/nobody.amocrm.ru/glass'; }")
    expect(page.get_by_text("Подключения nobody.amocrm.ru · Стекло здесь нет.")).to_be_visible()


@pytest.mark.long
def test_38_2_a_link_to_a_delivery_opens_just_that_also_after_signing_in(context: BrowserContext, demo: Demo) -> None:
    """10,000 deliveries in a filter: a page at a time, with back and forward."""
    connect(demo)
    ids = demo.sql(_MANY)
    try:
        page = context.new_page()
        (one,) = ids[0]
        _signed_in(page, demo, f"{_GLASS}/deliveries/{one}")
        expect(page.locator("#deliveries > li")).to_have_count(1)
        expect(page.locator("#deliveries details[open] code")).to_have_text(one)
        page.get_by_role("link", name="Все доставки").click()
        rows = page.locator("#deliveries > li")
        expect(rows).to_have_count(30)
        page.get_by_label("Состояние").select_option("dead")
        page.get_by_label("Номер сделки").fill("4711")
        page.get_by_label("Номер сделки").press("Enter")
        expect(page).to_have_url(f"{demo.panel}{_GLASS}/deliveries?state=dead&lead=4711")
        expect(rows.first).to_contain_text("сделка 4711")
        first = rows.first.locator("code").text_content()
        page.get_by_role("link", name="Более ранние").click()
        expect(page).to_have_url(re.compile("before="))
        expect(rows.first.locator("code")).not_to_have_text(str(first))
        second = page.url
        page.go_back()
        expect(rows.first.locator("code")).to_have_text(str(first))
        page.go_forward()
        expect(page).to_have_url(second)
        expect(rows.first.locator("code")).not_to_have_text(str(first))
        rows.first.get_by_text("История").click()
        expect(page).to_have_url(re.compile(r"/deliveries/[0-9a-f-]{36}\?"))
        page.reload()
        expect(rows).to_have_count(1)
        page.go_back()
        expect(rows).to_have_count(30)
        page.go_back()
        page.go_back()
        expect(page.get_by_label("Номер сделки")).to_have_value("")
    finally:
        demo.sql("DELETE FROM amocrm_deliveries WHERE idempotency_key ~ '^many-'")


@pytest.mark.long
@pytest.mark.refusals(401)
def test_38_2_a_tab_left_open_for_a_week_goes_on_where_it_was(context: BrowserContext, demo: Demo) -> None:
    """Nothing is asked any more when the session is over; whoever signs in again is at the address."""
    connect(demo)
    page = context.new_page()
    page.clock.install()
    _signed_in(page, demo, f"{_GLASS}/log?level=error")
    _heading(page, "Журнал")
    page.evaluate("sessionStorage.setItem('administrator-token', 'gone')")
    with page.expect_response(re.compile("action=get_events")):
        page.clock.run_for(5_000)
    expect(page.locator("#token")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "action=" in sent.url else None)
    page.clock.run_for(7 * 24 * 3_600_000 // 100)
    assert not [url for url in asked if "get_events" in url]
    page.evaluate("hash => { location.hash = hash; }", f"{_GLASS}/deliveries?state=dead")
    page.locator("#token").fill(demo.token)
    page.get_by_role("button", name="Войти").click()
    _heading(page, "Доставки")
    expect(page.get_by_label("Состояние")).to_have_value("dead")


@pytest.mark.long
def test_38_2_a_version_of_a_calculator_and_a_line_of_the_log_have_addresses(
    context: BrowserContext, demo: Demo
) -> None:
    headers = connect(demo)
    with demo.http(headers) as http:

        def post(action: str, **body: Any) -> Any:
            answer = http.post(f"/{action}", json={"level": "connection", **body})
            assert answer.status_code == 200, answer.text
            return answer.json()

        known = http.get("/get_calculator_draft", params={"level": "connection"}).json()
        revision = known["draft"] and known["draft"]["revision"]
        draft = post("save_calculator_draft", document=known["usual"]["glass"], revision=revision)
        version = post("publish_calculator", revision=draft["revision"], note="Весенние цены")["version"]
        event = http.get("/get_events", params={"limit": 2}).json()["events"][1]
    page = context.new_page()
    _signed_in(page, demo, f"{_GLASS}/calculator/{version}")
    _heading(page, f"Версия {version}")
    expect(page.get_by_text("Весенние цены")).to_be_visible()
    expect(page.get_by_label("Ширина, мм")).to_be_visible()
    looked_at(page, "panel-calculator-version")
    page.get_by_role("link", name="В конструктор").click()
    expect(page.locator("[data-path='title']")).to_be_visible()
    go(page, f"log/{event['id']}", "glass")
    expect(page.locator("#events > li")).to_have_count(1)
    page.get_by_role("link", name="Весь журнал").click()
    expect(page.locator("#events > li").nth(1)).to_be_visible()
    with demo.http(headers) as http:
        assert http.post("/inherit_calculator", json={"level": "connection"}).status_code == 200


@pytest.mark.long
def test_38_1_what_the_overview_counts_is_found_in_its_connection(context: BrowserContext, demo: Demo) -> None:
    """An endpoint that was turned off: from the overview's line to the view in which it is turned on again."""
    with demo.http(connect(demo)) as http:
        url = f"{demo.amocrm.split('/at/')[0]}/receiver"
        assert http.post("/save_endpoint", json={"name": "Склад", "url": url}).status_code == 201
    demo.sql("UPDATE amocrm_endpoints SET is_on = false, off_reason = 'gone', due_at = NULL WHERE removed_at IS NULL")
    try:
        page = context.new_page()
        _signed_in(page, demo, "")
        page.locator('a[href="#/connections?todo=endpoints_off"]').click()
        expect(page).to_have_url(f"{demo.panel}{_GLASS}/events")  # the only one
        page.locator("#view-first").click()
        expect(page.get_by_role("link", name="Получатель Склад не отвечает")).to_be_visible()
    finally:
        demo.sql("UPDATE amocrm_endpoints SET removed_at = amocrm_now()")


@pytest.mark.long
@pytest.mark.parametrize("name", others_long(["\u05e9\u05dc\u05d5\u05dd \u202e\u05e2\u05d5\u05dc\u05dd", "Щ" * 80]))
def test_38_1_on_a_phone_nothing_is_cut(chromium: Browser, demo: Demo, name: str) -> None:
    """At 390 px, with names that are long or run from right to left; what a finger presses is 44 px high."""
    connect(demo)
    with demo.http({"Authorization": f"Bearer {demo.token}"}) as http:
        link = http.post("/create_administrator", json={"name": name, "rights": "manage"}).json()["link"]
    phone = chromium.new_context(locale="ru-RU", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    page.goto(link)
    _heading(page, "Обзор")
    for place in ("overview", "connections", "people", "", "deliveries", "appointments", "events", "settings"):
        go(page, place, "glass")
        expect(page.locator("#view h1")).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (place, wide)
        small = page.evaluate(_SMALL)
        assert not small, (place, small)
    page.locator("#views-button").click()
    page.locator("#views").get_by_role("link", name="Журнал", exact=True).click()
    _heading(page, "Журнал")
    expect(page.locator("#views-button")).to_have_text("Журнал")
    phone.close()


_SMALL = """() => [...document.querySelectorAll("button, summary, select, nav a, input:not([type=checkbox])")]
  .filter((one) => one.checkVisibility() && !["file", "radio"].includes(one.type))
  .filter((one) => one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 90))"""
