"""How people call what amoCRM keeps."""

from typing import Final

from shared.platform.messages import Message, say

_NAMES: Final = {
    "lead": say("deal {id}"),
    "contact": say("contact {id}"),
    "company": say("company {id}"),
    "customer": say("customer {id}"),
    "task": say("task {id}"),
    "note": say("note {id}"),
    "catalog_element": say("list element {id}"),
    "incoming_lead": say("incoming lead {id}"),
    "talk": say("conversation {id}"),
    "message": say("message {id}"),
}


def entity_name(entity_type: str, id_: int | str) -> Message:
    """`deal 17` for a lead; amoCRM's own word where it has none here."""
    known = _NAMES.get(entity_type)
    template = "{type} {id}" if known is None else known.template
    return Message(template, {"id": id_} | ({"type": entity_type} if known is None else {}))
