"""What is typed in one form of a view, or told in it, outlives what happens beside it."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Route, expect

from tests.demo import Demo, connect
from tests.visiting import choose, connected_panel, go, in_one_demo, sign_in

pytestmark = in_one_demo

LEAVE = "Набранное здесь не сохранено. Всё равно уйти?"


def _post(demo: Demo, action: str, **body: Any) -> Any:
    with demo.http(connect(demo)) as http:
        answer = http.post(f"/{action}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()


def _staying(context: BrowserContext, demo: Demo) -> tuple[Page, list[str]]:
    """Somebody who, asked whether what they have typed may go, says no; and what they were asked."""
    connect(demo)
    page = context.new_page()
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        (dialog.dismiss if dialog.message == LEAVE else dialog.accept)()

    page.on("dialog", answer)
    sign_in(page, demo)
    choose(page)
    return page, asked


def _silent(route: Route) -> None:
    refused = {"title": "No", "status": 502, "code": "unknown", "detail": "Сейчас не выходит."}
    route.fulfill(status=502, content_type="application/problem+json", body=json.dumps(refused))


def test_nobody_types_in_a_form_that_is_about_to_go(context: BrowserContext, demo: Demo) -> None:
    """What kinds there are is asked of the server before a receiver's form opens: what was typed by then in the form
    that stood there was gone with it, without a question."""
    origin = demo.amocrm.split("/at/")[0]
    for name in ("Первая", "Вторая"):
        _post(demo, "save_endpoint", name=name, url=f"{origin}/receiver")
    page, asked = _staying(context, demo)
    go(page, "events")
    rows, form = page.locator("#endpoints > li"), page.locator("#view form.card")
    rows.filter(has_text="Первая").get_by_role("button", name="Изменить").click()
    field = form.get_by_label("Название", exact=True)
    expect(field).to_have_value("Первая")
    held: list[Route] = []
    page.route("**/*get_event_kinds*", lambda route: held.append(route))
    for name in ("Вторая", "Первая"):  # the last one that was asked for is the one that opens
        rows.filter(has_text=name).get_by_role("button", name="Изменить").click()
        expect(form).to_have_count(0)
    while len(held) < 2:
        page.wait_for_timeout(20)
    for route in reversed(held):
        route.continue_()
    expect(field).to_have_value("Первая")
    page.wait_for_timeout(200)
    expect(field).to_have_value("Первая")
    assert not asked


@pytest.mark.long
def test_nobody_types_in_a_form_that_is_being_saved(context: BrowserContext, demo: Demo) -> None:
    """Who went on typing while "Save" was on its way lost that: what was drawn then is what was saved."""
    _post(demo, "save_settings")
    page, _ = _staying(context, demo)
    held: list[Route] = []

    def saved(action: str, save: Locator, field: Locator) -> None:
        """What is typed while it is being saved comes nowhere, and what was typed before is saved."""
        typed = field.input_value()
        page.route(re.compile(f"action={action}"), lambda route: held.append(route), times=1)
        save.click()
        while not held:
            page.wait_for_timeout(20)
        field.evaluate("one => one.focus()")
        page.keyboard.type("потеряно")
        expect(field).to_have_value(typed)
        held.pop().continue_()

    try:
        go(page, "settings")
        company = page.get_by_label("Компания", exact=True)
        company.fill("Стеклодом")
        saved("save_settings", page.get_by_role("button", name="Сохранить", exact=True), company)
        expect(page.get_by_text("Сохранено.", exact=True)).to_be_visible()
        expect(company).to_have_value("Стеклодом")

        go(page, "people")
        invited = page.locator("section.card").get_by_label("Имя")
        invited.fill("Анна Первая")
        saved("create_administrator", page.get_by_role("button", name="Создать ссылку для входа"), invited)
        expect(invited).to_have_value("")
        invited.fill("Пётр Второй")  # and who comes next can be typed
    finally:
        _post(demo, "save_settings")
        demo.sql("DELETE FROM amocrm_administrators WHERE name = 'Анна Первая'")


@pytest.mark.long
def test_what_is_typed_while_a_tab_that_was_left_open_comes_anew_stays(chromium: Browser, demo: Demo) -> None:
    """Whoever was back after a while and typed at once had it taken away when the answer came."""
    connect(demo)
    key = _post(demo, "create_site_key", name="Квиз", is_server=True)
    with demo.http() as builder:
        address = f"/?action=submit_form&site_key={key['site_key']}"
        assert builder.post(address, json={"Поле 1": "Нина", "tranid": "1"}).status_code == 200
    ((entry,),) = demo.sql("SELECT id::text FROM amocrm_incoming WHERE site_key_id = %s", key["id"])
    context = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    context.clock.install()
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, demo)
    held: list[Route] = []

    def back(action: str, field: Locator, typed: str, type_: Callable[[str], object]) -> None:
        field.wait_for()
        page.route(re.compile(f"action={action}(&|$)"), lambda route: held.append(route), times=1)
        context.clock.fast_forward(86_400_000)
        while not held:
            page.wait_for_timeout(20)
        type_(typed)
        with page.expect_response(re.compile(f"action={action}(&|$)")):
            held.pop().continue_()
        page.wait_for_timeout(1000)  # it is drawn by then
        expect(field).to_have_value(typed)

    company = page.get_by_label("Компания", exact=True)
    go(page, "settings", "glass")
    back("get_settings", company, "Набранное", company.fill)
    expect(page.locator("#kept")).to_contain_text("не сохранено")
    page.get_by_role("button", name="Сохранить", exact=True).click()
    expect(page.get_by_text("Сохранено.", exact=True)).to_be_visible()
    place = page.get_by_label("Куда идёт: Поле 1")
    go(page, f"incoming/{entry}", "glass")
    back("get_incoming", place, "name", place.select_option)
    go(page, "incoming", "glass")
    page.locator(f"[data-id='{entry}'] > details:not([open]) > summary").click()
    with demo.http() as builder:  # as many as a page shows: it is not among them any more
        for number in range(20):
            assert builder.post(address, json={"Поле 1": "Нина", "tranid": f"2-{number}"}).status_code == 200
    back("get_incoming", place, "name", place.select_option)
    context.close()
    _post(demo, "save_settings")


@pytest.mark.long
@pytest.mark.refusals("net::ERR_FAILED")
def test_a_builder_works_on_where_it_could_not_come_anew(chromium: Browser, demo: Demo) -> None:
    """The network of a machine that wakes up comes after its clock: the builder stood there, and nothing that was
    pressed in it was seen, though it was done."""
    connect(demo)
    context = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    context.clock.install()
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, demo)
    go(page, "calculator", "glass")
    fields = page.locator(".section").first.locator("> fieldset > .line")
    add = page.locator("[data-add='fields']")
    add.wait_for()
    count = fields.count()
    languages = page.locator("#edited-language")
    languages.select_option("uk")
    page.route(re.compile("action=(connection_status|get_calculator_draft)"), lambda route: route.abort("failed"))
    context.clock.fast_forward(86_400_000)
    expect(page.get_by_text("Сервер не отвечает")).to_be_visible()
    page.unroute_all(behavior="wait")
    add.click()
    expect(fields).to_have_count(count + 1)
    expect(languages).to_have_value("uk")
    expect(page.get_by_text("Черновик сохранён")).to_be_visible()
    with page.expect_response(re.compile("action=get_calculator_draft")):
        context.clock.fast_forward(86_400_000)
    page.wait_for_timeout(500)
    expect(fields).to_have_count(count + 1)
    expect(languages).to_have_value("uk")
    with demo.http(connect(demo)) as http:  # somebody else
        revision = http.get("/get_calculator_draft", params={"level": "connection"}).json()["draft"]["revision"]
    _post(demo, "discard_calculator_draft", level="connection", revision=revision)
    context.clock.fast_forward(86_400_000)
    expect(fields).to_have_count(count)
    context.close()


@pytest.mark.long
def test_what_is_typed_beside_it_stays_when_a_receiver_or_an_automation_is_saved(
    context: BrowserContext, demo: Demo
) -> None:
    """A shop's words were gone with the receiver that was saved below them, and an open form with its neighbour."""
    origin = demo.amocrm.split("/at/")[0]
    for name in ("Касса у окна", "Витрина"):
        _post(demo, "save_endpoint", name=name, url=f"{origin}/receiver")
        _post(demo, "save_automation", name=name, work={"kind": "note", "text": "Готово"})
    page, asked = _staying(context, demo)
    go(page, "events")
    page.get_by_text("Статусы заказов словами магазина").click()
    word = page.locator("#view details .grid input").first
    word.fill("Собираем")
    rows, form = page.locator("#endpoints > li"), page.locator("#view form.card")
    rows.filter(has_text="Витрина").get_by_role("button", name="Изменить").click()
    form.get_by_label("Название", exact=True).fill("Витрина на Лесной")
    rows.filter(has_text="Касса у окна").get_by_role("button", name="Изменить").click()  # the open one stays
    expect(form.get_by_label("Название", exact=True)).to_have_value("Витрина на Лесной")
    rows.filter(has_text="Касса у окна").get_by_role("button", name="Удалить").click()
    expect(rows.filter(has_text="Касса у окна")).to_have_count(0)
    expect(form.get_by_label("Название", exact=True)).to_have_value("Витрина на Лесной")
    form.get_by_role("button", name="Сохранить").click()
    expect(rows.filter(has_text="Витрина на Лесной")).to_be_visible()
    expect(form).to_have_count(0)
    expect(word).to_have_value("Собираем")
    page.locator("#view .card").first.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Сохранено.", exact=True)).to_be_visible()

    go(page, "automations")
    rows = page.locator("#automations > li")
    rows.filter(has_text="Витрина").get_by_role("button", name="Изменить").click()
    form.get_by_label("Текст").fill("Витрина готова")
    rows.filter(has_text="Касса у окна").get_by_role("button", name="Изменить").click()
    rows.filter(has_text="Касса у окна").get_by_role("button", name="Удалить").click()
    expect(rows.filter(has_text="Касса у окна")).to_have_count(0)
    expect(form.get_by_label("Текст")).to_have_value("Витрина готова")
    assert asked.count(LEAVE) == 2


@pytest.mark.long
@pytest.mark.refusals(502)
def test_a_failure_stays_told_while_the_view_asks_again(context: BrowserContext, demo: Demo) -> None:
    """What had failed was told for four seconds, until the view had asked for something else."""
    origin = demo.amocrm.split("/at/")[0]
    page = connected_panel(context, demo)
    choose(page)
    go(page, "events")
    page.get_by_role("button", name="Добавить получателя").click()
    page.get_by_label("Название", exact=True).fill("Почта")
    page.get_by_label("Адрес", exact=True).fill(f"{origin}/receiver")
    page.route(re.compile("action=get_endpoints"), _silent)
    page.locator("form.card").get_by_role("button", name="Сохранить").click()
    error = page.locator("#panel-error")
    expect(error).to_have_text("Сейчас не выходит.")
    with page.expect_response(re.compile("action=get_changes")):
        pass
    with page.expect_response(re.compile("action=get_changes")):
        pass
    expect(error).to_have_text("Сейчас не выходит.")
    # What the view asks for by itself is told as long as it fails, and once.
    page.route(re.compile("action=get_changes"), _silent)
    told = page.locator("main > .error:not(#panel-error)", has_text="Сейчас не выходит.")
    expect(told).to_be_visible()
    page.unroute(re.compile("action=get_changes"))
    expect(told).to_have_count(0)
    page.unroute(re.compile("action=get_endpoints"))
    go(page, "log")
    expect(error).to_be_empty()


@pytest.mark.long
def test_what_is_taken_out_of_settings_is_not_saved_until_it_is_saved(context: BrowserContext, demo: Demo) -> None:
    """The logo of the level above stayed, though somebody had taken it away and saved; a rule that was taken away was
    there again for whoever left without saving, and nobody had asked."""
    logo = b64encode(Path("web/ui/logo.png").read_bytes()).decode()
    rule = {"source": "city", "entity": "leads", "field": "Город", "type": "text"}
    _post(demo, "save_settings", submissions={"mapping": [rule]})
    _post(demo, "save_settings", level="widget", company={"name": "Стеклодом", "lines": [], "logo": logo})
    page, asked = _staying(context, demo)
    try:
        go(page, "settings")
        page.get_by_role("button", name="Убрать логотип").click()
        page.get_by_role("button", name="Сохранить", exact=True).click()
        expect(page.get_by_text("Сохранено.", exact=True)).to_be_visible()
        with demo.http(connect(demo)) as http:
            assert http.get("/get_settings").json()["settings"]["company"]["logo"] is None
        page.get_by_role("button", name="Убрать", exact=True).first.click()
        go(page, "log")
        expect(page).to_have_url(re.compile("/settings$"))
        assert asked == [LEAVE]
    finally:
        _post(demo, "save_settings", level="widget")
        _post(demo, "save_settings")


@pytest.mark.long
@pytest.mark.refusals(409)
def test_what_is_typed_after_somebody_else_was_faster_is_kept_as_well(context: BrowserContext, demo: Demo) -> None:
    """Whoever is told so types on, and keeps theirs: the form as it is then, and not as it was when it was refused."""
    _post(demo, "save_settings")
    page, _ = _staying(context, demo)
    try:
        go(page, "settings", "glass")
        company = page.get_by_label("Компания", exact=True)
        company.fill("Моё")
        _post(demo, "save_settings", company={"name": "Чужое", "lines": []})
        page.get_by_role("button", name="Сохранить", exact=True).click()
        mine = page.get_by_role("button", name="Оставить мой")
        expect(mine).to_be_visible()
        company.fill("Моё, дописанное")
        mine.click()
        expect(page.get_by_text("Сохранено.", exact=True)).to_be_visible()
        expect(company).to_have_value("Моё, дописанное")
    finally:
        _post(demo, "save_settings")


@pytest.mark.long
def test_38_7_a_rule_or_a_route_without_a_name_is_kept_and_told(context: BrowserContext, demo: Demo) -> None:
    """It was left out of what was saved, with all that was typed in it, and "Saved" stood below."""
    _post(demo, "save_settings")
    page, _ = _staying(context, demo)
    save = page.get_by_role("button", name="Сохранить", exact=True)
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if "action=save_settings" in one.url else None)
    try:
        go(page, "settings", "glass")
        for add, name, row in (
            ("Добавить поле", "Поле на сайте", {"source": "city", "field": "Город"}),
            ("Добавить маршрут", "Категория", {"category": "Зеркала"}),
        ):
            page.get_by_role("button", name=add).click()
            if "field" in row:
                page.get_by_label("Название нового поля").fill(row["field"])
            unnamed = page.get_by_label(name, exact=True).last
            unnamed.fill("  ")
            save.click()
            expect(unnamed).to_be_focused()
            assert "без названия" in unnamed.evaluate("one => one.validationMessage")
            assert sent == []
            unnamed.fill(row["category"] if "category" in row else row["source"])
        save.click()
        expect(page.get_by_text("Сохранено.", exact=True)).to_be_visible()
        with demo.http(connect(demo)) as http:
            found = http.get("/get_settings").json()["settings"]["submissions"]
        assert [(one["source"], one["field"]) for one in found["mapping"]] == [("city", "Город")]
        assert [one["category"] for one in found["routes"]] == ["Зеркала"]
    finally:
        _post(demo, "save_settings")


@pytest.mark.long
def test_38_7_what_is_typed_about_people_and_keys_outlives_their_neighbours(
    context: BrowserContext, demo: Demo
) -> None:
    """What somebody may, or a key's secret, was gone when another one was revoked, and nobody who left was asked."""
    for name in ("Анна Первая", "Пётр Второй"):
        _post(demo, "create_administrator", name=name, rights="see")
    for name in ("Первый конструктор", "Второй конструктор"):
        _post(demo, "create_site_key", name=name, is_server=True)
    page, asked = _staying(context, demo)
    try:
        go(page, "people")
        rows = page.locator("#people > li")
        mine, other = rows.filter(has_text="Анна Первая"), rows.filter(has_text="Пётр Второй")
        mine.get_by_text("Изменить").click()
        rights = mine.get_by_label("Может")
        rights.select_option("operate")
        invited = page.locator("section.card").get_by_label("Имя")
        invited.fill("Зоя Тре")
        other.get_by_role("button", name="Отозвать").click()
        invited.click()
        page.keyboard.type("тья")
        expect(other.get_by_role("button", name="Отозвать")).to_have_count(0)
        expect(rights).to_be_visible()
        expect(rights).to_have_value("operate")
        expect(invited).to_have_value("Зоя Третья")
        go(page, "overview")
        expect(page).to_have_url(re.compile("#/people$"))
        assert asked.count(LEAVE) == 1
        mine.get_by_role("button", name="Сохранить").click()
        expect(mine).to_contain_text("смотреть и действовать")
        expect(rights).to_be_hidden()
        invited.fill("")

        page.reload()
        go(page, "site", "glass")
        rows = page.locator("#view ul.rows > li")
        mine, other = rows.filter(has_text="Первый конструктор"), rows.filter(has_text="Второй конструктор")
        mine.get_by_role("button", name="Подпись…").click()
        secret = mine.get_by_label("Секрет отправителя")
        secret.fill("полсекрета")
        other.get_by_role("button", name="Отозвать").click()
        expect(other.get_by_role("button", name="Отозвать")).to_have_count(0)
        expect(secret).to_have_value("полсекрета")
        mine.get_by_role("button", name="Подпись…").click()  # it would close
        expect(secret).to_have_value("полсекрета")
        mine.get_by_role("button", name="Сохранить").click()
        expect(mine).to_contain_text("только с подписью")
        expect(secret).to_have_count(0)
        page.get_by_label("Название", exact=True).fill("Витр")
        go(page, "log")
        expect(page).to_have_url(re.compile("/site$"))
    finally:
        demo.sql("DELETE FROM amocrm_administrators WHERE name IN ('Анна Первая', 'Пётр Второй')")
        demo.sql("DELETE FROM amocrm_site_keys WHERE name IN ('Первый конструктор', 'Второй конструктор')")


@pytest.mark.long
def test_a_form_that_was_just_opened_stays_when_what_is_around_it_comes_anew(
    context: BrowserContext, demo: Demo
) -> None:
    """Whoever pressed on while the list was on its way had the form taken away, with nothing typed in it yet."""
    _post(demo, "save_automation", name="Порог", work={"kind": "note", "text": "Готово"})
    page, _ = _staying(context, demo)
    go(page, "automations")
    row = page.locator("#automations li", has_text="Порог")
    waiting: list[Route] = []
    row.wait_for()
    page.route(re.compile("action=get_automations"), lambda route: waiting.append(route))
    with page.expect_request(re.compile("action=get_automations")):
        row.get_by_role("button", name="Новый ключ").click()
    page.get_by_role("button", name="Добавить автоматизацию").click()
    expect(page.get_by_label("Название")).to_be_focused()
    with page.expect_response(re.compile("action=get_automations")):
        waiting[0].continue_()
    page.wait_for_timeout(500)  # it is drawn by then
    expect(page.get_by_label("Название")).to_be_focused()
    page.unroute_all()
