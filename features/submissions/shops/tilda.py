"""Tilda: a cart, as an array, as JSON, and as lines of text."""

from typing import Any, Final

from features.submissions import carts
from features.submissions.carts import PAID, PROMO_CODE, TRANSACTION, Cart, amount, branches, count, drop, item, text
from features.submissions.model import OrderItem
from features.submissions.shops.common import forget_empty, rest_of, taken, unread
from shared.platform.http import Request
from shared.platform.nested import Tree

_OF_GOODS: Final = ("name", "quantity", "price", "amount", "sku", "externalid", "unit", "gen_uid", "uid", "img", "lid")


# source: public handlers of Tilda's webhook, and their tests and logs
def read(tree: Tree, _: Request) -> Cart | None:
    """A cart is placed, and with another setting, or a second webhook, paid: then it names the transaction."""
    payment = tree.get("payment")
    if not isinstance(payment, dict) or not ("products" in payment or {"orderid", "amount"} <= payment.keys()):
        return None
    products = payment.pop("products", None)
    given = products if isinstance(products, list) else [products]
    items, texts = carts.of_texts(line for one in given if isinstance(one, str) for line in one.splitlines())
    lines = branches(products)
    goods = [_tilda_item(one) for one in lines]
    system, transaction = text(payment, "sys"), text(payment, "systranid")
    values: dict[str, Any] = {PROMO_CODE: text(payment, "promocode")}
    if transaction not in ("", "0"):
        values |= {TRANSACTION: transaction, PAID: carts.IS_SO}
    drop(payment, "subtotal", "discountvalue")
    found = Cart(
        number=text(payment, "orderid"),
        items=[*filter(None, goods), *items],
        texts=[*texts, *unread(lines, goods)],
        total=taken(payment, "amount"),
        currency=text(payment, "currency"),
        discount=taken(payment, "discount"),
        delivery_method=text(payment, "delivery"),
        delivery_cost=taken(payment, "delivery_price"),
        payment=", ".join(
            dict.fromkeys(one for one in (system, text(tree, "paymentsystem")) if one not in ("", "none"))
        ),
        address=text(payment, "delivery_address"),
        comment=text(payment, "delivery_comment"),
        values=values | rest_of(lines, goods, _OF_GOODS),
    )
    forget_empty(payment)
    tree["payment"] = tree.pop("payment")  # who is to receive it comes after who has ordered it
    for name in ("formname", "form_name"):
        if str(tree.get(name)).lower() == "cart":  # as Tilda calls the form of every cart
            del tree[name]
    return found


def _tilda_item(one: Tree) -> OrderItem | None:
    given = branches(one.get("options"))
    options = [(str(it.get("option") or ""), str(it.get("variant") or "")) for it in given]
    found = item(
        str(one.get("name") or ""),
        count(one.get("quantity")),
        amount(one.get("price")),
        total=amount(one.get("amount")),
        sku=str(one.get("sku") or ""),
        options=options,
    )
    if found is not None and all(it.keys() <= {"option", "variant"} for it in given):
        drop(one, "options")
    return found
