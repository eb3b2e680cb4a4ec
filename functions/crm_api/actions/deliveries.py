"""Deliveries, for people: `GET get_deliveries` lists them, `POST retry_delivery` takes a dead one up again."""

from uuid import UUID

from msgspec import Struct

from functions.crm_api.actions.get_delivery import delivery_view
from shared.access.rights import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.actions.body import optional_positive
from shared.deliveries import rows as deliveries
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

_DEFAULT_LIMIT = 50
_MOST = 200
_STATES = ("accepted", "delivered", "dead")


class RetryDelivery(Struct, forbid_unknown_fields=True, frozen=True):
    id: UUID
    action: str | None = None


def _list(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `state`, `limit`, `before` (the `next` of the page before). `{deliveries: […], next}`, newest first."""
    state = request.parameter("state") or None
    if state not in (None, *_STATES):
        raise invalid_input(f"must be one of {', '.join(_STATES)}", "state")
    before = request.parameter("before") or None
    try:
        before_id = UUID(before) if before else None
    except ValueError:
        raise invalid_input("must be the `next` of the page before", "before") from None
    limit = optional_positive(request, "limit", _MOST) or _DEFAULT_LIMIT
    integration = caller.require_integration()
    found = deliveries.page(runtime.database, integration.id, state=state, before=before_id, limit=limit + 1)
    shown = found[:limit]
    following = shown[-1].id if len(found) > limit else None
    return json_response({"deliveries": [delivery_view(one) for one in shown], "next": following})


def _retry(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{delivery}`; `run_deliveries` takes it up within a minute. 409 for one that is not dead, or too old."""
    integration, body = caller.require_integration(), bodies.decode(request, RetryDelivery)
    if deliveries.by_id(runtime.database, body.id, integration.id) is None:
        raise Problem(404, "unknown_delivery", "There is no such delivery in this account.")
    if not deliveries.retry(runtime.database, body.id, integration.id, request.id):
        raise Problem(409, "not_dead", "Only a dead delivery whose content is still kept can be taken up again.")
    now = deliveries.by_id(runtime.database, body.id, integration.id)
    assert now is not None
    return json_response({"delivery": delivery_view(now)}, 202)


LIST = Action("get_deliveries", "GET", Right.MANAGE, _list, query=("state", "limit", "before"))
RETRY = Action("retry_delivery", "POST", Right.MANAGE, _retry, body=RetryDelivery)
