"""Relays of a telephone's WhatsApp: each tells in its own words what the telephone hears."""

import re
from typing import Final

from features.submissions.call_adapters import is_of_line
from features.submissions.carts import drop, text
from features.submissions.messenger_ids import is_so
from features.submissions.messengers.common import is_card, is_comment, is_own, number_of, written
from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree

_OF_EVOLUTION: Final = re.compile(
    r"(?:messages|contacts|presence|chats|groups?|connection|qrcode|labels|send|application)\.|call$"
)
_OF_UAZAPI: Final = frozenset(
    (
        *("connection", "history", "message", "messages", "messages_update", "call", "contacts", "presence"),
        *("groups", "labels", "chats", "chat_labels", "blocks", "leads", "sender"),
    )
)
_OF_WUZAPI: Final = frozenset({"userID", "instanceName"})  # beside what it hears; a token in older versions
_PICTURES: Final = ("QR", "QRTimeout")
_WITH_TEXT: Final = ("extendedTextMessage", "imageMessage", "videoMessage", "documentMessage")
# A call is told as well, by whom it is.
_OF_WAHA: Final = re.compile(r"(?:session|state|engine|presence|message|poll|chat|groups?|label)\.")


# source: Green API's reference, "Incoming notifications"; bodies in public code
def green(tree: Tree) -> str | None:
    """`wid` is the company's own; `sender` is somebody of a group, too, of which `chatId` is the group."""
    if not str(tree["typeWebhook"]).startswith("incoming"):
        return None
    sender, message = branch_of(tree.get("senderData")), branch_of(tree.get("messageData"))
    is_of_line(branch_of(tree["instanceData"]), "wid")
    numbers = [number_of(one) for one in (sender.get("sender"), sender.get("chatId"), tree.get("from"))]
    numbers.append(number_of(sender.get("senderPhoneNumber"), is_bare=True))
    said = [text(message.get(f"{kind}Data"), "textMessage", "text") for kind in ("textMessage", "extendedTextMessage")]
    written(tree, numbers, [*said, text(message.get("fileMessageData"), "caption")])
    drop(tree, "timestamp")
    return text(tree, "idMessage")


# source: Z-API's reference, "On message received" and "On whatsapp message status changes"; bodies in public code
def zapi(tree: Tree) -> str | None:
    """`connectedPhone` is the company's own; of a group `phone` is the group."""
    if not str(tree["type"]).endswith("Callback"):
        return ""
    if tree["type"] != "ReceivedCallback" or is_so(tree.get("fromMe")):
        return None
    is_of_line(tree, "connectedPhone")
    is_card(tree, "contact")
    numbers = [number_of(tree.get(name), is_bare=True) for name in ("participantPhone", "phone")]
    if numbers[1]:
        drop(tree, "phone")
    elif numbers[0]:
        tree["group"] = tree.pop("phone", None)
    captions = [text(tree.get(kind), "caption") for kind in ("image", "video", "document")]
    written(tree, numbers, [text(tree.get("text"), "message"), *captions])
    drop(tree, "momment", "instanceId")
    return text(tree, "messageId")


# source: Evolution API's reference, "Webhooks"; bodies in public code
def evolution(tree: Tree) -> str | None:
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
def baileys(tree: Tree) -> str | None:
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
    said = [text(message.get(kind), "text", "caption") for kind in _WITH_TEXT]
    written(tree, [number_of(key.get(name)) for name in names], [text(message, "conversation"), *said])
    drop(data, "messageTimestamp", "instanceId")
    return text(key, "id")


# source: WAHA's reference, "Events"; that of go-whatsapp-web-multidevice, "Webhook payload"
def waha(tree: Tree) -> str | None:
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
    numbers = [number_of(payload.get(name)) for name in ("participant", "from")]
    name = text(payload, "from_name") or text(payload.get("_data"), "notifyName", "pushName")
    written(tree, numbers, [text(payload, "body")], name)
    drop(payload, "timestamp", *(["from"] if numbers[1] else []))
    return text(payload, "id")


# source: public receivers of uazapi, which keep its bodies
def uazapi(tree: Tree) -> str | None:
    """`owner` is the company's own, and stands beside whatever is told; of a group `sender_pn` has written."""
    chat, message = branch_of(tree.get("chat")), branch_of(tree.get("message"))
    is_its = bool(chat or number_of(tree.get("owner"), is_bare=True))
    if not is_its or str(tree["EventType"]).lower() not in _OF_UAZAPI:
        return ""
    if not message or is_own(tree) or str(tree["EventType"]).lower() not in ("message", "messages"):
        return None
    for one in (tree, chat, message):
        drop(one, "owner", "token", "BaseUrl")  # the second lets anybody write for the company
    numbers = [number_of(message.get(name)) for name in ("sender_pn", "sender", "chatid")]
    name = text(message, "senderName") or text(chat, "wa_contactName", "wa_name", "name")
    written(tree, numbers, [text(message, "text") or text(message, "content")], name)
    drop(tree, "EventType", "instanceName")
    drop(message, "content", "messageTimestamp", "wasSentByApi", "fromMe", "id")
    if is_so(message.get("isGroup")):
        drop(chat, "phone")
    for name in [name for name in chat if name.startswith("wa_") or name in ("id", "image", "imagePreview")]:
        drop(chat, name)
    return text(message, "messageid")


# source: WuzAPI's code: a form, unless it is told to post JSON
def wuzapi(tree: Tree) -> str | None:
    """A member of a form holds what it hears, and nothing else makes a form so."""
    heard = of_wuzapi(tree)
    # A picture by which its telephone is connected has no more than a word there.
    is_its = tree.keys() >= _OF_WUZAPI or isinstance(heard.get("event"), dict) or heard.get("type") in _PICTURES
    if "type" not in heard or not is_its:
        return ""
    if heard.get("type") != "Message":
        return None
    drop(tree, "jsonData", "token", "userID", "instanceName")
    tree |= heard
    return whatsmeow(tree)


def of_wuzapi(tree: Tree) -> Tree:
    return branch_of(tree["jsonData"])


# source: bodies of WuzAPI and Evolution Go in public receivers
def whatsmeow(tree: Tree) -> str | None:
    """What the library that both are made of hears, as it is."""
    told = of_whatsmeow(tree)
    info = branch_of(told.get("Info"))
    if not info:  # read or delivered, or of the telephone itself
        is_its = "instanceToken" in tree or tree.keys() >= _OF_WUZAPI
        return None if is_its or "MessageIDs" in told else ""
    if is_so(info.get("IsFromMe")) or str(info.get("Chat")).endswith("@broadcast"):
        return None
    key = {"participantAlt": info.get("SenderAlt"), "participant": info.get("Sender"), "remoteJid": info.get("Chat")}
    tree["name"] = text(info, "PushName")
    drop(tree, "token", "instanceName", "instanceId", "instanceToken", "userID")
    drop(info, "Timestamp", "IsFromMe", "DeviceSentMeta")
    return _of_telephone(tree, {"key": key | {"id": text(info, "ID")}, "message": told.get("Message")})


def of_whatsmeow(tree: Tree) -> Tree:
    """An event of it, by either of the two."""
    return branch_of(tree.get("data" if "instanceId" in tree else "event"))


# source: UltraMsg's reference, "Webhooks"; bodies in public code
def ultramsg(tree: Tree) -> str | None:
    data = branch_of(tree["data"])
    if not str(tree["event_type"]).startswith(("message", "webhook")):
        return ""
    if tree["event_type"] != "message_received" or is_so(data.get("fromMe")):
        return None
    is_of_line(data, "to")
    numbers = [number_of(data.get("author")), number_of(data.get("from"))]
    if data.get("author") or not numbers[1]:
        data["chat"] = data.pop("from", None)
    written(tree, numbers, [text(data, "body")], text(data, "pushname"))
    drop(data, "time")
    drop(tree, "instanceId")
    return text(data, "id")


# source: bodies of W-API in public receivers
def wapi(tree: Tree) -> str | None:
    """`connectedPhone` is the company's own; of a group `chat` is the group."""
    event, chat, sender = (tree["event"], branch_of(tree.get("chat")), branch_of(tree.get("sender")))
    if not str(event).startswith("webhook"):
        return ""
    if event != "webhookReceived" or is_so(tree.get("fromMe")):
        return None
    is_of_line(tree, "connectedPhone", "connectedLid")
    people = [sender] if is_so(tree.get("isGroup")) else [sender, chat]
    numbers, content = [number_of(one.get("id"), is_bare=True) for one in people], branch_of(tree.get("msgContent"))
    said = [text(content.get(kind), "text", "caption") for kind in _WITH_TEXT]
    written(tree, numbers, [text(content, "conversation"), *said], text(sender, "pushName"))
    drop(tree, "event", "instanceId", "moment", "fromApi", "fromMe", "isGroup")
    for one in people:
        drop(one, "profilePicture", *(["id"] if any(numbers) else []))
    return text(tree, "messageId")


# source: YCloud's reference, "Webhooks"; public receivers, which pass over all but what comes in
def ycloud(tree: Tree) -> str | None:
    """Of what becomes of the company's own, `from` is its line."""
    message, kind = branch_of(tree.get("whatsappInboundMessage")), str(tree["type"])
    if not kind.startswith("whatsapp."):
        return ""
    if not message or kind != "whatsapp.inbound_message.received":
        return None
    is_of_line(message, "to")
    number, name = number_of(message.get("from"), is_bare=True), text(message.get("customerProfile"), "name")
    said = [text(message.get(one), "body", "caption") for one in ("text", "image", "video", "document")]
    written(tree, [number], said, name)
    drop(tree, "id", "apiVersion", "createTime", "type")
    drop(message, "id", "wabaId", "sendTime", *(["from"] if number else []))
    return text(message, "wamid")


# source: Maytapi's page on its webhook; bodies in public receivers
def maytapi(tree: Tree) -> str | None:
    """`receiver` is the company's own; of a group `conversation` is the group."""
    user, message = branch_of(tree["user"]), branch_of(tree["message"])
    if "conversation" not in tree or is_own(tree):
        return None if is_own(tree) else ""
    is_of_line(tree, "receiver")
    numbers = [number_of(user.get("id")), number_of(tree["conversation"])]
    written(tree, numbers, [text(message, "text", "caption")], text(user, "name"))
    drop(tree, "product_id", "phone_id", "productId", "phoneId", "timestamp", "reply", "conversation_name")
    drop(user, "phone")
    drop(message, "_serialized", "fromMe")
    return text(message, "id")


# source: Gupshup's reference, "Inbound events", version 2; bodies in public receivers
def gupshup(tree: Tree) -> str | None:
    """What became of the company's own is an event of the message, and tells to whom it went."""
    message = branch_of(tree["payload"])
    if tree["type"] != "message" or "source" not in message:
        return None if str(tree["type"]).endswith("-event") else ""
    sender, said = branch_of(message.get("sender")), branch_of(message.get("payload"))
    numbers = [number_of(one, is_bare=True) for one in (message.pop("source", None), sender.pop("phone", None))]
    written(tree, numbers, [text(said, "text", "caption", "title")], text(sender, "name"))
    drop(sender, "country_code", "dial_code")
    drop(tree, "timestamp", "version")
    return text(message, "id")


# source: WATI's reference of webhooks; public receivers, which pass over its own by `owner` and the event's name
def wati(tree: Tree) -> str | None:
    """Each message that is sent, delivered and read is told as well."""
    event = str(tree["eventType"]).lower()
    if is_so(tree.get("owner")) or event.startswith(("sessionmessagesent", "templatemessage", "sentmessage")):
        return None
    is_comment(tree, [text(tree, "text")])
    drop(tree, "timestamp")
    return text(tree, "id")
