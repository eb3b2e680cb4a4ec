"""A clinic: an account whose settings have doctors, a room and services, on a Monday morning."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Response
from tests.story import Story, json_of

SITE = "https://clinic.example"
VISITOR = {"name": "Анна Смирнова", "phone": "+7 916 555-44-33", "email": "anna@example.org"}
ALL_WEEK = {day: ["09:00-13:00", "14:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def settings(**changed: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "is_on": True,
        "time_zone": "Europe/Moscow",
        "hours": ALL_WEEK,
        "places": [{"id": "main", "name": "Клиника на Лесной", "address": "Лесная, 12"}],
        "resources": [
            {"id": "ivanova", "name": "Иванова А. П."},
            {"id": "petrov", "name": "Петров С. И."},
            {"id": "room-1", "name": "Кабинет 1", "is_room": True},
        ],
        "services": [
            {"id": "consult", "name": "Консультация", "minutes": 30, "buffer_minutes": 15, "price": "2500"},
            {"id": "massage", "name": "Массаж", "minutes": 60, "resources": ["petrov"], "rooms": ["room-1"]},
            {"id": "inner", "name": "Планёрка", "minutes": 30, "is_public": False},
        ],
        "most_per_phone": 5,
    }
    return {"bookings": content | changed}


@dataclass
class Clinic:
    story: Story
    site_key: str

    def set_up(self, **changed: Any) -> Response:
        return self.story.crm("save_settings", self.story.admin(), settings(**changed))

    # --- callers ------------------------------------------------------------------------------------------------

    def site(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.site_key}", "Origin": SITE}

    def card(self, lead_id: int | None = None) -> dict[str, str]:
        """A session of a deal's card."""
        lead = {"X-Lead-Id": str(lead_id or self.story.lead_id)}
        opened = json_of(self.story.crm("open_session", self.story.widget() | lead, {}))
        return {"Authorization": f"Bearer {opened['session_token']}"} | lead

    # --- times --------------------------------------------------------------------------------------------------

    def at(self, hour: int, minute: int = 0, days: int = 1) -> str:
        """So many days after this Monday, in Moscow."""
        day = (MONDAY + timedelta(days=days)).date()
        return f"{day}T{hour:02}:{minute:02}:00+03:00"

    def slots(self, headers: dict[str, str] | None = None, /, **query: str) -> dict[str, list[str]]:
        """Day -> the local times that are free."""
        asked = {"service": "consult", "from": self.at(0)[:10], "to": self.at(0)[:10]} | query
        answer = self.story.crm("get_slots", headers or self.site(), query=asked)
        assert answer.status == 200, answer.body.decode()
        return {one["date"]: [slot["starts_at"][11:16] for slot in one["slots"]] for one in json_of(answer)["days"]}

    def free(self, **query: str) -> list[str]:
        (times,) = self.slots(None, **query).values()
        return times

    # --- what people do -----------------------------------------------------------------------------------------

    def book(self, headers: dict[str, str] | None = None, **changed: Any) -> Response:
        body: dict[str, Any] = {
            "service": "consult",
            "starts_at": self.at(10),
            "resource": "ivanova",
            "visitor": VISITOR,
        }
        return self.story.crm("book", headers or self.site(), body | changed)

    def booked(self, headers: dict[str, str] | None = None, **changed: Any) -> Any:
        answer = self.book(headers, **changed)
        assert answer.status == 200, answer.body.decode()
        return json_of(answer)

    def act(self, action: str, headers: dict[str, str] | None = None, **body: Any) -> Response:
        return self.story.crm(action, headers or self.story.admin(), body)

    def visit(self, link: str, do: str = "show", **more: Any) -> Response:
        return self.story.crm("visit", {}, {"token": link.partition("#visit=")[2], "do": do} | more)

    def bookings(self, **query: str) -> list[Any]:
        asked = {"from": self.at(0, days=0)[:10], "to": self.at(0, days=20)[:10]} | query
        found: list[Any] = json_of(self.story.crm("get_bookings", self.story.admin(), query=asked))["bookings"]
        return found

    # --- amoCRM -------------------------------------------------------------------------------------------------

    def account(self) -> Any:
        return self.story.simulator.control("show", domain=self.story.domain)

    def tasks(self) -> list[Any]:
        return list(self.account()["tasks"].values())

    def notes(self, lead_id: int) -> list[str]:
        return [one["params"]["text"] for one in self.account()["notes"].get(f"leads/{lead_id}", [])]

    def person(self, kind: str, entity_id: int, fields: dict[str, Any] | None = None, **more: Any) -> None:
        """Somebody changes something in amoCRM."""
        facts = {"domain": self.story.domain, "kind": kind, "id": entity_id}
        self.story.simulator.control("person", **facts, **({"fields": fields} if fields else {}), **more)

    def run(self, seconds: float = 0) -> Any:
        self.story.clock.advance(seconds=seconds)
        return run_deliveries(self.story.runtime, 20)

    def compare(self) -> Any:
        """What is done every few minutes, and what it has set off."""
        self.run(301)
        return self.run(1)


def _next_monday() -> datetime:
    """Eight in the morning in Moscow."""
    soon = datetime.now(UTC) + timedelta(hours=1)
    day = soon + timedelta(days=7 - soon.weekday())
    return day.replace(hour=5, minute=0, second=0, microsecond=0)


MONDAY = _next_monday()


@pytest.fixture
def clinic(story: Story) -> Clinic:
    story.clock.advance(seconds=(MONDAY - story.clock.now()).total_seconds())
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "clinic", "origins": [SITE]}))
    clinic = Clinic(story, made["site_key"])
    saved = clinic.set_up()
    assert saved.status == 200, saved.body.decode()
    return clinic
