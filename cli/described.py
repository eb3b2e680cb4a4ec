"""Holds what passed between clients and the simulator to somebody else's OpenAPI description of amoCRM's API.

Such a description is a reading of the vendor's pages, with mistakes of its own: what disagrees is told,
and judged by a person once; `KNOWN` are those verdicts.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import yaml

# (method, path, pattern of the place) → why we and the vendor's pages are right, or why it does not matter.
KNOWN: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("POST", "/leads/complex", "answered.*", "the vendor's page shows a list, the description an object"),
    ("POST", "/{entity_type}/{entity_id}/link", r"sent\[\]\.metadata", "a client of others sends null for nothing"),
    ("POST", "/leads/complex", r"sent.*values\[\]", "a choice is named by its enum_id alone: rule fields.enum_id"),
    ("PATCH", "/contacts/{id}", r"sent.*\.values", "null clears a field: rule fields.clear"),
    ("PATCH", "/leads/{id}", r"sent.*\.values", "null clears a field: rule fields.clear"),
    ("PATCH", "/leads/{id}", r"sent.*values\[\]", "a choice is named by its enum_id alone: rule fields.enum_id"),
    ("POST", "/leads", r"sent.*values\[\]", "a choice is named by its enum_id alone: rule fields.enum_id"),
    ("POST", "/catalogs/{catalog_id}/elements", r"sent.*values\[\]", "as is the unit of a good: rule fields.enum_id"),
    ("PATCH", "/leads/{id}", r"sent.*values\[\]\.value", "a number may have a fraction: rule fields.types"),
    ("POST", "/leads", r"sent.*\.price", "a budget has cents: rule leads.cents"),
    ("POST", "/leads/complex", r"sent.*\.price", "a budget has cents: rule leads.cents"),
    ("POST", "/leads/unsorted/forms", r"sent.*\.price", "a budget has cents: rule leads.cents"),
    ("PATCH", "/leads/{id}", r"sent\.price", "a budget has cents: rule leads.cents"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    method: str
    path: str  # as in the description
    place: str  # sent or answered, and the path inside of it
    message: str


@dataclass(frozen=True, slots=True)
class ComparisonReport:
    exchanges: int
    methods: tuple[str, ...]  # that were held to it
    undescribed: tuple[str, ...]
    differences: tuple[tuple[Difference, int], ...]
    explained: int


def hold(description: Path, record: Path) -> ComparisonReport:
    """Compares every recorded exchange that succeeded: the description knows successes only."""
    document = yaml.safe_load(description.read_text(encoding="utf-8"))
    registry = jsonschema_rs.Registry([("urn:description", document)])
    operations = list(_operations(document))
    found: Counter[Difference] = Counter()
    held, unknown, count = set(), set(), 0
    for line in record.read_bytes().splitlines():
        exchange = json.loads(line)
        if not 200 <= exchange["status"] < 300:
            continue
        count += 1
        match = next(
            (one for one in operations if one[0] == exchange["method"] and one[2].fullmatch(exchange["path"])), None
        )
        if match is None:
            unknown.add(f"{exchange['method']} {_shape(exchange['path'])}")
            continue
        method, path, _, operation = match
        held.add(f"{method} {path}")
        for side, schema, value in _sides(document, operation, exchange):
            for message, place in _problems(schema, value, registry):
                found[Difference(method, path, f"{side}{place}", message)] += 1
    differences = [(one, times) for one, times in found.most_common() if not _is_known(one)]
    return ComparisonReport(
        count, tuple(sorted(held)), tuple(sorted(unknown)), tuple(differences), len(found) - len(differences)
    )


def _operations(document: Any) -> Iterator[tuple[str, str, re.Pattern[str], Any]]:
    """Fixed paths before those with parameters."""
    paths = sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
    for path, item in paths:
        pattern = re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)))
        for method, operation in item.items():
            if method in ("get", "post", "patch", "put", "delete"):
                yield method.upper(), path.removeprefix("/api/v4"), pattern, operation


def _sides(document: Any, operation: Any, exchange: Any) -> Iterator[tuple[str, Any, Any]]:
    sent = _resolved(document, operation.get("requestBody"))
    if sent and exchange["sent"] is not None:
        yield "sent", _schema(sent), exchange["sent"]
    answers = operation.get("responses", {})
    answered = _resolved(document, answers.get(str(exchange["status"])) or answers.get("200") or answers.get("201"))
    if answered and exchange["answered"] is not None:
        yield "answered", _schema(answered), exchange["answered"]


def _resolved(document: Any, value: Any) -> Any:
    while isinstance(value, dict) and "$ref" in value:
        target = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


def _schema(part: Any) -> Any:
    content = part.get("content") or {}
    return next((media.get("schema") for media in content.values()), None)


def _problems(schema: Any, value: Any, registry: jsonschema_rs.Registry) -> Iterator[tuple[str, str]]:
    if schema is None:
        return
    absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:description#/'))
    validator = jsonschema_rs.Draft202012Validator(absolute, registry=registry)
    for error in validator.iter_errors(value):
        place = "".join(f".{part}" if isinstance(part, str) else "[]" for part in error.instance_path)
        # The same kind of trouble of many values is one difference.
        yield re.sub(r'-?\d[\d.]*|"[^"]*"', "…", error.message)[:200] + f" ({error.kind.name})", place


def _is_known(one: Difference) -> bool:
    return any(
        (one.method, one.path) == (method, path) and re.fullmatch(pattern, one.place)
        for method, path, pattern, _ in KNOWN
    )


def _shape(path: str) -> str:
    return re.sub(r"/[0-9a-f-]*\d[0-9a-f-]*", "/…", path)
