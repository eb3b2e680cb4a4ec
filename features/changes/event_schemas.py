"""What endpoints are told, as types: the `data` of each kind of message. `openapi.yaml` describes them from here."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

from features.changes import shapes
from features.changes.shapes import Account, Named, Note, Order, Responsible


class _Told(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    account: Account


def _message(name: str, *members: tuple[str, Any] | tuple[str, Any, Any], told: str = "") -> type[Struct]:
    made = msgspec.defstruct(
        name, members, bases=(_Told,), forbid_unknown_fields=True, frozen=True, kw_only=True, module=__name__
    )
    made.__doc__ = told or None
    return made


def _of_entity(
    single: str,
    shape: type[Struct],
    earlier: type[Struct],
    names: Iterable[str],
    *more: tuple[str, Any],
) -> dict[str, type[Struct]]:
    """The messages of what is made, changed, deleted and found again, by the same rules for all. `names`: what its
    kinds end with; `more`: what has rules of its own."""
    title, whole = shape.__name__, (single, shape)
    changed = (whole, ("changed", list[str] | None), ("before", earlier | None, None))
    simple = _message(f"{title}Message", whole)
    made = {
        "responsible_changed": lambda: _message(f"{title}ResponsibleChanged", whole, ("before", Responsible)),
        "updated": lambda: _message(f"{title}Updated", *changed),
        "changed": lambda: _message(f"{title}Changed", *changed),
        "deleted": lambda: _message(f"{title}Deleted", (single, Named)),
        "note_added": lambda: _message(f"{title}NoteAdded", (single, Named), ("note", Note)),
    }
    found = {f"{single}.{name}": made[name]() if name in made else simple for name in names}
    return found | {
        f"{single}.{name}": _message(f"{title}{name.title().replace('_', '')}", *what) for name, what in more
    }


_USUAL: Final = ("added", "deleted", "note_added", "responsible_changed", "restored", "updated")
_MOVED: Final = (("lead", shapes.Lead), ("before", shapes.Place | None, None))  # left out where nobody knows

MESSAGES: Final[dict[str, type[Struct]]] = {
    **_of_entity("catalog_element", shapes.CatalogElement, shapes.ElementBefore, ("added", "deleted", "updated")),
    **_of_entity("company", shapes.Company, shapes.Earlier, _USUAL),
    **_of_entity("contact", shapes.Contact, shapes.Earlier, _USUAL),
    **_of_entity(
        "customer",
        shapes.Customer,
        shapes.CustomerBefore,
        ("added", "deleted", "note_added", "responsible_changed", "updated"),
    ),
    **dict.fromkeys(
        ("incoming_lead.accepted", "incoming_lead.added", "incoming_lead.declined"),
        _message("IncomingLeadMessage", ("incoming_lead", shapes.IncomingLead)),
    ),
    **_of_entity("lead", shapes.Lead, shapes.Earlier, _USUAL, ("status_changed", _MOVED)),
    **dict.fromkeys(
        ("message.received", "message.sent"), _message("ChatMessageMessage", ("message", shapes.ChatMessage))
    ),
    "order.status_changed": _message("OrderStatusChanged", ("order", Order), ("lead", Named)),
    **_of_entity("talk", shapes.Talk, shapes.TalkBefore, ("changed", "closed", "opened")),
    **_of_entity(
        "task",
        shapes.Task,
        shapes.TaskBefore,
        ("added", "changed", "completed", "deleted", "responsible_changed"),
    ),
    "test": _message("TestMessage", told="Somebody tries the endpoint."),
}
# What an endpoint may ask for.
KINDS: Final = tuple(kind for kind in MESSAGES if kind != "test")
