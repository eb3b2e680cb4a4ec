"""All that a consumer was told in the events' campaign, message by message, against what people did."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from shared.amocrm.leads import LOST
from tests.chaos import told_others
from tests.chaos.event_people import TAKEN, People
from tests.chaos.hearing import Heard
from tests.chaos.told import short, wrong
from tests.chaos.told_others import KINDS

Message = dict[str, Any]
TOLD_OF: Final = ("lead", *KINDS, "incoming_lead", "talk", "message")


class Comparison:
    """`violations`: what is wrong; `counts`: messages by what they are of, and problems by their kind."""

    def __init__(self, people: People, messages: list[Message], heard: Heard) -> None:
        self._people, self._heard = people, heard
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        self._deals: dict[tuple[str, int], list[Message]] = {(deal.domain, deal.id): [] for deal in people.deals}
        self._things: dict[tuple[str, str, int], list[Message]] = defaultdict(list)
        self._visitors: list[Message] = []
        self._decided = set[tuple[str, int]]()
        for message in messages:
            self._sort(message)
        for deal in people.deals:
            self.violations += self._wrong_deal(deal)
        self.violations += told_others.compared(people.things, self._things, heard, self.counts)
        self.violations += people.visitors.compared(self._visitors, heard, self.counts)

    def _sort(self, message: Message) -> None:
        data, visitors = message["data"], self._people.visitors
        domain, single = data["account"]["domain"], message["type"].partition(".")[0]
        shown = data[single]
        place = domain, shown.get("lead_id" if single == "incoming_lead" else "id")
        is_theirs = single in ("lead", "contact") and visitors.are(domain, single, place[1])
        is_waiting = single == "incoming_lead" and place not in self._people.taken
        if is_theirs or is_waiting or single in ("talk", "message"):
            self._visitors.append(message)
        elif single in KINDS:
            self._things[domain, single, place[1]].append(message)
        elif single == "lead" and place in self._deals:
            self._deals[place].append(message)
        elif not self._is_of_a_taken_lead(message, place):
            self._tell("own writes told", json.dumps(message, ensure_ascii=False)[:600])

    def _is_of_a_taken_lead(self, message: Message, place: Any) -> bool:
        """A person has accepted or declined what a form of ours has made, and given it a name."""
        fate = self._people.taken.get(place)
        if fate is None:
            return False
        if message["type"] == f"incoming_lead.{fate}":
            if place in self._decided:
                self._tell("doubled", json.dumps(message, ensure_ascii=False)[:600])
            self._decided.add(place)
            return True
        lead = message["data"].get("lead") or {}
        is_closed = fate == "declined" and message["type"] == "lead.status_changed" and lead["status_id"] == LOST
        return is_closed or (message["type"] == "lead.updated" and bool(lead["name"] == TAKEN))

    def _wrong_deal(self, deal: Any) -> Iterator[str]:
        messages = self._deals[deal.domain, deal.id]
        self.counts["told of lead"] += len(messages)
        for problem in wrong(deal, messages):
            self.counts[problem.partition(":")[0]] += 1
            lines = "\n".join(f"    {one['timestamp']} {short(one)}" for one in messages[-12:])
            yield f"{problem} (deal {deal.id} of {deal.domain})\n{lines}"

    def _tell(self, kind: str, what: str) -> None:
        self.counts[kind] += 1
        self.violations.append(f"{kind}: {what}")

    def count_forms(self, domain: str, there: set[int], forms: int) -> None:
        """Each form has made one deal, whatever a person has done to it before we knew. `there`: all deals."""
        others = self._people.at_first[domain] | {id_ for of_domain, id_ in self._deals if of_domain == domain}
        others |= {one.lead_id for one in self._people.visitors.incoming if one.domain == domain}
        if (made := len(there - others)) != forms:
            self._tell("doubled" if made > forms else "lost", f"{made} deals were made of {forms} forms in {domain}")
