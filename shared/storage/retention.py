"""What is not needed any more goes, a batch at a time: it is personal, or only takes room."""

from collections.abc import Callable
from functools import partial
from typing import Final, LiteralString

from shared.platform.clock import Clock
from shared.platform.config import Settings
from shared.storage import counters
from shared.storage.database import Database
from shared.storage.lease_worker import guarded

_BATCH: Final = 5000
LONGEST: Final = 20.0  # seconds of one run


def _batch(
    table: LiteralString,
    key: LiteralString,
    is_over: LiteralString,
    cleared: LiteralString = "",
    *,
    is_of_account: bool = True,
) -> LiteralString:
    """Removes a batch of rows that are over, or clears what is named. What has come to life since they were chosen
    stays: each row is asked once more, as it is by then. So does what is on its way to another cell (V15): nothing of
    it may be changed, and the whole batch would be refused for it."""
    if is_of_account:
        keeping: LiteralString = "'frozen', 'arriving', 'left'" if cleared else "'frozen', 'arriving'"
        is_over = (
            f"{is_over} AND (SELECT m.state FROM amocrm_moves m WHERE m.integration_id = {table}.integration_id "  # noqa: S608
            f"AND m.state IN ({keeping})) IS NULL"
        )
    begins = f"UPDATE {table} SET {cleared}" if cleared else f"DELETE FROM {table}"  # noqa: S608 - all of it is ours
    chosen = f"SELECT {key} FROM {table} WHERE {is_over} LIMIT %(batch)s"  # noqa: S608
    return f"{begins} WHERE {is_over} AND ({key}) IN ({chosen})"


_HAS_ENDED: Final = "expires_at < amocrm_now()"

STATEMENTS: Final[dict[str, LiteralString]] = {
    "states": _batch("amocrm_oauth_states", "state_hash", _HAS_ENDED),
    # A code lives 20 minutes; a day later nobody reloads its page.
    "codes": _batch("amocrm_authorization_codes", "code_hash", "created_at < amocrm_now() - interval '1 day'"),
    "installations": _batch("amocrm_installations", "state_hash", _HAS_ENDED, is_of_account=False),
    "used_tokens": _batch("amocrm_used_tokens", "integration_id, jti", _HAS_ENDED),
    "sessions": _batch("amocrm_sessions", "token_hash", _HAS_ENDED),
    "sign_ins": _batch("amocrm_sign_ins", "id", _HAS_ENDED, is_of_account=False),
    "throttle": _batch(
        "amocrm_throttle", "bucket, minute", "minute < amocrm_now() - interval '10 minutes'", is_of_account=False
    ),
    "locks": _batch(
        "amocrm_locks",
        "integration_id, name",
        "touched_at < amocrm_now() - interval '1 day' AND (lease_until IS NULL OR lease_until < amocrm_now())",
    ),
    # The row stays, for its idempotency key and its results; what the customer wrote goes, because amoCRM has it. Of a
    # dead delivery nobody else has it: that goes with the row, and can be taken up again until then.
    "payloads": _batch(
        "amocrm_deliveries",
        "id",
        "request IS NOT NULL AND state = 'delivered' "
        "AND finished_at < amocrm_now() - %(payload_days)s * interval '1 day'",
        cleared="request = NULL",
    ),
    # What has happened holds what customers told a company; so long it can be replayed. What waits for a consumer goes
    # too.
    "changes": _batch(
        "amocrm_changes", "id", "created_at < amocrm_now() - greatest(%(payload_days)s, 4) * interval '1 day'"
    ),
    "own_writes": _batch(
        "amocrm_own_writes", "ctid", "delivery_id IS NULL AND written_at < amocrm_now() - interval '1 day'"
    ),
    # An incoming lead waits for a person: so long it is known that we have made it.
    "own_makings": _batch(
        "amocrm_own_writes",
        "ctid",
        "delivery_id IS NOT NULL AND written_at < amocrm_now() - %(delivery_days)s * interval '1 day'",
    ),
    # Nothing has happened to it for half a year: the next change is told without what was before.
    "entities": _batch(
        "amocrm_entities",
        "integration_id, entity_type, entity_id",
        "read_at < amocrm_now() - interval '180 days'",
    ),
    # Who came stays with the company's deal; here a visit is needed as long as its deliveries are.
    "visitors": _batch(
        "amocrm_bookings",
        "id",
        "visitor IS NOT NULL AND ends_at < amocrm_now() - %(payload_days)s * interval '1 day'",
        cleared="visitor = NULL, phone_mark = NULL, link_hash = NULL",
    ),
    # What servers have sent, as it came: as long as a delivery, so that it can be read again.
    "incoming": _batch("amocrm_incoming", "id", "created_at < amocrm_now() - %(delivery_days)s * interval '1 day'"),
    "bookings": _batch("amocrm_bookings", "id", "ends_at < amocrm_now() - %(delivery_days)s * interval '1 day'"),
}

_DELIVERIES = "SELECT amocrm_purge_deliveries(%(delivery_days)s * interval '1 day', %(batch)s)"
_WEEKS = "SELECT amocrm_roll_events(%(event_days)s * interval '1 day')"

# Those that are in no week.
_EVENTS = """
SELECT amocrm_purge_events(%(event_days)s * interval '1 day', %(batch)s)
"""


def run(database: Database, settings: Settings, clock: Clock, seconds: float = LONGEST) -> dict[str, int]:
    """How many of each kind were removed, in so many seconds at most; the next run goes on. A kind that fails is left
    to the next run, and keeps no other from going."""
    ends = clock.monotonic() + min(seconds, LONGEST)
    parameters = {
        "batch": _BATCH,
        "payload_days": settings.keep_payloads_days,
        "delivery_days": settings.keep_deliveries_days,
        "event_days": settings.keep_events_days,
    }
    removers: dict[str, Callable[[], int]] = {
        name: partial(database.execute, statement, parameters) for name, statement in STATEMENTS.items()
    }
    removers["deliveries"] = partial(database.number, _DELIVERIES, parameters)
    removers["counters"] = partial(counters.remove_old, database)
    removers["events"] = partial(database.number, _EVENTS, parameters)
    weeks = guarded("retention.failed", partial(database.number, _WEEKS, parameters), kind="weeks_of_events")
    removed = dict.fromkeys(removers, 0) | {"weeks_of_events": weeks or 0}
    # By turns, a batch of each: many of one kind do not keep the others from going.
    while removers and clock.monotonic() < ends:
        for name, remove in list(removers.items()):
            if clock.monotonic() >= ends:
                break
            gone = guarded("retention.failed", remove, kind=name) or 0
            removed[name] += gone
            if gone < _BATCH:
                del removers[name]
    return removed
