"""Bots (Salesbot): they are listed, started, and wait for the answer of a widget that one has asked.

Source: Kommo's documentation, "Get Salesbots", "Run a Salesbot", "SalesBot widget block execution confirmation".
"""

from typing import Any

from simulator.answers import Answer, ApiError, document, invalid, not_found, nothing, problem
from simulator.call import Call
from simulator.rights import is_administrator
from simulator.state import Entity

_MOST_HANDLERS = 10
_MOST_LETTERS = 80
_MOST_BUTTONS = 25
_SHOWN = ("text", "buttons", "buttons_url")


def page(call: Call) -> Answer:
    # vendor: bots.list
    return call.page("items", list(call.account.salesbots.values()))


def read(call: Call, bot_id: str) -> Answer:
    found = call.account.salesbots.get(int(bot_id))
    return nothing() if found is None else document(found)


def run(call: Call, bot_id: str) -> Answer:
    """The bot is started in the conversation of a deal or a contact; how it fares is told to nobody."""
    # vendor: bots.run
    _require_administrator(call)
    body = call.json()
    given = body if isinstance(body, dict) else {}
    entity_type, entity_id = given.get("entity_type"), given.get("entity_id")
    if not isinstance(entity_type, str):
        raise invalid("entity_type", "InvalidType", "This value should be of type string.")
    if entity_type not in ("leads", "contacts"):
        raise invalid("entity_type", "NotSupportedChoice", "The value you selected is not a valid choice.")
    if type(entity_id) is not int or entity_id <= 0:
        raise invalid("entity_id", "TooLow", "This value should be positive.")
    bot = call.account.salesbots.get(int(bot_id))
    if bot is None:
        raise not_found()
    started = {"bot_id": bot["id"], "name": bot["name"], "entity_type": entity_type, "entity_id": entity_id}
    call.account.started_bots.append(started | {"id": f"run-{call.world.new_id('runs')}", "at": call.world.now()})
    call.effect("bot.started", **started)
    return Answer(202, b"Accepted", "text/html; charset=UTF-8")


def go_on(call: Call, _bot_id: str, waiting_id: str) -> Answer:
    # vendor: salesbot.continue
    _require_administrator(call)
    bot = call.account.bots.get(waiting_id)
    if bot is None or not bot["waits"]:
        raise not_found()  # vendor: salesbot.refused
    body = call.json()
    handlers = body.get("execute_handlers", []) if isinstance(body, dict) else None
    if not isinstance(handlers, list) or len(handlers) > _MOST_HANDLERS or not isinstance(body.get("data"), dict):
        raise invalid("execute_handlers", "TooMany", f"This collection should contain {_MOST_HANDLERS} or less.")
    shown = [_shown(one, f"execute_handlers.{index}") for index, one in enumerate(handlers)]
    # vendor: salesbot.buttons
    if sum(len(one.get("buttons", [])) for one in shown) > _MOST_BUTTONS:
        raise invalid("execute_handlers", "TooMany", f"There should be {_MOST_BUTTONS} buttons or less.")
    shown = list(filter(None, shown))
    said = [one["value"] for one in shown]
    bot |= {"waits": False, "said": said, "shown": shown, "data": body["data"]}
    call.effect("bot.continued", id=waiting_id, said=said)
    return document({"success": True}, 202)


def _shown(handler: Any, path: str) -> Entity:
    """The parameters of `show`; nothing of `goto`."""
    kind = handler.get("handler") if isinstance(handler, dict) else None
    if kind not in ("show", "goto"):
        raise invalid(f"{path}.handler", "NotSupportedChoice", "There is no such handler.")
    if kind == "goto":
        return {}
    params: Entity = handler.get("params") or {}
    if params.get("type") not in _SHOWN:
        raise invalid(f"{path}.params.type", "NotSupportedChoice", "The value you selected is not a valid choice.")
    value, buttons = params.get("value"), params.get("buttons", [])
    if not isinstance(value, str) or not value:
        raise invalid(f"{path}.params.value", "NotBlank", "This value should not be blank.")
    if len(value) > _MOST_LETTERS:
        raise invalid(f"{path}.params.value", "TooLong", "This value is too long.")
    if (params["type"] != "text") != bool(buttons) or not all(isinstance(one, str) and one for one in buttons):
        raise invalid(f"{path}.params.buttons", "InvalidType", "This value should be an array of texts.")
    return params


def _require_administrator(call: Call) -> None:
    if not is_administrator(call):
        raise ApiError(problem(403, "Forbidden", "This method is for administrators of the account"))
