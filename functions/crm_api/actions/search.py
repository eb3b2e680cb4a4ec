"""`POST search`: the panel's search by an id or a number, over all connections. What was typed may be a phone, and
addresses are kept by proxies and access logs: so it stands in the body."""

import re
from typing import Annotated, Final, TypedDict
from uuid import UUID

from msgspec import Meta, Struct

from functions.crm_api import search
from functions.crm_api.search import SearchResult
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.platform.http import Request, Response
from shared.platform.middleware import json_response
from shared.runtime import Runtime

_ID: Final = re.compile(r"(?:ref:)?([0-9a-f]{26}(?:[0-9a-f]{6})?)")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


class Search(Struct, forbid_unknown_fields=True, frozen=True):
    """What was typed."""

    q: Annotated[str, Meta(max_length=200)]
    action: str | None = None


class FoundAnswer(TypedDict):
    """What stands behind an id or a number."""

    found: list[SearchResult]


def _search(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`q`: an id as it stands in a list or an answer, a mark (`ref:…`) as it stands in a note or a task, or a
    number of a deal or of a line of the log. `{found: [{kind, id, account_domain, widget_type, created_at}]}`, `kind`
    delivery, incoming, change, booking, deal (something was written into it), event; nothing for anything else."""
    text = bodies.decode(request, Search).q.strip().lower()
    mark, number = _ID.fullmatch(text.replace("-", "")), _NUMBER.fullmatch(text)
    if number:
        return json_response({"found": search.by_number(runtime.database, int(text))})
    if not mark:
        return json_response({"found": []})
    first, last = (UUID(hex=mark[1].ljust(32, sign)) for sign in "0f")
    return json_response({"found": search.by_id(runtime.database, first, last)})


ACTION = Action("search", "POST", Right.SEE, _search, body=Search, answer=FoundAnswer, is_change=False)
