"""37-3: visits that were booked between the backup and the loss."""

import pytest

from tests.backups import Backup
from tests.bookings.conftest import Clinic


def _key(clinic: Clinic, headers: dict[str, str] | None = None) -> dict[str, str]:
    return (headers or clinic.site()) | {"Idempotency-Key": "visit-1"}


def _all(clinic: Clinic) -> list[int]:
    shown = clinic.account()
    notes = sum(map(len, shown["notes"].values()))
    return [len(shown["leads"]), len(shown["contacts"]), len(shown["tasks"]), notes]


def _take(clinic: Clinic, backup: Backup) -> None:
    """Of an account whose tokens are new: the clinic's Monday may be a week ahead, and this is not about tokens."""
    story = clinic.story
    assert story.crm("get_lead", story.application() | {"X-Lead-Id": str(story.lead_id)}).status == 200
    backup.take()


@pytest.mark.long
def test_37_3_a_visit_that_is_booked_again_is_there_once(clinic: Clinic, backup: Backup) -> None:
    _take(clinic, backup)
    first = clinic.booked(_key(clinic))
    before = _all(clinic)
    backup.restore_after(hours=1)
    again = clinic.booked(_key(clinic))
    assert (again["booking"]["id"], again["delivery_id"]) == (first["booking"]["id"], first["delivery_id"])
    assert _all(clinic) == before


def test_37_3_a_visit_in_a_deal_that_is_booked_again_is_there_once(clinic: Clinic, backup: Backup) -> None:
    _take(clinic, backup)
    clinic.booked(_key(clinic, clinic.card()), visitor={})
    before = _all(clinic)
    backup.restore_after(hours=1)
    clinic.booked(_key(clinic, clinic.card()), visitor={})
    assert _all(clinic) == before


@pytest.mark.long
def test_37_3_visits_that_nobody_books_again_are_listed_for_a_person(clinic: Clinic, backup: Backup) -> None:
    """Their time looks free."""
    clinic.booked(starts_at=clinic.at(9))
    backup.take()
    clinic.booked(starts_at=clinic.at(12))
    cancelled = clinic.booked(starts_at=clinic.at(15))["booking"]["id"]
    assert clinic.act("cancel_booking", id=cancelled).status == 200
    backup.restore_after(minutes=10)
    assert "12:00" in clinic.free()
    for _ in range(2):
        told = backup.command("lost-visits")
        assert (told.exit_code, "1 line(s) for a person" in told.output) == (1, True), told.output
        assert "12:00" in told.output
        assert "Анна" not in told.output
    ((logged,),) = clinic.story.sql("SELECT message FROM amocrm_events WHERE kind = 'booking.lost'")
    assert "12:00" in logged
    clinic.booked(starts_at=clinic.at(12))
    clinic.person("tasks", _task_of(told.output), {"is_completed": True})
    told = backup.command("lost-visits")
    assert (told.exit_code, "is known here" in told.output) == (0, True), told.output


def _task_of(output: str) -> int:
    return int(output.partition("the task ")[2].partition(" ")[0])


def test_37_3_without_a_restore_the_command_says_so(clinic: Clinic, backup: Backup) -> None:
    told = backup.command("lost-visits")
    assert (told.exit_code, "run mark-restored first" in told.output) == (1, True)


@pytest.mark.long
def test_37_3_another_change_than_the_one_that_was_lost_is_noted(clinic: Clinic, backup: Backup) -> None:
    """It has the same number: the visit's second version."""
    visit = clinic.booked(starts_at=clinic.at(10))["booking"]["id"]
    backup.take()
    assert clinic.act("move_booking", id=visit, starts_at=clinic.at(12)).status == 200
    clinic.run(1)
    backup.restore()
    assert clinic.act("move_booking", id=visit, starts_at=clinic.at(15)).status == 200
    clinic.run(1)
    notes = [note["params"]["text"] for notes in clinic.account()["notes"].values() for note in notes]
    assert [sum(time in text for text in notes) for time in ("12:00", "15:00")] == [1, 1]


def test_37_3_an_account_that_cannot_be_asked_is_told(clinic: Clinic, backup: Backup) -> None:
    """It is just the one whose tokens the restore has lost."""
    backup.take()
    clinic.booked(starts_at=clinic.at(12))
    backup.restore()
    clinic.story.sql("UPDATE amocrm_integrations SET status = 'reauth_required', access_expires_at = amocrm_now()")
    told = backup.command("lost-visits")
    assert (told.exit_code, "could not be asked" in told.output) == (1, True), told.output


@pytest.mark.long
def test_37_3_visits_that_were_moved_or_cancelled_since_follow_their_tasks(clinic: Clinic, backup: Backup) -> None:
    """What amoCRM's tasks know is compared as always: a moved one moves, a cancelled one is for a person."""
    moved = clinic.booked(starts_at=clinic.at(10))["booking"]["id"]
    cancelled = clinic.booked(starts_at=clinic.at(15))["booking"]["id"]
    backup.take()
    assert clinic.act("move_booking", id=moved, starts_at=clinic.at(12)).status == 200
    assert clinic.act("cancel_booking", id=cancelled).status == 200
    clinic.run(1)
    backup.restore()
    clinic.compare()
    by_id = {one["id"]: one for one in clinic.bookings()}
    assert by_id[moved]["starts_at"] == clinic.at(12)
    assert by_id[cancelled]["attention"] == "Its task was completed before the visit. The visit is still booked."
    assert [one["id"] for one in clinic.bookings(needs_a_person="1")] == [cancelled]
