"""30-A1, row R1: whoever knows what is public (keys, hosts, ids, old signatures) changes no connected account."""

import itertools
import json
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from functions.crm_api.handler import handle as crm_api
from functions.oauth_callback import handler
from functions.oauth_callback.handler import handle as oauth_callback
from functions.refresh_tokens.run import run as refresh_tokens
from shared.connections import client_resolution, integrations
from shared.platform.http import Request, Response
from shared.platform.middleware import serve
from shared.storage.database import DatabaseUnavailableError
from tests.story import REDIRECT_URI, Story, json_of

EVIL = {"client_id": "evil-client", "client_secret": "evil-secret"}


def _deliver(story: Story, state: str, **client: str) -> Response:
    body = {"client_id": story.client_id, "client_secret": story.secret, "state": state} | client
    return serve(oauth_callback, story.runtime, Request("POST", "/", body=json.dumps(body).encode()))


def _key(story: Story, widget_type: str = "glass") -> str:
    made = story.crm("create_install_link", story.admin(), {"widget_type": widget_type, "platform": "amocrm"})
    return str(json_of(made)["key"])


def _rows(story: Story) -> list[tuple[Any, ...]]:
    return story.sql("SELECT to_jsonb(i) FROM amocrm_integrations i WHERE status = 'connected' ORDER BY id")


def _consent(story: Story, domain: str, client_id: str, state: str | None = None) -> str:
    chosen = {"state": state} if state else {}
    made = story.simulator.control("consent", domain=domain, client_id=client_id, **chosen)
    return urlsplit(str(made["location"])).query


def test_a_public_key_and_a_junk_code_leave_a_connected_account_alone(connected: Story) -> None:
    key, before = _key(connected), _rows(connected)
    assert _deliver(connected, key, **EVIL).status == 200
    query = {"code": "junk", "referer": connected.domain, "state": key, "client_id": EVIL["client_id"]}
    assert connected.callback(urlencode(query)).status == 422
    assert _rows(connected) == before
    assert connected.crm("get_lead", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}).status == 200


def test_a_good_code_of_another_account_does_not_bring_its_client_into_this_one(connected: Story) -> None:
    """The stranger's integration and account are real; only the address that the request names is not theirs."""
    key, before = _key(connected), _rows(connected)
    theirs = connected.simulator.control("account", subdomain=f"their{secrets.token_hex(5)}", fill=False)
    made = connected.simulator.control("integration", redirect_uri=REDIRECT_URI, name="x")
    for checks_host in (True, False):
        connected.simulator.control("vendor", checks_host=checks_host)
        assert _deliver(connected, key, client_id=made["id"], client_secret=made["secret"]).status == 200
        query = _consent(connected, theirs["domain"], made["id"], key).replace(theirs["domain"], connected.domain)
        assert connected.callback(query).status == 422
    assert _rows(connected) == before


def test_the_accounts_own_administrator_may_change_its_client_by_the_button(connected: Story) -> None:
    """A good code, and the account itself says who it is: then client, secret and tokens change together."""
    made = connected.simulator.control("integration", redirect_uri=REDIRECT_URI, name="x")
    key, before = _key(connected), connected.row()
    assert _deliver(connected, key, client_id=made["id"], client_secret=made["secret"]).status == 200
    assert connected.row() == before
    assert connected.callback(_consent(connected, connected.domain, made["id"], key)).status == 200
    row = connected.row()
    assert (row.id, row.client_id, row.secret(connected.runtime.keyring)) == (before.id, made["id"], made["secret"])
    connected.client_id = made["id"]
    assert connected.crm("get_lead", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}).status == 200


def test_the_first_secret_of_a_client_counts(tale: Story) -> None:
    """Whoever knows the key and the client's id cannot put another secret in its place."""
    key = _key(tale)
    assert _deliver(tale, key).status == 200
    assert _deliver(tale, key, client_secret="another").status == 200
    assert tale.callback(_consent(tale, tale.domain, tale.client_id, key)).status == 200
    assert tale.row().secret(tale.runtime.keyring) == tale.secret


@pytest.mark.vendor("oauth.refusals")
def test_junk_under_a_public_key_does_not_break_a_code_that_names_no_client(tale: Story) -> None:
    key = _key(tale)
    for number in range(6):
        assert _deliver(tale, key, client_id=f"junk-{number}", client_secret="x").status == 200
        tale.clock.advance(seconds=1)
    assert _deliver(tale, key).status == 200
    tale.clock.advance(seconds=1)
    for number in range(2):
        assert _deliver(tale, key, client_id=f"later-{number}", client_secret="x").status == 200
        tale.clock.advance(seconds=1)
    query = [one for one in parse_qsl(_consent(tale, tale.domain, tale.client_id, key)) if one[0] != "client_id"]
    assert tale.callback(urlencode(query)).status == 200
    assert tale.row().client_id == tale.client_id


def test_a_failed_button_leaves_what_waited_as_it_was_and_no_row_behind(tale: Story) -> None:
    key = _key(tale)
    assert _deliver(tale, key, **EVIL).status == 200
    query = {"code": "junk", "referer": tale.domain, "state": key, "client_id": EVIL["client_id"]}
    assert tale.callback(urlencode(query)).status == 422
    assert tale.sql("SELECT count(*) FROM amocrm_integrations") == [(0,)]


def test_a_stranger_does_not_change_what_is_said_of_a_connection_that_needs_a_person(connected: Story) -> None:
    connected.sql(
        "UPDATE amocrm_integrations SET status = 'reauth_required', problem_code = 'token_revoked', problem_at = now()"
    )
    query = {"code": "junk", "referer": connected.domain, "client_id": connected.client_id}
    assert connected.callback(urlencode(query)).status == 422
    assert connected.row().problem_code == "token_revoked"


@pytest.mark.vendor("oauth.checks_host")
@pytest.mark.parametrize("status", [402, 403, 500])
def test_an_account_takes_nobody_elses_address_where_that_cannot_be_read(connected: Story, status: int) -> None:
    """30-K: code and client are real; the address is a stranger's, and does not say who lives there."""
    strangers = connected.simulator.control("account", subdomain=f"their{secrets.token_hex(5)}", fill=False)["domain"]
    connected.simulator.control("vendor", checks_host=False)
    connected.simulator.fault("status", host=strangers, path="/api/v4/account", status=status, times=9)
    query = _consent(connected, connected.domain, connected.client_id).replace(connected.domain, strangers)
    assert connected.callback(query).status == 502
    assert connected.sql("SELECT account_domain FROM amocrm_integrations") == [(connected.domain,)]


@pytest.mark.vendor("oauth.checks_host")
def test_an_address_that_takes_anybodys_token_is_nobody_elses(connected: Story) -> None:
    """Code, client and account are a stranger's own; the address is one of ours, whose API answers for the token."""
    control, before = connected.simulator.control, _rows(connected)
    theirs = control("account", subdomain=f"their{secrets.token_hex(5)}", fill=False)
    control("vendor", checks_host=False)
    shown = json.dumps({"id": theirs["id"], "subdomain": theirs["domain"].partition(".")[0], "country": "RU"})
    connected.simulator.fault("status", status=200, body=shown, host=connected.domain, path="/api/v4/account", times=9)
    query = _consent(connected, theirs["domain"], connected.client_id).replace(theirs["domain"], connected.domain)
    assert connected.callback(query).status == 422
    assert _rows(connected) == before


@pytest.mark.parametrize("way", ["from inside amoCRM", "by its link"])
@pytest.mark.parametrize("old", ["goes on", "has ended"])
def test_a_company_that_begins_anew_under_its_old_name_is_connected(connected: Story, old: str, way: str) -> None:
    """Its old account has another name by now, which nobody has heard of here, or can: its tokens are dead."""
    known, moved = connected.row(), f"old{connected.account_id}.amocrm.ru"
    if old == "has ended":
        connected.simulator.control("kill-tokens", refresh=True)
    connected.simulator.control("rename", domain=connected.domain, to=moved.partition(".")[0])
    new = connected.simulator.control("account", subdomain=connected.domain.partition(".")[0], fill=False)
    state = None if way == "from inside amoCRM" else connected.begin_consent()
    assert connected.callback(_consent(connected, new["domain"], connected.client_id, state)).status == 200
    row = connected.row()
    assert (row.account_id, row.status, row.id != known.id) == (new["id"], "connected", True)
    connected.clock.advance(minutes=1)
    refresh_tokens(connected.runtime, 30)
    found = connected.sql("SELECT account_domain, status FROM amocrm_integrations WHERE id = %s", known.id)
    assert found == [
        (moved, "connected") if old == "goes on" else (f"unused-{str(known.id)[:8]}.amocrm.ru", "connected")
    ]


def test_two_first_installations_of_one_account_at_the_same_instant_are_one(
    connected: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30-B4: between the second one's look and its row, the first one is done."""
    other = connected.simulator.control("account", subdomain=f"twice{secrets.token_hex(5)}", fill=False)
    queries = [_consent(connected, other["domain"], connected.client_id) for _ in range(2)]
    create, pages = integrations.create, list[Response]()

    def slowly(*given: Any, **named: Any) -> bool:
        if len(queries) == 2:
            queries.pop()
            monkeypatch.setattr(integrations, "create", create)
            pages.append(connected.callback(second))
        return create(*given, **named)

    first, second = queries
    monkeypatch.setattr(integrations, "create", slowly)
    pages.append(connected.callback(first))
    assert [page.status for page in pages] == [200, 200]
    assert connected.row(other["domain"]).status == "connected"


def test_32_8_an_installation_goes_on_where_the_database_was_gone_between_its_row_and_its_tokens(
    connected: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = connected.simulator.control("account", subdomain=f"twice{secrets.token_hex(5)}", fill=False)
    create, made = integrations.create, list[bool]()

    def gone(*given: Any, **named: Any) -> bool:
        made.append(create(*given, **named))
        raise DatabaseUnavailableError

    monkeypatch.setattr(integrations, "create", gone)
    assert connected.callback(_consent(connected, other["domain"], connected.client_id)).status == 200
    assert (made, connected.row(other["domain"]).status) == ([True], "connected")


@pytest.mark.parametrize("saved_at", ["older", "newer"])
def test_an_installation_goes_by_the_secret_that_was_saved_last(connected: Story, saved_at: str) -> None:
    """30-K: amoCRM has made a new secret, and it was entered at one account of several that have the same client."""
    others = [
        connected.simulator.control("account", subdomain=f"a{secrets.token_hex(6)}", fill=False) for _ in range(2)
    ]
    second, new = (one["domain"] for one in others)
    connected.clock.advance(seconds=1)
    assert connected.callback(_consent(connected, second, connected.client_id)).status == 200
    connected.clock.advance(seconds=1)
    secret = "a-regenerated-secret-of-forty-characters"
    connected.simulator.control("change-integration", client_id=connected.client_id, secret=secret)
    domain = connected.domain if saved_at == "older" else second
    assert connected.save_connection(account_domain=domain, client_secret=secret).status == 200
    assert connected.callback(_consent(connected, new, connected.client_id)).status == 200
    # Later on, the refresh of the other account has been refused.
    connected.clock.advance(seconds=1)
    connected.sql(
        "UPDATE amocrm_integrations SET problem_code = 'client_refused', updated_at = amocrm_now() "
        "WHERE account_domain = %s",
        second if saved_at == "older" else connected.domain,
    )
    later = connected.simulator.control("account", subdomain=f"a{secrets.token_hex(6)}", fill=False)["domain"]
    assert connected.callback(_consent(connected, later, connected.client_id)).status == 200


@pytest.mark.parametrize("installs", ["a new account", "an account with the old secret"])
def test_a_secret_that_was_entered_after_a_refusal_serves_whoever_installs(connected: Story, installs: str) -> None:
    """30-K: a refusal was told of the old secret; and of those that others have, the one that is good is found."""
    second, new = (
        connected.simulator.control("account", subdomain=f"a{secrets.token_hex(6)}", fill=False)["domain"]
        for _ in range(2)
    )
    assert connected.callback(_consent(connected, second, connected.client_id)).status == 200
    secret = "a-regenerated-secret-of-forty-characters"
    connected.simulator.control("change-integration", client_id=connected.client_id, secret=secret)
    connected.sql(
        "UPDATE amocrm_integrations SET problem_code = 'client_refused', problem_at = now() WHERE account_domain = %s",
        connected.domain,
    )
    assert connected.save_connection(account_domain=connected.domain, client_secret=secret).status == 200
    assert connected.row().problem_code is None
    connected.clock.advance(seconds=1)
    connected.sql("UPDATE amocrm_integrations SET updated_at = amocrm_now() WHERE account_domain = %s", second)
    domain = new if installs == "a new account" else second
    assert connected.callback(_consent(connected, domain, connected.client_id)).status == 200
    connected.clock.advance(hours=25)
    row = connected.row(domain)
    claimed = connected.runtime.rotation.claim(row)
    assert claimed is not None
    assert connected.runtime.rotation.run(claimed).token_version == row.token_version + 1


def test_a_client_that_was_changed_during_the_exchange_gets_no_foreign_tokens(
    tale: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    tale.save_connection()
    query = tale.allow(tale.begin_consent())
    found = client_resolution.row_for

    def meanwhile(*given: Any) -> Any:
        target = found(*given)
        tale.save_connection(client_id="another-client", client_secret="another-secret")
        return target

    monkeypatch.setattr("shared.connections.authorization.row_for", meanwhile)
    assert tale.callback(query).status == 422
    row = tale.row()
    assert (row.client_id, row.status, row.access_token) == ("another-client", "pending", None)


def _as(address: str, query: str = "", body: object = None) -> Request:
    pairs = tuple(parse_qsl(query))
    return Request("POST" if body else "GET", "/", pairs, body=json.dumps(body or {}).encode(), address=address)


@pytest.mark.long
def test_codes_and_secrets_are_throttled_by_address_by_client_and_by_link(connected: Story) -> None:
    key = _key(connected)
    seen: dict[str, list[int]] = {"address": [], "client": [], "link": [], "secrets": []}
    connected.clock.begin_minute()
    for number in range(handler._PER_OWNER + 1):
        code = {"code": f"junk{number}", "referer": connected.domain}
        of_client = urlencode(code | {"client_id": connected.client_id})
        requests = {
            "address": _as("192.0.2.1", urlencode(code | {"client_id": "nobody"})),
            "client": _as(f"198.51.100.{number}", of_client),
            "secrets": _as(f"203.0.113.{number}", body={"client_id": f"c{number}", "client_secret": "s", "state": key}),
            "link": _as(f"198.18.0.{number}", urlencode(code | {"client_id": "c0", "state": key})),
        }
        for name, request in requests.items():
            seen[name].append(serve(oauth_callback, connected.runtime, request).status)
    assert seen["address"].count(429) == handler._PER_OWNER + 1 - handler._PER_ADDRESS
    for name in ("client", "link", "secrets"):
        assert [seen[name].count(429), seen[name][-1]] == [1, 429], name
    # A consent that we have begun comes to its end all the same.
    assert connected.callback(connected.allow(connected.begin_consent())).status == 200


def test_one_stranger_does_not_keep_amocrms_secrets_from_a_public_link(tale: Story) -> None:
    """30-K: the key stands in a page's source; amoCRM delivers from addresses of its own."""
    key = _key(tale)
    tale.clock.begin_minute()

    def status(address: str, client_id: str) -> int:
        body = {"client_id": client_id, "client_secret": tale.secret, "state": key}
        return serve(oauth_callback, tale.runtime, _as(address, body=body)).status

    junk = [status("192.0.2.1", f"junk-{number}") for number in range(handler._PER_OWNER + 5)]
    assert junk.count(429) == handler._PER_OWNER + 5 - handler._PER_ADDRESS
    assert status("198.51.100.1", tale.client_id) == 200


DEEP = b'{"x":' + b'{"x":' * 3000 + b"1" + b"}" * 3001
NO_UTF8 = b'{"client_id": "\xff\xfe", "client_secret": "s", "state": "\xff"}'


@pytest.mark.parametrize("body", [DEEP, b"[" * 3000, NO_UTF8], ids=["deep", "open", "no_utf8"])
@pytest.mark.parametrize("function", [oauth_callback, crm_api], ids=["oauth_callback", "crm_api"])
def test_bytes_of_strangers_are_no_error_of_ours(tale: Story, function: Any, body: bytes) -> None:
    """30-K: an error that nobody foresaw wakes somebody up."""
    answer = serve(function, tale.runtime, Request("POST", "/", body=body))
    assert 400 <= answer.status < 500, answer.body


def test_a_hook_with_an_endless_number_is_refused(tale: Story) -> None:
    """30-K."""
    for account_id in ("9" * 5000, "²", "-1", "0", ""):
        query = {"client_uuid": tale.client_id, "account_id": account_id, "signature": "0" * 64}
        assert tale.callback(urlencode(query)).status == 403


CODES = ("junk", "theirs", "")
STATES = ("key", "consent", "other_consent", "foreign", "state", "")
CLIENTS = ("evil", "theirs", "own", "waiting", "unknown", "")


@pytest.mark.parametrize("first", ["secrets", "codes"])
def test_no_request_without_a_good_code_changes_a_connected_row(connected: Story, first: str) -> None:
    """Every way in with everything that a stranger can know or make: the row stays, to the last column."""
    story = connected
    made = story.simulator.control("integration", redirect_uri=REDIRECT_URI, name="x")
    theirs = story.simulator.control("account", subdomain=f"t{secrets.token_hex(6)}", fill=False)
    story.save_connection(widget_type="clinic", client_id="waiting-client", client_secret="waiting-secret")
    waiting = json_of(story.crm("start_connection", story.admin(widget_type="clinic"), {}))["connect_url"]
    begun = story.callback(urlsplit(waiting).query)
    states = {
        "key": _key(story),
        "consent": story.begin_consent(),
        "other_consent": dict(parse_qsl(urlsplit(dict(begun.headers)["Location"]).query))["state"],
        "foreign": secrets.token_urlsafe(32),
        "state": "state",
        "": "",
    }
    clients = {
        "evil": ("evil-client", "evil-secret"),
        "theirs": (made["id"], made["secret"]),
        "own": (story.client_id, "another-secret"),
        "waiting": ("waiting-client", "waiting-secret"),
        "unknown": ("unknown", "x"),
        "": ("", ""),
    }

    def deliveries() -> Iterator[Request]:
        for state, (client_id, secret) in itertools.product(states.values(), clients.values()):
            yield _as("", body={"client_id": client_id, "client_secret": secret, "state": state})

    def visits() -> Iterator[Request]:
        for name, state, (client_id, _) in itertools.product(CODES, states.values(), clients.values()):
            code = dict(parse_qsl(_consent(story, theirs["domain"], made["id"])))["code"] if name == "theirs" else name
            query = {"code": code, "state": state, "client_id": client_id, "referer": story.domain}
            yield _as("", urlencode(query))
        for state, (client_id, _) in itertools.product(states.values(), clients.values()):
            yield _as("", urlencode({"error": "access_denied", "state": state, "referer": story.domain}))
            yield _as("", urlencode({"install": state}))
            yield _as("", urlencode({"connect": state}))
            hook = {"client_uuid": client_id, "account_id": story.account_id, "signature": "0" * 64}
            yield _as("", urlencode(hook))

    before = _rows(story)
    ways = (deliveries(), visits()) if first == "secrets" else (visits(), deliveries(), visits())
    statuses = set()
    for number, request in enumerate(itertools.chain(*ways)):
        if number % 25 == 0:
            story.clock.begin_minute()
        statuses.add(serve(oauth_callback, story.runtime, request).status)
        assert _rows(story) == before, request.query
    assert 429 not in statuses  # each of them was really tried
    assert max(statuses) < 500
