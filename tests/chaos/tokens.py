"""`make chaos-tokens`: no account is cut off by us, whatever is killed (row X1).

Rounds: tokens become due, several processes refresh and read at once, faults are on, PostgreSQL is restarted now and
then, and every process is killed: at a named point, or at a random instant. Between the rounds the clock moves on by
hours, which ends all leases, as waiting would. Afterwards the simulator's ground truth is compared with the rows.
"""

import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import click

from functions.refresh_tokens.run import run as refresh_tokens
from shared.connections import integrations
from shared.connections import token_escrow as spill
from shared.connections.integrations import Integration
from shared.connections.rotation import LEASE
from shared.runtime import Runtime
from tests.chaos import worker
from tests.chaos.killing import Killer, restart_postgres
from tests.chaos.stage import Stage, stage
from tests.chaos.worker import POINTS, Orders, token_hash

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
    cut_off: Counter[str] = field(default_factory=Counter)  # accounts that needed a person, by cause
    violations: list[str] = field(default_factory=list)


class Driver:
    def __init__(self, played: Stage, seed: int, secret: str) -> None:
        self.stage = played
        self.rng = random.Random(seed)
        self.secret = secret
        self.findings = Findings()
        self.journal = played.folder / "journal"
        self.log = played.folder / "log"
        self.killer = Killer(self.rng)
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
        for point in [rng.choice(POINTS), *[None] * (_WORKERS - 1)]:
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
            self._restore_spill(runtime)
            self._check_answers(runtime)
            self._reconnect(runtime)

    def _restore_spill(self, runtime: Runtime) -> None:
        if self.log.exists():
            for spilled in spill.read(self.log.read_text().splitlines()):
                self.findings.spilled += runtime.rotation.restore(spilled)
            self.log.unlink()

    def _check_answers(self, runtime: Runtime) -> None:
        """An answer that reached a process must be kept, unless the process was killed on the way to storing it."""
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        entries = [json.loads(line) for line in lines[self._read_to :]]
        self._read_to = len(lines)
        stored = {entry["new"] for entry in entries if entry["what"] == "stored"}
        gave_up = {entry["new"] for entry in entries if entry["what"] == "gave_up"}
        held = {hash_ for row in _rows(runtime) if (hash_ := _held(runtime, row))}
        used = {effect["old"] for effect in self.stage.simulator.effects("token.refreshed")}
        for entry in entries:
            if entry["what"] != "received" or entry["new"] in stored | held | used:
                continue
            if entry["new"] in gave_up or entry["pid"] not in self.killer.killed:
                self.findings.violations.append(f"an answer that reached process {entry['pid']} was not kept")

    def _reconnect(self, runtime: Runtime) -> None:
        """An account may need a person only when amoCRM has consumed the stored token, and the answer is lost."""
        consumed = {effect["old"] for effect in self.stage.simulator.effects("token.refreshed")}
        for row in _rows(runtime):
            if row.status != "reauth_required":
                continue
            if _held(runtime, row) in consumed:
                self.findings.cut_off["consumed_and_answer_lost"] += 1
            else:
                self.findings.violations.append(f"{row.account_domain} was cut off: {row.problem_detail}")
            self.stage.connect(runtime, row.account_domain, self.secret)

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


def _rows(runtime: Runtime) -> list[Integration]:
    return integrations.page(runtime.database, None, 1000)


def _held(runtime: Runtime, row: Integration) -> str | None:
    if row.refresh_token is None:
        return None
    return token_hash(runtime.keyring.decrypt(row.refresh_token, row.id, "refresh_token"))


def play(kills: int, seed: int) -> dict[str, Any]:
    """Rounds until that many processes were killed at random instants. Returns the summary."""
    started = time.monotonic()
    with stage(_ACCOUNTS) as played:
        secret = played.simulator.control("change-integration", client_id=played.client_id)
        driver = Driver(played, seed, secret["secret"])
        rounds = 0
        while driver.killer.kills["random"] < kills or min(driver.killer.kills[point] for point in POINTS) < 1:
            driver.round(rounds)
            rounds += 1
        driver.settle()
        refreshes = len(played.simulator.effects("token.refreshed"))
    found = driver.findings
    return {
        "ok": not found.violations,
        "rounds": rounds,
        "kills": dict(sorted(driver.killer.kills.items())),
        "faults_ordered": found.faults,
        "postgres_restarts": found.restarts,
        "refreshes_by_amocrm": refreshes,
        "pairs_restored_from_spill": found.spilled,
        "accounts_that_needed_a_person": {name: count for name, count in found.cut_off.items() if count},
        "violations": found.violations,
        "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
    }


@click.command()
@click.option("--kills", default=500, show_default=True, help="Processes to kill at random instants.")
@click.option("--seed", default=None, type=int, help="To repeat a run's choices.")
def main(kills: int, seed: int | None) -> None:
    """Kills processes that refresh tokens, and checks that no account was lost by us. Prints a JSON summary."""
    summary = play(kills, seed if seed is not None else random.SystemRandom().getrandbits(32))
    click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(0 if summary["ok"] else 1)


if __name__ == "__main__":
    main()
