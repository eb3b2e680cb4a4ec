"""Deliveries, for people: `GET get_deliveries` lists them, `POST retry_delivery` takes a dead one up again."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from functions.crm_api.actions.get_delivery import delivery_view
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.actions.body import optional_positive
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

_DEFAULT_LIMIT = 50
_MOST = 200
_STATES = ("accepted", "delivered", "dead")
_FEW = ("accepted", "dead")  # of which there are not many, also over all accounts
_LAST_MOMENT = 253_402_300_799  # the year 9999


class RetryDelivery(Struct, forbid_unknown_fields=True, frozen=True):
    id: UUID | None = None
    ids: Annotated[list[UUID], Meta(max_length=_MOST)] = []
    action: str | None = None


def _list(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `state`, `lead_id`, `write` (the action that was called), `since`, `until` (Unix seconds), `limit`,
    `before` (the `next` of the page before). `{deliveries: […], next}`, newest first.

    Without an account in the headers: those of all accounts, in the state accepted or dead.
    """
    state = request.parameter("state") or None
    if state not in (None, *_STATES):
        raise invalid_input(say("must be one of {names}", names=", ".join(_STATES)), "state")
    integration = caller.require_integration() if caller.named_account else None
    if integration is None and state not in _FEW:
        raise invalid_input(say("must be one of {names}", names=", ".join(_FEW)), "state")
    before = request.parameter("before") or None
    try:
        before_id = UUID(before) if before else None
    except ValueError:
        raise invalid_input(say("must be the `next` of the page before"), "before") from None
    wanted = deliveries.DeliveryFilter(
        state,
        optional_positive(request, "lead_id"),
        request.parameter("write") or None,
        _moment(request, "since"),
        _moment(request, "until"),
    )
    limit = optional_positive(request, "limit", _MOST) or _DEFAULT_LIMIT
    of = integration.id if integration else None
    found = deliveries.page(runtime.database, of, wanted, before=before_id, limit=limit + 1)
    shown = found[:limit]
    following = shown[-1].id if len(found) > limit else None
    views = [_view(runtime, one, request) for one in shown]
    return json_response({"deliveries": views, "next": following})


def _moment(request: Request, name: str) -> datetime | None:
    seconds = optional_positive(request, name, _LAST_MOMENT)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _view(runtime: Runtime, delivery: Delivery, request: Request) -> dict[str, Any]:
    domain = delivery.account_domain or ""
    of = {"account_domain": domain, "widget_type": delivery.widget_type}
    return delivery_view(runtime, delivery, domain, request.language) | of


def _retry(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`id` of one: `{delivery}`, or 409 for one that is not dead, or too old. `ids` of several, at most 200:
    `{retried}`, how many. `run_deliveries` takes them up within a minute."""
    body = bodies.decode(request, RetryDelivery)
    integration = caller.require_integration() if caller.named_account else None
    if body.id is None:
        of = integration.id if integration else None
        return json_response({"retried": deliveries.retry(runtime.database, body.ids, of, request.id)}, 202)
    own = caller.require_integration()
    if deliveries.by_id(runtime.database, body.id, own.id) is None:
        raise Problem(404, "unknown_delivery", say("There is no such delivery in this account."))
    if not deliveries.retry(runtime.database, [body.id], own.id, request.id):
        raise Problem(409, "not_dead", say("Only a dead delivery whose content is still kept can be taken up again."))
    now = deliveries.by_id(runtime.database, body.id, own.id)
    assert now is not None
    return json_response({"delivery": delivery_view(runtime, now, own.account_domain, request.language)}, 202)


LIST = Action(
    "get_deliveries",
    "GET",
    Right.SEE,
    _list,
    query=("state", "lead_id", "write", "since", "until", "limit", "before"),
)
RETRY = Action("retry_delivery", "POST", Right.OPERATE, _retry, body=RetryDelivery)
