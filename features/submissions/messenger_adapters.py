"""Messages as messengers and telephone services tell them, as :mod:`features.submissions.builder_adapters` has them.

Of each message there are two numbers, as there are of a call: the writer's, and the company's own.
"""

from collections.abc import Callable
from typing import Any, Final

from features.submissions.call_adapters import is_of_line
from features.submissions.carts import branches, drop, text
from shared.platform.nested import Tree

_IDS: Final = ("MessageSid", "SmsMessageSid", "SmsSid", "CallSid")
_RECEIVED: Final = "received"  # any other state is that of a message of the company's own


# source: Twilio's reference, "Twilio's request to your webhook"; bodies in public code
def _twilio(tree: Tree) -> str:
    """A message or a call. In WhatsApp a number is `whatsapp:+…`."""
    id_ = next((one for one in [text(tree, name) for name in _IDS] if one), "")
    status = str(tree.get("MessageStatus") or tree.get("SmsStatus") or _RECEIVED).lower()
    is_out = str(tree.get("Direction")).lower().startswith("outbound") or status not in (_RECEIVED, "receiving")
    client, line = ("To", "From") if is_out else ("From", "To")
    for ours, same in ((line, "Caller" if is_out else "Called"), (client, "Called" if is_out else "Caller")):
        if tree.get(same) == tree.get(ours):
            drop(tree, same)
    channel, mark, number = str(tree.get(client) or "").rpartition(":")
    is_number = number.startswith("+") or (mark and channel.lower() in ("whatsapp", "sms", "rcs"))
    if is_number and "phone" not in tree:
        tree["phone"] = number
        drop(tree, client)
        if tree.get("WaId") == number.lstrip("+"):
            drop(tree, "WaId")
    is_of_line(tree, line)
    _is_comment(tree, [text(tree, "Body")])
    drop(tree, "AccountSid", "ApiVersion")
    return id_


# source: WhatsApp's reference of its Cloud API, "messages webhook"; bodies in public code
def _whatsapp(tree: Tree) -> str:
    """`metadata` is the company's own line; `wa_id` is a phone without its plus."""
    changes = [one for entry in branches(tree.get("entry")) for one in branches(entry.get("changes"))]
    values: list[Any] = [one.get("value") for one in changes] if "entry" in tree else [tree]
    said, ids = [], []
    for value in [one for one in values if isinstance(one, dict)]:
        line = value.get("metadata")
        is_of_line(line if isinstance(line, dict) else {}, "display_phone_number")
        drop(line, "phone_number_id")
        for person in branches(value.get("contacts")):
            tree.setdefault("phone", f"+{person['wa_id']}") if person.get("wa_id") else None
            if tree.get("phone") == f"+{person.get('wa_id')}":
                drop(person, "wa_id")
        for message in branches(value.get("messages")):
            tree.setdefault("phone", f"+{message['from']}") if message.get("from") else None
            if tree.get("phone") == f"+{message.get('from')}":
                drop(message, "from")
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


def _is_comment(tree: Tree, said: list[str]) -> None:
    before = tree.get("comment")
    own = [before] if isinstance(before, str) else before if isinstance(before, list) else []
    if told := [one for one in said if one]:
        tree["comment"] = [*own, "\n".join(told)] if own else "\n".join(told)


def _object(tree: Tree) -> str:
    return _whatsapp(tree) if tree["object"] == "whatsapp_business_account" else ""


MESSENGERS: Final[tuple[tuple[str, Callable[[Tree], str]], ...]] = (
    ("AccountSid From To", _twilio),
    ("object entry", _object),
    ("messaging_product metadata", _whatsapp),
)
