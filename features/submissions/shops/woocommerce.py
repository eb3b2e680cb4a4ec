"""WooCommerce: `order.created`, `order.updated`."""

from typing import Final

from features.submissions.carts import (
    PAID,
    PROMO_CODE,
    STATE,
    TRANSACTION,
    Cart,
    amount,
    branches,
    count,
    drop,
    item,
    moment,
    text,
)
from features.submissions.model import OrderItem
from features.submissions.shops.common import (
    address_of,
    branch_of,
    forget,
    forget_empty,
    is_topic,
    phone_in,
    put_first,
    rest_of,
    spoken,
    sum_of,
    taken,
    unread,
)
from shared.platform.http import Request
from shared.platform.nested import Tree

_FURNITURE: Final = (
    "parent_id", "order_key", "created_via", "version", "date_created", "date_created_gmt", "date_modified",
    "date_modified_gmt", "date_paid_gmt", "date_completed", "date_completed_gmt", "cart_tax", "total_tax",
    "prices_include_tax", "customer_id", "customer_ip_address", "customer_user_agent", "payment_method",
    "cart_hash", "tax_lines", "_links", "currency_symbol", "payment_url", "is_editable", "needs_payment",
    "needs_processing",
)  # fmt: skip


# Of an order that the checkout block makes for everybody who opens the page. The shop itself hides it and deletes it
# after a day; "Order updated" tells of it all the same, and so does "Order created" of older versions.
# source: woocommerce/woocommerce issues 37958, 66995; "Introducing a new order status: checkout-draft"
_NOT_PLACED: Final = "checkout-draft"

_OF_GOODS: Final = (
    "id", "name", "product_id", "variation_id", "quantity", "tax_class", "subtotal", "subtotal_tax", "total",
    "total_tax", "taxes", "meta_data", "sku", "price", "image", "parent_name", "global_unique_id", "cogs",
)  # fmt: skip


# source: WooCommerce's REST reference, "Order properties"; public receivers of its webhooks
def read(tree: Tree, request: Request) -> Cart | None:
    if not {"line_items", "billing", "order_key"} <= tree.keys() and not is_topic(
        request, "X-WC-Webhook-Topic", "order"
    ):
        return None
    lines = branches(tree.pop("line_items", None))
    goods = [_woocommerce_item(one) for one in lines]
    billing, shipping = branch_of(tree.pop("billing", None)), branch_of(tree.pop("shipping", None))
    deliveries, coupons = branches(tree.pop("shipping_lines", None)), branches(tree.pop("coupon_lines", None))
    number, id_ = text(tree, "number"), text(tree, "id")
    date_paid = text(tree, "date_paid")
    state = "deleted" if is_topic(request, "X-WC-Webhook-Topic", "order.deleted") else text(tree, "status")
    found = Cart(
        is_placed=state != _NOT_PLACED,
        made_at=moment(tree.get("date_created_gmt") or tree.get("date_created")),
        number=number or id_,
        items=list(filter(None, goods)),
        texts=unread(lines, goods),
        total=taken(tree, "total"),
        currency=text(tree, "currency"),
        discount=sum_of(text(tree, "discount_total"), text(tree, "discount_tax")),
        delivery_method=", ".join(filter(None, (text(one, "method_title") for one in deliveries))),
        delivery_cost=sum_of(text(tree, "shipping_total"), text(tree, "shipping_tax")),
        payment=text(tree, "payment_method_title", "payment_method"),
        address=address_of(shipping if shipping.get("address_1") else billing, _OF_WOOCOMMERCE),
        comment=text(tree, "customer_note"),
        values={
            PROMO_CODE: ", ".join(filter(None, (text(one, "code") for one in coupons))),
            **rest_of(lines, goods, _OF_GOODS),
            STATE: state,
            PAID: date_paid,
            TRANSACTION: text(tree, "transaction_id"),
        },
    )
    drop(tree, *_FURNITURE)
    _meta(tree)
    forget_empty(tree)
    own = {name: billing.pop(name, None) for name in ("first_name", "last_name", "phone", "email")}
    forget(shipping, {**billing, **own})
    own["phone"] = phone_in(billing.get("country"), own["phone"])
    forget(billing, spoken(found.address))
    forget(shipping, spoken(found.address))
    put_first(tree, own | {name: value for name, value in billing.items() if value}, shipping=shipping)
    return found


_OF_WOOCOMMERCE: Final = {
    "country": "country", "region": "state", "city": "city", "street": ("address_1", "address_2"),
    "postcode": "postcode",
}  # fmt: skip


def _woocommerce_item(one: Tree) -> OrderItem | None:
    """Its price before coupons, with its tax; the order's discount tells what coupons take off."""
    options = [
        (str(meta.get("display_key") or meta.get("key") or ""), meta["display_value"])
        for meta in branches(one.get("meta_data"))
        if isinstance(meta.get("display_value"), str) and not str(meta.get("key")).startswith("_")
    ]
    total = sum_of(one.get("subtotal"), one.get("subtotal_tax"))
    price = amount(one.get("price")) if total is None else None
    name, sku = str(one.get("name") or ""), str(one.get("sku") or "")
    return item(name, count(one.get("quantity")), price, total=total, sku=sku, options=options)


def _meta(tree: Tree) -> None:
    """What plugins keep for themselves begins with an underscore; what was asked of the buyer, and where they came
    from, does not go."""
    kept: list[Tree] = []
    for one in branches(tree.pop("meta_data", None)):
        key, value = str(one.get("key") or ""), one.get("value")
        if key.startswith((f"{_VISIT}utm_", f"{_VISIT}referrer")):
            tree[key.removeprefix(_VISIT)] = value
        elif (found := next((start for start in _ASKED if key.startswith(start)), None)) or not key.startswith("_"):
            kept.append({"key": key.removeprefix(found or ""), "value": value})
    if kept:
        tree["meta_data"] = kept


_VISIT: Final = "_wc_order_attribution_"  # and utm_source, referrer …
_ASKED: Final = ("_billing_", "_shipping_")
