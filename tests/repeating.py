"""A database whose answers are lost, so that each statement is sent again."""

from typing import Any

from shared.storage.database import Database


class Repeating(Database):
    """Each statement is carried out, its answer is lost, and it is carried out again."""

    def execute(self, *given: Any, **named: Any) -> int:
        super().execute(*given, **named)
        return super().execute(*given, **named)
