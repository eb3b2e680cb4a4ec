"""Messages as messengers, telephone services and relays tell them, as :mod:`features.submissions.builder_adapters` has
them.

Of each message there are two numbers, as there are of a call: the writer's, and the company's own. What tells of the
company's own messages (written, sent, delivered, read) or of its account is nobody's submission: None, and no id.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from features.submissions import messenger_ids, value_looks
from features.submissions.call_adapters import is_of_line
from features.submissions.carts import branches, drop, text
from features.submissions.flattening import named_values
from features.submissions.messenger_ids import is_so
from features.submissions.shops.common import branch_of
from shared.platform.nested import OWN, Tree

_IDS: Final = ("MessageSid", "SmsMessageSid", "SmsSid", "CallSid")
_RECEIVED: Final = "received"  # any other state is that of a message of the company's own
_OF_PHONES: Final = ("", "whatsapp", "viber")  # chats that are called by the phone of whoever writes
_BESIDE_STATES: Final = frozenset({"statuses", "event", "channel_id"})
_ASKED_FOR: Final = "contact_request"  # as the origin of a card: the writer's own, by a button
_BARE: Final = re.compile(r"\+?(\d{7,15})")
_OF_TELEGRAM: Final = frozenset(
    (
        *messenger_ids.UPDATES,
        *("channel_post", "edited_channel_post", "business_connection", "deleted_business_messages", "chat_boost"),
        *("message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result", "shipping_query"),
        *("pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member"),
        *("chat_join_request", "removed_chat_boost"),
    )
)
_OF_EVOLUTION: Final = re.compile(
    r"(?:messages|contacts|presence|chats|groups?|connection|qrcode|labels|send|application)\.|call$"
)

# A call is told as well, by whom it is.
_OF_WAHA: Final = re.compile(r"(?:session|state|engine|presence|message|poll|chat|groups?|label)\.")


# source: Twilio's reference, "Twilio's request to your webhook" and "Monitor the Status of your WhatsApp Outbound
# Message": of a message that goes out it tells each state, and not what was written; bodies in public code
def _twilio(tree: Tree) -> str | None:
    """A message or a call. In WhatsApp a number is `whatsapp:+…`."""
    id_ = next((one for one in [text(tree, name) for name in _IDS] if one), "")
    status = str(tree.get("MessageStatus") or tree.get("SmsStatus") or _RECEIVED).lower()
    if status not in (_RECEIVED, "receiving") and "Body" not in tree:
        return None
    is_out = str(tree.get("Direction")).lower().startswith("outbound") or status not in (_RECEIVED, "receiving")
    client, line = ("To", "From") if is_out else ("From", "To")
    for ours, same in ((line, "Caller" if is_out else "Called"), (client, "Called" if is_out else "Caller")):
        if tree.get(same) == tree.get(ours):
            drop(tree, same)
    channel, mark, number = str(tree.get(client) or "").rpartition(":")
    is_bare = bool(mark) and channel.lower() in ("whatsapp", "sms", "rcs") and bool(_BARE.fullmatch(number.strip()))
    is_number = number.startswith("+") or is_bare
    if is_number and "phone" not in tree:
        tree["phone"] = number
        drop(tree, client)
        if tree.get("WaId") == number.lstrip("+"):
            drop(tree, "WaId")
    is_of_line(tree, line)
    _is_comment(tree, [text(tree, "Body")])
    drop(tree, "AccountSid", "ApiVersion")
    return id_


# source: WhatsApp's reference of its Cloud API, "messages webhook", and Meta's, "Business-scoped user IDs", since which
# states have `contacts`, too; bodies in public code
def _whatsapp(tree: Tree) -> str | None:
    """`metadata` is the company's own line; `wa_id` is a phone without its plus; `statuses` are of own messages.
    Messages of one person in several places are one, and have one name."""
    by_person = parts(tree) if "entry" in tree else []
    if len(by_person) == 1:
        tree["entry"] = by_person[0]["entry"]
    values = _of_cloud(tree)
    if not any(map(_is_of_client, values)):
        return None
    said, ids = [], []
    for value in values:
        drop(value, *(["statuses"] if _is_of_client(value) else ["statuses", "contacts"]))
        line = value.get("metadata")
        is_of_line(line if isinstance(line, dict) else {}, "display_phone_number")
        drop(line, "phone_number_id")
        for person in branches(value.get("contacts")):
            _is_phone(tree, person, "wa_id")
        for message in branches(value.get("messages")):
            _is_phone(tree, message, "from")
            if not any(one.get("origin") == _ASKED_FOR for one in branches(message.get("contacts"))):
                _is_card(message, "contacts")
            said.append(text(message.get("text"), "body"))
            ids.append(text(message, "id"))
            drop(message, "timestamp")
        drop(value, "messaging_product")
    _is_comment(tree, said)
    if "entry" in tree:
        drop(tree, "object")
        for entry in branches(tree["entry"]):
            drop(entry, "id")
    return " ".join(filter(None, ids))


def _is_of_client(value: Tree) -> bool:
    """By a message or a call: `contacts` are named also in a state of the company's own message, and where somebody
    wants no more advertisements; that their number is another one now WhatsApp says itself."""
    written = branches(value.get("messages"))
    return "calls" in value or any(text(dict(one), "type") != "system" for one in written)


def _is_phone(tree: Tree, told: Tree, name: str) -> None:
    """Whoever shows no phone is called by an id: `US.1349…`."""
    number = _number(told.get(name), is_bare=True)
    if number and tree.setdefault("phone", number) == number:
        drop(told, name)


def _is_card(message: Tree, name: str) -> None:
    """Of somebody whose contact was sent: a text, since that is not who writes."""
    told = [text for value in named_values({name: message.pop(name, None)}) for text in value.values]
    if told:
        message["card"] = ", ".join(dict.fromkeys(told))


def _is_comment(tree: Tree, said: list[str]) -> None:
    before = tree.get("comment")
    own = [before] if isinstance(before, str) else before if isinstance(before, list) else []
    if told := [one for one in said if one]:
        tree["comment"] = [*own, "\n".join(told)] if own else "\n".join(told)


def _of_cloud(tree: Tree) -> list[Tree]:
    changes = [one for entry in branches(tree.get("entry")) for one in branches(entry.get("changes"))]
    values: list[Any] = [one.get("value") for one in changes] if "entry" in tree else [tree]
    return [one for one in values if isinstance(one, dict)]


def _object(tree: Tree) -> str | None:
    return _whatsapp(tree) if _is_cloud(tree) else _of_page(tree)


def _is_cloud(tree: Tree) -> bool:
    return bool(tree["object"] == "whatsapp_business_account")


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
    _is_comment(tree, [text(one, "text") for one in messages])
    return " ".join(filter(None, [text(one, "mid") for one in messages]))


def _number(told: Any, *, is_bare: bool = False) -> str:
    """Whose chat it is; a group's (`…@g.us`), and that of whoever hides their phone (`…@lid`), tell none. `is_bare`:
    figures by themselves are a phone, too."""
    said = told.strip() if isinstance(told, str) else ""
    phone = value_looks.without_chat(said)
    found = _BARE.fullmatch(said) if is_bare else None
    return f"+{found[1]}" if found else phone if phone != said else ""


def _written(tree: Tree, numbers: list[str], said: list[str], name: str = "") -> None:
    """By whom, the first of these that is a phone, and what. What stands beside it under the same names stays."""
    number = next(filter(None, numbers), "")
    for member, told in (("phone", number), ("name", name)):
        if told and tree.setdefault(member, told) != told:
            tree[f"writer {member}"] = told
    _is_comment(tree, said)


# source: Green API's reference, "Incoming notifications"; bodies in public code
def _green(tree: Tree) -> str | None:
    """`wid` is the company's own; `sender` is somebody of a group, too, of which `chatId` is the group."""
    if not str(tree["typeWebhook"]).startswith("incoming"):
        return None
    sender, message = branch_of(tree.get("senderData")), branch_of(tree.get("messageData"))
    is_of_line(branch_of(tree["instanceData"]), "wid")
    numbers = [_number(one) for one in (sender.get("sender"), sender.get("chatId"), tree.get("from"))]
    numbers.append(_number(sender.get("senderPhoneNumber"), is_bare=True))
    said = [text(message.get(f"{kind}Data"), "textMessage", "text") for kind in ("textMessage", "extendedTextMessage")]
    _written(tree, numbers, [*said, text(message.get("fileMessageData"), "caption")])
    drop(tree, "timestamp")
    return text(tree, "idMessage")


# source: Z-API's reference, "On message received" and "On whatsapp message status changes"; bodies in public code
def _zapi(tree: Tree) -> str | None:
    """`connectedPhone` is the company's own; of a group `phone` is the group."""
    if not str(tree["type"]).endswith("Callback"):
        return ""
    if tree["type"] != "ReceivedCallback" or is_so(tree.get("fromMe")):
        return None
    is_of_line(tree, "connectedPhone")
    _is_card(tree, "contact")
    numbers = [_number(tree.get(name), is_bare=True) for name in ("participantPhone", "phone")]
    if numbers[1]:
        drop(tree, "phone")
    elif numbers[0]:
        tree["group"] = tree.pop("phone", None)
    captions = [text(tree.get(kind), "caption") for kind in ("image", "video", "document")]
    _written(tree, numbers, [text(tree.get("text"), "message"), *captions])
    drop(tree, "momment", "instanceId")
    return text(tree, "messageId")


# source: Evolution API's reference, "Webhooks"; bodies in public code
def _evolution(tree: Tree) -> str | None:
    """`sender` is the company's own; where a chat hides its phone (`…@lid`), another member tells it."""
    event, data = str(tree["event"]).lower().replace("_", "."), branch_of(tree["data"])
    if not _OF_EVOLUTION.match(event):
        return ""
    if event != "messages.upsert" or _is_no_message(data):
        return None
    is_of_line(tree, "sender")
    drop(tree, "apikey", "server_url", "destination", "date_time")  # the first proves who has sent it
    return _of_telephone(tree, data)


# source: Megaapi's example of a receiver; relays that pass on what Baileys hears as it is
def _baileys(tree: Tree) -> str | None:
    """`jid` is the company's own."""
    if "remoteJid" not in branch_of(tree["key"]):
        return ""
    if _is_no_message(tree):
        return None
    is_of_line(tree, "jid")
    drop(tree, "instance_key")
    return _of_telephone(tree, tree)


def _is_no_message(data: Tree) -> bool:
    """Written by the company, or a story of somebody in the telephone's address book."""
    key = branch_of(data.get("key"))
    return is_so(key.get("fromMe")) or str(key.get("remoteJid")).endswith("@broadcast")


def _of_telephone(tree: Tree, data: Tree) -> str:
    key, message = branch_of(data.get("key")), branch_of(data.get("message"))
    names = ("participantAlt", "participantPn", "participant", "remoteJidAlt", "senderPn", "remoteJid")
    kinds = ("extendedTextMessage", "imageMessage", "videoMessage", "documentMessage")
    said = [text(message.get(kind), "text", "caption") for kind in kinds]
    _written(tree, [_number(key.get(name)) for name in names], [text(message, "conversation"), *said])
    drop(data, "messageTimestamp", "instanceId")
    return text(key, "id")


# source: WAHA's reference, "Events"; that of go-whatsapp-web-multidevice, "Webhook payload"
def _waha(tree: Tree) -> str | None:
    """`me` and `device_id` are the company's own; of a group `participant` has written, or `from` where `chat_id` is
    the group."""
    payload = branch_of(tree["payload"])
    if "from" not in payload or payload.keys().isdisjoint(("fromMe", "is_from_me")):
        is_its = "session" in tree and not tree.keys().isdisjoint(("me", "engine", "environment"))
        return None if is_its and _OF_WAHA.match(text(dict(tree), "event")) else ""
    is_story = str(payload["from"]).endswith("@broadcast")
    if is_own(tree) or is_story or text(dict(tree), "event") not in ("message", "message.any"):
        return None
    is_of_line(branch_of(tree.get("me")), "id")
    is_of_line(tree, "device_id")
    is_of_line(payload, "to")
    numbers = [_number(payload.get(name)) for name in ("participant", "from")]
    name = text(payload, "from_name") or text(payload.get("_data"), "notifyName", "pushName")
    _written(tree, numbers, [text(payload, "body")], name)
    drop(payload, "timestamp", *(["from"] if numbers[1] else []))
    return text(payload, "id")


# source: UltraMsg's reference, "Webhooks"; bodies in public code
def _ultramsg(tree: Tree) -> str | None:
    data = branch_of(tree["data"])
    if not str(tree["event_type"]).startswith(("message", "webhook")):
        return ""
    if tree["event_type"] != "message_received" or is_so(data.get("fromMe")):
        return None
    is_of_line(data, "to")
    numbers = [_number(data.get("author")), _number(data.get("from"))]
    if data.get("author") or not numbers[1]:
        data["chat"] = data.pop("from", None)
    _written(tree, numbers, [text(data, "body")], text(data, "pushname"))
    drop(data, "time")
    drop(tree, "instanceId")
    return text(data, "id")


# source: Wazzup's reference, "Webhooks" (`chatId`, `isEcho`), and those of Whapi (`chat_id`, `from_me`) and Chat-API
# (`fromMe`); bodies in public code
def _relayed(tree: Tree) -> str | None:
    """Messages in a list, with the chat of each; a chat of a group is named by no phone."""
    listed = branches(tree["messages"])
    if not listed or not all(map(_chat, listed)):
        return ""
    theirs = [one for one in listed if not messenger_ids.is_own(one)]
    if not theirs:
        return None
    tree["messages"] = theirs
    numbers, said = [], []
    for one in theirs:
        is_bare = text(dict(one), "chatType").lower() in _OF_PHONES
        told = (one.get(name) for name in ("from", "author", "chatId", "chat_id"))
        _is_card(one, "contacts")
        if "vcard" in branch_of(one.get("contact")):  # else it is the writer's
            _is_card(one, "contact")
        numbers += [_number(branch_of(one.get("contact")).get("phone"), is_bare=True)]
        numbers += [_number(number, is_bare=is_bare) for number in told]
        said += [text(one, "text") or text(one.get("text"), "body"), text(one, "body")]
        drop(one, "channelId", "timestamp", "time")
    _written(tree, numbers, said, text(theirs[0], "from_name", "senderName"))
    return " ".join(filter(None, [text(one, "messageId", "id") for one in theirs]))


# source: Telegram's reference of its Bot API, "Update"; bodies in public receivers
def _telegram(tree: Tree) -> str | None:
    """What somebody has written to a bot, or to the company's account behind it; all else it hears is of its chats."""
    told = {name: one for name, one in tree.items() if name != "update_id"}
    if not told or not told.keys() <= _OF_TELEGRAM or not all(isinstance(one, dict) for one in told.values()):
        return ""
    message = messenger_ids.of_update(tree)
    person, chat, card = (branch_of(message.get(name)) for name in ("from", "chat", "contact"))
    is_private = chat.get("type") == "private"
    if not person or is_so(person.get("is_bot")) or (is_private and chat.get("id") != person.get("id")):
        return None
    number = _number(card.get("phone_number"), is_bare=True) if card.get("user_id") == person.get("id") else ""
    if number:
        drop(message, "contact")
    else:
        _is_card(message, "contact")
    name = " ".join(filter(None, [text(person, "first_name"), text(person, "last_name")]))
    _written(tree, [number], [text(message, "text", "caption", "data")], name)
    drop(message, "date", *(["chat"] if is_private else []))
    drop(person, "is_bot", "language_code")
    return text(tree, "update_id")


def _chat(message: Tree) -> str:
    return text(dict(message), "chatId", "chat_id")


def _writer(message: Tree) -> str:
    """In a group there are several."""
    return _chat(message) and text(dict(message), "author", "from", "chatId", "chat_id")


def _states(tree: Tree) -> str | None:
    """The same, of what has become of the company's own."""
    listed = branches(tree["statuses"])
    is_so = listed and all("status" in one and one.keys() & {"id", "messageId"} for one in listed)
    return None if is_so and tree.keys() <= _BESIDE_STATES else ""


def _cloud_writer(message: Tree) -> str:
    """By the phone, or the id of whoever shows none."""
    return str(message.get("from") or message.get("from_user_id"))


def _of_each_sender(tree: Tree, pages: list[Tree]) -> list[Tree]:
    senders: dict[tuple[str, str], tuple[Tree, list[Tree]]] = {}
    for page in pages:
        for event in branches(page["messaging"]):
            if not messenger_ids.is_own_event(event):
                sender = str(branch_of(event.get("sender")).get("id"))
                senders.setdefault((str(page.get("id")), sender), (page, []))[1].append(event)
    return [tree | {"entry": [page | {"messaging": events}]} for page, events in senders.values()]


def parts(tree: Tree) -> list[Tree]:
    """A tree for each who has written, of a body with the messages of several."""
    events = branches(tree.get(OWN))
    if events and all(one.keys() >= _OF_SENDPULSE for one in events):
        return events
    pages = branches(tree.get("entry"))
    if pages and all("messaging" in one for one in pages):
        return _of_each_sender(tree, pages)
    if "entry" in tree or "messaging_product" in tree:
        found: dict[tuple[str, str], Tree] = {}
        for value in _of_cloud(tree):
            written, people = branches(value.get("messages")), branches(value.get("contacts"))
            writers = list(map(_cloud_writer, written))
            for person in dict.fromkeys(writers):
                own = [one for one, writer in zip(written, writers, strict=True) if writer == person]
                # Alone, it is whoever is named there, also by another id.
                named = [one for one in people if person in (one.get("wa_id"), one.get("user_id"))]
                named = people if len(set(writers)) == 1 else named
                place = (person, str(value.get("metadata")))
                if place in found:
                    found[place]["messages"] += own
                else:
                    found[place] = value | {"messages": own, "contacts": named}
        entries = [[{"changes": [{"field": "messages", "value": one}]}] for one in found.values()]
        return [tree | {"entry": one} for one in entries] if "entry" in tree else [tree | one for one in found.values()]
    chats: dict[str, list[Tree]] = {}
    for one in branches(tree.get("messages")):
        chats.setdefault(_writer(one), []).append(one)
    return [] if "" in chats else [tree | {"messages": several} for several in chats.values()]


# source: WATI's reference of webhooks; public receivers, which pass over its own by `owner` and the event's name
def _wati(tree: Tree) -> str | None:
    """Each message that is sent, delivered and read is told as well."""
    event = str(tree["eventType"]).lower()
    if is_so(tree.get("owner")) or event.startswith(("sessionmessagesent", "templatemessage", "sentmessage")):
        return None
    _is_comment(tree, [text(tree, "text")])
    drop(tree, "timestamp")
    return text(tree, "id")


# source: Avito's reference of its messenger, "Webhook V3"; bodies in public receivers
def _avito(tree: Tree) -> str | None:
    """`user_id` is the company's account, which has written itself where it is the author; `system` is Avito's."""
    payload = branch_of(tree["payload"])
    message = branch_of(payload.get("value"))
    if payload.get("type") != "message" or not {"chat_id", "author_id", "user_id"} <= message.keys():
        return ""
    if message["author_id"] == message["user_id"] or message.get("type") == "system":
        return None
    _is_comment(tree, [text(message.get("content"), "text")])
    drop(tree, "id", "version", "timestamp")
    drop(message, "created")
    return text(message, "id")


# source: Chatwoot's page on webhooks, and its bodies in its own issues
def _chatwoot(tree: Tree) -> str | None:
    """`sender` is whoever has written it, a client or one of the company's own; their bots' are templates."""
    if str(tree["message_type"]).lower() not in ("incoming", "0"):
        return None
    _is_comment(tree, [text(tree, "content")])
    id_ = text(tree, "id")
    return f"message:{id_}" if id_ else ""


_OF_SENDPULSE: Final = frozenset({"service", "title", "bot", "contact"})


# source: SendPulse's reference of its chatbots' webhooks; bodies in public receivers
def _sendpulse(tree: Tree) -> str | None:
    """An event of a bot, in any messenger; `contact` is with whom it speaks, also where it has written itself."""
    contact, message = branch_of(tree["contact"]), branch_of(branch_of(tree.get("info")).get("message"))
    if is_own(tree) or text(dict(tree), "title") in _LEFT_BOT:
        return None
    channel = branch_of(message.get("channel_data"))
    written = branch_of(channel.get("message"))
    said = text(written, "text", "caption", "message") or text(written.get("text"), "body")
    _is_comment(tree, [said or text(contact, "last_message")])
    drop(contact, "last_message", "id", "photo")
    drop(tree, "date")
    drop(tree["bot"], "id", "external_id")
    return text(message, "id") or text(channel, "message_id")


_LEFT_BOT: Final = frozenset({"bot_block", "bot_blocked", "unsubscribe", "bot_unsubscribe"})


# source: Salebot's page on its API, "Webhook URL"; public receivers, which know 6 for WhatsApp and 14 for e-mail
def _salebot(tree: Tree) -> str | None:
    """`message_id` is the bot's own block that has written; `recepient` is the client's phone, address or id."""
    if not is_so(tree["is_input"]):
        return None
    client = branch_of(tree["client"])
    kind, called = str(client.get("client_type")), text(client, "recepient")
    number = (_number(called, is_bare=True) or called) if kind == "6" else ""
    _written(tree, [number], [text(tree, "message")])
    if called and not number:
        client["email" if kind == "14" else "messenger id"] = called
    drop(tree, "delivered", "project_id", "is_input")
    drop(client, "id", "created_at", "client_type", "avatar")
    return text(tree, "id")


MESSENGERS: Final[tuple[tuple[str, Callable[[Tree], str | None]], ...]] = (
    ("AccountSid From To", _twilio),
    ("object entry", _object),
    ("messaging_product metadata", _whatsapp),
    ("typeWebhook instanceData", _green),
    ("phone fromMe type", _zapi),
    ("momment type", _zapi),
    ("event instance data", _evolution),
    ("event_type instanceId data", _ultramsg),
    ("waId eventType", _wati),
    ("payload version timestamp", _avito),
    ("event payload", _waha),
    ("key message", _baileys),
    ("event message_type conversation", _chatwoot),
    ("service title bot contact", _sendpulse),
    ("client message is_input project_id", _salebot),
)
# By one name each, so that they come after all others.
RELAYS: Final[tuple[tuple[str, Callable[[Tree], str | None]], ...]] = (
    ("messages", _relayed),
    ("statuses", _states),
    ("update_id", _telegram),
)
_WRITERS: Final[dict[Callable[[Tree], str | None], Callable[[Tree], Iterator[str]]]] = {
    _twilio: messenger_ids.of_twilio,
    _object: lambda tree: messenger_ids.of_cloud(_of_cloud(tree)) if _is_cloud(tree) else messenger_ids.of_page(tree),
    _whatsapp: lambda tree: messenger_ids.of_cloud(_of_cloud(tree)),
    _green: messenger_ids.of_green,
    _zapi: messenger_ids.of_zapi,
    _evolution: messenger_ids.of_evolution,
    _ultramsg: messenger_ids.of_ultramsg,
    _relayed: messenger_ids.of_relay,
    _telegram: messenger_ids.of_telegram,
    _avito: messenger_ids.of_avito,
    _waha: messenger_ids.of_waha,
    _baileys: lambda tree: messenger_ids.of_evolution({"data": tree}),
    _sendpulse: lambda tree: messenger_ids.of_bot("sendpulse", tree["contact"]),
    _salebot: lambda tree: messenger_ids.of_bot("salebot", tree["client"]),
}


def is_own(tree: Tree) -> bool:
    """Whether the body of any relay says that the company has written it itself: by a flag, the event's name, or where
    the message has gone. Of a call the direction says no such thing."""
    inner = [branch_of(tree.get(name)) for name in ("message", "data", "payload", "event")]
    messages = [one for one in (*inner, *(branch_of(one.get("message")) for one in inner)) if one]
    names = {re.sub(r"[^a-z]", "", text(dict(tree), name).lower()) for name in _OF_EVENTS}
    ways = {text(dict(one), name).lower() for one in messages for name in ("traffic", "direction")}
    is_out = bool(ways & _OUT) and any("message" in one for one in names)
    is_out = is_out or bool(names & _OWN_EVENTS) or any(one.startswith(_OF_AGENTS) for one in names)
    return is_out or any(map(messenger_ids.is_own, (tree, *messages)))


_OWN_EVENTS: Final = frozenset(
    (
        *("outgoingmessage", "outboundmessage", "messageoutgoing", "messageoutbound", "agentreply", "messageack"),
        *("deliverycallback", "messagestatuscallback", "presencechatcallback"),  # Z-API's
        *("connectedcallback", "disconnectedcallback"),
        "outbox",  # Chat2Desk's
    )
)
_OF_AGENTS: Final = "conversationadmin"  # what Intercom tells of an agent's answers, notes and the like
_OF_EVENTS: Final = ("title", "event", "type", "topic", "eventType", "event_type", "hook_type")
_OUT: Final = frozenset({"outgoing", "outbound"})


def writer_id(adapt: Callable[[Tree], str | None] | None, tree: Tree) -> str:
    """Who has written it, see :mod:`features.submissions.messenger_ids`; of several, and of a form, nobody. `tree`: as
    it came, since its adapter moves what says so."""
    told = None if adapt is None else _WRITERS.get(adapt)
    ids = set() if told is None or len(parts(tree)) > 1 else set(told(tree))
    return ids.pop() if len(ids) == 1 else ""
