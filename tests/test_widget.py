"""The widget archive, the calculators as data, and their preview (rows B5, A7)."""

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from cli import widget
from cli.commands import main
from shared.calculation import calculator
from tests.story import Story, json_of

TYPES = ("glass", "countertop", "clinic")
SIZES = {"logo_main": (400, 272), "logo": (130, 100), "logo_medium": (240, 84), "logo_small": (108, 108)}


@pytest.mark.parametrize("widget_type", TYPES)
def test_the_archive_is_what_amocrm_takes(widget_type: str) -> None:
    content = widget.build(widget_type, "https://functions.example/crm_api/", "2.1.0", "help@example.org")
    assert content == widget.build(widget_type, "https://functions.example/crm_api", "2.1.0", "help@example.org")
    archive = zipfile.ZipFile(io.BytesIO(content))
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["widget"]["interface_version"] == 2
    assert manifest["locations"] == ["lcard-1"]
    for language in manifest["widget"]["locale"]:
        words = json.loads(archive.read(f"i18n/{language}.json"))
        for key in ("name", "description", "short_description"):
            part, name = manifest["widget"][key].split(".")
            assert isinstance(words[part][name], str)
    for name, size in SIZES.items():
        assert Image.open(io.BytesIO(archive.read(f"images/{name}.png"))).size == size
    script = archive.read("script.js").decode()
    assert '"https://functions.example/crm_api"' in script
    assert "{{" not in script


def test_the_command_writes_it_and_refuses_plain_http(tmp_path: Path) -> None:
    def run(api: str) -> Any:
        file = str(tmp_path / "w.zip")
        return CliRunner().invoke(main, ["widget", "--type", "glass", "--api", api, "--out", file])

    assert run("https://functions.example/crm_api").exit_code == 0
    assert (tmp_path / "w.zip").stat().st_size > 5000
    assert run("http://functions.example").exit_code == 1
    assert run('https://a"b').exit_code == 1


@pytest.mark.parametrize("widget_type", TYPES)
def test_our_calculators_fit_together_in_four_languages(widget_type: str) -> None:
    own = calculator.usual(widget_type)
    assert own is not None
    assert calculator.problems(own) == []
    labels = [own.title, *(field.label for field in own.fields)]
    labels += [option.label for field in own.fields for option in field.options]
    assert all(set(label) == {"ru", "en", "uk", "uz"} for label in labels)


def test_a_calculator_is_changed_in_the_settings(connected: Story) -> None:
    usual = json_of(connected.crm("get_calculator", connected.widget()))
    assert (usual["widget_type"], usual["calculator"]["fields"][0]["id"]) == ("glass", "material")
    changed = usual["calculator"]
    changed["fields"][0]["options"][0]["price"] = "7000"
    assert connected.crm("save_settings", connected.admin(), {"calculator": changed}).status == 200
    now = json_of(connected.crm("get_calculator", connected.widget()))["calculator"]
    assert now["fields"][0]["options"][0]["price"] == "7000"
    assert connected.crm("save_settings", connected.admin(), {}).status == 200
    assert json_of(connected.crm("get_calculator", connected.widget()))["calculator"] != now


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("items", 0, "option"), "nothing", "calculator.items[0].option"),
        (("items", 0, "quantity", 0, "field"), "material", "calculator.items[0].quantity[0].field"),
        (("fields", 1, "id"), "material", "calculator.fields"),
        (("fields", 0, "options"), [], "calculator.fields[0].options"),
        (("items", 3, "price"), None, "calculator.items[3]"),
    ],
)
def test_a_calculator_that_does_not_fit_together_is_refused(
    connected: Story, path: tuple[Any, ...], value: Any, told: str
) -> None:
    changed = json_of(connected.crm("get_calculator", connected.widget()))["calculator"]
    place = changed
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    refused = connected.crm("save_settings", connected.admin(), {"calculator": changed})
    assert refused.status == 422
    assert told in {error["path"] for error in json_of(refused)["errors"]}


def test_a_widget_type_without_a_calculator(tale: Story) -> None:
    tale.widget_type = "site"
    tale.connect()
    assert json_of(tale.crm("get_calculator", tale.widget()))["code"] == "no_calculator"


def test_a_preview_shows_note_and_page(connected: Story) -> None:
    body = {"company": {"name": "Glasshouse"}, "language": "en", "template": {"closing": "Bye."}}
    shown = json_of(connected.crm("preview", connected.admin(), body))
    assert "Shower screen" in shown["note"]
    assert Image.open(io.BytesIO(base64.b64decode(shown["page"]))).size[0] > 400
    broken = base64.b64encode(b"\x89PNG\r\n no image").decode()
    refused = connected.crm("preview", connected.admin(), {"company": {"logo": broken}})
    assert (refused.status, json_of(refused)["errors"][0]["path"]) == (422, "company.logo")


def test_only_the_calculator_may_be_framed_and_only_by_deal_cards(connected: Story) -> None:
    from functions.crm_api.handler import handle
    from shared.endpoint import serve
    from shared.http import Request

    def policy(path: str) -> str:
        answer = serve(handle, connected.runtime, Request("GET", path))
        assert answer.status == 200, path
        return dict(answer.headers)["Content-Security-Policy"]

    assert "frame-ancestors https://*.amocrm.ru" in policy("/widget/")
    assert "frame-ancestors 'none'" in policy("/admin/")
    assert "frame-ancestors 'none'" in policy("/app/")
    assert serve(handle, connected.runtime, Request("GET", "/widget/archive/script.js")).status == 404
