"""What a company offers, when, and by whom: a part of the settings of one connection."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from shared.connections.integrations import Integration
from shared.platform.decoding import convert

Key = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
Id = Annotated[int, Meta(gt=0, le=2**63 - 1)]
# Wall time; `22:00-02:00` ends on the next day, `00:00-24:00` is all day.
Hours = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Day = list[Hours]

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORKDAY: Final = ["09:00-18:00"]


class Week(Struct, forbid_unknown_fields=True, frozen=True):
    """Working hours by weekday; breaks are what lies between two spans."""

    monday: Annotated[Day, Meta(max_length=8)] = []
    tuesday: Annotated[Day, Meta(max_length=8)] = []
    wednesday: Annotated[Day, Meta(max_length=8)] = []
    thursday: Annotated[Day, Meta(max_length=8)] = []
    friday: Annotated[Day, Meta(max_length=8)] = []
    saturday: Annotated[Day, Meta(max_length=8)] = []
    sunday: Annotated[Day, Meta(max_length=8)] = []

    def of(self, day: date) -> Day:
        hours: Day = getattr(self, WEEKDAYS[day.weekday()])
        return hours


class DaysOff(Struct, forbid_unknown_fields=True, frozen=True):
    """Nobody works from the first to the last of these days. A shift belongs to the day on which it begins."""

    first: date
    last: date
    note: Annotated[str, Meta(max_length=120)] = ""


class SpecialDay(Struct, forbid_unknown_fields=True, frozen=True):
    """A day with hours of its own, also within days off."""

    day: date
    hours: Annotated[Day, Meta(max_length=8)] = []


class Place(Struct, forbid_unknown_fields=True, frozen=True):
    id: Key
    name: Name
    address: Annotated[str, Meta(max_length=250)] = ""


class Resource(Struct, forbid_unknown_fields=True, frozen=True):
    """A doctor, or a room. What is null is the company's: hours, place."""

    id: Key
    name: Name
    is_room: bool = False
    user_id: Id | None = None  # in amoCRM; tasks of their visits are theirs
    place: Key | None = None
    hours: Week | None = None
    days_off: Annotated[list[DaysOff], Meta(max_length=200)] = []
    special_days: Annotated[list[SpecialDay], Meta(max_length=200)] = []
    is_on: bool = True  # off: no new visits


class Service(Struct, forbid_unknown_fields=True, frozen=True):
    id: Key
    name: Name
    minutes: Annotated[int, Meta(ge=5, le=1440)] = 30
    buffer_minutes: Annotated[int, Meta(ge=0, le=240)] = 0  # after the visit nobody else comes
    price: Decimal | None = None
    sku: Annotated[str, Meta(min_length=1, max_length=250)] | None = None  # of the account's goods
    resources: Annotated[list[Key], Meta(max_length=200)] = []  # who offers it; empty: every doctor
    rooms: Annotated[list[Key], Meta(max_length=50)] = []  # it needs one of these as well
    is_public: bool = True  # also on the site


class Bookings(Struct, forbid_unknown_fields=True, frozen=True):
    """Appointments (rows K1-K4)."""

    is_on: bool = False
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] = "Europe/Moscow"  # of all hours; an IANA name
    hours: Week = Week(_WORKDAY, _WORKDAY, _WORKDAY, _WORKDAY, _WORKDAY)
    days_off: Annotated[list[DaysOff], Meta(max_length=200)] = []
    special_days: Annotated[list[SpecialDay], Meta(max_length=200)] = []
    places: Annotated[list[Place], Meta(max_length=50)] = []
    resources: Annotated[list[Resource], Meta(max_length=200)] = []
    services: Annotated[list[Service], Meta(max_length=200)] = []
    step_minutes: Annotated[int, Meta(ge=5, le=240)] = 15  # visits begin so far apart
    ahead_days: Annotated[int, Meta(ge=1, le=365)] = 60  # how far ahead a visitor may book
    notice_minutes: Annotated[int, Meta(ge=0, le=43_200)] = 60  # and how late; also to move or cancel
    hold_minutes: Annotated[int, Meta(ge=1, le=60)] = 10  # while the form is filled in
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "RUB"
    pipeline_id: Id | None = None  # where deals of visits go; null: as forms do
    status_id: Id | None = None
    cancelled_status_id: Id | None = None  # of the same pipeline; null: a cancelled visit leaves the deal where it is
    goods: bool = True  # services with an SKU are put into the deal
    most_per_phone: Annotated[int, Meta(ge=1, le=50)] = (
        3  # visits to come that one phone (or e-mail without one) may book on the site
    )

    def service(self, key: str) -> Service | None:
        return next((one for one in self.services if one.id == key), None)

    def resource(self, key: str) -> Resource | None:
        return next((one for one in self.resources if one.id == key), None)

    def place_of(self, resource: Resource) -> Place | None:
        """Where the resource is; of a company with one place, there."""
        if resource.place is None:
            return self.places[0] if len(self.places) == 1 else None
        return next((one for one in self.places if one.id == resource.place), None)

    def offering(self, service: Service) -> list[Resource]:
        """The doctors who offer the service and take visits, in the order of the settings; of a service that needs a
        room, those who have one where they are."""
        able = [
            one
            for one in self.resources
            if one.is_on and not one.is_room and (not service.resources or one.id in service.resources)
        ]
        return [one for one in able if not service.rooms or self.rooms_for(service, one)]

    def rooms_for(self, service: Service, doctor: Resource) -> list[Resource]:
        """The rooms that the service can take where the doctor is. Whoever has no place among several is anywhere."""
        where = self.place_of(doctor)
        rooms = [one for one in self.resources if one.is_on and one.is_room and one.id in service.rooms]
        return [one for one in rooms if where is None or self.place_of(one) in (None, where)]


def of(stored: Mapping[str, Any]) -> Bookings:
    """This part of a row's settings, with its defaults."""
    return convert(stored.get("bookings") or {}, Bookings)


def shows_bookings(integration: Integration) -> bool:
    """Deal cards show appointments where the company takes them."""
    return of(integration.settings).is_on
