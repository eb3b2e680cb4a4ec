"""`POST exchange_code`: an authorization code that an application or a person brings by hand (rows C1, D4).

When the redirect has brought the same code already, the answer is the same: connected.
"""

from typing import Annotated

from msgspec import Meta, Struct

from functions.crm_api.connections import ConnectionAnswer, connection_view
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.amocrm.hosts import UntrustedHostError, clean_account_domain
from shared.connections import integrations
from shared.connections.authorization import AuthorizationFailedError
from shared.connections.client_resolution import CodeClient, Row
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime


class ExchangeCode(Struct, forbid_unknown_fields=True, frozen=True):
    code: Annotated[str, Meta(min_length=8, max_length=4096, pattern=r"^[\x21-\x7e]+$")]
    referer: str | None = None  # the account's host from the redirect, where it is known
    action: str | None = None


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{connection}`; 422 with amoCRM's reason for a code that is wrong, used, or older than its 20 minutes."""
    integration = caller.require_integration()
    body = bodies.decode(request, ExchangeCode)
    try:
        host = clean_account_domain(body.referer) if body.referer else integration.account_domain
    except UntrustedHostError as error:
        raise invalid_input(error.detail, "referer") from None
    try:
        client = CodeClient.of(integration, runtime.keyring, Row.OWN)
        connected = runtime.authorization.redeem([client], host, body.code, request_id=request.id)
    except AuthorizationFailedError as failure:
        raise Problem(422, failure.code, failure.detail) from None
    if connected != integration.id:
        raise Problem(409, "other_connection", say("This code has connected another integration."))
    now = integrations.by_id(runtime.database, connected)
    assert now is not None
    return json_response({"connection": connection_view(now, request.language)})


ACTION = Action("exchange_code", "POST", Right.CONNECT, _run, body=ExchangeCode, answer=ConnectionAnswer)
