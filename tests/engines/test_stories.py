"""Row D2: the stories that matter, in Chromium, Firefox and WebKit (38-6), as somebody in a private window has them,
whose browser keeps no cookie for frames of another site, and Firefox nothing at all. Pages that hold a frame of ours
are at another host than ours here."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.seed import client_of
from tests.demo import Demo, connect
from tests.engines.engines import NEEDS, driver_of
from tests.engines.window import Window
from tests.listener import Site

_REFUSED = "SecurityError"
_CARD = "iframe[title='Калькулятор стекла']"


pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("engines"),
    pytest.mark.parametrize(
        "engine",
        [pytest.param(engine, marks=pytest.mark.needs(*programs)) for engine, programs in NEEDS.items()],
        scope="package",
    ),
]


def test_a_browser_ends_with_its_session(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run left a Chromium behind on whose machine it was."""
    mark = secrets.token_hex(8)
    monkeypatch.setenv("SESSION_OF_A_TEST", mark)
    with driver_of(engine):
        assert _processes(mark)
    deadline = time.monotonic() + 10
    while left := _processes(mark):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def _processes(mark: str) -> list[str]:
    """The names of those that have it in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended, or somebody else's
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "comm").read_text().strip())
    return found


def _simulator(demo: Demo, path: str, **body: Any) -> Any:
    """As somebody who sets up the simulated amoCRM."""
    origin = demo.amocrm.split("/at/")[0].replace("localhost", "127.0.0.1")
    return httpx.post(f"{origin}/_control/{path}", json=body, trust_env=False, timeout=30).json()


def _elsewhere(url: str) -> str:
    """The same page as a site that is not ours: cookies and storage of our frames there are a third party's."""
    return url.replace("localhost", "127.0.0.1")


def _sign_in(window: Window, demo: Demo) -> None:
    window.goto(demo.panel)
    window.fill("Administrator token", demo.token)
    window.press("Sign in")
    window.press("Connections", "link")
    window.sees("Connect without typing keys")


@pytest.fixture
def new_account(demo: Demo) -> Iterator[Callable[[str | None], str]]:
    """Makes an account; `consent_mode`: how its consent behaves until the story ends."""

    def made(consent_mode: str | None) -> str:
        _simulator(demo, "vendor", consent_mode=consent_mode)
        domain: str = _simulator(demo, "account", subdomain=f"a{secrets.token_hex(5)}")["domain"]
        return domain

    yield made
    _simulator(demo, "vendor", consent_mode=None)


def _is_connected(window: Window, domain: str) -> None:
    window.until(
        "return [...document.querySelectorAll('#connections > li')].some((one) =>"
        " one.textContent.includes(arguments[0]) && one.querySelector('.status.connected'))",
        domain,
    )


@pytest.mark.vendor("button.modes")
@pytest.mark.parametrize("mode", ["post_message", "popup", "blocked"])
def test_connecting_by_the_button(
    window: Window, demo: Demo, new_account: Callable[[str | None], str], mode: str
) -> None:
    """Its window goes to the redirect URI itself, or posts where to go; or there is none, as it was blocked."""
    domain = new_account(None if mode == "blocked" else mode)
    _sign_in(window, demo)
    if mode == "blocked":
        window.run("window.open = () => null")
    window.press("Connect through amoCRM")
    if mode == "blocked":
        _allow(window, domain)
    else:
        with window.opened():
            _allow(window, domain)
        window.is_alone()
    if mode != "post_message":
        window.sees("Connected")
        window.picture(f"callback-success-{mode}")
        window.press("Back to the panel")
    _is_connected(window, domain)


def _allow(window: Window, domain: str) -> None:
    window.choose("select[name=domain]", domain, "css")
    window.press("button[value=allow]", "css")


def test_a_denial_is_explained_and_leads_back(
    window: Window, demo: Demo, new_account: Callable[[str | None], str]
) -> None:
    """By ID and key: the window of an ordinary consent."""
    domain = new_account(None)
    client_id, secret = client_of("countertop")
    _sign_in(window, demo)
    window.choose("#connection-form select[name=widget_type]", "countertop", "css")
    window.fill("Account address", domain)
    window.fill("Integration ID", client_id)
    window.fill("Secret key", secret)
    window.press("#connection-form button:not([aria-label])", "css")
    window.sees("Saved. Now authorise the account.")
    row = f"#connections > li:has(a[href*='{domain}'])"
    window.press(f"{row} button", "css")
    with window.opened():
        window.press("button[value=deny]", "css")
        window.sees("Access was denied")
        window.picture("callback-denied")
        window.press("Authorise once more", "link")
        _allow(window, domain)
    window.is_alone()
    window.sees_one(f"{row} .status.connected")


def test_a_calculation_is_saved_from_the_card(window: Window, demo: Demo, engine: str) -> None:
    comment = f"Engine {secrets.token_hex(4)}"
    window.goto(_elsewhere(demo.amocrm))
    window.press("Стеклянный козырёк", "link")
    with window.frame(_CARD):
        window.fill("Ширина, мм", "1250")  # which waits for the page: the frame's first, empty one has gone till then
        if engine == "firefox":  # the strictest of them: else this story would prove less than it says
            assert (
                window.run("try { return localStorage.length; } catch (refused) { return refused.name; }") == _REFUSED
            )
        window.fill("Комментарий", comment)
        window.press("Сохранить в сделку")
        window.sees("Расчёт сохранён в сделке.")
    window.sees(comment)
    window.picture("card")
    window.reload()
    with window.frame(_CARD):
        window.sees("Комментарий")


def test_a_visitor_books_on_a_clinics_site(window: Window, demo: Demo, site: Callable[[str, str], str]) -> None:
    """The frame is taller than nothing, a time is chosen, kept, booked; the visitor's link cancels it."""
    headers = connect(demo, "klinika.amocrm.ru", "clinic")
    offer = {
        "is_on": True,
        "resources": [{"id": "one", "name": "Dr One"}],
        "services": [{"id": "visit", "name": "Visit", "minutes": 60}],
    }
    with demo.http(headers) as http:
        assert http.post("/save_settings", json={"bookings": offer}).status_code == 200
    window.goto(site("klinika.amocrm.ru", '<script src="{api}/booking/embed.js" data-key="{key}"></script>'))
    with window.frame("iframe"):
        window.press("Later")
        window.press(".times label", "css")
        window.sees("This time is kept for you")
        window.fill("Name", "Ann Lee")
        window.fill("Phone", "+7 900 000-00-01")
        window.press("Book")
        window.sees("The appointment is booked")
        window.press("move or cancel the appointment", "link")
    with window.opened():
        window.sees("Your appointment")
        assert "null" not in window.run("return document.body.innerText")  # what is not there is no word
        window.press("Cancel the appointment")
        window.accept()
        window.sees("This appointment is cancelled.")
        window.close_it()


def test_a_form_with_one_script_tag(window: Window, demo: Demo, site: Callable[[str, str], str]) -> None:
    name = f"Ann {secrets.token_hex(4)}"
    form = '<form data-crm="Call"><input name="name"><input name="phone"><button>OK</button></form>'
    window.goto(site("steklodom.amocrm.ru", form + '<script src="{api}/form/embed.js" data-key="{key}"></script>'))
    window.fill("[name=name]", name, "css")
    window.fill("[name=phone]", f"+7 917 {secrets.randbelow(900) + 100} 22 33", "css")
    time.sleep(2.1)  # a robot is faster
    window.press("OK")
    window.sees("Thank you!")
    window.goto(demo.amocrm)
    window.sees(name)


def test_an_app_leads_to_the_consent_and_is_returned_to(window: Window, demo: Demo) -> None:
    window.goto(demo.app)
    window.press("Disconnect amoCRM")
    window.accept()
    window.sees("disconnected")
    window.press("Connect amoCRM")
    _allow(window, "steklodom.amocrm.ru")
    window.sees("Connected")
    window.reload()  # the same code once more is no error
    window.press("Return to App")
    window.sees_one(".state.connected")


@pytest.fixture
def site(demo: Demo) -> Iterator[Callable[[str, str], str]]:
    """The address of a company's page with this in its body; `{api}` and `{key}` are filled in."""
    made = Site()

    def page(domain: str, body: str) -> str:
        headers = {
            "Authorization": f"Bearer {demo.token}",
            "X-Account-Domain": domain,
            "X-Widget-Type": "clinic" if "klinika" in domain else "glass",
        }
        with demo.http(headers) as http:
            answer = http.post("/create_site_key", json={"name": "engines", "origins": [f"http://{made.host}"]})
        body = body.replace("{api}", demo.api).replace("{key}", answer.json()["site_key"])
        made.html = (
            f'<!doctype html><html lang="en"><title>x</title><link rel="icon" href="data:,"><body>{body}</body></html>'
        )
        return f"http://{made.host}/page"

    yield page
    made.close()
