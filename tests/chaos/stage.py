"""What a chaos run plays on: PostgreSQL, the simulator, a clock that moves both, and connected accounts."""

import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from cli import embedded, migrations
from shared.amocrm.contacts import ContactsApi
from shared.amocrm.leads import AccountApi
from shared.connections import integrations
from shared.connections.client_resolution import CodeClient, Row
from shared.platform.config import Settings, load
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage.encryption import generate_key
from tests import clocks, story
from tests.clocks import MovableClock
from tests.control import Simulator
from tests.owner import Owner

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Stage:
    folder: Path
    postgres: Any
    simulator: Simulator
    clock: MovableClock
    settings: Settings
    environment: dict[str, str]
    client_id: str
    domains: list[str]
    leads: dict[str, int]  # domain -> a deal

    @contextmanager
    def runtime(self) -> Iterator[Runtime]:
        made = Runtime.build(self.settings, self.clock)
        yield made
        made.close()

    def api(self, runtime: Runtime, domain: str) -> AccountApi:
        row = integrations.by_domain(runtime.database, domain, "glass")
        assert row is not None
        assert row.access_token is not None
        token = runtime.keyring.decrypt(row.access_token, row.id, "access_token")
        return AccountApi(runtime.transport, domain, token)

    def add_contact(self, domain: str) -> None:
        """A person in the deal, so that `get_lead` makes its two calls."""
        with self.runtime() as runtime:
            api = self.api(runtime, domain)
            contact = ContactsApi(api).create_contact({"name": "Мария"})
            link = [{"to_entity_id": contact, "to_entity_type": "contacts"}]
            api.send("POST", f"/leads/{self.leads[domain]}/link", json=link)

    def connect(self, runtime: Runtime, domain: str, secret: str) -> None:
        """An account's first connection, or its next one."""
        consent = self.simulator.control("consent", domain=domain, client_id=self.client_id)
        code = consent["location"].split("code=")[1].split("&")[0]
        row = integrations.by_domain(runtime.database, domain, "glass")
        if row is None:
            integrations.create(
                runtime.database,
                runtime.keyring,
                uuid4(),
                widget_type="glass",
                account_domain=domain,
                client_id=self.client_id,
                client_secret=secret,
                redirect_uri=story.REDIRECT_URI,
                request_id=None,
            )
            row = integrations.by_domain(runtime.database, domain, "glass")
        assert row is not None
        runtime.authorization.redeem([CodeClient.of(row, runtime.keyring, Row.OWN)], domain, code, request_id=None)


@contextmanager
def stage(accounts: int, *, strangers: bool = False, more: Mapping[str, str] | None = None) -> Iterator[Stage]:
    """A stage with that many connected accounts; everything of it is gone afterwards.

    `strangers`: other people's deals and contacts are in them. `more`: of the environment.
    """
    with tempfile.TemporaryDirectory(prefix="amochaos", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = embedded.start(folder / "pg")
        owner_url = str(postgres.get_uri())
        migrations.migrate(owner_url)
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute(clocks.INSTALL)
        with _simulator() as simulator, contextlib.closing(Owner(Secret(owner_url))) as owner:
            simulator.control("limits", per_integration=10**6, per_account=10**6)
            made = simulator.control("integration", redirect_uri=story.REDIRECT_URI)
            environment = _environment(embedded.runtime_url(postgres), simulator) | dict(more or {})
            clock = MovableClock(owner, simulator)
            played = Stage(folder, postgres, simulator, clock, load(environment), environment, made["id"], [], {})
            with played.runtime() as runtime:
                wanted = {"count": accounts, "client_id": made["id"], "fill": strangers}
                for account in simulator.control("accounts", **wanted)["accounts"]:
                    played.connect(runtime, account["domain"], made["secret"])
                    played.domains.append(account["domain"])
                    played.leads[account["domain"]] = account["lead"]
            yield played
        postgres.stop()


@contextmanager
def _simulator() -> Iterator[Simulator]:
    command = [sys.executable, "-m", "simulator", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = re.search(r"http://\S+", process.stdout.readline())
    assert address
    simulator = Simulator(address[0].rstrip("/"))
    try:
        yield simulator
    finally:
        simulator.close()
        process.terminate()
        process.wait(60)  # which a busy machine takes to free tens of thousands of accounts
        process.stdout.close()


def _environment(database_url: str, simulator: Simulator) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "ENCRYPTION_KEYS": f"k1:{generate_key()}",
        "OAUTH_REDIRECT_URI": story.REDIRECT_URI,
        "CRM_API_URL": "https://functions.example/crm_api",
        "APP_JWT_SECRET": story.APP_SECRET,
        "AMOCRM_GATEWAY": simulator.url,
    }
