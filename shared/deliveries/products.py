"""Goods of a calculation or an order in the deal.

Found in the account's goods list by SKU, else by exact name; created when missing; linked in one call with their
quantities. Source: amoCRM's documentation, "Lists" and "Entity links".
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from decimal import Decimal
from itertools import chain
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from shared.amocrm.errors import BadRequestError, NotFoundError
from shared.amocrm.leads import AccountApi
from shared.amocrm.products import GoodsApi, GoodsList
from shared.deliveries.account_money import AccountMoney
from shared.deliveries.echo_marking import noting_link, noting_new
from shared.deliveries.items import Item
from shared.deliveries.locks import Locks, name_of
from shared.deliveries.runner import Result
from shared.platform import html_entities
from shared.platform.messages import Message, joined, say
from shared.platform.ttl_cache import Expiring
from shared.storage.cache import SharedCache
from shared.storage.encryption import Keyring

Entity = dict[str, Any]

# An account without a goods list is told so, and the rest of the calculation goes on.
NO_LIST: Final = say("The account has no goods list; switch it on in amoCRM's settings.")

_LIST: Final = "goods_list"
# Where a list does not fit a page: which element an item was. Asked again all at once, instead of searched one by one.
_found_before: Expiring[UUID, dict[str, int]] = Expiring(seconds=600)
_MOST_FOUND: Final = 5000
_MADE: Final = "goods_made"
_MOST_MADE: Final = 500
# Of all searches of one delivery, after the first page of each: names that are in half of a long list would use up the
# account's rate, and no process lives so long.
_MOST_FURTHER_PAGES: Final = 40
# For more items than these, each of which may need two searches, so many pages of the list are read before.
_MANY: Final = 20
_MOST_PAGES: Final = 40


def by_list(remembered: SharedCache, api: GoodsApi, work: Callable[[GoodsList], Result]) -> Result:
    """What `work` makes of the account's goods list; `{skipped}` where there is none.

    The list changes rarely, so it is remembered. It, or a field of it, may be gone or another by now: where work is
    refused (which has changed nothing), or has found nothing to do, it is done once more with what amoCRM says today.
    """
    is_asked = False

    def ask() -> GoodsList | None:
        nonlocal is_asked
        is_asked = True
        return api.goods_list()

    while True:
        goods_list = remembered.get(_LIST, GoodsList, ask)
        if goods_list is None:
            return {"skipped": NO_LIST}
        try:
            result = work(goods_list)
        except (BadRequestError, NotFoundError):
            remembered.forget(_LIST)
            if is_asked:
                raise
        else:
            if is_asked or "skipped" not in result:
                return result
            remembered.forget(_LIST)


class _TooManyAlikeError(Exception):
    """The argument is the item's name."""


class Goods(Struct, frozen=True):
    remembered: SharedCache
    keyring: Keyring
    items: Sequence[Item]
    locks: Locks
    owner: UUID  # the delivery
    currency: str | None  # of the items' prices; None is the account's own

    @property
    def integration_id(self) -> UUID:
        return self.remembered.integration_id

    def find_or_create(self, account: AccountApi) -> Result:
        """`{catalog_id, elements: [{id, quantity}], created, told?}`, or `{skipped}`. Reads, then one write at most.
        New goods have no price where it is in another currency than the account's, and no unit that the list does not
        have; that is told."""
        api = GoodsApi(account)

        def made(goods_list: GoodsList) -> Result:
            # One at a time in an account: two that bring the same new goods must not both create them.
            with self.locks.holding(self.integration_id, [name_of("goods")], self.owner):
                return self._found_or_created(api, goods_list)

        try:
            return by_list(self.remembered, api, made)
        except _TooManyAlikeError as error:
            alike = say(
                "There are too many goods like {name} in the account's list to find it among them. Give the goods SKUs "
                "of their own.",
                name=error,
            )
            return {"skipped": alike}

    def _found_or_created(self, api: GoodsApi, goods_list: GoodsList) -> Result:
        items = _merged(self.items)
        known = self._known(api, goods_list, items)
        missing = [item for item in items if _key(item) not in known]
        money = AccountMoney(self.remembered)
        has_prices = not missing or money.is_own(api.account, self.currency)
        # Asked before the write.
        left = [] if has_prices else [money.goods_not_own(api.account, self.currency)]
        left += _unknown_units(goods_list, missing)
        created = self._created(api, goods_list, [_element(goods_list, item, has_prices) for item in missing])
        ids = known | {_key(item): element_id for item, element_id in zip(missing, created, strict=True)}
        self._remember(ids, created)
        return {
            "catalog_id": goods_list.catalog_id,
            "price_field_id": goods_list.price_field_id,
            "elements": [{"id": ids[_key(item)], "quantity": _number(item.quantity)} for item in items],
            "created": len(created),
        } | ({"told": joined(*left)} if left else {})

    def _created(self, api: GoodsApi, goods_list: GoodsList, elements: list[Entity]) -> list[int]:
        """Noted before they are made: a process may end in between, and hooks come before answers."""
        if not elements:
            return []
        noted = self.remembered.database, self.keyring, self.integration_id, "catalog_element", self.owner
        with ExitStack() as stack:
            told = [stack.enter_context(noting_new(*noted, element)) for element in elements]
            created = api.create(goods_list, elements)
            for tell, element_id in zip(told, created, strict=True):
                tell(element_id)
        return created

    def _known(self, api: GoodsApi, goods_list: GoodsList, items: list[Item]) -> dict[str, int]:
        """Which of the account's elements the items are: all are looked through where they fit a page, in one read."""
        before = _found_before.get(self.integration_id)
        if before is None:
            elements, are_all = api.elements(goods_list)
            if are_all:
                return _assigned(items, elements)
            _found_before.put(self.integration_id, {})
            before = {}
        lately = self._made_lately()
        ids = [one[key] for key in map(_key, items) for one in (lately, before) if key in one]
        elements = api.by_ids(goods_list, ids) if ids else []
        missing = len(items) - len(_assigned(items, elements))
        if missing > _MANY:
            every, are_all = api.elements(goods_list, min(missing, _MOST_PAGES))
            if are_all:
                return _assigned(items, [*elements, *every])
        sure, gone = {int(one["id"]) for one in elements}, set[int]()
        while True:
            elements += self._searched(api, goods_list, items, elements, gone)
            found = _assigned(items, elements)
            # vendor: search.deleted
            doubtful = set(found.values()) - sure
            there = set(api.all_by_ids(goods_list, list(doubtful))) if doubtful else set()
            if not doubtful - there:
                return found
            sure |= there
            gone |= doubtful - there
            elements = [one for one in elements if int(one["id"]) not in gone]

    def _searched(
        self, api: GoodsApi, goods_list: GoodsList, items: list[Item], known: list[Entity], gone: set[int]
    ) -> list[Entity]:
        """Elements that may be those of the items that have none among the known ones."""
        found: list[Entity] = []
        further_pages = 0
        for item in items:
            searches = [enumerate(api.search(goods_list, text)) for text in (_sku(item), item.name) if text]
            pages = chain.from_iterable(searches)  # each is asked for when the one before did not have it
            while _key(item) not in _assigned(items, [*known, *found]) and (page := next(pages, None)) is not None:
                further_pages += page[0] > 0
                if further_pages > _MOST_FURTHER_PAGES:
                    raise _TooManyAlikeError(item.name)
                found += [one for one in page[1] if int(one["id"]) not in gone]
        return found

    def _remember(self, ids: dict[str, int], created: Collection[int]) -> None:
        """Also of what was made now, which a search may not find at once. A short list is read as a whole instead,
        until what was made has made it a long one."""
        before = _found_before.get(self.integration_id)
        if before is not None:
            _found_before.put(self.integration_id, (before if len(before) < _MOST_FOUND else {}) | ids)
        if created:
            fresh = {key: id_ for key, id_ in ids.items() if id_ in created}
            # vendor: search.lag - another instance may be asked for the same goods before a search finds them.
            self.remembered.put(_MADE, list((self._made_lately() | fresh).items())[-_MOST_MADE:])

    def _made_lately(self) -> dict[str, int]:
        """Element ids by the item's key, of what any instance has made in the last hour."""
        return dict(self.remembered.latest(_MADE, list[tuple[str, int]]) or [])

    def link(self, account: AccountApi, goods: Result) -> Result:
        """`goods`: what :meth:`find_or_create` told, and the deal as `lead_id`. amoCRM refuses a list without links."""
        if "skipped" in goods or not goods["elements"]:
            return {"linked": 0}
        metadata = {"catalog_id": goods["catalog_id"], "price_id": goods["price_field_id"]}
        given = {name: value for name, value in metadata.items() if value is not None}
        elements = [(one["id"], given | {"quantity": one["quantity"]}) for one in goods["elements"]]
        with noting_link(self.remembered.database, self.integration_id, "lead", goods["lead_id"]):
            GoodsApi(account).link(goods["lead_id"], elements)
        return {"linked": len(goods["elements"])}

    def find_links(self, account: AccountApi, goods: Result) -> Result | None:
        if "skipped" in goods:
            return {"linked": 0}
        linked = GoodsApi(account).linked(goods["lead_id"])
        wanted = {one["id"]: one["quantity"] for one in goods["elements"]}
        return {"linked": len(wanted)} if wanted.items() <= linked.items() else None


def _merged(items: Sequence[Item]) -> list[Item]:
    """The same goods in several lines of a calculation are one element with the sum of their quantities. Names have no
    entities of HTML: those of the account's list are read without any."""
    merged: dict[str, Item] = {}
    for given in items:
        item = replace(given, name=html_entities.read(given.name))
        before = merged.get(_key(item))
        quantity = item.quantity + (before.quantity if before else 0)
        merged[_key(item)] = Item(item.name, quantity, item.unit, item.unit_price, item.sku)
    return list(merged.values())


def _key(item: Item) -> str:
    return f"sku:{_sku(item)}" if _sku(item) else f"name:{_plain(item.name)}"


def _sku(item: Item) -> str:
    return (item.sku or "").strip()


def _plain(name: str) -> str:
    """amoCRM may trim what it keeps."""
    return " ".join(name.split())


def _assigned(items: Sequence[Item], elements: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The element of each item that has one, by the item's key; no element stands for two items.

    By the SKU, else by the name: an item with a SKU is no element that has another one. The oldest counts.
    """
    by_sku: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    without_sku: dict[str, list[int]] = {}
    for id_, element in sorted({int(one["id"]): one for one in elements}.items()):
        name, skus = _plain(str(element["name"])), _skus(element)
        by_name.setdefault(name, []).append(id_)
        for sku in skus:
            by_sku.setdefault(sku, []).append(id_)
        if not skus:
            without_sku.setdefault(name, []).append(id_)
    found: dict[str, int] = {}
    taken: set[int] = set()
    for item in sorted(items, key=lambda one: not _sku(one)):  # those with a SKU choose first
        name, plain = _plain(item.name), without_sku.get(_plain(item.name), [])
        fitting = (by_sku.get(_sku(item)) or plain) if _sku(item) else [*plain, *by_name.get(name, [])]
        free = next((one for one in fitting if one not in taken), None)
        if free is not None:
            found[_key(item)] = free
            taken.add(free)
    return found


def _skus(element: dict[str, Any]) -> set[str]:
    fields = [one for one in element.get("custom_fields_values") or [] if one.get("field_code") == "SKU"]
    return {str(value.get("value")).strip() for field in fields for value in field.get("values") or []} - {""}


def _element(goods_list: GoodsList, item: Item, has_price: bool) -> Entity:
    values = {"SKU": item.sku, "PRICE": _number(item.unit_price) if has_price else None, "UNIT": item.unit}
    return goods_list.element(item.name, {code: value for code, value in values.items() if value is not None})


def _unknown_units(goods_list: GoodsList, items: Sequence[Item]) -> list[Message]:
    """The note has them, where there is one."""
    units = dict.fromkeys(item.unit for item in items if not goods_list.takes("UNIT", item.unit))
    without = say(
        "Units that the goods list does not have: {units}; new goods were made without them. Add them in amoCRM to the "
        "choices of that field.",
        units=", ".join(units),
    )
    return [without] if units else []


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
