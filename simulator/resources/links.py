"""What a deal is linked with. Linking again replaces the metadata. Source: amoCRM's "Entity links"."""

from typing import Any

from simulator.answers import Answer, document, not_found, nothing
from simulator.call import Call
from simulator.checks import Told, checked
from simulator.resources import telling
from simulator.rights import forbidden, hidden, seen
from simulator.state import Entity


def page(call: Call, lead_id: str) -> Answer:
    if int(lead_id) in call.account.leads and seen(call, "leads", int(lead_id)) is None:
        return hidden(call)
    found = call.account.links[int(lead_id)]
    # vendor: links.page
    return call.page("links", found, lambda link: _view(lead_id, link), most=50)


def page_of_contact(call: Call, contact_id: str) -> Answer:
    """The same links, seen from their other end."""
    found = [
        {"entity_id": int(contact_id), "entity_type": "contacts", "to_entity_id": lead_id, "to_entity_type": "leads"}
        | {"metadata": one["metadata"]}
        for lead_id, links in call.account.links.items()
        for one in links
        if _key(one) == ("contacts", int(contact_id))
    ]
    return document({"_links": {"self": call.link()}, "_embedded": {"links": found}}) if found else nothing()


def link_contact(call: Call, contact_id: str) -> Answer:
    def check(told: Told, item: Entity) -> None:
        if item.get("to_entity_type") != "leads":
            told.no_choice("to_entity_type")
        elif item.get("to_entity_id") not in call.account.leads:
            told.no_choice("to_entity_id")

    if int(contact_id) not in call.account.contacts:
        raise not_found()
    made = []
    for item in checked(call.items(), check):
        lead_id = item["to_entity_id"]
        entry = {"to_entity_id": int(contact_id), "to_entity_type": "contacts", "metadata": {"main_contact": False}}
        links = call.account.links[int(lead_id)]
        before = list(links)
        links[:] = [known for known in links if _key(known) != _key(entry)] + [entry]
        _tell(call, int(lead_id), before)
        made.append({"entity_id": int(contact_id), "entity_type": "contacts"} | item)
        call.effect("link.made", lead_id=lead_id, to_type="contacts", to_id=int(contact_id), metadata={})
    return document({"_embedded": {"links": made}})


def link(call: Call, lead_id: str) -> Answer:
    _require_lead(call, lead_id)
    links = call.account.links[int(lead_id)]
    before, made = list(links), []
    for item in checked(call.items(), lambda told, item: _check(call, told, item)):
        target = item["to_entity_type"], item["to_entity_id"]
        metadata = _metadata(item)
        links[:] = [known for known in links if _key(known) != target]
        entry = {"to_entity_id": target[1], "to_entity_type": target[0], "metadata": metadata}
        links.append(entry)
        made.append(_view(lead_id, entry))
        call.effect("link.made", lead_id=int(lead_id), to_type=target[0], to_id=target[1], metadata=metadata)
    _tell(call, int(lead_id), before)
    return document({"_embedded": {"links": made}})


def unlink(call: Call, lead_id: str) -> Answer:
    _require_lead(call, lead_id)
    gone = {(item.get("to_entity_type"), item.get("to_entity_id")) for item in call.items()}
    links = call.account.links[int(lead_id)]
    before = list(links)
    links[:] = [known for known in links if _key(known) not in gone]
    call.effect("link.removed", lead_id=int(lead_id))
    _tell(call, int(lead_id), before)
    return nothing()


def _tell(call: Call, lead_id: int, before: list[Entity]) -> None:
    """What is another one now. The same again is no news."""
    fresh, gone = telling.of_links(before, call.account.links[lead_id])
    for one in fresh:
        telling.linked(call, call.account.leads[lead_id], one)
    for one in gone:
        telling.unlinked(call, call.account.leads[lead_id], one)


def _require_lead(call: Call, lead_id: str) -> None:
    if int(lead_id) not in call.account.leads:
        raise not_found()
    if seen(call, "leads", int(lead_id)) is None:
        raise forbidden()


def _key(link_: Entity) -> tuple[str, int]:
    return link_["to_entity_type"], link_["to_entity_id"]


def _view(lead_id: str, entry: Entity) -> Entity:
    return {"entity_id": int(lead_id), "entity_type": "leads", **entry}


def _check(call: Call, told: Told, item: Entity) -> None:
    kind, target = item.get("to_entity_type"), item.get("to_entity_id")
    if kind in ("contacts", "companies"):
        known: Any = {id_ for id_ in call.account.entities(str(kind)) if seen(call, str(kind), id_)}
    elif kind == "catalog_elements":
        metadata = item.get("metadata") or {}
        catalog_id = metadata.get("catalog_id")
        if catalog_id not in call.account.catalogs:
            told.no_choice("metadata.catalog_id")
        known = call.account.elements.get(catalog_id, {}) if isinstance(catalog_id, int) else {}
    else:
        told.no_choice("to_entity_type")
        return
    if told.of_type("to_entity_id", target, "int") and target not in known:
        told.no_choice("to_entity_id")


def _metadata(item: Entity) -> dict[str, Any]:
    given = dict(item.get("metadata") or {})
    if item["to_entity_type"] == "contacts":
        return {"main_contact": bool(given.get("is_main", False))}
    return given
