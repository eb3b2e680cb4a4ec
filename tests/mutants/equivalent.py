"""Mutants that somebody has judged: another program that does the same. By their text, not by lines."""

import tomllib
from pathlib import Path
from typing import Final

from tests.mutants.changes import Change
from tests.mutants.core import ROOT

FILE: Final = Path(__file__).with_name("equivalent.toml")


class Known:
    def __init__(self) -> None:
        rows = tomllib.loads(FILE.read_text(encoding="utf-8")).get("mutant", [])
        self.rows: Final = {(row["path"], row["was"], row["becomes"]): str(row["why"]) for row in rows}

    def why(self, path: str, change: Change) -> str | None:
        return self.rows.get((path, change.was, change.becomes))

    def gone(self) -> list[tuple[str, str]]:
        """Entries whose lines stand nowhere any more."""
        rows = [(path, was) for path, was, _becomes in self.rows]
        return [(path, was) for path, was in rows if was not in _in_one_line(ROOT / path)]


def _in_one_line(file: Path) -> str:
    return " ".join(file.read_text(encoding="utf-8").split()) if file.exists() else ""
