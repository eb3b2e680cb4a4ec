"""What people do in the accounts of the events' campaign, to everything that amoCRM tells of."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.chaos import told_others
from tests.chaos.told import Deal
from tests.chaos.told_others import KINDS, Thing
from tests.chaos.told_visitors import Visitors
from tests.control import Simulator

TAKEN = "Taken by somebody"
_CONVERSATIONS = 3  # of each account, that are known when the campaign begins


class People:
    """`statuses`: of each account's deals; `at_first`: deals that were there before; `taken`: incoming leads of ours
    that somebody has decided about, and how; `submit`: has a form sent to an account."""

    def __init__(self, simulator: Simulator, submit: Callable[[str, random.Random], None]) -> None:
        self._simulator, self._submit = simulator, submit
        self.statuses: dict[str, list[int]] = {}
        self.at_first: dict[str, set[int]] = {}
        self.deals: list[Deal] = []
        self.things: list[Thing] = []
        self.visitors = Visitors(simulator)
        self.taken: dict[tuple[str, int], str] = {}
        self.changes = 0

    def begin(self, domain: str, deals: int) -> None:
        """What was there before events were turned on."""
        shown = self._simulator.control("show", domain=domain)
        self.at_first[domain] = {int(one) for one in shown["leads"]}
        pipeline = next(one for one in shown["pipelines"].values() if one["is_main"])
        self.statuses[domain] = [int(one["id"]) for one in pipeline["_embedded"]["statuses"]][1:]
        for _ in range(deals):
            fields = {"name": "v0", "status_id": self.statuses[domain][0]}
            made = self._simulator.control("person", domain=domain, kind="leads", fields=fields)
            self.deals.append(Deal(domain, made["id"], [self.statuses[domain][0]]))
        for single in KINDS:
            self.things += [told_others.make(self._simulator, domain, single) for _ in range(max(2, deals // 4))]

    def make_known(self, domain: str) -> None:
        """Every other one is changed before the campaign begins, so that what is done to it is a step from there."""
        for thing in [one for one in self.things if one.domain == domain][::2]:
            told_others.touch(self._simulator, thing)
            self.changes += 1
        self.visitors.make_known(domain, _CONVERSATIONS)
        self.changes += _CONVERSATIONS

    def act(self, rng: random.Random, number: int) -> None:
        for _ in range(number):
            kind = rng.random()
            domain = rng.choice(list(self.statuses))
            if kind < 0.4:
                domain = self._change_deal(rng)
            elif kind < 0.85:
                told_others.change(self._simulator, rng, self.things)
            else:
                contacts = [one for one in self.things if one.single == "contact" and not one.is_deleted]
                self.visitors.act(rng, domain, contacts)
            self.changes += 1
            if rng.random() < 0.06:
                self._submit(domain, rng)  # what is deferred is finished by whoever lives
            if rng.random() < 0.06:
                self._decide(domain)

    def _change_deal(self, rng: random.Random) -> str:
        deal, fields, note = rng.choice(self.deals), dict[str, Any](), {}
        kind = rng.random()
        if kind < 0.5:
            others = [one for one in self.statuses[deal.domain] if one != deal.statuses[-1]]
            deal.statuses.append(rng.choice(others))
            fields["status_id"] = deal.statuses[-1]
        if 0.3 < kind < 0.85:
            deal.version += 1
            fields["name"] = f"v{deal.version}"
        if kind >= 0.85:
            note = {"note": f"A note of a person, {rng.getrandbits(40)}"}
        place = {"domain": deal.domain, "kind": "leads", "id": deal.id}
        made = self._simulator.control("person", **place, fields=fields, **note)
        if made["note_id"] is not None:
            deal.notes[made["note_id"]] = note["note"]
        deal.is_touched = True
        return deal.domain

    def _decide(self, domain: str) -> None:
        """A person takes or declines the newest incoming lead of ours, by another name, as soon as it is there: we may
        have lost the answer, and not have looked for it yet."""
        person = partial(self._simulator.control, "person", domain=domain, kind="leads")
        waiting = self._simulator.control("show", domain=domain)["incoming"].values()
        ours = [one for one in waiting if one["category"] == "forms"]
        lead_id = max((one["_embedded"]["leads"][0]["id"] for one in ours), default=None)
        if lead_id is not None:
            renamed = {"fields": {"name": TAKEN}}
            is_at_once, is_accepted = len(self.taken) % 2 == 0, len(self.taken) % 3 > 0
            person(id=lead_id, accept=is_accepted, **(renamed if is_at_once else {}))
            if not is_at_once:
                person(id=lead_id, **renamed)
            self.taken[domain, lead_id] = "accepted" if is_accepted else "declined"
