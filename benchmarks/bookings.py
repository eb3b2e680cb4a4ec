"""Free times of a week of 20 doctors, holding a time, and booking it: the whole request, and what of it the database
and amoCRM have taken.

In one process, with a real PostgreSQL and the simulator, whose latency is none. The doctors' week is half full. The
clock is the tests': waiting for amoCRM's limit of seven calls a second is told, and not slept. Ends
with 1 where the free times of the week take more than 30 ms in the median.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any, Final
from uuid import uuid4

import click
import jwt

from features.bookings import hours, rows
from features.bookings.availability import Seat
from features.bookings.rows import BookingRequest
from features.bookings.settings import Resource
from functions.crm_api.handler import handle
from shared.amocrm.transport import Transport
from shared.platform import time_zones
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.runtime import Runtime
from shared.storage.database import Database
from tests.chaos import campaign
from tests.chaos.stage import Stage, stage
from tests.clocks import MovableClock
from tests.story import APP_SECRET

_MOST_MS: Final = 30.0
_DOCTORS: Final = 20
_SET = "UPDATE amocrm_integrations SET settings = %(settings)s::jsonb WHERE id = %(id)s"


def _settings() -> dict[str, Any]:
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), "09:00-18:00")
    return {
        "is_on": True,
        "time_zone": "Europe/Moscow",
        "hours": {day: [span] for day, span in week.items()},
        "resources": [{"id": f"doctor-{number}", "name": f"Doctor {number}"} for number in range(_DOCTORS)],
        "services": [{"id": "visit", "name": "Visit", "minutes": 30, "price": 2500}],
    }


def _fill(runtime: Runtime, integration_id: Any, first: date, rng: random.Random) -> None:
    """Half of every half an hour is taken."""
    zone = time_zones.zone("Europe/Moscow")
    assert zone is not None
    for number in range(_DOCTORS):
        seat = Seat(Resource(f"doctor-{number}", f"Doctor {number}"), None)
        for day in range(7):
            begins = hours.instant(hours.midnight(first + timedelta(days=day)), zone) + 9 * 60
            for half in rng.sample(range(18), 9):
                at = hours.moment_of(begins + 30 * half)
                facts = {"service": "Visit", "resource": seat.resource.name, "currency": "RUB"}
                wanted = BookingRequest("visit", seat, at, 30, 0, facts)
                made = rows.hold(
                    runtime.database, integration_id, uuid4(), wanted, minutes=100_000, holder=None, most=10**6
                )
                assert made is not None


@contextmanager
def _counting(owner: type, name: str) -> Iterator[list[float]]:
    """Seconds that were spent in a method, in this process."""
    spent, original = [0.0], getattr(owner, name)

    def timed(*args: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return original(*args, **named)
        finally:
            spent[0] += time.perf_counter() - began

    setattr(owner, name, timed)
    try:
        yield spent
    finally:
        setattr(owner, name, original)


def _asked(runtime: Runtime, played: Stage, action: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
    now = int(time.time())
    claims = {"aud": "amocrm-functions", "iat": now, "exp": now + 3600, "account_domain": played.domains[0]}
    token = jwt.encode(claims | {"widget_type": "glass"}, APP_SECRET, algorithm="HS256")
    headers = Headers({"Authorization": f"Bearer {token}"}.items())
    content = b"" if body is None else json.dumps(body).encode()
    request = Request("GET" if body is None else "POST", f"/{action}", tuple(query.items()), headers, content)
    answer = serve(handle, runtime, request)
    return answer.status, json.loads(answer.body)


def _measured(repeats: int, ask: Callable[[int], tuple[int, Any]]) -> dict[str, Any]:
    whole, in_database, in_amocrm, slept = [], [], [], []
    for number in range(repeats):
        with (
            _counting(Database, "_repeated") as database,
            _counting(Transport, "send") as amocrm,
            _counting(MovableClock, "sleep") as waiting,
        ):
            began = time.perf_counter()
            status, told = ask(number)
            whole.append((time.perf_counter() - began) * 1000)
        assert status in (200, 201, 202), told
        in_database.append(database[0] * 1000)
        in_amocrm.append(amocrm[0] * 1000)
        slept.append(waiting[0] * 1000)
    return {
        "p50_ms": round(statistics.median(whole), 2),
        "p99_ms": round(sorted(whole)[int(0.99 * (len(whole) - 1))], 2),
        "of_it_database_ms": round(statistics.median(in_database), 2),
        "of_it_amocrm_ms": round(statistics.median(in_amocrm), 2),
        "of_it_waiting_ms": round(statistics.median(slept), 2),
    }


def measure(repeats: int) -> dict[str, Any]:
    rng = random.Random(1)  # noqa: S311 - chooses times
    first = datetime.now(UTC).date() + timedelta(days=20)
    with stage(accounts=1) as played, played.runtime() as runtime, redirect_stdout(StringIO()):
        row = campaign.rows(runtime)[0]
        runtime.database.execute(_SET, {"id": row.id, "settings": json.dumps({"bookings": _settings()})})
        _fill(runtime, row.id, first, rng)
        week = {"service": "visit", "from": first.isoformat(), "to": (first + timedelta(days=6)).isoformat()}

        def slots(_number: int) -> tuple[int, Any]:
            return _asked(runtime, played, "get_slots", week, None)

        for number in range(5):
            slots(number)  # warm
        found = {"get_slots": _measured(repeats, slots)}
        free = [
            (slot["starts_at"], who)
            for day in slots(0)[1]["days"]
            for slot in day["slots"][::3]
            for who in slot["resources"]
        ]
        rng.shuffle(free)
        wishes = _apart(free)

        def hold(number: int) -> tuple[int, Any]:
            at, who = wishes[number]
            return _asked(runtime, played, "hold_slot", {}, {"service": "visit", "starts_at": at, "resource": who})

        def book(number: int) -> tuple[int, Any]:
            at, who = wishes[repeats + number]
            visitor = {"name": f"Visitor {number}", "phone": f"+7916{number:07}"}
            wish = {"service": "visit", "starts_at": at, "resource": who, "visitor": visitor}
            return _asked(runtime, played, "book", {}, wish)

        found["hold_slot"] = _measured(repeats, hold)
        found["book"] = _measured(repeats, book)
    return {"doctors": _DOCTORS, "days": 7, "repeats": repeats} | found


def _apart(free: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Times that do not overlap: visits of half an hour, of each doctor."""
    taken: set[tuple[str, int]] = set()
    found = []
    for at, who in free:
        minute = hours.minute_of(datetime.fromisoformat(at))
        own = {(who, one) for one in range(minute - 29, minute + 30)}
        if not own & taken:
            taken.add((who, minute))
            found.append((at, who))
    return found


@click.command()
@click.option("--repeats", default=100, show_default=True)
def main(repeats: int) -> None:
    """Prints JSON."""
    found = measure(repeats)
    click.echo(json.dumps(found, indent=2))
    sys.exit(int(found["get_slots"]["p50_ms"] > _MOST_MS))


if __name__ == "__main__":
    main()
