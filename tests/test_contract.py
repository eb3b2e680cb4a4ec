"""crm_api against its own contract: schemathesis calls every action with every proof, with input from openapi.yaml.

No answer may be a 5xx, or have a status, content type or shape that the contract does not have; and each proof must
open what it is for (31-A7). `CONTRACT_EXAMPLES=50` asks more.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from cli import codes, openapi
from tests.demo import ROOT, free_port
from tests.story import Story, calculation, json_of

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "2"))  # of each phase, for each action
PROOFS = ("nobody", "widget", "session", "application", "site", "administrator")

# Here only the contract is looked at: neither amoCRM's pace nor the throttle of public pages.
_NO_PACE = """
CREATE OR REPLACE FUNCTION amocrm_spans(integration uuid, calls integer, longest_wait float8, way float8)
    RETURNS float8[] LANGUAGE sql AS 'SELECT CASE WHEN calls > 0
        THEN (SELECT array_agg(CASE WHEN i % 2 = 1 THEN 0 ELSE 60 END::float8) FROM generate_series(1, 2 * calls) AS i)
        ELSE ''{}''::float8[] END'
"""
_NO_THROTTLE = """
CREATE OR REPLACE FUNCTION always_the_first() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.count := 1; RETURN NEW; END';
CREATE OR REPLACE TRIGGER always_the_first BEFORE INSERT OR UPDATE ON amocrm_throttle
    FOR EACH ROW EXECUTE FUNCTION always_the_first()
"""
_THROTTLE = "DROP TRIGGER always_the_first ON amocrm_throttle; DROP FUNCTION always_the_first()"
# Actions that must be answered 2xx at least once: what is looked at of a proof that opens nothing is its refusals only.
_ALL = {"connection_status", "get_calculator"}
_OF_A_DEAL = {"get_lead", "get_delivery"}
OPENS: dict[str, set[str]] = {
    "nobody": set(),
    "widget": _ALL | _OF_A_DEAL | {"get_pipelines", "get_users"},
    "session": _ALL | _OF_A_DEAL | {"save_calculation"},
    "application": _ALL | _OF_A_DEAL | {"save_calculation", "submit_form", "get_pipelines", "get_users"},
    "site": {"submit_form"},
    "administrator": _ALL | {"get_delivery", "get_deliveries", "get_events", "create_site_key", "revoke_site_key"},
}
_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_the_contract_is_what_the_actions_say() -> None:
    assert (ROOT / "openapi.yaml").read_text() == openapi.text(), "run: python -m cli openapi"


def test_the_table_of_codes_is_what_is_declared() -> None:
    found = codes.read()
    for language, file in codes.FILES.items():
        text = file.read_text(encoding="utf-8")
        assert text == codes.written(text, found, language), "run: python -m cli codes"
    assert not [one for one in found if one.detail and not one.detail[0].isprintable()]


def test_a_code_that_the_table_cannot_read_is_not_left_out_in_silence(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "raising.py").write_text("TAKEN = 'slot_taken'\nraise Problem(409, TAKEN, say('No.'))\n")
    with pytest.raises(ValueError, match="TAKEN"):
        codes.read(tmp_path)


@pytest.fixture
def served(connected: Story, environment: dict[str, str], database_url: str, tmp_path: Path) -> Iterator[str]:
    """crm_api under functions-framework."""
    connected.simulator.control("limits", per_integration=10**6, per_account=10**6)
    with psycopg.connect(database_url, autocommit=True) as connection:
        (before,) = connection.execute("SELECT pg_get_functiondef('amocrm_spans'::regproc)").fetchone() or ("",)
        connection.execute(_NO_PACE)
        connection.execute(_NO_THROTTLE)
    port = free_port()
    command = [sys.executable, "-m", "functions_framework", "--source", "functions/crm_api/main.py", "--target", "http"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        with httpx.Client(trust_env=False) as client:
            while True:
                try:
                    client.get(f"{url}/health")
                    break
                except httpx.TransportError:
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
        yield url
        process.terminate()
        process.wait(10)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(before.encode())
        connection.execute(_THROTTLE)


def _headers(story: Story, proof: str) -> dict[str, str]:
    match proof:
        case "widget":
            return story.widget()
        case "session":
            opened = story.crm("open_session", story.widget(), {"lead_id": story.lead_id})
            return {"Authorization": f"Bearer {json_of(opened)['session_token']}"}
        case "application":
            return story.application()
        case "site":
            made = story.crm("create_site_key", story.admin(), {"name": "x", "origins": ["https://x.example"]})
            return {"Authorization": f"Bearer {json_of(made)['site_key']}", "Origin": "https://x.example"}
        case "administrator":
            return story.admin()
    return {}


def _known(story: Story) -> dict[str, Any]:
    """What is there to be found, and how it is asked for."""
    named = {"X-Account-Domain": story.domain, "X-Widget-Type": story.widget_type}
    headers = story.application() | {"X-Lead-Id": str(story.lead_id)}
    saved = json_of(story.crm("save_calculation", headers, calculation()))["delivery_id"]
    key = json_of(story.crm("create_site_key", story.admin(), {"name": "y", "origins": ["https://y.example"]}))
    return {
        "headers": named | {"X-Lead-Id": str(story.lead_id)},
        "query": {
            "get_delivery": {"id": saved},
            "get_deliveries": {"lead_id": story.lead_id},
            "get_events": {"delivery_id": saved},
        },
        "body": {
            "open_session": {"lead_id": story.lead_id},
            "save_calculation": calculation(),
            "submit_form": {"contact": {"name": "Nina", "phone": "+79161234567"}, "form": {"name": "Call me"}},
            "retry_delivery": {"id": saved},
            "revoke_site_key": {"id": key["id"]},
        },
    }


def _answers(report: Path) -> dict[str, Counter[int]]:
    """How often each status was answered, by the action."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder") or {}
        for one in (recorder.get("interactions") or {}).values():
            if one.get("response"):
                found[recorder["label"].rpartition("/")[2]][one["response"]["status_code"]] += 1
    return found


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.long
def test_every_answer_is_as_documented(connected: Story, served: str, proof: str, tmp_path: Path) -> None:
    known = _known(connected)
    headers = [part for item in _headers(connected, proof).items() for part in ("-H", f"{item[0]}: {item[1]}")]
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        str(ROOT / "openapi.yaml"),
        "--url",
        served,
        *headers,
    ]
    command += ["--checks", _CHECKS, "--max-examples", str(EXAMPLES), "--workers", "4", "--no-color"]
    # Every boundary of every value is tried with the proof that opens most; the others are refused before that.
    phases = "examples,coverage,fuzzing" if proof == "administrator" else "examples,fuzzing"
    command += ["--phases", phases, "--generation-database", "none", "--continue-on-failure"]
    # How quickly examples are made says how busy the machine is, and nothing of what is tested.
    command += ["--suppress-health-check", "too_slow"]
    command += ["--exclude-operation-id", "disconnect"]  # it would end what the others need
    report = tmp_path / "report.ndjson"
    command += ["--report-ndjson-path", str(report)]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    hooks["CONTRACT_KNOWN"] = json.dumps(known)
    environ = os.environ | hooks
    ended = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=600)
    generated = re.search(r"(\d+) generated", ended.stdout)
    assert generated, ended.stdout[-3000:] + ended.stderr[-2000:]
    sys.stdout.write(f"{proof}: {generated[1]} cases\n")
    assert ended.returncode == 0, ended.stdout[-6000:]
    answers = _answers(report)
    opened = {name for name, statuses in answers.items() if any(200 <= status < 300 for status in statuses)}
    assert opened >= OPENS[proof], {name: answers[name] for name in OPENS[proof] - opened}
    assert bool(opened) == (proof != "nobody"), opened
    throttled = [name for name, statuses in answers.items() if 429 in statuses]
    assert not throttled, throttled
