"""Deals, contacts, companies and customers. Source: amoCRM's "Deals", "Contacts", "Companies", "Customers"."""

from collections.abc import Iterable
from typing import Any

from simulator import behind, money, rights, search
from simulator.answers import Answer, document, invalid, not_found, nothing, nothing_to_write
from simulator.call import Call, ordered
from simulator.checks import Told, checked
from simulator.resources import customers, telling, writing
from simulator.state import Entity

_ONE = {"leads": "Lead", "contacts": "Contact", "companies": "Company", "customers": "Customer"}


def page(call: Call, entity_type: str) -> Answer:
    if call.embeds("only_deleted"):
        # vendor: entities.deleted (page) `with=only_deleted` lists what is in the trash instead: id, updated_at,
        # updated_by and `is_deleted` true of each; newer is `with=deleted`.
        # source: amoCRM's documentation, "Deals", as public clients quote it; amocrm-api-php, CanReturnDeletedInterface
        found = [entity for (kind, _), entity in call.account.trash.items() if kind == entity_type]
        return call.page(entity_type, ordered(call, found), _deleted)
    # vendor: unsorted.answer - what waits to be accepted is in no list.
    # vendor: unsorted.contact_found (guess) The contact of an incoming lead that waits is found by a search.
    # source: none found; a person who sends two forms would be two contacts else
    there, query = call.account.entities(entity_type), call.parameter("query")
    looked_at: Iterable[Entity] = there.values()
    if query:
        looked_at = search.found(call.account, entity_type, there, query, call.world.clock.now())
    finds = entity_type == "contacts" and query is not None
    now = call.world.clock.now()
    looked_at = [behind.listed(call.account, one, now) for one in looked_at]
    shown = [one for one in looked_at if finds or not one.get("_incoming")]
    found = [entity for entity in shown if _is_wanted(call, entity) and rights.sees(call, entity_type, entity)]
    if call.embeds("deleted"):
        # vendor: entities.with_deleted (guess) `with=deleted` lists what is in the trash beside the others.
        # source: the history of the vendor's client (March 2025) names it, and does not say which; looked for again
        found += [one | {"is_deleted": True} for (kind, _), one in call.account.trash.items() if kind == entity_type]
    return call.page(entity_type, ordered(call, found), lambda entity: view(call, entity_type, entity))


def _deleted(entity: Entity) -> Entity:
    return {name: entity[name] for name in ("id", "updated_at", "updated_by")} | {"is_deleted": True}


def read(call: Call, entity_type: str, entity_id: str) -> Answer:
    entity = call.account.entities(entity_type).get(int(entity_id))
    if entity is None:
        if call.account.missing_entity_status == 204:
            return nothing()
        raise not_found()
    if not rights.sees(call, entity_type, entity):
        return rights.hidden(call)
    return document(view(call, entity_type, entity))


def create(call: Call, entity_type: str) -> Answer:
    def check(told: Told, item: Entity) -> None:
        writing.check(call, entity_type, told, item)
        if entity_type == "leads":
            writing.check_links(call, told, item)

    rights.require(call, entity_type, "add")
    created = []
    for index, item in enumerate(checked(call.items(), check)):
        entity = add(call, entity_type, item)
        created.append(
            {
                "id": entity["id"],
                "request_id": str(item.get("request_id", index)),
                "_links": {"self": call.link(f"/{entity_type}/{entity['id']}")},
            }
        )
    return document({"_links": {"self": call.link()}, "_embedded": {entity_type: created}})


def change(call: Call, entity_type: str, entity_id: str) -> Answer:
    body = call.json()
    if not isinstance(body, dict):
        raise invalid("", "InvalidType", "This value should be of type array.")
    (entity,) = _change(call, entity_type, [body | {"id": int(entity_id)}])
    return document({"id": entity["id"], "updated_at": entity["updated_at"], "_links": {"self": call.link()}})


def change_many(call: Call, entity_type: str) -> Answer:
    changed = _change(call, entity_type, call.items())
    shown = [{"id": entity["id"], "updated_at": entity["updated_at"]} for entity in changed]
    return document({"_embedded": {entity_type: shown}})


def _change(call: Call, entity_type: str, items: list[Entity]) -> list[Entity]:
    """What is refused changes nothing, of no one of them."""
    entities = call.account.entities(entity_type)
    if gone := [item.get("id") for item in items if item.get("id") not in entities]:
        raise nothing_to_write(
            call.account.missing_write_status, {str(id_): f"{_ONE[entity_type]} not found" for id_ in gone}
        )
    rights.require(call, entity_type, "edit", [entities[item["id"]] for item in items])
    checked(items, lambda told, item: writing.check(call, entity_type, told, item, entities[item["id"]]))
    return [_changed(call, entity_type, entities[item["id"]], item) for item in items]


def add(call: Call, entity_type: str, item: Entity) -> Entity:
    """Creates an entity from the API's shape, once it was checked."""
    now = call.world.now()
    entity: Entity = {
        "id": call.world.new_id(entity_type),
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
    if entity_type == "customers":
        entity |= customers.NEW | {"next_date": now}
    writing.write(call, entity_type, entity, item)
    if entity_type == "leads":
        writing.link(call, entity, item.get("_embedded") or {})
    if not entity["name"]:
        entity["name"] = f"Сделка #{entity['id']}" if entity_type == "leads" else ""
    call.account.entities(entity_type)[entity["id"]] = entity
    search.index(call.account, entity, call.world.clock.now())
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
        if call.embeds("source"):
            # vendor: leads.source (page) `with=source` tells where a deal came from, its id and name; `with=source_id`
            # its id.
            # source: amoCRM's documentation, "Deals", as public clients quote it
            embedded["source"] = entity.get("_source")
        if call.embeds("catalog_elements"):
            embedded["catalog_elements"] = [
                {"id": link["to_entity_id"], "metadata": link["metadata"]}
                for link in links
                if link["to_entity_type"] == "catalog_elements"
            ]
    if entity_type == "customers":
        embedded["segments"] = []
    if entity_type == "contacts" and call.embeds("leads"):
        embedded["leads"] = [
            {"id": lead_id}
            for lead_id, links in call.account.links.items()
            if any(link["to_entity_type"] == "contacts" and link["to_entity_id"] == entity["id"] for link in links)
        ]
    shown = {name: value for name, value in entity.items() if not name.startswith("_")}
    if entity_type == "leads":
        shown |= money.members(call.account, entity["price"])
        if call.embeds("source_id"):
            shown["source_id"] = (entity.get("_source") or {}).get("id")
    return shown | {"_links": {"self": call.link(f"/{entity_type}/{entity['id']}")}, "_embedded": embedded}


def _changed(call: Call, entity_type: str, entity: Entity, item: Entity) -> Entity:
    before = dict(entity)
    search.keep(entity)
    behind.keep(call.account, entity, call.world.clock.now())
    writing.write(call, entity_type, entity, item)
    entity["updated_at"] = call.world.now()
    search.index(call.account, entity, call.world.clock.now())
    changed = {name: entity[name] for name in writing.OWN[entity_type] if entity.get(name) != before.get(name)}
    call.effect(f"{entity_type}.updated", id=entity["id"], changed=changed, sent=sorted(item.keys() - {"id"}))
    telling.changed(call, entity_type, before, entity)
    return entity


def _is_wanted(call: Call, entity: Entity) -> bool:
    statuses = call.parameters(r"filter\[statuses\]\[\d+\]\[status_id\]")
    if statuses and str(entity.get("status_id")) not in statuses:
        return False
    return call.is_chosen(entity, "id", "pipeline_id", "responsible_user_id") and call.is_between(entity, "updated_at")
