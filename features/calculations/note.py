"""The note of a calculation: plain text that is readable at a glance in amoCRM's feed."""

from features.calculations.model import Calculation
from features.calculations.template import Template
from shared.deliveries.items import Item
from shared.platform import i18n
from shared.platform.money import day, money, quantity, sign_after


def text(calculation: Calculation, words: Template, language: str) -> str:
    terms, currency = i18n.words(language, "document.note"), sign_after(calculation.currency)
    lines = [_title(calculation, words, terms), ""]
    lines += [f"{parameter.name}: {parameter.value}" for parameter in calculation.parameters]
    if calculation.parameters:
        lines.append("")
    lines += [
        _item_line(position, item, currency, language, terms) for position, item in enumerate(calculation.items, 1)
    ]
    lines.append("")
    if calculation.discount:
        lines.append(f"{terms['discount']}: −{money(calculation.discount, language)}{currency}")
    if calculation.delivery:
        lines.append(f"{terms['delivery']}: {money(calculation.delivery, language)}{currency}")
    lines.append(f"{terms['total']}: {money(calculation.rounded_total, language)}{currency}")
    if calculation.valid_until:
        lines.append(f"{terms['valid']} {day(calculation.valid_until, language)}")
    if calculation.comment:
        lines += ["", calculation.comment]
    return "\n".join(lines)


def _title(calculation: Calculation, words: Template, terms: dict[str, str]) -> str:
    number = f" {terms['number']} {calculation.number}" if calculation.number else ""
    is_said = calculation.title.lower().startswith(words.note_heading.lower())
    heading = f"{words.note_heading}: " if words.note_heading and not is_said else ""
    return f"{heading}{calculation.title}{number}"


def _item_line(position: int, item: Item, currency: str, language: str, terms: dict[str, str]) -> str:
    price, amount = money(item.unit_price, language), money(item.amount, language)
    line = f"{position}. {item.name} — {quantity(item.quantity, language)} {item.unit} × {price} = {amount}{currency}"
    if not item.discount:
        return line
    return f"{line} ({terms['discount'].lower()} {money(item.discount, language)}{currency})"
