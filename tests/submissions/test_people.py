"""30-H2, 30-H3: who a person is: by whole phones first, then by e-mails; and what was typed stays."""

from typing import Any

import pytest

from features.submissions import person_identity
from tests.story import Story, json_of
from tests.submitting import contact_of, form, found_at_once, lead_of, note_of, set_up, submit, values_of

OFFICE = "office@example.org"


def _fields(name: str | None, phone: str | None, email: str | None) -> dict[str, Any]:
    values = [("PHONE", phone), ("EMAIL", email)]
    given = [{"field_code": code, "values": [{"value": text}]} for code, text in values if text]
    return ({"name": name} if name else {}) | {"custom_fields_values": given}


def _added(story: Story, name: str, phone: str | None = None, email: str | None = None) -> int:
    """A contact that somebody has made by hand; its id."""
    fields = _fields(name, phone, email)
    return int(story.simulator.control("person", domain=story.domain, kind="contacts", fields=fields)["id"])


def _sent_by(story: Story, comment: str = "", **contact: Any) -> Any:
    return submit(story, form(contact=contact, comment=comment or str(contact)))


@pytest.mark.parametrize(
    ("text", "written", "identity"),
    [
        ("8 (916) 555-44-33", "+79165554433", "+79165554433"),
        ("79165554433", "+79165554433", "+79165554433"),
        ("998 90 123 45 67", "+998901234567", "+998901234567"),
        ("00 49 30 123456", "+4930123456", "+4930123456"),
        ("123", "123", None),
        ("123-45-67", "123-45-67", None),
        ("8 916 555-44-3", "8 916 555-44-3", None),  # a digit is missing: it is nobody's number
        ("8 123 456 78 90", "8 123 456 78 90", None),  # not of Japan either
        ("1111111111", "1111111111", None),
        ("8 916 555 44 33, 8 347 200-00-00", "8 916 555 44 33, 8 347 200-00-00", None),
        ("8 495 123-45-67 доб. 101", "8 495 123-45-67 доб. 101", "+74951234567;ext=101"),
        ("+7 495 123 45 67 ext 101", "+7 495 123 45 67 ext 101", "+74951234567;ext=101"),
        ("+52 1 55 1234 5678", "+525512345678", "+525512345678"),
        ("5215512345678", "+525512345678", "+525512345678"),
        ("+52 55 1234 5678", "+525512345678", "+525512345678"),
        ("+54 9 11 2345-6789", "+5491123456789", "+541123456789"),
        ("+54 11 2345-6789", "+541123456789", "+541123456789"),
        ("+55 31 8888-7777", "+553188887777", "+5531988887777"),
        ("+55 31 98888-7777", "+5531988887777", "+5531988887777"),
        ("553188887777", "+553188887777", "+5531988887777"),  # as WhatsApp's id, passed on by a company's own server
        ("+55 31 97888-7777", "+5531978887777", "+5531978887777"),
        ("553178887777", "+553178887777", "+5531978887777"),
        ("551012345678", "551012345678", None),
        ("+55 31 3888-7777", "+553138887777", "+553138887777"),  # a house's
    ],
)
def test_h2_only_a_whole_number_is_somebody(text: str, written: str, identity: str | None) -> None:
    made = person_identity.phone(text, "RU")
    assert made is not None
    assert (made.written, made.identity) == (written, identity)


@pytest.mark.parametrize(
    ("country", "text"), [("BY", "123-45-67"), ("UA", "123-45-67"), ("BR", "1234-5678"), ("DE", "1234567")]
)
def test_h2_a_local_number_becomes_no_international_one(country: str, text: str) -> None:
    assert person_identity.phone(text, country) == person_identity.Phone(text)


def test_h2_what_is_no_phone_at_all_is_none() -> None:
    assert person_identity.phone("позвоните", "RU") is None
    assert person_identity.phone("1" * 101, "RU") is None  # told in the note, not cut


@pytest.mark.parametrize("phone", ["123", "123-45-67"])
def test_h2_two_strangers_who_typed_the_same_few_digits_are_two(story: Story, phone: str) -> None:
    first, second = (_sent_by(story, name=name, phone=phone) for name in ("Анна", "Пётр"))
    assert first["lead"]["contact_id"] != second["lead"]["contact_id"]
    assert values_of(contact_of(story, second))["PHONE"] == [phone]


def test_h2_behind_a_switchboard_each_extension_is_another_person(story: Story) -> None:
    typed = "8 (495) 123-45-67 доб. 101"
    first = _sent_by(story, name="Анна", phone=typed)
    other = _sent_by(story, name="Пётр", phone="+7 495 123-45-67 доб. 102")
    without = _sent_by(story, name="Секретарь", phone="+7 495 123-45-67")
    story.sql("DELETE FROM amocrm_locks")  # found in amoCRM, too
    found_at_once(story)
    again = _sent_by(story, "ещё", name="Анна", phone="+74951234567 доб.101")
    ids = [one["lead"]["contact_id"] for one in (first, other, without)]
    assert len(set(ids)) == 3
    assert again["lead"]["contact_id"] == ids[0]
    assert values_of(contact_of(story, again))["PHONE"] == [typed]


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("+55 31 8888-7777", "+55 (31) 98888-7777"),  # as Kommo keeps who has written by WhatsApp, and a form
        ("+55 31 98888-7776", "+553188887776"),
        ("+54 11 2345-6789", "5491123456789"),
        ("+52 55 1234 5678", "5215512345678"),
    ],
)
def test_h2_a_contact_is_found_by_either_spelling_of_a_number(story: Story, stored: str, typed: str) -> None:
    """Also where nobody remembers who has come a day before."""
    known = _added(story, "Ana", phone=stored)
    found_at_once(story)
    assert _sent_by(story, name="Ana", phone=typed)["lead"]["contact_id"] == known


@pytest.mark.parametrize(
    ("stored", "fewest"), [("+998 90 773-45-61", 5), ("90 773 45 68", 5), ("+998 90 773-45-69", 10)]
)
@pytest.mark.vendor("contacts.few_digits")
def test_h2_so_is_one_of_nine_digits(story: Story, stored: str, fewest: int) -> None:
    """Whether or not amoCRM finds a phone by fewer digits than ten."""
    set_up(story, phone_country="UZ")
    known = _added(story, "Aziza", phone=stored)
    story.simulator.control("change-account", domain=story.domain, search_lag=0, search_digits=fewest)
    typed = stored.removeprefix("+998 ")
    assert _sent_by(story, name="Aziza", phone=typed)["lead"]["contact_id"] == known


def test_h2_words_beside_a_number_are_in_the_note(story: Story) -> None:
    results = _sent_by(story, "Жду", name="Анна", phone="Спросить Олега 8 916 555 44 33")
    assert values_of(contact_of(story, results))["PHONE"] == ["+79165554433"]
    assert "Спросить Олега 8 916 555 44 33" in note_of(story, results)
    said = {"phone": ["8 916 555 44 33", "позвоните"], "email": ["anna@example.org", "спросите"]}
    note = note_of(story, _sent_by(story, "Жду", name="Анна", **said))
    assert [one in note for one in ("позвоните", "спросите")] == [True, True]
    assert not [one for one in ("8 916 555 44 33", "anna@example.org") if one in note]


def test_h2_a_profile_that_names_nobody_is_refused(story: Story) -> None:
    """It would make another contact each time."""
    refused = story.crm("sync_contact", story.application(), {"contact": {"name": "Анна", "phone": "123-45-67"}})
    assert refused.status == 422
    assert json_of(refused)["errors"][0]["path"] == "contact"


def test_h3_two_people_of_one_office_are_told_apart_by_their_phones(story: Story) -> None:
    found_at_once(story)
    boris = _added(story, name="Борис", phone="+7 916 555-44-02", email=OFFICE)
    anna = _sent_by(story, name="Анна", phone="+7 916 555-44-01", email="anna@example.org")["lead"]["contact_id"]
    _sent_by(
        story, "с работы", name="Анна", phone="+7 916 555-44-01", email=OFFICE
    )  # the address is remembered as hers
    assert anna != boris
    results = _sent_by(story, name="Борис", phone="+7 916 555-44-02", email=OFFICE)
    assert results["lead"]["contact_id"] == boris
    assert lead_of(story, results)
    again = _sent_by(story, "ещё", name="Анна", phone="+7 916 555-44-01", email=OFFICE)
    assert again["lead"]["contact_id"] == anna
    assert values_of(contact_of(story, again))["PHONE"] == ["+79165554401"]


@pytest.mark.parametrize("known_by", ["phone", "email"])
def test_h3_a_remembered_contact_that_has_the_phone_no_more_is_not_this_person(story: Story, known_by: str) -> None:
    person = {"phone": "+7 916 555-44-01"} if known_by == "phone" else {"email": OFFICE}
    first = _sent_by(story, name="Анна", **person)["lead"]["contact_id"]
    other = _fields(None, *(("+7 999 000-00-00", None) if known_by == "phone" else (None, "a@example.org")))
    story.simulator.control("person", domain=story.domain, kind="contacts", id=first, fields=other)
    second = _sent_by(story, "ещё", name="Пётр", **person)["lead"]
    assert (second["created"], second["contact_id"] != first) == (True, True)


# --- which of several contacts (32-8: with the order turned round, nothing was red) -------------------------------


def test_of_several_contacts_the_one_with_a_deal_is_taken_though_another_is_newer(story: Story) -> None:
    found_at_once(story)
    older = _sent_by(story, name="Анна", phone="+7 916 555-44-01")["lead"]["contact_id"]
    newer = _added(story, name="Анна 2", phone="8 916 555 44 01")
    assert newer > older
    story.sql("DELETE FROM amocrm_locks")
    results = _sent_by(story, "ещё", phone="+79165554401")["lead"]
    assert (results["contact_id"], results["created"]) == (older, False)
    ((told,),) = story.sql("SELECT message FROM amocrm_events WHERE kind = 'submission.several_contacts'")
    assert f"{older} was taken" in told


def test_of_several_contacts_without_deals_the_newest_is_taken(story: Story) -> None:
    found_at_once(story)
    older, newer = (_added(story, name=name, phone="8 916 555 44 01") for name in ("Анна", "Анна 2"))
    results = _sent_by(story, phone="+79165554401")["lead"]
    assert (results["contact_id"], results["created"]) == (newer, False)
    assert newer > older


def test_of_several_contacts_with_deals_the_newest_is_taken(story: Story) -> None:
    set_up(story)
    older, newer = (
        _sent_by(story, name=name, email=f"{name}@example.org")["lead"]["contact_id"] for name in ("a", "b")
    )
    results = _sent_by(story, email=["a@example.org", "b@example.org"])["lead"]
    assert results["contact_id"] == newer != older


def test_of_several_remembered_contacts_the_one_with_a_deal_is_taken(story: Story) -> None:
    older = _sent_by(story, name="Анна", phone="+7 916 555-44-01")["lead"]["contact_id"]
    set_up(story, forms={"mode": "contact"})
    newer = submit(story, form(contact={"name": "Анна 2", "phone": "+7 916 555-44-02"}))["contact"]["contact_id"]
    set_up(story)
    results = _sent_by(story, phone=["+7 916 555-44-01", "+7 916 555-44-02"])["lead"]
    assert results["contact_id"] == older != newer


@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_whether_a_contact_was_made_or_found_is_told(story: Story, mode: str) -> None:
    set_up(story, forms={"mode": mode})
    made = submit(story, form(comment="Первый раз"))[mode]
    story.simulator.control("forget")
    found = submit(story, form(comment="Второй раз"))[mode]
    assert (made["created"], found["created"]) == (True, False)
    assert made["contact_id"] == found["contact_id"]
    assert story.sql("SELECT count(*) FROM amocrm_events WHERE kind = 'submission.several_contacts'") == [(0,)]
    assert not story.simulator.effects("contacts.created")
