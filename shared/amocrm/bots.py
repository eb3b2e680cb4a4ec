"""Bots of an account (Salesbot): how one is started. Source: Kommo's documentation, "Run a Salesbot"."""

from msgspec import Struct

from shared.amocrm.leads import AccountApi


class BotsApi(Struct, frozen=True):
    account: AccountApi

    def run(self, bot_id: int, lead_id: int) -> None:
        """Starts the bot in the deal's conversation. NotFoundError or BadRequestError for a bot or deal that is none.

        There is no key by which amoCRM would know a repetition: it starts the bot once more.
        """
        # vendor: bots.run (page) POST /bots/ID/run with `entity_id` and `entity_type` (leads, contacts) starts a bot.
        # The answer is 202 without JSON; a number in the place of `entity_type` is 400. There is no /salesbot/run.
        # source: Kommo's documentation, "Run a Salesbot"; integrations in production in Python and Node.js
        self.account.accept("POST", f"/bots/{bot_id}/run", {"entity_id": lead_id, "entity_type": "leads"})
