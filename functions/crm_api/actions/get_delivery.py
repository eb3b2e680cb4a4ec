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
    """Query: `id`, or `write` (the action that was called) with its `Idempotency-Key` as `key`: so a write can be
    followed before it has answered.

    `{delivery_id, action, lead_id, state, attempts, steps, results, story, problem, created_at, finished_at, due_in}`.
    `steps`: each begun step as `started` (perhaps sent), `planned` (to be tried again) or `done`. `story`: what
    happened, in order, `[{at, kind, step?, outcome?, code?, detail?, request_id?}]`, with the kinds accepted,
    step_done, warned, deferred, retried, dead, delivered; of more than 100 entries the first and the latest.
    """
    integration_id, key = caller.require_integration().id, request.parameter("key")
    # Another account's delivery is as unknown as one that never was.
    if key:
        delivery = deliveries.by_key(runtime.database, integration_id, request.parameter("write") or "", key)
    else:
        delivery = deliveries.by_id(runtime.database, _id(request), integration_id)
    if delivery is None:
        raise Problem(404, "unknown_delivery", "There is no such delivery in this account.")
    return json_response(delivery_view(delivery) | {"story": delivery.story})


def _id(request: Request) -> UUID:
    try:
        return UUID(request.parameter("id") or "")
    except ValueError:
        raise invalid_input("must be the delivery_id that the write answered with", "id") from None


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    problem = {"code": delivery.problem_code, "detail": delivery.problem_detail} if delivery.problem_code else None
    return {
        "delivery_id": delivery.id,
        "action": delivery.action,
        "lead_id": delivery.lead_id,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "steps": {name: entry.get("state") for name, entry in delivery.steps.items()},
        "results": delivery.results(),
        "problem": problem,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
        "due_in": delivery.due_in_seconds,
    }


ACTION = Action("get_delivery", "GET", Right.READ_DEAL, _run, query=("id", "write", "key"))
