"""A quotation of the goods that stand in a deal, whoever has put them there."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from shared.amocrm.goods import GoodsApi
from shared.amocrm.leads import AccountApi
from shared.calculations.model import Calculation
from shared.calculations.plan import file_steps, rendered
from shared.calculations.template import template
from shared.connections.integrations import Integration
from shared.deliveries.goods import NO_LIST, known_list
from shared.deliveries.items import Item
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import Plan, Result, Step
from shared.platform.decoding import convert
from shared.platform.i18n import catalogue, document_language
from shared.platform.messages import say
from shared.platform.money import rounded
from shared.runtime import Runtime
from shared.storage.remembered import Remembered

# A deal without goods is left as it is, and the story of the delivery says so.
NO_GOODS: Final = say("The deal has no goods.")

_MOST_ITEMS: Final = 250
_CALLS: Final = 5  # goods, their elements, currency, attaching, the note


def planned(runtime: Runtime, delivery: Delivery, integration: Integration, lead_id: int, title: str | None) -> Plan:
    """Reads the goods, and makes the same document as a calculation's; without a title it has the template's."""
    remembered = Remembered(runtime.database, integration.id)
    language = document_language(integration.settings, integration.account_domain)
    heading = title or template(integration.widget_type, integration.settings, language).heading

    def read(account: AccountApi) -> Result:
        api = GoodsApi(account)
        goods_list = known_list(remembered, api)
        if goods_list is None:
            return {"skipped": NO_LIST}
        linked = api.linked(lead_id)
        elements = api.by_ids(goods_list, list(linked)[:_MOST_ITEMS]) if linked else []
        items = tuple(_items(elements, linked, catalogue(language)["unit.piece"]))
        if not items:
            return {"skipped": NO_GOODS}
        currency = remembered.get("currency", str, lambda: str(account.account()["currency"]))
        total = rounded(sum((item.amount for item in items), Decimal()))
        calculation = Calculation(heading, currency or "RUB", items, total, number=str(lead_id))
        return {"calculation": msgspec.to_builtins(calculation)}

    def content(goods: Result) -> bytes:
        return rendered(convert(goods["calculation"], Calculation), integration, delivery)

    steps = [Step("deal_goods", read, lambda _: None)]  # it only reads, so it may do so again
    steps += file_steps(remembered, delivery, lead_id, f"{heading} {lead_id}", content, after="deal_goods")
    return steps, _CALLS


def _items(elements: list[dict[str, Any]], linked: dict[int, Any], piece: str) -> Iterator[Item]:
    """In the order in which they were added to the deal; what has no price costs nothing."""
    known = {int(one["id"]): one for one in elements}
    for element_id, quantity in linked.items():
        if element_id not in known:
            continue
        fields = {
            str(field.get("field_code")): str(field["values"][0].get("value") or "")
            for field in known[element_id].get("custom_fields_values") or []
            if field.get("values")
        }
        name, unit = str(known[element_id].get("name") or element_id)[:250], fields.get("UNIT") or piece
        price, sku = _decimal(fields.get("PRICE")), fields.get("SKU")
        yield Item(name, _decimal(quantity) or Decimal(1), unit[:20], price, sku[:250] if sku else None)


def _decimal(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return Decimal()
    return number if number.is_finite() and number > 0 else Decimal()
