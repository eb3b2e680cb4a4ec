"""`POST save_calculation`: a calculation into its deal, once, whatever fails in between (rows A5, X2).

The write is accepted into `amocrm_deliveries` first and then carried out at once. Temporary trouble answers 202 with
the delivery's id, and `run_deliveries` finishes it.
"""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from features.calculations import deal_fields, model, plan, verification
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions import currency
from shared.actions.action import Action
from shared.actions.idempotency import IdempotentWrite, WriteStatus, accept, answer
from shared.deliveries import rows
from shared.platform.http import Request, Response
from shared.platform.problems import Problem
from shared.runtime import Runtime

# The deal's latest calculation, where this one has come for it before.
_LATEST: Final = """
SELECT id, idempotency_key AS key FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND action = %(action)s AND lead_id = %(lead_id)s
  AND EXISTS (SELECT FROM amocrm_deliveries WHERE integration_id = %(integration_id)s AND action = %(action)s
      AND idempotency_key = ANY (%(usual)s::text[]))
ORDER BY created_at DESC, id DESC LIMIT 1
"""


class _Latest(Struct, frozen=True):
    id: UUID
    key: str


def _usual_keys(runtime: Runtime, integration_id: UUID, lead_id: int, identity: bytes) -> list[str]:
    """Of what comes without a key: an equal calculation is the same one as long as the deal has no other since. What is
    changed back is a change."""
    usual = [f"body:{one}" for one in runtime.keyring.digests(identity, integration_id)]
    asked = {"integration_id": integration_id, "action": model.ACTION, "lead_id": lead_id, "usual": usual}
    latest = runtime.database.one(_Latest, _LATEST, asked)
    if latest is None:
        return usual
    return [latest.key] if latest.key.startswith(tuple(usual)) else [f"{one}:{latest.id}" for one in usual]


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Body: :class:`features.calculations.model.SaveCalculation`.

    200 `{delivery_id, state, results}`, or 202 with `problem` when it will be delivered later.

    Without an `Idempotency-Key` the same calculation for the same deal counts as the same request, until another one
    came for it.
    """
    integration = caller.require_integration()
    body = bodies.decode(request, model.SaveCalculation)
    lead_id = caller.require_lead(bodies.lead_id(request, body.lead_id))
    model.check(body)
    key = bodies.idempotency_key(request)
    written = body.calculation
    try:
        written = verification.check(runtime, integration, body)
    except Problem:
        # What was accepted before stands, whatever the calculator has become since.
        if key is None or rows.by_key(runtime.database, integration.id, model.ACTION, key) is None:
            raise
    kept = msgspec.structs.replace(body, lead_id=lead_id, action=None, calculator=None)
    identity = msgspec.json.encode(kept, order="deterministic")
    # Where nobody can say now, the amounts stay without a currency's sign: they are the account's all the same.
    said = body.calculation.currency or currency.of_account(runtime, integration) or ""
    kept = msgspec.structs.replace(kept, calculation=msgspec.structs.replace(written, currency=said))
    stored = msgspec.json.encode(kept, order="deterministic")

    summary = {"total": f"{body.calculation.rounded_total:f}"} | ({"currency": said} if said else {}) | caller.sender()
    summary |= {"deal": deal} if (deal := deal_fields.of(body)) else {}
    key, *also = [key] if key else _usual_keys(runtime, integration.id, lead_id, identity)
    steps = plan.first_steps(body)
    write = IdempotentWrite(plan.PLANNER, stored, key, steps, lead_id, identity, summary=summary, also=also)
    return answer(request, accept(runtime, integration, request, write))


ACTION = Action(
    model.ACTION,
    "POST",
    Right.WRITE_DEAL,
    _run,
    calls=1,
    body=model.SaveCalculation,
    answer=WriteStatus,
    is_for_a_deal=True,
    is_change=False,
)
