"""What a published calculator makes of what was typed and chosen: the items, the sum, and all that is said beside them.
`web/widget/engine.js` does the same, so that a person sees it before it is saved.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from msgspec import Struct

from features.calculations.compiler import PLACEHOLDER
from features.calculations.formulas.evaluator import EvaluationError, Prices, Values, holds, to_step, value
from features.calculations.inputs import values_of
from features.calculations.model import MOST_ITEMS, Parameter
from shared.deliveries.items import Item
from shared.platform.i18n import catalogue
from shared.platform.messages import Message, said, say
from shared.platform.money import LARGEST, day
from shared.platform.problems import InputError

_LONGEST_NAME: Final = 250
_CENT: Final = Fraction(1, 100)
_THOUSANDTH: Final = Fraction(1, 1000)
_LARGEST: Final = Fraction(LARGEST)  # of a quantity, a price and a sum
_GAPS: Final = re.compile("[ \t\n\r\u00a0,]+")  # what is left of a text of which nothing was asked
_WHY: Final = {
    "division_by_zero": say("This cannot be reckoned: a formula divides by zero."),
    "too_large": say("This cannot be reckoned: a number becomes too large."),
    "too_small": say("This cannot be reckoned: a price is less than a cent, or a quantity less than a thousandth."),
    "too_many": say("This cannot be reckoned: it has more than 250 lines."),
    "negative": say("This cannot be reckoned: a price or a discount is less than nothing, or more than the amount."),
}


class Evaluation(Struct, frozen=True):
    title: str = ""
    currency: str = ""
    items: tuple[Item, ...] = ()
    discount: Decimal = Decimal()
    delivery: Decimal = Decimal()
    parameters: tuple[Parameter, ...] = ()
    refused: Message | None = None  # why it cannot be made

    @property
    def total(self) -> Decimal:
        return sum((item.amount for item in self.items), Decimal()) - self.discount + self.delivery


def evaluate(document: Mapping[str, Any], given: Mapping[str, Any], language: str) -> "Evaluation | list[InputError]":
    """`document` as :mod:`.compiler` makes it; a list of what is not right in `given`, where something is not."""
    prices = Prices()
    _collect(document["fields"], prices)
    problems: list[InputError] = []
    try:
        values = values_of(document["fields"], given, {}, prices, problems, "calculator.values")
        if problems:
            return problems
        for variable in document.get("variables", []):
            values[variable["id"]] = value(variable["formula"], values, prices)
        for rule in document.get("rules", []):
            if holds(rule["refuse"], values, prices):
                return Evaluation(refused=said(_in(rule["message"], language)))
        return _whole(document, values, prices, language)
    except EvaluationError as error:
        return Evaluation(refused=_WHY[error.code])


def _whole(document: Mapping[str, Any], values: Values, prices: Prices, language: str) -> Evaluation:
    items = tuple(_items(document, values, prices, language))
    if len(items) > MOST_ITEMS:
        raise EvaluationError("too_many")
    subtotal = sum((Fraction(item.amount) for item in items), Fraction())
    whole = {**values, "subtotal": subtotal}
    discount, delivery = (
        to_step("round", value(document[name], whole, prices), _CENT) if name in document else Fraction()
        for name in ("discount", "delivery")
    )
    if discount < 0 or delivery < 0 or discount > subtotal:
        raise EvaluationError("negative")
    _bounded(subtotal, delivery, subtotal - discount + delivery)
    return Evaluation(
        _in(document["title"], language),
        document["currency"],
        items,
        _decimal(discount, 2),
        _decimal(delivery, 2),
        tuple(_parameters(document, values, language)),
    )


def _bounded(*numbers: Fraction) -> None:
    if any(number > _LARGEST for number in numbers):
        raise EvaluationError("too_large")


def _written(number: Fraction, step: Fraction) -> Fraction:
    """Rounded to what is written. Nothing that costs something becomes nothing."""
    found = to_step("round", number, step)
    if found == 0 < number:
        raise EvaluationError("too_small")
    _bounded(found)
    return found


def _parameters(document: Mapping[str, Any], values: Values, language: str) -> Iterator[Parameter]:
    fields = {field["id"]: field for field in _all(document["fields"])}
    for one in document.get("parameters", []):
        rows = values[one["each"]] if "each" in one else [{}]
        text = _in(one["text"], language)
        texts = [_filled(text, fields, {**values, **row}, language, day_of=_day) for row in rows]
        found = "; ".join(text for text in texts if _GAPS.sub("", text))
        if found:
            yield Parameter(_in(one["name"], language), found)


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
    quantity = _written(quantity, _THOUSANDTH)
    if quantity <= 0:
        return None
    own = value(item["price"], values, prices) if "price" in item else Fraction((option or {}).get("price", 0))
    price = _written(own, _CENT)
    discount = to_step("round", value(item["discount"], values, prices), _CENT) if "discount" in item else Fraction()
    if price < 0 or discount < 0 or discount > to_step("round", quantity * price, _CENT):
        raise EvaluationError("negative")
    _bounded(quantity * price)
    option = option or {}
    unit = item.get("unit") or option.get("unit") or catalogue(language)["unit.piece"]
    return Item(
        name=_short(_filled(_in(item.get("name") or option["label"], language), fields, values, language)),
        quantity=_decimal(quantity, 3),
        unit=unit if isinstance(unit, str) else _in(unit, language),
        unit_price=_decimal(price, 2),
        sku=item.get("sku") or option.get("sku"),
        discount=_decimal(discount, 2) if discount else None,
        category=option.get("category"),
    )


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


def _day(typed: str, language: str) -> str:
    return day(date.fromisoformat(typed), language) if typed else ""


def _filled(
    text: str,
    fields: Mapping[str, Any],
    values: Values,
    language: str,
    day_of: Callable[[str, str], str] = lambda typed, _: typed,
) -> str:
    def shown(match: "re.Match[str]") -> str:
        field, typed = fields[match[1]], values[match[1]]
        if field["kind"] == "choice":
            chosen = next((one for one in field["options"] if one["id"] == typed), None)
            return _in(chosen["label"], language) if chosen else ""
        if isinstance(typed, Fraction):
            return f"{_decimal(typed, 6).normalize():f}"
        if field["kind"] == "date":
            return day_of(typed, language)
        return "" if isinstance(typed, bool) else str(typed)

    return PLACEHOLDER.sub(shown, text)


def _short(name: str) -> str:
    """As a line may be called: not longer, and not nothing, where the text that it is called by was left empty."""
    if not _GAPS.sub("", name):
        return "—"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _decimal(number: Fraction, digits: int) -> Decimal:
    """Exact: the fraction has at most so many digits."""
    return Decimal(int(number * 10**digits)).scaleb(-digits)
