"""Defects of processes that are started, not forked: they plant their own, by the name in TOWN_PLANTED.

Those of a town do in `benchmarks/load/moved.py`; `python -m tests.chaos.planted_in_towns move-account` is
`python -m cli move-account`.
"""

import os
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from cli.restore_tokens import Restoring
from shared.connections import journal_recovery
from shared.connections.journal_recovery import Row, Verdict
from shared.connections.token_journal import Place
from shared.storage.database import AccountMovingError
from tests.chaos.defect import Defect, Undo, changed, never_looks
from tests.chaos.planted_moves import IN_MOVE

VARIABLE: Final = "TOWN_PLANTED"

_DISASTER: Final = "benchmarks.load.disaster"
_SMALL: Final = (6, 10, 1.0, 2.0, 6, 1)  # see disaster.play
_MOVES: Final = "tests.chaos.moves"
_TWO: Final = (60, 2, 0)  # see moves.play


def _the_older_version() -> None:
    """What `restore-tokens` finds in the journal is believed, also where the row knows more."""
    judged = journal_recovery.judged

    def always_the_journals(row: Row, place: Place | None) -> Verdict:
        found = judged(row, place)
        return Verdict.JOURNAL_NEWER if found is Verdict.ROW_NEWER else found

    journal_recovery.judged = always_the_journals


def _says_and_does_nothing() -> None:
    journal_recovery.restore = lambda *_args, **_named: True


def _names_nobody() -> None:
    Restoring._journal_lacks = lambda *_: None  # type: ignore[method-assign]


IN_TOWN: Final[dict[str, Callable[[], object]]] = {
    "the older version": _the_older_version,
    "says and does nothing": _says_and_does_nothing,
    "names nobody": _names_nobody,
    "never looks": never_looks,
}


def plant() -> None:
    """What this process is told to plant, if anything."""
    if name := os.environ.get(VARIABLE):
        (IN_TOWN | IN_MOVE)[name]()


def _planted(name: str) -> Callable[[], Undo]:
    """For whoever starts processes: from now on each has it, until it is undone."""

    def order() -> Undo:
        assert name in IN_TOWN | IN_MOVE
        os.environ[VARIABLE] = name
        return lambda: os.environ.__delitem__(VARIABLE)

    return order


def _says_not_when() -> Undo:
    """Here, where the functions of both cells run."""
    return changed(AccountMovingError, "kind", replace(AccountMovingError.kind, retry_after=None))


TOWNS: Final = (
    Defect(
        "restore-tokens takes the older version",
        "nobody is set back by an older journal",
        _DISASTER,
        _planted("the older version"),
        "older than the database: .* was (cut off|set back)",
        size=_SMALL,
    ),
    Defect(
        "restore-tokens says so, and does nothing",
        "all accounts are connected after a restore",
        _DISASTER,
        _planted("says and does nothing"),
        "with the journal: .* was cut off",
        size=_SMALL,
    ),
    Defect(
        "restore-tokens names nobody",
        "whoever may be cut off is named",
        _DISASTER,
        _planted("names nobody"),
        "half of the journal is lost: .* has not told of it",
        size=_SMALL,
    ),
    Defect(
        "a write that is repeated after a restore is doubled",
        "what callers repeat after a restore is there once",
        _DISASTER,
        _planted("never looks"),
        r"has notes at \[.*,|forms made \d+ deals|files too many",
        size=_SMALL,
    ),
)

MOVES: Final = (
    Defect(
        "every fifth write stays behind",
        "a move loses no write",
        _MOVES,
        _planted("some stay behind"),
        r"write \d+ .* is None",
        size=_TWO,
    ),
    Defect(
        "what is done arrives as if it were still to do",
        "a move doubles no write",
        _MOVES,
        _planted("all is done again"),
        r"amoCRM has [2-9]\d* notes of it",
        size=_TWO,
    ),
    Defect(
        "tokens arrive as they were before the old cell has ended",
        "a move uses no token twice",
        _MOVES,
        _planted("tokens of before"),
        r"a refresh token was (refused|used \d)",
        size=_TWO,
    ),
    Defect(
        "who has left goes on in the old cell",
        "an account lives in one cell",
        _MOVES,
        _planted("goes on in both"),
        "accounts live in so many cells",
        size=_TWO,
    ),
    Defect(
        "the old cell forgets who has left",
        "who comes to the old cell is told that the account has moved",
        _MOVES,
        _planted("forgets who has left"),
        r"who came late to the old cell .* was answered",
        size=_TWO,
    ),
    Defect(
        "nobody says when to come again",
        "who comes during a move is told when to come again",
        _MOVES,
        _says_not_when,
        r"is to come again \(account_moving\), and is not told when",
        size=_TWO,
    ),
)


if __name__ == "__main__":
    from cli.commands import main

    plant()
    main()
