"""The operator's own tokens, and those of a monitor, which see figures only. Several may be valid at once, so that one
can be replaced without a pause."""

import hashlib
import hmac
from typing import Final

from shared.access.credentials.claimed_account import claimed_account
from shared.access.permissions import Caller
from shared.connections import integrations
from shared.platform.http import Request
from shared.platform.messages import say
from shared.platform.problems import invalid_input, unauthenticated
from shared.runtime import Runtime

ACTOR: Final = "ADMIN_TOKENS"  # who it was is not known


def identify(runtime: Runtime, request: Request, token: str, calls: int) -> Caller:
    """The administrator, acting for the account that the headers name, if they name one; or a monitor. Raises 401."""
    given = hashlib.sha256(token.encode()).digest()
    if _is_one_of(given, runtime.settings.metrics_token_digests):
        return Caller("metrics", None, named_account=False)
    if not _is_one_of(given, runtime.settings.admin_token_digests):
        raise unauthenticated(say("The administrator token is not right."))
    return acting(runtime, request, calls, "administrator", ACTOR)


def _is_one_of(given: bytes, digests: tuple[bytes, ...]) -> bool:
    # A sum, not any(): every digest is compared, whichever fits.
    return sum(hmac.compare_digest(given, digest) for digest in digests) > 0


def acting(runtime: Runtime, request: Request, calls: int, kind: str, actor: str) -> Caller:
    """Somebody who may choose, for the account that the headers name, if they name one. Raises 422 for half a name."""
    domain, widget_type = claimed_account(request)
    if (domain is None) != (widget_type is None):
        # Half a name is no question about all accounts.
        raise invalid_input(
            say("name the account and the widget type in these headers"), "X-Account-Domain, X-Widget-Type"
        )
    if domain is None or widget_type is None:
        return Caller(kind, None, named_account=False, actor=actor)
    now = runtime.clock.monotonic()
    return Caller(kind, integrations.by_domain(runtime.database, domain, widget_type, calls, now), actor=actor)
