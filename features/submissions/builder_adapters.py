"""Site builders, quizzes and form services by name, where the rules for all do not suffice.

Who sends a body is seen from its members. An adapter moves what is meant for people to where the rules for all find it,
takes out the builder's own furniture (ids, times, settings: what it takes out is what it names), and says by what id
the builder calls the submission: what comes with that id again is the same.
"""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from msgspec import Struct

from features.submissions import booking_news, call_adapters, form_service_adapters, messengers, shops
from features.submissions.booking_news import BookingNews
from features.submissions.carts import Cart, branches, drop, text
from shared.platform.http import Request
from shared.platform.nested import Tree


class AdapterResult(Struct, frozen=True):
    """`id`: the builder's own of the submission; empty where it has none, or where the rules for all find it."""

    id: str = ""
    cart: Cart | None = None
    writer_id: str = ""  # of a message, see :mod:`features.submissions.messenger_ids`
    news: BookingNews | None = None
    is_own: bool = False  # it tells of the company's own messages: nobody has sent anything


def adapted(tree: Tree, request: Request) -> AdapterResult:
    """What is known of the sender; the tree is changed."""
    is_own, news = messengers.is_own(tree), booking_news.read(tree)
    adapt = next((adapt for members, adapt in _BUILDERS if members <= tree.keys()), None)
    writer_id = messengers.writer_id(adapt, tree)
    found = adapt(tree) if adapt is not None else ""
    if found is None or (is_own and not found):
        return AdapterResult(is_own=True)
    if not found:
        call_adapters.directed(tree)
    id_ = found or request.headers.get("Framer-Webhook-Submission-Id") or ""
    return AdapterResult(id_, shops.cart(tree, request), writer_id, None if id_ else news)


# source: Tilda's help page on webhooks; public handlers. A visit's tags are in a cookie when a page has changed since.
def _tilda(tree: Tree) -> str:
    cookies = text(tree, "COOKIES")
    kept = re.search(r"(?:^|;\s*)TILDAUTM=([^;]*)", cookies)
    for pair in unquote(kept[1]).split("|||") if kept else ():
        name, _, value = pair.partition("=")
        if name.startswith("utm_") and value:
            tree.setdefault(name, unquote(value))
    return ""


# source: Typeform's reference, "Example webhook payload"; public handlers
def _typeform(tree: Tree) -> str:
    response = tree["form_response"]
    if not isinstance(response, dict):
        return ""
    drop(tree, "event_id", "event_type")
    definition = response.get("definition")
    if isinstance(definition, dict):
        response["definition"] = {name: one for name, one in definition.items() if name in ("title", "fields")}
    for answer in branches(response.get("answers")):
        drop(answer.get("choices"), "ids", "refs")
    drop(response, "form_id", "landed_at", "submitted_at", "ending", "thankyou_screen_ref")
    return text(response, "token")


# source: Tally's help page on webhooks; public handlers
def _tally(tree: Tree) -> str:
    data = tree["data"]
    if not isinstance(data, dict) or not isinstance(data.get("fields"), list):
        return ""
    fields = branches(data["fields"])
    keys = {str(one.get("key")) for one in fields}
    hidden = data.setdefault("hidden", {})
    data["fields"] = shown = []
    for one in fields:
        options = {it.get("id"): it.get("text") for it in branches(one.pop("options", None))}
        value, key = one.get("value"), str(one.get("key"))
        if isinstance(value, list):
            one["value"] = value = [options.get(it, it) if isinstance(it, str) else it for it in value]
        if one.get("type") == "HIDDEN_FIELDS":
            hidden[str(one.get("label"))] = value
        elif not (isinstance(value, bool) and any(key.startswith(f"{other}_") for other in keys - {key})):
            shown.append(one)  # else: a choice by itself, which is in its question's answer, too
    drop(tree, "eventId", "eventType", "createdAt")
    id_ = text(data, "submissionId") or text(data, "responseId")
    drop(data, "submissionId", "responseId", "respondentId", "formId", "createdAt")
    return id_


# source: requests of Jotform's webhooks in public code
def _jotform(tree: Tree) -> str:
    """Its answers are named by a number and a short name; the questions stand in `pretty`, before their answers."""
    raw, pretty = tree["rawRequest"], text(tree, "pretty")
    drop(tree, *_OF_JOTFORM)
    if isinstance(raw, dict):
        drop(raw, *_OF_ITS_PAGE)
        for name, value in list(raw.items()):
            question = _question(pretty, value) if isinstance(value, str) and value.strip() else None
            if question and question not in raw:
                raw[question] = raw.pop(name)
            elif found := re.fullmatch(r"q\d+_(.+)", name):
                raw.setdefault(found[1], raw.pop(name))
    return text(tree, "submissionID")


_OF_ITS_PAGE: Final = (
    "slug", "path", "event_id", "jsExecutionTracker", "submitSource", "submitDate", "buildDate", "uploadServerUrl",
    "eventObserver", "timeToSubmit", "validatedNewRequiredFieldIDs", "visitedPages", "preview",
)  # fmt: skip
_OF_JOTFORM: Final = (
    "action", "webhookURL", "username", "formID", "type", "customParams", "product", "customTitle", "event",
    "documentID", "teamID", "subject", "isSilent", "customBody", "fromTable", "appID", "unread", "parent", "ip",
)  # fmt: skip


def _question(pretty: str, answer: str) -> str | None:
    found = re.search(rf"(?:^|, )([^:,][^:]{{0,150}}):{re.escape(answer)}(?=, |$)", pretty)
    return found[1].strip() if found else None


# source: Marquiz' help page, as it is quoted by public handlers
def _marquiz(tree: Tree) -> str:
    extra = tree.get("extra")
    if isinstance(extra, dict):
        for own, theirs in (("page", "href"), ("referrer", "referrer")):
            if address := text(extra, theirs):
                tree.setdefault(own, address)
        drop(extra, "cookies", "ip", "lang")
        discount = extra.get("discount")
        if isinstance(discount, dict) and discount.get("type") == "percent":
            extra["discount"] = f"{discount.get('value')}%"
    drop(tree, "created")
    drop(tree.get("quiz"), "id")
    return ""


# source: requests of Flexbe's webhooks in public code
def _flexbe(tree: Tree) -> str:
    data = tree["data"]
    if (
        not isinstance(data, dict)
        or not isinstance(tree.get("site"), dict)
        or not {"client", "form_data"} & data.keys()
    ):
        return ""  # others have an event and a client, too, and a time that is no furniture
    drop(tree, "event", "site")
    id_ = text(data, "id")
    drop(data, "num", "time", "status", "pay")
    drop(data.get("utm"), "cookies", "ip")
    page = data.get("page")
    if isinstance(page, dict):
        tree["page"] = text(page, "url")
    for one in (data.get("form_data") or {}).values() if isinstance(data.get("form_data"), dict) else ():
        drop(one, "orig_name")
    return id_


# source: Wix' reference of its forms; public handlers
def _wix(tree: Tree) -> str:
    data = tree["data"]
    if not isinstance(data, dict) or not isinstance(data.get("submissions"), list):
        return ""
    contact = data.get("contact")
    for phone in branches(contact.get("phones")) if isinstance(contact, dict) else ():
        drop(phone, "tag", "id", "primary", "countryCode", "e164Phone")
    drop(contact, "contactId", "locale", "createdDate", "updatedDate")
    id_ = text(data, "submissionId")
    drop(data, "formId", "submissionTime", "submissionsLink", "contactId", "context", "_context", "formFieldMask")
    return id_


# source: Webflow's reference, "Form submission"; its first version has no `payload`
def _webflow(tree: Tree) -> str:
    payload = tree["payload"]
    if not isinstance(payload, dict) or tree.get("triggerType") != "form_submission":
        return ""
    drop(tree, "triggerType")
    tree["form_name"], tree["page"] = text(payload, "name"), text(payload, "pageUrl")
    drop(payload, "siteId", "schema", "submittedAt", "formId", "formElementId", "pageId", "publishedPath", "site")
    return text(payload, "id")


# source: public handlers of Netlify's notifications
def _netlify(tree: Tree) -> str:
    """The same values stand there three times: by their names, by their titles, and in their order."""
    data, ordered = tree.pop("data", None), branches(tree.pop("ordered_human_fields", None))
    if isinstance(data, dict):
        tree["page"] = text(data, "referrer")
        drop(data, "ip", "user_agent", *(str(one.get("name")) for one in ordered))
        tree |= data
    if ordered:
        drop(tree, "human_fields")
    tree["fields"] = [{"label": one.get("title"), "value": one.get("value")} for one in ordered]
    drop(
        tree,
        "number",
        "summary",
        "body",
        "created_at",
        "form_id",
        "title",
        "name",
        "first_name",
        "last_name",
        "site_url",
    )
    return text(tree, "id")


# source: Taplink's page on webhooks; public handlers
def _taplink(tree: Tree) -> str:
    data = tree["data"]
    if not isinstance(data, dict) or tree["action"] != "leads.created":
        return ""
    drop(tree, "action")
    drop(data, "profile_id", "username", "lead_number", "ip", "tms_created", "status_id", "block_id", "contact_id")
    tree["page"] = text(data, "page_link")
    return text(data, "lead_id")


# source: Gravity Forms' reference, "Entry object" and "Name": .2 prefix, .3 first, .4 middle, .6 last, .8 suffix
def _gravity(tree: Tree) -> str:
    inputs: dict[str, dict[str, Any]] = {}
    for key, value in tree.items():
        number, _, place = key.partition(".")
        if number.isdecimal() and place.isdecimal():
            inputs.setdefault(number, {})[place] = value
    for number, parts in inputs.items():
        if parts.keys() <= _OF_NAME.keys() and parts.keys() & {"3", "6"}:
            drop(tree, *(f"{number}.{place}" for place in parts))
            tree[number] = {_OF_NAME[place]: value for place, value in parts.items() if value}
    tree["page"] = text(tree, "source_url")
    id_ = text(tree, "id")
    drop(
        tree, "form_id", "post_id", "date_created", "date_updated", "is_starred", "is_read", "ip", "user_agent",
        "currency", "status", "created_by", "is_fulfilled", "transaction_type", "source_id",
    )  # fmt: skip
    return id_


_OF_NAME: Final = {"2": "prefix", "3": "first", "4": "middle", "6": "last", "8": "suffix"}


# source: Fluent Forms' page on webhooks; public handlers
def _fluent(tree: Tree) -> str:
    own, names = tree.pop("__submission"), tree.get("names")
    if isinstance(names, dict) and names.keys() <= {"first_name", "middle_name", "last_name"}:
        tree |= tree.pop("names")
    if not isinstance(own, dict):
        return ""
    tree["page"] = text(own, "source_url")
    return text(own, "id")


# source: Elementor's page on its webhook, "Advanced data"
def _elementor(tree: Tree) -> str:
    drop(tree["meta"], "date", "time", "user_agent", "remote_ip", "credit")
    drop(tree["form"], "id")
    return ""


# source: Google's reference, "Event objects", of a form's answers in a sheet
def _google(tree: Tree) -> str:
    """The answers stand there twice."""
    drop(tree, "values", "range", "triggerUid", "authMode", "source")
    return ""


# source: Meta's reference, "Retrieving leads"
def _lead_ads(tree: Tree) -> str:
    drop(tree, "created_time", "ad_id", "form_id", "adset_id", "campaign_id", "page_id", "leadgen_id", "is_organic")
    return text(tree, "id")


_BUILDERS: Final[tuple[tuple[frozenset[str], Callable[[Tree], str | None]], ...]] = tuple(
    (frozenset(members.split()), adapt)
    for members, adapt in (
        ("COOKIES", _tilda),
        ("form_response", _typeform),
        ("eventType data", _tally),
        ("rawRequest formID", _jotform),
        ("contacts answers quiz", _marquiz),
        ("action data", _taplink),
        ("triggerType payload", _webflow),
        ("ordered_human_fields data", _netlify),
        ("form_id date_created is_starred", _gravity),
        ("__submission", _fluent),
        ("form fields meta", _elementor),
        ("namedValues range", _google),
        ("field_data", _lead_ads),
        *form_service_adapters.ADAPTERS,
        ("data event", _flexbe),
        ("name data", form_service_adapters.docplanner),
        ("source data", form_service_adapters.notion),
        ("data", _wix),
        *messengers.RELAYS,
    )
)
