"""Reading again what is said to have changed, and storing what of it is news: for one connection, under its lease."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from features.changes import (
    changes,
    diff,
    due_hints,
    endpoints,
    event_entries,
    incoming_leads,
    orders,
    retry_policy,
    showing,
)
from features.changes.changes import Change, Place
from features.changes.diff import DetectedChange, Entity, Fingerprint, State
from features.changes.due_hints import Due
from features.changes.echo_filter import NOTHING, EchoFilter, OwnWrites
from features.changes.endpoints import Endpoint
from features.changes.feed_lease import FeedLease, LeaseLostError
from features.changes.feeds import Feed
from features.changes.retry_policy import RunFailures
from features.changes.subjects import ENTITIES, SUBJECTS
from features.changes.webhook_payload import LISTED
from shared.amocrm.entity_names import entity_name
from shared.amocrm.errors import AmocrmError, NotFoundError
from shared.amocrm.events import FeedApi, earlier_members
from shared.amocrm.leads import LOST, AccountApi
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform import logs
from shared.platform.messages import say
from shared.platform.problems import Problem, problem_of
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.database import Database, DatabaseUnavailableError

T = TypeVar("T")
# Lends the account's API for one piece of work.
Perform = Callable[[Callable[[AccountApi], T]], T]

_MOST_AT_ONCE: Final = 100  # entities of a run; the next one goes on
# What a submission makes: who has made it may be known a moment later.
_MADE_BY_US: Final = ("lead", "contact", "company")
_MOST_ATTEMPTS: Final = 6  # to find what was just made; then it is taken for gone
_AGAIN_IN: Final = timedelta(seconds=5)
_STEADY: Final = 2  # so often the whole list is refused before each entity is asked for by itself


class Refetch(Struct):
    """One run for one connection. `problem`: why amoCRM did not show one of the entities."""

    runtime: Runtime
    integration: Integration
    feed: Feed
    perform: Perform[Any]
    tenure: FeedLease
    listeners: list[Endpoint]
    fingerprint: Fingerprint
    failures: RunFailures
    problem: Problem | None = None
    sees_everything: bool | None = None  # asked for when it matters

    @classmethod
    def begin(
        cls, runtime: Runtime, integration: Integration, feed: Feed, perform: Perform[Any], tenure: FeedLease
    ) -> "Refetch":
        listeners = endpoints.of(runtime.database, integration.id)
        fingerprint, failures = feed.fingerprint(runtime.keyring), RunFailures(perform)
        return cls(runtime, integration, feed, perform, tenure, listeners, fingerprint, failures)

    def run(self) -> None:
        """Reads what is due, while there is time. Raises the errors of a call that concern more than one entity, and
        LeaseLostError; what was stored stays."""
        due = due_hints.read(self._database, self.feed, _MOST_AT_ONCE)
        for entity_type in ENTITIES:
            wanted = [one for one in due if one.entity_type == entity_type]
            if wanted and not self.tenure.is_over():
                self._entities(entity_type, wanted)
        for one in due:
            if one.entity_type not in ENTITIES and not self.tenure.is_over():
                self._guarded(one, partial(self._other, one))

    def _other(self, due: Due) -> None:
        subject = SUBJECTS.get(due.entity_type)
        if subject is None:  # of newer code
            changes.drop(self._database, self._place(due))
        elif subject.reader == "note":
            self._note(due)
        elif subject.reader == "message":
            self._message(due)
        else:
            self._incoming(due)

    # --- messages and incoming leads ----------------------------------------------------------------------------

    def _message(self, due: Due) -> None:
        """Nobody can read it again: the hook's word is all there is, and the entry of amoCRM's list of events."""
        if due.state is not None:
            changes.drop(self._database, self._place(due))
            return
        texts: dict[str, str] = {}
        sealed = due.facts.get("sealed")
        if sealed:
            opened = self.runtime.keyring.decrypt(bytes.fromhex(sealed), self.integration.id, "message_text")
            texts = msgspec.json.decode(opened)
        name = "sent" if "send" in due.kinds else "received"
        told = {"kind": f"message.{name}", "message": showing.message(due.facts, texts)}
        self._store(due, {}, [told], None)

    def _incoming(self, due: Due) -> None:
        is_settled = due.attempts >= _MOST_ATTEMPTS
        found = incoming_leads.look(due.state, due.facts, due.kinds, self.perform, self._own, is_settled=is_settled)
        if found is None and not is_settled:
            self._later(due)
        elif found is None or found.state is None:
            changes.drop(self._database, self._place(due))
        else:
            self._store(due, found.state, found.told, None)

    def _guarded(self, due: Due, work: Callable[[], None]) -> None:
        """One entity that amoCRM does not show, or nobody can make anything of, keeps no other waiting: it is tried
        again later, by itself."""
        clock = self.runtime.clock
        began = clock.monotonic()
        try:
            work()
        except (DatabaseUnavailableError, LeaseLostError, ReauthRequiredError, RefreshDelayedError):
            raise
        except Exception as error:
            if self.failures.is_beside_the_tariff(error):
                self._refused(due, error)  # nobody is told that the account is not paid
                return
            if isinstance(error, AmocrmError):
                if not self.failures.is_of_one(error, clock.monotonic() - began):
                    raise
            else:
                logs.failed("change.failed", error, entity_type=due.entity_type, entity_id=due.entity_id)
            self.problem = retry_policy.told(error) if isinstance(error, AmocrmError) else problem_of(error)
            self._refused(due, error)
            return
        self.failures.in_a_row = 0

    def _refused(self, due: Due, error: Exception) -> None:
        if due.attempts < retry_policy.MOST_ATTEMPTS:
            self._later(due, retry_policy.backoff(due.attempts), type(error).__name__)
            return
        changes.drop(self._database, self._place(due))
        told = say(
            "amoCRM has not shown {entity} for a day ({error}); what has changed there is not told.",
            entity=entity_name(due.entity_type, due.entity_id),
            error=error.message if isinstance(error, AmocrmError) else type(error).__name__,
        )
        event_log.add(self._database, "change.given_up", told, level="warning", integration_id=self.integration.id)

    # --- deals and contacts -------------------------------------------------------------------------------------

    def _entities(self, entity_type: str, due: Sequence[Due]) -> None:
        """Together; one that was tried before in vain by itself, so that it spoils no list."""
        now = self._listed(due) if SUBJECTS[entity_type].is_listed else {}
        own = self._written_in(entity_type, due)
        for one in due:
            if self.tenure.is_over():
                return
            entity = now.get(one.entity_id)
            if entity is None or entity.get("is_deleted") or one.may_be_behind(entity):
                self._guarded(one, partial(self._alone, one))
            else:
                written = own.get(one.entity_id, NOTHING)
                self._guarded(one, partial(self._compared, one, entity, written))

    def _listed(self, due: Sequence[Due]) -> dict[int, Entity]:
        """What the lists show of these, by one call for each list."""
        lists = due_hints.by_list(due).items()
        return {int(one["id"]): one for path, ids in lists for one in self._of_list(path, ids)}

    def _of_list(self, path: str, ids: Sequence[int]) -> list[Entity]:
        try:
            found: list[Entity] = self.perform(lambda api: FeedApi(api).entities(path, ids))
        except NotFoundError:  # there is no such list any more
            return []
        except AmocrmError as error:
            is_steady = retry_policy.is_of_one(error) and self.feed.failures >= _STEADY
            if not (is_steady or self.failures.is_of_one_place(error)):
                raise
            return []
        return found

    def _written_in(self, entity_type: str, due: Sequence[Due]) -> dict[int, OwnWrites]:
        """What we have set in these since each was read last, or since events were turned on."""
        begun_at = datetime.fromtimestamp(self.feed.begun_at, UTC)
        return self._own.written(entity_type, {one.entity_id: one.read_at or begun_at for one in due})

    def _compared(self, due: Due, entity: Entity, own: OwnWrites) -> None:
        if LISTED in due.kinds:
            due = self._said(due)
        state, hints = diff.state_of(due.entity_type, entity, self.fingerprint), set(due.kinds)
        differing: set[str] = set()
        if due.state is None:
            earlier = partial(self._earlier_members, due)
            maker = self._own.maker(due.entity_type, entity, own, is_new="add" in hints, earlier=earlier)
            ours, made = self._own.ours(entity, own), NOTHING
            if maker is not None:
                made = self._own.at_making(due.entity_type, maker)
                ours |= {"price"} | self._own.ours(entity, made)
            if maker is not None and "add" in hints:
                is_touched = not made.prints.keys() <= ours or diff.is_changed_since_made(entity)
                hints = self._gone_on(due, hints - {"add"}, ours, is_touched=is_touched)
            elif (
                "add" in hints
                and due.entity_type in _MADE_BY_US
                and due.attempts < _MOST_ATTEMPTS
                and self._own.is_creating()
            ):
                self._later(due)
                return
            elif "add" not in hints and self._explained(due, ours, is_made_by_us=maker is not None):
                # A declined incoming lead is a closed deal, of which amoCRM tells nothing else.
                is_closed = maker is not None and entity.get("status_id") == LOST and "status_id" not in ours
                hints = {"status"} if is_closed else set()
        else:
            differing = set(diff.changed(due.entity_type, due.state, entity, self.fingerprint))
            differing -= self._own.ours(entity, own) if differing else set()
        news = list(diff.news(due.entity_type, due.state, entity, differing, hints))
        self._store(due, state, [self._told(due, one, entity) for one in news], entity)

    def _explained(self, due: Due, ours: Collection[str], *, is_made_by_us: bool) -> bool:
        """Nothing was known of it before; what we have just written explains that amoCRM tells of a change, and its
        events tell of nothing else."""
        return (
            bool(ours)
            and not ("status" in due.kinds and "status_id" not in ours)
            and self._by_others(due, ours, is_made_by_us=is_made_by_us) == set()
        )

    def _gone_on(self, due: Due, hints: set[str], ours: Collection[str], *, is_touched: bool) -> set[str]:
        """What somebody did with one of ours before it was read for the first time. The hook of that may be yet to come
        (`hints` has none): then it would find nothing new."""
        by_others = self._by_others(due, ours, is_made_by_us=True) if hints or is_touched else set()
        # Where nobody can say it is told.
        return hints if by_others is None or (hints and by_others) else diff.verbs(by_others)

    def _said(self, due: Due) -> Due:
        """With what amoCRM's events say of something that was only seen to be changed: where nothing was known of it,
        nothing else tells what has happened."""
        events = self._events_of(due) or [] if due.state is None else []
        since = [one for one in events if int(one.get("created_at") or 0) >= self.feed.begun_at]
        said = event_entries.together(since).get((due.entity_type, due.entity_id))
        kinds = {*due.kinds, *(said.kinds if said else ["update"])} - {LISTED}
        return msgspec.structs.replace(due, kinds=list(kinds), facts={**(said.facts if said else {}), **due.facts})

    def _events_of(self, due: Due) -> list[Entity] | None:
        """What amoCRM tells of it; None where it says no, or has told nothing for a quarter of an hour."""
        try:
            found: list[Entity] = self.perform(lambda api: FeedApi(api).events_of(due.entity_type, due.entity_id))
        except AmocrmError as error:
            is_of_one, is_steady = retry_policy.is_of_one(error), due.attempts >= _MOST_ATTEMPTS
            if is_of_one and (is_steady or retry_policy.is_definite(error)):
                return None
            if self.failures.is_beside_the_tariff(error) or (is_steady and self.failures.is_of_one_place(error)):
                return None
            raise
        return found

    def _earlier_members(self, due: Due) -> dict[str, set[str]]:
        return earlier_members(self._events_of(due) or ())

    def _by_others(self, due: Due, ours: Collection[str], *, is_made_by_us: bool) -> set[str] | None:
        """Events of it that are more than our writing of these members, and making it; None where amoCRM says no."""
        if (happened := self._events_of(due)) is None:
            return None
        kinds = {str(one.get("type")) for one in happened if int(one.get("created_at") or 0) >= self.feed.begun_at}
        if is_made_by_us:
            kinds.discard(f"{due.entity_type}_added")
        return {kind for kind in kinds if diff.is_news(kind, ours)}

    def _told(self, due: Due, news: DetectedChange, entity: Entity) -> dict[str, Any]:
        before = news.before
        if news.kind == "lead.status_changed" and before is None:
            before = diff.place_before(None, due.facts, entity)
        found: dict[str, Any] = {"kind": news.kind, due.entity_type: showing.shown(due.entity_type, entity)}
        if before is not None:
            found["before"] = before
        if news.kind.endswith((".updated", ".changed")):
            found["changed"] = news.changed
        return found

    def _alone(self, due: Due) -> None:
        """A list may be a moment behind, and a user does not see everything: only the entity itself says that it is
        gone."""
        if (plural := due.path) is None:
            changes.drop(self._database, self._place(due))
            return
        try:
            entity = self.perform(lambda api: FeedApi(api).entity(plural, due.entity_id))
        except NotFoundError:
            is_known = due.state is not None and not due.state.get("is_deleted")
            if not is_known and "delete" not in due.kinds:
                if due.attempts < _MOST_ATTEMPTS and due.state is None:
                    self._later(due)  # made a moment ago, and not there yet
                else:
                    changes.drop(self._database, self._place(due))
                return
            if "delete" not in due.kinds and not self._sees_everything():
                self._out_of_sight(due)
                return
            told = [] if due.state is not None and due.state.get("is_deleted") else [
                {"kind": f"{due.entity_type}.deleted", due.entity_type: showing.gone(due.entity_id)}
            ]  # fmt: skip
            self._store(due, (due.state or {}) | {"is_deleted": True}, told, None)
            return
        own = self._written_in(due.entity_type, [due])
        self._compared(due, entity, own.get(due.entity_id, NOTHING))

    def _sees_everything(self) -> bool:
        if self.sees_everything is None:
            self.sees_everything = self.perform(lambda api: FeedApi(api).sees_everything())
        return self.sees_everything

    def _out_of_sight(self, due: Due) -> None:
        """It may be somebody else's now; nobody says that it was deleted."""
        changes.drop(self._database, self._place(due))
        told = say(
            "amoCRM does not show {entity} any more. Whoever connected the account is no administrator there, so "
            "it may be somebody else's now, or deleted. Let an administrator connect the account.",
            entity=entity_name(due.entity_type, due.entity_id),
        )
        event_log.add(self._database, "change.out_of_sight", told, level="warning", integration_id=self.integration.id)

    # --- notes --------------------------------------------------------------------------------------------------

    def _note(self, due: Due) -> None:
        if due.state is not None:  # a note is news once
            changes.drop(self._database, self._place(due))
            return
        parent = due.entity_type.removesuffix("_note")
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
        self._store(due, {"parent_id": parent_id}, [] if is_own else [told], None)

    # --- storing ------------------------------------------------------------------------------------------------

    def _store(self, due: Due, state: State, told: Sequence[dict[str, Any]], entity: Entity | None) -> None:
        documents = list(told)
        if due.entity_type == "lead" and entity is not None:
            order = orders.changed(self._database, self.integration, due.state, due.facts, entity)
            documents += [order] if order is not None else []
        found = [self._change(one) for one in documents]
        changes.store(self._database, self.runtime.keyring, self._place(due), state, due.now, found)

    def _change(self, told: dict[str, Any]) -> Change:
        kind = told.pop("kind")
        document = {"account": {"id": self.integration.account_id, "domain": self.integration.account_domain}} | told
        wanted = [one.id for one in self.listeners if one.wants(kind, document)]
        return Change(kind, document, wanted)

    def _later(self, due: Due, wait: timedelta | None = None, reason: str = "not there yet") -> None:
        wait = _AGAIN_IN * 2 ** min(due.attempts, _MOST_ATTEMPTS) if wait is None else wait
        due_hints.put_off(self._database, self.integration.id, due, wait)
        facts = {"entity_type": due.entity_type, "entity_id": due.entity_id, "attempts": due.attempts}
        logs.info("change.later", reason=reason, **facts)

    def _place(self, due: Due) -> Place:
        return Place(self.integration.id, due.entity_type, due.entity_id, due.version, due.revision)

    @property
    def _database(self) -> Database:
        return self.runtime.database

    @property
    def _own(self) -> EchoFilter:
        return EchoFilter(self.runtime.database, self.runtime.keyring, self.integration.id)
