"""Who uses an installation, for locust: widgets in deal cards, sites, an administrator, and the timers.

The facts stand in the file that LOAD_TOWN names; what was done is appended to its `did`, a line of JSON each.
Whoever saves does as the calculator does: the same key again until it is accepted.
"""

import json
import os
import random
import time
import uuid
from pathlib import Path
from typing import Any

import gevent
from locust import HttpUser, task
from locust.contrib.fasthttp import FastHttpUser

FACTS = json.loads(Path(os.environ["LOAD_TOWN"]).read_text())
_did = open(FACTS["did"], "a", buffering=1)  # noqa: SIM115 - as long as the process lives
# Requests a second of one person: 100 people are ten times the usual pace of 1,000 accounts.
_PACE = float(os.environ.get("LOAD_PACE", "0.25"))
_LONGEST_PAUSE = 5.0

random.seed(os.environ.get("LOAD_SEED"))  # without one, each run is another


def write(**line: Any) -> None:
    _did.write(json.dumps({"at": time.time()} | line) + "\n")


class _Somebody(FastHttpUser):
    abstract = True
    network_timeout = 60.0
    connection_timeout = 10.0
    max_retries = 1  # on a connection that the server has just closed, as browsers do

    def on_start(self) -> None:
        gevent.sleep(random.uniform(0, 1 / _PACE))

    def wait_time(self) -> float:
        """People do not wait for each other: they come at any moment."""
        return random.expovariate(_PACE)

    def ask(self, name: str, account: dict[str, Any], method: str = "GET", **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {account['token']}", "X-Lead-Id": str(account["lead"])}
        headers["X-Account-Domain"] = account["domain"]
        headers |= more.pop("headers", {})
        started = time.perf_counter()
        with self.client.request(
            method, f"/{more.pop('path', name)}", name=name, headers=headers, catch_response=True, **more
        ) as answer:
            answer.success()  # what counts is written here
        why = {} if answer.status_code else {"why": str(answer.error)[:200]}
        write(name=name, status=answer.status_code, ms=round((time.perf_counter() - started) * 1000, 1), **why)
        return answer

    def save(self, name: str, account: dict[str, Any], body: dict[str, Any], key: str) -> None:
        """Until it is accepted, with the same key."""
        write(pressed=key, name=name, domain=account["domain"], body=body)
        while True:
            answer = self.ask(name, account, "POST", json=body, headers={"Idempotency-Key": key})
            if answer.status_code in (200, 202):
                write(accepted=key, status=answer.status_code)
                return
            if 400 <= answer.status_code < 500 and answer.status_code != 429:
                write(refused=key, status=answer.status_code, why=(answer.text or "")[:300])
                return
            after = (answer.headers or {}).get("Retry-After", 1)  # there are none where nobody answered
            gevent.sleep(min(float(after), _LONGEST_PAUSE))


class Customers(_Somebody):
    """Of 231 requests 200 read a deal and 20 save a calculation, as docs/deploy.md reckons, and 10 are forms."""

    @task(200)
    def open_card(self) -> None:
        self.ask("get_lead", random.choice(FACTS["accounts"]))

    @task(20)
    def calculate(self) -> None:
        key = uuid.uuid4().hex
        # Goods that others have too, in a quantity of their own, and a price like no other.
        glass, discount = random.randint(1, 40), random.randint(0, 99_999)
        quantity = 1 + glass % 5
        items = [{"name": f"Стекло {glass}", "quantity": quantity, "unit": "шт", "unit_price": 100_000}]
        content = {"title": "Расчёт", "number": key, "currency": "RUB", "items": items, "discount": discount}
        content["total"] = 100_000 * quantity - discount
        options = {"products": True, "pdf": random.choice(["none", "none", "render"]), "update_price": True}
        self.save(
            "save_calculation", random.choice(FACTS["accounts"]), {"calculation": content, "options": options}, key
        )

    @task(10)
    def send_form(self) -> None:
        key = uuid.uuid4().hex
        contact = {"name": "Нина Орлова", "phone": f"+7916{random.randint(1, 999_9999):07d}"}
        body = {"contact": contact, "form": {"name": "Обратный звонок"}, "fields": {"message": key}}
        self.save("submit_form", random.choice(FACTS["accounts"]), body, key)

    @task(1)
    def look_into_the_panel(self) -> None:
        admin = random.choice(FACTS["accounts"]) | {"token": FACTS["admin"]}
        for name in ("connection_status", "get_events", "get_deliveries"):
            self.ask(name, admin, headers={"X-Widget-Type": "glass"})


class Writers(_Somebody):
    """They save only: a short run without them would have little to compare."""

    tasks = [Customers.calculate, Customers.send_form]  # noqa: RUF012 - as locust has it


class Readers(_Somebody):
    """Reads of deals only, for a comparison."""

    @task
    def open_card(self) -> None:
        self.ask("get_lead", random.choice(FACTS["accounts"]))


class Flooders(_Somebody):
    """A robot sends forms as fast as it can, with the key of a site and from one address; it fills in every field, also
    the one that people do not see, most of the time."""

    fixed_count = 8

    def wait_time(self) -> float:
        return 0.1

    @task
    def send_form(self) -> None:
        headers = {"Authorization": f"Bearer {FACTS['site_key']}", "Origin": FACTS["site"]}
        contact = {"name": "X", "phone": "+79161234567"}
        trap = random.choice(["", "X", "X", "X"])
        body = {"contact": contact, "fields": {"message": uuid.uuid4().hex}, "trap": trap}
        self.ask("flood", FACTS["accounts"][0], "POST", path="submit_form", json=body, headers=headers)


class Heavy(_Somebody):
    """Bodies as large as any that are taken, several at the same moment."""

    fixed_count = 4

    def wait_time(self) -> float:
        return 0.2

    @task
    def send_much(self) -> None:
        body = b'{"calculation": {"title": "' + b"x" * 5_900_000 + b'"}}'
        self.ask("heavy", random.choice(FACTS["accounts"]), "POST", path="save_calculation", data=body)


class Timers(HttpUser):
    """Both timers, more often than in production, so that a short run sees them."""

    fixed_count = 1
    pause = 15.0

    def wait_time(self) -> float:
        return self.pause

    @task
    def ring(self) -> None:
        for address in FACTS["schedule"]:
            with self.client.post(address, name="timer", json={}, catch_response=True, timeout=120) as answer:
                answer.success()
