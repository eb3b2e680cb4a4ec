"""33-4: calendars as programs write them, in shape; names and values are made up."""

import itertools
import time
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from features.bookings.ical.occurrences import Reading
from shared.platform.messages import english
from tests.bookings.conftest import MONDAY, Clinic
from tests.story import json_of

_FOLDER = Path(__file__).parent / "calendars"
_MOSCOW = ZoneInfo("Europe/Moscow")
_YEAR = (date(2027, 1, 1), date(2028, 1, 1))

# The whole days, and the hours in Moscow that are not free.
Days = list[tuple[str, str, str]]
Hours = list[tuple[str, str]]
CALENDARS: dict[str, tuple[Days, Hours]] = {
    "google": (
        [("03-01", "03-03", "Отпуск")],
        [("04-05 08:00", "04-05 09:00"), ("04-20 13:00", "04-20 14:00"), ("04-26 08:00", "04-26 09:00")],
    ),
    "apple": (
        [
            ("01-10", "01-10", "Дача"),
            ("04-10", "04-10", "Дача"),
            ("05-19", "05-19", "День рождения: Анна"),
            ("06-15", "06-15", "Дача"),
            ("06-16", "06-16", "Дача"),
        ],
        [("07-07 18:30", "07-07 19:30")],
    ),
    "outlook": ([("01-01", "01-08", "Новогодние каникулы"), ("03-08", "03-08", "Праздник")], []),
    "exchange": (
        [("08-10", "08-10", "Отгул"), ("09-02", "09-02", "Отгул")],
        [("07-05 09:00", "07-05 09:30"), ("07-06 09:00", "07-06 09:30")],
    ),
    "outlook-web": ([("06-04", "06-05", "Учёба")], [("06-03 09:00", "06-03 10:15")]),
    "thunderbird": (
        [],
        [
            ("03-15 10:00", "03-15 14:00"),
            ("03-22 10:00", "03-22 14:00"),
            ("03-29 11:00", "03-29 14:00"),
            ("04-05 11:00", "04-05 14:00"),
        ],
    ),
    "yandex": (
        [("11-04", "11-04", "День народного единства")],
        [("02-02 14:00", "02-02 15:00"), ("03-03 13:30", "03-03 14:30")],
    ),
    "cancelled": (
        [("06-07", "06-07", "Уборка"), ("06-09", "06-09", "Уборка"), ("07-02", "07-02", "Стало позже")],
        [],
    ),
    "nextcloud": (
        [("10-01", "10-07", "Неделя")],
        [
            ("04-12 18:00", "04-12 19:30"),
            ("04-20 09:00", "04-20 11:00"),
            ("05-10 18:00", "05-10 19:30"),
            ("09-20 22:00", "09-21 06:00"),
        ],
    ),
    "no-ids": (
        [
            ("01-01", "01-01", "Новый год"),
            ("05-01", "05-01", "Первое мая"),
            ("05-09", "05-09", "Девятое мая"),
            ("06-12", "06-12", "День России"),
        ],
        [],
    ),
    "proton": (
        [],
        [
            ("02-22 10:00", "02-22 11:00"),
            ("02-26 10:00", "02-26 11:00"),
            ("03-31 09:00", "03-31 10:00"),
        ],
    ),
}


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.ics").read_text(encoding="utf-8")


def _days(reading: Reading) -> Days:
    found = [(one.days(_MOSCOW), one.note) for one in reading.between(*_YEAR, whole_days=True)]
    return sorted((f"{days[0]:%m-%d}", f"{days[1]:%m-%d}", note) for days, note in found if days is not None)


def _hours(reading: Reading) -> Hours:
    found = [one for one in reading.between(*_YEAR) if one.days(_MOSCOW) is None and not one.is_free]
    moments = [[_at(one.start), _at(one.end)] for one in found]
    return sorted((f"{start:%m-%d %H:%M}", f"{end:%m-%d %H:%M}") for start, end in moments)


def _at(moment: date) -> datetime:
    assert isinstance(moment, datetime)
    return moment.astimezone(_MOSCOW)


def _told(reading: Reading) -> dict[str, list[int]]:
    return {english(one.reason): one.lines for one in reading.left_out}


@pytest.mark.parametrize("name", sorted(CALENDARS))
def test_33_4_a_calendar_is_read_as_its_program_means_it(name: str) -> None:
    days, hours = CALENDARS[name]
    reading = Reading(_text(name), _MOSCOW)
    assert _days(reading) == days
    assert _hours(Reading(_text(name), _MOSCOW)) == hours
    assert set(_told(reading)) <= {"an hour is no day off"}


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_33_4_a_file_may_end_its_lines_as_it_likes_and_begin_with_a_mark(ending: str, mark: str) -> None:
    text = mark + _text("outlook").replace("\n", ending)
    assert _days(Reading(text, _MOSCOW)) == CALENDARS["outlook"][0]


def test_33_4_several_calendars_of_one_file_are_read() -> None:
    """Also where each begins with a mark, and where both have the same ids and definitions of zones."""
    text = _text("google") + "\ufeff" + _text("exchange") + _text("yandex").replace("series-1yandex.ru", "1")
    names = ("google", "exchange", "yandex")
    assert _days(Reading(text, _MOSCOW)) == sorted(day for name in names for day in CALENDARS[name][0])
    assert _hours(Reading(text, _MOSCOW)) == sorted(hour for name in names for hour in CALENDARS[name][1])


def test_33_4_a_zone_that_a_file_defines_is_that_files_only() -> None:
    """What one customer's file calls so says nothing of another's, read by the same instance."""
    other = _text("exchange").replace("0500", "0900").replace("0400", "0800")
    first, second = (_hours(Reading(text, _MOSCOW)) for text in (_text("exchange"), other))
    assert first == CALENDARS["exchange"][1]
    assert second == [("07-05 05:00", "07-05 05:30"), ("07-06 05:00", "07-06 05:30")]
    undefined = Reading(_text("exchange").replace("TZID:Customized", "TZID:Another"), _MOSCOW)
    assert ("07-05 11:00", "07-05 11:30") in _hours(undefined)
    assert list(_told(undefined).values()) == [[25]]


def test_33_4_what_is_left_out_is_told_with_its_line_and_the_reason() -> None:
    reading = Reading(_text("badly-written"), _MOSCOW)
    assert _days(reading) == [
        ("03-01", "03-01", "Очень длинное название события, которое программа переносит на другую строку"),
        ("03-02", "03-02", "Второе"),
        ("03-04", "03-04", "Зоны нет"),
        ("03-06", "03-06", "После обрыва"),
    ]
    assert _told(reading) == {
        "is no line of a calendar": [10],
        "an event without an end": [41, 56],
        "an event without a beginning": [20],
        "its times, or its rule, cannot be read": [27, 33],
        "there is no time zone Atlantis/Capital; read as Europe/Moscow": [38],
        "an hour is no day off": [50],
        "the file is cut off: the calendar has no end": [58],
    }


def test_33_4_a_person_is_told_in_their_language(clinic: Clinic) -> None:
    year = MONDAY.year + 1
    text = _text("badly-written").replace("2027", str(year))
    headers = clinic.story.admin() | {"Accept-Language": "ru"}
    answer = json_of(clinic.act("read_days_off", headers, calendar=text))
    assert [one["first"] for one in answer["days_off"]] == [f"{year}-03-0{day}" for day in (1, 2, 4, 6)]
    told = {one["reason"]: (one["count"], one["lines"]) for one in answer["left_out"]}
    assert told["у события нет конца"] == (2, [41, 56])
    assert told["нет часового пояса Atlantis/Capital; прочитано как Europe/Moscow"] == (1, [38])


# --- what programs write beside the standard ------------------------------------------------------------------------


def _times(text: str) -> list[str]:
    reading = Reading(text, _MOSCOW)
    found = sorted(reading.between(*_YEAR), key=lambda one: f"{one.start}")
    assert reading.left_out == []
    return [
        f"{one.start:%m-%d}" if not isinstance(one.start, datetime) else f"{_at(one.start):%m-%d %H:%M}"
        for one in found
    ]


_WEEKLY = "DTSTART;TZID=Europe/Moscow:20270405T140000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"


@pytest.mark.parametrize(
    ("event", "last"),
    [
        # Google, Bitrix24: a date though there is a time; that day is a part of it.
        (f"{_WEEKLY};UNTIL=20270419", "04-19 14:00"),
        ("DTSTART:20270405T110000Z\nRRULE:FREQ=WEEKLY;UNTIL=20270419", "04-19 14:00"),
        (f"{_WEEKLY};UNTIL=20270419T110000Z", "04-19 14:00"),
        (f"{_WEEKLY};UNTIL=20270419T105959Z", "04-12 14:00"),
        (f"{_WEEKLY};UNTIL=20270419T140000", "04-19 14:00"),
        # Outlook, Exchange: midnight of the last day, in UTC, which east of Greenwich is the day before.
        ("DTSTART;VALUE=DATE:20270405\nRRULE:FREQ=WEEKLY;UNTIL=20270418T210000Z;INTERVAL=1", "04-19"),
        ("DTSTART;VALUE=DATE:20270419\nRRULE:FREQ=YEARLY;UNTIL=20270418T210000Z;BYMONTHDAY=19;BYMONTH=4", "04-19"),
        ("DTSTART;VALUE=DATE:20270405\nRRULE:FREQ=DAILY;UNTIL=20270419T000000Z", "04-19"),
        ("DTSTART;VALUE=DATE:20270405\nRRULE:FREQ=DAILY;UNTIL=20270419T235959Z", "04-19"),
        ("DTSTART;VALUE=DATE:20270405\nRRULE:FREQ=DAILY;UNTIL=20270419T235959", "04-19"),
        ("DTSTART;VALUE=DATE:20270405\nRRULE:FREQ=DAILY;UNTIL=20270419", "04-19"),
    ],
)
def test_the_last_of_a_rule_takes_place_however_its_end_is_written(event: str, last: str) -> None:
    assert _times(_calendar(event))[-1] == last


def test_one_of_several_that_is_cancelled_may_say_no_more_than_which() -> None:
    cancelled = "BEGIN:VEVENT\nUID:0\nRECURRENCE-ID:20270412T110000Z\nSTATUS:CANCELLED\nEND:VEVENT\n"
    text = _calendar(f"{_WEEKLY};COUNT=3").replace("END:VCALENDAR", f"{cancelled}END:VCALENDAR")
    assert _times(text) == ["04-05 14:00", "04-19 14:00"]


_HELSINKI = """BEGIN:VTIMEZONE
TZID:(UTC+02:00) Helsinki\\, Kyiv\\, Riga
BEGIN:STANDARD
DTSTART:16010101T040000
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


@pytest.mark.parametrize("name", ['"(UTC+02:00) Helsinki, Kyiv, Riga"', "(UTC+02:00) Helsinki\\, Kyiv\\, Riga"])
def test_a_zone_is_known_by_its_name_with_and_without_backslashes(name: str) -> None:
    """Else its name would say two hours from Greenwich, in summer too."""
    events = [f"DTSTART;TZID={name}:2027{month:02}01T100000" for month in (1, 7)]
    text = _calendar(*events).replace("BEGIN:VEVENT", f"{_HELSINKI}BEGIN:VEVENT", 1)
    assert _times(text) == ["01-01 11:00", "07-01 10:00"]


def test_a_list_of_busy_hours_is_read_too() -> None:
    """Servers that show nothing but when somebody is busy."""
    lines = (
        "FREEBUSY:20270405T060000Z/20270405T070000Z,20270406T060000Z/PT2H",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270407T060000Z/20270407T063000Z",
        "FREEBUSY;FBTYPE=FREE:20270408T060000Z/20270408T063000Z",
    )
    inner = "\n".join(("BEGIN:VFREEBUSY", "UID:1", "DTSTART:20270401T000000Z", *lines, "END:VFREEBUSY"))
    reading = Reading(f"BEGIN:VCALENDAR\nVERSION:2.0\n{inner}\nEND:VCALENDAR\n", _MOSCOW)
    assert _hours(reading) == [
        ("04-05 09:00", "04-05 10:00"),
        ("04-06 09:00", "04-06 11:00"),
        ("04-07 09:00", "04-07 09:30"),
    ]
    assert reading.left_out == []
    broken = Reading(f"BEGIN:VCALENDAR\nVERSION:2.0\n{inner.replace('/PT2H', '')}\nEND:VCALENDAR\n", _MOSCOW)
    assert (len(_hours(broken)), _told(broken)) == (2, {"its times, or its rule, cannot be read": [6]})


# --- what costs ---------------------------------------------------------------------------------------------------


def _calendar(*events: str) -> str:
    inner = "".join(f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT\n" for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{inner}END:VCALENDAR\n"


def _read(text: str) -> tuple[int, Reading, float]:
    """How many there are, and the seconds of this thread that it took."""
    assert len(text) <= 500_000
    began = time.thread_time()
    reading = Reading(text, _MOSCOW)
    count = sum(1 for _ in reading.between(*_YEAR))
    return count, reading, time.thread_time() - began


_RULES = [
    "FREQ=SECONDLY",
    "FREQ=SECONDLY;COUNT=100000000",
    "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31,30",
    "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTH=9",
    "FREQ=WEEKLY;BYSETPOS=300",
    "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60))),
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "FREQ=YEARLY;BYYEARDAY=366;INTERVAL=4",
    "FREQ=DAILY",
    "FREQ=DAILY;COUNT=99999999",
    "FREQ=YEARLY;BYDAY=53MO",
]


@pytest.mark.long
@pytest.mark.parametrize("start", ["VALUE=DATE:19000103", "TZID=Europe/Moscow:20270103T100000", "VALUE=DATE:00010103"])
def test_33_4_a_thousand_rules_are_read_within_seconds(start: str) -> None:
    """All kinds of them."""
    _, _, seconds = _read(_calendar(*(f"DTSTART;{start}\nRRULE:{rule}" for rule in _RULES * 62)))
    assert seconds < 20


@pytest.mark.long
@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY"])
def test_33_4_what_would_take_too_long_is_told(rule: str) -> None:
    """And what is not told is there."""
    count, reading, seconds = _read(_calendar(*[f"DTSTART;VALUE=DATE:19000103\nRRULE:{rule}"] * 1000))
    assert seconds < 20
    (told,) = reading.left_out
    assert (english(told.reason), told.lines[-1] % 5) == ("the rule comes too often, or takes too long to work out", 2)
    assert count == (1000 - told.count) * 365


@pytest.mark.long
def test_33_4_a_thousand_rules_as_people_make_them_are_all_there() -> None:
    """Meetings of every week, and feasts of every year that began long ago."""
    weekly = ["DTSTART;TZID=Europe/Moscow:20250103T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO"] * 500
    yearly = ["DTSTART;VALUE=DATE:19000308\nRRULE:FREQ=YEARLY", "DTSTART;VALUE=DATE:16040229\nRRULE:FREQ=YEARLY"] * 250
    count, reading, _ = _read(_calendar(*weekly, *yearly))
    assert (count, reading.left_out) == (500 * 52 + 250, [])


@pytest.mark.parametrize("every", ["", ";INTERVAL=2", ";BYDAY=MO,TU"])
def test_rules_that_have_ended_cost_next_to_nothing(every: str) -> None:
    """A calendar of many years has thousands: each change of "this and all following" begins another one."""
    ended = f"DTSTART;TZID=Europe/Moscow:20250106T100000\nRRULE:FREQ=WEEKLY{every};UNTIL=20260301T000000Z"
    living = "DTSTART;TZID=Europe/Moscow:20270104T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
    count, reading, _ = _read(_calendar(*[ended] * 1500, *[living] * 100))
    assert (count, reading.left_out) == (100 * 52, [])


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-3",
        "FREQ=DAILY;BYMONTH=13",
        "",
        "COUNT=3",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;INTERVAL=" + "9" * 5000,
    ],
)
def test_33_4_what_is_no_rule_is_told(rule: str) -> None:
    count, reading, _ = _read(_calendar(f"DTSTART;VALUE=DATE:20270101\nRRULE:{rule}"))
    assert (count, [one.lines for one in reading.left_out]) == (0, [[7]])


@pytest.mark.long
@pytest.mark.parametrize(
    "text",
    [
        _calendar("DTSTART;VALUE=DATE:20270101\nRDATE;VALUE=DATE:" + ",".join(["20270102"] * 50_000)),
        _calendar("DTSTART;VALUE=DATE:20270101\nEXDATE;VALUE=DATE:" + ",".join(["20270102"] * 50_000)),
        _calendar("DTSTART:20270101T000000Z\nRRULE:FREQ=DAILY")[:-15]
        + "".join(
            f"BEGIN:VEVENT\nUID:0\nRECURRENCE-ID;RANGE=THISANDFUTURE:2027{1 + n % 12:02}{1 + n % 28:02}T000000Z\n"
            f"DTSTART:20270101T{n % 24:02}0000Z\nEND:VEVENT\n"
            for n in range(4_000)
        )
        + "END:VCALENDAR\n",
        _calendar("DESCRIPTION:" + "x" * 490_000 + "\nDTSTART;VALUE=DATE:20270101"),
        _calendar("DESCRIPTION:x\n" + " x\n" * 160_000 + "DTSTART;VALUE=DATE:20270101"),
        _calendar("DTSTART" + ";A=B" * 120_000 + ":20270101"),
        _calendar("DTSTART" + ';A="' * 120_000 + ":20270101"),
        _calendar("DTSTART;TZID=" + ":" * 490_000 + "20270101T000000"),
        _calendar(*(f"DTSTART;TZID=Zone{number}:20270101T000000" for number in range(7_000))),
        "BEGIN:VCALENDAR\n" * 30_000,
        "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 38_000,
        "BEGIN:VCALENDAR\n" + "BEGIN:X\n" * 60_000 + "END:Y\n" * 2,
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Z\n"
        + "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=SECONDLY\n"
        "END:STANDARD\n"
        * 3_000
        + "END:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Z:20270101T000000\nEND:VEVENT\nEND:VCALENDAR\n",
        "BEGIN:VCALENDAR\n" + "\r" * 480_000,
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Z\n"
        + "BEGIN:STANDARD\nDTSTART:00020101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY\n"
        "END:STANDARD\n"
        * 2_000
        + "END:VTIMEZONE\n"
        + "".join(
            f"BEGIN:VEVENT\nUID:{n}\nDTSTART;TZID=Z:2027{1 + n % 12:02}01T{n % 24:02}0000\nEND:VEVENT\n"
            for n in range(3_000)
        ),
        _calendar(*(f"DTSTART:20270101T000000Z\nDURATION:P{number}W" for number in (1, 99, 99_999_999_999))),
        _calendar("DTSTART:99981231T235959Z\nDTEND:99991231T235959Z", "DTSTART:20270101T000000\nDURATION:P99999W"),
        _calendar("DTSTART:99991231T235959Z\nRRULE:FREQ=YEARLY", "DTSTART:00010101T000000Z\nDURATION:P1D"),
    ],
    ids=itertools.count(),
)
def test_33_4_half_a_megabyte_of_anything_is_read_within_seconds(text: str) -> None:
    _, _, seconds = _read(text)
    assert seconds < 20
