"""What is done for changes every minute, beside deliveries: subscriptions, asking, reading, telling."""

from functools import partial
from typing import Any

from shared.amocrm.errors import AmocrmError
from shared.changes import asking, feeds, sending, subscription
from shared.changes.endpoints import Endpoint
from shared.changes.feeds import Feed
from shared.changes.reading import Reading
from shared.connections import integrations
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform import logs
from shared.platform.problems import Problem, problem_from
from shared.runtime import Runtime
from shared.storage import events
from shared.storage.lease_worker import Worker

_FORESEEN = (AmocrmError, ReauthRequiredError, RefreshDelayedError)


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{feeds: {due, done, failed, …}, endpoints: {…}}`"""
    concurrency = runtime.settings.deliveries_concurrency

    def claim_feeds(limit: int) -> list[Feed]:
        return feeds.claim(runtime.database, limit)

    def claim_endpoints(limit: int) -> list[Endpoint]:
        return sending.claim(runtime.database, limit)

    began = runtime.clock.monotonic()
    feeds_work = (claim_feeds, partial(follow, runtime), partial(_put_off, runtime))
    read = Worker(*feeds_work, concurrency, runtime.clock).run(seconds / 2)
    left = seconds - (runtime.clock.monotonic() - began)
    endpoints_work = (claim_endpoints, partial(sending.work, runtime), partial(sending.put_off, runtime))
    told = Worker(*endpoints_work, concurrency, runtime.clock).run(max(0.0, left))
    figures = {"feeds": read.as_dict("done"), "endpoints": told.as_dict("sent")}
    if read.claimed or told.claimed:
        logs.info("changes.run", **figures)
    return figures


def follow(runtime: Runtime, feed: Feed) -> str:
    """Whatever is due for one feed: its subscription, what hooks may have lost, and what is said to have changed."""
    integration = integrations.by_id(runtime.database, feed.integration_id)
    assert integration is not None  # a foreign key
    calls = 2 + subscription.CALLS * feed.must_check + asking.CALLS * feed.must_ask
    perform = runtime.connections.paced(integration, calls)
    try:
        if not feed.is_on:
            subscription.end(runtime, integration)
            feeds.done(runtime.database, feed)
            return "done"
        if feed.must_check:
            subscription.compare(runtime, integration, feed, perform)
        if feed.must_ask:
            asking.ask(runtime.database, feed, perform)
        Reading.begin(runtime, integration, feed, perform).run()
    except _FORESEEN as error:
        problem = problem_from(error)
        assert problem is not None  # foreseen
        feeds.failed(runtime.database, feed, problem.code, problem.detail, problem.retry_after or 0)
        return problem.code
    feeds.done(runtime.database, feed)
    return "done"


def _put_off(runtime: Runtime, feed: Feed, problem: Problem) -> None:
    """What nobody foresaw has ended a feed's turn."""
    feeds.failed(runtime.database, feed, problem.code, problem.detail, problem.retry_after or 0)
    events.failing(runtime.database, "feed.failed", problem.detail, feed.integration_id)
