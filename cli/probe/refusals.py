"""The facts of what amoCRM refuses, and that a refused write leaves nothing. See :mod:`cli.probe.fact`."""

from typing import Any

from cli.probe.fact import NotTriedError, Observation, fact
from cli.probe.lab import Lab
from shared.amocrm.errors import NotFoundError, ValidationError
from shared.amocrm.filtered_reads import embedded


@fact("contacts.gone", "What answers a deal of a contact that was deleted?", "400")
def contact_that_is_gone(lab: Lab) -> str:
    made = embedded(lab.api.send("POST", "/contacts", json=[{"name": f"{lab.mark} gone"}]), "contacts")
    contact_id = lab.made("contacts", made[0]["id"])
    try:
        lab.delete("contacts", contact_id)
    except NotFoundError:
        raise NotTriedError("the contact could not be deleted") from None
    return _deal(lab, {"_embedded": {"contacts": [{"id": contact_id}]}})


@fact("writes.whole", "Does a change with one refused value keep another?", "nothing is kept")
def change_with_a_refused_value(lab: Lab) -> str:
    before = lab.api.lead(lab.lead_id)["price"]
    try:
        lab.api.change_lead(lab.lead_id, {"price": before + 1, "status_id": 1})
    except ValidationError:
        return "nothing is kept" if lab.api.lead(lab.lead_id)["price"] == before else "the rest is kept"
    return "it was taken"


@fact("batch.whole", "Is a batch with one refused item made in part?", "none is made")
def batch_with_a_refused_item(lab: Lab) -> str:
    name = f"{lab.mark} half"
    path = f"/catalogs/{lab.list_id}/elements"
    wrong = {"name": name, "custom_fields_values": [{"field_id": 1, "values": [{"value": "1"}]}]}
    try:
        lab.api.send("POST", path, json=[{"name": name}, wrong])
    except ValidationError:
        found = embedded(lab.api.send("GET", path, params={"limit": 250}), "elements")
        return "none is made" if not [one for one in found if one["name"] == name] else "a part is made"
    return "it was taken"


@fact("users.switched_off", "Is a user who is switched off taken as responsible?", "400")
def user_who_is_switched_off(lab: Lab) -> str:
    users = embedded(lab.api.send("GET", "/users", params={"limit": 250}), "users")
    off = [one["id"] for one in users if not (one.get("rights") or {}).get("is_active", True)]
    if not off:
        raise NotTriedError("nobody is switched off in this account")
    return _deal(lab, {"responsible_user_id": off[0]})


@fact("pipelines.archived", "Is a deal taken into a pipeline of the archive?", "400")
def pipeline_of_the_archive(lab: Lab) -> str:
    pipelines = embedded(lab.api.send("GET", "/leads/pipelines"), "pipelines")
    archived = [one["id"] for one in pipelines if one.get("is_archive")]
    if not archived:
        raise NotTriedError("no pipeline of this account is in the archive")
    return _deal(lab, {"pipeline_id": archived[0]})


@fact("entities.name_length", "Has a name 255 letters?", "255 of 255")
def name_length(lab: Lab) -> Observation:
    def kept(length: int) -> str:
        try:
            lab.api.change_lead(lab.lead_id, {"name": lab.mark.ljust(length, "я")})
        except ValidationError:
            return "refused"
        return f"{len(lab.api.lead(lab.lead_id)['name'])} of {length}"

    seen = Observation(kept(255), f"of a longer name: {kept(300)}")
    lab.api.change_lead(lab.lead_id, {"name": lab.mark})
    return seen


def _deal(lab: Lab, more: dict[str, Any]) -> str:
    """What answers a deal with this: 400, or that it was made."""
    try:
        made = embedded(lab.api.send("POST", "/leads", json=[{"name": lab.mark} | more]), "leads")
    except ValidationError:
        return "400"
    lab.made("leads", made[0]["id"])
    return "it was made"
