"""30-K: what a visit was, and what is said of it, stays true whatever happens between two statements."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from features.bookings import availability, crm_state, rows
from features.bookings.booking_rules import BookingRules
from features.bookings.rows import BookingRequest
from features.bookings.settings import of as settings_of
from tests.bookings.conftest import MONDAY, VISITOR, Clinic, settings
from tests.story import json_of


def _dies(*_: Any, **__: Any) -> None:
    raise RuntimeError("killed")


def _without(service: str) -> dict[str, Any]:
    return {"services": [one for one in settings()["bookings"]["services"] if one["id"] != service]}


# --- brought whole ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", ["move", "cancel"])
def test_30_k_a_change_whose_process_died_is_told_though_the_task_was_brought_by_the_first(
    clinic: Clinic, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delivery of the first version, which was late, brings the task to what the row says now; the note of the
    change, mapped values and the deal's stage are still to come."""
    clinic.story.simulator.fault("status", status=500, path="/api/v4/tasks", method="POST", times=1)
    booking = json_of(clinic.book())["booking"]
    monkeypatch.setattr("features.bookings.actions.bookings.start_sync", _dies)
    if then == "move":
        assert clinic.act("move_booking", id=booking["id"], starts_at=clinic.at(15)).status == 500
    else:
        assert clinic.act("cancel_booking", id=booking["id"]).status == 500
    monkeypatch.undo()
    for _ in range(4):
        clinic.run(100)
    (shown,) = clinic.bookings()
    assert shown["is_in_amocrm"] is True
    heads = [note.splitlines()[0] for note in clinic.notes(shown["lead_id"])]
    assert sorted(heads) == sorted(["Запись на приём", {"move": "Приём перенесён", "cancel": "Приём отменён"}[then]])


@pytest.mark.parametrize("is_site", [True, False])
def test_30_k_whoever_is_booked_is_not_told_that_they_are_not(clinic: Clinic, is_site: bool) -> None:
    """amoCRM refuses for good, and the time is theirs all the same: else they would book another one as well."""
    clinic.story.simulator.fault("status", status=400, path="/api/v4/tasks.*", times=100)
    answer = clinic.book(clinic.site() if is_site else clinic.card())
    assert answer.status == 202, answer.body.decode()
    made = json_of(answer)
    assert (made["state"], made["booking"]["state"]) == ("accepted", "booked")
    assert made["problem"]["code"]
    assert made["needs_a_person"] is True
    assert made["link"]
    assert "10:00" not in clinic.free(resource="ivanova")


@pytest.mark.parametrize(
    ("action", "more", "then"),
    [
        ("move_booking", {"starts_at": True}, {"state": "booked"}),
        ("cancel_booking", {}, {"state": "cancelled"}),
        ("set_attendance", {"attendance": "missed"}, {"attendance": "missed"}),
    ],
)
def test_30_k_a_change_that_amocrm_refuses_is_made_and_its_refusal_told(
    clinic: Clinic, action: str, more: dict[str, Any], then: dict[str, Any]
) -> None:
    booking = clinic.booked(clinic.card())["booking"]
    clinic.story.simulator.fault("status", status=400, path="/api/v4/tasks.*", times=100)
    body = {name: clinic.at(15) if value is True else value for name, value in more.items()}
    answer = clinic.act(action, None, id=booking["id"], **body)
    assert answer.status == 202, answer.body.decode()
    made = json_of(answer)
    assert made["booking"].items() >= then.items()
    assert made["problem"]["detail"]
    if action == "move_booking":
        assert made["booking"]["starts_at"] == clinic.at(15)


@pytest.mark.parametrize("path", ["/api/v4/leads/[0-9]+/notes", "/api/v4/tasks"])
@pytest.mark.parametrize("is_page", [False, True])
def test_30_k_what_is_not_found_beside_the_deal_cancels_no_visit(clinic: Clinic, path: str, is_page: bool) -> None:
    """A page with 404, of a proxy or of an hour of maintenance, says nothing of the deal that has just been made."""
    page = {"body": "<html>"} if is_page else {}
    clinic.story.simulator.fault("status", status=404, path=path, method="POST", times=100, **page)
    answer = clinic.book()
    assert answer.status == 202, answer.body.decode()
    assert json_of(answer)["booking"]["state"] == "booked"
    assert "10:00" not in clinic.free(resource="ivanova")


@pytest.mark.parametrize(
    "path", ["/api/v4/tasks", "/api/v4/leads/[0-9]+/notes", "/api/v4/contacts.*", "/api/v4/leads/pipelines"]
)
@pytest.mark.parametrize("is_page", [False, True])
def test_30_k_what_is_not_found_beside_a_deal_that_was_named_undoes_no_visit(
    clinic: Clinic, path: str, is_page: bool
) -> None:
    page = {"body": "<html>"} if is_page else {}
    clinic.story.simulator.fault("status", status=404, path=path, times=100, **page)
    answer = clinic.book(clinic.card())
    assert answer.status in (200, 202), answer.body.decode()
    assert json_of(answer)["booking"]["state"] == "booked"
    assert "10:00" not in clinic.free(resource="ivanova")


def test_30_k_a_visit_in_a_deal_that_is_not_there_is_undone_however_often_it_is_asked_for(clinic: Clinic) -> None:
    caller = clinic.story.admin() | {"X-Lead-Id": "987654", "Idempotency-Key": "k"}
    assert [clinic.book(caller).status for _ in range(3)] == [404] * 3
    assert "10:00" in clinic.free(resource="ivanova")


# --- what people do in amoCRM -------------------------------------------------------------------------------------


@pytest.mark.vendor("tasks.updated_at")
def test_30_k_a_task_that_was_done_too_early_does_not_say_later_that_the_visitor_came(clinic: Clinic) -> None:
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.person("tasks", task["id"], {"is_completed": True})
    clinic.compare()
    clinic.run((MONDAY + timedelta(days=1, hours=3) - clinic.story.clock.now()).total_seconds())
    clinic.compare()
    (shown,) = clinic.bookings()
    assert shown["attendance"] is None
    assert "completed before the visit" in shown["attention"]


def _meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Somebody acts in the panel between the look at amoCRM and what follows from it, once."""
    original, left = crm_state.read_state, [act]

    def look(*given: Any) -> crm_state.CrmState:
        seen = original(*given)
        while left:
            left.pop()()
        return seen

    monkeypatch.setattr("features.bookings.crm_state.read_state", look)


def test_30_k_who_is_said_to_have_missed_while_tasks_are_read_has_not_come(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of the task speaks of the visit as it was before."""
    booking = clinic.booked()["booking"]
    (task,) = clinic.tasks()
    clinic.run((MONDAY + timedelta(days=1, hours=3) - clinic.story.clock.now()).total_seconds())
    clinic.person("tasks", task["id"], {"is_completed": True})
    _meanwhile(monkeypatch, lambda: clinic.act("set_attendance", id=booking["id"], attendance="missed"))
    clinic.compare()
    assert clinic.bookings()[0]["attendance"] == "missed"


def test_30_k_a_move_in_the_panel_while_tasks_are_read_is_not_taken_back(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = clinic.booked()["booking"]
    (task,) = clinic.tasks()
    clinic.person("tasks", task["id"], {"complete_till": task["complete_till"] + 3600})
    _meanwhile(monkeypatch, lambda: clinic.act("move_booking", id=booking["id"], starts_at=clinic.at(15)))
    clinic.compare()
    clinic.compare()
    (shown,) = clinic.bookings()
    (task,) = clinic.tasks()
    assert (shown["starts_at"], shown["version"], shown["attention"]) == (clinic.at(15), 2, None)
    assert task["complete_till"] == int(datetime.fromisoformat(clinic.at(15)).timestamp())


def test_30_k_a_visit_that_was_a_hold_is_compared_as_soon_as_any_other(clinic: Clinic) -> None:
    held = json_of(clinic.act("hold_slot", clinic.site(), service="consult", starts_at=clinic.at(10)))
    clinic.run(301)
    clinic.booked(hold=held["hold"], service=None, starts_at=None, resource=None)
    (task,) = clinic.tasks()
    clinic.person("tasks", task["id"], {"complete_till": task["complete_till"] + 3600})
    clinic.compare()
    assert clinic.bookings()[0]["starts_at"] == clinic.at(11)


# --- what it was when it was booked -------------------------------------------------------------------------------


def test_30_k_a_visit_of_a_removed_service_that_moves_still_has_its_room_and_what_is_kept_free_after_it(
    clinic: Clinic,
) -> None:
    massage = next(one for one in settings()["bookings"]["services"] if one["id"] == "massage")
    others = _without("massage")["services"]
    clinic.set_up(services=[*others, massage | {"buffer_minutes": 30}])
    booking = clinic.booked(service="massage", resource=None)["booking"]
    new = {"id": "other", "name": "Обёртывание", "minutes": 60, "resources": ["ivanova"], "rooms": ["room-1"]}
    clinic.set_up(services=[*others, new])
    moved = clinic.act("move_booking", id=booking["id"], starts_at=clinic.at(15))
    assert moved.status == 200, moved.body.decode()
    assert json_of(moved)["booking"]["room"] == "Кабинет 1"
    assert "15:00" not in clinic.free(service="other")
    assert "16:00" not in clinic.free(service="consult", resource="petrov")
    assert "16:30" in clinic.free(service="consult", resource="petrov")


def test_30_k_a_removed_services_room_that_is_gone_too_holds_up_no_move(clinic: Clinic) -> None:
    booking = clinic.booked(service="massage", resource=None)["booking"]
    people = [one for one in settings()["bookings"]["resources"] if not one.get("is_room")]
    clinic.set_up(resources=people, **_without("massage"))
    moved = clinic.act("move_booking", id=booking["id"], starts_at=clinic.at(15))
    assert (moved.status, json_of(moved)["booking"]["room"]) == (200, None)


@pytest.mark.parametrize("is_removed", [False, True])
def test_30_k_a_visit_that_moves_costs_what_it_did_when_it_was_booked(clinic: Clinic, is_removed: bool) -> None:
    """The deal has that price, and the visitor was told it."""
    booking = clinic.booked()["booking"]
    dearer = [one | {"price": "4000"} for one in settings()["bookings"]["services"]]
    clinic.set_up(currency="USD", **(_without("consult") if is_removed else {"services": dearer}))
    moved = json_of(clinic.act("move_booking", id=booking["id"], starts_at=clinic.at(15)))["booking"]
    assert (moved["price"], moved["currency"]) == ("2500", "RUB")


@pytest.mark.parametrize("path", ["bookings.special_days", "bookings.resources[0].special_days"])
def test_30_k_of_two_special_days_of_one_date_none_is_left_out_unseen(clinic: Clinic, path: str) -> None:
    twice = [{"day": "2027-01-05", "hours": ["09:00-12:00"]}, {"day": "2027-01-05", "hours": ["14:00-18:00"]}]
    if path == "bookings.special_days":
        refused = clinic.set_up(special_days=twice)
    else:
        refused = clinic.set_up(resources=[{"id": "a", "name": "A", "special_days": twice}], services=[])
    assert refused.status == 422
    assert path in {one["path"] for one in json_of(refused)["errors"]}


# --- statements that are sent twice -------------------------------------------------------------------------------


def test_30_k_a_hold_whose_answer_was_lost_is_held_and_not_too_many(clinic: Clinic) -> None:
    database, integration = clinic.story.runtime.database, clinic.story.row()
    held = json_of(clinic.act("hold_slot", clinic.site(), service="consult", starts_at=clinic.at(12)))
    first = rows.by_id(database, integration.id, held["hold"])
    assert first is not None
    seat = availability.Seat(settings_of(integration.settings).resources[0], None)
    wanted = BookingRequest("consult", seat, first.starts_at, 30, 15, first.facts)
    again = rows.hold(database, integration.id, first.id, wanted, minutes=10, holder=b"x", most=3)
    assert again is not None
    assert again.id == first.id
    assert rows.hold(database, integration.id, uuid4(), _later(wanted), minutes=10, holder=b"x", most=0) is None


def test_30_k_a_hold_that_is_asked_for_again_with_its_key_is_the_same(clinic: Clinic) -> None:
    """Its answer was lost on the way: else the visitor's own hold would be in their way for ten minutes."""
    keyed = clinic.site() | {"Idempotency-Key": "one"}
    first, again = (clinic.act("hold_slot", keyed, service="consult", starts_at=clinic.at(12)) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert json_of(again) == json_of(first)
    assert clinic.act("hold_slot", keyed, service="consult", starts_at=clinic.at(15)).status == 409
    assert clinic.book(hold=json_of(again)["hold"], service=None, starts_at=None, resource=None).status == 200
    assert clinic.act("hold_slot", keyed, service="consult", starts_at=clinic.at(12)).status == 409


@pytest.mark.parametrize("action", ["book", "hold_slot"])
@pytest.mark.parametrize("is_keyed", [True, False])
def test_30_k_the_same_request_at_the_same_instant_is_not_somebody_else(
    clinic: Clinic, action: str, is_keyed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The equal one was faster, between two statements of this one."""
    caller = clinic.site() | ({"Idempotency-Key": "one"} if is_keyed else {})
    body: dict[str, Any] = {"service": "consult", "starts_at": clinic.at(12), "resource": "ivanova"}
    body |= {"visitor": VISITOR} if action == "book" else {}
    original, answers = BookingRules.wanted, []

    def wanted(*given: Any) -> BookingRequest:
        monkeypatch.setattr(BookingRules, "wanted", original)
        answers.append(clinic.act(action, caller, **body))
        return original(*given)

    monkeypatch.setattr(BookingRules, "wanted", wanted)
    answers.append(clinic.act(action, caller, **body))
    if action == "hold_slot" and not is_keyed:
        assert [one.status for one in answers] == [201, 409]  # nothing says that it is the same
        return
    assert {one.status for one in answers} == {200 if action == "book" else 201}
    first, second = (json_of(one) for one in answers)
    assert (first.get("link"), first.get("hold")) == (second.get("link"), second.get("hold"))


def _later(wanted: BookingRequest) -> BookingRequest:
    return BookingRequest(wanted.service, wanted.seat, wanted.starts_at + timedelta(hours=2), 30, 15, wanted.facts)


# --- other people's calendars -------------------------------------------------------------------------------------


_YEAR = MONDAY.year + 1
_CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
{events}END:VCALENDAR
"""


def _days_off(clinic: Clinic, *events: str) -> list[tuple[str, str, str]]:
    text = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    answer = clinic.act("read_days_off", calendar=_CALENDAR.format(events=text))
    assert answer.status == 200, answer.body.decode()
    return [(one["first"], one["last"], one["note"]) for one in json_of(answer)["days_off"]]


def test_30_k_days_that_a_calendar_takes_out_of_a_rule_are_no_days_off(clinic: Clinic) -> None:
    rule = f"""UID:a
SUMMARY:Санитарный день
DTSTART;VALUE=DATE:{_YEAR}0301
RRULE:FREQ=MONTHLY;COUNT=4
EXDATE;VALUE=DATE:{_YEAR}0401,{_YEAR}0501
RDATE;VALUE=DATE:{_YEAR}0715"""
    assert [first for first, *_ in _days_off(clinic, rule)] == [f"{_YEAR}-03-01", f"{_YEAR}-06-01", f"{_YEAR}-07-15"]


def test_30_k_one_of_several_that_was_moved_stands_in_its_new_place_only(clinic: Clinic) -> None:
    rule = f"UID:a\nSUMMARY:Уборка\nDTSTART;VALUE=DATE:{_YEAR}0301\nRRULE:FREQ=MONTHLY;COUNT=2"
    moved = f"UID:a\nSUMMARY:Уборка\nRECURRENCE-ID;VALUE=DATE:{_YEAR}0401\nDTSTART;VALUE=DATE:{_YEAR}0407"
    assert [first for first, *_ in _days_off(clinic, rule, moved)] == [f"{_YEAR}-03-01", f"{_YEAR}-04-07"]


def test_30_k_what_a_calendar_says_is_cancelled_is_no_day_off(clinic: Clinic) -> None:
    rule = f"UID:a\nDTSTART;VALUE=DATE:{_YEAR}0301\nRRULE:FREQ=MONTHLY;COUNT=2"
    single = f"UID:b\nDTSTART;VALUE=DATE:{_YEAR}0601\nSTATUS:CANCELLED"
    one_of_many = f"UID:a\nRECURRENCE-ID;VALUE=DATE:{_YEAR}0401\nDTSTART;VALUE=DATE:{_YEAR}0401\nSTATUS:CANCELLED"
    assert [first for first, *_ in _days_off(clinic, rule, single, one_of_many)] == [f"{_YEAR}-03-01"]


def test_30_k_a_holiday_that_began_long_ago_is_not_left_out(clinic: Clinic) -> None:
    found = _days_off(clinic, "UID:a\nSUMMARY:Рождество\nDTSTART;VALUE=DATE:19180107\nRRULE:FREQ=YEARLY")
    assert (f"{_YEAR}-01-07", f"{_YEAR}-01-07", "Рождество") in found


@pytest.mark.parametrize(
    ("action", "more"),
    [("move_booking", {}), ("cancel_booking", {}), ("set_attendance", {"attendance": "missed"})],
)
def test_38_5_who_changes_what_somebody_else_has_changed_is_told(
    clinic: Clinic, action: str, more: dict[str, Any]
) -> None:
    """By the version that they have seen; the same request once more is no conflict."""
    seen = clinic.booked()["booking"]
    moved = json_of(clinic.act("move_booking", id=seen["id"], starts_at=clinic.at(15), version=seen["version"]))
    wanted = {"starts_at": clinic.at(16)} if action == "move_booking" else more
    refused = clinic.act(action, id=seen["id"], version=seen["version"], **wanted)
    assert (refused.status, json_of(refused)["code"]) == (409, "booking_changed")
    (now,) = clinic.bookings()
    assert (now["starts_at"], now["state"]) == (clinic.at(15), "booked")
    for _ in range(2):
        answer = clinic.act(action, id=seen["id"], version=moved["booking"]["version"], **wanted)
        assert answer.status == 200, answer.body.decode()


@pytest.mark.parametrize(
    ("action", "statement", "more"),
    [
        ("move_booking", "move", {}),
        ("cancel_booking", "cancel", {}),
        ("set_attendance", "mark", {"attendance": "came"}),
    ],
)
def test_38_5_a_version_holds_until_the_change_is_made(
    clinic: Clinic, action: str, statement: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is faster after the version was compared and before the row is changed: also they are seen first. An
    equal request that was faster is no conflict."""
    seen = clinic.booked()["booking"]
    wanted = {"starts_at": clinic.at(16)} if action == "move_booking" else more
    original = getattr(rows, statement)

    def after(act: Callable[[], object]) -> Any:
        def changed(*given: Any, **named: Any) -> Any:
            monkeypatch.setattr(rows, statement, original)
            act()
            return original(*given, **named)

        monkeypatch.setattr(rows, statement, changed)
        return clinic.act(action, id=seen["id"], version=seen["version"], **wanted)

    refused = after(lambda: clinic.act("move_booking", id=seen["id"], starts_at=clinic.at(15)))
    assert (refused.status, json_of(refused).get("code")) == (409, "booking_changed")
    (seen,) = clinic.bookings()
    assert (seen["starts_at"], seen["state"], seen["attendance"]) == (clinic.at(15), "booked", None)
    equal = after(lambda: clinic.act(action, id=seen["id"], version=seen["version"], **wanted))
    assert equal.status == 200, equal.body.decode()
    assert clinic.bookings()[0]["version"] == seen["version"] + 1
