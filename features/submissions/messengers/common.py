"""What the adapters of messengers share: whose number it is, what was written, whether the company has written it."""

import re
from typing import Any, Final

from features.submissions import messenger_ids, value_looks
from features.submissions.call_adapters import goes_out
from features.submissions.carts import branches, text
from features.submissions.flattening import named_values
from features.submissions.shops.common import branch_of
from shared.platform.nested import Tree

BARE: Final = re.compile(r"\+?(\d{7,15})")
OUT: Final = frozenset({"outgoing", "outbound", "out", "sent"})


def number_of(told: Any, *, is_bare: bool = False) -> str:
    """Whose chat it is; a group's (`…@g.us`), and that of whoever hides their phone (`…@lid`), tell none. `is_bare`:
    figures by themselves are a phone, too."""
    said = told.strip() if isinstance(told, str) else ""
    phone = value_looks.without_chat(said)
    found = BARE.fullmatch(said) if is_bare else None
    return f"+{found[1]}" if found else phone if phone != said else ""


def written(tree: Tree, numbers: list[str], said: list[str], name: str = "") -> None:
    """By whom, the first of these that is a phone, and what. What stands beside it under the same names stays."""
    number = next(filter(None, numbers), "")
    for member, told in (("phone", number), ("name", name)):
        if told and tree.setdefault(member, told) != told:
            tree[f"writer {member}"] = told
    is_comment(tree, said)


def is_card(message: Tree, name: str) -> None:
    """Of somebody whose contact was sent: a text, since that is not who writes."""
    told = [text for value in named_values({name: message.pop(name, None)}) for text in value.values]
    if told:
        message["card"] = ", ".join(dict.fromkeys(told))


def is_comment(tree: Tree, said: list[str]) -> None:
    before = tree.get("comment")
    own = [before] if isinstance(before, str) else before if isinstance(before, list) else []
    if told := [one for one in said if one]:
        tree["comment"] = [*own, "\n".join(told)] if own else "\n".join(told)


def is_own(tree: Tree) -> bool:
    """Whether the body of any relay says that the company has written it itself: by a flag, the event's name, where
    the message has gone, or what its writer is. Of a call the direction says no such thing."""
    inner = [branch_of(tree.get(name)) for name in ("message", "data", "payload", "event", "object")]
    deeper = (branch_of(one.get(name)) for one in inner for name in ("message", "payload", "object"))
    messages = [one for one in (*inner, *deeper) if one]
    said = [text(dict(tree), name).lower() for name in _OF_EVENTS]
    said += [text(dict(one), "event_type").lower() for one in inner]
    told = list(map(_letters, said))
    tells_of_one = any("message" in one for one in told) or tree.get("action") == _FRESHCHATS
    # A form may be called so, and ask for the direction of a tour.
    is_form = "message" in told[0] and not any("message" in one for one in told[1:])
    is_out = tells_of_one and any(map(_is_of_ours, messages if is_form else (tree, *messages)))
    is_out = is_out or any(" " not in one and _GOES_OUT.search(one) for one in said)
    is_out = is_out or not _OWN_EVENTS.isdisjoint(told) or any(one.startswith(_OF_AGENTS) for one in told)
    is_out = is_out or any(
        _letters(text(dict(tree), name).lower()) in events for name, events in _OWN_AS_THEY_SAY.items()
    )
    listed = branches(tree.get("data"))
    is_out = is_out or (bool(listed) and (_is_acks(tree, listed) or all(map(messenger_ids.is_own, listed))))
    written = branches(tree.get("messages"))
    is_out = is_out or (bool(written) and all(map(_is_of_staff, written)))
    return is_out or any(map(messenger_ids.is_own, (tree, *messages)))


def _is_of_ours(message: Tree) -> bool:
    """Of what is a message: by where it has gone, or by its writer."""
    ways = {text(dict(message), name).lower() for name in ("traffic", "direction", "flow")}
    return bool(ways & OUT) or any(goes_out(name, message[name]) for name in message) or _is_of_staff(message)


def _is_of_staff(message: Tree) -> bool:
    """By what its writer is: `sender_type: agent`, `author: {type: bot}`."""
    writers = [(branch_of(message.get(name)), ("type", "role")) for name in _WRITERS]
    told = [(message, [f"{name}{kind}" for name in _WRITERS for kind in ("_type", "Type", "_role", "Role")]), *writers]
    return any(text(dict(one), name).lower() in _STAFF for one, names in told for name in names)


def _is_acks(tree: Tree, listed: list[Tree]) -> bool:
    """Maytapi's, of what became of which message."""
    return tree.get("type") == "ack" and all("ackType" in one for one in listed)


def _letters(said: str) -> str:
    """`message.created` as "messagecreated"."""
    return re.sub(r"[^a-z]", "", said)


# As programs name it (`message:out:new`); a title that people read may say so as well.
_GOES_OUT: Final = re.compile("message[^a-z]*out(?:going|bound|(?![a-z]))|(?<![a-z])out(?:going|bound)?[^a-z]*message")
_OWN_EVENTS: Final = frozenset(
    (
        *("outgoingmessage", "outboundmessage", "messageoutgoing", "messageoutbound"),
        *("messageack", "messagestatusupdated", "messagedelivered", "messageread"),
    )
)
# Words that others may have for something else count where their sender has them only.
_OWN_AS_THEY_SAY: Final = {
    "hook_type": {"outbox"},  # Chat2Desk's
    "title": {"agentreply"},  # SendPulse's
    "type": {"messagestatus"}  # Zenvia's
    | {"deliverycallback", "messagestatuscallback", "presencechatcallback"}  # Z-API's
    | {"connectedcallback", "disconnectedcallback"},
}
_FRESHCHATS: Final = "message_create"  # forms have an action as well, such as `send_message`
_WRITERS: Final = ("sender", "author", "actor", "from")
_STAFF: Final = frozenset(
    ("agent", "operator", "bot", "admin", "manager", "employee", "staff", "business", "assistant")
)
_OF_AGENTS: Final = "conversationadmin"  # what Intercom tells of an agent's answers, notes and the like
_OF_EVENTS: Final = ("title", "event", "type", "topic", "eventType", "event_type", "hook_type")
