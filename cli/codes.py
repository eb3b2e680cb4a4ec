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
_HEADS: Final = {
    "en": "| status | code | what it says | send again? | who acts |",
    "ru": "| статус | код | что говорит | повторять? | кто действует |",
}
_VENDORS_WORDS: Final = "amoCRM's own words, and what helps."
_TRANSLATED: Final = {"ru": {_VENDORS_WORDS: "Слова самой amoCRM и что поможет."}}
_FOLDERS: Final = ("shared", "features", "functions")
_MANY: Final = 5
_BEGIN: Final = "<!-- codes: python -m cli codes -->\n"
_END: Final = "<!-- end of codes -->\n"

# What helps, by the code, else by the status: whether the same request is sent again, and who acts.
_AGAIN: Final = ("after `Retry-After`", "после `Retry-After`")
_READ: Final = ("after reading again", "прочитав заново")
_NO: Final = ("no", "нет")
_NOBODY: Final = ("nobody", "никто")
_CALLER: Final = ("the caller", "вызывающий")
_OWNER: Final = ("an administrator of the account", "администратор аккаунта")
_OPERATOR: Final = ("the operator", "оператор")
_Words = tuple[str, str]  # in English, in Russian
_HELPS: Final[dict[int | str, tuple[_Words, _Words]]] = {
    401: (("with a new credential", "с новым подтверждением"), _CALLER),
    402: (_NO, _OWNER),
    429: (_AGAIN, _NOBODY),
    500: (_NO, _OPERATOR),
    502: (_AGAIN, _NOBODY),
    503: (_AGAIN, _NOBODY),
    504: (_AGAIN, _NOBODY),
    "amocrm_forbidden": (_NO, _OWNER),
    "amocrm_scope_missing": (_NO, _OWNER),
    "amocrm_account_not_found": (_NO, _OWNER),
    "reauth_required": (_NO, _OWNER),
    "access_refused": (_AGAIN, _OWNER),
    "not_connected": (_NO, _OWNER),
    "account_unreadable": (_NO, _OWNER),
    "code_refused": (_NO, _OWNER),
    "other_account": (_NO, _OWNER),
    "token_refused": (_NO, _OWNER),
    "bookings_off": (_NO, _OPERATOR),
    "bot_too_late": (_NO, _OPERATOR),
    "calculator_broken": (_NO, _OPERATOR),
    "address_blocked": (_NO, _OPERATOR),
    "amocrm_address_blocked": (_NO, _OPERATOR),
    "no_calculator": (_NO, _OPERATOR),
    "sign_in_not_offered": (_NO, _OPERATOR),
    "events_are_off": (_NO, _OPERATOR),
    **{str(meaning): (_NO, _OPERATOR) for meaning in Meaning},
    "not_taken": (_AGAIN, _OPERATOR),
    "amocrm_too_much_to_read": (_NO, _OPERATOR),
    "webhook_failed": (_AGAIN, _OPERATOR),
    "administrator_changed": (_READ, _CALLER),
    "automation_changed": (_READ, _CALLER),
    "booking_changed": (_READ, _CALLER),
    "calculator_changed": (_READ, _CALLER),
    "changed_meanwhile": (_READ, _CALLER),
    "draft_changed": (_READ, _CALLER),
    "endpoint_changed": (_READ, _CALLER),
    "other_integration": (_READ, _CALLER),
    "saved_elsewhere": (_READ, _CALLER),
    "settings_changed": (_READ, _CALLER),
    "slot_taken": (_READ, _CALLER),
    "under_way": (_READ, _CALLER),
}
_OF_KEPT_CONNECTIONS: Final = frozenset({*map(str, Meaning), "address_blocked", "account_not_found"})

# Declared with a status and a code; and raised with a code, where one place gives all of them their status.
_WITH_STATUS: Final = frozenset({"Problem", "Kind", "ProblemKind"})
_STATUS_OF: Final = {"AuthorizationFailedError": 422, "RefreshDelayedError": 503}
_DECLARES: Final = re.compile(
    r"\b(?:Problem|Kind|ProblemKind|AuthorizationFailedError|RefreshDelayedError|_back_off)\("
)
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
        content = file.read_text(encoding="utf-8")
        for one in _declared(ast.parse(content)) if _DECLARES.search(content) else ():
            known = found.get((one.status, one.code))
            if known is None or not known.detail:
                found[one.status, one.code] = one
    words = {str(one): _VENDORS_WORDS for one in Meaning if one is not Meaning.GRANT_DEAD}
    for code, detail in (words | {"address_blocked": ADDRESS_BLOCKED.template}).items():
        for status in _STATUS_OF.values():
            found.setdefault((status, code), Code(status, code, detail))
    return sorted(found.values())


def table(codes: list[Code], language: str = "en") -> str:
    lines, known = [_HEADS[language], "|---|---|---|---|---|"], _known(language)
    for one in codes:
        detail = known.get(one.detail, one.detail) or "—"
        again, who = (words[language != "en"] for words in _helps(one))
        lines.append(f"| {one.status} {TITLES[one.status]} | `{one.code}` | {detail} | {again} | {who} |")
    return "\n".join(lines) + "\n"


def _helps(one: Code) -> tuple[_Words, _Words]:
    if one.status == 503 and one.code in {str(meaning) for meaning in Meaning} | {
        "address_blocked",
        "account_not_found",
    }:
        return _AGAIN, _OPERATOR  # it is tried again by itself, and goes on once somebody has acted
    return _HELPS.get(one.code) or _HELPS.get(one.status) or (_NO, _CALLER)


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
    nodes = list(ast.walk(tree))
    assigned = [node for node in nodes if isinstance(node, ast.Assign) and len(node.targets) == 1]
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=given):
                pass
            case _:
                continue
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
