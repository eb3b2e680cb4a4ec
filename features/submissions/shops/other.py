"""Any other shop: a list of goods, wherever it stands."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from features.submissions.carts import PROMO_CODE, Cart, amount, branches, count, item, text
from features.submissions.model import OrderItem
from features.submissions.shops.common import rest_of, taken, unread
from shared.platform.http import Request
from shared.platform.nested import Tree

_GOODS: Final = (
    "products", "items", "goods", "line_items", "order_items", "order_lines", "cart_items", "order_products",
    "positions", "basket", "cart", "offers", "товары", "itens", "produtos", "productos",
)  # fmt: skip
_NUMBERS: Final = ("order_number", "orderNumber", "number", "order_id", "orderid", "orderId", "num", "id", "uuid")
_TOTALS: Final = (
    "total", "total_price", "totalPrice", "total_sum", "order_total", "amount", "sum", "price", "итого", "сумма",
    "total_amount", "totalAmount", "grand_total", "grandTotal", "orderTotal",
)  # fmt: skip
_COSTS: Final = (
    "delivery_price", "delivery_cost", "shipping_total", "shipping_price", "shipping_cost", "shipping",
    "deliveryPrice", "deliveryCost", "shippingPrice", "shippingCost",
)  # fmt: skip
_OF_SALESDRIVE: Final = "costPerItem"  # beside which `amount` says how many
_NAMES: Final = ("name", "title", "product_name", "product", "название")
_PRICES: Final = ("price", "unit_price", "cost", "цена", _OF_SALESDRIVE)
_COUNTS: Final = ("quantity", "qty", "count", "кол-во")
_SKUS: Final = ("sku", "article", "vendor_code", "артикул")


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
    for branch in _branches_below(tree):
        _put_together(branch)
        for name in _GOODS:
            lines = branches(branch.get(name))
            if not lines or len(lines) != len(branch[name]):
                continue
            goods = [good(one) for one in lines]
            if any(goods):
                del branch[name]
                return Cart(
                    number=text(branch, *_NUMBERS),
                    items=list(filter(None, goods)),
                    texts=unread(lines, goods),
                    total=taken(branch, *_TOTALS),
                    currency=text(branch, "currency", "currency_code"),
                    discount=taken(branch, "discount", "discount_total", "total_discount"),
                    delivery_cost=taken(branch, *_COSTS),
                    values={
                        PROMO_CODE: text(branch, "promocode", "promo_code", "promo", "coupon"),
                        **rest_of(lines, goods),
                    },
                )
    return None


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


def good(one: Tree, counts: Iterable[str] = _COUNTS) -> OrderItem | None:
    """What it is understood from is taken out of it."""
    left = dict(one)
    counts = (*counts, "amount") if _OF_SALESDRIVE in one else counts
    name, price, sku = text(left, *_NAMES), taken(left, *_PRICES), text(left, *_SKUS)
    number = next((it for it in counts if count(left.get(it)) is not None), None)
    quantity = None if number is None else count(left.pop(number))
    options = branches(left.get("options"))
    told = [(text(it, "option", "name", "title"), text(it, "variant", "value")) for it in options]
    found = item(name, quantity, price, sku=sku, options=told)
    if found is not None:
        one.clear()
        one |= left
    return found


def _branches_below(tree: Tree) -> Iterable[Tree]:
    waiting: deque[Any] = deque([tree])
    while waiting:
        branch = waiting.popleft()
        if isinstance(branch, dict):
            yield branch
        waiting += [
            one for one in (branch.values() if isinstance(branch, dict) else branch) if isinstance(one, dict | list)
        ]
