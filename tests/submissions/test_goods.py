"""30-H4: goods of one name are one only where they have one SKU; a long list is searched to its end."""

from typing import Any

import pytest

from shared.amocrm.leads import AccountApi
from shared.deliveries import products
from tests.story import Story
from tests.submitting import account, found_at_once, note_of, order, submit, values_of

NAME = "Столешница"


def _item(sku: str | None = None, quantity: int = 1, name: str = NAME) -> dict[str, Any]:
    return {"name": name, "quantity": quantity, "unit_price": 100} | ({"sku": sku} if sku else {})


def _sold(story: Story, number: str, *items: dict[str, Any]) -> dict[str, int]:
    """What is linked with the order's deal: `name SKU` -> quantity."""
    total = sum(item["quantity"] * item["unit_price"] for item in items)
    body = order(number=number, items=list(items), total=total, delivery={})
    shown_before = account(story)
    lead_id = submit(story, body, "submit_order")["lead"]["lead_id"]
    shown = account(story)
    assert str(lead_id) not in shown_before["leads"]
    elements = {one["id"]: one for catalog in shown["elements"].values() for one in catalog.values()}
    sold = {}
    for link in shown["links"][str(lead_id)]:
        if link["to_entity_type"] == "catalog_elements":
            element = elements[link["to_entity_id"]]
            sold[f"{element['name']} {_sku(element)}"] = link["metadata"]["quantity"]
    return sold


def _sku(element: dict[str, Any]) -> str:
    values = element["custom_fields_values"] or []
    return next((one["values"][0]["value"] for one in values if one["field_code"] == "SKU"), "-")


def _listed(story: Story, *names: str, skus: tuple[str, ...] = ()) -> None:
    """Goods that the account has already."""
    ((catalog_id, _),) = account(story)["catalogs"].items()
    field = {"field_code": "SKU"}
    given: list[dict[str, Any]] = [{"name": name} for name in names]
    given += [{"name": NAME, "custom_fields_values": [field | {"values": [{"value": sku}]}]} for sku in skus]
    story.simulator.control("limits", per_integration=1000, per_account=1000)
    path = f"/catalogs/{catalog_id}/elements"
    for start in range(0, len(given), 250):

        def add(api: AccountApi, some: list[dict[str, Any]] = given[start : start + 250]) -> Any:
            return api.send("POST", path, json=some)

        story.runtime.connections.call(story.row(), add)
    story.simulator.control("forget")


def _made(story: Story) -> int:
    return len(story.simulator.effects("element.created"))


@pytest.mark.parametrize("known", [(), ("KV-20",), ("KV-20", "KV-30")])
def test_h4_goods_of_one_name_and_two_skus_are_two(story: Story, known: tuple[str, ...]) -> None:
    _listed(story, skus=known)
    for number in ("1", "2"):
        sold = _sold(story, number, _item("KV-20", 2), _item("KV-30", 3))
        assert sold == {f"{NAME} KV-20": 2, f"{NAME} KV-30": 3}
    assert _made(story) == 2 - len(known)


def test_h4_goods_with_a_sku_and_without_one_in_an_order_are_two(story: Story) -> None:
    _listed(story, skus=("KV-20",))
    for number in ("1", "2"):
        assert _sold(story, number, _item(quantity=3), _item("KV-20", 2)) == {f"{NAME} -": 3, f"{NAME} KV-20": 2}
    assert _made(story) == 1


def test_h4_one_without_a_sku_in_the_list_stands_for_one_of_the_order(story: Story) -> None:
    _listed(story, NAME)
    assert _sold(story, "1", _item("KV-20", 2), _item("KV-30", 3)) == {f"{NAME} -": 2, f"{NAME} KV-30": 3}


def test_h4_by_its_name_alone_a_good_is_found_as_before(story: Story) -> None:
    _listed(story, skus=("KV-20",))
    assert _sold(story, "1", _item(quantity=3)) == {f"{NAME} KV-20": 3}
    assert _sold(story, "2", _item(quantity=3, name=f" {NAME} ")) == {f"{NAME} KV-20": 3}
    assert _made(story) == 0


def test_a_good_whose_name_has_entities_is_made_once(story: Story) -> None:
    """As a site's own script has it from its shop; amoCRM's names are read without them."""
    for number in ("1", "2"):
        assert _sold(story, number, _item(name="Лист &amp; Ко")) == {"Лист & Ко -": 1}
    assert _made(story) == 1


@pytest.mark.parametrize("sku", [None, "KV-20"])
def test_h4_in_a_long_list_a_good_is_made_once(story: Story, sku: str | None) -> None:
    """More goods than a page holds have its name as a part of theirs."""
    _listed(story, *(f"{NAME}, образец {number}" for number in range(300)))
    for number in ("1", "2"):
        _sold(story, number, _item(sku))
        products._found_before.clear()  # another instance
    assert _made(story) == 1


def test_h4_in_a_long_list_what_was_made_a_moment_ago_need_not_be_found(story: Story) -> None:
    """amoCRM's search may be behind."""
    _listed(story, *(f"Образец {number}" for number in range(300)))
    _sold(story, "1", _item())
    story.simulator.control("forget")
    _sold(story, "2", _item())
    assert _made(story) == 0
    (catalog_id,) = account(story)["catalogs"]
    asked = story.simulator.requests(f"/api/v4/catalogs/{catalog_id}/elements")
    assert [one["method"] for one in asked] == ["GET"]  # by the id that is known


def test_in_a_long_list_many_new_goods_are_looked_for_in_a_few_reads(story: Story) -> None:
    """Two searches for each of 250 took 70 seconds of all that an account is answered: where others needed some of it,
    no run was long enough, and the next one began anew."""
    _listed(story, *(f"Образец {number}" for number in range(600)), skus=("KV-249",))
    story.simulator.control("forget")
    items = [_item(f"KV-{number}", name=f"Столешница {number}") for number in range(250)]
    sold = _sold(story, "1", *items)
    assert (len(sold), _made(story)) == (250, 249)
    assert sold[f"{NAME} KV-249"] == 1
    (catalog_id,) = account(story)["catalogs"]
    assert len(story.simulator.requests(f"/api/v4/catalogs/{catalog_id}/elements")) < 10


@pytest.mark.long
def test_in_a_list_that_is_too_long_to_be_read_many_goods_are_found_all_the_same(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "_MOST_PAGES", 2)
    _listed(story, *(f"Образец {number}" for number in range(600)), skus=("KV-7",))
    found_at_once(story)
    assert len(_sold(story, "1", *(_item(f"KV-{number}", name=f"Столешница {number}") for number in range(30)))) == 30
    assert _made(story) == 29


@pytest.mark.vendor("lists.next")
def test_in_a_list_whose_pages_do_not_name_the_next_one_a_good_is_found(story: Story) -> None:
    """What stood behind the first page was made anew by each order."""
    _listed(story, *(f"Образец {number}" for number in range(136)), NAME)
    story.simulator.control("change-account", domain=story.domain, elements_on_a_page=100)
    assert _sold(story, "1", _item()) == {f"{NAME} -": 1}
    assert _made(story) == 0


@pytest.mark.vendor("lists.next")
@pytest.mark.parametrize(("there", "asked"), [(99, 4), (100, 4), (249, 4), (250, 5)])
def test_what_fills_a_page_of_a_list_is_made_once(story: Story, there: int, asked: int) -> None:
    """A list that was looked through until then is searched, and a search is behind: of two orders in a moment the
    second one made the good anew. One that fills its page, and no more, is known whole."""
    _listed(story, *(f"Образец {number}" for number in range(there - 5)))
    (elements,) = account(story)["elements"].values()
    assert len(elements) == there
    for number in ("1", "2"):
        assert _sold(story, number, _item()) == {f"{NAME} -": 1}
        products._found_before.clear()  # another instance
    assert _made(story) == 1
    (catalog_id,) = account(story)["catalogs"]
    assert len(story.simulator.requests(f"/api/v4/catalogs/{catalog_id}/elements")) == asked


def test_h4_in_a_long_list_a_good_without_a_sku_is_found_by_an_order_that_knows_it(story: Story) -> None:
    _listed(story, NAME, *(f"Образец {number}" for number in range(300)))
    assert _sold(story, "1", _item("KV-20")) == {f"{NAME} -": 1}


def test_31_b9_in_a_long_list_an_element_that_was_deleted_is_not_taken(story: Story) -> None:
    """amoCRM's search may find it for a while; what is linked must be there."""
    _listed(story, *(f"Образец {number}" for number in range(300)), skus=("KV-20",))
    found_at_once(story)
    story.simulator.control("change-account", domain=story.domain, deleted_lag=3600)
    assert _sold(story, "1", _item("KV-20", 2)) == {f"{NAME} KV-20": 2}
    ((gone,),) = [
        [one["id"] for one in catalog.values() if _sku(one) == "KV-20"]
        for catalog in account(story)["elements"].values()
    ]
    story.simulator.control("remove", domain=story.domain, element=gone)
    products._found_before.clear()  # another instance
    assert _sold(story, "2", _item("KV-20", 3)) == {f"{NAME} KV-20": 3}
    assert _made(story) == 1


def test_31_b9_what_another_instance_has_made_a_moment_ago_is_not_made_again(story: Story) -> None:
    _listed(story, *(f"Образец {number}" for number in range(300)))
    story.simulator.control("change-account", domain=story.domain, search_lag=3600)
    for number in ("1", "2", "3"):
        assert _sold(story, number, _item("KV-20"), _item(name="Мойка")) == {f"{NAME} KV-20": 1, "Мойка -": 1}
        products._found_before.clear()
    assert _made(story) == 2


def test_38_a_unit_that_nobody_has_named_is_a_piece_in_the_language_of_the_account(story: Story) -> None:
    """It was "шт" in every language; what somebody has named stays as it is."""
    assert story.crm("save_settings", story.admin(), {"language": "pt"}).status == 200
    body = order(items=[_item(), _item(name="Мойка") | {"unit": "м²"}], total=200, delivery={})
    note = note_of(story, submit(story, body, "submit_order"))
    assert ("1 un. × 100" in note, "1 м² × 100" in note, "шт" in note) == (True, True, False)


@pytest.mark.vendor("catalogs.unit")
def test_a_good_whose_unit_the_list_does_not_know_is_made_without_it(story: Story) -> None:
    """An account's list has units to choose from; another text was refused, and with it all goods of the order, which
    ended as dead, in every account whose word for a piece is not ours."""
    units = {"Раковина": "компл.", "Мойка": "М2", "Кран": "Шт."}
    items = [_item(name=name) | {"unit": unit} for name, unit in units.items()]
    results = submit(story, order(items=items, total=300, delivery={}), "submit_order")
    made = {one["name"]: values_of(one) for catalog in account(story)["elements"].values() for one in catalog.values()}
    assert [made[name].get("UNIT") for name in units] == [None, ["м²"], ["шт"]]
    assert results["goods_link"] == {"linked": 3}
    assert results["goods"]["told"] == (
        "Units that the goods list does not have: компл.; new goods were made without them. Add them in amoCRM to the "
        "choices of that field."
    )
    assert "1 компл. × 100" in note_of(story, results)
