"""37-5: nothing that belongs to a connection is forgotten: by the command, the tables' guards, and docs/scale.md."""

import re

import psycopg

from cli.moving import tables
from cli.moving.tables import Decision
from tests.demo import ROOT

# Numbers that a database gives by itself: another one has given the same to somebody else.
_NUMBERED = """
SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.oid::regclass::text = ANY(%s) AND (a.attidentity <> '' OR a.atthasdef AND a.atttypid = 'bigint'::regtype
    AND pg_get_expr((SELECT adbin FROM pg_attrdef WHERE adrelid = c.oid AND adnum = a.attnum), c.oid) LIKE 'nextval%%')
"""
_GUARDED = """
SELECT tgrelid::regclass::text FROM pg_trigger
WHERE tgfoid = 'amocrm_stay'::regproc AND tgtype & 31 = 31 AND tgenabled = 'O' -- each row, before all that writes
"""
_LEASED = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attname = 'lease_id' AND c.relkind = 'r' AND c.relname LIKE 'amocrm\\_%'
"""
_CLAIMED = (
    "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'amocrm_stay'::regproc AND tgargs LIKE '%claimed%'"
)


def _rows() -> list[tuple[list[str], str]]:
    """Tables, and what is to be done with them."""
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    table = text.partition("<!-- account's tables -->")[2].partition("<!-- end of")[0]
    lines = [line.split("|") for line in table.splitlines() if "`amocrm_" in line]
    return [(re.findall(r"`(amocrm_\w+)`", line[1]), line[2]) for line in lines]


def test_somebody_has_decided_about_each_table(migrated_url: str) -> None:
    """A table that is added is added here, with what becomes of it; else no account can be moved."""
    with psycopg.connect(migrated_url) as connection:
        assert tables.undecided(connection) == []
        assert tables.of_connection(connection).keys() == tables.DECISIONS.keys()
        connection.execute("CREATE TABLE amocrm_new (integration_id uuid REFERENCES amocrm_integrations)")
        connection.execute("CREATE TABLE amocrm_newer (integration_id uuid)")
        connection.execute("CREATE TABLE amocrm_newest (id uuid REFERENCES amocrm_bookings)")
        assert tables.undecided(connection) == ["amocrm_new", "amocrm_newer", "amocrm_newest"]
        connection.rollback()


def test_the_documents_say_the_same() -> None:
    told = [table for tables_, _ in _rows() for table in tables_]
    assert sorted(told) == sorted(tables.DECISIONS)


def test_each_table_refuses_what_comes_while_its_account_moves(migrated_url: str) -> None:
    """But for the log, which goes on, and the rate. Where work is claimed, a claim finds nothing."""
    with psycopg.connect(migrated_url) as connection:
        guarded = {name for (name,) in connection.execute(_GUARDED).fetchall()}
        leased = {name for (name,) in connection.execute(_LEASED).fetchall()}
        claimed = {name for (name,) in connection.execute(_CLAIMED).fetchall()}
    moved = {name for name, how in tables.DECISIONS.items() if how in (Decision.AS_IT_IS, Decision.NUMBERED)}
    assert guarded == moved
    # A person's name is locked by work that was claimed before.
    assert claimed == leased - {"amocrm_locks"}


def test_no_number_that_another_database_has_given_is_copied_as_it_is(migrated_url: str) -> None:
    how = {table: how for tables_, how in _rows() for table in tables_}
    with psycopg.connect(migrated_url) as connection:
        numbered = [name for (name,) in connection.execute(_NUMBERED, (list(how),)).fetchall()]
    assert len(numbered) >= 4
    for name in numbered:
        table, column = name.split(".")
        assert f"without `{column}`" in how[table], name
        assert tables.DECISIONS[table] in (Decision.NUMBERED, Decision.LOG), name
