"""What amoCRM starts by itself: the actions of stages (digital pipeline), and bots that ask a widget (Salesbot).

Sources: Kommo's documentation, "Widgets in Digital Pipeline", "Salesbot"; notes of an integration in production.
"""

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from simulator.state import Account, Client, Entity, World
from simulator.tokens import Tokens

_STATUS_CHANGED: Final = {"type": 14, "type_code": "lead_status_changed"}
_LEAD: Final = 2
BOT: Final = "salesbot_designer"


def manifest(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.widget.get("manifest.json", b"{}"))
    return found


def add_action(world: World, account: Account, status_id: int, client_id: str, settings: dict[str, str]) -> int:
    """An action of a widget at a stage; its id."""
    action_id = world.new_id("actions")
    account.stage_actions[status_id].append({"id": action_id, "client_id": client_id, "settings": settings})
    return action_id


def remove_action(account: Account, action_id: int) -> None:
    for actions in account.stage_actions.values():
        actions[:] = [one for one in actions if one["id"] != action_id]


def entered(world: World, account: Account, lead: Entity) -> None:
    """A deal has come to a stage: its actions are sent, once."""
    for action in account.stage_actions.get(lead["status_id"], []):
        client = world.clients.get(action["client_id"])
        block = manifest(client).get("dp") if client is not None else None
        if block is None:
            continue
        # vendor: pipeline.hook
        place = {name: lead[name] for name in ("id", "status_id", "pipeline_id")} | {"element_type": _LEAD}
        # vendor: pipeline.direction
        place |= {"direction_of_movement": "went_to_trigger"}
        hook = {
            "event": _STATUS_CHANGED | {"data": place, "time": world.now()},
            "action": {"settings": {"widget": {"settings": action["settings"]}}},
            "subdomain": account.subdomain,
            "account_id": account.id,
        }
        form = "application/x-www-form-urlencoded; charset=utf-8"
        account.outbox.append((block["webhook_url"], form, urlencode(list(_nested("", hook)))))


def _nested(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """As PHP's `http_build_query` names what is inside."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _nested(f"{place}[{name}]" if place else name, inner)
    else:
        yield place, str(value)


def ask(world: World, tokens: Tokens, account: Account, client: Client, lead_id: int, settings: dict[str, str]) -> str:
    """A bot comes to the widget's step: it asks, and waits for the continuation under this id."""
    bot_id, waiting_id = world.new_id("bots"), uuid4().hex
    block = manifest(client)[BOT]
    url = next(one for one in block.values() if isinstance(one, dict))["settings"]["url"]["default_value"]
    account.bots[waiting_id] = {
        "lead_id": lead_id,
        "waits": True,
        "said": [],
        "shown": [],
        "data": None,
        "at": world.now(),
    }
    # vendor: salesbot.request
    form = {
        "token": tokens.bot_token(client, account, bot_id, lead_id),
        **{f"data[{name}]": value for name, value in settings.items()},
        "return_url": f"https://{account.domain}/api/v4/salesbot/{bot_id}/continue/{waiting_id}",
    }
    account.outbox.append((settings.get("url") or url, "application/x-www-form-urlencoded", urlencode(form)))
    return waiting_id
