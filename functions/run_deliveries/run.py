"""Finishes what could not be finished at once: deliveries that were deferred, or whose process died."""

from collections.abc import Callable, Sequence
from typing import Any

from shared.calculations import model, plan
from shared.connections import integrations, notices
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.notifying import Notifying
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import Perform, Step
from shared.platform import logs
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError
from shared.storage.encryption import DecryptionError
from shared.storage.lease_worker import Worker
from shared.submissions import model as submission
from shared.submissions import plan as submission_plan

Plan = tuple[Sequence[Step], Perform]


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{due, delivered, failed: {deferred, dead, …}, is_done, seconds}`; also one log line."""

    def deliver(claimed: Delivery) -> str:
        try:
            return _deliver(runtime, claimed)
        except (DatabaseUnavailableError, DecryptionError) as error:
            # The lease runs out, and the delivery is taken up again.
            logs.error("delivery.failed", delivery_id=claimed.id, error=str(error))
            return "database_unavailable" if isinstance(error, DatabaseUnavailableError) else "unreadable_secret"

    def claim(limit: int) -> list[Delivery]:
        return deliveries.claim_due(runtime.database, limit)

    worker = Worker(claim, deliver, runtime.settings.deliveries_concurrency, runtime.clock)
    ran = worker.run(seconds)
    figures = ran.as_dict("delivered") | {"is_done": ran.is_done}
    metrics = {"delivered": figures["delivered"]}
    logs.measured("deliveries.run", metrics, **{name: value for name, value in figures.items() if name not in metrics})
    return figures


def _deliver(runtime: Runtime, claimed: Delivery) -> str:
    integration = integrations.by_id(runtime.database, claimed.integration_id)
    assert integration is not None  # a foreign key
    assert claimed.request is not None  # a check
    request = runtime.keyring.decrypt(claimed.request, claimed.id, "request")
    steps, perform = _PLANS[claimed.action](runtime, claimed, integration, request)
    delivery = runtime.delivering.run(claimed, steps, perform)
    return "deferred" if delivery.state == "accepted" else delivery.state


def _calculation(runtime: Runtime, claimed: Delivery, integration: Integration, request: str) -> Plan:
    body = model.decode(request)
    assert body.lead_id is not None  # set when it was accepted
    steps = plan.steps(runtime.database, runtime.locks, claimed, body.lead_id, body, integration)
    return steps, runtime.connections.paced(integration, plan.calls(body))


def _submission(runtime: Runtime, claimed: Delivery, integration: Integration, request: str) -> Plan:
    accepted = submission_plan.decode(request)
    steps = submission_plan.steps(runtime.database, runtime.keyring, runtime.locks, claimed, integration, accepted)
    count = submission_plan.calls(accepted.mode, accepted.decoded(claimed.action))
    return steps, runtime.connections.paced(integration, count)


def _notice(runtime: Runtime, claimed: Delivery, integration: Integration, request: str) -> Plan:
    notifying = Notifying(runtime.settings, runtime.clock, runtime.connect_links)
    return [notifying.step(claimed.id, integration, request)], lambda work: work(None)


# Each kind of delivery, by the action that accepted it.
_PLANS: dict[str, Callable[[Runtime, Delivery, Integration, str], Plan]] = {
    model.ACTION: _calculation,
    notices.ACTION: _notice,
    submission.SUBMIT_FORM: _submission,
    submission.SUBMIT_ORDER: _submission,
    submission.SYNC_CONTACT: _submission,
}
