"""What a consumer was told of a company or a task, against what people did to it."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.control import Simulator

_NAMED: Final = {"company": "name", "task": "text"}
PLURALS: Final = {"company": "companies", "task": "tasks"}


@dataclass
class Thing:
    """`single`: company or task. Its name, or its text, is the number of its version; `notes`: their texts by id."""

    domain: str
    single: str
    id: int
    version: int = 0
    is_touched: bool = False
    is_completed: bool = False
    is_deleted: bool = False
    notes: dict[int, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        return {_NAMED[self.single]: f"v{self.version}"}


def change(simulator: Simulator, rng: random.Random, things: list[Thing]) -> None:
    """A person renames, notes, completes or deletes one of them."""
    thing = rng.choice([one for one in things if not one.is_deleted])
    what, more, fields = rng.random(), dict[str, Any](), dict[str, Any]()
    if what < 0.05:
        thing.is_deleted = more["delete"] = True
    elif what < 0.3 and thing.single == "company":
        more["note"] = f"A note of a person, {rng.getrandbits(40)}"
    else:
        thing.version += 1
        fields |= thing.fields
        if thing.single == "task" and not thing.is_completed and what > 0.8:
            thing.is_completed = fields["is_completed"] = True
    place = {"domain": thing.domain, "kind": PLURALS[thing.single], "id": thing.id}
    made = simulator.control("person", **place, fields=fields, **more)
    if made["note_id"] is not None:
        thing.notes[made["note_id"]] = more["note"]
    thing.is_touched = True


Messages = list[dict[str, Any]]


def compared(things: list[Thing], told: dict[tuple[str, str, int], Messages], counts: Counter[str]) -> Iterator[str]:
    """What is wrong. `told`: what came of each domain, kind and id; `counts`: messages and problems by their kind."""
    rest = dict(told)
    for thing in things:
        messages = rest.pop((thing.domain, thing.single, thing.id), [])
        counts[f"told of {thing.single}"] += len(messages)
        for problem in wrong(thing, messages):
            counts[problem.partition(":")[0]] += 1
            lines = "\n".join(f"    {one['timestamp']} {short(one)}" for one in messages[-12:])
            yield f"{problem} ({thing.single} {thing.id} of {thing.domain})\n{lines}"
    for messages in rest.values():  # nobody else has to do with any
        counts["own writes told"] += len(messages)
        yield f"own writes told: {short(messages[0])}"


def wrong(thing: Thing, messages: list[dict[str, Any]]) -> list[str]:
    """Several changes may be told as one; what is told happened, in that order, and the last of it is told."""
    noted = [one["data"]["note"] for one in messages if one["type"].endswith(".note_added")]
    told = [one for one in messages if not one["type"].endswith(".note_added")]
    found = [*_wrong_notes(thing, noted), *_wrong_steps(thing, told)]
    if told and not thing.is_touched:
        found.append(f"own writes told: of a {thing.single} that no person has changed")
    return found


def _wrong_steps(thing: Thing, told: list[dict[str, Any]]) -> list[str]:
    found, last, is_first, was_known = list[str](), 0, True, False
    named = set[int]()  # versions of which a message says that they are new
    kinds = Counter(one["type"].partition(".")[2] for one in told)
    for place, message in enumerate(told):
        if message["type"].endswith(".deleted"):
            found += [] if place == len(told) - 1 else [f"out of order: {told[-1]['type']} after it was deleted"]
            continue
        shown, changed = message["data"][thing.single], message["data"].get("changed")
        now = int(shown[_NAMED[thing.single]].removeprefix("v"))
        was_known = was_known or (is_first and changed is None and bool(shown.get("is_completed")))
        if now < last:
            found.append(f"out of order: v{now} after v{last}")
        if _NAMED[thing.single] in (changed or ()):
            found += [f"doubled: v{now}"] if now in named else []
            named.add(now)
        last, is_first = max(last, now), False
    expected = int(thing.is_deleted)
    if kinds["deleted"] != expected:
        found.append(f"{'lost' if kinds['deleted'] < expected else 'doubled'}: that it was deleted")
    if not thing.is_deleted and last != thing.version:
        found.append(f"lost: v{thing.version}, the last that was told is v{last}")
    if kinds["completed"] > int(thing.is_completed):
        found.append("doubled: that it was completed")
    if thing.is_completed and not thing.is_deleted and not kinds["completed"] and not was_known:
        found.append("lost: that it was completed")
    return found


def _wrong_notes(thing: Thing, told: list[dict[str, Any]]) -> list[str]:
    counts = Counter(note["id"] for note in told)
    # A note of what was deleted since cannot be read again.
    missing = set() if thing.is_deleted else thing.notes.keys() - counts.keys()
    found = [f"lost: note {one}" for one in missing]
    found += [f"doubled: note {one}" for one, count in counts.items() if count > 1]
    return found + [f"own writes told: note {one}" for one in counts.keys() - thing.notes.keys()]


def short(message: dict[str, Any]) -> str:
    data = message["data"]
    shown = data.get("task") or data.get("company") or {}
    kept = {name: shown.get(name) for name in ("name", "text", "is_completed") if name in shown}
    return f"{message['type']} {kept} {data.get('before')} {data.get('changed')} {(data.get('note') or {}).get('id')}"
