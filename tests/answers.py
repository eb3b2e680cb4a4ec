"""Holds what `crm_api` answers to what `openapi.yaml` says of it: every call of every story is compared."""

from functools import cache
from typing import Any

import jsonschema_rs
import msgspec

from cli import openapi
from functions.crm_api.actions import ACTIONS
from shared.platform.http import Response


def check(action: str, response: Response) -> None:
    """A member that is missing, of another type, or not described at all is a failure."""
    known = ACTIONS.get(action)
    if known is None or known.answer is None or not 200 <= response.status < 300:
        return
    if ("Content-Type", "application/json") not in response.headers:
        return  # a plain form is answered by a page
    document = msgspec.json.decode(response.body)
    if document != {"state": "accepted"}:  # a robot that books is told no more
        _validator(known.answer.__name__).validate(document)


@cache
def _validator(name: str) -> Any:
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": _components()})


@cache
def _components() -> dict[str, Any]:
    schemas: dict[str, Any] = openapi.document()["components"]["schemas"]
    return {"schemas": {one: _closed(schema) for one, schema in schemas.items()}}


def _closed(schema: Any) -> Any:
    """Nothing but what is described; callers are promised less, so that answers can grow."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _closed(value) for name, value in schema.items()}
    return made | {"additionalProperties": False} if isinstance(made.get("properties"), dict) else made
