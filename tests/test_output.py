"""30-K: a command that makes a folder empties it first, and so asks whose it is."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.commands import main


@pytest.mark.parametrize("command", [["release", "--no-packages"], ["docs"]])
def test_a_folder_with_somebody_elses_files_is_left_alone(command: list[str], tmp_path: Path) -> None:
    theirs = tmp_path / "work" / "letters.txt"
    theirs.parent.mkdir()
    theirs.write_text("not ours")
    told = CliRunner().invoke(main, [*command, "--out", str(theirs.parent)])
    assert theirs.read_text() == "not ours"
    assert (told.exit_code, str(theirs.parent) in told.output) == (1, True), told.output
