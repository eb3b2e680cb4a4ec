"""`openapi.yaml`, from the actions themselves: bodies, parameters, rights, docstrings. A test keeps it true."""

import inspect
import json
from typing import Any

import msgspec
import yaml

from features.registry import webhook_examples, webhooks
from functions.crm_api.actions import ACTIONS, Action
from shared.access.permissions import RIGHTS

_PROOFS = {
    "oneTimeToken": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-Token",
        "description": "amoCRM's one-time token, as $authorizedAjax sends it",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "a session (ses_…), your application's JWT, a site key (site_…), or an administrator token",
    },
}
_KINDS = {"oneTimeToken": ("widget", "widget_administrator")}
_GOOD = {"200": "Done.", "201": "Made.", "202": "Accepted; it will be done without you."}
_BAD = {
    "400": "The body cannot be read.",
    "401": "No proof of identity, or a wrong one.",
    "402": "amoCRM: the account is not paid.",
    "403": "This proof does not give the right, or is for another account, deal or page.",
    "404": "There is no such thing in this account.",
    "405": "The action is called with another method.",
    "409": "It does not fit the present state.",
    "413": "The body is too large.",
    "422": "A value is not right; `errors` name each by its path.",
    "429": "Too many requests; `Retry-After` says how long to wait.",
    "502": "amoCRM answered with something that is not its API.",
    "503": "Something is away for the moment; `Retry-After` says how long to wait.",
    "504": "amoCRM did not answer in time.",
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable"},
        "detail": {"type": "string", "description": "what a person can do about it"},
        "request_id": {"type": "string"},
        "retry_after": {"type": "integer", "description": "seconds"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "detail"],
                "properties": {"path": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def document() -> dict[str, Any]:
    bodies: list[Any] = [action.body for action in ACTIONS.values() if action.body is not None]
    messages, examples = webhooks(), webhook_examples()
    bodies += dict.fromkeys(messages.values())
    bodies += dict.fromkeys(action.answer for action in ACTIONS.values() if action.answer is not None)
    _, schemas = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "crm_api",
            "version": "1",
            "description": "Reads and writes deals of connected amoCRM accounts. docs/http.md is for people.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {"url": "{CRM_API_URL}", "variables": {"CRM_API_URL": {"default": "https://functions.example/crm_api"}}}
        ],
        "paths": {f"/{name}": {action.method.lower(): _operation(action)} for name, action in ACTIONS.items()},
        "webhooks": {kind: {"post": _webhook(kind, data, examples[kind])} for kind, data in sorted(messages.items())},
        "components": {"schemas": {**schemas, "Problem": _PROBLEM}, "securitySchemes": _PROOFS},
    }


def _webhook(kind: str, data: type[msgspec.Struct], example: Any) -> dict[str, Any]:
    """A message to an endpoint; docs/events.md says what is promised."""
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    shown = {"summary": "As it is sent, in one line without spaces", "value": json.loads(example.body)}
    envelope = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": kind},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"$ref": f"#/components/schemas/{data.__name__}"},
        },
    }
    return {
        "operationId": f"webhook_{kind.replace('.', '_')}",
        "summary": kind,
        "parameters": [
            {
                "name": one,
                "in": "header",
                "required": True,
                "schema": {"type": "string"},
                "example": example.headers[one],
            }
            for one in headers
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": envelope, "examples": {kind: shown}}},
        },
        "responses": {
            "2XX": {"description": "It was taken; anything else is tried again for three days."},
            "410": {"description": "The endpoint is turned off."},
        },
    }


def text() -> str:
    return str(yaml.dump(document(), Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120))


class _Plain(yaml.SafeDumper):  # type: ignore[misc] # PyYAML has no types
    def ignore_aliases(self, _data: object) -> bool:
        return True


def _operation(action: Action) -> dict[str, Any]:
    allowed = [kind for kind, rights in RIGHTS.items() if action.right in rights]
    proofs = [name for name in _PROOFS if name in _KINDS and set(_KINDS[name]) & set(allowed)]
    proofs += ["bearer"] if set(allowed) - {"widget", "widget_administrator"} else []
    description = f"Right: `{action.right}`; given by {', '.join(allowed)}.\n\n{inspect.getdoc(action.run) or ''}"
    made: dict[str, Any] = {
        "operationId": action.name,
        "summary": _summary(action),
        "description": description.strip(),
        "security": [{name: []} for name in proofs],
        "parameters": _parameters(action),
        "responses": _responses(action),
    }
    if action.body is not None:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{action.body.__name__}"}}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _summary(action: Action) -> str:
    return action.name.replace("_", " ").capitalize()


def _parameters(action: Action) -> list[dict[str, Any]]:
    headers = ["X-Account-Domain", "X-Widget-Type"]
    headers += ["X-Lead-Id"] if action.is_for_a_deal else []
    headers += action.headers
    headers += ["Idempotency-Key"] if action.method == "POST" else []
    found = [{"name": name, "in": "header", "schema": {"type": "string"}} for name in headers]
    return found + [{"name": name, "in": "query", "schema": {"type": "string"}} for name in action.query]


def _answer(action: Action) -> dict[str, Any]:
    if action.answer is not None:
        return {"$ref": f"#/components/schemas/{action.answer.__name__}"}
    return {"type": "object" if action.answers == "application/json" else "string"}


def _responses(action: Action) -> dict[str, Any]:
    good = {"description": "", "content": {action.answers: {"schema": _answer(action)}}}
    bad = {
        "description": "",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    shown = _GOOD if action.method == "POST" else {"200": _GOOD["200"]}
    return {status: good | {"description": told} for status, told in shown.items()} | {
        status: bad | {"description": told} for status, told in _BAD.items()
    }
