"""Courses and other goods without a parcel: Hotmart, Kiwify, Cakto, Ticto. Each tells of a sale several times, of each
state once."""

from decimal import Decimal
from typing import Final

from features.submissions import carts
from features.submissions.carts import PAID, PROMO_CODE, STATE, Cart, count, drop, item, moment, text
from features.submissions.shops.common import branch_of, phone_in, put_first, taken
from shared.platform.http import Request
from shared.platform.nested import Tree

_HOTMARTS: Final = frozenset({"buyer", "product", "purchase"})
_KIWIFYS: Final = frozenset({"order_id", "order_status", "Customer", "Product", "Commissions"})
_CAKTOS: Final = frozenset({"refId", "customer", "product", "amount"})
_TICTOS: Final = frozenset({"status", "order", "item", "customer"})
_ARE_PAID: Final = ("approved", "complete", "completed", "paid", "authorized")


def read(tree: Tree, _: Request) -> Cart | None:
    data, order = tree.get("data"), tree.get("order")
    if isinstance(data, dict) and data.keys() >= _HOTMARTS and isinstance(data["purchase"], dict):
        return _hotmart(tree, data)
    if isinstance(data, dict) and data.keys() >= _CAKTOS:
        return _cakto(tree, data)
    if tree.keys() >= _TICTOS and isinstance(order, dict) and "hash" in order:
        return _ticto(tree, order)
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
    total, state = _of_cents(money, "charge_amount"), text(order, "order_status")
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


# source: Cakto's page on webhooks; bodies in public code. The event says more than the state: `refund`, `pix_gerado`.
def _cakto(tree: Tree, sale: Tree) -> Cart:
    state, total = text(sale, "status"), taken(sale, "amount")
    product = branch_of(sale["product"])
    good = item(text(product, "name"), None, total)
    found = Cart(
        number=text(sale, "refId", "id"),
        items=[good] if good else [],
        total=total,
        currency="BRL",
        discount=taken(sale, "discount"),
        payment=text(sale, "paymentMethodName", "paymentMethod"),
        values={
            PROMO_CODE: text(sale, "couponCode"),
            STATE: ", ".join(filter(None, (text(tree, "event"), state))),
            PAID: carts.IS_SO if state.lower() in _ARE_PAID else "",
        },
        made_at=moment(sale.get("createdAt")),
    )
    drop(sale, "id", "paymentMethod", "createdAt", "paidAt", "refundedAt", "chargedbackAt", "checkoutUrl")
    drop(product, "id", "short_id")
    own = branch_of(sale["customer"])
    put_first(sale, {name: text(own, name) for name in ("name", "email", "phone")})
    return found


# source: Ticto's reference of webhooks, version 2.0, as public code quotes it. Its sums are in cents; that of a good is
# of all its pieces (a guess).
def _ticto(tree: Tree, order: Tree) -> Cart:
    sold, shipping, state = branch_of(tree["item"]), branch_of(tree.get("shipping")), text(tree, "status")
    price, total, cost = _of_cents(sold, "amount"), _of_cents(order, "paid_amount"), _of_cents(shipping, "amount")
    good = item(text(sold, "product_name"), count(sold.pop("quantity", None)), None, total=price)
    found = Cart(
        number=text(order, "hash"),
        items=[good] if good else [],
        total=price if total is None else total,
        currency="BRL",
        delivery_method=text(shipping, "method"),
        delivery_cost=cost or None,
        payment=text(tree, "payment_method"),
        values={
            PROMO_CODE: text(sold, "coupon_name"),
            STATE: state,
            PAID: carts.IS_SO if state.lower() in _ARE_PAID else "",
        },
        made_at=moment(order.get("order_date")),
    )
    drop(tree, "version", "status_date", "token")
    drop(order, "id", "transaction_hash", "order_date")
    return found


def _of_cents(branch: Tree, name: str) -> Decimal | None:
    cents = taken(branch, name)
    return None if cents is None else cents / Decimal(100)
