"""37-5: `move-account`, as an operator calls it."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner, Result

from cli.commands import main
from shared.platform.secret import Secret
from shared.storage.encryption import Keyring, generate_key
from tests.moving.cells import Cell, killed_at


def _run(here: Cell, there: Cell, environment: dict[str, str], *more: str) -> Result:
    arguments = ["move-account", *more, "--database-url", here.url, "--to", there.url]
    return CliRunner().invoke(main, arguments, env=environment)


@pytest.mark.long
def test_an_account_by_its_address(here: Cell, there: Cell, environment: dict[str, str]) -> None:
    told = _run(here, there, environment, here.story.domain)
    assert told.exit_code == 0, told.output
    assert f"{here.story.domain} (glass): moved" in told.output
    assert "no write was accepted for" in told.output
    again = _run(here, there, environment, here.story.domain)
    assert (again.exit_code, "lives in the old cell" in again.output) == (1, True), again.output


def test_a_cell_is_emptied_and_one_that_cannot_be_moved_keeps_no_other_from_it(
    here: Cell, there: Cell, environment: dict[str, str]
) -> None:
    one = (
        "INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri) "
        "SELECT gen_random_uuid(), 'glass', %s, 'c', %s, 'https://x.example/'"
    )
    here.sql(one, "a.amocrm.ru", b"nobody can read this, whichever key they have")
    told = _run(here, there, environment, "--all")
    assert told.exit_code == 1
    assert "a.amocrm.ru (glass): not moved" in told.output, told.output
    assert f"{here.story.domain} (glass): moved" in told.output


def test_a_move_is_given_up(here: Cell, there: Cell, environment: dict[str, str]) -> None:
    killed_at(here, there, "copy")
    doctor = CliRunner().invoke(main, ["doctor", "--no-live"], env=environment)
    assert "is on its way to another cell (frozen)" in doctor.output, doctor.output
    told = _run(here, there, environment, here.story.domain, "--undo")
    assert (told.exit_code, "it goes on here" in told.output) == (0, True), told.output
    assert here.sql("SELECT count(*) FROM amocrm_moves") == [(0,)]


def test_other_keys_and_other_tables_are_refused_before_anything_begins(
    here: Cell, there: Cell, environment: dict[str, str]
) -> None:
    other = environment | {"ENCRYPTION_KEYS": f"k2:{generate_key()}"}
    assert "not moved" in _run(here, there, other, here.story.domain).output
    there.sql("UPDATE schema_migrations SET checksum = checksum || 'x' WHERE version = 1")
    try:
        told = _run(here, there, environment, here.story.domain)
    finally:
        there.sql("UPDATE schema_migrations SET checksum = rtrim(checksum, 'x') WHERE version = 1")
    assert (told.exit_code, "different migrations" in told.output) == (1, True), told.output
    assert here.sql("SELECT count(*) FROM amocrm_moves") == [(0,)]


def test_a_key_that_comes_to_the_front_meanwhile_is_noticed(
    here: Cell, there: Cell, environment: dict[str, str]
) -> None:
    """The refresh that the command waits for writes with it, and the new cell could not read the account's tokens."""
    id_ = here.story.row().id
    newer = Keyring((("k2", Secret(generate_key())),)).encrypt("token", id_, "access_token")
    here.sql("UPDATE amocrm_integrations SET lease_id = id, lease_until = amocrm_now() + interval '1 minute'")

    def refreshed() -> None:
        ends = time.monotonic() + 20
        while here.sql("SELECT state FROM amocrm_moves") != [("closing",)]:
            assert time.monotonic() < ends, "no move has begun"
            time.sleep(0.05)
        here.sql("UPDATE amocrm_integrations SET access_token = %s, lease_id = NULL, lease_until = NULL", newer)

    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(refreshed)
        told = _run(here, there, environment, here.story.domain)
        refreshing.result()
    assert (told.exit_code, "does not hold. It goes on in the old cell" in told.output) == (1, True), told.output
    assert here.sql("SELECT count(*) FROM amocrm_moves") == [(0,)]
    assert there.sql("SELECT count(*) FROM amocrm_integrations") == [(0,)]


def test_cells_that_differ_in_what_holds_for_all_are_told(here: Cell, there: Cell, environment: dict[str, str]) -> None:
    """A form would go into another pipeline from one second to the next, and nobody would know why."""
    here.sql(
        "INSERT INTO amocrm_level_settings (widget_type, level, settings, changed_by) "
        "VALUES ('glass', 'widget', '{\"company\": {\"name\": \"A\"}}', 'x')"
    )
    told = _run(here, there, environment, here.story.domain)
    assert (told.exit_code, "settings of widget" in told.output) == (1, True), told.output
    assert _run(here, there, environment, here.story.domain, "--levels-may-differ").exit_code == 0
