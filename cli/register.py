"""`register`: docs/vendor.md, what is known of amoCRM, gathered from marks in the code and in the tests.

A rule is declared where it is relied on, and named again where else it is played or used:

    # vendor: lists.filters (production) Filters are switched on per account; where they are off they are ignored.
    # source: where that was seen, in one sentence

    # vendor: lists.filters

A test that holds it carries `@pytest.mark.vendor("lists.filters")`; the probe tries it as `fact("lists.filters", …)`.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cli.vendor_news import CLIENT, READ_TO, READ_UNTIL

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = ROOT / "docs" / "vendor.md"

SURE: Final = {
    "code": "the vendor's own code, or the library that its endpoint speaks",
    "page": "the vendor's documentation",
    "production": "code or notes of an integration that runs against real accounts",
    "report": "what people reported in public",
    "guess": "ours; nothing here rests on it without looking",
}
_FOLDERS: Final = ("shared", "features", "functions", "cli", "web", "clients", "simulator")
_PROBE: Final = "cli/probe"
_ID = re.compile(r"[a-z_]+\.[a-z_0-9]+")
_MARK = re.compile(r"\s*(?:#|//) vendor: (?P<id>[a-z_]+\.[a-z_0-9]+)(?: \((?P<sure>\w+)\) (?P<text>.+))?$")
_MORE = re.compile(r"\s*(?:#|//) (?P<text>.+)$")
_SOURCE: Final = "source: "


class WrongMarksError(Exception):
    """Each line says what is wrong, and where."""


@dataclass
class Rule:
    id: str
    sure: str = ""
    text: str = ""
    source: str = ""
    places: list[str] = field(default_factory=list)  # files; the one that declares it first
    tests: list[str] = field(default_factory=list)  # file::function
    is_probed: bool = False


def read(root: Path = ROOT) -> list[Rule]:
    """All rules, by id. Raises :class:`WrongMarksError`."""
    rules: dict[str, Rule] = {}
    wrong: list[str] = []
    named: defaultdict[str, list[str]] = defaultdict(list)
    for file in files(root):
        place = file.relative_to(root).as_posix()
        for rule in _marks(file.read_text(encoding="utf-8").splitlines()):
            if rule.text and rule.id in rules:
                wrong.append(f"{place}: {rule.id} is declared in {rules[rule.id].places[0]} already")
            elif rule.text:
                if rule.sure not in SURE:
                    wrong.append(f"{place}: {rule.id} is ({rule.sure}); there are {', '.join(SURE)}")
                if not rule.source:
                    wrong.append(f"{place}: {rule.id} has no source")
                rules[rule.id] = rule
                rule.places.append(place)
            else:
                named[rule.id].append(place)
    tests = _named_by(root / "tests", "vendor")
    probed = _probed_by(root / _PROBE)
    for what, names in (("named", named), ("tested", tests), ("probed", probed)):
        unknown = {id_: places for id_, places in names.items() if id_ not in rules}
        wrong += [f"{', '.join(places)}: {id_} is {what}, and declared nowhere" for id_, places in unknown.items()]
    for id_, rule in rules.items():
        rule.places += [place for place in dict.fromkeys(named[id_]) if place not in rule.places]
        rule.tests = list(dict.fromkeys(tests[id_]))
        rule.is_probed = id_ in probed
        if not rule.tests:
            wrong.append(f"{rule.places[0]}: {id_} has no test")
    if wrong:
        raise WrongMarksError("\n".join(sorted(wrong)))
    return sorted(rules.values(), key=lambda rule: rule.id)


def text(rules: list[Rule]) -> str:
    """docs/vendor.md."""
    lines = [
        "# What is known of amoCRM",
        "",
        "Written by `make register` from marks in the code: a rule stands where it is relied on (`# vendor: …`), and",
        "each has a test. `python -m cli probe` tries those that can be tried from outside in a real account",
        "([probe.md](probe.md)).",
        "",
        f"The history of the vendor's own client ({CLIENT}) was read until {READ_UNTIL}, {READ_TO}. What came since:",
        "`make vendor-news` ([operations.md](operations.md#the-vendors-news)).",
        "",
        "How sure:",
        "",
        *(f"- **{sure}**: {meaning} ({sum(rule.sure == sure for rule in rules)})." for sure, meaning in SURE.items()),
        "",
        "A guess that says *looked for again* was searched for in public code, in issues and in the vendor's pages, in",
        "November 2026.",
    ]
    subject = None
    for rule in rules:
        if (here := rule.id.partition(".")[0]) != subject:
            subject = here
            lines += [
                "",
                f"## {subject}",
                "",
                "| rule | how sure | source | where | tests | probe |",
                "|---|---|---|---|---|---|",
            ]
        where = ", ".join(f"[{Path(place).name}](../{place})" for place in rule.places)
        tests = ", ".join(_linked(test) for test in rule.tests)
        told = f"**{rule.id}** {rule.text}"
        cells = (_cell(told), rule.sure, _cell(rule.source), where, tests, "yes" if rule.is_probed else "—")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def files(root: Path = ROOT) -> Iterator[Path]:
    """Where marks may be; not here, where one is shown."""
    for folder in _FOLDERS:
        for suffix in ("*.py", "*.js"):
            yield from (file for file in sorted((root / folder).rglob(suffix)) if file != Path(__file__))


def _marks(lines: list[str]) -> Iterator[Rule]:
    number = 0
    while number < len(lines):
        found = _MARK.match(lines[number])
        number += 1
        if found is None or not found["text"]:
            if found is not None:
                yield Rule(found["id"])
            continue
        words = [found["text"]]
        while number < len(lines) and (more := _MORE.match(lines[number])) and not _MARK.match(lines[number]):
            words.append(more["text"])
            number += 1
        told, _, source = " ".join(words).partition(_SOURCE)
        yield Rule(found["id"], found["sure"], told.strip(), source.strip())


def _named_by(folder: Path, decorator: str) -> defaultdict[str, list[str]]:
    """Rule → functions that `@…decorator("rule", …)`, or a module's `pytestmark`, names it for."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for file in sorted(folder.rglob("*.py")) if folder.exists() else ():
        where = file.relative_to(folder).as_posix()
        content = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(content)) if f"{decorator}(" in content else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                marks, name = node.decorator_list, f"{where}::{node.name}"
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "pytestmark":
                marks, name = [node.value], where
            else:
                continue
            for mark in marks:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func).split(".")[-1] == decorator:
                    for rule in mark.args:
                        if isinstance(rule, ast.Constant) and _ID.fullmatch(str(rule.value)):
                            named[str(rule.value)].append(name)
    return named


def _probed_by(folder: Path) -> defaultdict[str, list[str]]:
    """Rule → files that hand it to something called fact, as a decorator or not."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for file in sorted(folder.rglob("*.py")) if folder.exists() else ():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith("fact"):
                rule = node.args[0]
                if isinstance(rule, ast.Constant) and _ID.fullmatch(str(rule.value)):
                    named[str(rule.value)].append(file.name)
    return named


def _linked(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[{(name or Path(file).name).removeprefix('test_')}](../tests/{file})"


def _cell(words: str) -> str:
    return words.replace("|", r"\|")
