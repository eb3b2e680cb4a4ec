"""What has happened in an account, and whom it has reached: `GET get_changes`, `POST replay_changes`."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from features.changes import changes, endpoints, replay
from features.changes.subjects import ENTITIES
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.connections.integrations import Integration, account_page
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime
from shared.storage.encryption import DecryptionError

_MOST = 200
_PAGES = ("lead", "contact", "company", "customer")  # what has a page of its own in amoCRM


class ReplayChanges(Struct, forbid_unknown_fields=True, frozen=True):
    """Either `ids`, or a span of time; of what the endpoint asks for, whether it was told or not."""

    endpoint_id: UUID
    ids: Annotated[list[UUID], Meta(min_length=1, max_length=1000)] | None = None
    since: datetime | None = None
    until: datetime | None = None
    action: str | None = None


def _list(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{changes: [{id, kind, entity_type, entity_id, link, created_at, sends}], next_before}`, the newest first.
    `link`: amoCRM's page of the deal, contact, company or customer. `sends`: `[{endpoint_id, state, attempts,
    answered_at, answer}]`, state waiting, delivered or dead. Query: `before` (a `next_before`), `limit`,
    `id` of a single one; with it `content=1`, for administrators: also `content`, what endpoints are told (null where
    it cannot be read)."""
    integration, only = caller.require_integration(), _one(request)
    limit = bodies.optional_positive(request, "limit", _MOST) or 50
    before = bodies.optional_positive(request, "before")
    found = changes.page(runtime.database, integration.id, before, limit + 1, only)
    page = account_page(runtime.settings, integration.account_domain)
    shown = [_view(one, page) for one in found[:limit]]
    if only is not None and request.parameter("content") == "1":
        caller.require(Right.MANAGE)
        shown = [one | {"content": _content(runtime, integration, only)} for one in shown]
    return json_response({"changes": shown, "next_before": found[limit - 1].position if len(found) > limit else None})


def _content(runtime: Runtime, integration: Integration, only: UUID) -> Any:
    stored = changes.document(runtime.database, integration.id, only)
    try:
        return None if stored is None else json.loads(runtime.keyring.decrypt(stored, only, "change"))
    except DecryptionError as error:
        changes.unreadable(runtime.database, integration.id, only, error)
        return None


def _one(request: Request) -> UUID | None:
    text = request.parameter("id")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise invalid_input(say("must be a change's id"), "id") from None


def _view(one: changes.ListedChange, account: str) -> dict[str, Any]:
    view = msgspec.structs.asdict(one)
    del view["position"]
    plural = ENTITIES.get(one.entity_type) if one.entity_type in _PAGES else None
    return view | {"link": f"{account}/{plural}/detail/{one.entity_id}" if plural else None}


def _replay(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{replayed}`: how many are sent: those that were delivered or given up again, each with the id that it had, and
    those that the endpoint was not told because it was off, or asked for less then."""
    integration, body = caller.require_integration(), bodies.decode(request, ReplayChanges)
    if (body.ids is None) == (body.since is None):
        raise invalid_input(say("name either ids or a time to begin with"), "since")
    for name, moment in (("since", body.since), ("until", body.until)):
        if moment is not None and moment.tzinfo is None:
            raise invalid_input(say("must have a time zone, such as 2026-01-31T09:00:00Z"), name)
    known = endpoints.of(runtime.database, integration.id)
    endpoint = next((one for one in known if one.id == body.endpoint_id), None)
    if endpoint is None:
        raise Problem(404, "unknown_endpoint", say("There is no such endpoint in this connection."))
    number = replay.replay(
        runtime.database, runtime.keyring, endpoint, ids=body.ids, since=body.since, until=body.until
    )
    return json_response({"replayed": number})


LIST = Action("get_changes", "GET", Right.SEE, _list, query=("before", "limit", "id", "content"))
REPLAY = Action("replay_changes", "POST", Right.OPERATE, _replay, body=ReplayChanges)
