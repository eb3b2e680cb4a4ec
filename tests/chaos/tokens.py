"""`make chaos-tokens`: no account is cut off by us, whatever is killed (row X1).

Rounds: tokens become due, several processes refresh and read at once, faults are on, PostgreSQL is restarted now and
then, and every process is killed: at a named point, or at a random instant. Between the rounds the clock moves on by
hours, which ends all leases, as waiting would. Afterwards the simulator's ground truth is compared with the rows.
With the token journal (37), an answer that has reached it needs no person, whatever is killed.
"""

import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from functions.refresh_tokens.run import run as refresh_tokens
from shared.connections import integrations
from shared.connections.rotation import LEASE
from shared.runtime import Runtime
from tests.chaos import campaign, worker
from tests.chaos.campaign import Person
from tests.chaos.journal import entries
from tests.chaos.killing import Killer, restart_postgres
from tests.chaos.stage import Stage, stage
from tests.chaos.worker import JOURNAL_POINTS, POINTS, Orders

_WORKERS = 6
_ACCOUNTS = 24
_LATENCY_SECONDS = 0.03
_DRAIN_SECONDS = 1.2  # longer than any delay that is ordered below, and than a dead process's request under way
_TOKEN_PATH = "/oauth2/access_token"

_FAULTS: list[dict[str, Any]] = [
    {"kind": "delay", "seconds": 0.4},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "truncate"},
    {"kind": "timeout_before", "seconds": 0.3},
    {"kind": "timeout_after", "seconds": 0.3},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 504},
    {"kind": "html", "status": 200},
]


@dataclass
class Findings:
    faults: int = 0
    restarts: int = 0
    spilled: int = 0
    violations: list[str] = field(default_factory=list)


class Driver:
    def __init__(self, played: Stage, seed: int, points: Sequence[str]) -> None:
        self.stage = played
        self._points = points
        self.rng = random.Random(seed)
        self.findings = Findings()
        self.journal = played.folder / "journal"
        self.log = played.folder / "log"
        self.killer = Killer(self.rng)
        self.person = Person(played, self.killer, self.journal)
        self._read_to = 0

    def round(self, number: int) -> None:
        """One round: everybody at once, and nobody survives."""
        rng, simulator = self.rng, self.stage.simulator
        self.stage.clock.advance(hours=rng.choice([19, 20, 24.1, 26]))
        simulator.control("latency", seconds=_LATENCY_SECONDS)
        for fault in rng.sample(_FAULTS, k=3):
            times = rng.randint(1, 3)
            simulator.fault(**fault, path=_TOKEN_PATH, times=times, skip=rng.randint(0, 6))
            self.findings.faults += times
        for point in [self.killer.next_point(self._points), *[None] * (_WORKERS - 1)]:
            orders = Orders(self.stage.settings, self.stage.domains, self.journal, self.log, rng.getrandbits(32), point)
            self.killer.start(worker.run, orders, point)
        if number % 12 == 5:
            restart_postgres(self.stage, rng)
            self.findings.restarts += 1
        self.killer.end_all(within=0.6)
        time.sleep(_DRAIN_SECONDS)
        simulator.control("no-faults")
        self._take_stock()

    def settle(self) -> None:
        """Without faults everything goes on; every account must then answer with its stored token."""
        self.stage.clock.advance(hours=26)
        with self.stage.runtime() as runtime:
            for _ in range(3):
                refresh_tokens(runtime, 60)
                self.stage.clock.advance(seconds=1000)
            self._reconnect(runtime)
            for domain in self.stage.domains:
                row = integrations.by_domain(runtime.database, domain, "glass")
                assert row is not None
                try:
                    runtime.connections.call(row, lambda api: api.account())
                except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
                    self.findings.violations.append(f"{domain} does not answer at the end: {error}")
        self._check_single_flight()

    def _take_stock(self) -> None:
        with self.stage.runtime() as runtime:
            self.findings.spilled += campaign.restore_spilled(self.stage, runtime)
            self._check_answers(runtime)
            self._reconnect(runtime)

    def _check_answers(self, runtime: Runtime) -> None:
        """An answer that reached a process must be kept, unless the process was killed on the way to storing it."""
        known = entries(self.journal)
        fresh, self._read_to = known[self._read_to :], len(known)
        outcomes = {one["new"]: one["what"] for one in fresh if one["what"] in ("stored", "superseded", "gave_up")}
        held = {hash_ for row in campaign.rows(runtime) if (hash_ := campaign.held(runtime, row))}
        used = {effect["old"] for effect in self.stage.simulator.effects("token.refreshed")}
        for entry in fresh:
            if entry["what"] != "received" or entry["new"] in held | used:
                continue
            outcome, pid = outcomes.get(entry["new"]), entry["pid"]
            if outcome is not None or pid not in self.killer.killed:
                told = outcome or "forgotten"
                self.findings.violations.append(f"an answer that reached process {pid} was {told}, and is nowhere")

    def _reconnect(self, runtime: Runtime) -> None:
        self.findings.violations += self.person.come(runtime)

    def _check_single_flight(self) -> None:
        """The same refresh token reached amoCRM twice only when the first lease was over."""
        seen: dict[str, float] = {}
        for effect in self.stage.simulator.control("truth")["effects"]:
            if effect["kind"] not in ("token.refreshed", "grant.refused"):
                continue
            before = seen.get(effect["old"])
            if before is not None and effect["at"] - before < LEASE.total_seconds() - 5:
                seconds = effect["at"] - before
                self.findings.violations.append(f"a token was sent twice within {seconds:.1f} s of one lease")
            seen[effect["old"]] = effect["at"]


def play(kills: int, seed: int, journal: bool = True) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="amojournal") as folder:
        points = JOURNAL_POINTS if journal else POINTS
        with stage(_ACCOUNTS, more={"TOKEN_JOURNAL_URL": f"file://{folder}"} if journal else {}) as played:
            driver = Driver(played, seed, points)
            number = campaign.rounds(driver, kills, points)
            driver.settle()
            refreshes = len(played.simulator.effects("token.refreshed"))
            with played.runtime() as runtime:
                restored = runtime.database.number(_RESTORED)
    found = driver.findings
    return {
        "rounds": number,
        "kills": dict(sorted(driver.killer.kills.items())),
        "faults_ordered": found.faults,
        "postgres_restarts": found.restarts,
        "refreshes_by_amocrm": refreshes,
        "pairs_restored_from_spill": found.spilled,
        "pairs_restored_from_the_journal": restored,
        "accounts_that_needed_a_person": dict(driver.person.came_for),
        "violations": found.violations + driver.killer.violations,
    }


_RESTORED = "SELECT count(*) FROM amocrm_events WHERE kind = 'token.restored'"

if __name__ == "__main__":
    command = campaign.command(play, "Kills processes that refresh tokens, and checks that no account was lost by us.")
    click.option("--journal/--no-journal", default=True, show_default=True, help="Each pair has a second home.")(
        command
    )
    command()
