"""Starting processes and ending them all: at a point of their own, or at a random instant."""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.chaos.stage import Stage


class Killer:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._context = multiprocessing.get_context("fork")
        self._running: list[tuple[Any, str | None]] = []
        self.kills: Counter[str] = Counter()
        self.killed: set[int] = set()

    def start(self, work: Callable[..., None], orders: Any, point: str | None) -> None:
        """`point`: where the process ends itself; None leaves that to us."""
        process = self._context.Process(target=work, args=(orders,))
        process.start()
        self._running.append((process, point))

    def end_all(self, within: float) -> None:
        """Nobody survives. Those that had no chance at their own point are killed last."""
        instants = sorted(
            ((self._rng.uniform(0.02, within), process) for process, point in self._running if point is None),
            key=lambda pair: pair[0],
        )
        started = time.monotonic()
        for instant, process in instants:
            time.sleep(max(0.0, started + instant - time.monotonic()))
            self._end(process)
        for process, point in self._running:
            if point is not None:
                process.join(1.0)
                if process.exitcode is None:
                    self._end(process)
                else:
                    self.kills[point] += 1
                    self.killed.add(process.pid)
        self._running.clear()

    def _end(self, process: Any) -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        self.kills["random"] += 1
        self.killed.add(process.pid)


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(5)  # never comes back


def restart_postgres(stage: Stage, rng: random.Random) -> None:
    """After a moment; it stays away for a moment, or for longer than the workers' tries to persist."""
    time.sleep(rng.uniform(0.0, 0.15))
    stage.postgres.stop()
    time.sleep(rng.choice([0.0, 0.3, 2.5]))
    stage.postgres.start()
