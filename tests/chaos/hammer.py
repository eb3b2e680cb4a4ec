"""Instances with threads call one account as fast as they may, by reads of two calls and saves, with latency; told is
how many calls left, and how many arrived, in any second.

When a slot is found open is what the limiter says itself; what counts for amoCRM is when calls arrive. A machine with
more to do than it can delivers what left well apart in a bunch, so its own lag is measured beside it, by threads that
only sleep and by a call of the simulator that no limiter holds: a bunch is the machine's doing only where that lag was
longer than the margin between two seconds just then. A delay of ours is not in it. `judged` is the share of calls that
were looked at, and told where it is little.

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
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from multiprocessing.synchronize import Barrier
from typing import Any

import click
import jwt

from functions.crm_api.handler import handle
from shared.connections.rate_limit import Pace
from shared.platform.clock import SystemClock
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage
from tests.control import Simulator
from tests.story import APP_SECRET, calculation

_LATENCIES = (0.02, 0.1, 0.4)
_SAVES_EVERY = 4  # so many requests hold one save
LIMIT = 7  # calls a second
MARGIN_MS = 30  # between seven calls and the next seven
_EVERY = 0.02  # seconds between two looks at the machine's lag
_BEFORE = 0.1  # seconds between a slot and the arrival, in which a lag counts
LITTLE = 0.5  # of the calls; when fewer could be judged the run says little about arrivals
_WARM_UP = 2.0  # seconds at the beginning, and at the end, that do not count for how much of the limit is used


Lag = tuple[float, float]  # from when to when the machine was late


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


def _lags(until: float, ask: Callable[[], object] = lambda: None) -> list[Lag]:
    """When this process, or whom it asks, was late, until then; without anything of ours that waits."""
    found: list[Lag] = []

    def watch() -> None:
        while time.monotonic() < until:
            began = time.time()
            time.sleep(_EVERY)
            ask()
            late = time.time() - began - _EVERY
            if late * 1000 > MARGIN_MS / 2:  # at both ends of a call it adds up
                found.append((began, began + _EVERY + late))

    threading.Thread(target=watch, daemon=True).start()
    return found


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
    lags = _lags(until)

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
    told.put((dict(answers), left, lags))


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
        pinger = Simulator(played.simulator.url)
        lags = _lags(time.monotonic() + seconds, lambda: pinger.control("webhooks"))
        found = [told.get(timeout=seconds + 60) for _ in processes]
        for process in processes:
            process.join(10)
        pinger.close()
        requests = played.simulator.requests("/api/")
    arrived = sorted(request["at"] for request in requests)
    left = sorted(at for _, departures, _ in found for at in departures)
    assert len(left) == len(arrived), (len(left), len(arrived))  # every call has its slot
    answers = sum((Counter(one) for one, *_ in found), Counter[str]())
    lags = sorted(lags + [lag for *_, of_instance in found for lag in of_instance])
    judged = [count for at, count in zip(arrived, _within_a_second(arrived), strict=True) if not _is_late(at, lags)]
    counted = [at for at in arrived if arrived[0] + _WARM_UP <= at <= arrived[0] + seconds - _WARM_UP]
    run = {
        "latency_ms": round(latency * 1000),
        "calls": len(arrived),
        "per_second": round(len(counted) / (seconds - 2 * _WARM_UP), 2),
        "most_left_in_any_second": max(_within_a_second(left)),
        "most_in_any_second": max(_within_a_second(arrived)),
        "most_judged_in_any_second": max(judged, default=0),
        "judged": round(len(judged) / len(arrived), 2),
        "latest_arrival_ms": round(1000 * max(there - here for here, there in zip(left, arrived, strict=True))),
        "answers": dict(sorted(answers.items())),
    }
    return run | {"violations": too_many(run)}


def too_many(run: dict[str, Any]) -> list[str]:
    """What is wrong, in words."""
    most = {"left": run["most_left_in_any_second"], "arrived": run["most_judged_in_any_second"]}
    return [f"{count} calls {what} within a second" for what, count in most.items() if count > LIMIT]


def is_judged(run: dict[str, Any]) -> bool:
    return bool(run["judged"] >= LITTLE)


def _is_late(at: float, lags: Sequence[Lag]) -> bool:
    """Whether the machine was late within the second that begins with this arrival, or right before it."""
    return any(began < at + 1 and ended > at - _BEFORE for began, ended in lags)


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
    """Prints a JSON summary; ends with 1 when more than seven left in any second, or arrived while the machine was
    quick, and with 2 when it was quick too rarely to say so."""
    found = [play(latency, seconds, instances, threads) for latency in latencies]
    click.echo(json.dumps({"instances": instances, "threads": threads, "runs": found}, indent=2))
    if any(one["violations"] for one in found):
        sys.exit(1)
    if not all(is_judged(one) for one in found):
        click.echo("The machine was too busy to judge when most calls arrived.", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
