"""Row J1: the JavaScript client in Node.js, against the real `crm_api` over HTTP, with faults on the way."""

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import client
from functions.crm_api.handler import handle as crm_api
from functions.run_deliveries.run import run as run_deliveries
from tests.demo import ROOT
from tests.js_client.later import later
from tests.listener import Ingress
from tests.story import Story, calculation, json_of
from tests.submitting import form, set_up

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

    with later(run):
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


def test_a_widget_opens_one_session_and_renews_it(tell: Any, story: Story) -> None:
    tokens = [story.widget()["X-Auth-Token"] for _ in range(3)]
    told = tell("widget", one_time_tokens=tokens)
    assert (told["state"], told["calls"], told["heard"]) == ("delivered", 1, [True])
    assert tell("renewed", one_time_tokens=[story.widget()["X-Auth-Token"] for _ in range(3)]) == {"calls": 2}


def test_a_site_sends_a_form_with_its_key(tell: Any, story: Story, ingress: Ingress) -> None:
    set_up(story)
    made = story.crm("create_site_key", story.admin(), {"name": "Site", "origins": ["https://site.example"]})
    ingress.faults = ["lost"]
    told = tell("site", site_key=json_of(made)["site_key"], form=form())
    assert told["form"]["state"] == "delivered"


def test_a_write_is_cancelled(tell: Any, ingress: Ingress) -> None:
    ingress.faults = ["refused"] * 5
    assert tell("cancelled")["message"] == "enough"


def test_a_file_goes_with_the_calculation(tell: Any, story: Story) -> None:
    told = tell("file", pdf=list(b"%PDF-1.4\n%%EOF"))
    assert told["saved"]["results"]["pdf"]["name"].startswith("план ")


def test_what_is_not_from_us_is_told(tell: Any) -> None:
    assert tell("not_json")["code"] == "not_json"


def test_the_types_are_made_from_the_actions(tmp_path: Path) -> None:
    before = (client.FOLDER / "schema.d.ts").read_text(encoding="utf-8")
    client.build()
    assert (client.FOLDER / "schema.d.ts").read_text(encoding="utf-8") == before, "run: python -m cli client"
    classic = client.FOLDER / "dist" / "amocrm-functions.js"
    assert len(gzip.compress(classic.read_bytes())) <= 8 * 1024
    assert len(gzip.compress((client.FOLDER / "index.js").read_bytes())) <= 8 * 1024


def test_typescript_knows_what_an_action_takes() -> None:
    command = ["node", str(ROOT / "node_modules" / "typescript" / "bin" / "tsc"), "--noEmit", "--strict"]
    options = ["--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", str(STORIES.with_name("types.ts"))]
    ran = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout
