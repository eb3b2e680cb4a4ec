"""One connection's move, step by step. Each step is one transaction of one database, and may be repeated; what was done
stands in `amocrm_moves` of both, so that whoever comes after a crash goes on.

=========  ============================================================================================================
closing    no refresh begins. Waits for the one that is under way, and for consents whose code is being exchanged.
draining   no write is accepted, and nothing is claimed. Waits a little for what is being carried out.
frozen     nothing changes. The rows are copied and compared; there they are `arriving`, and nothing changes either.
left       the tokens are forgotten here. From here on there is no way back.
arrived    it lives there. Then its log follows, and what stood here goes, but for what says that it has moved.
=========  ============================================================================================================
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, LiteralString
from uuid import UUID, uuid4

import psycopg

from cli.moving import copying, levels, statements, tables

STEPS: Final = ("begin", "close", "drain", "freeze", "copy", "leave", "arrive", "take_log", "tidy", "finish")
_HERE: Final = ("closing", "draining", "frozen")  # it can be given up
_LIVES_THERE: Final = (
    "it lives in the other cell already: this database was restored from a backup of before it moved, or both "
    "addresses lead to the same database"
)
_ONE_JOURNAL: Final = (
    "both cells are one installation of the token journal, because one was made from a copy of the other's database: "
    "make the new one another (docs/scale.md)"
)
_POLL_SECONDS: Final = 0.05
_ENDING_SECONDS: Final = 2.0
_CLOSING_SECONDS: Final = 180.0  # longer than the lease of a refresh, and the claim of a code


class MoveError(Exception):
    """It does not begin, or does not go on; the message says why, and what was left as it was."""


@dataclass
class Move:
    """`source` and `target`: connections of the tables' owners, each with autocommit. `before` is told of each step."""

    source: psycopg.Connection
    target: psycopg.Connection
    integration_id: UUID
    drain_seconds: float = 5.0
    levels_may_differ: bool = False
    before: Callable[[str], None] = lambda step: None
    id: UUID = field(default_factory=uuid4)
    copied: dict[str, int] = field(default_factory=dict)
    pause_seconds: float = 0.0  # from when no write was accepted until it was again

    def run(self) -> None:
        """Moves it, from wherever an earlier run has ended. Raises :class:`MoveError`."""
        self._step("begin")
        self._require_mine()
        here = self._begun()
        if here in _HERE:
            try:
                stopped = self._stop_and_copy()
            except MoveError as error:
                self._give_up()  # or nothing of it would be accepted, or refreshed, until somebody comes again
                raise MoveError(f"{str(error).rstrip('.')}. It goes on in the old cell") from None
            self._step("leave")
            self._leave()
            self._step("arrive")
            self._arrive()
            self.pause_seconds = time.monotonic() - stopped
        else:
            self._step("arrive")
            self._arrive()
        self._step("take_log")
        self._take_log()
        self._step("tidy")
        with self.source.transaction():
            self._as_mover(self.source)
            copying.forget(self.source, self.integration_id, keep=tables.DOORS)
        self._step("finish")
        self.target.execute(statements.ENDED, self._named)
        self.source.execute(statements.FINISHED, self._named)

    def undo(self) -> bool:
        """Gives a move up that has not left yet: the connection goes on where it is. False where there is none.
        Raises :class:`MoveError`."""
        self._require_mine()
        found = self.source.execute(statements.STATE, self._named).fetchone()
        if found is None or found[0] not in _HERE:
            return False
        self.id = found[1]
        if self._lives_there():
            raise MoveError(_LIVES_THERE)
        self._give_up()
        return True

    def _give_up(self) -> None:
        there = self._there()
        if there is not None and there[1] == self.id:
            with self.target.transaction():
                self._as_mover(self.target)
                copying.forget(self.target, self.integration_id)
                self.target.execute(statements.ENDED, self._named)
        self.source.execute(statements.ENDED, self._named)

    def _stop_and_copy(self) -> float:
        """Since when no write was accepted, by the monotonic clock."""
        self._step("close")
        self._close()
        stopped = time.monotonic()
        self._step("drain")
        self._set("draining")
        self._wait(statements.IS_WORKED_ON, self.drain_seconds, must_end=False)
        self._step("freeze")
        self._set("frozen")
        self._step("copy")
        self._copy()
        return stopped

    def _require_mine(self) -> None:
        """Also to give up: what another command has copied would go, and what it is about to forget here be lost.

        PostgreSQL ends the session of a command that has ended, or was killed, a moment after it.
        """
        ends = time.monotonic() + _ENDING_SECONDS
        while self.source.execute(statements.IS_MINE, self._named).fetchone() != (True,):
            if time.monotonic() > ends:
                raise MoveError("somebody else is moving it at this moment")
            time.sleep(_POLL_SECONDS)

    def _there(self) -> tuple[str, UUID, bool] | None:
        """What the other one knows of it, as this one does. Raises :class:`MoveError` where it is this one."""
        found = self.target.execute(statements.STATE, self._named).fetchone()
        if found is not None and found[1] == self.id and found[0] not in ("arriving", "arrived"):
            raise MoveError("both addresses lead to the same database")
        return found

    def _lives_there(self) -> bool:
        """In the other cell, by what that one knows."""
        return self.target.execute(statements.LIVES, self._named).fetchone() is not None

    @property
    def _named(self) -> dict[str, object]:
        return {"id": self.integration_id, "move": self.id}

    def _step(self, name: str) -> None:
        assert name in STEPS
        self.before(name)

    def _begun(self) -> str:
        """The state of the move here: a new one, or the one that goes on."""
        if unknown := tables.undecided(self.source):
            raise MoveError(f"nobody has decided what becomes of {', '.join(unknown)} (cli/moving/tables.py)")
        here = self.source.execute(statements.STATE, self._named).fetchone()
        if here is not None and not here[2]:
            self.id = here[1]
        there = self._there()
        is_same = there is not None and there[1] == self.id
        lives_there = self._lives_there()
        if here is not None and here[0] == "left" and not here[2]:
            if not (is_same or (there is None and lives_there)):  # None: only this database has not finished yet
                raise MoveError("it has left for another database than this one: name that one")
            return "left"
        if here is not None and here[0] in _HERE and is_same and lives_there:
            self._leave()  # it had, before this database was restored from a backup of the middle of the move
            return "left"
        if lives_there:
            raise MoveError(_LIVES_THERE)
        if here is None or here[0] == "left":
            return self._begin(there)
        if here[0] in ("arriving", "arrived"):
            raise MoveError("it is on its way to this database: let that move end first")
        return str(here[0])

    def _begin(self, there: tuple[str, UUID, bool] | None) -> str:
        if there is not None and there[0] != "left":
            raise MoveError("both addresses lead to the same database, or the other one has a move of it under way")
        journals = [one.execute(statements.JOURNAL).fetchone() for one in (self.source, self.target)]
        if journals[0] is not None and journals[0] == journals[1]:
            raise MoveError(_ONE_JOURNAL)
        address = self._address()
        if not self.levels_may_differ and (told := levels.differing(self.source, self.target, address)):
            raise MoveError(
                f"the cells differ in what holds for all of its kind ({', '.join(told)}): make them equal in the "
                "panels, or say --levels-may-differ"
            )
        self.source.execute(statements.BEGIN, self._named)
        if self.target.execute(statements.STATE, self._named).fetchone() == ("closing", self.id, False):
            self.source.execute(statements.ENDED, self._named)
            raise MoveError("both addresses lead to the same database")
        if self.target.execute(statements.IS_TAKEN, self._named | address).fetchone() is not None:
            self.source.execute(statements.ENDED, self._named)
            raise MoveError("the other cell has a connection of this account and widget type")
        return "closing"

    def _address(self) -> dict[str, object]:
        found = self.source.execute(statements.ADDRESS, self._named).fetchone()
        assert found is not None
        return dict(zip(("domain", "widget_type", "client_id", "account_id"), found, strict=True))

    def _set(self, state: str) -> None:
        """From now on: whoever has looked before has ended what they did."""
        with self.source.transaction():
            self.source.execute(statements.ALONE, self._named)
            self.source.execute(statements.SET, self._named | {"state": state})

    def _close(self) -> None:
        self._set("closing")
        self._wait(statements.IS_REFRESHED, _CLOSING_SECONDS, must_end=True)
        codes = self.source.execute(statements.CODES).fetchall()
        self._wait(statements.IS_EXCHANGED, _CLOSING_SECONDS, must_end=True, codes=[code for (code,) in codes])

    def _wait(self, statement: LiteralString, seconds: float, *, must_end: bool, **more: object) -> None:
        ends = time.monotonic() + seconds
        while self.source.execute(statement, self._named | more).fetchone() is not None:
            if time.monotonic() >= ends:
                if must_end:
                    raise MoveError("a refresh or a consent is under way and does not end; run it again")
                return  # its lease is copied, and heeded there
            time.sleep(_POLL_SECONDS)

    def _copy(self) -> None:
        try:
            with self.source.transaction(), self.target.transaction():
                self._as_mover(self.target)
                self.target.execute(statements.ARRIVING, self._named)
                copying.copy_restores(self.source, self.target)
                self.copied = copying.copy(self.source, self.target, self.integration_id)
                if told := copying.differences(self.source, self.target, self.integration_id):
                    raise MoveError(f"the copy is not what was copied: {'; '.join(told)}")
        except psycopg.errors.UniqueViolation as error:
            raise MoveError(f"the other cell has something of it already: {error.diag.message_detail}") from None
        except (psycopg.IntegrityError, psycopg.DataError, psycopg.ProgrammingError) as error:
            raise MoveError(f"the other cell does not take it: {error.diag.message_primary}") from None

    def _leave(self) -> None:
        """Not alone: who has looked since it was frozen changes nothing, and may hold the row while they look."""
        with self.source.transaction():
            self._as_mover(self.source)
            self.source.execute(statements.FORGET_TOKENS, self._named)
            self.source.execute(statements.SET, self._named | {"state": "left"})

    def _arrive(self) -> None:
        """Feeds are looked after at once: what amoCRM has told the old cell meanwhile is asked for here."""
        with self.target.transaction():
            self._as_mover(self.target)
            self.target.execute(statements.LOOK_AT_FEED, self._named)
            self.target.execute(statements.NOT_JOURNALED, self._named)
            self.target.execute(statements.ARRIVED, self._named)

    def _take_log(self) -> None:
        """A batch, how far it has come, and then its end here: so no line is there twice, or nowhere."""
        found = self.target.execute(statements.LOG_UNTIL, self._named).fetchone()
        until = found[0] if found is not None else 0
        while True:
            self.source.execute(statements.END_LOG, self._named | {"until": until})
            with self.target.transaction():
                last = copying.copy_log(self.source, self.target, self.integration_id, until)
                if last is None:
                    return
                self.target.execute(statements.LOG_IS_AT, self._named | {"until": last})
            until = last

    def _as_mover(self, connection: psycopg.Connection) -> None:
        connection.execute("SELECT set_config('amocrm.move', %(move)s::text, true)", self._named)
