"""Endpoints of a connection: listed, saved, removed, tried, and given a new secret."""

from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from msgspec import Meta, Struct

from features.changes import diff, dispatch, endpoints, feeds, incoming_list, kinds, wanted
from features.changes.endpoints import Endpoint, EndpointFields, Id, Stage
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.connections.integrations import Integration
from shared.platform import egress
from shared.platform.http import Request, Response
from shared.platform.messages import UnfitError, say, translated
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, invalid_input
from shared.runtime import Runtime

_Kind = Annotated[str, Meta(min_length=1, max_length=121)]


class SaveEndpoint(Struct, forbid_unknown_fields=True, frozen=True):
    """A new one has no `id`. Empty lists stand for everything. `kinds`: names of the messages, or patterns such as
    `task.*` and `*.note_added`; `stages` are stages of their pipelines, where `pipelines` and `statuses`, each of which
    a deal must be in, too, would be more; `fields` are names as `changed` has them. `revision`: of `get_endpoints`, so
    that nobody else's change is overwritten; null saves in any case."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    url: Annotated[str, Meta(max_length=2000)] | None = None  # null keeps the address
    id: UUID | None = None
    kinds: Annotated[list[_Kind], Meta(max_length=100)] = []
    pipelines: Annotated[list[Id], Meta(max_length=100)] = []
    statuses: Annotated[list[Id], Meta(max_length=500)] = []
    stages: Annotated[list[Stage], Meta(max_length=500)] = []
    fields: Annotated[list[Annotated[str, Meta(min_length=1, max_length=60)]], Meta(max_length=200)] = []
    is_on: bool = True
    revision: UUID | None = None
    action: str | None = None


class NamedEndpoint(Struct, forbid_unknown_fields=True, frozen=True):
    id: UUID
    action: str | None = None


class ReplaceHookKey(Struct, forbid_unknown_fields=True, frozen=True):
    action: str | None = None


def _list(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{endpoints: [{id, name, host, kinds, pipelines, statuses, stages, fields, is_on, off_reason, failures,
    failing_since, last_status, last_ok_at, waiting, oldest_seconds, old_secret_until, created_at, revision, missing,
    late}], feed}`. `off_reason`: person, gone (it answered 410), failing (for three days). `missing`: the kinds that
    cannot be had in this account; `late`: those of which some are told later, because more incoming leads wait than one
    look sees.
    `feed`: `{is_on, way, hooks, last_hook_at, problem}`, or null where the connection has never asked for events; `way`
    is hook, or ask where amoCRM refuses webhooks."""
    integration = caller.require_integration()
    feed = feeds.of(runtime.database, integration.id)
    shown = [_view(one, feed) for one in endpoints.of(runtime.database, integration.id)]
    return json_response({"endpoints": shown, "feed": None if feed is None else _feed_view(feed, request)})


def _save(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, secret, revision}`: the secret of a new endpoint is shown this once (201); of one that was there it is
    null. 404 for an id of another connection, 422 for an address that may not be called, or a field that `changed`
    never names, 409 for one too many, or one that has changed since `revision`."""
    integration, body = caller.require_integration(), bodies.decode(request, SaveEndpoint)
    for index, kind in enumerate(body.kinds):
        if not kinds.is_pattern(kind):
            raise invalid_input(say("names no event; task.completed and task.* are examples"), f"kinds[{index}]")
    for index, name in enumerate(body.fields):
        if not diff.MAY_CHANGE.fullmatch(name):
            raise invalid_input(
                say("must be price, name, tags, or a field by its number, such as field:123"), f"fields[{index}]"
            )
    url = body.url
    if body.id is not None and url is None:
        url = _address(runtime, _known(runtime, integration, body.id))
    try:
        egress.checked(url or "", runtime.settings.endpoint_private_hosts)
    except UnfitError as error:
        raise invalid_input(error.detail, "url") from None
    lists = (body.kinds, body.pipelines, body.statuses, body.stages, body.fields)
    asked = EndpointFields(body.name, url or "", *lists, body.is_on)
    if body.id is not None:
        revision = endpoints.change(runtime.database, runtime.keyring, integration.id, body.id, asked, body.revision)
        if revision is None:
            _known(runtime, integration, body.id)
            raise Problem(409, "endpoint_changed", say("This endpoint has changed in between."))
        wanted.note(runtime.database, integration)
        return json_response({"id": body.id, "secret": None, "revision": revision})
    added = endpoints.add(runtime.database, runtime.keyring, integration.id, asked)
    if added is None:
        detail = say("A connection has at most {most} endpoints; remove one first.", most=endpoints.MOST)
        raise Problem(409, "too_many_endpoints", detail)
    wanted.note(runtime.database, integration)
    return json_response({"id": added[0], "secret": added[1], "revision": added[2]}, 201)


def _remove(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, removed: true}`. What waited for it is not sent any more. 404 for an id of another connection."""
    integration, body = caller.require_integration(), bodies.decode(request, NamedEndpoint)
    if not endpoints.remove(runtime.database, integration.id, body.id):
        raise _unknown()
    wanted.note(runtime.database, integration)
    return json_response({"id": body.id, "removed": True})


def _replace_secret(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{id, secret}`: shown this once; for a day both secrets sign. 404 for an id of another connection."""
    integration, body = caller.require_integration(), bodies.decode(request, NamedEndpoint)
    secret = endpoints.replace_secret(runtime.database, runtime.keyring, integration.id, body.id)
    if secret is None:
        raise _unknown()
    return json_response({"id": body.id, "secret": secret})


def _test(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{answer, is_taken, ms}`: a message of the kind `test` was sent at once. `answer` is the status, or why there was
    none. 404 for an id of another connection."""
    integration, body = caller.require_integration(), bodies.decode(request, NamedEndpoint)
    endpoint, began = _known(runtime, integration, body.id), runtime.clock.monotonic()
    account = {"id": integration.account_id, "domain": integration.account_domain}
    message = dispatch.envelope("test", runtime.clock.now(), {"account": account})
    answer, is_taken = dispatch.ask(runtime, endpoint, str(uuid4()), message)
    milliseconds = round((runtime.clock.monotonic() - began) * 1000)
    return json_response({"answer": answer, "is_taken": is_taken, "ms": milliseconds})


def _replace_key(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{replaced: true}`: amoCRM is given another address within a minute; the one before is not known any more. 409
    where events are off."""
    integration = caller.require_integration()
    bodies.decode(request, ReplaceHookKey)
    if not feeds.replace_key(runtime.database, runtime.keyring, integration.id):
        raise Problem(409, "events_are_off", say("Turn events on in the settings of this connection first."))
    return json_response({"replaced": True})


def _known(runtime: Runtime, integration: Integration, endpoint_id: UUID) -> Endpoint:
    found = next((one for one in endpoints.of(runtime.database, integration.id) if one.id == endpoint_id), None)
    if found is None:
        raise _unknown()
    return found


def _address(runtime: Runtime, endpoint: Endpoint) -> str:
    return runtime.keyring.decrypt(endpoint.url, endpoint.id, "endpoint_url")


def _unknown() -> Problem:
    return Problem(404, "unknown_endpoint", say("There is no such endpoint in this connection."))


_DECIDED: Final = ("incoming_lead.accepted", "incoming_lead.declined")
_SHOWN: Final = (
    "id", "name", "host", "kinds", "pipelines", "statuses", "stages", "fields", "is_on", "off_reason",
    "failures", "failing_since", "last_status", "last_ok_at", "waiting", "old_secret_until", "created_at",
    "revision",
)  # fmt: skip


def _view(endpoint: Endpoint, feed: feeds.Feed | None) -> dict[str, Any]:
    age, asked = endpoint.oldest_seconds, kinds.chosen(endpoint.kinds)
    return {name: getattr(endpoint, name) for name in _SHOWN} | {
        "oldest_seconds": None if age is None else round(age),
        "missing": [] if feed is None else kinds.missing(asked, feed.way, feed.refused),
        "late": []
        if feed is None or incoming_list.TURN not in feed.asked
        else [one for one in _DECIDED if one in asked],
    }


def _feed_view(feed: feeds.Feed, request: Request) -> dict[str, Any]:
    problem = None
    if feed.problem_code is not None:
        detail = "" if feed.problem_detail is None else translated(feed.problem_detail, request.language)
        problem = {"code": feed.problem_code, "detail": detail}
    return {
        "is_on": feed.is_on,
        "way": feed.way,
        "hooks": feed.hooks,
        "last_hook_at": feed.last_hook_at,
        "problem": problem,
    }


LIST = Action("get_endpoints", "GET", Right.SEE, _list)
SAVE = Action("save_endpoint", "POST", Right.MANAGE, _save, body=SaveEndpoint)
REMOVE = Action("remove_endpoint", "POST", Right.MANAGE, _remove, body=NamedEndpoint)
REPLACE_SECRET = Action("replace_endpoint_secret", "POST", Right.MANAGE, _replace_secret, body=NamedEndpoint)
TEST = Action("test_endpoint", "POST", Right.OPERATE, _test, body=NamedEndpoint)
REPLACE_KEY = Action("replace_hook_key", "POST", Right.MANAGE, _replace_key, body=ReplaceHookKey)
