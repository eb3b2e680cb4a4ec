"""Refreshes every integration whose token is due, long before it ends. Any number of instances may run at once."""

from functools import partial
from typing import Any, Final

from shared.connections import journal_upkeep
from shared.connections import long_lived_tokens as long_lived
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform import logs
from shared.runtime import Runtime
from shared.storage import counters, jobs, retention
from shared.storage.jobs import REFRESH_TOKENS
from shared.storage.lease_worker import Worker, guarded

_SHARE_OF_RETENTION: Final = 0.2  # of a run, at most
_SHARE_OF_JOURNAL: Final = 0.2


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{due, refreshed, failed: {reason: number}, left, skipped, is_done, seconds}`; also one log line.

    `left` are due and waiting for the next run, `skipped` are leased by another instance or backing off. However much
    is due, old data is removed (`removed`), the token journal is caught up with (`journal`), and ends of long-lived
    tokens are warned of (`warned`).
    """

    def refresh(claimed: Integration) -> str:
        try:
            runtime.rotation.run(claimed)
        except ReauthRequiredError:
            return "reauth_required"
        except RefreshDelayedError as delay:
            return delay.code
        return "refreshed"

    rotation, concurrency = runtime.rotation, runtime.settings.refresh_concurrency
    work = (rotation.claim_due, refresh, rotation.put_off)
    worker = Worker(*work, concurrency, runtime.clock, concurrency, rotation.give_back)
    began = runtime.clock.monotonic()
    # First, so that a backlog that never ends does not keep what customers wrote for ever; most runs find nothing.
    removed = retention.run(runtime.database, runtime.settings, runtime.clock, seconds * _SHARE_OF_RETENTION)
    keep = partial(journal_upkeep.run, rotation, seconds * _SHARE_OF_JOURNAL)
    journaled = guarded("journal.failed", keep)
    ran = worker.run(seconds - (runtime.clock.monotonic() - began))
    figures = ran.as_dict("refreshed") | {"is_done": ran.is_done}
    figures["removed"] = {name: count for name, count in removed.items() if count}
    if journaled:
        figures["journal"] = journaled
    if "database_unavailable" not in ran.outcomes:
        figures |= guarded("still_due.failed", rotation.still_due) or {}
        figures["warned"] = guarded("warning.failed", partial(long_lived.warn_of_endings, rotation)) or 0
    if not ran.is_broken:
        guarded("jobs.failed", partial(jobs.good, runtime.database, [REFRESH_TOKENS[0]]))
    guarded("counters.failed", partial(counters.keep, runtime.database, at_once=True))
    metrics = {"refreshed": figures["refreshed"], "refresh_failures": sum(figures["failed"].values())}
    logs.measured("refresh.run", metrics, **{name: value for name, value in figures.items() if name not in metrics})
    return figures
