"""Any mapping and any input: nothing raises, and no value is lost (row C5)."""

from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from features.submissions import mapping, new_contact, person_identity
from features.submissions.existing_contact import Update
from features.submissions.model import Contact, SubmitForm, sources
from features.submissions.settings import FieldRule, Submissions
from shared.amocrm.directory import Field
from shared.platform.messages import english

KINDS = (
    *("text", "textarea", "numeric", "checkbox", "select", "multiselect", "radiobutton", "date", "date_time", "url"),
    *("birthday", "streetaddress", "smart_address", "legal_entity", "price", "category", "items", "tracking_data"),
    *("linked_entity", "monetary", "chained_list", "file", "multitext"),
)


def _utc() -> tzinfo:
    return UTC


NAMES = ("size", "city", "phone", "email", "name")

texts = st.text(max_size=40) | st.sampled_from(
    ["да", "12,5", "1 000", "2026-11-21", "31.02.2026", "M", "0", "00", "007", "١٢", "nan", "1e9"]
)
fields = st.lists(
    st.builds(
        Field,
        id=st.integers(1, 6),
        name=st.sampled_from(["Размер", "Город", "Телефон"]),
        code=st.sampled_from([None, "PHONE", "EMAIL", "SIZE"]),
        type=st.sampled_from(KINDS),
        enums=st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["M", "L", "WORK"])), max_size=3).map(tuple),
    ).map(lambda field: replace(field, type="multitext") if field.code in ("PHONE", "EMAIL") else field),
    max_size=6,
    unique_by=lambda field: field.id,
)
rules = st.lists(
    st.builds(
        FieldRule,
        source=st.sampled_from(NAMES),
        entity=st.just("contacts"),
        field_id=st.none() | st.integers(1, 8),
        field=st.none() | st.sampled_from(["size", "ГОРОД", "phone", "нет"]),
        enum=st.none() | st.sampled_from(["WORK", "MOB"]),
    ),
    max_size=8,
)
values = st.dictionaries(st.sampled_from(NAMES), st.lists(texts.filter(str.strip), max_size=3), max_size=5)


def _placed(kind: str, text: str, zone: tzinfo = UTC, country: str = "") -> list[Any]:
    field = Field(id=1, name="X", code=None, type=kind, enums=())
    rule = FieldRule(source="x", entity="contacts", field_id=1)
    found = mapping.place([rule], {"x": [text]}, [field], skip_empty=True, zone=lambda: zone, country=country).fields
    return [one["value"] for value in found for one in value["values"] or ()]


@pytest.mark.parametrize(
    "text",
    [
        *("2026-12-31", "31.12.2026", "31/12/2026", "31.12.2026 23:59", "2026-12-31T00:00", "20261231"),
        *("31-12-2026", "2026/12/31", "2026.12.31"),  # Tilda's
        *("31.12.2026, 23:59:00", "31/12/2026 23:59:00", "2026-12-31 00:30:00 +0300"),
        *("2026-12-31T23:30:00+05:00", "2026-12-31T00:00:00.000Z"),
    ],
)
@pytest.mark.parametrize("kind", ["date", "birthday"])
def test_32_8_a_day_is_understood_as_people_write_it(kind: str, text: str) -> None:
    (seconds,) = _placed(kind, text)
    assert datetime.fromtimestamp(seconds, UTC).date() == date(2026, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-12-31T10:30", "2026-12-31 10:30", "31.12.2026 10:30"),
        *("2026-12-31T10:30:00", "2026-12-31T13:30:00+03:00", "2026-12-31T10:30:00Z"),
        *("31.12.2026, 10:30:00", "31-12-2026 10:30", "2026/12/31 10:30:00", "2026-12-31 13:30:00 +0300"),
        *("1798713000", "1798713000000"),
    ],
)
def test_32_8_a_moment_is_understood_as_people_write_it(text: str) -> None:
    assert _placed("date_time", text) == [int(datetime(2026, 12, 31, 10, 30, tzinfo=UTC).timestamp())]


@pytest.mark.parametrize(
    ("text", "is_on"),
    [
        *(("да", True), ("Так", True), ("Ha", True), ("Sí", True), ("si", True), ("Sim", True), ("on", True)),
        *(("Нет", False), ("ні", False), ("Yoʻq", False), ("yo'q", False), ("yo‘q", False), ("No", False)),
        *(("Não", False), ("nao", False), ("Na\u0303o", False), ("Si\u0301", True)),
    ],
)
def test_yes_and_no_are_understood_in_each_language(text: str, is_on: bool) -> None:
    """Sim, não and sí of the forms of Kommo's accounts stayed in the note, and the field was empty."""
    assert _placed("checkbox", text) == [is_on]


@pytest.mark.parametrize("kind", ["numeric", "price", "monetary"])
@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("12,5", 12.5), ("1 500", 1500), ("1500.00", 1500), ("1.250", 1.25), ("0,125", 0.125), ("-3,75", -3.75)),
        *(("1,500", None), ("150,000", None), ("-1,500", None), ("1,500.00", None), ("1 250,375", 1250.375)),
    ],
)
def test_a_comma_that_may_part_thousands_makes_no_number(kind: str, text: str, number: float | None) -> None:
    """150,000 of an English form was 150 in its field, and in no note."""
    assert _placed(kind, text) == ([] if number is None else [number])


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        *(("5.000", "BR", None), ("-150.000", "CL", None), ("5000", "BR", 5000), ("5.5", "BR", 5.5)),
        *(("5.000", "RU", 5), ("5.000", "MX", 5), ("0.125", "BR", 0.125), ("2500.125", "BR", 2500.125)),
    ],
)
def test_a_point_that_parts_thousands_where_the_account_is_makes_no_number(
    text: str, country: str, number: float | None
) -> None:
    """5.000 of a Brazilian's form was 5 in its field, and in no note."""
    assert _placed("numeric", text, country=country) == ([] if number is None else [number])


def test_a_kind_that_the_field_does_not_have_any_more_keeps_nothing_from_it() -> None:
    """amoCRM would refuse it, and with it all values of the form."""
    phone = Field(id=1, name="Телефон", code="PHONE", type="multitext", enums=((1, "WORK"), (2, "MOB")))
    rule = FieldRule(source="x", entity="contacts", field_id=1, enum="SHOP")
    found = mapping.place([rule], {"x": ["+79165554433"]}, [phone], skip_empty=True, zone=_utc)
    assert found.fields == [{"field_id": 1, "values": [{"value": "+79165554433", "enum_code": "WORK"}]}]
    assert [english(one.reason) for one in found.unplaced] == ["Телефон has the kinds WORK, MOB"]


@pytest.mark.parametrize(
    ("text", "wanted"), [("Да", [True]), ("on", [True]), ("нет", [False]), ("0", [False]), ("maybe", []), ("2", [])]
)
def test_a_box_is_ticked_by_a_yes(text: str, wanted: list[bool]) -> None:
    assert _placed("checkbox", text) == wanted


@pytest.mark.parametrize("kind", ["date", "birthday", "date_time"])
@pytest.mark.parametrize(
    "text",
    [
        *("31.02.2026", "tomorrow", "12/31/2026", "31.12.26", "2026-12-31T24:00", "31.12.2026 soon"),
        *("79160123415", "99991231235959"),  # the ninth digit is no T
    ],
)
def test_32_8_what_is_no_day_is_not_placed(kind: str, text: str) -> None:
    assert _placed(kind, text) == []


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2026-11-29T21:00:00.000Z", "Europe/Moscow", date(2026, 11, 30)),
        ("2026-11-30T06:00:00.000Z", "America/Mexico_City", date(2026, 11, 30)),
        ("2026-11-30T00:00:00Z", "America/Mexico_City", date(2026, 11, 30)),
        ("2026-11-30T00:00:00+03:00", "America/Mexico_City", date(2026, 11, 30)),
        ("2026-11-29T23:00:00+00:00", "Europe/Moscow", date(2026, 11, 29)),
        ("1795986000", "Europe/Moscow", date(2026, 11, 30)),
        ("-1", "Europe/Moscow", None),
        ("-62135596800", "Europe/Moscow", None),
        ("642891600", "Europe/Moscow", date(1990, 5, 17)),
        ("9999-12-31T23:00:00Z", "Europe/Moscow", None),
    ],
)
@pytest.mark.parametrize("kind", ["date", "birthday"])
def test_30_a_day_that_a_program_tells_in_utc_is_the_day_where_the_account_is(
    kind: str, text: str, zone: str, day: date | None
) -> None:
    found = _placed(kind, text, ZoneInfo(zone))
    assert [datetime.fromtimestamp(one, UTC).date() for one in found] == ([] if day is None else [day])


@pytest.mark.parametrize(
    ("stored", "wanted", "is_same"),
    [(0, 0, True), (0, 86_399, True), (0, 86_400, False), (1, 0, False), (None, 0, False), (0, None, False)],
)
def test_32_8_a_stored_date_is_a_midnight_before_the_wanted_one(stored: Any, wanted: Any, is_same: bool) -> None:
    assert mapping.is_same_day(stored, wanted) is is_same


@given(rules, values, fields, st.booleans())
def test_what_finds_no_field_is_told(
    wanted: list[FieldRule], came: dict[str, list[str]], known: list[Field], skip_empty: bool
) -> None:
    placed = mapping.place(wanted, came, known, skip_empty=skip_empty, zone=_utc)
    told = {one.source for one in placed.unplaced}
    for rule in wanted:
        if not came.get(rule.source) or rule.source in told:
            continue
        field = mapping.field_of(rule, known)
        assert field is not None
        others = [one for one in wanted if one is not rule and mapping.field_of(one, known) == field]
        mine = next(one for one in placed.fields if one["field_id"] == field.id)
        if not others and field.type in ("text", "url", "multitext"):
            taken = [str(value["value"]) for value in mine["values"]]
            assert all(any(text in one for one in taken) for text in came[rule.source])


@given(st.dictionaries(st.text(min_size=1, max_size=12), texts.filter(str.strip), max_size=6), fields)
def test_visit_data_is_placed_or_told(came: dict[str, str], known: list[Field]) -> None:
    placed = mapping.tracking(came, known)
    assert len(placed.fields) + len(placed.unplaced) == len(came)


@given(texts, texts, texts, rules, fields, values)
def test_any_contact_can_be_made_and_changed(
    name: str, phone: str, email: str, wanted: list[FieldRule], known: list[Field], extra: dict[str, Any]
) -> None:
    body = SubmitForm(contact=Contact(name=name, phone=[phone, phone], email=email), fields=extra)
    settings = Submissions(mapping=wanted)
    came, unplaced = new_contact.given(sources(body), body.contact, "RU")
    placed = new_contact.placed(settings, came, known, _utc)
    made = new_contact.new(body.contact, placed, 7)
    assert made["name"]
    for text in filter(str.strip, (phone, email)):
        where = (str(placed.fields), str(placed.unplaced), str(unplaced))
        normal = person_identity.phone(text, "RU")
        shown = {text.strip(), text.strip().lower(), normal.written if normal else text.strip()}
        # A field of numbers, dates or a box shows the value as its own.
        shown |= {str(value) for kind in KINDS if (value := mapping._single(kind, text.strip(), _utc)) is not None}
        assert any(repr(one)[1:-1] in part for one in shown for part in where)
    before = {"id": 1, "name": "", "custom_fields_values": made.get("custom_fields_values")}
    changed = Update(before, body.contact, came, settings, known, _utc, renames=True).body()
    assert "custom_fields_values" not in changed  # the same once more changes nothing


def test_an_empty_source_clears_a_field_and_no_list() -> None:
    """A shop's profile without a phone: the contact keeps those that it has, and loses the town."""
    known = [
        Field(id=1, name="Телефон", code="PHONE", type="multitext", enums=((1, "WORK"),)),
        *(Field(id=number, name=name, code=None, type="text", enums=()) for number, name in ((2, "city"), (3, "size"))),
    ]
    settings = Submissions(
        mapping=[FieldRule(source=name, entity="contacts", field=name) for name in ("city", "size")], skip_empty=False
    )
    values = [{"field_id": number, "values": [{"value": text}]} for number, text in ((1, "+79165554433"), (2, "Тула"))]
    before = {"id": 1, "name": "Анна", "custom_fields_values": values}
    came: dict[str, list[str]] = {"phone": [], "email": [], "city": [], "size": []}
    changed = Update(before, Contact(name="Анна"), came, settings, known, _utc, renames=True).body()
    assert changed == {"custom_fields_values": [{"field_id": 2, "values": None}]}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("8 (916) 555-44-33", "+79165554433"),
        ("916 555 44 33", "+79165554433"),
        ("+998 90 123 45 67", "+998901234567"),
        ("12", "12"),
        ("позвоните", None),
    ],
)
def test_phones_in_one_form(text: str, written: str | None) -> None:
    made = person_identity.phone(text, "RU")
    assert (made.written if made else None) == written


def test_of_several_phones_and_e_mails_those_that_are_none_are_told() -> None:
    came, unplaced = new_contact.given(
        {}, Contact(phone=["позвоните", "8 916 555-44-33"], email=["anna@", "anna@example.org"]), "RU"
    )
    assert came == {"phone": ["+79165554433"], "email": ["anna@example.org"]}
    assert [(one.source, one.values) for one in unplaced] == [("phone", ("позвоните",)), ("email", ("anna@",))]


def test_a_contact_without_values_names_no_fields() -> None:
    """Somebody else's description of the API knows a list there, and no null."""
    made = new_contact.new(Contact(name="Анна"), mapping.MappedFields([], ()), None)
    assert made == {"name": "Анна"}
