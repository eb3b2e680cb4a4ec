"""What stands of visits in amoCRM, whatever happens there and here: deals with several visits, moves, merged deals."""

import dataclasses
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from features import registry
from features.bookings import crm_state, reconciliation, reconciliation_queue
from shared.amocrm.events import FeedApi
from shared.runtime import Runtime
from shared.storage import jobs
from tests.bookings.conftest import MONDAY, VISITOR, Clinic, settings
from tests.story import json_of
from tests.test_claims import SIX_MORE

WON, LOST = 142, 143


def _deal(clinic: Clinic, lead_id: int | None = None) -> Any:
    return clinic.account()["leads"][str(lead_id or clinic.story.lead_id)]


def _stages(clinic: Clinic) -> tuple[int, list[int]]:
    """The pipeline of the deal of the card, and its own stages."""
    pipeline = clinic.account()["pipelines"][str(_deal(clinic)["pipeline_id"])]
    return pipeline["id"], [one["id"] for one in pipeline["_embedded"]["statuses"]]


def _in_card(clinic: Clinic, hour: int, **more: Any) -> Any:
    return clinic.booked(clinic.card(), starts_at=clinic.at(hour), visitor={}, **more)["booking"]


def _cancel(clinic: Clinic, booking: Any) -> Any:
    return clinic.act("cancel_booking", id=booking["id"])


def _states(clinic: Clinic) -> list[str]:
    return [one["state"] for one in clinic.bookings()]


def _due(clinic: Clinic, hour: int, days: int = 1) -> int:
    return int(MONDAY.timestamp()) + days * 86400 + (hour - 8) * 3600


@pytest.mark.long
def test_how_long_a_visit_waits_for_amocrm_is_seen(clinic: Clinic) -> None:
    clinic.set_up()
    clinic.story.simulator.fault("status", status=500, path="/api/v4/.*", times=50)
    assert clinic.book(clinic.card(), visitor={}).status == 202
    clinic.story.clock.advance(hours=1)
    found = {one.name: one.seconds for one in jobs.backlog(clinic.story.runtime.database, registry.backlog())}
    assert found["bookings.visits"] == pytest.approx(3600, abs=10)


def test_30_visits_of_an_account_that_was_disconnected_hide_no_others(clinic: Clinic) -> None:
    """They wait for a person, who sees them at the connection."""
    clinic.set_up()
    clinic.story.simulator.fault("status", status=500, path="/api/v4/.*", times=50)
    assert clinic.book(clinic.card(), visitor={}).status == 202
    clinic.story.sql("UPDATE amocrm_integrations SET status = 'reauth_required'")
    clinic.story.clock.advance(hours=1)
    found = {one.name: one.seconds for one in jobs.backlog(clinic.story.runtime.database, registry.backlog())}
    assert {name for name, seconds in found.items() if name.startswith("bookings.") and seconds > 0} == set()


def test_a_visit_that_amocrm_has_refused_for_good_waits_for_a_person_and_hides_no_others(clinic: Clinic) -> None:
    """It is listed for one; a figure that it keeps high for weeks would not tell that others wait."""
    clinic.story.simulator.fault("status", status=400, path="/api/v4/tasks", times=100)
    assert clinic.book(clinic.card(), visitor={}).status == 202
    assert clinic.story.sql("SELECT state FROM amocrm_deliveries") == [("dead",)]
    clinic.story.clock.advance(hours=1)
    found = {one.name: one.seconds for one in jobs.backlog(clinic.story.runtime.database, registry.backlog())}
    assert found["bookings.visits"] == 0


# --- a deal with several visits -----------------------------------------------------------------------------------


def test_30_d1_cancelling_one_visit_leaves_the_deals_others(clinic: Clinic) -> None:
    pipeline, stages = _stages(clinic)
    clinic.set_up(pipeline_id=pipeline, status_id=stages[1], cancelled_status_id=LOST)
    first, second = _in_card(clinic, 10), _in_card(clinic, 12)
    assert _cancel(clinic, first).status == 200
    assert _deal(clinic)["status_id"] == stages[1]
    clinic.compare()
    assert _states(clinic) == ["cancelled", "booked"]
    _cancel(clinic, second)
    assert _deal(clinic)["status_id"] == LOST


@pytest.mark.long
def test_30_d1_a_visit_that_was_kept_keeps_its_deal_and_a_missed_one_does_not(clinic: Clinic) -> None:
    pipeline, stages = _stages(clinic)
    clinic.set_up(pipeline_id=pipeline, status_id=stages[1], cancelled_status_id=LOST)
    kept, other = _in_card(clinic, 10), _in_card(clinic, 12)
    clinic.act("set_attendance", id=kept["id"], attendance="came")
    _cancel(clinic, other)
    assert _deal(clinic)["status_id"] == stages[1]
    clinic.act("set_attendance", id=kept["id"], attendance="missed")
    _cancel(clinic, _in_card(clinic, 15))
    assert _deal(clinic)["status_id"] == LOST


def test_30_d1_all_visits_cancelled_while_amocrm_is_away_move_the_deal_once_it_is_back(clinic: Clinic) -> None:
    pipeline, stages = _stages(clinic)
    clinic.set_up(pipeline_id=pipeline, status_id=stages[1], cancelled_status_id=LOST)
    visits = [_in_card(clinic, hour) for hour in (9, 10, 12)]
    clinic.story.simulator.fault("status", status=500, path="/api/v4/.*", times=3)
    for visit in visits:
        assert _cancel(clinic, visit).status == 202
    for _ in range(4):
        clinic.run(300)
    assert _deal(clinic)["status_id"] == LOST
    assert {one["is_in_amocrm"] for one in clinic.bookings()} == {True}
    assert {one["is_completed"] for one in clinic.tasks()} == {True}


@pytest.mark.parametrize("closed", [WON, LOST])
def test_a_deal_that_was_closed_stays_so_when_its_visit_is_cancelled(clinic: Clinic, closed: int) -> None:
    """Paid in advance: whoever clicks on a link takes nothing out of the company's sales; nor does what was lost a
    minute before come back among the deals that are open."""
    pipeline, stages = _stages(clinic)
    clinic.set_up(pipeline_id=pipeline, status_id=stages[1], cancelled_status_id=stages[2])
    link = clinic.booked()["link"]
    (task,) = clinic.tasks()
    clinic.person("leads", task["entity_id"], {"status_id": closed})
    assert clinic.visit(link, "cancel").status == 200
    clinic.run(1)
    assert clinic.account()["leads"][str(task["entity_id"])]["status_id"] == closed
    assert clinic.notes(task["entity_id"])[-1].startswith("Приём отменён")
    assert clinic.tasks()[0]["is_completed"] is True


def test_a_deal_that_was_won_stays_so_when_a_visit_is_booked_in_it(clinic: Clinic) -> None:
    """A package is sold and paid before its visits are booked: the first of them took it out of the company's sales,
    and when that was cancelled, to those that are lost."""
    pipeline, stages = _stages(clinic)
    clinic.set_up(pipeline_id=pipeline, status_id=stages[1], cancelled_status_id=LOST)
    clinic.person("leads", clinic.story.lead_id, {"status_id": WON})
    visit = _in_card(clinic, 10)
    assert _deal(clinic)["status_id"] == WON
    _cancel(clinic, visit)
    assert _deal(clinic)["status_id"] == WON


def test_where_a_visit_is_what_a_deal_is_won_by_a_cancelled_one_moves_it(clinic: Clinic) -> None:
    """As in a pipeline of whoever answers the calls: booked is won there."""
    pipeline, _ = _stages(clinic)
    clinic.set_up(pipeline_id=pipeline, status_id=WON, cancelled_status_id=LOST)
    visit = _in_card(clinic, 10)
    assert _deal(clinic)["status_id"] == WON
    _cancel(clinic, visit)
    assert _deal(clinic)["status_id"] == LOST


@pytest.mark.parametrize("has_stage_of_cancelled", [True, False])
def test_30_d1_a_booking_that_comes_late_follows_what_the_row_says_now(
    clinic: Clinic, has_stage_of_cancelled: bool
) -> None:
    """Cancelled before its first version reached amoCRM: the deal does not come to the stage of visits."""
    pipeline, stages = _stages(clinic)
    more = {"cancelled_status_id": stages[3]} if has_stage_of_cancelled else {}
    clinic.set_up(pipeline_id=pipeline, status_id=stages[2], **more)
    card, before = clinic.card(), _deal(clinic)["status_id"]
    assert before != stages[2]
    clinic.story.simulator.fault("status", status=500, path="/api/v4/leads/.*", times=1)
    made = clinic.book(card, visitor={})
    assert made.status == 202
    _cancel(clinic, json_of(made)["booking"])
    for _ in range(3):
        clinic.run(300)
    assert _deal(clinic)["status_id"] == (stages[3] if has_stage_of_cancelled else before)
    assert clinic.bookings()[0]["is_in_amocrm"] is True


def _quantity(clinic: Clinic) -> Any:
    """Of the one good that the deal has."""
    links = clinic.account()["links"][str(clinic.story.lead_id)]
    (found,) = (one for one in links if one["to_entity_type"] == "catalog_elements")
    return found["metadata"]["quantity"]


def test_a_deal_has_as_many_of_a_good_as_it_has_visits(clinic: Clinic) -> None:
    """A course is booked in one deal, visit by visit; or a package was sold before its visits are booked."""
    services = settings()["bookings"]["services"]
    clinic.set_up(services=[services[0] | {"sku": "CONS-1"}, services[1]])
    first, _ = _in_card(clinic, 9), _in_card(clinic, 10)
    assert _quantity(clinic) == 2
    _cancel(clinic, first)
    _in_card(clinic, 11)
    assert _quantity(clinic) == 2
    (link,) = (one for one in clinic.account()["links"][str(clinic.story.lead_id)] if "quantity" in one["metadata"])
    sold = {"to_entity_id": link["to_entity_id"], "to_entity_type": "catalog_elements"}
    sold |= {"metadata": {"catalog_id": link["metadata"]["catalog_id"], "quantity": 5}}
    story = clinic.story
    story.runtime.connections.call(
        story.row(), lambda api: api.send("POST", f"/leads/{story.lead_id}/link", json=[sold])
    )
    _in_card(clinic, 12)
    assert _quantity(clinic) == 5


# --- all of many --------------------------------------------------------------------------------------------------


def _many(clinic: Clinic, count: int) -> list[int]:
    """So many visits, each in a deal of its own; their tasks, in the order of their times."""
    for number in range(count):
        person = {"name": f"Гость {number}", "phone": f"+7 916 111-00-{number:02}"}
        clinic.booked(starts_at=clinic.at(9 + number % 4, 0, 1 + number // 4), visitor=person)
    return [one["id"] for one in sorted(clinic.tasks(), key=lambda one: one["complete_till"])]


def _minutes(clinic: Clinic, count: int) -> None:
    clinic.run(301)
    for _ in range(count):
        clinic.run(60)


def _times(clinic: Clinic) -> list[str]:
    return [one["starts_at"][:16] for one in clinic.bookings()]


@pytest.mark.long
@pytest.mark.parametrize("has_filters", [True, False])
def test_30_d4_every_visit_has_its_turn(clinic: Clinic, has_filters: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few of them are looked at in one turn: the next one goes on where it has ended."""
    monkeypatch.setattr(crm_state, "MOST", 2)
    monkeypatch.setattr(crm_state, "_MOST_SINGLE", 3)
    monkeypatch.setattr(reconciliation, "_MOST_PAGES", 1)
    clinic.story.simulator.control("change-account", domain=clinic.story.domain, has_filters=has_filters)
    tasks = _many(clinic, 7)
    clinic.person("tasks", tasks[-1], {"complete_till": _due(clinic, 15, 2)})
    _minutes(clinic, 8)
    assert clinic.at(15, 0, 2)[:16] in _times(clinic)
    clinic.person("tasks", tasks[0], {"complete_till": _due(clinic, 16)})
    _minutes(clinic, 16)
    assert clinic.at(16)[:16] in _times(clinic)


@pytest.mark.long
def test_30_d4_where_there_are_filters_pages_follow_at_once(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crm_state, "MOST", 2)
    tasks = _many(clinic, 7)
    clinic.person("tasks", tasks[-1], {"complete_till": _due(clinic, 15, 2)})
    clinic.run(301)
    assert clinic.at(15, 0, 2)[:16] in _times(clinic)


@pytest.mark.long
def test_30_d4_deleted_tasks_do_not_use_up_every_turn(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crm_state, "_MOST_SINGLE", 2)
    tasks = _many(clinic, 6)
    for task_id in tasks[:4]:
        clinic.person("tasks", task_id, delete=True)
    clinic.person("tasks", tasks[-1], {"complete_till": _due(clinic, 15, 2)})
    _minutes(clinic, 3)
    assert clinic.at(15, 0, 2)[:16] in _times(clinic)
    told = clinic.bookings(needs_a_person="1")
    assert ["deleted" in one["attention"] for one in told] == [True] * 4
    # Nobody asks for them again; a move makes another one.
    monkeypatch.setattr(crm_state, "_MOST_SINGLE", 0)
    clinic.person("tasks", tasks[-2], {"complete_till": _due(clinic, 16, 2)})
    clinic.compare()
    assert clinic.at(16, 0, 2)[:16] in _times(clinic)
    clinic.act("move_booking", id=told[0]["id"], starts_at=clinic.at(16))
    assert _due(clinic, 16) in [one["complete_till"] for one in clinic.tasks()]


@pytest.mark.long
@pytest.mark.parametrize("status", [403, 500])
def test_30_d4_a_deal_that_amocrm_does_not_show_holds_up_no_other(
    clinic: Clinic, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crm_state, "_MOST_SINGLE", 4)
    clinic.story.simulator.control("change-account", domain=clinic.story.domain, has_filters=False)
    tasks = _many(clinic, 3)
    hidden = next(one["entity_id"] for one in clinic.tasks() if one["id"] == tasks[0])
    clinic.story.simulator.fault("status", status=status, path=f"/api/v4/leads/{hidden}.*", times=99)
    clinic.person("tasks", tasks[-1], {"complete_till": _due(clinic, 16)})
    for _ in range(5):
        clinic.compare()
    assert clinic.at(16)[:16] in _times(clinic)
    assert _states(clinic) == ["booked"] * 3


def test_30_d4_who_has_not_had_their_turn_when_the_time_ends_comes_first(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = clinic.story
    story.sql(SIX_MORE)
    story.sql(
        "INSERT INTO amocrm_booking_watches (integration_id, due_at) SELECT id, amocrm_now() FROM amocrm_integrations"
    )
    turns: list[UUID] = []

    def slow(_: Any, integration: Any, *_more: Any) -> int:
        turns.append(integration.id)
        story.clock.advance(seconds=10)
        return 0

    monkeypatch.setattr(reconciliation, "_compared", slow)
    for _ in range(3):
        reconciliation.run(story.runtime, 25)
    assert (len(turns), len(set(turns))) == (7, 7)


# --- moves --------------------------------------------------------------------------------------------------------


def _with_users(clinic: Clinic) -> tuple[int, int]:
    """A user for each doctor."""
    added = clinic.story.simulator.control("add", domain=clinic.story.domain, user={"name": "Петров"})["user"]["id"]
    owner = next(one["id"] for one in clinic.account()["users"].values() if one["id"] != added)
    doctors = settings()["bookings"]["resources"]
    doctors[0] |= {"user_id": owner}
    doctors[1] |= {"user_id": added}
    assert clinic.set_up(resources=doctors).status == 200
    return owner, added


def test_30_d5_a_move_to_another_doctor_hands_the_task_over(clinic: Clinic) -> None:
    owner, other = _with_users(clinic)
    made = clinic.booked()["booking"]
    assert [one["responsible_user_id"] for one in clinic.tasks()] == [owner]
    clinic.act("move_booking", id=made["id"], starts_at=clinic.at(12), resource="petrov")
    (task,) = clinic.tasks()
    assert (task["responsible_user_id"], task["complete_till"]) == (other, _due(clinic, 12))
    # Somebody has given it to somebody else; a move in time is no reason to take it away.
    clinic.person("tasks", task["id"], {"responsible_user_id": owner})
    clinic.act("move_booking", id=made["id"], starts_at=clinic.at(15))
    (task,) = clinic.tasks()
    assert (task["responsible_user_id"], task["complete_till"]) == (owner, _due(clinic, 15))


def test_a_task_that_is_given_to_another_doctors_user_is_told(clinic: Clinic) -> None:
    """Who falls ill hands their patients over where they work, in amoCRM: the colleague's hour was offered to others
    all the same, and nobody knew."""
    owner, other = _with_users(clinic)
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.person("tasks", task["id"], {"responsible_user_id": other})
    clinic.compare()
    (shown,) = clinic.bookings()
    assert (shown["resource"]["id"], shown["version"]) == ("ivanova", 1)
    assert "another doctor, Петров С. И." in shown["attention"]
    clinic.person("tasks", task["id"], {"responsible_user_id": owner})
    clinic.compare()
    assert clinic.bookings()[0]["attention"] is None
    # What no doctor's user has taken is the deal's own user's, who may be a doctor, too.
    clinic.person("tasks", task["id"], {"responsible_user_id": other})
    clinic.person("leads", task["entity_id"], {"responsible_user_id": other})
    clinic.compare()
    assert clinic.bookings()[0]["attention"] is None


@pytest.mark.long
def test_30_k_a_no_in_other_words_ends_no_visit(clinic: Clinic) -> None:
    """30-K: a 400 that names no value is met as one that does: the task is somebody's, and a stage is told of."""
    pipeline, stages = _stages(clinic)
    _with_users(clinic)
    clinic.set_up(pipeline_id=pipeline, status_id=stages[1], cancelled_status_id=LOST)
    plain = json.dumps({"title": "Bad Request", "status": 400, "detail": "no"})
    clinic.story.simulator.fault("status", path="/api/v4/tasks", method="POST", status=400, body=plain)
    made = clinic.booked()["booking"]
    assert len(clinic.tasks()) == 1
    clinic.story.simulator.fault("status", path="/api/v4/leads/.*", method="PATCH", status=400, body=plain)
    assert clinic.act("cancel_booking", id=made["id"]).status == 200
    (booking,) = clinic.bookings()
    assert (booking["state"], booking["is_in_amocrm"]) == ("cancelled", True)
    assert "перевести" in str(booking["attention"]) or "stage" in str(booking["attention"]), booking["attention"]


def test_30_d5_a_doctor_without_a_user_leaves_the_task_to_the_deals_own(clinic: Clinic) -> None:
    _, other = _with_users(clinic)
    made = clinic.booked(resource="petrov")["booking"]
    doctors = [one for one in settings()["bookings"]["resources"] if one["id"] != "petrov"]
    clinic.set_up(resources=[*doctors, {"id": "petrov", "name": "Петров С. И.", "user_id": other}])
    clinic.act("move_booking", id=made["id"], starts_at=clinic.at(12), resource="ivanova")
    (task,) = clinic.tasks()
    assert task["responsible_user_id"] == _deal(clinic, task["entity_id"])["responsible_user_id"]


def test_30_d5_a_user_who_is_gone_takes_no_task_and_the_visit_has_one(clinic: Clinic) -> None:
    _, other = _with_users(clinic)
    made = clinic.booked()["booking"]
    clinic.story.simulator.control("remove", domain=clinic.story.domain, user=other)
    moved = clinic.act("move_booking", id=made["id"], starts_at=clinic.at(12), resource="petrov")
    assert moved.status == 200, moved.body.decode()
    (task,) = clinic.tasks()
    assert task["complete_till"] == _due(clinic, 12)
    assert "user" in clinic.bookings()[0]["attention"]
    again = clinic.booked(starts_at=clinic.at(15), resource="petrov")
    assert again["state"] == "delivered"


def _mapped(clinic: Clinic, **more: Any) -> None:
    rules = [
        {"source": f"booking.{name}", "entity": entity, "field": f"{name} {entity}"}
        for name in ("time", "doctor", "room", "comment")
        for entity in ("leads", "contacts")
    ]
    saved = clinic.story.crm(
        "save_settings", clinic.story.admin(), settings(**more) | {"submissions": {"mapping": rules}}
    )
    assert saved.status == 200, saved.body.decode()


def _values(entity: Any) -> dict[str, str]:
    found = entity["custom_fields_values"] or []
    return {one["field_name"]: one["values"][0]["value"] for one in found if one.get("values")}


def test_30_d5_mapped_values_and_the_deals_name_move_too(clinic: Clinic) -> None:
    services = settings()["bookings"]["services"]
    services[1] |= {"resources": []}
    _mapped(clinic, services=services)
    made = clinic.booked(service="massage", comment="Болит спина")
    (task,) = clinic.tasks()
    lead_id = task["entity_id"]
    before = _deal(clinic, lead_id)
    assert "10:00" in before["name"]
    assert _values(before)["room leads"] == "Кабинет 1"
    clinic.person("leads", lead_id, {"price": 77})
    field = next(one["field_id"] for one in before["custom_fields_values"] if one["field_name"] == "comment leads")
    changed = {"custom_fields_values": [{"field_id": field, "values": [{"value": "Звонили"}]}]}
    clinic.person("leads", lead_id, changed)
    moved = clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(15), resource="petrov")
    assert moved.status == 200, moved.body.decode()
    after = _deal(clinic, lead_id)
    assert after["name"] == before["name"].replace("10:00", "15:00")
    assert _values(after)["time leads"].endswith("15:00")
    assert _values(after)["doctor leads"] == "Петров С. И."
    assert (_values(after)["comment leads"], after["price"]) == ("Звонили", 77)
    (contact,) = [one for one in clinic.account()["contacts"].values() if one["name"] == VISITOR["name"]]
    assert _values(contact)["time contacts"].endswith("15:00")
    assert _values(contact)["doctor contacts"] == "Петров С. И."
    assert _values(contact)["comment contacts"] == "Болит спина"
    # Without a room from now on: the field does not name the old one.
    services[1] |= {"rooms": []}
    _mapped(clinic, services=services)
    clinic.act("move_booking", id=made["booking"]["id"], starts_at=clinic.at(16))
    assert "room leads" not in _values(_deal(clinic, lead_id))
    assert clinic.bookings()[0]["room"] is None


def test_a_visit_booked_in_a_deals_card_stands_in_its_contacts_fields(clinic: Clinic) -> None:
    """As one of the site's does: a bot reminds by them. Who comes may be another than who stands in the deal."""
    _mapped(clinic)

    def made(kind: str, **fields: Any) -> int:
        own = {"domain": clinic.story.domain, "kind": kind, "fields": fields}
        return int(clinic.story.simulator.control("person", **own)["id"])

    contact_id = made("contacts", name="Мать")
    lead_id = made("leads", name="Семья", _embedded={"contacts": [{"id": contact_id}]})
    clinic.booked(clinic.card(lead_id), comment="Болит спина")
    contact = clinic.account()["contacts"][str(contact_id)]
    assert _values(contact)["time contacts"].endswith("10:00")
    assert _values(contact)["comment contacts"] == "Болит спина"
    assert contact["name"] == "Мать"
    assert VISITOR["phone"] not in str(contact)
    assert _values(_deal(clinic, lead_id))["time leads"].endswith("10:00")


def test_the_contact_with_which_the_visitors_own_was_merged_has_the_time_of_a_move(
    clinic: Clinic,
) -> None:
    """Else a bot reminds of the time before, which stands in the survivor's field since the merge."""
    _mapped(clinic)
    made = clinic.booked()["booking"]
    (gone,) = [one for one in clinic.account()["contacts"].values() if "time contacts" in _values(one)]
    kept = clinic.story.simulator.control(
        "person", domain=clinic.story.domain, kind="contacts", fields={"name": "Смирнова Анна Петровна"}
    )["id"]
    clinic.story.simulator.control("delete", domain=clinic.story.domain, kind="contacts", id=gone["id"], into=kept)
    assert clinic.act("move_booking", id=made["id"], starts_at=clinic.at(15)).status == 200
    survivor = clinic.account()["contacts"][str(kept)]
    assert _values(survivor)["time contacts"].endswith("15:00")


def test_30_d5_a_name_that_a_person_has_given_stays(clinic: Clinic) -> None:
    made = clinic.booked()["booking"]
    (task,) = clinic.tasks()
    clinic.person("leads", task["entity_id"], {"name": "Семья Смирновых"})
    clinic.act("move_booking", id=made["id"], starts_at=clinic.at(15))
    assert _deal(clinic, task["entity_id"])["name"] == "Семья Смирновых"


def test_30_d5_moves_that_arrive_in_any_order_end_with_the_last(clinic: Clinic) -> None:
    made = clinic.booked()["booking"]
    (task,) = clinic.tasks()
    clinic.story.simulator.fault("status", status=500, path="/api/v4/.*", times=1)
    clinic.act("move_booking", id=made["id"], starts_at=clinic.at(12))
    clinic.act("move_booking", id=made["id"], starts_at=clinic.at(15))
    for _ in range(3):
        clinic.run(300)
    assert "15:00" in _deal(clinic, task["entity_id"])["name"]


def test_of_two_moves_at_once_the_later_one_stands_in_the_fields(clinic: Clinic) -> None:
    """What the first was about to write came last, and a bot reminded of its time."""
    _mapped(clinic)
    made = clinic.booked()["booking"]
    story = clinic.story
    runtime = Runtime.build(story.runtime.settings, story.clock)
    for kind in ("leads", "contacts"):
        story.simulator.fault("delay", method="PATCH", path=f"/api/v4/{kind}/.*", seconds=0.7, times=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(clinic.act, "move_booking", id=made["id"], starts_at=clinic.at(12))
        while clinic.tasks()[0]["complete_till"] != _due(clinic, 12):
            time.sleep(0.02)
        other = Clinic(dataclasses.replace(story, runtime=runtime), clinic.site_key)
        assert other.act("move_booking", id=made["id"], starts_at=clinic.at(15)).status in (200, 202)
        assert first.result().status == 200
    runtime.close()
    clinic.run(60)
    (task,) = clinic.tasks()
    lead = _deal(clinic, task["entity_id"])
    (contact,) = [one for one in clinic.account()["contacts"].values() if one["name"] == VISITOR["name"]]
    assert [_values(lead)["time leads"][-5:], _values(contact)["time contacts"][-5:]] == ["15:00", "15:00"]


def test_30_h6_a_late_move_says_what_is_so_now_though_a_form_came_in_between(clinic: Clinic) -> None:
    _mapped(clinic)
    made = clinic.booked()["booking"]
    clinic.story.simulator.fault("status", status=500, path="/api/v4/.*", times=1)
    clinic.act("move_booking", id=made["id"], starts_at=clinic.at(15))
    contact = {name: VISITOR[name] for name in ("name", "phone")}
    sent = clinic.story.crm("submit_form", clinic.story.application(), {"contact": contact, "comment": "Где вы?"})
    assert sent.status == 200
    for _ in range(3):
        clinic.run(300)
    (known,) = [one for one in clinic.account()["contacts"].values() if one["name"] == VISITOR["name"]]
    assert _values(known)["time contacts"].endswith("15:00")


@pytest.mark.vendor("tasks.reopen")
def test_30_d5_a_missed_visit_that_is_moved_has_an_open_task_again(clinic: Clinic) -> None:
    made = clinic.booked()["booking"]
    clinic.act("set_attendance", id=made["id"], attendance="missed")
    assert [one["is_completed"] for one in clinic.tasks()] == [True]
    clinic.act("move_booking", id=made["id"], starts_at=clinic.at(15))
    (task,) = clinic.tasks()
    assert (task["is_completed"], task["complete_till"]) == (False, _due(clinic, 15))
    clinic.compare()
    assert clinic.bookings()[0]["attention"] is None


# --- deals that are merged, or were lost before -------------------------------------------------------------------


def _merge(clinic: Clinic, lead_id: int, into: int) -> None:
    clinic.story.simulator.control("delete", domain=clinic.story.domain, kind="leads", id=lead_id, into=into)


@pytest.mark.vendor("leads.merge")
@pytest.mark.parametrize("has_filters", [True, False])
def test_30_d6_a_visit_lives_on_in_the_deal_with_which_its_own_was_merged(clinic: Clinic, has_filters: bool) -> None:
    clinic.story.simulator.control("change-account", domain=clinic.story.domain, has_filters=has_filters)
    clinic.booked()
    (task,) = clinic.tasks()
    _merge(clinic, task["entity_id"], clinic.story.lead_id)
    clinic.compare()
    assert _states(clinic) == ["booked"]
    assert "10:00" not in clinic.free(resource="ivanova")
    (shown,) = json_of(clinic.story.crm("get_bookings", clinic.card()))["bookings"]
    assert shown["lead_id"] == clinic.story.lead_id
    clinic.compare()
    clinic.act("move_booking", clinic.card(), id=shown["id"], starts_at=clinic.at(15))
    assert clinic.notes(clinic.story.lead_id)[-1].startswith("Приём перенесён")
    clinic.person("leads", clinic.story.lead_id, {"status_id": LOST})
    clinic.compare()
    assert _states(clinic) == ["cancelled"]


def test_30_d6_a_change_finds_the_merged_deal_before_anybody_has_looked(clinic: Clinic) -> None:
    made = clinic.booked()["booking"]
    (task,) = clinic.tasks()
    _merge(clinic, task["entity_id"], clinic.story.lead_id)
    moved = clinic.act("move_booking", id=made["id"], starts_at=clinic.at(15))
    assert moved.status == 200, moved.body.decode()
    assert clinic.notes(clinic.story.lead_id)[-1].startswith("Приём перенесён")
    assert clinic.bookings()[0]["lead_id"] == clinic.story.lead_id


def test_30_d6_a_visit_in_a_deal_that_was_lost_before_stays_booked(clinic: Clinic) -> None:
    clinic.person("leads", clinic.story.lead_id, {"status_id": LOST})
    _in_card(clinic, 10)
    for _ in range(2):
        clinic.compare()
    assert _states(clinic) == ["booked"]
    _, stages = _stages(clinic)
    clinic.person("leads", clinic.story.lead_id, {"status_id": stages[1]})
    clinic.compare()
    clinic.person("leads", clinic.story.lead_id, {"status_id": LOST})
    clinic.compare()
    assert _states(clinic) == ["cancelled"]


def test_30_d6_a_survivor_that_was_lost_before_cancels_nothing(clinic: Clinic) -> None:
    clinic.person("leads", clinic.story.lead_id, {"status_id": LOST})
    clinic.booked()
    (task,) = clinic.tasks()
    _merge(clinic, task["entity_id"], clinic.story.lead_id)
    for _ in range(3):
        clinic.compare()
    assert _states(clinic) == ["booked"]


def test_a_merge_while_amocrm_is_read_cancels_no_visit(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks were read before it, the deals after."""
    clinic.booked(starts_at=clinic.at(15))
    (task,) = clinic.tasks()
    into, original = task["entity_id"], FeedApi.listed
    for hour in (10, 11):
        _in_card(clinic, hour)

    def listed(*given: Any) -> Any:
        if str(clinic.story.lead_id) in clinic.account()["leads"]:
            _merge(clinic, clinic.story.lead_id, into)
        return original(*given)

    monkeypatch.setattr(FeedApi, "listed", listed)
    clinic.compare()
    assert _states(clinic) == ["booked"] * 3
    assert {one["lead_id"] for one in clinic.bookings()} == {into}


def test_a_visit_without_a_task_is_not_cancelled_with_its_deal(clinic: Clinic) -> None:
    """Whether the deal was deleted, or merged with another, nothing says any more: a person is asked."""
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.person("tasks", task["id"], delete=True)
    clinic.compare()
    _merge(clinic, task["entity_id"], clinic.story.lead_id)
    for _ in range(2):
        clinic.compare()
    (shown,) = clinic.bookings()
    assert shown["state"] == "booked"
    assert "merged" in shown["attention"]
    assert "10:00" not in clinic.free(resource="ivanova")


def test_a_visit_that_is_cancelled_with_its_deal_stands_in_the_log(clinic: Clinic) -> None:
    """There is no deal any more that could tell of it."""
    clinic.booked()
    (task,) = clinic.tasks()
    clinic.person("leads", task["entity_id"], delete=True)
    for _ in range(2):
        clinic.compare()
    assert _states(clinic) == ["cancelled"]
    ((told,),) = clinic.story.sql("SELECT message FROM amocrm_events WHERE kind = 'booking.deal_deleted'")
    assert str(task["entity_id"]) in told
    assert "10:00" in told


def _disconnect(clinic: Clinic) -> None:
    assert clinic.story.crm("disconnect", clinic.story.admin(), {}).status == 200


# --- before the first version was there ---------------------------------------------------------------------------


def _dies(*_: Any, **__: Any) -> None:
    raise RuntimeError("killed")


@pytest.mark.parametrize("then", ["move", "cancel", "nothing"])
@pytest.mark.parametrize("dies_again", [False, True])
def test_30_d7_what_is_changed_before_its_first_version_was_accepted_gets_there(
    clinic: Clinic, then: str, dies_again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.bookings.actions.book.start_sync", _dies)
    assert clinic.book().status == 500
    monkeypatch.undo()
    (booking,) = clinic.bookings()
    if dies_again:
        monkeypatch.setattr("features.bookings.actions.bookings.start_sync", _dies)
    if then == "move":
        clinic.act("move_booking", id=booking["id"], starts_at=clinic.at(15))
    if then == "cancel":
        _cancel(clinic, booking)
    monkeypatch.undo()
    for _ in range(5):
        clinic.run(150)
    (shown,) = clinic.bookings()
    assert shown["is_in_amocrm"] is True
    assert clinic.story.sql("SELECT DISTINCT state FROM amocrm_deliveries") == [("delivered",)]
    tasks = [(one["complete_till"], one["is_completed"]) for one in clinic.tasks()]
    expected = {"move": [(_due(clinic, 15), False)], "cancel": [], "nothing": [(_due(clinic, 10), False)]}
    assert tasks == expected[then]
    assert len({one["entity_id"] for one in clinic.tasks()}) == len(tasks)


def test_30_d7_a_first_version_that_amocrm_refused_is_tried_again_by_a_move(clinic: Clinic) -> None:
    clinic.story.simulator.fault("status", status=400, path="/api/v4/tasks", times=100)
    assert clinic.book().status == 202
    clinic.story.simulator.control("no-faults")
    (booking,) = clinic.bookings()
    moved = clinic.act("move_booking", id=booking["id"], starts_at=clinic.at(15))
    assert moved.status == 200, moved.body.decode()
    assert [one["complete_till"] for one in clinic.tasks()] == [_due(clinic, 15)]


def test_30_d7_visits_of_a_connection_that_has_ended_stand_in_nobodys_way(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.bookings.actions.book.start_sync", _dies)
    clinic.book()
    monkeypatch.undo()
    clinic.story.clock.advance(minutes=3)
    database = clinic.story.runtime.database
    assert len(reconciliation_queue.behind(database, 5)) == 1
    _disconnect(clinic)
    assert reconciliation_queue.behind(database, 5) == []


# --- whose calendar it is -----------------------------------------------------------------------------------------


def _calendar(clinic: Clinic, key: str) -> int:
    return clinic.story.crm("booking_calendar", {}, query={"key": key}).status


def _open(clinic: Clinic, resource: str = "ivanova") -> str:
    url = json_of(clinic.act("open_calendar", resource=resource))["url"]
    return str(url.partition("key=")[2])


def test_30_d8_a_calendars_address_ends_with_the_doctor_and_is_not_a_successors(clinic: Clinic) -> None:
    clinic.booked()
    key = _open(clinic)
    assert _calendar(clinic, key) == 200
    doctors = settings()["bookings"]["resources"]
    clinic.set_up(resources=doctors[1:])
    assert _calendar(clinic, key) == 401
    clinic.set_up(resources=[{"id": "ivanova", "name": "Сидорова"}, *doctors[1:]])
    assert _calendar(clinic, key) == 401
    clinic.set_up(resources=doctors)
    assert _calendar(clinic, key) == 401
    assert _calendar(clinic, _open(clinic)) == 200


def test_30_d8_another_name_under_the_same_key_is_another_doctor(clinic: Clinic) -> None:
    key, room = _open(clinic), _open(clinic, "room-1")
    doctors = settings()["bookings"]["resources"]
    clinic.set_up(resources=[doctors[0] | {"name": "Сидорова"}, *doctors[1:]])
    assert (_calendar(clinic, key), _calendar(clinic, room)) == (401, 200)
    told = clinic.story.sql("SELECT message::text FROM amocrm_events WHERE kind = 'booking.calendar_closed'")
    assert len(told) == 1
    assert "Иванова" in told[0][0]


def test_30_d8_a_calendars_address_ends_with_the_connection(clinic: Clinic) -> None:
    key = _open(clinic)
    _disconnect(clinic)
    assert _calendar(clinic, key) == 401
    assert clinic.story.sql("SELECT count(*) FROM amocrm_booking_resources WHERE calendar_hash IS NOT NULL") == [(0,)]


def test_30_d8_whoever_takes_no_new_visits_still_reads_their_own(clinic: Clinic) -> None:
    key = _open(clinic)
    doctors = settings()["bookings"]["resources"]
    clinic.set_up(resources=[doctors[0] | {"is_on": False}, *doctors[1:]])
    assert _calendar(clinic, key) == 200
