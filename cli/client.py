"""`client`: makes the types of the JavaScript client in `clients/js/`, from the actions, and its classic script."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from cli import openapi

FOLDER: Final = Path(__file__).resolve().parents[1] / "clients" / "js"


def described() -> dict[str, Any]:
    """The interface as the client's types need it: what each action takes and, where that is described, answers."""
    whole = openapi.document()
    paths = {path: {method: _taken(one) for method, one in methods.items()} for path, methods in whole["paths"].items()}
    kept = {name: schema for name, schema in whole["components"]["schemas"].items() if name != "Problem"}
    return {
        "openapi": whole["openapi"],
        "info": {"title": "crm_api", "version": whole["info"]["version"]},
        "paths": paths,
        "webhooks": {kind: {"post": _sent(item["post"])} for kind, item in whole["webhooks"].items()},
        "components": {"schemas": _with_numbers(kept)},
    }


def build() -> None:
    """Raises FileNotFoundError without Node.js, CalledProcessError where its packages are missing."""
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("Node.js is not installed")
    subprocess.run([node, "build.mjs"], cwd=FOLDER, input=json.dumps(described()).encode(), check=True)  # noqa: S603


def _with_numbers(value: Any) -> Any:
    """Decimals are text, so that nobody's floats decide about money; a number is taken as well."""
    if isinstance(value, dict):
        if value.get("format") == "decimal":
            return {**value, "type": ["string", "number"]}
        return {name: _with_numbers(inner) for name, inner in value.items()}
    return [_with_numbers(inner) for inner in value] if isinstance(value, list) else value


def _sent(message: dict[str, Any]) -> dict[str, Any]:
    """The body of a message alone: it is no operation of the client's."""
    schema = message["requestBody"]["content"]["application/json"]["schema"]
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"requestBody": body, "responses": {"2XX": message["responses"]["2XX"]}}


def _taken(operation: dict[str, Any]) -> dict[str, Any]:
    taken: dict[str, Any] = {name: operation[name] for name in ("operationId", "description") if name in operation}
    taken["parameters"] = [one for one in operation["parameters"] if one["in"] == "query"]
    if "requestBody" in operation:
        taken["requestBody"] = operation["requestBody"]
    good = operation["responses"]["200"]
    is_described = "$ref" in next(iter(good["content"].values()))["schema"]
    return taken | {"responses": {"200": good} if is_described else {}}
