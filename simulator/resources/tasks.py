"""Tasks. Source: amoCRM's "Tasks"."""

from typing import Any

from simulator.answers import Answer, document, not_found
from simulator.call import Call, ordered
from simulator.checks import Told, checked
from simulator.resources.account import TASK_TYPES
from simulator.resources.writing import check_user
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
# By the member that has changed: the event, and where its values are.
_EVENTS = {
    "text": ("task_text_changed", ("task", "text")),
    "complete_till": ("task_deadline_changed", ("task_deadline", "timestamp")),
    "task_type_id": ("task_type_changed", ("task_type", "id")),
}


def page(call: Call) -> Answer:
    done = call.parameters(r"filter\[is_completed\]")
    found = [
        task
        for task in call.account.tasks.values()
        if call.is_chosen(task, "id", "entity_id", "entity_type", "responsible_user_id")
        and call.is_between(task, "updated_at")
        and (not done or task["is_completed"] == (done[0] in ("1", "true")))
    ]
    return call.page("tasks", ordered(call, found), lambda task: _view(call, task))


def read(call: Call, task_id: str) -> Answer:
    return document(_view(call, _found(call, int(task_id))))


def create(call: Call) -> Answer:
    def check(told: Told, item: Entity) -> None:
        for name in ("text", "complete_till"):
            if not item.get(name):
                told.blank(name)
        _check(call, told, item)

    created = []
    for index, item in enumerate(checked(call.items(), check)):
        now = call.world.now()
        task: Entity = {
            "id": call.world.new_id("tasks"),
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
        task |= {name: item[name] for name in _OWN if name in item}
        call.account.tasks[task["id"]] = task
        call.effect("task.created", id=task["id"], entity_id=task["entity_id"], text=task["text"])
        call.tell("tasks", "add", task)
        created.append({"id": task["id"], "request_id": str(item.get("request_id", index)), **_links(call, task)})
    return document({"_links": {"self": call.link()}, "_embedded": {"tasks": created}})


def change(call: Call, task_id: str) -> Answer:
    return document(_change(call, [call.json() | {"id": int(task_id)}])[0])


def change_many(call: Call) -> Answer:
    return document({"_embedded": {"tasks": _change(call, call.items())}})


def _change(call: Call, items: list[Entity]) -> list[Entity]:
    tasks = [_found(call, item.get("id")) for item in items]
    checked(items, lambda told, item: _check(call, told, item))
    return [_changed(call, task, item) for task, item in zip(tasks, items, strict=True)]


def _changed(call: Call, task: Entity, item: Entity) -> Entity:
    before = dict(task)
    task |= {name: item[name] for name in _OWN if name in item}
    if "is_completed" in item:
        task["is_completed"] = item["is_completed"]
    task |= {"updated_at": call.world.now(), "updated_by": call.user_id}
    call.effect("task.updated", id=task["id"], sent=sorted(item.keys() - {"id"}))
    _tell(call, before, task)
    return {"id": task["id"], "updated_at": task["updated_at"], **_links(call, task)}


def delete(call: Call, task_id: int) -> None:
    """In the interface; the API has no method for it."""
    task = call.account.tasks.pop(task_id)
    call.effect("task.deleted", id=task_id)
    call.tell("tasks", "delete", task)


def _tell(call: Call, before: Entity, after: Entity) -> None:
    # vendor: events.tasks (page) task_added, task_deleted, task_completed, task_result_added, task_text_changed,
    # task_deadline_changed, task_type_changed, and entity_responsible_changed of a task.
    # source: amoCRM's documentation, "Types of events"; lists of them in integrations in production
    changed = {name for name in after if after[name] != before.get(name)}
    if "responsible_user_id" in changed:
        users = [{"responsible_user": {"id": one["responsible_user_id"]}} for one in (before, after)]
        call.tell("tasks", "responsible", after, before=users[0], after=users[1])
    for name, (event, member) in _EVENTS.items():
        if name in changed:
            values = [[{member[0]: {member[1]: one[name]}}] for one in (before, after)]
            call.record("tasks", event, after, before=values[0], after=values[1])
    if "result" in changed:
        call.record("tasks", "task_result_added", after)
    is_closed = "is_completed" in changed and after["is_completed"]
    if is_closed:
        call.record("tasks", "task_completed", after)
    call.tell("tasks", "update", after | {"_is_closed": is_closed})


def _check(call: Call, told: Told, item: Entity) -> None:
    if item.get("text") is not None:
        told.of_type("text", item["text"], "string")
    for name in ("complete_till", "duration"):
        if item.get(name) is not None:
            told.of_type(name, item[name], "int")
    if "is_completed" in item:
        told.of_type("is_completed", item["is_completed"], "bool")
    if item.get("responsible_user_id") is not None:
        check_user(call, told, "responsible_user_id", item["responsible_user_id"])
    if item.get("task_type_id") is not None and item["task_type_id"] not in {one["id"] for one in TASK_TYPES}:
        told.no_choice("task_type_id")
    owner = item.get("entity_type")
    if owner is not None and owner not in ("leads", "contacts", "companies", "customers"):
        told.no_choice("entity_type")
    elif owner is not None and item.get("entity_id") not in call.account.entities(owner):
        told.no_choice("entity_id")


def _found(call: Call, task_id: Any) -> Entity:
    task = call.account.tasks.get(task_id)
    if task is None:
        raise not_found()
    return task


def _view(call: Call, task: Entity) -> Entity:
    return task | _links(call, task)


def _links(call: Call, task: Entity) -> Entity:
    return {"_links": {"self": call.link(f"/tasks/{task['id']}")}}
