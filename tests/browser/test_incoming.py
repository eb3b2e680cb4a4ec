"""Row L5: somebody opens "Incoming", says which value is the phone, and has what has come read again (35-5)."""

import json
import re
import time

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.demo import Demo, connect
from tests.longer import others_long
from tests.looking import looked_at, picture
from tests.visiting import in_one_demo

pytestmark = in_one_demo

ODD = {"Поле 1": "Нина Орлова", "Поле 2": "доб. 5, 8 (916) 555-44-33", "Поле 3": "Казань"}
WORDS = {
    "ru": {
        "token": "Токен администратора",
        "enter": "Войти",
        "tab": "Входящие",
        "what": "Что понято",
        "goes": "Куда идёт",
        "name": "имя",
        "phone": "телефон",
        "note": "примечание",
        "see": "Показать на последних десяти",
        "person": "есть телефон или почта",
        "save": "Сохранить",
        "read": "Прочитать последние десять заново",
        "done": "Недостающее дополнено.",
        "nobody": "некому позвонить и написать",
        "told": "присылает формы без телефона и почты",
        "why": "ничто не говорит, что это",
        "trial": "нечего записывать",
    },
    "en": {
        "token": "Administrator token",
        "enter": "Sign in",
        "tab": "Incoming",
        "what": "What was understood",
        "goes": "Where it goes",
        "name": "name",
        "phone": "phone",
        "note": "the note",
        "see": "See the last ten",
        "person": "a phone or an e-mail",
        "save": "Save",
        "read": "Read the last ten again",
        "done": "What was missing is there now.",
        "nobody": "nobody to call or write to",
        "told": "sends forms without a phone or e-mail",
        "why": "nothing says what it is",
        "trial": "nothing to write",
    },
}


_DELIVERED = """
SELECT count(*) FROM amocrm_incoming i JOIN amocrm_deliveries d ON d.id = i.delivery_id AND d.state = 'delivered'
WHERE i.site_key_id = %s
"""


def _signed_in(page: Page, demo: Demo, language: str) -> None:
    words = WORDS[language]
    page.goto(f"{demo.panel}?lang={language}")
    page.get_by_label(words["token"]).fill(demo.token)
    page.get_by_role("button", name=words["enter"]).click()
    expect(page.get_by_text(words["told"])).to_be_visible()  # the overview


@pytest.mark.long
@pytest.mark.parametrize("language", others_long(["ru", "en"]))
def test_35_5_a_phone_that_nobody_recognised_is_chosen_and_read_again(
    context: BrowserContext, demo: Demo, language: str
) -> None:
    words, headers = WORDS[language], connect(demo)
    demo.sql("UPDATE amocrm_site_keys SET revoked_at = now()")
    with demo.http(headers) as http:
        assert http.post("/save_settings", json={"submissions": {}}).status_code == 200
        made = http.post("/create_site_key", json={"name": "Квиз", "is_server": True}).json()
    with demo.http() as builder:
        address = f"/?action=submit_form&site_key={made['site_key']}"
        for number in range(3):
            assert builder.post(address, json=ODD | {"tranid": f"{language}{number}"}).status_code == 200
        assert builder.post(address, data={"test": "test"}).status_code == 200
    ends = time.monotonic() + 90
    while demo.sql(_DELIVERED, made["id"]) != [(3,)] and time.monotonic() < ends:
        demo.press_timer()
        time.sleep(0.1)
    page = context.new_page()
    _signed_in(page, demo, language)
    page.get_by_role("link", name=words["told"]).click()
    expect(page.get_by_role("heading", name=words["tab"], exact=True)).to_be_visible()
    rows = page.locator("#incoming > li")
    expect(page).to_have_url(re.compile("/steklodom.amocrm.ru/glass/incoming"))
    expect(rows.nth(3)).to_be_visible()
    # A row that is opened before the choice is answered stays open, with what is chosen in it.
    asked, held = re.compile(r"action=get_incoming(&|$)"), list[Route]()
    page.route(asked, lambda route: held.append(route))
    page.get_by_label("Ключ сервера" if language == "ru" else "Server's key").select_option(made["id"])
    row = rows.nth(1)
    expect(row).to_contain_text(words["nobody"])
    row.get_by_text(words["what"]).click()
    row.get_by_label(f"{words['goes']}: Поле 1").select_option("name")
    with page.expect_response(asked):
        held[0].continue_()
    page.unroute(asked)
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text(words["trial"])
    expect(row.get_by_label(f"{words['goes']}: Поле 1")).to_have_value("name")
    expect(row.get_by_role("row", name="Поле 2")).to_contain_text(words["why"])
    expect(row.get_by_role("row", name="Поле 2")).to_contain_text(ODD["Поле 2"])
    row.get_by_label(f"{words['goes']}: Поле 2").select_option("phone")
    row.get_by_role("button", name=words["see"]).click()
    expect(row.locator(".good", has_text=words["person"])).to_have_count(3)
    expect(row.get_by_text(f"Поле 2: {words['note']} → {words['phone']}").first).to_be_visible()
    looked_at(page, "panel-incoming" if language == "ru" else "panel-incoming-en")
    row.get_by_role("button", name=words["save"], exact=True).click()
    row.get_by_role("button", name=words["read"]).click()
    expect(page.get_by_text(words["done"])).to_have_count(3)
    expect(page.locator("#incoming")).not_to_contain_text(words["nobody"])
    picture(page, f"panel-incoming-read-{language}")


@pytest.mark.long
@pytest.mark.refusals(503)
def test_35_5_incoming_where_nothing_is_and_where_the_server_is_silent(context: BrowserContext, demo: Demo) -> None:
    """What somebody sees who may only look: what came, and what of it is known, without any value."""
    with demo.http(connect(demo)) as http:
        key = http.post("/create_site_key", json={"name": "Лендинг", "is_server": True}).json()
        link = http.post("/create_administrator", json={"name": "Зоя", "rights": "see"}).json()["link"]
    with demo.http() as builder:
        posted = builder.post(f"/?action=submit_form&site_key={key['site_key']}", json=ODD | {"tranid": "see"})
        assert posted.status_code == 200
    (((id_),),) = demo.sql("SELECT id::text FROM amocrm_incoming WHERE site_key_id = %s", key["id"])
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_role("heading", name="Обзор", exact=True)).to_be_visible()

    def refuse(route: Route) -> None:
        problem = {"title": "Service Unavailable", "status": 503, "code": "busy", "detail": "Сейчас не выходит."}
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))

    question = re.compile("action=get_incoming&")
    page.route(question, refuse)
    page.goto(f"{demo.panel}#incoming/{id_}/steklodom.amocrm.ru/glass")
    expect(page.get_by_text("Сейчас не выходит.")).to_be_visible()
    page.unroute(question)
    page.get_by_role("button", name="Повторить").click()
    row = page.locator(f'#incoming > li[data-id="{id_}"]')
    expect(row.get_by_role("row", name="Поле 2")).to_be_visible()  # its address has opened it
    expect(row).to_contain_text("Значения видит тот, кто может управлять.")
    expect(page.locator("#view")).not_to_contain_text("Нина")
    expect(page.get_by_role("button", name="Прочитать заново")).to_have_count(0)
    page.get_by_label("Что стало").select_option("refused")
    expect(page.get_by_text("Ничего не найдено")).to_be_visible()
