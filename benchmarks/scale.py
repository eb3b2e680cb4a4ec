"""A database of a stated number of accounts, and how long every query of the panel and the functions takes in it.

An account has 20 finished deliveries, 60 lines of the log, and one delivery in a hundred accounts is due. Each query
runs with many values; told are p50 and p99, and whether its plan reads a large table from one end to the other. Ends
with 1 when one takes more than 50 ms, or does that.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import psycopg
from msgspec.structs import asdict

from benchmarks import filled
from benchmarks.timing import repeated
from cli import embedded, migrations
from features import registry, settings
from features.bookings import reconciliation_queue
from features.bookings import rows as bookings
from features.bookings import statements as booking_statements
from features.calculations import versions
from features.changes import changes, dispatch, endpoints, feeds
from features.changes.webhook_payload import WebhookPayload
from functions.crm_api import overview
from shared.connections import integrations, statements
from shared.connections.inheritance import Level
from shared.connections.integrations import IntegrationFilter
from shared.connections.rotation import LEASE
from shared.deliveries import rows as deliveries
from shared.deliveries import statements as delivery_statements
from shared.platform.secret import Secret
from shared.storage import event_log, jobs, retention
from shared.storage.database import Database

MOST_MS: Final = 50.0
_FEW: Final = 2000  # rows, of which a page or two are quicker read than an index
_LARGE: Final = (
    "amocrm_integrations",
    "amocrm_deliveries",
    "amocrm_events",
    "amocrm_feeds",
    "amocrm_sends",
    "amocrm_bookings",
    "amocrm_booking_times",
)

# As many are due at each claim.
_RELEASE = """
UPDATE amocrm_deliveries SET lease_id = NULL, lease_until = NULL WHERE state = 'accepted' AND lease_id IS NOT NULL
"""
_RELEASE_FEEDS = "UPDATE amocrm_feeds SET lease_id = NULL, lease_until = NULL WHERE lease_id IS NOT NULL"
_RELEASE_WATCHES = "UPDATE amocrm_booking_watches SET due_at = now() WHERE due_at > now() + interval '4 minutes'"
_RELEASE_ENDPOINTS = "UPDATE amocrm_endpoints SET lease_id = NULL, lease_until = NULL WHERE lease_id IS NOT NULL"


@dataclass
class Query:
    name: str
    run: Callable[[], object]
    plan: tuple[str, dict[str, Any]] | None = None  # a statement to be explained
    undo: Callable[[], object] | None = None  # between two runs, not timed


def _queries(database: Database, accounts: int, rng: random.Random) -> list[Query]:
    def domain() -> str:
        return f"acc{rng.randint(1, accounts)}.amocrm.ru"

    some = [row for row in (integrations.by_domain(database, domain(), "glass") for _ in range(50)) if row is not None]
    ids = [row.id for row in some]
    newest = database.number("SELECT max(id) FROM amocrm_events")

    def page(**facts: Any) -> object:
        return event_log.page(
            database, **({"integration_id": None, "level": None, "before": None, "limit": 50} | facts)
        )

    finished = [
        row
        for one in ids[:10]
        for row in deliveries.page(database, one, deliveries.DeliveryFilter(), before=None, limit=20)
    ]

    clinics = [row.id for row in some if (row.account_id or 0) % 5 == 0] or ids
    now = datetime.now(UTC)
    week = (now, now + timedelta(days=7))
    a_week = asdict(bookings.Filter(first=week[0], last=week[1]))

    nothing: dict[str, Any] = {"integration_id": None, "delivery_id": None, "level": None, "before": None}
    return [
        Query("an account by its domain, with slots", lambda: integrations.by_domain(database, domain(), "glass", 2)),
        Query("the calculator in force", lambda: versions.in_force(database, rng.choice(some))),
        Query("whom a widget's calculator touches", lambda: versions.touched(database, Level("glass", "widget"))),
        Query("settings by level", lambda: settings.levels(database, rng.choice(some))),
        Query("newer calculations of a deal", lambda: deliveries.newer(database, rng.choice(finished), "note")),
        Query("a page of connections", lambda: integrations.page(database, None, 50)),
        Query(
            "connections of a name",
            lambda: integrations.page(database, None, 50, IntegrationFilter(f"c{rng.randint(1, 99)}.")),
        ),
        Query(
            "a name that nobody has", lambda: integrations.page(database, None, 50, IntegrationFilter("no-such-name"))
        ),
        Query(
            "connections of a status",
            lambda: integrations.page(database, None, 50, IntegrationFilter(status="pending")),
        ),
        Query(
            "connections in trouble", lambda: integrations.page(database, None, 50, IntegrationFilter(in_trouble=True))
        ),
        Query("the newest lines", page, (event_log._PAGE, nothing | {"limit": 51})),
        Query("lines of an account", lambda: page(integration_id=rng.choice(ids))),
        Query("lines from the middle", lambda: page(before=rng.randint(1, newest))),
        Query("errors", lambda: page(level="error"), (event_log._PAGE, nothing | {"limit": 51, "level": "error"})),
        Query("errors from the middle", lambda: page(level="error", before=rng.randint(1, newest))),
        Query("a search that finds nothing", lambda: page(search="no such words")),
        Query("a search in an account", lambda: page(search="no such words", integration_id=rng.choice(ids))),
        Query(
            "deliveries of an account",
            lambda: deliveries.page(database, rng.choice(ids), deliveries.DeliveryFilter(), before=None, limit=51),
        ),
        Query(
            "dead deliveries of an account",
            lambda: deliveries.page(
                database, rng.choice(ids), deliveries.DeliveryFilter("dead"), before=None, limit=51
            ),
        ),
        Query(
            "claiming due deliveries",
            lambda: deliveries.claim_due(database, 8),
            (delivery_statements.CLAIM_DUE, {"limit": 8, "lease": LEASE}),
            lambda: database.execute(_RELEASE, {}),
        ),
        Query(
            "claiming due refreshes",
            lambda: database.all(integrations.Integration, statements.CLAIM_DUE, {"limit": 16, "lease": LEASE}),
            (statements.CLAIM_DUE, {"limit": 16, "lease": LEASE}),
        ),
        Query("claiming feeds", lambda: feeds.claim(database, 8), undo=lambda: database.execute(_RELEASE_FEEDS, {})),
        Query(
            "claiming endpoints",
            lambda: dispatch.claim(database, 8),
            undo=lambda: database.execute(_RELEASE_ENDPOINTS, {}),
        ),
        Query("a webhook of amoCRM's", lambda: feeds.take(database, "no such key", WebhookPayload(1, [], []))),
        Query("endpoints of an account", lambda: endpoints.of(database, rng.choice(ids))),
        Query("changes of an account", lambda: changes.page(database, rng.choice(ids), None, 50)),
        Query("what is taken in a week", lambda: bookings.taken(database, rng.choice(clinics), *week)),
        Query(
            "visits of a week",
            lambda: bookings.listed(database, rng.choice(clinics), bookings.Filter(first=week[0], last=week[1]), 200),
            (booking_statements.LISTED, a_week | {"integration_id": clinics[0], "limit": 200}),
        ),
        Query(
            "visits of a deal",
            lambda: bookings.listed(database, rng.choice(clinics), bookings.Filter(lead_id=rng.randint(90, 140)), 200),
        ),
        Query(
            "claiming clinics to compare",
            lambda: reconciliation_queue.claim(database, 20),
            (reconciliation_queue.CLAIM, {"limit": 20, "every": bookings.WATCH_EVERY}),
            lambda: database.execute(_RELEASE_WATCHES, {}),
        ),
        Query("visits to compare", lambda: reconciliation_queue.watched(database, rng.choice(clinics), 250)),
        Query(
            "visits that are behind",
            lambda: reconciliation_queue.behind(database, 50),
            (reconciliation_queue.BEHIND, {"limit": 50}),
        ),
        Query(
            "holds that have ended",
            lambda: reconciliation_queue.sweep(database, 1000),
            (reconciliation_queue.SWEEP, {"limit": 1000}),
        ),
        Query(
            "a batch of old visitors",
            lambda: database.execute(retention.STATEMENTS["visitors"], {"batch": 100, "payload_days": 7}),
        ),
        Query(
            "a batch of old visits",
            lambda: database.execute(retention.STATEMENTS["bookings"], {"batch": 100, "delivery_days": 8}),
        ),
        Query("the overview of a month", lambda: overview.overview(database, "month", datetime.now(UTC), [], [])),
        Query("how old the oldest of what is due is", lambda: jobs.backlog(database, registry.backlog())),
        Query(
            "a batch of old payloads",
            lambda: database.execute(retention.STATEMENTS["payloads"], {"batch": 100, "payload_days": 7}),
        ),
        Query(
            "a batch of old deliveries",
            lambda: database.number(retention._DELIVERIES, {"batch": 100, "delivery_days": 15}),
        ),
    ]


def _reads_whole_tables(url: str, plan: tuple[str, dict[str, Any]]) -> list[str]:
    with psycopg.connect(url, autocommit=True) as connection:
        (explained,) = connection.execute(b"EXPLAIN (FORMAT JSON) " + plan[0].encode(), plan[1]).fetchone() or ([],)
    found: list[str] = []

    def walk(node: dict[str, Any]) -> None:
        if node["Node Type"] == "Seq Scan" and _is_large(node.get("Relation Name", "")) and node["Plan Rows"] > _FEW:
            found.append(node["Relation Name"])
        for inner in node.get("Plans", []):
            walk(inner)

    walk(explained[0]["Plan"])
    return found


def _is_large(table: str) -> bool:
    return table in _LARGE or table.startswith("amocrm_events_")


def measure(accounts: int, repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="amoscale", ignore_cleanup_errors=True) as folder:
        server = embedded.start(Path(folder) / "pg")
        try:
            url = server.get_uri()
            migrations.migrate(url)
            started = time.monotonic()
            filled.fill(url, accounts)
            took = time.monotonic() - started
            database = Database(Secret(url))
            found: dict[str, dict[str, Any]] = {}
            bad = []
            for query in _queries(database, accounts, random.Random(1)):  # noqa: S311 - chooses rows
                told = repeated(database, query.run, repeats, query.undo)
                whole = _reads_whole_tables(url, query.plan) if query.plan else []
                found[query.name] = told | ({"reads_whole": ", ".join(whole)} if whole else {})
                if told["p99_ms"] > MOST_MS or whole:
                    bad.append(query.name)
            removal = _removal(database)
            size = database.number("SELECT pg_database_size(current_database())")
            database.close()
        finally:
            server.stop()
    return {
        "accounts": accounts,
        "deliveries": accounts * filled.DELIVERIES,
        "events": accounts * filled.EVENTS,
        "database_mb": round(size / 1e6),
        "filled_in_s": round(took, 1),
        "queries": found,
        "removed_a_second": removal,
        "too_slow": bad,
    }


def _removal(database: Database) -> dict[str, int]:
    """Rows a second: deliveries in batches, at most 100,000; lines by dropping the weeks that are over."""
    gone, started = 0, time.monotonic()
    deliveries_of = {"batch": retention._BATCH, "delivery_days": 10}
    while gone < 100_000 and (batch := database.number(retention._DELIVERIES, deliveries_of)):
        gone += batch
    found = {"deliveries": round(gone / max(0.001, time.monotonic() - started))}
    lines, started = database.number("SELECT count(*) FROM amocrm_events"), time.monotonic()
    database.number(retention._WEEKS, {"event_days": 10})
    took = time.monotonic() - started
    lines -= database.number("SELECT count(*) FROM amocrm_events")
    return found | {"events": round(lines / max(0.001, took))}


@click.command()
@click.option("--accounts", default=1000, show_default=True)
@click.option("--repeats", default=60, show_default=True)
def main(accounts: int, repeats: int) -> None:
    """Prints JSON."""
    found = measure(accounts, repeats)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    sys.exit(int(bool(found["too_slow"])))


if __name__ == "__main__":
    main()
