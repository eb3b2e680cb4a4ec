"""What there is to tell: one line of a table for everything that amoCRM tells of.

A line says under which names hooks and events speak of it, by which settings a subscription has it, how it is read, and
what of it is told. Whoever adds one writes a line here, a type in `event_schemas.py`, an example in
`event_examples.py`, and what consumers see in `showing.py`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from msgspec import Struct


class Transition(Struct, frozen=True, kw_only=True):
    """A change that has a name of its own: one of `members` differs, and the first of them is `to` now."""

    name: str
    members: tuple[str, ...]
    verb: str | None = None  # how hooks and events say so; None: they do not
    to: bool | None = None  # None: whatever
    is_told_blind: bool = True  # also where nothing was known before
    tells_before: bool = True
    along: tuple[str, ...] = ()  # members whose change is a part of it


class Subject(Struct, frozen=True, kw_only=True):
    """`name` is that of its rows and, but for notes, what its kinds begin with."""

    name: str
    heads: tuple[str, ...]  # of hooks
    verbs: Mapping[str, str]  # of hooks and events -> what the kind ends with
    settings: tuple[str, ...]  # of the subscription
    path: str  # in the API; {names} are facts of the hint
    reader: str = "entity"  # entity, note, incoming_lead, message: see refetch.py
    of: str = ""  # what its kinds begin with, where it is not `name`
    transitions: tuple[Transition, ...] = ()
    plain: tuple[str, ...] = ()  # members whose earlier value is told, because it says nothing about a person
    linked: str | None = None  # whose ids come with it
    id_member: str = "id"  # of hooks
    is_text_id: bool = False
    hook_verbs: tuple[str, ...] = ()  # where they are others than `verbs`
    settings_by_kind: Mapping[str, str] = {}  # where a kind needs one of the settings only
    numbers: Mapping[str, str] = {}  # member of hooks -> fact of the hint
    texts: Mapping[str, str] = {}
    says: Callable[[str, Mapping[str, Any]], Collection[str]] = lambda verb, _: (verb,)  # more than the hook's verb
    asked: str | None = None  # how it is had without hooks: changed, incoming, events; None: not at all
    is_listed: bool = True  # several are read at once
    is_ordered: bool = True  # its list can be had in the order of changes
    is_once: bool = False  # it is told of once, whenever events were turned on

    def kind(self, name: str) -> str:
        return f"{self.of or self.name}.{name}"

    @property
    def kinds(self) -> tuple[str, ...]:
        names = dict.fromkeys([*self.verbs.values(), *(one.name for one in self.transitions)])
        return tuple(self.kind(name) for name in names)

    @property
    def said(self) -> frozenset[str]:
        """The verbs of its hooks."""
        if self.hook_verbs:
            return frozenset(self.hook_verbs)
        return frozenset(self.verbs) | {one.verb for one in self.transitions if one.verb} | {"responsible"}


_RESPONSIBLE: Final = Transition(
    name="responsible_changed", members=("responsible_user_id",), verb="responsible", is_told_blind=False
)
_PLACE: Final = Transition(name="status_changed", members=("status_id", "pipeline_id"), verb="status")

_COMPLETED: Final = Transition(
    name="completed", members=("is_completed",), verb="complete", to=True, tells_before=False, along=("result",)
)


def _verbs(change: str = "updated", *more: str) -> dict[str, str]:
    return {"add": "added", "update": change, "delete": "deleted"} | {one: f"{one}d" for one in more}


def _settings(name: str, *verbs: str) -> tuple[str, ...]:
    return tuple(f"{verb}_{name}" for verb in verbs)


_ALL: Final = ("add", "update", "delete", "responsible")


def _completed(verb: str, facts: Mapping[str, Any]) -> Collection[str]:
    return (verb, "complete") if facts.get("is_closed") == 1 else (verb,)


def _fate(verb: str, facts: Mapping[str, Any]) -> Collection[str]:
    if verb != "delete":
        return (verb,)
    return (facts["action"],) if facts.get("action") in ("accept", "decline") else ("gone",)


def _direction(_verb: str, facts: Mapping[str, Any]) -> Collection[str]:
    is_sent = facts.get("type") == "outgoing" or facts.get("head") == "outgoing_message"
    return ("send",) if is_sent else ("receive",)


def _note(of: str, path: str, asked: str | None = "events") -> Subject:
    return Subject(
        name=f"{of}_note",
        of=of,
        heads=(f"note_{of}",),
        verbs={"note": "note_added"},
        settings=(f"note_{of}",),
        path=path,
        reader="note",
        numbers={"element_id": "parent_id"},
        says=lambda _verb, _facts: ("note",),
        asked=asked,
        is_listed=False,
        is_once=True,
    )


# vendor: webhooks.settings (page) What a subscription may ask for: add, update, delete, restore, status, responsible
# and note, each with the entity's name.
# source: amoCRM's documentation, "Webhooks", "Available actions"
_TABLE: Final = (
    Subject(
        name="lead",
        heads=("leads",),
        verbs=_verbs("updated", "restore"),
        settings=_settings("lead", *_ALL, "restore", "status"),
        path="leads",
        transitions=(_PLACE, _RESPONSIBLE),
        plain=("status_id", "pipeline_id", "price", "responsible_user_id"),
        linked="contacts",
        numbers={"old_status_id": "old_status_id", "old_pipeline_id": "old_pipeline_id"},
        asked="changed",
    ),
    Subject(
        name="contact",
        heads=("contacts",),
        verbs=_verbs("updated", "restore"),
        settings=_settings("contact", *_ALL, "restore"),
        path="contacts",
        transitions=(_RESPONSIBLE,),
        plain=("responsible_user_id",),
        linked="leads",
        asked="changed",
    ),
    Subject(
        name="company",
        heads=("companies",),  # and `contacts`, with a type
        verbs=_verbs("updated", "restore"),
        settings=_settings("company", *_ALL, "restore"),
        path="companies",
        transitions=(_RESPONSIBLE,),
        plain=("responsible_user_id",),
        linked="contacts,leads",
        asked="changed",
    ),
    # vendor: webhooks.task_closed (production) `task[update][0]` of a task that was completed has `status` 1 and
    # `action_close` 1.
    # source: bodies that integrations in production keep
    Subject(
        name="task",
        heads=("task", "tasks"),
        verbs=_verbs("changed"),
        settings=_settings("task", *_ALL),
        path="tasks",
        transitions=(_COMPLETED, _RESPONSIBLE),
        plain=("responsible_user_id", "complete_till", "is_completed", "task_type_id"),
        numbers={"action_close": "is_closed"},
        says=_completed,
        asked="changed",
        is_ordered=False,  # vendor: lists.orders
    ),
    Subject(
        name="customer",
        heads=("customers",),
        verbs=_verbs("updated"),
        settings=_settings("customer", *_ALL),
        path="customers",
        transitions=(_RESPONSIBLE,),
        plain=("responsible_user_id", "status_id", "next_price", "next_date"),
        linked="contacts,companies",
        asked="changed",
        is_ordered=False,
    ),
    # vendor: webhooks.catalogs (guess) Elements of lists are told of as `catalogs[add|update|delete][0]`, asked for by
    # add_catalog, update_catalog and delete_catalog.
    # source: the heads stand in integrations in production; the settings are in no list
    Subject(
        name="catalog_element",
        heads=("catalogs",),
        verbs=_verbs("updated"),
        settings=_settings("catalog", "add", "update", "delete"),
        path="catalogs/{catalog_id}/elements",
        plain=("catalog_id",),
        numbers={"catalog_id": "catalog_id"},
    ),
    # vendor: webhooks.unsorted
    Subject(
        name="incoming_lead",
        heads=("unsorted",),
        verbs={"add": "added", "accept": "accepted", "decline": "declined"},
        hook_verbs=("add", "update", "delete"),
        settings=_settings("unsorted", "add", "delete"),
        path="leads/unsorted",
        reader="incoming_lead",
        id_member="uid",
        is_text_id=True,
        numbers={
            "lead_id": "lead_id",
            "data.leads.0.id": "lead_id",
            "data.leads.id": "lead_id",
            "accept_result.leads.0": "lead_id",
            "decline_result.leads.0": "lead_id",
        },
        texts={"uid": "uid", "action": "action"},
        says=_fate,
        asked="incoming",
        is_listed=False,
        is_once=True,
    ),
    # vendor: webhooks.talks
    Subject(
        name="talk",
        heads=("talk",),
        verbs={"add": "opened", "update": "changed"},
        settings=_settings("talk", "add", "update"),
        path="talks",
        transitions=(
            Transition(name="closed", members=("is_in_work",), verb="update", to=False, tells_before=False),
            Transition(name="opened", members=("is_in_work",), to=True, tells_before=False),
        ),
        plain=("is_in_work", "is_read", "rate", "contact_id", "entity_id"),
        id_member="talk_id",
        is_listed=False,
    ),
    # vendor: webhooks.messages - no call reads one again, so the word of the hook is told
    Subject(
        name="message",
        heads=("message", "outgoing_message"),
        verbs={"receive": "received", "send": "sent"},
        hook_verbs=("add",),
        settings=("add_message", "add_outgoing_message"),
        settings_by_kind={"message.received": "add_message", "message.sent": "add_outgoing_message"},
        path="",
        reader="message",
        is_text_id=True,
        numbers={
            name: name for name in ("talk_id", "contact_id", "created_at", "element_type", "element_id", "entity_id")
        }
        | {"author.user_id": "user_id"},
        texts={"id": "id", "type": "type", "chat_id": "chat_id", "origin": "origin", "entity_type": "entity_type"}
        | {"author.id": "author_id", "author.type": "author_type"},
        says=_direction,
        asked="events",
        is_listed=False,
        is_once=True,
    ),
    _note("lead", "leads"),
    _note("contact", "contacts"),
    _note("company", "companies"),
    _note("customer", "customers"),
)
SUBJECTS: Final[Mapping[str, Subject]] = {one.name: one for one in _TABLE}
ENTITIES: Final[Mapping[str, str]] = {one.name: one.path for one in _TABLE if one.reader == "entity"}
ONCE: Final = tuple(one.name for one in _TABLE if one.is_once)
