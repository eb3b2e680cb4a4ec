"""A server's key stands in the address that a sender was given. What the sender adds of its own, a header or an end of
the address, is not the key's."""

import json
from urllib.parse import urlencode

import pytest

from functions.crm_api.handler import handle
from shared.platform.http import Headers, Request, Response, parse_query
from tests.reading import serve
from tests.story import Story
from tests.submissions.recorded import body_of, record, server_key

FORM = "application/x-www-form-urlencoded"


def _sent(
    story: Story, key: str, body: bytes, kind: str = FORM, *, added: str = "", method: str = "POST", **headers: str
) -> Response:
    fields = {"Content-Type": kind} | headers
    query = parse_query(f"action=submit_form&site_key={key}{added}")
    return serve(handle, story.runtime, Request(method, "/", query, Headers(fields.items()), body))


def _deliveries(story: Story) -> int:
    return int(story.sql("SELECT count(*) FROM amocrm_deliveries")[0][0])


# source: Wazzup's page on webhooks (`crmKey`); Green API's settings (`webhookUrlToken`); Evolution API's `headers`,
# whose `jwt_key` makes a JWT of each
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer 6ad8c14f0a2b"),
        ("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJhcHAiOiJldm9sdXRpb24ifQ.c2lnbmVk"),
        ("Authorization", "Basic d2ViaG9vazpzZWNyZXQ="),
        ("X-Auth-Token", "6ad8c14f0a2b"),
    ],
    ids=["Wazzup", "Evolution API", "a password", "a token"],
)
def test_what_a_sender_proves_to_somebody_else_is_not_asked_of_it_here(story: Story, name: str, value: str) -> None:
    _, key = server_key(story)
    one = record("wazzup")
    answer = _sent(story, key, body_of(one), one["content_type"], **{name: value})
    assert (answer.status, _deliveries(story)) == (200, 1)


def test_whoever_names_a_servers_key_in_the_address_may_do_what_it_may(story: Story) -> None:
    _, key = server_key(story)
    assert story.crm("get_site_keys", story.admin(), query={"site_key": key}).status == 403
    assert story.crm("get_site_keys", story.admin(), query={"site_key": "site_of-a-page"}).status == 200


# source: public receivers of Mango's events, which it sends to the address of the external system and a path;
# Evolution API's `webhookByEvents`
@pytest.mark.parametrize("added", ["/events/summary", "events/summary", "/", "/messages-upsert", "%20", "/ping?a=b"])
def test_what_a_sender_puts_behind_the_address_is_not_the_keys(story: Story, added: str) -> None:
    _, key = server_key(story)
    one = record("mango_call")
    assert _sent(story, key, body_of(one), one["content_type"], added=added).status == 200
    assert _deliveries(story) == 1
    assert _sent(story, f"srv_{'x' * 32}", body_of(one), one["content_type"], added=added).status == 401


@pytest.mark.parametrize("added", ["?", "/?", "&"])
def test_values_behind_the_address_are_its_values(story: Story, added: str) -> None:
    _, key = server_key(story)
    given = f"{added}{urlencode({'phone': '+7 921 100-00-61', 'name': 'Анна'})}"
    assert _sent(story, key, b"", added=given, method="GET").status == 200
    (made,) = story.sql("SELECT request, id FROM amocrm_deliveries")
    content = json.loads(story.runtime.keyring.decrypt(bytes(made[0]), made[1], "request"))
    contact = content["body"]["contact"]
    assert (contact["name"], contact["phone"]) == ("Анна", "+7 921 100-00-61")
