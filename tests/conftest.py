"""What every test stands on: a real PostgreSQL, the simulator over HTTP, and a clock that can be moved."""

import atexit
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import psycopg
import pytest

from cli import embedded, migrations
from functions.crm_api.handler import handle as crm_api
from shared.platform import upstream_metrics
from shared.platform.config import Settings, load
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage.database import Database
from shared.storage.encryption import generate_key
from tests import clocks, left_behind, servers
from tests.backups import Backup
from tests.clocks import MovableClock
from tests.control import Simulator
from tests.demo import Demo
from tests.listener import Ingress
from tests.owner import Owner
from tests.plain_client import Client
from tests.story import ADMIN_TOKEN, APP_SECRET, METRICS_TOKEN, REDIRECT_URI, Story

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]

# On a busy or cold machine the first input takes more than a second to make: Hypothesis builds its tables of letters.
# `make test` takes a few inputs of each kind, and other ones each time; `make long-tests` takes many.
for profile, examples in (("ours", 20), ("thorough", 400)):
    hypothesis.settings.register_profile(
        profile, max_examples=examples, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
hypothesis.settings.load_profile("ours")

# Jobs in the background ignore it, and hand that down: a demo under test would not hear Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

_LONGEST_NAME = 500  # letters or bytes of a parameter

# Most are empty already: so this takes a few milliseconds, where TRUNCATE makes a new file for each table and index.
_EMPTY = r"""
DO $$
DECLARE
    one regclass;
BEGIN
    SET LOCAL session_replication_role = replica; -- nobody's key has to be looked after where all goes
    FOR one IN SELECT oid FROM pg_class
        WHERE relname LIKE 'amocrm\_%' AND relkind IN ('r', 'p') AND NOT relispartition
    LOOP
        EXECUTE format('DELETE FROM %s', one);
    END LOOP;
END
$$
"""


@pytest.fixture
def ingress(story: Story) -> Iterator[Ingress]:
    """`crm_api` over HTTP, in this process: of the story's own database and clock."""
    made = Ingress(crm_api, "crm_api")
    made.runtime = story.runtime
    yield made
    made.close()


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    from tests.chromium import launched

    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """The embedded server, or the one whose programs are in POSTGRES_PROGRAMS."""
    folder = Path(tempfile.mkdtemp(prefix="amo"))  # short: a socket's path has at most 107 characters
    folder.chmod(0o755)
    programs = os.environ.get("POSTGRES_PROGRAMS")
    server = servers.PostgreSQL(Path(programs), folder / "pg") if programs else embedded.start(folder / "pg")
    yield server
    server.stop()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_url(postgres: Any) -> str:
    """A database with all migrations, and with a clock that tests can move."""
    url: str = postgres.get_uri()
    migrations.migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(clocks.INSTALL)
        connection.execute("ALTER SYSTEM SET fsync = off")  # no test pulls the machine's plug
        connection.execute("SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def runtime_url(postgres: Any, migrated_url: str) -> Iterator[str]:
    """Where the functions find the database, in their own role; with THROUGH_PGBOUNCER, behind one."""
    direct = embedded.runtime_url(postgres)
    if "THROUGH_PGBOUNCER" not in os.environ:
        yield direct
        return
    folder = Path(tempfile.mkdtemp(prefix="amobouncer"))
    bouncer = servers.Bouncer(folder, migrated_url, embedded.RUNTIME_LOGIN)
    yield bouncer.url()
    bouncer.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def owner(migrated_url: str) -> Iterator[Owner]:
    made = Owner(Secret(migrated_url))
    yield made
    made.close()


@pytest.fixture
def database_url(migrated_url: str, owner: Owner) -> str:
    """The same, with empty tables."""
    owner.sql(_EMPTY)
    return migrated_url


@pytest.fixture(scope="session")
def database(runtime_url: str) -> Iterator[Database]:
    """What the functions of all stories see: their instance is warm, as most are."""
    made = Database(Secret(runtime_url))
    yield made
    made.close()


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    address = re.search(r"http://\S+", line)
    assert address, f"the simulator did not start: {line}"
    simulator = Simulator(address[0].rstrip("/"))
    yield simulator
    simulator.close()
    process.terminate()
    process.wait(60)  # on a busy machine: it gives back what a thousand stories have made
    process.stdout.close()


@pytest.fixture
def simulator(simulator_process: Simulator) -> Iterator[Simulator]:
    """The simulator with a clean record; faults and limits are taken back afterwards."""
    simulator_process.control("forget")
    yield simulator_process
    simulator_process.control("calm")


@pytest.fixture
def clock(owner: Owner, simulator: Simulator) -> Iterator[MovableClock]:
    made = MovableClock(owner, simulator)
    yield made
    made.reset()


@pytest.fixture
def environment(runtime_url: str, database_url: str, simulator: Simulator) -> dict[str, str]:
    """A whole configuration for functions that run against the test's database, in their own role, and simulator."""
    return {
        "DATABASE_URL": runtime_url,
        "ENCRYPTION_KEYS": f"k1:{generate_key()}",
        "OAUTH_REDIRECT_URI": REDIRECT_URI,
        "CRM_API_URL": "https://functions.example/crm_api",
        "ADMIN_TOKENS": ADMIN_TOKEN,
        "METRICS_TOKENS": METRICS_TOKEN,
        "APP_JWT_SECRET": APP_SECRET,
        "ALLOWED_ORIGINS": "https://site.example",
        "RETURN_LINKS": "demoapp://connected",
        "AMOCRM_GATEWAY": simulator.url,
    }


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return load(environment)


@pytest.fixture
def runtime(settings: Settings, clock: MovableClock, database: Database) -> Iterator[Runtime]:
    upstream_metrics.taken()  # what an earlier test's calls have counted is not this one's
    made = Runtime.build(settings, clock, database)
    yield made
    made.transport.close()


@pytest.fixture
def tale(runtime: Runtime, simulator: Simulator, clock: MovableClock, owner: Owner) -> Iterator[Story]:
    """A new account with an integration that nobody has connected yet."""
    account = simulator.control("account", subdomain=f"test{secrets.token_hex(4)}")
    made = simulator.control("integration", redirect_uri=REDIRECT_URI, name="Калькулятор")
    told = Story(
        runtime=runtime,
        simulator=simulator,
        clock=clock,
        owner=owner,
        domain=account["domain"],
        account_id=account["id"],
        lead_id=account["leads"][0],
        client_id=made["id"],
        secret=made["secret"],
    )
    yield told
    left_behind.check(told)


@pytest.fixture
def connected(tale: Story) -> Story:
    """A new account that is connected."""
    tale.connect()
    tale.simulator.control("forget")
    return tale


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    simulator.control("limits", per_integration=1000, per_account=1000)
    made = Client(simulator).connect()
    yield made
    made.http.close()


@pytest.fixture
def story(connected: Story) -> Story:
    """A new account that is connected, and has no limits."""
    connected.simulator.control("limits", per_integration=10**6, per_account=10**6)
    return connected


@pytest.fixture
def backup(story: Story, environment: dict[str, str]) -> Iterator[Backup]:
    """Of the night before. Searches of the account find what was made since."""
    story.simulator.control("change-account", domain=story.domain, search_lag=0)
    made = Backup(story.owner, story.clock, environment)
    made.take()
    yield made
    made.remove()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A story that failed in a demo is told with what its functions logged."""
    report = yield
    if report.failed:
        demos = (one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Demo))
        report.sections += [("what the demo logged", demo.logs()) for demo in demos]
    return report


def pytest_make_parametrize_id(config: pytest.Config, val: object) -> str | None:
    """Long inputs are named by their beginning and length. pytest hands a test's name to every process that it starts
    (PYTEST_CURRENT_TEST), and the system starts none with a variable of 128 KB or more."""
    if not isinstance(val, str | bytes) or len(val) <= _LONGEST_NAME:
        return None  # as pytest does it
    return f"{val[:20]!a}...{len(val)}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What one process does in a row begins first, so that nobody waits for it at the end. Without Chromium or
    pgbouncer their stories cannot run; `tests/install-programs` has said so, and CI insists."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    for item in items:
        if config.getoption("loadgroup", False) and item.get_closest_marker("xdist_group"):
            assert "@" in item.nodeid, "this pytest-xdist does not keep groups together with this pytest"
        marker = item.get_closest_marker("needs")
        lacking = [name for name in (marker.args if marker else ()) if servers.program(name) is None]
        if lacking and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason=f"not installed: {', '.join(lacking)}"))


@pytest.fixture
def notified(connected: Story, environment: dict[str, str]) -> Iterator[Story]:
    """The same account, where somebody is told."""
    more = {"NOTICE_WEBHOOK_URL": "https://notice.example/", "NOTICE_SECRET": "x" * 40}
    connected.runtime = Runtime.build(load(environment | more), connected.clock)
    yield connected
    connected.runtime.close()
