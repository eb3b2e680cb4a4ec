"""`POST save_calculation`: a calculation into its deal, once, whatever fails in between (rows A5, X2).

The write is accepted into `amocrm_deliveries` first and then carried out at once. Temporary trouble answers 202 with
the delivery's id, and `run_deliveries` finishes it.
"""

import hashlib
from functools import partial

import msgspec

from functions.crm_api import body as bodies
from functions.crm_api.actions.action import Action
from shared import deliveries
from shared.calculation import model, plan
from shared.deliveries import Delivery
from shared.endpoint import json_response
from shared.http import Request, Response
from shared.problems import Problem, invalid_input
from shared.rights import Caller, Right
from shared.runtime import Runtime


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Body: :class:`shared.calculation.model.SaveCalculation`.

    200 `{delivery_id, state, results}`, or 202 with `problem` when it will be delivered later.

    Without an `Idempotency-Key` the same calculation for the same deal counts as the same request.
    """
    integration = caller.require_integration()
    body = bodies.decode(request, model.SaveCalculation)
    lead_id = caller.require_lead(bodies.lead_id(request, body.lead_id))
    model.check(body)
    stored = msgspec.json.encode(msgspec.structs.replace(body, lead_id=lead_id, action=None), order="deterministic")
    digest = hashlib.sha256(stored)
    delivery, is_new = deliveries.accept(
        runtime.database,
        runtime.keyring,
        integration.id,
        action=model.ACTION,
        key=_key(request) or f"body:{digest.hexdigest()}",
        request=stored.decode(),
        request_hash=digest.digest(),
        first_steps=plan.first_steps(body),
        lead_id=lead_id,
        request_id=request.id,
    )
    begun = plan.first_steps(body) if is_new else ()
    if delivery.state == "dead":
        # Saved once more by a person who has seen the problem: it is tried again.
        revived = deliveries.revive(runtime.database, runtime.keyring, delivery, stored.decode())
        is_new, delivery = revived is not None, revived or delivery
    if is_new:
        steps = plan.steps(runtime.database, delivery, lead_id, body, integration)
        perform = partial(
            runtime.connections.call, integration, pace=runtime.connections.pace(integration, plan.calls(body))
        )
        delivery = runtime.delivering.run(delivery, steps, perform, begun=begun)
    return _answer(delivery)


def _answer(delivery: Delivery) -> Response:
    if delivery.state == "dead":
        raise _refusal(delivery)
    document = {"delivery_id": delivery.id, "state": delivery.state, "results": delivery.results()}
    if delivery.state == "delivered":
        return json_response(document)
    retry_after = max(1, round(delivery.due_in_seconds or 5))
    problem = {"code": delivery.problem_code, "detail": delivery.problem_detail} if delivery.problem_code else None
    headers = (("Retry-After", str(retry_after)),)
    return json_response(document | {"problem": problem, "retry_after": retry_after}, 202, headers)


def _refusal(delivery: Delivery) -> Problem:
    """amoCRM refused the data itself, or the deal is gone."""
    gone = delivery.problem_code in ("amocrm_not_found", "amocrm_account_not_found")
    return Problem(
        404 if gone else 422,
        delivery.problem_code or "delivery_failed",
        delivery.problem_detail or "The calculation could not be saved.",
        extra={"delivery_id": delivery.id},
    )


def _key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable() and not key.startswith("body:")):
        raise invalid_input("must have 1 to 255 printable characters and not begin with body:", "Idempotency-Key")
    return key


ACTION = Action(model.ACTION, "POST", Right.WRITE_DEAL, _run, calls=1)
