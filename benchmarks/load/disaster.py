"""`make disaster`: the database of a whole installation is lost under load, and restored from half a day's old backup.

People save while the backup is made, for half a day of a moved clock in which each account is refreshed, and while the
database is deleted. It is put back by PostgreSQL's own tool, then what docs/operations.md says is done. Afterwards each
account is called, callers repeat half of what they had sent since the backup, and everything in amoCRM is compared with
what was promised. Then it is lost once more for each state that the journal may be in: away, half of it lost, older
than the database. Red when an account or a write is lost that need not be, or nobody is told.
"""

import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import psycopg

from benchmarks.load import aftermath, disaster_picture
from benchmarks.load.aftermath import Lost, Scene, accepted
from benchmarks.load.backup import Backup
from benchmarks.load.ledger import press_again, rows_of
from benchmarks.load.lost_town import LATENCY, LostTown
from benchmarks.load.town import Town, town

_HOURS: Final = 12.0
_BEFORE_HOURS: Final = 10.0  # after all were connected: their tokens are due within the half day that follows

_KEYS = "SELECT idempotency_key FROM amocrm_deliveries"
_DUE = "UPDATE amocrm_integrations SET refresh_due_at = amocrm_now() WHERE account_domain = ANY(%s)"
_IDS = "SELECT account_domain, id FROM amocrm_integrations"
_ACCOUNTS = "SELECT account_domain, account_id FROM amocrm_integrations"


def half_a_day(run: LostTown, steps: int) -> Lost:
    """From the backup until all is as docs/operations.md says, and each account was called; people save all the time,
    and go on until somebody answers."""
    made = run.town
    run.say("all are connected")
    run.hours(_BEFORE_HOURS)
    with run.silent(0), run.work() as people:
        people.go_on(0.5)
        run.say("backup begins")
        backup_began = time.time()
        backup = run.back_up("backup")
        people.go_on(1.0)
    run.say("half a day")
    run.connect_more(max(1, len(made.played.domains) // 50))
    seen = len(_refreshes(made))
    for _ in range(steps - 1):
        run.hours(_HOURS / steps)
        with run.work() as people:
            people.go_on(1.0)
    run.hours(_HOURS / steps)
    refreshed = {one["account_id"] for one in _refreshes(made)[seen:]}
    idle = [domain for domain, id_ in rows_of(made, _ACCOUNTS) if id_ not in refreshed | run.new]
    run.violations += [f"{one} was not refreshed since the backup, so it shows nothing" for one in idle]
    with run.work() as people:
        with run.silent(1):
            people.go_on(1.0)
            run.say("the database is deleted")
            lost = Lost(backup_began, time.time())
            run.lose()
        call_all(run, backup, lost)
    return lost


def _refreshes(made: Town) -> list[dict[str, Any]]:
    return made.played.simulator.effects("token.refreshed")


def call_all(run: LostTown, backup: Backup, lost: Lost) -> None:
    """All is done that docs/operations.md says; then each account is called."""
    scene = Scene("with the journal", set(), set(), 0)
    began = time.monotonic()
    told, before = run.restore(backup, scene, marks=True)
    lost.known = {key for (key,) in rows_of(run.town, _KEYS)}
    with run.stage("each account called"):
        answers = aftermath.asked(run.town, run.accounts)
    run.took["whole"] = round(time.monotonic() - began, 2)
    run.say("every account was called")
    run.scenes[scene.name], violations = aftermath.judged(scene, told, answers, before, run.town)
    run.violations += violations


def repeat(run: LostTown, lost: Lost) -> dict[str, int]:
    """Callers send again what was accepted since the backup, half of it; then all is compared. What became of it."""
    made = run.town
    lines = {line["pressed"]: line for line in made.did if "pressed" in line}
    known = accepted(made)
    since = sorted(key for key, at in known.items() if at < lost.lost_at and key not in lost.known)
    lost.repeated = set(run.rng.sample(since, k=(len(since) + 1) // 2))
    lost.anew = aftermath.undone(made, lost.repeated)
    for key, line in lines.items():
        if key in lost.repeated or key not in known:
            press_again(made, line, key)
    run.say("repeated")
    run.finish()
    counts, violations = aftermath.compare(made, lost)
    run.violations += violations
    if not lost.repeated:
        run.violations.append("nobody has accepted anything since the backup, so nothing is shown")
    return counts


def other_scenes(run: LostTown) -> None:
    """Lost again, with a journal that helps less: who is cut off, and who is told of it."""
    made, accounts = run.town, run.accounts
    run.say("compared; other scenes")
    kept = shutil.copytree(run.journal, run.folder / "journal-old")
    run.hours(1)
    _refresh(run, accounts)
    backup = run.back_up("backup-2")
    run.hours(5)
    refreshed = set(run.rng.sample(accounts, k=len(accounts) // 2))
    _refresh(run, sorted(refreshed))
    ids = dict(rows_of(made, _IDS))
    gone = set(run.rng.sample(accounts, k=len(accounts) // 2))
    whole = run.journal.rename(run.folder / "journal-whole")

    def half() -> None:
        shutil.copytree(whole, run.journal)
        for domain in gone:
            for place in run.journal.glob(f"*/{ids[domain]}"):
                shutil.rmtree(place)

    scenes: list[tuple[Scene, Callable[[], object]]] = [
        (Scene("the journal is away", refreshed, None, 1), lambda: None),
        (Scene("half of the journal is lost", refreshed & gone, gone, 0), half),
        (
            Scene("the journal is older than the database", refreshed, set(accounts), 0),
            lambda: shutil.copytree(kept, run.journal),
        ),
    ]
    seen = len(_refreshes(made))
    for scene, prepare in scenes:
        run.say(scene.name)
        run.lose()
        shutil.rmtree(run.journal, ignore_errors=True)
        prepare()
        told, before = run.restore(backup, scene)
        answers = aftermath.asked(made, accounts)
        run.scenes[scene.name], violations = aftermath.judged(scene, told, answers, before, made)
        run.violations += violations
    if used := _refreshes(made)[seen:]:
        run.violations.append(f"{len(used)} tokens were used meanwhile, so the scenes are not one another's like")


def _refresh(run: LostTown, domains: list[str]) -> None:
    with psycopg.connect(run.town.played.postgres.get_uri(), autocommit=True) as connection:
        connection.execute(_DUE, (domains,))
    run.ring("refresh_tokens")


def play(accounts: int, people: int, pace: float, seconds: float, writes: int, steps: int, seed: int) -> dict[str, Any]:
    """`{accounts, rto_s, rpo, scenes, violations}`. `pace`: requests a second of each person."""
    with tempfile.TemporaryDirectory(prefix="amodisaster") as name:
        folder = Path(name)
        (folder / "journal").mkdir()
        more = {"TOKEN_JOURNAL_URL": f"file://{folder / 'journal'}"}
        with town(accounts, LATENCY, more=more, moves=True) as made:
            made.habits = {"LOAD_SEED": str(seed), "LOAD_PACE": str(pace)}
            run = LostTown(made, folder, random.Random(seed), folder / "journal", people, seconds, writes)
            lost = half_a_day(run, steps)
            took = dict(run.took)
            rpo = {"hours": _HOURS} | repeat(run, lost)
            other_scenes(run)
    found = {"accounts": accounts, "rto_s": took, "rpo": rpo, "scenes": run.scenes}
    return found | {"violations": run.violations[:40]}


@click.command()
@click.option("--accounts", default=1000, show_default=True)
@click.option("--people", default=60, show_default=True)
@click.option("--pace", default=0.25, show_default=True, help="Requests a second of each.")
@click.option(
    "--seconds", default=40.0, show_default=True, help="Of work before the backup, and at each step after it."
)
@click.option("--writes", default=20, show_default=True, help="That are accepted each time, at least.")
@click.option("--steps", default=6, show_default=True, help="Of the half day; the clock moves between them.")
@click.option("--seed", default=None, type=int)
@click.option("--picture", "file", default=None, type=click.Path(dir_okay=False, path_type=Path))
def main(seed: int | None, file: Path | None, **sizes: Any) -> None:
    """Prints JSON; ends with 1 when something was violated."""
    began, chosen = time.monotonic(), seed if seed is not None else random.SystemRandom().getrandbits(32)
    found = play(**sizes, seed=chosen)
    if file is not None:
        file.write_text(disaster_picture.drawn(found), encoding="utf-8")
    summary = {"ok": not found["violations"]} | found | {"seed": chosen, "seconds": round(time.monotonic() - began, 1)}
    click.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(0 if summary["ok"] else 1)


if __name__ == "__main__":
    main()
