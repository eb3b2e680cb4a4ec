"""What a consumer was told of a contact, company, customer, task or a list's element, against what people did to it."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.chaos.hearing import Heard
from tests.control import Simulator


@dataclass(frozen=True)
class Kind:
    """`named`: the member that is changed. `head`: of its hooks, where nothing but hooks tells of it."""

    plural: str
    named: str = "name"
    has_notes: bool = True
    head: str | None = None


KINDS: Final = {
    "contact": Kind("contacts"),
    "company": Kind("companies"),
    "customer": Kind("customers"),
    "task": Kind("tasks", "text", has_notes=False),
    "catalog_element": Kind("elements", has_notes=False, head="catalogs"),
}


@dataclass
class Thing:
    """`single`: one of KINDS. Its name, or its text, is the number of its version; `notes`: their texts by id. `at`:
    when each version was there."""

    domain: str
    single: str
    id: int
    version: int = 0
    is_new: bool = False
    is_touched: bool = False
    is_completed: bool = False
    is_deleted: bool = False
    notes: dict[int, str] = field(default_factory=dict)
    at: list[float] = field(default_factory=lambda: [time.monotonic()])

    @property
    def kind(self) -> Kind:
        return KINDS[self.single]

    @property
    def fields(self) -> dict[str, str]:
        return {self.kind.named: f"v{self.version}"}


def make(simulator: Simulator, domain: str, single: str) -> Thing:
    thing = Thing(domain, single, 0)
    place = {"domain": domain, "kind": thing.kind.plural}
    thing.id = simulator.control("person", **place, fields=thing.fields)["id"]
    return thing


def touch(simulator: Simulator, thing: Thing) -> None:
    """A person gives it its first name."""
    thing.version += 1
    simulator.control("person", domain=thing.domain, kind=thing.kind.plural, id=thing.id, fields=thing.fields)
    thing.at.append(time.monotonic())
    thing.is_touched = True


def change(simulator: Simulator, rng: random.Random, things: list[Thing]) -> None:
    """A person renames, notes, completes or deletes one of them, or makes another."""
    thing = rng.choice([one for one in things if not one.is_deleted])
    what, more, fields = rng.random(), dict[str, Any](), dict[str, Any]()
    if what < 0.04:
        made_now = make(simulator, thing.domain, thing.single)
        made_now.is_new = made_now.is_touched = True
        things.append(made_now)
        return
    if what < 0.08:
        thing.is_deleted = more["delete"] = True
    elif what < 0.3 and thing.kind.has_notes:
        more["note"] = f"A note of a person, {rng.getrandbits(40)}"
    else:
        thing.version += 1
        fields |= thing.fields
        if thing.single == "task" and not thing.is_completed and what > 0.8:
            thing.is_completed = fields["is_completed"] = True
    place = {"domain": thing.domain, "kind": thing.kind.plural, "id": thing.id}
    made = simulator.control("person", **place, fields=fields, **more)
    thing.at += [time.monotonic()] if fields else []
    if made["note_id"] is not None:
        thing.notes[made["note_id"]] = more["note"]
    thing.is_touched = True


Messages = list[dict[str, Any]]


def compared(
    things: list[Thing], told: dict[tuple[str, str, int], Messages], heard: Heard, counts: Counter[str]
) -> Iterator[str]:
    """What is wrong. `told`: what came of each domain, kind and id; `counts`: messages and problems by their kind."""
    rest = dict(told)
    for thing in things:
        messages = rest.pop((thing.domain, thing.single, thing.id), [])
        counts[f"told of {thing.single}"] += len(messages)
        for problem in wrong(thing, messages, heard):
            counts[problem.partition(":")[0]] += 1
            lines = "\n".join(f"    {one['timestamp']} {short(one)}" for one in messages[-12:])
            yield f"{problem} ({thing.single} {thing.id} of {thing.domain})\n{lines}"
    for messages in rest.values():  # nobody else has to do with any
        counts["own writes told"] += len(messages)
        yield f"own writes told: {short(messages[0])}"


def wrong(thing: Thing, messages: Messages, heard: Heard) -> list[str]:
    """Several changes may be told as one; what is told happened, in that order, and the last of it is told."""
    noted = [one["data"]["note"] for one in messages if one["type"].endswith(".note_added")]
    told = [one for one in messages if not one["type"].endswith(".note_added")]
    found = [*_wrong_notes(thing, noted), *_wrong_steps(thing, told, heard)]
    if told and not thing.is_touched:
        found.append(f"own writes told: of a {thing.single} that no person has changed")
    return found


def _wrong_steps(thing: Thing, told: Messages, heard: Heard) -> list[str]:
    found, last, is_first, was_known = list[str](), 0, True, False
    named = set[int]()  # versions of which a message says that they are new
    kinds = Counter(one["type"].partition(".")[2] for one in told)
    for place, message in enumerate(told):
        if message["type"].endswith(".deleted"):
            found += [] if place == len(told) - 1 else [f"out of order: {told[-1]['type']} after it was deleted"]
            continue
        shown, changed = message["data"][thing.single], message["data"].get("changed")
        now = int(shown[thing.kind.named].removeprefix("v"))
        was_known = was_known or (is_first and changed is None and bool(shown.get("is_completed")))
        if now < last:
            found.append(f"out of order: v{now} after v{last}")
        if thing.kind.named in (changed or ()):
            found += [f"doubled: v{now}"] if now in named else []
            named.add(now)
        last, is_first = max(last, now), False
    version, is_heard, is_deletion_heard = _could_know(thing, heard)
    if kinds["added"] > int(thing.is_new):
        found.append("doubled: that it was added")
    if thing.is_new and is_heard and not told and not thing.is_deleted:
        found.append("lost: that it was added")
    if kinds["deleted"] > int(thing.is_deleted):
        found.append("doubled: that it was deleted")
    if is_deletion_heard and not kinds["deleted"]:
        found.append("lost: that it was deleted")
    if not thing.is_deleted and not version <= last <= thing.version:
        found.append(f"lost: v{version}, the last that was told is v{last}")
    if kinds["completed"] > int(thing.is_completed):
        found.append("doubled: that it was completed")
    if thing.is_completed and not thing.is_deleted and not kinds["completed"] and not was_known:
        found.append("lost: that it was completed")
    return found


def _could_know(thing: Thing, heard: Heard) -> tuple[int, bool, bool]:
    """The version, whether it is there, and whether it is deleted, as whoever heard of it must know: all of what can be
    asked for, else what was so when the last hook came that was taken."""
    if thing.kind.head is None:
        return thing.version, True, thing.is_deleted
    hooks = heard.get((thing.domain.partition(".")[0], thing.kind.head, str(thing.id)), [])
    latest = max((at for at, _ in hooks), default=0.0)
    version = max((number for number, at in enumerate(thing.at) if at < latest), default=0)
    return version, bool(hooks), any(verb == "delete" for _, verb in hooks)


def _wrong_notes(thing: Thing, told: Messages) -> list[str]:
    counts = Counter(note["id"] for note in told)
    # A note of what was deleted since cannot be read again.
    missing = set() if thing.is_deleted else thing.notes.keys() - counts.keys()
    found = [f"lost: note {one}" for one in missing]
    found += [f"doubled: note {one}" for one, count in counts.items() if count > 1]
    wrong = [note for note in told if thing.notes.get(note["id"], note["text"]) != note["text"]]
    found += [f"lost: the text of note {note['id']}, told is {note['text']}" for note in wrong]
    return found + [f"own writes told: note {one}" for one in counts.keys() - thing.notes.keys()]


def short(message: dict[str, Any]) -> str:
    data = message["data"]
    shown: dict[str, Any] = next((data[single] for single in KINDS if single in data), {})
    kept = {name: shown.get(name) for name in ("name", "text", "is_completed") if name in shown}
    return f"{message['type']} {kept} {data.get('before')} {data.get('changed')} {(data.get('note') or {}).get('id')}"
