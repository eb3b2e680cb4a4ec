"""Site keys: `POST create_site_key`, `GET get_site_keys`, `POST sign_site_key`, `POST accept_without_person`,
`POST revoke_site_key`."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import asdict

from shared.access.credentials import site_key
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.platform.config import web_origin
from shared.platform.http import Request, Response
from shared.platform.messages import UnfitError, say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime


class CreateSiteKey(Struct, forbid_unknown_fields=True, frozen=True):
    """Of pages, by their origins; or, with `is_server`, of a site builder's server, which has none."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
    origins: Annotated[list[str], Meta(max_length=20)] = []  # such as https://example.org
    accepts_hidden_origin: bool = False  # plain forms of pages whose Referrer-Policy hides their origin
    is_server: bool = False
    action: str | None = None


class SignSiteKey(Struct, forbid_unknown_fields=True, frozen=True):
    """The secret with which the site builder or the shop signs; null takes it away."""

    id: UUID
    secret: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^\S+$")] | None
    action: str | None = None


class AcceptWithoutPerson(Struct, forbid_unknown_fields=True, frozen=True):
    """`is_so`: it is right that forms of this key have neither a phone nor an e-mail; false: tell of it."""

    id: UUID
    is_so: bool
    action: str | None = None


class RevokeSiteKey(Struct, forbid_unknown_fields=True, frozen=True):
    id: UUID
    action: str | None = None


def _create(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, site_key, name, origins, accepts_hidden_origin, is_server}`. The key is shown this once."""
    integration = caller.require_integration()
    body = bodies.decode(request, CreateSiteKey)
    if body.is_server == bool(body.origins) or (body.is_server and body.accepts_hidden_origin):
        raise invalid_input(say("name the pages of a key, or make it one for a server: one of both"), "origins")
    origins = [_checked(origin, index) for index, origin in enumerate(body.origins)]
    hidden = body.accepts_hidden_origin
    key_id, key = site_key.create(runtime.database, integration, body.name, origins, hidden, body.is_server)
    facts = {"name": body.name, "origins": origins, "accepts_hidden_origin": hidden, "is_server": body.is_server}
    return json_response({"id": key_id, "site_key": key, **facts}, 201)


def _list(runtime: Runtime, caller: Caller, _request: Request) -> Response:
    """`{site_keys: [{id, name, origins, accepts_hidden_origin, is_server, is_signed, created_at, revoked_at}]}`, the
    newest first, those that are revoked last. `is_signed`: the key has its sender's secret."""
    found = site_key.of_integration(runtime.database, caller.require_integration())
    return json_response({"site_keys": [asdict(key) for key in found]})


def _sign(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, is_signed}`. From now on what comes with this key must be signed with this secret. 404 for what is no key
    of a server of this account, or is revoked."""
    integration, body = caller.require_integration(), bodies.decode(request, SignSiteKey)
    if not site_key.sign(runtime.database, runtime.keyring, integration, body.id, body.secret):
        raise _unknown()
    return json_response({"id": body.id, "is_signed": body.secret is not None})


def _accept_without_person(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, accepts_without_person}`. A key whose forms ask for neither a phone nor an e-mail is not told of in the
    overview any more. 404 for what is no key of a server of this account."""
    integration, body = caller.require_integration(), bodies.decode(request, AcceptWithoutPerson)
    if not site_key.accept_without_person(runtime.database, integration, body.id, body.is_so):
        raise _unknown()
    return json_response({"id": body.id, "accepts_without_person": body.is_so})


def _revoke(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, revoked: true}`; 404 for a key of another account."""
    body = bodies.decode(request, RevokeSiteKey)
    if not site_key.revoke(runtime.database, caller.require_integration(), body.id):
        raise _unknown()
    return json_response({"id": body.id, "revoked": True})


def _unknown() -> Problem:
    return Problem(404, "unknown_site_key", say("There is no such site key in this account."))


def _checked(origin: str, index: int) -> str:
    try:
        return web_origin(origin)
    except UnfitError as error:
        raise invalid_input(error.detail, f"origins[{index}]") from None


CREATE = Action("create_site_key", "POST", Right.MANAGE, _create, body=CreateSiteKey)
LIST = Action("get_site_keys", "GET", Right.SEE, _list)
SIGN = Action("sign_site_key", "POST", Right.MANAGE, _sign, body=SignSiteKey)
ACCEPT_WITHOUT_PERSON = Action(
    "accept_without_person", "POST", Right.MANAGE, _accept_without_person, body=AcceptWithoutPerson
)
REVOKE = Action("revoke_site_key", "POST", Right.MANAGE, _revoke, body=RevokeSiteKey)
