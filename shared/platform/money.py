"""Amounts, quantities and dates as they are written in a language."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_SIGNS: Final = {"RUB": "₽", "KZT": "₸", "UAH": "₴", "USD": "$", "EUR": "€", "UZS": "soʻm", "BYN": "Br", "BRL": "R$"}
_CENT: Final = Decimal("0.01")
# How languages part thousands and write fractions (Unicode CLDR).
_COMMAS: Final = str.maketrans({",": "\u202f", ".": ","})
_DOTS: Final = str.maketrans({",": ".", ".": ","})
_DIGITS: Final = {"en": {}, "es": _DOTS, "pt": _DOTS}
_DAYS: Final = {"es": "%d/%m/%Y", "pt": "%d/%m/%Y"}


def rounded(amount: Decimal) -> Decimal:
    """To two digits, half up."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def currency_sign(code: str) -> str:
    """The sign of a currency, or its ISO 4217 code where it has none."""
    return _SIGNS.get(code, code)


def money(amount: Decimal, language: str) -> str:
    """An amount as it is written in the language, without cents where there are none."""
    return f"{amount:,.2f}".removesuffix(".00").translate(_DIGITS.get(language, _COMMAS))


def quantity(amount: Decimal, language: str) -> str:
    """A quantity with as many digits as it has."""
    return f"{amount.normalize():f}".translate(_DIGITS.get(language, _COMMAS))


def day(moment: date, language: str) -> str:
    """A date as it is written in the language."""
    return f"{moment.day} {moment:%B %Y}" if language == "en" else moment.strftime(_DAYS.get(language, "%d.%m.%Y"))
