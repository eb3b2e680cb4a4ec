"""What services of bookings tell of a visit later is noted in its deal, and makes no other (values are made up)."""

import copy
from typing import Any

import pytest

from functions.run_deliveries.run import run as run_deliveries
from tests.story import Story
from tests.submissions.recorded import record, send, server_key
from tests.submissions.test_incoming import listed
from tests.submitting import account, save, set_up, values_of

_EVENTS = "https://api.calendly.com/scheduled_events"


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


def _calendly(event: str, own: str, **members: Any) -> dict[str, Any]:
    body = copy.deepcopy(record("calendly")["json"])
    body["payload"] |= {"uri": f"{_EVENTS}/{own}/invitees/{own}", "old_invitee": None, "new_invitee": None} | members
    made: dict[str, Any] = body | {"event": event, "created_by": "https://api.calendly.com/users/A"}
    return made


def _cal_com(event: str, uid: str, **members: Any) -> dict[str, Any]:
    who = {"name": "Vera Diaz", "email": "t59@example.org", "phoneNumber": "+79211000159", "timeZone": "Europe/Madrid"}
    responses = {"name": {"label": "your_name", "value": "Vera Diaz", "isHidden": False}}
    told = {"uid": uid, "title": "Visita", "organizer": {"name": "Olga Host", "email": "host@example.org"}}
    payload = {**told, "attendees": [who], "responses": responses, "iCalUID": "first@Cal.com", **members}
    return {"triggerEvent": event, "createdAt": "2026-11-28T10:00:00.000Z", "payload": payload}


def _docplanner(event: str, **members: Any) -> dict[str, Any]:
    body = copy.deepcopy(record("doctoralia")["json"])
    booking = body["data"].pop("visit_booking")
    data = {name: booking | own for name, own in members.items()} if members else {"visit_booking": booking}
    made: dict[str, Any] = body | {"name": event, "data": body["data"] | data}
    return made


def _altegio(status: str, **members: Any) -> dict[str, Any]:
    body = copy.deepcopy(record("altegio")["json"])
    made: dict[str, Any] = body | {"status": status, "data": body["data"] | members}
    return made


def _anybody(event: str, **members: Any) -> dict[str, Any]:
    """As programs that nobody here knows tell it."""
    booking = {"id": 17, "name": "Ana Ruiz", "phone": "+79211000165", "starts_at": "2026-12-01T10:00:00Z", **members}
    return {"id": f"evt-{event}", "event": event, "data": {"booking": booking}}


def _calendly_uri(own: str) -> str:
    return f"{_EVENTS}/{own}/invitees/{own}"


def _newest(site: Story) -> dict[str, Any]:
    found: dict[str, Any] = max(account(site)["leads"].values(), key=lambda one: one["id"])
    return found


def _notes(site: Story) -> list[str]:
    notes = account(site)["notes"].get(f"leads/{_newest(site)['id']}", [])
    return [str(one["params"].get("text", "")) for one in notes]


_CANCELLED = {"cancellation": {"canceled_by": "Vera Diaz", "reason": "Ill"}, "status": "canceled"}
_MOVED = {"old_visit_booking": {"id": "2000098"}, "new_visit_booking": {"id": "2000099", "start_at": "2026-12-03"}}
_NO_SHOW = {
    "event": "invitee_no_show.created",
    "created_at": "2026-12-01T10:00:00Z",
    "payload": {"uri": "https://api.calendly.com/invitee_no_shows/1", "invitee": _calendly_uri("two")},
}
STORIES: dict[str, list[tuple[dict[str, Any], str]]] = {
    "calendly": [
        (_calendly("invitee.created", "one"), ""),
        (_calendly("invitee.created", "two", old_invitee=_calendly_uri("one")), "two"),
        (_calendly("invitee.canceled", "one", new_invitee=_calendly_uri("two"), rescheduled=True), "rescheduled"),
        (_NO_SHOW, "no_show"),
        (_calendly("invitee.canceled", "two", **_CANCELLED), "Ill"),
    ],
    "cal_com": [
        (_cal_com("BOOKING_CREATED", "one"), ""),
        (_cal_com("BOOKING_RESCHEDULED", "two", rescheduleUid="one"), "BOOKING_RESCHEDULED"),
        (_cal_com("BOOKING_RESCHEDULED", "three", rescheduleUid="two"), "three"),
        (_cal_com("BOOKING_CANCELLED", "three", cancellationReason="Ill"), "Ill"),
    ],
    "docplanner": [
        (_docplanner("slot-booked"), ""),
        (_docplanner("booking-confirmed"), "booking-confirmed"),
        (_docplanner("booking-moved", **_MOVED), "booking-moved"),
        (_docplanner("booking-canceled", visit_booking=_MOVED["new_visit_booking"]), "booking-canceled"),
        (_docplanner("presence-marked"), "presence-marked"),
    ],
    # source: bodies of YClients and Altegio in public receivers, which hear of a visit each time that it changes
    "altegio": [
        (_altegio("create"), ""),
        (_altegio("update", comment="Позже на час"), "Позже на час"),
        (_altegio("update", attendance=1, comment="Пришёл"), "Пришёл"),
        (_altegio("delete", client=None, deleted=True, comment="Удалена"), "Удалена"),
    ],
    "anybody": [
        (_anybody("booking.created"), ""),
        (_anybody("booking.status.updated", state="waits"), "waits"),
        (_anybody("booking.status.updated", state="paid"), "paid"),
        (_anybody("booking.cancelled", reason="Ill"), "Ill"),
    ],
    "anybody, the change first": [
        (_anybody("bookingUpdated", state="waits"), ""),
        (_anybody("bookingCreated", state="made"), "made"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("service", STORIES)
def test_what_is_told_of_a_visit_is_noted_once_in_its_deal(site: Story, service: str) -> None:
    _, key = server_key(site)
    content, leads, words = {"content_type": "application/json"}, set(), []
    for body, word in STORIES[service]:
        for _ in range(2):
            assert send(site, key, content | {"json": body}).status == 200
            site.clock.advance(hours=1)
        run_deliveries(site.runtime, 20)
        leads.add(len(account(site)["leads"]))
        words += [word] if word else []
    assert len(leads) == 1
    notes = _notes(site)
    assert len(notes) == len(words) + 1
    for word in words:
        assert any(word in note for note in notes), word


def test_a_visit_whose_person_is_called_a_client_is_not_flexbes(site: Story) -> None:
    """Its time and its state were taken for furniture, and what was told of it later was refused."""
    _, key = server_key(site)
    who, before = {"name": "Ana Ruiz", "phone": "+79211000165"}, len(account(site)["leads"])
    for event, status in (("booking.created", "waits"), ("booking.cancelled", "is off")):
        body = {"event": event, "data": {"id": 5, "client": who, "time": "10:45", "status": status}}
        assert send(site, key, {"content_type": "application/json", "json": body}).status == 200
        run_deliveries(site.runtime, 20)
    assert len(account(site)["leads"]) == before + 1
    text = "\n".join(_notes(site))
    assert all(word in text for word in ("10:45", "waits", "is off", "booking.cancelled"))


def test_what_is_told_of_a_person_or_by_a_form_is_no_news_of_a_visit(site: Story) -> None:
    """A client who has changed may ask for something else; and a form may be called by the id of its page."""
    _, key = server_key(site)
    who, before = {"id": 5, "name": "Ana Ruiz", "phone": "+79211000165"}, len(account(site)["leads"])
    bodies: list[dict[str, Any]] = [
        {"event": f"client.{event}", "data": who | {"note": event}} for event in ("created", "updated")
    ]
    bodies += [{"type": "new booking", "id": "form-7", **who, "comment": one} for one in ("Door", "Window")]
    bodies += [
        {"event": "Booking created", "data": {**who, "id": "form-7"}, "comment": one} for one in ("Roof", "Gate")
    ]
    for body in bodies:
        assert send(site, key, {"content_type": "application/json", "json": body}).status == 200
        run_deliveries(site.runtime, 20)
    assert len(account(site)["leads"]) == before + len(bodies)


def test_a_visit_that_is_not_known_is_a_form_when_it_is_cancelled_and_nothing_when_it_is_confirmed(site: Story) -> None:
    _, key = server_key(site)
    content, before = {"content_type": "application/json"}, len(account(site)["leads"])
    assert send(site, key, content | {"json": _docplanner("presence-marked")}).status == 200
    run_deliveries(site.runtime, 20)
    assert len(account(site)["leads"]) == before
    assert listed(site)["incoming"][0]["outcome"] == "nothing"
    assert send(site, key, content | {"json": _cal_com("BOOKING_CANCELLED", "four")}).status == 200
    run_deliveries(site.runtime, 20)
    assert len(account(site)["leads"]) == before + 1
    assert "BOOKING_CANCELLED" in _notes(site)[0]


def test_what_is_told_of_somebody_else_who_comes_at_the_same_hour_is_in_no_others_deal(site: Story) -> None:
    _, key = server_key(site)
    other = {"name": "Bo Lind", "email": "t60@example.org", "phoneNumber": "+79211000160"}
    theirs = {"attendees": [other], "responses": {"name": {"label": "your_name", "value": "Bo Lind"}}}
    before = len(account(site)["leads"])
    for body in (
        _cal_com("BOOKING_CREATED", "one"),
        _cal_com("BOOKING_RESCHEDULED", "two", rescheduleUid="one"),
        _cal_com("BOOKING_CANCELLED", "two", **theirs),
    ):
        assert send(site, key, {"content_type": "application/json", "json": body}).status == 200
        run_deliveries(site.runtime, 20)
    assert len(account(site)["leads"]) == before + 2
    assert "Bo Lind" in str(account(site)["contacts"])


@pytest.mark.parametrize("moved", ["BOOKING_RESCHEDULED", "BOOKING_REQUESTED"])
def test_a_visit_that_is_moved_has_its_new_time_in_the_field_that_the_settings_name(site: Story, moved: str) -> None:
    """Where the host confirms each visit, one that is moved is requested anew."""
    rule = {"source": "startTime", "entity": "leads", "field": "Приём", "type": "text"}
    assert save(site, mapping=[rule]).status == 200
    _, key = server_key(site)
    days = {
        "BOOKING_CREATED": ("one", None, 1),
        moved: ("two", "one", 3),
        "BOOKING_CANCELLED": ("two", None, 5),
    }
    for event, (uid, before, day) in days.items():
        more = {"startTime": f"2026-12-0{day}T10:00:00Z", "rescheduleUid": before}
        sent = {"content_type": "application/json", "json": _cal_com(event, uid, **more)}
        assert send(site, key, sent).status == 200
        run_deliveries(site.runtime, 20)
    assert values_of(_newest(site))["Приём"] == ["2026-12-03T10:00:00Z"]
