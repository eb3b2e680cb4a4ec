"""`make chaos-events`: what happens in amoCRM reaches a consumer once and in order, whatever is killed (rows H1, H5).

Rounds: people change deals, companies and tasks and write notes while our own calculations write into the same deals,
and forms with tags and mapped fields make deals, people and incoming leads, some of which are accepted; webhooks are
lost, come twice, or before earlier ones; the ingress breaks off, the consumer fails half of the time, routes have
faults, PostgreSQL is restarted, and every process is killed: around a statement, or at a random instant. At the end
everything is carried out without faults, and what the consumer was told, message by message, is compared with what
people did.
"""

import json
import os
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import psycopg

from features.changes import changes, dispatch, endpoints, feeds, scheduled
from functions.crm_api.handler import handle as crm_api
from functions.run_deliveries.run import run as run_deliveries
from shared.connections import integrations
from shared.platform import logs
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos import campaign, told_others
from tests.chaos.campaign import Person, quick_runtime
from tests.chaos.hearing import Consumer, Doorway
from tests.chaos.journal import Journal
from tests.chaos.killing import Killer, die_around, restart_postgres
from tests.chaos.stage import Stage, stage
from tests.chaos.told import Deal, short, wrong
from tests.chaos.told_others import PLURALS, Thing
from tests.story import APP_SECRET, calculation

_WORKERS = 8
_ACCOUNTS = 4
_LONG = 100  # kills
_CHANGES = 110  # of a round
_TAKEN = "Taken by somebody"
_WEATHER = {"lost": 0.1, "doubled": 0.2, "overtaking": 0.3}
_ROUTES = ("/api/v4/leads", "/api/v4/leads/.*", "/api/v4/events", "/api/v4/webhooks", "/api/v4/.*")
_MAKING = "/api/v4/leads/(unsorted/forms|complex)"
_KINDS: list[dict[str, Any]] = [
    {"kind": "delay", "seconds": 0.4},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "truncate"},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 504},
    {"kind": "html", "status": 200},
]

_SET = "UPDATE amocrm_integrations SET settings = %(settings)s::jsonb WHERE id = %(id)s"

# Where processes end themselves: before or after one of these.
_PLACES: dict[str, tuple[Any, str]] = {
    "store": (changes, "store"),
    "told": (dispatch, "ask"),
    "answered": (dispatch, "_answered"),
    "asked": (feeds, "asked"),
    "done": (feeds, "done"),
}
POINTS = tuple(f"{moment}_{place}" for place in _PLACES for moment in ("before", "after"))


def _accepted(message: dict[str, Any]) -> tuple[str, int] | None:
    """The account and deal of an incoming lead that was accepted."""
    if message["type"] != "incoming_lead.accepted":
        return None
    return message["data"]["account"]["domain"], message["data"]["incoming_lead"]["lead_id"]


def _tells_new_name(message: dict[str, Any]) -> bool:
    """What somebody has done to a deal of ours that they have taken: they gave it its name."""
    return message["type"] == "lead.updated" and bool(message["data"]["lead"]["name"] == _TAKEN)


@dataclass(frozen=True)
class Orders:
    stage: Stage
    journal: Path
    log: Path
    seed: int
    point: str | None
    deals: dict[str, list[int]]


@dataclass
class Findings:
    faults: int = 0
    restarts: int = 0
    changes: int = 0
    accepted: int = 0
    violations: list[str] = field(default_factory=list)


def work(orders: Orders) -> None:
    """The life of a worker: saves calculations, and runs the schedule, until it is killed."""
    output = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, sys.stdout.fileno())
    rng = random.Random(orders.seed)
    _die_at(orders.point)
    runtime = quick_runtime(orders.stage, Journal(orders.journal))
    while True:
        if orders.point is not None:
            scheduled.run(runtime, 2.0)
            time.sleep(0.02)
        elif (kind := rng.random()) < 0.7:
            domain = rng.choice(orders.stage.domains)
            if kind < 0.35:
                _save(runtime, domain, rng.choice(orders.deals[domain]), rng)
            else:
                _submit(runtime, domain, rng)
        else:
            run_deliveries(runtime, 0.6)
            time.sleep(0.02)


def _save(runtime: Runtime, domain: str, lead_id: int, rng: random.Random) -> None:
    content = calculation(comment=f"{rng.getrandbits(40)}", discount=rng.randint(0, 900), total=None)["calculation"]
    content["total"] = str(18499.99 - content["discount"])
    body = {"calculation": content, "options": {"update_price": True}}
    _post(runtime, domain, "save_calculation", body, {"X-Lead-Id": str(lead_id)})


def _submit(runtime: Runtime, domain: str, rng: random.Random) -> None:
    """Of a new person, or of one who has sent another form."""
    person = rng.randrange(40)
    contact = {"name": f"Visitor {person}", "phone": f"+7916555{person:04d}", "email": f"{person}@example.org"}
    body = {"contact": contact, "form": {"name": "Site"}, "fields": {"city": f"City {rng.randrange(5)}"}, "price": 100}
    _post(runtime, domain, "submit_form", body | {"comment": f"{rng.getrandbits(40)}"}, {})


def _post(runtime: Runtime, domain: str, action: str, body: Any, more: dict[str, str]) -> None:
    now = int(time.time())
    claims = {
        "aud": "amocrm-functions",
        "iat": now,
        "exp": now + 3600,
        "account_domain": domain,
        "widget_type": "glass",
    }
    token = jwt.encode(claims, APP_SECRET, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}"} | more
    request = Request("POST", f"/{action}", (), Headers(headers.items()), json.dumps(body).encode())
    serve(crm_api, runtime, request)


def _die_at(point: str | None) -> None:
    if point is not None:
        moment, _, place = point.partition("_")
        die_around(*_PLACES[place], moment)


class Driver:
    def __init__(self, played: Stage, ingress: Doorway, consumer: Consumer, seed: int, deals: int) -> None:
        self.stage, self.ingress, self.consumer = played, ingress, consumer
        self.rng = random.Random(seed)
        self.killer = Killer(self.rng)
        self.findings = Findings()
        self.journal, self.log = played.folder / "journal", played.folder / "log"
        self.person = Person(played, self.killer, self.journal)
        self.statuses: dict[str, list[int]] = {}
        self.at_first: dict[str, set[int]] = {}  # by domain: deals that were there before
        self.taken = set[tuple[str, int]]()  # incoming leads that somebody has accepted
        self.deals: list[Deal] = []
        self.things: list[Thing] = []
        for domain in played.domains:
            self._begin(domain, deals // len(played.domains))
        self.by_domain: dict[str, list[int]] = defaultdict(list)
        for deal in self.deals:
            self.by_domain[deal.domain].append(deal.id)

    def _begin(self, domain: str, deals: int) -> None:
        """Deals that were there before, a consumer of everything, and events turned on."""
        simulator = self.stage.simulator
        shown = simulator.control("show", domain=domain)
        self.at_first[domain] = {int(one) for one in shown["leads"]}
        pipeline = next(one for one in shown["pipelines"].values() if one["is_main"])
        self.statuses[domain] = [int(one["id"]) for one in pipeline["_embedded"]["statuses"]][1:]
        for _ in range(deals):
            fields = {"name": "v0", "status_id": self.statuses[domain][0]}
            made = simulator.control("person", domain=domain, kind="leads", fields=fields)
            self.deals.append(Deal(domain, made["id"], [self.statuses[domain][0]]))
        for single, plural in PLURALS.items():
            for _ in range(deals // 2):
                thing = Thing(domain, single, 0)
                thing.id = simulator.control("person", domain=domain, kind=plural, fields=thing.fields)["id"]
                self.things.append(thing)
        for owner in ("leads", "contacts"):
            simulator.control("add", domain=domain, field={"owner": owner, "name": "City", "kind": "text"})
        self.stage.clock.advance(seconds=2)
        with self.stage.runtime() as runtime:
            row = integrations.by_domain(runtime.database, domain, "glass")
            assert row is not None
            # Every other account takes forms as incoming leads.
            mode = "lead" if self.stage.domains.index(domain) % 2 else "incoming_lead"
            rules = [{"source": "city", "entity": one, "field": "City"} for one in ("leads", "contacts")]
            settings = {"submissions": {"forms": {"mode": mode, "tags": ["site", "new"]}, "mapping": rules}}
            runtime.database.execute(_SET, {"id": row.id, "settings": json.dumps(settings)})
            wanted = endpoints.Wanted("Consumer", f"http://{self.consumer.host}/")
            endpoints.add(runtime.database, runtime.keyring, row.id, wanted)
            feeds.switch(runtime.database, runtime.keyring, row.id, True)
            scheduled.run(runtime, 10)

    def round(self, number: int) -> None:
        rng, simulator = self.rng, self.stage.simulator
        self.stage.clock.advance(minutes=rng.choice([3, 12, 45]))
        for _ in range(3):
            times = rng.randint(1, 3)
            fault = rng.choice(_KINDS) | {"path": rng.choice(_ROUTES), "times": times, "skip": rng.randint(0, 8)}
            simulator.fault(**fault)
            self.findings.faults += times
        # Answers to what forms make are lost most of all: a person may be quicker than we with what was made.
        simulator.fault("reset_after", path=_MAKING, method="POST", times=3, skip=rng.randint(0, 2))
        self.findings.faults += 3
        simulator.control("webhooks", seed=rng.getrandbits(30), **_WEATHER)
        self.ingress.breaks_off, self.consumer.breaks_off, self.consumer.fails = 0.1, 0.2, 0.4
        # Those first at which nobody has died yet.
        points = sorted(POINTS, key=lambda point: (self.killer.kills[point], rng.random()))
        missing = [point for point in points if not self.killer.kills[point]]
        chosen = (missing * _WORKERS if missing else points)[: _WORKERS - 2]
        for point in [*chosen, None, None]:
            orders = Orders(self.stage, self.journal, self.log, rng.getrandbits(32), point, self.by_domain)
            self.killer.start(work, orders, point)
        people = threading.Thread(target=self._people, args=(random.Random(rng.getrandbits(32)), _CHANGES))
        people.start()
        if number % 12 == 5:
            restart_postgres(self.stage, rng)
            self.findings.restarts += 1
        self.killer.end_all(within=1.6)
        people.join()
        simulator.control("no-faults")

    def _people(self, rng: random.Random, number: int) -> None:
        for _ in range(number):
            if rng.random() < 0.4:
                told_others.change(self.stage.simulator, rng, self.things)
                self.findings.changes += 1
                continue
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
            made = self.stage.simulator.control("person", **place, fields=fields, **note)
            if made["note_id"] is not None:
                deal.notes[made["note_id"]] = note["note"]
            deal.is_touched = True
            self.findings.changes += 1
            if rng.random() < 0.1:
                assert self.ingress.runtime is not None
                _submit(self.ingress.runtime, deal.domain, rng)  # what is deferred is finished by whoever lives
            if rng.random() < 0.1:
                self._accept(deal.domain)

    def _accept(self, domain: str) -> None:
        """A person takes the newest incoming lead of ours, by another name, as soon as it is there: we may have lost
        the answer, and not have looked for it yet."""
        person = partial(self.stage.simulator.control, "person", domain=domain, kind="leads")
        waiting = self.stage.simulator.control("show", domain=domain)["incoming"].values()
        lead_id = max((one["_embedded"]["leads"][0]["id"] for one in waiting), default=None)
        if lead_id is not None:
            renamed = {"fields": {"name": _TAKEN}}
            is_at_once = self.findings.accepted % 2 == 0
            person(id=lead_id, accept=True, **(renamed if is_at_once else {}))
            if not is_at_once:
                person(id=lead_id, **renamed)
            self.taken.add((domain, lead_id))
            self.findings.accepted += 1

    def settle(self) -> None:
        """Without faults, and with a person where one is needed, everybody is told of everything."""
        self.ingress.breaks_off = self.consumer.breaks_off = self.consumer.fails = 0.0
        self.stage.simulator.control("webhooks", lost=0.0)
        quiet = 0
        for _ in range(60):
            self.stage.clock.advance(minutes=61)
            time.sleep(0.2)
            with self.stage.runtime() as runtime:
                run_deliveries(runtime, 60)
                self.findings.violations += self.person.come(runtime)
            left = self._count("hints"), self._count("sends WHERE state = 'waiting'")
            quiet = quiet + 1 if left == (0, 0) else 0
            if quiet == 3:
                return
        self.findings.violations.append(f"hints and messages are left at the end: {left}")

    def compare(self) -> dict[str, int]:
        told: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
        others: dict[tuple[str, str, int], list[dict[str, Any]]] = defaultdict(list)
        counts: Counter[str] = Counter()
        theirs = {(deal.domain, deal.id) for deal in self.deals}
        told_accepted = set[tuple[str, int] | None]()
        for id_ in self._order_of_arrival():
            message = self.consumer.taken[id_]
            data = message["data"]
            place = data["account"]["domain"], data.get("lead", {}).get("id")
            other = next(((one, data[one]["id"]) for one in PLURALS if one in data), None)
            if other is not None:
                others[data["account"]["domain"], *other].append(message)
            elif place in theirs:
                told[place].append(message)
            elif place in self.taken and _tells_new_name(message):
                counts["told"] += 1
            elif (accepted := _accepted(message)) in self.taken:  # a person's act, whoever made the lead
                counts["told"] += 1
                if accepted in told_accepted:
                    counts["doubled"] += 1
                    self.findings.violations.append(f"doubled: {json.dumps(message, ensure_ascii=False)[:600]}")
                told_accepted.add(accepted)
            else:  # nobody but a form of ours has to do with others
                counts["own writes told"] += 1
                self.findings.violations.append(f"own writes told: {json.dumps(message, ensure_ascii=False)[:600]}")
        for deal in self.deals:
            messages = told[deal.domain, deal.id]
            counts["told"] += len(messages)
            for problem in wrong(deal, messages):
                kind = problem.partition(":")[0]
                counts[kind] += 1
                lines = "\n".join(f"    {one['timestamp']} {short(one)}" for one in messages[-12:])
                self.findings.violations.append(f"{problem} (deal {deal.id} of {deal.domain})\n{lines}")
        self.findings.violations += told_others.compared(self.things, others, counts)
        self._count_forms(theirs, counts)
        kinds = ("lost", "out of order", "own writes told", "doubled")
        told_of = {f"told_of_{plural}": counts[f"told of {single}"] for single, plural in PLURALS.items()}
        return {"told": counts["told"], **told_of, "repeated_with_the_same_id": self.consumer.repeated} | {
            kind: counts[kind] for kind in kinds
        }

    def _count_forms(self, theirs: Collection[tuple[str, int]], counts: Counter[str]) -> None:
        """Each form has made one deal, whatever a person has done to it before we knew."""
        for domain in self.stage.domains:
            there = {int(one) for one in self.stage.simulator.control("show", domain=domain)["leads"]}
            before = self.at_first[domain] | {id_ for of_domain, id_ in theirs if of_domain == domain}
            integration = f"integration_id = (SELECT id FROM amocrm_integrations WHERE account_domain = '{domain}')"
            forms, made = self._count(f"deliveries WHERE action = 'submit_form' AND {integration}"), len(there - before)
            if made != forms:
                counts["doubled" if made > forms else "lost"] += 1
                self.findings.violations.append(f"{made} deals were made of {forms} forms in {domain}")

    def _order_of_arrival(self) -> list[str]:
        return list(self.consumer.taken)

    def _count(self, table: str) -> int:
        with psycopg.connect(self.stage.postgres.get_uri()) as connection:
            return int((connection.execute(f"SELECT count(*) FROM amocrm_{table}".encode()).fetchone() or (0,))[0])


def play(kills: int, seed: int) -> dict[str, Any]:
    logs.stream = "stderr"
    rng = random.Random(seed)
    ingress, consumer = Doorway(rng), Consumer(rng)
    more = {"AMOCRM_EVENTS_URL": ingress.url, "ENDPOINT_PRIVATE_HOSTS": consumer.host}
    with stage(_ACCOUNTS, more=more) as played:
        with played.runtime() as own:
            ingress.runtime = own
            # Few enough that each is changed again after it was told of: only then is there a step to tell.
            driver = Driver(played, ingress, consumer, seed, 200 if kills >= _LONG else 40)
            # A short run need not end somebody at every point.
            number = campaign.rounds(driver, kills, POINTS if kills >= _LONG else POINTS[:1])
            driver.settle()
        counts = driver.compare()
        delivered = "deliveries WHERE state = 'delivered' AND action"
        calculations = driver._count(f"{delivered} = 'save_calculation'")
        forms = driver._count(f"{delivered} = 'submit_form'")
    return {
        "rounds": number,
        "kills": dict(sorted(driver.killer.kills.items())),
        "faults_ordered": driver.findings.faults,
        "postgres_restarts": driver.findings.restarts,
        "accounts_that_needed_a_person": dict(driver.person.came_for),
        "changes_of_people": driver.findings.changes,
        "deals": len(driver.deals),
        "calculations_of_ours": calculations,
        "forms_of_ours": forms,
        "incoming_leads_accepted": driver.findings.accepted,
        "events": counts,
        "violations": driver.findings.violations + driver.killer.violations,
    }


if __name__ == "__main__":
    help_ = "Kills processes that tell what happens in amoCRM, and checks what a consumer was told."
    campaign.command(play, help_)()
