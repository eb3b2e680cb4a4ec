"""30-K: a pair of tokens that is in the log comes back: `restore-spill` reads what the clouds' tools print of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.commands import main
from shared.connections import rotation, token_escrow
from shared.connections.token_journal import Position
from tests.story import Story


@pytest.fixture
def spilled(connected: Story, capsys: pytest.CaptureFixture[str]) -> str:
    """The line of a pair that amoCRM has given, and that could not be stored."""
    own = connected.runtime.rotation
    claimed = own.claim(connected.row())
    assert claimed is not None
    pair = own._ask(claimed)
    columns = rotation.token_columns(own.keyring, claimed.id, pair, own.ahead)
    capsys.readouterr()
    token_escrow.write(claimed.id, Position.of(claimed), pair.expires_in, connected.clock.now(), columns)
    return capsys.readouterr().out


def _restore(log: Path, environment: dict[str, str]) -> Result:
    return CliRunner().invoke(main, ["restore-spill", str(log)], env=environment)


def _google(line: str) -> Any:
    """The logging agent takes severity and time out of the line and makes the rest `jsonPayload`."""
    payload = json.loads(line)
    return [{"severity": payload.pop("severity"), "timestamp": payload.pop("time"), "jsonPayload": payload}]


SHAPES: dict[str, Callable[[str], str]] = {
    "as the function wrote it": lambda line: line,
    "aws logs filter-log-events --output json": lambda line: json.dumps({"events": [{"message": line}]}, indent=4),
    "aws logs filter-log-events --output text": lambda line: '{"severity": "INFO", "event": "x"}\t' + line + "\tmore",
    "gcloud logging read --format json": lambda line: json.dumps(_google(line), indent=2),
    "yc logging read --format json": lambda line: json.dumps([{"level": "INFO", "message": line}], indent=2),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pair_is_found_in_what_the_clouds_tools_print(
    shape: str, spilled: str, connected: Story, environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_text(SHAPES[shape](spilled))
    told = _restore(log, environment)
    assert "1 pair(s) restored, 0 left out" in told.output, told.output
    assert told.exit_code == 0
    assert connected.row().token_version == 2


def test_a_pair_that_cannot_be_read_is_told_and_keeps_no_other_from_its_place(
    spilled: str, connected: Story, environment: dict[str, str], tmp_path: Path
) -> None:
    """Cut off by a copy, doubled quotes of a table; and bytes that are no text at all, from another program."""
    log = tmp_path / "log"
    table = spilled.replace('"', '""')
    log.write_bytes(b"\xff\xfe\n" + spilled[:-40].encode() + b"\n" + table.encode() + spilled.encode())
    told = _restore(log, environment)
    assert "1 pair(s) restored" in told.output, told.output
    assert "(line 2, line 3)" in told.output
    assert told.exit_code == 1
    assert connected.row().token_version == 2


def test_a_log_without_any_pair_is_no_success(environment: dict[str, str], tmp_path: Path) -> None:
    """The log of another function, or of another day."""
    log = tmp_path / "log"
    log.write_text('{"severity": "INFO", "event": "refresh.run"}\n')
    told = _restore(log, environment)
    assert (told.exit_code, "no token.spilled" in told.output) == (1, True), told.output


def test_38_a_consent_after_a_restore_is_not_undone_by_an_older_log(
    spilled: str, connected: Story, environment: dict[str, str], tmp_path: Path
) -> None:
    """Numbers begin again where the backup was: a pair of before the loss may have the number that follows the present
    one, and is worthless."""
    log = tmp_path / "log"
    log.write_text(spilled)
    connected.clock.advance(hours=1)
    connected.owner.sql("UPDATE amocrm_integrations SET token_version = 0")  # the backup's
    connected.connect()
    present = connected.row()
    assert present.token_version == 1
    told = _restore(log, environment)
    assert "0 pair(s) restored, 1 left out" in told.output, told.output
    assert connected.row().access_token == present.access_token
    connected.clock.advance(hours=25)
    assert connected.crm("get_lead", connected.application() | {"X-Lead-Id": str(connected.lead_id)}).status == 200


def test_38_a_line_of_before_that_says_no_consent_is_restored_as_it_was(
    spilled: str, connected: Story, environment: dict[str, str], tmp_path: Path
) -> None:
    line = json.loads(spilled)
    del line["consent"]
    log = tmp_path / "log"
    log.write_text(json.dumps(line))
    assert "1 pair(s) restored, 0 left out" in _restore(log, environment).output
