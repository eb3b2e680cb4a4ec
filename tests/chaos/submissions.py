"""200 submissions of 20 persons, phones written in 10 ways, from 8 instances at once, with faults on (rows C4, C10).

Each is sent several times, by any of the instances. At the end the simulator must hold 20 contacts and 200 deals.
Every second person is a customer of an account that has no filters (they are accepted and ignored there), and nothing
that was in the accounts before may have changed: a stranger's contact that came back unasked is nobody's.
"""

import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import click
import jwt
import psycopg
from msgspec.structs import replace

from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm.transport import Limits, Transport
from shared.connections.calling import Connections
from shared.platform.endpoint import serve
from shared.platform.http import Headers, Request
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage
from tests.story import APP_SECRET

_INSTANCES = 8
_CLICKS = 2

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
_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "timeout_after", "seconds": 0.3},
    {"kind": "truncate"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 504},
    {"kind": "status", "status": 429},
)
_ROUTES = ("/api/v4/leads.*", "/api/v4/contacts.*", "/api/v4/.*")


@dataclass(frozen=True)
class Orders:
    stage: Stage
    numbers: list[int]


def submission(number: int, persons: int) -> dict[str, Any]:
    person = number % persons
    phone = _WAYS[number // persons % len(_WAYS)].format(f"{555:03}", f"{person:02}", "07")
    return {
        "contact": {"name": f"Клиент {person}", "phone": phone},
        "form": {"name": f"Заявка {number}"},
        "comment": f"Сообщение {number}.",
    }


def work(orders: Orders, persons: int) -> None:
    with redirect_stdout(StringIO()):
        base = Runtime.build(orders.stage.settings)
        transport = Transport(orders.stage.settings.amocrm_gateway, limits=Limits(connect=1.0, read=1.0, total=2.0))
        rotation = replace(base.rotation, transport=transport)
        runtime = replace(base, transport=transport, rotation=rotation, connections=Connections(rotation))
        for number in orders.numbers:
            serve(handle, runtime, _request(orders.stage, number, persons))


def _request(played: Stage, number: int, persons: int) -> Request:
    now, domain = int(time.time()), played.domains[number % persons % len(played.domains)]
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600, "account_domain": domain}
    token = jwt.encode(claims | {"widget_type": "glass"}, APP_SECRET, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"form-{number}"}
    body = json.dumps(submission(number, persons)).encode()
    return Request("POST", "/submit_form", (), Headers(headers.items()), body)


def play(count: int, persons: int, seed: int) -> dict[str, Any]:
    rng, started = random.Random(seed), time.monotonic()
    with stage(accounts=2, strangers=True) as played:
        for domain in played.domains:
            played.simulator.control("change-account", domain=domain, search_lag=0.5)  # as real searches have one
        played.simulator.control("change-account", domain=played.domains[1], has_filters=False)
        before = _shown(played)
        faults = _order_faults(played, rng, count)
        clicks = [number for number in range(count) for _ in range(_CLICKS)]
        rng.shuffle(clicks)
        context = multiprocessing.get_context("fork")
        shares = [Orders(played, clicks[index::_INSTANCES]) for index in range(_INSTANCES)]
        processes = [context.Process(target=work, args=(share, persons)) for share in shares]
        for process in processes:
            process.start()
        for process in processes:
            process.join(300)
        _settle(played)
        after = _shown(played)
        states = _states(played)
    leads = [lead for lead_id, lead in after["leads"].items() if lead_id not in before["leads"]]
    forms = Counter(lead["name"].rpartition(" (")[0].removeprefix("Заявка с сайта: ") for lead in leads)
    notes = Counter(
        note["params"]["text"].split("Сообщение ")[1].partition(".")[0]
        for found in after["notes"].values()
        for note in found
        if "Сообщение " in note["params"].get("text", "")
    )
    return {
        "submissions": count,
        "contacts": len(after["contacts"]) - len(before["contacts"]),
        "deals": len(leads),
        "lost": count - len(forms),
        "doubled": sum(forms.values()) - len(forms),
        "notes": sum(notes.values()),
        "notes_doubled": sum(notes.values()) - len(notes),
        "strangers_changed": sum(
            after[kind].get(id_) != entity for kind in ("leads", "contacts") for id_, entity in before[kind].items()
        ),
        "deliveries": states,
        "faults_ordered": faults,
        "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
    }


def _shown(played: Stage) -> dict[str, dict[str, Any]]:
    """The entities of all accounts together; ids are nobody's twice."""
    shown = [played.simulator.control("show", domain=domain) for domain in played.domains]
    return {
        kind: {id_: one for account in shown for id_, one in account[kind].items()}
        for kind in ("leads", "contacts", "notes")
    }


def _order_faults(played: Stage, rng: random.Random, count: int) -> int:
    ordered = 0
    for _ in range(max(4, count // 4)):
        times = rng.randint(1, 2)
        fault = rng.choice(_FAULTS) | {"path": rng.choice(_ROUTES), "times": times, "skip": rng.randint(0, 2 * count)}
        played.simulator.fault(**fault)
        ordered += times
    return ordered


def _settle(played: Stage) -> None:
    """Without faults everything that was accepted is carried out."""
    played.simulator.control("no-faults")
    with redirect_stdout(StringIO()):
        for _ in range(20):
            played.clock.advance(minutes=70)
            with played.runtime() as runtime:
                run_deliveries(runtime, 60)
            if set(_states(played)) <= {"delivered", "dead"}:
                return


def _states(played: Stage) -> dict[str, int]:
    with psycopg.connect(played.postgres.get_uri()) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM amocrm_deliveries GROUP BY state").fetchall())


def is_good(summary: dict[str, Any], persons: int) -> bool:
    wanted = {"contacts": persons, "deals": summary["submissions"], "lost": 0, "doubled": 0, "notes_doubled": 0}
    wanted["strangers_changed"] = 0
    return wanted.items() <= summary.items() and summary["notes"] == summary["submissions"]


@click.command()
@click.option("--count", default=200, show_default=True)
@click.option("--persons", default=20, show_default=True)
@click.option("--seed", default=None, type=int, help="To repeat a run's choices.")
def main(count: int, persons: int, seed: int | None) -> None:
    """Prints a JSON summary; ends with 1 when a contact or a deal is missing or doubled."""
    summary = play(count, persons, seed if seed is not None else random.SystemRandom().getrandbits(32))
    click.echo(json.dumps(summary, indent=2))
    sys.exit(0 if is_good(summary, persons) else 1)


if __name__ == "__main__":
    main()
