"""How amoCRM answers this process, counted until it is kept in the database (:mod:`shared.storage.counters`).

Names: `amocrm.ok`, `amocrm.refused` (4xx), `amocrm.limited` (429), `amocrm.failed` (5xx), `amocrm.silent` (no answer),
`amocrm.ms_<most>` for how long it took: one of :data:`BOUNDS`, or `more`; and `amocrm.ms_sum`, all of it together.
"""

import threading
from collections import Counter
from typing import Final

BOUNDS: Final = (50, 100, 200, 400, 800, 1600, 3200, 6400)  # milliseconds

_lock = threading.Lock()
_counted: Counter[str] = Counter()


def count(status: int | None, seconds: float) -> None:
    """Notes one answer; `status` None: none came."""
    milliseconds = seconds * 1000
    bound = next((str(bound) for bound in BOUNDS if milliseconds <= bound), "more")
    with _lock:
        _counted[f"amocrm.{_kind(status)}"] += 1
        _counted[f"amocrm.ms_{bound}"] += 1
        _counted["amocrm.ms_sum"] += round(milliseconds)


def taken() -> Counter[str]:
    """What was counted since the last time."""
    with _lock:
        counted = _counted.copy()
        _counted.clear()
    return counted


def give_back(counted: Counter[str]) -> None:
    """For the next time: they could not be kept."""
    with _lock:
        _counted.update(counted)


def _kind(status: int | None) -> str:
    if status is None:
        return "silent"
    if status == 429:
        return "limited"
    return "failed" if status >= 500 else "refused" if status >= 400 else "ok"
