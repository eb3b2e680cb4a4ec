"""The database as the owner of its tables sees it: stories look there, and set things right."""

from typing import Any

from shared.storage.database import Database


class Owner(Database):
    """One connection for all stories: a new one takes several times as long for its first statements."""

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows that it returns. It may be carried out twice, where PostgreSQL restarts. Without parameters a `%` is
        just that."""

        def carried_out(connection: Any) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

        return self._repeated(carried_out)
