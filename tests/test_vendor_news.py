"""33-7: how a maintainer hears of the vendor's news."""

from pathlib import Path

import click.testing
import pytest

from cli import register, vendor_news
from cli.commands import main
from tests.demo import ROOT

_LOG = """\
commit 9f8e7d6 2026-06-02 Merge branch 'master'

commit aa11bb2 2026-06-01 Notes of a new kind

src/AmoCRM/Models/NoteType/VoiceNote.php
src/AmoCRM/Models/Factories/NoteFactory.php
composer.json
commit 0c0ffee 2026-05-11 Style

.github/workflows/check.yml
phpcs.xml
commit dd44ee5 2026-05-10 Filters of talks

src/AmoCRM/Filters/TalksFilter.php
commit 5161147 2026-04-30 Cents

src/AmoCRM/Models/LeadModel.php
"""


def _told(log: str, tmp_path: Path) -> click.testing.Result:
    (tmp_path / "git-log").write_text(log, encoding="utf-8")
    return click.testing.CliRunner().invoke(main, ["vendor-news", str(tmp_path / "git-log")])


def test_what_touches_the_clients_models_since_it_was_read_is_listed(tmp_path: Path) -> None:
    told = _told(_LOG, tmp_path)
    assert told.exit_code == 0
    assert told.output == (
        "dd44ee5 2026-05-10 Filters of talks\n"
        "  src/AmoCRM/Filters/TalksFilter.php\n"
        "\n"
        "aa11bb2 2026-06-01 Notes of a new kind\n"
        "  src/AmoCRM/Models/NoteType/VoiceNote.php\n"
        "  src/AmoCRM/Models/Factories/NoteFactory.php\n"
    )


def test_where_nothing_came_that_is_said(tmp_path: Path) -> None:
    told = _told(_LOG[_LOG.index("commit 5161147") :], tmp_path)
    assert (told.exit_code, "nothing since" in told.output) == (0, True)


@pytest.mark.parametrize("log", ["", "5161147 Cents\n", "commit\n", "\0\n"])
def test_another_log_is_told_with_what_prints_the_right_one(log: str, tmp_path: Path) -> None:
    told = _told(log, tmp_path)
    assert (told.exit_code, vendor_news.GIT_LOG in told.output) == (1, True)


def test_the_register_says_until_when_the_client_was_read() -> None:
    told = register.text([])
    assert vendor_news.READ_UNTIL.isoformat() in told


@pytest.mark.parametrize("name", ["operations.md", "operations.ru.md"])
def test_the_documents_say_the_same_command(name: str) -> None:
    told = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert f"`{vendor_news.GIT_LOG} > git-log`" in told
    assert "`make vendor-news FILE=git-log`" in told
