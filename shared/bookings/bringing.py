"""What a change of a booking sets off: a delivery that brings it into amoCRM, once for each version of the row."""

from typing import Any

import msgspec

from shared.actions.accepting import Write, accept
from shared.bookings import plan
from shared.bookings.plan import Told
from shared.bookings.rows import Booking
from shared.connections.integrations import Integration
from shared.deliveries.rows import Delivery
from shared.platform.http import Request
from shared.runtime import Runtime


def bring(
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
    told = Told(booking.id, booking.version, change, booking.starts_at, booking.facts, booking.lead_id)
    stored = msgspec.json.encode(told, order="deterministic")
    key = f"{booking.id}:{booking.version}"
    write = Write(
        plan.PLANNER,
        stored,
        key,
        (),
        booking.lead_id,
        identity=key.encode(),
        at_once=at_once,
        summary=_summary(booking),
    )
    return accept(runtime, integration, request, write)


def _summary(booking: Booking) -> dict[str, Any]:
    facts = {"by": booking.change.get("by", ""), "kind": booking.change["kind"], "service": booking.facts["service"]}
    if "user_id" in booking.change:
        facts["user_id"] = booking.change["user_id"]
    if booking.facts.get("price") is not None:
        facts |= {"total": booking.facts["price"], "currency": booking.facts["currency"]}
    return facts
