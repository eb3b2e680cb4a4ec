"""Rows A9, X10: what leaks opens nothing, keys change while everything runs, and what is old goes."""

import itertools
import json
import re
import threading
import time
import tracemalloc
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner

from cli import embedded
from cli.personal_data import places
from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from shared.connections import installations
from shared.platform.config import load
from shared.platform.http import Response
from shared.runtime import Runtime
from shared.storage import key_rotation, retention
from shared.storage.encryption import DecryptionError, Keyring, generate_key
from tests.demo import ROOT
from tests.digests import Tried
from tests.story import ADMIN_TOKEN, APP_SECRET, Story, calculation, json_of
from tests.submissions.recorded import record, server_key
from tests.submitting import order, set_up

FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 400},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 402},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 404},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 504},
    {"kind": "html", "status": 200},
    {"kind": "html", "status": 404},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "truncate"},
]


def _secrets(story: Story) -> set[str]:
    """Everything that must not be seen, as it is at this moment."""
    runtime, found = story.runtime, {story.secret, ADMIN_TOKEN, APP_SECRET}
    found |= {key.reveal() for _, key in runtime.settings.encryption_keys}
    row = story.row()
    for column in ("access_token", "refresh_token"):
        stored = getattr(row, column)
        if stored is not None:
            found.add(runtime.keyring.decrypt(stored, row.id, column))
    return found


def _dump(story: Story) -> str:
    """The whole database as an attacker would read it, with binary values also as the text they may be."""
    tables = [name for (name,) in story.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    rows = [row for table in tables for row in story.sql(f"SELECT to_jsonb(t)::text FROM {table} t")]
    text = "\n".join(row[0] for row in rows)
    hexadecimal = re.findall(r"\\\\x([0-9a-f]+)", text)
    return text + "\n".join(bytes.fromhex(value).decode("latin-1") for value in hexadecimal)


def test_no_secret_appears_anywhere_whatever_fails(connected: Story, capfd: Any, tmp_path: Any) -> None:
    """The canary: every function, with every fault on every kind of route."""
    seen: list[str] = []
    secrets: set[str] = set()

    def keep(*answers: Response) -> None:
        seen.extend(f"{answer.headers!r} {answer.body!r} {answer!r}" for answer in answers)

    for fault, route in itertools.product(FAULTS, ("/oauth2/.*", "/api/v4/.*")):
        connected.clock.advance(hours=19)
        secrets |= _secrets(connected)
        connected.simulator.fault(**fault, path=route, times=2)
        widget, session = connected.widget(), connected.crm("open_session", connected.widget(), {})
        secrets |= {widget["X-Auth-Token"], json_of(session)["session_token"]}
        lead = {"X-Lead-Id": str(connected.lead_id)}
        body = calculation(number=str(uuid4()))
        keep(connected.crm("get_lead", widget | lead), connected.crm("save_calculation", widget | lead, body))
        keep(connected.crm("connection_status", connected.admin()), connected.crm("get_events", connected.admin()))
        keep(connected.crm("get_leads", connected.application()))
        seen += [json.dumps(refresh_tokens(connected.runtime, 20)), json.dumps(run_deliveries(connected.runtime, 20))]
        secrets |= _secrets(connected)
        state = connected.begin_consent()
        query = connected.allow(state)
        secrets |= {state, query.split("code=")[1].split("&")[0]}
        connected.simulator.fault(**fault, path="/oauth2/access_token")
        keep(connected.callback(query))
        connected.simulator.control("no-faults")
        connected.connect()
    seen += [repr(connected.runtime.settings), repr(connected.row()), repr(connected.runtime)]
    printed = capfd.readouterr()
    haystack = "\n".join([*seen, printed.out, printed.err, _dump(connected)])
    assert len(secrets) > 100
    assert [secret[:12] for secret in secrets if secret in haystack] == []


def test_no_digest_in_a_dump_is_found_by_trying_all_phones(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call-back form is a phone: a graphics card tries all of a country's within a second."""
    set_up(story)
    phone = {"contact": {"phone": "+79161234567"}}
    _, key = server_key(story)
    server = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}
    tried = Tried(monkeypatch, "9161234567")
    for body in (phone, phone | {"opened_at": 1_700_000_000_000}):
        assert story.crm("submit_form", story.application(), body).status == 200
    for name in ("Phone=%2B79161234567", "Phone=%2B79161234567&tranid=1%3A2"):
        assert story.crm("submit_form", server, name.encode()).status == 200
    assert story.crm("sync_contact", story.application(), phone | {"fields": {"a": "1"}}).status == 200
    assert story.crm("submit_order", story.application(), order() | phone).status == 200
    for state in ("new", "done"):  # a shop's order, and news of it
        paid = json.dumps(record("tilda_cart_json")["json"] | {"Phone": "+79161234567", "status": state}).encode()
        assert story.crm("submit_form", server | {"Content-Type": "application/json"}, paid).status == 200
    run_deliveries(story.runtime, 20)
    lead = {"X-Lead-Id": str(story.lead_id)}
    said = calculation(comment="Call +79161234567")
    assert story.crm("save_calculation", story.widget() | lead, said).status == 200
    (kept, *_) = json_of(story.crm("get_incoming", story.admin()))["incoming"]
    assert story.crm("read_again", story.admin(), {"id": kept["id"]}).status in (200, 202)
    assert len(tried.found) >= 8
    assert tried.in_dump(_dump(story)) == set()


def test_what_comes_again_is_the_same_while_keys_are_changed(story: Story, environment: dict[str, str]) -> None:
    """Its digest was made with the key that was in front."""
    set_up(story)
    _, key = server_key(story)
    cart = record("tilda_cart_json")["json"]
    bodies = [cart, cart | {"status": "done"}, {"Phone": "+79161234567"}, {"Phone": "+79161234568", "tranid": "1:2"}]
    # Somebody else's of the same number, as where a site counts anew.
    others = {"phone": "+79161234569"}
    bodies += [cart | others, cart | others | {"status": "done"}, {"Phone": "+79161234569", "tranid": "1:2"}]
    form, lead = {"contact": {"phone": "+79161234567"}}, {"X-Lead-Id": str(story.lead_id)}

    def come(runtime: Runtime) -> int:
        now = Story(**{**story.__dict__, "runtime": runtime})
        for body in bodies:
            assert now.crm("submit_form", {"Authorization": f"Bearer {key}"}, body).status == 200
        for body in (form, form | {"opened_at": 1_700_000_000_000}):
            assert now.crm("submit_form", now.application(), body).status in (200, 202)
        assert now.crm("sync_contact", now.application(), form | {"fields": {"a": "1"}}).status in (200, 202)
        assert now.crm("save_calculation", now.widget() | lead, calculation()).status == 200
        run_deliveries(runtime, 20)
        return runtime.database.number("SELECT count(*) FROM amocrm_deliveries")

    first = come(story.runtime)
    both = f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"
    changed = Runtime.build(load(environment | {"ENCRYPTION_KEYS": both}), story.clock)
    assert (come(changed), come(story.runtime)) == (first, first)
    changed.close()


def test_a_wrong_place_does_not_decrypt(connected: Story) -> None:
    """A dump that is written back with values in other rows or columns opens nothing."""
    connected.sql("UPDATE amocrm_integrations SET access_token = refresh_token")
    answer = connected.crm("get_lead", connected.admin() | {"X-Lead-Id": str(connected.lead_id)})
    assert (answer.status, json_of(answer)["code"]) == (500, "decryption_failed")
    row = connected.row()
    with pytest.raises(DecryptionError):
        connected.runtime.keyring.decrypt(row.client_secret, uuid4(), "client_secret")


def test_keys_are_changed_under_traffic_without_one_failed_request(
    connected: Story, environment: dict[str, str]
) -> None:
    connected.simulator.control("limits", per_integration=100_000, per_account=100_000)
    connected.simulator.fault("status", status=500, path="/api/v4/leads/.*/notes")
    connected.crm("save_calculation", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}, calculation())
    new, old = f"k2:{generate_key()}", environment["ENCRYPTION_KEYS"]
    both = f"{new},{old}"
    # In real time: an injected clock would be moved on by each of them while the others wait for a new token.
    # Instances of the step before are still warm: they can read the new key, and write with the old one (30-I5).
    keys = (f"{old},{new}", both, both)
    runtimes = [Runtime.build(load(environment | {"ENCRYPTION_KEYS": one})) for one in keys]
    answers: list[int] = []
    is_over = threading.Event()

    def read(runtime: Runtime) -> None:
        story = Story(**{**connected.__dict__, "runtime": runtime})
        while not is_over.is_set():
            answers.append(story.crm("get_lead", story.application() | {"X-Lead-Id": str(story.lead_id)}).status)
            runtime.database.execute("SELECT 1")
            claimed = runtime.rotation.claim(story.row())
            if claimed is not None:
                runtime.rotation.run(claimed)

    threads = [threading.Thread(target=read, args=(runtime,)) for runtime in runtimes[:2]]
    for thread in threads:
        thread.start()
    while len(answers) < 5:
        time.sleep(0.01)
    rotating = runtimes[2]
    changed = sum(key_rotation.rotate(rotating.database, rotating.keyring, pytest.fail))
    before = len(answers)
    while len(answers) < before + 5:
        time.sleep(0.01)
    is_over.set()
    for thread in threads:
        thread.join()
    # What the last of the old instances have written meanwhile is found by the second run.
    sum(key_rotation.rotate(rotating.database, rotating.keyring, pytest.fail))
    assert changed >= 2  # the secret and the delivery; the tokens were perhaps refreshed with the new key already
    assert set(answers) == {200}
    assert sum(key_rotation.rotate(rotating.database, rotating.keyring, pytest.fail)) == 0
    only_new = Runtime.build(load(environment | {"ENCRYPTION_KEYS": both.split(",")[0]}), connected.clock)
    story = Story(**{**connected.__dict__, "runtime": only_new})
    assert story.crm("get_lead", story.application() | {"X-Lead-Id": str(story.lead_id)}).status == 200
    connected.clock.advance(minutes=2)
    assert run_deliveries(only_new, 20)["delivered"] == 1
    for runtime in (*runtimes, only_new):
        runtime.close()


def test_the_command_changes_keys_and_tells_how_many(
    connected: Story, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["cli"])
    from cli.commands import main

    both = environment | {"ENCRYPTION_KEYS": f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"}
    first = CliRunner().invoke(main, ["rotate-keys"], env=both)
    assert "3 value(s) were written anew with the key k2" in first.output, first.output
    again = CliRunner().invoke(main, ["rotate-keys"], env=both)
    assert "0 value(s)" in again.output
    assert again.exit_code == 0
    lost = CliRunner().invoke(main, ["rotate-keys"], env=environment | {"ENCRYPTION_KEYS": f"k3:{generate_key()}"})
    assert lost.exit_code == 1
    assert lost.output.count("ENCRYPTION_KEYS does not hold") == 3
    made = CliRunner().invoke(main, ["generate-key", "--id", "k9"]).output.strip()
    assert load(environment | {"ENCRYPTION_KEYS": made}).encryption_keys[0][0] == "k9"


def test_one_value_that_cannot_be_read_does_not_hold_up_the_others(
    connected: Story, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """30-I5: it is left as it is, named, and the command ends with 1 until somebody has looked at it."""
    monkeypatch.setattr("sys.argv", ["cli"])
    from cli.commands import main

    connected.sql("UPDATE amocrm_integrations SET client_secret = client_secret || 'x'::bytea")
    both = environment | {"ENCRYPTION_KEYS": f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"}
    for written in (2, 0):
        told = CliRunner().invoke(main, ["rotate-keys"], env=both)
        assert told.exit_code == 1
        assert f"{written} value(s) were written anew" in told.output
        assert f"client_secret of {connected.row().id} is damaged" in told.output
        assert "1 value(s) were left as they are" in told.output


def test_30_texts_of_messages_that_wait_do_not_need_the_old_key(
    connected: Story, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait as long as the account cannot be called, and nobody can read them again from amoCRM."""
    monkeypatch.setattr("sys.argv", ["cli"])
    from cli.commands import main

    id_, old = connected.row().id, connected.runtime.keyring
    for number in range(3):
        sealed = old.encrypt(f"text {number}", id_, "message_text").hex()
        connected.sql(
            "INSERT INTO amocrm_hints (integration_id, entity_type, entity_id, kinds, facts) "
            "VALUES (%s, 'message', %s, '{add}', jsonb_build_object('sealed', %s::text, 'chat', 7))",
            id_,
            number + 1,
            sealed,
        )
    monkeypatch.setattr(key_rotation, "_BATCH", 2)
    new = f"k2:{generate_key()}"
    both = environment | {"ENCRYPTION_KEYS": f"{new},{environment['ENCRYPTION_KEYS']}"}
    told = CliRunner().invoke(main, ["rotate-keys"], env=both)
    assert (told.exit_code, "6 value(s) were written anew" in told.output) == (0, True), told.output
    only_new = Keyring(load(environment | {"ENCRYPTION_KEYS": new}).encryption_keys)
    kept = connected.sql("SELECT facts ->> 'sealed', facts -> 'chat' FROM amocrm_hints ORDER BY entity_id")
    opened = [(only_new.decrypt(bytes.fromhex(sealed), id_, "message_text"), chat) for sealed, chat in kept]
    assert opened == [(f"text {number}", 7) for number in range(3)]
    assert "0 value(s)" in CliRunner().invoke(main, ["rotate-keys"], env=both).output


@pytest.mark.long
def test_large_rows_are_gone_through_a_few_at_a_time(connected: Story, environment: dict[str, str]) -> None:
    """Quotations of some megabytes each: two hundred at once would neither fit into memory nor come within a
    statement's time."""
    id_, old = connected.row().id, connected.runtime.keyring
    for number in range(9):
        row = uuid4()
        connected.sql(
            "INSERT INTO amocrm_deliveries "
            "(id, integration_id, action, idempotency_key, request_hash, request, due_at) "
            "VALUES (%s, %s, 'save_calculation', %s, %s, %s, amocrm_now())",
            row, id_, str(number), bytes(32), old.encrypt("x" * 2_000_000, row, "request"),
        )  # fmt: skip
    new = Keyring(
        load(
            {**environment, "ENCRYPTION_KEYS": f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"}
        ).encryption_keys
    )
    for walk in (
        lambda: key_rotation.rotate(connected.runtime.database, new, pytest.fail),
        lambda: places.entries(connected.runtime.database, new, id_, pytest.fail),
    ):
        tracemalloc.start()
        try:
            seen = sum(1 for _ in walk())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert seen >= 9
        assert peak < 18_000_000


def test_instances_of_two_neighbouring_steps_read_each_other(environment: dict[str, str]) -> None:
    """30-I5: the documented order, whose every step is deployed while instances of the one before are warm."""
    old, new = environment["ENCRYPTION_KEYS"], f"k2:{generate_key()}"
    keyrings = [Keyring(load(environment | {"ENCRYPTION_KEYS": keys}).encryption_keys) for keys in
                (old, f"{old},{new}", f"{new},{old}")]  # fmt: skip
    owner = uuid4()
    for before, after in itertools.pairwise(keyrings):
        for writer, reader in itertools.permutations((before, after)):
            assert reader.decrypt(writer.encrypt("token", owner, "x"), owner, "x") == "token"
            assert set(writer.fingerprints("a person", owner)) & set(reader.fingerprints("a person", owner))


# --- PostgreSQL's rights ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM amocrm_integrations",
        "DELETE FROM amocrm_events",
        "UPDATE amocrm_events SET message = amocrm_message('x')",
        "DELETE FROM amocrm_deliveries",
        "DELETE FROM amocrm_site_keys",
        "TRUNCATE amocrm_integrations",
        "DROP TABLE amocrm_rate",
        "CREATE TABLE x (y int)",
        "ALTER TABLE amocrm_integrations ADD x int",
        "CREATE OR REPLACE FUNCTION amocrm_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
        "DELETE FROM schema_migrations",
        "CREATE ROLE more",
    ],
)
def test_the_functions_role_cannot_do_more_than_it_needs(postgres: Any, connected: Story, statement: str) -> None:
    with (
        psycopg.connect(embedded.runtime_url(postgres), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_the_functions_role_cannot_purge_the_last_day(connected: Story) -> None:
    gone = connected.runtime.database.number("SELECT amocrm_purge_events(interval '0', 1000)")
    assert gone == 0
    assert connected.events()
    connected.crm("save_calculation", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}, calculation())
    assert connected.runtime.database.number("SELECT amocrm_purge_deliveries(interval '0', 1000)") == 0


# --- retention --------------------------------------------------------------------------------------------------


def test_what_is_old_goes_and_the_rest_stays(connected: Story) -> None:
    lead = {"X-Lead-Id": str(connected.lead_id)}
    saved = json_of(connected.crm("save_calculation", connected.widget() | lead, calculation()))
    connected.crm("open_session", connected.widget(), {})
    key = json_of(connected.crm("create_site_key", connected.admin(), {"name": "x", "origins": ["https://x.example"]}))
    connected.crm("get_lead", {"Authorization": f"Bearer {key['site_key']}", "Origin": "https://x.example"})
    connected.sql("INSERT INTO amocrm_locks (integration_id, name) VALUES (%s, %s)", connected.row().id, b"x" * 32)
    installations.begin(connected.runtime.database, "glass", "ru")
    settings, database = connected.runtime.settings, connected.runtime.database
    assert sum(retention.run(database, settings, connected.runtime.clock).values()) == 0
    connected.clock.advance(days=8)
    removed = retention.run(database, settings, connected.runtime.clock)
    assert removed == {
        "states": 1,
        "codes": 1,
        "installations": 1,
        "used_tokens": 2,
        "sessions": 1,
        "sign_ins": 0,  # has a test of its own
        "throttle": removed["throttle"],  # by the minute: a test may begin in one and end in the next
        "locks": 1,
        "counters": removed["counters"],  # has a test of its own
        "payloads": 1,
        # These have tests of their own.
        **dict.fromkeys(("changes", "own_writes", "own_makings", "entities", "visitors", "incoming", "bookings"), 0),
        "deliveries": 0,
        "weeks_of_events": 0,
        "events": 0,
    }
    assert connected.sql("SELECT count(*) FROM amocrm_deliveries WHERE request IS NOT NULL") == [(0,)]
    assert connected.delivery(saved["delivery_id"])["state"] == "delivered"
    before = len(connected.events())
    connected.clock.advance(days=23)
    removed = retention.run(database, settings, connected.runtime.clock)
    assert (removed["deliveries"], removed["events"]) == (1, 0)  # what the log says of it stays
    shown = json_of(connected.crm("get_events", connected.admin(), query={"delivery_id": saved["delivery_id"]}))
    assert shown["events"]
    # By lines or by weeks, which depends on what stood there before; a week may last seven days longer.
    assert before > 0
    connected.clock.advance(days=67)
    retention.run(database, settings, connected.runtime.clock)
    assert connected.events() == []
    assert connected.row().status == "connected"


def test_an_unfinished_delivery_keeps_what_it_needs(connected: Story) -> None:
    connected.simulator.fault("status", status=500, path="/api/v4/leads/.*/notes", times=100)
    connected.crm("save_calculation", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}, calculation())
    connected.clock.advance(days=300)
    removed = retention.run(connected.runtime.database, connected.runtime.settings, connected.runtime.clock)
    assert (removed["payloads"], removed["deliveries"]) == (0, 0)


def test_30_k_what_never_reached_amocrm_is_kept_as_long_as_its_delivery(connected: Story) -> None:
    """30-K: nobody else has what a customer wrote then. After the holidays of ten days nothing of it was left."""
    lead = {"X-Lead-Id": str(connected.lead_id)}
    connected.simulator.fault("status", status=400, path="/api/v4/leads/.*/notes")
    refused = connected.crm("save_calculation", connected.widget() | lead, calculation())
    run = (connected.runtime.database, connected.runtime.settings, connected.runtime.clock)
    connected.clock.advance(days=29)
    assert retention.run(*run)["payloads"] == 0
    again = connected.crm("retry_delivery", connected.admin(), {"id": json_of(refused)["delivery_id"]})
    assert again.status == 202, again.body
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert len(connected.notes()) == 1
    connected.clock.advance(days=8)
    assert retention.run(*run)["payloads"] == 1


def test_30_k_what_comes_to_life_while_it_is_removed_stays(connected: Story, migrated_url: str) -> None:
    """30-K: a lock that nobody had touched for a day is taken at that instant, and its holder relies on it."""
    connected.sql("INSERT INTO amocrm_locks (integration_id, name) VALUES (%s, %s)", connected.row().id, b"x" * 32)
    connected.clock.advance(days=2)
    runtime, removed = connected.runtime, list[dict[str, int]]()
    remover = threading.Thread(
        target=lambda: removed.append(retention.run(runtime.database, runtime.settings, runtime.clock))
    )
    with psycopg.connect(migrated_url) as taking:
        taking.execute(
            "UPDATE amocrm_locks SET lease_id = gen_random_uuid(), lease_until = amocrm_now() + interval '90 seconds', "
            "touched_at = amocrm_now()"
        )
        remover.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%amocrm_locks%'"
        while connected.sql(waiting) == [(0,)] and remover.is_alive():
            time.sleep(0.02)
    remover.join()
    assert removed[0]["locks"] == 0
    assert connected.sql("SELECT count(*) FROM amocrm_locks") == [(1,)]


def test_retention_goes_by_turns_and_ends_in_time(connected: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many events do not keep other things from going; what time leaves over goes in the next run."""
    monkeypatch.setattr(retention, "_BATCH", 10)
    # Later than all weeks that are there: such lines go by batches.
    connected.clock.advance(days=365)
    lines = "SELECT 'a.test', amocrm_message('x') FROM generate_series(1, 95)"
    connected.sql(f"INSERT INTO amocrm_events (kind, message) {lines}")
    connected.clock.advance(days=400)
    clock = connected.runtime.clock
    moments = itertools.count(0.0, 0.8)

    class Passing:
        now, sleep = clock.now, clock.sleep

        def monotonic(self) -> float:
            return next(moments)

    removed = retention.run(connected.runtime.database, connected.runtime.settings, Passing())
    assert (removed["states"], removed["events"]) == (1, 30)
    assert retention.run(connected.runtime.database, connected.runtime.settings, clock)["events"] >= 65


def test_the_schedule_removes_what_is_old(connected: Story) -> None:
    connected.clock.advance(hours=1)
    assert refresh_tokens(connected.runtime, 20)["removed"].items() >= {"states": 1}.items()


def test_what_stands_in_the_clear_is_told_table_by_table(migrated_url: str) -> None:
    """30-J5: a table with text that is not encrypted is named in docs/security.md, in both languages."""
    with psycopg.connect(migrated_url) as connection:
        found = connection.execute(_READABLE).fetchall()
    for page in ("security.md", "security.ru.md"):
        text = (ROOT / "docs" / page).read_text("utf-8")
        section = text.partition("\n| `amocrm_integrations`")[2].partition("\n\n")[0]
        assert {name for (name,) in found} <= set(re.findall("`(amocrm_[a-z_]+)`", section)) | {"amocrm_integrations"}


_READABLE = r"""
SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relname LIKE 'amocrm\_%' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
  AND a.atttypid = ANY ('{text,jsonb,json,text[]}'::regtype[])
"""


@pytest.mark.long
def test_j10_old_data_goes_however_much_is_due(connected: Story) -> None:
    """30-J10: a backlog that is never done does not keep what customers wrote for ever."""
    connected.crm("save_calculation", connected.widget() | {"X-Lead-Id": str(connected.lead_id)}, calculation())
    connected.clock.advance(days=8)
    connected.simulator.control("latency", seconds=4.2)
    connected.simulator.fault("status", status=500, path="/oauth2/access_token", times=100)
    figures = refresh_tokens(connected.runtime, 4.0)  # less than a refresh takes
    connected.simulator.control("latency", seconds=0)
    assert not figures["is_done"]
    assert figures["removed"]["payloads"] == 1


def test_j10_a_kind_that_fails_keeps_no_other_from_going(connected: Story) -> None:
    connected.crm("open_session", connected.widget(), {})
    connected.clock.advance(days=8)
    connected.sql("ALTER TABLE amocrm_oauth_states RENAME TO hidden")
    try:
        removed = retention.run(connected.runtime.database, connected.runtime.settings, connected.runtime.clock)
    finally:
        connected.sql("ALTER TABLE hidden RENAME TO amocrm_oauth_states")
    assert (removed["states"], removed["sessions"]) == (0, 1)


def test_j10_sign_ins_that_are_over_go(connected: Story) -> None:
    connected.sql(
        "WITH them AS (INSERT INTO amocrm_administrators (id, name, rights, created_by)"
        " VALUES (gen_random_uuid(), 'Anna', 'see', 'operator') RETURNING id)"
        " INSERT INTO amocrm_sign_ins (id, administrator_id, token_hash, expires_at)"
        " SELECT gen_random_uuid(), id, 'x', amocrm_now() + interval '1 day' FROM them"
    )
    run = (connected.runtime.database, connected.runtime.settings, connected.runtime.clock)
    assert retention.run(*run)["sign_ins"] == 0
    connected.clock.advance(days=2)
    assert retention.run(*run)["sign_ins"] == 1
