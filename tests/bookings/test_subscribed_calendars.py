"""33-4: a calendar that a doctor keeps elsewhere is read every hour; what is busy there is not free here."""

import base64
import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from features.bookings import calendar_import, calendar_subscriptions
from features.bookings.calendar_subscriptions import Subscription
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Response
from shared.storage import key_rotation
from tests.bookings.conftest import Clinic, settings
from tests.listener import Listener
from tests.story import json_of

_HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\n"
_REFUSED = "Its address, or where that leads, is no server of the public internet by https."
_SECRET = "private-0123456789abcdef"


class Calendars(Listener):
    """Another program's server, with one calendar."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []
        self.name = ""
        self.instead: Callable[[], Response | None] | None = None
        self.etag: str | None = None
        self.asked: list[dict[str, str]] = []

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        self.asked.append(headers | {"path": path, "method": method})
        if path.startswith("/owa/auth/"):
            return Response(500, b"")
        if path.startswith("/owa/") and not re.search(
            r"\((?:Linux|Android|X11).*\).*Chrome/\d+", headers["user-agent"]
        ):
            return Response(302, b"", (("Location", "/owa/auth/errorfe.aspx?httpCode=500"),))
        if self.instead is not None:
            return self.instead()
        if self.etag is not None and headers.get("if-none-match") == self.etag:
            return Response(304, b"")
        inner = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{one}\r\nEND:VEVENT\r\n" for n, one in enumerate(self.events))
        own = (("ETag", self.etag),) if self.etag is not None else ()
        named = f"X-WR-CALNAME:{self.name}\r\n" if self.name else ""
        return Response(
            200, f"{_HEAD}{named}{inner}END:VCALENDAR\r\n".encode(), (("Content-Type", "text/calendar"), *own)
        )

    @property
    def url(self) -> str:
        return f"http://{self.host}/calendar/ical/anna/{_SECRET}/basic.ics"


@pytest.fixture
def calendars() -> Iterator[Calendars]:
    made = Calendars()
    yield made
    made.close()


@pytest.fixture
def environment(environment: dict[str, str], calendars: Calendars) -> dict[str, str]:
    return environment | {"ENDPOINT_PRIVATE_HOSTS": calendars.host}


@dataclass
class Doctor:
    """Ivanova, whose own calendar is on another program's server."""

    clinic: Clinic
    calendars: Calendars
    figures: list[dict[str, Any]] = field(default_factory=list)

    def event(self, hour: int, until: int, *more: str) -> str:
        """On the next day, in Moscow."""
        day = self.clinic.at(0)[:10].replace("-", "")
        times = (f"DTSTART;TZID=Europe/Moscow:{day}T{hour:02}0000", f"DTEND;TZID=Europe/Moscow:{day}T{until:02}0000")
        return "\r\n".join([*times, *more])

    def subscribe(self, url: str | None = None) -> Response:
        return self.clinic.act("subscribe_calendar", resource="ivanova", url=url or self.calendars.url)

    def subscribed(self) -> Any:
        answer = self.subscribe()
        assert answer.status == 200, answer.body.decode()
        return json_of(answer)["calendar"]

    def later(self, **passed: float) -> None:
        self.clinic.story.clock.advance(**passed)
        self.figures.append(calendar_import.run(self.clinic.story.runtime, 20))

    def state(self) -> Any:
        answer = self.clinic.story.crm("get_subscriptions", self.clinic.story.admin())
        (found,) = json_of(answer)["calendars"]
        return found

    def rows(self) -> list[Subscription]:
        ((integration_id,),) = self.clinic.story.sql("SELECT id FROM amocrm_integrations")
        return calendar_subscriptions.of(self.clinic.story.runtime.database, integration_id)

    def free(self) -> list[str]:
        return self.clinic.free(resource="ivanova")


@pytest.fixture
def doctor(clinic: Clinic, calendars: Calendars) -> Doctor:
    return Doctor(clinic, calendars)


def _events(doctor: Doctor, kind: str) -> list[tuple[str]]:
    return doctor.clinic.story.sql("SELECT message FROM amocrm_events WHERE kind = %s ORDER BY id", kind)


def test_33_4_busy_hours_of_a_doctors_own_calendar_are_not_free(doctor: Doctor) -> None:
    """A visit ends, and its fifteen minutes after it, before they begin; nobody else's times change."""
    doctor.calendars.events = [doctor.event(10, 12)]
    before = doctor.clinic.free(resource="petrov")
    shown = doctor.subscribed()
    assert (shown["times"], shown["problem"], shown["host"]) == (1, None, "127.0.0.1")
    free = doctor.free()
    assert "09:15" in free
    assert not {"09:30", "10:00", "11:45"} & set(free)
    assert "12:00" in free
    assert doctor.clinic.free(resource="petrov") == before


def test_33_4_a_busy_hour_is_refused_when_it_is_booked_held_or_moved_to(doctor: Doctor) -> None:
    """Also for the company's own people."""
    booked = doctor.clinic.booked(starts_at=doctor.clinic.at(9))
    doctor.calendars.events = [doctor.event(11, 12)]
    doctor.subscribed()
    at = doctor.clinic.at(11)
    refused = [
        doctor.clinic.book(starts_at=at),
        doctor.clinic.act("hold_slot", doctor.clinic.site(), service="consult", resource="ivanova", starts_at=at),
        doctor.clinic.act("move_booking", id=booked["booking"]["id"], starts_at=at),
        doctor.clinic.book(doctor.clinic.card(), starts_at=at),
    ]
    assert [(one.status, json_of(one)["code"]) for one in refused] == [(409, "slot_taken")] * 4
    anybody = doctor.clinic.book(starts_at=at, resource=None)
    assert json_of(anybody)["booking"]["resource"]["id"] == "petrov"


@pytest.mark.parametrize(("name", "address"), [("anna@example.org", "anna"), ("Анна", "anna%40example.org")])
def test_what_the_doctor_has_declined_is_free(doctor: Doctor, name: str, address: str) -> None:
    """Google keeps it in the calendar, hidden, and says so at the one who has declined; who else has, says nothing."""

    def invited(*answers: str) -> list[str]:
        whom = zip(("anna", "boris"), answers, strict=True)
        return [
            f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};CN={one}@example.org;X-NUM-GUESTS=0:"
            f"mailto:{one}@example.org"
            for one, answer in whom
        ]

    doctor.calendars.events = [
        doctor.event(10, 11, *invited("DECLINED", "ACCEPTED"), "STATUS:CONFIRMED", "TRANSP:OPAQUE"),
        doctor.event(15, 16, *invited("ACCEPTED", "DECLINED")),
    ]
    doctor.calendars.name = name
    assert doctor.subscribe(doctor.calendars.url.replace("/anna/", f"/{address}/")).status == 200
    free = set(doctor.free())
    assert {"10:00", "10:30"} <= free
    assert not {"15:00", "15:30"} & free


def _icloud(number: str) -> str:
    """How iCloud hides an account: its number in sixteen digits, then what nobody else can read."""
    return base64.urlsafe_b64encode((number * 16)[:16].encode() + bytes(range(200, 232))).decode()


@pytest.mark.parametrize(
    ("principal", "is_free"),
    [
        (f"/a{_icloud('13553775349')}/principal/", True),
        ("/13553775349/principal/", True),
        (f"/a{_icloud('2960230481')}/principal/", False),
        ("mailto:boris@example.org", False),
    ],
)
def test_what_a_doctor_has_declined_at_icloud_is_free(doctor: Doctor, principal: str, is_free: bool) -> None:
    """It names the account by a path, in which its number is as in the published address; others by their e-mail."""
    doctor.calendars.name = "Home"
    doctor.calendars.events = [
        doctor.event(
            10,
            11,
            "ORGANIZER;CN=Boss;EMAIL=boss@example.net:mailto:boss@example.net",
            "ATTENDEE;CN=Boss;CUTYPE=INDIVIDUAL;EMAIL=boss@example.net;PARTSTAT=ACCEPTED;RO\r\n"
            " LE=CHAIR:mailto:boss@example.net",
            "ATTENDEE;CN=Who;CUTYPE=INDIVIDUAL;EMAIL=who@example.org;PARTSTAT=DECLINED;ROLE\r\n"
            f" =REQ-PARTICIPANT:{principal}",
        ),
        doctor.event(15, 16, "ORGANIZER;CN=Who;EMAIL=who@example.org:/13553775349/principal/"),  # as years ago
    ]
    url = doctor.calendars.url.partition("/calendar/")[0] + f"/published/2/{_icloud('13553775349')}8et67ciR64v_W5k"
    assert doctor.subscribe(url).status == 200
    assert ("10:00" in doctor.free()) is is_free


def test_33_4_it_is_read_again_every_hour(doctor: Doctor) -> None:
    doctor.calendars.events = [doctor.event(10, 12)]
    doctor.subscribed()
    doctor.calendars.events = [doctor.event(15, 16)]
    doctor.later(minutes=50)
    assert "10:00" not in doctor.free()
    doctor.later(minutes=11)
    assert doctor.figures == [{"read": 0, "failed": 0, "is_done": True}, {"read": 1, "failed": 0, "is_done": True}]
    assert ("10:00" in doctor.free(), "15:00" in doctor.free()) == (True, False)
    doctor.calendars.events = []
    doctor.clinic.story.clock.advance(hours=1)
    assert run_deliveries(doctor.clinic.story.runtime, 20)["is_done"]
    assert "15:00" in doctor.free()


def test_33_4_what_says_that_nobody_is_busy_blocks_nothing(doctor: Doctor) -> None:
    """Free, cancelled, without a length; and a visit of ours that somebody has put into their own calendar."""
    doctor.calendars.events = [
        doctor.event(10, 12, "TRANSP:TRANSPARENT"),
        doctor.event(10, 12, "STATUS:CANCELLED"),
        doctor.event(10, 12, "X-MICROSOFT-CDO-BUSYSTATUS:FREE"),
        doctor.event(10, 10),
        doctor.event(10, 12, "UID:5d0c@amocrm-functions"),
    ]
    doctor.calendars.events = [one.replace("UID:", "X:") if "@" not in one else one for one in doctor.calendars.events]
    before = doctor.free()
    doctor.subscribed()
    assert doctor.state()["times"] == 1  # the last one has two ids, of which the first counts
    doctor.calendars.events.pop()
    doctor.subscribed()
    assert (doctor.state()["times"], doctor.free()) == (0, before)


def test_33_4_a_whole_day_is_busy_from_midnight_to_midnight_of_the_company(doctor: Doctor) -> None:
    day = doctor.clinic.at(0)[:10].replace("-", "")
    doctor.calendars.events = [f"DTSTART;VALUE=DATE:{day}"]
    doctor.subscribed()
    assert doctor.free() == []
    next_day = doctor.clinic.at(0, days=2)[:10]
    (free,) = doctor.clinic.slots(None, resource="ivanova", **{"from": next_day, "to": next_day}).values()
    assert free[0] == "09:00"


def test_33_4_it_is_read_anew_where_the_companys_zone_is_another_now(doctor: Doctor) -> None:
    """A whole day begins elsewhere then, although the calendar says that it has not changed."""
    day = doctor.clinic.at(0)[:10].replace("-", "")
    doctor.calendars.events, doctor.calendars.etag = [f"DTSTART;VALUE=DATE:{day}"], '"v1"'
    doctor.subscribed()
    (before,) = doctor.clinic.story.sql("SELECT busy::text FROM amocrm_booking_calendars")
    assert doctor.clinic.set_up(time_zone="Asia/Vladivostok").status == 200
    doctor.later(minutes=1)
    (after,) = doctor.clinic.story.sql("SELECT busy::text FROM amocrm_booking_calendars")
    begins = [int(one[0].strip("{}[)").split(",")[0]) for one in (before, after)]
    assert begins[0] - begins[1] == 7 * 60


def test_33_4_an_unchanged_calendar_is_not_sent_again_but_once_a_day(doctor: Doctor) -> None:
    """Its days move on, and so does how far ahead it was worked out."""
    doctor.calendars.events, doctor.calendars.etag = [doctor.event(10, 12)], '"v1"'
    doctor.subscribed()
    doctor.later(hours=1)
    doctor.later(hours=24)
    assert [one.get("if-none-match") for one in doctor.calendars.asked] == [None, '"v1"', None]
    assert (doctor.state()["times"], doctor.state()["failing_since"]) == (1, None)
    doctor.calendars.etag = None
    doctor.later(hours=1)
    doctor.later(hours=1)
    assert [one.get("if-none-match") for one in doctor.calendars.asked[3:]] == ['"v1"', None]


def test_33_4_a_calendar_that_fails_keeps_its_hours_and_a_person_is_told_after_a_while(doctor: Doctor) -> None:
    doctor.calendars.events = [doctor.event(10, 12)]
    doctor.subscribed()
    doctor.calendars.instead = lambda: Response(503, b"")
    doctor.later(hours=1)
    state = doctor.state()
    assert state["problem"] == "It answers with 503."
    assert state["failing_since"] is not None
    assert state["read_at"] < state["failing_since"]
    assert "10:00" not in doctor.free()
    for _ in range(11):
        doctor.later(minutes=16)
    assert _events(doctor, "booking.calendar_failing") == []
    for _ in range(3):
        doctor.later(minutes=16)
    told = _events(doctor, "booking.calendar_failing")
    assert told == [
        (
            "The calendar of Иванова А. П. cannot be read. What was busy when it was last read is kept free of visits. "
            "It answers with 503.",
        )
    ]
    assert doctor.state()["failing_since"] == state["failing_since"]
    doctor.calendars.instead = None
    doctor.calendars.events = []
    doctor.later(minutes=16)
    assert (doctor.state()["problem"], doctor.state()["failing_since"]) == (None, None)
    assert "10:00" in doctor.free()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Response(404, b""), "It answers with 404."),
        (Response(200, b"<html>Sign in</html>"), "It is no iCalendar file."),
        (Response(200, b"x" * 2_000_001), "It has more than 2 MB."),
        (Response(200, b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n"), "It is cut off: its end is missing."),
        (Response(200, gzip.compress(b"x"), (("Content-Encoding", "gzip"),)), "It does not answer (Packed)."),
        (Response(304, b""), "It answers with 304."),
        (Response(302, b"", (("Location", "/again"),)), "It answers with 302."),
        (
            Response(302, b"", (("Location", "http://169.254.169.254/latest/meta-data"),)),
            _REFUSED,
        ),
        (
            Response(307, b"", (("Location", "https://127.0.0.1/"),)),
            _REFUSED,
        ),
        (Response(302, b"", (("Location", "file:///etc/passwd"),)), None),
        (Response(302, b"", (("Location", "https://[bad/"),)), None),
    ],
)
def test_33_4_what_comes_instead_of_a_calendar(doctor: Doctor, answer: Response, problem: str | None) -> None:
    """Of a redirect each step is looked at; of what comes back nothing is shown."""
    doctor.calendars.instead = lambda: answer
    shown = doctor.subscribed()
    assert shown["problem"] == (problem or _REFUSED)
    assert (shown["read_at"], shown["times"]) == (None, 0)
    assert len(doctor.calendars.asked) <= 4


def test_a_calendar_that_microsoft_365_shows_to_browsers_only_is_read(doctor: Doctor) -> None:
    """As many a company's mailboxes there do since August 2025."""
    doctor.calendars.events = [doctor.event(10, 12)]
    url = f"http://{doctor.calendars.host}/owa/calendar/0f9c1d2e@clinic.example/{_SECRET}/reachcalendar.ics"
    assert json_of(doctor.subscribe(url))["calendar"]["problem"] is None
    assert "10:00" not in doctor.free()
    doctor.subscribed()
    assert doctor.calendars.asked[-1]["user-agent"] == "amocrm-functions"


def test_33_4_a_redirect_leads_to_the_calendar(doctor: Doctor) -> None:
    doctor.calendars.events = [doctor.event(10, 12)]
    plain = doctor.calendars.respond

    def respond(method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        if path != "/moved.ics":
            return Response(301, b"", (("Location", "/moved.ics"),))
        return plain(method, path, headers, body)

    doctor.calendars.respond = respond  # type: ignore[method-assign]
    assert doctor.subscribed()["times"] == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://calendar.example/x.ics",
        "https://10.0.0.1/x.ics",
        "https://[::1]/x.ics",
        "https://intranet/x.ics",
        "https://user:password@calendar.example/x.ics",
        "ftp://calendar.example/x.ics",
        "x",
        "webcal://10.0.0.1/x.ics",
        "https://[bad/x.ics",
    ],
)
def test_33_4_an_address_that_is_not_called_is_refused(doctor: Doctor, url: str) -> None:
    answer = doctor.subscribe(url)
    assert (answer.status, json_of(answer)["errors"][0]["path"]) == (422, "url")


def test_33_4_an_address_is_a_secret(doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    """It is in no answer, no log, no line of the panel's log, and not in the clear in the database."""
    doctor.calendars.events = [doctor.event(10, 12)]
    texts = [doctor.subscribe().body.decode()]
    doctor.calendars.instead = lambda: Response(500, b"")
    doctor.later(hours=1)
    doctor.calendars.instead = lambda: None
    for _ in range(15):
        doctor.later(minutes=16)
    story = doctor.clinic.story
    texts.append(story.crm("get_subscriptions", story.admin()).body.decode())
    texts.append(str(story.sql("SELECT * FROM amocrm_events")))
    texts.append(str(story.sql("SELECT * FROM amocrm_booking_calendars")))
    texts.append(capsys.readouterr().out)
    (one,) = doctor.rows()
    texts.append(repr(one))
    assert _events(doctor, "booking.calendar_failing")
    assert not any(_SECRET in text for text in texts)


def test_33_4_an_address_goes_with_a_changed_key(doctor: Doctor) -> None:
    story = doctor.clinic.story
    doctor.subscribed()
    (before,) = doctor.rows()
    assert key_rotation.rows(story.runtime.database) >= 2
    assert sum(key_rotation.rotate(story.runtime.database, story.runtime.keyring, pytest.fail)) == 0
    story.sql("UPDATE amocrm_booking_calendars SET url = 'x'::bytea")
    doctor.later(hours=1)
    assert doctor.state()["problem"] == "Its address cannot be decrypted: a key is missing."
    assert before.address(story.runtime.keyring) == doctor.calendars.url


def test_33_4_it_ends_with_the_doctor_and_is_not_a_successors(doctor: Doctor) -> None:
    doctor.calendars.events = [doctor.event(10, 12)]
    doctor.subscribed()
    resources = settings()["bookings"]["resources"]
    assert doctor.clinic.set_up(resources=[{"id": "ivanova", "name": "Новикова О. Л."}, *resources[1:]]).status == 200
    assert "10:00" in doctor.free()
    assert doctor.clinic.story.sql("SELECT count(*) FROM amocrm_booking_calendars") == [(0,)]
    (told,) = _events(doctor, "booking.subscription_ended")
    assert "Иванова" in told[0]


def test_33_4_it_ends_when_it_is_taken_away(doctor: Doctor) -> None:
    doctor.calendars.events = [doctor.event(10, 12)]
    doctor.subscribed()
    assert json_of(doctor.clinic.act("subscribe_calendar", resource="ivanova", url=None)) == {"calendar": None}
    assert "10:00" in doctor.free()
    assert doctor.clinic.act("subscribe_calendar", resource="nobody", url=doctor.calendars.url).status == 422


def test_33_4_it_ends_also_where_bookings_are_off(doctor: Doctor) -> None:
    doctor.subscribed()
    doctor.clinic.set_up(is_on=False)
    assert json_of(doctor.clinic.act("subscribe_calendar", resource="ivanova", url=None)) == {"calendar": None}
    assert doctor.clinic.story.sql("SELECT count(*) FROM amocrm_booking_calendars") == [(0,)]


def test_33_4_the_same_address_once_more_loses_no_busy_hours(doctor: Doctor) -> None:
    """Somebody enters it again because it fails."""
    doctor.calendars.events = [doctor.event(10, 12)]
    doctor.subscribed()
    doctor.calendars.instead = lambda: Response(503, b"")
    again = doctor.subscribed()
    assert (again["problem"], again["times"], "10:00" in doctor.free()) == ("It answers with 503.", 1, False)
    assert doctor.clinic.act("subscribe_calendar", resource="ivanova", url=f"{doctor.calendars.url}?x").status == 200
    assert (doctor.state()["times"], "10:00" in doctor.free()) == (0, True)


def test_33_4_it_ends_with_the_connection(doctor: Doctor) -> None:
    doctor.subscribed()
    doctor.clinic.story.crm("disconnect", doctor.clinic.story.admin(), {})
    asked = len(doctor.calendars.asked)
    doctor.later(hours=1)
    assert doctor.clinic.story.sql("SELECT count(*) FROM amocrm_booking_calendars") == [(0,)]
    assert len(doctor.calendars.asked) == asked


def test_33_4_where_bookings_are_off_nobody_is_asked(doctor: Doctor) -> None:
    doctor.subscribed()
    doctor.clinic.set_up(is_on=False)
    asked = len(doctor.calendars.asked)
    doctor.later(hours=1)
    assert len(doctor.calendars.asked) == asked


def test_33_4_an_answer_of_the_address_before_says_nothing_of_the_new_one(doctor: Doctor) -> None:
    """It was exchanged while the old one was being read."""
    doctor.calendars.events = [doctor.event(10, 12)]
    doctor.subscribed()
    story = doctor.clinic.story
    (old,) = doctor.rows()
    doctor.calendars.events = []
    assert doctor.subscribe(f"{doctor.calendars.url}?another").status == 200
    doctor.calendars.events = [doctor.event(15, 16)]
    calendar_import.read(story.runtime, old)
    assert (doctor.state()["times"], "15:00" in doctor.free()) == (0, True)


def test_33_4_what_a_calendar_has_left_out_is_shown(doctor: Doctor) -> None:
    doctor.calendars.events = ["SUMMARY:x", doctor.event(10, 12).replace("Europe/Moscow", "Atlantis")]
    shown = doctor.subscribed()
    reasons = {one["reason"]: one["count"] for one in shown["left_out"]}
    assert reasons == {
        "an event without a beginning": 1,
        "there is no time zone Atlantis; read as Europe/Moscow": 1,
    }
    assert shown["times"] == 1


def test_33_4_one_that_takes_its_time_keeps_no_other_from_its_turn(doctor: Doctor) -> None:
    """In each run one is read at least; what is left is said to be."""
    doctor.subscribed()
    assert doctor.clinic.act("subscribe_calendar", resource="petrov", url=doctor.calendars.url).status == 200
    doctor.clinic.story.clock.advance(hours=1)
    runtime = doctor.clinic.story.runtime
    assert [calendar_import.run(runtime, 0) for _ in range(3)] == [
        {"read": 1, "failed": 0, "is_done": False},
        {"read": 1, "failed": 0, "is_done": True},
        {"read": 0, "failed": 0, "is_done": True},
    ]
