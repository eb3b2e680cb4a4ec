"""Rules of the vendor that no other test holds, and the register of them all."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from cli import register
from features.submissions import mapping
from features.submissions.settings import FieldRule
from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm import contacts
from shared.amocrm.directory import Field
from shared.amocrm.errors import UnknownOutcomeError
from tests import servers
from tests.plain_client import Client
from tests.story import Story, calculation, json_of
from tests.submitting import account, contact_of, form, found_at_once, lead_of, note_of, set_up, submit, values_of

# --- the register ---------------------------------------------------------------------------------------------


def test_the_register_is_what_the_marks_say() -> None:
    assert register.FILE.read_text() == register.text(register.read()), "run: make register"


@pytest.mark.parametrize(
    ("code", "test", "wrong"),
    [
        ("# vendor: a.b (page) It is so.\n# source: there\n", "", "a.b has no test"),
        ("# vendor: a.b (page) It is so.\n", '@pytest.mark.vendor("a.b")\ndef test(): ...', "a.b has no source"),
        ("# vendor: a.b (sure) It is so.\n# source: there\n", '@pytest.mark.vendor("a.b")\ndef test(): ...', "(sure)"),
        ("# vendor: a.b\n", "", "a.b is named, and declared nowhere"),
        ("", '@pytest.mark.vendor("a.b")\ndef test(): ...', "a.b is tested, and declared nowhere"),
        ("", "", None),
        ("# vendor: a.b (page) It\n# is so.\n# source: there\n", '@pytest.mark.vendor("a.b")\ndef test(): ...', None),
    ],
)
def test_a_mark_needs_a_source_a_test_and_a_word_for_how_sure(
    code: str, test: str, wrong: str | None, tmp_path: Path
) -> None:
    for folder, text in (("shared", code), ("tests", test)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.py").write_text(text)
    if wrong is None:
        assert all(rule.text == "It is so." for rule in register.read(tmp_path))
    else:
        with pytest.raises(register.WrongMarksError, match=wrong.replace("(", r"\(").replace(")", r"\)")):
            register.read(tmp_path)


def test_no_doubt_is_left_unmarked() -> None:
    """A doubt is a mark that says (guess), and not a question mark in passing."""
    doubts = [file for file in register.files() if "(?)" in file.read_text(encoding="utf-8")]
    assert not doubts


# --- values ---------------------------------------------------------------------------------------------------


@pytest.mark.vendor("fields.text_length")
@pytest.mark.parametrize(("kind", "longest"), [("text", 256), ("textarea", 65_000)])
def test_a_text_that_is_too_long_is_cut_and_told(kind: str, longest: int) -> None:
    rule, field = FieldRule(source="x", entity="leads", field="X"), Field(1, "X", None, kind)
    fits = mapping.place([rule], {"x": ["я" * longest]}, [field], skip_empty=True, zone=lambda: UTC)
    assert (fits.fields, fits.unplaced) == ([{"field_id": 1, "values": [{"value": "я" * longest}]}], ())
    cut = mapping.place([rule], {"x": ["я" * longest + "!"]}, [field], skip_empty=True, zone=lambda: UTC)
    assert cut.fields == fits.fields
    assert cut.unplaced[0].values == ("я" * longest + "!",)


@pytest.mark.vendor("fields.emoji")
@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("textarea", "Жду \U0001f338 в 10:00, код 1234", "Жду в 10:00, код 1234"),
        ("text", "\U0001f468\u200d\U0001f469\u200d\U0001f467 трое", "трое"),
        ("text", "\U0001f44d\U0001f3fd", None),
        ("text", "Да \u2764\ufe0f", "Да \u2764\ufe0f"),  # of three bytes
    ],
)
def test_what_a_field_would_lose_behind_an_emoji_is_in_it_and_in_the_note(
    story: Story, kind: str, typed: str, kept: str | None
) -> None:
    """amoCRM answers 200 and keeps what stands before the first one."""
    story.simulator.control("add", domain=story.domain, field={"owner": "leads", "name": "Пожелания", "kind": kind})
    set_up(story, mapping=[{"source": "wish", "entity": "leads", "field": "Пожелания"}])
    results = submit(story, form(fields={"wish": typed}))
    assert values_of(lead_of(story, results)).get("Пожелания", []) == ([kept] if kept else [])
    assert (typed in note_of(story, results)) == (typed != kept)


@pytest.mark.vendor("fields.dates")
@pytest.mark.parametrize("hours", [-10, -5, 0, 3, 12, 13])
def test_a_day_stays_the_same_day_wherever_the_account_is(story: Story, hours: int) -> None:
    story.simulator.control("change-account", domain=story.domain, utc_offset=hours * 3600)
    field = {"owner": "contacts", "name": "День рождения", "kind": "birthday"}
    story.simulator.control("add", domain=story.domain, field=field)
    set_up(story, mapping=[{"source": "born", "entity": "contacts", "field": "День рождения"}])
    made = contact_of(story, submit(story, form(fields={"born": "1990-05-17"})))
    (stored,) = values_of(made)["День рождения"]
    local = stored + hours * 3600
    assert local == 642_902_400  # 1990-05-17, midnight
    # The same day once more is no change, another one is.
    for day, changed in (("17.05.1990", 0), ("1990-05-18", 1), ("1990-05-16", 1)):
        story.simulator.control("forget")
        submit(story, form(fields={"born": day}))
        assert len(story.simulator.effects("contacts.updated")) == changed, day


# --- what is made ---------------------------------------------------------------------------------------------


@pytest.mark.vendor("leads.query")
def test_a_deal_that_the_search_does_not_find_yet_is_not_made_twice(story: Story) -> None:
    story.simulator.control("change-account", domain=story.domain, search_lag=20)
    story.simulator.fault("reset_after", path="/api/v4/leads/complex")
    answer = story.crm("submit_form", story.application(), form(contact={"name": "Иван", "phone": "+79990001122"}))
    assert answer.status == 202
    for _ in range(4):
        story.clock.advance(minutes=2)
        run_deliveries(story.runtime, 30)
    assert (
        json_of(story.crm("get_delivery", story.admin(), query={"id": json_of(answer)["delivery_id"]}))["state"]
        == "delivered"
    )
    assert len([one for one in account(story)["leads"].values() if "Обратный звонок" in one["name"]]) == 1


@pytest.mark.parametrize("answer", [[], [{}], [{"merged": False}], [{"id": 1}, {"id": 2}], {"id": 1}, None])
def test_an_answer_that_does_not_name_what_was_made_says_nothing_of_it(answer: Any) -> None:
    """So it is looked for; none of several is taken for ours."""
    with pytest.raises(UnknownOutcomeError):
        contacts._only(answer)
    assert contacts._only([{"id": 1}]) == {"id": 1}
    assert contacts._only([{"uid": "x"}]) == {"uid": "x"}  # an incoming lead


@pytest.mark.vendor("leads.complex")
@pytest.mark.parametrize("kind", [None, "reset_after"])
def test_a_deal_that_duplicate_control_joins_with_another_is_written_into_that_one(
    story: Story, kind: str | None
) -> None:
    """`merged` answers another deal's id, and our mark is in nobody's name."""
    first = submit(story, form(contact={"name": "Иван", "phone": "+79990001122"}))
    story.simulator.control("change-account", domain=story.domain, controls_duplicates=True)
    story.sql("DELETE FROM amocrm_locks")  # nobody remembers the person
    story.simulator.control("change-account", domain=story.domain, search_lag=3600)  # nor does the search find them
    if kind:
        story.simulator.fault(kind, path="/api/v4/leads/complex")
    body = form(contact={"name": "Иван", "phone": "+79990001122"}, comment="И ещё вопрос")
    answer = story.crm("submit_form", story.application(), body)
    for _ in range(4):
        story.clock.advance(minutes=2)
        run_deliveries(story.runtime, 30)
    told = json_of(story.crm("get_delivery", story.admin(), query={"id": json_of(answer)["delivery_id"]}))
    assert told["state"] == "delivered"
    notes = [text for text in map(str, account(story)["notes"].values()) if "И ещё вопрос" in text]
    assert len(notes) == 1
    assert len(account(story)["contacts"]) == len({one["id"] for one in account(story)["contacts"].values()})
    assert told["results"]["lead"]["lead_id"] == first["lead"]["lead_id"] or kind


@pytest.mark.vendor("unsorted.answer", "unsorted.known_contact")
def test_an_incoming_lead_of_somebody_known_survives_that_amocrm_refuses_his_id(story: Story) -> None:
    set_up(story, forms={"mode": "incoming_lead"})
    known = submit(story, form())["incoming_lead"]["contact_id"]
    error = {"code": "NotSupportedChoice", "path": "0._embedded.contacts.0.id", "detail": "no"}
    refusal = {"status": 400, "title": "Bad Request", "validation-errors": [{"request_id": "0", "errors": [error]}]}
    story.simulator.fault("status", path=".*/unsorted/forms", status=400, body=json.dumps(refusal), times=2)
    results = submit(story, form(comment="Снова я"))
    assert results["incoming_lead"]["contact_id"] != known
    assert "Снова я" in note_of(story, results)


@pytest.mark.vendor("drive.rate")
def test_a_429_of_the_drive_leaves_the_file_for_later(connected: Story) -> None:
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    connected.simulator.fault("status", path="/v1.0/sessions", status=429, retry_after=1)
    body = calculation() | {"options": {"pdf": "render"}}
    answer = connected.crm("save_calculation", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}, body)
    assert answer.status == 202
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert len(connected.simulator.effects("file.uploaded")) == 1


# --- what people of the account do meanwhile --------------------------------------------------------------------


def _interrupted(story: Story, path: str, body: Any) -> str:
    """A submission that got as far as this path; its delivery's id."""
    story.simulator.fault("status", path=path, method="POST|PATCH", status=500)
    answer = story.crm("submit_form", story.application(), body)
    assert answer.status == 202, answer.body.decode()
    return str(json_of(answer)["delivery_id"])


def test_a_deal_that_somebody_deletes_between_two_steps_is_told(story: Story) -> None:
    delivery_id = _interrupted(story, ".*/notes", form(comment="Важно"))
    made = story.delivery(delivery_id)["results"]["lead"]
    story.simulator.control("delete", domain=story.domain, kind="leads", id=made["lead_id"])
    story.clock.advance(minutes=2)
    run_deliveries(story.runtime, 30)
    told = story.delivery(delivery_id)
    assert (told["state"], told["problem"]["code"]) == ("dead", "amocrm_not_found")
    # What the person wrote is not lost: another try makes the deal anew.
    assert story.crm("retry_delivery", story.admin(), {"id": delivery_id}).status == 202
    run_deliveries(story.runtime, 30)
    told = story.delivery(delivery_id)
    assert told["state"] == "delivered"
    assert told["results"]["lead"]["lead_id"] != made["lead_id"]
    assert "Важно" in note_of(story, told["results"])


@pytest.mark.parametrize("mode", ["lead", "contact"])
def test_a_contact_that_is_merged_into_another_between_two_steps(story: Story, mode: str) -> None:
    found_at_once(story)
    set_up(story, forms={"mode": mode})
    other = contact_of(story, submit(story, form(contact={"name": "Нина", "email": "other@example.org"})))["id"]
    delivery_id = _interrupted(story, ".*/notes", form(comment="Важно"))
    results = story.delivery(delivery_id)["results"]
    contact_id = (results.get("lead") or results["contact"])["contact_id"]
    story.simulator.control("delete", domain=story.domain, kind="contacts", id=contact_id, into=other)
    for _ in range(2):
        story.clock.advance(minutes=2)
        run_deliveries(story.runtime, 30)
    told = story.delivery(delivery_id)
    assert told["state"] == ("delivered" if mode == "lead" else "dead")
    if mode == "contact":  # nobody knows where the note belongs; another try finds the person where they are now
        assert story.crm("retry_delivery", story.admin(), {"id": delivery_id}).status == 202
        run_deliveries(story.runtime, 30)
        assert story.delivery(delivery_id)["state"] == "delivered"
        assert "Важно" in str(account(story)["notes"][f"contacts/{other}"])
    again = submit(story, form(comment="И снова", form={"name": "Вторая"}))
    assert (again.get("lead") or again["contact"])["contact_id"] == other


# --- webhooks -------------------------------------------------------------------------------------------------


class _Hearing(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.heard: list[dict[str, str]] = []
        self.kinds: list[str] = []
        self.refusals = 0  # so many are answered with 500

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-path"


class _Hook(BaseHTTPRequestHandler):
    server: _Hearing

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = 500 if self.server.refusals > 0 else 200
        self.server.refusals -= 1
        if status == 200:
            self.server.kinds.append(self.headers["Content-Type"])
            self.server.heard.append(dict(parse_qsl(body)))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hearing() -> Iterator[_Hearing]:
    server = _Hearing()
    servers.answering(server)
    yield server
    server.shutdown()
    server.server_close()


def _subscribe(client: Client, url: str, *settings: str) -> int:
    return client.post("/webhooks", {"destination": url, "settings": list(settings)}).status_code


def _waiting(client: Client, url: str) -> tuple[int, bool]:
    hook = client.simulator.control("show", domain=client.domain)["webhooks"][url]
    return hook["waiting"], hook["disabled"]


async def _until(is_so: Any) -> None:
    """Bounded: the simulator sends in its own time."""
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.02)


def _prices(hearing: _Hearing) -> list[str | None]:
    """Of all news, in the order in which they came; several may have come in one body."""
    return [value for body in hearing.heard for key, value in body.items() if key.endswith("[price]")]


def _later(client: Client, **duration: float) -> None:
    client.simulator.control("clock", advance=timedelta(**duration).total_seconds())


@pytest.mark.vendor("webhooks.form", "webhooks.several", "webhooks.notes")
def test_webhooks_come_as_forms_in_order(client: Client, hearing: _Hearing) -> None:
    assert _subscribe(client, hearing.url, "update_lead", "status_lead", "note_lead") == 201
    for price in (100, 200, 300):
        client.http.patch(f"/api/v4/leads/{client.leads[0]}", json={"price": price})
    for _ in range(2):
        client.post(f"/leads/{client.leads[0]}/notes", [{"note_type": "common", "params": {"text": "Привет"}}])
    asyncio.run(_until(lambda: _waiting(client, hearing.url)[0] == 0))
    assert _prices(hearing) == ["100", "200", "300"]
    texts = [value for body in hearing.heard for key, value in body.items() if key.endswith("[text]")]
    assert texts == ["Привет"] * 2
    assert all(one["account[id]"] == str(client.id) for one in hearing.heard)
    assert set(hearing.kinds) == {"application/x-www-form-urlencoded"}


@pytest.mark.vendor("webhooks.repeat")
def test_a_webhook_that_fails_comes_again_three_times_while_newer_ones_pass(client: Client, hearing: _Hearing) -> None:
    def failed() -> int:
        return int(client.simulator.control("show", domain=client.domain)["webhooks"][hearing.url]["failed"])

    assert _subscribe(client, hearing.url, "update_lead") == 201
    hearing.refusals = 1
    client.http.patch(f"/api/v4/leads/{client.leads[0]}", json={"price": 1})
    asyncio.run(_until(failed))
    client.http.patch(f"/api/v4/leads/{client.leads[0]}", json={"price": 2})
    asyncio.run(_until(lambda: _prices(hearing) == ["2"]))
    try:
        hearing.refusals = 10**6
        for minutes, is_left in ((6, True), (16, True), (61, False)):
            asked = hearing.refusals
            _later(client, minutes=minutes)
            asyncio.run(_until(lambda before=asked: hearing.refusals == before - 1))
            asyncio.run(_until(lambda wanted=is_left: bool(failed()) == wanted))
        hearing.refusals = 0
        _later(client, minutes=600)
        assert _prices(hearing) == ["2"]
    finally:
        _later(client, minutes=-683)


@pytest.mark.long
@pytest.mark.vendor("webhooks.switched_off", "webhooks.switched_on")
def test_a_webhook_that_keeps_failing_is_switched_off(client: Client, hearing: _Hearing) -> None:
    """Also where others were taken in between."""
    assert _subscribe(client, hearing.url, "update_lead") == 201
    for price in range(130):
        hearing.refusals = 0 if price % 10 == 0 else 1
        client.http.patch(f"/api/v4/leads/{client.leads[0]}", json={"price": 1000 + price})
        asyncio.run(_until(lambda: _waiting(client, hearing.url)[0] == 0))
    assert _waiting(client, hearing.url) == (0, True)
    hearing.refusals = 0
    assert _subscribe(client, hearing.url, "update_lead") == 201
    assert _waiting(client, hearing.url) == (0, True)  # subscribing again does not switch it on
    client.http.request("DELETE", "/api/v4/webhooks", json={"destination": hearing.url})
    assert _subscribe(client, hearing.url, "update_lead") == 201
    client.http.patch(f"/api/v4/leads/{client.leads[0]}", json={"price": 2})
    asyncio.run(_until(lambda: _prices(hearing)[-1:] == ["2"]))


@pytest.mark.vendor("webhooks.heads")
def test_companies_come_as_contacts_and_tasks_as_task(client: Client, hearing: _Hearing) -> None:
    assert _subscribe(client, hearing.url, "add_company", "add_contact", "add_task") == 201
    client.post("/companies", [{"name": "ООО Окно"}])
    client.post("/contacts", [{"name": "Анна"}])
    client.post("/tasks", [{"text": "Позвонить", "complete_till": 2_000_000_000}])
    asyncio.run(_until(lambda: _waiting(client, hearing.url)[0] == 0))
    pairs = [pair for body in hearing.heard for pair in body.items()]
    kinds = [value for key, value in pairs if key.startswith("contacts[add]") and key.endswith("[type]")]
    assert kinds == ["company", "contact"]
    assert ("task[add][0][text]", "Позвонить") in pairs


@pytest.mark.vendor("webhooks.tariff")
def test_a_tariff_without_webhooks_refuses_them(client: Client) -> None:
    client.simulator.control("change-account", domain=client.domain, may_use_webhooks=False)
    assert _subscribe(client, "https://hooks.example/", "update_lead") == 403
    assert client.get("/webhooks").status_code == 204


@pytest.mark.vendor("http.cookies")
def test_no_cookie_of_amocrms_is_kept(connected: Story) -> None:
    """Every answer of the simulator sets one."""
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    for _ in range(3):
        assert connected.crm("get_lead", headers).status == 200
    assert len(connected.simulator.requests()) >= 6
    assert not any(request["has_cookie"] for request in connected.simulator.requests())
