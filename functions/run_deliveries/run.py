"""Finishes what could not be finished at once: deliveries that were deferred, or whose process died."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from features.registry import planner, scheduled_tasks
from shared.connections import integrations, notifications
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.notification import Notifying
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import MAX_ATTEMPTS, Perform, Step
from shared.platform import logs
from shared.platform.messages import say, say_plural
from shared.platform.problems import Problem
from shared.runtime import Runtime
from shared.storage import counters, jobs
from shared.storage.jobs import RUN_DELIVERIES
from shared.storage.lease_worker import Worker, guarded

_SHARE: Final = 0.6  # of a run is for deliveries; what they leave is for scheduled tasks
_LEAST_OF_TASK: Final = 2.0  # seconds of a scheduled task, however long deliveries that had begun have taken


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{due, delivered, failed: {deferred, dead, …}, is_done, seconds}`; also one log line. `is_done`: nothing that is
    due was left, neither a delivery nor what the features' scheduled tasks look after."""

    def deliver(claimed: Delivery) -> str:
        return _deliver(runtime, claimed)

    def claim(limit: int) -> list[Delivery]:
        return deliveries.claim_due(runtime.database, limit)

    worker = Worker(claim, deliver, runtime.delivering.put_off, runtime.settings.deliveries_concurrency, runtime.clock)
    began = runtime.clock.monotonic()
    ran = worker.run(seconds * _SHARE)
    good = [] if ran.is_broken else [RUN_DELIVERIES[0]]
    is_done = _scheduled_tasks(runtime, seconds - (runtime.clock.monotonic() - began), good) and ran.is_done
    guarded("jobs.failed", partial(jobs.good, runtime.database, good))
    guarded("counters.failed", partial(counters.keep, runtime.database, at_once=True))
    figures = ran.as_dict("delivered") | {"is_done": is_done}
    metrics = {"delivered": figures["delivered"]}
    logs.measured("deliveries.run", metrics, **{name: value for name, value in figures.items() if name not in metrics})
    return figures


def _scheduled_tasks(runtime: Runtime, seconds: float, good: list[str]) -> bool:
    """What features do every minute, each with its share of the time; one that fails, or always has more to do, does
    not keep the others from theirs. Whether all is done; `good` gets the names of those that came to their end."""
    ends, is_done, all_of_them = runtime.clock.monotonic() + seconds, True, scheduled_tasks()
    for before, (name, task) in enumerate(all_of_them.items()):
        share = (ends - runtime.clock.monotonic()) / (len(all_of_them) - before)
        figures = guarded("chore.failed", partial(task, runtime, max(_LEAST_OF_TASK, share)), chore=name)
        if figures is not None:
            good.append(name)
        is_done = is_done and figures is not None and figures.get("is_done", True)
    return is_done


def _deliver(runtime: Runtime, claimed: Delivery) -> str:
    if claimed.attempts > MAX_ATTEMPTS:
        # Its last attempt ended with the process, before anybody could write down what came of it.
        return runtime.delivering.put_off(claimed, _stopped(claimed.attempts - 1)).state
    integration = integrations.by_id(runtime.database, claimed.integration_id)
    assert integration is not None  # a foreign key
    assert claimed.request is not None  # a check
    request = runtime.keyring.decrypt(claimed.request, claimed.id, "request")
    planned = _planned(runtime, claimed, integration, request)
    if planned is None:
        # Its feature was removed; or crm_api is of a newer version, and this function is going to be.
        delivery = runtime.delivering.put_off(claimed, _unknown(claimed.action))
    else:
        delivery = runtime.delivering.run(claimed, *planned)
    return "deferred" if delivery.state == "accepted" else delivery.state


def _stopped(attempts: int) -> Problem:
    detail = say_plural(
        "It was tried once, and the functions were stopped in the middle of it. Their log says why.",
        "It was tried {count} times, and the last time the functions were stopped in the middle of it. Their log says "
        "why.",
        count=attempts,
    )
    return Problem(500, "internal_error", detail)


def _unknown(action: str) -> Problem:
    detail = say(
        "Nothing in this version of run_deliveries carries out {action}: its feature was removed, or the version that "
        "knows it is not deployed everywhere yet.",
        action=action,
    )
    return Problem(503, "unknown_action", detail)


def _planned(
    runtime: Runtime, claimed: Delivery, integration: Integration, request: str
) -> tuple[Sequence[Step], Perform] | None:
    if claimed.action == notifications.ACTION:
        # To the company's own server: the account is not called.
        notifying = Notifying(runtime.settings, runtime.clock, runtime.connect_links)
        return [notifying.step(claimed.id, integration, request)], lambda work: work(None)
    known = planner(claimed.action)
    if known is None:
        return None
    steps, calls = known.plan(runtime, claimed, integration, known.read(request))
    return steps, runtime.connections.paced(integration, calls)
