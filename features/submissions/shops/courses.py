"""Courses and other goods without a parcel: Hotmart, Kiwify. Each tells of a sale several times, of each state once."""

from decimal import Decimal
from typing import Final

from features.submissions import carts
from features.submissions.carts import PAID, PROMO_CODE, STATE, Cart, drop, item, text
from features.submissions.shops.common import branch_of, phone_in, put_first, taken
from shared.platform.http import Request
from shared.platform.nested import Tree

_HOTMARTS: Final = frozenset({"buyer", "product", "purchase"})
_KIWIFYS: Final = frozenset({"order_id", "order_status", "Customer", "Product", "Commissions"})
_ARE_PAID: Final = ("approved", "complete", "completed", "paid")


def read(tree: Tree, _: Request) -> Cart | None:
    data, order = tree.get("data"), tree.get("order")
    if isinstance(data, dict) and data.keys() >= _HOTMARTS and isinstance(data["purchase"], dict):
        return _hotmart(tree, data)
    if tree.keys() >= _KIWIFYS:
        return _kiwify(tree, tree)
    return _kiwify(tree, order) if isinstance(order, dict) and order.keys() >= _KIWIFYS else None


# source: Hotmart's page on webhooks 2.0; bodies in public code
def _hotmart(tree: Tree, data: Tree) -> Cart:
    purchase, buyer, product = (branch_of(data[name]) for name in ("purchase", "buyer", "product"))
    price, status = branch_of(purchase.get("price")), text(purchase, "status")
    total, currency = taken(price, "value"), text(price, "currency_value", "currency_code")
    own = {name: text(buyer, name) for name in ("name", "email")}
    drop(buyer, "first_name", "last_name")
    country = branch_of(buyer.get("address")).get("country_iso")
    country = country or branch_of(purchase.get("checkout_country")).get("iso")
    code = buyer.get("checkout_phone_code")  # the country's, or the area's, without which nobody can call
    own["phone"] = phone_in(country, text(buyer, "checkout_phone", "phone"), code if isinstance(code, str) else "")
    for name in ("full_price", "original_offer_price"):
        if carts.amount(branch_of(purchase.get(name)).get("value")) == total:
            del purchase[name]
    good = item(text(product, "name"), None, total)
    drop(tree, "id", "creation_date", "version", "event")
    drop(product, "id", "ucode", "warranty_date", "has_co_production", "is_physical_product")
    drop(purchase, "approved_date", "order_date", "is_funnel", "business_model")
    values = {
        PROMO_CODE: text(branch_of(purchase.get("offer")), "coupon_code"),
        STATE: status,
        PAID: carts.IS_SO if status.lower() in _ARE_PAID else "",
    }
    number, goods = text(purchase, "transaction"), [good] if good else []
    put_first(tree, own)
    return Cart(
        number=number,
        items=goods,
        total=total,
        currency=currency,
        payment=text(branch_of(purchase.get("payment")), "type"),
        values=values,
    )


# source: bodies of Kiwify's webhooks in public code. Its sums are in cents.
def _kiwify(tree: Tree, order: Tree) -> Cart:
    customer, money = branch_of(order["Customer"]), branch_of(order["Commissions"])
    cents, state = taken(money, "charge_amount"), text(order, "order_status")
    total = None if cents is None else cents / Decimal(100)
    own = {"name": text(customer, "full_name"), "email": text(customer, "email"), "phone": text(customer, "mobile")}
    drop(customer, "first_name", "last_name")
    good = item(text(branch_of(order["Product"]), "product_name"), None, total)
    number = text(order, "order_ref", "order_id")
    drop(order, "webhook_event_type", "store_id", "created_at", "updated_at", "approved_date")
    payment = text(order, "payment_method")
    put_first(tree, own)
    return Cart(
        number=number,
        items=[good] if good else [],
        total=total,
        currency=text(money, "currency", "product_base_price_currency"),
        payment=payment,
        values={STATE: state, PAID: carts.IS_SO if state.lower() in _ARE_PAID else ""},
    )
