"""What amoCRM refuses of one thing keeps nothing else waiting (30-C5), and nobody works without its lease (30-C8)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from features.changes import feed_lease, feeds, refetch, retry_policy, scheduled
from shared.amocrm.events import FeedApi
from shared.amocrm.transport import LIMITS
from shared.platform import deadline
from tests.changes.conftest import Feed
from tests.story import calculation, json_of


def _problem(feed: Feed) -> str | None:
    shown = json_of(feed.story.crm("get_endpoints", feed.story.admin()))["feed"]["problem"]
    return None if shown is None else str(shown["code"])


def _names(feed: Feed) -> list[str]:
    return [one["data"]["lead"].get("name", "") for one in feed.told()]


def _refused(feed: Feed, path: str, status: int) -> None:
    feed.story.simulator.fault("status", path=path, status=status, times=10_000)


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_one_thing_that_amocrm_does_not_show_waits_alone(feed: Feed, status: int) -> None:
    _refused(feed, "/api/v4/leads/.*/notes/.*", status)
    feed.person(note="Nobody may see it")
    feed.person(id=None, fields={"name": "Seen"})
    feed.run()
    assert _names(feed) == ["Seen"]
    assert str(_problem(feed)).startswith("amocrm_")
    feed.person(id=None, fields={"name": "Seen, too"})
    feed.run()
    assert _names(feed) == ["Seen, too"]
    feed.story.simulator.control("no-faults")
    feed.run(3600)
    assert feed.kinds() == ["lead.note_added"]
    assert _problem(feed) is None


@pytest.mark.vendor("http.unauthorized_place")
@pytest.mark.parametrize(
    ("kind", "status"), [("status", 401), ("html", 401), ("status", 403), ("status", 500), ("html", 502)]
)
def test_several_things_that_amocrm_does_not_show_hold_up_nothing_else(feed: Feed, kind: str, status: int) -> None:
    """One method that says so for a day, or some things that are broken: three one after the other ended each run."""
    feed.story.simulator.fault(kind, path="/api/v4/leads/.*/notes/.*", status=status, times=10_000)
    for number in range(5):
        feed.person(note=f"Nobody may see it: {number}")
    feed.hooks_are_through()
    feed.story.simulator.control("visitor", domain=feed.story.domain, text="Hello", lead=feed.story.lead_id)
    feed.run()
    assert "message.received" in feed.kinds()
    feed.person(fields={"name": "Seen"})
    feed.run()
    assert "Seen" in _names(feed)
    feed.story.simulator.control("no-faults")
    feed.run(3600)
    assert feed.kinds() == ["lead.note_added"] * 5


_HELD_UP = ["/api/v4/leads/.*/notes/.*", "/api/v4/webhooks", "/api/v4/customers", "/api/v4/events"]


@pytest.mark.vendor("http.blocked_address", "http.not_found", "http.payment")
@pytest.mark.parametrize(("kind", "status"), [("html", 403), ("html", 404), ("status", 402)])
@pytest.mark.parametrize("path", [_HELD_UP[0], *(pytest.param(one, marks=pytest.mark.long) for one in _HELD_UP[1:])])
def test_what_is_said_of_the_account_at_one_place_concerns_that_place(
    feed: Feed, path: str, kind: str, status: int
) -> None:
    """A page of maintenance, a rule of what stands before amoCRM, or something that the tariff has not: all that the
    account's hooks told waited for that place."""
    for number in range(4):
        feed.person(note=f"Nobody may see it: {number}")
    feed.hooks_are_through()
    feed.story.simulator.fault(kind, path=path, status=status, times=10_000)
    feed.person(fields={"name": "Seen"})
    feed.story.simulator.control("visitor", domain=feed.story.domain, text="Hello", lead=feed.story.lead_id)
    seconds = 5 if path == _HELD_UP[0] else feeds.ASK_EVERY["hook"].total_seconds()
    feed.run(seconds)
    told = set(feed.kinds())
    for _ in range(8 if path == "/api/v4/events" else 0):  # it says what has happened there; a page is waited for
        feed.run(600)
    assert "message.received" in told
    assert "lead.updated" in told | set(feed.kinds())
    assert _problem(feed) in {None, "amocrm_unexpected_answer", "amocrm_forbidden"}
    feed.story.simulator.control("no-faults")
    feed.run(3600)
    assert _problem(feed) is None
    assert feed.story.row().status == "connected"


@pytest.mark.parametrize("status", [403, 404])
def test_a_page_that_stands_everywhere_ends_the_run(feed: Feed, status: int) -> None:
    feed.story.simulator.fault("html", path="/api/v4/.*", status=status, times=10_000)
    for number in range(5):
        feed.person(note=f"Note {number}")
    feed.run()
    assert feed.story.sql("SELECT count(*) FROM amocrm_hints WHERE attempts > 0") == [(0,)]
    assert _problem(feed) in {"amocrm_address_blocked", "amocrm_account_not_found"}


@pytest.mark.vendor("http.payment")
def test_what_needs_amocrms_list_of_events_is_told_without_it_where_that_alone_fails(feed: Feed) -> None:
    """For a day it was not looked into, and then given up: what was told by nobody then was lost."""
    story = feed.story
    story.simulator.fault("status", path="/api/v4/events", status=500, times=10_000)
    headers = story.application() | {"X-Lead-Id": str(story.lead_id)}
    assert story.crm("save_calculation", headers, calculation()).status == 200
    feed.person(fields={"name": "By somebody"})
    for _ in range(10):
        feed.run(600)
    assert "By somebody" in _names(feed)


@pytest.mark.parametrize("kind", ["status", "reset_before"])
def test_where_amocrm_shows_nothing_it_is_left_soon(feed: Feed, kind: str) -> None:
    """Its outage is none of each of a hundred things, which would be given up one after the other."""
    for number in range(20):
        feed.person(note=f"Note {number}")
    feed.hooks_are_through()
    feed.story.simulator.fault(kind, path="/api/v4/.*", status=500, times=10_000)
    feed.run()
    ((tried,),) = feed.story.sql("SELECT count(*) FROM amocrm_hints WHERE attempts > 0")
    assert tried <= 3


def test_what_amocrm_is_long_silent_about_ends_the_run_soon(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs the time of a whole call, which is that of other accounts, too."""
    read, asked = FeedApi.note, list[int]()

    def silent(self: FeedApi, *args: Any) -> dict[str, Any]:
        asked.append(1)
        feed.story.clock.advance(seconds=LIMITS.read)
        return read(self, *args)

    monkeypatch.setattr(FeedApi, "note", silent)
    feed.story.simulator.fault("reset_before", path="/api/v4/leads/.*/notes/.*", times=10_000)
    for number in range(5):
        feed.person(note=f"Note {number}")
    feed.run()
    assert len(asked) == 3


def test_a_page_with_404_is_no_deletion(feed: Feed) -> None:
    """A proxy, or maintenance, answers so for every address; only the API itself says that a deal is gone."""
    feed.person(fields={"name": "Known"})
    feed.run()
    feed.told()
    feed.story.simulator.fault("html", path="/api/v4/leads/.*", status=404, times=10_000)
    _refused(feed, "/api/v4/leads", 500)
    feed.person(fields={"name": "Changed"})
    for _ in range(6):
        feed.run(60)
    assert feed.told() == []
    feed.story.simulator.control("no-faults")
    feed.run(3600)
    assert _names(feed) == ["Changed"]


def test_one_thing_that_nobody_can_make_anything_of_waits_alone(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    done = refetch.Refetch._compared

    def poisoned(self: refetch.Refetch, due: Any, entity: Any, *args: Any) -> None:
        done(self, due, entity | ({"id": "x"} if entity["name"] == "Poisoned" else {}), *args)

    monkeypatch.setattr(refetch.Refetch, "_compared", poisoned)
    feed.person(id=None, fields={"name": "Poisoned"})
    feed.person(id=None, fields={"name": "Seen"})
    feed.run()
    assert _names(feed) == ["Seen"]
    monkeypatch.undo()
    feed.run(3600)
    assert _names(feed) == ["Poisoned"]


@pytest.mark.parametrize(
    "odd", [{"entity_id": 0}, {"entity_id": None}, {"value_after": [{"note": {}}], "type": "lead_note_added"}]
)
def test_30_k_an_event_that_nothing_can_be_made_of_keeps_nothing_from_being_told(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any]
) -> None:
    """It stays in amoCRM's list: the account would be read no more, and what its hooks say neither."""
    listed = FeedApi.events

    def with_an_odd_one(self: FeedApi, page: int) -> list[dict[str, Any]]:
        found = listed(self, page)
        return [found[0] | odd, *found] if found else found

    monkeypatch.setattr(FeedApi, "events", with_an_odd_one)
    feed.person(id=None, fields={"name": "Seen"})
    feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    assert _names(feed) == ["Seen"]
    assert "feed.failed" not in feed.story.events()


@pytest.mark.long
def test_what_amocrm_does_not_show_for_a_day_is_given_up_and_told(feed: Feed) -> None:
    _refused(feed, "/api/v4/leads/.*/notes/.*", 403)
    feed.person(note="Nobody may see it")
    for _ in range(retry_policy.MOST_ATTEMPTS + 2):
        feed.run(3600)
    assert "change.given_up" in feed.story.events()
    assert feed.story.sql("SELECT count(*) FROM amocrm_hints") == [(0,)]
    assert feed.told() == []


def test_a_list_that_is_always_refused_is_read_one_by_one(feed: Feed) -> None:
    _refused(feed, "/api/v4/leads", 500)
    feed.person(id=None, fields={"name": "Seen"})
    feed.run()
    assert _names(feed) == []
    for _ in range(3):
        feed.run(60)
    assert _names(feed) == ["Seen"]


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_a_subscription_that_cannot_be_compared_keeps_nothing_from_being_told(feed: Feed, status: int) -> None:
    _refused(feed, "/api/v4/webhooks", status)
    feed.person(fields={"name": "Heard of"})
    feed.run(3600)
    assert _names(feed) == ["Heard of"]
    feed.story.simulator.control("webhooks", lost=1.0)
    feed.person(fields={"name": "Asked for"})
    for _ in range(2):
        feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    assert _names(feed) == ["Asked for"]
    assert str(_problem(feed)).startswith("amocrm_")
    feed.story.simulator.control("no-faults")
    feed.run(60)
    assert _problem(feed) is None


@pytest.mark.vendor("http.switched_off")
def test_an_account_without_customers_is_in_no_trouble(quiet: Feed) -> None:
    """Most have none; whoever listens to everything was told at each look that amoCRM had refused something."""
    story = quiet.story
    story.simulator.control("change-account", domain=story.domain, has_customers=False)
    quiet.listen()
    quiet.run()
    quiet.run(600)
    assert _problem(quiet) is None
    story.simulator.control("change-account", domain=story.domain, has_customers=True)
    story.simulator.control("webhooks", lost=1.0)
    quiet.person(kind="customers", id=None, fields={"name": "The first"})
    quiet.run(600)
    quiet.run()
    assert quiet.kinds() == ["customer.added"]


@pytest.mark.vendor("http.switched_off")
def test_a_tariff_without_customers_keeps_nothing_from_being_told(feed: Feed) -> None:
    """It is not the account that is unpaid: nothing was told any more to whoever listens to everything."""
    _refused(feed, "/api/v4/customers", 402)
    feed.person(fields={"name": "Heard of"})
    feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    assert (_names(feed), _problem(feed)) == (["Heard of"], None)
    feed.story.simulator.control("webhooks", lost=1.0)
    feed.person(fields={"name": "Asked for"})
    feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    assert (_names(feed), _problem(feed)) == (["Asked for"], None)


@pytest.mark.vendor("http.switched_off")
def test_a_tariff_without_conversations_keeps_nothing_from_being_told(feed: Feed) -> None:
    """The hook of one is told all the same: what was written in it was not, nor anything after."""
    _refused(feed, "/api/v4/talks/.*", 402)
    feed.story.simulator.control("visitor", domain=feed.story.domain, text="Hello", lead=feed.story.lead_id)
    feed.person(note="Called")
    feed.run()
    assert {"message.received", "lead.note_added"} <= set(feed.kinds())
    assert _problem(feed) is None
    feed.story.simulator.control("no-faults")
    feed.run(3600)
    assert feed.kinds() == ["talk.opened"]


@pytest.mark.vendor("http.switched_off")
def test_what_the_tariff_has_not_any_more_keeps_nothing_from_being_told(feed: Feed) -> None:
    feed.person(kind="customers", id=None, fields={"name": "The last"})
    feed.person(note="Called")
    _refused(feed, "/api/v4/customers.*", 402)
    feed.run()
    assert (feed.kinds(), _problem(feed)) == (["lead.note_added"], None)


@pytest.mark.vendor("http.switched_off", "webhooks.tariff")
def test_a_tariff_without_webhooks_is_asked(quiet: Feed) -> None:
    """Whether it says so when they are made, or when they are looked for."""
    _refused(quiet, "/api/v4/webhooks", 402)
    quiet.listen()
    quiet.run()
    quiet.person(fields={"name": "Asked for"})
    quiet.run(feeds.ASK_EVERY["ask"].total_seconds())
    assert (_names(quiet), _problem(quiet)) == (["Asked for"], None)


@pytest.mark.vendor("http.payment")
def test_an_unpaid_account_is_told_of_and_loses_nothing(feed: Feed) -> None:
    _refused(feed, "/api/v4/.*", 402)
    feed.person(fields={"name": "Before it was paid"})
    for _ in range(3):
        feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    assert (_names(feed), _problem(feed)) == ([], "amocrm_unpaid")
    feed.story.simulator.control("no-faults")
    feed.run(3600)
    assert (_names(feed), _problem(feed)) == (["Before it was paid"], None)


@pytest.mark.long
def test_an_account_that_is_away_costs_few_calls(feed: Feed) -> None:
    for number in range(20):
        feed.person(id=None, fields={"name": f"Deal {number}"}, note="A note")
    feed.hooks_are_through()
    _refused(feed, "/api/v4/.*", 503)
    assert sum(feed.run(60)["feeds"]["due"] for _ in range(5)) <= 5
    feed.story.simulator.control("no-faults")
    for _ in range(4):
        feed.run(1800)
    assert len(feed.told()) == 40


# --- the lease ------------------------------------------------------------------------------------------------------


def _taken_over(feed: Feed) -> None:
    feed.story.sql("UPDATE amocrm_feeds SET lease_id = %s, lease_until = amocrm_now() + interval '1 hour'", uuid4())


def test_work_that_takes_longer_than_the_lease_renews_it(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-C8: while one instance reads slowly, no other takes the feed."""
    monkeypatch.setattr(feed_lease, "LONGEST", 1e9)
    story, done, claimed = feed.story, refetch.Refetch._compared, list[int]()

    def slow(*args: Any) -> None:
        story.clock.advance(seconds=50)
        claimed.append(len(feeds.claim(story.runtime.database, 5)))
        done(*args)

    monkeypatch.setattr(refetch.Refetch, "_compared", slow)
    for number in range(8):
        feed.person(id=None, fields={"name": f"Deal {number}"})
    feed.run()
    assert claimed == [0] * 8
    feed.run()
    assert len(feed.told()) == 8


def test_who_has_lost_the_lease_stops(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-C8: it was held up for longer than its lease, and somebody else has the feed."""
    story, done, read = feed.story, refetch.Refetch._compared, list[int]()

    def late(*args: Any) -> None:
        done(*args)
        read.append(1)
        story.clock.advance(seconds=150)
        _taken_over(feed)

    monkeypatch.setattr(refetch.Refetch, "_compared", late)
    for number in range(5):
        feed.person(id=None, fields={"name": f"Deal {number}"})
    assert feed.run()["feeds"]["failed"] == {"lease_lost": 1}
    assert len(read) == 1
    ((left,),) = story.sql("SELECT count(*) FROM amocrm_hints")
    assert left == 4


def test_a_feed_with_much_to_do_leaves_others_their_turn(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-C8: what one claim does is bounded in time; the next one goes on."""
    story, done = feed.story, refetch.Refetch._compared

    def slow(*args: Any) -> None:
        story.clock.advance(seconds=feed_lease.LONGEST)
        done(*args)

    for number in range(3):
        feed.person(id=None, fields={"name": f"Deal {number}"})
    with monkeypatch.context() as patched:
        patched.setattr(refetch.Refetch, "_compared", slow)
        feed.run()
    assert len(feed.told()) < 3
    feed.run(1)
    ((left,),) = story.sql("SELECT count(*) FROM amocrm_hints")
    assert left == 0


def test_nothing_is_begun_that_the_platform_would_cut_off(feed: Feed) -> None:
    """30-C8: where less is left of the call than amoCRM may take to answer."""
    feed.person(id=None, fields={"name": "Seen later"})
    feed.hooks_are_through()
    feed.story.clock.advance(seconds=5)
    (claimed,) = feeds.claim(feed.story.runtime.database, 1)
    feed.story.simulator.control("forget")
    with deadline.limited(LIMITS.longest_call - 1):
        assert scheduled.follow(feed.story.runtime, claimed) == "done"
    assert feed.story.simulator.requests() == []
    feed.run(0)
    assert _names(feed) == ["Seen later"]


def test_putting_off_takes_nothing_back(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-C8: a hint that came again while its entity was read is not put off by who read it."""
    story, later = feed.story, refetch.Refetch._later

    def said_again(self: refetch.Refetch, due: Any, *args: Any) -> None:
        story.sql("UPDATE amocrm_hints SET version = version + 1, attempts = 0, due_at = amocrm_now()")
        later(self, due, *args)

    monkeypatch.setattr(refetch.Refetch, "_later", said_again)
    _refused(feed, "/api/v4/leads/.*/notes/.*", 403)
    feed.person(note="Nobody may see it")
    feed.hooks_are_through()
    story.clock.advance(seconds=5)
    (claimed,) = feeds.claim(story.runtime.database, 1)
    scheduled.follow(story.runtime, claimed)
    ((attempts, due),) = story.sql("SELECT attempts, due_at <= amocrm_now() + %s FROM amocrm_hints", timedelta(0))
    assert (attempts, due) == (0, True)
