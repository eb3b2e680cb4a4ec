"""`POST book`: a time becomes a visit, held before or not."""

import secrets
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta, Struct

from features import registry
from features.bookings import rows, views
from features.bookings.actions.slots import Moment, offer_for
from features.bookings.booking_rules import BookingRules
from features.bookings.crm_sync import Changed, answer, start_sync
from features.bookings.links import visit_link
from features.bookings.rows import Booking, Details, Visitor
from features.bookings.settings import Key
from features.bookings.sync_context import BOOKED, CANCELLED
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions import idempotency
from shared.actions.action import Action
from shared.connections.integrations import Integration
from shared.deliveries.rows import Delivery
from shared.platform.http import Request, Response
from shared.platform.messages import say, say_plural
from shared.platform.middleware import json_response
from shared.platform.problems import InputError, Problem, invalid_input
from shared.runtime import Runtime
from shared.storage import event_log

Line = Annotated[str, Meta(max_length=200)]
# So long the same request without an Idempotency-Key is the same booking.
_SAME_SECONDS: Final = 600
_BY_AMOCRM: Final = "amocrm"  # which knows no such deal


class VisitorGiven(Struct, forbid_unknown_fields=True, frozen=True):
    """Who comes. On a site a name, and a phone or an e-mail; in a deal card all may be empty."""

    name: Line = ""
    phone: Line = ""
    email: Line = ""


class Book(Struct, forbid_unknown_fields=True, frozen=True):
    """Either `hold`, or `service` and `starts_at` with a `resource` or anybody, of a `place` or of any. The deal is
    named by `X-Lead-Id`, or here, or is made."""

    hold: UUID | None = None
    service: Key | None = None
    starts_at: Moment | None = None
    resource: Key | None = None
    place: Key | None = None
    visitor: VisitorGiven = VisitorGiven()
    comment: Annotated[str, Meta(max_length=2000)] = ""
    lead_id: Annotated[int, Meta(gt=0, le=2**63 - 1)] | None = None
    trap: Line = ""  # a field that people do not see: whoever fills it in is no person
    action: str | None = None


class BookAnswer(Changed):
    """The visit, and the visitor's own link."""

    booking: views.Visit
    link: str


def _book(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{booking, link, delivery_id, state, results}`: 200 when it is in amoCRM, 202 while it is under way, or with
    `needs_a_person` and a `problem` where amoCRM has refused it; it is booked in all cases. `link`
    is the visitor's own, for moving or cancelling. The same request again is the same booking.

    404 for a deal that is not there; 409 for a time that somebody else has, or a hold that has ended; 422 for a time
    that is never free.
    """
    integration, body = caller.require_integration(), bodies.decode(request, Book)
    offer = offer_for(runtime, caller)
    lead_id = _lead_id(caller, request, body)
    _check(caller, body, lead_id)
    if body.trap:
        return _as_if(runtime, integration, request)
    visitor = body.visitor
    given = Visitor(
        visitor.name.strip(),
        visitor.phone.strip(),
        visitor.email.strip(),
        body.comment.strip(),
        rows.LINK_PREFIX + secrets.token_urlsafe(18),
    )
    details = Details(
        given,
        {"kind": BOOKED} | caller.sender(),
        _digests(runtime, integration, body, lead_id),
        lead_id,
        offer.settings.most_per_phone if caller.kind == "site" else None,
    )
    booking = (
        _confirmed(runtime, integration, body.hold, details) if body.hold else _made(offer, request, body, details)
    )
    delivery = start_sync(runtime, integration, request, booking)
    if _is_undone(runtime, booking, delivery, lead_id):
        return idempotency.answer(request, delivery)
    return _answer(runtime, caller, request, offer, booking, delivery)


def _lead_id(caller: Caller, request: Request, body: Book) -> int | None:
    if caller.kind == "site":
        if body.lead_id is not None or request.headers.get("X-Lead-Id"):
            raise invalid_input(say("a page of a site names no deal"), "lead_id")
        return None
    named = bodies.optional_lead_id(request, body.lead_id)
    return caller.lead_id if named is None else caller.require_lead(named)


def _check(caller: Caller, body: Book, lead_id: int | None) -> None:
    """Raises 422 with all that is missing."""
    found: list[InputError] = []
    if body.hold is None and (body.service is None or body.starts_at is None):
        found.append(InputError("starts_at", say("name a hold, or a service and a time")))
    if not _is_reachable(body.visitor) and lead_id is None:
        found.append(InputError("visitor.phone", say("give a phone or an e-mail")))
    if caller.kind == "site" and not body.visitor.name.strip():
        found.append(InputError("visitor.name", say("is required")))
    if lead_id is None and registry.submission() is None:
        found.append(InputError("lead_id", say("nothing here makes deals: name one")))
    if found:
        detail = say("The request was understood, but a value in it is not right.")
        raise Problem(422, "invalid_input", detail, errors=tuple(found))


def _is_reachable(visitor: VisitorGiven) -> bool:
    return any(sign.isdigit() for sign in visitor.phone) or "@" in visitor.email


def _confirmed(runtime: Runtime, integration: Integration, hold: UUID, details: Details) -> Booking:
    made = rows.confirm(runtime.database, runtime.keyring, integration.id, hold, details)
    if made is not None:
        return made
    known = rows.by_id(runtime.database, integration.id, hold)
    if known is None:
        detail = say("This time is not kept for you any more. Choose it again, or another one.")
        raise Problem(409, "hold_ended", detail)
    return _same(known, details)


def _made(offer: BookingRules, request: Request, body: Book, details: Details) -> Booking:
    assert body.service is not None  # checked
    assert body.starts_at is not None  # likewise
    runtime, integration = offer.runtime, offer.integration
    booking_id = _id_of(runtime, integration, request, details, body.starts_at)
    known = rows.by_id(runtime.database, integration.id, booking_id)
    if known is not None:
        return _same(known, details)
    service = offer.service(body.service)
    try:
        wanted = offer.wanted(service, offer.resources(service, body.resource, body.place), body.starts_at)
        made = rows.book(runtime.database, runtime.keyring, integration.id, booking_id, wanted, details)
    except Problem as problem:
        known = rows.by_id(runtime.database, integration.id, booking_id)
        if problem.code != "slot_taken" or known is None:
            raise
        return _same(known, details)  # an equal request was faster, by a moment
    return made or _same(rows.by_id(runtime.database, integration.id, booking_id), details)


def _same(known: Booking | None, details: Details) -> Booking:
    """The booking that an equal request has made. Raises 409 where there is none, or another one."""
    if known is None or known.state == "held":
        detail = say_plural(
            "With this phone a visit is booked already. Call us to book more.",
            "With this phone {count} visits are booked already. Call us to book more.",
            count=details.most or 0,
        )
        raise Problem(409, "too_many_bookings", detail)
    if known.request_hash is None or known.request_hash.hex() not in details.digests:
        raise Problem(
            409,
            "idempotency_key_reused",
            say("This Idempotency-Key was used for another request. Use a new key for it."),
        )
    return known


def _id_of(runtime: Runtime, integration: Integration, request: Request, details: Details, starts_at: datetime) -> UUID:
    """The same for the same request, so that a click that is repeated books once."""
    key = bodies.idempotency_key(request)
    if key is not None:
        return uuid5(integration.id, f"key:{key}")
    names = [f"body:{one}:{starts_at.timestamp():.0f}" for one in details.digests]
    window = int(runtime.clock.now().timestamp()) // _SAME_SECONDS
    own = f"{names[0]}:{window}"
    for before in (*(f"{one}:{window - 1}" for one in names), *(f"{one}:{window}" for one in names[1:])):
        known = rows.by_id(runtime.database, integration.id, uuid5(integration.id, before))
        if known is not None and known.state != CANCELLED:
            return known.id
    known = rows.by_id(runtime.database, integration.id, uuid5(integration.id, own))
    # Cancelled, and booked once more within minutes.
    again = known is not None and known.state == CANCELLED
    return uuid5(integration.id, f"{own}:{request.id}" if again else own)


def _digests(runtime: Runtime, integration: Integration, body: Book, lead_id: int | None) -> list[str]:
    cleaned = msgspec.structs.replace(body, action=None, lead_id=lead_id)
    return runtime.keyring.digests(msgspec.json.encode(cleaned, order="deterministic"), integration.id)


def _is_undone(runtime: Runtime, booking: Booking, delivery: Delivery, lead_id: int | None) -> bool:
    """A visit in a deal that is not there takes nobody's time: one that the caller has named, and that no step has
    found yet. What else was not found (a page of a proxy, a list of goods) says nothing of it."""
    if delivery.state != "dead" or delivery.problem_code != "amocrm_not_found" or lead_id is None:
        return False
    now = rows.by_id(runtime.database, booking.integration_id, booking.id)
    if now is not None and now.change.get("by") == _BY_AMOCRM:
        return True  # the same request once more
    if now is None or now.brought > 0 or delivery.result_of("lead") is not None:
        return False
    ended = rows.cancel(runtime.database, now, {"kind": CANCELLED, "by": _BY_AMOCRM})
    if ended is not None:
        rows.brought(runtime.database, ended, version=ended.version)
    return True


def _as_if(runtime: Runtime, integration: Integration, request: Request) -> Response:
    """A robot is answered as if all were well."""
    event_log.add(
        runtime.database,
        "booking.bot",
        say("A booking was left out as a robot's: {reason}.", reason=say("the hidden field was filled in")),
        integration_id=integration.id,
        request_id=request.id,
    )
    return json_response({"state": "accepted"}, 202)


def _answer(
    runtime: Runtime, caller: Caller, request: Request, offer: BookingRules, booking: Booking, delivery: Delivery
) -> Response:
    kept = rows.visitor_of(runtime.keyring, booking)
    now = rows.by_id(runtime.database, offer.integration.id, booking.id) or booking
    shown = views.of(now, offer.zone, request.language, kept)
    is_public = caller.kind == "site"
    if is_public:
        shown["lead_id"] = None  # it would tell who is a customer already
    more = {"booking": shown, "link": visit_link(runtime.settings, kept)}
    return answer(request, delivery, more, show_results=not is_public)


ACTION = Action("book", "POST", Right.BOOK, _book, body=Book, answer=BookAnswer, is_for_a_deal=True, is_change=False)
