"""The rows of bookings. What the visitor has told is encrypted; whose phone it is, is known by a mark only."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct, field
from psycopg.types.json import Jsonb

from features.bookings import hours, statements
from features.bookings.availability import Seat
from features.bookings.hours import Span
from features.bookings.settings import Resource
from shared.platform.decoding import decode
from shared.platform.messages import Message, say
from shared.platform.problems import Problem
from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import Keyring

LINK_PREFIX: Final = "visit_"
WATCH_EVERY: Final = timedelta(minutes=5)
_PAGE: Final = 500
_NOBODY_ELSE: Final = 2**31 - 1  # no ceiling

_numbers: dict[tuple[UUID, str], int] = {}  # a resource's number never changes


class Booking(Guarded, frozen=True):
    """A row of `amocrm_bookings`."""

    HIDDEN = ("visitor",)

    id: UUID
    integration_id: UUID
    service: str
    resource: str
    room: str | None
    starts_at: datetime
    ends_at: datetime
    state: str  # held, booked, cancelled
    held_until: datetime | None
    attendance: str | None  # came, missed
    version: int
    brought: int
    change: dict[str, Any]
    facts: dict[str, Any]  # {service, resource, room?, place?, price?, currency, sku?, buffer_minutes?}
    visitor: bytes | None
    request_hash: bytes | None
    lead_id: int | None
    contact_id: int | None
    task_id: int | None
    task_due: int | None
    attention: Message | None
    deal_was_lost: bool | None  # when we last looked; None: not known
    created_at: datetime
    changed_at: datetime

    @property
    def living_task(self) -> int | None:
        """None also where the task was deleted in amoCRM: the next change makes another one."""
        return None if self.task_due is None else self.task_id


class Visitor(Guarded, frozen=True):
    """Who comes. `link`: the secret of the address by which they may move or cancel the visit."""

    HIDDEN = ("name", "phone", "email", "comment", "link")

    name: str = ""
    phone: str = ""
    email: str = ""
    comment: str = ""
    link: str = ""


class BookingRequest(Struct, frozen=True):
    """A visit at a time: who takes it, and what it was when it was booked."""

    service: str
    seat: Seat
    starts_at: datetime
    minutes: int
    buffer_minutes: int
    facts: dict[str, Any] = field(default_factory=dict)

    def parameters(self, database: Database, integration_id: UUID) -> dict[str, object]:
        taken = [self.seat.resource, *([self.seat.room] if self.seat.room is not None else [])]
        numbers = _numbers_of(database, integration_id, taken)
        start = hours.minute_of(self.starts_at)
        end = start + self.minutes + self.buffer_minutes
        return {
            "service": self.service,
            "resource": self.seat.resource.id,
            "room": None if self.seat.room is None else self.seat.room.id,
            "starts_at": self.starts_at,
            "ends_at": self.starts_at + timedelta(minutes=self.minutes),
            "facts": Jsonb(self.facts),
            "lows": [(number << 32) + start for number in numbers],
            "highs": [(number << 32) + end for number in numbers],
        }


class _Numbered(Struct, frozen=True):
    key: str
    number: int


class _Taken(Struct, frozen=True):
    key: str
    starts: list[int]
    ends: list[int]


def taken_problem() -> Problem:
    return Problem(409, "slot_taken", say("Somebody else has just taken this time. Choose another one."))


def hold(
    database: Database,
    integration_id: UUID,
    booking_id: UUID,
    wanted: BookingRequest,
    *,
    minutes: int,
    holder: bytes | None,
    most: int,
) -> Booking | None:
    """Keeps the time for some minutes. None: this holder has as many as it may. Raises 409 `slot_taken`."""
    facts = {"state": "held", "hold": timedelta(minutes=minutes), "holder": holder, "most_held": most}
    made = _made(database, integration_id, booking_id, wanted, facts | NOTHING)
    # Sent again over a new connection, the statement finds what it has made itself.
    return made or by_id(database, integration_id, booking_id)


def book(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    booking_id: UUID,
    wanted: BookingRequest,
    details: "Details",
) -> Booking | None:
    """Books the time at once. None: this phone has as many as it may. Raises 409 `slot_taken`."""
    facts = {"state": "booked", "hold": None, "holder": None, "most_held": _NOBODY_ELSE}
    columns = details.columns(keyring, integration_id, booking_id)
    return _made(database, integration_id, booking_id, wanted, facts | columns)


def confirm(
    database: Database, keyring: Keyring, integration_id: UUID, booking_id: UUID, details: "Details"
) -> Booking | None:
    """The hold as a booking; None for one that is none any more, or where this phone has as many as it may."""
    columns = details.columns(keyring, integration_id, booking_id)
    parameters = columns | {"id": booking_id, "integration_id": integration_id}
    return database.one(Booking, statements.CONFIRM, parameters)


class Details(Struct, frozen=True):
    """What a hold does not know yet. `most`: visits to come that this phone, or e-mail where there is none, may have;
    None: any number."""

    visitor: Visitor
    change: Mapping[str, Any]
    digests: Sequence[str]  # of the request, see Keyring.digests
    lead_id: int | None
    most: int | None

    def columns(self, keyring: Keyring, integration_id: UUID, booking_id: UUID) -> dict[str, object]:
        digits = re.sub(r"\D", "", self.visitor.phone)[-10:]
        # Visits from before a change of keys have another key's mark.
        person = digits or self.visitor.email.strip().casefold()
        marks = keyring.fingerprints(f"visit:{person}", integration_id) if person else []
        return {
            "change": Jsonb(dict(self.change)),
            "visitor": keyring.encrypt(msgspec.json.encode(self.visitor).decode(), booking_id, "visitor"),
            "phone_mark": marks[0] if marks else None,
            "phone_marks": marks,
            "request_hash": bytes.fromhex(self.digests[0]),
            "link_hash": _hash(self.visitor.link),
            "lead_id": self.lead_id,
            "most_of_phone": self.most or _NOBODY_ELSE,
        }


NOTHING: Final[dict[str, object]] = {
    "change": Jsonb({}),
    "visitor": None,
    "phone_mark": None,
    "phone_marks": [],
    "request_hash": None,
    "link_hash": None,
    "lead_id": None,
    "most_of_phone": _NOBODY_ELSE,
}


def _made(
    database: Database, integration_id: UUID, booking_id: UUID, wanted: BookingRequest, facts: dict[str, object]
) -> Booking | None:
    parameters = wanted.parameters(database, integration_id) | facts
    parameters |= {"id": booking_id, "integration_id": integration_id, "every": WATCH_EVERY}
    return _changed(database, statements.MAKE, parameters)


def move(
    database: Database, known: Booking, wanted: BookingRequest, change: Mapping[str, Any], task_due: int | None = None
) -> Booking | None:
    """To another time. None: it has changed in between. Raises 409 `slot_taken`."""
    parameters = wanted.parameters(database, known.integration_id) | _over(known, change) | {"task_due": task_due}
    return _changed(database, statements.MOVE, parameters)


def cancel(database: Database, known: Booking, change: Mapping[str, Any]) -> Booking | None:
    """None: it has changed in between."""
    return database.one(Booking, statements.CANCEL, _over(known, change))


def mark(
    database: Database,
    known: Booking,
    change: Mapping[str, Any],
    *,
    attendance: str | None,
    attention: Message | None = None,
) -> Booking | None:
    """Whether the visitor came, or what a person should look at. None: it has changed in between."""
    return database.one(
        Booking, statements.MARK, _over(known, change) | {"attendance": attendance, "attention": attention}
    )


def notice(database: Database, known: Booking, attention: Message | None) -> None:
    """A person should look at it; None: they need not any more."""
    database.execute(statements.NOTICE, _over(known, {}) | {"attention": attention})


def release(database: Database, integration_id: UUID, booking_id: UUID) -> bool:
    return database.execute(statements.RELEASE, {"id": booking_id, "integration_id": integration_id}) > 0


def brought(
    database: Database,
    known: Booking,
    *,
    version: int = 0,
    lead_id: int | None = None,
    contact_id: int | None = None,
    task_id: int | None = None,
    task_due: int | None = None,
) -> None:
    """What amoCRM knows of it by now; what is None stays."""
    parameters = {
        "id": known.id,
        "integration_id": known.integration_id,
        "version": version,
        "lead_id": lead_id,
        "contact_id": contact_id,
        "task_id": task_id,
        "task_due": task_due,
    }
    database.execute(statements.BROUGHT, parameters)


def saw_deal(database: Database, known: Booking, *, is_lost: bool) -> None:
    """Whether the deal was lost, as we have seen it."""
    database.execute(statements.SAW_DEAL, _over(known, {}) | {"is_lost": is_lost})


def lost_task(database: Database, known: Booking, attention: Message) -> None:
    """Its task was deleted in amoCRM, of which a person is told."""
    parameters = _over(known, {}) | {"task_id": known.task_id, "attention": attention}
    database.execute(statements.LOST_TASK, parameters)


def follow(database: Database, known: Booking, lead_id: int) -> None:
    """The visit is in another deal: somebody has merged the two, or has given the task to it."""
    parameters = {"id": known.id, "integration_id": known.integration_id, "lead_id": lead_id, "before": known.lead_id}
    database.execute(statements.FOLLOW, parameters)


def others(database: Database, known: Booking, lead_id: int, sku: str | None = None) -> int:
    """How many other visits of the deal are booked, or were kept; `sku`: of those with this good."""
    parameters = {"id": known.id, "integration_id": known.integration_id, "lead_id": lead_id, "sku": sku}
    return database.number(statements.OTHERS, parameters)


# --- reading ------------------------------------------------------------------------------------------------------


def by_id(database: Database, integration_id: UUID, booking_id: UUID) -> Booking | None:
    return database.one(Booking, statements.BY_ID, {"id": booking_id, "integration_id": integration_id})


def by_link(database: Database, link: str) -> Booking | None:
    """The booking whose visitor has this link."""
    return database.one(Booking, statements.BY_LINK, {"link_hash": _hash(link)})


def taken(
    database: Database, integration_id: UUID, first: datetime, last: datetime, without: UUID | None = None
) -> dict[str, list[Span]]:
    """What is taken of each resource in about this time; `without`: a booking that is to be moved."""
    parameters = {"integration_id": integration_id, "first": first, "last": last, "without": without}
    found = database.all(_Taken, statements.TAKEN, parameters)
    return {one.key: list(zip(one.starts, one.ends, strict=True)) for one in found}


class Filter(Struct, frozen=True):
    """Which bookings; None: any. `after`: the last one of the page before."""

    lead_id: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    resource: str | None = None
    needs_a_person: bool = False
    after: UUID | None = None


def listed(database: Database, integration_id: UUID, wanted: Filter, limit: int) -> list[Booking]:
    parameters = msgspec.structs.asdict(wanted) | {"integration_id": integration_id, "limit": limit}
    return database.all(Booking, statements.LISTED, parameters)


def to_come(database: Database, integration_id: UUID) -> Iterator[Booking]:
    """All of them, page by page."""
    place: dict[str, object] = {"after": None, "starts_at": None}
    while True:
        parameters = {"integration_id": integration_id, "limit": _PAGE} | place
        page = database.all(Booking, statements.TO_COME, parameters)
        yield from page
        if len(page) < _PAGE:
            return
        place = {"after": page[-1].id, "starts_at": page[-1].starts_at}


def visitor_of(keyring: Keyring, booking: Booking) -> Visitor:
    """Nothing of a hold, and of a visit that was long ago."""
    if booking.visitor is None:
        return Visitor()
    return decode(keyring.decrypt(booking.visitor, booking.id, "visitor"), Visitor)


# ------------------------------------------------------------------------------------------------------------------


def _changed(database: Database, statement: Any, parameters: dict[str, object]) -> Booking | None:
    try:
        return database.one(Booking, statement, parameters)
    except psycopg.errors.ExclusionViolation:
        raise taken_problem() from None


def _over(known: Booking, change: Mapping[str, Any]) -> dict[str, object]:
    return {
        "id": known.id,
        "integration_id": known.integration_id,
        "version": known.version,
        "change": Jsonb(dict(change)),
    }


def _numbers_of(database: Database, integration_id: UUID, resources: Iterable[Resource]) -> Sequence[int]:
    keys = [one.id for one in resources]
    if any((integration_id, key) not in _numbers for key in keys):
        parameters: dict[str, object] = {"integration_id": integration_id, "keys": keys}
        found = database.all(_Numbered, statements.NUMBERS, parameters)
        if len(found) < len(keys):
            missing = sorted(set(keys) - {one.key for one in found})
            database.execute(statements.NUMBER, parameters | {"keys": missing})
            found = database.all(_Numbered, statements.NUMBERS, parameters)
        _numbers.update({(integration_id, one.key): one.number for one in found})
    return [_numbers[integration_id, key] for key in keys]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
