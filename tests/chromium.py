"""Debian's Chromium, as every test and benchmark starts it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests import servers

_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

_ORIGINS = re.compile(r"http://(localhost|127\.0\.0\.1):\d+/|data:|about:")

# A wait is no measurement: on a busy machine a page takes as long as it takes. How quick it is, benchmarks say.
expect.set_options(timeout=30_000)


@contextmanager
def launched() -> Iterator[Browser]:
    path = servers.program("chromium")
    assert path is not None, "Chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_OPTIONS))
        yield browser
        browser.close()


@contextmanager
def visitor(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A new visitor. No page of theirs may log an error or call a foreign origin.

    A browser logs a refused request as an error: a story that expects some says so with `@pytest.mark.refusals`, by
    status, or by Chromium's word for a connection that came to nothing.
    """
    marker = request.node.get_closest_marker("refusals")
    expected = [f"status of {one} " if isinstance(one, int) else one for one in marker.args] if marker else []
    made = chromium.new_context(locale="ru-RU", viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("weberror", lambda error: complaints.append(str(error.error)))
    made.on("request", lambda sent: None if _ORIGINS.match(sent.url) else complaints.append(sent.url))
    yield made
    made.close()
    assert [complaint for complaint in complaints if not any(words in complaint for words in expected)] == []
