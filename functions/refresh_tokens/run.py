"""Refreshes every integration whose token is due, long before it ends. Any number of instances may run at once."""

from typing import Any

from shared import logs, retention
from shared.database import DatabaseUnavailableError
from shared.due import Worker
from shared.encryption import DecryptionError
from shared.integrations import Integration
from shared.rotation import ReauthRequiredError, RefreshDelayedError
from shared.runtime import Runtime


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{due, outcomes: {refreshed, reauth_required, <reason>…}, left, seconds}`; also one log line.

    When time is left, what is not needed any more is removed: `removed` tells how many of each kind.
    """

    def refresh(claimed: Integration) -> str:
        try:
            runtime.rotation.run(claimed)
        except ReauthRequiredError:
            return "reauth_required"
        except RefreshDelayedError as delay:
            return delay.code
        except (DatabaseUnavailableError, DecryptionError) as error:
            # One bad row, or a database that is away, does not end the others' refresh.
            logs.error("refresh.failed", integration_id=claimed.id, error=str(error))
            return "database_unavailable" if isinstance(error, DatabaseUnavailableError) else "unreadable_secret"
        return "refreshed"

    worker = Worker(runtime.rotation.claim_due, refresh, runtime.settings.refresh_concurrency, runtime.clock)
    figures = worker.run(seconds).as_dict()
    if not figures["left"]:
        figures["removed"] = {
            name: count for name, count in retention.run(runtime.database, runtime.settings).items() if count
        }
    logs.info("refresh.run", **figures)
    return figures
