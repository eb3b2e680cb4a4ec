"""30-K: what is wrong with one message, answer or address is no verdict on its endpoint, nor on its neighbours."""

import json
from typing import Any

import pytest

from features.changes import dispatch, feeds, scheduled
from shared.platform import deadline
from tests.changes.conftest import Feed
from tests.story import json_of

_DAY = 24 * 3600


def _deals(feed: Feed, count: int) -> list[int]:
    made = [feed.person(id=None, fields={"name": f"Deal {number}"})["id"] for number in range(count)]
    feed.run()
    feed.told()
    return made


def _told_ids(feed: Feed) -> list[int]:
    return [one["data"]["lead"]["id"] for one in feed.told()]


def _shown(feed: Feed) -> dict[str, Any]:
    (shown,) = json_of(feed.story.crm("get_endpoints", feed.story.admin()))["endpoints"]
    return dict(shown)


def _states(feed: Feed, deal: int) -> list[str]:
    found = feed.story.sql("SELECT state FROM amocrm_sends WHERE entity = %s ORDER BY position DESC", f"lead:{deal}")
    return [state for (state,) in found]


def _damage(feed: Feed, deals: list[int]) -> None:
    """Of these deals the newest change that is stored."""
    feed.story.sql(
        "UPDATE amocrm_changes SET document = 'x' WHERE position IN ("
        "SELECT max(position) FROM amocrm_changes WHERE entity_id = ANY(%s) GROUP BY entity_id)",
        deals,
    )


def _refuse(feed: Feed, price: int) -> None:
    answer = feed.consumer.answer

    def refusing(path: str, headers: dict[str, str], body: bytes) -> int | None:
        is_refused = json.loads(body)["data"].get("lead", {}).get("price") == price
        return 500 if is_refused else answer(path, headers, body)

    feed.consumer.answer = refusing  # type: ignore[method-assign]


# --- one message ----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_messages_that_cannot_be_read_end_themselves_and_not_their_endpoint(feed: Feed) -> None:
    *poison, other = _deals(feed, 6)
    for id_ in poison:
        feed.person(id=id_, fields={"price": 1})
    _stored(feed)
    _damage(feed, poison)
    feed.person(id=other, fields={"price": 2})
    feed.run()
    assert _told_ids(feed) == [other]
    for _ in range(30):
        feed.run(3 * 3600)
    shown = _shown(feed)
    assert (shown["is_on"], shown["failures"], shown["failing_since"], shown["waiting"]) == (True, 0, None, 0)
    assert [_states(feed, id_)[0] for id_ in poison] == ["dead"] * 5
    assert 1 <= feed.story.events().count("change.unreadable") <= 5
    feed.person(id=poison[0], fields={"price": 3})
    feed.run()
    assert _told_ids(feed) == [poison[0]]


def _stored(feed: Feed) -> None:
    """What has happened is stored and not told yet: somebody else is just telling."""
    feed.hooks_are_through()
    feed.story.clock.advance(seconds=5)
    feed.story.sql("UPDATE amocrm_endpoints SET lease_id = gen_random_uuid(), lease_until = amocrm_now() + '4 s'")
    scheduled.run(feed.story.runtime, 20)


def test_what_can_be_read_again_is_told(feed: Feed) -> None:
    """An instance did not have the key yet."""
    (deal,) = _deals(feed, 1)
    feed.person(id=deal, fields={"price": 1})
    _stored(feed)
    ((id_, document),) = feed.story.sql("SELECT id, document FROM amocrm_changes ORDER BY position DESC LIMIT 1")
    _damage(feed, [deal])
    feed.run()
    assert feed.told() == []
    feed.story.sql("UPDATE amocrm_changes SET document = %s WHERE id = %s", document, id_)
    feed.run(60)
    assert _told_ids(feed) == [deal]


def test_a_replay_leaves_out_what_cannot_be_read_and_says_so(quiet: Feed) -> None:
    quiet.run()
    poison, other = _deals(quiet, 2)
    _damage(quiet, [poison])
    quiet.listen()
    replay = {"endpoint_id": quiet.endpoint_id, "since": "2020-01-01T00:00:00Z"}
    answer = quiet.story.crm("replay_changes", quiet.story.admin(), replay)
    assert (answer.status, json_of(answer)["replayed"]) == (200, 1)
    assert quiet.story.events().count("change.unreadable") == 1
    quiet.run()
    assert _told_ids(quiet) == [other]


@pytest.mark.long
def test_a_message_that_was_given_up_leaves_no_trace_on_its_endpoint(feed: Feed) -> None:
    """Weeks later one failure is one failure, not three days of them."""
    poison, other = _deals(feed, 2)
    _refuse(feed, 666)
    feed.person(id=poison, fields={"price": 666})
    feed.run()
    feed.person(id=other, fields={"price": 1})
    for _ in range(30):
        feed.run(3 * 3600)
    assert _states(feed, poison)[0] == "dead"
    assert (_shown(feed)["is_on"], _shown(feed)["failures"], _shown(feed)["failing_since"]) == (True, 0, None)
    feed.story.clock.advance(days=10)
    feed.told()
    feed.consumer.statuses = [503]
    feed.person(id=other, fields={"price": 2})
    feed.run()
    assert _shown(feed)["is_on"] is True
    feed.run(60)
    assert _told_ids(feed) == [other]


@pytest.mark.long
def test_many_messages_that_are_never_taken_keep_no_new_one_waiting(feed: Feed) -> None:
    """A consumer that fails on one kind of thing takes the others all the same."""
    *poison, other = _deals(feed, 13)
    _refuse(feed, 666)
    for id_ in poison:
        feed.person(id=id_, fields={"price": 666})
    for _ in range(30):
        feed.run(3600)
    feed.person(id=other, fields={"price": 1})
    feed.run(4 * 3600)
    assert _told_ids(feed) == [other]


@pytest.mark.long
@pytest.mark.parametrize(("is_busy", "seconds"), [(True, 5), (False, 330)])
def test_30_k_a_refused_message_puts_off_no_news_of_other_deals(feed: Feed, is_busy: bool, seconds: int) -> None:
    """Its next try is hours away. What happens to other deals is told in the next run where the endpoint takes such
    messages, and in minutes where it has taken nothing since."""
    poison, other, third = _deals(feed, 3)
    _refuse(feed, 666)
    feed.person(id=poison, fields={"price": 666})
    for number in range(11):
        if is_busy:
            feed.person(id=other, fields={"price": number + 1})
        feed.run(4 * 3600)
    feed.told()
    feed.person(id=third, fields={"price": 1})
    feed.run(seconds)
    feed.run(seconds)
    assert _told_ids(feed) == [third]


# --- one answer -----------------------------------------------------------------------------------------------------


def _slow(feed: Feed, seconds: float) -> None:
    answer = feed.consumer.answer

    def slowly(path: str, headers: dict[str, str], body: bytes) -> int | None:
        feed.story.clock.advance(seconds=seconds)
        return answer(path, headers, body)

    feed.consumer.answer = slowly  # type: ignore[method-assign]


def test_an_endpoint_that_answers_slowly_has_its_turn_and_no_more(feed: Feed) -> None:
    """Twenty answers of nine seconds would be three minutes, and a run has two."""
    deals = _deals(feed, 20)
    for id_ in deals:
        feed.person(id=id_, fields={"price": 1})
    _slow(feed, 9)
    began = feed.story.clock.monotonic()
    feed.run()
    assert feed.story.clock.monotonic() - began < dispatch.LONGEST + 30
    assert len(feed.told()) < 20
    for _ in range(6):
        feed.run(1)
    assert _shown(feed)["waiting"] == 0


def test_what_it_costs_to_choose_messages_does_not_grow_with_their_number(feed: Feed) -> None:
    """Whoever comes back after a weekend has many that wait: they are not gone through again for each one."""
    deals = _deals(feed, 20)
    for id_ in deals:
        feed.person(id=id_, fields={"price": 1})
    _stored(feed)
    feed.story.clock.advance(seconds=5)
    (claimed,) = dispatch.claim(feed.story.runtime.database, 5)
    database, statements = feed.story.runtime.database, list[int]()
    repeated = database._repeated

    def counted(*work: Any) -> Any:
        statements.append(1)
        return repeated(*work)

    database._repeated = counted  # type: ignore[method-assign, assignment]
    assert dispatch.work(feed.story.runtime, claimed) == "sent"
    assert sorted(_told_ids(feed)) == sorted(deals)
    assert len(statements) <= len(deals) + 4


def test_who_reads_for_long_keeps_nobody_from_being_told(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account whose many changes are read slowly uses up the time of each run."""
    (deal,) = _deals(feed, 1)
    feed.person(id=deal, fields={"price": 1})
    claim = feeds.claim

    def slow(*args: Any) -> Any:
        feed.story.clock.advance(seconds=60)
        return claim(*args)

    monkeypatch.setattr(feeds, "claim", slow)
    feed.run()
    assert _told_ids(feed) == [deal]


def test_nothing_is_sent_that_the_platform_would_cut_off(feed: Feed) -> None:
    (deal,) = _deals(feed, 1)
    feed.person(id=deal, fields={"price": 1})
    _stored(feed)
    feed.story.clock.advance(seconds=5)
    (claimed,) = dispatch.claim(feed.story.runtime.database, 5)
    with deadline.limited(dispatch.LONGEST_ANSWER - 1):
        assert dispatch.work(feed.story.runtime, claimed) == "sent"
    assert feed.told() == []
    feed.run(0)
    assert _told_ids(feed) == [deal]


# --- one address ----------------------------------------------------------------------------------------------------


def test_an_endpoint_that_is_removed_while_it_is_told_gets_no_more(feed: Feed) -> None:
    deals, story, answer = _deals(feed, 3), feed.story, feed.consumer.answer

    def removing(path: str, headers: dict[str, str], body: bytes) -> int | None:
        story.crm("remove_endpoint", story.admin(), {"id": feed.endpoint_id})
        return answer(path, headers, body)

    feed.consumer.answer = removing  # type: ignore[method-assign]
    for id_ in deals:
        feed.person(id=id_, fields={"price": 1})
    feed.run()
    feed.run(60)
    assert len(feed.told()) == 1
    assert story.sql("SELECT count(*) FROM amocrm_sends") == [(0,)]


@pytest.mark.parametrize("status", [410, 204])
def test_a_persons_change_of_an_endpoint_counts_at_once(feed: Feed, status: int) -> None:
    """While it is told: the old address gets no more, and what it answers says nothing of the new one."""
    deals, story = _deals(feed, 3), feed.story
    answer, old, asked = feed.consumer.answer, feed.consumer.url, list[str]()

    def moving(path: str, headers: dict[str, str], body: bytes) -> int | None:
        asked.append(path)
        if len(asked) > 1:
            return answer(path, headers, body)
        saved = {"id": feed.endpoint_id, "name": "Shop", "url": old.replace("/hook", "/new")}
        assert story.crm("save_endpoint", story.admin(), saved).status == 200
        return status

    feed.consumer.answer = moving  # type: ignore[method-assign]
    for id_ in deals:
        feed.person(id=id_, fields={"price": 1})
    feed.run()
    feed.run(60)
    assert [path.partition("?")[0] for path in asked] == ["/hook"] + ["/new"] * 3
    assert sorted(_told_ids(feed)) == sorted(deals)
    assert _shown(feed)["is_on"] is True


# --- scripts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leads_to", "is_taken"),
    [
        ("https://script.googleusercontent.com/macros/echo?user_content_key=AbC&lib=MdE", True),
        ("https://accounts.google.com/ServiceLogin?continue=https://script.google.com/macros/s/x/exec", False),
    ],
)
def test_a_google_script_that_has_run_is_not_run_again(feed: Feed, leads_to: str, is_taken: bool) -> None:
    """By a redirect it answers each POST that it has carried out, to where its output is; and one that it has not, to
    where somebody signs in."""
    feed.consumer.leads_to = leads_to
    feed.person(fields={"name": "A row of a sheet"})
    feed.run()
    feed.run(seconds=60)
    assert (feed.consumer.asked == 1) is is_taken
    assert (_shown(feed)["failing_since"] is None) is is_taken
