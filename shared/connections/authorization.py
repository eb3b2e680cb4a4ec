"""From a person's consent to a connected integration: states, authorization codes, the first pair of tokens.

Whoever brings a code — the redirect, its reload, the app, a clipboard — goes through :meth:`Authorization.redeem`.
It claims the code first, so that it is exchanged once, and answers everybody else with the outcome.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from msgspec import Struct

from shared.amocrm import errors, oauth
from shared.amocrm.leads import AccountApi
from shared.amocrm.refusals import Meaning
from shared.connections import integrations, rate, statements
from shared.connections.integrations import Integration
from shared.connections.rotation import PERSIST_DELAYS, Rotation, token_columns
from shared.platform.messages import Message, say
from shared.storage.database import DatabaseUnavailableError

STATE_LIFETIME = timedelta(minutes=15)

# Longer than the exchange, the look at the account, and the tries to store: until then a second bearer waits.
_CODE_CLAIM = timedelta(seconds=110)
_WAIT_SECONDS = 20.0
_POLL_SECONDS = 0.2
_READ_DELAYS = (0.5, 1.0, 2.0)  # seconds between tries to read the account that was just connected


class AuthorizationFailedError(Exception):
    """The consent did not lead to a connection. `code` is stable and names the text shown to the person (row A11).

    `is_final`: the authorization code is used up. Else it lives on: whoever mends what was wrong may bring it again.
    """

    def __init__(
        self, code: str, detail: Message, integration_id: UUID | None = None, *, is_final: bool = True
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.integration_id = integration_id
        self.is_final = is_final


class Consent(Struct, frozen=True):
    """What a state stands for."""

    integration_id: UUID
    language: str
    return_to: str | None


class _Code(Struct, frozen=True):
    claim_id: UUID
    integration_id: UUID | None
    outcome: str | None
    failure_code: str | None


class _Id(Struct, frozen=True):
    id: UUID


class Authorization(Struct, frozen=True):
    """Consents and their codes, for every way in."""

    rotation: Rotation
    redirect_uri: str  # where consents come to now; older connections may have been made with another one

    def begin(self, integration_id: UUID, language: str, return_to: str | None) -> str:
        """A new state for a consent that starts now: 256 random bits, 15 minutes, stored as a hash only."""
        state = secrets.token_urlsafe(32)
        self.rotation.database.execute(
            statements.BEGIN_CONSENT,
            {
                "state_hash": _sha256(state),
                "integration_id": integration_id,
                "language": language,
                "return_to": return_to,
                "lifetime": STATE_LIFETIME,
            },
        )
        return state

    def use_state(self, state: str, used_by: str) -> Consent | None:
        """What the state stands for; None when it is unknown, too old, or was used by something else."""
        return self.rotation.database.one(
            Consent, statements.USE_STATE, {"state_hash": _sha256(state), "used_by": _sha256(used_by)}
        )

    def redeem(
        self, integration: Integration, host: str, code: str, *, any_account: bool = False, request_id: str | None
    ) -> UUID:
        """Exchanges the code at the account's host and stores the pair. Returns the connected integration's id.

        The account must be the integration's own. With `any_account` (an installation from inside amoCRM, which has
        no state) the integration only lends its client, and each account gets a row of its own.
        Raises :class:`AuthorizationFailedError`; temporary trouble leaves the code to be tried again.
        """
        if not any_account and integration.account_id is None and integration.account_domain != host:
            raise _other_account(integration, host)
        claim_id = uuid4()
        code_hash = _sha256(code)
        claimed = self.rotation.database.one(
            _Code, statements.CLAIM_CODE, {"code_hash": code_hash, "claim_id": claim_id, "lease": _CODE_CLAIM}
        )
        if claimed is None or claimed.claim_id != claim_id:
            return self._outcome_of(code_hash, claimed)
        try:
            pair, redirect_uri = self._exchange(integration, host, code)
            account_id = self._account_of(integration, host, pair)
            target = self._row_for(integration, host, account_id, any_account, request_id)
            self._store(target, host, account_id, redirect_uri, pair, code_hash, request_id)
            rate.spent(self.rotation.database, target, 1)
            return target
        except AuthorizationFailedError as failure:
            parameters = {"code": failure.code, "detail": failure.detail, "id": integration.id}
            keys = {"code_hash": code_hash, "claim_id": claim_id, "request_id": request_id}
            self.rotation.database.execute(
                statements.FAIL_CODE if failure.is_final else statements.POSTPONE_CODE, parameters | keys
            )
            raise
        except errors.UnknownOutcomeError:
            raise  # the claim runs out by itself; only then is the code tried again
        except errors.AmocrmError:
            # amoCRM has not used the code up: a reload may try again at once.
            self.rotation.database.execute(statements.FORGET_CODE, {"code_hash": code_hash, "claim_id": claim_id})
            raise

    def _exchange(self, integration: Integration, host: str, code: str) -> tuple[oauth.TokenPair, str]:
        """The pair, and the redirect URI with which amoCRM gave it: its consent went there, and refreshes must name it.

        Normally that is where consents come to now. A code that a person copied may belong to an older address; asking
        with a wrong one does not use it up.
        """
        rotation, secret = self.rotation, integration.secret(self.rotation.keyring)
        refused: oauth.TokenRefusedError | None = None
        for redirect_uri in dict.fromkeys((self.redirect_uri, integration.redirect_uri)):
            credentials = oauth.ClientCredentials(integration.client_id, secret, redirect_uri)
            try:
                return oauth.exchange_code(rotation.transport, host, credentials, code), redirect_uri
            except oauth.TokenRefusedError as refusal:
                refused = refused or refusal
                if refusal.meaning not in (Meaning.CLIENT, Meaning.REDIRECT_URI):
                    raise _not_exchanged(refusal, integration) from None
            except errors.AddressBlockedError as error:
                code_, detail = "address_blocked", errors.ADDRESS_BLOCKED
                raise AuthorizationFailedError(code_, detail, integration.id, is_final=False) from error
            except errors.NotFoundError:
                detail = say("There is no account at {host}.", host=host)
                raise AuthorizationFailedError("account_not_found", detail, integration.id, is_final=False) from None
        assert refused is not None
        raise _not_exchanged(refused, integration)

    def _account_of(self, integration: Integration, host: str, pair: oauth.TokenPair) -> int:
        """The account that the new token opens at this host.

        The host came from outside, and the token's own word for its account is only a hint: a code of one account,
        brought with the address of another, must not put its token into the other's row.
        """
        # vendor: oauth.checks_host (production) A grant is perhaps good at other hosts than its account's own, so what
        # a host accepts says nothing of whose it is; the account is asked.
        # source: a client on PyPI that refreshes every account's tokens at www.amocrm.ru
        rotation = self.rotation
        for delay in (*_READ_DELAYS, None):
            try:
                return int(AccountApi(rotation.transport, host, pair.access_token).account()["id"])
            except (errors.UnauthorizedError, errors.NotFoundError):
                detail = say("The access that was given does not open {host}. Authorise once more.", host=host)
                raise AuthorizationFailedError("other_account", detail, integration.id) from None
            except errors.AmocrmError as error:
                known = integration.account_id
                if known is not None and known == oauth.access_token_hints(pair.access_token).account_id:
                    return known  # the same account as before, so nothing can be mixed up
                if delay is None or isinstance(error, errors.ForbiddenError | errors.PaymentRequiredError):
                    detail = say(
                        "amoCRM gave access, but the account could not be read: {error}. Authorise once more.",
                        error=error,
                    )
                    raise AuthorizationFailedError("account_unreadable", detail, integration.id) from None
                rotation.clock.sleep(delay)
        raise AssertionError("the last try returns or raises")

    def _row_for(
        self, integration: Integration, host: str, account_id: int, any_account: bool, request_id: str | None
    ) -> UUID:
        """The row that this account's tokens belong to."""
        if integration.account_id == account_id:
            return integration.id
        known = integrations.by_client(self.rotation.database, integration.client_id, account_id)
        if known is not None and (any_account or known.id == integration.id):
            return known.id
        if known is not None:
            detail = say(
                "This client id serves {widget_type} in this account already; make another integration.",
                widget_type=known.widget_type,
            )
            raise AuthorizationFailedError("client_in_use", detail, integration.id)
        if integration.account_id is None and integration.account_domain == host:
            return integration.id
        if not any_account:
            raise _other_account(integration, host)
        new_id = uuid4()
        created = integrations.create(
            self.rotation.database,
            self.rotation.keyring,
            new_id,
            widget_type=integration.widget_type,
            account_domain=host,
            client_id=integration.client_id,
            client_secret=integration.secret(self.rotation.keyring),
            redirect_uri=integration.redirect_uri,
            request_id=request_id,
        )
        if not created:
            detail = say(
                "{host} has another integration for {widget_type} already.",
                host=host,
                widget_type=integration.widget_type,
            )
            raise AuthorizationFailedError("other_integration", detail, integration.id)
        return new_id

    def _store(
        self,
        target: UUID,
        host: str,
        account_id: int,
        redirect_uri: str,
        pair: oauth.TokenPair,
        code_hash: bytes,
        request_id: str | None,
    ) -> None:
        rotation = self.rotation
        parameters = token_columns(rotation.keyring, target, pair, rotation.ahead) | {
            "id": target,
            "account_domain": host,
            "account_id": account_id,
            "redirect_uri": redirect_uri,
            "code_hash": code_hash,
            "request_id": request_id,
        }
        for delay in (*PERSIST_DELAYS, None):
            try:
                rotation.database.one(_Id, statements.CONNECT, parameters)
                return
            except DatabaseUnavailableError:
                if delay is None:
                    raise
                rotation.clock.sleep(delay)

    def _outcome_of(self, code_hash: bytes, seen: _Code | None) -> UUID:
        """For a second bearer of the same code: waits for what becomes of the first (row D7)."""
        clock = self.rotation.clock
        deadline = clock.monotonic() + _WAIT_SECONDS
        while seen is not None and seen.outcome is None and clock.monotonic() < deadline:
            clock.sleep(_POLL_SECONDS)
            seen = self.rotation.database.one(_Code, statements.READ_CODE, {"code_hash": code_hash})
        if seen is not None and seen.outcome == "connected" and seen.integration_id is not None:
            return seen.integration_id
        if seen is not None and seen.outcome == "failed":
            detail = say("This authorization code was refused before. Authorise once more.")
            raise AuthorizationFailedError(seen.failure_code or "code_refused", detail, seen.integration_id)
        raise errors.UnknownOutcomeError("the exchange of this code is under way elsewhere")


def _other_account(integration: Integration, host: str) -> AuthorizationFailedError:
    detail = say(
        "Access was allowed for {host}, but this connection is for {account_domain}.",
        host=host,
        account_domain=integration.account_domain,
    )
    return AuthorizationFailedError("other_account", detail, integration.id)


def _not_exchanged(refusal: oauth.TokenRefusedError, integration: Integration) -> AuthorizationFailedError:
    if refusal.is_grant_dead:
        detail = say(
            "amoCRM refuses the authorization code: {words}. Authorise once more; a code lives 20 minutes.",
            words=refusal.words,
        )
        return AuthorizationFailedError("code_refused", detail, integration.id)
    detail = say("amoCRM does not exchange the authorization code, which is still good: {words}.", words=refusal.words)
    return AuthorizationFailedError(refusal.meaning.value, detail, integration.id, is_final=False)


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
