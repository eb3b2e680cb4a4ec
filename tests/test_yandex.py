"""30-I3: `deploy/yandex.sh`, with a `yc` that writes down what it was called with."""

import itertools
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.demo import ROOT
from tests.longer import others_long

# Two keys, two tokens, two origins: values with commas. They are in the store, and only their names are asked for.
_STORED = {
    "DATABASE_URL": "postgresql://functions:password@host/db",
    "ENCRYPTION_KEYS": "k2:c2Vjb25k,k1:Zmlyc3Q=",
    "ADMIN_TOKENS": "first-token-first-token-x,second-token-second-token",
    "ALLOWED_ORIGINS": "https://a.example,https://b.example",
}
_SECRET: dict[str, Any] = {
    "id": "e6qsecret",
    "name": "amocrm-functions",
    "current_version": {"id": "e6qversion", "status": "ACTIVE", "payload_entry_keys": list(_STORED)},
}
# Called some forty times a deployment: it reads nothing of the environment it is started in.
_YC = (
    f"#!{sys.executable} -IS"
    + """
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
words = sys.argv[1:]
if words[:3] == ["lockbox", "secret", "get"]:
    print(os.environ["SECRET_DOCUMENT"])
elif words[:3] == ["lockbox", "payload", "get"]:
    print(os.environ["STORED"])
elif "get" in words:
    sys.exit(0 if os.environ["ARE_THERE"] else 1)
else:
    print("id: d4e")
"""
)


class _Deployed:
    def __init__(self, folder: Path, **more: str) -> None:
        program = folder / "yc"
        program.write_text(_YC)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "CALLS": str(folder / "calls"),
            "SECRET_DOCUMENT": json.dumps(_SECRET),
            "STORED": json.dumps(_STORED),
            "ARE_THERE": "",
            "SERVICE_ACCOUNT_ID": "aje",
            "SECRET": "amocrm-functions",
        }
        self.ended = subprocess.run(
            [str(ROOT / "deploy" / "yandex.sh")], env=environment | more, capture_output=True, text=True, timeout=60
        )
        calls = folder / "calls"
        self.calls = [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    def of(self, *words: str) -> list[list[str]]:
        return [call for call in self.calls if call[: len(words)] == list(words)]


def _options(call: list[str], name: str) -> list[str]:
    return [value for option, value in itertools.pairwise(call) if option == name]


@pytest.mark.long
def test_each_function_gets_every_setting_whole_from_the_store(tmp_path: Path) -> None:
    deployed = _Deployed(tmp_path)
    assert deployed.ended.returncode == 0, deployed.ended.stderr
    versions = deployed.of("serverless", "function", "version", "create")
    assert len(versions) == 5
    for version in versions:
        assert _options(version, "--secret") == [
            f"environment-variable={name},id=e6qsecret,version-id=e6qversion,key={name}" for name in _STORED
        ]
        assert "--environment" not in version


@pytest.mark.long
def test_no_secret_stands_in_arguments_or_in_what_is_printed(tmp_path: Path) -> None:
    deployed = _Deployed(tmp_path)
    told = deployed.ended.stdout + deployed.ended.stderr + json.dumps(deployed.calls)
    assert [value for value in _STORED.values() for part in value.split(",") if part in told] == []


@pytest.mark.parametrize(("are_there", "made"), [("", 1), ("yes", 0)])
def test_what_is_there_is_not_made_again(tmp_path: Path, are_there: str, made: int) -> None:
    deployed = _Deployed(tmp_path, ARE_THERE=are_there)
    assert len(deployed.of("serverless", "function", "create")) == 5 * made
    assert len(deployed.of("serverless", "trigger", "create")) == 2 * made
    assert len(deployed.of("serverless", "function", "version", "create")) == 5
    public = [
        _options(call, "--name")[0] for call in deployed.of("serverless", "function", "allow-unauthenticated-invoke")
    ]
    assert public == ["amocrm-oauth-callback", "amocrm-crm-api", "amocrm-amocrm-events"]


@pytest.mark.long
@pytest.mark.parametrize("network", others_long(["enp1 2", ""]))
def test_the_functions_run_in_a_network_where_one_is_named(tmp_path: Path, network: str) -> None:
    """34-5: a database without a public address is reached from its own network only."""
    versions = _Deployed(tmp_path, NETWORK_ID=network).of("serverless", "function", "version", "create")
    assert [_options(version, "--network-id") for version in versions] == [[network] if network else []] * 5


@pytest.mark.long
@pytest.mark.parametrize("missing", ["SERVICE_ACCOUNT_ID", "SECRET"])
def test_what_is_missing_is_said_before_anything_is_done(tmp_path: Path, missing: str) -> None:
    deployed = _Deployed(tmp_path, **{missing: ""})
    assert deployed.ended.returncode != 0
    assert missing in deployed.ended.stderr
    assert deployed.calls == []


@pytest.mark.long
def test_a_store_without_settings_deploys_nothing(tmp_path: Path) -> None:
    empty = _SECRET | {"current_version": {"id": "e6qversion"}}
    deployed = _Deployed(tmp_path, SECRET_DOCUMENT=json.dumps(empty))
    assert deployed.ended.returncode != 0
    assert "holds no settings" in deployed.ended.stderr
    assert deployed.of("serverless") == []
