"""The list of incoming leads that wait: what is new in it, and what is there no more and was accepted or declined.

Where it is longer than one look, the newest are gone through, and of the older ones those that are known to wait are
asked for by their uids, some at each look, in turns.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from features.changes.feed_lease import FeedLease
from features.changes.feeds import Feed
from features.changes.webhook_payload import Hint, stand_in
from shared.amocrm.events import FeedApi
from shared.amocrm.leads import AccountApi
from shared.storage.database import Database

MOST_PAGES: Final = 8  # at a look, of what was there before
MOST_BATCHES: Final = 8
BATCH: Final = 50  # uids of one call: an address of less than 5 KB
# Among what a feed has asked for: the stand-in of the one that was looked after last. Not there where a look sees all.
TURN: Final = "incoming_turn"

_KNOWN = """
SELECT entity_id, state ->> 'uid' AS uid FROM amocrm_entities
WHERE integration_id = %(integration_id)s AND entity_type = 'incoming_lead' AND entity_id = ANY(%(ids)s)
"""
_WAITED = """
SELECT entity_id, state ->> 'uid' AS uid FROM amocrm_entities
WHERE integration_id = %(integration_id)s AND entity_type = 'incoming_lead' AND NOT state ? 'fate'
  AND entity_id > %(turn)s AND NOT entity_id = ANY(%(seen)s)
ORDER BY entity_id LIMIT %(limit)s
"""


class _Row(Struct, frozen=True):
    entity_id: int
    uid: str


class ListScan:
    """One look for one feed. `has_seen_new`: everything that came since the look before was seen."""

    def __init__(self, database: Database, feed: Feed, perform: Callable[..., Any], tenure: FeedLease) -> None:
        self._database, self._feed, self._perform, self._tenure = database, feed, perform, tenure
        self._seen: dict[int, dict[str, Any]] = {}
        self.has_seen_new = False

    def at(self, since: int, turn: int | None) -> tuple[list[Hint], int | None]:
        """What there is to look into, and where the next look goes on with the older ones; None where all were seen.
        `since`: Unix seconds. Raises the errors of a call."""
        is_whole = self._newest(since)
        known = {row.entity_id for row in self._rows(_KNOWN, ids=list(self._seen))}
        hints = [
            Hint("incoming_lead", id_, ["add"], {"uid": one["uid"]})
            for id_, one in self._seen.items()
            if id_ not in known and int(one.get("created_at") or 0) >= self._feed.incoming_begun_at
        ]
        if is_whole:
            gone, turn = self._waited(0, 1000), None
        elif self.has_seen_new:
            gone, turn = self._missing(turn or 0)
        else:
            gone = []
        return [*hints, *(Hint("incoming_lead", one.entity_id, ["gone"]) for one in gone)], turn

    def _newest(self, since: int) -> bool:
        """Whether the list was seen to its end."""
        page, has_more, is_older = 1, True, False
        while has_more and not (page > MOST_PAGES and is_older):
            if self._tenure.is_over():
                return False
            found, has_more = self._perform(_page(page))
            self._seen |= {stand_in(str(one["uid"])): one for one in found if one.get("uid")}
            times = [int(one.get("created_at") or 0) for one in found]
            is_older = not times or (times == sorted(times, reverse=True) and times[-1] < since)
            page += 1
        self.has_seen_new = True
        return not has_more

    def _missing(self, turn: int) -> tuple[list[_Row], int]:
        """Of those that are known to wait, and were not seen: what amoCRM has no more; and whose turn is next."""
        gone: list[_Row] = []
        for _ in range(MOST_BATCHES):
            waited = self._waited(turn, BATCH)
            if waited and self._tenure.is_over():
                break
            if waited:
                there = self._perform(_these([one.uid for one in waited]))
                gone += [one for one in waited if one.uid not in there]
            if len(waited) < BATCH:
                return gone, 0
            turn = waited[-1].entity_id
        return gone, turn

    def _waited(self, turn: int, limit: int) -> list[_Row]:
        return self._rows(_WAITED, seen=list(self._seen), turn=turn, limit=limit)

    def _rows(self, statement: str, **parameters: Any) -> list[_Row]:
        return self._database.all(_Row, statement, {"integration_id": self._feed.integration_id, **parameters})


def _page(page: int) -> Callable[[AccountApi], tuple[list[dict[str, Any]], bool]]:
    return lambda api: FeedApi(api).all_incoming(page)


def _these(uids: list[str]) -> Callable[[AccountApi], set[str]]:
    return lambda api: FeedApi(api).which_wait(uids)
