"""Zones by the names of the IANA's database, and by what else is said of one."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.platform.messages import Message, say


@cache
def zone(name: str) -> ZoneInfo | None:
    """The zone with this IANA name; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name may be a path that leads out, or to a folder
        return None


def of_account(name: str, offset: str) -> tuple[tzinfo, Message | None]:
    """The zone that an account says it is in, and what is doubtful about it. `offset`: of now, such as "+03:00"."""
    known = zone(name) if name else None
    if known is not None:
        return known, None
    there = fixed(offset)
    if there is None:
        return UTC, say(
            "The account's time zone ({name}) is not known here, nor its offset: times without a zone are taken for "
            "UTC.",
            name=name or "—",
        )
    return there, say(
        "The account's time zone ({name}) is not known here: times without a zone are taken with its offset of now, "
        "{offset}.",
        name=name or "—",
        offset=offset,
    )


def fixed(offset: str) -> timezone | None:
    """Of "+03:00"; None for what is no offset."""
    found = re.fullmatch(r"([+-])(\d\d):?([0-5]\d)", offset, re.ASCII)
    if found is None or int(found[2]) > 23:
        return None
    length = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-length if found[1] == "-" else length)
