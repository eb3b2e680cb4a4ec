"""30-C4: a feed or an endpoint that fails with what nobody foresaw waits, is told once, and keeps no other waiting."""

import pytest

from tests.changes.conftest import Feed


def _told(feed: Feed, kind: str) -> int:
    return feed.story.events().count(kind)


def test_a_poisoned_endpoint_waits_and_the_others_are_told(feed: Feed) -> None:
    poisoned, good = feed.endpoint_id, feed.listen(name="other")
    feed.told()
    secret = feed.story.sql("SELECT secret FROM amocrm_endpoints WHERE id = %s", poisoned)[0][0]
    # Encrypted as it should be, and no secret: decoding it raises.
    bad = feed.story.runtime.keyring.encrypt(
        "whsec_a", feed.story.sql("SELECT %s::uuid", poisoned)[0][0], "endpoint_secret"
    )
    feed.story.sql("UPDATE amocrm_endpoints SET secret = %s WHERE id = %s", bad, poisoned)
    feed.person(fields={"price": 7})
    figures = feed.run()
    assert figures["endpoints"]["failed"] == {"internal_error": 1}
    assert len(feed.told()) == 1  # the other one's
    assert feed.run(seconds=1)["endpoints"]["due"] == 0
    for _ in range(3):
        assert feed.run(seconds=3600)["endpoints"]["failed"] == {"internal_error": 1}
    assert _told(feed, "endpoint.failed") == 1
    feed.story.sql("UPDATE amocrm_endpoints SET secret = %s WHERE id = %s", secret, poisoned)
    assert feed.run(seconds=3600)["endpoints"]["sent"] == 1
    assert len(feed.told()) == 1
    assert good != poisoned


def test_a_poisoned_feed_waits_and_is_told_once(feed: Feed) -> None:
    feed.told()
    salt = feed.story.sql("SELECT salt FROM amocrm_feeds")[0][0]
    feed.story.sql("UPDATE amocrm_feeds SET salt = 'broken'")
    feed.person(fields={"price": 7})
    assert feed.run()["feeds"]["failed"] == {"decryption_failed": 1}
    assert feed.run(seconds=1)["feeds"]["due"] == 0
    assert feed.run(seconds=600)["feeds"]["failed"] == {"decryption_failed": 1}
    assert _told(feed, "feed.failed") == 1
    feed.story.sql("UPDATE amocrm_feeds SET salt = %s", salt)
    feed.run(seconds=3600)
    assert "lead.updated" in feed.kinds()


def test_days_in_which_we_could_not_send_are_not_the_endpoints(feed: Feed) -> None:
    """30-K: mended after four days, its first failure is one failure."""
    feed.told()
    secret = feed.story.sql("SELECT secret FROM amocrm_endpoints")[0][0]
    feed.story.sql("UPDATE amocrm_endpoints SET secret = 'broken'")
    feed.person(fields={"price": 7})
    for _ in range(32):
        feed.run(seconds=3 * 3600)
    feed.story.sql("UPDATE amocrm_endpoints SET secret = %s", secret)
    feed.consumer.statuses = [503]
    feed.run(seconds=4 * 3600)
    assert feed.consumer.asked
    assert "endpoint.turned_off" not in feed.story.events()
    feed.run(seconds=4 * 3600)
    assert len(feed.told()) == 1


def test_an_address_that_cannot_be_read_is_compared_as_one_that_nobody_knows(feed: Feed) -> None:
    """30-K: it was written with a key that is gone; the subscription itself is there, and all else can be read."""
    address = list(feed.hooks())
    feed.story.sql("UPDATE amocrm_feeds SET subscribed = 'broken'")
    feed.person(fields={"price": 7})
    assert feed.run(seconds=3600)["feeds"]["failed"] == {}
    assert feed.kinds() == ["lead.updated"]
    assert list(feed.hooks()) == address
    feed.story.sql("UPDATE amocrm_feeds SET subscribed = 'broken'")
    assert feed.settings(is_on=False).status == 200
    feed.run(seconds=60)
    assert feed.hooks() == {}
    assert feed.run(seconds=3600)["feeds"]["due"] == 0


@pytest.mark.parametrize("column", ["amocrm_feeds SET subscribed", "amocrm_integrations SET access_token"])
def test_a_connection_ends_whatever_of_it_cannot_be_read(feed: Feed, column: str) -> None:
    """30-K: a person who ends it after a key was lost is not sent to the operator first."""
    feed.story.sql(f"UPDATE {column} = 'broken'")
    assert feed.story.crm("disconnect", feed.story.admin(), {}).status == 200
    assert feed.story.row().status == "disconnected"
