"""What amoCRM's own interface asks for to delete things, under /ajax: the API has no methods for that."""

from urllib.parse import parse_qsl

from simulator import search
from simulator.answers import Answer, document, html, problem
from simulator.call import Call

_ENTITIES = ("leads", "contacts", "companies", "customers")


def answer(call: Call) -> Answer:
    form = parse_qsl(call.body.decode("utf-8", "replace"))
    match [call.method, *call.path.strip("/").split("/")]:
        case ["POST", "ajax", entity_type, "multiple", "delete"] if entity_type in _ENTITIES:
            return delete(call, entity_type, [int(value) for name, value in form if name == "ID[]" and value.isdigit()])
        case ["POST", "ajax", "v1", "catalogs", "set"]:
            return _delete_catalogs(call, [value for name, value in form if name == "request[catalogs][delete]"])
    return html("<!doctype html><title>404</title><h1>Здесь ничего нет</h1>", 404)


def delete(call: Call, entity_type: str, ids: list[int]) -> Answer:
    """Into the trash: in no list, and not found by the id. What belongs to a deal goes with it."""
    entities = call.account.entities(entity_type)
    if not ids or any(id_ not in entities for id_ in ids):
        return problem(400, "Bad Request", "There is nothing to delete")
    for id_ in ids:
        deleted = entities.pop(id_)
        call.account.trash[entity_type, id_] = deleted
        search.forget(call.account, entity_type, deleted, call.world.clock.now())
        call.account.notes.pop((entity_type, id_), None)
        if entity_type == "leads":
            call.account.links.pop(id_, None)
            call.account.attached.pop(id_, None)
        for task in [
            one for one in call.account.tasks.values() if (one["entity_type"], one["entity_id"]) == (entity_type, id_)
        ]:
            del call.account.tasks[task["id"]]
        for links in call.account.links.values():
            links[:] = [one for one in links if (one["to_entity_type"], one["to_entity_id"]) != (entity_type, id_)]
        call.effect(f"{entity_type}.deleted", id=id_)
        call.tell(entity_type, "delete", deleted)
    return document({"status": "success", "message": "Удаление прошло успешно"})


def restore(call: Call, entity_type: str, id_: int) -> None:
    """Out of the trash again, without what belonged to it."""
    entity = call.account.trash.pop((entity_type, id_))
    entity["updated_at"] = call.world.now()
    call.account.entities(entity_type)[id_] = entity
    call.effect(f"{entity_type}.restored", id=id_)
    call.tell(entity_type, "restore", entity)


def _delete_catalogs(call: Call, ids: list[str]) -> Answer:
    deleted = {}
    for id_ in ids:
        catalog = call.account.catalogs.get(int(id_))
        if catalog is not None and catalog["can_be_deleted"]:
            del call.account.catalogs[int(id_)]
            call.account.elements.pop(int(id_), None)
            call.account.custom_fields.pop(f"catalogs/{id_}", None)
            call.effect("catalog.deleted", id=int(id_))
            deleted[id_] = {"id": int(id_), "name": catalog["name"]}
    return document({"response": {"catalogs": {"delete": {"catalogs": deleted, "errors": []}}}})
