"""Everything on this machine, by one command, until Ctrl-C. What it makes lives in one folder and is kept."""

import json
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import httpx
import jwt

from cli import embedded, migrations, running, widget
from shared.storage.encryption import generate_key
from simulator.seed import DEMO_CLIENT_ID, DEMO_SECRET, KOMMO_CLIENT_ID, KOMMO_SECRET

ROOT = Path(__file__).resolve().parents[1]

_START_SECONDS = 30
_STOP_SECONDS = 8
_SCHEDULE_SECONDS = 20  # the timers of the scheduled functions

# What a person has set for other programs, functions-framework would take for its own, and not start, or reload itself.
# And what leads to an installation of theirs: the demo must not work on its accounts, with keys that are not theirs.
_OF_OTHERS = ("DEBUG", "FUNCTION_SIGNATURE_TYPE", "DATABASE_URL", "AWS_SECRET_ID")
# Nor may it tell their people of its own connections, wake their queue, or ask their functions for its quotations.
_LEADS_THERE = ("NOTICE_", "DELIVERIES_QUEUE_", "QUOTATION_FUNCTION", "TOKEN_JOURNAL_")

_DOCS = "docs"  # the site of `make docs`
_BUILD_LOG = "docs-build.log"
_PARTS = ("simulator", "crm_api", "oauth_callback", "refresh_tokens", "run_deliveries", "amocrm_events", _DOCS)
LAST_FIRST_PORT = 65535 - len(_PARTS) + 1


@dataclass(frozen=True, slots=True)
class Ports:
    """Seven in a row, in the order of `_PARTS`."""

    first: int

    def of(self, part: str) -> int:
        return self.first + _PARTS.index(part)

    def url(self, part: str) -> str:
        return f"http://localhost:{self.of(part)}"


def run(first_port: int, data: Path, site: Path, environ: Mapping[str, str], *, builds_site: bool = False) -> None:
    """Runs until Ctrl-C. `data` holds the database, the simulator's state, the demo's secrets, and the logs; `site`
    the documentation, where it was built; `builds_site`: it is built anew, once everything else is there.
    """
    data.mkdir(parents=True, exist_ok=True)
    with running.alone(data) as other:
        if other is not None:
            click.echo(f"A demo runs already in {data}: {other}\nNothing was started. Its own Ctrl-C stops it.")
            return
        _run(first_port, data, site, environ, builds_site)


def _run(first_port: int, data: Path, site: Path, environ: Mapping[str, str], builds_site: bool) -> None:
    ports = Ports(_free_ports(first_port))
    server = embedded.start(data / "postgres")
    try:
        for migration in migrations.migrate(server.get_uri()):
            click.echo(f"applied {migration.file.name}")
    except migrations.MigrationError as error:
        server.stop()
        raise click.ClickException(f"{error}. The demo's own data is in {data}: move it away, or remove it.") from None
    settings = _settings(ports, data, embedded.runtime_url(server))
    _write_environment(data, settings)
    _write_widgets(data / "widgets", ports.url("crm_api"))
    commands = _commands(ports, data, site, has_site=builds_site or (site / "index.html").exists())
    with _processes(commands, data, environment_of(environ, settings)) as started:
        _wait_until_ready(ports, data, commands)
        running.remember(data, f"{ports.url('crm_api')}/admin/", [one.pid for one in started])
        # Made before anybody is told of Ctrl-C: it imports much, and Python ends by the signal, whoever has caught it,
        # where that comes while an import evaluates a text (a namedtuple, a dataclass).
        with httpx.Client(timeout=60, trust_env=False) as client:
            _tell(ports, data, settings)
            if builds_site:
                _build_site(data, site)
            if (site / "index.html").exists():
                click.echo(f"\nThe documentation, with the first steps: {ports.url(_DOCS)}/")
            _run_schedules(ports, client)


def _build_site(data: Path, site: Path) -> None:
    """It takes a core as long as everything else takes to start, and nobody waits for it."""
    click.echo("\nBuilding the documentation ...")
    with (data / _BUILD_LOG).open("wb") as log:
        command = [sys.executable, "-m", "cli", "docs", "--out", str(site.resolve())]
        built = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL)  # noqa: S603
    if built.returncode != 0:
        click.echo(f"Building the documentation failed; see {data / _BUILD_LOG}")


def environment_of(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Of the demo's processes: whoever starts it may have that of an installation."""
    theirs = {name for name in environ if name in _OF_OTHERS or name.startswith(_LEADS_THERE)}
    return {name: value for name, value in environ.items() if name not in theirs} | dict(settings)


def _free_ports(first: int) -> int:
    """The first of seven free ports in a row, beginning at `first`; says so when it is another."""
    for start in range(first, min(first + 200, LAST_FIRST_PORT + 1), 10):
        busy = [port for port in range(start, start + len(_PARTS)) if not _is_free(port)]
        if not busy:
            if start != first:
                click.echo(f"Ports from {first} are in use; taking {start} to {start + len(_PARTS) - 1}.")
            return start
    raise click.ClickException(f"no {len(_PARTS)} free ports in a row from {first} on; name others with --port")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _settings(ports: Ports, data: Path, database_url: str) -> dict[str, str]:
    """The environment of the functions. Secrets are made once and kept, so that the kept data stays readable."""
    file = data / "secrets.json"
    if file.exists():
        kept: dict[str, str] = json.loads(file.read_text())
    else:
        kept = {
            "ENCRYPTION_KEYS": f"demo:{generate_key()}",
            "ADMIN_TOKENS": f"demo-{secrets.token_urlsafe(24)}",
            "APP_JWT_SECRET": secrets.token_urlsafe(48),
        }
        file.touch(mode=0o600)
        file.write_text(json.dumps(kept, indent=2))
    journal = data / "journal"
    journal.mkdir(mode=0o700, exist_ok=True)
    return kept | {
        "DATABASE_URL": database_url,
        "OAUTH_REDIRECT_URI": f"{ports.url('oauth_callback')}/",
        "CRM_API_URL": ports.url("crm_api"),
        "AMOCRM_EVENTS_URL": ports.url("amocrm_events"),
        # By both names: the panel's links into the simulated amoCRM have the gateway's.
        "ALLOWED_ORIGINS": ",".join((ports.url("simulator"), _by_address(ports.url("simulator")))),
        "ENDPOINT_PRIVATE_HOSTS": ",".join(
            _host(url) for url in (ports.url("simulator"), _by_address(ports.url("simulator")))
        ),
        "RETURN_LINKS": f"demoapp://connected,{ports.url('crm_api')}",
        "AMOCRM_GATEWAY": _by_address(ports.url("simulator")),
        "TOKEN_JOURNAL_URL": journal.resolve().as_uri(),
    }


def _host(url: str) -> str:
    return url.partition("://")[2]


def _by_address(url: str) -> str:
    return url.replace("localhost", "127.0.0.1")


def _write_environment(data: Path, settings: dict[str, str]) -> None:
    """For starting one function by hand: `set -a; . .local/demo.env; set +a` (the default folder)."""
    file = data / "demo.env"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))


def _write_widgets(folder: Path, api_url: str) -> None:
    """The archives that the simulated amoCRM hosts: built for this start's address, as an operator builds them."""
    folder.mkdir(exist_ok=True)
    for widget_type in widget.types():
        (folder / f"{widget_type}.zip").write_bytes(widget.build(widget_type, api_url))
    (folder / "glass.kommo.zip").write_bytes(widget.build("glass", api_url, platform="kommo"))


def _commands(ports: Ports, data: Path, site: Path, *, has_site: bool) -> dict[str, list[str]]:
    callback = f"{ports.url('oauth_callback')}/"
    simulator = ["-m", "simulator", "--port", str(ports.of("simulator")), "--redirect-uri", callback]
    simulator += ["--widgets", str(data / "widgets"), "--state", str(data / "simulator.state")]
    commands = {"simulator": simulator}
    for part in _PARTS[1:-1]:
        source = f"functions/{part}/main.py"
        command = ["-m", "functions_framework", "--source", source, "--target", "http"]
        commands[part] = [*command, "--host", "127.0.0.1", "--port", str(ports.of(part))]
    if has_site:
        folder = ["--directory", str(site.resolve()), "--bind", "127.0.0.1"]
        commands[_DOCS] = ["-m", "http.server", *folder, str(ports.of(_DOCS))]
    return commands


@contextmanager
def _processes(
    commands: Mapping[str, list[str]], data: Path, environ: dict[str, str]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """All parts, each in a group of its own, so that Ctrl-C reaches us alone and we stop them in order."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for part, command in commands.items():
            log = (data / f"{part}.log").open("ab")
            processes.append(
                subprocess.Popen(  # noqa: S603 - our own commands
                    [sys.executable, *command],
                    cwd=ROOT,
                    env=environ,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
            log.close()
        yield processes
    except KeyboardInterrupt:
        click.echo("\nStopping …")
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        click.echo(f"Stopped. The data is kept in {data}; the next start goes on from there.")


def _wait_until_ready(ports: Ports, data: Path, parts: Iterable[str]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    for part in parts:
        while _is_free(ports.of(part)):
            if time.monotonic() > deadline:
                raise click.ClickException(f"{part} did not start; see {data / part}.log")
            time.sleep(0.1)


def _tell(ports: Ports, data: Path, settings: dict[str, str]) -> None:
    click.echo(
        f"""
Open these in a browser:

  panel        {ports.url("crm_api")}/admin/
  amoCRM       {ports.url("simulator")}/at/steklodom.amocrm.ru/     (simulated)
  Kommo        {ports.url("simulator")}/at/vidrarialuz.kommo.com/     (simulated; ?lang=es for a user who reads Spanish)
  an app       {ports.url("crm_api")}/app/#token={_app_token(settings)}
  a site       {ports.url("simulator")}/site/?api={ports.url("crm_api")}     (a form and an order)
  a clinic     {ports.url("simulator")}/at/klinika.amocrm.ru/     (its account, at amoCRM too)
  its site     {ports.url("simulator")}/site/clinic.html?api={ports.url("crm_api")}     (appointments)
  a server     {ports.url("simulator")}/receiver     (shows what it is told, as an endpoint of events)

In the panel:

  administrator token   {settings["ADMIN_TOKENS"]}
  account               steklodom.amocrm.ru
  integration ID        {DEMO_CLIENT_ID}
  secret key            {DEMO_SECRET}

  or vidrarialuz.kommo.com, {KOMMO_CLIENT_ID}, {KOMMO_SECRET}
  or klinika.amocrm.ru as a clinic: the button that lets amoCRM make the integration needs no ID and no key

Then open a deal in amoCRM: the calculator is in its right column.
Logs are in {data}/*.log. Ctrl-C stops everything."""
    )


def _app_token(settings: dict[str, str]) -> str:
    """What an app's own server would give to its user: good for the demo's account, for a day."""
    now = int(time.time())
    claims = {"aud": "amocrm-functions", "sub": "demo", "iat": now, "exp": now + 86_400}
    claims |= {"account_domain": "steklodom.amocrm.ru", "widget_type": "glass"}
    return jwt.encode(claims, settings["APP_JWT_SECRET"], algorithm="HS256")


def _run_schedules(ports: Ports, client: httpx.Client) -> None:
    """Plays the timers of the scheduled functions until Ctrl-C."""
    stop = threading.Event()
    while not stop.wait(_SCHEDULE_SECONDS):
        for part in ("refresh_tokens", "run_deliveries"):
            try:
                client.post(f"http://127.0.0.1:{ports.of(part)}/").raise_for_status()
            except httpx.HTTPError as error:
                click.echo(f"{part}: {error}", err=True)
