"""The fast versions of `make load`, `make bad-night`, and the benchmark of webhooks."""

from typing import Any

import pytest

from benchmarks.load import run
from tests.commands import json_of_command, whole

# Both measure under load; one after the other.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("load"), pytest.mark.needs("pgbouncer")]


def test_under_load_every_write_is_there_once_and_nothing_fails() -> None:
    # Readers come within 1/pace seconds, and the scenes of those who harm last half as long as the compared ones: with
    # four seconds of each, all four readers have begun; with three and a pace of 0.25 once none had.
    small = ["--accounts", "12", "--people", "12", "--pace", "0.5", "--seconds", "8", "--compare-seconds", "8"]
    found = json_of_command("benchmarks.load.run", *small)
    assert found["truth"]["violations"] == [], whole(found)
    assert found["requests"] > 0  # how many, says how busy the machine is
    # 31-A7: reads that are all refused, or all told to wait, are no success.
    for scene in (found, *found["compared"].values(), *found["harm"].values()):
        assert scene["refused"] == [], whole(found)
    assert set(found["harm"]["beside a flood"]["others"]) <= {"200", "202", "429"}, whole(found)
    assert set(found["harm"]["beside 6 MB bodies"]["others"]) <= {"422", "413"}, whole(found)
    assert set(found["compared"]) == {"get_lead", "two bare calls", "nothing"}


def test_what_was_refused_is_told() -> None:
    """31-A7: any 4xx but a few 429."""

    def told(**answers: int) -> list[str]:
        did = [
            {"name": "get_lead", "status": int(status[1:])} for status, count in answers.items() for _ in range(count)
        ]
        return run.refused(did)

    assert told(_200=100, _202=5, _429=5) == []
    assert told(_200=100, _429=6) == ["get_lead: {200: 100, 429: 6}"]
    assert told(_200=100, _401=1) == ["get_lead: {200: 100, 401: 1}"]
    assert told(_429=20) == ["get_lead: {429: 20}"]
    assert told() == ["nothing was asked"]


def test_every_webhook_is_written_down_and_answered() -> None:
    found = json_of_command("benchmarks.ingress", "--rate", "40", "--seconds", "6")
    for mix in ("deals", "every_kind"):
        told = found[mix]
        assert (told["hooks"], told["refused"]["amocrm_events"], told["not_written_down"]) == (240, {}, 0), whole(found)


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


@pytest.mark.timeout(300)
def test_37_4_after_a_lost_database_every_account_is_connected_and_every_write_there_once(tmp_path: Any) -> None:
    """Row O1. Where the journal helps less, everybody who is cut off is told, and nobody else is cut off."""
    picture = tmp_path / "disaster.svg"
    small = ["--accounts", "6", "--people", "10", "--pace", "1", "--seconds", "2", "--writes", "6", "--steps", "1"]
    found = json_of_command("benchmarks.load.disaster", *small, "--picture", str(picture))
    assert found["violations"] == [], whole(found)
    assert found["scenes"]["with the journal"] == {"connected": 7, "cut_off": 0, "silent": 0, "named": 0}, whole(found)
    assert len(found["scenes"]) == 4
    assert found["rpo"]["repeated"] > 0, whole(found)
    assert "each account called" in picture.read_text()
