"""The steps that bring a change of a booking into amoCRM.

The deal and its contact are made or found, as for a form. Then the task is brought to what the row says **now**, under
a lock: a change that comes late does not take back a newer one. A note tells of each change once.
"""

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from features import registry
from features.bookings import rows, task, texts
from features.bookings.links import visit_link
from features.bookings.rows import Booking
from features.bookings.settings import of as settings_of
from features.bookings.sync_context import CANCELLED, MOVED, BookingChange, SyncContext
from shared.actions.feature import PersonSubmission, Planner
from shared.amocrm.contacts import main_contact
from shared.amocrm.errors import BadRequestError, NotFoundError
from shared.amocrm.leads import LOST, WON, AccountApi
from shared.amocrm.products import GoodsApi
from shared.amocrm.tasks import TasksApi, deal_of
from shared.connections.integrations import Integration
from shared.deliveries.echo_marking import noting
from shared.deliveries.items import Item
from shared.deliveries.locks import name_of
from shared.deliveries.products import Goods
from shared.deliveries.rows import Delivery, reference
from shared.deliveries.runner import EarlierFirstError, Plan, Result, Step
from shared.platform import time_zones
from shared.platform.decoding import decode
from shared.platform.i18n import document_language
from shared.platform.messages import say
from shared.runtime import Runtime
from shared.storage.cache import SharedCache

Entity = dict[str, Any]

ACTION: Final = "bring_booking"

_UNIT: Final = {"ru": "усл", "uk": "посл"}
_GONE: Final = say("The booking is not kept any more.")


def _planned(runtime: Runtime, delivery: Delivery, integration: Integration, told: BookingChange) -> Plan:
    booking = rows.by_id(runtime.database, integration.id, told.booking)
    if booking is None:
        return [Step("task", lambda _: {"skipped": _GONE}, lambda _: None)], 0
    visitor = rows.visitor_of(runtime.keyring, booking)
    language = document_language(integration.settings, integration.account_domain)
    settings = settings_of(integration.settings)
    work = SyncContext(runtime, delivery, integration, settings, booking, visitor, told, language)
    steps, calls = _deal(work)
    steps += [task.step(work), Step("booking_note", *_note(work), after="lead")]
    if settings.cancelled_status_id is not None and (work.is_first or told.change["kind"] == CANCELLED):
        # After the task: both are done under the deal's lock, which is one for all steps of a delivery.
        steps.append(Step("stage", *_cancelled_stage(work), after="task"))
        calls += 1
    if told.change["kind"] == MOVED and registry.submission() is not None:
        steps += [Step(name, *_again(work, inner), after="lead") for name, inner in _AGAIN.items()]
        calls += 3
    item = _item(work)
    if work.is_first and item is not None:
        steps += _goods(work, item)
        calls += 4
    return steps, calls + 3


PLANNER: Final = Planner(ACTION, lambda request: decode(request, BookingChange), _planned)


def _deal(work: SyncContext) -> tuple[list[Step], int]:
    """The last of these is `lead`, whose result names the deal."""
    booking, settings = work.booking, work.settings
    if not work.is_first:
        return [Step("lead", lambda api: _known_deal(work, api), lambda *_: None)], 1
    submit = registry.submission()
    if submit is None:
        return [Step("lead", lambda api: _deal_of_booking(work, api), lambda *_: None)], 1
    # A deal that is there does not come to the stage of visits for one that was cancelled in between.
    has_stage = work.told.lead_id is None or booking.state != "cancelled"
    wanted = PersonSubmission(
        work.visitor.name,
        work.visitor.phone,
        work.visitor.email,
        texts.heading(booking, settings.time_zone, work.language),
        _fields(work, booking),
        Decimal(booking.facts.get("price") or 0),
        booking.facts["currency"],
        work.told.lead_id,
        settings.pipeline_id if has_stage else None,
        settings.status_id if has_stage else None,
        moments=_moments(work, booking),
    )
    steps, calls = submit(work.runtime, work.delivery, work.integration, wanted)
    return list(steps), calls


def _fields(work: SyncContext, booking: Booking) -> dict[str, str]:
    """What the mapping of the settings may put into fields of its own."""
    facts = booking.facts
    named = {
        "booking.service": facts["service"],
        "booking.comment": work.visitor.comment,
        "booking.link": visit_link(work.runtime.settings, work.visitor),
    }
    return {name: str(value)[:1000] for name, value in named.items() if value} | {
        name: value for name, value in _movable(work, booking).items() if value
    }


def _movable(work: SyncContext, booking: Booking) -> dict[str, str]:
    """Those that a move may change; empty where there is none now."""
    facts = booking.facts
    named = {
        "booking.doctor": facts["resource"],
        "booking.room": facts.get("room"),
        "booking.place": facts.get("place"),
        "booking.time": texts.when(booking.starts_at, work.settings.time_zone, work.language),
    }
    return {name: str(value or "")[:1000] for name, value in named.items()}


def _moments(work: SyncContext, booking: Booking) -> dict[str, datetime]:
    """As the wall shows it where the company is: a date is the day there."""
    return {"booking.time": booking.starts_at.astimezone(time_zones.zone(work.settings.time_zone) or UTC)}


def _deal_of_booking(work: SyncContext, api: AccountApi) -> Result:
    """Nothing here makes deals: bookings are made in one that is there."""
    assert work.told.lead_id is not None  # checked when it was booked
    lead = api.lead(work.told.lead_id)
    return {"lead_id": work.told.lead_id, "contact_id": main_contact(lead)}


def _known_deal(work: SyncContext, api: AccountApi) -> Result:
    """Where the booking is in amoCRM. A later change waits until the first one is there."""
    booking = work.now()
    if booking.lead_id is None:
        raise EarlierFirstError
    lead = _living_deal(work, api, booking, booking.lead_id)
    return {"lead_id": int(lead["id"]), "contact_id": _contact_in(lead, booking.contact_id)}


def _contact_in(lead: Entity, known: int | None) -> int | None:
    """The visitor's contact; where that was merged with another one, or taken out, who stands in the deal instead."""
    linked = (lead.get("_embedded") or {}).get("contacts") or []
    is_there = not linked or any(one["id"] == known for one in linked)
    return known if is_there else main_contact(lead)


def _living_deal(work: SyncContext, api: AccountApi, booking: Booking, lead_id: int) -> Entity:
    """The deal, or the one with which somebody has merged it: there the task lives on."""
    with contextlib.suppress(NotFoundError):
        lead = api.lead(lead_id)
        if not lead.get("is_deleted"):
            return lead
    if booking.living_task is not None:
        with contextlib.suppress(NotFoundError):
            now_in = deal_of(TasksApi(api).one(booking.living_task))
            if now_in is not None and now_in != lead_id:
                rows.follow(work.runtime.database, booking, now_in)
                lead_id = now_in
                return api.lead(now_in)
    return {"id": lead_id}


def _cancelled_stage(work: SyncContext) -> tuple[Any, Any]:
    """The deal of a visit that is cancelled now, and in which no other one is booked. One that somebody has
    closed stays closed, unless that is the stage of visits: what was won is paid, as a rule, and whoever has the link
    of a visit does not take it back."""
    settings = work.settings
    place = {"pipeline_id": settings.pipeline_id, "status_id": settings.cancelled_status_id}

    def write(api: AccountApi, _task: Result) -> Result:
        lead_id = work.now().lead_id
        assert lead_id is not None  # the task has been brought into it
        with work.runtime.locks.holding(work.integration.id, [work.deal_lock(lead_id)], work.delivery.id):
            booking = work.now()
            is_ours = booking.state == "cancelled" and booking.change.get("by") != "deal"
            if not is_ours or rows.others(work.runtime.database, booking, lead_id):
                return {"nothing_to_do": True}
            stage = _living_deal(work, api, booking, lead_id).get("status_id")
            if stage in (WON, LOST) and stage != settings.status_id:
                return {"nothing_to_do": True}
            _set_stage(work, api, lead_id, {name: value for name, value in place.items() if value is not None})
        return {"lead_id": lead_id}

    return write, lambda *_: None


# Steps of a visit that has moved -> the steps of the submission which do it.
_AGAIN: Final = {"values": "lead", "contact_values": "contact_update"}


def _again(work: SyncContext, inner: str) -> tuple[Any, Any]:
    """What stands of the visit in fields, and in the name of the deal, as it is now: of two moves at once the second
    waits for what the first is writing. Other steps have other locks: these are done beside each other."""
    name = name_of(f"booking-{inner}:{work.booking.id}")

    def write(api: AccountApi, lead: Result) -> Result:
        with work.runtime.locks.holding(work.integration.id, [name], work.delivery.id):
            return write_alone(api, lead)

    def write_alone(api: AccountApi, lead: Result) -> Result:
        submit, booking = registry.submission(), work.now()
        if submit is None or booking.state == "cancelled":
            return {"nothing_to_do": True}
        zone, language = work.settings.time_zone, work.language
        before = texts.when(datetime.fromisoformat(work.told.change["from"]), zone, language)
        wanted = PersonSubmission(
            heading=texts.heading(booking, zone, language),
            fields=_movable(work, booking),
            moments=_moments(work, booking),
            lead_id=lead["lead_id"],
            is_change=True,
            renamed=(before, texts.when(booking.starts_at, zone, language)),
        )
        steps, _ = submit(work.runtime, work.delivery, work.integration, wanted)
        own = next((one for one in steps if one.name == inner), None)
        return {"nothing_to_do": True} if own is None else own.write(api, lead)

    return write, lambda *_: None


def _set_stage(work: SyncContext, api: AccountApi, lead_id: int, place: dict[str, Any]) -> None:
    runtime = work.runtime
    try:
        with noting(runtime.database, runtime.keyring, work.integration.id, "lead", lead_id, place):
            api.change_lead(lead_id, place)
    except (BadRequestError, NotFoundError) as error:
        rows.notice(
            runtime.database,
            work.booking,
            say("The deal could not be moved to its stage ({error}).", error=error.message),
        )


# --- what is told -------------------------------------------------------------------------------------------------


def _note(work: SyncContext) -> tuple[Any, Any]:
    mark = reference(work.delivery.id)

    def write(api: AccountApi, lead: Result) -> Result:
        link = visit_link(work.runtime.settings, work.visitor)
        told = work.told
        text = texts.note(
            told.change, told.facts, told.starts_at, work.visitor, work.settings.time_zone, link, work.language
        )
        return {"note_id": api.add_note(lead["lead_id"], f"{text}\n\n{mark}")}

    def find(api: AccountApi, lead: Result) -> Result | None:
        note_id = api.find_note(lead["lead_id"], mark, work.delivery.made_since)
        return None if note_id is None else {"note_id": note_id}

    return write, find


def _item(work: SyncContext) -> Item | None:
    facts = work.booking.facts
    if not work.settings.goods or facts.get("sku") is None:
        return None
    unit = _UNIT.get(work.language, "—")
    return Item(facts["service"], Decimal(1), unit, Decimal(facts.get("price") or 0), facts["sku"])


def _goods(work: SyncContext, item: Item) -> list[Step]:
    remembered = SharedCache(work.runtime.database, work.integration.id)
    locks, currency = work.runtime.locks, work.booking.facts["currency"]
    own = Goods(remembered, work.runtime.keyring, (item,), locks, work.delivery.id, currency)

    def find_or_create(api: AccountApi, lead: Result) -> Result:
        return own.find_or_create(api) | {"lead_id": lead["lead_id"]}

    def link(api: AccountApi, goods: Result) -> Result:
        """As many as the deal has visits with it, and no fewer than are there: a package was perhaps sold before."""
        if "skipped" in goods:
            return own.link(api, goods)
        lead_id, booking = goods["lead_id"], work.now()
        with locks.holding(work.integration.id, [name_of(f"booking-goods:{lead_id}")], work.delivery.id):
            visits = rows.others(work.runtime.database, booking, lead_id, item.sku) + (booking.state != "cancelled")
            there = GoodsApi(api).linked(lead_id)
            few = [one | {"quantity": visits} for one in goods["elements"] if (there.get(one["id"]) or 0) < visits]
            return own.link(api, goods | {"elements": few})

    return [
        Step("goods", find_or_create, lambda *_: None, after="lead"),
        Step("goods_link", link, lambda *_: None, after="goods"),  # every attempt looks first
    ]
