"""What people do in amoCRM comes back: a task that was moved, done or deleted, a deal that was lost or deleted.

Asked every few minutes, so that it works on every tariff and needs no webhook. What we wrote ourselves is known by the
row; what cannot be done (the new time is taken) is told in the deal and in the panel, and the task is set back.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from features.bookings import crm_state, reconciliation_queue, rows, texts, transitions
from features.bookings.booking_rules import BookingRules
from features.bookings.crm_state import CrmState
from features.bookings.crm_sync import start_sync
from features.bookings.rows import Booking
from features.bookings.sync_context import KEPT
from shared.amocrm.errors import AmocrmError
from shared.amocrm.leads import LOST
from shared.amocrm.tasks import deal_of
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform import logs
from shared.platform.http import Request
from shared.platform.i18n import document_language
from shared.platform.messages import Message, joined, say
from shared.platform.problems import Problem, problem_of
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.database import DatabaseUnavailableError
from shared.storage.lease_worker import guarded

Entity = dict[str, Any]

_BATCH: Final = 20  # accounts at a time
_BEHIND: Final = 50  # bookings of a run
_SWEPT: Final = 1000
_MOST_PAGES: Final = 4  # of one account's visits in a turn
_FORESEEN = (AmocrmError, ReauthRequiredError, RefreshDelayedError)
_BY_TASK: Final = {"by": "task"}
_NO_DEAL: Final = say(
    "Its deal was deleted in amoCRM, or merged with another, and its task was deleted before. The visit is still "
    "booked: cancel it here if it does not take place."
)
_HANDED_OVER: Final = say(
    "In amoCRM its task was given to another doctor, {name}, whose time is still free for others. Move the visit here."
)


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{compared, changed, failed, brought, swept, is_done}`: one turn of all that is due, as far as the time goes."""
    ends = runtime.clock.monotonic() + seconds
    figures = {"compared": 0, "changed": 0, "failed": 0, "brought": 0}
    is_done = False
    figures["swept"] = reconciliation_queue.sweep(runtime.database, _SWEPT)
    for booking in reconciliation_queue.behind(runtime.database, _BEHIND):
        brought = guarded("booking.not_brought", partial(_brought, runtime, booking), booking=booking.id)
        figures["brought"] += brought or 0
    while runtime.clock.monotonic() < ends:
        due = reconciliation_queue.claim(runtime.database, _BATCH)
        for number, integration_id in enumerate(due):
            if runtime.clock.monotonic() >= ends:
                # Due together again, they would stand behind the same slow one each time.
                reconciliation_queue.put_back(runtime.database, due[number:])
                break
            figures["compared"] += 1
            work = partial(_watched, runtime, integration_id, ends)
            changed = guarded("bookings.failed", work, integration=integration_id)
            figures["failed"] += changed is None
            figures["changed"] += changed or 0
        if len(due) < _BATCH:
            is_done = True
            break
    if any(figures.values()):
        logs.info("bookings.run", **figures)
    return figures | {"is_done": is_done}


def _request() -> Request:
    """Of what nobody has asked for."""
    return Request("POST", "/run_deliveries")


def _brought(runtime: Runtime, booking: Booking) -> int:
    """A process has died between the booking and its delivery."""
    integration = integrations.by_id(runtime.database, booking.integration_id)
    if integration is None or integration.status == "disconnected":
        return 0
    start_sync(runtime, integration, _request(), booking, at_once=False)
    return 1


def _watched(runtime: Runtime, integration_id: UUID, ends: float) -> int | None:
    """One connection's turn. The next one is due already, so what fails keeps nobody from theirs; it is told."""
    integration = integrations.by_id(runtime.database, integration_id)
    assert integration is not None  # a foreign key
    try:
        return _compared(runtime, integration, lambda: runtime.clock.monotonic() < ends)
    except Exception as error:
        event_log.failing(runtime.database, "bookings.failed", problem_of(error).detail, integration_id)
        raise


def _compared(runtime: Runtime, integration: Integration, has_time: Callable[[], bool]) -> int | None:
    """How many visits were changed; None where amoCRM did not answer."""
    if integration.status != "connected":
        return 0
    try:
        offer = BookingRules.of(runtime, integration, is_public=False)
    except Problem:
        return 0  # turned off in between
    changed = 0
    for _ in range(_MOST_PAGES):
        known = reconciliation_queue.watched(runtime.database, integration.id, crm_state.MOST)
        seen = _seen(runtime, integration, known, has_time)
        changed += _all_followed(offer, known[: seen.asked], seen)
        is_whole = len(known) < crm_state.MOST and seen.asked == len(known)
        # What failed has had its turn, so that it does not stand before the others for ever.
        last = known[seen.asked - 1] if seen.asked else None
        if seen.asked or is_whole:
            goes_on = not is_whole and not seen.is_broken
            reconciliation_queue.passed(runtime.database, integration.id, None if is_whole else last, soon=goes_on)
        if seen.is_broken:
            return None
        if is_whole or seen.asked < len(known) or not has_time():
            break
    return changed


def _seen(runtime: Runtime, integration: Integration, known: list[Booking], has_time: Callable[[], bool]) -> CrmState:
    if not known:
        return CrmState({}, {}, 0)
    try:
        return runtime.connections.call(integration, lambda api: crm_state.read_state(api, known, has_time), calls=2)
    except _FORESEEN as error:
        logs.warning("bookings.not_compared", integration_id=integration.id, error=type(error).__name__)
        return CrmState({}, {}, len(known), is_broken=True)
    except Exception:
        # It is told; the next turn begins after it.
        reconciliation_queue.passed(runtime.database, integration.id, known[-1], soon=False)
        raise


def _all_followed(offer: BookingRules, visits: list[Booking], found: CrmState) -> int:
    """How many of the visits, in the order of their times, were changed.

    The time to which one was moved may be that of another, which was moved or cancelled in the same minutes: so whoever
    finds it taken has one more turn after the others, as long as that changes something. The last goes first then:
    where all of a day begin an hour later, each finds the time of the next one free.
    """
    changed = 0
    while True:
        waiting: list[Booking] = []
        followed = sum(_apart(offer, one, found, waiting) for one in visits)
        changed += followed
        if not (followed and waiting):
            return changed + sum(_apart(offer, one, found, None) for one in waiting)
        visits = waiting[::-1]


def _apart(offer: BookingRules, booking: Booking, found: CrmState, waiting: list[Booking] | None) -> bool:
    """A visit that fails with what nobody foresaw keeps no other from its turn; it is told."""
    try:
        return _followed(offer, booking, found, waiting)
    except DatabaseUnavailableError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        logs.failed("booking.failed", error, booking=booking.id)
        event_log.failing(offer.runtime.database, "bookings.failed", problem_of(error).detail, booking.integration_id)
        return False


def _followed(offer: BookingRules, booking: Booking, found: CrmState, waiting: list[Booking] | None) -> bool:
    """Whether the visit was changed. `waiting`: takes those whose new time is another's; None: they are set back."""
    task_id = booking.living_task
    if booking.lead_id not in found.leads or (task_id is not None and task_id not in found.tasks):
        return False
    lead, task = found.leads[booking.lead_id], None if task_id is None else found.tasks[task_id]
    is_to_come = booking.starts_at > offer.runtime.clock.now()
    now_in = None if task is None else deal_of(task)
    try:
        if now_in is not None and now_in != booking.lead_id:
            rows.follow(offer.runtime.database, booking, now_in)  # what has become of that deal is seen next time
        elif is_to_come and (lead is None or lead.get("is_deleted")):
            return _ended(offer, booking)
        elif lead is not None:
            is_lost = lead.get("status_id") == LOST
            if is_to_come and is_lost and booking.deal_was_lost is False:
                return _told(offer, transitions.cancelled(offer, booking, {"by": "deal"}), booking)
            if booking.deal_was_lost is not is_lost:
                rows.saw_deal(offer.runtime.database, booking, is_lost=is_lost)
        if task is None:
            if task_id is not None:
                told = say("Its task was deleted in amoCRM. The visit is still booked.")
                rows.lost_task(offer.runtime.database, booking, told)
            return False
        if task.get("is_completed"):
            return _done(offer, booking, task)
        if int(task.get("complete_till") or 0) != booking.task_due:
            return _moved(offer, booking, int(task["complete_till"]), waiting)
        if is_to_come:
            _notice_handed_over(offer, booking, task, lead)
    except Problem as error:
        _notice(offer, booking, error.detail)
    return False


def _ended(offer: BookingRules, booking: Booking) -> bool:
    """Its deal is gone. Only its task would say whether it was merged with another one."""
    if booking.living_task is None:
        _notice(offer, booking, _NO_DEAL)
        return False
    after = transitions.cancelled(offer, booking, {"by": "deal_deleted"}, attempts=transitions.AS_READ)
    settings, database = offer.integration.settings, offer.runtime.database
    if after.version != booking.version:
        rows.brought(database, after, version=after.version)  # there is nothing to write it into
        language = document_language(settings, offer.integration.account_domain)
        told = say(
            "Deal {lead} was deleted in amoCRM: its visit at {time} is cancelled.",
            lead=booking.lead_id or 0,
            time=texts.when(booking.starts_at, offer.settings.time_zone, language),
        )
        event_log.add(database, "booking.deal_deleted", told, integration_id=booking.integration_id)
    return after.version != booking.version


def _done(offer: BookingRules, booking: Booking, task: Entity) -> bool:
    # vendor: tasks.updated_at (page) A task says in `updated_at` when it was changed last: a completed one, not before
    # it was completed.
    # source: amoCRM's documentation, "Tasks", the table of a task's fields
    changed_at = int(task.get("updated_at") or offer.runtime.clock.now().timestamp())
    if changed_at < booking.starts_at.timestamp():
        _notice(offer, booking, say("Its task was completed before the visit. The visit is still booked."))
        return False
    after = transitions.attended(offer, booking, "came", _BY_TASK, attempts=transitions.AS_READ)
    # The task says so already.
    rows.brought(offer.runtime.database, after, version=after.version)
    return True


def _moved(offer: BookingRules, booking: Booking, due: int, waiting: list[Booking] | None) -> bool:
    """Somebody has moved the task: the visit follows where that is possible. Else the task of one to come is set
    back."""
    wanted = datetime.fromtimestamp(due, UTC)
    if wanted == booking.starts_at:
        rows.brought(offer.runtime.database, booking, task_due=due)
        return False
    try:
        after = transitions.moved(offer, booking, wanted, None, _BY_TASK, task_due=due, attempts=transitions.AS_READ)
    except Problem as error:
        if booking.ends_at <= offer.runtime.clock.now():
            # It is over, and nobody has said yet whether the visitor came: the task is put off, not the visit.
            rows.brought(offer.runtime.database, booking, task_due=due)
            return False
        if waiting is not None and error.code == "slot_taken":
            waiting.append(booking)
            return False
        reasons = [item.detail for item in error.errors] or [error.detail]
        reason = say("The task was moved to a time that is not free: {reason}", reason=joined(*reasons, by="; "))
        change = {"kind": KEPT, "reason": reason, **_BY_TASK}
        kept = rows.mark(offer.runtime.database, booking, change, attendance=None, attention=reason)
        if kept is not None:
            start_sync(offer.runtime, offer.integration, _request(), kept, at_once=False)
        return kept is not None
    return _told(offer, after, booking)


def _notice_handed_over(offer: BookingRules, booking: Booking, task: Entity, lead: Entity | None) -> None:
    """The task is another doctor's by now: whether the visit is, too, is for a person to say. The deal's own user says
    nothing: they have whatever no doctor's has taken."""
    user_id, own = task.get("responsible_user_id"), offer.settings.resource(booking.resource)
    has_own = own is not None and own.user_id not in (None, user_id)
    is_others = has_own and user_id != (lead or {}).get("responsible_user_id")
    doctors = [one for one in offer.settings.resources if one.user_id == user_id and one.is_on and not one.is_room]
    told = Message(_HANDED_OVER.template, {"name": doctors[0].name}) if is_others and len(doctors) == 1 else None
    is_ours = booking.attention is None or booking.attention.template == _HANDED_OVER.template
    if is_ours and booking.attention != told:
        rows.notice(offer.runtime.database, booking, told)


def _told(offer: BookingRules, after: Booking, before: Booking) -> bool:
    if after.version == before.version:
        return False
    start_sync(offer.runtime, offer.integration, _request(), after, at_once=False)
    return True


def _notice(offer: BookingRules, booking: Booking, reason: Any) -> None:
    if booking.attention != reason:
        rows.notice(offer.runtime.database, booking, reason)
