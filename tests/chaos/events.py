"""`make chaos-events`: what happens in amoCRM reaches a consumer once and in order, whatever is killed (rows H1, H5).

Rounds: people change deals, contacts, companies, customers, tasks and elements of lists and write notes, visitors write
and are answered, taken or turned away, while our own calculations write into the same deals and bring goods, and forms
with tags and mapped fields make deals, people and incoming leads, some of which are accepted; webhooks are lost, come
twice, or before earlier ones; the ingress breaks off, the consumer fails half of the time, routes have faults,
PostgreSQL is restarted, and every process is killed: around a statement, or at a random instant. At the end everything
is carried out without faults, and what the consumer was told, message by message, is compared with what people did.
"""

import json
import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import psycopg

from features.changes import endpoints, feeds, scheduled
from functions.run_deliveries.run import run as run_deliveries
from shared.connections import integrations
from shared.platform import logs
from tests.chaos import campaign
from tests.chaos.campaign import Person
from tests.chaos.event_people import People
from tests.chaos.event_workers import POINTS, Orders, submit, work
from tests.chaos.hearing import Consumer, Doorway
from tests.chaos.killing import Killer, restart_postgres
from tests.chaos.stage import Stage, stage
from tests.chaos.told_events import TOLD_OF, Comparison
from tests.chaos.told_others import KINDS

_WORKERS = 8
_ACCOUNTS = 4
_LONG = 100  # kills
_MANY = 5000  # changes of people, of a long run
_CHANGES = {True: 120, False: 80}  # of a round, where a run is long, and where it is not
_WEATHER = {"lost": 0.1, "doubled": 0.2, "overtaking": 0.3}
_ROUTES = (
    *("/api/v4/leads", "/api/v4/leads/.*", "/api/v4/events", "/api/v4/webhooks", "/api/v4/.*"),
    *("/api/v4/(customers|tasks|talks).*", "/api/v4/catalogs/.*"),
)
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


@dataclass
class Findings:
    faults: int = 0
    restarts: int = 0
    violations: list[str] = field(default_factory=list)


class Driver:
    """`points`: where somebody has to end before the campaign is over; a short run need not have all of them."""

    def __init__(self, played: Stage, ingress: Doorway, consumer: Consumer, seed: int, *, is_long: bool) -> None:
        self.stage, self.ingress, self.consumer = played, ingress, consumer
        self.points, self.changes = POINTS if is_long else POINTS[:1], _CHANGES[is_long]
        # Few enough that each is changed again after it was told of: only then is there a step to tell.
        deals = 200 if is_long else 40
        self.rng = random.Random(seed)
        self.killer = Killer(self.rng)
        self.findings = Findings()
        self.journal, self.log = played.folder / "journal", played.folder / "log"
        self.person = Person(played, self.killer, self.journal)
        self.people = People(played.simulator, self._submit)
        for domain in played.domains:
            self._begin(domain, deals // len(played.domains))
        self.by_domain: dict[str, list[int]] = defaultdict(list)
        for deal in self.people.deals:
            self.by_domain[deal.domain].append(deal.id)

    def _begin(self, domain: str, deals: int) -> None:
        """What was there before, a consumer of everything, and events turned on."""
        simulator = self.stage.simulator
        self.people.begin(domain, deals)
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
            wanted = endpoints.EndpointFields("Consumer", f"http://{self.consumer.host}/")
            made = endpoints.add(runtime.database, runtime.keyring, row.id, wanted)
            assert made is not None
            _, self.consumer.secrets[domain], _ = made
            feeds.switch(runtime.database, runtime.keyring, row.id, True)
            scheduled.run(runtime, 10)
            self.people.make_known(domain)
            time.sleep(0.5)  # for the hooks
            self.stage.clock.advance(seconds=5)
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
        people = threading.Thread(target=self.people.act, args=(random.Random(rng.getrandbits(32)), self.changes))
        people.start()
        if number % 12 == 5:
            restart_postgres(self.stage, rng)
            self.findings.restarts += 1
        # Who is to end at a place that nobody has come to yet has more time, the longer that lasts.
        is_missing = any(not self.killer.kills[point] for point in self.points)
        self.killer.end_all(within=min(4.0 + number, 20.0) if is_missing else 1.6)
        people.join()
        logs.info("campaign.round", number=number, changes=self.people.changes, kills=dict(self.killer.kills))
        simulator.control("no-faults")

    def _submit(self, domain: str, rng: random.Random) -> None:
        assert self.ingress.runtime is not None
        submit(self.ingress.runtime, domain, rng)

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
        compared = Comparison(self.people, list(self.consumer.taken.values()), self.ingress.heard)
        for domain in self.stage.domains:
            there = {int(one) for one in self.stage.simulator.control("show", domain=domain)["leads"]}
            integration = f"integration_id = (SELECT id FROM amocrm_integrations WHERE account_domain = '{domain}')"
            compared.count_forms(
                domain, there, self._count(f"deliveries WHERE action = 'submit_form' AND {integration}")
            )
        self.findings.violations += compared.violations
        if unsigned := len(self.consumer.unsigned):
            told = f"{unsigned} of {len(self.consumer.taken)} messages are not signed by their account's endpoint"
            self.findings.violations.append(told)
        kinds = ("lost", "out of order", "own writes told", "doubled")
        told_of = {f"told_of_{one}": compared.counts[f"told of {one}"] for one in TOLD_OF}
        heard = {"told": len(self.consumer.taken)} | told_of | {"repeated_with_the_same_id": self.consumer.repeated}
        return heard | {kind: compared.counts[kind] for kind in kinds}

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
            driver = Driver(played, ingress, consumer, seed, is_long=kills >= _LONG)
            number = campaign.rounds(driver, kills, driver.points)
            while kills >= _LONG and driver.people.changes < _MANY:
                driver.round(number)
                number += 1
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
        "changes_of_people": driver.people.changes,
        "deals": len(driver.people.deals),
        "others": dict(Counter(KINDS[one.single].plural for one in driver.people.things)),
        "visitors_leads": dict(Counter(one.fate or "waiting" for one in driver.people.visitors.incoming)),
        "talks": len(driver.people.visitors.talks),
        "visitors_messages": sum(len(one.messages) for one in driver.people.visitors.talks.values()),
        "calculations_of_ours": calculations,
        "forms_of_ours": forms,
        "incoming_leads_of_ours": dict(Counter(driver.people.taken.values())),
        "events": counts,
        "violations": driver.findings.violations + driver.killer.violations,
    }


if __name__ == "__main__":
    help_ = "Kills processes that tell what happens in amoCRM, and checks what a consumer was told."
    campaign.command(play, help_)()
