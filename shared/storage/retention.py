"""What is not needed any more goes, a batch at a time: it is personal, or only takes room."""

from collections.abc import Callable
from functools import partial
from typing import Final, LiteralString

from shared.platform.config import Settings
from shared.storage.database import Database

_BATCH: Final = 1000
_MOST_BATCHES: Final = 20  # in one run; the next one goes on

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

_EVENTS = """
SELECT amocrm_purge_events(%(event_days)s * interval '1 day', %(batch)s)
"""

_STATEMENTS: dict[str, LiteralString] = {
    "states": _STATES,
    "codes": _CODES,
    "installations": _INSTALLATIONS,
    "used_tokens": _USED_TOKENS,
    "sessions": _SESSIONS,
    "throttle": _THROTTLE,
    "locks": _LOCKS,
    "payloads": _PAYLOADS,
}


def run(database: Database, settings: Settings) -> dict[str, int]:
    """How many of each kind were removed."""
    parameters = {
        "batch": _BATCH,
        "payload_days": settings.keep_payloads_days,
        "event_days": settings.keep_events_days,
    }
    removed = {}
    for name, statement in _STATEMENTS.items():
        removed[name] = _in_batches(partial(database.execute, statement, parameters))
    removed["events"] = _in_batches(partial(database.number, _EVENTS, parameters))
    return removed


def _in_batches(remove: Callable[[], int]) -> int:
    total = 0
    for _ in range(_MOST_BATCHES):
        gone = remove()
        total += gone
        if gone < _BATCH:
            break
    return total
