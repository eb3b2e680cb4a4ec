"""The facts of docs/vendor.md about a deal's budget: its currency, and its cents."""

import re
from decimal import Decimal

from cli.probe.fact import fact
from cli.probe.lab import Lab
from shared.amocrm import budgets
from shared.amocrm.errors import ValidationError


@fact("account.currency", "Does the account name its currency by its code?", "three letters")
def currency(lab: Lab) -> str:
    said = lab.api.account().get("currency")
    return "three letters" if isinstance(said, str) and re.fullmatch("[A-Z]{3}", said) else "something else"


@fact("leads.cents", "Is a budget with cents kept where deals are read with them?", "kept", "no cents here")
def cents(lab: Lab) -> str:
    if not _shows(lab):
        return "no cents here"
    return "kept" if _written(lab, "1.25") == Decimal("1.25") else "not kept"


@fact("leads.no_cents", "What becomes of cents where deals are read without them?", "refused: InvalidType, price",
      "cut", "cents here")  # fmt: skip
def no_cents(lab: Lab) -> str:
    if _shows(lab):
        return "cents here"
    try:
        there = _written(lab, "1.75")
    except ValidationError as error:
        return f"refused: {error.errors[0].code}, {'price' if budgets.is_refused(error) else 'another path'}"
    return {Decimal(1): "cut", Decimal(2): "rounded"}.get(there or Decimal(), "something else")


def _shows(lab: Lab) -> bool:
    return budgets.shows_cents(lab.api.lead(lab.lead_id))


def _written(lab: Lab, amount: str) -> Decimal | None:
    lab.api.change_lead(lab.lead_id, {"price": float(amount)})
    return budgets.of(lab.api.lead(lab.lead_id))
