"""The widget archive, the calculators as data, and their preview (rows B5, A7)."""

import base64
import gzip
import io
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from PIL import Image

from cli import widget
from cli.commands import main
from functions.crm_api import pages
from functions.crm_api.handler import handle
from shared.platform.http import Headers, Pairs, Request, Response
from shared.platform.middleware import serve
from simulator import archives
from tests.demo import ROOT
from tests.story import Story, json_of

TYPES = ("glass", "countertop", "clinic")


def _archive(widget_type: str = "glass", platform: str = "amocrm") -> bytes:
    return widget.build(widget_type, "https://functions.example/crm_api/", "2.1.0", "help@example.org", platform)


@pytest.mark.vendor("widget.locales", "pipeline.manifest", "salesbot.manifest")
@pytest.mark.parametrize("platform", ["amocrm", "kommo"])
@pytest.mark.parametrize("widget_type", TYPES)
def test_the_archive_is_what_amocrm_takes(widget_type: str, platform: str) -> None:
    content = _archive(widget_type, platform)
    assert content == _archive(widget_type, platform)
    files = archives.unpacked(content, platform)
    manifest = json.loads(files["manifest.json"])
    assert manifest["locations"] == ["lcard-1", "digital_pipeline", "salesbot_designer"]
    assert manifest["dp"]["webhook_url"] == "https://functions.example/crm_api/run_automation"
    assert Image.open(io.BytesIO(files["images/logo_dp.png"])).size == (174, 109)
    for language in manifest["widget"]["locale"]:
        words = json.loads(files[f"i18n/{language}.json"])
        assert words["dp"]["key"]
        assert {"answer", "text", "url", "success", "fail"} == set(words["salesbot"])
    assert manifest["widget"]["locale"] == {"amocrm": ["ru", "en"], "kommo": ["en", "es", "pt"]}[platform]
    script = files["script.js"].decode()
    assert '"https://functions.example/crm_api"' in script
    assert "{{API}}" not in script


def _changed(name: str, content: bytes | None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_archive())) as old, zipfile.ZipFile(made, "w") as new:
        for one in old.namelist():
            if one != name:
                new.writestr(one, old.read(one))
        if content is not None:
            new.writestr(name, content)
    return made.getvalue()


def _manifest(**changed: Any) -> bytes:
    with zipfile.ZipFile(io.BytesIO(_archive())) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["widget"] |= changed.pop("widget", {})
    return json.dumps(manifest | changed).encode()


def _image(width: int, height: int, noise: int = 0) -> bytes:
    made = io.BytesIO()
    image = Image.effect_noise((width, height), noise) if noise else Image.new("RGB", (width, height))
    image.save(made, "PNG")
    return made.getvalue() + b"\0" * (noise * 4000)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("manifest.json", None, "manifest.json is missing"),
        ("manifest.json", b"{", "not JSON"),
        ("manifest.json", _manifest(widget={"locale": ["ru", "uk"]}), "locale uk"),
        ("manifest.json", _manifest(widget={"installation": False}), "installation: true"),
        ("manifest.json", _manifest(widget={"version": "one"}), "version"),
        ("manifest.json", _manifest(locations=["leads/card"]), "no location leads/card"),
        ("manifest.json", _manifest(locations=["lcard-1"]), "digital_pipeline and the block dp belong together"),
        ("manifest.json", _manifest(dp={"settings": {}, "webhook_url": "x"}), "dp needs settings and webhook_url"),
        ("manifest.json", _manifest(salesbot_designer={"x": {}}), "salesbot_designer.x needs name and settings"),
        ("images/logo_dp.png", None, "logo_dp.png is missing"),
        ("i18n/ru.json", None, "i18n/ru.json is missing"),
        ("i18n/ru.json", b"{}", "widget.name is missing"),
        ("i18n/uz.json", b"{}", "not one of amocrm's"),
        ("script.js", None, "script.js is missing"),
        ("script.js", b"define([], function () { return {init: 1} })", "callback render is missing"),
        ("images/logo.png", None, "images/logo.png is missing"),
        ("images/logo.png", _image(131, 100), "131 × 100"),
        ("images/logo.png", _image(130, 100, 100), "more than 300 KB"),
        ("images/logo.png", b"GIF?", "not an image"),
        ("images/лого.png", b"x", "latin letters"),
    ],
)
@pytest.mark.vendor("widget.locales")
def test_the_simulator_refuses_what_amocrm_refuses(name: str, content: bytes | None, reason: str) -> None:
    with pytest.raises(archives.RefusedError, match=reason):
        archives.unpacked(_changed(name, content), "amocrm")


_STEP = """
let made;
globalThis.define = (_, factory) => { made = new (factory({}))(); };
eval(require("fs").readFileSync(0, "utf8"));
made.i18n = (key) => key;
const saved = JSON.parse(made.callbacks.onSalesbotDesignerSave("answer", { text: "Hi {deal.price}" }));
console.log(JSON.stringify({ saved, exits: made.callbacks.salesbotDesignerSettings().exits }));
"""


@pytest.mark.needs("node")
@pytest.mark.vendor("salesbot.step")
def test_a_step_of_a_bot_asks_us_and_has_two_ways_on() -> None:
    script = archives.unpacked(_archive(), "amocrm")["script.js"]
    ran = subprocess.run(["node", "-e", _STEP], input=script, capture_output=True, check=True)
    told = json.loads(ran.stdout)
    ask, then = told["saved"][0]["question"]
    assert ask["handler"] == "widget_request"
    assert ask["params"] == {
        "url": "https://functions.example/crm_api/answer_bot",
        "data": {"text": "Hi {deal.price}"},
    }
    assert then == {"handler": "goto", "params": {"type": "question", "step": 1}}
    assert "{{json.status}}" in json.dumps(told["saved"][1])
    assert [one["code"] for one in told["exits"]] == ["success", "fail"]


def test_an_archive_for_the_other_platform_is_refused() -> None:
    with pytest.raises(archives.RefusedError, match="locale es"):
        archives.unpacked(_archive(platform="kommo"), "amocrm")
    with pytest.raises(archives.RefusedError, match="not a zip"):
        archives.unpacked(b"x", "amocrm")


def test_the_command_writes_it_and_refuses_plain_http(tmp_path: Path) -> None:
    def run(api: str) -> Any:
        file = str(tmp_path / "w.zip")
        return CliRunner().invoke(main, ["widget", "--type", "glass", "--api", api, "--out", file])

    assert run("https://functions.example/crm_api").exit_code == 0
    assert (tmp_path / "w.zip").stat().st_size > 5000
    assert run("http://functions.example").exit_code == 1
    assert run('https://a"b').exit_code == 1


def test_a_preview_shows_note_and_page(connected: Story) -> None:
    body = {"company": {"name": "Glasshouse"}, "language": "en", "template": {"closing": "Bye."}}
    shown = json_of(connected.crm("preview", connected.admin(), body))
    assert "Shower screen" in shown["note"]
    assert Image.open(io.BytesIO(base64.b64decode(shown["page"]))).size[0] > 400
    broken = base64.b64encode(b"\x89PNG\r\n no image").decode()
    refused = connected.crm("preview", connected.admin(), {"company": {"logo": broken}})
    assert (refused.status, json_of(refused)["errors"][0]["path"]) == (422, "company.logo")


def test_only_the_calculator_may_be_framed_and_only_by_deal_cards(connected: Story) -> None:
    def policy(path: str) -> str:
        answer = serve(handle, connected.runtime, Request("GET", path))
        assert answer.status == 200, path
        return dict(answer.headers)["Content-Security-Policy"]

    assert "frame-ancestors https://*.amocrm.ru" in policy("/widget/")
    assert "frame-ancestors 'none'" in policy("/admin/")
    assert "frame-ancestors 'none'" in policy("/app/")
    assert serve(handle, connected.runtime, Request("GET", "/widget/archive/script.js")).status == 404


@pytest.mark.parametrize("before", ["", "/crm_api"])
def test_a_page_is_found_without_the_slash_at_its_end(connected: Story, before: str) -> None:
    """As people type it: they got a list of seventy actions."""

    def led_to(path: str, query: Pairs = ()) -> str:
        answer = serve(handle, connected.runtime, Request("GET", before + path, query))
        assert answer.status == 308, path
        return dict(answer.headers)["Location"]

    assert led_to("/admin") == "admin/"
    assert led_to("/booking", (("key", "site_1"), ("lang", "uk"))) == "booking/?key=site_1&lang=uk"
    assert serve(handle, connected.runtime, Request("GET", f"{before}/client")).status == 404  # no page


def test_a_second_visit_asks_for_the_page_only(connected: Story) -> None:
    """Scripts and styles stand at addresses that change with them, and are kept for ever; the page is asked for."""

    def get(path: str, **headers: str) -> Response:
        fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
        request = Request("GET", path, (), Headers(fields))
        return serve(handle, connected.runtime, request)

    page = get("/admin/")
    assert dict(page.headers)["Cache-Control"] == "no-cache"
    (script,) = re.findall(r'src="(\.\./_/[0-9a-f]{16}/admin/panel\.js)"', page.body.decode())
    kept = get(script.removeprefix(".."))
    assert "immutable" in dict(kept.headers)["Cache-Control"]
    assert kept.body == pages.without_comments((ROOT / "web" / "admin" / "panel.js").read_bytes())
    style = get("/admin/panel.css").body
    assert b"/*" not in style
    assert (
        style.count(b"{") == style.count(b"}") == (ROOT / "web" / "admin" / "panel.css").read_bytes().count(b"{") > 99
    )
    again = get("/admin/", If_None_Match=dict(page.headers)["ETag"])
    assert (again.status, again.body) == (304, b"")
    old = get("/_/0123456789abcdef/admin/panel.js")  # of a page that was opened before the last deployment
    assert (old.status, dict(old.headers)["Cache-Control"]) == (200, "no-cache")
    assert get("/_/0123456789abcdef/admin/../../features/settings.py").status == 404
    small = get(script.removeprefix(".."), Accept_Encoding="br, gzip")
    assert dict(small.headers)["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.body) == kept.body


def test_38_every_name_of_a_file_is_led_to_its_kept_address() -> None:
    """One that were not would be loaded twice: once as it stands in the page, once as the others import it."""
    page = b'<link rel="modulepreload" href="../client/a_file-2.js"><script src="Own_one.js"></script>'
    named = re.findall(rb'(?:href|src)="\.\./_/[0-9a-f]{16}/([^"]+)"', pages.with_kept_addresses(page, "admin"))
    assert named == [b"client/a_file-2.js", b"admin/Own_one.js"]
    foreign = b'<link href="data:,"><a href="https://example.org/a.js"></a><a href="#part"></a>'
    assert pages.with_kept_addresses(foreign, "admin") == foreign


def test_comments_do_not_cross_the_wire_and_code_does() -> None:
    script = b"""/** @typedef {string} Name */
// For whoever changes it.
class One {
  // And this,
  // too.
  /** @type {Name[]} */ names = ["// kept"];
  /**
   * @param {Name} name
   */
  add(name) { return /** @type {any} */ (name); } // kept /** as well */
}
"""
    assert pages.without_comments(script).decode().splitlines() == [
        "class One {",
        '  names = ["// kept"];',
        "  add(name) { return (name); } // kept /** as well */",
        "}",
    ]


def test_no_comment_of_a_script_is_within_a_text() -> None:
    """A line of a template that looks like a comment would be lost."""
    for file in (ROOT / "web").rglob("*.js"):
        code = 0
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith("//"):
                assert code % 2 == 0, (file, line)
            elif not line.strip().startswith(("/*", "*")):
                code += line.replace("\\`", "").partition(" // ")[0].count("`")


def _loaded(file: Path, seen: set[Path]) -> set[Path]:
    """A module and all that it imports at once."""
    if file not in seen:
        seen.add(file)
        for name in re.findall(r'from "(\.[^"]+)"', file.read_text(encoding="utf-8")):
            target = (file.parent / name).resolve()
            _loaded(ROOT / "clients" / "js" / "index.js" if target.parent.name == "client" else target, seen)
    return seen


def test_browsers_are_sent_every_text_that_a_script_of_theirs_may_say() -> None:
    """The rest of the callback's texts is for the server's own pages alone, and so is its example of a quotation."""
    said = set()
    for script in [*(ROOT / "web").rglob("*.js"), *(ROOT / "clients").rglob("*.js")]:
        text = script.read_text(encoding="utf-8")
        said |= set(re.findall(r"""["'`](callback\.[^"'`]*)""", text))
        assert "document.sample" not in text
    assert said
    for file in (ROOT / "web" / "i18n").iterdir():
        whole = json.loads(file.read_text(encoding="utf-8"))
        sent = json.loads(pages.without_servers_texts(file.read_bytes()))
        assert {name for name in sent if name.startswith("callback.")} == said
        assert sent.items() <= whole.items()
        assert {name for name in whole if name not in sent} == {
            one for one in whole if one.startswith(("callback.", "document.sample."))
        } - said


@pytest.mark.parametrize("tab", [file.stem for file in (ROOT / "web" / "admin").glob("*.js")])
def test_a_page_of_the_panel_is_small(tab: str) -> None:
    """All that a tab loads, compressed, with the longest language: at most 100 KB."""
    folder = ROOT / "web" / "admin"
    files = _loaded(folder / "panel.js", set()) | _loaded(folder / f"{tab}.js", set())
    files |= {folder / "index.html", *folder.glob("*.css"), *(ROOT / "web" / "ui").glob("*.css")}
    words = max(len(gzip.compress(file.read_bytes())) for file in (ROOT / "web" / "i18n").iterdir())
    sent = (pages.without_comments(file.read_bytes()) if file.suffix == ".js" else file.read_bytes() for file in files)
    assert sum(len(gzip.compress(one)) for one in sent) + words <= 100_000


def test_38_the_consent_page_names_the_integration_in_the_readers_language(story: Story) -> None:
    """A Kommo account read "Калькулятор стекла" where it was to allow something."""
    archive = base64.b64encode(_archive(platform="kommo")).decode()
    uploaded = {"client_id": story.client_id, "archive": archive, "platform": "kommo"}
    assert story.simulator.control("widget", **uploaded) == {"refused": None}
    names = json.loads(archives.unpacked(_archive(platform="kommo"), "kommo")["i18n/pt.json"])["widget"]["name"]
    shown = httpx.get(f"{story.simulator.url}/oauth", params={"client_id": story.client_id, "lang": "pt"}).text
    assert f"<b>{names}</b>" in shown
