"""The words of the callback pages, from the catalogues under `callback.…`."""

from typing import Final, NamedTuple

from shared.platform.http import Request
from shared.platform.i18n import catalogue, language_of

# Every way in which a visit can fail; each has a title, what happened, and what to do.
FAILURES: Final = frozenset(
    {
        "access_denied",
        "account_not_found",
        "account_unreadable",
        "address_blocked",
        "client_in_use",
        "client_refused",
        "client_unknown",
        "code_refused",
        "consent_failed",
        "link_expired",
        "link_unknown",
        "nothing_here",
        "other_account",
        "other_integration",
        "redirect_uri_changed",
        "refusal_unknown",
        "request_refused",
        "scope_refused",
        "secret_missing",
        "several_integrations",
        "state_unknown",
        "token_unreadable",
        "try_again",
        "untrusted_host",
    }
)

# The code was not used up: when what was wrong is mended, the same page goes on.
RELOADABLE: Final = frozenset(
    {
        "account_not_found",
        "address_blocked",
        "client_refused",
        "redirect_uri_changed",
        "refusal_unknown",
        "scope_refused",
        "several_integrations",
        "try_again",
    }
)


class Failure(NamedTuple):
    title: str
    happened: str
    advice: str


class Success(NamedTuple):
    title: str
    line: str  # `{host}` is the account's address
    back: str


def language(request: Request, chosen: str | None) -> str:
    """The language of the consent, else the browser's, else the account's (amoCRM names it as `referer`)."""
    return language_of(request.headers.get("Accept-Language"), chosen, request.parameter("referer"))


def failure(code: str, language: str) -> Failure:
    assert code in FAILURES, code
    words = catalogue(language)
    return Failure(*(words[f"callback.{code}.{part}"] for part in Failure._fields))


def success(language: str) -> Success:
    words = catalogue(language)
    return Success(*(words[f"callback.success.{part}"] for part in Success._fields))


def button(name: str, language: str) -> str:
    """`again`, `reload` or `panel`."""
    return str(catalogue(language)[f"callback.{name}"])
