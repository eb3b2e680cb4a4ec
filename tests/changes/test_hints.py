"""What amoCRM says has changed: in which order it is looked into, and when."""

from typing import Any

import pytest

from tests.changes.conftest import Feed
from tests.changes.test_ingress import _post


def _texts(feed: Feed) -> list[str]:
    return [one["data"]["message"]["id"] for one in feed.told() if one["type"].startswith("message.")]


@pytest.mark.parametrize("way", ["hook", "ask"])
def test_messages_of_a_talk_are_told_in_their_order(feed: Feed, way: str) -> None:
    """Several of one body, or of one look into amoCRM's events, were told in no order: answers before questions."""
    if way == "ask":
        feed.story.simulator.control("webhooks", lost=1)
    said = []
    talk = None
    for number in range(6):
        wrote: dict[str, Any] = feed.story.simulator.control(
            "visitor", domain=feed.story.domain, text=f"Q{number}", lead=feed.story.lead_id
        )
        talk = wrote["talk_id"]
        answered = feed.story.simulator.control("answer", domain=feed.story.domain, talk=talk, text=f"A{number}")
        said += [wrote["id"], answered["id"]]
    for _ in range(3):
        feed.run(600)
        feed.run()
    assert _texts(feed) == said


def test_messages_of_one_body_are_told_in_its_order(feed: Feed) -> None:
    ids = [f"m-{number}" for number in range(8)]
    body = {
        f"message[add][{number}][{name}]": value
        for number, id_ in enumerate(ids)
        for name, value in (("id", id_), ("talk_id", "7"))
    }
    assert _post(feed, body | {"account[id]": feed.story.account_id}).status == 200
    feed.run()
    assert _texts(feed) == ids


@pytest.mark.long
def test_what_was_put_off_is_read_when_amocrm_tells_of_it_again(feed: Feed) -> None:
    """It waited for its hour all the same, and woke its connection for nothing."""
    feed.story.simulator.fault("status", path="/api/v4/leads/.*/notes/.*", status=403, times=10)
    note = feed.person(note="Nobody may see it")["note_id"]
    for _ in range(10):
        feed.run(3600)
    assert feed.told() == []
    again = {"note_lead[add][0][id]": note, "note_lead[add][0][element_id]": feed.story.lead_id}
    assert _post(feed, again | {"account[id]": feed.story.account_id}).status == 200
    feed.run()
    assert feed.kinds() == ["lead.note_added"]
