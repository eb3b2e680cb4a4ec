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

_STATES = """
DELETE FROM amocrm_oauth_states WHERE state_hash IN (
    SELECT state_hash FROM amocrm_oauth_states WHERE expires_at < amocrm_now() LIMIT %(batch)s)
"""

# A code lives 20 minutes; a day later nobody reloads its page.
_CODES = """
DELETE FROM amocrm_authorization_codes WHERE code_hash IN (
    SELECT code_hash FROM amocrm_authorization_codes
    WHERE created_at < amocrm_now() - interval '1 day' LIMIT %(batch)s)
"""

_INSTALLATIONS = """
DELETE FROM amocrm_installations WHERE state_hash IN (
    SELECT state_hash FROM amocrm_installations WHERE expires_at < amocrm_now() LIMIT %(batch)s)
"""

_USED_TOKENS = """
DELETE FROM amocrm_used_tokens WHERE (integration_id, jti) IN (
    SELECT integration_id, jti FROM amocrm_used_tokens WHERE expires_at < amocrm_now() LIMIT %(batch)s)
"""

_SESSIONS = """
DELETE FROM amocrm_sessions WHERE token_hash IN (
    SELECT token_hash FROM amocrm_sessions WHERE expires_at < amocrm_now() LIMIT %(batch)s)
"""

_SIGN_INS = """
DELETE FROM amocrm_sign_ins WHERE id IN (
    SELECT id FROM amocrm_sign_ins WHERE expires_at < amocrm_now() LIMIT %(batch)s)
"""

_THROTTLE = """
DELETE FROM amocrm_throttle WHERE (bucket, minute) IN (
    SELECT bucket, minute FROM amocrm_throttle WHERE minute < amocrm_now() - interval '10 minutes' LIMIT %(batch)s)
"""

_LOCKS = """
DELETE FROM amocrm_locks WHERE (integration_id, name) IN (
    SELECT integration_id, name FROM amocrm_locks
    WHERE touched_at < amocrm_now() - interval '1 day' AND (lease_until IS NULL OR lease_until < amocrm_now())
    LIMIT %(batch)s)
"""

# The row stays, for its idempotency key and its results; what the customer wrote goes.
_PAYLOADS = """
UPDATE amocrm_deliveries SET request = NULL WHERE id IN (
    SELECT id FROM amocrm_deliveries
    WHERE request IS NOT NULL AND finished_at < amocrm_now() - %(payload_days)s * interval '1 day' LIMIT %(batch)s)
"""

# What has happened holds what customers told a company; so long it can be replayed. What waits for a consumer goes too.
_CHANGES = """
DELETE FROM amocrm_changes WHERE id IN (
    SELECT id FROM amocrm_changes
    WHERE created_at < amocrm_now() - greatest(%(payload_days)s, 4) * interval '1 day' LIMIT %(batch)s)
"""

_OWN_WRITES = """
DELETE FROM amocrm_own_writes WHERE ctid IN (
    SELECT ctid FROM amocrm_own_writes WHERE written_at < amocrm_now() - interval '1 day' LIMIT %(batch)s)
"""

# Nothing has happened to it for half a year: the next change is told without what was before.
_ENTITIES = """
DELETE FROM amocrm_entities WHERE (integration_id, entity_type, entity_id) IN (
    SELECT integration_id, entity_type, entity_id FROM amocrm_entities
    WHERE read_at < amocrm_now() - interval '180 days' LIMIT %(batch)s)
"""

# Who came stays with the company's deal; here a visit is needed as long as its deliveries are.
_VISITORS = """
UPDATE amocrm_bookings SET visitor = NULL, phone_mark = NULL, link_hash = NULL WHERE id IN (
    SELECT id FROM amocrm_bookings
    WHERE visitor IS NOT NULL AND ends_at < amocrm_now() - %(payload_days)s * interval '1 day' LIMIT %(batch)s)
"""
_BOOKINGS = """
DELETE FROM amocrm_bookings WHERE id IN (
    SELECT id FROM amocrm_bookings
    WHERE ends_at < amocrm_now() - %(delivery_days)s * interval '1 day' LIMIT %(batch)s)
"""

_DELIVERIES = """
SELECT amocrm_purge_deliveries(%(delivery_days)s * interval '1 day', %(batch)s)
"""

_WEEKS = """
SELECT amocrm_roll_events(%(event_days)s * interval '1 day')
"""

# Those that are in no week.
_EVENTS = """
SELECT amocrm_purge_events(%(event_days)s * interval '1 day', %(batch)s)
"""

_STATEMENTS: dict[str, LiteralString] = {
    "states": _STATES,
    "codes": _CODES,
    "installations": _INSTALLATIONS,
    "used_tokens": _USED_TOKENS,
    "sessions": _SESSIONS,
    "sign_ins": _SIGN_INS,
    "throttle": _THROTTLE,
    "locks": _LOCKS,
    "payloads": _PAYLOADS,
    "changes": _CHANGES,
    "own_writes": _OWN_WRITES,
    "entities": _ENTITIES,
    "visitors": _VISITORS,
    "bookings": _BOOKINGS,
}


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
        name: partial(database.execute, statement, parameters) for name, statement in _STATEMENTS.items()
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
