"""A plugin of pytest: which test runs which line of the core, how long it takes, and whether it is green.

`-p tests.mutants.reached` with MUTANTS_MAP=FOLDER writes there, for each process, coverage's own file with a context
for each test, and a JSON of {test: seconds} of the green ones. What other processes run (demos, workers) is not seen.
"""

import json
import os
import warnings
from collections.abc import Generator
from pathlib import Path

import coverage
import pytest

from tests.mutants.core import ROOT, all_modules

_FOLDER = Path(os.environ["MUTANTS_MAP"])
_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "main")
_names: dict[str, str] = {}  # as this process says it -> as a command line says it
_seconds: dict[str, float] = {}
_not_green: set[str] = set()

_running = coverage.Coverage(
    data_file=_FOLDER / f"lines.{_PROCESS}", include=[str(ROOT / path) for path in all_modules()], config_file=False
)
_running.set_option("run:relative_files", True)
_running.start()  # before anything of the core is imported


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the long ones, those whose story this process tells itself: no campaign, no demo, nothing built anew."""
    items[:] = [
        one for one in items if one.get_closest_marker("long") is None or "tale" in getattr(one, "fixturenames", ())
    ]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    group = item.get_closest_marker("xdist_group")
    _names[item.nodeid] = item.nodeid.removesuffix(f"@{group.args[0]}") if group and group.args else item.nodeid
    _running.switch_context(_names[item.nodeid])
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if (name := _names.get(report.nodeid)) is None:
        return  # another process ran it
    _seconds[name] = _seconds.get(name, 0.0) + report.duration
    if report.outcome != "passed":
        _not_green.add(name)


def pytest_unconfigure() -> None:
    with warnings.catch_warnings(action="ignore"):  # the process that only hands out tests has no lines
        _running.stop()
        _running.save()
    green = {name: round(seconds, 3) for name, seconds in _seconds.items() if name not in _not_green}
    (_FOLDER / f"tests.{_PROCESS}.json").write_text(json.dumps(green), encoding="utf-8")
