"""Any other shop: a list of goods, wherever it stands."""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from features.submissions.carts import PROMO_CODE, Cart, amount, branches, count, item, text
from features.submissions.model import OrderItem
from features.submissions.shops.common import rest_of, taken, unread
from shared.platform.http import Request
from shared.platform.nested import Tree

_GOODS: Final = (
    "products", "items", "goods", "line_items", "order_items", "order_lines", "cart_items", "order_products",
    "positions", "basket", "cart", "offers", "товары", "товари", "корзина", "itens", "produtos", "productos",
    "carrinho", "carrito", "mahsulotlar",
)  # fmt: skip
_ORDERS_OWN: Final = ("order_number", "order_id", "sale_id", "order_reference")  # the last one as WayForPay has it
_NUMBERS: Final = (
    "order_number", "number", "order_id", "order_reference", "sale_id", "номер_заказа", "номер_замовлення",
    "numero_pedido", "número_pedido", "pedido_id", "id_pedido", "numero_orden", "número_orden", "orden_id", "id_orden",
    "num", "id", "uuid",
)  # fmt: skip
_ORDERS: Final = (
    "order", "order_data", "order_info", "order_information", "заказ", "замовлення", "pedido", "orden", "sale",
    "purchase",
)  # fmt: skip
_CURRENCIES: Final = ("currency", "currency_code", "валюта", "moneda", "moeda", "valyuta")
_TOTALS: Final = (
    "total", "total_price", "total_sum", "order_total", "amount", "sum", "price", "итого", "сумма", "total_amount",
    "grand_total", "разом", "сума", "valor_total", "total_geral", "monto_total", "monto", "importe_total", "importe",
    "jami", "summa",
)  # fmt: skip
_COSTS: Final = (
    "delivery_price", "delivery_cost", "shipping_total", "shipping_price", "shipping_cost", "shipping",
    "стоимость_доставки", "вартість_доставки", "valor_frete", "costo_envio",
)  # fmt: skip
_DISCOUNTS: Final = ("discount", "discount_total", "total_discount")
_PROMO_CODES: Final = ("promocode", "promo", "coupon", "промокод", "cupom", "cupon", "cupón")
_OF_SALESDRIVE, _OF_ADVANTSHOP = "cost_per_item", "art_no"  # beside which `amount` says how many
# So it does in goods of CS-Cart. source: its API's reference, "Orders"
_OF_CS_CART: Final = frozenset({"product", "product_code"})
# Of what a configurable good consists of, at no price: the good itself is a line of its own.
_OF_MAGENTO: Final = "parent_item_id"
_NAMES: Final = (
    "name", "title", "product_name", "product", "название", "наименование", "назва", "nome", "produto", "nombre",
    "producto", "nomi",
)  # fmt: skip
_PRICES: Final = (
    "price", "unit_price", "cost", "цена", "ціна", _OF_SALESDRIVE, "preco", "preço", "preco_unitario", "valor_unitario",
    "precio", "precio_unitario", "narx", "narxi",
)  # fmt: skip
_COUNTS: Final = (
    "quantity", "qty", "count", "кол-во", "количество", "кількість", "qty_ordered", "quantidade", "qtd", "qtde",
    "cantidad", "soni",
)  # fmt: skip
_LONGEST_NAME: Final = 40
_Chain = tuple[tuple[str, Tree], ...]  # branches with their names, each in the one before it
_SKUS: Final = ("sku", "article", "vendor_code", "product_code", "артикул", _OF_ADVANTSHOP)


# Of goods in lists that stand side by side: `product[]`, `price[]`, `qty[]`.
_LISTED: Final = {
    "name": ("product", "products", "product_name", "item", "items", "item_name", "good", "goods", "title", "товар",
             "товары", "название", "producto", "produto"),
    "price": ("price", "prices", "product_price", "item_price", "cost", "цена", "precio", "preco"),
    "quantity": ("quantity", "quantities", "qty", "count", "amount", "кол-во", "количество", "cantidad", "quantidade"),
    "sku": ("sku", "skus", "article", "артикул"),
}  # fmt: skip


def read(tree: Tree, _: Request) -> Cart | None:
    """A list of goods with names and prices, wherever it stands, and what stands beside it."""
    for branch, chain in _branches_below(tree):
        _put_together(branch)
        for name in _keys({key: one for key, one in branch.items() if isinstance(one, dict | list)}, _GOODS):
            lines = branches(branch[name])
            if not lines or len(lines) != len(branch[name]):
                continue
            goods = [good(one) for one in lines]
            if any(goods):
                del branch[name]
                places = _places(branch, chain)
                return Cart(
                    number=_text(places, _NUMBERS),
                    items=list(filter(None, goods)),
                    texts=unread(lines, goods),
                    total=_taken(places, _TOTALS),
                    currency=_text(places, _CURRENCIES),
                    discount=_taken(places, _DISCOUNTS),
                    delivery_cost=_taken(places, _COSTS),
                    values={PROMO_CODE: _text(places, _PROMO_CODES), **rest_of(lines, goods)},
                )
    return None


def _places(branch: Tree, chain: _Chain) -> list[Tree]:
    """What tells of the order, the surest first: its goods may stand in a cart that has an id and a sum of its own, and
    beside what is called the order."""
    orders = [one for name, one in reversed(chain) if _plain(name) in _plains(_ORDERS) or _keys(one, _ORDERS_OWN)]
    beside = [one[name] for _, one in reversed(chain) for name in _keys(one, _ORDERS) if isinstance(one[name], dict)]
    found = [*orders, *beside, branch]
    return [one for place, one in enumerate(found) if all(one is not other for other in found[:place])]


def _text(places: list[Tree], names: Sequence[str]) -> str:
    return next(filter(None, (text(one, *_keys(one, names)) for one in places)), "")


def _taken(places: list[Tree], names: Sequence[str]) -> Decimal | None:
    return next((found for one in places if (found := taken(one, *_keys(one, names))) is not None), None)


def _keys(branch: Tree, names: Sequence[str]) -> list[str]:
    """Which of these it has, in their order: `order_id` is `OrderId`, too."""
    own: dict[str, str] = {}
    for key in branch:
        own.setdefault(_plain(key), key)
    return [own[name] for name in _plains(names) if name in own]


def _plain(name: str) -> str:
    return _short(name) if len(name) <= _LONGEST_NAME else ""


@lru_cache(maxsize=2048)
def _short(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()


@lru_cache
def _plains(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_plain, names)))


def _put_together(branch: Tree) -> None:
    """Goods whose names, prices and quantities are lists of the same length, as goods."""
    found = {own: next((it for it in names if _is_listed(branch.get(it))), "") for own, names in _LISTED.items()}
    if not (found["name"] and found["price"]):
        return
    columns = {own: key for own, key in found.items() if key and len(branch[key]) == len(branch[found["name"]])}
    if "price" not in columns or any(amount(one) is None for one in branch[columns["price"]]):
        return
    if "goods" not in branch or "goods" in columns.values():
        rows = zip(*[branch.pop(key) for key in columns.values()], strict=True)
        branch["goods"] = [dict(zip(columns, one, strict=True)) for one in rows]


def _is_listed(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def good(one: Tree, counts: tuple[str, ...] = _COUNTS) -> OrderItem | None:
    """What it is understood from is taken out of it."""
    left = dict(one)
    is_count = one.keys() >= _OF_CS_CART or _keys(one, (_OF_SALESDRIVE, _OF_ADVANTSHOP))
    counts = (*counts, "amount") if is_count else counts
    name, price, sku = _text([left], _NAMES), _taken([left], _PRICES), _text([left], _SKUS)
    number = next((it for it in _keys(left, counts) if count(left.get(it)) is not None), None)
    quantity = None if number is None else count(left.pop(number))
    if not price and left.get(_OF_MAGENTO):
        return None
    options = branches(left.get("options"))
    told = [(text(it, "option", "name", "title"), text(it, "variant", "value")) for it in options]
    found = item(name, quantity, price, sku=sku, options=told)
    if found is not None:
        one.clear()
        one |= left
    return found


def _branches_below(tree: Tree) -> Iterable[tuple[Tree, _Chain]]:
    """Each with its name and those around it, the outermost first; what is around a list is of all in it."""
    waiting: deque[tuple[str, Any, _Chain]] = deque([("", tree, ())])
    while waiting:
        name, branch, above = waiting.popleft()
        if isinstance(branch, dict):
            around = (*above, (name, branch))
            yield branch, around
            waiting += [(key, one, around) for key, one in branch.items() if isinstance(one, dict | list)]
        else:
            waiting += [("", one, ()) for one in branch if isinstance(one, dict | list)]
