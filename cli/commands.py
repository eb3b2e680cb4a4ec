"""What an operator does by hand. Each command tells what it did, and ends with 1 when it could not."""

import os
from pathlib import Path

import click
import psycopg

from cli import demo, migrations
from shared import key_rotation
from shared.database import DatabaseUnavailableError
from shared.encryption import DecryptionError, generate_key
from shared.runtime import Runtime


@click.group()
def main() -> None:
    """Commands for operating the amoCRM functions."""


@main.command()
@click.option("--database-url", envvar="DATABASE_URL", required=True, help="Of a role that owns the schema.")
def migrate(database_url: str) -> None:
    """Applies the migrations that are missing. Safe to run twice, and from two places at once."""
    try:
        applied = migrations.migrate(database_url)
    except (migrations.MigrationError, psycopg.Error) as error:
        raise click.ClickException(str(error)) from None
    for migration in applied:
        click.echo(f"applied {migration.file.name}")
    click.echo(f"{len(applied)} migration(s) applied; the database is up to date.")


@main.command("rotate-keys")
def rotate_keys() -> None:
    """Writes everything anew that was not encrypted with the first key of ENCRYPTION_KEYS.

    First add the new key in front and start all functions with it; run this; then remove the old key. Safe to stop and
    run again, and while everything runs.
    """
    runtime = Runtime.from_environment()
    changed = 0
    try:
        with click.progressbar(length=key_rotation.rows(runtime.database), label="rows") as bar:
            for count in key_rotation.rotate(runtime.database, runtime.keyring):
                changed += count
                bar.update(1)
    except (DatabaseUnavailableError, DecryptionError) as error:
        raise click.ClickException(f"{error}; {changed} value(s) were written anew, run it again") from None
    finally:
        runtime.close()
    click.echo(f"{changed} value(s) were written anew with the key {runtime.keyring.writing_key_id}.")


@main.command("generate-key")
@click.option("--id", "key_id", default="k1", show_default=True, help="Its name, 1 to 16 of a-z and 0-9.")
def key(key_id: str) -> None:
    """Prints a new encryption key, fit for ENCRYPTION_KEYS."""
    click.echo(f"{key_id}:{generate_key()}")


@main.command("demo")
@click.option("--port", default=8900, show_default=True, help="The first of five ports in a row.")
@click.option(
    "--data",
    default=".local",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the database, the logs and everything else that is kept.",
)
def run_demo(port: int, data: Path) -> None:
    """Starts everything on this machine: PostgreSQL, the simulator of amoCRM, all functions, the panel."""
    demo.run(port, data, dict(os.environ))
