"""Carrying a delivery out: every unfinished step, those that do not depend on each other at the same time.

A step is named, writes once, and can look for its own mark. Before a write the row says `started`; when the answer is
lost, or the process, the next attempt looks in amoCRM before it writes again.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace as with_changes
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from shared.amocrm import errors
from shared.amocrm.leads import AccountApi
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.deliveries import rows as deliveries
from shared.deliveries.locks import LockedError
from shared.deliveries.rows import Delivery, LeaseLostError
from shared.deliveries.wakeup import TimerOnly, Wakeup
from shared.deliveries.webhooks import WebhookError
from shared.platform import backoff, logs
from shared.platform.clock import Clock
from shared.platform.messages import Message, joined, say
from shared.platform.problems import ForeseenError, Kind, Problem, problem_from
from shared.storage.database import Database

Result = dict[str, Any]

# Lends a step whatever it talks to: an account's API with a living token, or a webhook.
Perform = Callable[[Callable[[Any], Result | None]], Result | None]

# A call that we gave up may still be carried out: so long nobody looks for what it wrote.
SETTLE: Final = timedelta(seconds=30)
# No call begins with less of the lease left, a write least of all: it ends, and its answer is in the row, while the
# lease lives.
_LEAST_SECONDS: Final = 60.0
_FIRST_BACKOFF_SECONDS = 10
_LAST_BACKOFF_SECONDS = 3600
MAX_ATTEMPTS: Final = 60  # with the backoff above: more than two days


class FinalRefusalError(ForeseenError):
    """What a step does not want to outwait, or to do any more: it is of no use later."""

    kind = Kind(502, "not_taken", say("The other side did not take it."))

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self._problem = problem

    def problem(self) -> Problem:
        return self._problem


# amoCRM's definite no to the data itself: trying again with the same data changes nothing.
_FINAL = (errors.BadRequestError, errors.NotFoundError, errors.TooMuchToReadError, FinalRefusalError)
# The request did not arrive, or was refused unread.
_NOT_CARRIED_OUT = (
    errors.NotSentError,
    errors.RateLimitedError,
    errors.UnauthorizedError,
    errors.PaymentRequiredError,
    errors.ForbiddenError,
    errors.AccountNotFoundError,
    ReauthRequiredError,
    RefreshDelayedError,
    LockedError,
)


class Step(Struct, frozen=True):
    """`after`: a step whose result is needed; `write` and `find` get it as their second argument."""

    name: str
    write: Callable[..., Result]  # reads, and at most one write, at the end; its result must be JSON
    find: Callable[..., Result | None]  # what an earlier write left, or None
    after: str | None = None


class NotTakenError(ForeseenError):
    """Whoever a step writes to does not take it now, and may do so later. The message says no more than the answer."""

    kind = Kind(502, "not_taken", say("The other side did not take it."), retry_after=30)

    def problem(self) -> Problem:
        return with_changes(super().problem(), detail=say("The other side did not take it: {answer}.", answer=self))


class EarlierFirstError(ForeseenError):
    """What this write builds on is not in amoCRM yet: another delivery brings it."""

    kind = Kind(
        503, "earlier_first", say("An earlier write has to be in amoCRM first. It is under way."), retry_after=10
    )


_FORESEEN = (
    errors.AmocrmError,
    ReauthRequiredError,
    RefreshDelayedError,
    LockedError,
    WebhookError,
    NotTakenError,
    EarlierFirstError,
    FinalRefusalError,
)


# The steps of a delivery, and how many calls they are going to make.
Plan = tuple[Sequence[Step], int]


class Delivering(Struct, frozen=True):
    """Carries deliveries out, for whoever has accepted or claimed one."""

    database: Database
    clock: Clock
    wakeup: Wakeup = TimerOnly()

    def run(
        self,
        delivery: Delivery,
        steps: Sequence[Step],
        perform: Perform,
        *,
        begun: Collection[str] = (),
        leased_at: float | None = None,
    ) -> Delivery:
        """Carries the delivery on under our lease. Returns it delivered, deferred or dead.

        `begun`: steps whose `started` mark was stored with the acceptance itself, so nothing was sent for them yet.
        `leased_at`: when the lease was asked for, by the monotonic clock; not known, it is lengthened first.
        """
        attempt = _Attempt(self.database, self.clock, delivery, steps, perform, begun, leased_at)
        try:
            now = attempt.run()
        except LeaseLostError:
            logs.warning("delivery.lease_lost", delivery_id=delivery.id)
            return deliveries.by_id(self.database, delivery.id, delivery.integration_id) or attempt.delivery
        if now.state == "accepted":
            self.wakeup.at(now.id, now.due_in_seconds or 0)
        return now

    def put_off(self, delivery: Delivery, problem: Problem) -> Delivery:
        """What nobody foresaw has ended an attempt. Its steps stay marked as they are, so the next attempt looks first;
        the last one ends the delivery."""
        try:
            if delivery.attempts >= MAX_ATTEMPTS:
                return _buried(self.database, delivery, {}, problem)
            wait = _backoff(delivery.attempts, problem.retry_after or 0, was_sent=True)
            deferred = deliveries.defer(
                self.database, delivery, {}, wait=wait, code=problem.code, detail=_told(problem)
            )
        except LeaseLostError:
            return deliveries.by_id(self.database, delivery.id, delivery.integration_id) or delivery
        self.wakeup.at(deferred.id, deferred.due_in_seconds or 0)
        return deferred


class _Attempt:
    """One pass through the unfinished steps. Steps that wait for nothing run at the same time, each in a thread."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        delivery: Delivery,
        steps: Sequence[Step],
        perform: Perform,
        begun: Collection[str],
        leased_at: float | None,
    ) -> None:
        self.delivery = delivery
        self._database = database
        self._clock = clock
        self._perform = perform
        self._steps = steps
        self._new = set(begun)  # marked as started, and certainly not sent
        self._unfinished = {step.name for step in steps if delivery.result_of(step.name) is None}
        self._failures: dict[str, tuple[Exception, bool]] = {}
        self._lock = threading.Lock()  # around the row: a statement, and what it tells us
        self._leased_at = float("-inf") if leased_at is None else leased_at

    def run(self) -> Delivery:
        if not self._unfinished:
            return self._finished()
        with ThreadPoolExecutor(len(self._unfinished)) as pool:  # a thread is started when it is needed
            self._chains(pool, [step for step in self._steps if self._is_ready(step)])
        return self._failed() if self._failures else self.delivery

    def _finished(self) -> Delivery:
        """Whatever was open has been given up since it was accepted: another version of the code has other steps."""
        last = self._steps[-1].name
        result = self.delivery.result_of(last)
        assert result is not None  # all of them are done
        return deliveries.mark_done(self._database, self.delivery, last, result, next_steps=[], last=True)

    def _is_ready(self, step: Step) -> bool:
        is_free = step.after is None or step.after not in self._unfinished
        return step.name in self._unfinished and is_free

    def _chains(self, pool: ThreadPoolExecutor, ready: Sequence[Step]) -> None:
        """All of these at the same time, the first in this thread."""
        # With our context: their log lines, and the calls that they make, belong to this request.
        others = [pool.submit(copy_context().run, self._chain, pool, step) for step in ready[1:]]
        for step in ready[:1]:
            self._chain(pool, step)
        for other in others:
            other.result()

    def _chain(self, pool: ThreadPoolExecutor, step: Step) -> None:
        """The step, and then those that waited for it."""
        following = [later for later in self._steps if later.after == step.name]
        try:
            self._carry_out(step, [later.name for later in following])
        except _FORESEEN as error:
            was_open = self.delivery.was_started(step.name) and step.name not in self._new
            # A failed look leaves open what the earlier write did.
            was_sent = was_open or not isinstance(error, (*_NOT_CARRIED_OUT, *_FINAL, EarlierFirstError))
            self._failures[step.name] = (error, was_sent)
            return
        self._chains(pool, following)

    def _carry_out(self, step: Step, next_steps: list[str]) -> None:
        needed = () if step.after is None else (self.delivery.result_of(step.after),)
        may_be_there = self.delivery.looks_since is not None  # made by a row that was lost
        is_new = step.name in self._new and not may_be_there
        must_look = (self.delivery.was_started(step.name) or may_be_there) and not is_new
        result = self._perform(lambda api: step.find(self._lent(api), *needed)) if must_look else None
        if result is None:
            if not is_new:
                with self._lock, self._leasing():
                    self.delivery = deliveries.mark_started(self._database, self.delivery, step.name)
                    if not must_look:  # the mark is of this attempt: what was not sent now was never sent
                        self._new.add(step.name)
            result = self._perform(lambda api: step.write(self._lent(api), *needed))
            assert result is not None
        with self._lock, self._leasing():
            is_last = self._unfinished == {step.name}
            self.delivery = deliveries.mark_done(
                self._database, self.delivery, step.name, result, next_steps=next_steps, last=is_last
            )
            self._unfinished.discard(step.name)  # only now: what could not be stored keeps the delivery from ending
            self._new.update(next_steps)

    def _lent(self, api: Any) -> Any:
        """What a step talks to, under our lease."""
        self._keep()
        return replace(api, before_call=self._keep) if isinstance(api, AccountApi) else api

    def _keep(self) -> None:
        """Before each call. A step may read for longer than a lease lasts; what it has locked is ours as long."""
        with self._lock:
            left = deliveries.LEASE.total_seconds() - (self._clock.monotonic() - self._leased_at)
            if left < _LEAST_SECONDS:
                with self._leasing():
                    self.delivery = deliveries.keep(self._database, self.delivery)

    @contextmanager
    def _leasing(self) -> Iterator[None]:
        """Around a statement that lengthens the lease, which is reckoned from before it was sent."""
        asked_at = self._clock.monotonic()
        yield
        self._leased_at = asked_at

    def _failed(self) -> Delivery:
        """Defers the delivery, or ends it when amoCRM's no is definite, or when it was tried often enough."""
        failures = sorted(self._failures.items(), key=lambda one: not isinstance(one[1][0], _FINAL))
        were_sent = {name: was_sent for name, (_, was_sent) in failures}
        found = [error for _, (error, _) in failures]
        problem = _problem(found[0])
        if isinstance(found[0], _FINAL) or self.delivery.attempts >= MAX_ATTEMPTS:
            return _buried(self._database, self.delivery, were_sent, problem)
        retry_after = max(_problem(error).retry_after or 0 for error in found)
        wait = _backoff(self.delivery.attempts, retry_after, any(were_sent.values()))
        code, detail = problem.code, _told(problem)
        return deliveries.defer(self._database, self.delivery, were_sent, wait=wait, code=code, detail=detail)


def _buried(database: Database, delivery: Delivery, were_sent: Mapping[str, bool], problem: Problem) -> Delivery:
    logs.measured("delivery.dead", {"deliveries_dead": 1}, delivery_id=delivery.id, code=problem.code)
    return deliveries.bury(database, delivery, were_sent, code=problem.code, detail=_told(problem))


def _told(problem: Problem) -> Message:
    return joined(
        problem.detail,
        *(Message("{path}: {detail}", {"path": item.path, "detail": item.detail}) for item in problem.errors),
    )


def _problem(error: Exception) -> Problem:
    problem = problem_from(error)
    assert problem is not None  # foreseen
    return problem


def _backoff(attempts: int, retry_after: int, was_sent: bool) -> timedelta:
    seconds = max(backoff.seconds(attempts - 1, _FIRST_BACKOFF_SECONDS, _LAST_BACKOFF_SECONDS), retry_after)
    wait = timedelta(seconds=backoff.spread(seconds))
    return max(wait, SETTLE) if was_sent else wait
