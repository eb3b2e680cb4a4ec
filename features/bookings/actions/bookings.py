"""`GET get_bookings`; `POST move_booking`, `cancel_booking`, `set_attendance`: the visits, for the company's people."""

from datetime import timedelta
from typing import Annotated, Final, Literal, TypedDict
from uuid import UUID

from msgspec import Meta, Struct

from features.bookings import hours, rows, transitions, views
from features.bookings.actions.slots import Moment, days, offer_for, uuid
from features.bookings.booking_rules import BookingRules
from features.bookings.crm_sync import Changed, answer, start_sync
from features.bookings.rows import Booking, Filter
from features.bookings.settings import Key
from features.bookings.sync_context import CANCELLED
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.platform.http import Request, Response
from shared.platform.middleware import json_response
from shared.runtime import Runtime

_PAGE: Final = 200


Version = Annotated[int, Meta(gt=0, le=2**31 - 1)]


class MoveBooking(Struct, forbid_unknown_fields=True, frozen=True):
    """`resource` null: the same doctor. `version`: of the visit as it was seen; somebody else has changed it since:
    refused."""

    id: UUID
    starts_at: Moment
    resource: Key | None = None
    version: Version | None = None
    action: str | None = None


class CancelBooking(Struct, forbid_unknown_fields=True, frozen=True):
    """`version`: as in `move_booking`."""

    id: UUID
    version: Version | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""
    action: str | None = None


class SetAttendance(Struct, forbid_unknown_fields=True, frozen=True):
    """null takes it back. `version`: as in `move_booking`."""

    id: UUID
    version: Version | None = None
    attendance: Literal["came", "missed"] | None = None
    action: str | None = None


class BookingsAnswer(TypedDict):
    """A page of visits; `next` is the `after` of the one that follows."""

    bookings: list[views.Visit]
    next: UUID | None


class BookingAnswer(Changed):
    """The visit as it is now."""

    booking: views.Visit


def _list(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `from` and `to`, days of the company's zone, at most 31, or the deal (`X-Lead-Id`) with all its visits;
    `resource`; `needs_a_person=1`; `after`, the `next` of the page before. `{bookings, next}`, see
    :func:`features.bookings.views.of`."""
    offer = offer_for(runtime, caller)
    lead_id = bodies.optional_lead_id(request)
    lead_id = caller.lead_id if lead_id is None else caller.require_lead(lead_id)
    needs_a_person = request.parameter("needs_a_person") == "1"
    first = last = None
    if lead_id is None and not needs_a_person:
        begins, ends = days(request, offer)
        first = hours.moment_of(hours.instant(hours.midnight(begins), offer.zone))
        last = hours.moment_of(hours.instant(hours.midnight(ends + timedelta(days=1)), offer.zone))
    resource = request.parameter("resource") or None
    wanted = Filter(lead_id, first, last, resource, needs_a_person, uuid(request, "after"))
    found = rows.listed(runtime.database, offer.integration.id, wanted, _PAGE + 1)
    sees_people = caller.may(Right.READ_PEOPLE)
    shown = [
        views.of(one, offer.zone, request.language, rows.visitor_of(runtime.keyring, one) if sees_people else None)
        for one in found[:_PAGE]
    ]
    return json_response({"bookings": shown, "next": found[_PAGE - 1].id if len(found) > _PAGE else None})


def _move(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{booking, delivery_id, state}`. 409 for a time that somebody else has, or a visit that somebody has changed
    (`booking_changed`), 422 for a time that is never free."""
    body = bodies.decode(request, MoveBooking)
    offer, booking = _known(runtime, caller, body.id)
    transitions.require_open(booking, offer)
    is_there = (booking.starts_at, booking.resource) == (body.starts_at, body.resource or booking.resource)
    attempts = _attempts(booking, body.version, is_done=is_there)
    after = transitions.moved(offer, booking, body.starts_at, body.resource, caller.sender(), attempts=attempts)
    return _told(runtime, request, offer, after)


def _cancel(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{booking, delivery_id, state}`: the time is free at once. Cancelling twice is no error."""
    body = bodies.decode(request, CancelBooking)
    offer, booking = _known(runtime, caller, body.id)
    attempts = _attempts(booking, body.version, is_done=booking.state == CANCELLED)
    after = transitions.cancelled(offer, booking, caller.sender(), attempts=attempts)
    return _told(runtime, request, offer, after, body.reason.strip())


def _attend(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{booking, delivery_id, state}`: the task is completed with what it was."""
    body = bodies.decode(request, SetAttendance)
    offer, booking = _known(runtime, caller, body.id)
    transitions.require_open(booking, offer)
    attempts = _attempts(booking, body.version, is_done=booking.attendance == body.attendance)
    after = transitions.attended(offer, booking, body.attendance, caller.sender(), attempts=attempts)
    return _told(runtime, request, offer, after)


def _known(runtime: Runtime, caller: Caller, booking_id: UUID) -> tuple[BookingRules, Booking]:
    offer = offer_for(runtime, caller)
    booking = rows.by_id(runtime.database, offer.integration.id, booking_id)
    if booking is None or booking.state == "held":
        raise transitions.unknown()
    if booking.lead_id is not None:
        caller.require_lead(booking.lead_id)
    elif caller.lead_id is not None:
        raise transitions.unknown()
    return offer, booking


def _attempts(booking: Booking, version: int | None, *, is_done: bool) -> int:
    """How often it may be read again. Raises 409 where the visit is not any more what its reader has seen, and not what
    they want either."""
    if version is None:
        return transitions.ATTEMPTS
    if version != booking.version and not is_done:
        raise transitions.changed()
    return transitions.AS_READ


def _told(runtime: Runtime, request: Request, offer: BookingRules, booking: Booking, reason: str = "") -> Response:
    delivery = start_sync(runtime, offer.integration, request, booking, reason=reason)
    now = rows.by_id(runtime.database, offer.integration.id, booking.id) or booking
    shown = views.of(now, offer.zone, request.language, rows.visitor_of(runtime.keyring, now))
    return answer(request, delivery, {"booking": shown})


LIST = Action(
    "get_bookings",
    "GET",
    Right.READ_DEAL,
    _list,
    answer=BookingsAnswer,
    query=("from", "to", "resource", "needs_a_person", "after"),
    is_for_a_deal=True,
)
MOVE = Action("move_booking", "POST", Right.WRITE_DEAL, _move, body=MoveBooking, answer=BookingAnswer)
CANCEL = Action("cancel_booking", "POST", Right.WRITE_DEAL, _cancel, body=CancelBooking, answer=BookingAnswer)
ATTEND = Action("set_attendance", "POST", Right.WRITE_DEAL, _attend, body=SetAttendance, answer=BookingAnswer)
