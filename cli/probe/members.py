"""The facts of docs/vendor.md about bots, and about what the vendor's own client reads of an account and of files."""

from cli.probe.fact import NotTriedError, all_but, fact
from cli.probe.lab import Lab
from shared.amocrm.errors import BadRequestError, NotFoundError, ScopeMissingError
from shared.amocrm.files import SCOPE
from shared.amocrm.filtered_reads import embedded
from shared.platform import time_zones

_FORMATS = (
    *("date_pattern", "short_date_pattern", "short_time_pattern", "date_format", "time_format"),
    *("timezone", "timezone_offset"),
)
_FILE = (
    *("id", "uuid", "version_uuid", "name", "sanitized_name", "size", "type", "source_id", "metadata", "is_trashed"),
    *("created_at", "created_by", "updated_at", "updated_by", "deleted_at", "deleted_by", "previews", "_links"),
)
_NO_BOT = 1  # an id that nobody's bot has: what is asked for is refused before it is looked for


@fact("account.datetime_settings", "Has the account the formats of dates that clients insist on, as texts?", "all")
def formats(lab: Lab) -> str:
    account = lab.api.send("GET", "/account", params={"with": "datetime_settings"})
    told = (account.get("_embedded") or {}).get("datetime_settings") or account.get("datetime_settings") or {}
    return all_but([name for name in _FORMATS if not isinstance(told.get(name), str)])


@fact("account.time_zone", "Does the account tell its time zone, by an IANA name, and its offset?", "both")
def time_zone(lab: Lab) -> str:
    told = lab.api.datetime_settings()
    name, offset = str(told.get("timezone") or ""), str(told.get("timezone_offset") or "")
    found = {"the name": time_zones.zone(name) is not None, "the offset": time_zones.fixed(offset) is not None}
    missing = [what for what, is_there in found.items() if not is_there]
    return f"not {', nor '.join(missing)}" if missing else "both"


@fact("drive.members", "Has a file the members that the vendor's client insists on?", "all")
def file_members(lab: Lab) -> str:
    try:
        lab.file  # noqa: B018 - makes it
        found = next(iter(lab.drive.named(lab.mark)), None)
    except ScopeMissingError:
        raise NotTriedError(f"the token lacks the scope {SCOPE}") from None
    if found is None:
        raise NotTriedError("the file is not found by its name yet")
    return all_but([name for name in _FILE if name not in found])


@fact("users.phone", "Are phones of users told to whoever asks for them?", "yes")
def phones(lab: Lab) -> str:
    users = embedded(lab.api.send("GET", "/users", params={"with": "phone_number", "limit": 1}), "users")
    return "yes" if "phone_number" in users[0] else "no"


@fact("bots.list", "Does the list of bots name each by number and name?", "yes", "none is told")
def bots(lab: Lab) -> str:
    found = embedded(lab.api.send("GET", "/bots", params={"limit": 250}), "items")
    if not found:
        return "none is told"
    return "yes" if all(isinstance(one.get("id"), int) and one.get("name") for one in found) else "no"


@fact("bots.run", "What answers the start of a bot for a kind of entity that is a number?", "400", "404 (no such bot)")
def started(lab: Lab) -> str:
    body = {"entity_id": lab.lead_id, "entity_type": 2}
    try:
        lab.api.send("POST", f"/bots/{_NO_BOT}/run", json=body)
    except BadRequestError:
        return "400"
    except NotFoundError:
        return "404 (no such bot)"
    return "it was taken"
