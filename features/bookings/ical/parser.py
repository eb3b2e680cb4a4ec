"""The text of calendars, taken apart: several in one file, folded lines, any ends of lines. A line keeps its number.

Only events, busy hours and time zones are kept, and of an event the properties that say when it takes place: a
description of any length costs nothing. Nothing is rejected as a whole for what one line says.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct, field

from shared.platform.messages import Message, say

# Some programs write two before the line feed. Bounded: a text of nothing else would be walked from each of them.
_END: Final = re.compile(r"\r{0,4}\n|\r")
# What a value of these is made of begins after the last colon: names of zones may hold colons, unquoted, too.
_TIMES: Final = re.compile(r"(DTSTART|DTEND|RECURRENCE-ID|EXDATE|RDATE)(;.*)?:([0-9TZPWDHMStz,/+\- ]*)", re.IGNORECASE)
_PROPERTY: Final = re.compile(r'([A-Za-z0-9-]+)((?:;(?:"[^"]*"|[^":])*)?):(.*)', re.DOTALL)
_PARAMETER: Final = re.compile(r';\s*([A-Za-z0-9-]+)\s*=\s*("[^"]*"|[^;]*)')
_KEPT: Final = frozenset(
    [
        *("UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "EXDATE", "RDATE", "RECURRENCE-ID"),
        *("STATUS", "TRANSP", "SEQUENCE", "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-ALLDAYEVENT"),
    ]
)
_OF_CALENDAR: Final = {"X-WR-CALNAME": "name", "X-WR-TIMEZONE": "zone", "METHOD": "method"}
_DEEPEST: Final = 20  # of what is within one another; programs have four

# Takes what was left out, or read otherwise than written: the line's number and why.
Tell = Callable[[int, Message], None]


class Line(Struct, frozen=True):
    number: int  # in the file, from 1 on
    name: str  # in capitals
    parameters: dict[str, str]
    value: str


class Event(Struct):
    number: int
    lines: list[Line] = field(default_factory=list)
    declined_by: list[str] = field(default_factory=list)  # addresses of those who do not come
    is_declined: bool = False  # by whom the calendar is: it stays there, and they are free
    names_google: bool = False  # below the first line of its description

    def first(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]

    def says(self, name: str, value: str) -> bool:
        line = self.first(name)
        return line is not None and line.value.strip().upper() == value


class Calendar(Struct):
    name: str = ""  # X-WR-CALNAME: of a person's own at Google their address
    zone: str = ""  # X-WR-TIMEZONE: of times without one
    method: str = ""
    zones: dict[str, list[str]] = field(default_factory=dict)  # definitions, by name: their lines
    events: list[Event] = field(default_factory=list)
    principals: set[str] = field(default_factory=set)  # paths on its server by which it names people
    is_whole: bool = True  # it has its end


def calendars(text: str, tell: Tell) -> list[Calendar]:
    """Raises ValueError for a text that has none."""
    reader = _Reader(tell)
    number = 1
    for number, line in _unfolded(text.lstrip("\ufeff")):
        reader.take(number, line)
    reader.finish(number)
    if not reader.found:
        raise ValueError("no calendar")
    return reader.found


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    begun, parts = 0, list[str]()
    for number, line in enumerate(_END.split(text), 1):
        if line[:1] in (" ", "\t") and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield begun, "".join(parts)
        begun, parts = number, [line] if line.strip() else []
    if parts:
        yield begun, "".join(parts)


class _Reader:
    """What is open is a stack of names; lines of what is not kept are passed over."""

    def __init__(self, tell: Tell) -> None:
        self.found: list[Calendar] = []
        self._tell = tell
        self._open: list[str] = []
        self._event: Event | None = None
        self._zone: list[str] = []

    def take(self, number: int, text: str) -> None:
        matched = _TIMES.fullmatch(text.rstrip()) or _PROPERTY.fullmatch(text.lstrip("\ufeff"))
        if matched is None:
            if self._event is not None:
                self._tell(number, say("is no line of a calendar"))
            return
        name, parameters, value = matched[1].upper(), matched[2] or "", matched[3]
        if name == "BEGIN":
            self._begin(number, value.strip().upper())
        elif name == "END":
            self._end(value.strip().upper())
        elif self._event is not None:
            if self._open[-1] == "VEVENT" and name in _KEPT:
                self._event.lines.append(Line(number, name, _parameters(parameters), value))
            elif self._open[-1] == "VEVENT" and name in ("ATTENDEE", "ORGANIZER"):
                self._person(_parameters(parameters), value)
            elif self._open[-1] == "VEVENT" and name == "DESCRIPTION":
                self._event.names_google = "Google" in value.partition("\\n")[2]
        elif "VTIMEZONE" in self._open:
            self._zone.append(f"{name}:{value.strip()}")
        elif self._open[-1:] == ["VFREEBUSY"] and name == "FREEBUSY":
            self.found[-1].events += _busy(number, _parameters(parameters), value)
        elif self._open[-1:] == ["VCALENDAR"] and name in _OF_CALENDAR:
            setattr(self.found[-1], _OF_CALENDAR[name], value.strip())

    def _person(self, parameters: dict[str, str], address: str) -> None:
        if address.strip().startswith("/"):
            self.found[-1].principals.add(address.strip())
        if self._event is not None and parameters.get("PARTSTAT", "").upper() == "DECLINED":
            self._event.declined_by += map(address_of, (address, parameters.get("EMAIL", address)))

    def _begin(self, number: int, kind: str) -> None:
        if kind in ("VCALENDAR", "VEVENT"):
            self._leave_event()
        if kind == "VCALENDAR":
            self.found.append(Calendar())
            self._open = []
        elif not self.found:
            return
        elif kind == "VEVENT":
            self._open = ["VCALENDAR"]
            self._event = Event(number)
        elif kind == "VTIMEZONE":
            self._zone = []
        elif "VTIMEZONE" in self._open:
            self._zone.append(f"BEGIN:{kind}")
        if len(self._open) < _DEEPEST:
            self._open.append(kind)

    def _end(self, kind: str) -> None:
        if kind not in self._open:
            return
        while self._open.pop() != kind:
            pass
        if kind == "VEVENT" and self._event is not None:
            self.found[-1].events.append(self._event)
            self._event = None
        elif kind == "VCALENDAR":
            self._leave_event()
        elif kind == "VTIMEZONE":
            name = next((line[5:] for line in self._zone if line.startswith("TZID:")), "")
            self.found[-1].zones.setdefault(name, self._zone)
        elif "VTIMEZONE" in self._open:
            self._zone.append(f"END:{kind}")

    def _leave_event(self) -> None:
        if self._event is not None:
            self._tell(self._event.number, say("an event without an end"))
            self._event = None

    def finish(self, number: int) -> None:
        self._leave_event()
        if self.found:
            self.found[-1].is_whole = "VCALENDAR" not in self._open
        if self.found and not self.found[-1].is_whole:
            self._tell(number, say("the file is cut off: the calendar has no end"))


def _busy(number: int, parameters: dict[str, str], periods: str) -> Iterator[Event]:
    """What servers tell that show nothing but when somebody is busy."""
    if parameters.get("FBTYPE", "").upper() == "FREE":
        return
    for period in periods.split(","):
        begins, _, ends = period.partition("/")
        length = "DURATION" if "P" in ends.upper() else "DTEND"
        yield Event(number, [Line(number, "DTSTART", parameters, begins), Line(number, length, parameters, ends)])


def address_of(text: str) -> str:
    """An e-mail address, or a path that is named instead of one, to be compared."""
    return text.strip().casefold().removeprefix("mailto:")


def _parameters(text: str) -> dict[str, str]:
    return {found[1].upper(): found[2].strip().strip('"') for found in _PARAMETER.finditer(text)}
