"""`GET get_delivery`: what has become of an accepted write."""

from typing import Any
from uuid import UUID

from shared.access.rights import Caller, Right
from shared.actions.action import Action
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `id`. `{delivery_id, action, state, attempts, results, problem, created_at, finished_at, due_in}`"""
    try:
        delivery_id = UUID(request.parameter("id") or "")
    except ValueError:
        raise invalid_input("must be the delivery_id that the write answered with", "id") from None
    # Another account's delivery is as unknown as one that never was.
    delivery = deliveries.by_id(runtime.database, delivery_id, caller.require_integration().id)
    if delivery is None:
        raise Problem(404, "unknown_delivery", "There is no such delivery in this account.")
    return json_response(delivery_view(delivery))


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    problem = {"code": delivery.problem_code, "detail": delivery.problem_detail} if delivery.problem_code else None
    return {
        "delivery_id": delivery.id,
        "action": delivery.action,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "results": delivery.results(),
        "problem": problem,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
        "due_in": delivery.due_in_seconds,
    }


ACTION = Action("get_delivery", "GET", Right.READ_DEAL, _run, query=("id",))
