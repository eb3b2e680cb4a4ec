"""With which client a code is exchanged, and which row its tokens may go to.

Nothing here changes a connection: a row is looked for, or made to wait, after the code was exchanged and the account
was asked who it is. What a request says of itself (`state`, `referer`, `client_id`) chooses a client, never a row.
"""

from enum import Enum
from typing import Self
from uuid import UUID, uuid4

from shared.connections import integrations, statements
from shared.connections.integrations import Integration
from shared.platform.messages import Message, english, say
from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import Keyring


class Row(Enum):
    """Which row the tokens may go to, once the account is known."""

    # The one that began the consent. Where that is new, and the account is known by the address that it had before, the
    # account's own of this client and type; where another account has its address by now, a new one.
    OWN = "own"
    OF_CLIENT = "of_client"  # the account's row of this client; a new one where it has none
    OF_WIDGET_TYPE = "of_widget_type"  # the account's row of the widget type: the client, too, becomes this one


class WrongRowError(Exception):
    """The tokens have no place. `code` is a text of the callback's pages."""

    def __init__(self, code: str, detail: Message) -> None:
        super().__init__(f"{code}: {english(detail)}")
        self.code = code
        self.detail = detail


class CodeClient(Guarded, frozen=True):
    """A client that a code may have been given to."""

    HIDDEN = ("client_secret",)

    client_id: str
    client_secret: str
    widget_type: str
    redirect_uri: str  # where its consents came to when it was saved
    row: Row
    integration: Integration | None = None  # whose consent it is, or who lends the client

    @classmethod
    def of(cls, integration: Integration, keyring: Keyring, row: Row) -> Self:
        return cls(
            integration.client_id,
            integration.secret(keyring),
            integration.widget_type,
            integration.redirect_uri,
            row,
            integration,
        )

    def concerns(self, host: str) -> UUID | None:
        """At which row a failure is noted: that of our own consent, or one that still waits at this host."""
        row = self.integration
        if row is None:
            return None
        is_waiting_there = row.status == "pending" and row.account_domain == host
        return row.id if self.row is Row.OWN or is_waiting_there else None


def row_for(
    database: Database, keyring: Keyring, client: CodeClient, host: str, account_id: int, request_id: str | None
) -> UUID:
    """The row of the account that has given its tokens; made where it may be made. Raises :class:`WrongRowError`."""
    for _ in range(2):  # somebody else may make the same row at this instant: then it is found by the second look
        found = _known(database, client, host, account_id)
        if found is not None:
            return found
        new_id = uuid4()
        created = integrations.create(
            database,
            keyring,
            new_id,
            widget_type=client.widget_type,
            account_domain=host,
            client_id=client.client_id,
            client_secret=client.client_secret,
            redirect_uri=client.redirect_uri,
            request_id=request_id,
        )
        if created:
            return new_id
    raise other_integration(client, host)


def _known(database: Database, client: CodeClient, host: str, account_id: int) -> UUID | None:
    own = client.integration
    if own is not None and own.account_id == account_id:
        return own.id
    known = integrations.by_client(database, client.client_id, account_id)
    if known is not None:
        if _fits(client, known):
            return known.id
        detail = say(
            "This client id serves {widget_type} in this account already; make another integration.",
            widget_type=known.widget_type,
        )
        raise WrongRowError("client_in_use", detail)
    if own is not None and own.account_id is None and own.account_domain == host:
        return own.id
    if client.row is Row.OWN and own is not None and own.account_domain != host:
        raise other_account(own, host)
    there = integrations.by_domain(database, host, client.widget_type)
    if there is None:
        return None
    if client.row is Row.OF_WIDGET_TYPE and there.account_id in (None, account_id):
        return there.id
    if there.client_id == client.client_id and there.account_id is None:
        return there.id  # another first installation of this account has made it a moment ago
    if there.account_id not in (None, account_id):
        place = {"domain": host, "widget_type": client.widget_type, "account_id": account_id}
        database.execute(statements.GIVE_WAY, place)
        return None
    raise other_integration(client, host)


def _fits(client: CodeClient, known: Integration) -> bool:
    own = client.integration
    if client.row is Row.OWN and own is not None and own.account_id is not None:
        return False
    return client.row is Row.OF_CLIENT or known.widget_type == client.widget_type


def other_account(integration: Integration, host: str) -> WrongRowError:
    detail = say(
        "Access was allowed for {host}, but this connection is for {account_domain}.",
        host=host,
        account_domain=integration.account_domain,
    )
    return WrongRowError("other_account", detail)


def other_integration(client: CodeClient, host: str) -> WrongRowError:
    detail = say("{host} has another integration for {widget_type} already.", host=host, widget_type=client.widget_type)
    return WrongRowError("other_integration", detail)
