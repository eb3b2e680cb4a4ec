"""What is planted for the events' campaign: one defect at least for each kind of what is told."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from msgspec.structs import replace

from features.changes import diff, dispatch, incoming_leads, refetch, showing
from features.changes.echo_filter import EchoFilter
from shared.amocrm.events import FeedApi
from shared.deliveries.webhooks import signed
from shared.storage import own_writes
from tests.chaos.defect import Defect, Undo, changed

_CAMPAIGN: Final = "tests.chaos.events"
_KILLS: Final = 12


def _events(name: str, invariant: str, plant: Callable[[], Undo], told: str) -> Defect:
    return Defect(name, invariant, _CAMPAIGN, plant, told, kills=_KILLS)


def _news_of(types: tuple[str, ...], becomes: Callable[[Any], list[Any]]) -> Callable[[], Undo]:
    """What is told of these, one by one: as `becomes` makes it."""
    original = diff.news

    def news(entity_type: str, *given: Any) -> Iterator[Any]:
        for one in original(entity_type, *given):
            yield from becomes(one) if entity_type in types else [one]

    return lambda: changed(diff, "news", news)


def _unless(kind: str) -> Callable[[Any], list[Any]]:
    return lambda one: [] if one.kind == kind else [one]


def _goods_are_not_noted() -> Undo:
    """A form's deals and contacts are."""
    original = own_writes.note

    def note(database: Any, keyring: Any, integration_id: Any, entity_type: str, *given: Any) -> Any:
        is_of_goods = entity_type == "catalog_element"
        return None if is_of_goods else original(database, keyring, integration_id, entity_type, *given)

    return changed(own_writes, "note", note)


def _incoming_leads(becomes: Callable[[Any], Any]) -> Callable[[], Undo]:
    """What is found when one is looked at: as `becomes` makes it."""
    original = incoming_leads.look

    def look(*given: Any, **named: Any) -> Any:
        found = original(*given, **named)
        return found if found is None else becomes(found)

    return lambda: changed(incoming_leads, "look", look)


def _untold(kind: str) -> Callable[[Any], Any]:
    return lambda found: replace(found, told=[one for one in found.told if one["kind"] != f"incoming_lead.{kind}"])


def _all_are_accepted(found: Any) -> Any:
    return replace(found, told=[one | {"kind": one["kind"].replace("declined", "accepted")} for one in found.told])


def _of_messages(becomes: Callable[[list[Any]], list[Any]]) -> Callable[[], Undo]:
    original = refetch.Refetch._store

    def store(self: Any, due: Any, state: Any, told: Any, entity: Any) -> None:
        original(self, due, state, becomes(list(told)) if due.entity_type == "message" else told, entity)

    return lambda: changed(refetch.Refetch, "_store", store)


def _all_talks_are_the_first() -> Undo:
    original = showing.message
    return changed(showing, "message", lambda *given: original(*given) | {"talk_id": 1})


def _notes_are_ours(of: str) -> Callable[[], Undo]:
    original = EchoFilter.made_note

    def made_note(self: EchoFilter, parent: str, *given: Any) -> bool:
        return parent == of or original(self, parent, *given)

    return lambda: changed(EchoFilter, "made_note", made_note)


def _overtake_each_other() -> Undo:
    """What comes later does not wait for what was told before of the same entity."""
    ordered = "ORDER BY s.attempts, s.position"
    assert ordered in dispatch._NEXT
    before, rest = dispatch._NEXT.partition("  AND NOT EXISTS")[::2]
    tail = rest[rest.index(ordered) :].replace(ordered, "ORDER BY s.position DESC")
    return changed(dispatch, "_NEXT", before + tail)


def _signed_by_another_secret() -> Undo:
    return changed(dispatch, "signed", lambda keys, *rest: signed([b"another" for _ in keys], *rest))


EVENTS: Final = (
    _events(
        "what a form makes is not noted",
        "what we write ourselves is no news",
        lambda: changed(own_writes, "note", lambda *_args, **_named: None),
        "own writes told",
    ),
    _events(
        "goods that we make are not noted",
        "goods of ours are no news",
        _goods_are_not_noted,
        "own writes told: catalog_element.added",
    ),
    _events(
        "nobody asks what a deal was called before",
        "what a person renames before we look is still ours",
        lambda: changed(FeedApi, "named_before", lambda *_: None),
        r"\d+ deals were made of \d+ forms",
    ),
    _events(
        "what follows does not wait for what was before it",
        "what is told of an entity is told in its order",
        _overtake_each_other,
        "out of order: ",
    ),
    _events(
        "messages are signed by another secret",
        "each message is signed by its account's endpoint",
        _signed_by_another_secret,
        r"\d+ of \d+ messages are not signed",
    ),
    _events(
        "a deal that is moved is no news",
        "each move of a deal to another stage is told",
        _news_of(("lead",), _unless("lead.status_changed")),
        r"lost: (status \d+|from \d+ to \d+)",
    ),
    _events(
        "changes of companies and tasks are left out",
        "what people do to companies and tasks is told",
        _news_of(("company", "task"), lambda one: [] if one.changed else [one]),
        r"lost: v\d+, the last that was told is v\d+ \((company|task)",
    ),
    _events(
        "changes of companies and tasks are told twice",
        "each change of a company or task is told once",
        _news_of(("company", "task"), lambda one: [one, one]),
        r"doubled: .* \((company|task)",
    ),
    _events(
        "a task that is completed is no news",
        "a task that was completed is told as completed",
        _news_of(("task",), _unless("task.completed")),
        "lost: that it was completed",
    ),
    _events(
        "changes of customers are left out",
        "what people do to customers is told",
        _news_of(("customer",), lambda one: [] if one.changed else [one]),
        r"lost: v\d+, the last that was told is v\d+ \(customer",
    ),
    _events(
        "changes of contacts are told twice",
        "each change of a contact is told once",
        _news_of(("contact",), lambda one: [one, one]),
        r"doubled: .* \(contact",
    ),
    _events(
        "what becomes of elements is left out",
        "what people do to elements of lists is told",
        _news_of(("catalog_element",), lambda _: []),
        r"lost: .* \(catalog_element",
    ),
    _events(
        "incoming leads that wait are no news",
        "each incoming lead is told of",
        _incoming_leads(_untold("added")),
        "lost: that incoming lead .* was added",
    ),
    _events(
        "an incoming lead that is accepted is no news",
        "what becomes of an incoming lead is told",
        _incoming_leads(_untold("accepted")),
        "lost: that incoming lead .* was accepted",
    ),
    _events(
        "declined incoming leads are told as accepted",
        "it is told whether an incoming lead was accepted or declined",
        _incoming_leads(_all_are_accepted),
        "lost: incoming lead .* is declined, and was told accepted",
    ),
    _events(
        "a conversation that is closed is no news",
        "a conversation that was closed is told as closed",
        _news_of(("talk",), _unless("talk.closed")),
        "lost: that talk .* was closed",
    ),
    _events(
        "messages are told twice",
        "each message is told once",
        _of_messages(lambda told: [*told, *(dict(one) for one in told)]),
        "doubled: message",
    ),
    _events(
        "messages are left out",
        "each message is told",
        _of_messages(lambda _: []),
        "lost: message",
    ),
    _events(
        "messages are of the first conversation",
        "a message is told in its own conversation",
        _all_talks_are_the_first,
        "lost: that message .* in talk",
    ),
    _events(
        "notes at customers are taken for ours",
        "notes of people are told, at customers as well",
        _notes_are_ours("customer"),
        r"lost: note \d+ \(customer",
    ),
    _events(
        "notes at companies are taken for ours",
        "notes of people are told, at companies as well",
        _notes_are_ours("company"),
        r"lost: note \d+ \(company",
    ),
)
