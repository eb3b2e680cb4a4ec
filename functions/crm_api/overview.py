"""How everything stands, for whoever looks after an installation: from indexes and counters, not by scanning."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from shared.storage import counters
from shared.storage.counters import PERIODS, percentile
from shared.storage.database import Database
from shared.storage.jobs import Backlog, Job

_CONNECTIONS = "SELECT status, count(*) AS count FROM amocrm_integrations GROUP BY status"

_STANDING = """
SELECT (SELECT count(*) FROM amocrm_deliveries WHERE state = 'accepted') AS accepted,
       (SELECT count(*) FROM amocrm_deliveries WHERE state = 'dead') AS dead,
       (SELECT extract(epoch FROM amocrm_now() - min(created_at))::float8 FROM amocrm_deliveries
        WHERE state = 'accepted') AS oldest_seconds,
       (SELECT count(*) FROM amocrm_deliveries
        WHERE state = 'accepted' AND created_at < amocrm_now() - interval '15 minutes') AS stale,
       (SELECT count(*) FROM amocrm_integrations
        WHERE status = 'connected' AND refresh_token IS NULL AND access_expires_at < amocrm_now() + interval '14 days')
           AS ending,
       (SELECT count(*) FROM amocrm_endpoints WHERE removed_at IS NULL AND off_reason IN ('gone', 'failing'))
           AS endpoints_off,
       (SELECT count(*) FROM amocrm_integrations
        WHERE status = 'connected' AND refresh_due_at < amocrm_now() - interval '1 hour') AS overdue,
       (SELECT count(*) FROM amocrm_site_keys WHERE without_person AND revoked_at IS NULL) AS without_person,
       (SELECT count(*) FROM amocrm_incoming
        WHERE outcome = 'taken' AND created_at < amocrm_now() - interval '15 minutes') AS unread,
       (SELECT coalesce(sum(count), 0)::bigint FROM amocrm_counters
        WHERE step = 60 AND at > amocrm_now() - interval '1 day' AND name = 'hooks.unreadable') AS unreadable_hooks
"""

# The first steps of a new installation; each looks for one row.
_FIRST_STEPS = """
SELECT EXISTS (SELECT FROM amocrm_integrations) AS saved_connection,
       EXISTS (SELECT FROM amocrm_integrations WHERE connected_at IS NOT NULL) AS connected,
       EXISTS (SELECT FROM amocrm_sessions) OR EXISTS (SELECT FROM amocrm_deliveries) AS seen_in_card,
       EXISTS (SELECT FROM amocrm_deliveries WHERE state = 'delivered') AS first_save,
       -- ordered, because the planner takes what has no statistics for frequent, and would read the whole table
       (SELECT id FROM amocrm_integrations WHERE settings -> 'company' ->> 'name' <> '' ORDER BY id LIMIT 1) IS NOT NULL
           OR EXISTS (SELECT FROM amocrm_level_settings WHERE settings -> 'company' ->> 'name' <> '') AS company,
       EXISTS (SELECT FROM amocrm_site_keys) AS site_key
"""

_DELIVERIES: Final = ("accepted", "delivered", "dead")
_REFRESHES: Final = ("done", "failed")
_ANSWERS: Final = ("ok", "refused", "limited", "failed", "silent")
STATUSES: Final = ("connected", "pending", "reauth_required", "disconnected")


class _Status(Struct, frozen=True):
    status: str
    count: int


class Standing(Struct, frozen=True):
    """Now: deliveries that are under way and dead, the oldest one's age, how many wait too long, tokens that end,
    endpoints that were turned off because they did not answer, refreshes that are late, servers' keys that bring nobody
    to call, bodies of theirs that were not read to the end, hooks of stages that could not be read within a day."""

    accepted: int
    dead: int
    oldest_seconds: float | None
    stale: int
    ending: int
    endpoints_off: int
    overdue: int
    without_person: int
    unread: int
    unreadable_hooks: int


def connections(database: Database) -> dict[str, int]:
    """How many have each status."""
    return dict.fromkeys(STATUSES, 0) | {one.status: one.count for one in database.all(_Status, _CONNECTIONS)}


def standing(database: Database) -> Standing:
    found = database.one(Standing, _STANDING)
    assert found is not None
    return found


class FirstSteps(Struct, frozen=True):
    """What a new installation has come to, in the usual order."""

    saved_connection: bool
    connected: bool
    seen_in_card: bool
    first_save: bool
    company: bool
    site_key: bool


def first_steps(database: Database) -> FirstSteps:
    found = database.one(FirstSteps, _FIRST_STEPS)
    assert found is not None
    return found


def overview(
    database: Database, period_name: str, now: datetime, jobs: Sequence[Job], backlog: Sequence[Backlog]
) -> dict[str, Any]:
    """`{connections, deliveries, refreshes, jobs, backlog, todo, first_steps, series}`; `period_name` is a key of
    :data:`PERIODS`.

    `series`: `{span, starts: […], deliveries: {accepted: […], …}, refreshes, answers, latency: {p50: […], p95: […]}}`,
    with a place for each span of so many seconds; latency in milliseconds, null where nothing was asked. `todo`: what
    an operator should do now, `[{code, count}]`, the most urgent first.
    """
    period, by_status, now_is = PERIODS[period_name], connections(database), standing(database)
    counted, starts = counters.series(database, period), counters.starts_of(period, now)

    def of(family: str, names: tuple[str, ...]) -> dict[str, list[int]]:
        return {name: [counted.get(f"{family}.{name}", {}).get(start, 0) for start in starts] for name in names}

    def latency(share: float) -> list[int | None]:
        return [percentile({name: spans.get(start, 0) for name, spans in counted.items()}, share) for start in starts]

    return {
        "period": period_name,
        "connections": by_status | {"ending_soon": now_is.ending},
        "deliveries": {
            "accepted": now_is.accepted,
            "dead": now_is.dead,
            "oldest_seconds": None if now_is.oldest_seconds is None else round(now_is.oldest_seconds),
        },
        "refreshes": {"overdue": now_is.overdue},
        "jobs": [
            {"name": job.name, "seconds": None if job.seconds is None else round(job.seconds), "is_late": job.is_late}
            for job in jobs
        ],
        "backlog": [{"name": one.name, "seconds": round(one.seconds)} for one in backlog],
        "todo": todo(by_status, now_is, sum(job.is_late for job in jobs)),
        "first_steps": asdict(first_steps(database)),
        "series": {
            "span": period.span,
            "starts": starts,
            "deliveries": of("deliveries", _DELIVERIES),
            "refreshes": of("refreshes", _REFRESHES),
            "answers": of("amocrm", _ANSWERS),
            "latency": {"p50": latency(0.5), "p95": latency(0.95)},
        },
    }


def todo(by_status: dict[str, int], now_is: Standing, late_jobs: int) -> list[dict[str, Any]]:
    """What waits for a person, the most urgent first."""
    found = {
        "late_jobs": late_jobs,
        "reauth_required": by_status["reauth_required"],
        "dead_deliveries": now_is.dead,
        "overdue_refreshes": now_is.overdue,
        "stale_deliveries": now_is.stale,
        "unread_bodies": now_is.unread,
        "keys_without_person": now_is.without_person,
        "endpoints_off": now_is.endpoints_off,
        "unreadable_hooks": now_is.unreadable_hooks,
        "ending_soon": now_is.ending,
        "pending": by_status["pending"],
    }
    return [{"code": code, "count": count} for code, count in found.items() if count]
