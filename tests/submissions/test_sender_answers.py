"""What senders want to hear of what they send, and nothing else: otherwise they repeat it, or take its address for
broken. Each body as its sender writes it; and what others would make of an answer that repeats their words."""

import hashlib
import hmac
import json
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Headers, Pairs, Request, Response
from tests.reading import serve
from tests.story import Story, json_of
from tests.submissions.recorded import SECRET, body_of, record, send, server_key
from tests.submitting import account, set_up

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
DELIVERIES: Final = "SELECT count(*) FROM amocrm_deliveries"
NOT_CONFIRMED: Final = "SELECT level, message FROM amocrm_events WHERE kind = 'submission.not_confirmed'"
BY_GET: Final = "SELECT count(*) FROM amocrm_events WHERE kind = 'submission.by_get'"
# As Slack, Lark and monday.com ask.
SLACK: Final = {
    "token": "Jhj5dZrVaK7ZwHHjRyZWjbDl",
    "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY",
    "type": "url_verification",
}
MONDAY: Final = {"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY"}
PLAIN: Final = "qgg8vlvZRS6UYooatFL8Aw"  # as Zoom's are
# What would be markup or a script in a page, does not fit into a line, or is too long.
HOSTILE: Final = (
    "<script>alert(1)</script>",
    "alert(1)",
    "a\r\nX-Injected: 1",
    "ａｂｃ",
    "a b",
    "+ADw-script+AD4-",
    "x" * 257,
)


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


def _key(story: Story) -> str:
    return server_key(story)[1]


def _asked(story: Story, key: str, *query: tuple[str, str], method: str = "GET") -> Response:
    return serve(handle, story.runtime, Request(method, "/", (("action", "submit_form"), ("site_key", key), *query)))


def _posted(story: Story, key: str, body: bytes, kind: str = JSON, query: Pairs = (), headers: Pairs = ()) -> Response:
    address = (("action", "submit_form"), ("site_key", key), *query)
    sent = Request("POST", "/", address, Headers([("Content-Type", kind), *headers]), body)
    return serve(handle, story.runtime, sent)


def _said(answer: Response) -> tuple[int, bytes, str]:
    headers = {name.lower(): value for name, value in answer.headers}
    assert headers["x-content-type-options"] == "nosniff"
    return answer.status, answer.body, headers["content-type"]


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("cloudpayments", b'{"code":0}', JSON),
        ("robokassa", b"OK2000079", TEXT),
        ("tbank", b"OK", TEXT),
        ("payanyway", b"SUCCESS", TEXT),
        ("unitpay", b'{"result":{"message":"ok"}}', JSON),
        ("prodamus", b"success", TEXT),
        ("binotel_call", b'{"status":"success"}', JSON),
        ("twilio_sms", b"<Response/>", "application/xml; charset=utf-8"),
        ("twilio_whatsapp", b"<Response/>", "application/xml; charset=utf-8"),
        ("liqpay", b"ok", TEXT),
        ("tilda_form", b"ok", TEXT),
    ],
)
def test_a_sender_hears_its_own_words_once_its_body_is_kept(site: Story, name: str, body: bytes, kind: str) -> None:
    key = _key(site)
    for _ in range(2):  # sent again, it is the same, and hears the same
        assert _said(send(site, key, record(name))) == (200, body, kind)
        assert site.sql(DELIVERIES) == [(1,)]
    assert site.sql("SELECT outcome, times FROM amocrm_incoming") == [("accepted", 2)]


@pytest.mark.parametrize("name", ["cloudpayments", "robokassa", "tbank", "payanyway", "prodamus", "binotel_call"])
def test_what_is_refused_hears_no_yes_and_comes_again(site: Story, name: str) -> None:
    """A payment that was answered "accepted" is nowhere else any more."""
    set_up(site, forms={"required": ["Размер"]}, orders={"required": ["Размер"]})
    answer = send(site, _key(site), record(name))
    assert answer.status == 422
    assert not any(word in answer.body for word in (b"OK2000079", b'"code":0', b"SUCCESS", b'"success"'))
    assert site.sql(DELIVERIES) == [(0,)]


@pytest.mark.parametrize("status", [401, 403, 413])
def test_who_may_not_send_hears_no_yes(site: Story, status: int) -> None:
    one, key = record("robokassa"), _key(site)
    body = body_of(one) + (b"&a=" + b"x" * 1_100_000 if status == 413 else b"")
    headers = (("Origin", "https://example.org"),) if status == 403 else ()
    answer = _posted(site, "srv_unknown" if status == 401 else key, body, FORM, headers=headers)
    assert answer.status == status
    assert b"OK2000079" not in answer.body


def test_a_payment_of_which_nothing_comes_hears_no_yes(site: Story) -> None:
    body = {"TransactionId": "1", "Amount": "?", "OperationType": "Refund", "InvoiceId": "1042"}
    assert _said(_posted(site, _key(site), urlencode(body).encode(), FORM)) == (200, b"ok", TEXT)
    assert site.sql("SELECT outcome FROM amocrm_incoming") == [("nothing",)]


@pytest.mark.parametrize("number", HOSTILE)
def test_an_orders_number_is_no_way_to_bring_a_script_here(site: Story, number: str) -> None:
    body = {"OutSum": "10", "InvId": number, "SignatureValue": "A", "Shp_phone": "+79211000179"}
    answer = _posted(site, _key(site), urlencode(body).encode(), FORM)
    assert _said(answer) == (200, b"ok", TEXT)


def test_a_body_with_a_list_where_a_number_is_expected_is_taken(site: Story) -> None:
    body = {"OutSum": "10", "InvId": ["1", "2"], "SignatureValue": {"a": "b"}, "phone": "+79211000179"}
    assert _said(_posted(site, _key(site), json.dumps(body).encode())) == (200, b"ok", TEXT)


def test_the_names_of_its_parameters_may_be_in_any_case(site: Story) -> None:
    body = {"out_summ": "10", "outsum": "10", "invid": "7", "signaturevalue": "A"}
    assert _said(_posted(site, _key(site), urlencode(body).encode(), FORM)) == (200, b"OK7", TEXT)


_BY_GET: Final = (
    ("robokassa", b"OK2000079"),
    ("payanyway", b"SUCCESS"),
    ("unitpay", b'{"result":{"message":"ok"}}'),
)


@pytest.mark.parametrize(("name", "words"), _BY_GET)
def test_a_payment_by_get_hears_its_words_where_it_is_kept(site: Story, name: str, words: bytes) -> None:
    assert _asked(site, _key(site), *record(name)["form"].items()).body == words
    assert site.sql(DELIVERIES) == [(1,)]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_of_a_call_sipuni_tells_four_times_and_hears_its_word_each_time(site: Story, method: str) -> None:
    """What hears another one may be told nothing more; and each of them was a deal."""
    key, call = _key(site), record("sipuni_call")["form"]
    among_colleagues = call | {"src_num": "012345202", "src_type": "2", "call_id": "9"}
    for told in (*(call | {"event": event} for event in "132244"), among_colleagues):
        body = urlencode(told).encode()
        answer = _asked(site, key, *told.items()) if method == "GET" else _posted(site, key, body, FORM)
        assert (answer.status, answer.body) == (200, b'{"success":true}')
    assert (site.sql(DELIVERIES), site.sql(BY_GET)) == ([(1,)], [(0,)])
    away = call | {"src_num": "012345201", "src_type": "2", "dst_num": "79211000218", "dst_type": "1", "call_id": "8"}
    anothers = call | {"event": "hangup", "call_id": "7"}
    for told in (away, anothers):
        _posted(site, key, urlencode(told).encode(), FORM)
    assert site.sql(DELIVERIES) == [(3,)]


@pytest.mark.parametrize("number", ["anonymous", "", "900"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_call_of_sipuni_whose_number_is_hidden_hears_its_word_and_is_a_form(
    site: Story, method: str, number: str
) -> None:
    """By GET nothing of it was kept, and it heard another word; without any number it was of the company's own line."""
    call = record("sipuni_call")["form"] | {"src_num": number, "short_src_num": number}
    body, key = urlencode(call).encode(), _key(site)
    answer = _asked(site, key, *call.items()) if method == "GET" else _posted(site, key, body, FORM)
    assert (answer.status, answer.body) == (200, b'{"success":true}')
    run_deliveries(site.runtime, 20)
    assert site.sql("SELECT state FROM amocrm_deliveries") == [("delivered",)]
    assert site.sql(BY_GET) == [(0,)]
    assert not [one for one in account(site)["contacts"].values() if "74950000017" in str(one)]


def test_a_call_of_sipuni_that_does_not_say_of_what_type_an_end_is_is_of_the_number_outside(site: Story) -> None:
    key, call = _key(site), record("sipuni_call")["form"]
    out = call | {"src_num": "201", "src_type": "2", "dst_num": "79211000218", "dst_type": "", "call_id": "6"}
    assert _posted(site, key, urlencode(out).encode(), FORM).body == b'{"success":true}'
    assert site.sql(DELIVERIES) == [(1,)]


def test_of_a_call_phonet_tells_its_end_is_the_form(site: Story) -> None:
    key, call = _key(site), record("phonet_call")["json"]
    for told in ({"event": "call.dial"}, {"event": "call.bridge"}, {}, {"otherLegs": None, "uuid": "7"}):
        assert _posted(site, key, json.dumps(call | told).encode()).status == 200
    assert site.sql(DELIVERIES) == [(1,)]


def test_a_call_that_phonet_has_brought_to_several_is_one_form(site: Story) -> None:
    """Of each colleague it tells by another id, which was a deal each."""
    key, call = _key(site), record("phonet_call")["json"]
    for told in ({}, {"uuid": "2000094", "parentUuid": call["uuid"], "leg": call["leg"] | {"ext": "002"}}):
        _posted(site, key, json.dumps(call | told).encode())
    assert site.sql(DELIVERIES) == [(1,)]


def test_of_a_call_of_megafons_exchange_its_history_is_the_form(site: Story) -> None:
    """Each of its turns was a deal, with the token by which the exchange proves itself in the note."""
    key, call = _key(site), record("megafon_call")["form"]
    turns = [{"cmd": "event", "type": one} for one in ("INCOMING", "ACCEPTED", "COMPLETED")]
    for told in (*turns, {"cmd": "contact"}, {"cmd": "history"}, {"cmd": "history"}, {"cmd": "rating"}):
        assert _posted(site, key, urlencode(call | told).encode(), FORM).status == 200
    assert site.sql(DELIVERIES) == [(1,)]


@pytest.mark.parametrize("is_out", [False, True], ids=["in", "out"])
def test_of_a_call_mango_tells_its_end_is_the_form(site: Story, is_out: bool) -> None:
    """The first of its turns was the form, which of a call out names no client and holds no result; what followed was
    refused. Its trial of the address was a deal of nobody."""
    key, one = _key(site), record("mango_call")["form"]
    end = json.loads(one["json"])
    end |= {"from": end["to"], "to": end["from"], "call_direction": 2} if is_out else {}
    turn = {name: end[name] for name in ("entry_id", "from", "to")} | {"call_id": "MToxOjI=", "location": "abonent"}
    turns = [turn | {"seq": seq, "call_state": state} for seq, state in enumerate(("Appeared", "Connected"), 1)]
    others: list[dict[str, Any]] = [
        {"entry_id": end["entry_id"], "dtmf": "1", "from_number": "79211000154", "line_number": "74950000054"},
        {"entry_id": end["entry_id"], "recording_id": "cmVj", "recording_state": "Completed", "extension": "101"},
        {"command_id": "c-1", "result": 1000},
        end | {"entry_id": "MTo1NQ==", "call_direction": 0, "from": {"extension": "102"}, "to": {"extension": "101"}},
    ]
    for told in ({}, *turns, *others, end, end):
        answer = _posted(site, key, urlencode(one | {"json": json.dumps(told)}).encode(), FORM)
        assert _said(answer) == (200, b"ok", TEXT)
    (made,) = site.sql("SELECT request, id FROM amocrm_deliveries")
    content = json.loads(site.runtime.keyring.decrypt(bytes(made[0]), made[1], "request"))
    assert content["body"]["contact"]["phone"] == "79211000154"


@pytest.mark.parametrize(("name", "words"), _BY_GET)
def test_a_payment_by_get_that_is_not_kept_hears_no_yes(site: Story, name: str, words: bytes) -> None:
    """Nothing signs an address."""
    key_id, key = server_key(site)
    assert site.crm("sign_site_key", site.admin(), {"id": key_id, "secret": SECRET}).status == 200
    assert _said(_asked(site, key, *record(name)["form"].items())) == (200, b"ok", TEXT)
    assert site.sql(DELIVERIES) == [(0,)]
    assert site.sql(BY_GET) == [(1,)]


def test_a_procedure_called_in_json_is_no_payment(site: Story) -> None:
    body = {"jsonrpc": "2.0", "method": "pay", "params": {"phone": "+79211000171"}, "id": "1"}
    assert _said(_posted(site, _key(site), json.dumps(body).encode())) == (200, b"ok", TEXT)
    assert _said(_posted(site, _key(site), b"method=a&params=b&phone=%2B79211000171", FORM)) == (200, b"ok", TEXT)


@pytest.mark.parametrize("is_signed", [True, False])
def test_nobody_who_writes_to_twilio_gets_a_message_of_ours(site: Story, is_signed: bool) -> None:
    """Also where it asks by GET, kept or not: a text would be sent to the writer."""
    key_id, key = server_key(site)
    assert (
        site.crm("sign_site_key", site.admin(), {"id": key_id, "secret": SECRET if is_signed else None}).status == 200
    )
    query = record("twilio_sms")["form"].items()
    assert _said(_asked(site, key, *query)) == (200, b"<Response/>", "application/xml; charset=utf-8")
    assert site.sql(DELIVERIES) == [(int(not is_signed),)]


def _hub(token: str, challenge: str = "1158201444", mode: str = "subscribe") -> Pairs:
    return (("hub.mode", mode), ("hub.challenge", challenge), ("hub.verify_token", token))


def test_meta_subscribes_with_the_key_for_its_token(site: Story) -> None:
    key = _key(site)
    assert _said(_asked(site, key, *_hub(key))) == (200, b"1158201444", TEXT)
    assert site.sql(BY_GET) == [(0,)]
    assert site.sql(NOT_CONFIRMED) == []


@pytest.mark.parametrize("token", ["", "another", "srv_", "ключ"])
def test_another_token_is_refused_and_told(site: Story, token: str) -> None:
    key = _key(site)
    answer = _asked(site, key, *_hub(token))
    assert answer.status == 403
    assert b"1158201444" not in answer.body
    assert key.encode() not in answer.body
    ((level, told),) = site.sql(NOT_CONFIRMED)
    assert level == "warning"
    assert "site_key=" in told
    assert key not in told


def test_another_keys_token_subscribes_nobody(site: Story) -> None:
    mine, another = _key(site), _key(site)
    assert _asked(site, mine, *_hub(another)).status == 403
    assert _asked(site, "srv_unknown", *_hub("srv_unknown")).status == 401


def test_a_signed_key_is_subscribed_to_as_well(site: Story) -> None:
    """Meta signs what it tells, and not that it asks."""
    key_id, key = server_key(site)
    assert site.crm("sign_site_key", site.admin(), {"id": key_id, "secret": SECRET}).status == 200
    assert _said(_asked(site, key, *_hub(key))) == (200, b"1158201444", TEXT)


@pytest.mark.parametrize("name", ["zd_echo", "challenge"])
def test_an_address_is_confirmed_by_an_echo(site: Story, name: str) -> None:
    """Zadarma and Novofon; Dropbox and Nylas."""
    assert _said(_asked(site, _key(site), (name, "Abc-123_x"))) == (200, b"Abc-123_x", TEXT)
    assert site.sql(BY_GET) == [(0,)]


@pytest.mark.parametrize("challenge", HOSTILE)
def test_a_challenge_is_no_way_to_bring_a_script_here(site: Story, challenge: str) -> None:
    key = _key(site)
    for query in (_hub(key, challenge), (("zd_echo", challenge),), (("challenge", challenge),)):
        answer = _asked(site, key, *query)
        assert _said(answer) == (200, b"ok", TEXT)
        assert "x-injected" not in {name.lower() for name, _ in answer.headers}
    for query, body in (
        ((("confirmation", challenge),), {"type": "confirmation", "group_id": 1}),
        ((), SLACK | {"challenge": challenge}),
        ((), {"challenge": challenge}),
    ):
        assert _said(_posted(site, key, json.dumps(body).encode(), query=query))[1:] == (b"ok", TEXT)


def test_a_form_by_get_with_a_field_of_that_name_is_taken(site: Story) -> None:
    answer = _asked(site, _key(site), ("challenge", "marathon"), ("phone", "+79211000171"))
    assert answer.body == b"ok"
    assert site.sql(DELIVERIES) == [(1,)]


@pytest.mark.parametrize(
    "body", [SLACK, MONDAY, {"challenge": "ajls384k-dlfs", "token": "x", "type": "url_verification"}]
)
def test_a_challenge_in_json_is_answered_in_json(site: Story, body: dict[str, str]) -> None:
    answer = _posted(site, _key(site), json.dumps(body).encode())
    assert _said(answer)[::2] == (200, JSON)
    assert json_of(answer) == {"challenge": body["challenge"]}
    assert site.sql(DELIVERIES) == [(0,)]
    assert site.sql("SELECT outcome FROM amocrm_incoming") == [("nothing",)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps(MONDAY | {"phone": "+79211000171"}).encode(), JSON),
        (json.dumps({"challenge": "marathon", "type": "weight"}).encode(), JSON),
        (json.dumps({"challenge": ["a", "b"]}).encode(), JSON),
        (b"challenge=marathon", FORM),
    ],
)
def test_a_field_of_that_name_is_a_field(site: Story, body: bytes, kind: str) -> None:
    assert _said(_posted(site, _key(site), body, kind)) == (200, b"ok", TEXT)
    assert site.sql(DELIVERIES) == [(1,)]


def _zoom(story: Story, key: str, document: dict[str, Any], secret: str = SECRET) -> Response:
    body = json.dumps(document).encode()
    mac = hmac.new(secret.encode(), b"v0:1654503849680:" + body, hashlib.sha256).hexdigest()
    signed = (("x-zm-signature", f"v0={mac}"), ("x-zm-request-timestamp", "1654503849680"))
    return _posted(story, key, body, headers=signed)


def _asks(plain: str = PLAIN) -> dict[str, Any]:
    return {"payload": {"plainToken": plain}, "event_ts": 1654503849680, "event": "endpoint.url_validation"}


def test_zoom_is_answered_with_the_secret_of_the_key(site: Story) -> None:
    key_id, key = server_key(site)
    assert site.crm("sign_site_key", site.admin(), {"id": key_id, "secret": SECRET}).status == 200
    answer = _zoom(site, key, _asks())
    sealed = hmac.new(SECRET.encode(), PLAIN.encode(), hashlib.sha256).hexdigest()
    assert (answer.status, json_of(answer)) == (200, {"plainToken": PLAIN, "encryptedToken": sealed})
    assert site.sql(DELIVERIES) == [(0,)]
    told = {"event": "webinar.registration_created", "payload": {"object": {"registrant": {"email": "a@example.org"}}}}
    assert _zoom(site, key, told).body == b"ok"
    assert site.sql(DELIVERIES) == [(1,)]


def test_without_a_secret_zoom_is_told_of(site: Story) -> None:
    assert _zoom(site, _key(site), _asks()).body == b"ok"
    assert len(site.sql(NOT_CONFIRMED)) == 1
    assert site.sql(DELIVERIES) == [(0,)]


def test_nothing_is_sealed_for_who_does_not_know_the_secret(site: Story) -> None:
    """Whoever has the address only could have what they forge signed by it."""
    key_id, key = server_key(site)
    assert site.crm("sign_site_key", site.admin(), {"id": key_id, "secret": SECRET}).status == 200
    assert _zoom(site, key, _asks(), secret="another").status == 401
    assert _posted(site, key, json.dumps(_asks()).encode()).status == 401
    forged = 'v0:1654503849680:{"event":"webinar.registration_created"}'
    for plain in (forged, "x" * 257, "a:b"):
        assert b"encryptedToken" not in _zoom(site, key, _asks(plain)).body


@pytest.mark.parametrize("name", ["whatsapp_cloud", "cloudpayments"])
def test_what_a_payment_system_and_a_messenger_sign_may_be_required(site: Story, name: str) -> None:
    key_id, key = server_key(site)
    assert site.crm("sign_site_key", site.admin(), {"id": key_id, "secret": SECRET}).status == 200
    assert send(site, key, record(name), secret=None).status == 401
    assert send(site, key, record(name)).status == 200
    assert site.sql(DELIVERIES) == [(1,)]
