"""What is done every minute: whose visits are compared with amoCRM, which of them, and what was left undone."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from features.bookings.rows import WATCH_EVERY, Booking
from shared.storage.database import Database

# Accounts whose turn it is. The next turn is set at once: who dies over it has left it out, no more. Where no visit is
# to come, nor a hold that may become one, it is seldom. (Chosen once, hence MATERIALIZED: in a loop of the plan they
# would be chosen anew for each row, until all were taken.) What is on its way to another cell is not chosen: the
# statement would be refused (V15), for all of them.
CLAIM: Final = """
WITH chosen AS MATERIALIZED (
    SELECT integration_id FROM amocrm_booking_watches w
    WHERE due_at <= amocrm_now()
      AND (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = w.integration_id AND m.state NOT IN ('closing', 'arrived')) IS NULL
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE amocrm_booking_watches AS w SET due_at = amocrm_now() + CASE WHEN EXISTS (
    SELECT FROM amocrm_bookings b WHERE b.integration_id = w.integration_id AND b.state <> 'cancelled'
    AND b.starts_at > amocrm_now() - interval '2 days') THEN %(every)s ELSE interval '1 hour' END
WHERE integration_id IN (SELECT integration_id FROM chosen)
RETURNING integration_id
"""

# Claimed, and not begun.
PUT_BACK: Final = """
UPDATE amocrm_booking_watches SET due_at = least(due_at, amocrm_now()) WHERE integration_id = ANY (%(ids)s::uuid[])
"""

# What amoCRM knows of visits that have not ended long ago: a page of those that come after the last one of the turn
# before.
WATCHED: Final = """
SELECT b.* FROM amocrm_bookings b JOIN amocrm_booking_watches w USING (integration_id)
WHERE integration_id = %(integration_id)s AND b.state = 'booked' AND b.attendance IS NULL AND b.brought = b.version
  AND b.task_id IS NOT NULL AND b.starts_at > amocrm_now() - interval '2 days'
  AND (w.after_id IS NULL OR (b.starts_at, b.id) > (w.after_at, w.after_id))
ORDER BY b.starts_at, b.id LIMIT %(limit)s
"""

# How far the comparing has come, so that each visit has its turn however many there are. What is left of a round is
# looked at in the next minute.
PASSED: Final = """
UPDATE amocrm_booking_watches SET after_at = %(after_at)s, after_id = %(after_id)s,
    due_at = CASE WHEN %(soon)s THEN least(due_at, amocrm_now() + interval '45 seconds') ELSE due_at END
WHERE integration_id = %(integration_id)s
"""

# Changed some time ago, and not in amoCRM: the process may have died before it was accepted as a delivery. A change of
# what was never there needs the delivery of the first version, too.
BEHIND: Final = """
SELECT * FROM amocrm_bookings
WHERE brought < version AND state <> 'held' AND changed_at < amocrm_now() - interval '2 minutes'
  AND changed_at > amocrm_now() - interval '1 day'
  AND EXISTS (SELECT FROM amocrm_integrations i WHERE i.id = integration_id AND i.status <> 'disconnected')
  AND EXISTS (
    SELECT FROM unnest(ARRAY[version, CASE WHEN brought = 0 THEN 1 ELSE version END]) AS needed
    WHERE NOT EXISTS (
        SELECT FROM amocrm_deliveries d WHERE d.integration_id = amocrm_bookings.integration_id
        AND d.action = 'bring_booking' AND d.idempotency_key = amocrm_bookings.id || ':' || needed))
ORDER BY changed_at LIMIT %(limit)s
"""

# Holds that nobody has taken over. What somebody who books removes at this moment is left to them: each has its own
# order, and they might wait for each other.
SWEEP: Final = """
WITH chosen AS MATERIALIZED (
    SELECT id FROM amocrm_bookings b WHERE state = 'held' AND held_until <= amocrm_now() - interval '1 minute'
      AND (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = b.integration_id AND m.state NOT IN ('closing', 'arrived')) IS NULL
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
DELETE FROM amocrm_bookings WHERE id IN (SELECT id FROM chosen)
"""


class _Watch(Struct, frozen=True):
    integration_id: UUID


def claim(database: Database, limit: int) -> list[UUID]:
    """Connections whose tasks and deals are to be compared now."""
    found = database.all(_Watch, CLAIM, {"limit": limit, "every": WATCH_EVERY})
    return [one.integration_id for one in found]


def put_back(database: Database, integration_ids: Sequence[UUID]) -> None:
    """Their turn has not come."""
    database.execute(PUT_BACK, {"ids": list(integration_ids)})


def watched(database: Database, integration_id: UUID, limit: int) -> list[Booking]:
    """The next visits to be compared, in the order of their times."""
    return database.all(Booking, WATCHED, {"integration_id": integration_id, "limit": limit})


def passed(database: Database, integration_id: UUID, last: Booking | None, *, soon: bool) -> None:
    """The comparing has come to this visit; None: to the end, and it begins anew. `soon`: it goes on in a minute."""
    place = (
        {"after_at": last.starts_at, "after_id": last.id} if last is not None else {"after_at": None, "after_id": None}
    )
    database.execute(PASSED, {"integration_id": integration_id, "soon": soon, **place})


def behind(database: Database, limit: int) -> list[Booking]:
    """Changed minutes ago, without a delivery that brings it into amoCRM."""
    return database.all(Booking, BEHIND, {"limit": limit})


def sweep(database: Database, limit: int) -> int:
    return database.execute(SWEEP, {"limit": limit})
