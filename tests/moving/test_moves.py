"""37-5: a connection is moved to another cell, while callers go on."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from msgspec import structs

from cli.commands import main
from cli.moving import statements
from cli.moving.move import STEPS, Move, MoveError
from features.bookings import calendar_subscriptions, reconciliation_queue
from features.changes import dispatch
from functions.refresh_tokens.run import run as refresh_tokens
from functions.run_deliveries.run import run as run_deliveries
from shared.connections import integrations
from shared.connections.client_resolution import CodeClient, Row
from shared.deliveries import rows
from shared.platform.config import load
from shared.storage import key_rotation, retention
from shared.storage.database import AccountMovingError
from shared.storage.encryption import Keyring, generate_key
from tests.longer import others_long
from tests.moving.cells import Cell, Killed, killed_at, move
from tests.story import calculation, json_of


def _save(cell: Cell, number: int) -> int:
    headers = cell.story.application() | {"X-Lead-Id": str(cell.story.lead_id), "Idempotency-Key": f"save-{number}"}
    response = cell.story.crm("save_calculation", headers, calculation(number=f"N-{number}"))
    told = json_of(response)
    if response.status == 503:
        assert int(dict(response.headers)["Retry-After"]) <= 5
        assert told["code"] in ("account_moving", "account_moved"), told
    return response.status


def _notes(cell: Cell, number: int) -> int:
    return sum(f"N-{number}" in str(note["params"].get("text", "")) for note in cell.story.notes())


def _state(cell: Cell) -> list[str]:
    return [state for (state,) in cell.sql("SELECT state FROM amocrm_moves")]


def test_an_account_goes_on_in_the_new_cell_as_it_was(here: Cell, there: Cell) -> None:
    assert _save(here, 1) == 200
    lines = here.sql("SELECT kind FROM amocrm_events WHERE integration_id IS NOT NULL ORDER BY id")
    counted = there.sql("SELECT coalesce(sum(count), 0) FROM amocrm_counters")
    made = move(here, there)
    assert made.copied["amocrm_deliveries"] == 1
    assert _save(there, 1) == 200  # the same key again: what it had come to
    assert _save(there, 2) == 200
    assert [_notes(there, number) for number in (1, 2)] == [1, 1]
    assert there.sql("SELECT kind FROM amocrm_events ORDER BY id")[: len(lines)] == lines
    assert here.sql("SELECT count(*) FROM amocrm_events WHERE integration_id IS NOT NULL") == [(0,)]
    assert counted == [(0,)]
    there.sql("UPDATE amocrm_integrations SET refresh_due_at = amocrm_now()")
    assert refresh_tokens(there.story.runtime, 10)["refreshed"] == 1
    assert _state(there) == []


def test_37_3_a_restored_cells_account_is_looked_for_in_the_new_cell_too(here: Cell, there: Cell) -> None:
    here.sql(
        "INSERT INTO amocrm_restores (id, lost_since, looks_until, keys_kept) "
        "SELECT gen_random_uuid(), amocrm_now() - interval '1 hour', amocrm_now() + interval '1 day', "
        "interval '30 days' FROM generate_series(1, 2)"
    )
    move(here, there)
    assert there.sql("SELECT count(*) FROM amocrm_restores") == [(2,)]
    assert _save(there, 1) == 200
    assert there.sql("SELECT count(*) FROM amocrm_deliveries WHERE looks_since IS NOT NULL") == [(1,)]


@pytest.mark.long
def test_the_old_cell_says_that_it_has_moved(here: Cell, there: Cell) -> None:
    """Whoever they are; and it keeps nothing by which amoCRM could be called, or that customers wrote."""
    key = json_of(
        here.story.crm("create_site_key", here.story.admin(), {"name": "S", "origins": ["https://a.example"]})
    )
    site = {"Authorization": f"Bearer {key['site_key']}", "Origin": "https://a.example"}
    session = json_of(here.story.crm("open_session", here.story.widget() | {"X-Lead-Id": str(here.story.lead_id)}, {}))
    opened = {"Authorization": f"Bearer {session['session_token']}", "X-Lead-Id": str(here.story.lead_id)}
    _save(here, 1)
    move(here, there)
    form = {"contact": {"name": "A", "phone": "+79161234567"}}
    for action, headers, body in (
        ("submit_form", site, form),
        ("get_lead", here.story.widget() | {"X-Lead-Id": str(here.story.lead_id)}, None),
        ("get_lead", opened, None),
        ("get_lead", here.story.application() | {"X-Lead-Id": str(here.story.lead_id)}, None),
    ):
        response = here.story.crm(action, headers, body)
        assert (response.status, json_of(response)["code"]) == (503, "account_moved"), action
        assert there.story.crm(action, headers, body).status in (200, 202), action
    row = here.story.row()
    assert (row.status, row.access_token, row.refresh_token) == ("disconnected", None, None)
    assert here.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]
    listed = here.story.crm("connection_status", here.story.admin())
    assert "account_moved" in listed.body.decode()


def test_while_it_moves_callers_are_told_to_come_again_and_nothing_is_claimed(here: Cell, there: Cell) -> None:
    """A delivery that is due and a token that is due wait; reads go on until it has left."""
    seen = {}

    def look(step: str) -> None:
        if step in ("freeze", "copy", "leave"):
            read = here.story.crm("get_lead", here.story.application() | {"X-Lead-Id": str(here.story.lead_id)})
            here.sql("SELECT set_config('amocrm.move', (SELECT id FROM amocrm_moves)::text, false)")
            here.sql("UPDATE amocrm_integrations SET refresh_due_at = amocrm_now()")
            here.sql("SELECT set_config('amocrm.move', '', false)")
            figures = refresh_tokens(here.story.runtime, 5)
            seen[step] = (_save(here, 7), read.status, figures["refreshed"], figures["failed"])

    move(here, there, look)
    assert seen == dict.fromkeys(("freeze", "copy", "leave"), (503, 200, 0, {}))
    assert _save(there, 7) == 200
    assert _notes(there, 7) == 1


def test_other_accounts_work_goes_on_while_one_moves(here: Cell, there: Cell) -> None:
    """What claims for all of them leaves this one out, and fails for nobody."""
    here.story.simulator.fault(kind="status", status=504, times=1, path="/api/v4/leads/.*")
    _save(here, 1)
    here.sql("UPDATE amocrm_deliveries SET due_at = amocrm_now() WHERE state = 'accepted'")

    def look(step: str) -> None:
        if step == "copy":
            assert run_deliveries(here.story.runtime, 5)["failed"] == {}

    move(here, there, look)


_ANOTHER = """
INSERT INTO amocrm_integrations (id, widget_type, account_domain, account_id, client_id, client_secret, redirect_uri,
    status, access_token, refresh_token, access_expires_at, refresh_due_at, connected_at)
VALUES ('00000000-0000-0000-0000-000000000001', 'glass', 'other.amocrm.ru', 7, 'c', 's', 'x',
    'connected', 'a', 'r', amocrm_now(), amocrm_now() - interval '1 minute', amocrm_now());
UPDATE amocrm_integrations SET refresh_due_at = amocrm_now() - interval '1 hour'
WHERE account_domain <> 'other.amocrm.ru';
INSERT INTO amocrm_deliveries (id, integration_id, action, idempotency_key, request_hash, request, due_at)
SELECT gen_random_uuid(), id, 'x', 'k', sha256('x'), 'r', refresh_due_at FROM amocrm_integrations;
INSERT INTO amocrm_endpoints (id, integration_id, name, url, host, secret, kinds, pipelines, statuses, fields, due_at)
SELECT gen_random_uuid(), id, 'e', 'u', 'h', 's', '{}', '{}', '{}', '{}', refresh_due_at FROM amocrm_integrations;
INSERT INTO amocrm_booking_watches (integration_id, due_at) SELECT id, refresh_due_at FROM amocrm_integrations;
INSERT INTO amocrm_booking_calendars (id, integration_id, resource, resource_name, url, host, due_at)
SELECT gen_random_uuid(), id, 'r', 'n', 'u', 'h', refresh_due_at FROM amocrm_integrations;
INSERT INTO amocrm_bookings (id, integration_id, service, resource, starts_at, ends_at, state, held_until, facts)
SELECT gen_random_uuid(), id, 's', 'r', now(), now() + interval '1 hour', 'held', amocrm_now() - interval '1 hour', '{}'
FROM amocrm_integrations;
"""


def test_an_account_that_stands_in_the_middle_keeps_no_other_from_its_turn(here: Cell, there: Cell) -> None:
    """The command was killed, and nobody has come yet: its rows are the oldest that are due, and cannot be claimed."""
    here.sql(_ANOTHER)
    killed_at(here, there, "copy")
    database, other = here.story.runtime.database, UUID(int=1)
    assert [one.id for one in here.story.runtime.rotation.claim_due(1)] == [other]
    assert [one.integration_id for one in rows.claim_due(database, 1)] == [other]
    assert [one.integration_id for one in dispatch.claim(database, 1)] == [other]
    assert reconciliation_queue.claim(database, 5) == [other]
    assert reconciliation_queue.sweep(database, 5) == 1
    claimed = calendar_subscriptions.claim(database)
    assert claimed is not None
    assert claimed.integration_id == other
    assert not calendar_subscriptions.is_due(database)


_OLD = """
INSERT INTO amocrm_sessions (token_hash, integration_id, expires_at)
SELECT sha256(id::text::bytea), id, amocrm_now() - interval '1 hour' FROM amocrm_integrations;
INSERT INTO amocrm_deliveries (id, integration_id, action, idempotency_key, request_hash, request, state, finished_at)
SELECT gen_random_uuid(), id, 'x', age, sha256('x'), 'r', 'delivered', amocrm_now() - age::interval
FROM amocrm_integrations, unnest('{20 days, 400 days}'::text[]) AS age;
INSERT INTO amocrm_bookings (id, integration_id, service, resource, starts_at, ends_at, state, facts, visitor)
SELECT gen_random_uuid(), id, 's', 'r', amocrm_now() - interval '21 days', amocrm_now() - interval '20 days', 'booked',
    '{}', 'v'
FROM amocrm_integrations;
"""
_STILL_THERE = """
SELECT (SELECT count(*) FROM amocrm_sessions WHERE integration_id = i.id),
    (SELECT count(*) FROM amocrm_deliveries WHERE integration_id = i.id),
    (SELECT count(request) FROM amocrm_deliveries WHERE integration_id = i.id),
    (SELECT count(visitor) FROM amocrm_bookings WHERE integration_id = i.id)
FROM amocrm_integrations i ORDER BY account_domain = 'other.amocrm.ru'
"""


@pytest.mark.parametrize(("step", "own"), [("copy", (1, 2, 2, 1)), ("tidy", (0, 1, 1, 1))])
def test_38_an_account_that_stands_in_the_middle_keeps_nobody_elses_old_data(
    here: Cell, there: Cell, step: str, own: tuple[int, ...]
) -> None:
    """Each batch of what is removed holds rows of many accounts, and was refused whole."""
    here.sql(_ANOTHER)
    here.sql("DELETE FROM amocrm_deliveries; DELETE FROM amocrm_bookings")
    here.sql(_OLD)
    killed_at(here, there, step)
    retention.run(here.story.runtime.database, here.story.runtime.settings, here.story.clock)
    assert here.sql(_STILL_THERE) == [own, (0, 1, 0, 0)]
    move(here, there)


def test_who_has_chosen_its_row_before_it_leaves_is_no_deadlock(here: Cell, there: Cell) -> None:
    """A run of the scheduler chooses what is due, then looks whether it moves; the command wants the row meanwhile."""
    claims: list[Future[int]] = []

    def claim(connection: psycopg.Connection) -> int:
        with connection:
            pid = connection.info.backend_pid
            ends = time.monotonic() + 20
            while not here.sql("SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", pid):
                assert time.monotonic() < ends, "the command does not wait for the row"
                time.sleep(0.01)
            return connection.execute("UPDATE amocrm_integrations SET lease_id = gen_random_uuid()").rowcount

    with ThreadPoolExecutor(1) as pool:

        def choose(step: str) -> None:
            if step == "leave":
                connection = psycopg.connect(here.url)
                connection.execute("SELECT FROM amocrm_integrations FOR UPDATE SKIP LOCKED")
                claims.append(pool.submit(claim, connection))

        move(here, there, choose)
    assert [one.result() for one in claims] == [0]
    assert (_state(here), _state(there)) == (["left"], [])


@pytest.mark.long
@pytest.mark.parametrize("step", others_long(["leave", *(one for one in STEPS if one != "leave")]))
def test_it_goes_on_wherever_the_command_was_killed(step: str, here: Cell, there: Cell) -> None:
    """And back again; at no moment two cells accept for it, and none for longer than until the command runs again."""
    assert _save(here, 1) == 200
    killed_at(here, there, step)
    done = [cell for cell in (here, there) if _in_cell(cell) and _save(cell, 2) == 200]
    assert len(done) <= 1
    if step in ("begin", "close", "drain"):
        assert done == [here]
    if step in ("take_log", "tidy", "finish"):
        assert done == [there]
    move(here, there)
    assert _save(there, 2) == 200
    assert [_notes(there, number) for number in (1, 2)] == [1, 1]
    kinds = [kind for (kind,) in there.sql("SELECT kind FROM amocrm_events ORDER BY id")]
    assert kinds.count("connection.authorised") == 1
    assert (_state(here), _state(there)) == (["left"], [])
    killed_at(there, here, step)
    move(there, here)
    assert _save(here, 3) == 200
    assert _save(here, 1) == 200
    assert [_notes(here, number) for number in (1, 2, 3)] == [1, 1, 1]
    assert (_state(here), _state(there)) == ([], ["left"])


def _in_cell(cell: Cell) -> bool:
    return cell.sql("SELECT count(*) FROM amocrm_integrations") == [(1,)]


def test_what_was_begun_is_given_up(here: Cell, there: Cell) -> None:
    _save(here, 1)
    killed_at(here, there, "leave")
    assert _save(here, 2) == 503
    with psycopg.connect(here.url, autocommit=True) as source, psycopg.connect(there.url, autocommit=True) as target:
        made = Move(source, target, here.story.row().id)
        assert made.undo()
        assert not made.undo()
    assert _save(here, 2) == 200
    assert there.sql("SELECT count(*) FROM amocrm_integrations") == [(0,)]
    assert (_state(here), _state(there)) == ([], [])


@pytest.mark.long
def test_what_was_begun_is_not_touched_where_both_addresses_are_the_same(here: Cell, there: Cell) -> None:
    """To give up, or to go on, would remove what is here as if it were what has been copied there."""
    _save(here, 1)
    killed_at(here, there, "leave")
    with psycopg.connect(here.url, autocommit=True) as source, psycopg.connect(here.url, autocommit=True) as target:
        with pytest.raises(MoveError, match="same database"):
            Move(source, target, here.story.row().id).undo()
        with pytest.raises(MoveError, match="same database"):
            Move(source, target, here.story.row().id).run()
    move(here, there)
    assert _save(there, 2) == 200
    assert [_notes(there, number) for number in (1, 2)] == [1, 1]


@pytest.mark.long
def test_it_is_not_given_up_while_somebody_moves_it(here: Cell, there: Cell) -> None:
    """What had been copied would go there, and the tokens here a moment later: it would be nowhere."""
    told = []

    def look(step: str) -> None:
        if step in ("leave", "arrive"):
            with (
                psycopg.connect(here.url, autocommit=True) as source,
                psycopg.connect(there.url, autocommit=True) as target,
                pytest.raises(MoveError, match="somebody else is moving it"),
            ):
                Move(source, target, here.story.row().id).undo()
            told.append(step)

    move(here, there, look)
    assert told == ["leave", "arrive"]
    assert _save(there, 1) == 200


def test_a_command_that_has_just_ended_keeps_no_other_waiting(here: Cell, there: Cell) -> None:
    """PostgreSQL ends its session a moment later: whoever repeats it at once is not told of somebody else."""
    with closing(psycopg.connect(here.url, autocommit=True)) as ending, ThreadPoolExecutor(1) as pool:
        ending.execute(statements.IS_MINE, {"id": here.story.row().id})
        again = pool.submit(move, here, there)
        asks = "SELECT 1 FROM pg_stat_activity WHERE query = %s AND pid <> %s"
        while not here.sql(asks, statements.IS_MINE.replace("%(id)s", "$1"), ending.info.backend_pid):
            assert not again.done()
        ending.close()
        again.result()
    assert _save(there, 1) == 200


def test_what_cannot_be_copied_goes_on_where_it_is(here: Cell, there: Cell) -> None:
    """Else nothing of it was accepted until an operator came again, and no token refreshed."""
    _save(here, 1)
    there.sql(_OTHERS)
    there.sql(
        "INSERT INTO amocrm_deliveries (id, integration_id, action, idempotency_key, request_hash, request, due_at) "
        "SELECT %s, id, 'x', 'k', sha256('x'), 'r', amocrm_now() FROM amocrm_integrations",
        here.sql("SELECT id FROM amocrm_deliveries")[0][0],
    )
    with pytest.raises(MoveError, match=r"has something of it already.*It goes on in the old cell"):
        move(here, there)
    assert _save(here, 2) == 200
    assert (_state(here), _state(there)) == ([], [])


@pytest.mark.long
def test_it_ends_where_the_command_was_killed_between_both_last_words(here: Cell, there: Cell) -> None:
    def die(step: str) -> None:
        if step == "finish":
            there.sql("DELETE FROM amocrm_moves")
            raise Killed

    with pytest.raises(Killed):
        move(here, there, die)
    move(here, there)
    assert here.sql("SELECT state, finished_at IS NOT NULL FROM amocrm_moves") == [("left", True)]
    assert _save(there, 1) == 200


def test_an_account_of_the_new_cell_is_not_touched(here: Cell, there: Cell) -> None:
    there.sql(
        "INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri) "
        "VALUES (gen_random_uuid(), 'glass', %s, 'c', 's', 'https://x.example/')",
        here.story.domain,
    )
    with pytest.raises(MoveError, match="has a connection of this account"):
        move(here, there)
    assert _save(here, 1) == 200
    with pytest.raises(MoveError, match="same database"):
        move(here, here)
    assert _save(here, 2) == 200


def test_an_authorization_code_is_not_used_up_while_its_account_moves(here: Cell, there: Cell) -> None:
    """What amoCRM gives for it could not be kept here. The person reloads the page, in the cell where it lives then."""
    state = here.story.begin_consent()
    query = here.story.allow(state)

    def look(step: str) -> None:
        if step in ("freeze", "leave"):
            assert here.story.callback(query).status == 503

    move(here, there, look)
    assert here.story.callback(query).status == 503
    assert there.story.callback(query).status == 200


def test_an_authorization_code_that_came_while_its_account_was_to_move_is_good_where_it_stays(
    here: Cell, there: Cell
) -> None:
    """At once: the person who reloads the page does not wait for a claim to run out. Also where the move began when
    they had been let in."""
    query = here.story.allow(here.story.begin_consent())
    row, runtime = here.story.row(), here.story.runtime
    own = [CodeClient.of(row, runtime.keyring, Row.OWN)]
    told = []

    def look(step: str) -> None:
        if step == "copy":
            told.append(here.story.callback(query).status)
            with pytest.raises(AccountMovingError):
                runtime.authorization.redeem(own, here.story.domain, dict(parse_qsl(query))["code"], request_id=None)
            raise MoveError("the other cell does not answer")

    with pytest.raises(MoveError, match="It goes on in the old cell"):
        move(here, there, look)
    told.append(here.story.callback(query).status)
    assert told == [503, 200]


def test_a_pair_that_comes_too_late_is_in_the_log(here: Cell, there: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that was held up for longer than its lease: what amoCRM gave it is not lost."""
    rotation = here.story.runtime.rotation
    claimed = rotation.claim(here.story.row())
    assert claimed is not None
    here.sql("UPDATE amocrm_integrations SET lease_until = amocrm_now() - interval '1 second'")
    pair = rotation._ask(claimed)
    move(here, there)
    with pytest.raises(AccountMovingError):
        rotation.persist(claimed, pair)
    assert "token.spilled" in capsys.readouterr().out
    assert integrations.by_id(there.story.runtime.database, claimed.id) is not None


@pytest.mark.long
@pytest.mark.parametrize("step", ["copy", None], ids=["on its way", "there"])
def test_38_a_pair_of_what_has_left_is_told_and_keeps_no_other_from_its_place(
    step: str | None,
    here: Cell,
    there: Cell,
    environment: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It was left out as one whose account has newer tokens; and while the account stood in the middle of its move, the
    command ended before the next pair."""
    rotation = here.story.runtime.rotation
    claimed = rotation.claim(here.story.row())
    assert claimed is not None
    pair = rotation._ask(claimed)
    here.sql("UPDATE amocrm_integrations SET lease_until = amocrm_now() - interval '1 second'")
    if step is None:
        move(here, there)
    else:
        killed_at(here, there, step)
    capsys.readouterr()
    with pytest.raises(AccountMovingError):
        rotation.persist(claimed, pair)
    log = tmp_path / "log"
    log.write_text(capsys.readouterr().out * 2)
    told = CliRunner().invoke(main, ["restore-spill", str(log)], env=environment)
    assert told.exit_code == 1
    assert "2 pair(s) belong to accounts that live in another cell" in told.output, told.output
    if step is not None:
        move(here, there)
    url = there.story.runtime.settings.database_url.reveal()
    told = CliRunner().invoke(main, ["restore-spill", str(log)], env=environment | {"DATABASE_URL": url})
    assert told.output.startswith("1 pair(s) restored") or told.output.startswith("2 pair(s) restored"), told.output
    here.story.clock.advance(hours=25)
    headers = there.story.application() | {"X-Lead-Id": str(there.story.lead_id)}
    assert there.story.crm("get_lead", headers).status == 200


_OTHERS = """
INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri)
VALUES ('00000000-0000-0000-0000-000000000001', 'glass', 'other.amocrm.ru', 'c', 's', 'x');
INSERT INTO amocrm_booking_resources (integration_id, key)
SELECT '00000000-0000-0000-0000-000000000001', n::text FROM generate_series(1, 5) n;
"""
_OWN = """
INSERT INTO amocrm_booking_resources (integration_id, key)
SELECT id, name FROM amocrm_integrations, unnest('{anna, boris}'::text[]) AS name;
INSERT INTO amocrm_bookings (id, integration_id, service, resource, starts_at, ends_at, state, facts)
SELECT gen_random_uuid(), integration_id, 's', key, now() + interval '1 hour', now() + interval '2 hours', 'booked',
    '{}'
FROM amocrm_booking_resources;
INSERT INTO amocrm_booking_times (booking_id, busy)
SELECT b.id, int8range((r.number << 32) + 100, (r.number << 32) + 160)
FROM amocrm_bookings b JOIN amocrm_booking_resources r ON r.key = b.resource;
INSERT INTO amocrm_endpoints (id, integration_id, name, url, host, secret, kinds, pipelines, statuses, fields)
SELECT gen_random_uuid(), id, 'e', 'u', 'h', 's', '{}', '{}', '{}', '{}' FROM amocrm_integrations;
INSERT INTO amocrm_changes (id, integration_id, kind, entity_type, entity_id, document)
SELECT gen_random_uuid(), id, 'lead.updated', 'lead', n, 'd' FROM amocrm_integrations, generate_series(1, 9) n;
INSERT INTO amocrm_sends (endpoint_id, change_id, position, entity)
SELECT e.id, c.id, c.position, 'lead 1' FROM amocrm_endpoints e, amocrm_changes c;
"""
_TAKEN = """
SELECT r.key, lower(t.busy) - (r.number << 32) FROM amocrm_booking_times t JOIN amocrm_bookings b ON b.id = t.booking_id
JOIN amocrm_booking_resources r ON r.number = lower(t.busy) >> 32 AND r.integration_id = b.integration_id ORDER BY 1
"""
_SENDS = """
SELECT c.entity_id FROM amocrm_sends s JOIN amocrm_changes c ON c.id = s.change_id AND c.position = s.position
ORDER BY s.position
"""


def test_numbers_of_doctors_and_of_changes_are_the_new_cells_own(here: Cell, there: Cell) -> None:
    """A visit takes its hour there too, and a message keeps its place; warm instances of the old cell find their own
    numbers again."""
    there.sql(_OTHERS)
    here.sql(_OWN)
    numbers = here.sql("SELECT key, number FROM amocrm_booking_resources ORDER BY key")
    move(here, there)
    assert there.sql(_TAKEN) == [("anna", 100), ("boris", 100)]
    assert there.sql(_SENDS) == [(number,) for number in range(1, 10)]
    move(there, here)
    assert here.sql("SELECT key, number FROM amocrm_booking_resources ORDER BY key") == numbers
    assert here.sql(_TAKEN) == [("anna", 100), ("boris", 100)]


def test_while_an_account_is_on_its_way_its_values_keep_the_older_key_and_count_for_nothing(
    here: Cell, environment: dict[str, str]
) -> None:
    here.sql("INSERT INTO amocrm_moves (integration_id, id, state) SELECT id, id, 'frozen' FROM amocrm_integrations")
    keys = f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"
    told: list[str] = []
    keyring = Keyring(load(environment | {"ENCRYPTION_KEYS": keys}).encryption_keys)
    assert set(key_rotation.rotate(here.story.runtime.database, keyring, told.append)) == {0}
    assert told
    assert all("on its way to another cell" in one for one in told)


def test_a_key_is_changed_where_an_account_has_left_too(here: Cell, there: Cell, environment: dict[str, str]) -> None:
    """30: what is left of it says who still asks for it here, also when the older key is gone."""
    move(here, there)
    headers = here.story.widget() | {"X-Lead-Id": str(here.story.lead_id)}
    (left,) = here.sql("SELECT id FROM amocrm_integrations")
    stays = UUID(int=2**128 - 1)  # the last one that is looked at
    here.sql(
        "INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri) "
        "VALUES (%s, 'glass', 'stays.amocrm.ru', 'c', %s, 'https://x.example/')",
        stays,
        here.story.runtime.keyring.encrypt("secret", stays, "client_secret"),
    )
    keys = f"k2:{generate_key()},{environment['ENCRYPTION_KEYS']}"
    told: list[str] = []
    keyring = Keyring(load(environment | {"ENCRYPTION_KEYS": keys}).encryption_keys)
    assert sum(key_rotation.rotate(here.story.runtime.database, keyring, told.append)) == 2
    assert told == []
    assert sum(key_rotation.rotate(here.story.runtime.database, keyring, told.append)) == 0
    assert here.sql("SELECT state FROM amocrm_moves") == [("left",)]
    assert keyring.is_current(here.sql("SELECT client_secret FROM amocrm_integrations WHERE id = %s", left[0])[0][0])
    here.story.runtime = structs.replace(here.story.runtime, keyring=keyring)
    assert json_of(here.story.crm("get_lead", headers))["code"] == "account_moved"
