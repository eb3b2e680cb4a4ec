"""Carrying a delivery out, step by step: from the first unfinished one to the end, or to the first trouble.

A step is named, writes once, and can look for its own mark. Before a write the row says `started`; when the answer is
lost, or the process, the next attempt looks in amoCRM before it writes again.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shared import deliveries, logs
from shared.amocrm import errors
from shared.clock import Clock
from shared.database import Database
from shared.deliveries import Delivery, LeaseLostError
from shared.problems import Problem, problem_from
from shared.rotation import ReauthRequiredError, RefreshDelayedError
from shared.webhooks import WebhookError

Result = dict[str, Any]

# Lends a step whatever it talks to: an account's API with a living token, or a webhook.
Perform = Callable[[Callable[[Any], Result | None]], Result | None]

# A call that we gave up may still be carried out: so long nobody looks for what it wrote.
SETTLE: Final = timedelta(seconds=30)
# A write begins only while this much of the lease is left: the longest call and its answer's way into the row.
_LONGEST_WRITE_SECONDS = 40.0
_FIRST_BACKOFF_SECONDS = 10
_LAST_BACKOFF_SECONDS = 3600
MAX_ATTEMPTS: Final = 60  # with the backoff above: more than two days

# amoCRM's definite no to the data itself: trying again with the same data changes nothing.
_FINAL = (errors.BadRequestError, errors.NotFoundError)
# The request did not arrive, or was refused unread.
_NOT_CARRIED_OUT = (
    errors.NotSentError,
    errors.RateLimitedError,
    errors.UnauthorizedError,
    errors.PaymentRequiredError,
    errors.ForbiddenError,
    ReauthRequiredError,
    RefreshDelayedError,
)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    write: Callable[[Any], Result]  # one write; its result must be JSON
    find: Callable[[Any], Result | None]  # what an earlier write left, or None


class _TooLateError(Exception):
    """The lease might end before a write's answer is stored, so the write is not begun."""


@dataclass(frozen=True, slots=True)
class Delivering:
    database: Database
    clock: Clock

    def run(self, delivery: Delivery, steps: Sequence[Step], perform: Perform, *, begun: str | None) -> Delivery:
        """Carries the delivery on under our lease. Returns it delivered, deferred or dead.

        `begun`: the step whose `started` mark was stored with the acceptance itself, so nothing was sent for it yet.
        """
        attempt = _Attempt(self.database, self.clock, delivery, perform)
        try:
            for step in steps:
                if attempt.delivery.result_of(step.name) is None:
                    attempt.carry_out(step, is_new=step.name == begun, is_last=step is steps[-1])
        except LeaseLostError:
            logs.warning("delivery.lease_lost", delivery_id=delivery.id)
            return deliveries.by_id(self.database, delivery.id, delivery.integration_id) or attempt.delivery
        except _StoppedError:
            pass
        return attempt.delivery


class _StoppedError(Exception):
    """The delivery was deferred or buried; nothing more happens in this attempt."""


class _Attempt:
    def __init__(self, database: Database, clock: Clock, delivery: Delivery, perform: Perform) -> None:
        self.database = database
        self.clock = clock
        self.delivery = delivery
        self._perform = perform
        self._lease_began = self.clock.monotonic()

    def carry_out(self, step: Step, is_new: bool, is_last: bool) -> None:
        must_look = self.delivery.was_started(step.name) and not is_new
        try:
            result = self._perform(step.find) if must_look else None
            if result is None:
                if not is_new:
                    self._lease_began = self.clock.monotonic()
                    self.delivery = deliveries.mark_started(self.database, self.delivery, step.name)
                result = self._perform(self._in_time(step.write))
                assert result is not None
            self._lease_began = self.clock.monotonic()
            self.delivery = deliveries.mark_done(self.database, self.delivery, step.name, result, is_last)
        except (errors.AmocrmError, ReauthRequiredError, RefreshDelayedError, WebhookError, _TooLateError) as error:
            # A failed look leaves open what the earlier write did.
            was_sent = must_look or not isinstance(error, (*_NOT_CARRIED_OUT, *_FINAL, _TooLateError))
            self._stop(step, error, was_sent)

    def _in_time(self, write: Callable[[Any], Result]) -> Callable[[Any], Result]:
        def guarded(api: Any) -> Result:
            left = deliveries.LEASE.total_seconds() - (self.clock.monotonic() - self._lease_began)
            if left < _LONGEST_WRITE_SECONDS:
                raise _TooLateError
            return write(api)

        return guarded

    def _stop(self, step: Step, error: Exception, was_sent: bool) -> None:
        problem = problem_from(error) or Problem(503, "out_of_time", "There was no time left for this attempt.")
        detail = problem.detail + "".join(f" {item.path}: {item.detail}" for item in problem.errors)
        if isinstance(error, _FINAL) or self.delivery.attempts >= MAX_ATTEMPTS:
            self.delivery = deliveries.bury(self.database, self.delivery, step.name, code=problem.code, detail=detail)
        else:
            wait = _backoff(self.delivery.attempts, problem.retry_after, was_sent)
            self.delivery = deliveries.defer(
                self.database,
                self.delivery,
                step.name,
                wait=wait,
                code=problem.code,
                detail=detail,
                was_sent=was_sent,
            )
        raise _StoppedError from error


def _backoff(attempts: int, retry_after: int | None, was_sent: bool) -> timedelta:
    seconds = min(_FIRST_BACKOFF_SECONDS * 2 ** min(attempts - 1, 20), _LAST_BACKOFF_SECONDS)
    seconds = max(seconds, retry_after or 0) * random.uniform(1.0, 1.3)  # noqa: S311 - spreads load, guards nothing
    wait = timedelta(seconds=seconds)
    return max(wait, SETTLE) if was_sent else wait
