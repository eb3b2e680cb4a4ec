"""What is written about a visit into amoCRM, for people, in the language of the company's documents."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from features.bookings.rows import Booking, Visitor
from shared.platform import i18n, time_zones
from shared.platform.messages import stored, translated
from shared.platform.money import currency_sign, day, money

_LONGEST: Final = 2000  # characters of what a visitor has written


def when(moment: datetime, zone_name: str, language: str) -> str:
    """The day and the time where the company is."""
    zone = time_zones.zone(zone_name)
    local = moment.astimezone(zone) if zone is not None else moment
    return f"{day(local.date(), language)} {local:%H:%M}"


def heading(booking: Booking, zone_name: str, language: str) -> str:
    """The name of a deal that is made for the visit."""
    return f"{booking.facts['service']}, {when(booking.starts_at, zone_name, language)}"


def note(
    told: dict[str, Any],
    facts: dict[str, Any],
    starts_at: datetime,
    visitor: Visitor,
    zone_name: str,
    link: str,
    language: str,
) -> str:
    """What has happened, and all that is to know about the visit."""
    words = i18n.words(language, "document.booking")
    lines = [words[told["kind"]]]
    before = told.get("from")
    if before:
        lines.append(f"{words['before']}: {when(datetime.fromisoformat(before), zone_name, language)}")
    if told.get("reason"):
        lines.append(translated(stored(told["reason"]), language))
    lines.append("")
    lines += [
        f"{words[name]}: {value}"
        for name, value in (
            ("service", facts["service"]),
            ("time", when(starts_at, zone_name, language)),
            ("resource", facts["resource"]),
            ("room", facts.get("room")),
            ("place", facts.get("place")),
            ("price", _price(facts, language)),
            ("visitor", visitor.name),
            ("phone", visitor.phone),
            ("email", visitor.email),
            ("comment", visitor.comment[:_LONGEST]),
            ("link", link if told["kind"] in ("booked", "moved") else None),
        )
        if value
    ]
    return "\n".join(lines)


def task(booking: Booking, visitor: Visitor) -> str:
    """The text of the task at the time of the visit."""
    who = ", ".join(part for part in (visitor.name, visitor.phone) if part)
    return ": ".join(part for part in (booking.facts["service"], who) if part)


def result(told: dict[str, Any], language: str) -> str:
    """With what the task is completed."""
    return i18n.words(language, "document.booking")[told["kind"]]


def _price(facts: dict[str, Any], language: str) -> str | None:
    if facts.get("price") is None:
        return None
    return f"{money(Decimal(facts['price']), language)}\u00a0{currency_sign(facts['currency'])}"
