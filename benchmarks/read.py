"""What `get_lead` costs on a warm instance, against bare httpx and a peer making the same two calls.

And how many requests one instance answers in a second.

By turns in one process, against the same simulator. Times are taken with a latency; processor time, this process's own,
where each answer comes at once and one account is read after the other: so nobody's figure has in it what a core takes
to wake up after a pause, which on some machines is more than the reading.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Sequence
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


def _ours(played: Stage, runtime: Runtime, domain: str) -> Callable[[], None]:
    headers = _request_headers(played, domain)

    def read() -> None:
        answer = serve(handle, runtime, Request("GET", "/get_lead", (), headers))
        assert answer.status == 200, answer.body

    return read


def _bare(played: Stage, token: str, client: httpx.Client, domain: str) -> Callable[[], None]:
    headers = {"Host": domain, "Authorization": f"Bearer {token}"}
    lead_id = played.leads[domain]

    def read() -> None:
        lead = client.get(f"/api/v4/leads/{lead_id}", params={"with": "contacts"}, headers=headers).json()
        ids = [("filter[id][]", str(one["id"])) for one in lead["_embedded"]["contacts"]]
        client.get("/api/v4/contacts", params=[*ids, ("limit", "250")], headers=headers).json()

    return read


def _peer(
    played: Stage, token: str, loop: asyncio.Runner, client: httpx.AsyncClient, domain: str
) -> Callable[[], None]:
    """The package `aioamocrm` with a living token: the same two reads, without our proofs, rights and database."""
    lead_id = played.leads[domain]
    amo = AmoCRMClient(auth=LongLivedToken(token), base_url=played.simulator.url, http=client, rate_limit=None)

    async def reads() -> None:
        client.headers["Host"] = domain
        lead = await amo.leads.get(lead_id, with_=["contacts"])
        ids = [one.id for one in (lead.embedded.contacts if lead.embedded else None) or []]
        assert [one.id async for one in amo.contacts.iterate(filter={"id": ids})]

    return lambda: loop.run(reads())


def measure(repeats: int, latency: float) -> dict[str, Any]:
    with stage(accounts=repeats) as played, machine.watched() as told, redirect_stdout(StringIO()):
        runtime = Runtime.build(played.settings)
        peers = httpx.AsyncClient(trust_env=False)
        with httpx.Client(base_url=played.simulator.url, trust_env=False) as client, asyncio.Runner() as loop:

            def sides(domain: str) -> tuple[Callable[[], None], ...]:
                row = integrations.by_domain(runtime.database, domain, "glass")
                assert row is not None
                assert row.access_token is not None
                token = runtime.keyring.decrypt(row.access_token, row.id, "access_token")
                _with_a_contact(played, token, domain)
                return (
                    _ours(played, runtime, domain),
                    _bare(played, token, client, domain),
                    _peer(played, token, loop, peers, domain),
                )

            by_account = [sides(domain) for domain in played.domains]
            cpu = _processor_time(by_account)
            played.simulator.control("latency", seconds=latency)
            ours, bare, peer = _wall_time(by_account[0], repeats)
            loop.run(peers.aclose())
        memory = psutil.Process().memory_info().rss / 1e6
        runtime.close()
    return {
        "latency_ms": latency * 1000,
        "reads": repeats,
        "get_lead_ms": {"p50": _ms(statistics.median(ours)), "p99": _ms(ours[int(len(ours) * 0.99) - 1])},
        "bare_httpx_ms": {"p50": _ms(statistics.median(bare)), "p99": _ms(bare[int(len(bare) * 0.99) - 1])},
        "aioamocrm_ms": {"p50": _ms(statistics.median(peer)), "p99": _ms(peer[int(len(peer) * 0.99) - 1])},
        "p50_ratio": round(statistics.median(ours) / statistics.median(bare), 3),
        "cpu_ms_a_read": {
            name: _ms(used) for name, used in zip(("get_lead", "bare_httpx", "aioamocrm"), cpu, strict=True)
        },
        "cpu_ratio": round(cpu[0] / cpu[1], 2),
        "resident_mb": round(memory, 1),
        "machine": told,
    }


def _processor_time(by_account: Sequence[Sequence[Callable[[], None]]]) -> list[float]:
    """Seconds a read of each side. Each reads an account once: so none is told to wait, and nobody pauses."""
    for read in by_account[0]:  # warm
        read()
    time.sleep(1)
    used = [0.0 for _ in by_account[0]]
    for reads in by_account:
        for side, read in enumerate(reads):
            began = time.process_time()
            read()
            used[side] += time.process_time() - began
    return [one / len(by_account) for one in used]


def _wall_time(reads: Sequence[Callable[[], None]], repeats: int) -> list[list[float]]:
    """Seconds of each side's reads, sorted, of one account."""
    wall: list[list[float]] = [[] for _ in reads]
    for turn in range(repeats + 3):
        for side, read in enumerate(reads):
            time.sleep(_PACE_SECONDS)
            began = time.perf_counter()
            read()
            if turn >= 3:  # warm
                wall[side].append(time.perf_counter() - began)
    return [sorted(times) for times in wall]


def _with_a_contact(played: Stage, token: str, domain: str) -> None:
    headers = {"Host": domain, "Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=played.simulator.url, trust_env=False, headers=headers) as client:
        made = client.post("/api/v4/contacts", json=[{"name": "Мария"}]).json()
        link = [{"to_entity_id": made["_embedded"]["contacts"][0]["id"], "to_entity_type": "contacts"}]
        assert client.post(f"/api/v4/leads/{played.leads[domain]}/link", json=link).status_code == 200


def own_speed(seconds: float) -> dict[str, Any]:
    """Requests a second of one instance, one at a time, that need the database and not amoCRM."""
    with stage(accounts=1) as played, redirect_stdout(StringIO()):
        runtime = Runtime.build(played.settings)
        domain = played.domains[0]
        read = _ours(played, runtime, domain)
        headers = _request_headers(played, domain)
        count, until = 0, time.perf_counter() + seconds
        read()
        while time.perf_counter() < until:
            assert serve(handle, runtime, Request("GET", "/connection_status", (), headers)).status == 200
            count += 1
        runtime.close()
    return {"connection_status_a_second": round(count / seconds)}


def _request_headers(played: Stage, domain: str) -> Headers:
    now = int(time.time())
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
