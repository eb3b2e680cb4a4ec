"""`GET get_settings`, `POST save_settings`: an integration's settings, checked against its account."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from shared import settings
from shared.access.rights import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.runtime import Runtime
from shared.subjects import settings_parts

_SAVE = """
WITH saved AS (
    UPDATE amocrm_integrations SET settings = %(settings)s, updated_at = amocrm_now() WHERE id = %(id)s RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message, request_id)
    SELECT id, 'settings.saved', 'The settings were saved.', %(request_id)s FROM saved
)
SELECT id FROM saved
"""


class _Id(Struct, frozen=True):
    id: UUID


def _get(_runtime: Runtime, caller: Caller, _request: Request) -> Response:
    """`{settings}`: the document of :mod:`shared.settings`, with its defaults."""
    return json_response({"settings": settings.of(caller.require_integration().settings)})


def _save(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """As `get_settings` answers. 422 names what the account does not have, and what it has instead."""
    integration = caller.require_integration()
    given = bodies.decode(request, settings.SaveSettings)
    parts = list(settings_parts())
    for part in parts:
        part.check(runtime, integration, msgspec.convert(given, part.document, from_attributes=True))
    document: dict[str, Any] = msgspec.to_builtins(given)
    del document["action"]
    runtime.database.one(_Id, _SAVE, {"id": integration.id, "settings": Jsonb(document), "request_id": request.id})
    for part in parts:
        part.saved(runtime, integration)
    return json_response({"settings": document})


GET = Action("get_settings", "GET", Right.MANAGE, _get)
SAVE = Action("save_settings", "POST", Right.MANAGE, _save, body=settings.SaveSettings)
