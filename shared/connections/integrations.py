"""Integrations: one row is one connection, a widget type in an amoCRM account.

Reading a row costs one round trip and brings everything a call needs: the tokens, what the clock says about them, and
whether amoCRM's limit holds us back.
"""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from shared.connections import rate_limit
from shared.platform.config import Settings
from shared.platform.messages import Message
from shared.platform.secret import Guarded
from shared.storage.database import Database, RowId, moving_error
from shared.storage.encryption import Keyring


class Integration(Guarded, frozen=True):
    """A row of the view `amocrm_connections`. Bytes are encrypted, see :mod:`shared.storage.encryption`."""

    HIDDEN: ClassVar[tuple[str, ...]] = ("client_secret", "access_token", "refresh_token")

    id: UUID
    widget_type: str
    account_domain: str
    account_id: int | None
    client_id: str
    client_secret: bytes
    redirect_uri: str
    status: str  # pending, connected, reauth_required, disconnected
    access_token: bytes | None
    refresh_token: bytes | None
    access_expires_at: datetime | None
    refresh_expires_at: datetime | None
    token_version: int
    api_domain: str | None
    lease_id: UUID | None
    refresh_failures: int
    problem_code: str | None
    problem_detail: Message | None
    problem_at: datetime | None
    settings: dict[str, Any]
    created_at: datetime
    connected_at: datetime | None
    access_is_fresh: bool  # for at least another minute
    access_is_alive: bool
    refresh_wait_seconds: float | None  # until a failed refresh may be tried again
    move: str | None = None  # on its way to another database, or gone there: as `amocrm_moves` says
    installation: UUID | None = None  # whose objects of the token journal are ours; read with a claim only
    slots: tuple[float, ...] | list[float] = ()  # reserved with the read, as `amocrm_spans` returns them
    asked_at: float = 0.0  # when they were asked for, by the monotonic clock of who asked

    def secret(self, keyring: Keyring) -> str:
        return keyring.decrypt(self.client_secret, self.id, "client_secret")

    @property
    def has_left(self) -> bool:
        """It lives in another cell. A database that was restored from a backup of before has no row of that move: there
        the connection was ended (`restore-tokens`, `mark-restored --left`), until somebody authorises it here."""
        return self.move == "left" or (self.status == "disconnected" and self.problem_code == MOVED)


MOVED: Final = "account_moved"  # the `problem_code` of what lives in another cell

_BY_ID = "SELECT * FROM amocrm_connections WHERE id = %(id)s"

_BY_CLIENT = """
SELECT *, amocrm_spans(id, %(calls)s, %(longest_wait)s, %(way)s) AS slots, %(asked_at)s::float8 AS asked_at
FROM amocrm_connections WHERE client_id = %(client_id)s AND account_id = %(account_id)s
"""

_BY_DOMAIN = """
SELECT *, amocrm_spans(id, %(calls)s, %(longest_wait)s, %(way)s) AS slots, %(asked_at)s::float8 AS asked_at
FROM amocrm_connections WHERE account_domain = %(account_domain)s AND widget_type = %(widget_type)s
"""

# The secret of a client may have been replaced, and entered at some of its rows only: first those whose secret amoCRM
# does not refuse, and of them those that were changed last.
_OF_CLIENT = """
SELECT * FROM amocrm_connections WHERE client_id = %(client_id)s
ORDER BY account_domain = %(account_domain)s DESC, problem_code IS NOT DISTINCT FROM 'client_refused', updated_at DESC
LIMIT 5
"""

_AT_HOST = """
SELECT * FROM amocrm_connections WHERE account_domain = %(account_domain)s
ORDER BY (status = 'connected'), created_at
"""

# The first and the last client in the order of an index: equal where there is one client only.
_ONLY_CLIENT = """
SELECT * FROM amocrm_connections
WHERE client_id = (SELECT min(client_id) FROM amocrm_integrations)
  AND client_id = (SELECT max(client_id) FROM amocrm_integrations)
ORDER BY problem_code IS NOT DISTINCT FROM 'client_refused', updated_at DESC LIMIT 5
"""

# Whom it is about is found in indexes alone; then only the page's rows are read.
_PAGE = """
SELECT * FROM amocrm_connections
WHERE (account_domain, widget_type) IN (
    SELECT account_domain, widget_type FROM amocrm_integrations
    WHERE (%(after)s::text IS NULL OR (account_domain, widget_type) > (%(after)s, %(after_widget)s))
      AND (%(search)s::text IS NULL OR strpos(account_domain, %(search)s) > 0)
      AND (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(widget_type)s::text IS NULL OR widget_type = %(widget_type)s)
      AND (NOT %(in_trouble)s OR problem_code IS NOT NULL)
      AND (%(todo)s::text IS NULL OR id IN (
        -- as functions/crm_api/overview.py counts them
        SELECT id FROM amocrm_integrations WHERE %(todo)s = 'ending_soon' AND status = 'connected'
            AND refresh_token IS NULL AND access_expires_at < amocrm_now() + interval '14 days'
        UNION ALL SELECT id FROM amocrm_integrations WHERE %(todo)s = 'overdue_refreshes' AND status = 'connected'
            AND refresh_due_at < amocrm_now() - interval '1 hour'
        UNION ALL SELECT integration_id FROM amocrm_endpoints WHERE %(todo)s = 'endpoints_off'
            AND removed_at IS NULL AND off_reason IN ('gone', 'failing')
        UNION ALL SELECT integration_id FROM amocrm_site_keys WHERE %(todo)s = 'keys_without_person'
            AND without_person AND revoked_at IS NULL
        UNION ALL SELECT integration_id FROM amocrm_incoming WHERE %(todo)s = 'unread_bodies'
            AND outcome = 'taken' AND created_at < amocrm_now() - interval '15 minutes'))
    ORDER BY account_domain, widget_type LIMIT %(limit)s)
ORDER BY account_domain, widget_type
"""

# A new client id is another integration: its tokens are not ours to use any more, so they go, with what was wrong. A
# new secret of the same client keeps them (row E2); what was refused was the old one. An empty secret keeps the one
# that is stored.
#
# Where tokens go, the next version but one begins: the next one is that of a refresh which may be under way, and may
# have written its pair into the token journal by now.
_SAVE = """
WITH saved AS (
    INSERT INTO amocrm_integrations (id, widget_type, account_domain, client_id, client_secret, redirect_uri)
    VALUES (%(id)s, %(widget_type)s, %(account_domain)s, %(client_id)s, %(client_secret)s, %(redirect_uri)s)
    ON CONFLICT (account_domain, widget_type) DO NOTHING
    RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message, request_id)
    SELECT id, 'connection.saved',
           amocrm_message('Client id and secret were saved; the account is not authorised yet.'), %(request_id)s
    FROM saved
)
SELECT id FROM saved UNION SELECT id FROM amocrm_integrations WHERE id = %(id)s
"""

_CHANGE = """
WITH seen AS (
    SELECT client_id = %(client_id)s
        AND (%(client_secret)s::bytea IS NULL OR problem_code IS DISTINCT FROM 'client_refused') AS stays
    FROM amocrm_integrations WHERE id = %(id)s
), changed AS (
    UPDATE amocrm_integrations SET
        client_id = %(client_id)s,
        client_secret = coalesce(%(client_secret)s, client_secret),
        redirect_uri = CASE WHEN client_id = %(client_id)s THEN redirect_uri ELSE %(redirect_uri)s END,
        status = CASE WHEN client_id = %(client_id)s THEN status ELSE 'pending' END,
        account_id = CASE WHEN client_id = %(client_id)s THEN account_id END,
        access_token = CASE WHEN client_id = %(client_id)s THEN access_token END,
        refresh_token = CASE WHEN client_id = %(client_id)s THEN refresh_token END,
        access_expires_at = CASE WHEN client_id = %(client_id)s THEN access_expires_at END,
        refresh_expires_at = CASE WHEN client_id = %(client_id)s THEN refresh_expires_at END,
        refresh_due_at = CASE WHEN client_id = %(client_id)s THEN refresh_due_at END,
        lease_id = CASE WHEN client_id = %(client_id)s THEN lease_id END,
        lease_until = CASE WHEN client_id = %(client_id)s THEN lease_until END,
        token_version = token_version + CASE WHEN client_id = %(client_id)s THEN 0 ELSE 2 END,
        problem_code = CASE WHEN stays THEN problem_code END,
        problem_detail = CASE WHEN stays THEN problem_detail END,
        problem_at = CASE WHEN stays THEN problem_at END,
        refresh_not_before = NULL,
        updated_at = amocrm_now()
    FROM seen WHERE id = %(id)s
    RETURNING id, status
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message, request_id)
    SELECT id, 'connection.changed',
           CASE status WHEN 'pending'
                THEN amocrm_message('Client id and secret were saved; the account is not authorised yet.')
                ELSE amocrm_message('The client secret was changed; the connection stays.') END, %(request_id)s
    FROM changed
)
SELECT id FROM changed
"""

_DISCONNECT = """
WITH ended AS (
    UPDATE amocrm_integrations SET
        status = 'disconnected', access_token = NULL, refresh_token = NULL, access_expires_at = NULL,
        refresh_expires_at = NULL, refresh_due_at = NULL, lease_id = NULL, lease_until = NULL,
        token_version = token_version + 2,
        problem_code = %(code)s, problem_detail = %(detail)s, problem_at = amocrm_now(), updated_at = amocrm_now()
    WHERE id = %(id)s AND status <> 'disconnected' AND token_version = %(version)s
    RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, level, message, request_id)
    SELECT id, 'connection.disconnected', 'warning', %(detail)s, %(request_id)s FROM ended
)
SELECT id FROM ended
"""


_LOOK_SOON = """
UPDATE amocrm_integrations SET refresh_due_at = least(refresh_due_at, amocrm_now())
WHERE id = %(id)s AND token_version = %(version)s AND status = 'connected' AND refresh_token IS NOT NULL
"""


# A connection of this account, or this one, that is on its way to another database, or gone there.
_MOVING = """
SELECT move FROM amocrm_connections
WHERE move IS NOT NULL AND (account_domain = %(account_domain)s OR id = %(id)s) LIMIT 1
"""


class _Moving(Struct, frozen=True):
    move: str


def require_staying(database: Database, account_domain: str, integration_id: UUID | None) -> None:
    """Raises :class:`AccountMovingError` where what amoCRM gives for the account could not be kept here."""
    found = database.one(_Moving, _MOVING, {"account_domain": account_domain, "id": integration_id})
    if found is not None:
        raise moving_error(found.move)


def by_id(database: Database, integration_id: UUID) -> Integration | None:
    return database.one(Integration, _BY_ID, {"id": integration_id})


def by_client(
    database: Database, client_id: str, account_id: int, calls: int = 0, asked_at: float = 0.0
) -> Integration | None:
    """The connection that a one-time token or the switched-off hook names; reserves `calls` calls with it.

    `asked_at`: now, by the caller's monotonic clock.
    """
    parameters = {"client_id": client_id, "account_id": account_id}
    return database.one(Integration, _BY_CLIENT, parameters | reserving(calls, asked_at))


def by_domain(
    database: Database, account_domain: str, widget_type: str, calls: int = 0, asked_at: float = 0.0
) -> Integration | None:
    """The connection of a widget type in an account; reserves `calls` calls with it, as :func:`by_client` does."""
    parameters = {"account_domain": account_domain, "widget_type": widget_type}
    return database.one(Integration, _BY_DOMAIN, parameters | reserving(calls, asked_at))


def reserving(calls: int, asked_at: float) -> dict[str, object]:
    """The parameters of a statement that reserves calls with what it reads: both belong to slots that still count."""
    return {"calls": calls, "asked_at": asked_at, "longest_wait": rate_limit.LONGEST_WAIT, "way": rate_limit.way}


def of_client(database: Database, client_id: str, account_domain: str) -> list[Integration]:
    """Rows that know this client's secret, the account's own first where there is one; five at most."""
    return database.all(Integration, _OF_CLIENT, {"client_id": client_id, "account_domain": account_domain})


def at_host(database: Database, account_domain: str) -> list[Integration]:
    """The rows of an account, those that wait for a consent first; one for each widget type."""
    return database.all(Integration, _AT_HOST, {"account_domain": account_domain})


def of_only_client(database: Database) -> list[Integration]:
    """Rows of the one client that there is, five at most; none where there are several."""
    return database.all(Integration, _ONLY_CLIENT)


def account_page(settings: Settings, account_domain: str) -> str:
    """Where people see the account: its own address, or the simulator's place for it."""
    return f"{settings.amocrm_gateway}/at/{account_domain}" if settings.amocrm_gateway else f"https://{account_domain}"


# What the overview says is to be done, and in which connections it is.
TODO: Final = ("ending_soon", "overdue_refreshes", "endpoints_off", "keys_without_person", "unread_bodies")


class IntegrationFilter(Struct, frozen=True):
    """Which connections; what is None, or False, is not asked for. `search` is a part of the account's address, `todo`
    one of :data:`TODO`."""

    search: str | None = None
    status: str | None = None
    widget_type: str | None = None
    in_trouble: bool = False
    todo: str | None = None


def page(
    database: Database, after: tuple[str, str] | None, limit: int, wanted: IntegrationFilter | None = None
) -> list[Integration]:
    """Connections by domain and widget type; `after` is the last pair of the page already read."""
    domain, widget = after or (None, None)
    place = {"after": domain, "after_widget": widget, "limit": limit}
    return database.all(Integration, _PAGE, place | asdict(wanted or IntegrationFilter()))


def create(
    database: Database,
    keyring: Keyring,
    new_id: UUID,
    *,
    widget_type: str,
    account_domain: str,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    request_id: str | None,
) -> bool:
    """Stores a connection that waits for its consent. False when this widget type and account have one already."""
    row = {
        "id": new_id,
        "widget_type": widget_type,
        "account_domain": account_domain,
        "client_id": client_id,
        "client_secret": keyring.encrypt(client_secret, new_id, "client_secret"),
        "redirect_uri": redirect_uri,
        "request_id": request_id,
    }
    return database.one(RowId, _SAVE, row) is not None


def change_client(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    *,
    client_id: str,
    client_secret: str | None,
    redirect_uri: str,
    request_id: str | None,
) -> None:
    """Another client id ends the present connection; another secret alone keeps it; no secret keeps the stored one."""
    secret = keyring.encrypt(client_secret, integration_id, "client_secret") if client_secret else None
    database.one(
        RowId,
        _CHANGE,
        {
            "id": integration_id,
            "client_id": client_id,
            "client_secret": secret,
            "redirect_uri": redirect_uri,
            "request_id": request_id,
        },
    )


def disconnect(
    database: Database, integration: Integration, code: str, detail: Message, request_id: str | None
) -> bool:
    """Forgets the tokens. False when the row has changed since it was read (a new consent wins over an old hook)."""
    row = {"id": integration.id, "version": integration.token_version, "request_id": request_id}
    return database.one(RowId, _DISCONNECT, row | {"code": code, "detail": detail}) is not None


def look_soon(database: Database, integration: Integration) -> None:
    """Makes the scheduler refresh the token in its next run: amoCRM's answer tells for certain whether it is good."""
    database.execute(_LOOK_SOON, {"id": integration.id, "version": integration.token_version})
