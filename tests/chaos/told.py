"""What a consumer was told of a deal, against what people did to it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Deal:
    """What people have done to it. `statuses`: where it was made, and wherever it was put; `notes`: their texts."""

    domain: str
    id: int
    statuses: list[int]
    version: int = 0
    is_touched: bool = False
    notes: dict[int, str] = field(default_factory=dict)


def wrong(deal: Deal, messages: list[dict[str, Any]]) -> list[str]:
    """What was told of a deal against all that people did to it. Changes that follow each other quickly may be told as
    one; but what was told happened, in that order, and each step from one message to the next is told as what it is."""
    told = [message for message in messages if message["type"] != "lead.note_added"]
    found = [*_wrong_notes(deal, messages), *_wrong_steps(deal, told)]
    for message in told:
        kind, changed = message["type"], message["data"].get("changed")
        if kind not in ("lead.updated", "lead.status_changed"):
            found.append(f"own writes told: {kind}, which nobody did")
        if kind == "lead.updated" and changed is not None and set(changed) == {"price"}:
            found.append("own writes told: a price of ours")
        if not deal.is_touched:
            found.append("own writes told: of a deal that no person has changed")
    last = told[-1]["data"]["lead"] if told else {"name": "v0", "status_id": deal.statuses[0]}
    if last["name"] != f"v{deal.version}":
        found.append(f"lost: v{deal.version}, the last that was told is {last['name']}")
    if last["status_id"] != deal.statuses[-1]:
        found.append(f"lost: status {deal.statuses[-1]}, the last that was told is {last['status_id']}")
    return found


def _wrong_steps(deal: Deal, told: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    statuses, version, status = iter(deal.statuses), 0, None  # those that are still ahead
    names, whole = set[int](), set[int]()  # versions that no message was about yet; the one that needs none
    for message in told:
        data, kind = message["data"], message["type"]
        now, changed, before = int(data["lead"]["name"].removeprefix("v")), data.get("changed"), data.get("before")
        # What was known of the deal before the first one depends on our own writes: it may tell everything at once.
        is_first, at = status is None, data["lead"]["status_id"]
        if now < version:
            found.append(f"out of order: v{now} after v{version}")
        if now > version and not (is_first and kind == "lead.updated" and changed is None):
            names.add(now)
        if is_first:
            whole = {now}
        if kind == "lead.updated" and "name" in (changed or ()):
            found += [] if now in names else [f"doubled: v{now}"]
            names.discard(now)
        if kind == "lead.status_changed" and not is_first:
            earlier = (before or {}).get("status_id")
            found += [] if earlier == status else [f"out of order: from {earlier}, where {status} was told last"]
            found += [f"doubled: status {status}"] if at == status else []
        elif at != status and not is_first:
            found.append(f"lost: from {status} to {at}, told by {kind} only")
        if at != status and at not in statuses:
            found.append(f"out of order: status {at}, where nobody had put it by then")
        version, status = max(now, version), at
    return found + [f"lost: that the name is v{one}, by any message of its own" for one in sorted(names - whole)]


def _wrong_notes(deal: Deal, messages: list[dict[str, Any]]) -> list[str]:
    told = [one["data"]["note"] for one in messages if one["type"] == "lead.note_added"]
    counts = Counter(note["id"] for note in told)
    found = [f"lost: note {one}" for one in deal.notes.keys() - counts.keys()]
    found += [f"doubled: note {one}" for one, count in counts.items() if count > 1]
    found += [f"own writes told: note {one}" for one in counts.keys() - deal.notes.keys()]
    wrong = [note for note in told if deal.notes.get(note["id"], note["text"]) != note["text"]]
    return found + [f"lost: the text of note {note['id']}, told is {note['text']}" for note in wrong]


def short(message: dict[str, Any]) -> str:
    data = message["data"]
    lead = {name: data["lead"].get(name) for name in ("name", "status_id", "price")}
    return f"{message['type']} {lead} {data.get('before')} {data.get('changed')} {(data.get('note') or {}).get('id')}"
