"""What campaigns of kills have in common: rounds until enough processes are dead, the person, and the command."""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, LiteralString, Protocol
from uuid import UUID

import click
from msgspec import Struct
from msgspec.structs import replace

from shared.amocrm.transport import Limits, Transport
from shared.connections import integrations, token_escrow
from shared.connections.api_session import Connections
from shared.connections.integrations import Integration
from shared.runtime import Runtime
from tests.chaos.journal import Journal, JournaledRotation, entries, token_hash
from tests.chaos.killing import Killer
from tests.chaos.stage import Stage
from tests.chaos.worker import QuickClock

# What may happen to any call.
FAULTS: Final[list[dict[str, Any]]] = [
    {"kind": "delay", "seconds": 0.4},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "truncate"},
    {"kind": "timeout_after", "seconds": 0.3},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 504},
    {"kind": "html", "status": 200},
]

_MOST_ROUNDS: Final = 30  # beside one for each kill: a round has several

Play = Callable[..., dict[str, Any]]  # kills, seed, a campaign's own options -> the summary, with `violations`


class Driver(Protocol):
    killer: Killer

    def round(self, number: int) -> None: ...


def rounds(driver: Driver, kills: int, points: Collection[str]) -> int:
    """Until that many processes were killed at random instants, and one at each point. Returns how many there were.

    A point that nobody comes to, or workers that end by themselves, are violations, and no reason to go on for ever.
    """
    number, killed = 0, driver.killer.kills
    while killed["random"] < kills or min(killed[point] for point in points) < 1:
        if number >= _MOST_ROUNDS + kills:
            missing = [point for point in points if not killed[point]]
            told = f"after {number} rounds nobody was killed at {missing}" if missing else "too few were killed"
            driver.killer.violations.append(told)
            break
        driver.round(number)
        number += 1
    return number


def order_faults(stage: Stage, rng: random.Random, routes: Sequence[str], furthest: int = 5) -> int:
    """Some of a round, on some of the routes, within so many calls. Returns how many were ordered."""
    ordered = 0
    for _ in range(4):
        times = rng.randint(1, 3)
        fault = rng.choice(FAULTS) | {"path": rng.choice(routes), "times": times, "skip": rng.randint(0, furthest)}
        stage.simulator.fault(**fault)
        ordered += times
    return ordered


def quick_runtime(stage: Stage, journal: Journal) -> Runtime:
    """Of a worker: it waits for a short time only, for amoCRM as well as for others, and writes down what it knows."""
    base = Runtime.build(stage.settings, QuickClock())
    transport = Transport(stage.settings.amocrm_gateway, limits=Limits(connect=1.0, read=1.0, total=2.0))
    shared = (base.database, base.keyring, transport, base.clock, base.rotation.ahead)
    rotation = JournaledRotation(*shared, journal=journal, token_journal=base.rotation.token_journal)
    return replace(base, transport=transport, rotation=rotation, connections=Connections(rotation))


@dataclass
class Person:
    """Authorises accounts again that cannot go on without. What they may need that for is one thing only: amoCRM has
    consumed the stored refresh token, and its answer cannot have been kept. That is looked at for each, in the
    simulator's truth and in the journal of the process that had asked; what nobody can have helped is counted."""

    stage: Stage
    killer: Killer
    journal: Path
    came_for: Counter[str] = field(default_factory=Counter)  # accounts, by cause
    were_waiting: int = 0  # deliveries that an account had accepted, and that went on only then

    def come(self, runtime: Runtime) -> list[str]:
        """Violations: accounts that needed a person for any other cause."""
        simulator, violations = self.stage.simulator, []
        restore_spilled(self.stage, runtime)
        truth = simulator.control("truth")["effects"]
        refreshed = {effect["old"]: effect for effect in truth if effect["kind"] == "token.refreshed"}
        lost = {seq for effect in truth if effect["kind"] == "answer.lost" for seq in effect["effects"]}
        known = entries(self.journal)
        secret = simulator.control("change-integration", client_id=self.stage.client_id)["secret"]
        for row in rows(runtime):
            if row.status != "reauth_required":
                continue
            cause = self._cause(refreshed.get(held(runtime, row) or ""), lost, known)
            if cause in _NOBODY_COULD_HELP:
                self.came_for[cause] += 1
            else:
                told = story(runtime, "integration_id", row.id)
                violations.append(f"{row.account_domain} was cut off, {cause}: {row.problem_code}\n{told}")
            self.were_waiting += runtime.database.number(_WAITING, {"id": row.id})
            self.stage.connect(runtime, row.account_domain, secret)
        return violations

    def _cause(self, refreshed: dict[str, Any] | None, lost: set[int], known: list[dict[str, Any]]) -> str:
        if refreshed is None:
            return "its token was not consumed"
        reached = [one for one in known if one.get("new") == refreshed["new"]]
        if any(one["what"] != "received" for one in reached):
            return f"the answer was {reached[-1]['what']}"
        if reached:
            return "killed_before_storing" if reached[0]["pid"] in self.killer.killed else "the answer was not stored"
        if refreshed["seq"] in lost:
            return "answer_lost"
        asked = {one["pid"] for one in known if one.get("old") == refreshed["old"]}
        return "killed_before_the_answer" if asked & self.killer.killed else "the answer was not lost"


_NOBODY_COULD_HELP: Final = ("answer_lost", "killed_before_the_answer", "killed_before_storing")


def restore_spilled(stage: Stage, runtime: Runtime) -> int:
    """What an operator does after a night: `restore-spill` with the functions' log. How many it brought back."""
    log = stage.folder / "log"
    if not log.exists():
        return 0
    found = list(token_escrow.read(log.read_text(errors="replace")))
    return sum(runtime.rotation.restore(spilled) for spilled in found)


_WAITING = "SELECT count(*) FROM amocrm_deliveries WHERE integration_id = %(id)s AND state = 'accepted'"
_STORIES: Final[dict[str, LiteralString]] = {
    "integration_id": """
SELECT concat_ws(' ', at, kind, level, message) AS line FROM amocrm_events
WHERE integration_id = %(id)s ORDER BY id DESC LIMIT 40
""",
    "delivery_id": """
SELECT entry::text AS line FROM amocrm_deliveries, jsonb_array_elements(story) WITH ORDINALITY AS told (entry, turn)
WHERE id = %(id)s ORDER BY turn DESC LIMIT 40
""",
}


class _Line(Struct, frozen=True):
    line: str


def story(runtime: Runtime, of: Literal["integration_id", "delivery_id"], id_: UUID) -> str:
    """The last events of what is left, the newest first: they explain a violation when the run is over."""
    return "\n".join(f"    {one.line}" for one in runtime.database.all(_Line, _STORIES[of], {"id": id_}))


def rows(runtime: Runtime) -> list[Integration]:
    return integrations.page(runtime.database, None, 1000)


def held(runtime: Runtime, row: Integration) -> str | None:
    """The refresh token that the row holds, as the simulator names it."""
    if row.refresh_token is None:
        return None
    return token_hash(runtime.keyring.decrypt(row.refresh_token, row.id, "refresh_token"))


def command(play: Play, told: str) -> click.Command:
    """Plays, and prints the summary as JSON; ends with 1 when something was violated."""

    @click.command(help=f"{told} Prints a JSON summary.")
    @click.option("--kills", default=500, show_default=True, help="Processes to kill at random instants.")
    @click.option("--seed", default=None, type=int, help="To repeat a run's choices.")
    def main(kills: int, seed: int | None, **own: Any) -> None:
        started, chosen = time.monotonic(), seed if seed is not None else random.SystemRandom().getrandbits(32)
        found = play(kills, chosen, **own)
        summary: dict[str, Any] = {"ok": not found["violations"]} | found
        summary |= own | {"seed": chosen, "seconds": round(time.monotonic() - started, 1)}
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
        sys.exit(0 if summary["ok"] else 1)

    return main
