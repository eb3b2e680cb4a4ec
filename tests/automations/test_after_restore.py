"""37-3: a stage's hook that comes once more after the database was restored."""

from typing import Any

import httpx
import pytest

from tests.automations.conftest import Office
from tests.automations.test_stages import CALL, NOTE, QUOTATION, TASK, _goods, _made
from tests.backups import Backup


def _lost_and_again(office: Office, backup: Backup) -> None:
    """Half an hour later everything since the backup is gone, and amoCRM repeats the hook: the same event."""
    backup.restore_after(minutes=30)
    hook = office.sent()[-1]
    answer = httpx.post(hook["url"], content=hook["body"], headers=dict(hook.get("headers") or {}), timeout=10)
    assert answer.status_code == 200, answer.text


@pytest.mark.long
@pytest.mark.parametrize("work", [NOTE, TASK, QUOTATION])
def test_37_3_what_a_stage_made_is_there_once(office: Office, backup: Backup, work: dict[str, Any]) -> None:
    _goods(office.story)
    status = office.at_stage(office.save(work)["key"])
    backup.take()
    office.move(status)
    assert office.run()["delivered"] == 1
    before = _made(office)
    assert any(before.values())
    _lost_and_again(office, backup)
    assert office.run(1)["delivered"] == 1
    assert _made(office) == before


def test_37_3_a_call_that_is_repeated_has_the_same_id(office: Office, backup: Backup) -> None:
    saved = office.save(CALL | {}, url=office.consumer.url)
    status = office.at_stage(saved["key"])
    backup.take()
    office.move(status)
    office.run()
    _lost_and_again(office, backup)
    office.run(1)
    first, second = (headers["webhook-id"] for headers, _ in office.consumer.taken)
    assert first == second


@pytest.mark.long
def test_37_3_a_bot_is_not_started_twice_and_starts_for_what_is_new(office: Office, backup: Backup) -> None:
    """Nobody can tell whether it ran, so it is left to a person; an event that is newer than the restore is new."""
    bot_id = int(next(iter(office.account()["salesbots"])))
    status = office.at_stage(office.save({"kind": "bot", "bot_id": bot_id})["key"])
    backup.take()
    office.move(status)
    office.run()
    _lost_and_again(office, backup)
    office.run(1)
    assert len(office.account()["started_bots"]) == 1
    warned = office.story.sql("SELECT message FROM amocrm_events WHERE kind = 'automation.bot_unknown'")
    assert ["restored from a backup" in text for (text,) in warned] == [True]
    office.story.clock.advance(minutes=1)
    before = office.lead()["status_id"]
    office.story.simulator.control(
        "person", fields={"status_id": 142}, domain=office.story.domain, kind="leads", id=office.story.lead_id
    )
    assert office.lead()["status_id"] != before
    office.move(status)
    office.run(1)
    assert len(office.account()["started_bots"]) == 2
