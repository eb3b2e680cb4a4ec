"""The rooms of `features/` and `shared/`: their floors, and the picture of them."""

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import floors
from features import registry
from shared.actions.feature import Feature
from tests import checkout
from tests.demo import ROOT


def test_the_picture_is_of_the_contracts() -> None:
    for file in floors.FILES:
        text = file.read_text(encoding="utf-8")
        assert text == floors.written(text), "run: python -m cli floors"


def test_every_room_stands_on_a_floor_and_says_what_it_is_for() -> None:
    rooms = {room for floor in floors.layers() for room in floor}
    there = {
        f"{root}.{one.stem}"
        for root in ("shared", "features")
        for one in (ROOT / root).iterdir()
        if one.stem not in ("__init__", "__pycache__")
    }
    assert rooms == there | {"functions"}
    assert all(not row.endswith(") |") and ")<br>" not in row for row in floors.picture().splitlines()[2:])


def test_30_the_panel_lets_choose_whatever_is_delivered() -> None:
    """Appointments were in its list of deliveries, and not in the choice above it."""
    delivered = {name for feature in registry.features() for name in feature.planners}
    panel = (ROOT / "web" / "admin" / "deliveries.js").read_text(encoding="utf-8")
    (choice,) = re.findall(r"const WRITES = (\[.*?\]);", panel)
    assert delivered <= set(json.loads(choice))
    words = json.loads((ROOT / "web" / "i18n" / "en.json").read_text(encoding="utf-8"))
    assert all(f"action.{name}" in words for name in json.loads(choice))


def test_every_part_that_the_panel_loads_later_can_be_had_when_it_is_tried_again() -> None:
    """38-3: where a browser keeps a failure, `import()` stays failed until the page is loaded anew; `moduleOf` sees to
    that, and says what failed in the reader's words."""
    in_comments = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
    panel = (ROOT / "web" / "admin").glob("*.js")
    found = {file.name for file in panel if "import(" in in_comments.sub("", file.read_text(encoding="utf-8"))}
    assert found == {"modules.js"}


_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
_MOST_LINES = 10_000


def _lines_of_code(text: str) -> int:
    """Lines with a token that is neither a comment nor of a docstring."""
    told: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                told |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {line for one in tokens if one.type not in _NO_CODE for line in range(one.start[0], one.end[0] + 1)}
    return len(lines - told)


def test_34_2_the_library_stays_small(record_property: Callable[[str, object], None]) -> None:
    """docs/tour.md promises it. What would make it larger belongs into a feature, or takes the place of something."""
    lines = sum(_lines_of_code(one.read_text(encoding="utf-8")) for one in (ROOT / "shared").rglob("*.py"))
    assert lines < _MOST_LINES, f"shared/ has {lines:,} lines of code"
    record_property("lines of code of shared/", lines)
    for file in floors.FILES:
        assert re.search(r"10[,\u00a0 ]000", file.read_text(encoding="utf-8")), file


def test_34_2_comments_docstrings_and_empty_lines_are_no_code() -> None:
    text = '"""What it is\n\nfor."""\n\n# Why.\nA = (\n    1,  # one\n\n)\n\n\n'
    text += 'def f() -> str:\n    """It."""\n    return """a\nb"""\n'
    assert _lines_of_code(text) == 6


# Up, across, and between functions.
_WRONG_ARROWS = {
    "shared.platform.clock": "shared.storage.database",
    "shared.amocrm.hosts": "shared.storage.database",
    "shared.deliveries.items": "shared.runtime",
    "features.submissions.model": "features.calculations.model",
    "functions.refresh_tokens.run": "functions.run_deliveries.run",
}


def test_each_wrong_arrow_breaks_a_contract(tmp_path: Path) -> None:
    checkout.copy(("shared", "features", "functions", "cli", "simulator", "pyproject.toml"), tmp_path)
    for importer, imported in _WRONG_ARROWS.items():
        changed = tmp_path / f"{importer.replace('.', '/')}.py"
        changed.write_text(f"{changed.read_text()}\nimport {imported}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    told = re.findall(r"^ *-? *(\S+) -> (\S+) \(l\.\d+\)$", ended.stdout, re.MULTILINE)
    assert set(told) == set(_WRONG_ARROWS.items()), ended.stdout


# What a name in a feature's declaration stands for.
_ROLES = {
    "actions": "Action",
    "planners": "Planner[Any]",
    "settings": "SettingsPart",
    "webhooks": "Mapping[str, type[Struct]]",
    "examples": "Mapping[str, Any]",
    "scheduled_task": "ScheduledTask",
    "backlog": "Mapping[str, LiteralString]",
    "on_disconnect": "OnDisconnect",
    "hooks": "Hook",
    "reads": "Hook",
    "pages": "CardPage",
    "quotation": "QuotationSource",
    "submission": "Submitter",
}
_DECLARED = """
from collections.abc import Mapping
from typing import Any, LiteralString
from msgspec import Struct
from shared.actions.action import Action
from shared.actions.feature import CardPage, Hook, OnDisconnect, Planner, QuotationSource, ScheduledTask
from shared.actions.feature import SettingsPart, Submitter
"""


@pytest.mark.long
def test_34_3_types_hold_what_features_name_in_words(tmp_path: Path) -> None:
    """Names are words so that a cold start imports nothing for them; to mypy they are said as imports."""
    assert set(_ROLES) == set(Feature.__struct_fields__)
    named = [("Action", "features.registry:features")]  # a wrong one
    for feature in registry.features():
        for field, role in _ROLES.items():
            given = getattr(feature, field)
            named += [(role, one) for one in ([given] if isinstance(given, str) else (given or {}).values())]
    file = tmp_path / "declared.py"
    lines = [
        f"from {home.replace(':', ' import ')} as n{at}\nv{at}: {role} = n{at}" for at, (role, home) in enumerate(named)
    ]
    file.write_text(_DECLARED + "\n".join(lines))
    command = [str(Path(sys.executable).with_name("mypy")), "--no-pretty", str(file)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    (only, _) = ended.stdout.splitlines()
    assert 'variable has type "Action"' in only, ended.stdout


# What a feature leaves behind that needs all that it needed.
_REST = {
    "automations": ["tests/submissions/test_mapping.py"],
    "bookings": ["tests/submissions/test_mapping.py"],
    "calculations": ["tests/submissions/test_submissions.py"],
    "submissions": ["tests/calculations/test_calculators.py"],
    "changes": ["tests/test_settings.py"],
}
# A feature that has an address of its own has a function, too.
_OWN_FUNCTIONS = {"changes": ["functions/amocrm_events"]}
_COPIED = (
    "shared", "features", "functions", "cli", "simulator", "tests", "web", "widgets", "clients",
    "db_migrations", "docs",
    "pyproject.toml",
)  # fmt: skip
_IMPORT_ALL = """
import pkgutil, importlib, features, functions, shared, cli
from cli import openapi
for root in (features, functions, shared, cli):
    for one in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
        if not one.name.endswith((".__main__", ".main")):
            importlib.import_module(one.name)
print(*openapi.document()["paths"])
"""


@pytest.mark.parametrize("feature", _REST)
@pytest.mark.long
def test_a_subject_is_removed_with_its_folder_and_one_line(feature: str, tmp_path: Path) -> None:
    checkout.copy(_COPIED, tmp_path)
    for folder in (f"features/{feature}", f"tests/{feature}", *_OWN_FUNCTIONS.get(feature, ())):
        shutil.rmtree(tmp_path / folder)
    registry = tmp_path / "features" / "registry.py"
    lines = registry.read_text().splitlines(keepends=True)
    kept = [line for line in lines if f"features.{feature}." not in line]
    assert len(kept) == len(lines) - 1
    registry.write_text("".join(kept))

    def run(*command: str) -> str:
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
        return ended.stdout

    actions = run(sys.executable, "-c", _IMPORT_ALL)
    own = {
        "automations": "/get_automations",
        "bookings": "/get_slots",
        "calculations": "/save_calculation",
        "submissions": "/submit_form",
        "changes": "/get_changes",
    }
    assert {name for name, action in own.items() if action in actions} == set(own) - {feature}
    contracts = tmp_path / "pyproject.toml"
    contracts.write_text(
        contracts.read_text().replace(
            '"functions.amocrm_events", ', "" if feature == "changes" else '"functions.amocrm_events", '
        )
    )
    run(str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache")
    run(sys.executable, "-m", "pytest", "-x", *_REST[feature])
