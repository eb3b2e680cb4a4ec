"""Subscriptions to webhooks. Below the advanced tariff they are refused. Source: amoCRM's "Webhooks"."""

from urllib.parse import urlsplit

from simulator.answers import Answer, ApiError, document, invalid, nothing, problem
from simulator.call import Call
from simulator.posting import Hook
from simulator.rights import require_administrator

_ENTITIES = ("lead", "contact", "company", "customer", "task")
# vendor: webhooks.kinds (production) Beside those of deals and contacts: companies, customers and tasks; add_talk,
# update_talk, add_message, add_outgoing_message; add, update and delete of `unsorted` and (guess) of `catalog`.
# source: lists of the documented settings in integrations in production; of the elements of lists only bodies were seen
SETTINGS = frozenset(
    {f"{action}_{entity}" for action in ("add", "update", "delete", "responsible") for entity in _ENTITIES}
    | {f"{action}_{entity}" for action in ("restore", "note") for entity in ("lead", "contact", "company")}
    | {f"{action}_{entity}" for action in ("add", "update", "delete") for entity in ("unsorted", "catalog")}
    | {"status_lead", "note_customer", "add_talk", "update_talk", "add_message", "add_outgoing_message"}
)


def page(call: Call) -> Answer:
    require_administrator(call)
    wanted = call.parameter("filter[destination]")
    found = [
        hook.entry for hook in call.account.hooks.values() if wanted in (None, hook.entry["destination"])
    ]  # fmt: skip
    if not found:
        return nothing()
    return document({"_total_items": len(found), "_links": {"self": call.link()}, "_embedded": {"webhooks": found}})


def subscribe(call: Call) -> Answer:
    require_administrator(call)
    # vendor: webhooks.tariff (page) Webhooks need the advanced tariff; below it, subscribing is refused with 403.
    # source: amoCRM's documentation, "Webhooks"
    if not call.account.may_use_webhooks:
        raise ApiError(problem(403, "Forbidden", "The tariff of this account does not allow webhooks"))
    body = call.json() if isinstance(call.json(), dict) else {}
    destination, settings = str(body.get("destination", "")), body.get("settings")
    if urlsplit(destination).scheme not in ("http", "https"):
        raise invalid("destination", "InvalidUrl", "This value is not a valid URL.")
    # vendor: webhooks.asked
    if call.account.asks_addresses and destination not in call.journal.posting.answering:
        raise invalid("destination", "InvalidUrl", "This value is not a valid URL.")
    if (
        not isinstance(settings, list)
        or not settings
        or not set(settings) <= SETTINGS - set(call.account.unknown_settings)
    ):
        raise invalid("settings", "NotSupportedChoice", "One or more of the given values is invalid.")
    now = call.world.now()
    known = call.account.hooks.get(destination)
    entry = {
        "id": known.entry["id"] if known else call.world.new_id("webhooks"),
        "destination": destination,
        "created_at": known.entry["created_at"] if known else now,
        "updated_at": now,
        "account_id": call.account.id,
        "created_by": call.user_id,
        "sort": len(call.account.hooks) + 1,
        # vendor: webhooks.switched_on
        "disabled": bool(known and known.entry["disabled"]),
        "settings": sorted(set(settings)),
    }
    call.account.hooks[destination] = Hook(entry)
    call.effect("webhook.subscribed", destination=destination, settings=entry["settings"])
    return document(entry, 201)


def unsubscribe(call: Call) -> Answer:
    require_administrator(call)
    body = call.json()
    destination = body.get("destination") if isinstance(body, dict) else None
    if call.account.hooks.pop(str(destination), None) is not None:
        call.effect("webhook.unsubscribed", destination=destination)
    return nothing()
