"""Lists of an account, the goods among them. Source: amoCRM's "Lists"."""

from simulator.answers import Answer, document, invalid, not_found
from simulator.call import Call
from simulator.resources import account
from simulator.state import Entity


def page(call: Call) -> Answer:
    return call.page("catalogs", list(call.account.catalogs.values()))


def catalog(call: Call, catalog_id: str) -> Answer:
    _require(call, catalog_id)
    return document(call.account.catalogs[int(catalog_id)] | {"_links": {"self": call.link()}})


def create(call: Call) -> Answer:
    made = []
    for index, item in enumerate(call.items()):
        if not item.get("name"):
            raise invalid(f"{index}.name", "NotBlank", "This value should not be blank.", str(index))
        catalog_id, now = call.world.new_id(), call.world.now()
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
    return document(_element(call, catalog_id, element_id) | {"_links": {"self": call.link()}, "_embedded": {}})


def change_element(call: Call, catalog_id: str, element_id: str) -> Answer:
    return document(_changed(call, catalog_id, element_id, call.json(), 0))


def change_elements(call: Call, catalog_id: str) -> Answer:
    changed = [
        _changed(call, catalog_id, str(item.get("id", 0)), item, index) for index, item in enumerate(call.items())
    ]
    return document({"_embedded": {"elements": changed}})


def _changed(call: Call, catalog_id: str, element_id: str, item: Entity, index: int) -> Entity:
    found = _element(call, catalog_id, element_id)
    if "name" in item:
        found["name"] = item["name"]
    given = {value["field_id"]: value for value in _values(call, catalog_id, item, index)}
    kept = [value for value in found["custom_fields_values"] or [] if value["field_id"] not in given]
    found["custom_fields_values"] = [*kept, *given.values()] or None
    found["updated_at"] = call.world.now()
    call.effect("element.updated", id=found["id"], sent=sorted(item))
    return found


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
    return call.page("custom_fields", call.account.custom_fields[f"catalogs/{catalog_id}"])


def elements(call: Call, catalog_id: str) -> Answer:
    _require(call, catalog_id)
    ids, query = call.parameters(r"filter\[id\](\[\d*\])?"), (call.parameter("query") or "").lower()
    found = [
        element
        for element in call.account.elements[int(catalog_id)].values()
        if (not ids or str(element["id"]) in ids) and (not query or query in _text(element))
    ]
    return call.page("elements", found)


def create_elements(call: Call, catalog_id: str) -> Answer:
    _require(call, catalog_id)
    created = []
    for index, item in enumerate(call.items()):
        if not item.get("name"):
            raise invalid(f"{index}.name", "NotBlank", "This value should not be blank.", str(index))
        values = _values(call, catalog_id, item, index)
        element = {
            "id": call.world.new_id(),
            "name": item["name"],
            "catalog_id": int(catalog_id),
            "created_by": call.user_id,
            "updated_by": call.user_id,
            "created_at": call.world.now(),
            "updated_at": call.world.now(),
            "is_deleted": False,
            "custom_fields_values": values or None,
            "account_id": call.account.id,
        }
        call.account.elements[int(catalog_id)][element["id"]] = element
        call.effect("element.created", id=element["id"], catalog_id=int(catalog_id), name=element["name"])
        created.append(element | {"request_id": str(item.get("request_id", index))})
    return document({"_embedded": {"elements": created}})


def _values(call: Call, catalog_id: str, item: Entity, index: int) -> list[Entity]:
    fields, values = call.account.custom_fields[f"catalogs/{catalog_id}"], []
    for value in item.get("custom_fields_values") or []:
        field = next(
            (f for f in fields if f["id"] == value.get("field_id") or f["code"] == value.get("field_code")), None
        )
        if field is None:
            path = f"{index}.custom_fields_values.0.field_id"
            raise invalid(path, "NotSupportedChoice", "The field does not exist.", str(index))
        known = {"field_id": field["id"], "field_name": field["name"], "field_code": field["code"]}
        values.append(known | {"field_type": field["type"], "values": value.get("values") or []})
    return values


def _require(call: Call, catalog_id: str) -> None:
    if int(catalog_id) not in call.account.catalogs:
        raise not_found()


def _text(element: Entity) -> str:
    parts = [element["name"]]
    for value in element["custom_fields_values"] or []:
        parts += [str(inner.get("value")) for inner in value["values"]]
    return " ".join(parts).lower()
