"""Tasks. Source: amoCRM's "Tasks"."""

from typing import Any

from simulator.answers import Answer, document, invalid, not_found
from simulator.call import Call, ordered
from simulator.state import Entity

_OWN = (
    "text",
    "complete_till",
    "entity_id",
    "entity_type",
    "responsible_user_id",
    "task_type_id",
    "duration",
    "result",
)


def page(call: Call) -> Answer:
    ids = call.parameters(r"filter\[id\](\[\d*\])?")
    entities = call.parameters(r"filter\[entity_id\](\[\d*\])?")
    users = call.parameters(r"filter\[responsible_user_id\](\[\d*\])?")
    done = call.parameters(r"filter\[is_completed\]")
    found = [
        task
        for task in call.account.tasks.values()
        if (not ids or str(task["id"]) in ids)
        and (not entities or str(task["entity_id"]) in entities)
        and (not users or str(task["responsible_user_id"]) in users)
        and (not done or task["is_completed"] == (done[0] in ("1", "true")))
    ]
    return call.page("tasks", ordered(call, found), lambda task: _view(call, task))


def read(call: Call, task_id: str) -> Answer:
    return document(_view(call, _found(call, int(task_id))))


def create(call: Call) -> Answer:
    created = []
    for index, item in enumerate(call.items()):
        for name in ("text", "complete_till"):
            if not item.get(name):
                raise invalid(f"{index}.{name}", "NotBlank", "This value should not be blank.", str(index))
        now = call.world.now()
        task: Entity = {
            "id": call.world.new_id(),
            "created_by": call.user_id,
            "updated_by": call.user_id,
            "created_at": now,
            "updated_at": now,
            "responsible_user_id": call.user_id,
            "group_id": 0,
            "entity_id": None,
            "entity_type": None,
            "duration": 0,
            "is_completed": False,
            "task_type_id": 1,
            "result": [],
            "account_id": call.account.id,
        }
        _write(call, task, item, index)
        call.account.tasks[task["id"]] = task
        call.effect("task.created", id=task["id"], entity_id=task["entity_id"], text=task["text"])
        call.tell("tasks", "add", task)
        created.append({"id": task["id"], "request_id": str(item.get("request_id", index)), **_links(call, task)})
    return document({"_links": {"self": call.link()}, "_embedded": {"tasks": created}})


def change(call: Call, task_id: str) -> Answer:
    return document(_changed(call, int(task_id), call.json(), 0))


def change_many(call: Call) -> Answer:
    changed = [_changed(call, int(item.get("id", 0)), item, index) for index, item in enumerate(call.items())]
    return document({"_embedded": {"tasks": changed}})


def _changed(call: Call, task_id: int, item: Any, index: int) -> Entity:
    task = _found(call, task_id)
    _write(call, task, item, index)
    if "is_completed" in item:
        task["is_completed"] = bool(item["is_completed"])
    task["updated_at"] = call.world.now()
    call.effect("task.updated", id=task_id, sent=sorted(item))
    call.tell("tasks", "update", task)
    return {"id": task_id, "updated_at": task["updated_at"], **_links(call, task)}


def _write(call: Call, task: Entity, item: Entity, index: int) -> None:
    wanted = task | {name: item[name] for name in _OWN if name in item}
    if wanted["responsible_user_id"] not in call.account.users:
        raise invalid(f"{index}.responsible_user_id", "NotSupportedChoice", "The user does not exist.", str(index))
    owner = wanted["entity_type"]
    if owner is not None and wanted["entity_id"] not in call.account.entities(owner):
        raise invalid(f"{index}.entity_id", "NotSupportedChoice", "The entity does not exist.", str(index))
    task |= wanted


def _found(call: Call, task_id: int) -> Entity:
    task = call.account.tasks.get(task_id)
    if task is None:
        raise not_found()
    return task


def _view(call: Call, task: Entity) -> Entity:
    return task | _links(call, task)


def _links(call: Call, task: Entity) -> Entity:
    return {"_links": {"self": call.link(f"/tasks/{task['id']}")}}
