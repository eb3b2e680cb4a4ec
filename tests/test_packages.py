"""What Google and Yandex are given: sources with locked requirements, run from the folder as it is uploaded."""

import base64
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from cli import package
from shared.platform.http import Request
from tests.demo import free_port
from tests.longer import others_long
from tests.story import Story
from tests.submissions.recorded import SECRET, record, request_of, server_key


@pytest.fixture(params=others_long(package.SOURCES))
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
    assert any(line.startswith("typst==") for line in entries) == package.PARTS[name].own_engine
    assert "://" not in "".join(lines)


@pytest.mark.long
def test_a_package_carries_its_bytecode_and_is_the_same_every_time(environment: dict[str, str], tmp_path: Path) -> None:
    """Lambda's folder is read-only: without it every cold start compiles everything."""
    archive, place = tmp_path / "refresh_tokens.zip", tmp_path / "unzipped"
    package.build("refresh_tokens", "local", archive)
    content = archive.read_bytes()
    package.build("refresh_tokens", "local", archive)
    assert archive.read_bytes() == content
    zipfile.ZipFile(archive).extractall(place)
    sources = {file for file in place.rglob("*.py") if file.parent.name != "__pycache__"}
    tag = sys.implementation.cache_tag
    missing = [file for file in sources if not (file.parent / "__pycache__" / f"{file.stem}.{tag}.pyc").exists()]
    assert [file for file in missing if {"functions", "features", "shared"} & set(file.parts)] == []
    assert len(missing) < 0.01 * len(sources)
    # What is imported is the bytecode: the source is never looked at.
    (place / "functions" / "refresh_tokens" / "run.py").write_text("raise SystemExit('compiled anew')")
    environ = environment | {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-P", "-c", "import functions.refresh_tokens.main as one; print(one.__file__)"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert ended.stdout.strip() == str(place / "functions" / "refresh_tokens" / "main.py"), ended.stderr


@pytest.mark.long
def test_packages_for_another_python_say_what_they_lack(tmp_path: Path) -> None:
    other = next(one for one in package.RUNTIMES if one not in (package.OWN, "3.11"))
    archive = tmp_path / "oauth_callback.zip"
    package.build("oauth_callback", "arm64", archive, python=other)
    assert not [name for name in zipfile.ZipFile(archive).namelist() if name.endswith(".pyc")]
    assert json.loads((tmp_path / "runtime.json").read_text()) == {"runtime": f"python{other}", "snapStart": True}
    with pytest.raises(package.NoSuchPackageError):
        package.build("oauth_callback", "arm64", archive, python="3.11")


@pytest.mark.long
@pytest.mark.parametrize("name", ["oauth_callback", "crm_api", "render_quotation"])  # the others hold no more
def test_both_architectures_hold_the_same_files_within_their_budget(tmp_path: Path, name: str) -> None:
    """Rows N1, N2. The other architecture's cannot be started here, so its files are compared with those that can."""
    found = {}
    for target in ("x86_64", "arm64"):
        archive = tmp_path / target / f"{name}.zip"
        package.build(name, target, archive, python="3.13")  # raises TooLargeError
        files = zipfile.ZipFile(archive)
        found[target] = {_without_machine(one): one for one in files.namelist()}
        machine = {"x86_64": b"\x3e\x00", "arm64": b"\xb7\x00"}[target]  # of the ELF header
        binaries = [one for one in files.namelist() if re.search(r"\.so(\.|$)", one)]
        assert binaries
        assert [one for one in binaries if files.read(one)[18:20] != machine] == []
    assert found["x86_64"].keys() ^ found["arm64"].keys() == set()


def _without_machine(name: str) -> str:
    """Libraries that a wheel brings along are named by a hash of their content, or by their own versions."""
    return re.sub(r"-[0-9a-f]{8}(?=\.)|x86_64-|aarch64-|(?<=\.so)[.0-9]+$", "", name)


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
        if name == "crm_api":
            # 33-1: a stage's hook is a form; it was read (else 422), and its key opens nothing. No page for a program.
            form = {"event[data][id]": "1", "action[settings][widget][settings][key]": "auto_none"}
            hook = httpx.post(f"http://127.0.0.1:{port}/run_automation", data=form, trust_env=False, timeout=30)
            assert (hook.status_code, hook.headers["Content-Type"]) == (401, "application/problem+json")
            _takes_what_builders_send(tale, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)
    expected = {
        "amocrm_events": 200,
        "oauth_callback": 400,
        "crm_api": 200,
        "refresh_tokens": 200,
        "run_deliveries": 200,
    }
    assert answer.status_code == expected[name], answer.text


def _takes_what_builders_send(tale: Story, url: str) -> None:
    """35-3: multipart, windows-1251 and signed JSON, byte for byte through the framework."""
    tale.connect()
    key_id, key = server_key(tale)
    assert tale.crm("sign_site_key", tale.admin(), {"id": key_id, "secret": SECRET}).status == 200
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        signed = [_posted(client, request_of(key, record(one))) for one in ("typeform", "woocommerce", "framer")]
        assert tale.crm("sign_site_key", tale.admin(), {"id": key_id, "secret": None}).status == 200
        plain = ("jotform", "old_site_in_windows_1251", "tilda_cart")
        others = [_posted(client, request_of(key, record(one))) for one in plain]
    assert [*signed, *others] == [(200, "ok")] * 6
    assert tale.sql("SELECT count(*) FROM amocrm_deliveries") == [(6,)]


def _posted(client: httpx.Client, request: Request) -> tuple[int, str]:
    answer = client.post("/", params=request.query, headers=dict(request.headers.items()), content=request.body)
    return answer.status_code, answer.text


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


@pytest.mark.long
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


@pytest.mark.parametrize("name", others_long(["tilda_cart", "jotform", "old_site_in_windows_1251", "tally"]))
@pytest.mark.parametrize("cloud", ["aws", "yandex"])
def test_what_builders_send_comes_through_a_gateway(
    tale: Story, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory, cloud: str, name: str
) -> None:
    """35-3: gateways encode bodies in Base64, and write headers in small letters."""
    folder = tmp_path_factory.getbasetemp() / "crm_api_as_uploaded"
    if not folder.exists():
        archive = tmp_path_factory.mktemp("crm_api") / "crm_api.zip"
        package.build_source("crm_api", archive)
        zipfile.ZipFile(archive).extractall(folder)
    tale.connect()
    key_id, key = server_key(tale)
    assert tale.crm("sign_site_key", tale.admin(), {"id": key_id, "secret": SECRET}).status == 200
    one = record(name)
    if "signed" not in one:
        assert tale.crm("sign_site_key", tale.admin(), {"id": key_id, "secret": None}).status == 200
    code = f"import json, sys; from functions.crm_api.main import {cloud}_handler as handle; " + (
        "print(json.dumps(handle(json.load(sys.stdin), None)))"
    )
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder,
        env=os.environ | environment | {"PYTHONPATH": str(folder)},
        input=json.dumps(_event(cloud, request_of(key, one))),
        capture_output=True,
        text=True,
    )
    answer = json.loads(ended.stdout.splitlines()[-1])
    assert (answer["statusCode"], answer["body"]) == (200, "ok"), ended.stderr
    assert tale.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]


def _event(cloud: str, request: Request) -> dict[str, Any]:
    query, headers = dict(request.query), {name.lower(): value for name, value in request.headers.items()}
    body = {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}
    if cloud == "yandex":
        return {"httpMethod": "POST", "url": "/", "headers": headers, "queryStringParameters": query, **body}
    http = {"method": "POST", "path": "/", "sourceIp": "192.0.2.1"}
    return {
        "version": "2.0",
        "rawPath": "/",
        "rawQueryString": urlencode(query),
        "headers": headers,
        "requestContext": {"http": http},
        **body,
    }
