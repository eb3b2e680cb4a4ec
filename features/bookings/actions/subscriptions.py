"""Doctors' own calendars: an address that is read every hour, and how that fares."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from features.bookings import calendar_import, calendar_subscriptions
from features.bookings.booking_rules import BookingRules
from features.bookings.calendar_subscriptions import Subscription
from features.bookings.settings import Key
from shared.access import throttle
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.platform import egress
from shared.platform.http import Request, Response
from shared.platform.messages import UnfitError, say, stored, translated
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime

_PER_MINUTE = 20  # addresses of a connection


class SubscribeCalendar(Struct, forbid_unknown_fields=True, frozen=True):
    """`url`: where the calendar is, also with `webcal://`; null: it is not read any more."""

    resource: Key
    url: Annotated[str, Meta(max_length=2000)] | None = None
    action: str | None = None


def _subscribe(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{calendar}`: how the first reading, which is made at once, has fared; null where it is not read any more. 422
    for an address that cannot be called, or a resource that there is not."""
    body, integration = bodies.decode(request, SubscribeCalendar), caller.require_integration()
    integration_id = integration.id
    if not body.url or not body.url.strip():
        calendar_subscriptions.end(
            runtime.database, integration_id, body.resource
        )  # also where bookings are turned off
        return json_response({"calendar": None})
    offer = BookingRules.of(runtime, integration, is_public=False)
    resource = offer.settings.resource(body.resource)
    if resource is None:
        raise invalid_input(say("there is no such doctor or room"), "resource")
    url = _https(body.url.strip())
    try:
        egress.checked(url, runtime.settings.endpoint_private_hosts)
    except UnfitError as error:
        raise invalid_input(error.detail, "url") from None
    throttle.pass_or_refuse(runtime.database, f"subscribe_calendar:{integration_id}", _PER_MINUTE)
    own_id = calendar_subscriptions.save(runtime.database, runtime.keyring, integration_id, resource, url)
    saved = calendar_subscriptions.by_id(runtime.database, own_id)
    if saved is not None:
        calendar_import.read(runtime, saved)
        saved = calendar_subscriptions.by_id(runtime.database, own_id)
    return json_response({"calendar": None if saved is None else _shown(saved, request)})


def _list(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{calendars: [{resource, host, read_at, failing_since, problem, times, left_out}]}`: those that are read every
    hour. Nobody is told the rest of an address."""
    found = calendar_subscriptions.of(runtime.database, caller.require_integration().id)
    return json_response({"calendars": [_shown(one, request) for one in found]})


def _shown(one: Subscription, request: Request) -> dict[str, Any]:
    language = request.language
    return {
        "resource": one.resource,
        "host": one.host,
        "read_at": one.read_at,
        "failing_since": one.failing_since,
        "problem": None if one.problem is None else translated(one.problem, language),
        "times": one.times,
        "left_out": [each | {"reason": translated(stored(each["reason"]), language)} for each in one.left_out],
    }


def _https(url: str) -> str:
    """Apple's and others' `webcal` is http by another name; all of them have https."""
    scheme, separator, rest = url.partition("://")
    return f"https://{rest}" if separator and scheme.lower() in ("webcal", "webcals") else url


SUBSCRIBE = Action("subscribe_calendar", "POST", Right.MANAGE, _subscribe, body=SubscribeCalendar)
LIST = Action("get_subscriptions", "GET", Right.MANAGE, _list)
