"""The steps that bring an accepted calculation into its deal. Those that do not depend on each other run at once."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from shared.amocrm.leads import AccountApi
from shared.calculation import note
from shared.calculation.goods import Goods
from shared.calculation.model import Calculation, SaveCalculation
from shared.deliveries import Delivery
from shared.delivering import Result, Step

# amoCRM's clock may be a little behind the database's.
_CLOCK_SKEW_SECONDS = 300


def steps(delivery: Delivery, lead_id: int, body: SaveCalculation) -> list[Step]:
    options, plan = body.options, []
    if options.note:
        plan.append(_note(delivery, lead_id, body.calculation))
    if options.update_price or options.responsible_user_id is not None:
        plan.append(_deal(lead_id, body))
    if options.products:
        plan += _goods(delivery, lead_id, body.calculation)
    return plan


def first_steps(body: SaveCalculation) -> list[str]:
    """The names of those that depend on nothing."""
    options = body.options
    asked = {
        "note": options.note,
        "deal": options.update_price or options.responsible_user_id is not None,
        "goods": options.products,
    }
    return [name for name, is_asked in asked.items() if is_asked]


def _note(delivery: Delivery, lead_id: int, calculation: Calculation) -> Step:
    mark = note.reference(delivery.id)
    since = int(delivery.created_at.timestamp()) - _CLOCK_SKEW_SECONDS

    def write(api: AccountApi) -> Result:
        return {"note_id": api.add_note(lead_id, note.text(calculation, mark))}

    def find(api: AccountApi) -> Result | None:
        note_id = api.find_note(lead_id, mark, since)
        return None if note_id is None else {"note_id": note_id}

    return Step("note", write, find)


def _deal(lead_id: int, body: SaveCalculation) -> Step:
    """The deal's own fields, in one change."""
    wanted: dict[str, Any] = {}
    if body.options.update_price:
        wanted["price"] = int(body.calculation.total.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if body.options.responsible_user_id is not None:
        wanted["responsible_user_id"] = body.options.responsible_user_id

    def write(api: AccountApi) -> Result:
        api.change_lead(lead_id, wanted)
        return wanted

    def find(api: AccountApi) -> Result | None:
        lead = api.lead(lead_id)
        return wanted if all(lead.get(name) == value for name, value in wanted.items()) else None

    return Step("deal", write, find)


def _goods(delivery: Delivery, lead_id: int, calculation: Calculation) -> list[Step]:
    goods = Goods(delivery.integration_id, lead_id, calculation)
    return [
        Step("goods", lambda api: goods.find_or_create(api), lambda _: None),  # looks by itself before it creates
        Step("goods_link", goods.link, goods.find_links, after="goods"),
    ]
