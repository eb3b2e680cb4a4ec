"""Rows of a database that knows less than the journal are brought up to it: after a restore from a backup, or where a
process died between the two (docs/rotation.md).

Every statement is guarded by what was read of the row, so that it may be repeated, and run while functions work:
whoever has changed the row meanwhile is right.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

from msgspec import Struct

from shared.amocrm.oauth import access_token_hints
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.connections.token_journal import Entry, Place, Position, TokenJournal
from shared.platform.messages import say
from shared.storage.database import Database, RowId
from shared.storage.encryption import Keyring

_PAGE: Final = 500

_ROWS = """
SELECT * FROM amocrm_connections WHERE id > %(after)s ORDER BY id LIMIT %(page)s
"""

# The row is the one that was read; no refresh of it is under way unless nobody can wait for one (`may_interrupt`).
_RESTORE = """
WITH restored AS (
    UPDATE amocrm_integrations i SET
        status = 'connected', account_id = %(account_id)s, client_id = %(client_id)s,
        client_secret = %(client_secret)s, redirect_uri = %(redirect_uri)s,
        account_domain = CASE
            WHEN EXISTS (SELECT FROM amocrm_integrations o WHERE o.account_domain = %(account_domain)s
                         AND o.widget_type = i.widget_type AND o.id <> i.id) THEN i.account_domain
            ELSE %(account_domain)s END,
        api_domain = coalesce(%(api_domain)s, i.api_domain),
        access_token = %(access_token)s, refresh_token = %(refresh_token)s,
        access_expires_at = %(access_expires_at)s, refresh_expires_at = %(refresh_expires_at)s,
        refresh_due_at = %(due_at)s, token_version = %(version)s, journaled_version = %(version)s,
        connected_at = %(connected_at)s, lease_id = NULL, lease_until = NULL,
        refresh_failures = 0, refresh_not_before = NULL,
        problem_code = NULL, problem_detail = NULL, problem_at = NULL, updated_at = amocrm_now()
    WHERE id = %(id)s AND token_version = %(seen_version)s AND status = %(seen_status)s
      AND connected_at IS NOT DISTINCT FROM %(seen_connected_at)s
      AND (%(may_interrupt)s OR lease_until IS NULL OR lease_until < amocrm_now())
      AND NOT EXISTS (SELECT FROM amocrm_integrations o WHERE o.id <> i.id
                      AND o.client_id = %(client_id)s AND o.account_id = %(account_id)s)
    RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message)
    SELECT id, 'token.restored', amocrm_message('The tokens were restored from the journal of tokens.') FROM restored
)
SELECT id FROM restored
"""

# Connected since the backup: its own settings were in the database only.
_MAKE = """
WITH made AS (
    INSERT INTO amocrm_integrations (id, widget_type, account_domain, account_id, client_id, client_secret,
        redirect_uri, status, api_domain, access_token, refresh_token, access_expires_at, refresh_expires_at,
        refresh_due_at, token_version, journaled_version, connected_at)
    SELECT %(id)s, %(widget_type)s, %(account_domain)s, %(account_id)s, %(client_id)s, %(client_secret)s,
        %(redirect_uri)s, 'connected', %(api_domain)s, %(access_token)s, %(refresh_token)s, %(access_expires_at)s,
        %(refresh_expires_at)s, %(due_at)s, %(version)s, %(version)s, %(connected_at)s
    WHERE NOT EXISTS (SELECT FROM amocrm_integrations o
                      WHERE (o.account_domain = %(account_domain)s AND o.widget_type = %(widget_type)s)
                         OR (o.client_id = %(client_id)s AND o.account_id = %(account_id)s))
    ON CONFLICT DO NOTHING
    RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message)
    SELECT id, 'token.restored',
           amocrm_message('The connection was made anew from the journal of tokens, without its own settings.')
    FROM made
)
SELECT id FROM made
"""

_END = """
WITH ended AS (
    UPDATE amocrm_integrations SET
        status = 'disconnected', access_token = NULL, refresh_token = NULL, access_expires_at = NULL,
        refresh_expires_at = NULL, refresh_due_at = NULL, lease_id = NULL, lease_until = NULL,
        token_version = %(version)s, journaled_version = %(version)s, connected_at = %(connected_at)s,
        problem_code = %(code)s, problem_detail = %(why)s,
        problem_at = amocrm_now(), updated_at = amocrm_now()
    WHERE id = %(id)s AND token_version = %(seen_version)s AND status = %(seen_status)s
      AND connected_at IS NOT DISTINCT FROM %(seen_connected_at)s
    RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, level, message)
    SELECT id, 'connection.disconnected', 'warning', %(why)s FROM ended
)
SELECT id FROM ended
"""

_DISCONNECTED: Final = say("It had been disconnected, says the journal of tokens.")
HAS_MOVED: Final = say("The account was moved to another cell.")

_WRITE_AGAIN = """
UPDATE amocrm_integrations SET journaled_version = NULL WHERE id = %(id)s AND token_version = %(version)s
"""


class Verdict(Enum):
    SAME = "same"
    NOTHING = "nothing"  # there are no tokens to be kept
    ROW_NEWER = "row_newer"  # the journal lags; `refresh_tokens` writes what is missing
    NOT_IN_JOURNAL = "not_in_journal"
    JOURNAL_NEWER = "journal_newer"
    NO_ROW = "no_row"  # connected since the backup
    LEFT = "left"  # it lives in another cell since, and the row does not know it


class Row(Integration, frozen=True, kw_only=True):
    updated_at: datetime
    journaled_version: int | None = None


class JournalComparison(Struct, frozen=True):
    verdict: Verdict
    row: Row | None
    place: Place | None  # the newest one


def compared(database: Database, journal: TokenJournal, installation: UUID) -> Iterator[JournalComparison]:
    """Both homes, connection by connection. Raises :class:`~shared.storage.object_stores.StoreError`."""
    newest = _newest(journal.places(installation))
    place = next(newest, None)
    for row in _rows(database):
        while place is not None and place.integration_id < row.id:
            yield JournalComparison(Verdict.NO_ROW, None, place)
            place = next(newest, None)
        if place is not None and place.integration_id == row.id:
            yield JournalComparison(judged(row, place), row, place)
            place = next(newest, None)
        else:
            yield JournalComparison(judged(row, None), row, None)
    while place is not None:
        yield JournalComparison(Verdict.NO_ROW, None, place)
        place = next(newest, None)


def judged(row: Row, place: Place | None) -> Verdict:
    """Which of both knows more."""
    if row.move is not None:
        return Verdict.NOTHING  # it lives in another cell, or is on its way
    if place is None:
        return Verdict.NOT_IN_JOURNAL if row.access_token is not None else Verdict.NOTHING
    own, newest = Position.of(row), place.position
    if place.has_left and (newest > own or (newest == own and row.journaled_version == row.token_version)):
        return Verdict.NOTHING if row.access_token is None else Verdict.LEFT
    if place.has_left:
        return Verdict.ROW_NEWER  # it has come back, and is not written yet
    if newest == own:
        return Verdict.SAME
    if row.access_token is None and row.connected_at is not None:
        # It has ended, here: only what a person has allowed afterwards is newer.
        return Verdict.JOURNAL_NEWER if newest.consent > row.updated_at.timestamp() else Verdict.ROW_NEWER
    return Verdict.JOURNAL_NEWER if newest > own else Verdict.ROW_NEWER


def restore(
    database: Database,
    keyring: Keyring,
    row: Integration | None,
    entry: Entry,
    *,
    now: datetime,
    ahead: timedelta,
    may_interrupt: bool = True,
) -> bool:
    """Brings a row up to a version of the journal, or makes it. False where it has changed since it was read, or
    another connection has its place.

    `may_interrupt`: also while a refresh holds its lease. What that one does with the older token comes to nothing.
    """
    place = {
        "id": entry.integration_id,
        "version": entry.position.version,
        "connected_at": _moment(row, entry.position),
        "may_interrupt": may_interrupt,
    }
    seen = {
        "seen_version": row and row.token_version,
        "seen_status": row and row.status,
        "seen_connected_at": row and row.connected_at,
    }
    tokens = entry.tokens
    if tokens is None:
        return row is not None and database.one(RowId, _END, place | seen | _ended(entry)) is not None
    owner = entry.integration_id
    values = {
        "widget_type": tokens.widget_type,
        "account_domain": tokens.account_domain,
        "account_id": tokens.account_id,
        "client_id": tokens.client_id,
        "client_secret": keyring.encrypt(tokens.client_secret, owner, "client_secret"),
        "redirect_uri": tokens.redirect_uri,
        "api_domain": access_token_hints(tokens.access_token).api_domain,
        "access_token": keyring.encrypt(tokens.access_token, owner, "access_token"),
        "refresh_token": tokens.refresh_token and keyring.encrypt(tokens.refresh_token, owner, "refresh_token"),
        "access_expires_at": tokens.access_expires_at,
        "refresh_expires_at": tokens.refresh_expires_at,
        "due_at": max(now, tokens.access_expires_at - ahead) if tokens.refresh_token else None,
    }
    statement = _MAKE if row is None else _RESTORE
    return database.one(RowId, statement, place | seen | values) is not None


def is_up_to(database: Database, entry: Entry) -> bool:
    """Whether the row has that version meanwhile, or a newer one."""
    row = integrations.by_id(database, entry.integration_id)
    return row is not None and (Position.of(row) >= entry.position or row.access_token is None)


def write_again(database: Database, row: Row) -> None:
    """`refresh_tokens` writes it into the journal, where an earlier object of it is missing."""
    database.execute(_WRITE_AGAIN, {"id": row.id, "version": row.token_version})


def _ended(entry: Entry) -> dict[str, object]:
    if entry.has_left:
        return {"code": integrations.MOVED, "why": HAS_MOVED}
    return {"code": "disconnected_before", "why": _DISCONNECTED}


def _moment(row: Integration | None, position: Position) -> datetime:
    """When it was connected; as the row has it, where it is the same consent: positions have whole seconds."""
    if row is not None and row.connected_at is not None and Position.of(row).consent == position.consent:
        return row.connected_at
    return datetime.fromtimestamp(position.consent, UTC)


def _newest(places: Iterator[Place]) -> Iterator[Place]:
    last: Place | None = None
    for place in places:
        if last is not None and last.integration_id != place.integration_id:
            yield last
        last = place
    if last is not None:
        yield last


def _rows(database: Database) -> Iterator[Row]:
    after = UUID(int=0)
    while page := database.all(Row, _ROWS, {"after": after, "page": _PAGE}):
        yield from page
        after = page[-1].id
