"""Deals, contacts and companies. Source: amoCRM's "Deals", "Contacts", "Companies"."""

import re
from typing import Any

from simulator import money
from simulator.answers import Answer, ApiError, document, invalid, nothing, problem
from simulator.call import Call, ordered
from simulator.resources import telling
from simulator.state import Entity

_COMMON = ("name", "responsible_user_id", "created_at", "updated_at")
_OWN = {
    "leads": (*_COMMON, "price", "status_id", "pipeline_id", "loss_reason_id"),
    "contacts": (*_COMMON, "first_name", "last_name"),
    "companies": _COMMON,
}
_CLOSED = (142, 143)
_UNSORTED = 1  # the type of the status of incoming leads


def page(call: Call, entity_type: str) -> Answer:
    # vendor: unsorted.answer - what waits to be accepted is in no list.
    # vendor: unsorted.contact_found (guess) The contact of an incoming lead that waits is found by a search.
    # source: none found; a person who sends two forms would be two contacts else
    finds = entity_type == "contacts" and call.parameter("query") is not None
    shown = [one for one in call.account.entities(entity_type).values() if finds or not one.get("_incoming")]
    found = [entity for entity in shown if _is_wanted(call, entity)]
    return call.page(entity_type, ordered(call, found), lambda entity: view(call, entity_type, entity))


def read(call: Call, entity_type: str, entity_id: str) -> Answer:
    entity = call.account.entities(entity_type).get(int(entity_id))
    if entity is None:
        if call.account.missing_entity_status == 204:
            return nothing()
        raise ApiError(problem(404, "Not Found", "Entity not found"))
    return document(view(call, entity_type, entity))


def create(call: Call, entity_type: str) -> Answer:
    created = []
    for index, item in enumerate(call.items()):
        entity = add(call, entity_type, item, index)
        created.append(
            {
                "id": entity["id"],
                "request_id": str(item.get("request_id", index)),
                "_links": {"self": call.link(f"/{entity_type}/{entity['id']}")},
            }
        )
    return document({"_links": {"self": call.link()}, "_embedded": {entity_type: created}})


def create_complex(call: Call) -> Answer:
    """A deal with a new contact and company in one call."""
    created = []
    for index, item in enumerate(call.items()):
        embedded = item.pop("_embedded", {}) or {}
        known_lead = _open_deal_of(call, embedded) if call.account.controls_duplicates else None
        if known_lead is not None:
            created.append(known_lead | {"request_id": [str(item.get("request_id", index))], "merged": True})
            continue
        ids: dict[str, int | None] = {"contacts": None, "companies": None}
        for entity_type in ids:
            for inner in embedded.get(entity_type, [])[:1]:
                known = call.account.entities(entity_type).get(inner.get("id", 0))
                ids[entity_type] = (known or add(call, entity_type, inner, index))["id"]
        links = {name: [{"id": id_, "is_main": True}] for name, id_ in ids.items() if id_ is not None}
        lead = add(call, "leads", item | {"_embedded": links | {"tags": embedded.get("tags", [])}}, index)
        created.append(
            {
                "id": lead["id"],
                "contact_id": ids["contacts"],
                "company_id": ids["companies"],
                "request_id": [str(item.get("request_id", index))],
                "merged": False,
            }
        )
    return document(created)


def _open_deal_of(call: Call, embedded: dict[str, Any]) -> Entity | None:
    """Duplicate control: the open deal of a contact that has one of these phones or e-mails."""
    wanted = {
        re.sub(r"\D", "", str(value.get("value")))[-10:] or value.get("value")
        for contact in embedded.get("contacts", [])
        for given in contact.get("custom_fields_values") or []
        for value in given["values"]
    }
    for lead_id, links in call.account.links.items():
        lead = call.account.leads.get(lead_id)
        for link in links:
            contact = call.account.contacts.get(link["to_entity_id"])
            if lead is None or contact is None or lead["status_id"] in _CLOSED or lead.get("_incoming"):
                continue
            own = [value for one in contact["custom_fields_values"] or [] for value in one["values"]]
            if wanted & {re.sub(r"\D", "", str(value["value"]))[-10:] or value["value"] for value in own}:
                return {"id": lead_id, "contact_id": contact["id"], "company_id": None}
    return None


def change(call: Call, entity_type: str, entity_id: str) -> Answer:
    body = call.json()
    if not isinstance(body, dict):
        raise invalid("", "InvalidType", "This value should be an object.")
    entity = _changed(call, entity_type, int(entity_id), body, 0)
    return document({"id": entity["id"], "updated_at": entity["updated_at"], "_links": {"self": call.link()}})


def change_many(call: Call, entity_type: str) -> Answer:
    changed = [
        _changed(call, entity_type, int(item.get("id", 0)), item, index) for index, item in enumerate(call.items())
    ]
    shown = [{"id": entity["id"], "updated_at": entity["updated_at"]} for entity in changed]
    return document({"_embedded": {entity_type: shown}})


def add(call: Call, entity_type: str, item: Entity, index: int = 0) -> Entity:
    """Creates an entity from the API's shape. Checks what amoCRM checks."""
    now = call.world.now()
    entity: Entity = {
        "id": call.world.new_id(),
        "name": "",
        "closest_task_at": None,
        "responsible_user_id": call.user_id,
        "group_id": 0,
        "created_by": call.user_id,
        "updated_by": call.user_id,
        "created_at": now,
        "updated_at": now,
        "is_deleted": False,
        "account_id": call.account.id,
        "custom_fields_values": None,
    }
    if entity_type == "leads":
        main = next(pipeline for pipeline in call.account.pipelines.values() if pipeline["is_main"])
        entity |= {"price": 0, "pipeline_id": main["id"], "status_id": None, "closed_at": None, "loss_reason_id": None}
        entity |= {"score": None, "labor_cost": None}
    if entity_type == "contacts":
        entity |= {"first_name": "", "last_name": ""}
    _write(call, entity_type, entity, item, index)
    if entity_type == "leads" and entity["status_id"] is None:
        statuses = call.account.pipelines[entity["pipeline_id"]]["_embedded"]["statuses"]
        entity["status_id"] = next(status["id"] for status in statuses if status["type"] != _UNSORTED)
    if not entity["name"]:
        entity["name"] = f"Сделка #{entity['id']}" if entity_type == "leads" else ""
    call.account.entities(entity_type)[entity["id"]] = entity
    call.effect(f"{entity_type}.created", id=entity["id"], name=entity["name"])
    telling.made(call, entity_type, entity)
    return entity


def view(call: Call, entity_type: str, entity: Entity) -> Entity:
    """The entity as the API shows it: tags and companies always, the rest on request."""
    embedded: dict[str, Any] = {"tags": entity.get("_tags", []), "companies": []}
    if entity_type == "leads":
        links = call.account.links[entity["id"]]
        embedded["companies"] = [
            {"id": link["to_entity_id"]} for link in links if link["to_entity_type"] == "companies"
        ]
        if call.embeds("contacts"):
            embedded["contacts"] = [
                {"id": link["to_entity_id"], "is_main": link["metadata"]["main_contact"]}
                for link in links
                if link["to_entity_type"] == "contacts"
            ]
        if call.embeds("catalog_elements"):
            embedded["catalog_elements"] = [
                {"id": link["to_entity_id"], "metadata": link["metadata"]}
                for link in links
                if link["to_entity_type"] == "catalog_elements"
            ]
    if entity_type == "contacts" and call.embeds("leads"):
        embedded["leads"] = [
            {"id": lead_id}
            for lead_id, links in call.account.links.items()
            if any(link["to_entity_type"] == "contacts" and link["to_entity_id"] == entity["id"] for link in links)
        ]
    shown = {name: value for name, value in entity.items() if not name.startswith("_")}
    if entity_type == "leads":
        shown |= money.members(call.account, entity["price"])
    return shown | {"_links": {"self": call.link(f"/{entity_type}/{entity['id']}")}, "_embedded": embedded}


def _changed(call: Call, entity_type: str, entity_id: int, item: Entity, index: int) -> Entity:
    entity = call.account.entities(entity_type).get(entity_id)
    if entity is None:
        raise ApiError(problem(404, "Not Found", "Entity not found"))
    before, after = dict(entity), dict(entity)
    _write(call, entity_type, after, item, index)  # what is refused changes nothing
    entity |= after
    entity["updated_at"] = call.world.now()
    changed = {name: entity[name] for name in _OWN[entity_type] if entity.get(name) != before.get(name)}
    call.effect(f"{entity_type}.updated", id=entity_id, changed=changed, sent=sorted(item))
    telling.changed(call, entity_type, before, entity)
    return entity


def _write(call: Call, entity_type: str, entity: Entity, item: Entity, index: int) -> None:
    for name in _OWN[entity_type]:
        if name in item:
            entity[name] = item[name]
    if entity_type == "leads" and "price" in item:
        if not money.is_taken(call.account, item["price"]):
            raise invalid(f"{index}.price", "InvalidType", "This value should be of type int.", str(index))
        entity["price"] = money.kept(call.account, item["price"])
    if entity.get("responsible_user_id") not in call.account.users:
        raise invalid(f"{index}.responsible_user_id", "NotSupportedChoice", "The user does not exist.", str(index))
    if entity_type == "leads":
        _check_status(call, entity, index)
    if item.get("custom_fields_values") is not None:
        entity["custom_fields_values"] = _field_values(call, entity_type, entity, item["custom_fields_values"], index)
    embedded = item.get("_embedded") or {}
    if "tags" in embedded:
        tags = call.account.tags[entity_type]
        for tag in embedded["tags"] or []:
            tags.setdefault(tag["name"], call.world.new_id())
        entity["_tags"] = [{"id": tags[tag["name"]], "name": tag["name"]} for tag in embedded["tags"] or []]
    for position, contact in enumerate(embedded.get("contacts", []) if entity_type == "leads" else []):
        main = bool(contact.get("is_main", position == 0))
        call.account.links[entity["id"]].append(
            {"to_entity_id": contact["id"], "to_entity_type": "contacts", "metadata": {"main_contact": main}}
        )


def _check_status(call: Call, entity: Entity, index: int) -> None:
    pipeline = call.account.pipelines.get(entity["pipeline_id"])
    if pipeline is None:
        raise invalid(f"{index}.pipeline_id", "NotSupportedChoice", "The pipeline does not exist.", str(index))
    statuses = {status["id"] for status in pipeline["_embedded"]["statuses"] if status["type"] != _UNSORTED}
    if entity.get("_incoming"):
        return
    if entity["status_id"] is not None and entity["status_id"] not in statuses:
        raise invalid(f"{index}.status_id", "NotSupportedChoice", "The status does not exist.", str(index))
    entity["closed_at"] = call.world.now() if entity["status_id"] in _CLOSED else None


def _field_values(call: Call, entity_type: str, entity: Entity, given: list[Entity], index: int) -> list[Entity] | None:
    fields = call.account.custom_fields[entity_type]
    values = {value["field_id"]: value for value in entity.get("custom_fields_values") or []}
    for position, item in enumerate(given):
        field = next(
            (
                f
                for f in fields
                if f["id"] == item.get("field_id") or (f["code"] and f["code"] == item.get("field_code"))
            ),
            None,
        )
        if field is None:
            path = f"{index}.custom_fields_values.{position}.field_id"
            raise invalid(path, "NotSupportedChoice", "The value you selected is not a valid choice.", str(index))
        values[field["id"]] = {
            "field_id": field["id"],
            "field_name": field["name"],
            "field_code": field["code"],
            "field_type": field["type"],
            "values": [
                _field_value(call, field, value, f"{index}.custom_fields_values.{position}", index)
                for value in item.get("values") or []
            ],
        }
    return [value for value in values.values() if value["values"]] or None


def _field_value(call: Call, field: Entity, value: Entity, path: str, index: int) -> Entity:
    """One value, checked by the field's type as amoCRM does."""
    enums, given, kind = field["enums"] or [], value.get("value"), field["type"]
    if kind in ("select", "multiselect", "radiobutton", "multitext"):
        wanted = [
            enum
            for enum in enums
            if value.get("enum_id") == enum["id"]
            or (kind == "multitext" and value.get("enum_code", "WORK") == enum["value"])
            or (kind != "multitext" and "enum_id" not in value and given == enum["value"])
        ]
        if not wanted:
            raise invalid(f"{path}.enum_id", "NotSupportedChoice", "The value is not a valid choice.", str(index))
        if kind == "multitext":
            return {"value": given, "enum_id": wanted[0]["id"], "enum_code": wanted[0]["value"]}
        return {"value": wanted[0]["value"], "enum_id": wanted[0]["id"]}
    fits = {
        "numeric": isinstance(given, int | float | str) and not isinstance(given, bool),
        "checkbox": isinstance(given, bool),
        "date": isinstance(given, int | str),
    }
    if not fits.get(kind, given is not None):
        raise invalid(f"{path}.value", "InvalidType", f"This value is not valid for {kind}.", str(index))
    if kind in ("date", "birthday") and isinstance(given, int):
        # Midnight of the account's own day (amocrm-api-php issue 402).
        offset = call.account.utc_offset
        return {"value": (given + offset) // 86_400 * 86_400 - offset}
    return {"value": str(given) if kind == "numeric" else given}


def _is_wanted(call: Call, entity: Entity) -> bool:
    ids = call.parameters(r"filter\[id\](\[\d*\])?")
    if ids and str(entity["id"]) not in ids:
        return False
    pipelines = call.parameters(r"filter\[pipeline_id\](\[\d*\])?")
    if pipelines and str(entity.get("pipeline_id")) not in pipelines:
        return False
    users = call.parameters(r"filter\[responsible_user_id\](\[\d*\])?")
    if users and str(entity.get("responsible_user_id")) not in users:
        return False
    statuses = call.parameters(r"filter\[statuses\]\[\d+\]\[status_id\]")
    if statuses and str(entity.get("status_id")) not in statuses:
        return False
    since = call.parameters(r"filter\[updated_at\]\[from\]")
    if since and entity["updated_at"] < int(since[0]):
        return False
    until = call.parameters(r"filter\[updated_at\]\[to\]")
    if until and entity["updated_at"] > int(until[0]):
        return False
    query = call.parameter("query")
    if query and entity["updated_at"] + call.account.search_lag > call.world.clock.now():
        return False
    return not query or _is_found(entity, query)


def _is_found(entity: Entity, query: str) -> bool:
    texts = [str(entity.get("name", "")), str(entity["id"])]
    for value in entity.get("custom_fields_values") or []:
        texts += [str(inner.get("value", "")) for inner in value["values"]]
    digits = re.sub(r"\D", "", query)
    if any(query.lower() in text.lower() for text in texts):
        return True
    # A phone is found by its digits, however it was typed.
    return len(digits) >= 5 and any(digits[-10:] in re.sub(r"\D", "", text) for text in texts)
