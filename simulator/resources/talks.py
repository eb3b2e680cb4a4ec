"""Conversations. Their messages cannot be read by the API. Source: amoCRM's "Talks"."""

from simulator.answers import Answer, document, not_found
from simulator.call import Call, ordered
from simulator.state import Entity


def page(call: Call) -> Answer:
    # vendor: talks.list (production) GET /talks lists conversations, by `filter[entity_type]` (lead) and
    # `filter[entity_id]`; with `only_in_work` without those that are closed. No list has their messages.
    # source: integrations in production; the texts are behind a scope that few have
    in_work_only = call.parameter("only_in_work") in ("1", "true")
    found = [
        talk
        for talk in call.account.talks.values()
        if call.is_chosen(talk, "entity_type", "entity_id", "contact_id", "chat_id")
        and (talk["is_in_work"] or not in_work_only)
    ]
    return call.page("talks", ordered(call, found), lambda talk: _view(call, talk))


def read(call: Call, talk_id: str) -> Answer:
    return document(_view(call, _found(call, talk_id)))


def close(call: Call, talk_id: str) -> Answer:
    """Without the bot that asks for a rating, which `force_close` leaves out."""
    talk = _found(call, talk_id)
    if talk["is_in_work"]:
        changed(call, talk, is_in_work=False, is_read=True)
        record(call, "talk_closed", talk, [{"talk": {"id": talk["talk_id"]}}])
        call.effect("talk.closed", id=talk["talk_id"])
    return Answer(202)


def changed(call: Call, talk: Entity, **facts: bool) -> None:
    talk |= facts | {"updated_at": call.world.now()}
    call.tell("talks", "update", talk)


def record(call: Call, event: str, talk: Entity, after: list[Entity]) -> None:
    """An event of the conversation: of its deal, else of its contact. See events.talks."""
    kind, owner = ("leads", talk["entity_id"]) if talk["entity_id"] else ("contacts", talk["contact_id"])
    call.record(kind, event, {"id": owner}, after=after, _contact=talk["contact_id"])


def _found(call: Call, talk_id: str) -> Entity:
    talk = call.account.talks.get(int(talk_id))
    if talk is None:
        raise not_found()
    return talk


def _view(call: Call, talk: Entity) -> Entity:
    embedded = {"contacts": [{"id": talk["contact_id"]}], "customers": []}
    embedded["leads"] = [{"id": talk["entity_id"]}] if talk["entity_id"] else []
    shown = {name: value for name, value in talk.items() if not name.startswith("_")}
    return shown | {"_links": {"self": call.link(f"/talks/{talk['talk_id']}")}, "_embedded": embedded}
