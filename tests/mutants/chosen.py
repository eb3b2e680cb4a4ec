"""Which tests a mutant is shown to: those that run its line, by a map that one run of the tests with coverage makes.

The map outlives changes: tests of files that are new or changed are run into it, and lines of a changed module are
found where they have gone to. `MAP=new` makes it anew. An old map may choose worse tests: then more mutants survive.
"""

import ast
import difflib
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from coverage import CoverageData

from tests.mutants.changes import Mutant
from tests.mutants.core import ROOT, all_modules

_FILE: Final = ROOT / ".local" / "mutants" / "map.json"
# Their functions are processes of their own, or they wait for nothing of the core.
_WITHOUT: Final = ("tests/browser", "tests/test_browser.py", "tests/pictures", "tests/test_pictures.py")
# Seconds of the tests of one mutant, as the map took them; and of one that survived those.
TOGETHER: Final = (15.0, 75.0)
_LONGEST: Final = 5.0  # seconds of one test
_BETWEEN: Final = 0.03  # seconds


def test_files(root: Path) -> dict[str, str]:
    """Path -> a hash of its text."""
    files = (path.relative_to(root).as_posix() for path in sorted(root.glob("tests/**/test_*.py")))
    wanted = [one for one in files if not one.startswith(_WITHOUT)]
    return {one: hashlib.sha256((root / one).read_bytes()).hexdigest() for one in wanted}


class TestMap:
    """`seconds`: of each test that was green; `lines`: path -> line -> tests."""

    __test__ = False

    def __init__(self, kept: dict[str, Any]) -> None:
        self.files: dict[str, str] = kept.get("files", {})
        self.seconds: dict[str, float] = kept.get("seconds", {})
        self._sources: dict[str, str] = kept.get("sources", {})
        self._lines: dict[str, dict[int, set[str]]] = {
            path: {int(line): {kept["names"][one] for one in tests} for line, tests in lines.items()}
            for path, lines in kept.get("lines", {}).items()
        }
        self._gone_to: dict[str, dict[int, int]] = {}

    def keep(self, file: Path = _FILE) -> None:
        names = sorted(self.seconds)
        number = {name: index for index, name in enumerate(names)}
        lines = {
            path: {line: [number[one] for one in sorted(tests) if one in number] for line, tests in reached.items()}
            for path, reached in self._lines.items()
        }
        kept = {"files": self.files, "seconds": self.seconds, "sources": self._sources, "names": names, "lines": lines}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(kept), encoding="utf-8")

    def take(self, folder: Path, root: Path, files: dict[str, str]) -> None:
        """What `tests.mutants.reached` has written about `files`, which were run in `root`."""
        for path in all_modules():
            self._sources.setdefault(path, (root / path).read_text(encoding="utf-8"))
        self.seconds = {name: one for name, one in self.seconds.items() if name.split("::")[0] not in files}
        for written in folder.glob("tests.*.json"):
            self.seconds |= json.loads(written.read_text(encoding="utf-8"))
        for written in folder.glob("lines.*"):
            data = CoverageData(str(written))
            data.read()
            for measured in data.measured_files():
                path = Path(measured).relative_to(root).as_posix() if Path(measured).is_absolute() else measured
                old, reached = self._old_lines(path, root), self._lines.setdefault(path, {})
                for line, tests in data.contexts_by_lineno(measured).items():
                    if line in old:
                        reached.setdefault(old[line], set()).update(tests)
        self.files |= files

    def forget_what_is_gone(self, files: dict[str, str]) -> None:
        self.files = {path: text for path, text in self.files.items() if path in files}
        self.seconds = {name: one for name, one in self.seconds.items() if name.split("::")[0] in files}

    def _old_lines(self, path: str, root: Path) -> dict[int, int]:
        """Lines as they are now -> as they were when the map was begun."""
        if path not in self._gone_to:
            was, is_now = self._sources.get(path, ""), (root / path).read_text(encoding="utf-8")
            same = difflib.SequenceMatcher(None, was.splitlines(), is_now.splitlines(), autojunk=False)
            self._gone_to[path] = {
                block.b + one + 1: block.a + one + 1
                for block in same.get_matching_blocks()
                for one in range(block.size)
            }
        return self._gone_to[path]

    def _running(self, path: str, lines: tuple[int, ...]) -> set[str]:
        old, reached = self._old_lines(path, ROOT), self._lines.get(path, {})
        found = set().union(*(reached.get(old[line], ()) for line in lines if line in old))
        return {one for one in found if one in self.seconds}

    @cached_property
    def _most_of(self) -> dict[str, dict[str, int]]:
        """Path -> test -> how many of its lines it runs."""
        counted: dict[str, dict[str, int]] = {}
        for path, reached in self._lines.items():
            counted[path] = defaultdict(int)
            for tests in reached.values():
                for one in tests:
                    counted[path][one] += 1
        return counted

    def tests(self, mutant: Mutant, together: float = TOGETHER[0]) -> list[str]:
        """Fast ones first, `together` seconds of them. A third of the time is for the fastest; the rest in turns for
        those that run most of the module or are named after it, and for fast ones, of each function one with its
        parameters before a second."""
        running = self._reaching(mutant)
        stem, most = Path(mutant.path).stem, self._most_of.get(mutant.path, {})
        fastest = sorted(running, key=lambda one: self.seconds[one])
        closest = sorted(running, key=lambda one: (stem not in one, -most.get(one, 0), self.seconds[one]))
        in_turns = dict.fromkeys(one for pair in zip(closest, fastest, strict=True) for one in pair)
        times: dict[str, int] = defaultdict(int)
        place: dict[str, int] = {}
        for one in in_turns:
            function = one.partition("[")[0]
            place[one] = times[function]
            times[function] += 1
        chosen, left = set[str](), together
        for least, order in ((together * 2 / 3, fastest), (0.0, sorted(in_turns, key=lambda one: place[one]))):
            for one in order:
                cost = self.seconds[one] + _BETWEEN
                if one not in chosen and cost <= min(left - least, _LONGEST):
                    chosen.add(one)
                    left -= cost
        return sorted(chosen, key=lambda one: self.seconds[one]) or fastest[:1]

    def _reaching(self, mutant: Mutant) -> set[str]:
        if mutant.names:  # what stands outside of functions runs once: who reads the name?
            running = self._reading(mutant.path, mutant.names[0], {mutant.names[0]})
        else:
            running = self._running(mutant.path, mutant.lines)
        return running or self._running(mutant.path, mutant.around)

    def _reading(self, module: str, name: str, asked: set[str]) -> set[str]:
        """Tests that run a function with this name in it, or with a name that is made of it."""
        word, running = re.compile(rf"\b{name}\b"), set[str]()
        for path in [module] if name.startswith("_") else self._lines:
            text = (ROOT / path).read_text(encoding="utf-8")
            used = {number for number, line in enumerate(text.splitlines(), 1) if word.search(line)}
            for statement in ast.parse(text).body if used else ():
                lines = used.intersection(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
                target = (
                    statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
                )
                if lines and isinstance(target, ast.Name):
                    if target.id not in asked:
                        running |= self._reading(path, target.id, asked | {target.id})
                else:
                    running |= self._running(path, tuple(lines))
        return running


def of(root: Path, how: str) -> TestMap:
    """The map, brought up to the tests as they are in `root`, a copy of the tree; "new" makes it anew, "keep" takes it
    as it is."""
    kept = {} if how == "new" or not _FILE.exists() else json.loads(_FILE.read_text(encoding="utf-8"))
    made, files = TestMap(kept), test_files(root)
    if how == "keep":
        return made
    made.forget_what_is_gone(files)
    wanted = {path: text for path, text in files.items() if made.files.get(path) != text}
    if wanted:
        print(f"Which test runs which line: {len(wanted)} files of tests are run with coverage ...", flush=True)  # noqa: T201
        folder = _FILE.parent / "reached"
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        workers = str(2 * (os.cpu_count() or 1))
        command = [sys.executable, "-m", "pytest", "-p", "tests.mutants.reached", "-n", workers, "--dist", "loadgroup"]
        environment = os.environ | {"MUTANTS_MAP": str(folder)}
        with (_FILE.parent / "map.log").open("wb") as log:
            subprocess.run(  # what is red is not chosen
                [*command, *wanted],
                cwd=root,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        made.take(folder, root, wanted)
        made.keep()
    return made
