"""`make load`: a whole installation at ten times the usual pace of 1,000 accounts, beside handlers that do nothing.

Red when anything was refused that should not have been, more than a few were told to wait, or a write was accepted and
is not in its deal once.
"""

import json
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

import click

from benchmarks.load.ledger import settle
from benchmarks.load.town import WORKERS, Town, town

_MOST_WAITING: Final = 0.05  # of an action's requests may be told 429

_COMPARED: dict[str, str] = {"get_lead": "crm_api", "two bare calls": "two_calls", "nothing": "nothing"}


def load(made: Town, seconds: float, people: int) -> dict[str, Any]:
    before = made.cpu_seconds("crm_api")
    made.people("Customers Timers", seconds, people, made.addresses["crm_api"]).wait(seconds + 120)
    used = made.cpu_seconds("crm_api") - before
    did = [line for line in made.did if "ms" in line]
    took = defaultdict(list)
    for line in did:
        took[line["name"]].append(line["ms"])
    memory = [one["memory_mb"] for one in made.samples]
    fifth = max(1, len(memory) // 5)
    return {
        "accounts": len(made.played.domains),
        "people": people,
        "workers": WORKERS,
        "seconds": seconds,
        "requests": len(did),
        "requests_a_second": round(len(did) / seconds, 1),
        "by_action": {name: _told(ms) for name, ms in sorted(took.items())},
        "answers": _counted(str(line["status"]) for line in did),
        "refused": refused(did),
        "unanswered": _counted(line["why"] for line in did if "why" in line),
        "cpu_ms_a_request": round(1000 * used / max(1, len(did)), 1),
        "database_connections": max((one["connections"] or 0 for one in made.samples), default=0),
        "memory_mb_by_fifths": [
            round(statistics.median(memory[start : start + fifth])) for start in range(0, fifth * 5, fifth)
        ],
    }


def compare(made: Town, seconds: float, people: int) -> dict[str, Any]:
    """The same reads of deals, at handlers that do less."""
    found = {}
    for name, part in _COMPARED.items():
        made.forget()
        before = made.cpu_seconds(part)
        made.people("Readers", seconds, people, made.addresses[part]).wait(seconds + 120)
        used = made.cpu_seconds(part) - before
        ms = [line["ms"] for line in made.did if "ms" in line]
        wrong = refused([line for line in made.did if "ms" in line])
        found[name] = _told(ms) | {"refused": wrong, "cpu_ms_a_request": round(1000 * used / max(1, len(ms)), 1)}
    return found


def harm(made: Town, seconds: float, people: int) -> dict[str, Any]:
    """What readers feel of one who floods, and of bodies of 6 MB, and how much memory is taken at most."""
    found: dict[str, Any] = {}
    scenes = {"alone": "Readers", "beside a flood": "Readers Flooders", "beside 6 MB bodies": "Readers Heavy"}
    lasts = seconds + 1 / float(made.habits["LOAD_PACE"])  # all have begun by then
    for name, kinds in scenes.items():
        made.forget()
        since = len(made.samples)
        made.people(kinds, lasts, people, made.addresses["crm_api"]).wait(lasts + 120)
        did = [line for line in made.did if "ms" in line]
        reads = [line["ms"] for line in did if line["name"] == "get_lead"]
        others = _counted(str(line["status"]) for line in did if line["name"] != "get_lead")
        memory = max((one["memory_mb"] for one in made.samples[since:]), default=0.0)
        wrong = refused([line for line in did if line["name"] == "get_lead"])
        found[name] = {"get_lead": _told(reads), "refused": wrong, "others": others, "memory_mb": memory}
    return found


def refused(did: Sequence[dict[str, Any]]) -> list[str]:
    """What was answered other than 200 or 202, by action; 429 only where more than a few were told so."""
    answers: dict[str, Counter[int]] = defaultdict(Counter)
    for line in did:
        answers[line["name"]][line["status"]] += 1
    found = []
    for name, statuses in sorted(answers.items()):
        wrong = {status: count for status, count in statuses.items() if status not in (200, 202, 429)}
        if wrong or statuses[429] > max(2, _MOST_WAITING * statuses.total()):
            found.append(f"{name}: {dict(statuses)}")
    return found + ([] if did else ["nothing was asked"])


def _told(ms: list[float]) -> dict[str, float]:
    ordered = sorted(ms) or [0.0]
    return {"count": len(ms), "p50_ms": statistics.median(ordered), "p99_ms": ordered[int(0.99 * (len(ordered) - 1))]}


def _counted(names: Any) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return dict(sorted(counts.items()))


@click.command()
@click.option("--accounts", default=1000, show_default=True)
@click.option("--people", default=100, show_default=True)
@click.option("--pace", default=0.25, show_default=True, help="Requests a second of each.")
@click.option("--seconds", default=600.0, show_default=True)
@click.option("--compare-seconds", default=40.0, show_default=True, help="Of each handler.")
@click.option("--latency", default=0.1, show_default=True, help="Of amoCRM, in seconds.")
def main(accounts: int, people: int, pace: float, seconds: float, compare_seconds: float, latency: float) -> None:
    """Prints JSON."""
    click.echo("Connecting the accounts …", err=True)
    with town(accounts, latency) as made:
        made.habits = {"LOAD_PACE": str(pace)}
        click.echo(f"{people} people for {seconds:.0f} s …", err=True)
        found = load(made, seconds, people)
        found["truth"] = settle(made)
        click.echo("The same reads at handlers that do less …", err=True)
        found["compared"] = compare(made, compare_seconds, people)
        click.echo("Readers beside those who harm …", err=True)
        found["harm"] = harm(made, compare_seconds / 2, people)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    scenes = [found, *found["compared"].values(), *found["harm"].values()]
    is_bad = any(one["refused"] for one in scenes) or found["truth"]["violations"]
    sys.exit(int(bool(is_bad)))


if __name__ == "__main__":
    main()
