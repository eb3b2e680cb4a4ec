"""`POST start_connection`: the address at which an administrator of the account gives consent (rows D2, D3)."""

from msgspec import Struct

from functions.crm_api.connections import Addresses, addresses, connect_link
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.platform.http import Request, Response
from shared.platform.middleware import json_response
from shared.runtime import Runtime


class StartConnection(Struct, forbid_unknown_fields=True, frozen=True):
    language: str | None = None
    return_to: str | None = None  # where the finished page's button leads; scheme and host from RETURN_LINKS
    action: str | None = None


class ConsentAnswer(Addresses):
    """Where consent begins."""

    connect_url: str
    consent_origin: str


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{connect_url, consent_origin, redirect_uri, hook_url, widget_url}`; the address works for 24 hours.

    `consent_origin` is amoCRM's: from its window a page may hear where to go, or that the person denied.
    """
    body = bodies.decode(request, StartConnection) if request.body else StartConnection()
    integration = caller.require_integration()
    link = connect_link(runtime, integration, body.language, body.return_to)
    origin = runtime.settings.amocrm_gateway or f"https://{integration.account_domain}"
    return json_response({"connect_url": link, "consent_origin": origin, **addresses(runtime)})


ACTION = Action(
    "start_connection", "POST", Right.CONNECT, _run, body=StartConnection, answer=ConsentAnswer, is_change=False
)
