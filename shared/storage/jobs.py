"""When each scheduled job has last come to its end (table `amocrm_jobs`): a schedule that was forgotten or has stopped
leaves no error anywhere, and is noticed when accounts are cut off.

What single rows failed with is no matter here: a job has come to its end when it could look at all that is due.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final, LiteralString

from msgspec import Struct

from shared.storage.database import Database

# A job is late after this: three turns and more of `serverless.yml`'s schedules.
REFRESH_TOKENS: Final = ("refresh_tokens", timedelta(minutes=35))
RUN_DELIVERIES: Final = ("run_deliveries", timedelta(minutes=10))
SCHEDULED_TASK_IS_LATE_AFTER: Final = timedelta(minutes=15)  # it may have been another's turn

# Wake-ups may be many a second: a row that is nearly new is left alone, so that they do not wait for each other.
_GOOD = """
INSERT INTO amocrm_jobs AS old (name) SELECT unnest(%(names)s::text[])
ON CONFLICT (name) DO UPDATE SET good_at = amocrm_now() WHERE old.good_at < amocrm_now() - interval '20 seconds'
"""
# What has never run counts from the first account on: before it there is nothing to do.
_ALL = """
SELECT known.name, extract(epoch FROM amocrm_now() - job.good_at)::float8 AS seconds,
       coalesce(coalesce(job.good_at, (SELECT min(connected_at) FROM amocrm_integrations))
                < amocrm_now() - known.late_after, false) AS is_late
FROM unnest(%(names)s::text[], %(late_after)s::interval[]) WITH ORDINALITY AS known (name, late_after, place)
LEFT JOIN amocrm_jobs job USING (name) ORDER BY place
"""
_WAITING: Final[LiteralString] = (
    "SELECT %(name)s::text AS name, greatest(0, coalesce(extract(epoch FROM amocrm_now() - ({oldest})), 0))::float8 "
    "AS seconds"
)


class Job(Struct, frozen=True):
    """`seconds` since its last good run; None: there was none."""

    name: str
    seconds: float | None
    is_late: bool


def good(database: Database, names: Iterable[str]) -> None:
    """They have come to their end, just now."""
    database.execute(_GOOD, {"names": sorted(names)})


def standing(database: Database, known: Mapping[str, timedelta]) -> list[Job]:
    """`known`: name -> late after so long, in the order in which they are told."""
    return database.all(Job, _ALL, {"names": list(known), "late_after": list(known.values())})


class Backlog(Struct, frozen=True):
    """What is due of one kind; 0: nothing is."""

    name: str
    seconds: float


def backlog(database: Database, oldest: Mapping[str, LiteralString]) -> list[Backlog]:
    """`oldest`: name -> a statement for the moment since which the oldest is due."""
    found = []
    for name, statement in oldest.items():
        waiting = database.one(Backlog, _WAITING.format(oldest=statement), {"name": name})
        assert waiting is not None
        found.append(waiting)
    return found
