"""What `get_lead` costs on a warm instance, against bare httpx and a peer making the same two calls.

And how many requests one instance answers in a second.

By turns in one process, against the same simulator with the same latency. CPU is this process's own.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import click
import httpx
import jwt
import psutil
from aioamocrm import AmoCRMClient, LongLivedToken

from benchmarks import machine
from functions.crm_api.handler import handle
from shared.connections import integrations
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.chaos.stage import Stage, stage
from tests.story import APP_SECRET

_PACE_SECONDS = 0.32  # amoCRM's seven calls a second are not what is measured


def _ours(played: Stage, runtime: Runtime) -> Callable[[], None]:
    headers = _request_headers(played)

    def read() -> None:
        answer = serve(handle, runtime, Request("GET", "/get_lead", (), headers))
        assert answer.status == 200, answer.body

    return read


def _bare(played: Stage, token: str, client: httpx.Client) -> Callable[[], None]:
    domain = played.domains[0]
    headers = {"Host": domain, "Authorization": f"Bearer {token}"}
    lead_id = played.leads[domain]

    def read() -> None:
        lead = client.get(f"/api/v4/leads/{lead_id}", params={"with": "contacts"}, headers=headers).json()
        ids = [("filter[id][]", str(one["id"])) for one in lead["_embedded"]["contacts"]]
        client.get("/api/v4/contacts", params=[*ids, ("limit", "250")], headers=headers).json()

    return read


def _peer(played: Stage, token: str, loop: asyncio.Runner) -> Callable[[], None]:
    """The package `aioamocrm` with a living token: the same two reads, without our proofs, rights and database."""
    domain, lead_id = played.domains[0], played.leads[played.domains[0]]
    client = httpx.AsyncClient(headers={"Host": domain}, trust_env=False)
    amo = AmoCRMClient(auth=LongLivedToken(token), base_url=played.simulator.url, http=client, rate_limit=None)

    async def reads() -> None:
        lead = await amo.leads.get(lead_id, with_=["contacts"])
        ids = [one.id for one in (lead.embedded.contacts if lead.embedded else None) or []]
        assert [one.id async for one in amo.contacts.iterate(filter={"id": ids})]

    return lambda: loop.run(reads())


def measure(repeats: int, latency: float) -> dict[str, Any]:
    with stage(accounts=1) as played, machine.watched() as told, redirect_stdout(StringIO()):
        runtime = Runtime.build(played.settings)
        row = integrations.by_domain(runtime.database, played.domains[0], "glass")
        assert row is not None
        assert row.access_token is not None
        token = runtime.keyring.decrypt(row.access_token, row.id, "access_token")
        _with_a_contact(played, token)
        played.simulator.control("latency", seconds=latency)
        with httpx.Client(base_url=played.simulator.url, trust_env=False) as client, asyncio.Runner() as loop:
            sides = _ours(played, runtime), _bare(played, token, client), _peer(played, token, loop)
            wall: list[list[float]] = [[] for _ in sides]
            cpu = [0.0 for _ in sides]
            for turn in range(repeats + 3):
                for side, read in enumerate(sides):
                    time.sleep(_PACE_SECONDS)
                    began, used = time.perf_counter(), time.process_time()
                    read()
                    if turn >= 3:  # warm
                        wall[side].append(time.perf_counter() - began)
                        cpu[side] += time.process_time() - used
        memory = psutil.Process().memory_info().rss / 1e6
        runtime.close()
    ours, bare, peer = (sorted(times) for times in wall)
    return {
        "latency_ms": latency * 1000,
        "reads": repeats,
        "get_lead_ms": {"p50": _ms(statistics.median(ours)), "p99": _ms(ours[int(len(ours) * 0.99) - 1])},
        "bare_httpx_ms": {"p50": _ms(statistics.median(bare)), "p99": _ms(bare[int(len(bare) * 0.99) - 1])},
        "aioamocrm_ms": {"p50": _ms(statistics.median(peer)), "p99": _ms(peer[int(len(peer) * 0.99) - 1])},
        "p50_ratio": round(statistics.median(ours) / statistics.median(bare), 3),
        "cpu_ms_a_read": {
            name: _ms(used / repeats) for name, used in zip(("get_lead", "bare_httpx", "aioamocrm"), cpu, strict=True)
        },
        "cpu_ratio": round(cpu[0] / cpu[1], 2),
        "resident_mb": round(memory, 1),
        "machine": told,
    }


def _with_a_contact(played: Stage, token: str) -> None:
    domain = played.domains[0]
    headers = {"Host": domain, "Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=played.simulator.url, trust_env=False, headers=headers) as client:
        made = client.post("/api/v4/contacts", json=[{"name": "Мария"}]).json()
        link = [{"to_entity_id": made["_embedded"]["contacts"][0]["id"], "to_entity_type": "contacts"}]
        assert client.post(f"/api/v4/leads/{played.leads[domain]}/link", json=link).status_code == 200


def own_speed(seconds: float) -> dict[str, Any]:
    """Requests a second of one instance, one at a time, that need the database and not amoCRM."""
    with stage(accounts=1) as played, redirect_stdout(StringIO()):
        runtime = Runtime.build(played.settings)
        read = _ours(played, runtime)
        headers = _request_headers(played)
        count, until = 0, time.perf_counter() + seconds
        read()
        while time.perf_counter() < until:
            assert serve(handle, runtime, Request("GET", "/connection_status", (), headers)).status == 200
            count += 1
        runtime.close()
    return {"connection_status_a_second": round(count / seconds)}


def _request_headers(played: Stage) -> Headers:
    domain, now = played.domains[0], int(time.time())
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600, "account_domain": domain}
    token = jwt.encode(claims | {"widget_type": "glass"}, APP_SECRET, algorithm="HS256")
    return Headers({"Authorization": f"Bearer {token}", "X-Lead-Id": str(played.leads[domain])}.items())


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


@click.command()
@click.option("--repeats", default=100, show_default=True)
@click.option("--latency", default=0.04, show_default=True, help="Seconds before each answer of the simulator.")
def main(repeats: int, latency: float) -> None:
    """Prints JSON."""
    click.echo(json.dumps({"get_lead": measure(repeats, latency), "one_instance": own_speed(5)}, indent=2))


if __name__ == "__main__":
    main()
