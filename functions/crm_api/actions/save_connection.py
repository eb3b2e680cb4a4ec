"""`POST save_connection`: the client id and secret of an amoCRM integration, before its consent (rows A2, A3, E2)."""

from typing import Annotated
from uuid import uuid4

from msgspec import Meta, Struct

from functions.crm_api.connections import addresses, connect_link, connection_view
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.amocrm.hosts import UntrustedHostError, clean_account_domain
from shared.connections import integrations
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

Credential = Annotated[str, Meta(min_length=8, max_length=128, pattern=r"^[\x21-\x7e]+$")]


class SaveConnection(Struct, forbid_unknown_fields=True, frozen=True):
    widget_type: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    account_domain: str  # as a person types it: any case, with or without https://
    client_id: Credential
    client_secret: Credential | None = None  # may be left out where the client id stays
    language: str | None = None
    action: str | None = None


def _run(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{connection, connect_url, redirect_uri, hook_url, widget_url}`; 201 for a new connection.

    Another client id, which comes with its secret, ends the present connection; another secret alone keeps it.
    """
    body = bodies.decode(request, SaveConnection)
    try:
        domain = clean_account_domain(body.account_domain)
    except UntrustedHostError as error:
        raise invalid_input(error.detail, "account_domain") from None
    known = integrations.by_domain(runtime.database, domain, body.widget_type)
    if known is None:
        _create(runtime, body, domain, request.id)
    else:
        if body.client_secret is None and body.client_id != known.client_id:
            raise invalid_input(say("another client id needs the secret key of its own integration"), "client_secret")
        integrations.change_client(
            runtime.database,
            runtime.keyring,
            known.id,
            client_id=body.client_id,
            client_secret=body.client_secret,
            redirect_uri=runtime.settings.redirect_uri,
            request_id=request.id,
        )
    saved = integrations.by_domain(runtime.database, domain, body.widget_type)
    assert saved is not None
    link = connect_link(runtime, saved, body.language)
    document = {"connection": connection_view(saved, request.language), "connect_url": link, **addresses(runtime)}
    return json_response(document, 200 if known else 201)


def _create(runtime: Runtime, body: SaveConnection, domain: str, request_id: str) -> None:
    if body.client_secret is None:
        raise invalid_input(say("a new connection needs the integration's secret key"), "client_secret")
    created = integrations.create(
        runtime.database,
        runtime.keyring,
        uuid4(),
        widget_type=body.widget_type,
        account_domain=domain,
        client_id=body.client_id,
        client_secret=body.client_secret,
        redirect_uri=runtime.settings.redirect_uri,
        request_id=request_id,
    )
    if not created:
        raise Problem(
            409, "saved_elsewhere", say("This connection was saved by somebody else at this moment. Save again.")
        )


ACTION = Action("save_connection", "POST", Right.MANAGE, _run, body=SaveConnection)
