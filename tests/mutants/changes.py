"""The small mistakes that are made in a module, one at a time, by the operators of cosmic-ray.

Chosen are those that make another program which still runs: a comparison turned or moved by one, a condition made
false, `and` for `or`, a number one more or less, a loop that does nothing, an error that is not caught. Left out is
what any line's first run would show (`|` between types and dicts, decorators, other names), and what is no behaviour:
types, texts for people, logs, how long exactly something waits, holds or is a secret, asserts that only narrow types,
options of classes (`frozen=True`), `strict` of `zip`, `__all__`.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import parso
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator

_COMPARED: Final = (
    "Eq_NotEq NotEq_Eq Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_GtE GtE_Lt Gt_LtE LtE_Gt Is_IsNot IsNot_Is".split()  # noqa: SIM905
)
_RECKONED: Final = "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Mul BitAnd_BitOr".split()  # noqa: SIM905
_OPERATORS: Final = (
    *(f"ReplaceComparisonOperator_{one}" for one in _COMPARED),
    *(f"ReplaceBinaryOperator_{one}" for one in _RECKONED),
    *("ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub", "AddNot"),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "NumberReplacer"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop", "Uncaught"),
)
_TEXTS: Final = {"say", "say_plural", "logs"}
_LENGTHS: Final = re.compile(r"SECONDS|DELAYS|timedelta|retry_after|spread|token_urlsafe")  # numbers belong to
_HAVE_NAMES: Final = {"argument", "atom_expr", "power", "expr_stmt"}
_COMPOUND: Final = {"if_stmt", "while_stmt", "for_stmt", "try_stmt", "with_stmt", "funcdef", "classdef", "async_stmt"}


@dataclass(frozen=True)
class Change:
    code: str  # the whole module
    was: str  # the lines that change, without indentation
    becomes: str


@dataclass(frozen=True)
class Mutant:
    path: str
    line: int
    operator: str
    occurrence: int  # of the operator, in the module
    lines: tuple[int, ...]  # of the statement
    around: tuple[int, ...]  # of the function, or all of the module
    names: tuple[str, ...]  # that a statement outside of functions gives

    def change(self, source: str) -> Change | None:
        """None when that would be no program."""
        code = str(mutate_code(source, _operator(self.operator), self.occurrence))
        lines = [one for one in difflib.ndiff(source.splitlines(), code.splitlines()) if one[:2] in {"- ", "+ "}]
        was, becomes = (" ".join(" ".join(one[2:].split()) for one in lines if one[0] == sign) for sign in "-+")
        try:
            compile(code, self.path, "exec")
        except SyntaxError:
            return None
        return Change(code, was, becomes)


class _Uncaught(Operator):  # type: ignore[misc] # cosmic-ray has no types
    """`except X` catches nothing. (cosmic-ray's own takes no dotted names.)"""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "except_clause":
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[1] = parso.parse(" ()")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("try: raise OSError\nexcept OSError: pass", "try: raise OSError\nexcept (): pass"),)


def _operator(name: str) -> Operator:
    return _Uncaught() if name == "Uncaught" else get_operator(f"core/{name}")()


def _parents(node: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of a node and its parent, upwards."""
    while node.parent is not None:
        yield node, node.parent
        node = node.parent


def _has_own(condition: Any) -> bool:
    """Whether other operators make it false as well, or it is for types only."""
    if condition.type == "name":
        return bool(condition.value == "TYPE_CHECKING")
    if condition.type == "comparison":
        return not {one.get_code().strip() for one in condition.children[1::2]} & {"in", "not in"}
    return bool(condition.type == "not_test")


def _is_noise(node: Any, operator: str) -> bool:
    if operator == "AddNot" and _has_own(node.children[2 if node.type == "test" else 1]):
        return True
    for child, parent in _parents(node):
        if node.type == "operator" and parent.type in {"parameters", "param"}:
            return True  # what separates them
        at = parent.children.index(child)
        before = parent.children[at - 1].get_code().strip() if at else ""
        if parent.type in {"annassign", "tfpdef"} and before == ":":
            return True
        if parent.type == "funcdef" and before == "->":
            return True
        whose = "".join(one.get_code(include_prefix=False) for one in parent.children[:at])
        if operator == "NumberReplacer" and parent.type in _HAVE_NAMES and _LENGTHS.search(whose):
            return True
        if parent.type == "argument" and parent.children[0].get_code().strip() == "strict":
            return True
        if child.type == "assert_stmt" or parent.type in {"decorator", "assert_stmt"}:
            return True
        if parent.type == "classdef" and child.type != "suite":
            return True
        if parent.type in {"atom_expr", "power"} and parent.children[0].get_code().strip() in _TEXTS:
            return True
        if parent.type == "expr_stmt" and parent.children[0].get_code().strip() == "__all__":
            return True
        if parent.type == "arith_expr" and any(one.type in {"string", "fstring"} for one in parent.children):
            return child is node and node.type == "operator"  # a text put together
    return False


def _place(node: Any) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    """Lines of the statement, lines around it, names that it gives."""
    statement, around = node, None
    names: tuple[str, ...] = ()
    for child, parent in [(node, node), *_parents(node)]:
        if parent.type in {"suite", "simple_stmt", "file_input"} and statement is node:
            statement = child
        if parent.type == "funcdef" and around is None:
            around = range(parent.start_pos[0] + 1, parent.end_pos[0] + 1)
            if child.type != "suite":  # a default: only those who call it know
                statement = parent.children[-1]
    if statement.type in _COMPOUND:  # its head: up to what is changed there
        lines = range(statement.start_pos[0], max(node.end_pos[0], statement.start_pos[0]) + 1)
        if node.type in _COMPOUND:
            lines = range(node.start_pos[0], node.children[1].end_pos[0] + 1)
    else:
        lines = range(statement.start_pos[0], statement.end_pos[0] + 1)
    if around is None:
        root = node.get_root_node()
        around = range(1, root.end_pos[0] + 1)
        first = statement.children[0] if hasattr(statement, "children") else statement
        while first.type in {"simple_stmt", "expr_stmt"}:
            first = first.children[0]
        names = (first.value,) if first.type == "name" else ()
    return tuple(lines), tuple(around), names


def mutants(root: Path, path: str) -> list[Mutant]:
    """All of a module, in the order of operators and places."""
    nodes = list(ast_nodes(parso.parse((root / path).read_text(encoding="utf-8"))))
    found: list[Mutant] = []
    for name in _OPERATORS:
        operator = _operator(name)
        places = [(node, start) for node in nodes for start, _end in operator.mutation_positions(node)]
        found += [
            Mutant(path, start[0], name, occurrence, *_place(node))
            for occurrence, (node, start) in enumerate(places)
            if not _is_noise(node, name)
        ]
    return found
