"""The examples that companies copy: what a link to a copy may decide, and an order whose answer was lost."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.demo import ROOT

pytestmark = pytest.mark.needs("chromium")

SITE = ROOT / "examples" / "site"
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Copies on a company's host and on the demo's; nothing else answers."""
    made = chromium.new_page()

    def copied(route: Route) -> None:
        file = SITE / (re.sub(r"[?#].*", "", route.request.url).rpartition("/")[2] or "index.html")
        route.fulfill(body=file.read_text(), content_type=f"{TYPES[file.suffix]}; charset=utf-8")

    made.route("**/*", lambda route: route.abort("failed"))
    made.route(re.compile(r"https://company\.example/|http://localhost:1/"), copied)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("connect.html", "key=install_a&callback=https://own.example/&amocrm=https://evil.example"),
        ("connect.html", "key=install_a&callback=javascript:alert(1)//"),
        ("clinic.html", "api=https://evil.example&key=site_a"),
        ("index.html", "api=https://evil.example&key=site_a"),
    ],
)
def test_a_link_decides_nothing_on_a_companys_page(page: Page, name: str, query: str) -> None:
    """38-1: whoever copied an example let each link choose a script of the page, and where its forms go."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"https://company.example/{name}?{query}")
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(("https://company.example/", "data:"))] == []
    found = page.locator("[href], [action], [src]").evaluate_all("(all) => all.map((one) => one.outerHTML).join()")
    assert "evil.example" not in found
    assert "javascript:" not in found
    expect(page.get_by_role("button", name="Подключить")).to_have_count(0)


@pytest.mark.long
def test_an_order_whose_answer_is_lost_is_the_same_after_a_reload(page: Page) -> None:
    """38-1: it had another number, so it came twice."""
    numbers: list[str] = []
    answering: list[bool] = []

    def take(route: Route) -> None:
        numbers.append(json.loads(route.request.post_data or "")["order"]["number"])
        if answering[-1]:
            route.fulfill(status=202, json={}, headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.abort("failed")

    page.route(re.compile("action=submit_order"), take)
    for is_answered, said in ((False, "Заказ не отправлен"), (True, "Спасибо!"), (True, "Спасибо!")):
        answering.append(is_answered)
        page.goto("http://localhost:1/?api=http://localhost:1/functions&key=site_a")
        cart = page.locator("#order")
        cart.get_by_label("Имя").fill("Анна")
        cart.get_by_label("Телефон").fill("8 916 777-20-30")
        cart.get_by_role("button").click()
        expect(cart.get_by_text(said)).to_be_visible()
    assert numbers[0] == numbers[1] != numbers[2]
