"""The redirect URI: from a clicked link to a connected account, and every way in which that fails."""

import hashlib
import json
import secrets
import threading
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from msgspec import structs

from functions.oauth_callback import texts
from functions.oauth_callback.handler import handle as oauth_callback
from shared.connections import integrations
from shared.platform.clock import SystemClock
from shared.platform.http import Request, Response, parse_query
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests.story import REDIRECT_URI, Story, json_of

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
    state = tale.begin_consent(return_to="demoapp://connected/!ok?x=1&y=2")
    page = tale.callback(tale.allow(state)).body.decode()
    assert 'data-link="demoapp://connected/!ok?x=1&amp;y=2"' in page
    assert "Return to App" in page
    broken = ("demoapp://connected\n.evil", "demoapp://connected/ ok")
    for link in ("https://evil.example/x", "javascript:alert(1)", "demoapp://other", *broken):
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
    """Row B1: after that it says nothing any more, and nothing is denied or begun in its name."""
    tale.save_connection()
    state = tale.begin_consent()
    use = tale.runtime.authorization.use_state
    assert use(state, "code") == use(state, "code") is not None
    assert use(state, "another code") is None
    late = tale.begin_consent()
    tale.clock.advance(minutes=15, seconds=1)
    assert use(late, "code") is None
    assert use("made-up-state", "code") is None
    page = tale.callback(f"error=access_denied&state={late}", **{"Accept-Language": "en"})
    assert (page.status, b"15 minutes ago" in page.body) == (400, True)


@pytest.mark.vendor("callback.installation")
@pytest.mark.parametrize("state", ["state", "expired", "made-up-state", "used"])
def test_a_living_code_connects_whatever_became_of_its_state(tale: Story, state: str) -> None:
    tale.save_connection()
    if state == "expired":
        state = tale.begin_consent()
        tale.clock.advance(minutes=16)
    elif state == "used":
        state = tale.begin_consent()
        assert tale.callback(tale.allow(state)).status == 200
    page = tale.callback(tale.allow(state))
    assert (page.status, tale.row().status) == (200, "connected")


def _without(query: str, *names: str) -> str:
    return urlencode([(name, value) for name, value in parse_qsl(query) if name not in names])


@pytest.mark.vendor("callback.installation")
def test_without_a_client_id_the_account_tells_whose_code_it_is(tale: Story) -> None:
    tale.save_connection()
    query = _without(tale.allow(None), "client_id", "platform")
    assert "from_widget=1" in query
    assert tale.callback(query).status == 200
    assert tale.row().status == "connected"
    assert tale.callback(query).status == 200  # a reload


@pytest.mark.vendor("callback.installation")
def test_without_a_client_id_the_only_client_gets_a_row_for_a_new_account(connected: Story) -> None:
    other = connected.simulator.control("account", subdomain=f"{connected.domain.split('.')[0]}c")
    query = _without(connected.allow(None, domain=other["domain"]), "client_id")
    assert connected.callback(query).status == 200
    assert connected.row(other["domain"]).account_id == other["id"]


@pytest.mark.vendor("callback.installation")
@pytest.mark.parametrize("is_known_account", [True, False])
def test_two_candidates_end_in_a_page_and_leave_the_code_alone(connected: Story, is_known_account: bool) -> None:
    made = connected.simulator.control("integration", redirect_uri=REDIRECT_URI, name="Вторая")
    connected.save_connection(widget_type="clinic", client_id=made["id"], client_secret=made["secret"])
    connected.save_connection(widget_type="countertop", client_id="third-client", client_secret="third-secret")
    domain = connected.domain
    if not is_known_account:
        domain = connected.simulator.control("account", subdomain=f"{domain.split('.')[0]}d")["domain"]
    query = connected.allow(None, domain=domain)
    page = connected.callback(_without(query, "client_id"), **{"Accept-Language": "en"})
    assert (page.status, b"Several connections fit" in page.body) == (409, True)
    assert not connected.simulator.effects("grant.refused")
    assert connected.callback(query).status == 200  # with its client id the same code is still good


@pytest.mark.vendor("oauth.refusals")
def test_the_one_that_waits_is_meant_where_others_are_connected(connected: Story) -> None:
    made = connected.simulator.control("integration", redirect_uri=REDIRECT_URI, name="Вторая")
    connected.save_connection(widget_type="clinic", client_id=made["id"], client_secret=made["secret"])
    wrong = connected.callback(_without(connected.allow(None), "client_id"))  # of the one that is connected already
    assert wrong.status == 422  # "was not issued to this client"
    allowed = connected.simulator.control("consent", domain=connected.domain, client_id=made["id"])["location"]
    assert connected.callback(_without(urlsplit(allowed).query, "client_id")).status == 200
    row = integrations.by_domain(connected.runtime.database, connected.domain, "clinic")
    assert row is not None
    assert row.status == "connected"


@pytest.mark.vendor("oauth.checks_host")
def test_a_code_with_another_accounts_address_does_not_get_into_its_row(tale: Story) -> None:
    """Should amoCRM exchange a code at any account's host, its token is still tried at the host that was named."""
    tale.simulator.control("vendor", checks_host=False)
    tale.save_connection()
    foreign = tale.simulator.control("account", subdomain=f"{tale.domain.split('.')[0]}f")
    query = tale.allow(None, domain=foreign["domain"]).replace(foreign["domain"], tale.domain)
    for _ in range(2):  # a reload says the same
        page = tale.callback(query, **{"Accept-Language": "en"})
        assert (page.status, b"Another account was chosen" in page.body) == (422, True)
    assert (tale.row().status, tale.row().account_id) == ("pending", None)


def test_a_look_from_outside_does_not_use_a_code_up(tale: Story) -> None:
    tale.save_connection()
    query = tale.allow(None)
    head = Request("HEAD", "/oauth_callback", parse_query(query))
    assert serve(oauth_callback, tale.runtime, head).status == 200
    assert not tale.simulator.requests()
    assert tale.callback(query).status == 200


_VALUES = {
    "code": ("good", "foreign", "", "long"),
    "state": ("good", "state", ""),
    "referer": ("good", "other", "evil.example", ""),
    "client_id": ("good", "unknown", ""),
    "from_widget": ("1", ""),
    "platform": ("1", "x"),
    "error": ("access_denied", "", "x"),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=strategies.fixed_dictionaries(
        {}, optional={name: strategies.lists(strategies.sampled_from(values), min_size=1, max_size=2)
                      for name, values in _VALUES.items()}
    )
)  # fmt: skip
def test_any_query_ends_in_a_page_that_says_what_to_do(tale: Story, chosen: dict[str, list[str]]) -> None:
    """Never a 5xx, never a code used up by a wrong client, never a connection bound to somebody else's account."""
    tale.save_connection()
    state = tale.begin_consent()
    own = dict(parse_qsl(tale.allow(state)))
    other = tale.simulator.control("account", subdomain=f"other{secrets.token_hex(6)}", fill=False)
    stranger = tale.simulator.control("integration", redirect_uri="https://elsewhere.example/", name="Чужая")
    theirs = tale.simulator.control("consent", domain=other["domain"], client_id=stranger["id"])["location"]
    foreign_code = dict(parse_qsl(urlsplit(theirs).query))["code"]
    meant = {
        ("code", "good"): own["code"],
        ("code", "foreign"): foreign_code,
        ("code", "long"): "x" * 5000,
        ("state", "good"): state,
        ("referer", "good"): tale.domain,
        ("referer", "other"): other["domain"],
        ("client_id", "good"): tale.client_id,
    }
    query = [(name, meant.get((name, value), value)) for name, values in chosen.items() for value in values]
    page = tale.callback(urlencode(query))
    assert 200 <= page.status < 500, page.body.decode()
    assert b"<h1>" in page.body
    codes = {"token.issued": own["code"], "grant.refused": foreign_code}
    for effect in tale.simulator.effects("token.issued"):
        assert effect["old"] != hashlib.sha256(codes["grant.refused"].encode()).hexdigest()[:16]
    rows = tale.sql("SELECT account_domain, account_id FROM amocrm_integrations WHERE account_id IS NOT NULL")
    assert all(row == (tale.domain, tale.account_id) for row in rows)


@pytest.mark.vendor("oauth.code")
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
    ("change", "code"),
    [
        ({"secret": "another-secret"}, "client_refused"),
        ({"redirect_uri": "https://x.example/"}, "client_refused"),
        ({"scopes": ["crm"]}, None),
    ],
)
@pytest.mark.vendor("oauth.refusals")
def test_a_wrong_setting_is_named_and_the_code_lives_on(tale: Story, change: dict[str, str], code: str | None) -> None:
    """Row A11. Mended, a reload of the same page connects."""
    tale.save_connection()
    query = tale.allow(tale.begin_consent())
    tale.simulator.control("change-integration", client_id=tale.client_id, **change)
    page = tale.callback(query)
    if code is None:  # a code does not ask for its scopes again
        assert page.status == 200
        return
    assert page.status == 422
    assert texts.failure(code, "en").title in page.body.decode()
    assert 'id="reload"' in page.body.decode()
    assert tale.row().problem_code == code
    tale.simulator.control(
        "change-integration", client_id=tale.client_id, secret=tale.secret, redirect_uri=REDIRECT_URI
    )
    assert tale.callback(query).status == 200
    assert tale.row().problem_code is None


@pytest.mark.vendor("oauth.refusals")
def test_a_redirect_uri_of_another_consent_is_told_as_that(tale: Story) -> None:
    """Registered, but not the one of this consent: a setting is wrong, and the code is untouched."""
    tale.save_connection()
    edited = {"redirect_uri": "https://x.example/", "other_redirect_uris": [REDIRECT_URI]}
    tale.simulator.control("change-integration", client_id=tale.client_id, **edited)
    query = tale.allow(tale.begin_consent())
    page = tale.callback(query)
    assert (page.status, "The redirect URI has changed" in page.body.decode()) == (422, True)
    assert tale.row().problem_code == "redirect_uri_changed"
    assert tale.callback(query).status == 422
    assert {effect["hint"] for effect in tale.simulator.effects("grant.refused")} == {"Invalid redirect URI"}


def test_a_connection_moves_to_the_redirect_uri_that_consents_use_now(tale: Story) -> None:
    """The functions moved; the row was made at the old address."""
    tale.save_connection()
    tale.sql("UPDATE amocrm_integrations SET redirect_uri = 'https://old.example/' WHERE id = %s", tale.row().id)
    assert tale.callback(tale.allow(tale.begin_consent())).status == 200
    assert tale.row().redirect_uri == REDIRECT_URI


@pytest.mark.vendor("http.blocked_address")
def test_a_blocked_address_is_told_with_what_helps(tale: Story) -> None:
    tale.save_connection()
    query = tale.allow(tale.begin_consent())
    tale.simulator.fault("html", status=403, path="/oauth2/access_token")
    page = tale.callback(query)
    assert page.status == 502
    assert "another region" in page.body.decode()
    assert tale.row().problem_code == "address_blocked"
    assert tale.callback(query).status == 200


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


@pytest.mark.vendor("oauth.switch_off")
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
    order = ["state", "mode", "origin", "name", "description", "redirect_uri", "secrets_uri", "logo", "scopes[]"]
    assert list(query) == order
    assert query["scopes[]"] == ["crm", "files"]  # once for each
    return str(query["state"][0])


def _deliver(story: Story, state: str, **changed: object) -> Response:
    body = {"client_id": story.client_id, "client_secret": story.secret, "state": state, "name": "x"} | changed
    request = Request("POST", "/oauth_callback", body=json.dumps(body).encode())
    return serve(oauth_callback, story.runtime, request)


@pytest.mark.vendor("button.query")
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


@pytest.mark.vendor("button.secret_answer")
def test_a_secrets_delivery_is_answered_with_200_and_json(tale: Story) -> None:
    """With anything else amoCRM shows an error of creation, and the code never comes."""
    state = _start_installation(tale)
    for more in (
        {},
        {},
        {"integration_id": "x", "account_id": 7, "account_subdomain": "a", "scopes": ["crm"], "new": {}},
    ):
        answer = _deliver(tale, state, **more)
        assert (answer.status, json_of(answer)) == (200, {"received": True})
        assert dict(answer.headers)["Content-Type"] == "application/json"


def test_30_k_the_secret_of_a_button_waits_for_a_database_that_is_restarted(tale: Story, postgres: Any) -> None:
    """It comes once, and after another answer than 200 amoCRM never sends the code."""
    state = _start_installation(tale)

    class Restarting(SystemClock):  # the tests' own clock is the database's
        def sleep(self, seconds: float) -> None:
            postgres.start()

    waiting = Runtime.build(tale.runtime.settings, Restarting())
    postgres.stop()
    answer = _deliver(Story(**{**tale.__dict__, "runtime": waiting}), state)
    waiting.close()
    assert answer.status == 200
    assert tale.callback(tale.allow(state)).status == 200


def test_30_k_a_code_that_was_exchanged_waits_for_a_database_that_is_restarted(tale: Story, postgres: Any) -> None:
    """It is good once: from then on only we have what it gave."""
    tale.save_connection()
    code = tale.allow(tale.begin_consent())

    class Restarting(SystemClock):
        def sleep(self, seconds: float) -> None:
            postgres.start()

    class Falling:
        def send(self, method: str, host: str, path: str, **named: Any) -> Any:
            answer = tale.runtime.transport.send(method, host, path, **named)
            if path == "/oauth2/access_token":
                postgres.stop()
            return answer

    waiting = Runtime.build(tale.runtime.settings, Restarting())
    rotation = structs.replace(waiting.rotation, transport=Falling())
    waiting = structs.replace(waiting, authorization=structs.replace(waiting.authorization, rotation=rotation))
    answer = Story(**{**tale.__dict__, "runtime": waiting}).callback(code)
    waiting.close()
    assert answer.status == 200
    assert tale.row().status == "connected"


def test_a_late_code_of_the_button_still_finds_its_secret(tale: Story) -> None:
    state = _start_installation(tale)
    tale.clock.advance(minutes=14)
    assert _deliver(tale, state).status == 200
    tale.clock.advance(minutes=19)
    query = tale.allow(state)
    assert tale.callback(query).status == 200


@pytest.mark.parametrize(
    ("platform", "language", "name", "description"),
    [
        ("kommo", None, "Glass calculator", "Calculations, forms and orders: in deals"),
        ("kommo", "pt", "Calculadora de vidro", "Cálculos, formulários e pedidos: nos leads"),
        ("amocrm", None, "Калькулятор стекла", "Расчёты, формы и заказы — в сделках"),
    ],
)
def test_38_the_consent_page_names_our_integration_in_the_accounts_language(
    tale: Story, platform: str, language: str | None, name: str, description: str
) -> None:
    """A Kommo account read its name and what it does in Russian, by a company's button too."""
    body = {"widget_type": "glass", "platform": platform} | ({"language": language} if language else {})
    url = json_of(tale.crm("start_installation", tale.admin(), body))["install_url"]
    query = parse_qs(urlsplit(url).query)
    assert (query["name"], query["description"]) == ([name], [description])
    made = json_of(tale.crm("create_install_link", tale.admin(), body))
    assert (made["name"], f'data-description="{description}"' in made["button"]) == (name, True)
    begun = tale.callback(urlsplit(made["link"]).query)
    assert parse_qs(urlsplit(_header(begun, "Location")).query)["description"] == [description]


def _install_link(story: Story, **changed: str) -> dict[str, str]:
    body = {"widget_type": "countertop", "name": "Наш виджет", "platform": "amocrm", "language": "en"}
    made: dict[str, str] = json_of(story.crm("create_install_link", story.admin(), body | changed))
    return made


def test_a_link_on_a_companys_page_begins_an_installation(tale: Story) -> None:
    link = _install_link(tale)
    begun = tale.callback(urlsplit(link["link"]).query, Referer="https://shop.example/")
    query = parse_qs(urlsplit(_header(begun, "Location")).query)
    assert (begun.status, query["name"], query["origin"]) == (302, ["Наш виджет"], ["https://shop.example/"])
    state = query["state"][0]
    assert _deliver(tale, state).status == 200
    assert tale.callback(tale.allow(state)).status == 200
    tale.crm("revoke_install_link", tale.admin(), {"id": link["id"]})
    assert tale.callback(urlsplit(link["link"]).query).status == 404


@pytest.mark.parametrize("client_id_comes", [True, False])
def test_amocrms_own_button_on_a_companys_page_serves_many_accounts(tale: Story, client_id_comes: bool) -> None:
    """Its state is the link's key for everybody; the new client's id tells installations apart."""
    key = _install_link(tale)["key"]
    for _ in range(2):
        account = tale.simulator.control("account", subdomain=f"shop{secrets.token_hex(5)}", fill=False)
        made = tale.simulator.control("integration", redirect_uri=REDIRECT_URI, name="x")
        body = {"client_id": made["id"], "client_secret": made["secret"]}
        assert _deliver(tale, key, **body).status == 200
        location = tale.simulator.control("consent", domain=account["domain"], client_id=made["id"], state=key)[
            "location"
        ]
        query = urlsplit(location).query
        page = tale.callback(query if client_id_comes else _without(query, "client_id"))
        assert (page.status, b"Connected" in page.body) == (200, True)
        row = integrations.by_domain(tale.runtime.database, account["domain"], "countertop")
        assert row is not None
        assert row.client_id == made["id"]
        tale.clock.advance(hours=1)  # the installation that is done is not under way any more


def test_a_secret_is_taken_only_for_a_state_that_waits_for_it(tale: Story) -> None:
    assert _deliver(tale, "unknown").status == 403
    state = _start_installation(tale)
    assert _deliver(tale, state).status == 200
    assert _deliver(tale, state, client_id="another-client").status == 403
    tale.clock.advance(minutes=21)
    assert _deliver(tale, state).status == 403
    broken = serve(oauth_callback, tale.runtime, Request("POST", "/", body=b"{}"))
    assert broken.status == 400


def test_a_code_before_its_secret_is_told_as_that(tale: Story) -> None:
    state = _start_installation(tale)
    page = tale.callback(tale.allow(state), **{"Accept-Language": "en"})
    assert (page.status, b"secret has not arrived" in page.body) == (400, True)
    assert integrations.by_domain(tale.runtime.database, tale.domain, "countertop") is None


def test_denying_the_button_is_told_as_a_denial(tale: Story) -> None:
    state = _start_installation(tale)
    page = tale.callback(f"error=access_denied&state={state}", **{"Accept-Language": "en"})
    assert (page.status, b"Access was denied" in page.body) == (403, True)
