"""The calls that tell what has happened in an account.

Source: amoCRM's documentation, "Webhooks", "Events and notes".
"""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from shared.amocrm import filtered_reads
from shared.amocrm.entity_fields import readings
from shared.amocrm.errors import (
    AddressBlockedError,
    BadRequestError,
    FilterIgnoredError,
    ForbiddenError,
    NotFoundError,
    TooMuchToReadError,
)
from shared.amocrm.filtered_reads import embedded
from shared.amocrm.leads import AccountApi
from shared.platform import logs
from shared.platform.messages import say

Entity = dict[str, Any]

# vendor: events.page (page) A page of events has at most 100 of them.
# source: amoCRM's documentation, "Events and notes"
_EVENTS_PAGE: Final = 100
# vendor: events.notes (page) A note is an event of its own kind, with its id in `value_after`: common_note_added,
# attachment_note_added, geo_note_added, service_note_added and others; of a call incoming_call and outgoing_call, of a
# message incoming_sms and outgoing_sms. Hooks tell all of them as notes; there their type is a number (4, 10, 11).
# source: amoCRM's documentation, "Types of events"; clients and integrations in production that list them
_CALLS_AND_MESSAGES: Final = frozenset({"incoming_call", "outgoing_call", "incoming_sms", "outgoing_sms"})
# vendor: events.beside (page) Some events tell of a conversation, an assistant, a visit or a note that is gone; the
# deal, contact or customer at which they stand is (guess) not changed by that.
# source: amoCRM's documentation, "Types of events"; lists of them in integrations in production
_BESIDE: Final = frozenset(
    {"talk_created", "talk_closed", "conversation_answered", "no_reply_needed", "entity_direct_message"}
    | {"robot_replied", "intent_identified", "nps_rate_added", "link_followed", "key_action_completed"}
    | {"common_note_deleted"}
)
_RENAMED: Final = "name_field_changed"
_EMBEDDED: Final = {"leads": "contacts", "contacts": "leads", "companies": "contacts,leads"}  # ids that come with it


def _with(plural: str) -> list[tuple[str, str]]:
    return [("with", _EMBEDDED[plural])] if plural in _EMBEDDED else []


def updated_at(entity: Entity) -> int:
    """Unix seconds."""
    return int(entity.get("updated_at") or 0)


def tells_note(kind: str) -> bool:
    """Whether an event of this kind tells of a note that was added."""
    return kind in _CALLS_AND_MESSAGES or kind.endswith("_note_added")


def stands_beside(kind: str) -> bool:
    """Whether an event of this kind says nothing of the deal or contact at which it stands."""
    return kind in _BESIDE


def earlier_members(events: Iterable[Entity]) -> dict[str, set[str]]:
    """What these events say that a deal or contact had before: `name`, `field:123` -> all texts that it may have been
    written as."""
    # vendor: events.name
    # vendor: events.field_values
    found: dict[str, set[str]] = defaultdict(set)
    for one in events:
        fields: dict[int, list[Entity]] = defaultdict(list)
        for before in one.get("value_before") or []:
            said = before if isinstance(before, dict) else {}
            if isinstance(value := said.get("name_field_value"), dict) and value.get("name"):
                found["name"].add(str(value["name"]))
            if isinstance(value := said.get("custom_field_value"), dict) and isinstance(value.get("field_id"), int):
                fields[value["field_id"]].append({"value": value.get("text"), "enum_id": value.get("enum_id")})
        for field_id, values in fields.items():
            had = {"custom_fields_values": [{"field_id": field_id, "values": values}]}
            found[f"field:{field_id}"] |= readings(had, f"field:{field_id}")
    return dict(found)


class FeedApi(Struct, frozen=True):
    """Raises the errors of :mod:`shared.amocrm.errors`."""

    api: AccountApi

    def webhook(self, destination: str) -> Entity | None:
        """The subscription of exactly this address: `settings`, `disabled`."""
        answer = self.api.send("GET", "/webhooks", params=[("filter[destination]", destination)])
        return next((one for one in embedded(answer, "webhooks") if one.get("destination") == destination), None)

    def subscribe(self, destination: str, settings: Sequence[str]) -> None:
        """Makes the subscription, or gives it these settings; one that is switched off may stay so."""
        self.api.send("POST", "/webhooks", json={"destination": destination, "settings": list(settings)})

    def unsubscribe(self, destination: str) -> None:
        """No error where there is none."""
        with contextlib.suppress(NotFoundError):
            self.api.send("DELETE", "/webhooks", json={"destination": destination})

    def entities(self, plural: str, ids: Sequence[int]) -> list[Entity]:
        """Deals or contacts with these ids (at most 250), deals with the ids of their contacts; or elements of one list
        (`plural` is catalogs/ID/elements). Deleted ones are left out."""

        def read(params: list[tuple[str, Any]]) -> Any:
            return self.api.send("GET", f"/{plural}", params=[*params, *_with(plural)])

        def read_one(id_: int) -> Entity:
            return self.entity(plural, id_)

        name = plural.rpartition("/")[2]
        return filtered_reads.by_ids(self.api.host, read, read_one, name, ids, trusts_list=True)

    def listed(self, plural: str, ids: Sequence[int]) -> dict[int, Entity]:
        """Of those with these ids (at most 250) those that one list tells of; see
        :func:`shared.amocrm.filtered_reads.listed`."""

        def read(params: list[tuple[str, Any]]) -> Any:
            return self.api.send("GET", f"/{plural}", params=params)

        return filtered_reads.listed(self.api.host, read, plural, ids)

    def entity(self, plural: str, id_: int) -> Entity:
        """Raises NotFoundError where it is not there any more, or says itself that it is deleted."""
        answer = self.api.send("GET", f"/{plural}/{id_}", params=_with(plural) or None)
        if not isinstance(answer, dict) or answer.get("is_deleted"):
            raise NotFoundError(say("amoCRM has no such object"), 204)
        return answer if "id" in answer else answer | {"id": id_}

    def incoming(self, uid: str) -> Entity:
        """One incoming lead that waits. Raises NotFoundError where it was accepted or declined."""
        answer = self.api.send("GET", f"/leads/unsorted/{quote(uid, safe='')}")
        if not isinstance(answer, dict) or not answer.get("uid"):
            raise NotFoundError(say("amoCRM has no such object"), 204)
        return answer

    def all_incoming(self, page: int) -> tuple[list[Entity], bool]:
        """A page of the incoming leads that wait, the newest first where the account has filters, and whether there is
        another."""
        params: list[tuple[str, Any]] = [
            ("order[created_at]", "desc"),
            ("limit", filtered_reads.PAGE_LIMIT),
            ("page", page),
        ]
        answer = self.api.send("GET", "/leads/unsorted", params=params)
        return embedded(answer, "unsorted"), bool(answer and answer.get("_links", {}).get("next"))

    def which_wait(self, uids: Sequence[str]) -> set[str]:
        """Of the incoming leads with these uids (a few dozen) those that wait; all of them, where the account has no
        filters."""
        # vendor: unsorted.list
        params: list[tuple[str, Any]] = [("filter[uid][]", uid) for uid in uids]
        params.append(("limit", filtered_reads.PAGE_LIMIT))
        found = {
            str(one.get("uid")) for one in embedded(self.api.send("GET", "/leads/unsorted", params=params), "unsorted")
        }
        return found if found <= set(uids) else set(uids)

    def sees_everything(self) -> bool:
        """Whether what is not found is gone; else it may belong to somebody whose things are not shown to us."""
        # vendor: rights.own (page) A token that a user without an administrator's rights has given sees what that user
        # sees: lists are shorter, and what is somebody else's is (guess) as if it were not there, or 403.
        # source: amoCRM's documentation, "Scopes"; the answers are ours
        try:
            self.api.send("GET", "/users", params={"limit": 1})
        except AddressBlockedError:
            raise
        except ForbiddenError:
            return False
        return True

    def note(self, plural: str, parent_id: int | None, note_id: int) -> Entity:
        """One note of a deal or contact; by its own id where the parent is not known."""
        path = f"/{plural}/notes/{note_id}" if parent_id is None else f"/{plural}/{parent_id}/notes/{note_id}"
        answer = self.api.send("GET", path)
        if not isinstance(answer, dict):
            raise NotFoundError(say("amoCRM has no such object"), 204)
        return answer

    def changed(
        self, plural: str, since: int, until: int | None = None, page: int = 1, *, is_ordered: bool = True
    ) -> tuple[list[Entity], bool]:
        """A page of what was changed from `since` to `until` (Unix seconds, both included; None for now), the oldest
        change first where the list has that order, and whether there is another. Raises FilterIgnoredError."""
        # vendor: lists.updated_at (guess) A list can be had by `filter[updated_at][from]` and `[to]`, both times
        # included, in the order of `order[updated_at]=asc`.
        # source: amoCRM's documentation, "Filters", names the parameters and the order; that both are included is ours
        # (looked for again)
        params: list[tuple[str, Any]] = [
            ("filter[updated_at][from]", since),
            *([] if until is None else [("filter[updated_at][to]", until)]),
            *([("order[updated_at]", "asc")] if is_ordered else []),
            ("limit", filtered_reads.PAGE_LIMIT),
            ("page", page),
        ]
        answer = self.api.send("GET", f"/{plural}", params=params)
        found = filtered_reads.page(answer, plural, lambda one: since <= updated_at(one) <= (until or updated_at(one)))
        times = [updated_at(one) for one in found]
        if is_ordered and times != sorted(times):
            raise FilterIgnoredError(say("the account has no API filters"), 200)
        return found, bool(answer and answer.get("_links", {}).get("next"))

    def events_of(self, single: str, entity_id: int) -> list[Entity]:
        """What happened lately to one deal or contact, the newest first. (Where filters are off, out of the latest.)"""
        params = [("filter[entity]", single), ("filter[entity_id][]", entity_id), ("limit", _EVENTS_PAGE)]
        found = embedded(self.api.send("GET", "/events", params=params), "events")
        # vendor: ids.types (guess) Each type of entity has numbers of its own: a deal and a contact may share one.
        # source: none found; numbers of one account are too far apart for one sequence
        return [one for one in found if one.get("entity_type") == single and one.get("entity_id") == entity_id]

    def named_before(self, mark: str, since: int) -> int | None:
        """The deal whose name carried the mark until somebody changed it, at `since` (Unix seconds) or later. Of
        several, which are copies, the oldest. None also where amoCRM shows nobody its events."""

        def read(params: list[tuple[str, Any]]) -> Any:
            return self.api.send("GET", "/events", params=[("filter[type]", _RENAMED), *params])

        try:
            events = list(filtered_reads.newest_first(read, "events", {}, since, _EVENTS_PAGE))
        except AddressBlockedError:
            raise
        except (BadRequestError, ForbiddenError, NotFoundError):
            return None
        except TooMuchToReadError:
            # Whoever asks has looked for the name itself before; that somebody has changed it too is rare.
            logs.warning("events.too_many", since=since)
            return None
        deals = (one for one in events if one.get("entity_type") == "lead")
        return min(
            (
                int(one["entity_id"])
                for one in deals
                if any(mark in name for name in earlier_members([one]).get("name", ()))
            ),
            default=None,
        )

    def events(self, page: int) -> list[Entity]:
        """A page of what happened in the account, the newest first."""
        answer = self.api.send("GET", "/events", params=[("limit", _EVENTS_PAGE), ("page", page)])
        return embedded(answer, "events")
