"""The tests of `make test` many times in a row, under circumstances that machines have: cold, busy, and quiet.

Nothing is repeated that was red: a test that wavers is found here, with its log, and not by the next person.
"""

import ctypes
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from tests import page_cache
from tests.demo import ROOT

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def _spin() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    while True:
        pass


@contextmanager
def _busy(cores: int) -> Iterator[None]:
    others = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(cores)]
    for one in others:
        one.start()
    try:
        yield
    finally:
        for one in others:
            one.kill()
            one.join()


def _run(number: int, stories: Sequence[str], folder: Path) -> dict[str, Any]:
    log, started = folder / f"{number}.log", time.monotonic()
    with log.open("wb") as file:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *stories], cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, timeout=3600
        )
    last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
    told = re.sub(r"[= ]+$|^[= ]+", "", last[0]) if last else ""
    return {"green": ended.returncode == 0, "seconds": round(time.monotonic() - started), "told": told, "log": log.name}


@click.command()
@click.option("--runs", default=10, show_default=True)
@click.option("--out", default=ROOT / ".local" / "soak", type=click.Path(file_okay=False, path_type=Path), help="Logs.")
@click.argument("stories", nargs=-1)
def main(runs: int, out: Path, stories: tuple[str, ...]) -> None:
    """STORIES: what pytest is told, as `make soak-tests` tells it.

    Prints a line of JSON for each run; ends with 1 when any was red. The second and third have busy cores."""
    out.mkdir(parents=True, exist_ok=True)
    red = 0
    for number in range(1, runs + 1):
        how = "quiet"
        if number == 1:
            how = "after dropping the page cache" if page_cache.drop() else "quiet: the page cache could not be dropped"
        is_busy = number in (2, 3)
        with _busy((os.cpu_count() or 2) if is_busy else 0):
            told = _run(number, stories, out)
        click.echo(json.dumps({"run": number, "how": "all cores kept busy" if is_busy else how} | told))
        red += not told["green"]
    if red:
        raise click.ClickException(f"{red} of {runs} runs were red; their logs are in {out}")


if __name__ == "__main__":
    main()
