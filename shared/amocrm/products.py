"""The calls that concern an account's goods list. Source: amoCRM's documentation, "Lists", "Entity links"."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from shared.amocrm.errors import NotFoundError, UnknownOutcomeError
from shared.amocrm.filtered_reads import MOST_SINGLE, PAGE_LIMIT, Read, by_ids, embedded, pages, whole
from shared.amocrm.leads import AccountApi
from shared.platform.messages import say


class GoodsList(Struct, frozen=True):
    catalog_id: int
    fields: dict[str, int]  # code -> field id
    choices: dict[str, dict[str, int]] = {}  # code -> what may be chosen, as :func:`_plain` has it, and its id

    @property
    def price_field_id(self) -> int | None:
        return self.fields.get("PRICE")

    def takes(self, code: str, value: Any) -> bool:
        """False for what is no choice of a field that has some."""
        return code not in self.choices or _plain(value) in self.choices[code]

    def element(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """As the API takes it. `values`: by the codes of the fields; what the list does not have, or not take, is left
        out."""
        fields = [
            {"field_id": self.fields[code], "values": [self._value(code, value)]}
            for code, value in values.items()
            if code in self.fields and self.takes(code, value)
        ]
        return {"name": name, "custom_fields_values": fields or None}

    def _value(self, code: str, value: Any) -> dict[str, Any]:
        return {"enum_id": self.choices[code][_plain(value)]} if code in self.choices else {"value": value}


def _plain(choice: Any) -> str:
    """Equal for "шт" and "Шт.", and for "м2" and "м²"."""
    return unicodedata.normalize("NFKC", str(choice)).casefold().strip(". ")


class GoodsLink(Struct, frozen=True):
    """An element of a list in a deal. `price_field_id`: from which field its price was taken there."""

    element_id: int
    catalog_id: int | None
    quantity: Any  # as amoCRM says it
    price_field_id: int | None


class GoodsApi(Struct, frozen=True):
    """The account's list of goods: a catalog of type `products`."""

    account: AccountApi

    def goods_list(self) -> GoodsList | None:
        """The account's catalog of type `products` and its fields; None where goods are switched off."""
        catalogs = embedded(self.account.send("GET", "/catalogs", params={"limit": PAGE_LIMIT}), "catalogs")
        # vendor: catalogs.products (page) An account's goods are the one list of type `products`, whose fields have
        # codes: SKU, PRICE, UNIT and others; an account may have none.
        # source: amoCRM's documentation, "Lists"
        found = next((catalog for catalog in catalogs if catalog.get("type") == "products"), None)
        if found is None:
            return None
        path = f"/catalogs/{found['id']}/custom_fields"
        fields = whole(lambda params: self.account.send("GET", path, params=params), "custom_fields")
        coded = {field["code"]: field for field in fields if field.get("code")}
        # vendor: catalogs.unit (page) In which unit a good is counted is one of the choices of the field UNIT; another
        # text is refused, as by any list (see fields.types), and with it all goods of the call.
        # source: Kommo's documentation, "Webhooks", where UNIT of an element has an `enum`; amocrm-api-php issue 115
        choices = {
            code: {_plain(one["value"]): int(one["id"]) for one in reversed(field.get("enums") or [])}
            for code, field in coded.items()
            if field.get("type") == "select"
        }
        return GoodsList(int(found["id"]), {code: int(field["id"]) for code, field in coded.items()}, choices)

    def elements(self, goods_list: GoodsList, most: int = 1) -> tuple[list[dict[str, Any]], bool]:
        """Up to so many pages, of 250 elements each, and whether these are all."""
        found = [*pages(self._reading(goods_list), "elements", most)]
        return [one for page, _ in found for one in page], not found[-1][1]

    def search(self, goods_list: GoodsList, text: str) -> Iterator[list[dict[str, Any]]]:
        """Elements that have the text somewhere, page by page, as long as somebody asks."""
        # vendor: search.words (guess) A search finds what has words that begin with those that were asked for.
        # source: none found; people report that parts of words find nothing
        # vendor: search.lag (guess) What was made or changed is found seconds later, in lists of elements as well.
        # source: public reports of deals and contacts (see leads.query); of lists none
        # vendor: search.deleted (guess) What was deleted is found for a while yet.
        # source: none found; the index that lags when something is made lags when it goes
        return (page for page, _ in pages(self._reading(goods_list, ("query", text)), "elements"))

    def by_ids(self, goods_list: GoodsList, ids: Sequence[int]) -> list[dict[str, Any]]:
        """The elements with these ids (at most 250), and no others; deleted ones are left out."""

        def read_one(element_id: int) -> dict[str, Any]:
            answer: dict[str, Any] | None = self.account.send("GET", f"{self._path(goods_list)}/{element_id}")
            if answer is None:
                raise NotFoundError(say("amoCRM has no such object"), 204)
            return answer

        return by_ids(self.account.host, self._reading(goods_list), read_one, "elements", ids)

    def all_by_ids(self, goods_list: GoodsList, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Element id -> element, however many there are (at most 250) and in however many reads; deleted ones are left
        out."""
        found: dict[int, dict[str, Any]] = {}
        left = list(ids)
        while left:
            found |= {int(one["id"]): one for one in self.by_ids(goods_list, left)}
            left = [id_ for id_ in left[MOST_SINGLE:] if id_ not in found]
        return found

    def create(self, goods_list: GoodsList, elements: list[dict[str, Any]]) -> list[int]:
        """Creates all in one call; returns their ids in the same order. `elements`: see :meth:`GoodsList.element`."""
        # vendor: batch.whole (guess) A batch is checked before anything is made: one wrong item, and none is made.
        # source: none found; the answer names the items that are wrong, and no others
        body = [element | {"request_id": str(index)} for index, element in enumerate(elements)]
        answer = self.account.send("POST", self._path(goods_list), json=body)
        made = embedded(answer, "elements")
        if len(made) != len(elements):
            raise UnknownOutcomeError(say("amoCRM's answer does not name all that was made"))
        # vendor: batch.request_id (page) A batch answers each entity with its `request_id`, perhaps in another order.
        # It does not make a repetition safe.
        # source: amoCRM's documentation of every batch
        made.sort(key=lambda one: int(one.get("request_id") or 0))
        return [int(one["id"]) for one in made]

    def link(self, lead_id: int, elements: list[tuple[int, dict[str, Any]]]) -> None:
        """Links elements with the deal; linking again replaces the quantity."""
        body = [
            # vendor: links.replace (guess) Linking the same element again replaces its quantity. Links are looked at
            # before a repetition all the same.
            # source: none found (looked for again); the page calls it adding
            # vendor: links.again (production) Linking what is linked already may be answered 500, "An unknown error
            # occurred": links are looked at first.
            # source: notes of a Kommo integration (E0DUAR/kommo-mcp), which met it with contacts, and looks first
            {"to_entity_id": element_id, "to_entity_type": "catalog_elements", "metadata": metadata}
            for element_id, metadata in elements
        ]
        self.account.send("POST", f"/leads/{lead_id}/link", json=body)

    def linked(self, lead_id: int) -> dict[int, Any]:
        """Element id -> quantity, of what is linked with the deal."""
        return {link.element_id: link.quantity for link in self.links(lead_id)}

    def links(self, lead_id: int) -> list[GoodsLink]:
        """What is linked with the deal, of every list, in the order in which it was added."""

        def read(params: list[tuple[str, Any]]) -> Any:
            return self.account.send("GET", f"/leads/{lead_id}/links", params=params)

        # vendor: links.page (guess) Links come in pages, people and goods together, of 50 by themselves.
        # source: amoCRM's documentation, "Entity links": an answer that names itself with `page=1&limit=50`
        links = whole(read, "links")
        return [
            # vendor: links.price (page) The metadata of a linked element names its list (`catalog_id`), its quantity,
            # and the field that its price is taken from (`price_id`).
            # source: amoCRM's documentation, "Entity links"
            GoodsLink(int(link["to_entity_id"]), known.get("catalog_id"), known.get("quantity"), known.get("price_id"))
            for link in links
            if link.get("to_entity_type") == "catalog_elements"
            for known in [link.get("metadata") or {}]
        ]

    def _reading(self, goods_list: GoodsList, *more: tuple[str, Any]) -> Read:
        return lambda params: self.account.send("GET", self._path(goods_list), params=[*more, *params])

    @staticmethod
    def _path(goods_list: GoodsList) -> str:
        return f"/catalogs/{goods_list.catalog_id}/elements"
