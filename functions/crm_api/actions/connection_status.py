"""`GET connection_status`: one connection, or, for an administrator who names no account, all of them (row D5)."""

from functions.crm_api.connections import addresses, connection_view
from shared.access.rights import Caller, Right
from shared.actions.action import Action
from shared.actions.body import optional_positive
from shared.connections import integrations
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime

_DEFAULT_LIMIT = 50
_MOST = 200


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{connection, …addresses}`, or `{connections: […], next: "domain/widget" | null, …addresses}`.

    Query for the list: `limit`, and `after` with the `next` of the page before.
    """
    if caller.named_account:
        return json_response({"connection": connection_view(caller.require_integration()), **addresses(runtime)})
    limit = optional_positive(request, "limit", _MOST) or _DEFAULT_LIMIT
    found = integrations.page(runtime.database, _after(request), limit + 1)
    shown = found[:limit]
    following = f"{shown[-1].account_domain}/{shown[-1].widget_type}" if len(found) > limit else None
    views = [connection_view(integration) for integration in shown]
    return json_response({"connections": views, "next": following, **addresses(runtime)})


def _after(request: Request) -> tuple[str, str] | None:
    text = request.parameter("after")
    if not text:
        return None
    domain, separator, widget_type = text.partition("/")
    if not separator or "\0" in text:
        raise invalid_input("must be the `next` of the page before", "after")
    return domain, widget_type


ACTION = Action("connection_status", "GET", Right.SEE_CONNECTION, _run, query=("limit", "after"))
