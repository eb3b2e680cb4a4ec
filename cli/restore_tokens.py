"""`restore-tokens`: a database that was restored from a backup gets the tokens that were given since."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Final
from uuid import UUID

import click

from cli import after_restore, journal_check
from shared.connections import journal_recovery
from shared.connections.journal_recovery import JournalComparison, Verdict
from shared.connections.token_journal import Entry, JournalError, TokenJournal, adopt, installation_of
from shared.deliveries import restores
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError
from shared.storage.encryption import DecryptionError
from shared.storage.object_stores import StoreError

_AHEAD: Final = 64  # objects that are read while others are stored
_THREADS: Final = 16


@click.command("restore-tokens")
@click.option("--apply", "apply_", is_flag=True, help="Do it; without this it only says what it would do.")
@click.option("--installation", type=click.UUID, help="Take over the journal of this one: the database is a new one.")
def restore_tokens(apply_: bool, installation: UUID | None) -> None:
    """Brings every connection up to what the token journal (TOKEN_JOURNAL_URL) has of it, where that is newer.

    For a database that was restored from a backup; safe to run twice, and while functions run. Without --apply nothing
    is changed. Ends with 1 where a connection could not be helped.
    """
    runtime = Runtime.from_environment()
    try:
        journal = runtime.rotation.token_journal
        if journal is None:
            raise click.ClickException(
                journal_check.not_named(runtime)
                or "TOKEN_JOURNAL_URL is not set: there is no journal (on AWS it is the stack's output TokenJournalUrl)"
            )
        restoring = Restoring(runtime, journal, _whose(runtime, journal, installation, apply_), apply_)
        restoring.run()
    except (StoreError, DatabaseUnavailableError) as error:
        raise click.ClickException(f"{error}; what was done stays, run it again") from None
    finally:
        runtime.close()
    restoring.tell()


def _whose(runtime: Runtime, journal: TokenJournal, wanted: UUID | None, apply_: bool) -> UUID:
    """The installation whose objects are read. Another one's are refused, unless it is named, and our keys open it."""
    own = installation_of(runtime.database)
    there = list(journal.installations())
    if wanted is None or wanted == own:
        if own not in there and there:
            raise click.ClickException(
                f"the journal has nothing of this installation ({own}), but of {', '.join(map(str, there))}. If this "
                "database stands in for that one's, which is lost, say --installation ID; else mend TOKEN_JOURNAL_URL"
            )
        return own
    if wanted not in there:
        raise click.ClickException(f"the journal has nothing of {wanted}")
    try:
        for place in islice(journal.places(wanted), 1):
            journal.read(place)
    except (DecryptionError, JournalError) as error:
        raise click.ClickException(f"the journal of {wanted} cannot be read: {error}") from None
    if apply_:
        adopt(runtime.database, wanted)
        click.echo(f"This database is the installation {wanted} from now on.")
    return wanted


class Restoring:
    """Goes through both homes, and tells line by line what becomes of each connection that differs."""

    def __init__(self, runtime: Runtime, journal: TokenJournal, installation: UUID, apply_: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._runtime = runtime
        self._journal = journal
        self._installation = installation
        self._apply = apply_

    def run(self) -> None:
        for found, entry in self._read():
            self.counts[found.verdict.value] += 1
            if found.verdict in _JOURNAL_LACKS:
                self._journal_lacks(found, _JOURNAL_LACKS[found.verdict])
            elif entry is not None:
                self._restore(found, entry)

    def tell(self) -> None:
        """Raises :class:`click.ClickException` where somebody could not be helped."""
        restored, lost = self.counts["restored"], self.counts["helpless"]
        unknown, same = self.counts[Verdict.NOT_IN_JOURNAL.value], self.counts[Verdict.SAME.value]
        newer = self.counts[Verdict.ROW_NEWER.value]
        click.echo(
            f"{restored} connection(s) {'were' if self._apply else 'would be'} restored; {same} are as in the journal, "
            f"{newer} are newer than it, {unknown} are not in it."
        )
        if restored and not self._apply:
            click.echo("Nothing was changed. Say --apply to do it.")
        if lost:
            raise click.ClickException(f"{lost} connection(s) could not be helped: authorise them again, see above")

    def _read(self) -> Iterator[tuple[JournalComparison, Entry | None]]:
        """Each connection, with what the journal has of it where that is needed; some are read ahead."""
        waiting: list[tuple[JournalComparison, Future[Entry | None] | None]] = []
        with ThreadPoolExecutor(_THREADS) as pool:
            for found in journal_recovery.compared(self._runtime.database, self._journal, self._installation):
                is_wanted = found.place is not None and found.verdict in (
                    Verdict.JOURNAL_NEWER,
                    Verdict.NO_ROW,
                    Verdict.LEFT,
                )
                waiting.append((found, pool.submit(self._opened, found) if is_wanted else None))
                if len(waiting) >= _AHEAD:
                    yield _ended(*waiting.pop(0))
            for one in waiting:
                yield _ended(*one)

    def _opened(self, found: JournalComparison) -> Entry | None:
        assert found.place is not None
        try:
            entry = self._journal.read(found.place)
        except (JournalError, DecryptionError) as error:
            self._helpless(_name(found), f"its object {found.place.key} cannot be used: {error}")
            return None
        return entry  # None: it was removed meanwhile, because the row has something newer

    def _restore(self, found: JournalComparison, entry: Entry) -> None:
        name, row, version = _name(found, entry), found.row, entry.position.version
        ends = entry.tokens is None
        if row is None and ends:
            self.counts["ended"] += 1
            return
        before = "no row" if row is None else f"{row.status}, version {row.token_version}"
        after = "lives in another cell" if entry.has_left else "disconnected" if ends else f"version {version}"
        rotation = self._runtime.rotation
        if not self._apply:
            click.echo(f"{name}: {before} -> {after}{_LOST_SETTINGS if row is None else ''}")
            self.counts["restored"] += 1
            return
        self._open_window()
        now = self._runtime.clock.now()
        if journal_recovery.restore(
            self._runtime.database, self._runtime.keyring, row, entry, now=now, ahead=rotation.ahead
        ):
            click.echo(f"{name}: {before} -> {after}{_LOST_SETTINGS if row is None else ''}")
            self.counts["restored"] += 1
        elif journal_recovery.is_up_to(self._runtime.database, entry):
            click.echo(f"{name}: has gone on by itself")
        else:
            self._helpless(name, "another connection has its place")

    def _open_window(self) -> None:
        """The journal knows more than the database: it was restored, and nobody has said so yet."""
        if restores.opened(self._runtime.database) is None:
            click.echo(after_restore.told(after_restore.open_window(self._runtime)))

    def _journal_lacks(self, found: JournalComparison, why: str) -> None:
        assert found.row is not None
        click.echo(f"{_name(found)}: {why}; whether its tokens are the last ones is not known")
        if self._apply:
            journal_recovery.write_again(self._runtime.database, found.row)

    def _helpless(self, name: str, why: str) -> None:
        self.counts["helpless"] += 1
        click.secho(f"{name}: cannot be helped: {why}", err=True)


# What the row has stays; functions write it into the journal.
_JOURNAL_LACKS: Final = {
    Verdict.NOT_IN_JOURNAL: "is not in the journal",
    Verdict.ROW_NEWER: "is newer than the journal",
}
_LOST_SETTINGS: Final = ", without its own settings"


def _ended(found: JournalComparison, entry: "Future[Entry | None] | None") -> tuple[JournalComparison, Entry | None]:
    return found, None if entry is None else entry.result()


def _name(found: JournalComparison, entry: Entry | None = None) -> str:
    if found.row is not None:
        return f"{found.row.account_domain} ({found.row.widget_type})"
    if entry is not None and entry.tokens is not None:
        return f"{entry.tokens.account_domain} ({entry.tokens.widget_type})"
    assert found.place is not None
    return f"connection {found.place.integration_id}"
