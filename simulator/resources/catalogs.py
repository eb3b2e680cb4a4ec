"""Lists of an account, the goods among them. Source: amoCRM's "Lists"."""

from collections.abc import Iterable

from simulator import behind, search, values
from simulator.answers import Answer, document, not_found
from simulator.call import Call
from simulator.checks import Told, checked
from simulator.resources import account
from simulator.state import Entity

_TYPES = ("regular", "products", "invoices", "suppliers")
_LONGEST_NAME = 255


def page(call: Call) -> Answer:
    return call.page("catalogs", list(call.account.catalogs.values()))


def catalog(call: Call, catalog_id: str) -> Answer:
    _require(call, catalog_id)
    return document(call.account.catalogs[int(catalog_id)] | {"_links": {"self": call.link()}})


def create(call: Call) -> Answer:
    made = []
    for index, item in enumerate(checked(call.items(), _check_list)):
        catalog_id, now = call.world.new_id("catalogs"), call.world.now()
        call.account.catalogs[catalog_id] = {
            "id": catalog_id,
            "name": item["name"],
            "created_by": call.user_id,
            "updated_by": call.user_id,
            "created_at": now,
            "updated_at": now,
            "sort": 10,
            "type": item.get("type", "regular"),
            "can_add_elements": bool(item.get("can_add_elements", True)),
            "can_show_in_cards": False,
            "can_link_multiple": bool(item.get("can_link_multiple", True)),
            "can_be_deleted": True,
            "sdk_widget_code": None,
            "account_id": call.account.id,
        }
        made.append(call.account.catalogs[catalog_id] | {"request_id": str(item.get("request_id", index))})
    return document({"_embedded": {"catalogs": made}})


def element(call: Call, catalog_id: str, element_id: str) -> Answer:
    return document(shown(_element(call, catalog_id, element_id)) | {"_links": {"self": call.link()}, "_embedded": {}})


def change_element(call: Call, catalog_id: str, element_id: str) -> Answer:
    return document(_change(call, catalog_id, [call.json() | {"id": int(element_id)}])[0])


def change_elements(call: Call, catalog_id: str) -> Answer:
    return document({"_embedded": {"elements": _change(call, catalog_id, call.items())}})


def _change(call: Call, catalog_id: str, items: list[Entity]) -> list[Entity]:
    found = [_element(call, catalog_id, str(item.get("id", 0))) for item in items]
    checked(items, lambda told, item: _check(call, catalog_id, told, item))
    return [_changed(call, catalog_id, element, item) for element, item in zip(found, items, strict=True)]


def _changed(call: Call, catalog_id: str, found: Entity, item: Entity) -> Entity:
    search.keep(found)
    behind.keep(call.account, found, call.world.clock.now())
    found["name"] = item.get("name") or found["name"]
    if item.get("custom_fields_values") is not None:
        before, given = found["custom_fields_values"], item["custom_fields_values"]
        found["custom_fields_values"] = values.written(call.account, f"catalogs/{catalog_id}", before, given)
    found["updated_at"] = call.world.now()
    search.index(call.account, found, call.world.clock.now())
    call.effect("element.updated", id=found["id"], sent=sorted(item.keys() - {"id"}))
    call.tell("elements", "update", found)
    return shown(found)


def delete(call: Call, catalog_id: int, element_id: int) -> None:
    """In the interface; the API has no method for it."""
    gone = call.account.elements[catalog_id].pop(element_id)
    search.forget(call.account, f"catalogs/{catalog_id}", gone, call.world.clock.now())
    call.effect("element.deleted", id=element_id, catalog_id=catalog_id)
    call.tell("elements", "delete", gone)


def _check_list(told: Told, item: Entity) -> None:
    if not item.get("name"):
        told.blank("name")
    if item.get("type", "regular") not in _TYPES:
        told.no_choice("type")


def _check(call: Call, catalog_id: str, told: Told, item: Entity) -> None:
    if item.get("name") is not None and told.of_type("name", item["name"], "string"):
        told.at_most("name", item["name"], _LONGEST_NAME)  # vendor: entities.name_length
    values.check(call.account, f"catalogs/{catalog_id}", told, item.get("custom_fields_values"))


def _element(call: Call, catalog_id: str, element_id: str) -> Entity:
    _require(call, catalog_id)
    found = call.account.elements[int(catalog_id)].get(int(element_id))
    if found is None:
        raise not_found()
    return found


def create_custom_fields(call: Call, catalog_id: str) -> Answer:
    _require(call, catalog_id)
    return account.create_custom_fields(call, f"catalogs/{catalog_id}")


def custom_fields(call: Call, catalog_id: str) -> Answer:
    _require(call, catalog_id)
    return account.custom_fields(call, f"catalogs/{catalog_id}")


def elements(call: Call, catalog_id: str) -> Answer:
    _require(call, catalog_id)
    ids, query = call.parameters(r"filter\[id\](\[\d*\])?"), call.parameter("query")
    there = call.account.elements[int(catalog_id)]
    looked_at: Iterable[Entity] = there.values()
    if query:
        looked_at = search.found(call.account, f"catalogs/{catalog_id}", there, query, call.world.clock.now())
    looked_at = [behind.listed(call.account, one, call.world.clock.now()) for one in looked_at]
    found = [element for element in looked_at if not ids or str(element["id"]) in ids]
    most = call.account.elements_on_a_page
    # vendor: lists.next
    return call.page("elements", found, shown, most or 250, names_next=most is None)


def create_elements(call: Call, catalog_id: str) -> Answer:
    def check(told: Told, item: Entity) -> None:
        if not item.get("name"):
            told.blank("name")
        _check(call, catalog_id, told, item)

    _require(call, catalog_id)
    created = []
    for index, item in enumerate(checked(call.items(), check)):
        given = item.get("custom_fields_values") or []
        element = {
            "id": call.world.new_id("elements"),
            "name": item["name"],
            "catalog_id": int(catalog_id),
            "created_by": call.user_id,
            "updated_by": call.user_id,
            "created_at": call.world.now(),
            "updated_at": call.world.now(),
            "is_deleted": False,
            "custom_fields_values": values.written(call.account, f"catalogs/{catalog_id}", None, given),
            "account_id": call.account.id,
        }
        call.account.elements[int(catalog_id)][element["id"]] = element
        search.index(call.account, element, call.world.clock.now())
        call.effect("element.created", id=element["id"], catalog_id=int(catalog_id), name=element["name"])
        call.tell("elements", "add", element)
        created.append(shown(element) | {"request_id": str(item.get("request_id", index))})
    return document({"_embedded": {"elements": created}})


def shown(element: Entity) -> Entity:
    return {name: value for name, value in element.items() if not name.startswith("_")}


def _require(call: Call, catalog_id: str) -> None:
    if int(catalog_id) not in call.account.catalogs:
        raise not_found()
