"""The steps that bring a change of a booking into amoCRM.

The deal and its contact are made or found, as for a form. Then the task is brought to what the row says **now**, under
a lock: a change that comes late does not take back a newer one. A note tells of each change once.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from shared import subjects
from shared.actions.subject import Planner, Submitted
from shared.amocrm.errors import NotFoundError, ValidationError
from shared.amocrm.leads import AccountApi
from shared.amocrm.people import main_contact
from shared.amocrm.tasks import TasksApi
from shared.bookings import rows, texts
from shared.bookings.links import visit_link
from shared.bookings.rows import Booking, Visitor
from shared.bookings.settings import Bookings
from shared.bookings.settings import of as settings_of
from shared.connections.integrations import Integration
from shared.deliveries.goods import Goods
from shared.deliveries.items import Item
from shared.deliveries.locks import name_of
from shared.deliveries.noting import noting
from shared.deliveries.rows import Delivery, reference
from shared.deliveries.runner import EarlierFirstError, Plan, Result, Step
from shared.platform.decoding import decode
from shared.platform.i18n import document_language
from shared.platform.messages import say
from shared.platform.money import budget
from shared.runtime import Runtime
from shared.storage.remembered import Remembered

ACTION: Final = "bring_booking"
BOOKED: Final = "booked"
MOVED: Final = "moved"
CANCELLED: Final = "cancelled"
EXPECTED: Final = "expected"  # what was said of the visitor's coming is taken back
KEPT: Final = "kept"  # what somebody did to the task in amoCRM could not be done

# amoCRM's clock may be a little behind the database's.
_CLOCK_SKEW_SECONDS: Final = 300
_UNIT: Final = {"ru": "усл", "uk": "посл"}
_GONE: Final = say("The booking is not kept any more.")


class Told(Struct, frozen=True):
    """A change of a booking, and what it was after it: `change` is {kind, by, from?, reason?}.

    `lead_id`: the deal that was named. The row learns later which one was made, and the steps must not change by that.
    """

    booking: UUID
    version: int
    change: dict[str, Any]
    starts_at: datetime
    facts: dict[str, Any]
    lead_id: int | None = None


class _Work(Struct, frozen=True):
    runtime: Runtime
    delivery: Delivery
    integration: Integration
    settings: Bookings
    booking: Booking
    visitor: Visitor
    told: Told
    language: str

    @property
    def mark(self) -> str:
        """In the task: the booking's own, so that every change finds the one task."""
        return reference(self.booking.id)

    @property
    def since(self) -> int:
        return int(self.booking.created_at.timestamp()) - _CLOCK_SKEW_SECONDS

    def now(self) -> Booking:
        """The row as it is at this moment."""
        booking = rows.by_id(self.runtime.database, self.integration.id, self.booking.id)
        return booking if booking is not None else self.booking

    @property
    def is_first(self) -> bool:
        return bool(self.told.change["kind"] == BOOKED)


def _planned(runtime: Runtime, delivery: Delivery, integration: Integration, told: Told) -> Plan:
    booking = rows.by_id(runtime.database, integration.id, told.booking)
    if booking is None:
        return [Step("task", lambda _: {"skipped": _GONE}, lambda _: None)], 0
    visitor = rows.visitor_of(runtime.keyring, booking)
    language = document_language(integration.settings, integration.account_domain)
    settings = settings_of(integration.settings)
    work = _Work(runtime, delivery, integration, settings, booking, visitor, told, language)
    steps, calls = _deal(work)
    steps += [Step("task", *_task(work), after="lead"), Step("booking_note", *_note(work), after="lead")]
    item = _item(work)
    if work.is_first and item is not None:
        steps += _goods(work, item)
        calls += 3
    return steps, calls + 3


PLANNER: Final = Planner(ACTION, lambda request: decode(request, Told), _planned)


def _deal(work: _Work) -> tuple[list[Step], int]:
    """The last of these is `lead`, whose result names the deal."""
    booking, settings = work.booking, work.settings
    if not work.is_first:
        return [Step("lead", lambda api: _known_deal(work, api), lambda *_: None)], 1
    submit = subjects.submission()
    if submit is None:
        return [Step("lead", lambda api: _deal_of_booking(work, api), lambda *_: None)], 1
    wanted = Submitted(
        work.visitor.name,
        work.visitor.phone,
        work.visitor.email,
        texts.heading(booking, settings.time_zone, work.language),
        _fields(work),
        budget(Decimal(booking.facts.get("price") or 0)),
        work.told.lead_id,
        settings.pipeline_id,
        settings.status_id,
    )
    steps, calls = submit(work.runtime, work.delivery, work.integration, wanted)
    return list(steps), calls


def _fields(work: _Work) -> dict[str, str]:
    """What the mapping of the settings may put into fields of its own."""
    facts = work.booking.facts
    named = {
        "booking.service": facts["service"],
        "booking.doctor": facts["resource"],
        "booking.room": facts.get("room"),
        "booking.place": facts.get("place"),
        "booking.time": texts.when(work.booking.starts_at, work.settings.time_zone, work.language),
        "booking.comment": work.visitor.comment,
        "booking.link": visit_link(work.runtime.settings, work.visitor),
    }
    return {name: str(value)[:1000] for name, value in named.items() if value}


def _deal_of_booking(work: _Work, api: AccountApi) -> Result:
    """Nothing here makes deals: bookings are made in one that is there."""
    assert work.told.lead_id is not None  # checked when it was booked
    lead = api.lead(work.told.lead_id)
    return {"lead_id": work.told.lead_id, "contact_id": main_contact(lead)}


def _known_deal(work: _Work, api: AccountApi) -> Result:
    """Where the booking is in amoCRM. A later change waits until the first one is there."""
    booking = work.now()
    if booking.lead_id is None:
        raise EarlierFirstError
    place = {"pipeline_id": work.settings.pipeline_id, "status_id": work.settings.cancelled_status_id}
    is_lost = work.told.change.get("by") == "deal"
    if work.told.change["kind"] == CANCELLED and place["status_id"] is not None and not is_lost:
        _set_stage(work, api, booking.lead_id, {name: value for name, value in place.items() if value is not None})
    return {"lead_id": booking.lead_id, "contact_id": booking.contact_id}


def _set_stage(work: _Work, api: AccountApi, lead_id: int, place: dict[str, Any]) -> None:
    runtime = work.runtime
    try:
        with noting(runtime.database, runtime.keyring, work.integration.id, "lead", lead_id, place):
            api.change_lead(lead_id, place)
    except (ValidationError, NotFoundError) as error:
        rows.notice(
            runtime.database, work.booking, say("The deal could not be moved to its stage ({error}).", error=error)
        )


# --- the task -----------------------------------------------------------------------------------------------------


def _task(work: _Work) -> tuple[Any, Any]:
    """Created, moved or completed, whichever the row asks for now."""

    def write(api: AccountApi, lead: Result) -> Result:
        with work.runtime.locks.holding(work.integration.id, [name_of(f"booking:{work.booking.id}")], work.delivery.id):
            return _brought(work, TasksApi(api), api, lead)

    return write, lambda *_: None  # every attempt looks first


def _brought(work: _Work, tasks: TasksApi, api: AccountApi, lead: Result) -> Result:
    database, booking = work.runtime.database, work.now()
    due = int(booking.starts_at.timestamp())
    facts = {"version": booking.version, "lead_id": lead["lead_id"], "contact_id": lead.get("contact_id")}
    task_id = booking.task_id
    if task_id is None and not (work.is_first and work.delivery.attempts <= 1):  # nobody else makes the first one
        task_id = tasks.find(lead["lead_id"], work.mark, work.since)
    if booking.state == "cancelled" or booking.attendance is not None:
        if task_id is not None:
            _unless_gone(tasks, task_id, {"is_completed": True, "result": {"text": _result(work, booking)}})
        rows.brought(database, booking, task_id=task_id, **facts)
        return {"task_id": task_id, "completed": task_id is not None}
    wanted: dict[str, Any] = {
        "text": f"{texts.task(booking, work.visitor)}\n{work.mark}",
        "complete_till": due,
        # vendor: tasks.duration (page) A task has a `duration` in seconds, with which amoCRM's calendar shows it.
        # source: amoCRM's documentation, "Tasks", the table of a task's fields
        "duration": int((booking.ends_at - booking.starts_at).total_seconds()),
    }
    if work.told.change["kind"] == EXPECTED:
        # vendor: tasks.reopen (guess) A completed task is open again by `is_completed: false`.
        # source: none found; amoCRM's own pages can do it
        wanted["is_completed"] = False
    if task_id is not None and _unless_gone(tasks, task_id, wanted):
        rows.brought(database, booking, task_id=task_id, task_due=due, **facts)
        return {"task_id": task_id}
    more = {"duration": wanted["duration"]}
    responsible = _responsible(work, booking) or api.lead(lead["lead_id"]).get("responsible_user_id")
    if responsible:
        more["responsible_user_id"] = responsible
    task_id = tasks.create(lead["lead_id"], wanted["text"], due, more)
    rows.brought(database, booking, task_id=task_id, task_due=due, **facts)
    return {"task_id": task_id}


def _unless_gone(tasks: TasksApi, task_id: int, fields: dict[str, Any]) -> bool:
    """False: somebody has deleted the task."""
    try:
        tasks.change(task_id, fields)
    except NotFoundError:
        return False
    return True


def _result(work: _Work, booking: Booking) -> str:
    return texts.result({"kind": booking.attendance or CANCELLED}, work.language)


def _responsible(work: _Work, booking: Booking) -> int | None:
    resource = work.settings.resource(booking.resource)
    return resource.user_id if resource is not None else None


# --- what is told -------------------------------------------------------------------------------------------------


def _note(work: _Work) -> tuple[Any, Any]:
    mark = reference(work.delivery.id)

    def write(api: AccountApi, lead: Result) -> Result:
        link = visit_link(work.runtime.settings, work.visitor)
        told = work.told
        text = texts.note(
            told.change, told.facts, told.starts_at, work.visitor, work.settings.time_zone, link, work.language
        )
        return {"note_id": api.add_note(lead["lead_id"], f"{text}\n\n{mark}")}

    def find(api: AccountApi, lead: Result) -> Result | None:
        since = int(work.delivery.created_at.timestamp()) - _CLOCK_SKEW_SECONDS
        note_id = api.find_note(lead["lead_id"], mark, since)
        return None if note_id is None else {"note_id": note_id}

    return write, find


def _item(work: _Work) -> Item | None:
    facts = work.booking.facts
    if not work.settings.goods or facts.get("sku") is None:
        return None
    unit = _UNIT.get(work.language, "—")
    return Item(facts["service"], Decimal(1), unit, Decimal(facts.get("price") or 0), facts["sku"])


def _goods(work: _Work, item: Item) -> list[Step]:
    remembered = Remembered(work.runtime.database, work.integration.id)
    own = Goods(remembered, (item,), work.runtime.locks, work.delivery.id)

    def find_or_create(api: AccountApi, lead: Result) -> Result:
        return own.find_or_create(api) | {"lead_id": lead["lead_id"]}

    return [
        Step("goods", find_or_create, lambda *_: None, after="lead"),
        Step("goods_link", own.link, own.find_links, after="goods"),
    ]
