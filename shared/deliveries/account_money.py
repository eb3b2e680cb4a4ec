"""What may be written as an amount of an account (row L7): its own currency only, with cents where it has them.

Nothing is converted. Notes and documents say every amount as it was reckoned; a budget and the price of a new good are
in the account's currency, so another currency's are left out, and that is told.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeVar

from shared.amocrm import budgets
from shared.amocrm.errors import ValidationError
from shared.amocrm.leads import AccountApi, LeadFilters
from shared.platform.messages import Message, say
from shared.platform.money import budget, rounded
from shared.storage.cache import SharedCache

T = TypeVar("T")

ROUNDED: Final = say("The account has no cents: the budget is rounded.")

_CURRENCY: Final = "currency"
_CENTS: Final = "cents"
_CURRENCY_SECONDS: Final = 600  # an account may be given another one


class AccountMoney:
    """Of one account, for the time of one delivery. What it does not know yet it asks amoCRM for, before a write."""

    def __init__(self, remembered: SharedCache) -> None:
        self._remembered = remembered
        self._is_asked = False

    # --- currency ---------------------------------------------------------------------------------------------

    def currency(self, api: AccountApi) -> str | None:
        """ISO 4217; None where amoCRM does not say."""
        return self._remembered.get(_CURRENCY, str, lambda: self._asked(api), _CURRENCY_SECONDS)

    def currency_now(self, api: AccountApi) -> str | None:
        """The same, whatever was known; that stays where nobody can be asked."""
        said = self._asked(api)
        if said is None:
            self._remembered.forget(_CURRENCY)
        else:
            self._remembered.put(_CURRENCY, said)
        return said

    def known_currency(self) -> str | None:
        """The same, as far as it is known without asking."""
        return self._remembered.get(_CURRENCY, str, lambda: None, _CURRENCY_SECONDS)

    def last_known_currency(self) -> str | None:
        """As amoCRM has said it last, however long ago: for who cannot ask now."""
        return self._remembered.last(_CURRENCY, str)

    def is_own(self, api: AccountApi, currency: str | None) -> bool:
        """Whether an amount in this currency may be written. None is the account's own: nobody has said another.

        Before it says no it asks: the account may have another one since it was asked last.
        """
        if currency is None or self.currency(api) in (None, currency):
            return True
        return not self._is_asked and self.currency_now(api) in (None, currency)

    def _asked(self, api: AccountApi) -> str | None:
        self._is_asked = True
        # vendor: account.currency (page) A budget and the prices of goods are in the account's currency, which
        # `GET account` names; the API converts nothing.
        # source: amoCRM's documentation, "Account"
        said = api.account().get("currency")
        return said if isinstance(said, str) and said else None

    def not_own(self, api: AccountApi, currency: str | None) -> Message:
        """Why a budget was not written."""
        return say(
            "The amounts are in {currency}, those of the account in {own}: the budget was not written.",
            currency=currency or "",
            own=self.currency(api) or "",
        )

    def goods_not_own(self, api: AccountApi, currency: str | None) -> Message:
        """Why new goods have no price."""
        return say(
            "The prices are in {currency}, those of the account in {own}: new goods were made without a price.",
            currency=currency or "",
            own=self.currency(api) or "",
        )

    # --- cents ------------------------------------------------------------------------------------------------

    def written(
        self, api: AccountApi, amount: Decimal, put: Callable[[int | float], T], lead_id: int | None = None
    ) -> tuple[T, Decimal]:
        """Calls `put` with the number for `price`, once more where amoCRM refuses its cents: the whole number, rounded
        half up. Returns what that has returned, and what was written. `lead_id`: a deal that is there."""
        exact, whole = rounded(amount), Decimal(budget(amount))
        if exact != whole and self.has_cents(api, lead_id):
            try:
                return put(budgets.number(exact)), exact
            except ValidationError as error:
                if not budgets.is_refused(error):
                    raise
            result = put(budgets.number(whole))
            self._remembered.put(_CENTS, False)
            return result, whole
        return put(budgets.number(whole)), whole

    def settled(self, api: AccountApi, lead_id: int, written: Decimal, put: Callable[[int | float], None]) -> Decimal:
        """What the budget of the deal is, now that this was to be written: the same, or the whole number, rounded half
        up, where the account has no cents. It is read where there are some; where they were cut, `put` is called."""
        whole = Decimal(budget(written))
        if written == whole or not self.has_cents(api, lead_id):
            return whole
        lead = api.lead(lead_id)
        there = budgets.of(lead)
        if there == written or budgets.shows_cents(lead):  # where it has cents and another budget, somebody has changed
            return written  # it since: a whole number there is theirs, and does not say that the account cuts cents
        self._remembered.put(_CENTS, False)
        if there == Decimal(int(written)) != whole:
            put(budgets.number(whole))
        return whole

    def has_cents(self, api: AccountApi, lead_id: int | None = None) -> bool:
        """As a deal of it shows, this one or any; an account without any is tried."""

        def ask() -> bool | None:
            found = api.leads(1, 1, None, LeadFilters())[0] if lead_id is None else [api.lead(lead_id)]
            return budgets.shows_cents(found[0]) if found else None

        return self._remembered.get(_CENTS, bool, ask) is not False
