"""iCalendar (RFC 5545): a visitor's file, a doctor's feed, and days off from a calendar that a person has."""

from collections.abc import Iterable
from datetime import UTC, timedelta
from itertools import islice
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from features.bookings import calendar_urls, rows
from features.bookings.booking_rules import BookingRules
from features.bookings.links import calendar_link
from features.bookings.rows import Booking, Filter
from features.bookings.settings import DaysOff, Key
from features.bookings.settings import of as settings_of
from shared.access import throttle
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.connections import integrations
from shared.platform import time_zones
from shared.platform.http import Request, Response
from shared.platform.messages import say, translated
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input, unauthenticated
from shared.runtime import Runtime

_PAST: Final = timedelta(days=30)
_AHEAD: Final = timedelta(days=180)
# Visits of a feed: as many as there can be, of five minutes, around the clock.
_MOST: Final = (_PAST + _AHEAD).days * 24 * 12
_PER_MINUTE: Final = 30  # reads of one calendar
_MOST_DAYS_OFF: Final = 200
_YEARS: Final = timedelta(days=2 * 366)  # so far ahead days that come again are written out
_ENDED: Final = say("This link is not valid any more.")
_TYPE: Final = "text/calendar; charset=utf-8"


class ReadDaysOff(Struct, forbid_unknown_fields=True, frozen=True):
    """A file of a calendar, as text."""

    calendar: Annotated[str, Meta(max_length=500_000)]
    action: str | None = None


class OpenCalendar(Struct, forbid_unknown_fields=True, frozen=True):
    resource: Key
    is_on: bool = True  # false: the address opens nothing any more
    action: str | None = None


# --- writing --------------------------------------------------------------------------------------------------------


def of_visit(offer: BookingRules, booking: Booking) -> str:
    """A file with the one visit; the same visit again replaces it in the visitor's calendar."""
    facts = booking.facts
    who = ", ".join(str(facts[name]) for name in ("resource", "room") if facts.get(name))
    return _file([_event(booking, str(facts["service"]), who)], None)


def feed(runtime: Runtime, request: Request) -> Response:
    """`GET booking_calendar?key=…`: the visits of a doctor or room, for a calendar that subscribes to it."""
    key = request.parameter("key") or ""
    found = calendar_urls.of(runtime.database, key)
    if found is None:
        raise unauthenticated(_ENDED)
    throttle.pass_or_refuse(runtime.database, f"calendar:{found.integration_id}:{found.key}", _PER_MINUTE)
    integration = integrations.by_id(runtime.database, found.integration_id)
    assert integration is not None  # a foreign key
    resource = settings_of(integration.settings).resource(found.key)
    if integration.status == "disconnected" or resource is None or not found.is_of(resource):
        calendar_urls.close(runtime.database, found.integration_id, found.key)
        raise unauthenticated(_ENDED)
    BookingRules.of(runtime, integration, is_public=False)  # 409 where bookings are turned off
    now = runtime.clock.now()
    wanted = Filter(first=now - _PAST, last=now + _AHEAD, resource=found.key)
    # One that is cancelled is gone from the calendar: Google and Outlook show it there as if it took place.
    visits = [one for one in rows.listed(runtime.database, integration.id, wanted, _MOST) if one.state == "booked"]
    events = [
        _event(one, f"{one.facts['service']}: {rows.visitor_of(runtime.keyring, one).name}".rstrip(": "), "")
        for one in visits
    ]
    body = _file(events, resource.name).encode()
    return Response(200, body, (("Content-Type", _TYPE), ("Cache-Control", "private, max-age=60")))


def _event(booking: Booking, summary: str, description: str) -> Any:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{booking.id}@amocrm-functions")
    event.add("sequence", booking.version)
    event.add("dtstamp", booking.changed_at.astimezone(UTC))
    event.add("dtstart", booking.starts_at.astimezone(UTC))
    event.add("dtend", booking.ends_at.astimezone(UTC))
    event.add("summary", summary)
    if description:
        event.add("description", description)
    if booking.facts.get("place"):
        event.add("location", booking.facts["place"])
    event.add("status", "CANCELLED" if booking.state == "cancelled" else "CONFIRMED")
    return event


def _file(events: Iterable[Any], name: str | None) -> str:
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//amocrm-functions//bookings//EN")
    calendar.add("version", "2.0")
    if name is not None:
        calendar.add("x-wr-calname", name)
        # Else some ask once a week (Nextcloud, and what macOS proposes), and show a visit where it is not any more.
        calendar.add("x-published-ttl", "PT15M")
        calendar.add("refresh-interval", timedelta(minutes=15), {"VALUE": "DURATION"})
    for event in events:
        calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text


def _open(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{url}`: the secret address of a doctor's calendar, shown this once; the one before opens nothing any more. null
    where it was closed. 422 for a resource that there is not."""
    body, offer = (
        bodies.decode(request, OpenCalendar),
        BookingRules.of(runtime, caller.require_integration(), is_public=False),
    )
    resource = offer.settings.resource(body.resource)
    if not body.is_on:
        calendar_urls.close(runtime.database, offer.integration.id, body.resource)
        return json_response({"url": None})
    if resource is None:
        raise invalid_input(say("there is no such doctor or room"), "resource")
    secret = calendar_urls.opened(runtime.database, offer.integration.id, resource)
    return json_response({"url": calendar_link(runtime.settings, secret)})


# --- reading --------------------------------------------------------------------------------------------------------


def _read(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{days_off: [{first, last, note}], left_out: [{reason, count, lines}]}`: the whole days of the calendar's events
    from a month ago on, those that come again for two years; and what was not read, or otherwise than it is written,
    with the first 20 lines of each reason. 422 for a text that is no calendar, or has more days than settings take."""
    from features.bookings.ical.occurrences import Reading

    body = bodies.decode(request, ReadDaysOff)
    place = _place(caller)
    today = runtime.clock.now().astimezone(place).date()
    try:
        reading = Reading(body.calendar, place)
    except ValueError:
        raise invalid_input(say("is no iCalendar file"), "calendar") from None
    events = reading.between(today - _PAST, today + _YEARS, whole_days=True)
    # Two calendars of a file may have the same day.
    each = ((*days, event.note) for event in events if (days := event.days(place)) is not None)
    found = islice(dict.fromkeys(each), _MOST_DAYS_OFF + 1)
    days_off = [DaysOff(*one) for one in sorted(found)]
    if len(days_off) > _MOST_DAYS_OFF:
        raise invalid_input(say("has more than {most} days off", most=_MOST_DAYS_OFF), "calendar")
    left_out = [
        {"reason": translated(one.reason, request.language), "count": one.count, "lines": one.lines}
        for one in reading.left_out
    ]
    return json_response({"days_off": days_off, "left_out": left_out})


def _place(caller: Caller) -> ZoneInfo:
    """The company's zone."""
    integration = caller.integration
    settings = settings_of({} if integration is None else integration.settings)
    return time_zones.zone(settings.time_zone) or ZoneInfo("UTC")


OPEN = Action("open_calendar", "POST", Right.MANAGE, _open, body=OpenCalendar)
READ = Action("read_days_off", "POST", Right.MANAGE, _read, body=ReadDaysOff, is_change=False)
