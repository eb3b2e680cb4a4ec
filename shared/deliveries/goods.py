"""Goods of a calculation or an order in the deal.

Found in the account's goods list by SKU, else by exact name; created when missing; linked in one call with their
quantities. Source: amoCRM's documentation, "Lists" and "Entity links".
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from shared.amocrm.goods import GoodsApi, GoodsList
from shared.amocrm.leads import AccountApi
from shared.deliveries.items import Item
from shared.deliveries.locks import Locks, name_of
from shared.deliveries.runner import Result
from shared.platform.ttl_cache import Expiring

# An account without a goods list is told so, and the rest of the calculation goes on.
NO_LIST: Final = "The account has no goods list; switch it on in amoCRM's settings."

_lists: Expiring[UUID, GoodsList] = Expiring(seconds=600)


class Goods(Struct, frozen=True):
    integration_id: UUID
    items: Sequence[Item]
    locks: Locks
    owner: UUID  # the delivery

    def find_or_create(self, account: AccountApi) -> Result:
        """`{catalog_id, elements: [{id, quantity}], created}`, or `{skipped}`. Reads, and one write at most, last."""
        api = GoodsApi(account)
        goods_list = _lists.get(self.integration_id) or api.goods_list()
        if goods_list is None:
            return {"skipped": NO_LIST}
        _lists.put(self.integration_id, goods_list)
        # One at a time in an account: two that bring the same new goods must not both create them.
        with self.locks.holding(self.integration_id, [name_of("goods")], self.owner):
            return self._found_or_created(api, goods_list)

    def _found_or_created(self, api: GoodsApi, goods_list: GoodsList) -> Result:
        items = _merged(self.items)
        known = _known(api.elements(goods_list, [item.sku or item.name for item in items]))
        missing = [item for item in items if _id_of(item, known) is None]
        created = api.create(goods_list, [_element(item) for item in missing]) if missing else []
        ids = {_key(item): element_id for item, element_id in zip(missing, created, strict=True)}
        elements = [
            {"id": _id_of(item, known) or ids[_key(item)], "quantity": _number(item.quantity)} for item in items
        ]
        return {
            "catalog_id": goods_list.catalog_id,
            "price_field_id": goods_list.price_field_id,
            "elements": elements,
            "created": len(created),
        }

    def link(self, account: AccountApi, goods: Result) -> Result:
        """`goods`: what :meth:`find_or_create` told, and the deal as `lead_id`."""
        if "skipped" in goods:
            return {"linked": 0}
        metadata = {"catalog_id": goods["catalog_id"], "price_id": goods["price_field_id"]}
        given = {name: value for name, value in metadata.items() if value is not None}
        GoodsApi(account).link(
            goods["lead_id"], [(one["id"], given | {"quantity": one["quantity"]}) for one in goods["elements"]]
        )
        return {"linked": len(goods["elements"])}

    def find_links(self, account: AccountApi, goods: Result) -> Result | None:
        if "skipped" in goods:
            return {"linked": 0}
        linked = GoodsApi(account).linked(goods["lead_id"])
        wanted = {one["id"]: one["quantity"] for one in goods["elements"]}
        return {"linked": len(wanted)} if wanted.items() <= linked.items() else None


def _merged(items: Sequence[Item]) -> list[Item]:
    """The same goods in several lines of a calculation are one element with the sum of their quantities."""
    merged: dict[str, Item] = {}
    for item in items:
        before = merged.get(_key(item))
        quantity = item.quantity + (before.quantity if before else 0)
        merged[_key(item)] = Item(item.name, quantity, item.unit, item.unit_price, item.sku)
    return list(merged.values())


def _key(item: Item) -> str:
    return f"sku:{item.sku}" if item.sku else f"name:{item.name}"


def _known(elements: list[dict[str, Any]]) -> dict[str, int]:
    """The oldest element of each SKU and of each name."""
    known: dict[str, int] = {}
    for element in sorted(elements, key=lambda one: int(one["id"])):
        known.setdefault(f"name:{element['name']}", int(element["id"]))
        for field in element.get("custom_fields_values") or []:
            if field.get("field_code") == "SKU":
                for value in field.get("values") or []:
                    known.setdefault(f"sku:{value.get('value')}", int(element["id"]))
    return known


def _id_of(item: Item, known: dict[str, int]) -> int | None:
    return known.get(_key(item)) or known.get(f"name:{item.name}")


def _element(item: Item) -> dict[str, Any]:
    values = {"SKU": item.sku, "PRICE": _number(item.unit_price), "UNIT": item.unit}
    return {"name": item.name, "fields": {code: value for code, value in values.items() if value is not None}}


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
