"""`make mutants`: how many small mistakes in the core the tests see. Red when it is fewer than 85 of 100.

What was seen stays seen until the module changes, and a survivor is tried again when tests have changed; so a run that
was interrupted goes on, in .local/mutants.
"""

import contextlib
import fcntl
import functools
import hashlib
import itertools
import json
import queue
import signal
import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any, Final

import click

from tests.mutants import chosen, equivalent
from tests.mutants.changes import Change, Mutant, mutants
from tests.mutants.core import CORE, ROOT, modules
from tests.mutants.trying import Copy, OverError, TooSlowError

_WORKERS: Final = 2
_ENOUGH: Final = 0.85
_FOLDER: Final = ROOT / ".local" / "mutants"
_RESULTS: Final = _FOLDER / "results.jsonl"


def sampled(size: int | None, seed: str, subjects: list[str]) -> list[tuple[Mutant, Change]]:
    """As many of each subject as its share is, and at least three; all without a size. Nobody chooses but the seed."""
    rows: list[tuple[Mutant, Change]] = []
    of = {subject: [one for path in modules(subject) for one in mutants(ROOT, path)] for subject in subjects}
    everything = sum(len(one) for one in of.values())
    for possible in of.values():
        wanted = len(possible) if size is None else max(3, round(size * len(possible) / everything))
        taken = 0
        for one in sorted(possible, key=lambda one: _drawn(one, seed)):
            change = one.change((ROOT / one.path).read_text(encoding="utf-8")) if taken < wanted else None
            if change is not None:
                _key(one)  # of the module as it is now
                rows.append((one, change))
                taken += 1
    return rows


def _drawn(mutant: Mutant, seed: str) -> str:
    """What chance gives it. Nothing that happens to other mutants changes it."""
    return hashlib.sha256(f"{seed} {mutant.path} {mutant.operator} {mutant.occurrence}".encode()).hexdigest()


@functools.cache
def _key(mutant: Mutant) -> str:
    text = hashlib.sha256((ROOT / mutant.path).read_bytes()).hexdigest()[:16]
    return f"{mutant.path} {text} {mutant.operator} {mutant.occurrence}"


class Results:
    """By mutant: what saw it, or None. `state` is of the tests."""

    def __init__(self, state: str) -> None:
        self._state, self._kept = state, dict[str, dict[str, Any]]()
        if _RESULTS.exists():
            for line in _RESULTS.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError):  # the end of an interrupted run
                    row = json.loads(line)
                    self._kept[row["mutant"]] = row

    def of(self, mutant: Mutant) -> dict[str, Any] | None:
        row = self._kept.get(_key(mutant))
        return row if row and (row["by"] or row["state"] == self._state) else None

    def keep(self, mutant: Mutant, by: str | None, tests: int) -> None:
        row = {"mutant": _key(mutant), "by": by, "tests": tests, "state": self._state}
        self._kept[_key(mutant)] = row
        with _RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def _try_all(rows: list[tuple[Mutant, Change]], made: chosen.TestMap, copies: list[Copy], results: Results) -> None:
    waiting: queue.SimpleQueue[tuple[Mutant, Change]] = queue.SimpleQueue()
    for row in rows:
        waiting.put(row)
    total, done = len(rows), itertools.count(1)

    def work(copy: Copy) -> None:
        while True:
            try:
                mutant, change = waiting.get_nowait()
            except queue.Empty:
                return
            shown: set[str] = set()
            by = None
            try:
                for together in chosen.TOGETHER:
                    tests = [one for one in made.tests(mutant, together) if one not in shown]
                    shown.update(tests)
                    if tests and (by := copy.seen(mutant, change, {name: made.seconds[name] for name in tests})):
                        break
            except OverError:
                return
            except TooSlowError:
                click.echo(f"{next(done)}/{total} {mutant.path}:{mutant.line} not judged: the tests are too slow here")
                continue
            results.keep(mutant, by, len(shown))
            word = f"seen by {by}" if by else f"SURVIVED {len(shown)} tests"
            click.echo(f"{next(done)}/{total} {mutant.path}:{mutant.line} {word}")

    workers = [threading.Thread(target=work, args=(copy,)) for copy in copies]
    try:
        for one in workers:
            one.start()
        for one in workers:
            one.join()
    finally:
        for copy in copies:
            copy.give_up()
        for one in workers:
            one.join()


def _table(rows: list[tuple[Mutant, Change]], results: Results, known: equivalent.Known) -> float:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    subject_of = {path: subject for subject in CORE for path in modules(subject)}
    survivors = []
    for mutant, change in rows:
        row, subject = results.of(mutant), subject_of[mutant.path]
        if row is None:
            continue
        how = "seen" if row["by"] else "equivalent" if known.why(mutant.path, change) else "survived"
        counted[subject][how] += 1
        counted["all"][how] += 1
        if how == "survived":
            survivors.append((mutant, change, row["tests"]))
    click.echo(
        "\n| Subject | Mutants | Seen | Survived | Equivalent | Score |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for subject in (*CORE, "all"):
        if one := counted.get(subject):
            click.echo(
                f"| {subject} | {one.total()} | {one['seen']} | {one['survived']} | {one['equivalent']} "
                f"| {_score(one):.0%} |"
            )
    for mutant, change, tests in sorted(survivors, key=lambda one: (one[0].path, one[0].line)):
        click.echo(f"\n{mutant.path}:{mutant.line} ({tests} tests run it)\n- {change.was}\n+ {change.becomes}")
    return _score(counted["all"])


def _score(one: Counter[str]) -> float:
    return one["seen"] / max(1, one["seen"] + one["survived"])


@click.command()
@click.option("--sample", default="60", show_default=True, help="How many mutants, or `all`.")
@click.option("--seed", default=None, help="Which ones; today's date when it is not given.")
@click.option("--only", default="", help=f"Some of: {' '.join(CORE)}.")
@click.option(
    "--map", "which_map", default="", help="`new` makes the map of lines and tests anew, `keep` takes it as it is."
)
def main(sample: str, seed: str | None, only: str, which_map: str) -> None:
    """Plants small mistakes into the core, and prints a table of what the tests saw."""
    for one in (signal.SIGINT, signal.SIGTERM):  # jobs in the background ignore the first
        signal.signal(one, signal.default_int_handler)
    seed = seed or datetime.now(UTC).date().isoformat()
    rows = sampled(None if sample == "all" else int(sample), seed, only.split() or list(CORE))
    click.echo(f"{len(rows)} mutants, SEED={seed}")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    lock = (_FOLDER / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until this process ends
    except OSError:
        raise click.ClickException("Another run of `make mutants` is at it in this checkout.") from None
    copies = [Copy(number) for number in range(_WORKERS)]
    made = chosen.of(copies[0].root, which_map)
    results = Results(hashlib.sha256(json.dumps(made.files, sort_keys=True).encode()).hexdigest()[:16])
    known = equivalent.Known()
    for path, was in known.gone():
        click.echo(f"{equivalent.FILE.name}: {path} has no {was!r} any more", err=True)
    left = [row for row in rows if results.of(row[0]) is None and not known.why(row[0].path, row[1])]
    for mutant, change in rows:
        if known.why(mutant.path, change) and results.of(mutant) is None:
            results.keep(mutant, None, 0)
    left.sort(key=lambda row: _drawn(row[0], seed))  # so that an interrupted run, too, is a sample
    try:
        _try_all(left, made, copies, results)
    except KeyboardInterrupt:
        click.echo("Interrupted; the next run goes on. So far:")
    score = _table(rows, results, known)
    if score < _ENOUGH:
        raise click.ClickException(f"The tests saw {score:.0%}; {_ENOUGH:.0%} is wanted.")


if __name__ == "__main__":
    main()
