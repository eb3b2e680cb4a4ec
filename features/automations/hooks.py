"""What amoCRM sends here: `run_automation` from a stage, `answer_bot` from a bot. Neither brings a proof in a header.

A hook of a stage is not signed: it names an automation by the key that a person has entered in the stage's settings. A
bot's request brings a token like a widget's. Both are answered after one durable write, before amoCRM loses patience.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from features.automations import bot_reply, plan, rows
from features.automations.effects import Work
from features.automations.plan import AutomationRun
from features.automations.rows import Automation
from shared.access import throttle
from shared.access.credentials import one_time_token
from shared.actions.idempotency import IdempotentWrite, accept
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.platform import nested
from shared.platform.decoding import convert
from shared.platform.http import Request, Response
from shared.platform.messages import Message, say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, forbidden, invalid_input, unauthenticated
from shared.runtime import Runtime
from shared.storage import counters, event_log

_PER_MINUTE: Final = 3000  # of one automation: many deals may be moved at once
_TOO_MANY: Final = say("An automation was started more than 3,000 times within a minute; the rest was refused.")
_FOREIGN: Final = say("A stage of another account has the key of an automation of this one; it was refused.")
_NO_DEAL: Final = say(
    "A stage of something other than deals, such as customers, has the key of an automation; it was refused."
)
_MORE_SHAPES: Final = say(
    "Stages' hooks of more than 20 shapes could not be read within an hour; the others are not told."
)
_TOLD_EVERY: Final = timedelta(hours=1)
_MOST_BYTES: Final = 262_144  # as much as a webhook has
MOST_SHAPES: Final = 20  # of hooks that cannot be read, told within an hour: anybody may post one
_LEAD: Final = 2  # element_type
# vendor: pipeline.direction (page) Since October 2024 a stage's action tells where the deal has gone:
# `went_to_trigger`, `went_in_trigger` (between the stages of an action that has several), `went_from_trigger` (it has
# left them).
# source: amoCRM's changelog; Kommo's documentation, "Widgets in Digital Pipeline"; a handler in production in Go, which
# starts nothing for a deal that has left
_LEFT: Final = "went_from_trigger"
_LARGEST: Final = 2**63 - 1


class _Entity(Struct, frozen=True):
    """What its members say that is nothing we know is passed over: no automation stands still for it."""

    id: int | str
    element_type: Any = _LEAD
    status_id: Any = None
    pipeline_id: Any = None
    direction_of_movement: Any = None


class _Event(Struct, frozen=True):
    data: _Entity
    type: Any = None
    type_code: Any = None
    time: int | str | None = None


class _Hook(Struct, frozen=True):
    """What a stage sends; `action` goes down to the settings that a person has entered."""

    # vendor: pipeline.hook (production) A stage's action posts a form with nested keys, all values as text:
    # event[type], event[type_code], event[data][id|element_type|status_id|pipeline_id], event[time],
    # action[settings][widget][settings][…], subdomain, account_id; the page shows the same members as JSON. Unsigned.
    # Sent once; by Kommo's newest page a failed one again, up to four times within an hour, unless the address fails
    # more than 100 times in five minutes.
    # source: handlers in production in PHP, Go and Node.js, one of which was answered 415 for reading JSON only;
    # Kommo's documentation, "Widgets in Digital Pipeline", "Webhooks in Digital Pipeline"
    event: _Event
    action: Any = None
    account_id: int | str | None = None

    @property
    def key(self) -> str:
        inner: Any = self.action
        for name in ("settings", "widget", "settings", "key"):
            inner = inner.get(name) if isinstance(inner, dict) else None
        return inner.strip() if isinstance(inner, str) else ""


class _BotQuestion(Struct, frozen=True):
    """What a bot sends: its proof, where it waits, and what was said to it."""

    token: str
    return_url: str
    text: str


class _HookPayload(Struct, frozen=True):
    """Of either hook: by which key, of which account, what has happened."""

    key: str
    account_id: int | str | None
    events: list[_Event]


def asked(runtime: Runtime, request: Request) -> Response:
    """amoCRM looks whether somebody is at the address that a person enters at a stage; nothing is looked up."""
    # vendor: webhooks.asked
    return json_response({})


def run(runtime: Runtime, request: Request) -> Response:
    """`{delivery_id, state}`; `{state: "off"}` for an automation that is turned off, `{state: "left"}` for a deal that
    has left the stage. 401 for a key that is none, 403 for one of another account, 422 for a hook that cannot be read,
    or is about no deal.

    A stage's action brings the key in its settings; "API: send webhook" of a stage, in the query of its address.
    """
    tree = _tree(runtime, request)
    said = _said(runtime, request, tree)
    automation = rows.asked(runtime.database, said.key) if said.key.startswith(rows.PREFIX) else None
    if automation is None:
        raise unauthenticated(say("The stage's settings hold no key of an automation. Copy it from the panel."))
    try:
        throttle.pass_or_refuse(runtime.database, f"automation:{automation.id}", _PER_MINUTE, len(said.events))
    except Problem:
        _tell(runtime, automation, "automation.too_many", _TOO_MANY)
        raise
    integration = integrations.by_id(runtime.database, automation.integration_id)
    assert integration is not None  # a foreign key
    _require_account(runtime, automation, integration, said.account_id)
    if not automation.is_on:
        return json_response({"state": "off"})
    if all(event.data.direction_of_movement == _LEFT for event in said.events):
        return json_response({"state": "left"})
    writes = [_write(runtime, integration, automation, event) for event in said.events]
    accepted = [accept(runtime, integration, request, write) for write in writes]
    return json_response({"delivery_id": accepted[0].id, "state": accepted[0].state})


def _read(request: Request) -> nested.Tree:
    """The body of either, each key with one value. Raises 413, and what `nested.read` raises."""
    _require_small(request)
    tree = nested.read(request.body, request.headers.get("Content-Type") or "", opens_texts=False)
    return {name: nested.first_of_each(one) for name, one in tree.items()}


def _tree(runtime: Runtime, request: Request) -> nested.Tree:
    try:
        return _read(request)
    except nested.UnreadableError:
        raise _unreadable(runtime, "") from None


def _said(runtime: Runtime, request: Request, tree: nested.Tree) -> _HookPayload:
    own_key = (request.parameter("key") or "").strip()
    try:
        found = list(_of_webhook(tree))
        if found:
            account = tree.get("account")
            return _HookPayload(own_key, account.get("id") if isinstance(account, dict) else None, found)
        hook = convert(tree, _Hook)
    except msgspec.ValidationError:
        raise _unreadable(runtime, nested.shape(tree)) from None
    return _HookPayload(hook.key or own_key, hook.account_id, [hook.event])


def _of_webhook(tree: nested.Tree) -> Iterator[_Event]:
    """ "API: send webhook" of a stage has the body of ordinary webhooks: `leads[status][0][id]`, ….

    `last_modified` is the event's own time: with it a repetition is the same event. A stage tells none as a rule.
    """
    leads = tree.get("leads")
    for kind, found in leads.items() if isinstance(leads, dict) else ():
        for lead in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
            if isinstance(lead, dict) and _number(lead.get("id")) is not None:
                place = {name: lead.get(name) for name in ("id", "status_id", "pipeline_id")}
                time = lead.get("last_modified") or lead.get("updated_at")
                yield convert({"data": place, "type_code": f"lead_{kind}"[:40], "time": time}, _Event)


def _unreadable(runtime: Runtime, shape: str) -> Problem:
    """Told in the log and the overview, once an hour for each shape and without any value: a stage that does nothing is
    noticed late. Of more shapes than stages have, only that there are more."""
    if throttle.in_hour(runtime.database, f"unreadable_hook:{shape}") == 1:
        counters.add(runtime.database, "hooks.unreadable")
        count = throttle.in_hour(runtime.database, "unreadable_hooks")
        if count <= MOST_SHAPES:
            message = say("A stage's hook could not be read; its members: {shape}.", shape=shape or "-")
            event_log.add(runtime.database, "automation.hook_unreadable", message, level="warning")
        elif count == MOST_SHAPES + 1:
            event_log.add(runtime.database, "automation.hook_unreadable", _MORE_SHAPES, level="warning")
    return invalid_input(say("this is no hook of a stage"), "")


def _write(runtime: Runtime, integration: Integration, automation: Automation, event: _Event) -> IdempotentWrite:
    """The automation as it is now; who changes it in between must not make a conflict of a repetition."""
    lead_id = _number(event.data.id)
    if lead_id is None or _number(event.data.element_type) != _LEAD:
        _tell(runtime, automation, "automation.not_a_deal", _NO_DEAL)
        raise invalid_input(say("automations are for deals"), "event.data")
    # Without its time an event is one of its own.
    now = int(runtime.clock.now().timestamp())
    time = _number(event.time) or now
    told = {
        "type": _number(event.type),
        "type_code": event.type_code if isinstance(event.type_code, str) else None,
        "status_id": _number(event.data.status_id),
        "pipeline_id": _number(event.data.pipeline_id),
        "time": time,
    }
    url, secret = rows.address(runtime.keyring, automation) or (None, None)
    work = convert(automation.work, Work)
    asked = AutomationRun(str(automation.id), automation.name, work, told, url, secret)
    stored = msgspec.json.encode(asked, order="deterministic")
    key = f"{automation.id}:{lead_id}:{told['type']}:{told['status_id']}:{time}"

    summary = {"by": "automation", "automation": automation.name, "kind": automation.work["kind"]}
    return IdempotentWrite(
        plan.AUTOMATION,
        stored,
        key,
        (),
        lead_id,
        identity=key.encode(),
        at_once=False,
        summary=summary,
        happened_at=datetime.fromtimestamp(min(time, now), UTC),
    )


def answer_bot(runtime: Runtime, request: Request) -> Response:
    """`{delivery_id, state}`. The answer goes to `return_url`, at once if it can, else as soon as it can. 401 for a
    token that is not the integration's, 403 for a `return_url` of another host, 422 for a request without one."""
    asked = _asked(request)
    proof = one_time_token.of_bot(runtime, asked.token)
    path = _continuation(proof.integration, asked.return_url)
    question = bot_reply.asked(path, asked.text, proof.entity, proof.entity_id)
    stored = msgspec.json.encode(question, order="deterministic")
    key = f"bot:{hashlib.sha256(f'{proof.jti} {path}'.encode()).hexdigest()}"
    lead_id = proof.entity_id if proof.entity == "leads" else None
    summary = {"by": "bot"}
    write = IdempotentWrite(
        bot_reply.ANSWER, stored, key, ("answer",), lead_id, identity=path.encode(), summary=summary
    )
    delivery = accept(runtime, proof.integration, request, write)
    return json_response({"delivery_id": delivery.id, "state": delivery.state})


def _require_small(request: Request) -> None:
    if len(request.body) > _MOST_BYTES:
        raise Problem(413, "too_large", say("The body is too large."))


def _tell(runtime: Runtime, automation: Automation, kind: str, message: Message) -> None:
    """amoCRM reads no answer, so whoever waits for the automation reads the log."""
    event_log.add_rarely(
        runtime.database, kind, message, level="warning", integration_id=automation.integration_id, every=_TOLD_EVERY
    )


def _require_account(
    runtime: Runtime, automation: Automation, integration: Integration, account_id: int | str | None
) -> None:
    if account_id is not None and integration.account_id != _number(account_id):
        _tell(runtime, automation, "hook.foreign", _FOREIGN)
        raise forbidden(say("This key belongs to an automation of another account."))
    if integration.status == "disconnected":
        raise Problem(409, "not_connected", say("This account is not connected. Connect it in the panel."))


def _number(value: object) -> int | None:
    """An id or a time; amoCRM writes numbers as text in places."""
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) and 0 < int(text) <= _LARGEST else None


def _asked(request: Request) -> _BotQuestion:
    # vendor: salesbot.request (production) A bot posts a form (older write-ups: JSON) with `token`, `data[…]` and
    # `return_url`, which is `/api/v4/salesbot/BOT/continue/ID` of the account and wants its access token.
    # source: notes of a Brazilian integration that answers a bot in production
    try:
        tree = _read(request)
    except nested.UnreadableError:
        raise invalid_input(say("this is no request of a bot"), "") from None
    data = tree.get("data")
    text = data.get("text") if isinstance(data, dict) else None
    return _BotQuestion(
        *(one if isinstance(one, str) else "" for one in (tree.get("token"), tree.get("return_url"), text))
    )


def _continuation(integration: Integration, return_url: str) -> str:
    """The path under /api/v4 where the bot waits. The account's token goes to the account's own host only."""
    try:
        parts = urlsplit(return_url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or parts.netloc != integration.account_domain:
        raise forbidden(say("return_url is not an address of this account."))
    found = re.fullmatch(r"/api/v4(/salesbot/[A-Za-z0-9_-]{1,64}/continue/[A-Za-z0-9_-]{1,64})/?", parts.path)
    if found is None or parts.query:
        raise invalid_input(say("is not the address of a waiting bot"), "return_url")
    return found[1]
