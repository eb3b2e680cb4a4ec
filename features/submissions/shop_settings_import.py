"""Settings of the shop component of the requirements' row C, as ours: what can be taken over, and what cannot."""

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from features.submissions.settings import Submissions
from shared.platform.decoding import convert

Document = dict[str, Any]


class UnreadableError(ValueError):
    """The file is neither of the two kinds."""


class ImportedSettings(Struct):
    submissions: Document = field(default_factory=lambda: {"forms": {}, "orders": {}, "mapping": []})
    left: list[str] = field(default_factory=list)  # what was not taken over, and why


def read(text: str) -> dict[str, str]:
    """Keys and values of JSON (an object, or a list of `{key, value}`) or of CSV with two columns."""
    try:
        document = json.loads(text)
    except ValueError:
        rows = [row for row in csv.reader(io.StringIO(text), _delimiter(text)) if len(row) >= 2]
        found = {row[0].strip(): row[1].strip() for row in rows if row[0].strip() not in ("key", "name")}
        if not any(key.startswith("amocrm_") for key in found):
            raise UnreadableError("neither JSON nor CSV with the keys amocrm_… in its first column") from None
        return found
    if isinstance(document, list):
        document = {str(one.get("key")): one.get("value") for one in document if isinstance(one, dict)}
    if not isinstance(document, dict):
        raise UnreadableError("JSON, but neither an object nor a list of {key, value}")
    return {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in document.items()}


def _delimiter(text: str) -> "type[csv.Dialect]":
    class Found(csv.excel):
        delimiter = ";" if text.count(";") > text.count(",") else ","

    return Found


def take_over(found: dict[str, str]) -> ImportedSettings:
    """Everything that means something here. The result fits :class:`features.submissions.settings.Submissions`."""
    taken = ImportedSettings()
    for key, value in found.items():
        rule = _RULES.get(key)
        if rule is None:
            reason = _REASONS.get(key, "is not known")
            taken.left.append(f"{key}: {reason}")
        elif value.strip() not in ("", "null"):
            try:
                rule(taken, value.strip())
            except ValueError:
                taken.left.append(f"{key}: its value is not of the kind that belongs there")
    taken.submissions = {name: value for name, value in taken.submissions.items() if value not in ({}, [])}
    convert(taken.submissions, Submissions)
    return taken


def _id(part: str, name: str) -> Callable[[ImportedSettings, str], None]:
    def take(taken: ImportedSettings, value: str) -> None:
        number = _number(value)
        if number > 1:  # the component's own defaults are 0 and 1, which no account has
            taken.submissions[part][name] = number

    return take


def _switch(name: str) -> Callable[[ImportedSettings, str], None]:
    def take(taken: ImportedSettings, value: str) -> None:
        taken.submissions[name] = _is_on(value)

    return take


def _form_as_lead(taken: ImportedSettings, value: str) -> None:
    taken.submissions["forms"]["mode"] = "lead" if _is_on(value) else "contact"


def _create_fields(taken: ImportedSettings, value: str) -> None:
    """One switch here, two there: on where either is."""
    taken.submissions["create_fields"] = _is_on(value) or taken.submissions.get("create_fields", False)


def _required(taken: ImportedSettings, value: str) -> None:
    taken.submissions["forms"]["required"] = _names(value)


def _mapped(key: str, entity: str, prefix: str = "") -> Callable[[ImportedSettings, str], None]:
    """Names, or pairs `source==field`. What goes to its place by itself needs no rule."""

    def take(taken: ImportedSettings, value: str) -> None:
        for name in _names(value):
            source, _, target = name.partition("==")
            is_usual = source in ("name", "phone", "email", "goods", "comment")
            if source == "goods" and target:
                taken.left.append(f"{key}.goods: goods are linked with the deal, and are in no field")
            elif not is_usual or target.casefold() not in ("", source):
                rule = {"source": source if is_usual else prefix + source, "entity": entity, "field": target or source}
                taken.submissions["mapping"].append(rule)

    return take


def _enums(taken: ImportedSettings, value: str) -> None:
    for name, enum in _object(value).items():
        if name in ("phone", "email"):
            taken.submissions[f"{name}_enum"] = str(enum)
        else:
            taken.left.append(f"amocrm_user_enum_fields.{name}: give the kind in the mapping of {name}")


def _read_only(taken: ImportedSettings, value: str) -> None:
    taken.submissions["read_only"] = _names(value)


def _responsible(taken: ImportedSettings, value: str) -> None:
    if number := _number(value):
        taken.submissions["responsible_user_ids"] = [number]


def _routes(taken: ImportedSettings, value: str) -> None:
    known, routes = ("pipeline_id", "status_id", "responsible_user_id"), []
    for category, place in _object(value).items():
        told = f"amocrm_categories_pipelines.{category}"
        if not isinstance(place, dict):
            taken.left.append(f"{told}: its value is not of the kind that belongs there")
            continue
        routes.append({"category": category} | {name: _number(place[name]) for name in known if place.get(name)})
        taken.left += [f"{told}.{name}: is not known" for name in place if name not in known]
    taken.submissions["routes"] = routes


def _number(value: Any) -> int:
    """An id, or 0 where the component has none."""
    if isinstance(value, bool) or not isinstance(value, str | int) or int(value) < 0:
        raise ValueError
    return int(value)


def _is_on(value: str) -> bool:
    return value.casefold() in ("1", "true", "yes", "да")


def _names(value: str) -> list[str]:
    return [part.strip() for part in re.split(r"\|\||,", value) if part.strip()]


def _object(value: str) -> dict[str, Any]:
    found = json.loads(value)
    if not isinstance(found, dict):
        raise ValueError
    return found


_RULES: dict[str, Callable[[ImportedSettings, str], None]] = {
    "amocrm_form_pipeline_id": _id("forms", "pipeline_id"),
    "amocrm_form_status_new": _id("forms", "status_id"),
    "amocrm_form_as_lead": _form_as_lead,
    "amocrm_form_filled_fields": _required,
    "amocrm_pipeline_id": _id("orders", "pipeline_id"),
    "amocrm_new_order_status_id": _id("orders", "status_id"),
    "amocrm_order_fields": _mapped("amocrm_order_fields", "leads"),
    "amocrm_order_address_fields": _mapped("amocrm_order_address_fields", "leads", "address."),
    "amocrm_user_fields": _mapped("amocrm_user_fields", "contacts"),
    "amocrm_user_enum_fields": _enums,
    "amocrm_user_readonly_fields": _read_only,
    "amocrm_skip_empty_fields": _switch("skip_empty"),
    "amocrm_default_responsible_user_id": _responsible,
    "amocrm_auto_create_orders_fields": _create_fields,
    "amocrm_auto_create_users_fields": _create_fields,
    "amocrm_categories_pipelines": _routes,
    "amocrm_responsible_id_priority_category": _switch("routing_beats_order"),
    "amocrm_use_simple_queue": _switch("queue"),
}
_IN_THE_PANEL = "belongs to the connection: enter it in the panel"
_REASONS = {
    "amocrm_account": _IN_THE_PANEL,
    "amocrm_domain": _IN_THE_PANEL,
    "amocrm_client_id": _IN_THE_PANEL,
    "amocrm_client_secret": _IN_THE_PANEL,
    "amocrm_client_code": "lives 20 minutes: authorise the account in the panel instead",
    "amocrm_auto_update_pipelines": "is not needed: pipelines are read from the account",
    "amocrm_save_user_in_mgr": "is decided on the site: call sync_contact there",
    "amocrm_save_user_by_profile": "is decided on the site: call sync_contact there",
    "amocrm_order_properties_element": "is not needed: an order brings its own pipeline_id, status_id and fields",
}
