"""A server's key stands in the address that a sender was given."""

import pytest

from functions.crm_api.handler import handle
from shared.platform.http import Headers, Request, Response
from tests.reading import serve
from tests.story import Story
from tests.submissions.recorded import body_of, record, server_key


def _sent(story: Story, key: str, body: bytes, kind: str, **headers: str) -> Response:
    fields = {"Content-Type": kind} | headers
    query = (("action", "submit_form"), ("site_key", key))
    return serve(handle, story.runtime, Request("POST", "/", query, Headers(fields.items()), body))


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
