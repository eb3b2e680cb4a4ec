"""Who has changed what: a line of the log for each change that an administrator makes, of settings with before and
after. Secrets, and what is large, are never in it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from functions.crm_api import audit_words
from shared.access.permissions import Caller
from shared.actions.action import Action
from shared.platform import logs
from shared.platform.http import Request
from shared.platform.messages import Message, english, joined, said
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.database import DatabaseUnavailableError

_HIDDEN: Final = ("secret", "token", "code", "logo", "password", "url", "action", "reason")
_MOST: Final = 1800  # of a line


def before(runtime: Runtime, caller: Caller, action: Action, request: Request) -> Mapping[str, Any]:
    """What the level of a save of settings has set until now; nothing of other changes."""
    if caller.actor is None or caller.integration is None or action.name != "save_settings":
        return {}
    from features import settings  # for this action only

    document = _document(request)
    level = document.get("level", "connection") if isinstance(document, dict) else None
    stored = settings.levels(runtime.database, caller.integration).own
    return next((own for name, own in stored.items() if name == level), {})


def tell(runtime: Runtime, caller: Caller, action: Action, request: Request, was: Mapping[str, Any]) -> None:
    """After the change has been made; it stands, also when it cannot be told. `was`: of :func:`before`."""
    if caller.actor is None or not action.is_change:
        return
    after = dict(_leaves(_document(request)))
    old = dict(_leaves(was))
    is_settings = action.name == "save_settings"
    changed = [
        audit_words.change(path, is_settings, after.get(path), old.get(path), was_set=path in old)
        for path, value in {**dict.fromkeys(old), **after}.items()
        if old.get(path) != after.get(path) and not (path not in old and value in (None, "", [], {}))
    ]
    try:
        event_log.add(
            runtime.database,
            f"administrator.{action.name}",
            _line(changed),
            integration_id=caller.integration.id if caller.integration else None,
            request_id=request.id,
            actor=caller.actor,
        )
    except DatabaseUnavailableError:
        logs.error("audit.failed", action=action.name, actor=caller.actor)


def _line(changed: list[Message]) -> Message:
    """As many changes as there is room for; of the others, how many they are."""
    shown, room = list[Message](), _MOST
    for one in changed:
        room -= len(english(one)) + len("; ")
        if room < 0:
            break
        shown.append(one)
    left = len(changed) - len(shown)
    more = [said(f"… +{left}")] if left else []
    return joined(*shown, *more, by="; ") if shown or more else said("—")


def _document(request: Request) -> Any:
    try:
        return json.loads(request.body or b"{}")
    except ValueError:
        return {}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    name = path.rpartition(".")[2].lower()
    if any(hidden in name for hidden in _HIDDEN):
        if path and name != "action":
            yield path, "…" if value else None
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif path:
        yield path, value
