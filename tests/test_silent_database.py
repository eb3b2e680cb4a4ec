"""Row 30-I4: a database that accepts and never answers, while the platform counts the seconds that are left.

What amoCRM gives once is stored, or stands in the log, before the platform ends the call.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cli import embedded
from functions.crm_api import health
from functions.refresh_tokens.run import run as refresh_tokens
from shared.amocrm.transport import LIMITS
from shared.connections import rotation, token_escrow, token_persistence
from shared.platform import deadline
from shared.platform.config import load
from shared.platform.secret import Secret
from shared.runtime import Runtime
from shared.storage import lease_worker
from shared.storage.database import Database, DatabaseUnavailableError
from tests.demo import ROOT
from tests.frozen import Freezing
from tests.story import Story, json_of

_STORING = b"'token.refreshed'"


@pytest.fixture
def silent(connected: Story, environment: dict[str, str], postgres: Any) -> Iterator[Story]:
    """PostgreSQL falls silent in the moment in which a refreshed pair is to be stored."""
    connected.clock.advance(hours=25)
    with Freezing(embedded.runtime_url(postgres), _STORING) as freezing:
        runtime = Runtime.build(load(environment | {"DATABASE_URL": freezing.url}), connected.clock)
        yield Story(**{**connected.__dict__, "runtime": runtime})
        runtime.close()
        assert freezing.is_frozen.is_set()


def _spilled(logged: str) -> list[token_escrow.SpilledTokens]:
    return list(token_escrow.read(logged))


def test_a_pair_is_in_the_log_before_anybody_waits_and_the_caller_is_told_in_time(
    connected: Story, silent: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    """`crm_api` is ended after 60 s on each cloud."""
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    capsys.readouterr()
    began = connected.clock.monotonic()
    with deadline.limited(60):
        answer = silent.crm("get_lead", headers)
    seconds = connected.clock.monotonic() - began
    assert (answer.status, json_of(answer)["code"]) == (503, "database_unavailable")
    assert seconds < token_persistence.LONGEST_SECONDS + 3
    logged = capsys.readouterr().out
    (spilled,) = _spilled(logged)
    assert connected.runtime.rotation.restore(spilled)
    assert connected.crm("get_lead", headers).status == 200
    assert not connected.simulator.effects("grant.refused")


@pytest.mark.long
def test_a_pair_is_written_down_also_where_the_answer_came_as_late_as_it_may(
    silent: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    rotation_ = silent.runtime.rotation
    claimed = rotation_.claim(silent.row())
    assert claimed is not None
    pair = rotation_._ask(claimed)
    capsys.readouterr()
    began = time.monotonic()
    with deadline.limited(token_persistence.TRY_SECONDS), pytest.raises(DatabaseUnavailableError):
        rotation_.persist(claimed, pair)
    assert time.monotonic() - began < token_persistence.TRY_SECONDS
    assert len(_spilled(capsys.readouterr().out)) == 1


def _timeouts() -> Iterator[tuple[str, str, int]]:
    """Cloud, function, seconds: as we deploy them, or tell how to. (`render_quotation` has no database.)"""
    aws = re.findall(
        r"^  (?!render_quotation)(\w+):\n    handler:.*?^    timeout: (\d+)", _text("serverless.yml"), re.M | re.S
    )
    yandex = re.findall(r"^deploy (\w+) \w+ (\d+) ", _text("deploy/yandex.sh"), re.M)
    google = re.findall(r"--source (\w+) .*?--timeout (\d+)s", _text("docs/deploy.md"))
    for cloud, found in (("aws", aws), ("yandex", yandex), ("google", google)):
        assert len(found) == 5, cloud
        yield from ((cloud, name, int(seconds)) for name, seconds in found)


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("cloud", "name", "seconds"), list(_timeouts()))
def test_each_function_that_refreshes_has_the_time_to(connected: Story, cloud: str, name: str, seconds: int) -> None:
    with deadline.limited(seconds - 0.5):
        assert connected.runtime.rotation.has_time() is (name != "amocrm_events")


@pytest.mark.long
def test_threads_that_share_a_silent_connection_do_not_wait_for_each_other(
    connected: Story, silent: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    """`refresh_tokens`: each of its pairs is in the log within one try."""
    made = connected.simulator.control("accounts", count=6, client_id=connected.client_id)["accounts"]
    for account in made:
        query = f"code={account['code']}&referer={account['domain']}&client_id={connected.client_id}"
        assert connected.callback(query).status == 200
    connected.clock.advance(hours=25)
    capsys.readouterr()
    with deadline.limited(7):
        figures = refresh_tokens(silent.runtime, 5)
    spilled = _spilled(capsys.readouterr().out)
    assert figures["failed"]["database_unavailable"] >= len(spilled)
    assert len(spilled) == len(connected.simulator.effects("token.refreshed")) > 1


def test_a_refresh_whose_answer_could_not_be_kept_is_not_begun(connected: Story) -> None:
    connected.clock.advance(hours=25)
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    with deadline.limited(LIMITS.longest_call):
        answer = connected.crm("get_lead", headers)
    assert (answer.status, json_of(answer)["code"]) == (503, "refresh_pending")
    assert not connected.simulator.requests("/oauth2/access_token")
    with deadline.limited(29):  # of `oauth_callback`, the shortest of those that refresh
        assert connected.crm("get_lead", headers).status == 200


def test_an_account_is_not_looked_for_where_no_time_is_left_for_what_is_found(connected: Story) -> None:
    """A refused token may be that of a renamed account: without the look that is not known, and nothing ends."""
    connected.simulator.control("kill-tokens", refresh=True)
    connected.clock.advance(hours=25)
    claimed = connected.runtime.rotation.claim(connected.row())
    assert claimed is not None
    with deadline.limited(LIMITS.longest_call * 2), pytest.raises(rotation.RefreshDelayedError):
        connected.runtime.rotation.run(claimed)
    assert connected.row().status == "connected"


@pytest.mark.long
@pytest.mark.usefixtures("database_url")  # whose migrations make the role
def test_a_statement_that_is_not_answered_ends_before_the_platform_ends_us(postgres: Any) -> None:
    with Freezing(embedded.runtime_url(postgres), b"SELECT 4242") as freezing:
        database = Database(Secret(freezing.url))
        assert database.number("SELECT 1") == 1
        for statement in ("SELECT 4242", "SELECT 1"):
            began = time.monotonic()
            with deadline.limited(4), pytest.raises(DatabaseUnavailableError):
                database.number(statement)
            assert time.monotonic() - began < 4
        database.close()


def test_a_monitor_is_told_that_the_database_is_silent(
    connected: Story, environment: dict[str, str], postgres: Any
) -> None:
    with Freezing(embedded.runtime_url(postgres), b"amocrm_jobs") as freezing:
        runtime = Runtime.build(load(environment | {"DATABASE_URL": freezing.url}), connected.clock)
        story = Story(**{**connected.__dict__, "runtime": runtime})
        health._answers.drop("health")
        began = time.monotonic()
        assert json_of(story.crm("health", {})) == {"status": "database_unavailable"}
        assert time.monotonic() - began < 5
        health._answers.drop("health")
        runtime.close()


@pytest.mark.parametrize(("name", "timeout", "works"), [("refresh_tokens", 300, 250), ("run_deliveries", 120, 50)])
def test_a_timers_function_works_as_long_as_documented(
    environment: dict[str, str], name: str, timeout: int, works: int
) -> None:
    """30-I7: and ends before the platform ends it."""
    code = f"""
from types import SimpleNamespace
import functions.{name}.main as main
seconds = []
handler = main.schedule.aws_function(lambda given: seconds.append(given) or {{}}, *main._limits)
handler({{}}, SimpleNamespace(get_remaining_time_in_millis=lambda: {timeout * 1000}))
print(seconds[0])
"""
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True)
    assert float(told.stdout) == works
    assert f"`{name}`" in _text("docs/deploy.md")
    assert f"{timeout - works} s below" in _text("docs/deploy.md")


def test_the_lease_is_longer_than_all_that_happens_under_it() -> None:
    longest: Any = (
        lease_worker.PATIENCE_SECONDS
        + 3 * LIMITS.longest_call
        + rotation.RENAME_SECONDS
        + token_persistence.LONGEST_SECONDS
        + 2  # a last connection that is not answered
    )
    assert longest < rotation.LEASE.total_seconds()
    assert sum(token_persistence.DELAYS) < token_persistence.LONGEST_SECONDS
