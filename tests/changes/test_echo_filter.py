"""Row H5: what we write into deals and people that are there is no news; what a person does to them is (30-C6)."""

import ast
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from features.changes import diff, scheduled
from functions.run_deliveries.run import run as run_deliveries
from shared.storage import retention
from tests.bookings.conftest import settings as clinic_settings
from tests.changes.conftest import Feed
from tests.longer import others_long
from tests.story import Story, calculation, json_of
from tests.submitting import account, form, order, submit

_ROOT = Path(__file__).parents[2]
_VISITOR = {"name": "Анна Смирнова", "phone": "+7 916 555-44-33"}
_FIELDS: dict[str, dict[str, Any]] = {
    "booking.service": {"name": "Услуга", "kind": "text"},
    "booking.doctor": {"name": "Врач", "kind": "select", "choices": ["Иванова А. П.", "Петров С. И."]},
    "booking.comment": {"name": "Справка до", "kind": "date"},
}


def _statuses(story: Story) -> tuple[int, list[int]]:
    shown = story.simulator.control("show", domain=story.domain)
    pipeline = next(one for one in shown["pipelines"].values() if one["is_main"])
    return int(pipeline["id"]), [int(one["id"]) for one in pipeline["_embedded"]["statuses"]]


@pytest.fixture
def clinic(feed: Feed) -> Feed:
    """Bookings move their deal, and fill three of its fields."""
    story = feed.story
    pipeline, statuses = _statuses(story)
    for field in _FIELDS.values():
        story.simulator.control("add", domain=story.domain, field={"owner": "leads"} | field)
    rules = [{"source": one, "entity": "leads", "field": _FIELDS[one]["name"]} for one in _FIELDS]
    stages = {"pipeline_id": pipeline, "status_id": statuses[2], "cancelled_status_id": statuses[3]}
    settings = clinic_settings(**stages) | {"submissions": {"mapping": rules}, "changes": {"is_on": True}}
    saved = story.crm("save_settings", story.admin(), settings)
    assert saved.status == 200, saved.body
    return feed


def _book(feed: Feed, expected: int = 200) -> str:
    """In the deal that is there; the booking's id."""
    story = feed.story
    lead = {"X-Lead-Id": str(story.lead_id)}
    opened = json_of(story.crm("open_session", story.widget() | lead, {}))
    card = {"Authorization": f"Bearer {opened['session_token']}"} | lead
    day = (story.clock.now() + timedelta(days=2)).date()
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
    when = {"starts_at": f"{day}T10:00:00+03:00", "resource": "ivanova"}
    answer = story.crm("book", card, {"service": "consult", "visitor": _VISITOR, "comment": "2026-12-24"} | when)
    assert answer.status == expected, answer.body.decode()
    return str(json_of(answer)["booking"]["id"])


def _cancel(feed: Feed, booking: str) -> None:
    answer = feed.story.crm("cancel_booking", feed.story.admin(), {"id": booking})
    assert answer.status in (200, 202), answer.body.decode()


def _values(feed: Feed) -> dict[str, Any]:
    shown = feed.story.simulator.control("show", domain=feed.story.domain)["leads"][str(feed.story.lead_id)]
    return {one["field_name"]: one["values"][0]["value"] for one in shown["custom_fields_values"] or []}


@pytest.mark.parametrize("is_known", [True, False])
def test_a_booking_in_a_deal_that_is_there_is_no_news(clinic: Feed, is_known: bool) -> None:
    if is_known:
        clinic.person(fields={"price": 1})
        clinic.run()
        assert clinic.told()
    booking = _book(clinic)
    assert set(_values(clinic)) >= {one["name"] for one in _FIELDS.values()}
    clinic.run()
    assert clinic.told() == []
    _cancel(clinic, booking)
    clinic.run()
    assert clinic.told() == []


def _read_while_we_write(feed: Feed, write: Callable[[], object]) -> dict[str, Any]:
    """A person changes a deal that is known; it is read when it has settled, and we write at that moment: the list does
    not show it yet. Returns the deal as it is told then."""
    feed.person(fields={"price": 1})
    feed.run()
    feed.told()
    feed.story.simulator.control("change-account", domain=feed.story.domain, list_lag=1.5)
    feed.person(fields={"name": "The first floor", "price": 7})
    feed.hooks_are_through()
    feed.story.clock.advance(seconds=2.5)
    write()
    scheduled.run(feed.story.runtime, 20)
    (told,) = feed.told()
    assert (told["type"], told["data"]["changed"]) == ("lead.updated", ["name", "price"])
    return dict(told["data"]["lead"])


@pytest.mark.long
@pytest.mark.vendor("lists.behind")
def test_31_5_what_a_list_has_not_shown_of_our_own_write_is_no_news(clinic: Feed) -> None:
    """And what a person does afterwards is, also to what we have written."""
    _, statuses = _statuses(clinic.story)
    lead = _read_while_we_write(clinic, lambda: _book(clinic))
    assert lead["status_id"] != statuses[2]  # the list was behind
    for _ in range(2):
        clinic.run(700)  # amoCRM is asked for what was changed
    assert clinic.told() == []
    for status in (statuses[1], statuses[2]):
        clinic.person(fields={"status_id": status})
        for _ in range(2):
            clinic.run(700)
        assert clinic.kinds() == ["lead.status_changed"]


@pytest.mark.vendor("lists.behind")
def test_31_5_what_a_list_has_not_shown_of_a_calculation_is_no_news(feed: Feed) -> None:
    story = feed.story

    def save() -> None:
        headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
        saved = story.crm("save_calculation", headers, calculation() | {"options": {"update_price": True}})
        assert saved.status == 200, saved.body

    assert _read_while_we_write(feed, save)["price"] == 7
    for _ in range(2):
        feed.run(700)
    assert feed.told() == []


def test_31_a_task_whose_making_was_not_answered_is_no_news_once_its_visit_was_moved(clinic: Feed) -> None:
    """The delivery of the move finds and changes what the one before has made."""
    story = clinic.story
    story.simulator.fault("reset_after", path="/api/v4/tasks", method="POST", times=1)
    booking = _book(clinic, expected=202)
    story.clock.advance(minutes=2)
    day = (story.clock.now() + timedelta(days=9)).date()
    day += timedelta(days=7 - day.weekday())
    moved = story.crm("move_booking", story.admin(), {"id": booking, "starts_at": f"{day}T11:00:00+03:00"})
    assert moved.status in (200, 202), moved.body.decode()
    for _ in range(3):
        clinic.run(60)
        run_deliveries(story.runtime, 10)
    assert clinic.told() == []
    assert len(story.simulator.control("show", domain=story.domain)["tasks"]) == 1


def test_a_persons_change_to_where_we_have_put_it_is_news(clinic: Feed) -> None:
    """Also within a minute, and to the value that we have written ourselves a moment ago."""
    _, statuses = _statuses(clinic.story)
    _book(clinic)
    clinic.run()
    assert clinic.told() == []
    for status in (statuses[1], statuses[2]):
        clinic.person(fields={"status_id": status})
        clinic.run()
        (told,) = clinic.told()
        assert (told["type"], told["data"]["lead"]["status_id"]) == ("lead.status_changed", status)


def test_a_person_who_moves_the_deal_that_we_move_is_heard(clinic: Feed) -> None:
    """Before it was read; and what we have not written beside it is told alone."""
    clinic.person(fields={"price": 1})
    clinic.run()
    clinic.told()
    _book(clinic)
    clinic.person(fields={"status_id": 142, "price": 7})
    clinic.run()
    told = {one["type"]: one["data"] for one in clinic.told()}
    assert set(told) == {"lead.status_changed", "lead.updated"}
    assert told["lead.updated"]["changed"] == ["price"]


def test_what_amocrm_has_refused_of_ours_hides_nobodys_change(clinic: Feed) -> None:
    """The stage was never written by us, so a person who sets it is news."""
    _, statuses = _statuses(clinic.story)
    clinic.person(fields={"price": 1})
    clinic.run()
    clinic.told()
    refusal = '{"title":"Bad Request","status":400,"validation-errors":[]}'
    path = f"/api/v4/leads/{clinic.story.lead_id}"
    clinic.story.simulator.fault("status", method="PATCH", path=path, status=400, times=5, body=refusal)
    _book(clinic)
    clinic.story.simulator.control("no-faults")
    clinic.person(fields={"status_id": statuses[2]})
    clinic.run()
    assert clinic.kinds() == ["lead.status_changed"]


def test_a_contacts_value_that_a_person_sets_again_is_news(feed: Feed) -> None:
    """We have written it, it was changed, and it is back: on the same day."""
    story = feed.story
    submit(story, form(contact={"name": "Ann", "phone": "+79161234567"}))
    submit(story, form(contact={"name": "Ann", "phone": "+79161234567", "email": "ann@example.org"}))
    feed.run()
    feed.run()
    assert feed.told() == []
    shown = story.simulator.control("show", domain=story.domain)
    contact = next(one for one in shown["contacts"].values() if one["name"] == "Ann")
    mail = next(one for one in contact["custom_fields_values"] if one["field_code"] == "EMAIL")
    for text in ("other@example.org", "ann@example.org"):
        field = {"field_id": mail["field_id"], "values": [{"value": text, "enum_code": "WORK"}]}
        feed.person(kind="contacts", id=contact["id"], fields={"custom_fields_values": [field]})
        feed.run()
        (told,) = feed.told()
        assert told["data"]["changed"] == [f"field:{mail['field_id']}"]


_NOTED = r"noting(_new|_link)?\(|self\._new\("
_OTHERS = r"TasksApi\(.*\)\.(create|change)\(|tasks\.(create|change)\(|api\.create\(goods_list"
_WRITERS = ("change_lead", "change_contact", "create_lead", "create_contact", "create_incoming_lead")


def _unnoted(tree: ast.AST) -> list[int]:
    """Lines that make, change or link something outside of :mod:`shared.deliveries.echo_marking`."""
    noted = {
        id(inner)
        for block in ast.walk(tree)
        if isinstance(block, ast.With) and any(re.search(_NOTED, _entered(one, block)) for one in block.items)
        for inner in ast.walk(block)
    }
    return [
        call.lineno
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and (
            call.func.attr in _WRITERS
            or (call.func.attr == "link" and "GoodsApi" in ast.unparse(call.func))
            or re.match(_OTHERS, ast.unparse(call))
        )
        and id(call) not in noted
    ]


def _entered(item: ast.withitem, block: ast.With) -> str:
    entered = ast.unparse(item.context_expr)
    return ast.unparse(block) if entered == "ExitStack()" else entered


@pytest.mark.long
def test_whoever_writes_into_what_is_there_notes_it() -> None:
    """A calculation's delivery says by itself what it sets; every other writer notes it, or it comes back as news."""
    found = {
        str(path.relative_to(_ROOT)): lines
        for path in sorted([*(_ROOT / "shared").rglob("*.py"), *(_ROOT / "features").rglob("*.py")])
        if (lines := _unnoted(ast.parse(path.read_text())))
    }
    assert list(found) == ["features/calculations/deal_fields.py"], found


def test_a_copy_of_a_deal_of_ours_is_a_persons(feed: Feed) -> None:
    """Its name ends with our mark, too; but the deal that our delivery made is another one."""
    lead_id = submit(feed.story, form())["lead"]["lead_id"]
    for _ in range(2):
        feed.run()
    assert feed.told() == []
    shown = feed.story.simulator.control("show", domain=feed.story.domain)
    copy = feed.person(id=None, fields={"name": shown["leads"][str(lead_id)]["name"]})["id"]
    feed.run()
    (told,) = feed.told()
    assert (told["type"], told["data"]["lead"]["id"]) == ("lead.added", copy)


@pytest.mark.parametrize(
    ("event", "ours", "expected"),
    [
        ("custom_field_12_value_changed", {"field:12"}, False),
        ("custom_field_12_value_changed", {"field:123"}, True),  # 30-K: another field, whose id begins alike
        ("custom_field_value_changed", {"field:123"}, False),  # which one, it does not say
        ("custom_field_value_changed", {"price"}, True),
        ("sale_field_changed", {"price"}, False),
        ("name_field_changed", {"price"}, True),
        ("lead_status_changed", {"status_id", "pipeline_id"}, False),
        ("common_note_added", set(), False),
    ],
)
def test_what_amocrms_events_tell_beside_our_own_writing(event: str, ours: set[str], expected: bool) -> None:
    assert diff.is_news(event, ours) is expected


# --- 31-B1: amoCRM tells of each value, tag and link, also at making ------------------------------------------------


def _mapped(feed: Feed) -> None:
    story = feed.story
    for field in ({"name": "Город", "kind": "text"}, {"name": "Материал", "kind": "select", "choices": ["Кварц"]}):
        for owner in ("leads", "contacts"):
            story.simulator.control("add", domain=story.domain, field={"owner": owner} | field)
    rules = [
        {"source": source, "entity": entity, "field": name}
        for source, name in (("city", "Город"), ("stone", "Материал"))
        for entity in ("leads", "contacts")
    ]
    forms = {"tags": ["сайт", "срочно"]}
    saved = story.crm(
        "save_settings",
        story.admin(),
        {"changes": {"is_on": True}, "submissions": {"mapping": rules, "forms": forms, "orders": forms}},
    )
    assert saved.status == 200, saved.body
    feed.run()
    feed.told()


def _full(**contact: str) -> dict[str, Any]:
    person = {"name": "Ann Lee", "phone": "+79161234567", "email": "ann@example.org"} | contact
    return form(contact=person, fields={"city": "Казань", "stone": "Кварц"}, price=4500)


@pytest.mark.long
@pytest.mark.vendor("events.at_making", "events.fields", "events.tags", "events.links")
@pytest.mark.parametrize("way", ["hook", "ask"])
def test_31_b1_a_form_with_tags_and_mapped_fields_is_no_news(feed: Feed, way: str) -> None:
    """Neither its deal nor its contact, new or there before; and what a person does to them afterwards is."""
    _mapped(feed)
    if way == "ask":
        feed.story.simulator.control("webhooks", lost=1)
    for contact in ({}, {}, {"email": "other@example.org"}):
        made = submit(feed.story, _full(**contact))["lead"]
        shown = feed.story.simulator.control("show", domain=feed.story.domain)
        for entity in (shown["leads"][str(made["lead_id"])], shown["contacts"][str(made["contact_id"])]):
            assert {"Город", "Материал"} <= {one["field_name"] for one in entity["custom_fields_values"]}
        for _ in range(3):
            feed.run(300)
        assert feed.told() == []
    tags = {"_embedded": {"tags": [{"name": "сайт"}, {"name": "перезвонить"}]}}
    feed.person(id=made["lead_id"], fields=tags)
    feed.person(kind="contacts", id=made["contact_id"], fields={"name": "Ann of the first floor"})
    for _ in range(3):
        feed.run(300)
    assert {(one["type"], *one["data"]["changed"]) for one in feed.told()} == {
        ("lead.updated", "tags"),
        ("contact.updated", "name"),
    }


@pytest.mark.vendor("http.escaped")
def test_what_amocrm_shows_with_entities_is_told_as_it_was_written(feed: Feed) -> None:
    """Our own write is no news, and the news of others reads as they wrote it."""
    feed.story.simulator.control("change-account", domain=feed.story.domain, escapes_texts=True)
    made = submit(feed.story, _full(name='ООО "Лист & Ко"'))["lead"]
    for _ in range(3):
        feed.run(300)
    assert feed.told() == []
    feed.person(id=made["lead_id"], fields={"name": 'Окно 24" & рама'})
    for _ in range(3):
        feed.run(300)
    (told,) = feed.told()
    assert told["data"]["lead"]["name"] == 'Окно 24" & рама'


def test_what_we_have_written_with_entities_is_no_news(feed: Feed) -> None:
    """As shops send it (OpenCart keeps all texts so); what amoCRM shows is read without them."""
    _mapped(feed)
    for company in ("ООО Лист", "ООО &quot;Лист &amp; Ко&quot;"):
        submit(feed.story, _full() | {"fields": {"city": company}})
        for _ in range(3):
            feed.run(300)
        assert feed.told() == []


def test_31_b1_what_a_person_adds_before_it_was_read_is_told(feed: Feed) -> None:
    """The deal is ours, with tags and values; the tag that somebody adds at once, and the value that is another, are
    not."""
    _mapped(feed)
    lead_id = submit(feed.story, _full())["lead"]["lead_id"]
    feed.person(id=lead_id, fields={"_embedded": {"tags": [{"name": "сайт"}, {"name": "VIP"}]}})
    feed.run()
    assert feed.kinds() == ["lead.updated"]


def test_31_b1_a_contact_that_is_there_is_not_told_for_its_new_deal(feed: Feed) -> None:
    """amoCRM tells that it has changed: it was linked, by us."""
    feed.person(kind="contacts", id=None, fields=_with_phone(feed, "+79161234567"))
    feed.story.clock.advance(seconds=2)
    assert feed.settings(is_on=False).status == feed.settings().status == 200  # so that nothing is known of it
    feed.run()
    feed.told()
    submit(feed.story, form(contact={"name": "Ann Lee", "phone": "+79161234567"}))
    for _ in range(3):
        feed.run()
    assert feed.told() == []


def _with_phone(feed: Feed, phone: str) -> dict[str, Any]:
    fields = feed.story.simulator.control("show", domain=feed.story.domain)["custom_fields"]["contacts"]
    id_ = next(one["id"] for one in fields if one["code"] == "PHONE")
    value = {"field_id": id_, "values": [{"value": phone, "enum_code": "WORK"}]}
    return {"name": "Ann Lee", "custom_fields_values": [value]}


@pytest.mark.parametrize("is_known", [True, False])
def test_31_b1_goods_that_we_link_are_no_news(feed: Feed, is_known: bool) -> None:
    """Of a calculation that changes nothing else in its deal; and of an order."""
    story = feed.story
    if is_known:
        feed.person(fields={"price": 1})
        feed.run()
        assert feed.told()
    lead = {"X-Lead-Id": str(story.lead_id)}
    body = calculation() | {"options": {"products": True, "note": False}}
    answer = story.crm("save_calculation", story.widget() | lead, body)
    assert answer.status == 200, answer.body
    submit(story, order(), "submit_order")
    for _ in range(3):
        feed.run()
    assert feed.told() == []


def test_goods_of_ours_that_a_person_renames_before_we_have_looked_are_nobodys_new_ones(feed: Feed) -> None:
    """They do not look like what we have made any more; the id that amoCRM has told says that they are."""
    submit(feed.story, order(), "submit_order")
    shown = feed.story.simulator.control("show", domain=feed.story.domain)
    ids = [one["id"] for goods in shown["elements"].values() for one in goods.values()]
    feed.story.simulator.control(
        "burst", domain=feed.story.domain, kind="elements", ids=ids, fields={"name": "Renamed"}
    )
    for _ in range(2):
        feed.run()
    assert set(feed.kinds()) == {"catalog_element.updated"}


def test_31_b1_an_answer_that_was_lost_makes_no_news(feed: Feed) -> None:
    """What the deal and its contact were made with was noted before it was sent."""
    _mapped(feed)
    feed.story.simulator.fault("reset_after", path="/api/v4/leads/complex", times=1)
    answer = feed.story.crm("submit_form", feed.story.application(), _full())
    assert answer.status == 202, answer.body
    feed.run()
    feed.story.clock.advance(minutes=2)
    run_deliveries(feed.story.runtime, 10)
    for _ in range(4):
        feed.run(300)
    assert feed.told() == []


@pytest.mark.long
@pytest.mark.parametrize("hours", [0, 30], ids=["at once", "a day later"])
def test_31_b1_notes_beside_the_forms_own_are_no_news(feed: Feed, hours: int) -> None:
    """Of what found no place in a contact that is there, and the first ones of a text that is too long for one."""
    _mapped(feed)
    submit(feed.story, _full())
    text = " ".join(f"word{number}" for number in range(6000))
    again = _full(email="other@example.org") | {"fields": {"city": "Тула"}, "comment": text}
    refusal = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": []}]})
    feed.story.simulator.fault(
        "status", path=r"/api/v4/contacts/\d+", method="PATCH", status=400, times=2, body=refusal
    )
    assert submit(feed.story, again)["contact_note"]["note_id"]
    notes = [one for several in account(feed.story)["notes"].values() for one in several]
    assert sum("word" in one["params"]["text"] for one in notes) > 2
    feed.hooks_are_through()
    feed.story.clock.advance(hours=hours)
    for _ in range(4):
        feed.run(300)
    assert feed.told() == []


@pytest.mark.parametrize("title", ["Смета", "Смета (2/3)"])
def test_the_notes_of_a_long_calculation_are_no_news(feed: Feed, title: str) -> None:
    story, lines = feed.story, [{"name": "x" * 200, "quantity": 1, "unit": "шт", "unit_price": 10}] * 200
    body = calculation(items=lines, discount=None, delivery=None, total=2000, title=title, number=None)
    saved = story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)}, body)
    assert json_of(saved)["state"] == "delivered"
    assert len(story.notes()) > 2
    feed.hooks_are_through()
    for _ in range(4):
        feed.run(300)
    assert feed.told() == []


# --- 31-B3: incoming leads wait for a person, who may give their deal another name ----------------------------------


def _incoming(feed: Feed) -> int:
    _mapped(feed)
    story = feed.story
    settings = {"forms": {"mode": "incoming_lead", "tags": ["сайт"]}}
    rules = [{"source": "city", "entity": one, "field": "Город"} for one in ("leads", "contacts")]
    saved = story.crm(
        "save_settings", story.admin(), {"changes": {"is_on": True}, "submissions": {"mapping": rules} | settings}
    )
    assert saved.status == 200, saved.body
    return int(submit(story, _full())["incoming_lead"]["lead_id"])


@pytest.mark.long
@pytest.mark.vendor("unsorted.accepted", "webhooks.unsorted")
@pytest.mark.parametrize("way", ["hook", "ask"])
@pytest.mark.parametrize("days", others_long([0, 20]))
def test_31_b3_an_incoming_lead_of_ours_that_is_accepted_is_nobodys_new_deal(feed: Feed, way: str, days: int) -> None:
    """However late, and by whatever name; what the person changes is news."""
    lead_id = _incoming(feed)
    if way == "ask":
        feed.story.simulator.control("webhooks", lost=1)
    feed.run(300)
    for _ in range(days):
        feed.story.clock.advance(days=1)
        retention.run(feed.story.runtime.database, feed.story.runtime.settings, feed.story.clock)
        feed.run(300)
    feed.person(id=lead_id, fields={"name": "Анна, кухня"}, accept=True)
    for _ in range(3):
        feed.run(300)
    told = {one["type"]: one["data"] for one in feed.told()}
    assert set(told) == {"incoming_lead.accepted", "lead.updated"}
    assert told["lead.updated"]["lead"]["name"] == "Анна, кухня"
    feed.person(id=lead_id, fields={"price": 1})
    for _ in range(3):
        feed.run(300)
    assert feed.kinds() == ["lead.updated"]


def test_31_b3_an_incoming_lead_that_is_declined_is_told_as_closed(feed: Feed) -> None:
    lead_id = _incoming(feed)
    feed.run(300)
    feed.person(id=lead_id, accept=False)
    for _ in range(3):
        feed.run(600)
    (told,) = [one for one in feed.told() if one["type"] != "incoming_lead.declined"]
    assert (told["type"], told["data"]["lead"]["status_id"]) == ("lead.status_changed", 143)


def test_31_b3_an_incoming_lead_of_somebody_else_is_told_when_it_is_accepted(feed: Feed) -> None:
    lead_id = _incoming(feed)
    feed.story.sql("DELETE FROM amocrm_own_writes")
    feed.story.sql("DELETE FROM amocrm_deliveries")  # as if another integration had made it
    feed.run(300)
    assert sorted(feed.kinds()) == ["incoming_lead.added", "lead.note_added"]  # nobody knows of its deal yet
    feed.person(id=lead_id, fields={"name": "Анна, кухня"}, accept=True)
    for _ in range(3):
        feed.run(300)
    assert sorted(feed.kinds()) == ["contact.added", "incoming_lead.accepted", "lead.added"]


@pytest.mark.vendor("unsorted.contact_found")
def test_31_b3_a_second_form_finds_the_person_of_one_that_waits(feed: Feed) -> None:
    """The contact is in no list yet; its id is remembered."""
    _incoming(feed)
    again = submit(feed.story, _full())["incoming_lead"]
    shown = feed.story.simulator.control("show", domain=feed.story.domain)
    assert [one["id"] for one in shown["contacts"].values() if one["name"] == "Ann Lee"] == [again["contact_id"]]


def test_31_b3_an_answer_that_was_lost_is_no_reason_to_take_ours_for_somebodys(feed: Feed) -> None:
    _mapped(feed)
    story = feed.story
    forms = {"submissions": {"forms": {"mode": "incoming_lead", "tags": ["сайт"]}}, "changes": {"is_on": True}}
    assert story.crm("save_settings", story.admin(), forms).status == 200
    story.simulator.fault("reset_after", path="/api/v4/leads/unsorted/forms", times=1)
    assert story.crm("submit_form", story.application(), _full()).status == 202
    story.clock.advance(minutes=2)
    run_deliveries(story.runtime, 10)
    feed.run(300)
    shown = story.simulator.control("show", domain=story.domain)
    (waiting,) = shown["incoming"].values()
    feed.person(id=waiting["_embedded"]["leads"][0]["id"], accept=True)
    for _ in range(3):
        feed.run(300)
    assert feed.kinds() == ["incoming_lead.accepted"]


@pytest.mark.vendor("events.name", "unsorted.renamed")
@pytest.mark.parametrize("when", ["as it is accepted", "afterwards"])
def test_31_1_an_incoming_lead_that_is_renamed_before_we_have_looked_is_nobodys_new_deal(feed: Feed, when: str) -> None:
    """Its answer was lost, and a person was faster than the retry, with its deal and with its contact."""
    _mapped(feed)
    story = feed.story
    forms = {"submissions": {"forms": {"mode": "incoming_lead", "tags": ["сайт"]}}, "changes": {"is_on": True}}
    assert story.crm("save_settings", story.admin(), forms).status == 200
    story.simulator.fault("reset_after", path="/api/v4/leads/unsorted/forms", times=1)
    assert story.crm("submit_form", story.application(), _full()).status == 202
    (waiting,) = story.simulator.control("show", domain=story.domain)["incoming"].values()
    lead_id, contact_id = (waiting["_embedded"][kind][0]["id"] for kind in ("leads", "contacts"))
    before = len(story.simulator.control("show", domain=story.domain)["leads"])
    is_at_once = when == "as it is accepted"
    feed.person(id=lead_id, fields={"name": "Анна, кухня"} if is_at_once else {}, accept=True)
    if not is_at_once:
        feed.person(id=lead_id, fields={"name": "Анна, кухня"})
        feed.person(kind="contacts", id=contact_id, fields={"name": "Анна Л."})
    for _ in range(3):
        feed.run(5)
    # What a person does is news, and what we have made is none.
    by_hand = ["lead.updated"] if is_at_once else ["contact.updated", "lead.updated"]
    assert sorted(feed.kinds()) == sorted([*by_hand, "incoming_lead.accepted"])
    story.clock.advance(minutes=2)
    run_deliveries(story.runtime, 10)
    for _ in range(3):
        feed.run(300)
    assert feed.kinds() == []
    assert len(story.simulator.control("show", domain=story.domain)["leads"]) == before
