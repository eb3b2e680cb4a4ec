"""What `refresh_tokens` does for the token journal at each run: writes what is missing there, and removes what a newer
version has made worthless. It alone needs to list, read and remove objects."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from shared.connections import integrations, journal_recovery
from shared.connections.journal_recovery import Row, Verdict
from shared.connections.rotation import Rotation
from shared.connections.token_journal import JournalError, Place, Position, TokenJournal, installation_of, mark, stored
from shared.platform import logs
from shared.storage.database import Database
from shared.storage.encryption import DecryptionError
from shared.storage.object_stores import StoreError

_BATCH: Final = 200
_THREADS: Final = 8
# Refresh tokens live three months: a backup from before knows none that could still be used.
_KEEP_ENDED: Final = timedelta(days=100)

# Of what was written to another address nothing is here.
_FORGET_MARKS = """
UPDATE amocrm_integrations SET journaled_version = NULL WHERE id IN (
    SELECT i.id FROM amocrm_integrations i WHERE i.journaled_version IS NOT NULL
      AND NOT EXISTS (SELECT FROM amocrm_moves m WHERE m.integration_id = i.id AND m.state <> 'arrived')
      AND EXISTS (SELECT FROM amocrm_token_journal j WHERE j.address IS NOT NULL AND j.address <> %(address)s)
    LIMIT 1000)
"""
_IS_AT = (
    "UPDATE amocrm_token_journal SET address = %(address)s, swept_to = '' WHERE address IS DISTINCT FROM %(address)s"
)
_STATE = "SELECT swept_to FROM amocrm_token_journal"
_SWEPT = "UPDATE amocrm_token_journal SET swept_to = %(to)s"

# Whoever holds a lease writes it themselves in a moment.
_MISSING = """
SELECT * FROM amocrm_connections
WHERE token_version > 0 AND journaled_version IS DISTINCT FROM token_version AND move IS NULL
  AND (lease_until IS NULL OR lease_until < amocrm_now())
  AND (%(at)s::timestamptz IS NULL OR (updated_at, id) > (%(at)s, %(after)s))
ORDER BY updated_at, id LIMIT %(batch)s
"""
_OF = "SELECT * FROM amocrm_connections WHERE id = ANY(%(ids)s)"
# It lives in another cell, says the journal, and what is here may be its last token: nobody refreshes it before
# somebody has looked. Each round says it anew.
_HOLD = """
UPDATE amocrm_integrations SET
    refresh_not_before = amocrm_now() + interval '2 hours', problem_code = %(code)s, problem_detail = %(detail)s,
    problem_at = CASE WHEN problem_code = %(code)s THEN problem_at ELSE amocrm_now() END
WHERE id = %(id)s AND token_version = %(version)s AND status = 'connected'
  AND (lease_until IS NULL OR lease_until < amocrm_now())
"""


class _State(Struct, frozen=True):
    swept_to: str


def run(rotation: Rotation, seconds: float) -> dict[str, Any]:
    """`{written, refused, removed, restored, ahead, is_done}`; nothing where there is no journal.

    `refused`: versions that could not be written, because others or what nobody can read stand in their place. `ahead`:
    rows that know less than the journal does; `restore-tokens` is for them.
    """
    journal = rotation.token_journal
    if journal is None:
        return {}
    upkeep = _Upkeep(rotation, journal, seconds)
    try:
        upkeep.work()
    except StoreError as error:
        logs.error("journal.away", reason=str(error))
    return upkeep.figures


class _Upkeep:
    def __init__(self, rotation: Rotation, journal: TokenJournal, seconds: float) -> None:
        self.figures = {"written": 0, "refused": 0, "removed": 0, "restored": 0, "ahead": 0, "is_done": False}
        self._rotation = rotation
        self._database: Database = rotation.database
        self._journal = journal
        self._ends = rotation.clock.monotonic() + seconds
        self._installation = installation_of(self._database)

    def work(self) -> None:
        while self._has_time() and self._database.execute(_FORGET_MARKS, {"address": self._journal.address}):
            pass
        if not self._has_time():
            return
        self._database.execute(_IS_AT, {"address": self._journal.address})
        pool = ThreadPoolExecutor(_THREADS)
        try:
            self._write_missing(pool)
            self._sweep(pool)
        finally:
            # Where a store says nothing, each of those that wait would take its seconds: refreshes come after this.
            pool.shutdown(cancel_futures=True)

    def _write_missing(self, pool: ThreadPoolExecutor) -> None:
        at: datetime | None = None
        after = UUID(int=0)
        while self._has_time():
            rows = self._database.all(Row, _MISSING, {"at": at, "after": after, "batch": _BATCH})
            outcomes = [pool.submit(copy_context().run, self._written, row) for row in rows]
            for outcome in outcomes:
                self.figures[outcome.result()] += 1
            if len(rows) < _BATCH:
                return
            at, after = rows[-1].updated_at, rows[-1].id

    def _written(self, row: Row) -> str:
        try:
            entry = stored(row, self._rotation.keyring)
            if not self._journal.create(self._installation, entry):
                place = Place(self._installation, row.id, entry.position)
                there = self._journal.read(place)
                if there is None or there.tokens is None or entry.tokens is None:
                    is_same = there is None or there.tokens is entry.tokens
                else:
                    is_same = there.tokens.access_token == entry.tokens.access_token
                if not is_same:
                    raise JournalError("another pair stands there: does a copy of this database work, too?")
        except (DecryptionError, JournalError) as error:
            logs.error("journal.refused", integration_id=row.id, position=str(Position.of(row)), reason=str(error))
            return "refused"
        mark(self._database, row)
        return "written"

    def _sweep(self, pool: ThreadPoolExecutor) -> None:
        """From where the last run has stopped; a round ends with the last object."""
        found = self._database.one(_State, _STATE)
        swept_to = found.swept_to if found is not None else ""
        if not swept_to:
            self._tell_of_others()
        connections = (list(places) for _, places in groupby(self._places(swept_to), lambda one: one.integration_id))
        while batch := _taken(connections, _BATCH):
            rows = {
                row.id: row for row in self._database.all(Row, _OF, {"ids": [one[0].integration_id for one in batch]})
            }
            worthless = [
                place for places in batch for place in self._worthless(rows.get(places[0].integration_id), places)
            ]
            list(pool.map(lambda place: self._journal.store.remove(place.key), worthless))
            self.figures["removed"] += len(worthless)
            swept_to = batch[-1][-1].key
            if not self._has_time():
                self._database.execute(_SWEPT, {"to": swept_to})
                return
        self._database.execute(_SWEPT, {"to": ""})
        self.figures["is_done"] = True

    def _places(self, after: str) -> Iterator[Place]:
        return self._journal.places(self._installation, after)

    def _worthless(self, row: Row | None, places: list[Place]) -> list[Place]:
        if row is None:
            return []  # perhaps this database was restored, and they are all there is of it
        own, now = Position.of(row), self._rotation.clock.now().astimezone(UTC)
        has_ended = row.access_token is None and row.updated_at < now - _KEEP_ENDED
        if row.move == "left":
            if not has_ended:  # a backup of before knows it as its own
                self._journal.say_left(self._installation, row)
            return [place for place in places if has_ended or not place.has_left or place.position < own]
        verdict = journal_recovery.judged(row, places[-1])
        if verdict is Verdict.LEFT:
            why = {"code": integrations.MOVED, "detail": journal_recovery.HAS_MOVED}
            self._database.execute(_HOLD, why | {"id": row.id, "version": row.token_version})
            self._tell_ahead(row)
            return []
        if verdict is Verdict.JOURNAL_NEWER:
            self._bring_up(row, places[-1])
            return []
        if row.journaled_version != row.token_version:
            return []
        return [place for place in places if place.position < own or has_ended]

    def _bring_up(self, row: Row, place: Place) -> None:
        """A pair that reached the journal and not its row, because the process died in between. More than one version
        is a database that was restored: whoever has done that says so (`restore-tokens`)."""
        if place.position != Position.of(row).next:
            self._tell_ahead(row)
        elif self._rotation.bring_up(row, place, may_interrupt=False):
            self.figures["restored"] += 1

    def _tell_ahead(self, row: Row) -> None:
        self.figures["ahead"] += 1
        logs.error("journal.ahead", integration_id=row.id, action="python -m cli restore-tokens")

    def _tell_of_others(self) -> None:
        others = [str(one) for one in self._journal.installations() if one != self._installation]
        if others:
            logs.error("journal.shared", installations=others[:10], action="give each installation a prefix of its own")

    def _has_time(self) -> bool:
        return self._rotation.clock.monotonic() < self._ends


def _taken(connections: Iterator[list[Place]], most: int) -> list[list[Place]]:
    return list(islice(connections, most))
