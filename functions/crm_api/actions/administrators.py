"""Who looks after the installation: `get_administrators`, `create_administrator`, `save_administrator`,
`renew_sign_in`, `revoke_administrator`, `sign_in`, and `get_administrator` for who one is."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import asdict

from shared.access.credentials import named_administrator as administrators
from shared.access.permissions import RIGHTS, Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.platform import widgets
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, unauthenticated
from shared.runtime import Runtime

Rights = Literal["see", "operate", "manage"]
Email = Annotated[str, Meta(max_length=254, pattern=r"^[!-?A-~]+@[!-?A-~]+$")]


class CreateAdministrator(Struct, forbid_unknown_fields=True, frozen=True):
    """`days`: how long the sign-in works; without it until it is revoked. `email`: as the issuer knows them, who may
    then also sign in by it."""

    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")]
    rights: Rights = "see"
    email: Email | None = None
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    action: str | None = None


class SaveAdministrator(Struct, forbid_unknown_fields=True, frozen=True):
    """Both are replaced. Another `email`, or none, ends what was signed in by the issuer with the one before.
    `revision`: of `get_administrators`, so that nobody else's change is overwritten; null saves in any case."""

    id: UUID
    rights: Rights
    email: Email | None = None
    revision: Annotated[str, Meta(max_length=300)] | None = None
    action: str | None = None


class NamedAdministrator(Struct, forbid_unknown_fields=True, frozen=True):
    id: UUID
    action: str | None = None


def _me(_runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{name, rights, widget_types, calculator_types}`: `rights` are the names of what this sign-in may do;
    `widget_types` the names of what is in `widgets/`, by type, `calculator_types` those whose cards show a
    calculator."""
    names = {name: widgets.words(one.name, request.language) for name, one in widgets.types().items()}
    calculators = [name for name, one in widgets.types().items() if one.page == "calculator"]
    rights = sorted(RIGHTS[caller.kind])
    return json_response(
        {"name": caller.actor, "rights": rights, "widget_types": names, "calculator_types": calculators}
    )


def _list(runtime: Runtime, _caller: Caller, _request: Request) -> Response:
    """`{administrators: […]}`, each with `id, name, rights, email, revision, created_at, created_by, expires_at,
    revoked_at, last_used_at, is_invited`."""
    return json_response({"administrators": [asdict(one) for one in administrators.listed(runtime.database)]})


def _create(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, link}`: the address at which they sign in, once, within a day. It is shown this once. 409 where another
    administrator has the e-mail address."""
    made = invited(runtime, bodies.decode(request, CreateAdministrator), str(caller.actor))
    if made is None:
        raise _taken()
    new_id, code = made
    return json_response({"id": new_id, "link": link(runtime, code)}, 201)


def _save(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{id}`: what they may, and by which address the issuer knows them. 404 for who is not there, 409 where another
    administrator has the address, or where they have changed since `revision`."""
    body = bodies.decode(request, SaveAdministrator)
    if not administrators.change(runtime.database, body.id, body.rights, body.email, body.revision):
        present = [one for one in administrators.listed(runtime.database) if one.revoked_at is None]
        them = next((one for one in present if one.id == body.id), None)
        if them is None:
            raise _unknown()
        if body.revision not in (None, them.revision):
            raise Problem(409, "administrator_changed", say("This administrator has changed in between."))
        raise _taken()
    return json_response({"id": body.id})


def _renew(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{id, link}`: another link for somebody; their present sign-in ends when it is used. 404 for who is not there."""
    body = bodies.decode(request, NamedAdministrator)
    code = administrators.invite_again(runtime.database, body.id)
    if code is None:
        raise _unknown()
    return json_response({"id": body.id, "link": link(runtime, code)})


def _revoke(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{id, revoked: true}`; 404 for who is not there, or was revoked before."""
    body = bodies.decode(request, NamedAdministrator)
    if not administrators.revoke(runtime.database, body.id):
        raise _unknown()
    return json_response({"id": body.id, "revoked": True})


def _sign_in(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """With the link's code as the proof: `{token, name, rights}`. The token is shown this once; the link is used up."""
    code = (request.headers.get("Authorization") or "").partition(" ")[2]
    made = administrators.sign_in(runtime.database, code)
    if made is None:  # used at this very moment by somebody else
        raise unauthenticated(say("This sign-in link was used, or is older than a day. Ask for a new one."))
    known, token = made
    rights = sorted(RIGHTS[administrators.KINDS[known.rights]])
    return json_response({"token": token, "name": known.name, "rights": rights})


def invited(runtime: Runtime, asked: CreateAdministrator, by: str) -> tuple[UUID, str] | None:
    """The new administrator's id, and the code of their link. None where another one has the e-mail address."""
    lifetime = timedelta(days=asked.days) if asked.days else None
    return administrators.invite(runtime.database, asked.name.strip(), asked.rights, by, lifetime, asked.email)


def link(runtime: Runtime, code: str) -> str:
    """In the fragment, which no server and no log sees."""
    return f"{runtime.settings.crm_api_url}/admin/#invite={code}"


def _taken() -> Problem:
    return Problem(409, "email_taken", say("Another administrator has this e-mail address."))


def _unknown() -> Problem:
    return Problem(404, "unknown_administrator", say("There is no such administrator, or they were revoked."))


ME = Action("get_administrator", "GET", Right.SEE, _me)
LIST = Action("get_administrators", "GET", Right.MANAGE, _list)
CREATE = Action("create_administrator", "POST", Right.MANAGE, _create, body=CreateAdministrator)
SAVE = Action("save_administrator", "POST", Right.MANAGE, _save, body=SaveAdministrator)
RENEW = Action("renew_sign_in", "POST", Right.MANAGE, _renew, body=NamedAdministrator)
REVOKE = Action("revoke_administrator", "POST", Right.MANAGE, _revoke, body=NamedAdministrator)
SIGN_IN = Action("sign_in", "POST", Right.SIGN_IN, _sign_in)
