"""30-H7: several fields of one meaning, empty ones among them; and two sites of an account, each with its own ids."""

import json
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.submissions import html_form, site_builders
from features.submissions.model import SubmitForm, sources
from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Headers, Request, Response
from tests.reading import serve
from tests.story import Story, json_of
from tests.submitting import account, form, note_of, order, submit

FORM = "application/x-www-form-urlencoded"
NUMBER = "+7 916 555 44 33"


def _request(pairs: list[tuple[str, str]]) -> Request:
    return Request("POST", "/", (), Headers([("Content-Type", FORM)]), urlencode(pairs).encode())


def _from_builder(*pairs: tuple[str, str]) -> SubmitForm:
    body = site_builders.sent(_request(list(pairs))).body
    assert isinstance(body, SubmitForm)
    return body


@pytest.mark.parametrize(
    "pairs",
    [
        [("Phone", NUMBER), ("mobile", ""), ("your-tel", "")],
        [("your-tel", ""), ("Phone", NUMBER)],
        [("Phone", NUMBER), ("Телефон", NUMBER)],
    ],
)
def test_h7_an_empty_field_of_the_same_meaning_erases_nothing(pairs: list[tuple[str, str]]) -> None:
    assert _from_builder(*pairs, ("Name", "Нина"), ("Имя", "")).contact.phones == [NUMBER]


def test_h7_several_fields_of_one_meaning_are_all_kept() -> None:
    body = _from_builder(
        *(("Phone", NUMBER), ("mobile", "+7 916 555 44 34"), ("Email", "a@example.org"), ("mail", "b@example.org")),
        *(("Name", "Нина"), ("fio", "Орлова Нина"), ("Message", "Жду"), ("Комментарий", "до шести")),
        *(("formname", "Замер"), ("form-name", "Второе"), ("utm_source", "ya"), ("utm_source", "vk")),
    )
    assert body.contact.phones == [NUMBER, "+7 916 555 44 34"]
    assert body.contact.emails == ["a@example.org", "b@example.org"]
    assert (body.contact.name, body.form.name, body.comment) == ("Нина", "Замер", "Жду\nдо шести")
    assert body.fields == {"fio": ["Орлова Нина"], "form-name": ["Второе"], "utm_source": ["vk"]}
    assert body.tracking == {"utm_source": "ya"}


def test_h7_a_plain_form_with_a_name_twice(story: Story) -> None:
    body = html_form.submission(_request([("name", "Нина"), ("name", "Олег"), ("phone", ""), ("phone", NUMBER)])).body
    assert (body.contact.name, body.contact.phone) == ("Нина", NUMBER)
    assert "Олег" in note_of(story, submit(story, msgspec.to_builtins(body)))


def test_h7_a_trap_is_one_wherever_it_was_filled_in() -> None:
    body = html_form.submission(
        _request([("_trap", "spam"), ("_trap", ""), ("_opened_at", "5"), ("_opened_at", "")])
    ).body
    assert (body.trap, body.opened_at) == ("spam", 5)


def test_h7_a_field_with_one_of_our_names_erases_nothing() -> None:
    body = SubmitForm(comment="после шести", fields={"comment": "", "page": "https://x.example", "name": ""})
    assert sources(body)["comment"] == ["после шести"]
    both = SubmitForm(comment="после шести", fields={"comment": ["после шести", "не звонить"]})
    assert sources(both)["comment"] == ["после шести", "не звонить"]


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).map(str.strip).filter(bool)
names = st.sampled_from(
    [
        "Phone",
        "phone",
        "mobile",
        "Email",
        "mail",
        "Name",
        "name",
        "fio",
        "last_name",
        "Message",
        "comment",
        "form",
        "formname",
        "page",
        "referer",
        "utm_source",
        "UTM_source",
        "yclid",
        "Размер",
        "size[]",
        "fio(2)",
    ]
)


@given(st.lists(st.tuples(names, words | st.just("")), max_size=40))
def test_h7_every_value_of_a_form_is_somewhere(pairs: list[tuple[str, str]]) -> None:
    for body in (html_form.submission(_request(pairs)).body, _from_builder(*pairs)):
        kept = {*body.tracking.values(), *body.contact.phones, *body.contact.emails}
        kept |= {body.contact.name, body.contact.first_name, body.contact.last_name, body.form.name, body.form.page}
        for values in body.fields.values():
            assert isinstance(values, list)
            kept |= {str(value) for value in values}
        assert all(not value or value in kept or value in body.comment for _, value in pairs)


# --- two sites of one account -------------------------------------------------------------------------------------


def _sites(story: Story, **facts: Any) -> list[str]:
    made = [story.crm("create_site_key", story.admin(), {"name": name} | facts) for name in ("Первый", "Второй")]
    return [str(json_of(one)["site_key"]) for one in made]


def _sent(story: Story, key: str, body: dict[str, str], action: str = "submit_form") -> Response:
    query = (("action", action), ("site_key", key))
    request = Request("POST", "/", query, Headers([("Content-Type", FORM)]), urlencode(body).encode())
    return serve(handle, story.runtime, request)


def test_h7_submissions_of_two_sites_may_have_the_same_id(story: Story) -> None:
    first, second = _sites(story, is_server=True)
    body = {"Phone": NUMBER, "entry_id": "17", "form_id": "3", "Вопрос": "Сколько стоит?"}
    assert _sent(story, first, body).status == 200
    assert _sent(story, second, body | {"Вопрос": "Где вы?"}).status == 200
    assert _sent(story, second, body | {"form_id": "4", "Вопрос": "Когда?"}).status == 200  # a form counts for itself
    assert _sent(story, first, body).status == 200  # the same once more
    run_deliveries(story.runtime, 30)
    story.clock.advance(minutes=10)  # they are one person's, so one may have given way to another
    run_deliveries(story.runtime, 30)
    assert story.sql("SELECT count(*) FROM amocrm_deliveries WHERE state = 'delivered'") == [(3,)]
    notes = json.dumps(account(story)["notes"], ensure_ascii=False)
    assert all(text in notes for text in ("Сколько стоит?", "Где вы?", "Когда?"))


def test_h7_orders_of_two_shops_may_have_the_same_number(story: Story) -> None:
    origin = "https://shop.example"
    first, second = ({"Authorization": f"Bearer {key}", "Origin": origin} for key in _sites(story, origins=[origin]))
    other = {"contact": {"name": "Пётр", "phone": "+7 916 555 44 34"}}
    sent = [story.crm("submit_order", *one) for one in ((first, order()), (second, order() | other), (first, order()))]
    assert [one.status for one in sent] == [200, 200, 200]
    ids = [json_of(one)["delivery_id"] for one in sent]
    assert ids[0] == ids[2] != ids[1]
    for contact in (NUMBER.replace("33", "34"), "8 916 555-44-33"):
        asked = story.crm("get_order", first | {"X-Order-Contact": contact}, query={"number": "1042"})
        assert asked.status == 200, contact
    assert story.crm("get_order", first | {"X-Order-Contact": "+79990000000"}, query={"number": "1042"}).status == 404


def test_a_number_that_a_stranger_sent_first_keeps_no_order_out(story: Story) -> None:
    """30-K: a site key is public and numbers can be guessed, and a shop's count may begin anew; an order that is opened
    anew by its own person is the same order all the same."""
    origin = "https://shop.example"
    site = {"Authorization": f"Bearer {_sites(story, origins=[origin])[0]}", "Origin": origin}
    for contact in ({}, {"phone": "+7 900 000-00-01"}):
        assert story.crm("submit_order", site, {"contact": contact, "order": order(total=39700)["order"]}).status == 200
    sent = [story.crm("submit_order", site, order(comment="Я первый раз")) for _ in range(2)]
    assert [one.status for one in sent] == [200, 200], sent[0].body.decode()
    assert len({json_of(one)["delivery_id"] for one in sent}) == 1
    assert story.sql("SELECT count(*) FROM amocrm_deliveries WHERE state = 'delivered'") == [(3,)]
    asked = story.crm("get_order", site | {"X-Order-Contact": NUMBER}, query={"number": "1042"})
    assert asked.status == 200
    # The page was opened once more: what differs is no order of its own, and is told.
    assert story.crm("submit_order", site, order(comment="Я первый раз") | {"opened_at": 1}).status == 409
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(3,)]


def test_many_orders_of_strangers_with_its_number_hide_no_order(story: Story) -> None:
    """30-K: however many were sent since with the same number, whoever knows its phone is told of theirs."""
    origin = "https://shop.example"
    site = {"Authorization": f"Bearer {_sites(story, origins=[origin])[0]}", "Origin": origin}
    assert story.crm("submit_order", site, order()).status == 200
    story.sql(
        "INSERT INTO amocrm_deliveries (id, integration_id, action, idempotency_key, request_hash, state, steps,"
        " finished_at, summary, created_at) SELECT gen_random_uuid(), integration_id, action, 'other:' || n,"
        " request_hash, state, steps, finished_at, summary || jsonb_build_object('proof', jsonb_build_array('' || n)),"
        " created_at + n * interval '1 second' FROM amocrm_deliveries, generate_series(1, 25) AS n"
    )
    assert story.crm("get_order", site | {"X-Order-Contact": NUMBER}, query={"number": "1042"}).status == 200
    assert story.crm("get_order", site | {"X-Order-Contact": "+79990000000"}, query={"number": "1042"}).status == 404
    assert story.crm("get_order", site, query={"number": "1042"}).status == 404


def test_h7_a_key_counts_within_its_site(story: Story) -> None:
    origin = "https://shop.example"
    sites = [{"Authorization": f"Bearer {key}", "Origin": origin} for key in _sites(story, origins=[origin])]
    for number, site in enumerate(sites):
        headers = site | {"Idempotency-Key": "1"}
        for _ in range(2):
            assert story.crm("submit_form", headers, form(comment=f"Сообщение {number}")).status == 200
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(2,)]
