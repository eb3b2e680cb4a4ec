"""Many processes meet one expired token at the same instant: one of them refreshes, all of them get their answer."""

import json
import multiprocessing
import time
from typing import Any

import click

from shared.amocrm import errors
from shared.connections import integrations
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage


def _ask(played: Stage, barrier: Any, answers: Any) -> None:
    runtime = Runtime.build(played.settings)
    runtime.database.number("SELECT 1")
    barrier.wait()
    while True:
        row = integrations.by_domain(runtime.database, played.domains[0], "glass")
        assert row is not None
        try:
            answers.put(runtime.connections.call(row, lambda api: api.account())["id"])
            return
        except errors.HeldBackError as error:  # 32 calls are more than amoCRM takes within our patience
            time.sleep(error.retry_after)


def play(processes: int) -> dict[str, Any]:
    with stage(accounts=1) as played:
        played.clock.advance(hours=25)
        played.simulator.control("forget")
        played.simulator.control("latency", seconds=0.2)
        context = multiprocessing.get_context("fork")
        barrier, answers = context.Barrier(processes), context.SimpleQueue()
        herd = [context.Process(target=_ask, args=(played, barrier, answers)) for _ in range(processes)]
        started = time.monotonic()
        for process in herd:
            process.start()
        for process in herd:
            process.join(60)
        answered = sum(1 for process in herd if process.exitcode == 0)
        return {
            "processes": processes,
            "answers": answered,
            "refreshes": len(played.simulator.effects("token.refreshed")),
            "refused": len(played.simulator.effects("grant.refused")),
            "seconds": round(time.monotonic() - started, 1),
        }


@click.command()
@click.option("--processes", default=32, show_default=True)
def main(processes: int) -> None:
    """Prints a JSON summary."""
    click.echo(json.dumps(play(processes), indent=2))


if __name__ == "__main__":
    main()
