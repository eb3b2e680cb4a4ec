"""What a calculator asks and how it reckons, as data that a manager makes in the panel (docs/calculators.md).

Nothing that a page sends is trusted with money: the server reckons it again, by the same document
(:mod:`.engine`).
"""

from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from features.calculations.formulas.parser import LONGEST
from shared.platform import widgets
from shared.platform.decoding import decode
from shared.platform.i18n import Language

Identifier = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
Words = dict[Language, Line]  # a language that lacks takes another
Formula = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
UnitName = Literal[
    "mm", "cm", "m", "km", "mm2", "cm2", "m2", "km2", "mm3", "cm3", "m3", "km3", "ha", "l", "g", "kg", "t", "min", "h",
    "day",
]  # fmt: skip
MOST_ROWS: Final = 50
# Of the numbers of a calculator. A page reckons with them, so they are written without an exponent.
LARGEST_NUMBER: Final = Decimal("1e12")
MOST_DIGITS: Final = 12  # after the point


class Option(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    id: Identifier
    label: Words
    price: Decimal = Decimal()
    value: Decimal | None = None  # another number of it, for formulas: `value(field)`
    sku: Line | None = None
    unit: Line | Words | None = None
    category: Line | None = None


class Field(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    id: Identifier
    kind: Literal["choice", "number", "switch", "date", "time", "text", "rows"]
    label: Words
    options: Annotated[list[Option], Meta(max_length=200)] = []
    unit: UnitName | None = None  # of a number
    least: Decimal | None = None  # of a number; how many rows
    most: Decimal | None = None
    step: Decimal | None = None
    default: int | float | bool | str | None = None
    is_half: bool = False  # two of these stand beside each other
    when: Formula | None = None  # asked only if; it may name the fields before it
    fields: Annotated[list["Field"], Meta(max_length=20)] = []  # of each row


class Variable(Struct, forbid_unknown_fields=True, frozen=True):
    """A number with a name, for the formulas after it."""

    id: Identifier
    formula: Formula


class CalculatorItem(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A line of the calculation: name, price, SKU and unit are its own, or those of what was chosen in `option`."""

    option: Identifier | None = None
    name: Words | None = None  # `{field}` in it is what was chosen or typed
    price: Formula | None = None
    sku: Line | None = None
    unit: Line | Words | None = None
    quantity: Formula | None = None  # none is 1
    measure: UnitName | None = None  # in which the quantity is counted, where it has a unit
    least: Decimal | None = None  # of the quantity that is charged
    discount: Formula | None = None  # money off this line
    when: Formula | None = None
    each: Identifier | None = None  # once for every row of this field


class CalculatorParameter(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What the note says beside the items; `{field}` in the text is what was chosen or typed."""

    name: Words
    text: Words
    each: Identifier | None = None  # once for every row, one after the other


class Rule(Struct, forbid_unknown_fields=True, frozen=True):
    """What cannot be made: where the condition is true, the message is told, and nothing can be saved."""

    refuse: Formula
    message: Words


class Calculator(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Questions and formulas as data."""

    title: Words
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    fields: Annotated[list[Field], Meta(min_length=1, max_length=300)]
    items: Annotated[list[CalculatorItem], Meta(min_length=1, max_length=250)]
    variables: Annotated[list[Variable], Meta(max_length=100)] = []
    discount: Formula | None = None  # money off the sum, which is `subtotal`
    delivery: Formula | None = None  # money on top of it
    parameters: Annotated[list[CalculatorParameter], Meta(max_length=60)] = []
    rules: Annotated[list[Rule], Meta(max_length=60)] = []


def is_bounded(number: Decimal) -> bool:
    """Whether a number of a calculator can be reckoned with."""
    is_small = number.is_finite() and -LARGEST_NUMBER <= number <= LARGEST_NUMBER
    return is_small and int(number.as_tuple().exponent) >= -MOST_DIGITS


@cache
def usual(widget_type: str) -> Calculator | None:
    """The widget type's own; None where there is none."""
    if widget_type not in widgets.types():
        return None
    file = widgets.FOLDER / widget_type / "calculator.json"
    return None if not file.exists() else decode(file.read_bytes(), Calculator)


def usual_ones() -> dict[str, Calculator]:
    """Widget type -> its own, of those that have one."""
    found = {name: usual(name) for name in widgets.types()}
    return {name: one for name, one in found.items() if one is not None}


def document(calculator: Calculator) -> dict[str, Any]:
    """As it is kept and sent."""
    made: dict[str, Any] = msgspec.to_builtins(calculator)
    return made
