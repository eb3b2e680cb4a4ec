"""`POST open_session`: a session for the page in an iframe, paid for with amoCRM's one-time token."""

from typing import Annotated, TypedDict

from msgspec import Meta, Struct

from features import registry
from shared.access.credentials import session
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.platform.http import Request, Response
from shared.platform.middleware import json_response
from shared.runtime import Runtime


class OpenSession(Struct, forbid_unknown_fields=True, frozen=True):
    lead_id: Annotated[int, Meta(gt=0)] | None = None  # or `X-Lead-Id`; the session is then for this deal only
    action: str | None = None


class Session(TypedDict):
    """For the page in an iframe; `pages` are what the card of a deal shows."""

    session_token: str
    expires_in: int  # seconds
    lead_id: int | None
    pages: list[str]


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{session_token, expires_in, lead_id, pages}`; send the token as `Authorization: Bearer`. `pages`: what the card
    of a deal shows, of `bookings` and `calculator`."""
    body = bodies.decode(request, OpenSession) if request.body else OpenSession()
    lead_id = bodies.optional_lead_id(request, body.lead_id)
    token = session.open_for(runtime, caller, lead_id)
    seconds = int(session.LIFETIME.total_seconds())
    pages = registry.pages(caller.require_integration())
    return json_response({"session_token": token, "expires_in": seconds, "lead_id": lead_id, "pages": pages}, 201)


ACTION = Action(
    "open_session",
    "POST",
    Right.OPEN_SESSION,
    _run,
    body=OpenSession,
    answer=Session,
    is_for_a_deal=True,
    is_change=False,
)
