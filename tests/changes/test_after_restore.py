"""37-3: a feed after the database was restored: its place is older, and so is what it knows."""

from functions.run_deliveries.run import run as run_deliveries
from tests.backups import Backup
from tests.changes.conftest import Feed


def test_37_3_what_happened_since_the_backup_is_told_once_more_and_nothing_else(feed: Feed, backup: Backup) -> None:
    """Of several changes of one deal, what they have come to. What happened while the database was away is told too."""
    feed.person(fields={"price": 1000})
    feed.run()
    assert feed.kinds() == ["lead.updated"]
    backup.take()
    for price in (2000, 3000):
        feed.person(fields={"price": price})
        feed.run()
    first = feed.told()
    assert [one["type"] for one in first] == ["lead.updated", "lead.updated"]
    backup.restore_after(minutes=10)
    feed.run(601)
    again = feed.told()
    assert [one["data"]["lead"]["price"] for one in again] == [3000]
    assert again[0]["id"] not in [one["id"] for one in first]  # it stands for both of them
    for _ in range(2):
        feed.run(601)
        run_deliveries(feed.story.runtime, 5)
    assert feed.told() == []
