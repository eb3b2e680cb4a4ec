"""Debian's Chromium, as every test and benchmark starts it."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from tests import servers

_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

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
