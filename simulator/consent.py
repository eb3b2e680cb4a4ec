"""The consent page, and what follows "allow" and "deny". Source: amoCRM's "OAuth 2.0, step by step", and its button.

Mode `post_message`: the consent's own window goes to the redirect URI. Mode `popup`: the page that opened it is told.
"""

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
    query = refusal(client) | ({"state": state} if state else {})
    return f"{client.redirect_uri}?{urlencode(query)}"


def refusal(client: Client | None) -> dict[str, str]:
    """What is told of a denial, as a query or as a message to the page that opened the window."""
    told = {"error": "access_denied", "error_description": "The resource owner denied the request"}
    return told | ({"client_id": client.id} if client else {})


def administrator(account: Account) -> Entity:
    """Who gives consent in the simulator: the account's first administrator."""
    return next(user for user in account.users.values() if user["rights"]["is_admin"])
