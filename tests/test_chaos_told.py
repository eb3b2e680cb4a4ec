"""36: what the events' campaign compares of each kind of message. Each difference is planted by itself, and is seen."""

import random
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.chaos import told_others
from tests.chaos.hearing import Doorway, Heard
from tests.chaos.told_others import KINDS, Thing
from tests.chaos.told_visitors import Incoming, Talk, Visitors
from tests.control import Simulator

Message = dict[str, Any]
_DOMAIN = "a.amocrm.ru"


def _message(kind: str, shown: Message, **more: Any) -> Message:
    single = kind.partition(".")[0]
    place = {"account": {"domain": _DOMAIN}, single: shown}
    return {"type": kind, "timestamp": "", "data": place | more}


def _visitors() -> Visitors:
    """Two strangers, one of whom was accepted and one declined, and their conversations, of which one was closed."""
    visitors = Visitors(Simulator("http://127.0.0.1:1"))
    for number, fate in ((1, "accepted"), (2, "declined")):
        visitors.incoming.append(Incoming(_DOMAIN, f"u{number}", number, 10 + number, fate))
    visitors.talks[_DOMAIN, 5] = Talk(_DOMAIN, 5, 11, "telegram", {"m1": "received", "m2": "sent"}, is_closed=True)
    visitors.talks[_DOMAIN, 6] = Talk(_DOMAIN, 6, 12, "telegram", {"m3": "received"})
    return visitors


_TOLD = [
    _message("incoming_lead.added", {"uid": "u1"}),
    _message("incoming_lead.accepted", {"uid": "u1"}),
    _message("incoming_lead.declined", {"uid": "u2"}),
    _message("lead.added", {"id": 1}),
    _message("contact.added", {"id": 11}),
    _message("talk.opened", {"id": 5, "is_in_work": True}),
    _message("talk.closed", {"id": 5, "is_in_work": False}),
    _message("talk.opened", {"id": 6, "is_in_work": True}),
    _message("message.received", {"id": "m1", "talk_id": 5}),
    _message("message.sent", {"id": "m2", "talk_id": 5}),
    _message("message.received", {"id": "m3", "talk_id": 6}),
]
_HEARD: Heard = {
    ("a", "unsorted", "u2"): [(1.0, "delete")],
    ("a", "talk", "5"): [(1.0, "add"), (3.0, "closed")],
    ("a", "talk", "6"): [(1.0, "add")],
}


def _wrong(told: list[Message], heard: Heard) -> list[str]:
    return [one.partition(":")[0] for one in _visitors().compared(told, heard, Counter())]


def test_visitors_leads_conversations_and_messages_are_as_they_were_told() -> None:
    assert _wrong(_TOLD, _HEARD) == []
    for number, left_out in enumerate(_TOLD):
        rest = [*_TOLD[:number], *_TOLD[number + 1 :]]
        # That it waited, or was opened, is told by what has become of it as well.
        expected = [] if left_out in (_TOLD[0], _TOLD[5]) else ["lost"]
        heard = _HEARD | {("a", "unsorted", "u1"): [(1.0, "delete")]}
        assert _wrong(rest, heard) == expected, left_out["type"]
        assert "doubled" in _wrong([*_TOLD, left_out], _HEARD), left_out["type"]


@pytest.mark.parametrize(
    ("number", "instead", "expected"),
    [
        (1, _message("incoming_lead.declined", {"uid": "u1"}), "lost"),
        (6, _message("talk.closed", {"id": 6, "is_in_work": False}), "lost"),
        (8, _message("message.sent", {"id": "m1", "talk_id": 5}), "lost"),
        (8, _message("message.received", {"id": "m1", "talk_id": 6}), "lost"),
        (3, _message("lead.added", {"id": 9}), "own writes told"),
        (10, _message("message.received", {"id": "m9", "talk_id": 6}), "own writes told"),
    ],
)
def test_what_is_told_of_another_or_as_something_else_is_seen(number: int, instead: Message, expected: str) -> None:
    assert expected in _wrong([*_TOLD[:number], instead, *_TOLD[number + 1 :]], _HEARD)


def test_the_campaigns_doorway_knows_what_was_heard() -> None:
    said = {"account[subdomain]": "a", "talk[update][0][talk_id]": "5", "talk[update][0][is_in_work]": "0"}
    said |= {"talk[update][1][talk_id]": "6", "talk[update][1][is_in_work]": "1", "catalogs[delete][0][id]": "3"}
    said |= {"unsorted[delete][0][uid]": "u2", "leads[add][0][id]": "1"}
    doorway = Doorway(random.Random(1))
    doorway._note(urlencode(said).encode(), 1.0)
    doorway.close()
    assert {place: verb for place, ((_, verb),) in doorway.heard.items()} == {
        ("a", "talk", "5"): "closed",
        ("a", "talk", "6"): "update",
        ("a", "catalogs", "3"): "delete",
        ("a", "unsorted", "u2"): "delete",
    }


def test_what_no_hook_has_told_can_be_missing() -> None:
    rest = [one for one in _TOLD if one["type"] not in ("incoming_lead.declined", "talk.closed", "talk.opened")]
    assert _wrong(rest, {}) == []
    waiting = _visitors()
    waiting.incoming[0].fate = None
    told = [one for one in _TOLD if one["data"].get("incoming_lead", {}).get("uid") != "u1"]
    assert "lost" in [one.partition(":")[0] for one in waiting.compared(told, _HEARD, Counter())]  # it can be asked for


@pytest.mark.parametrize("single", KINDS)
def test_what_people_do_to_others_is_as_it_was_told(single: str) -> None:
    kind = KINDS[single]
    notes = {7: "Hello"} if kind.has_notes else {}
    thing = Thing(_DOMAIN, single, 3, 2, is_touched=True, is_deleted=True, notes=notes, at=[0.0, 1.0, 2.0])
    hooks = [(3.0, "update"), (4.0, "delete")]
    changed = [
        _message(f"{single}.updated", {kind.named: f"v{number}"}, changed=[kind.named], before={}) for number in (1, 2)
    ]
    told = [*changed, _message(f"{single}.deleted", {"id": 3})]
    if kind.has_notes:
        told.append(_message(f"{single}.note_added", {"id": 3}, note={"id": 7, "text": "Hello"}))

    def wrong(messages: list[Message], *, is_deleted: bool = True) -> list[str]:
        thing.is_deleted = is_deleted
        heard: Heard = {("a", "catalogs", "3"): hooks if is_deleted else hooks[:1]}
        return [one.partition(":")[0] for one in told_others.wrong(thing, messages, heard)]

    assert wrong(told) == []
    assert wrong([told[0], *told[2:]]) == []  # told as one with what came after
    assert wrong([told[0], *told[3:]], is_deleted=False) == ["lost"]  # the last change
    assert wrong([*told[:2], *told[3:]]) == ["lost"]  # that it was deleted
    assert wrong([told[1], told[0], *told[2:]]) == ["out of order"]
    assert wrong([told[0], *told]) == ["doubled"]
    if kind.has_notes:
        assert wrong(told[:3], is_deleted=False)[:1] == ["lost"]
        assert wrong([*told, told[3]]) == ["doubled"]
        assert wrong([*told, _message(f"{single}.note_added", {"id": 3}, note={"id": 9, "text": ""})])[0] == (
            "own writes told"
        )
    thing.is_touched = False
    assert "own writes told" in wrong(told)
