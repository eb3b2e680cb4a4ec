"""The deal's own fields that a calculation sets, its budget among them: the step `deal`.

A field is left to a newer calculation of the same deal that sets it. Calculations may be under way at once, and nobody
knows whose call comes last. So whoever finds that an older value, its own, has come over a newer one's puts the newer
one back: after its write, and when a retry looks. What is in another currency than the account's is no budget.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from features.calculations.model import SaveCalculation
from shared.amocrm import budgets
from shared.amocrm.leads import AccountApi
from shared.deliveries import note_marks, restores
from shared.deliveries.account_money import ROUNDED, AccountMoney
from shared.deliveries.rows import Delivery, newer, reference
from shared.deliveries.runner import Result, Step
from shared.platform.money import budget
from shared.storage.cache import SharedCache
from shared.storage.database import Database

Fields = dict[str, Any]
_PRICE = "price"

# Of the writes with these marks those that may have set fields: whose row was lost, or is of one that was repeated
# before ours. Of a newer row is known what it sets, see `_later`.
_FOLLOWED: Final = """
SELECT count(*) FROM unnest(%(marks)s::text[]) AS mark WHERE NOT EXISTS (
    SELECT FROM amocrm_deliveries WHERE id BETWEEN (mark || '000000')::uuid AND (mark || 'ffffff')::uuid
      AND (NOT steps ? 'deal' OR created_at > %(created_at)s))
"""


def of(body: SaveCalculation) -> Fields:
    """As they are to become; the budget with its cents, whether the account has them or not."""
    wanted: Fields = {}
    if body.options.update_price:
        wanted[_PRICE] = budgets.number(body.calculation.rounded_total)
    if body.options.responsible_user_id is not None:
        wanted["responsible_user_id"] = body.options.responsible_user_id
    return wanted


def step(database: Database, delivery: Delivery, lead_id: int, body: SaveCalculation) -> Step:
    setting = _Setting(database, delivery, lead_id, body)
    return Step("deal", setting.write, setting.find)


class _Setting:
    def __init__(self, database: Database, delivery: Delivery, lead_id: int, body: SaveCalculation) -> None:
        self._database, self._delivery, self._lead_id, self._body = database, delivery, lead_id, body
        self._money = AccountMoney(SharedCache(database, delivery.integration_id))

    def write(self, api: AccountApi) -> Result:
        wanted = self._wanted(api)
        newest = self._later(api, wanted)
        ours = {name: value for name, value in wanted.items() if name not in newest}
        again = self._overwritten(api, wanted, newest) if self._delivery.was_started("deal") else {}
        written = self._put(api, ours | again)
        meanwhile = {name: value for name, value in self._later(api, wanted).items() if name in ours}
        self._put(api, meanwhile)
        return self._told(api, {name: written[name] for name in ours})

    def find(self, api: AccountApi) -> Result | None:
        if self._delivery.looks_since is not None and self._was_followed(api):
            return {"superseded": True}
        wanted = self._wanted(api)
        newest, lead = self._later(api, wanted), api.lead(self._lead_id)
        ours = {name: value for name, value in wanted.items() if name not in newest}
        if not all(_is_in(lead, name, value) for name, value in ours.items()):
            return None
        if self._overwritten(api, wanted, newest):
            return None
        return self._told(api, {name: _now(lead, name) for name in ours})

    def _was_followed(self, api: AccountApi) -> bool:
        """After a restore nobody remembers newer calculations; their notes are there. So where this one's is, and a
        newer one of ours, the fields have what has come since; but for what sets no field, as its row says."""
        marks: list[str] = []
        for text in note_marks.of_whole_texts(api.texts_of_notes(self._lead_id, self._delivery.made_since)):
            if reference(self._delivery.id) in text:
                asked = {"marks": [mark for mark in marks if mark], "created_at": self._delivery.created_at}
                return self._database.number(_FOLLOWED, asked) > 0
            marks.append(restores.mark_in(text))
        return False

    def _wanted(self, api: AccountApi) -> Fields:
        wanted = of(self._body)
        if _PRICE in wanted and not self._money.is_own(api, self._body.calculation.currency or None):
            del wanted[_PRICE]
        return wanted

    def _later(self, api: AccountApi, wanted: Fields) -> Fields:
        """Of these, what newer calculations set."""
        found: Fields = {}
        for summary in newer(self._database, self._delivery, "deal"):
            fields = {name: value for name, value in summary.get("deal", {}).items() if name in wanted}
            if _PRICE in fields and not self._money.is_own(api, summary.get("currency")):
                del fields[_PRICE]
            found |= fields
        return found

    def _overwritten(self, api: AccountApi, wanted: Fields, newest: Fields) -> Fields:
        """What an attempt of ours has written over a newer calculation's, as that one has it."""
        lead = api.lead(self._lead_id) if newest else {}
        return {
            name: value
            for name, value in newest.items()
            if _may_be(lead, name, wanted[name]) and not _is_in(lead, name, value)
        }

    def _put(self, api: AccountApi, change: Fields) -> Fields:
        """Writes these; returns them as they are in the deal then."""
        if not change:
            return {}
        if _PRICE not in change:
            api.change_lead(self._lead_id, change)
            return change

        def put(price: float) -> None:
            api.change_lead(self._lead_id, change | {_PRICE: price})

        _, written = self._money.written(api, Decimal(str(change[_PRICE])), put, self._lead_id)
        there = self._money.settled(
            api, self._lead_id, written, lambda price: api.change_lead(self._lead_id, {_PRICE: price})
        )
        return change | {_PRICE: budgets.number(there)}

    def _told(self, api: AccountApi, ours: Fields) -> Result:
        asked, currency = of(self._body), self._body.calculation.currency or None
        if _PRICE in asked and not self._money.is_own(api, currency):
            return ours | {"told" if ours else "skipped": self._money.not_own(api, currency)}
        if _PRICE in ours and ours[_PRICE] != asked[_PRICE]:
            return ours | {"told": ROUNDED}
        return ours or {"superseded": True}


def _is_in(lead: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether the deal has this value; the rounded budget where the account has no cents."""
    if name != _PRICE:
        return bool(lead.get(name) == value)
    amount = Decimal(str(value))
    return budgets.of(lead) == (amount if budgets.shows_cents(lead) else budget(amount))


def _may_be(lead: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether what the deal has may be this value, as one of our attempts has written it."""
    if name != _PRICE:
        return bool(lead.get(name) == value)
    amount = Decimal(str(value))
    return budgets.of(lead) in (amount, Decimal(budget(amount)))


def _now(lead: Mapping[str, Any], name: str) -> Any:
    return budgets.read(lead) if name == _PRICE else lead.get(name)
