"""`GET get_events`: the event log, the newest first (row A12)."""

from uuid import UUID

from msgspec.structs import asdict

from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.actions.body import optional_positive
from shared.platform.http import Request, Response
from shared.platform.messages import say, translated_in
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime
from shared.storage import event_log

_DEFAULT_LIMIT = 50
_MOST = 200
_LEVELS = ("info", "warning", "error")


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `limit`, `before` (the `next` of the page before), `level`, `search`, `delivery_id`. `{events: […], next}`

    With an account in the headers: its events only. A search looks at 8,000 lines for each page, which may be empty
    while `next` goes on.
    """
    limit = optional_positive(request, "limit", _MOST) or _DEFAULT_LIMIT
    level = request.parameter("level") or None
    if level not in (None, *_LEVELS):
        raise invalid_input(say("must be one of {names}", names=", ".join(_LEVELS)), "level")
    found, following = event_log.page(
        runtime.database,
        integration_id=caller.require_integration().id if caller.named_account else None,
        level=level,
        delivery_id=_delivery(request),
        search=(request.parameter("search") or "")[:200] or None,
        language=request.language,
        before=optional_positive(request, "before"),
        limit=limit,
    )
    return json_response(
        {"events": [translated_in(asdict(event), request.language, "message") for event in found], "next": following}
    )


def _delivery(request: Request) -> UUID | None:
    text = request.parameter("delivery_id")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise invalid_input(say("must be a delivery's id"), "delivery_id") from None


ACTION = Action("get_events", "GET", Right.SEE, _run, query=("limit", "before", "level", "search", "delivery_id"))
