"""`POST submit_form`, `submit_order`, `sync_contact`: what a site sends, into amoCRM once (rows C2-C4, C9, C10)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import msgspec

from features.submissions import (
    batches,
    html_form,
    model,
    order_updates,
    person_identity,
    plan,
    sender_answers,
    server_ingress,
    site_builders,
    submission_keys,
    writer,
)
from features.submissions.batches import OwnKey
from features.submissions.booking_news import BookingNews
from features.submissions.field_recognition import with_person
from features.submissions.model import Accepted, Body, Decision, SubmitForm, SubmitOrder, SyncContact
from features.submissions.server_ingress import KeptBody
from features.submissions.settings import Submissions
from features.submissions.settings import of as settings_of
from features.submissions.site_builders import ReceivedForm
from shared.access.credentials import site_key
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.actions.idempotency import IdempotentWrite, WriteStatus, accept, answer
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.account_money import AccountMoney
from shared.deliveries.order_proof import proofs, whose
from shared.deliveries.rows import Delivery
from shared.platform import nested
from shared.platform.http import Request, Response
from shared.platform.messages import Message, say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.cache import SharedCache

_OUR_FAULT: Final = 500

_NO_ORDER_BEFORE: Final = datetime(2000, 1, 1, tzinfo=UTC)  # what a shop that has no date says may be year 1


def _submit(runtime: Runtime, caller: Caller, request: Request, action: str) -> Response:
    """Body: one of :mod:`features.submissions.model`; a form may also come as a plain HTML form, see `html_form`.

    200 `{delivery_id, state, results}`, or 202 when it will be delivered later. A public page does not see `results`:
    they would tell who is a customer already.
    """
    if caller.kind == "server" and action == model.SUBMIT_FORM:
        request = site_builders.of_address(request, caller)
    with server_ingress.keeping(runtime, caller, request, action) as kept:
        if caller.kind == "server" and action == model.SUBMIT_FORM:
            several = _several(runtime, caller, request)
            if several:
                return submit_each(runtime, caller, several, kept)
        return _submitted(runtime, caller, request, action, kept)


def _several(runtime: Runtime, caller: Caller, request: Request) -> list[Request]:
    try:
        return batches.requests(request, settings_of(caller.require_integration()))
    except Problem as problem:
        server_ingress.tell_of_unreadable(runtime, caller, problem)
        raise


def submit_each(runtime: Runtime, caller: Caller, requests: Sequence[Request], whole: KeptBody) -> Response:
    """Of one body, kept as `whole`: each as if it had come by itself, and what is refused of one keeps none of the
    others. Said again it makes nothing twice: each has its place as its key, where its sender gives it no id. Raises
    the first refusal where all are refused."""
    refused: list[Problem] = []
    taken = set[str]()
    for place, request in enumerate(requests):
        own = OwnKey(f"batch:{whole.id}:{place}", taken)
        try:
            with server_ingress.keeping(runtime, caller, request, model.SUBMIT_FORM) as kept:
                _submitted(runtime, caller, request, model.SUBMIT_FORM, kept, own)
        except Problem as problem:
            if problem.status >= _OUR_FAULT:
                raise
            refused.append(problem)
    if len(refused) == len(requests):
        raise refused[0]
    whole.became_nothing(batches.told(len(requests)))
    return sender_answers.given(runtime, caller, sender_answers.OK)


def _submitted(
    runtime: Runtime, caller: Caller, request: Request, action: str, kept: KeptBody, own: OwnKey | None = None
) -> Response:
    """`own`: of one of several in a body."""
    integration = caller.require_integration()
    if caller.kind == "server" and action == model.SUBMIT_FORM and not site_builders.is_ours(request):
        return _from_builder(runtime, caller, request, kept, own)
    is_html = request.is_html_form and action == model.SUBMIT_FORM  # the others have no form of this kind
    decisions: list[Decision] | None = None
    if is_html:
        form = html_form.submission(request, settings_of(integration))
        body: Body = form.body
        decisions = form.decisions
    else:
        body = _decoded(request, action, settings_of(integration))
    robot = _robot(runtime, integration, request, body)
    if robot is not None:
        kept.became_nothing(robot)
        # Nothing tells a robot from others by its answer.
        told = {"delivery_id": uuid4(), "state": "accepted", "problem": None, "retry_after": 5}
        return html_form.thanks(runtime, caller, request) if is_html else json_response(told, 202)
    key = submission_keys.of_caller(caller, request) if own is None else own.of(None)
    delivery = _accepted(runtime, caller, request, action, body, key, kept, decisions)
    shown = answer(request, delivery, show_results=caller.kind not in ("site", "server"))
    return html_form.thanks(runtime, caller, request) if is_html else shown


def _decoded(request: Request, action: str, settings: Submissions) -> Body:
    """Bounded like a form: by its bytes, and not by how many values it has."""
    if len(request.body) > nested.MOST_BYTES:
        raise Problem(413, "body_too_large", html_form.TOO_LARGE)
    body = bodies.decode(request.with_nulls_shown(), model.BODIES[action])  # a visitor cannot write it another time
    if isinstance(body, SubmitForm):
        return with_person(body, settings)
    return body


def _from_builder(
    runtime: Runtime, caller: Caller, request: Request, kept: KeptBody, own: OwnKey | None = None
) -> Response:
    """It waits for five seconds and wants to hear 200: what it sends is stored, and brought into amoCRM afterwards."""
    try:
        sent = site_builders.sent(request, settings_of(caller.require_integration()))
    except Problem as problem:
        server_ingress.tell_of_unreadable(runtime, caller, problem)
        raise
    if sent.is_test:
        kept.became_nothing(sent.reason)
    elif isinstance(sent.body, SubmitOrder):
        if _order_from_builder(runtime, caller, request, sent.body, kept, sent.decisions, sent.made_at) is None:
            return sender_answers.given(runtime, caller, sender_answers.OK)  # of which nothing came
    else:
        if sent.news is not None and _told_of_visit(runtime, caller, request, sent, sent.news, kept):
            return sender_answers.given(runtime, caller, sent.answer)
        key = submission_keys.of_builder(runtime, caller, sent.key, sent.body.contact)
        key = key if own is None else own.of(key)
        form, why = model.SUBMIT_FORM, sent.decisions
        try:
            delivery = _accepted(
                runtime, caller, request, form, sent.body, key, kept, why, at_once=False, writer_id=sent.writer_id
            )
        except Problem as problem:
            if problem.code == "idempotency_key_reused":
                # That it has become is told after a change of it, or again in other words.
                if sent.news is not None and sent.news.is_of_many:
                    late = msgspec.structs.replace(sent.news, of=(sent.news.form,))
                    if _told_of_visit(runtime, caller, request, sent, late, kept):
                        return sender_answers.given(runtime, caller, sent.answer)
                server_ingress.tell_of_other_values(runtime, caller, str(key))
            server_ingress.tell_of_refusal(runtime, caller, request, problem)
            raise
        answer(request, delivery)  # what amoCRM has refused for good is told
    return sender_answers.given(runtime, caller, sent.answer)


def _told_of_visit(
    runtime: Runtime, caller: Caller, request: Request, sent: ReceivedForm, news: BookingNews, kept: KeptBody
) -> bool:
    """Whether that is all that becomes of it: a note in the deal of its visit; of what makes no deal by itself,
    nothing."""
    integration, body = caller.require_integration(), model.whole(sent.body)
    assert isinstance(body, SubmitForm)
    visit = submission_keys.of_visit(runtime, caller, news.of, body.contact)
    first = None if visit is None else deliveries.by_key(runtime.database, integration.id, model.SUBMIT_FORM, visit)
    if visit is None or first is None:
        if news.is_minor:
            kept.became_nothing(sent.reason)
        return news.is_minor
    said = runtime.keyring.digests(_cleaned(body), integration.id)
    if news.is_of_many and first.request_hash.hex() in said:
        return False  # it is what has made the deal, once more
    key = str(submission_keys.of_builder(runtime, caller, news.id, body.contact))
    keys = [f"{key}:{one[:32]}" for one in said] if news.is_of_many else [key]
    before = deliveries.by_key(runtime.database, integration.id, model.NEWS, *(f"news:{one}" for one in keys))
    if before is not None and before.summary.get("of") != visit:  # of somebody else who comes at the same hour
        keys = [f"{one}:{visit}" for one in keys]
    accept(runtime, integration, request, order_updates.of_visit(visit, keys, body, is_moved=news.is_moved))
    kept.became(first, body.contact)
    return True


def read_anew(
    runtime: Runtime,
    caller: Caller,
    request: Request,
    action: str,
    body: Body,
    key: str,
    kept: KeptBody,
    decisions: list[Decision] | None,
    writer_id: str,
) -> Delivery | None:
    """A body that had become nothing, as if it came now, by whoever has sent it. None: it is nothing now, too."""
    if isinstance(body, SubmitOrder):
        if decisions is not None:
            return _order_from_builder(runtime, caller, request, body, kept, decisions)
        key = submission_keys.of_order(runtime, caller, body)
    return _accepted(runtime, caller, request, action, body, key, kept, decisions, writer_id=writer_id)


def _order_from_builder(
    runtime: Runtime,
    caller: Caller,
    request: Request,
    body: SubmitOrder,
    kept: KeptBody,
    decisions: list[Decision],
    made_at: datetime | None = None,
) -> Delivery | None:
    """An order, or what a shop tells of one that is here: that is a note in its deal, each thing once. `made_at`: when
    it was made; one that is older than what is kept here may have a deal, which is looked for."""
    integration, whole = caller.require_integration(), model.whole(body)
    assert isinstance(whole, SubmitOrder)
    made = None if made_at is None or made_at < _NO_ORDER_BEFORE else int(made_at.timestamp())
    key = submission_keys.of_order(runtime, caller, whole, of_person=True, made=made)
    said = order_updates.told(runtime.keyring, integration.id, whole)
    first = deliveries.by_key(runtime.database, integration.id, model.SUBMIT_ORDER, key)
    if first is None and order_updates.is_empty(whole):
        kept.became_nothing(say("A shop tells of an order that is not here, and says nothing of what is in it."))
        return None
    if first is None or first.summary.get("told") in said:
        try:
            delivery = _accepted(
                runtime,
                caller,
                request,
                model.SUBMIT_ORDER,
                whole,
                key,
                kept,
                decisions,
                at_once=False,
                about=whose(whole.contact.phones, whole.contact.emails),
                known_since=_before_what_is_kept(runtime, made_at),
                made=made,
            )
            answer(request, delivery)
            for write in order_updates.of_unknown(delivery, key, whole, said):
                accept(runtime, integration, request, write)
            return delivery
        except Problem as problem:
            if problem.code != "idempotency_key_reused":
                server_ingress.tell_of_refusal(runtime, caller, request, problem)
                raise
        first = deliveries.by_key(runtime.database, integration.id, model.SUBMIT_ORDER, key)
        assert first is not None
    for write in order_updates.writes(first, key, whole, said):
        accept(runtime, integration, request, write)
    kept.became(first, whole.contact)
    return first


def _before_what_is_kept(runtime: Runtime, made_at: datetime | None) -> datetime | None:
    """A day earlier, for clocks and zones; None where whatever was accepted since then is still here."""
    if made_at is None:
        return None
    since = max(made_at, _NO_ORDER_BEFORE) - timedelta(days=1)
    kept = timedelta(days=runtime.settings.keep_deliveries_days)
    return None if runtime.clock.now() - since <= kept else since


def _accepted(
    runtime: Runtime,
    caller: Caller,
    request: Request,
    action: str,
    body: Body,
    key: str | None,
    kept: KeptBody,
    decisions: list[Decision] | None = None,
    at_once: bool = True,
    about: str | None = None,
    known_since: datetime | None = None,
    made: int | None = None,
    writer_id: str = "",
) -> Delivery:
    """`writer_id`: of :class:`features.submissions.site_builders.ReceivedForm`."""
    integration = caller.require_integration()
    settings, body = settings_of(integration), model.whole(body)
    wanted = writer.destination_of(settings, body)
    model.check(body, wanted.required, as_told=decisions is not None)
    if isinstance(body, SyncContact) and not person_identity.stands_for_somebody(body.contact, settings.phone_country):
        whole = say("give a phone with its country's code or an e-mail: this is neither, and would be a new person")
        raise invalid_input(whole, "contact")
    cleaned = _cleaned(body)
    why = msgspec.UNSET if decisions is None else decisions
    accepted = Accepted(wanted.mode, msgspec.Raw(cleaned), request.address, why, _of_key(caller, writer_id))
    summary = _summary(runtime, integration, body, is_named=key is not None) | caller.sender() | kept.summary
    key, *also = [key] if key else submission_keys.usual(runtime, caller, action, body, cleaned)
    write = IdempotentWrite(
        plan.PLANNERS[action],
        msgspec.json.encode(accepted, order="deterministic"),
        key,
        plan.first_steps(settings, wanted.mode, body),
        identity=_identity(cleaned, body),
        at_once=at_once and not settings.queue,
        summary=summary if made is None else summary | {submission_keys.MADE: made},
        about=about,
        known_since=known_since,
        also=also,
    )
    delivery = accept(runtime, integration, request, write)
    kept.became(delivery, body.contact, writer_id)
    return delivery


def _of_key(caller: Caller, writer_id: str) -> str:
    """See :class:`Accepted`: two senders of an account never meet."""
    key_id = site_key.id_of(caller)
    return f"{key_id}:{writer_id}" if writer_id and key_id is not None and caller.kind == "server" else ""


def _cleaned(body: Body) -> bytes:
    """Sent again, it is sent later, and is the same."""
    same = body if isinstance(body, SyncContact) else msgspec.structs.replace(body, sent_at=msgspec.UNSET)
    return msgspec.json.encode(msgspec.structs.replace(same, action=None), order="deterministic")


def _identity(cleaned: bytes, body: Body) -> bytes:
    """An order without a currency was in roubles once, its goods had a unit; sent again it is still the same."""
    if not isinstance(body, SubmitOrder):
        return cleaned
    order = msgspec.structs.replace(body.order.as_before, currency=body.order.currency or "RUB")
    before = msgspec.structs.replace(body, order=order, action=None, sent_at=msgspec.UNSET)
    return msgspec.json.encode(before, order="deterministic")


def _summary(runtime: Runtime, integration: Integration, body: Body, *, is_named: bool) -> dict[str, object]:
    """`is_named`: whoever sends it calls it something, and perhaps another one, too."""
    if isinstance(body, SyncContact):
        return {"person": submission_keys.marks(runtime, integration, body)}
    contact, proof = body.contact, dict[str, object]()
    if is_named or isinstance(body, SubmitOrder):
        proof["proof"] = proofs(runtime.keyring, integration.id, contact.phones, contact.emails)
    if not isinstance(body, SubmitOrder):
        return proof
    money = AccountMoney(SharedCache(runtime.database, integration.id))
    currency = body.order.currency or money.known_currency()
    return {
        "total": f"{body.order.rounded_total:f}",
        **({"currency": currency} if currency else {}),
        "order": body.order.number,
        **proof,
        "told": order_updates.told(runtime.keyring, integration.id, body)[0],
    }


def _robot(runtime: Runtime, integration: Integration, request: Request, body: Body) -> Message | None:
    """Why it is a robot's: a filled-in trap, or a form filled in faster than people can. It is answered as if all were
    well. None: it is a person's."""
    if isinstance(body, SyncContact):
        return None
    least = settings_of(integration).time_trap_seconds
    opened, sent = body.opened_at, body.sent_at
    now = sent if isinstance(sent, int) else int(runtime.clock.now().timestamp() * 1000)
    too_fast = opened is not None and 0 <= now - opened < least * 1000
    if not body.trap and not too_fast:
        return None
    reason = (
        say("the hidden field was filled in") if body.trap else say("it was filled in within {least} s", least=least)
    )
    told = say("A submission was left out as a robot's: {reason}.", reason=reason)
    event_log.add(runtime.database, "submission.bot", told, integration_id=integration.id, request_id=request.id)
    return told


def by_get(runtime: Runtime, request: Request) -> Response:
    """GET and HEAD of `submit_form`: an address that is looked at, or whose sender knows no other way."""
    caller = site_builders.caller_of(runtime, request)
    asked = sender_answers.to_look(request)
    if asked is not None:
        return sender_answers.given(runtime, caller, asked)
    sent = site_builders.of_address(request, caller) if request.method == "GET" else request
    return site_builders.tried(runtime, caller, request) if sent is request else _form(runtime, caller, sent)


def _form(runtime: Runtime, caller: Caller, request: Request) -> Response:
    return _submit(runtime, caller, request, model.SUBMIT_FORM)


def _order(runtime: Runtime, caller: Caller, request: Request) -> Response:
    return _submit(runtime, caller, request, model.SUBMIT_ORDER)


def _sync(runtime: Runtime, caller: Caller, request: Request) -> Response:
    return _submit(runtime, caller, request, model.SYNC_CONTACT)


FORM = Action(model.SUBMIT_FORM, "POST", Right.SUBMIT, _form, body=SubmitForm, answer=WriteStatus, is_change=False)
ORDER = Action(model.SUBMIT_ORDER, "POST", Right.SUBMIT, _order, body=SubmitOrder, answer=WriteStatus, is_change=False)
SYNC = Action(
    model.SYNC_CONTACT, "POST", Right.SYNC_CONTACT, _sync, body=SyncContact, answer=WriteStatus, is_change=False
)
