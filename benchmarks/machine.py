"""What a figure depends on beside our code: how quick the machine is, and whether it was busy to the last.

Where both cores are full, a ratio of wall times tells about the simulator and PostgreSQL as much as about us; then
the CPU time of this process is what holds on another machine.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

USUAL_RECKONING_MS: Final = 9.0  # on the machine on which bars were set, with nothing else to do
_FULL: Final = 0.9  # of all cores


def reckoning_ms() -> float:
    """Milliseconds for a piece of work that is always the same, in Python."""
    times = []
    for _ in range(5):
        began = time.process_time()
        sum(number * number % 7 for number in range(200_000))
        times.append(time.process_time() - began)
    return round(statistics.median(times) * 1000, 1)


@contextmanager
def watched() -> Iterator[dict[str, Any]]:
    """Fills in what the machine was like: `{reckoning_ms, busy, was_the_limit}`; `busy` is the share of all cores."""
    import psutil  # which whoever asks for the reckoning alone need not have

    told: dict[str, Any] = {"reckoning_ms": reckoning_ms()}
    psutil.cpu_percent()
    yield told
    told["busy"] = round(psutil.cpu_percent() / 100, 2)
    told["was_the_limit"] = told["busy"] >= _FULL
