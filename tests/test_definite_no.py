"""30-B: only amoCRM's definite no ends a connection; what lasts is told to somebody, and comes to an end."""

import re
from urllib.parse import urlsplit

import pytest

from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from tests.story import Story, calculation, json_of

TOKEN_PATH = "/oauth2/access_token"


@pytest.fixture
def long_lived(tale: Story) -> Story:
    tale.save_connection()
    assert _save_token(tale) == 200
    return tale


def _save_token(story: Story) -> int:
    made = story.simulator.control("long-lived-token", domain=story.domain, client_id=story.client_id, days=300)
    return story.crm("save_token", story.admin(), {"token": made["token"]}).status


def _notices(story: Story) -> list[str]:
    keys = "SELECT idempotency_key FROM amocrm_deliveries WHERE action = 'notify' ORDER BY created_at"
    return [str(key).partition(":")[0] for (key,) in story.sql(keys)]


def _read(story: Story) -> int:
    headers = story.admin() | {"X-Lead-Id": str(story.lead_id)}
    return story.crm("get_lead", headers).status


# --- B1 -------------------------------------------------------------------------------------------------------------


@pytest.mark.vendor("oauth.switch_off")
@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"status": 504}, {"kind": "html", "status": 404},
                                   {"kind": "html", "status": 401}, {"status": 402}, {"status": 403},
                                   {"kind": "reset_before"}])  # fmt: skip
def test_an_old_hook_ends_nothing_while_amocrm_does_not_say_so(connected: Story, fault: dict[str, object]) -> None:
    """30-B1: the signature never changes, so a stranger can send it while amoCRM has trouble."""
    hook = connected.simulator.control("switch-off", domain=connected.domain, client_id=connected.client_id)
    connected.connect()
    connected.simulator.fault(str(fault.get("kind", "status")), status=fault.get("status", 503), times=20)
    answer = connected.callback(hook["query"])
    assert (answer.status, dict(answer.headers)["Retry-After"]) == (503, "60")
    connected.simulator.control("no-faults")
    assert connected.row().status == "connected"
    assert _read(connected) == 200


def test_a_true_hook_that_met_trouble_is_found_out_by_the_next_refresh(connected: Story) -> None:
    hook = connected.simulator.control("switch-off", domain=connected.domain, client_id=connected.client_id)
    connected.simulator.fault("status", status=500, times=20)
    assert connected.callback(hook["query"]).status == 503
    connected.simulator.control("no-faults")
    connected.clock.advance(minutes=1)
    assert refresh_tokens(connected.runtime, 30)["due"] == 1
    assert connected.row().status == "reauth_required"


def test_a_hook_is_not_asked_about_without_end(connected: Story) -> None:
    hook = connected.simulator.control("switch-off", domain=connected.domain, client_id=connected.client_id)
    connected.connect()
    connected.clock.begin_minute()
    assert [connected.callback(hook["query"]).status for _ in range(7)] == [200] * 6 + [429]


# --- B2 -------------------------------------------------------------------------------------------------------------


@pytest.mark.vendor("http.not_found")
@pytest.mark.parametrize("status", [404, 401])
def test_a_page_does_not_end_a_long_lived_token(long_lived: Story, status: int) -> None:
    """30-B2: of maintenance, or of a proxy."""
    long_lived.simulator.fault("html", status=status, path="/api/v4/.*", times=3)
    assert _read(long_lived) in (404, 502)
    long_lived.simulator.control("no-faults")
    assert long_lived.row().status == "connected"
    assert _read(long_lived) == 200


@pytest.mark.vendor("http.not_found")
def test_a_page_with_401_does_not_end_a_connection(connected: Story) -> None:
    connected.simulator.fault("html", status=401, path="/api/v4/.*", times=6)
    assert _read(connected) == 502
    connected.simulator.control("no-faults")
    assert _read(connected) == 200


@pytest.mark.vendor("http.not_found")
@pytest.mark.parametrize("fault", [{"kind": "html", "status": 404}, {"kind": "html", "status": 401},
                                   {"kind": "status", "status": 401}])  # fmt: skip
def test_a_place_that_refuses_uses_up_no_token(connected: Story, fault: dict[str, object]) -> None:
    """31-4: the account itself takes the token, and lives where it did; each call was a refresh, and a 401 the end."""
    connected.simulator.fault(str(fault["kind"]), status=fault["status"], path="/api/v4/leads.*", times=20)
    assert [_read(connected) for _ in range(3)] == [404 if fault["status"] == 404 else 502] * 3
    assert connected.simulator.effects("token.refreshed") == []
    connected.simulator.control("no-faults")
    assert connected.row().status == "connected"
    assert _read(connected) == 200


@pytest.mark.vendor("http.unauthorized_place")
@pytest.mark.parametrize("account", [None, 500])
def test_a_place_that_refuses_ends_no_long_lived_token(long_lived: Story, account: int | None) -> None:
    """31-4, its brother; nor where the account cannot be asked at this moment whether it takes the token."""
    long_lived.simulator.fault("status", status=401, path="/api/v4/leads.*", times=20)
    if account is not None:
        long_lived.simulator.fault("status", status=account, path="/api/v4/account", times=20)
    assert _read(long_lived) == 502
    long_lived.simulator.control("no-faults")
    assert long_lived.row().status == "connected"
    assert _read(long_lived) == 200


@pytest.mark.vendor("rights.removed")
def test_whoever_connected_is_removed(connected: Story) -> None:
    """31-4: an administrator's tokens go on; anybody else's end, and a person is needed."""
    control, domain = connected.simulator.control, connected.domain
    (user,) = [one["id"] for one in control("show", domain=domain)["users"].values() if one["rights"]["is_admin"]]
    control("remove", domain=domain, user=user)
    assert _read(connected) == 200
    other = control("add", domain=domain, user={"name": "Новый директор", "is_admin": True})["user"]["id"]
    connected.connect()
    control("change-user", domain=domain, user=other, is_admin=False)
    control("remove", domain=domain, user=other)
    assert _read_twice(connected) == (503, 409)
    assert (connected.row().status, connected.row().problem_code) == ("reauth_required", "access_refused")


def _read_twice(story: Story) -> tuple[int, int]:
    """With a quarter of an hour between."""
    first = _read(story)
    story.clock.advance(minutes=16)
    return first, _read(story)


@pytest.mark.vendor("http.unauthorized_place")
@pytest.mark.parametrize("kind", ["connected", "long_lived"])
def test_a_moment_in_which_the_api_refuses_everybody_ends_no_connection(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Whoever called in it needed a new consent, or a new token, although theirs was as good as ever."""
    story: Story = request.getfixturevalue(kind)
    refreshed = len(story.simulator.effects("token.refreshed"))
    story.simulator.fault("status", status=401, path="/api/v4/.*", times=50)
    assert [_read(story) for _ in range(3)] == [503] * 3
    assert len(story.simulator.effects("token.refreshed")) - refreshed == (1 if kind == "connected" else 0)
    assert (story.row().status, story.row().problem_code) == ("connected", "access_refused")
    story.simulator.control("no-faults")
    assert _read(story) == 200
    assert (story.row().status, story.row().problem_code) == ("connected", None)
    story.simulator.fault("status", status=401, path="/api/v4/.*", times=50)
    assert _read_twice(story) == (503, 409)
    assert (story.row().status, story.row().problem_code) == ("reauth_required", "access_refused")


@pytest.mark.vendor("rights.removed")
def test_whoever_was_removed_is_told_of_where_the_account_is_called_once_a_day(notified: Story) -> None:
    """The refresh in between, which amoCRM does not refuse, took the doubt away: each day began with another one."""
    notified.simulator.fault("status", status=401, path="/api/v4/.*", times=100)
    assert _read(notified) == 503
    notified.clock.advance(hours=20)
    assert refresh_tokens(notified.runtime, 30)["refreshed"] == 1
    notified.clock.advance(hours=2)
    assert _read(notified) == 409
    assert _notices(notified) == ["reauth_required"]


@pytest.mark.vendor("oauth.rename_by_access_token")
@pytest.mark.parametrize("status", [302, 401, 403, 500])
def test_a_dead_long_lived_token_is_told_of_though_nobody_says_where_the_account_lives(
    notified: Story, status: int
) -> None:
    """A page in that place, for good, ended nothing, and nobody ever heard of it."""
    assert _save_token(notified) == 200
    notified.simulator.control("switch-off", domain=notified.domain, client_id=notified.client_id)
    notified.simulator.fault("html", status=status, path="/oauth2/account/subdomain", times=100)
    for _ in range(8):
        assert _read(notified) != 200
        notified.clock.advance(minutes=10)
    assert (notified.row().status, notified.row().problem_code) == ("connected", "access_refused")
    assert _notices(notified) == ["refresh_refused"]
    notified.simulator.control("no-faults")
    assert _read(notified) == 409


@pytest.mark.vendor("oauth.switch_off")
def test_the_hook_of_an_integration_that_was_switched_off_ends_a_long_lived_token_at_once(long_lived: Story) -> None:
    hook = long_lived.simulator.control("switch-off", domain=long_lived.domain, client_id=long_lived.client_id)
    assert json_of(long_lived.callback(hook["query"])) == {"disconnected": True}


def _renamed(story: Story, says: str, to: str | None = None) -> str:
    """`says`: a page with 404, the 401 of which amoCRM's documentation tells, a page with it, or a redirect."""
    if says != "404":
        kind = "status" if says == "401" else "html"
        story.simulator.fault(kind, status=int(says[:3]), host=re.escape(story.domain), times=100)
    to = to or f"renamed{story.account_id}"
    moved: str = story.simulator.control("rename", domain=story.domain, to=to)["domain"]
    return moved


@pytest.mark.vendor("oauth.rename_by_access_token", "http.no_account")
@pytest.mark.parametrize("says", ["404", "401", "401 page", "301", "302", "307", "308"])
def test_a_renamed_account_with_a_long_lived_token_is_found_again(long_lived: Story, says: str) -> None:
    moved = _renamed(long_lived, says)
    assert _read(long_lived) == 200
    assert long_lived.row(moved).status == "connected"
    assert "account.renamed" in long_lived.events()


@pytest.mark.vendor("hosts.redirect")
@pytest.mark.parametrize("first", ["call", "refresh"])
def test_an_account_whose_old_address_redirects_is_found_where_it_lives(connected: Story, first: str) -> None:
    """It was never looked for: calls failed, and the refresh was asked again and again, until its token ended."""
    moved = _renamed(connected, "301")
    if first == "refresh":
        connected.clock.advance(hours=20)
        assert refresh_tokens(connected.runtime, 30)["refreshed"] == 1
    else:
        assert _read(connected) == 200
    assert (connected.row(moved).status, connected.row(moved).problem_code) == ("connected", None)


@pytest.mark.vendor("hosts.redirect")
def test_a_long_lived_token_is_entered_for_an_address_of_before_kommo(tale: Story) -> None:
    name = f"antes{tale.account_id}"
    account = tale.simulator.control("account", subdomain=name, top_level_domain="kommo.com", fill=False)
    tale.domain = f"{name}.amocrm.com"
    tale.save_connection()
    tale.simulator.fault("html", status=301, host=r".*\.amocrm\.com", times=100)
    made = tale.simulator.control("long-lived-token", domain=account["domain"], client_id=tale.client_id, days=300)
    assert tale.crm("save_token", tale.admin(), {"token": made["token"]}).status == 200
    assert tale.row(f"{name}.kommo.com").status == "connected"


@pytest.mark.parametrize(("had", "has"), [("other_integration", None), ("token_ending", "token_ending")])
def test_who_has_given_way_and_is_found_again_has_no_problem_of_it_left(
    long_lived: Story, had: str, has: str | None
) -> None:
    """The panel went on telling it of a connection that works, until somebody entered another token."""
    long_lived.sql("UPDATE amocrm_integrations SET problem_code = %s, problem_at = amocrm_now()", had)
    moved = _renamed(long_lived, "404")
    assert _read(long_lived) == 200
    found = long_lived.sql("SELECT problem_code, problem_at IS NOT NULL FROM amocrm_integrations")
    assert (found, long_lived.row(moved).status) == ([(has, has is not None)], "connected")


def test_a_renamed_account_is_found_though_the_token_names_no_host(long_lived: Story) -> None:
    long_lived.sql("UPDATE amocrm_integrations SET api_domain = NULL")
    long_lived.simulator.control("rename", domain=long_lived.domain, to=f"renamed{long_lived.account_id}")
    assert _read(long_lived) == 200


@pytest.mark.parametrize(("says", "told"), [("404", 404), ("401", 503)])
def test_where_amocrm_does_not_tell_the_new_address_nothing_ends(long_lived: Story, says: str, told: int) -> None:
    _renamed(long_lived, says)
    long_lived.simulator.fault("status", status=500, path="/oauth2/account/subdomain")
    assert _read(long_lived) == told
    assert long_lived.row().status == "connected"
    assert _read(long_lived) == 200


@pytest.mark.parametrize(("says", "told"), [("404", 404), ("401", 503)])
def test_where_amocrm_names_an_address_that_is_no_accounts_nothing_ends(
    connected: Story, says: str, told: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the log was to say of it was text in no language: each call ended in an error that nobody foresaw."""
    _renamed(connected, says, to="support")
    assert _read(connected) == told
    assert (connected.row().status, "must be an amoCRM address" in capfd.readouterr().out) == ("connected", True)


@pytest.mark.vendor("oauth.checks_host", "oauth.rename")
@pytest.mark.parametrize("checks_host", [True, False])
def test_a_renamed_account_whose_name_somebody_else_has_taken_is_found_again(
    connected: Story, checks_host: bool
) -> None:
    """Its grant may be good at the other's address, too; the tokens that it gives there open nothing there."""
    connected.simulator.control("vendor", checks_host=checks_host)
    moved = _renamed(connected, "404")
    connected.simulator.control("account", subdomain=connected.domain.partition(".")[0])
    assert _read(connected) == 200
    assert connected.row(moved).status == "connected"


@pytest.mark.vendor("oauth.rename")
@pytest.mark.parametrize("first", ["call", "refresh", "consent"])
def test_a_renamed_account_that_somebody_has_entered_anew_goes_on_as_it_was(connected: Story, first: str) -> None:
    """Before its renaming was heard of here: a connection for the new address, which it kept from the old one."""
    known, old = connected.row(), connected.domain
    secret = "entered-with-the-new-address-" * 2
    connected.simulator.control("change-integration", client_id=connected.client_id, secret=secret)
    connected.domain = f"renamed{connected.account_id}.amocrm.ru"
    connected.secret, before = secret, connected.secret
    connected.save_connection()
    connected.simulator.control("rename", domain=old, to=f"renamed{connected.account_id}")
    if first == "consent":
        assert connected.callback(connected.allow(connected.begin_consent())).status == 200
    else:
        connected.simulator.control("change-integration", client_id=connected.client_id, secret=before)
        connected.clock.advance(hours=20)
        headers = connected.admin() | {"X-Account-Domain": old, "X-Lead-Id": str(connected.lead_id)}
        assert refresh_tokens(connected.runtime, 30) if first == "refresh" else connected.crm("get_lead", headers)
    now = connected.row()
    assert (now.id, now.status, now.account_id) == (known.id, "connected", known.account_id)
    assert _read(connected) == 200
    connected.clock.advance(hours=25)
    assert _read(connected) == 200
    others = "SELECT status, problem_code FROM amocrm_integrations WHERE id <> %s"
    assert connected.sql(others, known.id) == [("disconnected", "other_integration")]
    assert connected.events().count("connection.address_taken") == 1


@pytest.mark.vendor("oauth.rename")
def test_a_renamed_account_with_another_connection_at_its_new_address_is_told_of(connected: Story) -> None:
    """Two clients, one account: the older one answered 404 for ever, and nothing said why."""
    known, old = connected.row(), connected.domain
    connected.domain = connected.simulator.control("rename", domain=old, to=f"renamed{known.account_id}")["domain"]
    made = connected.simulator.control("integration", redirect_uri=connected.row_redirect(), name="Другая")
    connected.client_id, connected.secret = made["id"], made["secret"]
    connected.connect()
    connected.domain = old
    for _ in range(3):
        assert _read(connected) == 404
    assert connected.events().count("connection.address_taken") == 1
    assert (connected.row().id, connected.row().problem_code) == (known.id, "other_integration")
    ended = {"Authorization": connected.admin()["Authorization"], "X-Account-Domain": old, "X-Widget-Type": "glass"}
    assert json_of(connected.crm("connection_status", ended))["connection"]["problem"]["code"] == "other_integration"


@pytest.mark.vendor("oauth.rename")
def test_two_accounts_that_have_changed_their_names_are_both_found(connected: Story) -> None:
    control, one = connected.simulator.control, connected.domain
    other = control("account", subdomain=f"other{connected.account_id}", fill=False)["domain"]
    query = urlsplit(control("consent", domain=other, client_id=connected.client_id)["location"]).query
    assert connected.callback(query).status == 200
    ids = (connected.row(one).id, connected.row(other).id)
    names = [domain.partition(".")[0] for domain in (one, other)]
    for domain, to in ((one, f"for-now{connected.account_id}"), (other, names[0]), (None, names[1])):
        control("rename", domain=domain or f"for-now{connected.account_id}.amocrm.ru", to=to)
    connected.clock.advance(hours=20)
    for _ in range(2):
        refresh_tokens(connected.runtime, 30)
        connected.clock.advance(minutes=1)
    assert (connected.row(other).id, connected.row(one).id) == ids
    connected.domain = other
    assert _read(connected) == 200
    assert connected.events().count("connection.address_taken") == 1


def test_a_renamed_account_that_cannot_be_looked_for_now_is_told_as_gone_from_there(connected: Story) -> None:
    """That the look-up failed helps nobody who asks; the next call finds it."""
    _renamed(connected, "404")
    connected.simulator.fault("status", status=500, path=".*subdomain")
    assert _read(connected) == 404
    assert _read(connected) == 200


def test_a_long_lived_token_that_is_dead_everywhere_needs_a_person(long_lived: Story) -> None:
    long_lived.simulator.control("switch-off", domain=long_lived.domain, client_id=long_lived.client_id)
    assert _read_twice(long_lived) == (503, 409)
    assert (long_lived.row().status, long_lived.row().problem_code) == ("reauth_required", "access_refused")


@pytest.mark.vendor("oauth.rename_by_access_token")
@pytest.mark.parametrize("says", ["404", "401"])
def test_a_long_lived_token_is_entered_again_after_a_rename(long_lived: Story, says: str) -> None:
    made = long_lived.simulator.control(
        "long-lived-token", domain=long_lived.domain, client_id=long_lived.client_id, days=300
    )
    moved = _renamed(long_lived, says)
    assert long_lived.crm("save_token", long_lived.admin(), {"token": made["token"]}).status == 200
    assert long_lived.row(moved).account_id == long_lived.account_id


@pytest.mark.vendor("oauth.rename")
@pytest.mark.parametrize("fault", [{"kind": "status", "status": 502}, {"kind": "status", "status": 429},
                                   {"kind": "reset_before"}, {"kind": "truncate"}, {"kind": "html", "status": 403},
                                   {"kind": "html", "status": 401}, {"kind": "html", "status": 302}])  # fmt: skip
def test_a_renamed_account_whose_new_address_cannot_be_had_now_stays_connected(
    connected: Story, fault: dict[str, object]
) -> None:
    """30-K: the old address calls the token revoked; that is no answer while nobody can say where the account lives."""
    renamed = f"renamed{connected.account_id}"
    moved = connected.simulator.control("rename", domain=connected.domain, to=renamed)["domain"]
    connected.clock.advance(hours=25)
    revoked = '{"hint": "Token has been revoked", "title": "Некорректный запрос", "status": 400, "detail": "x"}'
    connected.simulator.fault("status", path=TOKEN_PATH, status=400, body=revoked)
    connected.simulator.fault(str(fault.pop("kind")), path=".*subdomain", times=9, **fault)
    refresh_tokens(connected.runtime, 30)
    row = connected.row()
    assert (row.status, row.problem_code) == ("connected", "refresh_failed")
    connected.simulator.control("no-faults")
    connected.clock.advance(minutes=20)
    assert refresh_tokens(connected.runtime, 30)["refreshed"] == 1
    assert connected.row(moved).status == "connected"


# --- B3 -------------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "status", "code", "hours"),
    [("html", 404, "account_not_found", 6), ("status", 504, "refresh_outcome_unknown", 2)],
)
def test_trouble_that_lasts_is_told_to_somebody_once(
    notified: Story, kind: str, status: int, code: str, hours: int
) -> None:
    """30-B3: since when it lasts is counted from its beginning, whatever it is called in between."""
    notified.clock.advance(hours=25)
    for step in range(hours * 3 + 1):
        assert _notices(notified) == [], step
        now = ("status", 500) if step % 2 else (kind, status)
        notified.simulator.fault(now[0], path=TOKEN_PATH, status=now[1])
        refresh_tokens(notified.runtime, 30)
        notified.clock.advance(minutes=20)
    for _ in range(2):
        notified.simulator.fault(kind, path=TOKEN_PATH, status=status)
        refresh_tokens(notified.runtime, 30)
        notified.clock.advance(minutes=20)
    row = notified.row()
    assert (row.status, row.problem_code) == ("connected", code)
    assert _notices(notified) == ["refresh_refused"]


def test_a_refresh_that_never_succeeds_ends_with_its_token(notified: Story) -> None:
    notified.clock.advance(days=93)
    notified.simulator.fault("status", path=TOKEN_PATH, status=503, times=5)
    refresh_tokens(notified.runtime, 30)
    assert (notified.row().status, notified.row().problem_code) == ("reauth_required", "token_revoked")
    assert _notices(notified) == ["reauth_required"]
    assert json_of(notified.crm("connection_status", notified.admin()))["connection"]["status"] == "reauth_required"


@pytest.mark.vendor("http.not_found")
def test_a_page_with_404_at_one_method_uses_up_no_token(connected: Story) -> None:
    """Nobody can be asked where the account lives: each call at which the page stood was a refresh."""
    connected.sql("UPDATE amocrm_integrations SET api_domain = NULL")
    connected.simulator.fault("html", status=404, path="/api/v4/leads/.*", times=100)
    assert [_read(connected) for _ in range(3)] == [404, 404, 404]
    assert "token.refreshed" not in connected.events()


def test_a_page_with_404_buries_no_delivery(connected: Story) -> None:
    """Only the API's own 404 says that the deal is gone; a page is a proxy's, or of maintenance: it is tried again."""
    connected.simulator.fault("html", path="/api/v4/leads/.*", status=404, times=100)
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    assert connected.crm("save_calculation", headers, calculation()).status == 202
    connected.simulator.control("no-faults")
    connected.clock.advance(hours=1)
    assert run_deliveries(connected.runtime, 20)["delivered"] == 1
