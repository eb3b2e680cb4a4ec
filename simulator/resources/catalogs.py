"""Lists of an account, the goods among them. Source: amoCRM's "Lists"."""

from simulator.answers import Answer, document, invalid, not_found
from simulator.call import Call
from simulator.state import Entity


def page(call: Call) -> Answer:
    return call.page("catalogs", list(call.account.catalogs.values()))


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
    fields = call.account.custom_fields[f"catalogs/{catalog_id}"]
    created = []
    for index, item in enumerate(call.items()):
        if not item.get("name"):
            raise invalid(f"{index}.name", "NotBlank", "This value should not be blank.", str(index))
        values = []
        for value in item.get("custom_fields_values") or []:
            field = next(
                (f for f in fields if f["id"] == value.get("field_id") or f["code"] == value.get("field_code")), None
            )
            if field is None:
                path = f"{index}.custom_fields_values.0.field_id"
                raise invalid(path, "NotSupportedChoice", "The field does not exist.", str(index))
            values.append({"field_id": field["id"], "field_code": field["code"], "values": value.get("values") or []})
        element = {
            "id": call.world.new_id(),
            "name": item["name"],
            "catalog_id": int(catalog_id),
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


def _require(call: Call, catalog_id: str) -> None:
    if int(catalog_id) not in call.account.catalogs:
        raise not_found()


def _text(element: Entity) -> str:
    parts = [element["name"]]
    for value in element["custom_fields_values"] or []:
        parts += [str(inner.get("value")) for inner in value["values"]]
    return " ".join(parts).lower()
