"""A quotation of a deal's goods has all of them, as they stand there, or is not made and says why (30-E5)."""

from typing import Any

import pytest

from tests.automations.conftest import Office
from tests.story import json_of

QUOTATION = {"kind": "quotation"}


def _api(office: Office, method: str, path: str, json: Any) -> Any:
    call = office.story.runtime.connections.call
    return call(office.story.row(), lambda api: api.send(method, path, json=json))


def _catalog(office: Office) -> int:
    return next(int(one["id"]) for one in office.account()["catalogs"].values() if one["type"] == "products")


def _goods(office: Office, count: int, price: Any = 100) -> list[int]:
    """New goods in the account's list."""
    catalog_id = _catalog(office)
    fields = office.account()["custom_fields"][f"catalogs/{catalog_id}"]
    price_field = next(one["id"] for one in fields if one["code"] == "PRICE")
    values = None if price is None else [{"field_id": price_field, "values": [{"value": price}]}]
    made = [
        {"name": f"Good {index}", "request_id": str(index), **({"custom_fields_values": values} if values else {})}
        for index in range(count)
    ]
    answer = _api(office, "POST", f"/catalogs/{catalog_id}/elements", made)
    return [int(one["id"]) for one in answer["_embedded"]["elements"]]


def _link(office: Office, ids: list[int], catalog_id: int | None = None, **metadata: Any) -> None:
    known = {"catalog_id": catalog_id or _catalog(office), "quantity": 1} | metadata
    links = [{"to_entity_id": one, "to_entity_type": "catalog_elements", "metadata": known} for one in ids]
    for at in range(0, len(links), 200):
        _api(office, "POST", f"/leads/{office.story.lead_id}/link", links[at : at + 200])


def _quoted(office: Office) -> tuple[Any, str]:
    """The calculation that the quotation was made of, or why there is none; and the note that says so."""
    office.story.simulator.control("limits", per_integration=1000, per_account=1000)
    before = len(office.story.notes())
    office.move(office.at_stage(office.save(QUOTATION)["key"]))
    assert office.run()["delivered"] == 1
    listed = json_of(office.story.crm("get_deliveries", office.story.admin(), query={"limit": "1"}))["deliveries"]
    result = office.story.delivery(listed[0]["delivery_id"])["results"]["deal_goods"]
    texts = [one["params"].get("text", "") for one in office.story.notes()[before:] if one["note_type"] == "common"]
    assert len(office.account()["files"]) == (1 if "calculation" in result else 0)
    return result.get("calculation") or result["skipped"], "\n".join(text for text in texts if "ref:" in text)


@pytest.mark.long
@pytest.mark.parametrize("filters", [True, False])
def test_all_goods_are_quoted_also_where_each_is_read_by_itself(office: Office, filters: bool) -> None:
    office.story.simulator.control("limits", per_integration=1000, per_account=1000)
    office.story.simulator.control("change-account", domain=office.story.domain, has_filters=filters)
    _goods(office, 250)  # a page of others
    _link(office, _goods(office, 40), quantity=2)
    quoted, note = _quoted(office)
    assert (len(quoted["items"]), quoted["total"], note) == (40, "8000.00", "")


@pytest.mark.vendor("links.page")
def test_goods_behind_the_first_page_of_links_are_quoted(office: Office) -> None:
    """A deal's links come in pages, people among them: the quotation had the first fifty, and a sum of those."""
    _link(office, _goods(office, 120))
    quoted, note = _quoted(office)
    assert (len(quoted["items"]), quoted["total"], note) == (120, "12000.00", "")


@pytest.mark.long
@pytest.mark.parametrize("filters", [True, False])
def test_goods_that_are_gone_are_told_and_nothing_is_quoted(office: Office, filters: bool) -> None:
    office.story.simulator.control("change-account", domain=office.story.domain, has_filters=filters)
    ids = _goods(office, 3)
    _link(office, ids)
    office.story.simulator.control("remove", domain=office.story.domain, element=ids[1])
    why, note = _quoted(office)
    assert why == f"No quotation: goods of the deal are not in the goods list any more: {ids[1]}."
    assert note.startswith(f"Предложение не создано: товаров сделки больше нет в списке товаров: {ids[1]}.")


def test_more_goods_than_a_quotation_takes_are_told(office: Office) -> None:
    office.story.simulator.control("limits", per_integration=1000, per_account=1000)
    _link(office, _goods(office, 130) + _goods(office, 121))
    why, note = _quoted(office)
    assert why == "The deal has more than 250 goods: no quotation was made."
    assert "больше 250" in note


@pytest.mark.parametrize("quantity", [0, None, "many", -1])
def test_a_quantity_that_is_none_is_told(office: Office, quantity: Any) -> None:
    ids = _goods(office, 14)
    _link(office, ids[:2])
    _link(office, ids[2:], quantity=quantity)
    why, note = _quoted(office)
    assert why.startswith("No quotation: goods of the deal have no quantity: Good 2, Good 3, ")
    assert why.endswith("Good 11 … (+2).")
    assert "нет количества" in note


def test_a_price_of_nothing_is_a_price(office: Office) -> None:
    _link(office, _goods(office, 1, price=0) + _goods(office, 1))
    assert _quoted(office)[0]["total"] == "100.00"


def test_goods_without_a_price_are_told(office: Office) -> None:
    _link(office, _goods(office, 2))
    _link(office, _goods(office, 1, price=None))
    assert _quoted(office)[0] == "No quotation: goods of the deal have no price: Good 0."


@pytest.mark.vendor("links.price")
def test_a_price_is_taken_from_the_field_that_the_deal_names(office: Office) -> None:
    catalog_id = _catalog(office)
    field = {"name": "Wholesale", "type": "price", "code": "WHOLESALE"}
    made = _api(office, "POST", f"/catalogs/{catalog_id}/custom_fields", [field])["_embedded"]["custom_fields"][0]
    usual, special = _goods(office, 2)
    value = {"custom_fields_values": [{"field_id": made["id"], "values": [{"value": "79.995"}]}]}
    _api(office, "PATCH", f"/catalogs/{catalog_id}/elements/{special}", value)
    _link(office, [usual])
    _link(office, [special], price_id=made["id"], quantity=3)
    quoted, _ = _quoted(office)
    assert [(one["unit_price"], one["quantity"]) for one in quoted["items"]] == [("100", "1"), ("79.995", "3")]
    assert quoted["total"] == "339.99"


def test_a_price_that_the_field_does_not_have_is_told(office: Office) -> None:
    _link(office, _goods(office, 1), price_id=4711)
    assert _quoted(office)[0] == "No quotation: goods of the deal have no price: Good 0."


def test_what_stands_in_other_lists_is_no_good(office: Office) -> None:
    (made,) = _api(office, "POST", "/catalogs", [{"name": "Measurers"}])["_embedded"]["catalogs"]
    (one,) = _api(office, "POST", f"/catalogs/{made['id']}/elements", [{"name": "Anna"}])["_embedded"]["elements"]
    _link(office, [int(one["id"])], int(made["id"]))
    why, note = _quoted(office)
    assert (why, note.splitlines()[0]) == ("The deal has no goods.", "В сделке нет товаров.")


# --- what it is called ----------------------------------------------------------------------------------------------


def _settings(office: Office, **wanted: Any) -> None:
    assert office.story.crm("save_settings", office.story.admin(), wanted).status == 200


@pytest.mark.parametrize("heading", ["", "  "])
def test_a_heading_that_says_nothing_is_the_usual_one(office: Office, heading: str) -> None:
    """30-K: it was accepted in the settings, and the quotation was tried for two days, and then dead."""
    _settings(office, template={"heading": heading})
    _link(office, _goods(office, 1))
    assert _quoted(office)[0]["title"] == "Коммерческое предложение"


def test_a_title_names_values_of_the_deal(office: Office) -> None:
    """30-K: `{deal.name}` was taken as a value when it was saved, and stood in the document in its braces."""
    _link(office, _goods(office, 1))
    office.story.simulator.control("limits", per_integration=1000, per_account=1000)
    work = QUOTATION | {"title": "КП {deal.id}: {contact.name}"}
    office.move(office.at_stage(office.save(work)["key"]))
    assert office.run()["delivered"] == 1
    (delivery,) = json_of(office.story.crm("get_deliveries", office.story.admin()))["deliveries"]
    quoted = office.story.delivery(delivery["delivery_id"])["results"]["deal_goods"]["calculation"]
    contact = next(iter(office.account()["contacts"].values()))
    assert quoted["title"] == f"КП {office.story.lead_id}: {contact['name']}"
    (file,) = office.account()["files"].values()
    assert file["name"].startswith(f"КП {office.story.lead_id} {contact['name']} ")


def test_a_heading_that_changes_in_between_makes_no_second_file(office: Office) -> None:
    """30-K: the file was looked for under the name that it would have had now."""
    _link(office, _goods(office, 1))
    office.story.simulator.fault("reset_after", path="/v1.0/sessions/upload/.*", method="POST")
    office.move(office.at_stage(office.save(QUOTATION)["key"]))
    assert office.run()["failed"] == {"deferred": 1}
    assert len(office.account()["files"]) == 1
    _settings(office, template={"heading": "Смета"})
    assert office.run(seconds=120)["delivered"] == 1
    assert len(office.account()["files"]) == 1


@pytest.mark.parametrize("text", ["{deal.nome}", "{Deal.name}", "{ deal.name }", "{deal name}", "{имя}"])
@pytest.mark.parametrize("work", [{"kind": "quotation", "title": "?"}, {"kind": "note", "text": "?"}])
def test_what_stands_in_braces_and_is_no_value_is_refused(office: Office, work: dict[str, str], text: str) -> None:
    """30-K: a client read `{Deal.name}` as it stands."""
    given = {name: value.replace("?", text) for name, value in work.items()}
    answer = office.story.crm("save_automation", office.story.admin(), {"name": "x", "work": given})
    assert (answer.status, json_of(answer)["errors"][0]["path"][:5]) == (422, "work.")


# --- another goods list ---------------------------------------------------------------------------------------------


def test_goods_of_a_list_that_was_made_anew_are_quoted(office: Office) -> None:
    """30-K: the list of before was remembered, and the deal's feed said that there were no goods."""
    _link(office, _goods(office, 1, price=None))
    assert _quoted(office)[0].startswith("No quotation: goods of the deal have no price")
    office.story.simulator.control("change-account", domain=office.story.domain, goods=False)
    wanted = [{"name": "Goods", "type": "products"}]
    (made,) = _api(office, "POST", "/catalogs", wanted)["_embedded"]["catalogs"]
    price = {"name": "Price", "type": "price", "code": "PRICE"}
    _api(office, "POST", f"/catalogs/{made['id']}/custom_fields", [price])
    _link(office, _goods(office, 2))
    quoted, note = _quoted(office)
    assert (note, len(quoted["items"])) == ("", 2)
