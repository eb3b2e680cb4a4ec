"""What `doctor` says of the token journal: whether it is there, and whether it and the database know the same.

A command has the settings of somebody's machine: they may lack what the cloud tells its functions by itself, as AWS's
stack tells them the journal's address. So the database, too, is asked whether there is one.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from shared.connections import journal_recovery
from shared.connections.journal_recovery import Verdict
from shared.connections.token_journal import JournalError, Place, TokenJournal, installation_of
from shared.runtime import Runtime
from shared.storage.encryption import DecryptionError
from shared.storage.object_stores import StoreError

_RESTORE: Final = "Run `python -m cli restore-tokens`, and with --apply if it says what you expect."
_MOST_TOLD: Final = 5
_ADDRESS: Final = "SELECT address FROM amocrm_token_journal WHERE address <> ''"


class _Kept(Struct, frozen=True):
    address: str


def not_named(runtime: Runtime) -> str | None:
    """Says where `refresh_tokens` keeps this database's journal, where the settings of a command name none."""
    kept = runtime.database.one(_Kept, _ADDRESS) if runtime.rotation.token_journal is None else None
    if kept is None:
        return None
    return f"the token journal is {kept.address}, and these settings do not say so: add TOKEN_JOURNAL_URL to them"


def findings(runtime: Runtime) -> Iterator[tuple[str, str, str]]:
    """Level, text and advice. Every object that counts is opened."""
    journal = runtime.rotation.token_journal
    if (told := not_named(runtime)) is not None:
        yield "warning", told, "Until then it is not looked at here, and commands leave it alone."
        return
    if journal is None:
        text = "tokens have no second home: a database that is restored from a backup cuts all accounts off"
        yield "warning", text, "Set TOKEN_JOURNAL_URL, see docs/operations.md."
        return
    try:
        yield from _compared(runtime, journal)
    except StoreError as error:
        advice = "Look at TOKEN_JOURNAL_URL, and at what lets us in there. Refreshes go on, and are caught up with."
        yield "error", f"{journal.address} cannot be reached ({error})", advice


def _compared(runtime: Runtime, journal: TokenJournal) -> Iterator[tuple[str, str, str]]:
    installation = installation_of(runtime.database)
    if others := [str(one) for one in journal.installations() if one != installation]:
        text = f"{journal.address} holds objects of other installations, too ({', '.join(others[:_MOST_TOLD])})"
        yield "error", text, f"Give each its own prefix; this one is {installation}. {_RESTORE}"
    counts: Counter[Verdict] = Counter()
    unusable = 0
    for found in journal_recovery.compared(runtime.database, journal, installation):
        counts[found.verdict] += 1
        if found.place is not None and (why := _unusable(journal, found.place)):
            unusable += 1
            if unusable <= _MOST_TOLD:
                yield "error", f"the object {found.place.key} cannot be used: {why}", "See docs/operations.md."
    if unusable > _MOST_TOLD:
        yield "error", f"{unusable - _MOST_TOLD} more objects cannot be used", "See docs/operations.md."
    if older := counts[Verdict.JOURNAL_NEWER]:
        yield "error", f"{older} connection(s) are older in the database than in the journal", _RESTORE
    if moved := counts[Verdict.LEFT]:
        yield "error", f"{moved} connection(s) live in another cell, says the journal, and are connected here", _RESTORE
    if lost := counts[Verdict.NO_ROW]:
        yield "warning", f"{lost} connection(s) are in the journal and not in the database", _RESTORE
    if missing := counts[Verdict.ROW_NEWER] + counts[Verdict.NOT_IN_JOURNAL]:
        advice = "refresh_tokens writes them, each run; `restore-tokens --apply` where objects have been lost."
        yield "warning", f"{missing} connection(s) are not in it yet, or with an older version", advice
    yield "ok", f"{counts[Verdict.SAME]} connection(s) are in {journal.address} as in the database", ""


def _unusable(journal: TokenJournal, place: Place) -> str:
    try:
        journal.read(place)
    except (JournalError, DecryptionError) as error:
        return str(error)
    return ""
