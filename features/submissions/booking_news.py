"""What services of bookings tell of a visit: that somebody has booked it, moved or cancelled it, has come or has not.

Each event has an id of its own, and names the visit: by what was told of that before, the deal is found. So does
whatever else says that a visit, a request or the like has become or changed, and which.
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree


class BookingNews(Struct, frozen=True):
    """`of`: under which ids of events the visit may be known; `form`: under which a form is, that is made of this one.
    `is_minor`: it makes no deal by itself. `is_of_many`: there are several of that id, which say different things."""

    id: str
    of: tuple[str, ...]
    form: str
    is_minor: bool = False
    is_moved: bool = False
    is_of_many: bool = False


def read(tree: Tree) -> BookingNews | None:
    """The tree is not changed; None for what tells of no visit."""
    readers = (_calendly, _cal_com, _docplanner, _anybodys)
    return next((found for one in readers if (found := one(tree)) is not None), None)


def _made(event: str, own: str, before: str, makes: tuple[str, ...], **more: bool) -> BookingNews:
    """`own`: the visit's id; `before`: what it was before it was moved, where that is another."""
    id_ = f"{event}:{own}"
    ids = (f"{one}:{visit}" for visit in (own, before) if visit for one in makes)
    return BookingNews(id_, tuple(one for one in dict.fromkeys(ids) if one != id_), id_, **more)


# source: Calendly's reference, "Invitee payload" and "Invitee no show"; public handlers. A visit that is moved is two
# events: its new invitee names the old one, and the old one, which is cancelled, the new one.
def _calendly(tree: Tree) -> BookingNews | None:
    payload, event = branch_of(tree.get("payload")), str(tree.get("event"))
    is_minor = event in ("invitee_no_show.created", "invitee_no_show.deleted")
    own, old, new = (_text(payload, one) for one in ("invitee" if is_minor else "uri", "old_invitee", "new_invitee"))
    if not own or not (is_minor or event in ("invitee.created", "invitee.canceled")):
        return None
    is_moved = event == "invitee.created" and bool(old)
    return _made(event, own, old or new, ("invitee.created",), is_minor=is_minor, is_moved=is_moved)


# source: bodies of Cal.com's webhooks in public code; its page on webhooks. Some stand in `payload`, some do not.
def _cal_com(tree: Tree) -> BookingNews | None:
    event, told = tree.get("triggerEvent"), branch_of(tree.get("payload")) or tree
    own = _text(told, "uid", "bookingUid")
    if not isinstance(event, str) or not own:
        return None
    is_minor = event not in (*_MAKES_AT_CAL_COM, "BOOKING_CANCELLED", "BOOKING_REJECTED")
    before = _text(told, "rescheduleUid")
    # Where the host confirms each visit, one that is moved is requested anew.
    is_moved = event == "BOOKING_RESCHEDULED" or (event in _MAKES_AT_CAL_COM and bool(before))
    return _made(event, own, before, _MAKES_AT_CAL_COM, is_minor=is_minor, is_moved=is_moved)


_MAKES_AT_CAL_COM: Final = (
    "BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_REQUESTED", "BOOKING_PAYMENT_INITIATED", "BOOKING_PAID",
)  # fmt: skip


# source: Docplanner's guide, "Callbacks", and its library for PHP. Whether a visit that is moved keeps its id is not
# known.
def _docplanner(tree: Tree) -> BookingNews | None:
    data, event = branch_of(tree.get("data")), tree.get("name")
    told = [branch_of(data.get(one)) for one in ("visit_booking", "new_visit_booking", "old_visit_booking")]
    found = [one for one in told if _text(one, "id")]
    if not found or not isinstance(event, str):
        return None
    own, *others = dict.fromkeys(_text(one, "id") for one in found)
    is_moved, moment = event == "booking-moved", _text(found[0], "start_at")
    made = _made(event, own, next(iter(others), ""), ("slot-booked",), is_moved=is_moved)
    moves = (f"booking-moved:{_text(one, 'id')}:{_text(one, 'start_at')}" for one in found)
    id_ = f"{made.id}:{moment}" if is_moved else made.id
    of = tuple(one for one in (*made.of, *moves) if one != id_)
    return BookingNews(id_, of, id_, event in ("booking-confirmed", "presence-marked", "presence-unmarked"), is_moved)


# source: bodies of Altegio and YClients (`resource`, `resource_id`, `status`), Chatwoot and Pipedrive in public
# receivers; how programs name what has happened (`booking.created`)
def _anybodys(tree: Tree) -> BookingNews | None:
    """A thing and what has become of it, in one word, or in two members; and the thing's id. Of a person nothing: who
    has changed may ask for something else."""
    told = [tree, branch_of(tree.get("meta"))]
    kinds = {word for one in told for name in _KINDS for word in _words(one.get(name))}
    kinds |= _words(tree.get("type")) & _THINGS
    for name in (*_EVENTS, *(["status"] if kinds else [])):
        for one in told:
            words = _words(one.get(name))
            changes, nouns = words & _CHANGED, (words - _CHANGED - _MADE - _ABOUT) | kinds
            if words.isdisjoint(_CHANGED | _MADE) or len(nouns) != 1 or not nouns <= _THINGS:
                continue  # of a "webinar registration" the id may be the webinar's
            thing = next(iter(nouns))
            if own := _id_of(tree, thing, may_be_flat="new" not in words):
                form, is_moved = f"{thing}:{own}", not words.isdisjoint(_MOVED)
                of = (form,) if changes else ()
                return BookingNews(f"{' '.join(sorted(words))}:{form}", of, form, is_moved=is_moved, is_of_many=True)
    return None


def _id_of(tree: Tree, thing: str, *, may_be_flat: bool) -> str:
    """`may_be_flat`: an id beside the event's name may be the thing's where nothing is within."""
    inner = [branch for name in (thing, *_WITHIN) if (branch := branch_of(tree.get(name)))]
    deeper = [branch for one in inner for name in ("object", thing) if (branch := branch_of(one.get(name)))]
    named = (f"{thing}_id", f"{thing}Id")
    found = _text(tree, "resource_id", "object_id", "entity_id", *named)
    found = found or next((id_ for one in (*deeper, *inner) if (id_ := _text(one, *named, *_IDS))), "")
    return found or (_text(tree, *_IDS) if may_be_flat and not inner else "")


def _words(event: object) -> set[str]:
    """Of a name that a program gives, as `bookingCreated`; none of what people write."""
    if not isinstance(event, str) or not _PROGRAMS.fullmatch(event):
        return set()
    return set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event).lower().replace(".", "_").replace("-", "_").split("_"))


_PROGRAMS: Final = re.compile(r"[A-Za-z]+(?:[_.:/-]?[A-Za-z]+){0,7}")
_EVENTS: Final = ("event", "event_type", "eventType", "event_name", "eventName", "type", "action", "topic", "trigger")
_KINDS: Final = ("resource", "resource_type", "entity", "entity_type", "object", "object_type")
_WITHIN: Final = ("data", "payload", "object", "resource", "entity", "record", "current")
_IDS: Final = ("id", "uid", "uuid")
_THINGS: Final = frozenset({
    "appointment", "booking", "reservation", "visit", "record", "meeting", "consultation", "lesson", "registration",
    "enrollment", "enrolment", "lead", "request", "application", "inquiry", "enquiry", "deal", "opportunity", "ticket",
    "order", "conversation", "message", "reserva", "agendamento", "cita", "turno",
})  # fmt: skip
_ABOUT: Final = frozenset({
    "status", "state", "stage", "date", "time", "by", "client", "customer", "user", "admin", "event",
})  # fmt: skip
_MADE: Final = frozenset({
    "create", "created", "add", "added", "insert", "inserted", "new", "received", "booked", "scheduled",
})  # fmt: skip
_MOVED: Final = frozenset({
    "update", "updated", "change", "changed", "edited", "modified", "reschedule", "rescheduled", "moved",
})  # fmt: skip
_CHANGED: Final = _MOVED | frozenset({
    "cancel", "canceled", "cancelled", "delete", "deleted", "remove", "removed", "confirm", "confirmed", "approved",
    "rejected", "declined", "completed", "finished", "closed", "resolved", "reopened", "restored", "attended", "noshow",
    "missed", "paid", "assigned", "restore", "updates",
})  # fmt: skip


def _text(branch: Tree, *names: str) -> str:
    return next(_texts(branch, names), "")


def _texts(branch: Tree, names: tuple[str, ...]) -> Iterator[str]:
    return (value.strip() for name in names if isinstance(value := branch.get(name), str) and value.strip())
