"""The company, its account and a visitor need not be in one time zone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.bookings.conftest import Clinic, settings

_MOSCOW = ZoneInfo("Europe/Moscow")


def _mapped(clinic: Clinic, language: str) -> None:
    """The time of a visit into a text, a date, and a date with a time, of the deal and of the contact."""
    rules = []
    for entity in ("leads", "contacts"):
        for kind in ("text", "date", "date_time"):
            field = {"owner": entity, "name": f"{kind} of {entity}", "kind": kind}
            clinic.story.simulator.control("add", domain=clinic.story.domain, field=field)
            rules.append({"source": "booking.time", "entity": entity, "field": field["name"]})
    body = settings() | {"submissions": {"mapping": rules}, "language": language}
    saved = clinic.story.crm("save_settings", clinic.story.admin(), body)
    assert saved.status == 200, saved.body.decode()


def _values(entity: Any) -> dict[str, Any]:
    return {one["field_name"].split()[0]: one["values"][0]["value"] for one in entity["custom_fields_values"] or []}


@pytest.mark.parametrize("language", ["ru", "en", "es"])
def test_a_field_of_a_date_and_a_time_has_the_moment_of_the_visit(clinic: Clinic, language: str) -> None:
    """Ten o'clock in Moscow is no ten o'clock in London: bots remind by such a field."""
    _mapped(clinic, language)
    made = clinic.booked()["booking"]
    for hour in (10, 15):
        if hour != 10:
            moved = clinic.act("move_booking", id=made["id"], starts_at=clinic.at(hour))
            assert moved.status == 200, moved.body.decode()
        (task,) = clinic.tasks()
        account = clinic.account()
        deal = account["leads"][str(task["entity_id"])]
        (contact,) = [one for one in account["contacts"].values() if one["name"].startswith("Анна")]
        for entity in (deal, contact):
            found = _values(entity)
            assert found["text"].endswith(f" {hour}:00")
            assert (
                found["date_time"] == int(datetime.fromisoformat(clinic.at(hour)).timestamp()) == task["complete_till"]
            )
            assert f"{datetime.fromtimestamp(found['date'], _MOSCOW):%F}" == clinic.at(hour)[:10]
        assert not [one for one in clinic.notes(deal["id"]) if "date of" in one]
