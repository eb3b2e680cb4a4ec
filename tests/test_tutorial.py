"""Somebody does what the tutorial says, in a fresh clone, word by word, in both languages (rows J3, X9)."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import servers, tutorial
from tests.chromium import launched
from tests.demo import ROOT, Demo, free_port

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.long]


@pytest.fixture(params=["en", "ru"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clone() -> Iterator[Path]:
    """What git has, and the environment that `make` would make; short, because the demo's database has a socket."""
    with tempfile.TemporaryDirectory(prefix="amotut", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "clone"
        folder.parent.chmod(0o755)
        _checked_out(folder)
        (folder / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
        yield folder


def _checked_out(folder: Path) -> None:
    """The files that are, or will be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def _said(folder: Path, command: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE"))}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, (command, ended.stdout[-3000:], ended.stderr[-3000:])
    return ended.stdout


def test_from_the_first_command_to_a_form_in_amocrm(clone: Path, language: str) -> None:
    widget, form = tutorial.Page("widget", language), tutorial.Page("form", language)
    make_widget, test_it, start = (one for block in widget.blocks() if block.kind == "sh" for one in block.commands())
    _said(clone, make_widget)
    widget.write_files(clone)
    assert "1 passed" in _said(clone, [*test_it, "-p", "no:xdist"])
    assert start == ["make", "demo"]
    # The same program, at ports that no other test has.
    demo = Demo(clone / ".local", free_port(), root=clone)
    try:
        with launched() as browser:
            locale = {"en": "en-US", "ru": "ru-RU"}[language]
            context = browser.new_context(locale=locale, viewport={"width": 1200, "height": 760})
            panel = context.new_page()
            _connect(panel, demo, widget.shown(3))
            _save(context.new_page(), demo, language, widget.shown(4))
            _send_form(browser, panel, demo, clone, language, form)
    finally:
        demo.stop()


def _connect(panel: Page, demo: Demo, words: list[str]) -> None:
    where, token, sign_in, tab, heading, widget, kind, connect, allow, state = words
    assert re.search(rf"^ +{where} +{re.escape(demo.panel)}$", demo.told, re.MULTILINE)
    panel.goto(demo.panel)
    panel.get_by_label(token).fill(demo.token)
    panel.get_by_role("button", name=sign_in).click()
    panel.get_by_role("link", name=tab, exact=True).click()
    card = panel.locator("section.card").filter(has=panel.get_by_role("heading", name=heading))
    card.get_by_label(kind).first.select_option(widget)
    with panel.context.expect_page() as opened:
        card.get_by_role("button", name=connect).click()
    consent = opened.value
    expect(consent.get_by_role("button", name=allow)).to_be_visible()
    with consent.expect_event("close"):
        consent.get_by_role("button", name=allow).click()
    expect(panel.locator("#connections > li").filter(has_text=widget).locator(".status")).to_have_text(state)


def _save(deal: Page, demo: Demo, language: str, words: list[str]) -> None:
    where, length, steel, panels, gate, save, saved = words
    assert re.search(rf"^ +{where} +{re.escape(demo.amocrm)} ", demo.told, re.MULTILINE)
    deal.goto(demo.amocrm if language == "ru" else f"{demo.amocrm}?lang={language}")
    deal.get_by_role("link", name="Душевая перегородка, ул. Лесная 12").click()
    card = deal.frame_locator("iframe")
    expect(card.get_by_label(length)).to_be_visible()
    card.get_by_label(length).fill("12")
    card.get_by_label(panels).select_option(steel)
    card.get_by_label(gate).check()
    card.get_by_role("button", name=save).click()
    expect(card.get_by_text(saved)).to_be_visible()
    expect(deal.locator("#price")).to_have_text(re.compile(r"67.800"))
    expect(deal.locator("#feed")).to_contain_text(re.compile(r"67.800"))


def _send_form(browser: Browser, panel: Page, demo: Demo, clone: Path, language: str, words: tutorial.Page) -> None:
    """As the page says, but for two addresses: in a test, many demos and sites run beside each other."""
    tab, new, name, addresses, create = words.shown(1)
    [served] = [one for block in words.blocks() if block.kind == "sh" for one in block.commands()]
    assert served == ["python3", "-m", "http.server", "8950", "--directory", "my-site"]
    handler = partial(SimpleHTTPRequestHandler, directory=str(clone / "my-site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        own = f"http://localhost:{server.server_port}"
        panel.goto(f"{demo.panel}#/connections")
        panel.get_by_role("link", name="steklodom.amocrm.ru").first.click()
        panel.get_by_role("link", name=tab, exact=True).click()
        card = panel.locator("form.card").filter(has=panel.get_by_role("heading", name=new))
        card.get_by_label(name).fill("My site")
        card.get_by_label(addresses).fill(own)
        card.get_by_role("button", name=create).click()
        key = panel.locator("#site-key").inner_text()
        words.write_files(clone)
        page = clone / "my-site" / "index.html"
        text = page.read_text(encoding="utf-8").replace("site_…", key)
        page.write_text(text.replace("http://localhost:8901", demo.api), encoding="utf-8")
        servers.answering(server)
        try:
            _fill_in(browser.new_page(), own, words.shown(3))
        finally:
            server.shutdown()
    deals = panel.context.new_page()
    deals.goto(demo.amocrm)
    expect(deals.get_by_text("Анна")).to_have_count(1)


def _fill_in(visitor: Page, address: str, words: list[str]) -> None:
    your_name, phone, send, thanks = words
    visitor.goto(address)
    visitor.get_by_label(your_name).fill("Анна")
    visitor.get_by_label(phone).fill("+7 921 000-00-01")
    visitor.wait_for_timeout(2_100)  # nobody fills in a form faster than in two seconds; a robot does
    visitor.get_by_role("button", name=send).click()
    expect(visitor.get_by_text(thanks)).to_be_visible()
