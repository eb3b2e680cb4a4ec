"""Row B4: one command, safe to run twice and from two processes at once; changed history is refused."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli import migrations
from cli.migrations import MigrationError, migrate


@pytest.fixture
def empty_database(postgres: Any) -> Iterator[str]:
    admin: str = postgres.get_uri()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrations_test")
    yield str(postgres.get_uri(database="migrations_test"))
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("DROP DATABASE migrations_test WITH (FORCE)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(migrations.FOLDER, tmp_path / "db_migrations"))


def test_all_are_applied_once(empty_database: str, folder: Path) -> None:
    applied = migrate(empty_database, folder)
    assert [migration.version for migration in applied] == list(range(1, len(applied) + 1))
    assert migrate(empty_database, folder) == []


def test_two_processes_at_once_apply_each_once(empty_database: str, folder: Path) -> None:
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(len(migrate(empty_database, folder)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, len(migrations.read(folder))]


def test_a_changed_or_missing_file_is_refused(empty_database: str, folder: Path) -> None:
    migrate(empty_database, folder)
    last = migrations.read(folder)[-1].file
    text = last.read_text()
    last.write_text(text + "\n-- changed")
    with pytest.raises(MigrationError, match="changed after it was applied"):
        migrate(empty_database, folder)
    last.write_bytes(text.replace("\n", "\r\n").encode())
    assert migrate(empty_database, folder) == []
    last.unlink()
    with pytest.raises(MigrationError, match="not in the folder any more"):
        migrate(empty_database, folder)


def test_a_failing_migration_changes_nothing_itself(empty_database: str, folder: Path) -> None:
    version = len(migrations.read(folder)) + 1
    (folder / f"V{version}__broken.sql").write_text("CREATE TABLE half (); SELECT nonsense;")
    with pytest.raises(psycopg.Error):
        migrate(empty_database, folder)
    with psycopg.connect(empty_database) as connection:
        found = connection.execute("SELECT to_regclass('half'), to_regclass('amocrm_integrations')").fetchone()
    assert found == (None, "amocrm_integrations")
    assert [one.version for one in migrations.read(folder)][-1] == version
    (folder / f"V{version}__broken.sql").write_text("CREATE TABLE half ();")
    assert [one.version for one in migrate(empty_database, folder)] == [version]


def _behind_a_backup(database: str, folder: Path) -> tuple[psycopg.Connection, int]:
    """A transaction that reads a table for long, and the number of a migration that wants this table for itself."""
    migrate(database, folder)
    version = len(migrations.read(folder)) + 1
    (folder / f"V{version}__later.sql").write_text("ALTER TABLE amocrm_deliveries ADD COLUMN later text;")
    backup = psycopg.connect(database)
    backup.execute("SELECT count(*) FROM amocrm_deliveries")
    return backup, version


@pytest.mark.long
def test_30_k_nobody_waits_behind_a_migration_that_waits_for_a_backup(empty_database: str, folder: Path) -> None:
    """`ALTER TABLE` queues behind whoever reads, and everybody else behind it: for as long as the backup takes."""
    backup, version = _behind_a_backup(empty_database, folder)
    applied: list[migrations.Migration] = []
    applying = threading.Thread(target=lambda: applied.extend(migrate(empty_database, folder)))
    applying.start()
    try:
        with psycopg.connect(empty_database, autocommit=True) as function:
            waits = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            while function.execute(waits).fetchone() == (0,):
                time.sleep(0.02)
            function.execute("SET statement_timeout = '5s'")
            function.execute("SELECT count(*) FROM amocrm_deliveries")
    finally:
        backup.close()
        applying.join()
    assert [one.version for one in applied] == [version]


@pytest.mark.long
def test_30_k_a_migration_that_does_not_get_its_table_says_so_and_is_applied_later(
    empty_database: str, folder: Path
) -> None:
    backup, version = _behind_a_backup(empty_database, folder)
    with backup, pytest.raises(MigrationError, match=r"__later\.sql.*backup"):
        migrate(empty_database, folder, patience_seconds=0)
    assert [one.version for one in migrate(empty_database, folder)] == [version]


def test_what_runs_outside_of_a_transaction_may_be_repeated(empty_database: str, folder: Path) -> None:
    """The process dies after the index was built, before that was remembered; or the index was left invalid."""
    version = len(migrate(empty_database, folder)) + 1
    (folder / f"V{version}__index.sql").write_text(
        "-- concurrently: nobody waits for it.\n"
        "DROP INDEX CONCURRENTLY IF EXISTS amocrm_deliveries_later;\n"
        "CREATE INDEX CONCURRENTLY amocrm_deliveries_later ON amocrm_deliveries (updated_at);\n"
    )
    with psycopg.connect(empty_database, autocommit=True) as connection:
        for _ in range(2):
            assert [one.version for one in migrate(empty_database, folder)] == [version]
            connection.execute("DELETE FROM schema_migrations WHERE version = %s", (version,))
        invalid = connection.execute("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid").fetchall()
        assert connection.execute("SELECT to_regclass('amocrm_deliveries_later')").fetchone() != (None,)
    assert invalid == []


def test_a_database_of_a_version_before_1_0_is_told_in_a_sentence(empty_database: str, folder: Path) -> None:
    """32-4: and nothing of it is touched."""
    migrate(empty_database, folder)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("UPDATE schema_migrations SET name = 'V2__events.sql' WHERE version = 2")
        connection.execute("DELETE FROM schema_migrations WHERE version > 2")
    with pytest.raises(MigrationError, match=r"before 1\.0 made this database \(V2__events.sql.*new database"):
        migrate(empty_database, folder)


def test_the_log_goes_by_weeks_and_what_no_week_takes_goes_by_batches(empty_database: str) -> None:
    migrate(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:

        def ask(statement: str) -> list[Any]:
            return connection.execute(statement.encode()).fetchall()

        def write(at: str) -> None:
            line = f"({at}, 'a.b', amocrm_message('x'))"
            connection.execute(f"INSERT INTO amocrm_events (at, kind, message) VALUES {line}".encode())

        for days in range(100, 0, -1):  # as a log is that was brought here from elsewhere
            write(f"now() - interval '{days} days' - interval '1 week'")
        write("now()")
        write("now() + interval '1 year'")
        assert ask("SELECT count(*), max(id) - min(id) FROM amocrm_events") == [(102, 101)]
        assert ask("SELECT count(*) FROM amocrm_events_default") == [(101,)]
        assert ask("SELECT amocrm_purge_events('97 days', 5), amocrm_purge_events('97 days', 500)") == [(5, 6)]
        clock = "CREATE OR REPLACE FUNCTION amocrm_now() RETURNS timestamptz LANGUAGE sql STABLE AS "
        connection.execute(f"{clock} $$SELECT now() + interval '364 days'$$".encode())
        assert ask("SELECT amocrm_roll_events('400 days')") == [(0,)]
        # Its week has taken the line of next year over.
        assert ask("SELECT count(*) FROM amocrm_events_default") == [(89,)]
        assert ask("SELECT count(*) FROM amocrm_events") == [(91,)]
        assert ask("SELECT amocrm_roll_events('90 days')")[0][0] >= 2
        assert ask("SELECT count(*) FROM amocrm_events") == [(90,)]
        assert ask("SELECT amocrm_purge_events('90 days', 500)") == [(89,)]


def test_a_week_is_not_dropped_while_somebody_reads_it_and_nobody_waits_long(empty_database: str) -> None:
    migrate(empty_database)
    clock = "CREATE OR REPLACE FUNCTION amocrm_now() RETURNS timestamptz LANGUAGE sql STABLE AS "
    with psycopg.connect(empty_database) as reader, psycopg.connect(empty_database, autocommit=True) as roller:
        reader.execute("SELECT count(*) FROM amocrm_events")
        roller.execute(f"{clock} $$SELECT now() + interval '300 days'$$".encode())
        roll = "SELECT amocrm_roll_events('30 days')"
        assert roller.execute(roll).fetchone() == (0,)  # after 0.3 s
        reader.rollback()
        (gone,) = roller.execute(roll).fetchone() or (0,)
        assert gone >= 2


@pytest.mark.parametrize("name", ["V1__twice.sql", "V90__gap.sql", "V6-name.sql", "v6__small.sql", "V06__zero.sql"])
def test_names_that_do_not_fit_are_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1")
    with pytest.raises(MigrationError):
        migrations.read(folder)


def test_the_constraints_guard_what_the_code_relies_on(database_url: str) -> None:
    insert = (
        "INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri{}) "
        "VALUES (gen_random_uuid(), %s, %s, 'client', 'x', 'https://x.example/'{})"
    )
    wrong = [
        (insert.format("", ""), ("Glass", "a.amocrm.ru"), psycopg.errors.CheckViolation),
        (insert.format("", ""), ("glass", "evil.com"), psycopg.errors.CheckViolation),
        (insert.format(", status", ", 'connected'"), ("glass", "a.amocrm.ru"), psycopg.errors.CheckViolation),
        (insert.format(", access_token", ", 'x'"), ("glass", "a.amocrm.ru"), psycopg.errors.CheckViolation),
        (insert.format(", lease_until", ", now()"), ("glass", "a.amocrm.ru"), psycopg.errors.CheckViolation),
    ]
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement, values, error in wrong:
            with pytest.raises(error):
                connection.execute(statement.encode(), values)
        connection.execute(insert.format("", "").encode(), ("glass", "a.amocrm.ru"))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(insert.format("", "").encode(), ("glass", "a.amocrm.ru"))
