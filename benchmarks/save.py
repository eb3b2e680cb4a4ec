"""How long a full save takes against the longest chain of calls in it that depend on each other.

A full save is a note, three new goods, a rendered PDF and the price. The chain is measured, not assumed: bare httpx
makes the calls of the longest chain one after the other, against the same simulator with the same latency, by turns.
CPU is this process's own.
"""

import json
import statistics
import time
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import click
import httpx
import jwt
import msgspec

from benchmarks import machine
from features.calculations.model import SaveCalculation
from features.calculations.quotation import Company, render
from features.calculations.template import template
from functions.crm_api.handler import handle
from shared.connections import integrations
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage
from tests.story import APP_SECRET


def calculation(number: int, items: int = 3) -> dict[str, Any]:
    """A calculation whose goods are all new."""
    lines = [
        {"name": f"Изделие {number}-{index}", "quantity": 2, "unit": "шт", "unit_price": 100} for index in range(items)
    ]
    content = {"title": "Расчёт", "number": str(number), "currency": "RUB", "items": lines, "total": 200 * items}
    return {"calculation": content, "options": {"products": True, "pdf": "render", "update_price": True}}


def _save(played: Stage, runtime: Runtime, number: int) -> tuple[float, float]:
    """Seconds, and seconds of CPU."""
    domain, now = played.domains[0], int(runtime.clock.now().timestamp())
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 600, "account_domain": domain, "widget_type": "glass"}
    fields = {
        "Authorization": f"Bearer {jwt.encode(claims, APP_SECRET, algorithm='HS256')}",
        "X-Lead-Id": str(played.leads[domain]),
    }
    body = json.dumps(calculation(number)).encode()
    started, used = time.perf_counter(), time.process_time()
    answer = serve(handle, runtime, Request("POST", "/save_calculation", (), Headers(fields.items()), body))
    seconds, used = time.perf_counter() - started, time.process_time() - used
    assert answer.status == 200, answer.body
    return seconds, used


def _chain(played: Stage, token: str, number: int) -> float:
    """The goods: read the list, create what is missing, link. (The PDF's chain is as long: session, upload, attach.)"""
    domain = played.domains[0]
    headers = {"Host": domain, "Authorization": f"Bearer {token}"}
    (catalog,) = played.simulator.control("show", domain=domain)["catalogs"]
    elements = f"/api/v4/catalogs/{catalog}/elements"
    with httpx.Client(base_url=played.simulator.url, trust_env=False, headers=headers) as client:
        client.get("/api/v4/account")  # connected
        started = time.perf_counter()
        client.get(elements, params={"limit": 250})
        made = client.post(elements, json=[{"name": f"Цепь {number}-{index}"} for index in range(3)]).json()
        links = [
            {"to_entity_id": one["id"], "to_entity_type": "catalog_elements", "metadata": {"catalog_id": int(catalog)}}
            for one in made["_embedded"]["elements"]
        ]
        assert client.post(f"/api/v4/leads/{played.leads[domain]}/link", json=links).status_code == 200
        return time.perf_counter() - started


def measure(repeats: int, latency: float) -> dict[str, Any]:
    with stage(accounts=1) as played, machine.watched() as told:
        runtime = Runtime.build(played.settings)
        row = integrations.by_domain(runtime.database, played.domains[0], "glass")
        assert row is not None
        assert row.access_token is not None
        token = runtime.keyring.decrypt(row.access_token, row.id, "access_token")
        played.simulator.control("latency", seconds=latency)
        saves, chains, cpu = [], [], []
        with redirect_stdout(StringIO()):
            _save(played, runtime, 1)  # warm: the goods list and the drive's host are known, typst is loaded
            for number in range(2, repeats + 2):
                time.sleep(1.3)  # amoCRM's limit of seven calls a second is not what is measured
                seconds, used = _save(played, runtime, number)
                saves.append(seconds)
                cpu.append(used)
                chains.append(_chain(played, token, number))
        calls = len(played.simulator.requests("/")) // (repeats + 1)
        runtime.close()
    save, chain = statistics.median(saves), statistics.median(chains)
    return {
        "latency_ms": latency * 1000,
        "saves": repeats,
        "save_ms": round(save * 1000, 1),
        "longest_chain_ms": round(chain * 1000, 1),
        "ratio": round(save / chain, 3),
        "cpu_ms_a_save": round(statistics.median(cpu) * 1000, 1),
        "calls_of_one_round_about": calls,
        "machine": told,
    }


def rendering(repeats: int) -> dict[str, float]:
    """Milliseconds for a quotation, warm."""
    moment, found = datetime(2026, 11, 21, tzinfo=UTC), {}
    for items in (1, 3, 60):
        body = msgspec.json.decode(json.dumps(calculation(1, items)), type=SaveCalculation)
        render(body.calculation, Company(), template("glass", {}, "ru"), moment)
        times = []
        for number in range(repeats):
            one = msgspec.structs.replace(body.calculation, number=str(number))
            started = time.perf_counter()
            render(one, Company(), template("glass", {}, "ru"), moment)
            times.append(time.perf_counter() - started)
        found[f"{items} item(s)"] = round(statistics.median(times) * 1000, 1)
    return found


@click.command()
@click.option("--repeats", default=20, show_default=True)
@click.option("--latency", default=0.04, show_default=True, help="Seconds before each answer of the simulator.")
def main(repeats: int, latency: float) -> None:
    """Prints JSON."""
    click.echo(json.dumps({"full_save": measure(repeats, latency), "pdf_ms": rendering(repeats)}, indent=2))


if __name__ == "__main__":
    main()
