"""Where a bot that asked a widget waits for the answer. Source: Kommo's documentation, "Salesbot"."""

from simulator.answers import Answer, document, invalid, not_found
from simulator.call import Call

_MOST_HANDLERS = 10
_MOST_LETTERS = 80


def go_on(call: Call, _bot_id: str, waiting_id: str) -> Answer:
    # vendor: salesbot.continue
    bot = call.account.bots.get(waiting_id)
    if bot is None or not bot["waits"]:
        raise not_found()  # vendor: salesbot.refused
    body = call.json()
    handlers = body.get("execute_handlers", []) if isinstance(body, dict) else None
    if not isinstance(handlers, list) or len(handlers) > _MOST_HANDLERS or not isinstance(body.get("data"), dict):
        raise invalid("execute_handlers", "TooMany", f"This collection should contain {_MOST_HANDLERS} or less.")
    for index, one in enumerate(handlers):
        if one.get("handler") not in ("show", "goto"):
            raise invalid(f"execute_handlers.{index}.handler", "NotSupportedChoice", "There is no such handler.")
        if len(str((one.get("params") or {}).get("value", ""))) > _MOST_LETTERS:
            raise invalid(f"execute_handlers.{index}.params.value", "TooLong", "This value is too long.")
    said = [one["params"]["value"] for one in handlers if one["handler"] == "show"]
    bot |= {"waits": False, "said": said, "data": body["data"]}
    call.effect("bot.continued", id=waiting_id, said=said)
    return document({"success": True}, 202)
