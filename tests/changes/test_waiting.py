"""What becomes of messages that wait for long: whoever comes back gets them, also what was not collected (30-J2)."""

import json
from typing import Any

import pytest

from features.changes import dispatch, feeds, scheduled
from functions.run_deliveries.run import run as run_deliveries
from tests.changes.conftest import Feed
from tests.story import json_of


def _deals(feed: Feed, count: int) -> list[int]:
    made = [feed.person(id=None, fields={"name": f"Deal {number}"})["id"] for number in range(count)]
    feed.run()
    feed.told()
    return made


def _on(feed: Feed, **wanted: Any) -> None:
    body = {"id": feed.endpoint_id, "name": "Shop", "is_on": True} | wanted
    assert feed.story.crm("save_endpoint", feed.story.admin(), body).status == 200


def _prices(feed: Feed) -> list[tuple[int, int]]:
    return [(one["data"]["lead"]["id"], one["data"]["lead"]["price"]) for one in feed.told()]


@pytest.mark.long
def test_who_comes_back_gets_all_of_it_however_old_it_is(feed: Feed) -> None:
    """One failure more, after the first was taken, is no end of the others."""
    first, second, third = _deals(feed, 3)
    feed.consumer.statuses = [500] * 10_000
    for id_ in (first, second, third):
        feed.person(id=id_, fields={"price": 1})
    for _ in range(40):
        feed.run(3 * 3600)
    feed.person(id=second, fields={"price": 2})
    feed.run(3600)
    (shown,) = json_of(feed.story.crm("get_endpoints", feed.story.admin()))["endpoints"]
    assert (shown["off_reason"], shown["waiting"]) == ("failing", 4)
    feed.consumer.statuses = [204, 500, 500]
    _on(feed)
    for _ in range(6):
        feed.run(60)
    told = _prices(feed)
    assert sorted(told) == sorted([(first, 1), (second, 1), (second, 2), (third, 1)])
    assert told.index((second, 1)) < told.index((second, 2))


@pytest.mark.long
def test_a_message_that_waited_for_long_is_not_dead_after_one_failure(feed: Feed) -> None:
    """Nobody has turned anything off: the server was away, and fails once more when it is back."""
    first, second = _deals(feed, 2)
    feed.person(id=first, fields={"price": 1})
    feed.person(id=second, fields={"price": 1})
    feed.hooks_are_through()
    feed.story.clock.advance(seconds=5)
    assert feed.story.sql("SELECT count(*) FROM amocrm_hints") == [(2,)]
    feed.story.sql(
        "UPDATE amocrm_endpoints SET lease_id = gen_random_uuid(), lease_until = amocrm_now() + interval '4 days'"
    )
    scheduled.run(feed.story.runtime, 20)
    feed.consumer.statuses = [204, 500]
    for _ in range(3):
        feed.run(2 * 24 * 3600)
    assert sorted(_prices(feed)) == [(first, 1), (second, 1)]


@pytest.mark.long
def test_the_one_message_that_is_never_taken_is_given_up_and_the_next_goes_on(feed: Feed) -> None:
    poison, other = _deals(feed, 2)
    feed.person(id=poison, fields={"price": 666})
    feed.person(id=poison, note="after it")
    feed.hooks_are_through()
    feed.story.clock.advance(seconds=5)
    answer = feed.consumer.answer

    def refusing(path: str, headers: dict[str, str], body: bytes) -> int | None:
        lead = json.loads(body)["data"]["lead"]
        return 500 if lead.get("price") == 666 else answer(path, headers, body)

    feed.consumer.answer = refusing  # type: ignore[method-assign]
    for number in range(40):
        feed.person(id=other, fields={"price": number + 1})
        feed.run(3 * 3600)
    kinds = feed.kinds()
    assert kinds.count("lead.updated") == 40
    assert kinds.count("lead.note_added") == 1
    assert "dead" in [state for (state,) in feed.story.sql("SELECT state FROM amocrm_sends")]


def test_a_message_that_cannot_be_read_waits_alone(feed: Feed) -> None:
    poison, other = _deals(feed, 2)
    feed.consumer.statuses = [500]
    feed.person(id=poison, fields={"price": 1})
    feed.run()
    feed.story.sql(
        "UPDATE amocrm_changes SET document = 'x' WHERE position = (SELECT max(position) FROM amocrm_changes)"
    )
    feed.person(id=other, fields={"price": 2})
    feed.run(60)
    assert _prices(feed) == [(other, 2)]


def test_what_was_not_collected_is_replayed(feed: Feed) -> None:
    """After 410, and what it did not ask for then; what it does not ask for now is left."""
    feed.listen(name="Another", kinds=["lead.note_added"])
    feed.consumer.statuses = [410, 410]
    feed.person(fields={"price": 1}, note="One")
    feed.run()
    feed.person(fields={"price": 2}, note="Two")
    feed.run()
    assert feed.told() == []
    _on(feed, kinds=["lead.updated", "lead.note_added"], fields=["price"])
    feed.person(fields={"price": 3, "name": "Renamed"})
    feed.run()
    feed.told()
    replay = {"endpoint_id": feed.endpoint_id, "since": "2020-01-01T00:00:00Z"}
    replayed = json_of(feed.story.crm("replay_changes", feed.story.admin(), replay))["replayed"]
    feed.run()
    told = feed.told()
    assert [one["data"].get("note", {}).get("text") for one in told if "note" in one["data"]] == ["One", "Two"]
    assert [one["data"]["lead"]["price"] for one in told if one["type"] == "lead.updated"] == [1, 2, 3]
    assert len(told) == replayed
    assert json_of(feed.story.crm("replay_changes", feed.story.admin(), replay))["replayed"] == replayed


def test_a_run_that_leaves_feeds_or_endpoints_is_not_done(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-J11: `is_done` speaks of them, too."""
    assert run_deliveries(feed.story.runtime, 20)["is_done"] is True
    feed.person(fields={"price": 1})
    feed.hooks_are_through()
    feed.story.clock.advance(seconds=5)
    claim = feeds.claim

    def slow(*args: Any) -> Any:
        feed.story.clock.advance(seconds=30)
        return claim(*args)

    with monkeypatch.context() as patched:
        patched.setattr(feeds, "claim", slow)
        assert run_deliveries(feed.story.runtime, 20)["is_done"] is False
    assert run_deliveries(feed.story.runtime, 20)["is_done"] is True


@pytest.mark.long
def test_what_happens_during_the_turn_of_one_who_takes_nothing_waits_five_minutes_at_most(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own pause may be hours; news that were stored before the turn, or after it, do not wait so long either."""
    feed.consumer.statuses = [500] * 1000
    feed.person(fields={"price": 1})
    for _ in range(12):
        feed.run(3 * 3600)
    other = feed.person(id=None, fields={"name": "Another"})["id"]
    answered = dispatch._answered

    def meanwhile(*args: Any) -> Any:
        monkeypatch.undo()
        feed.hooks_are_through()
        feed.story.clock.advance(seconds=5)
        now = answered(*args)
        reading_only = feeds.claim(feed.story.runtime.database, 8)
        for one in reading_only:
            scheduled.follow(feed.story.runtime, one)
        return now

    monkeypatch.setattr(dispatch, "_answered", meanwhile)
    (endpoint,) = dispatch.claim(feed.story.runtime.database, 1) or _claimed(feed)
    assert dispatch.work(feed.story.runtime, endpoint) == "failing"
    feed.consumer.statuses = []
    feed.story.clock.advance(minutes=6)
    scheduled.run(feed.story.runtime, 20)
    assert ("lead.added", other) in [(one["type"], one["data"]["lead"]["id"]) for one in feed.told()]


def _claimed(feed: Feed) -> Any:
    feed.story.clock.advance(hours=4)
    return dispatch.claim(feed.story.runtime.database, 1)
