"""Who has changed what: a line of the log for each change that an administrator makes, of settings with before and
after. Secrets, and what is large, are never in it.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from shared.access.rights import Caller
from shared.actions.action import Action
from shared.platform import logs
from shared.platform.http import Request
from shared.platform.messages import said
from shared.runtime import Runtime
from shared.storage import events
from shared.storage.database import DatabaseUnavailableError

_HIDDEN: Final = ("secret", "token", "code", "logo", "password", "url", "action")
_LONGEST: Final = 80  # characters of a value
_MOST: Final = 1800  # of a line


def tell(runtime: Runtime, caller: Caller, action: Action, request: Request) -> None:
    """After the change has been made; it stands, also when it cannot be told."""
    if caller.actor is None or not action.is_change:
        return
    after = dict(_leaves(_document(request)))
    # The caller's row was read before the change.
    before = dict(_leaves(caller.integration.settings)) if action.name == "save_settings" and caller.integration else {}
    changed = [
        f"{path}: {_short(before[path])} → {_short(after.get(path))}" if path in before else f"{path}: {_short(value)}"
        for path, value in {**dict.fromkeys(before), **after}.items()
        if before.get(path) != after.get(path) and not (path not in before and value in (None, "", [], {}))
    ]
    try:
        events.add(
            runtime.database,
            f"administrator.{action.name}",
            said("; ".join(changed)[:_MOST] or "—"),
            integration_id=caller.integration.id if caller.integration else None,
            request_id=request.id,
            actor=caller.actor,
        )
    except DatabaseUnavailableError:
        logs.error("audit.failed", action=action.name, actor=caller.actor)


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


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
