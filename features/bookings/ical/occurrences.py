"""What takes place within some days, by calendars as programs write them; rules and their exceptions are the library's
(recurring-ical-events), what it is given and what that may cost is ours."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from features.bookings.ical import dates, owners, parser
from features.bookings.ical.parser import Calendar, Event
from features.bookings.ical.recurrence_rules import Rule
from features.bookings.ical.time_zones import Zones
from shared.platform.messages import Message, say

# Everyday steps of all rules of a text: some seconds.
_BUDGET: Final = 600_000
_EVENT: Final = 20  # steps that one costs, without its rule
_OWN_ZONE: Final = 5  # times as much, where the file defines the zone: its rules are walked for each moment
_MOST_LINES: Final = 20  # that are named of one reason
_LONG: Final = timedelta(days=300)
_UNREADABLE: Final = say("its times, or its rule, cannot be read")
_DAY: Final = timedelta(days=1)
_LINE: Final = "X-LINE"
_ESCAPED: Final = {"n": "\n", "N": "\n"}
# Of an event in Google's calendars of holidays. Under what is celebrated and no day off they say, in the calendar's
# language, where in Google's settings it can be hidden; a public holiday says no more than that it is one.
_HOLIDAY: Final = re.compile(r"\d{8}_\w+@google\.com")
# What the library, and what it stands on, raise for values that fit no calendar.
_ERRORS: Final = (ValueError, KeyError, IndexError, AttributeError, TypeError, ArithmeticError, RecursionError)


class LeftOut(Struct):
    """What was not read, or otherwise than it is written, by its reason."""

    reason: Message
    count: int = 0
    lines: list[int] = field(default_factory=list)  # the first ones


class Occurrence(Struct, frozen=True):
    start: date  # or a datetime
    end: date
    note: str
    is_free: bool  # nobody is busy then
    line: int

    def days(self, place: ZoneInfo) -> tuple[date, date] | None:
        """The first and the last whole day: of dates, or from one midnight to another, where it was written or here."""
        if not isinstance(self.start, datetime) or not isinstance(self.end, datetime):
            return self.start, max(self.start, self.end - _DAY)
        for start, end in ((self.start, self.end), (self.start.astimezone(place), self.end.astimezone(place))):
            if start.time() == end.time() == time() and start.date() < end.date():
                return start.date(), end.date() - _DAY
        return None


class Reading:
    """A text, and what was found out about it while it was read."""

    def __init__(self, text: str, place: ZoneInfo) -> None:
        """`place`: the zone of times without one. Raises ValueError for a text that is no calendar."""
        self._left_out: dict[Message, LeftOut] = {}
        self._place = place
        self._steps = _BUDGET
        self._calendars = parser.calendars(text, self._tell)

    @property
    def is_whole(self) -> bool:
        """False where it was cut off on its way."""
        return all(one.is_whole for one in self._calendars)

    @property
    def left_out(self) -> list[LeftOut]:
        """Complete when all has been read."""
        return list(self._left_out.values())

    def between(
        self, begins: date, ends: date, *, whole_days: bool = False, without: str = "\0", urls: Iterable[str] = ()
    ) -> Iterator[Occurrence]:
        """What takes place from the one day to the other, not counting the last; `whole_days`: hours are left out;
        `without`: events whose ids end so; `urls`: where they were read, which may say whose they are."""
        for calendar in self._calendars:
            if calendar.method.upper() == "CANCEL":
                continue
            own = owners.addresses(calendar, urls)
            for event in calendar.events:
                event.is_declined = not own.isdisjoint(event.declined_by)
            zones = Zones(calendar, self._place, self._tell)
            for uid, series in _series(calendar):
                if uid.endswith(without):
                    continue
                is_observance = whole_days and series[0].names_google and _HOLIDAY.fullmatch(uid)
                for occurrence in self._of_series(series, zones, begins, ends, whole_days):
                    if is_observance:
                        self._tell(occurrence.line, say("an observance is no day off"))
                    else:
                        yield occurrence

    def _of_series(
        self, events: list[Event], zones: Zones, begins: date, ends: date, whole_days: bool
    ) -> Iterator[Occurrence]:
        made = [one for one in (self._made(event, zones, begins, ends) for event in events) if one is not None]
        if not made or (whole_days and not any(_may_be_days(one, self._place) for one in made)):
            for one in made:
                self._tell(int(one[_LINE]), say("an hour is no day off"))
            return
        try:
            found = _expanded(made, begins, ends)
        except _ERRORS:
            self._tell(int(made[0][_LINE]), _UNREADABLE)
            return
        for occurrence in found:
            if not whole_days or occurrence.days(self._place) is not None:
                yield occurrence
            else:
                self._tell(occurrence.line, say("an hour is no day off"))

    def _made(self, event: Event, zones: Zones, begins: date, ends: date) -> Any:
        """The event as the library takes it; None where it cannot be read, or walked."""
        from icalendar import Event as Made

        made = Made()
        number = event.number
        try:
            # One of several may say no more than which it is: where nothing of it has changed, or it is cancelled.
            first = event.first("DTSTART") or event.first("RECURRENCE-ID")
            if first is None:
                self._tell(number, say("an event without a beginning"))
                return None
            number = first.number
            start = dates.of(first, zones)
            length = self._length(event, start, zones)
            if _is_single(event) and not _is_near(start, length, begins, ends):
                return None
            self._spend(_EVENT, start)
            rules: list[Rule] = []
            moved = event.first("RECURRENCE-ID")
            if moved is None:
                for line in event.all("RRULE"):
                    number = line.number
                    rules.append(Rule.read(line.value))
                if _is_over(event, rules, begins - length) and not _is_near(start, length, begins, ends):
                    return None
                for rule in rules:
                    self._spend(_cost(rule, start, length, begins, ends), start)
                nearer = min((one.nearer(start, begins) for one in rules), default=timedelta(0))
                start += nearer if length < _LONG and len(rules) == 1 else timedelta(0)
            else:
                number = moved.number
                made.add("recurrence-id", dates.of(moved, zones))
                if moved.parameters.get("RANGE", "").upper() == "THISANDFUTURE":
                    made["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
            made.add("dtstart", start)
            made.add("dtend", start + length)
            for line in (*event.all("EXDATE"), *event.all("RDATE")):
                number = line.number
                made.add(line.name, dates.each(line, zones))
            _add_rules(made, [rule.written_for(start, zones.floating) for rule in rules])
        except _TooLong:
            self._tell(number, say("the rule comes too often, or takes too long to work out"))
            return None
        except _ERRORS:
            self._tell(number, _UNREADABLE)
            return None
        for line in event.all("EXRULE"):
            self._tell(line.number, say("EXRULE is not heeded"))
        _describe(made, event)
        return made

    def _length(self, event: Event, start: date, zones: Zones) -> timedelta:
        """Raises ValueError. What has no end is a day, or a moment."""
        shortest = timedelta(0) if isinstance(start, datetime) else _DAY
        end, duration = event.first("DTEND"), event.first("DURATION")
        if end is None:
            found = shortest if duration is None else dates.length(duration.value)
            return max(shortest, found if isinstance(start, datetime) else timedelta(days=found.days))
        ends = dates.of(end, zones)
        if not isinstance(start, datetime):
            found = (ends.date() if isinstance(ends, datetime) else ends) - start
        elif isinstance(ends, datetime):
            # By the wall, as the start is moved by it too; where the zones differ, by the clock.
            found = ends.astimezone(start.tzinfo).replace(tzinfo=None) - start.replace(tzinfo=None)
        else:
            found = datetime.combine(ends, time()) - start.replace(tzinfo=None)
        if found < timedelta(0):
            self._tell(end.number, say("ends before it begins; read as its beginning"))
        return max(shortest, found)

    def _spend(self, steps: int, start: date) -> None:
        """Raises _TooLong where nothing is left of what all events and rules may cost."""
        zone = start.tzinfo if isinstance(start, datetime) else None
        cost = steps if zone is None or isinstance(zone, ZoneInfo | timezone) else steps * _OWN_ZONE
        if cost > self._steps:
            raise _TooLong
        self._steps -= cost

    def _tell(self, line: int, reason: Message) -> None:
        known = self._left_out.setdefault(reason, LeftOut(reason))
        known.count += 1
        if len(known.lines) < _MOST_LINES and line not in known.lines:
            known.lines.append(line)


class _TooLong(Exception):  # noqa: N818 - an answer, not a fault
    pass


def _series(calendar: Calendar) -> Iterator[tuple[str, list[Event]]]:
    """By their ids, events that belong together: one that comes again, and those that stand for some of it.

    The same id with another SEQUENCE is an older version of an event. With the same one it is another event, of a
    program that cares little about ids.
    """

    def uid(event: Event) -> str:
        line = event.first("UID")
        return line.value.strip() if line is not None and line.value.strip() else f"\0{event.number}"

    for id_, group in groupby(sorted(calendar.events, key=uid), uid):
        events = list(group)
        single = [one for one in events if one.first("RECURRENCE-ID") is None]
        newest = max((_sequence(one) for one in single), default=0)
        single = [one for one in single if _sequence(one) == newest]
        instead = [one for one in events if one.first("RECURRENCE-ID") is not None]
        yield id_, [*single[:1], *instead]
        for other in single[1:]:
            yield id_, [other]


def _sequence(event: Event) -> int:
    line = event.first("SEQUENCE")
    text = "" if line is None else line.value.strip()
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _cost(rule: Rule, start: date, length: timedelta, begins: date, ends: date) -> int:
    moved = start + (rule.nearer(start, begins) if length < _LONG else timedelta(0))
    return rule.cost(moved.date() if isinstance(moved, datetime) else moved, begins, ends)


def _add_rules(made: Any, rules: Iterable[str]) -> None:
    from icalendar import vRecur

    for rule in rules:
        made.add("rrule", vRecur.from_ical(rule))


def _is_single(event: Event) -> bool:
    return not any(event.first(name) for name in ("RRULE", "RDATE", "RECURRENCE-ID"))


def _is_over(event: Event, rules: list[Rule], before: date) -> bool:
    """A calendar of many years has thousands of such: what is changed for "this and all following" begins anew."""
    return bool(rules) and event.first("RDATE") is None and all(rule.has_ended(before) for rule in rules)


def _is_near(start: date, length: timedelta, begins: date, ends: date) -> bool:
    """Not surely outside of these days, in whatever zone."""
    first = start.date() if isinstance(start, datetime) else start
    return first - 2 * _DAY < ends and first + length + 2 * _DAY > begins


def _describe(made: Any, event: Event) -> None:
    def text(name: str) -> str:
        line = event.first(name)
        return (
            "" if line is None else re.sub(r"\\(.)", lambda found: _ESCAPED.get(found[1], found[1]), line.value).strip()
        )

    made["UID"] = "1"
    made["SEQUENCE"] = _sequence(event)
    made["SUMMARY"] = text("SUMMARY")[:120]
    made["STATUS"] = text("STATUS")
    is_free = event.says("TRANSP", "TRANSPARENT") or event.says("X-MICROSOFT-CDO-BUSYSTATUS", "FREE")
    if is_free or event.is_declined:
        made["TRANSP"] = "TRANSPARENT"
    made[_LINE] = str(event.number)


def _may_be_days(made: Any, place: ZoneInfo) -> bool:
    return _occurrence(made, made["DTSTART"].dt, made["DTEND"].dt).days(place) is not None


def _expanded(made: list[Any], begins: date, ends: date) -> list[Occurrence]:
    """Those that take place, in no order."""
    from features.bookings.ical.recurrence_expansion import between

    return [_occurrence(event, start, end) for event, start, end in between(made, begins, ends)]


def _occurrence(made: Any, start: date, end: date) -> Occurrence:
    is_free = str(made.get("TRANSP", "")) == "TRANSPARENT"
    return Occurrence(start, end, str(made["SUMMARY"]), is_free, int(made[_LINE]))
