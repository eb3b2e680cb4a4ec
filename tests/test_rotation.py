"""Rows X1, A8, X7: the account is never lost by us, whatever happens to a refresh."""

import json
import threading
from typing import Any

import pytest

from functions.refresh_tokens.run import run as refresh_tokens
from shared.amocrm import oauth
from shared.connections import rotation as rotation_module
from shared.connections import statements
from shared.connections.api_session import Connections
from shared.connections.integrations import Integration
from shared.connections.rotation import LEASE, ReauthRequiredError, RefreshDelayedError
from shared.platform.http import Response
from shared.runtime import Runtime
from tests import servers
from tests.story import Story, json_of

TOKEN_PATH = "/oauth2/access_token"


def _read(story: Story) -> Response:
    return story.crm("get_lead", story.application() | {"X-Lead-Id": str(story.lead_id)})


def test_an_expired_token_is_refreshed_on_the_way(connected: Story) -> None:
    connected.clock.advance(hours=25)
    assert _read(connected).status == 200
    assert connected.row().token_version == 2
    assert len(connected.simulator.effects("token.refreshed")) == 1
    assert connected.events()[-2:] == ["token.refresh_claimed", "token.refreshed"]


def test_a_dead_token_that_should_live_is_refreshed_once(connected: Story) -> None:
    connected.simulator.control("kill-tokens", access=True)
    assert _read(connected).status == 200
    assert len(connected.simulator.effects("token.refreshed")) == 1


def test_a_token_refused_twice_needs_a_person(connected: Story) -> None:
    """The user who consented was removed: also the account itself is refused, and so it is a quarter of an hour
    later."""
    connected.simulator.fault("status", status=401, path="/api/v4/.*", times=100)
    assert json_of(_read(connected))["code"] == "access_refused"
    connected.clock.advance(minutes=16)
    assert json_of(_read(connected))["code"] == "reauth_required"
    assert connected.row().status == "reauth_required"
    assert len(connected.simulator.effects("token.refreshed")) == 2


def test_many_instances_meeting_one_expired_token_refresh_once(connected: Story) -> None:
    connected.clock.advance(hours=25)
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    connected.simulator.fault("delay", path=TOKEN_PATH, seconds=0.5)
    runtimes = [Runtime.build(connected.runtime.settings) for _ in range(12)]
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    for runtime in runtimes:  # the real clock sleeps, the database's is moved
        runtime.rotation.clock.__dict__.update(now=connected.clock.now)
    answers: list[int] = []

    def ask(runtime: Runtime) -> None:
        story = Story(**{**connected.__dict__, "runtime": runtime})
        answers.append(story.crm("get_lead", headers).status)

    threads = [threading.Thread(target=ask, args=(runtime,)) for runtime in runtimes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for runtime in runtimes:
        runtime.close()
    assert answers == [200] * 12
    assert len(connected.simulator.effects("token.refreshed")) == 1
    assert not connected.simulator.effects("grant.refused")


def test_the_old_token_serves_while_another_instance_refreshes(connected: Story) -> None:
    connected.clock.advance(hours=23, minutes=59, seconds=30)  # alive, but not for another minute
    claimed = connected.runtime.rotation.claim(connected.row())
    assert claimed is not None
    assert _read(connected).status == 200
    assert not connected.simulator.effects("token.refreshed")


def test_the_old_token_serves_while_amocrm_cannot_refresh(connected: Story) -> None:
    connected.clock.advance(hours=23, minutes=59, seconds=30)
    connected.simulator.fault("status", status=500, path=TOKEN_PATH)
    assert _read(connected).status == 200
    assert connected.row().problem_code == "refresh_failed"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("status", 500, "refresh_failed"), ("status", 429, "refresh_failed"), ("html", 403, "address_blocked")],
)
def test_a_failed_refresh_backs_off_for_everybody_and_is_tried_again(
    connected: Story, kind: str, status: int, code: str
) -> None:
    """Who waits is told why, as who has tried was."""
    connected.clock.advance(hours=25)
    connected.simulator.fault(kind, status=status, path=TOKEN_PATH, times=4)
    for _ in range(3):  # then the wait is longer than two reads take on a busy machine
        assert _read(connected).status == 503
        connected.clock.advance(seconds=60)
    first, second = _read(connected), _read(connected)
    assert (first.status, second.status) == (503, 503)
    tried, waits = json_of(first), json_of(second)
    assert (tried["code"], tried["detail"]) == (waits["code"], waits["detail"])
    assert waits["code"] == code
    assert int(dict(second.headers)["Retry-After"]) >= 1
    assert len(connected.simulator.requests(TOKEN_PATH)) == 0  # the fault took the four requests, none followed
    assert connected.row().refresh_failures == 4
    connected.clock.advance(seconds=60)
    assert _read(connected).status == 200
    assert connected.row().refresh_failures == 0


def test_a_refresh_comes_again_when_amocrm_says(connected: Story) -> None:
    connected.clock.advance(hours=25)
    told = {"title": "Too Many Requests", "status": 429, "retry_after": 300}
    connected.simulator.fault("status", status=429, path=TOKEN_PATH, body=json.dumps(told))
    assert int(dict(_read(connected).headers)["Retry-After"]) >= 300
    connected.simulator.control("forget")
    connected.clock.advance(seconds=290)
    assert _read(connected).status == 503
    assert not connected.simulator.requests()
    connected.clock.advance(seconds=80)
    assert _read(connected).status == 200


def test_the_backoff_grows_and_has_an_end(connected: Story) -> None:
    connected.clock.advance(hours=25)
    connected.simulator.fault("status", status=500, path=TOKEN_PATH, times=30)
    waits = []
    for _ in range(10):
        with pytest.raises(RefreshDelayedError) as raised:
            connected.runtime.connections.with_living_token(connected.row())
        waits.append(raised.value.retry_after)
        connected.clock.advance(seconds=raised.value.retry_after + 1)
    assert waits[0] < 7
    assert waits[3] > 4 * waits[0]
    assert max(waits) <= 900 * 1.2


@pytest.mark.parametrize("kind", ["reset_before", "truncate_lost", "status_504"])
def test_an_unprocessed_refresh_whose_answer_is_lost_goes_on_as_if_nothing_happened(
    connected: Story, kind: str
) -> None:
    connected.clock.advance(hours=25)
    faults: dict[str, dict[str, Any]] = {
        "reset_before": {"kind": "reset_before"},
        "truncate_lost": {"kind": "html", "status": 200},
        "status_504": {"kind": "status", "status": 504},
    }
    connected.simulator.fault(**faults[kind], path=TOKEN_PATH)
    assert _read(connected).status == 503
    assert connected.row().lease_id is not None
    assert connected.events()[-1] == "token.refresh_outcome_unknown"
    connected.clock.advance(seconds=60)
    assert _read(connected).status == 503  # the lease is alive: nobody asks again
    assert not connected.simulator.requests(TOKEN_PATH)
    connected.clock.advance(seconds=61)
    assert _read(connected).status == 200
    assert not connected.simulator.effects("grant.refused")


@pytest.mark.vendor("oauth.refresh_token")
def test_a_processed_refresh_whose_answer_is_lost_needs_a_person(connected: Story) -> None:
    """The one case that nobody can mend: amoCRM has used the token up, and its answer never came."""
    connected.clock.advance(hours=25)
    connected.simulator.fault("reset_after", path=TOKEN_PATH)
    assert _read(connected).status == 503
    connected.clock.advance(minutes=3)
    assert json_of(_read(connected))["code"] == "reauth_required"
    row = connected.row()
    assert (row.status, row.problem_code) == ("reauth_required", "token_revoked")
    assert "Token has been revoked" in repr(row.problem_detail)
    assert connected.events()[-1] == "connection.reauth_required"
    assert connected.connect().status == "connected"


def test_an_instance_that_dies_after_its_claim_is_succeeded_when_the_lease_ends(connected: Story) -> None:
    connected.clock.advance(hours=25)
    assert connected.runtime.rotation.claim(connected.row()) is not None  # and dies
    assert _read(connected).status == 503
    connected.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert _read(connected).status == 200


def test_a_late_owner_keeps_his_pair_even_when_another_was_told_revoked(connected: Story) -> None:
    """The pair for version N is its only successor: it wins over a lease and over a "revoked" that it caused."""
    connected.clock.advance(hours=25)
    rotation = connected.runtime.rotation
    late = rotation.claim(connected.row())
    assert late is not None
    pair = rotation._ask(late)
    connected.clock.advance(minutes=3)
    assert json_of(_read(connected))["code"] == "reauth_required"
    rotation.persist(late, pair)
    assert connected.row().status == "connected"
    assert _read(connected).status == 200


def test_a_late_owner_that_sends_too_late_goes_on_with_his_successors_pair(connected: Story) -> None:
    """Frozen between its claim and its call, while the lease ran out and another instance refreshed."""
    connected.clock.advance(hours=25)
    late = connected.runtime.rotation.claim(connected.row())
    assert late is not None
    connected.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert _read(connected).status == 200
    assert connected.runtime.rotation.run(late).token_version == 2
    assert connected.row().status == "connected"
    assert len(connected.simulator.effects("grant.refused")) == 1


def test_a_late_owner_does_not_overwrite_a_new_consent(connected: Story) -> None:
    connected.clock.advance(hours=25)
    rotation = connected.runtime.rotation
    late = rotation.claim(connected.row())
    assert late is not None
    pair = rotation._ask(late)
    connected.connect()
    version = connected.row().token_version
    rotation.persist(late, pair)
    assert connected.row().token_version == version
    assert _read(connected).status == 200


def test_a_disconnect_during_a_refresh_stays(connected: Story) -> None:
    claimed = connected.runtime.rotation.claim(connected.row())
    assert claimed is not None
    connected.crm("disconnect", connected.admin(), {})
    with pytest.raises(ReauthRequiredError):
        connected.runtime.rotation.run(claimed)
    assert connected.row().status == "disconnected"


def test_persisting_twice_is_the_same_as_once(connected: Story) -> None:
    """The statement may be repeated after a lost connection; its first run then has been carried out."""
    claimed = connected.runtime.rotation.claim(connected.row())
    assert claimed is not None
    pair = connected.runtime.rotation._ask(claimed)
    columns = rotation_module.token_columns(
        connected.runtime.keyring, claimed.id, pair, connected.runtime.rotation.ahead
    )
    parameters = columns | {"id": claimed.id, "version": claimed.token_version, "consent": None, "journaled": False}
    for _ in range(2):
        stored = connected.runtime.database.one(Integration, statements.PERSIST, parameters)
        assert stored is not None
        assert stored.token_version == claimed.token_version + 1


def test_the_database_is_away_while_the_answer_comes(connected: Story, postgres: Any) -> None:
    """The answer reached us: it is kept, however long PostgreSQL needs within the lease."""
    connected.clock.advance(hours=25)
    rotation = connected.runtime.rotation
    claimed = rotation.claim(connected.row())
    assert claimed is not None
    pair = rotation._ask(claimed)
    postgres.stop()
    naps: list[float] = []

    class Restarting:
        now, monotonic = connected.clock.now, connected.clock.monotonic

        def sleep(self, seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 3:
                postgres.start()
                servers.wait_for(connected.runtime.settings.database_url.reveal())

    patient = rotation_module.Rotation(
        rotation.database, rotation.keyring, rotation.transport, Restarting(), rotation.ahead
    )
    assert patient.persist(claimed, pair).token_version == 2
    assert len(naps) == 3
    assert _read(connected).status == 200


def test_a_wrong_secret_does_not_end_the_connection(connected: Story) -> None:
    """The refresh token is untouched: with the right secret the account goes on."""
    connected.simulator.control("change-integration", client_id=connected.client_id, secret="regenerated-elsewhere" * 2)
    connected.clock.advance(hours=25)
    assert json_of(_read(connected))["code"] == "client_refused"
    assert connected.row().status == "connected"
    connected.secret = "regenerated-elsewhere" * 2
    connected.save_connection()
    assert _read(connected).status == 200


@pytest.mark.vendor("oauth.rename")
def test_a_renamed_account_is_found_again(connected: Story) -> None:
    """Row X7."""
    new_name = f"renamed{connected.account_id}"
    connected.domain = connected.simulator.control("rename", domain=connected.domain, to=new_name)["domain"]
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    assert connected.crm("get_lead", headers).status == 200
    row = connected.row()
    assert (row.account_domain, row.status) == (f"{new_name}.amocrm.ru", "connected")
    assert "account.renamed" in connected.events()


def test_a_renamed_account_is_found_by_the_scheduled_refresh(connected: Story) -> None:
    new_name = f"renamed{connected.account_id}"
    connected.domain = connected.simulator.control("rename", domain=connected.domain, to=new_name)["domain"]
    connected.clock.advance(hours=20)
    assert refresh_tokens(connected.runtime, 30)["refreshed"] == 1
    assert _read(connected).status == 200


@pytest.mark.vendor("http.not_found")
def test_an_account_that_is_gone_backs_off(connected: Story) -> None:
    connected.simulator.control("kill-tokens", refresh=True)
    connected.simulator.control("rename", domain=connected.domain, to=f"gone{connected.account_id}")
    connected.clock.advance(hours=25)
    assert json_of(_read(connected))["code"] == "account_not_found"


def test_a_token_that_another_instance_has_replaced_meanwhile_is_taken_and_not_refreshed_again(
    connected: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third refresh would make the token dead that the other one has just stored."""
    run, rotation, times = Connections._run, connected.runtime.rotation, iter(range(9))

    def overtaken(session: Connections, *args: Any) -> Any:
        if next(times) == 2:  # between our refresh and the call with what it gave
            claimed = rotation.claim(connected.row())
            assert claimed is not None
            rotation.run(claimed)
        return run(session, *args)

    monkeypatch.setattr(Connections, "_run", overtaken)
    connected.simulator.control("kill-tokens", access=True)
    assert _read(connected).status == 200
    assert connected.row().token_version == 3


def test_a_forged_api_domain_receives_nothing() -> None:
    import base64

    for host in ("evil.com", "api-b.amocrm.ru.evil.com", "127.0.0.1", 7, None):
        claims = base64.urlsafe_b64encode(json.dumps({"account_id": 1, "api_domain": host}).encode()).decode()
        assert oauth.access_token_hints(f"x.{claims.rstrip('=')}.y") == oauth.AccessTokenHints(1, None)
    for account_id in (0, -1, "1", None):
        claims = base64.urlsafe_b64encode(json.dumps({"account_id": account_id}).encode()).decode()
        assert oauth.access_token_hints(f"x.{claims.rstrip('=')}.y").account_id is None
    for token in ("", "x", "x.y.z", "x.bnVsbA.y"):
        assert oauth.access_token_hints(token) == oauth.AccessTokenHints(None, None)


@pytest.mark.parametrize(("told", "account_id"), [(1, 1), (0, None), (-1, None), ("1", None), (None, None)])
def test_a_token_names_its_account_by_a_number_or_not_at_all(told: object, account_id: int | None) -> None:
    import base64

    claims = base64.urlsafe_b64encode(json.dumps({"account_id": told}).encode()).decode()
    assert oauth.access_token_hints(f"x.{claims}.y") == oauth.AccessTokenHints(account_id, None)


@pytest.mark.parametrize("told", [{}, {"expires_in": "86400"}, {"expires_in": 0}, {"expires_in": 10**13}])
def test_a_pair_is_kept_whatever_is_said_of_its_lifetime(connected: Story, told: dict[str, object]) -> None:
    """It is given once; OAuth only recommends to say how long it lives."""
    connected.clock.advance(hours=25)
    pair = {"token_type": "Bearer", "access_token": "a.b.c", "refresh_token": "def502"} | told
    connected.simulator.fault("status", status=200, path=TOKEN_PATH, body=json.dumps(pair))
    connected.runtime.connections.with_living_token(connected.row())
    row = connected.row()
    assert (row.status, row.token_version, row.access_is_fresh) == ("connected", 2, True)
    connected.clock.advance(hours=25)
    assert not connected.row().access_is_alive


# --- the schedule -----------------------------------------------------------------------------------------------


def _more_accounts(story: Story, count: int) -> list[dict[str, Any]]:
    made = story.simulator.control("accounts", count=count, client_id=story.client_id)["accounts"]
    for account in made:
        query = f"code={account['code']}&referer={account['domain']}&client_id={story.client_id}"
        assert story.callback(query).status == 200
        story.sql("DELETE FROM amocrm_throttle")  # nobody's own thirty a minute
    return list(made)


def test_the_schedule_refreshes_early_and_only_what_is_due(connected: Story) -> None:
    assert refresh_tokens(connected.runtime, 30)["due"] == 0
    connected.clock.advance(hours=14)  # 24 h, less 6 h to 9 h ahead: nothing before 15 h, everything after 18 h
    assert refresh_tokens(connected.runtime, 30)["due"] == 0
    connected.clock.advance(hours=4, minutes=1)
    figures = refresh_tokens(connected.runtime, 30)
    assert (figures["due"], figures["refreshed"], figures["failed"], figures["left"]) == (1, 1, {}, 0)
    assert refresh_tokens(connected.runtime, 30)["due"] == 0


def test_the_schedule_is_spread_by_jitter(connected: Story) -> None:
    _more_accounts(connected, 20)
    (spread,) = connected.sql("SELECT max(refresh_due_at) - min(refresh_due_at) FROM amocrm_integrations")[0]
    assert spread.total_seconds() > 1800


def test_one_bad_account_does_not_stop_the_others(connected: Story) -> None:
    accounts = _more_accounts(connected, 8)
    connected.clock.advance(hours=19)
    connected.simulator.fault("status", status=500, host=accounts[0]["domain"], path=TOKEN_PATH)
    connected.simulator.fault("reset_before", host=accounts[1]["domain"], path=TOKEN_PATH)
    connected.sql(
        "UPDATE amocrm_integrations SET refresh_token = 'broken' WHERE account_domain = %s", accounts[2]["domain"]
    )
    figures = refresh_tokens(connected.runtime, 30)
    assert figures["failed"] == {"refresh_failed": 1, "refresh_outcome_unknown": 1, "decryption_failed": 1}
    assert (figures["refreshed"], figures["left"], figures["skipped"]) == (6, 0, 3)


def test_several_instances_share_the_work(connected: Story) -> None:
    _more_accounts(connected, 30)
    connected.clock.advance(hours=19)
    runtimes = [Runtime.build(connected.runtime.settings) for _ in range(3)]
    figures: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda r=runtime: figures.append(refresh_tokens(r, 30))) for runtime in runtimes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for runtime in runtimes:
        runtime.close()
    assert sum(figure["refreshed"] for figure in figures) == 31
    assert len(connected.simulator.effects("token.refreshed")) == 31
    assert not connected.simulator.effects("grant.refused")


def test_the_schedule_stops_in_time_and_claims_nothing_in_vain(connected: Story) -> None:
    _more_accounts(connected, 20)
    connected.clock.advance(hours=19)
    connected.simulator.control("latency", seconds=1.5)  # longer than it may begin anything
    runtime = Runtime.build(connected.runtime.settings)
    figures = refresh_tokens(runtime, 1.2)
    runtime.close()
    assert (figures["is_done"], figures["left"]) == (False, 5)
    assert figures["due"] == figures["refreshed"] == 16  # one round of REFRESH_CONCURRENCY
    assert connected.sql("SELECT count(*) FROM amocrm_integrations WHERE lease_id IS NOT NULL") == [(0,)]
