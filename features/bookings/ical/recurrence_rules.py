"""Rules of what comes again (RRULE): read, and what it costs to walk them.

The library walks a rule from its first day on, and one that never comes (the 30th of February) to the year 9999. What
that takes is known before it is walked, so that a calendar of a stranger cannot keep an instance busy.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import prod
from typing import Any, Final

from msgspec import Struct

# Steps in a year by what a rule steps by, as an everyday step is worth one: five microseconds, or fifteen on a small
# instance.
_STEPS: Final = {
    "YEARLY": 12,
    "MONTHLY": 36,
    "WEEKLY": 160,
    "DAILY": 366,
    "HOURLY": 12_000,
    "MINUTELY": 720_000,
    "SECONDLY": 43_200_000,
}
_PERIODS: Final = {
    "YEARLY": 1,
    "MONTHLY": 12,
    "WEEKLY": 53,
    "DAILY": 366,
    "HOURLY": 8_784,
    "MINUTELY": 527_040,
    "SECONDLY": 31_622_400,
}
_FOUND: Final = 8  # steps that one costs which takes place
_LIMITS: Final = ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYSETPOS")
_TIMES: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")
_RANGES: Final = {"BYMONTH": 12, "BYWEEKNO": 53, "BYYEARDAY": 366, "BYMONTHDAY": 31, "BYSETPOS": 366}
_LAST_YEAR: Final = 9999
_NEAR: Final = timedelta(days=400)
_DAY: Final = timedelta(days=1)
_UNTIL: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{6})(Z)?)?")


class Rule(Struct, frozen=True):
    text: str
    frequency: str
    interval: int
    count: int | None
    until: date | None  # in whatever zone
    parts: Mapping[str, tuple[int, ...]]  # of days, by BY...; of BYDAY the ordinals, 0 where there is none
    times: int  # on each day

    @classmethod
    def read(cls, text: str) -> "Rule":
        """Raises ValueError for what is no rule."""
        given: dict[str, str] = {}
        for part in text.upper().replace(" ", "").strip(";").split(";"):
            name, _, value = part.partition("=")
            given[name] = value.strip(",")
        frequency, interval = given.get("FREQ", ""), int(given.get("INTERVAL", "1"))
        count = int(given["COUNT"]) if "COUNT" in given else None
        if frequency not in _STEPS or not 0 < interval < 10_000 or (count is not None and count < 1):
            raise ValueError(text)
        parts = {name: _values(name, given[name]) for name in _LIMITS if given.get(name)}
        times = prod(len(given[name].split(",")) for name in _TIMES if given.get(name))
        known = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *_LIMITS, *_TIMES)
        return cls(
            ";".join(f"{name}={given[name]}" for name in known if given.get(name)),
            frequency,
            interval,
            count,
            _day_of(given.get("UNTIL", "")),
            parts,
            times,
        )

    def written_for(self, start: date, place: tzinfo) -> str:
        """With its end as the beginning is written, a date or a time; `place` is where its days are.

        Google and Bitrix24 end what has a time by a date, of which the day is a part. Outlook ends what has none by the
        last midnight in UTC, which east of Greenwich is the day before.
        """
        found = re.search(r"(?<=UNTIL=)[^;]*", self.text)
        end = None if found is None else _UNTIL.fullmatch(found[0])
        if found is None or end is None or isinstance(start, datetime) == (end[4] is not None):
            return self.text
        if isinstance(start, datetime):
            written = f"{end[0]}T235959"
        elif end[5] and end[4] not in ("000000", "235959"):
            moment = datetime.strptime(end[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            written = f"{moment.astimezone(place):%Y%m%d}"
        else:
            written = end[0][:8]
        return self.text.replace(found[0], written)

    def has_ended(self, before: date) -> bool:
        return self.until is not None and self.until + 2 * _DAY < before

    def cost(self, start: date, begins: date, ends: date) -> int:
        """In everyday steps, from the first day on; each that takes place within the days asked for costs several."""
        last = ends.year if self.surely_comes() else _LAST_YEAR
        steps = max(1, last - start.year + 1) * _STEPS[self.frequency] * self.times / self.interval
        found = (ends - begins).days / 366 * _PERIODS[self.frequency] / self.interval * self._each() * self.times
        if self.count is not None and self.surely_comes():
            steps, found = min(steps, self.count * 50), min(found, self.count)
        return int(steps + found * _FOUND) + 1

    def _each(self) -> int:
        """How often it comes in one of its periods, at most: which are years, months, and so on."""

        def named(name: str) -> int:
            return len(self.parts.get(name, (0,)))

        if "BYSETPOS" in self.parts:
            return named("BYSETPOS")
        if self.frequency == "WEEKLY":
            return named("BYDAY")
        if self.frequency not in ("MONTHLY", "YEARLY"):
            return 1
        of_months = named("BYMONTH") if self.frequency == "YEARLY" else 1
        if set(self.parts) <= {"BYMONTH", "BYMONTHDAY"}:
            return of_months * named("BYMONTHDAY")
        if set(self.parts) <= {"BYMONTH", "BYDAY"} and all(self.parts["BYDAY"]):
            return of_months * named("BYDAY")
        return 366 if self.frequency == "YEARLY" else 31

    def surely_comes(self) -> bool:
        """Whether it is plain that it comes at least every few years: then the walk ends soon after the last day that
        is asked for."""
        parts = {name: values for name, values in self.parts.items() if name != "BYSETPOS"}
        if "BYSETPOS" in self.parts and ("BYDAY" not in parts or not self._is_within("BYSETPOS", 4)):
            return False
        if self.frequency in ("HOURLY", "MINUTELY", "SECONDLY"):
            return not parts and self.times == 1
        names = frozenset(parts)
        if self.frequency == "WEEKLY":
            return names <= {"BYDAY"}
        if self.frequency == "DAILY":
            return not names or (self.interval == 1 and names <= {"BYDAY", "BYMONTH"})
        if self.frequency == "MONTHLY":
            is_any = names <= {"BYMONTHDAY"} or names <= {"BYDAY"}
            is_near = self._is_within("BYMONTHDAY", 28) and self._is_within("BYDAY", 4)
            return is_any and (is_near or self.interval == 1)
        if names <= {"BYMONTH", "BYMONTHDAY"} or names <= {"BYMONTH", "BYDAY"}:
            return self._is_within("BYMONTHDAY", 28 if 2 in parts.get("BYMONTH", (2,)) else 30) and (
                self._is_within("BYDAY", 4)
            )
        if names == {"BYYEARDAY"}:
            return self._is_within("BYYEARDAY", 365)
        return names <= {"BYWEEKNO", "BYDAY"} and self._is_within("BYWEEKNO", 52)

    def nearer(self, start: Any, begins: date) -> timedelta:
        """How far the first day may be moved towards what is asked for, without a change of what comes then."""
        day = start.date() if isinstance(start, datetime) else start
        ahead = begins - _NEAR - day
        if self.count is not None or self.interval != 1 or ahead <= timedelta(0):
            return timedelta(0)
        if self.frequency in ("DAILY", "WEEKLY"):
            return timedelta(days=ahead.days // 7 * 7)
        if self.frequency not in ("MONTHLY", "YEARLY"):
            return timedelta(0)
        # As far from a leap year as it was. No year is one, and its fourth none, between 1905 and 2095.
        year = begins.year - 2 - (begins.year - 2 - day.year) % 4
        return day.replace(year=year) - day if year > day.year else timedelta(0)

    def _is_within(self, name: str, most: int) -> bool:
        return all(abs(value) <= most for value in self.parts.get(name, ()))


def _day_of(until: str) -> date | None:
    found = _UNTIL.fullmatch(until)
    return None if found is None else date(*(int(found[group]) for group in (1, 2, 3)))


def _values(name: str, text: str) -> tuple[int, ...]:
    if name == "BYDAY":
        return tuple(_ordinal(day) for day in text.split(","))
    values = tuple(int(value) for value in text.split(","))
    if not all(1 <= abs(value) <= _RANGES[name] for value in values) or (name == "BYMONTH" and min(values) < 1):
        raise ValueError(text)
    return values


def _ordinal(day: str) -> int:
    if day[-2:] not in ("MO", "TU", "WE", "TH", "FR", "SA", "SU"):
        raise ValueError(day)
    ordinal = int(day[:-2] or "0")
    if abs(ordinal) > 53:
        raise ValueError(day)
    return ordinal
