"""What somebody of an account does in amoCRM's interface; it goes through the same rules as the API."""

import json
from typing import Any

from simulator import consent, interface
from simulator.call import Call
from simulator.resources import entities, incoming, notes, tasks
from simulator.simulation import Simulation
from simulator.state import Account


def act(
    simulation: Simulation,
    account: Account,
    kind: str,
    entity_id: int | None = None,
    *,
    fields: dict[str, Any] | None = None,
    note: str | None = None,
    note_type: str = "common",
    delete: bool = False,
    accept: bool | None = None,
    restore: bool = False,
    user_id: int | None = None,
) -> dict[str, int | None]:
    """Makes a deal or contact (without an id), changes it, writes a note, deletes it: `{id, note_id}`.

    `kind`: leads, contacts, or tasks, which are there already. `user_id` None: the account's administrator. `accept`:
    what becomes of the incoming lead that this deal waits in, after its fields were changed there.
    """
    user = user_id or consent.administrator(account)["id"]

    def call(path: str, content: Any) -> Call:
        world, truth, journal = simulation.world, simulation.truth, simulation.journal
        return Call(world, truth, journal, account, "", user, "POST", path, [], json.dumps(content).encode())

    if kind == "tasks":
        assert entity_id is not None
        if fields:
            tasks.change(call(f"/tasks/{entity_id}", fields), str(entity_id))
        if delete:
            account.tasks.pop(entity_id)
        return {"id": entity_id, "note_id": None}
    if accept is not None:
        uid = next(uid for uid, one in account.incoming.items() if {"id": entity_id} in one["_embedded"]["leads"])
        with simulation.journal.unheard():
            entities.change(call(f"/leads/{entity_id}", fields or {}), "leads", str(entity_id))
        (incoming.accept if accept else incoming.decline)(call(f"/leads/unsorted/{uid}", None), uid)
        return {"id": entity_id, "note_id": None}
    if restore:
        assert entity_id is not None
        interface.restore(call(f"/{kind}/{entity_id}", None), kind, entity_id)
        return {"id": entity_id, "note_id": None}
    id_ = entity_id or int(entities.add(call(f"/{kind}", []), kind, fields or {})["id"])
    if entity_id and fields:
        entities.change(call(f"/{kind}/{id_}", fields), kind, str(id_))
    note_id = None
    if note is not None:
        written = [{"note_type": note_type, "params": _params(note_type, note)}]
        notes.create(call(f"/{kind}/{id_}/notes", written), kind, str(id_))
        note_id = account.notes[kind, id_][-1]["id"]
    if delete:
        interface.delete(call(f"/ajax/{kind}/multiple/delete", None), kind, [id_])
    return {"id": id_, "note_id": note_id}


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
