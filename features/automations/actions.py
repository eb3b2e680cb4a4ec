"""Automations in the panel: listed, saved, removed, and given a new key."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from features import registry
from features.automations import effects as works
from features.automations import rows
from features.automations.effects import Call, Quotation, Work
from features.automations.rows import Automation, AutomationFields
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.connections.integrations import Integration
from shared.platform import egress
from shared.platform.http import Request, Response
from shared.platform.messages import UnfitError, say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime


class SaveAutomation(Struct, forbid_unknown_fields=True, frozen=True):
    """A new one has no `id`. `url` belongs to a call; null keeps the address. `revision`: of `get_automations`, so that
    nobody else's change is overwritten; null saves in any case."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    work: Work
    url: Annotated[str, Meta(max_length=2000)] | None = None
    id: UUID | None = None
    is_on: bool = True
    revision: UUID | None = None
    action: str | None = None


class NamedAutomation(Struct, forbid_unknown_fields=True, frozen=True):
    id: UUID
    action: str | None = None


def _list(runtime: Runtime, caller: Caller, _request: Request) -> Response:
    """`{automations: [{id, name, work, host, is_on, created_at, last_asked_at, revision}], values, kinds}`: `values`
    are what a text may name, `kinds` what an automation may do here."""
    integration = caller.require_integration()
    shown = [_view(one) for one in rows.of(runtime.database, integration.id)]
    return json_response({"automations": shown, "values": works.VALUES, "kinds": _kinds()})


def _save(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, revision, key, secret}`: the key of a new one, and the secret that signs its calls, are shown this once
    (201); else they are null. 404 for an id of another connection, 409 for one too many, or one that has changed since
    `revision`, 422 for what cannot be done."""
    integration, body = caller.require_integration(), bodies.decode(request, SaveAutomation)
    works.check(body.work)
    if isinstance(body.work, Quotation) and "quotation" not in _kinds():
        raise invalid_input(say("nothing here makes quotations"), "work.kind")
    known = None if body.id is None else _known(runtime, integration, body.id)
    wanted = AutomationFields(body.name, body.work, _address(runtime, body, known), body.is_on)
    if known is not None:
        saved = rows.change(runtime.database, runtime.keyring, known, wanted, body.revision)
        if saved is None:
            _known(runtime, integration, known.id)
            raise Problem(409, "automation_changed", say("This automation has changed in between."))
        return json_response(saved)
    added = rows.add(runtime.database, runtime.keyring, integration.id, wanted)
    if added is None:
        detail = say("A connection has at most {most} automations; remove one first.", most=rows.MOST)
        raise Problem(409, "too_many_automations", detail)
    return json_response(added, 201)


def _remove(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, removed: true}`: its key opens nothing any more; what was accepted is still carried out. 404 for an id of
    another connection."""
    integration, body = caller.require_integration(), bodies.decode(request, NamedAutomation)
    if not rows.remove(runtime.database, integration.id, body.id):
        raise _unknown()
    return json_response({"id": body.id, "removed": True})


def _replace_key(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, key}`: shown this once; enter it in amoCRM, where the one before opens nothing any more. 404 for an id of
    another connection."""
    integration, body = caller.require_integration(), bodies.decode(request, NamedAutomation)
    key = rows.replace_key(runtime.database, integration.id, body.id)
    if key is None:
        raise _unknown()
    return json_response({"id": body.id, "key": key})


def _kinds() -> list[str]:
    return ["note", "task", *(["quotation"] if registry.quotation() is not None else []), "call", "bot"]


def _address(runtime: Runtime, body: SaveAutomation, known: Automation | None) -> str | None:
    if not isinstance(body.work, Call):
        return None
    before = None if known is None else rows.address(runtime.keyring, known)
    url = body.url or (before[0] if before is not None else "")
    try:
        egress.checked(url, runtime.settings.endpoint_private_hosts)
    except UnfitError as error:
        raise invalid_input(error.detail, "url") from None
    return url


def _known(runtime: Runtime, integration: Integration, automation_id: UUID) -> Automation:
    found = next((one for one in rows.of(runtime.database, integration.id) if one.id == automation_id), None)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> Problem:
    return Problem(404, "unknown_automation", say("There is no such automation in this connection."))


def _view(automation: Automation) -> dict[str, Any]:
    shown = ("id", "name", "work", "host", "is_on", "created_at", "last_asked_at", "revision")
    return {name: getattr(automation, name) for name in shown}


LIST = Action("get_automations", "GET", Right.SEE, _list)
SAVE = Action("save_automation", "POST", Right.MANAGE, _save, body=SaveAutomation)
REMOVE = Action("remove_automation", "POST", Right.MANAGE, _remove, body=NamedAutomation)
REPLACE_KEY = Action("replace_automation_key", "POST", Right.MANAGE, _replace_key, body=NamedAutomation)
