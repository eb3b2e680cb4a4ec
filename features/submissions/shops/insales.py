"""InSales: `orders/create`, `orders/update`."""

from typing import Final

from features.submissions import carts
from features.submissions.carts import PAID, PROMO_CODE, STATE, Cart, amount, branches, count, drop, item, moment, text
from features.submissions.model import OrderItem
from features.submissions.shops.common import address_of, branch_of, forget, put_first, rest_of, spoken, taken, unread
from shared.platform.http import Request
from shared.platform.nested import Tree

_FURNITURE: Final = (
    "id", "key", "items_price", "delivery_price", "full_delivery_price", "order_changes", "discounts",
    "created_at", "updated_at", "account_id", "locale", "cookies", "fulfillment_status", "current_location",
    "first_current_location", "delivery_variant_id", "payment_gateway_id", "client_transaction_id", "archived",
    "margin", "currency_code", "ya_id", "first_query", "query", "first_source_domain", "source_domain",
    "first_source", "source", "first_referer", "referer", "accepted_at", "delivered_at", "responsible_user_id",
    "total_profit", "warehouse_id",
)  # fmt: skip

_FURNITURE_OF_CLIENT: Final = (
    "id", "type", "registered", "subscribe", "bonus_points", "created_at", "updated_at", "client_group_id",
    "ip_addr", "progressive_discount", "group_discount", "messenger_subscription", "consent_to_personal_data",
)  # fmt: skip


_OF_GOODS: Final = (
    "id", "order_id", "product_id", "variant_id", "title", "sku", "sale_price", "full_sale_price",
    "total_price", "full_total_price", "discounts_amount", "quantity", "reserved_quantity", "weight",
    "dimensions", "unit", "comment", "vat", "barcode", "created_at", "updated_at", "bundle_id",
    "fiscal_product_type", "requires_marking", "marking_codes", "accessory_lines", "external_variant_id",
    "comments",
)  # fmt: skip


# source: InSales' API reference, "Orders"; public importers of its orders. It is not known to sign.
def read(tree: Tree, _: Request) -> Cart | None:
    if not {"order_lines", "client", "total_price"} <= tree.keys():
        return None
    lines = branches(tree.pop("order_lines"))
    goods = [_insales_item(one) for one in lines]
    client, shipping = branch_of(tree.pop("client")), branch_of(tree.pop("shipping_address", None))
    discount, status = branch_of(tree.pop("discount", None)), branch_of(tree.pop("custom_status", None))
    state, paid = text(tree, "financial_status"), text(tree, "paid_at")
    whole = text(shipping, "full_delivery_address")
    delivery = dict.fromkeys((text(tree, "delivery_title"), text(tree, "delivery_description")))
    payment = dict.fromkeys((text(tree, "payment_title"), text(tree, "payment_description")))
    found = Cart(
        made_at=moment(tree.get("created_at")),
        number=text(tree, "number", "id"),
        items=list(filter(None, goods)),
        texts=unread(lines, goods),
        total=taken(tree, "total_price"),
        currency=text(tree, "currency_code"),
        discount=taken(discount, "full_amount", "amount"),
        delivery_method=", ".join(filter(None, delivery)),
        delivery_cost=taken(tree, "full_delivery_price", "delivery_price"),
        payment=", ".join(filter(None, payment)),
        address=whole or address_of(shipping, _OF_INSALES),
        comment=text(tree, "comment"),
        values={
            **rest_of(lines, goods, _OF_GOODS),
            STATE: text(status, "title") or text(tree, "fulfillment_status"),
            PAID: paid or (carts.IS_SO if state == "paid" else ""),
            PROMO_CODE: text(discount, "description"),
        },
    )
    drop(tree, *_FURNITURE)
    own = {
        "last_name": text(client, "surname"),
        "first_name": text(client, "name"),
        "middlename": text(client, "middlename"),
    }
    own["name"] = " ".join(filter(None, (own.pop("first_name"), own.pop("middlename"), own.pop("last_name"))))
    own |= {name: text(client, name) for name in ("phone", "email")}
    drop(client, *_FURNITURE_OF_CLIENT)
    receiver = {name: shipping.pop(name, None) for name in ("name", "surname", "middlename", "full_name", "phone")}
    if receiver["phone"] != own["phone"] or str(receiver["name"]) not in own["name"]:
        shipping |= {"full_name": receiver["full_name"] or receiver["name"], "phone": receiver["phone"]}
    drop(shipping, "id", "formatted_phone", "has_kladr_autocompletion")
    for name, value in list(shipping.items()):
        if isinstance(value, str) and value and value in whole:
            del shipping[name]
    forget(shipping, spoken(found.address))
    put_first(tree, own, client=client, shipping_address=shipping)
    for one in (tree, client, shipping):
        for it in branches(one.get("fields_values")):
            drop(it, "created_at", "updated_at", "id", "field_id", "type", "handle")
    return found


_OF_INSALES: Final = {
    "country": "country", "region": "state", "city": "city", "street": ("street", "address"), "building": "house",
    "room": "flat", "postcode": "zip",
}  # fmt: skip


def _insales_item(one: Tree) -> OrderItem | None:
    price = amount(one.get("full_sale_price")) or amount(one.get("sale_price"))
    name, sku = str(one.get("title") or ""), str(one.get("sku") or "")
    options = [("", str(one.get("comment") or ""))]
    return item(name, count(one.get("quantity")), price, total=amount(one.get("total_price")), sku=sku, options=options)
