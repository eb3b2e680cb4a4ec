"""What a change of a booking sets off: a delivery that brings it into amoCRM, once for each version of the row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired

import msgspec

from features.bookings import plan
from features.bookings.rows import Booking
from features.bookings.sync_context import BOOKED, BookingChange
from shared.actions import idempotency
from shared.actions.idempotency import IdempotentWrite, WriteStatus, accept
from shared.connections.integrations import Integration
from shared.deliveries.rows import Delivery
from shared.platform.http import Request, Response
from shared.platform.middleware import json_response
from shared.runtime import Runtime


def start_sync(
    runtime: Runtime,
    integration: Integration,
    request: Request,
    booking: Booking,
    *,
    at_once: bool = True,
    reason: str = "",
) -> Delivery:
    """The delivery of the row's newest change; the same one however often it is asked for.

    `reason`: what a person has written. It is kept with the delivery, encrypted, and not in the row.
    """
    change = booking.change | ({"reason": reason} if reason else {})
    told = BookingChange(booking.id, booking.version, change, booking.starts_at, booking.facts, booking.lead_id)
    if booking.version > 1 and booking.brought == 0:
        # The first version makes the deal, and nobody knows whether it was accepted before its process died.
        _accepted(runtime, integration, request, booking, _first(booking), at_once=at_once)
    return _accepted(runtime, integration, request, booking, told, at_once=at_once)


class Changed(WriteStatus):
    """`needs_a_person`: amoCRM has refused it for good, see `problem`. It is done here all the same."""

    needs_a_person: NotRequired[bool]


def answer(request: Request, delivery: Delivery, more: Mapping[str, object], *, show_results: bool = True) -> Response:
    """What is answered to a change of the row, which is made: 200 when it is in amoCRM, else 202. Also where amoCRM has
    refused it for good, with `needs_a_person`: whoever is told that they are not booked would book again."""
    if delivery.state != "dead":
        return idempotency.answer(request, delivery, show_results=show_results, more=more)
    told: dict[str, object] = {
        "delivery_id": delivery.id,
        "state": "accepted",
        "problem": delivery.problem(request.language),
    }
    told["needs_a_person"] = True  # nobody tries it again by themselves
    results = {"results": delivery.results(request.language)} if show_results else {}
    return json_response({**told, **more, **results}, 202)


def _first(booking: Booking) -> BookingChange:
    """That the visit was booked, as far as the row knows it after it has changed; its deal was named, or is none."""
    began = booking.change.get("from")
    starts_at = booking.starts_at if began is None else datetime.fromisoformat(began)
    return BookingChange(booking.id, 1, {"kind": BOOKED}, starts_at, booking.facts, booking.lead_id)


def _accepted(
    runtime: Runtime,
    integration: Integration,
    request: Request,
    booking: Booking,
    told: BookingChange,
    *,
    at_once: bool,
) -> Delivery:
    stored = msgspec.json.encode(told, order="deterministic")
    key = f"{told.booking}:{told.version}"
    write = IdempotentWrite(
        plan.PLANNER,
        stored,
        key,
        (),
        booking.lead_id,
        identity=key.encode(),
        at_once=at_once,
        summary=_summary(booking, told.change),
        about=_about(booking, told),
    )
    return accept(runtime, integration, request, write)


def _about(booking: Booking, told: BookingChange) -> str | None:
    """After a restore a version may be another change than the one of this number that was lost. The first never is:
    that somebody has booked."""
    if told.version == 1:
        return None
    change = told.change
    return f"{change['kind']}:{told.starts_at.timestamp():.0f}:{booking.resource}:{change.get('reason', '')}"


def _summary(booking: Booking, change: dict[str, Any]) -> dict[str, Any]:
    facts = {"by": change.get("by", ""), "kind": change["kind"], "service": booking.facts["service"]}
    if "user_id" in change:
        facts["user_id"] = change["user_id"]
    if booking.facts.get("price") is not None:
        facts |= {"total": booking.facts["price"], "currency": booking.facts["currency"]}
    return facts
