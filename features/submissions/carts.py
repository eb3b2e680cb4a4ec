"""A cart that a site builder or a shop has sent, on its way to becoming an order.

A server hears no answer that anybody reads, so nothing is refused here: the order is what the shop says it is, what
cannot be reckoned with stays a text, and what does not add up is told in the note.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from features.submissions.model import Address, Order, OrderDelivery, OrderItem, SubmitForm, SubmitOrder
from shared.platform import html_entities
from shared.platform.money import is_amount, shortened
from shared.platform.nested import Tree

_MOST_ITEMS: Final = 250
_LONGEST_NAME: Final = 250
_LONGEST_SKU: Final = 250
_LONGEST_LINE: Final = 1000
_LONGEST_NUMBER: Final = 60
_LONGEST_GOOD: Final = 400  # letters of a line that is read as a good; a megabyte of blanks takes an hour
# What an order says beside its own members, by the names that mappings use.
PROMO_CODE: Final = "promo_code"
STATE: Final = "order_state"
PAID: Final = "order_paid"  # when, by what, or "1"
TRANSACTION: Final = "transaction"
GOODS: Final = "goods"  # those that are texts
FORM_NAME: Final = "form_name"
IS_SO: Final = "1"

_CURRENCIES: Final = {
    "RUR": "RUB",
    **dict.fromkeys(("РУБ", "РУБЛЬ", "РУБЛЕЙ", "Р"), "RUB"),
    "₽": "RUB",
    "R$": "BRL",
    "$": "USD",
    "€": "EUR",
    **dict.fromkeys(("₴", "ГРН", "ГРИВНЯ", "ГРИВНА"), "UAH"),
    **dict.fromkeys(("₸", "ТГ", "ТНГ", "ТЕҢГЕ", "ТЕНГЕ"), "KZT"),
    **dict.fromkeys(("СУМ", "СЎМ", "SUM", "SO'M", "SOʻM", "SO‘M", "SO’M"), "UZS"),
}
_FIGURE: Final = re.compile(r"[^\d.,-]*(-?\d[\d\s\u00a0\u202f.,']*)[^\d]*")
# "Зеркало - 2x4900 = 9800", as Tilda writes goods that are not sent as an array.
_LINE: Final = re.compile(
    r"(?P<name>\S.*?)\s+[-\u2013\u2014]\s+(?P<quantity>\d+(?:[.,]\d+)?)\s*[xXхХ×*]\s*(?P<price>\d[\d\s\u00a0.,]*?)"
    r"\s*=\s*(?P<amount>\d[\d\s\u00a0.,]*)\s*\S{0,5}"
)


class Cart(Struct, frozen=True):
    """What was understood of a cart. `texts`: goods that are no more than a text."""

    number: str
    items: Sequence[OrderItem] = ()
    texts: Sequence[str] = ()
    total: Decimal | None = None
    currency: str = ""
    discount: Decimal | None = None
    delivery_method: str = ""
    delivery_cost: Decimal | None = None
    payment: str = ""
    address: Address | str = ""
    comment: str = ""
    values: dict[str, Any] = {}  # PROMO_CODE and the others above
    made_at: datetime | None = None  # where the shop says when
    is_placed: bool = True  # else its buyer is still at it


def submitted(cart: Cart, rest: SubmitForm) -> SubmitOrder:
    """The order. `rest`: what was understood of the body without its cart."""
    fields: dict[str, Any] = {name: value for name, value in cart.values.items() if value}
    texts = [*cart.texts, *map(_as_text, cart.items[_MOST_ITEMS:])]
    if texts:
        fields[GOODS] = texts
    for name, value in ((FORM_NAME, rest.form.name), ("page", rest.form.page), ("referrer", rest.form.referrer)):
        if value:
            fields.setdefault(name, value)
    number = cart.number.strip()
    if len(number) > _LONGEST_NUMBER:
        fields["number"] = number
    order = Order(
        number=number[:_LONGEST_NUMBER],
        items=list(cart.items[:_MOST_ITEMS]),
        total=Decimal(),
        discount=cart.discount or None,
        delivery=OrderDelivery(_line(cart.delivery_method, "delivery_method", fields), cart.delivery_cost or Decimal()),
        payment=_line(cart.payment, "payment", fields),
        address=_line(cart.address, "address", fields) if isinstance(cart.address, str) else cart.address,
        comment="\n".join(filter(None, dict.fromkeys([cart.comment.strip(), rest.comment.strip()]))),
    )
    currency = cart.currency.strip().rstrip(".").upper()
    if re.fullmatch("[A-Z]{3}", currency := _CURRENCIES.get(currency, currency)):
        order = replace(order, currency=currency)
    elif currency:
        fields["currency"] = cart.currency
    order = replace(order, total=order.expected_total if cart.total is None else cart.total)
    return SubmitOrder(order, rest.contact, {**fields, **_without(rest.fields, fields)}, tracking=rest.tracking)


def _line(text: str, name: str, fields: dict[str, Any]) -> str:
    if len(text) > _LONGEST_LINE:
        fields[name] = text
        return ""
    return text.strip()


def _without(fields: dict[str, Any], taken: dict[str, Any]) -> dict[str, Any]:
    """A form's own field that is called as one of an order's is another one."""
    return {f"{name} (2)" if name in taken and taken[name] != value else name: value for name, value in fields.items()}


def amount(value: Any, *, is_money: bool = True) -> Decimal | None:
    """Of "4 900,50 р.", 4900.5; None for what is no amount. "1,400.00" and "1.400,00" are the same. "1.400 €" is
    written for people, and is 1400: no program writes a currency beside thousandths."""
    if (
        not isinstance(value, str)
        or len(value) > 60
        or "%" in value
        or (found := _FIGURE.fullmatch(value.strip())) is None
    ):
        return None
    digits = re.sub(r"[\s\u00a0\u202f']", "", found[1]).rstrip(".,")
    mark = max(digits.rfind("."), digits.rfind(","))
    if mark >= 0:
        is_for_people = is_money and found[1].strip() != value.strip() and digits.lstrip("-")[:1] != "0"
        is_group = re.fullmatch(r"-?\d{1,3}", digits[:mark]) is not None  # 1500.000 has no thousands parted
        is_triple = is_group and len(digits) - mark == 4 and (digits[mark] == "," or is_for_people)
        is_thousands = digits.count(digits[mark]) > 1 or is_triple
        whole, fraction = (digits, "") if is_thousands else (digits[:mark], digits[mark + 1 :])
        digits = re.sub("[.,]", "", whole) + ("." + fraction if fraction else "")
    try:
        number = shortened(Decimal(digits))
    except InvalidOperation:
        return None
    return number if is_amount(number) else None


def item(
    name: str,
    quantity: Decimal | None,
    price: Decimal | None,
    *,
    total: Decimal | None = None,
    sku: str = "",
    options: Iterable[tuple[str, str]] = (),
) -> OrderItem | None:
    """None where there is no name, or neither a price nor a sum, and for none of it (a quantity of 0): that is a text,
    and no part of the sum. `quantity` None: one. `options`: names and values; a name may be empty."""
    if quantity is not None and not quantity:
        return None
    count = Decimal(1) if quantity is None else quantity
    if price is None and total is not None:
        price = shortened(total / count)
    # source: woocommerce/woocommerce issue 36469; modules of OpenCart, which undo it
    full = html_entities.read(named(name.strip(), options)).strip()
    if not full or price is None or len(full) > _LONGEST_NAME or len(sku) > _LONGEST_SKU:
        return None
    return OrderItem(full, count, price, sku=sku.strip() or None)


def moment(value: Any) -> datetime | None:
    """Of "2026-11-28T10:00:00+03:00"; without a zone in UTC, which may be half a day wrong. None for what is no
    moment."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def named(name: str, options: Iterable[tuple[str, str]]) -> str:
    """A good with its options, such as "Зеркало (Диаметр: 60 см, Рама: Дуб)"; not those that its name tells."""
    told = [
        f"{option.strip()}: {value.strip()}" if option.strip() else value.strip()
        for option, value in options
        if value.strip()
    ]
    new = [text for text in dict.fromkeys(told) if text not in name]
    return f"{name} ({', '.join(new)})" if name and new else name


def of_texts(lines: Iterable[str]) -> tuple[list[OrderItem], list[str]]:
    """Goods that are lines of text, and the lines that could not be read."""
    items: list[OrderItem] = []
    texts: list[str] = []
    for line in lines:
        said = line.strip() if len(line) <= _LONGEST_GOOD else ""
        if found := _LINE.fullmatch(said):
            one = item(found["name"], amount(found["quantity"]), amount(found["price"]))
        else:  # "Зеркало=4900", as it writes them in `payment` that is JSON; how many there are is not said
            name, _, figure = said.rpartition("=")
            one = item(name, None, amount(figure)) if figure.strip()[:1].isdecimal() else None
        if one:
            items.append(one)
        elif line.strip():
            texts.append(line.strip())
    return items, texts


def _as_text(one: OrderItem) -> str:
    name = f"{one.name} ({one.sku})" if one.sku else one.name
    return f"{name} — {one.quantity:f} × {one.unit_price:f}"


def count(value: Any) -> Decimal | None:
    """How many: a comma is a decimal one. Less than none, as what is given back, is none of it."""
    said = value.replace(",", ".").strip() if isinstance(value, str) else ""
    number = amount(said, is_money=False)
    is_less = number is None and said[:1] in ("-", "\u2212") and amount(said[1:], is_money=False) is not None
    return Decimal() if is_less else number


def text(tree: Any, *names: str) -> str:
    """The first of these members that is a text and not empty; it is taken out of the tree, as are empty ones before
    it."""
    for name in names:
        value = tree.get(name) if isinstance(tree, dict) else None
        if isinstance(value, str):
            del tree[name]
            if value.strip():
                return value.strip()
    return ""


def drop(tree: Any, *names: str) -> None:
    """Takes out what says nothing to people: a builder's own ids, times and sums of sums."""
    for name in names:
        if isinstance(tree, dict):
            tree.pop(name, None)


def branches(value: Any) -> list[Tree]:
    """The dictionaries of a list; also of one whose places are numbered with gaps, or that is one good by itself."""
    if isinstance(value, dict):
        value = list(value.values()) if all(name.isdecimal() for name in value) else [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
