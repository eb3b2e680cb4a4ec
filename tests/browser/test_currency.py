"""Sums with cents, and in another currency than the account's, as people see them (33-3)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Dialog, FrameLocator, Page, expect

from tests.demo import Demo, connect, port_of
from tests.longer import others_long
from tests.visiting import go, in_one_demo

pytestmark = in_one_demo
KOMMO = "vidrarialuz.kommo.com"
WORDS = {
    "pt": ("Calculadora de vidro", "Largura, mm", "Salvar no lead", "O cálculo está no lead.", "o valor do lead"),
    "es": ("Calculadora de vidrio", "Ancho, mm", "Guardar en el lead", "El cálculo está en el lead.", "el presupuesto"),
}


@pytest.fixture(scope="module")
def api(demo: Demo) -> Iterator[httpx.Client]:
    """An administrator of the connection at Kommo, whose account is in reais and has cents."""
    with demo.http(connect(demo, KOMMO)) as made:
        assert made.post("/save_settings", json={"language": "pt"}).status_code == 200
        yield made


@pytest.fixture
def in_roubles(api: httpx.Client) -> Iterator[None]:
    """A calculator in roubles is published for it, until the story ends."""
    document = _example(api) | {"currency": "RUB"}
    saved = _draft(api, document)
    body = {"level": "connection", "revision": saved["revision"], "note": None}
    assert api.post("/publish_calculator", json=body).status_code == 200
    yield
    api.post("/inherit_calculator", json={"level": "connection"})


def _example(api: httpx.Client) -> Any:
    return api.get("/get_calculator_draft", params={"level": "connection"}).json()["usual"]["glass"]


def _draft(api: httpx.Client, document: Any) -> Any:
    now = api.get("/get_calculator_draft", params={"level": "connection"}).json()["draft"]
    body = {"level": "connection", "document": document, "revision": now and now["revision"]}
    return api.post("/save_calculator_draft", json=body).json()


def _opened(context: BrowserContext, demo: Demo, language: str) -> tuple[Page, FrameLocator]:
    page = context.new_page()
    page.goto(f"{demo.kommo}?lang={language}")
    page.get_by_role("link", name=re.compile("Espejo para el recibidor")).click()
    card = page.frame_locator(f'iframe[title="{WORDS[language][0]}"]')
    expect(card.locator("output")).to_be_visible()
    return page, card


@pytest.mark.long
@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("language", others_long(WORDS))
def test_33_3_a_sum_with_cents_is_the_same_in_the_card_the_note_and_the_budget(
    context: BrowserContext, demo: Demo, language: str, tmp_path: Path
) -> None:
    _, width, save, saved, _ = WORDS[language]
    page, card = _opened(context, demo, language)
    card.get_by_label(width).fill("1237" if language == "pt" else "1239")
    sum_ = card.locator("output").inner_text().replace("\u00a0", " ")
    amount = re.search(r"[\d.]+,\d\d", sum_)
    assert "R$" in sum_ or "BRL" in sum_
    assert amount, sum_
    expect(card.locator(".warning")).to_have_count(0)
    card.get_by_role("button", name=save).click()
    expect(card.locator(".result.good")).to_contain_text(saved)
    expect(card.locator(".result.good")).to_contain_text(amount[0])
    expect(page.locator("#feed")).to_contain_text(f"Total: {amount[0]}\u00a0R$")
    expect(page.locator("#price")).to_have_text(amount[0])
    page.screenshot(path=tmp_path / f"kommo-{language}.png", full_page=True)


@pytest.mark.long
@pytest.mark.usefixtures("in_roubles")
@pytest.mark.parametrize("language", others_long(WORDS))
def test_33_3_the_card_says_before_and_after_saving_that_another_currencys_sum_is_no_budget(
    context: BrowserContext, demo: Demo, language: str
) -> None:
    _, width, save, saved, budget = WORDS[language]
    page, card = _opened(context, demo, language)
    before = page.locator("#price").inner_text()
    expect(card.locator("form .warning")).to_contain_text(re.compile(f"RUB.*BRL.*{budget}"))
    card.get_by_label(width).fill("1300" if language == "pt" else "1400")
    card.get_by_role("button", name=save).click()
    expect(card.locator(".result.good")).to_contain_text(saved)
    expect(card.locator(".result.good")).to_contain_text(re.compile(f"RUB.*BRL.*{budget}"))
    expect(page.locator("#feed")).to_contain_text("₽")
    expect(page.locator("#price")).to_have_text(before)


def _signed_in(page: Page, demo: Demo, language: str) -> None:
    """In the panel, with the Kommo account chosen."""
    page.goto(f"{demo.panel}?lang={language}")
    page.locator("#token").fill(demo.token)
    page.locator("#sign-in-form button").click()
    expect(page.locator("#view h1")).to_be_visible()
    page.evaluate(f"sessionStorage.setItem('connection', JSON.stringify(['{KOMMO}', 'glass']))")


@pytest.mark.long
@pytest.mark.parametrize("language", others_long(WORDS))
def test_33_3_the_panel_warns_when_a_calculator_in_another_currency_is_published(
    context: BrowserContext, demo: Demo, api: httpx.Client, language: str
) -> None:
    assert _draft(api, _example(api) | {"currency": "RUB"})["problems"] == []
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page = context.new_page()
    page.on("dialog", refuse)
    _signed_in(page, demo, language)
    go(page, "calculator")
    warning = page.locator("#view p.warning")
    expect(warning).to_contain_text(re.compile("RUB.*BRL"))
    publish = page.locator(".sticky").get_by_role("button", name="Publicar", exact=True)
    publish.click()
    expect(publish).to_be_enabled()
    assert re.search("RUB.*BRL", asked[0])
    currency = page.locator("[data-path='currency']")
    currency.fill("BRL")
    expect(warning).to_be_hidden()
    publish.click()
    expect(publish).to_be_enabled()
    assert not re.search("RUB", asked[1])
    page.locator("#begin-from").select_option("countertop")
    expect(currency).to_have_value("BRL")
    assert api.post("/discard_calculator_draft", json={"level": "connection", "revision": _revision(api)}).is_success


@pytest.mark.long
@pytest.mark.parametrize("language", others_long(WORDS))
def test_33_3_appointments_begin_with_the_accounts_currency_and_warn_of_another(
    context: BrowserContext, demo: Demo, api: httpx.Client, language: str
) -> None:
    assert api.get("/get_account").json() == {"currency": "BRL"}
    page = context.new_page()
    _signed_in(page, demo, language)
    go(page, "appointments")
    currency = page.locator("input[pattern='[A-Z]{3}']")
    expect(currency).to_have_value("BRL")
    expect(page.locator("#view p.warning")).to_be_hidden()
    page.evaluate("for (const one of document.querySelectorAll('#view details')) one.open = true")
    currency.fill("USD")
    expect(page.locator("#view p.warning")).to_contain_text(re.compile("USD.*BRL"))


def test_33_3_an_app_shows_the_cents_of_a_budget(context: BrowserContext, demo: Demo) -> None:
    connect(demo)
    simulator = f"http://127.0.0.1:{port_of(demo.amocrm)}/_control"
    domain = "steklodom.amocrm.ru"
    shown = context.request.post(f"{simulator}/show", data={"domain": domain}).json()["leads"]
    lead_id = next(int(id_) for id_, one in shown.items() if "Фартук" in one["name"])
    context.request.post(f"{simulator}/change-account", data={"domain": domain, "cents": "kept"})
    person = {"domain": domain, "kind": "leads", "id": lead_id, "fields": {"price": 23400.8}}
    context.request.post(f"{simulator}/person", data=person)
    page = context.new_page()
    page.goto(demo.app)
    expect(page.locator(".leads > li").filter(has_text="Фартук")).to_contain_text("23\u00a0400,80")
    person["fields"] = {"price": 23400}
    context.request.post(f"{simulator}/person", data=person)
    context.request.post(f"{simulator}/change-account", data={"domain": domain, "cents": "refused"})


def _revision(api: httpx.Client) -> Any:
    """Of the draft, once it is saved."""
    return api.get("/get_calculator_draft", params={"level": "connection"}).json()["draft"]["revision"]


@pytest.mark.long
def test_39_the_panel_shows_the_accounts_country_and_takes_another(
    context: BrowserContext, demo: Demo, api: httpx.Client
) -> None:
    page = context.new_page()
    _signed_in(page, demo, "pt")
    go(page, "settings")
    country = page.get_by_label(re.compile("^País dos telefones"))
    save = page.locator(".sticky").get_by_role("button")
    for typed, stored in (("pt", "PT"), ("", "")):
        expect(country).to_have_attribute("placeholder", "BR")
        country.fill(typed)
        with page.expect_response(re.compile("save_settings")):
            save.click()
        expect(country).to_have_value(stored)
        assert api.get("/get_settings").json()["settings"]["submissions"]["phone_country"] == stored
