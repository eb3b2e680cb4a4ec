"""`conformance`: other people's clients, as they are, against the simulator; somebody else's description of the API.

The table of docs/conformance.md comes from here.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import click
import httpx

from cli import described

ROOT: Final = Path(__file__).resolve().parents[1]
PEERS: Final = ROOT / "tests" / "peers"
REDIRECT_URI: Final = "https://functions.example/oauth_callback"


@dataclass(frozen=True, slots=True)
class Peer:
    package: str  # as on PyPI or npm
    script: str  # in tests/peers/
    transport: str

    @property
    def is_node(self) -> bool:
        return self.script.endswith(".cjs")


ALL: Final = (
    Peer("amocrm-api", "amocrm_api.py", "requests"),
    Peer("aioamocrm", "aioamocrm.py", "httpx, asyncio"),
    Peer("amocrm-api-wrapper", "amocrm_api_wrapper.py", "requests"),
    Peer("amochka", "amochka.py", "requests"),
    Peer("amocrm-sdk", "amocrm_sdk.py", "requests"),
    Peer("kommo-python", "kommo_python.py", "requests, forms"),
    Peer("@shevernitskiy/amo", "node/shevernitskiy_amo.cjs", "Node, fetch"),
    Peer("amocrm-js", "node/amocrm_js.cjs", "Node, https"),
)


@dataclass(frozen=True, slots=True)
class PeerResult:
    """What became of one peer. `failures`: step → what the client said."""

    peer: Peer
    version: str
    steps: tuple[str, ...]
    failures: Mapping[str, str]
    limits: Mapping[str, str]


@contextmanager
def simulator(folder: Path, record: Path | None = None) -> Iterator[tuple[str, dict[str, str]]]:
    """Its address, and the environment that a client needs."""
    ca_file = folder / "ca.pem"
    command = [sys.executable, "-m", "simulator", "--port", "0", "--proxy-port", "0", "--ca-file", str(ca_file)]
    command += ["--record", str(record)] if record else []
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    assert process.stdout is not None
    proxy = re.search(r"HTTPS_PROXY=(\S+)", process.stdout.readline())
    address = re.search(r"http://\S+", process.stdout.readline())
    assert proxy
    assert address
    trust = {name: str(ca_file) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")}
    try:
        yield address[0].rstrip("/"), {"HTTPS_PROXY": proxy[1], "NO_PROXY": "", "no_proxy": "", **trust}
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def version_of(peer: Peer) -> str:
    """The one that is locked."""
    if peer.is_node:
        locked = json.loads((ROOT / "package.json").read_text())["devDependencies"]
        return str(locked[peer.package])
    version = re.search(r"==(\S+)", _requirement(peer).read_text())
    assert version
    return version[1]


def _requirement(peer: Peer) -> Path:
    return PEERS / "requirements" / f"{peer.package}.txt"


def installed(peer: Peer) -> Path | None:
    """Where the peer is installed, by itself: two of them share a module's name. None for what npm has installed."""
    if peer.is_node:
        return None
    target = ROOT / ".local" / "peers" / f"{peer.package}-{version_of(peer)}"
    if not target.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        fresh = tempfile.mkdtemp(dir=_made(target.parent))
        subprocess.run([*pip, "--require-hashes", "--target", fresh, "-r", str(_requirement(peer))], check=True)  # noqa: S603
        Path(fresh).rename(target)
    return target


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(out: Path, description: Path | None, record: Path | None) -> bool:
    """All clients, and the description if there is one. `record`: what else has passed, from `SIMULATOR_RECORD`.

    Writes the table to `out`; False when something failed that nobody has explained.
    """
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "record.jsonl"
        with simulator(Path(folder), own) as (url, environ):
            all_told = [_told(peer, url, environ) for peer in ALL]
        text, is_good = table(all_told), not any(set(told.failures) - set(told.limits) for told in all_told)
        if description is not None:
            for more in (own, record):
                if more is not None and more.exists():
                    lines, agrees = _held(described.hold(description, more), more is own)
                    click.echo("\n".join(lines))
                    is_good = is_good and agrees
    out.write_text(text, encoding="utf-8")
    click.echo(f"{out} was written")
    return is_good


def _told(peer: Peer, url: str, environ: Mapping[str, str]) -> PeerResult:
    told = tell(peer, url, environ)
    bad = set(told.failures) - set(told.limits)
    click.echo(f"{peer.package} {told.version}: {len(told.steps) - len(bad)} of {len(told.steps)} steps")
    for step in sorted(bad):
        click.echo(f"  {step}: {told.failures[step]}")
    return told


def _held(held: described.ComparisonReport, is_clients: bool) -> tuple[list[str], bool]:
    whose = "clients of others" if is_clients else "our own code and tests"
    lines = [
        f"The description, and {whose}: {held.exchanges} exchanges, {len(held.methods)} of its methods, "
        f"{len(held.differences)} differences, {held.explained} explained ones"
    ]
    lines += [f"  {times} × {one.method} {one.path} {one.place}: {one.message}" for one, times in held.differences]
    lines += [f"  not described: {', '.join(held.undescribed)}"] if held.undescribed else []
    return lines, not held.differences


def tell(peer: Peer, url: str, environ: Mapping[str, str]) -> PeerResult:
    """Runs a peer's script in an account of its own."""
    target, version = installed(peer), version_of(peer)
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:

        def control(action: str, /, **body: Any) -> Any:
            answer = client.post(f"/_control/{action}", json=body)
            answer.raise_for_status()
            return answer.json()

        control("limits", per_integration=10**6, per_account=10**6)
        subdomain = re.sub("[^a-z]", "", peer.package)
        account = control("account", subdomain=subdomain)
        made = control("integration", redirect_uri=REDIRECT_URI, name="x")
        location = control("consent", domain=account["domain"], client_id=made["id"])["location"]
    code = parse_qs(urlsplit(location).query)["code"][0]
    arguments = [subdomain, made["id"], made["secret"], REDIRECT_URI, code, str(account["leads"][0])]
    script = PEERS / peer.script
    if peer.is_node:
        command = ["node", "--require", str(PEERS / "node" / "proxy.cjs"), str(script)]
    else:
        command = [sys.executable, "-W", "ignore", "-m", f"tests.peers.{script.stem}"]
    paths = {"PYTHONPATH": os.pathsep.join(map(str, filter(None, (target, ROOT))))}
    ended = subprocess.run(  # noqa: S603 - our own scripts
        [*command, *arguments],
        cwd=ROOT,
        env={**os.environ, **environ, **paths},
        capture_output=True,
        text=True,
        timeout=180,
    )
    if ended.returncode != 0 or not ended.stdout.strip():
        return PeerResult(peer, version, ("the script",), {"the script": ended.stderr[-1500:]}, {})
    document = json.loads(ended.stdout.strip().splitlines()[-1])
    failures = {one["step"]: one["error"] for one in document["steps"] if one["error"]}
    return PeerResult(peer, version, tuple(one["step"] for one in document["steps"]), failures, document["limits"])


def table(all_told: list[PeerResult]) -> str:
    """docs/conformance.md, its first part."""
    lines = [
        "# Other people's clients",
        "",
        "Written by `make conformance`: the clients as they are on PyPI and npm, over TLS by the accounts' real names,",
        "with nothing but a proxy's address and a file of authorities. Each has an account of its own.",
        "",
        "| client | version | speaks | steps | passed | what it cannot, and why that is its own limit |",
        "|---|---|---|---|---|---|",
    ]
    for told in all_told:
        own = "; ".join(f"{name}: {why}" for name, why in told.limits.items()) or "—"
        counted = len(told.steps), len(told.steps) - len(set(told.failures) - set(told.limits))
        lines.append(
            f"| `{told.peer.package}` | {told.version} | {told.peer.transport} | {counted[0]} | {counted[1]} | {own} |"
        )
    lines += ["", "## What each was asked to do", ""]
    lines += [f"- **`{told.peer.package}`**: {'; '.join(told.steps)}." for told in all_told]
    return "\n".join(lines) + "\n"
