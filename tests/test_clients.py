"""Rows F2, X9: unmodified clients of other people work against the simulator, by the accounts' real names, over TLS."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli import conformance, described
from simulator.recorder import Recorder

PYTHON = [peer for peer in conformance.ALL if not peer.is_node]


@pytest.fixture(scope="module")
def behind_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A simulator with its proxy, and the environment that clients need."""
    with conformance.simulator(tmp_path_factory.mktemp("tls")) as found:
        yield found


@pytest.mark.parametrize("peer", PYTHON, ids=lambda peer: peer.package)
@pytest.mark.vendor("account.members")
@pytest.mark.long
def test_other_peoples_clients_work_as_they_are(peer: conformance.Peer, behind_tls: tuple[str, dict[str, str]]) -> None:
    """Those from PyPI; `make conformance` runs those from npm too."""
    told = conformance.tell(peer, *behind_tls)
    assert {step: why for step, why in told.failures.items() if step not in told.limits} == {}
    assert len(told.steps) >= 10


def test_the_table_in_the_documents_is_of_these_clients() -> None:
    text = (conformance.ROOT / "docs" / "conformance.md").read_text()
    for peer in conformance.ALL:
        assert f"| `{peer.package}` | {conformance.version_of(peer)} |" in text, "run: make conformance"


@pytest.mark.long
def test_the_proxy_leads_nowhere_else(behind_tls: tuple[str, dict[str, str]]) -> None:
    _, environ = behind_tls
    with httpx.Client(proxy=environ["HTTPS_PROXY"], trust_env=False) as client:
        with pytest.raises(httpx.ProxyError, match="403"):
            client.get("https://example.org/")
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get(
                "https://library.amocrm.ru/"
            )  # who does not trust the simulator's authority does not speak to it


def test_a_description_finds_what_disagrees(tmp_path: Path) -> None:
    """A small one of our own: the wrong type, a missing member, and a method that it does not have."""
    description = tmp_path / "api.yaml"
    description.write_text(
        """
paths:
  /api/v4/leads/{id}:
    get:
      responses:
        "200": {content: {application/json: {schema: {$ref: "#/components/schemas/Lead"}}}}
components:
  schemas:
    Lead: {type: object, required: [id, name], properties: {id: {type: integer}, name: {type: string}}}
"""
    )
    record = tmp_path / "record.jsonl"
    exchanges: list[tuple[str, int, bytes]] = [
        ("GET /api/v4/leads/7", 200, '{"id": 7, "name": "two\x85\u2028lines"}'.encode()),
        ("GET /api/v4/leads/8", 200, b'{"id": "8"}'),
        ("GET /api/v4/tasks/8", 200, b"{}"),
        ("GET /api/v4/leads/9", 404, b"{}"),
    ]
    recorder = Recorder(record)
    for call, status, answer in exchanges:
        method, _, path = call.partition(" ")
        recorder.record(method, path, b"", status, answer)
    recorder.close()
    held = described.hold(description, record)
    assert (held.exchanges, held.methods, held.undescribed) == (3, ("GET /leads/{id}",), ("GET /api/v4/tasks/…",))
    assert {(one.place, one.message.split("(")[1]) for one, _ in held.differences} == {
        ("answered", "required)"),
        ("answered.id", "type)"),
    }
