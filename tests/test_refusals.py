"""The token endpoint's refusals, by their words: only a dead grant ends a connection (rows F5, X1)."""

import json
from typing import Any

import httpx
import pytest

from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm.oauth_errors import Meaning
from shared.platform.messages import english, say
from tests.story import REDIRECT_URI, Story, calculation, json_of

TOKEN_PATH = "/oauth2/access_token"

# status, hint, detail, what it means
REQUEST = "В запросе отсутствует ряд параметров или параметры невалидны"
TABLE: list[tuple[int, str | None, str, Meaning]] = [
    (401, None, "Client authentication failed", Meaning.CLIENT),
    (401, None, "Авторизация клиента не прошла", Meaning.CLIENT),
    (401, None, "Falló la autenticación del cliente", Meaning.CLIENT),
    (400, "Check the `client_id` parameter", REQUEST, Meaning.CLIENT),  # of an integration that is there no more
    (401, "Cannot decrypt the refresh token", REQUEST, Meaning.GRANT_DEAD),
    (401, "Token is not linked to client", REQUEST, Meaning.GRANT_DEAD),
    (401, "Token has expired", REQUEST, Meaning.GRANT_DEAD),
    (401, "Token has been revoked", REQUEST, Meaning.GRANT_DEAD),
    (400, "Token has been revoked", REQUEST, Meaning.GRANT_DEAD),  # newer: invalid_grant
    (400, "Cannot decrypt the authorization code", REQUEST, Meaning.GRANT_DEAD),
    (400, "Authorization code malformed", REQUEST, Meaning.GRANT_DEAD),
    (400, "Authorization code has expired", REQUEST, Meaning.GRANT_DEAD),
    (400, "Authorization code has been revoked", REQUEST, Meaning.GRANT_DEAD),
    (400, "Authorization code was not issued to this client", REQUEST, Meaning.GRANT_DEAD),
    (400, "Invalid redirect URI", REQUEST, Meaning.REDIRECT_URI),
    (400, "Check the `files` scope", "The requested scope is invalid, unknown, or malformed", Meaning.SCOPE),
    (400, "Check the `grant_type` parameter", REQUEST, Meaning.REQUEST),
    (400, "Check that all required parameters have been provided", "The authorization grant …", Meaning.REQUEST),
    (400, "Something that nobody has seen", REQUEST, Meaning.UNKNOWN),
    (400, None, "Некорректный запрос", Meaning.UNKNOWN),
]


def _notices(story: Story) -> int:
    ((count,),) = story.sql("SELECT count(*) FROM amocrm_deliveries WHERE action = 'notify'")
    return int(count)


@pytest.mark.vendor("oauth.refusals", "oauth.words")
@pytest.mark.parametrize(("status", "hint", "detail", "meaning"), TABLE)
def test_each_refusal_does_what_it_means(
    notified: Story, status: int, hint: str | None, detail: str, meaning: Meaning
) -> None:
    type_ = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
    problem = {"type": type_, "status": status, "detail": detail} | ({"hint": hint} if hint else {})
    notified.clock.advance(hours=23)
    notified.simulator.fault("status", path=TOKEN_PATH, status=status, body=json.dumps(problem))
    figures = refresh_tokens(notified.runtime, 30)
    row = notified.row()
    assert figures["failed"] == {("reauth_required" if meaning is Meaning.GRANT_DEAD else meaning.value): 1}
    if meaning is Meaning.GRANT_DEAD:
        assert (row.status, row.problem_code) == ("reauth_required", "token_revoked")
        return
    assert (row.status, row.problem_code) == ("connected", meaning.value)
    assert (hint or detail) in repr(row.problem_detail)
    assert _notices(notified) == (meaning not in (Meaning.REQUEST, Meaning.UNKNOWN))
    notified.clock.advance(minutes=1)
    assert refresh_tokens(notified.runtime, 30)["refreshed"] == 1
    assert notified.row().problem_code is None


@pytest.mark.vendor("oauth.words")
def test_an_account_that_is_not_paid_is_no_wrong_secret(notified: Story) -> None:
    """It may be refused in the same words. That is told, and it goes on by itself once it is paid."""
    type_ = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
    said = {"title": "Некорректный клиент", "type": type_, "status": 401, "detail": "Авторизация клиента не прошла"}
    notified.simulator.control("change-account", domain=notified.domain, paid=False)
    notified.simulator.fault("status", path=TOKEN_PATH, status=401, body=json.dumps(said), times=1000)
    for _ in range(4):
        notified.clock.advance(hours=20 * 24)
        refresh_tokens(notified.runtime, 30)
    row = notified.row()
    assert (row.status, row.problem_code) == ("connected", "client_refused")
    assert "not paid" in english(row.problem_detail or say(""))
    assert _notices(notified) == 1
    notified.simulator.control("change-account", domain=notified.domain, paid=True)
    notified.simulator.control("no-faults")
    notified.clock.advance(minutes=20)
    assert refresh_tokens(notified.runtime, 30)["refreshed"] == 1


@pytest.mark.vendor("oauth.refusals")
def test_a_scope_that_is_taken_away_and_given_back_ends_nothing(notified: Story) -> None:
    change = {"client_id": notified.client_id}
    notified.simulator.control("change-integration", **change, scopes=["crm"])
    for _ in range(4):
        notified.clock.advance(hours=24)
        refresh_tokens(notified.runtime, 30)
    row = notified.row()
    assert (row.status, row.problem_code, row.access_is_alive) == ("connected", "scope_refused", False)
    assert "Check the `files` scope" in repr(row.problem_detail)
    told = notified.crm("get_lead", notified.application() | {"X-Lead-Id": str(notified.lead_id)})
    assert (told.status, json_of(told)["code"]) == (503, "scope_refused")
    assert _notices(notified) == 1
    notified.simulator.control("change-integration", **change, scopes=["crm", "files", "files_delete", "notifications",
                                                                       "push_notifications"])  # fmt: skip
    notified.clock.advance(minutes=20)
    assert refresh_tokens(notified.runtime, 30)["refreshed"] == 1


def test_words_that_nobody_knows_ask_for_a_person_after_an_hour(notified: Story) -> None:
    body = json.dumps({"status": 400, "hint": "Something new"})
    notified.simulator.fault("status", path=TOKEN_PATH, status=400, body=body, times=100)
    notified.clock.advance(hours=23)
    since = None
    for minutes in (1, 20, 20, 25):
        assert _notices(notified) == 0
        refresh_tokens(notified.runtime, 30)
        since = since or notified.row().problem_at
        assert notified.row().problem_at == since
        notified.clock.advance(minutes=minutes)
    refresh_tokens(notified.runtime, 30)
    assert (_notices(notified), notified.row().status) == (1, "connected")


@pytest.mark.vendor("http.blocked_address")
def test_a_blocked_address_is_neither_waited_out_silently_nor_the_accounts_end(notified: Story) -> None:
    notified.simulator.fault("html", status=403, path=TOKEN_PATH, times=100)
    notified.clock.advance(hours=25)
    for _ in range(3):
        refresh_tokens(notified.runtime, 30)
        notified.clock.advance(minutes=10)
    row = notified.row()
    assert (row.status, row.problem_code) == ("connected", "address_blocked")
    assert "another region" in repr(row.problem_detail)
    assert _notices(notified) == 1


@pytest.mark.vendor("http.blocked_address")
def test_a_widget_is_told_of_a_blocked_address(connected: Story) -> None:
    connected.simulator.fault("html", status=403, path="/api/v4/leads/.*")
    told = connected.crm("get_lead", connected.application() | {"X-Lead-Id": str(connected.lead_id)})
    assert (told.status, json_of(told)["code"]) == (502, "amocrm_address_blocked")


def test_going_on_after_429_gets_the_address_blocked_and_nothing_is_lost(connected: Story) -> None:
    connected.simulator.control("limits", per_integration=0, block_after=3)
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    assert json_of(connected.crm("get_lead", headers))["code"] == "amocrm_address_blocked"
    connected.simulator.control("limits", per_integration=7)
    saved = connected.crm("save_calculation", headers, calculation())
    assert (saved.status, json_of(saved)["problem"]["code"]) == (202, "amocrm_address_blocked")
    for _ in range(3):
        connected.clock.advance(minutes=2)
        run_deliveries(connected.runtime, 20)
    assert len(connected.notes()) == 1


@pytest.mark.vendor("oauth.refresh_kills_access")
def test_a_token_that_another_instance_replaces_in_use_is_no_refusal(connected: Story) -> None:
    """Twice in a row: read, replaced elsewhere before the call arrives."""
    old = connected.row()
    replaced: list[int] = []
    run = connected.runtime.connections._run

    def overtaken(*arguments: Any) -> Any:
        if len(replaced) < 2:
            claimed = connected.runtime.rotation.claim(connected.row())
            assert claimed is not None
            replaced.append(connected.runtime.rotation.run(claimed).token_version)
        return run(*arguments)

    racing = type("Racing", (type(connected.runtime.connections),), {"_run": lambda _, *args: overtaken(*args)})
    account = racing(connected.runtime.rotation).call(old, lambda api: api.account())
    assert account["id"] == connected.account_id
    assert (replaced, connected.row().status) == ([2, 3], "connected")


@pytest.mark.vendor("oauth.form")
@pytest.mark.parametrize("kind", ["json", "data"])
def test_the_endpoint_takes_json_and_forms(tale: Story, kind: str) -> None:
    location = tale.simulator.control("consent", domain=tale.domain, client_id=tale.client_id)["location"]
    body: dict[str, str] = {
        "client_id": tale.client_id,
        "client_secret": tale.secret,
        "redirect_uri": REDIRECT_URI,
        "grant_type": "authorization_code",
        "code": httpx.URL(location).params["code"],
    }
    url, headers = f"{tale.simulator.url}{TOKEN_PATH}", {"Host": tale.domain}
    named: dict[str, Any] = {kind: body}
    assert httpx.post(url, headers=headers, trust_env=False, **named).status_code == 200


@pytest.mark.vendor("drive.scope")
def test_a_quotation_without_the_scope_files_is_left_out_and_says_so(tale: Story) -> None:
    tale.simulator.control("change-integration", client_id=tale.client_id, scopes=["crm"])
    tale.connect()
    body = calculation() | {"options": {"pdf": "render"}, "lead_id": tale.lead_id}
    saved = json_of(tale.crm("save_calculation", tale.widget() | {"X-Lead-Id": str(tale.lead_id)}, body))
    assert saved["state"] == "delivered"
    assert "access to files" in saved["results"]["pdf"]["skipped"]
    assert len(tale.notes()) == 1
    assert tale.row().status == "connected"
