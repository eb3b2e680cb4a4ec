"""Asking what has happened: for accounts whose tariff has no webhooks, and, more rarely, for what hooks have lost.

What is found becomes hints, as a hook's words do, so the two ways cannot tell the same thing twice. The cursor is a
time of amoCRM's own clock, taken from its answers, and goes back a little each time: what is read again and has not
changed since it was read is no hint.
"""

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

from shared.amocrm.errors import FilterIgnoredError
from shared.amocrm.feed import FeedApi
from shared.amocrm.leads import AccountApi
from shared.changes import feeds
from shared.changes.comparing import ENTITIES
from shared.changes.feeds import Feed
from shared.changes.hook_body import Hint
from shared.storage.database import Database

CALLS: Final = 3  # when little has happened
_OVERLAP_SECONDS: Final = 60
_MOST_PAGES: Final = 8  # of a kind in a run; the next run goes on

# vendor: events.types (page) lead_added, lead_deleted, lead_restored, lead_status_changed, the same of contacts;
# *_note_added with the note in value_after; and one for each member that is changed, such as sale_field_changed.
# source: amoCRM's documentation, "Events and notes", "Types of events"
_KINDS: Final = {"added": "add", "deleted": "delete", "restored": "restore", "status_changed": "status"}

_KNOWN = """
SELECT entity_id, extract(epoch FROM read_at)::float8 AS read_at FROM amocrm_entities
WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s AND entity_id = ANY(%(ids)s)
"""


class _Known(Struct, frozen=True):
    entity_id: int
    read_at: float


def ask(database: Database, feed: Feed, perform: Any) -> None:
    """Writes down hints of what has happened since the cursor, and moves it. Raises the errors of a call."""
    since = max(feed.begun_at, feed.asked_until - _OVERLAP_SECONDS)
    latest, hints, has_more = feed.asked_until, dict[tuple[str, int], Hint](), False
    found, is_whole = _events(perform, since)
    for event in found:
        latest = max(latest, int(event.get("created_at") or 0))
        _add(hints, _of_event(event))
    for entity_type, plural in ENTITIES.items():
        until, has_more_of_it = _changed(database, feed, perform, entity_type, plural, since, hints)
        latest = latest if has_more_of_it else max(latest, until)
        has_more = has_more or has_more_of_it
    feeds.hint(database, feed, _new(database, feed, hints.values()))
    # Where not everything was seen, the cursor stays: what was read meanwhile is no hint the next time.
    feeds.asked(database, feed, feed.asked_until if has_more or not is_whole else latest, more=has_more)


def _events(perform: Any, since: int) -> tuple[list[dict[str, Any]], bool]:
    """Events since then, the newest first, and whether these are all."""
    found: list[dict[str, Any]] = []
    for page in range(1, _MOST_PAGES + 1):

        def read(api: AccountApi, page: int = page) -> list[dict[str, Any]]:
            return FeedApi(api).events(page)

        events = perform(read)
        recent = [one for one in events if int(one.get("created_at") or 0) >= since]
        found += recent
        if len(recent) < len(events) or not events:
            return found, True
    return found, False


def _of_event(event: dict[str, Any]) -> Hint | None:
    single, kind = event.get("entity_type"), str(event.get("type") or "")
    if single not in ENTITIES:
        return None
    if kind.endswith("_note_added"):
        after = event.get("value_after") or []
        note_id = next((int(one["note"]["id"]) for one in after if isinstance(one, dict) and "note" in one), None)
        if note_id is None:
            return None
        return Hint(f"{single}_note", note_id, ["note"], {"parent_id": int(event["entity_id"])})
    word = _KINDS.get(kind.removeprefix(f"{single}_"), "update")
    facts: dict[str, int] = {}
    for before in event.get("value_before") or [] if word == "status" else []:
        place = before.get("lead_status") if isinstance(before, dict) else None
        if place:
            facts = {"old_status_id": int(place["id"]), "old_pipeline_id": int(place["pipeline_id"])}
    return Hint(single, int(event["entity_id"]), [word], facts)


def _changed(
    database: Database,
    feed: Feed,
    perform: Any,
    entity_type: str,
    plural: str,
    since: int,
    hints: dict[tuple[str, int], Hint],
) -> tuple[int, bool]:
    """The time of the latest change that was seen, and whether there are more. Accounts without filters have events
    only."""
    latest = since
    for page in range(1, _MOST_PAGES + 1):

        def read(api: AccountApi, page: int = page) -> tuple[list[dict[str, Any]], bool]:
            return FeedApi(api).changed(plural, since, page)

        try:
            entities, has_more = perform(read)
        except FilterIgnoredError:
            return latest, False
        known = _read_at(database, feed, entity_type, [int(one["id"]) for one in entities])
        for one in entities:
            changed_at, id_ = int(one.get("updated_at") or 0), int(one["id"])
            latest = max(latest, changed_at)
            # amoCRM's second may have begun before we read: then it is read once more.
            if changed_at >= known.get(id_, 0) - 2 * feeds.SETTLE.total_seconds():
                _add(hints, Hint(entity_type, id_, ["update"]))
        if not has_more:
            return latest, False
    return latest, True


def _new(database: Database, feed: Feed, hints: Iterable[Hint]) -> list[Hint]:
    """Without notes that were told of before."""
    found = list(hints)
    told: set[tuple[str, int]] = set()
    for entity_type in ("lead_note", "contact_note"):
        ids = [one.entity_id for one in found if one.entity_type == entity_type]
        told |= {(entity_type, id_) for id_ in _read_at(database, feed, entity_type, ids)}
    return [one for one in found if (one.entity_type, one.entity_id) not in told]


def _read_at(database: Database, feed: Feed, entity_type: str, ids: list[int]) -> dict[int, float]:
    if not ids:
        return {}
    parameters = {"integration_id": feed.integration_id, "entity_type": entity_type, "ids": ids}
    return {row.entity_id: row.read_at for row in database.all(_Known, _KNOWN, parameters)}


def _add(hints: dict[tuple[str, int], Hint], one: Hint | None) -> None:
    if one is None:
        return
    place = (one.entity_type, one.entity_id)
    before = hints.get(place)
    kinds = list(dict.fromkeys([*(before.kinds if before else []), *one.kinds]))
    # Events come the newest first: where it was before the earliest is what counts.
    hints[place] = Hint(*place, kinds, {**(before.facts if before else {}), **one.facts})
