"""31-B6: what the user who connected the account may not see any more is not gone."""

import pytest

from tests.changes.conftest import Feed
from tests.submitting import account, own_only

HIDDEN = [204, 403]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_deal_that_becomes_somebody_elses_is_not_told_as_deleted(feed: Feed, hidden: int) -> None:
    ours = min(map(int, account(feed.story)["users"]))  # who has connected the account
    feed.person(fields={"responsible_user_id": ours})
    feed.run()
    feed.told()
    other = own_only(feed.story, hidden)
    feed.person(fields={"responsible_user_id": other}, user_id=other)
    feed.run()
    assert not [one for one in feed.told() if one["type"] == "lead.deleted"]
    if hidden == 204:
        assert "change.out_of_sight" in feed.story.events()


def test_a_deal_that_an_administrators_token_does_not_find_is_deleted(feed: Feed) -> None:
    feed.person(fields={"price": 5})
    feed.run()
    feed.told()
    feed.person(delete=True)
    feed.run()
    assert [one["type"] for one in feed.told()] == ["lead.deleted"]
