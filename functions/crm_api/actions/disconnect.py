"""`POST disconnect`: forgets the tokens of a connection; the client id and secret stay (row D5)."""

from functions.crm_api.connections import connection_view
from shared.access.rights import Caller, Right
from shared.actions.action import Action
from shared.connections import integrations
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.platform.problems import Problem
from shared.runtime import Runtime


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{connection}`. Disconnecting twice is no error."""
    integration = caller.require_integration()
    detail = "The connection was ended on our side. amoCRM still lists the integration until it is removed there."
    ended = integrations.disconnect(runtime.database, integration, "disconnected_here", detail, request.id)
    now = integrations.by_id(runtime.database, integration.id)
    assert now is not None
    if not ended and now.status != "disconnected":
        raise Problem(
            409, "changed_meanwhile", "The connection was renewed at this moment. Look at it, then try again."
        )
    return json_response({"connection": connection_view(now)})


ACTION = Action("disconnect", "POST", Right.CONNECT, _run)
