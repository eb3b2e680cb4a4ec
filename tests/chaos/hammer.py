"""Instances with threads call one account as fast as they may, by reads of two calls and saves, with latency; told is
how many calls left, and how many arrived, in any second.

When calls leave is ours to decide. Between leaving and arriving is the network's time, and that of a machine with more
to do than it can: calls that left well apart then arrive in a bunch. `latest_arrival_ms` is the longest of these times;
arrivals say something about us while it is shorter than the margin between two seconds.

Nobody is warm: connections are opened while it is counted. Some callers more than the account can serve are there all
the time, so what is told to them counts too: while there is time left they wait, and are not told 429.
"""

import json
import multiprocessing
import os
import sys
import threading
import time
from collections import Counter
from contextlib import redirect_stdout
from multiprocessing.synchronize import Barrier
from typing import Any

import click
import jwt

from functions.crm_api.handler import handle
from shared.connections.rate import Pace
from shared.platform.clock import SystemClock
from shared.platform.endpoint import serve
from shared.platform.http import Headers, Request
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage
from tests.story import APP_SECRET, calculation

_LATENCIES = (0.02, 0.1, 0.4)
_SAVES_EVERY = 4  # so many requests hold one save
MARGIN_MS = 30  # between seven calls and the next seven
_WARM_UP = 2.0  # seconds at the beginning, and at the end, that do not count for how much of the limit is used


class _Watched(SystemClock):
    """Remembers of each thread when it last looked: a call leaves at the moment at which its slot was found open."""

    def __init__(self) -> None:
        self._seen = threading.local()
        self._behind = time.time() - time.monotonic()

    def monotonic(self) -> float:
        self._seen.at = time.monotonic()
        return float(self._seen.at)

    def looked_at(self) -> float:
        """By the clock of the simulator, which other processes have as well."""
        return float(self._seen.at) + self._behind


def _departures(clock: _Watched) -> list[float]:
    """When each call of this process leaves, from now on."""
    found: list[float] = []
    wait = Pace.__call__

    def watched(pace: Pace) -> None:
        wait(pace)
        found.append(clock.looked_at())

    Pace.__call__ = watched  # type: ignore[method-assign, assignment]
    return found


def _instance(played: Stage, number: int, threads: int, start: Barrier, seconds: float, told: Any) -> None:
    clock = _Watched()
    left = _departures(clock)
    runtime, answers, lock = Runtime.build(played.settings, clock), Counter[str](), threading.Lock()
    domain, now = played.domains[0], int(time.time())
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600, "account_domain": domain}
    token = jwt.encode(claims | {"widget_type": "glass"}, APP_SECRET, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "X-Lead-Id": str(played.leads[domain])}
    start.wait()
    until = time.monotonic() + seconds

    def work(thread: int) -> None:
        count = 0
        while time.monotonic() < until:
            count += 1
            if count % _SAVES_EVERY == 0:
                body = json.dumps(calculation(number=f"{number}-{thread}-{count}")).encode()
                request = Request("POST", "/save_calculation", (), Headers(headers.items()), body)
            else:
                request = Request("GET", "/get_lead", (), Headers(headers.items()))
            answer = serve(handle, runtime, request)
            with lock:
                answers[f"{request.path[1:]} {answer.status}"] += 1
            if answer.status == 429:
                time.sleep(int(dict(answer.headers)["Retry-After"]) / 2)

    workers = [threading.Thread(target=work, args=(one,)) for one in range(threads)]
    with open(os.devnull, "w") as nothing, redirect_stdout(nothing):
        for one in workers:
            one.start()
        for one in workers:
            one.join()
    told.put((dict(answers), left))


def play(latency: float, seconds: float, instances: int, threads: int) -> dict[str, Any]:
    with stage(accounts=1) as played:
        played.add_contact(played.domains[0])
        played.simulator.control("limits", per_integration=10**6, per_account=10**6)  # it only counts here
        played.simulator.control("latency", seconds=latency)
        context = multiprocessing.get_context("fork")
        start, told = context.Barrier(instances + 1), context.Queue()
        processes = [
            context.Process(target=_instance, args=(played, number, threads, start, seconds, told))
            for number in range(instances)
        ]
        for process in processes:
            process.start()
        played.simulator.control("forget")
        start.wait(30)
        found = [told.get(timeout=seconds + 60) for _ in processes]
        for process in processes:
            process.join(10)
        requests = played.simulator.requests("/api/")
    arrived = sorted(request["at"] for request in requests)
    left = sorted(at for _, departures in found for at in departures)
    assert len(left) == len(arrived), (len(left), len(arrived))  # every call has its slot
    answers = sum((Counter(one) for one, _ in found), Counter[str]())
    counted = [at for at in arrived if arrived[0] + _WARM_UP <= at <= arrived[0] + seconds - _WARM_UP]
    return {
        "latency_ms": round(latency * 1000),
        "calls": len(arrived),
        "per_second": round(len(counted) / (seconds - 2 * _WARM_UP), 2),
        "most_left_in_any_second": max(_within_a_second(left)),
        "most_in_any_second": max(_within_a_second(arrived)),
        "latest_arrival_ms": round(1000 * max(there - here for here, there in zip(left, arrived, strict=True))),
        "answers": dict(sorted(answers.items())),
    }


def is_too_many(run: dict[str, Any]) -> bool:
    are_quick = run["latest_arrival_ms"] <= MARGIN_MS
    return bool(run["most_left_in_any_second"] > 7 or (are_quick and run["most_in_any_second"] > 7))


def _within_a_second(arrived: list[float]) -> list[int]:
    """For each arrival, how many came within the second that it begins."""
    counts, end = [], 0
    for start, moment in enumerate(arrived):
        while end < len(arrived) and arrived[end] < moment + 1:
            end += 1
        counts.append(end - start)
    return counts


@click.command()
@click.option("--seconds", default=60.0, show_default=True, help="For each latency.")
@click.option("--instances", default=4, show_default=True)
@click.option("--threads", default=4, show_default=True, help="Of each instance.")
@click.option("--latency", "latencies", multiple=True, type=float, default=_LATENCIES, show_default=True)
def main(seconds: float, instances: int, threads: int, latencies: tuple[float, ...]) -> None:
    """Prints a JSON summary; ends with 1 when more than seven left in any second, or arrived, where they were quick."""
    found = [play(latency, seconds, instances, threads) for latency in latencies]
    click.echo(json.dumps({"instances": instances, "threads": threads, "runs": found}, indent=2))
    sys.exit(int(any(is_too_many(one) for one in found)))


if __name__ == "__main__":
    main()
