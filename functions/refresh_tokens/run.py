"""Refreshes every integration whose token is due, long before it ends. Any number of instances may run at once."""

from typing import Any

from shared.connections import long_lived_tokens as long_lived
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform import logs
from shared.runtime import Runtime
from shared.storage import counters, retention
from shared.storage.database import DatabaseUnavailableError
from shared.storage.encryption import DecryptionError
from shared.storage.lease_worker import Worker


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{due, refreshed, failed: {reason: number}, left, skipped, is_done, seconds}`; also one log line.

    `left` are due and waiting for the next run, `skipped` are leased by another instance or backing off. When
    everything is done, ends of long-lived tokens are warned of (`warned`), and old data is removed (`removed`).
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

    rotation, concurrency = runtime.rotation, runtime.settings.refresh_concurrency
    worker = Worker(rotation.claim_due, refresh, concurrency, runtime.clock, concurrency, rotation.give_back)
    ran = worker.run(seconds)
    figures = ran.as_dict("refreshed") | {"is_done": ran.is_done}
    if "database_unavailable" not in ran.outcomes:
        figures |= runtime.rotation.still_due()
    if ran.is_done:
        figures["warned"] = long_lived.warn_of_endings(runtime.rotation)
        removed = retention.run(runtime.database, runtime.settings, runtime.clock, seconds - ran.seconds)
        figures["removed"] = {name: count for name, count in removed.items() if count}
    counters.keep(runtime.database, at_once=True)
    metrics = {"refreshed": figures["refreshed"], "refresh_failures": sum(figures["failed"].values())}
    logs.measured("refresh.run", metrics, **{name: value for name, value in figures.items() if name not in metrics})
    return figures
