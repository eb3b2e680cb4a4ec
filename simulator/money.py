"""A deal's budget: in whole units of the account's currency, or with cents where the account has them.

It is kept as a whole number, or as a Decimal of two digits; never as a float.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from simulator.state import Account

Amount = int | Decimal


def is_taken(account: Account, given: Any) -> bool:
    """Whether it may be written as `price`. Cents that are none, as in 100.0, are no cents: the vendor's own client
    writes every budget so, for every account."""
    # vendor: leads.no_cents
    if not isinstance(given, int | float) or isinstance(given, bool):
        return False
    return account.cents != "refused" or given == int(given)


def kept(account: Account, given: float) -> Amount:
    """What the account keeps of it, of what was taken."""
    if account.cents != "kept" or given == int(given):
        return int(given)
    amount = Decimal(str(given)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return int(amount) if amount == int(amount) else amount


def members(account: Account, price: Amount) -> dict[str, Any]:
    """As a deal is read."""
    # vendor: leads.cents
    return {"price": int(price)} | ({"price_with_minor_units": number(price)} if account.cents == "kept" else {})


def number(amount: Amount) -> int | float:
    """For JSON, and for whoever calls: a number with the digits that it has."""
    return amount if isinstance(amount, int) else float(amount)


def written(amount: Amount) -> str:
    """As a page of the account shows it before its script has run."""
    return f"{amount:,}".replace(",", " ")
