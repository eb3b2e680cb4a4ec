"""Notes in the feed of an entity. Source: amoCRM's "Events and notes"."""

from simulator.answers import Answer, document, not_found, nothing_to_write
from simulator.call import Call, ordered
from simulator.checks import Told, checked
from simulator.rights import forbidden, hidden, seen
from simulator.state import Entity

_REQUIRED = {
    "common": ("text",),
    "service_message": ("service", "text"),
    "extended_service_message": ("service", "text"),
    "attachment": ("file_uuid", "version_uuid", "file_name"),
    "geolocation": ("text", "address", "longitude", "latitude"),
    "call_in": ("uniq", "duration", "source", "link", "phone"),
    "call_out": ("uniq", "duration", "source", "link", "phone"),
    "sms_in": ("text", "phone"),
    "sms_out": ("text", "phone"),
    "invoice_paid": ("text", "service", "icon_url"),
}
_TEXTS = ("text", "service", "phone", "file_name")
_LONGEST = 20_000


def page(call: Call, entity_type: str, entity_id: str) -> Answer:
    if int(entity_id) in call.account.entities(entity_type) and seen(call, entity_type, int(entity_id)) is None:
        return hidden(call)
    found = [note for note in call.account.notes[entity_type, int(entity_id)] if _is_wanted(call, note)]
    return call.page("notes", ordered(call, found))


def page_of_all(call: Call, entity_type: str) -> Answer:
    found = [
        note
        for (kind, entity_id), notes in call.account.notes.items()
        for note in notes
        if kind == entity_type and seen(call, kind, entity_id) and _is_wanted(call, note)
    ]
    return call.page("notes", ordered(call, sorted(found, key=lambda note: note["id"])))


def _is_wanted(call: Call, note: Entity) -> bool:
    return call.is_chosen(note, "id", "entity_id", "note_type") and call.is_between(note, "updated_at")


def read_by_id(call: Call, entity_type: str, note_id: str) -> Answer:
    for (kind, _), notes in call.account.notes.items():
        for note in notes:
            if (kind, note["id"]) == (entity_type, int(note_id)):
                return document(note) if seen(call, kind, note["entity_id"]) else hidden(call)
    raise not_found()


def pin(call: Call, entity_type: str, note_id: str) -> Answer:
    return _pinned(call, entity_type, int(note_id), is_pinned=True)


def unpin(call: Call, entity_type: str, note_id: str) -> Answer:
    return _pinned(call, entity_type, int(note_id), is_pinned=False)


def _pinned(call: Call, entity_type: str, note_id: int, *, is_pinned: bool) -> Answer:
    # vendor: notes.pinned (code) A note says `is_pinned`; POST /ENTITY/notes/ID/pin and …/unpin change it.
    # source: the history of the vendor's client (December 2025); a public description of the API
    for (kind, _), notes in call.account.notes.items():
        for note in notes:
            if (kind, note["id"]) == (entity_type, note_id):
                note["is_pinned"] = is_pinned
                return document({})
    raise not_found()


def read(call: Call, entity_type: str, entity_id: str, note_id: str) -> Answer:
    return document(_found(call, entity_type, int(entity_id), int(note_id)))


def change(call: Call, entity_type: str, entity_id: str, note_id: str) -> Answer:
    note, item = _found(call, entity_type, int(entity_id), int(note_id)), call.json()
    note["params"] = note["params"] | (item.get("params") or {})
    note["updated_at"] = call.world.now()
    return document({"id": note["id"], "entity_id": note["entity_id"], "updated_at": note["updated_at"]})


def _found(call: Call, entity_type: str, entity_id: int, note_id: int) -> Entity:
    found = next((one for one in call.account.notes[entity_type, entity_id] if one["id"] == note_id), None)
    if found is None:
        raise not_found()
    return found


def create(call: Call, entity_type: str, entity_id: str) -> Answer:
    return _created(call, entity_type, [item | {"entity_id": int(entity_id)} for item in call.items()])


def create_many(call: Call, entity_type: str) -> Answer:
    return _created(call, entity_type, call.items())


def _created(call: Call, entity_type: str, items: list[Entity]) -> Answer:
    if any(item.get("entity_id") not in call.account.entities(entity_type) for item in items):
        raise nothing_to_write(call.account.missing_write_status, [{"code": 226}])
    if any(seen(call, entity_type, item["entity_id"]) is None for item in items):
        raise forbidden()
    checked(items, _check)
    created = []
    for index, item in enumerate(items):
        now = call.world.now()
        note = {
            "id": call.world.new_id("notes"),
            "entity_id": item["entity_id"],
            "created_by": call.user_id,
            "updated_by": call.user_id,
            "created_at": now,
            "updated_at": now,
            "responsible_user_id": call.user_id,
            "group_id": 0,
            "is_pinned": False,
            "note_type": item["note_type"],
            "params": item["params"],
            "account_id": call.account.id,
        }
        call.account.notes[entity_type, item["entity_id"]].append(note)
        text = str(item["params"].get("text", ""))
        call.tell(entity_type, "note", note)
        call.effect("note.created", id=note["id"], entity_type=entity_type, entity_id=note["entity_id"], text=text)
        created.append(
            {"id": note["id"], "entity_id": note["entity_id"], "request_id": str(item.get("request_id", index))}
        )
    return document({"_links": {"self": call.link()}, "_embedded": {"notes": created}})


def _check(told: Told, item: Entity) -> None:
    required, params = _REQUIRED.get(str(item.get("note_type"))), item.get("params")
    if required is None:
        told.no_choice("note_type")
        return
    for name in required:
        if not isinstance(params, dict) or not params.get(name):
            told.blank(f"params.{name}")
        elif name in _TEXTS and told.of_type(f"params.{name}", params[name], "string"):
            told.at_most(f"params.{name}", params[name], _LONGEST)  # vendor: notes.length
