"""30-C4: a visit, or a clinic, whose comparing fails with what nobody foresaw keeps no other from its turn."""

import pytest

from tests.bookings.conftest import Clinic


@pytest.mark.long
def test_a_poisoned_visit_keeps_no_other_from_being_compared(clinic: Clinic) -> None:
    first, second = clinic.booked(), clinic.booked(starts_at=clinic.at(11))
    clinic.story.sql("UPDATE amocrm_bookings SET facts = '{}' WHERE id = %s", first["booking"]["id"])
    for booking in (first, second):
        (task,) = [one for one in clinic.tasks() if one["id"] == _task(clinic, booking["booking"]["id"])]
        clinic.person("tasks", task["id"], {"complete_till": task["complete_till"] + 3600})
    clinic.compare()
    versions = dict(clinic.story.sql("SELECT id::text, version FROM amocrm_bookings"))
    assert versions[second["booking"]["id"]] == 2  # it was moved, though the first one could not be brought
    assert clinic.story.events().count("bookings.failed") == 1


def _task(clinic: Clinic, booking_id: str) -> int:
    return int(clinic.story.sql("SELECT task_id FROM amocrm_bookings WHERE id = %s", booking_id)[0][0])


def test_settings_that_nobody_can_read_are_told_once(clinic: Clinic) -> None:
    clinic.booked()
    clinic.story.sql('UPDATE amocrm_integrations SET settings = \'{"bookings": {"services": 7}}\'')
    clinic.compare()
    clinic.compare()
    assert clinic.story.events().count("bookings.failed") == 1
