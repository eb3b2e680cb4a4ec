"""Row N2: the PDF engine is in a function of its own where a package has a limit; what it does is the same."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from features.calculations import quotation, typesetting, typesetting_client
from functions.render_quotation.main import aws_handler
from shared.platform.config import load
from shared.runtime import Runtime
from tests import servers
from tests.calculations.test_quotation import MOMENT, WORDS, _calculation
from tests.story import Story, calculation, json_of

NAME = "amocrm-functions-prod-render_quotation"
BROKEN = b"\x89PNG\r\n\x1a\n" + b"x" * 40


class Lambda:
    """AWS's own address, with the function behind it."""

    def __init__(self) -> None:
        self.status, self.error = 200, ""
        ours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                assert self.path == f"/2015-03-31/functions/{NAME}/invocations"
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(aws_handler(event, None)).encode() if ours.status == 200 else b"{}"
                self.send_response(ours.status)
                if ours.error:
                    self.send_header("X-Amz-Function-Error", ours.error)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        servers.answering(self.server)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    made = Lambda()
    settings = {"URL_LAMBDA": f"http://127.0.0.1:{made.server.server_address[1]}"}
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", settings["URL_LAMBDA"])
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    typesetting_client._function.cache_clear()
    yield made
    typesetting_client._function.cache_clear()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def told(connected: Story, environment: dict[str, str], aws: Lambda) -> Iterator[Story]:
    """The connected account, where the engine is elsewhere."""
    connected.runtime = Runtime.build(load(environment | {"QUOTATION_FUNCTION": NAME}), connected.clock)
    yield connected
    connected.runtime.close()


def _save(story: Story, number: str) -> Any:
    body = calculation(number=number) | {"options": {"pdf": "render"}}
    return story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)}, body)


def test_the_function_makes_the_same_bytes(aws: Lambda) -> None:
    company = quotation.Company("ООО «Стеклодом»", ("Москва",))
    elsewhere = typesetting_client._function(NAME)
    here = quotation.render(_calculation(), company, WORDS, MOMENT)
    assert quotation.render(_calculation(), company, WORDS, MOMENT, elsewhere) == here


def test_a_calculation_gets_its_quotation_from_the_function(told: Story, aws: Lambda) -> None:
    assert json_of(_save(told, "1"))["state"] == "delivered"
    assert len(told.simulator.effects("file.uploaded")) == 1


@pytest.mark.parametrize(("status", "error"), [(429, ""), (500, ""), (200, "Unhandled")])
def test_while_it_is_away_the_rest_is_written_and_the_file_follows(
    told: Story, aws: Lambda, status: int, error: str
) -> None:
    aws.status, aws.error = status, error
    saved = json_of(_save(told, "1"))
    assert (saved["state"], saved["problem"]["code"]) == ("accepted", "rendering_unavailable")
    assert saved["results"]["note"]["note_id"]
    aws.status, aws.error = 200, ""
    told.clock.advance(minutes=5)
    from functions.run_deliveries.run import run as run_deliveries

    assert run_deliveries(told.runtime, 20)["delivered"] == 1
    assert len(told.simulator.effects("file.uploaded")) == 1


def test_a_logo_that_cannot_be_drawn_is_left_out_and_not_the_quotation() -> None:
    broken = quotation.Company("ООО «Стеклодом»", (), BROKEN)
    plain = quotation.Company("ООО «Стеклодом»", ())
    assert quotation.render(_calculation(), broken, WORDS, MOMENT) == quotation.render(
        _calculation(), plain, WORDS, MOMENT
    )
    with pytest.raises(typesetting.UnprintableError):
        quotation.picture(_calculation(), broken, WORDS, MOMENT)


@pytest.mark.parametrize(
    "text", ["ҚҰРЫЛЫС қ ң ө", "მინის სახლი", "Ապակե տուն", "بيت الزجاج", "Ўзбек oʻzbek ñ ç ã ї ґ ₽ ₴ ₸ €"]
)
def test_scripts_that_are_drawn_are_not_told_as_missing(text: str) -> None:
    assert quotation.missing_letters(quotation.Company(text, (text,)), WORDS) == ""


def test_letters_that_no_font_has_are_told_in_the_preview(connected: Story) -> None:
    body = {"company": {"name": "Дом 😀", "lines": ["中 дом"]}, "template": {}}
    shown = json_of(connected.crm("preview", connected.admin(), body))
    assert shown["missing_letters"] == "中😀"
    body = {"company": {"name": "Дом", "lines": []}, "template": {}}
    assert json_of(connected.crm("preview", connected.admin(), body))["missing_letters"] == ""


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("🔥 Скидка 👨‍👩‍👧 семье", "Скидка семье"),
        ("Монтаж ✅, вывоз ❌❗", "Монтаж ✔, вывоз ✘!"),
        ("★ №1 ☎ 2️⃣ ⭐ 🛑", "★ №1 ☎ 2️⃣ ⭐ 🛑"),
        ("Скидка🔥 на 10🔥20 «Лофт»🔥🎁 (2 шт)🎁, 3🔥 4", "Скидка на 10 20 «Лофт» (2 шт), 3 4"),
        ("🔥 🎁 Итого\n🎁 Скидка 🔥 🔥 5", "Итого\nСкидка 5"),
        ("🤷🏻‍♀️ Не знаю, 👩‍⚕️👍 ♀", "Не знаю, ♀"),
    ],
)
def test_no_client_sees_boxes_in_the_place_of_emoji(typed: str, printed: str) -> None:
    one, other = (
        quotation.picture(_calculation(title=text, comment=f"{text}!"), quotation.Company(text, (text,)), WORDS, MOMENT)
        for text in (typed, printed)
    )
    assert one == other
    assert typesetting._missing(printed) == ""


def test_every_usual_letter_is_in_a_font() -> None:
    """What is not looked at for its glyph."""
    usual = "".join(letter for letter in map(chr, range(0x600)) if quotation._USUAL.match(letter))
    assert len(usual) > 400
    assert typesetting._missing(usual) == ""
