"""How long amoCRM waits for `amocrm_events`, at a stated rate, and for a handler that does nothing but write the row.

By turns against the same database, each in workers of functions-framework. Requests leave at the rate whether or not
the earlier ones were answered; a latency counts from the moment at which a request was to leave. Ends with 1 where one
in a hundred hooks waits for more than 100 ms, or one is not written down.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import urlencode

import click
import httpx

from cli import embedded
from features.changes import feeds
from shared.connections import integrations
from tests.chaos.stage import ROOT, Stage, stage
from tests.demo import free_port

_MOST_MS: Final = 100.0
_WORKERS: Final = 2
_THREADS: Final = 4
_SENDERS: Final = 64
_TURNS: Final = 3
_SOURCES: Final = {
    "amocrm_events": ("functions/amocrm_events/main.py", "http"),
    "bare": ("benchmarks/load/plain.py", "write_row"),
}


@contextmanager
def _serving(played: Stage, name: str) -> Iterator[str]:
    source, target = _SOURCES[name]
    port = free_port()
    command = ["-m", "functions_framework", "--source", source, "--target", target]
    environment = os.environ | played.environment | {"WORKERS": str(_WORKERS), "THREADS": str(_THREADS)}
    process = subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, *command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address, deadline = f"http://127.0.0.1:{port}/", time.monotonic() + 30
    try:
        while True:
            with suppress(httpx.HTTPError):
                httpx.post(address, trust_env=False, timeout=2)
                break
            assert time.monotonic() < deadline, f"{name} did not start"
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _sent(address: str, bodies: list[bytes], rate: float, key: str) -> tuple[list[float], int]:
    """Milliseconds of each request, and how many were answered with something else than 200."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    wrong = 0
    with httpx.Client(trust_env=False, timeout=20, limits=httpx.Limits(max_connections=_SENDERS)) as client:

        def send(body: bytes, leaves_at: float) -> tuple[float, int]:
            answer = client.post(address, params={"key": key}, content=body, headers=headers)
            return (time.monotonic() - leaves_at) * 1000, answer.status_code

        with ThreadPoolExecutor(_SENDERS) as pool:
            began, waiting = time.monotonic() + 0.1, []
            for number, body in enumerate(bodies):
                leaves_at = began + number / rate
                time.sleep(max(0.0, leaves_at - time.monotonic()))
                waiting.append(pool.submit(send, body, leaves_at))
            answers = [one.result() for one in waiting]
    wrong = sum(status != 200 for _, status in answers)
    return [milliseconds for milliseconds, _ in answers], wrong


def _bodies(account_id: int, count: int, rng: random.Random) -> list[bytes]:
    """As amoCRM sends them: a deal that was moved, with all that it tells of one."""
    made = []
    for _ in range(count):
        deal = {"id": rng.randint(1, 2000), "name": "Стеклянная перегородка", "status_id": 142, "old_status_id": 143}
        deal |= {"price": 18000, "responsible_user_id": 7, "pipeline_id": 9, "account_id": account_id}
        fields = {f"leads[status][0][{name}]": value for name, value in deal.items()}
        for number in range(10):
            fields[f"leads[status][0][custom_fields][{number}][id]"] = number
            fields[f"leads[status][0][custom_fields][{number}][values][0][value]"] = "значение"
        made.append(urlencode(fields | {"account[id]": account_id, "account[subdomain]": "example"}).encode())
    return made


def measure(rate: float, seconds: float) -> dict[str, Any]:
    times: dict[str, list[float]] = {name: [] for name in _SOURCES}
    wrong = 0
    with stage(1) as played, played.runtime() as runtime:
        embedded.runtime_url(played.postgres)
        row = integrations.by_domain(runtime.database, played.domains[0], "glass")
        assert row is not None
        assert row.account_id is not None
        feeds.switch(runtime.database, runtime.keyring, row.id, True)
        feed = feeds.of(runtime.database, row.id)
        assert feed is not None
        key = runtime.keyring.decrypt(feed.key, row.id, "feed_key")
        bodies = _bodies(row.account_id, int(rate * seconds / _TURNS), random.Random(1))  # noqa: S311 - chooses deals
        with _serving(played, "amocrm_events") as ours, _serving(played, "bare") as bare:
            addresses = {"amocrm_events": ours, "bare": bare}
            for name, address in addresses.items():
                _sent(address, bodies[: int(rate)], rate, key)  # warm
                assert name in times
            for _ in range(_TURNS):
                for name, address in addresses.items():
                    found, refused = _sent(address, bodies, rate, key)
                    times[name] += found
                    wrong += refused
        deals = {int(body.split(b"%5Bid%5D=")[1].split(b"&")[0]) for body in bodies}
        known = runtime.database.number("SELECT count(*) FROM amocrm_hints WHERE entity_type = 'lead'")
    told = {
        name: {"p50_ms": round(statistics.median(one), 2), "p99_ms": round(sorted(one)[int(0.99 * (len(one) - 1))], 2)}
        for name, one in times.items()
    }
    missing = len(deals) - known
    return {"rate": rate, "hooks": len(bodies) * _TURNS, "refused": wrong, "not_written_down": missing, **told}


@click.command()
@click.option("--rate", default=200.0, show_default=True, help="Hooks a second.")
@click.option("--seconds", default=60.0, show_default=True)
def main(rate: float, seconds: float) -> None:
    """Prints JSON."""
    found = measure(rate, seconds)
    click.echo(json.dumps(found, indent=2))
    sys.exit(int(found["amocrm_events"]["p99_ms"] > _MOST_MS or found["refused"] > 0 or found["not_written_down"] > 0))


if __name__ == "__main__":
    main()
