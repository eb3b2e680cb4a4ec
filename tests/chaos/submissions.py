"""`make chaos-submissions`: one person is one contact, and each form is one deal of theirs (rows C4, C10).

200 submissions of 20 persons, three of four as a builder, a quiz, a form service or a shop sends them, the others as
`submit_form` has it, phones written in 10 ways, each sent twice, from 8 processes at once, with faults on for every
route, PostgreSQL restarted now and then, and every process killed: around what makes the deal and carries the delivery
on, or at a random instant. Every second person is a customer of an account that has no filters (they are accepted and
ignored there). What was not answered is sent again, at last without faults. Then each submission's deal, its contact
and its note are looked at, and nothing that was in the accounts before may have changed: a stranger's contact that
came back unasked is nobody's.
"""

import json
import os
import random
import re
import sys
import time
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, Final

import click
import jwt
import psycopg
from psycopg.rows import dict_row

from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.access.credentials import site_key
from shared.amocrm.contacts import ContactsApi
from shared.connections import integrations
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import reference
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos import builder_bodies
from tests.chaos.campaign import Person, order_faults, quick_runtime
from tests.chaos.journal import Journal, entries
from tests.chaos.killing import Killer, die_around, restart_postgres
from tests.chaos.stage import Stage, stage
from tests.story import APP_SECRET

_WORKERS: Final = 8
_CLICKS: Final = 2
_TRIES: Final = 4  # so often a click whose process was killed is made again while processes are killed
_MOST_MORE: Final = 5  # times as many submissions as workers, for points at which nobody was killed
_MOST_ROUNDS: Final = 30  # and one for each submission: a round has several
_WITHIN_SECONDS: Final = 2.0
_DRAIN_SECONDS: Final = 1.2

_PLACES: Final[dict[str, tuple[Any, str]]] = {
    "accept": (deliveries, "accept"),
    "write": (ContactsApi, "create_lead"),  # the person is locked, and nobody knows yet that the deal is made
    "done": (deliveries, "mark_done"),
}
POINTS: Final = ("after_accept", "before_write", "after_write", "before_done", "after_done")

_WAYS = (
    "+7916{0}{1}{2}",
    "8916{0}{1}{2}",
    "+7 916 {0} {1} {2}",
    "8 (916) {0}-{1}-{2}",
    "+7 (916) {0}-{1}-{2}",
    "8-916-{0}-{1}-{2}",
    "7916{0}{1}{2}",
    "(916) {0} {1} {2}",
    "+7.916.{0}.{1}.{2}",
    "тел. 8 916 {0} {1}-{2}",
)
_ROUTES = ("/api/v4/leads.*", "/api/v4/contacts.*", "/api/v4/.*")

Click = tuple[int, int]  # a submission's number, and which of its clicks


@dataclass(frozen=True)
class Orders:
    stage: Stage
    journal: Path
    log: Path
    point: str | None
    clicks: list[Click]
    persons: int
    keys: dict[str, str]


def is_of_builder(number: int) -> bool:
    return number % 4 != 0


def submission(number: int, persons: int) -> dict[str, Any]:
    person, phone = _person(number, persons)
    return {
        "contact": {"name": person, "phone": phone},
        "form": {"name": f"Заявка {number}"},
        "comment": f"Сообщение {number}.",
    }


def _name(person: int) -> str:
    """Its last name is of letters: where a builder tells one of figures, it is taken for none."""
    return f"Клиент {''.join('abcdefghij'[int(figure)] for figure in f'{person:02}').title()}ov"


def _person(number: int, persons: int) -> tuple[str, str]:
    """The name, and the phone in one of its spellings."""
    person = number % persons
    return _name(person), _WAYS[number // persons % len(_WAYS)].format(f"{555:03}", f"{person:02}", "07")


def work(orders: Orders) -> None:
    """The life of a worker: clicks, and the schedule, until it is killed."""
    output = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, sys.stdout.fileno())
    if orders.point is not None:
        moment, _, name = orders.point.partition("_")
        die_around(*_PLACES[name], moment)
    journal = Journal(orders.journal)
    runtime = quick_runtime(orders.stage, journal)
    waiting = list(orders.clicks)
    while True:
        if waiting:
            _send(runtime, orders, waiting.pop(), journal)
        else:
            run_deliveries(runtime, 0.5)
            time.sleep(0.02)


def _send(runtime: Runtime, orders: Orders, made: Click, journal: Journal) -> None:
    number, click_number = made
    answer = serve(handle, runtime, _request(runtime, orders, number))
    told = json.loads(answer.body) if answer.body.startswith(b"{") else {}  # "ok", or a page for whoever sends a form
    facts = {"number": number, "click": click_number, "status": answer.status, "code": told.get("code")}
    journal.write("answered", **facts, delivery=told.get("delivery_id"))


def _domain(played: Stage, number: int, persons: int) -> str:
    return played.domains[number % persons % len(played.domains)]


def _request(runtime: Runtime, orders: Orders, number: int) -> Request:
    played, persons = orders.stage, orders.persons
    if is_of_builder(number):
        fields, sent = builder_bodies.sent(number, *_person(number, persons))
        query = (("action", "submit_form"), ("site_key", orders.keys[_domain(played, number, persons)]))
        return Request("POST", "/", query, Headers(fields.items()), sent)
    now = int(runtime.clock.now().timestamp())  # the workers' own clock is not moved
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600}
    claims |= {"account_domain": _domain(played, number, persons), "widget_type": "glass"}
    headers = {
        "Authorization": f"Bearer {jwt.encode(claims, APP_SECRET, algorithm='HS256')}",
        "Idempotency-Key": f"form-{number}",
    }
    body = json.dumps(submission(number, persons)).encode()
    return Request("POST", "/submit_form", (), Headers(headers.items()), body)


@dataclass
class Findings:
    faults: int = 0
    restarts: int = 0
    sent_again_at_the_end: int = 0
    violations: list[str] = field(default_factory=list)


class Driver:
    def __init__(self, played: Stage, seed: int, count: int, persons: int) -> None:
        self.stage = played
        self.rng = random.Random(seed)
        self.count, self.persons = 0, persons
        self.killer = Killer(self.rng)
        self.findings = Findings()
        self.journal = played.folder / "journal"
        self.log = played.folder / "log"
        self.person = Person(played, self.killer, self.journal)
        self.clicks: list[Click] = []
        self.more(count)
        self.keys = _server_keys(played)
        self.tried: Counter[Click] = Counter()
        self.before = shown(played)

    def more(self, count: int) -> None:
        made = [(number, one) for number in range(self.count, self.count + count) for one in range(_CLICKS)]
        self.rng.shuffle(made)
        self.clicks += made
        self.count += count

    def missing(self) -> list[str]:
        """The points at which nobody was killed yet."""
        return [point for point in POINTS if not self.killer.kills[point]]

    def open(self) -> list[Click]:
        """Those that have no answer yet, or one that asks to come again."""
        answered = {(one["number"], one["click"]) for one in self.answers() if one["status"] in (200, 202)}
        return [one for one in self.clicks if one not in answered]

    def answers(self) -> list[dict[str, Any]]:
        return [one for one in entries(self.journal) if one["what"] == "answered"]

    def round(self, number: int, waiting: list[Click]) -> None:
        rng = self.rng
        self.stage.clock.advance(minutes=rng.choice([1, 3, 10]))
        self.findings.faults += order_faults(self.stage, rng, _ROUTES)
        points: list[str | None] = [*self.missing()] or [rng.choice(POINTS)]
        share = waiting[: 4 * _WORKERS]
        self.tried.update(share)
        for index, point in enumerate([*points, *[None] * (_WORKERS - len(points))]):
            own = share[index::_WORKERS][::-1]
            self.killer.start(work, self._orders(point, own), point)
        if number % 6 == 5:
            restart_postgres(self.stage, rng)
            self.findings.restarts += 1
        self.killer.end_all(within=_WITHIN_SECONDS * max(self.tried[one] for one in share))
        time.sleep(_DRAIN_SECONDS)
        self.stage.simulator.control("no-faults")

    def _orders(self, point: str | None, clicks: list[Click]) -> Orders:
        return Orders(self.stage, self.journal, self.log, point, clicks, self.persons, self.keys)

    def settle(self) -> None:
        """Without faults and kills whoever has no answer sends again, and what was accepted is carried out."""
        journal = Journal(self.journal)
        with redirect_stdout(StringIO()):
            for _ in range(20):
                self.stage.clock.advance(minutes=70)
                with self.stage.runtime() as runtime:
                    self.findings.violations += self.person.come(runtime)
                    again = self.open()
                    self.findings.sent_again_at_the_end += len(again)
                    orders = self._orders(None, again)
                    for one in again:
                        _send(runtime, orders, one, journal)
                    run_deliveries(runtime, 60)
                if not self.open() and set(states(self.stage)) <= {"delivered", "dead"}:
                    return
        self._violate(f"click {one[1]} of submission {one[0]} is not answered at the end" for one in self.open())

    def compare(self) -> dict[str, Any]:
        """What was answered against what is stored, and what is stored against what amoCRM holds."""
        self._violate(f"nobody was killed at {point}" for point in self.missing())
        now, stored = shown(self.stage), self._stored()
        self._compare_answers(stored)
        people = {id_: one for id_, one in now["contacts"].items() if id_ not in self.before["contacts"]}
        leads = {id_: one for id_, one in now["leads"].items() if id_ not in self.before["leads"]}
        by_number: dict[int, list[str]] = {}
        for id_ in leads:
            texts = [one["params"].get("text", "") for one in now["notes"].get(f"leads/{id_}", [])]
            for number in {int(one) for text in texts for one in _SAYS.findall(text)}:
                by_number.setdefault(number, []).append(id_)
        theirs: set[str] = set()
        for number in range(self.count):
            found = by_number.get(number, [])
            theirs |= set(found)
            if number not in stored:
                self._violate([f"submission {number} is not stored"])
            elif len(found) != 1:
                self._violate([f"submission {number} ({stored[number]['state']}) has the deals {found}"])
            else:
                self._compare_deal(now, people, number, stored[number], found[0])
        self._violate(f"deal {id_} is of no submission: {leads[id_]['name']}" for id_ in leads.keys() - theirs)
        self._compare_people(people)
        strangers = self._compare_strangers(now, leads)
        notes = Counter(
            match[0]
            for of_one in now["notes"].values()
            for one in of_one
            if (match := _SAYS.search(one["params"].get("text", "")))
        )
        return {
            "contacts": len(people),
            "deals": len(leads),
            "lost": sum(number not in by_number for number in range(self.count)),
            "doubled": sum(len(found) - 1 for found in by_number.values()),
            "kinds_of_bodies": len({builder_bodies.kind_of(one) for one in range(self.count) if is_of_builder(one)}),
            "notes": notes.total(),
            "notes_doubled": notes.total() - len(notes),
            "strangers_changed": strangers,
            "deliveries": states(self.stage),
        }

    def _compare_answers(self, stored: dict[int, dict[str, Any]]) -> None:
        for entry in self.answers():
            number, status = entry["number"], entry["status"]
            if status not in (200, 202, 503):
                self._violate([f"submission {number} was answered {status} {entry['code']}"])
            elif status != 503 and entry["delivery"] not in (None, str(stored.get(number, {}).get("id"))):
                told = f"as delivery {entry['delivery']}, and {stored.get(number)} is stored"
                self._violate([f"submission {number} was answered {status} {told}"])

    def _compare_deal(
        self, now: dict[str, Any], people: dict[str, Any], number: int, delivery: dict[str, Any], lead_id: str
    ) -> None:
        """In its own account, with the person's one contact and its own note, and nothing else."""
        domain, person = _domain(self.stage, number, self.persons), _name(number % self.persons)
        place = f"deal {lead_id} of submission {number}"
        if delivery["state"] != "delivered":
            self._violate([f"submission {number} is {delivery['state']}: {delivery['problem_code']}"])
        if (now["owner"][f"leads/{lead_id}"], delivery["account_domain"]) != (domain, domain):
            where = f"in {now['owner'][f'leads/{lead_id}']}, stored for {delivery['account_domain']}"
            self._violate([f"{place} is {where}, and belongs to {domain}"])
        links = [one for one in now["links"].get(lead_id, []) if one["to_entity_type"] == "contacts"]
        linked = [str(one["to_entity_id"]) for one in links]
        names = [people.get(one, {}).get("name") for one in linked]
        if names != [person]:
            self._violate([f"{place} has the contacts {linked} ({names}), and is of {person}"])
        texts = [one["params"].get("text", "") for one in now["notes"].get(f"leads/{lead_id}", [])]
        own = [one for one in texts if reference(delivery["id"]) in one and f"Сообщение {number}." in one]
        if len(own) != 1 or len(texts) != 1:
            self._violate([f"{place} has the notes {texts}, and {reference(delivery['id'])} is its own"])

    def _compare_people(self, people: dict[str, Any]) -> None:
        """Each person is one contact, with their own phone only."""
        wanted = {_name(person): f"916555{person:02}07" for person in range(min(self.persons, self.count))}
        names = Counter(one["name"] for one in people.values())
        if names != Counter(wanted.keys()):
            more, fewer = names - Counter(wanted.keys()), Counter(wanted.keys()) - names
            twice = {id_: one["custom_fields_values"] for id_, one in people.items() if one["name"] in more}
            self._violate([f"people are contacts: {dict(more)} too many, {dict(fewer)} too few: {twice}"])
        for id_, one in people.items():
            fields = [field for field in one["custom_fields_values"] or [] if field["field_code"] == "PHONE"]
            phones = {re.sub(r"\D", "", value["value"])[-10:] for field in fields for value in field["values"]}
            if phones != {wanted.get(one["name"])}:
                self._violate([f"contact {id_} of {one['name']} has the phones {phones}"])

    def _compare_strangers(self, now: dict[str, Any], leads: dict[str, Any]) -> int:
        """What was there is as it was, without a new note or a link. Returns how many were changed."""
        changed = [
            f"{kind}/{id_}"
            for kind in ("leads", "contacts")
            for id_, one in self.before[kind].items()
            if now[kind].get(id_) != one
        ]
        own = {f"leads/{id_}" for id_ in leads}
        noted = [place for place, notes in now["notes"].items() if place not in own]
        noted = [place for place in noted if now["notes"][place] != self.before["notes"].get(place, [])]
        linked = [
            id_
            for id_, links in now["links"].items()
            if id_ not in leads and links != self.before["links"].get(id_, [])
        ]
        self._violate(f"{place} is a stranger's, and was changed" for place in changed)
        self._violate(f"{place} is no submission's deal, and has the notes {now['notes'][place]}" for place in noted)
        self._violate(f"deal {id_} is a stranger's, and has the links {now['links'][id_]}" for id_ in linked)
        return len(changed)

    def _stored(self) -> dict[int, dict[str, Any]]:
        """By what its body says: a builder's has no key of ours."""
        stored: dict[int, dict[str, Any]] = {}
        with psycopg.connect(self.stage.postgres.get_uri(), row_factory=dict_row) as connection:
            found = connection.execute(_STORED).fetchall()
        with self.stage.runtime() as runtime:
            for one in found:
                says = _SAYS.search(runtime.keyring.decrypt(one["request"], one["id"], "request"))
                number = int(says[1]) if says else -1
                if number in stored:
                    self._violate([f"submission {number} is stored twice"])
                stored[number] = one
        return stored

    def _violate(self, found: Any) -> None:
        self.findings.violations += found


_SAYS: Final = re.compile(rf"{builder_bodies.MESSAGE} (\d+)\.")
_STORED: Final = """
SELECT d.id, d.request, d.state, d.problem_code, i.account_domain
FROM amocrm_deliveries d JOIN amocrm_integrations i ON i.id = d.integration_id
"""


def _server_keys(played: Stage) -> dict[str, str]:
    """A key of a builder's server for each account, by its domain."""
    keys: dict[str, str] = {}
    with played.runtime() as runtime:
        for domain in played.domains:
            row = integrations.by_domain(runtime.database, domain, "glass")
            assert row is not None
            _, keys[domain] = site_key.create(runtime.database, row, "builder", [], is_server=True)
    return keys


def shown(played: Stage) -> dict[str, dict[str, Any]]:
    """The entities of all accounts together; ids are nobody's twice. `owner`: the domain, by `leads/ID`."""
    accounts = {domain: played.simulator.control("show", domain=domain) for domain in played.domains}
    kinds = ("leads", "contacts", "notes", "links")
    found = {kind: {id_: one for of_one in accounts.values() for id_, one in of_one[kind].items()} for kind in kinds}
    owner = {f"leads/{id_}": domain for domain, of_one in accounts.items() for id_ in of_one["leads"]}
    return found | {"owner": owner}


def states(played: Stage) -> dict[str, int]:
    with psycopg.connect(played.postgres.get_uri()) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM amocrm_deliveries GROUP BY state").fetchall())


def play(count: int, persons: int, seed: int) -> dict[str, Any]:
    with stage(accounts=2, strangers=True) as played:
        for domain in played.domains:
            played.simulator.control("change-account", domain=domain, search_lag=0.5)  # as real searches have one
        played.simulator.control("change-account", domain=played.domains[1], has_filters=False)
        driver = Driver(played, seed, count, persons)
        number = 0
        while number < _MOST_ROUNDS + count and not driver.killer.violations:
            waiting = [one for one in driver.open() if driver.tried[one] < _TRIES]
            if not waiting and (not driver.missing() or driver.count >= count + _MOST_MORE * _WORKERS):
                break
            if waiting:
                driver.round(number, waiting)
                number += 1
            else:
                driver.more(_WORKERS)  # so that somebody comes to the points at which nobody was killed
        driver.settle()
        counts = driver.compare()
        answers = Counter(f"{one['status']} {one['code'] or ''}".strip() for one in driver.answers())
    return {
        "rounds": number,
        "submissions": driver.count,
        "kills": dict(sorted(driver.killer.kills.items())),
        "faults_ordered": driver.findings.faults,
        "postgres_restarts": driver.findings.restarts,
        "accounts_that_needed_a_person": dict(driver.person.came_for),
        "answers": dict(sorted(answers.items())),
        "sent_again_at_the_end": driver.findings.sent_again_at_the_end,
        **counts,
        "violations": driver.findings.violations + driver.killer.violations,
    }


@click.command()
@click.option("--count", default=200, show_default=True)
@click.option("--persons", default=20, show_default=True)
@click.option("--seed", default=None, type=int, help="To repeat a run's choices.")
def main(count: int, persons: int, seed: int | None) -> None:
    """Prints a JSON summary; ends with 1 when a contact, a deal or a note is missing, doubled or somebody else's."""
    started, chosen = time.monotonic(), seed if seed is not None else random.SystemRandom().getrandbits(32)
    found = play(count, persons, chosen)
    summary: dict[str, Any] = {"ok": not found["violations"]} | found
    summary |= {"seed": chosen, "seconds": round(time.monotonic() - started, 1)}
    click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(0 if summary["ok"] else 1)


if __name__ == "__main__":
    main()
