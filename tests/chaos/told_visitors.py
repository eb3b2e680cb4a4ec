"""Visitors who write, whom the account's people take, turn away and answer; and what a consumer was told of it.

What becomes of an incoming lead, and that a conversation was opened or closed, only hooks tell: whoever was not told by
one cannot know. Messages, and leads that wait, can be asked for.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.hearing import Heard
from tests.chaos.told_others import Thing
from tests.control import Simulator

Messages = list[dict[str, Any]]


@dataclass
class Incoming:
    """A stranger's lead. `fate`: accepted or declined, once somebody has decided."""

    domain: str
    uid: str
    lead_id: int
    contact_id: int
    fate: str | None = None


@dataclass
class Talk:
    """`messages`: id -> received or sent."""

    domain: str
    id: int
    contact_id: int
    origin: str
    messages: dict[str, str] = field(default_factory=dict)
    is_closed: bool = False


class Visitors:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.incoming: list[Incoming] = []
        self.talks: dict[tuple[str, int], Talk] = {}

    # --- what they do -------------------------------------------------------------------------------------------

    def make_known(self, domain: str, number: int) -> None:
        """So many conversations are told of before the campaign begins: what becomes of them is a step from there."""
        for one in range(number):
            self._write(domain, f"Before {one}", "telegram", name=f"Known {one}")

    def act(self, rng: random.Random, domain: str, contacts: list[Thing]) -> None:
        """A stranger writes, or a known person; or somebody of the account takes, turns away, answers or closes."""
        what = rng.random()
        waiting = [one for one in self.incoming if one.fate is None]
        is_open = [one for one in self.talks.values() if not one.is_closed]
        if waiting and what < 0.2:
            self._decide(rng.choice(waiting), accept=rng.random() < 0.5)
        elif is_open and what < 0.4:
            self._answer(rng.choice(is_open), f"Answer {rng.getrandbits(40)}")
        elif is_open and what < 0.52:
            self._close(rng.choice(is_open))
        elif is_open and what < 0.7:
            talk = rng.choice(is_open)
            self._write(talk.domain, f"More {rng.getrandbits(40)}", talk.origin, contact=talk.contact_id)
        elif contacts and what < 0.8:
            thing = rng.choice(contacts)
            thing.is_touched = True  # amoCRM tells of the conversation as of something that has happened to it
            self._write(thing.domain, f"Hello {rng.getrandbits(40)}", "whatsapp", contact=thing.id)
        else:
            self._write(domain, f"First {rng.getrandbits(40)}", "telegram", name=f"Stranger {rng.getrandbits(40)}")

    def _write(self, domain: str, text: str, origin: str, **whose: Any) -> None:
        made = self._simulator.control("visitor", domain=domain, text=text, origin=origin, **whose)
        place = domain, made["talk_id"]
        talk = self.talks.setdefault(place, Talk(domain, made["talk_id"], made["contact_id"], origin))
        talk.messages[made["id"]] = "received"
        if "contact" not in whose:
            self.incoming.append(Incoming(domain, made["uid"], made["lead_id"], made["contact_id"]))

    def _answer(self, talk: Talk, text: str) -> None:
        made = self._simulator.control("answer", domain=talk.domain, talk=talk.id, text=text)
        talk.messages[made["id"]] = "sent"

    def _close(self, talk: Talk) -> None:
        self._simulator.control("close-talk", domain=talk.domain, talk=talk.id)
        talk.is_closed = True

    def _decide(self, one: Incoming, *, accept: bool) -> None:
        self._simulator.control("person", domain=one.domain, kind="unsorted", id=one.uid, accept=accept)
        one.fate = "accepted" if accept else "declined"

    # --- what was told of it ------------------------------------------------------------------------------------

    def are(self, domain: str, single: str, id_: int) -> bool:
        """Whether a deal or contact is a stranger's."""
        return any(
            one.domain == domain and {"lead": one.lead_id, "contact": one.contact_id}.get(single) == id_
            for one in self.incoming
        )

    def compared(self, told: Messages, heard: Heard, counts: Counter[str]) -> Iterator[str]:
        """What is wrong. `told`: messages of theirs, in order; `counts`: messages and problems by their kind."""
        by_place: dict[tuple[str, str, Any], Messages] = defaultdict(list)
        for one in told:
            single = one["type"].partition(".")[0]
            shown = one["data"][single]
            by_place[one["data"]["account"]["domain"], single, shown.get("uid") or shown["id"]].append(one)
            counts[f"told of {single}"] += 1
        found: list[str] = []
        for lead in self.incoming:
            hooks = heard.get((lead.domain.partition(".")[0], "unsorted", lead.uid), [])
            found += _wrong_incoming(lead, by_place.pop((lead.domain, "incoming_lead", lead.uid), []), hooks)
            places = [(lead.domain, "lead", lead.lead_id), (lead.domain, "contact", lead.contact_id)]
            found += _wrong_made(lead, [by_place.pop(place, []) for place in places])
        for talk in self.talks.values():
            hooks = heard.get((talk.domain.partition(".")[0], "talk", str(talk.id)), [])
            found += _wrong_talk(talk, by_place.pop((talk.domain, "talk", talk.id), []), hooks)
            for id_, kind in talk.messages.items():
                found += _wrong_message(talk, id_, kind, by_place.pop((talk.domain, "message", id_), []))
        for rest in by_place.values():
            found.append(f"own writes told: {rest[0]['type']}, which nobody did: {rest[0]['data']}")
        for problem in found:
            counts[problem.partition(":")[0]] += 1
            yield problem


def _kinds(messages: Messages) -> list[str]:
    return [one["type"].partition(".")[2] for one in messages]


def _wrong_incoming(lead: Incoming, told: Messages, hooks: list[tuple[float, str]]) -> Iterator[str]:
    kinds, what = _kinds(told), f"incoming lead {lead.uid} of {lead.domain}"
    yield from (f"doubled: {what} {one}" for one, count in Counter(kinds).items() if count > 1)
    yield from (f"lost: {what} is {lead.fate}, and was told {one}" for one in {*kinds} - {"added", lead.fate})
    if lead.fate is None and "added" not in kinds:
        yield f"lost: that {what} was added"
    if lead.fate in kinds and "added" in kinds[kinds.index(lead.fate) :]:
        yield f"out of order: that {what} was added after it was {lead.fate}"
    is_known = "added" in kinds or any(verb == "delete" for _, verb in hooks)
    if lead.fate is not None and is_known and lead.fate not in kinds:
        yield f"lost: that {what} was {lead.fate}"


def _wrong_made(lead: Incoming, told: list[Messages]) -> Iterator[str]:
    """A deal and a contact are there for everybody once they were accepted."""
    for single, messages in zip(("lead", "contact"), told, strict=True):
        kinds, what = _kinds(messages), f"{single} of incoming lead {lead.uid} of {lead.domain}"
        if kinds.count("added") > 1:
            yield f"doubled: that the {what} was added"
        if lead.fate != "accepted" and "added" in kinds:
            yield f"lost: the {what} was added, which was {lead.fate}"
        if lead.fate == "accepted" and not kinds:
            yield f"lost: the {what}"


def _wrong_talk(talk: Talk, told: Messages, hooks: list[tuple[float, str]]) -> Iterator[str]:
    kinds, what = _kinds(told), f"talk {talk.id} of {talk.domain}"
    yield from (f"doubled: {what} {one}" for one, count in Counter(kinds).items() if one != "changed" and count > 1)
    yield from (f"out of order: {what} {one} after another" for one in kinds[1:] if one == "opened")
    if hooks and not kinds:
        yield f"lost: {what}, of which {len(hooks)} hooks were taken"
    if not talk.is_closed and "closed" in kinds:
        yield f"lost: that {what} is open, told is that it was closed"
    is_closing_known = any(verb == "closed" for _, verb in hooks)
    is_closed_first = bool(told) and not told[0]["data"]["talk"]["is_in_work"]
    if is_closing_known and "closed" not in kinds and not is_closed_first:
        yield f"lost: that {what} was closed"


def _wrong_message(talk: Talk, id_: str, kind: str, told: Messages) -> Iterator[str]:
    what = f"message {id_} in talk {talk.id} of {talk.domain}"
    if not told:
        yield f"lost: {what}"
    if len(told) > 1:
        yield f"doubled: {what}"
    for one in told:
        if (one["type"], one["data"]["message"]["talk_id"]) != (f"message.{kind}", talk.id):
            yield f"lost: that {what} was {kind}, told is {one['type']} in {one['data']['message']['talk_id']}"
