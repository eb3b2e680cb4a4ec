"""Rows K1-K4: from a free time to a task in amoCRM, and back."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from features.bookings import reconciliation_queue, rows, statements
from features.bookings.crm_sync import start_sync
from shared.connections import integrations
from shared.platform.http import Request
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage import key_rotation, retention
from shared.storage.encryption import generate_key
from tests.bookings.conftest import ALL_WEEK, MONDAY, SITE, VISITOR, Clinic, settings
from tests.story import Story, json_of

OTHER = {"name": "Пётр", "phone": "+7 916 000-00-00"}


def _code(answer: Any) -> tuple[int, str]:
    return answer.status, json_of(answer)["code"]


# --- free times (K1) ----------------------------------------------------------------------------------------------


def test_free_times_keep_to_hours_breaks_and_lengths(clinic: Clinic) -> None:
    free = clinic.free(resource="ivanova")
    assert (free[0], free[-1]) == ("09:00", "17:30")
    assert "12:30" in free
    assert not {"12:45", "13:00", "13:45"} & set(free)
    assert clinic.free(service="massage")[-1] == "17:00"


def test_days_without_a_free_time_are_told_too(clinic: Clinic) -> None:
    found = clinic.slots(None, **{"from": clinic.at(0, days=4)[:10], "to": clinic.at(0, days=7)[:10]})
    assert [len(times) > 0 for times in found.values()] == [True, False, False, True]


def test_a_visitor_keeps_to_notice_and_horizon_and_the_company_does_not(clinic: Clinic) -> None:
    clinic.set_up(notice_minutes=120, ahead_days=1)
    today = {"from": clinic.at(0, days=0)[:10], "to": clinic.at(0, days=0)[:10]}
    assert clinic.free(**today)[0] == "10:15"
    card = clinic.card()
    assert next(iter(clinic.slots(card, **today).values()))[0] == "09:00"
    assert clinic.free(**{"from": clinic.at(0, days=2)[:10], "to": clinic.at(0, days=2)[:10]}) == []
    assert clinic.slots(card, **{"from": clinic.at(0, days=2)[:10], "to": clinic.at(0, days=2)[:10]})


def test_how_far_ahead_one_may_book_is_told_in_whole_days(clinic: Clinic) -> None:
    """Of a day and a night each, to the minute, for a visitor; about three years for the company."""
    clinic.story.clock.advance(hours=3)  # it is eleven o'clock
    clinic.set_up(notice_minutes=0, ahead_days=4)
    day = clinic.at(0, days=4)[:10]
    assert clinic.free(**{"from": day, "to": day})[-1] == "11:00"
    card = clinic.card()
    assert clinic.book(card, starts_at=clinic.at(10, days=3 * 364)).status == 200
    refused = clinic.book(card, starts_at=clinic.at(10, days=3 * 364 + 7))
    assert (refused.status, json_of(refused)["errors"][0]["detail"]) == (422, "is too far ahead")


def test_services_that_are_not_public_are_for_the_company(clinic: Clinic) -> None:
    shown = json_of(clinic.story.crm("get_services", clinic.site()))
    assert [one["id"] for one in shown["services"]] == ["consult", "massage"]
    assert [one["id"] for one in shown["resources"]] == ["ivanova", "petrov"]
    inner = json_of(clinic.story.crm("get_services", clinic.card()))
    assert [one["id"] for one in inner["services"]] == ["consult", "massage", "inner"]
    assert _code(clinic.book(service="inner")) == (422, "invalid_input")


@pytest.mark.parametrize(
    "query",
    [
        {"service": "nothing"},
        {"service": "consult", "resource": "nobody"},
        {"service": "massage", "resource": "ivanova"},
        {"service": "consult", "from": "yesterday"},
        {"service": "consult", "from": "2026-01-01", "to": "2026-02-01"},
        {"service": "consult", "from": "2026-01-02", "to": "2026-01-01"},
        {"service": "consult", "from": "0001-01-01"},
        {"service": "consult", "booking": "x"},
    ],
)
def test_what_nobody_can_ask(clinic: Clinic, query: dict[str, str]) -> None:
    assert _code(clinic.story.crm("get_slots", clinic.site(), query=query)) == (422, "invalid_input")


def test_turned_off_nothing_can_be_booked(clinic: Clinic) -> None:
    clinic.set_up(is_on=False)
    assert _code(clinic.book()) == (409, "bookings_off")
    assert _code(clinic.story.crm("get_services", clinic.site())) == (409, "bookings_off")


# --- booking (K2) -------------------------------------------------------------------------------------------------


@pytest.mark.vendor("tasks.duration")
def test_a_visitor_books_on_the_site(clinic: Clinic) -> None:
    answer = clinic.booked(comment="Болит спина")
    assert answer["booking"]["starts_at"] == clinic.at(10)
    assert answer["booking"]["visitor"] == VISITOR | {"comment": "Болит спина"}
    assert (answer["booking"]["lead_id"], "results" in answer) == (None, False)
    (task,) = clinic.tasks()
    assert task["duration"] == 1800
    assert task["text"].startswith("Консультация: Анна Смирнова, +7 916 555-44-33")
    lead = clinic.account()["leads"][str(task["entity_id"])]
    assert lead["price"] == 2500
    assert task["responsible_user_id"] == lead["responsible_user_id"]
    (note,) = clinic.notes(lead["id"])
    for part in ("Запись на приём", "Болит спина", "Иванова А. П.", "Лесная, 12", "#visit=visit_"):
        assert part in note
    free = clinic.free(resource="ivanova")
    assert "10:00" not in free  # taken
    assert "09:30" not in free  # would reach into it
    assert "10:30" not in free  # kept free after it
    assert {"09:15", "10:45"} <= set(free)


def test_the_person_is_found_as_for_a_form(clinic: Clinic) -> None:
    clinic.booked()
    clinic.booked(starts_at=clinic.at(12), visitor=VISITOR | {"phone": "8 916 555 44 33"})
    contacts = [one for one in clinic.account()["contacts"].values() if one["name"] == "Анна Смирнова"]
    assert len(contacts) == 1
    assert len({task["entity_id"] for task in clinic.tasks()}) == 2


def test_a_manager_books_in_the_deal(clinic: Clinic) -> None:
    story = clinic.story
    deals = len(clinic.account()["leads"])
    pipeline = list(clinic.account()["pipelines"].values())[1]
    stage = pipeline["_embedded"]["statuses"][2]["id"]
    user = next(iter(clinic.account()["users"].values()))["id"]
    doctors = settings()["bookings"]["resources"]
    doctors[0] = doctors[0] | {"user_id": user}
    rules = [{"source": "booking.doctor", "entity": "leads", "field": "Врач"}]
    content = settings(pipeline_id=pipeline["id"], status_id=stage, resources=doctors)
    saved = story.crm("save_settings", story.admin(), content | {"submissions": {"mapping": rules}})
    assert saved.status == 200, saved.body.decode()
    answer = clinic.booked(clinic.card(), visitor={})
    (task,) = clinic.tasks()
    assert (task["entity_id"], task["responsible_user_id"]) == (story.lead_id, user)
    assert len(clinic.account()["leads"]) == deals
    lead = clinic.account()["leads"][str(story.lead_id)]
    assert (lead["pipeline_id"], lead["status_id"]) == (pipeline["id"], stage)
    named = {one["field_name"]: one["values"][0]["value"] for one in lead["custom_fields_values"]}
    assert named["Врач"] == "Иванова А. П."
    assert answer["results"]["task"]["task_id"] == task["id"]


@pytest.mark.parametrize("refused", ["fields", "stage"])
def test_h1_what_a_deal_that_is_there_does_not_take_is_told(clinic: Clinic, refused: str) -> None:
    """30-H1: a refused field keeps the deal from no stage, nor a refused stage from its fields."""
    story = clinic.story
    pipeline = list(clinic.account()["pipelines"].values())[1]
    stage = pipeline["_embedded"]["statuses"][2]["id"]
    rules = [{"source": "booking.doctor", "entity": "leads", "field": "Врач"}]
    content = settings(pipeline_id=pipeline["id"], status_id=stage) | {"submissions": {"mapping": rules}}
    assert story.crm("save_settings", story.admin(), content).status == 200
    if refused == "stage":
        story.simulator.control("remove", domain=story.domain, status=stage)
    else:
        body = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": []}]})
        story.simulator.fault("status", path=r"/api/v4/leads/\d+", method="PATCH", status=400, times=1, body=body)
    clinic.booked(clinic.card(), visitor={})
    lead = clinic.account()["leads"][str(story.lead_id)]
    named = {one["field_name"]: one["values"][0]["value"] for one in lead["custom_fields_values"] or []}
    notes = "\n".join(note["params"].get("text", "") for note in story.notes())
    assert (lead["status_id"] == stage) == (refused == "fields")
    assert named.get("Врач") == (None if refused == "fields" else "Иванова А. П.")
    assert ("booking.doctor: Иванова А. П." in notes) == (refused == "fields")
    assert "submission.values_refused" in story.events()


def test_goods_and_price_as_for_a_calculation(clinic: Clinic) -> None:
    services = settings()["bookings"]["services"]
    services[0] = services[0] | {"sku": "CONS-1"}
    clinic.set_up(services=services)
    clinic.booked()
    (task,) = clinic.tasks()
    links = clinic.account()["links"][str(task["entity_id"])]
    assert [one["to_entity_type"] for one in links if one["to_entity_type"] == "catalog_elements"] != []


def test_the_same_request_is_the_same_booking(clinic: Clinic) -> None:
    first = clinic.booked()
    again = clinic.booked()
    assert again["booking"]["id"] == first["booking"]["id"]
    assert again["link"] == first["link"]
    keyed = clinic.site() | {"Idempotency-Key": "k1"}
    made = clinic.booked(keyed, starts_at=clinic.at(12))
    assert clinic.booked(keyed, starts_at=clinic.at(12))["booking"]["id"] == made["booking"]["id"]
    assert _code(clinic.book(keyed, starts_at=clinic.at(15))) == (409, "idempotency_key_reused")
    assert len(clinic.tasks()) == 2


def test_cancelled_and_booked_again_at_once(clinic: Clinic) -> None:
    first = clinic.booked()
    clinic.act("cancel_booking", id=first["booking"]["id"])
    again = clinic.booked()
    assert again["booking"]["id"] != first["booking"]["id"]
    assert again["booking"]["state"] == "booked"


@pytest.mark.parametrize(
    "changed",
    [
        {"starts_at": None},
        {"starts_at": "2026-11-30T10:00:00"},
        {"starts_at": "1999-11-30T10:00:00Z"},
        {"starts_at": "9999-12-31T23:59:59Z"},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"resource": "nobody"},
        {"resource": "room-1"},
        {"service": "nothing"},
        {"service": "massage", "resource": "ivanova"},
        {"visitor": {"name": "Без телефона"}},
        {"visitor": {"phone": "+79165554433"}},
        {"visitor": {"name": "x", "phone": "нет"}},
        {"lead_id": 1},
        {"comment": "x" * 2001},
        {"surprise": True},
    ],
)
def test_what_is_no_booking(clinic: Clinic, changed: dict[str, Any]) -> None:
    assert _code(clinic.book(**changed)) == (422, "invalid_input")
    assert clinic.tasks() == []


def test_times_that_are_never_free(clinic: Clinic) -> None:
    for hour, minute in ((8, 45), (12, 45), (13, 0), (17, 45), (10, 7)):
        refused = clinic.book(starts_at=clinic.at(hour, minute))
        assert _code(refused) == (422, "invalid_input"), (hour, minute)
        assert [one["path"] for one in json_of(refused)["errors"]] == ["starts_at"]
    assert clinic.book(starts_at=clinic.at(10, days=5)).status == 422  # a Saturday
    assert clinic.book(starts_at=clinic.at(10, days=70)).status == 422


def test_a_robot_is_answered_as_if_all_were_well(clinic: Clinic) -> None:
    assert clinic.book(trap="x").status == 202
    assert clinic.tasks() == []
    assert "booking.bot" in clinic.story.events()


@pytest.mark.parametrize("page", ["web/booking/booking.js", "examples/site/index.html", "docs/forms.md"])
def test_a_trap_is_called_what_no_browser_fills_in(page: str) -> None:
    """A password manager knows what a "website" is, and whoever let it fill in the page was told that they were booked,
    as a robot is."""
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    traps = [line for line in text.splitlines() if "tabindex" in line.casefold() and "autocomplete" in line]
    named = {name for line in traps for name in re.findall(r"""name[:=] ?"(\w+)""", line)}
    assert named == {"_trap"}


def test_a_phone_has_only_so_many_visits_to_come(clinic: Clinic) -> None:
    clinic.set_up(most_per_phone=2)
    clinic.booked()
    clinic.booked(starts_at=clinic.at(11), visitor=VISITOR | {"phone": "89165554433"})
    assert _code(clinic.book(starts_at=clinic.at(12))) == (409, "too_many_bookings")
    clinic.booked(clinic.card(), starts_at=clinic.at(12))  # the company may


def test_30_an_e_mail_has_only_so_many_visits_where_no_phone_is_given(clinic: Clinic) -> None:
    clinic.set_up(most_per_phone=1)
    visitor = {"name": "Анна", "email": "anna@example.org"}
    clinic.booked(visitor=visitor)
    again = clinic.book(starts_at=clinic.at(12), visitor=visitor | {"email": "Anna@example.org "})
    assert _code(again) == (409, "too_many_bookings")
    clinic.booked(starts_at=clinic.at(12), visitor=visitor | {"email": "boris@example.org"})


def test_30_k_a_phone_has_no_more_visits_because_the_key_that_writes_is_another_one(clinic: Clinic) -> None:
    clinic.set_up(most_per_phone=1)
    clinic.booked()
    runtime = clinic.story.runtime
    keys = (("k2", Secret(generate_key())), *runtime.settings.encryption_keys)
    clinic.story.runtime = Runtime.build(
        replace(runtime.settings, encryption_keys=keys), runtime.clock, runtime.database
    )
    assert _code(clinic.book(starts_at=clinic.at(12))) == (409, "too_many_bookings")
    held = json_of(_hold(clinic, 12))["hold"]
    assert _code(clinic.act("book", clinic.site(), hold=held, visitor=VISITOR)) == (409, "too_many_bookings")


def test_a_deal_that_is_not_there_takes_nobodys_time(clinic: Clinic) -> None:
    refused = clinic.book(clinic.story.admin() | {"X-Lead-Id": "999999999"})
    assert refused.status == 404
    assert "10:00" in clinic.free(resource="ivanova")


def test_without_forms_a_booking_needs_a_deal(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.registry.submission", lambda: None)
    assert _code(clinic.book()) == (422, "invalid_input")
    clinic.booked(clinic.card())
    (task,) = clinic.tasks()
    assert task["entity_id"] == clinic.story.lead_id


# --- holds --------------------------------------------------------------------------------------------------------


def _hold(clinic: Clinic, hour: int = 10, resource: str | None = "ivanova", **headers: str) -> Any:
    body = {"service": "consult", "starts_at": clinic.at(hour), "resource": resource}
    return clinic.story.crm("hold_slot", clinic.site() | headers, body)


def test_a_time_is_held_while_the_form_is_filled_in(clinic: Clinic) -> None:
    held = json_of(_hold(clinic))
    assert "10:00" not in clinic.free(resource="ivanova")
    assert _code(clinic.book()) == (409, "slot_taken")
    body = {"hold": held["hold"], "visitor": VISITOR}
    made = json_of(clinic.story.crm("book", clinic.site(), body))
    assert (made["booking"]["id"], made["booking"]["starts_at"]) == (held["hold"], clinic.at(10))
    again = json_of(clinic.story.crm("book", clinic.site(), body))
    assert (again["booking"]["id"], again["link"]) == (held["hold"], made["link"])
    other = clinic.story.crm("book", clinic.site(), {"hold": held["hold"], "visitor": OTHER})
    assert _code(other) == (409, "idempotency_key_reused")
    assert len(clinic.tasks()) == 1


def test_a_hold_ends_by_itself(clinic: Clinic) -> None:
    held = json_of(_hold(clinic))
    clinic.story.clock.advance(minutes=11)
    assert "10:00" in clinic.free(resource="ivanova")
    clinic.booked(visitor=OTHER)
    late = clinic.story.crm("book", clinic.site(), {"hold": held["hold"], "visitor": VISITOR})
    assert _code(late) == (409, "hold_ended")


def test_a_hold_that_has_ended_is_good_while_nobody_took_its_time(clinic: Clinic) -> None:
    held = json_of(_hold(clinic))
    clinic.story.clock.advance(minutes=11)
    assert clinic.story.crm("book", clinic.site(), {"hold": held["hold"], "visitor": VISITOR}).status == 200


def test_a_hold_is_given_back(clinic: Clinic) -> None:
    held = json_of(_hold(clinic))
    released = clinic.story.crm("release_slot", clinic.site(), {"hold": held["hold"]})
    assert json_of(released) == {"released": True}
    assert "10:00" in clinic.free(resource="ivanova")
    made = clinic.booked()
    left = clinic.story.crm("release_slot", clinic.site(), {"hold": made["booking"]["id"]})
    assert json_of(left) == {"released": False}
    assert clinic.bookings()[0]["state"] == "booked"


def test_nobody_holds_everything(clinic: Clinic) -> None:
    assert [_hold(clinic, hour).status for hour in (9, 10, 11)] == [201] * 3
    assert _code(_hold(clinic, 12)) == (409, "too_many_holds")
    clinic.story.clock.advance(minutes=11)
    assert _hold(clinic, 12).status == 201


def test_each_user_of_the_account_holds_for_themselves(clinic: Clinic) -> None:
    """They sit in one office, behind one address."""

    def held(user_id: int, hour: int) -> int:
        made = clinic.story.simulator.control(
            "one-time-token", domain=clinic.story.domain, client_id=clinic.story.client_id, user_id=user_id
        )
        body = {"service": "consult", "starts_at": clinic.at(hour), "resource": "ivanova"}
        return clinic.story.crm("hold_slot", {"X-Auth-Token": made["token"]}, body).status

    assert [held(1, hour) for hour in (9, 10, 11, 12)] == [201, 201, 201, 409]
    assert held(2, 12) == 201


def test_holds_that_nobody_took_are_swept(clinic: Clinic) -> None:
    _hold(clinic)
    clinic.run(seconds=12 * 60)
    assert clinic.story.sql("SELECT count(*) FROM amocrm_bookings") == [(0,)]
    assert clinic.story.sql("SELECT count(*) FROM amocrm_booking_times") == [(0,)]


# --- nobody twice (K3) --------------------------------------------------------------------------------------------


def test_nobody_has_the_same_time(clinic: Clinic) -> None:
    clinic.booked()
    assert _code(clinic.book(visitor=OTHER, starts_at=clinic.at(10, 15))) == (409, "slot_taken")
    other = clinic.booked(resource=None, visitor=OTHER)
    assert other["booking"]["resource"]["id"] == "petrov"
    assert _code(clinic.book(resource=None, visitor=OTHER | {"name": "Ольга"})) == (409, "slot_taken")


def test_a_room_is_nobodys_twice(clinic: Clinic) -> None:
    services = settings()["bookings"]["services"]
    services[1] = services[1] | {"resources": []}
    clinic.set_up(services=services)
    clinic.booked(service="massage")
    assert _code(clinic.book(service="massage", resource="petrov", visitor=OTHER)) == (409, "slot_taken")
    clinic.booked(resource="petrov", visitor=OTHER)  # what needs no room


def test_postgresql_itself_keeps_visits_apart(clinic: Clinic) -> None:
    """However many at once, and whatever each of them has read before."""
    story = clinic.story
    runtimes = [Runtime.build(story.runtime.settings, story.clock) for _ in range(4)]
    stories = [Story(**{**story.__dict__, "runtime": runtime}) for runtime in runtimes]
    times = [clinic.at(11, 15 * (number % 3)) for number in range(24)]

    def book(number: int) -> int:
        visitor = {"name": f"Гость {number}", "phone": f"+7916{number:07}"}
        body = {"service": "consult", "starts_at": times[number], "resource": "ivanova", "visitor": visitor}
        return stories[number % 4].crm("book", story.application(), body).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(book, range(24)))
    for runtime in runtimes:
        runtime.close()
    clinic.run(120)
    assert set(statuses) <= {200, 202, 409}
    assert sum(status != 409 for status in statuses) == 1, statuses
    assert len(clinic.tasks()) == 1


def test_of_many_who_want_one_time_none_waits_for_another_in_a_circle(clinic: Clinic) -> None:
    """Whoever has to wait has put nothing in yet: else the first one, who may not wait for them, would."""
    story = clinic.story
    integration_id = story.row().id
    starts_at = story.clock.now() + timedelta(days=1)

    def made(connection: psycopg.Connection, low: int) -> bool:
        facts = {"state": "booked", "hold": None, "holder": None, "most_held": 100, "every": timedelta(minutes=5)}
        place = {"id": uuid4(), "integration_id": integration_id, "service": "consult", "resource": "ivanova"}
        when = {"room": None, "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
        parameters = place | when | facts | rows.NOTHING | {"facts": Jsonb({}), "lows": [low], "highs": [low + 10]}
        try:
            return connection.execute(statements.MAKE, parameters).fetchone() is not None
        except psycopg.errors.ExclusionViolation:
            return False

    url = story.runtime.settings.database_url.reveal()
    with psycopg.connect(url) as first, psycopg.connect(url, autocommit=True) as second, ThreadPoolExecutor(1) as pool:
        assert made(first, 0)
        waiting = pool.submit(made, second, 5)
        while not story.sql(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%ended AS%'"
        ):
            assert not waiting.done()
        assert made(first, 12)  # beside its own, and over that of whoever waits
        first.commit()
        assert not waiting.result()


def test_who_sweeps_holds_leaves_what_is_being_booked(clinic: Clinic) -> None:
    """It waited for whoever took a hold over, and then removed their visit; or the two waited in a circle, where the
    other one removed what had ended, too."""
    story = clinic.story
    for hour in (10, 11):
        _hold(clinic, hour)
    story.clock.advance(hours=1)
    url = story.runtime.settings.database_url.reveal()
    books = "UPDATE amocrm_bookings SET state = 'booked', held_until = NULL, holder = NULL WHERE starts_at = %s"
    with (
        psycopg.connect(url) as booking,
        psycopg.connect(url, autocommit=True) as sweeping,
        ThreadPoolExecutor(1) as pool,
    ):
        assert booking.execute(books, [clinic.at(10)]).rowcount == 1
        swept = pool.submit(lambda: sweeping.execute(reconciliation_queue.SWEEP, {"limit": 100}).rowcount)
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid = %s"
        while not swept.done() and not story.sql(waits, sweeping.info.backend_pid):
            pass
        booking.commit()
        assert swept.result() == 1
    assert story.sql("SELECT state FROM amocrm_bookings") == [("booked",)]


def test_a_time_that_was_free_when_it_was_read(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.booked()
    monkeypatch.setattr(rows, "taken", lambda *_: {})
    assert _code(clinic.book(visitor=OTHER)) == (409, "slot_taken")
    assert _code(_hold(clinic)) == (409, "slot_taken")
    other = clinic.booked(starts_at=clinic.at(12), visitor=OTHER)
    moved = clinic.act("move_booking", id=other["booking"]["id"], starts_at=clinic.at(10))
    assert _code(moved) == (409, "slot_taken")
    assert clinic.bookings()[-1]["starts_at"] == clinic.at(12)


# --- moved, cancelled, missed (K4) --------------------------------------------------------------------------------


@pytest.mark.vendor("tasks.complete")
def test_moved_and_cancelled(clinic: Clinic) -> None:
    made = clinic.booked()
    moved = clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(11))
    assert moved.status == 200, moved.body.decode()
    (task,) = clinic.tasks()
    assert task["complete_till"] % 86400 == 8 * 3600
    assert "10:00" in clinic.free(resource="ivanova")
    cancelled = clinic.act("cancel_booking", id=made["booking"]["id"], reason="Заболела")
    assert cancelled.status == 200, cancelled.body.decode()
    (task,) = clinic.tasks()
    assert (task["is_completed"], task["result"]) == (True, {"text": "Приём отменён"})
    assert "11:00" in clinic.free(resource="ivanova")
    notes = clinic.notes(task["entity_id"])
    assert [note.splitlines()[0] for note in notes] == ["Запись на приём", "Приём перенесён", "Приём отменён"]
    assert "Заболела" in notes[2]
    assert _code(clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(12))) == (
        409,
        "booking_cancelled",
    )
    assert clinic.act("cancel_booking", id=made["booking"]["id"]).status == 200  # twice is no error
    assert len(clinic.notes(task["entity_id"])) == 3


def test_a_visit_moves_by_less_than_its_length(clinic: Clinic) -> None:
    made = clinic.booked()
    assert "10:15" in clinic.free(resource="ivanova", booking=made["booking"]["id"])
    moved = clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(10, 15))
    assert moved.status == 200, moved.body.decode()
    again = clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(10, 15))
    assert json_of(again)["delivery_id"] == json_of(moved)["delivery_id"]


def test_a_visit_moves_to_another_doctor(clinic: Clinic) -> None:
    made = clinic.booked()
    moved = clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(10), resource="petrov")
    assert json_of(moved)["booking"]["resource"] == {"id": "petrov", "name": "Петров С. И."}
    assert "10:00" in clinic.free(resource="ivanova")


@pytest.mark.vendor("tasks.reopen")
def test_whether_the_visitor_came(clinic: Clinic) -> None:
    booking_id = clinic.booked()["booking"]["id"]
    clinic.act("set_attendance", id=booking_id, attendance="missed")
    (task,) = clinic.tasks()
    assert (task["is_completed"], task["result"]["text"]) == (True, "Клиент не пришёл")
    assert clinic.bookings()[0]["attendance"] == "missed"
    clinic.act("set_attendance", id=booking_id, attendance=None)
    (task,) = clinic.tasks()
    assert task["is_completed"] is False


def test_a_cancelled_visit_moves_the_deal_where_that_is_set(clinic: Clinic) -> None:
    pipeline = list(clinic.account()["pipelines"].values())[1]
    statuses = [one["id"] for one in pipeline["_embedded"]["statuses"]]
    clinic.set_up(pipeline_id=pipeline["id"], status_id=statuses[1], cancelled_status_id=statuses[2])
    made = clinic.booked()
    clinic.act("cancel_booking", id=made["booking"]["id"])
    (task,) = clinic.tasks()
    assert clinic.account()["leads"][str(task["entity_id"])]["status_id"] == statuses[2]


def test_a_card_sees_and_changes_its_own_deals_visits_only(clinic: Clinic) -> None:
    own = clinic.booked(clinic.card(), visitor={})
    other_lead = next(int(one) for one in clinic.account()["leads"] if int(one) != clinic.story.lead_id)
    other = clinic.card(other_lead)
    listed = json_of(clinic.story.crm("get_bookings", other))
    assert listed["bookings"] == []
    for action, more in (
        ("move_booking", {"starts_at": clinic.at(11)}),
        ("cancel_booking", {}),
        ("set_attendance", {}),
    ):
        assert clinic.act(action, other, id=own["booking"]["id"], **more).status == 403
    assert len(json_of(clinic.story.crm("get_bookings", clinic.card()))["bookings"]) == 1
    strangers = clinic.booked(starts_at=clinic.at(15))["booking"]["id"]  # its deal was made by us
    assert clinic.act("cancel_booking", other, id=strangers).status == 403
    assert clinic.act("cancel_booking", other, id="00000000-0000-0000-0000-000000000000").status == 404


def test_a_viewer_sees_times_and_no_people(clinic: Clinic) -> None:
    clinic.booked()
    story = clinic.story
    made = json_of(story.crm("create_administrator", story.admin(), {"name": "Анна", "rights": "see"}))
    link = made["sign_in_link"] if "sign_in_link" in made else made["link"]
    signed = story.crm("sign_in", {"Authorization": f"Bearer {link.rpartition('=')[2]}"}, {})
    viewer = story.admin() | {"Authorization": f"Bearer {json_of(signed)['token']}"}
    query = {"from": clinic.at(0)[:10], "to": clinic.at(0)[:10]}
    (shown,) = json_of(story.crm("get_bookings", viewer, query=query))["bookings"]
    assert (shown["starts_at"], shown["visitor"]) == (clinic.at(10), None)


# --- a visitor's link ---------------------------------------------------------------------------------------------


def test_a_visitor_moves_and_cancels_by_the_link(clinic: Clinic) -> None:
    link = clinic.booked()["link"]
    shown = json_of(clinic.visit(link))
    assert shown["visit"]["starts_at"] == clinic.at(10)
    assert (shown["visit"]["may_change"], "visitor" in shown["visit"]) == (True, False)
    assert "BEGIN:VEVENT" in shown["calendar"]
    free = json_of(clinic.visit(link, "slots", first=clinic.at(0)[:10], last=clinic.at(0)[:10]))
    assert clinic.at(10, 15) in [slot["starts_at"] for slot in free["days"][0]["slots"]]
    moved = json_of(clinic.visit(link, "move", starts_at=clinic.at(15)))
    assert moved["visit"]["starts_at"] == clinic.at(15)
    clinic.run(1)
    (task,) = clinic.tasks()
    assert task["complete_till"] % 86400 == 12 * 3600
    gone = json_of(clinic.visit(link, "cancel"))
    assert (gone["visit"]["state"], gone["visit"]["may_change"]) == ("cancelled", False)
    assert json_of(clinic.visit(link, "cancel"))["visit"]["state"] == "cancelled"
    clinic.run(1)
    (task,) = clinic.tasks()
    assert task["is_completed"] is True


@pytest.mark.parametrize(
    "days", [{"first": "9999-12-31"}, {"first": "0001-01-01"}, {"last": "9999-12-31"}, {"last": "0001-01-01"}]
)
def test_days_at_the_ends_of_our_calendar_are_refused(clinic: Clinic, days: dict[str, str]) -> None:
    assert _code(clinic.visit(clinic.booked()["link"], "slots", **days)) == (422, "invalid_input")


def test_too_late_a_visitor_calls(clinic: Clinic) -> None:
    link = clinic.booked(starts_at=clinic.at(10, days=0))["link"]
    clinic.story.clock.advance(seconds=60 * 60 + 30)
    assert _code(clinic.visit(link, "move", starts_at=clinic.at(12))) == (409, "too_late")
    assert _code(clinic.visit(link, "cancel")) == (409, "too_late")
    assert json_of(clinic.visit(link))["visit"]["may_change"] is False
    clinic.story.clock.advance(hours=2)
    assert _code(clinic.visit(link, "cancel")) == (409, "booking_begun")
    clinic.story.clock.advance(days=2)
    assert clinic.visit(link).status == 401


def test_links_that_are_none(clinic: Clinic) -> None:
    clinic.booked()
    for token in ("visit_" + "x" * 24, "x" * 30, "cal_" + "x" * 24):
        assert clinic.visit(f"#visit={token}").status == 401
    assert clinic.visit("#visit=").status == 422
    dump = clinic.story.sql("SELECT row_to_json(b)::text FROM amocrm_bookings b")[0][0]
    for secret in ("Анна", "9165554433", "example.org", "visit_"):
        assert secret not in dump


@pytest.mark.long
def test_a_removed_service_can_still_be_moved(clinic: Clinic) -> None:
    made = clinic.booked()
    clinic.set_up(services=settings()["bookings"]["services"][1:])
    moved = clinic.visit(made["link"], "move", starts_at=clinic.at(15))
    assert moved.status == 200, moved.body.decode()


# --- what happens in amoCRM ---------------------------------------------------------------------------------------


def _due(clinic: Clinic, hour: int, minute: int = 0) -> int:
    return int((MONDAY + timedelta(days=1)).timestamp()) + (hour - 8) * 3600 + minute * 60


def test_a_task_that_was_moved_moves_the_visit(clinic: Clinic) -> None:
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.person("tasks", task["id"], {"complete_till": _due(clinic, 15)})
    clinic.compare()
    assert clinic.bookings()[0]["starts_at"] == clinic.at(15)
    assert "10:00" in clinic.free(resource="ivanova")
    (task,) = clinic.tasks()
    assert task["complete_till"] == _due(clinic, 15)
    assert clinic.notes(task["entity_id"])[-1].startswith("Приём перенесён")
    assert clinic.compare()["due"] == 0


@pytest.mark.parametrize("minutes", [30, -30])
def test_tasks_of_a_day_that_were_moved_together_move_its_visits(clinic: Clinic, minutes: int) -> None:
    """Each to the time of the next one, which is free only when that one has moved, too."""
    for hour, minute in ((10, 0), (10, 30), (11, 0)):
        clinic.booked(clinic.card(), starts_at=clinic.at(hour, minute), service="inner")
    for task in clinic.tasks():
        clinic.person("tasks", task["id"], {"complete_till": task["complete_till"] + minutes * 60})
    clinic.compare()
    first = 10 * 60 + minutes
    wanted = [clinic.at(*divmod(first + later, 60)) for later in (0, 30, 60)]
    assert [(one["starts_at"], one["attention"]) for one in clinic.bookings()] == [(one, None) for one in wanted]


def test_a_task_that_was_moved_to_where_another_visit_was_given_up_moves_its_visit(clinic: Clinic) -> None:
    """Both in the same minutes: the deal of the later one is lost, and who came before it has its time."""
    clinic.booked()
    clinic.booked(starts_at=clinic.at(11), visitor=OTHER)
    first, other = clinic.tasks()
    clinic.person("tasks", first["id"], {"complete_till": _due(clinic, 11)})
    clinic.person("leads", other["entity_id"], {"status_id": 143})
    clinic.compare()
    shown = {one["lead_id"]: one for one in clinic.bookings()}
    assert shown[other["entity_id"]]["state"] == "cancelled"
    moved = shown[first["entity_id"]]
    assert (moved["state"], moved["starts_at"], moved["attention"]) == ("booked", clinic.at(11), None)


def test_visits_whose_tasks_have_exchanged_their_times_are_set_back_and_told(clinic: Clinic) -> None:
    """Neither time is ever free."""
    clinic.booked()
    clinic.booked(starts_at=clinic.at(11), visitor=OTHER)
    one, other = clinic.tasks()
    clinic.person("tasks", one["id"], {"complete_till": _due(clinic, 11)})
    clinic.person("tasks", other["id"], {"complete_till": _due(clinic, 10)})
    clinic.compare()
    assert [task["complete_till"] for task in clinic.tasks()] == [_due(clinic, 10), _due(clinic, 11)]
    assert len(clinic.bookings(needs_a_person="1")) == 2


def test_what_people_have_added_to_a_task_stays_when_its_visit_moves(clinic: Clinic) -> None:
    link = clinic.booked()["link"]
    (task,) = clinic.tasks()
    said = f"Взять снимки! {task['text']}"
    clinic.person("tasks", task["id"], {"text": said})
    clinic.visit(link, "move", starts_at=clinic.at(15))
    clinic.run(1)
    (moved,) = clinic.tasks()
    assert (moved["complete_till"], moved["text"]) == (_due(clinic, 15), said)


@pytest.mark.long
@pytest.mark.parametrize(("hour", "minute"), [(12, 0), (13, 0), (3, 0), (15, 7)])
def test_a_task_that_was_moved_to_where_it_cannot_be_is_set_back_and_told(
    clinic: Clinic, hour: int, minute: int
) -> None:
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.booked(starts_at=clinic.at(12), visitor=OTHER)
    clinic.person("tasks", task["id"], {"complete_till": _due(clinic, hour, minute)})
    clinic.compare()
    assert clinic.bookings()[0]["starts_at"] == clinic.at(10)
    (now,) = [one for one in clinic.tasks() if one["id"] == task["id"]]
    assert now["complete_till"] == _due(clinic, 10)
    assert clinic.notes(task["entity_id"])[-1].startswith("Приём остаётся на своём времени")
    (shown,) = clinic.bookings(needs_a_person="1")
    assert "a time that is not free" in shown["attention"]
    assert clinic.compare()["due"] == 0


def test_a_task_that_is_put_off_after_its_visit_stays_where_it_was_put(clinic: Clinic) -> None:
    """Overdue, until somebody says whether the visitor came: whoever puts it off to another day, as amoCRM proposes,
    has nothing to do with the visit's time."""
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.story.clock.advance(days=1, hours=10)
    clinic.person("tasks", task["id"], {"complete_till": (put_off := _due(clinic, 23 + 24, 59))})
    notes = clinic.notes(task["entity_id"])
    clinic.compare()
    (now,) = clinic.tasks()
    assert (now["complete_till"], clinic.notes(task["entity_id"])) == (put_off, notes)
    assert (clinic.bookings()[0]["starts_at"], clinic.bookings()[0]["attention"]) == (clinic.at(10), None)
    clinic.person("tasks", task["id"], {"is_completed": True, "result": {"text": "ok"}})
    clinic.compare()
    assert clinic.bookings()[0]["attendance"] == "came"


def test_a_task_that_was_done_means_that_the_visitor_came(clinic: Clinic) -> None:
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.story.clock.advance(days=1, hours=3)
    clinic.person("tasks", task["id"], {"is_completed": True, "result": {"text": "ok"}})
    clinic.compare()
    assert clinic.bookings()[0]["attendance"] == "came"


def test_a_task_that_was_done_or_deleted_too_early_is_told(clinic: Clinic) -> None:
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.person("tasks", task["id"], {"is_completed": True, "result": {"text": "ok"}})
    clinic.compare()
    assert "completed before the visit" in clinic.bookings()[0]["attention"]
    clinic.person("tasks", task["id"], delete=True)
    clinic.compare()
    assert "deleted" in clinic.bookings()[0]["attention"]
    assert "10:00" not in clinic.free(resource="ivanova")


def test_a_deal_that_is_lost_frees_the_time(clinic: Clinic) -> None:
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.person("leads", task["entity_id"], {"status_id": 143})
    clinic.compare()
    assert clinic.bookings()[0]["state"] == "cancelled"
    assert "10:00" in clinic.free(resource="ivanova")
    assert clinic.notes(task["entity_id"])[-1].startswith("Приём отменён")
    (task,) = clinic.tasks()
    assert task["is_completed"] is True


def test_a_deal_that_is_deleted_frees_the_time(clinic: Clinic) -> None:
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.person("leads", task["entity_id"], delete=True)
    clinic.compare()
    assert clinic.bookings()[0]["state"] == "cancelled"
    assert clinic.compare()["due"] == 0


def test_an_account_without_filters_loses_no_visit(clinic: Clinic) -> None:
    clinic.story.simulator.control("change-account", domain=clinic.story.domain, has_filters=False)
    for number in range(3):
        clinic.booked(starts_at=clinic.at(9 + number), visitor=VISITOR)
    clinic.compare()
    assert {one["state"] for one in clinic.bookings()} == {"booked"}


def test_amocrm_that_does_not_answer_changes_nothing(clinic: Clinic) -> None:
    clinic.booked()
    clinic.story.simulator.fault("status", status=504, path="/api/v4/(tasks|leads).*", times=1000)
    clinic.compare()
    clinic.story.simulator.control("no-faults")
    assert clinic.bookings()[0]["state"] == "booked"
    assert clinic.bookings()[0]["attention"] is None


# --- the worst night ----------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "timeout_after"])
@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/v4/leads/complex", "POST"),
        ("/api/v4/tasks", "POST"),
        ("/api/v4/leads/[0-9]+/notes", "POST"),
        ("/api/v4/tasks/[0-9]+", "PATCH"),
    ],
)
def test_a_lost_answer_writes_nothing_twice(clinic: Clinic, path: str, method: str, fault: str) -> None:
    deals = len(clinic.account()["leads"])
    clinic.story.simulator.fault(fault, path=path, method=method)
    made = json_of(clinic.book())
    clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(15))
    for _ in range(4):
        clinic.run(300)
    (task,) = clinic.tasks()
    assert task["complete_till"] == _due(clinic, 15)
    assert len(clinic.account()["leads"]) == deals + 1
    heads = [note.splitlines()[0] for note in clinic.notes(task["entity_id"])]
    assert sorted(heads) == ["Запись на приём", "Приём перенесён"]
    assert clinic.bookings()[0]["is_in_amocrm"] is True


def test_c7_a_visit_that_is_taken_up_again_finds_its_task(clinic: Clinic) -> None:
    """30-C7: its attempts are counted anew, and the task may be there all the same."""
    clinic.story.simulator.fault("reset_after", path="/api/v4/tasks", method="POST")
    made = json_of(clinic.book())
    clinic.story.sql("UPDATE amocrm_deliveries SET attempts = 59, due_at = amocrm_now()")
    clinic.story.simulator.fault("status", status=500, path="/api/v4/tasks", method="GET")
    assert clinic.run()["failed"] == {"dead": 1}
    assert clinic.act("retry_delivery", id=made["delivery_id"]).status == 202
    clinic.run(60)
    assert clinic.bookings()[0]["is_in_amocrm"] is True
    assert len(clinic.tasks()) == 1


def test_what_fails_beside_the_task_is_carried_out_later(clinic: Clinic) -> None:
    """The row knows its deal by then; the steps are still those that were accepted."""
    clinic.booked()
    clinic.story.simulator.fault("status", status=500, path="/api/v4/contacts.*", method="PATCH")
    made = clinic.book(starts_at=clinic.at(15), visitor=VISITOR | {"email": "new@example.org"})
    assert made.status == 202
    for _ in range(3):
        clinic.run(300)
    assert clinic.story.delivery(json_of(made)["delivery_id"])["state"] == "delivered"
    (contact,) = [one for one in clinic.account()["contacts"].values() if one["name"] == "Анна Смирнова"]
    assert "new@example.org" in str(contact["custom_fields_values"])


def test_a_process_that_dies_between_booking_and_delivery(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.bookings.actions.book.start_sync", _dies)
    assert clinic.book().status == 500
    assert clinic.tasks() == []
    assert "10:00" not in clinic.free(resource="ivanova")
    monkeypatch.undo()
    clinic.run(60)
    assert clinic.tasks() == []  # it may be on its way
    clinic.run(90)
    clinic.run(1)
    assert len(clinic.tasks()) == 1
    assert clinic.run(300)["due"] == 0


def _dies(*_: Any, **__: Any) -> None:
    raise RuntimeError("killed")


@pytest.mark.long
def test_a_change_that_comes_before_the_booking_is_there_waits(clinic: Clinic) -> None:
    clinic.story.simulator.fault("status", status=500, path="/api/v4/leads/complex", times=2)
    made = clinic.book()
    assert made.status == 202
    booking_id = json_of(made)["booking"]["id"]
    cancelled = clinic.act("cancel_booking", id=booking_id)
    assert json_of(cancelled)["problem"]["code"] == "earlier_first"
    for _ in range(4):
        clinic.run(300)
    assert clinic.bookings()[0]["is_in_amocrm"] is True
    assert [task["is_completed"] for task in clinic.tasks()] in ([], [True])


@pytest.mark.long
def test_a_late_delivery_takes_back_nothing(clinic: Clinic) -> None:
    """The first booking is brought after it was moved: the task stands at the new time at once."""
    clinic.story.simulator.fault("status", status=500, path="/api/v4/tasks", method="POST", times=1)
    made = json_of(clinic.book())
    clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(15))
    for _ in range(3):
        clinic.run(300)
    (task,) = clinic.tasks()
    assert task["complete_till"] == _due(clinic, 15)


def test_what_amocrm_refuses_stays_booked_and_needs_a_person(clinic: Clinic) -> None:
    clinic.story.simulator.fault("status", status=400, path="/api/v4/tasks", times=100)
    keyed = clinic.site() | {"Idempotency-Key": "k"}
    assert clinic.book(keyed).status == 202
    assert "10:00" not in clinic.free(resource="ivanova")
    assert clinic.bookings(needs_a_person="1") == []
    clinic.story.clock.advance(minutes=61)
    (shown,) = clinic.bookings(needs_a_person="1")
    assert shown["is_in_amocrm"] is False
    clinic.story.simulator.control("no-faults")
    again = clinic.book(keyed)  # a person who has seen the problem tries again
    assert again.status == 200, again.body.decode()
    assert len(clinic.tasks()) == 1


def test_the_same_version_is_brought_once(clinic: Clinic) -> None:
    made = clinic.booked()
    integration = integrations.by_id(clinic.story.runtime.database, clinic.story.row().id)
    assert integration is not None
    known = rows.by_id(clinic.story.runtime.database, integration.id, made["booking"]["id"])
    assert known is not None
    again = start_sync(clinic.story.runtime, integration, Request("POST", "/"), known)
    assert str(again.id) == made["delivery_id"]


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"time_zone": "Mars/Olympus"}, "bookings.time_zone"),
        ({"resources": [{"id": "a", "name": "A"}] * 2, "services": []}, "bookings.resources"),
        ({"resources": [{"id": "a", "name": "A", "place": "x"}], "services": []}, "bookings.resources[0].place"),
        ({"services": [{"id": "s", "name": "S", "resources": ["x"]}]}, "bookings.services[0].resources"),
        ({"services": [{"id": "s", "name": "S", "resources": ["room-1"]}]}, "bookings.services[0].resources"),
        ({"services": [{"id": "s", "name": "S", "rooms": ["petrov"]}]}, "bookings.services[0].rooms"),
        ({"services": [{"id": "s", "name": "S", "price": -1}]}, "bookings.services[0].price"),
        ({"days_off": [{"first": "2026-02-02", "last": "2026-02-01"}]}, "bookings.days_off[0]"),
        ({"hours": {"monday": ["9-18"]}}, "bookings.hours.monday[0]"),
        ({"hours": {"monday": ["09:00-25:00"]}}, "bookings.hours.monday[0]"),
        ({"pipeline_id": 99}, "bookings.pipeline_id"),
        ({"status_id": 99}, "bookings.status_id"),
        ({"cancelled_status_id": 99}, "bookings.cancelled_status_id"),
        ({"resources": [{"id": "a", "name": "A", "user_id": 99}], "services": []}, "bookings.resources[0].user_id"),
    ],
)
def test_settings_that_do_not_fit(clinic: Clinic, changed: dict[str, Any], path: str) -> None:
    refused = clinic.set_up(**changed)
    assert refused.status == 422
    assert path in [one["path"] for one in json_of(refused)["errors"]], refused.body.decode()


def test_visits_that_settings_leave_behind_are_kept_and_told(clinic: Clinic) -> None:
    clinic.booked()
    base = settings()["bookings"]
    tuesday = clinic.at(0)[:10]
    for changed, word in (
        ({"resources": base["resources"][1:]}, "doctor"),
        ({"services": base["services"][1:]}, "service"),
        ({"days_off": [{"first": tuesday, "last": tuesday}]}, "working hours"),
        ({"hours": ALL_WEEK | {"tuesday": ["12:00-18:00"]}}, "working hours"),
    ):
        assert clinic.set_up(**changed).status == 200
        (shown,) = clinic.bookings(needs_a_person="1")
        assert (shown["state"], word in shown["attention"]) == ("booked", True)
    clinic.set_up(hours=ALL_WEEK | {"tuesday": ["10:00-10:30"]})  # it is the first and the last visit of the day
    assert clinic.bookings(needs_a_person="1") == []


@pytest.mark.parametrize("is_held", [False, True])
def test_anyone_of_a_place_is_nobody_elsewhere(clinic: Clinic, *, is_held: bool) -> None:
    base = settings()["bookings"]
    places = [*base["places"], {"id": "south", "name": "Юг"}]
    where = {"ivanova": "main", "petrov": "south", "room-1": "main"}
    clinic.set_up(places=places, resources=[one | {"place": where[one["id"]]} for one in base["resources"]])
    asked = {"service": "consult", "starts_at": clinic.at(10), "place": "south"}
    if is_held:
        hold = clinic.act("hold_slot", clinic.site(), **asked)
        assert hold.status == 201, hold.body.decode()
        asked = {"hold": json_of(hold)["hold"]}
    made = clinic.act("book", clinic.site(), **asked, visitor=VISITOR)
    assert made.status == 200, made.body.decode()
    booking = json_of(made)["booking"]
    assert (booking["resource"]["id"], booking["place"]) == ("petrov", "Юг")
    second = {"service": "consult", "starts_at": clinic.at(10), "place": "south", "visitor": OTHER}
    assert clinic.act("book", clinic.site(), **second).status == 409


def test_30_d3_a_visit_whose_room_is_elsewhere_is_told(clinic: Clinic) -> None:
    """Booked before the places were named: the room of the one stands at the other."""
    clinic.booked(service="massage", resource="petrov")
    base = settings()["bookings"]
    places = [*base["places"], {"id": "south", "name": "Юг"}]
    doctors = [one | {"place": "south" if one["id"] == "room-1" else "main"} for one in base["resources"]]
    rooms = [{"id": "room-2", "name": "Кабинет 2", "is_room": True, "place": "main"}]
    services = [one | {"rooms": ["room-1", "room-2"]} if one.get("rooms") else one for one in base["services"]]
    assert clinic.set_up(places=places, resources=doctors + rooms, services=services).status == 200
    (shown,) = clinic.bookings(needs_a_person="1")
    assert "room" in shown["attention"]
    answer = clinic.act("move_booking", id=shown["id"], starts_at=clinic.at(15))
    assert json_of(answer)["booking"]["room"] == "Кабинет 2"
    assert clinic.bookings(needs_a_person="1") == []


@pytest.mark.long
def test_30_d4_none_of_many_visits_is_left_behind_unseen(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_PAGE", 1)
    for hour in (9, 10, 11):
        clinic.booked(starts_at=clinic.at(hour))
    clinic.set_up(services=settings()["bookings"]["services"][1:])
    assert len(clinic.bookings(needs_a_person="1")) == 3


# --- calendars ----------------------------------------------------------------------------------------------------


def test_a_doctors_calendar_by_a_secret_address(clinic: Clinic) -> None:
    clinic.booked()
    cancelled = clinic.booked(starts_at=clinic.at(15), visitor=OTHER)
    clinic.act("cancel_booking", id=cancelled["booking"]["id"])
    url = json_of(clinic.act("open_calendar", resource="ivanova"))["url"]
    key = url.partition("key=")[2]

    def read(secret: str) -> Any:
        return clinic.story.crm("booking_calendar", {}, query={"key": secret})

    shown = read(key)
    assert (shown.status, dict(shown.headers)["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    text = shown.body.decode().replace("\r\n ", "")
    assert "SUMMARY:Консультация: Анна Смирнова" in text
    assert "5554433" not in text
    # Nextcloud asks once a week where a calendar says nothing, and so does what macOS proposes.
    assert {"REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M"} <= set(text.splitlines())
    # Google and Outlook show what is cancelled in a calendar that they subscribe to like what takes place.
    assert (text.count("BEGIN:VEVENT"), text.count("STATUS:CONFIRMED")) == (1, 1)
    new = json_of(clinic.act("open_calendar", resource="ivanova"))["url"].partition("key=")[2]
    assert (read(key).status, read(new).status) == (401, 200)
    clinic.act("open_calendar", resource="ivanova", is_on=False)
    assert read(new).status == 401
    assert clinic.act("open_calendar", resource="nobody").status == 422


_HOLIDAYS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20200101
DTEND;VALUE=DATE:20200109
RRULE:FREQ=YEARLY
SUMMARY:Новогодние каникулы
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20270101T100000Z
DTEND:20270101T110000Z
SUMMARY:an hour
END:VEVENT
END:VCALENDAR
"""


def test_days_off_from_a_calendar(clinic: Clinic) -> None:
    found = json_of(clinic.act("read_days_off", calendar=_HOLIDAYS))["days_off"]
    year = MONDAY.year + 1
    assert {"first": f"{year}-01-01", "last": f"{year}-01-08", "note": "Новогодние каникулы"} in found
    assert {one["note"] for one in found} == {"Новогодние каникулы"}


# As Google's calendars of holidays have what is celebrated and no day off: folded at 75 octets, within a word, too.
_CELEBRATED = (
    "Observance\\nTo hide observances\\, go to Google Calendar Setting\r\n s > Holidays in Russia",
    "Data comemorativa\\nPara ocultar as datas comemorativas\\, acesse \r\n Configurações do Google Agenda > Feriados",
    "Gedenktag\\nWenn Sie Gedenktage ausblenden möchten\\, rufen Sie die Goo\r\n gle Kalender-Einstellungen auf",
)
_OF_GOOGLE = (
    "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{day}\r\nDTEND;VALUE=DATE:{end}\r\nDTSTAMP:20261130T080000Z\r\n"
    "UID:{uid}\r\nCLASS:PUBLIC\r\nDESCRIPTION:{said}\r\nSTATUS:CONFIRMED\r\nSUMMARY:{name}\r\n"
    "TRANSP:TRANSPARENT\r\nEND:VEVENT\r\n"
)


@pytest.mark.parametrize("celebrated", _CELEBRATED)
def test_of_googles_holidays_what_is_only_celebrated_is_no_day_off(clinic: Clinic, celebrated: str) -> None:
    year = MONDAY.year + 1
    given = [
        (f"{year}0101", f"{year}0102", f"{year}0101_c26069b49o94ht7eclvg5pi030@google.com", "Public holiday", "Year"),
        (f"{year}0214", f"{year}0215", f"{year}0214_0li1u1l16c065vkseuim4g71b8@google.com", celebrated, "Valentine"),
        (f"{year}0401", f"{year}0402", "5kq4k8h1v8p3a9s0u2d7f6g4j1@google.com", "Trip\\nsee the Google Doc", "Leave"),
        ("20150214", "20150215", "20150214_0li1u1l16c065vkseuim4g71b8@google.com", celebrated, "Long ago"),
    ]
    events = "".join(_OF_GOOGLE.format(day=a, end=b, uid=c, said=d, name=e) for a, b, c, d, e in given)
    calendar = f"BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nX-WR-CALNAME:Holidays\r\n{events}END:VCALENDAR\r\n"
    found = json_of(clinic.act("read_days_off", calendar=calendar))
    assert [one["note"] for one in found["days_off"]] == ["Year", "Leave"]
    (left,) = found["left_out"]
    assert (left["count"], "observance" in left["reason"]) == (1, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "BEGIN:VCALENDAR",
        _HOLIDAYS.replace("20200101", "99991399"),
        _HOLIDAYS.replace("DTEND;VALUE=DATE:20200109", "DTEND;VALUE=DATE:x"),
        _HOLIDAYS.replace("FREQ=YEARLY", "FREQ=NEVER"),
    ],
)
def test_what_is_no_calendar(clinic: Clinic, text: str) -> None:
    answer = clinic.act("read_days_off", calendar=text)
    assert answer.status == 422 or json_of(answer)["days_off"] == []


_DAY_OFF = """BEGIN:VEVENT
UID:{number}
DTSTART;VALUE=DATE:{day:%Y%m%d}
END:VEVENT
"""


@pytest.mark.parametrize(("before", "count"), [(2100, 200), (0, 201)])
def test_30_d4_no_day_off_of_a_calendar_is_left_out_unseen(clinic: Clinic, before: int, count: int) -> None:
    """However many others stand before it, which are over."""
    days = [MONDAY - timedelta(days=100 + number) for number in range(before)]
    days += [MONDAY + timedelta(days=2 * number) for number in range(count)]
    events = "".join(_DAY_OFF.format(number=number, day=day) for number, day in enumerate(days))
    answer = clinic.act(
        "read_days_off", calendar=f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{events}END:VCALENDAR\n"
    )
    if count <= 200:
        assert len(json_of(answer)["days_off"]) == count
    else:
        assert _code(answer) == (422, "invalid_input")


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=YEARLY;INTERVAL=0", "FREQ=DAILY;COUNT=1000000"])
def test_rules_that_would_be_walked_for_ever(clinic: Clinic, rule: str) -> None:
    answer = clinic.act("read_days_off", calendar=_HOLIDAYS.replace("FREQ=YEARLY", rule))
    assert answer.status in (200, 422)
    if answer.status == 200:
        assert len(json_of(answer)["days_off"]) <= 200


# --- keeping ------------------------------------------------------------------------------------------------------


def test_what_visitors_told_goes_and_keys_are_changed(clinic: Clinic) -> None:
    link = clinic.booked()["link"]
    story = clinic.story
    assert sum(key_rotation.rotate(story.runtime.database, story.runtime.keyring, pytest.fail)) == 0
    story.clock.advance(days=story.runtime.settings.keep_payloads_days + 2)
    settings = replace(story.runtime.settings, keep_deliveries_days=400)
    retention.run(story.runtime.database, settings, story.clock)
    (kept,) = story.sql("SELECT visitor, phone_mark, link_hash FROM amocrm_bookings")
    assert kept == (None, None, None)
    assert clinic.visit(link).status == 401
    story.clock.advance(days=400)
    retention.run(story.runtime.database, story.runtime.settings, story.clock)
    assert story.sql("SELECT count(*) FROM amocrm_bookings") == [(0,)]


def test_the_booking_page_shows_times_in_an_older_safari(clinic: Clinic) -> None:
    """Before 16.4 it says of a read neither an origin nor that it is the page's own host's; of a write it says both."""
    key = {"Authorization": f"Bearer {clinic.site_key}"}
    assert clinic.slots(key)
    for headers, query in ((key | {"Sec-Fetch-Site": "cross-site"}, {}), ({}, {"site_key": clinic.site_key})):
        assert clinic.story.crm("get_services", headers, query=query).status == 403  # an image of anybody's page
    assert clinic.book(key).status == 403
    assert clinic.book(key | {"Origin": "https://functions.example"}).status == 200


def test_a_page_of_another_site_books_nothing(clinic: Clinic) -> None:
    assert clinic.book(clinic.site() | {"Origin": "https://evil.example"}).status == 403
    assert SITE != "https://evil.example"
