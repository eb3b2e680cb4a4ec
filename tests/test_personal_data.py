"""34-5: one person's data is exported and erased; so is all that there is of an account that has left."""

import json
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from cli.commands import main
from cli.personal_data import account as accounts
from cli.personal_data.person import NobodyError, wanted
from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.config import load
from shared.runtime import Runtime
from shared.storage import retention
from tests.story import Story, json_of

_ANNA = {"name": "Анна Орлова", "phone": "8 (921) 000-00-02", "email": "Anna@Example.org"}
_BORIS = {"name": "Борис", "phone": "+7 921 000-00-03"}


def _run(environment: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(main, list(words), env=environment)


def _told(environment: dict[str, str], words: tuple[str, ...], code: int, text: str) -> str:
    """What a command has printed: it ended with this code, and said this text."""
    told = _run(environment, *words)
    assert (told.exit_code, text in told.output) == (code, True), told.output
    return told.output


def _send(story: Story, contact: dict[str, str], **more: str) -> str:
    body = {"contact": contact, "form": {"id": "x", "name": "Замер"}, "comment": "позвоните"} | more
    answered = story.crm("submit_form", story.application(), body)
    assert answered.status in (200, 202), answered.body
    return str(json_of(answered)["delivery_id"])


def _send_by_server(story: Story, body: bytes) -> None:
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "tilda", "is_server": True}))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answered = story.crm("submit_form", headers, body, query={"site_key": made["site_key"]})
    assert answered.status in (200, 202), answered.body


@pytest.mark.parametrize(
    ("text", "is_theirs"),
    [
        ('{"phone": "+7 921 000-00-02"}', True),
        ("phone=%2B7+%28921%29+000-00-02&name=x", True),
        ('{"phone": "8\\u00a0921\\u00a0000\\u00a000\\u00a002"}', True),
        ('action=submit_form\n{"phone": "8\\u00a0921\\u00a0000\u00a000\\u201102"}', True),
        ('action=submit_form\n{"comment": "Write to:\\nanna@example.org"}', True),
        ('action=submit_form\n{"form": "{\\"phone\\": \\"8\\\\u00a0921 000 00 02\\"}"}', True),
        ("json=%7B%22phone%22%3A%228%5Cu00a0921%5Cu00a0000-00-02%22%7D", True),
        ('{"phone": 79210000002}', True),
        ('{"email": "ANNA@example.org"}', True),
        ("Email=anna%40example.org", True),
        ('{"phone": "+7 921 000-00-021"}', False),
        ('{"phone": "+7 921 000-00-03"}', False),
        ('{"email": "joanna@example.org"}', False),
        ('{"email": "anna@example.organic"}', False),
        ('{"email": "anna@example.org.br"}', False),  # somebody else's, as are maria@yahoo.com and maria@yahoo.com.br
        ("email=anna%40example.org.ua&x=1", False),
        ("Пишите на anna@example.org.", True),
        ("Пишите на anna@example.org.Жду", True),
    ],
)
def test_a_person_is_found_however_they_are_written(text: str, is_theirs: bool) -> None:
    assert wanted(("+79210000002",), ("anna@example.org",), "RU").is_in(text) is is_theirs


@pytest.mark.parametrize(
    ("given", "country", "text", "is_theirs"),
    [
        ("+380671234567", "UA", '{"phone": "+7 967 123-45-67"}', False),
        ("+3725123456", "EE", '{"phone": "74955123456"}', False),
        ("+50671234567", "CR", '{"id": 1771234567}', False),
        ("+4551234567", "DK", '{"updated_at": 1751234567}', False),
        ("+380671234567", "UA", '{"phone": "+38 (067) 123 45 67"}', True),
        ("+380671234567", "UA", "phone=067+123-45-67", True),
        ("+380671234567", "UA", '{"phone": "671234567"}', True),
        ("+3725123456", "EE", '{"phone": "00372 512 3456"}', True),
        ("+79210000002", "RU", '{"phone": "+7 8 921 000 00 02"}', True),
        ("+79210000002", "RU", "phone=%208(921)0000002", True),
        ("+5511912345678", "BR", '{"phone": "0 15 11 91234-5678"}', True),
        ("+5531988887777", "BR", '{"from": "553188887777"}', True),
        ("+5531988887777", "BR", "phone=(31) 8888-7777", True),
        ("+553188887777", "BR", '{"phone": "+55 (31) 98888-7777"}', True),
        ("+5531978887777", "BR", '{"from": "553178887777"}', True),
        ("+5531988887777", "BR", '{"from": "551988887777"}', False),  # of Campinas, in WhatsApp's spelling
        ("+553138887777", "BR", '{"phone": "+55 31 93888-7777"}', False),
        ("+541123456789", "AR", '{"phone": "+54 9 11 2345-6789"}', True),
        ("+5491123456789", "AR", '{"phone": "11 2345-6789"}', True),
        ("+4917612345678", "DE", '{"phone": "0761 2345678"}', False),  # of Freiburg
        ("+4917612345678", "DE", '{"phone": "0176 12345678"}', True),
    ],
)
def test_a_number_that_ends_in_theirs_is_somebody_elses(given: str, country: str, text: str, is_theirs: bool) -> None:
    """Numbers without their country's code are short in many countries: others end in them, and so do ids and times.
    What was found so would be handed over, or erased."""
    assert wanted((given,), (), country).is_in(text) is is_theirs


def test_what_is_nested_without_end_keeps_nobody_from_being_found() -> None:
    assert wanted(("+79210000002",), (), "RU").is_in("[" * 100_000) is False
    assert wanted(("+79210000002",), (), "RU").is_in('{"a":' * 5000 + '"8 921 000 00 02"' + "}" * 5000) is True


@pytest.mark.parametrize(("phones", "emails"), [((), ()), (("123",), ()), ((), ("anna",)), (("000-00-02",), ())])
def test_what_stands_for_nobody_is_refused(phones: tuple[str, ...], emails: tuple[str, ...]) -> None:
    """A few digits would find, and erase, what strangers have sent."""
    with pytest.raises(NobodyError):
        wanted(phones, emails, "RU")


def test_one_person_is_exported(connected: Story, environment: dict[str, str], tmp_path: Path) -> None:
    own = _send(connected, _ANNA)
    _send(connected, _BORIS)
    _send_by_server(connected, "Name=Анна&Phone=%2B7+921+000-00-02&formname=Замер".encode())
    file = tmp_path / "anna.json"
    told = _run(environment, "export-person", connected.domain, "--phone", "+79210000002", "--out", str(file))
    assert told.exit_code == 0, told.output
    found = json.loads(file.read_text(encoding="utf-8"))["found"]
    assert sorted(one["kept_as"] for one in found) == ["delivery", "delivery", "incoming"]
    assert own in [one["id"] for one in found]
    assert "Анна Орлова" in json.dumps(found, ensure_ascii=False)
    assert "Борис" not in json.dumps(found, ensure_ascii=False)


def test_30_what_is_exported_is_for_whoever_exports_it(
    connected: Story, environment: dict[str, str], tmp_path: Path
) -> None:
    """Whatever the umask says: it is all that is known of somebody."""
    _send(connected, _ANNA)
    new, old = tmp_path / "new.json", tmp_path / "old.json"
    old.write_text("x" * 100_000)
    old.chmod(0o644)
    for file in (new, old):
        told = _run(environment, "export-person", connected.domain, "--phone", "+79210000002", "--out", str(file))
        assert told.exit_code == 0, told.output
        assert file.stat().st_mode & 0o777 == 0o600
        assert len(json.loads(file.read_text(encoding="utf-8"))["found"]) == 1
    told = _run(
        environment, "export-person", connected.domain, "--phone", "+79210000002", "--out", str(tmp_path / "a/b")
    )
    assert (told.exit_code, "cannot be written" in told.output) == (1, True), told.output


def test_30_what_cannot_be_read_stops_neither_and_is_told(connected: Story, environment: dict[str, str]) -> None:
    lost = _send(connected, {"name": "Вера", "phone": "+7 921 000-00-04"})
    connected.sql("UPDATE amocrm_deliveries SET request = '\\x00' WHERE id = %s", lost)
    own = _send(connected, _ANNA)
    told = _run(environment, "export-person", connected.domain, "--phone", "+79210000002")
    assert (told.exit_code, own in told.output, lost in told.output) == (1, True, True), told.output
    words = ("erase-person", connected.domain, "--phone", "+79210000002", "--apply")
    told = _run(environment, *words)
    assert (told.exit_code, f"erased: delivery {own}" in told.output) == (1, True), told.output
    assert f"cannot be read: delivery {lost}" in told.output


def test_one_person_is_erased_and_nobody_else(connected: Story, environment: dict[str, str]) -> None:
    own, other = _send(connected, _ANNA), _send(connected, _BORIS)
    _send_by_server(connected, "Name=Анна&Email=anna%40example.org&formname=Замер".encode())
    connected.clock.advance(minutes=10)
    run_deliveries(connected.runtime, 20)
    words = ("erase-person", connected.domain, "--phone", "89210000002", "--email", "anna@example.org")
    _told(environment, words, 0, "would erase: incoming")
    assert connected.sql("SELECT count(*) FROM amocrm_incoming") == [(1,)]
    _told(environment, (*words, "--apply"), 0, f"erased: delivery {own}")
    assert connected.sql("SELECT count(*) FROM amocrm_incoming") == [(0,)]
    kept = connected.sql("SELECT id::text FROM amocrm_deliveries WHERE request IS NOT NULL")
    assert kept == [(other,)]
    assert _run(environment, *words, "--apply").output.startswith("0 entries erased")


def test_so_is_their_id_in_a_messenger(connected: Story, environment: dict[str, str]) -> None:
    """It was known for half a year, by which contact the person had."""
    for phone, id_ in (("79210000002", "RU.1"), ("79210000003", "RU.2")):
        message = {"from": phone, "from_user_id": id_, "id": f"wamid.{id_}", "text": {"body": "Дверь"}}
        value = {"messaging_product": "whatsapp", "metadata": {}, "contacts": [], "messages": [message]}
        _send_by_server(connected, json.dumps(value).encode())
    run_deliveries(connected.runtime, 20)
    connected.clock.advance(days=8)
    retention.run(connected.runtime.database, connected.runtime.settings, connected.clock)
    assert connected.sql("SELECT count(*) FROM amocrm_locks WHERE remembered IS NOT NULL") == [(2,)]
    words = ("erase-person", connected.domain, "--phone", "89210000002")
    _told(environment, words, 0, "would erase: incoming")
    assert connected.sql("SELECT count(*) FROM amocrm_locks") == [(2,)]
    _told(environment, (*words, "--apply"), 0, "erased: incoming")
    assert connected.sql("SELECT count(*) FROM amocrm_locks") == [(1,)]


def test_30_all_connections_of_an_account_are_looked_through(connected: Story, environment: dict[str, str]) -> None:
    own = _send(connected, _ANNA)
    for name in ("a", "b", "c"):
        connected.sql(
            "INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri) "
            "SELECT gen_random_uuid(), %s, account_domain, 'c', client_secret, redirect_uri FROM amocrm_integrations "
            "WHERE widget_type = 'glass'",
            name,
        )
    told = _run(environment, "export-person", connected.domain, "--phone", "+79210000002")
    assert (told.exit_code, own in told.output) == (0, True), told.output


def test_what_is_under_way_is_left_and_told(connected: Story, environment: dict[str, str]) -> None:
    connected.simulator.control("fault", kind="status", status=504, path="/api/v4/.*", times=1000)
    own = _send(connected, _ANNA)
    words = ("erase-person", connected.domain, "--phone", "+79210000002", "--apply")
    _told(environment, words, 1, f"still needed: delivery {own}")
    connected.simulator.control("no-faults")
    connected.clock.advance(minutes=10)
    run_deliveries(connected.runtime, 20)
    _told(environment, words, 0, f"erased: delivery {own}")


_BOOKING = """
INSERT INTO amocrm_bookings (id, integration_id, service, resource, starts_at, ends_at, state, facts, visitor, brought)
VALUES (%s, %s, 'cleaning', 'ivanova', amocrm_now() + %s::interval, amocrm_now() + %s::interval + interval '1 hour',
        'booked', '{}', %s, 1)
"""
_CHANGE = """
INSERT INTO amocrm_changes (id, integration_id, kind, entity_type, entity_id, document)
VALUES (%s, %s, 'contact.updated', 'contacts', 4, %s)
"""


def test_visits_that_are_over_and_events_forget_a_person_and_visits_to_come_do_not(
    connected: Story, environment: dict[str, str]
) -> None:
    keyring, own = connected.runtime.keyring, connected.row().id
    over, to_come, change = uuid4(), uuid4(), uuid4()
    for id_, begins in ((over, "-1 day"), (to_come, "1 day")):
        visitor = keyring.encrypt(json.dumps(_ANNA, ensure_ascii=False), id_, "visitor")
        connected.sql(_BOOKING, id_, own, begins, begins, visitor)
    document = json.dumps({"contact": {"fields": [{"code": "PHONE", "values": [_ANNA["phone"]]}]}})
    connected.sql(_CHANGE, change, own, keyring.encrypt(document, change, "change"))
    _told(
        environment,
        ("erase-person", connected.domain, "--phone", "+79210000002", "--apply"),
        1,
        f"still needed: booking {to_come}",
    )
    assert connected.sql("SELECT id FROM amocrm_bookings WHERE visitor IS NOT NULL") == [(to_come,)]
    assert connected.sql("SELECT count(*) FROM amocrm_changes") == [(0,)]


def test_an_account_that_has_left_is_erased_whole(
    tale: Story, environment: dict[str, str], tmp_path: Path, migrated_url: str
) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    without_journal, environment = environment, environment | {"TOKEN_JOURNAL_URL": f"file://{folder}"}
    tale.runtime = Runtime.build(load(environment), tale.clock)
    tale.connect()
    _send(tale, _ANNA)
    refresh_tokens(tale.runtime, 20)
    assert [one for one in folder.rglob("*") if one.is_file() and str(tale.row().id) in str(one)]
    words = ("erase-account", tale.domain, "--database-url", migrated_url)
    _told(environment, (*words, "--apply"), 1, "Disconnect them")
    tale.crm("disconnect", tale.admin(), {})
    _told(environment, words, 0, "would erase")
    own = tale.row().id
    # Tokens that stayed there would be brought back by `restore-tokens`.
    _told(without_journal, (*words, "--apply"), 1, f"nothing was erased: the token journal is file://{folder}")
    folder.rename(tmp_path / "away")
    told = _run(environment, *words, "--apply")
    assert (told.exit_code, "run it again" in told.output, tale.row().id) == (1, True, own), told.output
    (tmp_path / "away").rename(folder)
    told = _run(environment, *words, "--apply")
    assert told.exit_code == 0, told.output
    assert not [one for one in folder.rglob("*") if one.is_file() and str(own) in str(one)]
    with psycopg.connect(migrated_url) as owner:
        assert set(accounts.count(owner, own).values()) == {0}
    _told(environment, words, 1, "there is no connection")
    tale.runtime.close()
