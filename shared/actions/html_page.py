"""The page that answers a plain HTML form, where no script can show an answer."""

import html
import secrets
from typing import Final

from shared.platform import logs
from shared.platform.http import Request, Response
from shared.platform.i18n import catalogue, language_of
from shared.platform.messages import translated
from shared.platform.problems import Problem

_STYLE: Final = (
    "body{font:17px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.25rem;color:#1c2733}"
    "h1{font-size:1.6rem}a{color:#0b65c2}@media(prefers-color-scheme:dark){body{background:#14191f;color:#e6ebf0}"
    "a{color:#7db8ff}}"
)


def problem_page(problem: Problem, request: Request) -> Response:
    """What went wrong, for the person who pressed the button."""
    logs.problem_code.set(problem.code)
    title, back = words(request, "not_sent", "back")
    language = _language(request)
    errors = [f"{error.path}: {translated(error.detail, language)}." for error in problem.errors]
    details = " ".join([translated(problem.detail, language), *errors])
    return page(request, problem.status, title, f"{details} {back}.")


def words(request: Request, *names: str) -> list[str]:
    """Texts `form.…` in the language of the browser."""
    known = catalogue(_language(request))
    return [known[f"form.{name}"] for name in names]


def page(request: Request, status: int, title: str, text: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{html.escape(title)}</title>'
    )
    body = (
        f'<!doctype html><html lang="{_language(request)}"><head>{head}<style nonce="{nonce}">{_STYLE}</style></head>'
        f"<body><main><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></main></body></html>"
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy))
    return Response(status, body.encode(), headers)


def _language(request: Request) -> str:
    return language_of(request.headers.get("Accept-Language"))
