"""A quotation of the goods that stand in a deal, whoever has put them there: of all of them, or none, with the reason
told in the deal's feed.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

import msgspec

from features.calculations.model import MOST_ITEMS, Calculation
from features.calculations.plan import file_steps, renderer, stem_of
from features.calculations.template import template
from shared.actions.feature import Title
from shared.amocrm.leads import AccountApi
from shared.amocrm.products import GoodsApi, GoodsLink, GoodsList
from shared.connections.integrations import Integration
from shared.deliveries.account_money import AccountMoney
from shared.deliveries.items import Item
from shared.deliveries.products import by_list
from shared.deliveries.rows import Delivery, reference
from shared.deliveries.runner import Plan, Result, Step
from shared.platform.decoding import convert
from shared.platform.i18n import catalogue, document_language, words
from shared.platform.messages import Message, joined, say, stored, translated
from shared.platform.money import LARGEST, rounded
from shared.runtime import Runtime
from shared.storage.cache import SharedCache

# A deal without goods is left as it is, and its feed says so.
NO_GOODS: Final = say("The deal has no goods.")

_MOST_NAMED: Final = 10  # goods, in a reason
_CALLS: Final = 6  # goods, their elements, currency, time zone, attaching, the note


def planned(runtime: Runtime, delivery: Delivery, integration: Integration, lead_id: int, title: Title | None) -> Plan:
    """Reads the goods, and makes the same document as a calculation's; without a title it has the template's."""
    remembered = SharedCache(runtime.database, integration.id)
    language = document_language(integration.settings, integration.account_domain)

    def read(account: AccountApi) -> Result:
        api = GoodsApi(account)
        linked = api.links(lead_id)
        if not linked:
            return {"skipped": NO_GOODS}

        def quoted(goods_list: GoodsList) -> Result:
            # Elements of other lists (invoices, what a company keeps for itself) may be linked, too.
            links = [one for one in linked if one.catalog_id in (None, goods_list.catalog_id)]
            if not links:
                return {"skipped": NO_GOODS}
            if len(links) > MOST_ITEMS:
                return {"skipped": say("The deal has more than {most} goods: no quotation was made.", most=MOST_ITEMS)}
            elements = api.all_by_ids(goods_list, [one.element_id for one in links])
            items = _items(links, elements, goods_list.price_field_id, catalogue(language)["unit.piece"])
            if isinstance(items, Message):
                return {"skipped": items}
            currency = AccountMoney(remembered).currency(account)
            total = rounded(sum((item.amount for item in items), Decimal()))
            heading = _heading(integration, language, "" if title is None else title(account))
            calculation = Calculation(heading, currency or "", items, total, number=str(lead_id))
            return {"calculation": msgspec.to_builtins(calculation)}

        return by_list(remembered, api, quoted)

    render = renderer(runtime, integration, delivery)

    def stem(goods: Result) -> str:
        return stem_of(_calculation(goods))

    def content(account: AccountApi, goods: Result) -> bytes:
        return render(account, _calculation(goods))

    steps = [Step("deal_goods", read, lambda _: None)]  # it only reads, so it may do so again
    steps += file_steps(remembered, delivery, lead_id, stem, content, after="deal_goods")
    return [*steps, _telling(delivery, lead_id, language)], _CALLS


def _calculation(goods: Result) -> Calculation:
    return convert(goods["calculation"], Calculation)


def _heading(integration: Integration, language: str, title: str) -> str:
    """The title, else the settings' own heading, else the usual one: a document is called something."""
    wanted = (title, template(integration.widget_type, integration.settings, language).heading)
    said = next((text.strip() for text in wanted if text.strip()), None)
    return _short(said or words(language, "document.quotation")["heading"], 250)


def _telling(delivery: Delivery, lead_id: int, language: str) -> Step:
    """Why there is no quotation, where people look for it."""
    mark, since = reference(delivery.id), delivery.made_since

    def unless_made(work: Callable[[AccountApi, Any], Result | None]) -> Callable[[AccountApi, Result], Any]:
        def carried_out(account: AccountApi, goods: Result) -> Result | None:
            return work(account, goods["skipped"]) if "skipped" in goods else {"nothing_to_do": True}

        return carried_out

    def write(account: AccountApi, why: Any) -> Result:
        return {"note_id": account.add_note(lead_id, f"{translated(stored(why), language)}\n\n{mark}")}

    def find(account: AccountApi, _: Any) -> Result | None:
        note_id = account.find_note(lead_id, mark, since)
        return None if note_id is None else {"note_id": note_id}

    return Step("note", unless_made(write), unless_made(find), after="deal_goods")


class _NotWholeError(Exception):
    """Why there can be no quotation: a good's `name`, and what is not right with it."""

    def __init__(self, kind: Literal["gone", "quantity", "price"], name: str) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name


def _items(
    links: Sequence[GoodsLink], elements: Mapping[int, dict[str, Any]], price_field_id: int | None, piece: str
) -> tuple[Item, ...] | Message:
    """In the order in which they were added to the deal; or why they are not all there."""
    items, gaps = [], dict[str, list[str]]()
    for link in links:
        try:
            items.append(_item(link, elements.get(link.element_id), price_field_id, piece))
        except _NotWholeError as error:
            gaps.setdefault(error.kind, []).append(error.name)
    named = {kind: ", ".join(names[:_MOST_NAMED]) + _rest(names) for kind, names in gaps.items()}
    reasons = []
    if names := named.get("gone"):
        reasons.append(say("No quotation: goods of the deal are not in the goods list any more: {names}.", names=names))
    if names := named.get("quantity"):
        reasons.append(say("No quotation: goods of the deal have no quantity: {names}.", names=names))
    if names := named.get("price"):
        reasons.append(say("No quotation: goods of the deal have no price: {names}.", names=names))
    return joined(*reasons) if reasons else tuple(items)


def _item(link: GoodsLink, element: dict[str, Any] | None, price_field_id: int | None, piece: str) -> Item:
    if element is None:
        raise _NotWholeError("gone", str(link.element_id))
    fields = [one for one in element.get("custom_fields_values") or [] if one.get("values")]
    by_id = {one["field_id"]: one["values"][0].get("value") for one in fields}
    texts = {str(one.get("field_code")): str(one["values"][0].get("value") or "") for one in fields}
    name = _short(str(element.get("name") or link.element_id), 250)
    quantity, price = _number(link.quantity), _number(by_id.get(link.price_field_id or price_field_id))
    if not quantity:
        raise _NotWholeError("quantity", name)
    if price is None:
        raise _NotWholeError("price", name)
    sku, unit = texts.get("SKU"), texts.get("UNIT") or piece
    item = Item(name, quantity, _short(unit, 20), price, _short(sku, 250) if sku else None)
    if item.amount > LARGEST:
        raise _NotWholeError("price", name)
    return item


def _rest(names: Sequence[str]) -> str:
    return f" … (+{len(names) - _MOST_NAMED})" if len(names) > _MOST_NAMED else ""


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _number(value: Any) -> Decimal | None:
    """What amoCRM says, where it is an amount; None where it is not."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= LARGEST else None
