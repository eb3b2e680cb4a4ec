"""What can go wrong with a call to amoCRM.

::

    AmocrmError
      NotSentError             the request never reached amoCRM: repeating it is safe
      UnknownOutcomeError      sent, and no answer: it may have been carried out
      AnsweredError            amoCRM (or something before it) answered
        ValidationError        400 with validation errors
        BadRequestError        any other 400 or 422
          SwitchedOffError     the account has not switched on what was asked for
        UnauthorizedError      401: token dead or expired
          UnauthorizedPageError 401 that is not the API's: something before amoCRM; it ends nothing
          UnauthorizedPlaceError 401 of one call, while the account itself takes the token; it ends nothing
        PaymentRequiredError   402: the account is not paid
        ForbiddenError         403 of the API: the user or the tariff lacks the right
          AddressBlockedError  403 that is not the API's: something before amoCRM refuses our address
          ScopeMissingError    the integration was not given a scope that this call needs
        NotFoundError          404, and 204 where one object was asked for
        AccountNotFoundError   404 that is not the API's: no account lives at this host
          RedirectedError      3xx: whoever lived at this host lives elsewhere
        RateLimitedError       429; its body is often not JSON
          HeldBackError        by ourselves, before it came to that
        ServerError            5xx that says the request was not carried out; a 400 that tells of amoCRM's own failure
        UnexpectedAnswerError  not the API's answer: HTML, broken JSON, too large
        FilterIgnoredError     a list that holds what was not asked for
        TooMuchToReadError     a list that is longer than anybody looks through
"""

from dataclasses import replace
from typing import Final

from msgspec import Struct

from shared.platform.messages import Message, english, joined, said, say
from shared.platform.problems import ForeseenError, InputError, Kind, Problem

# What a person is told; the same words wherever it shows.
ADDRESS_BLOCKED: Final = say(
    "amoCRM refuses the address of our server (403), and waiting does not help. Let the functions leave through "
    "another address: another region, or a NAT with an address of its own in a country that amoCRM admits."
)
_NOT_THE_API: Final = Kind(
    502,
    "amocrm_unexpected_answer",
    say("amoCRM answered with something that is not its API. Try again later."),
    retry_after=30,
)


class AmocrmError(ForeseenError):
    """`request_id` is amoCRM's own (X-Request-Id), for its support."""

    kind = Kind(503, "amocrm_unavailable", say("amoCRM is not available at the moment. Try again."), retry_after=15)

    def __init__(self, message: Message, request_id: str | None = None) -> None:
        super().__init__(english(message))
        self.message = message
        self.request_id = request_id

    def problem(self) -> Problem:
        told = super().problem()
        return replace(told, extra={"upstream_request_id": self.request_id}) if self.request_id else told


class NotSentError(AmocrmError):
    pass


class UnknownOutcomeError(AmocrmError):
    kind = Kind(504, "amocrm_timeout", say("amoCRM did not answer in time. Try again."), retry_after=10)


class AnsweredError(AmocrmError):
    def __init__(self, message: Message, status: int, request_id: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, request_id)
        self.status = status
        self.hint = hint  # the token endpoint's word for what is wrong with a grant; empty where it has none


class ValidationItem(Struct, frozen=True):
    code: str
    path: str
    detail: str


class BadRequestError(AnsweredError):
    kind = Kind(422, "amocrm_refused_input", say("amoCRM refused the data"))

    def problem(self) -> Problem:
        return replace(super().problem(), detail=say("amoCRM refused the data: {words}", words=self.message))


class SwitchedOffError(BadRequestError):
    pass


class ValidationError(BadRequestError):
    def __init__(
        self, message: Message, status: int, request_id: str | None, errors: tuple[ValidationItem, ...]
    ) -> None:
        super().__init__(message, status, request_id)
        self.errors = errors

    def problem(self) -> Problem:
        found = tuple(InputError(item.path, said(f"{item.code}: {item.detail}")) for item in self.errors)
        return replace(super().problem(), errors=found)


class UnauthorizedError(AnsweredError):
    kind = Kind(
        409,
        "reauth_required",
        say("amoCRM no longer accepts this connection. An administrator must authorise it again."),
    )


class UnauthorizedPageError(UnauthorizedError):
    kind = _NOT_THE_API


class UnauthorizedPlaceError(UnauthorizedError):
    kind = Kind(
        502,
        "amocrm_unexpected_answer",
        say("amoCRM refuses this one call, and accepts the connection elsewhere. Try again later."),
        retry_after=30,
    )


class PaymentRequiredError(AnsweredError):
    kind = Kind(
        402,
        "amocrm_unpaid",
        say("amoCRM answers that this account is not paid. Its owner must pay the tariff; then try again."),
    )


class ForbiddenError(AnsweredError):
    kind = Kind(
        403,
        "amocrm_forbidden",
        say("amoCRM refuses: the user who connected the integration, or the account's tariff, lacks the right."),
    )

    def problem(self) -> Problem:
        return replace(super().problem(), detail=joined(self.kind.detail, say("({words})", words=self.message)))


class AddressBlockedError(ForbiddenError):
    kind = Kind(502, "amocrm_address_blocked", ADDRESS_BLOCKED)

    def problem(self) -> Problem:
        return replace(super().problem(), detail=ADDRESS_BLOCKED)


class ScopeMissingError(ForbiddenError):
    """`scope` as amoCRM names it, such as `files`."""

    kind = Kind(
        403,
        "amocrm_scope_missing",
        say("Tick this scope in the integration's settings in amoCRM, then authorise the account again."),
    )

    def __init__(self, scope: str, request_id: str | None = None) -> None:
        super().__init__(say("the integration has no access to {scope}", scope=scope), 403, request_id)
        self.scope = scope

    def problem(self) -> Problem:
        missing = say("The integration has no access to '{scope}'.", scope=self.scope)
        return replace(super().problem(), detail=joined(missing, self.kind.detail))


class NotFoundError(AnsweredError):
    kind = Kind(404, "amocrm_not_found", say("amoCRM has no such object in this account, or it was deleted."))


class AccountNotFoundError(AnsweredError):
    kind = Kind(404, "amocrm_account_not_found", say("No amoCRM account lives at this address any more."))


class RedirectedError(AccountNotFoundError):
    pass


class RateLimitedError(AnsweredError):
    kind = Kind(429, "rate_limited", say("amoCRM's limit of requests for this account is reached. Try again shortly."))

    def __init__(self, message: Message, request_id: str | None, retry_after: int) -> None:
        super().__init__(message, 429, request_id)
        self.retry_after = retry_after  # seconds

    def problem(self) -> Problem:
        return replace(super().problem(), retry_after=self.retry_after)


class HeldBackError(RateLimitedError):
    pass


class ServerError(AnsweredError):
    pass


class UnexpectedAnswerError(AnsweredError):
    kind = _NOT_THE_API


class TooMuchToReadError(AnsweredError):
    kind = Kind(
        502,
        "amocrm_too_much_to_read",
        say("amoCRM has more of it than is looked through, so nobody knows whether this was written. Look there."),
    )


class FilterIgnoredError(AnsweredError):
    kind = Kind(
        409,
        "amocrm_filters_off",
        say(
            "This amoCRM account has no API filters (is_api_filter_enabled), so deals cannot be listed by "
            "pipeline, status or user. Leave the filters out, or search by text."
        ),
    )
