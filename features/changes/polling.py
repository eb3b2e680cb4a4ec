"""Asking what has happened: for accounts whose tariff has no webhooks, and, more rarely, for what hooks have lost.

What is found becomes hints, as a hook's words do, so the two ways cannot tell the same thing twice. Each list is gone
through by itself, and how far that has come is kept after every page: it goes on from there, whatever ends it. Times
are of amoCRM's own clock, taken from its answers. What has changed is not always seen at once, so the last minute is
asked for again; what is read again and has not changed since it was read is no hint.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from msgspec import Struct

from features.changes import event_entries, feeds, incoming_list, retry_policy
from features.changes.feed_lease import FeedLease
from features.changes.feeds import Feed
from features.changes.retry_policy import RunFailures
from features.changes.subjects import ONCE, SUBJECTS
from features.changes.webhook_payload import LISTED, Hint
from shared.amocrm.errors import AmocrmError, FilterIgnoredError, PaymentRequiredError, SwitchedOffError
from shared.amocrm.events import FeedApi, updated_at
from shared.amocrm.leads import AccountApi
from shared.platform.problems import Problem
from shared.runtime import Runtime

CALLS: Final = 3  # when little has happened
_OVERLAP_SECONDS: Final = 60
_MOST_PAGES: Final = 8  # of a list in a run; the next run goes on
# amoCRM's second may have begun before we read: then it is read once more.
_MARGIN: Final = 2 * feeds.SETTLE.total_seconds()

_KNOWN = """
SELECT entity_id, extract(epoch FROM read_at)::float8 AS read_at, extract(epoch FROM amocrm_now())::float8 AS now
FROM amocrm_entities
WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s AND entity_id = ANY(%(ids)s)
"""


class _Known(Struct, frozen=True):
    entity_id: int
    read_at: float
    now: float


class _NoRoomError(Exception):
    """So many hints wait that this has to be asked for again."""


def poll(runtime: Runtime, feed: Feed, failures: RunFailures, tenure: FeedLease) -> Problem | None:
    """Writes down hints of what has happened since it was asked last. Why one of the lists was refused, which keeps the
    others from nothing. Raises the errors of a call that concern the account, and LeaseLostError; what was found before
    stays found."""
    asking, problem, is_whole = _Poll(runtime, feed, failures, tenure), None, True
    lists: list[Callable[[], bool]] = [asking.events] if any(one.asked for one in asking.subjects) else []
    for one in asking.subjects:
        if one.asked == "changed":
            lists.append(partial(asking.changed if one.is_ordered else asking.unordered, one.name, one.path))
    lists += [asking.incoming] if feed.follows("incoming_lead") else []
    for look in lists:
        try:
            is_whole = look() and is_whole
        except AmocrmError as error:
            if not (retry_policy.is_of_one(error) or failures.is_of_one_place(error)):
                raise
            problem = retry_policy.told(error)
        except _NoRoomError:
            asking.keep(feeds.ASK_EVERY["ask"])
            return problem
    asking.keep(feeds.ASK_EVERY[asking.way()] if is_whole else timedelta(0))
    return problem


class _Poll:
    """`asked`: where each list is gone on with, Unix seconds; of events, which come the newest first, also the page
    and the time of the newest, where the end was not come to."""

    def __init__(self, runtime: Runtime, feed: Feed, failures: RunFailures, tenure: FeedLease) -> None:
        self._transport, self._database, self._clock = runtime.transport, runtime.database, runtime.clock
        self._feed, self._perform, self._tenure, self._failures = feed, failures.perform, tenure, failures
        self.subjects = [one for one in SUBJECTS.values() if feed.follows(one.name)]
        self.asked = dict(feed.asked)
        self._events_until = 0.0  # what happened before, they have said: Unix seconds of amoCRM's clock

    def way(self) -> str:
        """What amoCRM tells only a part of by itself is asked for as if it told nothing."""
        is_told = not any(one.asked and set(one.settings) & set(self._feed.refused) for one in self.subjects)
        return self._feed.way if is_told else "ask"

    def keep(self, wait: timedelta | None = None) -> None:
        """How far it has come; it goes on after `wait`, or at once."""
        until = min(self._from(name) for name in self._names())
        feeds.asked(self._database, self._feed, self.asked, until, wait or timedelta(0))

    def _names(self) -> list[str]:
        """Of the lists that are gone through."""
        return ["event", *(one.name for one in self.subjects if one.asked in ("changed", "incoming"))]

    def _latest(self) -> int:
        """No change is later than this, whatever it says: the clock that is ahead, and a minute."""
        clocks = [self._clock.now(), self._transport.server_time or self._clock.now()]
        return max(int(one.timestamp()) for one in clocks) + _OVERLAP_SECONDS

    def _from(self, name: str) -> int:
        asked = self.asked.get(name, self._feed.asked_until - _OVERLAP_SECONDS)
        return max(self._feed.begun_at, min(asked, self._latest() - _OVERLAP_SECONDS))

    def _next(self, since: int, latest: int) -> int:
        """Where to go on after all was seen, of which this was the latest: a minute before now, but not beyond it."""
        now, latest = self._transport.server_time, min(latest, self._latest())
        until = since if now is None else min(int(now.timestamp()) - _OVERLAP_SECONDS, latest + 1)
        return max(since, latest - _OVERLAP_SECONDS, until)

    def _hint(self, found: Sequence[Hint]) -> None:
        if not feeds.hint(self._database, self._feed, found):
            raise _NoRoomError

    # --- events ---------------------------------------------------------------------------------------------------

    def events(self) -> bool:
        """Whether these are all. What happens meanwhile moves the rest to later pages, so that none is left out."""
        since, hints, times = self._from("event"), dict[tuple[str, int], Hint](), dict[tuple[str, int], int]()
        page, top, is_whole = self.asked.get("page", 1), self.asked.get("top", since), False
        for _ in range(_MOST_PAGES):
            events = self._perform(_events_page(page))
            self._failures.is_there = True
            if not self._events_until and self._transport.server_time is not None:
                self._events_until = self._transport.server_time.timestamp() - _MARGIN
            recent = [one for one in events if int(one.get("created_at") or 0) >= since]
            for event in recent:
                happened_at, hint = int(event["created_at"]), self._wanted(event)
                top = max(top, happened_at)
                if hint is not None:
                    event_entries.add(hints, hint)
                    times.setdefault((hint.entity_type, hint.entity_id), happened_at)
            is_whole = len(recent) < len(events) or not events
            if is_whole or self._tenure.is_over():
                break
            page += 1
        # The oldest first, as hooks tell them: that is the order of messages.
        self._hint(self._new(reversed(hints.values()), times))
        for name in ("page", "top"):
            self.asked.pop(name, None)
        self.asked |= {"event": self._next(since, top)} if is_whole else {"page": page, "top": top}
        self.keep()
        return is_whole

    def _wanted(self, event: dict[str, Any]) -> Hint | None:
        hint = event_entries.hint(event)
        return hint if hint is not None and self._feed.follows(hint.entity_type) else None

    def _new(self, hints: Iterable[Hint], times: Mapping[tuple[str, int], int]) -> list[Hint]:
        """Without notes that were told of before, and what was read since its last event."""
        found = list(hints)
        told: set[tuple[str, int]] = set()
        for entity_type in {one.entity_type for one in found}:
            known = self._read_at(entity_type, [one.entity_id for one in found if one.entity_type == entity_type])
            is_note = entity_type in ONCE
            told |= {
                (entity_type, id_) for id_, at in known.items() if is_note or times[entity_type, id_] < at - _MARGIN
            }
        return [one for one in found if (one.entity_type, one.entity_id) not in told]

    # --- incoming leads -------------------------------------------------------------------------------------------

    def incoming(self) -> bool:
        """Whether this look is at its end; see :mod:`features.changes.incoming_list`."""
        since = self._from("incoming_lead")
        look = incoming_list.ListScan(self._database, self._feed, self._perform, self._tenure)
        hints, turn = look.at(since, self.asked.get(incoming_list.TURN))
        self._hint(hints)
        self.asked.pop(incoming_list.TURN, None)
        self.asked |= {} if turn is None else {incoming_list.TURN: turn}
        if look.has_seen_new:
            now = self._transport.server_time
            self.asked["incoming_lead"] = since if now is None else max(since, int(now.timestamp()) - _OVERLAP_SECONDS)
        return look.has_seen_new

    # --- deals and contacts ---------------------------------------------------------------------------------------

    def changed(self, entity_type: str, plural: str) -> bool:
        """Whether these are all. Accounts without filters have events only.

        Always the first page, from the last change that was seen on: what changes meanwhile leaves its place for the
        end of the list, and with pages whatever stood behind it would move to one that was read already.
        """
        # vendor: lists.updated_at_given (page) Whoever makes a deal or contact by the API may say when it was changed:
        # lists may hold times that have not come. (They are left until then; hooks and events tell of these.)
        # source: amoCRM's documentation, "Deals", "Contacts", `updated_at` of what is added
        until = self._latest()
        try:
            for _ in range(_MOST_PAGES):
                if self._tenure.is_over():
                    return False
                since = self._from(entity_type)
                entities, has_more = self._page(plural, since, until)
                self._hint(self._hints(entity_type, entities))
                latest = updated_at(entities[-1]) if entities else since
                if not has_more:
                    self.asked[entity_type] = self._next(since, latest)
                    return True
                if latest == since:  # a page and more of one second
                    if not self._second(entity_type, plural, since):
                        return False
                    latest += 1
                self.asked[entity_type] = latest
                self.keep()
        except FilterIgnoredError:
            self.asked[entity_type] = self._from("event")
            return True
        return False

    def _second(self, entity_type: str, plural: str, second: int) -> bool:
        """Everything whose last change was in this second, page by page, and again until nothing new is found: what
        changes meanwhile leaves the pages, and moves the rest. False: there was no time for all of it."""
        seen, before = set[int](), -1
        while len(seen) > before:
            before, page, has_more = len(seen), 1, True
            while has_more:
                if self._tenure.is_over():
                    return False
                entities, has_more = self._page(plural, second, second, page)
                self._hint(self._hints(entity_type, [one for one in entities if int(one["id"]) not in seen]))
                seen |= {int(one["id"]) for one in entities}
                page += 1
        return True

    def unordered(self, entity_type: str, plural: str) -> bool:
        """Whether these are all. A list without that order is gone through from its first page on; of more than a run
        looks at, events have told. There is nothing of what the account has switched off, or its tariff has not."""
        since, until, page, has_more = self._from(entity_type), self._latest(), 1, True
        latest = since
        try:
            while has_more and page <= _MOST_PAGES:
                if self._tenure.is_over():
                    return False
                entities, has_more = self._page(plural, since, until, page, is_ordered=False)
                self._hint(self._hints(entity_type, entities))
                latest, page = max([latest, *map(updated_at, entities)]), page + 1
        except (FilterIgnoredError, SwitchedOffError):
            has_more = True
        except PaymentRequiredError as error:
            if not self._failures.is_beside_the_tariff(error):
                raise
            has_more = True
        self.asked[entity_type] = self._from("event") if has_more else self._next(since, latest)
        return True

    def _page(
        self, plural: str, since: int, until: int, page: int = 1, *, is_ordered: bool = True
    ) -> tuple[list[Any], bool]:
        def read(api: AccountApi) -> tuple[list[Any], bool]:
            return FeedApi(api).changed(plural, since, until, page, is_ordered=is_ordered)

        found: tuple[list[Any], bool] = self._perform(read)
        return found

    def _hints(self, entity_type: str, entities: Sequence[dict[str, Any]]) -> list[Hint]:
        known = self._read_at(entity_type, [int(one["id"]) for one in entities])
        fresh = [one for one in entities if updated_at(one) >= known.get(int(one["id"]), 0) - _MARGIN]
        # What has happened since the events were read they did not say.
        words = ["update" if updated_at(one) < self._events_until else LISTED for one in fresh]
        return [Hint(entity_type, int(one["id"]), [word]) for one, word in zip(fresh, words, strict=True)]

    def _read_at(self, entity_type: str, ids: list[int]) -> dict[int, float]:
        """When these were read, by amoCRM's clock where that is behind ours: its times are compared with this."""
        if not ids:
            return {}
        parameters = {"integration_id": self._feed.integration_id, "entity_type": entity_type, "ids": ids}
        found, there = self._database.all(_Known, _KNOWN, parameters), self._transport.server_time
        return {
            row.entity_id: row.read_at - (0 if there is None else max(0, row.now - there.timestamp())) for row in found
        }


def _events_page(page: int) -> Callable[[AccountApi], list[dict[str, Any]]]:
    return lambda api: FeedApi(api).events(page)
