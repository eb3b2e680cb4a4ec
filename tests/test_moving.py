"""30-J12: moving an account to another database, as docs/scale.md tells it."""

import re

import psycopg

from tests.demo import ROOT

# What belongs to one account: by its integration's id, or by belonging to what does.
_OF_ACCOUNT = """
WITH RECURSIVE of_account AS (
    SELECT 'amocrm_integrations'::regclass::oid AS named
    UNION SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE a.attname = 'integration_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    UNION SELECT f.conrelid FROM of_account o JOIN pg_constraint f ON f.contype = 'f' AND f.confrelid = o.named
)
SELECT named::regclass::text FROM of_account
"""
# Numbers that a database gives by itself: another one has given the same to somebody else.
_NUMBERED = """
SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.oid::regclass::text = ANY(%s) AND (a.attidentity <> '' OR a.atthasdef AND a.atttypid = 'bigint'::regtype
    AND pg_get_expr((SELECT adbin FROM pg_attrdef WHERE adrelid = c.oid AND adnum = a.attnum), c.oid) LIKE 'nextval%%')
"""


def _rows() -> list[tuple[list[str], str]]:
    """Tables, and what is to be done with them."""
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    table = text.partition("<!-- account's tables -->")[2].partition("<!-- end of")[0]
    lines = [line.split("|") for line in table.splitlines() if "`amocrm_" in line]
    return [(re.findall(r"`(amocrm_\w+)`", line[1]), line[2]) for line in lines]


def test_each_table_of_an_account_is_named_once(migrated_url: str) -> None:
    """A table that is added has to be said there, with what becomes of it."""
    told = [table for tables, _ in _rows() for table in tables]
    with psycopg.connect(migrated_url) as connection:
        there = [name for (name,) in connection.execute(_OF_ACCOUNT).fetchall()]
    assert sorted(told) == sorted(there)


def test_no_number_that_another_database_has_given_is_copied_as_it_is(migrated_url: str) -> None:
    how = {table: how for tables, how in _rows() for table in tables}
    with psycopg.connect(migrated_url) as connection:
        numbered = [name for (name,) in connection.execute(_NUMBERED, (list(how),)).fetchall()]
    assert len(numbered) >= 4
    for name in numbered:
        table, column = name.split(".")
        assert f"without `{column}`" in how[table], name
