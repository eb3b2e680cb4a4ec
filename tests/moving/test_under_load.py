"""37-5: a short `make chaos-moves`."""

import pytest

from tests.chaos.moves import play


@pytest.mark.long
def test_no_write_is_lost_or_doubled_while_accounts_move_and_the_command_is_killed() -> None:
    found = play(writes=100, moves=4, kills=2, seed=37)
    assert found["violations"] == []
    assert (found["writes"], found["moves"]) == (100, 16)
    assert found["refreshes"] > 16
