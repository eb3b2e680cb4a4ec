"""Tags of deals, contacts and companies. Source: amoCRM's "Tags"."""

from simulator.answers import Answer, document
from simulator.call import Call
from simulator.checks import checked


def page(call: Call, entity_type: str) -> Answer:
    query, name = (call.parameter("query") or "").lower(), call.parameter("filter[name]")
    found = [
        {"id": tag_id, "name": tag, "color": None}
        for tag, tag_id in call.account.tags[entity_type].items()
        if query in tag.lower() and name in (None, tag)
    ]
    return call.page("tags", found)


def create(call: Call, entity_type: str) -> Answer:
    tags, made = call.account.tags[entity_type], []
    for index, item in enumerate(
        checked(call.items(), lambda told, one: None if one.get("name") else told.blank("name"))
    ):
        tag_id = tags.setdefault(str(item["name"]), call.world.new_id("tags"))
        made.append({"id": tag_id, "name": item["name"], "request_id": str(item.get("request_id", index))})
    return document({"_total_items": len(made), "_links": {"self": call.link()}, "_embedded": {"tags": made}})
