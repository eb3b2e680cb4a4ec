"""`GET get_services`, `get_slots`; `POST hold_slot`, `release_slot`: what is offered, when it is free, and keeping a
time while a form is filled in."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any, Final, TypedDict
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from features.bookings import hours, rows, views
from features.bookings.availability import Slot
from features.bookings.booking_rules import MOST_DAYS, BookingRules
from features.bookings.rows import Booking
from features.bookings.settings import Key, Place
from shared.access import throttle
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions import currency
from shared.actions.action import Action
from shared.platform.http import Request, Response
from shared.platform.messages import say, say_plural
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

_MOST_HELD: Final = 3  # by one address or user at once
_HOLDS_PER_MINUTE: Final = 20  # of one address or user
Moment = Annotated[datetime, Meta(tz=True)]


class HoldSlot(Struct, forbid_unknown_fields=True, frozen=True):
    """`resource` null: anybody who is free, at the `place` where one is named."""

    service: Key
    starts_at: Moment
    resource: Key | None = None
    place: Key | None = None
    action: str | None = None


class ReleaseSlot(Struct, forbid_unknown_fields=True, frozen=True):
    hold: UUID
    action: str | None = None


class ServiceOffered(TypedDict):
    """What can be booked."""

    id: str
    name: str
    minutes: int
    price: str | None
    currency: str
    resources: list[str]


class ResourceOffered(TypedDict):
    """Who, or which room."""

    id: str
    name: str
    place: str | None


class ServicesAnswer(TypedDict):
    """What a company offers, and in which time zone its hours are."""

    time_zone: str
    today: date
    ahead_days: int
    step_minutes: int
    account_currency: str | None
    services: list[ServiceOffered]
    resources: list[ResourceOffered]
    places: list[Place]


class SlotOffered(TypedDict):
    """A time, and who is free then."""

    starts_at: str
    resources: list[str]


class DayOffered(TypedDict):
    """A day, also one without a free time."""

    date: date
    slots: list[SlotOffered]


class SlotsAnswer(TypedDict):
    """Free times by day."""

    time_zone: str
    days: list[DayOffered]


class HoldAnswer(TypedDict):
    """A time that is kept until `expires_at`."""

    hold: UUID
    expires_at: datetime
    starts_at: str
    ends_at: str
    resource: views.Choice


class ReleaseAnswer(TypedDict):
    """`released` is false where it was not held any more."""

    released: bool


def offer_for(runtime: Runtime, caller: Caller) -> BookingRules:
    return BookingRules.of(runtime, caller.require_integration(), is_public=caller.kind == "site")


def _services(runtime: Runtime, caller: Caller, _request: Request) -> Response:
    """`{time_zone, today, ahead_days, step_minutes, account_currency, services: [{id, name, minutes, price, currency,
    resources}], resources: [{id, name, place}], places: [{id, name, address}]}`. `account_currency`: in which a price
    may be a budget; null for public pages, and where nobody can say now. 409 where bookings are turned off."""
    offer = offer_for(runtime, caller)
    settings, services = offer.settings, offer.services()
    offered = {service.id: [one.id for one in settings.offering(service)] for service in services}
    doctors = [one for one in settings.resources if any(one.id in ids for ids in offered.values())]
    own = None if caller.kind == "site" else currency.of_account(runtime, offer.integration)
    return json_response(
        {
            "account_currency": own,
            "time_zone": settings.time_zone,
            "today": offer.today(),
            "ahead_days": settings.ahead_days,
            "step_minutes": settings.step_minutes,
            "services": [
                {
                    "id": one.id,
                    "name": one.name,
                    "minutes": one.minutes,
                    "price": None if one.price is None else f"{one.price:f}",
                    "currency": settings.currency,
                    "resources": offered[one.id],
                }
                for one in services
            ],
            "resources": [{"id": one.id, "name": one.name, "place": _place_id(offer, one)} for one in doctors],
            "places": settings.places,
        }
    )


def _place_id(offer: BookingRules, resource: Any) -> str | None:
    place = offer.settings.place_of(resource)
    return None if place is None else place.id


def _slots(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `service`; `from` and `to`, days of the company's zone, at most 31; `resource`, `place` to narrow it;
    `booking`, one that is to be moved, whose own time is free for it. `{time_zone, days: [{date, slots: [{starts_at,
    resources}]}]}`, days without a free time too."""
    offer = offer_for(runtime, caller)
    service = offer.service(request.parameter("service") or "")
    able = offer.resources(service, request.parameter("resource") or None, request.parameter("place") or None)
    first, last = days(request, offer)
    moved = uuid(request, "booking")
    found = offer.free(service, able, first, last, moved)
    return json_response({"time_zone": offer.settings.time_zone, "days": by_day(found, offer.zone, first, last)})


def by_day(found: Iterable[Slot], zone: ZoneInfo, first: date, last: date) -> list[dict[str, Any]]:
    shown: dict[date, list[dict[str, Any]]] = {
        first + timedelta(days=number): [] for number in range((last - first).days + 1)
    }
    moments = ((hours.moment_of(slot.minute).astimezone(zone), slot.resources) for slot in found)
    for day, group in groupby(moments, lambda one: one[0].date()):
        shown[day] += [{"starts_at": at.isoformat(timespec="seconds"), "resources": who} for at, who in group]
    return [{"date": day, "slots": times} for day, times in shown.items()]


def days(request: Request, offer: BookingRules) -> tuple[date, date]:
    """Query: `from` and `to`; without them a week from today."""
    return span(offer, _day(request, "from"), _day(request, "to"), ("from", "to"))


def span(offer: BookingRules, first: date | None, last: date | None, names: tuple[str, str]) -> tuple[date, date]:
    """Raises 422 for days of which no slot is calculated."""
    for name, day in zip(names, (first, last), strict=True):
        if day is not None and not 1990 < day.year < 2200:
            raise invalid_input(say("must be a date: YYYY-MM-DD"), name)
    first = first or offer.today()
    last = last or first + timedelta(days=6)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise invalid_input(say("from and to are at most {most} days apart", most=MOST_DAYS), names[1])
    return first, last


def _day(request: Request, name: str) -> date | None:
    text = request.parameter(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid_input(say("must be a date: YYYY-MM-DD"), name) from None


def uuid(request: Request, name: str) -> UUID | None:
    text = request.parameter(name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise invalid_input(say("must be an id of a booking"), name) from None


def _hold(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """201 `{hold, expires_at, starts_at, ends_at, resource: {id, name}}`: the time is kept for `hold_minutes`. 409
    where somebody else has it, or where the caller holds too many. The same `Idempotency-Key` is the same hold."""
    integration, body = caller.require_integration(), bodies.decode(request, HoldSlot)
    offer = offer_for(runtime, caller)
    key = bodies.idempotency_key(request)
    hold_id = uuid4() if key is None else uuid5(integration.id, f"hold:{key}")
    known = None if key is None else rows.by_id(runtime.database, integration.id, hold_id)
    if known is not None:
        return _held(offer, _same(known, body))
    service = offer.service(body.service)
    able = offer.resources(service, body.resource, body.place)
    holder = _holder(caller, request)
    minutes, database = offer.settings.hold_minutes, runtime.database
    try:
        wanted = offer.wanted(service, able, body.starts_at)
        if holder is not None:
            throttle.pass_or_refuse(database, f"hold:{integration.id}:{holder.hex()}", _HOLDS_PER_MINUTE)
        made = rows.hold(database, integration.id, hold_id, wanted, minutes=minutes, holder=holder, most=_MOST_HELD)
    except Problem as problem:
        known = rows.by_id(database, integration.id, hold_id)
        if problem.code != "slot_taken" or known is None:
            raise
        return _held(offer, _same(known, body))  # an equal request was faster, by a moment
    if made is None:
        detail = say_plural(
            "You hold a time already. Book it, or wait until it is free again.",
            "You hold {count} times already. Book one, or wait until they are free again.",
            count=_MOST_HELD,
        )
        raise Problem(409, "too_many_holds", detail)
    return _held(offer, made)


def _same(known: Booking, body: HoldSlot) -> Booking:
    """The hold that an equal request has made. Raises 409 for another one, and for one that is booked by now."""
    asked = (body.service, body.starts_at, body.resource or known.resource)
    if known.state != "held" or (known.service, known.starts_at, known.resource) != asked:
        detail = say("This Idempotency-Key was used for another request. Use a new key for it.")
        raise Problem(409, "idempotency_key_reused", detail)
    return known


def _held(offer: BookingRules, made: Booking) -> Response:
    assert made.held_until is not None  # a check
    return json_response(
        {
            "hold": made.id,
            "expires_at": made.held_until,
            "starts_at": views.local(made.starts_at, offer.zone),
            "ends_at": views.local(made.ends_at, offer.zone),
            "resource": {"id": made.resource, "name": made.facts["resource"]},
        },
        201,
    )


def _release(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{released}`: false where it was not held any more."""
    integration, body = caller.require_integration(), bodies.decode(request, ReleaseSlot)
    return json_response({"released": rows.release(runtime.database, integration.id, body.hold)})


def _holder(caller: Caller, request: Request) -> bytes | None:
    """Who holds: a user of the account, else the visitor's address. An application's server holds for many."""
    if caller.kind == "application":
        return None
    who = f"user:{caller.user_id}" if caller.user_id is not None else f"{caller.kind}:{request.network}"
    return hashlib.sha256(who.encode()).digest()


SERVICES = Action("get_services", "GET", Right.SEE_SLOTS, _services, answer=ServicesAnswer)
SLOTS = Action(
    "get_slots",
    "GET",
    Right.SEE_SLOTS,
    _slots,
    answer=SlotsAnswer,
    query=("service", "from", "to", "resource", "place", "booking"),
)
HOLD = Action("hold_slot", "POST", Right.BOOK, _hold, body=HoldSlot, answer=HoldAnswer, is_change=False)
RELEASE = Action("release_slot", "POST", Right.BOOK, _release, body=ReleaseSlot, answer=ReleaseAnswer, is_change=False)
