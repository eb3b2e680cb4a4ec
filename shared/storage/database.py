"""The database: one connection per warm instance, one round trip per statement.

Rule of the house: **every statement is safe to repeat.** It is guarded by ids or versions that the caller chose, so
that it can be sent again after the connection broke and nobody knows whether the first one was carried out. That is
why :class:`Database` may reconnect and repeat by itself, and why there are no multi-statement transactions: what must
happen together is one statement (with ``WITH``). It also keeps us fit for pgbouncer: no session state, no prepared
statements.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, LiteralString, TypeVar

import psycopg
from msgspec import Struct
from psycopg.rows import RowFactory, TupleRow

from shared.platform.messages import say
from shared.platform.problems import ForeseenError, Kind
from shared.platform.secret import Secret

Parameters = Mapping[str, object]
Connection = psycopg.Connection[TupleRow]
Model = TypeVar("Model", bound=Struct)
T = TypeVar("T")

_CONNECT_TIMEOUT_SECONDS = 3


class DatabaseUnavailableError(ForeseenError):
    """PostgreSQL could not be reached, twice. The statement may or may not have been carried out."""

    kind = Kind(
        503,
        "database_unavailable",
        say("The database cannot be reached. Nothing was changed that you need to undo; try again."),
        retry_after=5,
    )


class Database:
    """Rows come back as the given Struct. Threads may share it.

    A column that it does not know is left out, so that a migration may add one before the code knows it.
    """

    def __init__(self, url: Secret) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def one(self, model: type[Model], statement: LiteralString, parameters: Parameters | None = None) -> Model | None:
        """The first row, or None."""
        rows = self.all(model, statement, parameters)
        return rows[0] if rows else None

    def all(self, model: type[Model], statement: LiteralString, parameters: Parameters | None = None) -> list[Model]:
        """Every row that the statement returns. Raises :class:`DatabaseUnavailableError`."""

        def fetch(connection: Connection) -> list[Model]:
            with connection.cursor(row_factory=_rows_of(model)) as cursor:
                return cursor.execute(statement, parameters).fetchall()

        return self._repeated(fetch)

    def execute(self, statement: LiteralString, parameters: Parameters | None = None) -> int:
        """Carries the statement out and returns the number of rows it touched."""
        return self._repeated(lambda connection: connection.execute(statement, parameters).rowcount)

    def number(self, statement: LiteralString, parameters: Parameters | None = None) -> int:
        """The first column of the only row."""
        return int(self._repeated(lambda connection: (connection.execute(statement, parameters).fetchone() or (0,))[0]))

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _repeated(self, work: Callable[[Connection], T]) -> T:
        with self._lock:
            try:
                return work(self._connected())
            except psycopg.OperationalError:
                # A warm instance was frozen and its connection is gone, PostgreSQL was restarted, or a deadlock
                # ended us. The statement is safe to repeat, see above.
                self._drop()
            try:
                return work(self._connected())
            except psycopg.OperationalError as error:
                self._drop()
                raise DatabaseUnavailableError(f"{type(error).__name__} {error.sqlstate or ''}".strip()) from None

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url.reveal(),
                autocommit=True,
                prepare_threshold=None,
                connect_timeout=_CONNECT_TIMEOUT_SECONDS,
                keepalives_idle=30,
                tcp_user_timeout=10_000,
                application_name="amocrm-functions",
            )
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def _rows_of(model: type[Model]) -> RowFactory[Model]:
    known = frozenset(model.__struct_fields__)

    def factory(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Model]:
        names = [column.name for column in cursor.description or ()]
        taken = [(index, name) for index, name in enumerate(names) if name in known]

        def row(values: Sequence[Any]) -> Model:
            return model(**{name: values[index] for index, name in taken})

        return row

    return factory
