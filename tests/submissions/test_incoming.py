"""Rows L2, L5: what servers send is kept as it came, told of, and read again (35-5)."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.submissions import kept_bodies
from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.config import load
from shared.platform.http import Headers, Request, Response
from shared.platform.messages import english
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage import key_rotation, retention
from shared.storage.encryption import Keyring, generate_key
from tests.reading import serve
from tests.story import Story, json_of
from tests.submitting import PERSON, account, order, save, set_up

ROW = UUID(int=7)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
TILDA = {"Name": "Нина Орлова", "Phone": "+7 (916) 555-44-33", "Размер": "1200 × 800", "tranid": "4711:815"}


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


def new_key(story: Story, name: str = "Tilda") -> tuple[str, str]:
    """Its id, and the key."""
    made = story.crm("create_site_key", story.admin(), {"name": name, "is_server": True})
    assert made.status == 201, made.body
    return json_of(made)["id"], json_of(made)["site_key"]


def sent(story: Story, key: str, body: Any, kind: str = FORM, **query: str) -> Response:
    encoded = (
        body if isinstance(body, bytes) else json.dumps(body).encode() if kind == JSON else urlencode(body).encode()
    )
    asked = (("action", "submit_form"), ("site_key", key), *query.items())
    return serve(handle, story.runtime, Request("POST", "/", asked, Headers([("Content-Type", kind)]), encoded))


def listed(story: Story, **query: str) -> Any:
    answer = story.crm("get_incoming", story.admin(), query=query)
    assert answer.status == 200, answer.body.decode()
    return json_of(answer)


def _kept(story: Story) -> list[kept_bodies.Incoming]:
    """With their bodies, the newest first."""
    database, own = story.runtime.database, story.row().id
    found = [kept_bodies.by_id(database, one.id, own) for one in kept_bodies.page(database, own, limit=100)]
    return [one for one in found if one is not None]


# --- kept as it came --------------------------------------------------------------------------------------------


def test_35_5_what_comes_is_kept_whole_and_without_the_key(site: Story) -> None:
    key_id, key = new_key(site)
    body = urlencode(TILDA).encode()
    assert sent(site, key, body, kind=f"{FORM}; charset=utf-8", page="7").status == 200
    (kept,) = _kept(site)
    came = kept_bodies.request_of(site.runtime.keyring, kept)
    assert (came.body, came.headers.get("Content-Type")) == (body, f"{FORM}; charset=utf-8")
    assert came.query == (("action", "submit_form"), ("page", "7"))
    assert (str(kept.site_key_id), kept.outcome, kept.has_person, kept.size) == (key_id, "accepted", True, len(body))
    assert site.sql("SELECT id FROM amocrm_deliveries") == [(kept.delivery_id,)]
    (text, secret) = site.sql("SELECT to_jsonb(i)::text, body FROM amocrm_incoming i")[0]
    stored = text + bytes(secret).decode("latin-1")
    assert not any(told in stored for told in ("Нина", "5554433", "Name", key))


@given(st.binary(max_size=400), st.text(max_size=40).filter(str.isprintable), st.text("abcdef-", max_size=12))
def test_35_5_any_body_comes_back_byte_by_byte(body: bytes, value: str, name: str) -> None:
    keyring = Keyring((("k1", Secret(generate_key())),))
    headers = Headers(
        [("Content-Type", value), (f"x-{name}-topic", value), ("X-Signature", "s"), ("Authorization", "a")]
    )
    asked = Request("POST", "/", (("site_key", "srv_x"), ("page", value)), headers, body)
    stored = kept_bodies.sealed(keyring, ROW, asked)
    came = kept_bodies.opened(keyring, ROW, stored, "submit_form")
    assert (came.body, came.query) == (body, (("action", "submit_form"), ("page", value)))
    assert dict(came.headers.items()) == {"content-type": value, f"x-{name}-topic": value}


def test_35_5_the_same_is_the_same_by_whatever_way_it_came(site: Story) -> None:
    """A trace, a date: what a proxy adds is another thing each time."""
    _, key = new_key(site)
    for way in ("one", "another"):
        headers = Headers([("Content-Type", FORM), ("X-Trace", way), ("X-WC-Webhook-Topic", "order.created")])
        query = (("action", "submit_form"), ("site_key", key))
        assert (
            serve(handle, site.runtime, Request("POST", "/", query, headers, urlencode(TILDA).encode())).status == 200
        )
    assert [one.times for one in _kept(site)] == [2]


@pytest.mark.parametrize(
    ("body", "kind", "status", "outcome"),
    [
        (b"test=test", FORM, 200, "nothing"),
        (b"[", JSON, 400, "refused"),
        ({"Telegram": "@nina"}, FORM, 422, "refused"),
        (b"\x89PNG\r\n\x1a\n\x00\xff" * 500, "image/png", 400, "refused"),
    ],
    ids=["a trial", "no JSON", "without a phone", "a picture"],
)
def test_35_5_what_becomes_nothing_is_kept_too_and_says_why(
    site: Story, body: Any, kind: str, status: int, outcome: str
) -> None:
    assert save(site, forms={"required": ["phone|email"]}).status == 200
    _, key = new_key(site)
    assert sent(site, key, body, kind).status == status
    (kept,) = _kept(site)
    assert (kept.outcome, kept.delivery_id, kept.has_person) == (outcome, None, None)
    assert kept.detail
    assert "@nina" not in english(kept.detail)
    if isinstance(body, bytes):
        assert kept_bodies.request_of(site.runtime.keyring, kept).body == body


@pytest.mark.parametrize("way", ["a builder's JSON", "a builder's form", "as described", "a page's", "an order"])
def test_35_2_a_character_that_cannot_be_stored_costs_no_form(site: Story, way: str) -> None:
    """It was refused before it was read, and kept nowhere. U+FFFD stands in its place, and the body as it came."""
    _, key = new_key(site)
    by_server = {"Authorization": f"Bearer {key}"}
    person = {"contact": PERSON, "comment": "стол\0 и стул"}
    if way == "a builder's JSON":
        body = json.dumps({"\0*\0Вопрос": "стол\0 и стул", "Телефон": "+7 916 555-44-33", "p": r"C:\u0000"}).encode()
        answer = sent(site, key, body, JSON)
    elif way == "a builder's form":
        answer = sent(site, key, {"Вопрос": "стол\0 и стул", "Телефон": "+7 916 555-44-33"})
    elif way == "an order":
        answer = site.crm("submit_order", by_server, order(number="17\0", comment="стол\0 и стул"))
    else:
        answer = site.crm("submit_form", by_server if way == "as described" else site.application(), person)
    assert answer.status in (200, 202), answer.body
    run_deliveries(site.runtime, 20)
    notes = [one["params"].get("text", "") for several in account(site)["notes"].values() for one in several]
    assert any("стол\ufffd и стул" in note for note in notes), notes
    if way == "a builder's JSON":
        assert any(r"p: C:\u0000" in note and "\ufffd*\ufffdВопрос: " in note for note in notes), notes
    if way != "a page's":
        (kept,) = listed(site)["incoming"]
        raw = json_of(site.crm("get_incoming_entry", site.admin(), query={"id": kept["id"], "content": "1"}))["raw"]
        assert ("%00" if "form" in way else r"\u0000") in raw


def test_35_5_a_robot_is_kept_and_an_order_of_a_shop(site: Story) -> None:
    _, key = new_key(site)
    headers = {"Authorization": f"Bearer {key}"}
    assert site.crm("submit_form", headers, {"contact": PERSON, "trap": "x"}).status == 202
    assert site.crm("submit_order", headers, order()).status == 200
    assert site.crm("submit_order", headers, order(number="7", total=1)).status == 422
    found = {(one.action, one.outcome) for one in _kept(site)}
    assert found == {("submit_form", "nothing"), ("submit_order", "accepted"), ("submit_order", "refused")}


def test_35_5_a_repetition_is_the_same_row_and_counted(site: Story) -> None:
    _, key = new_key(site)
    for _ in range(3):
        assert sent(site, key, TILDA).status == 200
    assert [(one.times, one.outcome) for one in _kept(site)] == [(3, "accepted")]
    site.clock.advance(minutes=11)
    assert sent(site, key, TILDA).status == 200
    assert [one.times for one in _kept(site)] == [1, 3]
    assert len({one.delivery_id for one in _kept(site)}) == 1  # it has a `tranid`


def test_35_5_two_keys_keep_their_own(site: Story) -> None:
    for name in ("Tilda", "Shop"):
        _, key = new_key(site, name)
        assert sent(site, key, TILDA).status == 200
    assert len({one.site_key_id for one in _kept(site)}) == 2


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("place", ["before", "after"])
def test_35_5_a_process_that_ends_in_between_loses_nothing(
    site: Story, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Before the acceptance, and between it and what is written down of it here."""
    _, key = new_key(site)

    def killed(*_: object, **__: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        if place == "before":
            patch.setattr("features.submissions.actions.accept", killed)
        else:
            patch.setattr(kept_bodies, "became", killed)
        assert sent(site, key, TILDA).status == 500
    (kept,) = _kept(site)
    assert kept.outcome == "taken"
    found = kept_bodies.delivery_of(site.runtime.database, kept)
    there: list[tuple[UUID | None, ...]] = site.sql("SELECT id FROM amocrm_deliveries") or [(None,)]
    assert there == [(found,)]
    assert sent(site, key, TILDA).status == 200  # the builder's next try
    (kept,) = _kept(site)
    assert (kept.outcome, kept.times) == ("accepted", 2)
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]


def test_35_5_a_flood_fills_no_database_and_is_told(site: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_bodies, "MOST_BODIES", 20)
    monkeypatch.setattr(kept_bodies, "COUNTED_EVERY", 1)
    _, key = new_key(site)
    _, other = new_key(site, "Shop")
    assert sent(site, other, TILDA).status == 200
    for number in range(30):
        assert sent(site, key, {"Name": "Нина", "Phone": f"+79165554{number:03}", "tranid": str(number)}).status == 200
    kept = _kept(site)
    assert len([one for one in kept if one.site_key_id != kept[-1].site_key_id]) <= 20
    assert any(one.site_key_id == kept[-1].site_key_id for one in kept)  # the other key's stays
    newest = kept_bodies.request_of(site.runtime.keyring, kept[0])
    assert b"554029" in newest.body
    told = site.sql("SELECT level, message FROM amocrm_events WHERE kind = 'incoming.dropped'")
    assert [(level, "Tilda" in message) for level, message in told] == [("warning", True)]
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(31,)]
    assert [one["bodies_dropped_at"] is not None for one in listed(site)["keys"]] == [False, True]


def test_38_what_has_become_nothing_outlasts_a_flood_of_what_is_in_amocrm(
    site: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy key has 2,000 forms in a week: those that were refused stand nowhere else, and went with the others."""
    monkeypatch.setattr(kept_bodies, "MOST_BODIES", 20)
    monkeypatch.setattr(kept_bodies, "COUNTED_EVERY", 1)
    assert save(site, forms={"required": ["phone"]}).status == 200
    _, key = new_key(site)
    assert sent(site, key, {"Name": "Нина", "Telegram": "@nina"}).status == 422
    for number in range(30):
        assert sent(site, key, {"Name": "Нина", "Phone": f"+79165554{number:03}", "tranid": str(number)}).status == 200
    kept = _kept(site)
    assert len(kept) <= 20
    assert [one.outcome for one in kept if one.delivery_id is None] == ["refused"]


def test_35_5_large_bodies_are_bounded_by_their_bytes(site: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_bodies, "MOST_BYTES", 1_000_000)
    _, key = new_key(site)
    for number in range(5):
        assert (
            sent(site, key, {"Name": "Нина", "Phone": "+79165554433", "a": "x" * 300_000, "tranid": number}).status
            == 200
        )
    assert sum(one.size for one in _kept(site)) <= 1_000_000


def test_35_5_it_goes_with_its_time_and_follows_a_changed_key(site: Story, environment: dict[str, str]) -> None:
    _, key = new_key(site)
    assert sent(site, key, TILDA).status == 200
    both = f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"
    rotating = Runtime.build(load(environment | {"ENCRYPTION_KEYS": both}))
    sum(key_rotation.rotate(rotating.database, rotating.keyring, pytest.fail))
    only_new = Runtime.build(load(environment | {"ENCRYPTION_KEYS": both.split(",")[0]}))
    (kept,) = _kept(site)
    assert kept_bodies.request_of(only_new.keyring, kept).body == urlencode(TILDA).encode()
    for runtime in (rotating, only_new):
        runtime.close()
    for days, left in ((29, 1), (2, 0)):
        site.clock.advance(days=days)
        retention.run(site.runtime.database, site.runtime.settings, site.runtime.clock)
        assert site.sql("SELECT count(*) FROM amocrm_incoming") == [(left,)]


# --- told of ----------------------------------------------------------------------------------------------------


def _todo(story: Story) -> dict[str, int]:
    return {one["code"]: one["count"] for one in json_of(story.crm("get_overview", story.admin()))["todo"]}


def test_35_5_a_key_without_any_person_is_told_in_the_overview(site: Story) -> None:
    _, key = new_key(site)
    for number in range(3):
        assert "keys_without_person" not in _todo(site)
        assert sent(site, key, {"Wert": "x", "tranid": str(number)}).status == 200
    assert _todo(site)["keys_without_person"] == 1
    assert [one["without_person"] for one in listed(site)["keys"]] == [True]
    assert sent(site, key, TILDA).status == 200
    assert "keys_without_person" not in _todo(site)


def test_35_5_a_key_whose_forms_ask_for_nobody_is_told_of_until_somebody_says_that_it_is_right(site: Story) -> None:
    key_id, key = new_key(site)
    _, other = new_key(site, "Shop")

    def come(number: int, to: str = key) -> None:
        assert sent(site, to, {"Wert": "x", "tranid": str(number)}).status == 200

    def said(is_so: bool, id_: str = key_id) -> int:
        return site.crm("accept_without_person", site.admin(), {"id": id_, "is_so": is_so}).status

    for number in range(3):
        come(number)
    assert (_todo(site)["keys_without_person"], said(True)) == (1, 200)
    come(3)
    assert "keys_without_person" not in _todo(site)
    for number in range(3):
        come(number, other)
    assert _todo(site)["keys_without_person"] == 1  # another's is told of as before
    told = {one["name"]: (one["without_person"], one["accepts_without_person"]) for one in listed(site)["keys"]}
    assert told == {"Tilda": (False, True), "Shop": (True, False)}
    assert said(False) == 200
    come(4)
    assert _todo(site)["keys_without_person"] == 2
    assert said(True, "00000000-0000-4000-8000-000000000000") == 404


def test_35_5_what_was_not_read_to_its_end_is_told_in_the_overview(site: Story) -> None:
    _, key = new_key(site)
    assert sent(site, key, TILDA).status == 200
    site.sql("UPDATE amocrm_incoming SET outcome = 'taken', delivery_id = NULL")
    site.clock.advance(minutes=16)
    assert _todo(site)["unread_bodies"] == 1
