"""`export-person`, `erase-person`, `erase-account`."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
import psycopg

from cli import journal_check
from cli.personal_data import account as accounts
from cli.personal_data import places
from cli.personal_data.person import NobodyError, Person, wanted
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError
from shared.storage.object_stores import StoreError

_NOT_HERE: Final = (
    "Not here, and left alone: amoCRM itself, the endpoints that were sent events, backups, and the cloud's logs."
)


def _who(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.argument("account"),
        click.option("--phone", "phones", multiple=True, help="With its country's code; may be given several times."),
        click.option("--email", "emails", multiple=True, help="May be given several times."),
        click.option("--country", default="RU", show_default=True, help="Of phones without a country's code."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("export-person")
@_who
@click.option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    show_default=True,
    help="A file, as JSON, which nobody else on this machine may read.",
)
def export_person(account: str, phones: tuple[str, ...], emails: tuple[str, ...], country: str, out: str) -> None:
    """Writes all that is kept of one person in ACCOUNT, such as example.amocrm.ru, as JSON.

    Found by their phones and e-mails in whatever was sent, booked or told; what is kept without either (a comment of
    somebody who left no phone) cannot be found by them. What cannot be read is listed, and ends with 1.
    """
    unreadable: list[str] = []
    with _opened(account) as (runtime, rows):
        person = _person(phones, emails, country)
        found = [places.as_document(one) for row in rows for one in _of(runtime, row, person, unreadable.append)]
    text = json.dumps({"account": account, "found": found}, ensure_ascii=False, indent=1) + "\n"
    if out == "-":
        click.echo(text, nl=False)
    else:
        _write_for_ourselves(out, text)
    click.echo(f"{len(found)} entr{'y' if len(found) == 1 else 'ies'}. {_NOT_HERE}", err=True)
    _tell_unreadable(unreadable)


@click.command("erase-person")
@_who
@click.option("--apply", "apply_", is_flag=True, help="Do it; without this it only says what it would do.")
def erase_person(account: str, phones: tuple[str, ...], emails: tuple[str, ...], country: str, apply_: bool) -> None:
    """Erases all that is kept of one person in ACCOUNT: what they have sent, as it came and as it was understood, who
    they are in visits that are over, and events that speak of them.

    What is under way into amoCRM and visits to come are left, listed, and end with 1: run it again afterwards. So does
    what cannot be read: whose it is nobody knows. Safe to run twice, and while functions run.
    """
    unreadable: list[str] = []
    kept = count = 0
    with _opened(account) as (runtime, rows):
        person = _person(phones, emails, country)
        for row in rows:
            entries = list(_of(runtime, row, person, unreadable.append))
            for entry in entries:
                is_gone = places.forget(runtime.database, entry) if apply_ else True
                count, kept = count + is_gone, kept + (not is_gone)
                said = ("erased" if apply_ else "would erase") if is_gone else "still needed"
                click.echo(f"{said}: {entry.place} {entry.id} ({entry.what}, {entry.state}, {entry.at:%Y-%m-%d})")
            if apply_:
                names, ids = person.lock_names(runtime.keyring, row.id), [one.id for one in entries]
                found = {"integration_id": row.id, "names": names, "entries": ids}
                runtime.database.execute(places.FORGET_LOCKS, found)
    click.echo(f"{count} entr{'y' if count == 1 else 'ies'} {'erased' if apply_ else 'to be erased'}. {_NOT_HERE}")
    _tell_unreadable(unreadable)
    if kept:
        raise click.ClickException(f"{kept} still needed: run it again when they are delivered, or over")


@click.command("erase-account")
@click.argument("account")
@click.option("--widget-type", help="Of the account's connections this one only.")
@click.option("--database-url", envvar="DATABASE_URL", required=True, help="Of a role that owns the schema.")
@click.option("--apply", "apply_", is_flag=True, help="Do it; without this it only says what it would do.")
def erase_account(account: str, widget_type: str | None, database_url: str, apply_: bool) -> None:
    """Erases all that there is of ACCOUNT, which has left: its connections with their tokens and settings, deliveries,
    visits, events, the log, and its pairs in the token journal.

    Only of connections that are not connected: disconnect them in the panel first. Cannot be taken back.
    """
    with _opened(account) as (runtime, rows):
        chosen = [row for row in rows if widget_type in (None, row.widget_type)]
        if not chosen:
            raise click.ClickException(f"there is no connection of {widget_type} for {account}")
        if live := [row.widget_type for row in chosen if row.status == "connected"]:
            raise click.ClickException(f"still connected: {', '.join(live)}. Disconnect them in the panel first")
        if told := journal_check.not_named(runtime):  # what stayed there `restore-tokens` would bring back
            raise click.ClickException(f"nothing was erased: {told}")
        try:
            with psycopg.connect(database_url, connect_timeout=5) as owner:  # one transaction
                counts = [accounts.erase(owner, row.id) if apply_ else accounts.count(owner, row.id) for row in chosen]
                # Before it ends: without their rows nobody would look for these again, but `restore-tokens`.
                removed = accounts.forget_journal(runtime, [row.id for row in chosen], apply_)
        except (psycopg.Error, accounts.UndecidedError) as error:
            raise click.ClickException(f"nothing was erased: {error}") from None
        for row, counted in zip(chosen, counts, strict=True):
            told = ", ".join(f"{name} {rows}" for name, rows in counted.items() if rows)
            click.echo(f"{account} ({row.widget_type}): {'erased' if apply_ else 'would erase'} {told}")
        if runtime.rotation.token_journal is None:
            click.echo(f"token journal: TOKEN_JOURNAL_URL is not set here. {_NOT_HERE}")
        else:
            click.echo(f"token journal: {'removed' if apply_ else 'would remove'} {removed} object(s). {_NOT_HERE}")


@contextmanager
def _opened(account: str) -> Iterator[tuple[Runtime, list[Integration]]]:
    runtime = Runtime.from_environment()
    try:
        rows = integrations.at_host(runtime.database, account)
        if not rows:
            raise click.ClickException(f"there is no connection of {account}")
        yield runtime, rows
    except (DatabaseUnavailableError, StoreError) as error:
        raise click.ClickException(f"{error}; what was done stays, run it again") from None
    finally:
        runtime.close()


def _person(phones: tuple[str, ...], emails: tuple[str, ...], country: str) -> Person:
    try:
        return wanted(phones, emails, country)
    except NobodyError as error:
        raise click.ClickException(str(error)) from None


def _of(runtime: Runtime, row: Integration, person: Person, skipped: Callable[[str], object]) -> Iterator[places.Entry]:
    found = places.entries(runtime.database, runtime.keyring, row.id, skipped)
    return (one for one in found if person.is_in(one.content))


def _write_for_ourselves(file: str, text: str) -> None:
    """Whatever the umask says, also where the file is there already."""
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            if stat.S_ISREG(os.fstat(out.fileno()).st_mode):
                os.fchmod(out.fileno(), 0o600)
                out.truncate(0)
            out.write(text)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None


def _tell_unreadable(found: list[str]) -> None:
    for one in found:
        click.echo(f"cannot be read: {one}", err=True)
    if found:
        raise click.ClickException(f"{len(found)} cannot be read, see above: were they written with another key?")
