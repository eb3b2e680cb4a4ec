"""The facts of docs/vendor.md that can be tried from outside, with an access token.

A fact makes what it needs in the :class:`~cli.probe.lab.Lab` and tells what it saw in a few fixed words: no name, no
value of the account, nothing of amoCRM's own sentences.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import uuid4

from cli.probe.fact import FACTS, Fact, NotTriedError, Observation, all_but, element_of, fact, soon
from cli.probe.lab import FILE, PREFIX, WEBHOOK, Lab, why
from shared.amocrm import oauth
from shared.amocrm.errors import (
    AmocrmError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    ValidationError,
)
from shared.amocrm.events import FeedApi
from shared.amocrm.filtered_reads import embedded
from shared.amocrm.leads import AccountApi

_ACCOUNT: Final = (
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "current_user_id",
    "country",
    "currency",
    "customers_mode",
    "is_unsorted_on",
    "mobile_feature_version",
    "is_loss_reason_enabled",
    "is_helpbot_enabled",
    "is_technical_account",
    "contact_name_display_order",
)


# --- answers and errors ---------------------------------------------------------------------------------------


@fact("account.members", "Has the account the members that clients insist on?", "all")
def account_members(lab: Lab) -> str:
    account = lab.api.account()
    return all_but([name for name in _ACCOUNT if name not in account])


@fact("users.rights", "Do users say what they may do?", "all")
def users_rights(lab: Lab) -> str:
    wanted = ("is_active", "is_admin", "mail_access", "catalog_access")
    users = embedded(lab.api.send("GET", "/users", params={"limit": 250}), "users")
    return all_but(sorted({name for user in users for name in wanted if name not in user["rights"]}))


@fact("oauth.token_claims", "Does the access token tell its account, scopes and end?", "account, end, scopes")
def token_claims(lab: Lab) -> Observation:
    hints = oauth.access_token_hints(lab.access_token)
    told = {"account": hints.account_id, "end": hints.expires_at, "scopes": hints.scopes}
    domain = "with api_domain" if hints.api_domain else "without api_domain"
    return Observation(", ".join(name for name, value in told.items() if value is not None), domain)


@fact("http.empty_list", "What answers a list without entities?", "204")
def empty_list(lab: Lab) -> str:
    answer = lab.api.send("GET", "/leads", params={"query": "zzzz-nothing-has-this-name-zzzz"})
    return "204" if answer is None else f"a document with {len(embedded(answer, 'leads'))} entities"


@fact("http.not_found", "What answers an entity that is not there?", "204", "404 with JSON")
def not_found(lab: Lab) -> str:
    try:
        answer = lab.api.send("GET", "/leads/1")
    except NotFoundError as error:
        return "404 with JSON" if type(error) is NotFoundError else "404 with a page"
    return "204" if answer is None else "a document"


@fact("http.validation", "What answers a value of the wrong type?", "400: code, path, request_id")
def validation(lab: Lab) -> str:
    try:
        answer = lab.api.send("POST", "/leads", json=[{"name": lab.mark, "price": "a word", "request_id": "0"}])
    except ValidationError as error:
        item = error.errors[0]
        told = {"code": item.code, "path": item.path.endswith("price")}
        return f"400: {', '.join([*(name for name, there in told.items() if there), 'request_id'])}"
    lab.made("leads", embedded(answer, "leads")[0]["id"])
    return "it was taken"


@fact("lists.page", "How many entities has a page at most?", "250")
def most_on_a_page(lab: Lab) -> str:
    fits = lab.api.send("GET", "/users", params={"limit": 250})
    try:
        found = embedded(lab.api.send("GET", "/contacts", params={"limit": 500}), "contacts")
    except AmocrmError:
        return "250" if fits else "fewer"
    return "250" if len(found) <= 250 else f"{len(found)}"


@fact(
    "lists.filters", "Is a filter honoured where the account says that it has filters?", "on: honoured", "off: ignored"
)
def filters(lab: Lab) -> str:
    account = lab.api.send("GET", "/account", params={"with": "is_api_filter_enabled"})
    if "is_api_filter_enabled" not in account:
        return "the account does not say"
    lab.lead_id  # noqa: B018 - one deal at least
    answer = lab.api.send("GET", "/leads", params={"filter[id][]": 1, "limit": 5})
    is_on, came = account["is_api_filter_enabled"], embedded(answer, "leads")
    return f"{'on' if is_on else 'off'}: {'ignored' if came else 'honoured'}"


# --- deals and contacts ---------------------------------------------------------------------------------------


@fact(
    "leads.complex", "What answers a deal with its contact in one call?", "a list: contact_id, id, merged, request_id"
)
def complex_lead(lab: Lab) -> str:
    answer = lab.complex_answer
    if not isinstance(answer, list):
        return "a document"
    wanted = ("contact_id", "id", "merged", "request_id")
    return f"a list: {', '.join(name for name in wanted if answer[0].get(name) is not None)}"


@fact("leads.query", "Does a search find a deal by the words of its name?", "yes")
def search_for_deal(lab: Lab) -> Observation:
    def is_found() -> bool:
        found = embedded(lab.api.send("GET", "/leads", params={"query": lab.mark}), "leads")
        return any(one["id"] == lab.lead_id for one in found)

    return soon(lab, is_found)


@fact("contacts.query", "Does a search find a contact by the last ten digits of a phone?", "yes")
def search_for_phone(lab: Lab) -> Observation:
    return soon(lab, lambda: _is_found_by(lab, digits=10))


@fact("contacts.few_digits", "Does a search find a contact by the last nine?", "yes")
def search_by_fewer_digits(lab: Lab) -> Observation:
    return soon(lab, lambda: _is_found_by(lab, digits=9))


def _is_found_by(lab: Lab, digits: int) -> bool:
    found = embedded(lab.api.send("GET", "/contacts", params={"query": lab.phone[-digits:]}), "contacts")
    return any(one["id"] == lab.contact_id for one in found)


@fact("contacts.codes", "Have contacts the fields PHONE and EMAIL, of several values?", "EMAIL, PHONE with WORK")
def contact_codes(lab: Lab) -> str:
    fields = embedded(lab.api.send("GET", "/contacts/custom_fields", params={"limit": 250}), "custom_fields")
    good = [
        one["code"]
        for one in fields
        if one.get("code") in ("PHONE", "EMAIL")
        and one["type"] == "multitext"
        and "WORK" in [enum["value"] for enum in one["enums"]]
    ]
    return f"{', '.join(sorted(good))} with WORK"


@fact("notes.attachment", "Does a note of type attachment show a file?", "yes")
def attachment_note(lab: Lab) -> str:
    file = _uploaded(lab)
    lab.api.add_attachment_note(lab.lead_id, file["file_uuid"], file["version_uuid"], file["name"])
    notes = embedded(lab.api.send("GET", f"/leads/{lab.lead_id}/notes", params={"limit": 250}), "notes")
    shown = [note["params"].get("file_uuid") for note in notes if note["note_type"] == "attachment"]
    return "yes" if shown == [file["file_uuid"]] else "no"


# --- goods ----------------------------------------------------------------------------------------------------


@fact("catalogs.products", "Is there one goods list at most, with coded fields?", "PRICE, SKU")
def goods_list(lab: Lab) -> str:
    catalogs = embedded(lab.api.send("GET", "/catalogs", params={"limit": 250}), "catalogs")
    goods = [one for one in catalogs if one["type"] == "products"]
    if not goods:
        raise NotTriedError("goods are switched off in this account")
    path = f"/catalogs/{goods[0]['id']}/custom_fields"
    fields = embedded(lab.api.send("GET", path, params={"limit": 250}), "custom_fields")
    codes = {"PRICE", "SKU"} & {one.get("code") for one in fields}
    return ", ".join(sorted(codes)) if len(goods) == 1 else f"{len(goods)} lists"


@fact("batch.request_id", "Does a batch answer each entity with its request_id?", "each its own")
def request_ids(lab: Lab) -> str:
    sent = {"a": f"{lab.mark} a", "b": f"{lab.mark} b"}
    body = [{"name": name, "request_id": key} for key, name in sent.items()]
    made = embedded(lab.api.send("POST", f"/catalogs/{lab.list_id}/elements", json=body), "elements")
    names = {str(one.get("request_id")): element_of(lab, int(one["id"]))["name"] for one in made}
    return "each its own" if names == sent else "not so"


@fact("links.replace", "Does linking an element again replace its quantity?", "one link, with the second quantity")
def linked_twice(lab: Lab) -> str:
    body = [{"name": f"{lab.mark} linked"}]
    made = embedded(lab.api.send("POST", f"/catalogs/{lab.list_id}/elements", json=body), "elements")
    element_id = int(made[0]["id"])
    for quantity in (2, 3):
        metadata = {"catalog_id": lab.list_id, "quantity": quantity}
        link = {"to_entity_id": element_id, "to_entity_type": "catalog_elements", "metadata": metadata}
        lab.api.send("POST", f"/leads/{lab.lead_id}/link", json=[link])
    links = embedded(lab.api.send("GET", f"/leads/{lab.lead_id}/links"), "links")
    goods = [one for one in links if one["to_entity_type"] == "catalog_elements"]  # a contact may have that number, too
    seen = [one["metadata"]["quantity"] for one in goods if one["to_entity_id"] == element_id]
    words = {(3,): "one link, with the second quantity", (5,): "one link, with the sum", (2, 3): "two links"}
    return words.get(tuple(seen), "something else")


# --- files ----------------------------------------------------------------------------------------------------


@fact("drive.parts", "Is a file taken in parts, and told by the last answer?", "yes")
def parts(lab: Lab) -> str:
    file = _uploaded(lab)
    return "yes" if file["size"] == len(FILE) else "it has another size"


@fact("drive.filter_name", "Does filter[name] find a file by the beginning of its name?", "yes")
def file_by_name(lab: Lab) -> Observation:
    uuid = _uploaded(lab)["file_uuid"]
    return soon(lab, lambda: any(str(file["uuid"]) == uuid for file in lab.drive.named(lab.mark[:-3])))


@fact("files.attach", "Does attaching a file again change nothing?", "attached once")
def attached_twice(lab: Lab) -> str:
    uuid = _uploaded(lab)["file_uuid"]
    for _ in range(2):
        lab.drive.attach(lab.lead_id, uuid)
    files = embedded(lab.api.send("GET", f"/leads/{lab.lead_id}/files", params={"limit": 250}), "files")
    times = [file.get("file_uuid") for file in files].count(uuid)
    return "attached once" if times == 1 else f"attached {times} times"


# --- incoming leads -------------------------------------------------------------------------------------------


@fact("unsorted.status", "Has each pipeline with incoming leads a status of type 1?", "yes")
def unsorted_status(lab: Lab) -> str:
    pipelines = embedded(lab.api.send("GET", "/leads/pipelines"), "pipelines")
    waiting = [one for one in pipelines if one.get("is_unsorted_on") and not one.get("is_archive")]
    if not waiting:
        raise NotTriedError("incoming leads are switched off in this account")
    good = all(any(status.get("type") == 1 for status in one["_embedded"]["statuses"]) for one in waiting)
    return "yes" if good else "no"


@fact("unsorted.answer", "Does an incoming lead tell its deal and contact?", "a deal and a contact")
def incoming_lead(lab: Lab) -> str:
    made = _incoming(lab, {"name": lab.mark})
    told = [name for name, kind in (("a deal", "leads"), ("a contact", "contacts")) if made["_embedded"].get(kind)]
    return " and ".join(told)


@fact("unsorted.known_contact", "Does an incoming lead take a contact by its id?", "yes")
def incoming_lead_of_somebody(lab: Lab) -> str:
    try:
        made = _incoming(lab, {"id": lab.contact_id})
    except ValidationError:
        return "refused"
    return "yes" if [one["id"] for one in made["_embedded"]["contacts"]] == [lab.contact_id] else "it makes another"


@fact("unsorted.renamed", "What names do events tell of an incoming lead that was renamed?", "the one before")
def renamed_incoming_lead(lab: Lab) -> Observation:
    began, mark = int(time.time()) - 300, f"{lab.mark} {uuid4().hex[:8]}"
    lead_id = _incoming(lab, {"name": lab.mark}, mark)["_embedded"]["leads"][0]["id"]
    lab.api.change_lead(lead_id, {"name": lab.mark})
    seconds = lab.wait_for(lambda: FeedApi(lab.api).named_before(mark, began) == lead_id, 20)
    return Observation("not the one before" if seconds is None else "the one before", f"after {seconds} s")


# --- tasks and webhooks ---------------------------------------------------------------------------------------


@fact("cleaning.tasks", "Can a task be completed, and not be deleted?", "completed, and not deleted")
def task(lab: Lab) -> str:
    entity = {"entity_id": lab.lead_id, "entity_type": "leads", "complete_till": int(time.time()) + 86_400}
    made = embedded(lab.api.send("POST", "/tasks", json=[{"text": lab.mark, **entity}]), "tasks")
    path = f"/tasks/{made[0]['id']}"
    try:
        lab.api.send("DELETE", path)
    except AmocrmError:
        pass
    else:
        return "deleted"
    lab.api.send("PATCH", path, json={"is_completed": True, "result": {"text": PREFIX}})
    return "completed, and not deleted" if lab.api.send("GET", path)["is_completed"] else "not completed"


@fact("webhooks.tariff", "Can a webhook be subscribed through the API?", "yes", "403", "the address is refused")
def webhook(lab: Lab) -> str:
    to = f"{WEBHOOK}{lab.mark[-8:]}"
    try:
        lab.api.send("POST", "/webhooks", json={"destination": to, "settings": ["restore_company"]})
    except ForbiddenError:
        return "403"
    except BadRequestError:  # vendor: webhooks.asked
        return "the address is refused"
    found = embedded(lab.api.send("GET", "/webhooks", params={"filter[destination]": to}), "webhooks")
    lab.api.send("DELETE", "/webhooks", json={"destination": to})
    return "yes" if any(one["destination"] == to for one in found) else "taken, and not shown"


@fact(
    "http.limit",
    "What answers the eighth call within a second?",
    "429",
    only_if_asked="--rate",
)
def limit(lab: Lab) -> Observation:
    """Fourteen calls at once, and then a pause: no more, because who goes on gets blocked."""
    bare = AccountApi(lab.transport, lab.host, lab.access_token)

    def call(_: int) -> str:
        try:
            bare.send("GET", "/leads/pipelines")
        except RateLimitedError:
            return "429"
        except AmocrmError as error:
            return why(error)
        return "200"

    lab.clock.sleep(2)
    with ThreadPoolExecutor(14) as pool:
        answers = list(pool.map(call, range(14)))
    lab.clock.sleep(3)
    others = sorted(set(answers) - {"200"})
    return Observation(", ".join(others) or "200", f"{answers.count('200')} of 14 at once were answered")


# --- helpers --------------------------------------------------------------------------------------------------


def _uploaded(lab: Lab) -> dict[str, Any]:
    """The one file, made for whoever asks first."""
    try:
        return lab.file
    except ForbiddenError:
        raise NotTriedError("the token has no access to files") from None


def _incoming(lab: Lab, contact: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    now = int(time.time())
    answer = lab.api.send(
        "POST",
        "/leads/unsorted/forms",
        json=[
            {
                "source_uid": str(uuid4()),
                "source_name": lab.mark,
                "created_at": now,
                "_embedded": {"leads": [{"name": name or lab.mark}], "contacts": [contact]},
                "metadata": {
                    "form_id": "probe",
                    "form_name": lab.mark,
                    "form_page": "https://example.com/",
                    "form_sent_at": now,
                    "referer": "https://example.com/",
                    "ip": "192.0.2.1",
                },
            }
        ],
    )
    made: dict[str, Any] = embedded(answer, "unsorted")[0]
    for kind in ("leads", "contacts"):
        for entity in (made.get("_embedded") or {}).get(kind) or []:
            lab.made(kind, entity["id"])
    return made


def asked_for(options: frozenset[str]) -> Iterator[Fact]:
    return (one for one in FACTS if not one.only_if_asked or one.only_if_asked in options)
