"""Services with several messengers, bots and chats; Telegram's own."""

import re
from typing import Final

from features.submissions import messenger_ids
from features.submissions.call_adapters import is_of_line
from features.submissions.carts import branches, drop, text
from features.submissions.messenger_ids import is_so
from features.submissions.messengers.common import BARE, is_card, is_comment, is_own, number_of, written
from features.submissions.shops.common import branch_of
from shared.platform.nested import OWN, Tree

_IDS: Final = ("MessageSid", "SmsMessageSid", "SmsSid", "CallSid")
_RECEIVED: Final = "received"  # any other state is that of a message of the company's own
_OF_PHONES: Final = ("", "whatsapp", "viber")  # chats that are called by the phone of whoever writes
_OF_WAPPI: Final = (
    *("profile_id", "to", "from_where", "chat_type", "is_me", "is_forwarded", "isReply", "is_edited", "is_deleted"),
    *("is_bot", "stanza_id", "thumbnail", "picture", "wappi_bot_id", messenger_ids.WAPPIS_KIND),
)
_BESIDE_STATES: Final = frozenset({"statuses", "event", "channel_id"})
_OF_TELEGRAM: Final = frozenset(
    (
        *messenger_ids.UPDATES,
        *("channel_post", "edited_channel_post", "business_connection", "deleted_business_messages", "chat_boost"),
        *("message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result", "shipping_query"),
        *("pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member"),
        *("chat_join_request", "removed_chat_boost"),
    )
)


# source: Crisp's reference, "Webhooks"; public receivers
def crisp(tree: Tree) -> str | None:
    """A message of a talk, whose visitor is told by the id of their session; or what has become known of them."""
    told, event = branch_of(tree["data"]), text(dict(tree), "event")
    is_its = "session_id" in told or told.get("website_id") == tree["website_id"]
    if is_its and event.startswith(_OF_CRISP) and event not in _KNOWN_BY_CRISP:
        return None
    if "session_id" not in told or not event.startswith(("message:", "session:")):
        return ""
    id_, way = text(told, "fingerprint"), text(told, "from")
    if event.startswith("message:"):
        if (event, way) != ("message:send", "user"):
            return None
        written(tree, [], [text(told, "content")], text(told.get("user"), "nickname"))
    drop(tree, "website_id", "timestamp")
    drop(told, "website_id", "session_id", "timestamp", "stamped", "user")
    return id_


# All else of it is what its state is, where its visitor looks, and what the company's own people do there.
_KNOWN_BY_CRISP: Final = frozenset({"session:set_email", "session:set_phone", "people:profile:created"})
_OF_CRISP: Final = ("session:", "people:", "campaign:", "browsing:", "call:", "website:", "status:")
_OF_SENDPULSE: Final = frozenset({"service", "title", "bot", "contact"})
_LEFT_BOT: Final = frozenset({"bot_block", "bot_blocked", "unsubscribe", "bot_unsubscribe"})


# source: Twilio's reference, "Twilio's request to your webhook" and "Monitor the Status of your WhatsApp Outbound
# Message": of a message that goes out it tells each state, and not what was written; bodies in public code
def twilio(tree: Tree) -> str | None:
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
    is_bare = bool(mark) and channel.lower() in ("whatsapp", "sms", "rcs") and bool(BARE.fullmatch(number.strip()))
    is_number = number.startswith("+") or is_bare
    if is_number and "phone" not in tree:
        tree["phone"] = number
        drop(tree, client)
        if tree.get("WaId") == number.lstrip("+"):
            drop(tree, "WaId")
    is_of_line(tree, line)
    is_comment(tree, [text(tree, "Body")])
    drop(tree, "AccountSid", "ApiVersion")
    return id_


# source: Wazzup's reference, "Webhooks" (`chatId`, `isEcho`), and those of Whapi (`chat_id`, `from_me`) and Chat-API
# (`fromMe`); Wappi's of WhatsApp, Telegram and MAX (`wh_type`); bodies in public code
def relayed(tree: Tree) -> str | None:
    """Messages in a list, with the chat of each; a chat of a group is named by no phone."""
    listed = branches(tree["messages"])
    if not listed or not all(messenger_ids.WAPPIS_KIND in one or _chat(one) for one in listed):
        return ""
    theirs = [one for one in listed if not messenger_ids.is_own(one)]
    if not theirs:
        return None
    tree["messages"] = theirs
    numbers, said = [], []
    for one in theirs:
        is_bare = text(dict(one), "chatType").lower() in _OF_PHONES and not messenger_ids.is_wappis_id(one)
        told = (one.get(name) for name in ("from", "author", "chatId", "chat_id"))
        is_card(one, "contacts")
        if "vcard" in branch_of(one.get("contact")):  # else it is the writer's
            is_card(one, "contact")
        numbers += [number_of(branch_of(one.get("contact")).get("phone"), is_bare=True)]
        numbers += [number_of(one.get("contact_phone"), is_bare=True)]
        numbers += [number_of(number, is_bare=is_bare) for number in told]
        if messenger_ids.is_wappis_id(one) and "from" in one:
            one["writer id"] = one.pop("from")
        said += [text(one, "text") or text(one.get("text"), "body"), text(one, "body")]
        drop(one, "channelId", "timestamp", "time", *(_OF_WAPPI if messenger_ids.WAPPIS_KIND in one else ()))
    written(tree, numbers, said, text(theirs[0], "from_name", "senderName"))
    return " ".join(filter(None, [text(one, "messageId", "id") for one in theirs]))


def _chat(message: Tree) -> str:
    return text(dict(message), "chatId", "chat_id")


def _writer(message: Tree) -> str:
    """In a group there are several."""
    return _chat(message) and text(dict(message), "author", "from", "chatId", "chat_id")


def states(tree: Tree) -> str | None:
    """The same, of what has become of the company's own."""
    listed = branches(tree["statuses"])
    is_so = listed and all("status" in one and one.keys() & {"id", "messageId"} for one in listed)
    return None if is_so and tree.keys() <= _BESIDE_STATES else ""


# source: Telegram's reference of its Bot API, "Update"; bodies in public receivers
def telegram(tree: Tree) -> str | None:
    """What somebody has written to a bot, or to the company's account behind it; all else it hears is of its chats."""
    told = {name: one for name, one in tree.items() if name != "update_id"}
    if not told or not told.keys() <= _OF_TELEGRAM or not all(isinstance(one, dict) for one in told.values()):
        return ""
    message = messenger_ids.of_update(tree)
    person, chat, card = (branch_of(message.get(name)) for name in ("from", "chat", "contact"))
    is_private = chat.get("type") == "private"
    if not person or is_so(person.get("is_bot")) or (is_private and chat.get("id") != person.get("id")):
        return None
    number = number_of(card.get("phone_number"), is_bare=True) if card.get("user_id") == person.get("id") else ""
    if number:
        drop(message, "contact")
    else:
        is_card(message, "contact")
    name = " ".join(filter(None, [text(person, "first_name"), text(person, "last_name")]))
    written(tree, [number], [text(message, "text", "caption", "data")], name)
    drop(message, "date", *(["chat"] if is_private else []))
    drop(person, "is_bot", "language_code")
    return text(tree, "update_id")


_HEARD_BY_MAX: Final = frozenset(
    (
        *("message_created", "message_callback", "message_edited", "message_removed", "message_chat_created"),
        *("bot_started", "bot_stopped", "bot_added", "bot_removed", "bot_admin_permissions_changed"),
        *("user_added", "user_removed", "chat_title_changed", "comment_created"),
        *("dialog_muted", "dialog_unmuted", "dialog_cleared", "dialog_removed"),
    )
)
_OF_MAX: Final = frozenset(
    (
        *("update_type", "timestamp", "user_locale", "message", "callback", "user", "payload", "chat", "chat_id"),
        *("user_id", "message_id", "inviter_id", "admin_id", "is_channel", "title", "muted_until", "start_payload"),
    )
)
_CARDS_PHONE: Final = re.compile(r"^TEL[^:\n]*:\s*(\+?[\d ()-]{7,20})\s*$", re.MULTILINE)


# source: MAX' reference of its Bot API, "Update"; bodies in public receivers
def max_(tree: Tree) -> str | None:
    """What somebody has written to a bot, has pressed, or that they have begun with it; all else is of its chats."""
    kind, message = str(tree["update_type"]), branch_of(tree.get("message"))
    person = messenger_ids.max_person(tree)
    if kind not in _HEARD_BY_MAX or not tree.keys() <= _OF_MAX or (person and "user_id" not in person):
        return ""
    if not person or is_so(person.get("is_bot")):
        return None
    body, callback, numbers = branch_of(message.get("body")), branch_of(tree.get("callback")), []
    if callback:  # beside it stands the bot's own message, with the button
        drop(tree, "message")
    for card in branches(body.get("attachments")):
        payload = branch_of(card.get("payload"))
        if card.get("type") == "contact":
            is_theirs = branch_of(payload.get("max_info")).get("user_id") == person.get("user_id")
            found = _CARDS_PHONE.search(str(payload.get("vcf_info"))) if is_theirs else None
            numbers += [number_of(re.sub(r"[^\d+]", "", found[1]), is_bare=True)] if found else []
            if not numbers:
                is_card(card, "payload")
    name = " ".join(filter(None, [text(person, "first_name"), text(person, "last_name")])) or text(person, "name")
    said, id_ = text(body, "text") or text(callback, "payload"), text(body, "mid") or text(callback, "callback_id")
    written(tree, numbers, [said], name)
    if numbers:
        drop(body, "attachments")
    drop(tree, "timestamp", "update_type", "user_locale")
    drop(message, "timestamp", "recipient")
    drop(body, "seq")
    drop(person, "is_bot", "last_activity_time", "name")
    return id_


# source: bodies of Umnico in public receivers
def umnico(tree: Tree) -> str | None:
    """`sa` is the company's own account, whose sign-in is its phone; the sender's is theirs in WhatsApp."""
    message, kind = branch_of(tree["message"]), str(tree["type"])
    if not kind.startswith("message.") or "sender" not in message:
        return ""
    if kind != "message.incoming" or str(message.get("incoming")).lower() == "false":
        return None
    sender, said = branch_of(message["sender"]), branch_of(message.get("message"))
    is_of_line(branch_of(message.get("sa")), "login")
    number = number_of(sender.get("login"), is_bare=True)
    written(tree, [number], [text(said, "text") or text(message, "text")], text(sender, "name"))
    drop(sender, *(["login"] if number else []))
    drop(message, "datetime")
    drop(tree, "accountId", "isNewCustomer", "isNewLead")
    return text(message, "messageId")


# source: bodies of Chat2Desk's webhooks in public receivers
def chat2desk(tree: Tree) -> str:
    """`phone` is the client's; of those who show none it is an id behind the messenger's name: `[tg] 441000201`."""
    client = branch_of(tree["client"])
    if text(dict(tree), "hook_type") != "inbox":
        return ""
    called = text(client, "client_phone") or text(client, "phone")
    number = number_of(called, is_bare=True)
    written(tree, [number], [text(tree, "text")], text(client, "assigned_name", "name"))
    if called and not number:
        client["messenger id"] = called
    drop(tree, "event_time")
    return text(tree, "message_id")


# source: Botmaker's page on its webhooks, which tell what its bots and operators have written as well
def botmaker(tree: Tree) -> str | None:
    """`contactId` is the client's phone in WhatsApp, and an id elsewhere; `whatsappNumber` is the company's own."""
    theirs = [one for one in branches(tree["messages"]) if one.get("from") == "user"]
    if not theirs:
        return None
    tree["messages"] = theirs
    is_of_line(tree, "whatsappNumber")
    number = number_of(tree["contactId"], is_bare=True) if tree["chatPlatform"] == "whatsapp" else ""
    name = "" if text(dict(tree), "firstName") else text(theirs[0], "fromName")
    ids = [text(one, "_id", "_id_") for one in theirs]
    written(tree, [number], [text(one, "message") for one in theirs], name)
    drop(tree, "v", "type", "customerId", "chatChannelId", "customerCreationTime", "sessionCreationTime")
    drop(tree, *(["contactId"] if number else []))
    for one in theirs:
        drop(one, "from", "fromName", "date")
    return " ".join(filter(None, ids))


# source: Vonage's reference of its Messages API, "Message Status"; public receivers
def vonage(tree: Tree) -> str | None:
    """What has become of the company's own, whose line is `from`: a message has its text, or what it is."""
    return "" if "text" in tree or "message_type" in tree else None


# source: Avito's reference of its messenger, "Webhook V3"; bodies in public receivers
def avito(tree: Tree) -> str | None:
    """`user_id` is the company's account, which has written itself where it is the author; `system` is Avito's."""
    payload = branch_of(tree["payload"])
    message = branch_of(payload.get("value"))
    if payload.get("type") != "message" or not {"chat_id", "author_id", "user_id"} <= message.keys():
        return ""
    if message["author_id"] == message["user_id"] or message.get("type") == "system":
        return None
    is_comment(tree, [text(message.get("content"), "text")])
    drop(tree, "id", "version", "timestamp")
    drop(message, "created")
    return text(message, "id")


# source: Chatwoot's page on webhooks, and its bodies in its own issues
def chatwoot(tree: Tree) -> str | None:
    """`sender` is whoever has written it, a client or one of the company's own; their bots' are templates."""
    if str(tree["message_type"]).lower() not in ("incoming", "0"):
        return None
    is_comment(tree, [text(tree, "content")])
    id_ = text(tree, "id")
    return f"message:{id_}" if id_ else ""


# source: SendPulse's reference of its chatbots' webhooks; bodies in public receivers
def sendpulse(tree: Tree) -> str | None:
    """An event of a bot, in any messenger; `contact` is with whom it speaks, also where it has written itself."""
    contact, message = branch_of(tree["contact"]), branch_of(branch_of(tree.get("info")).get("message"))
    if is_own(tree) or text(dict(tree), "title") in _LEFT_BOT:
        return None
    channel = branch_of(message.get("channel_data"))
    told = branch_of(channel.get("message"))
    said = text(told, "text", "caption", "message") or text(told.get("text"), "body")
    is_comment(tree, [said or text(contact, "last_message")])
    drop(contact, "last_message", "id", "photo")
    drop(tree, "date")
    drop(tree["bot"], "id", "external_id")
    return text(message, "id") or text(channel, "message_id")


# source: Salebot's page on its API, "Webhook URL"; public receivers, which know 6 for WhatsApp and 14 for e-mail
def salebot(tree: Tree) -> str | None:
    """`message_id` is the bot's own block that has written; `recepient` is the client's phone, address or id."""
    if not is_so(tree["is_input"]):
        return None
    client = branch_of(tree["client"])
    kind, called = str(client.get("client_type")), text(client, "recepient")
    number = (number_of(called, is_bare=True) or called) if kind == "6" else ""
    written(tree, [number], [text(tree, "message")])
    if called and not number:
        client["email" if kind == "14" else "messenger id"] = called
    drop(tree, "delivered", "project_id", "is_input")
    drop(client, "id", "created_at", "client_type", "avatar")
    return text(tree, "id")


def by_writer(tree: Tree) -> list[Tree]:
    """A tree for each."""
    events = branches(tree.get(OWN))
    if events and all(one.keys() >= _OF_SENDPULSE for one in events):
        return events
    chats: dict[str, list[Tree]] = {}
    for one in branches(tree.get("messages")):
        chats.setdefault(_writer(one), []).append(one)
    return [] if "" in chats else [tree | {"messages": several} for several in chats.values()]
