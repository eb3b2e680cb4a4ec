"""`POST visit`: what a visitor does by the link that they were given. The link is the proof; it ends with the visit.

Body: `{token, do}`. `show` answers `{visit, calendar}`, `slots` the free times of `from`-`to` for the same service,
`move` (with `starts_at`, `resource`) and `cancel` the visit as it is then.
"""

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from features.bookings import calendars, rows, transitions, views
from features.bookings.actions.slots import Moment, by_day, span
from features.bookings.booking_rules import BookingRules
from features.bookings.crm_sync import start_sync
from features.bookings.rows import Booking
from features.bookings.settings import Key
from shared.access import throttle
from shared.actions import body as bodies
from shared.connections import integrations
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input, unauthenticated
from shared.runtime import Runtime

_PER_MINUTE: Final = 60  # of one address
_SHOWN_AFTER: Final = timedelta(days=1)
_BY: Final = {"by": "visitor"}


class Visit(Struct, forbid_unknown_fields=True, frozen=True):
    """What a visitor's page asks."""

    token: Annotated[str, Meta(min_length=10, max_length=100)]
    do: Literal["show", "slots", "move", "cancel"] = "show"
    starts_at: Moment | None = None
    resource: Key | None = None
    first: date | None = None
    last: date | None = None
    action: str | None = None


def answer(runtime: Runtime, request: Request) -> Response:
    """401 for a link that is none, or has ended; 409 where it is too late."""
    throttle.pass_or_refuse(runtime.database, f"visit:{request.network}", _PER_MINUTE)
    body = bodies.decode(request, Visit)
    booking = rows.by_link(runtime.database, body.token) if body.token.startswith(rows.LINK_PREFIX) else None
    if booking is None or booking.ends_at + _SHOWN_AFTER < runtime.clock.now():
        raise unauthenticated(say("This link is not valid any more."))
    integration = integrations.by_id(runtime.database, booking.integration_id)
    assert integration is not None  # a foreign key
    if integration.status == "disconnected":
        raise Problem(409, "not_connected", say("This account is not connected. Connect it in the panel."))
    offer = BookingRules.of(runtime, integration, is_public=True)
    if body.do == "slots":
        return _slots(offer, booking, body)
    if body.do == "move":
        booking = _moved(offer, booking, body, request)
    if body.do == "cancel":
        booking = _cancelled(offer, booking, request)
    return json_response({"visit": _view(offer, booking, request), "calendar": calendars.of_visit(offer, booking)})


def _slots(offer: BookingRules, booking: Booking, body: Visit) -> Response:
    first, last = span(offer, body.first, body.last, ("first", "last"))
    service = offer.again(booking)
    found = offer.free(service, offer.resources(service, body.resource), first, last, booking.id)
    return json_response({"time_zone": offer.settings.time_zone, "days": by_day(found, offer.zone, first, last)})


def _moved(offer: BookingRules, booking: Booking, body: Visit, request: Request) -> Booking:
    transitions.require_notice(booking, offer)
    if body.starts_at is None:
        raise invalid_input(say("is required"), "starts_at")
    after = transitions.moved(offer, booking, body.starts_at, body.resource, _BY)
    start_sync(offer.runtime, offer.integration, request, after, at_once=False)
    return after


def _cancelled(offer: BookingRules, booking: Booking, request: Request) -> Booking:
    if booking.state != "cancelled":
        transitions.require_notice(booking, offer)
        booking = transitions.cancelled(offer, booking, _BY)
    start_sync(offer.runtime, offer.integration, request, booking, at_once=False)
    return booking


def _view(offer: BookingRules, booking: Booking, request: Request) -> dict[str, Any]:
    """What the visitor may know; `may_change`: not cancelled, and not too late."""
    shown = views.of(booking, offer.zone, request.language)
    hidden = ("lead_id", "attention", "is_in_amocrm", "version", "visitor", "attendance", "id")
    try:
        transitions.require_notice(booking, offer)
    except Problem:
        may_change = False
    else:
        may_change = True
    facts = {"may_change": may_change, "time_zone": offer.settings.time_zone, "today": offer.today()}
    return {name: value for name, value in shown.items() if name not in hidden} | facts
