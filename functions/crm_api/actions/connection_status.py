"""`GET connection_status`: one connection, or, for an administrator who names no account, all of them (row D5)."""

from typing import NotRequired

from functions.crm_api.connections import Addresses, Connection, addresses, connection_view
from functions.crm_api.overview import STATUSES
from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.actions.body import optional_positive
from shared.connections import integrations
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime


class StatusAnswer(Addresses):
    """One connection, or a page of them."""

    connection: NotRequired[Connection]
    connections: NotRequired[list[Connection]]
    next: NotRequired[str | None]


_DEFAULT_LIMIT = 50
_MOST = 200


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{connection, …addresses}`, or `{connections: […], next: "domain/widget" | null, …addresses}`.

    Query for the list: `limit`, and `after` with the `next` of the page before; `search` (a part of the account's
    address), `status`, `widget_type`, `trouble=1` for those that have a problem, and `todo` for
    those in which something waits that `get_overview` counts under this code.
    """
    if caller.named_account:
        return json_response(
            {"connection": connection_view(caller.require_integration(), request.language), **addresses(runtime)}
        )
    limit = optional_positive(request, "limit", _MOST) or _DEFAULT_LIMIT
    found = integrations.page(runtime.database, _after(request), limit + 1, _wanted(request))
    shown = found[:limit]
    following = f"{shown[-1].account_domain}/{shown[-1].widget_type}" if len(found) > limit else None
    views = [connection_view(integration, request.language) for integration in shown]
    return json_response({"connections": views, "next": following, **addresses(runtime)})


def _wanted(request: Request) -> integrations.IntegrationFilter:
    status = request.parameter("status") or None
    if status not in (None, *STATUSES):
        raise invalid_input(say("must be one of {names}", names=", ".join(STATUSES)), "status")
    todo = request.parameter("todo") or None
    if todo not in (None, *integrations.TODO):
        raise invalid_input(say("must be one of {names}", names=", ".join(integrations.TODO)), "todo")
    search = (request.parameter("search") or "").strip().lower()[:100]
    widget_type = request.parameter("widget_type") or None
    return integrations.IntegrationFilter(
        search or None, status, widget_type, request.parameter("trouble") == "1", todo
    )


def _after(request: Request) -> tuple[str, str] | None:
    text = request.parameter("after")
    if not text:
        return None
    domain, separator, widget_type = text.partition("/")
    if not separator or "\0" in text:
        raise invalid_input(say("must be the `next` of the page before"), "after")
    return domain, widget_type


ACTION = Action(
    "connection_status",
    "GET",
    Right.SEE_CONNECTION,
    _run,
    answer=StatusAnswer,
    query=("limit", "after", "search", "status", "widget_type", "trouble", "todo"),
)
