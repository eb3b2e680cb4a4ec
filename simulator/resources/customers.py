"""What customers have beside other entities: statuses, the next purchase. Source: amoCRM's "Customers"."""

from typing import Final

from simulator.answers import Answer, document
from simulator.call import Call
from simulator.checks import Told
from simulator.state import Entity

_NAMED: Final = ((700_001, "Недавно купили"), (700_002, "Ждём покупки"), (700_003, "Не купили"))
NEW: Final = {
    "next_price": 0,
    "periodicity": 0,
    "ltv": 0,
    "purchases_count": 0,
    "average_check": 0,
    "status_id": _NAMED[0][0],
}
_NUMBERS: Final = ("next_price", "next_date", "periodicity")


def statuses(call: Call) -> Answer:
    shown = [
        {"id": id_, "name": name, "sort": 10 * place, "color": "#99ccff", "type": "default"}
        for place, (id_, name) in enumerate(_NAMED, 1)
    ]
    links = {"self": call.link()}
    return document({"_total_items": len(shown), "_links": links, "_embedded": {"statuses": shown}})


def check(told: Told, item: Entity, *, is_new: bool) -> None:
    if is_new and not item.get("name"):
        told.blank("name")
    for name in _NUMBERS:
        if item.get(name) is not None:
            told.of_type(name, item[name], "int")
    if item.get("status_id") is not None and item["status_id"] not in {id_ for id_, _ in _NAMED}:
        told.no_choice("status_id")
