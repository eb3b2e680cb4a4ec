"""Errors as the caller sees them: RFC 9457 problem details with a stable code.

Code raises :class:`Problem`, or an error of its own that says what it means to a caller (:class:`ForeseenError`), and
nobody but :mod:`shared.platform.middleware` turns it into an answer. The table of docs/http.md is gathered from the
declarations.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Final

from msgspec import Struct

from shared.platform.http import Pairs
from shared.platform.messages import Message, say, translated

# RFC 9110's phrases (RFC 6585 for 429). They are part of the interface: an interpreter's own change with its version.
TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class InputError(Struct, frozen=True):
    """One value that is not right; `path` is where it stands in the request."""

    path: str  # as in `calculation.items[0].quantity`; empty for the whole body
    detail: Message


def told(errors: Iterable[InputError], language: str) -> list[dict[str, str]]:
    """As callers get them, in the language."""
    return [{"path": error.path, "detail": translated(error.detail, language)} for error in errors]


@dataclass
class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """What went wrong (`code`, stable), and what the person can do about it (`detail`)."""

    status: int
    code: str
    detail: Message
    errors: tuple[InputError, ...] = ()
    retry_after: int | None = None  # seconds
    headers: Pairs = ()
    extra: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.code)

    def as_dict(self, request_id: str, language: str = "en") -> dict[str, object]:
        """The document; its sentences in the language, its codes and names as they are."""
        document: dict[str, object] = {
            "type": f"urn:amocrm-functions:problem:{self.code}",
            "title": TITLES.get(self.status, "Error"),
            "status": self.status,
            "code": self.code,
            "detail": translated(self.detail, language),
            "request_id": request_id,
        }
        if self.errors:
            document["errors"] = told(self.errors, language)
        if self.retry_after is not None:
            document["retry_after"] = self.retry_after
        return document | self.extra


class Kind(Struct, frozen=True):
    """What an error means to a caller: the status, the stable code, and what the person can do."""

    status: int
    code: str
    detail: Message
    retry_after: int | None = None  # seconds


class ForeseenError(Exception):
    """An error that means something to the caller; each class declares its own."""

    kind: ClassVar[Kind]

    def problem(self) -> Problem:
        kind = self.kind
        return Problem(kind.status, kind.code, kind.detail, retry_after=kind.retry_after)


def invalid_input(detail: Message, path: str = "") -> Problem:
    return Problem(
        422,
        "invalid_input",
        say("The request was understood, but a value in it is not right."),
        errors=(InputError(path, detail),),
    )


def null_character() -> Problem:
    return Problem(400, "null_character", say("No value may contain the character U+0000."))


def forbidden(detail: Message) -> Problem:
    return Problem(403, "forbidden", detail)


def unauthenticated(detail: Message) -> Problem:
    return Problem(401, "unauthenticated", detail, headers=(("WWW-Authenticate", "Bearer"),))


def problem_from(error: Exception) -> Problem | None:
    """The problem that an error means to a caller; None for an error that nobody foresaw."""
    if isinstance(error, Problem):
        return error
    return error.problem() if isinstance(error, ForeseenError) else None


def problem_of(error: BaseException) -> Problem:
    """The same of any error, for whoever goes on with something else: an unforeseen one is `internal_error`."""
    foreseen = problem_from(error) if isinstance(error, Exception) else None
    name = type(error).__name__
    detail = say("Something failed that nobody foresaw ({name}). The log of the functions says where.", name=name)
    return foreseen or Problem(500, "internal_error", detail)
