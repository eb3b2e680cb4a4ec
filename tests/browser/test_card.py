"""The calculator in the deal card: what was typed stays, and is saved as it was ticked."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, Request, Route, expect

from tests import clocks
from tests.demo import Demo, connect
from tests.longer import others_long
from tests.visiting import GLASS, in_one_demo

pytestmark = in_one_demo

OFFER = {
    "is_on": True,
    "resources": [{"id": "one", "name": "Один врач"}],
    "services": [{"id": "visit", "name": "Приём", "minutes": 60}],
}


@pytest.fixture
def later(demo: Demo) -> Callable[[], object]:
    """Moves the database's clock on, by which sessions end. It stays there: no clock of ours goes back."""
    demo.sql(clocks.INSTALL)
    return lambda: demo.sql("UPDATE test_clock SET moved_by = moved_by + interval '31 minutes'")


_OPENED = """() => {
  const main = document.querySelector("main");
  return main && main.ariaBusy === null && !main.querySelector(":scope > [role=status]:only-child");
}"""


def _opened(page: Page, demo: Demo, deal: str = "Стеклянный козырёк") -> FrameLocator:
    page.goto(demo.amocrm)
    page.get_by_role("link", name=re.compile(deal)).click()
    card = page.frame_locator(GLASS)
    expect(card.locator("output")).to_be_visible()
    for frame in page.frames[1:]:  # other widgets' as well: what they ask while they open is theirs
        frame.wait_for_function(_OPENED)
    page.wait_for_load_state("networkidle")
    return card


def _asked(page: Page) -> list[Request]:
    """What its pages will have sent, in order. What a page of appointments asks by itself now and then comes to nothing
    from here on: it has a session of its own."""
    page.route(re.compile("action=get_bookings"), lambda _: None)
    sent: list[Request] = []
    page.on("request", lambda request: None if request.method == "OPTIONS" else sent.append(request))
    return sent


def _of(sent: list[Request], action: str) -> list[Request]:
    return [one for one in sent if f"action={action}" in one.url]


@pytest.mark.long
def test_who_scrolls_while_typing_a_number_keeps_it(context: BrowserContext, demo: Demo) -> None:
    """And types on: 13, a finger on the wheel, 70 was a width of 13 mm."""
    page = context.new_page()
    width = _opened(page, demo).get_by_label("Ширина, мм")
    width.fill("13")
    width.hover()
    top = page.evaluate("scrollY")
    page.mouse.wheel(0, 60)
    page.wait_for_function("top => scrollY > top", arg=top)
    page.keyboard.type("70")
    expect(width).to_have_value("1370")


@pytest.mark.long
@pytest.mark.refusals(401)
def test_a_card_that_was_open_for_long_saves_what_was_typed(
    context: BrowserContext, demo: Demo, later: Callable[[], object]
) -> None:
    """30-G1: the session has ended; the card hands another one into the living frame, which repeats its call."""
    page = context.new_page()
    card = _opened(page, demo)
    comment = f"Долго думали {secrets.token_hex(4)}"
    card.get_by_label("Ширина, мм").fill("1370")
    card.get_by_label("Комментарий").fill(comment)
    for _ in range(2):  # also once more, after another half an hour
        later()
        sent = _asked(page)
        card.get_by_role("button", name=re.compile("^Сохранить")).last.click()
        expect(card.locator(".result.good")).to_contain_text("Расчёт сохранён в сделке")
        expect(card.get_by_label("Комментарий")).to_have_value(comment)
        expect(card.get_by_label("Ширина, мм")).to_have_value("1370")
        first, second = _of(sent, "save_calculation")
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert first.headers["authorization"] != second.headers["authorization"]
        assert len(_of(sent, "open_session")) == 1
        comment += "!"
        card.get_by_label("Комментарий").fill(comment)


@pytest.mark.long
@pytest.mark.refusals(401)
def test_several_calls_of_an_ended_session_ask_for_one_new_one(
    context: BrowserContext, demo: Demo, later: Callable[[], object]
) -> None:
    """30-G1: one renewal at a time, whatever number of calls wait for it."""
    page = context.new_page()
    _opened(page, demo)
    later()
    sent = _asked(page)
    frame = page.frames[1]
    found = frame.evaluate(
        """async ([api, card]) => {
          const { connect } = await import(`${api}/client/index.js`);
          const { inCard } = await import(`${api}/ui/card.js`);
          const { lead, access } = inCard(new URLSearchParams({ session: "ses_gone", lead: "", card }));
          const crm = connect({ api, ...access });
          return (await Promise.all([1, 2, 3, 4].map(() => crm.call("get_calculator")))).length;
        }""",
        [demo.api, page.evaluate("location.origin")],
    )
    assert found == 4
    assert len(_of(sent, "open_session")) == 1


@pytest.mark.refusals(401)
def test_a_session_is_taken_from_the_card_only(
    context: BrowserContext, demo: Demo, later: Callable[[], object]
) -> None:
    """30-G1: the frame looks at who hands it a session, and the card at who asks for one."""
    page = context.new_page()
    _opened(page, demo)
    later()
    lead = page.url.rstrip("/").split("/")[-1]
    page.evaluate(
        """(src) => {
          const frame = Object.assign(document.createElement("iframe"), { src, id: "foreign" });
          window.asked = 0;
          addEventListener("message", ({ source, data }) => {
            if (source !== frame.contentWindow || data.session !== "wanted") return;
            window.asked += 1;
          });
          document.body.append(frame);
        }""",
        f"{demo.api}/widget/?lang=ru#session=ses_gone&lead={lead}&card=https://foreign.example",
    )
    hand = """() => document.getElementById("foreign").contentWindow.postMessage(
      { source: "amocrm-functions", session: "new", token: "ses_of_somebody_else" }, "*")"""
    sent = _asked(page)
    page.wait_for_timeout(1500)
    page.evaluate(hand)
    page.wait_for_timeout(500)
    assert page.evaluate("window.asked") == 0  # another origin than the one that was named hears nothing
    assert not [one for one in sent if "ses_of_somebody_else" in one.headers.get("authorization", "")]
    assert _of(sent, "open_session") == []  # and the widget looks after its own frame only


@pytest.mark.long
@pytest.mark.refusals(401, 503)
def test_a_card_that_cannot_hand_over_a_session_says_so_and_keeps_what_was_typed(
    context: BrowserContext, demo: Demo, later: Callable[[], object]
) -> None:
    """30-G1: what `open_session` was answered is told in the frame; pressing once more tries again."""
    page = context.new_page()
    card = _opened(page, demo)
    comment = f"Останется {secrets.token_hex(4)}"
    card.get_by_label("Комментарий").fill(comment)
    later()
    problem = {"code": "busy", "detail": "Сейчас не выходит.", "status": 422}
    allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
    context.route(
        re.compile("action=open_session"),
        lambda route: route.fulfill(
            status=401, content_type="application/problem+json", body=json.dumps(problem), headers=allowed
        ),
    )
    card.get_by_role("button", name="Сохранить в сделку").click()
    expect(card.locator(".result.bad")).to_contain_text("Сейчас не выходит.")
    expect(card.get_by_label("Комментарий")).to_have_value(comment)
    context.unroute(re.compile("action=open_session"))
    card.get_by_role("button", name="Сохранить в сделку").click()
    expect(card.locator(".result.good")).to_contain_text("Расчёт сохранён в сделке")


# --- another calculator -------------------------------------------------------------------------------------------


@pytest.fixture
def published(demo: Demo) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Makes a calculator the account's own, until the story ends."""
    with demo.http(connect(demo)) as http:

        def publish(document: dict[str, Any]) -> None:
            draft = http.get("/get_calculator_draft", params={"level": "connection"}).json()["draft"]
            revision = draft["revision"] if draft else None
            body = {"level": "connection", "document": document, "revision": revision}
            saved = http.post("/save_calculator_draft", json=body).json()
            assert saved["problems"] == []
            body = {"level": "connection", "revision": saved["revision"], "note": None}
            assert http.post("/publish_calculator", json=body).status_code in (200, 201)

        yield publish
        http.post("/inherit_calculator", json={"level": "connection"})


def _calculator(*fields: dict[str, Any], price: str = "100", **more: Any) -> dict[str, Any]:
    return {
        "title": {"ru": "Расчёт"},
        "currency": "RUB",
        "fields": list(fields),
        "items": [{"name": {"ru": "Работа"}, "price": price, "quantity": "1"}],
        **more,
    }


def _number(name: str, label: str, default: int = 1) -> dict[str, Any]:
    return {"id": name, "kind": "number", "label": {"ru": label}, "default": default}


@pytest.mark.long
def test_fields_may_be_called_as_the_cards_own_are(
    context: BrowserContext, demo: Demo, published: Callable[[dict[str, Any]], None]
) -> None:
    """30-G3: whatever a field is called, the card's ticks and its comment are what they were."""
    names = ("price", "products", "pdf", "own_comment", "elements", "append", "constructor", "submit")
    published(_calculator(*(_number(name, f"Поле {name}") for name in names)))
    page = context.new_page()
    card = _opened(page, demo)
    comment = f"Как поле {secrets.token_hex(4)}"
    card.get_by_label("Комментарий").fill(comment)
    card.get_by_label("Приложить предложение в PDF").uncheck()
    with page.expect_request(re.compile("action=save_calculation")) as sent:
        card.get_by_role("button", name="Сохранить в сделку").click()
    body = json.loads(sent.value.post_data or "")
    assert body["options"] == {"update_price": True, "products": True, "pdf": "none"}
    assert body["calculation"]["comment"] == comment
    assert set(body["calculator"]["values"]) == set(names)
    expect(card.locator(".result.good")).to_contain_text("Расчёт сохранён в сделке")


@pytest.mark.long
@pytest.mark.refusals(409)
def test_another_calculator_takes_over_what_was_typed(
    context: BrowserContext, demo: Demo, published: Callable[[dict[str, Any]], None]
) -> None:
    """30-G5: comment, ticks and rows are as they were; what the new one has no place for is named."""

    def version(price: str, *fields: dict[str, Any], options: tuple[str, ...] = ("oak", "pine")) -> dict[str, Any]:
        choices = [{"id": one, "label": {"ru": one}, "price": "10"} for one in options]
        wood = {"id": "wood", "kind": "choice", "label": {"ru": "Дерево"}, "options": choices}
        rows = {"id": "rooms", "kind": "rows", "label": {"ru": "Комната"}, "fields": [_number("area", "Площадь")]}
        return _calculator(wood, rows, _number("days", "Дней"), *fields, price=price)

    text = {"id": "wish", "kind": "text", "label": {"ru": "Пожелание"}}
    published(version("100", text))
    page = context.new_page()
    card = _opened(page, demo)
    card.get_by_role("button", name="Убрать: Комната 1").click()
    expect(card.get_by_label("Площадь")).to_have_count(0)
    card.get_by_label("Дней").fill("7")
    card.get_by_label("Комментарий").fill("Осторожно, собака")
    card.get_by_label("Записать сумму в бюджет сделки").uncheck()
    published(version("200", text))
    card.get_by_role("button", name="Сохранить в сделку").click()
    card.get_by_role("button", name="Показать новый калькулятор").click()
    expect(card.locator("output")).to_have_text(re.compile("200"))
    expect(card.get_by_label("Площадь")).to_have_count(0)
    expect(card.get_by_label("Дней")).to_have_value("7")
    expect(card.get_by_label("Комментарий")).to_have_value("Осторожно, собака")
    expect(card.get_by_label("Записать сумму в бюджет сделки")).not_to_be_checked()
    expect(card.locator(".result")).to_be_hidden()

    for area in ("11", "22"):
        card.get_by_role("button", name="+ Комната").click()
        card.get_by_label("Площадь").last.fill(area)
    card.get_by_label("Дерево").select_option("pine")
    card.get_by_label("Пожелание").fill("Без запаха")
    published(version("300", options=("oak", "ash")))
    card.get_by_role("button", name="Сохранить в сделку").click()
    card.get_by_role("button", name="Показать новый калькулятор").click()
    expect(card.locator("output")).to_have_text(re.compile("300"))
    assert [one.input_value() for one in card.get_by_label("Площадь").all()] == ["11", "22"]
    expect(card.locator(".result li")).to_have_text(["Дерево", "Пожелание"])


@pytest.mark.long
@pytest.mark.refusals(409)
def test_what_was_typed_where_a_list_stands_now_is_named(
    context: BrowserContext, demo: Demo, published: Callable[[dict[str, Any]], None]
) -> None:
    """30-K: a number whose name is a list's in the new calculator was gone without a word."""
    published(_calculator(_number("rooms", "Комнат"), price="100"))
    card = _opened(context.new_page(), demo)
    card.get_by_label("Комнат").fill("7")
    rows = {"id": "rooms", "kind": "rows", "label": {"ru": "Комнаты"}, "fields": [_number("area", "Площадь")]}
    published(_calculator(rows, price="200"))
    card.get_by_role("button", name="Сохранить в сделку").click()
    card.get_by_role("button", name="Показать новый калькулятор").click()
    expect(card.locator("output")).to_have_text(re.compile("200"))
    expect(card.locator(".result li")).to_have_text(["Комнаты"])


@pytest.mark.long
def test_a_number_is_reckoned_however_a_browser_lets_it_be_typed(
    context: BrowserContext, demo: Demo, published: Callable[[dict[str, Any]], None]
) -> None:
    """30-K: `.5` and `1e2` counted as nothing: the sum on the page was untrue until saving it was refused."""
    published(_calculator(_number("width", "Ширина"), price="width * 1000"))
    page = context.new_page()
    card = _opened(page, demo)
    for typed, sum_ in ((".5", "500"), ("1e2", "100\u202f000"), ("0.0000001", "0")):
        card.get_by_label("Ширина").fill("")
        card.get_by_label("Ширина").press_sequentially(typed)
        expect(card.locator("output")).to_have_text(re.compile(rf"^{sum_.replace(chr(0x202F), chr(92) + 's')}\s"))
    card.get_by_label("Ширина").fill("")
    card.get_by_label("Ширина").press_sequentially(".5")
    with page.expect_request(re.compile("action=save_calculation")) as sent:
        card.get_by_role("button", name="Сохранить в сделку").click()
    assert json.loads(sent.value.post_data or "")["calculator"]["values"] == {"width": "0.5"}
    expect(card.locator(".result.good")).to_contain_text("Расчёт сохранён в сделке")


@pytest.mark.long
@pytest.mark.refusals("net::ERR_FAILED")
def test_a_visit_whose_answer_is_lost_is_the_same_when_it_is_booked_again(context: BrowserContext, demo: Demo) -> None:
    """A brother of 30-G5: the time that was picked, and the key, stay until it is known what became of the visit."""
    with demo.http(connect(demo, "klinika.amocrm.ru", "clinic")) as http:
        assert http.post("/save_settings", json={"bookings": OFFER}).status_code == 200
    page = context.new_page()
    page.goto(demo.amocrm.replace("steklodom", "klinika"))
    page.get_by_role("link", name=re.compile("Орлова")).click()
    card = page.frame_locator('iframe[title="Запись в клинику"]')
    expect(card.get_by_text("В этой сделке записей ещё нет.")).to_be_visible()
    held: list[Route] = []
    questions_for_times = re.compile("action=get_slots(&|$)")
    page.route(questions_for_times, lambda route: held.append(route))
    with page.expect_request(questions_for_times):
        card.get_by_role("button", name="Позже").click()
    times = card.locator(".times")
    expect(times).to_have_attribute("inert", "")  # a time of the week that is about to go cannot be picked
    for route in held:
        route.continue_()
    page.unroute(questions_for_times)
    expect(times).not_to_have_attribute("inert", "")
    card.get_by_label("Комментарий").fill("Впервые")
    card.get_by_role("group", name="Время").get_by_role("radio").first.click(force=True)
    questions = re.compile("action=(book|get_delivery)(&|$)")
    keys: list[str] = []

    def lose(route: Route) -> None:
        if "action=book" in route.request.url and route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) == 1:
                route.fetch(max_retries=2)  # carried out, and nobody hears of it
        route.abort("failed")

    page.route(questions, lose)
    book = card.get_by_role("button", name="Записаться")
    book.click()
    expect(card.locator(".result.bad")).to_contain_text("запись останется одной")
    page.unroute(questions)
    # 30-K: nothing of it can be changed meanwhile, for that would be another visit.
    assert card.get_by_label("Комментарий").evaluate("(field) => Boolean(field.closest('[inert]'))")
    with page.expect_request(re.compile("action=book(&|$)")) as sent:
        book.click()
    assert {*keys, sent.value.headers["idempotency-key"]} == {keys[0]}
    expect(card.locator(".bookings li")).to_have_count(1)
    expect(card.locator("[inert]")).to_have_count(0)


@pytest.mark.long
@pytest.mark.refusals("net::ERR_FAILED")
def test_appointments_that_did_not_come_are_asked_for_again(context: BrowserContext, demo: Demo) -> None:
    """38-R1, a brother: the part of the card stayed empty, without a word, for as long as the card was open."""
    with demo.http(connect(demo, "klinika.amocrm.ru", "clinic")) as http:
        assert http.post("/save_settings", json={"bookings": OFFER}).status_code == 200
    page = context.new_page()
    page.route(re.compile("/booking/card.js"), lambda route: route.abort("failed"), times=1)
    page.goto(demo.amocrm.replace("steklodom", "klinika"))
    page.get_by_role("link", name=re.compile("Орлова")).click()
    card = page.frame_locator('iframe[title="Запись в клинику"]')
    expect(card.get_by_role("alert")).to_contain_text("Сервер не отвечает")
    card.get_by_role("button", name="Повторить").click()
    expect(card.get_by_role("heading", name="Записи на приём")).to_be_visible()


@pytest.mark.long
@pytest.mark.parametrize(
    ("language", "words"), others_long([("ru", "KZT.*RUB.*бюджет"), ("es", "KZT.*RUB.*presupuesto")])
)
def test_30_4_the_card_of_appointments_says_that_another_currencys_price_is_no_budget(
    context: BrowserContext, demo: Demo, language: str, words: str
) -> None:
    """As the calculator's card does, and in the words of the panel."""
    headers = connect(demo, "klinika.amocrm.ru", "clinic")
    services = [{"id": "visit", "name": "Приём", "minutes": 60, "price": "2500"}]
    offer = {"is_on": True, "resources": [{"id": "one", "name": "Один врач"}], "services": services}
    page = context.new_page()
    for currency in ("RUB", "KZT"):
        with demo.http(headers) as http:
            assert http.post("/save_settings", json={"bookings": offer | {"currency": currency}}).status_code == 200
        page.goto(f"{demo.amocrm.replace('steklodom', 'klinika')}?lang={language}")
        page.get_by_role("link", name=re.compile("Орлова")).click()
        card = page.frame_locator("iframe").first
        expect(card.locator("form")).to_be_visible()
        warning = card.locator("form .warning")
        if currency == "RUB":
            expect(warning).to_have_count(0)
        else:
            expect(warning).to_contain_text(re.compile(words))
