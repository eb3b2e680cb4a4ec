"""The file store ("drive"), on a host of its own. Source: amoCRM's documentation, "Files"."""

import json
import re
from uuid import uuid4

from simulator.answers import Answer, document, nothing, problem
from simulator.request import Request
from simulator.simulation import Simulation
from simulator.state import Account, Entity

MAX_FILE_SIZE = 300 * 1024 * 1024
MAX_PART_SIZE = 128 * 1024  # the real one is 512 KB; a smaller one makes parts of small files


def answer(simulation: Simulation, request: Request) -> Answer:
    method, path, host, body = request.method, request.path, request.host, request.body
    grant = simulation.tokens.access.get(request.bearer)
    account = simulation.world.account_by_id(grant.account_id) if grant else None
    if grant is None or account is None or simulation.tokens.holder(request.bearer, account) is None:
        return problem(401, "Unauthorized", "Invalid credentials provided")
    if "files" not in grant.scopes:
        return problem(403, "Forbidden", "The integration has no access to the scope files")
    if (method, path) == ("POST", "/v1.0/sessions"):
        return _open(account, host, body)
    if (method, path) == ("GET", "/v1.0/files"):
        return _files(account, request.query)
    if (method, path) == ("DELETE", "/v1.0/files"):
        return _delete(simulation, account, grant.scopes, body)
    upload = re.fullmatch(r"/v1\.0/sessions/upload/([0-9a-f-]+)/(\d+)", path)
    if upload and method == "POST":
        return _part(simulation, account, host, upload[1], int(upload[2]), body)
    return problem(404, "Not Found", "Cannot find such a method")


def _open(account: Account, host: str, body: bytes) -> Answer:
    try:
        wanted = json.loads(body)
        size, name = int(wanted["file_size"]), str(wanted["file_name"])
    except (ValueError, KeyError, TypeError):
        return problem(400, "Bad Request", "file_name and file_size are required")
    if not name or not 0 < size <= MAX_FILE_SIZE:
        return problem(400, "Bad Request", "The file is too large, or empty")
    session_id = str(uuid4())
    account.uploads[session_id] = {
        "name": name,
        "size": size,
        "type": wanted.get("content_type"),
        "content": b"",
        "part": 1,
    }
    return document(
        {
            "session_id": session_id,
            "upload_url": f"https://{host}/v1.0/sessions/upload/{session_id}/1",
            "max_file_size": MAX_FILE_SIZE,
            "max_part_size": MAX_PART_SIZE,
        }
    )


def _part(simulation: Simulation, account: Account, host: str, session_id: str, part: int, body: bytes) -> Answer:
    session = account.uploads.get(session_id)
    if session is None or session["part"] != part or len(body) > MAX_PART_SIZE or not body:
        return problem(400, "Bad Request", "This part is not expected")
    session["content"] += body
    session["part"] += 1
    if len(session["content"]) < session["size"]:
        next_url = f"https://{host}/v1.0/sessions/upload/{session_id}/{session['part']}"
        return document({"session_id": session_id, "next_url": next_url})
    del account.uploads[session_id]
    stem, _, extension = session["name"].rpartition(".")
    file: Entity = {
        "uuid": str(uuid4()),
        "version_uuid": str(uuid4()),
        "name": stem or session["name"],
        "type": "file",
        "size": len(session["content"]),
        "metadata": {"extension": extension, "mime_type": session["type"]},
        "created_at": simulation.world.now(),
    }
    account.files[file["uuid"]] = file
    account.contents[file["uuid"]] = session["content"]
    simulation.truth.effect(
        simulation.world.clock.now(), "file.uploaded", account.id, uuid=file["uuid"], name=session["name"]
    )
    return document(file)


def _delete(simulation: Simulation, account: Account, scopes: tuple[str, ...], body: bytes) -> Answer:
    """`[{"uuid"}]`, with a scope of its own."""
    if "files_delete" not in scopes:
        return problem(403, "Forbidden", "The integration has no access to the scope files_delete")
    try:
        uuids = [str(item["uuid"]) for item in json.loads(body)]
    except (ValueError, KeyError, TypeError):
        return problem(400, "Bad Request", "A list of uuids is required")
    for uuid in uuids:
        if account.files.pop(uuid, None) is not None:
            account.contents.pop(uuid)
            for attached in account.attached.values():
                attached[:] = [one for one in attached if one != uuid]
            simulation.truth.effect(simulation.world.clock.now(), "file.deleted", account.id, uuid=uuid)
    return nothing()


def _files(account: Account, query: list[tuple[str, str]]) -> Answer:
    """`filter[name]` finds files whose name begins with it."""
    # vendor: drive.filter_name
    given = dict(query)
    wanted = given.get("filter[name]", "") if account.has_filters else ""
    limit, page = int(given.get("limit", 50)), int(given.get("page", 1))
    found = [file for file in reversed(account.files.values()) if file["name"].startswith(wanted)]
    shown = found[(page - 1) * limit : page * limit]
    return document({"_embedded": {"files": shown}}) if shown else nothing()
