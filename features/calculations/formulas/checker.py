"""A parsed formula and the names that it may use -> what it means, as a tree of lists that JSON can carry.

Numbers are in base units there (a field in millimetres is multiplied by 1/1000 where it is read), and units are no
longer needed: whether they fit together was found out here.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final, Literal

from msgspec import Struct

from features.calculations.formulas import parser, units
from features.calculations.formulas.parser import FormulaError, Node
from features.calculations.formulas.units import NONE, UNITS, Dimension
from shared.platform.messages import say

# ["number", "1/20"], ["field", id, "1/1000"], ["+", left, right], ["sum", rows, tree], …
Tree = list[Any]

_ONE: Final = "1"


class Name(Struct, frozen=True):
    """What a formula may name."""

    kind: Literal["number", "variable", "choice", "switch", "other", "rows"]
    dimension: Dimension = NONE  # of a number or a variable
    factor: Fraction = Fraction(1)  # of a number: from what is typed to base units
    options: tuple[str, ...] = ()  # of a choice
    scope: Mapping[str, "Name"] = {}  # of rows: what one of them adds


Scope = Mapping[str, Name]


class Meaning(Struct, frozen=True):
    tree: Tree
    kind: Literal["number", "condition", "choice", "text"]
    dimension: Dimension = NONE


def number(text: str, scope: Scope, unit: str | None = None) -> Tree:
    """The tree of a formula that must be a number, counted in the unit. Raises :class:`FormulaError`."""
    meaning = _number(parser.parsed(text), scope)
    wanted = UNITS[unit].dimension if unit else NONE
    if meaning.dimension != wanted:
        if unit is None:
            raise FormulaError(
                say("is in {unit}: choose the unit in which it is counted", unit=units.named(meaning.dimension))
            )
        raise FormulaError(
            say("is in {unit}, which cannot be counted in {wanted}", unit=units.named(meaning.dimension), wanted=unit)
        )
    factor = UNITS[unit].factor if unit else Fraction(1)
    return meaning.tree if factor == 1 else ["/", meaning.tree, ["number", str(factor)]]


def variable(text: str, scope: Scope) -> tuple[Tree, Name]:
    """The tree of a formula that is a number in whatever unit, and the name that it makes."""
    meaning = _number(parser.parsed(text), scope)
    return meaning.tree, Name("variable", meaning.dimension)


def condition(text: str, scope: Scope) -> Tree:
    """The tree of a formula that is true or not. Raises :class:`FormulaError`."""
    return _condition(parser.parsed(text), scope)


def _meaning(node: Node, scope: Scope) -> Meaning:
    match node:
        case ("number", digits, unit):
            return _literal(digits, unit)
        case ("text", _):
            return Meaning(list(node), "text")
        case ("name", name):
            return _named(name, scope)
        case ("call", name, arguments):
            return _call(name, arguments, scope)
        case ("negative", inner):
            meant = _number(inner, scope)
            return Meaning(["negative", meant.tree], "number", meant.dimension)
        case ("not", inner):
            return Meaning(["not", _condition(inner, scope)], "condition")
        case ("and" | "or" as sign, left, right):
            return Meaning([sign, _condition(left, scope), _condition(right, scope)], "condition")
        case ("in", left, texts):
            return _among(_meaning(left, scope), texts)
        case ("+" | "-" as sign, left, right):
            one, other = _alike(_number(left, scope), _number(right, scope))
            return Meaning([sign, one.tree, other.tree], "number", one.dimension)
        case ("*" | "/" as sign, left, right):
            return _product(sign, _number(left, scope), _number(right, scope))
        case (sign, left, right):
            return _comparison(sign, _meaning(left, scope), _meaning(right, scope))
    raise AssertionError(node)


def _literal(digits: str, unit: str | None) -> Meaning:
    value, dimension = Fraction(digits), NONE
    if unit == "%":
        value /= 100
    elif unit is not None:
        value *= UNITS[unit].factor
        dimension = UNITS[unit].dimension
    return Meaning(["number", str(value)], "number", dimension)


def _named(name: str, scope: Scope) -> Meaning:
    known = _known(name, scope)
    match known.kind:
        case "number":
            return Meaning(["field", name, str(known.factor)], "number", known.dimension)
        case "variable":
            return Meaning(["variable", name], "number", known.dimension)
        case "switch":
            return Meaning(["switch", name], "condition")
        case "choice":
            return Meaning(["choice", name, *known.options], "choice")
        case "rows":
            raise FormulaError(say("{name} is a list of rows: use sum({name}, …) or count({name})", name=name))
        case _:
            raise FormulaError(say("{name} is no number: only given({name}) can be asked", name=name))


def _known(name: str, scope: Scope) -> Name:
    if name not in scope:
        raise FormulaError(say("there is no field {name} here", name=name))
    return scope[name]


def _product(sign: str, left: Meaning, right: Meaning) -> Meaning:
    turn = 1 if sign == "*" else -1
    powers = [one + turn * other for one, other in zip(left.dimension, right.dimension, strict=True)]
    return Meaning([sign, left.tree, right.tree], "number", (powers[0], powers[1], powers[2]))


def _comparison(sign: str, left: Meaning, right: Meaning) -> Meaning:
    if (left.kind, right.kind) == ("choice", "text") and sign in ("=", "!="):
        found = _among(left, [right.tree[1]])
        return found if sign == "=" else Meaning(["not", found.tree], "condition")
    if left.kind != "number" or right.kind != "number":
        raise FormulaError(say("{sign} compares two numbers, or a choice with one of its options in quotes", sign=sign))
    one, other = _alike(left, right)
    return Meaning([sign, one.tree, other.tree], "condition")


def _among(choice: Meaning, texts: list[str]) -> Meaning:
    if choice.kind != "choice":
        raise FormulaError(say("only a choice can be compared with a text"))
    _, name, *options = choice.tree
    for text in texts:
        if text not in options:
            raise FormulaError(say("{text} is no option of {name}", text=text, name=name))
    return Meaning(["is", name, list(texts)], "condition")


def _number(node: Node, scope: Scope) -> Meaning:
    meant = _meaning(node, scope)
    if meant.kind == "number":
        return meant
    if meant.kind == "choice":
        raise FormulaError(say("{name} is a choice: use price({name}) or value({name})", name=meant.tree[1]))
    raise FormulaError(say("a number is wanted here, not a condition or a text"))


def _condition(node: Node, scope: Scope) -> Tree:
    meant = _meaning(node, scope)
    if meant.kind != "condition":
        raise FormulaError(say("a condition is wanted here, as in {example}", example="width > 2 m"))
    return meant.tree


def _alike(*meanings: Meaning) -> tuple[Meaning, ...]:
    dimensions = {one.dimension for one in meanings}
    if len(dimensions) > 1:
        different = " ≠ ".join(sorted(units.named(one) for one in dimensions))
        raise FormulaError(say("these are in different units: {units}", units=different))
    return meanings


# --- functions ---------------------------------------------------------------------------------------------------

_Call = Callable[[str, list[Node], Scope], Meaning]


def _call(name: str, arguments: list[Node], scope: Scope) -> Meaning:
    if name not in _CALLS:
        raise FormulaError(
            say("there is no function {name}; there are {functions}", name=name[:20], functions=", ".join(_CALLS))
        )
    least, most, call = _CALLS[name]
    if not least <= len(arguments) <= most:
        raise FormulaError(say("{name}() has another number of arguments", name=name))
    return call(name, arguments, scope)


def _of_numbers(name: str, arguments: list[Node], scope: Scope) -> Meaning:
    given = _alike(*(_number(one, scope) for one in arguments))
    return Meaning([name, *(one.tree for one in given)], "number", given[0].dimension)


def _rounding(name: str, arguments: list[Node], scope: Scope) -> Meaning:
    value = _number(arguments[0], scope)
    if len(arguments) == 1:
        if value.dimension != NONE:
            raise FormulaError(
                say("{name}() needs the step too, as in {example}", name=name, example="round(width, 1 cm)")
            )
        return Meaning([name, value.tree, ["number", _ONE]], "number")
    value, step = _alike(value, _number(arguments[1], scope))
    return Meaning([name, value.tree, step.tree], "number", value.dimension)


def _if(name: str, arguments: list[Node], scope: Scope) -> Meaning:
    asked = _condition(arguments[0], scope)
    one, other = _alike(*(_number(argument, scope) for argument in arguments[1:]))
    return Meaning([name, asked, one.tree, other.tree], "number", one.dimension)


def _of_choice(name: str, arguments: list[Node], scope: Scope) -> Meaning:
    choice = _meaning(arguments[0], scope) if arguments[0][0] == "name" else None
    if choice is None or choice.kind != "choice":
        raise FormulaError(say("{name}() is asked of a choice", name=name))
    return Meaning([name, choice.tree[1]], "number")


def _given(name: str, arguments: list[Node], scope: Scope) -> Meaning:
    if arguments[0][0] != "name" or _known(arguments[0][1], scope).kind in ("variable", "rows"):
        raise FormulaError(say("{name}() is asked of a field", name=name))
    return Meaning([name, arguments[0][1]], "condition")


def _of_rows(name: str, arguments: list[Node], scope: Scope) -> Meaning:
    if arguments[0][0] != "name" or _known(arguments[0][1], scope).kind != "rows":
        raise FormulaError(say("{name}() is asked of a list of rows", name=name))
    rows = arguments[0][1]
    if name == "count":
        return Meaning([name, rows], "number")
    inner = {**scope, **scope[rows].scope}
    if name == "any":
        return Meaning([name, rows, _condition(arguments[1], inner)], "condition")
    each = _number(arguments[1], inner)
    return Meaning([name, rows, each.tree], "number", each.dimension)


# Name: at least and at most so many arguments, and what they become.
_CALLS: Final[dict[str, tuple[int, int, _Call]]] = {
    "min": (2, 9, _of_numbers),
    "max": (2, 9, _of_numbers),
    "abs": (1, 1, _of_numbers),
    "round": (1, 2, _rounding),
    "up": (1, 2, _rounding),
    "down": (1, 2, _rounding),
    "if": (3, 3, _if),
    "price": (1, 1, _of_choice),
    "value": (1, 1, _of_choice),
    "given": (1, 1, _given),
    "count": (1, 1, _of_rows),
    "sum": (2, 2, _of_rows),
    "largest": (2, 2, _of_rows),
    "any": (2, 2, _of_rows),
}
FUNCTIONS: Final = tuple(_CALLS)
