"""`make chaos-bookings`: each time is somebody's at most once, and every visit is once in amoCRM (rows K2-K4).

50 people ask for 300 times of three doctors from eight processes, 2,000 times in all: they hold and book, book at once,
move and cancel, at once or when they come back later. Faults are on for every route, PostgreSQL is restarted now and
then, and processes are killed: around the statements that make and change a booking, or at a random instant. At the end
everything is carried out without faults, and the rows are compared with what was answered, and with the simulator's
ground truth.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import jwt
import psycopg
from psycopg.rows import dict_row

from features.bookings import rows, texts
from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.deliveries.rows import reference
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos import campaign
from tests.chaos.campaign import Person, order_faults, quick_runtime
from tests.chaos.journal import Journal, entries
from tests.chaos.killing import Killer, die_around, restart_postgres
from tests.chaos.promises import Attempt, compared
from tests.chaos.stage import Stage, stage
from tests.story import APP_SECRET

_WORKERS: Final = 8
_PEOPLE: Final = 50
_DOCTORS: Final = ("ivanova", "petrov", "sidorova")
_HOURS: Final = range(8, 18)
_LATENCY_SECONDS: Final = 0.01
_DRAIN_SECONDS: Final = 1.2
_WITHIN_SECONDS: Final = 2.0
_BUSY: Final = 503  # to be asked again
_MOST_MORE: Final = 3  # days, for points at which nobody was killed
_MOST_ROUNDS: Final = 30  # and one for each attempt: a round has several
_TRIES: Final = 3  # so often an attempt is made again after its process was killed

POINTS = ("before_make", "after_make", "before_confirm", "after_confirm", "before_move", "after_move", "after_cancel")
_STATEMENTS: Final = {"make": "book", "confirm": "confirm", "move": "move", "cancel": "cancel"}

_ROUTES = ("/api/v4/leads.*", "/api/v4/contacts.*", "/api/v4/tasks.*", "/api/v4/leads/.*/notes", "/api/v4/.*")


@dataclass(frozen=True)
class Orders:
    stage: Stage
    journal: Path
    log: Path
    point: str | None
    attempts: list[Attempt]
    holds: dict[int, str]  # by an attempt's number: what it was answered before its process was killed
    booked: set[int]  # attempts that were answered before: their visits are in amoCRM by now, or on their way


@dataclass
class Findings:
    faults: int = 0
    restarts: int = 0
    asked_again_at_the_end: int = 0
    violations: list[str] = field(default_factory=list)


def settings(days: int) -> dict[str, Any]:
    week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    hours = [f"{_HOURS.start:02}:00-{_HOURS.stop:02}:00"]
    return {
        "is_on": True,
        "time_zone": "UTC",
        "hours": dict.fromkeys(week, hours),
        "resources": [{"id": one, "name": one.title()} for one in _DOCTORS],
        "services": [{"id": "visit", "name": "Приём", "minutes": 60, "price": 1000 + days}],
        "step_minutes": 60,
        "hold_minutes": 1,
    }


def work(orders: Orders) -> None:
    """The life of a worker: attempts, and the schedule, until it is killed."""
    output = os.open(orders.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, sys.stdout.fileno())
    if orders.point is not None:
        moment, _, name = orders.point.partition("_")
        die_around(rows, _STATEMENTS[name], moment)
    journal = Journal(orders.journal)
    runtime = quick_runtime(orders.stage, journal)
    waiting = list(orders.attempts)
    while True:
        if waiting:
            attempt = waiting.pop()
            _try(runtime, orders, attempt, journal)
        else:
            run_deliveries(runtime, 0.5)
            time.sleep(0.02)


def _try(runtime: Runtime, orders: Orders, attempt: Attempt, journal: Journal) -> None:
    """Until it has its last answer, or is to come back; where it was booked before, the same is said again."""
    number, hold = attempt.number, orders.holds.get(attempt.number)

    def ask(action: str, body: dict[str, Any], key: str | None = None) -> tuple[int, Any]:
        status, document = _asked(runtime, orders.stage, action, body, key)
        journal.write("answered", number=number, action=action, status=status, code=document.get("code"))
        return status, document

    wish: dict[str, Any] = {"service": "visit", "starts_at": attempt.starts_at, "resource": attempt.doctor}
    if attempt.holds:
        if hold is None:
            status, held = ask("hold_slot", wish)
            if status == 201:
                hold = held["hold"]
                journal.write("held", number=number, hold=hold)
            elif status != _BUSY:
                journal.write("finished", number=number)
            if hold is None:
                return
        wish = {"hold": hold}
    visitor = {"name": attempt.name, "phone": attempt.phone}
    status, made = ask("book", wish | {"visitor": visitor}, f"try-{number}")
    if status in (200, 202):
        booking = made["booking"]
        journal.write("booked", number=number, id=booking["id"], starts_at=booking["starts_at"])
        if attempt.comes_back and number not in orders.booked:
            return
        if attempt.then == "move":
            status, _ = ask("move_booking", {"id": booking["id"], "starts_at": attempt.other_time})
        if attempt.then == "cancel":
            status, _ = ask("cancel_booking", {"id": booking["id"]})
    if status != _BUSY:
        journal.write("finished", number=number)


def _asked(runtime: Runtime, played: Stage, action: str, body: dict[str, Any], key: str | None) -> tuple[int, Any]:
    now = int(runtime.clock.now().timestamp())  # the workers' own clock is not moved
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600, "account_domain": played.domains[0]}
    token = jwt.encode(claims | {"widget_type": "glass"}, APP_SECRET, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    request = Request("POST", f"/{action}", (), Headers(headers.items()), json.dumps(body).encode())
    answer = serve(handle, runtime, request)
    return answer.status, json.loads(answer.body)


class Driver:
    def __init__(self, played: Stage, seed: int, attempts: int, days: int) -> None:
        self.stage = played
        self.rng = random.Random(seed)
        self.killer = Killer(self.rng)
        self.findings = Findings()
        self.journal = played.folder / "journal"
        self.log = played.folder / "log"
        self.person = Person(played, self.killer, self.journal)
        self.times = [one for day in range(days) for one in _times(day)]
        self.attempts = [self._attempt(number, self.times) for number in range(attempts)]
        self.days = days
        self.tried: Counter[int] = Counter()

    def more(self) -> None:
        """Another day, so that somebody comes to the points at which nobody was killed."""
        times = _times(self.days)
        self.days += 1
        self.times += times
        first = len(self.attempts)
        self.attempts += [self._attempt(first + index, times) for index in range(len(times) * len(_DOCTORS))]

    def missing(self) -> list[str]:
        return [point for point in POINTS if not self.killer.kills[point]]

    def _attempt(self, number: int, times: list[str]) -> Attempt:
        rng = self.rng
        then = rng.choices([None, "move", "cancel"], [75, 15, 10])[0]
        return Attempt(
            number,
            rng.randrange(_PEOPLE),
            rng.choice(_DOCTORS),
            rng.choice(times),
            rng.random() < 0.4,
            then,
            rng.choice(times),
            then is not None and rng.random() < 0.5,
        )

    def open(self) -> list[Attempt]:
        """Those that have not had their last answer yet."""
        finished = {entry["number"] for entry in self.entries("finished")}
        return [one for one in self.attempts if one.number not in finished]

    def shares(self, points: list[str | None], waiting: list[Attempt]) -> list[list[Attempt]]:
        """What each worker tries, the first one last; who is to be killed at a point begins by what comes to it."""
        left, found, booked = list(waiting), list[list[Attempt]](), self._booked()
        for point in points:
            own = [one for one in left if point and one.comes_to(point, is_booked=one.number in booked)][:3]
            left = [one for one in left if one not in own]
            found.append(own)
        for index, one in enumerate(left):
            found[-1 - index % len(found)].append(one)
        return [one[::-1] for one in found]

    def round(self, number: int, waiting: list[Attempt]) -> None:
        rng, simulator = self.rng, self.stage.simulator
        self.stage.clock.advance(minutes=rng.choice([1, 3, 10]))
        simulator.control("latency", seconds=_LATENCY_SECONDS)
        self.findings.faults += order_faults(self.stage, rng, _ROUTES)
        share = waiting[: 5 * _WORKERS]
        self.tried.update(one.number for one in share)
        named = [*self.missing()] or rng.sample(POINTS, 2)
        points = [*named, *[None] * (_WORKERS - len(named))]
        for point, own in zip(points, self.shares(points, share), strict=True):
            self.killer.start(work, self._orders(point, own), point)
        if number % 12 == 5:
            restart_postgres(self.stage, rng)
            self.findings.restarts += 1
        # What was killed before it was answered has more time the next time, on a slow machine too.
        self.killer.end_all(within=_WITHIN_SECONDS * max(self.tried[one.number] for one in share))
        time.sleep(_DRAIN_SECONDS)
        simulator.control("no-faults")

    def _orders(self, point: str | None, own: list[Attempt]) -> Orders:
        holds = {entry["number"]: entry["hold"] for entry in self.entries("held")}
        return Orders(self.stage, self.journal, self.log, point, own, holds, self._booked())

    def _booked(self) -> set[int]:
        return {entry["number"] for entry in self.entries("booked")}

    def settle(self) -> None:
        """Without faults and kills, and with a person where one is needed, whoever has no answer asks again, and
        everything that was accepted is carried out."""
        figures: dict[str, Any] = {}
        journal = Journal(self.journal)
        for _ in range(40):
            self.stage.clock.advance(hours=1)
            with self.stage.runtime() as runtime:
                orders = self._orders(None, self.open())
                self.findings.asked_again_at_the_end += len(orders.attempts)
                for one in orders.attempts:
                    _try(runtime, orders, one, journal)
                figures = run_deliveries(runtime, 60)
                self.findings.violations += self.person.come(runtime)
            left = self.rows("SELECT id FROM amocrm_deliveries WHERE state = 'accepted'")
            left += self.rows("SELECT id FROM amocrm_bookings WHERE brought < version AND state <> 'held'")
            if not left and not self.open():
                return
        for row in self.rows("SELECT * FROM amocrm_bookings WHERE brought < version AND state <> 'held'"):
            self.findings.violations.append(f"booking {row['id']} is not in amoCRM at the end: {row}, {figures}")

    def compare(self) -> dict[str, int]:
        """What was answered, what is stored, and what amoCRM holds."""
        found = self.rows("SELECT * FROM amocrm_bookings")
        by_id = {str(one["id"]): one for one in found}
        self._violate(f"nobody was killed at {point}" for point in self.missing())
        shown = self.stage.simulator.control("show", domain=self.stage.domains[0])
        self._violate(compared(self.attempts, entries(self.journal), by_id, shown))
        booked = [one for one in found if one["state"] == "booked"]
        seats = Counter((one["resource"], one["starts_at"]) for one in booked)
        self._violate(f"{seat} is booked {count} times" for seat, count in seats.items() if count > 1)
        held = [one for one in found if one["state"] == "held"]
        self._violate(f"booking {one['id']} is held for ever" for one in held)
        times = self.rows("SELECT count(*) AS count FROM amocrm_booking_times")[0]["count"]
        if times != len(booked):
            self._violate([f"{times} times are taken, by {len(booked)} visits"])
        self._compare_amocrm(found, shown)
        return {
            "booked": len(booked),
            "cancelled": len(found) - len(booked) - len(held),
            "seats": len(self.times) * len(_DOCTORS),
        }

    def _compare_amocrm(self, found: list[dict[str, Any]], shown: dict[str, Any]) -> None:
        tasks = list(shown["tasks"].values())
        notes = Counter(
            (place, note["params"]["text"].rpartition("ref:")[2])
            for place, of_one in shown["notes"].items()
            for note in of_one
            if "ref:" in note["params"].get("text", "")
        )
        deals: Counter[int] = Counter()
        for one in found:
            if one["state"] == "held":
                continue
            own = [task for task in tasks if task["text"].endswith(reference(one["id"]))]
            due = int(one["starts_at"].timestamp())
            is_right = len(own) == 1 and own[0]["complete_till"] == due and not own[0]["is_completed"]
            if one["state"] == "cancelled":
                # Cancelled before it was there, it needs no task.
                is_right = not own or (len(own) == 1 and own[0]["is_completed"])
            if not is_right:
                self._violate([f"booking {one['id']} ({one['state']}, {one['starts_at']}) has the tasks {own}"])
            name = shown["leads"].get(str(one["lead_id"]), {}).get("name", "")
            if one["state"] == "booked" and texts.when(one["starts_at"], "UTC", "ru") not in name:
                self._violate([f"booking {one['id']} at {one['starts_at']} has the deal {name!r}"])
            deals[one["lead_id"]] += 1
        self._violate(f"{count} bookings share the deal {lead_id}" for lead_id, count in deals.items() if count > 1)
        if len(deals) != len(shown["leads"]) - 1:  # the stage has one of its own
            self._violate([f"{len(deals)} bookings have made {len(shown['leads']) - 1} deals"])
        leads = {str(one["id"]): one["lead_id"] for one in found}
        for delivery in self.rows("SELECT id, state, idempotency_key FROM amocrm_deliveries"):
            place = f"leads/{leads.get(delivery['idempotency_key'].partition(':')[0])}"
            count = notes.pop((place, reference(delivery["id"]).removeprefix("ref:")), 0)
            if (delivery["state"], count) != ("delivered", 1):
                self._violate([f"delivery {delivery['id']} is {delivery['state']}, with {count} notes in its deal"])
        self._violate(f"a note of {mark} is at {place}" for place, mark in notes)
        people = {contact["name"] for contact in shown["contacts"].values()}
        if len(people) != len(shown["contacts"]):
            self._violate([f"{len(people)} people are {len(shown['contacts'])} contacts"])

    def _violate(self, found: Any) -> None:
        self.findings.violations += found

    def entries(self, what: str) -> list[dict[str, Any]]:
        return [entry for entry in entries(self.journal) if entry["what"] == what]

    def rows(self, statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.stage.postgres.get_uri(), row_factory=dict_row) as connection:
            return connection.execute(statement.encode()).fetchall()


def _times(day: int) -> list[str]:
    """Of a day far enough away to be still to come when the run is over."""
    first = (datetime.now(UTC) + timedelta(days=30)).replace(hour=0, minute=0, second=0, microsecond=0)
    return [(first + timedelta(days=day, hours=hour)).isoformat() for hour in _HOURS]


def play(attempts: int, days: int, seed: int) -> dict[str, Any]:
    with stage(accounts=1) as played:
        body = {"bookings": settings(days)}
        with played.runtime() as runtime:
            row = campaign.rows(runtime)[0]
            runtime.database.execute(_SET, {"id": row.id, "settings": json.dumps(body)})
        driver = Driver(played, seed, attempts, days)
        number = 0
        while number < _MOST_ROUNDS + attempts and not driver.killer.violations:
            waiting = [one for one in driver.open() if driver.tried[one.number] < _TRIES]
            if waiting:
                driver.round(number, waiting)
                number += 1
            elif driver.missing() and driver.days < days + _MOST_MORE:
                driver.more()
            else:
                break
        driver.settle()
        counts = driver.compare()
        answers = Counter(
            f"{entry['action']} {entry['status']} {entry['code'] or ''}".strip() for entry in driver.entries("answered")
        )
    return {
        "rounds": number,
        "attempts": len(driver.attempts),
        "people": _PEOPLE,
        "kills": dict(sorted(driver.killer.kills.items())),
        "faults_ordered": driver.findings.faults,
        "postgres_restarts": driver.findings.restarts,
        "accounts_that_needed_a_person": dict(driver.person.came_for),
        "answers": dict(sorted(answers.items())),
        "asked_again_at_the_end": driver.findings.asked_again_at_the_end,
        "bookings": counts,
        "violations": driver.findings.violations + driver.killer.violations,
    }


_SET = "UPDATE amocrm_integrations SET settings = %(settings)s::jsonb WHERE id = %(id)s"


@click.command()
@click.option("--attempts", default=2000, show_default=True)
@click.option("--days", default=10, show_default=True, help="Of ten times of each of three doctors.")
@click.option("--seed", default=None, type=int, help="To repeat a run's choices.")
def main(attempts: int, days: int, seed: int | None) -> None:
    """Prints a JSON summary; ends with 1 when something was violated."""
    started, chosen = time.monotonic(), seed if seed is not None else random.SystemRandom().getrandbits(32)
    found = play(attempts, days, chosen)
    summary: dict[str, Any] = {"ok": not found["violations"]} | found
    summary |= {"seed": chosen, "seconds": round(time.monotonic() - started, 1)}
    click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(0 if summary["ok"] else 1)


if __name__ == "__main__":
    main()
