"""Keeping what amoCRM gives only once, above all a pair of tokens, while the database is away or says nothing.

A pair is stored, or stands in the log, before anybody waits: a process that is ended while it waits takes nothing
along.
"""

from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

import psycopg

from shared.platform import deadline, logs
from shared.platform.clock import Clock
from shared.storage.database import AccountMovedError, DatabaseUnavailableError

T = TypeVar("T")

TRY_SECONDS: Final = 3.0  # one try, also where the database accepts and never answers
LONGEST_SECONDS: Final = 20.0  # all tries, with what lies between them
DELAYS: Final = (0.2, 0.5, 1, 2, 4, 6, 6)  # seconds between tries
_MARGIN_SECONDS: Final = 1.0  # for answering, before the platform ends us


def kept(
    clock: Clock,
    integration_id: UUID,
    store: Callable[[float], T],
    spill: Callable[[], object],
    longest: float = LONGEST_SECONDS,
) -> T:
    """What `store` returns, which is given the seconds that it may take; after the first try in vain `spill` is called.

    Raises :class:`DatabaseUnavailableError` when nobody can wait any longer, and at once what the database refuses the
    statement with (a right that was taken away, a migration that is missing): waiting mends no such thing.
    """
    tries = 0

    def once(left: float) -> T:
        nonlocal tries
        tries += 1
        try:
            return store(max(min(TRY_SECONDS, left), 0.5))
        except (DatabaseUnavailableError, psycopg.Error):
            if tries == 1:
                spill()
            raise

    stored = tried_again(clock, once, longest)
    if tries > 1:
        logs.info("token.stored_after_all", integration_id=integration_id, tries=tries)
    return stored


def tried_again(clock: Clock, store: Callable[[float], T], longest: float) -> T:
    """What `store` returns, which is given the seconds that are left; again while the database is away, for so many
    seconds or as long as the platform lets us run. Then raises :class:`DatabaseUnavailableError`."""
    ends = clock.monotonic() + min(longest, deadline.seconds() - _MARGIN_SECONDS)
    for delay in (*DELAYS, None):
        try:
            return store(ends - clock.monotonic())
        except AccountMovedError:
            raise  # it does not come back by waiting
        except DatabaseUnavailableError:
            if delay is None or clock.monotonic() + delay >= ends:
                raise
            clock.sleep(delay)
    raise AssertionError("the last try returns or raises")
