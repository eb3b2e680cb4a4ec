"""The note of a calculation: plain text that is readable at a glance in amoCRM's feed.

Its last line is a reference mark. It lets a retry find the note, and people find the delivery.
"""

from decimal import Decimal
from uuid import UUID

from shared.calculation.model import Calculation, Item

_SIGNS = {"RUB": "₽", "KZT": "₸", "UAH": "₴", "USD": "$", "EUR": "€", "UZS": "soʻm", "BYN": "Br"}


def reference(delivery_id: UUID) -> str:
    """The mark of a delivery; 26 letters and digits are enough to be its own."""
    return f"ref:{delivery_id.hex[:26]}"


def text(calculation: Calculation, mark: str) -> str:
    currency = "\u00a0" + currency_sign(calculation.currency)
    number = f" № {calculation.number}" if calculation.number else ""
    lines = [f"{calculation.title}{number}", ""]
    lines += [f"{parameter.name}: {parameter.value}" for parameter in calculation.parameters]
    if calculation.parameters:
        lines.append("")
    lines += [_item_line(position, item, currency) for position, item in enumerate(calculation.items, 1)]
    lines.append("")
    if calculation.discount:
        lines.append(f"Скидка: −{money(calculation.discount)}{currency}")
    if calculation.delivery:
        lines.append(f"Доставка: {money(calculation.delivery)}{currency}")
    lines.append(f"Итого: {money(calculation.total)}{currency}")
    if calculation.valid_until:
        lines.append(f"Действительно до {calculation.valid_until:%d.%m.%Y}")
    if calculation.comment:
        lines += ["", calculation.comment]
    return "\n".join([*lines, "", mark])


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


def _item_line(position: int, item: Item, currency: str) -> str:
    product = f"{quantity(item.quantity)} {item.unit} × {money(item.unit_price)} = {money(item.amount)}{currency}"
    line = f"{position}. {item.name} — {product}"
    return f"{line} (скидка {money(item.discount)}{currency})" if item.discount else line
