"""`GET get_submission`: what has become of a form or an order, for the site that sent it."""

from datetime import datetime
from typing import Any, Final, Literal, TypedDict
from uuid import UUID

from msgspec import Struct

from features.submissions import model
from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.amocrm.contacts import ContactsApi
from shared.amocrm.errors import NotFoundError
from shared.amocrm.events import FeedApi
from shared.amocrm.leads import LOST, AccountApi
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime
from shared.storage.cache import SharedCache

Status = Literal["received", "delivered", "waiting", "accepted", "declined", "failed"]
_ACTIONS: Final = (model.SUBMIT_FORM, model.SUBMIT_ORDER)
# A page asks every few seconds; ten of them would use up what amoCRM answers the whole account.
_KNOWN_SECONDS: Final = 30
_HEARD: Final = "statuses_of_submissions"


class _Heard(Struct, frozen=True):
    status: Status
    at: int  # Unix seconds


class SubmissionAnswer(TypedDict):
    """`received`: it is not in amoCRM yet; `delivered`: it is. An incoming lead is `waiting` for a person, who has
    `accepted` or `declined` it. `failed`: a person of the company has to look after it."""

    id: str
    status: Status
    accepted_at: datetime | None


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `id`, the `delivery_id` that the submission was answered with.

    What a person has done with an incoming lead is told up to 30 seconds late. 404 for one that is not there: a public
    page is told `received` of it instead; nothing tells a robot, whose submission is thrown away, from others.
    """
    integration = caller.require_integration()
    try:
        id_ = UUID((request.parameter("id") or "").strip())
    except ValueError:
        raise invalid_input(say("must be the delivery_id that the write answered with"), "id") from None
    delivery = deliveries.by_id(runtime.database, id_, integration.id)
    if delivery is None or delivery.action not in _ACTIONS:
        if caller.kind != "site":
            raise Problem(404, "unknown_delivery", say("There is no such delivery in this account."))
        return json_response({"id": str(id_), "status": "received", "accepted_at": None})
    status = _status(delivery)
    if status == "waiting":
        status = _known_or_asked(runtime, integration, delivery)
    return json_response({"id": str(id_), "status": status, "accepted_at": delivery.created_at})


def _status(delivery: Delivery) -> Status:
    if delivery.result_of("incoming_lead") is not None:
        return "waiting"
    if delivery.state == "dead":
        return "failed"
    return "delivered" if delivery.state == "delivered" else "received"


def _known_or_asked(runtime: Runtime, integration: Integration, delivery: Delivery) -> Status:
    """As any instance has heard it within _KNOWN_SECONDS. One row of all that were asked about then: two at once may
    lose each other's, which costs a question."""
    cache, now = SharedCache(runtime.database, integration.id), int(runtime.clock.now().timestamp())
    heard = cache.latest(_HEARD, dict[str, _Heard], _KNOWN_SECONDS) or {}
    fresh = {id_: one for id_, one in heard.items() if 0 <= now - one.at < _KNOWN_SECONDS}
    known = fresh.get(str(delivery.id))
    if known is not None:
        return known.status
    status = runtime.connections.call(integration, lambda api: _decided(api, delivery), calls=3)
    cache.put(_HEARD, fresh | {str(delivery.id): _Heard(status, now)})
    return status


def _decided(api: AccountApi, delivery: Delivery) -> Status:
    """What a person has done with an incoming lead. Declined, its deal is closed, and was never told of as new."""
    # vendor: unsorted.accepted
    lead_id: Any = (delivery.result_of("incoming_lead") or {}).get("lead_id")
    if ContactsApi(api).find_incoming_lead(str(delivery.id), delivery.made_since) is not None:
        return "waiting"
    if lead_id is None:
        return "accepted"
    try:
        lead = api.lead(lead_id)
    except NotFoundError:
        return "declined"
    if lead.get("status_id") != LOST:
        return "accepted"
    is_told = any(one.get("type") == "lead_added" for one in FeedApi(api).events_of("lead", lead_id))
    return "accepted" if is_told else "declined"


ACTION = Action("get_submission", "GET", Right.SEE_ORDER, _run, calls=1, answer=SubmissionAnswer, query=("id",))
