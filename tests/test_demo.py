"""`make demo`: starts on busy ports, stops by Ctrl-C, keeps its data; and each function starts by itself."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli import demo, running
from tests.demo import ROOT, Demo, connect, free_port, port_of
from tests.longer import others_long
from tests.story import calculation


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="amodemo", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "data"


def test_the_demo_takes_nothing_of_an_installation_whose_environment_is_set() -> None:
    """38-R9: who had it set for `doctor` and began the demo there told the installation's people of the demo's
    connections, woke its queue, and asked its function for quotations."""
    theirs = {
        "NOTICE_WEBHOOK_URL": "https://chat.example/hook",
        "NOTICE_SECRET": "theirs",
        "DELIVERIES_QUEUE_URL": "https://queue.example/theirs",
        "DELIVERIES_QUEUE_ENDPOINT": "https://queue.example",
        "QUOTATION_FUNCTION": "theirs-render_quotation",
        "TOKEN_JOURNAL_ACCESS_TOKEN": "theirs",
    }
    settings = {"DATABASE_URL": "postgresql://demo", "TOKEN_JOURNAL_URL": "file:///demo"}
    assert demo.environment_of({"PATH": "/bin", **theirs}, settings) == {"PATH": "/bin", **settings}


@pytest.mark.long
def test_the_demo_finds_free_ports_stops_by_ctrl_c_and_goes_on_where_it_was(data: Path) -> None:
    port = free_port(blocks=2)  # the demo goes to the next ten
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", port))
        busy.listen()
        # Of another program, and (30-K) of whoever has just migrated the database of an installation.
        first = Demo(data, port, {"DEBUG": "somebody:*", "DATABASE_URL": "postgresql://owner@127.0.0.1:9/production"})
        assert f"Ports from {port} are in use" in first.told
        headers = connect(first)
        with first.http(headers) as client:
            lead_id = client.get("/get_leads").json()["leads"][0]["id"]
            saved = client.post("/save_calculation", headers={"X-Lead-Id": str(lead_id)}, json=calculation())
            assert saved.json()["state"] == "delivered"
        assert "Stopped" in first.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(first.api_by_address, trust_env=False)

    second = Demo(data, port)
    try:
        assert second.token == first.token
        with second.http(headers) as client:
            assert client.get("/connection_status").json()["connection"]["status"] == "connected"
            lead = client.get("/get_lead", headers={"X-Lead-Id": str(lead_id)})
            assert lead.status_code == 200
            feed = client.get(f"{second.amocrm}leads/detail/{lead_id}/feed".replace("localhost", "127.0.0.1"))
            assert "Душевая перегородка" in feed.json()["notes"][0]["text"]
            for part, offset in (("refresh_tokens", 3), ("run_deliveries", 4)):
                ran = client.post(f"http://127.0.0.1:{port_of(second.amocrm) + offset}/")
                assert ran.json()["due"] == 0, part
    finally:
        second.stop()
    assert '"event": "request"' in (data / "crm_api.log").read_text()
    for log in data.glob("*.log"):
        text = log.read_text()
        for secret in (first.token, first.secret):
            assert secret not in text, log


@pytest.mark.needs("make")
@pytest.mark.parametrize(("site", "options"), [("mkdocs.yml", []), ("none", ["--build-site"])])
def test_32_3_make_demo_has_the_documentation_built_where_it_is_not_there(
    tmp_path: Path, site: str, options: list[str]
) -> None:
    python, ready, there = tmp_path / "python", tmp_path / "ready", tmp_path / site
    python.write_text('#!/bin/sh\necho "$@"\ncat "/proc/$PPID/comm"\n')
    python.chmod(0o755)
    for made in (ready, tmp_path / "mkdocs.yml"):
        made.touch()
    command = ["make", "demo", f"BIN={tmp_path}", f"READY={ready}", f"SITE={there}", "BUNDLES="]
    for level in ("0", "1"):  # also out of another make, which then says where it is
        environ = {"PATH": os.environ["PATH"], "MAKELEVEL": level}
        said = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
        assert [one for one in said.stdout.splitlines() if "directory" not in one] == [
            " ".join(["-m", "cli", "demo", *options]),
            "make",  # what tells make's child to end reaches the demo
        ]
    dry = subprocess.run([*command, "-n"], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert f"{python} -m cli demo" in dry.stdout


@pytest.mark.long
def test_32_3_the_documentation_is_built_when_the_demo_is_there(data: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    options = ["--build-site", "--site", str(site)]
    first = Demo(data, free_port(), options=options)
    documentation = re.sub(
        "localhost", "127.0.0.1", first.line_with("The documentation, with the first steps").split()[-1]
    )
    with httpx.Client(trust_env=False) as client:
        pages = [client.get(f"{documentation}{name}").status_code for name in ("index.html", "ru/rotation.html")]
    assert pages == [200, 200]
    first.stop()
    # What is no site of ours is not removed, and the demo starts all the same.
    (site / "sitemap.xml").unlink()
    second = Demo(data, free_port(), options=options)
    assert second.line_with("Building the documentation failed")
    assert "would remove" in (data / "docs-build.log").read_text()
    second.stop()
    assert (site / "index.html").exists()


@pytest.mark.long
def test_a_second_demo_of_a_folder_says_where_the_first_is_and_starts_nothing(data: Path) -> None:
    """Row N4. Two beside each other would have one database and two simulators."""
    first = Demo(data, free_port())
    command = [sys.executable, "-m", "cli", "demo", "--data", str(data), "--port", str(free_port())]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert (second.returncode, first.panel in second.stdout) == (0, True), second.stdout + second.stderr
    assert "Nothing was started" in second.stdout
    # Killed, it leaves its functions behind; the next start ends them.
    first.process.kill()
    first.process.communicate()
    third = Demo(data, free_port())
    assert "processes were still running, and were ended" in third.told
    with pytest.raises(httpx.ConnectError):
        httpx.get(first.api_by_address, trust_env=False)
    third.stop()


def test_30_k_a_demo_starts_after_the_machine_was_switched_off_under_the_last_one(tmp_path: Path) -> None:
    """What ran then is gone, and its numbers may be anybody's."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    running.remember(tmp_path, "http://localhost:8901/admin/", [gone.pid])
    with running.alone(tmp_path) as other:
        assert other is None


@pytest.mark.parametrize(
    "function", others_long(["crm_api", "amocrm_events", "oauth_callback", "refresh_tokens", "run_deliveries"])
)
def test_each_function_starts_by_its_documented_command(function: str, environment: dict[str, str]) -> None:
    port = free_port()
    command = ["-m", "functions_framework", "--source", f"functions/{function}/main.py", "--target", "http"]
    documented = f"python {' '.join(command)} --port"
    assert documented in (ROOT / "functions" / function / "main.py").read_text()
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(port)],
        cwd=ROOT,
        env=dict(os.environ) | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answer = None
        deadline = time.monotonic() + 20
        with httpx.Client(trust_env=False) as client:
            while answer is None and time.monotonic() < deadline:
                try:
                    answer = client.get(f"http://127.0.0.1:{port}/")
                except httpx.TransportError:
                    time.sleep(0.1)
        assert answer is not None
        expected = {
            "amocrm_events": 200,
            "crm_api": 404,
            "oauth_callback": 400,
            "refresh_tokens": 200,
            "run_deliveries": 200,
        }
        assert answer.status_code == expected[function]
    finally:
        process.terminate()
        process.wait(15)


def test_a_function_with_a_wrong_environment_tells_everything_and_ends() -> None:
    environ = {"PATH": os.environ["PATH"], "ENCRYPTION_KEYS": "k1:c2VjcmV0"}
    ended = subprocess.run(
        [sys.executable, "-c", "import functions.crm_api.main"], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "4 problem(s)" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "c2VjcmV0" not in ended.stderr
