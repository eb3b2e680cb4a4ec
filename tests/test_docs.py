"""The documents: a site that is whole in two languages, and examples that are run (row J3)."""

import json
import re
import shutil
import subprocess
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jsonschema_rs
import msgspec
import psycopg
import pytest
import yaml
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as NotYetError

from cli import openapi, site
from cli.commands import main
from features.changes.settings import Changes
from features.submissions.settings import Submissions
from functions.crm_api.actions import ACTIONS
from shared.platform import config
from shared.storage.encryption import generate_key
from simulator.__main__ import main as simulator_command
from tests import documents, servers
from tests.chromium import launched
from tests.control import Simulator
from tests.demo import ROOT
from tests.documents import Block
from tests.story import METRICS_TOKEN, Story, json_of

DOCUMENTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(ROOT.glob("README*.md")),
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "clients" / "js").glob("README*.md")),
]
_TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# Programs of others, that need a cloud or an account. What they are given is checked by `make cfn-lint deploy-local`.
_OTHERS = {"aws", "gcloud", "npm", "npx", "deploy/yandex.sh", "set", "yc"}
_PYTHON = (".venv/bin/python", "python", "python3")


def _blocks(kind: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{file.relative_to(ROOT)}-{number}")
        for file in DOCUMENTS
        for number, block in enumerate(documents.blocks(file))
        if block.kind == kind
    ]


# One process builds it.
of_the_site = pytest.mark.xdist_group("documentation site")


# --- the site -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    site.build(out, main)  # raises for a dead link, a missing anchor, a page that is in no list
    return out


@of_the_site
@pytest.mark.long
def test_every_page_is_there_in_both_languages_and_asks_nobody_else(built: Path) -> None:
    pages = {page.relative_to(built) for page in built.rglob("*.html") if "ru" not in page.relative_to(built).parts}
    assert len(pages) > 30
    for page in pages - {Path("404.html")}:
        assert (built / "ru" / page).exists(), page
    foreign = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="?(?:https?:)?//')
    for page in built.rglob("*.html"):
        assert not foreign.search(page.read_text(encoding="utf-8")), page


@pytest.mark.long
def test_a_dead_link_is_told_and_without_node_js_a_diagram_is_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(site.DOCS, docs)
    (docs / "rate.md").write_text("# The rate\n\n[gone](nowhere.md), [here](deploy.md#nothing)\n", encoding="utf-8")
    monkeypatch.setattr(site, "DOCS", docs)
    monkeypatch.setattr(site, "_MERMAID", tmp_path / "none")
    with pytest.raises(site.SiteError) as told:
        site.build(tmp_path / "out", main)
    assert "nowhere.md" in str(told.value)
    assert "deploy.md#nothing" in str(told.value)
    drawn = (tmp_path / "out" / "rotation.html").read_text(encoding="utf-8")
    assert ("stateDiagram" in drawn, 'class="mermaid"' in drawn) == (True, False)


@of_the_site
@pytest.mark.long
@pytest.mark.needs("chromium", "npm")
def test_it_is_searched_in_the_readers_language_and_diagrams_are_drawn(built: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(built))) as server, launched() as browser:
        servers.answering(server)
        home = f"http://127.0.0.1:{server.server_port}"
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        foreign: list[str] = []
        complaints: list[str] = []
        own = (home, "data:", "blob:")
        page.on("request", lambda sent: None if sent.url.startswith(own) else foreign.append(sent.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{home}/tutorial/widget.html")
        page.locator(".md-header__option .md-select").hover()
        page.get_by_role("link", name="Русский").click()
        expect(page.get_by_role("heading", name="Первый виджет")).to_be_visible()
        _search(page, "аренда")
        page.goto(f"{home}/ru/rotation.html")
        expect(page.locator("div.mermaid")).to_be_visible()
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert (foreign, complaints) == ([], [])
        server.shutdown()


def _search(page: Page, word: str) -> None:
    """The theme does not say when its index is there. On a busy machine it misses that itself, and looks for nothing
    until the page is loaded again."""
    box, found = page.get_by_role("textbox", name="Поиск"), page.locator(".md-search-result__link").first
    for _ in range(6):
        for _ in range(3):
            box.fill("")
            box.press_sequentially(word, delay=30)
            try:
                found.wait_for(timeout=3_000)
                return
            except NotYetError:
                continue
        page.reload()
    expect(found).to_be_visible()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    made = {"actions.md", "messages.md", "commands.md", "client.md", "changelog.md", "contributing.md", "openapi.yaml"}
    for target in site.links(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:|#", target):
            continue
        path = target.partition("#")[0]
        assert path in made or (document.parent / path).exists(), target


@pytest.mark.parametrize(
    "page", [file for file in DOCUMENTS if file.name.endswith(".ru.md")], ids=lambda file: file.name
)
def test_a_translation_has_the_same_sections_and_examples(page: Path) -> None:
    """What is added in one language is missing in the other at once."""
    original = page.with_name(page.name.replace(".ru.md", ".md"))

    def skeleton(file: Path) -> list[str]:
        text = re.sub(r"^ *```.*?^ *```", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        return [line.partition(" ")[0] for line in text.splitlines() if re.match(r"#+ ", line)]

    assert skeleton(page) == skeleton(original)
    own, theirs = documents.blocks(page), documents.blocks(original)
    assert [block.kind for block in own] == [block.kind for block in theirs]
    programs = {"js"} | ({"python"} if page.parent.name != "tutorial" else set())  # the tutorial's has a docstring
    assert [one for one in own if one.kind in programs] == [one for one in theirs if one.kind in programs]
    rows = [file.read_text(encoding="utf-8").count("\n|") for file in (page, original)]
    assert rows[0] == rows[1]


# --- commands -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", _blocks("sh"))
def test_commands_are_ours_with_options_that_they_have(block: Block) -> None:
    for words in block.commands():
        while re.match(r"^[A-Z_]+=", words[0]):  # settings in front of it
            words = words[1:]
        match words:
            case ["make", *rest]:
                for word in rest:
                    assert re.match("[A-Z_]+=", word) or word in _TARGETS, words
            case [python, "-m", "cli", name, *rest] if python in _PYTHON:
                _parsed(main.commands[name], name, rest)
            case [python, "-m", "simulator", *rest] if python in _PYTHON:
                _parsed(simulator_command, "simulator", rest)
            case [python, "-m", "pytest" | "functions_framework" | "http.server", *_] if python in _PYTHON:
                pass
            case ["curl", *_]:
                pass  # carried out below
            case _:
                assert words[0] in _OTHERS, words


def _parsed(command: Any, name: str, words: list[str]) -> None:
    """As click reads them; files and folders are not there. Raises UsageError."""
    given = [word.replace("…", "x") for word in words]
    command.make_context(name, given, resilient_parsing=True)
    known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    assert {word.partition("=")[0] for word in given if word.startswith("--")} <= known, words


def test_no_commit_takes_the_files_of_secrets_that_operators_write(tmp_path: Path) -> None:
    """A company's own copy of the repository has its widgets in it, and these files beside them."""
    text = "".join(file.read_text(encoding="utf-8") for file in DOCUMENTS)
    named = set(re.findall(r"(?:file://|--data-file=|--payload - < )([\w.-]+)", text))
    named |= {one.file for file in DOCUMENTS for one in documents.blocks(file) if one.file and 'KEYS"' in one.text}
    assert {"settings.json", "payload.json", "encryption-keys.txt"} <= named
    shutil.copyfile(ROOT / ".gitignore", tmp_path / ".gitignore")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    asked = ["git", "check-ignore", *sorted(named)]
    ignored = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True).stdout.split()
    assert set(ignored) == named


@pytest.mark.parametrize("name", ["simulator.md", "simulator.ru.md"])
def test_the_simulators_control_api_is_called_as_described(simulator: Simulator, name: str) -> None:
    [block, _] = [one for one in documents.blocks(ROOT / "docs" / name) if one.kind == "sh"]
    assert len(block.commands()) == 3
    for curl, dash, body, address in block.commands():
        assert (curl, dash) == ("curl", "-d")
        answered = httpx.post(f"{simulator.url}/{address.partition('/')[2]}", content=body, trust_env=False)
        assert answered.status_code == 200, answered.text
    simulator.control("clock", advance=-86400)
    simulator.control("no-faults")


# --- requests, answers, settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("block", _blocks("http"))
def test_requests_are_taken(story: Story, block: Block) -> None:
    head, _, body = block.text.partition("\n\n")
    first, *lines = head.splitlines()
    method, address = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    proof = story.widget() if "X-Auth-Token" in headers else story.application()
    if "X-Lead-Id" in headers:
        headers["X-Lead-Id"] = str(story.lead_id)
    action = parse_qs(urlsplit(address).query)["action"][0]
    answered = story.crm(action, headers | proof, json.loads(body), method=method)
    assert (answered.status, json_of(answered).get("state")) == (200, "delivered"), answered.body.decode()


@pytest.mark.parametrize("block", _blocks("html"))
def test_a_plain_form_is_taken(story: Story, block: Block) -> None:
    form = _Form(block.text)
    if "</form>" not in block.text or "_redirect" not in form.fields:
        # What one script tag does is shown by the tutorial and by the booking page's stories.
        assert re.search(r'<script src="[^"]+/(form|booking)/embed\.js" data-key="site_…"', block.text)
    if "</form>" not in block.text:
        return
    assert form.action is not None
    made = story.crm("create_site_key", story.admin(), {"name": "x", "origins": ["https://example.org"]})
    query = {name: value[0] for name, value in parse_qs(urlsplit(form.action).query).items()}
    sent = {"Origin": "https://example.org", "Content-Type": "application/x-www-form-urlencoded"}
    fields = form.fields | {"name": "Анна", "phone": "+7 921 000-00-09", "_trap": ""}
    answered = story.crm(
        query.pop("action"), sent, urlencode(fields).encode(), query=query | {"site_key": json_of(made)["site_key"]}
    )
    shown = (303, "https://example.org/thanks") if "_redirect" in form.fields else (200, None)
    assert (answered.status, dict(answered.headers).get("Location")) == shown


class _Form(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action")
        elif given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or "x"


@pytest.mark.parametrize("block", _blocks("json"))
def test_json_is_what_it_says(block: Block) -> None:
    document = json.loads(block.text)
    if block.file == "settings.json":
        config.load(document | {"ENCRYPTION_KEYS": f"k1:{generate_key()}", "ADMIN_TOKENS": "x" * 24})
    elif block.file:
        pass  # a file of the tutorial
    elif "submissions" in document:
        whole = document["submissions"]
        assert set(whole) == set(Submissions.__struct_fields__), "it says that it is a whole one"
        msgspec.convert(whole, Submissions)
    elif "changes" in document:
        msgspec.convert(document["changes"], Changes)
    elif document.get("type") in openapi.document()["webhooks"]:
        whole = openapi.document()
        message = whole["webhooks"][document["type"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
        jsonschema_rs.validate({**message, "components": whole["components"]}, document)
    else:
        # Compared with what is really sent by the tests of automations, bots and notices.
        is_known = document.get("type") == "automation.asked" or document.get("event") == "reauth_required"
        assert is_known or "execute_handlers" in document, block.text


@pytest.mark.parametrize("block", _blocks("sql"))
def test_sql_is_run(migrated_url: str, block: Block) -> None:
    with psycopg.connect(migrated_url) as connection:
        connection.execute(block.text.replace("functions", "functions_of_documents").encode())  # there is one here
        connection.rollback()


def test_prometheus_reads_the_metrics(story: Story) -> None:
    for name in ("operations.md", "operations.ru.md"):
        [block] = [one for one in documents.blocks(ROOT / "docs" / name) if one.kind == "yaml"]
        [job] = yaml.safe_load(block.text)["scrape_configs"]
        [[host]] = [one["targets"] for one in job["static_configs"]]
        api, _, action = f"https://{host}{job['metrics_path']}".rpartition("/")
        assert api == story.runtime.settings.crm_api_url  # the form that all pages give it
        answered = story.crm(action, {"Authorization": f"Bearer {METRICS_TOKEN}"})
        assert (answered.status, b"amocrm_connections{" in answered.body) == (200, True)


def test_every_kind_of_block_has_a_test() -> None:
    kinds = {block.kind for file in DOCUMENTS for block in documents.blocks(file)}
    shown_elsewhere = {"python", "js"}  # tests/test_js_client.py, tests/submissions/test_site_builders.py
    assert kinds <= {"sh", "http", "html", "json", "sql", "yaml", "mermaid", "text"} | shown_elsewhere


def test_every_action_has_its_place_in_the_documents() -> None:
    text = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    assert [name for name in ACTIONS if f"`{name}`" not in text and f"`{name}?" not in text] == []
