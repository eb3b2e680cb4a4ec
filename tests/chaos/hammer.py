"""Sixteen instances call one account as fast as they may; the simulator tells how many arrived in any second.

The instances are warm when the count begins: each has its connections open. (A cold one's first call arrives later than
its slot by the time its handshakes take, which on this machine sixteen of them would fight for.)
"""

import json
import multiprocessing
import time
from multiprocessing.synchronize import Barrier
from typing import Any

import click

from shared.amocrm import errors
from shared.connections import integrations
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage


def _hammer(played: Stage, start: Barrier, seconds: float) -> None:
    runtime = Runtime.build(played.settings)
    row = integrations.by_domain(runtime.database, played.domains[0], "glass")
    assert row is not None
    runtime.connections.call(row, lambda api: api.account())
    start.wait()
    start.wait()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            runtime.connections.call(row, lambda api: api.account())
        except errors.HeldBackError as error:
            time.sleep(min(error.retry_after, max(0.0, until - time.monotonic())) / 2)


def play(seconds: float, instances: int) -> dict[str, Any]:
    with stage(accounts=1) as played:
        played.simulator.control("limits", per_integration=10**6, per_account=10**6)  # it only counts here
        context = multiprocessing.get_context("fork")
        start = context.Barrier(instances + 1)
        processes = [context.Process(target=_hammer, args=(played, start, seconds)) for _ in range(instances)]
        for process in processes:
            process.start()
        start.wait(30)  # all are warm
        played.simulator.control("forget")
        start.wait(30)
        for process in processes:
            process.join(seconds + 30)
        requests = [request for request in played.simulator.requests() if request["path"] == "/api/v4/account"]
    arrived = sorted(request["at"] for request in requests)
    span = arrived[-1] - arrived[0]
    return {
        "instances": instances,
        "calls": len(arrived),
        "seconds": round(span, 1),
        "per_second": round(len(arrived) / span, 2),
        "most_in_any_second": max(_within_a_second(arrived)),
        "answered_429": sum(1 for request in requests if request["status"] == 429),
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
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--instances", default=16, show_default=True)
def main(seconds: float, instances: int) -> None:
    """Prints a JSON summary."""
    click.echo(json.dumps(play(seconds, instances), indent=2))


if __name__ == "__main__":
    main()
