"""Money: the one rule by which it is rounded, and how amounts, quantities and dates are written in a language.

A price and a discount are kept and shown with the digits that they have, :data:`MOST_DIGITS` at most
(:func:`shortened`). What they make, a line's amount and a sum, is :func:`rounded` to cents, half up, and is shown,
written and compared like that only. A deal's budget is the rounded sum, rounded to whole units (:func:`budget`).
"""

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

LARGEST: Final = Decimal("1e12")  # of a price, a quantity, a line's amount and a sum
MOST_DIGITS: Final = 6  # after the point, of what somebody sends

_SIGNS: Final = {"RUB": "₽", "KZT": "₸", "UAH": "₴", "USD": "$", "EUR": "€", "UZS": "soʻm", "BYN": "Br", "BRL": "R$"}
_CENT: Final = Decimal("0.01")
# A product of two amounts has 38 digits, more than the usual context keeps.
_EXACT: Final = Context(prec=100, rounding=ROUND_HALF_UP)
_LAST: Final = Decimal(1).scaleb(-MOST_DIGITS)
# How languages part thousands and write fractions (Unicode CLDR).
_COMMAS: Final = str.maketrans({",": "\u202f", ".": ","})
_DOTS: Final = str.maketrans({",": ".", ".": ","})
_DIGITS: Final = {"en": {}, "es": _DOTS, "pt": _DOTS}
_DAYS: Final = dict.fromkeys(("es", "pt"), "{0.day:02}/{0.month:02}/{0.year:04}")


def is_amount(amount: Decimal) -> bool:
    """Whether it can be reckoned with: from 0 to :data:`LARGEST`, with at most :data:`MOST_DIGITS` after the point."""
    return amount.is_finite() and 0 <= amount <= LARGEST and int(amount.as_tuple().exponent) >= -MOST_DIGITS


def shortened(amount: Decimal) -> Decimal:
    """To :data:`MOST_DIGITS`: what programs make of fractions has more (59.699999999999996, a third of a hundred)."""
    is_long = amount.is_finite() and int(amount.as_tuple().exponent) < -MOST_DIGITS and amount.copy_abs() <= LARGEST
    return _EXACT.plus(amount.quantize(_LAST, context=_EXACT)) if is_long else amount


def rounded(amount: Decimal) -> Decimal:
    """To two digits, half up."""
    return amount.quantize(_CENT, context=_EXACT)


def line_amount(quantity: Decimal, price: Decimal, discount: Decimal | None) -> Decimal:
    """What a line of a calculation or an order costs."""
    return rounded(_EXACT.subtract(_EXACT.multiply(quantity, price), discount or Decimal()))


def budget(amount: Decimal) -> int:
    """A deal's budget, which has no cents: of the amount as people see it, half up."""
    return int(rounded(amount).quantize(Decimal(1), context=_EXACT))


def currency_sign(code: str) -> str:
    """The sign of a currency, or its ISO 4217 code where it has none."""
    return _SIGNS.get(code, code)


def sign_after(code: str) -> str:
    """What stands behind an amount in the currency: nothing where nobody has said which."""
    return f"\u00a0{currency_sign(code)}" if code else ""


def money(amount: Decimal, language: str) -> str:
    """An amount as it is written in the language: with all its digits, without cents where there are none."""
    exact = _EXACT.normalize(amount)
    digits = min(max(2, -int(exact.as_tuple().exponent)), MOST_DIGITS) if exact != exact.to_integral_value() else 0
    return f"{exact:,.{digits}f}".translate(_DIGITS.get(language, _COMMAS))


def quantity(amount: Decimal, language: str) -> str:
    """A quantity with as many digits as it has."""
    return f"{_EXACT.normalize(amount):f}".translate(_DIGITS.get(language, _COMMAS))


def day(moment: date, language: str) -> str:
    """A date as it is written in the language; `web/widget/engine.js` does the same."""
    if language == "en":
        return f"{moment.day} {moment:%B} {moment.year:04}"
    return _DAYS.get(language, "{0.day:02}.{0.month:02}.{0.year:04}").format(moment)
