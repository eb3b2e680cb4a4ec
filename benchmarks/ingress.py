"""How long amoCRM waits for `amocrm_events`, at a stated rate, and for a handler that does nothing but write the row.

Of deals alone, and of every kind that there is (texts of messages are wanted). By turns against the same database, each
in workers of functions-framework. Requests leave at the rate whether or not the earlier ones were answered; a latency
counts from the moment at which a request was to leave. Ends with 1 where one in a hundred hooks waits for more than
100 ms, or one is not written down.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import click
import httpx
import psutil
from msgspec import Struct

from benchmarks import machine
from cli import embedded
from features.changes import feeds, webhook_payload
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


class _Served(NamedTuple):
    address: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Of all its workers, since they were started."""
        times = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return float(sum(one.user + one.system for one in times))


@contextmanager
def _serving(played: Stage, name: str) -> Iterator["_Served"]:
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
        yield _Served(address, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(30)


def _sent(address: str, bodies: list[bytes], rate: float, key: str) -> tuple[list[float], Counter[str]]:
    """Milliseconds of each request, and what was answered, or what happened, where that was not 200."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with httpx.Client(trust_env=False, timeout=20, limits=httpx.Limits(max_connections=_SENDERS)) as client:

        def send(body: bytes, leaves_at: float) -> tuple[float, str]:
            try:
                became = str(client.post(address, params={"key": key}, content=body, headers=headers).status_code)
            except httpx.HTTPError as failed:
                became = type(failed).__name__
            return (time.monotonic() - leaves_at) * 1000, became

        with ThreadPoolExecutor(_SENDERS) as pool:
            began, waiting = time.monotonic() + 0.1, []
            for number, body in enumerate(bodies):
                leaves_at = began + number / rate
                time.sleep(max(0.0, leaves_at - time.monotonic()))
                waiting.append(pool.submit(send, body, leaves_at))
            answers = [one.result() for one in waiting]
    wrong = Counter(became for _, became in answers if became != "200")
    return [milliseconds for milliseconds, _ in answers], wrong


def _deal(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """A deal that was moved, with all that amoCRM tells of one."""
    deal = {"id": rng.randint(1, 800), "name": "Стеклянная перегородка", "status_id": 142, "old_status_id": 143}
    deal |= {"price": 18000, "responsible_user_id": 7, "pipeline_id": 9}
    for number in range(10):
        deal[f"custom_fields][{number}][id"] = number
        deal[f"custom_fields][{number}][values][0][value"] = "значение"
    return "leads[status][0]", deal


def _of_every_kind(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """One of all that amoCRM tells of, as often as any other."""
    id_ = rng.randint(1, 200)
    person = {"id": id_, "name": "Мария Лопес", "responsible_user_id": 7, "updated_at": 1795722700}
    person |= {f"custom_fields][{number}][values][0][value": "значение" for number in range(10)}
    note = {"note][id": id_, "note][element_id": id_, "note][element_type": 2, "note][text": "Позвонить " * 20}
    task = {"id": id_, "text": "Позвонить", "status": 1, "action_close": 1, "element_id": id_, "element_type": 2}
    talk = {"talk_id": id_, "contact_id": id_, "chat_id": str(UUID(int=id_)), "is_in_work": 1, "is_read": 0}
    message = {"id": str(UUID(int=id_)), "talk_id": id_, "contact_id": id_, "origin": "telegram", "type": "incoming"}
    message |= {"text": "Здравствуйте! " * 20, "author][id": str(UUID(int=id_)), "author][name": "Мария"}
    waiting = {"uid": f"{id_:040x}", "category": "forms", "lead_id": id_, "data][leads][0][id": id_}
    return rng.choice(
        (
            ("leads[update][0]", person),
            ("contacts[update][0]", person),
            ("contacts[add][0]", person | {"type": "company"}),
            ("customers[update][0]", person),
            ("catalogs[update][0]", person | {"catalog_id": 3}),
            ("task[update][0]", task),
            ("leads[note][0]", note),
            ("unsorted[add][0]", waiting),
            ("talk[update][0]", talk),
            ("message[add][0]", message),
            ("outgoing_message[add][0]", message | {"id": str(UUID(int=10_000 + id_)), "type": "outgoing"}),
        )
    )


_MIXES: Final[dict[str, Callable[[random.Random], tuple[str, dict[str, Any]]]]] = {
    "deals": _deal,
    "every_kind": _of_every_kind,
}


def _bodies(account_id: int, count: int, mix: str) -> list[bytes]:
    """As amoCRM sends them."""
    rng = random.Random(1)  # noqa: S311 - chooses whom a hook is about
    made = []
    for _ in range(count):
        place, members = _MIXES[mix](rng)
        fields = {f"{place}[{name}]": value for name, value in (members | {"account_id": account_id}).items()}
        made.append(urlencode(fields | {"account[id]": account_id, "account[subdomain]": "example"}).encode())
    return made


def _told(times: list[float], cpu_seconds: float) -> dict[str, float]:
    """`cpu_ms`: of the handler's processes, a hook; it hangs less than a latency on who else uses the machine."""
    p99 = sorted(times)[int(0.99 * (len(times) - 1))]
    told = {"p50_ms": statistics.median(times), "p99_ms": p99, "cpu_ms": cpu_seconds * 1000 / len(times)}
    return {name: round(value, 2) for name, value in told.items()}


def measure(rate: float, seconds: float) -> dict[str, Any]:
    """For each mix: `{amocrm_events, bare, hooks, refused, not_written_down}`; and what the machine was like."""
    with stage(1) as played, played.runtime() as runtime, machine.watched() as watched:
        embedded.runtime_url(played.postgres)
        row = integrations.by_domain(runtime.database, played.domains[0], "glass")
        assert row is not None
        assert row.account_id is not None
        # Texts of messages are kept as well, which costs a statement more.
        runtime.database.execute(_WANT_TEXTS)
        feeds.switch(runtime.database, runtime.keyring, row.id, True)
        feed = feeds.of(runtime.database, row.id)
        assert feed is not None
        key = runtime.keyring.decrypt(feed.key, row.id, "feed_key")
        bodies = {mix: _bodies(row.account_id, int(rate * seconds / _TURNS), mix) for mix in _MIXES}
        times: dict[tuple[str, str], list[float]] = {(mix, name): [] for mix in _MIXES for name in _SOURCES}
        refused, cpu = {one: Counter[str]() for one in times}, dict.fromkeys(times, 0.0)
        with _serving(played, "amocrm_events") as ours, _serving(played, "bare") as bare:
            served = {"amocrm_events": ours, "bare": bare}
            for one in served.values():
                _sent(one.address, bodies["every_kind"][: int(rate)], rate, key)  # warm
            for _ in range(_TURNS):
                for (mix, name), found in times.items():
                    before = served[name].cpu_seconds()
                    milliseconds, wrong = _sent(served[name].address, bodies[mix], rate, key)
                    cpu[mix, name] += served[name].cpu_seconds() - before
                    found += milliseconds
                    refused[mix, name] += wrong
        known = {(one.entity_type, one.entity_id) for one in runtime.database.all(_Hinted, _HINTED)}
    return {
        "rate": rate,
        **{
            mix: {
                **{name: _told(times[mix, name], cpu[mix, name]) for name in _SOURCES},
                "hooks": len(bodies[mix]) * _TURNS,
                "refused": {name: dict(refused[mix, name]) for name in _SOURCES},
                "not_written_down": len(_named(bodies[mix]) - known),
            }
            for mix in _MIXES
        },
        "machine": watched,
    }


def _named(bodies: list[bytes]) -> set[tuple[str, int]]:
    hints = (hint for body in bodies for hint in webhook_payload.read(body).hints)
    return {(one.entity_type, one.entity_id) for one in hints}


class _Hinted(Struct, frozen=True):
    entity_type: str
    entity_id: int


_WANT_TEXTS: Final = (
    """UPDATE amocrm_integrations SET settings = '{"changes": {"is_on": true, "message_texts": true}}'"""
)
_HINTED: Final = "SELECT entity_type, entity_id FROM amocrm_hints"


@click.command()
@click.option("--rate", default=200.0, show_default=True, help="Hooks a second.")
@click.option("--seconds", default=60.0, show_default=True)
def main(rate: float, seconds: float) -> None:
    """Prints JSON."""
    found = measure(rate, seconds)
    click.echo(json.dumps(found, indent=2))
    mixes = [found[mix] for mix in _MIXES]
    is_bad = any(
        one["amocrm_events"]["p99_ms"] > _MOST_MS or one["refused"]["amocrm_events"] or one["not_written_down"]
        for one in mixes
    )
    sys.exit(int(is_bad))


if __name__ == "__main__":
    main()
