"""`POST read_again`: a kept body by today's rules, and what was missed is made."""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from features.submissions import actions, batches, kept_bodies, model, submission_keys
from features.submissions.incoming import backfill, explanation
from features.submissions.incoming.explanation import Reading
from features.submissions.kept_bodies import Incoming
from features.submissions.model import Accepted, sources
from features.submissions.server_ingress import KeptBody, why
from features.submissions.settings import of as settings_of
from shared.access.credentials import site_key
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.actions.idempotency import IdempotentWrite, accept
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.platform.decoding import decode
from shared.platform.http import Request, Response
from shared.platform.messages import Message, say, translated
from shared.platform.middleware import json_response
from shared.platform.problems import Problem
from shared.runtime import Runtime

# So long the same again is the same delivery; later it is looked at anew, and what is there is not made again either.
_SAME_SECONDS: Final = 600


class ReadAgain(Struct, forbid_unknown_fields=True, frozen=True):
    id: UUID
    action: str | None = None


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, outcome, detail, delivery_id, filled: {lead: […], contact: […]}, noted}`. `outcome`: completed (its deal or
    contact lacked something), nothing_new, made (it had become nothing before), nothing (`detail` says why), later
    (amoCRM does not take it now: it goes on by itself), refused. `filled`: the fields that were empty, by name.
    `noted`: a note says what none has said before."""
    integration, asked = caller.require_integration(), bodies.decode(request, ReadAgain)
    incoming = kept_bodies.by_id(runtime.database, asked.id, integration.id)
    if incoming is None:
        raise Problem(404, "unknown_incoming", say("There is no such body any more."))
    settings = settings_of(integration)
    came = kept_bodies.request_of(runtime.keyring, incoming)
    found = explanation.read(came, incoming.action, settings)
    if found.parts:
        return _each(runtime, request, incoming, found)
    if found.body is None:
        return _told(incoming, request, "nothing" if found.nothing else "refused", found.problem, found.nothing)
    first_id = kept_bodies.delivery_of(runtime.database, incoming)
    first = None if first_id is None else deliveries.by_id(runtime.database, first_id, integration.id)
    if first is None:
        return _made(runtime, integration, request, incoming, found)
    if first.state == "accepted":
        raise Problem(409, "under_way", say("It is still on its way into amoCRM: read it again when it has arrived."))
    lead_id, contact_id = _ids(first)
    if first.state == "dead" or (lead_id is None and contact_id is None):
        raise Problem(409, "first_is_dead", say("amoCRM has refused it: take its delivery up again first."))
    delivery = _completed(runtime, integration, request, incoming, found, first)
    kept_bodies.was_read_again(runtime.database, incoming, first.id, delivery.id, found.has_person)
    return json_response(_report(incoming, delivery, request.language))


def _ids(first: Delivery) -> tuple[int | None, int | None]:
    """What the first reading has made, or found."""
    results = first.results().values()
    lead_id = next((one["lead_id"] for one in results if one.get("lead_id") is not None), None)
    return lead_id, next((one["contact_id"] for one in results if one.get("contact_id") is not None), None)


def _completed(
    runtime: Runtime, integration: Integration, request: Request, incoming: Incoming, found: Reading, first: Delivery
) -> Delivery:
    assert found.body is not None  # asked before
    body = msgspec.json.encode(found.body, order="deterministic")
    lead_id, contact_id = _ids(first)
    action = next(name for name, kind in model.BODIES.items() if isinstance(found.body, kind))
    since = first.made_since
    had, mode = _had(runtime, first), "contact" if lead_id is None else "lead"
    before = (
        None if incoming.again_id is None else deliveries.by_id(runtime.database, incoming.again_id, integration.id)
    )
    has_goods = "goods" in first.steps or (before is not None and before.summary.get("is_order") is True)
    wanted = backfill.BackfillRequest(
        mode, action, msgspec.Raw(body), lead_id, contact_id, since, had, has_goods, first.action
    )
    rules = msgspec.json.encode(settings_of(integration), order="deterministic")
    window = int(runtime.clock.now().timestamp()) // _SAME_SECONDS
    identity = b"\0".join((incoming.id.bytes, body, rules))
    digests = runtime.keyring.digests(identity, integration.id)
    key, *also = [f"again:{incoming.id}:{one}:{window}" for one in digests]
    write = IdempotentWrite(
        backfill.PLANNER,
        msgspec.json.encode(wanted, order="deterministic"),
        key,
        backfill.first_steps(runtime, integration, mode, found.body),
        identity=identity,
        summary={"by": "administrator", "of": str(first.id), "is_order": has_goods or action == model.SUBMIT_ORDER},
        also=also,
    )
    return accept(runtime, integration, request, write)


def _had(runtime: Runtime, first: Delivery) -> list[str]:
    """The values that the first reading has brought somewhere; none where its content is not kept any more."""
    if first.request is None or first.action not in model.BODIES:
        return []
    stored = runtime.keyring.decrypt(first.request, first.id, "request")
    accepted = decode(stored, Accepted)
    body = accepted.decoded(first.action)
    tracking = [] if isinstance(body, model.SyncContact) else list(body.tracking.values())
    return [*(text for texts in sources(body).values() for text in texts), *tracking]


def _made(runtime: Runtime, integration: Integration, request: Request, incoming: Incoming, found: Reading) -> Response:
    """It had become nothing: it is accepted as if it came now."""
    of_key = site_key.caller_of(runtime.database, incoming.site_key_id)
    assert of_key is not None  # a foreign key
    assert found.body is not None  # asked before
    kept = KeptBody(runtime, incoming.id, incoming.site_key_id)
    came = kept_bodies.request_of(runtime.keyring, incoming)
    try:
        key = submission_keys.of_builder(runtime, of_key, found.key, found.contact) or f"kept:{incoming.id}"
        delivery = actions.read_anew(
            runtime, of_key, came, incoming.action, found.body, key, kept, found.decisions, found.writer_id
        )
    except Problem as problem:
        kept_bodies.was_refused(runtime.database, incoming.id, why(problem))
        return _told(incoming, request, "refused", problem)
    if delivery is None:
        return _told(incoming, request, "nothing", None)
    outcome = "made" if delivery.state == "delivered" else "later" if delivery.state == "accepted" else "refused"
    return json_response(_report(incoming, delivery, request.language) | {"outcome": outcome})


def _each(runtime: Runtime, request: Request, incoming: Incoming, found: Reading) -> Response:
    """Of several in one body, each is read again by itself; here, what was not taken apart to its end."""
    if incoming.outcome == "nothing":
        return _told(incoming, request, "nothing", None, batches.told(len(found.parts)))
    of_key = site_key.caller_of(runtime.database, incoming.site_key_id)
    assert of_key is not None  # a foreign key
    try:
        actions.submit_each(runtime, of_key, found.parts, KeptBody(runtime, incoming.id, incoming.site_key_id))
    except Problem as problem:
        kept_bodies.was_refused(runtime.database, incoming.id, why(problem))
        return _told(incoming, request, "refused", problem)
    return _told(incoming, request, "later", None, batches.told(len(found.parts)))


def _told(
    incoming: Incoming, request: Request, outcome: str, problem: Problem | None, detail: Message | None = None
) -> Response:
    detail = detail if problem is None else why(problem)
    shown = None if detail is None else translated(detail, request.language)
    nothing: dict[str, Any] = {"delivery_id": None, "filled": {"lead": [], "contact": []}, "noted": False}
    return json_response({"id": incoming.id, "outcome": outcome, "detail": shown} | nothing)


def _report(incoming: Incoming, delivery: Delivery, language: str) -> dict[str, Any]:
    made = delivery.results(language)
    filled = {
        "lead": made.get("lead", {}).get("filled", []),
        "contact": made.get("contact_update", {}).get("filled", []),
    }
    noted = "note_id" in made.get("note", {})
    outcome = "later" if delivery.state == "accepted" else "refused" if delivery.state == "dead" else "nothing_new"
    if outcome == "nothing_new" and (noted or any(filled.values()) or "goods_link" in made):
        outcome = "completed"
    problem = delivery.problem(language)
    detail = None if problem is None else problem["detail"]
    facts = {"id": incoming.id, "outcome": outcome, "detail": detail, "delivery_id": delivery.id}
    return facts | {"filled": filled, "noted": noted}


ACTION = Action("read_again", "POST", Right.OPERATE, _run, body=ReadAgain)
