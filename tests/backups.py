"""A backup of all tables, and what an operator does when the database is lost."""

from typing import Final

from click.testing import CliRunner, Result

from cli.commands import main
from tests.clocks import MovableClock
from tests.owner import Owner

_TABLES: Final = r"""
SELECT relname FROM pg_class WHERE relname LIKE 'amocrm\_%' AND relkind IN ('r', 'p') AND NOT relispartition
    AND relnamespace = current_schema()::regnamespace
"""
_BACKUP: Final = """
DROP TABLE IF EXISTS backups.{table};
CREATE TABLE backups.{table} AS TABLE {table};
"""
_RESTORE: Final = """
DELETE FROM {table};
INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM backups.{table};
"""


class Backup:
    """`environment`: of the operator's commands."""

    def __init__(self, owner: Owner, clock: MovableClock, environment: dict[str, str]) -> None:
        self._owner = owner
        self._clock = clock
        self._environment = environment
        self._tables = [str(name) for (name,) in owner.sql(_TABLES)]

    def take(self) -> None:
        """Of this moment, in the place of the one before."""
        self._owner.sql("CREATE SCHEMA IF NOT EXISTS backups")
        self._owner.sql("".join(_BACKUP.format(table=table) for table in self._tables))

    def restore(self, *more: str) -> None:
        """Whatever happened since is not known any more, and the operator has said so; `more`: how."""
        self.restore_in_silence()
        marked = self.command("mark-restored", *more)
        assert marked.exit_code == 0, marked.output
        assert "new writes are looked for in amoCRM" in marked.output

    def restore_after(self, **time: float) -> None:
        """The same, so much later: `hours=3`."""
        self._clock.advance(**time)
        self.restore()

    def restore_in_silence(self) -> None:
        statements = "".join(_RESTORE.format(table=table) for table in self._tables)
        self._owner.sql(f"BEGIN; SET LOCAL session_replication_role = replica; {statements} COMMIT")

    def command(self, *words: str) -> Result:
        return CliRunner().invoke(main, list(words), env=self._environment)

    def remove(self) -> None:
        self._owner.sql("DROP SCHEMA IF EXISTS backups CASCADE")
