"""35-3, 35-6: what is sent to a server's key that has its sender's secret must be signed with it."""

import json
from typing import Any

import pytest

from functions.crm_api.handler import handle
from shared.platform.config import load
from shared.platform.http import Headers, Request
from shared.runtime import Runtime
from shared.storage import key_rotation
from shared.storage.encryption import generate_key
from tests.reading import serve
from tests.story import Story, json_of
from tests.submissions.recorded import NAMES, SECRET, body_of, record, request_of, send, server_key
from tests.submitting import form

SIGNED = [name for name in NAMES if "signed" in record(name)]
TOLD = "SELECT level FROM amocrm_events WHERE kind = 'submission.not_signed'"


def _sign(story: Story, key_id: str, secret: str | None = SECRET, **headers: Any) -> int:
    body = {"id": key_id, "secret": secret}
    return int(story.crm("sign_site_key", headers or story.admin(), body).status)


@pytest.mark.parametrize("name", SIGNED)
def test_each_sender_is_known_by_its_own_signature(connected: Story, name: str) -> None:
    key_id, key = server_key(connected)
    one = record(name)
    assert send(connected, key, one, secret=None).status == 200  # nobody has entered a secret
    assert _sign(connected, key_id) == 200
    assert send(connected, key, one).status == 200
    for refused in (
        send(connected, key, one, secret=None),
        send(connected, key, one, secret="another"),
        send(connected, key, {**one, "signed": {**one["signed"], "header": "X-Signature"}}),
    ):
        assert refused.status == 401
    assert connected.sql(TOLD) == [("warning",)]


def test_what_was_changed_on_its_way_is_not_what_was_signed(connected: Story) -> None:
    key_id, key = server_key(connected)
    assert _sign(connected, key_id) == 200
    one = record("woocommerce")
    signed = request_of(key, one)
    changed = request_of(key, one, body_of(one).replace(b"10800.00", b"10.00"), None)
    forged = Request("POST", "/", changed.query, Headers(signed.headers.items()), changed.body)
    assert serve(handle, connected.runtime, forged).status == 401
    assert connected.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


@pytest.mark.parametrize("body", [b"test=test", b"webhook_id=12", b""])
def test_a_sender_may_try_the_address_unsigned(connected: Story, body: bytes) -> None:
    """WooCommerce does not sign its first request, and does not keep a webhook whose address refuses it."""
    key_id, key = server_key(connected)
    assert _sign(connected, key_id) == 200
    trial = {"content_type": "application/x-www-form-urlencoded", "becomes": {}}
    assert send(connected, key, trial, body).status == 200
    assert connected.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


def test_a_secret_is_replaced_and_removed(connected: Story) -> None:
    key_id, key = server_key(connected)
    one = record("typeform")
    for secret in ("first", "second"):
        assert _sign(connected, key_id, secret) == 200
    answers = [send(connected, key, one, secret=secret).status for secret in ("first", "second")]
    assert answers == [401, 200]
    listed = json_of(connected.crm("get_site_keys", connected.admin()))["site_keys"]
    assert [one["is_signed"] for one in listed] == [True]
    assert "second" not in str(listed)
    assert _sign(connected, key_id, None) == 200
    assert send(connected, key, one, secret=None).status == 200


def test_a_secret_is_stored_encrypted_and_written_anew_with_a_new_key(
    connected: Story, environment: dict[str, str]
) -> None:
    key_id, key = server_key(connected)
    assert _sign(connected, key_id) == 200
    ((stored,),) = connected.sql("SELECT secret FROM amocrm_site_keys")
    assert SECRET.encode() not in bytes(stored)
    new = f"k2:{generate_key()}"
    for keys in (f"{new},{environment['ENCRYPTION_KEYS']}", new):
        runtime = Runtime.build(load(environment | {"ENCRYPTION_KEYS": keys}), connected.clock)
        sum(key_rotation.rotate(runtime.database, runtime.keyring, pytest.fail))
        assert serve(handle, runtime, request_of(key, record("tally"))).status == 200
        runtime.close()


def test_only_a_servers_key_of_this_account_is_given_a_secret(connected: Story) -> None:
    page = {"name": "page", "origins": ["https://shop.example"]}
    of_page = json_of(connected.crm("create_site_key", connected.admin(), page))["id"]
    assert _sign(connected, of_page) == 404
    key_id, key = server_key(connected)
    assert _sign(connected, key_id, "") == 422
    assert _sign(connected, key_id, SECRET, Authorization=f"Bearer {key}") == 403
    assert connected.crm("revoke_site_key", connected.admin(), {"id": key_id}).status == 200
    assert _sign(connected, key_id) == 404


def test_a_signed_key_takes_nothing_else_unsigned_either(connected: Story) -> None:
    key_id, key = server_key(connected)
    assert _sign(connected, key_id) == 200
    assert connected.crm("submit_form", {"Authorization": f"Bearer {key}"}, form()).status == 401


def test_35_vk_proves_itself_by_its_secret_in_the_body(connected: Story) -> None:
    key_id, key = server_key(connected)
    one = record("vk_lead_form")
    assert _sign(connected, key_id, "another") == 200
    confirmation = json.dumps({"type": "confirmation", "group_id": 20117}).encode()
    assert [send(connected, key, one).status, send(connected, key, one, confirmation).status] == [401, 200]
    assert _sign(connected, key_id, one["json"]["secret"]) == 200
    assert send(connected, key, one).status == 200
