"""Time zones by the names that programs give them: IANA's, Windows', and what a file defines by itself.

A name that the zones' tables know goes before the file's own definition, which may be old. Nothing of a file is kept:
a definition under the same name in another customer's file is another one.
"""

import io
import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from features.bookings.ical.parser import Calendar, Tell
from features.bookings.ical.recurrence_rules import Rule
from shared.platform.messages import Message, say

_OFFSET: Final = re.compile(r"\(?(?:UTC|GMT)\s*([+-])(\d{1,2}):?(\d{2})?\)?.*", re.IGNORECASE)
_MOST_NAMED: Final = 10  # unknown ones that are told each by its name
_DEFINED: Final = ("BEGIN", "END", "TZID", "DTSTART", "TZOFFSETFROM", "TZOFFSETTO")
# Each lookup walks all parts of a definition, and the rules of each from their first year on. Outlook writes two parts
# that begin in 1601; those that have begun last say what is so now.
_MOST_PARTS: Final = 16
_SINCE: Final = 2000


class Zones:
    """Of one calendar."""

    def __init__(self, calendar: Calendar, default: ZoneInfo, tell: Tell) -> None:
        self._default = default
        self._tell = tell
        self._definitions = {_plain(name): lines for name, lines in calendar.zones.items()}
        self._known: dict[str, tzinfo] = {}
        self._unknown = 0
        self.floating = self.of(calendar.zone, 1) if calendar.zone else default

    def of(self, name: str, number: int) -> tzinfo:
        """Of the name on this line; the company's where there is none such, which is told."""
        name = _plain(name)
        if name not in self._known:
            found = _named(name) or self._defined(name) or _by_offset(name)
            if found is None:
                self._unknown += 1
                self._tell(number, self._told(name[:80]))
            self._known[name] = found or self._default
        return self._known[name]

    def _told(self, name: str) -> Message:
        if self._unknown > _MOST_NAMED:
            return say("there are no such time zones; read as {zone}", zone=self._default.key)
        return say("there is no time zone {name}; read as {zone}", name=name, zone=self._default.key)

    def _defined(self, name: str) -> tzinfo | None:
        lines = self._definitions.get(name)
        if lines is None:
            return None
        location = next((line[15:] for line in lines if line.startswith("X-LIC-LOCATION:")), "")
        return _named(location) or _made(lines)


def _plain(name: str) -> str:
    """Exchange writes a comma of a zone's name with a backslash in the one place, and without in the other."""
    return name.strip().strip('"').replace("\\", "")


def _named(name: str) -> tzinfo | None:
    """By IANA's name, also at the end of a path (/mozilla.org/20050126_1/Europe/Moscow), or by Windows'."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    name = WINDOWS_TO_OLSON.get(name, name)
    parts = name.strip("/").split("/")
    for begin in range(max(0, len(parts) - 3), len(parts)):
        found = _names().get("/".join(parts[begin:]).lower())
        if found is not None:
            return ZoneInfo(found)
    return UTC if name.upper() in ("Z", "UTC") else None


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _by_offset(name: str) -> tzinfo | None:
    matched = _OFFSET.fullmatch(name)
    if matched is None or int(matched[2]) > 14:
        return None
    offset = timedelta(hours=int(matched[2]), minutes=int(matched[3] or 0))
    return timezone(-offset if matched[1] == "-" else offset)


def _made(lines: list[str]) -> tzinfo | None:
    """By a definition of the file. Rules that do not come once a year are left out: no zone has such."""
    from dateutil.tz import tzical

    parts = sorted(_parts(lines), key=_begins)[-_MOST_PARTS:]
    kept = [line for line in lines if line.startswith("TZID:")][:1] + list(chain.from_iterable(parts))
    # What follows is the standard's order; a part without a beginning is as old as any.
    whole = "\r\n".join(["BEGIN:VTIMEZONE", *kept, "END:VTIMEZONE", ""])
    try:
        made: tzinfo | None = tzical(io.StringIO(whole)).get()
    except (ValueError, KeyError, TypeError, IndexError, OverflowError):
        return None
    return made


def _parts(lines: list[str]) -> list[list[str]]:
    """The lines of each STANDARD and DAYLIGHT that count, with their beginnings."""
    found: list[list[str]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if name == "BEGIN":
            found.append([])
        if found and name != "TZID" and (name in _DEFINED or _is_yearly(line)):
            found[-1].append(_nearer(value) if name == "DTSTART" else line)
    # One that begins only has no rule to be walked: it is where it was, or a little later, long before today.
    return found


def _nearer(begins: str) -> str:
    year = begins[:4]
    is_old = year.isdecimal() and int(year) < _SINCE
    return f"DTSTART:{_SINCE if is_old else year}{begins[4:]}"


def _begins(part: list[str]) -> str:
    return next((line for line in part if line.startswith("DTSTART:")), "")


def _is_yearly(line: str) -> bool:
    name, _, value = line.partition(":")
    if name != "RRULE":
        return False
    try:
        rule = Rule.read(value)
    except ValueError:
        return False
    return rule.frequency == "YEARLY" and rule.interval == 1 and rule.count is None and rule.surely_comes()
