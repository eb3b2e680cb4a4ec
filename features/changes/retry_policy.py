"""Errors that concern one call to amoCRM, or one entity, and say nothing of the account."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from shared.amocrm import errors
from shared.amocrm.events import FeedApi
from shared.platform.backoff import seconds

_OF_ONE: Final = (
    errors.BadRequestError,
    errors.ForbiddenError,
    errors.NotFoundError,
    errors.ServerError,
    errors.UnauthorizedPlaceError,
    errors.UnexpectedAnswerError,
    errors.UnknownOutcomeError,
)
# amoCRM has looked at the call, and says no to it.
_DEFINITE: Final = (
    errors.BadRequestError,
    errors.ForbiddenError,
    errors.NotFoundError,
    errors.UnauthorizedPlaceError,
)
# So many that fail one after the other, not by amoCRM's definite no, may be its trouble and not theirs.
_MOST_IN_A_ROW: Final = 3
_QUICK: Final = 5.0  # seconds

_FIRST_BACKOFF: Final = 15.0
_LAST_BACKOFF: Final = 3600.0
MOST_ATTEMPTS: Final = 30  # about a day; then nobody waits for it any more


def is_of_one(error: Exception) -> bool:
    return isinstance(error, _OF_ONE) and not isinstance(error, errors.AddressBlockedError)


def is_definite(error: Exception) -> bool:
    return isinstance(error, _DEFINITE)


def is_beside_the_tariff(error: Exception, perform: Callable[..., Any]) -> bool:
    """Whether it is one place that is not paid for: of an unpaid account nothing is shown, its events neither."""
    return isinstance(error, errors.PaymentRequiredError) and _shows_events(perform)


def _shows_events(perform: Callable[..., Any]) -> bool:
    try:
        perform(lambda api: FeedApi(api).events(1))
    except errors.AmocrmError:
        return False
    return True


class RunFailures(Struct):
    """What fails in one run: whether it is single calls, or amoCRM as a whole."""

    perform: Callable[..., Any]
    in_a_row: int = 0
    shows_events: bool | None = None  # asked for when it matters

    def is_beside_the_tariff(self, error: Exception) -> bool:
        return isinstance(error, errors.PaymentRequiredError) and self._is_there()

    def is_of_one(self, error: errors.AmocrmError, took: float) -> bool:
        """Whether it concerns one entity, and the next may be asked for. `took`: its seconds; nobody goes on
        with several of which each takes the time of a whole call."""
        self.in_a_row += not is_definite(error)
        is_too_much = self.in_a_row >= _MOST_IN_A_ROW
        return is_of_one(error) and (not is_too_much or (took < _QUICK and self._is_there()))

    def _is_there(self) -> bool:
        if self.shows_events is None:
            self.shows_events = _shows_events(self.perform)
        return self.shows_events


def backoff(attempts: int) -> timedelta:
    return timedelta(seconds=seconds(attempts, _FIRST_BACKOFF, _LAST_BACKOFF))
