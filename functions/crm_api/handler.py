"""One request to `crm_api`: which action, who is asking, may they, and then the action itself."""

import re
from typing import Final

import msgspec

from features import registry
from functions.crm_api import audit, cors, health, pages
from functions.crm_api.actions import ACTIONS, Action
from shared.access.authentication import authenticate, spend
from shared.access.credentials import site_key
from shared.platform import proxies
from shared.platform.decoding import decode
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import problem_response
from shared.platform.problems import Problem, problem_from
from shared.runtime import Runtime

# What servers also tell by PUT, as Horoshop does. A page of another origin may not (cors.py).
# source: Horoshop's reference of its API, "Order placement"
_ALSO_BY_PUT = "submit_form"
# What needs no proof, as it makes one.
_SIGN_IN = ("get_sign_in", "begin_sign_in", "finish_sign_in")
# A server's key, of 32 letters, ends the address that a sender is given. What it puts behind that is not the key's:
# Mango the path of an event, with its slash or without, Evolution API its name, others a query of their own.
# source: public receivers of Mango's events (`/events/call`); Evolution API's documentation, "Webhooks"
_KEY_AND_MORE: Final = re.compile(rf"({site_key.SERVER_PREFIX}[\w-]{{32}})(.+)", re.ASCII | re.DOTALL)


class _Named(msgspec.Struct):
    """A body that names its action; what else is in it is the action's."""

    action: str | None = None


def handle(runtime: Runtime, request: Request) -> Response:
    """The answer to any request: a page, a health check, or an action."""
    request = proxies.of_visitor(runtime.settings, _as_given(request))
    if request.method == "OPTIONS":
        return cors.preflight(runtime, request)
    named, is_read = _named(request), request.method in registry.READING
    if request.method == "PUT" and named == _ALSO_BY_PUT:
        request = msgspec.structs.replace(request, method="POST")
    if is_read and named == "health":
        return health.answer(runtime)
    page = pages.find(runtime, request)
    if page is not None:
        return page
    take = registry.hook(request.method, named)
    try:
        if is_read and named in _SIGN_IN:
            from functions.crm_api import sign_in  # for the panel's first page only

            return cors.allow(runtime, request, sign_in.answer(runtime, request, named), None)
        if take is not None:
            return take(runtime, request)
        action = _chosen_action(request)
        caller = authenticate(runtime, request, action.calls)
        caller.require(action.right)
        if action.method == "POST":
            spend(runtime, caller, request)
        was = audit.before(runtime, caller, action, request)
        response, integration = action.run(runtime, caller, request), caller.integration
        if caller.actor is not None and action.method == "POST":
            audit.tell(runtime, caller, action, request, was)
    except Exception as error:
        # A page of another origin may only read the problem when it, too, has the CORS headers.
        problem = problem_from(error)
        if problem is None:
            raise
        # What amoCRM itself sends is often a form, too; no person reads the answer.
        response, integration = (_told if take is None else problem_response)(problem, request), None
    return cors.allow(runtime, request, response, integration)


def _as_given(request: Request) -> Request:
    """With the server's key alone where something stands behind it; a value of a query there is one of the query."""
    found = _KEY_AND_MORE.fullmatch(request.parameter("site_key") or "")
    if found is None:
        return request
    name, _, value = found[2].partition("?")[2].partition("=")
    others = [one for one in request.query if one[0] != "site_key"]
    query = (("site_key", found[1]), *([(name, value)] if name else []), *others)
    return msgspec.structs.replace(request, query=query)


def _told(problem: Problem, request: Request) -> Response:
    """A person who has sent a plain HTML form gets a page, everybody else a problem document."""
    if request.is_html_form:
        from shared.actions import html_page  # for such forms only

        return html_page.problem_page(problem, request)
    return problem_response(problem, request)


def _chosen_action(request: Request) -> Action:
    """By the query parameter, the last part of the path, or the body's member `action`, in this order."""
    name = request.parameter("action") or _in_path(request) or _in_body(request)
    action = ACTIONS.get(name or "")
    if action is None:
        known = ", ".join(sorted(ACTIONS))
        raise Problem(404, "unknown_action", say("Name one of these actions: {known}.", known=known))
    if request.method != action.method:
        detail = say("{name} is called with {method}.", name=action.name, method=action.method)
        raise Problem(405, "method_not_allowed", detail, headers=(("Allow", f"{action.method}, OPTIONS"),))
    return action


def _named(request: Request) -> str:
    return request.parameter("action") or _last_part(request)


def _in_path(request: Request) -> str | None:
    last = _last_part(request)
    return last if last in ACTIONS else None


def _last_part(request: Request) -> str:
    return request.path.rstrip("/").rpartition("/")[2]


def _in_body(request: Request) -> str | None:
    try:
        return decode(request.body, _Named).action
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
