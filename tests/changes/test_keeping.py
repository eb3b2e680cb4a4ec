"""What is kept of changes, and for how long; under which keys; and that a removed consumer leaves nothing behind."""

from typing import Any

import pytest

from features.changes import scheduled
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.config import load
from shared.runtime import Runtime
from shared.storage import key_rotation, retention
from shared.storage.encryption import generate_key
from tests.changes.conftest import Feed
from tests.submitting import form, submit


def _count(feed: Feed, table: str) -> int:
    ((number,),) = feed.story.sql(f"SELECT count(*) FROM amocrm_{table}")
    return int(number)


def test_what_is_old_goes(feed: Feed) -> None:
    story = feed.story
    for known in (
        {"name": "Ann", "phone": "+79161234567"},
        {"name": "Ann", "phone": "+79161234567", "email": "a@b.cd"},
    ):
        submit(story, form(contact=known))
    feed.person(fields={"price": 5})
    feed.run()
    tables = ("changes", "sends", "entities", "own_writes")
    assert all(_count(feed, table) for table in tables)

    def removed() -> dict[str, int]:
        found = retention.run(story.runtime.database, story.runtime.settings, story.runtime.clock)
        return {name: found[name] for name in ("changes", "own_writes", "entities") if found[name]}

    assert removed() == {}
    story.clock.advance(days=2)
    assert list(removed()) == ["own_writes"]
    story.clock.advance(days=6)
    assert list(removed()) == ["changes"]
    assert _count(feed, "sends") == 0
    story.clock.advance(days=180)
    assert list(removed()) == ["entities"]


def test_keys_are_changed_and_everything_is_read_with_the_new_one(feed: Feed, environment: dict[str, str]) -> None:
    story, old_address = feed.story, list(feed.hooks())
    story.crm("replace_endpoint_secret", story.admin(), {"id": feed.endpoint_id})
    feed.consumer.statuses = [500]
    feed.person(fields={"price": 5})
    feed.run()
    both = f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"
    rotating = Runtime.build(load(environment | {"ENCRYPTION_KEYS": both}), story.clock)
    assert (
        sum(key_rotation.rotate(rotating.database, rotating.keyring, pytest.fail)) >= 7
    )  # of them two of the feed, three of the endpoint
    assert sum(key_rotation.rotate(rotating.database, rotating.keyring, pytest.fail)) == 0
    rotating.close()
    only_new = Runtime.build(load(environment | {"ENCRYPTION_KEYS": both.split(",")[0]}), story.clock)
    feed.ingress.runtime = only_new
    story.clock.advance(hours=1)
    scheduled.run(only_new, 20)
    assert [one["data"]["lead"]["price"] for one in feed.told()] == [5]
    assert list(feed.hooks()) == old_address
    # What was known is not news under another key.
    feed.person(fields={"price": 6})
    feed.hooks_are_through()
    story.clock.advance(seconds=5)
    scheduled.run(only_new, 20)
    (told,) = feed.told()
    assert told["data"]["changed"] == ["price"]
    only_new.close()


def test_a_removed_endpoint_leaves_nothing_that_waits(feed: Feed) -> None:
    feed.consumer.statuses = [500] * 100
    feed.person(fields={"price": 5})
    feed.run()
    assert _count(feed, "sends") == 1
    assert feed.story.crm("remove_endpoint", feed.story.admin(), {"id": feed.endpoint_id}).status == 200
    asked = feed.consumer.asked
    feed.person(fields={"price": 6})
    feed.run(3600)
    assert (feed.consumer.asked, _count(feed, "sends")) == (asked, 0)


def test_scheduled_tasks_are_a_part_of_every_run_of_deliveries(feed: Feed) -> None:
    feed.person(fields={"price": 5})
    feed.hooks_are_through()
    feed.story.clock.advance(seconds=5)
    assert run_deliveries(feed.story.runtime, 20)["due"] == 0
    assert feed.kinds() == ["lead.updated"]


def test_a_scheduled_task_that_fails_is_no_ones_trouble(feed: Feed, monkeypatch: Any) -> None:
    """The database is gone in the middle of a run; the next run goes on."""
    feed.person(fields={"price": 5})
    feed.hooks_are_through()
    feed.story.clock.advance(seconds=5)
    from features.changes import dispatch
    from shared.storage.database import DatabaseUnavailableError

    def gone(*_: object) -> None:
        raise DatabaseUnavailableError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "ask", gone)
        run_deliveries(feed.story.runtime, 20)
    assert feed.told() == []
    feed.run(120)
    assert feed.kinds() == ["lead.updated"]
