"""`make campaigns-see`: each invariant is broken on purpose, and the campaign that holds it must be red and say why.

The table of docs/benchmarks.md names, for each, the invariant, the campaign, and the words by which it is told.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from features.calculations import deal_fields
from shared.amocrm.filtered_reads import embedded
from shared.amocrm.leads import AccountApi
from shared.connections import statements as connections
from shared.connections.rate_limit import Pace
from shared.connections.rotation import Rotation
from shared.deliveries import rows, statements
from shared.deliveries.locks import HeldLocks, Locks
from shared.storage import lease_worker
from tests.chaos.defect import Defect, Undo, changed, never_looks
from tests.chaos.judged import Verdict, read, seen, short, summary
from tests.chaos.planted_events import EVENTS
from tests.chaos.planted_in_towns import MOVES, TOWNS
from tests.chaos.planted_people import FORMS, VISITS


def _in_statement(name: str, old: str, new: str, of: Any = connections) -> Callable[[], Undo]:
    def plant() -> Undo:
        text = getattr(of, name)
        assert old in text, f"{name} has no {old!r} any more"
        return changed(of, name, text.replace(old, new))

    return plant


def _in_another_deal() -> Undo:
    original = AccountApi.add_note

    def add_note(self: AccountApi, _entity_id: int, text: str, entity: str = "leads") -> int:
        made = self.send("POST", "/leads", json=[{"name": "A deal of somebody else"}])
        return original(self, int(embedded(made, "leads")[0]["id"]), text, entity)

    return changed(AccountApi, "add_note", add_note)


def _forgets_what_it_accepts() -> Undo:
    """Every seventh is answered, and stands under a key that nobody has sent."""
    original = rows.accept

    def accept(*given: Any, **named: Any) -> Any:
        number = int(named["key"].removeprefix("click-"))
        return original(*given, **named | ({"key": f"click-{9_000_000 + number}"} if number % 7 == 6 else {}))

    return changed(rows, "accept", accept)


def _goods_without_their_lock() -> Undo:
    @contextlib.contextmanager
    def free(*_: Any, **__: Any) -> Iterator[HeldLocks]:
        yield HeldLocks()

    return changed(Locks, "holding", free)


def _the_older_one_has_the_last_word() -> Undo:
    """A calculation that comes late sets its price, whatever a newer one has set."""
    return changed(deal_fields._Setting, "_later", lambda *_: {})


def _leaves_before_its_slot() -> Undo:
    original = Pace._take

    def take(self: Pace, spans: Sequence[float], asked_at: float) -> None:
        original(self, [0.0 if place % 2 == 0 else one for place, one in enumerate(spans)], asked_at)

    return changed(Pace, "_take", take)


def _one_ends_the_run() -> Undo:
    """A worker that raises kills nobody: it must be told, and never be counted as a kill."""

    original, driver = lease_worker.Worker.run, os.getpid()

    def run(self: Any, seconds: float) -> Any:
        if os.getpid() != driver:
            raise RuntimeError("a planted defect")
        return original(self, seconds)

    return changed(lease_worker.Worker, "run", run)


_FREE: Final = "lease_until IS NULL OR lease_until < amocrm_now()"
_LATE: Final = "amocrm_now() + interval '119.9 seconds'"

DEFECTS: Final = (
    Defect(
        "stores only while its lease lives",
        "an answer of amoCRM's that reached a process is stored",
        "tests.chaos.tokens",
        _in_statement("PERSIST", "AND status IN ('connected', 'reauth_required')", f"AND lease_until > {_LATE}"),
        "was (superseded|stored|forgotten)|the answer was",
        options={"journal": False},  # which would have it, and give it back
    ),
    Defect(
        "nobody looks into the token journal",
        "an account that the token journal can help needs nobody",
        "tests.chaos.tokens",
        lambda: changed(Rotation, "bring_up", lambda *_args, **_named: False),
        "was cut off, the answer was journaled",
        kills=20,
    ),
    Defect(
        "claims what somebody else has claimed",
        "never two refreshes at once",
        "tests.chaos.tokens",
        _in_statement("CLAIM", f"AND ({_FREE} OR lease_id = %(lease_id)s)", ""),
        "sent twice within|was cut off",
    ),
    Defect(
        "a worker that raises",
        "a kill is an end by the signal that was sent",
        "tests.chaos.deliveries",
        _one_ends_the_run,
        "that was to be killed .* ended by 1: .*a planted defect",
    ),
    Defect(
        "writes again without a look",
        "nothing is written twice",
        "tests.chaos.deliveries",
        never_looks,
        r"amoCRM holds .*: [2-9]|holds .*: [2-9]|too many",
        kills=40,
    ),
    Defect(
        "a note at somebody else's entity",
        "everything is in its own deal",
        "tests.chaos.deliveries",
        _in_another_deal,
        "has notes at|'note': 0",
    ),
    Defect(
        "answers 202 and stores nothing",
        "what is answered is stored",
        "tests.chaos.deliveries",
        _forgets_what_it_accepts,
        "was answered 200 or 202, and is not stored|ended by",
    ),
    Defect(
        "what a killed process had begun is left",
        "what is accepted is carried out, whoever was killed over it",
        "tests.chaos.deliveries",
        _in_statement("CLAIM_DUE", "coalesce(d.lease_until < amocrm_now(), true)", "d.lease_until IS NULL", statements),
        r"calculation \d+ is left at the end",
    ),
    Defect(
        "goods without their lock",
        "one element for what two calculations share",
        "tests.chaos.deliveries",
        _goods_without_their_lock,
        "elements of what two calculations share",
        kills=40,
    ),
    Defect(
        "an older calculation has the last word",
        "the newest calculation of a deal has the last word",
        "tests.chaos.deliveries",
        _the_older_one_has_the_last_word,
        r"has the price .*, its newest calculation is",
        kills=40,
    ),
    *FORMS,
    *EVENTS,
    *TOWNS,
    *MOVES,
    *VISITS,
    Defect(
        "a call leaves before its slot",
        "an account is called seven times a second at most",
        "tests.chaos.hammer",
        _leaves_before_its_slot,
        r"\d+ calls left within a second",
        size=(0.1, 12.0, 2, 4),  # see hammer.play
        is_seeded=False,
    ),
)


@click.command()
@click.option("--only", default="", help="Those whose name has this text.")
@click.option("--campaign", default="", help="Those of this campaign, such as deliveries.")
@click.option("--into", type=click.Path(path_type=Path), help="A file of rows: red ones are not played again.")
@click.option("--seed", default=11, show_default=True)
def main(only: str, campaign: str, into: Path | None, seed: int) -> None:
    """Plants each defect, prints its row, and ends with 1 when a campaign does not see one.

    With --into a run that broke off goes on where it was; several runs may share the file that play other campaigns.
    """
    chosen = [one for one in DEFECTS if only in one.name and campaign in ("", short(one.campaign))]
    if not chosen:
        raise click.UsageError("there is no such defect")
    known = into.read_text("utf-8").splitlines() if into is not None and into.exists() else []
    judged: list[Verdict] = []
    for defect in chosen:
        earlier = next((one for one in read(defect, known) if one.is_seen), None)
        judged.append(earlier or seen(defect, seed))
        click.echo(judged[-1])
        if into is not None and earlier is None:
            with into.open("a", encoding="utf-8") as file:
                file.write(f"{judged[-1]}\n")
    click.echo(summary(judged))
    sys.exit(0 if all(one.is_seen for one in judged) else 1)


if __name__ == "__main__":
    # Who stops it leaves no PostgreSQL and no simulator behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    main()
