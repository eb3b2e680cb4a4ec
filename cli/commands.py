"""What an operator does by hand. Each command tells what it did, and ends with 1 when it could not.

Those for whoever works on the repository are in `developer_commands.py`.
"""

import hashlib
import json
import os
import secrets
import sys
from typing import IO

import click
import msgspec
import psycopg

from cli import developer_commands, doctor, journal_check, migrations
from cli.after_restore import lost_visits, mark_restored
from cli.moving.command import move_account
from cli.personal_data.command import erase_account, erase_person, export_person
from cli.probe.command import probe
from cli.restore_spill import restore_spill
from cli.restore_tokens import restore_tokens
from functions.crm_api.actions import administrators, settings
from shared.access.permissions import Caller
from shared.actions import body as bodies
from shared.connections import integrations
from shared.connections.token_journal import installation_of
from shared.platform import decoding, form_pairs, logs
from shared.platform.http import Request
from shared.platform.messages import english
from shared.platform.problems import problem_from
from shared.runtime import Runtime
from shared.storage import key_rotation
from shared.storage.database import DatabaseUnavailableError
from shared.storage.encryption import generate_key
from shared.storage.object_stores import StoreError


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """Commands for operating the amoCRM functions."""
    logs.stream = "stderr"

    def restore() -> None:
        logs.stream = "stdout"

    context.call_on_close(restore)


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
    """Writes everything anew that was not encrypted with the first key of ENCRYPTION_KEYS, the token journal, too.

    First the new key is added at the end and all functions are started with it; then it is moved to the front and they
    are started again; then this (docs/security.md, "Changing a key"). Safe to stop and run again, and while everything
    runs. What cannot be read, and what is on its way to another cell, stays as it is and is listed; it ends with 1
    then.
    """
    runtime = Runtime.from_environment()
    changed = 0
    unreadable: list[str] = []
    try:
        with click.progressbar(length=key_rotation.rows(runtime.database), label="rows") as bar:
            for count in key_rotation.rotate(runtime.database, runtime.keyring, unreadable.append):
                changed += count
                bar.update(1)
        if (journal := runtime.rotation.token_journal) is not None:
            changed += journal.renew(installation_of(runtime.database), unreadable.append)
        elif (told := journal_check.not_named(runtime)) is not None:
            unreadable.append(told)
    except (DatabaseUnavailableError, StoreError) as error:
        raise click.ClickException(f"{error}; {changed} value(s) were written anew, run it again") from None
    finally:
        runtime.close()
    click.echo(f"{changed} value(s) were written anew with the key {runtime.keyring.writing_key_id}.")
    if changed:
        click.echo("Run it again when no instance from before is left: one may have written with an older key.")
    for one in unreadable:
        click.echo(one, err=True)
    if unreadable:
        raise click.ClickException(f"{len(unreadable)} value(s) were left as they are; why is said above")


@main.command()
@click.argument("name")
@click.option("--rights", type=click.Choice(["see", "operate", "manage"]), default="manage", show_default=True)
@click.option("--days", type=click.IntRange(1, 3650), help="When the sign-in ends; without it, when it is revoked.")
@click.option("--email", help="As the OpenID Connect issuer knows them, who may then also sign in by it.")
def invite(name: str, rights: str, days: int | None, email: str | None) -> None:
    """Prints a link by which NAME signs in to the panel: once, within a day."""
    given = {"name": name, "rights": rights, "email": email, "days": days}
    try:
        asked = decoding.convert(given, administrators.CreateAdministrator)
    except msgspec.ValidationError as error:
        unfit = bodies.misfit(error)
        raise click.ClickException(f"{unfit.path}: {english(unfit.detail)}") from None
    runtime = Runtime.from_environment()
    try:
        made = administrators.invited(runtime, asked, "command line")
        if made is None:
            raise click.ClickException("another administrator has this e-mail address")
        click.echo(administrators.link(runtime, made[1]))
    except DatabaseUnavailableError as error:
        raise click.ClickException(str(error)) from None
    finally:
        runtime.close()


@main.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--live/--no-live", default=True, show_default=True, help="Ask amoCRM for every connected account.")
def run_doctor(as_json: bool, live: bool) -> None:
    """Checks the configuration, the database and every connection, and says what to do. Ends with 1 on errors."""
    findings = []
    for finding in doctor.examine(os.environ, live):
        findings.append(finding)
        if not as_json:
            click.secho(
                f"{finding.level:8}", nl=False, fg={"ok": "green", "warning": "yellow", "error": "red"}[finding.level]
            )
            click.echo(
                f"{finding.subject}: {finding.text}" + (f"\n          {finding.advice}" if finding.advice else "")
            )
    document = doctor.as_document(findings)
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    if not document["ok"]:
        sys.exit(1)


@main.command("import-settings")
@click.argument("file", type=click.File("rb"))
@click.option("--account", help="Save them for this account, such as example.amocrm.ru; else they are printed.")
@click.option("--widget-type", default="site", show_default=True)
def import_shop_settings(file: IO[bytes], account: str | None, widget_type: str) -> None:
    """Takes over the settings (amocrm_…) of a shop component, as JSON or CSV, for forms and orders.

    Says what it could not take over. Saving checks them against the account.
    """
    from features import settings as shared_settings
    from features.submissions import shop_settings_import

    try:
        taken = shop_settings_import.take_over(shop_settings_import.read(form_pairs.text(file.read())))
    except (shop_settings_import.UnreadableError, msgspec.ValidationError) as error:
        raise click.ClickException(f"the file cannot be taken over: {error}") from None
    for line in taken.left:
        click.echo(f"not taken over: {line}", err=True)
    document = {"submissions": taken.submissions}
    if account is None:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    runtime = Runtime.from_environment()
    try:
        row = integrations.by_domain(runtime.database, account, widget_type)
        if row is None:
            raise click.ClickException(f"there is no connection of {widget_type} for {account}")
        own = shared_settings.levels(runtime.database, row).own["connection"]
        kept = {name: own[name] for name in shared_settings.names() if name in own and name != "submissions"}
        body = json.dumps(kept | document).encode()
        request = Request("POST", "/save_settings", body=body)
        settings.SAVE.run(runtime, Caller("administrator", row), request)
    except Exception as error:
        problem = problem_from(error)
        if problem is None:
            raise
        lines = [english(problem.detail), *(f"  {one.path}: {english(one.detail)}" for one in problem.errors)]
        raise click.ClickException("\n".join(lines)) from None
    finally:
        runtime.close()
    click.echo(f"The settings of {widget_type} for {account} were saved.")


@main.command("generate-key")
@click.option("--id", "key_id", default="k1", show_default=True, help="Its name, 1 to 16 of a-z and 0-9.")
def key(key_id: str) -> None:
    """Prints a new encryption key, fit for ENCRYPTION_KEYS."""
    click.echo(f"{key_id}:{generate_key()}")


@main.command("generate-token")
def token() -> None:
    """Prints a new token for an administrator or a monitor, and the entry of ADMIN_TOKENS or METRICS_TOKENS for it.

    The entry is the token's SHA-256: whoever reads the settings cannot sign in with it.
    """
    made = secrets.token_urlsafe(32)
    click.echo(f"token: {made}")
    click.echo(f"entry: sha256:{hashlib.sha256(made.encode()).hexdigest()}")


for _command in (
    probe,
    restore_spill,
    restore_tokens,
    mark_restored,
    lost_visits,
    move_account,
    export_person,
    erase_person,
    erase_account,
    *developer_commands.COMMANDS,
):
    main.add_command(_command)
