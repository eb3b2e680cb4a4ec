"""30-K: where commands write to. One that makes a folder empties it first, and so asks whose it is."""

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


def test_a_file_may_be_wanted_in_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["openapi", "--out", str(tmp_path / "new" / "of it" / "openapi.yaml")])
    assert told.exit_code == 0, told.exception
    assert (tmp_path / "new" / "of it" / "openapi.yaml").read_text().startswith("openapi:")


@pytest.mark.parametrize("port", ["0", "65530", "99999"])
def test_the_demo_has_seven_ports_or_says_which_there_are(port: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["demo", "--port", port, "--data", str(tmp_path)])
    assert (told.exit_code, "65529" in told.output) == (2, True), told.exception
