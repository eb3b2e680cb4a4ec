"""What an operator's tools read: metrics in the log lines, and the health of an instance."""

import json
from typing import Any

import pytest

from functions.crm_api import health
from functions.crm_api.handler import handle
from functions.oauth_callback.handler import handle as callback
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Headers, Request, Response
from shared.platform.middleware import serve
from tests.story import Story, calculation, json_of


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_cloudwatch_reads_metrics_from_the_lines(
    connected: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("METRICS_NAMESPACE", "amocrm-functions")
    capsys.readouterr()
    connected.simulator.fault("status", status=400, path="/api/v4/leads/.*/notes", times=1)
    connected.crm("save_calculation", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}, calculation())
    run_deliveries(connected.runtime, 5)
    lines = {line["event"]: line for line in _lines(capsys) if "_aws" in line}
    for event, metric in (
        ("request", "requests"),
        ("delivery.dead", "deliveries_dead"),
        ("deliveries.run", "delivered"),
    ):
        (directive,) = lines[event]["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "amocrm-functions"
        assert metric in {one["Name"] for one in directive["Metrics"]}
        assert isinstance(lines[event][metric], int | float)
    assert {"Name": "request_ms", "Unit": "Milliseconds"} in lines["request"]["_aws"]["CloudWatchMetrics"][0]["Metrics"]


def test_elsewhere_the_lines_are_plain(connected: Story, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    connected.crm("connection_status", connected.admin())
    (line,) = _lines(capsys)
    assert (line["event"], line["requests"], line["errors"], "_aws" in line) == ("request", 1, 0, False)


def test_a_requests_line_tells_whose_it_was_and_what_amocrm_answered(
    connected: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    wanted = calculation() | {"options": {"products": True, "update_price": True}}
    connected.crm("save_calculation", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}, wanted)
    (line,) = [line for line in _lines(capsys) if line["event"] == "request"]
    assert line["integration_id"] == str(connected.row().id)
    calls = {call["call"] for call in line["upstream"]}
    lead = f"/api/v4/leads/{connected.lead_id}"
    assert {f"POST {lead}/notes", f"PATCH {lead}", f"POST {lead}/link"} <= calls
    assert all(call["status"] == 200 and call["id"] and call["ms"] > 0 for call in line["upstream"])


def test_a_refused_requests_line_says_why(connected: Story, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever is on call sees a row of 403, and asks why: a plain form is answered by a page, a consent as well."""
    capsys.readouterr()
    connected.crm("get_lead", connected.widget() | {"X-Lead-Id": "soon"})
    form = Headers([("Content-Type", "application/x-www-form-urlencoded"), ("Origin", "https://elsewhere.example")])
    query = (("action", "submit_form"), ("site_key", "site_unknown"))
    serve(handle, connected.runtime, Request("POST", "/", query, form, b"name=Anna"))
    serve(callback, connected.runtime, Request("GET", "/", (("code", "c"), ("state", "unknown"))))
    connected.crm("connection_status", connected.admin())
    lines = [line for line in _lines(capsys) if line["event"] == "request"]
    assert [(line["status"], line.get("code")) for line in lines] == [
        (422, "invalid_input"),
        (401, "unauthenticated"),
        (400, "untrusted_host"),
        (200, None),
    ]


def test_an_account_that_needs_a_person_is_counted(connected: Story, capsys: pytest.CaptureFixture[str]) -> None:
    connected.simulator.control("kill-tokens", access=True, refresh=True)
    connected.crm("get_lead", connected.widget() | {"X-Lead-Id": str(connected.lead_id)})
    assert [line["reauth_required"] for line in _lines(capsys) if line["event"] == "connection.reauth_required"] == [1]


def _health(story: Story, path: str = "/health") -> Response:
    health._answers.clear()
    return serve(handle, story.runtime, Request("GET", path))


def test_health_needs_no_proof_and_looks_at_the_database(tale: Story) -> None:
    good = _health(tale)
    assert (good.status, json_of(good)["status"]) == (200, "ok")
    broken = Story(**{**vars(tale), "runtime": _without_database(tale)})
    bad = _health(broken)
    assert (bad.status, json_of(bad)["status"]) == (503, "database_unavailable")
    again = serve(handle, tale.runtime, Request("GET", "/", (("action", "health"),)))
    assert again.status == 503  # asked a moment ago: nobody can keep the database busy by asking
    health._answers.clear()


def _without_database(tale: Story) -> Any:
    from msgspec.structs import replace

    from shared.platform.secret import Secret
    from shared.storage.database import Database

    return replace(tale.runtime, database=Database(Secret("postgresql://nobody@127.0.0.1:1/none")))
