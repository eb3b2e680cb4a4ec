"""`make campaigns-see`: each invariant is broken on purpose, and the campaign that holds it must be red and say why.

The table of docs/benchmarks.md names, for each, the invariant, the campaign, and the words by which it is told.
"""

import contextlib
import importlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from features.bookings import rows as bookings
from shared.amocrm.contacts import ContactsApi
from shared.amocrm.filtered_reads import embedded
from shared.amocrm.leads import AccountApi
from shared.connections import statements as connections
from shared.connections.rotation import Rotation
from shared.deliveries import rows, runner
from shared.deliveries.locks import HeldLocks, Locks
from shared.deliveries.runner import Step
from shared.storage import lease_worker
from tests.chaos.defect import Defect, Undo, changed
from tests.chaos.planted_events import EVENTS
from tests.chaos.planted_in_towns import TOWNS


def _in_statement(name: str, old: str, new: str) -> Callable[[], Undo]:
    def plant() -> Undo:
        text = getattr(connections, name)
        assert old in text, f"{name} has no {old!r} any more"
        return changed(connections, name, text.replace(old, new))

    return plant


def _never_looks() -> Undo:
    """A step whose outcome is unknown writes again without a look for its own mark."""
    original = runner._Attempt._carry_out

    def carry_out(self: Any, step: Step, next_steps: list[str]) -> None:
        blind = Step(step.name, step.write, lambda *_: None, step.after)
        original(self, blind, next_steps)

    return changed(runner._Attempt, "_carry_out", carry_out)


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


def _all_are_the_first_contact() -> Undo:
    original = ContactsApi.create_lead

    def create_lead(self: ContactsApi, lead: Any, _: int | None, contact: Any) -> Any:
        first = embedded(self.account.send("GET", "/contacts", params={"limit": 1}), "contacts")[0]
        return original(self, lead, int(first["id"]), contact)

    return changed(ContactsApi, "create_lead", create_lead)


def _cancels_what_it_confirms() -> Undo:
    original = bookings.confirm

    def confirm(database: Any, *given: Any) -> Any:
        made = original(database, *given)
        if made is not None:
            bookings.cancel(database, made, {"kind": "cancelled"})
        return made

    return changed(bookings, "confirm", confirm)


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
        "an account that the journal can help needs nobody",
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
        _never_looks,
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
        "goods without their lock",
        "one element for what two calculations share",
        "tests.chaos.deliveries",
        _goods_without_their_lock,
        "elements of what two calculations share",
        kills=40,
    ),
    Defect(
        "all deals are linked to the first contact",
        "each deal is its own person's",
        "tests.chaos.submissions",
        _all_are_the_first_contact,
        "has the contacts .* and is of",
        size=(12, 3),
    ),
    *EVENTS,
    *TOWNS,
    Defect(
        "a confirmed visit is cancelled",
        "a visit is as it was answered",
        "tests.chaos.bookings",
        _cancels_what_it_confirms,
        "was promised booked .* is cancelled",
        size=(30, 1),
    ),
)


def seen(defect: Defect, seed: int) -> tuple[bool, str]:
    """Whether the campaign is red by the words that it should have, and the first violation that has them."""
    campaign, undo = importlib.import_module(defect.campaign), defect.plant()
    try:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            found = campaign.play(*(defect.size or (defect.kills,)), seed, **defect.options)["violations"]
    finally:
        undo()
    told = [one for one in found if re.search(defect.told, one, re.DOTALL)]
    return bool(told), (told or found or ["nothing was violated"])[0].partition("\n")[0][:160]


@click.command()
@click.option("--only", default="", help="Those whose name has this text.")
@click.option("--seed", default=11, show_default=True)
def main(only: str, seed: int) -> None:
    """Plants each defect, and ends with 1 when a campaign does not see one."""
    missed = 0
    for defect in DEFECTS:
        if only in defect.name:
            started = time.monotonic()
            is_seen, told = seen(defect, seed)
            missed += not is_seen
            seconds = round(time.monotonic() - started)
            campaign = defect.campaign.rpartition(".")[2]
            verdict = f"{'red' if is_seen else 'MISSED'}: {told}"
            click.echo(f"| {defect.invariant} | {defect.name} | {campaign} | {verdict} | {seconds} s |")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
