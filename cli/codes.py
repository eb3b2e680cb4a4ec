"""`codes`: the table of problem codes in docs/http.md and its translation, gathered from where errors are declared."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli import texts
from shared.amocrm.errors import ADDRESS_BLOCKED
from shared.amocrm.oauth_errors import Meaning
from shared.platform.catalogues import catalogue
from shared.platform.problems import TITLES

ROOT: Final = Path(__file__).resolve().parents[1]
FILES: Final = {"en": ROOT / "docs" / "http.md", "ru": ROOT / "docs" / "http.ru.md"}
_HEADS: Final = {"en": "| status | code | what it says |", "ru": "| статус | код | что говорит |"}
_VENDORS_WORDS: Final = "amoCRM's own words, and what helps."
_TRANSLATED: Final = {"ru": {_VENDORS_WORDS: "Слова самой amoCRM и что поможет."}}
_FOLDERS: Final = ("shared", "features", "functions")
_MANY: Final = 5
_BEGIN: Final = "<!-- codes: python -m cli codes -->\n"
_END: Final = "<!-- end of codes -->\n"

# Declared with a status and a code; and raised with a code, where one place gives all of them their status.
_WITH_STATUS: Final = frozenset({"Problem", "Kind"})
_STATUS_OF: Final = {"AuthorizationFailedError": 422, "RefreshDelayedError": 503}
_BACK_OFF: Final = "_back_off"  # of the rotation: its second argument is the code of a RefreshDelayedError


@dataclass(frozen=True, slots=True, order=True)
class Code:
    status: int
    code: str
    detail: str  # what the person reads; … where something of the case stands


def read(root: Path = ROOT) -> list[Code]:
    """Every code once for each status, with the first text that is found for it."""
    found: dict[tuple[int, str], Code] = {}
    files = [file for folder in _FOLDERS for file in sorted((root / folder).rglob("*.py"))]
    for file in files:
        for one in _declared(ast.parse(file.read_text(encoding="utf-8"))):
            known = found.get((one.status, one.code))
            if known is None or not known.detail:
                found[one.status, one.code] = one
    words = {str(one): _VENDORS_WORDS for one in Meaning if one is not Meaning.GRANT_DEAD}
    for code, detail in (words | {"address_blocked": ADDRESS_BLOCKED.template}).items():
        for status in _STATUS_OF.values():
            found.setdefault((status, code), Code(status, code, detail))
    return sorted(found.values())


def table(codes: list[Code], language: str = "en") -> str:
    lines, known = [_HEADS[language], "|---|---|---|"], _known(language)
    for one in codes:
        detail = known.get(one.detail, one.detail) or "—"
        lines.append(f"| {one.status} {TITLES[one.status]} | `{one.code}` | {detail} |")
    return "\n".join(lines) + "\n"


def _known(language: str) -> dict[str, str]:
    """What the sentences are in the language; they are written in English."""
    if language == "en":
        return {}
    told = catalogue(language)
    known = {
        _gaps(many or one): _gaps(told.ngettext(one, many, _MANY) if many else told.gettext(one))
        for one, many in texts.extracted().items()
    }
    return known | _TRANSLATED[language]


def _gaps(sentence: str) -> str:
    return re.sub(r"\{\w+\}", "…", sentence)


def written(text: str, codes: list[Code], language: str = "en") -> str:
    """The document with the table in its place."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{FILES[language].name} has no place for the table")
    return f"{before}{begin}{table(codes, language)}{end}{after}"


def _declared(tree: ast.Module) -> Iterator[Code]:
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and len(node.targets) == 1]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, given = ast.unparse(node.func).split(".")[-1], node.args
        if name in _STATUS_OF:
            given = [ast.Constant(_STATUS_OF[name]), *given]
        elif name == _BACK_OFF:
            given = [ast.Constant(_STATUS_OF["RefreshDelayedError"]), *given[1:]]
        elif name not in _WITH_STATUS:
            continue
        match given:
            case [ast.Constant(value=int(status)), ast.Constant(value=str(code)), *rest]:
                yield Code(status, code, _text(rest[0], assigned) if rest else "")
            case [ast.Constant(value=int()), ast.Name(id=named), *_] if name in _WITH_STATUS:
                # It would be left out in silence.
                raise ValueError(f"write the code of a problem where it is raised, instead of {named}")


def _text(node: ast.expr, named: list[ast.Assign]) -> str:
    """A text that stands there, or was given a name just before."""
    match node:
        case ast.Call(func=ast.Name(id="say"), args=[ast.Constant(value=str(sentence)), *_]):
            return _gaps(sentence)
        case ast.Call(func=ast.Name(id="say_plural"), args=[_, ast.Constant(value=str(sentence))]):
            return _gaps(sentence)
        case ast.BoolOp(values=[*_, last]):
            return _text(last, named)
        case ast.Name(id="ADDRESS_BLOCKED"):
            return ADDRESS_BLOCKED.template
        case ast.Name(id=name):
            before = [one for one in named if ast.unparse(one.targets[0]) == name and one.lineno <= node.lineno]
            return _text(max(before, key=lambda one: one.lineno).value, []) if before else ""
    return ""
