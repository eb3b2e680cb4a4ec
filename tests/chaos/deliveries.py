"""`make chaos-deliveries`: an accepted calculation is in its deal once, whatever is killed (row X2).

Rounds: several processes save calculations (each is clicked several times, with the same key, from any of them) and
run the scheduled deliveries, faults are on for every route, PostgreSQL is restarted now and then, and every process is
killed: at a step's boundary, or at a random instant. Between the rounds the clock moves on. At the end everything is
carried out without faults, and the simulator's ground truth is compared with what was accepted.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import psycopg

from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import reference
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos import campaign
from tests.chaos.campaign import Person, order_faults, quick_runtime
from tests.chaos.journal import Journal
from tests.chaos.killing import Killer, die_around, restart_postgres
from tests.chaos.stage import Stage, stage
from tests.story import APP_SECRET

_WORKERS = 8
_ACCOUNTS = 12
_LATENCY_SECONDS = 0.01
_DRAIN_SECONDS = 1.2
_CLICKS = 3  # so often each calculation is meant to be clicked

POINTS = ("after_accept", "before_started", "after_started", "before_done", "after_done")

_ROUTES = (
    "/api/v4/leads/.*/notes",
    "/api/v4/leads/.*/link",
    "/api/v4/leads/[0-9]+",
    "/api/v4/catalogs/.*",
    "/v1.0/.*",
    "/api/v4/.*",
)


# A calculation's number, the delivery's state and id, and whether its price was left to a newer one.
Row = tuple[int, str, Any, bool]

_ROWS = """
SELECT idempotency_key, state, id, coalesce((steps #>> '{deal,result,superseded}')::boolean, false)
FROM amocrm_deliveries
"""

_NEWEST = """
SELECT DISTINCT ON (lead_id) lead_id, idempotency_key FROM amocrm_deliveries ORDER BY lead_id, created_at DESC, id DESC
"""


@dataclass(frozen=True)
class Orders:
    stage: Stage
    journal: Path
    log: Path
    seed: int
    point: str | None
    clicks: list[tuple[str, int]]  # domain and number of the calculations to be saved


@dataclass
class Findings:
    faults: int = 0
    restarts: int = 0
    violations: list[str] = field(default_factory=list)


def _shared(number: int) -> str:
    """What two calculations of an account sell that are saved at the same time."""
    return f"Монтаж {number // 2}"


def calculation(number: int) -> dict[str, Any]:
    """A calculation like no other: its goods and its total are its own, but for what its neighbour has as well."""
    items = [
        {"name": f"Изделие {number}", "sku": f"S-{number}", "quantity": 2, "unit": "шт", "unit_price": number},
        {"name": _shared(number), "quantity": 1, "unit": "услуга", "unit_price": 10},
    ]
    content = {"title": f"Расчёт {number}", "currency": "RUB", "items": items, "total": 2 * number + 10}
    return {"calculation": content, "options": {"products": True, "pdf": "render", "update_price": True}}


def work(orders: Orders) -> None:
    """The life of a worker: clicks, and runs the schedule, until it is killed."""
    output = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, sys.stdout.fileno())
    rng, journal = random.Random(orders.seed), Journal(orders.journal)
    _die_at(orders.point)
    runtime = quick_runtime(orders.stage, journal)
    clicks = list(orders.clicks)
    rng.shuffle(clicks)
    while True:
        if clicks and rng.random() < 0.8:
            _click(runtime, orders, *clicks.pop(), journal)
        else:
            run_deliveries(runtime, 0.5)
            time.sleep(0.02)


def _click(runtime: Runtime, orders: Orders, domain: str, number: int, journal: Journal) -> None:
    now = int(time.time())  # the workers' own clock is not moved
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600}
    token = jwt.encode(claims | {"account_domain": domain, "widget_type": "glass"}, APP_SECRET, algorithm="HS256")
    headers = {
        "Authorization": f"Bearer {token}",
        "X-Lead-Id": str(orders.stage.leads[domain]),
        "Idempotency-Key": f"click-{number}",
    }
    body = json.dumps(calculation(number)).encode()
    request = Request("POST", "/save_calculation", (), Headers(headers.items()), body)
    answer = serve(handle, runtime, request)
    journal.write("answered", number=number, domain=domain, status=answer.status)


def _die_at(point: str | None) -> None:
    """Ends the process around one of the statements that carry a delivery on."""
    if point is None:
        return
    moment, _, name = point.partition("_")
    die_around(deliveries, {"accept": "accept", "started": "mark_started", "done": "mark_done"}[name], moment)


def _notes(shown: dict[str, Any], lead: int) -> list[dict[str, Any]]:
    return list(shown["notes"].get(f"leads/{lead}", []))


def _quantity(link: dict[str, Any]) -> float:
    return float((link.get("metadata") or {}).get("quantity") or 0)


class Driver:
    def __init__(self, played: Stage, seed: int) -> None:
        self.stage = played
        self.rng = random.Random(seed)
        self.killer = Killer(self.rng)
        self.findings = Findings()
        self.journal = played.folder / "journal"
        self.log = played.folder / "log"
        self.person = Person(played, self.killer, self.journal)
        self.number = 1000
        self.open_clicks: list[tuple[str, int]] = []
        self.domains: dict[int, str] = {}  # by a calculation's number

    def round(self, number: int) -> None:
        rng, simulator = self.rng, self.stage.simulator
        self.stage.clock.advance(minutes=rng.choice([3, 10, 45]))
        simulator.control("latency", seconds=_LATENCY_SECONDS)
        self.findings.faults += order_faults(self.stage, rng, _ROUTES)
        for domain in rng.sample(self.stage.domains, k=2):
            self.number += 2 - self.number % 2
            for saved in (self.number, self.number + 1):
                self.domains[saved] = domain
                self.open_clicks += [(domain, saved)] * _CLICKS
        self.open_clicks = self.open_clicks[-60:]
        for point in [self.killer.next_point(POINTS), rng.choice(POINTS), *[None] * (_WORKERS - 2)]:
            clicks = rng.sample(self.open_clicks, k=min(12, len(self.open_clicks)))
            orders = Orders(self.stage, self.journal, self.log, rng.getrandbits(32), point, clicks)
            self.killer.start(work, orders, point)
        if number % 12 == 5:
            restart_postgres(self.stage, rng)
            self.findings.restarts += 1
        self.killer.end_all(within=0.8)
        time.sleep(_DRAIN_SECONDS)
        simulator.control("no-faults")

    def settle(self) -> None:
        """Without faults, and with a person where one is needed, everything that was accepted is carried out."""
        for _ in range(40):
            self.stage.clock.advance(hours=2)
            with self.stage.runtime() as runtime:
                figures = run_deliveries(runtime, 60)
                self.findings.violations += self.person.come(runtime)
            if self._count("state = 'accepted'") == 0:
                return
        with self.stage.runtime() as runtime:
            for number, state, id_, _ in self._rows():
                if state == "accepted":
                    told = campaign.story(runtime, "delivery_id", id_)
                    self.findings.violations.append(f"calculation {number} is left at the end, {figures}\n{told}")

    def compare(self) -> dict[str, int]:
        """What was accepted against what amoCRM holds."""
        rows = self._rows()
        accepted = {number for number, *_ in rows}
        answered = self._answered()
        for number in answered - accepted:
            self.findings.violations.append(f"calculation {number} was answered 200 or 202, and is not stored")
        effects = self.stage.simulator.control("truth")["effects"]
        notes = Counter(effect["text"].rpartition("ref:")[2] for effect in effects if effect["kind"] == "note.created")
        files = Counter(
            effect["name"].removesuffix(".pdf")[-8:] for effect in effects if effect["kind"] == "file.uploaded"
        )
        elements = Counter(effect["name"] for effect in effects if effect["kind"] == "element.created")
        changes = [effect for effect in effects if effect["kind"] == "leads.updated" and effect["changed"].get("price")]
        prices = Counter(effect["changed"]["price"] for effect in changes)
        for number, state, delivery_id, is_superseded in rows:
            mark = reference(delivery_id).removeprefix("ref:")
            found = {
                "note": notes[mark],
                "file": files[mark[:8]],
                "goods": elements[f"Изделие {number}"],
                # It may be left to a newer calculation of the deal, and is written again where an older one's came in
                # between; what counts is which one the deal has at the end.
                "price": min(1, prices[2 * number + 10]) or int(is_superseded),
            }
            if state != "delivered" or set(found.values()) != {1}:
                self.findings.violations.append(f"calculation {number} is {state}, and amoCRM holds {found}")
        for domain in self.stage.domains:
            self._compare_deal(domain, [row for row in rows if self.domains.get(row[0]) == domain])
        self._compare_prices({effect["id"]: effect["changed"]["price"] for effect in changes})
        return {"accepted": len(rows), "answered": len(answered)}

    def _compare_deal(self, domain: str, rows: list[Row]) -> None:
        """Everything of an account's calculations is in its deal, each once, and nowhere else."""
        shown, lead = self.stage.simulator.control("show", domain=domain), self.stage.leads[domain]
        names = {int(id_): one["name"] for of_list in shown["elements"].values() for id_, one in of_list.items()}
        links = [one for one in shown["links"].get(str(lead), []) if one["to_entity_type"] == "catalog_elements"]
        goods = Counter((str(names[one["to_entity_id"]]), _quantity(one)) for one in links)
        wanted: Counter[tuple[str, float]] = Counter({(f"Изделие {number}", 2): 1 for number, *_ in rows})
        elements = Counter(names.values())
        for name in {_shared(number) for number, *_ in rows}:
            # Both sell it, so its element is one, whoever came first; the lock of goods is for this.
            wanted[name, 1] = 1
            if elements[name] != 1:
                self._violate(f"{domain} has {elements[name]} elements of what two calculations share")
        if goods != wanted:
            self._violate(f"deal {lead} has the goods {goods - wanted} too many, and lacks {wanted - goods}")
        marks = Counter(note["params"].get("text", "").rpartition("ref:")[2] for note in _notes(shown, lead))
        files = {one["name"].removesuffix(".pdf")[-8:]: one["uuid"] for one in shown["files"].values()}
        attached = Counter(shown["attached"].get(str(lead), []))
        told = Counter(note["params"].get("file_uuid") for note in _notes(shown, lead))
        for number, _, delivery_id, _ in rows:
            mark = reference(delivery_id).removeprefix("ref:")
            uuid = files.get(mark[:8])
            found = {"note": marks[mark], "file attached": attached[uuid], "file in the feed": told[uuid]}
            if set(found.values()) != {1}:
                self._violate(f"deal {lead} of calculation {number} holds {found}")
        strangers = [place for place, notes in shown["notes"].items() if notes and place != f"leads/{lead}"]
        if strangers:
            self._violate(f"{domain} has notes at {strangers}")

    def _violate(self, told: str) -> None:
        self.findings.violations.append(told)

    def _compare_prices(self, prices: dict[int, int]) -> None:
        """The newest calculation of each deal has the last word."""
        with psycopg.connect(self.stage.postgres.get_uri()) as connection:
            newest = connection.execute(_NEWEST).fetchall()
        for lead_id, key in newest:
            number = int(key.removeprefix("click-"))
            if prices.get(lead_id) != 2 * number + 10:
                told = f"deal {lead_id} has the price {prices.get(lead_id)}, its newest calculation is {number}"
                self.findings.violations.append(told)

    def _answered(self) -> set[int]:
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        entries = [entry for entry in map(json.loads, lines) if entry["what"] == "answered"]
        for entry in entries:
            if entry["status"] == 500:
                self.findings.violations.append(f"calculation {entry['number']} was answered 500")
        return {entry["number"] for entry in entries if entry["status"] in (200, 202)}

    def _rows(self) -> list[Row]:
        with psycopg.connect(self.stage.postgres.get_uri()) as connection:
            found = connection.execute(_ROWS).fetchall()
        return [(int(key.removeprefix("click-")), *rest) for key, *rest in found]

    def _count(self, condition: str) -> int:
        with psycopg.connect(self.stage.postgres.get_uri()) as connection:
            statement = f"SELECT count(*) FROM amocrm_deliveries WHERE {condition}"
            return int((connection.execute(statement.encode()).fetchone() or (0,))[0])


def play(kills: int, seed: int) -> dict[str, Any]:
    with stage(_ACCOUNTS) as played:
        driver = Driver(played, seed)
        number = campaign.rounds(driver, kills, POINTS)
        driver.settle()
        counts = driver.compare()
    return {
        "rounds": number,
        "kills": dict(sorted(driver.killer.kills.items())),
        "faults_ordered": driver.findings.faults,
        "postgres_restarts": driver.findings.restarts,
        "accounts_that_needed_a_person": dict(driver.person.came_for),
        "calculations": counts | {"waited_for_the_person": driver.person.were_waiting},
        "violations": driver.findings.violations + driver.killer.violations,
    }


if __name__ == "__main__":
    campaign.command(play, "Kills processes that save calculations, and checks that each is in its deal once.")()
