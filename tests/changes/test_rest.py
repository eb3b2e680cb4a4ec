"""Who has nothing to do is not due: neither feeds nor endpoints are taken up again and again (30-C2, 30-C3)."""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from features.changes import feeds, scheduled
from shared.platform.clock import SystemClock
from tests.changes.conftest import Feed

_SAID = '[{"entity_type": "lead", "entity_id": %d, "kinds": ["update"]}]'


def _due(figures: dict[str, Any]) -> tuple[int, int]:
    return figures["feeds"]["due"], figures["endpoints"]["due"]


def test_what_waits_for_an_earlier_message_is_not_due(feed: Feed) -> None:
    """30-C2: the first message of a deal is tried again later; until then the ones behind it make nobody work."""
    feed.consumer.statuses = [500] * 5
    feed.person(fields={"price": 1})
    feed.run()
    feed.person(fields={"price": 2})
    for _ in range(30):
        assert _due(feed.run(10))[1] <= 2
    assert [one["data"]["lead"]["price"] for one in feed.told()] == [1, 2]


def test_a_feed_that_is_off_rests_and_forgets(feed: Feed) -> None:
    """30-C3: hints are left when it is switched off; on again, nothing of the time in which it was off is told."""
    feed.person(fields={"price": 1})
    feed.run()
    feed.told()
    feed.person(fields={"price": 2, "name": "Read by nobody"})
    feed.person(id=None, fields={"name": "New, and read by nobody"})
    feed.hooks_are_through()
    assert feed.settings(is_on=False).status == 200
    assert _due(feed.run(3)) == (1, 0)  # its subscription is ended
    for _ in range(2):
        assert _due(feed.run(3600)) == (0, 0)
    feed.person(fields={"price": 3, "status_id": 142}, note="While it is off")
    feed.story.clock.advance(seconds=60)
    assert feed.settings().status == 200
    for _ in range(3):
        feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    assert feed.told() == []
    feed.person(fields={"price": 4})
    feed.run()
    (told,) = feed.told()
    assert (told["type"], told["data"]["changed"], told["data"].get("before")) == ("lead.updated", None, None)


class _Behind(SystemClock):
    """An instance's clock that goes wrong."""

    def now(self) -> datetime:
        return super().now() - timedelta(hours=1)


def test_what_is_known_does_not_hang_on_an_instances_clock(feed: Feed) -> None:
    """30-C3, found by the campaign: what is known since events were turned on is known by the database's time."""
    late = replace(feed.story.runtime, clock=_Behind())
    for price in (1, 2):
        feed.person(fields={"price": price})
        for _ in range(2):  # amoCRM says it twice
            feed.hooks_are_through()
            feed.story.clock.advance(seconds=5)
            scheduled.run(late, 20)
            feed.story.sql(
                "SELECT amocrm_hint(integration_id, %s, interval '0') FROM amocrm_feeds", _SAID % feed.story.lead_id
            )
            feed.story.sql("UPDATE amocrm_feeds SET read_due_at = amocrm_now()")
    assert [one["data"]["lead"]["price"] for one in feed.told()] == [1, 2]


def test_a_feed_that_is_switched_off_at_work_rests(feed: Feed, monkeypatch: Any) -> None:
    """30-C3: while it is read and asked for."""
    done = feeds.asked

    def off_before(*args: Any, **named: Any) -> None:
        assert feed.settings(is_on=False).status == 200
        done(*args, **named)

    monkeypatch.setattr(feeds, "asked", off_before)
    feed.run(feeds.ASK_EVERY["hook"].total_seconds())
    monkeypatch.undo()
    feed.run(60)
    assert _due(feed.run(3600)) == (0, 0)
    assert feed.hooks() == {}
