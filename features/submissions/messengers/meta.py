"""Meta's own webhooks: WhatsApp's Cloud API, also as relays pass it on, Messenger and Instagram."""

from typing import Any, Final

from features.submissions import messenger_ids
from features.submissions.call_adapters import is_of_line
from features.submissions.carts import branches, drop, text
from features.submissions.messengers.common import OUT, is_card, is_comment, number_of, written
from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree

_ASKED_FOR: Final = "contact_request"  # as the origin of a card: the writer's own, by a button
_BEGINS: Final = "connect"  # a call, of which is told again at its end


def webhook(tree: Tree) -> str | None:
    return cloud(tree) if is_cloud(tree) else _of_page(tree)


def is_cloud(tree: Tree) -> bool:
    return bool(tree["object"] == "whatsapp_business_account")


# source: WhatsApp's reference of its Cloud API, "messages webhook", and Meta's, "Business-scoped user IDs", since which
# states have `contacts`, too; bodies in public code
def cloud(tree: Tree) -> str | None:
    """`metadata` is the company's own line; `wa_id` is a phone without its plus; `statuses` are of own messages.
    Messages of one person in several places are one, and have one name."""
    of_each = (by_writer(tree) or []) if "entry" in tree else []
    if len(of_each) == 1:
        tree["entry"] = of_each[0]["entry"]
    values = values_of(tree)
    for value in values:
        _only_ended(value)
    if not any(map(_is_of_client, values)):
        return None
    said, ids = [], []
    for value in values:
        drop(value, *(["statuses"] if _is_of_client(value) else ["statuses", "contacts"]))
        line, ours = value.get("metadata"), _line_of(value)
        is_of_line(branch_of(line), "display_phone_number")
        drop(line, "phone_number_id")
        for person in branches(value.get("contacts")):
            _is_phone(tree, person, "wa_id")
        for message in branches(value.get("messages")):
            _is_phone(tree, message, "from")
            if not any(one.get("origin") == _ASKED_FOR for one in branches(message.get("contacts"))):
                is_card(message, "contacts")
            said.append(text(message.get("text"), "body"))
            ids.append(text(message, "id"))
            drop(message, "timestamp")
        for call in branches(value.get("calls")):
            _is_call(tree, call, ours)
            ids.append(text(call, "id"))
        drop(value, "messaging_product")
    is_comment(tree, said)
    if "entry" in tree:
        drop(tree, "object")
        for entry in branches(tree["entry"]):
            drop(entry, "id")
    return " ".join(filter(None, ids))


def _only_ended(value: Tree) -> None:
    if "calls" in value:
        value["calls"] = _ended(value)
        drop(value, *([] if value["calls"] else ["calls"]))


# source: WhatsApp's reference of its calls, "User-initiated calls": of each one it tells twice, also where nobody has
# answered; bodies in public code
def _ended(value: Tree) -> list[Tree]:
    return [one for one in branches(value.get("calls")) if one.get("event") != _BEGINS]


def _is_call(tree: Tree, call: Tree, ours: str) -> None:
    client = _client_of(call, ours)
    _is_phone(tree, call, client)
    is_of_line(call, "to" if client == "from" else "from")
    drop(call, "session", "timestamp")


def _client_of(call: Tree, ours: str) -> str:
    """At which end: of its two numbers one is the line's; without any the direction says which."""
    ends = {name: _figures(call.get(name)) for name in ("to", "from")}
    usual = "to" if text(dict(call), "direction").startswith("BUSINESS") else "from"
    return next(("from" if name == "to" else "to" for name, number in ends.items() if ours and number == ours), usual)


def _line_of(value: Tree) -> str:
    return _figures(branch_of(value.get("metadata")).get("display_phone_number"))


def _figures(number: Any) -> str:
    return "".join(sign for sign in str(number) if sign.isdigit())


def _is_of_client(value: Tree) -> bool:
    """By a message or a call: `contacts` are named also in a state of the company's own message, and where somebody
    wants no more advertisements; that their number is another one now WhatsApp says itself."""
    written = branches(value.get("messages"))
    return "calls" in value or any(text(dict(one), "type") != "system" for one in written)


def _is_phone(tree: Tree, told: Tree, name: str) -> None:
    """Whoever shows no phone is called by an id: `US.1349…`."""
    number = number_of(told.get(name), is_bare=True)
    if number and tree.setdefault("phone", number) == number:
        drop(told, name)


# source: Kapso's reference of its webhooks, version 2; bodies in public receivers
def kapso(tree: Tree) -> str | None:
    """A message as the Cloud API has it, within a talk with one client; by whom it was written says `kapso`."""
    message, chat = branch_of(tree["message"]), branch_of(tree["conversation"])
    own = branch_of(message.pop("kapso", None))
    if text(dict(own), "direction").lower() in OUT:
        return None
    numbers = [number_of(message.get("from"), is_bare=True), text(chat, "phone_number")]
    said = text(message.get("text"), "body") or text(own, "content")
    written(tree, numbers, [said], text(chat.get("kapso"), "contact_name"))
    drop(message, "timestamp", *(["from"] if numbers[0] else []))
    drop(chat, "id", "status", "created_at", "updated_at", "last_active_at", "phone_number_id", "kapso")
    drop(tree, "phone_number_id")
    return text(message, "id")


def values_of(tree: Tree) -> list[Tree]:
    changes = [one for entry in branches(tree.get("entry")) for one in branches(entry.get("changes"))]
    values: list[Any] = [one.get("value") for one in changes] if "entry" in tree else [tree]
    return [one for one in values if isinstance(one, dict)]


# source: Meta's reference of Messenger's webhooks, and Instagram's, whose `messages` are the company's own, too
# (`is_echo`); bodies in public code
def _of_page(tree: Tree) -> str | None:
    """Of messages only: a page has leads and comments as well."""
    entries = [one for one in branches(tree["entry"]) if "messaging" in one]
    told = [event for one in entries for event in branches(one["messaging"])]
    if not told or len(entries) < len(branches(tree["entry"])):
        return ""
    for one in entries:
        one["messaging"] = [event for event in branches(one["messaging"]) if not messenger_ids.is_own_event(event)]
    messages = [branch_of(event.get("message")) for one in entries for event in one["messaging"]]
    if not messages:
        return None
    is_comment(tree, [text(one, "text") for one in messages])
    return " ".join(filter(None, [text(one, "mid") for one in messages]))


def _of_each_sender(tree: Tree, pages: list[Tree]) -> list[Tree]:
    senders: dict[tuple[str, str], tuple[Tree, list[Tree]]] = {}
    for page in pages:
        for event in branches(page["messaging"]):
            if not messenger_ids.is_own_event(event):
                sender = str(branch_of(event.get("sender")).get("id"))
                senders.setdefault((str(page.get("id")), sender), (page, []))[1].append(event)
    return [tree | {"entry": [page | {"messaging": events}]} for page, events in senders.values()]


def _told_by(value: Tree) -> dict[str, dict[str, list[Tree]]]:
    """Messages, and calls that have ended, of each: by the phone, or the id of whoever shows none."""
    ours = _line_of(value)
    told = [("messages", "from", one) for one in branches(value.get("messages"))]
    told += [("calls", _client_of(one, ours), one) for one in _ended(value)]
    found: dict[str, dict[str, list[Tree]]] = {}
    for kind, end, one in told:
        person = str(one.get(end) or one.get("from_user_id"))
        found.setdefault(person, {}).setdefault(kind, []).append(one)
    return found


def by_writer(tree: Tree) -> list[Tree] | None:
    """A tree for each; None for what Meta has not told."""
    pages = branches(tree.get("entry"))
    if pages and all("messaging" in one for one in pages):
        return _of_each_sender(tree, pages)
    if "entry" not in tree and "messaging_product" not in tree:
        return None
    found: dict[tuple[str, str], Tree] = {}
    for value in values_of(tree):
        told, people = _told_by(value), branches(value.get("contacts"))
        for person, own in told.items():
            # Alone, it is whoever is named there, also by another id.
            named = [one for one in people if person in (one.get("wa_id"), one.get("user_id"))]
            named = people if len(told) == 1 else named
            theirs = found.setdefault((person, str(value.get("metadata"))), _without_told(value) | {"contacts": named})
            for kind, several in own.items():
                theirs.setdefault(kind, []).extend(several)
    if "entry" not in tree:
        return [_without_told(tree) | one for one in found.values()]
    fields = ["messages" if "messages" in one else "calls" for one in found.values()]
    changes = [{"field": field, "value": one} for field, one in zip(fields, found.values(), strict=True)]
    return [tree | {"entry": [{"changes": [one]}]} for one in changes]


def _without_told(value: Tree) -> Tree:
    return {name: one for name, one in value.items() if name not in ("messages", "calls")}
