"""The fast versions of the chaos runs; `make chaos-tokens` plays them at length."""

import json
import subprocess
import sys
from typing import Any

from tests.chaos import campaign
from tests.demo import ROOT
from tests.story import Story, calculation, json_of


def _played(module: str, *arguments: str) -> Any:
    """In a process of its own, because it forks."""
    ended = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    start = ended.stdout.find("{\n")
    assert start >= 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout[start:])


def test_killed_at_every_step_no_account_is_lost_by_us() -> None:
    """Row X1."""
    summary = _played("tests.chaos.tokens", "--kills", "25")
    assert summary["violations"] == [], summary
    assert summary["kills"]["random"] >= 25
    assert {"after_claim", "after_send", "after_answer", "after_persist"} <= set(summary["kills"])
    assert summary["refreshes_by_amocrm"] > 0


def test_killed_at_every_step_every_accepted_calculation_is_in_its_deal_once() -> None:
    """Row X2."""
    summary = _played("tests.chaos.deliveries", "--kills", "25")
    assert summary["violations"] == [], summary
    assert set(summary["kills"]) >= {"after_accept", "before_started", "after_started", "before_done", "after_done"}
    assert summary["calculations"]["accepted"] > 10


def test_32_processes_meeting_one_expired_token_refresh_it_once() -> None:
    summary = _played("tests.chaos.herd", "--processes", "32")
    assert (summary["answers"], summary["refreshes"], summary["refused"]) == (32, 1, 0), summary


def test_submissions_of_one_person_make_one_contact() -> None:
    summary = _played("tests.chaos.submissions", "--count", "40", "--persons", "4", "--seed", "17")
    wanted = {
        "contacts": 4,
        "deals": 40,
        "notes": 40,
        "lost": 0,
        "doubled": 0,
        "notes_doubled": 0,
        "strangers_changed": 0,
    }
    assert wanted.items() <= summary.items(), summary


def test_a_violation_is_explained_by_what_happened(connected: Story) -> None:
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    saved = json_of(connected.crm("save_calculation", headers, calculation()))
    told = campaign.story(connected.runtime, "delivery_id", saved["delivery_id"])
    assert told.index("delivered") < told.index("step_done") < told.index("accepted")
    assert "connection.authorised" in campaign.story(connected.runtime, "integration_id", connected.row().id)
