"""A session: for the page in an iframe, which cannot ask amoCRM for one-time tokens itself.

Opened by a one-time token; bound to the account, the widget type, the user and the deal; 30 minutes.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from shared.access.permissions import Caller
from shared.connections import integrations
from shared.connections.integrations import Integration
from shared.platform.messages import say
from shared.platform.problems import unauthenticated
from shared.runtime import Runtime

PREFIX: Final = "ses_"
LIFETIME: Final = timedelta(minutes=30)

_OPEN = """
INSERT INTO amocrm_sessions (token_hash, integration_id, user_id, lead_id, expires_at)
VALUES (%(token_hash)s, %(integration_id)s, %(user_id)s, %(lead_id)s, amocrm_now() + %(lifetime)s)
ON CONFLICT (token_hash) DO NOTHING
"""

# The session and its integration in one round trip.
_FIND = """
SELECT c.*, s.user_id, s.lead_id, amocrm_spans(c.id, %(calls)s, %(longest_wait)s, %(way)s) AS slots,
       %(asked_at)s::float8 AS asked_at
FROM amocrm_sessions s JOIN amocrm_connections c ON c.id = s.integration_id
WHERE s.token_hash = %(token_hash)s AND s.expires_at > amocrm_now()
"""


class _Session(Integration, frozen=True, kw_only=True):
    user_id: int | None = None
    lead_id: int | None = None


def open_for(runtime: Runtime, caller: Caller, lead_id: int | None) -> str:
    """A new session's token. It is stored as a hash only."""
    token = PREFIX + secrets.token_urlsafe(32)
    whose = {"integration_id": caller.require_integration().id, "user_id": caller.user_id, "lead_id": lead_id}
    runtime.database.execute(_OPEN, whose | {"token_hash": _hash(token), "lifetime": LIFETIME})
    return token


def identify(runtime: Runtime, token: str, calls: int) -> Caller:
    """Raises 401 for a session that ended, was never opened, or whose connection is gone."""
    parameters = {"token_hash": _hash(token)} | integrations.reserving(calls, runtime.clock.monotonic())
    found = runtime.database.one(_Session, _FIND, parameters)
    if found is None:
        raise unauthenticated(say("This session has ended. Open the widget again."))
    return Caller("session", found, user_id=found.user_id, lead_id=found.lead_id)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
