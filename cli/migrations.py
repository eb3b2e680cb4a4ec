"""Migrations: `db_migrations/V<n>__<name>.sql`, applied in order, each in a transaction, by one process at a time.

What was applied is kept with its checksum. A file that changed or vanished after it was applied is refused, because
then nobody knows what the database is.
"""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

FOLDER = Path(__file__).resolve().parents[1] / "db_migrations"

_NAME = re.compile(r"V([1-9][0-9]*)__[a-z0-9_]+\.sql")
_STATEMENT = re.compile(r"(?:\$\$.*?\$\$|[^;])+", re.DOTALL)  # a block may hold semicolons
_LOCK = 4_612_077_001  # any number; it is this project's
_POLL_SECONDS = 0.05
# A table that a migration wants for itself may be read for hours, by a backup; and whoever comes meanwhile waits behind
# the migration. So it waits for moments only, and lets everybody go on in between.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '1s'"
_PAUSE_SECONDS = 3
_PATIENCE_SECONDS = 120.0

# A block that makes a role. Roles are a server's and not a database's, and not every owner may make them: where it is
# there already, the file is applied without this block. (Inside of SQL nobody without the right gets as far as to ask.)
_MAKES_ROLE = re.compile(r"DO \$\$\nBEGIN\n    CREATE ROLE (\w+) ([^;]*);.*?\$\$;\n", re.DOTALL)
_ROLES = """
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s), rolsuper OR rolcreaterole, current_user
FROM pg_roles WHERE rolname = current_user
"""

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version     integer PRIMARY KEY,
    name        text NOT NULL,
    checksum    text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
)
"""
_APPLIED = "SELECT version, name, checksum FROM schema_migrations ORDER BY version"
_REMEMBER = "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)"


class MigrationError(Exception):
    """The folder and the database do not fit together, or a table is held too long. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    file: Path

    @property
    def sql(self) -> str:
        return self.file.read_text("utf-8")

    @property
    def is_concurrent(self) -> bool:
        """Statements that PostgreSQL carries out outside of a transaction only; each may be repeated."""
        return self.sql.startswith("-- concurrently")

    @property
    def statements(self) -> list[str]:
        lines = [line for line in self.sql.splitlines() if not line.startswith("--")]
        parted = _STATEMENT.findall("\n".join(lines))
        return [statement for statement in parted if statement.strip()]

    @property
    def checksum(self) -> str:
        # Line ends do not count: a checkout on Windows is the same migration.
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


def migrate(database_url: str, folder: Path = FOLDER, patience_seconds: float = _PATIENCE_SECONDS) -> list[Migration]:
    """Applies what is missing, in order, and returns it. Raises :class:`MigrationError`; then nothing was changed.

    A migration that fails changes nothing itself; those before it are applied. `patience_seconds`: so long each asks,
    again and again, for a table that somebody else holds.
    """
    found = read(folder)
    with psycopg.connect(database_url, connect_timeout=5, autocommit=True) as connection, _alone(connection):
        connection.execute(_TABLE)
        applied = {row[0]: (row[1], row[2]) for row in connection.execute(_APPLIED).fetchall()}
        _refuse_changes(found, applied)
        missing = [migration for migration in found if migration.version not in applied]
        texts = [_with_roles_looked_for(connection, migration) for migration in missing]
        for migration, sql in zip(missing, texts, strict=True):
            _apply(connection, migration, sql, patience_seconds)
    return missing


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    """One process at a time. Whoever waits for the lock asks again and again: a statement that waited inside PostgreSQL
    would be a transaction that an index, built concurrently, waits for in turn."""
    while not (connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() or (False,))[0]:
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _apply(connection: psycopg.Connection, migration: Migration, sql: str, patience_seconds: float) -> None:
    remembered = (migration.version, migration.file.name, migration.checksum)
    if migration.is_concurrent:
        for statement in migration.statements:
            connection.execute(statement.encode())
        connection.execute(_REMEMBER, remembered)
        return
    ends = time.monotonic() + patience_seconds
    while True:
        try:
            with connection.transaction():
                connection.execute(_LOCK_TIMEOUT)
                connection.execute(sql.encode())
                connection.execute(_REMEMBER, remembered)
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() >= ends:
                raise MigrationError(
                    f"{migration.file.name}: a table that it changes is held by a transaction that takes long, such as "
                    "a backup. Apply this again when that has ended; until then everybody goes on as before"
                ) from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _with_roles_looked_for(connection: psycopg.Connection, migration: Migration) -> str:
    """What is to be carried out. Raises :class:`MigrationError` for a role that is missing and that we may not make."""
    block = _MAKES_ROLE.search(migration.sql)
    if block is None:
        return migration.sql
    role, options = block.groups()
    is_there, may_make, user = connection.execute(_ROLES, (role,)).fetchone() or (False, False, "")
    if is_there:
        return migration.sql.replace(block[0], "")
    if not may_make:
        raise MigrationError(
            f"the role {role} is missing, and {user} may not make roles. Let an administrator of the server make it "
            f"(CREATE ROLE {role} {options}), or the cloud (docs/deploy.md says how), and apply this again"
        )
    return migration.sql


def read(folder: Path) -> list[Migration]:
    """The folder's migrations in order. Raises :class:`MigrationError` for names that do not fit."""
    found: dict[int, Migration] = {}
    for file in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(file.name)
        if match is None:
            raise MigrationError(f"{file.name}: a migration is named V<number>__<name>.sql, in small letters")
        version = int(match[1])
        if version in found:
            raise MigrationError(f"{file.name} and {found[version].file.name} have the same number")
        found[version] = Migration(version, file)
    if sorted(found) != list(range(1, len(found) + 1)):
        raise MigrationError("the migrations are not numbered 1, 2, 3, … without a gap")
    return [found[version] for version in sorted(found)]


def _refuse_changes(found: list[Migration], applied: dict[int, tuple[str, str]]) -> None:
    by_version = {migration.version: migration for migration in found}
    first = by_version.get(2)
    if first is not None and applied.get(2, (first.file.name, ""))[0] != first.file.name:
        raise MigrationError(
            f"a version before 1.0 made this database ({applied[2][0]} was applied to it), and its tables cannot be "
            "taken over. Begin with a new database: accounts are authorised again, by one link each"
        )
    for version, (name, checksum) in applied.items():
        migration = by_version.get(version)
        if migration is None:
            raise MigrationError(f"{name} was applied to this database, but is not in the folder any more")
        if migration.checksum != checksum:
            raise MigrationError(f"{migration.file.name} was changed after it was applied; write a new migration")
