"""37-1, 37-2, row O1: a database that was restored from a backup cuts no account off; tokens have a second home."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from cli.commands import main
from functions.refresh_tokens.run import run as refresh_tokens
from shared.connections import journal_upkeep, token_escrow
from shared.connections.rotation import LEASE, ReauthRequiredError, token_columns
from shared.connections.token_journal import WRITE_SECONDS, Entry, Place, Position, installation_of
from shared.connections.token_persistence import TRY_SECONDS
from shared.platform import deadline
from shared.platform.config import load
from shared.runtime import Runtime
from shared.storage import object_stores
from shared.storage.encryption import generate_key
from tests.story import Story, json_of

_BACKUP = """
DROP TABLE IF EXISTS public.backup_of_{table};
CREATE TABLE public.backup_of_{table} AS TABLE {table};
"""
_RESTORE = """
BEGIN;
SET LOCAL session_replication_role = replica; -- the other tables stay as they are
DELETE FROM {table};
INSERT INTO {table} SELECT * FROM public.backup_of_{table};
COMMIT
"""
_LOSE = """
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM amocrm_integrations;
COMMIT
"""
_MORE = """
INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri,
    token_version, journaled_version, connected_at)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'glass', n || '.amocrm.ru', 'c', 's', 'x',
    2, 2, to_timestamp(1)
FROM generate_series(1, 5) n
"""
_TABLES = ("amocrm_token_journal", "amocrm_integrations")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "journal"
    made.mkdir()
    return made


@pytest.fixture
def journal_environment(environment: dict[str, str], folder: Path) -> dict[str, str]:
    return environment | {"TOKEN_JOURNAL_URL": f"file://{folder}"}


@pytest.fixture
def journaled(tale: Story, journal_environment: dict[str, str]) -> Iterator[Story]:
    """A connected account whose tokens have a second home."""
    tale.runtime = Runtime.build(load(journal_environment), tale.clock)
    tale.connect()
    tale.simulator.control("forget")
    refresh_tokens(tale.runtime, 20)
    yield tale
    tale.runtime.close()


@pytest.fixture
def backup(journaled: Story) -> Iterator[Callable[[], None]]:
    """A backup of now; what is called restores it."""
    for table in _TABLES:
        journaled.owner.sql(_BACKUP.format(table=table))

    def restore() -> None:
        for table in _TABLES:
            journaled.owner.sql(_RESTORE.format(table=table))

    yield restore
    for table in _TABLES:
        journaled.owner.sql(f"DROP TABLE public.backup_of_{table}")


def _read(story: Story) -> Any:
    answer = story.crm("get_lead", story.application() | {"X-Lead-Id": str(story.lead_id)})
    return 200 if answer.status == 200 else json_of(answer)["code"]


def _refresh(story: Story, times: int = 1) -> None:
    for _ in range(times):
        story.clock.advance(hours=20)
        assert refresh_tokens(story.runtime, 20)["refreshed"] == 1


def _restore(environment: dict[str, str], *more: str) -> Result:
    return CliRunner().invoke(main, ["restore-tokens", *more], env=environment)


def _objects(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _place(story: Story, folder: Path) -> Place:
    """Of the newest object of its connection."""
    keys = [str(file.relative_to(folder)) for file in _objects(folder)]
    places = [place for key in keys if (place := Place.read(key)) and place.integration_id == story.row().id]
    return places[-1]


def test_without_the_journal_a_restored_backup_cuts_the_account_off(
    journaled: Story, backup: Callable[[], None], environment: dict[str, str]
) -> None:
    """What it is all for: the refresh token of yesterday works no more."""
    _refresh(journaled, 2)
    backup()
    journaled.runtime.close()
    journaled.runtime = Runtime.build(load(environment), journaled.clock)
    assert _read(journaled) == "reauth_required"


def test_a_restored_backup_is_brought_up_to_the_journal(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str]
) -> None:
    _refresh(journaled, 3)
    backup()
    assert journaled.row().token_version == 1
    dry = _restore(journal_environment)
    assert "version 1 -> version 4" in dry.output, dry.output
    assert "Nothing was changed" in dry.output
    assert (dry.exit_code, journaled.row().token_version) == (0, 1)
    done = _restore(journal_environment, "--apply")
    assert "1 connection(s) were restored" in done.output, done.output
    assert (done.exit_code, journaled.row().token_version) == (0, 4)
    assert _read(journaled) == 200
    again = _restore(journal_environment, "--apply")
    assert "0 connection(s) were restored; 1 are as in the journal" in again.output, again.output
    _refresh(journaled, 2)
    assert not journaled.simulator.effects("grant.refused")


def test_37_3_whoever_restores_tokens_has_new_writes_looked_for(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str]
) -> None:
    """Also where nobody has said that the database was restored; once."""
    _refresh(journaled, 3)
    backup()
    assert journaled.sql("SELECT count(*) FROM amocrm_restores") == [(0,)]
    assert _restore(journal_environment).exit_code == 0
    assert journaled.sql("SELECT count(*) FROM amocrm_restores") == [(0,)]
    told = _restore(journal_environment, "--apply")
    assert "new writes are looked for in amoCRM" in told.output, told.output
    assert _restore(journal_environment, "--apply").exit_code == 0
    assert journaled.sql("SELECT count(*) FROM amocrm_restores") == [(1,)]


def test_an_account_that_was_cut_off_before_anybody_restored_it_is_helped(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str]
) -> None:
    """Functions have run on the restored database: amoCRM has refused the old refresh token."""
    _refresh(journaled, 3)
    backup()
    journaled.clock.advance(hours=20)
    refresh_tokens(journaled.runtime, 20)
    assert journaled.row().status == "reauth_required"
    assert _restore(journal_environment, "--apply").exit_code == 0
    assert (_read(journaled), journaled.row().status) == (200, "connected")


def test_a_consent_after_the_restore_is_newer_than_the_journal(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str]
) -> None:
    """Its version's number is smaller than the journal's."""
    _refresh(journaled, 3)
    backup()
    journaled.connect()
    restored = _restore(journal_environment, "--apply")
    assert "0 connection(s) were restored" in restored.output, restored.output
    _refresh(journaled)
    assert _read(journaled) == 200


def test_what_was_connected_since_the_backup_is_made_anew(tale: Story, journal_environment: dict[str, str]) -> None:
    """Its row is in no backup."""
    tale.runtime = Runtime.build(load(journal_environment), tale.clock)
    tale.connect()
    tale.owner.sql(_LOSE)
    told = _restore(journal_environment, "--apply")
    assert "no row -> version 1, without its own settings" in told.output, told.output
    assert _read(tale) == 200
    tale.runtime.close()


def test_what_was_disconnected_since_the_backup_stays_so(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str], folder: Path
) -> None:
    """37-1: its tokens go from the journal, too."""
    _refresh(journaled)
    assert journaled.crm("disconnect", journaled.admin(), {}).status == 200
    refresh_tokens(journaled.runtime, 20)
    assert len(_objects(folder)) == 1  # that it has ended; no token
    backup()
    told = _restore(journal_environment, "--apply")
    assert "connected, version 1 -> disconnected" in told.output, told.output
    assert (journaled.row().status, journaled.row().access_token) == ("disconnected", None)


@pytest.mark.parametrize("ending", ["disconnect", "another client"])
def test_37_1_a_refresh_beside_the_end_of_a_connection_leaves_no_tokens_in_the_journal(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str], folder: Path, ending: str
) -> None:
    """Its pair reaches the journal, and no row: what has ended stays so, after a restore too."""
    rotation = journaled.runtime.rotation
    claimed = rotation.claim(journaled.row())
    assert claimed is not None
    if ending == "disconnect":
        assert journaled.crm("disconnect", journaled.admin(), {}).status == 200
    else:
        assert journaled.save_connection(client_id=str(UUID(int=7))).status == 200
    with pytest.raises(ReauthRequiredError):
        rotation.run(claimed)
    figures = refresh_tokens(journaled.runtime, 20)["journal"]
    assert (figures["refused"], len(_objects(folder))) == (0, 1)
    backup()
    assert "connected, version 1 -> disconnected" in _restore(journal_environment, "--apply").output


def test_a_journal_that_is_switched_on_later_gets_what_was_refreshed_before(
    tale: Story, journal_environment: dict[str, str], folder: Path
) -> None:
    """Nothing of it is taken for written: so it would be after each restore, until the next refresh."""
    tale.connect()
    _refresh(tale)
    with closing(Runtime.build(load(journal_environment), tale.clock)) as runtime:
        assert refresh_tokens(runtime, 20)["journal"]["written"] == 1
    assert _place(tale, folder).position.version == 2


def test_a_pair_for_which_the_platform_leaves_no_time_to_write_is_in_the_journal_after_the_next_run(
    journaled: Story, folder: Path
) -> None:
    """The row goes first."""
    rotation = journaled.runtime.rotation
    claimed = rotation.claim(journaled.row())
    assert claimed is not None
    with deadline.limited(WRITE_SECONDS + TRY_SECONDS - 0.5):
        rotation.run(claimed)
    assert _place(journaled, folder).position.version == 1
    assert refresh_tokens(journaled.runtime, 20)["journal"]["written"] == 1
    assert _place(journaled, folder).position.version == 2


def test_a_pair_that_comes_back_from_the_log_is_in_the_journal_after_the_next_run(
    journaled: Story, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rotation = journaled.runtime.rotation
    claimed = rotation.claim(journaled.row())
    assert claimed is not None
    pair = rotation._ask(claimed)
    columns = token_columns(rotation.keyring, claimed.id, pair, rotation.ahead)
    capsys.readouterr()
    token_escrow.write(claimed.id, Position.of(claimed), pair.expires_in, journaled.clock.now(), columns)
    (spilled,) = token_escrow.read(capsys.readouterr().out)
    assert rotation.restore(spilled)
    assert refresh_tokens(journaled.runtime, 20)["journal"]["written"] == 1
    assert _place(journaled, folder).position.version == 2


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_pair_that_reached_the_journal_and_not_its_row_is_restored_where_it_can_be_read(
    journaled: Story, folder: Path, is_whole: bool
) -> None:
    """The process died between the two. Nobody is told of a pair as restored that is not."""
    rotation = journaled.runtime.rotation
    claimed = rotation.claim(journaled.row())
    assert claimed is not None
    assert rotation._journaled(claimed, rotation._ask(claimed))
    if not is_whole:
        (folder / _place(journaled, folder).key).write_bytes(b"{}")
    journaled.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert refresh_tokens(journaled.runtime, 20)["journal"]["restored"] == int(is_whole)
    assert journaled.row().token_version == 1 + int(is_whole)


def test_37_1_each_connection_of_the_journal_is_looked_at(journaled: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """One behind each batch was left out, in every round: what was worthless stayed, what was newer was not seen."""
    monkeypatch.setattr(journal_upkeep, "_BATCH", 1)
    journal = journaled.runtime.rotation.token_journal
    assert journal is not None
    journaled.owner.sql(_MORE)
    for number in range(1, 6):
        old = Entry(UUID(int=number), Position(1, 1), None)
        assert journal.create(installation_of(journaled.runtime.database), old)
    assert refresh_tokens(journaled.runtime, 20)["journal"]["removed"] == 5


@pytest.mark.long
def test_37_2_a_store_that_says_nothing_leaves_refreshes_their_time(
    journaled: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of those that were not in the journal yet was asked for in vain, one after the other, before any refresh."""
    journaled.owner.sql(_MORE.replace("2, 2,", "2, NULL,").replace("5) n", "9) n"))
    journaled.owner.sql("UPDATE amocrm_integrations SET refresh_due_at = amocrm_now() WHERE refresh_token IS NOT NULL")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{silent.getsockname()[1]}")
        journal = journaled.runtime.rotation.token_journal
        assert journal is not None
        journal.store = object_stores.at("gs://bucket/prefix")
        began = time.monotonic()
        figures = refresh_tokens(journaled.runtime, 20)
        took = time.monotonic() - began
    assert figures["refreshed"] == 1
    assert took < 14.0  # not two seconds for each of nine, and two before the refresh


def test_37_2_an_address_of_the_store_that_is_none_stops_no_refresh(
    journaled: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GCE_METADATA_HOST", "metadata:port")
    journal = journaled.runtime.rotation.token_journal
    assert journal is not None
    journal.store = object_stores.at("gs://bucket/prefix")
    _refresh(journaled)
    assert _read(journaled) == 200


def test_what_is_disconnected_after_the_restore_is_not_connected_again(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str]
) -> None:
    _refresh(journaled, 3)
    backup()
    assert journaled.crm("disconnect", journaled.admin(), {}).status == 200
    assert "0 connection(s) were restored" in _restore(journal_environment, "--apply").output
    assert journaled.row().status == "disconnected"


def test_a_refresh_that_is_under_way_with_the_old_token_harms_nothing(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str]
) -> None:
    """37-2: while functions run."""
    _refresh(journaled, 3)
    backup()
    rotation = journaled.runtime.rotation
    claimed = rotation.claim(journaled.row())
    assert claimed is not None
    assert _restore(journal_environment, "--apply").exit_code == 0
    assert rotation.run(claimed).token_version == 4
    assert _read(journaled) == 200


def test_objects_that_nobody_can_use_are_told_and_left_alone(
    journaled: Story, backup: Callable[[], None], journal_environment: dict[str, str], folder: Path
) -> None:
    """37, bad input: cut off; of another key; moved from another place; of a newer version of ours."""
    _refresh(journaled, 2)
    file = folder / _place(journaled, folder).key
    whole = file.read_bytes()
    document = json.loads(whole)
    backup()
    other_keys = journal_environment | {"ENCRYPTION_KEYS": f"k2:{generate_key()}"}
    damaged = {
        "it is cut off": whole[:-50],
        "a newer version has written it (format 2)": json.dumps(document | {"format": 2, "new": 1}).encode(),
        "damaged or belongs to another place": json.dumps(
            document | {"sealed": document["sealed"][:-8] + "AAAAAAA="}
        ).encode(),
    }
    for why, body in damaged.items():
        file.write_bytes(body)
        told = _restore(journal_environment, "--apply")
        assert why in told.output, told.output
        assert "1 connection(s) could not be helped" in told.output
        assert (told.exit_code, file.read_bytes(), journaled.row().token_version) == (1, body, 1)
    file.write_bytes(whole)
    assert "a key that ENCRYPTION_KEYS does not hold" in _restore(other_keys, "--apply").output
    renamed = file.with_name(file.name.replace("03.json", "09.json"))
    file.rename(renamed)
    assert "belongs to another place" in _restore(journal_environment, "--apply").output
    renamed.rename(file)
    assert _restore(journal_environment, "--apply").exit_code == 0


def test_a_journal_of_another_installation_is_refused_until_it_is_named(
    journaled: Story, journal_environment: dict[str, str], folder: Path
) -> None:
    """37, bad input; and a database that was lost without any backup."""
    _refresh(journaled, 2)
    lost = _place(journaled, folder).installation
    journaled.owner.sql(_LOSE)
    journaled.owner.sql("DELETE FROM amocrm_token_journal")
    refused = _restore(journal_environment, "--apply")
    assert (refused.exit_code, str(lost) in refused.output) == (1, True), refused.output
    assert journaled.owner.sql("SELECT id FROM amocrm_integrations") == []
    strangers = journal_environment | {"ENCRYPTION_KEYS": f"k1:{generate_key()}"}
    assert _restore(strangers, "--apply", "--installation", str(lost)).exit_code == 1
    told = _restore(journal_environment, "--apply", "--installation", str(lost))
    assert "1 connection(s) were restored" in told.output, told.output
    assert _read(journaled) == 200
    _refresh(journaled)
    assert _place(journaled, folder).installation == lost


def test_an_object_that_is_missing_is_told_and_written_again(
    journaled: Story, journal_environment: dict[str, str], folder: Path
) -> None:
    _refresh(journaled)
    for file in _objects(folder):
        file.unlink()
    told = _restore(journal_environment, "--apply")
    assert "is not in the journal" in told.output, told.output
    assert refresh_tokens(journaled.runtime, 20)["journal"]["written"] == 1
    assert _place(journaled, folder).position.version == 2


def test_37_4_a_journal_that_is_older_than_the_database_sets_nothing_back_and_is_told_and_caught_up(
    journaled: Story, journal_environment: dict[str, str], folder: Path
) -> None:
    """It came from a backup, too. Which of these accounts were refreshed since, nobody can know: each is named."""
    older = _objects(folder)
    bodies = {file: file.read_bytes() for file in older}
    _refresh(journaled, 2)
    version = journaled.row().token_version
    for file in _objects(folder):
        file.unlink()
    for file, body in bodies.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    told = _restore(journal_environment, "--apply")
    assert f"{journaled.domain} (glass): is newer than the journal" in told.output, told.output
    assert (journaled.row().token_version, _read(journaled)) == (version, 200)
    assert refresh_tokens(journaled.runtime, 20)["journal"]["written"] == 1
    assert _place(journaled, folder).position.version == version


def test_without_a_journal_the_command_says_so(environment: dict[str, str]) -> None:
    told = _restore(environment)
    assert (told.exit_code, "TOKEN_JOURNAL_URL is not set" in told.output) == (1, True)


def test_a_command_whose_settings_lack_the_journal_says_where_it_is(
    journaled: Story, environment: dict[str, str], folder: Path
) -> None:
    """On AWS the stack tells it to the functions, and nobody to the commands: they took it for none."""
    named = f"the token journal is file://{folder}, and these settings do not say so"
    for words, code in ((("doctor", "--no-live"), 0), (("restore-tokens",), 1), (("rotate-keys",), 1)):
        told = CliRunner().invoke(main, words, env=environment)
        assert (told.exit_code, told.output.count(named)) == (code, 1), told.output
        assert "no second home" not in told.output
    journaled.owner.sql("UPDATE amocrm_token_journal SET address = ''")  # given up for good
    assert CliRunner().invoke(main, ["rotate-keys"], env=environment).exit_code == 0


def test_37_1_a_changed_key_is_the_journals_too(
    journaled: Story, journal_environment: dict[str, str], folder: Path
) -> None:
    _refresh(journaled, 2)
    old = journal_environment["ENCRYPTION_KEYS"]
    new = f"k9:{generate_key()}"
    both = journal_environment | {"ENCRYPTION_KEYS": f"{new},{old}"}

    def rotate(keys: dict[str, str]) -> Result:
        return CliRunner().invoke(main, ["rotate-keys"], env=keys)

    assert rotate(both).exit_code == 0
    assert "0 value(s) were written anew" in rotate(both).output
    journaled.runtime.close()
    journaled.runtime = Runtime.build(load(journal_environment | {"ENCRYPTION_KEYS": new}), journaled.clock)
    place = _place(journaled, folder)
    journal = journaled.runtime.rotation.token_journal
    assert journal is not None
    entry = journal.read(place)
    assert entry is not None
    assert entry.tokens is not None
    (folder / place.key).write_bytes(b"{}")
    damaged = rotate(both)
    assert (damaged.exit_code, str(place.integration_id) in damaged.output) == (1, True), damaged.output
