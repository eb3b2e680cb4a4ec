"""Time, injected. Leases and expiries live by the database's clock (``amocrm_now()``); this one is for the rest:
checking the times inside a JWT, and waiting."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time, so that tests can move it. PostgreSQL's own clock decides about leases and lives."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float:
        """Seconds; only differences mean something."""

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
