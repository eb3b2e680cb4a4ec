"""What can go wrong with a call to amoCRM.

::

    AmocrmError
      NotSentError             the request never reached amoCRM: repeating it is safe
      UnknownOutcomeError      sent, and no answer: it may have been carried out
      AnsweredError            amoCRM (or something before it) answered
        ValidationError        400 with validation errors
        BadRequestError        any other 400
        UnauthorizedError      401: token dead or expired
        PaymentRequiredError   402: the account is not paid
        ForbiddenError         403 of the API: the user or the tariff lacks the right
          AddressBlockedError  403 that is not the API's: something before amoCRM refuses our address
          ScopeMissingError    the integration was not given a scope that this call needs
        NotFoundError          404, and 204 where one object was asked for
        AccountNotFoundError   404 that is not the API's: no account lives at this host
        RateLimitedError       429; its body is often not JSON
          HeldBackError        by ourselves, before it came to that
        ServerError            5xx that says the request was not carried out
        UnexpectedAnswerError  not the API's answer: HTML, broken JSON, too large, a redirect
        FilterIgnoredError     a list that holds what was not asked for
"""

from dataclasses import dataclass
from typing import Final

# What a person is told; the same words wherever it shows.
ADDRESS_BLOCKED: Final = (
    "amoCRM refuses the address of our server (403), and waiting does not help. Let the functions leave through "
    "another address: another region, or a NAT with an address of its own in a country that amoCRM admits."
)


class AmocrmError(Exception):
    """`request_id` is amoCRM's own (X-Request-Id), for its support."""

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class NotSentError(AmocrmError):
    pass


class UnknownOutcomeError(AmocrmError):
    pass


class AnsweredError(AmocrmError):
    def __init__(self, message: str, status: int, request_id: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, request_id)
        self.status = status
        self.hint = hint  # the token endpoint's word for what is wrong with a grant


@dataclass(frozen=True, slots=True)
class ValidationItem:
    code: str
    path: str
    detail: str


class BadRequestError(AnsweredError):
    pass


class ValidationError(BadRequestError):
    def __init__(self, message: str, status: int, request_id: str | None, errors: tuple[ValidationItem, ...]) -> None:
        super().__init__(message, status, request_id)
        self.errors = errors


class UnauthorizedError(AnsweredError):
    pass


class PaymentRequiredError(AnsweredError):
    pass


class ForbiddenError(AnsweredError):
    pass


class AddressBlockedError(ForbiddenError):
    pass


class ScopeMissingError(ForbiddenError):
    """`scope` as amoCRM names it, such as `files`."""

    def __init__(self, scope: str, request_id: str | None = None) -> None:
        super().__init__(f"the integration has no access to {scope}", 403, request_id)
        self.scope = scope


class NotFoundError(AnsweredError):
    pass


class AccountNotFoundError(NotFoundError):
    pass


class RateLimitedError(AnsweredError):
    def __init__(self, message: str, request_id: str | None, retry_after: int) -> None:
        super().__init__(message, 429, request_id)
        self.retry_after = retry_after  # seconds


class HeldBackError(RateLimitedError):
    pass


class ServerError(AnsweredError):
    pass


class UnexpectedAnswerError(AnsweredError):
    pass


class FilterIgnoredError(AnsweredError):
    pass
