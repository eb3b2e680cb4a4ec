"""Errors that concern one call to amoCRM, or one entity, and say nothing of the account."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

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
_DEFINITE: Final = (errors.BadRequestError, errors.ForbiddenError, errors.NotFoundError)

_FIRST_BACKOFF: Final = 15.0
_LAST_BACKOFF: Final = 3600.0
MOST_ATTEMPTS: Final = 30  # about a day; then nobody waits for it any more


def is_of_one(error: Exception) -> bool:
    return isinstance(error, _OF_ONE) and not isinstance(error, errors.AddressBlockedError)


def is_definite(error: Exception) -> bool:
    return isinstance(error, _DEFINITE)


def is_beside_the_tariff(error: Exception, perform: Callable[..., Any]) -> bool:
    """Whether it is one place that is not paid for: of an unpaid account nothing is shown, its events neither."""
    if not isinstance(error, errors.PaymentRequiredError):
        return False
    try:
        perform(lambda api: FeedApi(api).events(1))
    except errors.AmocrmError:
        return False
    return True


def backoff(attempts: int) -> timedelta:
    return timedelta(seconds=seconds(attempts, _FIRST_BACKOFF, _LAST_BACKOFF))
