"""`GET get_leads`: deals for a list, the latest changed first; paged, filtered, searched (row D6)."""

from typing import TypedDict

from functions.crm_api.leads import Deal, lead_view
from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.actions.body import optional_positive
from shared.amocrm.filtered_reads import PAGE_LIMIT
from shared.amocrm.leads import LeadFilters
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime


class LeadsAnswer(TypedDict):
    """A page of deals, the latest changed first."""

    leads: list[Deal]
    page: int
    limit: int
    has_more: bool


_DEFAULT_LIMIT = 50
_LONGEST_QUERY = 200


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `page` from 1, `limit` to 250, `query`, `pipeline_id`, `status_id` (with its pipeline),
    `responsible_user_id`. Answer: `{leads: […], page, limit, has_more}`;
    409 `amocrm_filters_off` where the account ignores filters.
    """
    page = optional_positive(request, "page", 10_000) or 1
    limit = optional_positive(request, "limit", PAGE_LIMIT) or _DEFAULT_LIMIT
    query = (request.parameter("query") or "").strip()
    if len(query) > _LONGEST_QUERY:
        raise invalid_input(say("may have at most {most} characters", most=_LONGEST_QUERY), "query")
    filters = _filters(request)
    leads, has_more = runtime.connections.call(
        caller.require_integration(), lambda api: api.leads(page, limit, query or None, filters)
    )
    views = [lead_view(lead) for lead in leads]
    return json_response({"leads": views, "page": page, "limit": limit, "has_more": has_more})


def _filters(request: Request) -> LeadFilters:
    filters = LeadFilters(
        optional_positive(request, "pipeline_id"),
        optional_positive(request, "status_id"),
        optional_positive(request, "responsible_user_id"),
    )
    if filters.status_id is not None and filters.pipeline_id is None:
        raise invalid_input(say("a status is known only together with its pipeline_id"), "status_id")
    return filters


ACTION = Action(
    "get_leads",
    "GET",
    Right.LIST_DEALS,
    _run,
    calls=1,
    answer=LeadsAnswer,
    query=("page", "limit", "query", "pipeline_id", "status_id", "responsible_user_id"),
)
