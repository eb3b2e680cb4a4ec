"""Keeping what amoCRM gives only once, a pair of tokens, while the database is away or says nothing.

It is stored, or stands in the log, before anybody waits: a process that is ended while it waits takes nothing along.
"""

from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

from shared.platform import logs, time_left
from shared.platform.clock import Clock
from shared.storage.database import DatabaseUnavailableError

T = TypeVar("T")

TRY_SECONDS: Final = 3.0  # one try, also where the database accepts and never answers
LONGEST_SECONDS: Final = 20.0  # all tries, with what lies between them
DELAYS: Final = (0.2, 0.5, 1, 2, 4, 6, 6)  # seconds between tries
_MARGIN_SECONDS: Final = 1.0  # for answering, before the platform ends us


def kept(clock: Clock, integration_id: UUID, store: Callable[[float], T], spill: Callable[[], object]) -> T:
    """What `store` returns, which is given the seconds that it may take; after the first try in vain `spill` is called.

    Raises :class:`DatabaseUnavailableError` when nobody can wait any longer.
    """
    ends = clock.monotonic() + min(LONGEST_SECONDS, time_left.seconds() - _MARGIN_SECONDS)
    for number, delay in enumerate((*DELAYS, None)):
        try:
            stored = store(max(min(TRY_SECONDS, ends - clock.monotonic()), 0.5))
            if number:
                logs.info("token.stored_after_all", integration_id=integration_id, tries=number + 1)
            return stored
        except DatabaseUnavailableError:
            if number == 0:
                spill()
            if delay is None or clock.monotonic() + delay >= ends:
                raise
            clock.sleep(delay)
    raise AssertionError("the last try returns or raises")
