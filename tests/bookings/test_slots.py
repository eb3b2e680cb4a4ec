"""Free times against a slow, plain reckoning, over all kinds of changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features.bookings import availability, hours
from features.bookings.hours import Span, minute_of, moment_of
from features.bookings.settings import WEEKDAYS, Bookings, DaysOff, Place, Resource, Service, SpecialDay, Week
from shared.platform import time_zones

# Where clocks are put forward and back: at midnight, by half an hour, over a whole day, at odd hours, or never.
CHANGES = [
    ("Europe/Moscow", date(2011, 3, 27)),
    ("Europe/Kyiv", date(2026, 3, 29)),
    ("Europe/Kyiv", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2018, 11, 4)),  # midnight is skipped
    ("America/Sao_Paulo", date(2018, 2, 18)),  # and is there twice
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that is not there
    ("Asia/Tashkent", date(2026, 7, 1)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
    ("America/Caracas", date(2007, 12, 9)),
    ("Antarctica/Troll", date(2026, 3, 29)),  # by two hours
]


@cache
def _changes(name: str, year: int) -> list[date]:
    """The days of the year on which the zone's clock is changed; the first of January where it is never."""
    zone, first = ZoneInfo(name), datetime(year, 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=number) for number in range(365)]
    offsets = [day.astimezone(zone).utcoffset() for day in (*days, days[-1] + timedelta(days=1))]
    changed = [day.date() for day, now, then in zip(days, offsets, offsets[1:], strict=False) if now != then]
    return changed or [first.date()]


_ZONES = st.sampled_from(sorted(available_timezones()))
_YEARS = st.integers(1972, 2037)
_ANY_CHANGE = st.tuples(_ZONES, _YEARS, st.integers(0, 3)).map(
    lambda drawn: (drawn[0], (days := _changes(drawn[0], drawn[1]))[drawn[2] % len(days)])
)
_CLOCK = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{30 * (half % 2):02}")
_HOURS = st.tuples(_CLOCK, st.one_of(_CLOCK, st.just("24:00"))).map("-".join)


@lru_cache(10_000)  # a few days of one zone: each is walked through again and again
def _shown(minute: int, zone: ZoneInfo) -> datetime:
    return moment_of(minute).astimezone(zone).replace(tzinfo=None)


def _plain_instant(wall: datetime, zone: ZoneInfo) -> int:
    """Minute by minute, until the wall shows the time, or a later one."""
    minute = minute_of(wall.replace(tzinfo=UTC)) - 15 * 60  # no clock is ahead of UTC by more than 14 hours
    while _shown(minute, zone) < wall:
        minute += 1
    return minute


def _plain_shifts(week: Week, off: list[DaysOff], special: list[SpecialDay], zone: ZoneInfo, day: date) -> list[Span]:
    found = []
    for number in range(-1, 2):
        that = day + timedelta(days=number)
        spans = next((one.hours for one in special if one.day == that), None)
        if spans is None:
            spans = [] if any(one.first <= that <= one.last for one in off) else getattr(week, WEEKDAYS[that.weekday()])
        for span in spans:
            begins, ends = (_wall(that, clock) for clock in span.split("-"))
            ends += timedelta(days=ends <= begins)
            found.append((_plain_instant(begins, zone), _plain_instant(ends, zone)))
    return found


def _wall(day: date, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)


@pytest.mark.parametrize(("name", "day"), CHANGES)
def test_the_wall_shows_a_time_for_the_first_time(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    for half in range(-48, 96):
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=30 * half)
        assert hours.instant(wall, zone) == _plain_instant(wall, zone), wall


@given(change=_ANY_CHANGE, quarters=st.lists(st.integers(-96, 191), min_size=1, max_size=6))
@example(change=("Africa/Monrovia", date(1972, 1, 7)), quarters=list(range(-8, 8)))  # 44.5 minutes behind until then
def test_and_so_it_is_over_all_zones_changes(change: tuple[str, date], quarters: list[int]) -> None:
    """30-K: also where the wall differs from UTC by half a minute."""
    zone, day = ZoneInfo(change[0]), change[1]
    for quarter in quarters:
        wall = datetime(day.year, day.month, day.day) + timedelta(minutes=15 * quarter)
        assert hours.instant(wall, zone) == _plain_instant(wall, zone), wall


@given(
    change=st.one_of(st.sampled_from(CHANGES), _ANY_CHANGE),
    spans=st.lists(_HOURS, max_size=3),
    special=st.lists(_HOURS, max_size=1),
    is_off=st.booleans(),
    minutes=st.sampled_from([10, 30, 45, 240]),
    buffer=st.sampled_from([0, 15]),
    step=st.sampled_from([15, 20, 60]),
    taken=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 20)), max_size=4),
)
@example(  # a visit before midnight goes on in the next day's shift
    change=CHANGES[8],
    spans=["20:00-24:00", "00:00-06:00"],
    special=[],
    is_off=False,
    minutes=45,
    buffer=0,
    step=15,
    taken=[],
)
@example(change=CHANGES[1], spans=["01:00-05:00"], special=[], is_off=False, minutes=30, buffer=0, step=15, taken=[])
@example(
    change=CHANGES[2],
    spans=["02:30-03:30", "22:00-02:00"],
    special=[],
    is_off=False,
    minutes=30,
    buffer=15,
    step=15,
    taken=[(8, 3)],
)
def test_free_times_are_those_of_a_plain_reckoning(
    change: tuple[str, date],
    spans: list[str],
    special: list[str],
    is_off: bool,
    minutes: int,
    buffer: int,
    step: int,
    taken: list[tuple[int, int]],
) -> None:
    zone, day = ZoneInfo(change[0]), change[1]
    week = Week(*[spans] * 7)
    off = [DaysOff(day, day)] if is_off else []
    specials = [SpecialDay(day, special)] if special else []
    doctor = Resource("d", "D", hours=week, days_off=off, special_days=specials)
    service = Service("s", "S", minutes, buffer)
    settings = Bookings(resources=[doctor], services=[service], step_minutes=step)
    midnight = _plain_instant(_wall(day, "00:00"), zone)
    busy = [(midnight - 600 + 10 * start, midnight - 600 + 10 * (start + length)) for start, length in taken]
    window = (midnight - 100, midnight + 2000)
    found = availability.free(settings, service, zone, day, day, {"d": busy}, resources=[doctor], window=window)
    assert [one.minute for one in found] == _plain(week, off, specials, zone, day, service, step, busy, window)


def _plain(
    week: Week,
    off: list[DaysOff],
    special: list[SpecialDay],
    zone: ZoneInfo,
    day: date,
    service: Service,
    step: int,
    busy: list[Span],
    window: Span,
) -> list[int]:
    """Every minute of the day by itself."""
    shifts = [one for one in _plain_shifts(week, off, special, zone, day) if one[0] < one[1]]
    at_work = {minute for start, end in shifts for minute in range(start, end)}
    taken = {minute for start, end in busy for minute in range(start, end)}
    found = []
    first = _plain_instant(_wall(day, "00:00"), zone)
    last = _plain_instant(_wall(day + timedelta(days=1), "00:00"), zone)
    for minute in range(first, last):
        if not any(start <= minute < end and (minute - start) % step == 0 for start, end in shifts):
            continue
        if not window[0] <= minute < window[1]:
            continue
        visit = range(minute, minute + service.minutes)
        kept = range(minute, minute + service.minutes + service.buffer_minutes)
        if all(one in at_work for one in visit) and not any(one in taken for one in kept):
            found.append(minute)
    return found


def test_a_room_must_be_free_as_well() -> None:
    doctors = [Resource("a", "A"), Resource("b", "B")]
    rooms = [Resource("r1", "R1", is_room=True), Resource("r2", "R2", is_room=True)]
    service = Service("s", "S", 60, rooms=["r1", "r2"])
    settings = Bookings(resources=[*doctors, *rooms], services=[service], step_minutes=60)
    zone, day = ZoneInfo("Europe/Moscow"), date(2026, 11, 30)
    nine = hours.instant(_wall(day, "09:00"), zone)
    window = (0, 2**40)

    def free(taken: dict[str, list[Span]]) -> dict[int, tuple[str, ...]]:
        found = availability.free(settings, service, zone, day, day, taken, resources=doctors, window=window)
        return {(one.minute - nine) // 60: one.resources for one in found}

    both = [(nine, nine + 60)]
    assert 0 not in free({"r1": both, "r2": both})
    assert free({"r1": both})[0] == ("a", "b")
    assert free({"a": both})[0] == ("b",)
    seat = availability.seat(settings, service, zone, nine, {"r1": both, "a": both}, doctors)
    assert seat is not None
    assert (seat.resource.id, seat.room and seat.room.id) == ("b", "r2")


def test_of_several_the_one_with_the_least_to_do() -> None:
    doctors = [Resource(key, key) for key in "abc"]
    service = Service("s", "S", 30)
    settings = Bookings(resources=doctors, services=[service])
    zone, day = ZoneInfo("Europe/Moscow"), date(2026, 11, 30)
    nine = hours.instant(_wall(day, "09:00"), zone)
    taken = {"a": [(nine + 60, nine + 120)], "b": [(nine + 60, nine + 90)], "c": [(nine, nine + 30)]}
    seat = availability.seat(settings, service, zone, nine, taken, doctors)
    assert seat is not None
    assert seat.resource.id == "b"


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../etc/passwd", "/etc/passwd", "Europe", "x" * 64, "UTC\n"])
def test_what_is_no_zone(name: str) -> None:
    assert time_zones.zone(name) is None


def test_what_lies_within_another_span_does_not_end_it() -> None:
    """A talk of a quarter of an hour in somebody's calendar, in a day that is taken as a whole."""
    assert hours.joined([(600, 615), (540, 1080), (1080, 1090), (1100, 1110)]) == [(540, 1090), (1100, 1110)]


def test_shifts_that_meet_are_one() -> None:
    assert hours.joined([(5, 9), (1, 3), (3, 4), (8, 10), (7, 7)]) == [(1, 4), (5, 10)]


_SOME_DAYS = Week(tuesday=["14:00-20:00"], thursday=["22:00-04:00"])


@pytest.mark.parametrize(
    ("day", "companys", "works"),
    [
        (date(2026, 11, 30), ["10:00-16:00"], []),  # a Monday, on which this doctor never works
        (date(2026, 12, 1), ["09:00-16:00", "18:00-19:00"], [(14, 16), (18, 19)]),
        (date(2026, 12, 1), ["08:00-22:00"], [(14, 20)]),
        (date(2026, 12, 1), [], []),
        (date(2026, 12, 3), ["23:00-24:00"], [(23, 24)]),
        (date(2026, 12, 3), ["20:00-02:00"], [(22, 26)]),
    ],
)
@pytest.mark.parametrize("is_off", [False, True])
def test_30_d2_a_companys_special_day_opens_no_day_on_which_a_doctor_never_works(
    day: date, companys: list[str], works: list[Span], is_off: bool
) -> None:
    """It may shorten their day; and it is before the company's own day off, for them as for all."""
    doctor, other = Resource("d", "D", hours=_SOME_DAYS), Resource("e", "E")
    settings = Bookings(
        resources=[doctor, other],
        special_days=[SpecialDay(day, companys)],
        days_off=[DaysOff(day, day)] if is_off else [],
    )
    zone = ZoneInfo("Europe/Moscow")
    midnight = hours.instant(_wall(day, "00:00"), zone)
    found = hours.working(settings, doctor, zone, day, day)
    assert found == [(midnight + 60 * begins, midnight + 60 * ends) for begins, ends in works]
    assert len(hours.working(settings, other, zone, day, day)) == len(companys)


def test_30_d2_a_doctors_own_special_day_is_before_all() -> None:
    day = date(2026, 11, 30)
    doctor = Resource("d", "D", hours=_SOME_DAYS, special_days=[SpecialDay(day, ["20:00-21:00"])])
    settings = Bookings(resources=[doctor], special_days=[SpecialDay(day, ["10:00-16:00"])])
    assert len(hours.working(settings, doctor, ZoneInfo("Europe/Moscow"), day, day)) == 1


def _two_places(**more: Any) -> Bookings:
    return Bookings(
        places=[Place("north", "North"), Place("south", "South")],
        resources=[
            Resource("n", "N", place="north"),
            Resource("s", "S", place="south"),
            Resource("a", "A"),  # anywhere
            Resource("room-n", "RN", is_room=True, place="north"),
            Resource("room-s", "RS", is_room=True, place="south"),
        ],
        step_minutes=60,
        **more,
    )


def test_30_d3_a_room_is_where_the_doctor_is() -> None:
    service = Service("m", "M", 60, rooms=["room-n", "room-s"])
    settings = _two_places(services=[service])
    doctors = settings.offering(service)
    zone, day = ZoneInfo("Europe/Moscow"), date(2026, 11, 30)
    nine = hours.instant(_wall(day, "09:00"), zone)
    busy = {"room-n": [(nine, nine + 60)]}

    def at_nine(taken: dict[str, list[Span]]) -> tuple[str, ...]:
        found = availability.free(settings, service, zone, day, day, taken, resources=doctors, window=(nine, nine + 1))
        return found[0].resources if found else ()

    assert at_nine({}) == ("n", "s", "a")
    assert at_nine(busy) == ("s", "a")
    for doctor, room in (("n", "room-n"), ("s", "room-s"), ("a", "room-n")):
        seat = availability.seat(settings, service, zone, nine, {}, [one for one in doctors if one.id == doctor])
        assert seat is not None
        assert seat.room is not None
        assert (seat.resource.id, seat.room.id) == (doctor, room)
    assert availability.seat(settings, service, zone, nine, busy, [one for one in doctors if one.id == "n"]) is None


def test_30_d3_who_has_no_room_where_they_are_does_not_offer_what_needs_one() -> None:
    service = Service("m", "M", 60, rooms=["room-n"])
    settings = _two_places(services=[service, Service("talk", "T")])
    assert [one.id for one in settings.offering(service)] == ["n", "a"]
    assert [one.id for one in settings.offering(settings.services[1])] == ["n", "s", "a"]
