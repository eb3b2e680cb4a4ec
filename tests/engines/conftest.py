"""One demo for all engines, and one session of each, whose stories follow each other in one process."""

from collections.abc import Iterator

import pytest

from tests.demo import Demo, connect, running
from tests.engines.engines import driver_of
from tests.engines.webdriver import Driver
from tests.engines.window import Window


@pytest.fixture(scope="package")
def demo() -> Iterator[Demo]:
    """With the demo's account, the clinic's and the countertops' connected."""
    with running() as made:
        connect(made)
        yield made


@pytest.fixture(scope="package")
def driver(engine: str) -> Iterator[Driver]:
    with driver_of(engine) as made:
        yield made


@pytest.fixture
def window(driver: Driver) -> Iterator[Window]:
    made = Window(driver)
    yield made
    made.close()
