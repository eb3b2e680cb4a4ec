"""Rows X6, X10, X11: long-lived tokens, notices, the spill, and the doctor."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result

from cli.commands import main
from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from shared.connections import rotation as rotation_module
from shared.connections import token_escrow, token_persistence
from shared.connections.token_journal import Position
from shared.deliveries import webhooks
from shared.deliveries.runner import MAX_ATTEMPTS
from shared.deliveries.webhooks import signature
from shared.platform import egress
from shared.platform.clock import SystemClock
from shared.platform.config import ConfigurationError, load
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError
from tests import documents, servers
from tests.listener import Webhook
from tests.story import Story, json_of

SECRET = "notice-secret-for-tests-0123"


# --- long-lived tokens ------------------------------------------------------------------------------------------


def _long_lived(story: Story, days: int = 365) -> str:
    made = story.simulator.control("long-lived-token", domain=story.domain, client_id=story.client_id, days=days)
    return str(made["token"])


def _read(story: Story) -> int:
    return story.crm("get_lead", story.admin() | {"X-Lead-Id": str(story.lead_id)}).status


@pytest.mark.vendor("oauth.long_lived")
def test_a_long_lived_token_connects_and_is_never_refreshed(tale: Story) -> None:
    """Row X6."""
    tale.save_connection()
    answer = json_of(tale.crm("save_token", tale.admin(), {"token": _long_lived(tale)}))
    assert answer["connection"]["status"] == "connected"
    assert tale.row().refresh_token is None
    assert tale.events()[-1] == "connection.token_saved"
    tale.clock.advance(days=300)
    assert _read(tale) == 200
    assert refresh_tokens(tale.runtime, 20)["due"] == 0


def test_the_end_of_a_long_lived_token_is_warned_of_once(tale: Story) -> None:
    tale.save_connection()
    tale.crm("save_token", tale.admin(), {"token": _long_lived(tale, days=60)})
    tale.clock.advance(days=45)
    assert refresh_tokens(tale.runtime, 20)["warned"] == 0
    tale.clock.advance(days=2)
    assert [refresh_tokens(tale.runtime, 20)["warned"] for _ in range(2)] == [1, 0]
    connection = json_of(tale.crm("connection_status", tale.admin()))["connection"]
    assert (connection["status"], connection["problem"]["code"]) == ("connected", "token_ending")
    tale.crm("save_token", tale.admin(), {"token": _long_lived(tale, days=5)})
    assert refresh_tokens(tale.runtime, 20)["warned"] == 1  # another token, another warning


def test_a_long_lived_token_that_has_ended_needs_a_person(tale: Story) -> None:
    tale.save_connection()
    tale.crm("save_token", tale.admin(), {"token": _long_lived(tale, days=30)})
    tale.clock.advance(days=31)
    assert _read(tale) == 409
    assert tale.row().status == "reauth_required"


def test_a_token_that_is_wrong_or_for_another_account_is_refused(connected: Story) -> None:
    other = connected.simulator.control("account", subdomain=f"{connected.domain.split('.')[0]}o")
    foreign = connected.simulator.control(
        "long-lived-token", domain=other["domain"], client_id=connected.client_id, days=9
    )
    before = connected.row()
    for token, code in (
        (foreign["token"], "other_account"),
        ("not-a-token-of-amocrm", "token_refused"),
        (_long_lived(connected, days=0), "token_refused"),
    ):
        answer = connected.crm("save_token", connected.admin(), {"token": token})
        assert (answer.status, json_of(answer)["code"]) == (422, code)
    assert connected.row() == before


def test_a_connection_without_an_account_does_not_become_that_of_another_ones_token(tale: Story) -> None:
    tale.save_connection()
    other = tale.simulator.control("account", subdomain=f"{tale.domain.split('.')[0]}o")["domain"]
    foreign = tale.simulator.control("long-lived-token", domain=other, client_id=tale.client_id, days=9)["token"]
    answer = tale.crm("save_token", tale.admin(), {"token": foreign})
    assert (answer.status, json_of(answer)["code"], tale.row().status) == (422, "token_refused", "pending")


@pytest.mark.vendor("oauth.checks_host")
def test_where_an_address_takes_anybodys_token_a_connection_does_not_become_another_accounts(tale: Story) -> None:
    """Who looks after many accounts pastes the token of the wrong one: its forms would have gone there."""
    tale.save_connection()
    other = tale.simulator.control("account", subdomain=f"{tale.domain.split('.')[0]}o")
    foreign = tale.simulator.control("long-lived-token", domain=other["domain"], client_id=tale.client_id, days=9)
    shown = json.dumps({"id": other["id"], "subdomain": other["domain"].partition(".")[0], "country": "RU"})
    tale.simulator.fault("status", status=200, body=shown, host=tale.domain, path="/api/v4/account", times=9)
    answer = tale.crm("save_token", tale.admin(), {"token": foreign["token"]})
    assert (answer.status, json_of(answer)["code"], tale.row().status) == (422, "other_account", "pending")
    assert other["domain"] in json_of(answer)["detail"]


# --- notices ----------------------------------------------------------------------------------------------------


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


@pytest.fixture
def heard(connected: Story, environment: dict[str, str], webhook: Webhook) -> Iterator[Story]:
    """A connected account whose notices are listened to."""
    settings = load(environment | {"NOTICE_WEBHOOK_URL": webhook.url, "NOTICE_SECRET": SECRET})
    runtime = Runtime.build(settings, connected.clock)
    yield Story(**{**connected.__dict__, "runtime": runtime})
    runtime.close()


def test_somebody_is_told_once_and_can_mend_it_with_one_click(heard: Story, webhook: Webhook) -> None:
    """Row X11."""
    heard.simulator.control("kill-tokens", access=True, refresh=True)
    assert [_read(heard) for _ in range(3)] == [409] * 3
    assert run_deliveries(heard.runtime, 20)["delivered"] == 1
    assert run_deliveries(heard.runtime, 20)["due"] == 0
    ((headers, body),) = webhook.taken
    assert headers["webhook-signature"] == signature(
        SECRET.encode(), headers["webhook-id"], int(headers["webhook-timestamp"]), body
    )
    document = json.loads(body)
    assert (document["event"], document["account_domain"]) == ("reauth_required", heard.domain)
    assert "revoked" in document["text"]
    assert documents.shape(document) == documents.shape(documents.example("operations.md", "reauth_required"))
    heard.clock.advance(days=13)
    redirected = heard.callback(document["connect_url"].partition("?")[2])
    assert redirected.status == 302
    state = dict(redirected.headers)["Location"].split("state=")[1].split("&")[0]
    assert heard.callback(heard.allow(state)).status == 200
    assert _read(heard) == 200


def test_a_webhook_that_fails_is_tried_again(heard: Story, webhook: Webhook) -> None:
    webhook.statuses = [500, 300, 302]
    heard.simulator.control("kill-tokens", access=True, refresh=True)
    _read(heard)
    for _ in range(3):
        assert run_deliveries(heard.runtime, 20)["failed"] == {"deferred": 1}
        heard.clock.advance(minutes=3)
    assert run_deliveries(heard.runtime, 20)["delivered"] == 1
    assert len(webhook.taken) == 1


@pytest.mark.parametrize("status", [200, 202, 299])
def test_whichever_2xx_a_webhook_answers_has_taken_the_notice(webhook: Webhook, status: int) -> None:
    webhook.statuses = [status, 300]
    webhooks.call(webhook.url, Secret(SECRET), "1", 0, {})
    with pytest.raises(webhooks.WebhookError, match="status 300"):
        webhooks.call(webhook.url, Secret(SECRET), "1", 0, {})
    assert len(webhook.taken) == 1


def test_a_webhook_that_answers_a_letter_at_a_time_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """30-C4: one notice would keep the run from ending, and all others from their turn."""
    monkeypatch.setattr(egress, "_TOTAL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def trickle() -> None:
            client, _ = listener.accept()
            with client, suppress(OSError):
                for letter in b"HTTP/1.1 200 OK\r\n" + b"X-Header: x\r\n" * 10:
                    client.sendall(bytes([letter]))
                    time.sleep(0.05)

        threading.Thread(target=trickle, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(webhooks.WebhookError, match="TooSlow"):
            webhooks.call(f"http://127.0.0.1:{listener.getsockname()[1]}/", Secret("x"), "1", 0, {})
        assert time.monotonic() - began < 3


@pytest.mark.long
def test_j9_a_notice_ends_after_sixty_tries_and_can_be_sent_again(heard: Story, webhook: Webhook) -> None:
    """30-J9: tried for more than two days; then it is among the dead, and told all the same when somebody retries."""
    webhook.statuses = [500] * MAX_ATTEMPTS
    heard.simulator.control("kill-tokens", access=True, refresh=True)
    _read(heard)
    began = heard.clock.now()
    for _ in range(MAX_ATTEMPTS - 1):
        assert run_deliveries(heard.runtime, 20)["failed"] == {"deferred": 1}
        ((wait,),) = heard.sql("SELECT due_at - amocrm_now() FROM amocrm_deliveries")
        heard.clock.advance(seconds=wait.total_seconds() + 1)
    assert run_deliveries(heard.runtime, 20)["failed"] == {"dead": 1}
    assert timedelta(days=2) < heard.clock.now() - began < timedelta(days=3)
    assert heard.events()[-1] == "delivery.dead"
    ((notice,),) = heard.sql("SELECT id::text FROM amocrm_deliveries WHERE state = 'dead'")
    assert heard.crm("retry_delivery", heard.admin(), {"id": notice}).status == 202
    assert run_deliveries(heard.runtime, 20)["delivered"] == 1
    assert [headers["webhook-id"] for headers, _ in webhook.taken] == [notice]


def test_the_end_of_a_long_lived_token_is_told(heard: Story, webhook: Webhook) -> None:
    heard.crm("save_token", heard.admin(), {"token": _long_lived(heard, days=10)})
    refresh_tokens(heard.runtime, 20)
    run_deliveries(heard.runtime, 20)
    assert [json.loads(body)["event"] for _, body in webhook.taken] == ["token_ending"]


def test_webhook_and_secret_belong_together(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="NOTICE_SECRET belong together"):
        load(environment | {"NOTICE_WEBHOOK_URL": "https://x.example/"})
    with pytest.raises(ConfigurationError, match="NOTICE_WEBHOOK_URL: must be https"):
        load(environment | {"NOTICE_WEBHOOK_URL": "http://x.example/?y", "NOTICE_SECRET": SECRET})


# --- the spill --------------------------------------------------------------------------------------------------


def test_a_pair_that_cannot_be_stored_is_spilled_and_restored(
    connected: Story, environment: dict[str, str], postgres: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    """Row X1: the database stays away for longer than anybody waits."""
    connected.clock.advance(hours=25)
    rotation = connected.runtime.rotation
    claimed = rotation.claim(connected.row())
    assert claimed is not None

    class Patient:
        now, monotonic = connected.clock.now, connected.clock.monotonic

        def sleep(self, seconds: float) -> None:
            pass

    class Falling:
        """PostgreSQL falls while amoCRM answers."""

        def send(self, *args: Any, **named: Any) -> Any:
            answer = rotation.transport.send(*args, **named)
            postgres.stop()
            return answer

    parts = (rotation.database, rotation.keyring, Falling(), Patient(), rotation.ahead)
    falling = rotation_module.Rotation(*parts)  # type: ignore[arg-type]
    capsys.readouterr()
    with pytest.raises(DatabaseUnavailableError):
        falling.run(claimed)
    postgres.start()
    servers.wait_for(connected.runtime.settings.database_url.reveal())
    log = tmp_path / "log"
    log.write_text("2026-11-21T10:00:00Z stdout " + capsys.readouterr().out + '{"severity": token.spilled\n')
    assert connected.row().token_version == 1
    for _ in range(2):  # the second time it changes nothing
        restored = CliRunner().invoke(main, ["restore-spill", str(log)], env=environment)
        assert "1 pair(s) restored, 0 left out" in restored.output, restored.output
    row = connected.row()
    assert (row.token_version, row.status) == (2, "connected")
    assert _read(connected) == 200


@pytest.mark.parametrize("tries", [1, 2])
def test_a_pair_that_is_stored_after_all_is_told_beside_what_was_spilled(
    connected: Story, capsys: pytest.CaptureFixture[str], tries: int
) -> None:
    spilled: list[int] = []
    left = iter(range(tries))

    def store(_: float) -> str:
        if next(left) < tries - 1:
            raise DatabaseUnavailableError
        return "stored"

    row = connected.row().id
    assert token_persistence.kept(connected.clock, row, store, lambda: spilled.append(1)) == "stored"
    assert len(spilled) == capsys.readouterr().out.count("token.stored_after_all") == tries - 1


@pytest.mark.parametrize(("longest", "given"), [(20, 3), (2, 2), (0.8, 0.8), (0.1, 0.5), (-4, 0.5)])
def test_a_try_to_store_a_pair_ends_with_the_time_that_is_left(longest: float, given: float) -> None:
    """Three seconds at most, where the database says nothing. One try there is in any case: half a second is in what
    is left for an answer, before the platform ends the process with the pair."""

    class StandingStill(SystemClock):
        def monotonic(self) -> float:
            return 0.0

    told: list[float] = []
    token_persistence.kept(StandingStill(), UUID(int=1), told.append, lambda: None, longest)
    assert told == [given]


def test_a_pair_that_the_database_refuses_is_spilled_too(
    connected: Story, postgres: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """30-K: a database that answers with an error of its own has not stored the pair either."""
    connected.clock.advance(hours=25)
    rotation = connected.runtime.rotation
    claimed = rotation.claim(connected.row())
    assert claimed is not None
    capsys.readouterr()
    with psycopg.connect(postgres.get_uri(), autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON amocrm_events FROM amocrm_runtime")
        try:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rotation.run(claimed)
        finally:
            owner.execute("GRANT INSERT ON amocrm_events TO amocrm_runtime")
    (spilled,) = token_escrow.read(capsys.readouterr().out)
    assert rotation.restore(spilled)
    assert _read(connected) == 200


def test_a_spilled_pair_that_is_too_late_changes_nothing(connected: Story, capsys: pytest.CaptureFixture[str]) -> None:
    rotation = connected.runtime.rotation
    claimed = rotation.claim(connected.row())
    assert claimed is not None
    pair = rotation._ask(claimed)
    columns = rotation_module.token_columns(rotation.keyring, claimed.id, pair, rotation.ahead)
    capsys.readouterr()
    token_escrow.write(claimed.id, Position.of(claimed), pair.expires_in, connected.clock.now(), columns)
    line = capsys.readouterr().out
    connected.connect()
    (spilled,) = token_escrow.read(line)
    assert rotation.restore(spilled) is False
    assert _read(connected) == 200


# --- the doctor -------------------------------------------------------------------------------------------------


def _doctor(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments], env=environment)


def test_the_doctor_finds_a_healthy_installation_healthy(connected: Story, environment: dict[str, str]) -> None:
    """Row X10."""
    told = _doctor(environment)
    assert told.exit_code == 0, told.output
    assert f"{connected.domain} (glass): connected; amoCRM answers as" in told.output
    document = json.loads(_doctor(environment, "--json").stdout)
    assert document["ok"] is True
    assert {"configuration", "migrations"} <= {finding["subject"] for finding in document["findings"]}


def _errors(environment: dict[str, str], *arguments: str) -> dict[str, str]:
    told = _doctor(environment, "--json", *arguments)
    document = json.loads(told.stdout)  # logs go to stderr
    assert (told.exit_code, document["ok"]) == (1, False), document
    return {finding["subject"]: finding["text"] for finding in document["findings"] if finding["level"] == "error"}


def test_the_doctor_names_a_wrong_configuration_and_a_dead_database(environment: dict[str, str]) -> None:
    assert "ENCRYPTION_KEYS" in _errors(environment | {"ENCRYPTION_KEYS": ""})["configuration"]
    nowhere = environment | {"DATABASE_URL": "postgresql://x@127.0.0.1:9/x"}
    assert "cannot be reached" in _errors(nowhere)["database"]


def test_the_doctor_names_missing_and_changed_migrations(postgres: Any, environment: dict[str, str]) -> None:
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE doctor_test")
    empty = environment | {"DATABASE_URL": postgres.get_uri(database="doctor_test")}
    assert _errors(empty)["migrations"] == "none was applied"
    migrated = CliRunner().invoke(main, ["migrate"], env=empty)
    assert "the database is up to date" in migrated.output, migrated.output
    with psycopg.connect(empty["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
    assert "V1__integrations.sql" in _errors(empty)["migrations"]
    assert "was changed after it was applied" in CliRunner().invoke(main, ["migrate"], env=empty).output
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        connection.execute("DROP DATABASE doctor_test WITH (FORCE)")


def test_the_doctor_names_connections_that_need_something(connected: Story, environment: dict[str, str]) -> None:
    name = f"{connected.domain} (glass)"
    assert "ENCRYPTION_KEYS does not hold" in _errors(environment | {"ENCRYPTION_KEYS": _other_key()})[name]
    connected.simulator.control("change-account", domain=connected.domain, paid=False)
    assert _errors(environment)[name].startswith("amocrm_unpaid: ")
    connected.simulator.control("change-account", domain=connected.domain, paid=True)
    connected.simulator.control("kill-tokens", access=True, refresh=True)
    assert _errors(environment)[name].startswith("reauth_required: ")
    assert "Token has been revoked" in _errors(environment, "--no-live")[name]


@pytest.mark.parametrize(
    ("fault", "code", "advice"),
    [
        ({"kind": "html", "status": 403, "path": "/api/.*"}, "amocrm_address_blocked", "another region"),
        ({"kind": "status", "status": 403, "path": "/api/.*"}, "amocrm_forbidden", "an administrator of the account"),
        ({"kind": "status", "status": 500, "path": "/api/.*"}, "amocrm_unavailable", "tried again by itself"),
    ],
)
def test_the_doctor_says_what_helps(
    connected: Story, environment: dict[str, str], fault: dict[str, Any], code: str, advice: str
) -> None:
    connected.simulator.fault(**fault)
    (found,) = [one for one in _findings(environment) if one["level"] == "error"]
    assert found["text"].startswith(f"{code}: ")
    assert advice in found["advice"]


@pytest.mark.parametrize(
    ("change", "code", "advice"),
    [
        ({"scopes": ["crm"]}, "scope_refused", "Tick the scope"),
        ({"secret": "another"}, "client_refused", "Compare client ID, secret and redirect URI"),
    ],
)
def test_the_doctor_says_what_helps_a_refresh(
    connected: Story, environment: dict[str, str], change: dict[str, Any], code: str, advice: str
) -> None:
    connected.simulator.control("change-integration", client_id=connected.client_id, **change)
    connected.clock.advance(hours=23)
    refresh_tokens(connected.runtime, 20)
    (found,) = [one for one in _findings(environment, "--no-live") if code in one["text"]]
    assert (found["level"], advice in found["advice"]) == ("warning", True)


def test_the_doctor_names_what_an_account_lacks(connected: Story, environment: dict[str, str]) -> None:
    connected.simulator.control("change-account", domain=connected.domain, has_filters=False)
    connected.simulator.control("change-integration", client_id=connected.client_id, scopes=["crm"])
    connected.callback(connected.allow(connected.begin_consent()))
    told = [one["text"] for one in _findings(environment) if one["level"] == "warning"]
    assert any("no access to files" in text for text in told)
    assert any("no API filters" in text for text in told)


def _findings(environment: dict[str, str], *arguments: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(_doctor(environment, "--json", *arguments).stdout)["findings"]
    return found


def _other_key() -> str:
    from shared.storage.encryption import generate_key

    return f"k9:{generate_key()}"


@pytest.mark.parametrize(("seconds", "levels"), [(0.5, []), (-29, []), (31, ["error"]), (-3600, ["error"])])
def test_the_doctor_names_a_clock_that_is_wrong(seconds: float, levels: list[str]) -> None:
    from cli.doctor import skew

    assert [finding.level for finding in skew("amoCRM", seconds)] == levels


def test_amocrms_clock_is_read_from_its_answers(connected: Story) -> None:
    assert _read(connected) == 200
    seen = connected.runtime.transport.server_time
    assert seen is not None
    assert abs((seen - connected.clock.now()).total_seconds()) < 5
