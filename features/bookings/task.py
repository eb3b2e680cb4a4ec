"""The task of a visit in amoCRM: created, moved or completed, whichever the row asks for now."""

from typing import Any

from features.bookings import rows, texts
from features.bookings.rows import Booking
from features.bookings.sync_context import CANCELLED, EXPECTED, MOVED, SyncContext
from shared.amocrm.errors import BadRequestError, NotFoundError
from shared.amocrm.leads import LOST, AccountApi
from shared.amocrm.tasks import TasksApi
from shared.deliveries.echo_marking import noting
from shared.deliveries.locks import name_of
from shared.deliveries.own_tasks import OwnTasks, given_to
from shared.deliveries.runner import Result, Step
from shared.platform.messages import say


def step(work: SyncContext) -> Step:
    def write(api: AccountApi, lead: Result) -> Result:
        names = [name_of(f"booking:{work.booking.id}"), work.deal_lock(lead["lead_id"])]
        with work.runtime.locks.holding(work.integration.id, names, work.delivery.id):
            return _brought(work, TasksApi(api), api, lead)

    return Step("task", write, lambda *_: None, after="lead")  # every attempt looks first


def _brought(work: SyncContext, tasks: TasksApi, api: AccountApi, lead: Result) -> Result:
    database, booking = work.runtime.database, work.now()
    own = OwnTasks(database, work.runtime.keyring, work.integration.id, work.delivery.id)
    due = int(booking.starts_at.timestamp())
    # The task may say more; but a newer change is brought by its own delivery only, before whose acceptance a process
    # may have died.
    facts = {"version": work.told.version, "lead_id": lead["lead_id"], "contact_id": lead.get("contact_id")}
    task_id = booking.task_id
    # Nobody else makes the first one; a delivery that was taken up again is tried for the first time once more.
    is_new = work.is_first and work.delivery.attempts <= 1 and not work.delivery.was_started("task")
    is_new = is_new and work.delivery.looks_since is None
    if task_id is None and not is_new:
        task_id = own.find(api, lead["lead_id"], work.mark, work.since)
    if booking.state == "cancelled" or booking.attendance is not None:
        if task_id is not None:
            _unless_gone(work, tasks, task_id, {"is_completed": True, "result": {"text": _result(work, booking)}})
        rows.brought(database, booking, task_id=task_id, **facts)
        return {"task_id": task_id, "completed": task_id is not None}
    if booking.brought == 0 and work.told.lead_id is not None:
        # A deal that was there: where it was lost before, it is no news that it is.
        rows.saw_deal(database, booking, is_lost=api.lead(lead["lead_id"]).get("status_id") == LOST)
    # Its text is written once: a move changes nothing of it, and what people have added to it is theirs.
    wanted: dict[str, Any] = {
        "complete_till": due,
        # vendor: tasks.duration (page) A task has a `duration` in seconds, with which amoCRM's calendar shows it.
        # source: amoCRM's documentation, "Tasks", the table of a task's fields
        "duration": int((booking.ends_at - booking.starts_at).total_seconds()),
    }
    handed_over = _responsible(work, api, booking, lead) if "from_resource" in work.told.change else []
    # vendor: tasks.reopen (guess) A completed task is open again by `is_completed: false`.
    # source: none found (looked for again): the page has `is_completed` as a boolean, and shows it true; amoCRM's own
    # interface can do it
    opened = {"is_completed": False} if work.told.change["kind"] in (EXPECTED, MOVED) else {}

    def tell_refused(error: BadRequestError) -> None:
        told = say("amoCRM did not give the task to the doctor's user ({error}).", error=error.message)
        rows.notice(database, work.now(), told)

    if task_id is not None and given_to(
        handed_over, lambda user: _unless_gone(work, tasks, task_id, wanted | opened | user), tell_refused
    ):
        rows.brought(database, booking, task_id=task_id, task_due=due, **facts)
        return {"task_id": task_id}

    def create(user: dict[str, Any]) -> int:
        text = f"{texts.task(booking, work.visitor)}\n{work.mark}"
        return own.create(api, lead["lead_id"], text, due, {"duration": wanted["duration"]} | user)

    made = given_to(handed_over or _responsible(work, api, booking, lead), create, tell_refused)
    rows.brought(database, booking, task_id=made, task_due=due, **facts)
    return {"task_id": made}


def _unless_gone(work: SyncContext, tasks: TasksApi, task_id: int, fields: dict[str, Any]) -> bool:
    """False: somebody has deleted the task."""
    try:
        with noting(work.runtime.database, work.runtime.keyring, work.integration.id, "task", task_id, fields):
            tasks.change(task_id, fields)
    except NotFoundError:
        return False
    return True


def _result(work: SyncContext, booking: Booking) -> str:
    return texts.result({"kind": booking.attendance or CANCELLED}, work.language)


def _responsible(work: SyncContext, api: AccountApi, booking: Booking, lead: Result) -> list[int]:
    """The doctor's user, else the deal's."""
    resource = work.settings.resource(booking.resource)
    user_id = resource.user_id if resource is not None else None
    user_id = user_id or api.lead(lead["lead_id"]).get("responsible_user_id")
    return [int(user_id)] if user_id else []
