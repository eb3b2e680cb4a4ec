"""Row 30-I1, 30-I2: the roles of the database. Who owns the tables, who only works with them, and who makes which."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli import embedded
from cli.migrations import MigrationError, migrate

_DEFINERS = """
SELECT oid::regprocedure::text, coalesce(array_to_string(proconfig, ', '), '') FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prosecdef
"""
# What somebody with the functions' credentials would do: everything that a function of the owner's could reach for
# stands in the schema of temporary objects, and does something of the attacker's as soon as it is touched.
_TRAPS = """
CREATE TEMP TABLE stolen (by_whom text);
GRANT ALL ON stolen TO PUBLIC;
CREATE FUNCTION pg_temp.steal() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO pg_temp.stolen VALUES (current_user); RETURN coalesce(NEW, OLD); END';
CREATE FUNCTION pg_temp.stolen_too() RETURNS regclass LANGUAGE plpgsql AS
    'BEGIN INSERT INTO pg_temp.stolen VALUES (current_user); RETURN NULL; END';
CREATE TEMP TABLE amocrm_deliveries AS SELECT gen_random_uuid() AS id, 'epoch'::timestamptz AS finished_at;
CREATE TEMP TABLE amocrm_events_default AS SELECT 1 AS id, 'epoch'::timestamptz AS at;
CREATE TRIGGER steal BEFORE DELETE ON pg_temp.amocrm_deliveries FOR EACH ROW EXECUTE FUNCTION pg_temp.steal();
CREATE TRIGGER steal BEFORE DELETE ON pg_temp.amocrm_events_default FOR EACH ROW EXECUTE FUNCTION pg_temp.steal();
CREATE TEMP VIEW amocrm_event_weeks AS SELECT pg_temp.stolen_too() AS week, 'epoch'::timestamptz AS ends;
GRANT ALL ON pg_temp.amocrm_deliveries, pg_temp.amocrm_events_default, pg_temp.amocrm_event_weeks TO PUBLIC;
"""
_CALLS = (
    "SELECT amocrm_purge_deliveries('1 day', 10)",
    "SELECT amocrm_purge_events('1 day', 10)",
    "SELECT amocrm_roll_events('90 days')",
)


@pytest.fixture
def server() -> Iterator[Any]:
    """A server that has none of our roles yet: roles are a server's, not a database's."""
    folder = Path(tempfile.mkdtemp(prefix="amo"))  # a socket's path is short, and its user may come to it
    folder.chmod(0o755)
    started = embedded.start(folder / "pg")
    yield started
    started.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _as(server: Any, user: str, database: str = "postgres") -> str:
    return str(server.get_uri(database=database)).replace("//postgres:@", f"//{user}@")


def _rows(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Of the last one."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_whoever_has_the_functions_credentials_does_not_become_the_owner(postgres: Any, migrated_url: str) -> None:
    """30-I1. A function of the owner's looks into its own schema, and into nobody's temporary one."""
    runtime_url = embedded.runtime_url(postgres)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _rows(runtime_url, "CREATE TEMP TABLE amocrm_deliveries (id uuid)")
    # Also where somebody has let them make such tables.
    _rows(migrated_url, f"GRANT TEMPORARY ON DATABASE postgres TO {embedded.RUNTIME_LOGIN}")
    try:
        for call in _CALLS:
            stolen = _rows(runtime_url, _TRAPS, call, "SELECT by_whom FROM pg_temp.stolen")
            assert stolen == [], call
    finally:
        _rows(migrated_url, f"REVOKE TEMPORARY ON DATABASE postgres FROM {embedded.RUNTIME_LOGIN}")


def test_every_function_of_the_owner_says_where_it_looks(migrated_url: str) -> None:
    """30-I1, for those that come later."""
    definers = _rows(migrated_url, _DEFINERS)
    assert len(definers) == len(_CALLS)
    assert [name for name, options in definers if "search_path=public, pg_temp" not in options] == []


@pytest.mark.long
def test_an_owner_who_may_not_make_roles_is_told_what_to_have_made(server: Any) -> None:
    """30-I2: any plain owner, and Yandex Managed PostgreSQL, where only the cloud makes roles."""
    admin = server.get_uri()
    _rows(admin, "CREATE ROLE plain LOGIN", "CREATE DATABASE plain OWNER plain")
    with pytest.raises(MigrationError, match=r"plain may not.*CREATE ROLE amocrm_runtime NOLOGIN"):
        migrate(_as(server, "plain", "plain"))
    assert _rows(_as(server, "plain", "plain"), "SELECT to_regclass('amocrm_integrations')") == [(None,)]
    # As the cloud makes it: with a login of its own.
    _rows(admin, "CREATE ROLE amocrm_runtime LOGIN")
    assert migrate(_as(server, "plain", "plain"))
    assert migrate(_as(server, "plain", "plain")) == []
    runtime = _as(server, "amocrm_runtime", "plain")
    assert _rows(runtime, "SELECT count(*) FROM amocrm_integrations, amocrm_bookings") == [(0,)]
    assert _rows(runtime, "SELECT amocrm_purge_events('1 day', 10)") == [(0,)]


@pytest.mark.long
def test_an_owner_who_may_make_roles_makes_it_once_for_the_server(server: Any) -> None:
    """30-I2: the second database finds it there, also one whose owner may make none, and who owns the schema only."""
    admin = server.get_uri()
    _rows(admin, "CREATE ROLE maker LOGIN CREATEROLE", "CREATE DATABASE one OWNER maker", "CREATE ROLE plain LOGIN")
    _rows(admin, "CREATE DATABASE two")
    _rows(server.get_uri(database="two"), "ALTER SCHEMA public OWNER TO plain")
    assert migrate(_as(server, "maker", "one"))
    assert migrate(_as(server, "plain", "two"))
    assert _rows(admin, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'amocrm_runtime'") == [(False,)]
