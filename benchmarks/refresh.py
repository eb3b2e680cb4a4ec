"""How fast `refresh_tokens` works through many due integrations, against bare httpx doing nothing but the same calls;
with the token journal on, against httpx that also puts an object of that size. It puts by the client that the journal
has for such a bucket: httpx for Google's kind, boto3 for S3. (boto3 alone costs more than all that is ours.)

Both run in this process, with the same number of threads, against the same simulator with the same latency, by turns;
CPU is this process's own. Also: what picking due rows costs at 10,000 and at 1,000,000 rows, and whether memory grows
with the number of rows.
"""

import contextlib
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import boto3
import click
import httpx
import psutil
import psycopg
from botocore.config import Config
from msgspec.structs import replace

from benchmarks import machine, object_store
from functions.refresh_tokens.run import run as refresh_tokens
from shared.amocrm.oauth import TokenPair
from shared.connections.api_session import Connections
from shared.connections.rotation import token_columns
from shared.connections.token_journal import TokenJournal
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage.object_stores import ObjectStore
from shared.storage.object_stores.cloud import GOOGLE, Cloud, Service
from shared.storage.object_stores.s3 import S3
from tests import story
from tests.chaos.stage import Stage, stage

Put = Callable[[str, bytes], object]  # an object of that name and body

_CHUNK = 500  # accounts made by one call
_PUT_SECONDS = 0.02  # of the journal's bucket, before each answer
_OBJECT_BYTES = 3000  # of the journal's object for such a pair
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)

_INSERT = """
INSERT INTO amocrm_integrations (
    id, widget_type, account_domain, account_id, client_id, client_secret, redirect_uri, status,
    access_token, refresh_token, access_expires_at, refresh_due_at, token_version, journaled_version, connected_at)
VALUES (%(id)s, 'glass', %(domain)s, %(account_id)s, %(client_id)s, %(secret)s, %(redirect_uri)s, 'connected',
    %(access_token)s, %(refresh_token)s, now() + %(lifetime)s, 'infinity', 1, 1, now())
"""

_MAKE_DUE = """
UPDATE amocrm_integrations SET refresh_due_at = now() - interval '1 minute' WHERE id IN (
    SELECT id FROM amocrm_integrations WHERE refresh_due_at = 'infinity' LIMIT %s)
"""

_FILL = """
INSERT INTO amocrm_integrations (
    id, widget_type, account_domain, account_id, client_id, client_secret, redirect_uri, status,
    access_token, refresh_token, access_expires_at, refresh_due_at)
SELECT gen_random_uuid(), 'glass', 'fill' || n || '.amocrm.ru', n, 'client', repeat('s', 120)::bytea,
    'https://functions.example/', 'connected', repeat('a', 1000)::bytea, repeat('r', 900)::bytea,
    now() + interval '20 hours', now() + interval '1 hour' + n * interval '1 millisecond'
FROM generate_series(%s::bigint, %s::bigint) n
"""


def _pairs(played: Stage, count: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    while len(made) < count:
        body = {"count": min(_CHUNK, count - len(made)), "client_id": played.client_id, "pairs": True}
        made += played.simulator.control("accounts", **body)["accounts"]
    return made


def _store(runtime: Runtime, owner_url: str, played: Stage, secret: str, accounts: list[dict[str, Any]]) -> None:
    rows = []
    for account in accounts:
        row_id, pair = uuid4(), account["pair"]
        columns = token_columns(
            runtime.keyring,
            row_id,
            TokenPair(pair["access_token"], pair["refresh_token"], pair["expires_in"]),
            timedelta(hours=6),
        )
        rows.append(
            columns
            | {
                "id": row_id,
                "domain": account["domain"],
                "account_id": account["id"],
                "client_id": played.client_id,
                "secret": runtime.keyring.encrypt(secret, row_id, "client_secret"),
                "redirect_uri": story.REDIRECT_URI,
            }
        )
    with psycopg.connect(owner_url) as connection, connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


def _bare(
    played: Stage, secret: str, accounts: list[dict[str, Any]], concurrency: int, put: Put | None
) -> tuple[float, float]:
    """Seconds, and seconds of CPU, for the same calls by httpx alone. `put` puts an object into a bucket for each."""
    with httpx.Client(base_url=played.simulator.url, trust_env=False, limits=_LIMITS) as client:

        def refresh(account: dict[str, Any]) -> None:
            body = {
                "client_id": played.client_id,
                "client_secret": secret,
                "grant_type": "refresh_token",
                "refresh_token": account["pair"]["refresh_token"],
                "redirect_uri": story.REDIRECT_URI,
            }
            answer = client.post("/oauth2/access_token", json=body, headers={"Host": account["domain"]})
            assert "refresh_token" in answer.json()
            if put is not None:
                put(f"bare/{uuid4()}", b"x" * _OBJECT_BYTES)

        started, used = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(concurrency) as pool:
            list(pool.map(refresh, accounts))
        return time.perf_counter() - started, time.process_time() - used


@contextmanager
def _journaled(runtime: Runtime, kind: str, latency: float) -> Iterator[tuple[Runtime, Put]]:
    """The same runtime with a token journal in a bucket of that kind, and what the bare side puts there by."""
    with object_store.running(latency) as address, httpx.Client(trust_env=False, limits=_LIMITS) as client:
        store, put = _s3(address) if kind == "s3" else _google(address, client)
        store.prepare()  # a process makes its client once, here as there
        journal = TokenJournal(store, f"{kind}://bucket", runtime.keyring, runtime.clock)
        rotation = replace(runtime.rotation, token_journal=journal)
        yield replace(runtime, rotation=rotation, connections=Connections(rotation)), put


def _google(address: str, client: httpx.Client) -> tuple[ObjectStore, Put]:
    def put(name: str, body: bytes) -> None:
        client.put(f"{address}/bucket/{name}", content=body).raise_for_status()

    return Cloud(Service(address, GOOGLE.only_new), "bucket", "", Secret("none")), put


def _s3(address: str) -> tuple[ObjectStore, Put]:
    own = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ.update(own | {"AWS_ENDPOINT_URL_S3": address})
    client = boto3.client("s3", config=Config(max_pool_connections=100))
    return S3("bucket", ""), lambda name, body: client.put_object(Bucket="bucket", Key=name, Body=body)


def throughput(count: int, blocks: int, latency: float, journal: str | None = None) -> dict[str, Any]:
    """`journal`: the kind of bucket that each pair is also written to, google or s3."""
    with contextlib.ExitStack() as stack:
        played = stack.enter_context(stage(accounts=0))
        runtime, put = stack.enter_context(played.runtime()), None
        if journal is not None:
            runtime, put = stack.enter_context(_journaled(runtime, journal, _PUT_SECONDS))
        told = stack.enter_context(machine.watched())
        owner_url = played.postgres.get_uri()
        secret = played.simulator.control("change-integration", client_id=played.client_id)["secret"]
        _store(runtime, owner_url, played, secret, _pairs(played, count))
        bare_accounts = _pairs(played, count)
        played.simulator.control("latency", seconds=latency)
        concurrency, size = runtime.settings.refresh_concurrency, count // blocks
        ours, bare, memory = [], [], []
        cpu = {"refresh_tokens": 0.0, "bare_httpx": 0.0}
        for block in range(blocks):
            with psycopg.connect(owner_url, autocommit=True) as connection:
                connection.execute(_MAKE_DUE, (size,))
            used = time.process_time()
            with redirect_stdout(StringIO()):
                figures = refresh_tokens(runtime, 3600)
            assert figures["refreshed"] == size, figures
            cpu["refresh_tokens"] += time.process_time() - used
            ours.append(figures["seconds"])
            memory.append(psutil.Process().memory_info().rss)
            seconds, used = _bare(played, secret, bare_accounts[block * size : (block + 1) * size], concurrency, put)
            bare.append(seconds)
            cpu["bare_httpx"] += used
        stored, written = _stored(owner_url)
        assert stored == count, f"{stored} pairs are stored"
        assert written == (count if journal else 0), f"{written} versions are marked as written to the journal"
    return {
        "integrations": count,
        "latency_ms": latency * 1000,
        "journal": journal and {"bucket": journal, "put_ms": _PUT_SECONDS * 1000},
        "concurrency": concurrency,
        "refreshes_per_second": round(count / sum(ours), 1),
        "bare_httpx_per_second": round(count / sum(bare), 1),
        "ratio": round(sum(bare) / sum(ours), 3),
        "cpu_ms_a_refresh": {name: round(used / count * 1000, 2) for name, used in cpu.items()},
        "cpu_ratio": round(cpu["refresh_tokens"] / cpu["bare_httpx"], 2),
        "ratio_of_each_block": [round(b / o, 3) for b, o in zip(bare, ours, strict=True)],
        "memory_mb_after_each_block": [round(size / 1024**2, 1) for size in memory],
        "machine": told,
    }


def _stored(owner_url: str) -> tuple[int, int]:
    """How many rows have a pair that was refreshed, and how many of these are in the journal."""
    with psycopg.connect(owner_url) as connection:
        counted = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE journaled_version = token_version) FROM amocrm_integrations "
            "WHERE token_version > 1"
        ).fetchone()
    assert counted is not None
    return int(counted[0]), int(counted[1])


def due_scan(sizes: tuple[int, ...], repeats: int) -> dict[str, Any]:
    """Milliseconds for claiming the 16 due rows among so many."""
    with stage(accounts=0) as played, played.runtime() as runtime:
        owner_url, filled, found = played.postgres.get_uri(), 0, {}
        with psycopg.connect(owner_url, autocommit=True) as connection:
            for size in sizes:
                connection.execute(_FILL, (filled + 1, size))
                filled = size
                connection.execute("VACUUM ANALYZE amocrm_integrations")
                connection.execute("DELETE FROM amocrm_events")
                found[size] = statistics.median(_claims(connection, runtime) for _ in range(repeats))
            plan = connection.execute(
                "EXPLAIN SELECT id FROM amocrm_integrations WHERE status = 'connected' "
                "AND refresh_due_at <= amocrm_now() ORDER BY refresh_due_at LIMIT 16"
            ).fetchall()
    first, last = sizes[0], sizes[-1]
    return {
        "milliseconds": {f"{size:,}": round(found[size] * 1000, 3) for size in sizes},
        "cost_of_most_over_fewest": round(found[last] / found[first], 2),
        "uses_the_index": any("amocrm_integrations_due" in line for (line,) in plan),
    }


def _claims(connection: psycopg.Connection[Any], runtime: Runtime) -> float:
    connection.execute(
        "UPDATE amocrm_integrations SET refresh_due_at = now() - interval '1 minute', "
        "lease_id = NULL, lease_until = NULL WHERE account_id BETWEEN 1 AND 16 AND client_id = 'client'"
    )
    started = time.perf_counter()
    claimed = runtime.rotation.claim_due(16)
    seconds = time.perf_counter() - started
    assert len(claimed) == 16
    return seconds


@click.command()
@click.option("--integrations", default=10_000, show_default=True)
@click.option("--latency", default=0.05, show_default=True, help="Seconds before each answer of the simulator.")
@click.option("--journal", multiple=True, default=("google", "s3"), show_default=True, help="Kinds of buckets.")
@click.option("--rows", default=1_000_000, show_default=True, help="The larger table of the due scan.")
def main(integrations: int, latency: float, journal: tuple[str, ...], rows: int) -> None:
    """Prints JSON."""
    result = {
        "throughput": throughput(integrations, 5, latency),
        "with_a_journal": [throughput(integrations, 5, latency, kind) for kind in journal],
        "due_scan": due_scan((10_000, rows), repeats=41),
    }
    click.echo(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
