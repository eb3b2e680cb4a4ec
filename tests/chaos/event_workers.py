"""The workers of the events' campaign: they save calculations, submit forms, and run the schedule, until they die."""

import json
import os
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from features.changes import changes, dispatch, feeds, scheduled
from functions.crm_api.handler import handle as crm_api
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos.campaign import quick_runtime
from tests.chaos.journal import Journal
from tests.chaos.killing import die_around
from tests.chaos.stage import Stage
from tests.story import APP_SECRET, calculation

# Where processes end themselves: before or after one of these.
_PLACES: dict[str, tuple[Any, str]] = {
    "store": (changes, "store"),
    "told": (dispatch, "ask"),
    "answered": (dispatch, "_answered"),
    "asked": (feeds, "asked"),
    "done": (feeds, "done"),
}
POINTS = tuple(f"{moment}_{place}" for place in _PLACES for moment in ("before", "after"))


@dataclass(frozen=True)
class Orders:
    stage: Stage
    journal: Path
    log: Path
    seed: int
    point: str | None
    deals: dict[str, list[int]]


def work(orders: Orders) -> None:
    """The life of a worker."""
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
                submit(runtime, domain, rng)
        else:
            run_deliveries(runtime, 0.6)
            time.sleep(0.02)


def _save(runtime: Runtime, domain: str, lead_id: int, rng: random.Random) -> None:
    """Every third one brings goods, some of which the account does not have yet."""
    content = calculation(comment=f"{rng.getrandbits(40)}", discount=rng.randint(0, 900), total=None)["calculation"]
    content["total"] = str(18499.99 - content["discount"])
    content["items"][1]["name"] = f"Hinge {rng.randrange(30)}"
    body = {"calculation": content, "options": {"update_price": True, "products": rng.random() < 0.33}}
    _post(runtime, domain, "save_calculation", body, {"X-Lead-Id": str(lead_id)})


def submit(runtime: Runtime, domain: str, rng: random.Random) -> None:
    """A form of a new person, or of one who has sent another."""
    person = rng.randrange(40)
    contact = {"name": f"Visitor {person}", "phone": f"+7916555{person:04d}", "email": f"{person}@example.org"}
    body = {"contact": contact, "form": {"name": "Site"}, "fields": {"city": f"City {rng.randrange(5)}"}, "price": 100}
    _post(runtime, domain, "submit_form", body | {"comment": f"{rng.getrandbits(40)}"}, {})


def _post(runtime: Runtime, domain: str, action: str, body: Any, more: dict[str, str]) -> None:
    now = int(runtime.clock.now().timestamp())
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
