"""What a calculator asks and how it reckons, as data: `web/widget/engine.js` shows it, settings may change it.

Nothing here is trusted with money: what the engine sends is checked like any other calculation.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from shared.platform.problems import InputError

_FOLDER: Final = Path(__file__).parent / "calculators"

Identifier = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
Words = Annotated[
    dict[Literal["ru", "en", "uk", "uz"], Line], Meta(min_length=1)
]  # a language that lacks takes another


class Option(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    id: Identifier
    label: Words
    price: Decimal = Decimal()
    sku: Line | None = None
    unit: Line | None = None
    category: Line | None = None


class Field(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    id: Identifier
    kind: Literal["choice", "number", "switch", "date", "time", "text"]
    label: Words
    options: Annotated[list[Option], Meta(max_length=200)] = []
    least: Decimal | None = None
    most: Decimal | None = None
    step: Decimal | None = None
    default: int | float | bool | str | None = None
    is_half: bool = False  # two of these stand beside each other


class Factor(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A number field, times `scale`."""

    field: Identifier
    scale: Decimal = Decimal(1)


class When(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A switch that is on, or a choice that is one of these (or none of these)."""

    field: Identifier
    among: list[Identifier] | None = None
    unless: list[Identifier] | None = None


class CalculatorItem(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A line of the calculation: name, price, SKU and unit are its own, or those of what was chosen in `option`."""

    option: Identifier | None = None
    name: Words | None = None
    price: Decimal | None = None
    sku: Line | None = None
    unit: Line | None = None
    quantity: Annotated[list[Factor], Meta(max_length=6)] = []  # multiplied; none is 1
    least: Decimal | None = None  # of the quantity that is charged
    when: When | None = None


class CalculatorParameter(Struct, forbid_unknown_fields=True, frozen=True):
    """What the note says beside the items; `{field}` in the text is what was chosen or typed."""

    name: Words
    text: Words


class Rule(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What cannot be made: the product is more than `most`, or less than `least`."""

    quantity: Annotated[list[Factor], Meta(min_length=1, max_length=6)]
    message: Words
    most: Decimal | None = None
    least: Decimal | None = None


class Calculator(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Questions and formulas as data; `engine.js` and the panel read the same document."""

    title: Words
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    fields: Annotated[list[Field], Meta(min_length=1, max_length=60)]
    items: Annotated[list[CalculatorItem], Meta(min_length=1, max_length=60)]
    parameters: Annotated[list[CalculatorParameter], Meta(max_length=60)] = []
    rules: Annotated[list[Rule], Meta(max_length=60)] = []


@cache
def usual(widget_type: str) -> Calculator | None:
    """The widget type's own; None where there is none."""
    file = next((one for one in _FOLDER.glob("*.json") if one.stem == widget_type), None)
    return None if file is None else msgspec.json.decode(file.read_bytes(), type=Calculator)


def problems(calculator: Calculator) -> list[InputError]:
    """What does not fit together."""
    return list(_problems(calculator))


def _problems(calculator: Calculator) -> Iterator[InputError]:
    known = {field.id: field for field in calculator.fields}
    if len(known) < len(calculator.fields):
        yield InputError("calculator.fields", "two fields have the same id")
    for index, field in enumerate(calculator.fields):
        ids = [option.id for option in field.options]
        if (field.kind == "choice") != bool(ids) or len(set(ids)) < len(ids):
            yield InputError(
                f"calculator.fields[{index}].options", "a choice needs options, each with an id of its own"
            )
    for index, item in enumerate(calculator.items):
        path = f"calculator.items[{index}]"
        if item.option is not None and not _is(known, item.option, "choice"):
            yield InputError(f"{path}.option", "is not a choice of this calculator")
        if item.option is None and (item.name is None or item.price is None):
            yield InputError(path, "needs a name and a price, or the choice that gives them in option")
        yield from _factor_problems(known, item.quantity, f"{path}.quantity")
        if item.when is not None and item.when.field not in known:
            yield InputError(f"{path}.when.field", "is not a field of this calculator")
    for index, rule in enumerate(calculator.rules):
        yield from _factor_problems(known, rule.quantity, f"calculator.rules[{index}].quantity")


def _factor_problems(known: dict[str, Field], factors: list[Factor], path: str) -> Iterator[InputError]:
    for index, factor in enumerate(factors):
        if not _is(known, factor.field, "number"):
            yield InputError(f"{path}[{index}].field", "is not a number field of this calculator")


def _is(known: dict[str, Field], field_id: str, kind: str) -> bool:
    return field_id in known and known[field_id].kind == kind
