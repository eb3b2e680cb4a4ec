"""The consent page, and what follows "allow" and "deny". Source: amoCRM's "OAuth 2.0, step by step"."""

from urllib.parse import urlencode

from simulator.state import Account, Client, Entity
from simulator.tokens import Tokens

PLATFORMS = {"amocrm.ru": "1", "amocrm.com": "2", "kommo.com": "2"}


def allowed(tokens: Tokens, client: Client, account: Account, state: str | None, user: Entity) -> str:
    """Where the browser goes after "allow": always the registered redirect URI."""
    query = {
        "code": tokens.make_code(client, account, user["id"]),
        "referer": account.domain,
        "platform": PLATFORMS[account.top_level_domain],
        "client_id": client.id,
    }
    query |= {"state": state} if state else {"from_widget": "1"}
    return f"{client.redirect_uri}?{urlencode(query)}"


def denied(client: Client, state: str | None) -> str:
    query = {
        "error": "access_denied",
        "error_description": "The resource owner denied the request",
        "client_id": client.id,
    }
    if state:
        query["state"] = state
    return f"{client.redirect_uri}?{urlencode(query)}"


def administrator(account: Account) -> Entity:
    """Who gives consent in the simulator: the account's first administrator."""
    return next(user for user in account.users.values() if user["rights"]["is_admin"])
