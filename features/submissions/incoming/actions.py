"""What has come to the addresses of servers' keys, for people.

`GET get_incoming` lists it, `GET get_incoming_entry` shows one with what was understood of it, `POST preview_incoming`
shows how the latest would be read by other rules.
"""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from features.submissions import kept_bodies
from features.submissions.field_vocabulary import Meaning
from features.submissions.incoming import explanation
from features.submissions.incoming.explanation import Reading
from features.submissions.kept_bodies import Incoming
from features.submissions.model import SubmitOrder
from features.submissions.server_ingress import why
from features.submissions.settings import FieldRule, Name
from features.submissions.settings import of as settings_of
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.actions.body import optional_positive
from shared.platform.http import Request, Response
from shared.platform.messages import say, translated
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

_OUTCOMES: Final = ("accepted", "refused", "nothing", "taken")
_DEFAULT_LIMIT: Final = 20
_MOST: Final = 100
_MOST_RAW: Final = 100_000
_PREVIEWED: Final = 10


def _list(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `key` (a server key's id), `outcome`, `limit`, `before` (the `next` of the page before).

    `{keys: [{id, name, revoked_at, without_person, accepts_without_person, bodies_dropped_at}], incoming: [{id, key_id,
    action, outcome, detail, delivery_id, again_id, has_person, size, times, request_id, created_at, last_at}], next}`,
    the newest first. `outcome`: accepted (as the delivery), refused, nothing (a trial, a robot, a messenger that tells
    of own messages), taken (not read to its end). `again_id`: of the latest delivery that has completed it. `size` in
    bytes; `times`: how often the same has come. Of a key, `without_person`: none of its latest had a phone or an
    e-mail, and nobody has said that this is right (`accepts_without_person`); `bodies_dropped_at`: when older ones went
    because too many came.
    """
    integration = caller.require_integration()
    outcome = request.parameter("outcome") or None
    if outcome not in (None, *_OUTCOMES):
        raise invalid_input(say("must be one of {names}", names=", ".join(_OUTCOMES)), "outcome")
    limit = optional_positive(request, "limit", _MOST) or _DEFAULT_LIMIT
    found = kept_bodies.page(
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
            "keys": [asdict(one) for one in kept_bodies.keys(runtime.database, integration.id)],
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
        "again_id": incoming.again_id,
        "has_person": incoming.has_person,
        "size": incoming.size,
        "times": incoming.times,
        "request_id": incoming.request_id,
        "created_at": incoming.created_at,
        "last_at": incoming.last_at,
    }


def _entry(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """Query: `id`; `content=1`, for administrators: also the values, `understood` (the body that they make, as its
    own action takes it; null for what cannot be read), and `raw`, what came, as text.

    What the list tells of it, and `{values: [{name, source, named, values, meaning, reason, goes_to: [{entity,
    field_id, field}]}], reading, person, raw}`, by today's rules. `source`: what a mapping may call it; null where it
    has no such name; `named`: what the settings call it already. `meaning`: name, first_name, last_name, phone, email,
    comment, form, page, referrer, visit, order, field (a field of the form: it goes where a rule says, else into the
    note), nothing (it is left out). `reason`: mapping (the settings say so), type (declared so), word (its name says
    so), shape (it looks so), visit, furniture (the builder's own), note (nothing says more of it). `reading`: form,
    order, several (each of its submissions is in the list by itself), nothing or unreadable; `problem` says why.
    """
    integration = caller.require_integration()
    shows_values = request.parameter("content") == "1"
    if shows_values:
        caller.require(Right.MANAGE)
    id_ = _uuid(request, "id")
    incoming = None if id_ is None else kept_bodies.by_id(runtime.database, id_, integration.id)
    if incoming is None:
        raise Problem(404, "unknown_incoming", say("There is no such body any more."))
    came = kept_bodies.request_of(runtime.keyring, incoming)
    found = explanation.read(came, incoming.action, settings_of(integration))
    raw = came.body[:_MOST_RAW].decode("utf-8", "replace") if shows_values else None
    whole = {"raw": raw, "understood": msgspec.to_builtins(found.body) if shows_values else None}
    return json_response(view(incoming, request.language) | _read_view(found, request, shows_values) | whole)


def _read_view(found: Reading, request: Request, shows_values: bool) -> dict[str, Any]:
    told = found.nothing if found.problem is None else why(found.problem)
    kind = "unreadable" if found.body is None else "order" if isinstance(found.body, SubmitOrder) else "form"
    return {
        "reading": "nothing" if found.nothing else "several" if found.parts else kind,
        "problem": None if told is None else translated(told, request.language),
        "person": found.has_person,
        "values": [one.view(shows_values=shows_values) for one in found.values],
    }


class PreviewIncoming(Struct, forbid_unknown_fields=True, frozen=True):
    """Rules that are not saved yet, as members of `submissions`, for the latest bodies of a key."""

    key: UUID
    mapping: Annotated[list[FieldRule], Meta(max_length=100)] = []
    meanings: dict[Name, Meaning] = {}
    action: str | None = None


def _preview(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{incoming: [{…as in get_incoming_entry, differs: [{name, was, now}]}]}`: the last ten of the key, by the rules
    given, and what of each is taken for something else than by those that are saved. Nothing is written."""
    integration, given = caller.require_integration(), bodies.decode(request, PreviewIncoming)
    saved = settings_of(integration)
    wanted = replace(saved, mapping=given.mapping, meanings=given.meanings)
    shown = []
    for incoming in kept_bodies.latest(runtime.database, integration.id, given.key, _PREVIEWED):
        came = kept_bodies.request_of(runtime.keyring, incoming)
        was, now = (explanation.read(came, incoming.action, rules) for rules in (saved, wanted))
        if now.parts:
            continue  # each of these is among the latest, too
        differs = [
            {"name": new.name, "was": old.view(shows_values=True), "now": new.view(shows_values=True)}
            for old, new in zip(was.values, now.values, strict=False)
            if (old.meaning, old.rules) != (new.meaning, new.rules)
        ]
        shown.append(view(incoming, request.language) | _read_view(now, request, True) | {"differs": differs})
    return json_response({"incoming": shown})


def _uuid(request: Request, name: str) -> UUID | None:
    text = request.parameter(name) or None
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise invalid_input(say("must be an id, as the list has it"), name) from None


ENTRY = Action("get_incoming_entry", "GET", Right.SEE, _entry, query=("id", "content"))
PREVIEW = Action("preview_incoming", "POST", Right.MANAGE, _preview, body=PreviewIncoming, is_change=False)
LIST = Action("get_incoming", "GET", Right.SEE, _list, query=("key", "outcome", "limit", "before"))
