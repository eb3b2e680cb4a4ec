"""Errors as the caller sees them: RFC 9457 problem details with a stable code.

Code raises :class:`Problem` (or an error of a deeper layer, which :func:`problem_from` knows) and nobody but
:mod:`shared.endpoint` turns it into an answer.
"""

from dataclasses import dataclass, field
from http import HTTPStatus

from shared.amocrm import errors as amocrm
from shared.database import DatabaseUnavailableError
from shared.encryption import DecryptionError
from shared.http import Pairs
from shared.locks import LockedError
from shared.rotation import ReauthRequiredError, RefreshDelayedError
from shared.webhooks import WebhookError


@dataclass(frozen=True, slots=True)
class InputError:
    path: str  # as in `calculation.items[0].quantity`; empty for the whole body
    detail: str


@dataclass
class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """What went wrong (`code`, stable), and what the person can do about it (`detail`)."""

    status: int
    code: str
    detail: str
    errors: tuple[InputError, ...] = ()
    retry_after: int | None = None  # seconds
    headers: Pairs = ()
    extra: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.code)

    def as_dict(self, request_id: str) -> dict[str, object]:
        document: dict[str, object] = {
            "type": f"urn:amocrm-functions:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.errors:
            document["errors"] = [{"path": error.path, "detail": error.detail} for error in self.errors]
        if self.retry_after is not None:
            document["retry_after"] = self.retry_after
        return document | self.extra


def invalid_input(detail: str, path: str = "") -> Problem:
    return Problem(
        422,
        "invalid_input",
        "The request was understood, but a value in it is not right.",
        errors=(InputError(path, detail),),
    )


def forbidden(detail: str) -> Problem:
    return Problem(403, "forbidden", detail)


def unauthenticated(detail: str) -> Problem:
    return Problem(401, "unauthenticated", detail, headers=(("WWW-Authenticate", "Bearer"),))


def problem_from(error: Exception) -> Problem | None:
    """The problem an error of a deeper layer means to a caller; None for an error nobody foresaw."""
    match error:
        case Problem():
            return error
        case DatabaseUnavailableError():
            return Problem(
                503,
                "database_unavailable",
                "The database cannot be reached. Nothing was changed that you need to undo; try again.",
                retry_after=5,
            )
        case DecryptionError():
            return Problem(
                500, "decryption_failed", "A stored secret cannot be read. The operator must check ENCRYPTION_KEYS."
            )
        case ReauthRequiredError():
            return Problem(409, "reauth_required", f"{error.detail} An administrator must authorise the account again.")
        case RefreshDelayedError():
            return Problem(503, error.code, error.detail, retry_after=max(1, round(error.retry_after)))
        case LockedError():
            detail = "The same person or field is being worked on elsewhere at this moment. Try again."
            return Problem(503, "busy", detail, retry_after=2)
        case WebhookError():
            return Problem(502, "webhook_failed", f"The webhook did not take the notice: {error}.", retry_after=30)
        case amocrm.AmocrmError():
            return _problem_from_amocrm(error)
    return None


def _problem_from_amocrm(error: amocrm.AmocrmError) -> Problem:
    extra: dict[str, object] = {"upstream_request_id": error.request_id} if error.request_id else {}
    match error:
        case amocrm.ValidationError():
            found = tuple(InputError(item.path, f"{item.code}: {item.detail}") for item in error.errors)
            return Problem(422, "amocrm_refused_input", f"amoCRM refused the data: {error}", errors=found, extra=extra)
        case amocrm.RateLimitedError():
            return Problem(
                429,
                "rate_limited",
                "amoCRM's limit of requests for this account is reached. Try again shortly.",
                retry_after=error.retry_after,
                extra=extra,
            )
        case amocrm.PaymentRequiredError():
            return Problem(
                402,
                "amocrm_unpaid",
                "amoCRM answers that this account is not paid. Its owner must pay the tariff; then try again.",
                extra=extra,
            )
        case amocrm.AddressBlockedError():
            return Problem(502, "amocrm_address_blocked", amocrm.ADDRESS_BLOCKED, extra=extra)
        case amocrm.ScopeMissingError():
            detail = (
                f"The integration has no access to {error.scope!r}. Tick this scope in the integration's settings in "
                "amoCRM, then authorise the account again."
            )
            return Problem(403, "amocrm_scope_missing", detail, extra=extra)
        case amocrm.ForbiddenError():
            return Problem(
                403,
                "amocrm_forbidden",
                "amoCRM refuses: the user who connected the integration, or the account's tariff, lacks the right "
                f"({error}).",
                extra=extra,
            )
        case amocrm.UnauthorizedError():
            return Problem(
                409,
                "reauth_required",
                "amoCRM no longer accepts this connection. An administrator must authorise it again.",
                extra=extra,
            )
        case amocrm.FilterIgnoredError():
            detail = (
                "This amoCRM account has no API filters (is_api_filter_enabled), so deals cannot be listed by "
                "pipeline, status or user. Leave the filters out, or search by text."
            )
            return Problem(409, "amocrm_filters_off", detail, extra=extra)
        case amocrm.AccountNotFoundError():
            return Problem(
                404, "amocrm_account_not_found", "No amoCRM account lives at this address any more.", extra=extra
            )
        case amocrm.NotFoundError():
            return Problem(
                404, "amocrm_not_found", "amoCRM has no such object in this account, or it was deleted.", extra=extra
            )
        case amocrm.UnknownOutcomeError():
            return Problem(
                504, "amocrm_timeout", "amoCRM did not answer in time. Try again.", retry_after=10, extra=extra
            )
        case amocrm.UnexpectedAnswerError():
            return Problem(
                502,
                "amocrm_unexpected_answer",
                "amoCRM answered with something that is not its API. Try again later.",
                retry_after=30,
                extra=extra,
            )
    return Problem(
        503, "amocrm_unavailable", "amoCRM is not available at the moment. Try again.", retry_after=15, extra=extra
    )
