"""Incoming leads ("unsorted"): they wait outside of the statuses until a person accepts them.

Until then their deal, and the contact that came with it, are in no list; who knows the id reads them.
"""

from uuid import uuid4

from simulator import rights
from simulator.answers import Answer, document, invalid, not_found
from simulator.call import Call, ordered
from simulator.checks import Told, checked
from simulator.resources import telling, writing
from simulator.resources.complex_leads import check_inner
from simulator.resources.entities import add
from simulator.state import Entity

_METADATA = ("form_id", "form_name", "form_page", "form_sent_at", "referer", "ip")


def page(call: Call) -> Answer:
    # vendor: unsorted.list (page) The list of incoming leads that wait can be had by `filter[uid]`, `[category]` and
    # `[pipeline_id]`, in the order of `order[created_at]` or `order[updated_at]`.
    # source: amoCRM's documentation, "Incoming leads"
    oldest_first = sorted(call.account.incoming.values(), key=lambda one: one["created_at"])
    wanted = [one for one in oldest_first if call.is_chosen(one, "uid", "category", "pipeline_id")]
    return call.page("unsorted", ordered(call, wanted), shown)


def read(call: Call, uid: str) -> Answer:
    if uid not in call.account.incoming:
        raise not_found()
    return document(shown(call.account.incoming[uid]))


def shown(one: Entity) -> Entity:
    return {name: value for name, value in one.items() if not name.startswith("_") or name == "_embedded"}


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
    given = _given(call)
    one = _take(call, uid, "accept")
    for lead in _changed(call, "leads", one):
        statuses = call.account.pipelines[lead["pipeline_id"]]["_embedded"]["statuses"]
        first = next(status["id"] for status in statuses if status["type"] == 0)
        lead["status_id"] = given.get("status_id") or first
        lead["responsible_user_id"] = given.get("user_id") or lead["responsible_user_id"]
    for kind in ("contacts", "leads"):
        for entity in _changed(call, kind, one):
            if entity.pop("_incoming", None):
                telling.made(call, kind, entity)
    return document(shown(one))


def _given(call: Call) -> Entity:
    """Who accepts or declines it, and where it goes: `user_id`, `status_id`, both of them optional."""
    body = call.json()
    given: Entity = body if isinstance(body, dict) else {}
    if given.get("user_id") is not None and given["user_id"] not in call.account.users:
        raise invalid("user_id", "NotSupportedChoice", "The value you selected is not a valid choice.")
    known = {one["id"] for two in call.account.pipelines.values() for one in two["_embedded"]["statuses"]}
    if given.get("status_id") is not None and given["status_id"] not in known:
        raise invalid("status_id", "NotSupportedChoice", "The value you selected is not a valid choice.")
    return given


def decline(call: Call, uid: str) -> Answer:
    # vendor: unsorted.declined (production) The deal of an incoming lead that was declined stays in the account as a
    # closed one, or lies in the trash at once.
    # source: an integration in production met the one, tests of another, run in a real account in July 2026, the other
    _given(call)
    one = _take(call, uid, "decline")
    for kind in ("contacts", "leads"):
        for entity in _changed(call, kind, one):
            entity.pop("_incoming", None)
            entity |= {"status_id": 143} if kind == "leads" else {}
            if kind == "leads" and call.account.declined_to_trash:
                call.account.trash[kind, entity["id"]] = call.account.leads.pop(entity["id"])
    return document(shown(one))


def _changed(call: Call, kind: str, one: Entity) -> list[Entity]:
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
