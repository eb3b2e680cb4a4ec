"""The words for what an administrator has changed: members of the bodies of actions, and their values.

Paths of a settings document stay as docs/settings.md and the document itself have them; their values are told in words.
"""

import json
from typing import Any, Final

from shared.platform.messages import Message, joined, said, say

_LONGEST: Final = 80  # characters of a value
_MOST_LISTED: Final = 20

_NAMES: Final[dict[str, Message]] = {
    "name": say("name"),
    "is_server": say("for a server"),
    "origins": say("pages"),
    "accepts_hidden_origin": say("takes forms of pages that hide their address"),
    "rights": say("rights"),
    "email": say("e-mail address"),
    "days": say("days"),
    "widget_type": say("widget type"),
    "platform": say("platform"),
    "language": say("language"),
    "level": say("level"),
    "revision": say("revision"),
    "version": say("version"),
    "note": say("note"),
    "resource": say("doctor or room"),
    "starts_at": say("begins"),
    "is_on": say("turned on"),
    "is_so": say("without a phone and an e-mail"),
    "endpoint_id": say("endpoint"),
    "since": say("since"),
    "until": say("until"),
    "work": say("work"),
    "kind": say("kind"),
    "kinds": say("events"),
    "text": say("text"),
    "title": say("title"),
    "bot_id": say("which bot"),
    "due_minutes": say("due in minutes"),
    "task_type_id": say("type of task"),
    "responsible_user_id": say("responsible user"),
    "pipelines": say("pipelines"),
    "statuses": say("stages"),
    "stages": say("stages"),
    "fields": say("fields"),
    "account_domain": say("account"),
    "client_id": say("integration"),
    "referer": say("account"),
    "attendance": say("attendance"),
}

_VALUES: Final[dict[tuple[str, str], Message]] = {
    ("rights", "see"): say("see"),
    ("rights", "operate"): say("see and operate"),
    ("rights", "manage"): say("manage everything"),
    ("attendance", "came"): say("came"),
    ("attendance", "missed"): say("did not come"),
    ("level", "connection"): say("this account"),
    ("level", "widget"): say("all accounts of the widget type"),
}
_YES: Final = say("yes")
_NO: Final = say("not so")  # where "no" is "no" in another language as well, nobody could see that it is translated
_NOTHING: Final = say("nothing")


def change(path: str, is_of_settings: bool, after: Any, before: Any = None, *, was_set: bool = False) -> Message:
    """One line of what has changed. `was_set`: then it says what it was before."""
    name = said(path) if is_of_settings else joined(*(_NAMES.get(one, said(one)) for one in path.split(".")), by=" › ")
    leaf = path.rpartition(".")[2]
    now = value(leaf, after)
    if was_set:
        return joined(joined(name, value(leaf, before), by=": "), now, by=" → ")
    return joined(name, now, by=": ")


def value(name: str, given: Any) -> Message:
    """A number and a text as they are; what is one of ours, in words."""
    if given is None or given in ("", [], {}):
        return _NOTHING
    if isinstance(given, bool):
        return _YES if given else _NO
    if isinstance(given, str) and (name, given) in _VALUES:
        return _VALUES[name, given]
    if isinstance(given, list) and all(isinstance(one, str | int) for one in given) and len(given) <= _MOST_LISTED:
        return said(_short(", ".join(map(str, given))))
    return said(_short(json.dumps(given, ensure_ascii=False)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
