"""Yampi: `order.created`, `order.paid`, `order.status.updated`."""

from typing import Any, Final

from features.submissions import carts
from features.submissions.carts import PAID, PROMO_CODE, STATE, Cart, amount, branches, count, drop, item, moment, text
from features.submissions.model import OrderItem
from features.submissions.shops.common import address_of, branch_of, forget, rest_of, spoken, taken, unread
from shared.platform.http import Request
from shared.platform.nested import Tree

_OF_GOODS: Final = (
    "id", "product_id", "sku_id", "item_sku", "quantity", "price", "price_cost", "sku", "shipment_cost", "gift",
    "gift_value", "bundle_id", "bundle_name", "is_digital", "has_recomm", "created_at", "updated_at",
    "customizations",
)  # fmt: skip


# source: Yampi's reference of webhooks; public receivers. It sells in Brazil only.
def read(tree: Tree, _: Request) -> Cart | None:
    order = tree.get("resource")
    if not isinstance(order, dict) or not {"number", "value_total", "items"} <= order.keys():
        return None
    event = str(tree.get("event") or "")
    order = _unwrapped(tree.pop("resource"))
    lines = branches(order.pop("items", None))
    goods = [_yampi_item(one) for one in lines]
    customer, shipping = branch_of(order.pop("customer", None)), branch_of(order.pop("shipping_address", None))
    phone, status = branch_of(customer.pop("phone", None)), branch_of(order.pop("status", None))
    payments = [branch_of(one.pop("payment", None)) for one in branches(order.pop("transactions", None))]
    digits = text(phone, "full_number", "formated_number")
    own = {"name": text(customer, "name") or f"{text(customer, 'first_name')} {text(customer, 'last_name')}".strip()}
    own |= {"phone": f"+55{digits}" if len(digits) in (10, 11) else digits, "email": text(customer, "email")}
    is_paid = event == "order.paid" or text(status, "alias") in ("paid", "invoiced", "shipped", "delivered")
    found = Cart(
        made_at=moment(branch_of(order.get("created_at")).get("date") or order.get("created_at")),
        number=text(order, "number"),
        items=list(filter(None, goods)),
        texts=unread(lines, goods),
        total=taken(order, "value_total"),
        currency="BRL",
        discount=taken(order, "value_discount"),
        delivery_method=text(order, "shipment_service"),
        delivery_cost=taken(order, "value_shipment"),
        payment=", ".join(dict.fromkeys(filter(None, (text(one, "name") for one in payments)))),
        address=address_of(shipping, _OF_YAMPI),
        values={
            PROMO_CODE: text(branch_of(order.pop("promocode", None)), "code"),
            **rest_of(lines, goods, _OF_GOODS),
            STATE: text(status, "name"),
            PAID: carts.IS_SO if is_paid else "",
        },
    )
    kept = {name: value for name, value in order.items() if name.startswith("utm_") or name in ("comments", "metadata")}
    forget(shipping, spoken(found.address))
    drop(shipping, "id", "full_address", "uf", "order_id", "customer_id", "created_at", "updated_at")
    forget(shipping, {"receiver": own["name"]})
    own |= {name: str(customer[name]) for name in ("cpf", "cnpj", "razao_social") if customer.get(name)}
    tree.clear()
    tree |= own | kept
    if shipping:
        tree["shipping_address"] = shipping
    return found


_OF_YAMPI: Final = {
    "region": "state", "city": "city", "street": ("street", "neighborhood"), "building": ("number", "complement"),
    "postcode": "zipcode",
}  # fmt: skip


def _yampi_item(one: Tree) -> OrderItem | None:
    sku = branch_of(one.get("sku"))
    name, own = str(sku.get("title") or sku.get("name") or one.get("name") or ""), one.get("item_sku")
    return item(name, count(one.get("quantity")), amount(one.get("price")), sku=str(sku.get("sku") or own or ""))


def _unwrapped(value: Any) -> Any:
    """Of `{"data": …}` what is in it, wherever it stands."""
    while isinstance(value, dict) and value.keys() == {"data"}:
        value = value["data"]
    if isinstance(value, dict):
        return {name: _unwrapped(one) for name, one in value.items()}
    return [_unwrapped(one) for one in value] if isinstance(value, list) else value
