"""Moving and cancelling a visit, whoever asks for it, and whether the visitor came."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from features.bookings import rows
from features.bookings.booking_rules import BookingRules
from features.bookings.rows import Booking
from features.bookings.sync_context import CANCELLED, EXPECTED, MOVED
from shared.platform.messages import say
from shared.platform.problems import Problem

ATTEMPTS = 3  # when somebody else changes it at the same moment
# For what speaks of this version of the visit only: what somebody has seen in the panel, or what was read of a task.
AS_READ = 1


def require_open(booking: Booking, offer: BookingRules) -> None:
    """Raises 409 for a visit that is cancelled, or has begun; for visitors, also for one that begins too soon."""
    if booking.state != "booked":
        raise Problem(409, "booking_cancelled", say("This visit is cancelled."))
    if offer.is_public and booking.starts_at <= _now(offer):
        raise Problem(409, "booking_begun", say("This visit has begun, or is over."))


def require_notice(booking: Booking, offer: BookingRules) -> None:
    """A visitor moves or cancels in time, or calls."""
    require_open(booking, offer)
    left = (booking.starts_at - _now(offer)).total_seconds() / 60
    if offer.is_public and left < offer.settings.notice_minutes:
        raise Problem(409, "too_late", say("It is too late to change this visit here. Please call us."))


def _now(offer: BookingRules) -> datetime:
    return offer.runtime.clock.now()


def moved(
    offer: BookingRules,
    booking: Booking,
    starts_at: datetime,
    resource: str | None,
    by: Mapping[str, Any],
    task_due: int | None = None,
    *,
    attempts: int = ATTEMPTS,
) -> Booking:
    """The visit at its new time, by the same doctor unless another is named. Raises 409 and 422 as `book` does, and 409
    `booking_changed` after so many `attempts`.
    """
    service = offer.again(booking)
    key = resource or booking.resource
    for left in reversed(range(attempts + 1)):
        if booking.starts_at == starts_at and booking.resource == key:
            return booking  # it is there already: the same request once more
        if not left:
            break
        wanted = offer.wanted(service, offer.resources(service, key), starts_at, booking.id)
        change = {"kind": MOVED, "from": booking.starts_at.isoformat(), **by}
        if wanted.seat.resource.id != booking.resource:
            change["from_resource"] = booking.resource
        after = rows.move(offer.runtime.database, booking, wanted, change, task_due)
        if after is not None:
            return after
        booking = _again(offer, booking)
    raise changed()


def cancelled(offer: BookingRules, booking: Booking, by: Mapping[str, Any], *, attempts: int = ATTEMPTS) -> Booking:
    """The visit, cancelled; its time is free at once. `attempts`: see :func:`moved`."""
    for left in reversed(range(attempts + 1)):
        if booking.state == CANCELLED:
            return booking
        if not left:
            break
        after = rows.cancel(offer.runtime.database, booking, {"kind": CANCELLED, **by})
        if after is not None:
            return after
        found = rows.by_id(offer.runtime.database, booking.integration_id, booking.id)
        if found is None:
            raise unknown()
        booking = found
    raise changed()


def attended(
    offer: BookingRules, booking: Booking, attendance: str | None, by: Mapping[str, Any], *, attempts: int = ATTEMPTS
) -> Booking:
    """`attendance`: came, missed, or None to take it back. `attempts`: see :func:`moved`."""
    for left in reversed(range(attempts + 1)):
        if booking.attendance == attendance:
            return booking
        if not left:
            break
        change = {"kind": attendance or EXPECTED, **by}
        after = rows.mark(offer.runtime.database, booking, change, attendance=attendance)
        if after is not None:
            return after
        booking = _again(offer, booking)
    raise changed()


def _again(offer: BookingRules, booking: Booking) -> Booking:
    found = rows.by_id(offer.runtime.database, booking.integration_id, booking.id)
    if found is None:
        raise unknown()
    require_open(found, offer)
    return found


def unknown() -> Problem:
    return Problem(404, "unknown_booking", say("There is no such booking in this connection."))


def changed() -> Problem:
    return Problem(409, "booking_changed", say("Somebody else has changed this visit. Look again."))
