"""`restore-spill`: pairs of tokens come back from the log that kept them while the database was away."""

from typing import IO

import click

from shared.connections import token_escrow
from shared.runtime import Runtime
from shared.storage.database import AccountMovingError, DatabaseUnavailableError
from shared.storage.encryption import DecryptionError


@click.command("restore-spill")
@click.argument("log", type=click.File("r", encoding="utf-8", errors="replace"), default="-")
def restore_spill(log: IO[str]) -> None:
    """Stores the pairs of tokens that functions wrote to their log LOG while the database was away (`token.spilled`).

    LOG: the lines themselves, or as JSON from a cloud's tool. Safe to run again. A pair whose account has gone on
    without it is left out; one that cannot be read, or belongs to an account that lives in another cell, is told, and
    ends with 1.
    """
    runtime = Runtime.from_environment()
    restored = left_out = elsewhere = 0
    unreadable: list[str] = []
    try:
        for spilled in token_escrow.read(log.read(), unreadable.append):
            try:
                is_restored = runtime.rotation.restore(spilled)
            except DecryptionError as error:
                unreadable.append(str(error))
                continue
            except AccountMovingError:
                elsewhere += 1
                continue
            restored += is_restored
            left_out += not is_restored
    except DatabaseUnavailableError as error:
        raise click.ClickException(f"{error}; {restored} pair(s) were restored, run it again") from None
    finally:
        runtime.close()
    click.echo(
        f"{restored} pair(s) restored, {left_out} left out: their accounts have newer tokens, or are disconnected."
    )
    if elsewhere:
        click.secho(
            f"{elsewhere} pair(s) belong to accounts that live in another cell, or are on their way there: give the "
            "log to this command with that cell's settings",
            err=True,
        )
    if unreadable:
        raise click.ClickException(
            f"{len(unreadable)} pair(s) cannot be read ({', '.join(unreadable)}): give the log as it was "
            "written, or as JSON"
        )
    if elsewhere:
        raise click.exceptions.Exit(1)
    if not restored + left_out:
        raise click.ClickException(f"there is no {token_escrow.EVENT} in this log")
