"""Time in tests: one clock moves Python's, PostgreSQL's and the simulator's, and nobody really sleeps."""

import threading
import time
from datetime import UTC, datetime, timedelta

from tests.control import Simulator
from tests.owner import Owner

# Production's `amocrm_now()` is the statement's time; the tests' adds an offset from a table.
INSTALL = """
CREATE TABLE IF NOT EXISTS test_clock (moved_by interval NOT NULL);
GRANT SELECT ON test_clock TO PUBLIC;
INSERT INTO test_clock SELECT interval '0' WHERE NOT EXISTS (SELECT FROM test_clock);
CREATE OR REPLACE FUNCTION amocrm_now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT statement_timestamp() + (SELECT moved_by FROM test_clock)';
"""


class MovableClock:
    def __init__(self, owner: Owner, simulator: Simulator) -> None:
        self.owner = owner
        self._simulator = simulator
        self._lock = threading.Lock()
        self._offset = 0.0
        self._awake_at: list[float] = []  # of those who sleep

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def monotonic(self) -> float:
        return time.monotonic() + self._offset

    def sleep(self, seconds: float) -> None:
        """Until the clock says so: whoever is to wake up first does, and nobody's sleep is added to another's."""
        ends = self.monotonic() + seconds
        self._awake_at.append(ends)
        try:
            time.sleep(0.01)  # lets other threads get on
            while ends > min(self._awake_at):
                time.sleep(0.001)
            left = ends - self.monotonic()
            if left > 0:
                self.advance(seconds=left)
        finally:
            self._awake_at.remove(ends)

    def advance(self, **duration: float) -> None:
        """Moves all clocks: `advance(hours=3)`."""
        step = timedelta(**duration)
        with self._lock:
            self._offset += step.total_seconds()
            self._move()
            self._simulator.control("clock", advance=step.total_seconds())

    def begin_minute(self) -> None:
        """Moves to the beginning of a minute: what is counted by the minute has nearly all of it then."""
        self.advance(seconds=60 - self.now().timestamp() % 60)

    def begin_hour(self) -> None:
        """Likewise, for what is told once an hour."""
        self.advance(seconds=3600 - self.now().timestamp() % 3600)

    def reset(self) -> None:
        with self._lock:
            if self._offset:
                # By what it says: whoever was killed between our step and its own has left it behind.
                moved_by = self._simulator.control("clock")["now"] - time.time()
                self._simulator.control("clock", advance=-moved_by)
                self._offset = 0.0
                self._move()

    def _move(self) -> None:
        self.owner.sql("UPDATE test_clock SET moved_by = %s", timedelta(seconds=self._offset))
