"""Dates and times of a calendar's lines, by their shape rather than by what the line calls them."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from features.bookings.ical.parser import Line
from features.bookings.ical.time_zones import Zones

_MOMENT: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2})(?::?(\d{2}))?(Z)?)?")

# What is near the ends of our calendar cannot be moved to another zone.
_YEARS: Final = range(2, 9998)
_LONGEST: Final = timedelta(days=3660)

Period = tuple[datetime, datetime | timedelta]


def of(line: Line, zones: Zones) -> date:
    """A date, or a datetime with its zone. Raises ValueError."""
    return _moment(line.value, line, zones)


def each(line: Line, zones: Zones) -> list[date | Period]:
    """Those of an EXDATE or RDATE. Raises ValueError."""
    found: list[date | Period] = []
    for value in line.value.split(","):
        begins, is_period, ends = value.partition("/")
        first = _moment(begins, line, zones)
        if not is_period:
            found.append(first)
        elif isinstance(first, datetime):
            last = length(ends) if "P" in ends.upper() else _moment(ends, line, zones)
            found.append((first, last if isinstance(last, timedelta | datetime) else timedelta(0)))
    return found


def length(text: str) -> timedelta:
    """A DURATION. Raises ValueError."""
    from icalendar import vDuration

    found: timedelta = vDuration.from_ical(text.strip().upper())  # type: ignore[no-untyped-call]
    if found > _LONGEST:
        raise ValueError(text)
    return max(timedelta(0), found)


def _moment(text: str, line: Line, zones: Zones) -> date:
    matched = _MOMENT.fullmatch(text.strip().upper())
    if matched is None:
        raise ValueError(text)
    year, month, day = (int(matched[group]) for group in (1, 2, 3))
    if year not in _YEARS:
        raise ValueError(text)
    if matched[4] is None:
        return date(year, month, day)
    second = min(59, int(matched[6] or 0))  # a leap second
    wall = datetime(year, month, day, int(matched[4]), int(matched[5]), second)
    if matched[7]:
        return wall.replace(tzinfo=UTC)
    name = line.parameters.get("TZID")
    return wall.replace(tzinfo=zones.of(name, line.number) if name else zones.floating)
