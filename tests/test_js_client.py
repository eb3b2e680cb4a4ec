"""Row J1: the JavaScript client in Node.js, against the real `crm_api` over HTTP, with faults on the way."""

import gzip
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from cli import client
from functions.crm_api.handler import handle as crm_api
from functions.run_deliveries.run import run as run_deliveries
from tests.chromium import launched
from tests.demo import ROOT
from tests.js_client import needs_tools
from tests.js_client.later import meanwhile
from tests.listener import Ingress
from tests.story import Story, calculation, json_of
from tests.submitting import form, set_up

STORIES = ROOT / "tests" / "js_client" / "stories.mjs"
pytestmark = pytest.mark.needs("node")
needs_chromium = pytest.mark.needs("chromium")


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


def test_the_example_for_servers_does_what_it_says(story: Story, ingress: Ingress) -> None:
    """docs/http.md, "From a server": as it stands there."""
    ingress.runtime = story.runtime
    text = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    (example,) = re.findall(
        r"```python\n(.+?)```", text.partition("## From a server")[2].partition("\n## ")[0], re.DOTALL
    )
    known: dict[str, Any] = {}
    exec(compile(example.replace("time.sleep(", "(lambda _: None)("), "docs/http.md", "exec"), known)
    token = story.application()["Authorization"].removeprefix("Bearer ")
    ingress.faults = ["lost", "refused", "broken"]
    body = calculation() | {"lead_id": story.lead_id}
    assert known["write"](ingress.url, token, "save_calculation", body, "key-1")["state"] == "delivered"
    assert _saved(story) == 1


# --- a queue that outlives the tab ------------------------------------------------------------------------------------

_OPEN = """
async ({ module, options }) => {
  const { connect } = await import(module);
  globalThis.crm = connect(options);
}
"""
_UPLOAD = """
async (body) => {
  const seen = [], onUpload = ({ sent, total }) => seen.push([sent, total]);
  const pdf = new File(["%PDF-1.4\\n", "x".repeat(200_000), "\\n%%EOF"], "plan.pdf");
  await crm.saveCalculation({ ...body, options: { pdf: "upload" }, pdf }, { onUpload });
  return seen;
}
"""
_SAVE = "(body) => crm.saveCalculation(body, { tries: 1 }).then(({ state }) => state, ({ code }) => code)"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    yield made
    made.close()


@pytest.fixture
def tab(story: Story, ingress: Ingress, visitor: BrowserContext) -> Any:
    """Another tab of the visitor's, with a client that has a queue."""
    ingress.runtime = story.runtime
    token = story.application()["Authorization"].removeprefix("Bearer ")
    module = f"{ingress.url}/client/index.js"

    def opened(**more: Any) -> Page:
        page = visitor.new_page()
        page.goto(module)  # any page of this origin
        options = {"api": ingress.url, "token": token, "lead": story.lead_id, "queue": True} | more
        page.evaluate(_OPEN, {"module": module, "options": options})
        return page

    return opened


def _until(page: Page, count: int) -> None:
    """So many writes wait in the queue."""
    deadline = time.monotonic() + 20
    while page.evaluate("crm.waiting()") != count:
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


@needs_chromium
def test_a_save_in_the_tunnel_is_sent_by_the_next_tab(tab: Any, story: Story, visitor: BrowserContext) -> None:
    first = tab()
    visitor.set_offline(True)
    assert first.evaluate(_SAVE, calculation()) == "network"
    assert first.evaluate("crm.waiting()") == 1
    first.close()
    assert _saved(story) == 0
    visitor.set_offline(False)
    _until(tab(), 0)
    assert _saved(story) == 1


@needs_chromium
def test_a_save_whose_tab_was_closed_in_the_middle_is_there_once(tab: Any, story: Story, ingress: Ingress) -> None:
    """It was carried out, and nobody heard the answer: the next tab sends it with its key."""
    ingress.faults = ["lost"] * 3
    first = tab()
    asked: list[Route] = []  # what became of it; never answered
    first.route(re.compile("get_delivery"), lambda route: asked.append(route))
    with first.expect_request(re.compile("get_delivery")):
        first.evaluate("(body) => { void crm.saveCalculation(body); }", calculation())
    assert (first.evaluate("crm.waiting()"), _saved(story)) == (1, 1)
    first.close()
    ingress.faults = []
    second, third = tab(), tab()
    _until(second, 0)
    _until(third, 0)
    assert _saved(story) == 1


@needs_chromium
def test_when_the_network_is_back_the_queue_goes_on_by_itself(tab: Any, story: Story, visitor: BrowserContext) -> None:
    page = tab()
    visitor.set_offline(True)
    assert page.evaluate(_SAVE, calculation()) == "network"
    visitor.set_offline(False)
    _until(page, 0)
    assert _saved(story) == 1


@needs_chromium
def test_what_was_refused_does_not_wait(tab: Any) -> None:
    page = tab()
    assert page.evaluate(_SAVE, {"calculation": {}}) == "invalid_input"
    assert page.evaluate("crm.waiting()") == 0


@needs_chromium
def test_without_storage_a_save_is_sent_all_the_same(tab: Any, story: Story, visitor: BrowserContext) -> None:
    """A private window, or a frame of another site."""
    visitor.add_init_script("Object.defineProperty(globalThis, 'indexedDB', { get() { throw new Error('blocked'); } })")
    page = tab()
    assert page.evaluate(_SAVE, calculation()) == "delivered"
    assert (page.evaluate("crm.waiting()"), _saved(story)) == (0, 1)


@needs_chromium
def test_a_visitors_clock_may_be_wrong(tab: Any, story: Story, visitor: BrowserContext) -> None:
    visitor.clock.install(time="2020-01-01T00:00:00Z")
    visitor.clock.resume()
    assert tab().evaluate(_SAVE, calculation()) == "delivered"
    assert _saved(story) == 1


@needs_chromium
def test_bytes_on_their_way_are_told(tab: Any, story: Story) -> None:
    page = tab()
    sent = page.evaluate(_UPLOAD, calculation())
    assert sent[-1][0] == sent[-1][1] > 200_000


@needs_chromium
def test_a_file_that_amocrm_does_not_take_at_once_is_followed(tab: Any, story: Story) -> None:
    """Its bytes are counted on their way; how far the delivery is, is asked for as ever."""
    story.simulator.fault("status", status=500, path="/v1.0/sessions", method="POST")

    def run() -> None:
        story.clock.advance(seconds=120)
        run_deliveries(story.runtime, 20)

    page = tab()
    with meanwhile(run):
        sent = page.evaluate(_UPLOAD, calculation())
    assert sent[-1][0] == sent[-1][1] > 200_000
    assert story.sql("SELECT state FROM amocrm_deliveries") == [("delivered",)]


@needs_tools
@needs_chromium
def test_an_old_page_loads_one_classic_script(tab: Any, story: Story) -> None:
    client.build()
    page = tab()
    classic = (client.FOLDER / "dist" / "amocrm-functions.js").read_text(encoding="utf-8")
    page.evaluate(f"{classic}; globalThis.AmocrmFunctions = AmocrmFunctions")
    token = story.application()["Authorization"].removeprefix("Bearer ")
    made = page.evaluate(
        "([api, token, lead]) => AmocrmFunctions.connect({ api, token, lead }).getLead().then(({ lead }) => lead.id)",
        [page.url.removesuffix("/client/index.js"), token, story.lead_id],
    )
    assert made == story.lead_id
