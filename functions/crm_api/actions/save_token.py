"""`POST save_token`: connects an account with a long-lived token instead of a consent (row X6)."""

from typing import Annotated

from msgspec import Meta, Struct

from functions.crm_api.connections import ConnectionAnswer, connection_view
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.connections import integrations
from shared.connections import long_lived_tokens as long_lived
from shared.platform.http import Request, Response
from shared.platform.middleware import json_response
from shared.runtime import Runtime


class SaveToken(Struct, forbid_unknown_fields=True, frozen=True):
    token: Annotated[str, Meta(min_length=20, max_length=8192, pattern=r"^[\x21-\x7e]+$")]
    action: str | None = None


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{connection}`. The connection's client id and secret are saved before, for the widget's one-time tokens."""
    integration = caller.require_integration()
    body = bodies.decode(request, SaveToken)
    long_lived.store(runtime.rotation, integration, body.token, request.id)
    now = integrations.by_id(runtime.database, integration.id)
    assert now is not None
    return json_response({"connection": connection_view(now, request.language)})


ACTION = Action("save_token", "POST", Right.MANAGE, _run, body=SaveToken, answer=ConnectionAnswer)
