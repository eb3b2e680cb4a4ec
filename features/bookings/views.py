"""Bookings as callers see them."""

from datetime import datetime
from typing import Any, Literal, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from features.bookings import rows
from features.bookings.rows import Booking
from shared.platform.messages import translated


class Choice(TypedDict):
    """A service, or a doctor or room."""

    id: str
    name: str


class Visitor(TypedDict):
    """Who comes."""

    name: str
    phone: str
    email: str
    comment: str


class Visit(TypedDict):
    """A booking; moments are local times of the company with their offset. `visitor` is null for whoever may not see
    them, `lead_id` for public pages."""

    id: UUID
    service: Choice
    resource: Choice
    room: str | None
    place: str | None
    price: str | None
    currency: str
    starts_at: str
    ends_at: str
    state: Literal["held", "booked", "cancelled"]
    attendance: Literal["came", "missed"] | None
    lead_id: int | None
    attention: str | None
    is_in_amocrm: bool
    version: int
    visitor: Visitor | None


def local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")


def of(booking: Booking, zone: ZoneInfo, language: str, visitor: rows.Visitor | None = None) -> dict[str, Any]:
    """`{id, service, resource, room, place, starts_at, ends_at, state, attendance, lead_id, attention, is_in_amocrm,
    version, visitor}`; services and resources as `{id, name}`, `visitor` null for whoever may not see them."""
    facts = booking.facts
    person = None
    if visitor is not None:
        person = {name: getattr(visitor, name) for name in ("name", "phone", "email", "comment")}
    return {
        "id": booking.id,
        "service": {"id": booking.service, "name": facts["service"]},
        "resource": {"id": booking.resource, "name": facts["resource"]},
        "room": facts.get("room"),
        "place": facts.get("place"),
        "price": facts.get("price"),
        "currency": facts["currency"],
        "starts_at": local(booking.starts_at, zone),
        "ends_at": local(booking.ends_at, zone),
        "state": booking.state,
        "attendance": booking.attendance,
        "lead_id": booking.lead_id,
        "attention": None if booking.attention is None else translated(booking.attention, language),
        "is_in_amocrm": booking.brought >= booking.version,
        "version": booking.version,
        "visitor": person,
    }
