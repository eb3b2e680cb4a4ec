"""`GET get_delivery`: what has become of an accepted write."""

import json
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.actions.idempotency import ProblemSummary
from shared.connections.integrations import account_page
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.platform.http import Request, Response
from shared.platform.messages import say, translated_in
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime


class Entry(TypedDict):
    """One thing that happened to a delivery."""

    at: datetime
    kind: str
    step: NotRequired[str]
    outcome: NotRequired[str]
    code: NotRequired[str]
    detail: NotRequired[str]
    request_id: NotRequired[str | None]


class DeliveryAnswer(TypedDict):
    """What has become of an accepted write."""

    delivery_id: UUID
    action: str
    lead_id: int | None
    state: Literal["accepted", "delivered", "dead"]
    attempts: int
    steps: dict[str, Literal["planned", "started", "done"]]
    results: dict[str, dict[str, Any]]
    problem: ProblemSummary | None
    summary: dict[str, Any]
    links: dict[str, str]
    created_at: datetime
    finished_at: datetime | None
    due_in: float | None  # seconds
    story: list[Entry]
    content: NotRequired[dict[str, Any] | None]


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `id`, or `write` (the action that was called) with its `Idempotency-Key` as `key`: so a write can be
    followed before it has answered. `content=1`, for administrators: also `content`, what was sent (personal, and
    kept for some days only; null when it is gone; an uploaded PDF, and a call's address and secret, are left out).

    `{delivery_id, action, lead_id, state, attempts, steps, results, story, problem, summary, links, created_at,
    finished_at, due_in}`. `summary`: `{by, user_id?, total?, currency?, deal?}`. `links`: amoCRM's pages,
    `{lead?, contact?}`.
    `steps`: each begun step as `started` (perhaps sent), `planned` (to be tried again) or `done`. `story`: what
    happened, in order, `[{at, kind, step?, outcome?, code?, detail?, request_id?}]`, with the kinds accepted,
    step_done, warned, deferred, retried, dead, delivered; of more than 100 entries the first and the latest.
    """
    integration_id, key = caller.require_integration().id, request.parameter("key")
    # Another account's delivery is as unknown as one that never was; to a session for one deal, another deal's, too.
    if key:
        delivery = deliveries.by_key(runtime.database, integration_id, request.parameter("write") or "", key)
    else:
        delivery = deliveries.by_id(runtime.database, _id(request), integration_id)
    if delivery is None or caller.lead_id not in (None, delivery.lead_id):
        raise Problem(404, "unknown_delivery", say("There is no such delivery in this account."))
    story = [translated_in(entry, request.language, "detail") for entry in delivery.story]
    shown = delivery_view(runtime, delivery, caller.require_integration().account_domain, request.language)
    if request.parameter("content") == "1":
        caller.require(Right.MANAGE)
        shown["content"] = _content(runtime, delivery)
    return json_response(shown | {"story": story})


def _content(runtime: Runtime, delivery: Delivery) -> Any:
    if delivery.request is None:
        return None
    content = json.loads(runtime.keyring.decrypt(delivery.request, delivery.id, "request"))
    if isinstance(content.get("pdf"), dict):
        content["pdf"].pop("content_base64", None)
    for name in ("url", "secret"):  # of an automation's call: shown once, or by its host only
        content.pop(name, None)
    return content


def _id(request: Request) -> UUID:
    try:
        return UUID(request.parameter("id") or "")
    except ValueError:
        raise invalid_input(say("must be the delivery_id that the write answered with"), "id") from None


def delivery_view(runtime: Runtime, delivery: Delivery, account_domain: str, language: str) -> dict[str, Any]:
    """A delivery as people and programs see it; its sentences in the language."""
    return {
        "delivery_id": delivery.id,
        "action": delivery.action,
        "lead_id": delivery.lead_id,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "steps": {name: entry.get("state") for name, entry in delivery.steps.items()},
        "results": delivery.results(language),
        "problem": delivery.problem(language),
        "summary": {name: value for name, value in delivery.summary.items() if name not in ("proof", "person")},
        "links": _links(runtime, delivery, account_domain),
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
        "due_in": delivery.due_in_seconds,
    }


def _links(runtime: Runtime, delivery: Delivery, account_domain: str) -> dict[str, str]:
    """Pages of amoCRM: of the deal, and of the contact that a submission has found or made."""
    made = delivery.results()
    of = {"lead": delivery.lead_id, "contact": None}
    for result in made.values():
        of = {"lead": of["lead"] or result.get("lead_id"), "contact": of["contact"] or result.get("contact_id")}
    pages = {"lead": "leads", "contact": "contacts"}
    base = account_page(runtime.settings, account_domain)
    return {name: f"{base}/{pages[name]}/detail/{one}" for name, one in of.items() if one is not None}


ACTION = Action(
    "get_delivery", "GET", Right.READ_DEAL, _run, answer=DeliveryAnswer, query=("id", "write", "key", "content")
)
