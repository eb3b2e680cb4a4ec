"""From wall time to instants: when somebody works, over midnight and over changes of daylight saving time.

A shift begins when the clock on the wall shows its beginning, or has gone past it, for the first time; and ends
likewise. What the wall skips in spring is not there; what it shows twice in autumn is worked twice, unless the shift
begins or ends within it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from features.bookings.settings import Bookings, Resource

# Minutes since 1970 in UTC, the second one not included.
Span = tuple[int, int]
# The same by the clock on the wall.
Shift = tuple[datetime, datetime]

_DAY = timedelta(days=1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def minute_of(moment: datetime) -> int:
    return int(moment.timestamp() // 60)


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def instant(wall: datetime, place: ZoneInfo) -> int:
    """The first minute at which the wall shows this time, or a later one."""
    first = wall.replace(tzinfo=place, fold=0)
    minute = minute_of(first)
    if _shown(minute, place) == wall:
        return minute
    # The wall never shows it: the clock jumps over it somewhere between these two, or the zone is not whole minutes
    # from UTC, so that the minute has begun before.
    low, high = sorted((minute, minute_of(first.replace(fold=1))))
    high += 1
    while low < high:
        middle = (low + high) // 2
        if _shown(middle, place) >= wall:
            high = middle
        else:
            low = middle + 1
    return low


def working(settings: Bookings, resource: Resource, place: ZoneInfo, first: date, last: date) -> list[Span]:
    """The shifts of the resource that begin on these days, in order; they may meet, or overlap."""
    spans: list[Span] = []
    for number in range((last - first).days + 1):
        for begins, ends in _shifts_of(settings, resource, first + number * _DAY):
            span = instant(begins, place), instant(ends, place)
            if span[0] < span[1]:  # else the wall has skipped it
                spans.append(span)
    return sorted(spans)


def joined(spans: Iterable[Span]) -> list[Span]:
    """In order, without empty ones, and those that overlap or meet as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _shifts_of(settings: Bookings, resource: Resource, day: date) -> list[Shift]:
    """The resource's own days come before the company's, and a special day before a day off.

    Who has hours of their own works on a special day of the company within both: it may shorten their day, and opens
    none on which they never work.
    """
    own = _exception(resource, day)
    if own is not None:
        return _walls(day, own)
    companys = _exception(settings, day)
    if companys is None or resource.hours is None:
        return _walls(day, (resource.hours or settings.hours).of(day) if companys is None else companys)
    shared = (
        (max(one[0], other[0]), min(one[1], other[1]))
        for one in _walls(day, companys)
        for other in _walls(day, resource.hours.of(day))
    )
    return [(begins, ends) for begins, ends in shared if begins < ends]


def _exception(level: Bookings | Resource, day: date) -> Sequence[str] | None:
    """The hours of a special day, none of a day off; None for a day as every week has it."""
    special = next((one for one in level.special_days if one.day == day), None)
    if special is not None:
        return special.hours
    return () if any(one.first <= day <= one.last for one in level.days_off) else None


def _walls(day: date, hours: Sequence[str]) -> list[Shift]:
    found = []
    for text in hours:
        begins, _, ends = text.partition("-")
        start, end = _wall(day, begins), _wall(day, ends)
        found.append((start, end if end > start else end + _DAY))
    return found


def _wall(day: date, clock: str) -> datetime:
    hour, minute = int(clock[:2]), int(clock[3:])
    return midnight(day) + timedelta(hours=hour, minutes=minute)


def _shown(minute: int, place: ZoneInfo) -> datetime:
    return moment_of(minute).astimezone(place).replace(tzinfo=None, fold=0)
