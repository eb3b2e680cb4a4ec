"""30-H1, 30-H5, 30-H6: a contact that is there gets what it takes, and the rest is in a note; the newest counts."""

import json
from typing import Any

import pytest

from functions.run_deliveries.run import run as run_deliveries
from tests.demo import ROOT
from tests.story import Story, json_of
from tests.submitting import PERSON, account, contact_of, form, lead_of, note_of, order, set_up, submit, values_of

CITY = {"source": "city", "entity": "contacts", "field": "Город"}
REFUSAL = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": []}]})
MAIL = PERSON["email"]


def _refuse(story: Story, path: str, method: str, times: int) -> None:
    story.simulator.fault("status", path=path, method=method, status=400, times=times, body=REFUSAL)


def _with_city(story: Story, **settings: Any) -> None:
    story.simulator.control("add", domain=story.domain, field={"owner": "contacts", "name": "Город", "kind": "text"})
    set_up(story, mapping=[CITY], **settings)


def _notes(story: Story, results: Any) -> str:
    """Of the deal, or of the contact where there is none."""
    return note_of(story, results, "contacts" if "contact" in results else "leads")


# --- a value that amoCRM refuses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_h1_a_known_contact_gets_phone_and_e_mail_though_another_value_is_refused(story: Story, mode: str) -> None:
    _with_city(story, forms={"mode": mode})
    submit(story, form())
    _refuse(story, r"/api/v4/contacts/\d+", "PATCH", 2)
    person = PERSON | {"phone": "+7 900 000-00-01"}
    results = submit(story, form(contact=person, fields={"city": "Уфа", "note": "жду"}))
    values = values_of(contact_of(story, results))
    assert values == {"PHONE": ["+79165554433", "+79000000001"], "EMAIL": [MAIL.lower()]}
    notes = _notes(story, results)
    assert all(text in notes for text in ("city: Уфа", "note: жду"))
    assert {"submission.values_refused", "submission.value_in_note"} <= set(story.events()) or mode == "contact"


@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_h1_what_a_known_contact_does_not_take_at_all_is_in_the_note(story: Story, mode: str) -> None:
    _with_city(story, forms={"mode": mode})
    submit(story, form())
    before = contact_of(story, submit(story, form(comment="ещё")))
    _refuse(story, r"/api/v4/contacts/\d+", "PATCH", 9)
    person = PERSON | {"phone": "+7 900 000-00-01"}
    results = submit(story, form(contact=person, fields={"city": "Уфа"}))
    # It has another deal now, which is a change of its own; nothing else.
    assert contact_of(story, results) | {"updated_at": 0} == before | {"updated_at": 0}
    notes = _notes(story, results)
    assert all(text in notes for text in ("city: Уфа", "Телефон: +79000000001"))


def test_h1_a_profile_says_what_its_contact_does_not_take(story: Story) -> None:
    _with_city(story)
    submit(story, {"contact": PERSON}, "sync_contact")
    _refuse(story, r"/api/v4/contacts/\d+", "PATCH", 2)
    body = {"contact": PERSON | {"phone": "+7 900 000-00-01"}, "fields": {"city": "Уфа"}}
    results = submit(story, body, "sync_contact")
    assert values_of(contact_of(story, results))["PHONE"] == ["+79165554433", "+79000000001"]
    assert "city: Уфа" in _notes(story, results)


@pytest.mark.parametrize("refused", [2, 3])
def test_h1_a_new_contact_that_takes_nothing_but_its_name_leaves_all_in_the_note(story: Story, refused: int) -> None:
    _with_city(story)
    _refuse(story, "/api/v4/leads/complex", "POST", refused)
    results = submit(story, form(fields={"city": "Уфа"}, tracking={"utm_source": "ya"}))
    assert lead_of(story, results)
    contact, notes = contact_of(story, results), _notes(story, results)
    assert contact["name"] == PERSON["name"]
    assert all(text in notes for text in ("city: Уфа", "utm_source: ya"))
    if refused == 2:
        assert values_of(contact) == {"PHONE": ["+79165554433"], "EMAIL": [MAIL.lower()]}
    else:
        assert values_of(contact) == {}
        assert all(text in notes for text in ("Телефон: +79165554433", f"Почта: {MAIL.lower()}"))


def test_h1_the_note_does_not_wait_for_a_contact_that_may_not_be_changed(story: Story) -> None:
    _with_city(story)
    submit(story, form())
    story.simulator.fault("status", path=r"/api/v4/contacts/\d+", method="PATCH", status=403, times=1)
    answer = story.crm("submit_form", story.application(), form(fields={"city": "Уфа"}, comment="Сегодня"))
    assert answer.status == 202
    notes = json.dumps(account(story)["notes"], ensure_ascii=False)
    assert "Сегодня" in notes


def test_h1_a_deal_that_was_made_bare_and_whose_answer_was_lost_says_what_it_lacks(story: Story) -> None:
    story.simulator.control("add", domain=story.domain, field={"owner": "leads", "name": "Размер", "kind": "text"})
    set_up(story, mapping=[{"source": "size", "entity": "leads", "field": "Размер"}])
    _refuse(story, "/api/v4/leads/complex", "POST", 2)
    story.simulator.fault("reset_after", path="/api/v4/leads/complex", method="POST")
    answer = story.crm("submit_form", story.application(), form(fields={"size": "XL"}))
    assert answer.status == 202
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    results = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert values_of(lead_of(story, results)) == {}
    assert "size: XL" in note_of(story, results)


def test_h1_the_second_note_is_written_once(story: Story) -> None:
    _with_city(story)
    submit(story, form())
    _refuse(story, r"/api/v4/contacts/\d+", "PATCH", 2)
    story.simulator.fault("reset_after", path=r"/api/v4/leads/\d+/notes", method="POST", times=2)
    answer = story.crm("submit_form", story.application(), form(fields={"city": "Уфа", "size": "M"}))
    assert answer.status == 202
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    results = story.delivery(json_of(answer)["delivery_id"])["results"]
    notes = note_of(story, results)
    assert (notes.count("city: Уфа"), notes.count("size: M")) == (1, 1)


def test_the_panel_has_a_word_for_each_step(story: Story) -> None:
    words = json.loads((ROOT / "web" / "i18n" / "en.json").read_text(encoding="utf-8"))
    steps = submit(story, order(), "submit_order").keys() | {"lead_note"}
    assert "contact_note" in steps
    assert not [name for name in steps if f"step.{name}" not in words]


# --- the name ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_h5_the_name_that_a_known_person_types_is_in_the_note(story: Story, mode: str) -> None:
    set_up(story, forms={"mode": mode})
    submit(story, form())
    results = submit(story, form(contact=PERSON | {"name": "Анна"}))
    assert contact_of(story, results)["name"] == PERSON["name"]
    assert "Имя: Анна" in _notes(story, results)


@pytest.mark.parametrize("name", ["нина", "орлова нина"])
def test_h5_a_part_of_the_name_says_nothing_new(story: Story, name: str) -> None:
    """Nor does the whole of it, in another order."""
    submit(story, form())
    results = submit(story, form(contact=PERSON | {"name": name}, comment="Жду"))
    assert name not in _notes(story, results)


def test_h5_a_last_name_beside_a_name_belongs_to_it(story: Story) -> None:
    submit(story, form(contact={"name": "Нина", "phone": PERSON["phone"]}))
    results = submit(story, form(contact={"name": "Нина", "last_name": "Белова", "phone": PERSON["phone"]}))
    assert "Имя: Нина Белова" in _notes(story, results)


@pytest.mark.parametrize("read_only", [[], ["name"]])
@pytest.mark.parametrize(
    "nameless", [{"phone": "8 (916) 555-44-33"}, {"email": MAIL}, {"phone": "8 495 123-45-67 доб. 101"}]
)
def test_h5_a_contact_named_by_its_phone_or_e_mail_gets_the_name(
    story: Story, nameless: dict[str, str], read_only: list[str]
) -> None:
    set_up(story, read_only=read_only)
    first = submit(story, form(contact=nameless))
    results = submit(story, form(contact=nameless | {"name": "Нина Орлова"}, comment="Жду"))
    contact = contact_of(story, results)
    assert contact["id"] == first["lead"]["contact_id"]
    assert contact["name"] == "Нина Орлова"
    assert "Имя:" not in _notes(story, results)


def test_h5_a_profile_renames_unless_the_name_is_read_only(story: Story) -> None:
    submit(story, {"contact": PERSON}, "sync_contact")
    results = submit(story, {"contact": PERSON | {"name": "Нина Белова"}}, "sync_contact")
    assert contact_of(story, results)["name"] == "Нина Белова"
    set_up(story, read_only=["name"])
    results = submit(story, {"contact": PERSON | {"name": "Нина Серова"}}, "sync_contact")
    assert contact_of(story, results)["name"] == "Нина Белова"
    assert "Имя: Нина Серова" in _notes(story, results)


def test_h5_what_a_read_only_field_does_not_take_is_in_the_note(story: Story) -> None:
    _with_city(story, read_only=["Город"])
    submit(story, form(fields={"city": "Уфа"}))
    results = submit(story, form(fields={"city": "Казань"}))
    assert values_of(contact_of(story, results))["Город"] == ["Уфа"]
    assert "city: Казань" in _notes(story, results)
    again = submit(story, form(fields={"city": "Уфа"}, comment="Жду"))
    assert "city" not in _notes(story, again)


def test_h5_a_name_that_is_too_long_is_whole_in_the_note(story: Story) -> None:
    name = "Нина " * 60 + "Орлова"
    results = submit(story, form(contact=PERSON | {"name": name}))
    assert contact_of(story, results)["name"] == name[:250]
    assert name in _notes(story, results)


# --- what is newer -------------------------------------------------------------------------------------------------


def _profile(name: str, **fields: str) -> dict[str, Any]:
    return {"contact": PERSON | {"name": name}, "fields": fields}


def test_h6_a_profile_that_is_changed_back_is_a_change(story: Story) -> None:
    for name in ("Нина Орлова", "Нина Белова", "Нина Орлова"):
        results = submit(story, _profile(name), "sync_contact")
        assert contact_of(story, results)["name"] == name
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(3,)]
    again = submit(story, _profile("Нина Орлова"), "sync_contact")
    assert again == results  # a double hook is the same one
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(3,)]


def test_h6_the_person_is_the_same_by_any_of_their_marks(story: Story) -> None:
    other = {"name": "Нина Орлова", "phone": "+7 900 000-00-01", "email": MAIL}
    for contact in (PERSON, other, PERSON):
        submit(story, {"contact": contact}, "sync_contact")
    by_id = {"external_id": "c-77", "name": "А", "phone": "+7 900 000-00-02"}
    for phone in ("+7 900 000-00-02", "+7 900 000-00-03", "+7 900 000-00-02"):
        submit(story, {"contact": by_id | {"phone": phone}}, "sync_contact")
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(6,)]


def _late(story: Story, body: Any, action: str) -> str:
    """It is accepted, and amoCRM does not answer."""
    story.simulator.fault("status", path="/api/v4/.*", status=503, times=1)
    answer = story.crm(action, story.application(), body)
    assert answer.status == 202
    story.simulator.control("no-faults")
    return str(json_of(answer)["delivery_id"])


def test_h6_an_old_retry_overwrites_no_newer_profile(story: Story) -> None:
    _with_city(story)
    submit(story, _profile("Нина Орлова", city="Уфа"), "sync_contact")
    old = _late(story, _profile("Нина Белова", city="Казань", size="M"), "sync_contact")
    newest = submit(story, _profile("Нина Серова", city="Тула"), "sync_contact")
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    told = story.delivery(old)
    assert (told["state"], told["results"]["contact"]["superseded"]) == ("delivered", True)
    contact = contact_of(story, newest)
    assert (contact["name"], values_of(contact)["Город"]) == ("Нина Серова", ["Тула"])
    assert "size" not in _notes(story, newest)


@pytest.mark.parametrize(("read_only", "outdated"), [([], ["city"]), (["Город"], [])])
def test_h6_an_old_retry_of_a_form_overwrites_nothing_newer_and_says_so(
    story: Story, read_only: list[str], outdated: list[str]
) -> None:
    """Not that something newer is there of what would have been kept in any case."""
    _with_city(story, read_only=read_only)
    submit(story, form(fields={"city": "Уфа"}))
    story.simulator.fault("status", path=r"/api/v4/contacts.*", method="GET", status=503, times=20)
    answer = story.crm("submit_form", story.application(), form(fields={"city": "Казань"}, comment="старая"))
    assert answer.status == 202
    story.simulator.control("no-faults")
    newest = submit(story, form(contact=PERSON | {"email": MAIL}, fields={"city": "Тула"}))
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    assert values_of(contact_of(story, newest))["Город"] == ["Уфа" if read_only else "Тула"]
    results = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert results["contact_update"].get("outdated", []) == outdated
    assert note_of(story, results).count("Казань") == 1


def test_h6_a_profile_that_a_form_has_overtaken_renames_all_the_same(story: Story) -> None:
    submit(story, {"contact": PERSON}, "sync_contact")
    _late(story, _profile("Нина Белова"), "sync_contact")
    newest = submit(story, form())
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 20)
    assert contact_of(story, newest)["name"] == "Нина Белова"
