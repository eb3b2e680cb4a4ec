"""Who has written a message, by their id in its messenger, for those who show no phone there.

One form: the messenger's name, a colon, and the id as the messenger has it: `whatsapp:81896604192@lid`,
`whatsapp:US.13491208655302741918`, `telegram:441000201`, `instagram:1545614590217988`. Of a group it is whoever has
written in it; the group itself is nobody. Names that people give themselves, and give up, are no ids where there is
one.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from features.submissions.carts import branches
from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree

_LID: Final = re.compile(r"(\w{5,64})(?::\d+)?@lid")  # behind a colon stands the device
_OF_BUSINESS: Final = re.compile(r"[A-Z]{2}(?:\.\w{1,100}){1,2}")  # as WhatsApp tells somebody to one company
_ID: Final = re.compile(r"[\w.+@-]{1,128}")
_MESSENGER: Final = re.compile(r"[a-z][a-z0-9_]{1,19}")
# Of Telegram's: what a person has written.
UPDATES: Final = ("message", "edited_message", "business_message", "edited_business_message", "callback_query")
WAPPIS_KIND: Final = "wh_type"  # of a message
_WAPPIS_OWN: Final = re.compile(r"outgoing_message\w*|\w+_status")
_FROM_US: Final = ("isEcho", "from_me", "fromMe", "is_from_me", "isFromMe")  # the last one as Digisac says it
_OF_META: Final = {"page": "messenger", "instagram": "instagram"}


def is_so(value: Any) -> bool:
    return str(value).lower() in ("true", "1")


def is_own_event(event: Tree) -> bool:
    """Of Meta's: written by the company, or what has become of that."""
    return is_so(branch_of(event.get("message")).get("is_echo")) or not event.keys().isdisjoint(("read", "delivery"))


def is_own(message: Tree) -> bool:
    """Of a relay's list: written by the company, or what has become of that."""
    is_wappis = _WAPPIS_OWN.fullmatch(str(message.get(WAPPIS_KIND))) is not None
    return is_wappis or any(is_so(message.get(name)) for name in _FROM_US)


def lid(*told: Any) -> str:
    """The first of them by which WhatsApp calls somebody who hides their phone; empty for none."""
    found = (_LID.fullmatch(one.strip()) for one in told if isinstance(one, str))
    return next((f"whatsapp:{one[1]}@lid" for one in found if one), "")


def _named(messenger: Any, told: Any) -> str:
    name, id_ = str(messenger or "").lower(), str(told or "").strip()
    return f"{name}:{id_}" if _MESSENGER.fullmatch(name) and _ID.fullmatch(id_) else ""


# source: Meta's reference, "Business-scoped user IDs"; bodies in public receivers, which have the phone beside it
def of_cloud(values: Iterable[Tree]) -> Iterator[str]:
    for value in values:
        people = branches(value.get("contacts"))
        for one in (*branches(value.get("messages")), *branches(value.get("calls"))):
            told = (one.get("from_user_id"), people[0].get("user_id") if len(people) == 1 else None, one.get("from"))
            yield next((f"whatsapp:{id_}" for id_ in told if _OF_BUSINESS.fullmatch(str(id_))), "")


# source: Meta's reference of Messenger's webhooks, and Instagram's: `sender.id` is of one person and one page
def of_page(tree: Tree) -> Iterator[str]:
    events = [event for entry in branches(tree.get("entry")) for event in branches(entry.get("messaging"))]
    for event in events:
        if not is_own_event(event):
            yield _named(_OF_META.get(str(tree.get("object"))), branch_of(event.get("sender")).get("id"))


# source: Twilio's reference, "Channel addresses"
def of_twilio(tree: Tree) -> Iterator[str]:
    """`messenger:6543210987654321`; a number has a plus."""
    messenger, _, id_ = str(tree.get("From")).partition(":")
    is_known = _OF_BUSINESS.fullmatch(id_) if messenger == "whatsapp" else messenger in _OF_META.values()
    yield _named(messenger, id_) if is_known else ""


# source: Green API's reference, "Incoming notifications"; bodies in public code
def of_green(tree: Tree) -> Iterator[str]:
    sender = branch_of(tree.get("senderData")).get("sender")
    kind = str(branch_of(tree.get("instanceData")).get("typeInstance")).lower()
    yield lid(sender) or ("" if kind == "whatsapp" or "@" in str(sender) else _named(kind, sender))


# source: Z-API's reference, "On message received" and "LID"; bodies in public code
def of_zapi(tree: Tree) -> Iterator[str]:
    chat = () if is_so(tree.get("isGroup")) else (tree.get("chatLid"), tree.get("phone"))
    yield lid(tree.get("participantLid"), tree.get("senderLid"), *chat)


# source: Evolution API's reference, "Webhooks"; bodies in public code
def of_evolution(tree: Tree) -> Iterator[str]:
    key = branch_of(branch_of(tree.get("data")).get("key"))
    names = ("participantLid", "participant", "participantAlt", "senderLid", "remoteJid", "remoteJidAlt")
    yield lid(*(key.get(name) for name in names))


# source: public receivers of uazapi
def of_uazapi(tree: Tree) -> Iterator[str]:
    message = branch_of(tree.get("message"))
    yield lid(*(message.get(name) for name in ("sender_lid", "sender", "chatlid", "chatid")))


# source: bodies of WuzAPI and Evolution Go in public receivers
def of_whatsmeow(told: Tree) -> Iterator[str]:
    info = branch_of(told.get("Info"))
    yield lid(*(info.get(name) for name in ("Sender", "SenderAlt", "Chat")))


# source: UltraMsg's reference, "Webhooks"; bodies in public code
def of_ultramsg(tree: Tree) -> Iterator[str]:
    data = branch_of(tree.get("data"))
    yield lid(data.get("author"), data.get("from"))


# source: Wazzup's reference, "Webhooks": `chatId` is a phone in WhatsApp and Viber, an id elsewhere, and in Instagram
# the name, with the id (`igsid`) beside it; bodies of Whapi in public code; Wappi's references, where no member names
# the messenger, and WhatsApp's chats have an `@`
def of_relay(tree: Tree) -> Iterator[str]:
    for one in branches(tree.get("messages")):
        if is_own(one):
            continue
        kind = str(one.get("chatType") or ("wappi" if is_wappis_id(one) else "")).lower()
        is_id = kind not in ("", "whatsapp", "viber") and not kind.endswith("group")
        id_ = branch_of(one.get("contact")).get("igsid") or one.get("chatId")
        hidden = lid(one.get("author"), one.get("from"), one.get("chatId"), one.get("chat_id"))
        yield _named(kind, id_) if is_id else hidden


def is_wappis_id(message: Tree) -> bool:
    """Whether its chat is one of Telegram or MAX, which is called by an id and not by a phone."""
    return WAPPIS_KIND in message and "@" not in str(message.get("chatId"))


def of_update(tree: Tree) -> Tree:
    """What a person has written, of an update of Telegram's; empty for none."""
    return next((branch_of(tree.get(name)) for name in UPDATES if branch_of(tree.get(name))), {})


# source: Telegram's reference of its Bot API, "Update"
def of_telegram(tree: Tree) -> Iterator[str]:
    yield _named("telegram", branch_of(of_update(tree).get("from")).get("id"))


def max_person(tree: Tree) -> Tree:
    """Who has written, pressed or begun, of an update of MAX'; empty for none. A message beside what was pressed is the
    bot's own."""
    if tree.get("update_type") == "message_created":
        return branch_of(branch_of(tree.get("message")).get("sender"))
    if tree.get("update_type") == "message_callback":
        return branch_of(branch_of(tree.get("callback")).get("user"))
    return branch_of(tree.get("user")) if tree.get("update_type") == "bot_started" else {}


# source: MAX' reference of its Bot API, "Update"
def of_max(tree: Tree) -> Iterator[str]:
    yield _named("max", max_person(tree).get("user_id"))


# source: bodies of Umnico in public receivers
def of_umnico(tree: Tree) -> Iterator[str]:
    yield _named("umnico", branch_of(branch_of(tree.get("message")).get("sender")).get("customerId"))


# source: bodies of Maytapi in public receivers
def of_maytapi(tree: Tree) -> Iterator[str]:
    yield lid(branch_of(tree.get("user")).get("id"), tree.get("conversation"))


# source: bodies of W-API in public receivers
def of_wapi(tree: Tree) -> Iterator[str]:
    yield lid(branch_of(tree.get("sender")).get("id"), branch_of(tree.get("chat")).get("id"))


# source: Botmaker's page on its webhooks
def of_botmaker(tree: Tree) -> Iterator[str]:
    chat = str(tree.get("chatPlatform")).lower()
    yield "" if chat == "whatsapp" else _named(chat, tree.get("contactId"))


# source: Avito's reference of its messenger, "Webhook V3"; bodies in public receivers
def of_avito(tree: Tree) -> Iterator[str]:
    yield _named("avito", branch_of(branch_of(tree.get("payload")).get("value")).get("author_id"))


# source: WAHA's reference, "Events"; that of go-whatsapp-web-multidevice, "Webhook payload"
def of_waha(tree: Tree) -> Iterator[str]:
    payload = branch_of(tree.get("payload"))
    yield lid(payload.get("from_lid"), payload.get("participant"), payload.get("from"))


# source: Crisp's reference, "Webhooks": a session is of one browser
def of_crisp(tree: Tree) -> Iterator[str]:
    yield _named("crisp", branch_of(tree.get("data")).get("session_id"))


# source: the references of SendPulse and Salebot: the id is of one person and one bot
def of_bot(service: str, contact: Any) -> Iterator[str]:
    yield _named(service, branch_of(contact).get("id"))
