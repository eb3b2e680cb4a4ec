"""A deal's budget, as amoCRM says it and takes it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.amocrm.errors import ValidationError

# vendor: leads.cents (code) A deal of an account with cents is read with `price`, the whole part, and
# `price_with_minor_units`, the amount with its cents; written is `price` alone, as a number with cents. So far Kommo's
# accounts have them.
# source: amocrm-api-php pull request 620 (April 2026): its models, tests, and the comment on who has them
_EXACT = "price_with_minor_units"


def of(lead: Mapping[str, Any]) -> Decimal | None:
    """The budget with its cents; None where the deal has none, or something that is no amount.

    What is said to be exact counts where it fits the whole part: programs were seen that take it for hundredths.
    """
    whole, exact = _amount(lead.get("price")), _amount(lead.get(_EXACT))
    if exact is None or (whole is not None and abs(exact - whole) >= 1):
        return whole
    return exact


def shows_cents(lead: Mapping[str, Any]) -> bool:
    """Whether the account of this deal has cents: only those deals are read with the member."""
    return _EXACT in lead


def number(amount: Decimal) -> int | float:
    """An amount as JSON has it: with cents where there are some. Up to 10^12 nothing of it is lost."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def read(lead: Mapping[str, Any]) -> int | float | None:
    """The budget with its cents, for JSON."""
    amount = of(lead)
    return None if amount is None else number(amount)


def is_refused(error: ValidationError) -> bool:
    """Whether it was the budget that amoCRM has refused."""
    # vendor: leads.no_cents (guess) An account without cents refuses a budget with cents (400, `InvalidType`, a path
    # that ends with `price`), or cuts them. Both are met: the first by writing the rounded number at once, the second
    # by reading back.
    # source: none found; the vendor's client sends such numbers to every account
    return any(item.path.rpartition(".")[2] == "price" for item in error.errors)


def _amount(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
