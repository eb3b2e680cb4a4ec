"""Two cells for every story of this folder."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from cli import embedded, migrations
from tests import clocks
from tests.conftest import _EMPTY
from tests.moving import cells
from tests.moving.cells import Cell
from tests.story import Story


@pytest.fixture(scope="session")
def other_url(postgres: Any, migrated_url: str) -> str:
    with psycopg.connect(migrated_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE other_cell")
    url = str(postgres.get_uri(database="other_cell"))
    migrations.migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(clocks.INSTALL)
    return url


@pytest.fixture
def here(connected: Story, migrated_url: str) -> Cell:
    """The old cell, where the account lives."""
    return Cell(migrated_url, connected)


@pytest.fixture
def there(here: Cell, other_url: str) -> Iterator[Cell]:
    """The new one; the account has never been there."""
    runtime_url = other_url.replace("//postgres:@", f"//{embedded.RUNTIME_LOGIN}@")
    made, end = cells.beside(here.story, other_url, runtime_url)
    made.owner.sql(_EMPTY)
    yield made
    end()
