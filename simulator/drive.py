"""The file store ("drive"), on a host of its own.

Source: amoCRM's documentation, "Files"; the vendor's PHP client, whose model of a file insists on every member.
"""

import json
import re
from uuid import uuid4

from simulator.answers import Answer, document, nothing, problem
from simulator.request import Request
from simulator.simulation import Simulation
from simulator.state import Account, Entity
from simulator.tokens import Grant

MAX_FILE_SIZE = 300 * 1024 * 1024
MAX_PART_SIZE = 128 * 1024  # the real one is 512 KB; a smaller one makes parts of small files


def answer(simulation: Simulation, request: Request) -> Answer:
    method, path, host, body = request.method, request.path, request.host, request.body
    download = re.fullmatch(r"/download/([0-9a-f-]{36})/.*", path)
    if download and method == "GET":  # the link is the proof
        return _content(simulation, download[1])
    grant = simulation.tokens.access.get(request.bearer)
    account = simulation.world.account_by_id(grant.account_id) if grant else None
    if grant is None or account is None or simulation.tokens.holder(request.bearer, account) is None:
        return problem(401, "Unauthorized", "Invalid credentials provided")
    if "files" not in grant.scopes:
        return problem(403, "Forbidden", "The integration has no access to the scope files")
    if (method, path) == ("POST", "/v1.0/sessions"):
        return _open(account, host, body)
    if (method, path) == ("GET", "/v1.0/files"):
        return _files(account, host, request.query)
    if (method, path) == ("DELETE", "/v1.0/files"):
        return _delete(simulation, account, grant, body)
    one = re.fullmatch(r"/v1\.0/files/([0-9a-f-]+)", path)
    if one and method == "GET":
        return _file(account, host, one[1])
    upload = re.fullmatch(r"/v1\.0/sessions/upload/([0-9a-f-]+)/(\d+)", path)
    if upload and method == "POST":
        return _part(simulation, account, grant.user_id, host, upload[1], int(upload[2]), body)
    return problem(404, "Not Found", "Cannot find such a method")


def _content(simulation: Simulation, uuid: str) -> Answer:
    for account in simulation.world.accounts.values():
        if uuid in account.contents:
            kind = account.files[uuid]["metadata"]["mime_type"] or "application/octet-stream"
            return Answer(200, account.contents[uuid], kind)
    return problem(404, "Not Found", "The file does not exist")


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


def _part(
    simulation: Simulation, account: Account, user_id: int, host: str, session_id: str, part: int, body: bytes
) -> Answer:
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
    now, by = simulation.world.now(), {"id": user_id, "type": "internal"}
    # vendor: drive.members (code) A file has a number (`id`) beside its uuid everywhere, also in the answer to the last
    # part; and created_by, updated_by, deleted_by (id and type), is_trashed, sanitized_name, source_id, previews, and
    # the links `download` and `download_version`.
    # source: amocrm-api-php, FileModel::fromArray
    file: Entity = {
        "id": simulation.world.new_id("files"),
        "uuid": str(uuid4()),
        "version_uuid": str(uuid4()),
        "name": stem or session["name"],
        "sanitized_name": re.sub(r"[^\w.-]+", "_", stem or session["name"]),
        "type": "file",
        "size": len(session["content"]),
        "source_id": None,
        "has_multiple_versions": False,
        "is_trashed": False,
        "previews": None,
        "metadata": {"extension": extension, "mime_type": session["type"]},
        "created_at": now,
        "created_by": by,
        "updated_at": now,
        "updated_by": by,
        "deleted_at": None,
        "deleted_by": None,
    }
    account.files[file["uuid"]] = file
    account.contents[file["uuid"]] = session["content"]
    simulation.truth.effect(
        simulation.world.clock.now(), "file.uploaded", account.id, uuid=file["uuid"], name=session["name"]
    )
    return document(_view(host, file))


def _delete(simulation: Simulation, account: Account, grant: Grant, body: bytes) -> Answer:
    """`[{"uuid"}]`, with a scope of its own; they are found by `filter[deleted]` from then on."""
    if "files_delete" not in grant.scopes:
        return problem(403, "Forbidden", "The integration has no access to the scope files_delete")
    try:
        uuids = [str(item["uuid"]) for item in json.loads(body)]
    except (ValueError, KeyError, TypeError):
        return problem(400, "Bad Request", "A list of uuids is required")
    for uuid in uuids:
        file = account.files.pop(uuid, None)
        if file is not None:
            account.contents.pop(uuid)
            by = {"id": grant.user_id, "type": "internal"}
            account.deleted_files[uuid] = file | {
                "is_trashed": True,
                "deleted_at": simulation.world.now(),
                "deleted_by": by,
            }
            for attached in account.attached.values():
                attached[:] = [one for one in attached if one != uuid]
            simulation.truth.effect(simulation.world.clock.now(), "file.deleted", account.id, uuid=uuid)
    return nothing()


def _file(account: Account, host: str, uuid: str) -> Answer:
    found = account.files.get(uuid) or account.deleted_files.get(uuid)
    return problem(404, "Not Found", "The file does not exist") if found is None else document(_view(host, found))


def _files(account: Account, host: str, query: list[tuple[str, str]]) -> Answer:
    """`filter[name]` finds files whose name begins with it; the others compare what they name."""
    # vendor: drive.filter_name
    given = dict(query)
    limit, page = int(given.get("limit", 50)), int(given.get("page", 1))
    filters = [(name, value) for name, value in query if name.startswith("filter[")] if account.has_filters else []
    files = account.deleted_files if _of(filters, "deleted") in (["1"], ["true"]) else account.files
    found = [file for file in reversed(files.values()) if _is_wanted(file, filters)]
    shown = [_view(host, file) for file in found[(page - 1) * limit : page * limit]]
    return document({"_embedded": {"files": shown}}) if shown else nothing()


def _is_wanted(file: Entity, filters: list[tuple[str, str]]) -> bool:
    # vendor: drive.filters (code) Lists of files are filtered by uuid (with commas between them), name, extensions,
    # term, source_id, deleted, size (from, to, unit), date (from, to, type, date_preset), created_by and updated_by.
    # source: amocrm-api-php, FilesFilter
    texts = {
        "uuid": [file["uuid"]],
        "extensions": [file["metadata"]["extension"]],
        "source_id": [str(file["source_id"])],
        "created_by": [str(file["created_by"]["id"])],
        "updated_by": [str(file["updated_by"]["id"])],
    }
    for name, own in texts.items():
        wanted = [one for value in _of(filters, name) for one in value.split(",")]
        if wanted and not set(own) & set(wanted):
            return False
    numbers = {"size": file["size"], "date": file["created_at"]}
    for name, number in numbers.items():
        low, high = _of(filters, f"{name}][from"), _of(filters, f"{name}][to")
        if (low and number < int(low[0])) or (high and number > int(high[0])):
            return False
    term = (_of(filters, "term") or [""])[0].lower()
    return file["name"].startswith((_of(filters, "name") or [""])[0]) and term in file["name"].lower()


def _of(filters: list[tuple[str, str]], name: str) -> list[str]:
    """The values of `filter[name]`, `filter[name][]` and `filter[name][0]`."""
    return [value for key, value in filters if re.fullmatch(rf"filter\[{re.escape(name)}\](\[\d*\])?", key)]


def _view(host: str, file: Entity) -> Entity:
    """With where its content is."""
    name = f"{file['sanitized_name']}.{file['metadata']['extension']}"
    links = {
        "download": f"https://{host}/download/{file['uuid']}/{name}",
        "download_version": f"https://{host}/download/{file['uuid']}/{file['version_uuid']}/{name}",
        "self": f"https://{host}/v1.0/files/{file['uuid']}",
    }
    return file | {"_links": {kind: {"href": href} for kind, href in links.items()}}
