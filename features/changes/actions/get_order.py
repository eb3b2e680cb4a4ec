"""`GET get_order`: where an order stands, in the shop's own words (row H3)."""

from datetime import datetime
from typing import Final, TypedDict
from urllib.parse import unquote

from features.changes import orders, settings
from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.connections.integrations import Integration
from shared.deliveries.order_proof import may_be_kept
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

_LONGEST: Final = 100
_CONTACT: Final = "X-Order-Contact"  # no query: proxies and access logs keep addresses


class OrderAnswer(TypedDict):
    """Where an order stands, in the shop's own words."""

    number: str
    status: str | None
    accepted_at: datetime


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `number`; and for a site key the header `X-Order-Contact`, a phone or e-mail of the order, which may be
    encoded as in an address: numbers can be guessed, and a site key is no secret.

    `{number, status, accepted_at}`: `status` is the shop's word for the deal's place, or null where the settings name
    none, and before the deal is made. 404 for an order that is not there, or is somebody else's.
    """
    integration = caller.require_integration()
    number = (request.parameter("number") or "").strip()
    if not 1 <= len(number) <= _LONGEST:
        raise invalid_input(say("must have 1 to {most} characters", most=_LONGEST), "number")
    proofs = None
    if caller.kind == "site":
        told = unquote(request.headers.get(_CONTACT) or "")
        proofs = may_be_kept(runtime.keyring, integration.id, told[:_LONGEST])
    order = orders.by_number(runtime.database, integration, number, proofs)
    if order is None:
        raise Problem(404, "unknown_order", say("There is no such order, or it was made with another phone or e-mail."))
    return json_response(
        {"number": number, "status": _status(runtime, integration, order), "accepted_at": order.created_at}
    )


def _status(runtime: Runtime, integration: Integration, order: orders.Order) -> str | None:
    wanted = settings.of(integration.settings)
    if order.lead_id is None or not wanted.order_statuses:
        return None
    known = orders.place_of(runtime.database, integration, order.lead_id) if wanted.is_on else None
    if known is None:
        lead_id = order.lead_id
        known = runtime.connections.call(integration, lambda api: api.lead(lead_id))
    return orders.status_of(wanted, known)


ACTION = Action(
    "get_order",
    "GET",
    Right.SEE_ORDER,
    _run,
    calls=1,
    answer=OrderAnswer,
    query=("number",),
    headers=(_CONTACT,),
)
