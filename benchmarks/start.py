"""How long a cold start takes, of what is deployed: the unzipped package, in which nothing can be written.

A new process imports a function and its runtime is built, against bare imports of the libraries that it needs. Both are
whole processes, by turns; what must not be imported before it is needed is looked for.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import click
import jwt

from cli import package
from shared.storage.encryption import generate_key
from tests.chaos.stage import stage
from tests.story import APP_SECRET

_LIBRARIES = "httpx, msgspec, psycopg, cryptography.hazmat.primitives.ciphers.aead"
_LATE = ("typst", "boto3", "flask", "functions_framework", "jwt", "phonenumbers", "python_multipart")
_FUNCTIONS = ("amocrm_events", "oauth_callback", "crm_api", "refresh_tokens", "run_deliveries")


def _environment() -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",  # a connection is opened by the first statement
        "ENCRYPTION_KEYS": f"k1:{generate_key()}",
        "OAUTH_REDIRECT_URI": "https://functions.example/oauth_callback",
        "CRM_API_URL": "https://functions.example/crm_api",
        "ADMIN_TOKENS": "a-token-of-an-administrator-0123456789",
    }


def _unpacked(name: str, folder: Path) -> Path:
    """As Lambda lays it out; nothing is compiled anew."""
    archive, place = folder / f"{name}.zip", folder / name
    package.build(name, "local", archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(place)
    return place


def _run(code: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-P", "-c", code]  # of this machine's libraries none
    return subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own code


def _seconds(code: str, environ: dict[str, str]) -> float:
    return _taken(code, environ)[0]


def _taken(code: str, environ: dict[str, str]) -> tuple[float, float]:
    """Seconds, and seconds of CPU."""
    started, used = time.perf_counter(), _used()
    _run(code, environ)
    return time.perf_counter() - started, _used() - used


def _used() -> float:
    """By processes that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def measure(repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return _measured(repeats, Path(folder))


def _measured(repeats: int, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    environ = _environment() | {"PYTHONDONTWRITEBYTECODE": "1"}
    empty = statistics.median(_seconds("pass", environ) for _ in range(repeats))
    for name in _FUNCTIONS:
        environ["PYTHONPATH"] = str(_unpacked(name, folder))
        own, bare = [], []
        for _ in range(repeats):
            own.append(_taken(f"import functions.{name}.main", environ))
            # A client, too: its TLS context is most of what httpx costs, and every function makes one.
            bare.append(_taken(f"import {_LIBRARIES}; httpx.Client()", environ))
        check = f"import sys, functions.{name}.main; print([one for one in {_LATE!r} if one in sys.modules])"
        early = _run(check, environ)
        (function, function_cpu), (libraries, libraries_cpu) = (
            map(statistics.median, zip(*taken, strict=True)) for taken in (own, bare)
        )
        found[name] = {
            "function_ms": round(function * 1000, 1),
            "libraries_ms": round(libraries * 1000, 1),
            # Of neighbours: what the machine does meanwhile it does to both.
            "ratio": round(statistics.median(one[0] / other[0] for one, other in zip(own, bare, strict=True)), 3),
            "cpu_ms": {"function": round(function_cpu * 1000, 1), "libraries": round(libraries_cpu * 1000, 1)},
            "cpu_ratio": round(function_cpu / libraries_cpu, 3),
            "ratio_without_python_itself": round((function - empty) / (libraries - empty), 3),
            "imported_too_early": early.stdout.strip(),
        }
    first = _first_answer(repeats, folder / "crm_api")
    return {"python_itself_ms": round(empty * 1000, 1), "functions": found, "first_get_lead": first}


# A new process until it has answered `get_lead`; and a copy of a snapshot, which has everything but its own runtime.
_FIRST = """
import json, os, sys, time
from functions.crm_api.main import aws_handler, instance
started = time.perf_counter()
if {is_restored}:
    instance._renew()
answer = aws_handler(json.loads(os.environ["FIRST_EVENT"]), None)
assert answer["statusCode"] == 200, answer
print("answered", (time.perf_counter() - started) * 1000)
"""
# The same with the libraries alone: the row, the deal, its contacts.
_BARE_FIRST = """
import json, os
import httpx, msgspec, psycopg, jwt, cryptography.hazmat.primitives.ciphers.aead
gateway = os.environ["AMOCRM_GATEWAY"]
with psycopg.connect(os.environ["DATABASE_URL"]) as connection, httpx.Client(base_url=gateway, trust_env=False) as http:
    connection.execute("SELECT * FROM amocrm_integrations").fetchall()
    headers = {"Authorization": "Bearer " + os.environ["FIRST_TOKEN"], "Host": os.environ["FIRST_DOMAIN"]}
    lead = http.get("/api/v4/leads/" + os.environ["FIRST_LEAD"], params={"with": "contacts"}, headers=headers).json()
    ids = [one["id"] for one in lead["_embedded"]["contacts"]]
    assert http.get("/api/v4/contacts", params={"filter[id][]": ids}, headers=headers).status_code == 200, ids
"""


def _first_answer(repeats: int, folder: Path) -> dict[str, float]:
    """Milliseconds of whole processes until `get_lead` is answered (the simulator answers at once), and of a copy."""
    with stage(accounts=1) as played, played.runtime() as runtime:
        played.simulator.control("limits", per_integration=10**6, per_account=10**6)
        domain = played.domains[0]
        played.add_contact(domain)
        now = int(time.time())
        claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600}
        claims |= {"account_domain": domain, "widget_type": "glass"}
        event = {
            "httpMethod": "GET",
            "path": "/get_lead",
            "headers": {
                "Authorization": f"Bearer {jwt.encode(claims, APP_SECRET, algorithm='HS256')}",
                "X-Lead-Id": str(played.leads[domain]),
            },
        }
        environ = os.environ | played.environment | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
        environ |= {"FIRST_EVENT": json.dumps(event), "FIRST_DOMAIN": domain, "FIRST_LEAD": str(played.leads[domain])}
        environ["FIRST_TOKEN"] = played.api(runtime, domain).access_token
        whole, bare, restored = [], [], []
        for _ in range(repeats):
            whole.append(_seconds(_FIRST.format(is_restored=False), environ) * 1000)
            bare.append(_seconds(_BARE_FIRST, environ) * 1000)
            told = _run(_FIRST.format(is_restored=True), environ).stdout
            restored.append(float(told.rpartition("answered ")[2]))
            time.sleep(0.4)  # two calls of seven a second
    ratio = statistics.median(one / other for one, other in zip(whole, bare, strict=True))
    names = {"new_process_ms": whole, "libraries_alone_ms": bare, "restored_copy_ms": restored}
    return {name: round(statistics.median(times), 1) for name, times in names.items()} | {"ratio": round(ratio, 3)}


@click.command()
@click.option("--repeats", default=31, show_default=True)
def main(repeats: int) -> None:
    """Prints JSON."""
    click.echo(json.dumps(measure(repeats), indent=2))


if __name__ == "__main__":
    main()
