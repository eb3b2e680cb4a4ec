"""What is news: an entity as it is now against what was told of it last. Nothing here talks to anybody."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from features.changes.subjects import SUBJECTS, Subject
from shared.amocrm import budgets
from shared.amocrm.entity_fields import texts
from shared.amocrm.events import stands_beside, tells_note

Entity = dict[str, Any]
State = dict[str, Any]
# Stands for a value without telling it.
Fingerprint = Callable[[str], str]

_PLACE: Final = ("status_id", "pipeline_id")
# What `changed` of an update may name.
# Not those whose every change has a kind of its own.
_MOVED: Final = {
    name for one in SUBJECTS.values() for each in one.transitions if each.to is None for name in each.members
}
_NAMED: Final = {name for one in SUBJECTS.values() for name in one.plain} - _MOVED
MAY_CHANGE: Final = re.compile("|".join(["name", "tags", "text", "result", "field:[0-9]{1,19}", *sorted(_NAMED)]))
# What a member's event ends with.
_EVENTS: Final = {
    "name": "name_field_changed",
    "price": "sale_field_changed",
    "responsible_user_id": "_responsible_changed",
    "status_id": "_status_changed",
    "text": "task_text_changed",
    "complete_till": "task_deadline_changed",
    "task_type_id": "task_type_changed",
    "is_completed": "task_completed",
    "result": "task_result_added",
}


class DetectedChange(Struct, frozen=True):
    """One thing to tell. `before`: earlier values of plain members; `changed`: names of members, None where nobody
    knows."""

    kind: str
    before: dict[str, Any] | None = None
    changed: list[str] | None = None


def state_of(entity_type: str, entity: Entity, fingerprint: Fingerprint) -> State:
    """What is kept of an entity: `{plain members, prints: {member: fingerprint}}`; `exact`: a budget with its cents,
    where the account has them."""
    plain = {name: entity.get(name) for name in SUBJECTS[entity_type].plain}
    if budgets.shows_cents(entity):
        plain["exact"] = budgets.read(entity)
    return plain | {"prints": {name: fingerprint(text) for name, text in texts(entity)}}


def changed(entity_type: str, before: State, entity: Entity, fingerprint: Fingerprint) -> list[str]:
    """Names of the members that are not as they were: `price`, `name`, `tags`, `field:123`."""
    found = [name for name in SUBJECTS[entity_type].plain if before.get(name) != entity.get(name)]
    # Where the account has shown none until now, nothing is known of them.
    if budgets.shows_cents(entity) and before.get("exact", budgets.read(entity)) != budgets.read(entity):
        found.append("price")
    prints, now = before.get("prints", {}), dict(texts(entity))
    found += [name for name, text in now.items() if prints.get(name) != fingerprint(text)]
    return sorted({*found, *(name for name in prints if name not in now)})


def news(
    entity_type: str, before: State | None, entity: Entity, differing: Collection[str], hints: Collection[str]
) -> Iterator[DetectedChange]:
    """What there is to tell. `before` None: it was never told of. `differing`: what has changed, without our own
    writes. `hints`: what amoCRM says has happened to it."""
    subject = SUBJECTS[entity_type]
    if before is None:
        if (name := _untold(subject, entity, hints)) is not None:
            yield DetectedChange(subject.kind(name))
        return
    if before.get("is_deleted"):
        yield DetectedChange(subject.kind(subject.verbs.get("restore", subject.verbs["add"])))
        return
    rest = set(differing)
    for one in subject.transitions:
        if any(name in differing for name in one.members) and one.to in (None, entity.get(one.members[0])):
            rest -= {*one.members, *one.along}
            earlier = {name: before.get(name) for name in one.members} if one.tells_before else None
            yield DetectedChange(subject.kind(one.name), before=earlier)
    if rest:
        plain = {name: _earlier(before, name) for name in sorted(rest) if name in subject.plain}
        yield DetectedChange(subject.kind(subject.verbs["update"]), before=plain, changed=sorted(rest))


def _untold(subject: Subject, entity: Entity, hints: Collection[str]) -> str | None:
    """What has happened to something of which nothing is known, by the word of amoCRM alone."""
    for verb in ("add", "restore"):
        if verb in hints and verb in subject.verbs:
            return subject.verbs[verb]
    for one in subject.transitions:
        if one.verb in hints and one.is_told_blind and one.to in (None, entity.get(one.members[0])):
            return one.name
    return subject.verbs["update"] if hints else None


def _earlier(before: State, name: str) -> Any:
    return before.get("exact", before.get(name)) if name == "price" else before.get(name)


def place_before(before: State | None, facts: Mapping[str, int], lead: Entity) -> State | None:
    """Where a deal was: as we know it, else by the word of the hint (`facts`); None where nobody knows."""
    if before is not None:
        return {name: before.get(name) for name in _PLACE}
    if "old_status_id" not in facts:
        return None
    return {"status_id": facts["old_status_id"], "pipeline_id": facts.get("old_pipeline_id", lead.get("pipeline_id"))}


def is_news(event: str, ours: Collection[str]) -> bool:
    """Whether an event of amoCRM's is more than our own writing of these members. Notes and links are told by
    themselves, or not at all."""
    if tells_note(event) or stands_beside(event) or event.endswith(("_linked", "_unlinked")):
        return False
    if event in ("entity_tag_added", "entity_tag_deleted"):
        return "tags" not in ours
    if field := re.match(r"custom_field_(\d*)", event):
        return not any(name == f"field:{field[1]}" if field[1] else name.startswith("field:") for name in ours)
    return not any(event.endswith(_EVENTS[name]) for name in ours if name in _EVENTS)


def verbs(events: Collection[str]) -> set[str]:
    """As hooks would say it: what these events tell of members."""
    endings = (*_EVENTS.values(), "entity_tag_added", "entity_tag_deleted")
    return {
        "status" if one.endswith(_EVENTS["status_id"]) else "update"
        for one in events
        if one.startswith("custom_field_") or one.endswith(endings)
    }


def is_changed_since_made(entity: Entity) -> bool:
    """By its own word, in whole seconds."""
    return int(entity.get("updated_at") or 0) > int(entity.get("created_at") or 0) > 0
