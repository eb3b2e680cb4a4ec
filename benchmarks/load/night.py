"""`make bad-night`: troubles while people go on, one after the other, and afterwards the ground truth and a picture.

Everybody who pressed a button presses it again until it is accepted, as the calculator does. Red when anything was
lost, doubled, or left, or an account was cut off.
"""

import json
import multiprocessing
import os
import random
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any, Final

import click
import psutil

from benchmarks.load import picture
from benchmarks.load.ledger import settle
from benchmarks.load.town import Town, town, workers
from functions.crm_api.handler import handle
from shared.platform.config import load
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.demo import ROOT

PICTURE: Final = ROOT / "docs" / "pictures" / "bad-night.svg"
_LATENCY: Final = 0.1
_INSTANCES: Final = 100
_KILL_EVERY: Final = 0.03  # of the night

# What happens, when it begins and ends, as shares of the night.
Trouble = tuple[str, float, float, Callable[[Town], None], Callable[[Town], None]]


def troubles() -> list[Trouble]:
    def fault(**facts: Any) -> Callable[[Town], None]:
        return lambda made: made.played.simulator.fault(times=10**9, path="/(api|oauth2|v1.0)/.*", **facts)

    def no_faults(made: Town) -> None:
        made.played.simulator.control("no-faults")  # which ends the latency too
        made.played.simulator.control("latency", seconds=_LATENCY)
        _one_is_dead(made)

    def latency(seconds: float) -> Callable[[Town], None]:
        return lambda made: made.played.simulator.control("latency", seconds=seconds)

    return [
        ("PostgreSQL crashes", 0.10, 0.13, Town.crash_database, lambda made: made.played.postgres.start()),
        ("pgbouncer is away", 0.20, 0.22, lambda made: made.bouncer.stop(), lambda made: made.bouncer.start()),
        ("amoCRM answers 504", 0.30, 0.42, fault(kind="status", status=504), no_faults),
        ("amoCRM takes 3 s", 0.50, 0.58, latency(3.0), latency(_LATENCY)),
        ("amoCRM answers 429", 0.64, 0.70, fault(kind="status", status=429, retry_after=4), no_faults),
        (f"{_INSTANCES} instances start", 0.76, 0.80, _crowd, lambda _: None),
    ]


def _one_is_dead(made: Town) -> None:
    """One account never answers, all night long."""
    domain = made.played.domains[0].replace(".", r"\.")
    made.played.simulator.fault(kind="timeout_before", seconds=60, times=10**9, host=domain)


def _crowd(made: Town) -> None:
    """So many cold instances at once, each with a connection of its own and a read."""
    context = multiprocessing.get_context("fork")
    accounts = random.sample(made.facts["accounts"], k=min(_INSTANCES, len(made.facts["accounts"])))
    processes = [
        context.Process(target=_instance, args=(made.environment, accounts[number % len(accounts)]))
        for number in range(_INSTANCES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)


def _instance(environment: dict[str, str], account: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {account['token']}", "X-Lead-Id": str(account["lead"])}
    with open(os.devnull, "w") as nothing, redirect_stdout(nothing):
        serve(handle, Runtime.build(load(environment)), Request("GET", "/get_lead", (), Headers(headers.items())))


def play(made: Town, seconds: float, people: int) -> list[dict[str, Any]]:
    """The night; what happened, as `{name, begins, ends}` in the clock's seconds."""
    happened: list[dict[str, Any]] = []
    _one_is_dead(made)
    customers = made.people("Customers Timers", seconds, people, made.addresses["crm_api"])
    began, over = time.time(), threading.Event()
    killer = threading.Thread(target=_killing, args=(made, seconds * _KILL_EVERY, over))
    killer.start()
    for name, begins, ends, begin, end in troubles():
        time.sleep(max(0.0, began + seconds * begins - time.time()))
        entry = {"name": name, "begins": time.time()}
        click.echo(f"{time.time() - began:6.1f} s  {name}", err=True)
        begin(made)
        time.sleep(max(0.0, began + seconds * ends - time.time()))
        end(made)
        happened.append(entry | {"ends": time.time()})
    over.set()
    killer.join()
    customers.wait(seconds + 180)
    made.played.simulator.control("no-faults")
    return happened


def _killing(made: Town, pause: float, over: threading.Event) -> None:
    """A process of `crm_api` is killed every now and then, in the middle of whatever it does."""
    while not over.wait(pause):
        victims = workers(made.processes["crm_api"])[1:]
        with suppress(psutil.NoSuchProcess, IndexError):
            random.choice(victims).send_signal(signal.SIGKILL)
            made.kills += 1


def told(made: Town, happened: list[dict[str, Any]]) -> dict[str, Any]:
    did = [line for line in made.did if "ms" in line]
    reads = [line for line in did if line["name"] == "get_lead"]
    quiet = [line["ms"] for line in reads if not _is_troubled(line["at"], happened)]
    last = max(one["ends"] for one in happened)
    waiting = [one for one in made.samples if one["at"] > last and one["waiting"] is not None]
    calm = next((one["at"] - last for one in waiting if one["waiting"] <= _few(made, happened)), None)
    ordered = sorted(quiet) or [0.0]
    return {
        "requests": len(did),
        "answers": dict(sorted(Counter(str(line["status"]) for line in did).items())),
        "killed_processes": made.kills,
        "most_deliveries_waiting": max((one["waiting"] or 0 for one in made.samples), default=0),
        "calm_after_the_last_trouble_s": None if calm is None else round(calm, 1),
        "reads_between_the_troubles": {
            "count": len(quiet),
            "p50_ms": statistics.median(ordered),
            "p99_ms": ordered[int(0.99 * (len(ordered) - 1))],
        },
    }


def _is_troubled(at: float, happened: list[dict[str, Any]]) -> bool:
    return any(one["begins"] - 2 <= at <= one["ends"] + 15 for one in happened)


def _few(made: Town, happened: list[dict[str, Any]]) -> int:
    """As many deliveries as were waiting before the first trouble, and those of the dead account."""
    before = [one["waiting"] or 0 for one in made.samples if one["at"] < happened[0]["begins"]]
    return max(before, default=0) + 3


@click.command()
@click.option("--accounts", default=1000, show_default=True)
@click.option("--people", default=60, show_default=True)
@click.option("--seconds", default=600.0, show_default=True)
@click.option(
    "--picture", "file", default=None, type=click.Path(dir_okay=False, path_type=Path), help="Where to draw it."
)
def main(accounts: int, people: int, seconds: float, file: Path | None) -> None:
    """Prints JSON."""
    click.echo("Connecting the accounts …", err=True)
    with town(accounts, _LATENCY) as made:
        began = time.time()
        happened = play(made, seconds, people)
        found = {"accounts": accounts, "people": people, "seconds": seconds} | told(made, happened)
        click.echo("Finishing what is left …", err=True)
        found["truth"] = settle(made)
        if file is not None:
            file.write_text(picture.drawn(made.did, made.samples, happened, began, time.time()), encoding="utf-8")
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    sys.exit(int(bool(found["truth"]["violations"])))


if __name__ == "__main__":
    main()
