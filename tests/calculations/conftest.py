"""The page's engine, for tests that hold it against the server's."""

from collections.abc import Iterator

import pytest

from tests.calculations.page_engine import Page


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    made = Page()
    yield made
    made.stop()
