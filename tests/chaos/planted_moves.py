"""What is planted into `move-account`, which is a process of its own (see planted_in_towns.py)."""

import time
from collections.abc import Callable
from typing import Any, Final

from cli.moving import copying, statements
from cli.moving.move import Move

_TOKENS: Final = "SELECT access_token, refresh_token FROM amocrm_integrations WHERE id = %s"
_THESE: Final = "UPDATE amocrm_integrations SET access_token = %s, refresh_token = %s WHERE id = %s"
_LEFT_OUT: Final = "DELETE FROM amocrm_deliveries WHERE integration_id = %s AND idempotency_key ~ '[05]$'"
_BEGUN_ANEW: Final = """
UPDATE amocrm_deliveries
SET state = 'accepted', steps = '{}', attempts = 0, due_at = amocrm_now(), finished_at = NULL
WHERE integration_id = %s AND state = 'delivered' AND request IS NOT NULL
"""
_LONGER_THAN_A_ROUND: Final = 1.5  # seconds of the scheduled functions of a cell, which refresh all the time


def _copied(then: Callable[[Any, Any], None]) -> None:
    """What has arrived is made something else, and nobody compares it."""
    copy = copying.copy

    def changed(source: Any, target: Any, integration_id: Any) -> dict[str, int]:
        found = copy(source, target, integration_id)
        then(target, integration_id)
        return found

    copying.copy = changed
    copying.differences = lambda *_: []


def _some_stay_behind() -> None:
    _copied(lambda target, id_: target.execute(_LEFT_OUT, (id_,)))


def _all_is_done_again() -> None:
    _copied(lambda target, id_: target.execute(_BEGUN_ANEW, (id_,)))


def _tokens_of_before() -> None:
    """They are read while the old cell still refreshes."""
    close, read = Move._close, dict[Any, tuple[Any, ...]]()

    def too_late(self: Move) -> None:
        read[self.integration_id] = self.source.execute(_TOKENS, (self.integration_id,)).fetchone() or ()
        time.sleep(_LONGER_THAN_A_ROUND)
        close(self)

    Move._close = too_late  # type: ignore[method-assign]
    _copied(lambda target, id_: target.execute(_THESE, (*read[id_], id_)))


def _goes_on_in_both() -> None:
    def leave(self: Move) -> None:
        self.source.execute(statements.ENDED, self._named)

    Move._leave = leave  # type: ignore[method-assign]


def _forgets_who_has_left() -> None:
    """What is left of the move in the old cell is deleted at its end, and with it the answer to whoever comes late."""
    statements.FINISHED = statements.ENDED  # type: ignore[misc]


IN_MOVE: Final[dict[str, Callable[[], None]]] = {
    "some stay behind": _some_stay_behind,
    "all is done again": _all_is_done_again,
    "tokens of before": _tokens_of_before,
    "goes on in both": _goes_on_in_both,
    "forgets who has left": _forgets_who_has_left,
}
