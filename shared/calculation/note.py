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
    currency = "\u00a0" + _SIGNS.get(calculation.currency, calculation.currency)
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


def money(amount: Decimal) -> str:
    """Thousands apart by a narrow no-break space, a comma before the cents, and no cents where there are none."""
    digits = f"{amount:,.2f}".replace(",", "\u202f").replace(".", ",")
    return digits.removesuffix(",00")


def _item_line(position: int, item: Item, currency: str) -> str:
    quantity = f"{item.quantity.normalize():f}".replace(".", ",")
    line = (
        f"{position}. {item.name} — {quantity} {item.unit} × {money(item.unit_price)} = {money(item.amount)}{currency}"
    )
    return f"{line} (скидка {money(item.discount)}{currency})" if item.discount else line
