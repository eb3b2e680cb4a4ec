"""`GET get_settings`, `POST save_settings`: what a connection, an integration or a widget type sets, checked against
the account."""

from typing import Any

import msgspec

from features import settings
from features.registry import settings_parts
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.actions.feature import SettingsPart
from shared.connections import inheritance
from shared.connections.inheritance import LevelName
from shared.connections.integrations import Integration
from shared.platform.decoding import convert
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime


def _get(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{settings, level, sources, revision, touched, account_country}`: the document of :mod:`features.settings` that
    holds at the level, with its defaults; `sources`: which level sets each member; `touched`: for how many connections
    it counts; `account_country`: what an empty `phone_country` stands for, as amoCRM told when the account was
    connected (null: it did not)."""
    return _shown(runtime, caller, bodies.level(request))


def _save(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """As `get_settings` answers. 422 names what the account does not have, and what it has instead; 409 where somebody
    else has changed the level since `revision`."""
    integration = caller.require_integration()
    given: Any = bodies.decode(request, settings.SaveSettings)
    level: LevelName = given.level
    document = _set(request, given)
    parts = list(settings_parts())
    stored = settings.levels(runtime.database, integration)
    if given.revision not in (None, stored.revision(level)):
        raise _changed()
    if level == "connection":
        holds = convert(stored.merged("client") | document, settings.Settings)
        for part in parts:
            part.check(runtime, integration, convert(holds, part.document, from_attributes=True))
    else:
        _check_level(runtime, integration, parts, given, document)
    seen = None if given.revision is None else stored.own[level]
    by = caller.actor or caller.kind
    if not settings.save(runtime.database, integration, level, document, seen=seen, by=by, request_id=request.id):
        raise _changed()
    for part in parts:
        part.saved(runtime, integration)
    return _shown(runtime, caller, level)


def _set(request: Request, given: Any) -> dict[str, Any]:
    """Only what was given: a default is nobody's setting."""
    named = msgspec.json.decode(request.body)
    document: dict[str, Any] = msgspec.to_builtins(given)
    return {name: document[name] for name in settings.names() if named.get(name) is not None}


def _check_level(
    runtime: Runtime, integration: Integration, parts: list[SettingsPart], given: Any, document: dict[str, Any]
) -> None:
    """A level above connections sets nothing that one account has."""
    for part in parts:
        for name in part.document.__struct_fields__ if part.is_of_account else ():
            if name in document:
                raise invalid_input(say("names what one account has: set it there"), name)
        if not part.is_of_account:
            part.check(runtime, integration, convert(given, part.document, from_attributes=True))


def _shown(runtime: Runtime, caller: Caller, level: LevelName) -> Response:
    integration = caller.require_integration()
    stored = settings.levels(runtime.database, integration)
    return json_response(
        {
            "settings": settings.of(stored.merged(level)),
            "level": level,
            "sources": stored.sources(level),
            "revision": stored.revision(level),
            "touched": inheritance.below(runtime.database, inheritance.level_of(integration, level)),
            "account_country": integration.settings.get("account_country"),
        }
    )


def _changed() -> Problem:
    return Problem(409, "settings_changed", say("Somebody else has changed these settings in between."))


GET = Action("get_settings", "GET", Right.SEE, _get, query=("level",))
SAVE = Action("save_settings", "POST", Right.MANAGE, _save, body=settings.SaveSettings)
