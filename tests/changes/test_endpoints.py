"""Endpoints: who may be called, and what a person may do with them."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from features.changes import endpoints
from shared.deliveries.webhooks import key_of, signed
from shared.platform import egress
from shared.platform.egress import EgressError, RefusedAddressError
from tests.changes.conftest import Feed
from tests.repeating import Repeating
from tests.story import Story, json_of

_EVERYWHERE = frozenset[str]()


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.org/hook",  # not encrypted
        "https://localhost/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://10.1.2.3/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/hook",
        "https://[64:ff9b::a00:1]/hook",
        "https://[2002:a00:1::]/hook",
        "https://224.0.0.1/hook",
        "https://0.0.0.0/hook",
        "https://crm/hook",  # a name of our own network
        "https://user:pass@shop.example.org/",
        "https://user@shop.example.org/",
        "https:///hook",
        "https://shop.example.org/#fragment",
        "https://shop.example.org:99999/",
        "ftp://shop.example.org/",
        "https://пример.рф/hook",
        "not an address",
        "",
    ],
)
def test_addresses_that_may_not_be_called(connected: Story, url: str) -> None:
    answer = connected.crm("save_endpoint", connected.admin(), {"name": "Shop", "url": url})
    assert (answer.status, json_of(answer)["errors"][0]["path"]) == (422, "url")
    with pytest.raises(RefusedAddressError):
        egress.post(url, b"{}", {})


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.5"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"], ["fe80::1%eth0"], ["::ffff:127.0.0.1"]],
)
def test_a_name_that_leads_into_our_network_is_not_called(addresses: list[str]) -> None:
    with pytest.raises(RefusedAddressError):
        egress.post("https://shop.example.org/", b"{}", {}, resolved=lambda *_: addresses)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700:4700::1111"])
def test_32_8_a_name_that_leads_to_the_world_is_called_there(address: str) -> None:
    assert egress._public_address("shop.example.org", 443, lambda *_: [address]) == address
    with pytest.raises(RefusedAddressError):  # or nowhere
        egress._public_address("shop.example.org", 443, lambda *_: [])


def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_called() -> None:
    """Who answers with another address the second time is never asked a second time."""
    asked = []

    def resolved(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["192.0.2.1"] if len(asked) > 1 else ["203.0.113.1"]

    with pytest.raises(EgressError):  # documentation addresses are not global
        egress.post("https://shop.example.org/", b"{}", {}, resolved=resolved)
    assert asked == [("shop.example.org", 443)]


class _Raw:
    """A server that says exactly these bytes, at this pace."""

    def __init__(self, said: bytes, pause: float = 0.0) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.sent = 0

        def serve() -> None:
            while True:
                try:
                    client, _ = self.socket.accept()
                    with client:
                        client.recv(65536)
                        for start in range(0, len(said), 1 if pause else 65536):
                            client.sendall(said[start : start + (1 if pause else 65536)])
                            self.sent = start
                            time.sleep(pause)
                except OSError:
                    if self.socket.fileno() < 0:
                        return

        threading.Thread(target=serve, daemon=True).start()

    def post(self) -> int:
        return egress.post(f"http://{self.host}/", b"{}", {}, private_hosts=frozenset({self.host})).status


@pytest.fixture
def raw() -> Iterator[list[_Raw]]:
    made: list[_Raw] = []
    yield made
    for one in made:
        one.socket.close()


def test_no_body_is_read_and_no_redirect_is_followed(raw: list[_Raw]) -> None:
    huge = _Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 100_000_000)
    moved = _Raw(b"HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")
    wrong = _Raw(b"SSH-2.0-OpenSSH\r\n")
    raw += [huge, moved, wrong]
    assert huge.post() == 200
    assert huge.sent < 50_000_000
    assert moved.post() == 301
    with pytest.raises(EgressError):
        wrong.post()


def test_who_answers_a_letter_at_a_time_is_left(raw: list[_Raw], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "_TOTAL_SECONDS", 0.5)
    slow = _Raw(b"HTTP/1.1 200 OK\r\n" + b"X-Header: x\r\n" * 1000, pause=0.05)
    raw.append(slow)
    began = time.monotonic()
    with pytest.raises(EgressError) as raised:
        slow.post()
    assert (str(raised.value), time.monotonic() - began < 6) == ("TooSlow", True)


@pytest.mark.long
def test_33_4_a_body_that_comes_a_letter_at_a_time_is_left(raw: list[_Raw]) -> None:
    """Where it is asked for: of a calendar that a doctor keeps elsewhere."""
    slow = _Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000, pause=0.02)
    silent = _Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    raw += [slow, silent]
    for one in raw:
        began = time.monotonic()
        with pytest.raises(EgressError):
            egress.get(f"http://{one.host}/", {}, most=2000, seconds=1.5, private_hosts=frozenset({one.host}))
        assert time.monotonic() - began < 5


def _save(story: Story, **body: Any) -> Any:
    return story.crm("save_endpoint", story.admin(), {"name": "Shop", "url": "https://shop.example.org/"} | body)


def test_endpoints_are_listed_changed_and_removed(connected: Story) -> None:
    made = json_of(_save(connected, kinds=["lead.updated"], fields=["price"]))
    assert made["secret"].startswith("whsec_")
    (shown,) = json_of(connected.crm("get_endpoints", connected.admin()))["endpoints"]
    assert (shown["host"], shown["kinds"], shown["is_on"]) == ("shop.example.org", ["lead.updated"], True)
    assert "secret" not in shown
    assert "url" not in shown
    changed = _save(connected, id=made["id"], url=None, name="Another", is_on=False)
    assert json_of(changed) == {"id": made["id"], "secret": None, "revision": json_of(changed)["revision"]}
    (shown,) = json_of(connected.crm("get_endpoints", connected.admin()))["endpoints"]
    assert (shown["name"], shown["host"], shown["off_reason"]) == ("Another", "shop.example.org", "person")
    removed = connected.crm("remove_endpoint", connected.admin(), {"id": made["id"]})
    assert json_of(removed)["removed"] is True
    assert json_of(connected.crm("get_endpoints", connected.admin()))["endpoints"] == []
    for action in ("remove_endpoint", "test_endpoint", "replace_endpoint_secret"):
        assert connected.crm(action, connected.admin(), {"id": made["id"]}).status == 404


def test_38_an_endpoint_that_somebody_else_has_changed_is_not_overwritten(connected: Story) -> None:
    """Who saves says which revision they have seen; without one the last save wins, as it always did."""

    def post(action: str, **body: Any) -> tuple[int, Any]:
        answer = connected.crm(action, connected.admin(), body)
        return answer.status, json_of(answer)

    url = "https://shop.example.org/hook"
    _, made = post("save_endpoint", name="Shop", url=url)
    (listed,) = json_of(connected.crm("get_endpoints", connected.admin()))["endpoints"]
    assert listed["revision"] == made["revision"]
    seen = {"id": made["id"], "revision": made["revision"]}
    status, theirs = post("save_endpoint", name="Theirs", **seen)
    assert (status, theirs["revision"] != made["revision"]) == (200, True)
    status, told = post("save_endpoint", name="Mine", **seen)
    assert (status, told["code"]) == (409, "endpoint_changed")
    (listed,) = json_of(connected.crm("get_endpoints", connected.admin()))["endpoints"]
    assert (listed["name"], listed["revision"]) == ("Theirs", theirs["revision"])
    assert post("save_endpoint", name="Mine", id=made["id"], revision=theirs["revision"])[0] == 200
    assert post("save_endpoint", name="Whatever", id=made["id"])[0] == 200
    assert post("remove_endpoint", id=made["id"])[0] == 200
    assert post("save_endpoint", name="Mine", **seen)[0] == 404


def test_what_does_not_fit_is_told(connected: Story) -> None:
    for wrong in (
        {"kinds": ["lead.exploded"]},
        {"pipelines": [0]},
        {"stages": [{"pipeline_id": 0}]},
        {"name": ""},
        {"fields": [""]},
        {"other": 1},
    ):
        assert _save(connected, **wrong).status == 422, wrong
    assert _save(connected, id=str(uuid4())).status == 404
    for body in ({}, {"since": "2026-01-01T00:00:00"}, {"since": "2026-01-01T00:00:00Z", "ids": [str(uuid4())]}):
        answer = connected.crm("replay_changes", connected.admin(), {"endpoint_id": str(uuid4())} | body)
        assert answer.status == 422
    assert connected.crm("replace_hook_key", connected.admin(), {}).status == 409


@pytest.mark.parametrize("name", ["Price", "бюджет", "field:", "field:x", "123", "status_id", "responsible_user_id"])
def test_a_field_that_no_message_ever_names_is_refused(connected: Story, name: str) -> None:
    """30-K: with it, an endpoint would never be told of a change, and nobody would know why."""
    answer = _save(connected, fields=["price", name])
    assert (answer.status, json_of(answer)["errors"][0]["path"]) == (422, "fields[1]")
    assert _save(connected, fields=["price", "name", "tags", "field:123"]).status == 201


def test_there_are_so_many_and_no_more(connected: Story) -> None:
    assert [_save(connected).status for _ in range(endpoints.MOST + 1)] == [201] * endpoints.MOST + [409]


def test_an_endpoint_that_is_added_by_a_repeated_statement_is_added(connected: Story) -> None:
    """30-K: it was there, and the panel was told that there were too many, and not its secret."""
    database = Repeating(connected.runtime.settings.database_url)
    integration_id, keyring = connected.row().id, connected.runtime.keyring
    wanted = endpoints.EndpointFields("Shop", "https://example.org/hook")
    for _ in range(endpoints.MOST):
        assert endpoints.add(database, keyring, integration_id, wanted) is not None
    assert endpoints.add(database, keyring, integration_id, wanted) is None
    assert len(endpoints.of(database, integration_id)) == endpoints.MOST
    database.close()


def test_a_secret_that_is_replaced_by_a_repeated_statement_leaves_the_one_before_good(connected: Story) -> None:
    """30-K: the new one was kept as the one before, and consumers refused everything until they had it."""
    database = Repeating(connected.runtime.settings.database_url)
    integration_id, keyring = connected.row().id, connected.runtime.keyring
    added = endpoints.add(
        database, keyring, integration_id, endpoints.EndpointFields("Shop", "https://example.org/hook")
    )
    assert added is not None
    new = endpoints.replace_secret(database, keyring, integration_id, added[0])
    (endpoint,) = endpoints.of(database, integration_id)
    assert endpoint.old_secret is not None
    kept = [keyring.decrypt(one, endpoint.id, "endpoint_secret") for one in (endpoint.secret, endpoint.old_secret)]
    assert kept == [new, added[1]]
    database.close()


def test_secrets_that_are_replaced_within_a_day_all_sign(feed: Feed) -> None:
    """The consumer has the first one; the second was never brought to it."""
    secrets, admin = [feed.secret], feed.story.admin()
    for _ in range(2):
        answer = feed.story.crm("replace_endpoint_secret", admin, {"id": feed.endpoint_id})
        secrets.append(json_of(answer)["secret"])
    feed.person(fields={"price": 1})
    feed.run()
    headers, body = feed.consumer.taken[-1]
    for secret in secrets:
        expected = dict(signed([key_of(secret)], headers["webhook-id"], int(headers["webhook-timestamp"]), body))
        assert expected["webhook-signature"] in headers["webhook-signature"].split(" ")
    feed.story.clock.advance(hours=25)
    feed.story.crm("replace_endpoint_secret", admin, {"id": feed.endpoint_id})
    feed.person(fields={"price": 2})
    feed.run()
    assert len(feed.consumer.taken[-1][0]["webhook-signature"].split(" ")) == 2


def test_nobody_reaches_another_connections_endpoint(feed: Feed) -> None:
    other = feed.story.admin(widget_type="clinic")
    body = {
        "widget_type": "clinic",
        "account_domain": feed.story.domain,
        "client_id": str(uuid4()),
        "client_secret": "s" * 40,
    }
    assert feed.story.crm("save_connection", other, body).status == 201
    for action in ("test_endpoint", "remove_endpoint", "replace_endpoint_secret"):
        assert feed.story.crm(action, other, {"id": feed.endpoint_id}).status == 404
    replay = {"endpoint_id": feed.endpoint_id, "since": "2020-01-01T00:00:00Z"}
    assert feed.story.crm("replay_changes", other, replay).status == 404
    assert feed.story.crm("save_endpoint", other, {"id": feed.endpoint_id, "name": "Mine"}).status == 404


def test_a_leaked_dump_tells_nothing(feed: Feed) -> None:
    feed.person(fields={"name": "Very Private Deal"}, note="A very private note")
    feed.run()
    assert feed.told()
    for table in ("feeds", "endpoints", "changes", "entities", "hints", "sends"):
        dump = str(feed.story.sql(f"SELECT * FROM amocrm_{table}"))
        for private in ("rivate", feed.secret, feed.consumer.url, feed.ingress.url):
            assert private not in dump, table
