"""Rows C2, J: forms that come from a site builder's own server, as each of them sends them."""

import json
import re
import subprocess
from typing import Any
from urllib.parse import urlencode

import pytest

from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Headers, Request, Response
from tests.demo import ROOT
from tests.reading import serve
from tests.story import Story, json_of
from tests.submissions.recorded import record
from tests.submitting import PERSON, account, form, order, save, set_up

FORM = "application/x-www-form-urlencoded"
# As Tilda's server sends them: names as the form's maker has set them, then its own.
TILDA = {
    "Name": "Нина Орлова",
    "Phone": "+7 (916) 555-44-33",
    "Email": "Nina@Example.org",
    "Размер": "1200 × 800",
    "utm_source": "yandex",
    "tranid": "4711:815",
    "formid": "form12345",
    "formname": "Рассчитать стекло",
}
# Contact Form 7 with a webhook: its usual names, and its own with an underscore.
CONTACT_FORM_7 = {
    "_wpcf7": "23",
    "_wpcf7_version": "5.9",
    "your-name": "Нина Орлова",
    "your-email": "nina@example.org",
    "your-tel": "8 916 555 44 33",
    "your-message": "Позвоните вечером",
    "checkbox": ["Стекло", "Зеркало"],
}


# Google's objects, as far as the script needs them.
_GOOGLE = """
const items = [["Ваше имя", "Нина Орлова"], ["Телефон", "8 916 555 44 33"], ["Что нужно", ["Стекло", "Зеркало"]]];
const asked = ([title, answer]) => ({ getItem: () => ({ getTitle: () => title }), getResponse: () => answer });
const response = { getId: () => "r-1", getItemResponses: () => items.map(asked) };
const sent = [];
const UrlFetchApp = { fetch: (url, options) => { sent.push([url, options]); } };
const FormApp = { getActiveForm: () => ({ getTitle: () => "Замер" }) };
"""


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


def _key(story: Story) -> str:
    made = story.crm("create_site_key", story.admin(), {"name": "Tilda", "is_server": True})
    assert made.status == 201, made.body
    return str(json_of(made)["site_key"])


def _sent(story: Story, body: bytes, kind: str = FORM, key: str | None = None, **headers: str) -> Response:
    query = (("action", "submit_form"), ("site_key", key or _key(story)))
    fields = Headers([("Content-Type", kind), *((name.replace("_", "-"), value) for name, value in headers.items())])
    return serve(handle, story.runtime, Request("POST", "/", query, fields, body))


def _new(story: Story) -> tuple[Any, Any, str]:
    """The contact, the deal, and the note that came of it."""
    run_deliveries(story.runtime, 20)
    shown = account(story)
    contact = list(shown["contacts"].values())[-1]
    lead = list(shown["leads"].values())[-1]
    note = "\n".join(one["params"].get("text", "") for one in shown["notes"].get(f"leads/{lead['id']}", []))
    return contact, lead, note


def _values(contact: Any) -> dict[str, str]:
    return {one["field_code"]: one["values"][0]["value"] for one in contact["custom_fields_values"] or []}


def test_tilda_tries_the_address_and_nothing_is_written(site: Story) -> None:
    answer = _sent(site, b"test=test")
    assert (answer.status, answer.body) == (200, b"ok")
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


def test_a_form_of_tilda_becomes_a_deal(site: Story) -> None:
    before = len(account(site)["leads"])
    answer = _sent(site, urlencode(TILDA).encode())
    assert (answer.status, answer.body) == (200, b"ok")
    assert len(account(site)["leads"]) == before  # it is stored, and Tilda's five seconds are not spent on amoCRM
    contact, lead, note = _new(site)
    assert contact["name"] == "Нина Орлова"
    assert _values(contact)["PHONE"].endswith("9165554433")
    assert _values(contact)["EMAIL"].lower() == "nina@example.org"
    assert "Рассчитать стекло" in lead["name"]
    assert "Размер: 1200 × 800" in note
    assert "4711" not in note


def test_c7_what_is_sent_again_after_it_has_failed_waits_for_nobody(site: Story) -> None:
    """30-C7: it is tried anew, and the builder's five seconds are not spent on amoCRM."""
    key, body = _key(site), urlencode(TILDA).encode()
    _sent(site, body, key=key)
    site.sql(
        "UPDATE amocrm_deliveries SET state = 'dead', attempts = 60, finished_at = amocrm_now(), due_at = NULL,"
        " problem_code = 'x', problem_detail = amocrm_message('x')"
    )
    before = len(account(site)["leads"])
    assert _sent(site, body, key=key).status == 200
    assert len(account(site)["leads"]) == before
    assert run_deliveries(site.runtime, 20)["delivered"] == 1
    assert len(account(site)["leads"]) == before + 1


def test_a_cart_of_tilda_comes_whole_also_as_json(site: Story) -> None:
    """30-K: what was ordered and paid is in the note, whichever of the two Tilda's page is set to send."""
    cart = {"orderid": "1871", "amount": "9800", "products": [{"name": "Зеркало", "quantity": 2, "price": "4900"}]}
    assert _sent(site, json.dumps(TILDA | {"payment": cart}).encode(), "application/json").status == 200
    _, _, note = _new(site)
    assert all(text in note.replace("\u202f", "") for text in ("1871", "9800", "Зеркало", "4900"))


def test_what_tilda_sends_again_is_the_same_form(site: Story) -> None:
    key, body = _key(site), urlencode(TILDA).encode()
    assert [_sent(site, body, key=key).status for _ in range(3)] == [200, 200, 200]
    site.clock.advance(hours=2)
    assert _sent(site, body, key=key).status == 200
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    assert _sent(site, urlencode(TILDA | {"tranid": "4711:816"}).encode(), key=key).status == 200
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(2,)]


def test_what_comes_again_with_other_values_is_told(site: Story) -> None:
    """30-K: an answer of a Google form that was edited, a cart that is paid: the first counts, and the log says so."""
    key = _key(site)
    assert _sent(site, urlencode(TILDA).encode(), key=key).status == 200
    assert _sent(site, urlencode(TILDA | {"payment[systranid]": "77"}).encode(), key=key).status == 409
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    told = site.sql("SELECT e.level, e.message FROM amocrm_events e JOIN amocrm_deliveries d ON d.id = e.delivery_id")
    assert [(level, "other values" in text) for level, text in told] == [("warning", True)]


def test_38_an_id_that_another_person_comes_with_is_another_form(site: Story) -> None:
    """Many register for one event, whose id each form has; a site that was set up anew counts its entries from one.
    All but the first were refused, as the first form sent once more with other values."""
    key, before = _key(site), len(account(site)["contacts"])
    one, other = ({"Name": name, "Phone": f"+7 921 100-00-0{name}", "event_id": "41"} for name in ("1", "2"))
    for body in (one, other, one, other):
        assert _sent(site, json.dumps(body).encode(), "application/json", key=key).status == 200
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(2,)]
    assert _sent(site, json.dumps(other | {"Seat": "5"}).encode(), "application/json", key=key).status == 409
    site.clock.advance(hours=2)
    assert _sent(site, json.dumps(other).encode(), "application/json", key=key).status == 200
    run_deliveries(site.runtime, 20)
    assert site.sql("SELECT state, count(*) FROM amocrm_deliveries GROUP BY 1") == [("delivered", 2)]
    assert len(account(site)["contacts"]) == before + 2


def test_what_lacks_a_required_value_is_told(site: Story) -> None:
    """30-K: the builder has thanked the visitor by then, and nobody reads what its server is answered."""
    assert save(site, forms={"required": ["phone|email"]}).status == 200
    key = _key(site)
    assert _sent(site, urlencode({"Name": "Нина", "Telegram": "@nina"}).encode(), key=key).status == 422
    told = site.sql("SELECT level, message FROM amocrm_events WHERE kind = 'submission.refused'")
    assert [(level, "phone|email" in text, "@nina" in text) for level, text in told] == [("warning", True, False)]


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", FORM])
def test_a_form_of_wordpress_becomes_a_deal(site: Story, kind: str) -> None:
    body = urlencode(CONTACT_FORM_7, doseq=True).encode() if kind == FORM else json.dumps(CONTACT_FORM_7).encode()
    assert _sent(site, body, kind).status == 200
    contact, _, note = _new(site)
    assert (contact["name"], _values(contact)["EMAIL"]) == ("Нина Орлова", "nina@example.org")
    assert "Позвоните вечером" in note
    assert "Стекло, Зеркало" in note
    assert "wpcf7" not in note


@pytest.mark.needs("node")
def test_the_script_for_google_forms_does_what_the_page_says(site: Story) -> None:
    """docs/forms.md, "Google Forms": as it stands there, with Google's objects played."""
    text = (ROOT / "docs" / "forms.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```js\n(.+?)```", text.partition("### Google Forms")[2].partition("\n#")[0], re.DOTALL)
    program = f"{_GOOGLE}\n{script}\nonSubmit({{ response }});\nconsole.log(JSON.stringify(sent));"
    ran = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
    ((url, options),) = json.loads(ran.stdout)
    assert url.startswith("https://")
    assert _sent(site, options["payload"].encode(), options["contentType"]).status == 200
    contact, lead, note = _new(site)
    assert contact["name"] == "Нина Орлова"
    assert "Замер" in lead["name"]
    assert "Стекло, Зеркало" in note


def test_a_key_for_servers_is_refused_in_a_page_and_elsewhere(site: Story) -> None:
    key = _key(site)
    refused = _sent(site, urlencode(TILDA).encode(), key=key, Origin="https://shop.example")
    assert refused.status == 403
    assert site.crm("sync_contact", {"Authorization": f"Bearer {key}"}, b"{}").status == 403
    for action in ("get_lead", "get_order"):
        assert site.crm(action, {"Authorization": f"Bearer {key}"}).status == 403


def test_a_server_sends_forms_and_orders_as_they_are_described(site: Story) -> None:
    headers = {"Authorization": f"Bearer {_key(site)}"}
    for action, body in (("submit_form", form()), ("submit_order", order() | {"contact": PERSON})):
        answer = site.crm(action, headers, body)
        assert (answer.status, "results" in json_of(answer)) == (200, False), answer.body


def test_a_key_is_for_pages_or_for_a_server(site: Story) -> None:
    bodies: list[dict[str, Any]] = [
        {"name": "x"},
        {"name": "x", "is_server": True, "origins": ["https://shop.example"]},
        {"name": "x", "is_server": True, "accepts_hidden_origin": True},
    ]
    for body in bodies:
        assert site.crm("create_site_key", site.admin(), body).status == 422


_JSON = "application/json"
_DEEP = {"Name": {"deep": {"er": [1, None]}}, "Phone": "+7 916 555 44 33"}
_LONG = {"Phone": ["+79165554433", "+79165554434"], "x" * 500: "y" * 5000}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"\xff\xfe", FORM, 400),
        (b"&".join(b"a%d=1" % number for number in range(2000)), FORM, 200),
        (b"a=" + b"x" * 1_000_000, FORM, 413),
        (b"{", _JSON, 400),
        (b"[" * 50_000, _JSON, 400),
        (json.dumps({f"f{number}": "x" for number in range(2000)}).encode(), _JSON, 200),
        (json.dumps(_DEEP).encode(), _JSON, 200),
        (json.dumps(_LONG).encode(), _JSON, 200),
        (b'{"Phone": 79165554433, /* from our site */ "Name": "Anna",}', _JSON, 200),
    ],
    ids=["no text", "many fields", "a megabyte", "a half", "brackets", "many members", "deep", "long", "by hand"],
)
def test_nonsense_is_refused_and_odd_things_are_taken(site: Story, body: bytes, kind: str, status: int) -> None:
    assert _sent(site, body, kind).status == status
    told = site.events().count("submission.unreadable")
    assert told == (status in (400, 413))  # the visitor has been thanked by then


@pytest.mark.parametrize("kind", [FORM, _JSON, "multipart/form-data; boundary=x", ""])
@pytest.mark.parametrize("body", [b"", b"test=test", b'{"test": "test"}', b"{}", b"[]", b"webhook_id=17", b" "])
def test_35_an_address_that_is_tried_writes_nothing(site: Story, body: bytes, kind: str) -> None:
    """35, "Bad input": builders try an address in ways of their own before they save it."""
    if body == b"" or not kind.startswith("multipart"):
        answer = _sent(site, body, kind)
        assert (answer.status, answer.body) == (200, b"ok")
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


@pytest.mark.parametrize(
    "told",
    [
        {"leads[add][0][id]": "25399013", "leads[add][0][name]": "Заявка", "leads[add][0][price]": "0"},
        {"leads[status][0][id]": "25399013", "leads[status][0][status_id]": "142"},
        {
            "contacts[update][0][name]": "Нина",
            "contacts[update][0][custom_fields][0][values][0][value]": "+79165554433",
        },
        {"message[add][0][text]": "Привет", "message[add][0][author][name]": "Нина"},
    ],
)
def test_what_amocrm_tells_of_itself_makes_no_deal_of_which_it_would_tell_again(
    site: Story, told: dict[str, str]
) -> None:
    """A webhook of amoCRM's with the address of forms: each deal was told of, and made the next one, without an end."""
    account_of = {"account[id]": "29085955", "account[subdomain]": "glass"}
    answer = _sent(site, urlencode(told | account_of).encode(), FORM)
    assert (answer.status, answer.body) == (200, b"ok")
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]
    forms = (
        {"leads": "3", "message": "Перезвоните", "account[id]": "7", "phone": "+7 916 555-44-33"},
        {"message[note]": "Перезвоните +7 916 555-44-33", "account[id]": "7"},
    )
    for number, body in enumerate(forms, 1):
        assert _sent(site, urlencode(body).encode(), FORM).status == 200
        assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(number,)]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_35_an_address_may_be_looked_at(site: Story, method: str) -> None:
    def looked(key: str) -> int:
        query = (("action", "submit_form"), ("site_key", key))
        return serve(handle, site.runtime, Request(method, "/", query)).status

    assert [looked(_key(site)), looked("srv_unknown"), looked("")] == [200, 401, 405]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_35_2_what_is_sent_by_get_is_told(site: Story, method: str) -> None:
    """It was answered with 200, and lost without a word. Without a person it is a check, or a mark of the address."""
    for more in ((), (("phone", ""),), (("phone", "{object.phone}"), ("name", "Нина")), (("hub.mode", "subscribe"),)):
        query = (("action", "submit_form"), ("site_key", _key(site)), *more)
        assert serve(handle, site.runtime, Request(method, "/", query)).status == 200
    told = site.sql("SELECT level, message FROM amocrm_events WHERE kind = 'submission.by_get'")
    assert [(level, "POST" in text, "Нина" in text) for level, text in told] == (
        [("warning", True, False)] if method == "GET" else []
    )
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("POST", b""), ("POST", b"[]")])
def test_what_stands_in_the_address_alone_is_taken(site: Story, method: str, body: bytes) -> None:
    """GetCourse has its data there whichever method it calls by: each form was a trial of the address, and lost."""
    key, values = _key(site), record("getcourse")["form"]
    query = (("action", "submit_form"), ("site_key", key), *values.items())
    for _ in range(2):
        answer = serve(handle, site.runtime, Request(method, "/", query, Headers(), body))
        assert (answer.status, answer.body) == (200, b"ok")
    contact, lead, note = _new(site)
    assert (contact["name"], _values(contact)["EMAIL"]) == ("Антон Орлов", "t80@example.org")
    assert (lead["price"], values["payment_link"] in note) == (12500, True)
    assert key not in note
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    (kept,) = json_of(site.crm("get_incoming", site.admin()))["incoming"]
    shown = json_of(site.crm("get_incoming_entry", site.admin(), query={"id": kept["id"], "content": "1"}))
    assert (kept["outcome"], kept["times"], shown["reading"], "t80" in shown["raw"]) == ("accepted", 2, "order", True)


def test_a_mark_in_the_address_is_no_value_of_what_is_sent(site: Story) -> None:
    query = (("action", "submit_form"), ("site_key", _key(site)), ("phone", "+79165554400"), ("utm_source", "x"))
    for body in (urlencode(TILDA).encode(), b"test=test"):
        fields = Headers([("Content-Type", FORM)])
        assert serve(handle, site.runtime, Request("POST", "/", query, fields, body)).status == 200
    contact, _, note = _new(site)
    assert "5554400" not in f"{contact}{note}"
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST"])
def test_nothing_signs_an_address(site: Story, method: str) -> None:
    made = json_of(site.crm("create_site_key", site.admin(), {"name": "Typeform", "is_server": True}))
    assert site.crm("sign_site_key", site.admin(), {"id": made["id"], "secret": "a-secret-of-theirs"}).status == 200
    query = (("action", "submit_form"), ("site_key", made["site_key"]), ("phone", "79165554433"))
    assert serve(handle, site.runtime, Request(method, "/", query)).status == 200
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


def test_a_leaked_key_is_stopped_by_its_limit(site: Story) -> None:
    key = _key(site)
    site.clock.begin_minute()
    statuses = [_sent(site, b"test=test", key=key).status for _ in range(301)]
    assert statuses == [200] * 300 + [429]


@pytest.mark.vendor("vk.confirmation")
def test_35_vk_confirms_the_address_and_no_deal_comes_of_it(site: Story) -> None:
    """It wants to hear the string that stands in the address; without one the log says what to do."""
    key, before = _key(site), len(account(site)["leads"])
    body = json.dumps({"type": "confirmation", "group_id": 20117}).encode()
    query = (("action", "submit_form"), ("site_key", key), ("confirmation", "a1b2c3d4"))
    fields = Headers([("Content-Type", "application/json")])
    answer = serve(handle, site.runtime, Request("POST", "/", query, fields, body))
    assert (answer.status, answer.body) == (200, b"a1b2c3d4")
    unconfirmed = _sent(site, body, "application/json", key)
    assert (unconfirmed.status, unconfirmed.body) == (200, b"ok")
    ((told,),) = site.sql("SELECT message FROM amocrm_events WHERE kind = 'submission.not_confirmed'")
    assert "&confirmation=" in told
    run_deliveries(site.runtime, 20)
    assert len(account(site)["leads"]) == before
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


@pytest.mark.parametrize("kind", ["application/json", FORM, "text/plain"])
@pytest.mark.parametrize("times", [1, 2])
def test_35_json_that_was_encoded_twice_is_read(site: Story, kind: str, times: int) -> None:
    body = json.dumps({"name": "Нина", "phone": "8 916 555 44 33", "Страница": "https://example.org/?a=1&b=2"})
    for _ in range(times):
        body = json.dumps(body)
    assert _sent(site, body.encode(), kind).status == 200
    contact, _, note = _new(site)
    assert contact["name"] == "Нина"
    assert _values(contact)["PHONE"].endswith("9165554433")
    assert "Страница: https://example.org/?a=1&b=2" in note
