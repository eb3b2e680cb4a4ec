"""The members of a deal or contact as texts, by names that stay: `name`, `tags`, `field:123`."""

from collections.abc import Iterator, Mapping
from typing import Any


def texts(entity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of an entity as the API answers it, or of the body of a change: the members that it holds."""
    if "name" in entity or "first_name" in entity:
        parts = (entity.get("first_name"), entity.get("last_name"))
        yield "name", str(entity.get("name") or " ".join(str(part) for part in parts if part))
    embedded = entity.get("_embedded") or {}
    if "tags" in embedded:
        yield "tags", "\0".join(sorted(str(tag.get("name")) for tag in embedded["tags"] or []))
    for one in entity.get("custom_fields_values") or []:
        yield f"field:{one.get('field_id')}", "\0".join(str(value.get("value")) for value in one.get("values") or [])
