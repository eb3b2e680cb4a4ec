"""Locks with names, kept by all instances together through rows that end by themselves.

What is under a lock may be remembered with it for the next holder: the contact of the person whom its name stands for.

The owner is a delivery: taking a lock again under the same owner is the same lock, so every statement may be repeated.
A lock lasts as long as its owner's own lease, which is kept alive before each call.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct, field

from shared.amocrm.errors import UnknownOutcomeError
from shared.deliveries.rows import LeaseLostError
from shared.platform.clock import Clock
from shared.platform.messages import say
from shared.platform.problems import ForeseenError, Kind
from shared.storage.database import Database

# At least so long; then as long as the delivery is leased.
LEASE: Final = timedelta(seconds=90)
# What was sent without an answer may still be carried out: so long nobody else begins.
_SETTLE: Final = timedelta(seconds=30)
_WAIT_SECONDS: Final = 4.0
_POLL_SECONDS: Final = 0.1

_TAKE = """
INSERT INTO amocrm_locks AS l (integration_id, name, lease_id, lease_until)
SELECT %(integration_id)s, name, %(owner)s, amocrm_now() + %(lease)s FROM unnest(%(names)s::bytea[]) AS name
ORDER BY name ON CONFLICT (integration_id, name) DO UPDATE SET
    lease_id = EXCLUDED.lease_id, lease_until = EXCLUDED.lease_until, touched_at = greatest(l.touched_at, amocrm_now())
WHERE l.lease_id IS NULL OR l.lease_id = EXCLUDED.lease_id OR (l.lease_until < amocrm_now() AND NOT EXISTS (
    SELECT FROM amocrm_deliveries d WHERE d.id = l.lease_id
        AND (d.lease_until >= amocrm_now() OR (d.state = 'accepted' AND %(kept)s > interval '0'))))
RETURNING name, remembered
"""

# Gives them back, or keeps them for so long (`settle`). By their names, as they are taken: whoever asks for them locks
# them, too, for a moment; in another order the two would wait for each other. Retention counts a day from `touched_at`:
# what is kept for longer was, so to say, touched in the future.
_RELEASE = """
UPDATE amocrm_locks SET lease_id = CASE WHEN %(settle)s::interval IS NOT NULL THEN lease_id END,
    lease_until = amocrm_now() + %(settle)s::interval, remembered = coalesce(%(remembered)s, remembered),
    touched_at = greatest(touched_at, amocrm_now() + (%(remembered)s::bigint IS NOT NULL)::int * %(kept)s)
WHERE integration_id = %(integration_id)s AND name IN (SELECT name FROM amocrm_locks WHERE lease_id = %(owner)s
    AND integration_id = %(integration_id)s AND name = ANY (%(names)s::bytea[]) ORDER BY name FOR UPDATE)
"""


def name_of(text: str) -> bytes:
    """The name of a lock that stands for no person."""
    return hashlib.sha256(text.encode()).digest()


class LockedError(ForeseenError):
    """Somebody else has been at it for longer than we can wait."""

    kind = Kind(
        503,
        "busy",
        say("The same person or field is being worked on elsewhere at this moment. Try again."),
        retry_after=2,
    )


class _Taken(Struct, frozen=True):
    name: bytes
    remembered: int | None


class HeldLocks(Struct):
    """`known`: the numbers that were remembered for the names. `remember`: to be remembered for all of them."""

    known: list[int] = field(default_factory=list)
    remember: int | None = None


class Locks(Struct, frozen=True):
    """Locks of one integration over all instances, each a row that outlives its holder by a lease. `kept`: for how much
    longer than a day what was remembered is known. Nothing else tells what was made then: where nobody knows what has
    become of it, the next holder waits until the owner has found out."""

    database: Database
    clock: Clock
    kept: timedelta = timedelta()

    @contextmanager
    def holding(self, integration_id: UUID, names: Sequence[bytes], owner: UUID) -> Iterator[HeldLocks]:
        """All of the names at once. Raises :class:`LockedError` after a few seconds of waiting."""
        parameters = {"integration_id": integration_id, "names": list(names), "owner": owner, "kept": self.kept}
        parameters |= {"settle": None, "remembered": None}
        held = HeldLocks(self._take(parameters, len(set(names))))
        try:
            yield held
        except UnknownOutcomeError:
            self.database.execute(_RELEASE, parameters | {"settle": _SETTLE})
            raise
        except Exception as error:
            if not isinstance(error, LeaseLostError):  # else the delivery is somebody else's now, and so is the lock
                self.database.execute(_RELEASE, parameters)
            raise
        self.database.execute(_RELEASE, parameters | {"remembered": held.remember})

    def _take(self, parameters: dict[str, object], count: int) -> list[int]:
        if count == 0:
            return []
        deadline = self.clock.monotonic() + _WAIT_SECONDS
        while True:
            taken = self.database.all(_Taken, _TAKE, parameters | {"lease": LEASE})
            if len(taken) == count:
                return [one.remembered for one in taken if one.remembered is not None]
            self.database.execute(_RELEASE, parameters)
            if self.clock.monotonic() >= deadline:
                raise LockedError
            self.clock.sleep(_POLL_SECONDS)
