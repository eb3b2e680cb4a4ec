"""Reading again what is said to have changed, and storing what of it is news: for one connection, under its lease."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from msgspec import Struct

from shared.amocrm.errors import NotFoundError
from shared.amocrm.feed import FeedApi
from shared.amocrm.leads import AccountApi
from shared.changes import changes, comparing, endpoints, orders
from shared.changes.changes import Change, Place
from shared.changes.comparing import ENTITIES, Entity, Fingerprint, News, State
from shared.changes.endpoints import Endpoint
from shared.changes.feeds import Feed
from shared.changes.own import NOTHING, Own, Written
from shared.connections.integrations import Integration
from shared.platform import logs
from shared.runtime import Runtime
from shared.storage.database import Database

T = TypeVar("T")
# Lends the account's API for one piece of work.
Perform = Callable[[Callable[[AccountApi], T]], T]

_MOST_AT_ONCE: Final = 100  # entities of a run; the next one goes on
_MOST_ATTEMPTS: Final = 6  # to find what was just made; then it is taken for gone
_AGAIN_IN: Final = timedelta(seconds=5)

_DUE = """
SELECT h.entity_type, h.entity_id, h.kinds, h.facts, h.version, h.attempts, e.state, e.read_at,
    coalesce(e.revision, 0) AS revision
FROM amocrm_hints h LEFT JOIN amocrm_entities e USING (integration_id, entity_type, entity_id)
WHERE h.integration_id = %(integration_id)s AND h.due_at <= amocrm_now()
ORDER BY h.due_at, h.seen_at LIMIT %(limit)s
"""
_LATER = """
UPDATE amocrm_hints SET attempts = attempts + 1, due_at = amocrm_now() + %(wait)s
WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s AND entity_id = %(entity_id)s
"""


class _Due(Struct, frozen=True):
    entity_type: str
    entity_id: int
    kinds: list[str]
    facts: dict[str, int]
    version: int
    attempts: int
    state: dict[str, Any] | None
    revision: int
    read_at: datetime | None


class Reading(Struct, frozen=True):
    """One run for one connection."""

    runtime: Runtime
    integration: Integration
    feed: Feed
    perform: Perform[Any]
    listeners: list[Endpoint]
    fingerprint: Fingerprint

    @classmethod
    def begin(cls, runtime: Runtime, integration: Integration, feed: Feed, perform: Perform[Any]) -> "Reading":
        listeners = endpoints.of(runtime.database, integration.id)
        return cls(runtime, integration, feed, perform, listeners, feed.fingerprint(runtime.keyring))

    def run(self) -> int:
        """How many entities were read. Raises the errors of a call; what was stored stays."""
        due = self._database.all(_Due, _DUE, {"integration_id": self.integration.id, "limit": _MOST_AT_ONCE})
        for entity_type in ENTITIES:
            wanted = [one for one in due if one.entity_type == entity_type]
            if wanted:
                self._entities(entity_type, wanted)
        for one in due:
            if one.entity_type.endswith("_note"):
                self._note(one)
        return len(due)

    # --- deals and contacts -------------------------------------------------------------------------------------

    def _entities(self, entity_type: str, due: Sequence[_Due]) -> None:
        read_at = self.runtime.clock.now()
        ids = [one.entity_id for one in due]
        found = self.perform(lambda api: FeedApi(api).entities(ENTITIES[entity_type], ids))
        now: dict[int, Entity] = {int(one["id"]): one for one in found}
        own = self._written_in(entity_type, due)
        for one in due:
            entity = now.get(one.entity_id)
            if entity is None or entity.get("is_deleted"):
                self._gone(one, read_at)
            else:
                self._compared(one, entity, read_at, own.get(one.entity_id, NOTHING))

    def _written_in(self, entity_type: str, due: Sequence[_Due]) -> dict[int, Written]:
        """What we have set in these since each was read last, or since events were turned on."""
        begun_at = datetime.fromtimestamp(self.feed.begun_at, UTC)
        return self._own.written(entity_type, {one.entity_id: one.read_at or begun_at for one in due})

    def _compared(self, due: _Due, entity: Entity, read_at: datetime, own: Written) -> None:
        state, hints = comparing.state_of(due.entity_type, entity, self.fingerprint), set(due.kinds)
        differing: set[str] = set()
        if due.state is None:
            if "add" in hints and self._made_by_us(due, entity):
                # Somebody may have gone on with it before we read it for the first time.
                hints -= {"add"}
                ours = {"price"} | self._own.ours(entity, own)
                if hints and not self._others_did(due, ours, is_made_by_us=True):
                    hints = set()
            elif "add" in hints and due.attempts < _MOST_ATTEMPTS and self._own.is_creating():
                self._later(due)
                return
            elif "add" not in hints and self._explained(due, self._own.ours(entity, own)):
                hints = set()
        else:
            differing = set(comparing.changed(due.entity_type, due.state, entity, self.fingerprint))
            differing -= self._own.ours(entity, own) if differing else set()
        news = list(comparing.news(due.entity_type, due.state, entity, differing, hints))
        self._store(due, state, read_at, [self._told(due, one, entity) for one in news], entity)

    def _made_by_us(self, due: _Due, entity: Entity) -> bool:
        return self._own.made_deal(entity) if due.entity_type == "lead" else self._own.made_contact(due.entity_id)

    def _explained(self, due: _Due, ours: Collection[str]) -> bool:
        """Nothing was known of it before; what we have just written explains that amoCRM tells of a change, and its
        events tell of nothing else."""
        return (
            bool(ours) and not ("status" in due.kinds and "status_id" not in ours) and not self._others_did(due, ours)
        )

    def _others_did(self, due: _Due, ours: Collection[str], *, is_made_by_us: bool = False) -> bool:
        """Whether amoCRM's events of it tell of more than our writing of these members, and making it."""
        happened = self.perform(lambda api: FeedApi(api).events_of(due.entity_type, due.entity_id))
        kinds = {str(one.get("type")) for one in happened if int(one.get("created_at") or 0) >= self.feed.begun_at}
        if is_made_by_us:
            kinds.discard(f"{due.entity_type}_added")
        return any(comparing.is_news(kind, ours) for kind in kinds)

    def _told(self, due: _Due, news: News, entity: Entity) -> dict[str, Any]:
        before = news.before
        if news.kind == "lead.status_changed" and before is None:
            before = comparing.place_before(None, due.facts, entity)
        found: dict[str, Any] = {"kind": news.kind, due.entity_type: comparing.shown(due.entity_type, entity)}
        if before is not None:
            found["before"] = before
        if news.kind.endswith(".updated"):
            found["changed"] = news.changed
        return found

    def _gone(self, due: _Due, read_at: datetime) -> None:
        plural = ENTITIES[due.entity_type]
        try:
            # A list may be a moment behind: only the entity itself says that it is gone.
            entity = self.perform(lambda api: FeedApi(api).entity(plural, due.entity_id))
        except NotFoundError:
            is_known = due.state is not None and not due.state.get("is_deleted")
            if not is_known and "delete" not in due.kinds:
                if due.attempts < _MOST_ATTEMPTS and due.state is None:
                    self._later(due)  # made a moment ago, and not there yet
                else:
                    changes.drop(self._database, self._place(due))
                return
            told = [] if due.state is not None and due.state.get("is_deleted") else [
                {"kind": f"{due.entity_type}.deleted", due.entity_type: {"id": due.entity_id}}
            ]  # fmt: skip
            self._store(due, (due.state or {}) | {"is_deleted": True}, read_at, told, None)
            return
        own = self._written_in(due.entity_type, [due])
        self._compared(due, entity, read_at, own.get(due.entity_id, NOTHING))

    # --- notes --------------------------------------------------------------------------------------------------

    def _note(self, due: _Due) -> None:
        if due.state is not None:  # a note is news once
            changes.drop(self._database, self._place(due))
            return
        read_at, parent = self.runtime.clock.now(), due.entity_type.removesuffix("_note")
        parent_id = due.facts.get("parent_id")
        try:
            note = self.perform(lambda api: FeedApi(api).note(ENTITIES[parent], parent_id, due.entity_id))
        except NotFoundError:
            if due.attempts < _MOST_ATTEMPTS:
                self._later(due)
            else:
                changes.drop(self._database, self._place(due))
            return
        parent_id = int(note.get("entity_id") or parent_id or 0)
        told = {
            "kind": f"{parent}.note_added",
            parent: {"id": parent_id},
            "note": {
                "id": int(note["id"]),
                "type": note.get("note_type"),
                "text": (note.get("params") or {}).get("text"),
                "created_at": note.get("created_at"),
                "created_by": note.get("created_by"),
            },
        }
        is_own = self._own.made_note(parent, parent_id, note)
        self._store(due, {"parent_id": parent_id}, read_at, [] if is_own else [told], None)

    # --- storing ------------------------------------------------------------------------------------------------

    def _store(
        self, due: _Due, state: State, read_at: datetime, told: Sequence[dict[str, Any]], entity: Entity | None
    ) -> None:
        documents = list(told)
        if due.entity_type == "lead" and entity is not None:
            order = orders.changed(self._database, self.integration, due.state, due.facts, entity)
            documents += [order] if order is not None else []
        found = [self._change(one) for one in documents]
        changes.store(self._database, self.runtime.keyring, self._place(due), state, read_at, found)

    def _change(self, told: dict[str, Any]) -> Change:
        kind = told.pop("kind")
        document = {"account": {"id": self.integration.account_id, "domain": self.integration.account_domain}} | told
        wanted = [one.id for one in self.listeners if one.wants(kind, document)]
        return Change(kind, document, wanted)

    def _later(self, due: _Due) -> None:
        facts = {"entity_type": due.entity_type, "entity_id": due.entity_id}
        wait = _AGAIN_IN * 2**due.attempts
        self._database.execute(_LATER, facts | {"integration_id": self.integration.id, "wait": wait})
        logs.info("change.not_there_yet", attempts=due.attempts, **facts)

    def _place(self, due: _Due) -> Place:
        return Place(self.integration.id, due.entity_type, due.entity_id, due.version, due.revision)

    @property
    def _database(self) -> Database:
        return self.runtime.database

    @property
    def _own(self) -> Own:
        return Own(self.runtime.database, self.runtime.keyring, self.integration.id)
