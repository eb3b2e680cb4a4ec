"""Row L6: hooks of stages in the shapes in which amoCRM's servers and other tools post them."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, strategies

from features.automations.hooks import MOST_SHAPES
from functions.crm_api.handler import handle as crm_api
from shared.platform import nested
from shared.platform.adapters import aws, yandex
from tests.automations.conftest import Office
from tests.automations.test_stages import NOTE
from tests.story import json_of

FORM = "application/x-www-form-urlencoded"


def _action(office: Office, key: str) -> dict[str, str]:
    """Made up after bodies that handlers in production read: a form, every value a text, more members than we need."""
    lead = office.lead()
    return {
        "event[type]": "14",
        "event[type_code]": "lead_status_changed",
        "event[data][id]": str(lead["id"]),
        "event[data][element_type]": "2",
        "event[data][status_id]": str(lead["status_id"]),
        "event[data][pipeline_id]": str(lead["pipeline_id"]),
        "event[data][direction_of_movement]": "went_to_trigger",
        "event[time]": "1795760000",
        "action[settings][widget][settings][key]": key,
        "action[settings][widget][settings][comment]": "Замер & монтаж",
        "action[settings][widget_info][id]": "771",
        "action[settings][widget_info][code]": "our_widget",
        "action[code]": "our_widget",
        "subdomain": office.story.domain.partition(".")[0],
        "account_id": str(office.story.account_id),
    }


def _webhook(office: Office) -> dict[str, str]:
    """ "API: send webhook" of a stage: the body of ordinary webhooks, and the key in the query."""
    lead = office.lead()
    return {
        "leads[status][0][id]": str(lead["id"]),
        "leads[status][0][status_id]": str(lead["status_id"]),
        "leads[status][0][pipeline_id]": str(lead["pipeline_id"]),
        "leads[status][0][old_status_id]": "142",
        "leads[status][0][last_modified]": "1795760000",
        "leads[status][0][custom_fields][0][values][0][value]": "a[b]=c&d",
        "account[id]": str(office.story.account_id),
        "account[subdomain]": office.story.domain.partition(".")[0],
    }


def _posted(office: Office, body: bytes, content_type: str, query: str = "") -> httpx.Response:
    headers = {"Content-Type": content_type} if content_type else {}
    return httpx.post(f"{office.ingress.url}/run_automation{query}", content=body, headers=headers)


@pytest.mark.vendor("webhooks.asked")
@pytest.mark.parametrize("path", ["/run_automation?key=auto_x", "/answer_bot"])
def test_amocrm_finds_somebody_at_the_address_before_a_person_may_save_it(office: Office, path: str) -> None:
    """404 was "use an address that can be reached from outside"."""
    assert httpx.get(f"{office.ingress.url}{path}").status_code == 200


@pytest.mark.vendor("pipeline.hook")
@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", "application/json", "text/plain", ""])
def test_a_stages_action_comes_as_a_form_whatever_its_header_says(office: Office, content_type: str) -> None:
    form = urlencode(_action(office, office.save(NOTE)["key"])).encode()
    for _ in range(2):
        answer = _posted(office, form, content_type)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert office.run()["delivered"] == 1


@pytest.mark.parametrize("gateway", ["aws", "yandex"])
def test_a_gateway_that_encodes_the_form_in_base64_changes_nothing(office: Office, gateway: str) -> None:
    """33-1: AWS's function URLs and Yandex's gateway hand a form over in Base64."""
    form = urlencode(_action(office, office.save(NOTE)["key"])).encode()
    body = {"body": base64.b64encode(form).decode(), "isBase64Encoded": True}
    headers = {"Content-Type": FORM, "Host": "x"}
    events: dict[str, tuple[Any, dict[str, Any]]] = {
        "aws": (
            aws.http_function,
            {
                "version": "2.0",
                "rawPath": "/run_automation",
                "rawQueryString": "",
                "headers": {name.lower(): value for name, value in headers.items()},
                "requestContext": {"http": {"method": "POST", "path": "/run_automation", "sourceIp": "192.0.2.7"}},
            },
        ),
        "yandex": (
            yandex.http_function,
            {
                "httpMethod": "POST",
                "url": "/run_automation?",
                "path": "/{proxy+}",
                "headers": headers,
                "multiValueHeaders": {},
                "queryStringParameters": {},
                "multiValueQueryStringParameters": {},
                "requestContext": {"identity": {"sourceIp": "192.0.2.7"}},
            },
        ),
    }
    adapter, event = events[gateway]
    answer = adapter(lambda request: crm_api(office.story.runtime, request))(event | body, object())
    assert (answer["statusCode"], json.loads(answer["body"])["state"]) == (200, "accepted")


def test_json_of_the_same_members_is_the_same_event(office: Office) -> None:
    """As the vendor's page shows it, under a form's header too."""
    form = urlencode(_action(office, office.save(NOTE)["key"])).encode()
    document = nested.read(form)
    first = _posted(office, form, FORM)
    second = httpx.post(f"{office.ingress.url}/run_automation", json=document, headers={"Content-Type": FORM})
    assert first.json()["delivery_id"] == second.json()["delivery_id"]


@pytest.mark.vendor("pipeline.hook")
def test_a_plain_webhook_of_a_stage_brings_the_key_in_its_address(office: Office) -> None:
    key, form = office.save(NOTE)["key"], urlencode(_webhook(office)).encode()
    assert _posted(office, form, FORM).status_code == 401
    for _ in range(2):
        assert _posted(office, form, FORM, f"?key={key}").status_code == 200
    assert office.run()["delivered"] == 1


@pytest.mark.vendor("pipeline.direction")
def test_a_deal_that_leaves_the_stage_starts_nothing(office: Office) -> None:
    """Whoever has come to the stage was written to by its bot, and once more when they left it."""
    form = _action(office, office.save(NOTE)["key"])
    left = urlencode(form | {"event[data][direction_of_movement]": "went_from_trigger"}).encode()
    assert _posted(office, left, FORM).json() == {"state": "left"}
    assert office.run()["delivered"] == 0
    assert _posted(office, urlencode(form).encode(), FORM).json()["state"] == "accepted"
    assert office.run()["delivered"] == 1


@pytest.mark.parametrize("odd", [1, True, None, {"code": "went_to_trigger"}])
def test_what_is_written_otherwise_in_a_hook_does_not_keep_its_automation(office: Office, odd: Any) -> None:
    """As JSON, which the vendor's page shows: a stage whose hook has one member of another type had done nothing."""
    key, lead = office.save(NOTE)["key"], office.lead()
    data = {"id": lead["id"], "element_type": 2, "status_id": odd, "pipeline_id": odd, "direction_of_movement": odd}
    body = {"event": {"type": odd, "type_code": odd, "data": data, "time": 1795760000}, "action": []}
    answer = _posted(office, json.dumps(body).encode(), "application/json", f"?key={key}")
    assert (answer.status_code, office.run()["delivered"]) == (200, 1), answer.text


def test_a_webhook_of_several_deals_starts_each(office: Office) -> None:
    key, form = office.save(NOTE)["key"], _webhook(office)
    other = next(int(one) for one in office.account()["leads"] if int(one) != office.story.lead_id)
    form |= {"leads[status][1][id]": str(other), "leads[status][1][status_id]": "142"}
    assert _posted(office, urlencode(form).encode(), FORM, f"?key={key}").status_code == 200
    assert office.run()["delivered"] == 2


def test_what_cannot_be_read_is_told_to_the_operator_once_and_without_values(office: Office) -> None:
    body = urlencode({"secret[phone]": "+79210000000", "secret[name]": "Анна"}).encode()
    office.story.clock.begin_hour()
    for _ in range(3):
        answer = _posted(office, body, FORM)
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    found = office.story.sql("SELECT message FROM amocrm_events WHERE kind = 'automation.hook_unreadable'")
    assert found == [("A stage's hook could not be read; its members: secret[phone], secret[name].",)]
    shown = json_of(office.story.crm("get_events", office.story.admin() | {"Accept-Language": "ru"}))
    assert "Анна" not in str(shown)
    assert "79210000000" not in str(shown)
    overview = json_of(office.story.crm("get_overview", office.story.admin()))
    assert {"code": "unreadable_hooks", "count": 1} in overview["todo"]
    office.story.clock.advance(hours=25)
    later = json_of(office.story.crm("get_overview", office.story.admin()))
    assert "unreadable_hooks" not in {one["code"] for one in later["todo"]}


@pytest.mark.long
def test_shapes_that_somebody_makes_up_do_not_fill_the_operators_log(office: Office) -> None:
    """30-K: whoever knows the address wrote a line of their own words with each request, as many as they liked."""
    office.story.clock.begin_hour()
    for number in range(2 * MOST_SHAPES):
        assert _posted(office, b"made_up_%d=1" % number, FORM).status_code == 422
    told = office.story.sql("SELECT message FROM amocrm_events WHERE kind = 'automation.hook_unreadable' ORDER BY id")
    assert len(told) == MOST_SHAPES + 1
    assert told[-1] == (
        f"Stages' hooks of more than {MOST_SHAPES} shapes could not be read within an hour; the others are not told.",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"&".join(b"a[%d]=1" % number for number in range(20_000)),
        b"a=1&a[b]=2&a[b][c]=3&a=4",
        b"event=1&event[data]=2&event[data][id]=3",
        b"a" + b"[b]" * 60_000 + b"=1",
        b"[[[[=1&]=2&[]=3&=4",
        b"\xff\xfe%ff%00[x]=%00",
        "event[data][id]=Анна".encode("cp1251"),
        b"leads[status][0][id]=5&leads[status][0][status_id][x]=1",
        b"leads[status][0][id]=5&leads[status][0][last_modified][x]=1",
    ],
    ids=[
        *("many keys", "contradicting", "a value and members", "deep", "brackets", "no text", "another charset"),
        *("a stage of members", "a time of members"),
    ],
)
def test_hostile_bodies_are_refused_in_words_for_programs(office: Office, body: bytes) -> None:
    answer = _posted(office, body, f"{FORM}; charset=windows-1251")
    assert answer.status_code in (401, 422)  # 401: it has the members of a hook, and no key
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_35_7_of_a_key_that_comes_twice_the_first_counts(office: Office) -> None:
    """35-7: by the one reader of bodies, which keeps both; also as multipart."""
    fields = list(_action(office, office.save(NOTE)["key"]).items())
    form = urlencode([*fields, ("event[data][id]", "5"), ("event[time]", "6")]).encode()
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{text}\r\n' for one, text in fields)
    first = _posted(office, form, FORM)
    second = _posted(office, f"{parts}--x--\r\n".encode(), "multipart/form-data; boundary=x")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["delivery_id"] == second.json()["delivery_id"]


def test_35_7_what_a_person_has_typed_is_no_part_of_a_hooks_tree() -> None:
    """A bot is told what somebody says to it, and settings of a stage hold texts: they may look like JSON."""
    body = urlencode({"data[text]": '{"a": [1]}'}).encode()
    assert nested.read(body, opens_texts=False) == {"data": {"text": '{"a": [1]}'}}


def test_keys_that_contradict_each_other_keep_both() -> None:
    assert nested.read(b"a=1&a[b]=2&a[b][c]=3") == {"a": {"": "1", "b": {"": "2", "c": "3"}}}
    assert nested.read(b"a[b]=2&a=1") == {"a": {"b": "2", "": "1"}}
    assert nested.read("имя=Анна".encode("cp1251"), "text/plain; charset=windows-1251") == {"имя": "Анна"}
    assert nested.read(b"a=%D0%B0", "text/plain; charset=no-such-charset") == {"a": "а"}


@pytest.mark.parametrize("name", ["idna", "IDNA", "punycode", "undefined", "unicode_escape", "raw-unicode-escape", "é"])
def test_a_header_names_a_charset_and_no_other_codec_of_python(name: str) -> None:
    """30-K: some refuse what is not theirs, one takes seconds for a body, two make letters that nobody can store."""
    assert nested.read(b"a-b\\ud800=1", f"text/plain; charset={name}") == {"a-b\\ud800": "1"}


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    """30-K: JSON with one was taken for a form with a single name, which was all of it."""
    assert nested.read(b'\xef\xbb\xbf{"a": {"b": "c"}}') == nested.read(b"\xef\xbb\xbfa[b]=c") == {"a": {"b": "c"}}


def test_a_text_that_is_no_form_is_not_told_as_a_name(office: Office) -> None:
    """30-K: what a tool posts as plain text stood in the log as it was, although no values are told."""
    assert _posted(office, "Анна, +79210000000".encode(), "text/plain").status_code == 422
    found = office.story.sql("SELECT message FROM amocrm_events WHERE kind = 'automation.hook_unreadable'")
    assert found == [("A stage's hook could not be read; its members: -.",)]


_names = strategies.text(strategies.characters(codec="utf-8", exclude_characters="[]{}&=+%#;._\0"), min_size=1).filter(
    lambda name: name == name.strip() and not name.isdecimal()
)
_leaves = strategies.text(strategies.characters(codec="utf-8", exclude_characters="[]{}\0"))
_trees = strategies.recursive(_leaves, lambda inner: strategies.dictionaries(_names, inner, min_size=1), max_leaves=20)


@pytest.mark.long
@given(tree=strategies.dictionaries(_names, _trees, min_size=1))
def test_a_form_of_any_tree_is_read_as_that_tree(tree: dict[str, Any]) -> None:
    form = urlencode(list(_pairs("", tree))).encode()
    if form.lstrip()[:1] not in (b"{", b"["):
        assert nested.read(form) == tree


def _pairs(place: str, value: Any) -> Any:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _pairs(f"{place}[{name}]" if place else name, inner)
    else:
        yield place, value


def test_a_hook_that_is_refused_is_told_to_whoever_waits_for_it(office: Office) -> None:
    """30-K: amoCRM sends it once and reads no answer; the stage did nothing, and nobody knew why."""
    made = office.save(NOTE)
    form = _webhook(office)
    foreign = urlencode(form | {"account[id]": "5"}).encode()
    assert _posted(office, foreign, FORM, f"?key={made['key']}").status_code == 403
    assert office.story.events()[-1] == "hook.foreign"
    office.story.sql(
        "INSERT INTO amocrm_throttle (bucket, minute, count) "
        "SELECT %s, date_trunc('minute', amocrm_now()) + number * interval '1 minute', 3000 "
        "FROM generate_series(0, 1) AS number ON CONFLICT (bucket, minute) DO UPDATE SET count = 3000",
        hashlib.sha256(f"automation:{made['id']}".encode()).digest(),
    )
    for _ in range(2):
        assert _posted(office, urlencode(form).encode(), FORM, f"?key={made['key']}").status_code == 429
    assert office.story.events().count("automation.too_many") == 1


def test_30_the_limit_counts_deals_and_not_hooks(office: Office) -> None:
    made, form = office.save(NOTE), _webhook(office)
    office.story.sql(
        "INSERT INTO amocrm_throttle (bucket, minute, count) "
        "SELECT %s, date_trunc('minute', amocrm_now()) + number * interval '1 minute', 2999 "
        "FROM generate_series(0, 1) AS number ON CONFLICT (bucket, minute) DO UPDATE SET count = 2999",
        hashlib.sha256(f"automation:{made['id']}".encode()).digest(),
    )
    form |= {"leads[status][1][id]": "5", "leads[status][1][status_id]": "142"}
    assert _posted(office, urlencode(form).encode(), FORM, f"?key={made['key']}").status_code == 429


def test_a_stage_of_customers_is_told_to_whoever_waits_for_it(office: Office) -> None:
    """30-K: customers have a pipeline of their own, whose stages may have the same action; each of its hooks was
    refused, and nobody knew why."""
    form = _action(office, office.save(NOTE)["key"]) | {"event[data][element_type]": "12"}
    for _ in range(2):
        assert _posted(office, urlencode(form).encode(), FORM).status_code == 422
    assert office.story.events().count("automation.not_a_deal") == 1
