"""Commands for whoever works on this repository: what is made from it, generated files, documents, and the demo."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final, TextIO

import click

from cli import codes, demo, floors, new_widget, openapi, package, register, texts, widget


@click.command("package")
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


@click.command("new-widget")
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


@click.command("widget")
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


@click.command("openapi")
@click.option("--out", default="openapi.yaml", show_default=True, type=click.Path(dir_okay=False, path_type=Path))
def write_openapi(out: Path) -> None:
    """Writes openapi.yaml from the actions."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(openapi.text(), encoding="utf-8")
    click.echo(f"{out}: {out.stat().st_size:,} bytes")


@click.command("conformance")
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


@click.command("texts")
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


@click.command("codes")
def write_codes() -> None:
    """Writes the table of problem codes into docs/http.md and its translation, from where they are declared."""
    found = codes.read()
    for language, file in codes.FILES.items():
        file.write_text(codes.written(file.read_text(encoding="utf-8"), found, language), encoding="utf-8")
    click.echo(f"{len(found)} codes")


@click.command("release")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Default: dist/VERSION.")
@click.option("--packages/--no-packages", default=True, show_default=True, help="With the functions' packages.")
@click.pass_context
def build_release(context: click.Context, out: Path | None, packages: bool) -> None:
    """Everything that this version ships, with what is in it and the checksums; the same bytes every time."""
    from cli import release

    try:
        made = release.build(out or release.ROOT / "dist" / release.version(), _all(context), packages=packages)
    except (FileExistsError, FileNotFoundError, subprocess.CalledProcessError, package.TooLargeError) as error:
        raise click.ClickException(str(error)) from None
    for file in made:
        click.echo(f"{file.name}: {file.stat().st_size:,} bytes")


@click.command("client")
def build_client() -> None:
    """Makes the JavaScript client's types and its classic script (needs Node.js and `npm ci`)."""
    from cli import client

    try:
        client.build()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise click.ClickException(f"{error}; run npm ci first") from None
    click.echo(f"{client.FOLDER}: schema.d.ts, dist/amocrm-functions.js")


@click.command("docs")
@click.option("--out", default=".local/site", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.pass_context
def build_docs(context: click.Context, out: Path) -> None:
    """Builds the documentation site, in English and Russian; it can be opened as files. Ends with 1 on a dead link."""
    from cli import site

    try:
        site.build(out.resolve(), _all(context))
    except (FileExistsError, site.SiteError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out / 'index.html'}")


@click.command("floors")
def write_floors() -> None:
    """Draws the rooms into docs/tour.md and its translation, from the contracts that `make check` holds."""
    for file in floors.FILES:
        file.write_text(floors.written(file.read_text(encoding="utf-8")), encoding="utf-8")
    click.echo(f"{len(floors.layers())} floors")


@click.command("vendor-news")
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


@click.command("register")
@click.option("--out", default=register.FILE, type=click.Path(dir_okay=False, path_type=Path), help="docs/vendor.md")
def write_register(out: Path) -> None:
    """Gathers what is known of amoCRM from the marks in the code, and says which of them are wrong."""
    try:
        rules = register.read()
    except register.WrongMarksError as error:
        raise click.ClickException(str(error)) from None
    out.write_text(register.text(rules), encoding="utf-8")
    click.echo(f"{out}: {len(rules)} rules, {sum(rule.sure == 'guess' for rule in rules)} of them guesses")


@click.command("demo")
@click.option(
    "--port",
    default=8900,
    show_default=True,
    type=click.IntRange(1, demo.LAST_FIRST_PORT),
    help="The first of seven ports in a row.",
)
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
@click.option(
    "--build-site", "builds_site", is_flag=True, help="Builds the documentation anew, when the rest is there."
)
def run_demo(port: int, data: Path, site: Path, builds_site: bool) -> None:
    """Starts everything on this machine: PostgreSQL, the simulator of amoCRM, all functions, the panel."""
    demo.run(port, data, site, dict(os.environ), builds_site=builds_site)


def _all(context: click.Context) -> click.Group:
    """The commands that have a page in the documentation: all of `python -m cli`."""
    root = context.find_root().command
    assert isinstance(root, click.Group)
    return root


COMMANDS: Final = (
    build_packages,
    make_widget,
    build_widget,
    write_openapi,
    run_conformance,
    write_texts,
    write_codes,
    build_release,
    build_client,
    build_docs,
    write_floors,
    tell_vendor_news,
    write_register,
    run_demo,
)
