"""The hold of one worker on a feed: its lease is renewed as long as the work goes on, and the work ends in time."""

from typing import Final

from features.changes.feeds import LEASE, Feed
from shared.amocrm.transport import LIMITS
from shared.platform import deadline
from shared.platform.clock import Clock
from shared.storage.database import Database

# Then other feeds have their turn; what is left is due at once.
LONGEST: Final = 40.0  # seconds
_RENEWED_EVERY: Final = LEASE.total_seconds() / 4

_RENEW: Final = """
UPDATE amocrm_feeds SET lease_until = amocrm_now() + %(lease)s
WHERE integration_id = %(integration_id)s AND lease_id = %(lease_id)s
"""


class LeaseLostError(Exception):
    """Another instance looks after the feed now."""


class FeedLease:
    def __init__(self, database: Database, clock: Clock, feed: Feed) -> None:
        self._database, self._clock, self._feed = database, clock, feed
        self._began = self._renewed = clock.monotonic()

    def is_over(self) -> bool:
        """Before each piece of the work: whether to leave it to the next claim. Raises :class:`LeaseLostError`."""
        now = self._clock.monotonic()
        if now - self._renewed >= _RENEWED_EVERY:
            facts = {"integration_id": self._feed.integration_id, "lease_id": self._feed.lease_id, "lease": LEASE}
            if not self._database.execute(_RENEW, facts):
                raise LeaseLostError
            self._renewed = now
        return now - self._began >= LONGEST or deadline.seconds() < LIMITS.longest_call
