"""Errors that concern one call to amoCRM, or one entity, and say nothing of the account."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from shared.amocrm import errors
from shared.amocrm.events import FeedApi
from shared.platform.backoff import seconds
from shared.platform.problems import Problem

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
# A page of what stands before amoCRM; it may stand at one method only.
_PAGES: Final = (errors.AddressBlockedError, errors.AccountNotFoundError)
# So many that fail one after the other, not by amoCRM's definite no, may be its trouble and not theirs.
_MOST_IN_A_ROW: Final = 3
_QUICK: Final = 5.0  # seconds

_FIRST_BACKOFF: Final = 15.0
_LAST_BACKOFF: Final = 3600.0
MOST_ATTEMPTS: Final = 30  # about a day; then nobody waits for it any more


def is_of_one(error: Exception) -> bool:
    return isinstance(error, _OF_ONE) and not isinstance(error, errors.AddressBlockedError)


def is_definite(error: Exception) -> bool:
    return isinstance(error, _DEFINITE) and not isinstance(error, _PAGES)


class RunFailures(Struct):
    """What fails in one run: whether it is single calls, or amoCRM as a whole."""

    perform: Callable[..., Any]
    in_a_row: int = 0
    is_there: bool | None = None  # amoCRM, and shows this account; asked for when it matters

    def is_beside_the_tariff(self, error: Exception) -> bool:
        """Whether it is one place that is not paid for: of an unpaid account nothing is shown."""
        return isinstance(error, errors.PaymentRequiredError) and self._is_there()

    def is_of_one_place(self, error: Exception) -> bool:
        """Whether what is worded as if it were of the whole account is said at one place: its tariff has not that, or a
        page stands there."""
        return isinstance(error, (errors.PaymentRequiredError, *_PAGES)) and self._is_there()

    def is_of_one(self, error: errors.AmocrmError, took: float) -> bool:
        """Whether it concerns one entity, and the next may be asked for. `took`: its seconds; nobody goes on
        with several of which each takes the time of a whole call."""
        self.in_a_row += not is_definite(error)
        if self.in_a_row >= _MOST_IN_A_ROW and (took >= _QUICK or not self._is_there()):
            return False
        return is_of_one(error) or self.is_of_one_place(error)

    def _is_there(self) -> bool:
        if self.is_there is None:
            self.is_there = _shows_anything(self.perform)
        return self.is_there


def _shows_anything(perform: Callable[..., Any]) -> bool:
    """The list of events, or where that alone is not to be had, the deals."""
    try:
        perform(lambda api: FeedApi(api).events(1))
    except errors.AnsweredError:
        try:
            perform(lambda api: api.send("GET", "/leads", params={"limit": 1}))
        except errors.AmocrmError:
            return False
    except errors.AmocrmError:
        return False
    return True


def told(error: errors.AmocrmError) -> Problem:
    """As people are told of what concerns one place: the account is paid, and no address is wrong."""
    if isinstance(error, errors.PaymentRequiredError):
        return errors.ForbiddenError(error.message, error.status, error.request_id).problem()
    if isinstance(error, _PAGES):
        return errors.UnexpectedAnswerError(error.message, error.status, error.request_id).problem()
    return error.problem()


def backoff(attempts: int) -> timedelta:
    return timedelta(seconds=seconds(attempts, _FIRST_BACKOFF, _LAST_BACKOFF))
