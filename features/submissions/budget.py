"""The budget of what a submission makes: its price or its order's total, in the account's own currency only."""

import contextlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import UNSET

from features.submissions.model import Body, SubmitForm, SubmitOrder
from shared.amocrm import budgets
from shared.amocrm.errors import NotFoundError
from shared.amocrm.leads import AccountApi
from shared.deliveries.account_money import ROUNDED, AccountMoney
from shared.deliveries.runner import Result
from shared.platform.messages import Message, say
from shared.platform.money import rounded

T = TypeVar("T")
Entity = dict[str, Any]


class Budget:
    def __init__(self, money: AccountMoney, body: Body) -> None:
        self._money = money
        self.amount, self.currency = _of(body)

    def is_own(self, api: AccountApi) -> bool:
        return self._money.is_own(api, self.currency)

    def own_currency(self, api: AccountApi) -> str:
        """Of what names none; empty where amoCRM does not say."""
        return self._money.currency(api) or ""

    def given(self) -> str:
        """As a note says it where it is in no field."""
        return f"{self.amount:f} {self.currency or ''}".strip()

    def why_left_out(self, api: AccountApi) -> Message:
        return say(
            "it is in {currency}, the account's amounts are in {own}",
            currency=self.currency or "",
            own=self.own_currency(api),
        )

    def written(self, api: AccountApi, lead: Entity, create: Callable[[Entity], T]) -> T:
        """Calls `create` with the deal and its price; without one where it is in another currency."""
        if not self.is_own(api):
            return create(dict(lead))
        result, _ = self._money.written(api, self.amount, lambda price: create(lead | {"price": price}))
        return result

    def filled(self, api: AccountApi, lead: Entity, change: Callable[[int | float], None]) -> Result:
        """Into a deal that is there, where it has none: as :meth:`settled`; empty where there is nothing to do."""
        if not self.amount or budgets.of(lead):
            return {}
        if self.is_own(api):
            self._money.written(api, self.amount, change, int(lead["id"]))
        return self.settled(api, int(lead["id"]), change)

    def settled(self, api: AccountApi, lead_id: int, change: Callable[[int | float], None]) -> Result:
        """After the deal was made: what its budget is, and why it is not what was sent. Where the account has cut the
        cents, `change` is called with the rounded number."""
        if not self.is_own(api):
            return {"skipped": self._money.not_own(api, self.currency)}
        there = exact = rounded(self.amount)
        with contextlib.suppress(NotFoundError):  # an incoming lead is not read before it is accepted
            there = self._money.settled(api, lead_id, exact, change)
        told = {} if there == exact else {"told": ROUNDED}
        return {"price": budgets.number(there)} | told


def _of(body: Body) -> tuple[Decimal, str | None]:
    if isinstance(body, SubmitOrder):
        return body.order.total, body.order.currency or None
    if isinstance(body, SubmitForm):
        return Decimal(str(body.price or 0)), None if body.currency is UNSET else body.currency
    return Decimal(), None
