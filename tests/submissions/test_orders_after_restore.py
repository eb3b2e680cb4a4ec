"""37-3: a shop tells more of an order that the restored database does not know."""

import pytest

from functions.run_deliveries.run import run as run_deliveries
from tests.backups import Backup
from tests.story import Story
from tests.submissions.recorded import record, send, server_key
from tests.submissions.test_carts import _changed, _paid_at_tilda
from tests.submitting import account, set_up


@pytest.fixture
def key(story: Story, backup: Backup) -> str:
    """Of a shop's server; the backup is from before its first order."""
    set_up(story)
    _, made = server_key(story)
    backup.take()
    return made


def _arrived(story: Story) -> list[str]:
    """The notes of the newest deal, when all is through: news of an order wait for it."""
    for _ in range(2):
        run_deliveries(story.runtime, 20)
        story.clock.advance(seconds=40)
    shown = account(story)
    newest = max(shown["leads"], key=int)
    return sorted(str(one["params"].get("text", "")) for one in shown["notes"].get(f"leads/{newest}", []))


def test_37_3_an_order_that_is_paid_after_the_restore_is_one_order(story: Story, backup: Backup, key: str) -> None:
    """Its deal is found; the payment, of which nobody has told amoCRM yet, is told there once."""
    send(story, key, record("tilda_cart"))
    before, leads = _arrived(story), len(account(story)["leads"])
    backup.restore_after(hours=3)
    for _ in range(3):
        assert send(story, key, _paid_at_tilda()).status == 200
    after = _arrived(story)
    assert len(account(story)["leads"]) == leads
    (paid,) = (text for text in after if text not in before)
    assert "Оплачено" in paid
    assert "70077" in paid


def test_37_3_what_was_told_before_the_loss_is_not_told_again(story: Story, backup: Backup, key: str) -> None:
    send(story, key, record("tilda_cart"))
    _arrived(story)
    send(story, key, _paid_at_tilda())
    before = _arrived(story)
    backup.restore_after(hours=3)
    for body in (record("tilda_cart"), _paid_at_tilda(), record("tilda_cart")):
        send(story, key, body)
        _arrived(story)
    assert _arrived(story) == before


def test_37_3_an_order_with_other_goods_after_the_restore_is_noted_in_its_deal(
    story: Story, backup: Backup, key: str
) -> None:
    send(story, key, record("tilda_cart"))
    before, leads = _arrived(story), len(account(story)["leads"])
    backup.restore_after(hours=3)
    send(story, key, _changed("tilda_cart", comment="Привезите вечером"))
    after = _arrived(story)
    assert (len(account(story)["leads"]), len(after)) == (leads, len(before) + 1)
    assert any("Привезите вечером" in text for text in after)


def test_37_3_a_paid_order_that_is_new_says_so_once(story: Story, backup: Backup, key: str) -> None:
    backup.restore()
    send(story, key, _paid_at_tilda())
    (note,) = _arrived(story)
    assert "70077" in note
