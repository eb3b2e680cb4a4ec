"""The fast versions of the chaos runs; `make chaos-tokens` plays them at length."""

import random
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from features.submissions import site_builders
from features.submissions.model import SubmitOrder
from features.submissions.person_identity import identities
from shared.platform.http import Headers, Request
from tests.chaos import builder_bodies, campaign, judged, planted, submissions
from tests.chaos.defect import Defect
from tests.chaos.killing import Killer, kill_myself
from tests.chaos.told import Deal, wrong
from tests.commands import json_of_command, whole
from tests.story import Story, calculation, json_of


@pytest.mark.long
def test_killed_at_every_step_no_account_is_lost_by_us() -> None:
    """Row X1."""
    summary = json_of_command("tests.chaos.tokens", "--kills", "25")
    assert summary["violations"] == [], whole(summary)
    assert summary["kills"]["random"] >= 25
    assert {"after_claim", "after_send", "after_answer", "after_persist"} <= set(summary["kills"])
    assert summary["refreshes_by_amocrm"] > 0


@pytest.mark.long
def test_killed_at_every_step_every_accepted_calculation_is_in_its_deal_once() -> None:
    """Row X2."""
    summary = json_of_command("tests.chaos.deliveries", "--kills", "25")
    assert summary["violations"] == [], whole(summary)
    assert set(summary["kills"]) >= {"after_accept", "before_started", "after_started", "before_done", "after_done"}
    assert summary["calculations"]["accepted"] > 10


@pytest.mark.long
def test_32_processes_meeting_one_expired_token_refresh_it_once() -> None:
    summary = json_of_command("tests.chaos.herd", "--processes", "32")
    assert (summary["answers"], summary["refreshes"], summary["refused"]) == (32, 1, 0), whole(summary)


@pytest.mark.long
def test_killed_at_every_step_submissions_of_one_person_make_one_contact() -> None:
    """31-A4, rows C4, C10: whose deal, contact and note belong together is looked at for each submission."""
    summary = json_of_command("tests.chaos.submissions", "--count", "40", "--persons", "4", "--seed", "17")
    assert summary["violations"] == [], whole(summary)
    assert set(summary["kills"]) >= {"after_accept", "before_write", "after_write", "before_done", "after_done"}
    wanted = dict.fromkeys(("lost", "doubled", "notes_doubled", "strangers_changed"), 0) | {"contacts": 4}
    assert wanted.items() <= summary.items(), whole(summary)
    assert summary["deals"] == summary["notes"] == summary["submissions"] >= 40, whole(summary)


@pytest.mark.long
def test_killed_at_every_step_each_time_is_somebodys_at_most_once() -> None:
    """31-A3, row K3: also what was promised, moved and cancelled is as it was answered."""
    summary = json_of_command("tests.chaos.bookings", "--attempts", "60", "--days", "1")
    assert summary["violations"] == [], whole(summary)
    assert set(summary["kills"]) >= {"before_make", "after_make", "before_confirm", "after_confirm"}
    assert set(summary["kills"]) >= {"before_move", "after_move", "after_cancel"}
    assert summary["bookings"]["booked"] > 0


@pytest.mark.long
def test_killed_at_every_step_a_consumer_is_told_of_everything_once_and_in_order() -> None:
    """Rows H1, H5."""
    summary = json_of_command("tests.chaos.events", "--kills", "20")
    assert summary["violations"] == [], whole(summary)
    assert len(summary["kills"]) > 2  # at random instants, and at some of the points
    assert summary["changes_of_people"] >= 160
    assert summary["events"]["told"] > 60


@pytest.mark.long
@pytest.mark.parametrize("name", ["claims what somebody else has claimed", "a note at somebody else's entity"])
def test_a_campaign_sees_what_was_planted_for_it(name: str) -> None:
    """31-A: `make campaigns-see` plants all of them."""
    (defect,) = [one for one in planted.DEFECTS if one.name == name]
    found = judged.seen(defect, seed=11)
    assert found.is_seen, found


def test_31_7_a_row_as_soon_as_it_is_judged_and_a_run_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A campaign that breaks off has seen nothing, and keeps no other from being played; what was red is not played
    again, what was not is."""
    played: list[str] = []

    def play(name: str, _seed: int) -> dict[str, Any]:
        played.append(name)
        if name == "breaks":
            raise RuntimeError("no room")
        return {"violations": ["a note | is lost"] if name == "seen" else []}

    def defect(name: str, campaign: str = "tests.chaos.of_test") -> Defect:
        return Defect(f"it is {name}", "notes", campaign, lambda: played.clear, "is lost", size=(name,))  # type: ignore[arg-type]

    monkeypatch.setitem(sys.modules, "tests.chaos.of_test", SimpleNamespace(play=play))
    monkeypatch.setattr(planted, "DEFECTS", [defect("breaks"), defect("seen"), defect("missed"), defect("far", "x.y")])
    into = tmp_path / "rows"
    options = ["--campaign", "of_test", "--into", str(into)]
    first, again = (CliRunner().invoke(planted.main, options) for _ in range(2))
    assert (first.exit_code, again.exit_code) == (1, 1)
    assert re.sub(r"\d+ s", "0 s", first.stdout) == _FIRST, first.output
    assert [one.split(" | ")[1] for one in into.read_text().splitlines()] == [
        "it is breaks", "it is seen", "it is missed", "it is breaks", "it is missed",
    ]  # fmt: skip
    assert "1 of 3 are red" in again.stdout
    assert "no such defect" in CliRunner().invoke(planted.main, ["--only", "nothing of it"]).output


_FIRST = """\
| notes | it is breaks | of_test | MISSED: the campaign broke off: RuntimeError('no room') | 0 s |
| notes | it is seen | of_test | red: a note | is lost | 0 s |
| notes | it is missed | of_test | MISSED: nothing was violated | 0 s |

| campaign | planted | red | time |
|---|---|---|---|
| of_test | 3 | 1 | 0 s |

1 of 3 are red, 0 s; missed: it is breaks, it is missed
"""


def test_31_the_table_of_the_documents_names_what_is_planted() -> None:
    document = (Path(__file__).parents[1] / "docs" / "benchmarks.md").read_text("utf-8")
    table = re.split(r"\n#+ ", document.partition("`make campaigns-see`")[2])[0]
    rows = [line.split(" | ")[:3] for line in table.splitlines() if line.startswith("| ")][1:]
    told = [(invariant.removeprefix("| "), name.removesuffix(" *"), campaign) for invariant, name, campaign in rows]
    assert sorted(told) == sorted((one.invariant, one.name, judged.short(one.campaign)) for one in planted.DEFECTS)


@pytest.mark.long
def test_only_a_kill_that_was_sent_is_a_kill() -> None:
    """31-A1: a worker that raises at once, or ends by itself, is told with its traceback, and killed nowhere."""
    killer = Killer(random.Random(1))

    def raises(_: object) -> None:
        raise ValueError("a defect that kills nobody")

    for work, point in ((raises, "after_claim"), (raises, None), (lambda _: None, "after_claim"), (_sleeps, None)):
        killer.start(work, None, point)
    killer.start(lambda _: kill_myself(), None, "after_send")
    killer.end_all(within=1.0)
    assert killer.kills == {"random": 1, "after_send": 1}
    assert len(killer.violations) == 3
    assert sum("a defect that kills nobody" in one and "Traceback" in one for one in killer.violations) == 2


def _sleeps(_: object) -> None:
    time.sleep(30)


def test_a_violation_is_explained_by_what_happened(connected: Story) -> None:
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    saved = json_of(connected.crm("save_calculation", headers, calculation()))
    told = campaign.story(connected.runtime, "delivery_id", saved["delivery_id"])
    assert told.index("delivered") < told.index("step_done") < told.index("accepted")
    assert "connection.authorised" in campaign.story(connected.runtime, "integration_id", connected.row().id)


Message = dict[str, Any]
_MOVED: list[Message] = [
    {"type": "lead.status_changed", "data": {"lead": {"name": "v1", "status_id": 11}}},
    {"type": "lead.status_changed", "data": {"lead": {"name": "v2", "status_id": 13}, "before": {"status_id": 11}}},
    {"type": "lead.updated", "data": {"lead": {"name": "v2", "status_id": 13}, "changed": ["name"]}},
    {"type": "lead.note_added", "data": {"lead": {"name": "v2", "status_id": 13}, "note": {"id": 7, "text": "Hello"}}},
]


def test_each_message_is_compared_not_the_last_state_alone() -> None:
    """31-A9: a deal went 10, 11, 12, 13 and was renamed twice; what is told of it may leave out 12, nothing else."""

    def told(*numbers: int, **lead: Any) -> list[str]:
        messages = [_MOVED[number] for number in numbers]
        if lead:
            first = messages[0]
            messages[0] = first | {"data": first["data"] | {"lead": first["data"]["lead"] | lead}}
        found = wrong(Deal("a", 1, [10, 11, 12, 13], 2, is_touched=True, notes={7: "Hello"}), messages)
        return [one.partition(":")[0] for one in found]

    assert told(0, 1, 2, 3) == []
    assert told(0, 1, 3) == ["lost"]  # the name, though the last state has it
    assert told(0, 2, 3) == ["lost"]  # the move
    assert told(0, 1, 2, 2, 3) == ["doubled"]
    assert told(0, 1, 1, 2, 3) == ["out of order", "doubled"]
    assert told(0, 1, 2) == ["lost"]
    assert "out of order" in told(0, 1, 2, 3, status_id=99)  # where nobody ever put it
    other = _MOVED[3] | {"data": _MOVED[3]["data"] | {"note": {"id": 7, "text": "Goodbye"}}}
    deal = Deal("a", 1, [10, 11, 13], 2, is_touched=True, notes={7: "Hello"})
    assert wrong(deal, [*_MOVED[:3], other]) == ["lost: the text of note 7, told is Goodbye"]


@pytest.mark.long
def test_bodies_of_builders_in_the_campaign_are_different_submissions() -> None:
    """35: two with one id would be one submission, and the other's words nowhere; the campaign would be to blame."""
    known = set()
    for number in filter(submissions.is_of_builder, range(400)):
        fields, body = builder_bodies.sent(number, "Клиент 1", "+7 921 555-01-07")
        sent = site_builders.sent(Request("POST", "/", (), Headers(fields.items()), body))
        order = sent.body.order.number if isinstance(sent.body, SubmitOrder) else None
        known.add((sent.key, order))
    assert len(known) == 300


@pytest.mark.long
def test_bodies_of_builders_in_the_campaign_are_of_its_people() -> None:
    """Seed 4288661948: one whose phone was another country's, in one of ten spellings, was two people, or one, by which
    form came first."""
    for number in filter(submissions.is_of_builder, range(200)):
        person, phone = submissions._person(number, 20)
        fields, body = builder_bodies.sent(number, person, phone)
        contact = site_builders.sent(Request("POST", "/", (), Headers(fields.items()), body)).body.contact
        assert identities(contact.phones, "RU") == identities([phone], "RU"), builder_bodies.kind_of(number)
