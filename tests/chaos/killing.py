"""Starting processes and ending them all: at a point of their own, or at a random instant.

A kill is an end by the SIGKILL that was sent for it. A worker that ends in any other way has not been killed: that is a
violation, told with its traceback.
"""

import multiprocessing
import os
import random
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from tests.chaos.stage import Stage


class Killer:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._context = multiprocessing.get_context("fork")
        self._running: list[tuple[Any, str | None, Path]] = []
        self._folder = Path(tempfile.mkdtemp(prefix="amokills"))
        self.kills: Counter[str] = Counter()
        self.killed: set[int] = set()
        self.violations: list[str] = []

    def next_point(self, points: Collection[str]) -> str:
        """One at which nobody was killed yet, or the fewest were: not every process comes to its own."""
        return min(points, key=lambda one: (self.kills[one], self._rng.random()))

    def start(self, work: Callable[..., None], orders: Any, point: str | None) -> None:
        """`point`: where the process ends itself; None leaves that to us."""
        file = self._folder / f"{len(self.killed)}-{len(self._running)}"
        process = self._context.Process(target=_told, args=(work, orders, file))
        process.start()
        self._running.append((process, point, file))

    def end_all(self, within: float) -> None:
        """Nobody survives. Those that had no chance at their own point are killed last."""
        ours = [index for index, (_, point, _) in enumerate(self._running) if point is None]
        instants = sorted((self._rng.uniform(0.02, within), index) for index in ours)
        started = time.monotonic()
        for instant, index in instants:
            time.sleep(max(0.0, started + instant - time.monotonic()))
            self._end(*self._running[index], "random")
        for process, point, file in self._running:
            if point is not None:
                process.join(1.0)
                self._end(process, point, file, "random" if process.exitcode is None else point)
        self._running.clear()

    def _end(self, process: Any, point: str | None, file: Path, booked_as: str) -> None:
        if process.exitcode is None:
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        if process.exitcode == -signal.SIGKILL:
            self.kills[booked_as] += 1
            self.killed.add(process.pid)
            return
        trace = file.read_text("utf-8") if file.exists() else "without a traceback"
        place = f"at {point}" if point else "at a random instant"
        self.violations.append(f"a worker that was to be killed {place} ended by {process.exitcode}: {trace}")


def _told(work: Callable[..., None], orders: Any, file: Path) -> None:
    try:
        work(orders)
    except BaseException:
        file.write_text(traceback.format_exc(), "utf-8")
        raise


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(5)  # never comes back


def die_around(place: Any, name: str, moment: str) -> None:
    """The process ends itself `before` or `after` that function of a module or class."""
    original: Callable[..., Any] = getattr(place, name)

    def dying(*args: Any, **named: Any) -> Any:
        if moment == "before":
            kill_myself()
        result = original(*args, **named)
        kill_myself()
        return result

    setattr(place, name, dying)


def restart_postgres(stage: Stage, rng: random.Random) -> None:
    """After a moment; it stays away for a moment, or for longer than the workers' tries to persist."""
    time.sleep(rng.uniform(0.0, 0.15))
    stage.postgres.stop()
    time.sleep(rng.choice([0.0, 0.3, 2.5]))
    stage.postgres.start()
