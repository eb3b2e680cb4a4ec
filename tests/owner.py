"""The database as the owner of its tables sees it: stories look there, and set things right."""

from typing import Any

from shared.platform.messages import english, stored
from shared.storage.database import Database


class Owner(Database):
    """One connection for all stories: a new one takes several times as long for its first statements."""

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows that it returns. It may be carried out twice, where PostgreSQL restarts. Without parameters a `%` is
        just that."""

        def carried_out(connection: Any) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement.encode(), parameters or None)
            return read_rows(cursor.fetchall()) if cursor.description else []

        return self._repeated(carried_out)


def read_rows(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """With the English text where a message is stored."""
    return [tuple(english(stored(value)) if _is_message(value) else value for value in row) for row in rows]


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and "message" in value and value.keys() <= {"message", "values", "plural"}
