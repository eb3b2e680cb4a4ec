"""AWS SnapStart: what copies of one snapshot do not share, through the hooks of AWS's own runtime client."""

import json
import os
import subprocess
import sys

import pytest

from tests.demo import ROOT

# A process is the snapshot, and its forks are the copies: all that they have in common is what the snapshot held.
_COPIES = """
import json, os, random, sys
from awslambdaric.lambda_runtime_hooks_runner import run_after_restore, run_before_snapshot
from functions.{function}.main import aws_handler, instance
event = {{"httpMethod": "GET", "path": "/{path}", "headers": {{}}}}
aws_handler(event, None)  # a health check before the snapshot, say
before = instance.runtime
client = before.transport._client
run_before_snapshot()
assert before.database._connection is None and client.is_closed
for number in range(3):
    reading, writing = os.pipe()
    if os.fork() == 0:
        if number == 2:
            os.environ["ADMIN_TOKENS"] = "another-token-of-an-administrator-012"
        run_after_restore()
        answer = aws_handler(event, None)
        told = {{
            "status": answer["statusCode"],
            "random": random.random(),
            "backend": (before := instance.runtime).database.number("SELECT pg_backend_pid()"),
            "tokens": sorted(one.hex() for one in before.settings.admin_token_digests),
        }}
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    print("told", os.read(reading, 100_000).decode(), file=sys.stderr)
    os.wait()
"""


@pytest.mark.parametrize(("function", "path"), [("crm_api", "health"), ("oauth_callback", "")])
def test_copies_of_a_snapshot_share_nothing_that_must_be_their_own(
    function: str, path: str, environment: dict[str, str]
) -> None:
    code = _COPIES.format(function=function, path=path)
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    copies = [json.loads(line[5:]) for line in ended.stderr.splitlines() if line.startswith("told ")]
    assert len(copies) == 3, ended.stderr
    assert {one["status"] for one in copies} == ({200} if path else {400}), copies
    assert len({one["random"] for one in copies}) == 3
    assert len({one["backend"] for one in copies}) == 3
    # Configuration that changed after the snapshot counts.
    assert copies[0]["tokens"] == copies[1]["tokens"] != copies[2]["tokens"]


def test_where_there_are_no_snapshots_nothing_is_registered(environment: dict[str, str]) -> None:
    code = "import sys; sys.modules['snapshot_restore_py'] = None; import functions.crm_api.main"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, check=True)
