"""Files of a deal. Attaching a file again changes nothing. Source: amoCRM's documentation, "Files"."""

from simulator.answers import Answer, not_found
from simulator.call import Call
from simulator.checks import checked
from simulator.rights import forbidden, seen


def page(call: Call, lead_id: str) -> Answer:
    attached = call.account.attached[int(lead_id)]
    return call.page("files", [{"file_uuid": uuid, "id": call.account.files[uuid]["id"]} for uuid in attached])


def attach(call: Call, lead_id: str) -> Answer:
    if int(lead_id) not in call.account.leads:
        raise not_found()
    if seen(call, "leads", int(lead_id)) is None:
        raise forbidden()
    attached = call.account.attached[int(lead_id)]
    known = call.account.files
    for item in checked(
        call.items(), lambda told, one: None if one.get("file_uuid") in known else told.no_choice("file_uuid")
    ):
        uuid = item["file_uuid"]
        if uuid not in attached:
            attached.append(uuid)
            call.effect("file.attached", lead_id=int(lead_id), uuid=uuid)
    # vendor: files.accepted
    return Answer(202)
