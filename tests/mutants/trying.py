"""A copy of the tree, in which one change at a time is made and the tests are run."""

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from tests.mutants.changes import Change, Mutant
from tests.mutants.core import ROOT

_BEGINS_SECONDS: Final = 60  # PostgreSQL with all migrations and the simulator, on a busy machine
_TIMES_LONGER: Final = 10  # than the tests took when the map was made
_ENDS_SECONDS: Final = 15
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (.+)$", re.MULTILINE)

_written_at = itertools.count(int(time.time()) - 1_000_000)


class OverError(Exception):
    """The run was interrupted."""


class TooSlowError(Exception):
    """The tests do not end in time, or do not begin, without any change as well: nothing is known."""


class Copy:
    """`number` of the copies in .local/mutants; the files are those that git knows or would take."""

    def __init__(self, number: int) -> None:
        self.root = ROOT / ".local" / "mutants" / f"copy-{number}"
        shutil.rmtree(self.root, ignore_errors=True)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, stdout=subprocess.PIPE, check=True,
        ).stdout.decode()  # fmt: skip
        for path in filter(None, listed.split("\0")):
            source, target = ROOT / path, self.root / path
            if source.is_file() and not source.is_symlink():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        for name in (".venv", "node_modules"):
            if (ROOT / name).exists():
                (self.root / name).symlink_to((ROOT / name).resolve())
        self._running: subprocess.Popen[bytes] | None = None
        self._green: set[str] = set()
        self._is_over = False
        self.wavering: set[str] = set()  # tests that are red without a change

    def seen(self, mutant: Mutant, change: Change, tests: dict[str, float]) -> str | None:
        """The test that is red with the change and green without it, or "time" when they do not end; None when it
        survives. A test that is red in either case is not asked any more. Raises :class:`TooSlowError`."""
        while tests := {name: one for name, one in tests.items() if name not in self.wavering}:
            original = (self.root / mutant.path).read_text(encoding="utf-8")
            try:
                self._write(mutant.path, change.code)
                red = self._first_red(tests)
            finally:
                self._write(mutant.path, original)
            if red is None:
                return None
            asked = {red: tests[red]} if red in tests else tests
            if set(asked) <= self._green:
                return red
            still = self._first_red(asked)
            if still is None:
                self._green |= set(asked)
                return red
            if still not in asked:
                raise TooSlowError
            self.wavering.add(still)
        return None

    def _write(self, path: str, text: str) -> None:
        """With a time of its own: Python looks at that, in seconds, when it takes what it has compiled."""
        file, at = self.root / path, next(_written_at)
        file.write_text(text, encoding="utf-8")
        os.utime(file, (at, at))

    def _first_red(self, tests: dict[str, float]) -> str | None:
        """The name of a test, "time" or "import"; None when all are green."""
        folder = Path(tempfile.mkdtemp(prefix="mu"))  # short: sockets are below it
        folder.chmod(0o755)
        one_limit = round(_BEGINS_SECONDS + _TIMES_LONGER * max(tests.values()))
        limit = _BEGINS_SECONDS + _TIMES_LONGER * sum(tests.values())
        try:
            if self._is_over:
                raise OverError
            with (folder / "out").open("wb") as out:
                self._running = subprocess.Popen(
                    [sys.executable, "-m", "pytest", "-x", "-rfE", "--tb=no", f"--timeout={one_limit}", *tests],
                    cwd=self.root, env=os.environ | {"TMPDIR": str(folder), "COLUMNS": "1000"},
                    stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, process_group=0,
                )  # fmt: skip
                code = self._waited(self._running, limit)
            if self._is_over:
                raise OverError
            if code is None:
                return "time"
            told = (folder / "out").read_text(encoding="utf-8", errors="replace")
            if code == 0:
                return None
            failed = _FAILED.search(told)
            named = [one for one in tests if failed and failed[1].startswith(one)]
            return max(named, key=len, default="import")
        finally:
            self._end_what_runs()
            _end_postgres(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def _waited(self, process: "subprocess.Popen[bytes]", seconds: float) -> int | None:
        """Seconds in which this process, too, was running: a machine may have slept."""
        for _second in range(round(seconds)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(1)
        return None

    def give_up(self) -> None:
        """From another thread: what runs is ended, and nothing is begun."""
        self._is_over = True
        self._end_what_runs()

    def _end_what_runs(self) -> None:
        process = self._running
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            started = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            if process.poll() is None:
                process.send_signal(signal.SIGINT)  # its fixtures end what they began
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_ENDS_SECONDS)
            for one in started:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_postgres(folder: Path) -> None:
    for file in folder.glob("**/postmaster.pid"):
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(file.read_text().splitlines()[0]), signal.SIGQUIT)
