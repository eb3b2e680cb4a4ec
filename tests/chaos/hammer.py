"""Instances with threads call one account as fast as they may, by reads of two calls and by saves, with latency; the
simulator tells how many calls arrived in any second.

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
from shared.platform.endpoint import serve
from shared.platform.http import Headers, Request
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage
from tests.story import APP_SECRET, calculation

_LATENCIES = (0.02, 0.1, 0.4)
_SAVES_EVERY = 4  # so many requests hold one save
_WARM_UP = 2.0  # seconds at the beginning, and at the end, that do not count for how much of the limit is used


def _instance(played: Stage, number: int, threads: int, start: Barrier, seconds: float, told: Any) -> None:
    runtime, answers, lock = Runtime.build(played.settings), Counter[str](), threading.Lock()
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
    told.put(dict(answers))


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
        answers = sum((Counter(told.get(timeout=seconds + 60)) for _ in processes), Counter[str]())
        for process in processes:
            process.join(10)
        requests = played.simulator.requests("/api/")
    arrived = sorted(request["at"] for request in requests)
    counted = [at for at in arrived if arrived[0] + _WARM_UP <= at <= arrived[0] + seconds - _WARM_UP]
    return {
        "latency_ms": round(latency * 1000),
        "calls": len(arrived),
        "per_second": round(len(counted) / (seconds - 2 * _WARM_UP), 2),
        "most_in_any_second": max(_within_a_second(arrived)),
        "answers": dict(sorted(answers.items())),
    }


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
    """Prints a JSON summary; ends with 1 when more than seven arrived in any second."""
    found = [play(latency, seconds, instances, threads) for latency in latencies]
    click.echo(json.dumps({"instances": instances, "threads": threads, "runs": found}, indent=2))
    sys.exit(int(any(one["most_in_any_second"] > 7 for one in found)))


if __name__ == "__main__":
    main()
