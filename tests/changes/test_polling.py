"""What is asked for comes to its end, however much has happened and whatever happens meanwhile (30-C1, 30-J1)."""

from collections import Counter
from collections.abc import Iterator

import pytest

from features.changes import feeds, polling
from shared.amocrm import events as feed_api
from shared.amocrm import filtered_reads
from tests.changes.conftest import Feed
from tests.longer import others_long
from tests.submitting import order, submit

_PAGE = 5


@pytest.fixture
def small(quiet: Feed, monkeypatch: pytest.MonkeyPatch) -> Feed:
    """amoCRM refuses webhooks, its pages hold five, and a run takes two of them of each list."""
    monkeypatch.setattr(filtered_reads, "PAGE_LIMIT", _PAGE)
    monkeypatch.setattr(feed_api, "_EVENTS_PAGE", _PAGE)
    monkeypatch.setattr(polling, "_MOST_PAGES", 2)
    quiet.story.simulator.control("change-account", domain=quiet.story.domain, may_use_webhooks=False)
    quiet.listen()
    quiet.run()
    return quiet


def _leads(feed: Feed, count: int) -> list[int]:
    """That were there before, and are known."""
    ids: list[int] = feed.story.simulator.control(
        "burst", domain=feed.story.domain, kind="leads", count=count, fields={"name": "v0"}
    )["ids"]
    for _ in range(3):
        feed.run(60)
    assert len(feed.told()) == count
    feed.run(3600)
    return ids


def _names(feed: Feed) -> Counter[tuple[int, str]]:
    return Counter((one["data"]["lead"]["id"], one["data"]["lead"]["name"]) for one in feed.told())


@pytest.mark.long
@pytest.mark.vendor("lists.updated_at")
@pytest.mark.parametrize(("has_filters", "per_second"), others_long([(True, 3), (True, 1), (True, None), (False, 3)]))
def test_a_burst_is_told_whole_and_then_there_is_rest(small: Feed, has_filters: bool, per_second: int | None) -> None:
    """30-C1: far more than one run takes; with filters by the lists alone, without them by events."""
    story = small.story
    ids = _leads(small, 35)
    if has_filters:
        story.simulator.fault("status", path="/api/v4/events", status=403, times=10_000)
    else:
        story.simulator.control("change-account", domain=story.domain, has_filters=False)
    fields = {"name": "v1"}
    story.simulator.control(
        "burst",
        domain=story.domain,
        kind="leads",
        ids=ids,
        fields=fields,
        **({"per_second": per_second} if per_second else {}),
    )
    for _ in range(4):
        small.run(60)
    assert _names(small) == dict.fromkeys(((id_, "v1") for id_ in ids), 1)
    assert small.run(30)["feeds"]["due"] == 0
    story.simulator.control("forget")
    assert small.run(60)["feeds"]["due"] <= 2
    assert len(story.simulator.requests()) < 12
    assert small.told() == []


@pytest.mark.long
@pytest.mark.parametrize("per_second", others_long([60, 1]))
def test_what_changes_between_two_pages_keeps_nothing_from_being_seen(small: Feed, per_second: int) -> None:
    """30-C1: the first deals of the list go to its end while it is read."""
    story = small.story
    ids = _leads(small, 30)
    story.simulator.fault("status", path="/api/v4/events", status=403, times=10_000)
    story.simulator.control(
        "burst", domain=story.domain, kind="leads", ids=ids, fields={"name": "v1"}, per_second=per_second
    )
    for skip, id_ in enumerate(ids[:4]):
        again = {"domain": story.domain, "kind": "leads", "id": id_, "fields": {"name": "v2"}}
        story.simulator.control("meanwhile", path="/api/v4/leads", skip=skip + 1, do=again)
    for _ in range(4):
        small.run(60)
    assert {id_ for id_, _ in _names(small)} == set(ids)


def test_no_more_wait_than_there_is_room_for(small: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-J1: neither hooks nor asking go over it, and what found no room is found later."""
    monkeypatch.setattr(feeds, "MOST_WAITING", 12)
    story, most = small.story, 0
    hint = feeds.hint

    def counted(*args: object) -> bool:
        nonlocal most
        found = hint(*args)  # type: ignore[arg-type]
        ((waiting,),) = story.sql("SELECT count(*) FROM amocrm_hints")
        most = max(most, int(waiting))
        return found

    monkeypatch.setattr(feeds, "hint", counted)
    made = story.simulator.control("burst", domain=story.domain, kind="leads", count=60, fields={"name": "v1"})["ids"]
    for _ in range(40):
        small.run(20)
    assert set(_names(small)) == {(id_, "v1") for id_ in made}
    assert most <= 12


@pytest.mark.long
@pytest.mark.vendor("lists.updated_at_given")
def test_a_deal_that_says_it_was_changed_next_year_hides_no_other(small: Feed) -> None:
    """30-K: whoever imports deals says when they were changed, and may be wrong; lists are gone on with from now."""
    story = small.story
    known = _leads(small, 1)[0]
    story.simulator.fault("status", path="/api/v4/events", status=403, times=10_000)
    future = int(story.clock.now().timestamp()) + 365 * 24 * 3600
    imported = [small.person(id=None, fields={"name": "i", "updated_at": future + one})["id"] for one in range(7)]
    small.run(60)
    small.run(60)
    for version in ("v1", "v2"):
        small.person(id=known, fields={"name": version})
        small.run(60)
        small.run(60)
        assert _names(small)[known, version] == 1
    story.simulator.control("forget")
    small.run(60)
    assert len(story.simulator.requests()) < 12
    story.simulator.control("no-faults")  # its events tell of what the lists cannot
    small.run(60)
    small.run(60)
    assert set(_names(small)) == {(id_, "i") for id_ in imported}


@pytest.fixture
def behind(small: Feed) -> Iterator[Feed]:
    """amoCRM's clock goes wrong, by less than what `make doctor` names."""
    small.story.simulator.control("clock", advance=-20)
    yield small
    small.story.simulator.control("clock", advance=20)


@pytest.mark.parametrize("is_by_lists", [True, False])
def test_38_what_changes_again_at_once_is_told_though_amocrms_clock_is_behind(behind: Feed, is_by_lists: bool) -> None:
    """By its clock a change that comes after our look is older than that, and was taken for what we had seen."""
    small = behind
    small.run(60)
    known = _leads(small, 1)[0]
    if is_by_lists:
        small.story.simulator.fault("status", path="/api/v4/events", status=403, times=10_000)
    else:
        small.story.simulator.control("change-account", domain=small.story.domain, has_filters=False)
    for version in ("v1", "v2", "v3"):
        small.person(id=known, fields={"name": version})
        small.run(60)
        assert _names(small) == {(known, version): 1}


def test_where_asking_had_come_to_next_year_it_comes_back(small: Feed) -> None:
    """30-K: what an earlier version has stored."""
    known = _leads(small, 1)[0]
    small.story.simulator.fault("status", path="/api/v4/events", status=403, times=10_000)
    future = int(small.story.clock.now().timestamp()) + 365 * 24 * 3600
    small.story.sql("UPDATE amocrm_feeds SET asked = asked || jsonb_build_object('lead', %s::bigint)", future)
    small.run(60)
    small.person(id=known, fields={"name": "v1"})
    small.run(60)
    small.run(60)
    assert _names(small) == {(known, "v1"): 1}


def test_what_is_wanted_while_it_is_asked_for_begins_then(quiet: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that began before must not set back from when on it is told: what happened while nobody wanted to know of
    tasks would all be told at once."""
    story = quiet.story

    def wants(*kinds: str) -> None:
        body = {"id": quiet.endpoint_id, "name": "Shop", "url": quiet.consumer.url, "kinds": list(kinds)}
        assert story.crm("save_endpoint", story.admin(), body).status == 200

    quiet.listen(kinds=["lead.*", "task.*"])
    quiet.run(600)
    wants("lead.*")
    quiet.run()
    due = int(story.clock.now().timestamp()) + 86_400
    quiet.person(kind="tasks", id=None, fields={"text": "Call", "complete_till": due})
    quiet.run(3600)
    events = feed_api.FeedApi.events

    def wanted_meanwhile(api: feed_api.FeedApi, page: int) -> list[feed_api.Entity]:
        monkeypatch.setattr(feed_api.FeedApi, "events", events)
        wants("lead.*", "task.*")
        return events(api, page)

    monkeypatch.setattr(feed_api.FeedApi, "events", wanted_meanwhile)
    for _ in range(3):
        quiet.run(600)
        quiet.run()
    assert [kind for kind in quiet.kinds() if kind.startswith("task")] == []


@pytest.mark.parametrize("is_ours", [True, False])
def test_30_what_happens_between_two_lists_is_told_by_its_own_name(
    quiet: Feed, monkeypatch: pytest.MonkeyPatch, is_ours: bool
) -> None:
    """The events were asked for before somebody moved the deal, the deals after: the list says only that it was
    changed. The event that comes later finds nothing new, so what it says is asked for when the deal is read."""
    story = quiet.story
    shown = story.simulator.control("show", domain=story.domain)
    main = next(one for one in shown["pipelines"].values() if one["is_main"])
    places = [{"pipeline_id": int(main["id"]), "status_id": int(one["id"])} for one in main["_embedded"]["statuses"]]
    words = [places[1] | {"status": "received"}, places[2] | {"status": "cut"}]
    story.simulator.control("change-account", domain=story.domain, may_use_webhooks=False)
    assert quiet.settings(order_statuses=words).status == 200
    quiet.listen(kinds=["lead.status_changed", "order.*"])
    quiet.run()
    quiet.run(600)
    lead_id = submit(story, order(), "submit_order")["lead"]["lead_id"] if is_ours else story.lead_id
    shown = story.simulator.control("show", domain=story.domain)["leads"][str(lead_id)]
    assert shown["status_id"] == places[1]["status_id"]
    events = feed_api.FeedApi.events

    def moved_meanwhile(api: feed_api.FeedApi, page: int) -> list[feed_api.Entity]:
        monkeypatch.setattr(feed_api.FeedApi, "events", events)
        found = events(api, page)
        quiet.person(id=lead_id, fields={"status_id": places[2]["status_id"]})
        return found

    monkeypatch.setattr(feed_api.FeedApi, "events", moved_meanwhile)
    for _ in range(3):
        quiet.run(600)
        quiet.run()
    told = {one["type"]: one["data"] for one in quiet.told()}
    assert told["lead.status_changed"]["before"] == places[1]
    assert told.get("order.status_changed", {}).get("order") == (
        {"number": "1042", "status": "cut", "status_before": "received"} if is_ours else None
    )


@pytest.mark.vendor("lists.orders")
@pytest.mark.parametrize("kind", ["tasks", "customers"])
def test_lists_that_have_no_order_by_change_are_gone_through_all_the_same(quiet: Feed, kind: str) -> None:
    """amoCRM orders tasks by their id, time or making, and customers not at all: what only their lists show (another
    date of the next purchase is no event) was never told where its hook was lost."""
    quiet.listen(kinds=["task.*", "customer.*"])
    quiet.run()
    due = int(quiet.story.clock.now().timestamp()) + 3600
    date = "complete_till" if kind == "tasks" else "next_date"
    fields = {"text": "Call", date: due} if kind == "tasks" else {"name": "Regular", date: due}
    made = [quiet.person(kind=kind, id=None, fields=fields)["id"] for _ in range(3)]
    quiet.run()
    assert len(quiet.told()) == 3
    quiet.run(3600)
    quiet.story.simulator.control("webhooks", lost=1)
    if kind == "tasks":
        quiet.story.simulator.fault("status", path="/api/v4/events", status=403, times=10_000)
    for id_ in reversed(made):
        quiet.person(kind=kind, id=id_, fields={date: due + 86_400})
        quiet.story.clock.advance(seconds=3)
    for _ in range(2):
        quiet.run(600)
        quiet.run()
    told = [(one["data"][kind.removesuffix("s")]["id"], one["data"]["changed"]) for one in quiet.told()]
    assert sorted(told) == [(id_, [date]) for id_ in made]


@pytest.mark.vendor("events.messages", "events.beside")
def test_a_message_that_asking_has_found_says_whose_it_is(feed: Feed) -> None:
    """And that a conversation has begun, or an assistant has answered, is no change of the deal: one that nothing was
    known of was told as changed."""
    story = feed.story
    story.simulator.control("webhooks", lost=1)
    wrote = story.simulator.control("visitor", domain=story.domain, text="Hello", lead=story.lead_id)
    for _ in range(2):
        feed.run(600)
        feed.run()
    (told,) = feed.told()
    assert told["type"] == "message.received"
    assert (told["data"]["message"]["contact_id"], told["data"]["message"]["lead_id"]) == (
        wrote["contact_id"],
        story.lead_id,
    )
