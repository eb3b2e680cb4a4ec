"""30: a cell that is restored from a backup of before an account moved away does not take it for its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from cli.commands import main
from cli.moving.move import Move, MoveError
from functions.refresh_tokens.run import run as refresh_tokens
from shared.connections.token_journal import Place
from shared.platform.config import load
from shared.runtime import Runtime
from tests.moving.cells import Cell, killed_at, move
from tests.story import calculation, json_of

_TABLES = ("amocrm_token_journal", "amocrm_integrations", "amocrm_moves")
_RESTORE = """
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM {table};
INSERT INTO {table} SELECT * FROM backup_of_now.{table};
COMMIT
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "journal"
    made.mkdir()
    return made


@pytest.fixture
def journaled(here: Cell, environment: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """The old cell has a token journal; its settings."""
    settings = environment | {"TOKEN_JOURNAL_URL": f"file://{folder}"}
    before = here.story.runtime
    here.story.runtime = Runtime.build(load(settings), here.story.clock)
    refresh_tokens(here.story.runtime, 20)
    yield settings
    here.story.runtime.close()
    here.story.runtime = before


@pytest.fixture
def backup(here: Cell, journaled: dict[str, str]) -> Iterator[Callable[[], None]]:
    """A backup of the old cell; what is called restores it."""
    here.owner.sql("CREATE SCHEMA backup_of_now")  # beside ours: no table here belongs to an account
    for table in _TABLES:
        here.owner.sql(f"CREATE TABLE backup_of_now.{table} AS SELECT * FROM {table}")

    def restore() -> None:
        for table in _TABLES:
            here.owner.sql(_RESTORE.format(table=table))

    yield restore
    here.owner.sql("DROP SCHEMA backup_of_now CASCADE")


def _restore_tokens(settings: dict[str, str], *more: str) -> Result:
    return CliRunner().invoke(main, ["restore-tokens", *more], env=settings)


def _places(folder: Path) -> list[Place]:
    keys = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    return [place for key in keys if (place := Place.read(key))]


def _read(cell: Cell) -> int:
    return cell.story.crm("get_lead", cell.story.application() | {"X-Lead-Id": str(cell.story.lead_id)}).status


def _form(cell: Cell, key: str) -> int:
    site = {"Authorization": f"Bearer {key}", "Origin": "https://a.example"}
    return cell.story.crm("submit_form", site, {"contact": {"name": "A", "phone": "+79161234567"}}).status


def _save(cell: Cell) -> int:
    headers = cell.story.application() | {"X-Lead-Id": str(cell.story.lead_id)}
    return cell.story.crm("save_calculation", headers, calculation()).status


@pytest.mark.parametrize("refreshes", [0, 2])
def test_30_what_has_left_since_the_backup_is_told_and_not_refreshed(
    here: Cell, there: Cell, journaled: dict[str, str], folder: Path, backup: Callable[[], None], refreshes: int
) -> None:
    """Its tokens in the backup may be the last ones: a refresh in the old cell would cut it off in the new one."""
    for _ in range(refreshes):
        here.story.clock.advance(hours=20)
        assert refresh_tokens(here.story.runtime, 20)["refreshed"] == 1
    move(here, there)
    refresh_tokens(here.story.runtime, 20)
    assert [one.has_left for one in _places(folder)] == [True]
    backup()
    told = _restore_tokens(journaled)
    assert "lives in another cell" in told.output, told.output
    assert here.story.row().status == "connected"
    done = _restore_tokens(journaled, "--apply")
    assert (done.exit_code, "lives in another cell" in done.output) == (0, True), done.output
    row = here.story.row()
    assert (row.status, row.refresh_token, row.problem_code) == ("disconnected", None, "account_moved")
    here.story.clock.advance(hours=20)
    assert refresh_tokens(here.story.runtime, 20)["refreshed"] == 0
    assert _read(there) == 200
    assert "0 connection(s) were restored" in _restore_tokens(journaled, "--apply").output


@pytest.mark.parametrize("midway", [False, True], ids=["of before it moved", "of the middle of the move"])
def test_30_what_a_restored_cell_still_has_is_not_moved_over_what_lives_in_the_other(
    here: Cell, there: Cell, backup: Callable[[], None], midway: bool
) -> None:
    """What the new cell has of it would go, and the backup's be there in its place."""
    move(here, there)
    assert _save(there) == 200
    backup()
    if midway:
        here.sql(
            "INSERT INTO amocrm_moves (integration_id, id, state) SELECT id, id, 'frozen' FROM amocrm_integrations"
        )
    with pytest.raises(MoveError, match="lives in the other cell already"):
        move(here, there)
    assert there.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    assert _read(there) == 200
    with (
        psycopg.connect(here.url, autocommit=True) as source,
        psycopg.connect(there.url, autocommit=True) as target,
    ):
        given_up = Move(source, target, here.story.row().id)
        if midway:  # or both would use its tokens
            with pytest.raises(MoveError, match="lives in the other cell already"):
                given_up.undo()
        else:
            assert not given_up.undo()


def test_30_a_cell_that_is_restored_from_the_middle_of_a_move_lets_it_go(
    here: Cell, there: Cell, backup: Callable[[], None]
) -> None:
    """It had arrived before the loss, and goes on there since; the command was to take the log yet."""
    killed_at(here, there, "take_log")
    assert _save(there) == 200
    here.sql("INSERT INTO backup_of_now.amocrm_moves SELECT * FROM amocrm_moves")
    here.sql("UPDATE backup_of_now.amocrm_moves SET state = 'frozen'")
    backup()
    with (
        psycopg.connect(here.url, autocommit=True) as source,
        psycopg.connect(there.url, autocommit=True) as target,
        pytest.raises(MoveError, match="lives in the other cell already"),
    ):
        Move(source, target, here.story.row().id).undo()
    move(here, there)
    assert (here.story.row().status, here.story.row().refresh_token) == ("disconnected", None)
    assert there.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    assert _read(there) == 200


def test_30_a_restored_cell_is_emptied_of_what_lives_in_it(
    here: Cell, there: Cell, journaled: dict[str, str], backup: Callable[[], None]
) -> None:
    """What had left was ended when the tokens were restored; it has no row of a move any more."""
    move(here, there)
    refresh_tokens(here.story.runtime, 20)
    assert _save(there) == 200
    backup()
    assert _restore_tokens(journaled, "--apply").exit_code == 0
    arguments = ["move-account", "--all", "--database-url", here.url, "--to", there.url]
    told = CliRunner().invoke(main, arguments, env=journaled)
    assert (told.exit_code, told.output) == (0, "")
    assert there.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    assert _read(there) == 200


def test_30_a_restored_cell_says_by_itself_that_it_holds_what_has_left(
    here: Cell, there: Cell, journaled: dict[str, str], backup: Callable[[], None]
) -> None:
    move(here, there)
    refresh_tokens(here.story.runtime, 20)
    backup()
    assert refresh_tokens(here.story.runtime, 20)["journal"]["ahead"] == 1
    doctor = CliRunner().invoke(main, ["doctor", "--no-live"], env=journaled)
    assert "1 connection(s) live in another cell, says the journal" in doctor.output, doctor.output


def test_38_what_has_left_is_not_refreshed_before_anybody_has_restored_the_tokens(
    here: Cell, there: Cell, journaled: dict[str, str], backup: Callable[[], None]
) -> None:
    """The timers were started first: its token in the backup is the last one, which its new cell needs."""
    move(here, there)
    refresh_tokens(here.story.runtime, 20)
    backup()
    here.story.clock.advance(hours=25)
    for _ in range(2):
        ran = refresh_tokens(here.story.runtime, 20)
        assert (ran["refreshed"], ran["journal"]["ahead"]) == (0, 1)
    lead = here.story.application() | {"X-Lead-Id": str(here.story.lead_id)}
    told = here.story.crm("get_lead", lead)  # nor by whoever comes
    assert (told.status, json_of(told)["code"]) == (503, "account_moved"), told.body
    there.sql("UPDATE amocrm_integrations SET refresh_due_at = amocrm_now()")
    assert refresh_tokens(there.story.runtime, 20)["refreshed"] == 1
    assert _read(there) == 200
    assert "lives in another cell" in _restore_tokens(journaled, "--apply").output
    assert here.story.row().problem_code == "account_moved"


@pytest.mark.long
def test_38_cells_that_are_one_installation_of_the_journal_are_told_before_anything_begins(
    here: Cell, there: Cell, journaled: dict[str, str], folder: Path
) -> None:
    """The new one was made from a copy of the old one: each would remove what the other has written."""
    (installation, address), *_ = here.sql("SELECT installation, address FROM amocrm_token_journal")
    there.sql("INSERT INTO amocrm_token_journal (installation, address) VALUES (%s, %s)", installation, address)
    with pytest.raises(MoveError, match="one installation of the token journal"):
        move(here, there)
    assert here.sql("SELECT count(*) FROM amocrm_moves") == [(0,)]
    assert _read(here) == 200
    there.sql("UPDATE amocrm_token_journal SET installation = gen_random_uuid(), address = '', swept_to = ''")
    move(here, there)
    assert _read(there) == 200


@pytest.mark.long
def test_30_what_has_come_back_is_restored_as_any_other(
    here: Cell, there: Cell, journaled: dict[str, str], folder: Path, backup: Callable[[], None]
) -> None:
    move(here, there)
    refresh_tokens(here.story.runtime, 20)
    move(there, here)
    told = _restore_tokens(journaled, "--apply")
    assert "lives in another cell" not in told.output, told.output
    assert _read(here) == 200
    refresh_tokens(here.story.runtime, 20)
    assert "1 are as in the journal" in _restore_tokens(journaled).output
    here.story.clock.advance(hours=20)
    assert refresh_tokens(here.story.runtime, 20)["refreshed"] == 1
    backup()
    told = _restore_tokens(journaled, "--apply")
    assert "version 1 -> version 2" in told.output, told.output
    refresh_tokens(here.story.runtime, 20)
    assert not any(one.has_left for one in _places(folder))
    assert _read(here) == 200


@pytest.mark.long
def test_30_without_a_journal_somebody_says_who_has_left(
    here: Cell, there: Cell, environment: dict[str, str], backup: Callable[[], None]
) -> None:
    """By the panel it would be ended with a call to amoCRM, for which its token would be used up."""
    move(here, there)
    backup()
    here.story.simulator.control("forget")
    here.story.clock.advance(hours=30)
    runner = CliRunner()
    unknown = runner.invoke(main, ["mark-restored", "--left", "nobody.amocrm.ru"], env=environment)
    assert (unknown.exit_code, "there is no connection of nobody.amocrm.ru" in unknown.output) == (1, True)
    done = runner.invoke(main, ["mark-restored", "--left", here.story.domain], env=environment)
    assert (done.exit_code, "(glass): lives in another cell" in done.output) == (0, True), done.output
    assert (here.story.row().status, here.story.row().refresh_token) == ("disconnected", None)
    assert refresh_tokens(here.story.runtime, 20)["refreshed"] == 0
    assert _read(there) == 200


@pytest.mark.long
@pytest.mark.parametrize("by", ["restore-tokens --apply", "mark-restored --left"])
def test_38_whoever_comes_to_what_has_left_is_told_where_to_and_it_may_come_back(
    here: Cell, there: Cell, journaled: dict[str, str], backup: Callable[[], None], by: str
) -> None:
    """A form that was accepted there waited for two and a half days, and was dead; and the other cell took the row for
    a connection that lives here."""
    key = json_of(
        here.story.crm("create_site_key", here.story.admin(), {"name": "S", "origins": ["https://a.example"]})
    )["site_key"]
    move(here, there)
    refresh_tokens(here.story.runtime, 20)
    backup()
    arguments = [*by.split(), here.story.domain] if by.endswith("--left") else by.split()
    done = CliRunner().invoke(main, arguments, env=journaled)
    assert (done.exit_code, "lives in another cell" in done.output) == (0, True), done.output
    assert _form(here, key) == 503
    assert _read(here) == 503
    assert here.story.crm("connection_status", here.story.admin()).status == 200
    assert here.story.crm("start_connection", here.story.admin(), {}).status == 200  # it was named by mistake
    assert _form(there, key) == 200
    move(there, here)
    assert (_form(here, key), _read(here), _form(there, key)) == (200, 200, 503)
