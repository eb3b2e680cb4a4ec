"""Incoming leads ("unsorted"): they wait outside of the statuses until a person accepts them.

Until then their deal, and the contact that came with it, are in no list; who knows the id reads them.
"""

from uuid import uuid4

from simulator import rights
from simulator.answers import Answer, document, not_found
from simulator.call import Call
from simulator.checks import Told, checked
from simulator.resources import telling, writing
from simulator.resources.complex_leads import check_inner
from simulator.resources.entities import add
from simulator.state import Entity

_METADATA = ("form_id", "form_name", "form_page", "form_sent_at", "referer", "ip")


def page(call: Call) -> Answer:
    newest_first = call.account.has_filters and ("order[created_at]", "desc") in call.query
    found = sorted(call.account.incoming.values(), key=lambda one: one["created_at"], reverse=newest_first)
    return call.page("unsorted", found)


def read(call: Call, uid: str) -> Answer:
    if uid not in call.account.incoming:
        raise not_found()
    return document(call.account.incoming[uid])


def create(call: Call) -> Answer:
    rights.require(call, "leads", "add")
    items = checked(call.items(), lambda told, item: _check(call, told, item))
    return document({"_embedded": {"unsorted": [_waiting(call, item, index) for index, item in enumerate(items)]}})


def _waiting(call: Call, item: Entity, index: int) -> Entity:
    """Nobody hears of its deal and its new contact."""
    known = set(call.account.contacts)
    with call.journal.unheard():
        one = _created(call, item, index)
    for contact in one["_embedded"]["contacts"]:
        if contact["id"] not in known:
            call.account.contacts[contact["id"]]["_incoming"] = True
    call.tell("unsorted", "add", one)
    return one


def _check(call: Call, told: Told, item: Entity) -> None:
    for name in ("source_uid", "source_name", "metadata"):
        if not item.get(name):
            told.blank(name)
    metadata = item.get("metadata")
    for name in _METADATA:
        if isinstance(metadata, dict) and metadata.get(name) in (None, ""):
            told.blank(f"metadata.{name}")
    pipeline = call.account.pipelines.get(item.get("pipeline_id") or _main(call))
    if pipeline is None or pipeline["is_archive"]:
        told.no_choice("pipeline_id")
    embedded = item.get("_embedded") or {}
    for kind in ("leads", "contacts", "companies"):
        for position, one in enumerate(embedded.get(kind) or []):
            here = told.inside(f"_embedded.{kind}.{position}")
            if kind == "leads":
                writing.check(call, kind, here, one)
            else:
                check_inner(call, here, kind, one)


def _main(call: Call) -> int:
    return next(int(one["id"]) for one in call.account.pipelines.values() if one["is_main"])


def accept(call: Call, uid: str) -> Answer:
    # vendor: unsorted.accepted (production) Nobody hears of the deal of an incoming lead before a person accepts it,
    # perhaps days later and under another name: then `unsorted[delete]` says `accept` and its id, and `leads[add]` that
    # it is there. Of one that was declined only the former comes, with `decline`.
    # source: handlers of such hooks in production; that the contact is told of only then, too, is ours
    one = _take(call, uid, "accept")
    for lead in _shown(call, "leads", one):
        statuses = call.account.pipelines[lead["pipeline_id"]]["_embedded"]["statuses"]
        lead["status_id"] = next(status["id"] for status in statuses if status["type"] == 0)
    for kind in ("contacts", "leads"):
        for entity in _shown(call, kind, one):
            if entity.pop("_incoming", None):
                telling.made(call, kind, entity)
    return document(one)


def decline(call: Call, uid: str) -> Answer:
    """Its deal stays in the account, closed (an integration in production met that)."""
    one = _take(call, uid, "decline")
    for kind in ("contacts", "leads"):
        for entity in _shown(call, kind, one):
            entity.pop("_incoming", None)
            entity |= {"status_id": 143} if kind == "leads" else {}
    return document(one)


def _shown(call: Call, kind: str, one: Entity) -> list[Entity]:
    """What of it is there still, changed now."""
    entities = call.account.entities(kind)
    found = [entities[inner["id"]] for inner in one["_embedded"][kind] if inner["id"] in entities]
    for entity in found:
        entity["updated_at"] = call.world.now()
    return found


def _created(call: Call, item: Entity, index: int) -> Entity:
    pipelines = call.account.pipelines
    pipeline_id = item.get("pipeline_id") or _main(call)
    embedded = item.get("_embedded") or {}
    contacts = [
        add(call, "contacts", contact) if contact.get("id") is None else contact
        for contact in (embedded.get("contacts") or [])[:1]
    ]
    leads = []
    for lead in (embedded.get("leads") or [])[:1]:
        inside = dict(lead.get("_embedded") or {}) | {"contacts": [{"id": one["id"]} for one in contacts]}
        entity = add(call, "leads", lead | {"pipeline_id": pipeline_id, "_embedded": inside})
        entity["_incoming"] = True
        entity["_source"] = {"id": call.world.source_id(call.account, item["source_uid"]), "name": item["source_name"]}
        entity["status_id"] = pipelines[pipeline_id]["_embedded"]["statuses"][0]["id"]
        leads.append(entity)
    one = {
        "uid": str(uuid4()),
        "source_uid": item["source_uid"],
        "source_name": item["source_name"],
        "category": "forms",
        "created_at": item.get("created_at") or call.world.now(),
        "pipeline_id": pipeline_id,
        "metadata": item["metadata"],
        "account_id": call.account.id,
        "_embedded": {
            "leads": [{"id": lead["id"]} for lead in leads],
            "contacts": [{"id": contact["id"]} for contact in contacts],
        },
    }
    call.account.incoming[one["uid"]] = one
    call.effect("incoming.created", uid=one["uid"], source_uid=one["source_uid"])
    return one | {"request_id": str(item.get("request_id", index))}


def _take(call: Call, uid: str, action: str) -> Entity:
    if uid not in call.account.incoming:
        raise not_found()
    one = call.account.incoming.pop(uid)
    call.tell("unsorted", "delete", one | {"action": action})
    return one
