"""Row A7: the PDF quotation, rendered or uploaded, in the drive, at the deal, and in its feed, once."""

import base64
import json
import re
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from PIL import Image, ImageOps

from features.calculations import note, quotation
from features.calculations.model import Calculation, SaveCalculation
from features.calculations.template import template
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Response
from shared.platform.i18n import LANGUAGES
from tests.story import Story, calculation, json_of

WORDS = template("glass", {}, "ru")
MOMENT = datetime(2026, 11, 21, tzinfo=UTC)
PDF = b"%PDF-1.7\n" + b"x" * 300_000 + b"\n%%EOF\n"  # three parts for the simulator's drive
LOGO = base64.b64encode(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 16"><rect width="40" height="16" fill="#1b4f8f"/></svg>'
).decode()


def _calculation(**changed: Any) -> Calculation:
    body = msgspec.json.decode(json.dumps(calculation(**changed)), type=SaveCalculation)
    return msgspec.structs.replace(body.calculation, total=body.calculation.expected_total)


def _pages(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ")


def test_the_same_input_gives_the_same_bytes() -> None:
    company = quotation.Company("ООО «Стеклодом»", ("Москва", "+7 495 000-11-22"))
    first = quotation.render(_calculation(), company, WORDS, MOMENT)
    assert first.startswith(b"%PDF-")
    assert first == quotation.render(_calculation(), company, WORDS, MOMENT)
    assert first != quotation.render(_calculation(number="2"), company, WORDS, MOMENT)


@pytest.mark.parametrize("currency", ["RUB", "KZT", "UAH", "UZS", "USD", "XXX"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_currency_and_language_is_rendered(currency: str, language: str) -> None:
    company = quotation.Company("Glasshouse", (), base64.b64decode(LOGO), language)
    assert len(quotation.render(_calculation(currency=currency), company, WORDS, MOMENT)) > 5000


def test_a_long_table_goes_over_pages_and_hostile_text_is_only_text() -> None:
    item = {"name": '#panic("x") $ * _ [ ] \\ @ <b>', "quantity": 1, "unit": "шт", "unit_price": 10, "discount": 1}
    content = _calculation(items=[item] * 120, title="#import $", comment='#read("/etc/passwd")\n*x*', parameters=[])
    pdf = quotation.render(content, quotation.Company("#x", ("$y$",)), WORDS, MOMENT)
    assert len(pdf) > 2 * len(quotation.render(_calculation(), quotation.Company(), WORDS, MOMENT))


def _seen(company: quotation.Company, label: str = "Размер") -> Any:
    """The first page without its foot, black where it is printed."""
    asked = {"name": label, "value": "Москва, Тверская ул., 1, кв. 5, домофон 15, после 18:00, позвонить за час"}
    page = quotation.picture(_calculation(parameters=[asked]), company, WORDS, MOMENT)
    return ImageOps.invert(Image.open(BytesIO(page)).convert("L").crop((0, 0, 595, 780)))


def test_what_is_long_leaves_room_for_what_stands_beside_it() -> None:
    """All of a company's details in one line stood over its name, and its logo was cut off."""
    details = "ООО «Ромашка», 125009, г. Москва, ул. Тверская, д. 1, оф. 5, ИНН 7700000000, КПП 770001001, ОГРН 1027700"
    beside = (57, 40, 240, 72)  # in points: where the name stands, or the logo
    for logo in (None, base64.b64decode(LOGO)):
        short, long = (
            _seen(quotation.Company("Ромашка", (line,), logo)).crop(beside) for line in ("+7 495 000-11-22", details)
        )
        assert short.getbbox() is not None
        assert short.tobytes() == long.tobytes()
    company = quotation.Company("Ромашка", (details,))
    asked = "Адрес доставки и подъёма на этаж, комментарий для водителя и монтажников (заполняет менеджер)"
    least, most = (_seen(company, label).getbbox()[3] for label in ("Адрес", asked))
    assert most - least < 40  # points, of three lines


def test_a_text_without_a_space_ends_on_the_page() -> None:
    """A link, a key, a list without spaces: what no line has room for ran over the page's edge, and was cut off."""
    without = "A1B2C3D4" * 30
    items = [calculation()["calculation"]["items"][1] | {"name": without, "unit_price": "17499.99"}]
    for changed in (
        {"parameters": [{"name": "Ссылка", "value": without}]},
        {"parameters": [{"name": without[:100], "value": "Да"}]},
        {"items": items},
        {"title": without[:200]},
    ):
        page = quotation.picture(_calculation(**changed), quotation.Company("", (without,)), WORDS, MOMENT)
        printed = ImageOps.invert(Image.open(BytesIO(page)).convert("L")).getbbox()
        assert printed is not None
        assert (printed[0] >= 55, printed[2] <= 541) == (True, True), changed.keys()  # margins of 20 mm


def test_what_is_copied_from_a_quotation_is_what_was_written() -> None:
    """A link to pay had an invisible letter behind each of its own: viewers made no link of it, and whoever copied it
    opened an address that nobody has."""
    link = "https://pay.example.com/invoice/1234567890/abcdef?sum=100"
    parameters = [{"name": "Фото", "value": link}]
    company = quotation.Company("Ромашка", (link,))
    pdf = quotation.render(_calculation(parameters=parameters, comment=f"Оплатить: {link}"), company, WORDS, MOMENT)
    streams = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    letters = b"".join(one for one in map(zlib.decompress, streams) if b"beginbfchar" in one)  # as they are copied
    copied = {bytes.fromhex(one.decode()).decode("utf-16-be") for one in re.findall(rb"> <([0-9A-F]+)>", letters)}
    assert copied >= set(link)
    assert not [one for one in copied if "\u200b" in one]


def test_each_widget_type_has_its_words_and_settings_may_change_them() -> None:
    totals = {
        "ru": "Итого: 17\u202f999,99",
        "en": "Total: 17,999.99",
        "uk": "Разом: 17\u202f999,99",
        "uz": "Jami: 17\u202f999,99",
        "es": "Total: 17.999,99",
        "pt": "Total: 17.999,99",
    }
    for language, total in totals.items():
        texts = set()
        for widget_type in ("glass", "countertop", "clinic", "other"):
            words = template(widget_type, {}, language)
            texts.add(note.text(_calculation(), words, language))
        assert len(texts) == 4
        assert all(f"{total}\u00a0₽" in text for text in texts)
    own = template("clinic", {"template": {"note_heading": "Смета", "closing": None, "unknown": 1}}, "ru")
    assert (own.note_heading, own.closing) == ("Смета", template("clinic", {}, "ru").closing)
    assert note.text(_calculation(title="Смета зала"), own, "ru").startswith("Смета зала №")


@pytest.mark.long
def test_typst_is_not_imported_before_a_quotation_is_rendered() -> None:
    code = "import sys, functions.crm_api.handler, functions.run_deliveries.run; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _save(story: Story, body: Any) -> Response:
    story.simulator.control("limits", per_integration=1000, per_account=1000)
    return story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)}, body)


def _rendered(**changed: Any) -> dict[str, Any]:
    return calculation(**changed) | {"options": {"pdf": "render"}}


def _uploaded(content: bytes = PDF) -> dict[str, Any]:
    pdf = {"filename": "Смета: 17/2.PDF".replace("/", "-"), "content_base64": base64.b64encode(content).decode()}
    return calculation() | {"options": {"pdf": "upload"}, "pdf": pdf}


def _stored(story: Story) -> list[tuple[str, bytes]]:
    """Name and content of each file in the drive."""
    files = story.simulator.control("show", domain=story.domain)["files"]
    contents = [story.simulator.control("file", domain=story.domain, uuid=uuid)["content"] for uuid in files]
    return [(file["name"], base64.b64decode(one)) for file, one in zip(files.values(), contents, strict=True)]


@pytest.mark.vendor("notes.attachment", "files.accepted")
def test_a_quotation_is_rendered_attached_and_shown(connected: Story) -> None:
    """At once: what amoCRM accepts without a word was taken for an error of its own, and tried again a minute later."""
    saved = _save(connected, _rendered())
    assert saved.status == 200
    results = json_of(saved)["results"]
    ((name, content),) = _stored(connected)
    assert content.startswith(b"%PDF-")
    assert name.startswith("Душевая перегородка 2026-17 ")
    shown = connected.simulator.control("show", domain=connected.domain)
    assert shown["attached"][str(connected.lead_id)] == [results["pdf"]["file_uuid"]]
    types = {note["note_type"]: note["params"] for note in connected.notes()}
    assert set(types) == {"common", "attachment"}
    assert types["attachment"]["file_name"] == f"{name}.pdf"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])  # in one of them it is another day
def test_a_quotation_is_of_the_day_that_it_is_where_the_account_is(connected: Story, zone: str) -> None:
    connected.simulator.control("change-account", domain=connected.domain, time_zone=zone)
    answer = json_of(_save(connected, _rendered()))
    row, ((moment,),) = connected.row(), connected.sql("SELECT created_at FROM amocrm_deliveries")
    made = msgspec.json.decode(json.dumps(_rendered()), type=SaveCalculation).calculation
    company, words = quotation.Company.of(row.settings, "ru"), template(row.widget_type, row.settings, "ru")
    expected = quotation.render(made, company, words, moment.astimezone(ZoneInfo(zone)))
    assert [content == expected for _, content in _stored(connected)] == [True], answer


@pytest.mark.vendor("drive.parts")
def test_a_brought_pdf_is_stored_as_it_is_in_parts(connected: Story) -> None:
    assert json_of(_save(connected, _uploaded()))["state"] == "delivered"
    ((name, content),) = _stored(connected)
    assert content == PDF
    assert name.startswith("Смета 17-2 ")
    assert len(connected.simulator.effects("file.uploaded")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        calculation() | {"options": {"pdf": "upload"}},
        _uploaded() | {"options": {"pdf": "render"}},
        _uploaded(b"<html>"),
        _uploaded(b"%PDF-1.7 without an end"),
        _uploaded(b"%PDF-" + b"x" * 4 * 1024 * 1024 + b"%%EOF"),
        _uploaded() | {"pdf": {"filename": "a/b.pdf", "content_base64": "eA=="}},
        _uploaded() | {"pdf": {"filename": "a.pdf", "content_base64": "not base64!"}},
    ],
)
def test_what_is_not_a_pdf_is_refused(connected: Story, wrong: dict[str, Any]) -> None:
    answer = _save(connected, wrong)
    assert (answer.status, json_of(answer)["code"]) == (422, "invalid_input")
    assert not connected.simulator.effects("file.uploaded")


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate"])
@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1.0/sessions", "POST"),
        ("/v1.0/sessions/upload/.*/1", "POST"),
        ("/v1.0/sessions/upload/.*/3", "POST"),
        ("/api/v4/leads/.*/files", "PUT"),
        ("/api/v4/leads/.*/notes", "POST"),
        ("/api/v4/account", "GET"),
    ],
)
@pytest.mark.vendor("drive.filter_name", "files.attach")
def test_whatever_is_lost_there_is_one_file_and_one_note_of_it(
    connected: Story, kind: str, path: str, method: str
) -> None:
    connected.simulator.fault(kind, path=path, method=method)
    assert _save(connected, _uploaded()).status == 202
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert [content for _, content in _stored(connected)] == [PDF]
    assert sorted(note["note_type"] for note in connected.notes()) == ["attachment", "common"]
    assert len(connected.simulator.effects("file.attached")) == 1


def test_the_drive_must_be_amocrms() -> None:
    from shared.amocrm.errors import UnexpectedAnswerError
    from shared.amocrm.files import _checked

    assert _checked("https://drive-b.amocrm.ru/v1.0/x?y=1") == ("drive-b.amocrm.ru", "/v1.0/x?y=1")
    for url in ("https://evil.com/", "http://drive-b.amocrm.ru/", "https://u@drive-b.amocrm.ru/", None, "x"):
        with pytest.raises(UnexpectedAnswerError):
            _checked(url)


# --- settings, and deliveries for people ------------------------------------------------------------------------


def test_the_company_is_saved_and_used(connected: Story) -> None:
    empty = json_of(connected.crm("get_settings", connected.admin()))["settings"]
    nothing = {"heading": None, "note_heading": None, "closing": None}
    others = {
        name: empty.pop(name) for name in ("bookings", "changes", "submissions", "reckoned_by") if name in empty
    }  # have tests of their own
    assert empty == {"company": {"name": "", "lines": [], "logo": None}, "language": None, "template": nothing}
    wanted = {
        "company": {"name": "Glasshouse", "lines": ["12 Forest St"], "logo": LOGO},
        "language": "en",
        "template": nothing | {"closing": "See you soon."},
        **others,
    }
    assert json_of(connected.crm("save_settings", connected.admin(), wanted))["settings"] == wanted
    assert json_of(connected.crm("get_settings", connected.admin()))["settings"] == wanted
    company = quotation.Company.of(connected.row().settings, "en")
    assert (company.name, company.lines, company.language) == ("Glasshouse", ("12 Forest St",), "en")
    assert _save(connected, _rendered()).status == 200
    assert template("glass", connected.row().settings, "en").closing == "See you soon."
    wrong = [
        {"template": {"heading": 5}},
        {"language": "de"},
        {"company": {"logo": "x!"}},
        {"company": {"logo": "é"}},
        {"company": {"logo": "eA=="}},
        {"x": 1},
    ]
    for body in wrong:
        for action in ("save_settings", "preview"):
            assert connected.crm(action, connected.admin(), body).status == 422


def test_deliveries_are_listed_paged_and_a_dead_one_is_taken_up_again(connected: Story) -> None:
    connected.simulator.fault("status", status=400, path="/api/v4/leads/.*/notes")
    dead = json_of(_save(connected, calculation()))["delivery_id"]
    connected.clock.advance(seconds=2)
    good = json_of(_save(connected, calculation(number="2")))["delivery_id"]
    listed = json_of(connected.crm("get_deliveries", connected.admin(), query={"limit": "1"}))
    assert ([one["delivery_id"] for one in listed["deliveries"]], listed["next"]) == ([good], good)
    rest = json_of(connected.crm("get_deliveries", connected.admin(), query={"before": good}))
    assert ([one["delivery_id"] for one in rest["deliveries"]], rest["next"]) == ([dead], None)
    only = json_of(connected.crm("get_deliveries", connected.admin(), query={"state": "dead"}))
    assert [one["delivery_id"] for one in only["deliveries"]] == [dead]
    assert connected.crm("retry_delivery", connected.admin(), {"id": good}).status == 409
    assert connected.crm("retry_delivery", connected.admin(), {"id": dead}).status == 202
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert len(connected.notes()) == 2
    for query in ({"state": "x"}, {"before": "x"}):
        assert connected.crm("get_deliveries", connected.admin(), query=query).status == 422
