"""The facts of docs/vendor.md about what an account tells of what happens in it, tried in its list of events."""

from typing import Any

from cli.probe.fact import NotTriedError, Observation, fact
from cli.probe.lab import Lab
from shared.amocrm.errors import ForbiddenError
from shared.amocrm.events import FeedApi
from shared.amocrm.filtered_reads import embedded


def _kinds(lab: Lab, entity_id: int, field_id: int) -> set[str]:
    """What has happened to a deal, in words that name nothing of the account."""
    words = {
        f"custom_field_{field_id}_value_changed": "value",
        "custom_field_value_changed": "value without its field",
        "entity_tag_added": "tag",
        "entity_tag_deleted": "tag off",
        "entity_linked": "link",
        "contact_linked": "link",
        "lead_linked": "link",
    }
    return {words.get(str(one["type"]), "") for one in FeedApi(lab.api).events_of("lead", entity_id)} - {""}


def _told(lab: Lab, entity_id: int, field_id: int, wanted: set[str]) -> Observation:
    """Events may come a little later than what they tell of."""
    seconds = lab.wait_for(lambda: wanted <= _kinds(lab, entity_id, field_id), 20)
    note = "not all within 20 s" if seconds is None else f"after {seconds} s"
    return Observation(", ".join(sorted(_kinds(lab, entity_id, field_id))) or "nothing", note)


def _content(lab: Lab, field_id: int, text: str) -> dict[str, Any]:
    value = {"field_id": field_id, "values": [{"value": text}]}
    return {"custom_fields_values": [value], "_embedded": {"tags": [{"name": lab.mark}]}}


def _text_field(lab: Lab) -> int:
    try:
        return lab.new_field("textarea")
    except ForbiddenError:
        raise NotTriedError("the tariff has no fields of one's own") from None


@fact("events.at_making", "What is told of a deal that is made with a value, a tag and a contact?", "link, tag, value")
def at_making(lab: Lab) -> Observation:
    field_id = _text_field(lab)
    content = _content(lab, field_id, "a")
    content["_embedded"]["contacts"] = [{"id": lab.contact_id}]
    made = embedded(lab.api.send("POST", "/leads", json=[{"name": lab.mark} | content]), "leads")
    return _told(lab, lab.made("leads", made[0]["id"]), field_id, {"link", "tag", "value"})


@fact("events.tags", "What is told when a deal gets a value and a tag, and loses the tag?", "tag, tag off, value")
def changed(lab: Lab) -> Observation:
    field_id = _text_field(lab)
    made = embedded(lab.api.send("POST", "/leads", json=[{"name": lab.mark}]), "leads")
    lead_id = lab.made("leads", made[0]["id"])
    lab.api.change_lead(lead_id, _content(lab, field_id, "b"))
    lab.api.change_lead(lead_id, {"_embedded": {"tags": []}})
    return _told(lab, lead_id, field_id, {"tag", "tag off", "value"})
