"""What a company offers to a caller, and the way from what somebody wishes to a seat that is free."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from features.bookings import availability, hours, rows
from features.bookings.availability import Slot
from features.bookings.hours import Span
from features.bookings.rows import Booking, BookingRequest
from features.bookings.settings import Bookings, Resource, Service
from features.bookings.settings import of as settings_of
from shared.connections.integrations import Integration
from shared.platform import time_zones
from shared.platform.messages import Message, say
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

MOST_DAYS: Final = 31
_FARTHEST: Final = 3 * 366 * 24 * 60  # minutes from now, for the company itself


class BookingRules(Struct, frozen=True):
    """A connection's services as a caller may book them. Visitors of a site keep to the public ones, and to how late
    and how far ahead one may book; the company itself may book at any time to come."""

    runtime: Runtime
    integration: Integration
    settings: Bookings
    zone: ZoneInfo
    is_public: bool

    @classmethod
    def of(cls, runtime: Runtime, integration: Integration, *, is_public: bool) -> "BookingRules":
        """Raises 409 where bookings are turned off."""
        settings = settings_of(integration.settings)
        zone = time_zones.zone(settings.time_zone)
        if not settings.is_on or zone is None:
            raise Problem(409, "bookings_off", say("Bookings are turned off in this connection's settings."))
        return cls(runtime, integration, settings, zone, is_public)

    # --- what there is ------------------------------------------------------------------------------------------

    def services(self) -> list[Service]:
        shown = [one for one in self.settings.services if one.is_public or not self.is_public]
        return [one for one in shown if self.settings.offering(one)]

    def service(self, key: str) -> Service:
        """Raises 422 for one that is not offered."""
        found = next((one for one in self.services() if one.id == key), None)
        if found is None:
            raise invalid_input(say("there is no such service, or nobody offers it"), "service")
        return found

    def resources(self, service: Service, key: str | None, place: str | None = None) -> list[Resource]:
        """Who may take the visit. Raises 422 where that is nobody."""
        able = self.settings.offering(service)
        if key is not None:
            able = [one for one in able if one.id == key]
            if not able:
                raise invalid_input(say("does not offer this service"), "resource")
        if place is not None:
            able = [one for one in able if (found := self.settings.place_of(one)) is not None and found.id == place]
        return able

    # --- when ---------------------------------------------------------------------------------------------------

    def window(self) -> Span:
        """The minutes in which a visit may begin."""
        now = hours.minute_of(self.runtime.clock.now()) + 1
        if not self.is_public:
            return now, now + _FARTHEST
        return now + self.settings.notice_minutes, now + self.settings.ahead_days * 24 * 60

    def today(self) -> date:
        return self.runtime.clock.now().astimezone(self.zone).date()

    def free(
        self, service: Service, resources: Sequence[Resource], first: date, last: date, without: UUID | None = None
    ) -> list[Slot]:
        taken = self._taken(first, last, without)
        return availability.free(
            self.settings, service, self.zone, first, last, taken, resources=resources, window=self.window()
        )

    def wanted(
        self, service: Service, resources: Sequence[Resource], starts_at: datetime, without: UUID | None = None
    ) -> BookingRequest:
        """The visit with its seat. Raises 422 for a time that is never free, 409 for one that is taken."""
        minute = hours.minute_of(starts_at)
        reason = self._refusal(starts_at, minute)
        if reason is not None:
            raise invalid_input(reason, "starts_at")
        day = starts_at.astimezone(self.zone).date()
        chosen = availability.seat(self.settings, service, self.zone, minute, self._taken(day, day, without), resources)
        if chosen is None:
            if availability.seat(self.settings, service, self.zone, minute, {}, resources) is None:
                raise invalid_input(
                    say("is not within working hours, or not a time at which visits begin"), "starts_at"
                )
            raise rows.taken_problem()
        return BookingRequest(
            service.id, chosen, starts_at, service.minutes, service.buffer_minutes, self._facts(service, chosen)
        )

    def _refusal(self, starts_at: datetime, minute: int) -> Message | None:
        if starts_at.second or starts_at.microsecond:
            return say("must be a whole minute")
        begins, ends = self.window()
        if minute < begins:
            return say("is too soon, or past")
        return say("is too far ahead") if minute >= ends else None

    def _taken(self, first: date, last: date, without: UUID | None) -> dict[str, list[Span]]:
        begins = hours.moment_of(hours.instant(hours.midnight(first), self.zone))
        ends = hours.moment_of(hours.instant(hours.midnight(last + timedelta(days=2)), self.zone))
        return rows.taken(self.runtime.database, self.integration.id, begins, ends, without)

    def _facts(self, service: Service, seat: availability.Seat) -> dict[str, object]:
        places = (self.settings.place_of(one) for one in (seat.resource, seat.room) if one is not None)
        place = next((one for one in places if one is not None), None)
        found: dict[str, object | None] = {
            "service": service.name,
            "resource": seat.resource.name,
            "room": None if seat.room is None else seat.room.name,
            "place": None if place is None else ", ".join(part for part in (place.name, place.address) if part),
            "price": None if service.price is None else f"{service.price:f}",
            "currency": self.settings.currency,
            "sku": service.sku,
            "buffer_minutes": service.buffer_minutes or None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def again(self, booking: Booking) -> Service:
        """The booking's service as it is now; of one that is gone, what it was, in its room if that is there."""
        known = self.settings.service(booking.service)
        if known is not None:
            return known
        minutes = int((booking.ends_at - booking.starts_at).total_seconds() // 60)
        room = self.settings.resource(booking.room) if booking.room is not None else None
        return Service(
            booking.service,
            str(booking.facts["service"]),
            minutes,
            int(booking.facts.get("buffer_minutes") or 0),
            resources=[booking.resource],
            rooms=[room.id] if room is not None and room.is_room and room.is_on else [],
        )
