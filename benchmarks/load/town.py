"""A whole installation on this machine: PostgreSQL behind pgbouncer, `crm_api` under functions-framework with several
workers, the scheduled functions, and amoCRM with latency and many connected accounts.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import psutil
import psycopg

from cli import embedded
from tests.chaos.stage import Stage, stage
from tests.clocks import MovableClock
from tests.control import Simulator
from tests.demo import ROOT, free_port
from tests.owner import Owner
from tests.servers import Bouncer
from tests.story import APP_SECRET

WORKERS: Final = 3
_THREADS: Final = 8  # of each worker
_TOKEN_SECONDS: Final = 7 * 24 * 3600  # longer than any clock is moved
_WITHIN_SECONDS: Final = 60
_PLAIN: Final = ("nothing", "two_calls")  # handlers to compare with, in `plain.py`

_SAMPLE = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE usename = 'functions'),
       (SELECT count(*) FROM amocrm_deliveries WHERE state = 'accepted'),
       (SELECT count(*) FROM amocrm_integrations WHERE status <> 'connected')
"""


@dataclass
class Town:
    """`samples`: `{at, memory_mb, connections, waiting, cut_off}` a second; the last three None without a database."""

    played: Stage
    bouncer: Bouncer
    environment: dict[str, str]
    addresses: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]]
    facts: dict[str, Any] = field(default_factory=dict)  # what people are told, see people.py
    samples: list[dict[str, Any]] = field(default_factory=list)
    kills: int = 0
    habits: dict[str, str] = field(default_factory=dict)  # of people: what people.py reads of its environment

    def people(self, kinds: str, seconds: float, count: int, host: str) -> subprocess.Popen[bytes]:
        """Locust's people of these kinds at `host`; what they did stands in `did.jsonl` when the process has ended."""
        command = [
            "locust",
            "-f",
            str(Path(__file__).with_name("people.py")),
            *kinds.split(),
            "--headless",
            "--only-summary",
        ]
        command += ["--users", str(count), "--spawn-rate", str(count), "--run-time", f"{seconds:.0f}s", "--host", host]
        command += ["--stop-timeout", "20", "--loglevel", "ERROR", "--exit-code-on-error", "0"]
        with (self.played.folder / "people.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=os.environ | self.habits | {"LOAD_TOWN": str(self.played.folder / "town.json")},
                stdout=log,
                stderr=log,
            )

    @property
    def did(self) -> list[dict[str, Any]]:
        with suppress(FileNotFoundError), (self.played.folder / "did.jsonl").open() as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
        return []

    def forget(self) -> None:
        (self.played.folder / "did.jsonl").unlink(missing_ok=True)

    def crash_database(self) -> None:
        """PostgreSQL without a shutdown; its next start recovers from the log."""
        postmaster = int(Path(self.played.postgres.pgdata, "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGQUIT)
        psutil.Process(postmaster).wait(30)

    def sample(self) -> None:
        found: tuple[int | None, ...] = (None, None, None)
        with suppress(psycopg.Error), psycopg.connect(self.played.postgres.get_uri(), connect_timeout=1) as connection:
            found = connection.execute(_SAMPLE).fetchone() or found
        named = dict(zip(("connections", "waiting", "cut_off"), found, strict=True))
        memory = sum(one.memory_info().rss for one in workers(self.processes["crm_api"]))
        self.samples.append({"at": time.time(), "memory_mb": round(memory / 1e6, 1)} | named)

    def cpu_seconds(self, part: str) -> float:
        return sum(sum(one.cpu_times()[:2]) for one in workers(self.processes[part]))


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    found = psutil.Process(process.pid)
    return [found, *found.children(recursive=True)]


class FiledClock(MovableClock):
    """It moves the processes that look into the file, too (moved.py)."""

    def __init__(self, owner: Owner, simulator: Simulator, file: Path) -> None:
        super().__init__(owner, simulator)
        self._file = file
        self._write()

    def _move(self) -> None:
        self._write()
        super()._move()

    def _write(self) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(self._offset))
        fresh.replace(self._file)  # never half of it


@contextmanager
def town(
    accounts: int, latency: float, *, more: Mapping[str, str] | None = None, moves: bool = False
) -> Iterator[Town]:
    """Everything runs, and everybody is connected; afterwards everything is gone.

    `more`: of the functions' environment. `moves`: `played.clock` moves the functions' time, too; without handlers to
    compare with, and no token is due before its time.
    """
    with stage(accounts, more=more) as played:
        for domain in played.domains:
            played.add_contact(domain)
        played.simulator.control("limits", per_integration=7, per_account=50)
        played.simulator.control("latency", seconds=latency)
        if not moves:
            _spread_refreshes(played)
        embedded.runtime_url(played.postgres)
        bouncer = Bouncer(played.folder / "pgbouncer", played.postgres.get_uri(), embedded.RUNTIME_LOGIN)
        admin = secrets.token_hex(16)
        environment = played.environment | {"DATABASE_URL": bouncer.url(), "ADMIN_TOKENS": admin}
        if moves:
            file = played.folder / "moved-by"
            played.clock = FiledClock(played.clock.owner, played.simulator, file)
            environment["TOWN_CLOCK"] = str(file)
        made = Town(played, bouncer, environment, {}, {})
        try:
            for part in ("crm_api", "refresh_tokens", "run_deliveries", *(() if moves else _PLAIN)):
                start(made, part)
            _write_facts(made, admin)
            over = threading.Event()
            sampler = threading.Thread(target=_sampling, args=(made, over))
            sampler.start()
            try:
                yield made
            finally:
                over.set()
                sampler.join()
        finally:
            for process in made.processes.values():
                process.terminate()
            for process in made.processes.values():
                process.wait(30)
            bouncer.stop()


def start(made: Town, part: str) -> None:
    is_plain = part in _PLAIN
    source = "benchmarks/load/plain.py" if is_plain else f"functions/{part}/main.py"
    if "TOWN_CLOCK" in made.environment:
        source = "benchmarks/load/moved.py"
    port, count = free_port(), WORKERS if is_plain or part == "crm_api" else 1
    command = ["-m", "functions_framework", "--source", source, "--target", part if is_plain else "http"]
    environment = os.environ | made.environment | {"WORKERS": str(count), "THREADS": str(_THREADS)}
    environment["TOWN_FUNCTION"] = part
    with (made.played.folder / f"{part}.log").open("ab") as log:
        made.processes[part] = subprocess.Popen(
            [sys.executable, *command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    made.addresses[part] = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + _WITHIN_SECONDS
    while True:
        with suppress(httpx.HTTPError):
            httpx.get(f"{made.addresses[part]}/health", trust_env=False, timeout=2)
            return
        assert time.monotonic() < deadline, f"{part} did not start"
        time.sleep(0.1)


def _sampling(made: Town, over: threading.Event) -> None:
    while not over.wait(1.0):
        made.sample()


def _spread_refreshes(played: Stage) -> None:
    """Every fifth account's token is due some time during the next ten minutes."""
    with psycopg.connect(played.postgres.get_uri(), autocommit=True) as connection:
        connection.execute(
            "UPDATE amocrm_integrations SET refresh_due_at = now() + random() * interval '10 minutes' "
            "WHERE account_id % 5 = 0"
        )


def _write_facts(made: Town, admin: str) -> None:
    now = int(time.time())
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + _TOKEN_SECONDS, "widget_type": "glass"}
    accounts = [
        {
            "domain": domain,
            "lead": made.played.leads[domain],
            "token": jwt.encode(claims | {"account_domain": domain}, APP_SECRET, algorithm="HS256"),
        }
        for domain in made.played.domains
    ]
    facts: dict[str, Any] = {"accounts": accounts, "admin": admin, "did": str(made.played.folder / "did.jsonl")}
    facts["site"] = "https://shop.example"
    named = {"X-Account-Domain": made.played.domains[0], "X-Widget-Type": "glass"}
    proof = {"Authorization": f"Bearer {admin}"} | named
    body = {"name": "Shop", "origins": [facts["site"]]}
    address = f"{made.addresses['crm_api']}/create_site_key"
    facts["site_key"] = httpx.post(address, headers=proof, json=body, trust_env=False, timeout=20).json()["site_key"]
    facts["schedule"] = [made.addresses["refresh_tokens"], made.addresses["run_deliveries"]]
    made.facts = facts
    (made.played.folder / "town.json").write_text(json.dumps(facts))
