"""What somebody of an account does in amoCRM's interface; it goes through the same rules as the API."""

import json
from typing import Any

from simulator import consent, interface, visitor
from simulator.call import Call
from simulator.resources import catalogs, entities, incoming, notes, talks, tasks, telling
from simulator.simulation import Simulation
from simulator.state import Account, Entity


def acting(simulation: Simulation, account: Account, path: str, content: Any, user_id: int | None = None) -> Call:
    """A call as it comes from this user, or from the account's administrator."""
    user = user_id or consent.administrator(account)["id"]
    world, truth, journal = simulation.world, simulation.truth, simulation.journal
    return Call(world, truth, journal, account, "", user, "POST", path, [], json.dumps(content).encode())


def act(
    simulation: Simulation,
    account: Account,
    kind: str,
    entity_id: int | str | None = None,
    *,
    fields: dict[str, Any] | None = None,
    note: str | None = None,
    note_type: str = "common",
    delete: bool = False,
    accept: bool | None = None,
    restore: bool = False,
    user_id: int | None = None,
) -> dict[str, Any]:
    """Makes something (without an id), changes it, writes a note, deletes it: `{id, note_id}`.

    `kind`: leads, contacts, companies, customers; tasks; elements, whose `fields` have the `catalog_id`; unsorted.
    `user_id` None: the account's administrator. `accept`: what becomes of an incoming lead, by its uid, or by the id of
    the deal that waits in it, whose fields are changed before.
    """

    def call(path: str, content: Any = None) -> Call:
        return acting(simulation, account, path, content, user_id)

    given = dict(fields or {})
    if kind == "tasks":
        return {"id": _task(call, entity_id, given, delete=delete), "note_id": None}
    if kind == "elements":
        return {"id": _element(call, account, entity_id, given, delete=delete), "note_id": None}
    if accept is not None:
        if isinstance(entity_id, int):
            changing, before = call(f"/leads/{entity_id}", given), dict(account.leads[entity_id])
            with simulation.journal.unheard():
                entities.change(changing, "leads", str(entity_id))
            # vendor: unsorted.renamed (guess) A deal that waits as an incoming lead and gets another name has an event
            # of it, as any deal; no hook tells of it.
            # source: none found; its card shows what was changed in it
            telling.member(changing, "leads", "name", before, account.leads[entity_id])
        uid = entity_id if isinstance(entity_id, str) else _waiting(account, entity_id)
        (incoming.accept if accept else incoming.decline)(call(f"/leads/unsorted/{uid}"), uid)
        return {"id": entity_id, "note_id": None}
    assert not isinstance(entity_id, str)
    if restore:
        assert entity_id is not None
        interface.restore(call(f"/{kind}/{entity_id}"), kind, entity_id)
        return {"id": entity_id, "note_id": None}
    id_ = entity_id or int(entities.add(call(f"/{kind}", []), kind, given)["id"])
    if entity_id and given:
        entities.change(call(f"/{kind}/{id_}", given), kind, str(id_))
    note_id = None
    if note is not None:
        written = [{"note_type": note_type, "params": _params(note_type, note)}]
        notes.create(call(f"/{kind}/{id_}/notes", written), kind, str(id_))
        note_id = account.notes[kind, id_][-1]["id"]
    if delete:
        interface.delete(call(f"/ajax/{kind}/multiple/delete"), kind, [id_])
    return {"id": id_, "note_id": note_id}


def visit(simulation: Simulation, account: Account, text: str, **whose: Any) -> Entity:
    """A visitor writes, see :func:`simulator.visitor.write`."""
    return visitor.write(acting(simulation, account, "/talks", None), text, **whose)


def reply(simulation: Simulation, account: Account, talk: int, text: str, user_id: int | None = None) -> Entity:
    """Somebody of the account answers a visitor."""
    return visitor.answer(acting(simulation, account, "/talks", None, user_id), talk, text)


def close_talk(simulation: Simulation, account: Account, talk: int) -> None:
    talks.close(acting(simulation, account, f"/talks/{talk}/close", None), str(talk))


def _task(call: Any, task_id: Any, fields: dict[str, Any], *, delete: bool) -> int:
    if task_id is None:
        due = {"text": "Позвонить", "complete_till": call("").world.now() + 86_400}
        made = json.loads(tasks.create(call("/tasks", [due | fields])).body)
        return int(made["_embedded"]["tasks"][0]["id"])
    if fields:
        tasks.change(call(f"/tasks/{task_id}", fields), str(task_id))
    if delete:
        tasks.delete(call(f"/tasks/{task_id}"), task_id)
    return int(task_id)


def _element(call: Any, account: Account, element_id: Any, fields: dict[str, Any], *, delete: bool) -> int:
    first = next(iter(account.catalogs), 0)
    known = next((id_ for id_, elements in account.elements.items() if element_id in elements), first)
    catalog = fields.pop("catalog_id", known)
    path = f"/catalogs/{catalog}/elements"
    if element_id is None:
        made = json.loads(catalogs.create_elements(call(path, [{"name": "Товар"} | fields]), str(catalog)).body)
        return int(made["_embedded"]["elements"][0]["id"])
    if fields:
        catalogs.change_element(call(f"{path}/{element_id}", fields), str(catalog), str(element_id))
    if delete:
        catalogs.delete(call(path), catalog, element_id)
    return int(element_id)


def _waiting(account: Account, lead_id: Any) -> str:
    return next(uid for uid, one in account.incoming.items() if {"id": lead_id} in one["_embedded"]["leads"])


def _params(note_type: str, text: str) -> dict[str, Any]:
    """What a note of this type must have, with the text somewhere in it."""
    call = {"uniq": text, "duration": 60, "source": text, "link": "https://example.com/1.mp3", "phone": "+79160000000"}
    place = {"address": text, "longitude": "37.6", "latitude": "55.7"}
    file = {"file_uuid": text, "version_uuid": text, "file_name": text}
    more: dict[str, dict[str, Any]] = {
        "call_in": call,
        "call_out": call,
        "geolocation": {"text": text} | place,
        "attachment": file,
    }
    return more.get(note_type, {"text": text, "service": text, "phone": "+79160000000", "icon_url": text})
