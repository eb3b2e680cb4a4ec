"""Row X9: unmodified clients of other people work against the simulator, by the accounts' real names, over TLS."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests import story
from tests.control import Simulator
from tests.demo import ROOT


@pytest.fixture
def behind_tls(tmp_path: Path) -> Iterator[tuple[Simulator, dict[str, str]]]:
    """A simulator with its proxy, and the environment that clients need."""
    ca_file = tmp_path / "ca.pem"
    command = [sys.executable, "-m", "simulator", "--port", "0", "--proxy-port", "0", "--ca-file", str(ca_file)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    proxy = re.search(r"HTTPS_PROXY=(\S+)", process.stdout.readline())
    address = re.search(r"http://\S+", process.stdout.readline())
    assert proxy
    assert address
    simulator = Simulator(address[0].rstrip("/"))
    simulator.control("limits", per_integration=10**6, per_account=10**6)
    trust = {"SSL_CERT_FILE": str(ca_file), "REQUESTS_CA_BUNDLE": str(ca_file)}
    yield simulator, {"HTTPS_PROXY": proxy[1], "NO_PROXY": "", "no_proxy": "", **trust}
    simulator.close()
    process.terminate()
    process.wait(10)
    process.stdout.close()


def _told(client: str, simulator: Simulator, environ: dict[str, str]) -> tuple[dict[str, Any], Any]:
    """What the client has seen, and the account afterwards."""
    account = simulator.control("account", subdomain="library")
    made = simulator.control("integration", redirect_uri=story.REDIRECT_URI, name="x")
    allowed = simulator.control("consent", domain=account["domain"], client_id=made["id"])["location"]
    code = parse_qs(urlsplit(allowed).query)["code"][0]
    arguments = ["library", made["id"], made["secret"], story.REDIRECT_URI, code, str(account["leads"][0])]
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"tests.clients.{client}", *arguments],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return json.loads(ended.stdout), simulator.control("show", domain=account["domain"])


@pytest.mark.parametrize("client", ["requests_client", "httpx_client"])
def test_other_peoples_clients_work_as_they_are(client: str, behind_tls: tuple[Simulator, dict[str, str]]) -> None:
    simulator, environ = behind_tls
    seen, account = _told(client, simulator, environ)
    assert seen["lead"] == "Душевая перегородка, ул. Лесная 12"
    assert seen["found"] == ["Мария Лебедева"]
    assert seen["notes"] == ["Заметка библиотеки"]
    assert seen["pipelines"] == ["Воронка", "Монтаж"]
    assert "Илья Менеджер" in seen["users"]
    lead = next(one for one in account["leads"].values() if one["name"] == seen["lead"])
    assert lead["price"] == 777
    linked = {link["to_entity_id"] for link in account["links"][str(lead["id"])]}
    assert {one["id"] for one in account["contacts"].values() if one["name"] == "Клиент библиотеки"} <= linked
    assert len(simulator.effects("token.refreshed")) == 1
    if client == "requests_client":
        assert (seen["lists"], seen["people"]) == (["products"], ["Мария Лебедева", "Олег Панин"])
    else:
        assert (seen["account"], seen["complex"], seen["refused"]) == ("library", True, "ValidationError")


def test_the_proxy_leads_nowhere_else(behind_tls: tuple[Simulator, dict[str, str]]) -> None:
    _, environ = behind_tls
    with httpx.Client(proxy=environ["HTTPS_PROXY"], trust_env=False) as client:
        with pytest.raises(httpx.ProxyError, match="403"):
            client.get("https://example.org/")
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get(
                "https://library.amocrm.ru/"
            )  # who does not trust the simulator's authority does not speak to it
