"""The fast versions of `make load`, `make bad-night`, and the benchmark of webhooks."""

from typing import Any

import pytest

from tests.commands import json_of_command, whole

# Both measure under load; one after the other.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("load"), pytest.mark.needs("pgbouncer")]


def test_under_load_every_write_is_there_once_and_nothing_fails() -> None:
    found = json_of_command(
        "benchmarks.load.run", "--accounts", "12", "--people", "12", "--seconds", "8", "--compare-seconds", "6"
    )
    assert found["truth"]["violations"] == [], whole(found)
    assert found["requests"] > 0  # how many, says how busy the machine is
    assert not [status for status in found["answers"] if status[0] not in "24"], whole(found)
    assert set(found["harm"]["beside a flood"]["others"]) <= {"200", "202", "429"}, whole(found)
    assert set(found["harm"]["beside 6 MB bodies"]["others"]) <= {"422", "413"}, whole(found)
    assert set(found["compared"]) == {"get_lead", "two bare calls", "nothing"}


def test_every_webhook_is_written_down_and_answered() -> None:
    found = json_of_command("benchmarks.ingress", "--rate", "40", "--seconds", "6")
    assert (found["hooks"], found["refused"], found["not_written_down"]) == (240, 0, 0), whole(found)


@pytest.mark.timeout(300)
def test_after_a_bad_night_every_write_is_there_once_and_every_account_connected(tmp_path: Any) -> None:
    """Row G5."""
    picture = tmp_path / "night.svg"
    found = json_of_command(
        "benchmarks.load.night", "--accounts", "40", "--people", "10", "--seconds", "36", "--picture", str(picture)
    )
    assert found["truth"]["violations"] == [], whole(found)
    assert found["killed_processes"] > 10
    assert found["truth"]["pressed"] > 0  # on a slow machine people do little in half a minute
    assert "PostgreSQL crashes" in picture.read_text()
