"""What has come to the addresses of servers' keys, for people: `GET get_incoming` lists it."""

from typing import Any, Final
from uuid import UUID

from msgspec.structs import asdict

from shared.access.rights import Caller, Right
from shared.actions.action import Action
from shared.actions.body import optional_positive
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.problems import invalid_input
from shared.runtime import Runtime
from shared.submissions.incoming import rows
from shared.submissions.incoming.rows import Incoming

_OUTCOMES: Final = ("accepted", "refused", "nothing", "taken")
_DEFAULT_LIMIT: Final = 20
_MOST: Final = 100


def _list(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `key` (a server key's id), `outcome`, `limit`, `before` (the `next` of the page before).

    `{keys: [{id, name, revoked_at, without_person, bodies_dropped_at}], incoming: [{id, key_id, action, outcome,
    detail, delivery_id, has_person, size, times, request_id, created_at, last_at}], next}`, the newest first.
    `outcome`: accepted (as the delivery), refused, nothing (a trial, or a robot), taken (not read to its end). `size`
    in bytes; `times`: how often the same has come. Of a key, `without_person`: none of its latest had a phone or an
    e-mail; `bodies_dropped_at`: when older ones went because too many came.
    """
    integration = caller.require_integration()
    outcome = request.parameter("outcome") or None
    if outcome not in (None, *_OUTCOMES):
        raise invalid_input(say("must be one of {names}", names=", ".join(_OUTCOMES)), "outcome")
    limit = optional_positive(request, "limit", _MOST) or _DEFAULT_LIMIT
    found = rows.page(
        runtime.database,
        integration.id,
        site_key_id=_uuid(request, "key"),
        outcome=outcome,
        before=_uuid(request, "before"),
        limit=limit + 1,
    )
    shown = found[:limit]
    return json_response(
        {
            "keys": [asdict(one) for one in rows.keys(runtime.database, integration.id)],
            "incoming": [view(one, request.language) for one in shown],
            "next": shown[-1].id if len(found) > limit else None,
        }
    )


def view(incoming: Incoming, language: str) -> dict[str, Any]:
    """What is told of a body without anything that stands in it."""
    return {
        "id": incoming.id,
        "key_id": incoming.site_key_id,
        "action": incoming.action,
        "outcome": incoming.outcome,
        "detail": incoming.why(language),
        "delivery_id": incoming.delivery_id,
        "has_person": incoming.has_person,
        "size": incoming.size,
        "times": incoming.times,
        "request_id": incoming.request_id,
        "created_at": incoming.created_at,
        "last_at": incoming.last_at,
    }


def _uuid(request: Request, name: str) -> UUID | None:
    text = request.parameter(name) or None
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise invalid_input(say("must be an id, as the list has it"), name) from None


LIST = Action("get_incoming", "GET", Right.SEE, _list, query=("key", "outcome", "limit", "before"))
