"""The database: one connection per warm instance, one round trip per statement.

Rule of the house: **every statement is safe to repeat.** It is guarded by ids or versions that the caller chose, so
that it can be sent again after the connection broke and nobody knows whether the first one was carried out. That is
why :class:`Database` may reconnect and repeat by itself, and why there are no multi-statement transactions: what must
happen together is one statement (with ``WITH``). It also keeps us fit for pgbouncer: no session state, no prepared
statements.
"""

import contextlib
import json
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, LiteralString, TypeVar, get_args
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.adapt import Dumper
from psycopg.rows import RowFactory, TupleRow
from psycopg.types.json import set_json_dumps

from shared.platform import deadline
from shared.platform.messages import Message, as_data, say, shortened, stored
from shared.platform.problems import ForeseenError, Kind
from shared.platform.secret import Secret

if TYPE_CHECKING:
    from psycopg.abc import PQGen

Parameters = Mapping[str, object]
Model = TypeVar("Model", bound=Struct)
T = TypeVar("T")

_CONNECT_TIMEOUT_SECONDS = 3
_SHORTEST_CONNECT_SECONDS = 2  # psycopg takes no less
# A server that accepts and never answers: PostgreSQL's own `statement_timeout` ends nothing there.
_LONGEST_SECONDS = 30.0
_MARGIN_SECONDS = 1.0  # for telling it, before the platform ends us


class Connection(psycopg.Connection[TupleRow]):
    """Waits for an answer until `ends` (of `time.monotonic`), and is of no use afterwards."""

    ends = math.inf

    def wait(self, gen: "PQGen[T]", interval: float = 0.1, timeout: float | None = None) -> T:
        if timeout is None and self.ends != math.inf:
            timeout = max(0.0, self.ends - time.monotonic())
        return super().wait(gen, interval, timeout)


_MOVES: Final = "AM503"  # see V15
# The second one: after a failover this may be a replica, for as long as we keep it.
_CONNECTION_IS_NO_GOOD: Final = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)


class DatabaseUnavailableError(ForeseenError):
    """PostgreSQL could not be reached, twice. The statement may or may not have been carried out."""

    kind = Kind(
        503,
        "database_unavailable",
        say("The database cannot be reached. Nothing was changed that you need to undo; try again."),
        retry_after=5,
    )


class AccountMovingError(DatabaseUnavailableError):
    """The connection is on its way to another database, which takes seconds, or lives there already. Nothing of the
    statement was carried out (`amocrm_stay`, V15)."""

    kind = Kind(
        503, "account_moving", say("The account is being moved. Nothing was changed; try again."), retry_after=2
    )


class AccountMovedError(AccountMovingError):
    """It lives in another cell: whoever asks here has an address that leads to the old one."""

    kind = Kind(
        503,
        "account_moved",
        say("The account was moved to another address of ours. Nothing was changed; try again there."),
        retry_after=5,
    )


def moving_error(state: str) -> AccountMovingError:
    """By the state of the move, as `amocrm_moves` has it."""
    return AccountMovedError(state) if state == "left" else AccountMovingError(state)


class RowId(Struct, frozen=True):
    """Of a statement that says which row it has changed, or found changed."""

    id: UUID


class Database:
    """Rows come back as the given Struct. Threads may share it.

    A column that it does not know is left out, so that a migration may add one before the code knows it. One that it
    declares as a :class:`Message` is one. `within` is
    how many seconds a statement may take, with all that is tried; never longer than the platform lets us run.
    """

    def __init__(self, url: Secret) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def one(
        self,
        model: type[Model],
        statement: LiteralString,
        parameters: Parameters | None = None,
        within: float = _LONGEST_SECONDS,
    ) -> Model | None:
        """The first row, or None."""
        rows = self.all(model, statement, parameters, within)
        return rows[0] if rows else None

    def all(
        self,
        model: type[Model],
        statement: LiteralString,
        parameters: Parameters | None = None,
        within: float = _LONGEST_SECONDS,
    ) -> list[Model]:
        """Every row that the statement returns. Raises :class:`DatabaseUnavailableError`."""

        def fetch(connection: Connection) -> list[Model]:
            with connection.cursor(row_factory=_rows_of(model)) as cursor:
                return cursor.execute(statement, parameters).fetchall()

        return self._repeated(fetch, within)

    def execute(
        self, statement: LiteralString, parameters: Parameters | None = None, within: float = _LONGEST_SECONDS
    ) -> int:
        """Carries the statement out and returns the number of rows it touched."""
        return self._repeated(lambda connection: connection.execute(statement, parameters).rowcount, within)

    def number(self, statement: LiteralString, parameters: Parameters | None = None) -> int:
        """The first column of the only row."""
        return int(self._repeated(lambda connection: (connection.execute(statement, parameters).fetchone() or (0,))[0]))

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _repeated(self, work: Callable[[Connection], T], within: float = _LONGEST_SECONDS) -> T:
        ends = time.monotonic() + max(0.0, min(within, deadline.seconds() - _MARGIN_SECONDS))
        if not self._lock.acquire(timeout=max(0.0, ends - time.monotonic())):
            raise DatabaseUnavailableError("another thread's statement is not answered")
        try:
            try:
                return work(self._connected(ends))
            except _CONNECTION_IS_NO_GOOD as error:
                # A warm instance was frozen and its connection is gone, PostgreSQL was restarted, or a deadlock
                # ended us. The statement is safe to repeat, see above.
                self._drop()
                if ends - time.monotonic() < _SHORTEST_CONNECT_SECONDS:
                    raise _unavailable(error) from None
            try:
                return work(self._connected(ends))
            except _CONNECTION_IS_NO_GOOD as error:
                self._drop()
                raise _unavailable(error) from None
        except psycopg.Error as error:
            if error.sqlstate == _MOVES:
                raise moving_error(error.diag.message_primary or "") from None
            raise
        finally:
            self._lock.release()

    def _connected(self, ends: float) -> Connection:
        if self._connection is None or self._connection.closed:
            left = math.floor(ends - time.monotonic())
            self._connection = Connection.connect(
                self._url.reveal(),
                autocommit=True,
                prepare_threshold=None,
                connect_timeout=min(_CONNECT_TIMEOUT_SECONDS, max(_SHORTEST_CONNECT_SECONDS, left)),
                keepalives_idle=30,
                tcp_user_timeout=10_000,
                application_name="amocrm-functions",
            )
        self._connection.ends = ends
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def _unavailable(error: psycopg.Error) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(f"{type(error).__name__} {error.sqlstate or ''}".strip())


def _dumped(document: Any) -> str:
    """JSON for a column; messages in it are stored as data."""
    return json.dumps(document, default=_data)


def _data(value: object) -> Any:
    if isinstance(value, Message):
        return as_data(shortened(value))
    raise TypeError(f"{type(value).__name__} is not JSON")


class _MessageDumper(Dumper):
    """A message as a parameter of a statement is `jsonb`."""

    oid = psycopg.adapters.types["jsonb"].oid

    def dump(self, obj: Message) -> bytes:
        return _dumped(obj).encode()


set_json_dumps(_dumped)
psycopg.adapters.register_dumper(Message, _MessageDumper)


@cache
def _messages_of(model: type[Struct]) -> frozenset[str]:
    """The columns that are messages, or None."""
    declared = [pair for one in model.__mro__ for pair in getattr(one, "__annotations__", {}).items()]
    return frozenset(name for name, kind in declared if kind is Message or Message in get_args(kind))


@cache
def _rows_of(model: type[Model]) -> RowFactory[Model]:
    known, messages = frozenset(model.__struct_fields__), _messages_of(model)

    def factory(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Model]:
        # By libpq's names: `cursor.description` makes an object of eight members for each column, for every statement.
        result = cursor.pgresult
        names = [(result.fname(index) or b"").decode() for index in range(result.nfields)] if result else []
        taken = [(index, name) for index, name in enumerate(names) if name in known]
        told = messages.intersection(names)

        def row(values: Sequence[Any]) -> Model:
            there = {name: values[index] for index, name in taken}
            for name in told:
                there[name] = None if there[name] is None else stored(there[name])
            return model(**there)

        return row

    return factory
