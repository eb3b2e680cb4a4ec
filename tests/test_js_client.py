"""Row J1: the JavaScript client in Node.js, against the real `crm_api` over HTTP, with faults on the way."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import client
from functions.crm_api.handler import handle as crm_api
from functions.run_deliveries.run import run as run_deliveries
from tests.bookings.conftest import SITE, VISITOR, Clinic, clinic
from tests.demo import ROOT
from tests.js_client import needs_tools
from tests.js_client.later import meanwhile
from tests.listener import Ingress
from tests.story import Story, calculation, json_of
from tests.submitting import form, set_up

__all__ = ["clinic"]  # a fixture of theirs
STORIES = ROOT / "tests" / "js_client" / "stories.mjs"
pytestmark = pytest.mark.needs("node")


@pytest.fixture
def ingress() -> Iterator[Ingress]:
    made = Ingress(crm_api, "crm_api")
    yield made
    made.close()


@pytest.fixture
def tell(story: Story, ingress: Ingress) -> Any:
    """What a story of `stories.mjs` has come to."""
    ingress.runtime = story.runtime
    own = {
        "api": ingress.url,
        "token": story.application()["Authorization"].removeprefix("Bearer "),
        "lead": story.lead_id,
        "body": calculation(),
    }

    def told(name: str, **more: Any) -> Any:
        command, given = ["node", str(STORIES), name], json.dumps(own | more)
        ran = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return told


def _tokens(story: Story, count: int) -> list[str]:
    return [story.widget()["X-Auth-Token"] for _ in range(count)]


def _saved(story: Story) -> int:
    return sum(note["note_type"] == "common" and "2026-17" in note["params"]["text"] for note in story.notes())


@pytest.mark.parametrize(
    "faults", [[], ["lost"], ["broken"], ["refused"], ["lost", "broken", "refused", "lost"], ["refused"] * 4]
)
def test_a_save_is_saved_once_whatever_is_lost(tell: Any, story: Story, ingress: Ingress, faults: list[str]) -> None:
    ingress.faults = list(faults)
    told = tell("save")
    assert told["saved"]["state"] == "delivered"
    assert _saved(story) == 1
    assert len(ingress.faults) < max(1, len(faults))


def test_an_accepted_save_is_followed_to_its_end(tell: Any, story: Story) -> None:
    """amoCRM refuses for a moment: 202, and then the runner brings it."""
    story.simulator.fault("status", status=500, path="/api/v4/leads/[0-9]+/notes", method="POST")

    def run() -> None:
        story.clock.advance(seconds=120)
        run_deliveries(story.runtime, 20)

    with meanwhile(run):
        told = tell("save")
    assert told["saved"]["state"] == "delivered"
    assert "accepted" in told["progress"]
    assert _saved(story) == 1


def test_reads_are_typed_documents_and_refusals_are_errors(tell: Any, story: Story) -> None:
    told = tell("read")
    assert told["client"] == "Мария Лебедева"
    assert (told["unknown"]["status"], told["unknown"]["isApiError"]) == (404, True)
    refused = tell("refused")
    assert (refused["bad"]["status"], refused["bad"]["code"]) == (422, "invalid_input")
    assert "calculation" in refused["bad"]["message"]
    assert refused["bad"]["key"]
    assert refused["other"]["code"] == "unknown_action"


def test_the_same_key_is_the_same_write(tell: Any, story: Story) -> None:
    assert tell("twice") == {"same": True}
    assert _saved(story) == 1


@pytest.mark.long
def test_a_widget_opens_one_session_and_renews_it(tell: Any, story: Story) -> None:
    told = tell("widget", one_time_tokens=_tokens(story, 3))
    assert (told["state"], told["calls"], told["heard"]) == ("delivered", 1, [True])
    assert tell("renewed", one_time_tokens=_tokens(story, 3)) == {"calls": 2}


@pytest.mark.long
def test_calls_at_the_end_of_a_session_open_one_together(tell: Any, story: Story) -> None:
    """30-G12: whoever hears late that the old session has ended takes the one that a neighbour has opened."""
    told = tell("neighbours", one_time_tokens=_tokens(story, 6))
    assert told == {"calls": 2, "names": 1, "heard": [True, False, True]}


@pytest.mark.long
def test_a_network_that_is_away_ends_no_session(tell: Any, story: Story) -> None:
    """30-G12: it is opened a moment later."""
    assert tell("unreachable", one_time_tokens=_tokens(story, 1)) == {"id": story.lead_id, "heard": [True]}


@pytest.mark.parametrize(("lifetime", "calls"), [(60, 1), (90, 1), (0, 3)])
def test_a_session_may_be_as_short_as_it_likes(tell: Any, story: Story, lifetime: int, calls: int) -> None:
    """30-G12: one of a minute is not renewed before it was used; one of no time at all is good for its own call."""
    told = tell("short_session", lifetime=lifetime, one_time_tokens=_tokens(story, 4))
    assert told == {"calls": calls}


def test_a_card_that_asks_about_another_deal_has_a_session_of_that_deal(tell: Any, story: Story) -> None:
    """30-G9"""
    leads = story.simulator.control("show", domain=story.domain)["leads"]
    other = next(int(one) for one in leads if int(one) != story.lead_id)
    told = tell("other_deal", other=other, one_time_tokens=_tokens(story, 3))
    assert told == {"ids": [story.lead_id, other, story.lead_id], "calls": 2}


def test_an_accepted_save_in_another_deal_is_followed_in_that_deals_session(tell: Any, story: Story) -> None:
    """30-G9: a session for one deal follows its deliveries only. An option that is undefined is none."""
    leads = story.simulator.control("show", domain=story.domain)["leads"]
    other = next(int(one) for one in leads if int(one) != story.lead_id)
    story.simulator.fault("status", status=500, path="/api/v4/leads/[0-9]+/notes", method="POST")

    def run() -> None:
        story.clock.advance(seconds=120)
        run_deliveries(story.runtime, 20)

    with meanwhile(run):
        told = tell("followed_elsewhere", other=other, one_time_tokens=_tokens(story, 3))
    assert told == {"state": "delivered"}
    ((key,),) = story.sql("SELECT idempotency_key FROM amocrm_deliveries")
    assert not key.startswith("body:")


def test_a_function_that_makes_tokens_is_asked_for_another_one(tell: Any, story: Story) -> None:
    """30-G12: once, and it is told which one was refused."""
    told = tell("another_token")
    assert (told["id"], told["asked"]) == (story.lead_id, [None, "old"])
    assert (told["none"]["status"], told["heard"]) == (401, [False])


@pytest.mark.parametrize(("header", "seconds"), [("7", [7]), ("date", [19, 20]), ("soon", [None]), ("0", [0])])
def test_the_header_retry_after_is_kept(tell: Any, story: Story, header: str, seconds: list[int | None]) -> None:
    """30-G12"""
    told = tell("header_says_when", retry_after=header)
    assert (told["id"], len(told["told"])) == (story.lead_id, 1)
    assert told["told"][0] in seconds
    assert told["pauses"][0] >= (told["told"][0] or 0) * 1000


def test_pages_may_read_when_to_come_again(story: Story) -> None:
    """30-G12: a browser shows a page of another origin such headers only as are named."""
    answer = story.crm("get_lead", {"Origin": f"https://{story.domain}", "X-Lead-Id": "1"})
    assert answer.status == 401
    assert "Retry-After" in dict(answer.headers)["Access-Control-Expose-Headers"]


def test_what_a_gateway_says_of_a_write_without_a_key_repeats_nothing(tell: Any) -> None:
    """30-K: only our own 503 says that nothing was done; a cloud's may mean that it has waited long enough."""
    told = tell("gateway", booking="6f0e7a6c-54ad-4a4b-9f0f-6d5d0a8f3f00")
    assert (told["told"]["status"], told["count"]) == (503, 1)


def test_what_a_listener_throws_is_its_own(tell: Any, story: Story, ingress: Ingress) -> None:
    """30-G11: a delivered write is delivered."""
    ingress.faults = ["", "refused"]
    told = tell("throwing_listeners", one_time_tokens=_tokens(story, 2))
    assert told == {"state": "delivered", "thrown": 1}
    assert _saved(story) == 1


def test_a_connection_without_a_queue_waits_for_nothing(tell: Any) -> None:
    """30-G9: our own pages make one for each call, and none of them stays behind."""
    assert tell("listens") == {"count": 0}


def test_what_was_cancelled_is_not_begun(tell: Any) -> None:
    """30-G10: and whoever cancels gets their own reason."""
    assert tell("cancelled_before") == {"told": ["enough"] * 3, "count": 0}
    assert tell("cancelled_on_the_way")["message"] == "enough"


def test_a_site_sends_a_form_with_its_key(tell: Any, story: Story, ingress: Ingress) -> None:
    set_up(story)
    made = story.crm("create_site_key", story.admin(), {"name": "Site", "origins": ["https://site.example"]})
    ingress.faults = ["lost"]
    told = tell("site", site_key=json_of(made)["site_key"], form=form())
    assert told["form"]["state"] == "delivered"


def test_30_k_a_visit_that_amocrm_refuses_is_booked_and_not_sent_for_ever(tell: Any, clinic: Clinic) -> None:
    """A site's page may read no deliveries, so it follows by sending the same again."""
    clinic.story.simulator.fault("status", status=400, path="/api/v4/tasks", method="POST", times=100)
    visit = {"service": "consult", "starts_at": clinic.at(10), "visitor": VISITOR}
    told = tell("site_visit", site_key=clinic.site_key, origin=SITE, visit=visit)
    assert told == {"state": "accepted", "booked": "booked", "needs_a_person": True, "count": 1}


def test_a_write_is_cancelled(tell: Any, ingress: Ingress) -> None:
    ingress.faults = ["refused"] * 5
    assert tell("cancelled")["message"] == "enough"


def test_a_file_goes_with_the_calculation(tell: Any, story: Story) -> None:
    told = tell("file", pdf=list(b"%PDF-1.4\n%%EOF"))
    assert told["saved"]["results"]["pdf"]["name"].startswith("план ")


def test_what_is_not_from_us_is_told(tell: Any) -> None:
    assert tell("not_json")["code"] == "not_json"


@needs_tools
@pytest.mark.long
def test_the_types_are_made_from_the_actions(tmp_path: Path) -> None:
    before = (client.FOLDER / "schema.d.ts").read_text(encoding="utf-8")
    client.build()
    assert (client.FOLDER / "schema.d.ts").read_text(encoding="utf-8") == before, "run: python -m cli client"
    classic = client.FOLDER / "dist" / "amocrm-functions.js"
    assert len(gzip.compress(classic.read_bytes())) <= 8 * 1024
    assert len(gzip.compress((client.FOLDER / "index.js").read_bytes())) <= 8 * 1024


@needs_tools
@pytest.mark.long
def test_typescript_knows_what_an_action_takes() -> None:
    command = ["node", str(ROOT / "node_modules" / "typescript" / "bin" / "tsc"), "--noEmit", "--strict"]
    options = ["--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", str(STORIES.with_name("types.ts"))]
    ran = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout


def _example_for_servers() -> dict[str, Any]:
    """docs/http.md, "From a server": as it stands there, without its waiting."""
    text = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    (example,) = re.findall(
        r"```python\n(.+?)```", text.partition("## From a server")[2].partition("\n## ")[0], re.DOTALL
    )
    known: dict[str, Any] = {}
    exec(compile(example.replace("time.sleep(", "(lambda _: None)("), "docs/http.md", "exec"), known)
    return known


def test_the_example_for_servers_saves_once(story: Story, ingress: Ingress) -> None:
    ingress.runtime = story.runtime
    token = story.application()["Authorization"].removeprefix("Bearer ")
    ingress.faults = ["lost", "refused", "broken"]
    content = calculation()["calculation"]
    save = _example_for_servers()["save_calculation"]
    assert save(ingress.url, token, story.lead_id, content, "key-1")["state"] == "delivered"
    assert _saved(story) == 1


def test_the_example_for_servers_says_what_is_refused_and_who_is_away(story: Story, ingress: Ingress) -> None:
    ingress.runtime = story.runtime
    token = story.application()["Authorization"].removeprefix("Bearer ")
    save = _example_for_servers()["save_calculation"]
    content = calculation()["calculation"]
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        save(ingress.url, token, story.lead_id, content | {"total": "1"}, "key-1")
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        save(ingress.url, "nobody's", story.lead_id, content, "key-2")
    with pytest.raises(httpx.TransportError):
        save("http://127.0.0.1:9", token, story.lead_id, content, "key-3")
    ingress.faults = ["lost"] * 100  # its answers never come
    with pytest.raises(httpx.TransportError):
        save(ingress.url, token, story.lead_id, content, "key-4")
    ingress.faults = []
    assert save(ingress.url, token, story.lead_id, content, "key-4")["state"] == "delivered"
    assert _saved(story) == 1
