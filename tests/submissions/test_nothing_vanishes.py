"""35-2, row L1: whatever an address of ours has taken is in amoCRM: in a field, the contact, the goods or a note."""

import json
import re
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from features.submissions import html_form, model, plan, site_builders
from features.submissions.model import Accepted, SubmitForm, SubmitOrder
from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.deliveries import long_notes
from shared.platform import nested
from shared.platform.http import Headers, Request
from tests.reading import serve
from tests.story import Story, json_of
from tests.submitting import PERSON, account, form, order, save, set_up, submit

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
OURS = ["number", "discount", "external_id", "delivery_cost", "payment", "form", "page", "name", "phone", "comment"]
OURS += ["weight", "address", "address.city", "referrer", "value", "fields", "a", "text", "answers"]
LABELS = ["title", "label", "q", "option", "name"]
# What docs/forms.md says of: it tells something of the form, or of a field, and is no answer.
FURNITURE = {"tranid", "submissionid", "entryid", "responseid", "formid", "cookies", "useragent", "remoteip"}
FURNITURE |= {"pretty", "slug", "id", "type", "ref", "required", "field", "definition", "token", "action"}
FURNITURE |= {"rawvalue", "fieldid", "fieldtype", "kind", "order", "position", "index", "t", "key"}
# Of a secret, a proof of who sends, or a password.
SECRET = re.compile(
    r"(secret|key|token|hottok|passwo?r?d|sign|signature|sig|hmac|checksum|sessid|hash|^auth.*|-response)$"
)


def _is_furniture(name: str) -> bool:
    plain = re.sub(r"[\s_-]+", "", name).lower()
    return name.startswith("_") or plain in FURNITURE or SECRET.search(plain) is not None


_letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='[]{}"')
_names = st.one_of(
    st.sampled_from([*OURS, *LABELS]),
    st.text(_letters, min_size=1, max_size=20),
    st.text("абв ?.[]_-", min_size=1, max_size=12),
).filter(lambda name: not _is_furniture(name))
_texts = st.one_of(st.text(_letters, max_size=40), st.text("слово ", min_size=1000, max_size=1500))
_leaves = st.one_of(_texts, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False))
_trees = st.dictionaries(
    _names,
    st.recursive(
        _leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=4),
        max_leaves=12,
    ),
    min_size=1,
    max_size=8,
)
_pairs = st.lists(
    st.tuples(_names | st.from_regex(r"[ab]{1,2}(\[[ab0-2]?\]){0,3}", fullmatch=True), _texts), max_size=40
)


def _told(tree: Any) -> list[str]:
    """Every leaf as it stands in JSON, without the blanks around it."""
    if isinstance(tree, dict):
        return [text for one in tree.values() for text in _told(one)]
    if isinstance(tree, list):
        return [text for one in tree for text in _told(one)]
    text = tree if isinstance(tree, str) else "" if tree is None else json.dumps(tree)
    return [text.strip()] if text.strip() else []


def _objects(tree: Any) -> list[dict[str, Any]]:
    """Those within the tree, in which a label may have no answer."""
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [found for one in inner for found in [*([one] if isinstance(one, dict) else []), *_objects(one)]]


def _labels(tree: Any) -> list[str]:
    """What may be the name of a value beside it: it is told as other names are, and is no answer."""
    pairs = [one for one in _objects(tree) if not {"value", "a", "text", "answers"}.isdisjoint(one)]
    return [text for one in pairs for name in LABELS for text in _told(one.get(name))]


def _kept(body: SubmitForm) -> str:
    """All that is going to be written somewhere."""
    contact = body.contact
    found = [contact.name, contact.first_name, contact.last_name, contact.external_id, *contact.phones, *contact.emails]
    found += [body.form.name, body.form.page, body.form.referrer, body.comment, *body.tracking.values()]
    for name, values in body.fields.items():
        found += [name, *(str(one) for one in (values if isinstance(values, list) else [values]))]
    return "\n".join(found)


def _request(body: bytes, kind: str) -> Request:
    return Request("POST", "/", (), Headers([("Content-Type", kind)]), body)


def _again(body: SubmitForm | SubmitOrder) -> SubmitForm:
    """As the runner reads what was stored."""
    assert isinstance(body, SubmitForm)  # there are no goods in it
    stored = msgspec.json.encode(Accepted("lead", msgspec.Raw(msgspec.json.encode(model.whole(body)))))
    read = plan.FORM.read(stored.decode())[1]
    assert isinstance(read, SubmitForm)
    return read


@pytest.mark.long
@given(_trees)
@example({"name": "", "phone": 79210000000, "number": [1, [2, [3]]], "a": {"": "x", "a": {"value": None}}})
@example({"external_id": "x" * 5000, "form": "y" * 5000, "phone": "z" * 5000, "name": "w" * 5000})
@example(
    {"label": "q", "x": {"label": "a", "value": {"label": "b", "value": "c"}}, "fields": {"name": "n", "value": "v"}}
)
@example({"discount": {"value": None, "name": "0"}})
@example({f"utm_{number}": "x" * 2000 for number in range(3)})
def test_35_2_every_leaf_of_any_json_is_kept_and_can_be_read_again(tree: dict[str, Any]) -> None:
    sent = site_builders.sent(_request(json.dumps(tree).encode(), JSON))
    if not sent.is_test:
        kept = _kept(_again(sent.body))
        labels = _labels(tree)
        assert [text for text in _told(tree) if text not in kept and text not in labels] == []


_pairs = st.lists(
    st.tuples(_names | st.from_regex(r"[ab]{1,2}(\[[ab0-2]?\]){0,3}", fullmatch=True), _texts), max_size=40
)


@given(_pairs)
@example([("a", "1"), ("a[b]", "2"), ("a[b][c]", "3"), ("a", "4"), ("a.b", "5"), ("a.c", "6"), ("a__b", "7")])
@example([("phone", f"+7921000{number:04}") for number in range(30)])
@example([("comment", "x" * 20_000), ("name", "y" * 1001), ("form", "z" * 1001)])
def test_35_2_every_value_of_any_form_is_kept_and_can_be_read_again(pairs: list[tuple[str, str]]) -> None:
    request = _request(urlencode(pairs).encode(), FORM)
    if pairs:
        for body in (site_builders.sent(request).body, html_form.submission(request).body):
            kept = _kept(_again(body))
            assert [text.strip() for _, text in pairs if text.strip() not in kept] == []


@pytest.mark.long
def test_35_2_thousands_of_values_are_kept() -> None:
    tree = {f"field {number}": {"a": [number, str(number) * 3], "b": f"value {number}"} for number in range(5000)}
    kept = _kept(_again(site_builders.sent(_request(json.dumps(tree).encode(), JSON)).body))
    assert all(f"value {number}" in kept and str(number) * 3 in kept for number in range(5000))


# --- as far as the account ----------------------------------------------------------------------------------------


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


def _key(story: Story, *, is_server: bool) -> str:
    wanted: dict[str, Any] = {"is_server": True} if is_server else {"origins": ["https://shop.example"]}
    return str(json_of(story.crm("create_site_key", story.admin(), {"name": "Сайт"} | wanted))["site_key"])


def _posted(story: Story, key: str, body: bytes, kind: str) -> int:
    headers = [("Content-Type", kind), *([] if key.startswith("srv_") else [("Origin", "https://shop.example")])]
    query = (("action", "submit_form"), ("site_key", key))
    return serve(handle, story.runtime, Request("POST", "/", query, Headers(headers), body)).status


def _account(story: Story) -> tuple[str, str]:
    """The notes, and all that stands in contacts and deals; in small letters."""
    shown = account(story)
    notes = [one["params"].get("text", "") for several in shown["notes"].values() for one in several]
    return "\n".join(notes).casefold(), json.dumps([shown["contacts"], shown["leads"]], ensure_ascii=False).casefold()


def _is_there(text: str, kept: tuple[str, str]) -> bool:
    notes, rest = kept
    return text.casefold() in notes or json.dumps(text, ensure_ascii=False)[1:-1].casefold() in rest


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=_trees, kind=st.sampled_from([JSON, FORM]))
@example(
    {"name": "Нина", "phone": "8 (916) 555-44-33", "email": "Nina@Example.org", "number": 17, "a": {"b": [[1], 2]}},
    JSON,
)
def test_35_2_every_leaf_is_in_the_account(site: Story, tree: dict[str, Any], kind: str) -> None:
    """Through the address of a server's key, the queue and the notes."""
    pairs = [(name, text) for name, one in tree.items() for text in _told(one)]
    body = json.dumps(tree).encode() if kind == JSON else urlencode(pairs).encode()
    site.clock.advance(minutes=11)  # so that it is no repetition of the one before
    if not pairs or _posted(site, _key(site, is_server=True), body, kind) == 422:
        return
    run_deliveries(site.runtime, 20)
    kept = _account(site)
    labels = _labels(tree)
    phone = "8 (916) 555-44-33"  # brought into one form
    lost = [text for _, text in pairs if not _is_there(text, kept) and text not in labels and text != phone]
    assert lost == []
    assert not re.search(r': *(\{"|\[["{])', kept[0])


def test_35_2_the_note_of_a_nested_body_is_a_table_and_no_json(site: Story) -> None:
    cart = {
        "orderid": "1871",
        "paid": True,
        "products": [{"name": "Зеркало", "options": [{"option": "Цвет", "variant": "синий"}]}],
    }
    body = {"Name": "Нина", "Phone": "+7 916 555-44-33", "payment": cart, "raw": json.dumps({"a": {"b": "c"}})}
    assert _posted(site, _key(site, is_server=True), json.dumps(body).encode(), JSON) == 200
    run_deliveries(site.runtime, 20)
    notes, _ = _account(site)
    for line in (
        *(
            "заказ: № 1871",
            "payment › paid: true",
            "товары: name: зеркало, цвет: синий",
            "raw › a › b: c",
        ),
    ):
        assert line in notes
    assert "{" not in notes


def test_35_1_why_each_value_is_what_it_is_is_stored_with_the_delivery(site: Story) -> None:
    """Encrypted as the values are, and without them; the same again is the same, whatever is decided by then."""
    body = json.dumps({"Контактный телефон": PERSON["phone"], "Цвет": "синий", "tranid": "1:2"}).encode()
    key = _key(site, is_server=True)
    assert _posted(site, key, body, JSON) == 200
    ((id_, stored),) = site.sql("SELECT id, request FROM amocrm_deliveries")
    accepted = plan.FORM.read(site.runtime.keyring.decrypt(bytes(stored), id_, "request"))[0]
    assert isinstance(accepted.decisions, list)
    told = [(one.name, one.meaning, one.reason) for one in accepted.decisions]
    assert told == [
        ("Контактный телефон", "phone", "word"),
        ("Цвет", "field", "note"),
        ("tranid", "nothing", "furniture"),
    ]
    assert save(site, meanings={"Цвет": "field"}).status == 200
    assert _posted(site, key, body, JSON) == 200
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]


@pytest.mark.vendor("notes.length")
@pytest.mark.parametrize("is_server", [False, True], ids=["page", "server"])
def test_35_2_what_is_too_long_for_a_note_goes_on_in_the_next(site: Story, is_server: bool) -> None:
    text = " ".join(f"слово{number}" for number in range(6000)) + " конец"
    pairs = [("name", "Нина"), ("phone", PERSON["phone"]), ("Ваш вопрос", text), ("после", "него")]
    assert _posted(site, _key(site, is_server=is_server), urlencode(pairs).encode(), FORM) == 200
    run_deliveries(site.runtime, 20)
    notes = [one["params"]["text"] for several in account(site)["notes"].values() for one in several]
    mine = [one for one in notes if "слово" in one]
    assert len(mine) > 3
    assert all(len(one) <= long_notes.LONGEST for one in mine)
    joined = "".join(re.sub(r"\n\nref:\w+$", "", one).partition("\n\n")[2] for one in mine)
    assert all(f"слово{number}" in joined for number in range(0, 6000, 7))
    assert "после: него" in joined
    assert "(2/" in mine[1]
    reads = [one for one in site.simulator.requests("/notes") if one["method"] == "GET"]
    assert len(reads) == 1  # what is there already, however many notes it takes


def test_35_2_a_long_note_is_written_once_whatever_is_lost(site: Story) -> None:
    """An answer is lost in the middle: what is there is found by its mark."""
    text = " ".join(f"слово{number}" for number in range(6000))
    site.simulator.fault("reset_after", path="/api/v4/leads/.*/notes", method="POST", times=2)
    site.crm("submit_form", site.application(), form(comment=text))
    for _ in range(4):
        site.clock.advance(minutes=10)
        run_deliveries(site.runtime, 20)
    notes = [one["params"]["text"] for several in account(site)["notes"].values() for one in several]
    assert sum("слово17 " in one for one in notes) == 1
    assert sum("слово5999" in one for one in notes) == 1


_scalars = st.one_of(_texts, st.integers(), st.booleans(), st.none())
_fields = st.dictionaries(_names, _scalars | st.lists(_scalars, max_size=3), max_size=6)


@pytest.mark.long
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(fields=_fields, is_order=st.booleans())
@example(
    {"number": "17", "discount": ["a", "b"], "external_id": "x" * 2000, "delivery_cost": 5, "address.city": "Тула"},
    True,
)
def test_35_2_every_field_of_json_is_in_the_account(site: Story, fields: dict[str, Any], is_order: bool) -> None:
    site.clock.advance(minutes=11)
    number = str(site.clock.now().timestamp())
    body = (order(number=number) if is_order else form()) | {"fields": fields}
    submit(site, body, "submit_order" if is_order else "submit_form")
    run_deliveries(site.runtime, 20)
    kept = _account(site)
    told = ["1" if one == "true" else "0" if one == "false" else one for one in _told(fields)]
    assert [text for text in told if not _is_there(text, kept)] == []


def test_35_2_the_shape_of_a_tree_is_told_without_values() -> None:
    tree = nested.read(b"a[0][b]=secret&a[1][b]=secret&c=secret")
    assert nested.shape(tree) == "a[0][b], a[1][b], c"
