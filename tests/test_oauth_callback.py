"""The redirect URI: from a clicked link to a connected account, and every way in which that fails."""

import json
import threading
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from functions.oauth_callback.handler import handle as oauth_callback
from shared import integrations
from shared.endpoint import serve
from shared.http import Request, Response
from tests.story import Story, json_of

UNTRUSTED = [
    "evil.com",
    "a.amocrm.ru.evil.com",
    "127.0.0.1",
    "localhost",
    "a.amocrm.ru:8080",
    "user@a.amocrm.ru",
    "а.amocrm.ru",  # a Cyrillic letter
    "a.amocrm.ru\u3002",
    "www.amocrm.ru",
    "a.b.amocrm.ru",
    "-a.amocrm.ru",
    "amocrm.ru",
    "https://a.amocrm.ru",
    "",
]


def _header(response: Response, name: str) -> str:
    return dict(response.headers)[name]


def test_connects_an_account_from_the_link_to_the_stored_tokens(tale: Story) -> None:
    """Rows A2, B1, D1."""
    saved = json_of(tale.save_connection())
    assert saved["connection"]["status"] == "pending"
    redirected = tale.callback(urlsplit(saved["connect_url"]).query)
    target = urlsplit(_header(redirected, "Location"))
    query = parse_qs(target.query)
    assert (target.path, query["client_id"], query["mode"]) == ("/oauth", [tale.client_id], ["post_message"])

    page = tale.callback(tale.allow(query["state"][0]))

    assert page.status == 200
    assert "Подключено" in page.body.decode()
    row = tale.row()
    assert (row.status, row.account_id, row.access_is_fresh) == ("connected", tale.account_id, True)
    assert tale.events() == ["connection.saved", "connection.authorised"]
    assert len(tale.simulator.effects("token.issued")) == 1


def test_the_page_tells_only_the_panel_and_runs_only_its_own_script(tale: Story) -> None:
    tale.save_connection()
    page = tale.callback(tale.allow(tale.begin_consent()))
    body, policy = page.body.decode(), _header(page, "Content-Security-Policy")
    assert '"https://functions.example"' in body
    assert "unsafe-inline" not in policy
    nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
    assert f'<script nonce="{nonce}">' in body


def test_a_finished_consent_offers_the_way_back_to_the_app(tale: Story) -> None:
    """Rows D2, D3: a button, no redirect; only to an allowed link."""
    tale.save_connection()
    state = tale.begin_consent(return_to="demoapp://connected/ok?x=1&y=2")
    page = tale.callback(tale.allow(state)).body.decode()
    assert 'data-link="demoapp://connected/ok?x=1&amp;y=2"' in page
    assert "Return to App" in page
    for link in ("https://evil.example/x", "javascript:alert(1)", "demoapp://other", "demoapp://connected\n.evil"):
        refused = tale.crm("start_connection", tale.admin(), {"return_to": link})
        assert refused.status == 422, link


def test_a_reload_of_the_callback_shows_success_again(tale: Story) -> None:
    """Row D7."""
    tale.save_connection()
    query = tale.allow(tale.begin_consent())
    assert tale.callback(query).status == 200
    version = tale.row().token_version
    assert tale.callback(query).status == 200
    assert tale.row().token_version == version
    assert len(tale.simulator.effects("token.issued")) == 1
    assert not tale.simulator.effects("grant.refused")


def test_two_callbacks_with_one_code_at_once_exchange_it_once(tale: Story) -> None:
    tale.save_connection()
    query = tale.allow(tale.begin_consent())
    tale.simulator.fault("delay", path="/oauth2/access_token", seconds=0.3)
    pages: list[Response] = []
    threads = [threading.Thread(target=lambda: pages.append(tale.callback(query))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [page.status for page in pages] == [200, 200]
    assert len(tale.simulator.effects("token.issued")) == 1
    assert not tale.simulator.effects("grant.refused")


def test_installation_inside_amocrm_has_no_state_and_connects_too(tale: Story) -> None:
    tale.save_connection()
    assert tale.callback(tale.allow(None)).status == 200
    assert tale.row().status == "connected"


def test_a_public_integration_gets_a_row_for_each_account_that_installs_it(connected: Story) -> None:
    """Row A3."""
    other = connected.simulator.control("account", subdomain=f"{connected.domain.split('.')[0]}b")
    page = connected.callback(connected.allow(None, domain=other["domain"]))
    assert page.status == 200
    row = connected.row(other["domain"])
    assert (row.status, row.account_id) == ("connected", other["id"])
    assert connected.row().account_id == connected.account_id
    assert row.secret(connected.runtime.keyring) == connected.secret


def test_a_denied_consent_is_told_and_can_be_repeated(tale: Story) -> None:
    tale.save_connection()
    denied = tale.simulator.control("consent", client_id=tale.client_id, state=tale.begin_consent(), deny=True)
    page = tale.callback(urlsplit(denied["location"]).query)
    assert page.status == 403
    assert "Access was denied" in page.body.decode()
    assert "?connect=" in page.body.decode()
    assert tale.events()[-1] == "authorization.denied"
    assert tale.row().status == "pending"


def test_a_state_works_once_for_one_code_and_for_fifteen_minutes(tale: Story) -> None:
    """Row B1."""
    tale.save_connection()
    state = tale.begin_consent()
    assert tale.callback(tale.allow(state)).status == 200
    again = tale.callback(tale.allow(state))  # another code with the used state
    assert again.status == 400
    assert "finished already" in again.body.decode() or "уже завершена" in again.body.decode()
    late = tale.begin_consent()
    tale.clock.advance(minutes=15, seconds=1)
    assert tale.callback(tale.allow(late)).status == 400
    assert tale.callback(tale.allow("made-up-state")).status == 400
    assert len(tale.simulator.effects("token.issued")) == 1


def test_a_code_older_than_twenty_minutes_is_explained(tale: Story) -> None:
    tale.save_connection()
    query = tale.allow(None)
    tale.clock.advance(minutes=21)
    page = tale.callback(query, **{"Accept-Language": "en"})
    assert page.status == 422
    assert "older than 20 minutes" in page.body.decode()
    assert tale.row().status == "pending"
    assert tale.row().problem_code == "code_refused"
    assert tale.events()[-1] == "authorization.failed"


@pytest.mark.parametrize("host", UNTRUSTED)
def test_a_foreign_host_in_referer_receives_nothing(tale: Story, host: str) -> None:
    tale.save_connection()
    query = urlencode({"code": "def502x", "referer": host, "client_id": tale.client_id})
    page = tale.callback(query)
    assert page.status == 400
    assert not tale.simulator.requests()


def test_a_consent_for_another_account_is_refused(tale: Story) -> None:
    tale.save_connection()
    other = tale.simulator.control("account", subdomain=f"{tale.domain.split('.')[0]}x")
    page = tale.callback(tale.allow(tale.begin_consent(), domain=other["domain"]))
    assert page.status == 422
    assert other["domain"] in page.body.decode()
    assert tale.row().status == "pending"
    assert not tale.simulator.effects("token.issued")


@pytest.mark.parametrize(
    ("change", "words"),
    [({"secret": "another-secret"}, "client id, secret"), ({"redirect_uri": "https://x.example/"}, "redirect URI")],
)
def test_a_wrong_secret_or_redirect_uri_is_named(tale: Story, change: dict[str, str], words: str) -> None:
    """Row A11."""
    tale.save_connection()
    query = tale.allow(tale.begin_consent())
    tale.simulator.control("change-integration", client_id=tale.client_id, **change)
    page = tale.callback(query)
    assert page.status == 422
    assert words in page.body.decode()
    assert tale.row().problem_code == "client_refused"


def test_an_unknown_integration_is_named(tale: Story) -> None:
    page = tale.callback(tale.allow(None))
    assert page.status == 404
    assert "Интеграция не найдена" in page.body.decode()


@pytest.mark.parametrize("kind", ["status", "reset_before", "html"])
def test_temporary_trouble_leaves_the_code_for_a_reload(tale: Story, kind: str) -> None:
    tale.save_connection()
    query = tale.allow(tale.begin_consent())
    tale.simulator.fault(kind, path="/oauth2/access_token", status=503)
    assert tale.callback(query).status in (502, 504)
    tale.clock.advance(minutes=2)  # an unknown outcome keeps the code claimed for a minute
    assert tale.callback(query).status == 200
    assert tale.row().status == "connected"


def test_a_lost_answer_of_the_exchange_ends_in_a_clear_word(tale: Story) -> None:
    tale.save_connection()
    query = tale.allow(tale.begin_consent())
    tale.simulator.fault("reset_after", path="/oauth2/access_token")
    assert tale.callback(query).status == 504
    tale.clock.advance(minutes=2)
    page = tale.callback(query)
    assert page.status == 422
    assert "Authorise once more" in page.body.decode()


def test_the_switched_off_hook_ends_the_connection(connected: Story) -> None:
    """Row A1."""
    hook = connected.simulator.control("switch-off", domain=connected.domain, client_id=connected.client_id)
    answer = connected.callback(hook["query"])
    assert (answer.status, json_of(answer)) == (200, {"disconnected": True})
    row = connected.row()
    assert (row.status, row.access_token, row.refresh_token) == ("disconnected", None, None)
    assert connected.events()[-1] == "connection.disconnected"


def test_a_forged_hook_is_refused(connected: Story) -> None:
    query = {"account_id": str(connected.account_id), "client_uuid": connected.client_id}
    for changed in ({"signature": "0" * 64}, {"signature": "é"}, {"signature": "", "account_id": "9" * 40}):
        assert connected.callback(urlencode(query | changed)).status == 403
    assert connected.row().status == "connected"


def test_an_old_hook_that_is_sent_again_does_not_end_a_new_connection(connected: Story) -> None:
    hook = connected.simulator.control("switch-off", domain=connected.domain, client_id=connected.client_id)
    connected.callback(hook["query"])
    connected.connect()
    assert json_of(connected.callback(hook["query"])) == {"disconnected": False}
    assert connected.row().status == "connected"
    assert connected.events()[-1] == "connection.switch_off_doubted"


def test_an_account_that_was_switched_off_can_be_connected_again(connected: Story) -> None:
    hook = connected.simulator.control("switch-off", domain=connected.domain, client_id=connected.client_id)
    connected.callback(hook["query"])
    assert connected.connect().status == "connected"


def test_a_connect_link_ends_after_a_day_and_cannot_be_made_up(tale: Story) -> None:
    link = json_of(tale.save_connection())["connect_url"]
    assert tale.callback("connect=made-up").status == 404
    assert tale.callback("connect=" + "A" * 200).status == 404
    tale.clock.advance(hours=24, seconds=1)
    assert tale.callback(urlsplit(link).query).status == 410


def test_a_visit_without_anything_explains_itself(tale: Story) -> None:
    page = tale.callback("", **{"Accept-Language": "fr, en;q=0.8"})
    assert page.status == 400
    assert "Nothing to see here" in page.body.decode()


def test_another_method_is_refused(tale: Story) -> None:
    assert serve(oauth_callback, tale.runtime, Request("PUT", "/")).status == 405


# --- X5: an integration that amoCRM's button makes ------------------------------------------------------------------


def _start_installation(story: Story) -> str:
    started = story.crm("start_installation", story.admin(), {"widget_type": "countertop", "language": "uk"})
    query = parse_qs(urlsplit(json_of(started)["install_url"]).query)
    assert query["secrets_uri"] == query["redirect_uri"] == [story.row_redirect()]
    return str(query["state"][0])


def _deliver(story: Story, state: str, **changed: str) -> Response:
    body = {"client_id": story.client_id, "client_secret": story.secret, "state": state, "name": "x"} | changed
    request = Request("POST", "/oauth_callback", body=json.dumps(body).encode())
    return serve(oauth_callback, story.runtime, request)


def test_the_button_connects_an_account_without_typing(tale: Story) -> None:
    state = _start_installation(tale)
    assert _deliver(tale, state).status == 200
    assert _deliver(tale, state).status == 200  # amoCRM may repeat it
    query = tale.allow(state)
    page = tale.callback(query)
    assert (page.status, "Підключено".encode() in page.body) == (200, True)
    assert tale.callback(query).status == 200  # a reload
    row = integrations.by_domain(tale.runtime.database, tale.domain, "countertop")
    assert row is not None
    assert (row.status, row.client_id, row.secret(tale.runtime.keyring)) == ("connected", tale.client_id, tale.secret)
    assert not [
        text for (text,) in tale.sql("SELECT client_secret::text FROM amocrm_installations") if tale.secret in text
    ]


def test_a_secret_is_taken_only_for_a_state_that_waits_for_it(tale: Story) -> None:
    assert _deliver(tale, "unknown").status == 403
    state = _start_installation(tale)
    assert _deliver(tale, state).status == 200
    assert _deliver(tale, state, client_id="another-client").status == 403
    tale.clock.advance(minutes=16)
    assert _deliver(tale, state).status == 403
    broken = serve(oauth_callback, tale.runtime, Request("POST", "/", body=b"{}"))
    assert broken.status == 400


def test_a_code_before_its_secret_is_told_as_too_old(tale: Story) -> None:
    state = _start_installation(tale)
    assert tale.callback(tale.allow(state)).status == 400
    assert integrations.by_domain(tale.runtime.database, tale.domain, "countertop") is None


def test_denying_the_button_is_told_as_a_denial(tale: Story) -> None:
    state = _start_installation(tale)
    page = tale.callback(f"error=access_denied&state={state}", **{"Accept-Language": "en"})
    assert (page.status, b"Access was denied" in page.body) == (403, True)
