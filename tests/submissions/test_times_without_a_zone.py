"""30: what a form's field for a time sends has no zone; it is the time of the account's own, as amoCRM shows it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from features.submissions import mapping, plan
from features.submissions.model import Contact, SubmitForm
from features.submissions.settings import FieldRule, Submissions
from shared.amocrm.directory import Field
from shared.platform import time_zones
from shared.platform.messages import english
from shared.storage import cache
from tests.story import Story
from tests.submitting import contact_of, form, lead_of, note_of, set_up, submit, values_of

_MOSCOW: dict[str, Any] = {"time_zone": "Europe/Moscow", "utc_offset": 3 * 3600}
_SAO_PAULO: dict[str, Any] = {"time_zone": "America/Sao_Paulo", "utc_offset": -3 * 3600}
_AT = "submission.time_zone"


def _account(story: Story, **zone: Any) -> None:
    story.simulator.control("change-account", domain=story.domain, **zone)
    story.sql("DELETE FROM amocrm_remembered")
    cache._memory.clear()


def _fields(story: Story) -> None:
    """A date with a time of the deal and of the contact."""
    for entity in ("leads", "contacts"):
        story.simulator.control(
            "add", domain=story.domain, field={"owner": entity, "name": "Визит", "kind": "date_time"}
        )
    rules = [{"source": "when", "entity": entity, "field": "Визит"} for entity in ("leads", "contacts")]
    set_up(story, mapping=rules)
    story.simulator.control("forget")


def _asked(story: Story) -> int:
    """How often for what an account says of itself, since the fields were made."""
    return sum(one["path"] == "/api/v4/account" for one in story.simulator.requests())


@pytest.mark.vendor("account.time_zone")
@pytest.mark.parametrize("zone", [_MOSCOW, _SAO_PAULO])
def test_30_a_time_without_a_zone_is_that_of_the_account(story: Story, zone: dict[str, Any]) -> None:
    _account(story, **zone)
    _fields(story)
    for text in ("30.11.2026 15:00", "2026-11-30T15:00", "2026-11-30 15:00:00"):
        results = submit(story, form(fields={"when": text}, comment=text))
        for entity in (lead_of(story, results), contact_of(story, results)):
            (stored,) = values_of(entity)["Визит"]
            shown = datetime.fromtimestamp(stored, ZoneInfo(zone["time_zone"]))
            assert f"{shown:%d.%m.%Y %H:%M}" == "30.11.2026 15:00"
    assert _asked(story) == 1  # whatever comes in the next minutes
    assert _AT not in story.events()


def test_30_a_known_contact_gets_the_time_of_the_account_as_well(story: Story) -> None:
    _account(story, **_SAO_PAULO)
    _fields(story)
    submit(story, form())
    assert not _asked(story)  # nothing has come that would need it
    story.clock.advance(minutes=5)
    results = submit(story, form(fields={"when": "30.11.2026 15:00"}))
    assert values_of(contact_of(story, results))["Визит"] == [int(datetime(2026, 11, 30, 18, tzinfo=UTC).timestamp())]


def test_30_a_time_with_its_zone_stays_and_nobody_is_asked(story: Story) -> None:
    _account(story, **_SAO_PAULO)
    _fields(story)
    for text in ("2026-11-30T15:00:00+05:00", "2026-11-30T10:00:00Z"):
        results = submit(story, form(fields={"when": text}, comment=text))
        assert values_of(lead_of(story, results))["Визит"] == [int(datetime(2026, 11, 30, 10, tzinfo=UTC).timestamp())]
    submit(story, form(fields={"when": "soon"}))
    assert not _asked(story)


@pytest.mark.parametrize(("offset", "hour"), [(5 * 3600 + 1800, "09:30"), (-3 * 3600, "18:00")])
def test_30_a_zone_that_is_not_known_here_counts_by_its_offset_and_that_is_told(
    story: Story, offset: int, hour: str
) -> None:
    _account(story, time_zone="Moon/Tycho", utc_offset=offset)
    _fields(story)
    results = submit(story, form(fields={"when": "30.11.2026 15:00"}))
    (stored,) = values_of(lead_of(story, results))["Визит"]
    assert f"{datetime.fromtimestamp(stored, UTC):%H:%M}" == hour
    assert _asked(story) == 1
    ((told,),) = story.sql(f"SELECT message FROM amocrm_events WHERE kind = '{_AT}'")
    assert "Moon/Tycho" in told
    assert "offset" in told
    assert "30.11.2026" not in note_of(story, results)  # it is in its field


def test_30_an_account_that_tells_no_zone_has_utc_and_that_is_told() -> None:
    for said, offset in ((("", ""), 0), (("", "soon"), 0), (("../etc", "+99:00"), 0), (("", "-04:30"), -270)):
        zone, doubt = time_zones.of_account(*said)
        assert zone == timezone(timedelta(minutes=offset))
        assert doubt is not None
        assert ("UTC" in english(doubt)) == (not offset)
    assert time_zones.of_account("Europe/Moscow", "+05:00") == (ZoneInfo("Europe/Moscow"), None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("29.03.2026 02:30", "2026-03-29T03:30:00+02:00"),  # the clock skips it: an hour later on the wall
        ("25.10.2026 02:30", "2026-10-25T02:30:00+02:00"),  # it shows it twice: the first one
        ("25.10.2026 03:30", "2026-10-25T03:30:00+01:00"),
        ("30.06.2026", "2026-06-30T00:00:00+02:00"),  # a day begins at midnight
    ],
)
def test_30_a_time_that_is_not_there_or_is_there_twice_has_one_moment(text: str, moment: str) -> None:
    rule, field = FieldRule("when", "leads", field="Визит"), Field(1, "Визит", None, "date_time")
    placed = mapping.place([rule], {"when": [text]}, [field], skip_empty=True, zone=lambda: ZoneInfo("Europe/Berlin"))
    assert placed.fields[0]["values"] == [{"value": int(datetime.fromisoformat(moment).timestamp())}]


def test_30_the_call_for_the_zone_is_counted_where_it_may_be_made() -> None:
    settings = Submissions(mapping=[FieldRule("when", "leads", field="Визит")])
    counted = {
        text: plan.calls(settings, "lead", SubmitForm(contact=Contact(name="Нина"), fields={"when": text}))
        for text in (
            "30.11.2026 15:00",
            "2026-11-29T21:00:00Z",
            "2026-11-30T15:00:00+03:00",
            "17.05.1990",
            "soon: 15:00",
        )
    }
    assert list(counted.values()) == [5, 5, 4, 4, 4]
