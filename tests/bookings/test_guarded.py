"""30-C4: a visit, or a clinic, whose comparing fails with what nobody foresaw keeps no other from its turn. What a dump
holds of one names nobody."""

import pytest

from shared.platform.config import load
from shared.runtime import Runtime
from shared.storage.encryption import generate_key
from tests.bookings.conftest import VISITOR, Clinic
from tests.digests import Tried
from tests.story import Story


@pytest.mark.long
def test_a_poisoned_visit_keeps_no_other_from_being_compared(clinic: Clinic) -> None:
    first, second = clinic.booked(), clinic.booked(starts_at=clinic.at(11))
    clinic.booked(starts_at=clinic.at(12))  # whose time the first one cannot have
    clinic.story.sql("UPDATE amocrm_bookings SET facts = '{}' WHERE id = %s", first["booking"]["id"])
    for booking in (first, second):
        (task,) = [one for one in clinic.tasks() if one["id"] == _task(clinic, booking["booking"]["id"])]
        clinic.person("tasks", task["id"], {"complete_till": task["complete_till"] + 2 * 3600})
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


def test_no_digest_of_a_visit_is_found_by_trying_all_phones(
    clinic: Clinic, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = Tried(monkeypatch, VISITOR["phone"][-4:])
    first = clinic.booked()["booking"]["id"]
    tables = [name for (name,) in clinic.story.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    rows = [row for table in tables for (row,) in clinic.story.sql(f"SELECT to_jsonb(t)::text FROM {table} t")]
    assert tried.found
    assert tried.in_dump("".join(rows)) == set()
    both = f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"
    changed = Runtime.build(load(environment | {"ENCRYPTION_KEYS": both}), clinic.story.clock)
    clinic.story = Story(**{**clinic.story.__dict__, "runtime": changed})
    assert clinic.booked()["booking"]["id"] == first  # the same request, while the key in front is changed
    changed.close()
