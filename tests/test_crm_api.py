"""crm_api: who may ask, what they get, and what bad input is told."""

import gzip
import json
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import jwt
import pytest

from functions.crm_api.handler import handle
from shared.connections import integrations
from shared.platform.http import Headers, Request, Response
from shared.platform.middleware import MAX_BODY_BYTES
from shared.storage import event_log
from tests.reading import serve
from tests.story import Story, calculation, json_of


def _problem(response: Response, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = json_of(response)
    assert (response.status, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert problem["request_id"]
    assert dict(response.headers)["Content-Type"] == "application/problem+json"
    return problem


# --- reading deals ----------------------------------------------------------------------------------------------


def test_get_lead_leaves_nobody_out_in_silence(story: Story) -> None:
    """30-K: more people than one request may name."""
    connections, row = story.runtime.connections, story.row()
    new = [{"name": f"Guest {number}"} for number in range(130)]
    made = connections.call(row, lambda api: api.send("POST", "/contacts", json=new))
    links = [{"to_entity_id": one["id"], "to_entity_type": "contacts"} for one in made["_embedded"]["contacts"]]
    connections.call(row, lambda api: api.send("POST", f"/leads/{story.lead_id}/link", json=links))
    document = json_of(story.crm("get_lead", story.application() | {"X-Lead-Id": str(story.lead_id)}))
    assert {one["name"] for one in new} <= {one["name"] for one in document["contacts"]}
    assert [one["is_main"] for one in document["contacts"]].index(True) == 0


def test_get_lead_brings_the_deal_and_its_people(connected: Story) -> None:
    """Row A4."""
    answer = connected.crm("get_lead", connected.widget() | {"X-Lead-Id": str(connected.lead_id)})
    document = json_of(answer)
    assert answer.status == 200
    assert document["lead"]["id"] == connected.lead_id
    assert document["client"]["name"] == "Мария Лебедева"
    assert document["client"]["phones"] == [{"value": "+7 (912) 345-67-89", "type": "WORK"}]
    assert [contact["is_main"] for contact in document["contacts"]] == [True, False]


def test_get_lead_without_contacts_has_no_client(connected: Story) -> None:
    leads = connected.simulator.control("show", domain=connected.domain)["leads"]
    lonely = next(lead for lead in leads.values() if lead["name"] == "Замер без контактов")
    document = json_of(connected.crm("get_lead", connected.application() | {"X-Lead-Id": str(lonely["id"])}))
    assert (document["client"], document["contacts"]) == (None, [])


@pytest.mark.parametrize("missing", [204, 404])
@pytest.mark.vendor("http.not_found")
def test_an_unknown_deal_is_not_found(connected: Story, missing: int) -> None:
    connected.simulator.control("change-account", domain=connected.domain, missing_entity_status=missing)
    answer = connected.crm("get_lead", connected.widget() | {"X-Lead-Id": "999999"})
    _problem(answer, 404, "amocrm_not_found")


@pytest.mark.parametrize("wrong", ["", "abc", "0", "-1", "1.5", "9" * 25, "1 2", "١٢"])
def test_a_wrong_lead_id_is_named(connected: Story, wrong: str) -> None:
    problem = _problem(connected.crm("get_lead", connected.admin() | {"X-Lead-Id": wrong}), 422, "invalid_input")
    assert problem["errors"][0]["path"] == "X-Lead-Id"


@pytest.mark.vendor("lists.page")
def test_get_leads_pages_filters_and_searches(connected: Story) -> None:
    """Row D6."""
    first = json_of(connected.crm("get_leads", connected.application(), query={"limit": "2"}))
    assert (len(first["leads"]), first["has_more"]) == (2, True)
    last = json_of(connected.crm("get_leads", connected.application(), query={"limit": "2", "page": "3"}))
    assert (len(last["leads"]), last["has_more"]) == (1, False)
    found = json_of(connected.crm("get_leads", connected.application(), query={"query": "Зеркало"}))
    assert [lead["name"] for lead in found["leads"]] == ["Зеркало в прихожую"]
    nothing = json_of(connected.crm("get_leads", connected.application(), query={"query": "нет такой"}))
    assert (nothing["leads"], nothing["has_more"]) == ([], False)
    pipeline = str(first["leads"][0]["pipeline_id"])
    status = str(first["leads"][0]["status_id"])
    both = {"pipeline_id": pipeline, "status_id": status}
    assert len(json_of(connected.crm("get_leads", connected.application(), query=both))["leads"]) == 5
    assert json_of(connected.crm("get_leads", connected.application(), query={"pipeline_id": "1"}))["leads"] == []
    _problem(connected.crm("get_leads", connected.application(), query={"status_id": status}), 422, "invalid_input")
    _problem(connected.crm("get_leads", connected.application(), query={"limit": "251"}), 422, "invalid_input")


# --- who is asking ----------------------------------------------------------------------------------------------


def test_the_headers_alone_give_nothing(connected: Story) -> None:
    """Row X4."""
    wish = {"X-Account-Domain": connected.domain, "X-Lead-Id": str(connected.lead_id), "X-Widget-Type": "glass"}
    for headers in (wish, wish | {"Authorization": "Basic eDp5"}, wish | {"Authorization": "Bearer"}):
        _problem(connected.crm("get_lead", headers), 401, "unauthenticated")
    assert not connected.simulator.requests()


def test_a_header_that_disagrees_with_the_proof_is_refused(connected: Story) -> None:
    lead = {"X-Lead-Id": str(connected.lead_id)}
    for proof in (connected.widget(), connected.application()):
        for wish in ({"X-Account-Domain": "other.amocrm.ru"}, {"X-Widget-Type": "clinic"}):
            _problem(connected.crm("get_lead", proof | lead | wish), 403, "forbidden")
        agreeing = {"X-Account-Domain": f"HTTPS://{connected.domain.upper()}/", "X-Widget-Type": "glass"}
        assert connected.crm("get_lead", proof | lead | agreeing).status == 200


def test_a_wrong_administrator_token_is_refused(connected: Story) -> None:
    for token in ("x", "admin-token-for-tests-012345678", "admin-token-for-tests-0123456789 "):
        headers = connected.admin() | {"Authorization": f"Bearer {token}"}
        _problem(connected.crm("get_events", headers), 401, "unauthenticated")


def _one_time_claims(story: Story) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(story.widget()["X-Auth-Token"], options={"verify_signature": False})
    return claims


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://other.amocrm.ru"},
        {"iss": "https://evil.com"},
        {"aud": "https://evil.com"},
        {"aud": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": None},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"account_id": 5},
        {"account_id": "x"},
        {"account_id": 2**80},
        {"client_uuid": "5f9c0a52-0000-0000-0000-000000000000"},
        {"client_uuid": 7},
        {"jti": None},
        {"jti": 7},
        {"jti": ""},
        {"jti": "x" * 201},
        {"jti": "x\0"},
    ],
)
@pytest.mark.vendor("one_time_token.claims", "one_time_token.audience")
def test_a_one_time_token_that_is_wrong_in_any_claim_is_refused(connected: Story, change: dict[str, Any]) -> None:
    _problem(connected.crm("get_lead", _changed_token(connected, change)), 401, "unauthenticated")


def _changed_token(story: Story, change: dict[str, Any]) -> dict[str, str]:
    claims = {name: value for name, value in (_one_time_claims(story) | change).items() if value is not None}
    token = jwt.encode(claims, story.secret, algorithm="HS256")
    return {"X-Auth-Token": token, "X-Lead-Id": str(story.lead_id)}


def test_a_one_time_tokens_identifier_may_be_short_or_long(connected: Story) -> None:
    answers = [connected.crm("get_lead", _changed_token(connected, {"jti": "x" * length})) for length in (1, 200)]
    assert [one.status for one in answers] == [200, 200]


def test_a_one_time_token_by_another_key_or_algorithm_is_refused(connected: Story) -> None:
    claims = _one_time_claims(connected)
    wrong = [
        jwt.encode(claims, "another-key-of-sufficient-length-000", algorithm="HS256"),
        jwt.encode(claims, connected.secret, algorithm="HS512"),
        jwt.encode(claims, "", algorithm="none"),
        "a.b.c",
        "x",
        "é",
    ]
    for token in wrong:
        headers = {"X-Auth-Token": token, "X-Lead-Id": str(connected.lead_id)}
        _problem(connected.crm("get_lead", headers), 401, "unauthenticated")


def test_a_one_time_token_expires_and_pays_for_one_write(connected: Story) -> None:
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    assert connected.crm("get_lead", headers).status == 200
    assert connected.crm("get_lead", headers).status == 200
    assert connected.crm("save_calculation", headers, calculation()).status == 200
    _problem(connected.crm("save_calculation", headers, calculation()), 401, "unauthenticated")
    connected.clock.advance(minutes=31)
    _problem(connected.crm("get_lead", headers), 401, "unauthenticated")


@pytest.mark.parametrize(
    "change",
    [{"aud": "x"}, {"exp": 1}, {"account_domain": None}, {"widget_type": 3}, {"iat": 4_000_000_000}],
)
def test_an_application_token_that_is_wrong_is_refused(connected: Story, change: dict[str, Any]) -> None:
    _problem(connected.crm("get_leads", connected.application(**change)), 401, "unauthenticated")


def test_an_application_token_for_an_unknown_account_finds_nothing(connected: Story) -> None:
    answer = connected.crm("get_leads", connected.application(account_domain="other.amocrm.ru"))
    _problem(answer, 404, "unknown_connection")


@pytest.mark.vendor("oauth.rename")
def test_an_application_token_that_names_its_account_is_not_the_next_owners(connected: Story) -> None:
    """The company has renamed its account, and another one has taken the name: the app was told of theirs."""
    control, old = connected.simulator.control, connected.domain
    control("rename", domain=old, to=f"renamed{connected.account_id}")
    control("account", subdomain=old.partition(".")[0])
    theirs = urlsplit(control("consent", domain=old, client_id=connected.client_id)["location"]).query
    assert connected.callback(theirs).status == 200
    now = connected.row(old).account_id
    assert now != connected.account_id
    for account_id in (connected.account_id, str(connected.account_id), "", "x", True):
        answer = connected.crm("get_leads", connected.application(account_id=account_id))
        _problem(answer, 404, "unknown_connection")
    for named in (now, str(now), None):
        assert connected.crm("get_leads", connected.application(account_id=named)).status == 200


def test_deliveries_of_another_account_are_unknown(connected: Story) -> None:
    saved = json_of(
        connected.crm("save_calculation", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}, calculation())
    )
    assert connected.delivery(saved["delivery_id"])["state"] == "delivered"
    connected.crm("save_connection", connected.admin(), _connection("other.amocrm.ru"))
    headers = connected.admin("other.amocrm.ru")
    _problem(connected.crm("get_delivery", headers, query={"id": saved["delivery_id"]}), 404, "unknown_delivery")
    _problem(connected.crm("get_delivery", headers, query={"id": "x"}), 422, "invalid_input")


# --- which action -----------------------------------------------------------------------------------------------


def test_the_action_is_found_in_query_path_and_body(connected: Story) -> None:
    headers = Headers((connected.admin() | {"X-Lead-Id": str(connected.lead_id)}).items())
    in_path = Request("GET", "/crm_api/get_lead", (), headers)
    in_query = Request("GET", "/", (("action", "get_lead"),), headers)
    in_body = Request("POST", "/", (), headers, json.dumps({"action": "disconnect"}).encode())
    for request in (in_path, in_query, in_body):
        assert serve(handle, connected.runtime, request).status == 200
    for request in (Request("GET", "/"), Request("GET", "/nothing"), Request("POST", "/", (), Headers(), b"\xff")):
        answer = serve(handle, connected.runtime, request)
        assert "get_lead" in _problem(answer, 404, "unknown_action")["detail"]


def test_a_wrong_method_is_told(connected: Story) -> None:
    answer = connected.crm("get_lead", connected.admin(), {}, method="POST")
    _problem(answer, 405, "method_not_allowed")
    assert dict(answer.headers)["Allow"] == "GET, OPTIONS"


# --- CORS -------------------------------------------------------------------------------------------------------


def _preflight(story: Story, origin: str | None) -> Response:
    headers = {"Origin": origin} if origin else {}
    return serve(handle, story.runtime, Request("OPTIONS", "/", (), Headers(headers.items())))


def test_only_pages_of_accounts_and_configured_ones_may_call(connected: Story) -> None:
    for origin in (f"https://{connected.domain}", "https://site.example"):
        allowed = dict(_preflight(connected, origin).headers)
        assert allowed["Access-Control-Allow-Origin"] == origin
        assert "X-Auth-Token" in allowed["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in allowed
    foreign = ["https://other.example", f"http://{connected.domain}", f"https://{connected.domain}.evil.com", "null"]
    foreign += ["https://www.amocrm.ru", "https://a.b.amocrm.ru"]
    assert [_preflight(connected, origin).status for origin in (*foreign, None)] == [403] * 7


def test_a_card_opens_in_an_account_that_was_renamed(connected: Story) -> None:
    """Its pages have an address that nobody here has heard of: only what comes with its one-time token tells."""
    before = connected.domain
    connected.domain = connected.simulator.control("rename", domain=before, to=f"new{connected.account_id}")["domain"]
    origin, own = f"https://{connected.domain}", connected.widget()
    assert _preflight(connected, origin).status == 204
    opened = connected.crm("open_session", own | {"Origin": origin}, {"lead_id": connected.lead_id})
    assert (opened.status, dict(opened.headers)["Access-Control-Allow-Origin"]) == (201, origin)
    # Who may read is said by the answer: not the page of another account, nor of whoever has the old address next.
    for stranger in (f"https://{before}", "https://other.amocrm.ru"):
        told = connected.crm("open_session", connected.widget() | {"Origin": stranger}, {"lead_id": 1})
        assert "Access-Control-Allow-Origin" not in dict(told.headers)


def test_answers_and_problems_can_be_read_by_the_asking_page(connected: Story) -> None:
    origin = f"https://{connected.domain}"
    lead = {"X-Lead-Id": str(connected.lead_id), "Origin": origin}
    for headers in (connected.widget() | lead, lead):
        assert dict(connected.crm("get_lead", headers).headers)["Access-Control-Allow-Origin"] == origin
    other = connected.crm("get_lead", connected.widget() | lead | {"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in dict(other.headers)
    assert dict(other.headers)["Vary"] == "Origin"


def test_every_answer_has_the_security_headers(connected: Story) -> None:
    for answer in (connected.crm("get_lead", {}), connected.crm("connection_status", connected.admin())):
        headers = dict(answer.headers)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Request-Id"]


# --- connections ------------------------------------------------------------------------------------------------


def _connection(domain: str, **changed: Any) -> dict[str, Any]:
    client = {"client_id": "5f9c0a52-3f0e", "client_secret": "secret-secret"}
    return {"widget_type": "glass", "account_domain": domain, **client, **changed}


@pytest.mark.parametrize(
    "typed", ["https://Example.AmoCRM.ru/", "  example.amocrm.ru ", "http://example.amocrm.ru/x?y"]
)
def test_save_connection_cleans_the_address(tale: Story, typed: str) -> None:
    """Row A2."""
    saved = tale.crm("save_connection", tale.admin(), _connection(typed))
    assert saved.status == 201
    assert json_of(saved)["connection"]["account_domain"] == "example.amocrm.ru"


@pytest.mark.parametrize(
    "typed",
    [
        "evil.com",
        "a.amocrm.ru.evil.com",
        "127.0.0.1",
        "a.amocrm.ru:8080",
        "х.amocrm.ru",
        "u@a.amocrm.ru",
        "",
        "a b.amocrm.ru",
    ],
)
def test_save_connection_refuses_foreign_addresses(tale: Story, typed: str) -> None:
    problem = _problem(tale.crm("save_connection", tale.admin(), _connection(typed)), 422, "invalid_input")
    assert problem["errors"][0]["path"] == "account_domain"
    for action in ("connection_status", "get_events"):
        if typed:
            _problem(tale.crm(action, tale.admin(typed)), 422, "invalid_input")


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"client_secret": "короткий-но-не-ascii"}, "client_secret"),
        ({"client_id": "x"}, "client_id"),
        ({"widget_type": "Glass!"}, "widget_type"),
        ({"surprise": 1}, ""),
        ({"client_secret": None}, "client_secret"),
    ],
)
def test_save_connection_names_what_is_wrong(tale: Story, changed: dict[str, Any], path: str) -> None:
    body = _connection("example.amocrm.ru", **changed)
    problem = _problem(tale.crm("save_connection", tale.admin(), body), 422, "invalid_input")
    assert problem["errors"][0]["path"] == path


def test_a_changed_secret_keeps_the_connection_and_a_changed_client_ends_it(connected: Story) -> None:
    """Row E2."""
    connected.simulator.control(
        "change-integration", client_id=connected.client_id, secret="a-regenerated-secret-of-forty-characters"
    )
    connected.secret = "a-regenerated-secret-of-forty-characters"
    assert json_of(connected.save_connection())["connection"]["status"] == "connected"
    connected.clock.advance(hours=25)
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    assert connected.crm("get_lead", headers).status == 200  # refreshed with the new secret
    assert json_of(connected.save_connection(client_secret=None))["connection"]["status"] == "connected"
    ended = json_of(connected.save_connection(client_id="another-client"))["connection"]
    assert (ended["status"], ended["account_id"]) == ("pending", None)
    assert connected.row().access_token is None


def test_another_client_comes_with_its_own_secret(connected: Story) -> None:
    """30-K: the secret that is stored belongs to the client before; nothing ends for a pair that cannot work."""
    before = connected.row()
    answer = connected.save_connection(client_id="another-client", client_secret=None)
    assert _problem(answer, 422, "invalid_input")["errors"][0]["path"] == "client_secret"
    assert connected.row() == before


def test_between_two_clients_a_person_is_asked_for_and_nothing_fails_unforeseen(connected: Story) -> None:
    """30-K: the tokens are gone, and with them when they would have ended; what is written meanwhile waits."""
    lead = {"X-Lead-Id": str(connected.lead_id)}
    connected.save_connection(client_id="another-client")
    assert connected.row().access_is_alive is False
    _problem(connected.crm("get_lead", connected.application() | lead), 409, "reauth_required")
    written = connected.crm("save_calculation", connected.application() | lead, calculation())
    assert (written.status, json_of(written)["problem"]["code"]) == (202, "reauth_required")
    # A row that was changed by the code before this one.
    connected.sql("UPDATE amocrm_integrations SET access_expires_at = amocrm_now() + interval '1 year'")
    _problem(connected.crm("get_lead", connected.application() | lead), 409, "reauth_required")


def test_the_trouble_of_the_client_before_is_not_the_new_ones(connected: Story) -> None:
    """30-K."""
    connected.sql(
        "UPDATE amocrm_integrations SET problem_code = 'client_refused', problem_detail = amocrm_message('x'),"
        " problem_at = now()"
    )
    assert json_of(connected.save_connection(client_id="another-client"))["connection"]["problem"] is None


def test_a_statement_whose_answer_was_lost_is_not_denied(tale: Story) -> None:
    """30-K: what was stored by the first of two tries is told as stored."""
    row: dict[str, Any] = {"widget_type": "x", "account_domain": tale.domain, "client_id": "c", "client_secret": "s"}
    new_id = uuid4()
    for _ in range(2):
        more: dict[str, Any] = {"redirect_uri": "https://x.example/", "request_id": None}
        assert integrations.create(tale.runtime.database, tale.runtime.keyring, new_id, **row, **more)


def test_widget_types_of_one_account_are_connected_apart(connected: Story) -> None:
    """Row A3."""
    connected.widget_type = "clinic"
    made = connected.simulator.control("integration", redirect_uri=connected.row_redirect())
    connected.client_id, connected.secret = made["id"], made["secret"]
    connected.connect()
    shown = json_of(connected.crm("connection_status", {"Authorization": connected.admin()["Authorization"]}))
    assert [(c["widget_type"], c["status"]) for c in shown["connections"]] == [
        ("clinic", "connected"),
        ("glass", "connected"),
    ]


def test_connection_status_shows_no_secret(connected: Story) -> None:
    """Rows A9, B6, D5."""
    for headers in (connected.admin(), connected.widget(), connected.application()):
        answer = connected.crm("connection_status", headers)
        document = json_of(answer)
        assert document["connection"]["status"] == "connected"
        assert document["connection"]["token_expires_at"]
        assert document["redirect_uri"] == "https://functions.example/oauth_callback"
        assert document["widget_url"] == "https://functions.example/crm_api/widget/"
        assert connected.secret.encode() not in answer.body
    _problem(connected.crm("connection_status", connected.admin("other.amocrm.ru")), 404, "unknown_connection")


def test_the_list_of_connections_is_paged(tale: Story) -> None:
    for name in ("a1", "a2", "a3"):
        tale.crm("save_connection", tale.admin(), _connection(f"{name}.amocrm.ru"))
    anybody = {"Authorization": tale.admin()["Authorization"]}
    first = json_of(tale.crm("connection_status", anybody, query={"limit": "2"}))
    assert [c["account_domain"] for c in first["connections"]] == ["a1.amocrm.ru", "a2.amocrm.ru"]
    second = json_of(tale.crm("connection_status", anybody, query={"limit": "2", "after": first["next"]}))
    assert [c["account_domain"] for c in second["connections"]] == ["a3.amocrm.ru"]
    assert second["next"] is None
    _problem(tale.crm("connection_status", anybody, query={"after": "x"}), 422, "invalid_input")


def test_disconnect_forgets_the_tokens_and_may_be_repeated(connected: Story) -> None:
    for _ in range(2):
        answer = connected.crm("disconnect", connected.application(), {})
        assert json_of(answer)["connection"]["status"] == "disconnected"
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    _problem(connected.crm("get_lead", headers), 409, "reauth_required")
    assert connected.connect().status == "connected"


def test_an_application_hands_in_a_code(tale: Story) -> None:
    """Rows C1, D4."""
    tale.save_connection()
    query = dict(part.split("=") for part in tale.allow(None).split("&"))
    connected = tale.crm("exchange_code", tale.application(), {"code": query["code"], "referer": tale.domain})
    assert json_of(connected)["connection"]["status"] == "connected"
    again = tale.crm("exchange_code", tale.application(), {"code": query["code"]})
    assert json_of(again)["connection"]["status"] == "connected"
    assert tale.callback(urlencode(query)).status == 200
    assert len(tale.simulator.effects("token.issued")) == 1


def test_a_code_that_is_too_old_or_wrong_is_explained(tale: Story) -> None:
    """Row C1."""
    tale.save_connection()
    query = dict(part.split("=") for part in tale.allow(None).split("&"))
    tale.clock.advance(minutes=21)
    problem = _problem(tale.crm("exchange_code", tale.admin(), {"code": query["code"]}), 422, "code_refused")
    assert "20 minutes" in problem["detail"]
    _problem(tale.crm("exchange_code", tale.admin(), {"code": "made-up-code"}), 422, "code_refused")
    _problem(tale.crm("exchange_code", tale.admin(), {"code": "x"}), 422, "invalid_input")
    body = {"code": "made-up-code", "referer": "evil.com"}
    _problem(tale.crm("exchange_code", tale.admin(), body), 422, "invalid_input")


def test_the_event_log_is_paged_and_filtered(connected: Story) -> None:
    """Row A12."""
    first = json_of(connected.crm("get_events", connected.admin(), query={"limit": "1"}))
    assert [event["kind"] for event in first["events"]] == ["connection.authorised"]
    second = json_of(connected.crm("get_events", connected.admin(), query={"before": str(first["next"])}))
    assert [event["kind"] for event in second["events"]] == ["connection.saved"]
    assert second["events"][0]["account_domain"] == connected.domain
    assert json_of(connected.crm("get_events", connected.admin(), query={"level": "error"}))["events"] == []
    _problem(connected.crm("get_events", connected.admin(), query={"level": "x"}), 422, "invalid_input")


def test_a_search_looks_at_so_many_lines_and_says_where_it_goes_on(
    connected: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "LOOKED_AT", 10)
    connected.sql("INSERT INTO amocrm_events (kind, message) VALUES ('a.test', amocrm_message('the 100%_needle'))")
    hay = "SELECT 'a.test', amocrm_message('hay') FROM generate_series(1, 25)"
    connected.sql(f"INSERT INTO amocrm_events (kind, message) {hay}")

    def searched(query: dict[str, str]) -> tuple[int, int | None]:
        headers = {"Authorization": connected.admin()["Authorization"]}
        found = json_of(connected.crm("get_events", headers, query={"search": "100%_n"} | query))
        return len(found["events"]), found["next"]

    pages: list[int] = []
    following = None
    while not pages or following is not None:
        count, following = searched({"before": str(following)} if following is not None else {})
        pages.append(count)
    assert sum(pages) == 1
    assert pages[:3] == [0, 0, 1]  # the third ten lines hold it
    # Many on one page: it goes on where that page ends.
    count, following = searched({"search": "hay", "limit": "4"})
    assert count == 4
    assert searched({"search": "hay", "limit": "30", "before": str(following)})[0] == 10


# --- amoCRM's troubles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "status", "status": 402}, 402, "amocrm_unpaid"),
        ({"kind": "status", "status": 403}, 403, "amocrm_forbidden"),
        ({"kind": "html", "status": 404}, 404, "amocrm_account_not_found"),
        ({"kind": "status", "status": 429, "retry_after": 9}, 429, "rate_limited"),
        ({"kind": "status", "status": 500}, 503, "amocrm_unavailable"),
        ({"kind": "status", "status": 503}, 503, "amocrm_unavailable"),
        ({"kind": "status", "status": 502}, 504, "amocrm_timeout"),
        ({"kind": "status", "status": 504}, 504, "amocrm_timeout"),
        ({"kind": "html", "status": 200}, 502, "amocrm_unexpected_answer"),
        ({"kind": "html", "status": 302}, 404, "amocrm_account_not_found"),
        ({"kind": "html", "status": 503}, 503, "amocrm_unavailable"),
        ({"kind": "reset_before"}, 504, "amocrm_timeout"),
        ({"kind": "truncate"}, 504, "amocrm_timeout"),
    ],
)
@pytest.mark.vendor("http.payment")
def test_troubles_of_amocrm_keep_their_cause(connected: Story, fault: dict[str, Any], status: int, code: str) -> None:
    connected.simulator.fault(**fault, path="/api/v4/leads/.*")
    answer = connected.crm("get_lead", connected.widget() | {"X-Lead-Id": str(connected.lead_id)})
    problem = _problem(answer, status, code)
    if status in (429, 503, 504):
        assert int(dict(answer.headers)["Retry-After"]) == problem["retry_after"] > 0


@pytest.mark.vendor("http.too_many_requests")
def test_a_429_is_waited_out_while_there_is_time(connected: Story) -> None:
    """Row G2: it was refused unread, so the same call is sent again, also in the middle of a piece of work."""
    connected.simulator.fault("status", status=429, body="Too Many Requests", path="/api/v4/contacts", times=2)
    before = connected.clock.monotonic()
    answer = connected.crm("get_lead", connected.widget() | {"X-Lead-Id": str(connected.lead_id)})
    assert (answer.status, json_of(answer)["client"]["name"]) == (200, "Мария Лебедева")
    assert connected.clock.monotonic() - before >= 2


def test_a_429_holds_back_every_instance(connected: Story) -> None:
    connected.simulator.fault("status", status=429, retry_after=20, path="/api/v4/leads/.*")
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    _problem(connected.crm("get_lead", headers), 429, "rate_limited")
    connected.simulator.control("forget")
    problem = _problem(connected.crm("get_lead", headers), 429, "rate_limited")
    assert 15 <= problem["retry_after"] <= 20
    assert not connected.simulator.requests()
    connected.clock.advance(seconds=21)
    assert connected.crm("get_lead", connected.application() | headers).status == 200


@pytest.mark.vendor("http.limit")
def test_the_limit_of_amocrm_is_kept_by_waiting(connected: Story) -> None:
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    began = connected.clock.monotonic()
    assert [connected.crm("get_lead", headers).status for _ in range(6)] == [200] * 6
    assert {request["status"] for request in connected.simulator.requests()} == {200}
    assert connected.clock.monotonic() - began >= 1


# --- bad input --------------------------------------------------------------------------------------------------


def _save(story: Story, body: Any, **headers: str) -> Response:
    return story.crm("save_calculation", story.widget() | {"X-Lead-Id": str(story.lead_id)} | headers, body)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"nonsense"])
def test_a_body_that_is_not_json_is_told(connected: Story, body: bytes) -> None:
    answer = connected.crm("save_calculation", connected.widget(), body, method="POST")
    _problem(answer, 400, "invalid_json")


def test_a_character_that_postgresql_cannot_hold_is_told(connected: Story) -> None:
    """Found by fuzzing: it was a 500 where a text went into the database as it came."""
    link = {"widget_type": "glass", "name": "a\0b"}
    _problem(connected.crm("create_install_link", connected.admin(), link), 400, "null_character")
    in_query = connected.crm("get_events", connected.admin(), query={"search": "a\0"})
    _problem(in_query, 400, "null_character")
    in_header = connected.crm("get_events", connected.admin() | {"X-Widget-Type": "gl\0ss"})
    _problem(in_header, 400, "null_character")
    assert connected.callback("client_id=%00&code=x").status == 400
    written = {"widget_type": "glass", "name": r"no such character: \u0000"}
    assert connected.crm("create_install_link", connected.admin(), written).status == 201


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("application/json", rb'{"a": "x\u0000"}', rb'{"a": "x\ufffd"}'),
        ("", rb'{"a": "\\\u0000"}', rb'{"a": "\\\ufffd"}'),
        ("application/json", rb'{"a": "C:\\u0000"}', None),
        ("application/x-www-form-urlencoded", rb"a=\u0000", None),
        ("multipart/form-data; boundary=x", rb"\u0000", None),
    ],
)
def test_who_writes_of_that_character_has_not_sent_it(kind: str, body: bytes, shown: bytes | None) -> None:
    """A text about it in JSON, where its backslash is one more, and a form, which has other escapes, stay as they
    are."""
    request = Request("POST", "/", (), Headers([("Content-Type", kind)]), body)
    assert request.has_null_in_body is (shown is not None)
    assert request.with_nulls_shown().body == (shown or body)


@pytest.mark.parametrize("body", [b"[1]", b"null", b"7", b'"text"', b"[" * 100_000])
def test_a_body_that_is_not_an_object_is_told(connected: Story, body: bytes) -> None:
    problem = _problem(_save(connected, body), 422, "invalid_input")
    assert "object" in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"total": "18000.00"}, "calculation.total"),
        ({"total": None}, "calculation.total"),
        ({"totl": 1}, "calculation"),
        ({"items": []}, "calculation.items"),
        ({"items": [{"name": "x"}]}, "calculation.items[0]"),
        ({"currency": "rub"}, "calculation.currency"),
        ({"title": ""}, "calculation.title"),
        ({"discount": "-1"}, "calculation.discount"),
        ({"discount": "NaN"}, "calculation.discount"),
        ({"delivery": "1e400"}, "calculation.delivery"),
        ({"valid_until": "tomorrow"}, "calculation.valid_until"),
        ({"comment": "x" * 5000}, "calculation.comment"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(connected: Story, changed: dict[str, Any], path: str) -> None:
    problem = _problem(_save(connected, calculation(**changed)), 422, "invalid_input")
    assert problem["errors"][0]["path"] == path
    assert not connected.notes()
    assert connected.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


def test_a_total_that_does_not_add_up_is_told_the_sum(connected: Story) -> None:
    problem = _problem(_save(connected, calculation(total=1)), 422, "invalid_input")
    assert "17999.99" in problem["errors"][0]["detail"]


@pytest.mark.parametrize("options", [{"pdf": "upload"}, {"note": False}, {"pdf": "x"}])
def test_options_that_cannot_be_had_are_refused(connected: Story, options: dict[str, Any]) -> None:
    _problem(_save(connected, calculation() | {"options": options}), 422, "invalid_input")


def test_a_body_over_the_limit_is_refused(connected: Story) -> None:
    answer = connected.crm("save_calculation", connected.widget(), b" " * (MAX_BODY_BYTES + 1), method="POST")
    _problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("key", ["", "x" * 256, "body:x", "a\nb"])
def test_a_wrong_idempotency_key_is_refused(connected: Story, key: str) -> None:
    problem = _problem(_save(connected, calculation(), **{"Idempotency-Key": key}), 422, "invalid_input")
    assert problem["errors"][0]["path"] == "Idempotency-Key"


def test_a_long_answer_is_compressed_for_who_takes_it(connected: Story) -> None:
    plain = connected.crm("get_calculator_draft", connected.admin(), query={"level": "widget"})
    zipped = connected.crm(
        "get_calculator_draft", connected.admin() | {"Accept-Encoding": "br, gzip"}, query={"level": "widget"}
    )
    headers = dict(zipped.headers)
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Vary"] == "Origin, Accept-Encoding"
    assert gzip.decompress(zipped.body) == plain.body
    assert len(zipped.body) < len(plain.body) / 2
    assert "Content-Encoding" not in dict(plain.headers)
    short = connected.crm("get_administrator", connected.admin() | {"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in dict(short.headers)
