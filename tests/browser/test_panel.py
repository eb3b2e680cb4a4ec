"""The panel where something is in the way: a silent server, blocked storage, a wrong field that is out of sight."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect

from tests.demo import Demo, connect
from tests.longer import others_long
from tests.visiting import choose, connected_panel, go, in_one_demo, sign_in

pytestmark = in_one_demo

_TOKEN = "sessionStorage.getItem('administrator-token')"


def _refused(status: int, detail: str) -> str:
    return json.dumps({"title": "No", "status": status, "code": "unknown", "detail": detail})


@pytest.mark.refusals(502, 401)
def test_only_a_refused_token_is_thrown_away(context: BrowserContext, demo: Demo) -> None:
    """30-G4: a 502 while the panel loads is waited out; the invitation was used up long ago."""
    page = context.new_page()
    sign_in(page, demo)
    question = re.compile("action=get_administrator(&|$)")

    def passing(route: Route) -> None:
        route.fulfill(status=502, content_type="application/problem+json", body=_refused(502, "Сейчас не выходит."))

    page.route(question, passing)
    page.reload()
    expect(page.get_by_text("Сейчас не выходит.")).to_be_visible()
    assert page.evaluate(_TOKEN) == demo.token
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_text("Сейчас не выходит.")).to_be_visible()
    page.unroute(question)
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_role("heading", name="Подключения", exact=True)).to_be_visible()

    page.evaluate("sessionStorage.setItem('administrator-token', 'gone')")
    page.reload()
    expect(page.locator("#token")).to_be_visible()
    expect(page.get_by_role("button", name="Повторить")).to_be_hidden()
    assert page.evaluate(_TOKEN) is None


@pytest.mark.refusals(502)
def test_an_invitation_that_could_not_be_used_is_tried_again(context: BrowserContext, demo: Demo) -> None:
    """30-G4's brother: the link works once, and its code stands in no address any more."""
    with demo.http({"Authorization": f"Bearer {demo.token}"}) as http:
        link = http.post("/create_administrator", json={"name": "Зоя", "rights": "see"}).json()["link"]
    page = context.new_page()
    question = re.compile("action=sign_in(&|$)")
    page.route(
        question,
        lambda route: route.fulfill(status=502, content_type="application/problem+json", body=_refused(502, "Позже.")),
    )
    page.goto(link)
    expect(page.get_by_text("Позже.")).to_be_visible()
    page.unroute(question)
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_role("heading", name="Обзор", exact=True)).to_be_visible()


# 403: a preview that the one's view still asks for is refused to the other, who may only see.
def _second(demo: Demo) -> str:
    """The token of somebody else, who may see."""
    with demo.http(connect(demo)) as http:
        http.post("/save_settings", json={})
        link = http.post("/create_administrator", json={"name": "Зоя Зоркая", "rights": "see"}).json()["link"]
    with demo.http({"Authorization": f"Bearer {link.partition('#invite=')[2]}"}) as http:
        return str(http.post("/sign_in", json={}).json()["token"])


@pytest.mark.long
@pytest.mark.refusals(401, 403)
def test_who_signs_in_after_somebody_else_sees_nothing_of_theirs(context: BrowserContext, demo: Demo) -> None:
    """In a tab whose session had ended, the one's view stood there for the other until theirs came, or for ever where
    it did not; and after signing out the one's change could be taken back by the other."""
    other = _second(demo)
    page = connected_panel(context, demo)
    go(page, "settings", "glass")
    company, save = page.get_by_label("Компания", exact=True), page.get_by_role("button", name="Сохранить", exact=True)
    company.fill("Стеклодом")
    save.click()
    toast = page.locator("#toasts .toast")
    expect(toast).to_be_visible()
    page.locator("#leave").click()
    expect(page.locator("#token")).to_be_visible()
    expect(toast).to_have_count(0)

    def enter(token: str) -> None:
        page.locator("#token").fill(token)
        page.get_by_role("button", name="Войти").click()
        expect(page.locator("#panel")).to_be_visible()

    enter(demo.token)
    expect(company).to_have_value("Стеклодом")
    # In one step: a preview that the view asks for by itself would tell first that the session is gone.
    save.evaluate("button => { sessionStorage.setItem('administrator-token', 'gone'); button.click(); }")
    expect(page.locator("#token")).to_be_visible()
    held: list[Route] = []
    page.route(re.compile("action=connection_status"), lambda route: held.append(route), times=1)
    enter(other)
    expect(page.locator("#me")).to_have_text("Зоя Зоркая")
    while not held:
        page.wait_for_timeout(20)
    expect(company).to_have_count(0)
    held[0].continue_()
    expect(page.locator("#view")).to_contain_text("Здесь этого нет")
    with demo.http(connect(demo)) as http:
        http.post("/save_settings", json={})


@pytest.mark.long
@pytest.mark.refusals(401, 403)
def test_what_is_refused_late_ends_no_session_but_its_own(context: BrowserContext, demo: Demo) -> None:
    """Whoever had signed in meanwhile was thrown out by what the ended session had asked for, or read why it was not
    done."""
    other = _second(demo)
    page = connected_panel(context, demo)
    held: list[Route] = []
    page.route(re.compile("action=preview"), lambda route: held.append(route), times=1)
    go(page, "settings", "glass")
    while not held:
        page.wait_for_timeout(20)
    page.locator("#leave").click()
    page.locator("#token").fill(other)
    page.get_by_role("button", name="Войти").click()
    expect(page.locator("#me")).to_have_text("Зоя Зоркая")
    with page.expect_response(re.compile("action=preview")):
        held[0].fulfill(status=401, content_type="application/problem+json", body=_refused(401, "Вход закончился."))
    go(page, "overview")
    expect(page.locator("#me")).to_have_text("Зоя Зоркая")
    expect(page.get_by_text("Вход закончился.")).to_have_count(0)
    held.clear()
    page.route(re.compile("action=get_overview"), lambda route: held.append(route), times=1)
    page.get_by_role("button", name="Обновить").click()
    while not held:
        page.wait_for_timeout(20)
    page.locator("#leave").click()
    page.locator("#token").fill(demo.token)
    page.get_by_role("button", name="Войти").click()
    expect(page.locator("#period")).to_be_visible()
    with page.expect_response(re.compile("action=get_overview")):
        held[0].fulfill(status=403, content_type="application/problem+json", body=_refused(403, "Зое нельзя."))
    page.wait_for_timeout(200)
    expect(page.get_by_text("Зое нельзя.")).to_have_count(0, timeout=1000)


@pytest.mark.long
@pytest.mark.refusals(502)
def test_a_connection_that_cannot_be_asked_for_stays_chosen(context: BrowserContext, demo: Demo) -> None:
    """30-G4's brother: else the panel would go on with another one, and somebody would change that."""
    connect(demo, widget_type="countertop")
    page = connected_panel(context, demo)
    go(page, "settings", "countertop")
    expect(page.get_by_label("Компания", exact=True)).to_be_visible()
    page.route(
        re.compile("action=connection_status"),
        lambda route: (
            route.fulfill(status=502, content_type="application/problem+json", body=_refused(502, "Позже."))
            if route.request.headers.get("x-account-domain")
            else route.continue_()
        ),
    )
    go(page, "events")
    expect(page.get_by_text("Позже.")).to_be_visible()
    page.unroute(re.compile("action=connection_status"))
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_role("heading", name="События", exact=True)).to_be_visible()
    expect(page.locator("#whose")).to_contain_text("steklodom.amocrm.ru · Столешницы")


@pytest.fixture
def blocked(chromium: Browser) -> Iterator[Page]:
    """A browser that gives no storage at all, as with all cookies blocked."""
    context = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    context.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });
        }"""
    )
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = context.new_page()
    yield page
    context.close()
    assert complaints == []


@pytest.mark.long
def test_another_language_is_shown_also_behind_a_fragment(context: BrowserContext, demo: Demo) -> None:
    """30-G6: to go to the address of the page follows the fragment only."""
    page = context.new_page()
    sign_in(page, demo)
    assert page.url.endswith("#/connections")
    page.get_by_label("Язык", exact=True).select_option("en")
    expect(page.get_by_role("heading", name="Connections", exact=True)).to_be_visible()
    page.get_by_label("Language", exact=True).select_option("uk")
    expect(page.get_by_role("heading", name="Підключення", exact=True)).to_be_visible()
    page.get_by_label("Мова", exact=True).select_option("ru")
    expect(page.get_by_role("heading", name="Подключения", exact=True)).to_be_visible()


@pytest.mark.long
def test_the_pages_work_where_storage_is_blocked(blocked: Page, demo: Demo) -> None:
    """30-G6: the language goes by the address then, and the token lasts as long as the page."""
    sign_in(blocked, demo)
    go(blocked, "overview")
    go(blocked, "calculator")
    expect(blocked.locator("[data-path='title']")).to_be_visible()
    blocked.get_by_label("Язык", exact=True).select_option("en")
    expect(blocked.get_by_label("Administrator token")).to_be_visible()
    blocked.get_by_label("Language", exact=True).select_option("ru")
    expect(blocked.get_by_label("Токен администратора")).to_be_visible()
    blocked.goto(demo.app)
    blocked.get_by_label("Язык", exact=True).select_option("en")
    expect(blocked.get_by_label("Language", exact=True)).to_have_value("en")


@pytest.mark.long
def test_what_is_wrong_out_of_sight_is_brought_into_sight(context: BrowserContext, demo: Demo) -> None:
    """30-G8: a closed section with a wrong field opens, and what is hidden is in nobody's way."""
    connect(demo, widget_type="countertop")
    page = connected_panel(context, demo)
    choose(page, "countertop")
    go(page, "appointments")
    page.get_by_role("button", name="Начать с примера").click()
    sections = page.locator("form.builder > details")
    rules = sections.last
    rules.locator("summary").first.click()
    step = rules.locator("input[type=number]").first
    step.fill("1")
    rules.locator("summary").first.click()
    expect(step).to_be_hidden()
    page.get_by_role("button", name="Сохранить", exact=True).click()
    expect(step).to_be_focused()
    step.fill("30")

    # Hours of one's own that were typed wrong, and are not one's own any more.
    doctor = page.locator("form.builder fieldset").first
    doctor.get_by_label("Свои рабочие часы").check()
    doctor.get_by_label("понедельник").fill("с утра")
    doctor.get_by_label("Свои рабочие часы").uncheck()
    with page.expect_response(re.compile("action=save_settings")) as saved:
        page.get_by_role("button", name="Сохранить", exact=True).click()
    assert saved.value.status == 200
    expect(page.get_by_text("Сохранено.")).to_be_visible()


@pytest.mark.long
@pytest.mark.refusals(502)
def test_what_is_set_stays_set_where_the_account_cannot_be_asked(context: BrowserContext, demo: Demo) -> None:
    """A brother of 30-G7: a choice of users or stages that could not be read would else be saved as none at all, and an
    endpoint would be told of every stage."""
    origin = demo.amocrm.split("/at/")[0]
    with demo.http(connect(demo)) as http:

        def post(action: str, **body: Any) -> Any:
            answer = http.post(f"/{action}", json=body)
            assert answer.status_code in (200, 201), answer.text
            return answer.json()

        users = [one["id"] for one in http.get("/get_users").json()["users"]]
        pipeline = http.get("/get_pipelines").json()["pipelines"][0]
        stage, other = [one["id"] for one in pipeline["statuses"] if not one.get("is_unsorted")][:2]
        place = {"pipelines": [pipeline["id"]], "statuses": [stage]}
        post("save_endpoint", name="Склад", url=f"{origin}/receiver", **place)
        task = {"kind": "task", "text": "Позвонить", "due_minutes": 60, "responsible_user_id": users[0]}
        post("save_automation", name="Перезвон", work=task)
        doctor = {"id": "doctor", "name": "Иванова", "user_id": users[0]}
        bookings = {"is_on": True, "resources": [doctor], "pipeline_id": pipeline["id"], "status_id": stage}
        bookings |= {"cancelled_status_id": other}
        post("save_settings", bookings=bookings)

        page = connected_panel(context, demo)
        choose(page)
        page.route(
            re.compile("action=(get_users|get_pipelines)"),
            lambda route: route.fulfill(status=502, content_type="application/problem+json", body=_refused(502, "")),
        )
        go(page, "events")
        page.locator("#endpoints").get_by_role("button", name="Изменить").click()
        page.get_by_label("Название", exact=True).fill("Склад на Лесной")
        page.locator("form.card").get_by_role("button", name="Сохранить").click()
        expect(page.locator("#endpoints")).to_contain_text("Склад на Лесной")
        go(page, "automations")
        page.locator("#automations").get_by_role("button", name="Изменить").click()
        page.get_by_label("Название").fill("Перезвонить сразу")
        page.get_by_role("button", name="Сохранить").click()
        expect(page.locator("#automations")).to_contain_text("Перезвонить сразу")
        go(page, "appointments")
        page.get_by_role("button", name="Сохранить", exact=True).click()
        expect(page.get_by_text("Сохранено.")).to_be_visible()

        (endpoint,) = http.get("/get_endpoints").json()["endpoints"]
        assert {name: endpoint[name] for name in place} == place
        (automation,) = http.get("/get_automations").json()["automations"]
        assert automation["work"]["responsible_user_id"] == users[0]
        now = http.get("/get_settings").json()["settings"]
        assert {name: now["bookings"][name] for name in ("pipeline_id", "status_id", "cancelled_status_id")} == {
            name: bookings[name] for name in ("pipeline_id", "status_id", "cancelled_status_id")
        }
        assert now["bookings"]["resources"][0]["user_id"] == users[0]

        # A whole pipeline, which the panel shows as its stages, stays one when something else is changed: also a stage
        # that is made later is told of.
        place = {"pipelines": [pipeline["id"]], "statuses": []}
        post("save_endpoint", id=endpoint["id"], name="Склад", url=None, **place)
        page.unroute(re.compile("action=(get_users|get_pipelines)"))
        go(page, "events")
        page.locator("#endpoints").get_by_role("button", name="Изменить").click()
        page.locator("form.card summary").first.click()
        expect(page.locator("form.card").get_by_label(re.compile("Первичный контакт$"))).to_be_checked()
        page.get_by_label("Название", exact=True).fill("Склад за рекой")
        page.locator("form.card").get_by_role("button", name="Сохранить").click()
        expect(page.locator("#endpoints")).to_contain_text("Склад за рекой")
        (endpoint,) = http.get("/get_endpoints").json()["endpoints"]
        assert {name: endpoint[name] for name in place} == place

        # A stage of one pipeline, and won of another: won has one number in both. What is not seen stays.
        second = http.get("/get_pipelines").json()["pipelines"][1]
        archived = {"pipeline_id": 999_999_999, "status_id": None}
        chosen = {"pipeline_id": pipeline["id"], "status_id": stage}
        post("save_endpoint", id=endpoint["id"], name="Склад", url=None, stages=[archived, chosen])
        page.reload()
        page.locator("#endpoints").get_by_role("button", name="Изменить").click()
        page.locator("form.card summary").first.click()
        expect(page.locator("form.card fieldset").last.get_by_role("checkbox", checked=True)).to_have_count(1)
        page.locator(f'form.card input[value="{second["id"]}/142"]').check()
        page.locator("form.card").get_by_role("button", name="Сохранить").click()
        expect(page.get_by_text("«Склад»: изменено.")).to_be_visible()
        (endpoint,) = http.get("/get_endpoints").json()["endpoints"]
        assert endpoint["stages"] == [archived, chosen, {"pipeline_id": second["id"], "status_id": 142}]
        assert endpoint["pipelines"] == sorted([999_999_999, pipeline["id"], second["id"]])
        assert endpoint["statuses"] == []  # all of one that is not seen


@pytest.mark.long
def test_whoever_leaves_a_form_that_is_not_saved_is_asked(context: BrowserContext, demo: Demo) -> None:
    """A brother of 30-G7: what was typed into settings went with the tab, or with another connection."""
    connect(demo)
    connect(demo, widget_type="countertop")
    page = context.new_page()
    sign_in(page, demo)
    go(page, "settings", "glass")
    company = page.get_by_label("Компания", exact=True)
    company.fill("Ещё не сохранено")
    asked: list[str] = []
    stays = [True]

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        if stays[0]:
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    go(page, "log")
    expect(page).to_have_url(re.compile("/glass/settings$"))
    expect(company).to_have_value("Ещё не сохранено")
    go(page, "settings", "countertop")
    expect(page).to_have_url(re.compile("/glass/settings$"))
    page.get_by_role("combobox", name="Чьи настройки").select_option("widget")
    expect(company).to_have_value("Ещё не сохранено")
    page.get_by_role("button", name="Выйти").click()
    expect(company).to_have_value("Ещё не сохранено")
    assert asked == ["Набранное здесь не сохранено. Всё равно уйти?"] * 4
    stays[0] = False
    go(page, "log")
    expect(page.get_by_role("heading", name="Журнал")).to_be_visible()
    go(page, "settings")
    expect(company).to_be_visible()
    go(page, "log")  # nothing was typed: nobody is asked
    expect(page.get_by_role("heading", name="Журнал")).to_be_visible()
    assert len(asked) == 5


@pytest.mark.long
@pytest.mark.refusals(409)
@pytest.mark.parametrize("tab", others_long(["settings", "events", "appointments"]))
def test_whoever_keeps_their_own_settings_takes_back_no_others(context: BrowserContext, demo: Demo, tab: str) -> None:
    """30-K: a tab shows a part of the document; what a colleague has changed in another part meanwhile stays theirs."""
    offer = {
        "resources": [{"id": "one", "name": "Первый врач"}],
        "services": [{"id": "visit", "name": "Приём", "minutes": 60}],
    }
    before: dict[str, Any] = {"company": {"name": "Старое имя"}, "bookings": offer, "changes": {"is_on": False}}
    changes: dict[str, dict[str, Any]] = {
        "settings": {"bookings": offer | {"resources": [{"id": "one", "name": "Второй врач"}]}},
        "events": {"company": {"name": "Их имя"}},
        "appointments": {"company": {"name": "Их имя"}},
    }
    page = connected_panel(context, demo)
    choose(page)
    with demo.http(connect(demo)) as http:
        kept = http.get("/get_settings").json()
        assert http.post("/save_settings", json=before).status_code == 200
        go(page, tab)
        if tab == "settings":
            page.get_by_label("Компания", exact=True).fill("Моё имя")
        elif tab == "events":
            page.get_by_label("Сообщать, что происходит в этом аккаунте").check()
        else:
            page.locator("summary", has_text="Услуги").click()
            page.locator("details", has_text="Услуги").get_by_label("Название или имя").first.fill("Мой приём")
        assert http.post("/save_settings", json=before | changes[tab]).status_code == 200
        page.locator("#view").get_by_role("button", name="Сохранить").click()
        page.get_by_role("button", name="Оставить мой").click()
        expect(page.get_by_text("Сохранено").first).to_be_visible()
        found = http.get("/get_settings").json()["settings"]
        own = {name: value for name, value in kept["settings"].items() if kept["sources"].get(name) == "connection"}
        assert http.post("/save_settings", json=own).status_code == 200
    company, doctor = found["company"]["name"], found["bookings"]["resources"][0]["name"]
    if tab == "settings":
        assert (company, doctor) == ("Моё имя", "Второй врач")
    else:
        assert (company, doctor) == ("Их имя", "Первый врач")
        service = found["bookings"]["services"][0]["name"]
        assert (found["changes"]["is_on"], service) == ((True, "Приём") if tab == "events" else (False, "Мой приём"))


@pytest.mark.long
def test_a_file_of_deliveries_is_of_what_was_asked_for(chromium: Browser, demo: Demo) -> None:
    """30-K: whatever is chosen while its pages come; a day of 25 hours is a whole one."""
    connect(demo)
    context = chromium.new_context(locale="ru-RU", timezone_id="Europe/Kyiv")
    page = context.new_page()
    sign_in(page, demo)
    choose(page)
    go(page, "deliveries")
    expect(page.get_by_label("По", exact=True)).to_be_visible()
    with page.expect_response(re.compile("until=")):
        page.get_by_label("По", exact=True).fill("2026-10-25")
        page.get_by_label("По", exact=True).blur()
    asked: list[dict[str, list[str]]] = []

    def paged(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        if query["limit"] != ["200"]:
            route.continue_()
            return
        asked.append(query)
        answer: dict[str, Any] = {"deliveries": [], "next": "cursor" if len(asked) == 1 else None}
        route.fulfill(content_type="application/json", body=json.dumps(answer))

    page.route(re.compile("action=get_deliveries"), paged)
    page.evaluate("[...document.querySelectorAll('button')].forEach((one) => { one.disabled = false; })")
    with page.expect_download():
        page.evaluate(
            """() => {
              [...document.querySelectorAll("button")].find((one) => one.textContent === "Сохранить в CSV").click();
              const state = document.getElementById("state");
              state.value = "dead";
              state.dispatchEvent(new Event("change"));
            }"""
        )
    first, second = asked
    assert second == first | {"before": ["cursor"]}
    assert first["until"] == [str(int(datetime(2026, 10, 26, tzinfo=ZoneInfo("Europe/Kyiv")).timestamp()))]
    context.close()


@pytest.mark.long
@pytest.mark.refusals(404)
def test_a_delivery_that_is_gone_hides_no_other(context: BrowserContext, demo: Demo) -> None:
    """30-K: the log's links live longer than what they lead to."""
    page = connected_panel(context, demo)
    choose(page)
    page.goto(f"{demo.panel}#deliveries/00000000-0000-4000-8000-000000000000")
    expect(page.get_by_text("В этом аккаунте нет такой доставки.")).to_be_visible()
    page.get_by_role("link", name="Доставки", exact=True).click()
    expect(page.get_by_text("В этом аккаунте нет такой доставки.")).to_be_hidden()
    expect(page.locator("#deliveries > li").or_(page.get_by_text("Доставок пока нет.")).first).to_be_visible()


@pytest.mark.long
def test_the_app_shows_what_was_searched_for_last(context: BrowserContext, demo: Demo) -> None:
    """30-K: an answer that comes late is none; and a price is in the account's currency, not in roubles."""
    connect(demo)
    page = context.new_page()
    page.goto(demo.app)
    leads = page.locator(".leads > li")
    expect(leads.first).to_be_visible()
    assert "₽" not in page.locator(".leads").inner_text()
    held: list[Route] = []
    page.route(re.compile("query=%D0%9A"), lambda route: held.append(route))  # "К"
    search = page.get_by_role("searchbox")
    with page.expect_request(re.compile("query=%D0%9A")):
        search.fill("К")
    with page.expect_response(re.compile("query=zzz")):
        search.fill("zzz nobody")
    expect(leads).to_have_count(0)
    with page.expect_response(re.compile("query=%D0%9A")):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert leads.count() == 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("tab", "action"), others_long([("log", "get_events"), ("events", "get_changes"), ("overview", "get_overview")])
)
def test_a_slow_server_is_not_asked_again_before_it_has_answered(
    context: BrowserContext, demo: Demo, tab: str, action: str
) -> None:
    """30-K: else no answer would ever be the latest, and the log of a bad hour would be seen by nobody."""
    page = connected_panel(context, demo)
    choose(page)
    page.clock.install()
    with page.expect_response(re.compile(f"action={action}(&|$)")):
        go(page, tab)
    expect(page.locator(".skeleton")).to_have_count(0)
    asked: list[Route] = []
    page.route(re.compile(f"action={action}(&|$)"), lambda route: asked.append(route))
    page.clock.run_for(100_000)
    page.wait_for_timeout(500)
    assert len(asked) == 1
    with page.expect_response(re.compile(f"action={action}(&|$)")):
        asked[0].continue_()
    page.wait_for_timeout(300)
    page.clock.run_for(31_000)
    page.wait_for_timeout(300)
    assert len(asked) == 2
    page.unroute_all(behavior="ignoreErrors")
    page.close()


@pytest.mark.long
@pytest.mark.refusals("net::ERR_FAILED")
def test_a_view_that_did_not_come_is_there_when_it_is_tried_again(context: BrowserContext, demo: Demo) -> None:
    """38-3: Firefox, and all browsers before the middle of 2026, keep a module's failure at its address for as
    long as the page is open, so trying again never helped; this one plays such a browser: it gets nothing until the
    page is loaded anew."""
    page = connected_panel(context, demo)
    script = re.compile("/admin/deliveries.js")
    page.route(script, lambda route: route.abort("failed"))
    page.on("request", lambda request: page.unroute(script) if request.is_navigation_request() else None)
    go(page, "deliveries")
    expect(page.get_by_role("alert").filter(has_text="Сервер не отвечает")).to_be_visible()
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_role("heading", name="Доставки", exact=True)).to_be_visible()


@pytest.mark.long
@pytest.mark.refusals("net::ERR_FAILED")
def test_a_part_of_a_view_that_did_not_come_is_there_when_it_is_tried_again(
    context: BrowserContext, demo: Demo
) -> None:
    """38-3's brother: what a view loads when something in it is opened stayed failed, in the browser's English."""
    page = connected_panel(context, demo)
    script = re.compile("/admin/event_kinds.js")
    page.route(script, lambda route: route.abort("failed"))
    page.on("request", lambda request: page.unroute(script) if request.is_navigation_request() else None)
    go(page, "events")
    new = page.get_by_role("button", name="Добавить получателя")
    new.click()
    expect(page.get_by_role("alert").filter(has_text="Сервер не отвечает")).to_be_visible()
    with page.expect_navigation():
        new.click()
    new.click()
    expect(page.get_by_label("Название")).to_be_visible()


@pytest.mark.long
def test_a_sign_in_link_is_used_also_where_the_panel_is_open_already(context: BrowserContext, demo: Demo) -> None:
    """In that tab it is another fragment only: nothing happened, and the code stayed in the address."""
    with demo.http({"Authorization": f"Bearer {demo.token}"}) as http:
        ask = {"name": "Зоя Вторая", "rights": "see"}
        link, other = (http.post("/create_administrator", json=ask).json()["link"] for _ in range(2))
    page = context.new_page()
    page.goto(demo.panel)
    expect(page.locator("#token")).to_be_visible()
    page.goto(link)
    expect(page.locator("#me")).to_have_text("Зоя Вторая")
    assert "inv_" not in page.url
    before = page.evaluate(_TOKEN)
    page.goto(other)
    page.wait_for_function(f"before => {_TOKEN} && {_TOKEN} !== before", arg=before)
    expect(page.get_by_role("heading", name="Обзор", exact=True)).to_be_visible()
    assert "inv_" not in page.url


@pytest.mark.long
def test_an_event_that_is_gone_is_not_found(context: BrowserContext, demo: Demo) -> None:
    """Its address, which somebody was sent, said that nothing has happened at all."""
    connect(demo, widget_type="clinic")
    page = connected_panel(context, demo)
    go(page, "events/00000000-0000-0000-0000-000000000000", "clinic")
    expect(page.get_by_text("Ничего не найдено.")).to_be_visible()


def test_another_integration_ends_no_connection_unasked(context: BrowserContext, demo: Demo) -> None:
    """The address of the account that was connected before stands in the form still: what was entered for the next one
    took the tokens of that account away, and nobody had been asked."""
    connect(demo)
    page = context.new_page()
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", answer)
    sign_in(page, demo)
    saved: list[str] = []

    def refuse(route: Route) -> None:
        saved.append(route.request.url)
        route.abort()

    page.route(re.compile("save_connection"), refuse)
    form = page.locator("#connection-form")
    form.get_by_label("Вид виджета").select_option("glass")
    form.get_by_label("Адрес аккаунта").fill("https://Steklodom.amocrm.ru/leads/")
    form.get_by_label("ID интеграции").fill("22222222-2222-4222-8222-222222222222")
    form.get_by_role("textbox", name="Секретный ключ").fill("s" * 64)
    button = form.get_by_role("button", name="Сохранить")
    button.click()
    expect(button).to_be_enabled()
    (question,) = asked
    assert question.startswith("Отключить steklodom.amocrm.ru · ")
    assert saved == []


# As a browser does that keeps what somebody has signed in with: Chrome, Edge and Firefox, whatever `autocomplete` says.
_PASSWORD_MANAGER = """(token) => {
    for (const field of document.querySelectorAll("input[type=password]")) {
        field.value = token;
        for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
    }
}"""


def test_a_browser_that_keeps_the_token_enters_it_as_no_other_secret(context: BrowserContext, demo: Demo) -> None:
    """A field that was left empty keeps the integration's key: the administrator's token took its place, and amoCRM
    was sent it at the next refresh."""
    page = context.new_page()
    sign_in(page, demo)
    form = page.locator("#connection-form")
    expect(form).to_be_visible()
    page.evaluate(_PASSWORD_MANAGER, demo.token)
    sent: list[Any] = []

    def take(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "null"))
        route.fulfill(json={"connection": {"account_domain": "another.amocrm.ru"}})

    page.route(re.compile("save_connection"), take)
    form.get_by_label("Адрес аккаунта").fill("another.amocrm.ru")
    form.get_by_label("ID интеграции").fill("22222222-2222-4222-8222-222222222222")
    button = form.get_by_role("button", name="Сохранить")
    button.click()
    expect(button).to_be_enabled()
    (body,) = sent
    assert body["client_secret"] is None
