"""What services of bookings tell of a visit: that somebody has booked it, moved or cancelled it, has come or has not.

Each event has an id of its own, and names the visit: by what was told of that before, the deal is found.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree


class BookingNews(Struct, frozen=True):
    """`of`: under which ids of events the visit may be known. `is_minor`: it makes no deal by itself."""

    id: str
    of: tuple[str, ...]
    is_minor: bool = False
    is_moved: bool = False


def read(tree: Tree) -> BookingNews | None:
    """The tree is not changed; None for what tells of no visit."""
    return next((found for one in (_calendly, _cal_com, _docplanner) if (found := one(tree)) is not None), None)


def _made(event: str, own: str, before: str, makes: tuple[str, ...], **more: bool) -> BookingNews:
    """`own`: the visit's id; `before`: what it was before it was moved, where that is another."""
    id_ = f"{event}:{own}"
    ids = (f"{one}:{visit}" for visit in (own, before) if visit for one in makes)
    return BookingNews(id_, tuple(one for one in dict.fromkeys(ids) if one != id_), **more)


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
    return BookingNews(id_, of, event in ("booking-confirmed", "presence-marked", "presence-unmarked"), is_moved)


def _text(branch: Tree, *names: str) -> str:
    return next(_texts(branch, names), "")


def _texts(branch: Tree, names: tuple[str, ...]) -> Iterator[str]:
    return (value.strip() for name in names if isinstance(value := branch.get(name), str) and value.strip())
