"""What happened, counted by the minute and by the hour (table `amocrm_counters`), for the overview and metrics.

Deliveries and refreshes are counted by the database itself, each exactly once. How amoCRM answers is counted in the
process and kept at most every ten seconds, so that a read still costs one round trip; what a killed process has
counted since is lost.
"""

import time
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from shared.platform import logs, upstream_metrics
from shared.storage.database import Database, DatabaseUnavailableError

_EVERY_SECONDS: Final = 10.0
_LONGEST_SECONDS: Final = 2.0
_KEEP_MINUTES: Final = timedelta(days=2)
_KEEP_HOURS: Final = timedelta(days=40)

_ADD = "SELECT amocrm_count(%(names)s::text[], %(counts)s::bigint[])"

# `at` is the beginning of a span of so many seconds, in Unix seconds.
_SERIES = """
SELECT name, (floor(extract(epoch FROM at) / %(span)s) * %(span)s)::bigint AS at, sum(count)::bigint AS count
FROM amocrm_counters WHERE step = %(step)s AND at >= amocrm_now() - %(ago)s
GROUP BY 1, 2
"""
_TOTALS = "SELECT name, 0::bigint AS at, sum(count)::bigint AS count FROM amocrm_counters WHERE step = 0 GROUP BY 1"
_OLD = """
DELETE FROM amocrm_counters
WHERE (step = 1 AND at < amocrm_now() - %(keep_minutes)s) OR (step = 60 AND at < amocrm_now() - %(keep_hours)s)
"""

_kept_at = float("-inf")


class Counted(Struct, frozen=True):
    name: str
    at: int
    count: int


class Period(Struct, frozen=True):
    """What is looked at: so long ago until now, in spans of so many seconds, from rows of so many minutes."""

    ago: timedelta
    span: int
    step: int


PERIODS: Final = {
    "hour": Period(timedelta(hours=1), 60, 1),
    "day": Period(timedelta(days=1), 900, 1),
    "month": Period(timedelta(days=30), 6 * 3600, 60),
}


def add(database: Database, name: str) -> None:
    """Counts once what is rare, at once."""
    database.execute(_ADD, {"names": [name], "counts": [1]})


def keep(database: Database, *, at_once: bool = False) -> None:
    """Keeps what this process has counted; not more often than every ten seconds unless it is `at_once`. Never raises,
    and takes two seconds at most: there is an answer already, which waits for this."""
    global _kept_at
    now = time.monotonic()
    if not at_once and now - _kept_at < _EVERY_SECONDS:
        return
    counted = upstream_metrics.taken()
    if not counted:
        return
    _kept_at = now
    try:
        database.execute(_ADD, {"names": list(counted), "counts": list(counted.values())}, within=_LONGEST_SECONDS)
    except Exception as error:  # noqa: BLE001 - whoever asked has their answer, and is to get it
        upstream_metrics.give_back(counted)
        if not isinstance(error, DatabaseUnavailableError):
            logs.error("counters.failed", error=type(error).__name__)


def series(database: Database, period: Period) -> dict[str, dict[int, int]]:
    """Name -> beginning of a span (Unix seconds) -> how many; spans without any are left out."""
    parameters = {"span": period.span, "step": period.step, "ago": period.ago}
    found: dict[str, dict[int, int]] = {}
    for one in database.all(Counted, _SERIES, parameters):
        found.setdefault(one.name, {})[one.at] = one.count
    return found


def totals(database: Database) -> dict[str, int]:
    """Since ever, by name."""
    return {one.name: one.count for one in database.all(Counted, _TOTALS)}


def starts_of(period: Period, now: datetime) -> list[int]:
    """The beginnings of a period's spans, the latest last."""
    last = int(now.timestamp()) // period.span * period.span
    count = int(period.ago.total_seconds()) // period.span
    return [last - period.span * back for back in reversed(range(count))]


def percentile(counts: dict[str, int], share: float) -> int | None:
    """Milliseconds that so many of the answers took at most, as exactly as the bounds; None without answers."""
    ordered = [(bound, counts.get(f"amocrm.ms_{bound}", 0)) for bound in (*map(str, upstream_metrics.BOUNDS), "more")]
    wanted, seen = share * sum(count for _, count in ordered), 0
    for bound, count in ordered:
        seen += count
        if count and seen >= wanted:
            return int(bound) if bound != "more" else 2 * upstream_metrics.BOUNDS[-1]
    return None


def remove_old(database: Database) -> int:
    """Minutes after two days, hours after forty."""
    return database.execute(_OLD, {"keep_minutes": _KEEP_MINUTES, "keep_hours": _KEEP_HOURS})
