"""Calling amoCRM in the name of an integration: with a living token, at its present address, within its limit."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from msgspec import Struct

from shared.amocrm import errors
from shared.amocrm.leads import AccountApi
from shared.connections import integrations, rate_limit
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError, Rotation
from shared.platform.messages import say

T = TypeVar("T")

_WAIT_SECONDS = 8.0  # for another instance's refresh
_POLL_SECONDS = 0.15


class Connections(Struct, frozen=True):
    """Lends an account's API to whoever may call it."""

    rotation: Rotation

    def call(
        self,
        integration: Integration,
        work: Callable[[AccountApi], T],
        calls: int = 1,
        pace: rate_limit.Pace | None = None,
    ) -> T:
        """Runs `work` with the account's API; once more with a new token when amoCRM answers that the token is dead.

        Only where the account itself refuses the token, too, is it taken for dead; and where a page says that nobody
        lives at this address, nothing is refreshed unless amoCRM names another one.

        `work` is any number of reads, or exactly one write: it may run twice, and a refused call changed nothing.
        `calls`: how many it is going to make. `pace`: where several pieces of work share their slots; see :meth:`pace`.
        Raises the errors of :mod:`shared.amocrm.errors`, ReauthRequiredError and RefreshDelayedError.
        """
        pace = pace or self.pace(integration, calls)
        before, integration = integration, self.with_living_token(integration)
        try:
            return self._run(integration, work, pace)
        except errors.AccountNotFoundError as error:
            if self._takes(integration, pace):
                raise  # a page that stands at one method: the account lives here
            integration = self._found_again(integration, error)
        except errors.UnauthorizedError as error:
            self._require_refused(integration, pace, error)
            integration = self._mended(integration, error)
        deadline = self.rotation.clock.monotonic() + _WAIT_SECONDS
        while True:
            try:
                return self._run(integration, work, pace)
            except errors.UnauthorizedPageError:
                raise  # not the API's word, so nothing ends by it
            except errors.UnauthorizedError as error:
                refused, now = error, self._reloaded(integration)
            # vendor: oauth.refresh_kills_access (code) A refresh kills the access token before it at once, so another
            # instance's refresh makes a token that was read a moment ago a dead one, before its successor is stored.
            # source: league/oauth2-server 7.4 and 8.5, RefreshTokenGrant
            is_same = now.token_version == integration.token_version
            if now.status != "connected" or (is_same and now.lease_id is None):
                break
            if is_same:
                now = self.with_living_token(now, refused=now.token_version)
            if self.rotation.clock.monotonic() >= deadline:
                raise RefreshDelayedError("refresh_pending", say("Another instance is refreshing the token."), 5)
            integration = now
        if self._takes(integration, pace) is not False:
            raise _of_one_place(refused)
        # vendor: oauth.checks_host
        # Perhaps the account was renamed, and its grant is good at its old address, too, where somebody else lives now.
        moved = self._moved(integration, refused)
        if moved.account_domain != integration.account_domain:
            return self._run(self.with_living_token(moved), work, pace)
        raise self.rotation.access_refused(before, now)

    def paced(self, integration: Integration, calls: int) -> Callable[[Callable[[AccountApi], T]], T]:
        """:meth:`call` for several pieces of work that share the slots of so many calls."""
        return partial(self.call, integration, pace=self.pace(integration, calls))

    def pace(self, integration: Integration, calls: int = 1) -> rate_limit.Pace:
        """The slots that were reserved when the integration was read; further ones are reserved as they are needed."""
        slots = rate_limit.Reservation(integration.slots, integration.asked_at)
        return rate_limit.Pace(self.rotation.database, self.rotation.clock, integration.id, slots, calls)

    def with_living_token(self, integration: Integration, refused: int | None = None) -> Integration:
        """The integration with an access token that lives; refreshes it, or waits for whoever does.

        While it is alive the old token serves, whatever becomes of the refresh. `refused` is the version of a token
        that amoCRM did not accept although it should be alive: only another version will do then.
        """
        clock = self.rotation.clock
        deadline = clock.monotonic() + _WAIT_SECONDS
        while True:
            usable = integration.access_token is not None and integration.token_version != refused
            if usable and integration.access_is_fresh:
                return integration
            refreshed = self._refreshed(integration, may_fail=usable and integration.access_is_alive)
            if refreshed is not None:
                return refreshed
            if usable and integration.access_is_alive:
                return integration
            self._require_refreshable(integration)
            if clock.monotonic() >= deadline:
                raise RefreshDelayedError("refresh_pending", say("Another instance is refreshing the token."), 5)
            clock.sleep(_POLL_SECONDS)
            integration = self._reloaded(integration)

    def _takes(self, integration: Integration, pace: rate_limit.Pace) -> bool | None:
        """Whether the account itself takes the token; None where amoCRM does not say."""
        # vendor: http.unauthorized_place (report) One method has answered 401 to everybody for a day, and then worked
        # again: by the 401 of one method no access has ended.
        # source: zero-archive/amocrm-php issue 93
        try:
            self._run(integration, lambda api: api.account(), pace)
        except errors.UnauthorizedPageError:
            return None
        except errors.UnauthorizedError:
            return False
        except errors.AmocrmError:
            return None
        return True

    def _require_refused(
        self, integration: Integration, pace: rate_limit.Pace, error: errors.UnauthorizedError
    ) -> None:
        """Raises where it is the word of one place, or nobody knows, and no refresh would tell."""
        taken = self._takes(integration, pace)
        is_page = isinstance(error, errors.UnauthorizedPageError)
        if taken or (taken is None and integration.refresh_token is None and not is_page):
            raise _of_one_place(error)

    def _found_again(self, integration: Integration, error: errors.AccountNotFoundError) -> Integration:
        """With a token for the account's new address. Raises the error where there is none that amoCRM tells."""
        if integration.refresh_token is not None and integration.api_domain is None:
            return self.with_living_token(integration, refused=integration.token_version)  # nobody can be asked
        moved = self.rotation.follow_rename(integration)
        if moved.account_domain == integration.account_domain:
            raise error
        return moved if moved.refresh_token is None else self.with_living_token(moved, refused=moved.token_version)

    def _mended(self, integration: Integration, error: errors.UnauthorizedError) -> Integration:
        """With another token. A long-lived one has no refresh that would tell: first amoCRM is asked whether the
        account lives elsewhere, and a page of a proxy, or of maintenance, that is all that speaks against it is raised.
        """
        if integration.refresh_token is None:
            # vendor: http.no_account (production) A call to an address where no account lives may be answered 401,
            # "Account not found" (the older API's number 101), however good the token is; or as http.not_found has it.
            # source: amoCRM's documentation, "Errors"; notes of a Kommo integration in production, of April 2026;
            # amocrm-api-php, pull request 572
            moved = self._moved(integration, error)
            if moved.account_domain != integration.account_domain:
                return moved
            if isinstance(error, errors.UnauthorizedPageError):
                raise error
        return self.with_living_token(integration, refused=integration.token_version)

    def _moved(self, integration: Integration, refused: errors.UnauthorizedError) -> Integration:
        """Where amoCRM says that the account lives now. While it does not say, nothing ends, but a person hears of it:
        what is there in its place may be there for good."""
        try:
            return self.rotation.follow_rename(integration, must_be_told=True)
        except errors.AmocrmError:
            if not isinstance(refused, errors.UnauthorizedPageError):
                self.rotation.doubt(integration)
            raise

    def _refreshed(self, integration: Integration, may_fail: bool) -> Integration | None:
        """The outcome of our own refresh; None when it is not ours to do, or failed and that may be."""
        if not self.rotation.has_time():
            if may_fail:
                return None
            detail = say("Too little of this call's time is left to refresh the token. Call again.")
            raise RefreshDelayedError("refresh_pending", detail, 1)
        claimed = self.rotation.claim(integration)
        if claimed is None:
            return None
        try:
            return self.rotation.run(claimed)
        except (ReauthRequiredError, RefreshDelayedError):
            if may_fail:
                return None
            raise

    def _require_refreshable(self, integration: Integration) -> None:
        """Ends the wait for a new token when none will come by itself, or not soon."""
        if integration.status != "connected":
            raise ReauthRequiredError(integration.problem_detail or say("This account is not authorised in amoCRM."))
        if integration.refresh_wait_seconds:
            detail = integration.problem_detail or say("The last refresh of the token failed.")
            raise RefreshDelayedError(
                integration.problem_code or "refresh_failed", detail, integration.refresh_wait_seconds
            )
        if integration.refresh_token is None:
            raise self.rotation.access_refused(integration, integration)

    def _run(self, integration: Integration, work: Callable[[AccountApi], T], pace: rate_limit.Pace) -> T:
        assert integration.access_token is not None
        token = self.rotation.keyring.decrypt(integration.access_token, integration.id, "access_token")
        result = work(AccountApi(self.rotation.transport, integration.account_domain, token, pace))
        self.rotation.access_works(integration)
        return result

    def _reloaded(self, integration: Integration) -> Integration:
        now = integrations.by_id(self.rotation.database, integration.id)
        if now is None:
            raise ReauthRequiredError(say("This connection was removed."))
        return now


def _of_one_place(error: errors.UnauthorizedError) -> errors.UnauthorizedError:
    """As callers are told it, whoever has said so: nobody has to authorise anything."""
    return errors.UnauthorizedPlaceError(error.message, error.status, error.request_id)
