"""From a person's consent to a connected integration: states, authorization codes, the first pair of tokens.

Whoever brings a code — the redirect, its reload, the app, a clipboard — goes through :meth:`Authorization.redeem`.
It claims the code first, so that it is exchanged once, and answers everybody else with the outcome.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from msgspec import Struct

from shared.amocrm import errors, oauth
from shared.amocrm.leads import AccountApi, Identity
from shared.amocrm.oauth_errors import Meaning
from shared.connections import integrations, rate_limit, statements, token_persistence
from shared.connections.client_resolution import CodeClient, Row, WrongRowError, other_account, row_for
from shared.connections.rotation import Rotation, token_columns
from shared.platform import logs
from shared.platform.messages import Message, english, say
from shared.storage.database import AccountMovingError, RowId

STATE_LIFETIME = timedelta(minutes=15)

# Longer than the exchange, the look at the account, and the tries to store: until then a second bearer waits.
_CODE_CLAIM = timedelta(seconds=110)
_WAIT_SECONDS = 20.0
_POLL_SECONDS = 0.2
_READ_DELAYS = (0.5, 1.0, 2.0)  # seconds between tries to read the account that was just connected

# The refusals of a code that was given to somebody else, or for a client that is not what it says.
_PERHAPS_ANOTHERS = frozenset({Meaning.CLIENT.value, Meaning.REDIRECT_URI.value, "code_refused"})
_CHANGED = say("The connection was changed at this moment. Look at it, then try again.")


class AuthorizationFailedError(Exception):
    """The consent did not lead to a connection. `code` is stable and names the text shown to the person (row A11).

    `is_final`: the authorization code is used up. Else it lives on: whoever mends what was wrong may bring it again.
    """

    def __init__(self, code: str, detail: Message, *, is_final: bool = True) -> None:
        super().__init__(f"{code}: {english(detail)}")
        self.code = code
        self.detail = detail
        self.is_final = is_final


class Consent(Struct, frozen=True):
    """Who began a consent, and for which connection."""

    integration_id: UUID | None  # None: a button's, whose account is known only after its code was exchanged
    language: str
    return_to: str | None


class _Code(Struct, frozen=True):
    claim_id: UUID
    integration_id: UUID | None
    outcome: str | None
    failure_code: str | None


class Authorization(Struct, frozen=True):
    """Consents and their codes, for every way in."""

    rotation: Rotation
    redirect_uri: str  # where consents come to now; older connections may have been made with another one

    def begin(self, integration_id: UUID, language: str, return_to: str | None) -> str:
        """A new state for a consent that starts now: 256 random bits, 15 minutes, stored as a hash only."""
        state = secrets.token_urlsafe(32)
        consent = {"integration_id": integration_id, "language": language, "return_to": return_to}
        secret = {"state_hash": _sha256(state), "lifetime": STATE_LIFETIME}
        self.rotation.database.execute(statements.BEGIN_CONSENT, consent | secret)
        return state

    def use_state(self, state: str, used_by: str) -> Consent | None:
        """What the state stands for; None when it is unknown, too old, or was used by something else."""
        return self.rotation.database.one(
            Consent, statements.USE_STATE, {"state_hash": _sha256(state), "used_by": _sha256(used_by)}
        )

    def redeem(self, clients: Sequence[CodeClient], host: str, code: str, *, request_id: str | None) -> UUID:
        """Exchanges the code at the account's host and stores the pair. Returns the connected integration's id.

        `clients`: whom the code may have been given to; it is good for one of them only, and the others do not use it
        up. Until it was exchanged and the account was asked who it is, no connection changes.
        Raises :class:`AuthorizationFailedError`; temporary trouble leaves the code to be tried again.
        """
        first = clients[0]
        own = first.integration if first.row is Row.OWN else None
        if own is not None and own.account_id is None and own.account_domain != host:
            raise _failed(other_account(own, host))
        claim_id = uuid4()
        code_hash = _sha256(code)
        claimed = self.rotation.database.one(
            _Code, statements.CLAIM_CODE, {"code_hash": code_hash, "claim_id": claim_id, "lease": _CODE_CLAIM}
        )
        if claimed is None or claimed.claim_id != claim_id:
            return self._outcome_of(code_hash, claimed)
        try:
            # After the claim: whoever moves the account away waits for those that were claimed before.
            integrations.require_staying(self.rotation.database, host, own.id if own is not None else None)
        except AccountMovingError:
            self._forget(code_hash, claim_id)
            raise
        try:
            client, pair, redirect_uri = self._exchange(clients, host, code)
            account = self._account_of(client, host, pair)
            target = self._row_for(client, host, account.account_id, request_id)
            self._store(client, target, account, redirect_uri, pair, code_hash, request_id)
            self.rotation.database.execute(statements.RENAME, {"id": target, "domain": host})
            if self.rotation.token_journal is not None:
                self.rotation.token_journal.wrote_row(self.rotation.database, target)
            rate_limit.spent(self.rotation.database, target, 1)
            return target
        except AuthorizationFailedError as failure:
            parameters = {"code": failure.code, "detail": failure.detail, "id": first.concerns(host)}
            keys = {"code_hash": code_hash, "claim_id": claim_id, "request_id": request_id}
            self.rotation.database.execute(
                statements.FAIL_CODE if failure.is_final else statements.POSTPONE_CODE, parameters | keys
            )
            raise
        except errors.UnknownOutcomeError:
            raise  # the claim runs out by itself; only then is the code tried again
        except errors.AmocrmError:
            self._forget(code_hash, claim_id)
            raise

    def _forget(self, code_hash: bytes, claim_id: UUID) -> None:
        """amoCRM has not used the code up: a reload may try again at once."""
        self.rotation.database.execute(statements.FORGET_CODE, {"code_hash": code_hash, "claim_id": claim_id})

    def _exchange(self, clients: Sequence[CodeClient], host: str, code: str) -> tuple[CodeClient, oauth.TokenPair, str]:
        """The client that the code was given to, the pair, and the redirect URI with which amoCRM gave it."""
        refused: AuthorizationFailedError | None = None
        for client in clients:
            try:
                return client, *self._exchange_as(client, host, code)
            except AuthorizationFailedError as failure:
                if failure.code not in _PERHAPS_ANOTHERS:
                    raise
                if refused is None or refused.code == Meaning.CLIENT.value:  # of one who is let in, more is known
                    refused = failure
        assert refused is not None
        raise refused

    def _exchange_as(self, client: CodeClient, host: str, code: str) -> tuple[oauth.TokenPair, str]:
        """The pair, and the redirect URI with which amoCRM gave it: its consent went there, and refreshes must name it.

        Normally that is where consents come to now. A code that a person copied may belong to an older address; asking
        with a wrong one does not use it up.
        """
        refused: oauth.TokenRefusedError | None = None
        for redirect_uri in dict.fromkeys((self.redirect_uri, client.redirect_uri)):
            credentials = oauth.ClientCredentials(client.client_id, client.client_secret, redirect_uri)
            try:
                return oauth.exchange_code(self.rotation.transport, host, credentials, code), redirect_uri
            except oauth.TokenRefusedError as refusal:
                refused = refused or refusal
                if refusal.meaning not in (Meaning.CLIENT, Meaning.REDIRECT_URI):
                    raise _not_exchanged(refusal) from None
            except errors.AddressBlockedError as error:
                code_, detail = "address_blocked", errors.ADDRESS_BLOCKED
                raise AuthorizationFailedError(code_, detail, is_final=False) from error
            except (errors.NotFoundError, errors.AccountNotFoundError):
                detail = say("There is no account at {host}.", host=host)
                raise AuthorizationFailedError("account_not_found", detail, is_final=False) from None
        assert refused is not None
        raise _not_exchanged(refused)

    def _account_of(self, client: CodeClient, host: str, pair: oauth.TokenPair) -> Identity:
        """The account that the new token opens at this host, as far as it is known.

        The host came from outside, and the token's own word for its account is only a hint: a code of one account,
        brought with the address of another, must not put its token into the other's row.
        """
        # vendor: oauth.checks_host (production) A grant is perhaps good at other hosts than its account's own, of the
        # API as well, so what a host accepts says nothing of whose it is; the account is asked, and where it lives.
        # source: a client on PyPI that refreshes every account's tokens at www.amocrm.ru; integrations in production
        # that call the API at api-b.amocrm.ru (notes of another one: at api-g.kommo.com it is 401)
        rotation = self.rotation
        foreign = say("The access that was given does not open {host}. Authorise once more.", host=host)
        for delay in (*_READ_DELAYS, None):
            try:
                account = AccountApi(rotation.transport, host, pair.access_token).identity()
                if account.host != host:
                    raise AuthorizationFailedError("other_account", foreign)
                return account
            except (errors.UnauthorizedError, errors.NotFoundError, errors.AccountNotFoundError):
                raise AuthorizationFailedError("other_account", foreign) from None
            except errors.AmocrmError as error:
                own = client.integration
                known = own.account_id if own is not None and own.account_domain == host else None
                if known is not None and known == oauth.access_token_hints(pair.access_token).account_id:
                    return Identity(known, "", host)  # the same account at the same address, so nothing can be mixed up
                if delay is None or isinstance(error, errors.ForbiddenError | errors.PaymentRequiredError):
                    detail = say(
                        "amoCRM gave access, but the account could not be read: {error}. Authorise once more.",
                        error=error.message,
                    )
                    raise AuthorizationFailedError("account_unreadable", detail) from None
                rotation.clock.sleep(delay)
        raise AssertionError("the last try returns or raises")

    def _row_for(self, client: CodeClient, host: str, account_id: int, request_id: str | None) -> UUID:
        """The code is used up by now: a database that is away is waited for, as it is in :meth:`_store`."""
        database, keyring, clock = self.rotation.database, self.rotation.keyring, self.rotation.clock

        def looked_for(_left: float) -> UUID:
            return row_for(database, keyring, client, host, account_id, request_id)

        try:
            return token_persistence.tried_again(clock, looked_for, token_persistence.LONGEST_SECONDS)
        except WrongRowError as error:
            raise _failed(error) from None

    def _store(
        self,
        client: CodeClient,
        target: UUID,
        account: Identity,
        redirect_uri: str,
        pair: oauth.TokenPair,
        code_hash: bytes,
        request_id: str | None,
    ) -> None:
        rotation = self.rotation
        takes_client = client.row is Row.OF_WIDGET_TYPE
        # amoCRM has just taken this secret; the row may have an older one.
        is_lent = client.row is not Row.OWN or client.integration is None or client.integration.id != target
        secret = rotation.keyring.encrypt(client.client_secret, target, "client_secret") if is_lent else None
        parameters = token_columns(rotation.keyring, target, pair, rotation.ahead) | {
            "id": target,
            "client_id": client.client_id,
            "client_secret": secret,
            "takes_client": takes_client,
            "account_id": account.account_id,
            "country": account.country,
            "redirect_uri": redirect_uri,
            "code_hash": code_hash,
            "request_id": request_id,
        }

        def store(within: float) -> None:
            if rotation.database.one(RowId, statements.CONNECT, parameters, within) is None:
                raise AuthorizationFailedError("other_integration", _CHANGED)

        token_persistence.kept(
            rotation.clock, target, store, lambda: logs.warning("connection.not_stored_yet", integration_id=target)
        )

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
            raise AuthorizationFailedError(seen.failure_code or "code_refused", detail)
        raise errors.UnknownOutcomeError(say("the exchange of this code is under way elsewhere"))


def _failed(error: WrongRowError) -> AuthorizationFailedError:
    return AuthorizationFailedError(error.code, error.detail)


def _not_exchanged(refusal: oauth.TokenRefusedError) -> AuthorizationFailedError:
    if refusal.is_grant_dead:
        detail = say(
            "amoCRM refuses the authorization code: {words}. Authorise once more; a code lives 20 minutes.",
            words=refusal.words,
        )
        return AuthorizationFailedError("code_refused", detail)
    detail = say("amoCRM does not exchange the authorization code, which is still good: {words}.", words=refusal.words)
    return AuthorizationFailedError(refusal.meaning.value, detail, is_final=False)


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
