"""The currency of a connection's account, for whoever shows sums before they are written."""

from shared.connections.integrations import Integration
from shared.deliveries.account_money import AccountMoney
from shared.platform.problems import ForeseenError
from shared.runtime import Runtime
from shared.storage.remembered import Remembered


def of_account(runtime: Runtime, integration: Integration, *, is_fresh: bool = False) -> str | None:
    """ISO 4217; None where nobody can say now. A delivery asks again, so nothing is written by this. `is_fresh`: what
    is remembered does not count."""
    money = AccountMoney(Remembered(runtime.database, integration.id))
    if is_fresh:
        money.forget_currency()
    known = money.known_currency()
    if known is not None or integration.status != "connected":
        return known
    try:
        return runtime.connections.call(integration, money.currency)
    except ForeseenError:
        return None
