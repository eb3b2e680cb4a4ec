"""The value of a checked formula, in exact fractions. `web/widget/formulas.js` does the same, word for word."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from features.calculations.formulas.checker import Tree

# What was typed or chosen: a Fraction, the id of an option, on or off, a text, or the rows' own values.
Values = Mapping[str, Any]

_LARGEST: Final = 2**512  # of what stands over and under a fraction's line


class EvaluationError(Exception):
    """A value that there is none of; `code` is `division_by_zero`, `too_large`, `too_small`, `too_many` or
    `negative`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Prices:
    """Of the options of every choice: `price` and `value`."""

    def __init__(self) -> None:
        self.of: dict[tuple[str, str, str], Fraction] = {}  # field, option, price or value


def value(tree: Tree, values: Values, prices: Prices) -> Fraction:
    """Of a formula that is a number. Raises :class:`EvaluationError`."""
    found = _number(tree, values, prices)
    if abs(found.numerator) >= _LARGEST or found.denominator >= _LARGEST:
        raise EvaluationError("too_large")
    return found


def _number(tree: Tree, values: Values, prices: Prices) -> Fraction:
    match tree:
        case ["number", text]:
            return Fraction(text)
        case ["field", name, factor]:
            return Fraction(values[name]) * Fraction(factor)
        case ["variable", name]:
            return Fraction(values[name])
        case ["price" | "value" as which, name]:
            return prices.of.get((name, values[name], which), Fraction())
        case ["+", left, right]:
            return value(left, values, prices) + value(right, values, prices)
        case ["-", left, right]:
            return value(left, values, prices) - value(right, values, prices)
        case ["*", left, right]:
            return value(left, values, prices) * value(right, values, prices)
        case ["/", left, right]:
            return _divided(value(left, values, prices), value(right, values, prices))
        case ["negative", inner]:
            return -value(inner, values, prices)
        case ["abs", inner]:
            return abs(value(inner, values, prices))
        case ["min", *inner]:
            return min(value(one, values, prices) for one in inner)
        case ["max", *inner]:
            return max(value(one, values, prices) for one in inner)
        case ["round" | "up" | "down" as way, inner, step]:
            return to_step(way, value(inner, values, prices), value(step, values, prices))
        case ["if", asked, one, other]:
            return value(one if holds(asked, values, prices) else other, values, prices)
        case ["count", rows]:
            return Fraction(len(values[rows]))
        case ["sum", rows, each]:
            total = Fraction()
            for row in values[rows]:
                total += value(each, {**values, **row}, prices)
            return total
        case ["largest", rows, each]:
            return max((value(each, {**values, **row}, prices) for row in values[rows]), default=Fraction())
    raise AssertionError(tree)


def holds(tree: Tree, values: Values, prices: Prices) -> bool:
    """Whether a formula that is a condition is true. Raises :class:`EvaluationError`."""
    match tree:
        case ["switch", name]:
            return values[name] is True
        case ["is", name, options]:
            return values[name] in options
        case ["given", name]:
            return values[name] not in ("", False, 0)
        case ["not", inner]:
            return not holds(inner, values, prices)
        case ["and", left, right]:
            return holds(left, values, prices) and holds(right, values, prices)
        case ["or", left, right]:
            return holds(left, values, prices) or holds(right, values, prices)
        case ["any", rows, asked]:
            return any(holds(asked, {**values, **row}, prices) for row in values[rows])
        case ["=", left, right]:
            return value(left, values, prices) == value(right, values, prices)
        case ["!=", left, right]:
            return value(left, values, prices) != value(right, values, prices)
        case ["<", left, right]:
            return value(left, values, prices) < value(right, values, prices)
        case ["<=", left, right]:
            return value(left, values, prices) <= value(right, values, prices)
        case [">", left, right]:
            return value(left, values, prices) > value(right, values, prices)
        case [">=", left, right]:
            return value(left, values, prices) >= value(right, values, prices)
    raise AssertionError(tree)


def to_step(way: str, number: Fraction, step: Fraction) -> Fraction:
    """The nearest multiple of the step (half away from nothing upwards), the next one `up`, or the one `down`."""
    steps = _divided(number, step)
    if way == "up":
        return math.ceil(steps) * step
    return math.floor(steps + Fraction(1, 2) if way == "round" else steps) * step


def _divided(number: Fraction, by: Fraction) -> Fraction:
    if by == 0:
        raise EvaluationError("division_by_zero")
    return number / by
