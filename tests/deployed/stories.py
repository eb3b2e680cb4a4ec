"""`make deploy-local`: osls deploys the packaged functions to a local cloud; the deployed zips then carry the stories.

Row X8: what is deployed is what was tested.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from cli import package
from shared.platform.clock import SystemClock
from shared.platform.config import load
from shared.platform.http import Response
from shared.runtime import Runtime
from tests.control import Simulator
from tests.demo import ROOT, free_port
from tests.deployed.lambda_runtime import DeployedFunction, Invocations
from tests.owner import Owner
from tests.story import Story, calculation, json_of

_SERVICE = "amocrm-functions-prod"
_REGION = "eu-central-1"


@pytest.fixture(scope="module")
def cloud() -> Iterator[dict[str, str]]:
    """The environment of AWS's tools, with a local server in AWS's place."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.deployed", "-p", str(port)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    environ = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    deadline = time.monotonic() + 30
    while True:
        try:
            _client("sts", environ).get_caller_identity()
            break
        except EndpointConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    yield environ
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def deployed(cloud: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The zips as AWS holds them after `osls deploy`, by function."""
    folder = tmp_path_factory.mktemp("artifacts")
    for name in package.PARTS:
        package.build(name, "local", folder / f"{name}.zip")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    command = ["npx", "--no-install", "osls", "deploy", "--param", f"artifacts={folder}"]
    ended = subprocess.run(
        [*command, "--param", f"runtime={version}"],
        cwd=ROOT,
        env=os.environ | cloud,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return {name: _downloaded(name, cloud) for name in package.PARTS}


def _downloaded(name: str, cloud: dict[str, str]) -> bytes:
    function = _client("lambda", cloud).get_function(FunctionName=f"{_SERVICE}-{name}")
    key = function["Code"]["Location"].split(".amazonaws.com/")[1].split("?")[0]
    s3 = _client("s3", cloud)
    (bucket,) = [one["Name"] for one in s3.list_buckets()["Buckets"] if "deploymentbucket" in one["Name"]]
    content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert base64.b64encode(hashlib.sha256(content).digest()).decode() == function["Configuration"]["CodeSha256"]
    return content


def _client(service: str, environ: dict[str, str]) -> Any:
    return boto3.client(
        service,
        endpoint_url=environ["AWS_ENDPOINT_URL"],
        region_name=_REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@dataclass
class DeployedStory(Story):
    """The same story, told to the deployed functions by function URL events."""

    functions: dict[str, DeployedFunction] = field(default_factory=dict)
    invocations: Invocations = field(default_factory=Invocations)

    def crm(
        self,
        action: str,
        headers: dict[str, str],
        body: Any = None,
        *,
        method: str | None = None,
        query: dict[str, str] | None = None,
    ) -> Response:
        text = urlencode({"action": action} | (query or {}))
        encoded = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self._sent("crm_api", method or ("GET" if body is None else "POST"), text, headers, encoded)

    def callback(self, query: str, **headers: str) -> Response:
        return self._sent("oauth_callback", "GET", query, headers, b"")

    def _sent(self, name: str, method: str, query: str, headers: dict[str, str], body: bytes) -> Response:
        event = {
            "version": "2.0",
            "rawPath": "/",
            "rawQueryString": query,
            "headers": {key.lower(): value for key, value in headers.items()},
            "requestContext": {"http": {"method": method, "path": "/", "sourceIp": "192.0.2.7"}, "domainName": "x"},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        answer = self.functions[name].invoke(event)
        content = answer["body"]
        decoded = base64.b64decode(content) if answer["isBase64Encoded"] else content.encode()
        return Response(answer["statusCode"], decoded, tuple(answer["headers"].items()))


@pytest.fixture
def story(
    deployed: dict[str, bytes],
    cloud: dict[str, str],
    environment: dict[str, str],
    simulator: Simulator,
    owner: Owner,
    tmp_path: Path,
) -> Iterator[DeployedStory]:
    """The functions run with their settings in Secrets Manager, as deployed; the queue is the stack's own."""
    _client("secretsmanager", cloud).create_secret(Name=tmp_path.name, SecretString=json.dumps(environment))
    functions, invocations = {}, Invocations()
    for name, archive in deployed.items():
        configured = _client("lambda", cloud).get_function_configuration(FunctionName=f"{_SERVICE}-{name}")
        variables = configured["Environment"]["Variables"] | {"AWS_SECRET_ID": tmp_path.name}
        variables["AWS_LAMBDA_FUNCTION_NAME"] = f"{_SERVICE}-{name}"
        (tmp_path / name).mkdir()
        environ = variables | cloud | {"AWS_ENDPOINT_URL_LAMBDA": invocations.url}
        functions[name] = DeployedFunction(archive, configured["Handler"], environ, tmp_path / name)
        invocations.functions[f"{_SERVICE}-{name}"] = functions[name]
    account = simulator.control("account", subdomain="deployed")
    made = simulator.control("integration", redirect_uri=environment["OAUTH_REDIRECT_URI"], name="x")
    runtime = Runtime.build(load(environment))
    yield DeployedStory(
        runtime=runtime,
        simulator=simulator,
        clock=SystemClock(),  # type: ignore[arg-type] # the functions are other processes: time is not moved
        owner=owner,
        domain=account["domain"],
        account_id=account["id"],
        lead_id=account["leads"][0],
        client_id=made["id"],
        secret=made["secret"],
        functions=functions,
        invocations=invocations,
    )
    runtime.close()
    for function in functions.values():
        function.close()
    invocations.close()


def test_the_main_stories_pass_over_the_deployed_zips(story: DeployedStory, cloud: dict[str, str]) -> None:
    story.simulator.control("limits", per_integration=10**6, per_account=10**6)  # the pace has tests of its own
    # connect
    assert story.connect().status == "connected"
    # read
    lead = {"X-Lead-Id": str(story.lead_id)}
    read = story.crm("get_lead", story.widget() | lead)
    assert (read.status, json_of(read)["client"]["name"]) == (200, "Мария Лебедева")
    # save, with goods and a rendered quotation
    wanted = calculation() | {"options": {"products": True, "pdf": "render", "update_price": True}}
    saved = story.crm("save_calculation", story.widget() | lead, wanted)
    assert (saved.status, json_of(saved)["state"]) == (200, "delivered"), saved.body.decode()
    assert len(story.simulator.effects("file.uploaded")) == 1
    # the quotation's function is away: the rest is in the deal, and the file comes later
    engine = story.invocations.functions.pop(f"{_SERVICE}-render_quotation")
    later = story.crm("save_calculation", story.widget() | lead, wanted | calculation(number="19"))
    assert (later.status, json_of(later)["problem"]["code"]) == (202, "rendering_unavailable")
    assert json_of(later)["results"]["note"]["note_id"]
    story.invocations.functions[f"{_SERVICE}-render_quotation"] = engine
    story.sql("UPDATE amocrm_deliveries SET due_at = now() WHERE state = 'accepted'")
    assert story.functions["run_deliveries"].invoke({"source": "aws.events"})["delivered"] == 1
    assert len(story.simulator.effects("file.uploaded")) == 2
    # a form
    form = story.crm("submit_form", story.application() | {}, {"contact": {"name": "Яна", "phone": "89160001122"}})
    assert form.status == 200, form.body.decode()
    # a stage's hook: a form, which the gateway encodes in Base64; no page answers a program
    members = urlencode(
        {"event[data][id]": story.lead_id, "event[data][element_type]": 2, "account_id": story.account_id}
    )
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    hook = story.crm("run_automation", kind, members.encode(), method="POST")
    assert (hook.status, dict(hook.headers)["Content-Type"]) == (401, "application/problem+json")
    # refresh, by the schedule
    story.sql("UPDATE amocrm_integrations SET refresh_due_at = now() - interval '1 minute'")
    figures = story.functions["refresh_tokens"].invoke({"source": "aws.events", "detail-type": "Scheduled Event"})
    assert (figures["due"], figures["refreshed"]) == (1, 1)
    # amoCRM is down: accepted, the queue is told, and the runner delivers
    story.simulator.fault("status", status=503, path="/api/v4/leads/.*/notes", times=1)
    accepted = story.crm("save_calculation", story.widget() | lead, calculation(number="18"))
    assert accepted.status == 202
    queue = _client("sqs", cloud)  # of this one, and of the one whose quotation came later
    (url,) = [one for one in queue.list_queues()["QueueUrls"] if "DeadLetters" not in one]
    assert (
        int(
            queue.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
                "ApproximateNumberOfMessagesDelayed"
            ]
        )
        == 2
    )
    story.sql("UPDATE amocrm_deliveries SET due_at = now() WHERE state = 'accepted'")
    records = {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}
    assert story.functions["run_deliveries"].invoke(records)["delivered"] == 1
    assert story.delivery(json_of(accepted)["delivery_id"])["state"] == "delivered"
    assert len([note for note in story.notes() if note["note_type"] == "common"]) == 3


def test_a_missing_secret_is_told_at_the_start(
    deployed: dict[str, bytes], cloud: dict[str, str], tmp_path: Path
) -> None:
    variables = cloud | {"AWS_SECRET_ID": "nowhere"}
    function = DeployedFunction(
        deployed["refresh_tokens"], "functions.refresh_tokens.main.aws_handler", variables, tmp_path
    )
    time.sleep(2)
    function.close()
    assert "AWS_SECRET_ID: the secret cannot be read" in (tmp_path / "log").read_text()
