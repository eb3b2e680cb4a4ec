"""The note of a calculation: plain text that is readable at a glance in amoCRM's feed.

Its last line is a reference mark. It lets a retry find the note, and people find the delivery.
"""

from datetime import date
from decimal import Decimal
from uuid import UUID

from shared.calculation.model import Calculation, Item
from shared.calculation.template import Template

_TERMS = {
    "ru": {
        "number": "№",
        "discount": "Скидка",
        "delivery": "Доставка",
        "total": "Итого",
        "valid": "Действительно до",
    },
    "en": {"number": "No.", "discount": "Discount", "delivery": "Delivery", "total": "Total", "valid": "Valid until"},
}
_SIGNS = {"RUB": "₽", "KZT": "₸", "UAH": "₴", "USD": "$", "EUR": "€", "UZS": "soʻm", "BYN": "Br"}


def reference(delivery_id: UUID) -> str:
    """The mark of a delivery; 26 letters and digits are enough to be its own."""
    return f"ref:{delivery_id.hex[:26]}"


def text(calculation: Calculation, mark: str, words: Template, language: str) -> str:
    terms, currency = _TERMS[language], "\u00a0" + currency_sign(calculation.currency)
    lines = [_title(calculation, words, terms), ""]
    lines += [f"{parameter.name}: {parameter.value}" for parameter in calculation.parameters]
    if calculation.parameters:
        lines.append("")
    lines += [_item_line(position, item, currency, language) for position, item in enumerate(calculation.items, 1)]
    lines.append("")
    if calculation.discount:
        lines.append(f"{terms['discount']}: −{money(calculation.discount, language)}{currency}")
    if calculation.delivery:
        lines.append(f"{terms['delivery']}: {money(calculation.delivery, language)}{currency}")
    lines.append(f"{terms['total']}: {money(calculation.total, language)}{currency}")
    if calculation.valid_until:
        lines.append(f"{terms['valid']} {day(calculation.valid_until, language)}")
    if calculation.comment:
        lines += ["", calculation.comment]
    return "\n".join([*lines, "", mark])


def _title(calculation: Calculation, words: Template, terms: dict[str, str]) -> str:
    number = f" {terms['number']} {calculation.number}" if calculation.number else ""
    is_said = calculation.title.lower().startswith(words.note_heading.lower())
    heading = f"{words.note_heading}: " if words.note_heading and not is_said else ""
    return f"{heading}{calculation.title}{number}"


def day(moment: date, language: str) -> str:
    """A date as it is written in the language."""
    return f"{moment:%d.%m.%Y}" if language == "ru" else f"{moment.day} {moment:%B %Y}"


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


def _item_line(position: int, item: Item, currency: str, language: str) -> str:
    price, amount = money(item.unit_price, language), money(item.amount, language)
    line = f"{position}. {item.name} — {quantity(item.quantity, language)} {item.unit} × {price} = {amount}{currency}"
    if not item.discount:
        return line
    return f"{line} ({_TERMS[language]['discount'].lower()} {money(item.discount, language)}{currency})"
