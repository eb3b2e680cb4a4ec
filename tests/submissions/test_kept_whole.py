"""30-K: what a site sends comes whole, however it is named or encoded, and whatever the account takes of it."""

import json
from datetime import UTC
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from msgspec.structs import replace

from features.submissions import html_form, mapping, model, site_builders
from features.submissions.model import Contact, SubmitForm
from features.submissions.settings import FieldRule
from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm.directory import Field
from shared.platform.decoding import decode
from shared.platform.http import Headers, Request
from tests.story import Story, json_of
from tests.submitting import PERSON, account, contact_of, form, lead_of, note_of, order, save, set_up, submit, values_of

LONG = "https://search.example/?q=" + "а" * 300
NUMBER = "+7 916 555 44 33"
REFERRER = Field(1, "referrer", "REFERRER", "tracking_data")


# --- visit data ---------------------------------------------------------------------------------------------------


def test_k_visit_data_that_does_not_fit_its_field_is_told_as_a_whole() -> None:
    """30-K"""
    placed = mapping.tracking({"referrer": LONG}, [REFERRER])
    assert placed.fields == [{"field_id": 1, "values": [{"value": LONG[:256]}]}]
    assert [(one.source, one.values) for one in placed.unplaced] == [("referrer", (LONG,))]


def test_k_two_values_for_one_tracking_field_are_both_told() -> None:
    """30-K: a field is named once in a write, by the mapping first, and what it does not take is told."""
    placed = mapping.tracking({"referrer": "https://a.example", "REFERRER": "https://b.example"}, [REFERRER])
    assert placed.fields == [{"field_id": 1, "values": [{"value": "https://a.example"}]}]
    assert [one.values for one in placed.unplaced] == [("https://b.example",)]
    same = mapping.tracking({"referrer": "https://a.example", "REFERRER": "https://a.example"}, [REFERRER])
    assert not same.unplaced


def test_k_visit_data_beside_a_mapped_field_is_in_the_note(story: Story) -> None:
    """30-K"""
    set_up(story, mapping=[{"source": "channel", "entity": "leads", "field": "UTM_SOURCE"}])
    results = submit(story, form(fields={"channel": "квиз"}, tracking={"utm_source": "yandex", "utm_term": LONG}))
    assert values_of(lead_of(story, results))["UTM_SOURCE"] == ["квиз"]
    note = note_of(story, results)
    assert "utm_source: yandex" in note
    assert f"utm_term: {LONG}" in note


# --- names of our own among the fields ----------------------------------------------------------------------------


def test_k_a_phone_a_mail_and_a_name_among_the_fields_are_the_persons() -> None:
    """30-K"""
    sent = SubmitForm(
        contact=Contact(phone="+7 900 000-00-01"),
        fields={"phone": NUMBER, "email": ["a@example.org"], "name": "Нина", "form": "Замер", "size": "M"},
    )
    body = model.whole(sent)
    assert isinstance(body, SubmitForm)
    assert body.contact.phones == ["+7 900 000-00-01", NUMBER]
    assert (body.contact.emails, body.contact.name, body.form.name) == (["a@example.org"], "Нина", "Замер")
    assert body.fields == {"size": "M"}


def test_k_what_finds_no_room_in_a_member_of_its_name_keeps_a_field() -> None:
    """30-K"""
    sent = SubmitForm(contact=Contact(last_name="Орлова"), fields={"name": ["Нина", "Олег"], "external_id": 7})
    body = model.whole(sent)
    assert (body.contact.last_name, body.contact.external_id) == ("Орлова", "7")
    assert body.fields == {"name (2)": ["Нина", "Олег"]}
    assert model.whole(body) == body


def test_k_a_person_who_is_named_in_the_fields_alone_is_found_again(story: Story) -> None:
    """30-K: before, the phone was neither in the contact nor in the note."""
    body = {"fields": {"name": "Нина", "phone": NUMBER, "number": "17", "discount": "5 %", "external_id": "c-7"}}
    first = submit(story, body)
    contact = contact_of(story, first)
    assert (contact["name"], values_of(contact)["PHONE"]) == ("Нина", ["+79165554433"])
    assert all(text in note_of(story, first) for text in ("number: 17", "discount: 5 %", "external_id: c-7"))
    again = submit(story, form(contact={"phone": NUMBER}))
    assert again["lead"]["contact_id"] == first["lead"]["contact_id"]


# --- old pages and foreign names ----------------------------------------------------------------------------------


def _request(body: bytes, kind: str = "application/x-www-form-urlencoded") -> Request:
    return Request("POST", "/", (), Headers([("Content-Type", kind)]), body)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_k_a_form_of_an_old_page_is_read_in_its_own_letters(encoding: str) -> None:
    """30-K: a page in windows-1251 sends its letters so; they came as question marks."""
    name, value = (quote(text, encoding=encoding) for text in ("Город", "Уфа, №5"))
    urlencoded = _request(f"name={quote('Яна', encoding=encoding)}&{name}={value}".encode())
    raw = _request("name=Яна&Город=Уфа, №5".encode(encoding))
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}'
    parts = "".join(f"--x\r\n{part.format(*one)}\r\n" for one in (("name", "Яна"), ("Город", "Уфа, №5")))
    multipart = _request(f"{parts}--x--\r\n".encode(encoding), "multipart/form-data; boundary=x")
    for request in (urlencoded, raw, multipart):
        body = html_form.submission(request).body
        assert (body.contact.name, body.fields) == ("Яна", {"Город": ["Уфа, №5"]})


def test_k_a_text_that_was_cut_within_a_letter_loses_that_letter_alone() -> None:
    """30-K"""
    title = quote("Кухни на заказ".encode()[:-1])
    body = html_form.submission(_request(f"name={quote('Яна')}&title={title}".encode())).body
    assert (body.contact.name, body.fields) == ("Яна", {"title": ["Кухни на зака\ufffd"]})


def test_k_a_builders_field_that_is_called_contact_is_a_field() -> None:
    """30-K: only an object of that name is a body as docs/forms.md has it."""
    request = _request(json.dumps({"contact": "@nina", "Phone": NUMBER, "": "x"}).encode(), "application/json")
    assert not site_builders.is_ours(request)
    body = site_builders.sent(request).body
    assert (body.contact.phone, body.fields) == (NUMBER, {"contact": ["@nina"], "?": ["x"]})


# --- where a form leads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        (
            "https://shop.example/спасибо?за=визит",
            "https://shop.example/" + quote("спасибо") + f"?{quote('за')}={quote('визит')}",
        ),
        ("https://shop.example/a%20b?c=%D1%8F", "https://shop.example/a%20b?c=%D1%8F"),
        ("https://[shop.example/", None),
    ],
)
def test_k_a_page_of_thanks_may_have_letters_of_any_alphabet(story: Story, wanted: str, location: str | None) -> None:
    """30-K: a header holds ASCII; a form that was taken is never answered as one that was not."""
    from tests.submissions.test_submissions import post

    made = story.crm("create_site_key", story.admin(), {"name": "Сайт", "origins": ["https://shop.example"]})
    site = {"Authorization": f"Bearer {json_of(made)['site_key']}", "Origin": "https://shop.example"}
    answer = post(story, site, {"phone": NUMBER, "_redirect": wanted})
    assert dict(answer.headers).get("Location") == location
    assert answer.status == (200 if location is None else 303)


# --- what the account takes ---------------------------------------------------------------------------------------


def test_k_a_field_with_kinds_of_its_own_gets_one_of_them() -> None:
    """30-K: messengers have no kind WORK; a value with it is refused, and all others with it."""
    messenger = Field(3, "Мгн. сообщения", "IM", "multitext", ((1, "SKYPE"), (2, "OTHER")))
    placed = mapping.place(
        [FieldRule("tg", "contacts", field="IM")], {"tg": ["@nina"]}, [messenger], skip_empty=True, zone=lambda: UTC
    )
    assert placed.fields == [{"field_id": 3, "values": [{"value": "@nina", "enum_code": "OTHER"}]}]


def test_k_a_read_only_field_that_is_not_there_is_told(story: Story) -> None:
    """30-K: a slip of the pen would leave the field to be overwritten."""
    mapping = [{"source": "city", "entity": "contacts", "field": "Город"}]
    refused = save(story, read_only=["name", "phone", "Город", "Телефн"], mapping=mapping)
    assert refused.status == 422
    assert [one["path"] for one in json_of(refused)["errors"]] == ["submissions.read_only[3]"]
    set_up(story, read_only=["name", "phone", "Город"], mapping=mapping)


def test_k_a_field_of_an_order_with_a_name_of_the_orders_own_is_in_the_note(story: Story) -> None:
    """30-K: the house number and the promo code were in no place at all."""
    own = {"number": "17 корп. 2", "discount": "ЛЕТО10", "delivery_cost": "за счёт покупателя"}
    note = note_of(story, submit(story, order() | {"fields": own}, "submit_order"))
    assert all(text in note for text in own.values())
    assert "number:" not in note_of(story, submit(story, order(number="1043"), "submit_order"))


def test_k_the_note_of_an_order_names_the_skus(story: Story) -> None:
    """30-K: an account without a goods list has nothing else that does."""
    set_up(story, orders={"mode": "incoming_lead"})
    assert "Столешница (CT-1)" in note_of(story, submit(story, order(), "submit_order"))


def test_k_an_incoming_lead_that_was_accepted_meanwhile_is_found(story: Story) -> None:
    """30-K: its answer was lost, and a person was faster than the retry."""
    set_up(story, forms={"mode": "incoming_lead"})
    before = len(account(story)["leads"])
    story.simulator.fault("reset_after", path="/api/v4/leads/unsorted/forms", method="POST")
    answer = story.crm("submit_form", story.application(), form(comment="после шести"))
    assert answer.status == 202
    (uid,) = account(story)["incoming"]
    story.runtime.connections.call(story.row(), lambda api: api.send("POST", f"/leads/unsorted/{uid}/accept"))
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    assert len(account(story)["leads"]) == before + 1
    results: Any = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert "после шести" in note_of(story, results)


@pytest.mark.vendor("events.name", "unsorted.renamed")
@pytest.mark.parametrize("when", ["as it is accepted", "afterwards"])
def test_31_1_an_incoming_lead_that_was_accepted_by_another_name_is_found(story: Story, when: str) -> None:
    """Its answer was lost, and a person was faster than the retry: neither the source's id nor the name says that it is
    ours. A copy of it, with another name too, is not taken for it."""
    set_up(story, forms={"mode": "incoming_lead"})
    story.simulator.fault("reset_after", path="/api/v4/leads/unsorted/forms", method="POST")
    answer = story.crm("submit_form", story.application(), form(comment="после шести"))
    assert answer.status == 202
    (waiting,) = account(story)["incoming"].values()
    lead_id = waiting["_embedded"]["leads"][0]["id"]
    ours = account(story)["leads"][str(lead_id)]["name"]
    person = partial(story.simulator.control, "person", domain=story.domain, kind="leads")
    person(id=lead_id, fields={"name": "Нина, кухня"} if when == "as it is accepted" else {}, accept=True)
    person(id=lead_id, fields={"name": "Нина, кухня и шкаф"})
    person(id=person(fields={"name": ours})["id"], fields={"name": "Копия"})
    before = len(account(story)["leads"])
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    assert len(account(story)["leads"]) == before
    results: Any = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert results["incoming_lead"]["lead_id"] == lead_id
    assert "после шести" in note_of(story, results)


@pytest.mark.vendor("events.name")
def test_31_1_a_deal_that_was_renamed_before_we_looked_for_it_is_found(story: Story) -> None:
    """The same of a deal; where amoCRM says no to whoever asks for events, it is looked for by its name alone."""
    set_up(story)
    for is_refused in (False, True):
        story.simulator.fault("reset_after", path="/api/v4/leads/complex", method="POST")
        contact = {"name": "Нина", "phone": f"+7916555440{is_refused:d}"}
        answer = story.crm("submit_form", story.application(), form(contact=contact))
        assert answer.status == 202
        lead_id = max(map(int, account(story)["leads"]))
        fields = {"name": "Нина, кухня"}
        story.simulator.control("person", domain=story.domain, kind="leads", id=lead_id, fields=fields)
        if is_refused:
            story.simulator.fault("status", path="/api/v4/events", method="GET", status=403)
        story.clock.advance(minutes=10)
        run_deliveries(story.runtime, 20)
        results: Any = story.delivery(json_of(answer)["delivery_id"])["results"]
        assert (results["lead"]["lead_id"] == lead_id) is not is_refused


def test_k_a_known_contact_gets_what_an_incoming_lead_brings_though_its_answer_was_lost(story: Story) -> None:
    """30-K: the lead that is found again may be of a contact that was there."""
    set_up(story, forms={"mode": "incoming_lead"})
    known = contact_of(story, submit(story, form()))
    story.simulator.fault("reset_after", path="/api/v4/leads/unsorted/forms", method="POST")
    changed = PERSON | {"phone": [PERSON["phone"], "+7 900 000-00-01"], "name": "Нина Петрова"}
    answer = story.crm("submit_form", story.application(), form(contact=changed))
    assert answer.status == 202
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    results: Any = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert results["incoming_lead"]["contact_id"] == known["id"]
    assert values_of(contact_of(story, results))["PHONE"] == ["+79165554433", "+79000000001"]
    assert "Нина Петрова" in note_of(story, results)


@pytest.mark.parametrize("is_made", [True, False])
@pytest.mark.parametrize("contact", [{"name": "Анна"}, {"first_name": "Анна", "last_name": "Ли"}, {}, {"phone": "123"}])
def test_a_contact_without_phone_and_e_mail_is_made_once_though_its_answer_is_lost(
    story: Story, contact: dict[str, str], is_made: bool
) -> None:
    """Nothing tells such people apart; another one of that name, whose form has come before, is another one."""
    set_up(story, forms={"mode": "contact"})
    other = submit(story, form(contact=contact, comment="Первая"))["contact"]["contact_id"]
    before = len(account(story)["contacts"])
    fault = "reset_after" if is_made else "reset_before"
    story.simulator.fault(fault, path="/api/v4/contacts", method="POST")
    answer = story.crm("submit_form", story.application(), form(contact=contact, comment="Вторая"))
    assert answer.status == 202
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    results = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert len(account(story)["contacts"]) == before + 1
    assert results["contact"]["contact_id"] not in (None, other)
    assert "Вторая" in note_of(story, results, "contacts")


@pytest.mark.vendor("http.too_many_requests")
@pytest.mark.parametrize("status", [429, 401, 503])
@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_what_is_asked_beside_a_write_makes_nothing_twice(story: Story, mode: str, status: int) -> None:
    """Whether all contacts are shown to us was asked when the deal was made: where amoCRM did not say, as to an account
    of which too much is asked at this moment, the deal was taken for not made."""
    set_up(story, forms={"mode": mode})
    before = {kind: len(account(story)[kind]) for kind in ("leads", "contacts")}
    story.simulator.control("change-account", domain=story.domain, search_lag=3600)
    story.simulator.fault("status", path="/api/v4/users", method="GET", status=status, times=4)
    answer = story.crm("submit_form", story.application(), form(contact={"name": "Нина", "phone": "+79165554433"}))
    assert answer.status == 200
    story.clock.advance(minutes=30)
    run_deliveries(story.runtime, 20)
    made = {kind: len(account(story)[kind]) - number for kind, number in before.items()}
    assert made == {"leads": int(mode != "contact"), "contacts": 1}


@pytest.mark.vendor("unsorted.answer", "leads.query")
@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
def test_a_contact_that_was_made_without_an_answer_is_the_person_s_though_no_search_finds_it(
    story: Story, mode: str
) -> None:
    """It waits with its incoming lead, or the search is behind: the next form made another one."""
    set_up(story, forms={"mode": mode})
    path = {"lead": "complex", "incoming_lead": "unsorted/forms"}[mode]
    story.simulator.fault("reset_after", path=f"/api/v4/leads/{path}", method="POST")
    answer = story.crm("submit_form", story.application(), form())
    assert answer.status == 202
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    story.simulator.control("change-account", domain=story.domain, search_lag=3600)
    first = story.delivery(json_of(answer)["delivery_id"])["results"][mode]["contact_id"]
    assert submit(story, form(comment="Снова"))[mode]["contact_id"] == first


def test_k_one_field_that_may_not_be_created_keeps_no_other_from_it(story: Story) -> None:
    """30-K: a batch is refused as a whole; before, all values were in notes until somebody saved the settings."""
    wanted = {name: f"Поле {name}" for name in ("a", "b")}
    set_up(story, mapping=[{"source": one, "entity": "leads", "field": name} for one, name in wanted.items()])
    refusal = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": []}]})
    path = "/api/v4/leads/custom_fields"
    story.simulator.fault("status", path=path, method="POST", status=400, times=2, body=refusal)
    results = submit(story, form(fields={"a": "1", "b": "2"}))
    assert values_of(lead_of(story, results)) == {"Поле b": ["2"]}
    assert "a: 1" in note_of(story, results)
    told = story.sql("SELECT message FROM amocrm_events WHERE kind = 'submission.fields_refused'")
    assert len(told) == 1
    assert "Поле a" in str(told)
    assert "Поле b" not in str(told)


def test_k_an_incoming_lead_is_made_though_what_is_told_of_its_form_is_refused(story: Story) -> None:
    """30-K: the page and the tags are in the note; a refusal of them would have ended the submission."""
    set_up(story, forms={"mode": "incoming_lead"})
    refusal = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": []}]})
    story.simulator.fault(
        "status", path="/api/v4/leads/unsorted/forms", method="POST", status=400, times=3, body=refusal
    )
    page = {"name": "Замер", "page": "contacts", "referrer": "search"}
    results = submit(story, form(form=page, tags=["сайт"], price=100))
    (incoming,) = account(story)["incoming"].values()
    assert "contacts" not in str(incoming["metadata"])
    lead = lead_of(story, results)
    assert (lead["price"], lead.get("_embedded", {}).get("tags", [])) == (0, [])
    assert all(text in note_of(story, results) for text in ("contacts", "search", "tags: сайт", "price: 100"))


# --- people and robots --------------------------------------------------------------------------------------------


def test_k_a_visitor_whose_clock_is_fast_is_no_robot(story: Story) -> None:
    """30-K: both moments are of one clock; by ours, theirs was opened just now."""
    opened = int(story.clock.now().timestamp() * 1000) - 500
    slow = form(opened_at=opened, sent_at=opened + 40_000)
    assert submit(story, slow)["lead"]["created"]
    again = submit(story, slow | {"sent_at": opened + 50_000})  # the same form, pressed once more
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    assert again["lead"]["created"]
    fast = story.crm("submit_form", story.application(), form(opened_at=opened, sent_at=opened + 300, comment="x"))
    assert fast.status == 202
    assert story.events().count("submission.bot") == 1


def test_k_an_order_that_was_accepted_before_is_the_same_after_an_upgrade(story: Story) -> None:
    """30-K: what makes two writes equal holds no member that came later."""
    bodies = [json.dumps(order() | more) for more in ({}, {"sent_at": 1_700_000_000_000})]
    for body in bodies:
        story.crm("submit_order", story.application(), body.encode())
    ((stored,),) = story.sql("SELECT encode(request_hash, 'hex') FROM amocrm_deliveries")
    members = ("order", "contact", "fields", "tags", "tracking", "opened_at", "trap", "action")
    read = msgspec.json.decode(bodies[0], type=model.SubmitOrder)
    goods = [replace(one, unit="шт") for one in read.order.items]  # what an order without them meant then
    read = replace(read, order=replace(read.order, currency="RUB", items=goods))
    whole = [f'"{name}":{msgspec.json.encode(getattr(read, name), order="deterministic").decode()}' for name in members]
    assert [stored] == story.runtime.keyring.digests(f"{{{','.join(whole)}}}".encode(), story.row().id)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "Иванов", "first_name": "Иван"}, "Иванов Иван"),
        ({"first_name": "Анна", "last_name": "Ан"}, "Анна Ан"),
        ({"name": "Иванов Иван", "first_name": "иван", "last_name": "Иванов"}, "Иванов Иван"),
    ],
)
def test_k_a_name_is_left_out_only_where_it_is_said_already(given: dict[str, str], told: str) -> None:
    """30-K: not where another word begins with it."""
    assert model.full_name(Contact(**given)) == told


# --- a definite no ------------------------------------------------------------------------------------------------


def test_k_a_no_in_other_words_is_met_by_a_fallback_as_well(story: Story) -> None:
    """30-K: a 400 that names no value, or names them in another shape, has changed nothing either."""
    plain = {"title": "Bad Request", "status": 400, "detail": "no"}
    shapes = [plain, plain | {"validation-errors": {"1": {"errors": [{"code": "x", "path": "price", "detail": "y"}]}}}]
    for number, shape in enumerate(shapes):
        person = {"name": "Нина", "phone": f"+7 916 555-44-{number:02}"}
        story.simulator.fault(
            "status", path="/api/v4/leads/complex", method="POST", status=400, times=2, body=json.dumps(shape)
        )
        results = submit(story, form(contact=person, tracking={"utm_source": "ya"}))
        assert "utm_source: ya" in note_of(story, results)
    told = str(story.sql("SELECT message FROM amocrm_events WHERE kind = 'submission.values_refused'"))
    assert "refused its values" in told
    assert "refused price" in told


@pytest.mark.vendor("http.unprocessable")
def test_k_what_amocrm_cannot_process_is_a_no_as_well(story: Story) -> None:
    """It was tried again for two and a half days, and the form had no deal in the end."""
    set_up(story, mapping=[{"source": "city", "entity": "leads", "field": "Город"}])
    said = {"title": "Unprocessable Entity", "type": "https://httpstatus.es/422", "status": 422, "detail": "no"}
    story.simulator.fault(
        "status", path="/api/v4/leads/custom_fields", method="POST", status=422, times=20, body=json.dumps(said)
    )
    assert "Тула" in note_of(story, submit(story, form(fields={"city": "Тула"})))
    assert "submission.fields_refused" in story.events()


def test_k_a_blocked_address_is_no_tariff_that_has_no_fields(story: Story) -> None:
    """30-K: what stands before amoCRM says nothing of the account: the fields are made once it lets us through."""
    set_up(story, mapping=[{"source": "city", "entity": "leads", "field": "Город"}])
    story.simulator.fault("html", path="/api/v4/leads/custom_fields", method="POST", status=403)
    answer = story.crm("submit_form", story.application(), form(fields={"city": "Тула"}))
    assert answer.status == 202
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    results: Any = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert values_of(lead_of(story, results)) == {"Город": ["Тула"]}
    assert "submission.fields_refused" not in story.events()


def test_k_a_person_who_is_known_stays_so_where_tags_are_refused(story: Story) -> None:
    """30-K: it is rarely the contact that amoCRM does not take; a second one of the same person is made last."""
    known = contact_of(story, submit(story, form()))
    refusal = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": []}]})
    story.simulator.fault("status", path="/api/v4/leads", method="POST", status=400, times=3, body=refusal)
    results = submit(story, form(comment="после шести", tags=["x"]))
    assert contact_of(story, results)["id"] == known["id"]
    assert all(text in note_of(story, results) for text in ("x", "после шести"))


def test_k_a_contact_that_amocrm_does_not_take_ends_no_submission(story: Story) -> None:
    """30-K: found by a search that lags, and gone; the deal is made, and who it is is in the note."""
    submit(story, form())
    refusal = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": []}]})
    story.simulator.fault("status", path="/api/v4/leads", method="POST", status=400, times=9, body=refusal)
    results = submit(story, form(comment="после шести"))
    assert contact_of(story, results)["name"] == PERSON["name"]
    assert all(text in note_of(story, results) for text in ("+79165554433", "после шести"))


def test_k_a_builders_own_names_are_left_out_and_no_others() -> None:
    """30-K: visit data may begin with an underscore, and a test may be what somebody asks for."""
    pairs = f"Phone={quote(NUMBER)}&_ym_uid=17&_wpcf7=23&test={quote('Тест-драйв')}"
    body = site_builders.sent(_request(pairs.encode())).body
    assert body.tracking == {"_ym_uid": "17"}
    assert body.fields == {"test": ["Тест-драйв"]}


# --- names and texts of all kinds ---------------------------------------------------------------------------------


def test_k_a_fields_name_may_have_a_dot(story: Story) -> None:
    """30-K: only the parts of an order's address are in another line of the note already."""
    results = submit(story, form(fields={"Кол. этажей": "2", "address.city": "Тула"}))
    assert all(text in note_of(story, results) for text in ("Кол. этажей: 2", "address.city: Тула"))


@pytest.mark.parametrize("name", ["Опишите задачу", "comment"])
def test_k_a_long_text_of_a_plain_form_comes_whole(name: str) -> None:
    """30-K: whatever the field is called, and however much somebody has to say."""
    for length in (1001, 10_001, 25_000):
        text = "".join(chr(ord("а") + number % 32) for number in range(length))
        body = model.whole(html_form.submission(_request(urlencode([(name, text)]).encode())).body)
        given = model.sources(decode(msgspec.json.encode(body), model.SubmitForm))
        assert "".join([*given[name], *given.get(f"{name} (2)", [])]) == text


def test_k_the_same_form_again_after_ten_minutes_is_another(story: Story) -> None:
    """30-K: whenever the clock was read first; before, it was left out for up to twenty minutes."""
    begin = -story.clock.now().timestamp() % 600
    story.clock.advance(seconds=begin)  # the first moment of a window
    made = []
    for seconds in (0, 595, 10, 585):
        story.clock.advance(seconds=seconds)
        made.append(json_of(story.crm("submit_form", story.application(), form()))["delivery_id"])
    assert [made.index(one) for one in made] == [0, 0, 2, 2]


@pytest.mark.parametrize("mode", ["contact", "lead", "incoming_lead"])
def test_k_a_contact_that_is_deleted_while_it_is_found_ends_no_submission(story: Story, mode: str) -> None:
    """30-K: amoCRM's search may bring one that is gone; what it does not take is a new contact's, or in a note."""
    set_up(story, forms={"mode": mode})
    known = contact_of(story, submit(story, form()))
    gone = json.dumps({"title": "Not found", "status": 404})
    story.simulator.fault("status", path=f"/api/v4/contacts/{known['id']}", method="PATCH", status=404, body=gone)
    changed = PERSON | {"email": "nina@new.example"}
    results = submit(story, form(contact=changed, comment="после шести"))
    entity = "contacts" if mode == "contact" else "leads"
    assert "после шести" in note_of(story, results, entity)
    if mode == "contact":
        assert values_of(contact_of(story, results))["EMAIL"] == ["nina@new.example"]
        assert results["contact"]["contact_id"] != known["id"]
    else:
        assert "nina@new.example" in note_of(story, results)


def test_k_a_contact_that_is_deleted_before_it_is_changed_is_told_in_a_note(story: Story) -> None:
    """30-K: what it would have taken is not lost with it."""
    known = contact_of(story, submit(story, form()))
    story.simulator.fault("status", path="/api/v4/contacts/.*", method="PATCH", status=500)
    answer = story.crm("submit_form", story.application(), form(contact=PERSON | {"email": "nina@new.example"}))
    assert answer.status == 202
    story.simulator.control("delete", domain=story.domain, kind="contacts", id=known["id"])
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    results: Any = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert "nina@new.example" in note_of(story, results)
