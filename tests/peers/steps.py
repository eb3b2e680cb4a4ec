"""What a peer's script is given, and how it tells what passed. Also runs without the project's environment."""

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

subdomain, client_id, client_secret, redirect_uri, code, lead_id_text = sys.argv[1:7]
host = f"{subdomain}.amocrm.ru"
lead_id = int(lead_id_text)
_told: list[dict[str, Any]] = []


def step(name: str, work: Callable[[], Any]) -> Any:
    """Runs one step. It fails when it raises, and when it returns False; the rest goes on."""
    try:
        result = work()
        if result is False:
            raise AssertionError("not what was expected")
    except BaseException as error:  # noqa: BLE001 - whatever a client raises is what is to be told
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {str(error)[:300]} ({place.filename.rsplit('/', 1)[-1]}:{place.lineno})"
        _told.append({"step": name, "error": told})
        return None
    _told.append({"step": name, "error": None})
    return result


def finish(limits: dict[str, str] | None = None) -> None:
    """`limits`: what the client cannot do by itself, and why that is its own limit."""
    print(json.dumps({"steps": _told, "limits": limits or {}}, ensure_ascii=False))  # noqa: T201
