"""What an operator does by hand. Each command tells what it did, and ends with 1 when it could not."""

import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import IO, TextIO

import click
import msgspec
import psycopg

from cli import codes, demo, doctor, floors, migrations, new_widget, openapi, package, register, texts, widget
from cli.after_restore import lost_visits, mark_restored
from cli.moving.command import move_account
from cli.personal_data.command import erase_account, erase_person, export_person
from cli.probe.command import probe
from cli.restore_spill import restore_spill
from cli.restore_tokens import restore_tokens
from functions.crm_api.actions import administrators, settings
from shared.access.credentials import named_administrator
from shared.access.permissions import Caller
from shared.connections import integrations
from shared.connections.token_journal import installation_of
from shared.platform import logs
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
    runs. What cannot be read, and what is left of accounts that live in another cell, stays as it is and is listed; it
    ends with 1 then.
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
    runtime = Runtime.from_environment()
    try:
        lifetime = timedelta(days=days) if days else None
        made = named_administrator.invite(runtime.database, name, rights, "command line", lifetime, email)
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
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@click.option("--account", help="Save them for this account, such as example.amocrm.ru; else they are printed.")
@click.option("--widget-type", default="site", show_default=True)
def import_shop_settings(file: IO[str], account: str | None, widget_type: str) -> None:
    """Takes over the settings (amocrm_…) of a shop component, as JSON or CSV, for forms and orders.

    Says what it could not take over. Saving checks them against the account.
    """
    from features import settings as shared_settings
    from features.submissions import shop_settings_import

    try:
        taken = shop_settings_import.take_over(shop_settings_import.read(file.read()))
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


@main.command("package")
@click.option("--target", "targets", type=click.Choice(package.TARGETS), multiple=True, help="Default: both of AWS.")
@click.option("--function", "names", type=click.Choice(list(package.PARTS)), multiple=True, help="Default: all.")
@click.option(
    "--python",
    type=click.Choice(package.RUNTIMES),
    help="Of the runtime. Default: this command's own; packages for another one carry no bytecode.",
)
@click.option("--out", default="dist", show_default=True, type=click.Path(file_okay=False, path_type=Path))
def build_packages(targets: tuple[str, ...], names: tuple[str, ...], python: str | None, out: Path) -> None:
    """Builds one zip for each function, with only what it needs, and tells their sizes. Fails over a budget."""
    for target in targets or ("x86_64", "arm64"):
        if target != "source" and (runtime := python or package.python_for(target)) != package.OWN:
            click.echo(
                f"{target} is for Python {runtime}, and this is {package.OWN}: without bytecode, so that cold starts "
                "are slower by a quarter of a second"
            )
        for name in names or (package.SOURCES if target == "source" else package.PARTS):
            file = out / target / f"{name}.zip"
            try:
                if target == "source":
                    size = package.build_source(name, file)
                else:
                    size = package.build(name, target, file, python=python)
            except (package.TooLargeError, package.NoSuchPackageError, subprocess.CalledProcessError) as error:
                raise click.ClickException(str(error)) from None
            click.echo(f"{file!s:42} {size / 1e6:6.1f} MB")


@main.command("new-widget")
@click.argument("name")
@click.option("--page", type=click.Choice(["calculator", "own", "react"]), default="calculator", show_default=True)
@click.option("--title", default="", help="In amoCRM and in the panel; else the name.")
@click.option("--colour", default="#1f6feb", show_default=True)
def make_widget(name: str, page: new_widget.Page, title: str, colour: str) -> None:
    """Makes widgets/NAME: a calculator that is changed in the panel or in its file, or a page of its own.

    A page is plain, or in React with amoCRM's own components (bundled by `make widget-pages`, which needs Node.js).
    """
    for file in new_widget.make(name, page, title, colour):
        click.echo(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
    click.echo(f"It is in the demo at its next start: connect {name} in the panel, and open a deal.")


@main.command("widget")
@click.option("--type", "widget_type", type=click.Choice(widget.types()), required=True)
@click.option("--platform", type=click.Choice(list(widget.PLATFORMS)), default="amocrm", show_default=True)
@click.option("--api", required=True, help="The public address of crm_api, such as https://functions.example/crm_api.")
@click.option("--version", "number", default="1.0.0", show_default=True, help="amoCRM takes an update with a new one.")
@click.option("--support", default="support@example.org", show_default=True, help="The e-mail that amoCRM shows.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Else dist/widget-TYPE.zip, or dist/widget-TYPE-kommo.zip.",
)
def build_widget(widget_type: str, platform: str, api: str, number: str, support: str, out: Path | None) -> None:
    """Builds the archive that an administrator of amoCRM uploads as the integration's widget."""
    if not re.fullmatch(r"https://[^\s\"]+|http://(localhost|127\.0\.0\.1)(:\d+)?[^\s\"]*", api):
        raise click.ClickException("--api must be an https:// address (http:// only for this machine)")
    kommo = "-kommo" if platform == "kommo" else ""
    file = out or Path("dist") / f"widget-{widget_type}{kommo}.zip"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(widget.build(widget_type, api, number, support, platform))
    click.echo(f"{file}: {file.stat().st_size:,} bytes")


@main.command("openapi")
@click.option("--out", default="openapi.yaml", show_default=True, type=click.Path(dir_okay=False, path_type=Path))
def write_openapi(out: Path) -> None:
    """Writes openapi.yaml from the actions."""
    out.write_text(openapi.text(), encoding="utf-8")
    click.echo(f"{out}: {out.stat().st_size:,} bytes")


@main.command("conformance")
@click.option(
    "--out",
    default="docs/conformance.md",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the table is written.",
)
@click.option(
    "--description",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Somebody else's OpenAPI description of amoCRM's API, to hold all requests and answers to.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What has passed in other runs, recorded with SIMULATOR_RECORD.",
)
def run_conformance(out: Path, description: Path | None, record: Path | None) -> None:
    """Runs other people's amoCRM clients, as they are, against the simulator."""
    from cli import conformance

    if not conformance.run(out, description, record):
        raise click.ClickException("something failed that nobody has explained")


@main.command("texts")
@click.option("--check", is_flag=True, help="Writes nothing; tells what is missing or not right.")
def write_texts(check: bool) -> None:
    """Brings the catalogues of translations up to what the code says; what is new is to be translated in them."""
    if not check:
        texts.write()
    faults = texts.problems()
    for fault in faults:
        click.echo(fault)
    if faults:
        raise click.ClickException(f"{len(faults)} to be translated or corrected in shared/platform/translations/")


@main.command("codes")
def write_codes() -> None:
    """Writes the table of problem codes into docs/http.md and its translation, from where they are declared."""
    found = codes.read()
    for language, file in codes.FILES.items():
        file.write_text(codes.written(file.read_text(encoding="utf-8"), found, language), encoding="utf-8")
    click.echo(f"{len(found)} codes")


@main.command("release")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Default: dist/VERSION.")
@click.option("--packages/--no-packages", default=True, show_default=True, help="With the functions' packages.")
def build_release(out: Path | None, packages: bool) -> None:
    """Everything that this version ships, with what is in it and the checksums; the same bytes every time."""
    from cli import release

    try:
        made = release.build(out or release.ROOT / "dist" / release.version(), main, packages=packages)
    except (FileExistsError, FileNotFoundError, subprocess.CalledProcessError, package.TooLargeError) as error:
        raise click.ClickException(str(error)) from None
    for file in made:
        click.echo(f"{file.name}: {file.stat().st_size:,} bytes")


@main.command("client")
def build_client() -> None:
    """Makes the JavaScript client's types and its classic script (needs Node.js and `npm ci`)."""
    from cli import client

    try:
        client.build()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise click.ClickException(f"{error}; run npm ci first") from None
    click.echo(f"{client.FOLDER}: schema.d.ts, dist/amocrm-functions.js")


@main.command("docs")
@click.option("--out", default=".local/site", show_default=True, type=click.Path(file_okay=False, path_type=Path))
def build_docs(out: Path) -> None:
    """Builds the documentation site, in English and Russian; it can be opened as files. Ends with 1 on a dead link."""
    from cli import site

    try:
        site.build(out.resolve(), main)
    except (FileExistsError, site.SiteError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out / 'index.html'}")


@main.command("floors")
def write_floors() -> None:
    """Draws the rooms into docs/tour.md and its translation, from the contracts that `make check` holds."""
    for file in floors.FILES:
        file.write_text(floors.written(file.read_text(encoding="utf-8")), encoding="utf-8")
    click.echo(f"{len(floors.layers())} floors")


@main.command("vendor-news")
@click.argument("log", type=click.File(encoding="utf-8"))
def tell_vendor_news(log: TextIO) -> None:
    """The commits of the vendor's PHP client that may say something new of its API, from a file with its history.

    LOG is what this prints in a clone of it: git log --date=short --format='commit %h %ad %s' --name-only
    """
    from cli import vendor_news

    try:
        click.echo(vendor_news.text(vendor_news.news(log.read())))
    except vendor_news.NoLogError as error:
        raise click.ClickException(str(error)) from None


@main.command("register")
@click.option("--out", default=register.FILE, type=click.Path(dir_okay=False, path_type=Path), help="docs/vendor.md")
def write_register(out: Path) -> None:
    """Gathers what is known of amoCRM from the marks in the code, and says which of them are wrong."""
    try:
        rules = register.read()
    except register.WrongMarksError as error:
        raise click.ClickException(str(error)) from None
    out.write_text(register.text(rules), encoding="utf-8")
    click.echo(f"{out}: {len(rules)} rules, {sum(rule.sure == 'guess' for rule in rules)} of them guesses")


main.add_command(probe)
main.add_command(restore_spill)
main.add_command(restore_tokens)
main.add_command(mark_restored)
main.add_command(lost_visits)
main.add_command(move_account)
main.add_command(export_person)
main.add_command(erase_person)
main.add_command(erase_account)


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


@main.command("demo")
@click.option("--port", default=8900, show_default=True, help="The first of seven ports in a row.")
@click.option(
    "--data",
    default=".local",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the database, the logs and everything else that is kept.",
)
@click.option(
    "--site",
    default=".local/site",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The documentation that `make docs` has built; served where it is there.",
)
def run_demo(port: int, data: Path, site: Path) -> None:
    """Starts everything on this machine: PostgreSQL, the simulator of amoCRM, all functions, the panel."""
    demo.run(port, data, site, dict(os.environ))
