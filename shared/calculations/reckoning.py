"""What a published calculator makes of what was typed and chosen: the items, and the sum. `web/widget/engine.js` does
the same, so that a person sees it before it is saved.

A field that is not asked (its `when` is false) counts as nothing: 0, no option, off, no text, no rows.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from msgspec import Struct

from shared.calculations.calculator import MOST_ROWS
from shared.calculations.compiler import PLACEHOLDER
from shared.calculations.formulas.evaluator import Prices, ReckoningError, Values, holds, to_step, value
from shared.deliveries.items import Item
from shared.platform.i18n import catalogue
from shared.platform.messages import Message, said, say
from shared.platform.problems import InputError

_NOTHING: Final[dict[str, Any]] = {"number": Fraction(), "choice": "", "switch": False, "rows": []}
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_SHAPES: Final = {
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "time": r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?",
    "text": r"[^\x00]{0,200}",
}
_LONGEST_NAME: Final = 250
_CENT: Final = Fraction(1, 100)
_THOUSANDTH: Final = Fraction(1, 1000)
_WHY: Final = {
    "division_by_zero": say("This cannot be reckoned: a formula divides by zero."),
    "too_large": say("This cannot be reckoned: a number becomes too large."),
    "negative": say("This cannot be reckoned: a price or a discount is less than nothing, or more than the amount."),
}


class Reckoned(Struct, frozen=True):
    items: tuple[Item, ...] = ()
    discount: Decimal = Decimal()
    delivery: Decimal = Decimal()
    refused: Message | None = None  # why it cannot be made

    @property
    def total(self) -> Decimal:
        return sum((item.amount for item in self.items), Decimal()) - self.discount + self.delivery


def reckoned(document: Mapping[str, Any], given: Mapping[str, Any], language: str) -> "Reckoned | list[InputError]":
    """`document` as :mod:`.compiler` makes it; a list of what is not right in `given`, where something is not."""
    prices = Prices()
    _collect(document["fields"], prices)
    problems: list[InputError] = []
    try:
        values = _values(document["fields"], given, {}, prices, problems, "calculator.values")
        if problems:
            return problems
        for variable in document.get("variables", []):
            values[variable["id"]] = value(variable["formula"], values, prices)
        for rule in document.get("rules", []):
            if holds(rule["refuse"], values, prices):
                return Reckoned(refused=said(_in(rule["message"], language)))
        return _whole(document, values, prices, language)
    except ReckoningError as error:
        return Reckoned(refused=_WHY[error.code])


def _whole(document: Mapping[str, Any], values: Values, prices: Prices, language: str) -> Reckoned:
    items = tuple(_items(document, values, prices, language))
    subtotal = sum((Fraction(item.amount) for item in items), Fraction())
    whole = {**values, "subtotal": subtotal}
    discount = (
        to_step("round", value(document["discount"], whole, prices), _CENT) if "discount" in document else Fraction()
    )
    delivery = (
        to_step("round", value(document["delivery"], whole, prices), _CENT) if "delivery" in document else Fraction()
    )
    if discount < 0 or delivery < 0 or discount > subtotal:
        raise ReckoningError("negative")
    return Reckoned(items, _decimal(discount, 2), _decimal(delivery, 2))


def _items(document: Mapping[str, Any], values: Values, prices: Prices, language: str) -> Iterator[Item]:
    fields = {field["id"]: field for field in _all(document["fields"])}
    for item in document["items"]:
        for row in values[item["each"]] if "each" in item else [{}]:
            here = {**values, **row}
            if "when" in item and not holds(item["when"], here, prices):
                continue
            found = _item(item, fields, here, prices, language)
            if found is not None:
                yield found


def _item(
    item: Mapping[str, Any], fields: Mapping[str, Any], values: Values, prices: Prices, language: str
) -> Item | None:
    chosen = values[item["option"]] if "option" in item else None
    option = next((one for one in fields[item["option"]]["options"] if one["id"] == chosen), None) if chosen else None
    if chosen == "":
        return None  # the choice is not asked
    quantity = value(item["quantity"], values, prices) if "quantity" in item else Fraction(1)
    if "least" in item and 0 < quantity < Fraction(item["least"]):
        quantity = Fraction(item["least"])
    quantity = to_step("round", quantity, _THOUSANDTH)
    if quantity <= 0:
        return None
    own = value(item["price"], values, prices) if "price" in item else Fraction((option or {}).get("price", 0))
    price = to_step("round", own, _CENT)
    discount = to_step("round", value(item["discount"], values, prices), _CENT) if "discount" in item else Fraction()
    if price < 0 or discount < 0 or discount > to_step("round", quantity * price, _CENT):
        raise ReckoningError("negative")
    option = option or {}
    unit = item.get("unit") or option.get("unit") or catalogue(language)["unit.piece"]
    return Item(
        name=_filled(_in(item.get("name") or option["label"], language), fields, values, language)[:_LONGEST_NAME],
        quantity=_decimal(quantity, 3),
        unit=unit if isinstance(unit, str) else _in(unit, language),
        unit_price=_decimal(price, 2),
        sku=item.get("sku") or option.get("sku"),
        discount=_decimal(discount, 2) if discount else None,
        category=option.get("category"),
    )


# --- values ------------------------------------------------------------------------------------------------------


def _values(
    fields: list[dict[str, Any]],
    given: Mapping[str, Any],
    outer: Values,
    prices: Prices,
    problems: list[InputError],
    path: str,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        name, here = field["id"], {**outer, **found}
        found[name] = _NOTHING.get(field["kind"], "")
        if "when" in field and not holds(field["when"], here, prices):
            continue
        try:
            if field["kind"] == "rows":
                rows = _rows(field, given.get(name))
                found[name] = [
                    _values(field["fields"], row, here, prices, problems, f"{path}.{name}[{index}]")
                    for index, row in enumerate(rows)
                ]
            else:
                found[name] = _one(field, given.get(name))
        except _WrongError as error:
            problems.append(InputError(f"{path}.{name}", error.detail))
    return found


class _WrongError(Exception):
    def __init__(self, detail: Message) -> None:
        super().__init__(detail)
        self.detail = detail


def _one(field: Mapping[str, Any], given: Any) -> Any:
    kind = field["kind"]
    if kind == "switch":
        if given not in (None, True, False):
            raise _WrongError(say("must be true or false"))
        return given is True
    if kind == "number":
        return _number(field, given)
    text = "" if given is None else given
    if kind == "choice":
        ids = [option["id"] for option in field["options"]]
        if text not in ids:
            raise _WrongError(say("is not one of {choices}", choices=", ".join(ids)))
        return text
    if not isinstance(text, str) or (text and not re.fullmatch(_SHAPES[kind], text)):
        raise _WrongError(say("is not a {kind}", kind=kind))
    return text


def _number(field: Mapping[str, Any], given: Any) -> Fraction:
    text = str(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else ""
    if not _NUMBER.fullmatch(text):
        raise _WrongError(say("must be a number with at most 6 digits after the point"))
    number = Fraction(text)
    if "least" in field and number < Fraction(field["least"]):
        raise _WrongError(say("must be at least {least}", least=field["least"]))
    if "most" in field and number > Fraction(field["most"]):
        raise _WrongError(say("must be at most {most}", most=field["most"]))
    if "step" in field and ((number - Fraction(field.get("least", 0))) / Fraction(field["step"])).denominator != 1:
        raise _WrongError(say("must go in steps of {step}", step=field["step"]))
    return number


def _rows(field: Mapping[str, Any], given: Any) -> list[dict[str, Any]]:
    least, most = int(Decimal(field.get("least", 0))), int(Decimal(field.get("most", MOST_ROWS)))
    rows = [] if given is None else given
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _WrongError(say("must be a list of rows"))
    if not least <= len(rows) <= most:
        raise _WrongError(say("must have {least} to {most} rows", least=least, most=most))
    return rows


def _all(fields: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for field in fields:
        yield field
        yield from field.get("fields", [])


def _collect(fields: list[dict[str, Any]], prices: Prices) -> None:
    for field in _all(fields):
        for option in field.get("options", []):
            for which in ("price", "value"):
                prices.of[field["id"], option["id"], which] = Fraction(option.get(which, 0))


# --- texts and digits ----------------------------------------------------------------------------------------------


def _in(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or words.get("en") or next(iter(words.values()))


def _filled(text: str, fields: Mapping[str, Any], values: Values, language: str) -> str:
    def shown(match: "re.Match[str]") -> str:
        field, typed = fields[match[1]], values[match[1]]
        if field["kind"] == "choice":
            chosen = next((one for one in field["options"] if one["id"] == typed), None)
            return _in(chosen["label"], language) if chosen else ""
        if isinstance(typed, Fraction):
            return f"{_decimal(typed, 6).normalize():f}"
        return "" if isinstance(typed, bool) else str(typed)

    return PLACEHOLDER.sub(shown, text)


def _decimal(number: Fraction, digits: int) -> Decimal:
    """Exact: the fraction has at most so many digits."""
    return Decimal(int(number * 10**digits)).scaleb(-digits)
