"""Shopify: `orders/create`, `orders/paid`, `orders/updated` and the like."""

from typing import Any, Final

from features.submissions import carts
from features.submissions.carts import PAID, PROMO_CODE, STATE, Cart, amount, branches, count, drop, item, moment, text
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
    "id", "admin_graphql_api_id", "app_id", "browser_ip", "buyer_accepts_marketing", "cart_token",
    "checkout_id", "checkout_token", "client_details", "closed_at", "confirmation_number", "confirmed",
    "contact_email", "created_at", "current_shipping_price_set", "current_subtotal_price",
    "current_subtotal_price_set", "current_total_discounts", "current_total_discounts_set",
    "current_total_price", "current_total_price_set", "current_total_tax", "current_total_tax_set",
    "customer_locale", "device_id", "discount_applications", "fulfillments", "landing_site", "landing_site_ref",
    "location_id", "merchant_business_entity_id", "number", "order_status_url", "presentment_currency",
    "processed_at", "source_name", "source_identifier", "subtotal_price", "subtotal_price_set", "tax_lines",
    "taxes_included", "tax_exempt", "test", "token", "total_cash_rounding_payment_adjustment_set",
    "total_cash_rounding_refund_adjustment_set", "total_discounts_set", "total_line_items_price",
    "total_line_items_price_set", "total_outstanding", "total_price_set", "total_price_usd",
    "total_shipping_price_set", "total_tax", "total_tax_set", "total_tip_received", "total_weight",
    "updated_at", "user_id", "estimated_taxes", "duties_included", "po_number", "reference",
)  # fmt: skip


_OF_GOODS: Final = (
    "id", "admin_graphql_api_id", "attributed_staffs", "current_quantity", "fulfillable_quantity",
    "fulfillment_service", "fulfillment_status", "gift_card", "grams", "name", "price", "price_set",
    "product_exists", "product_id", "properties", "quantity", "requires_shipping", "sku", "taxable", "title",
    "total_discount", "total_discount_set", "variant_id", "variant_inventory_management", "variant_title",
    "vendor", "tax_lines", "duties", "discount_allocations", "sales_line_item_group_id",
)  # fmt: skip


# source: Shopify's reference, "Order" of the REST Admin API; public receivers of its webhooks
def read(tree: Tree, request: Request) -> Cart | None:
    if not {"line_items", "total_price", "financial_status"} <= tree.keys() and not is_topic(
        request, "X-Shopify-Topic", "orders/"
    ):
        return None
    lines = branches(tree.pop("line_items", None))
    is_taxed = str(tree.get("taxes_included")).lower() not in ("true", "1")
    goods = [_shopify_item(one, is_taxed) for one in lines]
    deliveries, codes = branches(tree.pop("shipping_lines", None)), branches(tree.pop("discount_codes", None))
    billing, shipping = branch_of(tree.pop("billing_address", None)), branch_of(tree.pop("shipping_address", None))
    customer = branch_of(tree.pop("customer", None))
    name, state = text(tree, "name"), text(tree, "financial_status")
    gateways = tree.pop("payment_gateway_names", None)
    cancelled, fulfilled = text(tree, "cancelled_at"), text(tree, "fulfillment_status")
    found = Cart(
        made_at=moment(tree.get("created_at")),
        number=text(tree, "order_number") or name.lstrip("#") or str(tree.get("id") or ""),
        items=list(filter(None, goods)),
        texts=unread(lines, goods),
        total=taken(tree, "total_price"),
        currency=text(tree, "currency"),
        discount=taken(tree, "total_discounts"),
        delivery_method=", ".join(filter(None, (text(one, "title") for one in deliveries))),
        delivery_cost=sum_of(*(_shopify_price(one, is_taxed) for one in deliveries)),
        payment=", ".join(one for one in gateways if isinstance(one, str)) if isinstance(gateways, list) else "",
        address=address_of(shipping or billing, _OF_SHOPIFY),
        comment=text(tree, "note"),
        values={
            PROMO_CODE: ", ".join(filter(None, (text(one, "code") for one in codes))),
            **rest_of(lines, goods, _OF_GOODS),
            STATE: "cancelled" if cancelled else fulfilled or state,
            PAID: carts.IS_SO if state == "paid" else "",
        },
    )
    own = {one: billing.get(one) or shipping.get(one) or customer.get(one) for one in ("first_name", "last_name")}
    own["phone"] = text(tree, "phone") or billing.get("phone") or customer.get("phone") or shipping.get("phone")
    own["email"] = text(tree, "email", "contact_email") or customer.get("email")
    phone = phone_in(billing.get("country_code") or shipping.get("country_code"), own["phone"])
    drop(tree, *_FURNITURE)
    forget_empty(tree)
    for one in (billing, shipping):
        drop(one, "latitude", "longitude", "country_code", "province_code", "name")
        forget(one, own)
        forget(one, spoken(found.address))
    forget(shipping, billing)
    put_first(tree, own | {"phone": phone}, billing_address=billing, shipping_address=shipping)
    return found


_OF_SHOPIFY: Final = {
    "country": "country", "region": "province", "city": "city", "street": ("address1", "address2"), "postcode": "zip",
}  # fmt: skip


def _shopify_item(one: Tree, is_taxed: bool) -> OrderItem | None:
    variant = str(one.get("variant_title") or "")
    options = [("", "" if variant == "Default Title" else variant)]
    options += [
        (str(it.get("name") or ""), str(it.get("value") or ""))
        for it in branches(one.get("properties"))
        if not str(it.get("name")).startswith("_")  # an app's own
    ]
    number = count(one.get("quantity"))
    price, tax = amount(one.get("price")), _taxes(one) if is_taxed else None
    total = price * number + tax if price is not None and number and tax else None
    name, sku = str(one.get("title") or one.get("name") or ""), str(one.get("sku") or "")
    return item(name, number, None if total else price, total=total, sku=sku, options=options)


def _shopify_price(delivery: Tree, is_taxed: bool) -> Any:
    price = amount(delivery.get("discounted_price")) or amount(delivery.get("price"))
    tax = _taxes(delivery) if is_taxed else None
    return f"{(price or 0) + (tax or 0):f}"


def _taxes(one: Tree) -> Any:
    return sum_of(*(it.get("price") for it in branches(one.get("tax_lines"))))
