"""`move-account`: an account, or all that live here, from one cell's database to another's."""

import os
from collections.abc import Callable
from typing import Final

import click
import psycopg

from cli.moving import statements
from cli.moving.move import Move, MoveError
from shared.platform.config import ConfigurationError, load
from shared.platform.secret_store import environment
from shared.storage.encryption import DecryptionError, Keyring

_SECRETS: Final = "SELECT client_secret, access_token, refresh_token FROM amocrm_integrations WHERE id = %(id)s"
_ANY: Final = "SELECT id, client_secret FROM amocrm_integrations LIMIT 1"


@click.command("move-account")
@click.argument("account", required=False)
@click.option("--widget-type", help="Of the account's connections this one only.")
@click.option("--all", "everything", is_flag=True, help="All connections that live here: empties the cell.")
@click.option("--database-url", envvar="DATABASE_URL", required=True, help="The old cell's, of its tables' owner.")
@click.option("--to", "target_url", envvar="TARGET_DATABASE_URL", required=True, help="The new cell's, likewise.")
@click.option("--drain-seconds", default=5.0, show_default=True, help="So long what is being carried out may take.")
@click.option("--levels-may-differ", is_flag=True, help="Settings of the widget type and of the integration.")
@click.option("--undo", is_flag=True, help="Give up what has not left yet: it goes on in the old cell.")
def move_account(
    account: str | None,
    widget_type: str | None,
    everything: bool,
    database_url: str,
    target_url: str,
    drain_seconds: float,
    levels_may_differ: bool,
    undo: bool,
) -> None:
    """Moves ACCOUNT, such as example.amocrm.ru, to another cell, while both work.

    Callers are told to come again (503) for a few seconds; reads go on for longer. It may be stopped anywhere, and run
    again: it goes on from where it was. Both cells have the same tables, and the new one's ENCRYPTION_KEYS, which are
    this command's, read what the old one has written.
    """
    if (account is None) == (not everything):
        raise click.UsageError("name an account, or say --all")
    keyring = _keyring()
    failed = 0
    try:
        with (
            psycopg.connect(database_url, autocommit=True, connect_timeout=5) as source,
            psycopg.connect(target_url, autocommit=True, connect_timeout=5) as target,
        ):
            _refuse_other_tables(source, target)
            _require_keys(target, keyring)
            wanted = {"account": account, "widget_type": widget_type}
            found = source.execute(statements.LIVING, wanted).fetchall()
            if account is not None and not found:
                raise click.ClickException(f"no connection of {account} lives in the old cell")
            for id_, domain, widget in found:
                move = Move(source, target, id_, drain_seconds, levels_may_differ)
                name = f"{domain} ({widget})"
                work: Callable[[], str] = (lambda: _undone(move)) if undo else (lambda: _moved(move, keyring))  # noqa: B023
                try:
                    click.echo(f"{name}: {work()}")
                except (MoveError, DecryptionError) as error:
                    failed += 1
                    click.echo(f"{name}: not moved: {error}", err=True)
    except psycopg.Error as error:
        raise click.ClickException(
            f"a database cannot be reached ({type(error).__name__}: {error}); run it again"
        ) from None
    if failed:
        raise click.ClickException(f"{failed} of {len(found)} connection(s) were not moved")


def _moved(move: Move, keyring: Keyring) -> str:
    _require_readable(move, keyring)

    def look_again(step: str) -> None:
        """A refresh that was waited for may have written with a key that has become the old cell's first meanwhile."""
        if step == "copy":
            try:
                _require_readable(move, keyring)
            except DecryptionError as error:
                raise MoveError(str(error)) from None

    move.before = look_again
    move.run()
    rows = sum(move.copied.values())
    return f"moved, {rows} row(s); no write was accepted for {move.pause_seconds:.1f} s"


def _require_readable(move: Move, keyring: Keyring) -> None:
    row = move.source.execute(_SECRETS, {"id": move.integration_id}).fetchone()
    for column, stored in zip(("client_secret", "access_token", "refresh_token"), row or (), strict=False):
        if stored is not None:
            keyring.decrypt(stored, move.integration_id, column)


def _undone(move: Move) -> str:
    return "given up; it goes on here" if move.undo() else "no move that could be given up"


def _keyring() -> Keyring:
    try:
        return Keyring(load(environment(os.environ)).encryption_keys)
    except ConfigurationError as error:
        raise click.ClickException("; ".join(error.problems)) from None


def _refuse_other_tables(source: psycopg.Connection, target: psycopg.Connection) -> None:
    asked = "SELECT version, checksum FROM schema_migrations ORDER BY version"
    if source.execute(asked).fetchall() != target.execute(asked).fetchall():
        raise click.ClickException("the cells have different migrations: migrate both to the same version first")


def _require_keys(target: psycopg.Connection, keyring: Keyring) -> None:
    found = target.execute(_ANY).fetchone()
    try:
        if found is not None:
            keyring.decrypt(found[1], found[0], "client_secret")
    except DecryptionError as error:
        raise click.ClickException(f"run it with the new cell's ENCRYPTION_KEYS: {error}") from None
