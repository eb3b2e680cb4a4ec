"""Functions and commands of a town whose clock is moved by hours, each in a process of its own.

`functions_framework --source benchmarks/load/moved.py`, with the function's name in TOWN_FUNCTION;
`python -m benchmarks.load.moved restore-tokens` is `python -m cli restore-tokens`. By how many seconds time has moved
stands in the file TOWN_CLOCK, which `town.FiledClock` writes. Planted defects are planted here, too.
"""

import importlib
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.platform.clock import SystemClock


def _move_time() -> None:
    file = Path(os.environ["TOWN_CLOCK"])

    def moved_by() -> float:
        return float(file.read_text())

    def now(self: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=moved_by())

    def monotonic(self: SystemClock) -> float:
        return time.monotonic() + moved_by()

    SystemClock.now = now  # type: ignore[method-assign]
    SystemClock.monotonic = monotonic  # type: ignore[method-assign]


def _http() -> Any:
    return importlib.import_module(f"functions.{os.environ['TOWN_FUNCTION']}.main").http


_move_time()
if "TOWN_PLANTED" in os.environ:
    importlib.import_module("tests.chaos.planted_in_towns").plant()
if __name__ == "__main__":
    from cli.commands import main

    main()
else:
    http = _http()
