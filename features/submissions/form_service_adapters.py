"""Form services, chats and call-backs by name, as :mod:`features.submissions.builder_adapters` has them."""

import re
from collections.abc import Callable
from typing import Any, Final

from features.submissions.call_adapters import CALLS
from features.submissions.carts import branches, drop, text
from features.submissions.messengers import MESSENGERS
from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree


# source: Wufoo's reference, "Webhooks", with "Include Field and Form Structures with Entry Data"
def _wufoo(tree: Tree) -> str:
    """Its answers are named by ids (`Field7`, of a part of a name or an address `Field8`); the titles stand apart."""
    structure, form = tree.pop("FieldStructure"), tree.pop("FormStructure", None)
    for field in branches(structure.get("Fields") if isinstance(structure, dict) else structure):
        parts = branches(field.get("SubFields"))
        own = {str(one.get("ID")): str(one.get("Label") or "") for one in parts}
        given = {label: tree.pop(id_) for id_, label in own.items() if id_ in tree}
        id_, title = str(field.get("ID")), str(field.get("Title") or "")
        if given.keys() <= {"First", "Last"} and given:
            value: Any = {name.lower(): one for name, one in given.items()}
        elif given:  # of checkboxes, those that were ticked say their own label
            value = [one for one in given.values() if one] if field.get("Type") == "checkbox" else given
        elif id_ in tree:
            value = tree.pop(id_)
        else:
            continue
        tree[id_] = {"title": title or id_, "type": str(field.get("Type") or ""), "value": value}
    if isinstance(form, dict):
        tree["form_name"] = text(form, "Name")
    drop(tree, "CreatedBy", "DateCreated", "IP", "HandshakeKey")
    return text(tree, "EntryId")


# source: Formstack's reference, "Webhook examples"
def _formstack(tree: Tree) -> str:
    """Of a form, what has several parts is a text of lines, such as "first = Ann"."""
    drop(tree, "FormID")
    for name, value in tree.items():
        lines = [line.partition(" = ") for line in value.split("\n")] if isinstance(value, str) else []
        if lines and all(mark and part in _OF_FORMSTACK for part, mark, _ in lines):
            tree[name] = {part: own for part, _, own in lines}
    return text(tree, "UniqueID")


_OF_FORMSTACK: Final = frozenset(
    {"prefix", "first", "middle", "initial", "last", "suffix", "value", "field_type", "address", "address2", "city"}
    | {"state", "zip", "country"}
)


# source: Envybox's help page on its webhook
def _envybox(tree: Tree) -> str:
    """A call-back: its own ids of the visit and of the call say nothing to people."""
    drop(tree, "webhooktype", "key", "ip", "visitor_id", "lpgenerator_id", "leadvertex_id")
    return ""


# source: Jivo's reference, "Webhooks API"
def _jivo(tree: Tree) -> str:
    """The talk stands there three times: message by message, as plain text, and as HTML."""
    session, chat = tree.get("session"), tree.get("chat")
    drop(tree, "widget_id", "html_messages")
    drop(session, "ip_addr", "user_agent")
    if isinstance(session, dict) and isinstance(session.get("utm_json"), dict):
        drop(session, "utm")
    if isinstance(chat, dict) and isinstance(tree.get("plain_messages"), str):
        drop(chat, "messages")
        tree["comment"] = text(tree, "plain_messages")
    return ""


# source: Getsitecontrol's help page on webhooks
def _getsitecontrol(tree: Tree) -> str:
    drop(tree, "type", "date", "ip", "user_agent", "browser", "os", "platform", "lang")
    widget = tree.pop("widget", None)
    if isinstance(widget, dict):
        tree["form_name"] = text(widget, "name")
    return text(tree, "id")


# source: Google's reference, "Lead form extension webhook"; public handlers
def _google_ads(tree: Tree) -> str:
    """A lead of an advertisement: each answer has an id (`FULL_NAME`), and of late the question as well. What proves
    who has sent it is no value."""
    answers = branches(tree.pop("user_column_data"))
    tree["fields"] = [
        {
            "title": text(one, "column_name") or str(one.get("column_id") or ""),
            "type": _OF_GOOGLE.get(str(one.get("column_id")), ""),
            "value": one.get("string_value"),
        }
        for one in answers
    ]
    if "gcl_id" in tree:
        tree.setdefault("gclid", tree.pop("gcl_id"))
    drop(tree, "google_key", "api_version", "form_id", "adgroup_id", "creative_id", "asset_group_id", "campaign_id")
    if str(tree.get("is_test")).lower() in ("false", "0"):
        drop(tree, "is_test")
    return text(tree, "lead_id")


_OF_GOOGLE: Final = {
    **dict.fromkeys(("PHONE_NUMBER", "WORK_PHONE"), "tel"),
    **dict.fromkeys(("EMAIL", "WORK_EMAIL"), "email"),
    "FULL_NAME": "name",
}


# source: VK's reference, "Callback API" and "leadForms.getLeads"; public handlers of `lead_forms_new`
def _vk(tree: Tree) -> str:
    """An event of a community: a lead form's answers, or anything else that was chosen there. `secret` proves who has
    sent it, and is no value; the visitor's page is."""
    event = tree["object"]
    if not isinstance(event, dict):
        return ""
    id_ = text(tree, "event_id")
    drop(tree, "secret", "v", "group_id")
    if text(dict(tree), "type") != "lead_forms_new":
        return id_
    drop(tree, "type")
    drop(event, "group_id", "form_id", "ad_id")
    if user := text(event, "user_id"):
        tree["VK"] = f"https://vk.com/id{user}"
    return text(event, "lead_id") or id_


# source: HubSpot's page on a workflow's webhook, "contact"; bodies in public code
def _hubspot(tree: Tree) -> str:
    """A contact: each property with all its former values, and every form that it has ever come by, the last first."""
    properties, forms = tree["properties"], branches(tree.pop("form-submissions", None))
    if isinstance(properties, dict):
        tree["properties"] = {
            name: one.get("value", one) if isinstance(one, dict) else one for name, one in properties.items()
        }
    for one in forms[:1]:
        tree["form_name"], tree["page"] = text(one, "title"), text(one, "page-url")
    drop(tree, "canonical-vid", "merged-vids", "portal-id", "is-contact", "profile-token", "identity-profiles")
    drop(tree, "merge-audits", "list-memberships", "addedAt")
    return ""


# source: Notion's reference, "Page properties"; bodies of its automations' "Send webhook" in public code
def notion(tree: Tree) -> str:
    """A row of a table: each property says of what type it is, and has its value under that name, a text in pieces."""
    source, page = tree["source"], tree["data"]
    if not isinstance(source, dict) or not isinstance(page, dict) or not isinstance(page.get("properties"), dict):
        return ""
    rows = [(name, one) for name, one in page.pop("properties").items() if isinstance(one, dict)]
    tree["fields"] = [{"title": name, "value": _of_notion(one.get(str(one.get("type"))))} for name, one in rows]
    id_ = text(source, "event_id")
    drop(tree, "source")
    drop(page, "object", "id", "created_time", "last_edited_time", "created_by", "last_edited_by", "parent", "icon")
    drop(page, "cover", "archived", "in_trash", "is_archived", "request_id")
    return id_


def _of_notion(value: Any) -> Any:
    if isinstance(value, list):
        parts = [_of_notion(one) for one in value]
        is_text = any(isinstance(one, dict) and "plain_text" in one for one in value)
        return "".join(map(str, parts)) if is_text else parts
    if not isinstance(value, dict):
        return value
    if link := text(branch_of(value.get(str(value.get("type")))), "url"):
        return link  # of a file: its name alone leads nowhere
    own = next((value[name] for name in ("plain_text", "name", "start") if value.get(name)), None)
    return value if own is None or value.get("end") else own


# source: public receivers of Heyflow's webhook
def _heyflow(tree: Tree) -> str:
    """Each answer has a name of the form's author (`variable`), the question perhaps, and is one of several."""
    fields = branches(tree["fields"])
    if not fields or not all({"variable", "values"} <= one.keys() for one in fields):
        return _bitrix(tree)
    tree["fields"] = [
        {
            "name": one["variable"],
            "title": text(dict(one), "label") or one["variable"],
            "value": [it.get("answer", it) for it in branches(one["values"])] or one["values"],
        }
        for one in fields
    ]
    return ""


# source: Bitrix24's reference, `crm.lead.add`, whose body many services send
def _bitrix(tree: Tree) -> str:
    fields = tree["fields"]
    for name, value in fields.items() if isinstance(fields, dict) else ():
        if isinstance(value, list) and value and all("VALUE" in one for one in branches(value)):
            fields[name] = [one["VALUE"] if isinstance(one, dict) else one for one in value]
    return ""


# source: Docplanner's guide, "Callbacks", and its library for PHP; public receivers of Doctoralia's bookings
def docplanner(tree: Tree) -> str | None:
    """`name` is the event's, and was that of all who had booked; the patient stands within the booking. Of one it tells
    also before it is made, to hear whether it may be; and whatever else changes in a doctor's days."""
    data = tree["data"]
    told = [data.get(one) for one in (*_DOCPLANNERS, "facility")] if isinstance(data, dict) else []
    if not any(isinstance(one, dict) for one in told) or not _AN_EVENT.fullmatch(str(tree["name"])):
        return ""
    booking: Tree = next((data[one] for one in _DOCPLANNERS if isinstance(data.get(one), dict)), {})
    patient, event = booking.pop("patient", None), text(tree, "name")
    if not isinstance(patient, dict) or event in ("slot-booking", "booking-moving"):
        return None
    tree["event"] = event
    for name, own in (("name", "first_name"), ("surname", "last_name"), ("phone", "phone"), ("email", "email")):
        if name in patient:
            tree[own] = patient.pop(name)
    for branch in (data.get("facility"), data.get("doctor"), data.get("address"), booking):
        drop(branch, "_links")
    drop(tree, "created_at")
    data["patient"] = patient
    return ""  # see booking_news.py


_AN_EVENT: Final = re.compile("[a-z]+(?:-[a-z]+)+")
_DOCPLANNERS: Final = ("visit_booking", "new_visit_booking", "old_visit_booking")

ADAPTERS: Final[tuple[tuple[str, Callable[[Tree], str | None]], ...]] = (
    ("FieldStructure EntryId", _wufoo),
    ("FormID UniqueID", _formstack),
    ("webhooktype call_state", _envybox),
    ("event_name visitor", _jivo),
    ("widget responses page", _getsitecontrol),
    ("user_column_data", _google_ads),
    ("type object group_id", _vk),
    ("canonical-vid properties", _hubspot),
    *CALLS,
    *MESSENGERS,
    ("fields", _heyflow),
)
