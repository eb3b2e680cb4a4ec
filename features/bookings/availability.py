"""Free times: working hours, less what is taken. Pure, in whole minutes since 1970."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from msgspec import Struct

from features.bookings import hours
from features.bookings.hours import Span
from features.bookings.settings import Bookings, Resource, Service

# What is taken of a resource, by its key; in order, and not overlapping.
Taken = Mapping[str, Sequence[Span]]

_DAY = timedelta(days=1)


class Slot(Struct, frozen=True):
    """A time at which a visit can begin, and by whom."""

    minute: int
    resources: tuple[str, ...]


class Seat(Struct, frozen=True):
    """Who and which room a visit takes."""

    resource: Resource
    room: Resource | None


def free(
    settings: Bookings,
    service: Service,
    place: ZoneInfo,
    first: date,
    last: date,
    taken: Taken,
    *,
    resources: Sequence[Resource],
    window: Span,
) -> list[Slot]:
    """The times within these days of the zone, and within the window, at which one of the resources is free for the
    service, and a room too where it needs one; in order."""
    days = (
        hours.instant(hours.midnight(first), place),
        hours.instant(hours.midnight(last + _DAY), place),
    )
    begins, ends = max(days[0], window[0]), min(days[1], window[1])
    gaps = _gaps(settings, place, first, last, taken)
    found: dict[int, list[str]] = {}
    for resource in resources:
        rooms = [gaps(room) for room in settings.rooms_for(service, resource)]
        for minute in gaps(resource).starts(service, settings.step_minutes, begins, ends):
            if not service.rooms or any(room.has(minute, service) for room in rooms):
                found.setdefault(minute, []).append(resource.id)
    return [Slot(minute, tuple(found[minute])) for minute in sorted(found)]


def seat(
    settings: Bookings, service: Service, place: ZoneInfo, minute: int, taken: Taken, resources: Sequence[Resource]
) -> Seat | None:
    """Who takes a visit at this minute: of several the one with the least to do on that day. None: nobody is free."""
    day = hours.moment_of(minute).astimezone(place).date()
    window = (minute, minute + 1)
    slots = free(settings, service, place, day, day, taken, resources=resources, window=window)
    if not slots:
        return None
    able = [one for one in resources if one.id in slots[0].resources]
    chosen = min(able, key=lambda one: sum(end - start for start, end in taken.get(one.id, ())))
    if not service.rooms:
        return Seat(chosen, None)
    gaps = _gaps(settings, place, day, day, taken)
    rooms = settings.rooms_for(service, chosen)
    return Seat(chosen, next(room for room in rooms if gaps(room).has(minute, service)))


def works(settings: Bookings, resource: Resource, place: ZoneInfo, start: int, end: int) -> bool:
    """Whether the resource is at work from the one minute to the other."""
    day = hours.moment_of(start).astimezone(place).date()
    shifts = hours.working(settings, resource, place, *_around(day, day))
    return any(begins <= start and end <= ends for begins, ends in hours.joined(shifts))


def _gaps(settings: Bookings, place: ZoneInfo, first: date, last: date, taken: Taken) -> Callable[[Resource], "_Gaps"]:
    """What is open of each resource within these days, reckoned once."""
    shifts = _around(first, last)
    known: dict[str, _Gaps] = {}

    def gaps(one: Resource) -> _Gaps:
        if one.id not in known:
            known[one.id] = _Gaps(hours.working(settings, one, place, *shifts), taken.get(one.id, ()))
        return known[one.id]

    return gaps


def _around(first: date, last: date) -> tuple[date, date]:
    """With the shift that ends on the first day, and the one into which a visit before midnight goes on."""
    return first - _DAY, last + _DAY


class _Gaps:
    """The shifts of one resource, and what is taken of them.

    Visits begin at whole steps from the beginning of a shift, which does not depend on what else is looked at. A visit
    fits into what is open without a gap, which may be several shifts, and two days.
    """

    def __init__(self, shifts: Sequence[Span], taken: Sequence[Span]) -> None:
        self._shifts = shifts
        self._open = hours.joined(shifts)
        self._opens = [start for start, _ in self._open]
        self._taken = hours.joined(taken)
        self._starts = [start for start, _ in self._taken]

    def starts(self, service: Service, step: int, begins: int, ends: int) -> Iterator[int]:
        """What is kept free after a visit need not be working time."""
        found = chain.from_iterable(self._in_shift(shift, service, step, begins, ends) for shift in self._shifts)
        return iter(dict.fromkeys(found))  # overlapping shifts may say the same

    def _in_shift(self, shift: Span, service: Service, step: int, begins: int, ends: int) -> Iterator[int]:
        start, end = shift
        first = start if start >= begins else start + -(-(begins - start) // step) * step
        closes = self._closes(start)
        for minute in range(first, min(end, closes - service.minutes + 1, ends), step):
            if self._is_free(minute, minute + service.minutes + service.buffer_minutes):
                yield minute

    def has(self, minute: int, service: Service) -> bool:
        end = minute + service.minutes
        return end <= self._closes(minute) and self._is_free(minute, end + service.buffer_minutes)

    def _closes(self, minute: int) -> int:
        """Until when it is open from this minute on; the minute itself where it is not open."""
        before = bisect_right(self._opens, minute)
        return max(minute, self._open[before - 1][1]) if before else minute

    def _is_free(self, start: int, end: int) -> bool:
        # Only the last one that begins before `end` can reach over `start`, as they do not overlap.
        before = bisect_right(self._starts, end - 1)
        return before == 0 or self._taken[before - 1][1] <= start
