"""`POST disconnect`: forgets the tokens of a connection; the client id and secret stay (row D5)."""

from features.registry import on_disconnect
from functions.crm_api.connections import ConnectionAnswer, connection_view
from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.amocrm.errors import AmocrmError
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform import logs
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem
from shared.runtime import Runtime
from shared.storage.encryption import DecryptionError


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{connection}`. Disconnecting twice is no error."""
    integration = caller.require_integration()
    _say_goodbye(runtime, integration)
    detail = say("The connection was ended on our side. amoCRM still lists the integration until it is removed there.")
    ended = integrations.disconnect(runtime.database, integration, "disconnected_here", detail, request.id)
    now = integrations.by_id(runtime.database, integration.id)
    assert now is not None
    if not ended and now.status != "disconnected":
        raise Problem(
            409, "changed_meanwhile", say("The connection was renewed at this moment. Look at it, then try again.")
        )
    return json_response({"connection": connection_view(now, request.language)})


def _say_goodbye(runtime: Runtime, integration: Integration) -> None:
    """What we have left in the account goes, as far as amoCRM lets us at this moment."""
    if integration.status != "connected":
        return
    for ending in on_disconnect():
        try:
            ending(runtime, integration)
        except (AmocrmError, DecryptionError, ReauthRequiredError, RefreshDelayedError) as error:
            logs.warning("disconnect.left_behind", integration_id=integration.id, error=type(error).__name__)


ACTION = Action("disconnect", "POST", Right.CONNECT, _run, answer=ConnectionAnswer)
