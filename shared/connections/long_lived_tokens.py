"""Long-lived tokens (row X6): an administrator makes one in amoCRM, for 1 day to 5 years. There is nothing to refresh.

Source: amoCRM's documentation, "Long-lived tokens".
"""

from datetime import timedelta
from typing import Final

from shared.amocrm import errors, oauth
from shared.amocrm.leads import AccountApi, Identity
from shared.connections import integrations, notifications, statements
from shared.connections.client_resolution import other_account
from shared.connections.integrations import Integration
from shared.connections.rotation import Rotation
from shared.platform.messages import say
from shared.platform.problems import Problem
from shared.storage.database import RowId

WARN_AHEAD: Final = timedelta(days=14)
_BATCH: Final = 200

# The second half answers a repetition of a statement that had been carried out (the ciphertext is unique).
_STORE = """
WITH stored AS (
    UPDATE amocrm_integrations SET
        status = 'connected', account_id = %(account_id)s,
        access_token = %(access_token)s, refresh_token = NULL, api_domain = coalesce(%(api_domain)s, api_domain),
        access_expires_at = %(expires_at)s, refresh_expires_at = NULL, refresh_due_at = NULL,
        token_version = token_version + 1, lease_id = NULL, lease_until = NULL,
        refresh_failures = 0, refresh_not_before = NULL, problem_code = NULL, problem_detail = NULL, problem_at = NULL,
        settings = settings || jsonb_strip_nulls(jsonb_build_object('account_country', nullif(%(country)s, ''))),
        connected_at = amocrm_now(), updated_at = amocrm_now()
    WHERE id = %(id)s AND token_version = %(version)s
    RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message, request_id)
    SELECT id, 'connection.token_saved', amocrm_message('The account was connected with a long-lived token.'),
           %(request_id)s
    FROM stored
)
SELECT id FROM stored UNION ALL SELECT id FROM amocrm_integrations
WHERE id = %(id)s AND access_token = %(access_token)s AND NOT EXISTS (SELECT FROM stored)
"""

_ENDING = """
SELECT * FROM amocrm_connections WHERE id IN (
    SELECT id FROM amocrm_integrations i
    WHERE status = 'connected' AND refresh_token IS NULL AND access_expires_at < amocrm_now() + %(ahead)s
      AND warned_version IS DISTINCT FROM token_version
      AND (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = i.id AND m.state <> 'arrived') IS NULL
    ORDER BY access_expires_at LIMIT %(batch)s)
"""

_WARN = f"""
WITH warned AS (
    UPDATE amocrm_integrations SET
        warned_version = token_version, problem_code = 'token_ending', problem_detail = %(detail)s,
        problem_at = amocrm_now(), updated_at = amocrm_now()
    WHERE id = %(id)s AND token_version = %(version)s AND warned_version IS DISTINCT FROM token_version
    RETURNING id
), notified AS ({notifications.accepted("warned")}), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, level, message)
    SELECT id, 'token.ending', 'warning', %(detail)s FROM warned
)
SELECT id FROM warned
"""  # noqa: S608 - all of it is ours


def store(rotation: Rotation, integration: Integration, token: str, request_id: str) -> None:
    """Tries the token at the account, and stores it. Raises 422 when amoCRM refuses it."""
    # vendor: oauth.long_lived (page) An administrator can make an access token for 1 day to 5 years; no refresh token
    # belongs to it.
    # source: amoCRM's documentation, "Long-lived tokens"
    hints = oauth.access_token_hints(token)
    now = rotation.clock.now()
    if hints.expires_at is None or hints.expires_at <= now + timedelta(minutes=5):
        raise Problem(
            422, "token_refused", say("This is not a long-lived token of amoCRM's, or it has ended. Make a new one.")
        )
    account = _account_of(rotation, integration, integration.account_domain, token)
    account_id = account.account_id
    known = integrations.by_client(rotation.database, integration.client_id, account_id)
    if integration.account_id not in (None, account_id) or (known is not None and known.id != integration.id):
        raise Problem(422, "other_account", say("This token is for an account that another connection serves."))
    parameters = {
        "id": integration.id,
        "version": integration.token_version,
        "account_id": account_id,
        "country": account.country,
        "access_token": rotation.keyring.encrypt(token, integration.id, "access_token"),
        "api_domain": hints.api_domain,
        "expires_at": hints.expires_at,
        "request_id": request_id,
    }
    if rotation.database.one(RowId, _STORE, parameters) is None:
        raise Problem(
            409, "changed_meanwhile", say("The connection was changed at this moment. Look at it, then try again.")
        )
    if rotation.token_journal is not None:
        rotation.token_journal.wrote_row(rotation.database, integration.id)


def warn_of_endings(rotation: Rotation) -> int:
    """Tells of every long-lived token that ends soon, once. Returns how many were new."""
    ahead = {"ahead": WARN_AHEAD, "batch": _BATCH}
    return sum(_warned(rotation, row) for row in rotation.database.all(Integration, _ENDING, ahead))


def _warned(rotation: Rotation, row: Integration) -> bool:
    assert row.access_expires_at is not None  # a check of the table
    day = f"{row.access_expires_at:%Y-%m-%d}"
    detail = say("The long-lived token ends on {day}. Make a new one in amoCRM, and save it.", day=day)
    notice = notifications.columns(rotation.keyring, rotation.notify, "token_ending", row.token_version, detail)
    parameters = {"id": row.id, "version": row.token_version, "detail": detail}
    return rotation.database.one(RowId, _WARN, parameters | notice) is not None


def _account_of(rotation: Rotation, integration: Integration, host: str, token: str) -> Identity:
    """The account that the token opens; where nobody lives at the address any more, amoCRM is
    asked where it moved."""
    try:
        account = AccountApi(rotation.transport, host, token).identity()
        if integration.account_id is None and account.host != host:  # vendor: oauth.checks_host
            raise Problem(422, "other_account", other_account(integration, account.host).detail)
        return account
    except errors.UnauthorizedPageError:
        raise
    except (errors.AccountNotFoundError, errors.UnauthorizedError) as error:  # vendor: http.no_account
        is_gone = isinstance(error, errors.AccountNotFoundError)
        # Else any account's token would do, for a connection that has none yet.
        moved = rotation.host_of(integration, token) if is_gone or integration.account_id is not None else None
        if moved is None or moved == host:
            if is_gone:
                raise
            where = integration.account_domain
            unfit = say(
                "{account_domain} does not accept this token. Check that it was copied whole.", account_domain=where
            )
            raise Problem(422, "token_refused", unfit) from None
    account = _account_of(rotation, integration, moved, token)
    if integration.account_id in (None, account.account_id):
        rotation.database.execute(statements.RENAME, {"id": integration.id, "domain": moved})
    return account
