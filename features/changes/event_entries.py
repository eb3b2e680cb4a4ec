"""Entries of amoCRM's list of events, as hints."""

from collections.abc import Iterable
from typing import Any, Final

from features.changes.subjects import SUBJECTS
from features.changes.webhook_payload import LARGEST_ID, Hint, stand_in
from shared.amocrm.events import stands_beside, tells_note
from shared.platform import logs

# vendor: events.types (page) lead_added, lead_deleted, lead_restored, lead_status_changed, the same of contacts;
# and one for each member that is changed, such as sale_field_changed; of notes see events.notes.
# source: amoCRM's documentation, "Events and notes", "Types of events"
_KINDS: Final = {
    "added": "add",
    "deleted": "delete",
    "restored": "restore",
    "status_changed": "status",
    "completed": "complete",
}
# vendor: events.messages (production) A message is an event incoming_chat_message or outgoing_chat_message of its deal
# or contact; `value_after[0].message` has the id that its hook has, talk_id and origin; the text is not to be had.
# source: integrations in production that read them
_MESSAGES: Final = {"incoming_chat_message": "receive", "outgoing_chat_message": "send"}


def together(events: Iterable[dict[str, Any]]) -> dict[tuple[str, int], Hint]:
    """What these events, the newest first, say of each entity."""
    hints: dict[tuple[str, int], Hint] = {}
    for event in events:
        if (one := hint(event)) is not None:
            add(hints, one)
    return hints


def hint(event: dict[str, Any]) -> Hint | None:
    """None for one that says nothing of a deal or contact, and for one in which that is not to be found: it stays in
    amoCRM's list, and keeps nothing else from being told."""
    try:
        return _read(event)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        logs.warning("change.odd_event", type=str(event.get("type"))[:60], error=type(error).__name__)
        return None


def _read(event: dict[str, Any]) -> Hint | None:
    single, kind = event.get("entity_type"), str(event.get("type") or "")
    if kind in _MESSAGES:
        return _of_message(event, kind)
    subject = SUBJECTS.get(str(single))
    if subject is None or stands_beside(kind):
        return None
    if tells_note(kind):
        after = event.get("value_after") or []
        note_id = next((_id(one["note"]["id"]) for one in after if isinstance(one, dict) and "note" in one), None)
        if note_id is None or f"{single}_note" not in SUBJECTS:
            return None
        return Hint(f"{single}_note", note_id, ["note"], {"parent_id": _id(event["entity_id"])})
    word = _KINDS.get(kind.removeprefix(f"{single}_"), "update")
    facts: dict[str, int] = {}
    for before in event.get("value_before") or [] if word == "status" else []:
        place = before.get("lead_status") if isinstance(before, dict) else None
        if place:
            facts = {"old_status_id": int(place["id"]), "old_pipeline_id": int(place["pipeline_id"])}
    return Hint(subject.name, _id(event["entity_id"]), [word], facts)


def _of_message(event: dict[str, Any], kind: str) -> Hint:
    said = event["value_after"][0]["message"]
    facts = {"id": str(said["id"]), "created_at": int(event["created_at"]), "origin": said.get("origin")}
    facts |= {"talk_id": _id(said["talk_id"])} if said.get("talk_id") else {}
    linked = ((event.get("_embedded") or {}).get("entity") or {}).get("linked_talk_contact_id")  # vendor: events.talks
    facts |= {"contact_id": linked} if isinstance(linked, int) and linked > 0 else {}
    if event.get("entity_type") == "lead":
        facts |= {"entity_type": "lead", "entity_id": _id(event["entity_id"])}
    elif event.get("entity_type") == "contact":
        facts |= {"contact_id": _id(event["entity_id"])}
    return Hint("message", stand_in(facts["id"]), [_MESSAGES[kind]], facts)


def _id(value: Any) -> int:
    """Raises TypeError and ValueError for what is none."""
    number = int(value)
    if not 0 < number <= LARGEST_ID:
        raise ValueError("no id of amoCRM's")
    return number


def add(hints: dict[tuple[str, int], Hint], one: Hint) -> None:
    place = (one.entity_type, one.entity_id)
    before = hints.get(place)
    kinds = list(dict.fromkeys([*(before.kinds if before else []), *one.kinds]))
    # Events come the newest first: where it was before the earliest is what counts.
    hints[place] = Hint(*place, kinds, {**(before.facts if before else {}), **one.facts})
