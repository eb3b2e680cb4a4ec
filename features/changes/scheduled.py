"""What is done for changes every minute, beside deliveries: subscriptions, asking, reading, telling."""

from functools import partial
from typing import Any

from features.changes import dispatch, feeds, polling, retry_policy, subscription, wanted
from features.changes.endpoints import Endpoint
from features.changes.feed_lease import FeedLease, LeaseLostError
from features.changes.feeds import Feed
from features.changes.refetch import Refetch
from features.changes.retry_policy import RunFailures
from shared.amocrm.errors import AmocrmError
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform import deadline, logs
from shared.platform.problems import Problem, problem_from
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.lease_worker import Worker

_LEAST_OF_TELLING = 5.0  # seconds, however long reading has taken
_FORESEEN = (AmocrmError, ReauthRequiredError, RefreshDelayedError)


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{feeds: {due, done, failed, …}, endpoints: {…}, is_done}`"""
    concurrency = runtime.settings.deliveries_concurrency

    def claim_feeds(limit: int) -> list[Feed]:
        return feeds.claim(runtime.database, limit)

    def claim_endpoints(limit: int) -> list[Endpoint]:
        return dispatch.claim(runtime.database, limit)

    began = runtime.clock.monotonic()
    feeds_work = (claim_feeds, partial(follow, runtime), partial(_put_off, runtime))
    read = Worker(*feeds_work, concurrency, runtime.clock).run(seconds / 2)
    left = seconds - (runtime.clock.monotonic() - began)
    least = min(_LEAST_OF_TELLING, deadline.seconds() - dispatch.LONGEST_ANSWER)  # what is cut off is not begun
    endpoints_work = (claim_endpoints, partial(dispatch.work, runtime), partial(dispatch.put_off, runtime))
    told = Worker(*endpoints_work, concurrency, runtime.clock).run(max(0.0, least, left))
    figures = {"feeds": read.as_dict("done"), "endpoints": told.as_dict("sent")}
    if read.claimed or told.claimed:
        logs.info("changes.run", **figures)
    return figures | {"is_done": read.is_done and told.is_done}


def follow(runtime: Runtime, feed: Feed) -> str:
    """Whatever is due for one feed: its subscription, what hooks may have lost, and what is said to have changed."""
    integration = integrations.by_id(runtime.database, feed.integration_id)
    assert integration is not None  # a foreign key
    try:
        if not feed.is_on:
            subscription.end(runtime, integration)
            feeds.done(runtime.database, feed)
            return "done"
        problem = _looked_after(runtime, integration, feed)
    except LeaseLostError:
        logs.warning("feed.lease_lost", integration_id=feed.integration_id)
        return "lease_lost"
    except _FORESEEN as error:
        failed = problem_from(error)
        assert failed is not None  # foreseen
        feeds.failed(runtime.database, feed, failed.code, failed.detail, failed.retry_after or 0)
        return failed.code
    feeds.done(runtime.database, feed, problem)
    return "done" if problem is None else problem.code


def _looked_after(runtime: Runtime, integration: Integration, feed: Feed) -> Problem | None:
    """Raises the errors that concern the account, or reading as a whole. What one call alone is refused keeps the rest
    from nothing; it is tried again later, and returned."""
    calls = 2 + subscription.CALLS * feed.must_check + polling.CALLS * feed.must_ask
    perform = runtime.connections.paced(integration, calls)
    failures = RunFailures(perform)
    tenure, problem = FeedLease(runtime.database, runtime.clock, feed), None
    if feed.must_check:
        wanted.note(runtime.database, integration)  # where the last to note it was not the last to change it
        try:
            subscription.compare(runtime, integration, feed, perform)
        except AmocrmError as error:
            if not (retry_policy.is_of_one(error) or failures.is_of_one_place(error)):
                raise
            problem = retry_policy.told(error)
            feeds.check_later(runtime.database, feed, feeds.ASK_EVERY["ask"])
        feed = feeds.again(runtime.database, feed)
    if feed.must_ask and not tenure.is_over():
        problem = polling.poll(runtime, feed, failures, tenure) or problem
    reading = Refetch.begin(runtime, integration, feed, perform, tenure)
    reading.run()
    return problem or reading.problem


def _put_off(runtime: Runtime, feed: Feed, problem: Problem) -> None:
    """What nobody foresaw has ended a feed's turn."""
    feeds.failed(runtime.database, feed, problem.code, problem.detail, problem.retry_after or 0)
    event_log.failing(runtime.database, "feed.failed", problem.detail, feed.integration_id)
