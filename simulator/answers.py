"""Answers in the API's shape, and errors in its two shapes of problem documents."""

import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from html import escape
from typing import Any

HTTPBIN = "https://httpstatus.es/{}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """Raised by the rules, turned into an answer by the server."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.answer = answer


def as_json(value: Any) -> bytes:
    """Budgets are kept as Decimals, see :mod:`simulator.money`."""
    return json.dumps(value, ensure_ascii=False, default=_number).encode()


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def document(value: Any, status: int = 200) -> Answer:
    return Answer(status, as_json(value), "application/hal+json")


def escaped(answer: Answer) -> Answer:
    # vendor: http.escaped
    def shown(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: inner if name == "href" else shown(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [shown(inner) for inner in value]
        return escape(value) if isinstance(value, str) else value

    return (
        replace(answer, body=as_json(shown(json.loads(answer.body))))
        if answer.body and "json" in answer.content_type
        else answer
    )


def nothing() -> Answer:
    return Answer(204)


def html(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), "text/html; charset=utf-8")


# What stands before amoCRM answers to an address that it has blocked.
BLOCKED = html("<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>403 Forbidden</body>\r\n</html>", 403)


def problem(status: int, title: str, detail: str, kind: str = HTTPBIN, **extra: Any) -> Answer:
    value = {"title": title, "type": kind.format(status), "status": status, "detail": detail, **extra}
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), "application/problem+json")


def oauth_problem(status: int, detail: str, hint: str | None) -> Answer:
    extra = {"hint": hint} if hint else {}
    kind = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"
    return problem(status, "Некорректный запрос" if hint else "Некорректный клиент", detail, kind, **extra)


def invalid(path: str, code: str, detail: str, request_id: str = "0") -> ApiError:
    """One validation error."""
    errors = [{"request_id": request_id, "errors": [{"code": code, "path": path, "detail": detail}]}]
    extra: dict[str, Any] = {"validation-errors": errors}
    return ApiError(problem(400, "Bad Request", "Request validation failed", **extra))


def not_found() -> ApiError:
    return ApiError(problem(404, "Not Found", "Entity not found"))


def nothing_to_write(status: int, errors: Any) -> ApiError:
    """Of a write into what is not there: 404, or 400 with these errors."""
    # vendor: writes.gone (production) A write into a deal that was deleted is 404, or 400 with `errors`: of a note a
    # list whose first has the code 226, of a change {id: "Lead not found"}. (Nobody knows when which of them.)
    # source: a client in PHP that takes both for a deal that is gone; amocrm-api-php issue 88 for the shape
    if status == 404:
        return not_found()
    return ApiError(problem(status, "Bad Request", "Invalid request body", errors=errors))
