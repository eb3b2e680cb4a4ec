"""Two cells: the tests' database, and another one of the same server, each with a runtime of its own."""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from msgspec import structs

from cli.moving.move import Move
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage.database import Database
from tests.owner import Owner
from tests.story import Story


class Killed(BaseException):
    """The command's process is gone, and its connections with it."""


@dataclass
class Cell:
    """A story that plays in it, and its tables' owner."""

    url: str
    story: Story

    @property
    def owner(self) -> Owner:
        return self.story.owner

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.owner.sql(statement, *parameters)


def beside(story: Story, url: str, runtime_url: str) -> tuple[Cell, Callable[[], None]]:
    """The same story in another cell, and what ends it."""
    owner, database = Owner(Secret(url)), Database(Secret(runtime_url))
    settings = structs.replace(story.runtime.settings, database_url=Secret(runtime_url))
    runtime = Runtime.build(settings, story.runtime.clock, database)

    def end() -> None:
        runtime.transport.close()
        database.close()
        owner.close()

    return Cell(url, replace(story, runtime=runtime, owner=owner)), end


def move(here: Cell, there: Cell, before: Callable[[str], None] = lambda step: None, **more: Any) -> Move:
    """Carried out, as the command does it: with connections of its own, which end with it."""
    story = here.story
    with (
        closing(psycopg.connect(here.url, autocommit=True)) as source,
        closing(psycopg.connect(there.url, autocommit=True)) as target,
    ):
        (id_,) = here.sql("SELECT id FROM amocrm_integrations WHERE account_domain = %s", story.domain)[0]
        made = Move(source, target, id_, before=before, **({"drain_seconds": 2.0} | more))
        made.run()
        return made


def killed_at(here: Cell, there: Cell, step: str) -> None:
    def die(now: str) -> None:
        if now == step:
            raise Killed

    with suppress(Killed):
        move(here, there, die)
        raise AssertionError(f"no step is called {step}")
