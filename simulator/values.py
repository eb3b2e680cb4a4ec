"""Values of custom fields, of deals as of elements of lists: what each type takes, and how it is kept.

Sources: amoCRM's "Custom fields"; its PHP client's models of values; public reports of what it refuses.
"""

import math
import re
from datetime import datetime
from typing import Any

from simulator.checks import Told
from simulator.state import Account, Entity

_LISTS = ("select", "multiselect", "radiobutton", "category")
_SEVERAL = ("multiselect", "multitext", "items", "linked_entity", "chained_list", "legal_entity")
_LONGEST = {"textarea": 65_000, "url": 2_000, "multitext": 1_000}
_LONGEST_TEXT = 256
_TEXTS = ("text", "textarea", "url", "streetaddress", "tracking_data", "multitext")
_NUMBERS = ("numeric", "price", "monetary")
_OBJECTS = ("legal_entity", "items", "linked_entity", "chained_list", "file", "payer", "supplier")
_DATES = ("date", "date_time", "birthday")


def check(account: Account, owner: str, told: Told, given: Any) -> None:
    """`given`: `custom_fields_values` as a caller sends them."""
    if given is None or not told.of_type("custom_fields_values", given, "array"):
        return
    for position, one in enumerate(given):
        here = told.inside(f"custom_fields_values.{position}")
        if not isinstance(one, dict) or ("field_id" not in one and "field_code" not in one):
            here.missing("field_id")
            continue
        known = _field(account, owner, one)
        if known is None:
            here.no_choice("field_id" if "field_id" in one else "field_code")
        elif "values" not in one:
            here.missing("values")
        elif one["values"] is not None and here.of_type("values", one["values"], "array"):
            if len(one["values"]) > 1 and known["type"] not in _SEVERAL:
                here.wrong("values", "TooMany", "This collection should contain 1 element or less.")
            for number, value in enumerate(one["values"]):
                _check_value(known, here.inside(f"values.{number}"), value)


def written(account: Account, owner: str, before: list[Entity] | None, given: list[Entity]) -> list[Entity] | None:
    """What an entity has then; a field that is not named keeps its values."""
    values = {value["field_id"]: value for value in before or []}
    for one in given:
        known = _field(account, owner, one)
        assert known is not None
        kept = [_kept(account, known, value) for value in one["values"] or []]
        values[known["id"]] = {
            "field_id": known["id"],
            "field_name": known["name"],
            "field_code": known["code"],
            "field_type": known["type"],
            "values": [value for value in kept if value["value"] != ""],
        }
    return [value for value in values.values() if value["values"]] or None


def _field(account: Account, owner: str, one: Entity) -> Entity | None:
    for known in account.custom_fields[owner]:
        if known["id"] == one.get("field_id"):
            return known
        if "field_id" not in one and known["code"] and known["code"] == one.get("field_code"):
            return known
    return None


def _check_value(known: Entity, told: Told, value: Any) -> None:
    kind = known["type"]
    given = value.get("value") if isinstance(value, dict) else None
    if kind in _LISTS:
        if _choice(known, value) is None:
            # The member that was sent is the one that is named (amocrm-api-php issues 115, 480).
            told.no_choice("enum_id" if isinstance(value, dict) and "enum_id" in value else "value")
        return
    if given is None:
        told.missing("value")
    elif kind in _TEXTS:
        # vendor: fields.text_length
        if told.of_type("value", given, "string"):
            told.at_most("value", given, _LONGEST.get(kind, _LONGEST_TEXT))
        if kind == "multitext" and _choice(known, value) is None:
            told.no_choice("enum_id" if "enum_id" in value else "enum_code")
    elif kind in _NUMBERS:
        if not _is_number(given):
            told.wrong("value", "InvalidType", "This value should be of type numeric.")
    elif kind == "checkbox":
        told.of_type("value", given, "bool")
    elif kind in _DATES:
        if not _is_moment(given):
            told.wrong("value", "InvalidDateTime", "This value is not a valid datetime.")
    elif kind in _OBJECTS and not isinstance(given, dict):
        told.wrong("value", "InvalidType", "This value should be of type array.")


def _kept(account: Account, known: Entity, value: Entity) -> Entity:
    kind, given = known["type"], value.get("value")
    if kind in _TEXTS:
        # vendor: fields.emoji
        given = re.split("[\U00010000-\U0010ffff]", str(given))[0]
    if kind in _LISTS or kind == "multitext":
        choice = _choice(known, value)
        assert choice is not None
        if kind == "multitext":
            return {"value": given, "enum_id": choice["id"], "enum_code": choice["value"]}
        return {"value": choice["value"], "enum_id": choice["id"]}
    if kind in ("date", "birthday") and isinstance(given, int):
        # vendor: fields.dates
        return {"value": (given + account.utc_offset) // 86_400 * 86_400 - account.utc_offset}
    return {"value": str(given) if kind == "numeric" else given}


def _choice(known: Entity, value: Any) -> Entity | None:
    if not isinstance(value, dict):
        return None
    for enum in known["enums"] or []:
        if "enum_id" in value:
            is_meant = enum["id"] == value["enum_id"]
        elif known["type"] == "multitext":
            # Without a word the first kind is meant.
            is_meant = enum["value"] == value.get("enum_code", known["enums"][0]["value"])
        else:
            is_meant = enum["value"] == value.get("value")
        if is_meant:
            return dict(enum)
    return None


def _is_number(given: Any) -> bool:
    if isinstance(given, bool):
        return False
    if isinstance(given, str):
        return re.fullmatch(r"-?\d+([.,]\d+)?", given.strip()) is not None
    return isinstance(given, int | float) and math.isfinite(given)


def _is_moment(given: Any) -> bool:
    """Unix seconds as a number, or a moment of ISO 8601 that says its zone; a bare day is neither, nor are digits."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        return False
    if isinstance(given, int):
        return abs(given) < 2**40
    try:
        return "T" in given and datetime.fromisoformat(given).tzinfo is not None
    except ValueError:
        return False
