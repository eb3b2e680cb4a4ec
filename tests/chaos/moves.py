"""`make chaos-moves`: accounts go from one cell to another and back while people save (row O3).

Two databases, each with its functions: they accept, carry out and refresh all the time; tokens are due all the time;
and the command is killed now and then.
Whoever is told to come again comes again, as the client does; whoever is told that the account has moved goes there.
After each move somebody comes to the old cell who has not heard of it: they are told, and nothing of theirs is stored.
At the end the simulator's ground truth is compared with what was accepted.
"""

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import click
import jwt
import psycopg
from msgspec import structs

from cli import embedded, migrations
from functions.crm_api.handler import handle
from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from shared.deliveries.rows import reference
from shared.platform.config import Settings
from shared.platform.http import Headers, Request, Response
from shared.platform.middleware import serve
from shared.platform.secret import Secret
from shared.runtime import Runtime
from tests import clocks
from tests.chaos import planted_in_towns
from tests.chaos.stage import ROOT, Stage, stage
from tests.story import APP_SECRET, calculation

_ACCOUNTS: Final = 4
_WRITERS: Final = 6
_REPEATED: Final = 0.2  # of the writes are sent once more when they were accepted
_MOST_SECONDS: Final = 60.0  # for one write, until it is accepted
_ALL_DUE: Final = "UPDATE amocrm_integrations SET refresh_due_at = now() WHERE status = 'connected'"
_LIVING: Final = """
SELECT i.account_domain FROM amocrm_integrations i LEFT JOIN amocrm_moves m ON m.integration_id = i.id
WHERE i.status = 'connected' AND m.state IS NULL
"""
_UNDER_WAY: Final = "SELECT 1 FROM amocrm_moves WHERE state <> 'left'"
_ROWS: Final = "SELECT idempotency_key, id, state FROM amocrm_deliveries"
_LATE: Final = 10**6  # numbers of the writes of those who come too late


@dataclass
class Cell:
    url: str  # of the tables' owner
    settings: Settings

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@dataclass
class Play:
    stage: Stage
    cells: tuple[Cell, Cell]
    open: list[int]  # numbers of the writes that nobody has begun
    lives_in: dict[str, int] = field(default_factory=dict)  # domain -> cell, as callers know
    accepted: dict[int, str] = field(default_factory=dict)  # number -> its delivery
    # Seconds from the first 503 of a write until it was sent and accepted (carrying it out takes its own time at these
    # accounts' rates); True: the command was killed meanwhile.
    pauses: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    is_killed: bool = False  # the move that is under way
    violations: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    late: int = 0  # who came to the old cell after the end of a move
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, seed: int) -> None:
        """The life of somebody who saves, at a pace that the accounts' rates allow."""
        rng = random.Random(seed)
        runtimes = [Runtime.build(cell.settings) for cell in self.cells]
        while True:
            with self.lock:
                if not self.open:
                    break
                number = self.open.pop()
            domain = self.stage.domains[number % len(self.stage.domains)]
            for _ in range(1 + (rng.random() < _REPEATED)):
                self._until_accepted(runtimes, domain, number)
        for runtime in runtimes:
            runtime.close()

    def _until_accepted(self, runtimes: list[Runtime], domain: str, number: int) -> None:
        began, refused_at, was_killed = time.monotonic(), None, False
        while time.monotonic() - began < _MOST_SECONDS:
            asked_at = time.monotonic()
            answer = serve(handle, runtimes[self.lives_in[domain]], self._request(domain, number))
            told = json.loads(answer.body)
            self.answers[f"{answer.status} {told.get('code', '')}".strip()] += 1
            self._says_when(answer, told, f"write {number}")
            if answer.status in (200, 202):
                with self.lock:
                    if self.accepted.setdefault(number, told["delivery_id"]) != told["delivery_id"]:
                        self.violations.append(f"write {number} was accepted as two deliveries")
                    if refused_at is not None:
                        self.pauses[was_killed].append(asked_at - refused_at)
                return
            if answer.status not in (429, 503):
                self.violations.append(f"write {number} was answered {answer.status} {told.get('code')}")
                return
            if told["code"] == "account_moved":
                self.lives_in[domain] = self._elsewhere(domain)
            if told["code"].startswith("account_mov") and refused_at is None:
                refused_at = time.monotonic()
            was_killed = was_killed or self.is_killed
            time.sleep(min(float(dict(answer.headers).get("Retry-After", 1)), 2.0) * 0.5)
        self.violations.append(f"write {number} was not accepted within {_MOST_SECONDS:.0f} s")

    def _says_when(self, answer: Response, told: dict[str, Any], who: str) -> None:
        """Whoever is to come again is told when."""
        after = dict(answer.headers).get("Retry-After", "")
        if answer.status in (429, 503) and not (after.isdigit() and int(after) > 0):
            self.violations.append(f"{who} is to come again ({told.get('code')}), and is not told when")

    def come_late(self, cell: Cell) -> None:
        """Somebody of each account comes to the cell that it has left: with a write, and to read."""
        with closing(Runtime.build(cell.settings)) as runtime:
            for domain in self.stage.domains:
                number = _LATE + self.late
                self.late += 1
                write = self._request(domain, number)
                for request in (write, structs.replace(write, method="GET", path="/get_lead", body=b"")):
                    answer = serve(handle, runtime, request)
                    told = json.loads(answer.body)
                    who = f"who came late to the old cell ({request.path}, {number})"
                    self._says_when(answer, told, who)
                    if (answer.status, told.get("code")) != (503, "account_moved"):
                        self.violations.append(f"{who} was answered {answer.status} {told.get('code')}")

    def _elsewhere(self, domain: str) -> int:
        """Where the account's address leads to by now."""
        found = [number for number, cell in enumerate(self.cells) if (domain,) in cell.rows(_LIVING)]
        return found[0] if found else self.lives_in[domain]

    def _request(self, domain: str, number: int) -> Request:
        now = int(time.time())
        claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600}
        token = jwt.encode(claims | {"account_domain": domain, "widget_type": "glass"}, APP_SECRET, algorithm="HS256")
        headers = {
            "Authorization": f"Bearer {token}",
            "X-Lead-Id": str(self.stage.leads[domain]),
            "Idempotency-Key": f"write-{number}",
        }
        body = json.dumps(calculation(number=f"N-{number}") | {"options": {"products": False, "pdf": "none"}})
        return Request("POST", "/save_calculation", (), Headers(headers.items()), body.encode())

    def work(self, cell: Cell) -> None:
        """The scheduled functions of a cell, one after the other, all the time."""
        with closing(Runtime.build(cell.settings)) as runtime:
            while not self.over.is_set():
                with suppress(psycopg.Error):  # one of them moves at this moment
                    cell.rows(_ALL_DUE)
                refresh_tokens(runtime, 1.0)
                run_deliveries(runtime, 1.0)
                self.over.wait(0.3)

    def move(self, here: int, rng: random.Random, kill: bool) -> float:
        """All accounts of a cell to the other one; how long the longest was without a cell that accepts, by the command
        itself. `kill`: first the command is killed in the middle of it, at any instant."""
        program = "tests.chaos.planted_in_towns" if planted_in_towns.VARIABLE in os.environ else "cli"
        command = [sys.executable, "-m", program, "move-account", "--all"]
        command += ["--database-url", self.cells[here].url, "--to", self.cells[1 - here].url]
        environment = os.environ | self.stage.environment
        self.is_killed = kill
        if kill:
            victim = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            while (
                not self.cells[here].rows("SELECT 1 FROM amocrm_moves WHERE state <> 'left'") and victim.poll() is None
            ):
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.4))
            victim.send_signal(signal.SIGKILL)
            self.kills += int(victim.wait() == -signal.SIGKILL)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            self.violations.append(f"move-account: {done.stderr or done.stdout}")
        told = [line.rpartition("accepted for ")[2] for line in done.stdout.splitlines() if "accepted for" in line]
        return max((float(one.removesuffix(" s")) for one in told), default=0.0)

    def settle(self) -> None:
        for cell in self.cells:
            with closing(Runtime.build(cell.settings)) as runtime:
                ends = time.monotonic() + 150  # longer than a lease
                while cell.rows("SELECT 1 FROM amocrm_deliveries WHERE state = 'accepted'") and time.monotonic() < ends:
                    run_deliveries(runtime, 5.0)
                    time.sleep(0.5)

    def compare(self) -> None:
        """Each accepted write is a note, once; no refresh token was sent twice; each account lives in one cell."""
        stored = [row for cell in self.cells for row in cell.rows(_ROWS)]
        states = {key: (str(id_), state) for key, id_, state in stored}
        if len(states) != len(stored):
            self.violations.append(f"{len(stored) - len(states)} deliveries are in both cells")
        self.violations += [f"{key} of somebody who came late is stored" for key in states if _is_late(key)]
        notes = Counter(str(one["text"]).rpartition("ref:")[2] for one in self.stage.simulator.effects("note.created"))
        for number, id_ in sorted(self.accepted.items()):
            found = states.get(f"write-{number}")
            mark = reference(UUID(id_)).removeprefix("ref:")
            if found != (id_, "delivered") or notes[mark] != 1:
                self.violations.append(f"write {number} ({id_}) is {found}, and amoCRM has {notes[mark]} notes of it")
        if sum(notes.values()) != len(self.accepted):
            self.violations.append(f"{sum(notes.values())} notes for {len(self.accepted)} writes")
        refused = self.stage.simulator.effects("grant.refused")
        used = Counter(one["old"] for one in self.stage.simulator.effects("token.refreshed"))
        self.violations += [f"a refresh token was refused: {one}" for one in refused]
        self.violations += [f"a refresh token was used {count} times" for count in used.values() if count > 1]
        living = Counter(domain for cell in self.cells for (domain,) in cell.rows(_LIVING))
        if living != Counter(self.stage.domains):
            self.violations.append(f"accounts live in so many cells: {dict(living)}")


def play(writes: int, moves: int, kills: int, seed: int) -> dict[str, Any]:
    """`{writes, moves, …, violations}`; pauses in seconds."""
    rng = random.Random(seed)
    with stage(_ACCOUNTS) as played:
        cells = (_cell(played, None), _cell(played, "other_cell"))
        run = Play(played, cells, list(range(writes)), dict.fromkeys(played.domains, 0))
        writers = [threading.Thread(target=run.write, args=(rng.getrandbits(32),)) for _ in range(_WRITERS)]
        scheduled = [threading.Thread(target=run.work, args=(cell,)) for cell in cells]
        for thread in (*writers, *scheduled):
            thread.start()
        by_command, killed = [], set(rng.sample(range(moves), k=min(kills, moves)))
        for number in range(moves):
            # Spread over what is written: the last one begins while there is something left.
            while len(run.accepted) < (number + 0.5) / (moves + 1) * writes and any(one.is_alive() for one in writers):
                time.sleep(0.05)
            by_command.append(run.move(number % 2, rng, number in killed))
            run.come_late(cells[number % 2])
        for thread in writers:
            thread.join()
        run.over.set()
        for thread in scheduled:
            thread.join()
        run.settle()
        run.compare()
        refreshes = len(played.simulator.effects("token.refreshed"))
    return {
        "writes": len(run.accepted),
        "moves": moves * _ACCOUNTS,
        "command_killed": run.kills,
        "refreshes": refreshes,
        "came_late": run.late,
        "answers": dict(sorted(run.answers.items())),
        "pause_s": {name: _told(run.pauses[killed]) for name, killed in (("moved", False), ("command_killed", True))},
        "longest_by_the_command_s": max(by_command, default=0.0),
        "violations": run.violations,
    }


def _is_late(key: str) -> bool:
    return int(key.removeprefix("write-")) >= _LATE


def _told(pauses: list[float]) -> dict[str, float]:
    return {
        "writes": len(pauses),
        "median": round(statistics.median(pauses or [0.0]), 1),
        "longest": round(max(pauses, default=0.0), 1),
    }


def _cell(played: Stage, name: str | None) -> Cell:
    url, runtime_url = str(played.postgres.get_uri()), played.settings.database_url.reveal()
    if name is not None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = str(played.postgres.get_uri(database=name))
        migrations.migrate(url)
        runtime_url = url.replace("//postgres:@", f"//{embedded.RUNTIME_LOGIN}@")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(clocks.INSTALL)
    return Cell(url, structs.replace(played.settings, database_url=Secret(runtime_url)))


@click.command()
@click.option("--writes", default=1000, show_default=True)
@click.option("--moves", default=10, show_default=True, help="Of all accounts, there and back by turns.")
@click.option("--kills", default=5, show_default=True, help="Moves whose command is killed in the middle of it.")
@click.option("--seed", default=None, type=int)
def main(writes: int, moves: int, kills: int, seed: int | None) -> None:
    """Moves accounts between two cells under load, and prints JSON; ends with 1 when something was violated."""
    began, chosen = time.monotonic(), seed if seed is not None else random.SystemRandom().getrandbits(32)
    # What the functions log would stand among the figures.
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    found = play(writes, moves, kills, chosen)
    os.dup2(out, 1)
    summary = {"ok": not found["violations"]} | found | {"seed": chosen, "seconds": round(time.monotonic() - began, 1)}
    click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(0 if summary["ok"] else 1)


if __name__ == "__main__":
    main()
