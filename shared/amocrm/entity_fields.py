"""The members of a deal, contact, task and the like as texts, by names that stay: `name`, `tags`, `field:123`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.amocrm import budgets
from shared.platform import html_entities

_PLAIN: Final = (
    "status_id",
    "pipeline_id",
    "price",
    "responsible_user_id",
    "complete_till",
    "is_completed",
    "task_type_id",
)
# A day is written as this second of it, UTC: the same day from Hawaii to New Zealand.
SAFE_SECOND: Final = 10 * 3600
_DAY: Final = 86_400


def texts(entity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of an entity as the API answers it, or of the body of a change: the members that it holds. What is written with
    entities of HTML is read without (see http.escaped), so none is in either."""
    return ((name, html_entities.read(text)) for name, text in _texts(entity))


def _texts(entity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "name" in entity or "first_name" in entity:
        parts = (entity.get("first_name"), entity.get("last_name"))
        yield "name", str(entity.get("name") or " ".join(str(part) for part in parts if part))
    if "text" in entity:
        yield "text", str(entity["text"] or "")
    if isinstance(result := entity.get("result"), Mapping):
        yield "result", str(result.get("text") or "")
    embedded = entity.get("_embedded") or {}
    if "tags" in embedded:
        yield "tags", "\0".join(sorted(str(tag.get("name")) for tag in embedded["tags"] or []))
    for one in entity.get("custom_fields_values") or []:
        yield f"field:{one.get('field_id')}", "\0".join(str(value.get("value")) for value in one.get("values") or [])


def written(change: Mapping[str, Any]) -> dict[str, str]:
    """Of the body of a change: each member that it sets, as one of the :func:`readings` of an entity that has it."""
    found = dict(texts(change)) | {name: str(change[name]) for name in _PLAIN if name in change}
    for one in change.get("custom_fields_values") or []:
        values = one.get("values") or []
        if values and all("enum_id" in value and "value" not in value for value in values):
            found[f"field:{one.get('field_id')}"] = _choices(values)
    return found


def readings(entity: Mapping[str, Any], name: str) -> set[str]:
    """All that may have been written where an entity has this member now."""
    if name == "price":
        return {str(budgets.read(entity))}
    if name in _PLAIN:
        return {str(entity.get(name))}
    found = {dict(texts(entity)).get(name, "")}
    for one in entity.get("custom_fields_values") or []:
        if f"field:{one.get('field_id')}" == name and (values := one.get("values") or []):
            found.add(_choices(values))
            first = values[0].get("value")
            if one.get("field_type") in ("date", "birthday") and isinstance(first, int):
                # It is kept as midnight of the account's own time zone.
                found.add(str(first + (SAFE_SECOND - first) % _DAY))
    return found


def _choices(values: Sequence[Mapping[str, Any]]) -> str:
    """They come back in the account's own order."""
    return "choices:" + ",".join(sorted(str(value.get("enum_id")) for value in values))
