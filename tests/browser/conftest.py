"""One demo for all stories of this folder, with its account connected. They follow each other in one process."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.chromium import launched, visitor
from tests.demo import Demo, connect, running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="package")
def demo() -> Iterator[Demo]:
    with running() as made:
        connect(made)
        yield made


@pytest.fixture
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    with visitor(chromium, request) as made:
        yield made
