"""Finishes what could not be finished at once: deliveries that were deferred, or whose process died."""

from typing import Any

from shared import calculation, deliveries, integrations, logs
from shared.database import DatabaseUnavailableError
from shared.deliveries import Delivery
from shared.delivering import Delivering
from shared.due import Worker
from shared.encryption import DecryptionError
from shared.runtime import Runtime


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{due, outcomes: {delivered, deferred, dead}, left, seconds}`; also one log line."""

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
    figures = worker.run(seconds).as_dict()
    logs.info("deliveries.run", **figures)
    return figures


def _deliver(runtime: Runtime, claimed: Delivery) -> str:
    integration = integrations.by_id(runtime.database, claimed.integration_id)
    assert integration is not None  # a foreign key
    assert claimed.request is not None  # a check
    body = calculation.decode(runtime.keyring.decrypt(claimed.request, claimed.id, "request"))
    assert body.lead_id is not None  # set when it was accepted
    steps = calculation.steps(claimed, body.lead_id, body)
    delivery = Delivering(runtime.connections).run(claimed, integration, steps, begun=None)
    return "deferred" if delivery.state == "accepted" else delivery.state
