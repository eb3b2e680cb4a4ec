"""Rotation of the single-use refresh token: claim, call, persist. `docs/rotation.md` draws the states.

* **Single flight by lease.** A claim writes a lease into the row; while it is alive nobody else calls. No transaction
  and no connection is held during the call.
* **The answer is the truth.** A pair that amoCRM gave for version N is the only successor of version N. It is stored
  whenever the row still is at N, even if our lease has run out meanwhile or another instance was told "revoked".
* **Unknown outcome.** When amoCRM did not answer, the lease is left to run out: it outlives every timeout of the call.
  Only then is the old refresh token tried again.
* **Only a dead grant ends a connection.** A wrong setting, a lost scope, a blocked address, or words that nobody knows
  back off, tell a person, and go on by themselves when it is mended.

Each transition writes its event in the same statement.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from shared.amocrm import errors, oauth
from shared.amocrm.errors import ADDRESS_BLOCKED
from shared.amocrm.hosts import UntrustedHostError
from shared.amocrm.oauth_errors import Meaning
from shared.amocrm.transport import LIMITS, Transport
from shared.connections import (
    integrations,
    journal_recovery,
    notifications,
    statements,
    token_escrow,
    token_persistence,
)
from shared.connections.integrations import Integration
from shared.connections.token_journal import WRITE_SECONDS, Place, Position, TokenJournal, given
from shared.platform import backoff, deadline, logs
from shared.platform.clock import Clock
from shared.platform.messages import Message, english, joined, say
from shared.platform.problems import ForeseenError, Kind, Problem
from shared.storage.database import Database, DatabaseUnavailableError, moving_error
from shared.storage.encryption import Keyring

# Longer than the longest way from the claim through `run`: waiting for a worker (lease_worker.py), two calls to the
# token endpoint and one look-up of a renamed account (25 s each at worst, see transport.py), remembering the new
# address, and all tries to keep the pair.
LEASE: Final = timedelta(seconds=120)
RENAME_SECONDS: Final = 3.0
_CLAIM_SECONDS: Final = 5.0  # a lease that came later than this would be too short
_FIRST_BACKOFF_SECONDS = 5
_LAST_BACKOFF_SECONDS = 900

_AT_ONCE: Final = timedelta()
# After how long of the same trouble a person is told; by the code of the trouble. What is not here mends itself.
ASK_AFTER: Final = {
    Meaning.CLIENT: _AT_ONCE,
    Meaning.REDIRECT_URI: _AT_ONCE,
    Meaning.SCOPE: _AT_ONCE,
    Meaning.REQUEST: timedelta(hours=1),
    Meaning.UNKNOWN: timedelta(hours=1),
    "address_blocked": timedelta(minutes=15),
    "access_refused": timedelta(hours=1),  # where it does not end, as nobody says where the account lives
    "refresh_failed": timedelta(hours=6),
    "account_not_found": timedelta(hours=6),
    "refresh_outcome_unknown": timedelta(hours=2),
    "decryption_failed": timedelta(hours=1),
    "internal_error": timedelta(hours=1),
}
_ADVICE: Final = {
    Meaning.CLIENT: say("Check the secret and the redirect URI; an account that is not paid is refused so, too."),
    Meaning.REDIRECT_URI: say(
        "Register the redirect URI of this installation in amoCRM, or authorise the account again."
    ),
    Meaning.SCOPE: say("Give the integration this scope again in amoCRM."),
    Meaning.REQUEST: say("Report this to whoever maintains this installation."),
    Meaning.UNKNOWN: say("It is tried again; if it stays, authorise the account again."),
}

# Whoever says this knows the account.
_OF_A_SETTING: Final = (Meaning.REDIRECT_URI, Meaning.SCOPE, Meaning.REQUEST)

# What the look-up of a renamed account says of one that is not there, or of a token that nobody knows.
_NO_NEW_ADDRESS: Final = (
    errors.BadRequestError,
    errors.UnauthorizedError,
    errors.ForbiddenError,
    errors.NotFoundError,
    errors.AccountNotFoundError,
)


class ReauthRequiredError(ForeseenError):
    """Only a person can go on: an administrator of the account must give consent again."""

    kind = Kind(409, "reauth_required", say("An administrator must authorise the account again."))

    def __init__(self, detail: Message) -> None:
        super().__init__(english(detail))
        self.detail = detail

    def problem(self) -> Problem:
        return replace(super().problem(), detail=joined(self.detail, self.kind.detail))


class RefreshDelayedError(ForeseenError):
    """The access token cannot be renewed right now; `retry_after` is in seconds, `code` says why."""

    def __init__(self, code: str, detail: Message, retry_after: float) -> None:
        super().__init__(f"{code}: {english(detail)}")
        self.code = code
        self.detail = detail
        self.retry_after = retry_after

    def problem(self) -> Problem:
        return Problem(503, self.code, self.detail, retry_after=max(1, round(self.retry_after)))


class _StillDue(Struct, frozen=True):
    left_over: int
    skipped: int


class Rotation(Struct, frozen=True):
    """Renews one integration's pair. Raises :class:`ReauthRequiredError` and :class:`RefreshDelayedError`."""

    database: Database
    keyring: Keyring
    transport: Transport
    clock: Clock
    ahead: timedelta  # how long before its end a token is due for the scheduler
    notify: bool = False  # whether somebody is to be told when a person is needed
    token_journal: TokenJournal | None = None

    def claim(self, integration: Integration) -> Integration | None:
        """The row with our lease; None when somebody else's is alive, when it backs off, or when it has changed."""
        parameters = {"id": integration.id, "version": integration.token_version, "lease_id": uuid4(), "lease": LEASE}
        return self.database.one(Integration, statements.CLAIM, parameters, within=_CLAIM_SECONDS)

    def has_time(self, calls: int = 1) -> bool:
        """Whether the platform lets us run until so many calls have ended and the pair is kept: else its only copy is
        lost with us."""
        return deadline.seconds() >= calls * LIMITS.longest_call + token_persistence.TRY_SECONDS

    def claim_due(self, limit: int) -> list[Integration]:
        """Leases on up to `limit` integrations that are due. Instances share them out among themselves."""
        return self.database.all(Integration, statements.CLAIM_DUE, {"limit": limit, "lease": LEASE})

    def give_back(self, claimed: list[Integration]) -> None:
        """Ends leases under which nothing was done. A database that is away is no harm: they end by themselves."""
        leases = {"ids": [one.id for one in claimed], "lease_ids": [one.lease_id for one in claimed]}
        with suppress(DatabaseUnavailableError):
            self.database.execute(statements.GIVE_BACK, leases)

    def still_due(self) -> dict[str, int]:
        """`{left, skipped}`: due and free to be claimed; due but leased or backing off (100,000 counted at most)."""
        counted = self.database.one(_StillDue, statements.COUNT_DUE)
        assert counted is not None
        return {"left": counted.left_over, "skipped": counted.skipped}

    def run(self, claimed: Integration) -> Integration:
        """Calls amoCRM under the lease and stores what it answers. Returns the row with its new pair."""
        if self.token_journal is not None:
            self.token_journal.prepare()
        try:
            pair = self._ask(claimed)
        except oauth.TokenRefusedError as refusal:
            if refusal.is_grant_dead:
                return self._refused(claimed, say("amoCRM refuses the refresh token: {words}.", words=refusal.words))
            refused = say("amoCRM does not refresh the token: {words}.", words=refusal.words)
            detail = joined(refused, _ADVICE[refusal.meaning])
            raise self._back_off(claimed, refusal.meaning.value, detail) from None
        except errors.UnknownOutcomeError as error:
            raise self._leave_unknown(claimed, error.message) from None
        except (errors.NotFoundError, errors.AccountNotFoundError):
            detail = say(
                "There is no account at {account_domain}, and amoCRM does not say where it moved.",
                account_domain=claimed.account_domain,
            )
            raise self._back_off(claimed, "account_not_found", detail) from None
        except errors.AddressBlockedError:
            raise self._back_off(claimed, "address_blocked", ADDRESS_BLOCKED) from None
        except errors.AmocrmError as error:
            detail = say("amoCRM did not refresh the token: {error}.", error=error.message)
            least = error.retry_after if isinstance(error, errors.RateLimitedError) else 0
            raise self._back_off(claimed, "refresh_failed", detail, least=least) from None
        return self.persist(claimed, pair)

    def put_off(self, claimed: Integration, problem: Problem) -> None:
        """What nobody foresaw has ended a refresh. Whether amoCRM has carried it out is not known: not before the lease
        would have ended."""
        with suppress(ReauthRequiredError):  # the grant has ended meanwhile, which is told
            self._back_off(claimed, problem.code, problem.detail, least=LEASE.total_seconds())

    def persist(self, claimed: Integration, pair: oauth.TokenPair) -> Integration:
        """Stores the pair before anything else happens with it, in the journal and in the row. While the database is
        away it stands in the log, and storing is tried for as long as the platform lets us."""
        began = self.clock.monotonic()
        parameters = token_columns(self.keyring, claimed.id, pair, self.ahead) | {
            "id": claimed.id,
            "version": claimed.token_version,
            "consent": Position.of(claimed).consent,
            "journaled": self._journaled(claimed, pair),
        }
        longest = token_persistence.LONGEST_SECONDS - (self.clock.monotonic() - began)

        def spill() -> None:
            token_escrow.write(claimed.id, Position.of(claimed), pair.expires_in, self.clock.now(), parameters)

        return token_persistence.kept(
            self.clock, claimed.id, lambda within: self._stored(claimed, parameters, within), spill, longest
        )

    def _journaled(self, claimed: Integration, pair: oauth.TokenPair) -> bool:
        """Whether the journal has the pair. Where time is short the row goes first; `refresh_tokens` catches up."""
        if self.token_journal is None or deadline.seconds() < WRITE_SECONDS + token_persistence.TRY_SECONDS:
            return False
        entry = given(claimed, pair, claimed.secret(self.keyring), self.clock.now())
        return self.token_journal.wrote(claimed.installation, entry)

    def restore(self, spilled: token_escrow.SpilledTokens) -> bool:
        """Stores a pair that was spilled. False when the row has gone on without it; then the pair is worthless.

        Raises :class:`DecryptionError` for one that we have not made: anybody may get a line into a log. And
        :class:`AccountMovingError` for one whose account is on its way to another cell, or there: so is its place.
        """
        self.keyring.decrypt(spilled.access_token, spilled.integration_id, "access_token")
        self.keyring.decrypt(spilled.refresh_token, spilled.integration_id, "refresh_token")
        if self.database.one(Integration, statements.PERSIST, spilled.parameters(self.clock.now())) is not None:
            return True
        now = integrations.by_id(self.database, spilled.integration_id)
        if now is not None and now.has_left and now.token_version == spilled.version:
            raise moving_error("left")
        return False

    def bring_up(self, row: Integration, place: Place, *, may_interrupt: bool) -> bool:
        """Stores a version that the journal has and the row has not. False where there is none, or none for us."""
        assert self.token_journal is not None
        entry = self.token_journal.looked_up(place)
        if entry is None:
            return False
        parts = (self.database, self.keyring, row, entry)
        return journal_recovery.restore(*parts, now=self.clock.now(), ahead=self.ahead, may_interrupt=may_interrupt)

    def _refused(self, claimed: Integration, detail: Message) -> Integration:
        """The refresh token is dead. Where another instance has stored its successor meanwhile, or has died between the
        journal and the row, nobody is harmed."""
        if self.token_journal is not None and claimed.installation is not None:
            successor = Place(claimed.installation, claimed.id, Position.of(claimed).next)
            self.bring_up(claimed, successor, may_interrupt=True)
        self.require_reauth(claimed, "token_revoked", detail)
        now = integrations.by_id(self.database, claimed.id)
        if now is not None and now.status == "connected" and now.token_version != claimed.token_version:
            return now
        raise ReauthRequiredError(detail)

    def _stored(self, claimed: Integration, parameters: dict[str, object], within: float) -> Integration:
        stored = self.database.one(Integration, statements.PERSIST, parameters, within)
        if stored is not None:
            return stored
        now = integrations.by_id(self.database, claimed.id)
        if now is not None and now.move is not None:
            raise moving_error(now.move)  # it stands in the log, for the cell in which the account lives now
        # A person has connected or disconnected this account meanwhile: what they did is newer than our pair.
        logs.warning("token.superseded", integration_id=claimed.id)
        if now is None or now.status != "connected":
            raise ReauthRequiredError(say("The connection was ended while its token was being refreshed."))
        return now

    def follow_rename(self, integration: Integration, *, must_be_told: bool = False) -> Integration:
        """Asks amoCRM where the account lives now, and moves the row there; the same row when nothing is new. Where
        amoCRM cannot be asked that is an error only for who `must_be_told`."""
        new_host = None
        try:
            if integration.refresh_token is not None:
                refresh_token = self.keyring.decrypt(integration.refresh_token, integration.id, "refresh_token")
                new_host = self._renamed_to(integration, refresh_token)
            elif integration.access_token is not None:
                access_token = self.keyring.decrypt(integration.access_token, integration.id, "access_token")
                new_host = self.host_of(integration, access_token)
        except errors.AmocrmError as error:
            logs.warning("account.lookup_failed", integration_id=integration.id, reason=str(error))
            if must_be_told:
                raise
        if new_host is not None:
            self.database.execute(statements.RENAME, {"id": integration.id, "domain": new_host})
        return integrations.by_id(self.database, integration.id) or integration

    def host_of(self, integration: Integration, access_token: str) -> str | None:
        """The address that amoCRM names for an access token, where that is another one than the row's. Raises what is
        no answer at all."""
        return self._new_host(integration, oauth.account_host_of, integration.account_domain, access_token)

    def require_reauth(self, integration: Integration, code: str, detail: Message) -> None:
        """amoCRM's definite no: the row waits for a person, unless it has changed since it was read."""
        logs.measured("connection.reauth_required", {"reauth_required": 1}, integration_id=integration.id, code=code)
        version = integration.token_version
        row = {"id": integration.id, "version": version, "lease_id": integration.lease_id}
        notice = notifications.columns(self.keyring, self.notify, "reauth_required", version, detail)
        self.database.execute(statements.END_GRANT, row | notice | {"code": code, "detail": detail})

    def access_refused(self, before: Integration, now: Integration) -> Exception:
        """What to raise where the API refuses a token that should be alive: a quarter of an hour later it is asked once
        more, and only what it refuses then needs a person. `before`: the row as it was before this call."""
        # vendor: http.unauthorized_place
        # vendor: rights.removed
        # A whole method has refused everybody, and then worked again: in such a moment nobody is to be cut off.
        if now.access_is_alive and before.problem_code != "access_refused":
            return self.doubt(now)
        detail = _why_refused(now)
        self.require_reauth(now, "access_refused", detail)
        return ReauthRequiredError(detail)

    def doubt(self, integration: Integration) -> RefreshDelayedError:
        """The API refuses a token that should be alive, which ends nothing yet."""
        detail = _why_refused(integration)
        if not integration.refresh_wait_seconds:
            self._back_off(integration, "access_refused", detail, least=_LAST_BACKOFF_SECONDS)
        return RefreshDelayedError("access_refused", detail, _FIRST_BACKOFF_SECONDS)

    def access_works(self, integration: Integration) -> None:
        """The API takes a token again that it had refused. Nobody who has called it fails by this."""
        if integration.problem_code == "access_refused":
            with suppress(DatabaseUnavailableError):
                version = {"id": integration.id, "version": integration.token_version}
                self.database.execute(statements.ACCESS_WORKS, version)

    def _ask(self, claimed: Integration) -> oauth.TokenPair:
        assert claimed.refresh_token is not None
        refresh_token = self.keyring.decrypt(claimed.refresh_token, claimed.id, "refresh_token")
        credentials = oauth.ClientCredentials(claimed.client_id, claimed.secret(self.keyring), claimed.redirect_uri)
        try:
            return oauth.refresh(self.transport, claimed.account_domain, credentials, refresh_token)
        except (
            oauth.TokenRefusedError,
            errors.UnauthorizedError,
            errors.NotFoundError,
            errors.AccountNotFoundError,
        ) as error:
            if isinstance(error, oauth.TokenRefusedError) and error.meaning in _OF_A_SETTING:
                raise
            # Perhaps the account does not live at this host any more (row X7): amoCRM's own client asks after any 401.
            if not self.has_time(calls=2):
                raise errors.NotSentError(say("too little time is left to ask where the account lives now")) from None
            try:
                new_host = self._renamed_to(claimed, refresh_token)
            except errors.AmocrmError as unknown:
                # "Revoked" is what a renamed account's old address may say: without an answer nothing has ended.
                where = say("where the account lives now is not known ({reason})", reason=unknown.message)
                raise errors.NotSentError(where) from None
            if new_host is None:
                raise
            self.database.execute(statements.RENAME, {"id": claimed.id, "domain": new_host}, within=RENAME_SECONDS)
            return oauth.refresh(self.transport, new_host, credentials, refresh_token)

    def _renamed_to(self, claimed: Integration, refresh_token: str) -> str | None:
        """The account's new address; None where it has none that we know of. Raises what is no answer at all."""
        if claimed.api_domain is None:
            return None
        return self._new_host(claimed, oauth.current_account_host, claimed.api_domain, refresh_token)

    def _new_host(
        self, integration: Integration, ask: Callable[[Transport, str, str], str], at: str, token: str
    ) -> str | None:
        try:
            host = ask(self.transport, at, token)
        except (errors.AddressBlockedError, errors.UnauthorizedPageError, errors.RedirectedError):
            raise  # the word of what stands before amoCRM
        except (*_NO_NEW_ADDRESS, UntrustedHostError) as error:
            logs.warning("account.lookup_failed", integration_id=integration.id, reason=str(error))
            return None
        return host if host != integration.account_domain else None

    def _back_off(self, claimed: Integration, code: str, detail: Message, *, least: float = 0.0) -> RefreshDelayedError:
        self._require_unexpired(claimed, detail)
        wait = backoff.seconds(claimed.refresh_failures, _FIRST_BACKOFF_SECONDS, _LAST_BACKOFF_SECONDS)
        wait = max(backoff.spread(wait, 0.8, 1.2), least)
        row = {"id": claimed.id, "version": claimed.token_version, "lease_id": claimed.lease_id}
        notice = notifications.columns(self.keyring, self.notify, "refresh_refused", claimed.token_version, detail)
        waits = {"wait": timedelta(seconds=wait), "ask_after": ASK_AFTER.get(code)}
        self.database.execute(statements.BACK_OFF, row | notice | waits | {"code": code, "detail": detail})
        return RefreshDelayedError(code, detail, wait)

    def _leave_unknown(self, claimed: Integration, reason: Message) -> RefreshDelayedError:
        later = say("Whether the token was refreshed is not known; it is tried again when that is safe.")
        detail, code = joined(say("{reason}.", reason=reason), later), "refresh_outcome_unknown"
        self._require_unexpired(claimed, detail)
        parameters = {"id": claimed.id, "lease_id": claimed.lease_id, "detail": detail, "ask_after": ASK_AFTER[code]}
        notice = notifications.columns(self.keyring, self.notify, "refresh_refused", claimed.token_version, detail)
        self.database.execute(statements.NOTE_UNKNOWN, parameters | notice)
        return RefreshDelayedError(code, detail, LEASE.total_seconds())

    def _require_unexpired(self, claimed: Integration, detail: Message) -> None:
        """Ends what is tried again: a refresh token lives three months, after which no try can help."""
        if claimed.refresh_expires_at is None or claimed.refresh_expires_at > self.clock.now():
            return
        ended = joined(say("The refresh token has lived its three months without a refresh."), detail)
        self.require_reauth(claimed, "token_revoked", ended)
        raise ReauthRequiredError(ended)


def _why_refused(integration: Integration) -> Message:
    if integration.refresh_token is None:
        return say("The long-lived token has ended or was revoked. Enter a new one, or authorise the account.")
    return say("amoCRM refuses a token it has just given: the user who connected was removed or lost their rights.")


def token_columns(keyring: Keyring, owner: UUID, pair: oauth.TokenPair, ahead: timedelta) -> dict[str, object]:
    """The pair as column values: encrypted, with its lifetime and the moment the scheduler takes it up again."""
    lifetime = timedelta(seconds=pair.expires_in)
    # At least half of the lifetime passes before the scheduler comes, however short a token the account gives.
    early = min(ahead * backoff.spread(1.0, 1.0, 1.5), lifetime / 2)
    return {
        "access_token": keyring.encrypt(pair.access_token, owner, "access_token"),
        "refresh_token": keyring.encrypt(pair.refresh_token, owner, "refresh_token"),
        "lifetime": lifetime,
        "due_in": lifetime - early,
        "api_domain": oauth.access_token_hints(pair.access_token).api_domain,
    }
