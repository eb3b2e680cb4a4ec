"""36: what no account should send, and one that sends too much; and what nobody wants costs nothing."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.changes import scheduled, webhook_payload
from features.changes.subjects import SUBJECTS, Subject
from tests.changes.conftest import Feed
from tests.changes.test_ingress import _post
from tests.longer import others_long
from tests.story import Story, json_of

_PLACES = [(head, verb, one) for one in SUBJECTS.values() for head in one.heads for verb in sorted(one.said)]


def _body(head: str, verb: str, subject: Subject, entity_id: int, index: int = 0, **members: Any) -> dict[str, Any]:
    """One entity of this kind, as a hook names it."""
    verb = "add" if subject.reader == "note" else verb
    named = f"00000000-0000-4000-8000-{entity_id:012}" if subject.is_text_id else entity_id
    shown = {subject.id_member: named, "element_id": entity_id, "talk_id": entity_id} | members
    return {f"{head}[{verb}][{index}][{member}]": value for member, value in shown.items()}


@pytest.mark.long
@pytest.mark.parametrize(("count", "name"), [(1000, "Щ" * 40), (4000, "Щ")])
def test_36_a_body_of_thousands_of_entities_of_all_kinds_is_taken_whole(feed: Feed, count: int, name: str) -> None:
    body: dict[str, Any] = {"account[id]": feed.story.account_id}
    for number in range(count):
        body |= _body(*_PLACES[number % len(_PLACES)], 10**9 + number, number, name=name)
    assert len(urlencode(body)) > 256 * 1024
    answer = _post(feed, body)
    assert (answer.status, json_of(answer)["taken"]) == (200, count)
    assert feed.story.sql("SELECT count(*) FROM amocrm_hints") == [(count,)]
    feed.run()  # there is none of them in amoCRM, which harms nobody
    feed.story.sql("DELETE FROM amocrm_hints")
    feed.told()
    feed.person(fields={"name": "A real one"})
    feed.run()
    assert feed.kinds() == ["lead.updated"]


_TEXTS = st.one_of(st.text(max_size=30), st.integers().map(str), st.sampled_from(["", "0", "-1", "1e9", "٣", "0x1f"]))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(_PLACES),
            st.sampled_from(
                ["id", "uid", "talk_id", "note][id", "element_id", "type", "origin", "catalog_id", "action"]
            ),
            _TEXTS,
        )
    )
)
def test_36_whatever_stands_where_an_id_belongs_is_left_out(entities: list[tuple[Any, str, str]]) -> None:
    """What is taken can be stored: numbers that PostgreSQL has, and texts without null characters."""
    fields = [(f"{place[0]}[{place[1]}][{n}][{member}]", text) for n, (place, member, text) in enumerate(entities)]
    for hint in webhook_payload.read(urlencode(fields).encode(errors="replace")).hints:
        assert 0 < hint.entity_id < 2**63
        assert all(0 < fact < 2**63 for fact in hint.facts.values() if isinstance(fact, int))
        assert "\\u0000" not in json.dumps(hint.facts)


@pytest.mark.parametrize("text", others_long(["a\0b", "\0", "x" * 100_000, "Щ" * 100_000, "12; DROP", "٣", "-7"]))
def test_36_no_text_anywhere_stops_what_comes_after_it(feed: Feed, text: str) -> None:
    assert feed.settings(message_texts=True).status == 200
    for head, verb, one in _PLACES:
        members = [one.id_member, *one.numbers, *one.texts, "text"]
        fields = {f"{head}[{verb}][0][{member.replace('.', '][')}]": text for member in members}
        answer = _post(feed, fields | {"account[id]": feed.story.account_id})
        assert answer.status == 200, (head, verb, answer.body)
    feed.person(fields={"name": "Later"})
    for _ in range(3):
        feed.run()
    assert "lead.updated" in feed.kinds()
    assert feed.story.row().status == "connected"


@pytest.mark.long
def test_36_an_account_that_sends_hundreds_of_hooks_keeps_no_other_waiting(feed: Feed) -> None:
    other = _another(feed)
    other.person(fields={"name": "Of the quiet account"})
    for number in range(500):
        body = {"leads[update][0][id]": 10**9 + number, "account[id]": feed.story.account_id}
        assert _post(feed, body).status == 200
    other.hooks_are_through()
    other.story.clock.advance(seconds=5)
    scheduled.run(feed.story.runtime, 4)
    told = [one for one in other.told() if one["data"]["account"]["id"] == other.story.account_id]
    assert [one["type"] for one in told] == ["lead.updated"]
    assert feed.story.sql("SELECT count(*) > 0 FROM amocrm_hints") == [
        (True,)
    ]  # the loud one has not had all its turns


def _another(feed: Feed) -> Feed:
    """A second account of this installation, told to the same consumer."""
    wanted = {"count": 1, "client_id": feed.story.client_id}
    (made,) = feed.story.simulator.control("accounts", **wanted)["accounts"]
    names = {"domain": made["domain"], "account_id": made["id"], "lead_id": made["lead"]}
    story: Story = replace(feed.story, **names)
    story.connect()
    found = Feed(story, feed.ingress, feed.consumer)
    assert found.settings().status == 200
    found.listen()
    for _ in range(2):
        found.run()
    found.person(fields={"price": 1})
    found.run()
    found.told()
    return found


def test_36_a_kind_that_no_endpoint_wants_costs_no_call(quiet: Feed) -> None:
    quiet.listen(kinds=["company.added"])
    for _ in range(2):
        quiet.run()
    before = len(quiet.story.simulator.requests())
    for head, verb, subject in _PLACES:
        if subject.name != "company":
            body = _body(head, verb, subject, 77) | {"account[id]": quiet.story.account_id}
            assert _post(quiet, body).status == 200
    assert quiet.story.sql("SELECT count(*) FROM amocrm_hints") == [(0,)]
    for _ in range(5):
        quiet.run(60)
    assert quiet.story.simulator.requests()[before:] == []
    quiet.run(600)
    asked = {one["path"].split("?")[0] for one in quiet.story.simulator.requests()[before:]}
    assert asked == {"/api/v4/events", "/api/v4/companies"}
