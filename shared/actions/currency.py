"""The currency of a connection's account, for whoever shows sums before they are written."""

from shared.connections.integrations import Integration
from shared.deliveries.account_money import AccountMoney
from shared.platform.problems import ForeseenError
from shared.runtime import Runtime
from shared.storage.cache import SharedCache


def of_account(runtime: Runtime, integration: Integration, *, is_fresh: bool = False) -> str | None:
    """ISO 4217; None where nobody has ever said it. A delivery asks again, so nothing is written by this. `is_fresh`:
    what is remembered does not count.

    Where amoCRM cannot be asked now it is the one that it has said last: in an outage a page that is open stays what it
    is, and what it sends is accepted.
    """
    money = AccountMoney(SharedCache(runtime.database, integration.id))
    known = None if is_fresh else money.known_currency()
    if known is not None:
        return known
    if integration.status == "connected":
        try:
            return runtime.connections.call(integration, money.currency_now)
        except ForeseenError:
            pass
    return money.last_known_currency()
