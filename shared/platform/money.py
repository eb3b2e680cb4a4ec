"""Amounts, quantities and dates as they are written in a language."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_SIGNS: Final = {"RUB": "₽", "KZT": "₸", "UAH": "₴", "USD": "$", "EUR": "€", "UZS": "soʻm", "BYN": "Br"}
_CENT: Final = Decimal("0.01")


def rounded(amount: Decimal) -> Decimal:
    """To two digits, half up."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def currency_sign(code: str) -> str:
    """The sign of a currency, or its ISO 4217 code where it has none."""
    return _SIGNS.get(code, code)


def money(amount: Decimal, language: str = "ru") -> str:
    """An amount as it is written in the language, without cents where there are none."""
    digits = f"{amount:,.2f}".removesuffix(".00")
    return digits if language == "en" else digits.replace(",", "\u202f").replace(".", ",")


def quantity(amount: Decimal, language: str = "ru") -> str:
    """A quantity with as many digits as it has."""
    digits = f"{amount.normalize():f}"
    return digits if language == "en" else digits.replace(".", ",")


def day(moment: date, language: str) -> str:
    """A date as it is written in the language."""
    return f"{moment:%d.%m.%Y}" if language == "ru" else f"{moment.day} {moment:%B %Y}"
