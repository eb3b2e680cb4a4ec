"""Rows H1, H2: amoCRM's webhooks come in, whatever is sent to their address; and the subscription that brings them."""

import contextlib
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.changes import feeds, kinds, webhook_payload
from functions.amocrm_events.handler import MOST_BYTES, handle
from shared.amocrm.events import FeedApi
from shared.platform.http import Headers, Request, Response
from shared.platform.problems import Problem
from tests.changes.conftest import Feed
from tests.control import refused
from tests.reading import serve
from tests.story import json_of

_FORM = Headers([("Content-Type", "application/x-www-form-urlencoded")])


def _post(feed: Feed, body: bytes | dict[str, Any], key: str | None = None) -> Response:
    content = body if isinstance(body, bytes) else urlencode(body).encode()
    request = Request("POST", "/", (("key", _key(feed) if key is None else key),), _FORM, content)
    return serve(handle, feed.story.runtime, request, most_bytes=MOST_BYTES)


def _key(feed: Feed) -> str:
    found = feeds.of(feed.story.runtime.database, feed.story.row().id)
    assert found is not None
    address = found.address(feed.story.runtime.keyring, "https://events.example/")
    return parse_qs(urlsplit(str(address)).query)["key"][0]


def _moved(feed: Feed, **changed: Any) -> dict[str, Any]:
    return {"leads[status][0][id]": feed.story.lead_id, "account[id]": feed.story.account_id} | changed


def _waiting(feed: Feed) -> int:
    ((number,),) = feed.story.sql("SELECT count(*) FROM amocrm_hints")
    return int(number)


# --- what a body says -----------------------------------------------------------------------------------------------


@pytest.mark.vendor("webhooks.keys")
def test_a_body_as_amocrm_sends_it() -> None:
    said = webhook_payload.read(
        urlencode(
            {
                "leads[status][0][id]": "10701093",
                "leads[status][0][name]": "Семинар: & питание",
                "leads[status][0][status_id]": "142",
                "leads[status][0][old_status_id]": "20067736",
                "leads[status][0][pipeline_id]": "9217056",
                "leads[status][0][old_pipeline_id]": "9217057",
                "leads[status][0][custom_fields][0][values][0][value]": "Сайт",
                "leads[update][0][id]": "10701093",
                "contacts[note][0][note][id]": "60864725",
                "contacts[note][0][note][type]": "3",
                "contacts[note][0][note][type][message_uuid]": "70f31734",
                "contacts[note][0][note][element_id]": "40700289",
                "contacts[add][0][id]": "7",
                "contacts[add][0][type]": "company",
                "task[add][0][id]": "9",
                "account[id]": "17769199",
                "account[subdomain]": "test",
            }
        ).encode()
    )
    assert said.account_id == 17769199
    assert [(one.entity_type, one.entity_id, one.kinds, one.facts) for one in said.hints] == [
        ("lead", 10701093, ["status", "update"], {"old_status_id": 20067736, "old_pipeline_id": 9217057}),
        ("contact_note", 60864725, ["note"], {"parent_id": 40700289}),
        ("company", 7, ["add"], {}),
        ("task", 9, ["add"], {}),
    ]
    assert said.unknown == []


@given(st.binary(max_size=2000))
def test_no_body_is_more_than_wrong(body: bytes) -> None:
    with contextlib.suppress(Problem):
        webhook_payload.read(body)


@given(st.lists(st.tuples(st.sampled_from(["leads", "contacts", "x"]), st.text(max_size=8), st.text(max_size=20))))
def test_no_key_is_more_than_left_out(parts: list[tuple[str, str, str]]) -> None:
    body = urlencode([(f"{entity}[{kind}][0][id]", value) for entity, kind, value in parts])
    for hint in webhook_payload.read(body.encode()).hints:
        assert 0 < hint.entity_id < 2**63


# --- what is answered -----------------------------------------------------------------------------------------------


def test_the_key_is_what_lets_somebody_in(quiet: Feed) -> None:
    quiet.run()
    assert _post(quiet, _moved(quiet), key="x" * 43).status == 404
    assert _post(quiet, _moved(quiet), key="").status == 404
    assert _post(quiet, _moved(quiet), key="k" * 5000).status == 404
    assert serve(handle, quiet.story.runtime, Request("PUT", "/", (("key", _key(quiet)),))).status == 405
    assert _waiting(quiet) == 0
    assert _post(quiet, _moved(quiet)).status == 200
    assert _waiting(quiet) == 1


@pytest.mark.vendor("webhooks.asked")
def test_amocrm_finds_somebody_at_the_address_before_it_saves_it(quiet: Feed) -> None:
    """It heard 405, and took no subscription: every account was asked each minute, and its messages were lost."""
    for method in ("GET", "HEAD"):
        assert serve(handle, quiet.story.runtime, Request(method, "/", (("key", "k" * 43),))).status == 200
    quiet.run()
    assert quiet.ingress.answers == [200]
    assert json_of(quiet.story.crm("get_endpoints", quiet.story.admin()))["feed"]["way"] == "hook"


@pytest.mark.vendor("webhooks.asked")
def test_who_needs_a_moment_to_answer_is_subscribed_all_the_same(quiet: Feed) -> None:
    """A function that nobody has called lately starts while amoCRM waits for it; one endpoint wants deals only."""
    story, plain = quiet.story, refused("InvalidUrl")
    story.simulator.fault("status", path="/api/v4/webhooks", method="POST", status=400, times=1, body=plain)
    quiet.listen(kinds=["lead.updated"])
    quiet.run()
    assert json_of(story.crm("get_endpoints", story.admin()))["feed"]["way"] == "hook"
    assert "feed.refused" not in story.events()


def test_another_account_is_refused_and_told_once(quiet: Feed) -> None:
    for account in (1, quiet.story.account_id + 1):
        assert _post(quiet, _moved(quiet, **{"account[id]": account})).status == 403
    assert quiet.story.events().count("hook.foreign") == 1
    assert _waiting(quiet) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (lambda _: b"x" * 5_000_000, 200),
        (lambda _: b"&".join(b"a%d=1" % number for number in range(25_000)), 200),
        (lambda _: b"&".join(b"a%d=1" % number for number in range(600_000)), 200),
        (lambda feed: _moved(feed) | {f"leads[update][{one}][id]": one + 1 for one in range(2000)}, 200),  # 30-J11
        (lambda feed: {"leads[status][0][id]": feed.story.lead_id}, 200),
        (lambda feed: _moved(feed, **{"account[id]": ""}), 200),
        (lambda feed: b"\xff\xfe leads[status][0][id]=1&account[id]=%d" % feed.story.account_id, 200),
        (lambda feed: _moved(feed, **{"leads[status][0][id]": "1e9"}), 200),
        (lambda feed: _moved(feed, **{"leads[status][0][id]": str(2**63)}), 200),
        (lambda feed: {"account[id]": feed.story.account_id, "leads[teleported][0][id]": "5"}, 200),
        (lambda feed: {"account[id]": feed.story.account_id, "unsorted[add][0][uid]": "5"}, 200),
        (lambda feed: [*_moved(feed).items(), ("leads[status][0][id]", "999"), ("account[id]", "1")], 200),
    ],
)
def test_bad_bodies(quiet: Feed, body: Callable[[Feed], Any], status: int) -> None:
    content = body(quiet)
    answer = _post(quiet, urlencode(content).encode() if isinstance(content, list) else content)
    assert answer.status == status, answer.body
    quiet.run()  # whatever was taken harms nobody later
    assert quiet.story.row().status == "connected"


def test_a_body_of_many_entities_is_taken_whole(quiet: Feed) -> None:
    """30-J11: a change of many deals at once comes in one body."""
    assert _post(quiet, _moved(quiet) | {f"leads[update][{one}][id]": 10**9 + one for one in range(501)}).status == 200
    assert _waiting(quiet) == 502


def test_hooks_do_not_go_over_what_may_wait(quiet: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-J1: what is in the body counts, but not what waits already; what finds no room is asked for soon."""
    monkeypatch.setattr(feeds, "MOST_WAITING", 10)

    def many(first: int, count: int) -> dict[str, Any]:
        return {"account[id]": quiet.story.account_id} | {
            f"leads[update][{one}][id]": first + one for one in range(count)
        }

    for body, waiting in ((many(1, 8), 8), (many(5, 5), 9), (many(5, 5), 9), (many(20, 2), 9), (many(30, 1), 10)):
        assert _post(quiet, body).status == 200
        assert _waiting(quiet) == waiting
    (due,) = quiet.story.sql("SELECT ask_due_at <= amocrm_now() + interval '1 minute' FROM amocrm_feeds")
    assert due == (True,)


def test_what_only_hooks_tell_has_room_of_its_own_and_what_is_lost_is_told(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elements of lists, talks, texts of messages: no look finds them later, and they were left out in silence."""
    monkeypatch.setattr(feeds, "MOST_WAITING", 10)
    monkeypatch.setattr(feeds, "MOST_UNASKED", 14)
    assert feed.settings(message_texts=True).status == 200
    account = {"account[id]": feed.story.account_id}
    deals = {f"leads[update][{one}][id]": one + 1 for one in range(10)}
    element = {"catalogs[update][0][id]": 5, "catalogs[update][0][catalog_id]": 1}
    message = {"message[add][0][id]": "m-1", "message[add][0][talk_id]": 7, "message[add][0][text]": "Hi"}
    more = {"leads[update][0][id]": 77, "talk[update][0][talk_id]": 7}
    assert _post(feed, deals | account).status == 200
    answer = _post(feed, element | message | more | account)
    assert (answer.status, json_of(answer)["taken"]) == (200, 3)
    found = feed.story.sql("SELECT entity_type FROM amocrm_hints WHERE entity_type <> 'lead' ORDER BY 1")
    assert found == [("catalog_element",), ("message",), ("talk",)]
    assert "hook.lost" not in feed.story.events()
    talks = {f"talk[update][{one}][talk_id]": 100 + one for one in range(5)}
    for _ in range(2):
        assert _post(feed, talks | account).status == 200
    assert _waiting(feed) == 13
    assert feed.story.events().count("hook.lost") == 1


def test_an_old_body_again_changes_nothing(feed: Feed) -> None:
    feed.person(fields={"price": 5})
    feed.run()
    assert len(feed.told()) == 1
    for _ in range(3):
        assert _post(feed, _moved(feed, **{"leads[status][0][old_status_id]": 1})).status == 200
        feed.run()
    assert feed.told() == []


def test_after_the_end_nobody_listens(feed: Feed) -> None:
    key = _key(feed)
    assert set(feed.hooks()) == {f"{feed.ingress.url}?key={key}"}
    assert feed.story.crm("disconnect", feed.story.admin(), {}).status == 200
    assert feed.hooks() == {}
    assert _post(feed, _moved(feed), key=key).status == 410


def test_a_hook_is_one_statement(feed: Feed) -> None:
    """And what it costs does not grow with what waits."""
    statements, key = [], _key(feed)
    connected = feed.story.runtime.database._repeated

    def counted(*work: Any) -> Any:
        statements.append(1)
        return connected(*work)

    feed.story.runtime.database._repeated = counted  # type: ignore[method-assign, assignment]
    began = time.monotonic()
    for number in range(200):
        assert _post(feed, _moved(feed, **{"leads[status][0][id]": number + 1}), key=key).status == 200
    assert len(statements) == 200
    assert time.monotonic() - began < 200 * 0.1


# --- 31-B5: bodies as long and as full as amoCRM makes them ----------------------------------------------------------


@pytest.mark.parametrize("place", ["before", "after"])
def test_31_b5_a_body_with_a_long_text_is_taken(quiet: Feed, place: str) -> None:
    """A textarea of 65,000 letters is 390 KB in a form."""
    long = [("leads[update][0][custom_fields][0][values][0][value]", "щ" * 65_000)]
    wanted = list(_moved(quiet).items())
    answer = _post(quiet, urlencode([*long, *wanted] if place == "before" else [*wanted, *long]).encode())
    assert (answer.status, json_of(answer)["taken"]) == (200, 1)
    assert _waiting(quiet) == 1


@pytest.mark.long
@pytest.mark.parametrize("names_account", [True, False])
def test_31_b5_what_is_not_read_whole_is_taken_as_far_as_it_is_and_asked_for(quiet: Feed, names_account: bool) -> None:
    """The account stands last; another account's body is refused all the same."""
    quiet.run()
    feeds_at = "SELECT ask_due_at <= amocrm_now() FROM amocrm_feeds"
    assert quiet.story.sql(feeds_at) == [(False,)]
    lead = [("leads[update][0][id]", str(quiet.story.lead_id))]
    rest = [(f"leads[update][{one}][name]", "щ" * 700) for one in range(1, 1500)]
    end = [("account[id]", str(quiet.story.account_id))] if names_account else []
    body = urlencode([*lead, *rest, ("leads[update][1500][id]", "77"), *end]).encode()
    assert len(body) > webhook_payload.MOST_BYTES
    assert _post(quiet, body).status == 200
    assert quiet.story.sql("SELECT entity_id FROM amocrm_hints") == [(quiet.story.lead_id,)]
    assert quiet.story.sql(feeds_at) == [(True,)]
    assert "hook.lost" in quiet.story.events()  # who knows what stood in the rest
    foreign = urlencode([*lead, *rest, ("account[id]", "1")]).encode()
    assert _post(quiet, foreign).status == 403


@pytest.mark.long
def test_31_b5_a_long_body_is_read_in_a_moment(quiet: Feed) -> None:
    """amoCRM waits two seconds, on a smaller machine than this."""
    member = [(f"leads[update][{one % 250}][custom_fields][{one}][values][0][value]", "щ") for one in range(99_000)]
    body = urlencode([*member, *_moved(quiet).items()]).encode()
    began = time.process_time()
    assert webhook_payload.read(body[: webhook_payload.MOST_BYTES]).hints == []
    assert time.process_time() - began < 1.5


@pytest.mark.vendor("webhooks.several", "webhooks.heads", "webhooks.notes", "webhooks.element_types")
def test_31_b5_one_body_tells_of_many(feed: Feed) -> None:
    """Of deals and people, companies among them, and of tasks; notes in both forms."""
    body = {
        "leads[update][0][id]": "11",
        "leads[update][1][id]": "12",
        "leads[restore][0][id]": "13",
        "contacts[update][0][id]": "14",
        "contacts[update][0][type]": "company",
        "contacts[update][1][id]": "15",
        "contacts[update][1][type]": "contact",
        "task[update][0][id]": "16",
        "task[update][0][element_id]": "11",
        "note_lead[add][0][id]": "17",
        "note_lead[add][0][element_id]": "11",
        "note_lead[add][0][note_type]": "10",
        "contacts[note][0][note][id]": "18",
        "contacts[note][0][note][element_id]": "14",
        "contacts[note][0][note][element_type]": "3",
        "note_contact[add][0][id]": "19",
        "note_contact[add][0][element_id]": "15",
        "unsorted[add][0][uid]": "20",
        "account[id]": "1",
    }
    said = webhook_payload.read(urlencode(body).encode())
    assert [(one.entity_type, one.entity_id, one.kinds, one.facts) for one in said.hints] == [
        ("lead", 11, ["update"], {}),
        ("lead", 12, ["update"], {}),
        ("lead", 13, ["restore"], {}),
        ("company", 14, ["update"], {}),
        ("contact", 15, ["update"], {}),
        ("task", 16, ["update"], {}),
        ("lead_note", 17, ["note"], {"parent_id": 11}),
        ("company_note", 18, ["note"], {"parent_id": 14}),
        ("contact_note", 19, ["note"], {"parent_id": 15}),
        ("incoming_lead", webhook_payload.stand_in("20"), ["add"], {"uid": "20"}),
    ]
    assert said.unknown == []


@pytest.mark.long
@pytest.mark.vendor("webhooks.repeat", "webhooks.switched_off")
def test_31_b5_what_is_refused_comes_again_later_while_newer_news_pass(feed: Feed) -> None:
    """And a subscription that amoCRM has switched off is switched on again; what it has lost is asked for."""
    feed.ingress.faults = ["refused"] * 1000
    feed.person(fields={"price": 3})
    feed.hooks_are_through()
    feed.ingress.faults = []
    feed.person(fields={"name": "another"})
    feed.run()
    (told,) = feed.told()  # the deal is read as it is now
    assert (told["data"]["lead"]["price"], told["data"]["lead"]["name"]) == (3, "another")
    ((address, hook),) = feed.hooks().items()
    assert hook["failed"] == 1
    feed.story.clock.advance(minutes=6)
    deadline = time.monotonic() + 5
    while feed.hooks()[address]["failed"] and time.monotonic() < deadline:
        time.sleep(0.05)
    feed.run()
    assert (feed.told(), feed.hooks()[address]["failed"]) == ([], 0)
    feed.ingress.faults = ["refused"] * 1000
    for number in range(100):
        feed.person(fields={"price": 100 + number})
        feed.hooks_are_through()
    feed.ingress.faults = []
    assert feed.hooks()[address]["disabled"]
    feed.run(3600)
    assert not feed.hooks()[address]["disabled"]
    feed.run(600)
    assert feed.kinds()[-1:] == ["lead.updated"]


# --- 31-B4: notes of every kind -------------------------------------------------------------------------------------

_NOTE_TYPES = ["common", "call_in", "call_out", "sms_in", "sms_out", "service_message", "geolocation", "attachment"]


@pytest.mark.vendor("events.notes")
@pytest.mark.parametrize("way", ["hook", "ask", "both"])
def test_31_b4_notes_of_every_kind_are_told_once(feed: Feed, way: str) -> None:
    """Hooks say that there is a note, the list of events names its kind; no call is told as a change of its deal."""
    if way == "ask":
        feed.story.simulator.control("webhooks", lost=1)
    for kind in _NOTE_TYPES:
        feed.person(note="A note", note_type=kind)
    for _ in range(4):
        feed.run(1 if way == "hook" else 600)
    told = feed.told()
    assert {one["type"] for one in told} == {"lead.note_added"}
    assert sorted(one["data"]["note"]["type"] for one in told) == sorted(_NOTE_TYPES)


def test_31_b5_what_is_restored_is_told(feed: Feed) -> None:
    feed.person(fields={"price": 3})
    feed.run()
    feed.person(delete=True)
    feed.run()
    feed.person(restore=True)
    feed.run()
    assert feed.kinds() == ["lead.updated", "lead.deleted", "lead.restored"]


# --- the subscription -----------------------------------------------------------------------------------------------


@pytest.mark.vendor("webhooks.settings", "webhooks.switched_on")
def test_the_subscription_is_made_repaired_and_removed(quiet: Feed) -> None:
    story = quiet.story
    assert quiet.hooks() == {}
    quiet.run()
    ((address, hook),) = quiet.hooks().items()
    assert set(hook["settings"]) == set(kinds.settings_for(kinds.chosen(["lead.*", "contact.*"])))
    assert story.events()[-1] == "feed.subscribed"
    client = {"domain": story.domain, "destination": address}
    for broken in ({"settings": ["add_lead"]}, {"disabled": True}, {"gone": True}):
        story.simulator.control("change-webhook", **client, **broken)
        quiet.run(feeds.CHECK_EVERY.total_seconds())
        ((again, hook),) = quiet.hooks().items()
        assert (again, hook["disabled"], set(hook["settings"])) == (
            address,
            False,
            set(kinds.settings_for(kinds.chosen(["lead.*", "contact.*"]))),
        )
    assert story.events().count("feed.subscribed") == 4
    quiet.run(feeds.CHECK_EVERY.total_seconds())
    assert story.events().count("feed.subscribed") == 4
    assert quiet.settings(is_on=False).status == 200
    quiet.run(60)
    assert quiet.hooks() == {}
    assert quiet.settings().status == 200
    quiet.run()
    assert list(quiet.hooks()) == [address]


def test_an_account_that_cannot_be_called_is_left_alone_and_mended_later(feed: Feed) -> None:
    """Events are turned off while amoCRM is away: its subscription goes as soon as it can be told."""
    feed.story.simulator.fault("status", status=503, times=3)
    assert feed.settings(is_on=False).status == 200
    for _ in range(3):
        feed.run(3600)
        assert feed.hooks()
    feed.run(3600)
    assert feed.hooks() == {}
    assert feed.run(3600)["feeds"]["due"] == 0


def test_another_key_is_another_address_and_the_old_one_is_gone(feed: Feed) -> None:
    old = _key(feed)
    assert feed.story.crm("replace_hook_key", feed.story.admin(), {}).status == 200
    assert _post(feed, _moved(feed), key=old).status == 404
    feed.run()
    assert list(feed.hooks()) == [f"{feed.ingress.url}?key={_key(feed)}"]
    feed.person(fields={"price": 9})
    feed.run()
    assert feed.kinds() == ["lead.updated"]


def test_a_key_that_is_replaced_while_the_subscription_is_compared_is_not_left_for_an_hour(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30-K: amoCRM would go on calling an address that nobody knows any more."""
    asked, old = FeedApi.webhook, _key(feed)

    def replaced_meanwhile(self: FeedApi, destination: str) -> Any:
        monkeypatch.undo()
        assert feed.story.crm("replace_hook_key", feed.story.admin(), {}).status == 200
        return asked(self, destination)

    monkeypatch.setattr(FeedApi, "webhook", replaced_meanwhile)
    feed.run(feeds.CHECK_EVERY.total_seconds())
    assert _key(feed) != old
    feed.run(60)
    assert list(feed.hooks()) == [f"{feed.ingress.url}?key={_key(feed)}"]


@pytest.mark.vendor("events.page", "events.types")
@pytest.mark.parametrize("has_filters", [True, False])
def test_where_webhooks_are_refused_the_same_is_asked_for(quiet: Feed, has_filters: bool) -> None:
    story = quiet.story
    story.simulator.control("change-account", domain=story.domain, may_use_webhooks=False, has_filters=has_filters)
    quiet.listen()
    quiet.run()
    assert quiet.hooks() == {}
    assert story.events()[-1] == "feed.refused"
    assert json_of(story.crm("get_endpoints", story.admin()))["feed"]["way"] == "ask"
    quiet.person(fields={"price": 11, "status_id": 142}, note="A note")
    quiet.run(60)
    quiet.run()
    told = {one["type"]: one["data"] for one in quiet.told()}
    assert set(told) >= {"lead.status_changed", "lead.note_added"}
    assert told["lead.status_changed"]["before"]["status_id"] != 142
    quiet.person(fields={"price": 12})
    quiet.run(60)
    quiet.run()
    (updated,) = quiet.told()
    assert (updated["type"], updated["data"]["before"]) == ("lead.updated", {"price": 11})
    story.simulator.control("change-account", domain=story.domain, may_use_webhooks=True)
    quiet.run(24 * 3600)  # another tariff is noticed within a day
    assert len(quiet.hooks()) == 1
    assert json_of(story.crm("get_endpoints", story.admin()))["feed"]["way"] == "hook"
    assert story.events().count("feed.refused") == 1


@pytest.mark.parametrize("detail", ["no", "Error 425."])
def test_30_k_webhooks_that_are_refused_in_other_words_are_asked_for_as_well(quiet: Feed, detail: str) -> None:
    """30-K: a 400 that names no value; else nothing would be asked for as often as where there are no hooks."""
    story, plain = quiet.story, refused(detail)
    story.simulator.fault("status", path="/api/v4/webhooks", method="POST", status=400, times=9, body=plain)
    quiet.listen()
    quiet.run()
    assert json_of(story.crm("get_endpoints", story.admin()))["feed"]["way"] == "ask"
    assert story.events()[-1] == "feed.refused"


def test_30_k_an_address_that_is_blocked_is_not_told_as_a_tariff(quiet: Feed) -> None:
    """30-K: what stands before amoCRM says nothing of webhooks; they are asked for again soon, and not in a day."""
    story = quiet.story
    story.simulator.fault("html", path="/api/v4/webhooks", method="POST", status=403)
    quiet.listen()
    quiet.run()
    assert "feed.refused" not in story.events()
    quiet.run(3600)
    assert json_of(story.crm("get_endpoints", story.admin()))["feed"]["way"] == "hook"
    assert len(quiet.hooks()) == 1
