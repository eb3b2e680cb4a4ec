"""A visitor who writes in a messenger, and the people of an account who answer.

A message of somebody unknown makes a contact and an incoming lead, which waits until a person accepts it; one of a
known contact belongs to their open deal, or to nobody's.
"""

from typing import Any
from uuid import uuid4

from simulator.call import Call
from simulator.resources import talks
from simulator.resources.entities import add
from simulator.resources.writing import CLOSED
from simulator.state import Entity


def write(
    call: Call,
    text: str,
    *,
    contact: int | None = None,
    lead: int | None = None,
    name: str = "Гость",
    origin: str = "telegram",
    attachment: Entity | None = None,
) -> Entity:
    """What a visitor writes: `{id, talk_id, contact_id, lead_id, uid}`. `contact`, `lead`: who it is, where known."""
    talk = _talk_of(call, contact, lead, origin)
    if talk is None and contact is None and lead is None:
        return _stranger(call, text, name, origin, attachment)
    if talk is None:
        talk = _begun(call, contact or _contact_of(call, lead), lead or _open_deal(call, contact), origin)
    else:
        talks.changed(call, talk, is_in_work=True, is_read=False)
    message = _said(call, talk, text, attachment, _author(call, talk, name))
    waiting = _waiting(call, talk)
    if waiting is not None:
        waiting["_source_data"] = waiting["_source_data"] | {"data": [_in_source(message)]}  # a hook has the one before
        call.tell("unsorted", "update", waiting)
    return _told(message, talk, waiting)


def answer(call: Call, talk_id: int, text: str, *, attachment: Entity | None = None) -> Entity:
    """What somebody of the account writes to the visitor."""
    talk = call.account.talks[talk_id]
    user = call.account.users[call.user_id]
    author = {"id": user["amojo_id"], "type": "internal", "name": user["name"], "user_id": call.user_id}
    talks.changed(call, talk, is_in_work=True, is_read=True)
    return _told(_said(call, talk, text, attachment, author), talk, None)


def _stranger(call: Call, text: str, name: str, origin: str, attachment: Entity | None) -> Entity:
    with call.journal.unheard():
        person = add(call, "contacts", {"name": name})
        deal = add(call, "leads", {"name": name, "_embedded": {"contacts": [{"id": person["id"]}]}})
    person["_incoming"] = deal["_incoming"] = True
    statuses = call.account.pipelines[deal["pipeline_id"]]["_embedded"]["statuses"]
    deal["status_id"] = next(one["id"] for one in statuses if one["type"] == 1)
    talk = _begun(call, person["id"], deal["id"], origin)
    message = _said(call, talk, text, attachment, _author(call, talk, name))
    one: Entity = {
        "uid": str(uuid4()),
        "source_uid": f"amojo:{origin}:{talk['chat_id']}",
        "source_name": origin,
        "category": "chats",
        "created_at": call.world.now(),
        "pipeline_id": deal["pipeline_id"],
        "metadata": {"from": name, "service": origin, "received_at": call.world.now(), "last_message_text": text},
        "account_id": call.account.id,
        "_embedded": {"leads": [{"id": deal["id"]}], "contacts": [{"id": person["id"]}], "companies": []},
        "_source_data": {
            "from": name,
            "service": origin,
            "client": {"id": talk["_visitor"], "name": name},
            "origin": {"provider": "amojo", "chat_id": talk["chat_id"]},
            "data": [_in_source(message)],
        },
    }
    deal["_source"] = {"id": call.world.source_id(call.account, one["source_uid"]), "name": origin}
    call.account.incoming[one["uid"]] = one
    call.effect("incoming.created", uid=one["uid"], source_uid=one["source_uid"])
    call.tell("unsorted", "add", one)
    return _told(message, talk, one)


def _begun(call: Call, contact: int, lead: int | None, origin: str) -> Entity:
    now = call.world.now()
    talk: Entity = {
        "talk_id": call.world.new_id("talks"),
        "created_at": now,
        "updated_at": now,
        "rate": 0,
        "contact_id": contact,
        "chat_id": str(uuid4()),
        "entity_id": lead,
        "entity_type": "lead" if lead else None,
        "is_in_work": True,
        "is_read": False,
        "origin": origin,
        "missed_at": None,
        "account_id": call.account.id,
        "_visitor": str(uuid4()),
    }
    call.account.talks[talk["talk_id"]] = talk
    call.effect("talk.opened", id=talk["talk_id"])
    call.tell("talks", "add", talk)
    talks.record(call, "talk_created", talk, [{"talk": {"id": talk["talk_id"]}}])
    return talk


def _said(call: Call, talk: Entity, text: str, attachment: Entity | None, author: Entity) -> Entity:
    is_theirs = author["type"] == "external"
    message: Entity = {
        "id": str(uuid4()),
        "chat_id": talk["chat_id"],
        "talk_id": talk["talk_id"],
        "contact_id": talk["contact_id"],
        "text": text,
        "created_at": call.world.now(),
        "message_type": attachment["type"] if attachment else "text",
        "entity_type": talk["entity_type"],
        "entity_id": talk["entity_id"],
        "type": "incoming" if is_theirs else "outgoing",
        "author": author,
        "origin": talk["origin"],
        "attachment": attachment,
    }
    call.account.messages.append(message)
    call.effect("message.added", id=message["id"], talk_id=talk["talk_id"], type=message["type"])
    call.tell("messages", "add", message)
    told = {"id": message["id"], "origin": talk["origin"], "talk_id": talk["talk_id"]}
    talks.record(call, f"{message['type']}_chat_message", talk, [{"message": told}])
    return message


def _author(call: Call, talk: Entity, name: str) -> Entity:
    known = call.account.contacts.get(talk["contact_id"], {}).get("name")
    return {"id": talk["_visitor"], "type": "external", "name": known or name}


def _in_source(message: Entity) -> dict[str, Any]:
    return {"id": message["id"], "manager": 0, "date": message["created_at"], "text": message["text"]}


def _told(message: Entity, talk: Entity, waiting: Entity | None) -> Entity:
    ids = {"id": message["id"], "talk_id": talk["talk_id"], "contact_id": talk["contact_id"]}
    return ids | {"lead_id": talk["entity_id"], "uid": waiting["uid"] if waiting else None}


def _talk_of(call: Call, contact: int | None, lead: int | None, origin: str) -> Entity | None:
    """The one that is not closed, of this person or deal."""
    for talk in reversed(call.account.talks.values()):
        is_theirs = (contact is not None and talk["contact_id"] == contact) or (lead and talk["entity_id"] == lead)
        if is_theirs and talk["is_in_work"] and talk["origin"] == origin:
            return talk
    return None


def _waiting(call: Call, talk: Entity) -> Entity | None:
    """The incoming lead that this conversation is, until somebody accepts or declines it."""
    own = f"amojo:{talk['origin']}:{talk['chat_id']}"
    return next((one for one in call.account.incoming.values() if one["source_uid"] == own), None)


def _contact_of(call: Call, lead: int | None) -> int:
    links = call.account.links.get(lead or 0, [])
    return next(int(one["to_entity_id"]) for one in links if one["to_entity_type"] == "contacts")


def _open_deal(call: Call, contact: int | None) -> int | None:
    for lead in call.account.leads.values():
        links = call.account.links.get(lead["id"], [])
        is_theirs = any((one["to_entity_type"], one["to_entity_id"]) == ("contacts", contact) for one in links)
        if is_theirs and lead["status_id"] not in CLOSED and not lead.get("_incoming"):
            return int(lead["id"])
    return None
