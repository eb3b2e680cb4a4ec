"""The company, its account and a visitor need not be in one time zone."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests.bookings.conftest import Clinic, settings
from tests.listener import Ingress
from tests.looking import OLD_BROWSER
from tests.story import json_of

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


@pytest.mark.long
@pytest.mark.needs("chromium")
@pytest.mark.parametrize(
    ("zone", "is_old"), [("Europe/Kyiv", False), ("Europe/Kyiv", True), ("Asia/Almaty", True), ("Europe/London", False)]
)
def test_a_visitor_sees_by_whose_clock_it_is(
    clinic: Clinic, chromium: Browser, ingress: Ingress, *, zone: str, is_old: bool
) -> None:
    """In the form, when it is booked, and by their link; also where a browser does not know the company's zone, or has
    it as it was: visitors in Almaty were told to come an hour late."""
    assert clinic.set_up(time_zone=zone).status == 200
    made = json_of(
        clinic.story.crm("create_site_key", clinic.story.admin(), {"name": "x", "origins": [f"http://{ingress.host}"]})
    )
    context = chromium.new_context(locale="ru-RU", timezone_id="Asia/Vladivostok")
    if is_old:
        context.add_init_script(OLD_BROWSER)
    page = context.new_page()
    page.goto(f"{ingress.url}/booking/?key={made['site_key']}")
    expect(page.get_by_text(f"Время указано по часовому поясу {zone}.")).to_be_visible()
    page.get_by_role("group", name="День").get_by_role("radio").nth(1).check(force=True)
    page.get_by_role("group", name="Время").get_by_role("radio", name="09:15").check(force=True)
    page.get_by_label("Имя").fill("Анна")
    page.get_by_label("Телефон").fill("+380 44 123-45-67")
    page.get_by_role("button", name="Записаться", exact=True).click()
    when = page.locator("dd").nth(1)
    expect(when).to_contain_text(f"09:15 ({zone})")
    (booked,) = clinic.bookings()
    assert "T09:15:00+0" in booked["starts_at"]
    expect(when).to_contain_text(f", {int(booked['starts_at'][8:10])} ")
    link = page.get_by_role("link", name=re.compile("перенести")).get_attribute("href") or ""
    page.goto("about:blank")
    page.goto(f"{ingress.url}/booking/#{link.partition('#')[2]}")
    expect(page.get_by_role("heading", name="Ваша запись")).to_be_visible()
    expect(when).to_contain_text(f"09:15 ({zone})")
    context.close()
