"""What Google and Yandex are given: sources with locked requirements, run from the folder as it is uploaded."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import package
from tests.demo import free_port
from tests.story import Story


@pytest.fixture(params=list(package.PARTS))
def uploaded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    name: str = request.param
    archive = tmp_path / f"{name}.zip"
    first = package.build_source(name, archive)
    content = archive.read_bytes()
    assert (package.build_source(name, archive), archive.read_bytes()) == (first, content)
    assert first < 3_500_000  # Yandex takes so much without a bucket
    folder = tmp_path / name
    zipfile.ZipFile(archive).extractall(folder)
    return name, folder


def test_every_requirement_is_locked_with_hashes(uploaded: tuple[str, Path]) -> None:
    name, folder = uploaded
    lines = (folder / "requirements.txt").read_text().splitlines()
    entries = [line for line in lines if line and not line.startswith(" ")]
    assert all("==" in line and line.endswith("\\") for line in entries)
    assert len({line.partition("==")[0] for line in entries}) == len(entries)
    assert any(line.startswith("typst==") for line in entries) == ("pdf" in package.PARTS[name].locks)
    assert "://" not in "".join(lines)


def test_google_runs_the_folder_as_uploaded(
    uploaded: tuple[str, Path], tale: Story, environment: dict[str, str]
) -> None:
    name, folder = uploaded
    port = free_port()
    command = [sys.executable, "-P", "-m", "functions_framework", "--source", "main.py", "--target", "http"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=folder,
        env=os.environ | environment | {"PYTHONPATH": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answer = _asked(f"http://127.0.0.1:{port}", name)
    finally:
        process.terminate()
        process.wait(10)
    expected = {"oauth_callback": 400, "crm_api": 200, "refresh_tokens": 200, "run_deliveries": 200}
    assert answer.status_code == expected[name], answer.text


def _asked(url: str, name: str) -> Any:
    deadline = time.monotonic() + 30
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        while True:
            try:
                if name in ("refresh_tokens", "run_deliveries"):
                    return client.post("/")
                return client.get("/health" if name == "crm_api" else "/")
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.1)


def test_yandex_finds_its_entry_point(uploaded: tuple[str, Path], environment: dict[str, str]) -> None:
    name, folder = uploaded
    code = f"from functions.{name}.main import yandex_handler; import functions; print(functions.__file__)"
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder,
        env=os.environ | environment | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert ended.stdout.startswith(str(folder)), ended.stderr
