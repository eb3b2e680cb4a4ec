"""A town that loses its database: people's work, hours that fly, backups, the loss, and what an operator does then."""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
import httpx

from benchmarks.load import aftermath
from benchmarks.load.aftermath import Scene, accepted
from benchmarks.load.backup import Backup
from benchmarks.load.ledger import rows_of
from benchmarks.load.town import Town
from tests.demo import ROOT

LATENCY: Final = 0.1
_SILENT_SHARE: Final = 6  # every so manyth account's amoCRM does not answer when the backup is made, or the loss comes
_WITHIN_SECONDS: Final = 900.0
_WHO: Final = "Customers Writers"

_HELD = """
SELECT (SELECT count(*) FROM amocrm_deliveries WHERE lease_until > amocrm_now())
     + (SELECT count(*) FROM amocrm_integrations WHERE lease_until > amocrm_now())
"""
_WAITING = "SELECT count(*) FROM amocrm_deliveries WHERE state = 'accepted'"
_DEAD = """
SELECT i.account_domain, d.problem_code FROM amocrm_deliveries d
JOIN amocrm_integrations i ON i.id = d.integration_id WHERE d.state = 'dead'
"""


@dataclass
class LostTown:
    """A town, what happens to it, and what was found. `took`: seconds of each stage, in their order."""

    town: Town
    folder: Path
    rng: random.Random
    journal: Path
    people: int
    seconds: float  # so long they work at a time, at least
    writes: int  # and so many are accepted, at least, half of them before what happens in the middle
    took: dict[str, float] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    connected_since: list[str] = field(default_factory=list)  # the backup
    new: set[int] = field(default_factory=set)  # their ids
    scenes: dict[str, dict[str, int]] = field(default_factory=dict)

    began: float = field(default_factory=time.monotonic)

    def say(self, what: str) -> None:
        click.echo(f"{time.monotonic() - self.began:6.1f} s  {what}", err=True)

    # Work, and hours.

    @contextmanager
    def work(self) -> Iterator["Work"]:
        """People do, until this ends; nobody is in the middle of anything then."""
        people = Work(self, self.town.people(_WHO, _WITHIN_SECONDS, self.people, self.town.addresses["crm_api"]))
        yield people
        people.process.terminate()
        people.process.wait(_WITHIN_SECONDS)

    def ring(self, *functions: str) -> None:
        for function in functions:
            httpx.post(self.town.addresses[function], json={}, timeout=120, trust_env=False)

    def hours(self, hours: float) -> None:
        """Nobody is in the middle of anything: for whoever holds a lease, time does not fly."""
        ends = time.monotonic() + _WITHIN_SECONDS
        while rows_of(self.town, _HELD)[0][0]:
            assert time.monotonic() < ends, "leases are held for ever"
            time.sleep(0.1)
        self.town.played.clock.advance(hours=hours)
        self.ring("refresh_tokens", "run_deliveries")

    def finish(self) -> None:
        """All deliveries that can be carried out are."""
        ends = time.monotonic() + _WITHIN_SECONDS
        while True:
            self.ring("run_deliveries")
            if not rows_of(self.town, _WAITING)[0][0]:
                break
            if time.monotonic() > ends:
                self.violations.append(f"deliveries are left after {_WITHIN_SECONDS:.0f} s")
                break
            self.hours(0.25)
        self.violations += [f"a delivery of {domain} is dead: {code}" for domain, code in rows_of(self.town, _DEAD)]

    @contextmanager
    def silent(self, number: int) -> Iterator[None]:
        """amoCRM answers nothing to some accounts: what they accept waits."""
        for domain in self.town.played.domains[number::_SILENT_SHARE]:
            host = re.escape(domain)
            facts = {"path": "/(api|v1.0)/.*", "host": host, "times": 10**9}
            self.town.played.simulator.fault(kind="status", status=504, **facts)
        yield
        self.town.played.simulator.control("no-faults")
        self.town.played.simulator.control("latency", seconds=LATENCY)

    def connect_more(self, count: int) -> None:
        played = self.town.played
        made = played.simulator.control("accounts", count=count, client_id=played.client_id)
        secret = played.simulator.control("change-integration", client_id=played.client_id)["secret"]
        with played.runtime() as runtime:
            for account in made["accounts"]:
                played.connect(runtime, account["domain"], secret)
                played.leads[account["domain"]] = account["lead"]
                self.connected_since.append(account["domain"])
                self.new.add(account["id"])

    @property
    def accounts(self) -> list[str]:
        return [*self.town.played.domains, *self.connected_since]

    # The loss, and what people do about it.

    def back_up(self, name: str) -> Backup:
        return Backup.taken(self.town.played.postgres, self.folder / name, self.town.played.clock.now())

    def lose(self) -> None:
        """PostgreSQL crashes, and nothing of it is left. Functions find none while it is restored: their address is
        switched to the new one when all is done."""
        self.town.bouncer.stop()
        self.town.crash_database()
        shutil.rmtree(self.town.played.postgres.pgdata)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.took[name] = round(time.monotonic() - began, 2)

    def command(self, *arguments: str) -> tuple[int, str]:
        """Of `python -m cli`: how it ended, and what it said. It goes to PostgreSQL itself."""
        environment = (
            os.environ | self.town.environment | {"DATABASE_URL": self.town.played.environment["DATABASE_URL"]}
        )
        command = [sys.executable, "-m", "benchmarks.load.moved", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def restore(self, backup: Backup, scene: Scene, *, marks: bool = False) -> tuple[tuple[int, str], dict[str, int]]:
        """What docs/operations.md says, from a lost database to functions that have one again; what `restore-tokens`
        said, and the rows' versions before it."""
        with self.stage("database put back"):
            backup.put_back(self.town.played.postgres)
            self.town.played.clock.advance(seconds=0)  # the table of the moved clock has gone back, too
        if marks:
            with self.stage("mark-restored"):
                code, words = self.command("mark-restored", "--lost-since", f"{backup.at:%Y-%m-%dT%H:%M:%S%z}")
            self.violations += [f"mark-restored ended with {code}: {words[-300:]}"] * bool(code)
        before = aftermath.versions(self.town)
        with self.stage("restore-tokens --apply"):
            told = self.command("restore-tokens", "--apply")
        self.town.bouncer.start()
        return told, before


@dataclass
class Work:
    run: LostTown
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)
    before: int = -1

    def __post_init__(self) -> None:
        self.before = len(accepted(self.run.town))

    def go_on(self, share: float) -> None:
        """Until that share of the time is over, and of the writes accepted."""
        while (
            time.monotonic() - self.began < share * self.run.seconds
            or len(accepted(self.run.town)) - self.before < share * self.run.writes
        ):
            assert self.process.poll() is None, "people have gone before their time"
            time.sleep(0.1)
