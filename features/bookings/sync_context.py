"""What brings a change of a booking into amoCRM has at hand: the change, the row as it is now, and whose it is."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from features.bookings import rows
from features.bookings.rows import Booking, Visitor
from features.bookings.settings import Bookings
from shared.connections.integrations import Integration
from shared.deliveries.locks import name_of
from shared.deliveries.rows import CLOCK_SKEW_SECONDS, Delivery, reference
from shared.runtime import Runtime

BOOKED: Final = "booked"
MOVED: Final = "moved"
CANCELLED: Final = "cancelled"
EXPECTED: Final = "expected"  # what was said of the visitor's coming is taken back
KEPT: Final = "kept"  # what somebody did to the task in amoCRM could not be done


class BookingChange(Struct, frozen=True):
    """A change of a booking, and what it was after it: `change` is {kind, by, from?, from_resource?, reason?}.

    `lead_id`: the deal that was named. The row learns later which one was made, and the steps must not change by that.
    """

    booking: UUID
    version: int
    change: dict[str, Any]
    starts_at: datetime
    facts: dict[str, Any]
    lead_id: int | None = None


class SyncContext(Struct, frozen=True):
    runtime: Runtime
    delivery: Delivery
    integration: Integration
    settings: Bookings
    booking: Booking
    visitor: Visitor
    told: BookingChange
    language: str

    @property
    def mark(self) -> str:
        """In the task: the booking's own, so that every change finds the one task."""
        return reference(self.booking.id)

    @property
    def since(self) -> int:
        """Its task is no older, Unix seconds."""
        booked = int(self.booking.created_at.timestamp()) - CLOCK_SKEW_SECONDS
        return booked if self.delivery.looks_since is None else min(booked, self.delivery.made_since)

    def now(self) -> Booking:
        """The row as it is at this moment."""
        booking = rows.by_id(self.runtime.database, self.integration.id, self.booking.id)
        return booking if booking is not None else self.booking

    @property
    def is_first(self) -> bool:
        return bool(self.told.change["kind"] == BOOKED)

    def deal_lock(self, lead_id: int) -> bytes:
        """Who looks at all visits of a deal, or at its stage, does so under this lock."""
        return name_of(f"booking-deal:{lead_id}")
