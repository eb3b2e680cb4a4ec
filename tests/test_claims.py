"""A claim takes as many rows as it was asked for, and not one more, however PostgreSQL carries it out."""

import time
from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import psycopg
import pytest

from features.bookings import calendar_subscriptions, reconciliation_queue
from features.changes import dispatch, feeds
from shared.deliveries import rows as deliveries
from shared.runtime import Runtime
from tests.demo import ROOT
from tests.story import Story, calculation

_PATHS = ("hashjoin", "mergejoin", "material", "memoize", "hashagg", "sort")

SIX_MORE = """
INSERT INTO amocrm_integrations SELECT copy.* FROM amocrm_integrations own, generate_series(1, 6) AS number,
    jsonb_populate_record(own, jsonb_build_object('id', gen_random_uuid(), 'account_id', own.account_id + number,
        'account_domain', 'copy' || number || '-' || own.account_domain)) AS copy
"""
# What makes all of them due, and what claims three of them.
_DUE: dict[str, tuple[LiteralString, Callable[[Runtime], list[Any]]]] = {
    "integrations": (
        "UPDATE amocrm_integrations SET refresh_due_at = amocrm_now() - interval '1 hour'",
        lambda runtime: runtime.rotation.claim_due(3),
    ),
    "deliveries": (
        """
        INSERT INTO amocrm_deliveries SELECT copy.* FROM amocrm_deliveries own, amocrm_integrations i,
            jsonb_populate_record(own, jsonb_build_object('id', gen_random_uuid(), 'integration_id', i.id)) AS copy
        WHERE i.id <> own.integration_id""",
        lambda runtime: deliveries.claim_due(runtime.database, 3),
    ),
    "endpoints": (
        """
        INSERT INTO amocrm_endpoints (id, integration_id, name, url, host, secret, kinds, pipelines, statuses,
            fields, due_at)
        SELECT gen_random_uuid(), id, 'x', '', 'x', '', '{}', '{}', '{}', '{}', amocrm_now()
        FROM amocrm_integrations""",
        lambda runtime: dispatch.claim(runtime.database, 3),
    ),
    "feeds": (
        """
        INSERT INTO amocrm_feeds (integration_id, is_on, key_hash, key, salt, check_due_at, begun_at, asked_until)
        SELECT id, true, sha256(id::text::bytea), '', '', amocrm_now(), 0, 0 FROM amocrm_integrations""",
        lambda runtime: feeds.claim(runtime.database, 3),
    ),
    "watches": (
        "INSERT INTO amocrm_booking_watches (integration_id, due_at) SELECT id, amocrm_now() FROM amocrm_integrations",
        lambda runtime: reconciliation_queue.claim(runtime.database, 3),
    ),
    "calendars": (
        """
        INSERT INTO amocrm_booking_calendars (id, integration_id, resource, resource_name, url, host)
        SELECT gen_random_uuid(), id, 'x', 'x', '', 'x' FROM amocrm_integrations""",
        lambda runtime: [one for _ in range(3) if (one := calendar_subscriptions.claim(runtime.database)) is not None],
    ),
    "holds that have ended": (
        """
        INSERT INTO amocrm_bookings (id, integration_id, service, resource, starts_at, ends_at, state, held_until,
            facts)
        SELECT gen_random_uuid(), id, 'x', 'x', amocrm_now(), amocrm_now() + interval '1 hour', 'held',
            amocrm_now() - interval '1 hour', '{}' FROM amocrm_integrations""",
        lambda runtime: [None] * reconciliation_queue.sweep(runtime.database, 3),
    ),
}


@pytest.fixture
def plainest_plans(database_url: str, runtime: Runtime) -> Iterator[None]:
    """Nested loops, as PostgreSQL plans them where it holds a table for empty: what is inside of a loop is carried out
    anew for each row that is outside."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for path in _PATHS:
            connection.execute(f"ALTER SYSTEM SET enable_{path} = off")
        connection.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 5
        while runtime.database.number("SELECT count(*) FROM pg_settings WHERE name = 'enable_sort' AND setting = 'on'"):
            assert time.monotonic() < deadline
        yield
        for path in _PATHS:
            connection.execute(f"ALTER SYSTEM RESET enable_{path}")
        connection.execute("SELECT pg_reload_conf()")


@pytest.mark.usefixtures("plainest_plans")
@pytest.mark.parametrize("of", _DUE)
def test_no_more_is_claimed_than_was_asked_for(connected: Story, of: str) -> None:
    connected.simulator.fault("status", status=500, path="/api/v4/leads/.*/notes")
    connected.crm("save_calculation", connected.application() | {"X-Lead-Id": str(connected.lead_id)}, calculation())
    connected.clock.advance(minutes=3)
    connected.sql(SIX_MORE)
    due, claim = _DUE[of]
    connected.sql(due)
    assert [len(claim(connected.runtime)) for _ in range(4)] == [3, 3, 1, 0]


def test_no_other_claim_chooses_in_a_loop() -> None:
    """Whoever claims is one of these."""
    statements = [
        file.read_text(encoding="utf-8") for room in ("shared", "features") for file in (ROOT / room).rglob("*.py")
    ]
    assert sum(text.count("SKIP LOCKED") for text in statements) == len(_DUE)
