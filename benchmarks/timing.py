"""How long a piece of work takes, and how busy the machine is at the same moment."""

import statistics
import time
from collections.abc import Callable
from typing import Final

from shared.storage.database import Database

# Work that is always the same: most of it PostgreSQL's, as most of what is timed.
_YARDSTICK: Final = "SELECT count(*) FROM generate_series(1, 100000)"
_YARDSTICK_MS: Final = 11.0  # on a quiet machine of two cores: 9 to 12


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def repeated(
    database: Database, work: Callable[[], object], repeats: int, undo: Callable[[], object] | None = None
) -> dict[str, float]:
    """`p50_ms`, `p99_ms`, and `yardstick_ms`: what the yardstick took in between (p50). `undo`: after each, not
    timed."""
    times, yardsticks = [], []
    for _ in range(repeats):
        yardsticks.append(timed(lambda: database.number(_YARDSTICK)))
        times.append(timed(work))
        if undo is not None:
            undo()
    p99 = sorted(times)[int(0.99 * (repeats - 1))]
    told = {"p50_ms": statistics.median(times), "p99_ms": p99, "yardstick_ms": statistics.median(yardsticks)}
    return {name: round(value, 2) for name, value in told.items()}


def is_slow(told: dict[str, float], most_ms: float) -> bool:
    """Whether its p50 is more than that; on a machine that is kept busy, as much more as the yardstick took then."""
    return told["p50_ms"] > most_ms * max(1.0, told["yardstick_ms"] / _YARDSTICK_MS)
