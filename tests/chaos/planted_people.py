"""What is planted for people who send forms (submissions) and come for appointments (bookings)."""

import contextlib
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import psycopg
from msgspec.structs import replace

from cli import migrations
from features.bookings import rows as bookings
from features.bookings import task
from shared.amocrm.contacts import ContactsApi, CreatedEntities
from shared.amocrm.filtered_reads import embedded
from shared.deliveries.locks import HeldLocks, Locks
from tests.chaos.defect import Defect, Undo, changed, never_looks

_SUBMISSIONS: Final = "tests.chaos.submissions"
_BOOKINGS: Final = "tests.chaos.bookings"
_FEW: Final = (12, 3)  # submissions of so many persons
_ONE_DAY: Final = (30, 1)  # attempts for times of so many days
_TOGETHER: Final = "ALTER TABLE amocrm_booking_times DROP CONSTRAINT amocrm_booking_times_busy_excl"


def _all_are_the_first_contact() -> Undo:
    original = ContactsApi.create_lead

    def create_lead(self: ContactsApi, lead: Any, _: int | None, contact: Any) -> Any:
        first = embedded(self.account.send("GET", "/contacts", params={"limit": 1}), "contacts")[0]
        return original(self, lead, int(first["id"]), contact)

    return changed(ContactsApi, "create_lead", create_lead)


def _some_deals_are_not_made() -> Undo:
    """Every third of a process is said to be there."""
    original, turn = ContactsApi.create_lead, itertools.count()

    def create_lead(self: ContactsApi, lead: Any, known_id: int | None, contact: Any) -> Any:
        if next(turn) % 3 == 0:
            there = embedded(self.account.send("GET", "/leads", params={"limit": 1}), "leads")[0]
            return CreatedEntities(int(there["id"]), known_id)
        return original(self, lead, known_id, contact)

    return changed(ContactsApi, "create_lead", create_lead)


def _nobody_locks_the_person() -> Undo:
    @contextlib.contextmanager
    def free(*_: Any, **__: Any) -> Iterator[HeldLocks]:
        yield HeldLocks()

    return changed(Locks, "holding", free)


def _times_are_anybodys() -> Undo:
    """The constraint that keeps visits apart is not there, and nobody looks before: else only a race would show it."""
    original = migrations.migrate

    def migrate(url: str, *given: Any, **named: Any) -> Any:
        made = original(url, *given, **named)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_TOGETHER)
        return made

    undo = changed(migrations, "migrate", migrate), changed(bookings, "taken", lambda *_, **__: defaultdict(list))

    def both() -> None:
        for one in undo:
            one()

    return both


def _cancels_what_it_confirms() -> Undo:
    original = bookings.confirm

    def confirm(database: Any, *given: Any) -> Any:
        made = original(database, *given)
        if made is not None:
            bookings.cancel(database, made, {"kind": "cancelled"})
        return made

    return changed(bookings, "confirm", confirm)


def _only_says_that_it_is_cancelled() -> Undo:
    return changed(bookings, "cancel", lambda _database, known, _change: replace(known, state="cancelled"))


def _tasks_stay_as_they_were() -> Undo:
    return changed(task, "_unless_gone", lambda *_: True)


FORMS: Final = (
    Defect(
        "all deals are linked to the first contact",
        "a deal is its own person's",
        _SUBMISSIONS,
        _all_are_the_first_contact,
        "has the contacts .* and is of",
        size=_FEW,
    ),
    Defect(
        "some deals are not made",
        "each form has its deal",
        _SUBMISSIONS,
        _some_deals_are_not_made,
        r"submission \d+ \(delivered\) has the deals \[\]|is a stranger's",
        size=_FEW,
    ),
    Defect(
        "a form is written again without a look",
        "each form has one deal",
        _SUBMISSIONS,
        never_looks,
        r"has the deals \[.*,|has the notes \[[^]]*ref:[^]]*ref:",
        size=(24, 3),
    ),
    Defect(
        "nobody locks the person",
        "each person is one contact",
        _SUBMISSIONS,
        _nobody_locks_the_person,
        "people are contacts: {.*} too many",
        size=(24, 3),
    ),
)

VISITS: Final = (
    Defect(
        "a confirmed visit is cancelled",
        "a visit that was promised stands",
        _BOOKINGS,
        _cancels_what_it_confirms,
        "was promised booked .* is cancelled",
        size=_ONE_DAY,
    ),
    Defect(
        "a visit that was cancelled stays",
        "a visit that was cancelled is cancelled",
        _BOOKINGS,
        _only_says_that_it_is_cancelled,
        "was promised cancelled .* is booked",
        size=_ONE_DAY,
    ),
    Defect(
        "times of a doctor are anybody's",
        "each time is somebody's at most once",
        _BOOKINGS,
        _times_are_anybodys,
        r"is booked [2-9]\d* times",
        size=(60, 1),
    ),
    Defect(
        "visits are linked to the first contact",
        "each visit's deal is its own person's",
        _BOOKINGS,
        _all_are_the_first_contact,
        "has a deal with the contacts",
        size=_ONE_DAY,
    ),
    Defect(
        "a visit's task stays as it was made",
        "amoCRM has each visit as it is now",
        _BOOKINGS,
        _tasks_stay_as_they_were,
        r"booking .* has the tasks",
        size=_ONE_DAY,
    ),
    Defect(
        "a visit is written again without a look",
        "each change of a visit has one note",
        _BOOKINGS,
        never_looks,
        r"with [2-9] notes in its deal|bookings have made \d+ deals",
        size=(90, 2),
    ),
)
